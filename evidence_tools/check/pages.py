"""Pages as they were typed: one parse, into blocks of text and sentences, with lines and roles."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from evidence_tools.evidence.problems import Problem

DECLARED = "no-evidence-text"
"""Key of a page's front matter: why the page is no text on the evidence."""

_CELL = 100_000  # a place in a notebook: the number of its cell times this, plus a line
ROLE = re.compile(r"\{([a-z][a-z:+_-]*)\}`([^`]+)`")
MARK = re.compile(r"⟦(\d+)⟧")
_END = re.compile(r"""[.!?]+["”')\]]*(?=\s+["“'(]?[A-Z0-9⟦*]|\s*$)""")
_NO_END = re.compile(
    r"(?:\b(?:e\.g|i\.e|vs|cf|et al|approx|Dr|Prof|Fig|ca|St)|(?:^|[A-Z][a-z]+ |[A-Z]\. )[A-Z])\.$"
)
_QUOTES = str.maketrans({"‘": "'", "’": "'", "\u00a0": " ", "\u202f": " ", "‑": "-"})
_TEXT_KINDS = frozenset(["paragraph", "heading", "item", "caption", "alt", "table"])
_SCRIPTS = re.compile(r"\bJavascript\(|<script|%%(?:javascript|js|html|svg)\b", re.I)
_REFUSED = {"include": "", "eval-rst": "", "raw": "", "csv-table": "file"}
_LITERAL = frozenset(["code", "code-block", "literalinclude", "parsed-literal", "math"])
_SILENT = frozenset(["bibliography", "toctree", "contents", "tableofcontents", "only", "index"])
_CAPTIONED = frozenset(["figure", "table", "list-table", "csv-table", "image"])
_PATHS = frozenset(["figure", "image", "download"])
_TEXTS = {"alt": "alt", "caption": "caption", "title": "caption", "header": "table"}
_SELECTS = frozenset(["query", "eval", "select", "isin", "get"])
_RESULTS = {"direction", "statistically_significant", "estimate", "p_value", "ci_lower"}
_HIDDEN = "script, style, nav, header, footer, aside, form, template, noscript, pre, [hidden]"
_TAGS = "p, li, h1, h2, h3, h4, h5, h6, tr, figcaption, dt, dd, div, section"
_NOTE = re.compile(r"\[\d+(?:[,–-] ?\d+)*\]")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text on one line; ``role`` or ``literal`` (code, math) say what it is."""

    text: str
    line: int
    role: str = ""
    literal: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, list item, caption, alt text, table row, piece of code or of math."""

    kind: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and where it begins; a role is a mark in its text, such as ``⟦0⟧``."""

    text: str
    roles: dict[int, tuple[str, str]]
    kind: str = "paragraph"
    line: int = 0


@dataclass
class Page:
    """One page: its text, its code by line, comments by line, labels, and what was refused."""

    path: str
    lines: dict[int, str] = field(default_factory=dict)
    declared: str = ""
    is_printed: bool = True
    blocks: list[Block] = field(default_factory=list)
    cells: list[tuple[str, int]] = field(default_factory=list)
    comments: dict[int, str] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    refused: list[tuple[str, int]] = field(default_factory=list)

    def problem(self, line: int, message: str, rule: str) -> Problem:
        """Make a problem at a place of the page; in a notebook it is a cell and its line."""
        if line < _CELL:
            return Problem(self.path, line, "", message, rule)
        place = f"{self.path}, cell {line // _CELL}, line {line % _CELL}"
        return Problem(place, 0, "", message, rule)

    @property
    def roles(self) -> list[Piece]:
        """The roles of the page."""
        return [piece for block in self.blocks for piece in block.pieces if piece.role]

    def add(self, kind: str, text: str, line: int) -> None:
        """Add a block with a text in which roles are written."""
        parts = ROLE.split(text)
        pieces = [Piece(parts[0], line)]
        for role, key, after in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            pieces += [Piece(key, line, role=role), Piece(after, line)]
        self.blocks += [Block(kind, tuple(pieces))] if text.strip() else []

    def nodes(self) -> Iterator[tuple[Any, Any, int]]:
        """Walk the code that may be shown: each node with its parent and its line."""
        for source, first in self.cells:
            lines = ["pass" if re.match(r"\s*[%!]", t) else t for t in source.split("\n")]
            try:
                stack: list[tuple[Any, Any]] = [(ast.parse("\n".join(lines)), None)]
            except SyntaxError:
                continue  # running the cell says it better
            while stack:
                node, parent = stack.pop()
                yield node, parent, first + getattr(node, "lineno", 1) - 1
                stack += [(child, node) for child in ast.iter_child_nodes(node)]

    def selections(self) -> Iterator[tuple[str, int]]:
        """Find code that selects rows by how they came out: the column, and the line."""
        for node, _, line in self.nodes():
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in _SELECTS:
                texts = [str(a.value) for a in node.args if isinstance(a, ast.Constant)]
            elif (
                isinstance(node, ast.Compare)
                and getattr(node.comparators[0], "value", "") is not None
            ):
                inner = [(getattr(n, "attr", ""), getattr(n, "value", "")) for n in ast.walk(node)]
                texts = [text for pair in inner for text in pair if isinstance(text, str)]
            else:
                continue
            if found := sorted(_RESULTS.intersection(re.findall(r"\w+", " ".join(texts)))):
                yield found[0], line


def read_page(path: Path, shown: str, extensions: Sequence[str] = ()) -> Page:
    """Read a chapter, Markdown or notebook; problems name it as ``shown``."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return parse_page(text, shown, extensions)
    notebook = json.loads(text)
    page = Page(shown, declared=str(notebook.get("metadata", {}).get(DECLARED) or ""))
    for number, cell in enumerate(notebook["cells"], start=1):
        source, first = "".join(cell["source"]), number * _CELL
        page.lines |= {first + n: line for n, line in enumerate(source.split("\n"), start=1)}
        if cell["cell_type"] == "code":
            page.cells.append((source, first + 1))
        elif cell["cell_type"] == "markdown":
            _Reader(page, extensions).read(source, first, "paragraph")
    _read_cells(page)
    return page


