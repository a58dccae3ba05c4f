"""The report in print: complete, accessible, reproducible, and inside its pages."""

from __future__ import annotations

import dataclasses
import datetime
import html
from pathlib import Path

import pytest
from pypdf import PdfReader

from evidence_tools.book.pdf import PdfError, ReportDetails, make_pdf

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


def test_chapters_and_sections_are_bookmarks_with_their_numbers(tmp_path: Path) -> None:
    number = '<span class="section-number">{} </span>'
    body = f"<h1>{number.format('1.')}Answer</h1><h2>{number.format('1.1.')}Evidence</h2>"
    assert titles(printed(tmp_path, body).outline) == [
        "Contents",
        "1. Answer",
        ["1.1. Evidence"],
    ]


def test_each_chapter_starts_on_a_new_page(tmp_path: Path) -> None:
    reader = printed(tmp_path, "<h1>First</h1><p>one</p><h1>Second</h1><p>two</p>")
    pages = [page.extract_text() for page in reader.pages]
    assert "one" in pages[2]
    assert "two" in pages[3]


def test_an_internal_link_leads_to_the_page_of_its_target(tmp_path: Path) -> None:
    reader = printed(
        tmp_path, '<h1>A</h1><p>See <a href="#t">there</a></p><h1>B</h1><p id="t">Here</p>'
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
