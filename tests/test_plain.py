"""The plain language summary: its words follow the rows, and it can be read easily."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from conftest import Build, change_cell

from evidence_tools import Evidence, load_evidence
from evidence_tools.plain import (
    narrate_plain_doubts,
    narrate_plain_markers,
    narrate_plain_messages,
)
from evidence_tools.plain_bones import (
    narrate_plain_density,
    narrate_plain_fractures,
    narrate_plain_harms,
    narrate_plain_struck,
)
from evidence_tools.readability import page_prose, reading_grade, reading_text, word_count

PAGE = "chapters/plain-language"
LONGEST_GRADE = 9


@pytest.fixture(scope="module")
def prose(book: Build) -> str:
    return page_prose(book.page(PAGE))


def test_the_summary_has_between_400_and_850_words(prose: str) -> None:
    assert 400 <= word_count(prose) <= 850


def test_the_summary_can_be_read_without_higher_education(prose: str) -> None:
    assert reading_grade(prose) <= LONGEST_GRADE


def test_the_title_of_the_summary_is_a_question(prose: str) -> None:
    assert prose.splitlines()[0].endswith("?")


def test_the_summary_has_the_parts_of_the_template_in_order(book: Build) -> None:
    page = BeautifulSoup(book.page(PAGE), "html.parser")
    headings = [heading.get_text().rstrip("#") for heading in page.select("article h2")]
    wanted = ("Key messages", "want to find out", "we do", "we find", "limits", "up to date")
    places = [next(i for i, heading in enumerate(headings) if words in heading) for words in wanted]
    assert places == sorted(places)


def test_the_summary_says_that_markers_are_not_fractures(prose: str) -> None:
    assert prose.count("Markers are not fractures.") == 2


def test_the_summary_recommends_nothing(prose: str) -> None:
    assert not re.search(r"\b(should|must|recommend\w*|advise\w*)\b(?! do\.)", prose)
    assert "does not say what anyone should do" in prose


def test_there_are_two_or_three_key_messages(evidence: Evidence) -> None:
    messages = narrate_plain_messages(evidence, evidence.findings(source="zhang2025"))
    assert 2 <= len(messages.paragraphs) <= 3
    assert "5 of 6 markers changed" in messages.to_text()


def test_each_marker_goes_the_way_of_its_row(evidence: Evidence) -> None:
    text = narrate_plain_markers(evidence, evidence.findings(source="zhang2025")).to_text()
    assert "- Osteocalcin (OC), a sign of bone being built: went up." in text
    assert "(CTX), a sign of bone being broken down: went down." in text
    assert "(NTX), a sign of bone being broken down: no clear change." in text


def test_a_changed_direction_changes_markers_and_key_message(data_copy: Path) -> None:
    change_cell(data_copy / "findings.csv", "zhang2025-ntx", "direction", "increase")
    evidence = load_evidence(data_copy)
    central = evidence.findings(source="zhang2025")
    assert "6 of 6 markers changed" in narrate_plain_messages(evidence, central).to_text()
    assert "(NTX), a sign of bone being broken down: went up." in (
        narrate_plain_markers(evidence, central).to_text()
    )


def test_broken_bones_are_told_by_direction_without_struck_out_sources(evidence: Evidence) -> None:
    text = narrate_plain_fractures(evidence).to_text()
    assert re.search(r"shows fewer broken bones: .*Salma 2022", text)
    assert re.search(r"no clear change in the number of broken bones: .*Inoue 2009", text)
    assert "Cockayne" not in text
    assert re.search(r"depends on which studies are counted: .*Huang 2015", text)


def test_side_effects_follow_the_rows(evidence: Evidence, data_copy: Path) -> None:
    assert "- More side effects with vitamin K2: Xu 2021" in narrate_plain_harms(evidence).to_text()
    change_cell(data_copy / "findings.csv", "inoue2009-adverse", "direction", "not_conclusive")
    text = narrate_plain_harms(load_evidence(data_copy)).to_text()
    assert "- No clear result on side effects with vitamin K2: Inoue 2009." in text


def test_prose_leaves_out_code_figures_tables_and_closes_headings() -> None:
    html = (
        "<article><h1>Title<a class='headerlink'>#</a></h1><p>One. Two</p>"
        "<details class='hide'><p>code</p></details><table><tr><td><p>cell</p></td></tr></table>"
        "<ul><li><p>item;</p></li></ul></article><p>outside</p>"
    )
    assert page_prose(html) == "Title.\nOne. Two.\nitem;"


def test_long_words_raise_the_grade() -> None:
    easy = "The cat sat. The dog ran. We all saw it."
    hard = "Osteoporotic postmenopausal individuals demonstrated heterogeneous biochemical changes."
    assert reading_grade(easy) < 3 < 12 < reading_grade(hard)


def test_a_text_without_words_has_no_grade() -> None:
    with pytest.raises(ValueError, match="no words"):
        reading_grade(" – ")


def test_the_checks_page_tells_the_length_and_grade_of_the_summary(book: Build, prose: str) -> None:
    checks = " ".join(BeautifulSoup(book.page("chapters/checks"), "html.parser").get_text().split())
    assert reading_text(prose) in checks


def test_less_ucoc_is_not_called_less_vitamin_k_at_work(evidence: Evidence) -> None:
    text = narrate_plain_markers(evidence, evidence.findings(source="zhang2025")).to_text()
    assert "(ucOC), osteocalcin on which vitamin K has not fully worked: went down." in text


def test_the_last_key_message_tells_what_was_found_on_side_effects(
    evidence: Evidence, data_copy: Path
) -> None:
    central = evidence.findings(source="zhang2025")
    text = narrate_plain_messages(evidence, central).to_text()
    assert "Only 2 of 41 sources tell about side effects: both found more of them" in text
    change_cell(data_copy / "findings.csv", "inoue2009-adverse", "direction", "decrease")
    changed = narrate_plain_messages(load_evidence(data_copy), central).to_text()
    assert "Only 2 of 41 sources tell about side effects: with mixed results." in changed


def test_doubts_about_markers_follow_the_rows(evidence: Evidence, data_copy: Path) -> None:
    text = narrate_plain_doubts(evidence, evidence.findings(source="zhang2025")).to_text()
    assert text.startswith("Other sources do not all agree on 4 of these markers.")
    assert "in which units the changes were measured" in text
    for marker in ("oc", "bap", "ucoc", "trap"):
        change_cell(data_copy / "findings.csv", f"zhang2025-{marker}", "unit", "% change")
    changed = load_evidence(data_copy)
    text = narrate_plain_doubts(changed, changed.findings(source="zhang2025")).to_text()
    assert "in which units 1 of the changes were measured" in text


def test_results_that_are_not_rated_high_are_called_not_sure(evidence: Evidence) -> None:
    central = evidence.findings(source="zhang2025")
    assert (
        "We are not sure of these results." in narrate_plain_messages(evidence, central).to_text()
    )


def test_doubts_name_who_saw_no_change_in_markers_as_a_group(evidence: Evidence) -> None:
    text = narrate_plain_doubts(evidence, evidence.findings(source="zhang2025")).to_text()
    assert "For bone markers as a group, Rønn 2021 reports: no clear change." in text


def test_the_largest_trial_on_broken_bones_is_found_in_the_rows(
    evidence: Evidence, data_copy: Path
) -> None:
    told = "The largest trial, Inoue 2009, had 4,378 women. It found no clear change in the number"
    assert told in narrate_plain_fractures(evidence).to_text()
    change_cell(data_copy / "sources.csv", "inoue2009", "integrity", "retracted")
    assert "largest trial" not in narrate_plain_fractures(load_evidence(data_copy)).to_text()


def test_density_is_told_by_direction_without_struck_out_sources(data_copy: Path) -> None:
    change_cell(data_copy / "sources.csv", "salma2022", "integrity", "retracted")
    text = narrate_plain_density(load_evidence(data_copy)).to_text()
    assert "density went up: Bone & Joint Research 2024" in text
    assert "no clear change: Emaus 2010." in text
    assert "Salma" not in text


def test_sources_that_are_not_used_are_counted(evidence: Evidence, data_copy: Path) -> None:
    text = narrate_plain_struck(evidence).to_text()
    assert text.startswith("2 of our sources were later taken back")
    for source in ("cockayne2006", "iwamoto2009ma"):
        change_cell(data_copy / "sources.csv", source, "integrity", "none_known")
    assert narrate_plain_struck(load_evidence(data_copy)).to_text() == ""
