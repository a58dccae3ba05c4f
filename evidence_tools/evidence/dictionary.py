"""The column dictionary: what ``data/datapackage.json`` says about the tables.

A fault in it is reported like one in a table. Only plain files beside it are accepted as
tables: no other folder, no address.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from evidence_tools.evidence.problems import Problem, read_text, relative_name

PACKAGE_FILE = "datapackage.json"

MODEL = Path(__file__).with_name(PACKAGE_FILE)
"""The dictionary that a new report begins with.

The package reads its tables and columns; that of a report may describe more.
"""


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
    readers: Mapping[str, Callable[[str], tuple[Any, Mapping[str, str] | None]]]

    def kind(self, column: str) -> str:
        """Give the type of a column; a number printed as a bound (``<0.001``) is one too."""
        described = self.columns[column]
        return "bound" if described.get("bound") else str(described["type"])

    def allowed(self, column: str) -> list[str]:
        """List the words that a column allows; none if it allows any."""
        return [str(word) for word in self.columns[column].get("constraints", {}).get("enum", [])]


def read_dictionary(folder: Path) -> tuple[dict[str, TableDescription], list[Problem]]:
    """Read the dictionary of a data folder: its tables by name, or else its faults."""
    path = folder / PACKAGE_FILE
    text, problems = read_text(path)
    if problems:
        return {}, problems
    tables, faults = _describe(text)
    return dict(tables), [Problem(relative_name(path), line, "", fault) for line, fault in faults]


@lru_cache(maxsize=4)
def _describe(text: str) -> tuple[dict[str, TableDescription], list[tuple[int, str]]]:
    from frictionless import FrictionlessException

    try:
        resources = json.loads(text)["resources"]
        names = [resource["name"] for resource in resources]
        twice = Counter([*names, *(str(resource["path"]).lower() for resource in resources)])
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        remedy = "; look at this line and the one before" if line else ""
        return {}, [(line, f"not valid JSON: {str(getattr(error, 'msg', error))[:100]}{remedy}")]
    except (KeyError, TypeError):
        return {}, [(0, "'resources' is missing; it lists the tables, each with name and path")]
    known = json.loads(MODEL.read_text("utf-8"))["resources"]
    model = {resource["name"]: _relied_on(resource["schema"]) for resource in known}
    tables = dict[str, TableDescription]()
    faults = [f"table {name!r}: not described in 'resources'" for name in model.keys() - names]
    faults += [f"{part!r} is described twice" for part, count in twice.items() if count > 1]
    for name, resource in zip(names, resources, strict=True):
        try:
            tables[name] = _table(resource)
            mine = _relied_on(resource["schema"])
            wrong = [
                f"{place}: found {found!r}; {needed!r} is needed, the package relies on it"
                for place, needed in model.get(name, {}).items()
                if (found := mine.get(place)) != needed
            ]
        except FrictionlessException as error:
            # The list of all columns that ends some notes would bury what was found.
            notes = [found.note for found in error.reasons or [error.error]]
            wrong = [note.partition(" does not match the f")[0] for note in notes]
        except KeyError as error:
            wrong = [f"{error} is missing; add it"]
        except (re.error, TypeError, ValueError, AttributeError, RecursionError) as error:
            wrong = [f"'path' or 'schema' is wrong: {type(error).__name__}: {error}"]
        faults += [f"table {name!r}: {fault}" for fault in wrong]
    for name, table in tables.items():
        for target in {*table.references.values(), *table.lists.values()}.difference(names):
            faults.append(f"table {name!r}: refers to {target!r}, which is no table")
    return ({} if faults else tables), [(0, fault) for fault in faults]


def _relied_on(schema: dict[str, Any]) -> dict[str, Any]:
    """List what the schema of a table says that the package relies on, by the place of it."""
    found = {repr(key): schema[key] for key in ("primaryKey", "missingValues") if key in schema}
    for key in schema.get("foreignKeys", []):
        found[f"'foreignKeys' of {key['fields'][0]!r}"] = key["reference"]["resource"]
    for field in schema["fields"]:
        for key in ("type", "format", "bound", "listOf"):
            found[f"column {field['name']!r}: {key!r}"] = field.get(key)
    return found


def _table(resource: dict[str, Any]) -> TableDescription:
    from frictionless import Schema

    described, name, path = resource["schema"], resource["name"], resource["path"]
    if not re.fullmatch(r"[A-Za-z0-9_-]+\.csv", path):
        raise ValueError(f"found {path!r}; the name of a .csv file in the same folder is needed")
    fields = [dict(field) for field in described["fields"]]
    for field in fields:
        if "pattern" in (constraints := field.get("constraints", {})):
            # Frictionless puts ^ and $ around it, which bind tighter than a bar inside.
            field["constraints"] = constraints | {"pattern": f"(?:{constraints['pattern']})"}
    # Version 2 of the standard knows limits that a value must be above, not only at.
    version = {"$schema": "https://datapackage.org/profiles/2.0/tableschema.json"}
    schema = Schema.from_descriptor(described | version | {"fields": fields})
    readers = {field.name: field.create_cell_reader() for field in schema.fields}
    for field in schema.fields:  # Frictionless finds some faults only when it reads a cell
        readers[field.name]("2026-11-21" if field.type == "date" else "1")
    keys = described.get("foreignKeys", [])
    return TableDescription(
        name=name,
        path=path,
        columns={field["name"]: field for field in described["fields"]},
        key=tuple(described["primaryKey"]),
        # A reference to the table itself names no resource in Table Schema.
        references={key["fields"][0]: key["reference"]["resource"] or name for key in keys},
        lists={f["name"]: f["listOf"] for f in described["fields"] if "listOf" in f},
        readers=readers,
    )
