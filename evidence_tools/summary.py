"""The summary of findings: each outcome with its effect, its certainty, and what that means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evidence_tools.certainty import (
    Certainty,
    Judgement,
    Rating,
    effect_verb,
)
from evidence_tools.concordance import CENTRAL_SOURCE, counts
from evidence_tools.display import Cell, Prose, Run, Runs, Table, TableRow, runs
from evidence_tools.evidence import Evidence
from evidence_tools.judgements import find_misfits
from evidence_tools.phrases import certainty_text, finding_runs, number_text, source_runs
from evidence_tools.schema import (
    NOT_REPORTED,
    Direction,
    Finding,
    Integrity,
    Outcome,
    OutcomeKind,
)
from evidence_tools.sensitivity import find_sensitivity_pairs

_MOVED = (Direction.INCREASE, Direction.DECREASE)


def effect_findings(
    evidence: Evidence, outcome_id: str, *, central: str = CENTRAL_SOURCE
) -> tuple[Finding, ...]:
    """Choose the findings that stand for the effect on one outcome, by rule.

    Parameters
    ----------
    evidence
        All of the evidence.
    outcome_id
        The outcome.
    central
        Identifier of the source that the report is about.

    Returns
    -------
    tuple of Finding
        The primary finding of the central source; without one, the primary findings of all
        reviews and trials that count, a later adjustment in place of what it adjusts. A trial
        with a null result stands beside the reviews: leaving it out would be selective.
        Empty when nobody who counts reports the outcome.
    """
    primary = [
        finding
        for finding in evidence.findings(outcome=outcome_id)
        if finding.analysis == "primary" and counts(evidence.source_of(finding))
    ]
    if own := tuple(finding for finding in primary if finding.source_id == central):
        return own
    corrections = {f.source_id for f in primary if evidence.source_of(f).design == "correction"}
    return tuple(
        finding
        for finding in primary
        if evidence.source_of(finding).integrity is not Integrity.ADJUSTED
        or not any(key.startswith(finding.source_id) for key in corrections)
    )


def summary_of_findings(
    evidence: Evidence, outcomes: Iterable[str], *, name: str, caption: str
) -> Table:
    """Write the Summary of Findings table: one row for each outcome, also for empty ones.

    Schünemann H et al. 2024, Cochrane Handbook chapter 14 (``schunemann2024sof`` in
    references.bib).

    Parameters
    ----------
    evidence
        All of the evidence.
    outcomes
        Identifiers of the outcomes, in the order of the rows.
    name, caption
        Label for cross-references, and what question the table answers.

    Returns
    -------
    Table
        Outcome, effect, studies and participants, certainty, what it means.

    Raises
    ------
    UnknownKeyError
        If an identifier names no outcome.
    """
    rows = []
    for outcome in map(evidence.outcome, outcomes):
        rating = evidence.certainty(outcome.outcome_id)
        findings = effect_findings(evidence, outcome.outcome_id)
        cells = (
            Cell.of(outcome.label, "" if outcome.surrogate else " (felt by patients)"),
            Cell.of(_effects(evidence, findings) or _nothing(evidence, outcome)),
            Cell.of(_sizes(evidence, findings)),
            Cell.of(_certainty(evidence, rating)),
            Cell.of(meaning_sentence(evidence, outcome)),
        )
        rows.append(TableRow(cells))
    columns = ("Outcome", "Effect", "Studies and participants", "Certainty", "What it means")
    return Table(name, runs(caption), columns, tuple(rows), (20, 22, 19, 18, 21))


def meaning_sentence(evidence: Evidence, outcome: Outcome) -> str:
    """Say what is known about one outcome, in words that its certainty allows.

    Santesso N et al. 2020, doi 10.1016/j.jclinepi.2019.10.014. That paper words a result near
    no difference as "little to no difference"; without estimates this cannot be said here.

    Parameters
    ----------
    evidence
        All of the evidence.
    outcome
        What the sentence is about.

    Returns
    -------
    str
        One or two sentences; a surrogate is called one.
    """
    findings = effect_findings(evidence, outcome.outcome_id)
    rating = evidence.certainty(outcome.outcome_id)
    directions = {finding.direction for finding in findings}
    subject = _subject(evidence, findings)
    about = f"the effect of {subject[:1].lower()}{subject[1:]} on {outcome.in_text}"
    if not findings:
        return f"No source that can be relied on reports {about}."
    if rating is None:
        return f"Nobody has rated the evidence about {about}."
    if rating.level is Certainty.VERY_LOW:
        claim = f"The evidence is very uncertain about {about}."
    elif len(directions) == 1 and directions <= set(_MOVED):
        (direction,) = directions
        claim = f"{subject} {effect_verb(direction, rating.level)} {outcome.in_text}."
    elif directions == {Direction.NO_SIGNIFICANT_CHANGE}:
        # Altman and Bland 1995: absence of evidence is not evidence of absence.
        claim = (
            f"It is not known whether {subject[:1].lower()}{subject[1:]} affects "
            f"{outcome.in_text}: no significant change is reported, "
            "which does not show that there is none."
        )
    else:
        claim = f"Sources do not agree about {about}."
    return f"{claim}{_depends(evidence, findings)}{_surrogate(outcome)}"


def narrate_meanings(evidence: Evidence, outcomes: Iterable[str]) -> Prose:
    """Say in a sentence or two what is known about each of some outcomes.

    Parameters
    ----------
    evidence
        All of the evidence.
    outcomes
        Identifiers of the outcomes, one item each; see :func:`meaning_sentence`.

    Returns
    -------
    Prose
        A list; each item ends with the certainty of the outcome.
    """
    items = []
    for outcome in map(evidence.outcome, outcomes):
        certainty = certainty_text(evidence.certainty(outcome.outcome_id))
        items.append(runs(meaning_sentence(evidence, outcome), f" Certainty: {certainty}."))
    return Prose(tuple(items), as_list=True)


def _depends(evidence: Evidence, findings: Sequence[Finding]) -> str:
    """Say so where the result of a source turns when some of its studies are left out."""
    ids = {finding.outcome_id for finding in findings}
    pairs = find_sensitivity_pairs(evidence, evidence.findings(outcome=ids)) if ids else ()
    turns = any(pair.changes_significance and pair.primary in findings for pair in pairs)
    return " The result depends on which studies are counted." if turns else ""


def _effects(evidence: Evidence, findings: Sequence[Finding]) -> Runs:
    parts: list[Runs] = []
    for finding in findings:
        twins = [other for other in findings if other.source_id == finding.source_id]
        # One source may report the same outcome at several times; its note tells them apart.
        when = f" ({finding.note.partition(';')[0]})" if len(twins) > 1 and finding.note else ""
        parts.append(runs("; " if parts else "", finding_runs(evidence, finding), when))
    return runs(*parts)


def _nothing(evidence: Evidence, outcome: Outcome) -> Runs:
    """Say that no figure counts, and which sources were set aside."""
    doubted = {
        finding.source_id: source_runs(evidence.source_of(finding))
        for finding in evidence.findings(outcome=outcome.outcome_id)
        if not counts(evidence.source_of(finding))
    }
    named = [runs("; " if index else "", name) for index, name in enumerate(doubted.values())]
    set_aside = runs(" (set aside: ", *named, ")") if named else ()
    return runs("no figure that counts", set_aside)


def _sizes(evidence: Evidence, findings: Sequence[Finding]) -> Runs:
    """Say how much stands behind each figure, and behind its whole source."""
    parts: list[Runs] = []
    for finding in findings:
        source = evidence.source_of(finding)
        here = _size(finding.k_studies, finding.n_participants)
        whole = f"whole source: {_size(source.n_studies, source.n_participants)}"
        if source.design == "rct":
            people = finding.n_participants or source.n_participants
            here = f"{number_text(people)} participants" if people else NOT_REPORTED
            whole = "one trial"
        text = runs(source_runs(source), f": {here} ({whole})")
        if text not in parts:
            parts.append(text)
    listed = [runs("; " if index else "", part) for index, part in enumerate(parts)]
    return runs(*listed) or runs(NOT_REPORTED)


def _size(studies: int | None, participants: int | None) -> str:
    if studies is None and participants is None:
        return NOT_REPORTED
    given = [(studies, "studies"), (participants, "participants")]
    return ", ".join(
        f"{what} {NOT_REPORTED}"
        if number is None
        else f"{number_text(number)} {_one(what, number)}"
        for number, what in given
    )


def _one(what: str, number: int) -> str:
    return {"studies": "study", "participants": "participant"}[what] if number == 1 else what


def _certainty(evidence: Evidence, rating: Rating | None) -> Runs:
    if rating is None:
        return runs(certainty_text(None))
    parts: list[str] = []
    for judgement in (Judgement.VERY_SERIOUS, Judgement.SERIOUS, Judgement.NOT_ASSESSED):
        if domains := rating.in_domain(judgement):
            parts.append(f"{judgement.value}: {', '.join(domain.label for domain in domains)}")
    if find_misfits(evidence, rating):
        parts.append("a judgement no longer fits the findings")
    return runs(Run(str(rating), style="strong"), f" ({'; '.join(parts)})" if parts else "")


def _subject(evidence: Evidence, findings: Sequence[Finding]) -> str:
    """Name what was given: vitamin K2 only if every source is about K2."""
    given = [evidence.source_of(finding).intervention for finding in findings]
    only_k2 = all(
        ("K2" in text and "K1 or" not in text) or text.startswith(("MK-", "menatetrenone"))
        for text in given
    )
    return "Vitamin K2" if only_k2 else "Vitamin K"


def _surrogate(outcome: Outcome) -> str:
    if outcome.is_marker:
        return " It is a laboratory marker, not a fracture."
    return " A bone density is not a fracture." if outcome.kind is OutcomeKind.DENSITY else ""
