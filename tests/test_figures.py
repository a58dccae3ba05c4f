"""What follows from printed figures, against numbers worked out by hand or published."""

from typing import Any

import pandas as pd
import pytest
from building import Changed

from evidence_tools.evidence.arithmetic import (
    check_arithmetic,
    named_measures,
    p_text,
    printed_p_values,
)
from evidence_tools.evidence.effects import effect_sizes
from evidence_tools.evidence.model import Evidence

FIGURES = ("estimate", "ci_lower", "ci_upper", "standard_error", "p_value")


def computed(estimate: str, lower: str, upper: str, **cells: Any) -> Any:
    """Check one finding that prints these figures."""
    row = {"effect_measure": "MD", "ci_level": 95.0, "source_id": "a", "direction": "increase"}
    row |= {"statistically_significant": "not stated"} | cells
    printed = dict.fromkeys(FIGURES, pd.NA) | {"estimate": estimate, "ci_lower": lower}
    printed |= {"ci_upper": upper} | {k: v for k, v in cells.items() if k in FIGURES}
    for name, text in printed.items():
        row[name] = float(text.removeprefix("<")) if isinstance(text, str) else pd.NA
        row[f"{name}_printed"] = text
    frame = pd.DataFrame([row]).convert_dtypes()
    texts = {f"{name}_printed": "string" for name in FIGURES}
    numbers = dict.fromkeys((*FIGURES, "ci_level"), "Float64")
    return check_arithmetic(frame.astype({**texts, **numbers})).iloc[0]


def test_the_standard_error_of_a_difference_is_its_width_over_twice_the_quantile() -> None:
    # 1.17 to 2.56 at 95 %; 2 * 1.959964 = 3.919928, worked out by hand.
    found = computed("1.86", "1.17", "2.56")
    assert found["standard_error_low"] == pytest.approx(1.38 / 3.919928, rel=1e-6)
    assert found["standard_error_high"] == pytest.approx(1.40 / 3.919928, rel=1e-6)


def test_the_standard_error_of_a_ratio_is_on_the_log_scale() -> None:
    # ln 0.89 = -0.116534, ln 0.54 = -0.616186; their difference over 3.919928 is 0.127465.
    found = computed("0.69", "0.54", "0.89", effect_measure="RR", direction="decrease")
    assert found["standard_error_low"] <= 0.127465 <= found["standard_error_high"]
    assert found["standard_error_high"] - found["standard_error_low"] < 0.01


@pytest.mark.parametrize(
    ("figures", "measure", "p"),
    [
        # Altman and Bland 2011, BMJ 343:d2090: both go with the p-values given there.
        (("17.0", "1.4", "32.6"), "MD", 0.032),
        (("0.30", "0.10", "0.90"), "RR", 0.034),
    ],
)
def test_published_examples_lie_in_the_range_that_their_digits_allow(
    figures: tuple[str, str, str], measure: str, p: float
) -> None:
    found = computed(*figures, effect_measure=measure)
    assert found["p_low"] <= p <= found["p_high"]


def test_a_printed_p_that_does_not_follow_is_flagged_with_what_follows() -> None:
    found = computed(
        "0.52", "0.36", "0.74", effect_measure="RR", direction="decrease", p_value="0.003"
    )
    assert found["flags"] == (
        "the printed p-value is 0.003, but the interval gives p = 0.00020 to 0.00066"
    )
    assert found["verdict"] == "flag"


@pytest.mark.parametrize(
    ("p_value", "fits"), [("<0.001", True), ("<0.0001", False), ("0.0004", True)]
)
def test_a_p_printed_as_a_bound_is_compared_as_one(p_value: str, fits: bool) -> None:
    found = computed(
        "0.52", "0.36", "0.74", effect_measure="RR", direction="decrease", p_value=p_value
    )
    assert (found["flags"] == "") == fits


def test_rounding_explains_an_interval_that_looks_uneven() -> None:
    assert computed("-0.09", "-0.14", "-0.05", direction="decrease")["verdict"] == "pass"
    assert "uneven" in computed("-0.08", "-0.14", "-0.05", direction="decrease")["flags"]


def test_evenness_is_judged_on_the_log_scale_for_a_ratio() -> None:
    ratio = {"effect_measure": "RR", "direction": "decrease"}
    assert "uneven" not in computed("0.44", "0.23", "0.88", **ratio)["flags"]
    assert "uneven" in computed("0.44", "0.23", "0.88")["flags"]


@pytest.mark.parametrize(
    ("lower", "upper", "excludes"),
    [("0.01", "0.83", True), ("-0.02", "1.89", False), ("0.00", "1.89", None)],
)
def test_an_interval_leaves_out_includes_or_leaves_open_no_difference(
    lower: str, upper: str, excludes: bool | None
) -> None:
    found = computed("0.42", lower, upper)["excludes_null"]
    assert (None if found is pd.NA else bool(found)) is excludes


@pytest.mark.parametrize(
    ("cells", "clause"),
    [
        ({"statistically_significant": "yes"}, "called significant, but the interval includes"),
        ({}, "it is described as a change, but the interval includes"),
        ({"ci_level": 99.0}, ""),  # another level says nothing at the usual one
        ({"direction": "no_significant_change"}, ""),
    ],
)
def test_words_are_compared_with_an_interval_that_includes_no_difference(
    cells: dict[str, Any], clause: str
) -> None:
    flags = computed("1.05", "-0.20", "2.30", **cells)["flags"]
    assert clause in flags if clause else flags == ""


