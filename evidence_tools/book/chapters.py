"""Faults of a chapter that Sphinx passes over: files that are no text, pages with leftovers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

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
        One for each file that is not UTF-8, or that holds control characters.
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
        for number, line_text in enumerate(text.split("\n"), start=1):
            odd = next((c for c in line_text.rstrip("\r") if ord(c) < 32 and c != "\t"), "")
            if odd:
                message = f"found the control character U+{ord(odd):04X}; remove it"
                yield Problem(shown, number, "", message)


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
