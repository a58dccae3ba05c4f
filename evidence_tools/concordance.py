"""How other sources stand to the central one, computed from the directions of the findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from evidence_tools.evidence import Evidence
from evidence_tools.links import GROUPED_OUTCOME
from evidence_tools.schema import Direction, Finding, Outcome, OutcomeKind, Source

CENTRAL_SOURCE = "zhang2025"
"""The review that the report is about; all other sources are compared with it."""

_MOVED = (Direction.INCREASE, Direction.DECREASE)
_STATED = (*_MOVED, Direction.NO_SIGNIFICANT_CHANGE)


class Relation(StrEnum):
    """How a finding stands to the central one on the same outcome."""

    CENTRAL = "the central source"
    AGREES = "agrees"
    NOT_CONFIRMED = "does not confirm it"
    CONTRADICTS = "contradicts it"
    OPEN = "leaves it open"
    NOT_COMPARED = "not compared"
    NOT_COUNTED = "does not count"


DISAGREEING = (Relation.NOT_CONFIRMED, Relation.CONTRADICTS)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One finding beside the central one, which is ``None`` when there is none that counts."""

    finding: Finding
    central: Finding | None
    relation: Relation


def counts(source: Source) -> bool:
    """Say whether a source counts: not retracted, and without a published caution."""
    return not source.integrity.strikes_out


def relation_of(direction: Direction, central: Direction) -> Relation:
    """Compare two directions.

    The same direction agrees, the opposite one contradicts. No significant change beside a
    change, either way round, does not confirm: it is not the opposite. A result told in words
    only, or called not conclusive, leaves the matter open.

    Parameters
    ----------
    direction, central
        Direction of the finding, and of the central source's finding on the same outcome.

    Returns
    -------
    Relation
    """
    if direction not in _STATED or central not in _STATED:
        return Relation.OPEN
    if direction is central:
        return Relation.AGREES
    both_moved = direction in _MOVED and central in _MOVED
    return Relation.CONTRADICTS if both_moved else Relation.NOT_CONFIRMED


def compare(
    evidence: Evidence, outcome_id: str, *, central: str = CENTRAL_SOURCE
) -> tuple[Comparison, ...]:
    """Set the primary findings on one outcome beside that of the central source.

    Parameters
    ----------
    evidence
        All of the evidence.
    outcome_id
        What the findings are about.
    central
        Identifier of the source that the others are compared with.

    Returns
    -------
    tuple of Comparison
        The central finding first, then reviews before trials and newer before older.

    Raises
    ------
    UnknownKeyError
        If there is no such outcome or source.
    """
    found = evidence.findings(outcome=outcome_id)
    primary = [finding for finding in found if finding.analysis == "primary"]
    evidence.source(central)
    own = [finding for finding in primary if finding.source_id == central]
    # A central source that may not be relied on is still shown, but nothing is held against it.
    base = own[0] if own and counts(evidence.source_of(own[0])) else None
    primary.sort(key=lambda finding: (finding not in own, *_rank(evidence.source_of(finding))))
    comparisons = []
    for finding in primary:
        relation = _relation(evidence, finding, base)
        # Markers taken together are compared with each marker of the central source.
        if outcome_id == GROUPED_OUTCOME and contrasted_outcomes(
            evidence, finding, central=central
        ):
            relation = Relation.NOT_CONFIRMED
        comparisons.append(Comparison(finding, base, relation))
    return tuple(comparisons)


def compared_outcomes(evidence: Evidence, *, central: str = CENTRAL_SOURCE) -> tuple[Outcome, ...]:
    """List the outcomes on which the central source reports, in the order of its findings."""
    ids = dict.fromkeys(finding.outcome_id for finding in evidence.findings(source=central))
    return tuple(evidence.outcome(outcome_id) for outcome_id in ids)


def grouped_findings(evidence: Evidence, *, central: str = CENTRAL_SOURCE) -> tuple[Finding, ...]:
    """Find what other sources report on turnover markers taken together."""
    found = evidence.findings(outcome=GROUPED_OUTCOME)
    return tuple(finding for finding in found if finding.source_id != central)


def disagreements(
    evidence: Evidence, outcome_id: str, *, central: str = CENTRAL_SOURCE
) -> tuple[Finding, ...]:
    """Find what speaks for inconsistency on one outcome, among the sources that count.

    Parameters
    ----------
    evidence
        All of the evidence.
    outcome_id
        The outcome.
    central
        Identifier of the source that the others are compared with.

    Returns
    -------
    tuple of Finding
        Where the central source reports the outcome: findings that do not confirm or that
        contradict it, also those on turnover markers taken together. Elsewhere: all primary
        and sensitivity findings, when their directions differ. Empty when nothing disagrees.
    """
    comparisons = compare(evidence, outcome_id, central=central)
    base = next((item.central for item in comparisons), None)
    if base is None:
        return _differing(evidence, outcome_id)
    found = [item.finding for item in comparisons if item.relation in DISAGREEING]
    outcome = evidence.outcome(outcome_id)
    found += [
        finding
        for finding in grouped_findings(evidence, central=central)
        if outcome in contrasted_outcomes(evidence, finding, central=central)
    ]
    return tuple(found)


def contrasted_outcomes(
    evidence: Evidence, finding: Finding, *, central: str = CENTRAL_SOURCE
) -> tuple[Outcome, ...]:
    """List what a finding on markers taken together does not confirm, or contradicts.

    Parameters
    ----------
    evidence
        All of the evidence.
    finding
        A finding on turnover markers taken together.
    central
        Identifier of the source that it is compared with.

    Returns
    -------
    tuple of Outcome
        Formation and resorption markers about which the central source says otherwise.
    """
    return tuple(
        evidence.outcome_of(base)
        for base in evidence.findings(source=central)
        if evidence.outcome_of(base).kind in (OutcomeKind.FORMATION, OutcomeKind.RESORPTION)
        and counts(evidence.source_of(base))
        and _relation(evidence, finding, base) in DISAGREEING
    )


def _differing(evidence: Evidence, outcome_id: str) -> tuple[Finding, ...]:
    found = [
        finding
        for finding in evidence.findings(outcome=outcome_id)
        if finding.analysis in ("primary", "sensitivity")
        and finding.direction in _STATED
        and counts(evidence.source_of(finding))
    ]
    return tuple(found) if len({finding.direction for finding in found}) > 1 else ()


def _relation(evidence: Evidence, finding: Finding, base: Finding | None) -> Relation:
    if not counts(evidence.source_of(finding)):
        return Relation.NOT_COUNTED
    if base is None:
        return Relation.NOT_COMPARED
    if finding is base:
        return Relation.CENTRAL
    return relation_of(finding.direction, base.direction)


def sources_in_order(evidence: Evidence, findings: Iterable[Finding]) -> tuple[Source, ...]:
    """List the sources of some findings, reviews before trials and newer before older."""
    found = {finding.source_id: evidence.source_of(finding) for finding in findings}
    return tuple(sorted(found.values(), key=_rank))


def _rank(source: Source) -> tuple[int, int, str]:
    return source.evidence_level, -(source.year or 0), source.short_name
