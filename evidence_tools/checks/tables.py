"""What the checks covered, as tables for the report itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from evidence_tools.checks.quantities import KINDS
from evidence_tools.checks.report import RULES, CheckReport
from evidence_tools.display import Cell, Table, TableRow, runs


def rules_table(report: CheckReport, name: str, caption: str) -> Table:
    """List the rules: what each holds, how much it looked at, what it found and let pass.

    Parameters
    ----------
    report
        The report to show.
    name, caption
        Label of the table, and the question it answers.

    Returns
    -------
    Table
    """
    rows = [
        (
            item.rule,
            RULES[item.rule],
            f"{item.items} {item.what}",
            str(item.found),
            str(item.exempted),
        )
        for item in report.covered
    ]
    columns = ("Rule", "What it holds", "Looked at", "Problems", "Let pass")
    return _table(name, caption, columns, rows, (2, 6, 4, 2, 2))


def kinds_table(report: CheckReport, name: str, caption: str) -> Table:
    """List the kinds of typed numbers that pass, with reason, example and count."""
    rows = [
        (kind.name, kind.reason, kind.example, str(report.numbers.exempt.get(kind.name, 0)))
        for kind in KINDS.values()
    ]
    return _table(name, caption, ("Kind", "Why it passes", "Example", "Found"), rows, (3, 5, 4, 1))


def exemptions_table(report: CheckReport, name: str, caption: str) -> Table:
    """List the places and findings that were exempted, each with its written reason."""
    rows = [
        (f"{item.path}, line {item.line}", item.subject, item.reason) for item in report.exemptions
    ] or [("none", "none", "no place and no finding is exempted")]
    return _table(name, caption, ("Place", "Rule or finding", "Reason"), rows, (3, 2, 5))


def _table(
    name: str,
    caption: str,
    columns: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    widths: tuple[int, ...],
) -> Table:
    made = tuple(TableRow(tuple(Cell.of(text) for text in row)) for row in rows)
    return Table(name, runs(caption), columns, made, widths)


TABLES: dict[str, Callable[[CheckReport, str, str], Table]] = {
    "rules": rules_table,
    "kinds": kinds_table,
    "exemptions": exemptions_table,
}
"""The tables by the word that asks for them on a page."""
