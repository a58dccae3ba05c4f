"""Certainty of evidence: four levels, and the words that each allows."""

from __future__ import annotations

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
