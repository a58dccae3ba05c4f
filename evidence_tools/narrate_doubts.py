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
    (Significance.YES, Significance.NO): "significant at first, and not significant in the latter",
    (Significance.NO, Significance.YES): "not significant at first, and significant in the latter",
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
    what = f"The result is {verdict}" if verdict else "Whether it is significant stays the same"
    latter = analysis_text(alternative)
    named = runs(f" ({latter})") if latter else ()
    other_source = alternative.source_id != primary.source_id
    place = runs(source_runs(evidence.source_of(alternative)), ": ") if other_source else ()
    depends = (
        " So the answer depends on which studies are counted." if pair.changes_significance else ""
    )
    return runs(
        source_runs(evidence.source_of(primary)),
        f", {evidence.outcome_of(primary).in_text}: ",
        finding_run(evidence, primary, effect_text(primary)),
        "; then ",
        place,
        finding_run(evidence, alternative, effect_text(alternative)),
        named,
        f". {what}.{depends}",
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
    return runs(label, *parts, _agreement(counted), certainty)


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
    return " All of them report the same." if len({f.source_id for f in group}) > 1 else ""


def _named(evidence: Evidence, findings: Sequence[Finding]) -> Runs:
    """Name the sources of some findings; the analysis tells two of one source apart."""
    often = Counter(finding.source_id for finding in findings)
    named: list[Runs] = []
    for finding in findings:
        source = evidence.source_of(finding)
        analysis = analysis_text(finding) if often[finding.source_id] > 1 else ""
        details = "; ".join(part for part in (status_text(source), analysis) if part)
        name = f"{source.short_name} ({details})" if details else source.short_name
        named.append(runs("; " if named else "", finding_run(evidence, finding, name)))
    return runs(*named)


def _integrity(evidence: Evidence, source: Source) -> Runs:
    checked = source.integrity_checked.isoformat()
    follows = (
        " Its figures are shown struck out, and no sentence here rests on them."
        if source.integrity.strikes_out
        else " Its figures are shown with this beside them."
    )
    reason = (
        runs(": ", note_runs(evidence.sources, lower_first(source.note))) if source.note else ()
    )
    return runs(source_runs(source), f" (looked up on {checked})", reason, f".{follows}")
