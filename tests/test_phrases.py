from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_tools import Evidence
from evidence_tools.display import plain
from evidence_tools.phrases import (
    DIRECTION_WORDS,
    effect_text,
    estimate_text,
    finding_runs,
    interval_text,
    number_text,
    source_name,
    unit_text,
    value_text,
)
from evidence_tools.schema import Direction, UnknownKeyError


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("-1.54"), "−1.54"),
        (Decimal("2.00"), "2.00"),
        (Decimal("0.945"), "0.945"),
        (2570, "2,570"),
        (109, "109"),
        (0, "0"),
    ],
)
def test_a_number_keeps_its_digits_and_gets_a_true_minus(value: Decimal | int, text: str) -> None:
    assert number_text(value) == text


@given(st.decimals(-9999, 9999, places=3))
def test_the_text_of_a_number_reads_back_as_the_number(value: Decimal) -> None:
    assert Decimal(number_text(value).replace("−", "-").replace(",", "")) == value


@given(st.integers(0, 10**9))
def test_the_text_of_a_count_reads_back_as_the_count(value: int) -> None:
    assert int(number_text(value).replace(",", "")) == value


@pytest.mark.parametrize("direction", Direction)
def test_every_direction_has_words_for_readers(direction: Direction) -> None:
    assert "_" not in DIRECTION_WORDS[direction]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("zhang2025-oc", "MD 1.86 (95% CI 1.17 to 2.56; unit not reported)"),
        ("zhang2025-bap", "MD 1.49 (95% CI 0.98 to 2.00; unit not reported)"),
        ("zhang2025-ucoc", "WMD −1.54 (95% CI −2.44 to −0.64; unit not reported)"),
        ("zhang2025-trap", "MD −0.83 (95% CI −1.21 to −0.46; unit not reported)"),
        ("zhang2025-ctx", "MD −0.09 (95% CI −0.14 to −0.05; unit not reported)"),
        ("zhang2025-ntx", "no significant change (no estimate reported)"),
        ("bjr2024-oc", "no significant change (no estimate reported; p = 0.076)"),
        ("bjr2024-ucoc", "decrease (no estimate reported; p < 0.001)"),
        ("mott2019-bmd-ls-2y", "MD 1.63 (95% CI 0.10 to 3.16; % change)"),
        ("mott2019-fracture-clinical", "OR 0.72 (95% CI 0.55 to 0.95)"),
        ("ma2022-fracture", "RR 0.96 (interval not reported; p = 0.65)"),
        ("alhajri2021-ctx", "not conclusive (no estimate reported)"),
        (
            "mott2019adj-fracture-vertebral",
            "OR 0.98 (interval 0.85 to 1.14, level not stated)",
        ),
    ],
)
def test_an_effect_says_what_is_known_and_what_is_not(
    evidence: Evidence, key: str, text: str
) -> None:
    assert effect_text(evidence.finding(key)) == text


def test_an_estimate_does_not_repeat_the_direction(evidence: Evidence) -> None:
    assert estimate_text(evidence.finding("zhang2025-ntx")) == "no estimate reported"


def test_a_missing_interval_is_said(evidence: Evidence) -> None:
    assert interval_text(evidence.finding("zhou2022-ucoc")) == "interval not reported"


def test_a_ratio_has_no_unit_to_name(evidence: Evidence) -> None:
    assert unit_text(evidence.finding("xu2021-adverse")) == ""


def test_a_doubt_about_a_source_stands_beside_its_name(evidence: Evidence) -> None:
    assert source_name(evidence.source("cockayne2006")) == "Cockayne 2006 (caution published)"
    assert source_name(evidence.source("zhang2025")) == "Zhang 2025"


def test_a_finding_is_stated_with_its_source(evidence: Evidence) -> None:
    stated = finding_runs(evidence, evidence.finding("zhang2025-ctx"))
    assert plain(stated).endswith("; unit not reported) [Zhang 2025]")
    assert [run.finding_id for run in stated if run.finding_id] == ["zhang2025-ctx"]
    assert [run.source_id for run in stated if run.source_id] == ["zhang2025"]


def test_a_figure_under_caution_is_struck_out(evidence: Evidence) -> None:
    struck = {
        finding.source_id
        for finding in evidence.findings()
        if finding_runs(evidence, finding)[0].style == "struck"
    }
    assert struck == {"cockayne2006"}


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("zhang2025.n_participants", "2,570"),
        ("zhang2025.year", "2025"),
        ("mott2019.n_participants", "not reported"),
        ("derwich2026.journal", "not reported"),
        ("zhou2022.authors", "not reported"),
        ("zhang2025-ucoc.estimate", "−1.54"),
        ("zhang2025-ntx.direction", "no significant change"),
        ("zhang2025-oc.statistically_significant", "yes"),
        ("bjr2024-ucoc.p_value", "p < 0.001"),
        ("oc.name", "Osteocalcin"),
        ("oc.surrogate", "yes"),
        ("jiang2014-oc-12m-k2.mean", "−38.7"),
        ("ctx-lsc.value", "56"),
        ("cockayne2006.integrity", "caution published"),
        ("gu2019.year", "not reported"),
        ("count.sources", "41"),
        ("count.findings", "72"),
        ("count.arms", "20"),
        ("count.outcomes", "21"),
    ],
)
def test_a_value_is_written_as_readers_need_it(evidence: Evidence, key: str, text: str) -> None:
    assert value_text(evidence, key) == text


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("zhang2025", "write identifier.field, such as"),
        ("zhang2025.participants", "'zhang2025' has no field 'participants'; its fields are"),
        ("zhang2052.year", "there is no row 'zhang2052'; nearest: zhang2025"),
        ("count.papers", "there is no count of 'papers'; known: sources"),
        ("", "write identifier.field"),
        (".year", "there is no row ''"),
    ],
)
def test_an_unknown_value_says_what_there_is(evidence: Evidence, key: str, message: str) -> None:
    with pytest.raises(UnknownKeyError) as caught:
        value_text(evidence, key)
    assert message in str(caught.value)
