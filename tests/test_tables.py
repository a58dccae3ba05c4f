from __future__ import annotations

import pytest

from evidence_tools import Evidence, findings_table, markers_table, sources_table
from evidence_tools.display import Table, TableRow, plain
from evidence_tools.phrases import note_runs
from evidence_tools.tables import reference_runs


def texts(row: TableRow) -> list[str]:
    return [plain(cell.content) for cell in row.cells]


def row_of(table: Table, anchor: str) -> list[str]:
    (row,) = (row for row in table.rows if row.anchor == anchor)
    return texts(row)


@pytest.fixture(scope="module")
def all_findings(evidence: Evidence) -> Table:
    return findings_table(evidence, evidence.findings(), name="tab-all", caption="Which?")


@pytest.fixture(scope="module")
def all_sources(evidence: Evidence) -> Table:
    return sources_table(evidence, evidence.sources.values(), name="tab-sources", caption="Which?")


def test_the_words_of_a_note_stay_in_one_piece(all_findings: Table) -> None:
    (row,) = (row for row in all_findings.rows if row.anchor == "zhang2025-trap")
    assert any("TRACP-5b" in run.text for run in row.cells[-1].content)


def test_no_note_shows_the_identifier_of_a_source(
    evidence: Evidence, all_sources: Table, all_findings: Table
) -> None:
    shown = " ".join(
        text
        for row in (*all_sources.rows, *all_findings.rows)
        for text in row_of(all_findings if row in all_findings.rows else all_sources, row.anchor)
    )
    assert [key for key in evidence.sources if key in shown.split()] == []


def test_every_finding_has_a_row_that_can_be_linked_to(
    evidence: Evidence, all_findings: Table
) -> None:
    assert [row.anchor for row in all_findings.rows] == list(evidence.findings_by_id)


def test_every_row_shows_the_figure_exactly_as_printed(
    evidence: Evidence, all_findings: Table
) -> None:
    for finding in evidence.findings():
        printed = row_of(all_findings, finding.finding_id)[3]
        assert printed.startswith(f"{finding.as_printed or 'no figure printed'} (")


def test_a_row_says_what_is_not_reported(all_findings: Table) -> None:
    outcome, direction, result, printed, size = row_of(all_findings, "zhang2025-ntx")
    assert outcome == "N-terminal telopeptide of type I collagen (NTX)"
    assert direction == "no significant change"
    assert "no estimate reported" in result
    assert printed == (
        "N-telopeptide (NTX) showed no significant change (Abstract, Results; abstract read)"
    )
    assert size.startswith("Studies: not reported. Participants: not reported. Note: ")


def test_significance_is_told_beside_the_direction(all_findings: Table) -> None:
    assert row_of(all_findings, "zhang2025-oc")[1] == "increase, significant"
    assert row_of(all_findings, "mott2019-bmd-ls-1y")[1] == "increase, not significant"
    assert row_of(all_findings, "zhou2022-ucoc")[1] == "decrease, significance not stated"


def test_an_analysis_that_is_not_the_primary_one_is_named(all_findings: Table) -> None:
    assert row_of(all_findings, "ma2022-fracture-sens")[0].endswith("(sensitivity analysis)")
    assert row_of(all_findings, "ma2022-fracture")[0] == "Fractures at any site"


def test_numbers_of_studies_and_people_are_those_of_the_finding(all_findings: Table) -> None:
    assert "Studies: 10. Participants: not reported." in row_of(all_findings, "ma2022-bmd-ls")[4]
    assert "Participants: 4,378." in row_of(all_findings, "inoue2009-adverse")[4]


def test_a_source_under_caution_is_named_with_it_in_every_row(all_findings: Table) -> None:
    rows = [row for row in all_findings.rows if row.anchor.startswith("cockayne2006")]
    assert len(rows) == 3
    for row in rows:
        assert "Cockayne 2006 (caution published)" in texts(row)[2]
        assert row.cells[2].content[0].style == "struck"


def test_every_source_has_a_row_that_can_be_linked_to(
    evidence: Evidence, all_sources: Table
) -> None:
    assert [row.anchor for row in all_sources.rows] == list(evidence.sources)


