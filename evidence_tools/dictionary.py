"""The column dictionary: what ``data/datapackage.json`` says about the tables.

The file is read and checked here, so that a fault in it is told like one in a table. Only
plain files beside it are accepted as tables: no other folder, no address.
"""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from evidence_tools.certainty import DomainJudgement
from evidence_tools.schema import ROW_CLASSES, Problem, relative_name

PACKAGE_FILE = "datapackage.json"
_ROW_CLASSES: dict[str, type] = ROW_CLASSES | {"certainty": DomainJudgement}
_TYPES: dict[Any, str] = {int: "integer", Decimal: "number", date: "date", bool: "boolean"}
_CONSTRAINTS: dict[str, tuple[type, ...]] = {
    "required": (bool,),
    "unique": (bool,),
    "enum": (list,),
    "pattern": (str,),
    "minimum": (int, float, str),
    "maximum": (int, float, str),
}
_NAME = re.compile(r"[a-z0-9-]+")
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")


@dataclass(frozen=True, slots=True)
class TableDescription:
    """What the dictionary says about one table.

    Attributes
    ----------
    name
        Name of the table, such as ``findings``.
    path
        Name of its file, in the same folder as the dictionary.
    columns
        Column name to its description, in the order of the file.
    key
        The columns that together identify a row.
    references
        Column name to the table and the column where its value must stand.
    """

    name: str
    path: str
    columns: Mapping[str, Mapping[str, Any]]
    key: tuple[str, ...]
    references: Mapping[str, tuple[str, str]]


def read_dictionary(
    folder: Path, names: Iterable[str]
) -> tuple[dict[str, TableDescription], list[Problem]]:
    """Read and check the column dictionary of a data folder.

    Parameters
    ----------
    folder
        The folder that holds ``datapackage.json``.
    names
        Names of the tables that must be described.

    Returns
    -------
    tables
        Table name to its description, for the tables that are described soundly.
    problems
        Every fault found in the dictionary.
    """
    path = folder / PACKAGE_FILE
    shown = relative_name(path)
    if not path.is_file():
        what = "the file is missing" if folder.is_dir() else f"there is no folder {str(folder)!r}"
        return {}, [Problem(shown, 0, "", f"{what}; point load_evidence at the data folder")]
    try:
        text = path.read_text(encoding="utf-8")
        if text.startswith("\ufeff"):
            message = "found a byte order mark; save the file as UTF-8 without it"
            return {}, [Problem(shown, 1, "", message)]
        descriptor = json.loads(text)
    except OSError as error:
        return {}, [Problem(shown, 0, "", f"the file cannot be read: {error.strerror}")]
    except UnicodeDecodeError as error:
        return {}, [Problem(shown, 0, "", f"not UTF-8 text at byte {error.start}; save as UTF-8")]
    except json.JSONDecodeError as error:
        message = f"not valid JSON: {error.msg.lower()}; look at this line and the one before"
        return {}, [Problem(shown, error.lineno, "", message)]
    except (ValueError, RecursionError):
        return {}, [Problem(shown, 0, "", "not valid JSON: a number is too long, or it nests")]
    tables, faults = _read_tables(descriptor, tuple(names))
    return tables, [Problem(shown, 0, "", fault) for fault in faults]


def _read_tables(
    descriptor: Any, names: tuple[str, ...]
) -> tuple[dict[str, TableDescription], list[str]]:
    resources = descriptor.get("resources") if isinstance(descriptor, dict) else None
    if not isinstance(resources, list) or not all(isinstance(r, dict) for r in resources):
        return {}, ["'resources' is missing; it is the list that describes each table"]
    faults: list[str] = []
    tables: dict[str, TableDescription] = {}
    told = set()
    paths: dict[object, object] = {}
    for resource in resources:
        name = resource.get("name")
        path = resource.get("path")
        if isinstance(path, str) and path in paths:
            faults.append(f"the tables {paths[path]!r} and {name!r} name the same file {path!r}")
            told.add(name)
            continue
        paths[str(path)] = name
        if not isinstance(name, str) or name in tables or not _NAME.fullmatch(name):
            faults.append(f"found the table name {name!r}; each needs one of its own, a-z and -")
        elif found := [f"table {name!r}: {fault}" for fault in _table_faults(name, resource)]:
            faults += found
            told.add(name)
        else:
            tables[name] = _table(resource)
    for name in names:
        if name not in tables and name not in told:
            faults.append(f"the table {name!r} is not described in 'resources'")
    for table in tables.values():
        for column, (target, key) in table.references.items():
            if target not in told and (target not in tables or tables[target].key != (key,)):
                faults.append(f"table {table.name!r}: {column!r} refers to no key of {target!r}")
    return tables, faults


def _table(resource: dict[str, Any]) -> TableDescription:
    schema = resource["schema"]
    keys = schema.get("foreignKeys") or []
    return TableDescription(
        name=resource["name"],
        path=resource["path"],
        columns={field["name"]: field for field in schema["fields"]},
        key=tuple(schema["primaryKey"]),
        references={
            key["fields"][0]: (key["reference"]["resource"], key["reference"]["fields"][0])
            for key in keys
        },
    )