def parse_page(text: str, shown: str = "text", extensions: Sequence[str] = ()) -> Page:
    """Read the text of a Markdown chapter, as :func:`read_page` does."""
    page = Page(shown, dict(enumerate(text.split("\n"), start=1)))
    _Reader(page, extensions).read(text, 0, "paragraph")
    _read_cells(page)
    return page


def _read_cells(page: Page) -> None:
    """Add the comments, labels and shown strings of the code to its page."""
    for source, first in page.cells:
        for index, text in enumerate(source.split("\n")):
            if text.strip().startswith("#"):
                page.comments[first + index] = text.strip()[1:].strip()
            if _SCRIPTS.search(text):
                page.refused.append(("a script shown by a cell", first + index))
    for node, parent, line in page.nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            called = getattr(getattr(parent, "func", None), "attr", "")
            if getattr(parent, "arg", "") == "name":
                page.labels[node.value] = line
            elif called not in _SELECTS and not isinstance(parent, ast.Compare | ast.Subscript):
                page.add("caption", node.value if " " in node.value.strip() else "", line)


@cache
def _parser(extensions: frozenset[str]) -> MarkdownIt:
    from markdown_it.renderer import RendererHTML
    from myst_parser.config.main import MdParserConfig
    from myst_parser.parsers.mdit import create_md_parser

    # Typographic quotes and bare addresses change how text looks, not what it says.
    wanted = set(extensions) - {"smartquotes", "linkify", "replacements"}
    return create_md_parser(MdParserConfig(enable_extensions=wanted), RendererHTML)


class _Reader:
    """Walk the tokens of a page and of the directives in it."""

    def __init__(self, page: Page, extensions: Sequence[str]) -> None:
        self.page, self.parser = page, _parser(frozenset(extensions))
        self.row: list[Piece] | None = None

    def read(self, text: str, offset: int, kind: str) -> None:
        line, within = offset + 1, [kind]
        for token in self.parser.parse(text, {}):
            if token.map:
                line = offset + token.map[0] + 1
            match token.type:
                case "heading_open" | "list_item_open":
                    within.append("heading" if token.type == "heading_open" else "item")
                case "heading_close" | "list_item_close":
                    within.pop()
                case "tr_open":
                    self.row = []
                case "tr_close":
                    # A row is read as a whole: its first cell says what the others are about.
                    self.page.blocks.append(Block("table", tuple(self.row or ())))
                    self.row = None
                case _:
                    self._token(token, line, within[-1])

    def _token(self, token: Token, line: int, kind: str) -> None:
        page = self.page
        match token.type:
            case "inline":
                pieces = self._inline(token.children or [], line)
                if self.row is None:
                    page.blocks.append(Block(kind, tuple(pieces)))
                else:
                    self.row += [*([Piece(" | ", line)] if self.row else []), *pieces]
            case "fence" | "colon_fence":
                self._fence(token, line)
            case "code_block" | "math_block" | "math_block_label" | "amsmath":
                literal = "code" if token.type == "code_block" else "math"
                page.blocks.append(Block(literal, (Piece(token.content, line, "", literal),)))
            case "html_block":
                if _SCRIPTS.search(token.content):
                    page.refused.append(("a script", line))
                for alt in re.findall(r"""\b(?:alt|title)=["']([^"']+)["']""", token.content):
                    page.add("alt", alt, line)
                page.add(kind, re.sub(r"(?s)<!--.*?-->|<[^>]*>", " ", token.content), line)
            case "myst_line_comment":
                for index, text in enumerate(token.content.split("\n")):
                    page.comments[line + index] = text.strip()
            case "myst_target":
                page.labels[token.content] = line
            case "substitution_block":
                page.refused.append(("a substitution", line))
            case "front_matter":
                import yaml

                front = yaml.safe_load(token.content) or {}
                page.declared = str(front.get(DECLARED) or "")
                page.is_printed = front.get("print") is not False

    def _inline(self, children: Sequence[Token], line: int) -> list[Piece]:
        pieces: list[Piece] = []
        for child in children:
            match child.type:
                case "text":
                    pieces.append(Piece(child.content, line))
                case "softbreak" | "hardbreak":
                    pieces.append(Piece(" ", line))
                    line += 1
                case "code_inline" | "math_inline" | "math_inline_double":
                    pieces.append(Piece(child.content, line, literal=child.type[:4]))
                case "myst_role":
                    pieces.append(Piece(child.content, line, role=str(child.meta["name"])))
                case "image":
                    alt = self._inline(child.children or [], line)
                    self.page.blocks.append(Block("alt", tuple(alt)))
                case "substitution_inline":
                    self.page.refused.append(("a substitution", line))
        return pieces

    def _fence(self, token: Token, line: int) -> None:
        from docutils.parsers.rst.directives.misc import TestDirective
        from myst_parser.parsers.directives import parse_directive_text

        page = self.page
        match = re.match(r"\{([^}]+)\}\s*(.*)", token.info.strip())
        name, argument = match.groups() if match else ("code", "")
        # The directive that docutils tests with takes any options, as text.
        read = parse_directive_text(TestDirective, "", token.content if match else "")
        options = {key: str(value) for key, value in read.options.items()}
        body = "\n".join(read.body) if match else token.content
        first = line + 1 + read.body_offset
        if "name" in options:
            page.labels[options["name"]] = line
        if name == "code-cell":
            page.cells.append((body, first))
        elif name in _REFUSED and (not _REFUSED[name] or _REFUSED[name] in options):
            page.refused.append((f"the directive {name!r}", line))
        elif name in _LITERAL:
            literal = "math" if name == "math" else "code"
            page.blocks.append(Block(literal, (Piece(body, first, "", literal),)))
        elif name not in _SILENT:
            if name not in _PATHS:
                page.add("caption" if name in _CAPTIONED else "heading", argument, line)
            for option in _TEXTS.keys() & options.keys():
                page.add(_TEXTS[option], options[option], line + 1)
            if name == "csv-table":
                for index, row in enumerate(read.body):
                    page.add("table", row.replace(",", " | "), first + index)
            else:
                self.read(body, first - 1, "caption" if name in _CAPTIONED else "paragraph")


