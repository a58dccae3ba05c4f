"""Typst: pieces of markup, in which every text is escaped here and nowhere else, and the setting.

The PDF follows PDF/UA-1: it is tagged, has bookmarks, and every picture has a text alternative.
The same markup with the same facts gives the same bytes. Nothing is asked of the network.
"""

from __future__ import annotations

import datetime
import io
import json
import re
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_MARKUP = re.compile(r"""[\\#$*_`<>@\[\]~=+\-/"'.:;(){}&^|!]""")
_FONTS = "fonts"
"""Folder of a book for fonts of scripts that the report's own fonts do not have."""
_OTHER_SCRIPTS = re.compile("[\u0530-\u058f\u0600-\u1cff\u2e80-\ud7ff\uf900-\ufaff\ufb50-\uffef]")


class PdfError(Exception):
    """The PDF cannot be made; the message says what to change in the book."""


def escaped(text: str) -> str:
    r"""Write text as markup that shows exactly these characters.

    Examples
    --------
    >>> escaped("5 * #let $x$")
    '5 \\* \\#let \\$x\\$'
    """
    return _MARKUP.sub(r"\\\g<0>", re.sub(r"[\t\r\n\f\v]+", " ", text))


def literal(text: str) -> str:
    r"""Write text as a string of Typst's code mode.

    Examples
    --------
    >>> literal('say "no"')
    '"say \\"no\\""'
    """
    replaced = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{replaced}"'.replace("\n", "\\n").replace("\r", "").replace("\t", "\\t")


def call(name: str, *arguments: str, body: str | None = None, **named: str) -> str:
    """Write a call of a function that may stand between words; empty arguments are left out.

    Examples
    --------
    >>> call("link", literal("https://example.org"), body="text")
    '#link("https://example.org")[text];'
    """
    given = [*arguments, *(f"{key}: {code}" for key, code in named.items() if code)]
    code = ", ".join(filter(None, given))
    brackets = f"({code})" if code or body is None else ""
    return f"#{name}{brackets}" + ("" if body is None else f"[{body}]") + ";"


def make_pdf(body: str, facts: dict[str, Any], folder: Path, target: Path, book: Path) -> Path:
    """Set markup as a PDF; nothing is written if Typst refuses it, which is a `PdfError`.

    Parameters
    ----------
    body
        The pages of the report as markup.
    facts
        What the cover and the metadata say; report.typ names them.
    folder
        Holds the pictures; receives the markup.
    target
        The PDF to write.
    book
        Folder of the book, which may have a folder ``fonts`` with further fonts.
    """
    import pikepdf
    import typst

    source = f'#import "report.typ": *\n#show: report\n\n{body}\n'
    (folder / "main.typ").write_text(source, encoding="utf-8")
    shutil.copyfile(Path(__file__).with_name("report.typ"), folder / "report.typ")
    midnight = datetime.datetime.fromisoformat(f"{facts['date']}T00:00:00+00:00")
    try:
        pdf = typst.compile(
            str(folder / "main.typ"),
            root=str(folder),
            format="pdf",
            pdf_standards=["ua-1"],
            ignore_system_fonts=True,
            font_paths=[str(path) for path in _fonts(source, book)],
            timestamp=int(midnight.timestamp()),
            sys_inputs={"details": json.dumps(facts)},
        )
    except typst.TypstError as error:
        raise PdfError(_explain(error, source)) from error
    # A tagged PDF has many small objects, which together are a tenth of their size.
    packed = pikepdf.ObjectStreamMode.generate
    with pikepdf.open(io.BytesIO(bytes(pdf))) as document:
        document.save(target, object_stream_mode=packed, deterministic_id=True)
    return target


def _fonts(source: str, book: Path) -> Iterator[Path]:
    """Find the book's own fonts, and those of ``weblate-fonts`` that its letters need."""
    found = find_spec("weblate_fonts")
    shipped = Path((found and found.origin) or "").parent / "static" / "weblate_fonts"
    paths = [book / _FONTS, shipped / "source-sans" / "ttf"]
    # Latin, Greek, Cyrillic, Hebrew, signs are in the fonts inside Typst; the others are large.
    if _OTHER_SCRIPTS.search(source):
        paths.append(shipped / "kurinto" / "ttf")
    return filter(Path.is_dir, paths)


def _explain(error: Any, source: str) -> str:
    """Say what Typst refused, and at which page and line of the book."""
    found = re.search(r"main\.typ:(\d+)", str(error.diagnostic))
    above = reversed(source.splitlines()[: int(found[1])]) if found else iter(())
    place = next((line[3:] for line in above if line.startswith("// ")), "the report")
    advice = "; ".join(str(hint) for hint in error.hints)
    if "could not be displayed" in error.message:
        advice = (
            "The fonts of the PDF lack this character: write it in another way, install "
            f"weblate-fonts, or put a font that has it into the folder {_FONTS}/ of the book"
        )
    # The folder is a temporary one, and what else Typst says would help nobody.
    diagnostic = re.sub(r"\S*/(\w+\.typ)|\n\n(?s:.*)", r"\1", str(error.diagnostic))
    return f"{place}: print refuses this: {error.message}. {advice}\n{diagnostic[:600]}".strip()
