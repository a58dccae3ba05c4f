"""The made-up book in a browser, under a strict Content-Security-Policy.

The tests need Chromium: ``apt-get install chromium``. Where there is none they are left out.
"""

from __future__ import annotations

import http.server
import json
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from building import Build
from made_up import Made
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs a browser: install chromium")
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Rows, items and marks that differ in their words only are looked at once: each takes a while.
ONE_OF_EACH = """() => {
    const seen = new Set();
    for (const part of document.querySelectorAll("tr, li, p, svg g > *")) {
        const all = [part.parentElement, part, ...part.querySelectorAll("*")];
        const look = e => [e.tagName, !e.textContent.trim(), e.className, e.getAttribute("style")];
        const kind = all.map(e => [...look(e), ...e.getAttributeNames()]).join();
        if (seen.has(kind)) part.remove();
        seen.add(kind);
    }
}"""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'"
)


class StrictHandler(http.server.SimpleHTTPRequestHandler):
    """Serve files as a strict host does, without a line on the terminal for each."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Two published versions of the book, served; the second is the newest."""
    root = tmp_path_factory.mktemp("published")
    for version in ("0.1.0", "0.2.0"):
        shutil.copytree(made.html, root / "v" / version)
    versions = [
        {"version": v, "date": "2026-09-21", "url": f"v/{v}/", "pages": ["chapters/answer"]}
        for v in ("0.2.0", "0.1.0")
    ]
    text = f"window.evidenceVersions = {json.dumps(versions)};"
    (root / "versions.js").write_text(text, encoding="utf-8")
    (root / "v" / "0.1.0.css").write_text(
        ".evidence-old-version { display: block !important; }", encoding="utf-8"
    )
    handler = partial(StrictHandler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.handle_error = lambda *_: None  # a page that was left needs no answer
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v/0.1.0"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield started
        started.close()


@pytest.fixture
def settings() -> dict[str, Any]:
    """What a browser is like; a test gives others with ``parametrize``."""
    return {"viewport": {"width": 1400, "height": 900}}


@pytest.fixture
def page(browser: Browser, settings: dict[str, Any]) -> Iterator[Page]:
    """A page that complains at the end of a test about anything that went wrong in it."""
    context = browser.new_context(**settings)
    opened, faults = context.new_page(), []
    opened.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("response", lambda r: faults.append(r.url) if r.status >= 400 else None)
    yield opened
    context.close()
    assert faults == []


PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
NO_SCRIPTS = {"java_script_enabled": False}


def pages_of(book: Build) -> Iterator[Path]:
    """Go through the pages of the report, and no redirects."""
    yield from sorted((book.html / "chapters").glob("*.html"))
    yield book.html / "docs" / "api.html"


def test_a_chart_becomes_interactive_without_eval(page: Page, address: str) -> None:
    page.goto(f"{address}/chapters/rows.html")
    page.locator(".evidence-chart").scroll_into_view_if_needed()
    chart = page.locator(".evidence-chart[data-enhanced]")
    expect(chart).to_have_attribute("data-enhanced", "true", timeout=30_000)


def test_a_card_is_shown_by_mouse_and_keyboard_and_put_away(page: Page, address: str) -> None:
    page.goto(f"{address}/chapters/answer.html")
    mention, card = page.locator(".evidence-ref a").first, page.locator("#evidence-card-shown")
    mention.hover()
    expect(card).to_contain_text("MD 1.86, 95% CI 1.17-2.56")
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    mention.focus()
    expect(card).to_have_count(1)


@pytest.mark.parametrize("settings", [PHONE])
def test_a_first_tap_shows_the_card_and_a_second_follows_the_link(page: Page, address: str) -> None:
    page.goto(f"{address}/chapters/answer.html")
    page.locator(".evidence-ref a").first.tap()
    expect(page.locator("#evidence-card-shown")).to_have_count(1)
    page.locator(".evidence-ref a").first.tap()
    page.wait_for_url("**/rows.html#larkin2024-som")


def test_a_table_is_sorted_and_a_long_one_searched(page: Page, address: str) -> None:
    page.goto(f"{address}/chapters/rows.html")
    page.get_by_role("button", name="Key").click()
    assert page.locator("#tab-rows tbody tr").first.get_attribute("id") == "fern2019-accident"
    page.get_by_label("Show rows with:").fill("headache")
    expect(page.get_by_role("status")).to_have_text("1 of 20 rows")


@pytest.mark.parametrize("settings", [PHONE])
def test_a_row_of_a_table_is_a_block_on_a_phone(page: Page, address: str) -> None:
    page.goto(f"{address}/chapters/rows.html")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("#tab-rows thead").is_hidden()


def test_a_diary_is_read_and_nothing_can_be_sent(browser: Browser, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/chapters/diary.html")
    place = page.locator(".evidence-diary")

    def read(text: str) -> None:
        file = {"name": "my.csv", "mimeType": "text/csv", "buffer": text.encode()}
        place.locator("input").set_input_files(file)  # type: ignore[arg-type]

    read("day,missed,sleep,note\n2026-02-30,maybe,x,\n")
    expect(place).to_contain_text("Line 2: missed is “maybe”; needed is yes or no.")
    read('day;missed;sleep;note\n2026-03-01;no;7,5;"one; two"\n2026-03-03;yes;6;<img src=x>\n')
    expect(place.locator("tbody")).to_contain_text("1 of 2")
    expect(place.locator("tbody")).to_contain_text("6 to 7.5 (2 noted)")
    expect(place.locator("tbody")).to_contain_text("one; two; <img src=x>")
    assert place.locator("tbody img").count() == 0
    read('day,missed,sleep,note\n2026-03-01,no,7,"""one, ""two"""\n2026-03-02,,,""\n')
    expect(place.locator("tbody")).to_contain_text('"one, "two"')
    refused = page.evaluate("fetch('/', {mode: 'no-cors'}).then(() => 'sent', () => 'refused')")
    assert refused == "refused"
    context.close()


def test_a_search_finds_keywords_and_shows_sentences_not_buttons(page: Page, address: str) -> None:
    page.goto(f"{address}/search.html?q=blood+thinner")
    results = page.locator("#search-results")
    expect(results).to_contain_text("1 page", timeout=15_000)
    expect(results.locator("li")).to_contain_text("About", timeout=15_000)
    assert "Show code" not in results.inner_text()
    assert "Notebook" not in results.inner_text()


def test_a_short_address_keeps_the_row_it_names(page: Page, address: str) -> None:
    page.goto(f"{address}/rows.html#larkin2024-vig")
    page.wait_for_url("**/chapters/rows.html#larkin2024-vig")


@pytest.mark.parametrize("settings", [{"color_scheme": "dark", "reduced_motion": "reduce"}])
def test_a_copy_of_an_old_version_names_the_newest(page: Page, address: str) -> None:
    page.goto(f"{address}/chapters/answer.html")
    notice = page.locator(".evidence-old-version")
    expect(notice).to_be_visible()
    page.evaluate(AXE)
    assert page.evaluate("axe.run('.evidence-old-version').then(all => all.violations)") == []
    assert str(notice.locator("a").get_attribute("href")).endswith("v/0.2.0/chapters/answer.html")
    expect(page.locator(".evidence-versions")).to_be_visible()


@pytest.mark.parametrize("settings", [NO_SCRIPTS])
def test_a_copy_of_an_old_version_says_so_without_scripts(page: Page, address: str) -> None:
    page.goto(f"{address}/chapters/answer.html")
    expect(page.locator(".evidence-old-version")).to_be_visible()


def test_pages_open_from_a_folder_too(page: Page, made: Made) -> None:
    page.goto(Path(made.html, "chapters", "answer.html").as_uri())
    page.locator(".evidence-ref a").first.focus()
    expect(page.locator("#evidence-card-shown")).to_have_count(1)


def test_no_page_of_the_report_breaks_a_rule_of_accessibility(
    browser: Browser, book: Build
) -> None:
    # The checker complains in the console about what it cannot ask for: no fault of a page.
    context = browser.new_context(color_scheme="light", offline=True, reduced_motion="reduce")
    page, broken = context.new_page(), []
    for path in pages_of(book):
        page.goto(path.as_uri())
        page.evaluate(AXE)
        page.evaluate(ONE_OF_EACH)
        # In the dark only colours differ.
        for mode, rules in (("light", WCAG), ("dark", ["color-contrast"])):
            page.emulate_media(color_scheme=mode)
            page.wait_for_function("m => document.documentElement.dataset.theme === m", arg=mode)
            kind = "tag" if rules is WCAG else "rule"
            found = page.evaluate(
                "([type, values]) => axe.run({runOnly: {type, values}, preload: false, "
                "resultTypes: ['violations']}).then(results => "
                "results.violations.map(rule => rule.help + ': ' + rule.nodes[0].html))",
                [kind, rules],
            )
            broken += [f"{path.stem}, {mode}: {rule}" for rule in found]
    context.close()
    assert broken == []


@pytest.mark.parametrize("settings", [PHONE])
def test_no_page_of_the_report_is_wider_than_a_phone(page: Page, book: Build) -> None:
    wide = []
    for path in pages_of(book):
        page.goto(path.as_uri())
        if page.evaluate("document.documentElement.scrollWidth") > 390:
            wide.append(path.stem)
    assert wide == []
