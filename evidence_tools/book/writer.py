"""From docutils nodes to Typst markup: every text is escaped here, and nowhere else.

Most nodes are a call of a function of ``report.typ`` around what is in them; :data:`WORDS` and
:data:`BLOCKS` name it. Nothing is passed over: a node that nobody knows is reported with its page
and line, and so is what print cannot show.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from docutils import nodes
from myst_nb.core.render import strip_ansi

from evidence_tools.book.nodes import line_of

WORDS = {
    **dict.fromkeys(("emphasis", "title_reference", "classifier"), "emph"),
    **dict.fromkeys(("literal", "literal_emphasis", "option_string"), "code"),
    **dict.fromkeys(("strong", "literal_strong", "sd_badge"), "strong"),
    **{"subscript": "sub", "superscript": "super", "linebreak": "line-end", "line": "line-end"},
    **{"abbreviation": "abbreviation explanation", "option_argument": "argument delimiter"},
    **dict.fromkeys(("inline", "target", "evidence_ref", "PassthroughTextElement"), ""),
    **dict.fromkeys(("generated", "list_item", "legend", "problematic", "option", "acks"), ""),
    **dict.fromkeys(("document", "compound", "only", "decoration", "hlist", "hlistcol"), ""),
    **dict.fromkeys(("glossary", "desc_content", "definition", "field_body", "description"), ""),
    **dict.fromkeys(("proof_node", "footnote"), ""),
}
"""The function around what is in a node, and attributes it takes; none is the words alone."""

BLOCKS = {
    **{"rubric": "rubric", "subtitle": "rubric", "attribution": "attribution"},
    **{"block_quote": "quote", "line_block": "verse", "transition": "break-line"},
    **dict.fromkeys(("desc_signature", "centered", "system_message"), ""),
    **dict.fromkeys(("definition_list", "field_list", "option_list", "desc"), "list-of-terms"),
}
"""The same for what stands on lines of its own."""

SILENT = [
    *("comment", "substitution_definition", "pending", "meta", "index", "toctree", "docinfo"),
    *("sd_icon", "fontawesome", "evidence_download", "tabular_col_spec"),
]
"""What no reader of the page sees either, decorations, and files to click on."""

_STYLES = {"struck": "strike", "guilabel": "strong", "menuselection": "strong"}
_STYLES |= {"sd-badge": "strong", "versionmodified": "strong"}
_NUMBERINGS = {"loweralpha": "a", "upperalpha": "A", "lowerroman": "i", "upperroman": "I"}
_RIGHT_TO_LEFT = re.compile(r"[\W\d_]*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_TITLES, _STRETCHED = nodes.Titular | nodes.label, "sd-stretched-link"
_BOXES = ["note", "warning", "caution", "attention", "danger", "error", "important", "tip"]
_BOXES += ["hint", "seealso"]
_BODIES = nodes.definition | nodes.field_body | nodes.description
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


def call(name: str, /, *arguments: str, body: str | None = None, **named: str) -> str:
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
    """Writes the ``pages`` of a book that are in print.

    It knows the ``address`` of the folder where pages will be read, if there is one. Its
    ``remarks`` say what differs from a page.
    """

    env: Any
    pages: dict[str, nodes.document]
    address: str = ""
    remarks: list[str] = field(default_factory=list)
    docname: str = ""
    level: int = 0
    labels: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Name every id of a page, and the page; several ids of one element share a label."""
        for docname, doctree in self.pages.items():
            for section in list(doctree.findall(nodes.section))[:1]:
                section["ids"].append("")
            node: Any
            for node in doctree.findall(nodes.Element):
                for name in node.get("ids", ()):
                    self.labels.setdefault(f"{docname}#{name}", f"{docname}#{node['ids'][0]}")

    def page(self, docname: str) -> str:
        """Write one page of the book."""
        self.docname, self.level = docname, 0
        return self.all(self.pages[docname].children)

    def write(self, node: nodes.Node) -> str:
        """Write one node with all that is in it, as its class or one that it derives from."""
        for name in (each.__name__ for each in type(node).__mro__):
            if name in WORDS:
                return self.words(node, *WORDS[name].split())
            if name in BLOCKS:
                return self.block(node, self.words(node, *BLOCKS[name].split()))
            if (printer := getattr(self, f"_print_{name}", None)) or name in SILENT:
                return printer(node) if printer else ""
        name = type(node).__name__
        words = f"print does not know {name!r}; its text is printed alone"
        self.remarks.append(f"{self.place(node)}: {words}")
        return self.all(node.children) or self._print_absent_media(node)

    def words(self, node: Any, name: str = "", *attributes: str) -> str:
        """Write what is in a node, with the function around it and what that takes."""
        for each in node.get("classes", ()):
            name = _STYLES.get(each, name)
        given = {each: literal(str(node[each])) for each in attributes if node.get(each)}
        return call(name, body=self.inside(node), **given) if name else self.inside(node)

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

    def label(self, node: Any) -> str:
        """Name the place of a node, for links; empty if nothing can lead to it."""
        return literal(f"{self.docname}#{node['ids'][0]}") if node.get("ids") else ""

    def anchor(self, node: Any) -> str:
        """Write the place of a node between words or blocks."""
        return call("anchor", label) if (label := self.label(node)) else ""

    def number(self, kind: str, node: Any) -> str:
        """Return the number of a figure, table or the like, with its word; empty without one."""
        numbers = self.env.toc_fignumbers.get(self.docname, {}).get(kind, {})
        found = [".".join(map(str, numbers[name])) for name in node["ids"] if name in numbers]
        form = str(self.env.config.numfig_format.get(kind) or f"{kind.capitalize()} %s")
        return "".join(form.replace("%s", text).replace("{number}", text) for text in found[:1])

    def caption(self, node: Any, kind: str, caption: nodes.Node | None) -> str:
        """Write number and caption."""
        number = self.number(kind, node)
        numbered = call("caption-number", body=escaped(number)) if number else ""
        words = "" if caption is None else self.inside(caption)
        return " ".join(filter(None, (numbered, words)))

    def link(self, node: Any, words: str) -> str:
        """Write the link that a reference makes; words alone where it leads nowhere in print."""
        address = f"%#{node['refid']}" if node.get("refid") else str(node.get("refuri") or "")
        if address.startswith("%"):
            page, _, name = address[1:].partition("#")
            if (page or self.docname) in self.pages:
                label = self.labels.get(f"{page or self.docname}#{name}")
                return call("goto", literal(label), body=words) if label else words
            if not self.address:  # a mention of a row says all that there is to say
                is_mention = type(node.parent).__name__ == "evidence_ref"
                return words if is_mention else f"{words} \\(on the web\\)"
            address = f"{page}.html" + (f"#{name}" if name else "")
        if "://" not in address and not address.startswith("mailto:"):
            address = f"{self.address}{address}" if self.address and address else ""
        return call("link", literal(address), body=words) if address else words

    def _print_Text(self, node: nodes.Text) -> str:  # noqa: N802 - the name of its class
        is_code = isinstance(node.parent, nodes.FixedTextElement)
        return f"#{literal(node.astext())};" if is_code else escaped(node.astext())

    def _print_reference(self, node: Any) -> str:
        words, picture = self.inside(node), nodes.image | nodes.figure
        # A picture links by itself: it stands on lines of its own.
        holds_picture = any(isinstance(child, picture) for child in node.children)
        return words if holds_picture else self.link(node, words)

    def _print_download_reference(self, node: Any) -> str:
        address = node.get("refuri") or f"_downloads/{node.get('filename', '')}"
        name, words = address.rpartition("/")[2], node.astext()
        words += "" if name in words else f" ({name})"
        return self.link(nodes.reference(refuri=address), escaped(words))

    def _print_math(self, node: Any) -> str:
        """Write a formula: MathML for `report.typ`, TeX for those who hear it."""
        tex, found = literal(node.astext().strip()), literal(node.get("mathml", ""))
        if not isinstance(node, nodes.math_block):
            return call("formula", tex, found)
        number = literal(f"({node['number']})") if node.get("number") else ""
        return self.block(node, self.anchor(node) + call("displayed", tex, found, number=number))

    _print_math_block = _print_math

    def _print_footnote_reference(self, node: Any) -> str:
        """Write a note where it is called first; later calls name its number again."""
        number, notes = escaped(node[0].astext()), node.children[1:]
        if not notes:
            return call("super", body=number)
        return call("note", f"[{number}]", body=self.all(notes))

    def _print_section(self, node: Any) -> str:
        title, rest = _split(node, nodes.title)
        if title is None:
            return self.all(rest)
        self.level += 1
        numbers = self.env.toc_secnumbers.get(self.docname, {})
        number = numbers.get(f"#{node['ids'][0]}") or (self.level == 1 and numbers.get(""))
        words = self.all(title.children)
        if number:
            text = ".".join(map(str, number)) + str(self.env.config.html_secnumber_suffix)
            words = call("section-number", body=escaped(text)) + words
        heading = call("section", str(self.level), self.label(node), body=words)
        written = self.block(title, heading) + self.all(rest)
        self.level -= 1
        return written

    def _print_paragraph(self, node: Any) -> str:
        words = self.all(node.children)
        if _RIGHT_TO_LEFT.match(node.astext()):
            words = call("right-to-left", body=words)
        return self.block(node, self.anchor(node) + words) if words.strip() else ""

    def _print_Sequential(self, node: Any) -> str:  # noqa: N802
        items = [f"[{self.write(item)}]" for item in node.children]
        options = {"tight": str(all(len(item.children) < 2 for item in node.children)).lower()}
        if isinstance(node, nodes.bullet_list):
            options["marker"] = "none" if "contains-task-list" in node["classes"] else ""
            return self.block(node, call("list", *items, **options))
        form = _NUMBERINGS.get(node.get("enumtype"), "1")
        options["numbering"] = literal(f"{node.get('prefix', '')}{form}{node.get('suffix') or '.'}")
        return self.block(node, call("enum", *items, start=str(node.get("start", 1)), **options))

    def _print_definition_list_item(self, node: Any) -> str:
        """Write terms in bold; what they mean begins in their line."""
        terms = [self.inside(child) for child in node.children if not isinstance(child, _BODIES)]
        meant = self.all(child for child in node.children if isinstance(child, _BODIES))
        return call("meaning", f"[{', '.join(terms)}]", body=meant)

    _print_field = _print_option_list_item = _print_definition_list_item

    def _print_admonition(self, node: Any) -> str:
        titles: list[Any] = [each for each in node.children[:1] if isinstance(each, _TITLES)]
        kind = next((name for name in node.get("classes", ()) if name in _BOXES), node.tagname)
        words = "".join(self.all(title.children) for title in titles)
        counted = str(node.get("countertype") or node.get("type") or "")
        named = (self.number(counted, node) if counted else "") or str(node.get("realtype", ""))
        if named:
            words = escaped(named[:1].upper() + named[1:]) + " " * bool(words) + words.lstrip()
        elif not words and node.tagname in _BOXES:
            words = "See also" if node.tagname == "seealso" else node.tagname.capitalize()
        return self._titled(node, kind, words, node.children[len(titles) :])

    _print_Admonition = _print_topic = _print_sidebar = _print_admonition  # noqa: N815
    _print_versionmodified = _print_citation = _print_admonition

    def _titled(self, node: Any, kind: str, head: str, rest: Iterable[nodes.Node]) -> str:
        head, body = self.anchor(node) + head, self.all(rest)
        return self.block(node, call("titled", literal(kind), f"[{head}]", f"[{body}]"))

    def _print_container(self, node: Any) -> str:
        if "literal-block-wrapper" in node["classes"]:
            caption, rest = _split(node, nodes.caption)
            return self._titled(node, "caption", self.caption(node, "code-block", caption), rest)
        if node.get("design_component") in ("card", "dropdown", "tab-item"):
            return self._panel(node)
        return (f"\n{self.anchor(node)}\n" if node["ids"] else "") + self.all(node.children)

    def _panel(self, node: Any) -> str:
        """Write a card, a dropdown or a tab as a box under its title, open."""
        titles = [each for each in node.findall(nodes.Element) if _is_title(each)][:1]
        links = [each for each in node.findall(nodes.reference) if _STRETCHED in each["classes"]]
        words = "".join(map(self.inside, titles))
        for link in links[:1]:
            words = self.link(link, words or self.inside(link))
        for each in titles + links[:1]:
            each.parent.remove(each)
        return self._titled(node, "card", words, node.children)

    def _print_FixedTextElement(self, node: Any) -> str:  # noqa: N802
        if any(True for _ in node.findall(nodes.Inline)):
            return self.block(node, call("code-block", body=self.inside(node)))
        options = node.get("highlight_args") or {}
        marked = "".join(f"{line}, " for line in options.get("hl_lines", ()))
        listing = call(
            "listing",
            literal(strip_ansi(node.astext().expandtabs(4)).rstrip("\n")),
            literal(node.get("language", "")),
            start=str(options.get("linenostart", 1)) if node.get("linenos") else "",
            marked=f"({marked})" if marked else "",
        )
        return self.block(node, self.anchor(node) + listing)

    def _print_image(self, node: Any) -> str:
        """Write a picture in the size that it, or the figure around it, asks for."""
        around, names = node.parent, ("width", "height", "scale", "align")
        given = {n: literal(str(size)) for n in names if (size := node.get(n) or around.get(n))}
        markup = call("picture", literal(node["file"]), literal(str(node.get("alt", ""))), **given)
        if isinstance(around, nodes.reference):
            markup = self.link(around, markup)
        return self.anchor(node) + markup

    def _print_absent_media(self, node: Any) -> str:
        """Write a line in the place of what print cannot show, and report it."""
        what, page = node.get("what") or type(node).__name__, f"{self.address}{self.docname}.html"
        remark = f"print cannot show this ({what}); a line says what stands here"
        self.remarks.append(f"{self.place(node)}: {remark}")
        shown = call("link", literal(page), body=escaped(page)) if self.address else escaped(page)
        words = escaped(f"{what[:1].upper()}{what[1:]} {node.get('address', '')}".strip())
        return f"\n{call('absent', body=f'{words}, shown on the page {shown}')}\n"

    def _print_figure(self, node: Any) -> str:
        caption, rest = _split(node, nodes.caption)
        legends = list(node.findall(nodes.legend))
        rest = [each for each in rest if each not in legends]
        words = self.caption(node, "figure", caption) + self.all(legends)
        if next(node.findall(nodes.image), None) is None:  # a table, or a line in its place
            return self._titled(node, "caption", words, rest)
        inner = self.all(rest)
        return self.block(node, call("pictured", f"[{words}]", self.label(node), body=inner))

    def _print_table(self, node: Any) -> str:
        """Write a table; `report.typ` finds the widths of columns, and where it may break."""
        title, _ = _split(node, nodes.title)
        group: Any = next(node.findall(nodes.tgroup))
        heads = [row for part in group.findall(nodes.thead) for row in part]
        rows = heads + [row for part in group.findall(nodes.tbody) for row in part]
        # Of our tables, the first columns are links and names, which bold letters would make loud.
        is_ours = "evidence-table" in node["classes"]
        specs: list[Any] = [] if is_ours else list(group.findall(nodes.colspec))
        widths = [spec["colwidth"] for spec in specs if "colwidths-given" in node["classes"]]
        words = self.caption(node, "table", title)
        around: Any = node.parent
        while "nb_element" in around:
            around = around.parent
        table = call(
            "set-table",
            *(f"({''.join(f'{self._cell(each)}, ' for each in row)})" for row in rows),
            heads=str(len(heads)),
            stubs=str(sum(bool(spec.get("stub")) for spec in specs)),
            widths=f"({', '.join(map(str, widths))},)" if widths else "",
            number=literal(self.number("table", node)),
            caption=f"[{words}]" if words else "",
            name=self.label(node),
            alone=str(isinstance(around, nodes.section)).lower(),
        )
        return self.block(node, table)

    def _cell(self, node: Any) -> str:
        anchor = self.anchor(node.parent) if node.parent.index(node) == 0 else ""
        words = anchor + self.all(node.children).strip("\n")
        body = f"\n{words}\n" if "\n" in words or words.startswith("//") else words
        named = {name: str(node.get(name) or "") for name in ("morecols", "morerows")}
        named["side"] = "".join(re.findall("text-(right|center)", " ".join(node["classes"])))
        named["label"] = "true" if node.get("stub") else ""
        longest = max(map(len, node.astext().split()), default=0)
        return call("cell", str(longest), body=body, **named)[1:-1]


def _split(node: Any, kind: Any) -> tuple[Any, list[Any]]:
    """Take the first child of some kind away from the others."""
    found = next((child for child in node.children if isinstance(child, kind)), None)
    return found, [child for child in node.children if child is not found]


def _is_title(node: Any) -> bool:
    return isinstance(node, nodes.rubric) or node.get("design_component") == "card-title"
