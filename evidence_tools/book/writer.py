"""From docutils nodes to Typst markup: every text is escaped here, and nowhere else.

Most nodes are a call of a Typst function around what is in them; :data:`WORDS` and :data:`BLOCKS`
name it. Nothing is passed over: a node that nobody knows is reported with its page and line, and
so is what print cannot show.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from docutils import nodes

from evidence_tools.book.nodes import line_of

if TYPE_CHECKING:
    from evidence_tools.book.pictures import Pictures

WORDS = {
    **dict.fromkeys(("emphasis", "title_reference", "classifier"), "emph"),
    **dict.fromkeys(("literal", "literal_emphasis", "desc_sig_element", "option_string"), "code"),
    **dict.fromkeys(("strong", "literal_strong", "sd_badge"), "strong"),
    **{"subscript": "sub", "superscript": "super", "linebreak": "line-end", "line": "line-end"},
    **dict.fromkeys(("target", "evidence_ref", "PassthroughTextElement", "generated"), ""),
    **dict.fromkeys(("list_item", "legend", "problematic", "option"), ""),
}
"""What stands in a line, and the function around it; none is the words alone."""

BLOCKS = {
    **{"rubric": "rubric", "attribution": "attribution", "block_quote": "quote"},
    **{"line_block": "verse", "desc_signature": "", "centered": "", "system_message": ""},
    **dict.fromkeys(("definition_list", "field_list", "option_list", "desc"), "list-of-terms"),
}
"""What stands on lines of its own, and the function around it."""

GROUPS = [
    *("document", "compound", "only", "decoration", "hlist", "hlistcol", "glossary"),
    *("desc_content", "definition", "field_body", "description", "proof_node"),
]
SILENT = [
    *("comment", "substitution_definition", "pending", "meta", "index", "toctree", "docinfo"),
    *("sd_icon", "fontawesome", "evidence_download", "tabular_col_spec"),
]
"""What no reader of the page sees either, decorations, and files to click on."""


_MARKUP = re.compile(r"""[\\#$*_`<>@\[\]~=+\-/"'.:;(){}&^|!]""")


def escaped(text: str) -> str:
    r"""Write text as markup that shows exactly these characters.

    Examples
    --------
    >>> escaped("5 * #let $x$")
    '5 \\* \\#let \\$x\\$'
    """
    return _MARKUP.sub(r"\\\g<0>", re.sub(r"[\t\r\n\f\v]+", " ", text))


def literal(text: str) -> str:
    r"""Write text as a string of Typst's code mode.

    Examples
    --------
    >>> literal('say "no"')
    '"say \\"no\\""'
    """
    replaced = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{replaced}"'.replace("\n", "\\n").replace("\r", "").replace("\t", "\\t")


def call(name: str, *arguments: str, body: str | None = None, **named: str) -> str:
    """Write a call of a function that may stand between words; empty arguments are left out.

    Examples
    --------
    >>> call("link", literal("https://example.org"), body="text")
    '#link("https://example.org")[text];'
    """
    given = [*arguments, *(f"{key}: {code}" for key, code in named.items() if code)]
    code = ", ".join(filter(None, given))
    brackets = f"({code})" if code or body is None else ""
    return f"#{name}{brackets}" + ("" if body is None else f"[{body}]") + ";"


@dataclass
class Writer:
    """Writes the pages of a book.

    It knows the ``labels`` of pages and ids that can be linked to, and the ``address`` of the
    folder where pages will be read, if there is one. Its ``remarks`` say what differs from a page.
    """

    env: Any
    pictures: Pictures
    address: str = ""
    labels: dict[tuple[str, str], str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    docname: str = ""
    level: int = 0
    notes: dict[str, nodes.Element] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)

    def note_labels(self, docname: str, doctree: nodes.document) -> None:
        """Name every id of a page; several ids of one element share a label."""
        first = next(iter(doctree.findall(nodes.section)), None)
        if first is not None:
            first["ids"].append("")  # a link to the page
        node: Any
        for node in doctree.findall(nodes.Element):
            for name in node.get("ids", ()):
                self.labels.setdefault((docname, name), f"{docname}--{node['ids'][0]}")

    def page(self, docname: str, doctree: nodes.document) -> str:
        """Write one page of the book."""
        self.docname, self.level = docname, 0
        found = doctree.findall(nodes.footnote)
        self.notes = {name: note for note in found for name in note["ids"]}
        return self.all(doctree.children)

    def write(self, node: nodes.Node) -> str:
        """Write one node with all that is in it."""
        for each in type(node).__mro__:
            if (printer := PRINTERS.get(each.__name__)) is not None:
                return printer(self, node)
        self.remark(node, f"print does not know {type(node).__name__!r}; its text is printed alone")
        return self.all(node.children) or self.absent(node, type(node).__name__)

    def all(self, found: Iterable[nodes.Node]) -> str:
        """Write nodes one after the other."""
        return "".join(map(self.write, found))

    def inside(self, node: Any) -> str:
        """Write the label of a node and what is in it."""
        return self.anchor(node) + self.all(node.children)

    def block(self, node: nodes.Node, markup: str) -> str:
        """Let markup stand on lines of its own; a comment says where it is from, for messages."""
        return f"\n// {self.place(node)}\n{markup}\n"

    def place(self, node: nodes.Node) -> str:
        """Name the file and line of a node."""
        return f"{self.env.doc2path(self.docname, base=False)}:{line_of(node)}"

    def remark(self, node: nodes.Node, text: str) -> None:
        """Report that print differs from the page."""
        self.remarks.append(f"{self.place(node)}: {text}")

    def absent(self, node: nodes.Node, what: str, origin: str = "") -> str:
        """Write a line in the place of what print cannot show, and report it."""
        self.remark(node, f"print cannot show this ({what}); a line says what stands here")
        page = f"{self.address}{self.docname}.html"
        shown = call("link", literal(page), body=escaped(page)) if self.address else escaped(page)
        words = escaped(f"{what[:1].upper()}{what[1:]} {origin}".strip())
        return f"\n{call('absent', body=f'{words}, shown on the page {shown}')}\n"

    def anchor(self, node: Any, form: str = "#anchor(label({}));") -> str:
        """Write the label of a node; behind a heading or a figure, ``form`` is another one."""
        name = next((self.labels.get((self.docname, each), "") for each in node.get("ids", ())), "")
        if not name or name in self.written:
            return ""
        self.written.add(name)
        return form.format(literal(name))

    def number(self, kind: str, node: Any) -> str:
        """Return the number of a figure, table or the like, with its word; empty without one."""
        numbers = self.env.toc_fignumbers.get(self.docname, {}).get(kind, {})
        number = next((numbers[name] for name in node.get("ids", ()) if name in numbers), None)
        if number is None:
            return ""
        text = ".".join(map(str, number))
        form = str(self.env.config.numfig_format.get(kind) or f"{kind.capitalize()} %s")
        return form.replace("%s", text).replace("{number}", text)

    def caption(self, node: Any, kind: str, caption: nodes.Node | None) -> str:
        """Write number and caption."""
        number = self.number(kind, node)
        numbered = call("caption-number", body=escaped(number)) if number else ""
        words = "" if caption is None else self.inside(caption)
        return " ".join(filter(None, (numbered, words)))

    def link(self, node: Any, words: str) -> str:
        """Write the link that a reference makes; words alone where it leads nowhere in print."""
        address = str(node.get("refuri") or "")
        if address.startswith("%") or node.get("refid"):
            page, _, name = address.removeprefix("%").partition("#")
            label = self.labels.get((page or self.docname, str(node.get("refid") or name)))
            if label:
                return call("link", f"label({literal(label)})", body=words)
            if not page or (page, "") in self.labels:
                return words
            if not self.address:  # a mention of a row says all that there is to say
                is_mention = type(node.parent).__name__ == "evidence_ref"
                return words if is_mention else f"{words} \\(on the web\\)"
            address = f"{page}.html" + (f"#{name}" if name else "")
        if "://" not in address and not address.startswith("mailto:"):
            address = f"{self.address}{address}" if self.address and address else ""
        return call("link", literal(address), body=words) if address else words


Printer = Callable[[Writer, Any], str]


def _write_words(name: str, writer: Writer, node: Any) -> str:
    words = writer.inside(node)
    return call(name, body=words) if name else words


def _write_block(name: str, writer: Writer, node: Any) -> str:
    return writer.block(node, _write_words(name, writer, node))


PRINTERS: dict[str, Printer] = {
    **{name: partial(_write_words, function) for name, function in WORDS.items()},
    **{name: partial(_write_block, function) for name, function in BLOCKS.items()},
    **dict.fromkeys(GROUPS, lambda writer, node: writer.all(node.children)),
    **dict.fromkeys(SILENT, lambda writer, node: ""),
}
"""How each kind of node is printed, by the name of its class or of one that it derives from."""


def prints(*names: str) -> Callable[[Printer], Printer]:
    """Register the function that prints the nodes of some classes."""

    def register(printer: Printer) -> Printer:
        PRINTERS.update(dict.fromkeys(names, printer))
        return printer

    return register
