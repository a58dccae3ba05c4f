"""The review of a book: every rule over every page, exemptions, and what is printed of it."""

import itertools
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from glob import glob
from importlib import resources
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from evidence_tools.check.claims import Reading, read_claims
from evidence_tools.check.pages import Page, Text, parse_page, read_yaml, reading, sentences
from evidence_tools.check.verdicts import Judge
from evidence_tools.evidence.frames import split_list
from evidence_tools.evidence.model import Evidence, as_rows, load_evidence
from evidence_tools.evidence.problems import EvidenceError, Problem, UnknownKeyError, did_you_mean
from evidence_tools.show.values import ROLES, check_plain

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

_WORDING = ("advice", "safety", "benefit", "certainty", "surrogate", "strength")
_RULE_OF = dict.fromkeys(_WORDING, "wording") | {rule: rule for rule in RULES}
BUILD = (str(Path(sys.executable).with_name("jupyter-book")), "build")  # then the folder
_PROOF = ("--builder", "custom", "--custom-builder", "typst")  # by our extension, or not at all
_SAID = (
    r"(?m)^ *(?:([^:\n]+\.[a-z]+(?:, cell .*?)?):(\d*):* |(?=WARN|(?!Ru)[\w.]*Err))"  # file, line
    r"(?:[A-Z]+: |\[page\] )?+([^:].*)"
)
_DAYS = 180  # for so long the integrity of a source counts as looked up
_SHOWN = {"problems": "", "rereads": " (read again)", "gaps": " (open)", "exemptions": " (exempt)"}


@dataclass
class Review:
    """What stops a build, what to read again, what is open, and what was exempted.

    An exemption is a problem that was accepted, or a page that is no text on the evidence: its
    place, its rule (or the finding that is left out), and the reason for a message. ``early`` are
    problems that were printed already, ``pages`` what was read.
    """

    problems: list[Problem] = field(default_factory=list)
    rereads: list[Problem] = field(default_factory=list)
    gaps: list[Problem] = field(default_factory=list)
    exemptions: list[Problem] = field(default_factory=list)
    early: list[Problem] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)


def review_book(folder: str | Path, *, release: date | None = None, passed: bool = False) -> Review:
    """Check a book without running anything.

    ``folder`` has ``_config.yml``, ``_toc.yml`` and ``data``; its tables may have ``passed``. For a
    ``release`` on a day, what was looked up long before it or contradicts its rows is refused.
    """
    folder, review = Path(folder), Review()
    try:
        evidence = load_evidence(folder / "data")
        judge, review.pages = Judge(evidence), read_book(folder)
    except EvidenceError as error:
        return Review(list(error.problems))
    found = [] if passed else [*_check_cells(evidence, judge), *check_plain(evidence)]
    for page in review.pages:
        found += _not_exempt(page, list(check_page(page, judge, review)), judge, review)
    review.gaps = [Problem(f"data/{t}.csv", 0, "", what) for t, what in evidence.missing_rows()]
    (found if release else review.rereads).extend(_outdated(evidence, release or date.today()))
    review.problems = sorted(set(found))
    return review


def check_book(folder: Path, *, release: date | None = None, early: bool = False) -> Review:
    """Review a book, while a build that runs no code reads its pages, and add what it says.

    With ``early`` problems of the review are printed before the build is done.
    """
    call = [*BUILD, str(folder), *_PROOF, "--path-output"]
    quiet = os.environ | {"PYTHONWARNINGS": "ignore"}  # such as that there is no home folder
    to: Any = {"stdout": DEVNULL, "stderr": PIPE, "encoding": "utf-8", "env": quiet}
    with TemporaryDirectory() as made, Popen([*call, made], **to) as build:  # noqa: S603
        review = review_book(folder, release=release)
        review.early = [*review.problems] if early else []
        for line in Problem.lines(review.early):
            print(line, flush=True)
        said = re.sub(r"\x1b\[[\d;]*m", "", build.communicate()[1])
    # If no page could be read, all else follows from that.
    for path, line, message in re.findall(_SAID, said if review.pages else ""):
        shown = path.removeprefix(f"{folder.resolve()}/") or "_config.yml"
        page = next((page for page in review.pages if page.path == shown), Page(shown))
        named = re.search(r"'([^']+)'|([^/\s]+)$", message) or [""]
        at = int(line) if line else page.find(named[0].strip("'"))
        review.problems.append(Problem(shown, at, "", message, "page"))
    if build.returncode and not review.problems:
        raise OSError(said.strip())
    review.problems = sorted(set(review.problems))
    return review


