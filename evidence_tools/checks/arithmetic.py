"""Rule ``arithmetic``: figures fit together, or the misfit is declared; units stay what they are."""

from __future__ import annotations

from evidence_tools.arithmetic import check_finding
from evidence_tools.checks.attribution import attribution, central_source
from evidence_tools.checks.book import Book
from evidence_tools.checks.coverage import table_lines
from evidence_tools.checks.descriptions import check_units
from evidence_tools.evidence import Evidence
from evidence_tools.schema import Finding, Integrity, Problem

RULE = "arithmetic"


def check_arithmetic(book: Book) -> tuple[list[Problem], int, int]:
    """Find findings whose interval, significance, direction and p-value do not fit together.

    A misfit that the source itself printed is declared in the finding's note or by the
    integrity status of its source; then readers see it, and it is no problem here.

    Parameters
    ----------
    book
        The book.

    Returns
    -------
    problems
        Misfits that are declared nowhere.
    checked, declared
        How many findings have figures to check, and how many misfits are declared.
    """
    evidence = book.evidence
    table = f"{evidence.folder.name}/findings.csv"
    lines = table_lines(evidence.folder / "findings.csv")
    problems: list[Problem] = []
    checked = declared = 0
    for finding in evidence.findings():
        checked += finding.estimate is not None or finding.p_value is not None
        for flag in flags(evidence, finding):
            if finding.note or evidence.source_of(finding).integrity is Integrity.ARITHMETIC_FLAG:
                declared += 1
                continue
            message = (
                f"{finding.finding_id}: {flag}; compare the row with the source, and if it is "
                "printed so, say it in the note"
            )
            problems.append(Problem(table, lines.get(finding.finding_id, 0), "", message, RULE))
    return [*problems, *unit_problems(book)], checked, declared


def unit_problems(book: Book) -> list[Problem]:
    """Find sentences in which one unit silently becomes another."""
    central = central_source(book)
    found = []
    for sentence in book.sentences:
        given = attribution(book, sentence, central)
        for position, message in check_units(book.evidence, sentence, given):
            line = sentence.line_at(position)
            found.append(Problem(sentence.page.path, line, "", message, RULE))
    return found


def flags(evidence: Evidence, finding: Finding) -> tuple[str, ...]:
    """List what does not fit in one finding; see ``evidence_tools.arithmetic``."""
    return tuple(check_finding(evidence, finding).flags)
