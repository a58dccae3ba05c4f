"""Every abbreviation is in the glossary, and linked where a page first uses it."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup, Tag
from conftest import PROJECT, Build

from evidence_tools import Evidence
from evidence_tools.book.abbreviations import (
    abbreviation_pattern,
    author_names,
    is_abbreviation,
)

CHAPTERS = sorted(path.stem for path in (PROJECT / "chapters").glob("*.md"))
# Works, titles, initials of authors and names of trials are no abbreviations of this report.
NOT_RUNNING_TEXT = ("references", "sources", "glossary")
NAMES = {"JOINT-03"}
ABBREVIATION = re.compile(r"(?<![\w-])(?=[\w-]*[A-Z0-9][\w-]*[A-Z])[A-Za-z][\w-]*\w")
LINK = "a.reference.internal .abbreviation"


def page_text(book: Build, name: str, *, without: str = "") -> Tag:
    page = BeautifulSoup(book.page(f"chapters/{name}"), "html.parser")
    article = page.find("article")
    assert isinstance(article, Tag)
    article = copy.copy(article)
    apart = (
        ".evidence-cards, details.hide, script, .prev-next-footer, svg, math, code, pre, "
        "h1, h2, h3, blockquote"
    )
    for tag in article.select(f"{apart}, {without}" if without else apart):
        tag.decompose()
    return article


@pytest.fixture(scope="module")
def terms(book: Build) -> set[str]:
    page = BeautifulSoup(book.page("chapters/glossary"), "html.parser")
    return {term.get_text().strip().rstrip("#") for term in page.select("dl.glossary dt")}


@pytest.mark.parametrize("term", ["BMD", "ucOC", "MK-4", "mg", "p", "K2", "mL"])
def test_an_abbreviation_is_told_from_a_word(term: str) -> None:
    assert is_abbreviation(term)


@pytest.mark.parametrize("word", ["surrogate", "Certainty", "least significant change"])
def test_a_word_is_told_from_an_abbreviation(word: str) -> None:
    assert not is_abbreviation(word)


def test_only_whole_words_are_matched_the_longest_first() -> None:
    pattern = abbreviation_pattern(["OC", "ucOC", "TRAP", "TRACP-5b", "surrogate"])
    assert pattern is not None
    assert pattern.findall("ucOC, OC; TRACP-5b (TRAPs, OC-like, surrogate)") == [
        "ucOC",
        "OC",
        "TRACP-5b",
    ]
    assert abbreviation_pattern(["surrogate"]) is None


def test_every_marker_of_the_tables_is_in_the_glossary(evidence: Evidence, terms: set[str]) -> None:
    assert {o.abbreviation for o in evidence.outcomes.values() if o.abbreviation} <= terms


@pytest.mark.parametrize("name", [name for name in CHAPTERS if name not in NOT_RUNNING_TEXT])
def test_every_abbreviation_of_a_page_is_in_the_glossary(
    name: str, book: Build, terms: set[str]
) -> None:
    text = page_text(book, name, without=".evidence-ref, .bibtex-citation").get_text(" ")
    assert set(ABBREVIATION.findall(text)) - terms - NAMES == set()


@pytest.mark.parametrize("name", sorted({*CHAPTERS} - {"glossary", "references"}))
def test_a_page_links_each_abbreviation_once_and_before_it_is_used_again(
    name: str, book: Build, terms: set[str], evidence: Evidence
) -> None:
    article = page_text(book, name)
    linked = [tag.get_text() for tag in article.select(LINK)]
    assert len(linked) == len(set(linked))
    for tag in article.select("a"):
        tag.replace_with(f"\0{tag.get_text()}\0" if tag.select_one(".abbreviation") else "\1")
    text = article.get_text()
    pattern = abbreviation_pattern(terms)
    assert pattern is not None
    seen: set[str] = set()
    for match in pattern.finditer(text):
        initials = text.endswith(author_names(evidence), 0, match.end())
        if match.group() not in seen and not initials:
            assert text[match.start() - 1] == "\0", text[match.start() - 40 : match.end() + 9]
        seen.add(match.group())


def test_links_lead_to_the_definition(book: Build) -> None:
    article = page_text(book, "question")
    (link,) = [tag.parent for tag in article.select(LINK) if tag.get_text() == "BMD"]
    assert link is not None
    assert link["href"] == "glossary.html#term-BMD"


def test_headings_figures_and_the_glossary_itself_stay_as_they_are(book: Build) -> None:
    for name in CHAPTERS:
        page = BeautifulSoup(book.page(f"chapters/{name}"), "html.parser")
        assert not page.select("h1 .abbreviation, h2 .abbreviation, svg .abbreviation")
    assert not page_text(book, "glossary").select("dl.glossary .abbreviation")


def test_code_and_links_are_passed_over(small_book: Callable[..., Build]) -> None:
    build = small_book(
        "(a)=\n# Which BMD?\n\n`BMD` and [BMD](https://example.org) and BMD, then BMD.\n\n"
        "```{glossary}\nBMD\n  Bone mineral density.\n```\n"
    )
    assert build.returncode == 0, build.output
    page = BeautifulSoup(build.page("chapters/answer"), "html.parser")
    (link,) = page.select(LINK)
    assert str(link.find_next(string=True).find_next(string=True)).startswith(", then BMD")


def test_the_initials_of_an_author_are_no_abbreviation(book: Build, evidence: Evidence) -> None:
    names = author_names(evidence)
    assert "Vasikaran SD" in names
    for name in ("sources", "references"):
        page = BeautifulSoup(book.page(f"chapters/{name}"), "html.parser")
        linked = [link.find_parent("a") for link in page.select(LINK)]
        before = [f"{link.previous_sibling}{link.get_text()}" for link in linked if link]
        assert before
        assert [text for text in before if text.endswith(names)] == []
