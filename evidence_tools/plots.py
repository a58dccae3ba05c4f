"""From values to charts: intervals as printed, gaps labelled, never a weight or a square."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from evidence_tools.display import Figure
from evidence_tools.drawing import BLUE, GREEN, GREY, NARROW, VERMILION, make_figure
from evidence_tools.evidence import Evidence
from evidence_tools.phrases import (
    DIRECTION_WORDS,
    analysis_text,
    effect_text,
    number_text,
    source_name,
    status_text,
    unit_text,
)
from evidence_tools.schema import NOT_REPORTED, Direction, Finding, OutcomeKind
from evidence_tools.strips import estimate_strip, group_headings

if TYPE_CHECKING:
    import altair as alt

KIND_COLOURS = {
    OutcomeKind.FORMATION: BLUE,
    OutcomeKind.RESORPTION: VERMILION,
    OutcomeKind.VITAMIN_K: GREEN,
}
# Direction is told by the shape as well as by the side of the line of no difference.
_SHAPES = {Direction.INCREASE: "triangle-right", Direction.DECREASE: "triangle-left"}
_RATIO_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10)
_LEAST_RATIO_REACH = 2.2  # the ticks at a half and at the double always show


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
    drawn = tuple(findings)
    _need_rows(drawn, name)
    if ratios := [f.finding_id for f in drawn if f.effect_measure and f.effect_measure.is_ratio]:
        raise ValueError(f"figure {name!r}: {', '.join(ratios)} is a ratio; use forest_plot")

    def chart(width: int) -> Any:
        import altair as alt

        strips = [_marker_strip(evidence, finding, width) for finding in drawn]
        return alt.vconcat(*strips, resolve=alt.Resolve(scale=alt.ScaleResolveMap(x="independent")))

    return make_figure(chart, name=name, caption=caption, alt=_alt(evidence, drawn, shared=False))


def _marker_strip(
    evidence: Evidence, finding: Finding, width: int
) -> alt.LayerChart | alt.FacetChart:
    import altair as alt

    row = _row(evidence, finding)
    reach = 1.15 * max(abs(row[k]) for k in ("low", "high")) if "low" in row else 1.0
    scale = alt.Scale(domain=[-reach, reach], nice=False)
    kind = evidence.outcome_of(finding).kind.value.removesuffix(" marker")
    row["label"] = row["outcome"]
    row["aside"] = f"{kind}: {row['direction']}" if "low" in row else kind
    title: str | list[str] = "no estimate reported"
    if finding.effect_measure is not None:
        unit = f"{finding.effect_measure}, {unit_text(finding)}"
        title = _axis_title("vitamin K2", unit, width)
    axis = alt.Axis(title=title, tickCount=5)
    return estimate_strip([row], scale, axis, width=width, no_difference=0)


def forest_plot(
    evidence: Evidence, findings: Iterable[Finding], *, name: str, caption: str
) -> Figure:
    """Draw findings of one ratio or difference measure on a shared scale.

    Pooled results taken from a paper carry no weights, so points have one size and there
    is no diamond that would look like a new pooling. Findings are grouped by outcome, so that
    an analysis and the same analysis without some studies stand next to each other. What must
    not be relied on is hollow, dashed and named as struck out.

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
    drawn = group_by_outcome(findings)
    _need_rows(drawn, name)
    scales = {("ratio" if f.effect_measure.is_ratio else f.unit) for f in drawn if f.effect_measure}
    if len(scales) > 1:
        raise ValueError(f"figure {name!r}: no shared scale for {', '.join(sorted(scales))}")

    def chart(width: int) -> alt.LayerChart | alt.FacetChart:
        rows = [_forest_row(evidence, finding) for finding in drawn]
        group_headings(rows, "outcome")
        return _forest(rows, next(iter(scales), NOT_REPORTED), width)

    return make_figure(chart, name=name, caption=caption, alt=_alt(evidence, drawn, shared=True))


