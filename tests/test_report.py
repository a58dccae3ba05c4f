"""Facts about the real report, built once: complete, the same in HTML and PDF, and readable."""

import json
import re
import shutil
from pathlib import Path

import jupytext
import pytest
from bs4 import BeautifulSoup
from building import PROJECT, Build
from conftest import printed_pages
from jupytext.config import load_jupytext_config

from evidence_tools import Evidence
from evidence_tools.check.built import check_built
from evidence_tools.check.pages import read_document
from evidence_tools.show.words import number_text

CENTRAL = {
    "zhang2025-oc": ("1.86", "1.17", "2.56"),
    "zhang2025-bap": ("1.49", "0.98", "2.00"),
    "zhang2025-ucoc": ("-1.54", "-2.44", "-0.64"),
    "zhang2025-trap": ("-0.83", "-1.21", "-0.46"),
    "zhang2025-ctx": ("-0.09", "-0.14", "-0.05"),
}
PAGES = [f"chapters/{path.stem}" for path in sorted((PROJECT / "chapters").glob("*.md"))]
PAGES += ["docs/api"]


@pytest.fixture(scope="module")
def printed(book: Build) -> list[str]:
    return printed_pages(book.pdf)


def words_of(book: Build, page: str) -> str:
    article = BeautifulSoup(book.page(f"chapters/{page}"), "html.parser").select_one("article")
    assert article is not None
    for part in article.select(".cell_input, .headerlink, script, style, template, [hidden]"):
        part.decompose()
    return " ".join(article.get_text(" ").split())


@pytest.mark.parametrize("finding_id", CENTRAL)
def test_a_central_estimate_is_on_the_first_page_and_in_the_pdf_as_printed(
    book: Build, printed: list[str], finding_id: str
) -> None:
    for text in (words_of(book, "answer"), " ".join(printed)):
        assert all(number_text(figure) in text for figure in CENTRAL[finding_id])


def test_the_first_page_answers_on_markers_fractures_and_harms(book: Build) -> None:
    text = words_of(book, "answer")
    assert text.index("Markers:") < text.index("Fractures:") < text.index("Harms:")
    assert "no significant change" in text


def test_every_finding_is_shown_on_a_page(book: Build, evidence: Evidence) -> None:
    manifest = json.loads((book.html / "report.json").read_text(encoding="utf-8"))
    assert set(evidence.findings.index) <= set(manifest["findings"])


def test_the_plain_page_has_at_most_600_words(book: Build) -> None:
    assert len(words_of(book, "plain").split()) <= 600


def test_the_pdf_has_at_most_40_pages(printed: list[str]) -> None:
    assert len(printed) <= 40


def test_a_number_that_only_the_pages_show_is_found(book: Build, tmp_path: Path) -> None:
    site = shutil.copytree(book.html, tmp_path / "html")
    page = site / "chapters" / "answer.html"
    page.write_text(page.read_text("utf-8").replace("1.86", "97.31"), "utf-8")
    said = [problem.message for problem in check_built(site, folder=book.folder)]
    assert "the page shows the number '97.31', which no row and no output holds" in said
    assert any("'97.31' is on the pages, not in the PDF" in message for message in said)


def test_a_page_for_the_web_only_is_not_in_the_pdf(printed: list[str]) -> None:
    assert not any("All rows" in page for page in printed)


def test_the_foot_of_each_page_is_no_sentence_of_a_pdf(book: Build) -> None:
    assert not any(" · commit " in said.text for said in read_document(book.pdf))


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_to_a_file_of_the_site(book: Build, page: str) -> None:
    own = book.html / f"{page}.html"
    soup = BeautifulSoup(book.page(page), "html.parser")
    for link in soup.select("a[href]"):
        target, _, fragment = str(link["href"]).partition("#")
        if re.match(r"[a-z]+:", target) or link.find_parent(class_="evidence-old-version"):
            continue  # the newest version is beside a published one
        file = (own.parent / target).resolve() if target else own
        assert file.is_file(), link
        if fragment and file.suffix == ".html":
            assert f'id="{fragment}"' in file.read_text(encoding="utf-8"), link


def test_chapters_import_from_the_package_only_and_are_short() -> None:
    for path in (PROJECT / "chapters").glob("*.md"):
        lines = path.read_text(encoding="utf-8").splitlines()
        imports = [line for line in lines if re.match(r"(from|import) ", line)]
        assert all(line.startswith("from evidence_tools import ") for line in imports), path
        assert path.name == "glossary.md" or len(lines) <= 120, path


def test_the_readme_shows_a_picture_that_is_there() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    for picture in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", readme):
        assert Path(PROJECT, picture).is_file()


def test_saving_a_chapter_in_jupyterlab_changes_nothing_that_was_not_edited() -> None:
    config = load_jupytext_config(str(PROJECT / "chapters" / "answer.md"))
    for path in (PROJECT / "chapters").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        if "{code-cell}" in text:
            notebook = jupytext.read(path, config=config)
            notebook.metadata["language_info"] = {"name": "python"}  # as a kernel adds it
            assert jupytext.writes(notebook, fmt="md:myst", config=config) == text, path.name
