"""What changed between versions in words: for a chapter, the change log and the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd

from evidence_tools.evidence.model import Evidence
from evidence_tools.releases import snapshot
from evidence_tools.releases.difference import EVIDENCE, HEADLINES, LOOKED_UP, NEW, WORDING, compare
from evidence_tools.releases.snapshot import RATINGS, Snapshot
from evidence_tools.show.display import Cell, Prose, Run, Table, TableRow, runs

_COLUMNS = ("Version", "Table", "Rows added", "Rows changed", "Rows removed")
_SHOWN = 6
_MARKUP, _ESCAPED = re.compile(r"([\\`*_{}\[\]<>#|$~])"), r"\\\1"


def narrate_releases(evidence: Evidence) -> Prose:
    """Say for each release, newest first, what changed in the evidence."""
    items = []
    for state, changes in _history(evidence):
        head = Run(f"Version {state.version}" if state.date else state.version, style="strong")
        told = f"the first release, with {len(state.tables['findings'])} findings."
        if changes is not None:
            told = f"compared with {changes.attrs['before']}. {' '.join(summary_lines(changes))}"
        items.append(runs(head, f"{', ' if state.date else ''}{state.date}: {told}"))
    return Prose(tuple(items) or (runs("No version has been released yet."),), as_list=bool(items))


def changes_table(evidence: Evidence, *, name: str = "tab-changes", caption: str = "") -> Table:
    """Count the rows of each table that each release added, changed and removed."""
    rows = [
        TableRow(tuple(map(Cell.of, (state.version, str(table), *map(str, counts)))))
        for state, changes in _history(evidence)
        if changes is not None
        for table, counts in row_counts(changes).iterrows()
    ]
    caption = caption or "How many rows did each version add, change and remove?"
    return Table(name, runs(caption), _COLUMNS, tuple(rows))


def row_counts(changes: pd.DataFrame) -> pd.DataFrame:
    """Count by table the rows that were added, changed and removed."""
    rows = changes[(changes["part"] == EVIDENCE) & (changes["table"] != RATINGS)]
    counts = rows.drop_duplicates(["table", "key"]).groupby("table", sort=False)["kind"]
    kinds = ["added", "changed", "removed"]
    return counts.value_counts().unstack(fill_value=0).reindex(columns=kinds, fill_value=0)


def summary_lines(changes: pd.DataFrame) -> list[str]:
    """Say in about a screen what changed in the evidence, one plain sentence a line."""
    lines, cells = [], changes[changes["part"] == EVIDENCE]
    for table, counts in row_counts(changes).iterrows():
        listed = ", ".join(f"{number} {kind}" for kind, number in counts.items() if number)
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
        lines.append(f"New columns of {table!s}: {_few(columns)}.")
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
    """Compare two states by name, see :func:`snapshot.load_state`; the wording comes last."""
    changes = compare(*(snapshot.load_state(folder, name) for name in (before, after)))
    if as_json:
        return str(changes.to_json(orient="records", indent=1, force_ascii=False))
    parts = [["", f"{part}:", *change_lines(changes, part)] for part in (EVIDENCE, WORDING)]
    return "\n".join([f"{before} -> {after}", *summary_lines(changes), *parts[0], *parts[1]])


def _history(evidence: Evidence) -> list[tuple[Snapshot, pd.DataFrame | None]]:
    """Compare each release with the one before, and the evidence with the newest release."""
    states = [*snapshot.read_releases(evidence.folder).values()]
    if states:
        states.append(snapshot.take_snapshot(evidence, "Not yet released"))
    compared = [compare(old, new) for old, new in pairwise(states)]
    history = [*zip(states, [None, *compared], strict=False)]
    if compared and EVIDENCE not in set(compared[-1]["part"]):
        history.pop()
    return history[::-1]


def _few(names: pd.Series[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return "; ".join(names[:_SHOWN]) + more
