"""Which row a typed number may have come from, so that a message can say what to type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher

from evidence_tools.evidence import Evidence
from evidence_tools.phrases import effect_text, number_text, source_name, value_text

_WORDS = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
}
_WORDS |= {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80}
_WORDS |= {"ninety": 90, "dozen": 12}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}


@dataclass(frozen=True, slots=True)
class Place:
    """One number of one row: how it is printed, the role that shows it, what it is about."""

    digits: str
    role: str
    shown: str
    outcome_id: str
    source_id: str


def suggestion(evidence: Evidence, typed: str, outcomes: frozenset[str] = frozenset()) -> str:
    """Say which row holds a typed number, or comes nearest, and what to type instead.

    Parameters
    ----------
    evidence
        Where the row is looked for.
    typed
        The number as typed, in digits or words.
    outcomes
        Outcomes the sentence is about; their rows are preferred.

    Returns
    -------
    str
        Part of a message.
    """
    digits = plain_digits(typed)
    places = tuple(place for place in _places(evidence) if not _chance(place, typed))
    about = [place for place in places if place.outcome_id in outcomes]
    for chosen in (about, places):
        exact = [place for place in chosen if digits and place.digits == digits]
        if exact:
            listed = exact[:2]
            return "; ".join(f"type {place.role} ({place.shown})" for place in listed)
    if digits in ("", "1"):
        return "take the number from a row with {value}`id.field`, or say it without a number"
    nearest = min(about or places, key=lambda place: _distance(place.digits, digits))
    if _distance(nearest.digits, digits)[0] > _FAR:
        return "no row holds it; take the number from a row with {value}`id.field`, or say it without a number"
    return f"no row holds it; nearest: {nearest.role} ({nearest.shown})"


def plain_digits(text: str) -> str:
    """Reduce a number to unsigned digits without grouping: ``"−1,200"`` becomes ``"1200"``."""
    cleaned = "".join(c for c in text if c.isdigit() or c == ".").strip(".")
    if cleaned:
        try:
            return str(Decimal(cleaned)) if cleaned.count(".") < 2 else cleaned
        except InvalidOperation:
            return ""
    total = current = 0
    known = False
    for word in text.lower().replace("-", " ").split():
        if word in _WORDS:
            current += _WORDS[word]
            known = True
        elif word in _SCALES:
            current = max(1, current) * _SCALES[word]
            if word != "hundred":
                total, current = total + current, 0
            known = True
    return str(total + current) if known else ""


_FAR = 0.3
"""How far a row may lie from a typed number, as a share of the larger, to be worth naming."""


def _distance(one: str, other: str) -> tuple[float, float]:
    """Compare by value, then by digits: "two thousand" is nearer to 2570 than to 200."""
    unlike = 1 - SequenceMatcher(None, one, other).ratio()
    try:
        a, b = float(one), float(other)
    except ValueError:
        return unlike, unlike
    return abs(a - b) / max(a, b, 1e-9), unlike


def _chance(place: Place, typed: str) -> bool:
    """Whether a row agrees with a number by chance: a year with a count, a single trial with one."""
    year = place.role.endswith(".year`")
    return (year and re.fullmatch(r"\D*(?:19|20)\d\d\D*", typed) is None) or (
        place.digits == "1" and place.role.endswith("n_studies`")
    )


_CACHE: dict[int, tuple[Evidence, tuple[Place, ...]]] = {}


def _places(evidence: Evidence) -> tuple[Place, ...]:
    kept = _CACHE.get(id(evidence))
    if kept is None or kept[0] is not evidence:
        _CACHE.clear()
        kept = _CACHE[id(evidence)] = (evidence, tuple(_all_places(evidence)))
    return kept[1]


def _all_places(evidence: Evidence) -> Iterator[Place]:
    for finding in evidence.findings():
        shown = f"{effect_text(finding)}, {source_name(evidence.source_of(finding))}"
        role = f"{{finding}}`{finding.finding_id}`"
        p_value = finding.p_value.value if finding.p_value else None
        for number in (finding.estimate, finding.ci_lower, finding.ci_upper, p_value):
            if number is not None:
                yield _place(number, role, shown, finding.outcome_id, finding.source_id)
        for field in ("k_studies", "n_participants"):
            if (count := getattr(finding, field)) is not None:
                key = f"{{value}}`{finding.finding_id}.{field}`"
                yield _place(count, key, field, finding.outcome_id, finding.source_id)
    for source in evidence.sources.values():
        for field in ("n_studies", "n_participants", "year"):
            if (count := getattr(source, field)) is not None:
                key = f"{{value}}`{source.source_id}.{field}`"
                yield _place(count, key, f"{field} of {source.short_name}", "", source.source_id)
    for arm in evidence.arms.values():
        for field in ("n", "mean", "dispersion"):
            if (number := getattr(arm, field)) is not None:
                key = f"{{value}}`{arm.arm_id}.{field}`"
                shown = f"{field} of {arm.arm}, {arm.timepoint}"
                yield _place(number, key, shown, arm.outcome_id, arm.source_id)
    for trial in evidence.trials.values():
        for field in ("dose", "duration", "completed"):
            if (number := getattr(trial, field)) is not None:
                key = f"{{value}}`{trial.source_id}.{field}`"
                unit = getattr(trial, f"{field}_unit", "women")
                name = evidence.sources[trial.source_id].short_name
                yield _place(number, key, f"{field} of {name}, {unit}", "", trial.source_id)
    for name in ("sources", "findings", "outcomes", "arms", "trials"):
        key = f"count.{name}"
        yield Place(plain_digits(value_text(evidence, key)), f"{{value}}`{key}`", key, "", "")


def _place(number: Decimal | int, role: str, shown: str, outcome: str, source: str) -> Place:
    return Place(plain_digits(number_text(number)), role, shown, outcome, source)
