"""Pairs of trial arms and the difference between them."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_tools import Evidence
from evidence_tools.arms import (
    ArmPair,
    difference_from_arms,
    missing_for_difference,
    pair_arms,
)


def pair_of(evidence: Evidence, stem: str) -> ArmPair:
    return ArmPair(evidence.arms[f"{stem}-k2"], evidence.arms[f"{stem}-control"])


def test_every_arm_has_its_partner(evidence: Evidence) -> None:
    assert 2 * len(pair_arms(evidence.arms.values())) == len(evidence.arms)


def test_the_difference_and_its_interval_follow_the_handbook_formula(evidence: Evidence) -> None:
    # 2.8 - 4.2; sqrt(1.0**2/24 + 2.1**2/24) = 0.4748; 1.96 * 0.4748 = 0.9306
    difference = difference_from_arms(pair_of(evidence, "koitaya2014-ucoc-6m"))
    assert difference.mean_difference == Decimal("-1.40")
    assert difference.standard_error == Decimal("0.47")
    assert (difference.ci_lower, difference.ci_upper) == (Decimal("-2.33"), Decimal("-0.47"))
    assert difference.sd_inferred


@pytest.mark.parametrize(
    ("stem", "missing"),
    [
        ("je2011-ucoc-6m", ("number of participants in each arm", "kind of spread")),
        ("ronn2021-ucoc-1y", ("number of participants in each arm",)),
        ("jiang2014-ucoc-12m", ("spread",)),
        ("emaus2010-ucoc-12m", ("number of participants in each arm", "spread")),
    ],
)
def test_no_difference_is_computed_where_something_is_not_stated(
    evidence: Evidence, stem: str, missing: tuple[str, ...]
) -> None:
    pair = pair_of(evidence, stem)
    assert missing_for_difference(pair) == tuple(f"{words} not stated" for words in missing)
    with pytest.raises(ValueError, match="not stated"):
        difference_from_arms(pair)


def test_an_arm_without_a_partner_is_refused(evidence: Evidence) -> None:
    with pytest.raises(ValueError, match=r"koitaya2014-ucoc-6m: found k2"):
        pair_arms([evidence.arms["koitaya2014-ucoc-6m-k2"]])


@pytest.mark.parametrize(
    ("column", "value"), [("unit", "ng/dL"), ("value_type", "endpoint "), ("timepoint", "1 year")]
)
def test_arms_that_differ_in_what_was_measured_are_no_pair(
    evidence: Evidence, column: str, value: str
) -> None:
    arms = [evidence.arms[f"koitaya2014-ucoc-6m-{role}"] for role in ("k2", "control")]
    arms[1] = dataclasses.replace(arms[1], **{column: value})
    with pytest.raises(ValueError, match=f"differ in {column}"):
        pair_arms(arms)


@given(
    means=st.tuples(*[st.decimals(-99, 99, places=1)] * 2),
    spread=st.decimals("0.1", 50, places=1),
    size=st.integers(2, 10_000),
)
def test_the_interval_contains_the_difference_and_shrinks_with_more_people(
    evidence: Evidence, means: tuple[Decimal, Decimal], spread: Decimal, size: int
) -> None:
    pair = pair_of(evidence, "koitaya2014-ucoc-6m")

    def difference(n: int) -> tuple[Decimal, Decimal, Decimal]:
        k2, control = (
            dataclasses.replace(arm, mean=mean, dispersion=spread, n=n)
            for arm, mean in zip((pair.intervention, pair.control), means, strict=True)
        )
        found = difference_from_arms(ArmPair(k2, control))
        return found.ci_lower, found.mean_difference, found.ci_upper

    lower, middle, upper = difference(size)
    assert lower <= middle <= upper
    assert middle == means[0] - means[1]
    narrow = difference(100 * size)
    assert narrow[2] - narrow[0] <= upper - lower
