"""The short answer: what one source reports, in groups, with what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evidence_tools.concordance import contrasted_outcomes, grouped_findings
from evidence_tools.display import Prose, Run, Runs, runs
from evidence_tools.evidence import Evidence
from evidence_tools.limitations import disagreeing_outcomes
from evidence_tools.phrases import (
    DIRECTION_WORDS,
    certainty_text,
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
        _disagreement(evidence, found),
    ]
    return Prose(tuple(paragraph for paragraph in paragraphs if paragraph), title=title)


def narrate_takeaways(evidence: Evidence, findings: Iterable[Finding]) -> Prose:
    """List the results one by one, each with its certainty, its source and evidence level.

    Parameters
    ----------
    evidence
        The evidence the findings belong to.
    findings
        What is listed, one item each.

    Returns
    -------
    Prose
        A list in the order given. Null results stand in it like others.
    """
    return Prose(tuple(_takeaway(evidence, finding) for finding in findings), as_list=True)


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
    return runs(*(runs("; " if index else "", phrase) for index, phrase in enumerate(phrases)), ".")


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


def _disagreement(evidence: Evidence, findings: Sequence[Finding]) -> Runs:
    disagreeing = disagreeing_outcomes(evidence)
    outcomes: list[Outcome] = [
        evidence.outcome_of(finding) for finding in findings if finding.outcome_id in disagreeing
    ]
    sentences: list[Runs] = []
    if outcomes:
        short = listed([outcome.short for outcome in outcomes])
        sentences += [
            runs(f"Other sources report another direction, or no significant change, for {short}.")
        ]
    central = findings[0].source_id
    for finding in grouped_findings(evidence, central=central):
        unlike = contrasted_outcomes(evidence, finding, central=central)
        reported = {own.outcome_id for own in findings}
        if not (names := [item.short for item in unlike if item.outcome_id in reported]):
            continue
        sentences += [
            runs(
                f"{' ' if sentences else ''}On {evidence.outcome_of(finding).in_text}, ",
                source_runs(evidence.source_of(finding)),
                " reports ",
                finding_run(evidence, finding, DIRECTION_WORDS[finding.direction]),
                f", which is not what is reported here about {listed(names)}.",
            )
        ]
    return runs(*sentences)


def _takeaway(evidence: Evidence, finding: Finding) -> Runs:
    outcome = evidence.outcome_of(finding)
    source = evidence.source_of(finding)
    certainty = certainty_text(evidence.certainty(finding.outcome_id))
    note = f" Note: {finding.note}." if finding.note else ""
    return runs(
        Run(outcome.label, style="strong"),
        f", {outcome.kind.value}: {DIRECTION_WORDS[finding.direction]}, ",
        finding_run(evidence, finding, estimate_text(finding)),
        f". Certainty: {certainty}.{note} [",
        source_runs(source),
        f", evidence level {source.evidence_level}]",
    )
