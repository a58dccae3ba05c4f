"""Rows of a chart: a label above, a mark below, a labelled gap where nothing is known.

Charts of findings, of trials and of trial arms are made of the same rows, so that they read
alike. A row is a dictionary that goes into the chart as data.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evidence_tools.drawing import FONT_SIZE, GREY, INK, NARROW

if TYPE_CHECKING:
    import altair as alt

ROW_HEIGHT = 40
"""Pixels of a row: a line of text, then a mark."""
HEADING_HEIGHT = 26
TEXT_TOP, MARK_TOP = 8, 26
LINE = 16
"""Pixels of each further line of a label."""
_LETTER = 6.4  # pixels that a letter takes at most, on average over a whole line
_SLIM = frozenset("fijlrt.,;:!|'()/- ")

TOOLTIP = {
    "outcome": "Outcome",
    "result": "Result",
    "printed": "As printed",
    "source": "Source",
}
"""Columns of a finding's row that a tooltip shows, with their headings."""


def stack_rows(rows: Sequence[dict[str, Any]], width: int) -> int:
    """Give each row its place below the one before, with room for the heading it opens.

    A label that is too long for one line takes several. What stands at its right, the
    ``aside``, moves below it where both do not fit beside each other.

    Parameters
    ----------
    rows
        Rows in drawing order; ``lines`` (the label), ``right`` (the aside, if it stands there),
        ``text_y``, ``mark_y`` and, where a row has a ``heading``, ``heading_y`` are set in
        place, in pixels from the top.
    width
        Width of the drawing in pixels.

    Returns
    -------
    int
        Height of the whole drawing in pixels.
    """
    top = 0
    for row in rows:
        if row.get("heading"):
            row["heading_y"] = top + HEADING_HEIGHT // 2 + 2
            top += HEADING_HEIGHT
        row["lines"] = textwrap.wrap(row["label"], int(width / _LETTER))
        if aside := row.get("aside"):
            if text_width(row["label"]) + text_width(aside) + LINE <= width:
                row["right"] = aside
            else:
                row["lines"] += textwrap.wrap(aside, int(width / _LETTER))
        row["text_y"] = top + TEXT_TOP
        top += LINE * (len(row["lines"]) - 1)
        row["mark_y"] = top + MARK_TOP
        top += ROW_HEIGHT
    return top


def text_width(text: str) -> float:
    """Estimate how many pixels a line takes in a wide font; the browser chooses its own.

    Parameters
    ----------
    text
        What is written in the size of a drawing's words.
    """
    return FONT_SIZE * sum(0.4 if letter in _SLIM else 0.64 for letter in text)


def group_headings(rows: Sequence[dict[str, Any]], column: str) -> None:
    """Head each run of rows that share a column with it; a single group needs no heading.

    Parameters
    ----------
    rows
        Rows in drawing order; the first of each group gets a ``heading``.
    column
        The column that names the group.
    """
    if len({row[column] for row in rows}) < 2:
        return
    before = None
    for row in rows:
        if row[column] != before:
            row["heading"] = before = row[column]


def vertical(column: str, height: int) -> alt.Y:
    """Encode a place in pixels from the top."""
    import altair as alt

    return alt.Y(f"{column}:Q", scale=alt.Scale(domain=[0, height], reverse=True), axis=None)


def tooltips(columns: dict[str, str]) -> list[alt.Tooltip]:
    """Show some columns of a row with their headings, in words and printed digits."""
    import altair as alt

    return [alt.Tooltip(f"{column}:N", title=title) for column, title in columns.items()]


def text_layers(
    data: alt.InlineData, width: int, height: int, rows: Sequence[dict[str, Any]]
) -> list[Any]:
    """Write headings, labels (left) and asides (right).

    Parameters
    ----------
    data
        The rows, as chart data.
    width, height
        Size of the drawing in pixels.
    rows
        The same rows; columns that none of them has make no layer.
    """
    import altair as alt

    parts: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("heading", "heading_y", {"align": "left", "fontWeight": "bold"}),
        ("lines", "text_y", {"align": "left", "lineHeight": LINE}),
        ("right", "text_y", {"align": "right"}),
    )
    layers = []
    for column, place, look in parts:
        if not any(row.get(column) for row in rows):
            continue
        side = alt.XValue(width if look["align"] == "right" else 0)
        layers.append(
            alt.Chart(data)
            .transform_filter(f"isValid(datum.{column})")
            .mark_text(baseline="middle", color=INK, **look)
            .encode(x=side, y=vertical(place, height), text=f"{column}:N")
        )
    return layers


