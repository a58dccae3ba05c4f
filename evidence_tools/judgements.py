"""Do the declared judgements still fit the findings? What a change in a row makes doubtful."""

from __future__ import annotations

from dataclasses import dataclass

from evidence_tools.certainty import Domain, DomainJudgement, Judgement, Rating
from evidence_tools.concordance import counts, disagreements
from evidence_tools.evidence import Evidence
from evidence_tools.schema import Finding
from evidence_tools.statistics import excludes

_CONCERN = (Judgement.SERIOUS, Judgement.VERY_SERIOUS)


@dataclass(frozen=True, slots=True)
class Misfit:
    """A declared judgement that the findings no longer support, and why."""

    judgement: DomainJudgement
    reason: str


def find_misfits(evidence: Evidence, rating: Rating) -> tuple[Misfit, ...]:
    """Compare the judgements on one outcome with what can be computed from the findings.

    Inconsistency is a concern if, and only if, sources that count disagree. Imprecision without
    a concern needs findings whose intervals leave out no difference. The other domains cannot be
    computed from findings.

    Parameters
    ----------
    evidence
        All of the evidence.
    rating
        The certainty of one outcome.

    Returns
    -------
    tuple of Misfit
        Empty when everything fits.
    """
    found = []
    for item in rating.judgements:
        if reason := _reason(evidence, item):
            found.append(Misfit(item, reason))
        elif any(not counts(evidence.source_of(f)) for f in _findings(evidence, item)):
            found.append(Misfit(item, "it rests on a source that does not count any more"))
    return tuple(found)


def _reason(evidence: Evidence, item: DomainJudgement) -> str:
    if item.domain is Domain.INCONSISTENCY:
        disagree = bool(disagreements(evidence, item.outcome_id))
        if disagree and item.judgement not in _CONCERN:
            return "sources that count disagree"
        if not disagree and item.judgement in _CONCERN:
            return "no source that counts disagrees"
    if item.domain is Domain.IMPRECISION and item.judgement is Judgement.NO_CONCERN:
        named = _findings(evidence, item)
        if not named or not all(_is_precise(finding) for finding in named):
            return "not every finding it rests on has an interval that leaves out no difference"
    return ""


def _findings(evidence: Evidence, item: DomainJudgement) -> tuple[Finding, ...]:
    return tuple(evidence.finding(finding_id) for finding_id in item.finding_ids)


def _is_precise(finding: Finding) -> bool:
    if finding.effect_measure is None or finding.ci_lower is None or finding.ci_upper is None:
        return False
    null = finding.effect_measure.no_difference
    return excludes(finding.ci_lower, finding.ci_upper, null) is True
