"""What each version says, and what changed between two: the evidence, and wording apart from it."""

import json
from collections.abc import Iterator
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from evidence_tools.evidence.model import Evidence, load_evidence
from evidence_tools.evidence.problems import relative_name
from evidence_tools.releases.manifest import ReleaseError, version_key
from evidence_tools.show.display import Prose, Run, runs

EVIDENCE, WORDING, LOOKED_UP = "evidence", "wording", "looked up"
"""Parts of a difference: rows and ratings; texts on them; integrity that was looked up again."""

RATINGS = "ratings"
_COLUMNS = ("part", "table", "key", "name", "kind", "column", "before", "after")
_SHOWN = 6
_TEXT_COLUMNS = {"basis", "caution", "caveat", "colour", "note", "open_full_text", "part_read"}
_TEXT_COLUMNS |= {"plain", "rationale", "reflects", "sentence", "statement"}
HEADLINES = {
    (RATINGS, "rating"): "Certainty",
    (RATINGS, "central_source"): "The central source reports",
    (RATINGS, "conflict"): "Results that count conflict",
    ("findings", "direction"): "Direction of a result",
    ("findings", "superseded_by"): "Superseded",
    ("findings", "set_aside"): "Set aside",
    ("sources", "integrity"): "Integrity",
}
"""Cells whose change matters most; they count also where an earlier state had no column."""

Row = dict[str, str]
Snapshot = dict[str, Any]
"""One state of the evidence and of its chapters, as the JSON of its file holds it.

``version`` may also say where a state is from that is not released; its ``date`` is empty.
``tables`` holds rows by table and identifier, and in ``ratings`` what is concluded on each
outcome; ``pages`` holds the lines of each chapter.
"""


def take_snapshot(evidence: Evidence, version: str, date: str = "") -> Snapshot:
    """Copy the tables of the evidence, and the chapters that lie beside its folder."""
    tables = {RATINGS: _ratings(evidence)}
    for name, table in evidence.described.items():
        cells = pd.read_csv(evidence.folder / table.path, dtype=str, keep_default_na=False)
        rows: Any = cells.to_dict("records")
        tables[name] = {" ".join(row[column] for column in table.key): row for row in rows}
    chapters = sorted((evidence.folder.parent / "chapters").glob("*.md"))
    pages = {path.stem: path.read_text(encoding="utf-8").splitlines() for path in chapters}
    return {"version": version, "date": date, "tables": tables, "pages": pages}


def _ratings(evidence: Evidence) -> dict[str, Row]:
    """Say for each outcome its certainty, its central result, and whether results conflict."""
    central, rows = evidence.topic.central_source, {}
    for outcome, found in evidence.findings.groupby("outcome_id", sort=False):
        main = found["source_id"].eq(central) & found["analysis"].eq("primary")
        rows[str(outcome)] = {
            "outcome_id": str(outcome),
            "rating": str(evidence.ratings["rating"].get(outcome, "")),
            "central_source": "; ".join(found.loc[main, "direction"].unique()),
            "conflict": "yes" if found["conflict"].any() else "",
        }
    return rows


def read_releases(data: Path) -> dict[str, Snapshot]:
    """Read the snapshots of all released versions in a data folder, oldest first."""
    found: dict[str, Snapshot] = {}
    for path in sorted((data / "releases").glob("*.json"), key=lambda path: version_key(path.stem)):
        try:
            state = json.loads(path.read_bytes())
            found[path.stem] = {key: state[key] for key in ("version", "date", "tables", "pages")}
        except (ValueError, TypeError, KeyError):
            message = f"no whole snapshot of {path.stem}; git has the right file: restore it"
            raise ReleaseError(f"{relative_name(path)}: {message}") from None
    return found


def load_state(folder: Path, name: str) -> Snapshot:
    """Find a state: a released version, or a book folder."""
    if name in (kept := read_releases(folder / "data")):
        return kept[name]
    if not (folder / name / "data").is_dir():
        known = f"released version ({', '.join(kept) or 'none yet'}) or book folder"
        remedy = f"for a git revision: git worktree add ../before {name}, and name ../before"
        raise ReleaseError(f"{name!r} is no {known}; {remedy}")
    return take_snapshot(load_evidence(folder / name / "data"), name)


def find_changes(before: Snapshot, after: Snapshot) -> pd.DataFrame:
    """Compute what changed from one state to another: a row per cell, and per row added or removed.

    ``part`` is one of those above, ``kind`` says added, changed or removed, and ``column`` is
    empty for a whole row.
    """
    tables = dict.fromkeys([*after["tables"], *before["tables"]])
    changes = [change for table in tables for change in _changed_cells(before, after, table)]
    changes += _changed_lines(before, after)
    return pd.DataFrame(changes, columns=[*_COLUMNS])


def _changed_cells(before: Snapshot, after: Snapshot, table: str) -> Iterator[tuple[str, ...]]:
    """Find the rows of a table that came or went, and the cells of others that differ."""
    old, new = before["tables"].get(table, {}), after["tables"].get(table, {})
    known = {column for row in old.values() for column in row}
    for key in dict.fromkeys([*new, *old]):
        was, now = old.get(key, {}), new.get(key, {})
        row = table, key, _name(after if now else before, now or was) or key
        if not (was and now) and table not in (RATINGS, "plain"):
            printed = (state.get("as_printed", "") for state in (was, now))
            yield EVIDENCE, *row, "added" if now else "removed", "", *printed
            continue
        for column in dict.fromkeys([*now, *was]):
            cells = was.get(column, ""), now.get(column, "")
            # What an earlier state had no column for did not change, but for headlines.
            fresh = bool(old) and column not in known
            fresh &= table == RATINGS or (table, column) not in HEADLINES
            if cells[0] != cells[1] and not fresh and (table, column) != (RATINGS, "outcome_id"):
                part = WORDING if table == "plain" or column in _TEXT_COLUMNS else EVIDENCE
                part = LOOKED_UP if column == "integrity_checked" else part
                yield part, *row, "changed", column, *cells


