"""The review of a book: every rule over every page, exemptions, and what is printed of it."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from evidence_tools.check.claims import Reading, read_claims
from evidence_tools.check.ledger import check_numbers
from evidence_tools.check.pages import Page, Sentence, read_page, sentences
from evidence_tools.check.verdicts import Judge
from evidence_tools.evidence.dictionary import read_dictionary
from evidence_tools.evidence.model import Evidence, load_evidence
from evidence_tools.evidence.problems import (
    EvidenceError,
    Problem,
    UnknownKeyError,
    did_you_mean,
    read_text,
)
from evidence_tools.show.narrate import check_plain
from evidence_tools.show.values import value_runs

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
Resolver = Callable[[str], object]
_DAYS = 180


@dataclass
class Review:
    """What stops a build, what to read again, what was exempted or declared, what was seen.

    An exemption is a problem that was accepted: its place, its rule (or the finding that is left
    out), and the reason for a message.
    """

    problems: list[Problem] = field(default_factory=list)
    rereads: list[Problem] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    exemptions: list[Problem] = field(default_factory=list)
    declared: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    numbers: Counter[str] = field(default_factory=Counter)


def review_book(folder: str | Path, *, release: bool = False, today: date | None = None) -> Review:
    """Check a book without running anything.

    Parameters
    ----------
    folder
        The folder with ``_config.yml``, ``_toc.yml`` and ``data``.
    release
        Refuse integrity that was looked up too long ago, and judgements that rows contradict.
    today
        The day of the review.

    Returns
    -------
    Review
        What stops a build, in the order of files and lines, and what was looked at.
    """
    folder = Path(folder)
    review = Review()
    try:
        evidence = load_evidence(folder / "data")
        judge = Judge(evidence)
        chapters, listed, settings = read_book(folder)
        works, days = _read_works(folder), _days_allowed(folder)
    except EvidenceError as error:
        review.problems = list(error.problems)
        return review
    pages = [*chapters, *settings]
    found = [problem for page in pages for problem in check_page(page, judge, review)]
    resolve = _resolvers(chapters, works, evidence)
    found += _coverage(folder, chapters, listed, resolve)
    found += [*_check_cells(evidence, judge, review), *check_plain(evidence)]
    review.gaps = [f"data/{table}.csv: {what}" for table, what in evidence.missing_rows()]
    stale = [*_stale(evidence, days, today or date.today()), *_misfits(evidence)]
    review.rereads = [] if release else stale
    granted, review.problems = exemptions(pages, evidence)
    _apply([*found, *(stale if release else [])], granted, review)
    review.problems.sort()
    return review


def check_page(page: Page, judge: Judge, review: Review) -> Iterator[Problem]:
    """Check the text of one page; on one declared as no evidence text only claims are checked."""
    if page.declared:
        review.declared[page.path] = page.declared
    else:
        yield from (page.problem(line, message, "page") for message, line in page.refused)
        yield from check_numbers(page, judge.wording, review.numbers)
    reading: Reading | None = None
    for sentence in sentences(page.blocks):
        review.counts["sentences"] += 1
        reading = read_claims(sentence, judge.wording, reading)
        for fault in judge.faults(reading):
            rule = _RULE_OF.get(fault.slot, "frame")
            if not (page.declared and rule in ("bind", "frame")):
                yield page.problem(sentence.line, f"{fault.slot}: {fault.message}", rule)


def check_words(said: Iterable[Sentence], judge: Judge, source: str = "") -> Iterator[str]:
    """Check words of the tables, or made from rows: say what no row could hold."""
    for sentence in said:
        reading = read_claims(sentence, judge.wording, about=source)
        for fault in judge.faults(reading):
            if fault.slot in IN_CELLS:
                yield f"{fault.slot}: {fault.message}"


def _misfits(evidence: Evidence) -> Iterator[Problem]:
    """Find declared judgements that the findings no longer support."""
    for row in evidence.misfits.itertuples():
        message = f"{row.outcome_id}, {row.domain}: {row.judgement!r}, but {row.reason}"
        yield Problem("data/certainty.csv", 0, "judgement", message, "wording")


def _check_cells(evidence: Evidence, judge: Judge, review: Review) -> Iterator[Problem]:
    """Check the cells that hold the report's own words: ``text: ours`` in the dictionary."""
    tables, _ = read_dictionary(evidence.folder)
    for table in tables.values():
        path, shown = evidence.folder / table.path, f"{evidence.folder.name}/{table.path}"
        own = [name for name, said in table.columns.items() if said.get("text") == "ours"]
        reader = csv.DictReader(path.read_text(encoding="utf-8").splitlines() if own else ())
        for row in reader:
            source = row.get("source_id") or ""
            for column in own:
                cell = Page(shown)
                for part in (row[column] or "").split("; "):
                    cell.add(part, 0)
                review.counts["cells"] += len(cell.blocks)
                for message in check_words(sentences(cell.blocks), judge, source):
                    yield Problem(shown, reader.line_num, column, message, "wording")


