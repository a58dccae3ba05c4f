"""Sentences about sensitivity, disagreement and integrity, and how they follow the rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import change_cell

from evidence_tools import (
    Evidence,
    load_evidence,
    narrate_directions,
    narrate_integrity,
    narrate_sensitivity,
)
from evidence_tools.sensitivity import find_sensitivity_pairs


def test_each_primary_result_is_paired_with_its_alternatives(evidence: Evidence) -> None:
    pairs = find_sensitivity_pairs(evidence, evidence.findings(kind="fracture"))
    assert [(pair.primary.finding_id, pair.alternative.finding_id) for pair in pairs] == [
        ("ma2022-fracture", "ma2022-fracture-sens"),
        ("mott2019-fracture-clinical", "mott2019-fracture-clinical-lowrob"),
        ("mott2019-fracture-clinical", "mott2019adj-fracture-clinical"),
        ("mott2019-fracture-vertebral", "mott2019adj-fracture-vertebral"),
        ("huang2015-fracture", "huang2015-fracture-sens"),
    ]


def test_a_correction_belongs_only_to_a_source_that_was_adjusted(data_copy: Path) -> None:
    change_cell(data_copy / "sources.csv", "mott2019", "integrity", "none_known")
    evidence = load_evidence(data_copy)
    found = {
        pair.alternative.source_id
        for pair in find_sensitivity_pairs(evidence, evidence.findings(kind="fracture"))
    }
    assert "mott2019adj" not in found


def test_a_result_that_turns_significant_without_a_study_is_told_so(evidence: Evidence) -> None:
    text = narrate_sensitivity(evidence, evidence.findings(source="huang2015")).to_text()
    assert "RR 0.63 (interval not reported; p = 0.08); in a sensitivity analysis (one study" in text
    assert "The first result is not significant, the second is." in text
    assert "depends on which studies are counted" in text


def test_a_result_that_stays_significant_is_told_so(evidence: Evidence) -> None:
    findings = evidence.findings(outcome="fracture_vertebral")
    text = narrate_sensitivity(evidence, findings).to_text()
    assert "OR 0.96 (95% CI 0.83 to 1.11); in Mott 2019 correction (without YOPS): OR 0.98" in text
    assert "Neither result is significant." in text
    assert "depends on" not in text


def test_sensitivity_follows_the_rows(data_copy: Path) -> None:
    change_cell(
        data_copy / "findings.csv", "huang2015-fracture", "statistically_significant", "yes"
    )
    change_cell(data_copy / "findings.csv", "huang2015-fracture", "direction", "decrease")
    evidence = load_evidence(data_copy)
    text = narrate_sensitivity(evidence, evidence.findings(source="huang2015")).to_text()
    assert "Both results are significant." in text


def test_vertebral_fractures_name_both_sides_and_what_is_struck_out(evidence: Evidence) -> None:
    text = narrate_directions(evidence, ["fracture_vertebral"]).to_text()
    assert "No significant change: Mott 2019 (adjusted later); Mott 2019 correction; Inoue" in text
    assert "Decrease: Salma 2022; Xu 2021 (printed figures do not fit together)." in text
    assert "Struck out and not counted: Cockayne 2006 (caution published)." in text
    assert "The sources do not all report a change." in text


def test_an_answer_that_depends_on_the_studies_counted_is_told_so(evidence: Evidence) -> None:
    text = narrate_directions(evidence, ["fracture_any"]).to_text()
    assert "The answer of Ma 2022 and Huang 2015 depends on which studies are counted." in text
    assert "depends" not in narrate_directions(evidence, ["fracture_vertebral"]).to_text()


def test_opposite_directions_are_told_as_such(evidence: Evidence) -> None:
    assert "point in opposite directions" in narrate_directions(evidence, ["oc"]).to_text()


def test_outcomes_with_struck_out_sources_only_have_nothing_to_rely_on(evidence: Evidence) -> None:
    text = narrate_directions(evidence, ["fracture_hip"]).to_text()
    assert "No source that can be relied on is listed here." in text


def test_no_significant_change_alone_is_never_told_as_no_change(evidence: Evidence) -> None:
    text = narrate_directions(evidence, ["fracture_any"]).to_text()
    assert "This does not show that there is no change." in text


def test_each_outcome_is_told_with_its_certainty(evidence: Evidence) -> None:
    for outcome in evidence.outcomes.values():
        text = narrate_directions(evidence, [outcome.outcome_id]).to_text()
        assert text.endswith(f"Certainty: {evidence.certainty(outcome.outcome_id) or 'not rated'}.")


@pytest.mark.parametrize("status", ["retracted", "caution_published"])
def test_a_source_that_loses_its_standing_is_no_longer_counted(
    data_copy: Path, status: str
) -> None:
    change_cell(data_copy / "sources.csv", "salma2022", "integrity", status)
    evidence = load_evidence(data_copy)
    text = narrate_directions(evidence, ["fracture_vertebral"]).to_text()
    assert "Decrease: Xu 2021" in text
    assert "Struck out and not counted: Salma 2022" in text


def test_integrity_says_when_it_was_looked_up_why_and_what_follows(evidence: Evidence) -> None:
    text = narrate_integrity(evidence, evidence.sources.values()).to_text()
    assert "Cockayne 2006 (caution published), looked up on 2026-11-21: an author" in text
    assert "a caution to readers in 2018 (Torgerson 2018)" in text
    assert "Iwamoto 2009 (retracted)" in text
    assert text.count("shown struck out") == 1
    assert "Zhang 2025" not in text


def test_a_struck_finding_is_struck_in_the_list_of_directions(evidence: Evidence) -> None:
    prose = narrate_directions(evidence, ["fracture_vertebral"])
    struck = [run.finding_id for run in prose.paragraphs[0] if run.style == "struck"]
    assert struck == ["cockayne2006-fracture-vertebral"]


def test_a_struck_out_source_without_figures_is_not_said_to_show_any(evidence: Evidence) -> None:
    text = narrate_integrity(evidence, [evidence.source("iwamoto2009ma")]).to_text()
    assert "No figure of it stands in this report." in text
    assert "shown struck out" not in text


def test_an_increase_that_is_not_significant_is_marked_so(evidence: Evidence) -> None:
    text = narrate_directions(evidence, ["bmd_lumbar_spine"]).to_text()
    assert "Mott 2019 (adjusted later; 1 year; not significant)" in text
    assert "Mott 2019 (adjusted later; 2 years)" in text
