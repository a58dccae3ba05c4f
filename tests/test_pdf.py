"""The report in print: complete, accessible, reproducible, and inside its pages."""

from __future__ import annotations

import dataclasses
import datetime
import html
import re
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from conftest import PROJECT, Build
from pypdf import PdfReader

from evidence_tools.book.pdf import PdfError, ReportDetails, make_pdf
from evidence_tools.book.pdf.article import tidy_article

DETAILS = ReportDetails(
    title="Vitamin K2 & bone turnover: #1 $report",
    subtitle="A test",
    authors=("The Group",),
    version="1.2.3",
    date=datetime.date(2026, 3, 4),
    commit="0123456789abcdef",
    language="en-GB",
    licence="CC BY 4.0",
    how_to_cite="The Group (2026). Cite @this #way.",
    description="What is known.",
)

HOSTILE = [
    "<script>alert(1)</script>",
    "{raw} html",
    "$x$ and $$y$$",
    "`one` ``two`` ```three```",
    "#show: none",
    "#let x = 1; #{panic()}",
    "@label",
    "<label>",
    "*star* _under_",
    "back\\slash \\[ \\u{41}",
    "// comment",
    "/* block */",
    "[a](b) ]",
    "~tilde~ -- ---",
    "\"double\" 'single'",
    "= heading",
    "- item",
    "+ item",
    "1. item",
    "/ term: x",
    "&amp;",
    "https://example.org/a//b?c=d#e",
]


def table(rows: list[list[str]], attributes: str = "", caption: str = "") -> str:
    head, *body = rows
    cells = "".join(f'<th class="head"><p>{html.escape(text)}</p></th>' for text in head)
    lines = [f"<tr>{cells}</tr>"]
    for row in body:
        cells = "".join(f"<td><p>{html.escape(text)}</p></td>" for text in row)
        lines.append(f"<tr>{cells}</tr>")
    return (
        f"<table {attributes}>{caption}<thead>{lines[0]}</thead>"
        f"<tbody>{''.join(lines[1:])}</tbody></table>"
    )


def printed(folder: Path, body: str, details: ReportDetails = DETAILS) -> PdfReader:
    if "<h1" not in body:
        body = f"<h1>Chapter</h1>{body}"
    return PdfReader(make_pdf(body, details=details, resources=folder, target=folder / "r.pdf"))


