"""Words for one number, one effect, one source: the smallest pieces of every text.

Sentences, tables, alt texts, hover cards and the roles of the book all use these, so that
a figure reads the same wherever it stands.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

from evidence_tools.certainty import Rating
from evidence_tools.display import Run, Runs, Style, runs
from evidence_tools.evidence import Evidence
from evidence_tools.schema import (
    NOT_REPORTED,
    Direction,
    Finding,
    Integrity,
    MarkerContext,
    PValue,
    Source,
    Trial,
    TrialArm,
    UnknownKeyError,
)

MINUS = "\N{MINUS SIGN}"

DIRECTION_WORDS = {
    Direction.INCREASE: "increase",
    Direction.DECREASE: "decrease",
    Direction.NO_SIGNIFICANT_CHANGE: "no significant change",
    Direction.NARRATIVE_BENEFIT: "benefit described in words only",
    Direction.NOT_CONCLUSIVE: "not conclusive",
}
"""Each direction as it stands in a table or a chart."""

_DESIGNS = {"meta_analysis": "meta-analysis", "rct": "randomized trial"}


def number_text(value: Decimal | int) -> str:
    """Write a number with its printed digits, a true minus sign and grouped thousands.

    Parameters
    ----------
    value
        A decimal keeps its trailing zeros; an integer of four digits or more is grouped.

    Returns
    -------
    str
        ``"−1.54"``, ``"2.00"`` or ``"2,570"``.
    """
    return f"{value:,}".replace("-", MINUS)


def p_value_text(p_value: PValue) -> str:
    """Write a p-value as ``p = 0.076`` or ``p < 0.001``, digits as printed."""
    return str(p_value)


def interval_text(finding: Finding) -> str:
    """Write the interval of a finding, with its level only where the source prints it.

    Returns
    -------
    str
        ``"95% CI 1.17 to 2.56"``, or ``"interval not reported"``.
    """
    if finding.ci_lower is None or finding.ci_upper is None:
        return "interval not reported"
    limits = f"{number_text(finding.ci_lower)} to {number_text(finding.ci_upper)}"
    if finding.ci_level is None:
        return f"interval {limits}, level not stated"
    return f"{finding.ci_level}% CI {limits}"


def unit_text(finding: Finding) -> str:
    """Write the unit of a finding; a missing unit is said, never left out."""
    if not finding.unit_reported:
        return "unit not reported"
    return "" if finding.effect_measure and finding.effect_measure.is_ratio else finding.unit


def effect_text(finding: Finding) -> str:
    """Write the result of a finding in one phrase, with all that is known and not known.

    Returns
    -------
    str
        ``"MD 1.86 (95% CI 1.17 to 2.56; unit not reported)"`` with an estimate,
        ``"no significant change (no estimate reported; p = 0.076)"`` without one.
    """
    if finding.estimate is None:
        return f"{DIRECTION_WORDS[finding.direction]} ({estimate_text(finding)})"
    return estimate_text(finding)


def estimate_text(finding: Finding) -> str:
    """Write the estimate of a finding, without repeating its direction when there is none.

    Returns
    -------
    str
        ``"MD 1.86 (95% CI 1.17 to 2.56; unit not reported)"``, or
        ``"no estimate reported; p = 0.076"``.
    """
    p_value = [p_value_text(finding.p_value)] if finding.p_value else []
    if finding.estimate is None:
        return "; ".join(["no estimate reported", *p_value])
    unit = unit_text(finding)
    details = "; ".join([interval_text(finding), *([unit] if unit else []), *p_value])
    return f"{finding.effect_measure} {number_text(finding.estimate)} ({details})"


def certainty_text(rating: Rating | None) -> str:
    """Write a certainty as ``at most low``; an outcome nobody rated is ``not rated``."""
    return "not rated" if rating is None else str(rating)


def status_text(source: Source) -> str:
    """Say what is known against a source, or nothing when nothing is known."""
    return "" if source.integrity is Integrity.NONE_KNOWN else source.integrity.label


def analysis_text(finding: Finding) -> str:
    """Say which analysis of its source a finding is: its kind and what the note says first.

    Returns
    -------
    str
        ``"sensitivity: trials at low risk of bias only"``, ``"subgroup: vitamin K2"``,
        ``"without YOPS"``, or an empty string.
    """
    kind = "" if finding.analysis == "primary" else finding.analysis
    detail = finding.note.partition(";")[0]
    return ": ".join(part for part in (kind, detail) if part)


def analysis_label(finding: Finding) -> str:
    """Write which analysis a finding is, as it stands behind its outcome.

    Returns
    -------
    str
        ``" (sensitivity analysis)"``, ``" (subgroup: vitamin K2)"``, or an empty string.
    """
    if finding.analysis == "primary":
        return ""
    return f" ({finding.analysis}{'' if ':' in finding.analysis else ' analysis'})"


def source_name(source: Source) -> str:
    """Name a source as in running text; a doubt about it always stands beside its name."""
    status = status_text(source)
    return f"{source.short_name} ({status})" if status else source.short_name


def source_runs(source: Source) -> Runs:
    """Name a source, linked to its entry."""
    return (Run(source_name(source), source_id=source.source_id),)


def listed(names: Sequence[str], word: str = "and") -> str:
    """Join names as in running text: ``"OC, BAP and CTX"``."""
    start = [", ".join(names[:-1])] if len(names) > 1 else []
    return f" {word} ".join([*start, *names[-1:]])


def design_text(source: Source) -> str:
    """Name the kind of publication in words: ``"randomized trial"``, ``"position paper"``."""
    return _DESIGNS.get(source.design, source.design.replace("_", " "))


def note_runs(sources: Mapping[str, Source], note: str) -> Runs:
    """Write a note of a table, with the identifiers of sources in it turned into their names.

    Parameters
    ----------
    sources
        Words that are their identifiers become linked names.
    note
        Text as it stands in a ``note`` column.
    """
    known = "|".join(map(re.escape, sorted(sources, key=len, reverse=True)))
    parts = re.split(rf"(?<![\w-])({known})(?![\w-])", note) if known else [note]
    return runs(*(source_runs(sources[part]) if part in sources else part for part in parts))


def finding_runs(evidence: Evidence, finding: Finding) -> Runs:
    """State a finding with its source: what the ``{finding}`` role shows.

    A figure from a source under caution or retracted is struck out.
    """
    effect = finding_run(evidence, finding, effect_text(finding))
    return runs(effect, " [", source_runs(evidence.source_of(finding)), "]")


def finding_run(evidence: Evidence, finding: Finding, text: str) -> Run:
    """Tie some text to a finding; it is struck out when its source must not be relied on."""
    style: Style = "struck" if evidence.source_of(finding).integrity.strikes_out else "plain"
    return Run(text, style=style, finding_id=finding.finding_id)


def value_text(evidence: Evidence, key: str) -> str:
    """Write one field of one row: what the ``{value}`` role shows.

    Parameters
    ----------
    evidence
        The evidence the key is looked up in.
    key
        ``identifier.field``, such as ``zhang2025.n_participants``; the identifier is that
        of a source, finding, outcome, trial arm or context row; a trial is named by its
        source, as in ``jiang2014.comparator``. ``oc.certainty`` gives the computed certainty
        of an outcome. ``count.sources`` and the like give the number of rows in a table;
        ``count.trials`` counts a trial once that has several reports.

    Returns
    -------
    str
        The value; ``"not reported"`` for a blank cell.

    Raises
    ------
    UnknownKeyError
        If the row or the field does not exist.
    """
    identifier, dot, field = key.partition(".")
    if not dot:
        raise UnknownKeyError(f"found {key!r}; write identifier.field, such as zhang2025.year")
    if identifier == "count":
        counts = {
            "sources": len(evidence.sources),
            "findings": len(evidence.findings_by_id),
            "fracture_findings": len(evidence.findings(kind="fracture")),
            "outcomes": len(evidence.outcomes),
            "arms": len(evidence.arms),
            "trial_reports": len(evidence.trials),
            "trials": sum(not trial.same_trial_as for trial in evidence.trials.values()),
        }
        if field not in counts:
            raise UnknownKeyError(f"there is no count of {field!r}; known: {', '.join(counts)}")
        return number_text(counts[field])
    if field == "certainty" and identifier in evidence.outcomes:
        return certainty_text(evidence.certainty(identifier))
    row = _row(evidence, identifier)
    if identifier in evidence.trials and field in Trial.__dataclass_fields__:
        row = evidence.trials[identifier]
    names = [item.name for item in dataclasses.fields(row)]
    if field not in names:
        raise UnknownKeyError(
            f"{identifier!r} has no field {field!r}; its fields are {', '.join(names)}"
        )
    return _field_text(getattr(row, field), is_year=field == "year")


def _row(
    evidence: Evidence, identifier: str
) -> Source | Finding | Trial | TrialArm | MarkerContext:
    for table in (evidence.findings_by_id, evidence.arms, evidence.context):
        if identifier in table:
            return table[identifier]
    if identifier in evidence.outcomes:
        return evidence.outcomes[identifier]  # type: ignore[return-value]
    try:
        return evidence.source(identifier)
    except UnknownKeyError as error:
        raise UnknownKeyError(str(error).replace("no source", "no row", 1)) from None


def _field_text(value: object, *, is_year: bool) -> str:
    if value is None or value == "" or value == ():
        return NOT_REPORTED
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal | int) and not is_year:
        return number_text(value)
    if isinstance(value, Direction):
        return DIRECTION_WORDS[value]
    if isinstance(value, tuple):
        return "; ".join(map(str, value))
    if isinstance(value, StrEnum):
        return value.value.replace("_", " ")
    return str(value)
