"""The built site says what it is, holds the data it shows, and keeps its addresses."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from conftest import PROJECT, Build, printed_pages

from evidence_tools import Evidence
from evidence_tools.book.datafiles import figure_csv, table_csv
from evidence_tools.contents import content_hash
from evidence_tools.history.publication import HOOK, publish
from evidence_tools.manifest import Manifest, read_manifest, verify

CHAPTERS = sorted(path.stem for path in (PROJECT / "chapters").glob("*.md"))


@pytest.fixture(scope="module")
def record(book: Build) -> Manifest:
    return read_manifest(book.html)


def soup(book: Build, name: str) -> BeautifulSoup:
    return BeautifulSoup(book.page(name), "html.parser")


def linked_data(page: BeautifulSoup) -> list[dict[str, Any]]:
    (script,) = page.find_all("script", type="application/ld+json")
    graph: list[dict[str, Any]] = json.loads(script.get_text())["@graph"]
    return graph


def test_the_site_is_as_its_manifest_says(book: Build) -> None:
    assert verify(book.html) == []


def test_the_manifest_names_the_findings_and_where_each_is_used(
    record: Manifest, book: Build
) -> None:
    assert "chapters/answer" in record.findings["zhang2025-oc"]
    for page in record.findings["zhang2025-oc"]:
        assert "zhang2025-oc" in book.page(page)


def test_the_manifest_says_which_tools_made_it_and_nothing_of_the_machine(
    record: Manifest, book: Build
) -> None:
    assert {"python", "sphinx", "typst", "pypandoc_binary"} <= set(record.tools)
    text = (book.html / "report.json").read_text("utf-8")
    for private in (str(book.folder), str(Path.home()), str(PROJECT)):
        assert private not in text


def test_the_content_hash_stands_on_every_page_and_in_the_pdf(
    record: Manifest, book: Build
) -> None:
    short = record.stamp["content_hash"][:12]
    assert record.stamp["content_hash"] == content_hash(book.folder)
    for name in CHAPTERS:
        footer = soup(book, f"chapters/{name}").select_one(".evidence-stamp")
        assert isinstance(footer, Tag)
        assert f"content {short}" in footer.get_text()
    assert short in printed_pages(book.pdf)[0]


@pytest.mark.parametrize(
    "name", ["data/findings.csv", "chapters/answer.md", "_config.yml", "requirements.txt"]
)
def test_the_content_hash_follows_each_file_of_the_report(
    name: str, book: Build, tmp_path: Path
) -> None:
    folder = Path(
        shutil.copytree(
            book.folder, tmp_path / "copy", ignore=shutil.ignore_patterns("_build", ".*")
        )
    )
    before = content_hash(folder)
    assert before == content_hash(book.folder)
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert content_hash(folder) != before


def test_hidden_files_and_drafts_are_no_content(book: Build, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(book.folder, folder, ignore=shutil.ignore_patterns("_build", ".*"))
    (folder / "chapters/.ipynb_checkpoints").mkdir()
    (folder / "chapters/.ipynb_checkpoints/answer.md").write_text("x", "utf-8")
    (folder / "chapters/answer.ipynb").write_text("{}", "utf-8")
    assert content_hash(folder) == content_hash(book.folder)


def test_every_table_and_figure_offers_its_data(book: Build) -> None:
    count = 0
    for name in CHAPTERS:
        page = soup(book, f"chapters/{name}")
        for shown in page.select("article .evidence-table, article .evidence-figure"):
            link = shown.find_next("p", class_="evidence-download")
            assert isinstance(link, Tag), (name, shown.get("id"))
            anchor = link.a
            assert anchor is not None
            path = (book.html / "chapters" / str(anchor["href"])).resolve()
            assert path.stem == shown["id"]
            rows = list(csv.reader(io.StringIO(path.read_text("utf-8"))))
            assert len(rows) > 1
            assert all(len(row) == len(rows[0]) for row in rows)
            count += 1
    assert count > 5


def test_the_csv_of_a_table_says_what_the_page_shows(book: Build) -> None:
    page = soup(book, "chapters/markers")
    table = page.select_one("table#tab-markers")
    assert isinstance(table, Tag)
    path = book.html / "_data/tab-markers.csv"
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8"))))
    shown = [
        [" ".join(cell.get_text().split()) for cell in row.find_all(["th", "td"])]
        for row in table.find_all("tr")
    ]
    assert [[" ".join(cell.split()) for cell in row] for row in rows] == shown


def test_the_csv_of_a_figure_holds_each_row_once_without_its_geometry() -> None:
    row = {"outcome": "OC", "estimate": 1.86, "colour": "#000", "text_y": 8}
    gap = {"outcome": "NTX", "result": "no estimate reported", "mark_y": 1}
    named = {"data": {"name": "a"}, "layer": [{"mark": "rule"}]}
    layer = {"layer": [{"data": {"values": [row, gap]}}, {"data": {"values": [row]}}]}
    spec = {"vconcat": [named, layer], "datasets": {"a": [{"outcome": "CTX"}]}}
    rows = list(csv.reader(io.StringIO(figure_csv(spec))))
    assert rows == [
        ["outcome", "estimate", "result"],
        ["CTX", "", ""],
        ["OC", "1.86", ""],
        ["NTX", "", "no estimate reported"],
    ]


def test_a_csv_shows_no_interval_where_none_was_reported() -> None:
    values = [
        {"outcome": "without", "estimate": 0.96, "low": 0.96, "high": 0.96},
        {"outcome": "with", "estimate": 0.5, "low": 0.4, "high": 0.6},
        {"outcome": "arms", "k2": 2.8, "low": 2.8, "high": 4.2},
    ]
    rows = list(csv.DictReader(io.StringIO(figure_csv({"data": {"values": values}}))))
    assert [(row["low"], row["high"]) for row in rows] == [("", ""), ("0.4", "0.6"), ("", "")]


def test_quotes_and_line_breaks_in_a_cell_survive_csv() -> None:
    cell = 'a "quoted", broken\nline'
    payload = {"columns": ["A"], "rows": [{"cells": [{"content": [{"text": cell}]}]}]}
    assert list(csv.reader(io.StringIO(table_csv(payload)))) == [["A"], [cell]]


def test_the_evidence_tables_are_part_of_the_site(book: Build) -> None:
    for path in (book.folder / "data").glob("*.csv"):
        assert (book.html / "_data/tables" / path.name).read_bytes() == path.read_bytes()


def test_programs_can_read_what_each_page_is(book: Build, record: Manifest) -> None:
    for name in CHAPTERS:
        page = soup(book, f"chapters/{name}")
        tags = {tag["name"]: tag["content"] for tag in page.find_all("meta", attrs={"name": True})}
        assert tags["citation_title"] == record.report["title"]
        assert tags["citation_author"] == record.report["authors"][0]
        assert re.fullmatch(r"\d{4}/\d\d/\d\d", str(tags["citation_publication_date"]))
        assert (book.html / "chapters" / str(tags["citation_pdf_url"])).resolve() == book.pdf
        article = linked_data(page)[0]
        assert article["@type"] == "MedicalScholarlyArticle"
        assert article["version"] == record.version
        assert article["license"].startswith("https://creativecommons.org/")


def test_the_data_set_names_files_that_are_there(book: Build, evidence: Evidence) -> None:
    article, dataset = linked_data(soup(book, "chapters/answer"))
    assert dataset["@type"] == "Dataset"
    for download in dataset["distribution"]:
        assert download["@type"] == "DataDownload"
        assert (book.html / "chapters" / download["contentUrl"]).resolve().is_file()
    cited = {work["url"] for work in article["citation"]}
    assert cited == {source.link for source in evidence.sources.values() if source.link}


def test_citation_files_lie_beside_the_pdf_and_name_this_version(
    book: Build, record: Manifest
) -> None:
    page = soup(book, "chapters/cite")
    text = page.get_text()
    assert f"Version {record.version}, {record.stamp['date']}." in text
    for ending, start in (("bib", "@misc{"), ("ris", "TY  - RPRT")):
        link = page.select_one(f'a[href$=".{ending}"]')
        assert isinstance(link, Tag)
        path = (book.html / "chapters" / str(link["href"])).resolve()
        assert path.read_text("utf-8").startswith(start)
        assert record.version in path.name


def test_the_short_address_of_a_page_leads_to_it_and_keeps_the_finding(book: Build) -> None:
    for name in CHAPTERS:
        page = soup(book, name)
        script, link = page.find("script"), page.find("a")
        assert isinstance(script, Tag)
        assert isinstance(link, Tag)
        assert script.get_text() == (
            f'location.replace("chapters/{name}.html" + location.search + location.hash);'
        )
        assert (book.html / str(link["href"])).is_file()
        assert page.select_one("noscript meta") is not None
    assert 'id="zhang2025-oc"' in book.page("chapters/markers")


def test_the_entrance_leads_to_the_answer(book: Build) -> None:
    page = soup(book, "index")
    link = page.find("a")
    assert isinstance(link, Tag)
    assert link["href"] == "chapters/answer.html"


def test_a_build_of_its_own_loads_no_list_of_versions(book: Build) -> None:
    assert "versions.js" not in (book.html / HOOK).read_text("utf-8")
    page = soup(book, "chapters/answer")
    assert page.select_one(f'script[src*="{HOOK}"]') is not None
    assert "theme_switcher_json_url" not in str(page)


def test_the_built_site_can_be_published(book: Build, tmp_path: Path) -> None:
    published = publish(book.html, tmp_path / "site")
    assert published.added
    copy = tmp_path / "site" / "v" / published.version
    assert verify(copy) == verify(tmp_path / "site" / "latest") == []
    assert "versions.js" in (copy / HOOK).read_text("utf-8")
