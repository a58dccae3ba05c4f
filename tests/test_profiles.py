"""Profiles of markers, and how much markers vary by themselves."""

from __future__ import annotations

import pytest

from evidence_tools import Evidence, context_table, narrate_markers
from evidence_tools.display import plain
from evidence_tools.schema import Direction


def test_each_profile_says_what_a_change_cannot_show(evidence: Evidence) -> None:
    for paragraph in narrate_markers(evidence, evidence.findings(source="zhang2025")).paragraphs:
        assert "It cannot show that bone is stronger or denser" in plain(paragraph)


def test_a_null_result_gets_no_meaning(evidence: Evidence) -> None:
    (ntx,) = evidence.findings(source="zhang2025", outcome="ntx")
    assert ntx.direction is Direction.NO_SIGNIFICANT_CHANGE
    text = narrate_markers(evidence, [ntx]).to_text()
    assert "can mean" not in text
    assert "This does not show that there is no change." in text


def test_a_profile_names_the_works_it_rests_on(evidence: Evidence) -> None:
    (ctx,) = evidence.findings(source="zhang2025", outcome="ctx")
    (paragraph,) = narrate_markers(evidence, [ctx]).paragraphs
    assert {run.cite for run in paragraph if run.cite} == {
        "qvist2002circadian",
        "fleming2012surrogate",
    }
    assert "iofifcc2011" in {run.source_id for run in paragraph}


def test_only_markers_have_profiles(evidence: Evidence) -> None:
    with pytest.raises(ValueError, match="is not a marker"):
        narrate_markers(evidence, evidence.findings(outcome="fracture_vertebral"))


def test_what_was_looked_for_and_not_found_stands_in_the_context(evidence: Evidence) -> None:
    table = context_table(evidence, name="tab-x", caption="x")
    rows = [[plain(cell.content) for cell in row.cells] for row in table.rows]
    missing = [row[0] for row in rows if row[2] == "not found"]
    assert missing == [
        "Undercarboxylated osteocalcin (ucOC)",
        "N-terminal telopeptide of type I collagen (NTX)",
    ]


def test_context_values_carry_unit_population_and_source(evidence: Evidence) -> None:
    table = context_table(evidence, name="tab-x", caption="x")
    first = [plain(cell.content) for cell in table.rows[0].cells]
    assert first[1:] == [
        "least significant change",
        "56%",
        "postmenopausal women on oral bisphosphonates",
        "IOF-ECTS 2017",
    ]
