"""What changed between two states: rows, ratings, integrity; wording in a part of its own."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from evidence_tools.evidence.model import Evidence
from evidence_tools.releases.snapshot import (
    RATINGS,
    Row,
    Snapshot,
    load_state,
    read_releases,
    take_snapshot,
)
from evidence_tools.show.display import Prose, Run, runs

EVIDENCE, WORDING, LOOKED_UP, NEW = "evidence", "wording", "looked up", "new column"
"""Parts of a difference: rows and ratings; texts on them; integrity looked up; new columns."""

_COLUMNS = ["table", "key", "name", "kind", "column", "before", "after"]
_SHOWN = 6
_MARKUP, _ESCAPED = re.compile(r"([\\`*_{}\[\]<>#|$~])"), r"\\\1"
_TEXT_TABLES = ("pages", "plain")
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


def compare(before: Snapshot, after: Snapshot) -> pd.DataFrame:
    """Compute what changed from one state to another: a row per cell, and per row added or removed.

    ``part`` is one of those above, ``kind`` says added, changed or removed, and ``column`` is
    empty for a whole row.
    """
    tables = dict.fromkeys([*after.tables, *before.tables])
    cells = [change for table in tables for change in _cells(before, after, table)]
    changes = pd.DataFrame([*cells, *_lines(before, after)], columns=_COLUMNS)
    text = changes["table"].isin(_TEXT_TABLES) | changes["column"].isin(_TEXT_COLUMNS)
    part = text.map({True: WORDING, False: EVIDENCE})
    part = part.mask(changes["column"] == "integrity_checked", LOOKED_UP)
    changes["part"] = part.mask(changes["kind"] == NEW, NEW)
    return changes


def narrate_releases(evidence: Evidence) -> Prose:
    """Say for each release, newest first, what changed in the evidence.

    Examples
    --------
    >>> str(narrate_releases(load_evidence())).splitlines()[-1]
    '- Version 1.0.0, 2026-11-21: the first release, with 72 findings.'
    """
    if not isinstance(evidence, Evidence):
        raise TypeError(f"found {type(evidence).__name__}; pass load_evidence()")
    states = [*read_releases(evidence.folder).values()]
    states += [take_snapshot(evidence, "Not yet released")] if states else []
    items = []
    for number, state in enumerate(states):
        said = f"the first release, with {len(state.tables['findings'])} findings."
        if number:
            changes = compare(states[number - 1], state)
            if not state.date and EVIDENCE not in set(changes["part"]):
                continue
            # Wording is left out: a chapter does not run again when the text of one changes.
            lines = summary_lines(changes[changes["part"].isin([EVIDENCE, LOOKED_UP])])
            said = f"compared with {states[number - 1].version}. {' '.join(lines)}"
        head = f"Version {state.version}, {state.date}" if state.date else state.version
        items.append(runs(Run(head, style="strong"), f": {said}"))
    if not items:
        return Prose((runs("No version has been released yet."),))
    return Prose(tuple(reversed(items)), as_list=True)


def summary_lines(changes: pd.DataFrame) -> list[str]:
    """Say in about a screen what changed in the evidence, one plain sentence a line."""
    lines, cells = [], changes[changes["part"] == EVIDENCE]
    rows = cells[cells["table"] != RATINGS].drop_duplicates(["table", "key"])
    for table, kinds in rows.groupby("table", sort=False)["kind"]:
        counts = kinds.value_counts().sort_index()
        listed = ", ".join(f"{number} {kind}" for kind, number in counts.items())
        lines.append(f"Rows of {table}: {listed}.")
    for (table, column), title in HEADLINES.items():
        own = cells[(cells["table"] == table) & (cells["column"] == column)]
        moves = list(own.groupby(["before", "after"], sort=False)["name"])
        for (was, now), names in moves[:_SHOWN]:
            move = f"{was or 'blank'} → {now or 'blank'}".replace("_", " ")
            lines.append(f"{title}: {move}: {_few(names)}.")
        lines += [f"{title}: {len(moves) - _SHOWN} other changes."] if len(moves) > _SHOWN else []
    lines = lines or ["No row, rating or integrity status changed."]
    for table, columns in changes[changes["part"] == NEW].groupby("table", sort=False)["column"]:
        lines.append(f"New columns of {table!s}: {_few(columns.str.replace('_', ' '))}.")
    for part, title in ((LOOKED_UP, "Integrity looked up again"), (WORDING, "Texts reworded")):
        number = int((changes["part"] == part).sum())
        lines += [f"{title}: {number}."] if number else []
    return lines


def change_lines(changes: pd.DataFrame, part: str) -> list[str]:
    """Say each change of a part in a line."""
    lines = []
    rows: Any = changes[changes["part"] == part].itertuples()
    for row in rows:
        what = f"{row.table}: {row.name} ({row.key})" if row.name != row.key else row.name
        move = f"{row.column.replace('_', ' ')} {row.before or 'blank'} → {row.after or 'blank'}"
        lines.append(f"{what}: {move if row.column else f'{row.kind}: {row.before}{row.after}'}")
    return lines


def markdown_list(lines: Iterable[str]) -> str:
    """Write lines as a Markdown list in which every text is escaped."""
    return "".join(f"- {_MARKUP.sub(_ESCAPED, line)}\n" for line in lines)


def diff(folder: Path, before: str, after: str = ".", *, as_json: bool = False) -> str:
    """Compare two states by name, see :func:`load_state`; the wording comes last."""
    changes = compare(*(load_state(folder, name) for name in (before, after)))
    if as_json:
        return str(changes.to_json(orient="records", indent=1, force_ascii=False))
    parts = [["", f"{part}:", *change_lines(changes, part)] for part in (EVIDENCE, WORDING)]
    return "\n".join([f"{before} -> {after}", *summary_lines(changes), *parts[0], *parts[1]])


def _cells(before: Snapshot, after: Snapshot, table: str) -> Iterator[tuple[str, ...]]:
    """Find the rows of a table that came or went, and the cells of others that differ."""
    old, new = before.tables.get(table, {}), after.tables.get(table, {})
    first = next(iter(old.values()), {})
    added = [c for c in next(iter(new.values()), {}) if first and c not in first]
    for column in added if table != RATINGS else ():
        yield table, "", "", NEW, column, "", ""
    # What an earlier state had no column for did not change, but for what strikes out a result.
    skipped = {c for c in added if table == RATINGS or (table, c) not in HEADLINES}
    skipped |= {"outcome_id"} if table == RATINGS else set()
    for key in dict.fromkeys([*new, *old]):
        was, now = old.get(key, {}), new.get(key, {})
        name = _name(after if now else before, now or was) or key
        if not (was and now) and table != RATINGS:
            kind = "added" if now else "removed"
            yield table, key, name, kind, "", _said(was), _said(now)
            continue
        for column in dict.fromkeys([*now, *was]):
            cells = was.get(column, ""), now.get(column, "")
            if cells[0] != cells[1] and column not in skipped:
                yield table, key, name, "changed", column, *cells


def _lines(before: Snapshot, after: Snapshot) -> Iterator[tuple[str, ...]]:
    for page in dict.fromkeys([*after.pages, *before.pages]):
        lines = before.pages.get(page, []), after.pages.get(page, [])
        for line in [*difflib.unified_diff(*lines, n=0, lineterm="")][2:]:
            if line.strip("+- ") and line[0] in "+-":
                cells = ("", line[1:]) if line[0] == "+" else (line[1:], "")
                yield "pages", page, page, "changed", "line", *cells


def _name(state: Snapshot, row: Row) -> str:
    """Call a row as people do: by its own name, or by its outcome, source and domain."""
    outcome = state.tables["outcomes"].get(row.get("outcome_id", ""), {})
    source = state.tables["sources"].get(row.get("source_id", ""), {})
    parts = [outcome.get("name", ""), source.get("short_name", ""), row.get("domain", "")]
    return row.get("short_name") or row.get("name") or ", ".join(part for part in parts if part)


def _said(row: Row) -> str:
    """Choose what a row says: its words as printed, else what follows its identifier."""
    return row.get("as_printed") or "; ".join([*row.values()][1:4])


def _few(names: pd.Series[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return "; ".join(names[:_SHOWN]) + more
