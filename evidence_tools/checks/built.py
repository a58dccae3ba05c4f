"""The finished site and its PDF: every number in them is in the ledger, and both hold the same.

The ledger of a page is what may be read there as a number: the digits of the tables, of the
outputs that its code generated, of the references, of the stamp and of the numbering, and what
its author typed and the rule ``number`` let pass.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from evidence_tools.checks.book import read_book
from evidence_tools.checks.number import NumberCoverage, shown_by_role
from evidence_tools.checks.passages import Page
from evidence_tools.checks.report import CheckReport, Covered, check_book
from evidence_tools.checks.tables import TABLES
from evidence_tools.display import MIME_TYPE
from evidence_tools.evidence import load_evidence
from evidence_tools.readability import page_prose, reading_text
from evidence_tools.schema import Problem

_TOKEN = re.compile(r"\d(?:[\d.,]*\d)?")
# Identifiers of commits and contents are made of digits that count nothing.
_STAMP = re.compile(
    r"(?:commit|content)\s+[0-9a-f]{7,40}\b|\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,40}\b"
)
_UNSEEN = "script, style, template, nav, .headerlink, .cell_input, [hidden]"
_CARD = ".evidence-card, .evidence-cards, .tippy-box, [role=tooltip], .finding-card, .no-pdf"
_NUMBERED = (
    ".section-number, .caption-number, .std-numref, a.reference.internal:not(.evidence-ref a)"
)


def check_built(html: Path, folder: Path = Path()) -> CheckReport:
    """Check a finished build against the ledger, and its PDF against its pages.

    Parameters
    ----------
    html
        The folder with the finished pages, such as ``_build/html``.
    folder
        The book folder that it was built from.

    Returns
    -------
    CheckReport

    Raises
    ------
    OSError, ValueError
        If there is no finished build, or the book cannot be read.
    """
    evidence = load_evidence(folder / "data")
    book = read_book(folder, evidence)
    pdfs = sorted(html.glob("*.pdf"))
    if not pdfs:
        raise FileNotFoundError(2, "no finished report here: no PDF", str(html))
    rows = frozenset(_tokens(_table_texts(folder)))
    sources = check_book(book)
    own = set(_tokens(make(sources, "x", "").to_text() for make in TABLES.values()))
    problems: list[Problem] = []
    ledger = NumberCoverage()
    named = {p.text for page in book.pages for p in page.roles() if p.role in ("ref", "numref")}
    captions: list[tuple[Problem, str]] = []
    all_text: list[str] = []
    charts: list[str] = []
    for page in book.pages:
        path = html / f"{page.path.removesuffix('.md')}.html"
        article = _article(path)
        text, seen = _visible(article, cards=True), _visible(article, cards=False)
        all_text.append(seen)
        charts += [str(svg.get_text(" ")) for svg in article.select("svg")]
        roles = [shown_by_role(evidence, piece.role, piece.text) for piece in page.roles()]
        allowed = rows | _generated(html.parent, page) | set(_tokens([*page.lines, *roles]))
        if any("{evidence-checks}" in line for line in page.lines):
            allowed = allowed | own
        allowed = allowed | set(_tokens(_measured(html, page)))
        for token in dict.fromkeys(_tokens([text])):
            ledger.seen += 1
            if token in allowed:
                ledger.bound += 1
            elif not _reference(article, token):
                message = f"the page shows the number {token!r}, which no row and no output holds"
                problems.append(Problem(str(path), 0, "", message, "number"))
        problems += _labels(page, article, path, named)
        captions += _captions(page, _folded(text))
    printed, count = _pdf_text(pdfs[0])
    for message in _compare(all_text, charts, printed, count, rows):
        problems.append(Problem(str(pdfs[0]), 0, "", message, "number"))
    folded = _folded(printed)
    problems += [problem for problem, caption in captions if caption not in folded]
    covered = (
        Covered("number", ledger.seen, "different numbers on finished pages", _of(problems), 0),
    )
    return CheckReport(tuple(problems), (), covered, (), ledger)


def _measured(html: Path, page: Page) -> Iterator[str]:
    """Measure again the finished pages whose reading grade a page tells."""
    for name in re.findall(r"(?m)^`{3,}\{reading-grade\} (\S+)$", "\n".join(page.lines)):
        yield reading_text(page_prose((html / f"{name}.html").read_text(encoding="utf-8")))


def _of(problems: Iterable[Problem]) -> int:
    return sum(problem.rule == "number" for problem in problems)


def number_tokens(text: str) -> list[str]:
    """List the numbers of a text as plain digits: ``"2,570"`` and ``"2570"`` are the same."""
    return list(_tokens([text]))


def _tokens(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for match in _TOKEN.finditer(_STAMP.sub(" ", text)):
            token = match.group()
            grouped = re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", token)
            if grouped or "," not in token:
                yield token.replace(",", "")
            else:
                yield from token.split(",")


def _table_texts(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("data/*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                yield from row
    # Pages name the release that their claims are compared with.
    yield from sorted(path.stem for path in folder.glob("data/releases/*.json"))
    for name in ("references.bib", "pyproject.toml", "_config.yml"):
        yield (folder / name).read_text(encoding="utf-8")


def _article(path: Path) -> Any:
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    return soup.select_one("article") or soup


def _visible(article: Any, *, cards: bool) -> str:
    import copy

    article = copy.copy(article)
    for tag in article.select(_UNSEEN + ", " + _NUMBERED + ("" if cards else f", {_CARD}, svg")):
        tag.decompose()
    return str(article.get_text(" "))


def _generated(build: Path, page: Page) -> frozenset[str]:
    """Collect the numbers of everything that the code of a page put out.

    The executed notebook is the newest one in the cache whose code is that of the page.
    """
    code = [cell.source.strip() for cell in page.cells]
    if not code:
        return frozenset()
    found = sorted(build.glob(".jupyter_cache/**/*.ipynb"), key=lambda path: -path.stat().st_mtime)
    for path in found:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = [cell for cell in notebook.get("cells", ()) if cell.get("cell_type") == "code"]
        if [_source(cell) for cell in cells] == code:
            outputs = [output for cell in cells for output in cell.get("outputs", ())]
            payloads = [output.get("data", {}).get(MIME_TYPE) for output in outputs]
            texts = [text for payload in payloads for text in _strings(payload)]
            return frozenset(_tokens(texts))
    return frozenset()


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    text = source if isinstance(source, str) else "".join(source)
    lines = text.strip().splitlines()
    while lines and lines[0].startswith(":"):
        lines.pop(0)
    return "\n".join(lines).strip()


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _reference(article: Any, token: str) -> bool:
    """Whether a number stands only in the list of references, which numbers its entries."""
    listed = " ".join(tag.get_text(" ") for tag in article.select(".citation, .footnote"))
    return token in set(_tokens([listed]))


def _labels(page: Page, article: Any, path: Path, named: set[str]) -> Iterator[Problem]:
    """Find figures and tables that some page refers to and that are not there."""
    for label in page.labels:
        if label in named and article.find(id=label) is None:
            message = f"{label!r} is named in the book but is not on the finished page"
            yield Problem(str(path), 0, "", message, "coverage")


def _pdf_text(path: Path) -> tuple[str, int]:
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        texts = [page.get_textpage().get_text_range() for page in document]
    # PDFium writes a hyphen at the end of a line as a character that is none.
    return "\n".join(texts).replace("\ufffe", "-"), len(texts)


def _compare(
    texts: list[str], charts: list[str], text: str, count: int, rows: frozenset[str]
) -> Iterator[str]:
    """Compare the numbers of all pages with those of the PDF, of so many pages."""
    in_pdf, in_html = set(_tokens([text])), set(_tokens(texts))
    # Lines of the PDF break inside addresses; what follows a break is a part of one.
    addresses = " ".join(re.findall(r"10\.\d{4,}/\S+", " ".join(texts)))
    unbroken = "".join(text.split())
    for token in sorted(in_html - in_pdf):
        if token in addresses and token in unbroken:
            continue
        yield f"the pages show the number {token!r}, which is not in the PDF"
    # The PDF numbers its pages, chapters and sections; its cover bears the stamp.
    own = {str(number) for number in range(count + 1)}
    for token in sorted(in_pdf - in_html - set(_tokens(charts)) - rows - own):
        if token in addresses:
            continue
        if re.fullmatch(r"\d{1,2}\.\d{1,2}", token) and re.search(
            rf"(?m)^\s*{re.escape(token)}\.?\s+[A-Z]", text
        ):
            continue
        if re.search(rf"(?:commit|Version)\s*\S*{re.escape(token)}", text) or _stamped(text, token):
            continue
        yield f"the PDF shows the number {token!r}, which is on no page"


def _stamped(text: str, token: str) -> bool:
    """Whether a number is part of a date or of a commit."""
    return bool(
        re.search(r"\b\d{4}-\d{2}-\d{2}\b", text)
        and re.search(
            rf"(?:-{token}\b|\b{token}-\d|[0-9a-f]*[a-f]{token}|{token}[a-f][0-9a-f]+)", text
        )
    )


def _captions(page: Page, shown: str) -> Iterator[tuple[Problem, str]]:
    """List the captions that a finished page shows, each with what to say if the PDF lacks it."""
    for passage in page.passages:
        if passage.kind != "caption" or any(piece.role for piece in passage.pieces):
            continue
        text = "".join(piece.text for piece in passage.pieces)
        folded = _folded(text)[:60]
        if len(text) > 30 and folded in shown:
            message = f"the caption {text[:50]!r} is not in the PDF"
            yield Problem(page.path, passage.line, "", message, "coverage"), folded


def _folded(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()
