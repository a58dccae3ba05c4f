"""Estimates with their intervals as printed, without weights; averages are in ``pooled``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from evidence_tools.evidence.arithmetic import RATIOS
from evidence_tools.evidence.model import Evidence, Selection, pick
from evidence_tools.evidence.pooling import POOLED
from evidence_tools.show import drawing, words
from evidence_tools.show.display import Figure, Text
from evidence_tools.show.drawing import Axis, Lane, Mark, draw_lanes, point, rule, text
from evidence_tools.show.pooled import funnel_plot, pooled_plot


def marker_plot(selection: Selection, *, name: str = "fig-markers", caption: Text = "") -> Figure:
    """Draw one lane per result, each on its own scale, with no difference in the middle.

    Units may differ or be unknown, so nothing invites a comparison of lengths. A result without
    an estimate has no mark; its direction is said in words. Ratios are for :func:`forest_plot`.

    >>> marker_plot(load_evidence("tests/topic").select(kind="wakefulness marker")).name
    'fig-markers'
    """
    evidence, findings = pick(selection)
    if ratios := [f.finding_id for f in findings if f.effect_measure in RATIOS]:
        raise ValueError(f"{words.listed(ratios)}: for ratios use forest_plot, on one scale")
    several = len({finding.source_id for finding in findings}) > 1
    lanes = []
    for finding in findings:
        outcome = words.sentence_case(words.outcome_text(evidence.outcome(finding.outcome_id)))
        label = f"{outcome}, {finding.source}" if several else outcome
        lanes.append(_lane(evidence, finding, label, own_scale=True))
    axis = Axis(-1, 1, title=_sides(evidence, findings), ticks={0: "0"}, null=0, top=True)
    usual = "Which way did each outcome move, and how far? Each row has its own scale."
    return draw_lanes(lanes, axis, name, caption or usual)


def forest_plot(
    selection: Selection, *, funnel: bool = False, name: str = "fig-forest", caption: Text = ""
) -> Figure:
    """Draw results on one shared scale, grouped by outcome.

    They must all be ratios, drawn on a log axis, or all of one difference measure in one reported
    unit; one without an estimate has no mark. Points have one size: results taken from papers
    carry no weights. What must not be relied on is hollow and dashed, with the reason beside it.

    What :func:`pooling.pool` gives is drawn with weights, the average and where a new trial is
    expected; or, from ten trials on, as a ``funnel``: effects against their standard errors. What
    lies between its inner lines has p above 0.05, beyond the outer ones below 0.01; gaps there
    suggest that results were not published for their p-value.

    >>> forest_plot(load_evidence("tests/topic").select(kind="accident")).name
    'fig-forest'
    """
    if funnel:
        return funnel_plot(selection, name, caption)
    if isinstance(selection, pd.DataFrame) and POOLED in selection.index:
        return pooled_plot(selection, name, caption)
    evidence, found = pick(selection)
    by_outcome = words.grouped(found, lambda finding: finding.outcome_id)
    findings = [finding for same in by_outcome.values() for finding in same]
    titles = [*_sides(evidence, findings), _shared_scale(findings)]
    lanes = []
    for finding in findings:
        label = words.join_known(finding.source, words.analysis_text(finding), mark=", ")
        lanes.append(
            _lane(evidence, finding, label, finding.outcome if len(by_outcome) > 1 else "")
        )
    ends = [end for finding in findings for end in _ends(finding)]
    null = int(any(finding.effect_measure in RATIOS for finding in findings))
    look: dict[str, Any] = {"log": bool(null), "title": titles, "null": null}
    axis = drawing.axis_around([*ends, null], **look) if ends else None
    legend = drawing.explain((f for f in findings if _ends(f)), shapes=False)
    usual = "What does each source report? Bars across the line include no difference."
    return draw_lanes(lanes, axis, name, caption or usual, legend=legend)


def _lane(
    evidence: Evidence, finding: Any, label: str, heading: str = "", *, own_scale: bool = False
) -> Lane:
    ends = _ends(finding)
    direction = "" if ends else words.DIRECTIONS[finding.direction]
    figures = words.estimate_text(finding, gaps=own_scale)
    value = words.join_known(direction, figures, words.standing_text(finding, brief=True))
    value = f"{words.ARROWS.get(finding.direction, '')} {value}".strip()
    says = drawing.result_sentence(finding)
    if not ends:
        return Lane(label, says, value=value, heading=heading)
    reach = 1.1 * max(map(abs, ends)) or 1 if own_scale else 1
    flagged = finding.standing in drawing.FLAGGED
    look = drawing.look_of(evidence, finding) | {"hollow": flagged, "dashed": flagged}
    look |= {"says": says, "finding_id": finding.finding_id}
    drawn = [point(ends[0] / reach, **look | {"dashed": False})]
    if len(ends) == 3:
        low, high = (end / reach for end in ends[1:])
        drawn.append(rule(low, x2=high, width=1.5 if flagged else 2.5, **look))
    if own_scale:
        drawn += _own_axis(reach)
    return Lane(label, says, drawn, value, heading, room=3 * drawing.LINE if own_scale else 0)


def _ends(finding: Any) -> list[float]:
    """Give the estimate of a finding and the ends of its interval, as far as it has them."""
    ends = [finding.estimate, finding.ci_lower, finding.ci_upper]
    return [float(end) for end in ends if end is not None] if finding.estimate is not None else []


def _own_axis(reach: float) -> list[Mark]:
    """Draw an axis for one lane, from the value of one side to the same of the other."""
    tick = max(drawing.log_ticks(reach / 9.9, reach))
    drawn = [rule(-1, drawing.LINE, x2=1, on_axis=True)]
    for value in (-tick, tick):
        place, label = value / reach, words.number_text(f"{value:g}")
        drawn += [
            rule(place, drawing.LINE, x2=place, tall=5, on_axis=True),
            text(place, 2 * drawing.LINE, text=label, align="center", on_axis=True),
        ]
    return drawn


def _sides(evidence: Evidence, findings: Sequence[Any]) -> list[str]:
    """Say what left and right of no difference mean, with the subject or other forms."""
    forms = evidence.topic.counts.get("forms")
    others = forms and any(finding.form not in forms for finding in findings)
    given = "treatment" if others else evidence.topic.subject["name"]
    return [drawing.sides_title(given)]


def _shared_scale(findings: Sequence[Any]) -> str:
    """Name the scale of all findings, or refuse."""
    scales: dict[tuple[str, str], str] = {}
    for finding in findings:
        if finding.estimate is not None:
            measure = "MD" if finding.effect_measure == "WMD" else finding.effect_measure
            title = f"{measure}, {words.unit_text(finding.unit) or 'unit not reported'}"
            title = "ratio, log scale" if measure in RATIOS else title
            # Two sources that print no unit need not have used the same one.
            unknown = f"{finding.source_id} {finding.outcome_id}" if "not reported" in title else ""
            scales.setdefault((title, unknown), finding.finding_id)
    if len(scales) > 1:
        named = "; ".join(f"{title}: {finding_id}" for (title, _), finding_id in scales.items())
        raise ValueError(
            f"these results share no scale ({named}); draw ratios, and each unit, in a forest_plot "
            "of their own, or differences in a marker_plot, which gives each row its own scale"
        )
    return next(iter(scales), ("", ""))[0]
