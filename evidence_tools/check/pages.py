"""Pages as they were typed: one parse, into blocks of text and sentences, with lines and roles."""

from __future__ import annotations

import ast
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from evidence_tools.evidence.problems import EvidenceError, Problem, relative_name

_CELL = 100_000  # a place in a notebook: the number of its cell times this, plus a line
ROLE = re.compile(r"\{([a-z][a-z:+_-]*)\}`([^`]+)`")
MARK = re.compile(r"⟦(\d+)⟧")
_END = re.compile(r"""[.!?]+["”')\]]*(?=\s+["“'(]?[A-Z0-9⟦*]|\s*$)""")
_NO_END = re.compile(
    r"(?:\b(?:e\.g|i\.e|vs|cf|et al|approx|Dr|Prof|Fig|ca|St)|(?:^|[A-Z][a-z]+ |[A-Z]\. )[A-Z])\.$"
)
_QUOTES = str.maketrans({"‘": "'", "’": "'", "\u00a0": " ", "\u202f": " ", "‑": "-"})
_REFUSED = frozenset(["include", "eval-rst", "raw", "csv-table"])
_LITERAL = frozenset(["code", "code-block", "literalinclude", "parsed-literal", "math"])
_LITERAL |= {"bibliography", "toctree"}
_TEXTS = frozenset(["alt", "caption", "title"])
_SELECTS = frozenset(["query", "eval", "select", "isin", "get"])
_PARSED = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_RESULTS = {"direction", "statistically_significant", "estimate", "p_value", "ci_lower"}
_SELECT_BY = (
    "select by source, outcome, kind or analysis, or write `# check: ignore coverage -- why`"
)
_UNREAD = frozenset(["script", "style", "nav", "header", "footer", "aside", "form", "template"])
_UNREAD |= {"noscript", "pre"}
_TEXT_TAGS = ["p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "figcaption", "dt", "dd", "div"]
_TEXT_TAGS += ["section", "main", "article", "body", "img"]
_NOTE = re.compile(r"\[\d+(?:[,–-] ?\d+)*\]")


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, heading, caption, table row, piece of code or math (``literal``), or sentence.

    A role in it is a mark such as ``⟦0⟧``; it begins on a line, and each line break begins a line.
    """

    text: str
    line: int = 0
    roles: Sequence[tuple[str, str]] = ()
    literal: str = ""


@dataclass
class Page:
    """One page: its lines, its texts, what can be named, and what is wrong: line, message, rule."""

    path: str
    lines: dict[int, str] = field(default_factory=dict)
    front: dict[str, Any] = field(default_factory=dict)
    blocks: list[Text] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    faults: list[tuple[int, str, str]] = field(default_factory=list)

    @property
    def declared(self) -> str:
        """Why the page is no text on the evidence, if its front matter says so."""
        return str(self.front.get("no-evidence-text") or "")

    def problem(self, line: int, message: str, rule: str) -> Problem:
        """Make a problem at a place of the page; in a notebook it is a cell and its line."""
        if line < _CELL:
            return Problem(self.path, line, "", message, rule)
        place = f"{self.path}, cell {line // _CELL}, line {line % _CELL}"
        return Problem(place, 0, "", message, rule)

    def fault(self, line: int, message: str, rule: str = "page") -> None:
        """Note what is wrong on a line."""
        self.faults.append((line, message, rule))

    def refuse(self, what: str, line: int) -> None:
        """Note something that the rules cannot read."""
        self.fault(line, f"{what} cannot be checked; write it as Markdown, or leave it out")

    def add(self, text: str, line: int) -> None:
        """Add a text in which roles are written; a picture is one, too."""
        count, roles = itertools.count(), ROLE.findall(text)
        if text.strip():
            self.blocks.append(Text(ROLE.sub(lambda _: f"⟦{next(count)}⟧", text), line, roles))

    @property
    def names(self) -> Iterator[tuple[str, str, int]]:
        """The roles of the page, each with its key and line."""
        for block in self.blocks:
            for number, (role, key) in enumerate(block.roles):
                before = block.text.partition(f"⟦{number}⟧")[0]
                yield role, key, block.line + before.count("\n")

    def add_code(self, source: str, first: int) -> None:
        """Add the texts of a cell; its numbers, and what it selects rows by, may be faults."""
        if (kernel := (self.front.get("kernelspec") or {}).get("name")) not in _kernels():
            needed = "code cells need `kernelspec` with `name: python3` in the front matter"
            self.fault(1, f"found the kernel {kernel!r}; {needed}")
        python = re.sub(r"(?m)^[ \t]*[%!?].*|^.*\?$", "pass", source)
        tree, silent = ast.parse(""), set[ast.AST]()
        try:
            tree = compile(python, "cell", "exec", _PARSED)
        except SyntaxError as error:
            if not source.startswith("%%"):
                self.fault(first - 1 + (error.lineno or 1), f"the code cannot run: {error.msg}")
        for node in ast.walk(tree):  # what holds others comes before them
            line, selected = first + getattr(node, "lineno", 1) - 1, list[ast.AST]()
            match node:
                case ast.keyword(arg="name", value=ast.Constant(value=str(label))):
                    self.labels.add(label)
                case ast.Constant(value=str(text)) if " " in text.strip() and node not in silent:
                    self.add(text, line)
                case (
                    ast.Constant(value=float(number))
                    | ast.FormattedValue(value=ast.Constant(value=int(number)))
                ):
                    message = f"number {number!r} typed in a code cell: take it from a row"
                    self.fault(line, message, "number")
                case ast.Call(func=ast.Attribute(attr=how), args=texts) if how in _SELECTS:
                    selected = [*texts]
                    silent.update(texts)
                case ast.Compare():
                    selected = [node]
                    silent.update(ast.iter_child_nodes(node))
            code = " ".join(map(ast.unparse, selected))
            # Whether there is a figure at all says nothing on how it came out.
            if "None" not in code and (columns := _RESULTS.intersection(re.findall(r"\w+", code))):
                message = f"rows are selected by {min(columns)!r}, that is by how they came out; "
                self.fault(line, message + _SELECT_BY, "coverage")


@cache
def _kernels() -> dict[str, str]:
    from jupyter_client.kernelspec import find_kernel_specs

    return find_kernel_specs()


@contextmanager
def reading(shown: str) -> Iterator[None]:
    """Say in one problem why a file cannot be read, whichever library reads it."""
    try:
        yield
    except Exception as error:
        mark = getattr(error, "problem_mark", None)
        reason = str(getattr(error, "problem", "") or error)
        message = f"cannot be read: {reason}; correct it, or restore the file"
        place = Problem(shown, mark.line + 1 if mark else 0, "", message, "page")
        raise EvidenceError([place]) from None


def read_yaml(text: str) -> dict[str, Any]:
    """Read settings, each with its key."""
    found = yaml.safe_load(text) or {}
    if not isinstance(found, dict):
        raise TypeError("lines such as 'key: value' are needed")
    return found


def parse_page(text: str, shown: str = "text", extensions: Sequence[str] = ()) -> Page:
    """Read the text of a chapter, Markdown or a notebook; problems name it as ``shown``."""
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "source": text}]
    front, size = {}, 0
    if shown.endswith(".ipynb"):
        notebook = json.loads(text)
        cells, front, size = notebook["cells"], notebook.get("metadata", {}), _CELL
    page = Page(shown, front=front)
    for number, cell in enumerate(cells, start=1):
        source, first = "".join(cell["source"]), number * size
        page.lines |= {first + n: line for n, line in enumerate(source.split("\n"), start=1)}
        if cell["cell_type"] == "code":
            page.add_code(source, first + 1)
        elif cell["cell_type"] == "markdown":
            _read(page, _parser(frozenset(extensions)), source, first)
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
    """Read a text that begins after a line, and the directives in it."""
    line, row = offset + 1, None
    for token in parser.parse(f"{text}\n", {}):
        line = offset + token.map[0] + 1 if token.map else line
        match token.type:
            case "inline":
                shown = _inline(page, token.children or [], line)
                if row is None:
                    page.add(shown, line)
                else:
                    row.append(shown)
            case "tr_open":
                row = list[str]()
            case "tr_close":
                # A row is read as a whole: its first cell says what the others are about.
                page.add(" | ".join(row or ()), line)
                row = None
            case "fence" | "colon_fence":
                _directive(page, parser, token, line)
            case "code_block" | "math_block" | "math_block_label" | "amsmath":
                literal = "code" if token.type == "code_block" else "math"
                page.blocks.append(Text(token.content, line, literal=literal))
            case "html_block":
                if "<script" in token.content.lower():
                    page.refuse("a script", line)
                page.blocks += _html_blocks(token.content, line - 1)
            case "substitution_block":
                page.refuse("a substitution", line)
            case "myst_target":
                page.labels.add(token.content)
            case "front_matter":  # from the second line on
                page.front = read_yaml(f"\n{token.content}")


def _inline(page: Page, tokens: Sequence[Token], line: int) -> str:
    """Read a text without its markup, with roles as they are written."""
    text = ""
    for token in tokens:
        here = line + text.count("\n")
        match token.type:
            case "text":
                if begun := re.search(r"\{[a-z:]+\}`", token.content):
                    page.refuse(f"the role {begun.group()} without a second backtick", here)
                text += token.content
            case "softbreak" | "hardbreak":
                text += "\n"
            case "myst_role":
                text += f"{{{token.meta['name']}}}`{token.content}`"
            case "code_inline" | "math_inline" | "math_inline_double":
                page.blocks.append(Text(token.content, here, literal=token.type[:4]))
            case "image":
                page.add(f"{{image}}`{unquote(str(token.attrs['src']))}`", here)
                page.add(_inline(page, token.children or [], here), here)
            case "substitution_inline":
                page.refuse("a substitution", here)
    return text


def _directive(page: Page, parser: MarkdownIt, token: Token, line: int) -> None:
    from docutils.parsers.rst.directives.misc import TestDirective
    from myst_parser.parsers.directives import parse_directive_text

    begin, end = token.map or (0, 0)
    # One without content hides nothing.
    if token.content and token.content.count("\n") > end - begin - 2:
        page.refuse(f"a block that no {token.markup} closes", line)
    match = re.match(r"\{([^}]+)\}\s*(.*)", token.info.strip())
    name, argument = match.groups() if match else ("code", "")
    # The directive that docutils tests with takes any options, as text.
    read = parse_directive_text(TestDirective, "", token.content if match else "")
    options = {key: str(value) for key, value in read.options.items()}
    body = "\n".join(read.body) if match else token.content
    first = line + 1 + read.body_offset
    page.labels |= {options["name"]} if "name" in options else set()
    for option in _TEXTS & options.keys():
        page.add(options[option], line + 1)
    if name == "code-cell":
        page.add_code(body, first)
    elif name in _REFUSED:
        page.refuse(f"the directive {name!r}", line)
    elif name in _LITERAL:
        page.blocks.append(Text(body, first, literal="math" if name == "math" else "code"))
    else:
        page.add(f"{{image}}`{argument}`" if name in ("figure", "image") else argument, line)
        _read(page, parser, body, first - 1)


def sentences(blocks: Iterable[Text]) -> Iterator[Text]:
    """List the sentences of some texts, in order."""
    for block in (block for block in blocks if not block.literal):
        text, start = block.text.translate(_QUOTES), 0
        for end in [m.end() for m in _END.finditer(text) if _ends(text, m)] + [len(text)]:
            if words := text[start:end].strip():
                line = block.line + text[: text.index(words, start)].count("\n")
                yield Text(words.replace("\n", " "), line, block.roles)
            start = end


def _ends(text: str, match: re.Match[str]) -> bool:
    return not _NO_END.search(text[: match.start() + 1]) or not text[match.end() :].strip()


def read_document(path: Path) -> list[Text]:
    """Read a document of other people, text, Markdown, HTML or PDF; a line of a PDF is a page."""
    if path.suffix.lower() != ".pdf":
        return text_blocks(path.read_text(encoding="utf-8", errors="replace"))
    found = Page(path.name)
    for number, text in enumerate(pdf_pages(path), start=1):
        joined = re.sub(r"(\w)[-\u00ad\ufffe]\n(?=[a-z])", r"\1", text)
        for paragraph in re.split(r"\n\s*\n|(?<=[.!?])\n(?=[A-Z•])", joined):
            found.add(" ".join(paragraph.split()), number)
    return found.blocks


def text_blocks(text: str) -> list[Text]:
    """Read Markdown or plain text, or HTML when it begins with a tag."""
    is_html = re.match(r"\s*<(?:!doctype|html|\w+[ >])", text, re.I)
    return _html_blocks(text, 0) if is_html else parse_page(text).blocks


def _html_blocks(text: str, offset: int) -> list[Text]:
    found = Page("text")
    for tag in html_tree(text, "main", _UNREAD).iter(*_TEXT_TAGS):
        if tag.tag == "tr":
            shown = " | ".join(cell.text_content() for cell in tag)
        elif next(tag.iterdescendants(*_TEXT_TAGS), None) is None:
            shown = tag.get("alt") or tag.text_content()
        else:
            shown = " ".join(tag.xpath("text()"))
        line = offset + (tag.sourceline or 1)
        found.add(re.sub(r"\s+", " ", _NOTE.sub("", shown)).strip(), line)
    return found.blocks


def html_tree(text: str, part: str, unread: frozenset[str]) -> Any:
    """Read one part of an HTML page, if it is there, without some tags and classes."""
    from lxml import html

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    page = html.document_fromstring(f"{text}<br>".encode(), parser=parser)
    page = next(page.iter(part), page)
    for tag in list(page.iter()):
        if "hidden" in tag.attrib or tag.tag in unread or not unread.isdisjoint(tag.classes):
            tag.drop_tree()
    return page


def pdf_pages(path: Path) -> list[str]:
    """Read the text of each page of a PDF."""
    import pypdfium2

    with reading(relative_name(path)), pypdfium2.PdfDocument(path) as document:
        return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]
