"""Whether the printed figures of a finding fit together, and what follows from its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from enum import StrEnum

from evidence_tools.evidence import Evidence
from evidence_tools.phrases import DIRECTION_WORDS, number_text
from evidence_tools.schema import Direction, EffectMeasure, Finding, PValue, Significance
from evidence_tools.statistics import (
    Range,
    excludes,
    is_symmetric,
    p_value_range,
    printed_range,
    standard_error_range,
    z_range,
)

USUAL_LEVEL = Decimal("0.05")
"""The p-value below which sources speak of significance; a convention, not a judgement."""
USUAL_CI_LEVEL = 100 * (1 - USUAL_LEVEL)
_SMALLEST_P = 0.0001
_HOLDS = {True: "leaves out", False: "includes"}
_NULL = "the value of no difference"


class Verdict(StrEnum):
    """What the checks of one finding came to."""

    FITS = "pass"
    FLAG = "flag"
    UNCHECKED = "cannot be checked"


@dataclass(frozen=True, slots=True)
class ArithmeticCheck:
    """What follows from a finding's printed figures.

    Attributes
    ----------
    finding
        What was checked.
    standard_error, z, p
        Ranges that rounding allows; ``None`` without an interval of a stated level. The
        standard error of a ratio is that of its natural logarithm.
    flags
        Figures or words that do not fit together, each in one phrase.
    notes
        What was checked and fits, and what could not be checked and why.
    verdict
        Flagged if anything does not fit; without an interval it cannot be checked.
    """

    finding: Finding
    standard_error: Range | None
    z: Range | None
    p: Range | None
    flags: tuple[str, ...]
    notes: tuple[str, ...]
    verdict: Verdict


def check_finding(evidence: Evidence, finding: Finding) -> ArithmeticCheck:
    """Check one finding: symmetry, significance, direction, p-value, name of the measure.

    Parameters
    ----------
    evidence
        The evidence the finding belongs to; a source's names are compared with each other.
    finding
        Any finding; one without an interval cannot be checked, and the notes say why.

    Returns
    -------
    ArithmeticCheck
    """
    flags, notes = [], []
    error = z = p = None
    measure, lower, upper = finding.effect_measure, finding.ci_lower, finding.ci_upper
    if measure is None or finding.estimate is None:
        notes.append("no estimate of a difference is reported")
    elif lower is None or upper is None:
        notes.append("no interval that can be used stands beside the estimate where it was read")
    else:
        ratio = measure.is_ratio
        if is_symmetric(finding.estimate, lower, upper, ratio=ratio):
            notes.append("interval even around the estimate")
        else:
            flags.append("interval uneven around the estimate, beyond rounding")
        excluded = excludes(lower, upper, measure.no_difference)
        if finding.ci_level not in (None, USUAL_CI_LEVEL):
            notes.append("the interval is not at the usual level, so its words are not compared")
        elif excluded is None:
            notes.append(f"the digits leave open whether it includes {_NULL}")
        elif unfit := _word_flags(finding, excluded):
            flags += unfit
        else:
            notes.append(f"it {_HOLDS[excluded]} {_NULL}, as stated")
        if finding.ci_level is None:
            notes.append(
                "its level is not stated, so no standard error follows, "
                "and the words are compared as if it were the usual one"
            )
        else:
            error = standard_error_range(lower, upper, finding.ci_level, ratio=ratio)
            z = z_range(finding.estimate, error, ratio=ratio)
            p = p_value_range(z)
        if measure is EffectMeasure.POOLED:
            notes.append("the scale is not stated; it was taken as a difference")
    for fits, phrase in _p_value_phrases(finding, p):
        (notes if fits else flags).append(phrase)
    flags += _name_flags(evidence, finding)
    checkable = lower is not None
    verdict = Verdict.FLAG if flags else Verdict.FITS if checkable else Verdict.UNCHECKED
    return ArithmeticCheck(finding, error, z, p, tuple(flags), tuple(notes), verdict)


def _word_flags(finding: Finding, excluded: bool) -> list[str]:
    """Compare the words of the source with what its interval says."""
    says = f"but the interval {_HOLDS[excluded]} {_NULL}"
    word = DIRECTION_WORDS[finding.direction]
    moved = finding.direction in (Direction.INCREASE, Direction.DECREASE)
    flags = []
    called = {Significance.YES: True, Significance.NO: False}.get(finding.statistically_significant)
    if called is not None and called is not excluded:
        flags.append(f"called {'significant' if called else 'not significant'}, {says}")
    if moved and not excluded and not called:
        flags.append(f"described as {'an' if word[0] in 'aeiou' else 'a'} {word}, {says}")
    if finding.direction is Direction.NO_SIGNIFICANT_CHANGE and excluded and called is not False:
        flags.append(f"described as {word}, {says}")
    return flags


def _p_value_phrases(finding: Finding, computed: Range | None) -> list[tuple[bool, str]]:
    """Compare the printed p-value with the interval, or else with the source's own words."""
    printed = finding.p_value
    if printed is None:
        return []
    if computed is not None:
        if _stands_for(printed).overlaps(computed):
            return [(True, f"the printed {printed} fits the interval")]
        return [
            (
                False,
                f"the printed {printed} does not follow from the printed interval, "
                f"from which {p_range_text(computed)} follows",
            )
        ]
    called = {Significance.YES: True, Significance.NO: False}.get(finding.statistically_significant)
    below = printed.value < USUAL_LEVEL or printed == PValue("<", USUAL_LEVEL)
    if called is None or (printed.relation == "<" and not below):
        return []
    words = "significant" if called else "not significant"
    if below is called:
        return [(True, f"the printed {printed} fits the words {words!r}")]
    return [(False, f"the printed {printed} does not fit the words {words!r}")]


def _stands_for(printed: PValue) -> Range:
    """All p-values that a printed one stands for."""
    if printed.relation == "<":
        return Range(0.0, float(printed.value))
    return printed_range(printed.value)


def _name_flags(evidence: Evidence, finding: Finding) -> list[str]:
    """Find the name WMD in a source that calls the same measure MD elsewhere."""
    if finding.effect_measure is not EffectMeasure.WMD:
        return []
    same_source = evidence.findings(source=finding.source_id)
    if not any(other.effect_measure is EffectMeasure.MD for other in same_source):
        return []
    return ["labelled WMD while its source labels others MD: one measure under two names"]


def range_text(values: Range, step: Decimal) -> str:
    """Write a range with its ends rounded outwards, so that nothing allowed is left out.

    Parameters
    ----------
    values
        The range; an infinite end is written as having no bound.
    step
        Size of the last digit that is shown.

    Returns
    -------
    str
        ``"0.352 to 0.358"``, or one number when both ends round to it.
    """
    if math.isinf(values.low) or math.isinf(values.high):
        return "no bound from these digits"
    low = Decimal(values.low).quantize(step, ROUND_FLOOR)
    high = Decimal(values.high).quantize(step, ROUND_CEILING)
    return number_text(low) if low == high else f"{number_text(low)} to {number_text(high)}"


def p_range_text(values: Range) -> str:
    """Write a range of p-values, very small ones as a bound."""
    if values.high < _SMALLEST_P:
        return f"p below {_SMALLEST_P}"
    step = Decimal(10) ** (math.floor(math.log10(values.high)) - 1)
    if values.low < _SMALLEST_P:
        return f"p up to {Decimal(values.high).quantize(step, ROUND_CEILING)}"
    return f"p = {range_text(values, step)}"
