"""How to cite exactly one version: as text, BibTeX, RIS and in ``CITATION.cff``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from evidence_tools.releases.manifest import ReleaseError
from evidence_tools.releases.repository import Stamp

Report = Mapping[str, Any]
"""What a manifest says under ``report``: name, title, authors and language are used here."""

_TEX = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
_TEX |= {mark: f"\\{mark}" for mark in "{}&%$#_"}


def citation_text(report: Report, stamp: Stamp, address: str = "") -> str:
    """Write the citation in one paragraph."""
    authors, title = "; ".join(report["authors"]).rstrip("."), report["title"]
    title = title if title.endswith((".", "?", "!")) else f"{title}."
    return f"{authors}. {title} Version {stamp.version}, {stamp.date}. {address}".rstrip()


def bibtex(report: Report, stamp: Stamp, address: str = "") -> str:
    """Write the citation as a BibTeX entry; braces keep bodies and titles as they are."""
    fields = {
        "author": " and ".join(f"{{{_tex(author)}}}" for author in report["authors"]),
        "title": f"{{{_tex(report['title'])}}}",
        "year": stamp.date[:4],
        "date": stamp.date,
        "version": stamp.version,
        "note": _tex(stamp.text),
        "url": address,
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{report['name']}-{stamp.version},", *lines, "}", ""])


def ris(report: Report, stamp: Stamp, address: str = "") -> str:
    """Write the citation as a RIS record; lines end as the format asks."""
    fields = [("TY", "RPRT"), *(("AU", author) for author in report["authors"])]
    fields += [("TI", report["title"]), ("PY", stamp.date[:4])]
    fields += [("DA", stamp.date.replace("-", "/")), ("ET", stamp.version)]
    fields += [("LA", report["language"]), ("N1", stamp.text), ("UR", address)]
    lines = [f"{tag}  - {' '.join(value.split())}\r\n" for tag, value in fields if value]
    return "".join([*lines, "ER  - \r\n"])


def set_cff(text: str, version: str, date: str) -> str:
    """Set version and day in ``CITATION.cff``, and leave every other line as it is."""
    text = re.sub(r"(?m)^date-released:.*\n?", "", text)
    lines = f"version: {version}\ndate-released: {date}"
    text, count = re.subn(r"(?m)^version:.*$", lines, text)
    if count != 1:
        raise ReleaseError("CITATION.cff: exactly one line that begins with 'version:' is needed")
    return text


def _tex(text: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in " ".join(text.split()))