def text_of(reader: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def without_spaces(text: str) -> str:
    return "".join(text.split())


def outside(reader: PdfReader) -> list[str]:
    """Return the text that starts or ends outside its page, allowing for a hanging hyphen."""
    found: list[str] = []
    for page in reader.pages:
        width, height = float(page.mediabox.width), float(page.mediabox.height)

        def visit(
            text: str,
            cm: list[float],
            tm: list[float],
            _font: object,
            size: float,
            width: float = width,
            height: float = height,
        ) -> None:
            if not text.strip():
                return
            x = tm[4] * cm[0] + cm[4]
            y = tm[5] * cm[3] + cm[5]
            end = x + 0.35 * size * len(text.strip().splitlines()[0])
            if not (x > 0 and end < width and 0 < y < height):
                found.append(text)

        page.extract_text(visitor_text=visit)
    return found


def titles(outline: list) -> list:
    return [titles(item) if isinstance(item, list) else item.title for item in outline]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> PdfReader:
    body = "".join(f"<p>{html.escape(text)}</p>" for text in HOSTILE)
    cells = table([["n", "text"], *([str(n), f"cell {text}"] for n, text in enumerate(HOSTILE))])
    first = table([["x"], *([text] for text in HOSTILE)])
    return printed(tmp_path_factory.mktemp("pdf"), body + cells + first)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_printed_as_it_is_written(hostile: PdfReader, text: str) -> None:
    # Once in a paragraph, once inside a cell, once as all of a cell.
    assert without_spaces(text_of(hostile)).count(without_spaces(text)) >= 3


def test_the_same_article_gives_the_same_bytes(tmp_path: Path) -> None:
    body = '<h1 id="a">A</h1><p>Text <a href="#a">link</a></p>' + table([["a"], ["b"]])
    first = make_pdf(body, details=DETAILS, resources=tmp_path, target=tmp_path / "1.pdf")
    second = make_pdf(body, details=DETAILS, resources=tmp_path, target=tmp_path / "2.pdf")
    assert first.read_bytes() == second.read_bytes()


def test_the_file_says_its_title_language_author_and_day(tmp_path: Path) -> None:
    reader = printed(tmp_path, "<p>x</p>")
    assert reader.metadata.title == DETAILS.title
    assert reader.metadata.author == "The Group"
    assert reader.metadata.creation_date.date() == DETAILS.date
    assert reader.trailer["/Root"]["/Lang"] == "en-GB"


def test_the_file_is_tagged_and_declares_pdf_ua(tmp_path: Path) -> None:
    reader = printed(tmp_path, "<p>x</p>")
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert b"pdfuaid:part" in reader.trailer["/Root"]["/Metadata"].get_data()


def test_the_cover_says_version_date_commit_licence_and_citation(tmp_path: Path) -> None:
    cover = printed(tmp_path, "<p>x</p>").pages[0].extract_text()
    for fact in ("1.2.3", "2026-03-04", "0123456789", "CC BY 4.0", "Cite @this #way."):
        assert fact in cover


def test_every_page_after_the_cover_says_version_and_page_number(tmp_path: Path) -> None:
    reader = printed(tmp_path, "<h1>A</h1><p>x</p><h1>B</h1>")
    for number, page in enumerate(reader.pages[1:], start=2):
        text = page.extract_text()
        assert "Version 1.2.3" in text
        assert f"{number} of {len(reader.pages)}" in text


def test_a_report_without_a_commit_says_so_on_the_cover_and_on_every_page(tmp_path: Path) -> None:
    reader = printed(tmp_path, "<p>x</p>", dataclasses.replace(DETAILS, commit=""))
    assert all("no commit" in page.extract_text() for page in reader.pages)
    assert "commit no" not in text_of(reader)


def test_a_report_with_changed_files_says_modified(tmp_path: Path) -> None:
    reader = printed(tmp_path, "<p>x</p>", dataclasses.replace(DETAILS, modified=True))
    assert all("0123456789, modified" in page.extract_text() for page in reader.pages)


def test_the_caption_of_a_part_stands_above_the_title_and_outside_it(tmp_path: Path) -> None:
    reader = printed(tmp_path, '<div class="part">How sure</div><h1>Limits</h1><p>x</p>')
    assert len(reader.pages) == 3
    assert text_between(reader.pages[2].extract_text(), "1.2.3", "x") == "HowsureLimits"
    assert titles(reader.outline) == ["Contents", "Limits"]


def test_the_contents_name_each_part_once_above_its_first_chapter(tmp_path: Path) -> None:
    part = '<div class="part">{}</div><h1>{}</h1>'
    body = "<h1>First</h1>" + "".join(
        part.format(*names) for names in [("P", "Second"), ("P", "Third"), ("Q", "Fourth")]
    )
    contents = printed(tmp_path, body).pages[1].extract_text()
    assert [line.split()[0] for line in contents.splitlines() if line.split()[0] in WORDS] == WORDS


WORDS = ["First", "P", "Second", "Third", "Q", "Fourth"]


def text_between(text: str, start: str, end: str) -> str:
    return without_spaces(text).partition(start)[2].partition(end)[0]


def test_chapters_and_sections_are_bookmarks_with_their_numbers(tmp_path: Path) -> None:
    number = '<span class="section-number">{} </span>'
    body = f"<h1>{number.format('1.')}Answer</h1><h2>{number.format('1.1.')}Evidence</h2>"
    assert titles(printed(tmp_path, body).outline) == [
        "Contents",
        "1. Answer",
        ["1.1. Evidence"],
    ]


@pytest.mark.parametrize(("before", "page"), [(2, 2), (24, 3)])
def test_a_chapter_starts_on_a_new_page_only_where_little_of_the_page_is_left(
    tmp_path: Path, before: int, page: int
) -> None:
    reader = printed(tmp_path, f"<h1>First</h1>{lines('one', before)}<h1>Second</h1><p>two</p>")
    assert f"one {before - 1}." in reader.pages[2].extract_text()
    assert "Second" in reader.pages[page].extract_text()


def test_a_section_begins_with_some_of_its_text_on_the_same_page(tmp_path: Path) -> None:
    # Somewhere among these lengths its title and one line would end the page.
    for count in range(22, 32):
        body = lines("text", count) + "<h2>Sources</h2><ul><li>first</li><li>second</li></ul>"
        for page in printed(tmp_path, body).pages[2:]:
            text = page.extract_text()
            assert ("Sources" in text) == ("first" in text) == ("second" in text)


def test_an_internal_link_leads_to_the_page_of_its_target(tmp_path: Path) -> None:
    reader = printed(
        tmp_path,
        f'<h1>A</h1><p>See <a href="#t">there</a></p>{lines("x", 30)}<h1>B</h1><p id="t">Here</p>',
    )
    links = [note.get_object() for note in reader.pages[2]["/Annots"]]
    assert len(links) == 1
    destination = links[0].get("/Dest") or links[0]["/A"]["/D"]
    if isinstance(destination, str):
        destination = reader.named_destinations[destination].dest_array
    assert destination[0].get_object() == reader.pages[3].get_object()


def test_a_link_to_a_missing_label_does_not_stop_the_report(tmp_path: Path) -> None:
    assert "See there." in text_of(printed(tmp_path, '<p>See <a href="#lost">there</a>.</p>'))


@pytest.mark.parametrize(
    "inline",
    ['<a href="#t"><s>struck</s> text</a>', '<s>struck <a href="#t">text</a></s>'],
)
def test_a_struck_figure_may_be_a_link(tmp_path: Path, inline: str) -> None:
    reader = printed(tmp_path, f'<h1 id="t">A</h1><p>{inline}</p>')
    assert "struck text" in text_of(reader)
    assert len(reader.pages[2]["/Annots"]) >= 1


def test_a_figure_without_alternative_text_is_refused_by_name(tmp_path: Path) -> None:
    body = '<figure id="fig-x"><div class="evidence-chart"><svg></svg></div></figure>'
    with pytest.raises(PdfError, match="'fig-x'"):
        printed(tmp_path, body)


def test_the_alternative_text_of_a_figure_is_in_the_file(tmp_path: Path) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" viewBox="0 0 9 9"></svg>'
    reader = printed(
        tmp_path,
        f'<figure id="f"><div class="evidence-chart" aria-label="Four &quot;rise&quot;">{svg}</div>'
        "<figcaption><p>Fig. 7 Markers</p></figcaption></figure>",
    )
    found = [item.get_object().get("/Alt") for item in objects(reader)]
    assert 'Four "rise"' in found
    assert text_of(reader).count("Fig.") == 1


def figure(height: int) -> str:
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="300" height="{height}" '
        f'viewBox="0 0 300 {height}"><rect width="300" height="{height}"/></svg>'
    )
    return (
        f'<figure id="f"><div class="evidence-chart" aria-label="Bars">{svg}</div>'
        "<figcaption><p>The caption.</p></figcaption></figure>"
    )


