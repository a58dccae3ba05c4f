"""Faults of a table row that only this field knows about.

Each rule takes one row (column name to typed value, ``None`` for a blank cell) and yields
``(column, message)`` pairs. A message says what was found, what is allowed and what to do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal

from evidence_tools.schema import NOT_REPORTED, Direction, EffectMeasure

Row = Mapping[str, object]
Fault = tuple[str, str]
Rule = Callable[[Row], Iterator[Fault]]

# A minus sign belongs to a number only when no digit stands before it: "1.17-2.56" is a range.
_NUMBER = re.compile(r"(?<![\d.])(?:(?<!\d)-)?\d+(?:\.\d+)?")
_PLAIN_NUMBER = re.compile(r"[0-9]{1,4}(\.[0-9]{1,12})?")
_P_VALUE = re.compile(r"\b[pP]\s*([<=>])\s*(\d+(?:\.\d+)?)")
# The digit of a name such as K2 is no figure.
_FIGURE = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")


def printed_numbers(text: str) -> list[str]:
    """Numbers of a printed figure, as text, signs included.

    Parameters
    ----------
    text
        A figure as a source prints it, such as ``"MD -0.09, 95% CI -0.14 to -0.05"``.

    Returns
    -------
    list of str
        ``["-0.09", "95", "-0.14", "-0.05"]`` for the example: digits exactly as printed.
    """
    return _NUMBER.findall(text)


def rule_interval(row: Row) -> Iterator[Fault]:
    """Find intervals that are incomplete, reversed or do not contain their estimate."""
    estimate, lower, upper = (_number(row, c) for c in ("estimate", "ci_lower", "ci_upper"))
    if (lower is None) != (upper is None):
        missing, given = ("ci_lower", "ci_upper") if lower is None else ("ci_upper", "ci_lower")
        yield missing, f"blank although {given} is given; an interval needs both limits"
    if row.get("ci_level") is not None and lower is None and upper is None:
        yield "ci_level", "given without an interval; leave it blank or give both limits"
    if lower is None or upper is None:
        return
    if lower > upper:
        yield "ci_lower", f"ci_lower {lower} is above ci_upper {upper}; the limits are swapped"
    elif estimate is None:
        yield "estimate", f"blank although the interval {lower} to {upper} is given"
    elif not lower <= estimate <= upper:
        yield (
            "estimate",
            (
                f"estimate {estimate} lies outside its interval {lower} to {upper}; "
                "check all three against the source"
            ),
        )


def rule_effect_measure(row: Row) -> Iterator[Fault]:
    """Find estimates without a scale, and ratios that are not ratios."""
    measure, estimate = row.get("effect_measure"), _number(row, "estimate")
    if (measure is None) != (estimate is None):
        if measure is None:
            yield "effect_measure", f"blank although the estimate {estimate} is given"
        else:
            yield "estimate", f"blank although the effect measure {measure!r} is given"
    is_ratio = measure in (EffectMeasure.RR, EffectMeasure.OR)
    if is_ratio:
        for column in ("estimate", "ci_lower", "ci_upper"):
            value = _number(row, column)
            if value is not None and value <= 0:
                yield column, f"found {value}; a ratio ({measure}) is greater than zero"
    for unit, fits, measures in (
        ("ratio", is_ratio, "RR and OR"),
        ("SD", measure == EffectMeasure.SMD, "SMD"),
    ):
        if fits != (row.get("unit") == unit):
            with_what = f"the effect measure {measure!r}" if measure else "no effect measure"
            yield (
                "unit",
                (
                    f"found {row.get('unit')!r} with {with_what}; "
                    f"the unit {unit!r} goes with {measures}, and with nothing else"
                ),
            )


def rule_direction(row: Row) -> Iterator[Fault]:
    """Find directions that the estimate or the significance contradicts."""
    direction, estimate = row.get("direction"), _number(row, "estimate")
    if direction == Direction.NO_SIGNIFICANT_CHANGE and (
        row.get("statistically_significant") == "yes"
    ):
        yield (
            "statistically_significant",
            (
                "found 'yes' with the direction 'no_significant_change'; "
                "give 'no', or the direction the source states"
            ),
        )
    measure = row.get("effect_measure")
    if estimate is None or measure not in set(EffectMeasure):
        return
    null = EffectMeasure(str(measure)).no_difference
    moved = {Direction.INCREASE: estimate > null, Direction.DECREASE: estimate < null}
    if not moved.get(str(direction), True):  # type: ignore[call-overload]
        yield (
            "direction",
            (
                f"found {str(direction)!r}, but the estimate {estimate} "
                f"lies on the other side of {null}"
            ),
        )


def rule_as_printed(row: Row) -> Iterator[Fault]:
    """Find figures whose digits are not in ``as_printed``, each number used once."""
    printed = str(row.get("as_printed") or "")
    if "\N{MINUS SIGN}" in printed:
        yield (
            "as_printed",
            f"found the minus sign '\N{MINUS SIGN}' in {printed!r}; write it as '-', as in -1.54",
        )
        return
    left = Counter(printed_numbers(printed))
    for column in ("estimate", "ci_lower", "ci_upper", "ci_level"):
        value = _number(row, column)
        if value is None:
            continue
        if not left[str(value)]:
            shown = f"as_printed is {printed!r}" if printed else "as_printed is blank"
            yield (
                column,
                (
                    f"found {value}, but {shown}; "
                    "the digits must be those of the source, or the cell blank"
                ),
            )
        left[str(value)] -= 1


def rule_printed_p_value(row: Row) -> Iterator[Fault]:
    """Find p-values that differ from ``as_printed`` in a digit or in ``<``."""
    printed, p_value = str(row.get("as_printed") or ""), str(row.get("p_value") or "")
    # Some sources state a p-value in running text only; then as_printed is blank.
    if not p_value or not printed:
        return
    stated = {f"{sign}{digits}".lstrip("=") for sign, digits in _P_VALUE.findall(printed)}
    if p_value not in stated:
        yield (
            "p_value",
            (
                f"found {p_value!r}, but as_printed is {printed!r}; "
                "the digits and the sign '<' must be those of the source"
            ),
        )


def rule_reported_unit(row: Row) -> Iterator[Fault]:
    """Find a unit given to a figure that does not exist."""
    if row.get("unit") == NOT_REPORTED or row.get("estimate") is not None:
        return
    if not row.get("as_printed"):
        yield "unit", f"found {row.get('unit')!r} without any figure; use {NOT_REPORTED!r}"


def rule_p_value(row: Row) -> Iterator[Fault]:
    """Find p-values that are none: a source that prints zero has rounded it."""
    text = str(row.get("p_value") or "")
    if not text:
        return
    digits = text.removeprefix("<")
    if not _PLAIN_NUMBER.fullmatch(digits) or not 0 < Decimal(digits) <= 1:
        yield "p_value", f"found {text!r}; a p-value is greater than zero and at most 1"


def rule_dispersion(row: Row) -> Iterator[Fault]:
    """Find a spread without its kind, or a kind without a spread."""
    dispersion, kind = _number(row, "dispersion"), row.get("dispersion_type")
    if (dispersion is None) != (kind is None):
        missing = "dispersion" if dispersion is None else "dispersion_type"
        yield missing, "blank although its twin column is given; fill both or none"


def rule_arm_role(row: Row) -> Iterator[Fault]:
    """Find arms whose identifier does not say which arm of the trial they are."""
    arm_id = str(row.get("arm_id") or "")
    if arm_id and not arm_id.endswith(("-k2", "-control")):
        yield "arm_id", f"found {arm_id!r}; it must end in -k2 or -control"


def rule_amount(row: Row) -> Iterator[Fault]:
    """Find a dose or a duration without its unit, a unit without its figure, and zeros."""
    for column in ("dose", "duration"):
        amount, unit = _number(row, column), row.get(f"{column}_unit")
        if (amount is None) != (unit is None):
            missing = column if amount is None else f"{column}_unit"
            yield missing, "blank although its twin column is given; fill both or none"
        if amount == 0:
            yield column, "found 0; leave the cell blank when the source does not state it"


def rule_same_trial(row: Row) -> Iterator[Fault]:
    """Find reports that name themselves as their earlier report."""
    if row.get("same_trial_as") is not None and row.get("same_trial_as") == row.get("source_id"):
        yield "same_trial_as", "names its own row; name the earlier report, or leave it blank"


def rule_context(row: Row) -> Iterator[Fault]:
    """Find a value without its unit, population or source."""
    if row.get("value") in (None, "not found"):
        return
    for column in ("unit", "population", "source_id"):
        if row.get(column) is None:
            yield column, f"blank although the value {row.get('value')!r} is given"


def rule_judgement(row: Row) -> Iterator[Fault]:
    """Find judgements that rest on nothing, and figures in a rationale."""
    if row.get("finding_ids") is None and row.get("source_ids") is None:
        yield (
            "finding_ids",
            "blank, and source_ids too; a judgement rests on at least one finding or source",
        )
    if found := _FIGURE.search(str(row.get("rationale") or "")):
        yield (
            "rationale",
            (
                f"found the figure {found.group()!r}; "
                "figures stand in findings.csv, so name the finding in finding_ids instead"
            ),
        )


def rule_publication_year(row: Row) -> Iterator[Fault]:
    """Find sources that were checked before the year they are said to be published in."""
    year, checked = row.get("year"), row.get("integrity_checked")
    if isinstance(year, int) and isinstance(checked, date) and year > checked.year + 1:
        yield (
            "year",
            f"found {year}, but the source was checked in {checked.year} already; correct one",
        )


RULES: dict[str, tuple[Rule, ...]] = {
    "sources": (rule_publication_year,),
    "outcomes": (),
    "findings": (
        rule_interval,
        rule_effect_measure,
        rule_direction,
        rule_as_printed,
        rule_printed_p_value,
        rule_reported_unit,
        rule_p_value,
    ),
    "trials": (rule_amount, rule_same_trial),
    "trial-arms": (rule_dispersion, rule_arm_role),
    "marker-context": (rule_context,),
    "certainty": (rule_judgement,),
}
"""What the rows of each table are held to, by its name in ``datapackage.json``."""


def _number(row: Row, column: str) -> Decimal | None:
    value = row.get(column)
    return value if isinstance(value, Decimal) and value.is_finite() else None
