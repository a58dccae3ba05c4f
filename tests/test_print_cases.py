"""What authors bring comes out right on the page and in the PDF: one book of all cases."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from building import Build, build_book
from cases import ALTERNATIVE, HOME, KINDS, LENGTHS, all_cases, all_refused, build_chapters
from conftest import letters, printed_pages


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The book of all cases, built once."""
    build = build_chapters(tmp_path_factory.mktemp("cases") / "book", all_cases())
    assert build.returncode == 0, build.output
    return build


@cache
def markup_of_book(folder: Path) -> dict[str, str]:
    """The Typst markup of each chapter, by number, without the comments on its origin."""
    parts: dict[str, str] = {}
    text = (folder / "_build" / ".evidence" / ".print" / "main.typ").read_text(encoding="utf-8")
    number = ""
    for line in text.splitlines():
        if origin := re.match(r"// chapters/(\w+)[-.].*:\d+$", line):
            number = origin[1]
        else:
            parts[number] = parts.get(number, "") + line + "\n"
    return parts


@cache
def words_of_pdf(pdf: Path) -> str:
    return " ".join(" ".join(printed_pages(pdf)).split())


def article(build: Build, number: str) -> Tag:
    (path,) = (build.html / "chapters").glob(f"{number}*.html")
    found = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").select_one("article")
    assert found is not None
    return found


