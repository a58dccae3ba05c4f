"""A matrix of sources by markers: who reports what, and how it stands to the central source."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from evidence_tools.concordance import (
    CENTRAL_SOURCE,
    Comparison,
    Relation,
    compare,
    compared_outcomes,
    sources_in_order,
)
from evidence_tools.concordance_report import relation_text
from evidence_tools.display import Figure
from evidence_tools.drawing import BLUE, GREY, INK, NARROW, VERMILION, make_figure
from evidence_tools.evidence import Evidence
from evidence_tools.links import GROUPED_OUTCOME
from evidence_tools.phrases import DIRECTION_WORDS, source_name, status_text
from evidence_tools.schema import Direction, Outcome, Source

if TYPE_CHECKING:
    import altair as alt

_LINE, _ROW, _HEADER = 15, 30, 36
_LETTER = 6.4  # pixels that a letter takes at most, on average over a name
_SHAPES = {
    Direction.INCREASE: "triangle-up",
    Direction.DECREASE: "triangle-down",
    Direction.NO_SIGNIFICANT_CHANGE: "circle",
}
_LETTERS = {Direction.NARRATIVE_BENEFIT: "w", Direction.NOT_CONCLUSIVE: "?"}
_COLOURS = {
    Relation.CENTRAL: INK,
    Relation.AGREES: BLUE,
    Relation.NOT_CONFIRMED: VERMILION,
    Relation.CONTRADICTS: VERMILION,
}
# Relations differ by their frame as well as by their colour.
_FRAMES = {
    Relation.NOT_CONFIRMED: {"dash": [3, 3], "stroke": 1.5},
    Relation.CONTRADICTS: {"dash": [1, 0], "stroke": 2.5},
}
_REVIEWS = {"meta_analysis", "systematic_review"}


def concordance_plot(
    evidence: Evidence, *, name: str, caption: str, central: str = CENTRAL_SOURCE
) -> Figure:
    """Draw a matrix of sources by markers: direction as a shape, relation as a frame.

    Parameters
    ----------
    evidence
        All of the evidence.
    name, caption
        Label for cross-references, and the question the figure answers.
    central
        Identifier of the source that the others are compared with; its row comes first.

    Returns
    -------
    Figure
        Its columns are the markers of the central source, and markers taken together. Its alt
        text is written from the same rows.

    Raises
    ------
    ValueError
        If the central source reports nothing.
    """
    outcomes = list(compared_outcomes(evidence, central=central))
    if not outcomes:
        raise ValueError(f"figure {name!r}: {central!r} reports no outcome to compare")
    outcomes.append(evidence.outcome(GROUPED_OUTCOME))
    compared = {o.outcome_id: compare(evidence, o.outcome_id, central=central) for o in outcomes}

    def chart(width: int) -> alt.LayerChart | alt.FacetChart:
        return _layers(*_place(evidence, outcomes, compared, central, width), width)

    return make_figure(chart, name=name, caption=caption, alt=_alt(evidence, outcomes, compared))


def _place(
    evidence: Evidence,
    outcomes: list[Outcome],
    compared: dict[str, tuple[Comparison, ...]],
    central: str,
    width: int,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[float], float]:
    """Give every label, cell and line between rows its place; y counts from the top."""
    names = 96 if width <= NARROW else 230
    step = (width - names) / len(outcomes)
    labels = [
        _label(names + (index + 0.5) * step, 14, _heading(outcome), align="center")
        for index, outcome in enumerate(outcomes)
    ]
    found = [item.finding for items in compared.values() for item in items]
    first = evidence.source(central)
    others = [s for s in sources_in_order(evidence, found) if s is not first]
    groups = [(first.evidence_level, [first])]
    groups += [
        (level, [s for s in others if s.evidence_level == level])
        for level in sorted({s.evidence_level for s in others})
    ]
    cells: list[dict[str, Any]] = []
    lines: list[float] = []
    y = float(_HEADER)
    for level, sources in groups:
        heading = "Compared with" if sources == [first] else _group_heading(sources, level)
        y += 10
        labels.append(_label(0, y, heading, weight="bold"))
        y += 10
        for source in sources:
            text = _source_lines(source, int(names / _LETTER))
            size = max(_ROW, _LINE * len(text) + 6)
            middle = y + size / 2
            labels.append(_label(0, middle - _LINE * (len(text) - 1) / 2, text))
            for index, outcome in enumerate(outcomes):
                for item in compared[outcome.outcome_id]:
                    if item.finding.source_id == source.source_id:
                        x = names + (index + 0.5) * step
                        cells.append(_cell(evidence, item, x, middle, central))
            y += size
            lines.append(y)
    legend_labels, legend_cells, y = _legend(
        y + 8, width, grey=any(cell["colour"] == GREY and "shape" in cell for cell in cells)
    )
    return labels + legend_labels, cells + legend_cells, lines, y


def _label(
    x: float, y: float, text: str | list[str], *, align: str = "left", weight: str = "normal"
) -> dict[str, Any]:
    return {"x": x, "y": y, "text": text, "align": align, "weight": weight}


def _heading(outcome: Outcome) -> str | list[str]:
    return outcome.abbreviation or ["taken", "together"]


def _source_lines(source: Source, letters: int) -> list[str]:
    status = status_text(source)
    return [*textwrap.wrap(source.short_name, letters), *textwrap.wrap(status, letters)]


def _group_heading(sources: list[Source], level: int) -> str:
    designs = {source.design for source in sources}
    kind = "Reviews" if designs <= _REVIEWS else "Sources"
    return f"{'Randomized trials' if designs == {'rct'} else kind}, evidence level {level}"


def _cell(evidence: Evidence, item: Comparison, x: float, y: float, central: str) -> dict[str, Any]:
    finding = item.finding
    return {
        **_mark(finding.direction, item.relation, x, y),
        "marker": evidence.outcome_of(finding).label,
        "source": source_name(evidence.source_of(finding)),
        "says": DIRECTION_WORDS[finding.direction],
        "relation": relation_text(evidence, item, central),
    }


def _mark(direction: Direction, relation: Relation, x: float, y: float) -> dict[str, Any]:
    colour = _COLOURS.get(relation, GREY)
    mark: dict[str, Any] = {"x": x, "y": y, "colour": colour}
    if direction in _SHAPES:
        mark["shape"] = _SHAPES[direction]
        mark["fill"] = "none" if direction is Direction.NO_SIGNIFICANT_CHANGE else colour
    else:
        mark["letter"] = _LETTERS[direction]
    return {**mark, **_FRAMES.get(relation, {})}


def _legend(
    y: float, width: int, *, grey: bool
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], float]:
    """Explain shapes and frames in words, in two columns if there is room."""
    entries = [
        (Direction.INCREASE, Relation.CENTRAL, "increase"),
        (Direction.DECREASE, Relation.CENTRAL, "decrease"),
        (Direction.NO_SIGNIFICANT_CHANGE, Relation.CENTRAL, "no significant change"),
        (Direction.NOT_CONCLUSIVE, Relation.OPEN, "not conclusive"),
        (Direction.NARRATIVE_BENEFIT, Relation.OPEN, "benefit described in words only"),
        (Direction.INCREASE, Relation.AGREES, "blue, no frame: agrees"),
        (Direction.NO_SIGNIFICANT_CHANGE, Relation.NOT_CONFIRMED, "dashed frame: does not confirm"),
        (Direction.DECREASE, Relation.CONTRADICTS, "thick frame: contradicts"),
    ]
    if grey:
        entries.append((Direction.INCREASE, Relation.NOT_COUNTED, "grey: not compared or counted"))
    labels, cells = [], []
    half = len(entries) if width <= NARROW else (len(entries) + 1) // 2
    for index, (direction, relation, text) in enumerate(entries):
        x = 12 + (index // half) * width / 2
        place = y + 16 + (index % half) * 28
        cells.append(_mark(direction, relation, x, place))
        labels.append(_label(x + 18, place, text))
    return labels, cells, y + 12 + half * 28


def _layers(
    labels: list[dict[str, Any]],
    cells: list[dict[str, Any]],
    lines: list[float],
    height: float,
    width: int,
) -> alt.LayerChart | alt.FacetChart:
    import altair as alt

    x = alt.X("x:Q", scale=alt.Scale(domain=[0, width], nice=False), axis=None)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, height], reverse=True, nice=False), axis=None)
    tooltip = [
        alt.Tooltip(f"{field}:N", title=title)
        for field, title in (
            ("marker", "Marker"),
            ("source", "Source"),
            ("says", "Reports"),
            ("relation", "Beside the central source"),
        )
    ]
    cell = alt.Chart(alt.InlineData(values=cells)).encode(x=x, y=y)
    told = cell.encode(tooltip=tooltip)
    colour = alt.Color("colour:N", scale=None)
    layers: list[Any] = [
        alt.Chart(alt.InlineData(values=[{"y": line} for line in lines]))
        .mark_rule(color=GREY, opacity=0.3, strokeWidth=1)
        .encode(x=alt.XValue(0), x2=alt.X2Value(width), y=y)
    ]
    layers += [
        cell.transform_filter(f"datum.stroke == {frame['stroke']}")
        .mark_point(shape="square", size=560, opacity=1, filled=False)
        .encode(
            color=colour,
            strokeWidth=alt.StrokeWidthValue(frame["stroke"]),
            strokeDash=alt.StrokeDashValue(frame["dash"]),
        )
        for frame in _FRAMES.values()
    ]
    layers += [
        told.transform_filter("isValid(datum.shape)")
        .mark_point(size=110, opacity=1, strokeWidth=2)
        .encode(
            shape=alt.Shape("shape:N", scale=None),
            fill=alt.Fill("fill:N", scale=None),
            stroke=alt.Stroke("colour:N", scale=None),
        ),
        told.transform_filter("isValid(datum.letter)")
        .mark_text(fontSize=14, fontWeight="bold", baseline="middle")
        .encode(text="letter:N", color=alt.ColorValue(INK)),
    ]
    styles: list[tuple[Any, Any]] = [("left", "normal"), ("left", "bold"), ("center", "normal")]
    for align, weight in styles:
        chosen = [row for row in labels if (row["align"], row["weight"]) == (align, weight)]
        # On a phone the names of neighbouring columns would touch.
        size = 11 if align == "center" and width <= NARROW else 12
        layers.append(
            alt.Chart(alt.InlineData(values=chosen))
            .mark_text(
                align=align, baseline="middle", fontWeight=weight, fontSize=size, lineHeight=_LINE
            )
            .encode(x=x, y=y, text="text:N", color=alt.ColorValue(INK))
        )
    return alt.layer(*layers, width=width, height=height)


def _alt(
    evidence: Evidence, outcomes: list[Outcome], compared: dict[str, tuple[Comparison, ...]]
) -> str:
    """Tell the matrix marker by marker, in words."""
    lines = ["Sources by markers: what each reports, beside the central source."]
    for outcome in outcomes:
        parts = []
        for item in compared[outcome.outcome_id]:
            says = DIRECTION_WORDS[item.finding.direction]
            name = source_name(evidence.source_of(item.finding))
            parts.append(f"{name}: {says} ({relation_text(evidence, item)})")
        lines.append(f"{outcome.label}. {'; '.join(parts)}.")
    return " ".join(lines)
