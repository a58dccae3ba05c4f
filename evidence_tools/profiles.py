"""A profile of each marker: what it is, what was reported, what a change can and cannot mean."""

from __future__ import annotations

from collections.abc import Iterable

from evidence_tools.display import Cell, Prose, Run, Runs, Table, TableRow, runs
from evidence_tools.evidence import Evidence
from evidence_tools.narrate import narrate_finding
from evidence_tools.phrases import source_runs
from evidence_tools.schema import Direction, Finding, MarkerContext, OutcomeKind
from evidence_tools.tables import reference_runs

# What a change can mean at most, by kind of marker and direction.
_CAN_MEAN = {
    (OutcomeKind.FORMATION, Direction.INCREASE): "more bone being formed, or a faster turnover",
    (OutcomeKind.FORMATION, Direction.DECREASE): "less bone being formed, or a slower turnover",
    (OutcomeKind.RESORPTION, Direction.INCREASE): "more bone being broken down",
    (OutcomeKind.RESORPTION, Direction.DECREASE): "less bone being broken down",
    (OutcomeKind.VITAMIN_K, Direction.INCREASE): "a change in how much vitamin K acts on a protein",
    (OutcomeKind.VITAMIN_K, Direction.DECREASE): "a change in how much vitamin K acts on a protein",
}
_CANNOT_MEAN = "It cannot show that bone is stronger or denser, or that fewer bones break"


def narrate_markers(evidence: Evidence, findings: Iterable[Finding]) -> Prose:
    """Tell for each finding what its marker is and what the change can and cannot mean.

    Parameters
    ----------
    evidence
        The evidence the findings belong to.
    findings
        Findings about markers; one paragraph each.

    Returns
    -------
    Prose
        Paragraphs that begin with the name of the marker.

    Raises
    ------
    ValueError
        If a finding is not about a marker.
    """
    return Prose(tuple(_profile(evidence, finding) for finding in findings))


def context_table(evidence: Evidence, *, name: str, caption: str) -> Table:
    """List how much markers vary by themselves, and which values are usual.

    Parameters
    ----------
    evidence
        Where the context rows are.
    name, caption
        Label for cross-references, and what question the table answers.

    Returns
    -------
    Table
        What was looked for and not found stands in it as ``not found``.
    """
    columns = ("Marker", "Quantity", "Value", "Measured in", "Source")
    rows = tuple(_context_row(evidence, row) for row in evidence.context.values())
    return Table(name, runs(caption), columns, rows, (24, 22, 14, 22, 18))


def _profile(evidence: Evidence, finding: Finding) -> Runs:
    outcome = evidence.outcome_of(finding)
    if not outcome.is_marker:
        raise ValueError(f"{finding.finding_id}: {outcome.name} is not a marker")
    reported = narrate_finding(evidence, finding).paragraphs[0]
    return runs(
        Run(f"{outcome.label}.", style="strong"),
        f" {outcome.reflects} {outcome.caveat} ",
        reference_runs(evidence, outcome.references),
        " ",
        reported,
        f" {_meaning(outcome.kind, finding.direction)} ",
        reference_runs(evidence, ["fleming2012surrogate"]),
        ".",
    )


def _meaning(kind: OutcomeKind, direction: Direction) -> str:
    can = _CAN_MEAN.get((kind, direction))
    if can is None:
        return f"{_CANNOT_MEAN}, nor that they do not"
    verb = "increase" if direction is Direction.INCREASE else "decrease"
    return f"Such a {verb} can mean {can}. {_CANNOT_MEAN}".replace("a increase", "an increase")


def _context_row(evidence: Evidence, row: MarkerContext) -> TableRow:
    source = source_runs(evidence.source(row.source_id)) if row.source_id else runs("none found")
    value = f"{row.value}{row.unit}" if row.unit == "%" else f"{row.value} {row.unit}".strip()
    return TableRow(
        (
            Cell.of(evidence.outcome_of(row).label),
            Cell.of(row.quantity),
            Cell.of(value),
            Cell.of(row.population or "not applicable"),
            Cell.of(source),
        )
    )
