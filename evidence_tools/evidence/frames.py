"""From files to pandas frames: Frictionless reads and validates, pandas holds.

Frictionless checks each table against the column dictionary. What it finds is put into words
for the author of a row: what was found, what is allowed, what to do. Whatever can be read of
the other tables is checked all the same, so that all faults are reported at once.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from evidence_tools.evidence.dictionary import (
    PACKAGE_FILE,
    REQUIRED_TABLES,
    TableDescription,
    read_dictionary,
)
from evidence_tools.evidence.problems import (
    Problem,
    did_you_mean,
    read_text,
    relative_name,
    shorten,
    text_fault,
)

# Python reads more as a number than an author means: "1_0", "1e3", "NaN", "\u0661".
_KINDS = {
    "number": (r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,12})?", "a number such as -1.54"),
    "integer": (r"-?(0|[1-9][0-9]{0,11})", "a whole number such as 109"),
    "date": (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a date such as 2026-11-21"),
    "boolean": ("yes|no", "yes or no"),
    "bound": (r"<?(0|[1-9][0-9]{0,11})(\.[0-9]{1,12})?",
              "a number such as 0.03, or a bound such as <0.001"),
    "string": (".*", "text"),
}  # fmt: skip
_LIMITS = {
    "required": "the cell must not be blank",
    "minimum": "it must be at least {}",
    "maximum": "it must be at most {}",
    "exclusiveMinimum": "it must be above {}; leave the cell blank when it is not stated",
}
PRINTED = "_printed"
"""Ending of the column that keeps a number's digits as they are in the file."""


@dataclass
class LoadedTable:
    """One table as a frame, with what is needed to point at its cells.

    ``frame`` has the rows in file order, typed, with the text ``x_printed`` beside each number
    column ``x``; ``lines`` has the line each row begins on.
    """

    description: TableDescription
    path: str
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    lines: list[int] = field(default_factory=list)

    def problem(self, row: int, column: str, message: str) -> Problem:
        """Describe a fault of one cell, by the number of its row."""
        return Problem(self.path, self.lines[row], column, message)


def read_tables(folder: Path) -> tuple[dict[str, LoadedTable], list[Problem]]:
    """Read every table of a data folder and check it against the dictionary.

    Gives all tables by name, and every fault of the files and of their cells, or, when there is
    none, of keys that name no row.
    """
    descriptions, problems = read_dictionary(folder)
    tables: dict[str, LoadedTable] = {}
    for name, description in descriptions.items():
        path = folder / description.path
        table = tables[name] = LoadedTable(description, relative_name(path))
        problems += _read_table(path, table)
    described = {description.path.lower() for description in descriptions.values()}
    for path in sorted(folder.glob("*.csv")) if described else ():
        if path.name.lower() not in described:
            message = f"no table of {PACKAGE_FILE}; describe it there, or remove the file"
            problems.append(Problem(relative_name(path), 0, "", message))
    return tables, problems or list(_unknown_keys(tables))


def _read_table(path: Path, table: LoadedTable) -> Iterator[Problem]:
    """Fill in the rows of a table, and list the faults of its file."""
    text, problems = read_text(path)
    yield from problems
    if problems:
        return
    if not text.strip():
        wanted = ",".join(table.description.columns)
        message = f"the file is empty; its first line must be: {wanted}"
        yield Problem(table.path, 0, "", message)
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows, begins = list[list[str]](), [1]
    try:
        for cells in reader:
            rows.append(cells)
            begins.append(reader.line_num + 1)
    except csv.Error:
        yield Problem(table.path, begins[-1], "", (
            "a quoted cell that begins in this row is never closed, or text follows its closing "
            'quote; check the quotes: a quote inside a quoted cell is written twice, ""'
        ))  # fmt: skip
        return
    header, *rows = rows
    if faults := list(_header_faults(header, list(table.description.columns))):
        yield from (Problem(table.path, 1, *fault) for fault in faults)
        return
    yield from _fill(table, header, rows, begins[1:])


def _fill(
    table: LoadedTable, header: list[str], rows: list[list[str]], begins: list[int]
) -> Iterator[Problem]:
    """Take over each cell that holds what the dictionary says, and report the others."""
    described, whole = table.description, []
    for line, cells in zip(begins, rows, strict=False):
        if fault := _row_fault(cells, len(header)):
            yield Problem(table.path, line, "", fault)
        else:
            whole.append(cells)
            table.lines.append(line)
    columns = dict(zip(header, zip(*whole, strict=True), strict=True)) if whole else {}
    kept: dict[str, list[str | None]] = {}
    for name, texts in columns.items():
        faults = {text: _cell_fault(described, name, text) for text in set(texts)}
        for number, text in enumerate(texts):
            if faults[text]:
                yield table.problem(number, name, faults[text])
        missing = {text for text, fault in faults.items() if fault} | {*described.missing}
        kept[name] = [None if text in missing else text for text in texts]
    yield from _repeated(table, kept)
    table.frame = _frame(described, kept)
    if not rows and described.name in REQUIRED_TABLES:
        yield Problem(table.path, 0, "", "the table has a header but no rows; add them")