def lines(words: str, count: int) -> str:
    return "".join(f"<p>{words} {n}.</p>" for n in range(count))


def test_text_fills_the_page_before_a_figure_that_does_not_fit(tmp_path: Path) -> None:
    body = "<h1>A</h1>" + lines("before", 15) + figure(600) + lines("after", 3)
    pages = [page.extract_text() for page in printed(tmp_path, body).pages]
    assert "after 2." in pages[2]
    assert "The caption." in pages[3]


def test_a_figure_at_the_start_of_a_chapter_stays_below_the_title(tmp_path: Path) -> None:
    text = printed(tmp_path, "<h1>Title</h1><p>Text.</p>" + figure(90)).pages[2].extract_text()
    assert text.index("Title") < text.index("Text.") < text.index("The caption.")


def test_a_figure_higher_than_a_page_leaves_room_for_its_caption(tmp_path: Path) -> None:
    heights: list[float] = []

    def visit(text: str, cm: list[float], tm: list[float], *_rest: object) -> None:
        if "The caption." in text:
            heights.append(tm[5] * cm[3] + cm[5])

    for page in printed(tmp_path, "<h1>A</h1>" + figure(4000)).pages:
        page.extract_text(visitor_text=visit)
    bottom_margin = 30 / 25.4 * 72
    assert len(heights) == 1
    assert heights[0] > bottom_margin


