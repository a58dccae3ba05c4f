"""The evidence: everything that is known to the report, as frames that an author selects from."""

import difflib
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partialmethod
from pathlib import Path
from typing import Any

import pandas as pd

from evidence_tools.evidence import judgements
from evidence_tools.evidence.arithmetic import check_arithmetic
from evidence_tools.evidence.dictionary import PACKAGE_FILE
from evidence_tools.evidence.frames import LoadedTable, read_tables, rows_where, split_list
from evidence_tools.evidence.problems import (
    EvidenceError,
    Problem,
    UnknownKeyError,
    did_you_mean,
    relative_name,
    shorten,
)
from evidence_tools.evidence.rules import check_rows
from evidence_tools.evidence.topic import Topic, read_topic

Row = Any
"""One row as an object: an attribute for each column, ``None`` for what is not reported."""

Selection = pd.DataFrame | Sequence[str] | str
"""Rows that a function is asked to show: a frame of them, or their identifiers."""

ORIGIN = "evidence"
"""Attribute of each frame that says which evidence its rows are from."""

_NAMES = {"outcomes": ("name", "abbreviation", "synonyms"), "sources": ("short_name",)}


class Evidence:
    """Everything that is known to the report.

    Each table is an attribute that gives a fresh pandas frame, indexed by identifier: change it
    as you like, nobody else sees it. Missing is ``<NA>``; beside a number column ``x`` there is
    the text ``x_printed`` with its digits as printed. ``datapackage.json`` describes the columns.

    Attributes
    ----------
    findings
        One row per result, with outcome, kind, source, year, integrity, certainty and comparator
        joined in, and ``standing``: whether it counts.
    sources, outcomes, kinds, trials, arms, context, timecourse, harms, advice, conclusions, \
    statements, limitations
        The other tables, outcomes with their certainty joined in, sources with the ``size`` of
        their trials; ``certainty`` itself has a row for each outcome and domain.
    ratings, comparisons, arithmetic, misfits
        What follows from rows: the certainty of each rated outcome, how results relate to those of
        the central source (:func:`judgements.compare`), whether printed figures fit together
        (:func:`arithmetic.check_arithmetic`), and judgements that rows contradict.
    topic, folder, described
        What the report is about, the data folder it was read from, and what that says on tables.
    """

    def __init__(
        self, folder: Path, frames: dict[str, pd.DataFrame], topic: Topic, described: dict[str, Any]
    ) -> None:
        self.folder, self.topic, self.described = folder, topic, described
        self._frames = frames
        self._rows: dict[str, dict[str, Row]] = {}

    def __getattr__(self, name: str) -> pd.DataFrame:
        frames: dict[str, pd.DataFrame] = self.__dict__.get("_frames", {})
        if name in frames:
            return frames[name].copy()
        raise AttributeError(f"the evidence has no {name!r}; it has {', '.join(frames)}")

    def __dir__(self) -> list[str]:
        return [*{*super().__dir__(), *self._frames}]

    def __repr__(self) -> str:
        sizes = [f"{name} {len(frame)}" for name, frame in self._frames.items()]
        first = next(iter(self._frames["findings"].index))
        return f"""Evidence of {relative_name(self.folder)}: {self.topic.title}
Frames (rows): {", ".join(sizes[:7])},
    {", ".join(sizes[7:])}
Filter with pandas: rows = evidence.findings.query("outcome_id == '...'")
or look up by any name: evidence.select(outcome="...", source="...", kind="...")
Show: marker_plot(rows), forest_plot(rows), findings_table(rows)
Say: narrate_agreement(rows), narrate_limitations(rows)
One row: evidence.finding({first!r}); its columns: evidence.findings.columns"""

    def rows(self, table: str) -> dict[str, Row]:
        """Give the rows of a table, such as ``"sources"``, as objects by identifier."""
        if table not in self._rows:
            frame = self.__getattr__(table)
            self._rows[table] = dict(zip(frame.index, as_rows(frame), strict=True))
        return self._rows[table]

    def row(self, table: str, name: str) -> Row:
        """Get one row of any table by its identifier, or by another name it is known by.

        Sources have short names too, outcomes names, abbreviations and synonyms.
        ``UnknownKeyError`` if there is no such row, or several; it names the nearest ones.
        ``evidence.finding(name)``, ``source`` and ``outcome`` do the same for their tables.
        """
        keys = self._keys(table, name)
        if len(keys) > 1:
            raise UnknownKeyError(f"{name!r} names several {table}; give one of {', '.join(keys)}")
        return self.rows(table)[keys[0]]

    finding = partialmethod(row, "findings")
    source = partialmethod(row, "sources")
    outcome = partialmethod(row, "outcomes")

    def select(self, **names: str | Iterable[str]) -> pd.DataFrame:
        """Select findings by names of a ``source``, ``outcome`` and ``kind``; all must match.

        Each is one name or several, as in :meth:`row`. An unknown name raises
        ``UnknownKeyError``: a typing error must not look like missing evidence.
        """
        found = self.findings
        columns = {"source": "source_id", "outcome": "outcome_id", "kind": "kind"}
        for what, wanted in names.items():
            if what not in columns:
                raise TypeError(f"found {what!r}; allowed: {', '.join(columns)}")
            keys = [key for name in _listed(wanted) for key in self._keys(f"{what}s", name)]
            found = found[found[columns[what]].isin(keys)]
        return found

    def missing_rows(self) -> Iterator[tuple[str, str]]:
        """List what rows leave open, as ``(table, sentence)``: an author may still add it."""
        sources, trials, found = self.sources, self.trials, self.findings
        for key in sources.index[(sources["design"] == "rct") & ~sources.index.isin(trials.index)]:
            yield "trials", f"{key!r} has no row in trials.csv: dose, duration, comparator"
        for key in sources.index[sources.duplicated(["title", "authors", "year"])]:
            yield "sources", f"{key!r} has title, authors and year of another one; is it the same?"
        silent = sources[~sources.index.isin(found["source_id"])]
        for key in silent.index[silent["design"].isin(["rct", "meta_analysis"])]:
            yield "findings", f"{key!r} has no finding; add one, also when nothing changed"
        central = found.loc[found["source_id"] == self.topic.central_source, "outcome_id"].unique()
        for key in central[~pd.Index(central).isin(self.ratings.index)]:
            yield "certainty", f"the outcome {key!r} has no ratings in certainty.csv"

    @cached_property
    def _names(self) -> dict[str, dict[str, list[str]]]:
        """By table, every other name somebody may use to the identifiers it means."""
        named: dict[str, dict[Any, list[str]]] = {}
        for table, columns in _NAMES.items():
            names = self._frames[table][[*columns]].map(split_list).sum(axis=1).explode().dropna()
            keys = names.index.to_series().groupby(names.str.casefold())
            named[table] = keys.agg(lambda found: [*dict.fromkeys(found)]).to_dict()
        return named

    def _keys(self, table: str, name: str) -> list[str]:
        """Find the identifiers that a name means, or refuse it with the nearest names."""
        if not isinstance(name, str):
            raise TypeError(f"found {type(name).__name__}; give a name or identifier as text")
        rows, folded = self.rows(table), name.casefold()
        if name in rows:
            return [name]
        known = self._names.get(table, {}) | {key.casefold(): [key] for key in rows}
        if folded in known:
            return known[folded]
        nearest = difflib.get_close_matches(folded[:200], known, n=4, cutoff=0.5)
        listed = [*dict.fromkeys(key for near in nearest for key in known[near])] or [*rows]
        words = f"{'nearest' if nearest else 'there are'}: {', '.join(listed[:8])}"
        more = ", ..." if len(listed) > 8 else ""
        raise UnknownKeyError(f"there is no {name!r} in {table}; {words}{more}")


