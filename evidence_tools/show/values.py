"""Values that sentences are filled with: numbers, names and lists, computed from the rows.

A slot such as ``{central.n_studies}`` names a row and a column, or a set of rows and what to
say of it. The same keys serve the ``{value}`` role of the book and the sentences in
``plain.csv`` and ``limitations.csv``, so that an author changes wording without Python.

A key is ``identifier.column`` of any row, or an identifier alone for its linked name. A set of
rows, such as ``central_markers_rose`` or ``advice_children``, is followed by one of ``FACETS`` or
by a column of its first row. ``central`` is the central source, ``largest`` the largest trial on
events, ``soonest`` the earliest significant change of a marker, ``sources.count`` how many sources
there are, and ``subject``, ``population`` and ``comparison`` are words of the topic.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from evidence_tools.evidence.frames import split_list
from evidence_tools.evidence.judgements import read_times, turned_results
from evidence_tools.evidence.model import Evidence, Row, Selection, loaded, pick
from evidence_tools.evidence.problems import (
    EvidenceError,
    Problem,
    UnknownKeyError,
    did_you_mean,
    relative_name,
)
from evidence_tools.show import words
from evidence_tools.show.display import Prose, Run, Runs, Text, runs

_ENDINGS = {"rose": "increase", "fell": "decrease", "silent": "silent", "open": "not_conclusive"}
_TOPIC = ("subject", "population", "comparison")
_TABLES = ("sources", "findings", "outcomes", "trials", "arms", "context", "timecourse", "harms",
           "advice")  # fmt: skip


def fill(evidence: Evidence, text: str) -> Runs:
    """Fill the slots of a sentence; a slot with a capital begins its value with one."""
    parts: list[Run] = []
    for index, part in enumerate(re.split(r"\{([^{}]*)\}", text)):
        is_slot = index % 2 == 1
        found = value_runs(evidence, part[:1].lower() + part[1:]) if is_slot else runs(part)
        if is_slot and found and part[:1].isupper():
            found = (replace(found[0], text=words.sentence_case(found[0].text)), *found[1:])
        parts += [replace(run, text=words.tidy_text(run.text)) for run in found]
    return tuple(parts)


def holds(evidence: Evidence, condition: str | None) -> bool:
    """Say whether a condition holds: sets of rows joined by "and", each perhaps after "not"."""
    parts = [part.strip() for part in condition.split(" and ")] if condition else []
    wanted = {part.removeprefix("not "): not part.startswith("not ") for part in parts}
    return all(bool(_rows(evidence, name)) == there for name, there in wanted.items())


def value_runs(evidence: Evidence, key: str) -> Runs:
    """Write what a key names, as the module explains; an unknown key is refused with the known."""
    name, _, facet = key.partition(".")
    if name in _TOPIC:
        word = getattr(evidence.topic, name)
        return runs(word if isinstance(word, str) else word["name"])
    rows, is_set = _rows(evidence, name), name in row_sets(evidence)
    if is_set and facet in FACETS:
        return runs(FACETS[facet](evidence, rows))
    for row in rows:
        if facet in row._fields or (not facet and row._fields[0] in _WRITERS):
            return cell_runs(evidence, row, facet or row._fields[0])
    columns = [*(FACETS if is_set else ()), *(column for row in rows for column in row._fields)]
    fault = f"{name!r} has no {facet!r}{did_you_mean(facet, columns)}; it has"
    fault = fault if facet else f"name what to write of {name!r}"
    raise UnknownKeyError(f"{fault}: {', '.join(dict.fromkeys(columns))}")


def cell_runs(evidence: Evidence, row: Row, column: str, missing: str = "not reported") -> Runs:
    """Write one cell: identifiers as names, numbers with the digits that are printed."""
    value = getattr(row, column)
    if value is None:
        return runs(missing)
    if writer := _WRITERS.get(column):
        return runs(writer(evidence, value))
    if isinstance(value, bool):
        return runs("yes" if value else "no")
    if isinstance(value, str):
        return runs(words.tidy_text(value))
    if hasattr(value, "strftime"):
        return runs(f"{value:%Y-%m-%d}")
    text = words.number_text(getattr(row, f"{column}_printed", value))
    if "finding_id" not in row._fields:
        return runs(text)
    return runs(words.finding_run(evidence.finding(row.finding_id), text))


_WRITERS: Mapping[str, Callable[[Evidence, Any], Text]] = {
    "finding_id": lambda evidence, key: words.finding_run(evidence.finding(key)),
    "source_id": lambda evidence, key: words.source_run(evidence.source(key)),
    "outcome_id": lambda evidence, key: words.outcome_text(evidence.outcome(key)),
    "references": lambda evidence, keys: words.cited_runs(evidence, split_list(keys)),
    "direction": lambda _, value: words.DIRECTIONS[value],
    "design": lambda _, value: words.design_text(value),
    "note": lambda evidence, note: words.note_runs(evidence.rows("sources"), note),
    "integrity": lambda _, value: words.CONCERNS.get(value, "none known"),
    **dict.fromkeys(("unit", "dose_unit"), lambda _, value: words.unit_text(value)),
    "year": lambda _, value: str(value),
    "url": lambda _, value: Run(value.removeprefix("https://"), link=value),
}


def short_text(evidence: Evidence, outcome_id: str) -> str:
    """Write the abbreviation of an outcome, or its name where others share the abbreviation."""
    outcomes = evidence.rows("outcomes")
    short = outcomes[outcome_id].abbreviation
    unique = short and sum(other.abbreviation == short for other in outcomes.values()) == 1
    return str(short if unique else words.lower_first(outcomes[outcome_id].name))


def _rows(evidence: Evidence, name: str) -> Sequence[Row]:
    """Find the rows that a name is about: a set, or the rows with one identifier."""
    sets = row_sets(evidence)
    if name in sets:
        return sets[name]
    rows = [evidence.rows(table)[name] for table in _TABLES if name in evidence.rows(table)]
    if rows:
        return rows
    known = [*_TOPIC, *sets]
    raise UnknownKeyError(
        f"there is no row and no set of rows {name!r}{did_you_mean(name, known)}; beside "
        f"identifiers of rows there are: {', '.join(known[:40])}, ..."
    )


@lru_cache(maxsize=4)
def row_sets(evidence: Evidence) -> dict[str, list[Row]]:
    """Sort rows into sets: primary results that count by role or outcome, and some others."""
    findings, sources = list(evidence.rows("findings").values()), evidence.rows("sources")
    primary = [f for f in findings if f.analysis == "primary" and f.standing == "counted"]
    central = [f for f in primary if f.source_id == evidence.topic.central_source]
    sets: dict[str, list[Row]] = {}
    for role in ("marker", "measurement", "event", "harm"):
        sets[f"{role}s"] = [f for f in primary if f.role == role]
        sets[f"central_{role}s"] = [f for f in central if f.role == role]
    by_outcome = words.grouped(primary, lambda finding: str(finding.outcome_id))
    outcomes = {key: by_outcome.get(key, []) for key in evidence.rows("outcomes")}
    for name, rows in [*sets.items(), *outcomes.items()]:
        moved = words.grouped(rows, lambda f: "silent" if words.is_silent(f) else f.direction)
        for ending, way in _ENDINGS.items():
            sets[f"{name}_{ending}"] = moved.get(way, [])
    compared, turned = evidence.comparisons, turned_results(evidence.findings)
    opposite = set(compared.loc[compared["relation"] == "conflicts", "finding_id"])
    sets["conflicting"] = [f for f in findings if f.finding_id in opposite]
    sets["turned"] = [f for f in primary if f.finding_id in turned]
    trials = sorted({f.source_id for f in sets["events"]} & evidence.rows("trials").keys())
    largest = max(trials, key=lambda key: sources[key].size or 0, default="")
    for name, key in (("central", evidence.topic.central_source), ("largest", largest)):
        sets[name] = [sources[key]] if key else []
    sets["largest_results"] = [f for f in sets["events"] if f.source_id == largest]
    sets["soonest"] = _soonest(evidence, sets["markers"])
    sets["sources"] = list(sources.values())
    sets["trials"] = [row for row in evidence.rows("trials").values() if not row.same_trial_as]
    sets["harm_silence"] = [r for r in evidence.rows("harms").values() if r.as_printed is None]
    quoted = [r for r in evidence.rows("advice").values() if r.as_printed and r.source_id]
    for concern in evidence.topic.groups:
        sets[f"advice_{concern}"] = [row for row in quoted if row.concern == concern]
    return sets


def _soonest(evidence: Evidence, findings: Iterable[Row]) -> list[Row]:
    """Find the earliest significant change, if one of these findings is on it by its source."""
    counted = {(finding.source_id, finding.outcome_id) for finding in findings}
    rows = [r for r in evidence.rows("timecourse").values() if r.statistically_significant == "yes"]
    rows = [r for r in rows if (r.source_id, r.outcome_id) in counted and read_times(r.timepoint)]
    return sorted(rows, key=lambda row: read_times(row.timepoint)[0])[:1]


def sources_runs(evidence: Evidence, rows: Iterable[Row], most: int = 3) -> Runs:
    """Name the sources that rows are from, each once, linked to its finding if it is one."""
    named = [
        words.finding_run(row, words.source_name(row))
        if "finding_id" in row._fields
        else words.source_run(evidence.source(row.source_id))
        for row, *_ in words.grouped(rows, lambda row: row.source_id).values()
    ]
    return words.listed_runs(named, most=most)


def _names(evidence: Evidence, rows: Iterable[Row], name: Callable[[Row], str | None]) -> str:
    """Name the outcomes of rows in some way, or else in full."""
    outcomes = map(evidence.outcome, dict.fromkeys(row.outcome_id for row in rows))
    names = [name(outcome) or words.outcome_text(outcome) for outcome in outcomes]
    return "; ".join(names) if any("," in name for name in names) else words.listed(names)


FACETS: Mapping[str, Callable[[Evidence, Sequence[Row]], Text]] = {
    "count": lambda _, rows: words.count_text(len(rows)),
    "source_count": lambda _, rows: words.count_text(len({row.source_id for row in rows})),
    "sources": sources_runs,
    "names": lambda evidence, rows: _names(evidence, rows, words.outcome_text),
    "short": lambda of, rows: _names(of, rows, lambda one: short_text(of, one.outcome_id)),
    "plain": lambda evidence, rows: _names(evidence, rows, lambda outcome: outcome.plain),
    "ways": lambda _, rows: words.listed(dict.fromkeys(map(words.way_text, rows))),
    "ratings": lambda _, rows: words.listed(dict.fromkeys(r.rating or "not rated" for r in rows)),
}
"""What can be said of a set of rows."""

ROLES: Mapping[str, Callable[[Evidence, str], Runs]] = {
    "finding": lambda evidence, key: words.finding_runs(evidence.finding(key)),
    "value": value_runs,
    "source": lambda evidence, key: runs(words.source_run(evidence.source(key))),
    "unknown": lambda evidence, key: runs(evidence.row("statements", key).statement),
}
"""What each role of the book shows of a key; one that names nothing is an `UnknownKeyError`."""


def narrate_plain(selection: Selection, *, as_list: bool = False, title: str = "") -> Prose:
    """Write sentences of ``plain.csv``, each only where its condition holds.

    It takes a beginning of keys: ``"harms"`` takes ``harms``, ``harms.trials`` and so on; or rows.
    Those that share their first two parts make one paragraph. ``title`` puts a box around them.

    >>> print(narrate_plain("soon"))
    Somnin (SOM) changed after 1 month (Fern 2019).
    """
    if isinstance(selection, str):
        known, start = loaded().rows("plain"), f"{selection}."
        selection = [key for key in known if f"{key}.".startswith(start)] or selection
    evidence, rows = pick(selection, "plain")
    paragraphs = []
    for same in words.grouped(rows, lambda row: tuple(row.key.split(".")[:2])).values():
        said = words.joined((_sentence(evidence, row) for row in same), " ")
        paragraphs += [words.concerns_once(evidence, said)] if said else []
    return Prose(tuple(paragraphs), as_list=as_list, title=title)


def check_plain(evidence: Evidence) -> list[Problem]:
    """Find slots and conditions of ``plain.csv`` that name nothing."""
    found: list[Problem] = []
    for row in evidence.rows("plain").values():
        try:
            _sentence(evidence, row)
        except EvidenceError as error:
            found += error.problems
    return found


def _sentence(evidence: Evidence, row: Row) -> Runs:
    """Fill a sentence, or leave it out; a slot that names nothing stops with file and line."""
    column = "when"
    try:
        if not holds(evidence, row.when):
            return ()
        column = "text"
        return fill(evidence, row.text)
    except UnknownKeyError as error:
        # Cells hold no line breaks, so rows are lines; the header is the first.
        line = list(evidence.rows("plain")).index(row.key) + 2
        path = relative_name(evidence.folder / "plain.csv")
        raise EvidenceError([Problem(path, line, column, str(error))]) from None
