"""What the code of a page shows: captions, titles and other strings with words in them."""

from __future__ import annotations

import ast
import re
from typing import Any

from evidence_tools.checks.passages import CodeCell, Comment, Page, Passage, Piece, with_roles

SHOWN_ARGUMENTS = frozenset({"caption", "title", "alt", "subtitle", "label", "note", "text"})
"""Keyword arguments of display calls whose strings a reader sees."""

NAME_ARGUMENTS = frozenset({"name", "kept_name"})
"""Keyword arguments of display calls that give a figure or table its label."""


def cell_tree(cell: CodeCell) -> ast.Module | None:
    """Parse a cell; ``None`` when it is no valid Python, which the build will say better."""
    # Lines of magics and shell commands keep their place.
    lines = ["pass" if re.match(r"\s*[%!]", text) else text for text in cell.source.split("\n")]
    try:
        return ast.parse("\n".join(lines))
    except SyntaxError:
        return None


def read_cell(page: Page, cell: CodeCell) -> None:
    """Add the comments, labels and shown strings of one cell to its page."""
    for index, text in enumerate(cell.source.split("\n")):
        if text.strip().startswith("#"):
            page.comments.append(Comment(text.strip()[1:].strip(), cell.line + index))
    tree = cell_tree(cell)
    if tree is None:
        return
    shown: set[int] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        for keyword in node.keywords:
            if keyword.arg in NAME_ARGUMENTS and isinstance(keyword.value, ast.Constant):
                page.labels[str(keyword.value.value)] = cell.line + keyword.value.lineno - 1
            if keyword.arg in SHOWN_ARGUMENTS:
                for part in _strings(keyword.value):
                    shown.add(id(part))
                    _add_string(page, cell, part, "caption")
    for node in ast.walk(tree):
        # Other strings with spaces are sentences that some call is going to show.
        if not isinstance(node, ast.Constant) or id(node) in shown:
            continue
        if isinstance(node.value, str) and " " in node.value.strip():
            _add_string(page, cell, node, "caption")


def _strings(node: ast.AST) -> list[Any]:
    found = [
        part
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.strip()
    ]
    return found


def _add_string(page: Page, cell: CodeCell, node: ast.Constant, kind: str) -> None:
    """Add a string of a cell, each of its words on the line of the file it is typed on."""
    first = node.lineno - 1
    last = (node.end_lineno or node.lineno) - 1
    lines = cell.source.split("\n")[first : last + 1]
    pieces: list[Piece] = []
    rest = str(node.value)
    for index, text in enumerate(lines):
        # A string written in parts: each part's words are found in its own line.
        taken = _typed_on(rest, text) if index < len(lines) - 1 else len(rest)
        pieces += with_roles(rest[:taken], cell.line + first + index)
        rest = rest[taken:]
    if pieces:
        page.passages.append(Passage(kind, tuple(pieces)))


def _typed_on(rest: str, line: str) -> int:
    """Count how many characters of a string are typed on one line of its source."""
    for size in range(len(rest), 0, -1):
        if rest[:size] in line:
            return size
    return 0
