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

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from evidence_tools.evidence.problems import EvidenceError, Problem, relative_name

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
_SCRIPTS = re.compile(r"\bJavascript\(|<script|%%(?:javascript|js|html|svg)\b", re.I)
_ALT = re.compile(r"""\b(?:alt|title)=["']([^"']+)["']""")
_REFUSED = frozenset(["include", "eval-rst", "raw", "csv-table"])
_LITERAL = frozenset(["code", "code-block", "literalinclude", "parsed-literal", "math"])
_SILENT = frozenset(["bibliography", "toctree", "contents", "tableofcontents", "index"])
_PICTURES = frozenset(["figure", "image"])
_TEXTS = frozenset(["alt", "caption", "title"])
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


Block = list[Piece]
"""A paragraph, heading, list item, caption, alt text, table row, piece of code or of math."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence and where it begins; a role is a mark in its text, such as ``⟦0⟧``."""

    text: str
    roles: dict[int, tuple[str, str]]
    line: int = 0


@dataclass
class Page:
    """One page: its text, its code and comments with their lines, what it names, what is wrong."""

    path: str
    lines: dict[int, str] = field(default_factory=dict)
    front: dict[str, Any] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    code: list[tuple[Any, Any, int]] = field(default_factory=list)
    comments: dict[int, str] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    pictures: list[tuple[str, int]] = field(default_factory=list)
    refused: list[tuple[str, int]] = field(default_factory=list)

    @property
    def declared(self) -> str:
        """Why the page is no text on the evidence, or nothing."""
        return str(self.front.get(DECLARED) or "")

    @property
    def is_printed(self) -> bool:
        """Whether the page is part of the PDF."""
        return str(self.front.get("print", "")).lower() != "false"

    @property
    def roles(self) -> list[Piece]:
        """The roles of the page."""
        return [piece for block in self.blocks for piece in block if piece.role]

    def problem(self, line: int, message: str, rule: str) -> Problem:
        """Make a problem at a place of the page; in a notebook it is a cell and its line."""
        if line < _CELL:
            return Problem(self.path, line, "", message, rule)
        place = f"{self.path}, cell {line // _CELL}, line {line % _CELL}"
        return Problem(place, 0, "", message, rule)

    def refuse(self, what: str, line: int) -> None:
        """Note something that the rules cannot read."""
        message = f"{what} cannot be checked; write it as Markdown, or leave it out"
        self.refused.append((message, line))

    def add(self, text: str, line: int) -> None:
        """Add a block with a text in which roles are written."""
        parts = ROLE.split(text)
        pieces = [Piece(parts[0], line)]
        for role, key, after in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            pieces += [Piece(key, line, role=role), Piece(after, line)]
        self.blocks += [pieces] if text.strip() else []

    def add_code(self, source: str, first: int) -> None:
        """Add the code of a cell: each node with its parent and line, comments, shown strings."""
        lines = source.split("\n")
        for line, text in enumerate(lines, start=first):
            if text.strip().startswith("#"):
                self.comments[line] = text.strip()[1:].strip()
            if _SCRIPTS.search(text):
                self.refuse("a script shown by a cell", line)
        python = ["pass" if re.match(r"\s*[%!?]|.*\?$", text) else text for text in lines]
        try:
            flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            found = [(compile("\n".join(python), "cell", "exec", flags), None)]
        except SyntaxError as error:
            found = []
            if not source.startswith("%%"):
                line = first - 1 + (error.lineno or 1)
                self.refused.append((f"the code cannot run: {error.msg}", line))
        for node, parent in found:  # grows while it is read
            line = first + getattr(node, "lineno", 1) - 1
            self.code.append((node, parent, line))
            found += [(child, node) for child in ast.iter_child_nodes(node)]
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                called = getattr(getattr(parent, "func", None), "attr", "")
                if getattr(parent, "arg", "") == "name":
                    self.labels.add(node.value)
                elif called not in _SELECTS and not isinstance(parent, ast.Compare | ast.Subscript):
                    self.add(node.value if " " in node.value.strip() else "", line)

    def selections(self) -> Iterator[tuple[str, int]]:
        """Find code that selects rows by how they came out: the column, and the line."""
        for node, _, line in self.code:
            selects = isinstance(node, ast.Call) and getattr(node.func, "attr", "") in _SELECTS
            # Whether there is a figure at all says nothing on how it came out.
            compares = isinstance(node, ast.Compare) and "None" not in ast.unparse(node)
            inner = node.args if selects else [node] if compares else []
            words = re.findall(r"\w+", " ".join(map(ast.unparse, inner)))
            if found := sorted(_RESULTS.intersection(words)):
                yield found[0], line