def _repeated(table: LoadedTable, columns: Mapping[str, list[str | None]]) -> Iterator[Problem]:
    """Find keys, and cells of columns in which each is to be unique, that occur twice."""
    described = table.description
    unique = [(n,) for n, c in described.columns.items() if c.get("constraints", {}).get("unique")]
    for names in dict.fromkeys([*unique, described.key]) if columns else ():
        first: dict[tuple[str | None, ...], int] = {}
        for number, found in enumerate(zip(*(columns[name] for name in names), strict=True)):
            earlier = first.setdefault(found, number)
            if earlier != number and None not in found:
                what = " and ".join(shorten(str(cell)) for cell in found)
                message = f"found {what} in line {table.lines[earlier]} too; each row needs its own"
                yield table.problem(number, names[0], message)


def _frame(table: TableDescription, cells: Mapping[str, list[str | None]]) -> pd.DataFrame:
    """Type the columns; beside each number goes its text, so that 2.00 stays 2.00."""
    columns: dict[str, Any] = {}
    for name in table.columns:
        kind = table.kind(name)
        columns[name] = texts = pd.Series(cells.get(name, []), dtype="string")
        if kind in ("number", "bound"):
            columns[name] = pd.to_numeric(texts.str.removeprefix("<")).astype("Float64")
            columns[f"{name}{PRINTED}"] = texts
        elif kind == "integer":
            columns[name] = pd.to_numeric(texts).astype("Int64")
        elif kind == "boolean":
            columns[name] = texts.map({"yes": True, "no": False}).astype("boolean")
        elif kind == "date":
            columns[name] = pd.to_datetime(texts, format="%Y-%m-%d")
    return pd.DataFrame(columns)


def _header_faults(header: list[str], columns: list[str]) -> Iterator[tuple[str, str]]:
    wanted = f"the header must be: {','.join(columns)}"
    if not set(header) & set(columns):
        found = shorten(",".join(header))
        yield (
            "",
            f"the header is missing; {wanted}, separated by commas; found {found}",
        )
        return
    missing = [name for name in columns if name not in header]
    for name, count in Counter(header).items():
        if name not in columns:
            hint = did_you_mean(name.strip(), columns)
            # One fault is reported once: a misspelt column is not missing as well.
            missing = [other for other in missing if repr(other) not in hint]
            yield name or "(blank)", f"unknown column{hint}; {wanted}"
        elif count > 1:
            yield name, f"the column occurs {count} times in the header; keep one of them"
    yield from ((name, f"the column is missing; {wanted}") for name in missing)


def _row_fault(cells: list[str], count: int) -> str:
    if not any(cells):
        return "the row is empty; remove it"
    if len(cells) == count:
        return ""
    found = f"found {len(cells)} cell{'s' if len(cells) != 1 else ''}, {shorten(','.join(cells))}"
    remedy = 'check its commas: a cell that holds a comma goes between quotes, "like, this"'
    return f"{found}, but there are {count} columns; {remedy}"


def _cell_fault(table: TableDescription, column: str, text: str) -> str:
    """Say what keeps a cell from being what the dictionary describes, or nothing."""
    kind, described = table.kind(column), table.columns[column]
    if fault := text_fault(text):
        return fault
    if text not in table.missing and not re.fullmatch(_KINDS[kind][0], text):
        return _type_fault(kind, text)
    _, notes = table.readers[column](text)
    for name in notes or ():
        if name == "type":
            return _type_fault(kind, text)
        limit, found = described["constraints"][name], f"found {shorten(text)}; "
        if name == "enum":
            allowed = [str(word) for word in limit]
            return f"{found}allowed: {', '.join(allowed)}{did_you_mean(text, allowed)}"
        if name in _LIMITS:
            return found + _LIMITS[name].format(limit)
        example = described.get("example")
        model = f"write it like {example!r}" if example else f"its form is {limit}"
        return f"{found}{model}: {str(described.get('description', '')).rstrip('.')}"
    return ""


def _type_fault(kind: str, text: str) -> str:
    # The minus sign of print looks like that of numbers: it is shown by its code.
    found = ascii(text[:60])
    return f"found {found}; {_KINDS[kind][1]} is needed, or a blank cell if not reported"


def split_list(cell: object) -> list[str]:
    """Split a cell that lists several keys or names, separated by semicolons.

    Examples
    --------
    >>> split_list("first; second"), split_list(None)
    (['first', 'second'], [])
    """
    text = "" if cell is None or cell is pd.NA else str(cell)
    return [part.strip() for part in text.split(";") if part.strip()]


def _unknown_keys(tables: Mapping[str, LoadedTable]) -> Iterator[Problem]:
    """Find cells that name no row of the table they refer to, each key once."""
    keys = {name: set(table.frame[table.description.key[0]]) for name, table in tables.items()}
    unknown: dict[tuple[str, str], list[tuple[LoadedTable, int, str]]] = {}
    for table in tables.values():
        lists = table.description.lists
        for column, target in {**table.description.references, **lists}.items():
            for number, cell in enumerate(table.frame[column].fillna("")):
                for key, count in Counter(split_list(cell) if column in lists else [cell]).items():
                    if count > 1:
                        message = f"found {key!r} {count} times; name it once"
                        yield table.problem(number, column, message)
                    if key and key not in keys[target]:
                        unknown.setdefault((target, key), []).append((table, number, column))
    for (target, key), ((table, number, column), *more) in unknown.items():
        file, hint = Path(tables[target].path).name, did_you_mean(key, keys[target])
        places = f", as in {len(more)} more row{'s' if len(more) > 1 else ''}" if more else ""
        message = f"found {shorten(key)}, which is not in {file}{places}; add it there, or correct "
        yield table.problem(number, column, f"{message}the spelling{hint}")
