"""Marks in lanes along an axis: the one way in which labels, values and marks come on a chart.

A lane has its label on the left, its value in words on the right, and its marks on the axis
between; on a phone both texts are above the marks. What has no estimate has no mark.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evidence_tools.show.display import Figure, Text, runs
from evidence_tools.show.marks import CONFIG, GREY, LINE, NARROW, WIDE, Mark, draw_marks, rule, text
from evidence_tools.show.words import number_text

_LETTER = 6.4  # pixels that a letter takes on average; a browser has its own font, so rather many
_LABELS, _VALUES = 0.28, 0.62  # where labels end and values begin, as shares of the width
_PAD, _EDGE = 3, 12
# No line ends inside "p = 0.03", "95% CI 0.98" and "to -0.64".
_JOINED = re.compile(r"(p|[=<\u2191\u2193]|%|to|\b[A-Z]{2,3}) (?=[=<\d\u2212A-Z])")
_NAMES_OF_MARKS = re.compile(r' (?:role="graphics-[a-z]+"|aria-[a-z]+="[^"]*")')


@dataclass(frozen=True)
class Lane:
    """A row of a chart; ``says`` is its part of the text alternative.

    The heading is written where it changes. Marks have their ``y`` from the middle of the lane,
    and may need ``room`` below it.
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

    def encode(self, left: float, right: float) -> Any:
        """Give the axis between two places as an Altair channel."""
        import altair as alt

        look: dict[str, Any] = dict.fromkeys(("domain", "grid", "ticks"), not self.top)
        look |= {"orient": "top" if self.top else "bottom", "title": list(self.title) or None}
        look["tickCount"] = alt.Undefined if self.ticks else 5
        if self.ticks:
            values, labels = list(self.ticks), list(self.ticks.values())
            longest = max(len(label) + 0.4 * sum(map(str.isupper, label)) for label in labels)
            upright = longest * _LETTER * len(labels) < right - left
            named = f"{json.dumps(labels)}[indexof({json.dumps(values)}, datum.value)]"
            look |= {"values": values, "labelAngle": 0 if upright else 270, "labelOverlap": False}
            look["labelExpr"] = f"split({named}, '\\n')"
        ends: dict[str, Any] = {"domain": [self.low, self.high], "range": [left, right]}
        scale = alt.Scale(type="log" if self.log else "linear", nice=False, **ends)
        return alt.X("x:Q", scale=scale, axis=alt.Axis(**look))


def axis_around(values: Iterable[float], *, log: bool = False, **look: Any) -> Axis:
    """Make an axis with some room around values."""
    known = list(values)
    low, high = min(known), max(known)
    room = (high - low or 1) / 20
    low, high = (low / 1.2, high * 1.2) if log else (low - room, high + room)
    return Axis(low, high, log=log, **{"ticks": log_ticks(low, high) if log else None, **look})


def log_ticks(low: float, high: float) -> dict[float, str]:
    """Give round values between the ends of a log axis, with labels."""
    rows = [[float(f"{m}e{p}") for p in range(-9, 9) for m in steps] for steps in ((1, 2, 5), (1,))]
    fine, coarse = ([value for value in row if low <= value <= high] for row in rows)
    return {value: number_text(f"{value:.9g}") for value in (fine if len(fine) <= 7 else coarse)}


def wrap(words: str, width: float) -> str:
    """Break words into lines of at most some pixels; a longer word keeps a line of its own."""
    joined = _JOINED.sub("\\1\N{NO-BREAK SPACE}", words)
    letters = max(int(width / _LETTER), 1)
    return textwrap.fill(joined, letters, break_long_words=False, break_on_hyphens=False)


