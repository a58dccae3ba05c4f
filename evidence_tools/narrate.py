"""From values to sentences: wording follows certainty, and what is missing is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from evidence_tools.certainty import Certainty, Rating, effect_verb
from evidence_tools.display import Prose, Run, Runs, plain, runs
from evidence_tools.evidence import Evidence
from evidence_tools.limitations import Limitation, find_limitations
from evidence_tools.phrases import estimate_text, finding_run, finding_runs, source_runs
from evidence_tools.schema import Direction, Finding, Outcome

_MOVED = (Direction.INCREASE, Direction.DECREASE)

# Characters; beyond them "all results" of a source reads better than their names.
_LONGEST_NAMES = 45
_LONGEST_ROWS = 240
"""A list of all rows with more characters than this is told as their number."""

_REPORTED = {
    Direction.INCREASE: "reports an increase in",
    Direction.DECREASE: "reports a decrease in",
    Direction.NO_SIGNIFICANT_CHANGE: "reports no significant change in",
    Direction.NARRATIVE_BENEFIT: "describes a benefit, without a pooled figure, for",
    Direction.NOT_CONCLUSIVE: "calls the evidence not conclusive for",
}


def narrate_finding(
    evidence: Evidence, finding: Finding, certainty: Certainty | Rating | None = None
) -> Prose:
    """Say in one or two sentences what a finding states, and what it cannot show.

    Parameters
    ----------
    evidence
        The evidence the finding belongs to.
    finding
        What is narrated.
    certainty
        Rated certainty of the outcome, such as ``evidence.certainty("oc")``. Without a
        rating the sentence only says what the source reports: a certainty word needs a rating
        behind it.

    Returns
    -------
    Prose
        One paragraph. Its numbers are exactly those of the finding's row.
    """
    outcome = evidence.outcome_of(finding)
    level = certainty.level if isinstance(certainty, Rating) else certainty
    claim = _claim(evidence, finding, outcome, level)
    if level is None or not (level is Certainty.VERY_LOW or finding.direction in _MOVED):
        # The claim names its source already.
        result = runs(finding_run(evidence, finding, estimate_text(finding)))
    else:
        result = finding_runs(evidence, finding)
    return Prose((runs(claim, ": ", result, ".", _meaning(finding, outcome)),))


def narrate_findings(evidence: Evidence, findings: Iterable[Finding]) -> Prose:
    """Narrate several findings as a list, in the order given.

    Parameters
    ----------
    evidence
        The evidence the findings belong to.
    findings
        What is narrated; each becomes one item.

    Returns
    -------
    Prose
    """
    return Prose(
        tuple(narrate_finding(evidence, finding).paragraphs[0] for finding in findings),
        as_list=True,
    )


def narrate_limitations(evidence: Evidence, findings: Iterable[Finding]) -> Prose:
    """Say what limits some findings, each limitation with the rows that triggered it.

    Parameters
    ----------
    evidence
        All of the evidence; whether sources disagree depends on the other findings.
    findings
        The findings whose limitations are told.

    Returns
    -------
    Prose
        One list item for each rule that was triggered; see ``limitations.RULES``.
    """
    looked_at = tuple(findings)
    items = []
    for limitation in find_limitations(evidence, looked_at):
        items.append(runs(limitation.sentence, _holds(evidence, limitation, looked_at), "."))
    return Prose(tuple(items), as_list=True)


def _holds(evidence: Evidence, limitation: Limitation, looked_at: Sequence[Finding]) -> Runs:
    rows = _rows(evidence, limitation.findings, looked_at)
    if len(limitation.findings) < len(looked_at):
        return runs(" Holds for ", rows)
    if len(looked_at) == 1:
        return runs(" Holds for ", rows)
    every = "both" if len(looked_at) == 2 else f"all {len(looked_at)}"
    listed = runs(": ", rows) if len(plain(rows)) <= _LONGEST_ROWS else ()
    return runs(f" Holds for {every} results", listed)


def _claim(
    evidence: Evidence, finding: Finding, outcome: Outcome, certainty: Certainty | None
) -> Runs:
    moved = finding.direction in _MOVED
    if certainty is Certainty.VERY_LOW:
        return runs(f"The evidence is very uncertain about {outcome.in_text}")
    if certainty is not None and moved:
        return runs(f"Vitamin K2 {effect_verb(finding.direction, certainty)} {outcome.in_text}")
    source = evidence.source_of(finding)
    return runs(source_runs(source), f" {_REPORTED[finding.direction]} ", outcome.in_text)


def _meaning(finding: Finding, outcome: Outcome) -> str:
    parts = []
    if finding.direction is Direction.NO_SIGNIFICANT_CHANGE:
        # Altman and Bland 1995: absence of evidence is not evidence of absence.
        parts.append("This does not show that there is no change.")
    if finding.note:
        parts.append(f"Note: {finding.note}.")
    if outcome.is_marker:
        parts.append("It is a laboratory marker, not a fracture.")
    return "".join(f" {part}" for part in parts)


def _rows(evidence: Evidence, findings: Sequence[Finding], looked_at: Sequence[Finding]) -> Runs:
    """List findings by source: ``Zhang 2025 on OC and BAP; all 8 results of Mott 2019``."""
    by_source: dict[str, list[Finding]] = {}
    for finding in findings:
        by_source.setdefault(finding.source_id, []).append(finding)
    of_source = Counter(finding.source_id for finding in looked_at)
    abbreviations = Counter(outcome.abbreviation for outcome in evidence.outcomes.values())
    listed: list[Runs] = []
    for source_id, group in by_source.items():
        by_name: dict[str, list[Finding]] = {}
        for finding in group:
            outcome = evidence.outcome_of(finding)
            # An abbreviation that several outcomes share, such as BMD, tells none of them.
            unique = outcome.abbreviation and abbreviations[outcome.abbreviation] == 1
            name = outcome.abbreviation if unique else outcome.name.lower()
            by_name.setdefault(name, []).append(finding)
        names: list[Run] = []
        for index, (name, same) in enumerate(by_name.items()):
            mark = " and " if index == len(by_name) - 1 else ", "
            names += [Run(mark)] if index else []
            count = f" ({len(same)} results)" if len(same) > 1 else ""
            names.append(Run(f"{name}{count}", finding_id=same[0].finding_id))
        source = source_runs(evidence.sources[source_id])
        if len(group) == of_source[source_id] > 1 and len(plain(names)) > _LONGEST_NAMES:
            every = "both results" if len(group) == 2 else f"all {len(group)} results"
            part = runs(f"{every} of ", source)
        else:
            part = runs(source, " on ", names)
        listed.append(runs("; " if listed else "", part))
    return runs(*listed)
