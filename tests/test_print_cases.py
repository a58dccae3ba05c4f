"""What authors bring comes out right on the page and in the PDF: one book of all cases."""

from __future__ import annotations

import csv
import json
import re
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from building import PROJECT, Build, build_book
from cases import KINDS, LENGTHS, all_cases, all_refused, write_book
from conftest import letters, printed_pages


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The book of all cases, built once."""
    build = build_book(write_book(tmp_path_factory.mktemp("cases") / "book", all_cases()))
    assert build.returncode == 0, build.output
    return build


@cache
def markup_of_book(folder: Path) -> dict[str, str]:
    """What print is given of each chapter, by number: a line of JSON for each block."""
    parts: dict[str, str] = {}
    text = (folder / "_build" / ".evidence" / "kept" / ".print" / "main.typ").read_text(
        encoding="utf-8"
    )
    number = ""
    for line in text.splitlines():
        if origin := re.match(r"// chapters/(\w+)[-.].*:\d+$", line):
            number = origin[1]
        elif line.startswith("#shown("):
            parts[number] = parts.get(number, "") + json.loads(line[7:-1]) + "\n"
    return parts


@cache
def words_of_pdf(pdf: Path) -> str:
    return " ".join(" ".join(printed_pages(pdf)).split())


def article(build: Build, number: str) -> Tag:
    (path,) = (build.html / "chapters").glob(f"{number}*.html")
    found = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").select_one("article")
    assert found is not None
    return found


def listed(where: str) -> pytest.MarkDecorator:
    """Give a test the patterns that ``cases.csv`` lists for print, for pages or for refusals."""
    with (PROJECT / "tests" / "cases.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["where"] == where]
    facts = [f"{row['case']}: {row['fact']}" for row in rows]
    values = [(row["case"], row["pattern"]) for row in rows]
    return pytest.mark.parametrize(("case", "pattern"), values, ids=facts)


@listed("print")
def test_print_shows_what_the_case_expects(cases: Build, case: str, pattern: str) -> None:
    assert re.search(pattern, markup_of_book(cases.folder)[case])


@listed("page")
def test_a_page_shows_what_the_case_expects(cases: Build, case: str, pattern: str) -> None:
    assert article(cases, case).select(pattern)


def test_a_page_with_a_toggle_has_its_script(cases: Build) -> None:
    assert "togglebutton.js" in cases.page("chapters/45-rare")


def test_a_page_shows_words_in_brackets_that_are_no_tag(cases: Build) -> None:
    assert "<angle>" in article(cases, "01").get_text()


def test_a_page_numbers_and_names_formulas_as_print_does(cases: Build) -> None:
    numbers = [tag.get_text()[:3] for tag in article(cases, "12").select("span.eqno")]
    printed = re.findall(r'"number":"(\(\d\))"', markup_of_book(cases.folder)["12"])
    assert numbers == printed == ["(1)", "(2)"]


def test_no_page_loads_a_script_or_style_of_another_host(cases: Build) -> None:
    pages = sorted((cases.html / "chapters").glob("*.html"))
    assert len(pages) > 40
    for page in pages:
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        tags = soup.select("script[src], img[src], link[rel=stylesheet]")
        assert not [t for t in tags if "//" in str(t.get("src") or t["href"])[:8]], page.name
        assert "default-src 'self'" in str(soup.select_one("meta[http-equiv]"))


def test_every_text_of_the_cases_is_in_the_pdf(cases: Build) -> None:
    words = words_of_pdf(cases.pdf).replace(" ", "")
    for text in ("Žižek", "Łódź", "Đặng", "Витамин", "ʃəˈnwɑ", "骨密度", "비타민", "ビタミン"):
        assert text in words


def test_no_number_of_a_wide_table_is_broken(cases: Build) -> None:
    assert all(str(-1234.567891 - n) in words_of_pdf(cases.pdf).split() for n in range(18))


def test_pictures_in_a_line_and_in_a_note_do_not_end_it(cases: Build) -> None:
    lines = "\n".join(printed_pages(cases.pdf)).replace("\u200b", "").splitlines()
    assert any("a linked picture here" in " ".join(line.split()) for line in lines)
    assert any(re.fullmatch(r"\d+It has in its line\.", " ".join(line.split())) for line in lines)


@pytest.mark.parametrize("count", LENGTHS)
def test_a_long_table_repeats_its_head_and_ends_with_two_rows(cases: Build, count: int) -> None:
    pages = [
        text
        for text in printed_pages(cases.pdf)
        if f" of {count}\r" in text or f" of {count} v" in text
    ]
    assert all("name what" in text for text in pages if "row " in text)
    assert pages[-1].count(f" of {count} value") >= 2


def test_no_line_of_the_cases_leaves_its_page(cases: Build) -> None:
    assert all(left >= 0 and right <= width for left, right, width in letters(cases.pdf))


def test_what_print_cannot_show_is_listed_with_page_and_line(cases: Build) -> None:
    for place in ("24-media.md:7", "53-plotly.md:", "60-media-out.md:"):
        assert re.search(rf"print: chapters/{place}\S* print cannot show this", cases.output)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_picture_is_shown_and_printed(cases: Build, kind: str) -> None:
    assert re.search(rf'"file":"\w+","alt":"a blue {kind}"', markup_of_book(cases.folder)["kinds"])
    (image,) = article(cases, "kinds").select(f"img[alt='a blue {kind}']")
    assert str(image["src"]).endswith((".png", ".gif", ".jpg", ".webp"))


def test_a_drawing_in_a_line_is_printed_with_its_words(cases: Build) -> None:
    assert re.search(r'"file":"\w+\.svg","alt":"a square"', markup_of_book(cases.folder)["drawing"])
    assert article(cases, "drawing").select("svg[aria-label='a square'] rect")


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A book of all that is refused while pages are read: each is reported in one build."""
    folder = write_book(tmp_path_factory.mktemp("refused") / "book", all_refused())
    (folder / "_build" / "html").mkdir(parents=True)
    (folder / "_build" / "html" / "index.html").write_text("good", encoding="utf-8")
    return build_book(folder)


@listed("refusal")
def test_a_refusal_names_file_line_and_remedy(refused: Build, case: str, pattern: str) -> None:
    assert re.search(pattern, refused.output)


def test_a_refused_book_leaves_the_last_good_site_and_shows_no_traceback(refused: Build) -> None:
    assert refused.returncode == 1
    assert "is still the last good one" in refused.output
    assert [path.read_text("utf-8") for path in refused.html.iterdir()] == ["good"]
    assert "Traceback" not in refused.output
