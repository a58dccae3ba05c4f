"""A made-up book as its readers get it: pages, files beside them, and what a build refuses."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from bs4 import BeautifulSoup, Tag
from made_up import Made
from sqlalchemy.exc import OperationalError

from evidence_tools.book import _say_why
from evidence_tools.book.site import Site

Pages = dict[str, BeautifulSoup]

PAGES = ("answer", "rows", "diary", "about")


@pytest.fixture(scope="session")
def pages(made: Made) -> Pages:
    return {name: BeautifulSoup(made.page(name), "html.parser") for name in PAGES}


def one(page: BeautifulSoup | Tag, selector: str) -> Tag:
    found = page.select_one(selector)
    assert found is not None, selector
    return found


def article(page: BeautifulSoup) -> Tag:
    return one(page, "article")


def test_a_role_shows_the_figure_as_printed_and_links_to_its_row(pages: Pages) -> None:
    link = one(article(pages["answer"]), ".evidence-ref > a[href='rows.html#larkin2024-som']")
    assert link.get_text().startswith("MD 1.86 (95% CI 1.17–2.56")
    assert pages["rows"].find("tr", id="larkin2024-som")


def test_a_statement_on_what_is_unknown_is_shown_in_the_words_of_its_row(pages: Pages) -> None:
    assert "names of the trials that it pooled are not reported" in pages["answer"].get_text()


def test_a_card_says_what_is_printed_where_and_what_was_read(pages: Pages) -> None:
    card = one(pages["answer"], "#card-larkin2024-som")
    for part in ("SOM; MD 1.86, 95% CI 1.17-2.56", "Abstract, Results", "none known"):
        assert part in card.get_text()


def test_roles_are_resolved_in_captions_alt_texts_and_settings(pages: Pages) -> None:
    assert "What of Larkin 2024?" in article(pages["rows"]).get_text()
    picture = one(article(pages["answer"]), "img")
    assert picture["alt"] == "From Moss 2021"
    description = one(pages["answer"], "meta[name=description]")
    assert description["content"] == "What 6 trials say on <amber> light."
    assert one(pages["about"], ".logo__title").get_text() == "Amber <light>: a made-up report"


def test_only_the_first_mention_of_an_abbreviation_links_to_the_glossary(pages: Pages) -> None:
    links = article(pages["answer"]).select("a[href='about.html#term-RCT']")
    assert len(links) == 1
    assert pages["about"].find(id="term-RCT")


def test_text_from_data_is_never_markup(pages: Pages) -> None:
    rows = article(pages["rows"])
    assert "<b>Sum</b>" in rows.get_text()
    assert "<u>plain</u>" in rows.get_text()
    assert not rows.find("u")
    chart = one(rows, ".evidence-chart")
    assert chart["aria-label"] == 'A "<point>".'


def test_each_cell_names_its_column_for_phones(pages: Pages) -> None:
    row = one(pages["rows"], "tr#larkin2024-som")
    assert [cell.get("data-label") for cell in row.find_all("td")] == ["Result", "<b>Sum</b>"]
    assert [head.get("scope") for head in row.find_all("th")] == ["row"]


def test_csv_files_hold_what_is_shown_and_no_formula(made: Made) -> None:
    table = (made.html / "_data/tab-rows.csv").read_text(encoding="utf-8").splitlines()
    assert table[0] == "Key,Result,<b>Sum</b>"
    assert table[1] == "larkin2024-som,MD 1.86 (95% CI 1.17–2.56; unit not reported),'=1+1"
    assert (made.html / "_data/fig-one.csv").read_text("utf-8") == "says\n'@high <i>\n"
    assert (made.html / "_data/tables/findings.csv").is_file()


def test_pages_have_a_description_a_picture_and_an_icon(pages: Pages, made: Made) -> None:
    for page in pages.values():
        assert page.select_one('meta[property="og:title"]')
        picture = one(page, 'meta[property="og:image"]')
        assert (made.html / "chapters" / str(picture["content"])).is_file()
        icon = one(page, 'link[rel="icon"]')
        assert (made.html / "chapters" / str(icon["href"])).is_file()


def test_pages_hold_no_script_that_runs_and_ask_no_other_host(made: Made) -> None:
    for path in made.html.rglob("*.html"):
        page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for script in page.find_all("script"):
            assert script.get("src") or script.get("type") == "text/plain", path.name
        for tag in page.select("script[src], img[src], link[rel='stylesheet'], iframe[src]"):
            assert "//" not in str(tag.get("src") or tag.get("href")), path.name
        assert not page.find(style=re.compile("url")), path.name


def test_a_first_view_takes_at_most_250_kilobytes(made: Made) -> None:
    def weight(path: Path) -> int:
        return len(gzip.compress(path.read_bytes()))

    for name in PAGES:
        page = BeautifulSoup(made.page(name), "html.parser")
        files = page.select("script[src], link[rel='stylesheet'], link[rel='icon']")
        asked = {str(tag.get("src") or tag.get("href")).partition("?")[0] for tag in files}
        paths = [(made.html / "chapters" / name).resolve() for name in asked]
        found = [path for path in paths if path.is_file()]
        assert weight(made.html / f"chapters/{name}.html") + sum(map(weight, found)) < 250_000


def test_short_addresses_lead_on_without_a_script(made: Made) -> None:
    for name, target in (("rows", "chapters/rows.html"), ("index", "chapters/answer.html")):
        page = (made.html / f"{name}.html").read_text(encoding="utf-8")
        assert f'content="0; url={target}"' in page


def test_a_page_names_its_version_and_can_say_that_it_is_old(pages: Pages) -> None:
    answer = pages["answer"]
    stamp = one(answer, ".evidence-stamp")
    assert "Version 0.1.0, 2026-09-21, no commit" in stamp.get_text()
    notice = one(answer, ".evidence-old-version")
    assert "../../../latest/index.html" in str(notice)
    assert answer.select_one('noscript link[href="../../0.1.0.css"]')


def test_a_chapter_is_offered_as_a_notebook_with_its_results(pages: Pages, made: Made) -> None:
    notebook = json.loads((made.html / "chapters/rows.ipynb").read_text(encoding="utf-8"))
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    assert len(outputs) == 3
    assert "MD 1.86" in json.dumps(outputs[0]["data"]["text/plain"], ensure_ascii=False)
    assert pages["rows"].select_one('a[download][href="rows.ipynb"]')
    assert pages["rows"].select_one('a[download][href="../amber-0.1.0.pdf"]')


def test_everything_can_be_taken_away_in_one_file(made: Made) -> None:
    packed = zipfile.ZipFile(BytesIO((made.html / "amber-0.1.0-files.zip").read_bytes()))
    names = set(packed.namelist())
    assert {"amber-0.1.0.pdf", "amber-0.1.0.bib", "amber-0.1.0.ris"} <= names
    assert {"data/findings.csv", "chapters/rows.md", "chapters/rows.ipynb"} <= names


def test_the_manifest_names_the_pages_that_state_a_finding(made: Made) -> None:
    manifest = json.loads((made.html / "report.json").read_text(encoding="utf-8"))
    assert manifest["findings"]["larkin2024-som"] == ["chapters/answer", "chapters/rows"]
    assert "chapters/answer.html" in manifest["files"]


def test_each_word_of_a_pages_keywords_is_searched(made: Made) -> None:
    index = (made.html / "searchindex.js").read_text(encoding="utf-8")
    found = json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))
    about = found["docnames"].index("chapters/about")
    for word in ("side", "blood", "thinner"):
        assert found["terms"][word] == about


def test_a_diary_is_printed_and_reads_ones_own_file(pages: Pages, made: Made) -> None:
    diary = pages["diary"]
    assert len(one(diary, "table#tab-diary").select("tbody tr")) == 1
    file = made.html / "chapters" / str(one(diary, "a.download")["href"])
    assert file.read_text("utf-8") == "day,missed,sleep,note\n"
    place = diary.select(".evidence-diary li")
    assert place[1].get_text().strip() == "missed (yes/no): whether a lamp was missed"
    assert diary.select_one("script[src*='evidence-diary.js']")
    policy = one(diary, "meta[http-equiv='Content-Security-Policy'][content^='connect']")
    assert policy["content"] == "connect-src 'none'"
    assert "evidence-diary.js" not in made.page("answer")


def test_the_pdf_is_beside_the_pages_and_the_build_says_where(made: Made) -> None:
    assert (made.html / "amber-0.1.0.pdf").read_bytes().startswith(b"%PDF")
    assert re.search(r"4 pages and amber-0\.1\.0\.pdf \(\d+ kB\) are in .*html", made.output)


def test_a_site_replaces_the_last_one_and_is_known_until_somebody_touches_it(
    tmp_path: Path,
) -> None:
    for number in (1, 2):
        site = Site(tmp_path, "key")
        (site.new / "html" / f"{number}.txt").write_text("new", encoding="utf-8")
        site.put_in_place(about="by hand")
    site.html.replace(site.own / "old")  # as if it ended while a site was replaced
    site.html.mkdir()
    assert Site(tmp_path, "key").last["about"] == "by hand"
    assert [path.name for path in site.html.iterdir()] == ["2.txt"]
    assert not Site(tmp_path, "another key").last
    (site.html / "2.txt").write_text("by hand", encoding="utf-8")
    assert not Site(tmp_path, "key").last
    (site.html / "2.txt").write_text("new", encoding="utf-8")
    (tmp_path / ".evidence" / "site.json").write_text("[1", encoding="utf-8")
    assert not Site(tmp_path, "key").last


def test_a_full_disk_is_named_in_one_line(tmp_path: Path, capfd: Any) -> None:
    copies = shutil.Error([("a", "b", "full")] * 9)
    for error in (copies, OperationalError("SQL", {}, OSError("full"))):
        with pytest.raises(SystemExit):
            _say_why(Mock(), tmp_path, None, None, error)
        assert capfd.readouterr().err.splitlines()[1].endswith("full")
