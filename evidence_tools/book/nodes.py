"""Document nodes that mean something, and how pages show them.

Roles and notebook outputs both become these nodes, so they look the same everywhere: a mention
of a finding or source, a chart, a link to data, tables that name their columns in each cell, and
formulas.
"""

import base64
import csv
import html
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bs4 import BeautifulSoup
from docutils import nodes
from lxml.html.defs import tags
from math_core import LatexError, LatexToMathML
from myst_parser.mdit_to_docutils.sphinx_ import SphinxRenderer
from pybtex import plugin
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.nodes import traverse_parent
from sphinx_design.icons import fontawesome

from evidence_tools.show.display import Run

LOGGER = logging.getLogger(__name__)
DATA = "_data"
"""Folder of the site with the data behind its tables and figures."""
with Path(__file__).with_name("faults.csv").open(encoding="utf-8", newline="") as file:
    _FAULTS = {row["fault"]: row["message"] for row in csv.DictReader(file)}
_STYLES: dict[str, Any] = {"strong": nodes.strong, "emphasis": nodes.emphasis}
_STYLES["struck"] = partial(nodes.inline, classes=["struck"])
_WHOLE = re.compile(r"[\d.,]+–[\d.,]*\d|\d{4}-\d\d-\d\d|\b[A-Z]{1,5}-\d\w*|\bp (?:=|&lt;) [\d.]*\d")


class evidence_ref(nodes.inline):  # noqa: N801 - docutils names nodes so
    """What a finding or a source states; ``kind`` and ``key`` name its row."""


class evidence_chart(nodes.image):  # noqa: N801
    """A chart, in print a picture; ``drawn`` are a wide and a narrow one, with specifications."""


class absent_media(nodes.General, nodes.Element):  # noqa: N801
    """What print cannot show: ``what`` it is, and its ``address``."""


class moving_chart(absent_media):  # noqa: N801
    """A chart that a script draws: its ``library``, its ``figure`` as JSON, and ``alt``."""


def refuse(fault: str, *found: object, location: Any) -> None:
    """Report what is wrong with a page, in the words of ``faults.csv``; it stops the build."""
    LOGGER.error(_FAULTS[fault], *found, location=location)


def svg_address(svg: str) -> str:
    """Write a drawing as an address, as pictures have one."""
    return f"data:image/svg+xml,{quote(svg)}"


def download_links(files: dict[str, str]) -> nodes.Node:
    """Offer files on pages, by their addresses and in some words; print does not offer them."""
    links = " ".join(
        f'<a href="{html.escape(address)}" download>{html.escape(words)}</a>'
        for address, words in files.items()
    )
    raw = nodes.raw("", f'<p class="evidence-download">{links}</p>\n', format="html")
    return addnodes.only("", raw, expr="html")


def run_nodes(runs: tuple[Run, ...]) -> list[nodes.Node]:
    """Turn runs into inline nodes; their text is never parsed as markup."""
    return [_run_node(run) for run in runs]


def _run_node(run: Run) -> nodes.Node:
    made = _STYLES.get(run.style)
    words = made("", run.text) if made else nodes.Text(run.text)
    if key := run.finding_id or run.source_id:
        kind = "finding" if run.finding_id else "source"
        return evidence_ref("", "", words, kind=kind, key=key, classes=["evidence-ref"])
    if run.cite:  # the same node that the role {cite:p} makes
        about = {"refdomain": "cite", "reftype": "p", "reftarget": run.cite, "refwarn": True}
        return addnodes.pending_xref("", nodes.inline("", run.text), **about)
    if run.link.startswith("https://"):
        return nodes.reference("", "", words, refuri=run.link)
    return words


def place_of(node: Any) -> Any:
    """Find the nearest node around that knows its line, as Sphinx's loggers take it."""
    return next((each for each in traverse_parent(node) if each.line), node)


def _visit_chart(self: Any, node: evidence_chart) -> None:
    """Write the static drawings with their text alternative, and the data that enhances them."""
    # The chart has one text alternative; its marks would only repeat it piece by piece.
    svg = "".join(
        drawing.replace("<svg ", f'<svg aria-hidden="true" data-drawn="{name}" ', 1)
        for name, (drawing, _) in node["drawn"].items()
    )
    text = json.dumps({name: spec for name, (_, spec) in node["drawn"].items()}, sort_keys=True)
    packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")
    label = html.escape(node["alt"])
    self.body.append(
        f'<div class="evidence-chart" role="img" aria-label="{label}">{svg}</div>'
        f'<script type="text/plain" class="evidence-spec">{packed}</script>'
    )
    raise nodes.SkipNode