def test_a_source_row_says_what_was_read_and_what_is_known_against_it(all_sources: Table) -> None:
    name, title, studied, read, concerns = row_of(all_sources, "zhang2025")
    assert name == "Zhang 2025 (Zhang Z and others)"
    assert title.startswith("The effect of vitamin K2 supplementation on bone turnover")
    assert title.endswith("Frontiers in Endocrinology 16; 2025. 10.3389/fendo.2025.1703116")
    assert studied.startswith("meta-analysis; 9 studies, 2,570 participants; ")
    assert read == "abstract; evidence level 1"
    assert concerns.startswith("none known (checked 2026-11-21)")


def test_a_note_names_sources_as_readers_know_them(all_sources: Table) -> None:
    assert row_of(all_sources, "ronn2021")[4].endswith("report of the same trial as Rønn 2016.")
    assert row_of(all_sources, "ronn2021")[2].startswith("randomized trial; ")


def test_text_between_the_names_of_a_note_is_not_cut_up(evidence: Evidence) -> None:
    note = "ucOC and MK-7, see mott2019 on both"
    before, name, after = note_runs(evidence.sources, note)
    assert (before.text, name.source_id, after.text) == (
        "ucOC and MK-7, see ",
        "mott2019",
        " on both",
    )


def test_a_retracted_source_is_marked_and_says_why(all_sources: Table) -> None:
    concerns = row_of(all_sources, "iwamoto2009ma")[4]
    assert concerns.startswith("retracted (checked 2026-11-21). Note: retracted in 2018")


def test_what_is_not_known_of_a_source_is_said(all_sources: Table) -> None:
    name, title, studied, _, _ = row_of(all_sources, "mott2019adj")
    assert "year not given where it was read" in title
    assert "Journal not known" in title
    assert "size not reported" in studied
    assert "(authors not given where it was read)" in row_of(all_sources, "zhou2022")[0]
    assert name == "Mott 2019 correction (Mott A et al.)"


def test_a_trial_is_not_counted_as_a_number_of_studies(all_sources: Table) -> None:
    assert "studies" not in row_of(all_sources, "binkley2009")[2]


def test_only_addresses_of_sources_are_linked(all_sources: Table) -> None:
    links = [r.link for row in all_sources.rows for cell in row.cells for r in cell.content]
    linked = [link for link in links if link]
    assert len(linked) == 29
    assert all(link.startswith("https://") for link in linked)


def test_a_marker_row_says_what_the_marker_is_and_what_to_keep_in_mind(
    evidence: Evidence,
) -> None:
    table = markers_table(evidence, [evidence.outcome("ctx")], name="tab-m", caption="What?")
    marker, kind, specimen, reflects, caveat = texts(table.rows[0])
    assert (marker, kind, specimen) == (
        "C-terminal telopeptide of type I collagen (CTX)",
        "bone resorption marker",
        "serum",
    )
    assert reflects == evidence.outcome("ctx").reflects
    assert caveat == f"{evidence.outcome('ctx').caveat} [IOF-IFCC 2011] [qvist2002circadian]"


def test_an_outcome_that_is_not_measured_in_a_sample_says_so(evidence: Evidence) -> None:
    table = markers_table(evidence, [evidence.outcome("bmd_hip")], name="tab-m", caption="What?")
    assert texts(table.rows[0])[2] == "not applicable"


def test_a_reference_leads_to_a_source_or_to_the_bibliography(evidence: Evidence) -> None:
    cited = reference_runs(evidence, ("mott2019", "fdanih2016best"))
    assert [run.source_id for run in cited if run.source_id] == ["mott2019"]
    assert [run.cite for run in cited if run.cite] == ["fdanih2016best"]


def test_a_note_names_sources_and_not_their_identifiers(all_sources: Table) -> None:
    assert "see Mott 2019 correction" in row_of(all_sources, "mott2019")[4]
    assert "Note: ucOC figures come from" in row_of(all_sources, "knapen2013")[4]
