"""Finished pages and what cells put out: every number is in the ledger, every word is allowed."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from evidence_tools.check.pages import Block, Page, Piece, parse_page, pdf_pages, text_blocks
from evidence_tools.check.review import Review, check_page, check_words, read_book
from evidence_tools.check.verdicts import Judge
from evidence_tools.evidence.model import Evidence, load_evidence
from evidence_tools.evidence.problems import Problem
from evidence_tools.show.display import MIME_TYPE
from evidence_tools.show.words import DIRECTIONS, MOVED

# How the package itself says that a source gives no direction.
_OPEN = re.compile("|".join(DIRECTIONS[d] for d in DIRECTIONS if d not in MOVED), re.IGNORECASE)

_TOKEN = re.compile(r"\d(?:[\d.,]*\d)?")
# Commits, by chance of digits alone, and days: they name a version, and count nothing.
_COMMIT = r"[0-9a-f]{10,40}|(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,9}"
_STAMP = re.compile(rf"\b(?:{_COMMIT}|\d{{4}}-\d\d-\d\d)\b")
_UNSEEN = (
    "script, style, template, nav, pre, .headerlink, .cell_input, [hidden], .section-number, "
    ".caption-number, .std-numref, a.reference.internal, .citation, .footnote"
)
_SETTINGS = ["data/topic.yml", "references.bib", "pyproject.toml", "_config.yml", "CITATION.cff"]


def check_built(html: Path, pdf: Path | None = None, folder: Path = Path()) -> list[Problem]:
    """Check a finished site, its PDF, and what its cells put out.

    Parameters
    ----------
    html
        The folder with the finished pages.
    pdf
        The PDF, if there is one.
    folder
        The book folder that it was built from.

    Returns
    -------
    list of Problem
        Numbers that no row, no page and no output of the package holds; numbers that only one of
        HTML and PDF shows; findings shown nowhere; and printed text that no row holds.
    """
    judge = Judge(load_evidence(folder / "data"))
    pages, _, _ = read_book(folder)
    checked = [page for page in pages if not page.declared]
    cells = [cell for page in checked for cell in _cells(html, page)]
    made = {text for _, outputs in cells for o in outputs for text in _strings(_made(o))}
    rows = _tokens([*_table_texts(folder), *made])
    problems = [p for place, outputs in cells for p in _check(outputs, place, judge, rows)]
    problems += _hidden(pages, made, judge) if cells else []
    shown = {page.path: _visible((html / page.path).with_suffix(".html")) for page in pages}
    for page in checked:
        path = (html / page.path).with_suffix(".html")
        for token in sorted(_tokens([shown[page.path]]) - rows - _tokens(page.lines.values())):
            message = f"the page shows the number {token!r}, which no row and no output holds"
            problems.append(Problem(str(path), 0, "", message, "number"))
    if pdf and len(checked) == len(pages):
        printed = [shown[page.path] for page in pages if page.is_printed]
        problems += _compare(pdf, printed, rows)
    return sorted(set(problems))


def check_output(outputs: Iterable[Any], path: str, evidence: Evidence) -> list[Problem]:
    """Check what one cell put out, as a notebook holds it; ``path`` is how problems name it."""
    rows = _tokens(_table_texts(evidence.folder.parent))
    return list(_check(outputs, path, Judge(evidence), rows))


def _check(outputs: Iterable[Any], path: str, judge: Judge, rows: set[str]) -> Iterator[Problem]:
    for output in outputs:
        data = {kind: _joined(text) for kind, text in output.get("data", {}).items()}
        if "application/javascript" in data or "<script" in str(data.get("text/html", "")):
            message = "a cell shows a script, which cannot be checked; show data or text instead"
            yield Problem(path, 0, "", message, "page")
            continue
        for pieces in _runs(_made(output)):
            # A short name stays: the rest of its sentence is read with it.
            own = [
                piece
                for piece in pieces
                if piece.role or len(piece.text.split()) < 4 or judge.rows.rest(piece.text)
            ]
            for message in check_words([Block("table", tuple(own))], judge, made=True):
                yield Problem(path, 0, "", message, "wording")
        # Outputs of this type were made from rows; every other is text that an author printed.
        kinds = [] if MIME_TYPE in data else ["text/markdown", "text/html", "text/plain"]
        printed = next((data[kind] for kind in kinds if kind in data), "")
        for text in (_joined(output.get("text", "")), str(printed)):
            blocks = text_blocks(text) if text[:1] == "<" else parse_page(text).blocks
            for problem in check_page(Page(path, blocks=blocks), judge, Review()):
                number = re.match(r"typed number '([^']+)'", problem.message)
                if not number or not _tokens([number.group(1)]) <= rows:
                    yield Problem(path, 0, "", f"printed: {problem.message}", problem.rule)


def _made(output: Any) -> Any:
    """Get what the package made of rows in an output."""
    return output.get("data", {}).get(MIME_TYPE)


def _joined(text: Any) -> Any:
    parts = isinstance(text, list) and all(isinstance(part, str) for part in text)
    return "".join(text) if parts else text


def _hidden(pages: list[Page], made: set[str], judge: Judge) -> Iterator[Problem]:
    """Find findings that no page shows and that no page leaves out with a reason."""
    shown = made | {piece.text.partition(".")[0] for page in pages for piece in page.roles}
    comments = " ".join(text for page in pages for text in page.comments.values())
    for key, row in judge.rows.findings.items():
        if key not in shown and f"exclude {key} " not in comments:
            message = (
                f"{key} ({row.direction.replace('_', ' ')}) is shown on no page; show it, or write "
                f"on a page: % check: exclude {key} -- reason"
            )
            yield Problem("data/findings.csv", 0, "", message, "coverage")


def _runs(value: Any) -> Iterator[list[Piece]]:
    """Find texts of an output that was made from rows; what a row stands behind is a role."""
    if (
        isinstance(value, list)
        and value
        and all(isinstance(v, dict) and "text" in v for v in value)
    ):
        pieces: list[Piece] = []
        for run in value:
            role = "finding" if run.get("finding_id") else "source" if run.get("source_id") else ""
            key = run.get("finding_id") or run.get("source_id") or ""
            # An address says nothing.
            text = "" if run.get("link") else _OPEN.sub("", str(run["text"]))
            pieces.append(Piece(key, 0, role=role) if role else Piece(text, 0))
        yield pieces
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _runs(item)


def _tokens(texts: Iterable[str]) -> set[str]:
    """Collect numbers as plain digits: ``2,570`` and ``2570`` are the same."""
    found: set[str] = set()
    for text in texts:
        for token in _TOKEN.findall(_STAMP.sub(" ", text)):
            grouped = re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", token)
            found.update([token.replace(",", "")] if grouped else token.split(","))
    return found


def _table_texts(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("data/*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            yield from (cell for row in csv.reader(file) for cell in row)
    yield from sorted(path.stem for path in folder.glob("data/releases/*"))
    paths = [folder / name for name in _SETTINGS]
    yield from (path.read_text(encoding="utf-8") for path in paths if path.is_file())


def _cells(html: Path, page: Page) -> Iterator[tuple[str, list[Any]]]:
    """Read what the cells of a finished chapter put out: the chapter and cell, and outputs."""
    path = (html / page.path).with_suffix(".ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"] if path.is_file() else ()
    codes = (cell for cell in cells if cell["cell_type"] == "code")
    for number, cell in enumerate(codes, start=1):
        yield f"{page.path}, code cell {number}", cell["outputs"]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)


def _visible(path: Path) -> str:
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    article = soup.select_one("article") or soup
    for tag in article.select(_UNSEEN):
        tag.decompose()
    return str(article.get_text(" "))


def _compare(pdf: Path, texts: list[str], rows: set[str]) -> Iterator[Problem]:
    """Compare the numbers of all pages with those of the PDF."""
    pages = pdf_pages(pdf)
    text = "\n".join(pages).replace("\ufffe", "-")
    in_pdf, in_html = _tokens([text]), _tokens(texts)
    # Lines of the PDF break inside addresses, and the PDF numbers its pages and sections.
    unbroken, shown = "".join(text.split()), "".join("".join(texts).split())
    own = {str(number) for number in range(len(pages) + 1)}
    for token in sorted(in_html - in_pdf):
        if token not in unbroken:
            message = f"the pages show the number {token!r}, which is not in the PDF"
            yield Problem(str(pdf), 0, "", message, "number")
    for token in sorted(in_pdf - in_html - rows - own):
        if token not in shown and not re.search(rf"(?m)^\s*{re.escape(token)}\.?\s+\S", text):
            message = f"the PDF shows the number {token!r}, which is on no page"
            yield Problem(str(pdf), 0, "", message, "number")
