"""The arithmetic of the findings as a table and as sentences."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal

from evidence_tools.arithmetic import (
    ArithmeticCheck,
    Verdict,
    check_finding,
    p_range_text,
    range_text,
)
from evidence_tools.display import Cell, Prose, Run, Runs, Table, TableRow, runs
from evidence_tools.evidence import Evidence
from evidence_tools.phrases import analysis_label, effect_text, finding_run, source_runs
from evidence_tools.schema import Finding


def arithmetic_table(
    evidence: Evidence, findings: Iterable[Finding], *, name: str, caption: str
) -> Table:
    """Show what follows from each printed interval, and whether the printed figures fit.

    Parameters
    ----------
    evidence
        The evidence the findings belong to.
    findings
        One row each. When none of them has an interval, the columns for standard error, z
        and p are left out.
    name, caption
        Label for cross-references, and what question the table answers.

    Returns
    -------
    Table
        Each row can be linked to by the identifier of its finding.
    """
    checks = [check_finding(evidence, finding) for finding in findings]
    computed = any(check.finding.ci_lower is not None for check in checks)
    rows = []
    for check in checks:
        ranges = _range_cells(check) if computed else ()
        cells = (Cell.of(_name_runs(evidence, check.finding)), *ranges, _verdict_cell(check))
        rows.append(TableRow(cells, anchor=check.finding.finding_id))
    if not computed:
        return Table(name, runs(caption), ("Finding", "Why not"), tuple(rows), (50, 50))
    columns = ("Finding", "Standard error", "z", "p", "Verdict and reasons")
    return Table(name, runs(caption), columns, tuple(rows), (32, 12, 10, 12, 34))


def narrate_arithmetic(evidence: Evidence, findings: Iterable[Finding]) -> Prose:
    """Count what passed, and name each finding whose printed figures do not fit together.

    Parameters
    ----------
    evidence
        The evidence the findings belong to.
    findings
        What is checked.

    Returns
    -------
    Prose
        A list: the counts first, then one item for each flagged finding.
    """
    checks = [check_finding(evidence, finding) for finding in findings]
    count = {verdict: sum(c.verdict is verdict for c in checks) for verdict in Verdict}
    summary = (
        f"Of {len(checks)} findings, {count[Verdict.FITS]} pass every check, "
        f"{count[Verdict.FLAG]} {'is' if count[Verdict.FLAG] == 1 else 'are'} flagged, "
        f"and {count[Verdict.UNCHECKED]} cannot be checked, because an estimate "
        "with its interval could not be read."
    )
    items = [runs(summary)]
    for check in checks:
        if check.verdict is Verdict.FLAG:
            items.append(runs(_name_runs(evidence, check.finding), ": ", _joined(check.flags), "."))
    return Prose(tuple(items), as_list=True)


def _name_runs(evidence: Evidence, finding: Finding) -> Runs:
    outcome = evidence.outcome_of(finding).in_text
    analysis = analysis_label(finding)
    effect = finding_run(evidence, finding, effect_text(finding))
    source = source_runs(evidence.source_of(finding))
    return runs(source, f", {outcome}{analysis}, ", effect)


def _range_cells(check: ArithmeticCheck) -> tuple[Cell, Cell, Cell]:
    if check.standard_error is None or check.z is None or check.p is None:
        return (Cell.of("not computed"),) * 3
    measure = check.finding.effect_measure
    scale = " (log scale)" if measure is not None and measure.is_ratio else ""
    size = max(check.standard_error.high, 1e-9)
    step = Decimal(10) ** (math.floor(math.log10(size)) - 2)
    return (
        Cell.of(range_text(check.standard_error, step), scale),
        Cell.of(range_text(check.z, Decimal("0.01"))),
        Cell.of(p_range_text(check.p).removeprefix("p = ").removeprefix("p ")),
    )


def _verdict_cell(check: ArithmeticCheck) -> Cell:
    verdict = Run(check.verdict.value, style="strong")
    reasons = [*check.flags, *check.notes]
    return Cell.of(verdict, ": ", _joined(reasons), ".")


def _joined(phrases: Iterable[str]) -> str:
    return "; ".join(phrases)