def draw_lanes(
    lanes: Sequence[Lane],
    axis: Axis | None,
    texts: tuple[str, str, str | None, Text | None],
    *,
    entries: Sequence[tuple[Mark, str]] = (),
    note: str = "",
    says: Iterable[str] = (),
) -> Figure:
    """Make a figure of lanes, with a legend of marks and a note below them.

    ``texts`` are a usual label and question, and those that the author gives instead; ``says`` is
    the text alternative, if it is not that of each lane. Altair would check a chart against its
    schema while it is put together, which takes longer than the drawing; the tests do so instead.
    """
    import altair as alt
    import vl_convert
    from altair.utils.schemapi import debug_mode

    specs = []
    with debug_mode(False):
        for width in (WIDE, NARROW):
            charts = [_stack(lanes, axis, width)]
            if entries:
                charts.append(_legend(entries, width))
            if note:
                lines = wrap(note, width)
                charts.append(draw_marks([text(0, LINE / 2, text=lines)], width, _height(lines)))
            spec = json.loads(alt.vconcat(*charts).to_json(validate=False))
            specs.append({**spec, "config": CONFIG})
    svgs = [_NAMES_OF_MARKS.sub("", vl_convert.vegalite_to_svg(spec)) for spec in specs]
    alternative = " ".join(filter(None, [*(says or (lane.says for lane in lanes)), note]))
    usual_name, usual_caption, name, caption = texts
    about = name or usual_name, runs(caption or usual_caption), alternative
    return Figure(*about, svgs[0], specs[0], svgs[1], specs[1])


def _height(lines: str) -> int:
    return LINE * (lines.count("\n") + 1)


def _stack(lanes: Sequence[Lane], axis: Axis | None, width: int) -> Any:
    """Put lanes below each other."""
    import altair as alt

    valued = any(lane.value for lane in lanes)
    above = valued and width <= NARROW  # texts are above the marks
    left = _EDGE if above else _LABELS * width + _EDGE
    right = _VALUES * width - _EDGE if valued and not above else width - _EDGE
    marks, y, before = list[Mark](), 0.0, ""
    for lane in lanes:
        if lane.heading not in ("", before):
            before, lines, y = lane.heading, wrap(lane.heading, width), y + 2 * _PAD
            marks.append(text(0, y + LINE / 2, text=lines, weight="bold"))
            y += _height(lines)
        texts, middle, y = _texts(lane, y + _PAD, width, above=above)
        marks += [*texts, *({**one, "y": middle + one["y"]} for one in lane.marks)]
        marks.append(rule(0, y, x2=width, opacity=0.25))
    x = axis.encode(left, right) if axis else None
    chart = draw_marks(marks, width, y, x)
    if axis and axis.null is not None:
        data = alt.InlineData(values=[{"x": axis.null}])
        line = alt.Chart(data).mark_rule(color=GREY, strokeWidth=1.75).encode(x=x)
        chart = alt.layer(line, chart, width=width, height=y)
    return chart


def _texts(lane: Lane, y: float, width: int, *, above: bool) -> tuple[list[Mark], float, float]:
    """Write label and value; give the middle of the marks, and the end of the lane."""
    blocks = [(0.0, wrap(": ".join(filter(None, [lane.label, lane.value])), width))]
    if not above:
        blocks = [
            (0.0, wrap(lane.label, _LABELS * width)),
            (_VALUES * width, wrap(lane.value, (1 - _VALUES) * width)),
        ]
    height = max(_height(lines) for _, lines in blocks)
    marks = [
        text(x, y + (height - _height(lines) + LINE) / 2, text=lines)
        for x, lines in blocks
        if lines
    ]
    middle = y + height + LINE / 2 if above else y + height / 2
    end = middle + LINE / 2 if above and lane.marks else y + height
    return marks, middle, max(end, middle + lane.room) + _PAD


def _legend(entries: Sequence[tuple[Mark, str]], width: int) -> Any:
    """Explain marks in as many lines as needed."""
    row = LINE + 2 * _PAD
    marks, x, y = list[Mark](), 0.0, row / 2
    for sample, words in entries:
        needed = 24 + _LETTER * len(words)
        if x and x + needed > width:
            x, y = 0.0, y + row
        marks += [{**sample, "x": x + 9, "y": y, "on_axis": False}, text(x + 23, y, text=words)]
        x += needed + _EDGE
    return draw_marks(marks, width, y + row / 2)
