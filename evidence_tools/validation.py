"""From a data folder to a list of problems: Frictionless and the rules of this field.

Frictionless checks the tables against ``datapackage.json``: columns, types, allowed words,
keys. Its findings are put into the words an author of evidence uses.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evidence_tools.links import check_judgements, check_lists
from evidence_tools.rules import RULES
from evidence_tools.schema import Problem, relative_name

PACKAGE_FILE = "datapackage.json"
_TYPE_WORDS = {
    "number": "a number such as -1.54",
    "integer": "a whole number such as 109",
    "date": "a date such as 2026-11-21",
    "boolean": "yes or no",
    "string": "text",
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
    descriptor, problems = _read_descriptor(folder)
    if descriptor is None:
        return problems, {}
    from frictionless import Checklist, Package  # heavy: only who validates pays for it

    package: Any = Package.from_descriptor(descriptor, basepath=str(folder))
    report = package.validate(Checklist(checks=[_field_rules()]))
    tables = {table["name"]: table for table in descriptor["resources"]}
    for task in report.tasks:
        table = tables[task.name]
        for error in task.errors:
            problems.append(_problem(folder, table, error))
    if not report.tasks and report.errors:
        path = relative_name(folder / PACKAGE_FILE)
        problems += [Problem(path, 0, "", error.note) for error in report.errors]
    if problems:
        return problems, {}
    rows = {name: _rows(package.get_resource(name)) for name in RULES}
    problems = [p for name in RULES for p in check_lists(folder, tables[name], rows)]
    problems += check_judgements(folder, tables["certainty"], rows)
    return problems, {} if problems else rows


def _rows(resource: Any) -> list[dict[str, Any]]:
    return [row.to_dict() for row in resource.read_rows()]


def _read_descriptor(folder: Path) -> tuple[dict[str, Any] | None, list[Problem]]:
    path = folder / PACKAGE_FILE
    shown = relative_name(path)
    if not path.is_file():
        what = "the file is missing" if folder.is_dir() else f"there is no folder {str(folder)!r}"
        return None, [Problem(shown, 0, "", f"{what}; point load_evidence at the data folder")]
    try:
        descriptor = json.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        return None, [Problem(shown, 0, "", f"not UTF-8 text at byte {error.start}; save as UTF-8")]
    except json.JSONDecodeError as error:
        return None, [Problem(shown, error.lineno, "", f"not valid JSON: {error.msg}")]
    names = _table_names(descriptor)
    if missing := [name for name in RULES if name not in names]:
        wanted = ", ".join(missing)
        return None, [Problem(shown, 0, "", f"the table {wanted} is not described in 'resources'")]
    # A broken file must be told before Frictionless guesses a dialect from it.
    problems = [p for table in descriptor["resources"] for p in _check_file(folder, table)]
    return (None, problems) if problems else (descriptor, [])


def _table_names(descriptor: Any) -> list[str]:
    resources = descriptor.get("resources") if isinstance(descriptor, dict) else None
    if not isinstance(resources, list):
        return []
    return [str(table.get("name")) for table in resources if isinstance(table, dict)]


def _check_file(folder: Path, table: dict[str, Any]) -> Iterator[Problem]:
    path = folder / str(table["path"])
    shown = relative_name(path)
    if not path.is_file():
        yield Problem(shown, 0, "", f"the file is missing; {PACKAGE_FILE} names it")
        return
    content = path.read_bytes()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        yield Problem(shown, line, "", f"found the byte 0x{byte:02X}; save the table as UTF-8")
        return
    if not text.strip():
        columns = ",".join(field["name"] for field in table["schema"]["fields"])
        yield Problem(shown, 0, "", f"the file is empty; its first line must be: {columns}")
    elif text.startswith("\ufeff"):
        yield Problem(shown, 1, "", "found a byte order mark; save as UTF-8 without BOM")
    elif "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        yield Problem(shown, line, "", "found a NUL character; the file is damaged")
    elif text.count('"') % 2:
        line = _open_quote_line(text)
        yield Problem(shown, line, "", "a quoted cell is never closed; add the missing quote")


def _open_quote_line(text: str) -> int:
    """Find the first line after which quotes are unbalanced: cells may not span lines."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.count('"') % 2:
            return number
    return 0


