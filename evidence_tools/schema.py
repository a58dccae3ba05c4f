"""Columns, vocabularies, value classes and errors of the evidence.

Everything here is standard library only, so that any part of the package can import it.
The words a column may hold are declared once more for people in ``data/datapackage.json``;
a test keeps the two in step.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path


class EffectMeasure(StrEnum):
    """The scale an estimate is on; ``WMD`` is another printed name of ``MD``."""

    MD = "MD"
    WMD = "WMD"
    SMD = "SMD"
    RR = "RR"
    OR = "OR"
    POOLED = "pooled effect size"

    @property
    def is_ratio(self) -> bool:
        """Whether the measure is a ratio, whose value of no difference is 1."""
        return self in (EffectMeasure.RR, EffectMeasure.OR)

    @property
    def no_difference(self) -> Decimal:
        """The value that stands for no difference between the groups."""
        return Decimal(1) if self.is_ratio else Decimal(0)

    @property
    def full_name(self) -> str:
        """The measure in words, for a reader who does not know the abbreviation."""
        return _MEASURE_NAMES[self]


_MEASURE_NAMES = {
    EffectMeasure.MD: "mean difference",
    EffectMeasure.WMD: "weighted mean difference",
    EffectMeasure.SMD: "standardized mean difference",
    EffectMeasure.RR: "risk ratio",
    EffectMeasure.OR: "odds ratio",
    EffectMeasure.POOLED: "pooled effect size, scale not stated",
}


class Direction(StrEnum):
    """Which way an outcome moved, as the source states it."""

    INCREASE = "increase"
    DECREASE = "decrease"
    NO_SIGNIFICANT_CHANGE = "no_significant_change"
    NARRATIVE_BENEFIT = "benefit_reported_narratively"
    NOT_CONCLUSIVE = "not_conclusive"


class Significance(StrEnum):
    """Whether the source calls a result statistically significant."""

    YES = "yes"
    NO = "no"
    NOT_STATED = "not stated"


class Integrity(StrEnum):
    """What is known against relying on a source as it was printed."""

    NONE_KNOWN = "none_known"
    ARITHMETIC_FLAG = "arithmetic_flag"
    INTERNAL_CONTRADICTION = "internal_contradiction"
    ADJUSTED = "adjusted"
    CAUTION_PUBLISHED = "caution_published"
    RETRACTED = "retracted"

    @property
    def label(self) -> str:
        """The status in words, as it stands beside a citation."""
        return _INTEGRITY_LABELS[self]

    @property
    def strikes_out(self) -> bool:
        """Whether figures of such a source are shown struck out, never as evidence."""
        return self in (Integrity.RETRACTED, Integrity.CAUTION_PUBLISHED)


_INTEGRITY_LABELS = {
    Integrity.NONE_KNOWN: "none known",
    Integrity.ARITHMETIC_FLAG: "printed figures do not fit together",
    Integrity.INTERNAL_CONTRADICTION: "contradicts itself",
    Integrity.ADJUSTED: "adjusted later",
    Integrity.CAUTION_PUBLISHED: "caution published",
    Integrity.RETRACTED: "retracted",
}


class OutcomeKind(StrEnum):
    """What sort of thing an outcome is; only fractures and harms are felt by a patient."""

    FORMATION = "bone formation marker"
    RESORPTION = "bone resorption marker"
    VITAMIN_K = "vitamin K status marker"
    TURNOVER = "bone turnover markers"
    DENSITY = "bone density"
    FRACTURE = "fracture"
    HARM = "harm"


@dataclass(frozen=True, slots=True)
class PValue:
    """A p-value as printed: exact (``=``) or an upper bound (``<``)."""

    relation: str
    value: Decimal

    def __str__(self) -> str:
        return f"p {self.relation} {self.value}"


@dataclass(frozen=True, slots=True)
class Source:
    """One publication or page, and how much of it was read."""

    source_id: str
    short_name: str
    design: str
    evidence_level: int
    year: int | None
    authors: tuple[str, ...]
    title: str
    journal: str
    doi: str
    url: str
    n_studies: int | None
    n_participants: int | None
    population: str
    intervention: str
    read_at: str
    integrity: Integrity
    integrity_checked: date
    note: str

    @property
    def link(self) -> str:
        """The address of the source: its DOI, else its own address, else an empty string."""
        return f"https://doi.org/{self.doi}" if self.doi else self.url


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that was measured: a marker, a bone density, a fracture, a harm."""

    outcome_id: str
    name: str
    abbreviation: str
    kind: OutcomeKind
    surrogate: bool
    specimen: str
    reflects: str
    caveat: str
    references: tuple[str, ...]

    @property
    def label(self) -> str:
        """Name with its abbreviation, for axis labels and table rows."""
        return f"{self.name} ({self.abbreviation})" if self.abbreviation else self.name

    @property
    def in_text(self) -> str:
        """The label as it stands inside a sentence."""
        return lower_first(self.label)

    @property
    def short(self) -> str:
        """The abbreviation where there is one, for use after the name has been given."""
        return self.abbreviation or lower_first(self.name)

    @property
    def is_marker(self) -> bool:
        """Whether the outcome is a laboratory marker."""
        return self.kind in (
            OutcomeKind.FORMATION,
            OutcomeKind.RESORPTION,
            OutcomeKind.VITAMIN_K,
            OutcomeKind.TURNOVER,
        )


