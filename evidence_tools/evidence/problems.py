"""Faults of the files an author edits: what they are, where they are, how they are reported."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault in a file, with what an author needs to correct it.

    ``line`` counts from 1 (the header of a table is line 1), and 0 means the file as a whole.
    ``column`` is a column name or empty. ``rule`` names the check that found it; faults of the
    tables themselves have none.

    Examples
    --------
    >>> print(Problem("data/findings.csv", 7, "estimate", "blank although an interval is given"))
    data/findings.csv:7: column 'estimate': blank although an interval is given
    """

    path: str
    line: int
    column: str
    message: str
    rule: str = ""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        rule = f" [{self.rule}]" if self.rule else ""
        column = f" column {self.column!r}:" if self.column else ""
        return f"{place}:{rule}{column} {self.message}"


class EvidenceError(Exception):
    """The evidence cannot be used; carries every problem found, each once, in file order."""

    place = "the evidence tables"
    """Where the faults are, as the message says it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        count = len(self.problems)
        heading = f"{count} problem{'s' if count != 1 else ''} in {self.place}:"
        super().__init__("\n".join([heading, *(f"  {problem}" for problem in self.problems)]))


class UnknownKeyError(KeyError):
    """A key that names no row, with the nearest ones that do."""

    def __str__(self) -> str:
        return str(self.args[0])


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Name the allowed word that is nearest to another, as a clause that ends a message.

    Examples
    --------
    >>> did_you_mean("decreese", ["increase", "decrease"])
    "; did you mean 'decrease'?"
    """
    folded = {other.casefold(): other for other in allowed}
    nearest = difflib.get_close_matches(word[:200].casefold(), folded, n=1)
    return f"; did you mean {folded[nearest[0]]!r}?" if nearest else ""


def shorten(text: str) -> str:
    """Show a text from a file in a message: quoted, controls spelled out, not too long."""
    return repr(text) if len(text) <= 60 else f"{text[:60]!r}... ({len(text)} characters)"


def relative_name(path: Path) -> str:
    """Show a path from the working folder when it lies below it, else as it is."""
    try:
        # Links are not followed: what they lead to has another name.
        return str(Path(os.path.abspath(path)).relative_to(Path.cwd()))  # noqa: PTH100
    except ValueError:
        return str(path)
