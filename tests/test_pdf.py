"""The report in print: complete, accessible, reproducible, and inside its pages."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from building import PROJECT, Build
from conftest import letters
from docutils import nodes
from pypdf import PdfReader

from evidence_tools.book.execution import BuildError
from evidence_tools.book.nodes import html_nodes, mathml, svg_address, tex_reader
from evidence_tools.book.pdf import keep_picture, make_pdf, write_markup
from evidence_tools.book.roles import is_printed
from evidence_tools.book.writer import Writer

FACTS: dict[str, Any] = {
    "title": "Blood pressure & #1 $report",
    "short_title": "Blood pressure & #1 $report",
    "subtitle": "A test",
    "description": "What is known.",
    "authors": ["The Group"],
    "version": "1.2.3",
    "date": "2026-03-04",
    "commit": "0123456789",
    "language": "en-GB",
    "licence": "CC BY 4.0",
    "how_to_cite": "The Group (2026). Cite @this #way.",
}
HOSTILE = [
    *("<script>alert(1)</script>", "{raw} html", "$x$ and $$y$$", "`one` ``two`` ```three```"),
    *("#show: none", "#let x = 1; #{panic()}", "@label", "<label>", "*star* _under_"),
    *("back\\slash \\[ \\u{41}", "// comment", "/* block */", "[a](b) ]", "~tilde~ -- ---"),
    *("\"double\" 'single'", "= heading", "- item", "+ item", "1. item", "/ term: x", "&amp;"),
    "https://example.org/a//b?c=d#e",
]


def writer(**pages: nodes.document) -> Writer:
    """A writer that needs no Sphinx: nothing is numbered."""
    config = SimpleNamespace(numfig_format={}, html_secnumber_suffix=". ")
    env: Any = SimpleNamespace(config=config, toc_fignumbers={}, toc_secnumbers={})
    env.doc2path = lambda docname, base=True: f"{docname}.md"
    return Writer(env, pages)


def chapter(title: str, *content: nodes.Node) -> nodes.section:
    name = nodes.make_id(title)
    return nodes.section("", nodes.title("", title), *content, ids=[name])


def lines(words: str, count: int) -> list[nodes.Node]:
    return [nodes.paragraph("", f"{words} {n}.") for n in range(count)]


def table(rows: list[list[str]], title: str = "") -> nodes.table:
    def row(cells: list[str]) -> nodes.row:
        return nodes.row("", *(nodes.entry("", nodes.paragraph("", cell)) for cell in cells))

    head, body = nodes.thead("", row(rows[0])), nodes.tbody("", *map(row, rows[1:]))
    made = nodes.table("", *([nodes.title("", title)] if title else []))
    made += nodes.tgroup("", head, body, cols=len(rows[0]))
    return made


def figure(height: int, alt: str = "Bars") -> nodes.figure:
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="300" height="{height}" '
        f'viewBox="0 0 300 {height}"><rect width="300" height="{height}"/></svg>'
    )
    image = nodes.image("", uri=svg_address(svg), alt=alt)
    return nodes.figure("", image, nodes.caption("", "The caption."))


def link(words: nodes.Node, name: str) -> nodes.paragraph:
    return nodes.paragraph("", "", nodes.reference("", "", words, refid=name))


def printed(
    folder: Path,
    *sections: nodes.Node,
    facts: dict[str, Any] = FACTS,
    numbers: dict[str, tuple[int]] | None = None,
) -> PdfReader:
    document = nodes.document(SimpleNamespace(), None, "", *sections)  # type: ignore[arg-type]
    folder.mkdir(exist_ok=True)
    for image in document.findall(nodes.image):
        keep_picture(image, folder, folder)
    by = writer(page=document)
    by.env.toc_fignumbers["page"] = {"table": numbers or {}}
    write_markup(by.page("page"), facts, folder)
    return PdfReader(make_pdf(folder, folder / "r.pdf", folder))


def text_of(reader: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def without_spaces(text: str) -> str:
    return "".join(text.split())


def titles(outline: list[Any]) -> list[Any]:
    return [titles(item) if isinstance(item, list) else item.title for item in outline]


def objects(reader: PdfReader) -> list[Any]:
    found = (reader.get_object(number) for number in range(1, int(reader.trailer["/Size"])))
    return [item for item in found if isinstance(item, dict)]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> PdfReader:
    paragraphs = [nodes.paragraph("", text) for text in HOSTILE]
    cells = table([["n", "text"], *([str(n), f"cell {text}"] for n, text in enumerate(HOSTILE))])
    alone = table([["x"], *([text] for text in HOSTILE)])
    return printed(tmp_path_factory.mktemp("pdf"), chapter("A", *paragraphs, cells, alone))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_printed_as_it_is_written(hostile: PdfReader, text: str) -> None:
    # Once in a paragraph, once inside a cell, once as all of a cell.
    assert without_spaces(text_of(hostile)).count(without_spaces(text)) >= 3


FORMULAS = {
    r"\begin{matrix} 1 & 2 \\ 3 & 4 \end{matrix}": "1 3 2 4",  # read column by column
    r"\begin{cases} 5 & x \\[2pt] 6 & y \end{cases}": "5 6 𝑥 𝑦",
    r"\begin{matrix} i \cr j \cr k \end{matrix}": "𝑖𝑗𝑘",
    r"7\!x\!y": "7𝑥𝑦",
    r"\widehat{ABC}": "𝐴𝐵𝐶",
    r"\text{if $a < 1$ and so on}": "if 𝑎<1 and so on",
    r"\begin{align} b &= 8 \tag{9} \end{align}": "𝑏=8 (9)",
}


def test_formulas_keep_their_signs_and_the_order_of_them(tmp_path: Path) -> None:
    made = {tex: mathml(tex, tex_reader(), block=True) for tex in FORMULAS}
    content = [nodes.math_block("", tex, mathml=it) for tex, it in made.items()]
    text = without_spaces(text_of(printed(tmp_path, chapter("A", *content))))
    found = [without_spaces(shown) in text for shown in FORMULAS.values()]
    assert all(found), text


def test_what_print_has_no_sign_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="holds 'maction', which print does not have"):
        printed(tmp_path, chapter("A", nodes.math_block("", "x", mathml="<math><maction/></math>")))


def test_letters_that_no_font_has_are_refused_with_their_line(tmp_path: Path) -> None:
    word = nodes.paragraph("", "A word: 𒀀.")
    word.source, word.line = "old.md", 6
    with pytest.raises(BuildError, match=r"6: print refuses this: .*𒀀.*folder fonts/"):
        printed(tmp_path, chapter("A", *lines("text", 3), word))


def test_the_file_says_its_title_language_author_and_day(tmp_path: Path) -> None:
    reader = printed(tmp_path, chapter("A"))
    assert reader.metadata is not None
    assert reader.metadata.title == FACTS["title"]
    assert reader.metadata.author == "The Group"
    assert reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.date() == datetime.date(2026, 3, 4)
    assert reader.trailer["/Root"]["/Lang"] == "en-GB"


def test_the_cover_says_version_date_commit_licence_and_citation(tmp_path: Path) -> None:
    cover = printed(tmp_path, chapter("A")).pages[0].extract_text()
    for fact in ("1.2.3", "2026-03-04", "0123456789", "CC BY 4.0", "Cite @this #way."):
        assert fact in cover


def test_every_page_after_the_cover_says_version_and_page_number(tmp_path: Path) -> None:
    reader = printed(tmp_path, chapter("A", *lines("x", 40)), chapter("B"))
    for number, page in enumerate(reader.pages[1:], start=2):
        assert "Version 1.2.3" in page.extract_text()
        assert f"{number} of {len(reader.pages)}" in page.extract_text()


def test_a_report_without_a_commit_says_so_on_every_page(tmp_path: Path) -> None:
    reader = printed(tmp_path, chapter("A"), facts=FACTS | {"commit": ""})
    assert all("no commit" in page.extract_text() for page in reader.pages)


def test_a_section_begins_with_some_of_its_text_on_the_same_page(tmp_path: Path) -> None:
    # Somewhere among these lengths its title and one line would end the page.
    for count in range(22, 32):
        section = chapter("Sources", *lines("inner", 2))
        reader = printed(tmp_path / str(count), chapter("A", *lines("text", count), section))
        for page in reader.pages[2:]:
            text = page.extract_text()
            assert ("Sources" in text) == ("inner 0." in text) == ("inner 1." in text)


def test_an_internal_link_leads_to_the_page_of_its_target(tmp_path: Path) -> None:
    see = link(nodes.Text("there"), "t")
    target = nodes.paragraph("", "Here", ids=["t"])
    reader = printed(tmp_path, chapter("A", see, *lines("x", 30)), chapter("B", target))
    (found,) = [note.get_object() for note in reader.pages[2]["/Annots"]]
    destination = found.get("/Dest") or found["/A"]["/D"]
    if isinstance(destination, str):
        destination = reader.named_destinations[destination].dest_array
    assert destination[0].get_object() == reader.pages[3].get_object()


def test_a_link_to_a_missing_place_is_its_words(tmp_path: Path) -> None:
    assert "there" in text_of(printed(tmp_path, chapter("A", link(nodes.Text("there"), "lost"))))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", '"children":["Table 9"," (on the web)"]'),
        (
            "https://example.org/v/1.2.3/",
            '"address":"https://example.org/v/1.2.3/rows.html#t","children":["Table 9"]',
        ),
    ],
)
def test_a_link_to_a_page_for_the_web_says_so_or_leads_there(address: str, expected: str) -> None:
    by = writer()
    by.site, by.docname = address, "page"
    reference = nodes.reference("", "Table 9", refuri="%rows#t")
    assert expected in json.dumps(by.tree(reference), separators=(",", ":"))


def test_a_page_is_for_the_web_only_if_its_front_matter_says_so() -> None:
    env = SimpleNamespace(metadata={"rows": {"print": False}, "old": {"print": "false"}, "x": {}})
    assert [name for name in ("rows", "old", "x", "y") if is_printed(env, name)] == ["x", "y"]


def test_a_struck_figure_may_be_a_link(tmp_path: Path) -> None:
    struck = nodes.inline("", "struck text", classes=["struck"])
    away = nodes.reference("", "", struck.deepcopy(), refuri="https://example.org")
    away_in_raw = nodes.reference("", "struck text", refuri="https://example.org")
    tags = [nodes.raw("", tag, format="html") for tag in ("<s>", "</s>")]
    in_tags = html_nodes([tags[0], away_in_raw, tags[1]])
    content = [link(struck, "a"), nodes.paragraph("", "", away)]
    content.append(nodes.paragraph("", "", *in_tags))
    reader = printed(tmp_path, chapter("A", *content))
    assert text_of(reader).count("struck text") == 3
    assert len(reader.pages[2]["/Annots"]) == 3


def test_a_figure_stays_where_it_is_read(tmp_path: Path) -> None:
    content = [*lines("before", 15), figure(600), *lines("after", 3)]
    text = text_of(printed(tmp_path, chapter("A", *content)))
    assert text.index("before 14.") < text.index("The caption.") < text.index("after 0.")


def test_a_figure_higher_than_a_page_leaves_room_for_its_caption(tmp_path: Path) -> None:
    reader = printed(tmp_path, chapter("A", figure(4000)))
    with_caption = [page for page in reader.pages if "The caption." in page.extract_text()]
    assert len(with_caption) == 1


def test_the_caption_of_a_table_stays_with_its_first_row(tmp_path: Path) -> None:
    # Somewhere among these lengths the caption alone would be the last line of the page.
    for count in range(24, 32):
        content = [*lines("text", count), table([["head"], ["cell"]], "Tab. 1")]
        for page in printed(tmp_path / str(count), chapter("A", *content)).pages:
            assert ("Tab. 1" in page.extract_text()) == ("cell" in page.extract_text())


def test_a_table_that_goes_on_says_which_it_is(tmp_path: Path) -> None:
    rows = [["Name", "Value"], *([f"row {n}", str(n)] for n in range(120))]
    long, short = table(rows, "Which rows?"), table([["head"], ["cell"]])
    long["ids"].append("long")
    reader = printed(tmp_path, chapter("A", long, short), numbers={"long": (7,)})
    pages = [page.extract_text() for page in reader.pages]
    with_rows = [text for text in pages if "row " in text]
    assert ["Table 7, continued" in text for text in with_rows] == [False, True, True]
    assert all("Name" in text for text in with_rows)


def test_the_running_line_names_the_chapter_after_its_first_page(tmp_path: Path) -> None:
    reader = printed(tmp_path, chapter("First", *lines("text", 80)), chapter("Second"))
    heads = [page.extract_text().splitlines()[0] for page in reader.pages[2:]]
    assert [head.startswith("First") for head in heads] == [False, True, False]


def test_a_page_of_contents_lists_no_more_than_it_has_room_for(tmp_path: Path) -> None:
    reader = printed(tmp_path, *(chapter(f"Chapter {n}") for n in range(300)))
    listed = [page.extract_text().count("Chapter") for page in reader.pages[1:6]]
    assert 50 < max(listed) < 120


def test_an_unknown_node_is_reported_and_its_words_are_printed() -> None:
    class strange(nodes.Element):  # noqa: N801
        pass

    by = writer()
    by.docname = "page"
    assert "words" in str(by.tree(strange("", nodes.paragraph("", "words"))))
    assert by.remarks == ["page.md:0: print does not know 'strange'; its text is printed alone"]
    assert by.tree(strange(""))["tag"] == "absent_media"


def test_a_report_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    folder, target = tmp_path / "in", tmp_path / "out" / "report.pdf"
    folder.mkdir()
    target.parent.mkdir()
    before = make_pdf(write_markup("= A", FACTS, folder), target, tmp_path).read_bytes()
    with pytest.raises(BuildError):
        make_pdf(write_markup("#panic()", FACTS, folder), target, tmp_path)
    assert target.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == ["report.pdf"]


def test_details_may_hold_markup_and_may_be_empty(tmp_path: Path) -> None:
    empty = dict.fromkeys(("subtitle", "commit", "how_to_cite"), "")
    facts = FACTS | empty | {"title": '#panic() "x" \\', "authors": [], "licence": "*"}
    assert '#panic() "x" \\' in text_of(printed(tmp_path, chapter("A"), facts=facts))


@pytest.fixture(scope="module")
def report(book: Build) -> PdfReader:
    return PdfReader(book.pdf)


def test_every_internal_link_of_the_report_has_a_destination(report: PdfReader) -> None:
    pages = {page.indirect_reference.idnum for page in report.pages if page.indirect_reference}
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


def test_the_bookmarks_are_the_chapters_in_the_order_of_the_toc(report: PdfReader) -> None:
    toc = yaml.safe_load((PROJECT / "_toc.yml").read_text(encoding="utf-8"))
    files = [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]
    chapters = [(PROJECT / f"{name}.md").read_text("utf-8") for name in files]
    headings = [first_heading(text) for text in chapters if "\nprint: false\n" not in text]
    assert len(headings) < len(files)
    printed = [item for item in titles(report.outline) if isinstance(item, str)]
    assert [re.sub(r"^\d+\. ", "", title) for title in printed] == ["Contents", *headings]


def first_heading(text: str) -> str:
    found = re.search(r"^# (.+)$", re.sub(r"(?s)^(```+).*?^\1$", "", text, flags=re.M), re.M)
    assert found is not None
    return found[1].strip()


def test_the_first_chapter_of_a_part_opens_with_the_caption_of_the_part(report: PdfReader) -> None:
    toc = yaml.safe_load((PROJECT / "_toc.yml").read_text(encoding="utf-8"))
    captions = [
        part["caption"] if first else ""
        for part in toc["parts"]
        if part["caption"] != "Only on the web"
        for first in [True] + [False] * (len(part["chapters"]) - 1)
    ]
    chapters = [item for item in report.outline if not isinstance(item, list)][2:]
    for caption, item in zip(captions, chapters, strict=True):
        page = report.pages[report.get_destination_page_number(item)]
        assert without_spaces(caption + item.title) in without_spaces(page.extract_text())


def test_rows_that_are_on_the_web_only_are_named_in_words(report: PdfReader) -> None:
    assert "(on the web)" in text_of(report)


def test_no_text_of_the_report_leaves_its_page(book: Build) -> None:
    assert all(left >= 0 and right <= width for left, right, width in letters(book.pdf))
