"""The real book as its readers get it: HTML pages and PDF, built once per session."""

from __future__ import annotations

import copy
import html
import re
import tomllib
from pathlib import Path

import pypdf
import pytest
import yaml
from bs4 import BeautifulSoup, Tag
from conftest import PROJECT, Build, printed_pages

from evidence_tools import Evidence
from evidence_tools.phrases import effect_text, number_text, source_name

VERSION = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
CHAPTERS = sorted(path.stem for path in (PROJECT / "chapters").glob("*.md"))
CENTRAL = {
    "oc": ("MD 1.86", "95% CI 1.17 to 2.56"),
    "bap": ("MD 1.49", "95% CI 0.98 to 2.00"),
    "ucoc": ("WMD −1.54", "95% CI −2.44 to −0.64"),
    "trap": ("MD −0.83", "95% CI −1.21 to −0.46"),
    "ctx": ("MD −0.09", "95% CI −0.14 to −0.05"),
}


def folded(text: str) -> str:
    """Text without the line breaks and hyphens that a page's layout puts in."""
    return re.sub(r"[\s\u00ad\u2010-]+", "", text)


@pytest.fixture(scope="session")
def pages(book: Build) -> dict[str, BeautifulSoup]:
    return {name: BeautifulSoup(book.page(f"chapters/{name}"), "html.parser") for name in CHAPTERS}


@pytest.fixture(scope="session")
def pdf(book: Build) -> pypdf.PdfReader:
    return pypdf.PdfReader(book.pdf)


@pytest.fixture(scope="session")
def pdf_text(book: Build) -> str:
    return folded("".join(printed_pages(book.pdf)))


def article(page: BeautifulSoup) -> Tag:
    found = page.find("article")
    assert isinstance(found, Tag)
    found = copy.copy(found)
    for apart in found.select(".evidence-cards, details.hide, script"):
        apart.extract()
    return found


@pytest.mark.parametrize("marker", CENTRAL)
def test_central_estimates_stand_in_html_and_pdf_with_their_source(
    marker: str, pages: dict[str, BeautifulSoup], pdf_text: str
) -> None:
    estimate, interval = CENTRAL[marker]
    stated = f"{estimate} ({interval}; unit not reported) [Zhang 2025]"
    assert stated in article(pages["answer"]).get_text()
    assert folded(stated) in pdf_text


def test_ntx_stands_without_an_estimate_in_html_and_pdf(
    pages: dict[str, BeautifulSoup], pdf_text: str
) -> None:
    stated = "no significant change (no estimate reported) [Zhang 2025]"
    row = article(pages["markers"]).find(id="zhang2025-ntx")
    assert isinstance(row, Tag)
    assert stated in row.get_text()
    assert folded(stated) in pdf_text


def test_every_finding_reads_the_same_in_html_and_pdf(
    evidence: Evidence, pages: dict[str, BeautifulSoup], pdf_text: str
) -> None:
    shown = article(pages["sources"]).get_text()
    for finding in evidence.findings():
        source = source_name(evidence.source_of(finding))
        stated = f"{effect_text(finding)} [{source}]"
        assert stated in shown, finding.finding_id
        assert folded(stated) in pdf_text, finding.finding_id


def test_every_finding_has_a_place_that_links_lead_to(
    evidence: Evidence, pages: dict[str, BeautifulSoup]
) -> None:
    for finding_id in evidence.findings_by_id:
        assert pages["sources"].find("tr", id=finding_id), finding_id


def test_every_internal_link_leads_to_an_existing_place(
    pages: dict[str, BeautifulSoup], book: Build
) -> None:
    ids = {
        name: {tag["id"] for tag in page.find_all(id=True)} | {""} for name, page in pages.items()
    }
    for name, page in pages.items():
        for link in article(page).find_all("a", href=True):
            target, _, anchor = str(link["href"]).partition("#")
            if "://" in target:
                continue
            if link.has_attr("download"):
                assert (book.html / "chapters" / target).is_file(), f"{name}: {target}"
                continue
            target_name = Path(target).stem or name
            assert target_name in ids, f"{name}: {link['href']}"
            assert anchor in ids[target_name], f"{name}: {link['href']}"


