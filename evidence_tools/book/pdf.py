"""Set the whole book as one PDF: HTML article -> pandoc -> Typst, without the network.

The PDF follows PDF/UA-1: it is tagged, has bookmarks, and every picture has alternative text.
The same article with the same details gives the same bytes.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evidence_tools.book.article import PdfError, tidy_article

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PdfError", "ReportDetails", "make_pdf"]

Node = dict[str, Any]

_LONG_WORD = {"text": 24, "table": 10}
"""Words with more characters than this may be broken: in a table, columns are narrow."""
_PLAIN = re.compile(r"[^\W\d_]{1,24}[.,]?")
_NUMBER = re.compile(r"[(\[]?[-+−±<>=~≤≥]*\d[\d.,%–−-]*[)\]]?[;,.]?")


@dataclass(frozen=True, slots=True)
class ReportDetails:
    """What the cover, the running lines and the file's metadata say about the report.

    Attributes
    ----------
    title, subtitle
        The title also becomes the title of the PDF.
    authors
        People or bodies that answer for the report, in order.
    publisher
        Who publishes it; may be empty.
    version
        Version of the report, without a leading ``v``.
    date
        Day of the version; the file's time stamp is its midnight (UTC).
    commit
        Commit the report was built from; shortened to 10 characters in print.
    language
        BCP 47 tag such as ``en`` or ``en-GB``.
    licence
        One or two sentences on reuse.
    how_to_cite
        The citation to use, with version and, if there is one, DOI.
    description
        One or two sentences for the file's metadata.
    short_title
        Title for the running line; the full title if empty.
    """

    title: str
    version: str
    date: datetime.date
    subtitle: str = ""
    authors: tuple[str, ...] = ()
    publisher: str = ""
    commit: str = ""
    language: str = "en"
    licence: str = ""
    how_to_cite: str = ""
    description: str = ""
    short_title: str = ""


def make_pdf(article_html: str, *, details: ReportDetails, resources: Path, target: Path) -> Path:
    """Make the PDF of the report and put it in place in one step.

    Parameters
    ----------
    article_html : str
        The book as Sphinx's ``singlehtml`` builder writes it (page or body).
    details : ReportDetails
        What the cover and the metadata say.
    resources : Path
        Folder that relative addresses of pictures start from.
    target : Path
        The PDF to write. It is replaced only by a finished file.

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    PdfError
        If the PDF cannot be made; nothing is written then.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="report-") as folder:
        root = Path(folder)
        body = to_typst(tidy_article(article_html, root, resources=resources))
        (root / "main.typ").write_text(
            f'#import "report.typ": *\n#show: report\n\n{body}\n', encoding="utf-8"
        )
        shutil.copyfile(Path(__file__).with_name("report.typ"), root / "report.typ")
        pdf = _compile(root, details)
    # The temporary file lies beside the target: os.replace is atomic within one file system only.
    handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=".pdf", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pdf)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return target


def to_typst(tidy_html: str) -> str:
    """Translate tidy HTML to Typst markup that calls the functions of ``report.typ``."""
    import pypandoc

    # Without auto_identifiers a heading has a label only if some link needs it.
    document = json.loads(pypandoc.convert_text(tidy_html, "json", "html-auto_identifiers"))
    document["blocks"] = _rewrite(document["blocks"], "text")
    markup = pypandoc.convert_text(
        json.dumps(document), "typst", "json", extra_args=["--wrap=none"]
    )
    return str(markup)


def _rewrite(node: Any, setting: str) -> Any:
    """Walk pandoc's document tree and replace what `report.typ` sets in its own way."""
    if isinstance(node, list):
        done: list[Any] = []
        for item in node:
            new = _rewrite(item, setting)
            if isinstance(item, dict) and isinstance(new, list):
                done.extend(new)
            else:
                done.append(new)
        return done
    if not isinstance(node, dict):
        return node
    replace = _REPLACEMENTS.get(node.get("t", ""))
    if replace is not None and (nodes := replace(node["c"], setting)) is not None:
        return nodes
    inner = "table" if node.get("t") == "Table" else setting
    return {key: _rewrite(value, inner) for key, value in node.items()}