PRINTED = [
    ("01", "struck words are struck out", r"#strike\[struck\]"),
    ("01", "an abbreviation is explained", r"RCT \\\(randomized controlled trial\\\)"),
    ("01", "a hard break ends the line", r"hard break#line-end\[\];"),
    ("01", "a download names its file", r"the table \\\(data\\\.csv\\\)"),
    ("01", "unknown tags are words", r"\\<angle\\>"),
    ("02", "a list begins with its number", r"(?s)#enum\(.*start: 5, .*numbering: \"1\."),
    ("02", "a task that is done is ticked", r"☒ *done task"),
    ("02", "a task that is open is not ticked", r"☐ *open task"),
    (
        "02",
        "a term has both its definitions",
        r"(?s)#meaning\(\[Term one\]\)\[.*A second definition",
    ),
    ("03", "a box has its title", r"#titled\(\"warning\", \[Warning\]"),
    ("03", "a folded box is open", r"(?s)\[Folded\], \[\s*Folded text"),
    ("04", "a tab has its label", r"(?s)#titled\(\"card\", \[Label A\], \[\s*Text of tab A"),
    ("04", "a card is a link and has header and footer", r"(?s)Card one\].*Header one.*Footer one"),
    ("04", "a dropdown is open", r"(?s)\[Opens on click\], \[\s*Dropdown body"),
    ("05", "a margin note is a box with its title", r"(?s)\[Margin title\], \[\s*Margin body"),
    ("05", "an epigraph names who said it", r"(?s)Words of wisdom.*#attribution\[Somebody\]"),
    ("06", "a width in pixels is kept", r"width: 90pt"),
    ("06", "a scale is kept", r"scaled: 50%"),
    ("06", "an alignment is kept", r"place: right"),
    ("06", "a legend stands below the caption", r"(?s)Caption with.*Legend paragraph"),
    ("08", "a webp is a picture", r"#picture\(\"\w+\.webp\", \"shapes as webp\"\)"),
    ("11", "a picture in a tag has its width", r"#picture\([^)]*\"two shapes\", width: 150pt\)"),
    ("12", "a formula has its number", r"number: \"\(1\)\""),
    (
        "12",
        "a reference to a formula is a link",
        r"#link\(label\(\"[^\"]*equation-eq-weights\"\)\)",
    ),
    ("16", "columns are aligned", r"table\.cell\(align: right\)"),
    ("16", "a cell spans rows", r"table\.cell\(rowspan: 2\)"),
    ("16", "a cell spans columns", r"table\.cell\(colspan: 2\)"),
    (
        "16",
        "a table has number and caption",
        r"#caption-number\[Table 1\]; Caption of a list table",
    ),
    ("17", "a table is read from a file", r"From file"),
    ("21", "code has line numbers and a marked line", r"start: 1, marked: \(2, \)"),
    ("21", "a listing has a number", r"#caption-number\[Listing 1\];"),
    ("22", "a note stands where it is called first", r"(?s)#note\(\"1\"\)\[.*The first note"),
    ("22", "a note that is called again shows its number", r"#super\[1\]"),
    (
        "22",
        "a term of the glossary is a link",
        r"#link\(label\(\"[^\"]*term-alpha\"\)\)\[the first\]",
    ),
    ("24", "a film leaves its title and address", r"#absent\[A film https\\:"),
    ("24", "a video leaves its address", r"#absent\[Video files"),
    ("27", "Arabic runs from right to left", r"#right-to-left\[فيتامين"),
    ("30", "a heading keeps formula and code", r"#heading\(level: 1\)\[.*#code\[code\].*#formula"),
    ("30", "levels follow each other", r"#heading\(level: 6\)\[.*Six"),
    ("32", "a substitution is filled in", r"Value\\: #strong\[substituted\]"),
    ("33", "an included text is there", r"This sentence comes from an included file"),
    ("33", "what is only for pages is not printed", r"(?s)\A(?!.*Only in the page)"),
    ("36", "a theorem has title and number", r"\[#anchor\([^\[]*\);Theorem 1 \\\(Central\\\)\]"),
    ("36", "a reference to an algorithm is a link", r"#link\(label\(\"[^\"]*alg-one\"\)\)"),
    ("37", "an exercise has a number", r"Exercise 1 \\\(Named\\\)\], \["),
    ("37", "a solution is printed open", r"(?s)Solution to.*Done"),
    ("40", "a figure in Markdown has width and caption", r"(?s)#emph\[figure\\-md\].*width: 150pt"),
    ("42", "a space before the dollar is allowed", r"#formula\(\"\\\\psi\^\*\""),
    ("44", "a break is a line", r"#break-line\(\);"),
    ("50", "a plot has the words of its cell", rf"#picture\(\"\w+\.png\", \"{ALTERNATIVE}\""),
    (
        "51",
        "a plot has width, caption and number",
        r"(?s)#caption-number\[Fig\\\. \d\].*width: 225pt",
    ),
    (
        "53",
        "a chart that only moves leaves its words",
        rf"#absent\[Interactive chart\\: {ALTERNATIVE}",
    ),
    ("54", "an Altair chart is a drawing", rf"#chart\(\"\w+\.svg\", \"{ALTERNATIVE}\"\)"),
    ("55", "a frame is a table with its index", r"(?s)#table\(.*#stub\[.*first"),
    ("55", "numbers of a frame stand right", r"(?s)align: right\)\[\s*NaN"),
    ("56", "a styled frame keeps its caption", r"caption: \[A styled caption\]"),
    ("58", "HTML is printed", r"(?s)#strong\[bold from HTML\].*#table\("),
    ("58", "Markdown of a cell is printed with its formula", r"bold\]; from Markdown.*#formula"),
    ("58", "TeX of a cell is printed", r"<mfrac><mi>a</mi><mi>b</mi></mfrac>"),
    ("58", "JSON of a cell is printed", r"\\\"key\\\": \\\"value\\\""),
    ("60", "a frame leaves its address", r"#absent\[Frame https\\:"),
    ("61", "a line written over shows its last state", r"#listing\(\"step 2\""),
    ("61", "colours of a terminal are dropped", r"red and bold"),
    ("63", "an allowed warning is not printed", r"(?s)\A(?!.*mind this\\n).*#listing\(\"kept\""),
    ("64", "an error on purpose is printed", r"ValueError: on purpose"),
    ("65", "a widget is printed as its text", r"IntSlider\(value=3"),
    ("67", "glued words and numbers are printed", r"glued words.* 2\\\.72"),
    ("67", "a glued plot is a figure", r"(?s)\"a falling line\".*"),
    ("69", "an object of drawings and scripts is its text", r"<xarray\.Dataset>"),
    ("70", "code that is meant to be read is printed", r"def pooled\(values, weights\)"),
    ("73", "a line for the shell prints", r"#listing\(\"from the shell"),
    ("74", "other programs print", r"from a bash cell"),
    ("80", "a picture attached to a cell is printed", r"#picture\(\"\w+\.png\", \"attached\"\)"),
    ("83", "a figure that is a PDF is printed", r"#picture\(\"\w+\.png\", \"a plot\"\)"),
    ("bokeh", "a chart of Bokeh leaves its words", rf"#absent\[Interactive chart\\: {ALTERNATIVE}"),
    ("88", "a width in percent is one of the column", r"width: 60%"),
]


