"""Finished pages and what cells put out: every number is in the ledger, every word is allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from evidence_tools.check.pages import Page, Text, html_blocks, pdf_pages, sentences, text_blocks
from evidence_tools.check.review import Review, check_page, check_words, read_book
from evidence_tools.check.verdicts import Judge
from evidence_tools.evidence.dictionary import read_dictionary
from evidence_tools.evidence.model import Evidence, load_evidence
from evidence_tools.evidence.problems import Problem
from evidence_tools.show.display import MIME_TYPE

_TOKEN = re.compile(r"\d(?:[\d.,]*\d)?")
# Commits and days name a version, and count nothing.
_STAMP = re.compile(r"\b(?:[0-9a-f]{10,40}|\d{4}-\d\d-\d\d)\b")
_SETTINGS = ["data/topic.yml", "references.bib", "pyproject.toml", "_config.yml", "CITATION.cff"]
_FORMS = ["text/markdown", "text/html", "text/latex", "text/plain"]
_DRAWN = frozenset(["svg", "narrow_svg", "spec", "narrow_spec", "anchor", "name", "kind"])
"""Parts of what the package shows that are no words of it."""


def check_built(
    html: Path,
    pdf: Callable[[], Path] | None = None,
    folder: Path = Path(),
    passed: Path | None = None,
) -> list[Problem]:
    """Check a finished site, its PDF, and what its cells put out.

    ``html`` has the pages of the book in ``folder``; ``pdf`` waits for the PDF, which is looked at
    last; ``passed`` is a site with the same tables and package, whose outputs passed already.
    Problems are numbers that no row, no page and no output of the package holds, or that only one
    of HTML and PDF shows; findings shown nowhere; and printed text that no row holds.
    """
    evidence = load_evidence(folder / "data")
    known, everything = Known(evidence), read_book(folder)
    pages = [page for page in everything if (html / page.path).with_suffix(".html").is_file()]
    checked = [page for page in pages if not page.front.get("no-evidence-text")]
    problems, printed, named = list[Problem](), list[str](), set[str]()
    # A link to another page shows its title.
    held = [line for page in everything for line in page.lines.values()]
    for page in checked:
        notebook = Path(page.path).with_suffix(".ipynb")
        before = _outputs(passed / notebook) if passed else []
        for number, outputs in enumerate(_outputs(html / notebook), start=1):
            if outputs not in before:
                problems += known.check(outputs, f"{page.path}, code cell {number}")
            made = (output["data"] for output in outputs if MIME_TYPE in output.get("data", ()))
            held += (text for data in made for text in _said(data[MIME_TYPE]))
            named.update(re.findall(r'"([\w.-]+)"', json.dumps(outputs)))
    numbers = known.numbers | _tokens(held)
    for page in checked:
        path = (html / page.path).with_suffix(".html")
        blocks = html_blocks(path.read_text(encoding="utf-8"))
        printed += [b.text for b in blocks] if page.front.get("print") is not False else []
        # The scale of an axis is of no row.
        for token in sorted(_tokens(b.text for b in blocks if b.kind == "text") - numbers):
            message = f"the page shows the number {token!r}, which no row and no output holds"
            problems.append(Problem(str(path), 0, "", message, "number"))
    problems += _hidden(everything, named, evidence) if named else []
    if pdf and all(page in checked or page.front.get("print") is False for page in pages):
        problems += _compare(pdf(), printed, numbers)
    return sorted(set(problems))


def _outputs(path: Path) -> list[list[dict[str, Any]]]:
    """Read what each code cell of a notebook put out; a page without code has none."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"] if path.is_file() else ()
    return [cell["outputs"] for cell in cells if cell["cell_type"] == "code"]


