"""Faults of a chapter that Sphinx passes over: files that are no text, pages with leftovers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

from evidence_tools.csvfile import CONFLICT, CONFLICT_REMEDY
from evidence_tools.schema import Problem, relative_name

LOGGER = logging.getLogger(__name__)
_LEFTOVERS = {
    "traceback": "a cell ends in an error; mend it: no page shows a traceback",
    "stderr": "a cell prints a warning or an error; mend its cause: pages show results only",
}


def file_problems(paths: Iterable[Path]) -> Iterator[Problem]:
    """Find chapters that cannot be read as text.

    Parameters
    ----------
    paths
        Files of chapters.

    Yields
    ------
    Problem
        One for each file that is not UTF-8 or has a broken head, and for each line that holds
        control characters or a mark of git.
    """
    for path in paths:
        shown = relative_name(path)
        try:
            content = path.read_bytes()
            text = content.decode("utf-8")
        except OSError as error:
            yield Problem(shown, 0, "", f"the chapter cannot be read: {error.strerror}")
            continue
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            byte = content[error.start]
            message = f"found the byte 0x{byte:02X}, which is no UTF-8 text; save it as UTF-8"
            yield Problem(shown, line, "", message)
            continue
        if fault := _head_fault(text):
            line, message = fault
            yield Problem(shown, line, "", message)
        for number, line_text in enumerate(text.split("\n"), start=1):
            if line_text.startswith(CONFLICT[::2]):
                message = f"found {line_text[:40]!r}, {CONFLICT_REMEDY}"
                yield Problem(shown, number, "", message)
            odd = next((c for c in line_text.rstrip("\r") if ord(c) < 32 and c != "\t"), "")
            if odd:
                message = f"found the control character U+{ord(odd):04X}; remove it"
                yield Problem(shown, number, "", message)


def _head_fault(text: str) -> tuple[int, str] | None:
    """Say what is wrong with the head of a chapter, and at which line: all else follows from it."""
    import yaml

    lines = text.splitlines()
    if lines[:1] != ["---"]:
        return None
    if "---" not in lines[1:]:
        return 1, "the head of the chapter does not end; write a line '---' below its last setting"
    try:
        yaml.safe_load("\n".join(lines[1 : lines.index("---", 1)]))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 2 if mark else 1
        return line, (
            f"the head of the chapter is not valid YAML: {error.problem}; "
            "look at this line and the one before, or take the head of another chapter"
        )
    return None


def check_page(app: Sphinx, doctree: nodes.document) -> None:
    """Tell pages without a title, and cells that leave an error or a warning in the page."""
    if next(iter(doctree.findall(nodes.title)), None) is None:
        message = "the chapter has no title; begin it with a line such as '# Title'"
        LOGGER.error(message, location=(app.env.docname, 1))
    for output in doctree.findall(nodes.literal_block):
        for name in set(output["classes"]) & set(_LEFTOVERS):
            text = output.astext().strip().splitlines()
            last = text[-1] if text else ""
            LOGGER.error("%s (%s)", _LEFTOVERS[name], last, location=_place(output))


def _place(node: nodes.Element) -> Any:
    """Find the nearest element around that knows its line."""
    around: Any = node
    while around is not None and not getattr(around, "line", None):
        around = around.parent
    return around if around is not None else node
