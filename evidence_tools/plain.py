"""Plain words for readers without training: which way something went, and who says so."""

from __future__ import annotations

from collections.abc import Iterable

from evidence_tools.certainty import Certainty
from evidence_tools.concordance import contrasted_outcomes, grouped_findings
from evidence_tools.display import Prose, Runs, runs
from evidence_tools.evidence import Evidence
from evidence_tools.limitations import disagreeing_outcomes
from evidence_tools.phrases import finding_run, source_runs
from evidence_tools.plain_bones import MOVED, WENT, main_findings
from evidence_tools.schema import Direction, Finding, OutcomeKind

_MARKER_OF = {
    OutcomeKind.FORMATION: "a sign of bone being built",
    OutcomeKind.RESORPTION: "a sign of bone being broken down",
}
# Both are parts of one protein, so they go opposite ways when more vitamin K is at work.
_VITAMIN_K_MARKER = {
    "ucoc": "osteocalcin on which vitamin K has not fully worked",
    "coc": "osteocalcin on which vitamin K has worked",
}


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
    moved = sum(finding.direction in MOVED for finding in found)
    fractures = main_findings(evidence, OutcomeKind.FRACTURE)
    agree = len(fractures) == 1
    bones = "The sources agree on broken bones" if agree else "The sources do not give one clear "
    bones += "." if agree else "answer on broken bones."
    messages = (
        f"The main review reports that {moved} of {len(found)} markers changed in women with weak "
        f"bones after the menopause who took vitamin K2.{_doubt(evidence, found)}",
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
        name = outcome.label
        items.append(runs(f"{name}, {what}: ", finding_run(evidence, finding, _went(finding)), "."))
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
    agree = "No other source that names one of these markers disagrees."
    if unlike:
        agree = f"Other sources do not all agree on {len(unlike)} of these markers."
    units = []
    if no_unit:
        which = "the changes" if no_unit == estimates else f"{len(no_unit)} of the changes"
        units.append(f"We could not find out in which units {which} were measured.")
        units.append("So we cannot tell whether they are large or small.")
    return Prose((runs(agree, *_together(evidence, found), *(f" {text}" for text in units)),))


def _doubt(evidence: Evidence, findings: Iterable[Finding]) -> str:
    """Say that the results may be wrong unless all of them are rated as high."""
    levels = [evidence.certainty(finding.outcome_id) for finding in findings]
    sure = all(rating is not None and rating.level is Certainty.HIGH for rating in levels)
    return "" if sure else " We are not sure of these results."


def _together(evidence: Evidence, markers: Iterable[Finding]) -> Iterable[Runs]:
    """Name the studies that saw something else in bone markers taken together."""
    for central in sorted({finding.source_id for finding in markers}):
        for finding in grouped_findings(evidence, central=central):
            if contrasted_outcomes(evidence, finding, central=central):
                words = finding_run(evidence, finding, _went(finding))
                source = source_runs(evidence.source_of(finding))
                yield runs(" For bone markers as a group, ", source, " reports: ", words, ".")


def _harms_message(evidence: Evidence) -> str:
    """Say how many sources tell about side effects, and whether all of them found more."""
    groups = main_findings(evidence, OutcomeKind.HARM)
    told = {finding.source_id for group in groups.values() for finding in group}
    if not told:
        return "No source tells about side effects where we looked."
    tell = "source tells" if len(told) == 1 else "sources tell"
    words = "with mixed results"
    if len(groups) == 1:
        every = {1: "it", 2: "both"}.get(len(told), "all of them")
        words = {
            Direction.INCREASE: f"{every} found more of them with vitamin K2",
            Direction.DECREASE: f"{every} found fewer of them with vitamin K2",
        }.get(next(iter(groups)), "without a clear result")
    return f"Only {len(told)} of {len(evidence.sources)} {tell} about side effects: {words}."


def _went(finding: Finding) -> str:
    return WENT[finding.direction]
