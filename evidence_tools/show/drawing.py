"""Marks in lanes along an axis: the one way in which results, labels and values come on a chart.

A mark is a text, point or rule; its colour, shape and frame show a result. A lane has its label
on the left, its value in words on the right, and its marks on the axis between; on a phone both
texts are above the marks. What has no estimate has no mark, and is listed below the axis.
"""

import json
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import product
from typing import Any

import pandas as pd

from evidence_tools.evidence.judgements import STANDINGS
from evidence_tools.evidence.model import Evidence
from evidence_tools.show import words
from evidence_tools.show.display import Figure, Text, runs

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

FLAGGED = STANDINGS[2:]
"""Standings of results that are not to be relied on."""
SHAPES = {
    **{"increase": "triangle-up", "decrease": "triangle-down", "no_significant_change": "circle"},
    **{"benefit_reported_narratively": "square", "not_conclusive": "cross"},
}
"""Shape of each direction, the same in all figures."""
MIXED, SILENT = "diamond", "stroke"
SWATCH = "M-1,-0.4H1V0.4H-1Z"
"""Shape of a sample of a colour, which no mark has."""
LEGEND = {shape: words.DIRECTIONS[way] for way, shape in SHAPES.items()} | words.phrases("legend")
"""What the shape of a result means, and its relation to another one."""

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
_TEXT = {
    **{"baseline": "middle", "color": INK, "fontSize": FONT_SIZE},
    **{"lineBreak": "\n", "lineHeight": LINE},
}
# A figure has one text alternative; its marks would only repeat it piece by piece.
CONFIG = {
    **{"aria": False, "background": "transparent", "padding": 4, "view": {"stroke": None}},
    **{"font": FONT, "axis": _AXIS, "text": _TEXT, "concat": {"spacing": 8}},
}


def mark(sort: str, x: float, y: float = 0, **look: Any) -> Mark:
    """Make a text, point or rule; places are pixels, but ``x`` is a value in a lane."""
    return {"sort": sort, "x": x, "y": y, "on_axis": False, **_USUAL[sort], **look}


text, point, rule = (partial(mark, sort) for sort in ("text", "point", "rule"))


def draw_marks(marks: Iterable[Mark], width: int, height: float, x: Any = None) -> Any:
    """Draw marks as a layered chart, one layer for each sort; ``x`` is the axis."""
    import altair as alt

    layers = words.grouped(marks, lambda one: (one["sort"], one["on_axis"]))
    keys = [key for key in product(_USUAL, (False, True)) if key in layers]
    drawn = [_layer(*key, layers[key], x) for key in keys]
    return alt.layer(*drawn, width=width, height=height)


def _layer(sort: str, on_axis: bool, marks: Sequence[Mark], x: Any) -> Any:
    import altair as alt

    of = {column: alt.expr(f"datum.{column}") for column in marks[0]}
    chart = alt.Chart(alt.InlineData(values=tuple(marks)))
    chart = chart.encode(x=x if on_axis else alt.XValue(of["x"]), y=alt.YValue(of["y"]))
    if any("says" in one for one in marks):
        chart = chart.encode(tooltip="says:N")
    if sort == "text":
        return chart.mark_text(align=of["align"], fontWeight=of["weight"]).encode(text="text:N")
    look: dict[str, Any] = {"stroke": of["colour"], "strokeWidth": of["width"]}
    dashes = "[2, 1]" if sort == "point" else "[4, 3]"
    look |= {"strokeDash": alt.expr(f"datum.dashed ? {dashes} : [1, 0]")}
    if sort == "point":
        fill = alt.expr("datum.hollow ? 'transparent' : datum.colour")
        return chart.mark_point(shape=of["shape"], size=of["size"], fill=fill, opacity=1, **look)
    x2 = "x2:Q" if on_axis else alt.X2Value(of["x2"])
    y2 = alt.Y2Value(alt.expr("datum.y + datum.tall"))
    return chart.mark_rule(strokeOpacity=of["opacity"], **look).encode(x2=x2, y2=y2)


