"""The short answer follows its rows."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from conftest import change_cell

from evidence_tools import Evidence, load_evidence, narrate_answer, narrate_takeaways
from evidence_tools.display import plain
from evidence_tools.schema import Direction


def test_the_answer_names_every_marker_of_the_central_source(evidence: Evidence) -> None:
    text = narrate_answer(evidence, evidence.findings(source="zhang2025")).to_text()
    for finding in evidence.findings(source="zhang2025"):
        assert evidence.outcome_of(finding).in_text in text


def test_the_answer_says_that_no_marker_is_a_fracture(evidence: Evidence) -> None:
    text = narrate_answer(evidence, evidence.findings(source="zhang2025")).to_text()
    assert "None of the markers is a fracture" in text


def test_the_answer_says_for_which_markers_other_sources_disagree(evidence: Evidence) -> None:
    last = narrate_answer(evidence, evidence.findings(source="zhang2025")).paragraphs[-1]
    assert plain(last).startswith(
        "Other sources report another direction, or no significant change, for "
        "OC, BAP, ucOC and NTX."
    )


def test_the_answer_tells_what_is_reported_on_markers_taken_together(
    evidence: Evidence, data_copy: Path
) -> None:
    last = narrate_answer(evidence, evidence.findings(source="zhang2025")).paragraphs[-1]
    assert "Rønn 2021 reports no significant change" in plain(last)
    assert plain(last).endswith("not what is reported here about OC, BAP, TRAP and CTX.")
    change_cell(data_copy / "sources.csv", "ronn2021", "integrity", "retracted")
    changed = load_evidence(data_copy)
    text = narrate_answer(changed, changed.findings(source="zhang2025")).to_text()
    assert "Rønn" not in text


def test_the_answer_tells_the_certainty_of_every_marker(evidence: Evidence) -> None:
    text = narrate_answer(evidence, evidence.findings(source="zhang2025")).to_text()
    assert "Certainty is at most low for OC, BAP, ucOC, TRAP, CTX and NTX." in text
    assert "not put above low, and may be lower" in text


def test_a_takeaway_keeps_what_the_authors_say_about_the_size(evidence: Evidence) -> None:
    text = narrate_takeaways(evidence, evidence.findings(source="zhang2025")).to_text()
    assert "the authors call the reduction small and its clinical relevance uncertain" in text


def test_a_changed_direction_changes_the_answer(evidence: Evidence) -> None:
    findings = list(evidence.findings(source="zhang2025"))
    findings[0] = dataclasses.replace(findings[0], direction=Direction.DECREASE)
    text = narrate_answer(evidence, findings).to_text()
    assert "a decrease in osteocalcin (OC)" in text
    assert "an increase in osteocalcin" not in text


def test_an_answer_rests_on_one_source(evidence: Evidence) -> None:
    with pytest.raises(ValueError, match="an answer rests on one source"):
        narrate_answer(evidence, evidence.findings(outcome="oc"))
    with pytest.raises(ValueError, match="found none"):
        narrate_answer(evidence, [])


def test_takeaways_keep_null_results_beside_the_others(evidence: Evidence) -> None:
    items = narrate_takeaways(evidence, evidence.findings(source="zhang2025")).paragraphs
    (ntx,) = [plain(item) for item in items if "(NTX)" in plain(item)]
    assert "bone resorption marker: no significant change, no estimate reported." in ntx


def test_each_takeaway_names_its_source_and_evidence_level(evidence: Evidence) -> None:
    items = narrate_takeaways(evidence, evidence.findings(source="zhang2025")).paragraphs
    assert len(items) == 6
    for item in items:
        assert plain(item).endswith("[Zhang 2025, evidence level 1]")