@pytest.mark.parametrize(
    ("number", "pattern"),
    [(number, pattern) for number, _, pattern in PRINTED],
    ids=[f"{number}: {fact}" for number, fact, _ in PRINTED],
)
def test_print_shows_what_the_case_expects(cases: Build, number: str, pattern: str) -> None:
    assert re.search(pattern, markup_of_book(cases.folder)[number])


SHOWN = [
    ("02", "a done task is ticked", "input[checked]"),
    ("06", "a width in pixels is kept", "img[style*='120px'], img[width='120px']"),
    ("11", "a picture in a tag has its width", "img[alt='two shapes'][style*='200px']"),
    ("12", "a formula has its number", "div.math span.eqno"),
    ("12", "a formula can be linked to", "#equation-eq-weights math"),
    ("36", "a theorem has a number", ".theorem .caption-number"),
    ("37", "an exercise has a number", ".exercise .caption-number"),
    ("50", "a plot has the words of its cell", f"img[alt='{ALTERNATIVE}']"),
    ("53", "a chart moves", f".evidence-plotly[aria-label='{ALTERNATIVE}']"),
    (
        "54",
        "an Altair chart is a drawing first",
        f".evidence-chart[aria-label='{ALTERNATIVE}'] svg",
    ),
    ("54", "an Altair chart moves", "script.evidence-spec"),
    ("55", "a frame is a table", "table.dataframe"),
    ("58", "TeX of a cell is a formula", "div.math mfrac"),
    ("80", "a picture attached to a cell is shown", "img[alt='attached'][src^='data:']"),
    (
        "bokeh",
        "a chart of Bokeh moves",
        f".evidence-bokeh[aria-label='{ALTERNATIVE}'] [data-root-id]",
    ),
    ("83", "a figure that is a PDF is a picture", "img[alt='a plot'][src$='.png']"),
    ("88", "a width in percent is kept", "img[style*='60%']"),
]


@pytest.mark.parametrize(
    ("number", "selector"),
    [(number, selector) for number, _, selector in SHOWN],
    ids=[f"{number}: {fact}" for number, fact, _ in SHOWN],
)
def test_a_page_shows_what_the_case_expects(cases: Build, number: str, selector: str) -> None:
    assert article(cases, number).select(selector)


def test_a_page_shows_words_in_brackets_that_are_no_tag(cases: Build) -> None:
    assert "<angle>" in article(cases, "01").get_text()


def test_a_page_numbers_and_names_formulas_as_print_does(cases: Build) -> None:
    numbers = [tag.get_text()[:3] for tag in article(cases, "12").select("span.eqno")]
    printed = re.findall(r'number: "(\(\d\))"', markup_of_book(cases.folder)["12"])
    assert numbers == printed == ["(1)", "(2)"]


def test_no_page_loads_a_script_or_style_of_another_host(cases: Build) -> None:
    pages = sorted((cases.html / "chapters").glob("*.html"))
    assert len(pages) > 40
    for page in pages:
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        loaded = [tag["src"] for tag in soup.select("script[src], img[src]")]
        loaded += [tag["href"] for tag in soup.select("link[rel=stylesheet]")]
        assert [url for url in loaded if "//" in url[:8]] == [], page.name


def test_every_text_of_the_cases_is_in_the_pdf(cases: Build) -> None:
    words = words_of_pdf(cases.pdf).replace(" ", "")
    for text in ("Žižek", "Łódź", "Đặng", "Витамин", "ʃəˈnwɑ", "骨密度", "비타민", "ビタミン"):
        assert text in words