def look_of(evidence: Evidence, result: Any) -> Mark:
    """Give the look of a result: the colour of its kind, or grey when it is not counted.

    It is hollow when it is not significant, and also dashed when it must not be relied on.
    """
    kind = evidence.rows("kinds")[result.kind]
    flagged = result.standing in FLAGGED
    hollow = words.is_silent(result) or flagged
    look: Mark = {"shape": SHAPES[result.direction], "hollow": hollow}
    counted = result.standing == "counted"
    look |= {"colour": kind.colour or INK, "kind": kind.plural} if counted else {"colour": GREY}
    unsure = result.direction in words.ARROWS and result.statistically_significant == "not stated"
    return look | {"standing": result.standing, "dashed": flagged, "unsure": unsure}


def result_sentence(finding: Any) -> str:
    """Write a finding as one sentence, and why it is not counted, if so."""
    said = words.with_details(words.reports_text(finding), words.analysis_text(finding))
    aside = words.aside_text(finding, brief=True)
    return f"{said}: {words.estimate_text(finding)}{aside}."


_LETTER = 6.4  # pixels that a letter takes on average; a browser has its own font, so rather many
_NAME = 130.0  # pixels of a line of a column's name, or more
_LABELS, _VALUES = 0.28, 0.62  # where labels end and values begin, as shares of the width
_PAD, _EDGE = 3, 12
# No line ends inside "p = 0.03", "95% CI 0.98" and "to -0.64".
_JOINED = re.compile(r"(p|[=<\u2191\u2193]|%|to|\b[A-Z]{2,3}) (?=[=<\d\u2212A-Z])")
_NAMES_OF_MARKS = re.compile(r' (?:role="graphics-[a-z]+"|aria-[a-z]+="[^"]*")')


@dataclass(frozen=True)
class Lane:
    """A row of a chart; ``says`` is its part of the text alternative.

    The heading is written where it changes. Marks have their ``x`` on the axis, their ``y`` from
    the middle of the lane, and may need ``room`` below it.
    """

    label: str
    says: str = ""
    marks: Sequence[Mark] = ()
    value: str = ""
    heading: str = ""
    room: float = 0


@dataclass(frozen=True)
class Axis:
    """What places mean; ``null`` has a line, and Altair chooses ticks that are not given."""

    low: float
    high: float
    title: Sequence[str] = ()
    ticks: Mapping[float, str] | None = None
    null: float | None = None
    log: bool = False
    top: bool = False

    def encode(self, left: float, right: float, *, grid: bool) -> Any:
        """Give the axis between two places as an Altair channel."""
        import altair as alt

        look: dict[str, Any] = dict.fromkeys(("domain", "ticks"), not self.top)
        look |= {"grid": grid and not self.top, "orient": "top" if self.top else "bottom"}
        look["title"] = list(self.title) or None
        if not self.ticks:
            look["tickCount"] = 5
        else:
            values, labels = list(self.ticks), list(self.ticks.values())
            longest = max(len(label) + 0.4 * sum(map(str.isupper, label)) for label in labels)
            upright = longest * _LETTER * len(labels) < right - left
            room, column = _NAME, max((right - left) / len(labels), LINE)
            while any(_height(wrap(label, room)) > column for label in labels):
                room += _LETTER  # fewer lines, so that turned ones stay in their column
            labels = [wrap(label, room) for label in labels]
            named = f"{json.dumps(labels)}[indexof({json.dumps(values)}, datum.value)]"
            look |= {"values": values, "labelAngle": 0 if upright else 270, "labelOverlap": False}
            look["labelExpr"] = f"split({named}, '\\n')"
        ends: dict[str, Any] = {"domain": [self.low, self.high], "range": [left, right]}
        scale = alt.Scale(type="log" if self.log else "linear", nice=False, **ends)
        return alt.X("x:Q", scale=scale, axis=alt.Axis(**look))