def test_the_caption_of_a_table_stays_with_its_first_row(tmp_path: Path) -> None:
    # Somewhere among these lengths the caption alone would be the last line of the page.
    for count in range(24, 32):
        body = lines("text", count) + table(
            [["head"], ["cell"]], caption="<caption>Tab. 1</caption>"
        )
        for page in printed(tmp_path, body).pages:
            text = page.extract_text()
            assert ("Tab. 1" in text) == ("cell" in text)


def objects(reader: PdfReader) -> list:
    numbers = range(1, int(reader.trailer["/Size"]))
    found = (reader.get_object(number) for number in numbers)
    return [item for item in found if isinstance(item, dict)]


def test_a_formula_has_its_source_as_alternative_text(tmp_path: Path) -> None:
    reader = printed(tmp_path, r'<p><span class="math">\(\frac{a}{b}\)</span></p>')
    assert r"\frac{a}{b}" in [item.get("/Alt") for item in objects(reader)]


def test_header_rows_repeat_on_every_page_of_a_table(tmp_path: Path) -> None:
    rows = [["Marker name", "Value"], *([f"row {n}", str(n)] for n in range(120))]
    reader = printed(tmp_path, table(rows))
    with_rows = [page.extract_text() for page in reader.pages if "row " in page.extract_text()]
    assert len(with_rows) > 1
    assert all("Marker name" in text for text in with_rows)


def test_a_table_that_goes_on_says_which_it_is(tmp_path: Path) -> None:
    rows = [["Marker name", "Value"], *([f"row {n}", str(n)] for n in range(120))]
    long = table(rows, caption="<caption>Table 7 Which rows?</caption>")
    short = table([["head"], ["cell"]])
    pages = [page.extract_text() for page in printed(tmp_path, long + short).pages]
    with_rows = [text for text in pages if "row " in text]
    assert ["Table 7, continued" in text for text in with_rows] == [False, True, True]
    assert not any("continued" in text for text in pages if "row " not in text)


def test_the_running_line_names_the_chapter_after_its_first_page(tmp_path: Path) -> None:
    body = f"<h1>First</h1>{lines('text', 60)}<h1>Second</h1><p>end</p>"
    heads = [page.extract_text().splitlines()[0] for page in printed(tmp_path, body).pages[2:]]
    assert [head.startswith("First") for head in heads] == [False, True, False]
    assert all("Version 1.2.3" in head for head in heads)


def test_the_contents_leave_out_titles_that_several_chapters_have(tmp_path: Path) -> None:
    chapter = '<h1>{0}</h1><h2><span class="section-number">{1}.1. </span>Limitations</h2><p>x</p>'
    body = chapter.format("A", 1) + "<h2>Which trials?</h2><p>y</p>" + chapter.format("B", 2)
    reader = printed(tmp_path, body)
    contents = reader.pages[1].extract_text()
    assert "Which trials?" in contents
    assert "Limitations" not in contents
    assert str(titles(reader.outline)).count("Limitations") == 2


def test_a_definition_starts_in_the_line_of_its_term(tmp_path: Path) -> None:
    body = "<dl><dt>ucOC</dt><dd><p>Undercarboxylated.</p></dd><dt>x</dt><dd><p>y</p></dd></dl>"
    text = text_of(printed(tmp_path, body))
    assert re.search(r"ucOC +Undercarboxylated\.", text)


