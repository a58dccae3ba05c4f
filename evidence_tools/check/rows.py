"""Rows of the evidence as claims ask for them, and what one row lets anyone say."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain

from evidence_tools.evidence.arithmetic import MOVED
from evidence_tools.evidence.model import Evidence, Row
from evidence_tools.show.words import CONCERNS, design_text, is_silent, lower_first, way_text

NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")
DIRECTIONS = {"up": "increase", "down": "decrease"}
_WIDE = ("any site", "not stated", "taken together")
_UNSTATED = re.compile(r"[,(] ?[^,;()]*\bnot stated\b[^,;()]*\)?")
_MONTHS = {"year": 12, "mont": 1, "week": 12 / 52}
_TEXTS = (
    "design intervention form note comparator given_to_all country "
    "other_arm blinding as_printed analysis direction"
)


class Rows:
    """Rows of the evidence as claims ask for them, with what was looked up once."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence, self.central = evidence, evidence.topic.central_source
        self.findings, self.sources = evidence.rows("findings"), evidence.rows("sources")
        self.outcomes, self.trials = evidence.rows("outcomes"), evidence.rows("trials")
        self.ratings = evidence.rows("ratings")
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
        """List primary results on an outcome, the central source first, those that count next."""
        found = (r for r in self.findings.values() if self.same(r, outcome))
        known = ("counted", "context")
        rows = [r for r in found if r.analysis == "primary" and r.standing in known]
        return sorted(rows, key=lambda r: (r.source_id != self.central, r.standing != "counted"))

    @cache  # noqa: B019
    def text(self, source: str, findings: tuple[str, ...] = ()) -> str:
        """Collect what the tables say on a source and its findings, and what it counts."""
        own, (row,) = self._own[source], self._own[source]["sources"]
        results = [r for r in own["findings"] if r.finding_id in findings or not findings]
        rows = [row, *own["trials"], *results, *own["harms"], *own["advice"]]
        parts = [str(getattr(r, name, None) or "") for r in rows for name in _TEXTS.split()]
        groups = {r.population_group for r in results} - {row.population_group}
        if not (findings and groups):  # a result has its own people, or those of its source
            groups |= {row.population, row.population_group}
        parts += [_UNSTATED.sub("", group) for group in groups if group]
        studies = {r.k_studies for r in results} if findings else {row.n_studies}
        counted = [(row.n_participants, "n_participants"), *((n, "n_studies") for n in studies)]
        times = [r.timepoint or "" for r in results]
        lasted = not findings or "" in times  # such a result may be of the end of its trial
        for trial in own["trials"]:
            times += [f"{trial.duration or 0} {trial.duration_unit}"] if lasted else []
            counted.append((trial.dose, (trial.dose_unit or "")[:2]))
            for part in ("randomised", "intervention", "comparator", "completed"):
                counted.append((getattr(trial, f"n_{part}"), "n_participants"))
        for number, unit in (time.split() for time in times if time[:1].isdigit()):
            months = float(number) * _MONTHS.get(unit[:4], 0)
            counted += [(round(months / length, 1), unit) for unit, length in _MONTHS.items()]
        parts += [f"{number:g} {unit}" for number, unit in counted if number]
        return " ".join(filter(None, parts)).lower().replace("mcg", "ug")

    @cache  # noqa: B019
    def figures(self, source: str) -> set[str]:
        """Collect the numbers that the rows of a source hold, those of its arms too."""
        cells = " ".join(map(str, chain(*self._own[source].values())))
        return set(NUMBER.findall(f"{self.text(source)} {cells}".replace(",", "")))

    def direction(self, outcome: str) -> str:
        """Give the one direction of the central source, or of all that counts; else nothing."""
        rows = [r for r in self.about(outcome) if r.standing == "counted"]
        rows = [r for r in rows if r.source_id == self.central] or rows
        if rows and rows[0].role != "event":
            rows = [r for r in rows if r.statistically_significant == "yes"] or rows
        found = {row.direction for row in rows}
        return str(found.pop()) if len(found) == 1 else ""

    def results(self, sources: Iterable[str], outcomes: Sequence[str]) -> list[Row]:
        """List results of each of some sources on each of some outcomes."""
        return [row for key in sources for name in outcomes for row in self.of(key, name)]

    def nearest(self, outcomes: Sequence[str], sources: Iterable[str]) -> list[str]:
        """List results of sources on outcomes; without sources those that count."""
        rows = self.results(sources, outcomes)
        if not sources:
            rows = [row for name in outcomes for row in self.about(name)]
        return [row.finding_id for row in rows]

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
            return f"{name}: {'; '.join(filter(None, [*known, row.population, row.intervention]))}"
        form = source.intervention if row.form == source.form else row.form
        # "Against nothing" beside a harm would read as none of it.
        alone = row.role == "harm" or str(row.contrast).endswith(("an arm", "all arms"))
        trial = None if alone else self.trials.get(row.source_id)
        details = (
            row.analysis if row.analysis != "primary" else "",
            "" if row.form in self.forms else form,
            "within one arm" if row.contrast == "within an arm" else "",
            f"against {trial.comparator}" if trial and not trial.other_arm else "",
            row.timepoint,
        )
        said = ", ".join(filter(None, details))
        about = f"{lower_first(row.outcome)}{f' ({said})' if said else ''}"
        way = re.sub("(,.*)", r"\1,", way_text(row))  # what begins with a comma ends with one
        way += " in" if row.direction in MOVED or is_silent(row) else " for"
        if row.role == "harm" and row.direction not in MOVED:
            way = "on"  # no change in what a trial saw is not that there is none
        rating, figure = self.ratings.get(row.outcome_id), row.as_printed or "no figure printed"
        figure += f" (certainty: {rating.rating})" if rating else ""
        figure = f"{{finding}}`{key}`" if roles else figure
        return f"{name} reports {way} {about}: {figure}"


def fits(direction: str, row: Row, *, significant: bool = False) -> bool:
    """Whether a row holds a direction as it was claimed."""
    if direction in ("nonsignificant", "same"):
        return is_silent(row)
    moved = row.direction in ([DIRECTIONS[direction]] if direction in DIRECTIONS else MOVED)
    sure = not significant or row.statistically_significant == "yes"
    return bool(moved and sure and not is_silent(row))