def _problem(folder: Path, table: dict[str, Any], error: Any) -> Problem:
    column = str(getattr(error, "field_name", "") or getattr(error, "label", "") or "")
    line = int(getattr(error, "row_number", 0) or (1 if "label" in error.type else 0))
    message = _message(table, error)
    if error.type == "field-rule":
        column, _, message = error.note.partition("\t")
    return Problem(relative_name(folder / str(table["path"])), line, column, message)


def _message(table: dict[str, Any], error: Any) -> str:
    fields = {field["name"]: field for field in table["schema"]["fields"]}
    field = fields.get(getattr(error, "field_name", ""), {})
    found = repr(getattr(error, "cell", ""))
    columns = ", ".join(fields)
    match error.type:
        case "type-error":
            kind = _TYPE_WORDS.get(str(field.get("type")), str(field.get("type")))
            return f"found {found}; {kind} is needed, or a blank cell when it is not reported"
        case "constraint-error":
            return f"found {found}; {_constraint(field, error)}"
        case "primary-key":
            keys = " and ".join(table["schema"]["primaryKey"])
            return f"this {keys} stands in an earlier row too; each row needs its own"
        case "foreign-key":
            return _foreign_key(error)
        case "extra-label" | "incorrect-label":
            return f"unknown column {error.label!r}; the columns are, in this order: {columns}"
        case "missing-label":
            return f"the column is missing; the columns are, in this order: {columns}"
        case "duplicate-label":
            return f"the column {error.label!r} stands twice in the header"
        case "blank-row":
            return "the row is empty; remove it"
        case "extra-cell" | "missing-cell":
            more = "more" if error.type == "extra-cell" else "fewer"
            return f"the row has {more} cells than the {len(fields)} columns; check its commas"
    return str(error.note)


def _constraint(field: dict[str, Any], error: Any) -> str:
    constraints = field.get("constraints", {})
    if "enum" in constraints and "enum" in error.note:
        allowed = [str(word) for word in constraints["enum"]]
        nearest = difflib.get_close_matches(str(error.cell), allowed, n=1)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
        return f"allowed: {', '.join(allowed)}{hint}"
    if "required" in error.note:
        return "the cell must not be blank"
    if "unique" in error.note:
        return "the value stands in an earlier row too; each row needs its own"
    if "pattern" in error.note:
        return f"it must have the form {constraints.get('pattern')}"
    return str(error.note)


def _foreign_key(error: Any) -> str:
    match = re.search(r'for "(.+?)": values "(.*?)" not found.*?"(.+?)" as', str(error.note))
    if not match:
        return str(error.note)
    column, value, target = match.groups()
    where = target.replace("-", "_")
    return f"the {column} {value!r} is not in {where}.csv; add it there, or correct the spelling"


def _field_rules() -> Any:
    """Wrap the rules of this field as one Frictionless check."""
    import attrs
    from frictionless import Check, errors

    class FieldRuleError(errors.RowError):  # type: ignore[misc]
        type = "field-rule"
        title = "Field rule"
        description = "A rule of this field is broken"
        template = "{note}"

    @attrs.define(kw_only=True, repr=False)
    class FieldRules(Check):  # type: ignore[misc]
        type = "field-rules"
        Errors = [FieldRuleError]  # noqa: RUF012 - the name and shape Frictionless asks for

        def validate_row(self, row: Any) -> Iterator[Any]:
            values = row.to_dict()
            for rule in RULES.get(str(self.resource.name), ()):
                for column, message in rule(values):
                    # The column rides in front of the note: Frictionless row errors have none.
                    yield FieldRuleError.from_row(row, note=f"{column}\t{message}")

    return FieldRules()
