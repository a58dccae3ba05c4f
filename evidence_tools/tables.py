"""From values to tables: every figure beside its source and what was read of it."""

from __future__ import annotations

from collections.abc import Iterable

from evidence_tools.display import Cell, Prose, Run, Runs, Table, TableRow, runs
from evidence_tools.evidence import Evidence
from evidence_tools.facets import FACETS
from evidence_tools.phrases import (
    DIRECTION_WORDS,
    analysis_label,
    design_text,
    finding_runs,
    note_runs,
    number_text,
    source_runs,
)
from evidence_tools.schema import NOT_REPORTED, Direction, Finding, Outcome, Source


def findings_table(
    evidence: Evidence, findings: Iterable[Finding], *, name: str, caption: str
) -> Table:
    """List findings with direction, result, the figure as printed, and where it was read.

    Parameters
    ----------
    evidence
        The evidence the findings belong to.
    findings
        One row each, in the order given; a missing estimate is written out.
    name
        Label for cross-references, such as ``tab-markers``.
    caption
        What question the table answers.

    Returns
    -------
    Table
        Each row can be linked to by the identifier of its finding.
    """
    listed = tuple(findings)
    rows = tuple(_finding_row(evidence, finding) for finding in listed)
    columns = ("Outcome", "Direction", "Result", "As printed, and where", "Size and notes")
    # One source has one population and one level: there is nothing to filter by.
    several = len({finding.source_id for finding in listed}) > 1
    filters, count_by = (FACETS, "Direction") if several else ((), "")
    widths = (19, 13, 23, 22, 23)
    return Table(name, runs(caption), columns, rows, widths, filters, count_by)


def markers_table(
    evidence: Evidence, outcomes: Iterable[Outcome], *, name: str, caption: str
) -> Table:
    """Say what each marker is, where it is measured and what its change cannot show.

    Parameters
    ----------
    evidence
        The evidence the outcomes belong to; it names their references.
    outcomes
        One row each.
    name, caption
        Label for cross-references, and what question the table answers.

    Returns
    -------
    Table
    """
    rows = [
        TableRow(
            (
                Cell.of(outcome.label),
                Cell.of(outcome.kind.value),
                Cell.of(outcome.specimen or "not applicable"),
                Cell.of(outcome.reflects),
                Cell.of(outcome.caveat, " ", reference_runs(evidence, outcome.references)),
            )
        )
        for outcome in outcomes
    ]
    columns = ("Marker", "Kind", "Measured in", "What it is", "What to keep in mind")
    return Table(name, runs(caption), columns, tuple(rows), (21, 13, 13, 25, 28))


def outcomes_table(
    evidence: Evidence, outcomes: Iterable[Outcome], *, name: str, caption: str
) -> Table:
    """List outcomes: which a patient feels, which are surrogates, how much is reported here.

    Parameters
    ----------
    evidence
        The evidence the outcomes belong to; its findings are counted.
    outcomes
        One row each, in the order given.
    name, caption
        Label for cross-references, and what question the table answers.

    Returns
    -------
    Table
        An outcome without any finding stays in it, with ``none``.
    """
    rows = []
    for outcome in outcomes:
        findings = evidence.findings(outcome=outcome.outcome_id)
        sources = len({finding.source_id for finding in findings})
        count = f"{len(findings)} from {sources} source{'s' if sources != 1 else ''}"
        cells = (
            outcome.label,
            outcome.kind.value,
            "a surrogate" if outcome.surrogate else "felt by a patient",
            count if findings else "none",
        )
        rows.append(TableRow(tuple(Cell.of(cell) for cell in cells)))
    columns = ("Outcome", "Kind", "Surrogate?", "Findings here")
    return Table(name, runs(caption), columns, tuple(rows), (40, 26, 18, 16))


def sources_table(
    evidence: Evidence, sources: Iterable[Source], *, name: str, caption: str
) -> Table:
    """List sources with size, population, what was read and what is known against them.

    Parameters
    ----------
    evidence
        The evidence the sources belong to; their notes name others of its sources.
    sources
        One row each, in the order given. A note that names another of them links to it.
    name, caption
        Label for cross-references, and what question the table answers.

    Returns
    -------
    Table
        Each row can be linked to by the identifier of its source.
    """
    rows = [_source_row(evidence, source) for source in sources]
    columns = ("Source", "Title and place", "Studied", "Read", "Known concerns")
    return Table(name, runs(caption), columns, tuple(rows), (14, 34, 20, 11, 21))


