"""The short answer: what one source reports, in groups, with what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evidence_tools.display import Prose, Runs, runs
from evidence_tools.evidence import Evidence
from evidence_tools.limitations import disagreeing_outcomes
from evidence_tools.phrases import (
    DIRECTION_WORDS,
    estimate_text,
    finding_run,
    listed,
    source_runs,
    value_text,
)
from evidence_tools.schema import Direction, Finding, Outcome, Source

_GROUPS = (
    (Direction.INCREASE, "an increase in"),
    (Direction.DECREASE, "a decrease in"),
    (Direction.NO_SIGNIFICANT_CHANGE, "no significant change in"),
    (Direction.NARRATIVE_BENEFIT, "a benefit, in words only, for"),
    (Direction.NOT_CONCLUSIVE, "no conclusive result for"),
)


def narrate_answer(evidence: Evidence, findings: Iterable[Finding], *, title: str = "") -> Prose:
    """Answer in a few sentences what one source found, and what that does not show.

    Parameters
    ----------
    evidence
        All of the evidence: whether other sources agree depends on it.
    findings
        Findings of one source.
    title
        Title of a box around the answer; without one it stands in the running text.

    Returns
    -------
    Prose
        Paragraphs: what was found, how certain it is, what kind of outcomes these are,
        and for which of them other sources disagree.

    Raises
    ------
    ValueError
        If the findings come from several sources, or there are none.
    """
    found = tuple(findings)
    sources = {finding.source_id for finding in found}
    if len(sources) != 1:
        raise ValueError(f"an answer rests on one source; found {sorted(sources) or 'none'}")
    source = evidence.source_of(found[0])
    paragraphs = [
        runs(_basis(evidence, source), _reports(evidence, found)),
        runs(_certainty(evidence, found)),
        runs(_surrogates(evidence, found)),
        runs(_disagreement(evidence, found)),
    ]
    return Prose(tuple(paragraph for paragraph in paragraphs if paragraph), title=title)


def narrate_takeaways(evidence: Evidence, findings: Iterable[Finding]) -> Prose:
    """List the results by kind of outcome, each with certainty, source and evidence level.

    Parameters
    ----------
    evidence
        The evidence the findings belong to.
    findings
        What is listed; findings of one kind of outcome share an item.

    Returns
    -------
    Prose
        A list in the order in which the kinds first occur. Null results stand in it like others.
    """
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        kind = evidence.outcome_of(finding).kind.value
        groups.setdefault((kind, finding.source_id), []).append(finding)
    items = []
    for (kind, source_id), group in groups.items():
        source = evidence.sources[source_id]
        results = [_result(evidence, finding) for finding in group]
        level = f", evidence level {source.evidence_level}]."
        heading = kind[:1].upper() + kind[1:] + ("s" if len(group) > 1 else "")
        items.append(runs(f"{heading}: ", _join(results), " [", source_runs(source), level))
    return Prose(tuple(items), as_list=True)


def _basis(evidence: Evidence, source: Source) -> Runs:
    if source.n_studies is None or source.n_participants is None:
        return runs(source_runs(source), " reports ")
    studies = value_text(evidence, f"{source.source_id}.n_studies")
    people = value_text(evidence, f"{source.source_id}.n_participants")
    size = f" ({studies} studies, {people} participants; {source.read_at} read) reports "
    return runs(source_runs(source), size)


def _reports(evidence: Evidence, findings: Sequence[Finding]) -> Runs:
    phrases = []
    for direction, words in _GROUPS:
        outcomes = [evidence.outcome_of(f).in_text for f in findings if f.direction is direction]
        if outcomes:
            phrases.append(runs(f"{words} ", listed(outcomes)))
    return runs(_join(phrases, last="; "), ".")


def _certainty(evidence: Evidence, findings: Sequence[Finding]) -> str:
    levels: dict[str, list[str]] = {}
    for finding in findings:
        level = str(evidence.certainty(finding.outcome_id) or "not rated")
        levels.setdefault(level, []).append(evidence.outcome_of(finding).short)
    rated = "; ".join(f"{level} for {listed(names)}" for level, names in levels.items())
    bound = (
        ' "At most" means that some reasons for doubt could not be judged from what was read; '
        "the certainty is then not put above low, and may be lower."
    )
    return f"Certainty is {rated}.{bound if 'at most' in rated else ''}"


def _surrogates(evidence: Evidence, findings: Sequence[Finding]) -> str:
    surrogates = [evidence.outcome_of(finding).surrogate for finding in findings]
    if all(surrogates):
        count = "All of them are surrogates"
    elif any(surrogates):
        count = "Some of them are surrogates"
    else:
        return ""
    return (
        f"{count}: measurements that stand in for something a patient feels. "
        "None of the markers is a fracture, and a change in a marker does not show "
        "that fewer bones break."
    )


def _disagreement(evidence: Evidence, findings: Sequence[Finding]) -> str:
    disagreeing = disagreeing_outcomes(evidence)
    outcomes: list[Outcome] = [
        evidence.outcome_of(finding) for finding in findings if finding.outcome_id in disagreeing
    ]
    if not outcomes:
        return ""
    names = listed([outcome.short for outcome in outcomes])
    return f"Other sources report another direction, or no significant change, for {names}."


def _result(evidence: Evidence, finding: Finding) -> Runs:
    outcome = evidence.outcome_of(finding)
    result = finding_run(evidence, finding, estimate_text(finding))
    rating = evidence.certainty(finding.outcome_id)
    remarks = f"certainty {rating}" if rating else "certainty not rated"
    if finding.note:
        remarks = f"{remarks}; {finding.note}"
    stated = f"{outcome.in_text}, {DIRECTION_WORDS[finding.direction]}, "
    return runs(stated, result, f" ({remarks})")


def _join(parts: Sequence[Runs], last: str = "; ") -> Runs:
    joined: list[Runs] = []
    for index, part in enumerate(parts):
        joined.append(runs(last if index else "", part))
    return runs(*joined)
