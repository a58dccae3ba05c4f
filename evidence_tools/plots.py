"""From values to charts: intervals as printed, gaps labelled, never a weight or a square."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from evidence_tools.display import Figure
from evidence_tools.drawing import BLUE, GREEN, GREY, INK, VERMILION, WIDTH, make_figure
from evidence_tools.evidence import Evidence
from evidence_tools.phrases import DIRECTION_WORDS, effect_text, source_name, unit_text
from evidence_tools.schema import NOT_REPORTED, Direction, Finding, OutcomeKind, lower_first

if TYPE_CHECKING:
    import altair as alt

KIND_COLOURS = {
    OutcomeKind.FORMATION: BLUE,
    OutcomeKind.RESORPTION: VERMILION,
    OutcomeKind.VITAMIN_K: GREEN,
}
# Direction is told by the shape as well as by the side of the line of no difference.
_SHAPES = {Direction.INCREASE: "triangle-right", Direction.DECREASE: "triangle-left"}
_ROW = 44
_TEXT_Y, _MARK_Y = 8, 28


def marker_plot(
    evidence: Evidence, findings: Iterable[Finding], *, name: str, caption: str
) -> Figure:
    """Draw one strip per marker, each on its own scale, centred on no difference.

    Units may differ or not be reported, so nothing invites a comparison between strips.
    A finding without an estimate is a labelled gap.

    Parameters
    ----------
    evidence
        The evidence the findings belong to.
    findings
        Difference measures (MD, WMD, SMD) or findings without an estimate, one strip each.
    name, caption
        Label for cross-references, and the question the figure answers.

    Returns
    -------
    Figure
        Its alt text is written from the same rows.

    Raises
    ------
    ValueError
        If a finding is a ratio, or there is nothing to draw.
    """
    import altair

    drawn = tuple(findings)
    _need_rows(drawn, name)
    if ratios := [f.finding_id for f in drawn if f.effect_measure and f.effect_measure.is_ratio]:
        raise ValueError(f"figure {name!r}: {', '.join(ratios)} is a ratio; use forest_plot")
    strips = []
    for finding in drawn:
        row = _row(evidence, finding)
        reach = 1.15 * max(abs(row[k]) for k in ("low", "high")) if "low" in row else 1.0
        scale = altair.Scale(domain=[-reach, reach], nice=False)
        kind = evidence.outcome_of(finding).kind.value.removesuffix(" marker")
        row["label"] = row["outcome"]
        row["aside"] = f"{kind}: {row['direction']}" if "low" in row else kind
        strips.append(_strip([row], scale, _axis_title(finding), no_difference=0))
    chart = altair.vconcat(*strips).resolve_scale(x="independent")
    return make_figure(chart, name=name, caption=caption, alt=_alt(evidence, drawn, shared=False))


def forest_plot(
    evidence: Evidence, findings: Iterable[Finding], *, name: str, caption: str
) -> Figure:
    """Draw findings of one ratio or difference measure on a shared scale.

    Pooled results taken from a paper carry no weights, so points have one size and there
    is no diamond that would look like a new pooling.

    Parameters
    ----------
    evidence
        The evidence the findings belong to.
    findings
        Findings that share a scale: all ratios (drawn on a log axis), or all differences
        in one reported unit. Findings without an estimate become labelled gaps.
    name, caption
        Label for cross-references, and the question the figure answers.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If the findings do not share a scale, or there is nothing to draw.
    """
    import altair

    drawn = tuple(findings)
    _need_rows(drawn, name)
    scales = {("ratio" if f.effect_measure.is_ratio else f.unit) for f in drawn if f.effect_measure}
    if len(scales) > 1:
        raise ValueError(f"figure {name!r}: no shared scale for {', '.join(sorted(scales))}")
    is_ratio = scales == {"ratio"}
    rows = [_row(evidence, finding) for finding in drawn]
    for row, finding in zip(rows, drawn, strict=True):
        place = source_name(evidence.source_of(finding))
        analysis = "" if finding.analysis == "primary" else f", {finding.analysis}"
        row["label"] = f"{place}: {lower_first(row['outcome'])}{analysis}"
        row["aside"] = "interval not reported" if _lacks_interval(finding) else ""
    ends = [row[k] for row in rows for k in ("low", "high", "estimate") if k in row] or [1.0]
    if is_ratio:
        reach = 1.1 * max(max(ends), 1 / min(ends))
        scale = altair.Scale(type="log", domain=[1 / reach, reach], nice=False)
    else:
        reach = 1.15 * max(abs(end) for end in ends)
        scale = altair.Scale(domain=[-reach, reach], nice=False)
    unit = "ratio, log scale" if is_ratio else ", ".join(scales) or NOT_REPORTED
    title = f"← lower with vitamin K  |  {unit}  |  higher with vitamin K →"
    chart = _strip(rows, scale, title, no_difference=1 if is_ratio else 0)
    return make_figure(chart, name=name, caption=caption, alt=_alt(evidence, drawn, shared=True))


def _need_rows(findings: Sequence[Finding], name: str) -> None:
    if not findings:
        raise ValueError(f"figure {name!r}: there are no findings to draw")


def _row(evidence: Evidence, finding: Finding) -> dict[str, Any]:
    """Everything a strip needs; texts are those of the tables, so tooltips agree with them."""
    outcome = evidence.outcome_of(finding)
    row: dict[str, Any] = {
        "outcome": outcome.label,
        "result": effect_text(finding),
        "direction": DIRECTION_WORDS[finding.direction],
        "printed": finding.as_printed or "no figure printed",
        "source": source_name(evidence.source_of(finding)),
        "colour": KIND_COLOURS.get(outcome.kind, BLUE),
        "shape": _SHAPES.get(finding.direction, "circle"),
    }
    if finding.estimate is not None:
        row["estimate"] = float(finding.estimate)
        row["low"] = row["high"] = row["estimate"]
    if finding.ci_lower is not None and finding.ci_upper is not None:
        row["low"], row["high"] = float(finding.ci_lower), float(finding.ci_upper)
    return row


def _lacks_interval(finding: Finding) -> bool:
    return finding.estimate is not None and finding.ci_lower is None


def _axis_title(finding: Finding) -> str:
    if finding.effect_measure is None:
        return "no estimate reported"
    unit = f"{finding.effect_measure}, {unit_text(finding)}"
    return f"← lower with vitamin K2  |  {unit}  |  higher with vitamin K2 →"


def _strip(
    rows: list[dict[str, Any]], scale: alt.Scale, title: str, *, no_difference: int
) -> alt.LayerChart | alt.FacetChart:
    """Layer text, line of no difference, interval and point for rows that share a scale."""
    import altair as alt

    for index, row in enumerate(rows):
        row["text_y"], row["mark_y"] = index * _ROW + _TEXT_Y, index * _ROW + _MARK_Y
    height = len(rows) * _ROW
    data = alt.InlineData(values=rows)
    has_estimate = any("estimate" in row for row in rows)
    axis = alt.Axis(title=title, tickCount=5) if has_estimate else None
    y_text = alt.Y("text_y:Q", scale=alt.Scale(domain=[0, height], reverse=True), axis=None)
    y_mark = alt.Y("mark_y:Q", scale=alt.Scale(domain=[0, height], reverse=True), axis=None)
    tooltip = [
        alt.Tooltip(f"{field}:N", title=heading)
        for field, heading in (
            ("outcome", "Outcome"),
            ("result", "Result"),
            ("printed", "As printed"),
            ("source", "Source"),
        )
    ]
    base = alt.Chart(data).encode(y=y_mark, tooltip=tooltip)
    known = base.transform_filter("isValid(datum.estimate)")
    colour = alt.Color("colour:N", scale=None)
    x = alt.X("estimate:Q", scale=scale, axis=axis)
    null = known.transform_calculate(
        at=str(no_difference), top="datum.mark_y - 10", bottom=f"datum.mark_y + {_ROW - _MARK_Y}"
    )
    y_top = alt.Y("top:Q", scale=alt.Scale(domain=[0, height], reverse=True), axis=None)
    layers = [
        null.mark_rule(color=GREY, strokeDash=[3, 3]).encode(
            x=alt.X("at:Q", scale=scale, axis=axis), y=y_top, y2="bottom:Q"
        ),
        known.mark_rule(strokeWidth=2.5).encode(
            x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q", color=colour
        ),
        known.mark_point(filled=True, size=110, opacity=1).encode(
            x=x, color=colour, shape=alt.Shape("shape:N", scale=None)
        ),
        alt.Chart(data)
        .mark_text(align="left", baseline="middle", color=INK)
        .encode(x=alt.value(0), y=y_text, text="label:N"),
        alt.Chart(data)
        .mark_text(align="right", baseline="middle", color=INK)
        .encode(x=alt.value(WIDTH), y=y_text, text="aside:N"),
    ]
    if any("estimate" not in row for row in rows):
        layers += _gap_layers(base, y_top)
    return alt.layer(*layers).properties(width=WIDTH, height=height)


def _gap_layers(base: alt.Chart, y_top: alt.Y) -> list[alt.Chart]:
    """Draw a dashed, empty box that says in words what is not known."""
    import altair as alt

    gap = base.transform_filter("!isValid(datum.estimate)")
    left, right = alt.value(WIDTH * 0.12), alt.value(WIDTH * 0.88)
    box = gap.transform_calculate(top="datum.mark_y - 11", bottom="datum.mark_y + 11")
    return [
        box.mark_rect(fillOpacity=0, stroke=GREY, strokeDash=[4, 3]).encode(
            x=left, x2=right, y=y_top, y2="bottom:Q"
        ),
        gap.mark_text(align="center", baseline="middle", color=INK, fontStyle="italic").encode(
            x=alt.value(WIDTH / 2), text="result:N"
        ),
    ]


def _alt(evidence: Evidence, findings: Sequence[Finding], *, shared: bool) -> str:
    """Tell a chart row by row: what stands where, in words and with the printed digits."""
    scale = "one shared scale" if shared else "each on its own scale"
    lines = [f"Estimates with intervals, {scale}."]
    for finding in findings:
        outcome = evidence.outcome_of(finding).label
        result = effect_text(finding)
        words = DIRECTION_WORDS[finding.direction]
        stated = result if result.startswith(words) else f"{words}, {result}"
        lines.append(f"{outcome}, {source_name(evidence.source_of(finding))}: {stated}.")
    return " ".join(lines)