def axis_around(lanes: Iterable[Lane], *, null: float | None = None, **look: Any) -> Axis:
    """Make an axis with some room around the marks of lanes and the line of no difference."""
    marks = [one for lane in lanes for one in lane.marks]
    values = [one[end] for one in marks for end in ("x", "x2") if end in one]
    values += [] if null is None else [null]
    low, high = min(values), max(values)
    if look.get("log"):
        low, high = low / 1.2, high * 1.2
        look = {"ticks": log_ticks(low, high), **look}
    else:
        room = (high - low or 1) / 20
        low, high = low - room, high + room
    return Axis(low, high, null=null, **look)


def log_ticks(low: float, high: float) -> dict[float, str]:
    """Give round values between the ends of a log axis, with labels."""
    rows = [[float(f"{m}e{p}") for p in range(-12, 12) for m in steps] for steps in ("125", "1")]
    fine, coarse = ([value for value in row if low <= value <= high] for row in rows)
    shown = fine if len(fine) <= 7 else coarse
    return {value: tick_text(value) for value in shown}


def tick_text(value: float) -> str:
    """Write a round value, also a very small or large one without a power of ten."""
    return words.number_text(f"{Decimal(f'{value:.9g}'):f}")


def wrap(said: str, width: float) -> str:
    """Break words into lines of at most some pixels; a longer word keeps a line of its own."""
    joined = _JOINED.sub("\\1\N{NO-BREAK SPACE}", said)
    letters = max(int(width / _LETTER), 1)
    return textwrap.fill(joined, letters, break_long_words=False, break_on_hyphens=False)


def draw_lanes(
    lanes: Sequence[Lane],
    axis: Axis,
    name: str,
    caption: Text,
    *,
    legend: Mapping[str, Mark] | None = None,
    note: str = "",
    says: Iterable[str] = (),
) -> Figure:
    """Make a figure of lanes, with a legend of marks and a note below them.

    The marks of results explain themselves; ``legend`` explains others.
    ``says`` is the text alternative, if it is not that of each lane. Altair would check a chart
    against its schema while it is put together, which takes longer than the drawing; the tests do
    so instead.
    """
    import altair as alt
    import vl_convert
    from altair.utils.schemapi import debug_mode

    specs = []
    legend = _meanings_of(lanes) | dict(legend or {})
    drawn, bare = ([lane for lane in lanes if bool(lane.marks) == known] for known in (True, False))
    with debug_mode(False):
        for width in (WIDE, NARROW):
            lines = wrap(note, width)
            charts = [
                drawn and _stack(drawn, axis, width),
                legend and _legend(legend, width),
                bare and _stack(bare, None, width),
                note and draw_marks([text(0, LINE / 2, text=lines)], width, _height(lines)),
            ]
            spec = json.loads(alt.vconcat(*filter(None, charts)).to_json(validate=False))
            specs.append({**spec, "config": CONFIG})
    svgs = [_NAMES_OF_MARKS.sub("", vl_convert.vegalite_to_svg(spec)) for spec in specs]
    alternative = words.join_known(*(says or (lane.says for lane in lanes)), note, mark=" ")
    return Figure(name, runs(caption), alternative, svgs[0], specs[0], svgs[1], specs[1])


def _height(lines: str) -> int:
    return LINE * (lines.count("\n") + 1)