class Known:
    """Numbers and texts of tables and settings, against which what cells put out is held."""

    def __init__(self, evidence: Evidence) -> None:
        self.judge = Judge(evidence)
        cells = set[str]()
        for table in read_dictionary(evidence.folder)[0]:
            for _, column in getattr(evidence, table).items():
                cells.update(map(str, column.dropna().unique()))
        files = [evidence.folder.parent / name for name in _SETTINGS]
        settings = [path.read_text(encoding="utf-8") for path in files if path.is_file()]
        self.numbers = _tokens([*cells, *settings])
        said = (re.split(r"; |\{[^}]*\}", one.text) for one in sentences(map(Text, cells)))
        long = {part for parts in said for part in map(_folded, parts) if part.count(" ") > 2}
        self.texts = re.compile("|".join([*sorted(long, key=len, reverse=True), "$"]))

    def check(self, outputs: Iterable[Any], path: str) -> Iterator[Problem]:
        """Check what a cell put out, as a notebook holds it; ``path`` is how problems name it."""
        for output in outputs:
            data = output.get("data", {"text/plain": output.get("text", "")})
            forms = ["".join(data[kind]) for kind in _FORMS if data.get(kind)]
            if "application/javascript" in data or any("<script" in text for text in forms):
                message = "a cell shows a script, which cannot be checked; show data or text"
                yield Problem(path, 0, "", message, "page")
            elif MIME_TYPE in data:
                for message in self._made(map(Text, _said(data[MIME_TYPE]))):
                    yield Problem(path, 0, "", message, "wording")
            else:  # text that an author printed
                blocks = [block for text in forms for block in text_blocks(text)]
                for problem in check_page(Page(path, items=blocks), self.judge, Review()):
                    number = re.match(r"typed number '([^']+)'", problem.message)
                    if not number or not _tokens([number.group(1)]) <= self.numbers:
                        yield replace(problem, line=0, message=f"printed: {problem.message}")

    def _made(self, texts: Iterable[Text]) -> Iterator[str]:
        """Say what is wrong with words of the package beyond those that the tables hold."""
        for text in dict.fromkeys(sentence.text for sentence in sentences(texts)):
            if any(check_words([Text(text)], self.judge)):
                yield from check_words([Text(self.texts.sub(";", _folded(text)))], self.judge)


def _said(shown: Any) -> Iterator[str]:
    """List the texts in what the package shows; runs of one text belong together."""
    if isinstance(shown, str):
        yield shown
    elif isinstance(shown, dict):
        for part, inside in shown.items():
            yield from _said(inside) if part not in _DRAWN else ()
    elif isinstance(shown, list):
        texts = [part["text"] for part in shown if isinstance(part, dict) and "text" in part]
        yield from ["".join(texts)] if texts else (text for part in shown for text in _said(part))


def _folded(text: str) -> str:
    """Fold what printing changes: spaces, quotes, dashes, the minus sign and the micro sign."""
    return re.sub(r"(?:https?:)?[\W_]+", " ", text.casefold().replace("μ", "u")).strip()


def _hidden(pages: list[Page], named: set[str], evidence: Evidence) -> Iterator[Problem]:
    """Find findings that no page shows and that no page leaves out with a reason."""
    shown = named | {
        key.partition(".")[0] for page in pages for key in (i.text for i in page.items)
    }
    shown |= {subject for page in pages for _, subject, _ in page.comments.values()}
    for key in evidence.rows("findings").keys() - shown:
        message = f"{key} is on no page; show it, or write: % check: exclude {key} -- reason"
        yield Problem("data/findings.csv", 0, "", message, "coverage")


def _tokens(texts: Iterable[str]) -> set[str]:
    """Collect numbers as plain digits: ``2,570`` and ``2570`` are the same."""
    found: set[str] = set()
    for text in texts:
        for token in _TOKEN.findall(_STAMP.sub(" ", text)):
            grouped = re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", token)
            found.update([token.replace(",", "")] if grouped else token.split(","))
    return found


def _compare(pdf: Path, pages: list[str], held: set[str]) -> Iterator[Problem]:
    """Compare the numbers of all pages with those of the PDF, which shows code and its own, too."""
    printed = pdf_pages(pdf)
    text = re.sub(r"(?<=\b10\.)\n(?=\d{4})", "", "\n".join(printed).replace("\ufffe", "-"))  # a DOI
    in_html, in_pdf = _tokens(pages), _tokens([text])
    # Lines of the PDF break inside addresses, and the PDF numbers its pages and sections.
    unbroken = ["".join(part.split()) for part in ("".join(pages), text)]
    own = held | {str(number) for number in range(len(printed) + 1)}
    own |= set(re.findall(r"(?m)^\s*([\d.]*\d)\.?\s+\S", text))
    for token in sorted((in_html - in_pdf) | (in_pdf - in_html - own)):
        if not all(token in part for part in unbroken):
            where = "is on the pages, not in the PDF" if token in in_html else "is only in the PDF"
            message = f"the number {token!r} {where}; both must show the same"
            yield Problem(str(pdf), 0, "", message, "number")
