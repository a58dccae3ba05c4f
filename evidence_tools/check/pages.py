"""Pages as they were typed: one parse, into blocks of text and sentences, with lines and names.

``markup.csv`` says which directives and roles there are, and how each is read.
"""

import ast
import csv
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache, partial
from math import inf
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from evidence_tools.evidence.problems import EvidenceError, Problem, relative_name

_CELL = 10_000  # a place in a notebook, as in MyST-NB: number of its cell times this, plus a line
ROLE = re.compile(r"\{([a-z][a-z:+_-]*)\}`([^`]+)`")
MARK = re.compile(r"⟦(\d+)⟧")
_COMMENT = re.compile(r"\s*[%#] *check:(?: *(?:ignore|exclude) +([\w-]+) *-- *(\S.{7,}))?")
_OPTIONS = re.compile(r"\n*(?:---.*\n(?:.*\n)*?---.*\n|(?:[ \t]*:[\w-]+:.*\n)+|)")
_OPTION = re.compile(r"(?m)^[ \t]*:([\w-]+):[ \t]*(.*)$")
_PHRASE = re.compile(r"[^\W\d]\w* .*[^\W\d]", re.DOTALL)
_CLOSED = re.compile(
    r"<(?:script|iframe|object|embed|template|meta)\b|<[^>]*\son[a-z]+\s*=|"
    r"\bcontent\s*:\s*(?:[\"']|attr)",
    re.IGNORECASE,
)
_SPOKEN = ("alt", "title", "aria-label", "label", "placeholder", "value")
_END = re.compile(r"""(?<![.!?])[.!?]++["”')\]]*(?=\s+["“'(]?[A-Z0-9⟦*]|\s*$)""")
_NO_END = re.compile(
    r"(?:\b(?:e\.g|i\.e|vs|cf|et al|approx|Dr|Prof|Fig|ca|St)|(?:^|[A-Z][a-z]+ |[A-Z]\. )[A-Z])\.$"
)
_QUOTES = str.maketrans("‘’‑\u00a0\u202f", "''-  ", "\u00ad\u034f\u200b\u2060\ufeff")  # last unseen
_BELOW = re.compile(r"(?<=\b[A-Z])\((\d)\)")  # as abstracts write what is below the line
_RESULTS = {"direction", "statistically_significant", "estimate", "p_value", "ci_lower"}
_SELECT_BY = (
    "select by source, outcome, kind or analysis, or write `# check: ignore coverage -- why`"
)
_SELECTS = {"query", "eval", "get", "isin", "eq", "gt", "lt"}
_KEPT = {
    # A number is no code; a formula may hold more than an index; axes have numbers of no row.
    "code": re.compile(
        r"^\W*\d[\d\s.,%+−–±-]*[\s\w/%µ]{0,8}$|(?:\D|(?<=[A-Za-z])\d+)+", re.MULTILINE
    ),
    "math": re.compile(r"\\(?:text|mbox|math|operatorname|tag)\w*\*?\{[^}]*\}|\d+[.,]\d+|\d{3,}"),
    "drawing": re.compile(r"(?:\D|(?<=[A-Za-z])\d+)+"),
}
_NOTE = re.compile(r"\[\d+(?:[,–-] ?\d+)*\]")


