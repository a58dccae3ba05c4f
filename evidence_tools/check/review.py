"""The review of a book: every rule over every page, exemptions, and what is printed of it."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from evidence_tools.check.claims import Reading, read_claims
from evidence_tools.check.ledger import check_numbers
from evidence_tools.check.pages import Block, Page, read_page, sentences
from evidence_tools.check.verdicts import Judge
from evidence_tools.evidence.dictionary import read_dictionary
from evidence_tools.evidence.model import Evidence, load_evidence
from evidence_tools.evidence.problems import EvidenceError, Problem, did_you_mean
from evidence_tools.show.narrate import check_plain

RULES = {
    "number": "Every number in the text comes from a row, by a role or by generated output.",
    "bind": "A sentence that claims something names the row it comes from.",
    "frame": "Each slot that a sentence fills is in its row: outcome, direction, people, dose.",
    "wording": "No benefit, safety, advice or certainty that no row and no rating holds.",
    "integrity": "A doubt about a source is beside every use of it, and was looked up lately.",
    "coverage": "No result is selected by how it came out; what is named exists.",
    "page": "Every part of a page can be read, or is refused by name.",
}
"""Each rule and what it holds; an exemption names one of them."""

IN_CELLS = frozenset(["advice", "safety", "benefit", "certainty", "surrogate", "strength"])
"""Slots that are checked in cells of tables, and in what the package makes of them."""

_RULE_OF = {**dict.fromkeys(IN_CELLS, "wording"), "bind": "bind", "integrity": "integrity"}
_COMMENT = re.compile(r"check:\s*(ignore|exclude)\s+([\w-]+)\s*(?:--\s*(.*))?$")
_SETTING = re.compile(r"\s*(?:- )?(?:title|caption|evidence_(?:subtitle|description)): *(.+)")
_SHORTEST_REASON = 8
_DAYS = 180


@dataclass(frozen=True, slots=True)
class Exemption:
    """One place that is exempted from a rule, or one finding that is left out, and why."""

    path: str
    line: int
    kind: str
    subject: str
    reason: str
    target: int


@dataclass
class Review:
    """What stops a build, what to read again, what was exempted or declared, what was seen."""

    problems: list[Problem] = field(default_factory=list)
    rereads: list[Problem] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    exemptions: list[Exemption] = field(default_factory=list)
    declared: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    numbers: Counter[str] = field(default_factory=Counter)


def check_book(folder: str | Path) -> list[Problem]:
    """Check a book without running anything.

    Parameters
    ----------
    folder
        The folder with ``_config.yml``, ``_toc.yml`` and ``data``.

    Returns
    -------
    list of Problem
        What stops a build, in the order of files and lines.
    """
    return review_book(Path(folder)).problems


def review_book(folder: Path, *, release: bool = False, today: date | None = None) -> Review:
    """Check a book and say what was looked at; for a ``release`` integrity was looked up lately."""
    try:
        evidence = load_evidence(folder / "data")
        judge = Judge(evidence)
    except EvidenceError as error:
        return Review(problems=list(error.problems))
    review = Review()
    chapters, listed, settings = read_book(folder)
    pages = [*chapters, *settings]
    found = [problem for page in pages for problem in check_page(page, judge, review)]
    found += _coverage(chapters, listed)
    found += [*_check_cells(evidence, judge, review), *check_plain(evidence)]
    review.gaps = [f"data/{table}.csv: {what}" for table, what in evidence.missing_rows()]
    stale = [*_stale(folder, evidence, today or date.today()), *_misfits(evidence)]
    review.rereads = [] if release else stale
    granted, review.problems = _exemptions(pages, evidence.rows("findings"))
    _apply([*found, *(stale if release else [])], granted, review)
    review.problems.sort()
    return review


def check_page(page: Page, judge: Judge, review: Review) -> Iterator[Problem]:
    """Check the text of one page; on one declared as no evidence text only claims are checked."""
    if page.declared:
        review.declared[page.path] = page.declared
    else:
        for what, line in page.refused:
            message = f"{what} cannot be checked; write it as Markdown, or leave it out"
            yield page.problem(line, message, "page")
        yield from check_numbers(page, judge.wording, review.numbers)
    reading: Reading | None = None
    for sentence in sentences(page.blocks):
        review.counts["sentences"] += 1
        reading = read_claims(sentence, judge.wording, reading)
        for fault in judge.faults(reading):
            rule = _RULE_OF.get(fault.slot, "frame")
            if not (page.declared and rule in ("bind", "frame")):
                yield page.problem(sentence.line, f"{fault.slot}: {fault.message}", rule)


def check_words(
    blocks: Iterable[Block], judge: Judge, source: str = "", *, made: bool = False
) -> Iterator[str]:
    """Check words of the tables, or made from rows: say what no row could hold.

    Texts of the tables that an output repeats (``made``) were held by the rules in their cells.
    """
    for sentence in sentences(blocks):
        for text in judge.rows.rest(sentence.text) if made else [sentence.text]:
            reading = read_claims(replace(sentence, text=text), judge.wording)
            reading.carried = source
            for fault in judge.faults(reading):
                if fault.slot in IN_CELLS:
                    yield f"{fault.slot}: {fault.message}"


def _misfits(evidence: Evidence) -> Iterator[Problem]:
    """Find declared judgements that the findings no longer support."""
    for row in evidence.misfits().itertuples():
        message = f"{row.outcome_id}, {row.domain}: {row.judgement!r}, but {row.reason}"
        yield Problem("data/certainty.csv", 0, "judgement", message, "wording")


def _check_cells(evidence: Evidence, judge: Judge, review: Review) -> Iterator[Problem]:
    """Check the cells that hold the report's own words: ``text: ours`` in the dictionary."""
    tables, _ = read_dictionary(evidence.folder)
    for table in tables.values():
        path, shown = evidence.folder / table.path, f"{evidence.folder.name}/{table.path}"
        own = [name for name, said in table.columns.items() if said.get("text") == "ours"]
        if not own or not path.is_file():
            continue
        reader = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
        for row in reader:
            for column in own:
                cell = Page(shown)
                for part in (row[column] or "").split("; "):
                    cell.add("table", part, 0)
                review.counts["cells"] += len(cell.blocks)
                for message in check_words(cell.blocks, judge, row.get("source_id") or ""):
                    yield Problem(shown, reader.line_num, column, message, "wording")


