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
    frictionless,
    read_dictionary,
)
from evidence_tools.evidence.files import read_text, text_fault
from evidence_tools.evidence.problems import Problem, did_you_mean, relative_name, shorten

_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_TYPE_WORDS = {
    "number": "a number such as -1.54",
    "integer": "a whole number such as 109",
    "date": "a date such as 2026-11-21",
    "bound": "a number such as 0.03, or a bound such as <0.001",
    "boolean": "yes or no",
}
# Python reads more as a number than an author means: "1_0", "1e3", "NaN", "\u0661".
_FORMS = {
    "number": re.compile(r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,12})?"),
    "integer": re.compile(r"-?(0|[1-9][0-9]{0,11})"),
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    "bound": re.compile(r"<?(0|[1-9][0-9]{0,11})(\.[0-9]{1,12})?"),
}
PRINTED = "_printed"
"""Ending of the column that keeps a number's digits as they are in the file."""


@dataclass
class LoadedTable:
    """One table as a frame, with what is needed to point at its cells.

    ``frame`` has the rows in file order, typed, with the text ``x_printed`` beside each number
    column ``x``. ``lines`` has the line each row begins on, ``keys`` the keys of all rows, also
    of those with faults, and ``broken`` row number and column of each cell that has a fault
    already; a row that could not be read has the number -1 there and no column. ``readable``
    says that the file has the form of a table.
    """

    description: TableDescription
    path: str
    frame: pd.DataFrame
    lines: list[int] = field(default_factory=list)
    broken: set[tuple[int, str]] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)
    readable: bool = False

    def problem(self, row: int, column: str, message: str) -> Problem:
        """Describe a fault of one cell, by the number of its row in the frame."""
        return Problem(self.path, self.lines[row], column, message)


def read_tables(folder: Path) -> tuple[dict[str, LoadedTable], list[Problem]]:
    """Read every table of a data folder and check it against the dictionary.

    Gives all tables by name, and every fault of the files, of their cells, and of keys that name
    no row; no tables if the dictionary itself is at fault.
    """
    descriptions, problems = read_dictionary(folder)
    tables: dict[str, LoadedTable] = {}
    for name, description in descriptions.items():
        path, frame = folder / description.path, _frame(description, {})
        tables[name] = LoadedTable(description, relative_name(path), frame)
        problems += _read_table(path, tables[name])
    for table in tables.values():
        problems += _unknown_keys(table, tables)
    described = {description.path.lower() for description in descriptions.values()}
    for path in sorted(folder.glob("*.csv")) if described else ():
        if path.name.lower() not in described:
            message = f"no table of {PACKAGE_FILE}; describe it there, or remove the file"
            problems.append(Problem(relative_name(path), 0, "", message))
    return tables, problems


def _read_table(path: Path, table: LoadedTable) -> list[Problem]:
    """Fill in the rows of a table, and list the faults of its file."""
    text, problems = read_text(path)
    if problems:
        return problems
    if not text.strip():
        message = f"the file is empty; its first line must be: {','.join(table.frame.columns)}"
        return [Problem(table.path, 0, "", message)]
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begins, header = [1], list[str]()
    try:
        for cells in reader:
            header = header or cells
            begins.append(reader.line_num + 1)
    except csv.Error:
        message = (
            "a quoted cell that begins in this row is never closed, or text follows its closing "
            'quote; check the quotes: a quote inside a quoted cell is written twice, ""'
        )
        return [Problem(table.path, begins[-1], "", message)]
    if faults := list(_header_faults(header, list(table.description.columns))):
        return [Problem(table.path, 1, *fault) for fault in faults]
    library = frictionless()
    # All is said here: what is left open, Frictionless guesses from the first rows.
    control = library.formats.CsvControl(
        delimiter=",", quote_char='"', double_quote=True, skip_initial_space=False,
        line_terminator="\n",
    )  # fmt: skip
    with library.Resource(
        data=text.encode(),
        format="csv",
        encoding="utf-8",
        dialect=library.Dialect(controls=[control]),
        schema=table.description.schema,
    ) as resource:
        return list(_read_rows(resource, table, begins))


def _read_rows(resource: Any, table: LoadedTable, begins: list[int]) -> Iterator[Problem]:
    """Collect the cells of all rows, and their faults in the words of an author."""
    described, labels = table.description, resource.labels
    cells: dict[str, list[str | None]] = {name: [] for name in labels}
    place_of_key = labels.index(described.key[0])
    for row in resource.row_stream:
        line, number = begins[row.row_number - 1], len(table.lines)
        table.keys.update(row.cells[place_of_key : place_of_key + 1])
        faults = dict(_row_faults(row, described, begins))
        yield from (Problem(table.path, line, *fault) for fault in faults.items())
        if "" in faults:
            table.broken.add((-1, ""))  # which cell is which is not known
            continue
        table.broken.update((number, column) for column in faults)
        for name, text in zip(labels, row.cells, strict=True):
            cells[name].append(None if text in described.missing or name in faults else text)
        table.lines.append(line)
    table.frame = _frame(described, cells)
    table.readable = bool(table.lines) or described.name not in REQUIRED_TABLES
    if not table.readable and not table.broken:
        yield Problem(table.path, 0, "", "the table has a header but no rows; add them")


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
    for separator, word in _SEPARATORS.items():
        if any(separator in name for name in header[:1]):
            yield "", f"cells are separated by {word}; save the table with commas between cells"
            return
    if not set(header) & set(columns):
        yield "", f"the header is missing; {wanted}; found {shorten(','.join(header))}"
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


