"""Standard error, z and p from a printed interval, as the ranges that rounding allows.

A printed number stands for every number that rounds to it. So what is computed from printed
numbers is a range, from the smallest to the largest value that their digits allow. Every
quantity here is monotone in each number it is computed from, so its extremes lie at the ends
of their ranges.

Approximated: estimates are taken as normally distributed (ratios on the log scale). A review
that used a t distribution prints a slightly wider interval than a normal one. The estimate and
its limits are rounded independently here; the range is a little wider than it need be, so a
mismatch that is reported is not an effect of rounding.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from statistics import NormalDist

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Range:
    """All values from ``low`` to ``high``, both included."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"a range from {self.low} to {self.high} is empty")

    def overlaps(self, other: Range) -> bool:
        """Whether the two ranges share a value."""
        return self.low <= other.high and other.low <= self.high

    def contains(self, value: float) -> bool:
        """Whether a value lies in the range."""
        return self.low <= value <= self.high


def printed_range(value: Decimal) -> Range:
    """Find the numbers that a printed number stands for.

    Parameters
    ----------
    value
        A number with the digits that are printed: ``0.30`` and ``0.3`` differ.

    Returns
    -------
    Range
        Half a unit of the last digit to either side: 0.295 to 0.305 for ``0.30``.

    Raises
    ------
    ValueError
        If the number is not finite.
    """
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        raise ValueError(f"{value} is no printed number")
    half = Decimal(5).scaleb(exponent - 1)
    return Range(float(value - half), float(value + half))


def standard_error_range(
    lower: Decimal, upper: Decimal, level: Decimal, *, ratio: bool = False
) -> Range:
    """Compute the standard error that a printed interval implies.

    The width of the interval, divided by twice the normal quantile of its level (3.92 for
    95%). Altman and Bland 2011, doi 10.1136/bmj.d2304; Higgins, Li and Deeks 2024, Cochrane
    Handbook chapter 6 (``higgins2024effect`` in references.bib).

    Parameters
    ----------
    lower, upper
        Limits of the interval on the natural scale, with their printed digits.
    level
        Confidence level in percent, such as 95.
    ratio
        Whether the limits are those of a ratio.

    Returns
    -------
    Range
        In the unit of the limits; for a ratio, of its natural logarithm. Its low end is zero
        when the digits allow an interval without width.

    Raises
    ------
    ValueError
        If the limits are swapped, the level is not between 0 and 100, or a ratio's limit may
        be zero.
    """
    if lower > upper:
        raise ValueError(f"the interval {lower} to {upper} has swapped limits")
    if not 0 < level < 100:
        raise ValueError(f"a confidence level lies between 0 and 100, not at {level}")
    low, high = _scaled(lower, ratio), _scaled(upper, ratio)
    widths = 2 * _NORMAL.inv_cdf(0.5 + float(level) / 200)
    return Range(max(0.0, high.low - low.high) / widths, (high.high - low.low) / widths)


def z_range(estimate: Decimal, standard_error: Range, *, ratio: bool = False) -> Range:
    """Compute the test statistic of "no difference".

    The estimate over its standard error, both on the log scale for a ratio. Altman and Bland
    2011, doi 10.1136/bmj.d2304.

    Parameters
    ----------
    estimate
        On the natural scale, with its printed digits.
    standard_error
        From :func:`standard_error_range`, on the log scale for a ratio.
    ratio
        Whether the estimate is a ratio.

    Returns
    -------
    Range
        Without a unit; below zero for a decrease. An end is infinite when the digits allow
        a standard error of zero.
    """
    value = _scaled(estimate, ratio)
    ends = product((value.low, value.high), (standard_error.low, standard_error.high))
    corners = [_quotient(top, bottom) for top, bottom in ends]
    return Range(min(corners), max(corners))


def p_value_range(z: Range) -> Range:
    """Compute the two-sided p-value of a test statistic.

    Twice the area of the normal distribution beyond ``|z|``. Altman and Bland 2011, doi
    10.1136/bmj.d2304, approximate this area by a formula; here it is the distribution itself.

    Parameters
    ----------
    z
        From :func:`z_range`.

    Returns
    -------
    Range
        Between 0 and 1; 1 when ``z`` may be zero.
    """
    nearest = 0.0 if z.contains(0) else min(abs(z.low), abs(z.high))
    farthest = max(abs(z.low), abs(z.high))
    # erfc keeps its precision where one minus the distribution function has lost it.
    return Range(math.erfc(farthest / math.sqrt(2)), math.erfc(nearest / math.sqrt(2)))


def is_symmetric(estimate: Decimal, lower: Decimal, upper: Decimal, *, ratio: bool = False) -> bool:
    """Say whether an interval may lie evenly around its estimate, rounding allowed for.

    Parameters
    ----------
    estimate, lower, upper
        On the natural scale, with their printed digits.
    ratio
        Whether they are ratios: then the middle is that of their logarithms.
    """
    low, high = _scaled(lower, ratio), _scaled(upper, ratio)
    middle = Range((low.low + high.low) / 2, (low.high + high.high) / 2)
    return middle.overlaps(_scaled(estimate, ratio))


def excludes(lower: Decimal, upper: Decimal, value: Decimal) -> bool | None:
    """Say whether an interval leaves a value out.

    Parameters
    ----------
    lower, upper
        Limits with their printed digits.
    value
        The value of no difference: 0, or 1 for a ratio.

    Returns
    -------
    bool or None
        ``None`` when the digits leave it open: a limit printed as ``0.00`` may lie on
        either side of zero.
    """
    below, above, point = printed_range(lower), printed_range(upper), float(value)
    if below.low > point or above.high < point:
        return True
    if below.high < point < above.low:
        return False
    return None


@dataclass(frozen=True, slots=True)
class ArmSummary:
    """Size, mean and standard deviation (SD) of one arm, in one unit."""

    n: int
    mean: float
    sd: float


def mean_difference(arm: ArmSummary, comparator: ArmSummary) -> tuple[float, float]:
    """Compute the difference between the means of two arms, and its standard error.

    ``SE = sqrt(sd1**2 / n1 + sd2**2 / n2)``. Higgins, Li and Deeks 2024, Cochrane Handbook
    chapter 6 (``higgins2024effect`` in references.bib).

    Parameters
    ----------
    arm, comparator
        The arm under study, and the one it is compared with; SD, not standard error.

    Returns
    -------
    difference, standard_error : float
        In the unit of the means; ``arm`` minus ``comparator``.

    Raises
    ------
    ValueError
        If an arm has fewer than two people, or a negative standard deviation.
    """
    _need_spread((arm, comparator))
    variance = arm.sd**2 / arm.n + comparator.sd**2 / comparator.n
    return arm.mean - comparator.mean, math.sqrt(variance)


def _need_spread(arms: Iterable[ArmSummary]) -> None:
    for arm in arms:
        if arm.n < 2 or arm.sd < 0:
            raise ValueError(f"an arm of {arm.n} with SD {arm.sd} has no spread to compute with")


def _scaled(value: Decimal, ratio: bool) -> Range:
    """Range of a printed number, on the log scale for a ratio."""
    printed = printed_range(value)
    if not ratio:
        return printed
    if printed.low <= 0:
        raise ValueError(f"{value} may stand for zero, and zero has no logarithm")
    return Range(math.log(printed.low), math.log(printed.high))


def _quotient(top: float, bottom: float) -> float:
    if bottom:
        return top / bottom
    return math.copysign(math.inf, top) if top else 0.0
