"""All rules over one book: problems, warnings, and what each rule covered."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from evidence_tools.checks.arithmetic import check_arithmetic
from evidence_tools.checks.book import Book, read_book
from evidence_tools.checks.coverage import check_coverage
from evidence_tools.checks.exemptions import Exemption, apply_exemptions, read_exemptions
from evidence_tools.checks.integrity import check_integrity
from evidence_tools.checks.number import NumberCoverage, check_number
from evidence_tools.checks.source import check_source
from evidence_tools.checks.wording import check_wording
from evidence_tools.evidence import Evidence, load_evidence
from evidence_tools.schema import EvidenceError, Problem

RULES = {
    "number": "Every number in the text comes from a row, by a role or by generated output.",
    "wording": "Verbs and adjectives fit the certainty, the design and the outcome.",
    "coverage": "Every finding is shown, or left out with a reason; what is named exists.",
    "integrity": "A doubt about a source stands beside every use of it.",
    "arithmetic": "Interval, significance, direction and p-value fit, or the misfit is declared; units stay.",
    "source": "What a sentence says of a source or a finding stands in its row.",
}
"""Each rule and what it holds."""


@dataclass(frozen=True, slots=True)
class Covered:
    """What one rule looked at: how many items, of which sort, and how many were set aside."""

    rule: str
    items: int
    what: str
    found: int
    exempted: int


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The outcome of all rules.

    Attributes
    ----------
    problems
        What stops a build, in the order of files and lines.
    warnings
        What is only told in a draft, and stops a release.
    covered
        What each rule looked at.
    exemptions
        Places and findings that were exempted, each with its reason.
    numbers
        The ledger of the rule ``number``.
    """

    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    covered: tuple[Covered, ...]
    exemptions: tuple[Exemption, ...]
    numbers: NumberCoverage


def check_folder(folder: Path, *, release: bool = False, today: date | None = None) -> CheckReport:
    """Read a book folder and apply every rule; faults of the tables come back as problems.

    Raises
    ------
    OSError, ValueError
        If a file of the book is missing or cannot be read.
    """
    try:
        evidence = load_evidence(folder / "data")
    except EvidenceError as error:
        return CheckReport(error.problems, (), (), (), NumberCoverage())
    return check_book(read_book(folder, evidence), release=release, today=today)


def check_book(book: Book, *, release: bool = False, today: date | None = None) -> CheckReport:
    """Apply every rule to a book that was read.

    Parameters
    ----------
    book
        From :func:`evidence_tools.checks.book.read_book`.
    release
        Whether what is only told in a draft counts as a problem.
    today
        The day look-ups of integrity are compared with.

    Returns
    -------
    CheckReport
    """
    pages = (*book.pages, *book.settings)
    exemptions, faults = read_exemptions(pages, RULES)
    excluded = [e for e in exemptions if e.kind == "exclude"]
    numbers, ledger = check_number(book)
    wording, sentences = check_wording(book)
    coverage, _, left_out = check_coverage(book, excluded)
    integrity, stale, uses = check_integrity(book, release=release, today=today)
    arithmetic, figures, declared = check_arithmetic(book)
    source, cited = check_source(book)
    everything = [*numbers, *wording, *coverage, *integrity, *arithmetic, *source]
    left, used = apply_exemptions(everything, exemptions)
    looked_at = {
        "number": (ledger.seen, "numbers", sum(ledger.exempt.values())),
        "wording": (sentences, "sentences", 0),
        "coverage": (len(book.evidence.findings_by_id), "findings", left_out),
        "integrity": (uses, "uses of a source", 0),
        "arithmetic": (figures, "findings with figures", declared),
        "source": (cited, "sentences that cite or claim", 0),
    }
    problems = sorted([*left, *faults])
    covered = tuple(
        Covered(
            rule,
            items,
            what,
            sum(p.rule == rule for p in problems),
            aside + sum(e.subject == rule for e in used),
        )
        for rule, (items, what, aside) in looked_at.items()
    )
    return CheckReport(tuple(problems), tuple(sorted(stale)), covered, (*used, *excluded), ledger)


def load_and_check(evidence: Evidence, folder: Path) -> CheckReport:
    """Apply every rule to a folder whose evidence is loaded already."""
    return check_book(read_book(folder, evidence))


def report_text(report: CheckReport) -> str:
    """Write a report for a terminal: one line per problem, then what was covered."""
    lines = [str(problem) for problem in report.problems]
    lines += [f"{problem} (warning)" for problem in report.warnings]
    for item in report.covered:
        aside = f", {item.exempted} exempt or declared" if item.exempted else ""
        lines.append(f"{item.rule}: {item.items} {item.what}, {item.found} problems{aside}")
    ledger = report.numbers
    typed = ", ".join(f"{count} {kind}" for kind, count in sorted(ledger.exempt.items()))
    lines.append(
        f"numbers seen: {ledger.seen}; bound to a row: {ledger.bound}; exempt: {typed or 'none'}"
    )
    count = len(report.problems)
    lines.append("No problems." if not count else f"{count} problem{'s' if count > 1 else ''}.")
    return "\n".join(lines)


def report_json(report: CheckReport) -> str:
    """Write a report as JSON; each problem has path, line, rule and message."""
    return json.dumps(asdict(report), ensure_ascii=False, indent=1, default=str)
