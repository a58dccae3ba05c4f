"""One object with several faces: HTML for a notebook, data for the book, plain text.

Text is a sequence of *runs*. A run is plain text, or a reference to a finding or a source
that the book turns into a hover card and a link. Runs never hold markup, so text from the
tables comes out as the characters it is made of.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal

MIME_TYPE = "application/vnd.evidence+json"
"""The MIME type under which the book finds these objects in a notebook's outputs."""

Style = Literal["plain", "strong", "emphasis", "struck"]


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text, optionally tied to a finding or a source.

    Attributes
    ----------
    text
        What is shown, as plain characters.
    style
        ``struck`` marks figures that are shown but must not be relied on.
    finding_id, source_id
        What the text states; at most one of the two, else empty.
    cite
        Key of an entry in ``references.bib``; the book renders the citation.
    link
        An address the text leads to; only ``https`` addresses are linked.
    """

    text: str
    style: Style = "plain"
    finding_id: str = ""
    source_id: str = ""
    cite: str = ""
    link: str = ""


Runs = tuple[Run, ...]


def runs(*parts: str | Run | Iterable[Run]) -> Runs:
    """Join text and runs into one sequence of runs.

    Parameters
    ----------
    *parts
        Strings, runs, or sequences of runs.

    Returns
    -------
    tuple of Run
    """
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


def runs_html(parts: Iterable[Run]) -> str:
    """Render runs as escaped HTML for a notebook."""
    tags = {"strong": "strong", "emphasis": "em", "struck": "s"}
    pieces = []
    for run in parts:
        piece = html.escape(run.text)
        if run.link.startswith("https://"):
            piece = f'<a href="{html.escape(run.link)}">{piece}</a>'
        if tag := tags.get(run.style):
            piece = f"<{tag}>{piece}</{tag}>"
        pieces.append(piece)
    return "".join(pieces)


@dataclass(frozen=True)
class Display:
    """What all faces have in common: a MIME bundle that notebooks and the book understand."""

    def to_html(self) -> str:
        """Render as self-contained HTML, every text escaped."""
        raise NotImplementedError

    def to_text(self) -> str:
        """Render as plain text."""
        raise NotImplementedError

    def payload(self) -> dict[str, Any]:
        """Describe the object as JSON data for the book."""
        return {"kind": type(self).__name__.lower(), **_data(self)}

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {
            MIME_TYPE: self.payload(),
            "text/html": self.to_html(),
            "text/plain": self.to_text(),
        }


@dataclass(frozen=True)
class Prose(Display):
    """Sentences in paragraphs, or as a list.

    Attributes
    ----------
    paragraphs
        Each a sequence of runs.
    as_list
        Whether the paragraphs are items of a bulleted list.
    title
        Title of the box around the text; without one there is no box.
    """

    paragraphs: tuple[Runs, ...]
    as_list: bool = False
    title: str = ""

    def to_html(self) -> str:
        """Render as HTML paragraphs or list items."""
        title = f"<p><strong>{html.escape(self.title)}</strong></p>" if self.title else ""
        if not self.as_list:
            return title + "".join(f"<p>{runs_html(item)}</p>" for item in self.paragraphs)
        items = "".join(f"<li>{runs_html(item)}</li>" for item in self.paragraphs)
        return f"{title}<ul>{items}</ul>"

    def to_text(self) -> str:
        """Render as plain text, one paragraph or item a line."""
        bullet = "- " if self.as_list else ""
        lines = [bullet + plain(item) for item in self.paragraphs]
        return "\n".join([self.title, *lines] if self.title else lines)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table: runs, and whether figures in it are shown struck out."""

    content: Runs

    @classmethod
    def of(cls, *parts: str | Run | Iterable[Run]) -> Cell:
        """Make a cell from text and runs."""
        return cls(runs(*parts))


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table; ``anchor`` is the id that links to the row lead to."""

    cells: tuple[Cell, ...]
    anchor: str = ""


@dataclass(frozen=True)
class Table(Display):
    """A table with a caption; the first column names what its row is about.

    Attributes
    ----------
    name
        Label for cross-references, such as ``tab-markers``.
    caption
        What question the table answers.
    columns
        Header of each column.
    rows
        Rows with one cell per column.
    widths
        Relative widths of the columns; they need not add up to anything.
    filters
        Facets (:mod:`evidence_tools.facets`) by which a browser offers to filter the rows.
    count_by
        Header of the column whose values are counted beside the filters; empty for none.
    """

    name: str
    caption: Runs
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    widths: tuple[int, ...] = field(default=())
    filters: tuple[str, ...] = ()
    count_by: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row.cells) != len(self.columns):
                raise ValueError(
                    f"table {self.name!r}: a row has {len(row.cells)} cells "
                    f"for {len(self.columns)} columns"
                )
        if self.widths and len(self.widths) != len(self.columns):
            raise ValueError(f"table {self.name!r}: one width per column is needed")
        if self.count_by and self.count_by not in self.columns:
            raise ValueError(f"table {self.name!r}: there is no column {self.count_by!r} to count")

    def to_html(self) -> str:
        """Render as an HTML table with scoped headers."""
        head = "".join(f'<th scope="col">{html.escape(column)}</th>' for column in self.columns)
        body = "".join(f"<tr>{_row_html(row)}</tr>" for row in self.rows)
        caption = f"<caption>{runs_html(self.caption)}</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def to_text(self) -> str:
        """Render as lines of cells between bars."""
        lines = [plain(self.caption), " | ".join(self.columns)]
        lines += [" | ".join(plain(cell.content) for cell in row.cells) for row in self.rows]
        return "\n".join(lines)


def _row_html(row: TableRow) -> str:
    first, *rest = (runs_html(cell.content) for cell in row.cells)
    return f'<th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in rest)


@dataclass(frozen=True)
class Figure(Display):
    """A chart: a static SVG first, the Vega-Lite specification that enhances it, a text twin.

    Attributes
    ----------
    name
        Label for cross-references, such as ``fig-markers``.
    caption
        The question the figure answers, and how to read it.
    alt
        What the figure shows, written from its rows.
    svg
        The static drawing.
    spec
        The Vega-Lite specification, as JSON data.
    narrow_svg, narrow_spec
        The same drawn for a phone, where letters of a wide drawing would be too small to read.
    """

    name: str
    caption: Runs
    alt: str
    svg: str
    spec: dict[str, Any]
    narrow_svg: str = ""
    narrow_spec: dict[str, Any] = field(default_factory=dict)

    def to_html(self) -> str:
        """Render as an HTML figure around the static drawing."""
        return (
            f'<figure><div role="img" aria-label="{html.escape(self.alt)}">{self.svg}</div>'
            f"<figcaption>{runs_html(self.caption)}</figcaption></figure>"
        )

    def to_text(self) -> str:
        """Render as caption and alt text."""
        return f"{plain(self.caption)}\n{self.alt}"


@dataclass(frozen=True)
class Variants(Display):
    """Figures of the same thing, such as with and without some studies.

    A browser shows one at a time and lets the reader switch; everywhere else, as in print,
    they stand one below the other.

    Attributes
    ----------
    name
        Label that the shared address of a view uses, such as ``var-fractures``.
    question
        What the reader chooses, such as ``"Which studies?"``.
    choices
        What each figure is called in the choice; the first is shown first.
    figures
        One figure for each choice.
    """

    name: str
    question: str
    choices: tuple[str, ...]
    figures: tuple[Figure, ...]

    def __post_init__(self) -> None:
        if len(self.choices) != len(self.figures) or len(set(self.choices)) < 2:
            raise ValueError(f"{self.name!r}: two or more figures, each with a name, are needed")

    def to_html(self) -> str:
        """Render the figures one below the other."""
        return "".join(figure.to_html() for figure in self.figures)

    def to_text(self) -> str:
        """Render each choice with the text of its figure."""
        pairs = zip(self.choices, self.figures, strict=True)
        return "\n".join(f"{choice}\n{figure.to_text()}" for choice, figure in pairs)


def _data(value: Any) -> Any:
    """Turn an object into JSON data. A run says only what makes it more than plain text.

    Results are written and read many times in a build, and most of them are runs.
    """
    if is_dataclass(value):
        terse = isinstance(value, Run)
        return {
            item.name: _data(found)
            for item in fields(value)
            if (found := getattr(value, item.name)) != item.default or not terse
        }
    return [_data(item) for item in value] if isinstance(value, tuple) else value


def read_runs(items: Sequence[dict[str, Any]]) -> Runs:
    """Read runs back from the JSON data of a payload."""
    return tuple(Run(**item) for item in items)


def script_json(data: Any) -> str:
    """Write JSON that can stand inside an HTML ``script`` element.

    ``<``, ``>`` and ``&`` are escaped, so no text from the tables can end the element.
    """
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