def gap_layers(
    base: alt.Chart, width: int, height: int, *, missing: str, text: str, half: int = 10
) -> list[alt.Chart]:
    """Draw a dashed, empty box that says in words what is not known.

    Parameters
    ----------
    base
        Chart of the rows, with the place of their marks.
    width, height
        Size of the drawing in pixels.
    missing
        Column whose absence makes a gap.
    text
        Column that says what is not known.
    half
        Half the height of the box in pixels.
    """
    import altair as alt

    gap = base.transform_filter(f"!isValid(datum.{missing})")
    inset = 1 if width <= NARROW else 0.12 * width
    left, right = alt.XValue(inset), alt.X2Value(width - inset)
    box = gap.transform_calculate(top=f"datum.mark_y - {half}", bottom=f"datum.mark_y + {half}")
    return [
        box.mark_rect(fillOpacity=0, stroke=GREY, strokeDash=[4, 3]).encode(
            x=left, x2=right, y=vertical("top", height), y2="bottom:Q"
        ),
        gap.mark_text(align="center", baseline="middle", color=INK, fontStyle="italic").encode(
            x=alt.XValue(width / 2), text=f"{text}:N"
        ),
    ]


def estimate_strip(
    rows: Sequence[dict[str, Any]],
    scale: alt.Scale,
    axis: alt.Axis,
    *,
    width: int,
    no_difference: int,
) -> alt.LayerChart | alt.FacetChart:
    """Layer text, line of no difference, interval and point for rows that share a scale.

    Parameters
    ----------
    rows
        Rows with ``estimate``, ``low`` and ``high`` where known, ``colour``, ``shape`` and
        ``struck``: rows that are struck out are hollow and dashed.
    scale, axis
        Shared by all rows.
    width
        Width of the drawing in pixels.
    no_difference
        The value that stands for no difference: 0, or 1 for ratios.
    """
    import altair as alt

    height = stack_rows(rows, width)
    data = alt.InlineData(values=list(rows))
    shown = axis if any("estimate" in row for row in rows) else None
    base = alt.Chart(data).encode(y=vertical("mark_y", height), tooltip=tooltips(TOOLTIP))
    known = base.transform_filter("isValid(datum.estimate)")
    colour = alt.Color("colour:N", scale=None)
    x = alt.X("estimate:Q", scale=scale, axis=shown)
    null = known.transform_calculate(
        at=str(no_difference),
        top="datum.mark_y - 10",
        bottom=f"datum.mark_y + {ROW_HEIGHT - MARK_TOP - 2}",
    )
    layers: list[Any] = [
        null.mark_rule(color=GREY, strokeDash=[3, 3]).encode(
            x=alt.X("at:Q", scale=scale, axis=shown), y=vertical("top", height), y2="bottom:Q"
        )
    ]
    for struck in (False, True):
        if not any(bool(row.get("struck")) is struck for row in rows):
            continue
        part = known.transform_filter("datum.struck" if struck else "!datum.struck")
        dash = [5, 3] if struck else [1, 0]
        layers += [
            part.mark_rule(strokeWidth=1.5 if struck else 2.5, strokeDash=dash).encode(
                x=alt.X("low:Q", scale=scale, axis=shown), x2="high:Q", color=colour
            ),
            part.mark_point(filled=not struck, size=110, opacity=1, strokeWidth=2).encode(
                x=x, color=colour, shape=alt.Shape("shape:N", scale=None)
            ),
        ]
    layers += text_layers(data, width, height, rows)
    if any("estimate" not in row for row in rows):
        layers += gap_layers(base, width, height, missing="estimate", text="result")
    return alt.layer(*layers, width=width, height=height)
