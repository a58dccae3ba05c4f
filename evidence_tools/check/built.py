"""Finished pages and what cells put out: every number is in the ledger, every word is allowed."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from evidence_tools.check.pages import Page, Text, pdf_pages, read_html, read_markdown, sentences
from evidence_tools.check.review import Review, check_page, check_words, read_book
from evidence_tools.check.rows import digits
from evidence_tools.check.verdicts import Judge
from evidence_tools.evidence.model import Evidence, load_evidence
from evidence_tools.evidence.problems import Problem
from evidence_tools.show.display import MIME_TYPE

_SHOWN = re.compile(r"image/|text/(?!plain)|application/.*vega")
_SETTINGS = ["data/topic.yml", "references.bib", "pyproject.toml", "_config.yml", "CITATION.cff"]


def check_built(
    html: Path,
    pdf: Callable[[], tuple[Path, list[str]]] | None = None,
    folder: Path = Path(),
    passed: Path | None = None,
    book: Sequence[Page] = (),
) -> list[Problem]:
    """Check a finished site, its PDF, and what its cells put out.

    ``html`` has the pages of the book in ``folder``, which are ``book`` if they were read already;
    ``pdf`` waits for the PDF that is being made, and its text; ``passed`` is a site with the same
    tables and package, whose outputs passed already. Problems are numbers that no row, no page and
    no output of the package holds, or that only one of HTML and PDF shows; findings shown nowhere;
    and printed text that no row holds.
    """
    evidence, book = load_evidence(folder / "data"), book or read_book(folder)
    known, problems, printed, named = Known(evidence), list[Problem](), list[str](), set[str]()
    pages = [page for page in book if (html / page.path).with_suffix(".html").is_file()]
    checked = [page for page in pages if not page.front.get("no-evidence-text")]
    # A link to another page shows its title.
    held = [line for page in book for line in page.lines.values()]
    for page in checked:
        notebook = Path(page.path).with_suffix(".ipynb")
        before = _outputs(passed / notebook) if passed else []
        for number, outputs in enumerate(_outputs(html / notebook), start=1):
            if outputs not in before:
                problems += known.check(outputs, f"{page.path}, output of code cell {number}")
            held += (text for each in outputs for text in _said(each.get("data", {})))
            named.update(re.findall(r'"([\w.-]+)"', json.dumps(outputs)))
    numbers = known.numbers | digits(held)
    for page in checked:
        path = (html / page.path).with_suffix(".html")
        blocks = read_html(Page(page.path), path.read_text(encoding="utf-8"), beside=True).items
        printed += [b.text for b in blocks] if page.front.get("print") is not False else []
        # The scale of an axis is of no row.
        for token in sorted(digits(b.text for b in blocks if b.kind == "text") - numbers):
            message = f"the page shows the number {token!r}, which no row and no output holds"
            problems.append(Problem(str(path), 0, "", message, "number"))
    typed = {item.text.partition(".")[0] for page in book for item in page.items}
    typed |= {subject for page in book for subject, _ in page.comments.values()}
    for key in evidence.rows("findings").keys() - named - typed if named else ():
        message = f"{key} is on no page; show it, or write: % check: exclude {key} -- reason"
        problems.append(Problem("data/findings.csv", 0, "", message, "coverage"))
    if all(page in checked or page.front.get("print") is False for page in pages):
        found = pdf() if pdf else next(((p, pdf_pages(p)) for p in html.glob("*.pdf")), None)
        problems += _compare(*found, printed, numbers) if found else ()
    return sorted(set(problems))


class Known:
    """Numbers and texts of tables and settings, against which what cells put out is held."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        tables = (getattr(evidence, name) for name in evidence.described)
        self.cells = {
            str(cell) for table in tables for _, column in table.items() for cell in column
        }
        files = [evidence.folder.parent / name for name in _SETTINGS]
        settings = [path.read_text(encoding="utf-8") for path in files if path.is_file()]
        self.numbers = digits([*self.cells, *settings])

    # Only outputs that did not pass before need these.
    @cached_property
    def judge(self) -> Judge:
        """What rows can hold of a sentence."""
        return Judge(self.evidence, held=self.numbers)

    @cached_property
    def texts(self) -> re.Pattern[str]:
        """Texts of the tables, the longest first."""
        said = (re.split(r"; |\{[^}]*\}", one.text) for one in sentences(map(Text, self.cells)))
        long = {part for parts in said for part in map(_folded, parts) if part.count(" ") > 2}
        return re.compile("|".join([*sorted(long, key=len, reverse=True), "$"]))

    def check(self, outputs: Iterable[Any], path: str) -> Iterator[Problem]:
        """Check what a cell put out, as a notebook holds it; ``path`` is how problems name it."""
        for each in outputs:
            if MIME_TYPE not in (data := each.get("data", {})):
                page = _printed(each, path)
                yield from check_page(page, self.judge, Review())
                continue
            # Words of the package beyond those that the tables hold.
            at = Problem(path, 0, "", "")
            for one in sentences(map(Text, dict.fromkeys(_said(data)))):
                if any(check_words([one.text], self.judge, at)):
                    rest = self.texts.sub(";", _folded(one.text))
                    yield from check_words([rest], self.judge, at)