def as_rows(frame: pd.DataFrame) -> list[Row]:
    """Turn any frame into rows as objects; a named index becomes an attribute too."""
    flat: Any = frame.reset_index() if frame.index.name else frame
    plain = pd.DataFrame(flat.to_numpy(object, na_value=None), columns=flat.columns, dtype=object)
    return list(plain.itertuples(index=False, name="Row"))


def pick(selection: Selection, table: str = "findings") -> tuple[Evidence, list[Row]]:
    """Find the rows of the evidence that a frame or a list of identifiers names, in its order.

    Every chart, table and narration calls this. A frame is made from ``evidence.findings`` (or
    another ``table``) with pandas: filtered, sorted, concatenated, joined; a row that comes twice
    is shown once. What is no selection, is empty, lacks identifiers, names rows that do not exist
    or holds other values than the tables raises ``TypeError``, ``ValueError`` or
    ``UnknownKeyError``, and the message says what to do.
    """
    if not isinstance(table, str):
        raise TypeError("rows come first, then the name of their table, such as 'trials'")
    chosen = selection if isinstance(selection, pd.DataFrame) else pd.DataFrame()
    evidence = loaded(chosen.attrs.get(ORIGIN))
    frame = evidence.__getattr__(table)  # its own methods are no tables
    ids = _identifiers(selection, str(frame.index.name), table)
    if not ids:
        raise ValueError(f"there are no rows in it; check the filter against evidence.{table}")
    rows = [evidence.row(table, identifier) for identifier in dict.fromkeys(ids)]
    for column in chosen.columns.intersection(frame.columns):
        if isinstance(shown := chosen[column], pd.DataFrame):
            raise ValueError(f"the frame has the column {column!r} twice; keep one, or put frames "
                             "below each other: pd.concat([...])")  # fmt: skip
        own = frame.loc[ids, column]
        if [*shown.astype(object).fillna("")] != [*own.astype(object).fillna("")]:
            found = f"found rows by {chosen.index.name or chosen.columns[0]!r} whose {column!r}"
            raise ValueError(f"{found} is not that of evidence.{table}; pass its rows as they are: "
                             "every value shown comes from the tables; change it there, or give "
                             "your own column another name")  # fmt: skip
    return evidence, rows