def _forest(rows: list[dict[str, Any]], unit: str, width: int) -> alt.LayerChart | alt.FacetChart:
    """Draw rows on one scale; the unit ``ratio`` asks for a log axis."""
    import altair as alt

    is_ratio = unit == "ratio"
    ends = [row[k] for row in rows for k in ("low", "high", "estimate") if k in row] or [1.0]
    ticks: dict[str, Any] = {"tickCount": 5}
    if is_ratio:
        reach = max(_LEAST_RATIO_REACH, 1.1 * max(max(ends), 1 / min(ends)))
        scale = alt.Scale(type="log", domain=[1 / reach, reach], nice=False)
        ticks = {"values": [tick for tick in _RATIO_TICKS if 1 / reach <= tick <= reach]}
    else:
        reach = 1.15 * max(abs(end) for end in ends)
        scale = alt.Scale(domain=[-reach, reach], nice=False)
    title = _axis_title("vitamin K", "ratio, log scale" if is_ratio else unit, width)
    axis = alt.Axis(title=title, **ticks)
    return estimate_strip(rows, scale, axis, width=width, no_difference=1 if is_ratio else 0)


def group_by_outcome(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Put findings of one outcome together, outcomes and findings in the order they come.

    Parameters
    ----------
    findings
        Findings in any order.
    """
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.outcome_id, []).append(finding)
    return tuple(finding for group in groups.values() for finding in group)


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
        "struck": evidence.source_of(finding).integrity.strikes_out,
    }
    if finding.estimate is not None:
        row["estimate"] = float(finding.estimate)
        row["low"] = row["high"] = row["estimate"]
    if finding.ci_lower is not None and finding.ci_upper is not None:
        row["low"], row["high"] = float(finding.ci_lower), float(finding.ci_upper)
    return row


def _forest_row(evidence: Evidence, finding: Finding) -> dict[str, Any]:
    row, source = _row(evidence, finding), evidence.source_of(finding)
    if row["struck"]:
        row["label"], row["aside"] = source.short_name, f"struck out: {status_text(source)}"
        row["colour"] = GREY
    else:
        analysis = analysis_text(finding)
        row["label"] = f"{row['source']}; {analysis}" if analysis else row["source"]
        if finding.estimate is not None and finding.effect_measure is not None:
            row["aside"] = _short_estimate(finding)
    return row


def _short_estimate(finding: Finding) -> str:
    """Write an estimate as it stands above its mark, such as ``OR 0.72 (0.55 to 0.95)``."""
    start = f"{finding.effect_measure} {number_text(finding.estimate or 0)}"
    if finding.ci_lower is None or finding.ci_upper is None:
        return f"{start}, interval not reported"
    return f"{start} ({number_text(finding.ci_lower)} to {number_text(finding.ci_upper)})"


def _axis_title(given: str, unit: str, width: int) -> str | list[str]:
    """Say the unit and what left and right mean; a narrow axis has two lines for it."""
    lower, higher = f"← lower with {given}", f"higher with {given} →"
    if width <= NARROW:
        return [f"{lower}  |  {higher}", unit]
    return f"{lower}  |  {unit}  |  {higher}"


def _alt(evidence: Evidence, findings: Sequence[Finding], *, shared: bool) -> str:
    """Tell a chart row by row: what stands where, in words and with the printed digits."""
    scale = "one shared scale" if shared else "each on its own scale"
    lines = [f"Estimates with intervals, {scale}."]
    for finding in findings:
        outcome = evidence.outcome_of(finding).label
        result = effect_text(finding)
        words = DIRECTION_WORDS[finding.direction]
        stated = result if result.startswith(words) else f"{words}, {result}"
        source, analysis = evidence.source_of(finding), analysis_text(finding)
        which = f", {analysis}" if analysis and shared else ""
        struck = " Struck out: not evidence." if source.integrity.strikes_out else ""
        lines.append(f"{outcome}, {source_name(source)}{which}: {stated}.{struck}")
    return " ".join(lines)