def references_list(sources: Iterable[Source]) -> Prose:
    """List sources as references: authors, title, place, year, address.

    Parameters
    ----------
    sources
        One item each, in the order given. What is not known of a source is said.

    Returns
    -------
    Prose
        A list; a doubt about a source stands beside its name.
    """
    return Prose(tuple(_reference(source) for source in sources), as_list=True)


def reference_runs(evidence: Evidence, keys: Iterable[str]) -> Runs:
    """Cite sources of the evidence and entries of ``references.bib`` side by side.

    Parameters
    ----------
    evidence
        Keys found among its sources lead there; all others are bibliography keys.
    keys
        Keys as they stand in a ``references`` column.
    """
    parts: list[Runs] = []
    for key in keys:
        if key in evidence.sources:
            parts.append(runs("[", source_runs(evidence.sources[key]), "]"))
        else:
            parts.append((Run(f"[{key}]", cite=key),))
    return runs(*(runs(" " if index else "", part) for index, part in enumerate(parts)))


def _finding_row(evidence: Evidence, finding: Finding) -> TableRow:
    source = evidence.source_of(finding)
    outcome = evidence.outcome_of(finding)
    note = runs(" Note: ", note_runs(evidence.sources, finding.note), ".") if finding.note else ""
    return TableRow(
        (
            Cell.of(outcome.label, analysis_label(finding)),
            Cell.of(DIRECTION_WORDS[finding.direction], _significance(finding)),
            Cell.of(finding_runs(evidence, finding)),
            Cell.of(
                finding.as_printed or "no figure printed",
                f" ({finding.locator}; {source.read_at} read)",
            ),
            Cell.of(_size(finding), note),
        ),
        anchor=finding.finding_id,
    )


def _significance(finding: Finding) -> str:
    if finding.direction is Direction.NO_SIGNIFICANT_CHANGE:
        return ""
    words = {"yes": "significant", "no": "not significant"}
    return f", {words.get(finding.statistically_significant.value, 'significance not stated')}"


def _size(finding: Finding) -> str:
    studies = NOT_REPORTED if finding.k_studies is None else number_text(finding.k_studies)
    people = NOT_REPORTED if finding.n_participants is None else number_text(finding.n_participants)
    return f"Studies: {studies}. Participants: {people}."


def _source_row(evidence: Evidence, source: Source) -> TableRow:
    place = [source.journal or "Journal not known"]
    place.append(str(source.year) if source.year else "year not given where it was read")
    title: list[Run] = list(runs(Run(source.title, style="emphasis"), f". {'; '.join(place)}. "))
    if source.link:
        title.append(Run(source.doi or source.url, link=source.link))
    concerns = source.integrity.label
    checked = f" (checked {source.integrity_checked.isoformat()})"
    note = runs(". Note: ", note_runs(evidence.sources, source.note), ".") if source.note else ()
    return TableRow(
        (
            Cell.of(Run(source.short_name, style="strong"), f" {_authors(source)}"),
            Cell.of(title),
            Cell.of(_studied(source)),
            Cell.of(f"{source.read_at}; evidence level {source.evidence_level}"),
            Cell.of(concerns, checked, note),
        ),
        anchor=source.source_id,
    )


def _reference(source: Source) -> Runs:
    authors = "; ".join(source.authors) or "Authors not given where it was read"
    year = str(source.year) if source.year else "year not given"
    place = source.journal or "Journal not known"
    address = Run(source.link, link=source.link) if source.link else Run("No address known")
    title = Run(source.title, style="emphasis")
    ending = "" if authors.endswith(".") else "."
    name = runs("[", source_runs(source), "] ")
    return runs(name, f"{authors}{ending} ", title, f". {place}, {year}. ", address, ".")


def _authors(source: Source) -> str:
    if not source.authors:
        return "(authors not given where it was read)"
    first = source.authors[0]
    more = " and others" if len(source.authors) > 1 and "et al" not in first else ""
    return f"({first}{more})"


def _studied(source: Source) -> str:
    sizes = []
    if source.n_studies and source.design != "rct":
        sizes.append(f"{number_text(source.n_studies)} studies")
    if source.n_participants:
        sizes.append(f"{number_text(source.n_participants)} participants")
    parts = [design_text(source), ", ".join(sizes) or "size not reported"]
    studied = (source.population, source.intervention)
    parts += [part for part in studied if part not in ("", "not applicable")]
    return "; ".join(parts)