def _changed_lines(before: Snapshot, after: Snapshot) -> Iterator[tuple[str, ...]]:
    """Find the lines of pages that came or went; one that is close to another was reworded."""
    for page in dict.fromkeys([*after["pages"], *before["pages"]]):
        place = WORDING, "pages", page, page, "changed", "line"
        was, now = (dict.fromkeys(of["pages"].get(page, ())) for of in (before, after))
        gone = [line for line in was if line and line not in now]
        for line in [line for line in now if line and line not in was]:
            near = get_close_matches(line, gone, n=1)
            gone = [other for other in gone if other not in near]
            yield *place, "".join(near), line
        yield from ((*place, line, "") for line in gone)


def _name(state: Snapshot, row: Row) -> str:
    """Call a row as people do: by its own name, or by its outcome, source and domain."""
    outcome = state["tables"]["outcomes"].get(row.get("outcome_id", ""), {})
    source = state["tables"]["sources"].get(row.get("source_id", ""), {})
    parts = [outcome.get("name", ""), source.get("short_name", ""), row.get("domain", "")]
    return row.get("short_name") or row.get("name") or ", ".join(filter(None, parts))


def narrate_releases(evidence: Evidence) -> Prose:
    """Say for each release, newest first, what changed in the evidence.

    >>> str(narrate_releases(load_evidence())).splitlines()[-1]
    '- Version 1.0.0, 2026-11-21: the first release, with 72 findings.'
    """
    if not isinstance(evidence, Evidence):
        raise TypeError(f"found {type(evidence).__name__}; pass load_evidence()")
    states = [state | {"pages": {}} for state in read_releases(evidence.folder).values()]
    if not states:
        return Prose((runs("No version has been released yet."),))
    items = []
    for before, after in pairwise([{}, *states, take_snapshot(evidence, "Not yet released")]):
        said = f"the first release, with {len(after['tables']['findings'])} findings."
        if before:
            changes = find_changes(before, after)
            # Wording is left out: a chapter does not run again when the text of one changes.
            changes = changes[changes["part"].isin([EVIDENCE, LOOKED_UP])]
            said = f"compared with {before['version']}. {' '.join(summary_lines(changes))}"
            if not after["date"] and EVIDENCE not in set(changes["part"]):
                continue
        head = f"Version {after['version']}, {after['date']}" if after["date"] else after["version"]
        items.append(runs(Run(head, style="strong"), f": {said}"))
    return Prose(tuple(reversed(items)), as_list=True)


def summary_lines(changes: pd.DataFrame) -> list[str]:
    """Say in about a screen what changed in the evidence, one plain sentence a line."""
    lines, cells = [], changes[changes["part"] == EVIDENCE]
    rows = cells[cells["table"] != RATINGS].drop_duplicates(["table", "key"])
    for table, kinds in rows.groupby("table", sort=False)["kind"]:
        listed = ", ".join(f"{n} {kind}" for kind, n in kinds.value_counts().sort_index().items())
        lines.append(f"Rows of {table}: {listed}.")
    for (table, column), title in HEADLINES.items():
        own = cells[(cells["table"] == table) & (cells["column"] == column)].copy()
        # Readers know no keys of rows.
        own.loc[own["column"].eq("superseded_by") & own["after"].ne(""), "after"] = "a later result"
        for (was, now), names in own.groupby(["before", "after"], sort=False)["name"]:
            move = f"{was or 'blank'} → {now or 'blank'}".replace("_", " ")
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            lines.append(f"{title}: {move}: {'; '.join(names[:_SHOWN])}{more}.")
    lines = lines or ["No row, rating or integrity status changed."]
    for part, title in ((LOOKED_UP, "Integrity looked up again"), (WORDING, "Texts reworded")):
        number = int((changes["part"] == part).sum())
        lines += [f"{title}: {number}."] if number else []
    return lines


def change_lines(changes: pd.DataFrame, part: str) -> Iterator[str]:
    """Say each change of a part in a line."""
    rows: Any = changes[changes["part"] == part].itertuples()
    for row in rows:
        what = f"{row.table}: {row.name} ({row.key})" if row.name != row.key else row.name
        move = f"{row.column.replace('_', ' ')} {row.before or 'blank'} → {row.after or 'blank'}"
        whole = f"{row.kind} {row.before}{row.after}".rstrip()
        yield f"{what}: {move if row.column else whole}"


def diff(folder: Path, before: str, after: str = ".") -> str:
    """Compare two states by name, see :func:`load_state`; the wording comes last."""
    changes = find_changes(*(load_state(folder, name) for name in (before, after)))
    parts = [["", f"{part}:", *change_lines(changes, part)] for part in (EVIDENCE, WORDING)]
    return "\n".join([f"{before} -> {after}", *summary_lines(changes), *parts[0], *parts[1]])
