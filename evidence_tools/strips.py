"""Rows of a chart: a label above, a mark below, a labelled gap where nothing is known.

Charts of findings, of trials and of trial arms are made of the same rows, so that they read
alike. A row is a dictionary that goes into the chart as data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from evidence_tools.drawing import GREY, INK, WIDTH

if TYPE_CHECKING:
    import altair as alt

ROW_HEIGHT = 44
"""Pixels of a row: a line of text, then a mark."""
HEADING_HEIGHT = 26
TEXT_TOP, MARK_TOP = 8, 28
LABEL_WIDTH = 72
"""Characters of a label that fit the width of a drawing."""

TOOLTIP = {
    "outcome": "Outcome",
    "result": "Result",
    "printed": "As printed",
    "source": "Source",
}
"""Columns of a finding's row that a tooltip shows, with their headings."""


def stack_rows(
    rows: Sequence[dict[str, Any]], *, row_height: int = ROW_HEIGHT, mark_top: int = MARK_TOP
) -> int:
    """Give each row its place below the one before, with room for the heading it opens.

    Parameters
    ----------
    rows
        Rows in drawing order; ``text_y``, ``mark_y`` and, where a row has a ``heading``,
        ``heading_y`` are set in place, in pixels from the top.
    row_height
        Pixels from one row to the next.
    mark_top
        Pixels from the top of a row to the middle of its mark.

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
        row["text_y"], row["mark_y"] = top + TEXT_TOP, top + mark_top
        top += row_height
    return top


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


def text_layers(data: alt.InlineData, height: int, rows: Sequence[dict[str, Any]]) -> list[Any]:
    """Write headings, labels (left) and asides (right); beside the mark too.

    Parameters
    ----------
    data
        The rows, as chart data.
    height
        Height of the drawing in pixels.
    rows
        The same rows; columns that none of them has make no layer.
    """
    import altair as alt

    parts: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("heading", "heading_y", {"align": "left", "fontWeight": "bold"}),
        ("label", "text_y", {"align": "left"}),
        ("aside", "text_y", {"align": "right"}),
        ("mark_start", "mark_y", {"align": "left"}),
        ("mark_end", "mark_y", {"align": "right"}),
    )
    layers = []
    for column, place, look in parts:
        if not any(row.get(column) for row in rows):
            continue
        side = alt.value(WIDTH if look["align"] == "right" else 0)
        layers.append(
            alt.Chart(data)
            .transform_filter(f"isValid(datum.{column})")
            .mark_text(baseline="middle", color=INK, **look)
            .encode(x=side, y=vertical(place, height), text=f"{column}:N")
        )
    return layers


def gap_layers(
    base: alt.Chart, height: int, *, missing: str, text: str, half: int = 10
) -> list[alt.Chart]:
    """Draw a dashed, empty box that says in words what is not known.

    Parameters
    ----------
    base
        Chart of the rows, with the place of their marks.
    height
        Height of the drawing in pixels.
    missing
        Column whose absence makes a gap.
    text
        Column that says what is not known.
    half
        Half the height of the box in pixels.
    """
    import altair as alt

    gap = base.transform_filter(f"!isValid(datum.{missing})")
    left, right = alt.value(WIDTH * 0.12), alt.value(WIDTH * 0.88)
    box = gap.transform_calculate(top=f"datum.mark_y - {half}", bottom=f"datum.mark_y + {half}")
    return [
        box.mark_rect(fillOpacity=0, stroke=GREY, strokeDash=[4, 3]).encode(
            x=left, x2=right, y=vertical("top", height), y2="bottom:Q"
        ),
        gap.mark_text(align="center", baseline="middle", color=INK, fontStyle="italic").encode(
            x=alt.value(WIDTH / 2), text=f"{text}:N"
        ),
    ]


def estimate_strip(
    rows: Sequence[dict[str, Any]], scale: alt.Scale, axis: alt.Axis, *, no_difference: int
) -> alt.LayerChart | alt.FacetChart:
    """Layer text, line of no difference, interval and point for rows that share a scale.

    Parameters
    ----------
    rows
        Rows with ``estimate``, ``low`` and ``high`` where known, ``colour``, ``shape`` and
        ``struck``: rows that are struck out are hollow and dashed.
    scale, axis
        Shared by all rows.
    no_difference
        The value that stands for no difference: 0, or 1 for ratios.
    """
    import altair as alt

    height = stack_rows(rows)
    data = alt.InlineData(values=list(rows))
    shown = axis if any("estimate" in row for row in rows) else None
    base = alt.Chart(data).encode(y=vertical("mark_y", height), tooltip=tooltips(TOOLTIP))
    known = base.transform_filter("isValid(datum.estimate)")
    colour = alt.Color("colour:N", scale=None)
    x = alt.X("estimate:Q", scale=scale, axis=shown)
    null = known.transform_calculate(
        at=str(no_difference),
        top="datum.mark_y - 10",
        bottom=f"datum.mark_y + {ROW_HEIGHT - MARK_TOP}",
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
    layers += text_layers(data, height, rows)
    if any("estimate" not in row for row in rows):
        layers += gap_layers(base, height, missing="estimate", text="result")
    return alt.layer(*layers).properties(width=WIDTH, height=height)
