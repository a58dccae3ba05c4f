"""Arms of a trial in pairs, and the difference between them where everything is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from statistics import NormalDist

from evidence_tools.schema import TrialArm

CI_LEVEL = Decimal(95)
"""Level in percent of the intervals computed here."""

_ROLES = ("k2", "control")
_STANDARD_DEVIATIONS = ("SD", "SD inferred")


@dataclass(frozen=True, slots=True)
class ArmPair:
    """The same outcome in both arms of a trial at one timepoint.

    Attributes
    ----------
    intervention, control
        The arm with vitamin K2, and the arm it is compared with.
    """

    intervention: TrialArm
    control: TrialArm


@dataclass(frozen=True, slots=True)
class ArmDifference:
    """A mean difference, intervention less control, in the unit of the arms.

    Attributes
    ----------
    mean_difference, standard_error, ci_lower, ci_upper
        With one digit more than the means are printed with.
    ci_level
        Level of the interval in percent.
    sd_inferred
        Whether the source does not say that the spread is a standard deviation.
    """

    mean_difference: Decimal
    standard_error: Decimal
    ci_lower: Decimal
    ci_upper: Decimal
    ci_level: Decimal
    sd_inferred: bool


def pair_arms(arms: Iterable[TrialArm]) -> tuple[ArmPair, ...]:
    """Put the two arms of each trial, outcome and timepoint together.

    Parameters
    ----------
    arms
        Rows of ``trial_arms.csv``; the end of ``arm_id`` says which arm a row is,
        ``-k2`` or ``-control``.

    Returns
    -------
    tuple of ArmPair
        In the order in which the arms come.

    Raises
    ------
    ValueError
        If an arm has no partner, or the two differ in unit, kind of value or timepoint.
    """
    groups: dict[str, dict[str, TrialArm]] = {}
    for arm in arms:
        stem, _, role = arm.arm_id.rpartition("-")
        groups.setdefault(stem, {})[role] = arm
    pairs = []
    for stem, group in groups.items():
        if set(group) != set(_ROLES):
            raise ValueError(f"{stem}: found {', '.join(sorted(group))}; an arm -k2 and an arm "
                             "-control are needed")  # fmt: skip
        intervention, control = (group[role] for role in _ROLES)
        for column in ("source_id", "outcome_id", "unit", "value_type", "timepoint"):
            if getattr(intervention, column) != getattr(control, column):
                raise ValueError(f"{stem}: the arms differ in {column}, so they are no pair")
        pairs.append(ArmPair(intervention, control))
    return tuple(pairs)


def missing_for_difference(pair: ArmPair) -> tuple[str, ...]:
    """Say in words what a difference with an interval would need and is not known.

    Parameters
    ----------
    pair
        Two arms.

    Returns
    -------
    tuple of str
        Empty when a difference can be computed.
    """
    arms = (pair.intervention, pair.control)
    missing = []
    if any(arm.n is None for arm in arms):
        missing.append("number of participants in each arm not stated")
    if any(arm.dispersion is None for arm in arms):
        missing.append("spread not stated")
    elif any(arm.dispersion_type not in _STANDARD_DEVIATIONS for arm in arms):
        missing.append("kind of spread not stated")
    return tuple(missing)


def difference_from_arms(pair: ArmPair) -> ArmDifference:
    """Compute the mean difference between two arms, with its interval.

    The mean difference is the difference of the means. Its standard error is the root of
    the sum of each arm's squared standard deviation over its number of participants, and
    the interval takes the normal distribution (Higgins JPT, Li T, Deeks JJ 2024, Cochrane
    Handbook, chapter 6; ``higgins2024effect``).

    Parameters
    ----------
    pair
        Two arms in one unit, each with n, mean and standard deviation.

    Returns
    -------
    ArmDifference

    Raises
    ------
    ValueError
        If the number of participants, the spread or its kind is not known for an arm.
    """
    if missing := missing_for_difference(pair):
        raise ValueError(
            f"{pair.intervention.arm_id}: no difference computed: {'; '.join(missing)}"
        )
    arms = (pair.intervention, pair.control)
    difference = pair.intervention.mean - pair.control.mean
    # Neither can be missing here; the expression only tells the type checker so.
    error = sqrt(sum(float(arm.dispersion or 0) ** 2 / (arm.n or 1) for arm in arms))
    margin = NormalDist().inv_cdf(0.5 + float(CI_LEVEL) / 200) * error
    digits = Decimal(1).scaleb(min(int(arm.mean.as_tuple().exponent) for arm in arms) - 1)
    return ArmDifference(
        mean_difference=difference.quantize(digits),
        standard_error=Decimal(error).quantize(digits),
        ci_lower=Decimal(float(difference) - margin).quantize(digits),
        ci_upper=Decimal(float(difference) + margin).quantize(digits),
        ci_level=CI_LEVEL,
        sd_inferred=any(arm.dispersion_type == "SD inferred" for arm in arms),
    )
