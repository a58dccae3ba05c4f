"""How wide the columns of a printed table are, and how much room the table gets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bs4 import Tag

ROOM = {"normal": 76, "wide": 97}
"""How many characters of a row fit the text column, and the width of the page."""

NARROWER = 1.15
"""How far a table may need more than the page has before it is laid on its side."""

LONGEST_WHOLE_ROW = 24
"""Rows of at most this many lines are never split between pages."""

LONGEST_WHOLE_TABLE = 18
"""Tables of at most this many lines are never split: about a third of a page."""

LINES_OF_A_PAGE = 45
"""A table with more lines than this in the text column takes the margins too."""

_GAP = 2
"""Characters that the space around a cell's text takes."""


def lay_out_table(table: Tag) -> None:
    """Say of a table how much room it needs, how to share it, and whether rows may be split.

    The class becomes ``normal`` (text column), ``wide`` (page width) or ``landscape`` (a page on
    its side). Widths that the page has for its columns are replaced: they were chosen for a
    screen, and in print a row is as high as its longest cell.
    """
    rows = [_texts(row) for row in table.find_all("tr")]
    needs = _needs(rows)
    width = sum(needs)
    room = "normal" if width <= ROOM["normal"] else "wide"
    if width > NARROWER * ROOM["wide"]:
        room = "landscape"
    if table.find_parent(class_="titled") is not None:
        # A coloured block cannot grow into the margins, nor hold a page of its own.
        room = "normal"
    elif room == "normal" and sum(_heights(rows, share(rows, ROOM["normal"]))) > LINES_OF_A_PAGE:
        room = "wide"
    table["class"] = room
    widths = share(rows, ROOM.get(room, 2 * ROOM["wide"]))
    columns = table.find_all("col")
    if len(columns) == len(widths) and any(column.get("style") for column in columns):
        for column, size in zip(columns, widths, strict=True):
            column["style"] = f"width: {100 * size / sum(widths):.1f}%"
    heights = _heights(rows, widths)
    if sum(heights) <= LONGEST_WHOLE_TABLE:
        table["data-whole"] = "table"
    else:
        table["data-whole"] = "rows" if max(heights) <= LONGEST_WHOLE_ROW else "nothing"


def share(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Share the width of a table among its columns so that the table becomes short.

    Parameters
    ----------
    rows : sequence of sequence of str
        The text of each cell, row by row.
    width : int
        What there is to share, in characters.

    Returns
    -------
    list of int
        Characters for each column, at least what its longest word needs. They add up to `width`,
        or to more if the longest words do.
    """
    columns = max(map(len, rows), default=0)
    widths = [_GAP + 1] * columns
    for row in rows:
        for column, text in enumerate(row):
            widths[column] = max(widths[column], _GAP + min(_longest_word(text), 14))
    areas = [[len(text) for text in row] + [0] * (columns - len(row)) for row in rows]

    def height(widths: Sequence[int]) -> float:
        # A row is as high as its highest cell. The fourth power comes near to that maximum, and
        # unlike it never calls two cells of like height both useless to widen. A line loses about
        # three characters where its last word does not fit.
        lost = [(1 + 3 / (size - _GAP)) / (size - _GAP) for size in widths]
        return math.fsum(
            math.sqrt(
                math.hypot(*((area * each) ** 2 for area, each in zip(row, lost, strict=True)))
            )
            for row in areas
        )

    for _ in range(width - sum(widths)):
        wider = [
            [size + (other == column) for other, size in enumerate(widths)]
            for column in range(columns)
        ]
        widths = min(wider, key=height)
    return widths


def _texts(row: Tag) -> list[str]:
    return [cell.get_text(" ", strip=True) for cell in row.find_all(["td", "th"], recursive=False)]


def _longest_word(text: str) -> int:
    return max(map(len, text.split()), default=0)


def _needs(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return what each column needs, in characters.

    A column needs its longest word (up to where words are broken); long text wraps, but wants a
    line that can still be read.
    """
    needs = [0] * max(map(len, rows), default=0)
    for row in rows:
        for column, text in enumerate(row):
            need = _GAP + max(min(_longest_word(text), 14), min(len(text) // 4, 18))
            needs[column] = max(needs[column], need)
    return needs


def _heights(rows: Sequence[Sequence[str]], widths: Sequence[int]) -> list[int]:
    """Estimate the lines of each row."""
    return [
        max(
            (-(-len(text) // (size - _GAP)) for text, size in zip(row, widths, strict=False)),
            default=0,
        )
        for row in rows
    ]
