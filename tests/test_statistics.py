"""Standard error, z and p as ranges, against numbers worked out another way."""

from __future__ import annotations

import math
from decimal import Decimal
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_tools.statistics import (
    ArmSummary,
    Range,
    excludes,
    is_symmetric,
    mean_difference,
    p_value_range,
    printed_range,
    standard_error_range,
    z_range,
)

LEVEL = Decimal(95)
hundredths = st.integers(-500, 500).map(lambda n: Decimal(n).scaleb(-2))


def p_of(estimate: str, lower: str, upper: str, *, ratio: bool = False) -> Range:
    error = standard_error_range(Decimal(lower), Decimal(upper), LEVEL, ratio=ratio)
    return p_value_range(z_range(Decimal(estimate), error, ratio=ratio))


def test_a_printed_number_stands_for_half_a_unit_to_either_side() -> None:
    assert printed_range(Decimal("0.30")) == Range(0.295, 0.305)
    assert printed_range(Decimal("0.3")) == Range(0.25, 0.35)
    assert printed_range(Decimal("-17")) == Range(-17.5, -16.5)


def test_a_number_that_is_not_finite_is_no_printed_number() -> None:
    with pytest.raises(ValueError, match="no printed number"):
        printed_range(Decimal("NaN"))


def test_the_standard_error_of_a_difference_is_its_width_over_twice_the_quantile() -> None:
    # Zhang 2025, osteocalcin: 1.17 to 2.56; 2 * 1.959964 = 3.919928, worked out by hand.
    found = standard_error_range(Decimal("1.17"), Decimal("2.56"), LEVEL)
    assert found.low == pytest.approx(1.38 / 3.919928, rel=1e-6)
    assert found.high == pytest.approx(1.40 / 3.919928, rel=1e-6)


def test_the_standard_error_of_a_ratio_is_on_the_log_scale() -> None:
    # ln 0.89 = -0.116534, ln 0.54 = -0.616186; their difference over 3.919928 is 0.127465.
    found = standard_error_range(Decimal("0.54"), Decimal("0.89"), LEVEL, ratio=True)
    assert found.contains(0.127465)
    assert found.high - found.low < 0.01


def test_a_wider_level_gives_a_smaller_standard_error() -> None:
    limits = Decimal("-1.0"), Decimal("1.0")
    assert (
        standard_error_range(*limits, Decimal(99)).high
        < standard_error_range(*limits, Decimal(90)).high
    )


@pytest.mark.parametrize(
    ("lower", "upper", "level", "ratio", "message"),
    [
        ("2", "1", "95", False, "swapped"),
        ("1", "2", "100", False, "between 0 and 100"),
        ("0.0", "2", "95", True, "logarithm"),
    ],
)
def test_an_interval_that_cannot_be_is_refused(
    lower: str, upper: str, level: str, ratio: bool, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        standard_error_range(Decimal(lower), Decimal(upper), Decimal(level), ratio=ratio)


def test_published_examples_lie_in_the_range_that_their_digits_allow() -> None:
    # Altman and Bland 2011, BMJ 343:d2090: 17 points (1.4 to 32.6) goes with P = 0.032,
    # and a relative risk of 0.30 (0.10 to 0.90) with P = 0.034.
    assert p_of("17.0", "1.4", "32.6").contains(0.032)
    assert p_of("0.30", "0.10", "0.90", ratio=True).contains(0.034)


def test_the_published_approximation_agrees_with_the_normal_tail() -> None:
    # Altman and Bland 2011, BMJ 343:d2304: P = exp(-0.717 z - 0.416 z**2).
    for z in (0.5, 1.0, 1.96, 2.5, 3.0):
        tail = p_value_range(Range(z, z)).low
        assert tail == pytest.approx(math.exp(-0.717 * z - 0.416 * z * z), rel=0.08)
        assert tail == pytest.approx(2 * (1 - NormalDist().cdf(z)), rel=1e-9)


def test_the_printed_p_of_xu_2021_does_not_follow_from_its_interval() -> None:
    found = p_of("0.52", "0.36", "0.74", ratio=True)
    assert found.contains(0.0004)
    assert not found.overlaps(printed_range(Decimal("0.003")))


def test_z_that_may_be_zero_gives_a_p_of_one_at_most() -> None:
    assert p_value_range(Range(-0.1, 0.2)).high == 1.0


def test_digits_that_allow_no_width_leave_z_without_a_bound() -> None:
    error = standard_error_range(Decimal("0.1"), Decimal("0.1"), LEVEL)
    assert error.low == 0.0
    assert z_range(Decimal("0.1"), error).high == math.inf


def test_symmetry_is_judged_on_the_log_scale_for_a_ratio() -> None:
    values = Decimal("0.44"), Decimal("0.23"), Decimal("0.88")
    assert is_symmetric(*values, ratio=True)
    assert not is_symmetric(*values)


def test_an_interval_that_rounding_explains_is_symmetric() -> None:
    assert is_symmetric(Decimal("-0.09"), Decimal("-0.14"), Decimal("-0.05"))
    assert not is_symmetric(Decimal("-0.08"), Decimal("-0.14"), Decimal("-0.05"))


def test_an_interval_may_leave_out_include_or_leave_open_a_value() -> None:
    zero = Decimal(0)
    assert excludes(Decimal("0.01"), Decimal("0.83"), zero) is True
    assert excludes(Decimal("-0.02"), Decimal("1.89"), zero) is False
    assert excludes(Decimal("0.00"), Decimal("1.89"), zero) is None


def test_a_mean_difference_and_its_standard_error_follow_from_two_arms() -> None:
    # Koitaya 2014 at 6 months: 2.8 - 4.2; sqrt((1.0**2 + 2.1**2) / 24) = sqrt(0.2254167).
    difference, error = mean_difference(ArmSummary(24, 2.8, 1.0), ArmSummary(24, 4.2, 2.1))
    assert difference == pytest.approx(-1.4)
    assert error == pytest.approx(0.4747806, rel=1e-6)


def test_an_arm_of_one_has_no_spread() -> None:
    with pytest.raises(ValueError, match="no spread"):
        mean_difference(ArmSummary(1, 2.8, 1.0), ArmSummary(24, 4.2, 2.1))


def test_a_range_does_not_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="empty"):
        Range(1.0, 0.0)


@given(hundredths, st.integers(2, 200).map(lambda n: Decimal(n).scaleb(-2)))
def test_the_ranges_hold_the_values_computed_without_rounding(
    estimate: Decimal, half: Decimal
) -> None:
    exact = float(half) / 1.959963984540054
    error = standard_error_range(estimate - half, estimate + half, LEVEL)
    z = z_range(estimate, error)
    assert error.contains(exact)
    assert z.low - 1e-9 <= float(estimate) / exact <= z.high + 1e-9
    assert p_value_range(z).low <= math.erfc(abs(float(estimate)) / exact / math.sqrt(2)) + 1e-12
    assert is_symmetric(estimate, estimate - half, estimate + half)
