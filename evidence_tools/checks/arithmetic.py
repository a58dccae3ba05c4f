"""Rule ``arithmetic``: printed figures fit together, or the misfit is declared beside them."""

from __future__ import annotations

from evidence_tools.checks.book import Book
from evidence_tools.checks.coverage import table_lines
from evidence_tools.evidence import Evidence
from evidence_tools.schema import Direction, Finding, Integrity, Problem, Significance

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
    return problems, checked, declared


def flags(evidence: Evidence, finding: Finding) -> tuple[str, ...]:
    """List what does not fit in one finding; see ``evidence_tools.arithmetic``."""
    try:
        from evidence_tools.arithmetic import check_finding
    except ImportError:
        return _plain_flags(finding)
    return tuple(check_finding(evidence, finding).flags)


def _plain_flags(finding: Finding) -> tuple[str, ...]:
    """Compare words with the interval alone, where the fuller arithmetic is not installed."""
    measure, lower, upper = finding.effect_measure, finding.ci_lower, finding.ci_upper
    if measure is None or lower is None or upper is None:
        return ()
    null = measure.no_difference
    excludes = lower > null or upper < null
    found = []
    called = finding.statistically_significant
    if called is Significance.YES and not excludes:
        found.append("called significant, but the interval includes no difference")
    if called is Significance.NO and excludes:
        found.append("called not significant, but the interval excludes no difference")
    if finding.direction in (Direction.INCREASE, Direction.DECREASE) and not excludes:
        found.append(f"described as {finding.direction}, but the interval includes no difference")
    return tuple(found)
