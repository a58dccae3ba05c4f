"""Plain words for readers without training: which way something went, and who says so."""

from __future__ import annotations

from collections.abc import Iterable

from evidence_tools.display import Prose, Run, Runs, runs
from evidence_tools.evidence import Evidence
from evidence_tools.limitations import disagreeing_outcomes
from evidence_tools.phrases import finding_run, source_runs
from evidence_tools.schema import Direction, Finding, OutcomeKind
from evidence_tools.sensitivity import find_sensitivity_pairs

_WENT = {
    Direction.INCREASE: "went up",
    Direction.DECREASE: "went down",
    Direction.NO_SIGNIFICANT_CHANGE: "no clear change",
    Direction.NARRATIVE_BENEFIT: "better, in words only",
    Direction.NOT_CONCLUSIVE: "no clear result",
}
_MARKER_OF = {
    OutcomeKind.FORMATION: "a sign of bone being built",
    OutcomeKind.RESORPTION: "a sign of bone being broken down",
}
# Both are parts of one protein, so they go opposite ways when more vitamin K is at work.
_VITAMIN_K_MARKER = {
    "ucoc": "osteocalcin on which vitamin K has not fully worked",
    "coc": "osteocalcin on which vitamin K has worked",
}
_FEWER = {
    Direction.DECREASE: "fewer",
    Direction.INCREASE: "more",
    Direction.NO_SIGNIFICANT_CHANGE: "no clear change in the number of",
}
_MOVED = (Direction.INCREASE, Direction.DECREASE)


def narrate_plain_messages(evidence: Evidence, markers: Iterable[Finding]) -> Prose:
    """Give the key messages of a plain language summary.

    Parameters
    ----------
    evidence
        All of the evidence; its fracture and harm findings give the last message.
    markers
        The marker findings of the central source.

    Returns
    -------
    Prose
        A list of three messages, which follow the directions of the rows.
    """
    found = tuple(markers)
    moved = sum(finding.direction in _MOVED for finding in found)
    fractures = _directions(evidence, OutcomeKind.FRACTURE)
    agree = len(fractures) == 1
    bones = "The sources agree on broken bones" if agree else "The sources do not give one clear "
    bones += "." if agree else "answer on broken bones."
    messages = (
        f"In the main review, {moved} of {len(found)} markers changed with vitamin K2 in women "
        "with weak bones after the menopause.",
        "Markers are not fractures. A marker can change while just as many bones break.",
        f"{bones} {_harms_message(evidence)}",
    )
    return Prose(tuple(runs(message) for message in messages), as_list=True)


def narrate_plain_markers(evidence: Evidence, findings: Iterable[Finding]) -> Prose:
    """Say in plain words which way each marker went.

    Parameters
    ----------
    evidence
        The evidence the findings belong to.
    findings
        Findings about markers; one item each.

    Returns
    -------
    Prose
    """
    items = []
    for finding in findings:
        outcome = evidence.outcome_of(finding)
        known = _VITAMIN_K_MARKER.get(outcome.outcome_id) or _MARKER_OF.get(outcome.kind)
        what = known or outcome.kind.value
        name = outcome.in_text
        items.append(runs(f"{name}, {what}: ", finding_run(evidence, finding, _went(finding)), "."))
    return Prose(tuple(items), as_list=True)


def narrate_plain_fractures(evidence: Evidence) -> Prose:
    """Say in plain words what the sources report about broken bones.

    Parameters
    ----------
    evidence
        Main analyses of sources that can be relied on are told, by direction; then the
        sources whose answer depends on which studies are counted.

    Returns
    -------
    Prose
        A list.
    """
    items: list[Runs] = []
    for direction, findings in _directions(evidence, OutcomeKind.FRACTURE).items():
        if direction in _FEWER:
            words = f"At least one result shows {_FEWER[direction]} broken bones: "
            items.append(runs(words, _sources(evidence, findings), "."))
    pairs = find_sensitivity_pairs(evidence, evidence.findings())
    turned = [pair.primary for pair in pairs if pair.changes_significance]
    if turned:
        words = "The answer depends on which studies are counted: "
        items.append(runs(words, _sources(evidence, turned), "."))
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
    items = [
        runs(
            "Side effects" if direction in _MOVED else "Side effects:",
            f" {_WENT[direction]}: " if direction in _MOVED else f" {_WENT[direction]} in ",
            _sources(evidence, findings),
            ".",
        )
        for direction, findings in _directions(evidence, OutcomeKind.HARM).items()
    ]
    return Prose(tuple(items), as_list=True)


def narrate_plain_doubts(evidence: Evidence, markers: Iterable[Finding]) -> Prose:
    """Say in plain words whether others agree, and whether the units are known.

    Parameters
    ----------
    evidence
        All of the evidence; whether sources agree depends on the other findings.
    markers
        The marker findings of the central source.

    Returns
    -------
    Prose
        One paragraph.
    """
    found = tuple(markers)
    estimates = [finding for finding in found if finding.estimate is not None]
    no_unit = [finding for finding in estimates if not finding.unit_reported]
    unlike = disagreeing_outcomes(evidence) & {finding.outcome_id for finding in found}
    sentences = [f"Other sources do not all agree on {len(unlike)} of these markers."]
    if not unlike:
        sentences = ["No other source that names one of these markers disagrees."]
    if no_unit:
        which = "the changes" if no_unit == estimates else f"{len(no_unit)} of the changes"
        sentences.append(f"We could not find out in which units {which} were measured.")
        sentences.append("So we cannot tell whether they are large or small.")
    return Prose((runs(" ".join(sentences)),))


def _harms_message(evidence: Evidence) -> str:
    """Say how many sources tell about side effects, and whether all of them found more."""
    groups = _directions(evidence, OutcomeKind.HARM)
    told = {finding.source_id for group in groups.values() for finding in group}
    if not told:
        return "No source tells about side effects where we looked."
    tell = "source tells" if len(told) == 1 else "sources tell"
    words = "with mixed results"
    if len(groups) == 1:
        words = {
            Direction.INCREASE: "and found more of them with vitamin K2",
            Direction.DECREASE: "and found fewer of them with vitamin K2",
        }.get(next(iter(groups)), "without a clear result")
    return f"Only {len(told)} of {len(evidence.sources)} {tell} about side effects, {words}."


def _went(finding: Finding) -> str:
    return _WENT[finding.direction]


def _directions(evidence: Evidence, kind: OutcomeKind) -> dict[Direction, list[Finding]]:
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
