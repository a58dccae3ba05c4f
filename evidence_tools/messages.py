"""What Frictionless finds, in the words of an author of evidence.

Each message says what was found, what is allowed and what to do.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from evidence_tools.celltext import shorten
from evidence_tools.csvfile import CsvTable
from evidence_tools.dictionary import TableDescription

_TYPE_WORDS = {
    "number": "a number such as -1.54",
    "integer": "a whole number such as 109",
    "date": "a date such as 2026-11-21",
    "boolean": "yes or no",
    "string": "text",
}


def message(
    table: TableDescription, file: CsvTable, error: Any, known: Mapping[str, list[str]]
) -> str:
    """Say what an error of Frictionless means.

    Parameters
    ----------
    table, file
        The table's description, and what was read of it.
    error
        An error of one row or one cell.
    known
        Table name to the keys in it, for the nearest spelling.
    """
    column = table.columns.get(getattr(error, "field_name", ""), {})
    match error.type:
        case "type-error":
            return type_fault(str(column.get("type")), error.cell)
        case "constraint-error":
            return f"found {shorten(error.cell)}; {_constraint(column, error)}"
        case "unique-error":
            return f"found {shorten(error.cell)}, which {_repeated(file, error)}"
        case "primary-key":
            return f"this {' and '.join(table.key)} {_repeated(file, error)}"
        case "foreign-key":
            return _foreign_key(error, known)
    return str(error.note)


def _repeated(file: CsvTable, error: Any) -> str:
    earlier = re.search(r"position (\d+)", error.note)  # the header is row 1
    if not earlier:
        return "must not be blank: it is the key of the row"
    line = file.records[int(earlier.group(1)) - 2].line
    return f"stands in line {line} too; each row needs its own"


def _constraint(column: Mapping[str, Any], error: Any) -> str:
    constraints = column.get("constraints", {})
    if '"enum"' in error.note:
        allowed = [str(word) for word in constraints["enum"]]
        nearest = difflib.get_close_matches(str(error.cell), allowed, n=1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
        return f"allowed: {', '.join(allowed)}{hint}"
    if '"required"' in error.note:
        return "the cell must not be blank"
    for name, words in (("minimum", "at least"), ("maximum", "at most")):
        if f'"{name}"' in error.note:
            return f"it must be {words} {constraints[name]}"
    example = column.get("example")
    model = f"write it like {example!r}" if example else f"its form is {constraints['pattern']}"
    return f"{model}: {column.get('description', '')}".rstrip(": .")


def _foreign_key(error: Any, known: Mapping[str, list[str]]) -> str:
    value, target = error.field_cells[0], error.reference_name
    nearest = difflib.get_close_matches(value, known.get(target, []), n=1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return (
        f"found {shorten(value)}, which is not in {target.replace('-', '_')}.csv; "
        f"add it there, or correct the spelling{hint}"
    )


def type_fault(kind: str, text: str) -> str:
    """Say which kind of value a cell must hold."""
    words = _TYPE_WORDS.get(kind, kind)
    hint = ""
    if odd := next((character for character in text if not character.isascii()), ""):
        name = unicodedata.name(odd, "no character").lower()
        hint = f" (U+{ord(odd):04X}, {name}, is no part of it)"
    elif re.fullmatch(r"-?[0-9]+,[0-9]+", text):
        hint = " with a decimal point, not a comma"
    return (
        f"found {shorten(text)}; {words} is needed{hint}, or a blank cell when it is not reported"
    )
