"""A reader's own log: read strictly, counted by day and month, never judged.

The log is the reader's record, something to bring to a clinician. Nothing here says what
anybody should take: a dose is text that is shown as it was written.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path
from typing import Any, NoReturn

from evidence_tools.daybook import Log, LogEntry
from evidence_tools.schema import EvidenceError, Problem, relative_name

COLUMNS = {
    "date": "the day, as 2026-03-31; each day once",
    "dose": "what was taken, as the pack says it; blank when nothing was taken",
    "form": "MK-4, MK-7, other or not known; blank when nothing was taken",
    "time": "when it was taken, as 08:30",
    "calcium": "yes or no",
    "vitamin_d": "yes or no",
    "exercise_minutes": "a whole number of minutes",
    "falls": "how many falls that day, a whole number",
    "fractures": "how many broken bones that day, a whole number",
    "next_check_up": "the day of the next check-up, once it is known",
    "next_scan": "the day of the next scan, once it is known",
    "note": "anything else to tell a clinician",
}
"""The columns of a log in their order, and what each may hold. Only the day must be filled."""

FORMS = ("MK-4", "MK-7", "other", "not known")
_LARGEST = 2_000_000  # bytes: more than a life of daily rows
_LONGEST_CELL, _LONGEST_SHOWN = 500, 60
_MOST_EVENTS = 99
_MOST_DAYS = 3_660
_YEARS = range(1900, 2200)
_MINUTES_A_DAY = 24 * 60
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class LogError(EvidenceError):
    """The log cannot be used; carries every problem found, each with line and column."""

    place = "the log"


def read_log(path: str | Path) -> Log:
    """Read a log and check every cell of it.

    Parameters
    ----------
    path
        A CSV file in UTF-8 with the columns of ``COLUMNS`` in their order. Spreadsheets may
        write a byte order mark; it is passed over.

    Returns
    -------
    Log

    Raises
    ------
    LogError
        If the file cannot be read or any cell is wrong. It lists every problem with line and
        column.
    """
    path = Path(path)
    problems: list[Problem] = []
    entries: dict[date, LogEntry] = {}
    for line, cells in _rows(path):
        values, faults = _read_cells(cells)
        if not faults and values["date"] in entries:
            faults = [("date", f"{cells['date']} stands in an earlier row too; one row a day")]
        problems += [Problem(relative_name(path), line, *fault) for fault in faults]
        if not faults:
            entries[values["date"]] = LogEntry(*values.values())
    if not entries and not problems:
        problems.append(Problem(relative_name(path), 0, "", "the log has no days yet; add a row"))
    if entries and (max(entries) - min(entries)).days > _MOST_DAYS:
        message = f"the days span more than {_MOST_DAYS} days; check the years"
        problems.append(Problem(relative_name(path), 0, "date", message))
    if problems:
        raise LogError(problems)
    return Log(tuple(entries[day] for day in sorted(entries)))


def template_text() -> str:
    """Write the empty log that readers download: its first line names the columns."""
    return ",".join(COLUMNS) + "\n"


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Read the cells of each row, or raise for a file that is no log at all."""
    header, lines = list(COLUMNS), _lines(path)
    try:
        rows = list(csv.reader(lines, strict=True))
    except csv.Error as error:
        _refuse(path, 0, f"not a table of comma-separated values: {error}")
    if not rows or [cell.strip() for cell in rows[0]] != header:
        shown = ",".join(rows[0])[:200] if rows else "nothing"
        _refuse(path, 1, f"found {shown!r}; the first line must be: {','.join(header)}")
    for line, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            _refuse(path, line, f"the row has {len(row)} cells for {len(header)} columns")
        yield line, dict(zip(header, (cell.strip() for cell in row), strict=True))


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        _refuse(path, 0, "the file is missing")
    if path.stat().st_size > _LARGEST:
        _refuse(path, 0, f"the file is larger than {_LARGEST // 1_000_000} MB: it is no log")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        _refuse(path, 0, "the file is not UTF-8 text; save it as 'CSV UTF-8'")
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if line.count('"') % 2:
            _refuse(path, number, "a quoted cell is not closed on its line")
    return lines


def _refuse(path: Path, line: int, message: str) -> NoReturn:
    raise LogError([Problem(relative_name(path), line, "", message)])


def _read_cells(cells: dict[str, str]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Read each cell of a row; faults are ``(column, message)`` pairs."""
    values: dict[str, Any] = {}
    faults = []
    for column, text in cells.items():
        try:
            values[column] = _read_cell(column, text)
        except ValueError as error:
            shown = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
            reason = str(error) or COLUMNS[column]
            faults.append((column, f"found {shown!r}; needed: {reason}"))
    if not faults and bool(values["form"]) > bool(values["dose"]):
        faults.append(("form", f"found {values['form']!r} on a day without a dose; clear it"))
    return values, faults


def _read_cell(column: str, text: str) -> Any:
    """Read one cell, or raise ``ValueError`` when it is not what the column holds."""
    if len(text) > _LONGEST_CELL or _CONTROL.search(text):
        raise ValueError(f"at most {_LONGEST_CELL} plain characters on one line")
    if column in ("dose", "note"):
        return text
    if not text:
        if column == "date":
            raise ValueError
        return "" if column == "form" else None
    if column in ("date", "next_check_up", "next_scan"):
        return _read_day(text)
    if column == "form":
        return _one_of(text, {form: form for form in FORMS})
    if column == "time":
        if not re.fullmatch(r"[0-2]\d:[0-5]\d", text):
            raise ValueError
        return time.fromisoformat(text)
    if column in ("calcium", "vitamin_d"):
        return _one_of(text, {"yes": True, "no": False})
    return _read_count(text, most=_MINUTES_A_DAY if column == "exercise_minutes" else _MOST_EVENTS)


def _read_day(text: str) -> date:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError("a day that the calendar has, as 2026-03-31") from None
    if day.year not in _YEARS:
        raise ValueError(f"a year from {_YEARS.start} to {_YEARS.stop - 1}")
    return day


def _one_of(text: str, allowed: dict[str, Any]) -> Any:
    if text not in allowed:
        raise ValueError(f"one of {', '.join(allowed)}, or a blank cell")
    return allowed[text]


def _read_count(text: str, *, most: int) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > most:
        raise ValueError(f"a whole number from 0 to {most}, or a blank cell")
    return int(text)
