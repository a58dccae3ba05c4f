"""Store the many small objects of a tagged PDF compressed, as PDF 1.5 and later allow.

Typst writes the structure tree that screen readers need as thousands of plain objects, each with
a line of its own in a table of addresses: two thirds of the file. Here they move into object
streams (ISO 32000-1, 7.5.7) and the table becomes a stream too (7.5.8). No object changes.
"""

from __future__ import annotations

import re
import zlib

_PER_STREAM = 200
"""Objects in one stream: a reader that wants one of them unpacks them all."""

_TRAILER = re.compile(rb"trailer\s*<<(.*)>>\s*startxref\s+(\d+)\s+%%EOF\s*$", re.DOTALL)
_SUBSECTION = re.compile(rb"xref\s+0 (\d+)\s+")
_OBJECT = re.compile(rb"(\d+) 0 obj\s+(.*?)\s+endobj\s*$", re.DOTALL)
_STREAM = re.compile(rb">>\s*stream\r?\n")


def compact(pdf: bytes) -> bytes:
    """Return the same PDF with its small objects compressed.

    Parameters
    ----------
    pdf : bytes
        A file with one table of addresses, unencrypted, without updates, as Typst writes it.

    Returns
    -------
    bytes
        The smaller file; `pdf` itself if it is not of that form.
    """
    objects = _objects(pdf)
    trailer = _TRAILER.search(pdf, max(0, len(pdf) - 4096))
    if not objects or trailer is None or b"/Encrypt" in trailer[1]:
        return pdf
    body = bytearray(pdf[: pdf.index(b"\n", pdf.index(b"\n") + 1) + 1])
    size = max(objects) + 1
    entries = {0: (0, 0, 65535)}
    small = [number for number, content in objects.items() if not _STREAM.search(content)]
    for number in sorted(set(objects) - set(small)):
        entries[number] = (1, len(body), 0)
        body += b"%d 0 obj\n%b\nendobj\n" % (number, objects[number])
    for start in range(0, len(small), _PER_STREAM):
        chosen = small[start : start + _PER_STREAM]
        addresses, texts = bytearray(), bytearray()
        for index, number in enumerate(chosen):
            addresses += b"%d %d " % (number, len(texts))
            texts += objects[number] + b"\n"
            entries[number] = (2, size, index)
        entries[size] = (1, len(body), 0)
        head = b"/Type/ObjStm/N %d/First %d" % (len(chosen), len(addresses))
        body += _stream(size, head, bytes(addresses + texts))
        size += 1
    entries[size] = (1, len(body), 0)
    free = (0, 0, 65535)
    table = b"".join(
        kind.to_bytes(1, "big") + place.to_bytes(4, "big") + index.to_bytes(2, "big")
        for kind, place, index in (entries.get(number, free) for number in range(size + 1))
    )
    facts = re.sub(rb"/Size \d+", b"/Size %d" % (size + 1), trailer[1])
    address = len(body)
    body += _stream(size, b"/Type/XRef/W[1 4 2]" + facts, table)
    return bytes(body) + b"startxref\n%d\n%%%%EOF" % address


def _objects(pdf: bytes) -> dict[int, bytes]:
    """Read all objects by their addresses; nothing if the file is of another form."""
    trailer = _TRAILER.search(pdf, max(0, len(pdf) - 4096))
    if trailer is None:
        return {}
    start = int(trailer[2])
    head = _SUBSECTION.match(pdf, start)
    if head is None:
        return {}
    first = head.end()
    lines = [pdf[first + 20 * n : first + 20 * (n + 1)] for n in range(int(head[1]))]
    used = [int(line[:10]) for line in lines if line[17:18] == b"n"]
    ends = dict(zip(sorted(used), [*sorted(used)[1:], start], strict=True))
    found: dict[int, bytes] = {}
    for address in used:
        match = _OBJECT.match(pdf[address : ends[address]])
        if match is None:
            return {}
        found[int(match[1])] = match[2]
    return dict(sorted(found.items()))


def _stream(number: int, head: bytes, content: bytes) -> bytes:
    packed = zlib.compress(content, 9)
    words = b"<<%b/Filter/FlateDecode/Length %d>>" % (head, len(packed))
    return b"%d 0 obj\n%b\nstream\n%b\nendstream\nendobj\n" % (number, words, packed)
