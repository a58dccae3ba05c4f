"""Each rule: one row that it passes, and the rows that it stops."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_tools.celltext import LONGEST, shorten, text_fault
from evidence_tools.rules import (
    RULES,
    Rule,
    printed_numbers,
    rule_amount,
    rule_arm_role,
    rule_as_printed,
    rule_context,
    rule_direction,
    rule_dispersion,
    rule_effect_measure,
    rule_interval,
    rule_judgement,
    rule_p_value,
    rule_printed_p_value,
    rule_publication_year,
    rule_reported_unit,
    rule_same_trial,
)

D = Decimal
FINDING: dict[str, object] = {
    "effect_measure": "MD",
    "estimate": D("1.86"),
    "ci_lower": D("1.17"),
    "ci_upper": D("2.56"),
    "ci_level": D(95),
    "unit": "not reported",
    "p_value": "0.03",
    "direction": "increase",
    "statistically_significant": "yes",
    "as_printed": "MD 1.86, 95% CI 1.17-2.56, P = 0.03",
}
NO_FIGURE = dict.fromkeys(
    ("effect_measure", "estimate", "ci_lower", "ci_upper", "ci_level", "p_value", "as_printed")
)
OTHERS: dict[Rule, dict[str, object]] = {
    rule_dispersion: {"dispersion": D(2), "dispersion_type": "SD"},
    rule_context: {"value": "38", "unit": "%", "population": "women", "source_id": "a"},
    rule_judgement: {"rationale": "K2 trials disagree.", "finding_ids": "a", "source_ids": None},
    rule_amount: {"dose": D(45), "dose_unit": "mg/day", "duration": None, "duration_unit": None},
    rule_arm_role: {"arm_id": "koitaya2009-k2"},
    rule_same_trial: {"source_id": "koitaya2014", "same_trial_as": "koitaya2009"},
    rule_publication_year: {"year": 2025, "integrity_checked": date(2026, 11, 21)},
}

CASES: list[tuple[Rule, dict[str, object], str]] = [
    (rule_interval, {"ci_lower": None}, "ci_lower"),
    (rule_interval, {"ci_upper": None}, "ci_upper"),
    (rule_interval, {"ci_lower": None, "ci_upper": None}, "ci_level"),
    (rule_interval, {"ci_lower": D(3)}, "ci_lower"),
    (rule_interval, {"estimate": None}, "estimate"),
    (rule_interval, {"estimate": D("1.16")}, "estimate"),
    (rule_interval, {"estimate": D("2.57")}, "estimate"),
    (rule_effect_measure, {"effect_measure": None}, "effect_measure"),
    (rule_effect_measure, {"estimate": None}, "estimate"),
    (rule_effect_measure, {"effect_measure": "RR", "unit": "ratio", "estimate": D(0)}, "estimate"),
    (rule_effect_measure, {"effect_measure": "OR", "unit": "ratio", "ci_lower": D(-1)}, "ci_lower"),
    (rule_effect_measure, {"effect_measure": "RR"}, "unit"),
    (rule_effect_measure, {"unit": "ratio"}, "unit"),
    (rule_effect_measure, {"unit": "SD"}, "unit"),
    (rule_effect_measure, {"effect_measure": "SMD"}, "unit"),
    (rule_effect_measure, {**NO_FIGURE, "unit": "ratio"}, "unit"),
    (rule_direction, {"direction": "decrease"}, "direction"),
    (
        rule_direction,
        {"direction": "decrease", "effect_measure": "RR", "estimate": D("1.2")},
        "direction",
    ),
    (rule_direction, {"direction": "no_significant_change"}, "statistically_significant"),
    (rule_as_printed, {"estimate": D("1.68")}, "estimate"),
    (rule_as_printed, {"estimate": D("-1.86")}, "estimate"),
    (rule_as_printed, {"estimate": D("1.860")}, "estimate"),
    (rule_as_printed, {"ci_upper": D("2.5")}, "ci_upper"),
    (rule_as_printed, {"ci_level": D(99)}, "ci_level"),
    (rule_as_printed, {"estimate": D(95)}, "ci_level"),
    (rule_as_printed, {"as_printed": None}, "estimate"),
    (rule_as_printed, {"as_printed": "MD −1.86, 95% CI 1.17-2.56"}, "as_printed"),
    (rule_printed_p_value, {"p_value": "0.3"}, "p_value"),
    (rule_printed_p_value, {"p_value": "<0.03"}, "p_value"),
    (rule_printed_p_value, {"p_value": "1.17"}, "p_value"),
    (rule_reported_unit, {**NO_FIGURE, "unit": "% change"}, "unit"),
    (rule_p_value, {"p_value": "0.000"}, "p_value"),
    (rule_p_value, {"p_value": "<0"}, "p_value"),
    (rule_p_value, {"p_value": "1.01"}, "p_value"),
    (rule_p_value, {"p_value": "-0.1"}, "p_value"),
    (rule_p_value, {"p_value": "nan"}, "p_value"),
    (rule_dispersion, {"dispersion": None}, "dispersion"),
    (rule_dispersion, {"dispersion_type": None}, "dispersion_type"),
    (rule_context, {"unit": None}, "unit"),
    (rule_context, {"population": None}, "population"),
    (rule_context, {"source_id": None}, "source_id"),
    (rule_judgement, {"finding_ids": None}, "finding_ids"),
    (rule_judgement, {"rationale": "Only 9 trials."}, "rationale"),
    (rule_amount, {"dose": None}, "dose"),
    (rule_amount, {"dose_unit": None}, "dose_unit"),
    (rule_amount, {"duration": D(12)}, "duration_unit"),
    (rule_amount, {"duration": D(0), "duration_unit": "months"}, "duration"),
    (rule_arm_role, {"arm_id": "koitaya2009-mk4"}, "arm_id"),
    (rule_same_trial, {"same_trial_as": "koitaya2014"}, "same_trial_as"),
    (rule_publication_year, {"year": 2028}, "year"),
]


def sound_row(rule: Rule) -> dict[str, object]:
    return OTHERS.get(rule, FINDING)


@pytest.mark.parametrize("rule", [rule for rules in RULES.values() for rule in rules])
def test_every_rule_passes_a_sound_row(rule: Rule) -> None:
    assert list(rule(sound_row(rule))) == []


@pytest.mark.parametrize("rule", [rule for rules in RULES.values() for rule in rules])
def test_every_rule_has_a_row_that_it_stops(rule: Rule) -> None:
    assert any(case[0] is rule for case in CASES)


@pytest.mark.parametrize(("rule", "change", "column"), CASES)
def test_a_rule_names_the_column_at_fault(
    rule: Rule, change: dict[str, object], column: str
) -> None:
    columns = [fault[0] for fault in rule({**sound_row(rule), **change})]
    assert column in columns


@pytest.mark.parametrize("rule", RULES["findings"])
def test_a_finding_without_any_figure_is_no_fault(rule: Rule) -> None:
    assert list(rule({**FINDING, **NO_FIGURE, "direction": "increase"})) == []


@pytest.mark.parametrize("rule", [rule_context, rule_dispersion, rule_publication_year])
def test_a_row_without_a_value_is_no_fault(rule: Rule) -> None:
    assert list(rule(dict.fromkeys(OTHERS[rule]))) == []


def test_a_context_value_that_was_not_found_needs_no_source() -> None:
    assert list(rule_context({"value": "not found"})) == []


def test_an_estimate_may_equal_a_limit_of_its_interval() -> None:
    assert list(rule_interval({**FINDING, "estimate": D("1.17")})) == []


def test_a_p_value_without_a_printed_figure_is_accepted() -> None:
    assert list(rule_printed_p_value({"p_value": "<0.05", "as_printed": None})) == []


@pytest.mark.parametrize(
    ("printed", "numbers"),
    [
        ("MD -0.09, 95% CI -0.14 to -0.05", ["-0.09", "95", "-0.14", "-0.05"]),
        ("95% CI 1.17-2.56", ["95", "1.17", "2.56"]),
        ("95% CI: 0.36~0.74", ["95", "0.36", "0.74"]),
        ("OR 0.98 (0.85 to 1.14)", ["0.98", "0.85", "1.14"]),
        ("no significant change", []),
        ("", []),
    ],
)
def test_printed_numbers_are_read_with_sign_and_digits(printed: str, numbers: list[str]) -> None:
    assert printed_numbers(printed) == numbers


decimals = st.decimals(-999, 999, places=2, allow_nan=False, allow_infinity=False)


@given(st.lists(decimals.map(str).filter(lambda text: text != "-0.00"), max_size=6))
def test_printed_numbers_round_trip(numbers: list[str]) -> None:
    assert printed_numbers(" to ".join(numbers)) == numbers


@given(st.tuples(decimals, decimals, decimals))
def test_a_figure_written_from_its_numbers_has_their_digits(
    numbers: tuple[Decimal, Decimal, Decimal],
) -> None:
    estimate, lower, upper = numbers
    row = {
        "estimate": estimate,
        "ci_lower": lower,
        "ci_upper": upper,
        "as_printed": f"MD {estimate}, 95% CI {lower} to {upper}",
    }
    assert list(rule_as_printed(row)) == []


@given(decimals, st.integers(0, 9))
def test_a_changed_digit_is_found(estimate: Decimal, digit: int) -> None:
    printed = f"MD {estimate}"
    changed = printed[:-1] + str(digit)
    faults = list(rule_as_printed({"estimate": estimate, "as_printed": changed}))
    assert bool(faults) == (changed != printed)


@pytest.mark.parametrize(
    "text", ["a\nb", "a\tb", "a\x00b", "a\x7fb", "a\x85b", "\ufeffa", "a\u202eb", "a\u2066b",
             "a\u200bb", "a\u2028b", "a\xadb", "a\ue000b", "a\U000e0041b", " a", "a ", "\u00a0a",
             "a" * (LONGEST + 1)],
)  # fmt: skip
def test_text_that_is_not_plain_is_found(text: str) -> None:
    assert text_fault(text)


@pytest.mark.parametrize(
    "text", ["", "Rønn 2021", "α–ω", "<b> & $x$ `y` \\ {z}", "中文", "a" * LONGEST]
)
def test_plain_text_is_left_alone(text: str) -> None:
    assert text_fault(text) == ""


@given(st.text())
def test_a_shown_text_is_short_and_printable(text: str) -> None:
    shown = shorten(text)
    assert shown.isprintable()
    assert len(shown) < 60 * 10 + 40