def read_page(path: Path, shown: str, extensions: Sequence[str] = ()) -> Page:
    """Read a chapter, Markdown or notebook; problems name it as ``shown``."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return parse_page(text, shown, extensions)
    notebook = json.loads(text)
    page = Page(shown, front=notebook.get("metadata", {}))
    for number, cell in enumerate(notebook["cells"], start=1):
        source, first = "".join(cell["source"]), number * _CELL
        page.lines |= {first + n: line for n, line in enumerate(source.split("\n"), start=1)}
        if cell["cell_type"] == "code":
            page.add_code(source, first + 1)
        elif cell["cell_type"] == "markdown":
            _read(page, _parser(frozenset(extensions)), source, first)
    return page


def parse_page(text: str, shown: str = "text", extensions: Sequence[str] = ()) -> Page:
    """Read the text of a Markdown chapter, as :func:`read_page` does."""
    page = Page(shown, dict(enumerate(text.split("\n"), start=1)))
    _read(page, _parser(frozenset(extensions)), text, 0)
    return page


@cache
def _parser(extensions: frozenset[str]) -> MarkdownIt:
    from markdown_it.renderer import RendererHTML
    from myst_parser.config.main import MdParserConfig
    from myst_parser.parsers.mdit import create_md_parser

    # Typographic quotes and bare addresses change how text looks, not what it says.
    wanted = set(extensions) - {"smartquotes", "linkify", "replacements"}
    return create_md_parser(MdParserConfig(enable_extensions=wanted), RendererHTML)


def _read(page: Page, parser: MarkdownIt, text: str, offset: int) -> None:
    """Walk the tokens of a text, and of the directives in it."""
    line = offset + 1
    row: Block | None = None
    for token in parser.parse(text, {}):
        line = offset + token.map[0] + 1 if token.map else line
        match token.type:
            case "inline":
                pieces = _inline(page, token.children or [], line)
                if row is None:
                    page.blocks.append(pieces)
                else:
                    row += [Piece(" | ", line), *pieces] if row else pieces
            case "tr_open":
                # A row is read as a whole: its first cell says what the others are about.
                row = []
                page.blocks.append(row)
            case "tr_close":
                row = None
            case "fence" | "colon_fence":
                last = text.split("\n")[token.map[1] - 1] if token.map else token.markup
                if not last.strip(" \t>").startswith(token.markup):
                    page.refuse(f"a block that no {token.markup} closes", line)
                _directive(page, parser, token, line)
            case "code_block" | "math_block" | "math_block_label" | "amsmath":
                literal = "code" if token.type == "code_block" else "math"
                page.blocks.append([Piece(token.content, line, literal=literal)])
            case "html_block":
                if _SCRIPTS.search(token.content):
                    page.refuse("a script", line)
                for alt in _ALT.findall(token.content):
                    page.add(alt, line)
                page.add(re.sub(r"(?s)<!--.*?-->|<[^>]*>", " ", token.content), line)
            case "myst_line_comment":
                for index, comment in enumerate(token.content.split("\n")):
                    page.comments[line + index] = comment.strip()
            case "myst_target":
                page.labels.add(token.content)
            case "substitution_block":
                page.refuse("a substitution", line)
            case "front_matter":
                page.front = yaml.safe_load(token.content) or {}


def _inline(page: Page, children: Sequence[Token], line: int) -> Block:
    pieces: Block = []
    for child in children:
        match child.type:
            case "text":
                if begun := re.search(r"\{[a-z:]+\}`", child.content):
                    page.refuse(f"the role {begun.group()} without a second backtick", line)
                pieces.append(Piece(child.content, line))
            case "softbreak" | "hardbreak":
                pieces.append(Piece(" ", line))
                line += 1
            case "code_inline" | "math_inline" | "math_inline_double":
                pieces.append(Piece(child.content, line, literal=child.type[:4]))
            case "myst_role":
                pieces.append(Piece(child.content, line, role=str(child.meta["name"])))
            case "image":
                page.pictures.append((str(child.attrs.get("src", "")), line))
                page.blocks.append(_inline(page, child.children or [], line))
            case "substitution_inline":
                page.refuse("a substitution", line)
    return pieces


def _directive(page: Page, parser: MarkdownIt, token: Token, line: int) -> None:
    from docutils.parsers.rst.directives.misc import TestDirective
    from myst_parser.parsers.directives import parse_directive_text

    match = re.match(r"\{([^}]+)\}\s*(.*)", token.info.strip())
    name, argument = match.groups() if match else ("code", "")
    # The directive that docutils tests with takes any options, as text.
    read = parse_directive_text(TestDirective, "", token.content if match else "")
    options = {key: str(value) for key, value in read.options.items()}
    body = "\n".join(read.body) if match else token.content
    first = line + 1 + read.body_offset
    page.labels |= {options["name"]} if "name" in options else set()
    if name == "code-cell":
        page.add_code(body, first)
    elif name in _REFUSED:
        page.refuse(f"the directive {name!r}", line)
    elif name in _LITERAL:
        literal = "math" if name == "math" else "code"
        page.blocks.append([Piece(body, first, literal=literal)])
    elif name not in _SILENT:
        if name in _PICTURES:
            page.pictures.append((argument, line))
        else:
            page.add(argument, line)
        for option in _TEXTS & options.keys():
            page.add(options[option], line + 1)
        _read(page, parser, body, first - 1)


def sentences(blocks: Iterable[Block]) -> Iterator[Sentence]:
    """List the sentences of some blocks, in order."""
    for block in blocks:
        text, places = "", [(0, 0)]
        roles: list[tuple[str, str]] = []
        for piece in block:
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
                yield Sentence(words, own, line)
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
            found.add(" ".join(paragraph.split()), number)
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
        found.add(re.sub(r"\s+", " ", _NOTE.sub("", shown)).strip(), tag.sourceline or 0)
    return found.blocks


def pdf_pages(path: Path) -> list[str]:
    """Read the text of each page of a PDF."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise EvidenceError([Problem(relative_name(path), 0, "", f"not read: {error}")]) from None
    with document:
        return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]
