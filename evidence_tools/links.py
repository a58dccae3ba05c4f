"""What ties rows of different tables together, beyond keys of one value a cell."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from evidence_tools.certainty import Domain
from evidence_tools.csvfile import CsvTable, Record
from evidence_tools.dictionary import TableDescription
from evidence_tools.schema import Problem, relative_name

Files = Mapping[str, CsvTable]
"""Table name to what was read of its file; cells are text."""

GROUPED_OUTCOME = "turnover_markers"
"""The outcome of findings on several markers taken together: it bears on each of them."""


def split_list(cell: object) -> tuple[str, ...]:
    """Split a cell that lists several keys or names, separated by semicolons."""
    return tuple(part.strip() for part in str(cell or "").split(";") if part.strip())


def check_lists(folder: Path, table: TableDescription, files: Files) -> Iterator[Problem]:
    """Find keys that name no row, in columns that list several (``listOf``).

    Table Schema knows foreign keys of one value a cell only.

    Parameters
    ----------
    folder
        The data folder.
    table
        Description of the table whose columns are checked.
    files
        Every table; the first column of each is its key. What refers to a table that could
        not be read is not checked.

    Yields
    ------
    Problem
        With the line of the row.
    """
    path = relative_name(folder / table.path)
    for column, description in table.columns.items():
        target = str(description.get("listOf", ""))
        if target not in files or column in files[table.name].missing:
            continue
        known = {next(iter(record.cells.values())) for record in files[target].records}
        for record in _complete(files[table.name]) if known else ():
            listed = split_list(record.cells[column])
            for key, count in Counter(listed).items():
                if count > 1:
                    message = f"found {key!r} {count} times; name each row once"
                    yield Problem(path, record.line, column, message)
                if key not in known:
                    nearest = difflib.get_close_matches(key, known, n=1)
                    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
                    message = f"found {key!r}, which is not in {target}.csv{hint}"
                    yield Problem(path, record.line, column, message)


def check_judgements(folder: Path, table: TableDescription, files: Files) -> Iterator[Problem]:
    """Find outcomes without a judgement on each domain, and findings about something else.

    Parameters
    ----------
    folder
        The data folder.
    table
        Description of the table of judgements.
    files
        Every table.

    Yields
    ------
    Problem
        With the line of the row.
    """
    if files[table.name].missing or files["findings"].missing:
        return
    path = relative_name(folder / table.path)
    about = {r.cells["finding_id"]: r.cells["outcome_id"] for r in _complete(files["findings"])}
    domains: dict[str, set[str]] = {}
    first_line: dict[str, int] = {}
    for record in _complete(files[table.name]):
        outcome = record.cells["outcome_id"]
        domains.setdefault(outcome, set()).add(record.cells["domain"])
        first_line.setdefault(outcome, record.line)
        for key in split_list(record.cells["finding_ids"]):
            if about.get(key, outcome) not in (outcome, GROUPED_OUTCOME):
                message = f"{key!r} is about {about[key]!r}, but the row rates {outcome!r}"
                yield Problem(path, record.line, "finding_ids", message)
    for outcome, found in domains.items():
        missing = [domain.value for domain in Domain if domain not in found]
        # A misspelt domain is told by itself.
        if missing and found <= set(Domain):
            message = (
                f"{outcome!r} has no row for {', '.join(missing)}; "
                "add it, with the judgement 'not assessed' when nobody could judge"
            )
            yield Problem(path, first_line[outcome], "domain", message)


def check_twins(folder: Path, table: TableDescription, files: Files) -> Iterator[Problem]:
    """Find findings that say the same under two identifiers: one result would count twice.

    Parameters
    ----------
    folder, table, files
        As in :func:`check_lists`; the table is that of the findings.

    Yields
    ------
    Problem
        With the line of the later row.
    """
    path, key = relative_name(folder / table.path), table.key[0]
    first: dict[tuple[str, ...], Record] = {}
    for record in _complete(files[table.name]):
        said = tuple(text for column, text in record.cells.items() if column != key)
        twin = first.setdefault(said, record)
        # One that has the same identifier too is told as that.
        if twin.cells.get(key) != record.cells.get(key):
            message = (
                f"all other cells are those of {twin.cells[key]!r} in line {twin.line}; "
                "remove one of the rows, or correct what differs"
            )
            yield Problem(path, record.line, key, message)


def check_reports(folder: Path, table: TableDescription, files: Files) -> Iterator[Problem]:
    """Find reports of a trial that lead to no first report: its participants would not count.

    Parameters
    ----------
    folder, table, files
        As in :func:`check_lists`; the table is that of the trials.

    Yields
    ------
    Problem
        With the line of the row.
    """
    if files[table.name].missing:
        return
    path = relative_name(folder / table.path)
    records = {record.cells["source_id"]: record for record in _complete(files[table.name])}
    for record in records.values():
        earlier = record.cells["same_trial_as"]
        named = records.get(earlier)
        if earlier in ("", record.cells["source_id"]) or (
            named and not named.cells["same_trial_as"]
        ):
            continue
        reason = "is a later report itself" if named else "is not in trials.csv"
        message = f"found {earlier!r}, which {reason}; name the first report of the trial"
        yield Problem(path, record.line, "same_trial_as", message)


def _complete(file: CsvTable) -> list[Record]:
    return [record for record in file.records if record.complete]
