"""How tables are printed: a grid of cells, columns that make it low, and where it may break."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy
from docutils import nodes

from evidence_tools.book.typst import call, literal
from evidence_tools.book.writer import Writer, prints

ROOM, ROOM_ON_ITS_SIDE = 120, 180
"""Characters of a row that fit the page, and a page on its side."""

WHOLE_TABLE, WHOLE_ROW = 16, 24
"""Lines of a table and of a row that are never split."""

_GAP, _LONGEST, _LONGEST_IN_CROWD = 3, 14, 6
"""Characters that the space beside a cell takes, and of words that are not broken."""


@dataclass
class Cell:
    """A cell and where it stands."""

    node: Any
    row: int
    column: int
    rows: int
    columns: int
    is_label: bool


@prints("table")
def _table(writer: Writer, node: Any) -> str:
    title = next((child for child in node.children if isinstance(child, nodes.title)), None)
    group = next(iter(node.findall(nodes.tgroup)))
    cells, heads, count = _grid(group)
    columns = max((cell.column + cell.columns for cell in cells), default=0)
    needs, least = _needs(cells, count, columns)
    on_its_side = int(least.sum()) > 1.1 * ROOM
    room = ROOM_ON_ITS_SIDE if on_its_side else ROOM
    widths = column_widths(needs, least, room)
    lines = _lines(needs, widths).max(axis=1, initial=1) if count else numpy.ones(1)
    whole = "table" if lines.sum() <= WHOLE_TABLE else "rows"
    whole = "nothing" if lines.max() > WHOLE_ROW else whole
    body = _body(writer, cells, heads, count, keep_tail=whole == "rows")
    fills = int(needs.max(axis=0, initial=0).sum()) > room
    if {"colwidths-given", "evidence-table"} & set(node.get("classes", ())) == {"colwidths-given"}:
        fills, widths = True, [spec["colwidth"] for spec in group.findall(nodes.colspec)]
    track = "".join(f"{width}fr, " for width in widths) if fills else "auto, " * columns
    words = writer.caption(node, "table", title)
    caption = f"caption: [{words}], " if words else ""
    figure = f"#figure(kind: table, {caption}[#table(columns: ({track}), {body})])"
    figure += writer.anchor(node, "#label({})")
    number = literal(writer.number("table", node))
    options = (f'"{whole}"', str(fills).lower())
    placed = call("set-table", *options, number=number, body=writer.block(node, figure))
    return f"\n{call('on-its-side', body=placed) if on_its_side else placed}\n"


def _grid(group: Any) -> tuple[list[Cell], int, int]:
    """Give each cell its place, in tables whose cells span rows and columns."""
    taken: set[tuple[int, int]] = set()
    cells: list[Cell] = []
    is_ours = "evidence-table" in group.parent.get("classes", ())
    # Our first columns are links and names, which bold letters would make loud.
    stubs = [not is_ours and bool(spec.get("stub")) for spec in group.findall(nodes.colspec)]
    parts = [part for part in group.children if isinstance(part, nodes.thead | nodes.tbody)]
    all_rows: list[Any] = [(part, row) for part in parts for row in part.children]
    heads = sum(isinstance(part, nodes.thead) for part, _ in all_rows)
    for number, (part, row) in enumerate(all_rows):
        column = 0
        for entry in row.children:
            while (number, column) in taken:
                column += 1
            rows, columns = entry.get("morerows", 0) + 1, entry.get("morecols", 0) + 1
            stub = entry.get("stub") or (column < len(stubs) and stubs[column])
            is_label = bool(stub) or isinstance(part, nodes.thead)
            cells.append(Cell(entry, number, column, rows, columns, is_label))
            taken |= {(number + r, column + c) for r in range(rows) for c in range(columns)}
            column += columns
    return cells, heads, len(all_rows)


def _body(writer: Writer, cells: list[Cell], heads: int, count: int, *, keep_tail: bool) -> str:
    """Write the cells; the last two rows of a table that may break stay together."""
    rows: list[list[str]] = [[] for _ in range(count)]
    for cell in cells:
        rows[cell.row].append(_cell(writer, cell))
    written = [", ".join(row) for row in rows]
    spans = max((cell.row + cell.rows for cell in cells if cell.row < count - 2), default=0)
    tail = count - 2 if keep_tail and spans <= count - 2 and count - heads > 3 else count
    parts = [f"table.header({', '.join([*written[:heads], 'table.hline()'])})"] if heads else []
    parts += [row for row in written[heads:tail] if row]
    if tail < count:
        parts.append(f"table.footer(repeat: false, {', '.join(written[tail:])})")
    return ", ".join(parts)


def _cell(writer: Writer, cell: Cell) -> str:
    node, classes = cell.node, cell.node.get("classes", ())
    sides = [side for side in ("right", "center") if f"text-{side}" in classes]
    spans = {"colspan": cell.columns, "rowspan": cell.rows}
    options = [f"{name}: {span}" for name, span in spans.items() if span > 1]
    options += [f"align: {side}" for side in sides]
    anchor = writer.anchor(node.parent) if node.parent.index(node) == 0 else ""
    words = anchor + writer.all(node.children).strip("\n")
    body = f"\n{words}\n" if "\n" in words or words.startswith("//") else words
    if cell.is_label:
        body = call("stub", body=body)
    return f"table.cell({', '.join(options)})[{body}]" if options else f"[{body}]"


def _needs(cells: Sequence[Cell], count: int, columns: int) -> tuple[Any, Any]:
    """Count the characters of each place, and those of the longest word of each column."""
    needs = numpy.zeros((count, columns), int)
    least = numpy.full(columns, _GAP + 1)
    for cell in cells:
        text = cell.node.astext()
        size = len(" ".join(text.split())) + 400 * len(list(cell.node.findall(nodes.image)))
        # What spans places is shared among them.
        share = -(-size // (cell.rows * cell.columns)) + _GAP
        needs[cell.row : cell.row + cell.rows, cell.column : cell.column + cell.columns] = share
        if cell.columns == 1:
            word = min(max(map(len, text.split()), default=0), _LONGEST)
            least[cell.column] = max(least[cell.column], word + _GAP)
    if least.sum() > ROOM:
        least[1:] = numpy.minimum(least[1:], _LONGEST_IN_CROWD + _GAP)
    return needs, least


def _lines(needs: Any, widths: Any) -> Any:
    """Estimate the lines that each place takes."""
    return numpy.ceil((needs - _GAP) / numpy.maximum(widths - _GAP, 1))


def column_widths(needs: Any, least: Any, room: int) -> Any:
    """Share the ``room`` of a table among its columns so that the table gets low.

    ``needs`` are the characters of each place, ``least`` the width below which no column goes.

    Examples
    --------
    >>> column_widths(numpy.array([[4, 90], [4, 30]]), numpy.array([4, 10]), 60).tolist()
    [4, 56]
    """
    widths = least.copy()
    most = numpy.maximum(needs.max(axis=0, initial=0), least)
    while (spare := room - int(widths.sum())) > 0 and (widths < most).any():
        # The column that saves most lines with a few characters more gets them.
        before, steps = _lines(needs, widths), numpy.minimum(numpy.minimum(4, spare), most - widths)
        gains = []
        for column, step in enumerate(steps):
            after = before.copy()
            after[:, column] = _lines(needs[:, column], widths[column] + step)
            saved = before.max(axis=1).sum() - after.max(axis=1).sum()
            gains.append((step > 0, saved, (before - after).sum()))
        best = max(range(len(gains)), key=gains.__getitem__)
        widths[best] += steps[best]
    return widths
