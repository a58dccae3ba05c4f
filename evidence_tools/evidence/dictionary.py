"""The column dictionary: what ``data/datapackage.json`` says about the tables.

A fault in it is reported like one in a table. Only plain files beside it are accepted as
tables: no other folder, no address.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from evidence_tools.evidence.problems import Problem, read_text, relative_name

PACKAGE_FILE = "datapackage.json"

MODEL = Path(__file__).with_name(PACKAGE_FILE)
"""The dictionary that a new report begins with.

The package reads its tables and columns; that of a report may describe more.
"""

REQUIRED_TABLES = ("sources", "kinds", "outcomes", "findings")
"""Tables that need rows; the others may be empty."""

_TYPES = ("string", "integer", "number", "boolean", "date", "bound")


@dataclass(frozen=True, slots=True)
class TableDescription:
    """What the dictionary says about one table.

    ``references`` maps a column to the table that has its value as a key; ``lists`` does so for
    columns that hold several keys. ``readers`` has the function with which Frictionless reads a
    cell of a column: the value, and a note by name of each constraint that it breaks.
    """

    name: str
    path: str
    columns: Mapping[str, Mapping[str, Any]]
    key: tuple[str, ...]
    references: Mapping[str, str]
    lists: Mapping[str, str]
    missing: tuple[str, ...]
    readers: Mapping[str, Callable[[str], tuple[Any, Mapping[str, str] | None]]]

    def kind(self, column: str) -> str:
        """Give the type of a column; a number printed as a bound (``<0.001``) is one too."""
        return _kind(self.columns[column])


@cache
def frictionless() -> Any:
    """Import Frictionless: heavy, so only who reads tables pays."""
    # jsonschema, which it uses, would compile a grammar of addresses for a second, for a format
    # (``iri``) that no table has; it does without where the grammar is missing.
    name = "rfc3987_syntax"
    if "jsonschema" not in sys.modules and name not in sys.modules:
        # None in sys.modules is the documented way to block an import.
        sys.modules[name] = None  # type: ignore[assignment]
        import jsonschema  # noqa: F401

        del sys.modules[name]
    import frictionless

    return frictionless


def read_dictionary(folder: Path) -> tuple[dict[str, TableDescription], list[Problem]]:
    """Read the dictionary of a data folder: its tables by name, or else its faults."""
    path = folder / PACKAGE_FILE
    shown = relative_name(path)
    text, problems = read_text(path)
    if problems:
        return {}, problems
    tables, faults = _describe(text)
    return dict(tables), [Problem(shown, line, "", fault) for line, fault in faults]


@lru_cache(maxsize=4)
def _describe(text: str) -> tuple[dict[str, TableDescription], list[tuple[int, str]]]:
    try:
        descriptor = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        remedy = "; look at this line and the one before" if line else ""
        return {}, [(line, f"not valid JSON: {str(getattr(error, 'msg', error))[:100]}{remedy}")]
    resources = descriptor.get("resources") if isinstance(descriptor, dict) else None
    if not isinstance(resources, list) or not all(isinstance(r, dict) for r in resources):
        return {}, [(0, "'resources' is missing; it is the list that describes each table")]
    tables: dict[str, TableDescription] = {}
    faults = list(_read_resources(resources, tables)) or list(_wrong_references(tables))
    return ({} if faults else tables), [(0, fault) for fault in faults]


@cache
def _model() -> dict[str, dict[str, Any]]:
    resources = json.loads(MODEL.read_text("utf-8"))["resources"]
    return {resource["name"]: resource["schema"] for resource in resources}


def _read_resources(
    resources: list[dict[str, Any]], tables: dict[str, TableDescription]
) -> Iterator[str]:
    """Add each table that is described soundly, and say what is wrong with the others."""
    names = [str(resource.get("name")) for resource in resources]
    paths = [str(resource.get("path")).lower() for resource in resources]
    for name, path, resource in zip(names, paths, resources, strict=True):
        if names.count(name) > 1 or paths.count(path) > 1:
            yield f"table {name!r}: the name, or the file {path!r}, is described twice"
            continue
        library = frictionless()
        try:
            if not (faults := list(_faults(name, resource))):
                table = tables[name] = _table(name, resource)
                faults = list(_faults_of_columns(table))
        except library.FrictionlessException as error:
            faults = [found.note for found in error.reasons or [error.error]]
        except (re.error, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            faults = [f"'schema' is no Table Schema: {type(error).__name__}: {error}"]
        # The list of all columns that ends some notes would bury what was found.
        yield from (f"table {name!r}: {f.partition(' does not match the f')[0]}" for f in faults)
    yield from (f"table {n!r}: not described in 'resources'" for n in _model() if n not in names)


def _faults(name: str, resource: dict[str, Any]) -> Iterator[str]:
    path, schema = resource.get("path"), resource.get("schema")
    if not isinstance(path, str) or not re.fullmatch(r"[A-Za-z0-9_-]+\.csv", path):
        yield f"found the path {path!r}; the name of a .csv file in the same folder is needed"
    if not isinstance(schema, dict) or not schema.get("fields"):
        yield "'schema' is missing, or has no 'fields'; it lists the columns"
        return
    own = {"primaryKey": [schema["fields"][0]["name"]], "missingValues": [""]}
    model = _model().get(name, own)
    for key in ("primaryKey", "foreignKeys", "missingValues"):
        found, needed = schema.get(key) or [], model.get(key, [])
        lost = [part for part in needed if part not in found]
        if lost or (key == "primaryKey" and found != needed):
            yield f"{key!r} must have {json.dumps(lost or needed)}; the package relies on it"


def _table(name: str, resource: dict[str, Any]) -> TableDescription:
    described = resource["schema"]
    fields = [dict(field) for field in described["fields"]]
    for field in fields:
        if "pattern" in (constraints := field.get("constraints", {})):
            # Frictionless puts ^ and $ around it, which bind tighter than a bar inside.
            field["constraints"] = constraints | {"pattern": f"(?:{constraints['pattern']})"}
    # Version 2 of the standard knows limits that a value must be above, not only at.
    version = {"$schema": "https://datapackage.org/profiles/2.0/tableschema.json"}
    schema = frictionless().Schema.from_descriptor(described | version | {"fields": fields})
    return TableDescription(
        name=name,
        path=resource["path"],
        columns={field["name"]: field for field in described["fields"]},
        key=tuple(described["primaryKey"]),
        references={
            # A reference to the table itself names no resource in Table Schema.
            key["fields"][0]: key["reference"]["resource"] or name
            for key in described.get("foreignKeys", [])
        },
        lists={f["name"]: str(f["listOf"]) for f in described["fields"] if "listOf" in f},
        missing=tuple(described.get("missingValues", [""])),
        readers={field.name: field.create_cell_reader() for field in schema.fields},
    )


def _kind(field: Mapping[str, Any]) -> str:
    return "bound" if field.get("bound") else str(field.get("type", "string"))


def _faults_of_columns(table: TableDescription) -> Iterator[str]:
    needed = {field["name"]: field for field in _model().get(table.name, {"fields": []})["fields"]}
    for column in needed.keys() - table.columns.keys():
        yield f"the column {column!r} is not described; the package reads it"
    for column, described in table.columns.items():
        found, model = table.kind(column), needed.get(column)
        allowed = (_kind(model),) if model else _TYPES
        if found not in allowed or "format" in described:
            yield f"column {column!r}: found the type {found!r}; allowed: {', '.join(allowed)}"
        if model and model.get("listOf") != described.get("listOf"):
            yield f"column {column!r}: 'listOf' must be {model.get('listOf')!r}"
        # Frictionless finds some faults only when it reads a cell.
        table.readers[column]("2026-11-21" if found == "date" else "1")


def _wrong_references(tables: Mapping[str, TableDescription]) -> Iterator[str]:
    for name, table in tables.items():
        for column, target in {**table.references, **table.lists}.items():
            if target not in tables:
                yield f"table {name!r}: {column!r} refers to {target!r}, which is no table"
