"""What the printed report keeps of the pages, and what it leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from evidence_tools.book.pdf import PdfError
from evidence_tools.book.pdf.article import tidy_article

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20" viewBox="0 0 60 20">'
    '<clipPath id="c"><rect width="60" height="20"/></clipPath>'
    '<text font-family="sans-serif" y="9">Osteocalcin</text>'
    '<text style="font-family: Arial, sans-serif; font-size: 9px" y="18">CTX</text></svg>'
)


def chart(figure_id: str = "fig-markers", alt: str = "Four markers rise.") -> str:
    return (
        f'<figure class="evidence-figure" id="{figure_id}"><div class="evidence-chart" role="img" '
        f'aria-label="{alt}">{SVG}</div><script type="application/json">{{"mark": "bar"}}</script>'
        '<figcaption><p><span class="caption-number">Fig. 1 </span>'
        '<span class="caption-text">Markers.</span><a class="headerlink" href="#x">#</a></p>'
        "</figcaption></figure>"
    )


def page(name: str, body: str) -> str:
    return f'<span id="document-{name}"></span><section id="s-{name}">{body}</section>'


@pytest.fixture
def tidy(tmp_path: Path):
    resources = tmp_path / "resources"
    pictures = tmp_path / "pictures"
    resources.mkdir()
    pictures.mkdir()

    def run(html: str) -> Tag:
        return BeautifulSoup(tidy_article(html, pictures, resources=resources), "html.parser")

    return run


def test_permalinks_buttons_scripts_and_code_cells_are_left_out(tidy) -> None:
    article = tidy(
        '<h1>Title<a class="headerlink" href="#t">#</a></h1><button>Copy</button>'
        '<div class="cell"><details class="hide above-input"><summary>Show code</summary>'
        '<div class="cell_input"><pre>import secret</pre></div></details>'
        '<div class="cell_output"><p>The result.</p></div></div><script>alert(1)</script>'
        '<p class="no-pdf">Hover to see more.</p>'
    )
    assert article.get_text(" ", strip=True) == "Title The result."


def test_what_is_meant_only_for_print_is_kept(tidy) -> None:
    assert tidy('<p class="only-pdf">See page one.</p>').get_text() == "See page one."


def test_output_that_a_page_folds_away_is_kept(tidy) -> None:
    article = tidy(
        '<details class="hide below-input"><summary>Show output</summary>'
        '<div class="cell_output"><p>Result</p></div></details>'
    )
    assert article.get_text(strip=True) == "Result"


def test_a_chart_becomes_a_file_named_after_its_figure(tidy, tmp_path: Path) -> None:
    article = tidy(chart("fig/odd id:2"))
    assert article.select_one("img")["src"] == "fig-odd-id-2.svg"
    assert (tmp_path / "pictures" / "fig-odd-id-2.svg").is_file()


def test_two_charts_whose_names_would_collide_keep_a_file_each(tidy) -> None:
    article = tidy(chart("fig a") + chart("fig-a"))
    assert [image["src"] for image in article.select("img")] == ["fig-a.svg", "fig-a-2.svg"]


def test_the_alternative_text_of_a_chart_stays_as_it_was_written(tidy) -> None:
    article = tidy(chart(alt="p &lt; .05 is &quot;not&quot; proof: #x $y$ \\z"))
    assert article.select_one("img")["alt"] == 'p < .05 is "not" proof: #x $y$ \\z'


def test_a_chart_is_lettered_only_in_a_font_the_pdf_brings_along(tidy, tmp_path: Path) -> None:
    tidy(chart())
    svg = (tmp_path / "pictures" / "fig-markers.svg").read_text(encoding="utf-8")
    assert "sans-serif" not in svg
    assert "Arial" not in svg
    assert svg.count("Libertinus Serif") == 3


def test_a_chart_keeps_the_capitals_of_svg_names(tidy, tmp_path: Path) -> None:
    tidy(chart())
    svg = (tmp_path / "pictures" / "fig-markers.svg").read_text(encoding="utf-8")
    assert 'viewBox="0 0 60 20"' in svg
    assert "<clipPath" in svg


def test_a_figure_without_alternative_text_is_refused_with_its_id_and_page(tidy) -> None:
    with pytest.raises(PdfError, match=r"'fig-markers' on page 'chapters/answer'.*`alt`"):
        tidy(page("chapters/answer", chart(alt="")))


def test_a_picture_that_is_not_a_file_of_the_book_is_refused(tidy) -> None:
    for address in ("_images/lost.png", "../../etc/hosts", "https://example.org/a.png"):
        with pytest.raises(PdfError, match="not a file of the book"):
            tidy(f'<figure id="f"><img alt="A picture." src="{address}"/></figure>')


def test_the_numbers_sphinx_gave_are_kept(tidy) -> None:
    article = tidy('<h1><span class="section-number">2. </span>Trials</h1>' + chart())
    assert article.select_one("h1").get_text() == "2. Trials"
    assert article.select_one("figcaption").get_text() == "Fig. 1 Markers."


def test_a_link_to_a_missing_label_becomes_plain_text(tidy) -> None:
    article = tidy('<p>See <a class="reference internal" href="#nowhere">there</a>.</p>')
    assert article.select("a") == []
    assert article.get_text() == "See there."


def test_a_link_to_another_site_stays(tidy) -> None:
    article = tidy('<p><a class="reference external" href="https://doi.org/10.1/x#y">doi</a></p>')
    assert article.select_one("a")["href"] == "https://doi.org/10.1/x#y"


def test_a_link_that_would_run_a_script_becomes_plain_text(tidy) -> None:
    assert tidy('<p><a href="javascript:alert(1)">x</a></p>').select("a") == []


def test_a_link_to_a_page_leads_to_its_title(tidy) -> None:
    article = tidy(
        '<p><a href="#document-chapters/answer">Answer</a></p>'
        + page("chapters/answer", "<h2>The answer</h2>")
    )
    target = article.select_one("a")["href"].removeprefix("#")
    assert article.find(id=target).get_text() == "The answer"


def test_a_page_may_carry_its_id_itself(tidy) -> None:
    article = tidy(
        '<p><a href="#document-b">B</a></p>'
        '<section class="chapter" id="document-b">'
        '<section id="b--x"><h1>Title</h1></section></section>'
    )
    assert article.find(id=article.select_one("a")["href"][1:]).get_text() == "Title"


def test_all_anchors_before_a_heading_lead_to_the_heading(tidy) -> None:
    article = tidy(
        '<p><a href="#one">1</a> <a href="#two">2</a> <a href="#three">3</a></p>'
        '<section id="one"><span id="two"></span><span id="three"></span><h1>Title</h1></section>'
    )
    assert {link["href"] for link in article.select("a")} == {f"#{article.h1['id']}"}


def test_a_link_in_a_page_leads_to_the_section_of_that_page(tidy) -> None:
    body = '<h2>{0}</h2><section id="limits"><h3>{0} limits</h3></section><a href="#limits">x</a>'
    article = tidy(page("a", body.format("A")) + page("b", body.format("B")))
    reached = [article.find(id=link["href"][1:]).get_text() for link in article.select("a")]
    assert reached == ["A limits", "B limits"]


def test_a_citation_leads_to_the_bibliography_though_a_footnote_has_the_same_id(tidy) -> None:
    article = tidy(
        page(
            "a",
            '<h1>A</h1><p>Text<a class="footnote-reference" href="#n" id="id2">1</a> '
            '<span class="bibtex-citation">[<a href="index.html#id2">Zhang</a>]</span></p>'
            '<aside class="footnote" id="n"><span class="label">1</span><p>Note.</p></aside>',
        )
        + page(
            "b",
            '<h1>B</h1><div class="citation" id="id2"><span class="label">[Z]</span>'
            "<p>Paper</p></div>",
        )
    )
    target = article.find(id=article.select_one("a")["href"][1:])
    assert target.find_parent("p").get_text() == "Paper"


def test_every_internal_link_has_exactly_one_target(tidy) -> None:
    article = tidy(
        '<p><a href="#t">t</a><a href="#d">d</a><a href="#p">p</a><a href="#l">l</a></p>'
        '<table id="t"><tr><td>1</td></tr></table><dl><dt id="d">D</dt><dd>e</dd></dl>'
        '<p id="p">P</p><ul id="l"><li>L</li></ul>'
    )
    for link in article.select("a"):
        assert len(article.find_all(id=link["href"][1:])) == 1


def test_a_footnote_moves_to_its_first_call_with_its_number(tidy) -> None:
    article = tidy(
        '<p>Once<a class="footnote-reference" href="#n" id="i">3</a>, '
        'twice<a class="footnote-reference" href="#n" id="j">3</a>.</p>'
        '<aside class="footnote" id="n"><span class="label">3</span><p>The note.</p></aside>'
    )
    assert article.select_one("span.footnote").get_text() == "The note."
    assert article.select_one("span.footnote")["data-mark"] == "3"
    assert article.select_one("sup a").get_text() == "3"
    assert article.get_text().count("The note.") == 1


def test_headings_never_skip_a_level(tidy) -> None:
    article = tidy("<h1>A</h1><h4>B</h4><h2>C</h2><h6>D</h6>")
    names = [heading.name for heading in article.select("h1, h2, h3, h4, h5, h6")]
    assert names == ["h1", "h2", "h2", "h3"]


def test_the_title_of_every_page_is_a_chapter(tidy) -> None:
    article = tidy("<h1>Book</h1>" + page("a", "<h2>A</h2><h3>A.1</h3>") + page("b", "<h2>B</h2>"))
    assert [heading.get_text() for heading in article.select("h1")] == ["Book", "A", "B"]
    assert article.h2.get_text() == "A.1"


def test_a_table_on_its_side_takes_its_heading_and_the_caption_of_the_part_along(tidy) -> None:
    row = "<td><p>not reported</p></td>" * 16
    article = tidy(
        '<div class="part">About</div><section class="chapter" id="document-a">'
        f"<h1>A</h1><table><tr>{row}</tr></table></section>"
    )
    inside = [tag.get_text() for tag in article.select_one(".landscape").find_all(["div", "h1"])]
    assert inside == ["About", "A"]


def test_a_formula_keeps_its_tex_source(tidy) -> None:
    article = tidy(r'<p><span class="math">\(a &lt; b_1\)</span></p>')
    assert article.select_one("span.tex")["data-tex"] == "a < b_1"


def test_admonitions_cards_and_folded_text_become_titled_blocks(tidy) -> None:
    article = tidy(
        '<div class="admonition warning"><p class="admonition-title">Warning</p><p>W</p></div>'
        '<div class="sd-card"><div class="sd-card-title">Card</div><p>C</p></div>'
        "<details><summary>More</summary><p>M</p></details>"
    )
    titles = [title.get_text(strip=True) for title in article.select(".titled > .title")]
    assert titles == ["Warning", "Card", "More"]


@pytest.mark.parametrize(
    ("columns", "text", "room"),
    [(3, "low", "normal"), (10, "not reported", "wide"), (14, "not reported", "landscape")],
)
def test_a_table_gets_the_room_it_needs(tidy, columns: int, text: str, room: str) -> None:
    row = "".join(f"<td><p>{text}</p></td>" for _ in range(columns))
    assert tidy(f"<table><tr>{row}</tr></table>").table["class"] == [room]


def test_a_file_to_download_is_named_like_anything_else(tidy) -> None:
    article = tidy('<p><code class="xref download"><span>The log</span></code> is empty.</p>')
    assert article.p.get_text() == "The log is empty."
    assert article.code is None


def test_struck_text_stays_struck(tidy) -> None:
    article = tidy('<p><s>one</s> <del>two</del> <span class="struck">three</span></p>')
    assert [tag.get_text() for tag in article.select("s, del")] == ["one", "two", "three"]


def test_escaped_text_stays_escaped(tidy) -> None:
    article = tidy("<p>a</p><!-- hidden --><p>b &amp; c &lt;script&gt;</p>")
    assert article.select("p")[1].get_text() == "b & c <script>"
