"""What a page is made of: passages of text with roles, cells of code, comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_ROLE = re.compile(r"\{([a-z][\w:.-]*)\}`([^`]+)`")
_TARGET = re.compile(r"(?P<text>.*?)\s*<(?P<target>[^<>]+)>$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, or one role with its key.

    ``role`` is empty for text; ``literal`` marks code and formulas, which are shown as typed.
    """

    text: str
    line: int
    role: str = ""
    literal: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """One block of text a reader sees: a paragraph, a heading, a cell of a table, a caption."""

    kind: str
    pieces: tuple[Piece, ...]

    @property
    def line(self) -> int:
        """The line the passage begins on."""
        return self.pieces[0].line


@dataclass(frozen=True, slots=True)
class CodeCell:
    """One code cell: its source, and the line of the file its first line stands on."""

    source: str
    line: int


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment that no reader sees; ``line`` is its own."""

    text: str
    line: int


@dataclass
class Page:
    """One page as its author wrote it."""

    path: str
    name: str
    lines: tuple[str, ...]
    passages: list[Passage] = field(default_factory=list)
    cells: list[CodeCell] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    unreadable: list[tuple[str, int]] = field(default_factory=list)

    def roles(self) -> Iterator[Piece]:
        """Yield every role on the page, those in captions and alt texts included."""
        for passage in self.passages:
            yield from (piece for piece in passage.pieces if piece.role)


def role_piece(name: str, content: str, line: int) -> Piece:
    """Make a piece of a role; the words a role shows in place of its target are text."""
    content = " ".join(content.split())
    if name in ("finding", "value", "source") or name.startswith(("cite", "glue")):
        return Piece(content, line, role=name)
    if name in ("ref", "numref", "doc", "term", "abbr", "eq", "download", "any"):
        match = _TARGET.match(content)
        target = match["target"] if match else content
        if name == "abbr":
            return Piece(f"{match['text']} ({target})" if match else content, line)
        return Piece(target, line, role=name)
    if name in ("math", "code", "sub", "sup", "subscript", "superscript"):
        return Piece(content, line, literal="math" if name == "math" else "text")
    if re.fullmatch(r"[a-z][\w.-]*", content):
        # A misspelt role, or one with a key: Sphinx knows it or refuses it.
        return Piece(content, line, role=name)
    return Piece(content, line)


def with_roles(text: str, line: int) -> list[Piece]:
    """Read text in which nothing but roles is markup: alt texts, options, strings in code."""
    pieces: list[Piece] = []
    end = 0
    for match in _ROLE.finditer(text):
        if match.start() > end:
            pieces.append(Piece(text[end : match.start()], line))
        pieces.append(role_piece(match.group(1), match.group(2), line))
        end = match.end()
    if text[end:]:
        pieces.append(Piece(text[end:], line))
    return pieces


class _HtmlText(HTMLParser):
    def __init__(self, line: int) -> None:
        super().__init__(convert_charrefs=True)
        # Not "offset": that is where the parser itself counts columns.
        self.above = line - 1
        self.pieces: list[Piece] = []

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.pieces.append(Piece(data, self.getpos()[0] + self.above))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        for name, value in attrs:
            if name in ("alt", "title", "aria-label", "content") and value:
                self.pieces.append(Piece(f" {value} ", self.getpos()[0] + self.above))


def html_pieces(content: str, line: int) -> list[Piece]:
    """Read what a reader sees of a piece of HTML: its text, and its texts for those who listen."""
    parser = _HtmlText(line)
    parser.feed(content)
    parser.close()
    return parser.pieces
