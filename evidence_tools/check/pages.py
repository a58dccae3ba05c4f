"""Pages as they were typed: one parse, into blocks of text and sentences, with lines and names.

``markup.csv`` says which directives and roles there are, and how each is read.
"""

from __future__ import annotations

import ast
import csv
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
_COMMENT = re.compile(r"\s*[%#] *check:(?: *(ignore|exclude) +([\w-]+) *-- *(\S.{7,}))?")
_OPTIONS = re.compile(r"\n*(?:---.*\n(?:.*\n)*?---.*\n|(?:[ \t]*:[\w-]+:.*\n)+|)")
_OPTION = re.compile(
    r"(?m)^( *)(?:- |:)?(name|label|alt|(?:evidence_)?(?:title|caption|subtitle|description))"
    r": *([|>].*(?:\n\1 +.*)*|.+)"
)
_END = re.compile(r"""(?<![.!?])[.!?]++["”')\]]*(?=\s+["“'(]?[A-Z0-9⟦*]|\s*$)""")
_NO_END = re.compile(
    r"(?:\b(?:e\.g|i\.e|vs|cf|et al|approx|Dr|Prof|Fig|ca|St)|(?:^|[A-Z][a-z]+ |[A-Z]\. )[A-Z])\.$"
)
_QUOTES = str.maketrans({"‘": "'", "’": "'", "\u00a0": " ", "\u202f": " ", "‑": "-"})
_PARSED = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_RESULTS = {"direction", "statistically_significant", "estimate", "p_value", "ci_lower"}
_SELECT_BY = (
    "select by source, outcome, kind or analysis, or write `# check: ignore coverage -- why`"
)
_NOTE = re.compile(r"\[\d+(?:[,–-] ?\d+)*\]")


