"""Rows that an author selects with pandas, on their way into a chart, a table or a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import compress

import pandas as pd

from evidence_tools.evidence.model import ORIGIN, Evidence, Row, loaded

Selection = pd.DataFrame | Sequence[str] | str
"""Rows that a function is asked to show: a frame of them, or their identifiers."""


def pick(selection: Selection, table: str = "findings") -> tuple[Evidence, list[Row]]:
    """Find the rows of the evidence that a frame or a list of identifiers names.

    Every chart, table and narration calls this: values always come from the tables, never from
    a frame that was changed on the way.

    Parameters
    ----------
    selection
        A frame made from ``evidence.findings`` (or another table) with pandas: filtered, sorted,
        concatenated, joined; or identifiers. A row that comes twice is shown once.
    table
        Name of the attribute the rows are from.

    Returns
    -------
    evidence, rows
        The evidence the rows belong to, and the rows in the order of the selection.

    Raises
    ------
    TypeError, ValueError, UnknownKeyError
        If it is no selection, is empty, lacks identifiers, names rows that do not exist, or holds
        other values than the tables; the message says what to do.
    """
    origin = selection.attrs.get(ORIGIN) if isinstance(selection, pd.DataFrame) else None
    evidence = loaded(origin)
    frame: pd.DataFrame = getattr(evidence, table)
    ids = _identifiers(selection, str(frame.index.name), table)
    if not ids:
        column = f"evidence.{table}['{frame.columns[0]}']"
        raise ValueError(f"there are no rows in it; check the filter, for example against {column}")
    rows = [evidence.row(table, identifier) for identifier in dict.fromkeys(ids)]
    if isinstance(selection, pd.DataFrame):
        _refuse_changes(selection, frame, ids)
    return evidence, rows


def _identifiers(selection: object, key: str, table: str) -> list[str]:
    use = f'; pass a frame such as evidence.{table}, or identifiers such as ["..."]'
    if isinstance(selection, str):
        return [selection]
    if isinstance(selection, pd.DataFrame):
        if key in selection.columns:
            return [str(value) for value in selection[key]]
        if selection.index.name == key:
            return [str(value) for value in selection.index]
        keep = f"after merge or groupby keep {key}: evidence.{table}.reset_index().merge(...)"
        raise ValueError(
            f"the frame has no {key}, neither as index nor as column, so its rows are not known"
            f"{use}; {keep}"
        )
    if isinstance(selection, pd.Series) and selection.name != key:
        one = f'for one row write two brackets: evidence.{table}.loc[["..."]]'
        raise TypeError(f"found one column or row of a frame{use}; {one}")
    ids = list(selection) if isinstance(selection, Iterable) else [None]
    names = [identifier for identifier in ids if isinstance(identifier, str)]
    if len(names) < len(ids):
        raise TypeError(f"found {type(selection).__name__}{use}")
    return names


def _refuse_changes(selection: pd.DataFrame, frame: pd.DataFrame, ids: list[str]) -> None:
    """Refuse a frame whose cells are not those of the table: numbers come from data rows."""
    shared = [column for column in selection.columns if column in frame.columns]
    if twice := [column for column in shared if shared.count(column) > 1]:
        raise ValueError(
            f"the frame has the column {twice[0]!r} twice; keep one, or put frames below each "
            "other: pd.concat([...])"
        )
    own, shown = (
        part.astype(object).where(part.notna(), None).to_numpy()
        for part in (frame.loc[ids, shared], selection[shared])
    )
    if changed := list(compress(shared, (own != shown).any(axis=0))):
        raise ValueError(
            f"the column {changed[0]!r} of the frame was changed; every value shown comes from "
            "the tables: change it there, or give your own column another name"
        )