def check_page(page: Page, judge: Judge, review: Review) -> Iterator[Problem]:
    """Check the text of one page; of one declared as no evidence text only claims on the topic."""
    if declared := page.front.get("no-evidence-text"):
        review.exemptions.append(Problem(page.path, 0, "", str(declared), "bind"))
    yield from (fault for fault in page.faults if not declared or fault.rule == "page")
    for item in page.items:
        try:
            if show := ROLES.get(item.kind):
                show(judge.rows.evidence, item.text)
        except UnknownKeyError as error:  # what else a page names, Sphinx looks for
            message = f"found the {item.kind} {item.text!r}, and {error}"
            yield page.problem(item.line, message, "coverage")
    reading: Reading | None = None
    for sentence in sentences(page.items):
        reading = read_claims(sentence, judge.wording, reading)
        about = reading.has("topic")
        for fault in judge.faults(reading):
            rule = _RULE_OF.get(fault.slot, "frame")
            problem = page.problem(sentence.line, fault.message, rule)
            if fault.weak:
                review.rereads.append(problem)
            elif not declared or rule == "integrity" or (rule == "wording" and about):
                yield problem


def check_words(said: list[str], judge: Judge, at: Problem, source: str = "") -> Iterator[Problem]:
    """Check words of the tables, or made from rows, at a place: say what no row could hold."""
    for sentence in sentences(map(Text, said)):
        reading = read_claims(sentence, judge.wording, about=source)
        for fault in judge.faults(reading):
            if fault.slot in _WORDING and not fault.weak:
                yield replace(at, message=fault.message, rule="wording")


def _check_cells(evidence: Evidence, judge: Judge) -> Iterator[Problem]:
    """Check the cells that hold the report's own words: ``text: ours`` in the dictionary."""
    for table, about in evidence.described.items():
        own = [name for name, said in about.columns.items() if said.get("text") == "ours"]
        # Cells hold no line breaks, so rows are lines; the header is the first.
        for line, row in enumerate(as_rows(getattr(evidence, table)) if own else (), start=2):
            for column in own:
                said, source = split_list(getattr(row, column)), getattr(row, "source_id", None)
                at = Problem(f"{evidence.folder.name}/{about.path}", line, column, "")
                yield from check_words(said, judge, at, source or "")


def read_book(folder: Path) -> list[Page]:
    """Read the chapters, and texts outside chapters: settings, and the page for visitors."""
    from sphinx_external_toc.parsing import parse_toc_data

    config, contents = (_settings(folder, name) for name in ("_config.yml", "_toc.yml"))
    with reading("_config.yml"):
        extensions = (config.front.get("parse") or {}).get("myst_enable_extensions") or ()
        schema = resources.files("jupyter_book").joinpath("config_schema.json").read_text()
        known = json.loads(schema)["properties"] | {"only_build_toc_files": {}}
        for inside, names in ((config.front, known), (config.front.get("sphinx"), known["sphinx"])):
            names = names.get("properties", names)
            for key in (inside or {}).keys() - names.keys():
                message = f"there is no setting {key!r}{did_you_mean(key, names)}"
                config.fault(config.find(key), message)
    with reading("_toc.yml"):
        paths = chapter_files(folder, parse_toc_data(contents.front))
    # A notebook beside the chapters is a copy of an editor until _toc.yml names it; so is all in
    # a hidden folder, where this glob does not look.
    found = glob("chapters/**/[!_]*.md", root_dir=folder, recursive=True)  # noqa: PTH207
    others = {folder / name for name in found} - set(paths)
    pages = []
    for path in [*paths, *sorted(others), *folder.glob("README.md")]:
        shown = path.relative_to(folder).as_posix()
        if not path.is_file():
            message = f"found {shown!r}, and there is no such chapter; write it, or take it out"
            contents.fault(contents.find(shown), message)
            continue
        with reading(shown):
            pages.append(parse_page(path.read_text(encoding="utf-8-sig"), shown, extensions))
        if path in others:
            message = "the chapter is not in _toc.yml; list or remove it"
            pages[-1].fault(1, message, "coverage")
        elif "heading" not in (item.kind for item in pages[-1].items):
            pages[-1].fault(1, "the page has no title; begin it with a line such as '# Title'")
    return [*pages, config, contents]