@dataclass(frozen=True, slots=True)
class Finding:
    """One source x outcome x analysis, with the figure as the source prints it.

    Numbers are :class:`~decimal.Decimal`, so that a printed ``2.00`` stays ``2.00``.
    ``None`` means *not reported*; it is never zero. Ratios are on their natural scale.
    ``ci_level`` is in percent.
    """

    finding_id: str
    source_id: str
    outcome_id: str
    effect_measure: EffectMeasure | None
    estimate: Decimal | None
    ci_lower: Decimal | None
    ci_upper: Decimal | None
    ci_level: Decimal | None
    unit: str
    p_value: PValue | None
    k_studies: int | None
    n_participants: int | None
    direction: Direction
    statistically_significant: Significance
    as_printed: str
    locator: str
    analysis: str
    note: str

    @property
    def unit_reported(self) -> bool:
        """Whether the source states the unit of the estimate."""
        return self.unit != NOT_REPORTED


@dataclass(frozen=True, slots=True)
class Trial:
    """What one trial report says was given, for how long and against what.

    ``dose`` is in ``dose_unit`` a day and ``duration`` in ``duration_unit``, both as stated.
    ``None`` and an empty text mean *not stated*. ``same_trial_as`` names an earlier report of
    the same trial, so that nobody counts its participants twice.
    """

    source_id: str
    same_trial_as: str
    form: str
    dose: Decimal | None
    dose_unit: str
    duration: Decimal | None
    duration_unit: str
    comparator: str
    given_to_all: str
    other_arm: str
    blinding: str
    completed: int | None


@dataclass(frozen=True, slots=True)
class TrialArm:
    """The mean of one outcome in one arm of a trial at one timepoint."""

    arm_id: str
    source_id: str
    outcome_id: str
    arm: str
    n: int | None
    mean: Decimal
    dispersion: Decimal | None
    dispersion_type: str
    unit: str
    timepoint: str
    value_type: str
    read_at: str
    note: str


@dataclass(frozen=True, slots=True)
class MarkerContext:
    """How much a marker varies by itself, or which values are usual, in one population."""

    context_id: str
    outcome_id: str
    quantity: str
    value: str
    unit: str
    population: str
    source_id: str


NOT_REPORTED = "not reported"


ROW_CLASSES: dict[str, type] = {
    "sources": Source,
    "outcomes": Outcome,
    "findings": Finding,
    "trial-arms": TrialArm,
    "marker-context": MarkerContext,
}
"""The class of the rows of each table, by the table's name in ``datapackage.json``."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault in a file, with what an author needs to mend it.

    ``path`` is shown as given; ``line`` counts from 1 (the header of a table is line 1),
    and 0 means the file as a whole. ``column`` is a column name or empty. ``rule`` is the
    identifier of the gate that found it; faults of the tables themselves have none.
    """

    path: str
    line: int
    column: str
    message: str
    rule: str = ""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        rule = f" [{self.rule}]" if self.rule else ""
        column = f" column {self.column!r}:" if self.column else ""
        return f"{place}:{rule}{column} {self.message}"


class EvidenceError(Exception):
    """The evidence cannot be used; carries every problem found, not only the first.

    Parameters
    ----------
    problems
        All faults found, in file and line order.
    """

    place = "the evidence tables"
    """Where the faults are, as the message says it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(problems))
        count = len(self.problems)
        heading = f"{count} problem{'s' if count != 1 else ''} in {self.place}:"
        super().__init__("\n".join([heading, *(f"  {problem}" for problem in self.problems)]))


class UnknownKeyError(KeyError):
    """A key that names no finding, source or field, with the nearest ones that do.

    Parameters
    ----------
    message
        What was asked for, and what is there.
    """

    def __str__(self) -> str:
        return str(self.args[0])


def lower_first(text: str) -> str:
    """Begin a phrase in lower case, as inside a sentence, unless it begins with a symbol.

    Parameters
    ----------
    text
        ``"Osteocalcin (OC)"`` becomes ``"osteocalcin (OC)"``; ``"C-terminal ..."`` stays.

    Returns
    -------
    str
    """
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def relative_name(path: Path) -> str:
    """Show a path from the working folder when it lies below it, else as it is.

    Parameters
    ----------
    path
        Any path; it need not exist.

    Returns
    -------
    str
        The shortest form a reader can open.
    """
    try:
        # Links are not followed: what they lead to has another name.
        return str(Path(os.path.abspath(path)).relative_to(Path.cwd()))  # noqa: PTH100
    except ValueError:
        return str(path)
