"""Limitations as rules over the data: each names the rows that triggered it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from evidence_tools.evidence import Evidence
from evidence_tools.schema import Direction, Finding, Integrity

TARGET_POPULATION = "postmenopausal women with osteoporosis"
"""The population that the report's question is about, as ``sources.csv`` words it."""

SHORTEST_FOLLOW_UP = {"weeks": Decimal(52), "months": Decimal(12)}
"""By unit, the duration below which a trial is called short: a year."""


@dataclass(frozen=True, slots=True)
class Limitation:
    """One limitation and the findings that it holds for.

    Attributes
    ----------
    rule_id
        Short identifier of the rule.
    sentence
        What the limitation is and what follows from it, in one or two plain sentences.
    findings
        The findings that triggered the rule, in table order; never empty.
    """

    rule_id: str
    sentence: str
    findings: tuple[Finding, ...]


Condition = Callable[[Evidence, Finding], bool]


def disagreeing_outcomes(evidence: Evidence) -> frozenset[str]:
    """Find outcomes for which sources that can be relied on point in different directions.

    Returns
    -------
    frozenset of str
        Identifiers of outcomes with more than one of increase, decrease and no significant
        change among the primary findings of sources that are neither retracted nor under
        a published caution.
    """
    stated = (Direction.INCREASE, Direction.DECREASE, Direction.NO_SIGNIFICANT_CHANGE)
    directions: dict[str, set[Direction]] = {}
    for finding in evidence.findings():
        doubted = evidence.source_of(finding).integrity.strikes_out
        if finding.analysis == "primary" and finding.direction in stated and not doubted:
            directions.setdefault(finding.outcome_id, set()).add(finding.direction)
    return frozenset(outcome for outcome, found in directions.items() if len(found) > 1)


def find_limitations(evidence: Evidence, findings: Iterable[Finding]) -> tuple[Limitation, ...]:
    """Apply every rule to some findings.

    Parameters
    ----------
    evidence
        All of the evidence: whether sources disagree depends on the other findings.
    findings
        The findings to look at.

    Returns
    -------
    tuple of Limitation
        The rules that were triggered, in the order of ``RULES``.
    """
    looked_at = tuple(findings)
    found = []
    for rule_id, (sentence, holds) in RULES.items():
        triggers = tuple(finding for finding in looked_at if holds(evidence, finding))
        if triggers:
            found.append(Limitation(rule_id, sentence, triggers))
    return tuple(found)


def _surrogate(evidence: Evidence, finding: Finding) -> bool:
    return evidence.outcome_of(finding).surrogate


def _unit_missing(_: Evidence, finding: Finding) -> bool:
    return finding.estimate is not None and not finding.unit_reported


def _estimate_missing(_: Evidence, finding: Finding) -> bool:
    return finding.estimate is None


def _interval_missing(_: Evidence, finding: Finding) -> bool:
    return finding.estimate is not None and finding.ci_lower is None


def _heterogeneity_missing(evidence: Evidence, finding: Finding) -> bool:
    # No table has a column for tau2 or I2: no abstract that was read gives either.
    return evidence.source_of(finding).design == "meta_analysis"


def _size_missing(_: Evidence, finding: Finding) -> bool:
    return finding.k_studies is None and finding.n_participants is None


def _few_digits(_: Evidence, finding: Finding) -> bool:
    if finding.ci_lower is None or finding.ci_upper is None:
        return False
    limits = (finding.ci_lower, finding.ci_upper)
    return min(len(limit.as_tuple().digits) for limit in limits) == 1


def _sources_disagree(evidence: Evidence, finding: Finding) -> bool:
    return finding.outcome_id in disagreeing_outcomes(evidence)


def _short(evidence: Evidence, finding: Finding) -> bool:
    trial = evidence.trials.get(finding.source_id)
    if trial is None or trial.duration is None:
        return False
    return trial.duration < SHORTEST_FOLLOW_UP[trial.duration_unit]


def _integrity(evidence: Evidence, finding: Finding) -> bool:
    return evidence.source_of(finding).integrity is not Integrity.NONE_KNOWN


def _abstract_only(evidence: Evidence, finding: Finding) -> bool:
    return evidence.source_of(finding).read_at == "abstract"


def _other_population(evidence: Evidence, finding: Finding) -> bool:
    return not evidence.source_of(finding).population.startswith(
        (TARGET_POPULATION, "women with osteoporosis")
    )


RULES: dict[str, tuple[str, Condition]] = {
    "surrogate": (
        "The outcome is a surrogate: it stands in for something a patient feels. "
        "A change in it does not show that fewer bones break.",
        _surrogate,
    ),
    "unit-not-reported": (
        "The unit is not reported where the source was read. "
        "The size of the change cannot be judged, and estimates of different markers "
        "cannot be compared with each other.",
        _unit_missing,
    ),
    "estimate-not-reported": (
        "No estimate is reported. The direction is the source's own statement; "
        "how large the change was, or how large it may have been, is not known.",
        _estimate_missing,
    ),
    "interval-not-reported": (
        "No interval that can be used stands beside the estimate where the source was read, "
        "so its precision is not known.",
        _interval_missing,
    ),
    "heterogeneity-not-reported": (
        "How much the pooled trials differ from each other (heterogeneity) is not reported "
        "where the source was read.",
        _heterogeneity_missing,
    ),
    "size-not-reported": (
        "How many trials and how many participants stand behind this very figure "
        "is not reported where the source was read.",
        _size_missing,
    ),
    "few-digits": (
        "A limit of the interval is printed with one significant digit. "
        "What is computed from it can only be given as a range.",
        _few_digits,
    ),
    "sources-disagree": (
        "Sources disagree: others report another direction, or no significant change, "
        "for the same outcome.",
        _sources_disagree,
    ),
    "short-follow-up": (
        "The trial gave vitamin K2 for less than a year. "
        "What happens over a longer time was not seen.",
        _short,
    ),
    "integrity": (
        "There is a known concern about the source as printed; it stands beside its name.",
        _integrity,
    ),
    "abstract-only": (
        "Only the abstract of the source was read. "
        "Its methods, its trials and its own limitations were not checked.",
        _abstract_only,
    ),
    "population-differs": (
        "The source also covers people other than postmenopausal women with osteoporosis, "
        "or a different group.",
        _other_population,
    ),
}
"""Rule identifier to its sentence and the condition on one finding."""
