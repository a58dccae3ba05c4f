"""One object with several faces: HTML and text for a notebook, data for the book.

Text is a sequence of *runs*. A run is plain text, or a reference to a finding or a source
that the book turns into a hover card and a link. Runs never hold markup, so text from the
tables comes out as the characters it is made of.
"""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

MIME_TYPE = "application/vnd.evidence+json"
"""The MIME type under which the book finds these objects in a notebook's outputs."""

Style = Literal["", "strong", "emphasis", "struck"]

_TAGS = {"strong": "strong", "emphasis": "em", "struck": "s"}


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text, perhaps tied to a finding or a source, of which it says something.

    ``struck`` text is shown but must not be relied on. ``cite`` is a key of ``references.bib``;
    ``link`` is an address, and only ``https`` addresses are linked.
    """

    text: str = ""
    style: Style = ""
    finding_id: str = ""
    source_id: str = ""
    cite: str = ""
    link: str = ""


Runs = tuple[Run, ...]
Text = str | Run | Iterable[Run]
"""What becomes a part of a sentence."""


def runs(*parts: Text) -> Runs:
    """Join text and runs into one sequence of runs; empty text is left out."""
    joined: list[Run] = []
    for part in parts:
        if isinstance(part, str):
            joined += [Run(part)] if part else []
        elif isinstance(part, Run):
            joined.append(part)
        else:
            joined.extend(part)
    return tuple(joined)


def plain(parts: Iterable[Run]) -> str:
    """Read runs as plain text, as alt text and a terminal need it."""
    return "".join(run.text for run in parts)


def read_runs(items: Sequence[dict[str, Any]]) -> Runs:
    """Read runs back from the JSON data of a payload."""
    return tuple(Run(**item) for item in items)


def runs_html(parts: Iterable[Run]) -> str:
    """Render runs as escaped HTML for a notebook."""
    pieces = []
    for run in parts:
        piece = html.escape(run.text)
        if run.link.startswith("https://"):
            piece = f'<a href="{html.escape(run.link)}">{piece}</a>'
        tag = _TAGS.get(run.style)
        pieces.append(f"<{tag}>{piece}</{tag}>" if tag else piece)
    return "".join(pieces)


@dataclass(frozen=True)
class Display:
    """What all faces have in common: a MIME bundle that notebooks and the book understand."""

    def to_html(self) -> str:
        """Render as self-contained HTML, every text escaped; ``str`` gives plain text."""
        raise NotImplementedError

    def payload(self) -> dict[str, Any]:
        """Describe the object as JSON data for the book; text that is empty is left out."""
        known = asdict(self, dict_factory=lambda pairs: {k: v for k, v in pairs if v != ""})
        return {"kind": type(self).__name__.lower(), **known}

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {MIME_TYPE: self.payload(), "text/html": self.to_html(), "text/plain": str(self)}


@dataclass(frozen=True)
class Prose(Display):
    """Sentences in paragraphs or as a bulleted list, with a title in a box around them."""

    paragraphs: tuple[Runs, ...]
    as_list: bool = False
    title: str = ""

    def to_html(self) -> str:
        """Render as HTML paragraphs or list items."""
        tag = "li" if self.as_list else "p"
        body = "".join(f"<{tag}>{runs_html(item)}</{tag}>" for item in self.paragraphs)
        title = f"<p><strong>{html.escape(self.title)}</strong></p>" if self.title else ""
        return f"{title}<ul>{body}</ul>" if self.as_list else f"{title}{body}"

    def __str__(self) -> str:
        bullet = "- " if self.as_list else ""
        lines = [bullet + plain(item) for item in self.paragraphs]
        return "\n".join([self.title, *lines] if self.title else lines)


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table; ``anchor`` is the finding whose mentions lead to it."""

    cells: tuple[Runs, ...]
    anchor: str = ""


@dataclass(frozen=True)
class Named(Display):
    """What has a caption, and a name: its label, and the name of the file with its data."""

    name: str
    caption: Runs

    def __post_init__(self) -> None:
        if not (isinstance(self.name, str) and re.fullmatch(r"\w[\w-]{0,99}", self.name)):
            allowed = "letters, digits and hyphens, such as fig-trials"
            raise ValueError(f"found the name {self.name!r}; allowed: {allowed}")


@dataclass(frozen=True)
class Table(Named):
    """A table with a label for cross-references and a caption that says what it answers.

    The first column names what its row is about. ``note`` holds for many cells; a browser
    offers to filter a long table by the columns whose headers are in ``filters``.
    """

    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    note: Runs = ()
    filters: tuple[str, ...] = ()

    def to_html(self) -> str:
        """Render as an HTML table with scoped headers, its note below it."""
        head = "".join(f'<th scope="col">{html.escape(column)}</th>' for column in self.columns)
        rows = [[runs_html(cell) for cell in row.cells] for row in self.rows]
        cells = [(first, "".join(map("<td>{}</td>".format, rest))) for first, *rest in rows]
        body = "".join(f'<tr><th scope="row">{first}</th>{rest}</tr>' for first, rest in cells)
        caption = f"<caption>{runs_html(self.caption)}</caption>"
        note = f"<p>{runs_html(self.note)}</p>" if self.note else ""
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"

    def __str__(self) -> str:
        lines = [plain(self.caption), " | ".join(self.columns)]
        lines += [" | ".join(map(plain, row.cells)) for row in self.rows]
        return "\n".join([*lines, plain(self.note)] if self.note else lines)


@dataclass(frozen=True)
class Figure(Named):
    """A chart: a static SVG first, the Vega-Lite specification that enhances it, a text twin.

    ``alt`` says what the figure shows, written from its rows. The narrow drawing is for a phone,
    where letters of a wide one would be too small to read.
    """

    alt: str
    svg: str
    spec: dict[str, Any]
    narrow_svg: str
    narrow_spec: dict[str, Any]

    def to_html(self) -> str:
        """Render as an HTML figure around the static drawing."""
        return (
            f'<figure><div role="img" aria-label="{html.escape(self.alt)}">{self.svg}</div>'
            f"<figcaption>{runs_html(self.caption)}</figcaption></figure>"
        )

    def __str__(self) -> str:
        return f"{plain(self.caption)}\n{self.alt}"
