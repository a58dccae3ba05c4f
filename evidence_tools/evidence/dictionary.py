"""The column dictionary: what ``data/datapackage.json`` says about the tables.

A fault in it is reported like one in a table. Only plain files beside it are accepted as
tables: no other folder, no address.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from evidence_tools.evidence.problems import Problem, read_text, relative_name

PACKAGE_FILE = "datapackage.json"

NEEDED: dict[str, str] = {
    "findings": "finding_id source_id outcome_id measured_as analysis timepoint contrast form "
    "population_group effect_measure estimate# ci_lower# ci_upper# ci_level# standard_error# "
    "unit p_value< k_studies% n_participants% i2# tau2# prediction_lower# prediction_upper# "
    "direction statistically_significant as_printed locator read_at superseded_by set_aside "
    "misfit note",
    "sources": "source_id short_name design evidence_level% year% authors title journal doi url "
    "n_studies% n_participants% population population_group intervention form read_at integrity "
    "integrity_checked@ note",
    "outcomes": "outcome_id name abbreviation synonyms kind surrogate? covers plain reflects "
    "caveat references",
    "kinds": "kind plural role surrogate plain caution colour",
    "trials": "source_id same_trial_as form dose# dose_unit duration# duration_unit comparator "
    "given_to_all other_arm blinding n_randomised% n_intervention% n_comparator% n_completed% "
    "country",
    "arms": "arm_id source_id outcome_id measured_as arm role timepoint value_type n% events% "
    "mean# median# dispersion# dispersion_lower# dispersion_upper# dispersion_type unit "
    "as_printed read_at misfit note",
    "certainty": "outcome_id domain judgement rationale finding_ids source_ids",
    "context": "context_id outcome_id value# lower# upper# unit population source_id note",
    "timecourse": "timecourse_id source_id outcome_id timepoint direction "
    "statistically_significant as_printed note",
    "harms": "harm_id source_id kind as_printed groups counts note",
    "advice": "advice_id authority source_id group concern as_printed note",
    "conclusions": "conclusion_id source_id as_printed note",
    "statements": "statement_id kind slot source_id outcome_id statement basis",
    "limitations": "limitation_id rule sentence",
    "plain": "key text when",
}
"""Tables and columns that the package reads, each marked with its type; text has no mark.

A dictionary may describe more. Each table is an attribute of the evidence.
"""

_MARKS = {"#": "number", "%": "integer", "@": "date", "<": "bound", "?": "boolean"}

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
        described = self.columns[column]
        return "bound" if described.get("bound") else str(described.get("type", "string"))


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
        descriptor = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        message = f"not valid JSON: {error.msg.lower()}; look at this line and the one before"
        return {}, [(error.lineno, message)]
    except (ValueError, RecursionError) as error:
        return {}, [(0, f"not usable JSON: {str(error)[:100]}")]
    resources = descriptor.get("resources") if isinstance(descriptor, dict) else None
    if not isinstance(resources, list) or not all(isinstance(r, dict) for r in resources):
        return {}, [(0, "'resources' is missing; it is the list that describes each table")]
    tables: dict[str, TableDescription] = {}
    faults = list(_read_resources(resources, tables)) or list(_wrong_references(tables))
    return ({} if faults else tables), [(0, fault) for fault in faults]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that occurs twice: JSON would keep the last one silently."""
    for name, count in Counter(name for name, _ in pairs).items():
        if count > 1:
            raise ValueError(f"the key {name!r} occurs twice in one object; keep one of them")
    return dict(pairs)


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
            if not (faults := list(_faults(resource))):
                table = tables[name] = _table(name, resource)
                faults = list(_faults_of_columns(table))
        except library.FrictionlessException as error:
            faults = [found.note for found in error.reasons or [error.error]]
        except (re.error, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            faults = [f"'schema' is no Table Schema: {type(error).__name__}: {error}"]
        # The list of all columns that ends some notes would bury what was found.
        yield from (f"table {name!r}: {f.partition(' does not match the f')[0]}" for f in faults)
    yield from (f"table {n!r}: not described in 'resources'" for n in NEEDED if n not in names)


def _faults(resource: dict[str, Any]) -> Iterator[str]:
    path, schema = resource.get("path"), resource.get("schema")
    if not isinstance(path, str) or not re.fullmatch(r"[A-Za-z0-9_-]+\.csv", path):
        yield f"found the path {path!r}; the name of a .csv file in the same folder is needed"
    if resource.get("encoding", "utf-8") != "utf-8":
        yield f"found the encoding {resource['encoding']!r}; tables are UTF-8 text: use 'utf-8'"
    if not isinstance(schema, dict) or not schema.get("fields"):
        yield "'schema' is missing, or has no 'fields'; it lists the columns"
        return
    first = schema["fields"][0]
    if schema.get("primaryKey", [])[:1] != [isinstance(first, dict) and first.get("name")]:
        yield "'primaryKey' must be a list of columns that begins with the first one"
    if "" not in schema.get("missingValues", [""]):
        yield "'missingValues' must have \"\" among them: a blank cell is not reported"


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


def _faults_of_columns(table: TableDescription) -> Iterator[str]:
    words = NEEDED.get(table.name, "").split()
    needed = {word.rstrip("".join(_MARKS)): _MARKS.get(word[-1], "string") for word in words}
    for column in needed.keys() - table.columns.keys():
        yield f"the column {column!r} is not described; the package reads it"
    for column, described in table.columns.items():
        found = table.kind(column)
        allowed = [needed[column]] if column in needed else _TYPES
        if found not in allowed or "format" in described:
            yield f"column {column!r}: found the type {found!r}; allowed: {', '.join(allowed)}"
        # Frictionless finds some faults only when it reads a cell.
        table.readers[column]("2026-11-21" if found == "date" else "1")


def _wrong_references(tables: Mapping[str, TableDescription]) -> Iterator[str]:
    """Find references that lead nowhere, and columns that should refer to a key and do not."""
    keys = {
        table.key[0]: name
        for name, table in tables.items()
        if len(table.key) == 1 and table.key[0] not in table.references
    }
    for name, table in tables.items():
        for column, target in {**table.references, **table.lists}.items():
            if target not in tables:
                yield f"table {name!r}: {column!r} refers to {target!r}, which is no table"
        for column in table.columns:
            foreign = column.endswith("_id") or (name, column) == ("outcomes", "kind")
            if foreign and keys.get(column, name) != name and column not in table.references:
                yield f"table {name!r}: {column!r} must be a foreign key of {keys[column]!r}"