@pytest.mark.parametrize("count", LENGTHS)
def test_a_long_table_repeats_its_head_and_ends_with_two_rows(cases: Build, count: int) -> None:
    pages = [
        text
        for text in printed_pages(cases.pdf)
        if f" of {count}\r" in text or f" of {count} v" in text
    ]
    assert pages
    assert all("name what" in text for text in pages if "row " in text)
    assert pages[-1].count(f" of {count} value") >= 2


def test_no_line_of_the_cases_leaves_its_page(cases: Build) -> None:
    assert all(left >= 0 and right <= width for left, right, width in letters(cases.pdf))


def test_what_print_cannot_show_is_listed_with_page_and_line(cases: Build) -> None:
    for place in ("24-media.md:7", "53-plotly.md:", "60-media-out.md:"):
        assert re.search(rf"print: chapters/{place}\S* print cannot show this", cases.output)


def test_the_same_book_gives_the_same_pdf(cases: Build) -> None:
    before = cases.pdf.read_bytes()
    cases.pdf.unlink()
    again = build_book(cases.folder)
    assert again.returncode == 0, again.output
    assert again.pdf.read_bytes() == before


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_picture_is_shown_and_printed(cases: Build, kind: str) -> None:
    assert re.search(
        rf'#picture\("\w+\.\w+", "a blue {kind}"\)', markup_of_book(cases.folder)["kinds"]
    )
    (image,) = article(cases, "kinds").select(f"img[alt='a blue {kind}']")
    assert str(image["src"]).endswith((".png", ".gif", ".jpg", ".webp"))


def test_a_drawing_in_a_line_is_printed_with_its_words(cases: Build) -> None:
    assert re.search(r'#picture\("\w+\.svg", "a square"', markup_of_book(cases.folder)["drawing"])
    assert article(cases, "drawing").select("svg[aria-label='a square'] rect")


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A book of all that is refused while pages are read: each is reported in one build."""
    return build_chapters(tmp_path_factory.mktemp("refused") / "book", all_refused())


REFUSALS = [
    (
        "a picture without words",
        r"09-noalt\.md:9: .*'chapters/files/shapes\.png'.*no text alternative",
    ),
    (
        "a figure without words",
        r"09-noalt\.md:13: .*'chapters/files/plain\.svg'.*no text alternative",
    ),
    ("a drawing without words", r"drawing\.md:6: .*'<svg width=.*no text alternative"),
    (
        "a plot without words",
        r"50-\w+\.md:\d+: .*cell 1 draws has no text alternative.*mystnb: image",
    ),
    ("a Plotly chart without words", r"53-\w+\.md:\d+: .*cell 1 draws has no text alternative"),
    ("an Altair chart without words", r"54-\w+\.md:\d+: .*cell 1 draws.*description of an Altair"),
    (
        "an unknown command of TeX",
        r'14-\S+\.md:\d+: .*command "\\E"\..*mathjax3_config: tex: macros',
    ),
    ("a diagram that another host draws", r"38-mermaid\.md:\d+: .*mmdc -i"),
    ("a warning of a cell", r"62-stderr\.md:\d+: .*tag the cell with remove-stderr.*mind this"),
    ("inline evaluation", r"72-eval\.md:\d+: .*\{glue:text\}`word`"),
]


@pytest.mark.parametrize("pattern", [p for _, p in REFUSALS], ids=[name for name, _ in REFUSALS])
def test_a_refusal_names_file_line_and_remedy(refused: Build, pattern: str) -> None:
    assert re.search(pattern, refused.output)


def test_a_refused_book_leaves_no_pdf_and_shows_no_traceback(refused: Build) -> None:
    assert refused.returncode != 0
    assert not list(refused.html.glob("*.pdf"))
    assert "Traceback" not in refused.output


def test_letters_that_no_font_has_are_refused_with_their_line(tmp_path: Path) -> None:
    build = build_chapters(tmp_path / "book", HOME | {"old.md": "# Old\n\nA word: 𒀀.\n"})
    assert build.returncode != 0
    output = " ".join(build.output.split())
    assert re.search(r"chapters/old\.md:6: print refuses this: .*𒀀.*folder fonts/", output)
