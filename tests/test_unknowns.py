"""What a report does not know follows its rows: a gap that is closed is no longer told."""

from __future__ import annotations

from pathlib import Path

from conftest import change_cell

from evidence_tools import Evidence, load_evidence
from evidence_tools.unknowns import narrate_unknowns


def test_units_sizes_and_estimates_that_are_missing_are_named(evidence: Evidence) -> None:
    text = narrate_unknowns(evidence, evidence.findings(source="zhang2025")).to_text()
    assert "The units of OC, BAP, ucOC, TRAP and CTX" in text
    assert "stand behind OC, BAP, ucOC, TRAP, CTX and NTX." in text
    assert "An estimate for NTX: none stands where the source was read." in text


def test_a_gap_that_is_closed_is_no_longer_told(data_copy: Path) -> None:
    change_cell(data_copy / "findings.csv", "zhang2025-oc", "unit", "% change")
    evidence = load_evidence(data_copy)
    text = narrate_unknowns(evidence, evidence.findings(source="zhang2025")).to_text()
    assert "The units of BAP, ucOC, TRAP and CTX" in text


def test_a_result_without_gaps_leaves_nothing_to_tell(data_copy: Path) -> None:
    table = data_copy / "findings.csv"
    change_cell(table, "zhang2025-oc", "unit", "% change")
    change_cell(table, "zhang2025-oc", "k_studies", "9")
    evidence = load_evidence(data_copy)
    assert narrate_unknowns(evidence, [evidence.finding("zhang2025-oc")]).to_text() == ""
