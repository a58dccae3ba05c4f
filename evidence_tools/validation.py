"""From a data folder to a list of problems: Frictionless and the rules of this field.

Frictionless checks the rows against the column dictionary: types, allowed words, keys. Its
findings are put into the words an author of evidence uses. Faults of a file as such are
found before; whatever could be read of the other tables is checked all the same.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evidence_tools.celltext import text_fault
from evidence_tools.csvfile import CsvTable, Record, read_csv
from evidence_tools.dictionary import TableDescription, read_dictionary
from evidence_tools.links import check_judgements, check_lists, check_reports, check_twins
from evidence_tools.messages import message, type_fault
from evidence_tools.rules import RULES, Fault
from evidence_tools.schema import Problem, relative_name

# Python reads more as a number than an author means: "1_0", " 1", "1e3", "NaN", "\u0661".
_FORMS = {
    "number": re.compile(r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,12})?"),
    "integer": re.compile(r"-?(0|[1-9][0-9]{0,11})"),
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
}


def validate_tables(folder: Path) -> tuple[list[Problem], dict[str, list[dict[str, Any]]]]:
    """Check every table of a data folder, and read the rows of the sound ones.

    Parameters
    ----------
    folder
        The folder that holds ``datapackage.json`` and the tables it names.

    Returns
    -------
    problems
        Every fault found, over all tables; empty when the evidence can be used.
    rows
        Table name to its typed rows; complete only when there are no problems.
    """
    tables, problems = read_dictionary(folder, RULES)
    files = {
        name: read_csv(folder / table.path, list(table.columns)) for name, table in tables.items()
    }
    readable = {name for name, file in files.items() if file.records}
    problems += [problem for file in files.values() for problem in file.problems]
    if not readable:
        return problems, {}
    package, report = _validate(
        [_descriptor(tables[name], files, readable) for name in tables if name in readable],
        {name: bool(file.missing) for name, file in files.items()},
    )
    known = {name: _keys(files[name], tables[name]) for name in readable}
    for task in report.tasks:
        table = tables[task.name]
        shown = relative_name(folder / table.path)
        problems += _problems(shown, table, files[task.name], task.errors, known)
    for name in readable:
        problems += check_lists(folder, tables[name], files)
    if "findings" in readable:
        problems += check_twins(folder, tables["findings"], files)
    if "trials" in readable:
        problems += check_reports(folder, tables["trials"], files)
    if {"certainty", "findings"} <= readable:
        problems += check_judgements(folder, tables["certainty"], files)
    if problems:
        return problems, {}
    return [], {name: _rows(package.get_resource(name)) for name in tables}


@contextmanager
def _without_iri_grammar() -> Iterator[None]:
    """Keep jsonschema, when it is imported, from compiling a grammar of addresses.

    The grammar takes a second, more than everything else here together, and serves a format
    (``iri``) that no table has. jsonschema does without it where it is not installed.
    """
    name = "rfc3987_syntax"
    if name in sys.modules or "jsonschema" in sys.modules:
        yield
        return
    # None in sys.modules is the documented way to block an import.
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]


def _rows(resource: Any) -> list[dict[str, Any]]:
    return [row.to_dict() for row in resource.read_rows()]


def _descriptor(
    table: TableDescription, files: Mapping[str, CsvTable], readable: set[str]
) -> dict[str, Any]:
    """Describe what was read of a table; the rows ride along, so no file is read twice."""
    file = files[table.name]
    columns = [name for name in table.columns if name not in file.missing]
    fields = [_field(table.columns[name]) for name in columns]
    references = [
        {"fields": [column], "reference": {"resource": target, "fields": [key]}}
        for column, (target, key) in table.references.items()
        # Without the other table nothing can be said about the reference.
        if column in columns and target in readable and key not in files[target].missing
    ]
    schema: dict[str, Any] = {"fields": fields, "missingValues": [""], "foreignKeys": references}
    if set(table.key) <= set(columns):
        schema["primaryKey"] = list(table.key)
    rows = [[record.cells[name] for name in columns] for record in file.records]
    return {"name": table.name, "type": "table", "schema": schema, "data": [columns, *rows]}


def _field(column: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("name", "type", "trueValues", "falseValues")
    constraints = dict(column.get("constraints", {}))
    if "pattern" in constraints:
        # Frictionless puts ^ and $ around it, which bind tighter than a bar inside.
        constraints["pattern"] = f"(?:{constraints['pattern']})"
    return {key: column[key] for key in kept if key in column} | {"constraints": constraints}


def _validate(descriptors: list[dict[str, Any]], has_gaps: Mapping[str, bool]) -> tuple[Any, Any]:
    with _without_iri_grammar():
        import jsonschema  # noqa: F401 - Frictionless imports it later, with its grammar
    from frictionless import Check, Checklist, Package, errors  # heavy: only who validates pays

    class TextError(errors.CellError):  # type: ignore[misc]
        type = "text-error"
        title = "Text"
        description = "A cell holds something other than plain text"
        template = "{note}"

    class RuleError(errors.CellError):  # type: ignore[misc]
        type = "rule-error"
        title = "Rule"
        description = "A rule of this field is broken"
        template = "{note}"

    class FieldRules(Check):  # type: ignore[misc]
        """The rules of this field as one check of Frictionless."""

        type = "field-rules"
        Errors = [TextError, RuleError]  # noqa: RUF012 - the name and shape Frictionless asks for

        def validate_row(self, row: Any) -> Iterator[Any]:
            name, fields = self.resource.name, self.resource.schema.fields
            broken = {error.field_name for error in row.errors if hasattr(error, "field_name")}
            for field, text in zip(fields, row.cells, strict=True):
                if fault := text_fault(text):
                    yield TextError.from_row(row, note=fault, field_name=field.name)
                elif field.name not in broken and text and not _has_form(field.type, text):
                    fault = type_fault(field.type, text)
                    yield RuleError.from_row(row, note=fault, field_name=field.name)
                else:
                    continue
                broken.add(field.name)
            for column, fault in () if has_gaps[name] else _rule_faults(name, row, broken):
                yield RuleError.from_row(row, note=fault, field_name=column)

    package: Any = Package.from_descriptor({"name": "evidence", "resources": descriptors})
    return package, package.validate(Checklist(checks=[FieldRules()]), limit_errors=10**6)


class _Watched(dict[str, object]):
    """A row that remembers which of its columns a rule looked at."""

    def __init__(self, values: Mapping[str, object]) -> None:
        super().__init__(values)
        self.seen: set[str] = set()

    def get(self, key: str, default: object = None) -> object:
        self.seen.add(key)
        return super().get(key, default)


def _rule_faults(table: str, row: Any, broken: set[str]) -> Iterator[Fault]:
    """Apply the rules of a table; one that looked at a broken cell has nothing to say."""
    for rule in RULES.get(table, ()):
        values = _Watched(row.to_dict())
        faults = list(rule(values))
        if not values.seen & broken:
            yield from faults


def _has_form(kind: str, text: str) -> bool:
    form = _FORMS.get(kind)
    return form is None or form.fullmatch(text) is not None


def _keys(file: CsvTable, table: TableDescription) -> list[str]:
    return [record.cells.get(table.key[0], "").strip() for record in file.records]


def _problems(
    shown: str,
    table: TableDescription,
    file: CsvTable,
    errors: list[Any],
    known: Mapping[str, list[str]],
) -> Iterator[Problem]:
    """Put what Frictionless found into the words of an author, with the line in the file."""
    not_plain = {
        (error.row_number, error.field_name) for error in errors if error.type == "text-error"
    }
    for error in errors:
        record = _record(file, error)
        column = str(getattr(error, "field_name", ""))
        if record and not record.complete:
            continue  # told as a row with too many or too few cells
        if error.type == "primary-key" and _is_unique(table, table.key[0]):
            continue  # told as a cell that is blank or stands twice
        if error.type != "text-error" and (error.row_number, column) in not_plain:
            continue
        if error.type == "foreign-key":
            column = error.field_names[0]
            if error.field_cells[0].strip() in known.get(error.reference_name, ()):
                continue  # only the spaces differ, and they are told
        text = message(table, file, error, known)
        yield Problem(shown, record.line if record else 0, column, text)


def _is_unique(table: TableDescription, column: str) -> bool:
    return table.columns[column].get("constraints", {}).get("unique") is True


def _record(file: CsvTable, error: Any) -> Record | None:
    number = int(getattr(error, "row_number", 0) or 0)  # the header is row 1
    return file.records[number - 2] if 2 <= number < len(file.records) + 2 else None
