"""What an author wrote: pages as passages of text with roles, cells of code and comments.

Pages are read with the parser that Jupyter Book uses, so a table is a table here exactly when
it is one in the book. Directives are opened, because a caption is text like any other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evidence_tools.checks.passages import (
    CodeCell,
    Comment,
    Page,
    Passage,
    Piece,
    html_pieces,
    role_piece,
    with_roles,
)

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

DEFAULT_EXTENSIONS = ("colon_fence", "dollarmath", "linkify", "substitution", "tasklist")
"""What Jupyter Book 1 enables when ``_config.yml`` names no extensions."""

UNREADABLE = frozenset(
    {"raw", "include", "literalinclude", "csv-table", "eval-rst", "replace", "substitution"}
)
"""Directives whose text stands in another place or another language."""

_SILENT = frozenset({"toctree", "tableofcontents", "bibliography", "contents", "index", "only"})
_LITERAL = frozenset({"code", "code-block", "sourcecode", "prompt", "parsed-literal"})
_PATH_ARGUMENT = frozenset(
    {"figure", "image", "glue:figure", "figure-md", "mermaid", "evidence-checks", "reading-grade"}
)
_TEXT_OPTIONS = {"alt": "alt", "caption": "caption", "title": "caption", "header": "caption"}
_CAPTIONED = frozenset({"table", "list-table", "figure", "figure-md"})


def read_page(path: Path, shown: str, extensions: Sequence[str]) -> Page:
    """Read one chapter.

    Parameters
    ----------
    path
        The file.
    shown
        How problems name it.
    extensions
        Names of the MyST extensions that are on.

    Raises
    ------
    OSError, UnicodeDecodeError
        If the file cannot be read as UTF-8 text.
    """
    return parse_page(path.read_text(encoding="utf-8"), shown, path.stem, extensions)


def parse_page(text: str, shown: str, name: str, extensions: Sequence[str] = ()) -> Page:
    """Read a page from its text; see :func:`read_page`."""
    page = Page(shown, name, tuple(text.splitlines()))
    reader = _Reader(page, _parser(tuple(extensions) or DEFAULT_EXTENSIONS))
    reader.read(text, 0, "prose")
    from evidence_tools.checks.cells import read_cell  # cells are made of passages

    for cell in page.cells:
        read_cell(page, cell)
    page.passages.sort(key=lambda passage: passage.line)
    return page


_SHOWN_SETTINGS = re.compile(
    r"""\s*(?:-\s*)?(title|caption|author|project|evidence_\w+):\s*(['"]?)(.+?)\2\s*$"""
)


def read_settings(path: Path, shown: str) -> Page:
    """Read the texts that a settings file shows: titles, captions of parts, the subtitle.

    Parameters
    ----------
    path, shown
        ``_config.yml`` or ``_toc.yml``, and how problems name it.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    page = Page(shown, path.stem, tuple(lines))
    for number, line in enumerate(lines, start=1):
        if line.strip().startswith("#"):
            page.comments.append(Comment(line.strip()[1:].strip(), number))
        elif match := _SHOWN_SETTINGS.match(line):
            page.passages.append(Passage("heading", tuple(with_roles(match.group(3), number))))
    return page


def _parser(extensions: tuple[str, ...]) -> MarkdownIt:
    from markdown_it.renderer import RendererHTML
    from myst_parser.config.main import MdParserConfig
    from myst_parser.parsers.mdit import create_md_parser

    # Typographic quotes and bare addresses change how text looks, not what it says.
    wanted = set(extensions) - {"smartquotes", "linkify", "replacements"}
    return create_md_parser(MdParserConfig(enable_extensions=wanted), RendererHTML)


class _Reader:
    """Walk the tokens of a page and of the directives in it."""

    def __init__(self, page: Page, parser: MarkdownIt) -> None:
        self.page = page
        self.parser = parser
        self.row: list[Piece] | None = None

    def read(self, text: str, offset: int, kind: str) -> None:
        """Read Markdown whose first line is line ``offset + 1`` of the file."""
        line = offset + 1
        within = kind
        for token in self.parser.parse(text, {}):
            if token.map:
                line = offset + token.map[0] + 1
            match token.type:
                case "heading_open":
                    within = "heading"
                case "heading_close":
                    within = kind
                case "tr_open":
                    self.row = []
                case "tr_close":
                    # A row is read as a whole: its first cell says what the others are about.
                    row, self.row = self.row or [], None
                    self._add("table", row)
                case _:
                    self._token(token, line, within)

    def _token(self, token: Token, line: int, kind: str) -> None:
        page = self.page
        match token.type:
            case "inline":
                pieces = self._inline(token.children or [], line)
                if self.row is None:
                    self._add(kind, pieces)
                else:
                    self.row += [*([Piece("; ", line)] if self.row and pieces else []), *pieces]
            case "fence" | "colon_fence":
                self._fence(token, line)
            case "code_block":
                self._add("code", [Piece(token.content, line, literal="code")])
            case "math_block" | "math_block_label" | "amsmath":
                self._add("math", [Piece(token.content, line, literal="math")])
            case "html_block":
                self._add(kind, html_pieces(token.content, line))
            case "myst_line_comment":
                for index, text in enumerate(token.content.split("\n")):
                    page.comments.append(Comment(text.strip(), line + index))
            case "myst_target":
                page.labels[token.content] = line
            case "substitution_block":
                page.unreadable.append(("substitution", line))

    def _add(self, kind: str, pieces: list[Piece]) -> None:
        if pieces:
            self.page.passages.append(Passage(kind, tuple(pieces)))

    def _inline(self, children: Sequence[Token], line: int) -> list[Piece]:
        pieces: list[Piece] = []
        for child in children:
            match child.type:
                case "text":
                    pieces.append(Piece(child.content, line))
                case "softbreak" | "hardbreak":
                    pieces.append(Piece(" ", line))
                    line += 1
                case "code_inline":
                    pieces.append(Piece(child.content, line, literal="code"))
                case "math_inline" | "math_inline_double":
                    pieces.append(Piece(child.content, line, literal="math"))
                case "myst_role":
                    pieces.append(role_piece(str(child.meta["name"]), child.content, line))
                case "image":
                    self._add("alt", with_roles(_plain(child.children or []), line))
                case "html_inline":
                    pieces += html_pieces(child.content, line)
                case "substitution_inline":
                    self.page.unreadable.append(("substitution", line))
        return pieces

    def _fence(self, token: Token, line: int) -> None:
        match = re.match(r"\{([^}]+)\}\s*(.*)", token.info.strip())
        if match is None:
            self._add("code", [Piece(token.content, line + 1, literal="code")])
            return
        name, argument = match.group(1), match.group(2).strip()
        options, body, skipped = _options(token.content)
        first = line + 1 + skipped
        if "name" in options:
            self.page.labels[options["name"][0]] = line
        if name == "code-cell":
            self.page.cells.append(CodeCell(body, first))
        elif name in UNREADABLE:
            self.page.unreadable.append((name, line))
        elif name in _LITERAL:
            self._add("code", [Piece(body, first, literal="code")])
        elif name == "math":
            self._add("math", [Piece(body, first, literal="math")])
        elif name not in _SILENT:
            if argument and name not in _PATH_ARGUMENT:
                kind = "caption" if name in _CAPTIONED else "admonition"
                self._add(kind, self._parsed(argument, line))
            for option, (value, below) in options.items():
                if option in _TEXT_OPTIONS:
                    self._add(_TEXT_OPTIONS[option], with_roles(value, line + 1 + below))
            self.read(body, first - 1, "caption" if name in _CAPTIONED else "admonition")

    def _parsed(self, text: str, line: int) -> list[Piece]:
        tokens = self.parser.parseInline(text, {})
        return self._inline(tokens[0].children or [], line) if tokens else []


def _options(content: str) -> tuple[dict[str, tuple[str, int]], str, int]:
    """Split a directive into options (each with its line, from 0), body and lines before it."""
    lines = content.split("\n")
    options: dict[str, tuple[str, int]] = {}
    used = 0
    if lines[0].strip() == "---":
        used = next((i for i, text in enumerate(lines[1:], 1) if text.strip() == "---"), 0) + 1
        listed = [(text, index) for index, text in enumerate(lines[1 : used - 1], 1)]
        pattern = re.compile(r"([\w-]+):\s*(.*)")
    else:
        while used < len(lines) and re.match(r"\s*:[\w-]+:", lines[used]):
            used += 1
        listed = [(text, index) for index, text in enumerate(lines[:used])]
        pattern = re.compile(r"\s*:([\w-]+):\s*(.*)")
    for text, index in listed:
        if match := pattern.match(text):
            options[match.group(1)] = (match.group(2).strip().strip("'\""), index)
    return options, "\n".join(lines[used:]), used


def _plain(children: Sequence[Token]) -> str:
    parts = []
    for child in children:
        if child.type == "myst_role":
            parts.append(f"{{{child.meta['name']}}}`{child.content}`")
        else:
            parts.append(" " if child.type == "softbreak" else child.content)
    return "".join(parts)