def test_each_entry_of_the_bibliography_stands_once(
    pages: dict[str, BeautifulSoup], pdf_text: str
) -> None:
    entries = pages["references"].select(".citation")
    assert len(entries) > 10
    for entry in entries:
        assert len(entry.select(".label")) == len(entry.select("p")) == 1
    assert pdf_text.count(folded("Absence of evidence is not evidence of absence")) == 1


def test_no_id_stands_twice_on_a_page(pages: dict[str, BeautifulSoup]) -> None:
    for name, page in pages.items():
        ids = [tag["id"] for tag in page.find_all(id=True)]
        assert len(ids) == len(set(ids)), name


def test_a_hover_card_says_what_is_printed_where_and_what_was_read(
    evidence: Evidence, pages: dict[str, BeautifulSoup]
) -> None:
    assert article(pages["answer"]).find(attrs={"data-key": "zhang2025-oc"})
    card = pages["answer"].find(id="card-zhang2025-oc")
    assert isinstance(card, Tag)
    for part in ("OC; MD 1.86, 95% CI 1.17-2.56", "Abstract, Results", "abstract read"):
        assert part in card.get_text()
    assert evidence.source("zhang2025").title in card.get_text()


def test_pages_ask_no_other_host_for_anything(pages: dict[str, BeautifulSoup]) -> None:
    loading = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
    for name, page in pages.items():
        for tag, attribute in loading.items():
            for element in page.find_all(tag, attrs={attribute: True}):
                if element.get("rel") in (["canonical"], ["license"]):
                    continue
                assert not re.match(r"(https?:)?//", str(element[attribute])), (name, element)


def test_style_sheets_ask_no_other_host_for_anything(book: Build) -> None:
    for sheet in (book.html / "_static").rglob("*.css"):
        found = re.findall(r"url\(\s*['\"]?(?:https?:)?//[^)]*", sheet.read_text("utf-8"))
        assert not found, sheet


def test_every_figure_is_drawn_without_script_and_has_a_text_alternative(
    pages: dict[str, BeautifulSoup],
) -> None:
    charts = [chart for page in pages.values() for chart in page.select(".evidence-chart")]
    assert charts
    for chart in charts:
        assert chart.get("role") == "img"
        assert len(str(chart.get("aria-label"))) > 80
        assert chart.find("svg")
        assert chart.parent is not None
        assert chart.parent.find("figcaption")


def test_the_marker_figure_tells_every_result_in_its_text_alternative(
    evidence: Evidence, pages: dict[str, BeautifulSoup]
) -> None:
    (chart,) = pages["markers"].select("#fig-markers .evidence-chart")
    for finding in evidence.findings(source="zhang2025"):
        assert effect_text(finding) in str(chart["aria-label"])


def test_tables_have_captions_and_scoped_headers(pages: dict[str, BeautifulSoup]) -> None:
    tables = [table for page in pages.values() for table in page.select("table.evidence-table")]
    assert tables
    for table in tables:
        assert table.find("caption")
        assert all(cell.get("scope") in ("col", "row") for cell in table.find_all("th"))


def test_math_is_markup_that_browsers_show_without_script(
    pages: dict[str, BeautifulSoup], book: Build
) -> None:
    assert pages["methods"].find("math")
    assert not re.search(r"<script[^>]*mathjax", book.page("chapters/methods"), re.IGNORECASE)


@pytest.mark.parametrize("name", CHAPTERS)
def test_each_page_offers_the_pdf_with_version_and_size(name: str, book: Build) -> None:
    page = BeautifulSoup(book.page(f"chapters/{name}"), "html.parser")
    link = page.find("a", class_="btn-download-report-pdf")
    assert isinstance(link, Tag)
    size = round(book.pdf.stat().st_size / 1000)
    assert link["href"] == f"../vitamin-k2-bone-markers-{VERSION}.pdf"
    assert " ".join(link.get_text().split()) == f"PDF {VERSION} ({size} kB)"


