"""What changed between two states: rows, ratings and integrity; wording in a part of its own."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

import pandas as pd

from evidence_tools.releases.snapshot import RATINGS, Row, Snapshot

EVIDENCE, WORDING, LOOKED_UP, NEW = "evidence", "wording", "looked up", "new column"
"""Parts of a difference: rows and ratings; texts on them; integrity looked up; new columns."""

_COLUMNS = ["table", "key", "name", "kind", "column", "before", "after"]
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
    changes.attrs["before"], changes.attrs["after"] = before.version, after.version
    return changes


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