def _row_faults(row: Any, table: TableDescription, begins: list[int]) -> Iterator[tuple[str, str]]:
    """Report what is wrong with a row as ``(column, message)``; no column: the row as a whole."""
    kinds = {error.type for error in row.errors}
    if "blank-row" in kinds:
        yield "", "the row is empty; remove it"
        return
    if kinds & {"extra-cell", "missing-cell"}:
        count = f"{len(row.cells)} cell{'s' if len(row.cells) != 1 else ''}"
        remedy = 'check its commas: a cell that holds a comma goes between quotes, "like, this"'
        yield "", f"the row has {count}, but there are {len(row.field_names)} columns; {remedy}"
        return
    reported = set()
    for name, text in zip(row.field_names, row.cells, strict=True):
        kind, fault = table.kind(name), text_fault(text)
        if not fault and text not in table.missing and kind in _FORMS:
            fault = "" if _FORMS[kind].fullmatch(text) else _type_fault(kind, text)
        if fault:
            reported.add(name)
            yield name, fault
    for error in row.errors:
        column = str(getattr(error, "field_name", "")) or table.key[0]
        if column not in reported:  # a key that occurs twice has two errors
            reported.add(column)
            yield column, _message(error, column, table, begins)


def _message(error: Any, column: str, table: TableDescription, begins: list[int]) -> str:
    cell, described = str(getattr(error, "cell", "")), table.columns[column]
    found, constraints = f"found {shorten(cell)}", described.get("constraints", {})
    if error.type == "type-error":
        return _type_fault(table.kind(column), cell)
    if earlier := re.search(r"position (\d+)", error.note):  # the header is row 1
        what = found if error.type == "unique-error" else f"found {' and '.join(table.key)}"
        return f"{what} in line {begins[int(earlier[1]) - 1]} too; each row needs its own"
    if '"required"' in error.note or error.type == "primary-key":
        return f"{found}; the cell must not be blank"
    if '"enum"' in error.note:
        allowed = [str(word) for word in constraints["enum"]]
        return f"{found}; allowed: {', '.join(allowed)}{did_you_mean(cell, allowed)}"
    for name, words in (("minimum", "at least"), ("maximum", "at most")):
        if f'"{name}"' in error.note:
            return f"{found}; it must be {words} {constraints[name]}"
    example = described.get("example")
    model = f"write it like {example!r}" if example else f"its form is {constraints['pattern']}"
    return f"{found}; {model}: {str(described.get('description', '')).rstrip('.')}"


def _type_fault(kind: str, text: str) -> str:
    """Say which kind of value a cell must hold."""
    hint = ""
    if odd := next((character for character in text if not character.isascii()), ""):
        hint = f" ({odd!r}, U+{ord(odd):04X}, is no part of it)"
    elif re.fullmatch(r"-?[0-9]+,[0-9]+", text):
        hint = " with a decimal point, not a comma"
    words = _TYPE_WORDS.get(kind, kind)
    return f"found {shorten(text)}; {words} is needed{hint}, or a blank cell if not reported"


def split_list(cell: object) -> list[str]:
    """Split a cell that lists several keys or names, separated by semicolons.

    Examples
    --------
    >>> split_list("first; second"), split_list(None)
    (['first', 'second'], [])
    """
    text = "" if cell is None or cell is pd.NA else str(cell)
    return [part.strip() for part in text.split(";") if part.strip()]


def _unknown_keys(table: LoadedTable, tables: Mapping[str, LoadedTable]) -> Iterator[Problem]:
    """Find cells that name no row of the table they refer to."""
    lists = table.description.lists
    for column, target in {**table.description.references, **lists}.items():
        other = tables[target]
        key_column = other.description.key[0]
        if not other.readable or any(key_column == broken for _, broken in other.broken):
            continue  # without all of its keys nothing can be said about the reference
        for number, cell in enumerate(table.frame[column].fillna("")):
            for key, count in Counter(split_list(cell) if column in lists else [cell]).items():
                if count > 1:
                    yield table.problem(
                        number, column, f"found {key!r} {count} times; name it once"
                    )
                if key and key not in other.keys:
                    table.broken.add((number, column))
                    message = f"found {shorten(key)}, which is not in {Path(other.path).name}; "
                    remedy = f"add it there, or correct the spelling{did_you_mean(key, other.keys)}"
                    yield table.problem(number, column, message + remedy)