def sentences(blocks: Iterable[Block]) -> Iterator[Sentence]:
    """List the sentences of some blocks, in order."""
    for block in blocks:
        text, places = "", [(0, 0)]
        roles: list[tuple[str, str]] = []
        for piece in block.pieces if block.kind in _TEXT_KINDS else ():
            places.append((len(text), piece.line))
            if piece.role:
                text += f"⟦{len(roles)}⟧"
                roles.append((piece.role, piece.text))
            elif not piece.literal:
                text += piece.text.translate(_QUOTES)
        start = 0
        for end in [m.end() for m in _END.finditer(text) if _ends(text, m)] + [len(text)]:
            if words := text[start:end].strip():
                begin = text.index(words, start)
                line = max(place for place in places if place[0] <= begin)[1]
                own = {int(mark): roles[int(mark)] for mark in MARK.findall(words)}
                yield Sentence(words, own, block.kind, line)
            start = end


def _ends(text: str, match: re.Match[str]) -> bool:
    return not _NO_END.search(text[: match.start() + 1]) or not text[match.end() :].strip()


def read_document(path: Path) -> list[Block]:
    """Read a document of other people, text, Markdown, HTML or PDF; a line of a PDF is a page."""
    if path.suffix.lower() != ".pdf":
        return text_blocks(path.read_text(encoding="utf-8", errors="replace"))
    found = Page(path.name)
    for number, text in enumerate(pdf_pages(path), start=1):
        joined = re.sub(r"(\w)[-\u00ad\ufffe]\n(?=[a-z])", r"\1", text)
        for paragraph in re.split(r"\n\s*\n|(?<=[.!?])\n(?=[A-Z•])", joined):
            found.add("paragraph", " ".join(paragraph.split()), number)
    return found.blocks


def text_blocks(text: str) -> list[Block]:
    """Read Markdown or plain text, or HTML when it begins with a tag."""
    if not re.match(r"\s*<(?:!doctype|html|\w+[ >])", text, re.I):
        return parse_page(text).blocks
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(text, "html.parser")
    for hidden in soup.select(_HIDDEN):
        hidden.decompose()
    root, found = soup.select_one("main, article, [role=main]") or soup, Page("text")
    for tag in root.select(f"{_TAGS}, img[alt]") or [root]:
        if tag.name != "tr" and tag.select_one(_TAGS):
            shown = " ".join(t for t in tag.find_all(string=True, recursive=False) if t.strip())
        else:
            shown = str(tag.get("alt") or tag.get_text(" | " if tag.name == "tr" else ""))
        kind = "heading" if re.fullmatch(r"h\d", tag.name) else "paragraph"
        found.add(kind, re.sub(r"\s+", " ", _NOTE.sub("", shown)).strip(), tag.sourceline or 0)
    return found.blocks


def pdf_pages(path: Path) -> list[str]:
    """Read the text of each page of a PDF."""
    import pypdfium2

    with pypdfium2.PdfDocument(path) as document:
        return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]
