"""Do printed figures fit together: one fact a test, and every check fails once."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from evidence_tools import Evidence, arithmetic_table, narrate_arithmetic
from evidence_tools.arithmetic import Verdict, check_finding, p_range_text, range_text
from evidence_tools.schema import Direction, Finding, PValue, Significance
from evidence_tools.statistics import Range


def changed(evidence: Evidence, finding_id: str, **values: object) -> Finding:
    return dataclasses.replace(evidence.finding(finding_id), **values)  # type: ignore[arg-type]


def flags(evidence: Evidence, finding: Finding) -> str:
    return "; ".join(check_finding(evidence, finding).flags)


def test_every_finding_gets_exactly_one_verdict(evidence: Evidence) -> None:
    verdicts = [check_finding(evidence, finding).verdict for finding in evidence.findings()]
    assert len(verdicts) == len(evidence.findings())
    assert set(verdicts) == set(Verdict)


def test_only_findings_without_an_interval_cannot_be_checked(evidence: Evidence) -> None:
    for finding in evidence.findings():
        unchecked = check_finding(evidence, finding).verdict is Verdict.UNCHECKED
        assert unchecked == (finding.ci_lower is None)


def test_the_printed_p_of_xu_2021_is_flagged(evidence: Evidence) -> None:
    check = check_finding(evidence, evidence.finding("xu2021-fracture-vertebral"))
    assert check.verdict is Verdict.FLAG
    assert "the printed p = 0.003 does not follow from the printed interval" in check.flags[0]
    assert "p = 0.00020 to 0.00066" in check.flags[0]


def test_a_printed_p_that_follows_passes(evidence: Evidence) -> None:
    check = check_finding(evidence, evidence.finding("xu2021-adverse"))
    assert check.verdict is Verdict.FITS
    assert "the printed p = 0.03 fits the interval" in check.notes


def test_a_p_printed_as_a_bound_is_compared_as_one(evidence: Evidence) -> None:
    fits = changed(evidence, "xu2021-fracture-vertebral", p_value=PValue("<", Decimal("0.001")))
    too_small = changed(
        evidence, "xu2021-fracture-vertebral", p_value=PValue("<", Decimal("0.0001"))
    )
    assert flags(evidence, fits) == ""
    assert "does not follow" in flags(evidence, too_small)


def test_an_increase_whose_interval_includes_no_difference_is_flagged(evidence: Evidence) -> None:
    finding = evidence.finding("mott2019-bmd-ls-1y")
    assert "described as an increase, but the interval includes" in flags(evidence, finding)


def test_significant_is_flagged_when_the_interval_includes_no_difference(
    evidence: Evidence,
) -> None:
    finding = changed(
        evidence,
        "hu2021-bmd-ls-k1",
        direction=Direction.INCREASE,
        statistically_significant=Significance.YES,
    )
    assert "called significant, but the interval includes" in flags(evidence, finding)


def test_not_significant_is_flagged_when_the_interval_leaves_no_difference_out(
    evidence: Evidence,
) -> None:
    finding = changed(evidence, "zhang2025-oc", statistically_significant=Significance.NO)
    assert "called not significant, but the interval leaves out" in flags(evidence, finding)


def test_no_significant_change_is_flagged_when_the_interval_leaves_no_difference_out(
    evidence: Evidence,
) -> None:
    finding = changed(
        evidence,
        "zhang2025-oc",
        direction=Direction.NO_SIGNIFICANT_CHANGE,
        statistically_significant=Significance.NOT_STATED,
    )
    assert "described as no significant change, but" in flags(evidence, finding)


def test_an_uneven_interval_is_flagged(evidence: Evidence) -> None:
    finding = changed(evidence, "zhang2025-oc", estimate=Decimal("1.68"))
    assert "interval uneven around the estimate" in flags(evidence, finding)


def test_two_names_of_one_measure_in_one_source_are_flagged(evidence: Evidence) -> None:
    assert "labelled WMD" in flags(evidence, evidence.finding("zhang2025-ucoc"))
    assert "labelled WMD" not in flags(evidence, evidence.finding("zhou2022-bmd-ls"))


def test_words_are_not_compared_with_an_interval_of_another_level(evidence: Evidence) -> None:
    finding = changed(
        evidence, "hu2021-bmd-ls-k1", ci_level=Decimal(99), direction=Direction.INCREASE
    )
    check = check_finding(evidence, finding)
    assert check.flags == ()
    assert "the interval is not at the usual level" in "; ".join(check.notes)


def test_an_interval_without_a_level_gives_no_standard_error(evidence: Evidence) -> None:
    check = check_finding(evidence, evidence.finding("kuang2020-ucoc"))
    assert check.standard_error is None
    assert check.verdict is Verdict.FITS
    assert "its level is not stated" in "; ".join(check.notes)


def test_a_limit_printed_as_zero_leaves_the_words_open(evidence: Evidence) -> None:
    finding = changed(
        evidence,
        "hu2021-bmd-ls-k1",
        estimate=Decimal("0.14"),
        ci_lower=Decimal("0.00"),
        ci_upper=Decimal("0.29"),
    )
    check = check_finding(evidence, finding)
    assert "the digits leave open" in "; ".join(check.notes)


@pytest.mark.parametrize(("p", "called"), [("0.076", "yes"), ("0.004", "no")])
def test_a_printed_p_without_interval_is_compared_with_the_words(
    evidence: Evidence, p: str, called: str
) -> None:
    finding = changed(
        evidence,
        "bjr2024-oc",
        p_value=PValue("=", Decimal(p)),
        statistically_significant=Significance(called),
    )
    assert f"the printed p = {p} does not fit" in flags(evidence, finding)


def test_ends_of_a_range_are_rounded_outwards() -> None:
    assert range_text(Range(0.3521, 0.3571), Decimal("0.001")) == "0.352 to 0.358"
    assert range_text(Range(-2.481, -2.241), Decimal("0.01")) == "−2.49 to −2.24"
    assert range_text(Range(0.5, 0.5), Decimal("0.1")) == "0.5"
    assert range_text(Range(0.5, float("inf")), Decimal("0.1")) == "no bound from these digits"


def test_very_small_p_values_are_written_as_a_bound() -> None:
    assert p_range_text(Range(1e-9, 1e-7)) == "p below 0.0001"
    assert p_range_text(Range(3e-6, 0.000861)) == "p up to 0.00087"
    assert p_range_text(Range(0.0247, 0.0353)) == "p = 0.024 to 0.036"


def test_the_table_leaves_out_columns_that_would_be_empty(evidence: Evidence) -> None:
    without = [finding for finding in evidence.findings() if finding.ci_lower is None]
    table = arithmetic_table(evidence, without, name="tab-x", caption="Why?")
    assert table.columns == ("Finding", "Why not")
    assert len(table.rows) == len(without)


def test_the_table_shows_ranges_and_links_each_finding(evidence: Evidence) -> None:
    finding = evidence.finding("xu2021-adverse")
    (row,) = arithmetic_table(evidence, [finding], name="tab-x", caption="Fits?").rows
    assert row.anchor == "xu2021-adverse"
    text = [cell.content[0].text for cell in row.cells[1:4]]
    assert text == ["0.115 to 0.120", "2.10 to 2.25", "0.024 to 0.036"]


def test_figures_of_a_source_under_caution_are_struck_out(evidence: Evidence) -> None:
    finding = evidence.finding("cockayne2006-fracture-hip")
    (row,) = arithmetic_table(evidence, [finding], name="tab-x", caption="Fits?").rows
    styles = {run.style for run in row.cells[0].content if run.finding_id}
    assert styles == {"struck"}


def test_the_sentences_count_verdicts_and_name_each_flag(evidence: Evidence) -> None:
    text = narrate_arithmetic(evidence, evidence.findings()).to_text()
    checks = [check_finding(evidence, finding) for finding in evidence.findings()]
    flagged = [check for check in checks if check.verdict is Verdict.FLAG]
    assert f"Of {len(checks)} findings" in text
    assert text.count("\n") == len(flagged)
    assert "Xu 2021" in text
