"""Rows of the evidence as claims ask for them: by source and outcome, and what they let one say."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache, cached_property

from evidence_tools.evidence.arithmetic import MOVED
from evidence_tools.evidence.model import Evidence, Row
from evidence_tools.show.words import is_silent, lower_first, way_text

DIRECTIONS = {"up": "increase", "down": "decrease"}
_WIDE = ("any site", "not stated", "taken together")
_SOURCE = "population population_group design intervention form note"
_TRIAL = "comparator given_to_all country form other_arm blinding as_printed"
_FINDING = "analysis note as_printed timepoint form population_group"
_MONTHS = {"years": 12, "months": 1, "weeks": 12 / 52}
_AGAINST = "comparator other_arm comparator_kind"


class Rows:
    """The tables, with what was looked up once."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence, self.central = evidence, evidence.topic.central_source
        self.findings, self.sources = evidence.rows("findings"), evidence.rows("sources")
        self.outcomes, self.trials = evidence.rows("outcomes"), evidence.rows("trials")
        self.ratings, self.kinds = evidence.rows("ratings"), evidence.rows("kinds")
        self._by_source: dict[str, list[Row]] = defaultdict(list)
        for row in self.findings.values():
            self._by_source[row.source_id].append(row)

    def of(self, source: str, outcome: str = "") -> list[Row]:
        """List results of a source on an outcome; on any of its kind when it means them all."""
        rows = self._by_source[source]
        exact = [row for row in rows if outcome in ("", row.outcome_id)]
        return exact or [row for row in rows if self.same(row, outcome)]

    def same(self, row: Row, outcome: str) -> bool:
        """Whether a row is about an outcome, or one of a kind that was named."""
        named = self.outcomes.get(outcome)
        wide = named is None or any(word in named.name.lower() for word in _WIDE)
        return bool(row.outcome_id == outcome or (wide and row.kind == self.kind(outcome)))

    @cache  # noqa: B019 - rows live as long as a check
    def about(self, outcome: str) -> list[Row]:
        """List primary results on an outcome, the central source first, those that count next."""
        known = ("counted", "context")
        found = (r for r in self.findings.values() if self.same(r, outcome))
        rows = [r for r in found if r.analysis == "primary" and r.standing in known]
        return sorted(rows, key=lambda r: (r.source_id != self.central, r.standing != "counted"))

    def kind(self, outcome: str) -> str:
        """Name the kind of an outcome."""
        return outcome.partition("kind:")[2] or str(self.outcomes[outcome].kind)

    @cache  # noqa: B019
    def text(self, source: str, findings: tuple[str, ...] = (), against: bool = False) -> str:
        """Collect what the tables say on a source and its findings, or on what it was against."""
        row, trial = self.sources[source], self.trials.get(source)
        if against and trial:
            return _join(trial, _AGAINST)
        own = [r for r in self.of(source) if r.finding_id in findings or not findings]
        told = [r for table in ("harms", "advice") for r in self.evidence.rows(table).values()]
        parts = [_join(row, _SOURCE), _join(trial, _TRIAL), *(_join(r, _FINDING) for r in own)]
        parts += [_join(r, "as_printed") for r in told if r.source_id == source]
        counts = {r.k_studies for r in own} if findings else {row.n_studies}
        counted = [(n, "n_studies") for n in counts]
        counted += [
            (n, "n_participants") for n in (row.n_participants, trial and trial.n_randomised)
        ]
        if trial and (months := (trial.duration or 0) * _MONTHS.get(trial.duration_unit, 0)):
            counted += [(round(months / length, 1), unit[:4]) for unit, length in _MONTHS.items()]
        parts += [f"{number:g} {unit}" for number, unit in counted if number]
        return " ".join(parts)

    def direction(self, outcome: str) -> str:
        """Give the one direction of the central source, or of all that counts; else nothing."""
        rows = [r for r in self.about(outcome) if r.standing == "counted"]
        rows = [r for r in rows if r.source_id == self.central] or rows
        if rows and rows[0].role != "event":
            rows = [r for r in rows if r.statistically_significant == "yes"] or rows
        found = {row.direction for row in rows}
        return str(found.pop()) if len(found) == 1 else ""

    @cached_property
    def relations(self) -> dict[str, set[str]]:
        """How sources relate to the central one, by outcome."""
        found = self.evidence.comparisons.groupby("outcome_id")["relation"]
        return {str(outcome): set(relations) for outcome, relations in found}

    @cached_property
    def statements(self) -> dict[tuple[str, str], Row]:
        """What is not known, and what was or was not done, by source and slot."""
        rows = self.evidence.rows("statements").values()
        return {(row.source_id or "", row.slot): row for row in rows}

    def example(self, outcomes: Iterable[str], sources: Iterable[str] = ()) -> str:
        """Ask for a sentence on an outcome that a row holds, if there is one."""
        names = sorted(outcomes)
        rows = [row for s in sources for name in names for row in self.of(s, name)]
        rows = rows or [row for name in names for row in self.about(name)]
        return f"Write: {say(rows[0])}" if rows else "No row is about it: leave it out"

    def rated(self, outcomes: Iterable[str]) -> str:
        """Say what the certainty of some outcomes is."""
        known = [key for key in outcomes if key in self.ratings]
        listed = [f"{lower_first(self.outcomes[k].name)}: {self.ratings[k].rating}" for k in known]
        return "; ".join(dict.fromkeys(listed)) or "see the table of ratings"

    @cached_property
    def harm(self) -> str:
        """What one row on harms says."""
        rows = [r for r in self.findings.values() if (r.role, r.standing) == ("harm", "counted")]
        return say(rows[0]) if rows else "it is not known whether it is safe"


def _join(row: Row, columns: str) -> str:
    cells = (getattr(row, column, "") for column in columns.split())
    return " ".join(str(cell).lower() for cell in cells if cell)


def say(row: Row, *, roles: bool = True) -> str:
    """Write what one row lets anyone say, with roles as an author types it, or without."""
    preposition = "in" if row.direction in MOVED or is_silent(row) else "for"
    about = lower_first(row.outcome)
    about += "" if row.analysis == "primary" else f" ({re.split(r'[ :]', row.analysis)[0]})"
    about += " (within one arm)" if row.contrast == "within an arm" else ""
    figure = f"{{finding}}`{row.finding_id}`" if roles else row.as_printed or "no figure printed"
    name = f"{{source}}`{row.source_id}`" if roles else row.source
    return f"{name} reports {way_text(row)} {preposition} {about}: {figure}"


def fits(direction: str, row: Row, *, significant: bool = False) -> bool:
    """Whether a row holds a direction as it was claimed."""
    if direction == "nonsignificant":
        return is_silent(row)
    moved = row.direction in ([DIRECTIONS[direction]] if direction in DIRECTIONS else MOVED)
    sure = not significant or row.statistically_significant == "yes"
    return bool(moved and sure and not is_silent(row))