def _stack(lanes: Sequence[Lane], axis: Axis | None, width: int) -> Any:
    """Put lanes below each other; without an axis, labels take its place.

    ``spans`` are where no text is above or below marks.
    """
    valued = any(lane.value for lane in lanes)
    above = valued and width <= NARROW  # texts are above the marks
    labels = _LABELS if axis else _VALUES - _LABELS / 10
    left = _EDGE if above else labels * width + _EDGE
    right = _VALUES * width - _EDGE if valued and not above else width - _EDGE
    marks, spans, y, before = list[Mark](), list[tuple[float, float]](), 0.0, ""
    for lane in lanes:
        if lane.heading not in ("", before):
            before, y = lane.heading, y + 2 * _PAD
            lines = wrap(lane.heading, width if width <= NARROW else left)
            marks.append(text(0, y + LINE / 2, text=lines, weight="bold"))
            y += _height(lines)
        blocks = [(0, lane.label, labels), (_VALUES, lane.value, 1 - _VALUES)]
        if above:
            blocks = [(0, words.join_known(lane.label, lane.value, mark=": "), 1)]
        texts = [(x * width, wrap(said, room * width)) for x, said, room in blocks if said]
        height = max((_height(lines) for _, lines in texts), default=LINE)
        top, bottom = y + _PAD, y + _PAD + height
        for x, lines in texts:
            marks.append(text(x, top + (height - _height(lines) + LINE) / 2, text=lines))
        middle = bottom + LINE / 2 if above and axis else top + height / 2
        y = max(bottom + (LINE if above and axis else 0), middle + lane.room) + _PAD
        spans.append((bottom, y - bottom))
        marks += [{**one, "y": middle + one["y"], "on_axis": True} for one in lane.marks]
        marks.append(rule(0, y, x2=width, opacity=0.25))
    if not axis:
        return draw_marks(marks, width, y)
    if axis.null is not None:
        look: Mark = {"x2": axis.null, "width": 1.75, "on_axis": True}
        spans = spans if above else [(0.0, y)]  # no line crosses a text
        marks = [*(rule(axis.null, start, tall=tall, **look) for start, tall in spans), *marks]
    return draw_marks(marks, width, y, axis.encode(left, right, grid=not above))


def _meanings_of(lanes: Sequence[Lane]) -> dict[str, Mark]:
    """Give what a legend needs to say on the marks of results that are shown, with their looks."""
    results = [one for lane in lanes for one in lane.marks if "standing" in one]
    found = words.grouped(results, lambda one: (one["dashed"], one["shape"], one["hollow"]))
    order, said = list(LEGEND), dict[str, Mark]()
    for key in sorted(found, key=lambda key: (key[0], order.index(key[1]), key[2])):
        (flagged, shape, hollow), same = key, found[key]
        more = ", significant or not stated" if any(one["unsure"] for one in same) else ""
        more = ", not significant" if hollow and shape != SHAPES["no_significant_change"] else more
        more = ", not to be relied on" if flagged else more
        look: Mark = {"dashed": flagged, "shape": shape, "hollow": hollow}
        grey = all(one["colour"] == GREY for one in same)
        said[LEGEND[shape] + more] = look | {"colour": GREY if grey else INK}
    by_kind = [one for one in results if "kind" in one and "relation" not in one]
    kinds = {one["kind"]: one["colour"] for one in by_kind}
    if len({*kinds.values()}) > 1:
        said |= {kind: {"shape": SWATCH, "colour": colour} for kind, colour in kinds.items()}
    if any(one["standing"] == "context" for one in results):
        said["grey: context, not counted"] = {"shape": SWATCH, "colour": GREY}
    return said


def _legend(legend: Mapping[str, Mark], width: int) -> Any:
    """Explain marks in as many lines as needed."""
    row = LINE + 2 * _PAD
    marks, x, y = list[Mark](), 0.0, row / 2
    for said, look in legend.items():
        needed = 24 + _LETTER * len(said)
        if x and x + needed > width:
            x, y = 0.0, y + row
        sample = point(x + 9, y, **{"colour": INK, "shape": "circle", **look})
        marks += [sample, text(x + 23, y, text=said)]
        x += needed + _EDGE
    return draw_marks(marks, width, y + row / 2)


_PLACING = {"sort", "x", "x2", "y", "on_axis", "shape", "text"}.union(*_USUAL.values())
"""Columns of a drawing's data that only say where and how a mark is drawn."""


def figure_rows(spec: dict[str, Any]) -> list[list[Any]]:
    """Take from a Vega-Lite specification the rows it draws, without what only places marks."""
    drawn = dict.fromkeys(re.findall(r'"data": {"name": "([^"]+)', json.dumps(spec)))
    marks = pd.DataFrame([row for name in drawn for row in spec["datasets"][name]])
    rows = marks.drop(columns=_PLACING, errors="ignore").dropna(how="all").drop_duplicates()
    return [list(rows), *rows.fillna("").to_numpy().tolist()]