def _identifiers(selection: object, key: str, table: str) -> list[str]:
    use = f'; pass a frame such as evidence.{table}, or identifiers such as ["..."]'
    if isinstance(selection, pd.DataFrame):
        if key in selection.columns or selection.index.name == key:
            return [str(value) for value in selection.reset_index()[key]]
        raise ValueError(
            f"the frame has no {key}, neither as index nor as column, so its rows are not known"
            f"{use}; after merge or groupby keep {key}: evidence.{table}.reset_index().merge(...)"
        )
    if isinstance(selection, pd.Series) and selection.name != key:
        one = f'for one row write two brackets: evidence.{table}.loc[["..."]]'
        raise TypeError(f"found one column or row of a frame{use}; {one}")
    named = _listed(selection)
    if any(not isinstance(one, str) for one in named):
        raise TypeError(f"found {type(selection).__name__}{use}")
    return named


def _listed(names: Any) -> list[Any]:
    return [names] if isinstance(names, str) or not isinstance(names, Iterable) else [*names]


def load_evidence(path: str | Path | None = None) -> Evidence:
    """Read and check the evidence tables.

    Parameters
    ----------
    path
        The folder with ``datapackage.json``, ``topic.yml`` and the tables. Without it, the
        nearest folder ``data`` in the working folder or above is taken.

    Returns
    -------
    Evidence
        The same object while the files stay the same.

    Raises
    ------
    EvidenceError
        If any file is missing or unreadable, or a row breaks a rule. It lists every problem with
        file, line, column, the value found and what is allowed; rules say nothing about a row
        that has a damaged cell.
    """
    near = [folder / "data" for folder in (Path.cwd(), *Path.cwd().parents)]
    nearest = next((folder for folder in near if (folder / PACKAGE_FILE).is_file()), near[0])
    folder = nearest if path is None else Path(path)
    origin = _content(folder)
    # The last one is the one in use.
    LOADED[origin] = LOADED.pop(origin) if origin in LOADED else _load(folder, origin)
    while len(LOADED) > 4:
        del LOADED[next(iter(LOADED))]
    return LOADED[origin]


# By the content of its folder: a kernel that is forked from a process which has read the tables
# finds them here.
LOADED: dict[str, Evidence] = {}


def loaded(origin: object = None) -> Evidence:
    """Get the evidence that a frame is from, or else the one that was loaded last."""
    if not LOADED:
        raise ValueError("no evidence is loaded yet; call evidence = load_evidence() first")
    return LOADED.get(str(origin)) or LOADED[next(reversed(LOADED))]