@cache
def markup(kind: str) -> dict[str, str]:
    """Read how each ``directive``, ``role``, ``token`` or ``tag`` with a name is read."""
    with Path(__file__).with_name("markup.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == kind]
    return {name: row["how"] for row in rows for name in row["names"].split()}


@dataclass(frozen=True, slots=True)
class Text:
    """A thing on a page: a ``text`` (paragraph, heading, caption, table row, sentence), or another.

    Such as a heading, a drawing, or what a role names. A role in a text is a mark such as ``⟦0⟧``;
    each line break begins a line.
    """

    text: str
    line: int = 0
    roles: Sequence[tuple[str, str]] = ()
    kind: str = "text"


@dataclass
class Page:
    """One page: its lines, its settings, what is on it, and what cannot be read."""

    path: str
    lines: dict[int, str] = field(default_factory=dict)
    front: dict[str, Any] = field(default_factory=dict)
    items: list[Text] = field(default_factory=list)
    faults: list[Problem] = field(default_factory=list)
    extensions: frozenset[str] = frozenset()

    @property
    def comments(self) -> dict[int, tuple[str, str]]:
        """Exemptions by their line: rule or finding, and the reason; neither if written wrong."""
        found = ((number, _COMMENT.match(line)) for number, line in self.lines.items())
        return {number: (comment[1], comment[2]) for number, comment in found if comment}

    def problem(self, line: int, message: str, rule: str) -> Problem:
        """Make a problem at a place of the page; in a notebook it is a cell and its line."""
        if line < _CELL:
            return Problem(self.path, line, "", message, rule)
        place = f"{self.path}, cell {line // _CELL}, line {line % _CELL}"
        return Problem(place, 0, "", message, rule)

    def fault(self, line: int, message: str, rule: str = "page") -> None:
        """Note what is wrong on a line."""
        self.faults.append(self.problem(line, message, rule))

    def find(self, text: str) -> int:
        """Find the first line with a text."""
        return next((number for number, line in self.lines.items() if text in line), 0)

    def add(self, text: str, line: int, kind: str = "text") -> None:
        """Add a thing; of a text also the roles in it, and what cannot be read is a fault."""
        roles, hows = list[tuple[str, str]](), markup("role")

        def read(role: re.Match[str]) -> str:
            name, said = role.groups()
            self.add(said, line + text.count("\n", 0, role.start()), name)
            if (how := hows.get(name, "text")) in ("text", *_KEPT):
                return _words(said, how)
            roles.append((name, said))
            return f"{said if how == 'term' else said.rpartition('<')[0]}⟦{len(roles) - 1}⟧"

        if kind in _KEPT:
            self.add(_words(text, kind), line)
        elif kind == "refused":
            remedy = "cannot be checked; show it as Markdown or plain text, or leave it out"
            if "no-evidence-text" not in self.front:
                self.fault(line, f"{text} {remedy}")
        elif text.strip():
            marked = ROLE.sub(read, text.replace("⟦", "[")) if kind == "text" else text
            self.items.append(Text(marked, line, roles, kind))

    def add_settings(self, text: str, first: int = 1) -> None:
        """Add the phrases among settings; if they are no YAML, MyST-NB refuses the page."""
        before = ""
        with suppress(yaml.YAMLError):
            for setting in yaml.scan(text):
                if isinstance(setting, yaml.ScalarToken):
                    said = re.sub(r"#\d", "", setting.value)  # an argument in a macro of TeX
                    if before != "project" and _PHRASE.search(said):
                        self.add(said.strip(), first + setting.start_mark.line)
                    before = setting.value

    def add_code(self, source: str, first: int, settings: str) -> None:
        """Add the texts of a cell; its numbers, and what it selects rows by, may be faults."""
        python = re.sub(r"(?m)^[ \t]*[%!?].*|^.*\?$", "pass", source)
        tree, silent = ast.parse(""), set[ast.AST]()
        try:
            tree = ast.parse(python)
        except (SyntaxError, ValueError, RecursionError) as error:
            if not source.startswith("%%") and "raises-exception" not in settings:
                line = getattr(error, "lineno", 1) or 1
                self.fault(first - 1 + line, f"the code cannot run: {str(error)[:200]}")
        for node in (node for node in ast.walk(tree) if node not in silent):
            line = first + getattr(node, "lineno", 1) - 1
            called = getattr(getattr(node, "func", None), "attr", "")
            if isinstance(node, ast.Compare) or called in _SELECTS:
                code = ast.unparse(node)
                silent.update(ast.walk(node))
                columns = _RESULTS.intersection(re.findall(r"\w+", code))
                # Whether there is a figure at all says nothing on how it came out.
                if columns and "None" not in code:
                    message = f"rows are selected by {min(columns)!r}, that is by how they came "
                    self.fault(line, f"{message}out; {_SELECT_BY}", "coverage")
            match node:
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
        reason = str(getattr(error, "problem", "") or error)[:1_000]
        line = mark.line + 1 if mark else int((re.findall(r"at line (\d+)", reason) or [0])[0])
        message = f"cannot be read: {reason}; correct it, or restore the file"
        raise EvidenceError([Problem(shown, line, "", message, "page")]) from None


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
    page = Page(shown, front=front, extensions=frozenset(extensions))
    page.add_settings(_dump(front))
    for number, cell in enumerate(cells, start=1):
        source, first = "".join(cell["source"]), number * size
        page.lines |= {first + n: line for n, line in enumerate(source.split("\n"), start=1)}
        if cell["cell_type"] == "code":
            settings = _dump(cell.get("metadata", {}))
            page.add_settings(settings, first + 1)
            page.add_code(source, first + 1, settings)
        elif cell["cell_type"] == "markdown":
            read_markdown(page, source, first)
        else:
            page.add(f"a {cell['cell_type']} cell", first + 1, "refused")
    return page


def _dump(settings: dict[str, Any]) -> str:
    """Write settings as one line of YAML."""
    return yaml.safe_dump(settings, default_flow_style=True, width=inf).rstrip()


@cache
def _parser(extensions: frozenset[str]) -> MarkdownIt:
    from markdown_it.renderer import RendererHTML
    from myst_parser.config.main import MdParserConfig
    from myst_parser.parsers.mdit import create_md_parser

    return create_md_parser(MdParserConfig(enable_extensions=set(extensions)), RendererHTML)


def read_markdown(page: Page, text: str, offset: int = 0, *, rows: bool = False) -> None:
    """Add what is in a text that begins after a line; ``rows`` are nested lists."""
    line, start, said, hows = offset + 1, 0, "", markup("token")
    for block in _parser(page.extensions).parse(f"{text}\n", {}):
        line = offset + block.map[0] + 1 if block.map else line
        start = start if said else line
        for token in [*(block.children or ()), block]:
            content = token.content
            for value in map(str, token.attrs.values()):
                page.add(value if _PHRASE.search(value) else "", line)
            match hows.get(token.type):
                case "text":
                    begun = re.search(r"\{[a-z:]+(?:\}[`']|\} $|$)|\[\^[\w.-]+\]", content)
                    # A note that is called in a directive is written outside it.
                    if begun and not page.find(f"{begun[0]}:"):
                        page.fault(line, f"found {begun[0]}: write {{role}}`key`, or the note")
                    said += content
                case "break":
                    said, line = f"{said}\n", line + 1
                case "role":
                    said += f"{{{token.meta['name']}}}`{content.replace('`', ' ')}`"
                case "image":
                    page.add(content, line)
                case "html":
                    read_html(page, content, line - 1)
                    said += " " * content.startswith("<br")
                case "code" | "math" as how:
                    if begun := re.search(r"(?<![{a-z:])[a-z:]+\}$", said):
                        page.fault(line, f"found {begun[0]}: write {{role}}`key`")
                    said += _words(content, how)
                case "fence":
                    _directive(page, token, line)
                case "front":  # from the second line on
                    page.front = read_yaml(f"\n{content}")
                    page.add_settings(content, 2)
                case "heading" | "refused" as how:
                    page.add(content or token.tag, line, how)
        if block.tag in ("td", "th") or (rows and block.level > 1):
            # A row is read as a whole: its first cell says what the others are about.
            said += " | " * (block.nesting < 0)
        elif block.type != "inline" and block.nesting <= 0:
            if block.type == "heading_close" and not said.strip():
                page.fault(line, "a heading without text; write it, or take it out")
            page.add(said.strip(" |"), start)
            said = ""


def _directive(page: Page, token: Token, line: int) -> None:
    begin, end = token.map or (0, 0)
    # One without content hides nothing.
    if token.content and token.content.count("\n") > end - begin - 2:
        page.fault(line, f"a block that no {token.markup} closes; close it")
    match = re.match(r"\{([^}]+)\}\s*(.*)", token.info.strip())
    if match is None:
        page.add(token.content, line + 1, "code")
        return
    name, argument = match[1].lower(), match[2]
    options = (_OPTIONS.match(token.content) or match)[0]
    page.add_settings(_OPTION.sub(lambda one: _dump({one[1]: one[2]}), options), line + 1)
    body, first = token.content.removeprefix(options), line + 1 + options.count("\n")
    match markup("directive").get(name, "text"):
        case "cell":
            page.add_code(body, first, options)
        case "refused":
            page.add(f"the directive {name!r}", line, "refused")
        case "code" | "math" as how:
            page.add(body, first, how)
        case how:
            page.add("" if how == "picture" else argument, line)
            read_markdown(page, body, first - 1, rows=name == "list-table")


def _words(text: str, kind: str) -> str:
    """Keep of code, a formula or a drawing what is read in a sentence."""
    return " ".join(_KEPT[kind].findall(text.replace("`", "'"))) if kind in _KEPT else text


def sentences(items: Iterable[Text]) -> Iterator[Text]:
    """List the sentences of some texts, in order."""
    for item in (item for item in items if item.kind == "text"):
        text, start, line = _BELOW.sub(r"\1", item.text.translate(_QUOTES)), 0, item.line
        last = len(text.rstrip())
        for begin, end in [*(match.span() for match in _END.finditer(text)), (last, len(text))]:
            # A name before a full stop is looked for in the few letters before it.
            if end < last and _NO_END.search(text, max(begin - 40, 0), begin + 1):
                continue
            part = text[start:end]
            if words := part.strip():
                before = part[: part.index(words)].count("\n")
                yield Text(words.replace("\n", " "), line + before, item.roles)
            line, start = line + part.count("\n"), end


def read_document(name: str | Path) -> list[Text]:
    """Read a document of other people, text, Markdown, HTML or PDF; a line of a PDF is a page."""
    if name == "-":
        return text_blocks(sys.stdin.read())
    path = Path(name)
    if path.suffix.lower() != ".pdf":
        return text_blocks(path.read_text(encoding="utf-8", errors="replace"))
    found = Page(path.name)
    pages = [text.split("\n") for text in pdf_pages(path)]
    bare = partial(re.sub, r"\d+", "")
    often = Counter(line for lines in pages for line in {*map(bare, lines)})
    for number, lines in enumerate(pages, start=1):
        # Running heads and feet are on most pages, with the number of the page.
        text = "\n".join("" if often[bare(x)] > max(1, len(pages) / 2) else x for x in lines)
        joined = re.sub(r"(\w)[-\u00ad\ufffe]\n(?=[a-z])", r"\1", text)
        for paragraph in re.split(r"\n\s*\n|(?<=[.!?])\n(?=[A-Z•])", joined):
            found.add(" ".join(paragraph.split()), number)
    return found.items


def text_blocks(text: str) -> list[Text]:
    """Read Markdown or plain text, or HTML when it begins with a tag, without marks of notes."""
    is_html = re.match(r"\s*<(?:!doctype|html|\w+[ >])", text, re.I)
    items = (read_html(Page("page"), text, beside=True) if is_html else parse_page(text)).items
    return [replace(i, text=_NOTE.sub("", i.text)) for i in items if i.kind == "text"]


def read_html(page: Page, text: str, offset: int = 0, *, beside: bool = False) -> Page:
    """Add what is in HTML, block by block; ``beside`` its text may be other things to leave out."""
    from lxml import html

    if not beside and (closed := _CLOSED.search(text)):
        page.add(repr(closed[0]), offset + 1, "refused")
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    tree = html.document_fromstring(f"{text}<br>".encode(), parser=parser)
    tree, how = next(tree.iter("main"), tree), markup("tag")
    silent, spoken = ({"unread", "beside"}, _SPOKEN[:1]) if beside else ({"unread"}, _SPOKEN)
    tags = list(tree.iter())  # kept, or lxml would make each of them again
    for tag in tags:
        names = (tag.tag, *(tag.get("class", "").split() if beside else ()))
        if (beside and "hidden" in tag.attrib) or not silent.isdisjoint(map(how.get, names)):
            tag.drop_tree()
    for tag in list(tree.iter()):
        line = offset + (tag.sourceline or 1)
        for said in filter(None, map(tag.get, spoken)):
            page.add(said, line)
        if tag.tag == "svg":
            page.items.append(Text(" ".join(tag.itertext()), line, kind="drawing"))
            for part in tag.itertext():
                page.add(part, line, "drawing")
            tag.drop_tree()
        elif tag.tag in ("td", "th", "br"):
            tag.tail = (" " if tag.tag == "br" else " | ") + (tag.tail or "")
        elif tag.tag not in how and next(tag.iterancestors("tr"), None) is None:
            mark = f"\ue000{line}\ue000"
            tag.text, tag.tail = f"{mark}{tag.text or ''}", f"{mark}{tag.tail or ''}"
    parts = re.split("\ue000([0-9]+)\ue000", tree.text_content())
    for begun, part in zip(parts[1::2], parts[2::2], strict=True):
        page.add(re.sub(r"\s+", " ", part).strip(" |"), int(begun))
    return page


def pdf_pages(path: Path) -> list[str]:
    """Read the text of each page of a PDF."""
    import pypdfium2

    with reading(relative_name(path)), pypdfium2.PdfDocument(path) as document:
        return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]
