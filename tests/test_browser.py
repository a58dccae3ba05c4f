"""The built site as a reader meets it: in a browser, with mouse, keyboard, touch and without.

The tests need Chromium: ``apt-get install chromium``. Where there is none they are left out.
"""

from __future__ import annotations

import http.server
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

import axe_playwright_python
import pytest
from conftest import PROJECT, Build, printed_pages
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Error,
    Page,
    Request,
    Response,
    sync_playwright,
)
from releases import renumbered

from evidence_tools import Evidence
from evidence_tools.history.publication import publish
from evidence_tools.phrases import effect_text, source_name

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="needs a browser: apt-get install chromium"
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]
CHAPTERS = [f"chapters/{path.stem}.html" for path in sorted((PROJECT / "chapters").glob("*.md"))]
PAGES = [*CHAPTERS, "search.html", "genindex.html"]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
ANSWER, MARKERS, SOURCES = (f"chapters/{name}.html" for name in ("answer", "markers", "sources"))
NARROW = (320, 390)
LIMIT = 400_000
"""Bytes that a page may take, without the drawing program that is loaded when it is needed."""


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serve files without a line on the terminal for each."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def site(book: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site in another folder than the one it was built in."""
    moved = tmp_path_factory.mktemp("elsewhere") / "some" / "where"
    shutil.copytree(book.html, moved)
    return moved


@pytest.fixture(scope="session")
def served(site: Path) -> Iterator[str]:
    """The site under a path of its own on this machine."""
    handler = partial(QuietHandler, directory=str(site.parents[1]))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/some/where/"
        server.shutdown()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1200, "height": 900}, reduced_motion="reduce")
    opened.set_default_timeout(10_000)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def draw_all(page: Page) -> None:
    """Bring every figure into view, and wait until each is drawn anew."""
    for chart in page.locator(".evidence-chart:visible").all():
        chart.scroll_into_view_if_needed()
    page.wait_for_function(
        "[...document.querySelectorAll('.evidence-chart')].filter(c => c.offsetParent)"
        ".every(c => c.dataset.enhanced === 'true')"
    )


@dataclass
class Visit:
    """What happened when a page was opened once, and what stood in it."""

    complaints: list[str] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    narrow: dict[int, Any] = field(default_factory=dict)
    printed: dict[str, Any] = field(default_factory=dict)