def _coverage(
    folder: Path, pages: list[Page], listed: list[str], resolve: dict[str, Resolver]
) -> Iterator[Problem]:
    """Find selections by result, and names of nothing: what a build would refuse later."""
    for page in (page for page in pages if not page.declared):
        if page.path not in listed:
            yield page.problem(1, "the chapter is not in _toc.yml; list or remove it", "coverage")
        if page.code and "kernelspec" not in page.front:
            message = "code cells need `kernelspec` in the front matter: copy it from another page"
            yield page.problem(1, message, "page")
        for column, line in page.selections():
            message = (
                f"rows are selected by {column!r}, that is by how they came out; select by source, "
                "outcome, kind or analysis, or write `# check: ignore coverage -- reason`"
            )
            yield page.problem(line, message, "coverage")
        for name, line in page.pictures:
            beside = folder if name.startswith("/") else (folder / page.path).parent
            if ":" not in name and not any(beside.glob(name.lstrip("/"))):
                yield page.problem(line, f"there is no picture {name!r} beside the page", "page")
        for piece in page.roles:
            if hint := "" if piece.role in resolve else did_you_mean(piece.role, resolve):
                message = f"there is no role {{{piece.role}}}{hint}"
                yield page.problem(piece.line, message, "coverage")
            try:
                resolve.get(piece.role, str)(piece.text)
            except UnknownKeyError as error:
                message = f"{{{piece.role}}}`{piece.text}`: {error}"
                yield page.problem(piece.line, message, "coverage")


def _resolvers(pages: list[Page], works: set[str], evidence: Evidence) -> dict[str, Resolver]:
    """Give for each role what raises `UnknownKeyError` when its key names nothing."""
    labels = {label for page in pages for label in page.labels}

    def known(names: set[str], what: str) -> Resolver:
        def look_up(text: str) -> None:
            for key in text.rpartition("<")[2].rstrip(">").split(","):
                if key.strip() not in names:
                    hint = did_you_mean(key.strip(), names)
                    raise UnknownKeyError(f"{key.strip()!r} names no {what}{hint}")

        return look_up

    return {
        **dict.fromkeys(["ref", "numref"], known(labels, "figure, table or chapter")),
        **dict.fromkeys(["cite", "cite:p", "cite:t"], known(works, "work in references.bib")),
        "finding": evidence.finding,
        "source": evidence.source,
        "unknown": lambda key: evidence.row("statements", key),
        "value": lambda key: value_runs(evidence, key),
    }


def read_book(folder: Path) -> tuple[list[Page], list[str], list[Page]]:
    """Read the chapters, the paths that ``_toc.yml`` lists, and texts outside chapters."""
    from sphinx_external_toc.parsing import MalformedError, parse_toc_data

    config = _read_yaml(folder / "_config.yml")
    schema = json.loads(resources.files("jupyter_book").joinpath("config_schema.json").read_text())
    known = {*schema["properties"], "only_build_toc_files"}
    if wrong := [
        Problem(
            "_config.yml", 0, "", f"there is no setting {key!r}{did_you_mean(key, known)}", "page"
        )
        for key in config.keys() - known
    ]:
        raise EvidenceError(wrong)
    extensions = (config.get("parse") or {}).get("myst_enable_extensions") or ()
    try:
        toc = parse_toc_data(_read_yaml(folder / "_toc.yml"))
    except MalformedError as error:
        raise EvidenceError([Problem("_toc.yml", 0, "", str(error), "page")]) from None
    names = [name for name in toc if "://" not in name]
    paths = dict.fromkeys(_chapter(folder, name) for name in names)
    paths |= dict.fromkeys(p for glob in toc.globs() for p in sorted(folder.glob(f"{glob}.md")))
    # A notebook beside the chapters is a copy of an editor until _toc.yml names it.
    others = set((folder / "chapters").glob("**/[!._]*.md")) - set(paths)
    pages = [_read_page(path, folder, extensions) for path in [*paths, *sorted(others)]]
    settings = [_settings(folder / name) for name in ("_config.yml", "_toc.yml")]
    if (readme := folder / "README.md").is_file():
        settings.append(_read_page(readme, folder, extensions))
    return pages, [page.path for page in pages[: len(paths)]], settings


def _read_page(path: Path, folder: Path, extensions: Sequence[str]) -> Page:
    shown = path.relative_to(folder).as_posix()
    try:
        return read_page(path, shown, extensions)
    except (ValueError, yaml.YAMLError) as error:
        message = f"the page cannot be read: {error}"
        raise EvidenceError([Problem(shown, 0, "", message, "page")]) from None


def _read_works(folder: Path) -> set[str]:
    from pybtex.database import parse_file
    from pybtex.exceptions import PybtexError

    found: set[str] = set()
    for path in folder.glob("*.bib"):
        try:
            found |= set(parse_file(str(path)).entries)
        except PybtexError as error:
            raise EvidenceError([Problem(path.name, 0, "", str(error), "page")]) from None
    return found


