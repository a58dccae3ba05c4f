"""Marks: their colours and shapes, the results that they show, and how they are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from evidence_tools.evidence.model import Evidence
from evidence_tools.show import words

Mark = dict[str, Any]
"""A text, point or rule: its look, the row that it shows, and ``says``, its tooltip."""

INK = "currentColor"
"""Colour of letters: that of the page, so that they follow its light, dark and print colours."""
GREY = "#767b83"
PALETTE = ("#0072b2", "#d55e00", "#008561", "#cc79a7", "#997700")
"""Colours that colour-blind readers tell apart, each at least 3:1 on white and on a dark page."""
FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, Libertinus Serif, sans-serif"
"""Browsers have one of the first; print has the serif that its text is set in."""
FONT_SIZE, LINE = 13, 15
WIDE, NARROW = 640, 330
"""Widths of the two drawings of a figure in pixels: a column of text, and a phone."""

FLAGGED = ("set aside", "superseded", "struck out")
"""Standings of results that are not to be relied on."""
SHAPES = {
    **{"increase": "triangle-up", "decrease": "triangle-down", "no_significant_change": "circle"},
    **{"benefit_reported_narratively": "square", "not_conclusive": "cross"},
}
"""Shape of each direction, the same in all figures."""
_UNCHANGED = "no_significant_change"

_USUAL: dict[str, Mark] = {
    "rule": {"colour": GREY, "width": 1, "tall": 0, "dashed": False, "opacity": 1},
    "point": {"size": 110, "width": 1.75, "hollow": False, "dashed": False},
    "text": {"align": "left", "weight": "normal"},
}
_AXIS = {
    **{"labelColor": INK, "labelFontSize": FONT_SIZE, "labelLimit": 0, "titleColor": INK},
    **{"titleFontSize": FONT_SIZE, "titleFontWeight": "normal", "titleLineHeight": LINE},
    **{"domainColor": GREY, "tickColor": GREY, "gridColor": GREY, "gridOpacity": 0.35},
}
# A figure has one text alternative; its marks would only repeat it piece by piece.
CONFIG = {
    **{"aria": False, "background": "transparent", "padding": 4, "view": {"stroke": None}},
    **{"font": FONT, "axis": _AXIS, "concat": {"spacing": 8}},
}


def mark(sort: str, x: float, y: float = 0, *, on_axis: bool = False, **look: Any) -> Mark:
    """Make a text, point or rule; places are pixels, but on an axis ``x`` is a value."""
    return {"sort": sort, "x": x, "y": y, "on_axis": on_axis, **_USUAL[sort], **look}


text, point, rule = (partial(mark, sort) for sort in ("text", "point", "rule"))


def draw_marks(marks: Iterable[Mark], width: int, height: float, x: Any = None) -> Any:
    """Draw marks as a layered chart, one layer for each sort; ``x`` is the axis."""
    import altair as alt

    layers: dict[tuple[str, bool], list[Mark]] = {}
    for one in marks:
        layers.setdefault((one["sort"], one["on_axis"]), []).append(one)
    drawn = [
        _layer(sort, layers[sort, on_axis], x if on_axis else alt.XValue(alt.expr("datum.x")))
        for sort in _USUAL
        for on_axis in (False, True)
        if (sort, on_axis) in layers
    ]
    return alt.layer(*drawn, width=width, height=height)


def _layer(sort: str, marks: Sequence[Mark], x: Any) -> Any:
    import altair as alt

    of = {column: alt.expr(f"datum.{column}") for column in marks[0]}
    chart = alt.Chart(alt.InlineData(values=tuple(marks))).encode(x=x, y=alt.YValue(of["y"]))
    if any("says" in one for one in marks):
        chart = chart.encode(tooltip="says:N")
    look: dict[str, Any]
    if sort == "text":
        look = {"align": of["align"], "fontWeight": of["weight"], "lineBreak": "\n"}
        look |= {"baseline": "middle", "color": INK, "fontSize": FONT_SIZE, "lineHeight": LINE}
        return chart.mark_text(**look).encode(text="text:N")
    look = {"stroke": of["colour"], "strokeWidth": of["width"]}
    look |= {"strokeDash": alt.expr("datum.dashed ? [4, 3] : [1, 0]")}
    if sort == "point":
        fill = alt.expr("datum.hollow ? 'transparent' : datum.colour")
        return chart.mark_point(shape=of["shape"], size=of["size"], fill=fill, opacity=1, **look)
    x2 = "x2:Q" if marks[0]["on_axis"] else alt.X2Value(of["x2"])
    y2 = alt.Y2Value(alt.expr("datum.y + datum.tall"))
    return chart.mark_rule(strokeOpacity=of["opacity"], **look).encode(x2=x2, y2=y2)


def colour_of(evidence: Evidence, result: Any) -> str:
    """Give the colour of a result: that of its kind, or grey when it is not counted."""
    colour = evidence.rows("kinds")[result.kind].colour or INK
    return str(colour) if result.standing == "counted" else GREY


def is_hollow(result: Any) -> bool:
    """Say whether a mark is hollow: of a result that is not significant, or not relied on."""
    return words.is_silent(result) or result.standing in FLAGGED


def result_phrase(result: Any) -> str:
    """Write "Doe 2020 (retracted) reports a significant decrease in calcium (Ca)"."""
    concern = words.concern_text(result)
    name = f"{result.source} ({concern})" if concern else result.source
    outcome = words.lower_first(result.outcome)
    outcome = f"{outcome} ({result.abbreviation})" if result.abbreviation else outcome
    of = "in" if result.direction in (*words.MOVED, _UNCHANGED) else "for"
    return f"{name} reports {words.way_text(result)} {of} {outcome}"


def result_sentence(finding: Any) -> str:
    """Write a finding as one sentence, and why it is not counted, if so."""
    analysis = words.analysis_text(finding)
    reason = why_not_counted(finding)
    return (
        f"{result_phrase(finding)}{f' ({analysis})' if analysis else ''}: "
        f"{words.estimate_text(finding)}{f'; not counted: {reason}' if reason else ''}."
    )


def why_not_counted(finding: Any) -> str:
    """Say in a few words why a finding is not counted, or nothing when it is."""
    if finding.standing == "struck out":
        return f"struck out: {words.concern_text(finding)}"
    if finding.standing == "set aside":
        return "set aside: contradicts its own source"
    return words.standing_text(finding)


def explain(
    results: Iterable[Any], *, shapes: bool = True, context: bool = True
) -> list[tuple[Mark, str]]:
    """Give what a legend needs to say on the marks of some results."""
    found = list(results)
    directions = {result.direction for result in found if shapes}
    standings = {result.standing for result in found}
    silent = shapes and any(words.is_silent(r) and r.direction in words.MOVED for r in found)
    hollow = {"colour": INK, "shape": "triangle-up", "hollow": True}
    looks: list[tuple[bool, Mark, str]] = [
        *((key in directions, {"colour": INK, "shape": shape, "hollow": key == _UNCHANGED},
           words.DIRECTIONS[key]) for key, shape in SHAPES.items()),
        (silent, hollow, "not significant"),
        (context and "context" in standings, {"colour": GREY, "shape": "circle"},
         "grey: context, not counted"),
        (not standings.isdisjoint(FLAGGED), {**hollow, "colour": GREY},
         "grey, hollow: not to be relied on"),
    ]  # fmt: skip
    return [(point(0, **look), said) for there, look, said in looks if there]
