"""Rows of the evidence as claims ask for them, and what one row lets anyone say."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain

from evidence_tools.evidence.arithmetic import MOVED
from evidence_tools.evidence.judgements import rests_on
from evidence_tools.evidence.model import Evidence, Row
from evidence_tools.show.words import (
    CONCERNS,
    design_text,
    is_silent,
    join_known,
    lower_first,
    reports_text,
    with_details,
)

_PLAIN = re.compile(r"\d(?:[\d.,]*\d)?")
# Commits and days name a version, and count nothing.
_STAMP = re.compile(r"\b(?:[0-9a-f]{10,40}|\d{4}-\d\d-\d\d)\b")
DIRECTIONS = {"up": "increase", "down": "decrease"}
_WIDE = ("any site", "not stated", "taken together")
_LACKING = "(?<!no )(?<!not )(?<!without )(?<!selected for )"
_MONTHS = {"year": 12, "mont": 1, "week": 12 / 52}
_TEXTS = (
    "design population population_group intervention form note comparator given_to_all country "
    "other_arm blinding as_printed analysis timepoint direction"
)


class Rows:
    """Rows of the evidence as claims ask for them, with what was looked up once."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence, self.central = evidence, evidence.topic.central_source
        self.findings, self.sources = evidence.rows("findings"), evidence.rows("sources")
        self.outcomes, self.trials = evidence.rows("outcomes"), evidence.rows("trials")
        self.ratings = evidence.rows("ratings")
        self.rated = {keys[0] for keys in rests_on(evidence.certainty).values()}
        self.forms = evidence.topic.counts.get("forms", {row.form for row in self.sources.values()})
        statements = evidence.rows("statements").values()
        self.statements = {(row.source_id or "", row.slot): row for row in statements}
        self._own: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for table in ("sources", "trials", "findings", "arms", "harms", "advice"):
            for row in evidence.rows(table).values():
                self._own[row.source_id][table].append(row)

    def of(self, source: str, outcome: str = "") -> list[Row]:
        """List results of a source on an outcome; on any of its kind when it means them all."""
        rows = self._own[source]["findings"]
        exact = [row for row in rows if outcome in ("", row.outcome_id)]
        return exact or [row for row in rows if self.same(row, outcome)]

    def same(self, row: Row, outcome: str) -> bool:
        """Whether a row is about an outcome, or one of a kind that was named."""
        named = self.outcomes.get(outcome)
        if named is None:
            return bool(row.kind == outcome.removeprefix("kind:"))
        wide = any(word in named.name.lower() for word in _WIDE)
        return bool(row.outcome_id == outcome or (wide and row.kind == named.kind))

    @cache  # noqa: B019 - rows live as long as a check
    def about(self, outcome: str) -> list[Row]:
        """List results on an outcome, of the central source, or that count, if any.

        What its certainty rests on is the first, other main results are the next.
        """
        known = (r for r in self.findings.values() if r.standing in ("counted", "context"))
        found = [row for row in known if self.same(row, outcome)]
        found = [row for row in found if row.standing == "counted"] or found
        found = [row for row in found if row.source_id == self.central] or found
        found.sort(key=lambda row: row.analysis != "primary")
        return sorted(found, key=lambda row: row.finding_id not in self.rated)

    @cache  # noqa: B019
    def text(self, source: str, findings: tuple[str, ...] = ()) -> str:
        """Collect what the tables say on a source and its findings, and what it counts."""
        own, (row,) = self._own[source], self._own[source]["sources"]
        results = [r for r in own["findings"] if r.finding_id in findings or not findings]
        rows = [row, *own["trials"], *results, *own["harms"], *own["advice"]]
        parts = [getattr(r, name, None) for r in rows for name in _TEXTS.split()]
        parts += [f"{n} n_studies" for n in (row.n_studies, *(r.k_studies for r in results))]
        parts.append(f"{row.n_participants} n_participants")
        times = [r.timepoint for r in results]
        if not (findings and all(times)):  # a result without a time may be of the end of its trial
            times += [f"{trial.duration or 0} {trial.duration_unit}" for trial in own["trials"]]
        for number, unit in (time.split() for time in times if time and time[0].isdigit()):
            months = float(number) * _MONTHS.get(unit[:4], 0)
            parts += [f"{months / length:.2g} {name}" for name, length in _MONTHS.items()]
        return " ".join(str(part) for part in parts if part).lower().replace("mcg", "ug")

    def says(self, source: str, words: str, *findings: str) -> bool:
        """Whether the tables say words of a source or its findings, and not that it lacks them."""
        said = "|".join(map(re.escape, words.split("|")))
        # A unit such as "beats/min" says nothing.
        pattern = rf"{_LACKING}\b(?:{said})(?!\w*/)"
        return bool(re.search(pattern, self.text(source, findings)))

    @cache  # noqa: B019
    def figures(self, source: str) -> set[str]:
        """Collect the numbers that the rows of a source hold, those of its arms too."""
        return digits([self.text(source), *map(str, chain(*self._own[source].values()))])

    def results(self, sources: Iterable[str], outcomes: Sequence[str]) -> list[Row]:
        """List results of each of some sources on each of some outcomes; without, the main ones."""
        if not sources:
            return [row for name in outcomes for row in self.about(name)]
        return [row for key in sources for name in outcomes for row in self.of(key, name)]

    def say(self, key: str, *, roles: bool = True) -> str:
        """Write what one row lets anyone say, with roles as an author types it, or without."""
        statements = self.evidence.rows("statements")
        row = self.findings.get(key) or self.sources.get(key) or statements[key]
        if not row.source_id:  # a statement on what was done for the report
            return str(row.statement)
        source = self.sources[row.source_id]
        name = f"{{source}}`{row.source_id}`" if roles else source.short_name
        if key in statements:
            return f"{name}: {lower_first(row.statement)}"
        if key in self.sources:
            blinding = getattr(self.trials.get(key), "blinding", "")
            known = [CONCERNS.get(row.integrity), design_text(row.design), blinding]
            return f"{name}: {join_known(*known, row.population, row.intervention)}"
        form = source.intervention if row.form == source.form else row.form
        # "Against nothing" beside a harm would read as none of it.
        alone = row.role == "harm" or str(row.contrast).endswith(("an arm", "all arms"))
        trial = None if alone else self.trials.get(row.source_id)
        details = join_known(
            row.analysis if row.analysis != "primary" else "",
            "" if row.form in self.forms else form,
            "within one arm" if row.contrast == "within an arm" else "",
            f"against {trial.comparator}" if trial and not trial.other_arm else "",
            row.timepoint,
            mark=", ",
        )
        rating, figure = self.ratings.get(row.outcome_id), row.as_printed or "no figure printed"
        figure += f" (certainty: {rating.rating})" if rating else ""
        plain = row._replace(source=name, integrity="", abbreviation=None)
        said = with_details(reports_text(plain), details)
        if row.role == "harm" and row.direction not in MOVED:
            # No change in what a trial saw is not that there is none.
            said = with_details(f"{name} reports on {lower_first(row.outcome)}", details)
        return f"{said}: {{finding}}`{key}`" if roles else f"{said}: {figure}"


def fits(direction: str, row: Row, *, significant: bool = False) -> bool:
    """Whether a row holds a direction as it was claimed."""
    if direction in ("nonsignificant", "same"):
        return is_silent(row)
    moved = row.direction in ([DIRECTIONS[direction]] if direction in DIRECTIONS else MOVED)
    sure = not significant or row.statistically_significant == "yes"
    return bool(moved and sure and not is_silent(row))


def digits(texts: Iterable[str]) -> set[str]:
    """Collect the numbers of finished texts as plain digits: ``2,570`` and ``2570`` are the same.

    >>> sorted(digits(["2,570 women (1.86, 3.1)", "on 2026-01-31"]))
    ['1.86', '2570', '3.1']
    """
    found: set[str] = set()
    for text in texts:
        for token in _PLAIN.findall(_STAMP.sub(" ", text)):
            grouped = re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", token)
            found.update([token.replace(",", "")] if grouped else token.split(","))
    return found
