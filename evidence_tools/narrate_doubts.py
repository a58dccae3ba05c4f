"""Sentences about what makes a result less certain: disagreement, sensitivity, doubts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from evidence_tools.display import Prose, Run, Runs, runs
from evidence_tools.evidence import Evidence
from evidence_tools.phrases import (
    DIRECTION_WORDS,
    analysis_text,
    certainty_text,
    effect_text,
    finding_run,
    note_runs,
    source_runs,
    status_text,
)
from evidence_tools.schema import Direction, Finding, Outcome, Significance, Source, lower_first
from evidence_tools.sensitivity import SensitivityPair, find_sensitivity_pairs

_VERDICTS = {
    (Significance.YES, Significance.NO): "The first result is significant, the second is not.",
    (Significance.NO, Significance.YES): "The first result is not significant, the second is.",
    (Significance.YES, Significance.YES): "Both results are significant.",
    (Significance.NO, Significance.NO): "Neither result is significant.",
}


def narrate_sensitivity(evidence: Evidence, findings: Iterable[Finding]) -> Prose:
    """Say how a result changes when some studies are left out, or after a correction.

    Parameters
    ----------
    evidence
        The evidence the findings belong to.
    findings
        Findings to look through for pairs; see ``find_sensitivity_pairs``.

    Returns
    -------
    Prose
        A list with one item for each pair.
    """
    pairs = find_sensitivity_pairs(evidence, findings)
    return Prose(tuple(_pair_sentence(evidence, pair) for pair in pairs), as_list=True)


def narrate_directions(evidence: Evidence, outcomes: Iterable[str]) -> Prose:
    """Say for each outcome which sources point which way, and which are not counted.

    Parameters
    ----------
    evidence
        Primary findings of every source are counted; those of sources under a published
        caution or retracted are named apart.
    outcomes
        Identifiers of outcomes; one that comes twice is told once.

    Returns
    -------
    Prose
        A list with one item for each outcome that has a finding, with its certainty.

    Raises
    ------
    UnknownKeyError
        If there is no such outcome.
    """
    items = []
    for outcome_id in dict.fromkeys(outcomes):
        findings = [f for f in evidence.findings(outcome=outcome_id) if f.analysis == "primary"]
        if findings:
            items.append(_directions(evidence, evidence.outcome(outcome_id), findings))
    return Prose(tuple(items), as_list=True)


def narrate_integrity(evidence: Evidence, sources: Iterable[Source]) -> Prose:
    """Say what is known against each source, when it was looked up, and what follows.

    Parameters
    ----------
    evidence
        Notes that name other sources link to them.
    sources
        Sources without a known concern are passed over.

    Returns
    -------
    Prose
        A list with one item for each source with a known concern.
    """
    items = [_integrity(evidence, source) for source in sources if status_text(source)]
    return Prose(tuple(items), as_list=True)


def _pair_sentence(evidence: Evidence, pair: SensitivityPair) -> Runs:
    primary, alternative = pair.primary, pair.alternative
    verdict = _VERDICTS.get(
        (primary.statistically_significant, alternative.statistically_significant)
    )
    what = verdict or "Whether both are significant is not stated."
    detail = f" ({note})" if (note := alternative.note.partition(";")[0]) else ""
    if alternative.source_id != primary.source_id:
        again = runs("in ", source_runs(evidence.source_of(alternative)))
    else:
        again = runs(f"in a {alternative.analysis} analysis")
    depends = (
        " So the answer depends on which studies are counted." if pair.changes_significance else ""
    )
    return runs(
        source_runs(evidence.source_of(primary)),
        f", {evidence.outcome_of(primary).in_text}: ",
        finding_run(evidence, primary, effect_text(primary)),
        "; ",
        again,
        f"{detail}: ",
        finding_run(evidence, alternative, effect_text(alternative)),
        f". {what}{depends}",
    )


def _directions(evidence: Evidence, outcome: Outcome, findings: Iterable[Finding]) -> Runs:
    counted: dict[Direction, list[Finding]] = {}
    struck: list[Finding] = []
    for finding in findings:
        if evidence.source_of(finding).integrity.strikes_out:
            struck.append(finding)
        else:
            counted.setdefault(finding.direction, []).append(finding)
    parts: list[Runs] = []
    for direction, group in counted.items():
        words = DIRECTION_WORDS[direction]
        start = f" {words[0].upper()}{words[1:]}: "
        parts.append(runs(start, _named(evidence, group), "."))
    if struck:
        parts.append(runs(" Struck out and not counted: ", _named(evidence, struck), "."))
    certainty = f" Certainty: {certainty_text(evidence.certainty(outcome.outcome_id))}."
    label = Run(f"{outcome.label}.", style="strong")
    depends = _depends(evidence, outcome, counted)
    return runs(label, *parts, _agreement(counted), depends, certainty)


def _depends(evidence: Evidence, outcome: Outcome, counted: dict[Direction, list[Finding]]) -> Runs:
    """Name the sources whose answer turns when some studies are left out."""
    pairs = find_sensitivity_pairs(evidence, evidence.findings(outcome=outcome.outcome_id))
    kept = [finding for group in counted.values() for finding in group]
    turned = [pair for pair in pairs if pair.changes_significance and pair.primary in kept]
    named = [
        runs(" and " if index else "", source_runs(evidence.source_of(pair.primary)))
        for index, pair in enumerate(turned)
    ]
    end = " depends on which studies are counted."
    return runs(" The answer of ", *named, end) if named else ()


def _agreement(counted: dict[Direction, list[Finding]]) -> str:
    """Say whether the counted sources agree; a missing significance is no contradiction."""
    if not counted:
        return " No source that can be relied on is listed here."
    if {Direction.INCREASE, Direction.DECREASE} <= set(counted):
        return " The sources point in opposite directions."
    if len(counted) > 1:
        return " The sources do not all report a change."
    ((direction, group),) = counted.items()
    if direction is Direction.NO_SIGNIFICANT_CHANGE:
        # Altman and Bland 1995: absence of evidence is not evidence of absence.
        return " This does not show that there is no change."
    sources = len({finding.source_id for finding in group})
    every = "Both" if sources == 2 else "All of them"
    return f" {every} report the same direction." if sources > 1 else ""


def _named(evidence: Evidence, findings: Sequence[Finding]) -> Runs:
    """Name the sources of some findings; the analysis tells two of one source apart."""
    often = Counter(finding.source_id for finding in findings)
    named: list[Runs] = []
    for finding in findings:
        source = evidence.source_of(finding)
        analysis = analysis_text(finding) if often[finding.source_id] > 1 else ""
        moved = finding.direction in (Direction.INCREASE, Direction.DECREASE)
        no = finding.statistically_significant is Significance.NO
        significance = "not significant" if moved and no else ""
        details = "; ".join(part for part in (status_text(source), analysis, significance) if part)
        name = f"{source.short_name} ({details})" if details else source.short_name
        named.append(runs("; " if named else "", finding_run(evidence, finding, name)))
    return runs(*named)


def _integrity(evidence: Evidence, source: Source) -> Runs:
    checked = source.integrity_checked.isoformat()
    if not evidence.findings(source=source.source_id):
        follows = " No figure of it stands in this report."
    elif source.integrity.strikes_out:
        follows = " Its figures are shown struck out, and no sentence here rests on them."
    else:
        follows = " Its figures are shown with this beside them."
    reason = (
        runs(": ", note_runs(evidence.sources, lower_first(source.note))) if source.note else ()
    )
    return runs(source_runs(source), f", looked up on {checked}", reason, f".{follows}")