def _coverage(pages: list[Page], listed: list[str]) -> Iterator[Problem]:
    """Find selections by result, and names of nothing."""
    labels = {label for page in pages for label in page.labels}
    for page in (page for page in pages if not page.declared):
        if page.path not in listed:
            yield page.problem(1, "the chapter is not in _toc.yml; list or remove it", "coverage")
        for column, line in page.selections():
            message = (
                f"rows are selected by {column!r}, that is by how they came out; select by source, "
                "outcome, kind or analysis, or write `# check: ignore coverage -- reason`"
            )
            yield page.problem(line, message, "coverage")
        for piece in page.roles:
            label = piece.text.rpartition("<")[2].rstrip(">")
            if piece.role in ("ref", "numref") and label not in labels:
                hint = did_you_mean(label, labels)
                message = f"{{{piece.role}}}`{label}` names no figure, table or chapter{hint}"
                yield page.problem(piece.line, message, "coverage")


def read_book(folder: Path) -> tuple[list[Page], list[str], list[Page]]:
    """Read the chapters, the paths that ``_toc.yml`` lists, and texts outside chapters."""
    import yaml

    config = yaml.safe_load((folder / "_config.yml").read_text(encoding="utf-8")) or {}
    extensions = (config.get("parse") or {}).get("myst_enable_extensions") or ()
    toc = (folder / "_toc.yml").read_text(encoding="utf-8")
    names = dict.fromkeys(re.findall(r"(?m)^\s*(?:- )?(?:root|file):\s*(\S+)", toc))
    paths = [_chapter(folder, name) for name in names]
    # A notebook beside the chapters is a copy of an editor until _toc.yml names it.
    others = set((folder / "chapters").glob("**/[!._]*.md"))
    pages = [
        read_page(path, path.relative_to(folder).as_posix(), extensions)
        for path in [*paths, *sorted(others - set(paths))]
    ]
    settings = [_settings(folder / name) for name in ("_config.yml", "_toc.yml")]
    if (readme := folder / "README.md").is_file():
        settings.append(read_page(readme, readme.name, extensions))
    return pages, [page.path for page in pages[: len(paths)]], settings


def _chapter(folder: Path, name: str) -> Path:
    for end in ("", ".md", ".ipynb"):
        if (path := folder / f"{name}{end}").is_file():
            return path
    raise FileNotFoundError(2, f"_toc.yml names {name!r}, and there is no such chapter", name)