@cache
def markup(kind: str) -> dict[str, str]:
    """Read how each ``directive``, ``role`` or ``tag`` with a name is read."""
    with Path(__file__).with_name("markup.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == kind]
    return {name: row["how"] for row in rows for name in row["names"].split()}


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, heading, caption, table row or sentence; ``literal`` code, math or drawing.

    A role in it is a mark such as ``⟦0⟧``; it begins on a line, and each line break begins a line.
    """

    text: str
    line: int = 0
    roles: Sequence[tuple[str, str]] = ()
    literal: str = ""


@dataclass
class Page:
    """One page: its lines, its texts, what is named where, and what cannot be read.

    ``names`` are roles, and kinds such as ``image`` or ``directive``, each with its key and line;
    ``labels`` can be named. ``comments`` are exemptions: their lines, kind, subject and reason.
    """

    path: str
    lines: dict[int, str] = field(default_factory=dict)
    front: dict[str, Any] = field(default_factory=dict)
    blocks: list[Text] = field(default_factory=list)
    names: list[tuple[str, str, int]] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    comments: dict[int, tuple[str, str, str]] = field(default_factory=dict)
    faults: list[Problem] = field(default_factory=list)

    def problem(self, line: int, message: str, rule: str) -> Problem:
        """Make a problem at a place of the page; in a notebook it is a cell and its line."""
        if line < _CELL:
            return Problem(self.path, line, "", message, rule)
        place = f"{self.path}, cell {line // _CELL}, line {line % _CELL}"
        return Problem(place, 0, "", message, rule)

    def fault(self, line: int, message: str, rule: str = "page") -> None:
        """Note what is wrong on a line."""
        self.faults.append(self.problem(line, message, rule))

    def refuse(self, what: str, line: int) -> None:
        """Note something that the rules cannot read."""
        self.fault(line, f"{what} cannot be checked; write it as Markdown, or leave it out")

    def add(self, text: str, line: int, literal: str = "") -> None:
        """Add a text in which roles are written, or one that is code, math or a drawing."""
        count, roles = itertools.count(), [] if literal else list(ROLE.finditer(text))
        for role in roles:
            self.names.append((role[1], role[2], line + text.count("\n", 0, role.start())))
        if text.strip():
            marked = ROLE.sub(lambda _: f"⟦{next(count)}⟧", text.replace("⟦", "["))
            named = [(role[1], role[2]) for role in roles]
            self.blocks.append(Text(text if literal else marked, line, named, literal))

    def note(self, text: str, first: int) -> None:
        """Note what comments exempt, and labels, titles and captions among settings."""
        for line, written in enumerate(text.split("\n"), first):
            if comment := _COMMENT.match(written):
                self.comments[line] = (comment[1], comment[2], comment[3])
        for option in _OPTION.finditer(text):
            value = option[3].strip("|>-'\" \n")
            if option[2] in ("name", "label"):
                self.labels.add(value)
            else:
                self.add(value, first + text.count("\n", 0, option.start()))

    def add_code(self, source: str, first: int) -> None:
        """Add the texts of a cell; its numbers, and what it selects rows by, may be faults."""
        kernel = (self.front.get("kernelspec") or {}).get("name")
        self.names.append(("kernelspec", str(kernel), 1))
        self.note(source, first)
        python = re.sub(r"(?m)^[ \t]*[%!?].*|^.*\?$", "pass", source)
        tree, selected = ast.parse(""), list[ast.AST]()
        try:
            tree = compile(python, "cell", "exec", _PARSED)
        except (SyntaxError, ValueError, RecursionError) as error:
            if not source.startswith("%%"):
                line = getattr(error, "lineno", 1) or 1
                self.fault(first - 1 + line, f"the code cannot run: {str(error)[:200]}")
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Attribute(attr="query" | "eval" | "get"), args=texts):
                    selected += texts
                case ast.Compare() | ast.Call(func=ast.Attribute(attr="isin" | "eq" | "gt" | "lt")):
                    selected.append(node)
        for node in selected:
            code, line = ast.unparse(node), first + getattr(node, "lineno", 1) - 1
            # Whether there is a figure at all says nothing on how it came out.
            if "None" not in code and (columns := _RESULTS.intersection(re.findall(r"\w+", code))):
                message = f"rows are selected by {min(columns)!r}, that is by how they came out; "
                self.fault(line, message + _SELECT_BY, "coverage")
        silent = {part for node in selected for part in ast.walk(node)}
        for node in (node for node in ast.walk(tree) if node not in silent):
            line = first + getattr(node, "lineno", 1) - 1
            match node:
                case ast.keyword(arg="name", value=ast.Constant(value=str(label))):
                    self.labels.add(label)
                case ast.Constant(value=str(text)) if " " in text.strip():
                    self.add(text, line)
                case ast.Constant(value=float(number)):
                    message = f"number {number!r} typed in a code cell: take it from a row"
                    self.fault(line, message, "number")


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
    line, said, row, hows = offset + 1, "", None, markup("role")
    for block in parser.parse(f"{text}\n", {}):
        line = offset + block.map[0] + 1 if block.map else line
        for token in [*(block.children or ()), block]:
            if "title" in token.attrs:
                page.add(str(token.attrs["title"]), line)
            match token.type:
                case "text":
                    if begun := re.search(r"\{[a-z:]+\}`", token.content):
                        page.refuse(f"the role {begun.group()} without a second backtick", line)
                    said += token.content
                case "softbreak" | "hardbreak":
                    said += "\n"
                    line += 1
                case "myst_role":
                    if " " in token.content and hows.get(token.meta["name"]) == "text":
                        page.add(token.content, line)
                    said += f"{{{token.meta['name']}}}`{token.content.replace('`', ' ')}`"
                case "inline" if row is None:  # after its parts
                    page.add(said, line - said.count("\n"))
                    said = ""
                case "tr_open":
                    row = list[str]()
                case "td_close" | "th_close" if row is not None:
                    row.append(said)
                    said = ""
                case "tr_close":
                    # A row is read as a whole: its first cell says what the others are about.
                    page.add(" | ".join(row or ()), line)
                    row = None
                case "image" | "link_open":
                    address = token.attrs.get("src") or token.attrs.get("href")
                    page.names.append((token.type.partition("_")[0], unquote(str(address)), line))
                    page.add(token.content, line)
                case "html_inline" | "html_block":
                    if "<script" in token.content.lower():
                        page.refuse("a script", line)
                    page.blocks += html_blocks(token.content, line - 1)
                case "code_inline" | "code_block":
                    page.add(token.content, line, "code")
                case kind if "math" in kind:
                    page.labels.add(token.info)
                    page.add(token.content, line, "math")
                    page.add(" ".join(re.findall(r"\\text\w*\{([^}]*)\}", token.content)), line)
                case "substitution_inline" | "substitution_block":
                    page.refuse("a substitution", line)
                case "fence" | "colon_fence":
                    _directive(page, parser, token, line)
                case "heading_open":
                    page.names.append(("heading", token.tag, line))
                case "myst_target":
                    page.labels.add(token.content)
                case "myst_line_comment":
                    page.note(re.sub("(?m)^", "%", token.content), line)
                case "front_matter":  # from the second line on
                    page.front = read_yaml(f"\n{token.content}")
                    page.note(token.content, 2)


def _directive(page: Page, parser: MarkdownIt, token: Token, line: int) -> None:
    begin, end = token.map or (0, 0)
    # One without content hides nothing.
    if token.content and token.content.count("\n") > end - begin - 2:
        page.refuse(f"a block that no {token.markup} closes", line)
    match = re.match(r"\{([^}]+)\}\s*(.*)", token.info.strip())
    if match is None:
        page.add(token.content, line + 1, "code")
        return
    name, argument = match[1].lower(), match[2]
    page.names.append(("directive", name, line))
    options = (_OPTIONS.match(token.content) or match)[0]
    page.note(options, line + 1)
    body, first = token.content.removeprefix(options), line + 1 + options.count("\n")
    match markup("directive").get(name, "text"):
        case "cell":
            page.add_code(body, first)
        case "refused":
            page.refuse(f"the directive {name!r}", line)
        case "code" | "math" as how:
            page.add(body, first, how)
        case how:
            if how == "picture":
                page.names.append(("image", argument, line))
            else:
                page.add(argument, line)
            if name in ("glossary", "figure-md"):  # terms, or a label
                page.labels |= {argument, *re.findall(r"(?m)^\S.*", body)}
            _read(page, parser, body, first - 1)


def sentences(blocks: Iterable[Text]) -> Iterator[Text]:
    """List the sentences of some texts, in order."""
    for block in (block for block in blocks if not block.literal):
        text, start, line = block.text.translate(_QUOTES), 0, block.line
        last = len(text.rstrip())
        for begin, end in [*(match.span() for match in _END.finditer(text)), (last, len(text))]:
            # A name before a full stop is looked for in the few letters before it.
            if end < last and _NO_END.search(text, max(begin - 40, 0), begin + 1):
                continue
            part = text[start:end]
            if words := part.strip():
                before = part[: part.index(words)].count("\n")
                yield Text(words.replace("\n", " "), line + before, block.roles)
            line, start = line + part.count("\n"), end


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
    return html_blocks(text) if is_html else parse_page(text).blocks


def html_blocks(text: str, offset: int = 0) -> list[Text]:
    """Read HTML block by block, without what is beside the text; drawings are literal."""
    from lxml import html

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    page = html.document_fromstring(f"{text}<br>".encode(), parser=parser)
    page, found = next(page.iter("main"), page), Page("text")
    how = markup("tag")
    for tag in list(page.iter()):
        line = offset + (tag.sourceline or 1)
        if "hidden" in tag.attrib or "unread" in map(how.get, (tag.tag, *tag.classes)):
            tag.drop_tree()
        elif tag.tag == "svg":
            found.add(" ".join(tag.itertext()), line, "drawing")
            tag.drop_tree()
        elif tag.tag in ("td", "th"):
            tag.tail = " | "
        elif tag.tag not in how and next(tag.iterancestors("tr"), None) is None:
            mark = f"\ue000{line}\ue000"
            tag.text, tag.tail = f"{mark}{tag.text or tag.get('alt', '')}", mark + (tag.tail or "")
    parts = re.split("\ue000([0-9]+)\ue000", page.text_content())
    for begun, part in zip(parts[1::2], parts[2::2], strict=True):
        found.add(re.sub(r"\s+", " ", _NOTE.sub("", part)).strip(" |"), int(begun))
    return found.blocks


def pdf_pages(path: Path) -> list[str]:
    """Read the text of each page of a PDF."""
    import pypdfium2

    with reading(relative_name(path)), pypdfium2.PdfDocument(path) as document:
        return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]
