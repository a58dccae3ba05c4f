"""Certainty as sentences, and the declared judgements with their reasons as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evidence_tools.certainty import LEVELS, Domain, DomainJudgement, Judgement
from evidence_tools.display import Cell, Prose, Run, Runs, Table, TableRow, runs
from evidence_tools.evidence import Evidence
from evidence_tools.judgements import find_misfits
from evidence_tools.phrases import certainty_text, status_text
from evidence_tools.schema import Source


def narrate_certainty(evidence: Evidence, outcomes: Iterable[str]) -> Prose:
    """Sort outcomes by their computed certainty, highest first.

    Parameters
    ----------
    evidence
        All of the evidence.
    outcomes
        Identifiers of the outcomes.

    Returns
    -------
    Prose
        A list: one item for each level that occurs, and one for outcomes that are not rated.
    """
    groups: dict[str, list[str]] = {}
    ordered = [f"{bound}{level}" for level in LEVELS for bound in ("", "at most ")]
    for outcome in map(evidence.outcome, outcomes):
        text = certainty_text(evidence.certainty(outcome.outcome_id))
        groups.setdefault(text, []).append(outcome.in_text)
    items = []
    for text in [*ordered, certainty_text(None)]:
        if text in groups:
            head = Run(f"{text[:1].upper()}{text[1:]}", style="strong")
            items.append(runs(head, f": {'; '.join(groups[text])}."))
    return Prose(tuple(items), as_list=True)


def certainty_table(
    evidence: Evidence, outcomes: Iterable[str], *, name: str, caption: str
) -> Table:
    """List the declared judgements with their reasons and the rows they rest on.

    Parameters
    ----------
    evidence
        All of the evidence.
    outcomes
        Identifiers of the outcomes; judgements with one reason share a row.
    name, caption
        Label for cross-references, and what question the table answers.

    Returns
    -------
    Table
        Domain, judgement, reason, outcomes with findings and sources. A judgement that the
        findings no longer support says so.
    """
    shared: dict[tuple[Domain, Judgement, str], list[DomainJudgement]] = {}
    for outcome in map(evidence.outcome, outcomes):
        rating = evidence.certainty(outcome.outcome_id)
        for item in rating.judgements if rating else ():
            shared.setdefault((item.domain, item.judgement, item.rationale), []).append(item)
    rows = []
    places = {domain: index for index, domain in enumerate(Domain)}
    for domain, judgement, reason in sorted(shared, key=lambda key: places[key[0]]):
        items = shared[domain, judgement, reason]
        cells = (
            Cell.of(domain.label[:1].upper(), domain.label[1:]),
            Cell.of(judgement.value),
            Cell.of(reason),
            Cell.of(_basis(evidence, items)),
        )
        rows.append(TableRow(cells))
    columns = ("Domain", "Judgement", "Why", "For which outcomes, and on what it rests")
    return Table(name, runs(caption), columns, tuple(rows), (17, 14, 37, 32))


def _basis(evidence: Evidence, items: Sequence[DomainJudgement]) -> Runs:
    """List outcomes with the findings and sources that a judgement on them rests on."""
    labels: dict[Runs, list[str]] = {}
    for item in items:
        outcome = evidence.outcome(item.outcome_id)
        label = outcome.abbreviation if outcome.is_marker else outcome.in_text
        labels.setdefault(runs(_rests_on(evidence, item), _doubt(evidence, item)), []).append(label)
    parts = [
        runs("; " if index else "", ", ".join(names), " (", basis, ")")
        for index, (basis, names) in enumerate(labels.items())
    ]
    return runs(*parts)


def _rests_on(evidence: Evidence, item: DomainJudgement) -> Runs:
    findings = [evidence.finding(key) for key in item.finding_ids]
    named = [
        Run(_name(evidence.source_of(finding), finding.analysis), finding_id=finding.finding_id)
        for finding in findings
    ]
    reported = {finding.source_id for finding in findings}
    named += [
        Run(_name(evidence.source(key)), source_id=key)
        for key in item.source_ids
        if key not in reported
    ]
    return runs(*(runs(", " if index else "", name) for index, name in enumerate(named)))


def _doubt(evidence: Evidence, item: DomainJudgement) -> str:
    misfits = find_misfits(evidence, evidence.ratings[item.outcome_id])
    reasons = [misfit.reason for misfit in misfits if misfit.judgement is item]
    return f"; no longer fits: {'; '.join(reasons)}" if reasons else ""


def _name(source: Source, analysis: str = "primary") -> str:
    """Name a source inside a list, where a comma would look like the next name."""
    details = [part for part in (status_text(source), analysis) if part not in ("", "primary")]
    return f"{source.short_name} [{', '.join(details)}]" if details else source.short_name