@pytest.mark.parametrize("name", CHAPTERS)
def test_each_page_carries_version_date_and_commit(name: str, book: Build) -> None:
    page = BeautifulSoup(book.page(f"chapters/{name}"), "html.parser")
    stamp = page.find(class_="evidence-stamp")
    assert isinstance(stamp, Tag)
    # The test book is built outside a git checkout.
    assert re.search(rf"Version {re.escape(VERSION)}, \d{{4}}-\d\d-\d\d, no commit", stamp.text)


def test_the_pdf_carries_version_and_commit_on_cover_and_every_later_page(
    book: Build,
) -> None:
    cover, *later = printed_pages(book.pdf)
    assert VERSION in cover
    assert "no commit" in cover
    assert len(later) > 20
    assert all(f"Version {VERSION}" in page for page in later)


def test_the_pdf_has_a_bookmark_for_every_chapter(
    pdf: pypdf.PdfReader, pages: dict[str, BeautifulSoup]
) -> None:
    bookmarks = folded(" ".join(str(item) for item in _titles(pdf.outline)))
    for page in pages.values():
        heading = article(page).find("h1")
        assert isinstance(heading, Tag)
        title = heading.get_text().rstrip("#").split(". ")[-1]
        assert folded(title) in bookmarks


def _titles(outline: list) -> list[str]:
    return [
        title
        for item in outline
        for title in (_titles(item) if isinstance(item, list) else [item.title])
    ]


def test_the_pdf_is_tagged_and_has_a_language_and_title(pdf: pypdf.PdfReader) -> None:
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith("en")
    assert pdf.metadata is not None
    assert "Vitamin K2" in str(pdf.metadata.title)


@pytest.mark.parametrize(
    "leftover",
    ["Show code", "Hide code", "alt.Chart(", "object at 0x", "from evidence_tools", "np.float64"],
)
def test_the_pdf_has_no_code_and_no_leftovers(leftover: str, pdf_text: str) -> None:
    assert folded(leftover) not in pdf_text


def test_no_page_shows_a_traceback_or_an_object(pages: dict[str, BeautifulSoup]) -> None:
    for name, page in pages.items():
        text = article(page).get_text()
        for leftover in ("Traceback", "object at 0x", "np.float64", "{finding}", "{value}"):
            assert leftover not in text, name


def test_the_vega_bundle_lies_in_the_site(book: Build) -> None:
    bundle = book.html / "_static" / "vega-bundle.js"
    assert "vegaEmbed" in bundle.read_text("utf-8")


def test_the_search_index_knows_finding_ids_and_words(book: Build) -> None:
    index = (book.html / "searchindex.js").read_text("utf-8")
    assert "warfarin" in index
    assert "zhang2025-ntx" in index


def test_counts_and_sizes_in_prose_come_from_the_tables(
    evidence: Evidence, pages: dict[str, BeautifulSoup]
) -> None:
    people = evidence.source("zhang2025").n_participants
    assert people is not None
    assert number_text(people) in article(pages["answer"]).get_text()


@pytest.mark.parametrize("path", sorted((PROJECT / "chapters").glob("*.md")), ids=lambda p: p.stem)
def test_chapters_stay_short_and_their_cells_simple(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 250
    cells = re.findall(r"```\{code-cell\}.*?\n(.*?)```", text, flags=re.DOTALL)
    assert len(cells) <= 8
    for cell in cells:
        code = [line for line in cell.splitlines() if line.strip() and not line.startswith(":")]
        assert len(code) <= 9, code


def test_every_chapter_file_is_in_the_table_of_contents() -> None:
    toc = yaml.safe_load((PROJECT / "_toc.yml").read_text("utf-8"))
    listed = [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]
    assert sorted(listed) == sorted(f"chapters/{name}" for name in CHAPTERS)


def test_text_in_pages_is_escaped_once(pages: dict[str, BeautifulSoup]) -> None:
    shown = article(pages["sources"]).get_text()
    assert html.unescape("Bone &amp; Joint Research") in shown
    assert "&amp;" not in shown