def _content(folder: Path) -> str:
    digest = hashlib.sha256(str(folder.resolve()).encode())
    for path in sorted(folder.glob("*")):
        # What cannot be read is reported when it is read.
        if path.is_file() and os.access(path, os.R_OK):
            digest.update(f"\0{path.name}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _load(folder: Path, origin: str) -> Evidence:
    if not folder.is_dir():
        message = f"there is no folder {str(folder)!r}; run this in the folder of a report"
        raise EvidenceError([Problem(relative_name(folder), 0, "", message)])
    tables, problems = read_tables(folder)
    topic, faults = read_topic(folder, tables)
    problems += [*faults, *check_rows(tables)]
    if problems or topic is None:
        raise EvidenceError(problems)
    frames = {name: table.keyed for name, table in tables.items()}
    frames["ratings"] = rated = judgements.rate(frames["certainty"])
    frames["outcomes"] = frames["outcomes"].join(rated)
    sources, trials = frames["sources"], frames["trials"]
    # Some trials state the participants of their arms only.
    of_arms = trials["n_randomised"].fillna(trials["n_intervention"] + trials["n_comparator"])
    frames["sources"] = sources.assign(size=sources["n_participants"].fillna(of_arms))
    frames["findings"] = findings = _join(frames, topic)
    frames["comparisons"] = judgements.compare(findings, frames["outcomes"], topic.central_source)
    frames["arithmetic"] = check_arithmetic(findings)
    computed = findings.join(frames["arithmetic"]["excludes_null"])
    frames["misfits"] = judgements.find_misfits(frames["certainty"], computed)
    if problems := list(_wrong_conditions(tables["limitations"], findings)):
        raise EvidenceError(problems)
    for frame in frames.values():
        frame.attrs[ORIGIN] = origin
    # What reads cells is done with; the rest may go to other processes.
    described = {name: replace(table.description, readers={}) for name, table in tables.items()}
    return Evidence(folder, frames, topic, described)


def _wrong_conditions(limitations: LoadedTable, findings: pd.DataFrame) -> Iterator[Problem]:
    for number, condition in enumerate(limitations.frame["rule"]):
        try:
            rows_where(findings, condition)
        except Exception as error:
            found = f"found {shorten(condition)}, which cannot be asked of findings: {error}"
            remedy = f"write it like estimate.isna(){did_you_mean(condition, findings.columns)}"
            yield limitations.problem(number, "rule", f"{found}; {remedy}")


def _join(frames: Mapping[str, pd.DataFrame], topic: Topic) -> pd.DataFrame:
    """Join to each finding its outcome, source and certainty, and how it takes part."""
    sources, trials, least = frames["sources"], frames["trials"], topic.short_follow_up
    outcome = frames["outcomes"].join(frames["kinds"]["role"], on="kind")
    outcome = outcome[["name", "abbreviation", "kind", "surrogate", "certainty", "rating", "role"]]
    source = sources[["short_name", "year", "design", "evidence_level", "integrity"]]
    found = frames["findings"].join(outcome, on="outcome_id").join(source, on="source_id")
    found = found.rename(columns={"name": "outcome", "short_name": "source"})
    for column in ("form", "population_group", "read_at"):
        found[column] = found[column].fillna(found["source_id"].map(sources[column]))
    found["comparator"] = found["source_id"].map(trials["comparator"])
    found["standing"] = judgements.standing_of(found, topic)
    # What limits a result depends on the other results and on its trial.
    found["conflict"] = found["outcome_id"].isin(judgements.conflicting_outcomes(found))
    durations = (trials["duration_printed"] + " " + trials["duration_unit"]).dropna()
    months = durations.map(lambda text: judgements.read_times(text)[0])
    limit = judgements.read_times(f"{least['duration']} {least['unit']}")[0] if least else 0.0
    found["short"] = found["source_id"].map(months.astype("Float64") < limit)
    groups = topic.counts.get("population_groups", [])
    found["other_people"] = found["population_group"] != groups[0] if groups else False
    return found.astype({"short": "boolean", "other_people": "boolean", "conflict": "boolean"})