def chapter_files(folder: Path, toc: Any) -> list[Path]:
    """List the files that ``_toc.yml`` names, missing ones too; of a paired chapter, its text."""
    found: dict[Path, Path] = {}
    for name in toc:
        files = [folder / f"{name}{end}" for end in ("", ".md", ".ipynb")]
        found[folder / name] = next(filter(Path.is_file, files), files[0])
    for pattern, end in itertools.product(sorted(toc.globs()), (".md", ".ipynb")):
        for path in sorted(folder.glob(f"{pattern}{end}")):
            found.setdefault(path.with_suffix(""), path)
    return list(found.values())


def _settings(folder: Path, name: str) -> Page:
    with reading(name):
        text = (folder / name).read_text(encoding="utf-8")
        page = Page(name, dict(enumerate(text.split("\n"), start=1)), read_yaml(text))
        page.add_settings(text)
    return page


def _not_exempt(page: Page, problems: list[Problem], judge: Judge, review: Review) -> list[Problem]:
    """Take out what comments exempt on the next line; one that exempts nothing is a problem."""
    comments = page.comments
    said = [number for number, text in page.lines.items() if text.strip()]
    for line, (subject, reason) in comments.items():
        after = next((n for n in said if n > line and n not in comments), 0)
        # No comment can be written inside a glossary or a table: all of it is exempt.
        fence = re.match(r"[ >]*(`{3,}|:{3,})\{(?:glossary|\S*table)\}", page.lines.get(after, ""))
        inside = (n for n in said if fence and n > after and page.lines[n].strip() == fence[1])
        lines = range(after, next(inside, after) + 1)
        places = {page.problem(number, "", subject or "") for number in lines}
        held = {problem for problem in problems if replace(problem, message="") in places}
        problems = [problem for problem in problems if problem not in held]
        if held or subject in judge.rows.findings:
            review.exemptions.append(page.problem(line, reason, subject))
        else:
            message = (
                "there is nothing to exempt; an exemption is on the line before, and needs a "
                "written reason: `check: ignore RULE -- reason`, or for a finding on no page "
                f"`check: exclude FINDING -- reason`; the rules are {', '.join(RULES)}"
            )
            problems.append(page.problem(line, message, "page"))
    return problems


def _outdated(evidence: Evidence, today: date) -> Iterator[Problem]:
    """Find judgements that the findings no longer support, and integrity looked up long ago."""
    for row in evidence.misfits.itertuples():
        message = f"{row.outcome_id}, {row.domain}: {row.judgement!r}, but {row.reason}"
        yield Problem("data/certainty.csv", 0, "judgement", message, "wording")
    looked_up = evidence.sources["integrity_checked"]
    ages = (pd.Timestamp(today) - pd.to_datetime(looked_up)).dt.days
    for source, age in ages[~ages.between(0, _DAYS)].items():
        message = f"integrity of {source} was looked up {age} days ago; at most {_DAYS} are allowed"
        message += ": look it up again and write the day"
        yield Problem(f"{evidence.folder.name}/sources.csv", 0, "", message, "integrity")


def report(review: Review, format: str = "text") -> tuple[str, int]:  # noqa: A002
    """Write a review as ``text`` or ``json``, with the exit code."""
    count = len(review.problems)
    levels = {level: getattr(review, level) for level in _SHOWN}
    if format == "json":
        return json.dumps(levels, ensure_ascii=False, indent=1, default=asdict), int(count > 0)
    lines = [
        f"{line}{_SHOWN[level]}"
        for level, found in levels.items()
        for line in Problem.lines(one for one in found if one not in review.early)
    ]
    lines.append("No problems." if not count else f"{count} problem{'s' if count > 1 else ''}.")
    return "\n".join(lines), int(count > 0)