def _printed(output: dict[str, Any], path: str) -> Page:
    """Read what an author printed as a page; words of a chart are read, its numbers are not."""
    page = Page(path)
    data = output.get("data") or {"text/plain": output.get("text") or output.get("evalue", "")}
    # Plain text is shown where there is nothing else, such as a picture.
    hidden = "text/plain" if any(map(_SHOWN.match, data)) else ""
    for form in data.keys() - {hidden}:
        page.add(output.get("metadata", {}).get(form, {}).get("alt") or "", 1)
        text = "".join(data[form]) if isinstance(data[form], list) else data[form]
        chart = text if "json" in form else None
        if form == "text/html":
            chart = altair_chart(text)
        if chart:
            for part in re.findall(r'"((?:[^"\\]|\\.)*)"', json.dumps(chart, ensure_ascii=False)):
                page.add(part, 1, "drawing")
        elif form in ("text/html", "image/svg+xml"):
            read_html(page, text)
        elif form == "text/markdown":
            read_markdown(page, text)
        elif form.startswith("text/"):
            page.add(text, 1)
        elif "javascript" in form:
            page.add("a script", 1, "refused")
    return page


def altair_chart(html: str) -> Any:
    """Take the chart out of the script that Altair writes; nothing if there is none."""
    if "vega.github.io/schema" in html and (begin := html.find("})({")) > 0:
        return json.JSONDecoder().raw_decode(html, begin + 3)[0]
    return None


def _outputs(path: Path) -> list[list[dict[str, Any]]]:
    """Read what each code cell of a notebook put out; a page without code has none."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"] if path.is_file() else ()
    return [cell["outputs"] for cell in cells if cell["cell_type"] == "code"]


def _said(data: dict[str, Any]) -> list[str]:
    """List the texts of what the package shows: lines, or cells of a table."""
    return re.split(r"\n| \| ", "".join(data["text/plain"])) if MIME_TYPE in data else []


def _folded(text: str) -> str:
    """Fold what printing changes: spaces, quotes, dashes, the minus sign and the micro sign."""
    return re.sub(r"(?:https?:)?[\W_]+", " ", text.casefold().replace("μ", "u")).strip()


def _compare(pdf: Path, printed: list[str], pages: list[str], held: set[str]) -> Iterator[Problem]:
    """Compare the numbers of all pages with those of the PDF, which shows code and its own, too."""
    text = re.sub(r"(?<=\b10\.)\n(?=\d{4})", "", "\n".join(printed).replace("\ufffe", "-"))  # a DOI
    in_html, in_pdf = digits(pages), digits([text])
    # Lines of the PDF break inside addresses, and the PDF numbers its pages and sections.
    unbroken = ["".join(part.split()) for part in ("".join(pages), text)]
    own = held | {str(number) for number in range(len(printed) + 1)}
    own |= set(re.findall(r"(?m)^\s*([\d.]*\d)\.?\s+\S", text))
    for token in sorted((in_html - in_pdf) | (in_pdf - in_html - own)):
        if not all(token in part for part in unbroken):
            where = "is on the pages, not in the PDF" if token in in_html else "is only in the PDF"
            message = f"the number {token!r} {where}; both must show the same"
            yield Problem(str(pdf), 0, "", message, "number")
