"""What an author has to read of a cell's error: where in the chapter, and what."""

from __future__ import annotations

import re
from typing import Any

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"Cell In\s?\[(\d+)\],? line:? ?(\d+)")
_ARROW = re.compile(r"\s*-+> ?\d")
_LINES = 12
_WIDTH = 300


def error_text(cell: Any, traceback: str) -> str:
    """Shorten a traceback to its last lines, and to the line of the cell it began at.

    Parameters
    ----------
    cell
        The cell that failed, with its outputs.
    traceback
        What is told if the outputs hold no error; it may repeat the whole code.

    Returns
    -------
    str
        Lines without colours, none of them longer than a screen.
    """
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if errors and errors[-1].traceback:
        traceback = "\n".join(errors[-1].traceback)
    lines = _ANSI.sub("", traceback).strip().splitlines()
    if lines and set(lines[0]) == {"-"}:
        del lines[0]
    last = lines[-_LINES:]
    if frame := _cell_frame(lines[:-_LINES]):
        # Below it stand the package's lines, which an author did not write.
        last = [*frame, "...", *last]
    return "\n".join(f"    {_cut(line)}" for line in last)


def line_in_cell(text: str) -> int:
    """Find the line of the failing cell that a traceback passes through.

    Parameters
    ----------
    text
        From :func:`error_text`. It may also pass through functions of earlier cells.

    Returns
    -------
    int
        From 1; 1 if the traceback names none.
    """
    found = [(int(cell), int(line)) for cell, line in _FRAME.findall(text)]
    failing = max((cell for cell, _ in found), default=0)
    return next((line for cell, line in reversed(found) if cell == failing), 1)


def _cell_frame(lines: list[str]) -> list[str]:
    """Get the header and the marked line of the failing cell's last frame."""
    found = [(int(m[1]), index) for index, line in enumerate(lines) if (m := _FRAME.search(line))]
    if not found:
        return []
    _, begin = max(found)
    marked = next((line for line in lines[begin + 1 :] if _ARROW.match(line)), "")
    return [lines[begin], *([marked] if marked else [])]


def _cut(line: str) -> str:
    return line if len(line) <= _WIDTH else f"{line[:_WIDTH]} ... ({len(line):,} characters)"
