"""From files to pandas frames: Frictionless reads and validates, pandas holds.

Frictionless checks each cell against the column dictionary. What it finds is put into words
for the author of a row: what was found, what is allowed, what to do. Whatever can be read of
the other tables is checked all the same.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from evidence_tools.evidence.arithmetic import PRINTED
from evidence_tools.evidence.dictionary import PACKAGE_FILE, TableDescription, read_dictionary
from evidence_tools.evidence.problems import (
    Problem,
    did_you_mean,
    read_text,
    relative_name,
    shorten,
    text_fault,
)

# The form of a cell, in words too, and its type in a frame. Python, and so Frictionless, reads
# more as a number than an author means: "1_0", "1e3", "NaN", "\u0661".
_KINDS: dict[str, tuple[str, str, Any]] = {
    "number": (r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,12})?", "a number such as -1.54", "Float64"),
    "integer": (r"-?(0|[1-9][0-9]{0,11})", "a whole number such as 109", "Int64"),
    "date": (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a date such as 2026-11-21", "datetime64[us]"),
    "boolean": ("yes|no", "yes or no", "boolean"),
    "bound": (r"<?(0|[1-9][0-9]{0,11})(\.[0-9]{1,12})?",
              "a number such as 0.03, or a bound such as <0.001", "Float64"),
    "string": (".*", "text", "string"),
}  # fmt: skip
_LIMITS = {
    "required": "the cell must not be blank",
    "minimum": "it must be at least {}",
    "maximum": "it must be at most {}",
    "exclusiveMinimum": "it must be above {}; leave the cell blank when it is not stated",
}


@dataclass
class LoadedTable:
    """One table as a frame, with what is needed to point at its cells.

    ``frame`` has the rows in file order, typed, with the text ``x_printed`` beside each number
    column ``x``; ``lines`` has the line each row begins on, ``broken`` the cells with a fault.
    It is ``whole`` when the file and all its rows could be read.
    """

    description: TableDescription
    path: str
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    lines: list[int] = field(default_factory=list)
    broken: set[tuple[int, str]] = field(default_factory=set)
    whole: bool = True

    def problem(self, row: Any, column: str, message: str) -> Problem:
        """Report a fault of one cell, by the number of its row."""
        self.broken.add((row, column))
        return Problem(self.path, self.lines[row], column, message)

    @property
    def sound(self) -> bool:
        """Whether every row and cell is known."""
        return self.whole and not self.broken

    @cached_property
    def keyed(self) -> pd.DataFrame:
        """The rows by their key; as they are where it has several columns."""
        key, *more = self.description.key
        known = self.frame[key].notna() & ~self.frame[key].duplicated()
        return self.frame if more else self.frame[known].set_index(key)


def read_tables(folder: Path) -> tuple[dict[str, LoadedTable], list[Problem]]:
    """Read every table of a data folder and check it against the dictionary.

    Gives what could be read, by name, and every fault; no table when the dictionary is damaged.
    """
    descriptions, problems = read_dictionary(folder)
    tables = {
        name: LoadedTable(description, relative_name(folder / description.path))
        for name, description in descriptions.items()
    }
    described = {description.path.lower() for description in descriptions.values()}
    for path in sorted(folder.glob("*.csv")) if described else ():
        if path.name.lower() not in described:
            message = f"no table of {PACKAGE_FILE}; describe it there, or remove the file"
            problems.append(Problem(relative_name(path), 0, "", message))
    for table in tables.values():
        faults = _read_table(folder / table.description.path, table)
        table.whole = not faults
        problems += [*faults, *_check_cells(table), *_repeated(table)]
    return tables, [*problems, *_unknown_keys(tables)]


def _read_table(path: Path, table: LoadedTable) -> list[Problem]:
    """Read the texts of each column, and list the faults of the file and of its rows."""
    text, problems = read_text(path)
    if problems:
        return problems
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line, rows = 1, list[tuple[int, list[str]]]()
    try:
        for cells in reader:
            rows.append((line, cells))
            line = reader.line_num + 1
    except csv.Error:
        return [Problem(table.path, line, "", (
            "a quoted cell that begins in this row is never closed, or text follows its closing "
            'quote; check the quotes: a quote inside a quoted cell is written twice, ""'
        ))]  # fmt: skip
    (_, header), *rows = rows or [(1, [])]
    if faults := list(_header_faults(header, list(table.description.columns))):
        return [Problem(table.path, 1, *fault) for fault in faults]
    whole = []
    for line, cells in rows:
        if fault := _row_fault(cells, len(header)):
            problems.append(Problem(table.path, line, "", fault))
        else:
            table.lines.append(line)
            whole.append(cells)
    # The other tables may be empty.
    if not rows and table.description.name in ("sources", "kinds", "outcomes", "findings"):
        message = "the table has a header but no rows; add them"
        problems.append(Problem(table.path, 0, "", message))
    table.frame = pd.DataFrame(whole, columns=header, dtype=object)
    return problems


def _header_faults(header: list[str], columns: list[str]) -> Iterator[tuple[str, str]]:
    wanted = f"the first line must be: {','.join(columns)}"
    if not set(header) & set(columns):
        found = shorten(",".join(header))
        yield "", f"the header is missing; {wanted}, separated by commas; found {found}"
        return
    for name, count in Counter(header).items():
        if name not in columns:
            hint = did_you_mean(name.strip(), columns)
            yield name or "(blank)", f"unknown column{hint}; {wanted}"
        elif count > 1:
            yield name, f"the column occurs {count} times in the header; keep one of them"
    if set(header) < set(columns):  # a misspelt column is not missing as well
        missing = [name for name in columns if name not in header]
        yield from ((name, f"the column is missing; {wanted}") for name in missing)


def _row_fault(cells: list[str], count: int) -> str:
    if not any(cells):
        return "the row is empty; remove it"
    if len(cells) == count:
        return ""
    found = f"found {len(cells)} cell{'s' if len(cells) != 1 else ''}, {shorten(','.join(cells))}"
    remedy = 'check its commas: a cell that holds a comma goes between quotes, "like, this"'
    return f"{found}, but there are {count} columns; {remedy}"


def _check_cells(table: LoadedTable) -> Iterator[Problem]:
    """Take over each cell that holds what the dictionary says, and report the others."""
    described, frame = table.description, {}
    for name in described.columns:
        texts = list(table.frame.get(name, ()))
        read = {text: _read_cell(described, name, text) for text in set(texts)}
        for number, text in enumerate(texts):
            if fault := read[text][1]:
                yield table.problem(number, name, fault)
        *_, dtype = _KINDS[described.kind(name)]
        frame[name] = pd.array([read[text][0] for text in texts], dtype)
        if dtype == "Float64":
            known = [None if read[text][0] is None else text for text in texts]
            frame[name + PRINTED] = pd.array(known, "string")
    table.frame = pd.DataFrame(frame)


def _read_cell(table: TableDescription, column: str, text: str) -> tuple[Any, str]:
    """Give the value of a cell, or else what keeps it from being what the dictionary describes."""
    described, kind = table.columns[column], table.kind(column)
    if fault := text_fault(text):
        return None, fault
    form, needed, _ = _KINDS[kind]
    value, notes = table.readers[column](text)
    if (value is not None and not re.fullmatch(form, text)) or "type" in (notes or ()):
        # The minus sign of print looks like that of numbers: it is shown by its code.
        needed += " is needed"
        if not described.get("constraints", {}).get("required"):
            needed += ", or a blank cell if not reported"
        return None, f"found {text[:60]!a}; {needed}"
    for name in notes or ():
        limit, found = described["constraints"][name], f"found {shorten(text)}; "
        words = ", ".join(table.allowed(column))
        remedy = f"allowed: {words}" if words else str(described.get("description", "")).rstrip(".")
        if name == "enum":
            return None, f"{found}{remedy}{did_you_mean(text, table.allowed(column))}"
        if name in _LIMITS:
            return None, f"{found}{_LIMITS[name].format(limit)}; {remedy}"
        example = described.get("example")
        model = f"write it like {example!r}" if example else f"its form is {limit}"
        return None, f"{found}{model}: {remedy}"
    return float(text.removeprefix("<")) if kind == "bound" and value else value, ""


def _repeated(table: LoadedTable) -> Iterator[Problem]:
    """Find keys, and cells of columns in which each is to be unique, that occur twice."""
    described = table.description
    unique = [(n,) for n, c in described.columns.items() if c.get("constraints", {}).get("unique")]
    for names in dict.fromkeys([*unique, described.key]):
        first = dict[tuple[str, ...], int]()
        for number, found in enumerate(zip(*(table.frame[name] for name in names), strict=True)):
            if pd.NA not in {*found} and (earlier := first.setdefault(found, number)) != number:
                what = " and ".join(shorten(str(cell)) for cell in found)
                message = f"found {what} in line {table.lines[earlier]} too; each row needs its own"
                yield table.problem(number, names[0], message)


def split_list(cell: object) -> list[str]:
    """Split a cell that lists several keys or names, separated by semicolons.

    >>> split_list("first; second"), split_list(None)
    (['first', 'second'], [])
    """
    text = "" if cell is None or cell is pd.NA else str(cell)
    return [part.strip() for part in text.split(";") if part.strip()]


def rows_where(frame: pd.DataFrame, condition: str) -> pd.Series[bool]:
    """Say for which rows a condition on columns holds; where a cell is missing it does not.

    >>> rows_where(pd.DataFrame({"lower": [1, 2], "upper": [3, 1]}), "lower > upper").tolist()
    [False, True]
    """
    holds: Any = frame.eval(condition, engine="python")
    return pd.Series(holds.fillna(False).astype(bool))


def _unknown_keys(tables: Mapping[str, LoadedTable]) -> Iterator[Problem]:
    """Find cells that name no row of the table they refer to, each key once."""
    unknown: dict[tuple[str, str], list[Problem]] = {}
    keys = {name: set(table.frame[table.description.key[0]]) for name, table in tables.items()}
    # The key that a broken cell, or a row that could not be read, was meant to be is not known.
    whole = {name for name, table in tables.items() if table.whole and pd.NA not in keys[name]}
    for table in tables.values():
        lists = table.description.lists
        for column, target in {**table.description.references, **lists}.items():
            named = table.frame[column].dropna()
            if column in lists:
                named = named.map(split_list).explode().dropna()
                for number, key in named[named.reset_index().duplicated().to_numpy()].items():
                    yield table.problem(number, column, f"found {key!r} twice; name it once")
            for number, key in named[~named.isin(keys[target])].items() if target in whole else ():
                unknown.setdefault((target, key), []).append(table.problem(number, column, ""))
    for (target, key), (problem, *more) in unknown.items():
        file, hint = Path(tables[target].path).name, did_you_mean(key, keys[target])
        also = f", as in {len(more)} more row{'s' if len(more) > 1 else ''}" if more else ""
        message = f"found {shorten(key)}, which is not in {file}{also}; add it there, or correct "
        yield replace(problem, message=f"{message}the spelling{hint}")