@pytest.mark.parametrize("columns", [3, 6, 9, 16])
def test_no_text_of_a_wide_table_leaves_the_page(tmp_path: Path, columns: int) -> None:
    name = "zhang_2025_" + "a1" * 20
    head = [f"statistically_significant_{n}" for n in range(columns)]
    row = [name if n % 2 else "not reported where the source was read" for n in range(columns)]
    reader = printed(tmp_path, table([head, *[row] * 5], caption="<caption>Table 9 Wide</caption>"))
    assert outside(reader) == []
    assert without_spaces(text_of(reader)).count(name) == 5 * (columns // 2)


def test_a_very_wide_table_lies_on_a_page_on_its_side(tmp_path: Path) -> None:
    reader = printed(tmp_path, table([[f"column {n}" for n in range(16)], ["reported"] * 16]))
    assert any(page.mediabox.width > page.mediabox.height for page in reader.pages)


def test_a_chapter_that_opens_with_a_very_wide_table_leaves_no_empty_page(tmp_path: Path) -> None:
    wide = table([[f"column {n}" for n in range(16)], ["reported"] * 16])
    reader = printed(tmp_path, f"<h1>A</h1><p>one</p><h1>Second</h1>{wide}<p>after</p>")
    assert len(reader.pages) == 5
    assert "Second" in reader.pages[3].extract_text()


def test_a_long_identifier_in_the_text_breaks_inside_the_page(tmp_path: Path) -> None:
    name = "a1" * 120
    reader = printed(tmp_path, f"<p>{name}</p>")
    assert outside(reader) == []
    assert name in without_spaces(text_of(reader))


def test_a_footnote_keeps_the_mark_of_the_page(tmp_path: Path) -> None:
    body = (
        '<p>Text<a class="footnote-reference" href="#n">7</a></p><aside class="footnote" id="n">'
        '<span class="label">7</span><p>The note.</p></aside>'
    )
    text = text_of(printed(tmp_path, body))
    assert "Text7" in without_spaces(text)
    assert "7Thenote." in without_spaces(text)


def test_titled_blocks_definitions_and_quotes_are_printed(tmp_path: Path) -> None:
    body = (
        '<div class="admonition tip"><p class="admonition-title">Tip: read</p><p>Slowly.</p></div>'
        "<dl><dt>ucOC: a marker</dt><dd><p>Undercarboxylated.</p></dd></dl>"
        "<blockquote><p>Quoted.</p></blockquote>"
        '<div class="citation" id="c"><span class="label">[1]</span><p>Paper.</p></div>'
    )
    text = text_of(printed(tmp_path, body))
    for part in ("Tip: read", "Slowly.", "ucOC: a marker", "Undercarboxylated.", "Quoted.", "[1]"):
        assert part in text


def test_a_character_no_font_has_is_refused_with_the_heading_it_stands_under(
    tmp_path: Path,
) -> None:
    with pytest.raises(PdfError, match=r"'Sources #1'.*中"):
        printed(tmp_path, "<h1>Sources #1</h1><p>中</p>")


def test_a_report_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "out" / "report.pdf"
    make_pdf("<h1>A</h1>", details=DETAILS, resources=tmp_path, target=target)
    before = target.read_bytes()
    with pytest.raises(PdfError):
        make_pdf("<h1>A</h1><img src='x'/>", details=DETAILS, resources=tmp_path, target=target)
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == ["report.pdf"]


def test_details_may_hold_markup_and_may_be_empty(tmp_path: Path) -> None:
    details = dataclasses.replace(
        DETAILS, title='#panic() "x" \\', subtitle="", authors=(), commit="", licence="*"
    )
    assert '#panic() "x" \\' in text_of(printed(tmp_path, "<p>x</p>", details))


@pytest.fixture(scope="module")
def report(book: Build) -> PdfReader:
    return PdfReader(book.pdf)


def test_no_text_of_the_report_leaves_its_page(report: PdfReader) -> None:
    assert outside(report) == []


def test_every_internal_link_of_the_report_has_a_destination(report: PdfReader) -> None:
    pages = {page.indirect_reference.idnum for page in report.pages}
    places = []
    for page in report.pages:
        for note in (note.get_object() for note in page.get("/Annots", [])):
            if note["/Subtype"] == "/Link" and note.get("/A", {}).get("/S") != "/URI":
                place = note["/Dest"] if "/Dest" in note else note["/A"]["/D"]
                if isinstance(place, str):
                    place = report.named_destinations[place].dest_array
                places.append(place[0].idnum)
    assert len(places) > 100
    assert set(places) <= pages


def test_every_cross_reference_and_citation_of_the_article_is_a_link_in_print(
    book: Build, tmp_path: Path
) -> None:
    resources = book.folder / "_build" / ".article"
    article = (resources / "article.html").read_text(encoding="utf-8")
    wanted = BeautifulSoup(article, "html.parser").select(
        "a.reference.internal[href^='#'], .bibtex-citation a"
    )
    tidy = BeautifulSoup(tidy_article(article, tmp_path, resources=resources), "html.parser")
    ids = [tag["id"] for tag in tidy.find_all(id=True)]
    links = [link["href"][1:] for link in tidy.select("a[href^='#']")]
    assert len(ids) == len(set(ids))
    assert set(links) <= set(ids)
    assert len(links) >= len(wanted) > 50


def test_the_article_of_the_report_gives_the_same_bytes_twice(book: Build, tmp_path: Path) -> None:
    resources = book.folder / "_build" / ".article"
    article = (resources / "article.html").read_text(encoding="utf-8")
    first, second = (
        make_pdf(article, details=DETAILS, resources=resources, target=tmp_path / name)
        for name in ("1.pdf", "2.pdf")
    )
    assert first.read_bytes() == second.read_bytes()


def test_the_bookmarks_are_the_chapters_in_the_order_of_the_table_of_contents(
    report: PdfReader,
) -> None:
    toc = yaml.safe_load((PROJECT / "_toc.yml").read_text(encoding="utf-8"))
    files = [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]
    headings = [first_heading((PROJECT / f"{name}.md").read_text("utf-8")) for name in files]
    chapters = [item for item in titles(report.outline) if isinstance(item, str)]
    assert [re.sub(r"^\d+\. ", "", title) for title in chapters] == ["Contents", *headings]


def first_heading(chapter: str) -> str:
    found = re.search(r"^# (.+)$", re.sub(r"(?s)^(```+).*?^\1$", "", chapter, flags=re.M), re.M)
    assert found is not None
    return found[1].strip()


def test_the_first_chapter_of_a_part_opens_with_the_caption_of_the_part(report: PdfReader) -> None:
    toc = yaml.safe_load((PROJECT / "_toc.yml").read_text(encoding="utf-8"))
    captions = [
        part["caption"] if first else ""
        for part in toc["parts"]
        for first in [True] + [False] * (len(part["chapters"]) - 1)
    ]
    chapters = [item for item in report.outline if not isinstance(item, list)][2:]
    pages = [report.pages[report.get_destination_page_number(item)] for item in chapters]
    for caption, chapter, page in zip(captions, chapters, pages, strict=True):
        text = without_spaces(page.extract_text())
        assert without_spaces(caption + chapter.title) in text


def test_the_citation_of_the_report_ends_its_title_with_a_full_stop(report: PdfReader) -> None:
    assert "what is known. Version" in " ".join(report.pages[0].extract_text().split())


def test_no_lettering_of_the_report_is_too_small_to_read(report: PdfReader) -> None:
    smallest = 7.5
    found: list[tuple[float, str]] = []

    def visit(text: str, cm: list[float], tm: list[float], _font: object, size: float) -> None:
        found.append((abs(size * tm[3] * cm[3]), text))

    for page in report.pages:
        page.extract_text(visitor_text=visit)
    assert [text for size, text in found if text.strip() and size < smallest] == []


def test_a_report_whose_figures_wait_for_each_other_comes_to_rest(tmp_path: Path) -> None:
    body = "<h1>A</h1>" + "".join(
        f"<p>See Figure {n}.</p>{figure(height)}{table([['head'], *[['cell']] * 30])}"
        for n, height in enumerate([600, 650, 620, 300, 640])
    )
    text = text_of(printed(tmp_path, body))
    assert text.count("The caption.") == 5
