"""Notes in the margin: which paragraphs have one, and what it says."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from conftest import PROJECT, Build
from docutils import nodes

from evidence_tools import Evidence
from evidence_tools.book.margins import first_named, note_html
from evidence_tools.book.nodes import reference_node

CHAPTERS = sorted(path.stem for path in (PROJECT / "chapters").glob("*.md"))


def paragraph(*keys: str) -> nodes.paragraph:
    kinds = {key: "finding" if "-" in key else "source" for key in keys}
    return nodes.paragraph("", "", *(reference_node(kinds[key], key, key) for key in keys))


def named(evidence: Evidence, node: nodes.paragraph) -> list[str]:
    return [source.source_id for source in first_named(evidence, node)]


def test_a_paragraph_names_each_source_once_also_that_of_a_finding(evidence: Evidence) -> None:
    text = paragraph("zhang2025", "zhang2025-oc", "nihods")
    nodes.section("", text)
    assert named(evidence, text) == ["zhang2025", "nihods"]


def test_a_section_names_a_source_in_one_note(evidence: Evidence) -> None:
    first, second = paragraph("zhang2025"), paragraph("zhang2025", "nihods")
    nodes.section("", first, second, nodes.section("", inner := paragraph("zhang2025")))
    assert named(evidence, second) == ["nihods"]
    assert named(evidence, inner) == ["zhang2025"]


def test_what_one_note_told_does_not_count_in_the_next(evidence: Evidence) -> None:
    first = paragraph("zhang2025")
    second = paragraph("zhang2025", "nihods", "ma2022", "zhou2022")
    nodes.section("", first, second, third := paragraph("ma2022", "hu2021"))
    assert named(evidence, second) == ["nihods", "ma2022", "zhou2022"]
    assert named(evidence, third) == ["hu2021"]


def test_a_paragraph_with_many_sources_has_no_note_and_tells_none(evidence: Evidence) -> None:
    many = paragraph("zhang2025", "nihods", "ma2022", "zhou2022")
    nodes.section("", many, after := paragraph("ma2022"))
    assert named(evidence, many) == []
    assert named(evidence, after) == ["ma2022"]


@pytest.mark.parametrize("place", [nodes.note, nodes.table, nodes.caption])
def test_boxes_tables_and_captions_have_no_margin(place: type, evidence: Evidence) -> None:
    nodes.section("", place("", inside := paragraph("zhang2025")))
    assert named(evidence, inside) == []


def test_a_note_says_what_was_read_and_what_is_known_against_a_source(evidence: Evidence) -> None:
    note = BeautifulSoup(note_html([evidence.source("cockayne2006")]), "html.parser")
    (said,) = note.select("span")
    assert said["data-name"] == "Cockayne 2006 (caution published)"
    assert said["data-note"] == "meta-analysis, evidence level 1; abstract read"


def test_screen_readers_search_and_programs_pass_the_notes_over(book: Build) -> None:
    found = 0
    for name in CHAPTERS:
        page = BeautifulSoup(book.page(f"chapters/{name}"), "html.parser")
        for note in page.select(".evidence-margin"):
            found += 1
            assert note["aria-hidden"] == "true"
            assert note.get_text() == ""
            assert not note.select("a, button, [tabindex], [id]")
    assert found > 20
