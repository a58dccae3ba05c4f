"""A chapter that holds code, and what came of running it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from evidence_tools.execution.failure import line_in_cell
from evidence_tools.execution.reads import Reads

HEAD = -1
"""Stands for the lines above the first cell."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter that holds code.

    Attributes
    ----------
    docname
        Its name in the book.
    path
        Its file; the code runs in the folder of that file.
    notebook
        Its cells, without outputs.
    timeout
        Seconds that one cell may take; a negative number means no limit.
    """

    docname: str
    path: Path
    notebook: Any = field(repr=False)
    timeout: int = 60

    @property
    def kernel_name(self) -> str:
        """Name of the kernel that runs the chapter."""
        return str(self.notebook.metadata.get("kernelspec", {}).get("name", "python3"))

    def line_of(self, cell: int, line: int = 1) -> int:
        """Find a line of a cell's code in the chapter's file.

        Parameters
        ----------
        cell
            Position among all cells, from 0, or `HEAD` for where the kernel is named.
        line
            Line of the cell's code, from 1.
        """
        if cell == HEAD:
            return self._kernel_line()
        source_map = self.notebook.metadata.get("source_map") or []
        if cell >= len(source_map):
            return 1
        fence = int(source_map[cell])
        code = str(self.notebook.cells[cell].source).splitlines()
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
            # Below the fence stand options and a blank line; the code begins after them.
            return lines.index(code[0], fence) + line
        except (OSError, ValueError, IndexError):
            return fence + 1

    def _kernel_line(self) -> int:
        """Find where the chapter's head names its kernel."""
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
            begin = lines.index("kernelspec:")
            names = (n for n in range(begin, len(lines)) if lines[n].startswith("  name:"))
            return next(names, begin) + 1
        except (OSError, ValueError):
            return 1

    def number_of(self, cell: int) -> int:
        """Count the code cells up to and including one."""
        return sum(item.cell_type == "code" for item in self.notebook.cells[: cell + 1])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of running one chapter.

    Attributes
    ----------
    chapter
        The chapter that was run.
    seconds
        From the start of its kernel to the end.
    notebook
        The cells with their outputs; ``None`` when the chapter failed.
    reads
        Files the code read beside data and package; ``None`` when that is not known.
    cell
        Position of the cell that failed, among all cells; `HEAD` if none could begin.
    reason
        Why it failed; empty when it did not.
    """

    chapter: Chapter
    seconds: float
    notebook: Any = field(default=None, repr=False)
    reads: Reads | None = None
    cell: int = 0
    reason: str = ""

    def __str__(self) -> str:
        """Say where and why a chapter failed."""
        line = self.chapter.line_of(self.cell, line_in_cell(self.reason))
        part = "" if self.cell == HEAD else f"code cell {self.chapter.number_of(self.cell)} of "
        return f"{self.chapter.path}:{line}: {part}chapter {self.chapter.docname!r}: {self.reason}"


class Executor(Protocol):
    """Something that runs chapters: on this machine, or on others."""

    def close(self) -> None:
        """End what still runs, and remove what was made for it; safe to call again."""
        ...

    def run(self, chapters: Sequence[Chapter]) -> Iterator[Outcome]:
        """Run chapters, and yield each outcome as soon as it is known.

        Every chapter has exactly one outcome, in any order. When the caller stops early,
        no chapter is left running.
        """
        ...
