"""What ties rows of different tables together, beyond keys of one value a cell."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evidence_tools.certainty import Domain
from evidence_tools.schema import Problem, relative_name

Tables = Mapping[str, Sequence[Mapping[str, Any]]]
"""Table name to its typed rows; each row is sound by itself."""

GROUPED_OUTCOME = "turnover_markers"
"""The outcome of findings on several markers taken together: it bears on each of them."""


def split_list(cell: object) -> tuple[str, ...]:
    """Split a cell that lists several keys or names, separated by semicolons."""
    return tuple(part.strip() for part in str(cell or "").split(";") if part.strip())


def check_lists(folder: Path, table: Mapping[str, Any], tables: Tables) -> Iterator[Problem]:
    """Find keys that name no row, in columns that list several (``listOf``).

    Table Schema knows foreign keys of one value a cell only.

    Parameters
    ----------
    folder
        The data folder.
    table
        Description of the table whose columns are checked, from ``datapackage.json``.
    tables
        Every table's rows; the first column of each is its key.

    Yields
    ------
    Problem
        With the line of the row, the header being line 1.
    """
    path = relative_name(folder / str(table["path"]))
    for field in table["schema"]["fields"]:
        if not (target := field.get("listOf")):
            continue
        known = {str(next(iter(row.values()))) for row in tables[target]}
        for line, row in enumerate(tables[table["name"]], start=2):
            for key in split_list(row[field["name"]]):
                if key not in known:
                    nearest = difflib.get_close_matches(key, known, n=1)
                    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
                    message = f"found {key!r}, which is not in {target}.csv{hint}"
                    yield Problem(path, line, field["name"], message)


def check_judgements(folder: Path, table: Mapping[str, Any], tables: Tables) -> Iterator[Problem]:
    """Find outcomes without a judgement on each domain, and findings about something else.

    Parameters
    ----------
    folder
        The data folder.
    table
        Description of the table of judgements.
    tables
        Every table's rows.

    Yields
    ------
    Problem
        With the line of the row, the header being line 1.
    """
    path = relative_name(folder / str(table["path"]))
    about = {str(row["finding_id"]): str(row["outcome_id"]) for row in tables["findings"]}
    domains: dict[str, set[str]] = {}
    first_line: dict[str, int] = {}
    for line, row in enumerate(tables[table["name"]], start=2):
        outcome = str(row["outcome_id"])
        domains.setdefault(outcome, set()).add(str(row["domain"]))
        first_line.setdefault(outcome, line)
        for key in split_list(row["finding_ids"]):
            if about.get(key, outcome) not in (outcome, GROUPED_OUTCOME):
                message = f"{key!r} is about {about[key]!r}, but the row rates {outcome!r}"
                yield Problem(path, line, "finding_ids", message)
    for outcome, found in domains.items():
        if missing := [domain.value for domain in Domain if domain not in found]:
            message = (
                f"{outcome!r} has no row for {', '.join(missing)}; "
                "add it, with the judgement 'not assessed' when nobody could judge"
            )
            yield Problem(path, first_line[outcome], "domain", message)
