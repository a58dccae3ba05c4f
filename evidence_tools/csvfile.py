"""One table file: from bytes to rows of text, each with its line in the file."""

from __future__ import annotations

import csv
import difflib
import io
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evidence_tools.celltext import shorten
from evidence_tools.schema import Problem, relative_name

CONFLICT = ("<<<<<<<", "=======", ">>>>>>>")
"""What git writes at the begin of a line between two edits that it could not join."""
CONFLICT_REMEDY = (
    "a mark of two edits that git could not join; "
    "keep one of the two, and remove the lines <<<<<<<, ======= and >>>>>>>"
)
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
# Byte marks that tell what a file is when it is no UTF-8 text.
_MARKS = {
    b"\xef\xbb\xbf": "UTF-8 text with a byte order mark; save as UTF-8 without it",
    b"\xff\xfe": "UTF-16 text; save the table as UTF-8",
    b"\xfe\xff": "UTF-16 text; save the table as UTF-8",
    b"PK\x03\x04": "a spreadsheet or zip file; save the table as CSV in UTF-8",
}


@dataclass(frozen=True, slots=True)
class Record:
    """One row as it stands in the file.

    Attributes
    ----------
    line
        The line it begins on; the header is line 1.
    cells
        Column name to text, for the columns that the table should have.
    complete
        Whether it had as many cells as the header; otherwise which is which is a guess.
    """

    line: int
    cells: dict[str, str]
    complete: bool


@dataclass(frozen=True, slots=True)
class CsvTable:
    """What could be read of one file.

    Attributes
    ----------
    records
        Its rows, blank ones left out; empty when the file cannot be read.
    missing
        Columns that it should have and has not.
    problems
        Faults of the file, its header and the number of cells in its rows.
    """

    records: tuple[Record, ...]
    missing: tuple[str, ...]
    problems: tuple[Problem, ...]


def read_csv(path: Path, columns: Sequence[str]) -> CsvTable:
    """Read a table as rows of text, and find what is wrong with it as a file.

    Parameters
    ----------
    path
        The file; it need not exist.
    columns
        The columns that it should have, in order.

    Returns
    -------
    CsvTable
        Values are text, not yet checked.
    """
    shown = relative_name(path)
    text, fault = _read_text(path)
    if fault is not None:
        line, message = fault
        return CsvTable((), tuple(columns), (Problem(shown, line, "", message),))
    if not text.strip():
        message = f"the file is empty; its first line must be: {','.join(columns)}"
        return CsvTable((), tuple(columns), (Problem(shown, 0, "", message),))
    lines, fault = _read_lines(text)
    if fault is not None:
        line, message = fault
        return CsvTable((), tuple(columns), (Problem(shown, line, "", message),))
    (_, header), rows = lines[0], lines[1:]
    problems = [Problem(shown, 1, *fault) for fault in _header_faults(header, columns)]
    if not set(header) & set(columns):
        return CsvTable((), tuple(columns), tuple(problems))
    records = []
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            problems.append(Problem(shown, line, "", "the row is empty; remove it"))
            continue
        if len(cells) != len(header):
            problems.append(Problem(shown, line, "", _ragged(cells, len(header))))
        padded = dict(zip(header, [*cells, *[""] * len(header)], strict=False))
        known = {name: padded[name] for name in columns if name in padded}
        records.append(Record(line, known, len(cells) == len(header)))
    if not rows:
        problems.append(Problem(shown, 0, "", "the table has a header but no rows; add them"))
    missing = tuple(name for name in columns if name not in header)
    return CsvTable(tuple(records), missing, tuple(problems))


def _ragged(cells: Sequence[str], columns: int) -> str:
    """Say what is wrong with a row that has too few or too many cells."""
    if cells[0].startswith(CONFLICT):
        return f"found {shorten(cells[0])}, {CONFLICT_REMEDY}"
    count = f"{len(cells)} cell{'s' if len(cells) != 1 else ''}"
    return (
        f"the row has {count}, but there are {columns} columns; "
        'check its commas: a cell that holds a comma stands between quotes, "like, this"'
    )


def _read_text(path: Path) -> tuple[str, tuple[int, str] | None]:
    if path.is_dir():
        return "", (0, "found a folder; a CSV file is needed")
    try:
        # Reading a pipe or a device would wait for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            return "", (0, "found something that is no plain file; a CSV file is needed")
        content = path.read_bytes()
    except FileNotFoundError:
        return "", (0, f"the file is missing; {_remedy(path)}")
    except OSError as error:
        return "", (0, f"the file cannot be read: {error.strerror}")
    for mark, what in _MARKS.items():
        if content.startswith(mark):
            return "", (1, f"found {what}")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        return "", (
            line,
            f"found the byte 0x{byte:02X}, which is no UTF-8 text; save the table as UTF-8",
        )
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        return "", (line, "found a NUL character; the file is damaged or not UTF-8: save it again")
    return text, None


def _remedy(path: Path) -> str:
    """Say what to do about a file that is missing; one with nearly its name may be it."""
    beside = [entry.name for entry in path.parent.glob("*") if entry.is_file()]
    folded = {name.casefold(): name for name in beside}
    nearest = difflib.get_close_matches(path.name.casefold(), folded, n=1, cutoff=0.8)
    hint = f", or rename {folded[nearest[0]]!r} if that is it" if nearest else ""
    return f"datapackage.json names it: put it back{hint}"


def _read_lines(text: str) -> tuple[list[tuple[int, list[str]]], tuple[int, str] | None]:
    """Split the text into rows; the number beside each is the line it begins on."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[tuple[int, list[str]]] = []
    begin = 1
    try:
        for cells in reader:
            lines.append((begin, cells))
            begin = reader.line_num + 1
    except csv.Error as error:
        if "field larger" in str(error):
            return [], (begin, "a cell is longer than any text here can be; a quote is not closed?")
        message = (
            "a quoted cell that begins in this row is never closed, or text follows its closing "
            'quote; check the quotes: a quote inside a quoted cell is written twice, ""'
        )
        return [], (begin, message)
    return lines, None


def _header_faults(header: list[str], columns: Sequence[str]) -> Iterator[tuple[str, str]]:
    wanted = ",".join(columns)
    for separator, word in _SEPARATORS.items():
        if separator in header[0] if header else False:
            yield "", f"cells are separated by {word}; save the table with commas between cells"
            return
    if not set(header) & set(columns):
        found = shorten(",".join(header))
        yield "", f"the header is missing; the first line must be: {wanted}; found {found}"
        return
    for index, name in enumerate(header):
        if name in header[:index]:
            yield name, "the column stands twice in the header; keep one of them"
        elif name not in columns:
            nearest = difflib.get_close_matches(name.strip().lower(), columns, n=1)
            hint = f"did you mean {nearest[0]!r}? " if nearest else ""
            yield name or "(blank)", f"unknown column; {hint}The header must be: {wanted}"
    missing = [name for name in columns if name not in header]
    for name in missing:
        yield name, f"the column is missing; the header must be: {wanted}"
    known = [name for name in header if name in columns]
    if not missing and len(header) == len(columns) == len(known) and known != list(columns):
        yield "", f"the columns stand in another order; the header must be: {wanted}"