def _visit_entry(self: Any, node: nodes.entry) -> None:
    """Write a cell; a header says what it heads, another one names its column for phones."""
    type(self).visit_entry(self, node)
    group, extra = node.parent.parent.parent, ""
    if self.body[-1].startswith("<th"):
        extra = f' scope="{"col" if isinstance(node.parent.parent, nodes.thead) else "row"}"'
    elif "evidence-table" in group.parent.get("classes", []):
        header: Any = next(iter(group.findall(nodes.thead)))
        extra = f' data-label="{html.escape(header[0][node.parent.index(node)].astext())}"'
    self.body[-1] = f"{self.body[-1].rstrip().removesuffix('>')}{extra}>"


def _visit_text(self: Any, node: nodes.Text) -> None:
    """Write text; a browser would break a range after its dash, and "AB-1" after its hyphen."""
    type(self).visit_Text(self, node)
    self.body[-1] = _WHOLE.sub(r'<span class="whole">\g<0></span>', self.body[-1])


def add_nodes(app: Sphinx) -> None:
    """Register the nodes and transforms."""
    # The bibliography extension asks for it at each citation, through all installed packages.
    plugin._load_entry_point = cache(plugin._load_entry_point)
    app.add_node(evidence_chart, html=(_visit_chart, None))
    app.add_node(nodes.entry, override=True, html=(_visit_entry, None))
    app.add_node(nodes.Text, override=True, html=(_visit_text, None))  # type: ignore[arg-type]
    app.connect("doctree-read", show_brackets)
    SphinxRenderer.render_amsmath = name_formula  # type: ignore[method-assign,assignment]
    app.add_html_math_renderer("evidence_mathml", (_visit_math, None), (_visit_math, None))
    app.connect("doctree-read", read_formulas, priority=400)  # before titles are collected
    app.connect("doctree-resolved", read_formulas)  # some come when cells are joined with pages


# Raw HTML as nodes; what can only be used in a browser becomes a line that says what is there.

_SVG = re.compile(r"<svg\b.*?</svg\s*>", re.DOTALL | re.IGNORECASE)
_ORNAMENT = re.compile(r"""<svg[^>]*(?:aria-hidden=["']true|role=["'](?:presentation|none))""")
_TAG = re.compile(r"</?([A-Za-z][\w-]*)\b[^>]*?>")
_LABEL = re.compile(r"""<svg[^>]*aria-label=(["'])(.*?)\1|<(title)[^>]*>(.*?)</title>""", re.DOTALL)
_MEDIA = {"math": "formula", "iframe": "frame", "video": "video", "audio": "audio"}
_MEDIA |= {"canvas": "drawing", "script": "interactive content", "form": "control"}
_MEDIA |= dict.fromkeys(("embed", "object"), "media")
_MEDIA |= dict.fromkeys(("input", "select", "button", "meter", "progress", "textarea"), "control")
_TAGS = {*tags, "bdi", "data", "picture"}
_ROWS = ("table", "thead", "tbody", "tfoot", "tr")


class html_element(nodes.Element):  # noqa: N801
    """An element of HTML, by its ``name`` with "html-" before it; print knows most of them."""


def read_html(doctree: nodes.document) -> None:
    """Turn raw HTML of a page into nodes that print knows."""
    for raw in list(doctree.findall(nodes.raw)):
        # In a line, each tag is a node by itself.
        in_line = isinstance(raw.parent, nodes.TextElement)
        if not in_line and "html" not in raw["format"].split():
            refuse("raw", raw["format"], location=place_of(raw))
        made = html_nodes(raw.parent.children if in_line else [raw])
        for node in made:
            node.line = node.line or place_of(raw).line
        if in_line:
            raw.parent[:] = made
        else:
            raw.parent.replace(raw, made)


def html_nodes(found: Iterable[Any]) -> list[nodes.Node]:
    """Turn raw HTML into nodes; what is no HTML stays as it is, inside the tags around it."""
    kept, markup = list[Any](), ""
    for node in found:
        if not isinstance(node, nodes.raw):
            # The words in a drawing are a part of it, and nothing else may be.
            markup += f'<kept data-n="{len(kept)}">{html.escape(node.astext())}</kept>'
            kept.append(node)
        elif "html" in node.get("format", "").split():
            markup += node.astext()

    def put_aside(drawing: re.Match[str]) -> str:
        # The parser would lose the capitals that names in SVG have.
        svg = re.sub(r"</?kept\b[^>]*>", "", drawing[0])
        return f'<img data-drawing="{html.escape(svg)}">'

    soup = BeautifulSoup(_SVG.sub(put_aside, markup), "html.parser")
    for form in soup("form"):
        form.clear()  # its words are those of its controls
    seen = kept or soup.select("img[src], [data-drawing]") or soup.get_text().strip()
    if soup.script and not seen:
        return [absent_media("", what=_MEDIA["script"])]  # one line for all that it controls
    made = _inside(soup, kept)
    is_line = not kept and {html_element, nodes.Text}.issuperset(map(type, made))
    return [html_element("", *made, name="html-div")] if is_line and not soup.table else made


