"""Finished pages and what cells put out: every number is in the ledger, every word is allowed."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from evidence_tools.check.pages import Block, Page, Piece, pdf_pages, sentences, text_blocks
from evidence_tools.check.review import Review, check_page, check_words, exemptions, read_book
from evidence_tools.check.verdicts import Judge
from evidence_tools.evidence.dictionary import read_dictionary
from evidence_tools.evidence.model import Evidence, load_evidence
from evidence_tools.evidence.problems import Problem
from evidence_tools.show.display import MIME_TYPE
from evidence_tools.show.words import DIRECTIONS, MOVED

# How the package itself says that a source gives no direction.
_OPEN = re.compile("|".join(DIRECTIONS[d] for d in DIRECTIONS if d not in MOVED), re.IGNORECASE)
_PARTS = re.compile(r"; |(?<=[.!?]) (?=[A-Z])")
_LABEL = re.compile(r"^\s*\w+: ")
_TOKEN = re.compile(r"\d(?:[\d.,]*\d)?")
# Commits, by chance of digits alone, and days: they name a version, and count nothing.
_COMMIT = r"[0-9a-f]{10,40}|(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,9}"
_STAMP = re.compile(rf"\b(?:{_COMMIT}|\d{{4}}-\d\d-\d\d)\b")
_UNSEEN = {"script", "style", "template", "nav", "pre"}
_UNSEEN_CLASSES = {"headerlink", "cell_input", "section-number", "caption-number", "std-numref"}
_UNSEEN_CLASSES |= {"citation", "footnote"}
_SETTINGS = ["data/topic.yml", "references.bib", "pyproject.toml", "_config.yml", "CITATION.cff"]


def check_built(
    html: Path, pdf: Callable[[], Path] | None = None, folder: Path = Path()
) -> list[Problem]:
    """Check a finished site, its PDF, and what its cells put out.

    Parameters
    ----------
    html
        The folder with the finished pages.
    pdf
        Waits for the PDF, which is looked at last, if there is to be one.
    folder
        The book folder that it was built from.

    Returns
    -------
    list of Problem
        Numbers that no row, no page and no output of the package holds; numbers that only one of
        HTML and PDF shows; findings shown nowhere; and printed text that no row holds.
    """
    evidence = load_evidence(folder / "data")
    pages, _, _ = read_book(folder)
    checked = [page for page in pages if not page.declared]
    cells = [cell for page in checked for cell in _cells(html, page)]
    made = {text for _, outputs in cells for o in outputs for text in _strings(_made(o))}
    texts = Outputs(evidence, made)
    problems = [p for place, outputs in cells for p in texts.check(outputs, place)]
    problems += _hidden(pages, made, evidence) if cells else []
    printed = []
    for page in pages:
        path = (html / page.path).with_suffix(".html")
        shown, drawn = _visible(path)
        printed += [shown, drawn] if page.is_printed else []
        unknown = set() if page.declared else _tokens([shown]) - texts.numbers
        for token in sorted(unknown - _tokens(page.lines.values())):
            message = f"the page shows the number {token!r}, which no row and no output holds"
            problems.append(Problem(str(path), 0, "", message, "number"))
    if pdf and len(checked) == len(pages):
        problems += _compare(pdf(), printed, texts.numbers)
    return sorted(set(problems))


class Outputs:
    """What cells put out, held against texts and numbers of the tables and settings."""

    def __init__(self, evidence: Evidence, made: Iterable[str] = ()) -> None:
        self.evidence, self.judge = evidence, Judge(evidence)
        self.numbers = _tokens([*_table_texts(evidence.folder.parent), *made])

    def check(self, outputs: Iterable[Any], path: str) -> Iterator[Problem]:
        """Check what a cell put out, as a notebook holds it; ``path`` is how problems name it."""
        for output in outputs:
            data = {kind: _joined(text) for kind, text in output.get("data", {}).items()}
            if "application/javascript" in data or "<script" in str(data.get("text/html", "")):
                message = "a cell shows a script, which cannot be checked; show data or text"
                yield Problem(path, 0, "", message, "page")
                continue
            blocks = [[p for p in pieces if self._is_new(p)] for pieces in _runs(_made(output))]
            said = (
                replace(sentence, text=text)
                for sentence in sentences(blocks)
                for text in self._rest(sentence.text)
            )
            for message in check_words(said, self.judge):
                yield Problem(path, 0, "", message, "wording")
            # Outputs of this type were made from rows; every other is text that an author printed.
            kinds = [] if MIME_TYPE in data else ["text/markdown", "text/html", "text/plain"]
            printed = next((str(data[kind]) for kind in kinds if kind in data), "")
            printed = printed or _joined(output.get("text", ""))
            for problem in check_page(
                Page(path, blocks=text_blocks(printed)), self.judge, Review()
            ):
                number = re.match(r"typed number '([^']+)'", problem.message)
                if not number or not _tokens([number.group(1)]) <= self.numbers:
                    yield Problem(path, 0, "", f"printed: {problem.message}", problem.rule)

    def _is_new(self, piece: Piece) -> bool:
        """Whether a piece is a role, a short name, or says what no cell of the tables does."""
        return bool(piece.role or len(piece.text.split()) < 4 or self._rest(piece.text))

    def _rest(self, text: str) -> list[str]:
        """List what a text says beyond texts of the tables and what fills their slots."""
        unlabelled = _LABEL.sub("", text)
        for known in (text, unlabelled):
            if all(_folded(part) in self._cells for part in _PARTS.split(known)):
                return []
        said = _folded(unlabelled)
        found = (template.fullmatch(said) for template in self._templates)
        filled = next((match.groups() for match in found if match), None)
        return [text] if filled is None else [fill for fill in filled if fill not in self._cells]

    @cached_property
    def _cells(self) -> set[str]:
        """Every text of the tables, whole and in its parts, as the rules held it there."""
        found: set[str] = set()
        for table in read_dictionary(self.evidence.folder)[0]:
            for _, column in getattr(self.evidence, table).select_dtypes("string").items():
                for cell in column.dropna().unique():
                    found |= {_folded(part) for part in [cell, *_PARTS.split(cell)]}
        return found

    @cached_property
    def _templates(self) -> list[re.Pattern[str]]:
        texts = [*self.evidence.plain["text"], *self.evidence.limitations["sentence"]]
        parts = [part for text in texts for part in _PARTS.split(text) if "{" in part]
        fixed = ([_folded(words) for words in re.split(r"\{[^}]*\}", part)] for part in parts)
        return [re.compile(r" ?(.+) ?".join(words)) for words in fixed]


def _folded(text: str) -> str:
    """Fold what printing changes: spaces, quotes, dashes, the minus sign and the micro sign."""
    return re.sub(r"[\W_]+", " ", text.replace("µ", "u").replace("μ", "u")).strip().lower()


def _made(output: Any) -> Any:
    """Get what the package made of rows in an output."""
    return output.get("data", {}).get(MIME_TYPE)


def _joined(text: Any) -> Any:
    parts = isinstance(text, list) and all(isinstance(part, str) for part in text)
    return "".join(text) if parts else text


def _hidden(pages: list[Page], made: set[str], evidence: Evidence) -> Iterator[Problem]:
    """Find findings that no page shows and that no page leaves out with a reason."""
    granted, _ = exemptions(pages, evidence)
    shown = made | {piece.text.partition(".")[0] for page in pages for piece in page.roles}
    shown |= {exemption.rule for exemption in granted}
    for key, row in evidence.rows("findings").items():
        if key not in shown:
            message = (
                f"{key} ({row.direction.replace('_', ' ')}) is shown on no page; show it, or write "
                f"on a page: % check: exclude {key} -- reason"
            )
            yield Problem("data/findings.csv", 0, "", message, "coverage")


def _runs(value: Any) -> Iterator[Block]:
    """Find texts of an output that was made from rows; what a row stands behind is a role."""
    if (
        isinstance(value, list)
        and value
        and all(isinstance(v, dict) and "text" in v for v in value)
    ):
        pieces: Block = []
        for run in value:
            role = "finding" if run.get("finding_id") else "source" if run.get("source_id") else ""
            key = run.get("finding_id") or run.get("source_id") or ""
            # An address says nothing.
            text = "" if run.get("link") else _OPEN.sub("", str(run["text"]))
            pieces.append(Piece(key or text, 0, role=role))
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
    """List the texts and numbers of an output; those inside a drawing are places in it."""
    if isinstance(value, dict):
        value = [item for key, item in value.items() if not key.endswith("svg")]
    if isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)


def _visible(path: Path) -> tuple[str, str]:
    """Read the text of a page, and that of its drawings: the scale of an axis is of no row."""
    from bs4 import BeautifulSoup

    page = path.read_text(encoding="utf-8")
    article = re.search(r"(?s)<article.*</article>", page)
    # Only the article, by lxml, without selectors: in a third of the time.
    soup = BeautifulSoup(article[0] if article else page, "lxml")
    for tag in soup.find_all(_is_unseen):
        tag.decompose()
    drawn = [drawing.extract().get_text(" ") for drawing in soup.find_all("svg")]
    return soup.get_text(" "), " ".join(drawn)


def _is_unseen(tag: Any) -> bool:
    classes = tag.get("class") or ()
    is_link = tag.name == "a" and {"reference", "internal"} <= set(classes)
    hidden = tag.name in _UNSEEN or tag.has_attr("hidden") or is_link
    return hidden or not _UNSEEN_CLASSES.isdisjoint(classes)


def _compare(pdf: Path, texts: list[str], rows: set[str]) -> Iterator[Problem]:
    """Compare the numbers of all pages with those of the PDF."""
    pages = pdf_pages(pdf)
    text = re.sub(r"(?<=\b10\.)\n(?=\d{4})", "", "\n".join(pages).replace("\ufffe", "-"))  # a DOI
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