def _string(text: str) -> str:
    """Return a Typst string literal for `text`."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


def _block(markup: str) -> Node:
    return {"t": "RawBlock", "c": ["typst", markup]}


def _inline(markup: str) -> Node:
    return {"t": "RawInline", "c": ["typst", markup]}


def _text(text: str, setting: str) -> list[Node] | None:
    """Write a word that is not plain letters as a string, and let it break if it is long.

    pandoc escapes most of what Typst would read as markup, but not a ``=`` or ``-`` that opens a
    table cell. A string literal is never read as markup.
    """
    if _PLAIN.fullmatch(text):
        return None
    pieces = [text]
    if len(text) > _LONG_WORD[setting] and not _NUMBER.fullmatch(text):
        parts = re.findall(r"[^-/._:=&?,;|+]+[-/._:=&?,;|+]*|[-/._:=&?,;|+]+", text)
        pieces = [bit for part in parts for bit in _chunks(part)]
    return [_inline("#brk;".join(f"#{_string(piece)};" for piece in pieces))]


def _chunks(part: str) -> list[str]:
    """Cut what has no mark to break after; shorter runs are left to hyphenation."""
    size = 12 if len(part) > 24 else len(part)
    return [part[start : start + size] for start in range(0, len(part), size)]


def _formula(tex: str, kind: str, number: str = "") -> list[Node]:
    """Wrap a formula so that it carries its TeX source as alternative text."""
    math = {"t": "Math", "c": [{"t": kind}, tex]}
    return [_inline(f"#formula({_string(tex)}, {_string(number)})["), math, _inline("]")]


def _values(pairs: list[list[str]]) -> dict[str, str]:
    """Return attributes by name; pandoc keeps ``data-`` before some names and not before others."""
    return {name.removeprefix("data-"): value for name, value in pairs}


def _div(content: list[Any], setting: str) -> list[Node] | None:
    (_, classes, pairs), blocks = content
    for name in classes:
        if name in ("part", "landscape"):
            return [_block(f"#{name}["), *_rewrite(blocks, setting), _block("]")]
    if "titled" not in classes:
        return None
    kind = _string(_values(pairs).get("kind", "card"))
    title, rest = blocks[0]["c"][1], blocks[1:]
    return [
        _block(f"#titled({kind})["),
        *_rewrite(title, setting),
        _block("]["),
        *_rewrite(rest, setting),
        _block("]"),
    ]


def _span(content: list[Any], setting: str) -> list[Node] | None:
    (label, classes, pairs), inlines = content
    values = _values(pairs)
    anchor = [_inline(f"#anchor(label({_string(label)}));")] if label else []
    if "tex" in classes:
        kind = "DisplayMath" if "display" in values else "InlineMath"
        return anchor + _formula(values.get("tex", ""), kind, values.get("number", ""))
    inner = _rewrite(inlines, setting)
    if "footnote" in classes:
        mark = _string(values["mark"])
        return [*anchor, _inline(f"#note({mark})["), *inner, _inline("]")]
    for name in classes:
        if name in ("section-number", "caption-number"):
            return [_inline(f"#{name}["), *inner, _inline("]")]
    return [*anchor, *inner]


def _link(content: list[Any], setting: str) -> list[Node] | None:
    """Mark links that hold struck text: PDF/UA allows one line through or under a word."""
    attributes, inlines, target = content
    if not re.search(r'"(Strikeout|Underline)"', json.dumps(inlines)):
        return None
    link = {"t": "Link", "c": [attributes, _rewrite(inlines, setting), target]}
    return [_inline("#without-underline["), link, _inline("]")]


def _strikeout(content: list[Any], setting: str) -> list[Node] | None:
    """Put the line through the words of a link rather than around the link, as `_link` needs it."""
    if not any(part["t"] == "Link" for part in content):
        return None
    inside: list[Node] = []
    for part in content:
        if part["t"] == "Link":
            attributes, inlines, target = part["c"]
            words = [attributes, [{"t": "Strikeout", "c": inlines}], target]
            inside.append({"t": "Link", "c": words})
        else:
            inside.append({"t": "Strikeout", "c": [part]})
    nodes: list[Node] = _rewrite(inside, setting)
    return nodes


def _image(content: list[Any], _setting: str) -> list[Node]:
    (_, _, pairs), alternative, (address, _) = content
    words = "".join(part["c"] if part["t"] == "Str" else " " for part in alternative)
    width = _values(pairs).get("width", "auto")
    return [_inline(f"#picture({_string(address)}, {_string(words)}, {width})")]


def _table(content: list[Any], _setting: str) -> list[Node]:
    attributes, caption, *rest = content
    room = attributes[1][0] if attributes[1] else "normal"
    whole = _values(attributes[2]).get("whole", "false")
    table = {
        "t": "Table",
        "c": [attributes, _rewrite(caption, "text"), *_rewrite(rest, "table")],
    }
    fills = "false" if "ColWidthDefault" in json.dumps(rest[0]) else "true"
    return [_block(f"#{room}-table({whole}, {fills})["), table, _block("]")]


_REPLACEMENTS: dict[str, Callable[[Any, str], list[Node] | None]] = {
    "Div": _div,
    "Span": _span,
    "Link": _link,
    "Strikeout": _strikeout,
    "Image": _image,
    "Table": _table,
    "Str": _text,
    "Math": lambda content, _setting: _formula(content[1], content[0]["t"]),
    "RawBlock": lambda _content, _setting: [],
    "RawInline": lambda _content, _setting: [],
}


def _compile(root: Path, details: ReportDetails) -> bytes:
    """Run Typst on `root` and explain in the book's terms what it objects to."""
    import typst

    midnight = datetime.datetime.combine(details.date, datetime.time(), datetime.UTC)
    facts = asdict(details) | {
        "date": details.date.isoformat(),
        "commit": details.commit[:10],
        "short_title": details.short_title or details.title,
    }
    try:
        pdf = typst.compile(
            str(root / "main.typ"),
            root=str(root),
            format="pdf",
            pdf_standards=["ua-1"],
            ignore_system_fonts=True,
            timestamp=int(midnight.timestamp()),
            sys_inputs={"details": json.dumps(facts)},
        )
    except typst.TypstError as error:
        raise PdfError(_explain(error, (root / "main.typ").read_text(encoding="utf-8"))) from error
    return bytes(pdf)


def _explain(error: Any, source: str) -> str:
    """Say what Typst refused and under which heading of the report it stands."""
    lines = source.splitlines()
    place = re.search(r"main\.typ:(\d+)", str(error.diagnostic))
    above = reversed(lines[: int(place[1])]) if place else iter(())
    heading = next((line.lstrip("= ") for line in above if re.match(r"=+ ", line)), "")
    heading = re.sub(r"#section-number\[|#brk;|#\"|\";|\]", "", heading)
    advice = "; ".join(str(hint) for hint in error.hints)
    if "could not be displayed" in error.message:
        advice = "The fonts of the PDF lack this character: write it in another way"
    where = f" under the heading {heading!r}" if heading else ""
    # The folder is a temporary one; its name would help nobody.
    diagnostic = re.sub(r"\S*/(\w+\.typ)", r"\1", str(error.diagnostic)).partition("\n\nerror")[0]
    return f"Typst refuses the report{where}: {error.message}. {advice}\n{diagnostic}".strip()