def _inside(tag: Any, kept: list[Any]) -> list[nodes.Node]:
    made: list[nodes.Node] = []
    for child in tag.children:
        if child.name:
            made += _element(child, kept)
        elif not child.PREFIX:  # as a comment has
            is_gap = (made or tag.name == "span") and tag.name not in _ROWS
            made += [nodes.Text(str(child))] if is_gap or str(child).strip() else []
    return made


def _element(tag: Any, kept: list[Any]) -> list[nodes.Node]:
    name, address = tag.name, str(tag.get("href", ""))
    if name == "kept":
        return [kept[int(str(tag["data-n"]))]]
    unseen = re.search(r"(?:display:\s*none|visibility:\s*hidden)\b", str(tag.get("style", "")))
    if unseen or tag.get("hidden") is not None or tag.get("aria-hidden") == "true":
        return []
    if name in _MEDIA:
        return [_absent(tag)]
    if name == "img":
        return _picture(tag)
    if name == "a" and address and not address.startswith("#"):
        return [nodes.reference("", "", *_inside(tag, kept), refuri=address)]
    about = {key: str(value) for key, value in tag.attrs.items()} | {"name": f"html-{name}"}
    return [html_element("", *_inside(tag, kept), **about)]


def _absent(tag: Any) -> nodes.Node:
    if tag.name == "input" and tag.get("type") == "checkbox":
        return nodes.Text("☒ " if tag.get("checked") is not None else "☐ ")
    what = str(tag.get("title") or tag.get("aria-label") or _MEDIA[tag.name])
    source = tag if tag.get("src") or tag.get("data") else tag.find("source") or tag
    address = str(source.get("src") or source.get("data") or "") if tag.name != "script" else ""
    return absent_media("", what=what, address="" if address.startswith("data:") else address)


def _picture(tag: Any) -> list[nodes.Node]:
    about = {name: str(tag[name]) for name in ("src", "alt", "width", "height") if tag.get(name)}
    if svg := str(tag.get("data-drawing", "")):
        words = _LABEL.search(svg)
        alt = html.unescape(words[2] or words[4] or "").strip() if words else ""
        about = {"src": svg_address(svg), "alt": alt}
    known: dict[str, Any] = {"uri": about.pop("src", ""), "alt": "", "candidates": {"?": ""}}
    return [] if _ORNAMENT.match(svg) else [nodes.image("", **known | about)]


def show_brackets(app: Sphinx, doctree: nodes.document) -> None:
    """Show as words what is in brackets and no HTML, and icons, whose font is on another host."""
    for icon in list(doctree.findall(fontawesome)):
        icon.parent.replace(icon, nodes.Text(f"({icon['icon']})"))
    for raw in list(doctree.findall(nodes.raw)):
        tag, parent = _TAG.fullmatch(raw.astext().strip()), raw.parent
        is_drawn = re.search("<(?:svg|math)", parent.astext())
        is_unknown = tag and not is_drawn and tag[1].lower() not in _TAGS
        if is_unknown and isinstance(parent, nodes.TextElement):
            parent.replace(raw, nodes.Text(raw.astext()))


# Formulas: TeX is read once, by math-core, with the macros of ``mathjax3_config``. Browsers show
# the MathML that it makes by themselves, and report.typ sets the same: page and PDF cannot differ.

_MACROS = {"substack": r"\begin{matrix}#1\end{matrix}", "pmb": r"\boldsymbol{#1}"}
_MACROS["mbox"] = r"\text{#1}"
_USUAL = [
    (r"&\s*(\S+?)\s*&(?=.*\\end\{eqnarray)", r"&\1 "),
    (r"\\color(\{\w+\})\s*(?=\{)", r"\\textcolor\1"),  # as MathJax reads it
    (r"(\\begin\{(?:(?:multi)?lined|(?:align|gather)ed(?:at)?|array)\})\s*\[[tbc]\]", r"\1"),
    (r"(\{align(?:ed)?at\*?\})\{\d+\}", r"\1"),
    (r"\{smallmatrix(\*?)\}", r"{matrix\1}"),
    (r"\{(?:split|alignedat)(\*?)\}", r"{aligned\1}"),
    (r"\{(?:alignat|eqnarray|flalign)(\*?)\}", r"{align\1}"),
    (r"\{multline(\*?)\}", r"{gather\1}"),
    (r"\\cr(?![A-Za-z])", r"\\\\"),
    # Sphinx numbers formulas; a number of the environment would be a second one.
    (r"(\\(?:begin|end)\{(?:align|gather|equation))\}", r"\1*}"),
    (r"\\tag\{([^{}]*)\}", r"\\qquad\\text{(\1)}"),  # a number of its own
    (r"\\\\\s*\[\s*-?[\d.]+\s*[a-z]+\s*\]", r"\\\\"),  # more space between two lines
    # A formula inside words ends them, and begins them anew.
    (r"(?<!\\)\$(.*?)(?<!\\)\$", r"}\1\\text{"),
]
"""Rare ways to write a formula, and the usual ones that look the same."""
_INNER = re.compile(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.DOTALL)


