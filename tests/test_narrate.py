from __future__ import annotations

import dataclasses
import re
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence_tools import (
    Certainty,
    Evidence,
    narrate_finding,
    narrate_findings,
    narrate_limitations,
)
from evidence_tools.schema import Direction, EffectMeasure, Finding, PValue, Significance

NUMBER = re.compile(r"[−-]?\d+(?:\.\d+)?")
# Digits that belong to a name and not to a result.
NAMES = re.compile(r"[A-Z][\w&ø ]* \d{4}|K2")


def narrated(evidence: Evidence, key: str, certainty: Certainty | None = None) -> str:
    return narrate_finding(evidence, evidence.finding(key), certainty).to_text()


def test_without_a_rating_a_sentence_only_says_what_the_source_reports(
    evidence: Evidence,
) -> None:
    assert narrated(evidence, "zhang2025-oc") == (
        "Zhang 2025 reports an increase in osteocalcin (OC): "
        "MD 1.86 (95% CI 1.17 to 2.56; unit not reported). "
        "It is a laboratory marker, not a fracture."
    )


@pytest.mark.parametrize(
    ("certainty", "words"),
    [
        (Certainty.HIGH, "Vitamin K2 decreases undercarboxylated osteocalcin (ucOC): "),
        (Certainty.MODERATE, "Vitamin K2 probably decreases undercarboxylated"),
        (Certainty.LOW, "Vitamin K2 may decrease undercarboxylated"),
        (Certainty.VERY_LOW, "The evidence is very uncertain about undercarboxylated"),
    ],
)
def test_wording_follows_certainty(evidence: Evidence, certainty: Certainty, words: str) -> None:
    assert narrated(evidence, "zhang2025-ucoc", certainty).startswith(words)


@pytest.mark.parametrize("certainty", [None, *Certainty])
def test_not_significant_is_never_told_as_no_effect(
    evidence: Evidence, certainty: Certainty | None
) -> None:
    for finding in evidence.findings():
        text = narrate_finding(evidence, finding, certainty).to_text()
        assert "no effect" not in text
        if finding.direction is Direction.NO_SIGNIFICANT_CHANGE:
            assert "This does not show that there is no change." in text


@pytest.mark.parametrize("certainty", [None, *Certainty])
def test_a_result_is_said_once(evidence: Evidence, certainty: Certainty | None) -> None:
    text = narrated(evidence, "zhang2025-ntx", certainty)
    assert text.count("no significant change") == 1
    assert "no estimate reported" in text


def test_a_marker_is_never_told_as_a_fracture(evidence: Evidence) -> None:
    for finding in evidence.findings():
        text = narrate_finding(evidence, finding).to_text()
        is_marker = evidence.outcome_of(finding).is_marker
        assert text.endswith("It is a laboratory marker, not a fracture.") == is_marker


def test_a_doubted_source_is_named_with_its_doubt_and_its_figure_struck_out(
    evidence: Evidence,
) -> None:
    for certainty in (None, *Certainty):
        prose = narrate_finding(evidence, evidence.finding("cockayne2006-fracture-hip"), certainty)
        assert "Cockayne 2006 (caution published)" in prose.to_text()
        assert "<s>OR 0.23" in prose.to_html()


def test_a_benefit_told_in_words_is_not_told_as_a_change(evidence: Evidence) -> None:
    text = narrated(evidence, "alhajri2021-oc", Certainty.LOW)
    assert "describes a benefit, without a pooled figure, for osteocalcin" in text
    assert "may" not in text


def test_findings_are_told_as_a_list_in_the_order_given(evidence: Evidence) -> None:
    prose = narrate_findings(evidence, evidence.findings(source="zhang2025"))
    assert prose.as_list
    keys = [next(r.finding_id for r in item if r.finding_id) for item in prose.paragraphs]
    assert keys == [f.finding_id for f in evidence.findings(source="zhang2025")]


def test_no_findings_give_no_limitations(evidence: Evidence) -> None:
    assert narrate_limitations(evidence, ()).paragraphs == ()


