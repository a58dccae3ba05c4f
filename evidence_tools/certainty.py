"""Certainty of evidence: four levels, the judgements they follow from, the words they allow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from evidence_tools.schema import Direction


class Certainty(StrEnum):
    """A GRADE level of certainty, for one outcome across studies.

    Balshem H et al. 2011, doi 10.1016/j.jclinepi.2010.07.015.
    """

    HIGH = "high"
    MODERATE = "moderate"
    LOW = "low"
    VERY_LOW = "very low"


class Domain(StrEnum):
    """A reason for which GRADE lowers the certainty of randomized trials."""

    RISK_OF_BIAS = "risk_of_bias"
    INCONSISTENCY = "inconsistency"
    INDIRECTNESS = "indirectness"
    IMPRECISION = "imprecision"
    PUBLICATION_BIAS = "publication_bias"

    @property
    def label(self) -> str:
        """The domain as it stands inside a sentence."""
        return self.value.replace("_", " ")


class Judgement(StrEnum):
    """How much a domain lowers the certainty; what nobody could judge is not a concern of zero."""

    NO_CONCERN = "no concern"
    SERIOUS = "serious"
    VERY_SERIOUS = "very serious"
    NOT_ASSESSED = "not assessed"

    @property
    def levels_down(self) -> int:
        """By how many levels the certainty is lowered."""
        return {Judgement.SERIOUS: 1, Judgement.VERY_SERIOUS: 2}.get(self, 0)


@dataclass(frozen=True, slots=True)
class DomainJudgement:
    """One declared judgement on one outcome: what, why, and on which rows it rests."""

    outcome_id: str
    domain: Domain
    judgement: Judgement
    rationale: str
    finding_ids: tuple[str, ...]
    source_ids: tuple[str, ...]


LEVELS = (Certainty.HIGH, Certainty.MODERATE, Certainty.LOW, Certainty.VERY_LOW)
"""From the highest to the lowest; randomized trials start at the first."""


@dataclass(frozen=True, slots=True)
class Rating:
    """The certainty computed for one outcome.

    Attributes
    ----------
    outcome_id
        What was rated.
    level
        The level that is left after all declared concerns; never above low while a domain was
        not assessed.
    at_most
        Whether a domain was not assessed, so that the level may be lower.
    judgements
        The declared judgements, one for each domain.
    """

    outcome_id: str
    level: Certainty
    at_most: bool
    judgements: tuple[DomainJudgement, ...]

    def __str__(self) -> str:
        """Write the level as it stands in a table: ``"at most low"``."""
        return f"at most {self.level}" if self.at_most else str(self.level)

    def in_domain(self, judgement: Judgement) -> tuple[Domain, ...]:
        """List the domains that were judged so."""
        return tuple(item.domain for item in self.judgements if item.judgement is judgement)


def rate(judgements: Iterable[DomainJudgement]) -> Rating:
    """Compute a certainty from declared judgements.

    The evidence here comes from randomized trials, so it starts at high and goes down by one
    level for each serious and by two for each very serious concern. Balshem H et al. 2011,
    doi 10.1016/j.jclinepi.2010.07.015. GRADE has no level for what nobody judged; it is a rule of
    this report that a domain not assessed vouches for nothing, so the level is at most low.

    Parameters
    ----------
    judgements
        One for each domain, all on one outcome.

    Returns
    -------
    Rating
        ``at_most`` is set when a domain was not assessed, unless nothing lower is left.

    Raises
    ------
    ValueError
        If a domain is missing or judged twice, or the outcomes differ.
    """
    given = tuple(judgements)
    if sorted(item.domain for item in given) != sorted(Domain):
        raise ValueError("a rating needs one judgement for each domain")
    outcomes = {item.outcome_id for item in given}
    if len(outcomes) != 1:
        raise ValueError(f"a rating is on one outcome, not on {', '.join(sorted(outcomes))}")
    unknown = any(item.judgement is Judgement.NOT_ASSESSED for item in given)
    down = sum(item.judgement.levels_down for item in given)
    least = LEVELS.index(Certainty.LOW) if unknown else 0
    level = LEVELS[min(max(down, least), len(LEVELS) - 1)]
    return Rating(outcomes.pop(), level, unknown and level is not LEVELS[-1], given)


def effect_verb(direction: Direction, certainty: Certainty) -> str:
    """Choose the verb that a direction and a certainty allow.

    Santesso N et al. 2020, doi 10.1016/j.jclinepi.2019.10.014.

    Parameters
    ----------
    direction
        Increase or decrease.
    certainty
        Level of certainty of the outcome.

    Returns
    -------
    str
        ``"increases"``, ``"probably increases"`` or ``"may increase"``.

    Raises
    ------
    ValueError
        If no verb is allowed: at very low certainty, or without a direction.
    """
    stem = {Direction.INCREASE: "increase", Direction.DECREASE: "decrease"}.get(direction)
    if stem is None or certainty is Certainty.VERY_LOW:
        raise ValueError(f"no verb for {direction.value!r} at {certainty.value} certainty")
    verbs = {
        Certainty.HIGH: f"{stem}s",
        Certainty.MODERATE: f"probably {stem}s",
        Certainty.LOW: f"may {stem}",
    }
    return verbs[certainty]