def _read_yaml(path: Path) -> dict[str, Any]:
    text, problems = read_text(path)
    if problems:
        raise EvidenceError(problems)
    try:
        return yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", -1) + 1
        message = f"this is no YAML: {getattr(error, 'problem', '') or error}"
        raise EvidenceError([Problem(path.name, line, "", message, "page")]) from None


def _chapter(folder: Path, name: str) -> Path:
    for end in ("", ".md", ".ipynb"):
        if (path := folder / f"{name}{end}").is_file():
            return path
    message = f"found {name!r}, and there is no such chapter; write it, or take it out"
    raise EvidenceError([Problem("_toc.yml", 0, "", message, "page")])


def _settings(path: Path) -> Page:
    page = Page(path.name, dict(enumerate(path.read_text(encoding="utf-8").split("\n"), start=1)))
    for number, line in page.lines.items():
        if line.strip().startswith("#"):
            page.comments[number] = line.strip()[1:].strip()
        elif match := _SETTING.match(line):
            page.add(match.group(1).strip().strip("'\""), number)
    return page


def exemptions(
    pages: Iterable[Page], evidence: Evidence
) -> tuple[dict[Problem, Problem], list[Problem]]:
    """Read exemptions from comments, each for the next line that is no comment, and their faults.

    Each has the comment's own place beside it; an excluded finding is exempt where it is written.
    """
    granted: dict[Problem, Problem] = {}
    faults = []
    for page in pages:
        for line, text in page.comments.items():
            if not text.startswith("check:"):
                continue
            match = _COMMENT.match(text)
            kind, subject, reason = match.groups() if match else ("", "", "")
            if match is None:
                wrong = "write `check: ignore RULE -- reason` or `check: exclude FINDING -- reason`"
            elif len((reason or "").strip()) < _SHORTEST_REASON:
                wrong = "an exemption needs a written reason after `--`"
            elif kind == "ignore" and subject not in RULES:
                wrong = f"there is no rule {subject!r}; the rules are {', '.join(RULES)}"
            elif kind == "exclude" and subject not in evidence.rows("findings"):
                wrong = f"excludes {subject!r}, which is no finding"
            else:
                after = (n for n, t in page.lines.items() if n > line and t.strip())
                target = next((n for n in after if n not in page.comments), 0)
                place = page.problem(target if kind == "ignore" else line, reason, subject)
                granted[place] = page.problem(line, reason, subject)
                continue
            faults.append(page.problem(line, wrong, "page"))
    return granted, faults


def _apply(problems: list[Problem], granted: dict[Problem, Problem], review: Review) -> None:
    """Take out what is exempted; an exemption that exempts nothing is a problem itself."""
    held = {(place.path, place.line, place.rule) for place in granted}
    found = {(problem.path, problem.line, problem.rule) for problem in problems}
    review.problems += [p for p in problems if (p.path, p.line, p.rule) not in held]
    for place, comment in granted.items():
        if place.rule not in RULES or (place.path, place.line, place.rule) in found:
            review.exemptions.append(place)
        else:
            message = f"there is nothing to exempt from {place.rule!r}: remove the comment"
            review.problems.append(replace(comment, message=message, rule="page"))


def _days_allowed(folder: Path) -> int:
    path = folder / "pyproject.toml"
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return int(settings.get("tool", {}).get("evidence", {}).get("integrity-check-days", _DAYS))
    except (AttributeError, TypeError, ValueError) as error:
        line = re.search(r"at line (\d+)", str(error))
        message = f"cannot be read as settings: {error}; correct it, or restore the file"
        place = Problem(path.name, int(line[1]) if line else 0, "", message, "page")
        raise EvidenceError([place]) from None


def _stale(evidence: Evidence, days: int, today: date) -> Iterator[Problem]:
    for source, row in evidence.rows("sources").items():
        looked_up = date.fromisoformat(str(row.integrity_checked)[:10])
        age = (today - looked_up).days
        if not 0 <= age <= days:
            message = (
                f"integrity of {source} was looked up on {looked_up}, {age} days ago; at most "
                f"{days} are allowed: look it up again and write the day"
            )
            yield Problem(f"{evidence.folder.name}/sources.csv", 0, "", message, "integrity")


def report(review: Review, format: str = "text") -> tuple[str, int]:  # noqa: A002
    """Write a review as ``text`` or ``json``, with the exit code."""
    count = len(review.problems)
    if format == "json":
        text = json.dumps(vars(review), ensure_ascii=False, indent=1, default=asdict)
        return text, int(count > 0)
    lines = [str(problem) for problem in review.problems]
    lines += [f"{problem} (read again)" for problem in review.rereads]
    lines += [f"{what} (open)" for what in review.gaps]
    lines += [f"{path}: no evidence text: {why}" for path, why in review.declared.items()]
    lines += [f"{problem} (exempt)" for problem in review.exemptions]
    for name, counted in (("looked at", review.counts), ("numbers", review.numbers)):
        seen = ", ".join(f"{number} {what}" for what, number in sorted(counted.items()))
        lines += [f"{name}: {seen}"] if seen else []
    lines.append("No problems." if not count else f"{count} problem{'s' if count > 1 else ''}.")
    return "\n".join(lines), int(count > 0)