def _table_faults(name: str, resource: dict[str, Any]) -> Iterator[str]:
    path, schema = resource.get("path"), resource.get("schema")
    if not isinstance(path, str) or not re.fullmatch(r"[A-Za-z0-9_-]+\.csv", path):
        yield f"found the path {path!r}; the name of a .csv file in the same folder is needed"
    if resource.get("encoding", "utf-8") != "utf-8":
        yield f"found the encoding {resource['encoding']!r}; tables are UTF-8 text: use 'utf-8'"
    schema = schema if isinstance(schema, dict) else {}
    listed = schema.get("fields")
    if not isinstance(listed, list) or not listed:
        yield "'schema' with the list 'fields' is missing; it describes each column"
        return
    names = [field.get("name") if isinstance(field, dict) else None for field in listed]
    if not all(isinstance(n, str) and n for n in names) or len(set(names)) < len(names):
        yield "each of 'fields' needs a name of its own"
        return
    if schema.get("missingValues", [""]) != [""]:
        yield "'missingValues' must be [\"\"]: only a blank cell means not reported"
    yield from _key_faults(schema, names)
    expected = _expected_columns(name)
    if expected and names != list(expected):
        yield f"its columns must be, in this order: {', '.join(expected)}"
        return
    for field in listed:
        for fault in _field_faults(field, expected.get(field["name"])):
            yield f"column {field['name']!r}: {fault}"


def _key_faults(schema: dict[str, Any], names: list[Any]) -> Iterator[str]:
    key = schema.get("primaryKey")
    if not isinstance(key, list) or key[:1] != names[:1] or not all(k in names for k in key):
        yield f"'primaryKey' must be a list of columns that begins with {names[0]!r}"
    keys = schema.get("foreignKeys", [])
    if not isinstance(keys, list) or not all(_is_foreign_key(key, names) for key in keys):
        yield "'foreignKeys' must be a list; each names one column, a table and its key"
        return
    referring = {key["fields"][0] for key in keys}
    for column in names[1:]:
        if column.endswith("_id") and column not in referring:
            yield f"'foreignKeys' must say which table {column!r} refers to"


def _is_foreign_key(key: Any, names: list[Any]) -> bool:
    try:
        (column,), reference = key["fields"], key["reference"]
        (target,) = reference["fields"]
        texts = (column, target, reference["resource"])
    except (KeyError, TypeError, ValueError):
        return False
    return column in names and all(isinstance(text, str) for text in texts)


def _field_faults(field: dict[str, Any], annotation: Any) -> Iterator[str]:
    constraints = field.get("constraints", {})
    if not isinstance(constraints, dict):
        yield "'constraints' must be an object"
        return
    for key, value in constraints.items():
        if key not in _CONSTRAINTS:
            yield f"found the constraint {key!r}; known: {', '.join(_CONSTRAINTS)}"
        elif not isinstance(value, _CONSTRAINTS[key]):
            yield f"found {value!r} as the constraint {key!r}"
        elif key in ("minimum", "maximum") and not _NUMBER.fullmatch(str(value)):
            yield f"found {value!r} as the constraint {key!r}; a number is needed"
        elif key == "pattern" and not _is_pattern(str(value)):
            yield f"the pattern {value!r} is not a regular expression"
    words = constraints.get("enum")
    if isinstance(words, list) and not (words and all(isinstance(w, str) for w in words)):
        yield "'enum' must be a list of words between quotes"
    if annotation is None:
        return
    kind, optional, vocabulary = annotation
    if field.get("type") != kind or field.get("format", "default") != "default":
        yield f"found the type {field.get('type')!r}; it must be {kind!r}"
    if (
        (kind != "string" or vocabulary)
        and not optional
        and constraints.get("required") is not True
    ):
        yield "the constraint 'required' must be true"
    if vocabulary and (not isinstance(words, list) or words != vocabulary):
        yield f"its 'enum' must be the words of evidence_tools/schema.py: {', '.join(vocabulary)}"
    booleans = (field.get("trueValues"), field.get("falseValues"))
    if kind == "boolean" and booleans != (["yes"], ["no"]):
        yield "'trueValues' must be [\"yes\"] and 'falseValues' [\"no\"]"


def _is_pattern(text: str) -> bool:
    try:
        return re.compile(text) is not None
    except (re.error, RecursionError, OverflowError):
        return False


def _expected_columns(name: str) -> dict[str, tuple[str, bool, list[str]]]:
    """Type, whether blank is allowed, and vocabulary of each column, from the row's class."""
    if (row_class := _ROW_CLASSES.get(name)) is None:
        return {}
    hints = get_type_hints(row_class)
    expected = {}
    for field in fields(row_class):
        hint = hints[field.name]
        optional = get_origin(hint) in (Union, types.UnionType)
        if optional:
            hint = next(part for part in get_args(hint) if part is not type(None))
        vocabulary = isinstance(hint, type) and issubclass(hint, StrEnum)
        words = [str(word) for word in hint] if vocabulary else []
        expected[field.name] = (_TYPES.get(hint, "string"), optional, words)
    return expected