def watch(page: Page, base: str) -> Visit:
    """Note everything that a page complains of or loads, from now on."""
    visit = Visit()

    def note(text: str) -> None:
        visit.complaints.append(text)

    def look(response: Response) -> None:
        if response.status >= 400:
            note(f"{response.status}: {response.url}")

    def weigh(request: Request) -> None:
        if request.url not in visit.sizes and base.startswith("http"):
            response = request.response()
            with suppress(Error):  # what belongs to a page that was left is gone
                visit.sizes[request.url] = len(response.body()) if response else 0

    def fail(request: Request) -> None:
        # The entrance leads on before it is read to its end: what a browser leaves by itself
        # has not failed.
        if request.failure != "net::ERR_ABORTED":
            note(f"failed: {request.url}")

    page.on("console", lambda m: note(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: note(str(error)))
    page.on("requestfailed", fail)
    page.on("requestfinished", weigh)
    page.on("response", look)
    own = (base, "data:", "blob:")
    page.on("request", lambda r: None if r.url.startswith(own) else note(f"elsewhere: {r.url}"))
    return visit


@pytest.fixture(scope="session")
def visits(browser: Browser, served: str) -> dict[str, Visit]:
    """Every page opened once: in full, light and dark, on narrow screens, and as it prints."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(20_000)
    made = {}
    for name in PAGES:
        page = context.new_page()
        made[name] = visit = watch(page, served)
        page.goto(served + name, wait_until="networkidle")
        draw_all(page)
        visit.found = page.evaluate(FOUND)
        visit.broken = broken_rules(page, {"type": "tag", "values": WCAG})
        # Colours alone differ in the dark.
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
        visit.broken += broken_rules(page, {"type": "rule", "values": COLOUR_RULES})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        for width in NARROW:
            page.set_viewport_size({"width": width, "height": 844})
            visit.narrow[width] = page.evaluate(NARROW_FOUND)
        page.emulate_media(media="print")
        visit.printed = page.evaluate(PRINT_FOUND)
        page.close()
    context.close()
    return made


FOUND = """() => {
    const all = (selector, root) => [...(root || document).querySelectorAll(selector)];
    const article = document.querySelector("article.bd-article")?.cloneNode(true);
    if (article) all(".evidence-tools", article).forEach(e => e.remove());
    const background = getComputedStyle(document.body).backgroundColor;
    const colours = new Set();
    all(".evidence-chart svg :is(path, line, text)").forEach(mark => {
        const style = getComputedStyle(mark);
        if (mark.closest("defs, clipPath") || style.opacity < 1) return;
        if (mark.matches(".background")) return;
        const seen = [style.fill, style.stroke].find(colour => colour.startsWith("rgb("));
        if (seen) colours.add(mark.tagName + "|" + seen + "|" + background);
    });
    return {
        text: article?.textContent.replace(/\\s+/g, " ").trim(),
        ids: all("[id]").map(e => e.id),
        links: all("a[href]").map(a => a.href),
        next: document.querySelector("a.right-next")?.getAttribute("href"),
        colours: [...colours].map(text => text.split("|")),
        charts: all(".evidence-chart").map(chart => ({
            role: chart.getAttribute("role"),
            alternative: chart.getAttribute("aria-label"),
            announced: all("[role], [aria-label]", chart)
                .filter(e => !e.closest("[aria-hidden='true']")).length,
        })),
        tables: all("table.evidence-table").length,
    };
}"""
NARROW_FOUND = """() => ({
    width: document.documentElement.scrollWidth,
    buttons: [...document.querySelectorAll(
        ".bd-header-article :is(button, summary, a.btn-download-report-pdf)")]
        .map(e => e.getBoundingClientRect()).filter(box => box.width)
        .map(box => [box.left, box.right, box.top + box.height / 2]).sort((a, b) => a[0] - b[0]),
})"""
PRINT_FOUND = """() => {
    const seen = selector => [...document.querySelectorAll(selector)]
        .filter(e => e.checkVisibility() && e.getBoundingClientRect().height > 0).length;
    return { titles: seen("article h1"), navigation: seen(
        ".bd-sidebar-primary, .bd-sidebar-secondary, .bd-header-article, .prev-next-footer, " +
        "button:not(.evidence-sort), .evidence-tools, .evidence-downloads, #jb-print-docs-body") };
}"""


def test_every_page_loads_whole_without_complaint_and_asks_no_other_host(
    visits: dict[str, Visit],
) -> None:
    assert {name: visit.complaints for name, visit in visits.items() if visit.complaints} == {}


def test_every_page_loads_as_well_from_a_folder_on_disk(page: Page, site: Path) -> None:
    base = site.as_uri() + "/"
    visit = watch(page, base)
    for name in PAGES:
        page.goto(base + name)
        draw_all(page)
        assert not visit.complaints, name


def test_the_entrance_leads_to_the_answer(page: Page, served: str) -> None:
    visit = watch(page, served)
    page.goto(served + "index.html")
    page.wait_for_url(served + ANSWER)
    assert not visit.complaints


def test_every_internal_link_and_each_next_page_leads_somewhere(
    visits: dict[str, Visit], served: str, site: Path
) -> None:
    for name, visit in visits.items():
        for href in visit.found["links"]:
            address, anchor = urldefrag(href)
            target = unquote(address.removeprefix(served).partition("?")[0])
            if href.startswith(served):
                assert (site / target).is_file(), (name, href)
                assert not anchor or anchor in visits[target].found["ids"], (name, href)
    order = [ANSWER]
    while following := visits[order[-1]].found["next"]:
        order.append(urljoin(order[-1], following))
    assert sorted(order) == sorted(CHAPTERS)


@pytest.mark.parametrize("width", NARROW)
def test_nothing_scrolls_sideways_and_no_buttons_overlap_on_a_phone(
    width: int, visits: dict[str, Visit]
) -> None:
    for name, visit in visits.items():
        assert visit.narrow[width]["width"] <= width, name
        buttons = visit.narrow[width]["buttons"]
        assert buttons[-1][1] <= width, name
        for (_, right, middle), (left, _, other_middle) in pairwise(buttons):
            assert right <= left + 1, name
            assert abs(middle - other_middle) < 8, name


def test_print_shows_the_text_and_no_navigation(visits: dict[str, Visit]) -> None:
    for name in CHAPTERS:
        assert visits[name].printed == {"titles": 1, "navigation": 0}, name


def test_a_page_prints_dark_on_white_also_from_dark_mode(page: Page, served: str) -> None:
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.goto(served + MARKERS)
    draw_all(page)
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.emulate_media(media="print", color_scheme="dark", reduced_motion="reduce")
    colours = page.evaluate(
        """() => ["p", "h1", "td", "th", "figcaption", "p a", "td a", ".evidence-chart text"]
            .map(selector => getComputedStyle(document.querySelector("article " + selector)))
            .map(style => style.fill === "rgb(0, 0, 0)" ? style.color : style.fill)"""
    )
    # Paper is white: backgrounds are not printed.
    for colour in colours:
        assert contrast(colour, "rgb(255, 255, 255)") >= 4.5


def test_all_content_can_be_read_without_script(
    browser: Browser, visits: dict[str, Visit], served: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for name in CHAPTERS:
        page.goto(served + name)
        text = page.locator("article.bd-article").text_content() or ""
        assert " ".join(text.split()) == " ".join(visits[name].found["text"].split()), name
        drawings = page.locator(".evidence-chart svg").locator("visible=true")
        assert drawings.count() == len(visits[name].found["charts"]), name
    context.close()


def test_each_chart_has_one_text_alternative_and_a_table_beside_it(
    visits: dict[str, Visit],
) -> None:
    charts = [(name, chart) for name, visit in visits.items() for chart in visit.found["charts"]]
    assert charts
    for name, chart in charts:
        assert chart["role"] == "img", name
        assert chart["alternative"], name
        # The alternative speaks for the marks: none of them is announced on its own.
        assert chart["announced"] == 0, name
        assert visits[name].found["tables"] >= 1, name


READING = """() => {
    const left = e => e.getBoundingClientRect().left, wide = e => e.getBoundingClientRect().width;
    const text = document.querySelector("article.bd-article h1");
    const column = wide(text);
    return {
        figures: [...document.querySelectorAll(".evidence-figure")].filter(e => e.offsetParent)
            .map(e => [left(e) - left(text), wide(e) / Math.min(column, 42 * 16)]),
        letters: [...document.querySelectorAll(".evidence-chart svg")].filter(e => wide(e))
            .flatMap(svg => [...svg.querySelectorAll("text")].map(e =>
                parseFloat(getComputedStyle(e).fontSize) * svg.getScreenCTM().a)),
    };
}"""


@pytest.mark.parametrize("width", [1400, 820, 390])
def test_figures_take_the_width_of_the_text_and_their_letters_can_be_read(
    width: int, page: Page, served: str
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for name in ("markers", "concordance", "trials", "bone-outcomes", "tracking"):
        page.goto(f"{served}chapters/{name}.html")
        for _ in ("as it comes", "drawn anew"):
            seen = page.evaluate(READING)
            assert seen["figures"], name
            assert all(abs(left) <= 1 and share > 0.98 for left, share in seen["figures"]), name
            assert min(seen["letters"]) >= 11, name
            draw_all(page)


def test_a_figure_is_drawn_again_where_a_page_becomes_narrow(page: Page, served: str) -> None:
    page.goto(served + MARKERS)
    draw_all(page)
    page.set_viewport_size({"width": 390, "height": 844})
    chart = page.locator(".evidence-chart").first
    chart.scroll_into_view_if_needed()
    chart.locator(".vega-embed[data-drawn=narrow]").wait_for()
    assert chart.locator("svg").locator("visible=true").count() == 1


def test_folded_code_takes_no_room_and_unfolds_by_keyboard(page: Page, served: str) -> None:
    page.goto(served + MARKERS)
    heights = page.evaluate(
        "[...document.querySelectorAll('details.hide')].map(e => e.offsetHeight"
        " + parseFloat(getComputedStyle(e.firstElementChild).marginTop))"
    )
    assert heights
    assert max(heights) == 0
    button = page.locator("details.hide > summary").first
    assert button.inner_text() == "Show code"
    button.focus()
    page.keyboard.press("Enter")
    assert "load_evidence" in page.locator("details.hide[open]").inner_text()
    assert button.inner_text() == "Hide code"


def test_the_heaviest_page_stays_light(visits: dict[str, Visit]) -> None:
    weights = {
        name: sum(size for url, size in visit.sizes.items() if "vega-bundle" not in url)
        for name, visit in visits.items()
        if name in CHAPTERS
    }
    assert max(weights.values()) <= LIMIT, weights


def test_the_text_waits_for_no_script(site: Path) -> None:
    for name in CHAPTERS:
        head = (site / name).read_text("utf-8").partition("</head>")[0]
        scripts = re.findall(r"<script[^>]* src=[^>]*>", head)
        assert all("defer" in script for script in scripts), name


def test_marks_and_words_of_every_drawing_stand_out_from_the_page(
    browser: Browser, visits: dict[str, Visit], served: str
) -> None:
    context = browser.new_context(color_scheme="dark", reduced_motion="reduce")
    page = context.new_page()
    for name, visit in visits.items():
        if not visit.found["charts"]:
            continue
        page.goto(served + name)
        draw_all(page)
        in_the_dark = page.evaluate(FOUND)["colours"]
        assert in_the_dark
        for kind, colour, background in [*visit.found["colours"], *in_the_dark]:
            need = 4.5 if kind == "text" else 3
            assert contrast(colour, background) >= need, (name, kind, colour, background)
    context.close()


def test_a_tooltip_says_the_same_as_the_table(page: Page, served: str, evidence: Evidence) -> None:
    page.goto(served + MARKERS)
    draw_all(page)
    told = {}
    for mark in page.locator("#fig-markers .vega-embed .mark-symbol path").all():
        page.mouse.move(0, 0)
        page.wait_for_function("!document.querySelector('#vg-tooltip-element.visible')")
        mark.hover(force=True)
        page.wait_for_selector("#vg-tooltip-element.visible")
        outcome, *rest = page.locator("#vg-tooltip-element td.value").all_text_contents()
        told[outcome] = rest
    central = [f for f in evidence.findings(source="zhang2025") if f.estimate is not None]
    assert len(told) == len(central)
    for finding in central:
        row = page.locator(f"[id='{finding.finding_id}']").inner_text()
        result, printed, source = told[evidence.outcome_of(finding).label]
        assert result == effect_text(finding)
        assert source == source_name(evidence.source_of(finding))
        for text in (result, printed, source):
            assert text in row


def test_a_card_opens_by_mouse_and_stays_while_the_pointer_is_on_it(
    page: Page, served: str
) -> None:
    page.goto(served + ANSWER)
    card = page.locator("#evidence-card-shown")
    page.locator(".evidence-ref[data-key='zhang2025-oc'] a").first.hover()
    assert "MD 1.86, 95% CI 1.17-2.56" in card.inner_text()
    card.hover()
    page.wait_for_timeout(400)
    assert card.is_visible()
    page.mouse.move(0, 0)
    card.wait_for(state="detached")


def test_a_card_opens_by_focus_and_closes_by_escape(page: Page, served: str) -> None:
    page.goto(served + ANSWER)
    link = page.locator(".evidence-ref[data-key='zhang2025-oc'] a").first
    link.focus()
    assert page.locator("#evidence-card-shown").is_visible()
    described = link.get_attribute("aria-describedby")
    assert described == "card-zhang2025-oc"
    page.keyboard.press("Escape")
    assert page.locator("#evidence-card-shown").count() == 0


def test_a_first_tap_opens_a_card_and_a_second_follows_the_link(
    browser: Browser, served: str
) -> None:
    phone = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = phone.new_page()
    page.goto(served + ANSWER)
    link = page.locator(".evidence-ref[data-key='zhang2025'] a").first
    link.tap()
    card = page.locator("#evidence-card-shown")
    box = card.bounding_box()
    assert box is not None
    assert 0 <= box["x"] <= 390 - box["width"]
    assert page.url.endswith("answer.html")
    link.tap()
    page.wait_for_url("**/sources.html#zhang2025")
    phone.close()


@pytest.mark.parametrize("way", ["served", "file"])
@pytest.mark.parametrize(
    ("words", "found"), [("warfarin", "answer.html"), ("zhang2025-ntx", "#zhang2025-ntx")]
)
def test_search_finds_words_and_findings(
    way: str, words: str, found: str, page: Page, served: str, site: Path
) -> None:
    base = served if way == "served" else site.as_uri() + "/"
    page.goto(base + ANSWER)
    page.keyboard.press("Control+k")
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=*")
    page.locator(f"#search-results li a[href*='{found}']").first.wait_for()


def test_the_pdf_the_notebook_and_the_data_of_a_page_download(
    page: Page, served: str, book: Build
) -> None:
    page.goto(served + ANSWER)
    with page.expect_download() as pdf:
        page.locator(".btn-download-report-pdf").click()
    assert Path(pdf.value.path()).read_bytes() == book.pdf.read_bytes()
    for name in ("answer.ipynb", "answer-data.zip"):
        page.goto(served + ANSWER)
        page.locator(".evidence-downloads summary").click()
        with page.expect_download() as taken:
            page.locator(f".evidence-downloads a[href='{name}']").click()
        assert taken.value.suggested_filename == name


def test_the_box_at_a_glance_fits_one_screen_of_a_phone(browser: Browser, served: str) -> None:
    phone = browser.new_context(viewport={"width": 390, "height": 844})
    page = phone.new_page()
    page.goto(served + ANSWER)
    box = page.locator(".evidence-box").first.bounding_box()
    assert box is not None
    assert box["height"] < 844 - 60
    phone.close()


def test_cells_say_their_column_where_a_narrow_screen_stacks_them(
    browser: Browser, served: str
) -> None:
    phone = browser.new_context(viewport={"width": 390, "height": 844})
    page = phone.new_page()
    page.goto(served + MARKERS)
    label = "getComputedStyle(e, '::before').content"
    cell = page.locator("#tab-markers tbody tr").first.locator("td").first
    assert "Direction" in cell.evaluate(f"e => {label}")
    phone.close()


def broken_rules(page: Page, only: dict[str, Any]) -> list[str]:
    """Say which rules of axe-core the page breaks, and where."""
    page.evaluate(AXE)
    options = {"runOnly": only, "resultTypes": ["violations"]}
    told: list[str] = page.evaluate(
        "options => axe.run(document, options).then(results => results.violations.map("
        "rule => rule.id + ': ' + rule.help + ': ' + rule.nodes[0].html.slice(0, 200)))",
        options,
    )
    return [f"{page.url}: {rule}" for rule in told]


@pytest.mark.parametrize("name", PAGES)
def test_no_page_breaks_a_rule_of_accessibility_in_light_or_dark(
    name: str, visits: dict[str, Visit]
) -> None:
    assert not visits[name].broken, "\n".join(visits[name].broken)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_view_breaks_no_rule_of_accessibility(
    theme: Any, browser: Browser, served: str, evidence: Evidence
) -> None:
    context = browser.new_context(color_scheme=theme, reduced_motion="reduce")
    page = context.new_page()
    marker = evidence.outcome("oc").label
    page.goto(f"{served}{MARKERS}?marker={marker}&tab-markers.sort=Result")
    draw_all(page)
    page.locator("tr.evidence-highlight").wait_for()
    found = broken_rules(page, {"type": "tag", "values": WCAG})
    context.close()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", [ANSWER, MARKERS])
def test_a_page_on_a_phone_breaks_no_rule_of_accessibility(
    name: str, browser: Browser, served: str
) -> None:
    phone = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    page = phone.new_page()
    page.goto(served + name)
    found = broken_rules(page, {"type": "tag", "values": WCAG})
    phone.close()
    assert not found, "\n".join(found)


def test_what_has_focus_can_be_seen(page: Page, served: str) -> None:
    page.goto(served + ANSWER)
    for _ in range(25):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            "(() => { const s = getComputedStyle(document.activeElement);"
            "return parseFloat(s.outlineWidth) * (s.outlineStyle !== 'none') ||"
            "(s.boxShadow !== 'none' ? 1 : 0) })()"
        )
        assert outline > 0, page.evaluate("document.activeElement.outerHTML.slice(0, 200)")


def test_a_reader_who_wants_no_motion_gets_none(page: Page, served: str) -> None:
    page.goto(served + ANSWER)
    longest = page.evaluate(
        "Math.max(...[...document.querySelectorAll('*')].flatMap(e => "
        "[getComputedStyle(e).transitionDuration, getComputedStyle(e).animationDuration]"
        ".flatMap(d => d.split(',').map(parseFloat))))"
    )
    assert longest == 0


def test_the_drawing_program_is_loaded_only_where_a_figure_is_seen(page: Page, served: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(served + "chapters/methods.html", wait_until="networkidle")
    assert not any("vega-bundle" in url for url in asked)
    page.goto(served + MARKERS)
    draw_all(page)
    assert sum("vega-bundle" in url for url in asked) == 1


def test_one_marker_is_highlighted_in_figures_and_tables_and_the_address_keeps_it(
    page: Page, context: BrowserContext, served: str, evidence: Evidence
) -> None:
    page.goto(served + MARKERS)
    draw_all(page)
    marker = evidence.outcome("ctx").label
    page.get_by_label("Highlight on this page:").select_option(marker)
    page.wait_for_function(
        "document.querySelectorAll('.mark-symbol path[opacity=\"0.15\"]').length > 3"
    )
    again = context.new_page()
    again.goto(page.url)
    draw_all(again)
    for opened in (page, again):
        rows = opened.locator("tr.evidence-highlight")
        assert rows.count() == 1
        assert rows.get_attribute("data-marker") == marker
        clear = opened.locator("#fig-markers .vega-embed .mark-symbol path[opacity='1']")
        clear.first.wait_for()
        assert clear.count() == 1


def test_a_wide_screen_has_the_sources_of_a_paragraph_in_the_margin(
    page: Page, served: str
) -> None:
    page.goto(served + "chapters/bone-outcomes.html")
    note = page.locator("aside.evidence-margin span[data-name='Inoue 2009']").first
    assert not note.is_visible()
    page.set_viewport_size({"width": 1600, "height": 900})
    assert note.is_visible()
    shown = note.evaluate("e => getComputedStyle(e, '::after').content")
    assert shown == '"randomized trial, evidence level 2; abstract read"'
    places = page.evaluate(
        """() => {
            const boxes = selector => [...document.querySelectorAll(selector)]
                .map(e => e.getBoundingClientRect()).filter(box => box.width);
            return {
                width: document.documentElement.scrollWidth,
                notes: boxes(".evidence-margin").map(b => [b.left, b.right, b.top, b.bottom]),
                text: Math.max(...boxes("article :is(p, li, table, figure)").map(b => b.right)),
                contents: boxes(".bd-sidebar-secondary")[0].left,
            };
        }"""
    )
    assert places["width"] <= 1600
    for left, right, _, _ in places["notes"]:
        assert places["text"] < left < right < places["contents"]
    for (_, _, _, bottom), (_, _, top, _) in pairwise(places["notes"]):
        assert bottom <= top
    assert page.locator(".bd-sidebar-secondary .nav-link").first.is_visible()
    assert broken_rules(page, {"type": "tag", "values": WCAG}) == []
    page.emulate_media(media="print")
    assert not note.is_visible()


def test_a_table_sorts_by_keyboard_and_says_so(page: Page, served: str) -> None:
    page.goto(served + MARKERS)
    head = page.locator("#tab-markers th", has_text="Result")
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    up = page.locator("#tab-markers tbody tr").evaluate_all("rows => rows.map(r => r.id)")
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    down = page.locator("#tab-markers tbody tr").evaluate_all("rows => rows.map(r => r.id)")
    assert down == up[::-1]
    # By measure, then by number: MD -0.83, -0.09, 1.49, 1.86, then no figure, then WMD.
    values = [key.partition("-")[2] for key in up]
    assert values[:4] == ["trap", "ctx", "bap", "oc"]
    page.goto(page.url)
    again = page.locator("#tab-markers tbody tr").evaluate_all("rows => rows.map(r => r.id)")
    assert again == down


def test_filters_say_how_many_rows_are_left_and_count_directions(
    page: Page, served: str, evidence: Evidence
) -> None:
    page.goto(served + SOURCES)
    tools = page.get_by_role("group", name=re.compile("every source report"))
    status = tools.get_by_role("status")
    assert status.inner_text().startswith(f"All {len(evidence.findings())} rows are shown")
    tools.get_by_label("Known concerns:").select_option("caution published")
    struck = [
        f
        for f in evidence.findings()
        if evidence.source_of(f).integrity.label == "caution published"
    ]
    visible = page.locator("#tab-findings tbody tr:visible")
    assert visible.count() == len(struck) > 0
    assert status.inner_text().startswith(f"{len(struck)} of {len(evidence.findings())} rows")
    assert "Direction:" in status.inner_text()
    page.goto(page.url)
    assert visible.count() == len(struck)
    # A link to a row shows the row, whatever was filtered.
    page.evaluate("window.location.hash = 'zhang2025-oc'")
    page.locator("#tab-findings tr[id='zhang2025-oc']").wait_for(state="visible")


def test_filters_fade_what_is_left_out_of_the_matrix_and_change_the_count_of_agreement(
    page: Page, served: str, evidence: Evidence
) -> None:
    page.goto(served + "chapters/concordance.html")
    draw_all(page)
    tools = page.get_by_role("group", name=re.compile("each source say"))
    status = tools.get_by_role("status")
    before = status.inner_text()
    assert re.search(r"Beside the central source: .*agrees: \d+", before)
    tools.get_by_label("Form of vitamin K:").select_option("MK-7")
    left = page.locator("#tab-concordance tbody tr:visible")
    names = set(left.evaluate_all("rows => rows.map(row => row.dataset.source)"))
    sources = {source_name(source): source for source in evidence.sources.values()}
    assert names
    assert all("MK-7" in sources[name].intervention for name in names)
    counted = [int(number) for number in re.findall(r": (\d+)", status.inner_text())]
    assert sum(counted) == left.count()
    assert status.inner_text() != before
    page.locator("#fig-concordance .mark-symbol path[opacity='0.15']").first.wait_for()
    for facet in ("Population:", "Evidence level:", "Known concerns:"):
        assert tools.get_by_label(facet).locator("option").count() > 1


def test_of_two_figures_a_reader_sees_one_and_switches_and_print_has_both(
    page: Page, served: str, book: Build
) -> None:
    page.goto(served + "chapters/bone-outcomes.html")
    every, kept = page.locator("#fig-fractures"), page.locator("#fig-fractures-kept")
    assert every.is_visible()
    assert not kept.is_visible()
    page.get_by_label("all studies").focus()
    page.keyboard.press("ArrowDown")
    assert kept.is_visible()
    assert not every.is_visible()
    page.goto(page.url)
    assert kept.is_visible()
    page.emulate_media(media="print")
    assert every.is_visible()
    assert kept.is_visible()
    words = "".join(printed_pages(book.pdf))
    for figure in (every, kept):
        caption = figure.locator(".caption-text").text_content() or ""
        assert squeezed(caption)[:40] in squeezed(words)


def squeezed(text: str) -> str:
    """Text without the breaks and hyphens that a page's layout puts in."""
    return re.sub(r"[\s\u00ad\u2010-]+", "", text)


def contrast(one: str, other: str) -> float:
    """Contrast of two colours after WCAG 2.2, from 1 to 21."""
    shades = []
    for colour in (one, other):
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        red, green, blue = (
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
        )
        shades.append(0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
    return max(shades) / min(shades)


@pytest.fixture(scope="module")
def versions(book: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three versions of the real site, published side by side."""
    folder = tmp_path_factory.mktemp("versions")
    for version in ("1.0.0", "1.1.0", "1.10.0"):
        publish(renumbered(book.html, folder / version, version), folder / "some" / "site")
    return folder / "some" / "site"


@pytest.fixture(scope="module")
def served_versions(versions: Path) -> Iterator[str]:
    handler = partial(QuietHandler, directory=str(versions.parents[1]))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/some/site/"
        server.shutdown()


@pytest.mark.parametrize("way", ["served", "file"])
def test_published_versions_link_to_each_other_and_keep_permalinks(
    way: str, page: Page, served_versions: str, versions: Path
) -> None:
    base = served_versions if way == "served" else versions.as_uri() + "/"
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    # Leaving a page ends what it was still loading; that is no failure.
    page.on(
        "requestfailed",
        lambda r: complaints.append(r.url) if r.failure != "net::ERR_ABORTED" else None,
    )
    page.on("response", lambda r: complaints.append(r.url) if r.status >= 400 else None)
    for folder in ("v/1.0.0", "v/1.1.0", "v/1.10.0", "latest"):
        page.goto(f"{base}{folder}/markers.html#zhang2025-oc")
        page.wait_for_url(f"{base}{folder}/chapters/markers.html#zhang2025-oc")
        assert page.locator("tr#zhang2025-oc").is_visible()
        page.wait_for_selector(".evidence-versions-known")
        banner = page.locator("#bd-header-version-warning")
        shown = page.locator(".version-switcher__button").first.inner_text()
        if folder in ("v/1.0.0", "v/1.1.0"):
            assert shown.startswith(f"Version {folder[2:]} (older)")
            assert "The newest is version 1.10.0" in banner.inner_text()
        else:
            assert shown.startswith("Version 1.10.0 \u25be")
            assert not banner.is_visible()
    page.goto(f"{base}v/1.0.0/chapters/markers.html#zhang2025-oc")
    menu = page.locator(".version-switcher__menu").first
    page.locator(".version-switcher__button").first.focus()
    page.keyboard.press("Enter")
    assert menu.locator("a").all_inner_texts() == ["1.10.0 (newest)", "1.1.0", "1.0.0"]
    page.keyboard.press("Escape")
    assert not menu.is_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{base}v/1.1.0/chapters/markers.html#zhang2025-oc")
    page.goto(f"{base}index.html")
    page.wait_for_url(f"{base}latest/chapters/answer.html")
    page.goto(f"{base}versions.html")
    for link in page.locator("a").all():
        address = urljoin(page.url, link.get_attribute("href"))
        assert (versions / address.removeprefix(base)).is_file()
    assert complaints == []


def test_an_old_version_passes_axe_with_its_menu_open(page: Page, versions: Path) -> None:
    page.goto((versions / "v/1.0.0/chapters/cite.html").as_uri())
    page.wait_for_selector(".evidence-versions-known")
    page.locator(".version-switcher__button").first.click()
    assert broken_rules(page, {"type": "tag", "values": WCAG}) == []
