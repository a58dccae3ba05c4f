"""Agreement and disagreement with the central source, as a table and as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evidence_tools.concordance import (
    CENTRAL_SOURCE,
    DISAGREEING,
    Comparison,
    Relation,
    compare,
    compared_outcomes,
    contrasted_outcomes,
    grouped_findings,
)
from evidence_tools.display import Cell, Prose, Run, Runs, Table, TableRow, runs
from evidence_tools.evidence import Evidence
from evidence_tools.facets import FACETS
from evidence_tools.links import GROUPED_OUTCOME
from evidence_tools.phrases import (
    DIRECTION_WORDS,
    design_text,
    estimate_text,
    finding_run,
    listed,
    source_runs,
)
from evidence_tools.schema import Direction, Finding, Outcome, OutcomeKind, Significance, Source

_TOLD = (Relation.AGREES, Relation.NOT_CONFIRMED, Relation.CONTRADICTS, Relation.OPEN)
_PLURAL = {
    Relation.AGREES: "agree",
    Relation.NOT_CONFIRMED: "do not confirm it",
    Relation.CONTRADICTS: "contradict it",
    Relation.OPEN: "leave it open",
}
_SIGNIFICANCE = {
    Significance.YES: "significant",
    Significance.NO: "not significant",
    Significance.NOT_STATED: "significance not stated",
}


def concordance_table(
    evidence: Evidence, *, name: str, caption: str, central: str = CENTRAL_SOURCE
) -> Table:
    """List what each source says on each marker, and how that stands to the central source.

    Parameters
    ----------
    evidence
        All of the evidence.
    name, caption
        Label for cross-references, and what question the table answers.
    central
        Identifier of the source that the others are compared with.

    Returns
    -------
    Table
        One row for each primary finding on a marker; sources that do not count are shown with
        their status. Each row can be linked to by the identifier of its finding.
    """
    rows = []
    for outcome in _markers(evidence, central):
        for item in compare(evidence, outcome.outcome_id, central=central):
            rows.append(_row(evidence, outcome, item, central))
    columns = (
        "Marker",
        "Source, with any known concern",
        "Says",
        "Estimate",
        "Beside the central source",
    )
    widths = (22, 24, 17, 20, 17)
    return Table(name, runs(caption), columns, tuple(rows), widths, FACETS, columns[-1])


def narrate_concordance(evidence: Evidence, *, central: str = CENTRAL_SOURCE) -> Prose:
    """Say marker by marker who agrees with the central source, who does not, and who they studied.

    Parameters
    ----------
    evidence
        All of the evidence.
    central
        Identifier of the source that the others are compared with.

    Returns
    -------
    Prose
        A list: the markers on which nobody and on which somebody disagrees, then one item for
        each marker, then what is reported on markers taken together.
    """
    outcomes = compared_outcomes(evidence, central=central)
    compared = {o.outcome_id: compare(evidence, o.outcome_id, central=central) for o in outcomes}
    items = [_summary(evidence, central, outcomes, compared)]
    items += [_marker_item(evidence, o, compared[o.outcome_id]) for o in outcomes]
    items += [
        _grouped_item(evidence, finding, central)
        for finding in grouped_findings(evidence, central=central)
    ]
    return Prose(tuple(items), as_list=True)


def _markers(evidence: Evidence, central: str) -> tuple[Outcome, ...]:
    """Markers of the central source first, then the others, then markers taken together."""
    first = compared_outcomes(evidence, central=central)
    others = [o for o in evidence.outcomes.values() if o.is_marker and o not in first]
    others.sort(key=lambda outcome: outcome.kind is OutcomeKind.TURNOVER)
    return (*first, *others)


def _row(evidence: Evidence, outcome: Outcome, item: Comparison, central: str) -> TableRow:
    source = evidence.source_of(item.finding)
    level = f"; {design_text(source)}, evidence level {source.evidence_level}"
    says = DIRECTION_WORDS[item.finding.direction]
    if item.finding.direction is not Direction.NO_SIGNIFICANT_CHANGE:
        says += f"; {_SIGNIFICANCE[item.finding.statistically_significant]}"
    estimate = runs(finding_run(evidence, item.finding, estimate_text(item.finding)))
    if figure := _figure(item.finding):
        estimate = runs(estimate, f"; as printed: {figure}")
    return TableRow(
        (
            Cell.of(outcome.label),
            Cell.of(source_runs(source), level),
            Cell.of(says),
            Cell.of(estimate),
            Cell.of(relation_text(evidence, item, central)),
        ),
        anchor=item.finding.finding_id,
    )


def _figure(finding: Finding) -> str:
    """Take the figures that are printed although no estimate of a difference is."""
    if finding.estimate is not None or finding.p_value is not None:
        return ""
    return finding.as_printed if any(map(str.isdigit, finding.as_printed)) else ""


def relation_text(evidence: Evidence, item: Comparison, central: str = CENTRAL_SOURCE) -> str:
    """Say how a finding stands to the central one, as it stands in a cell or a tooltip.

    Parameters
    ----------
    evidence
        All of the evidence.
    item
        From :func:`evidence_tools.concordance.compare`.
    central
        Identifier of the source that it is compared with.

    Returns
    -------
    str
    """
    if item.finding.outcome_id == GROUPED_OUTCOME and item.relation in DISAGREEING:
        return _unlike_text(evidence, item.finding, central)
    if item.relation is Relation.NOT_COMPARED:
        return "the central source gives nothing to compare it with"
    if item.relation is Relation.NOT_COUNTED:
        return "does not count, because of its status"
    return item.relation.value


def _summary(
    evidence: Evidence,
    central: str,
    outcomes: Sequence[Outcome],
    compared: dict[str, tuple[Comparison, ...]],
) -> Runs:
    split: dict[bool, list[str]] = {True: [], False: []}
    for outcome in outcomes:
        relations = {item.relation for item in compared[outcome.outcome_id]}
        name = outcome.abbreviation or outcome.in_text
        split[bool(relations & set(DISAGREEING))].append(name)
    return runs(
        Run("In short: ", style="strong"),
        "of the markers that ",
        source_runs(evidence.source(central)),
        f" reports on, at least one other source disagrees about {_listed(split[True])}; "
        f"none that names the marker disagrees about {_listed(split[False])}.",
    )


def _listed(names: Sequence[str]) -> str:
    if not names:
        return "none"
    return listed(names)


def _marker_item(evidence: Evidence, outcome: Outcome, comparisons: Sequence[Comparison]) -> Runs:
    base = comparisons[0].finding
    head = runs(
        Run(outcome.label, style="strong"),
        ": ",
        source_runs(evidence.source_of(base)),
        " reports ",
        finding_run(evidence, base, _noun(base)),
    )
    if comparisons[0].relation is not Relation.CENTRAL:
        return runs(head, ", but it does not count, so nothing is compared with it.")
    parts: list[Runs] = []
    for relation in _TOLD:
        found = [item.finding for item in comparisons if item.relation is relation]
        if not found:
            continue
        verb = relation.value if len(found) == 1 else _PLURAL[relation]
        number = f" {len(found)} other source{'s' if len(found) > 1 else ''} {verb}: "
        parts.append(runs(number, _named(evidence, found, relation), "."))
    doubted = [item.finding for item in comparisons if item.relation is Relation.NOT_COUNTED]
    if doubted:
        parts.append(runs(" Not counted: ", _named(evidence, doubted, Relation.NOT_COUNTED), "."))
    return runs(head, ".", *(parts or [runs(" No other source reports on it.")]))


def _noun(finding: Finding) -> str:
    words = DIRECTION_WORDS[finding.direction]
    if finding.direction in (Direction.INCREASE, Direction.DECREASE):
        return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"
    return words


def _named(evidence: Evidence, findings: Iterable[Finding], relation: Relation) -> Runs:
    """Name sources; those that do not agree with what they report and whom they studied."""
    parts: list[Runs] = []
    for finding in findings:
        source = evidence.source_of(finding)
        words = finding_run(evidence, finding, DIRECTION_WORDS[finding.direction])
        detail: Runs = ()
        if relation in DISAGREEING:
            detail = runs(" (", words, f"; studied {_studied(source)})")
        elif relation is not Relation.AGREES:
            detail = runs(" (", words, ")")
        parts.append(runs("; " if parts else "", source_runs(source), detail))
    return runs(*parts)


def _studied(source: Source) -> str:
    """Say what was given to whom: ``vitamin K, any form, in adults``."""
    given = source.intervention or "an intervention that is not stated"
    return f"{given}, in {source.population or 'people who are not described'}"


def _unlike_text(evidence: Evidence, finding: Finding, central: str) -> str:
    unlike = contrasted_outcomes(evidence, finding, central=central)
    names = [outcome.abbreviation or outcome.in_text for outcome in unlike]
    return f"not what the central source reports about {_listed(names)}" if names else ""


def _grouped_item(evidence: Evidence, finding: Finding, central: str) -> Runs:
    outcome = evidence.outcome_of(finding)
    source = evidence.source_of(finding)
    unlike = _unlike_text(evidence, finding, central)
    words = finding_run(evidence, finding, _noun(finding))
    return runs(
        Run(outcome.label, style="strong"),
        ": ",
        source_runs(source),
        " reports ",
        words,
        f" (studied {_studied(source)}). ",
        f"That is {unlike}. " if unlike else "",
        outcome.caveat,
    )