def test_a_limitation_names_the_rows_that_it_holds_for(evidence: Evidence) -> None:
    text = narrate_limitations(evidence, evidence.findings(source="zhang2025")).to_text()
    assert "unit is not reported" in text
    assert "Holds for Zhang 2025 on OC, BAP, ucOC, TRAP and CTX." in text
    assert "Holds for Zhang 2025 on NTX." in text
    assert "Holds for all 6 results: Zhang 2025 on OC, BAP, ucOC, TRAP, CTX and NTX." in text


def test_a_limitation_of_very_many_results_tells_their_number(evidence: Evidence) -> None:
    text = narrate_limitations(evidence, evidence.findings()).to_text()
    assert f"Holds for all {len(evidence.findings())} results." in text


def numbers_of(text: str) -> list[str]:
    return [found.replace("−", "-") for found in NUMBER.findall(NAMES.sub("", text))]


def numbers_in_row(finding: Finding) -> list[str]:
    values = (finding.estimate, finding.ci_level, finding.ci_lower, finding.ci_upper)
    numbers = [str(value) for value in values if value is not None]
    return numbers + ([str(finding.p_value.value)] if finding.p_value else [])


def test_numbers_in_every_sentence_are_exactly_those_of_its_row(evidence: Evidence) -> None:
    for finding in evidence.findings():
        without_note = dataclasses.replace(finding, note="")
        for certainty in (None, *Certainty):
            text = narrate_finding(evidence, without_note, certainty).to_text()
            assert numbers_of(text) == numbers_in_row(finding), text


amounts = st.decimals(-99, 99, places=2, allow_nan=False).filter(lambda d: d != 0)
made_up = st.builds(
    lambda limits, estimate, level, p_value, direction, certainty: (
        {
            "estimate": estimate,
            "ci_lower": min(limits) if limits else None,
            "ci_upper": max(limits) if limits else None,
            "ci_level": level if limits else None,
            "p_value": p_value,
            "direction": direction,
            "effect_measure": EffectMeasure.MD,
            "statistically_significant": Significance.NOT_STATED,
            "note": "",
        },
        certainty,
    ),
    st.none() | st.tuples(amounts, amounts),
    amounts,
    st.none() | st.just(Decimal(95)),
    st.none() | st.builds(PValue, st.sampled_from("<="), st.decimals("0.001", 1, places=3)),
    st.sampled_from(Direction),
    st.none() | st.sampled_from(Certainty),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(made_up)
def test_numbers_in_a_sentence_are_those_of_any_row(
    evidence: Evidence, row: tuple[dict[str, object], Certainty | None]
) -> None:
    values, certainty = row
    finding = dataclasses.replace(evidence.finding("zhang2025-oc"), **values)
    text = narrate_finding(evidence, finding, certainty).to_text()
    assert numbers_of(text) == numbers_in_row(finding)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(alphabet="<>&\"'`$*_{}[]()#@\\ab", min_size=1))
def test_a_note_comes_out_as_plain_characters(evidence: Evidence, note: str) -> None:
    finding = dataclasses.replace(evidence.finding("zhang2025-oc"), note=note)
    prose = narrate_finding(evidence, finding)
    assert f"Note: {note}." in prose.to_text()
    assert not re.search(r"<(?!/?(p|s)>)", prose.to_html())


def test_many_results_of_a_source_that_are_all_limited_are_counted_not_listed(
    evidence: Evidence,
) -> None:
    findings = evidence.findings(kind="fracture") + evidence.findings(kind="bone density")
    text = narrate_limitations(evidence, findings).to_text()
    assert "all 7 results of Mott 2019 (adjusted later)" in text
    assert "both results of Zhou 2022" in text


def test_results_of_a_source_on_one_outcome_are_named_once(evidence: Evidence) -> None:
    text = narrate_limitations(evidence, evidence.findings(outcome="fracture_any")).to_text()
    assert "Huang 2015 on fractures at any site (2 results)" in text
    assert "fractures at any site, fractures" not in text
