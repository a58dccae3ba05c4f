"""Plain words on bones and people: broken bones, bone density, side effects, sources not used."""

from __future__ import annotations

from collections.abc import Iterable

from evidence_tools.display import Prose, Run, Runs, runs
from evidence_tools.evidence import Evidence
from evidence_tools.narrate_trials import largest_trial
from evidence_tools.phrases import finding_run, number_text, source_runs
from evidence_tools.schema import Direction, Finding, OutcomeKind
from evidence_tools.sensitivity import find_sensitivity_pairs

WENT = {
    Direction.INCREASE: "went up",
    Direction.DECREASE: "went down",
    Direction.NO_SIGNIFICANT_CHANGE: "no clear change",
    Direction.NARRATIVE_BENEFIT: "better, in words only",
    Direction.NOT_CONCLUSIVE: "no clear result",
}
"""Each direction in plain words."""

MOVED = (Direction.INCREASE, Direction.DECREASE)

_FEWER = {
    Direction.DECREASE: "fewer",
    Direction.INCREASE: "more",
    Direction.NO_SIGNIFICANT_CHANGE: "no clear change in the number of",
}


def narrate_plain_fractures(evidence: Evidence) -> Prose:
    """Say in plain words what the sources report about broken bones.

    Parameters
    ----------
    evidence
        Main analyses of sources that can be relied on are told, by direction; then the
        sources whose answer depends on which studies are counted, and the largest trial.

    Returns
    -------
    Prose
        A list.
    """
    items: list[Runs] = []
    for direction, findings in main_findings(evidence, OutcomeKind.FRACTURE).items():
        if direction in _FEWER:
            words = f"At least one result shows {_FEWER[direction]} broken bones: "
            items.append(runs(words, _sources(evidence, findings), "."))
    pairs = find_sensitivity_pairs(evidence, evidence.findings())
    turned = [pair.primary for pair in pairs if pair.changes_significance]
    if turned:
        words = "The answer depends on which studies are counted: "
        items.append(runs(words, _sources(evidence, turned), "."))
    items += [text for text in [_largest(evidence)] if text]
    return Prose(tuple(items), as_list=True)


def narrate_plain_density(evidence: Evidence) -> Prose:
    """Say in plain words what the sources report about bone density.

    Parameters
    ----------
    evidence
        Main analyses of sources that can be relied on are told, by direction.

    Returns
    -------
    Prose
        A list.
    """
    items = []
    for direction, findings in main_findings(evidence, OutcomeKind.DENSITY).items():
        words = f"At least one result says that density {WENT[direction]}: "
        if direction not in MOVED:
            words = f"At least one result shows {WENT[direction]}: "
        items.append(runs(words, _sources(evidence, findings), "."))
    return Prose(tuple(items), as_list=True)


def narrate_plain_harms(evidence: Evidence) -> Prose:
    """Say in plain words what the sources report about side effects.

    Parameters
    ----------
    evidence
        Findings on harms of sources that can be relied on.

    Returns
    -------
    Prose
        A list.
    """
    items = []
    for direction, findings in main_findings(evidence, OutcomeKind.HARM).items():
        words = _FEWER.get(direction, f"{WENT[direction]} on")
        said = f"{words[:1].upper()}{words[1:]} side effects with vitamin K2: "
        items.append(runs(said, _sources(evidence, findings), "."))
    return Prose(tuple(items), as_list=True)


def narrate_plain_struck(evidence: Evidence) -> Prose:
    """Say in plain words how many sources are not used, and why.

    Parameters
    ----------
    evidence
        Sources that were retracted, or that readers were cautioned about, are counted.

    Returns
    -------
    Prose
        One paragraph; none where there is no such source.
    """
    count = sum(source.integrity.strikes_out for source in evidence.sources.values())
    if not count:
        return Prose(())
    one = count == 1
    return Prose(
        (
            runs(
                f"{count} of our sources {'was' if one else 'were'} later taken back, or readers "
                f"were warned about {'it' if one else 'them'}. We do not use "
                f"{'its' if one else 'their'} results."
            ),
        )
    )


def main_findings(evidence: Evidence, kind: OutcomeKind) -> dict[Direction, list[Finding]]:
    """Group the main findings of one kind by direction; struck sources are left out."""
    groups: dict[Direction, list[Finding]] = {}
    for finding in evidence.findings():
        struck = evidence.source_of(finding).integrity.strikes_out
        if evidence.outcome_of(finding).kind is kind and finding.analysis == "primary":
            groups.setdefault(finding.direction, []).extend([] if struck else [finding])
    return {direction: group for direction, group in groups.items() if group}


def _sources(evidence: Evidence, findings: Iterable[Finding]) -> Runs:
    named: list[Run] = []
    for source_id in dict.fromkeys(finding.source_id for finding in findings):
        named += [Run("; ")] if named else []
        named += source_runs(evidence.sources[source_id])
    return tuple(named)


def _largest(evidence: Evidence) -> Runs:
    """Say what the largest trial that can be relied on found on broken bones."""
    groups = main_findings(evidence, OutcomeKind.FRACTURE)
    largest = largest_trial(evidence, [f for group in groups.values() for f in group])
    if largest is None or largest.n_participants is None:
        return ()
    size = f", had {number_text(largest.n_participants)} women."
    text = runs("The largest trial, ", source_runs(largest), size)
    for direction, group in groups.items():
        if own := [finding for finding in group if finding.source_id == largest.source_id]:
            words = f"{_FEWER.get(direction, f'{WENT[direction]} on')} broken bones"
            text = runs(text, " It found ", finding_run(evidence, own[0], words), ".")
    return text
