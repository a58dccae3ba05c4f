"""Sentences about trials: what they gave, for how long, and what their arms show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal

from evidence_tools.arms import ArmPair, difference_from_arms, missing_for_difference, pair_arms
from evidence_tools.display import Prose, Runs, runs
from evidence_tools.evidence import Evidence
from evidence_tools.phrases import (
    effect_text,
    finding_run,
    finding_runs,
    listed,
    number_text,
    source_runs,
)
from evidence_tools.schema import Finding, Source, Trial, TrialArm
from evidence_tools.trial_phrases import (
    amount_text,
    arm_text,
    blinding_text,
    difference_text,
    duration_text,
    form_text,
)

GROUPS_NOT_NAMED = {
    "men": r"\bmen\b",
    "children": r"child",
    "women before the menopause": r"premenopaus",
    "people who take a medicine against blood clotting": r"anticoagula|warfarin",
    "people with kidney disease": r"kidney|renal",
    "people who had an organ transplant": r"transplant",
}
"""Groups a reader may belong to, with the words that would name them in a population."""


def narrate_trials(evidence: Evidence) -> Prose:
    """Sum the trials up: how many, with which forms, how long, how blinded, how large.

    Parameters
    ----------
    evidence
        A trial with several reports is counted once; its longest report gives its duration.

    Returns
    -------
    Prose
        A list; every number is counted from ``trials.csv`` and ``sources.csv``.
    """
    reports = tuple(evidence.trials.values())
    trials = tuple(trial for trial in reports if not trial.same_trial_as)
    again = len(reports) - len(trials)
    count = f"{len(trials)} trials are listed here"
    count += f", in {len(reports)} reports." if again else "."
    items = [
        runs(count),
        runs(f"Form: {_counted(form_text(trial) for trial in trials)}."),
        runs(f"Blinding: {_counted(blinding_text(trial) for trial in trials)}."),
        _doses(reports),
        _durations(reports),
        _sizes(evidence, trials),
    ]
    return Prose(tuple(items), as_list=True)


def narrate_arms(
    evidence: Evidence, arms: Iterable[TrialArm], pooled: Finding | None = None
) -> Prose:
    """Say where a difference between arms can be computed, and what it comes to.

    Parameters
    ----------
    evidence
        The evidence the arms belong to.
    arms
        Arms in pairs.
    pooled
        A pooled difference that the computed ones are held against: consistent in size
        with it or not, never a recomputation of it.

    Returns
    -------
    Prose
        A list with one item for each pair whose difference can be computed, one for each
        beside the pooled figure, and one that names all other trials.

    Raises
    ------
    ValueError
        If an arm has no partner.
    """
    pairs = pair_arms(arms)
    known = [pair for pair in pairs if not missing_for_difference(pair)]
    items = [_pair_sentence(evidence, pair) for pair in known]
    if pooled is not None and pooled.estimate is not None:
        beside: dict[tuple[str, str, str], list[ArmPair]] = {}
        for pair in known:
            verdict = _verdict(pair, pooled, pooled.estimate)
            beside.setdefault((pair.intervention.source_id, *verdict), []).append(pair)
        items += [
            _beside_pooled(evidence, pairs, pooled, verdict, unit)
            for (_, verdict, unit), pairs in beside.items()
        ]
    if others := [pair.intervention for pair in pairs if pair not in known]:
        items.append(_not_computed(evidence, others))
    return Prose(tuple(items), as_list=True)


def narrate_populations(evidence: Evidence) -> Prose:
    """Say whom the trials describe, and which groups no description names.

    Parameters
    ----------
    evidence
        The ``population`` of every trial's source is searched for ``GROUPS_NOT_NAMED``.

    Returns
    -------
    Prose
        A list: how many describe women, then the groups that no description names.
    """
    populations = [evidence.source_of(trial).population for trial in evidence.trials.values()]
    women = sum("women" in population for population in populations)
    every = "All" if women == len(populations) else f"{women} of the"
    items = [runs(f"{every} {len(populations)} trial reports listed here describe women.")]
    absent = [
        group
        for group, words in GROUPS_NOT_NAMED.items()
        if not any(re.search(words, population) for population in populations)
    ]
    if absent:
        items.append(runs(f"No description of who took part names {listed(absent, 'or')}."))
    return Prose(tuple(items), as_list=True)


def largest_trial(evidence: Evidence, findings: Iterable[Finding]) -> Source | None:
    """Find the largest trial among the sources of some findings that can be relied on."""
    sources = [evidence.source_of(f) for f in findings if f.source_id in evidence.trials]
    kept = [s for s in sources if s.n_participants is not None and not s.integrity.strikes_out]
    return max(kept, key=lambda source: source.n_participants or 0, default=None)


def narrate_largest_trial(evidence: Evidence, findings: Iterable[Finding]) -> Prose:
    """Say how large the largest trial is, whom it studied, and all that it reports.

    Parameters
    ----------
    evidence
        The evidence the findings belong to.
    findings
        Findings to look through; those of reviews are passed over.

    Returns
    -------
    Prose
        One paragraph; none where no trial that can be relied on tells its size.
    """
    looked_at = tuple(findings)
    source = largest_trial(evidence, looked_at)
    if source is None or source.n_participants is None:
        return Prose(())
    size = f", with {number_text(source.n_participants)} participants: {source.population}."
    text = runs("The largest trial here is ", source_runs(source), size)
    for finding in looked_at:
        if finding.source_id == source.source_id:
            result = finding_run(evidence, finding, effect_text(finding))
            note = f"; {finding.note}" if finding.note else ""
            text = runs(text, f" On {evidence.outcome_of(finding).in_text}: ", result, f"{note}.")
    return Prose((text,))


def _counted(words: Iterable[str]) -> str:
    return "; ".join(f"{word} in {number}" for word, number in Counter(words).most_common())


def _doses(reports: Sequence[Trial]) -> Runs:
    known: dict[tuple[str, str], list[Trial]] = {}
    for trial in reports:
        if trial.dose is not None:
            known.setdefault((form_text(trial), trial.dose_unit), []).append(trial)
    parts = []
    for (form, unit), group in known.items():
        amounts = sorted({trial.dose for trial in group if trial.dose is not None})
        span = " to ".join(dict.fromkeys(number_text(end) for end in (amounts[0], amounts[-1])))
        parts.append(f"{form}: {span} {unit}")
    return runs(f"Amounts that were given: {'; '.join(parts)}. They are no advice on an amount.")


def _durations(reports: Sequence[Trial]) -> Runs:
    by_text = Counter(duration_text(trial) for trial in reports)
    parts = [f"{text} in {number}" for text, number in by_text.most_common()]
    return runs(f"Duration, by report: {', '.join(parts)}.")


def _sizes(evidence: Evidence, trials: Sequence[Trial]) -> Runs:
    sizes = [
        (source.n_participants, source)
        for source in map(evidence.source_of, trials)
        if source.n_participants is not None
    ]
    least, most = (pick(size for size, _ in sizes) for pick in (min, max))
    return runs(
        f"The smallest had {number_text(least)} participants (",
        _of_size(sizes, least),
        f"), the largest {number_text(most)} (",
        _of_size(sizes, most),
        ").",
    )


def _of_size(sizes: Iterable[tuple[int, Source]], wanted: int) -> Runs:
    """Name every trial of one size: the smallest may be two."""
    named = [source_runs(source) for size, source in sizes if size == wanted]
    return runs(*(runs("; " if index else "", name) for index, name in enumerate(named)))


def _pair_sentence(evidence: Evidence, pair: ArmPair) -> Runs:
    arm, control = pair.intervention, pair.control
    outcome = evidence.outcome_of(arm)
    start = runs(
        source_runs(evidence.source_of(arm)),
        f", {arm.timepoint}, {outcome.abbreviation or outcome.name} ({arm.value_type}): ",
        f"{arm_text(arm)}, against {arm_text(control)}. ",
    )
    difference = difference_from_arms(pair)
    inferred = (
        " The source does not say what the spread is; it was taken to be a standard deviation (SD)."
        if difference.sd_inferred
        else ""
    )
    return runs(start, f"Computed here: {difference_text(difference, arm.unit)}.{inferred}")


def _not_computed(evidence: Evidence, arms: Sequence[TrialArm]) -> Runs:
    sources = dict.fromkeys(arm.source_id for arm in arms)
    names = [
        runs(
            "" if not index else " and " if index == len(sources) - 1 else ", ",
            source_runs(evidence.sources[source_id]),
        )
        for index, source_id in enumerate(sources)
    ]
    return runs(
        "For ",
        *names,
        ", no difference was computed: the number of participants in an arm, the spread or its "
        "kind is not stated; the table says which.",
    )


def _verdict(pair: ArmPair, pooled: Finding, estimate: Decimal) -> tuple[str, str]:
    """Hold a computed difference against a pooled one: size only, and only in one unit."""
    unit = pair.intervention.unit
    if pooled.unit_reported and pooled.unit != unit:
        return "cannot be held against", ", which is in another unit"
    difference = difference_from_arms(pair)
    inside = difference.ci_lower <= estimate <= difference.ci_upper
    known = "" if pooled.unit_reported else f", if that is in {unit} too: its unit is not reported"
    return f"{'' if inside else 'not '}consistent in size with", known


def _beside_pooled(
    evidence: Evidence, pairs: Sequence[ArmPair], pooled: Finding, verdict: str, unit: str
) -> Runs:
    """Say how the differences of one trial stand to the pooled one."""
    arms = [pair.intervention for pair in pairs]
    amounts = [
        f"{amount_text(difference_from_arms(pair).mean_difference, pair.intervention.unit)} "
        f"at {pair.intervention.timepoint}"
        for pair in pairs
    ]
    several = len(pairs) > 1
    verb = "" if verdict.startswith("cannot") else "are " if several else "is "
    return runs(
        f"The difference{'s' if several else ''} of {listed(amounts)} (",
        source_runs(evidence.source_of(arms[0])),
        f") {verb}{verdict} the pooled figure ",
        finding_runs(evidence, pooled),
        f"{unit}. Whether this trial is among those that were pooled is not known here.",
    )
