"""Certainty, arithmetic and agreement as readers of the built book get them."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup, Tag
from conftest import Build

from evidence_tools import Evidence, narrate_arithmetic, narrate_concordance
from evidence_tools.arithmetic import Verdict, check_finding


@pytest.fixture(scope="module")
def pages(book: Build) -> dict[str, BeautifulSoup]:
    names = ("arithmetic", "certainty", "concordance")
    return {name: BeautifulSoup(book.page(f"chapters/{name}"), "html.parser") for name in names}


def text_of(page: BeautifulSoup) -> str:
    article = page.find("article")
    assert isinstance(article, Tag)
    return " ".join(article.get_text(" ").split())


def test_the_matrix_tells_every_source_in_its_text_alternative(
    pages: dict[str, BeautifulSoup], evidence: Evidence
) -> None:
    (chart,) = pages["concordance"].select(".evidence-chart")
    for source_id in ("bjr2024", "shiraki2009", "binkley2009", "jiang2014", "ronn2021"):
        assert evidence.source(source_id).short_name in str(chart["aria-label"])


def test_the_answer_of_the_concordance_chapter_is_the_computed_one(
    pages: dict[str, BeautifulSoup], evidence: Evidence
) -> None:
    items = narrate_concordance(evidence).to_text().splitlines()
    article = pages["concordance"].find("article")
    assert isinstance(article, Tag)
    first = article.find("ul")
    assert isinstance(first, Tag)
    assert len(first.find_all("li", recursive=False)) == len(items)


def test_the_certainty_page_shows_the_computed_level_of_every_outcome(
    pages: dict[str, BeautifulSoup], evidence: Evidence
) -> None:
    rows = {
        str(row.find("th").get_text(strip=True)): row.get_text(" ", strip=True)  # type: ignore[union-attr]
        for table in pages["certainty"].select("table.evidence-table")
        for row in table.select("tbody tr")
    }
    for outcome_id, rating in evidence.ratings.items():
        label = evidence.outcome(outcome_id).label
        found = [text for head, text in rows.items() if head.startswith(label)]
        assert any(str(rating) in text for text in found), outcome_id


def test_no_page_claims_more_than_may_for_an_upper_bound(
    pages: dict[str, BeautifulSoup],
) -> None:
    text = text_of(pages["certainty"])
    assert "Vitamin K2 may increase osteocalcin" in text
    assert "Vitamin K2 increases" not in text
    assert "Vitamin K2 probably" not in text


def test_every_finding_stands_on_the_arithmetic_page(
    pages: dict[str, BeautifulSoup], evidence: Evidence
) -> None:
    places = {str(tag["id"]) for tag in pages["arithmetic"].select("tr[id]")}
    assert set(evidence.findings_by_id) <= places


def test_each_flag_is_told_on_the_arithmetic_page(
    pages: dict[str, BeautifulSoup], evidence: Evidence
) -> None:
    flagged = [f for f in evidence.findings() if check_finding(evidence, f).verdict is Verdict.FLAG]
    items = narrate_arithmetic(evidence, flagged).to_text().splitlines()[1:]
    squeezed = "".join(text_of(pages["arithmetic"]).split())
    for item in items:
        assert "".join(item.removeprefix("- ").split()) in squeezed