def test_no_significant_change_needs_an_interval_that_includes_no_difference() -> None:
    found = computed("1.86", "1.17", "2.56", direction="no_significant_change")
    assert "called not significant, but the interval leaves out" in found["flags"]


def test_an_interval_without_a_level_gives_no_standard_error() -> None:
    found = computed("1.86", "1.17", "2.56", ci_level=pd.NA)
    assert found["standard_error_low"] is pd.NA
    assert found["verdict"] == "pass"


def test_limits_that_round_to_one_number_leave_p_small_and_bounded() -> None:
    found = computed("0.1", "0.1", "0.1")
    assert found["standard_error_low"] == 0
    assert found["p_low"] == 0


def test_a_finding_without_an_interval_cannot_be_checked(topic: Evidence) -> None:
    verdicts = topic.arithmetic["verdict"]
    unchecked = verdicts == "cannot be checked"
    assert (unchecked == topic.findings["ci_lower"].isna()).all()
    assert set(verdicts) <= {"pass", "flag", "cannot be checked"}


def test_two_names_of_one_measure_in_one_source_are_flagged(changed_topic: Changed) -> None:
    evidence = changed_topic(
        "findings", "larkin2024-vig", effect_measure="WMD", misfit="labelled WMD, the other MD",
        as_printed="VIG: WMD -0.90 ug/L, 95% CI -1.30 to -0.50, p <0.001; 4 studies, 700 people",
    )  # fmt: skip
    assert "labelled WMD" in evidence.arithmetic.loc["larkin2024-vig", "flags"]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.02, 0.02, "p = 0.020"),
        (0.00009, 0.00027, "p up to 0.00027"),
        (0.0004, 0.08, "p up to 0.080"),
        (0.031, 0.047, "p = 0.031 to 0.047"),
    ],
)
def test_a_range_of_p_is_rounded_outwards(low: float, high: float, words: str) -> None:
    assert p_text(low, high) == words


def arms(**cells: Any) -> pd.DataFrame:
    # Two arms of 24: 2.8 (SD 1.0) and 4.2 (SD 2.1).
    shared = {
        "source_id": "a", "outcome_id": "som", "measured_as": pd.NA, "value_type": "endpoint",
        "unit": "ng/mL", "timepoint": "6 months", "n": 24, "dispersion_type": "SD", "arm": "x",
    }  # fmt: skip
    first = shared | {"role": "intervention", "mean": 2.8, "mean_printed": "2.8", "dispersion": 1.0}
    other = shared | {"role": "comparator", "mean": 4.2, "mean_printed": "4.2", "dispersion": 2.1}
    return pd.DataFrame([first | cells, other], index=["x", "y"])


def test_a_difference_and_its_interval_follow_the_handbook() -> None:
    # 2.8 - 4.2; sqrt(1.0**2/24 + 2.1**2/24) = 0.4747806; 1.959964 * 0.4747806 = 0.9305529
    found = effect_sizes(arms(), "MD").iloc[0]
    assert found["estimate"] == pytest.approx(-1.4)
    assert found["standard_error"] == pytest.approx(0.4747806, rel=1e-6)
    assert (found["ci_lower"], found["ci_upper"]) == pytest.approx((-2.3305529, -0.4694471))
    assert found["digits"] == 2
    assert not found["sd_inferred"]


@pytest.mark.parametrize(
    ("cells", "missing"),
    [
        ({"n": None}, "number of participants in each arm not stated"),
        ({"dispersion_type": None}, "spread not stated"),
        ({"dispersion_type": "SE"}, "spread not stated as a standard deviation"),
        ({"n": 1}, "an arm of one has no spread"),
        ({"mean": None}, "no means are printed"),
        ({"n": None, "dispersion_type": None}, "in each arm not stated; spread not stated"),
    ],
)
def test_no_difference_is_computed_where_something_is_not_stated(
    cells: dict[str, Any], missing: str
) -> None:
    found = effect_sizes(arms(**cells), "MD").iloc[0]
    assert missing in found["missing"]
    assert found["estimate"] is pd.NA


def test_arms_pair_within_one_outcome_time_and_unit_only() -> None:
    assert len(effect_sizes(arms(timepoint="1 year"), "MD")) == 0
    assert len(effect_sizes(arms(unit="ug/L"), "MD")) == 0


def test_every_dose_arm_is_set_beside_the_comparator() -> None:
    low = arms().loc[["x"]].rename(index={"x": "low"}).assign(arm="lower dose")
    assert list(effect_sizes(pd.concat([arms(), low]), "MD")["arm_id_intervention"]) == ["x", "low"]


@pytest.mark.parametrize("change", [str, lambda text: text.replace(".", "·").replace(",", "")])
def test_digits_are_found_as_sources_group_and_point_them(
    changed_topic: Changed, change: Any
) -> None:
    figures = {"estimate": "1250.5", "ci_lower": "1000.5", "ci_upper": "1500.5"}
    printed = change("MD 1,250.5 (95% CI 1,000.5 to 1,500.5)")
    changed_topic("findings", "larkin2024-som", as_printed=printed, **figures)


def test_measures_are_recognized_as_sources_write_them() -> None:
    assert named_measures("Weighted mean differences: 1.2") == {"WMD"}
    assert named_measures("standardised mean difference") == {"SMD"}
    assert named_measures("relative risk 0.5, or ORs") == {"RR", "OR"}
    assert printed_p_values("P = .037, p<0.001, P > 0.05") == ["0.037", "<0.001", ">0.05"]
    assert printed_p_values("p-value 0.03; P values: <.01; group P 12") == ["0.03", "<0.01"]