def _settings(path: Path) -> Page:
    page = Page(path.name, dict(enumerate(path.read_text(encoding="utf-8").split("\n"), start=1)))
    for number, line in page.lines.items():
        if line.strip().startswith("#"):
            page.comments[number] = line.strip()[1:].strip()
        elif match := _SETTING.match(line):
            page.add("heading", match.group(1).strip().strip("'\""), number)
    return page


def _exemptions(
    pages: Iterable[Page], findings: Iterable[str]
) -> tuple[list[Exemption], list[Problem]]:
    """Read exemptions from comments; each holds for the next line that is no comment."""
    granted, faults = [], []
    for page in pages:
        for line, text in page.comments.items():
            match = _COMMENT.match(text)
            kind, subject, reason = match.groups() if match else ("", "", "")
            if not text.startswith("check:"):
                continue
            if match is None:
                wrong = "write `check: ignore RULE -- reason` or `check: exclude FINDING -- reason`"
            elif len((reason or "").strip()) < _SHORTEST_REASON:
                wrong = "an exemption needs a written reason after `--`"
            elif kind == "ignore" and subject not in RULES:
                wrong = f"there is no rule {subject!r}; the rules are {', '.join(RULES)}"
            elif kind == "exclude" and subject not in findings:
                wrong = f"excludes {subject!r}, which is no finding"
            else:
                after = (n for n, t in page.lines.items() if n > line and t.strip())
                target = next((n for n in after if n not in page.comments), 0)
                granted.append(Exemption(page.path, line, kind, subject, reason, target))
                continue
            faults.append(page.problem(line, wrong, "page"))
    return granted, faults


def _apply(problems: Iterable[Problem], exemptions: list[Exemption], review: Review) -> None:
    """Take out what is exempted; an exemption that exempts nothing is a problem itself."""
    granted = {(e.path, e.target, e.subject): e for e in exemptions if e.kind == "ignore"}
    used = set()
    for problem in problems:
        key = (problem.path, problem.line, problem.rule)
        used.add(key) if key in granted else review.problems.append(problem)
    for key in granted.keys() - used:
        idle = granted[key]
        message = f"line {idle.target} has nothing to exempt from {idle.subject!r}: remove it"
        review.problems.append(Problem(idle.path, idle.line, "", message, "page"))
    review.exemptions = [granted[key] for key in granted if key in used]
    review.exemptions += [e for e in exemptions if e.kind == "exclude"]


def _stale(folder: Path, evidence: Evidence, today: date) -> Iterator[Problem]:
    path = folder / "pyproject.toml"
    settings = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    days = settings.get("tool", {}).get("evidence", {}).get("integrity-check-days", _DAYS)
    for source, row in evidence.rows("sources").items():
        looked_up = date.fromisoformat(str(row.integrity_checked)[:10])
        if (age := (today - looked_up).days) > days:
            message = (
                f"integrity of {source} was looked up on {looked_up}, {age} days ago; at most "
                f"{days} are allowed: look it up again and write the day"
            )
            yield Problem(f"{evidence.folder.name}/sources.csv", 0, "", message, "integrity")


def check_command(
    folder: str | Path,
    format: str = "text",  # noqa: A002
    **options: Any,
) -> tuple[str, int]:
    """Check a book for the command line.

    Parameters
    ----------
    folder
        The book folder.
    format
        ``text`` or ``json``.
    **options
        ``release`` refuses integrity that was looked up too long ago.

    Returns
    -------
    text, code
        What to print; 0 without problems, 1 with problems, 2 if the book could not be checked.
    """
    try:
        review = review_book(Path(folder), **options)
    except (OSError, ValueError) as error:
        return f"evidence check: could not run: {error}", 2
    code = 1 if review.problems else 0
    if format == "json":
        return json.dumps(vars(review), ensure_ascii=False, indent=1, default=asdict), code
    lines = [str(problem) for problem in review.problems]
    lines += [f"{problem} (read again)" for problem in review.rereads]
    lines += [f"{what} (open)" for what in review.gaps]
    lines += [f"{path}: no evidence text: {why}" for path, why in review.declared.items()]
    lines += [f"{e.path}:{e.line}: exempt from {e.subject}: {e.reason}" for e in review.exemptions]
    seen = [f"{count} {what}" for what, count in review.counts.items()]
    typed = [f"{count} {kind}" for kind, count in sorted(review.numbers.items())]
    lines += [f"looked at: {', '.join(seen)}", f"numbers: {', '.join(typed)}"]
    count = len(review.problems)
    lines.append("No problems." if not count else f"{count} problem{'s' if count > 1 else ''}.")
    return "\n".join(lines), code
