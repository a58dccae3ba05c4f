"""Rule ``coverage``: nothing that was found is kept back, and what is named exists."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from evidence_tools.checks.book import Book
from evidence_tools.checks.exemptions import Exemption
from evidence_tools.checks.selection import shown_findings
from evidence_tools.checks.settings import unknown_settings
from evidence_tools.phrases import DIRECTION_WORDS
from evidence_tools.schema import OutcomeKind, Problem

RULE = "coverage"
NEEDED = (OutcomeKind.FRACTURE, OutcomeKind.DENSITY, OutcomeKind.HARM)
"""Kinds of outcome that patients need to find in the report, results or not."""


def check_coverage(
    book: Book, exclusions: Iterable[Exemption] = ()
) -> tuple[list[Problem], int, int]:
    """Find findings that no page shows, selections by result, and names of nothing.

    Parameters
    ----------
    book
        The book.
    exclusions
        Exemptions of kind ``exclude``: findings left out, with a reason.

    Returns
    -------
    problems
        Faults.
    shown, excluded
        How many findings are shown, and how many are left out with a reason.
    """
    evidence = book.evidence
    problems = list(unknown_settings(book.folder))
    shown: set[str] = set()
    for page in book.pages:
        if _docname(page.path) not in book.listed:
            continue
        found = shown_findings(page, evidence)
        shown |= found.findings.keys()
        for line, field, every in found.by_result:
            # Two selections that share the findings out keep nothing back.
            dropped = [name for name in every if name not in found.findings]
            if every and not dropped:
                continue
            listed = ", ".join(dropped[:4]) + (" ..." if len(dropped) > 4 else "")
            what = f"; it leaves out {listed}" if listed else ""
            problems.append(
                Problem(
                    page.path,
                    line,
                    "",
                    f"findings are selected by their {field}{what}: null results count too; "
                    "select by source, outcome or analysis",
                    RULE,
                )
            )
    excluded = {exemption.subject: exemption for exemption in exclusions}
    for name, exemption in excluded.items():
        if name not in evidence.findings_by_id:
            message = f"excludes {name!r}, which is no finding"
            problems.append(Problem(exemption.path, exemption.line, "", message, RULE))
    lines = table_lines(evidence.folder / "findings.csv")
    table = f"{evidence.folder.name}/findings.csv"
    for finding in evidence.findings():
        if finding.finding_id in shown or finding.finding_id in excluded:
            continue
        word = DIRECTION_WORDS[finding.direction]
        problems.append(
            Problem(
                table,
                lines.get(finding.finding_id, 0),
                "",
                f"{finding.finding_id} ({word}) is shown on no page; show it, or write on a page "
                f"`% check: exclude {finding.finding_id} -- reason`",
                RULE,
            )
        )
    problems += _kinds(book, shown | excluded.keys())
    problems += _references(book)
    return problems, len(shown), len(excluded)


def table_lines(path: Path) -> dict[str, int]:
    """Map the identifier that begins each row of a table to the row's line."""
    rows = path.read_text(encoding="utf-8").splitlines()
    return {row.partition(",")[0]: number for number, row in enumerate(rows, 1)}


def _docname(path: str) -> str:
    return path.removesuffix(".md")


def _kinds(book: Book, shown: set[str]) -> Iterable[Problem]:
    evidence = book.evidence
    present = {evidence.outcome_of(f).kind for f in evidence.findings() if f.finding_id in shown}
    for kind in NEEDED:
        if kind not in present:
            yield Problem(
                "_toc.yml",
                0,
                "",
                f"no page shows an outcome of the kind {str(kind)!r}; patients need its row, "
                "also when it is empty",
                RULE,
            )


def _references(book: Book) -> Iterable[Problem]:
    labels = {label for page in book.pages for label in page.labels}
    # Tables of references, findings and sources carry anchors the build makes itself.
    for page in book.pages:
        for piece in page.roles():
            if piece.role in ("ref", "numref") and piece.text not in labels:
                yield Problem(
                    page.path,
                    piece.line,
                    "key",
                    f"{{{piece.role}}}`{piece.text}` names no figure, table or chapter",
                    RULE,
                )
        if _docname(page.path) not in book.listed:
            yield Problem(
                page.path, 1, "", "the chapter is not in _toc.yml; list or remove it", RULE
            )