def tex_reader(macros: Mapping[str, str] = {}) -> LatexToMathML:
    """Make what reads the formulas of a page; a command that one defines is known to the next."""
    return LatexToMathML(
        macros={**_MACROS, **macros},
        annotation=True,  # the TeX source stays in the page, to be copied
        fancy_error=False,
        allow_unreliable_rendering=True,  # some browsers draw a wide tilde a little too small
        global_group=True,
    )


def mathml(tex: str, reader: LatexToMathML, *, block: bool = False) -> str:
    r"""Turn TeX into a ``math`` element; what cannot be read is a ``ValueError`` that says why.

    Examples
    --------
    >>> "<msup><mi>x</mi><mn>2</mn></msup>" in mathml("x^2", tex_reader())
    True
    """
    if found := re.search(r"\\(?:eq)?ref\b\s*\{([^}]*)\}", tex):
        raise ValueError(f"the formula {tex.strip()!r} names another: write {{eq}}`{found[1]}`.")
    usual = tex
    for pattern, written in _USUAL:
        usual = re.sub(pattern, written, usual, flags=re.DOTALL)
    # Several lines are aligned, as Sphinx has them; a blank line begins a new one.
    if block and re.search(r"\n\s*\n|\\\\|(?<!\\)&", _INNER.sub("", usual).strip()):
        lines = re.sub(r"(?:\\\\)?\s*\n\s*\n\s*", r"\\\\", usual.strip())
        usual = rf"\begin{{aligned}}{lines}\end{{aligned}}"
    try:
        made = str(reader.convert_with_global_state(usual, displaystyle=block))
    except LatexError as error:
        problem = re.sub(r"^\d+: ", "", str(error).strip())
        raise ValueError(f"the formula {tex.strip()!r} cannot be read as TeX: {problem}") from None
    return made.replace("&ApplyFunction;", "\u2061")  # the one name that is not known to XML


def name_formula(renderer: Any, token: Any, plain: Any = SphinxRenderer.render_amsmath) -> None:
    """Name a numbered formula as TeX labels it; MyST-Parser would draw a name by lot."""
    label = re.search(r"\\label\s*\{(.+?)\}", token.content)
    env = renderer.sphinx_env
    name = label[1] if label else f"{env.docname}:{env.new_serialno('sphinx.ext.math#equations')}"
    renderer._random_label = lambda: name
    plain(renderer, token)


def read_formulas(app: Sphinx, doctree: nodes.document, docname: str = "") -> None:
    """Give each formula its MathML and its number in the book; report what cannot be read."""
    numbers = app.env.toc_fignumbers.get(docname, {}).get("displaymath", {})
    found = (app.config.mathjax3_config or {}).get("tex", {}).get("macros", {}).items()
    known = {name: [each] if isinstance(each, str) else each for name, each in found}
    # One with an argument that may be left out, its third part, is refused where it is used.
    reader = tex_reader({name: each[0] for name, each in known.items() if len(each) < 3})
    for node in list[Any](doctree.findall(nodes.Element)):
        is_block = isinstance(node, nodes.math_block)
        if is_block and (number := numbers.get(node["ids"][0] if node["ids"] else "")):
            node["number"] = ".".join(map(str, number))
        if (is_block or isinstance(node, nodes.math)) and "mathml" not in node:
            try:
                node["mathml"] = mathml(node.astext(), reader, block=is_block)
            except ValueError as error:
                refuse("formula", error, location=place_of(node))


def _visit_math(self: Any, node: nodes.math | nodes.math_block) -> None:
    """Write a formula; one on lines of its own with its number and its place for links."""
    made = node.get("mathml", "")
    if isinstance(node, nodes.math_block):
        self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
        if node.get("number"):
            self.body.append(f'<span class="eqno">({node["number"]})')
            self.add_permalink_ref(node, "Permalink to this equation")
            self.body.append("</span>")
        made += "</div>\n"
    self.body.append(made)
    raise nodes.SkipNode
