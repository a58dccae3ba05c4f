"""From docutils nodes to what Typst sets: each block of a page is one call, with its nodes as JSON.

``elements.typ`` says what each class of nodes becomes, and ``report.typ`` how that looks. What is
done here needs Sphinx: where links lead, which number something has. Text is never read as markup.
Nothing is passed over: a node that nobody knows is reported with its page and line, and so is what
print cannot show.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.nodes import traverse_parent

from evidence_tools.book.nodes import evidence_ref, html_element, place_of

STYLES = ("report.typ", "elements.typ")
"""Files beside this one that say how the report looks in print."""
_TABLE = Path(__file__).with_name("elements.typ").read_text("utf-8").partition("#let elements")[2]
_ELEMENTS = set(re.findall(r"([\w-]+): ", _TABLE))
"""Names of the elements that print knows."""
_ATTRIBUTES = (
    *("classes", "explanation", "delimiter", "start", "prefix", "suffix", "enumtype", "realtype"),
    *("language", "linenos", "highlight_args", "stub", "morerows", "morecols", "colwidth"),
    *("mathml", "file", "alt", "what", "address", "colspan", "rowspan", "design_component"),
    *("tokenname", "title", "backrefs", "type", "svg"),
)
_CONTROL = re.compile(r"\x1b\[.*?[@-~]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass
class Writer:
    """Writes ``pages`` of a book that are in print.

    It knows the ``site``, the address of the folder where pages will be read, if there is one, the
    captions of ``parts`` of the book by their first page, and ``labels`` of other pages in print.
    Its ``remarks`` say what differs from a page.
    """

    env: Any
    pages: dict[str, nodes.document]
    site: str = ""
    parts: dict[str, str | None] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    docname: str = ""
    labels: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Name every id of a page, and the page; several ids of one element share a label."""
        for docname, doctree in self.pages.items():
            self.labels[docname] = {}
            for section in list(doctree.findall(nodes.section))[:1]:
                section["ids"].append("")
            for node in list[Any](doctree.findall(nodes.Element)):
                for name in node.get("ids", ()):
                    self.labels[docname].setdefault(name, f"{docname}#{node['ids'][0]}")

    def page(self, docname: str) -> str:
        """Write one page of the book."""
        self.docname = docname
        return "\n".join(self._blocks(self.pages[docname].children))

    def _blocks(self, found: Iterable[Any]) -> Iterator[str]:
        """Write each block; a comment says where it is from, for messages."""
        for node in found:
            part = isinstance(node, nodes.container) and node.get("nb_element")
            if part == "cell_code_source" and node.parent.get("hide_mode", "output") != "output":
                continue  # code that is shown on demand
            if isinstance(node, nodes.section) or (part and not node["ids"]):
                yield from self._blocks(node.children)
            else:
                block = json.dumps(self.tree(node), ensure_ascii=False, separators=(",", ":"))
                # Strings of JSON are strings of Typst, too.
                yield f"// {self.place(node)}\n#shown({json.dumps(block, ensure_ascii=False)})"

    def tree(self, node: Any) -> Any:
        """Turn a node, with all that is in it, into what ``elements.typ`` reads."""
        if isinstance(node, nodes.Text):
            return _CONTROL.sub("", node.astext())
        names = [each.__name__ for each in type(node).__mro__]
        tag = next((name for name in names if name in _ELEMENTS), "unknown")
        if isinstance(node, html_element):
            tag = str(node["name"])
        elif tag == "unknown":
            words = f"print does not know {names[0]!r}; its text is printed alone"
            self.remarks.append(f"{self.place(node)}: {words}")
            tag = tag if node.children else "absent_media"
        made = {"tag": tag, "kind": node.tagname, "number": self.number(node)}
        made |= {"place": f"{self.docname}#{node['ids'][0]}"} if node.get("ids") else {}
        made |= {key: node.get(key) for key in _ATTRIBUTES}
        more = getattr(self, f"_add_{tag}", None)
        made |= more(node) if more else {}
        if "children" not in made:
            made["children"] = [self.tree(child) for child in node.children]
        return {key: it for key, it in made.items() if it or it == 0 or key == "children"}

    def place(self, node: nodes.Node) -> str:
        """Name the file and line of a node."""
        return f"{self.env.doc2path(self.docname, base=False)}:{place_of(node).line or 0}"

    def number(self, node: Any) -> str:
        """Return the number of a figure, table or the like, with its word; empty without one."""
        if node.get("number"):  # of a formula
            return f"({node['number']})"
        for kind, numbers in self.env.toc_fignumbers.get(self.docname, {}).items():
            for found in [numbers[name] for name in node.get("ids", ()) if name in numbers]:
                form = str(self.env.config.numfig_format.get(kind) or f"{kind.capitalize()} %s")
                text = ".".join(map(str, found))
                return form.replace("%s", text).replace("{number}", text)
        return ""

    def _add_title(self, node: Any) -> dict[str, Any]:
        """Make a heading of the title of a section."""
        section: Any = node.parent
        if not isinstance(section, nodes.section):
            return {}
        level = len([*traverse_parent(section, nodes.section)])
        numbers = self.env.toc_secnumbers.get(self.docname, {})
        found: Any = numbers.get(f"#{section['ids'][0]}") or (level == 1 and numbers.get(""))
        number = ".".join(map(str, found)) + self.env.config.html_secnumber_suffix if found else ""
        place = f"{self.docname}#{section['ids'][0]}"
        part = self.parts.pop(self.docname, None)  # its title is the first one of the page
        return {"tag": "heading", "level": level, "place": place, "number": number, "part": part}

    def _add_desc_signature(self, node: Any) -> dict[str, Any]:
        return {"children": [node.astext()]}

    def _add_footnote_reference(self, node: Any) -> dict[str, Any]:
        """Put a note where it is called first."""
        notes = [self.pages[self.docname].ids.get(node.get("refid"))]
        first = [note for note in notes if note and note["backrefs"][:1] == node["ids"]]
        called = [self.tree(note) | {"called": True} for note in first]
        return {"children": [*map(self.tree, node.children), *called]}

    def _add_reference(self, node: Any) -> dict[str, Any]:
        """Find where a link leads; it is words alone where it leads nowhere in print."""
        address = f"%#{node['refid']}" if node.get("refid") else str(node.get("refuri") or "")
        if address.startswith("%"):
            page, _, name = address[1:].partition("#")
            if (page or self.docname) in self.labels:
                return {"to": self.labels[page or self.docname].get(name)}
            if not self.site:  # a mention of a row says all that there is to say
                is_mention = isinstance(node.parent, evidence_ref)
                words = [self.tree(child) for child in node.children]
                return {"children": words if is_mention else [*words, " (on the web)"]}
            address = f"{page}.html" + (f"#{name}" if name else "")
        if "://" not in address and not address.startswith("mailto:"):
            address = f"{self.site}{address}" if self.site and address else ""
        return {"address": address}

    def _add_download_reference(self, node: Any) -> dict[str, Any]:
        address = node.get("refuri") or f"_downloads/{node.get('filename', '')}"
        name, words = address.rpartition("/")[2], node.astext()
        words += "" if name in words else f" ({name})"
        return self._add_reference(nodes.reference(refuri=address)) | {"children": [words]}

    def _add_image(self, node: Any) -> dict[str, Any]:
        """Give a picture the size that it, or the figure around it, asks for."""
        around = node.parent.parent if isinstance(node.parent, nodes.reference) else node.parent
        sizes = ("width", "height", "scale", "align")
        return {name: node.get(name) or around.get(name) for name in sizes}

    def _add_absent_media(self, node: Any) -> dict[str, Any]:
        """Have a line in the place of what print cannot show, and report it."""
        what = node.get("what") or type(node).__name__
        remark = f"print cannot show this ({what}); a line says what stands here"
        self.remarks.append(f"{self.place(node)}: {remark}")
        return {"what": what, "page": f"{self.site}{self.docname}.html"}
