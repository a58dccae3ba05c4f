"""The same results with and without flagged studies."""

from __future__ import annotations

from evidence_tools import Evidence, sensitivity_plot
from evidence_tools.sensitivity_plots import without_flagged


def left(evidence: Evidence, *, outcome: str) -> set[str]:
    findings = evidence.findings(outcome=outcome)
    return {finding.finding_id for finding in without_flagged(evidence, findings)}


def test_an_analysis_gives_way_to_the_one_without_the_heterogeneous_study(
    evidence: Evidence,
) -> None:
    kept = left(evidence, outcome="fracture_any")
    assert "ma2022-fracture-sens" in kept
    assert "ma2022-fracture" not in kept


def test_a_corrected_result_gives_way_to_its_correction(evidence: Evidence) -> None:
    kept = left(evidence, outcome="fracture_clinical")
    assert "mott2019adj-fracture-clinical" in kept
    assert "mott2019-fracture-clinical" not in kept


def test_struck_out_results_go_and_null_results_stay(evidence: Evidence) -> None:
    kept = left(evidence, outcome="fracture_vertebral")
    assert "cockayne2006-fracture-vertebral" not in kept
    assert "inoue2009-fracture-vertebral" in kept


def test_an_analysis_without_its_alternative_stays(evidence: Evidence) -> None:
    alone = [evidence.finding("ma2022-fracture")]
    assert without_flagged(evidence, alone) == tuple(alone)


def test_both_figures_have_a_name_a_caption_and_words_of_their_own(evidence: Evidence) -> None:
    findings = evidence.findings(outcome=["fracture_clinical", "fracture_vertebral"])
    both = sensitivity_plot(
        evidence, findings, name="fig-a", caption="All?", kept_name="fig-b", kept_caption="Kept?"
    )
    every, kept = both.figures
    assert (every.name, kept.name) == ("fig-a", "fig-b")
    assert "Cockayne 2006" in every.alt
    assert "Cockayne 2006" not in kept.alt
