"""Nodes whose printing needs more than a call: sections, lists, boxes, code, figures, tables."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from myst_nb.core.render import strip_ansi

from evidence_tools.book.formulas import formula_typst, macros_of
from evidence_tools.book.rawhtml import html_nodes
from evidence_tools.book.typst import call, escaped, literal
from evidence_tools.book.writer import Writer, prints

_NUMBERINGS = {"loweralpha": "a", "upperalpha": "A", "lowerroman": "i", "upperroman": "I"}
_LANGUAGES = {"ipython3": "python", "ipython": "python", "myst-ansi": "", "none": "", "default": ""}
_RIGHT_TO_LEFT = re.compile(r"[\W\d_]*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_TITLES = ("title", "rubric", "caption", "subtitle", "exercise_title", "solution_title")
_BOXES = [
    *("note", "warning", "caution", "attention", "danger", "error", "important", "tip", "hint"),
    "seealso",
]
_BODIES = nodes.definition | nodes.field_body | nodes.description


def _split(node: Any, kind: type[nodes.Node]) -> tuple[Any, list[Any]]:
    """Take the first child of some kind away from the others."""
    found = next((child for child in node.children if isinstance(child, kind)), None)
    return found, [child for child in node.children if child is not found]


@prints("Text")
def _text(writer: Writer, node: nodes.Text) -> str:
    if isinstance(node.parent, nodes.literal_block | nodes.doctest_block):  # code with marks in it
        lines = node.astext().split("\n")
        return "#linebreak();".join(escaped(line).replace(" ", "~") for line in lines)
    return escaped(node.astext())


@prints("inline")
def _inline(writer: Writer, node: Any) -> str:
    classes = set(node.get("classes", ()))
    is_strong = classes & {"guilabel", "menuselection", "sd-badge", "versionmodified"}
    words = writer.inside(node)
    if "struck" in classes:
        return call("strike", body=words)
    return call("strong", body=words) if is_strong else words


@prints("abbreviation", "acronym")
def _abbreviation(writer: Writer, node: Any) -> str:
    explained = node.get("explanation")
    return writer.inside(node) + (f" \\({escaped(explained)}\\)" if explained else "")


@prints("reference", "number_reference")
def _reference(writer: Writer, node: Any) -> str:
    words = writer.inside(node)
    # A picture links by itself: it stands on lines of its own.
    holds_picture = any(isinstance(child, nodes.image | nodes.figure) for child in node.children)
    return words if holds_picture else writer.link(node, words)


@prints("download_reference")
def _download(writer: Writer, node: Any) -> str:
    address = node.get("refuri") or f"_downloads/{node.get('filename', '')}"
    name, words = address.rpartition("/")[2], node.astext()
    words += "" if name in words else f" ({name})"
    return writer.link(nodes.reference(refuri=address), escaped(words))


@prints("math", "math_block")
def _formula(writer: Writer, node: Any) -> str:
    is_block, tex = isinstance(node, nodes.math_block), literal(node.astext().strip())
    markup = formula_typst(node.astext(), block=is_block, macros=macros_of(writer.env.config))
    if not is_block:
        return call("formula", tex, body=f"${markup}$")
    number = literal(f"({node['number']})") if node.get("number") else ""
    shown = call("displayed", tex, number=number, body=f"$ {markup} $")
    return writer.block(node, writer.anchor(node) + shown)


@prints("footnote_reference")
def _note(writer: Writer, node: Any) -> str:
    """Print a note where it is called first; later calls name its number again."""
    mark, note = node.astext(), writer.notes.pop(str(node.get("refid")), None)
    if note is None:
        return call("super", body=escaped(mark))
    return call("note", literal(mark), body=writer.anchor(note) + _note_text(writer, note))


@prints("footnote")
def _note_alone(writer: Writer, node: nodes.footnote) -> str:
    """Print a note that nothing calls where it stands; others are printed where they are called."""
    return "" if node.get("backrefs") else _note_text(writer, node)


def _note_text(writer: Writer, note: Any) -> str:
    return writer.all(_split(note, nodes.label)[1])


@prints("section")
def _section(writer: Writer, node: Any) -> str:
    title, rest = _split(node, nodes.title)
    if title is None:
        return writer.all(rest)
    writer.level += 1
    numbers = writer.env.toc_secnumbers.get(writer.docname, {})
    name = f"#{node['ids'][0]}" if node["ids"] else ""
    number = numbers.get(name) or (numbers.get("") if writer.level == 1 else None)
    words = writer.all(title.children)
    if number:
        text = ".".join(map(str, number)) + str(writer.env.config.html_secnumber_suffix)
        words = call("section-number", body=escaped(text)) + words
    heading = f"#heading(level: {writer.level})[{words}]"
    written = writer.block(title, heading + writer.anchor(node, "#label({})")) + writer.all(rest)
    writer.level -= 1
    return written


@prints("paragraph")
def _paragraph(writer: Writer, node: Any) -> str:
    is_raw = any(isinstance(child, nodes.raw) for child in node.children)
    words = writer.all(html_nodes(node.children, node) if is_raw else node.children)
    if not words.strip():
        return ""
    if _RIGHT_TO_LEFT.match(node.astext()):
        words = call("right-to-left", body=words)
    return writer.block(node, writer.anchor(node) + words)


@prints("raw")
def _raw(writer: Writer, node: Any) -> str:
    """Print what raw HTML shows; raw text for other kinds of output is not for readers."""
    return writer.all(html_nodes([node], node))


@prints("bullet_list", "enumerated_list")
def _list(writer: Writer, node: Any) -> str:
    items = [f"[{writer.write(item)}]" for item in node.children]
    options = {"tight": str(all(len(item.children) < 2 for item in node.children)).lower()}
    if node.tagname == "bullet_list":
        options["marker"] = "none" if "contains-task-list" in node["classes"] else ""
        return writer.block(node, call("list", *items, **options))
    form = _NUMBERINGS.get(node.get("enumtype"), "1")
    options["numbering"] = literal(f"{node.get('prefix', '')}{form}{node.get('suffix') or '.'}")
    return writer.block(node, call("enum", *items, start=str(node.get("start", 1)), **options))


@prints("definition_list_item", "field", "option_list_item")
def _term(writer: Writer, node: Any) -> str:
    """Print terms in bold; what they mean begins in their line."""
    terms = [writer.inside(child) for child in node.children if not isinstance(child, _BODIES)]
    meant = writer.all(child for child in node.children if isinstance(child, _BODIES))
    return call("meaning", f"[{', '.join(terms)}]", body=meant)


@prints("transition")
def _transition(writer: Writer, node: Any) -> str:
    return "" if "footnotes" in node["classes"] else "\n#break-line();\n"


@prints("Admonition", "admonition", "topic", "sidebar", "versionmodified", "citation")
def _box(writer: Writer, node: Any) -> str:
    """Print a box: its kind, its number and title, and all that is in it."""
    title, rest = None, list(node.children)
    if rest and (rest[0].tagname in _TITLES or node.tagname == "citation"):
        title, *rest = rest
    kind = next((name for name in node.get("classes", ()) if name in _BOXES), node.tagname)
    words = writer.all(title.children) if title is not None else ""
    counted = str(node.get("countertype") or node.get("type") or "")
    named = (writer.number(counted, node) if counted else "") or str(node.get("realtype", ""))
    if named:
        words = escaped(named[:1].upper() + named[1:]) + " " * bool(words) + words.lstrip()
    elif not words and node.tagname in _BOXES:
        words = "See also" if node.tagname == "seealso" else node.tagname.capitalize()
    return _under(writer, node, words, rest, f"titled({literal(kind)}, ")


def _under(writer: Writer, node: Any, head: str, rest: list[Any], call: str = "captioned(") -> str:
    """Print something under its title or caption."""
    head, body = writer.anchor(node) + head, writer.all(rest)
    return writer.block(node, f"#{call}[{head}], [{body}]);")


@prints("container")
def _container(writer: Writer, node: Any) -> str:
    if "toctree-wrapper" in node["classes"]:
        return ""
    if "literal-block-wrapper" in node["classes"]:
        caption, rest = _split(node, nodes.caption)
        return _under(writer, node, writer.caption(node, "code-block", caption), rest)
    if node.get("design_component") in ("card", "dropdown", "tab-item"):
        return _panel(writer, node)
    parts, folded = node.children, node.get("hide_mode", "")
    if "input" in folded or folded == "all":  # the code of a cell, shown on demand
        parts = [part for part in parts if part.get("nb_element") != "cell_code_source"]
    return (f"\n{writer.anchor(node)}\n" if node["ids"] else "") + writer.all(parts)


def _panel(writer: Writer, node: Any) -> str:
    """Print a card, a dropdown or a tab as a box under its title, open."""
    title = next(node.findall(_is_title), None)
    links = node.findall(nodes.reference)
    link = next((each for each in links if "sd-stretched-link" in each["classes"]), None)
    words = writer.inside(title) if title is not None else ""
    if link is not None:
        words = writer.link(link, words or writer.inside(link))
    for each in (title, link):
        if each is not None:
            each.parent.remove(each)
    return _under(writer, node, words, node.children, 'titled("card", ')


def _is_title(node: nodes.Node) -> bool:
    found = node.get("design_component") if isinstance(node, nodes.container) else ""
    return isinstance(node, nodes.rubric) or found == "card-title"


@prints("literal_block", "doctest_block")
def _code(writer: Writer, node: Any) -> str:
    """Print code with its highlighting, line numbers and emphasised lines."""
    if any(True for _ in node.findall(nodes.Inline)):
        return writer.block(node, call("code-block", body=writer.inside(node)))
    options = node.get("highlight_args") or {}
    marked = "".join(f"{line}, " for line in options.get("hl_lines", ()))
    listing = call(
        "listing",
        literal(strip_ansi(node.astext().expandtabs(4)).rstrip("\n")),
        literal(_LANGUAGES.get(node.get("language", ""), node.get("language", ""))),
        start=str(options.get("linenostart", 1)) if node.get("linenos") else "",
        marked=f"({marked})" if marked else "",
    )
    return writer.block(node, writer.anchor(node) + listing)


@prints("figure")
def _figure(writer: Writer, node: Any) -> str:
    """Print a figure where it stands, with number, caption and legend."""
    caption, rest = _split(node, nodes.caption)
    legend = [each for each in rest if isinstance(each, nodes.legend)]
    rest = [each for each in rest if each not in legend]
    words = writer.caption(node, "figure", caption) + writer.all(legend)
    if any(isinstance(each, nodes.table | nodes.raw) for each in node.findall()):
        return _under(writer, node, words, rest)  # a table is never a picture
    figure = f"#figure(kind: image, caption: [{words}], [{writer.all(rest)}])"
    return writer.block(node, figure + writer.anchor(node, "#label({})"))


@prints("image")
def _image(writer: Writer, node: Any) -> str:
    markup = writer.pictures.image(node)
    if not markup:
        return writer.absent(node, str(node.get("alt") or "picture"), str(node.get("uri", "")))
    if isinstance(node.parent, nodes.reference):
        markup = writer.link(node.parent, markup)
    return writer.anchor(node) + markup


@prints("evidence_chart")
def _chart(writer: Writer, node: Any) -> str:
    return call("chart", literal(writer.pictures.drawing(node["svg"])), literal(node["alt"]))


@prints("absent_media")
def _absent(writer: Writer, node: Any) -> str:
    return writer.absent(node, node["what"], node.get("address", ""))


@prints("moving_chart")
def _moving_chart(writer: Writer, node: Any) -> str:
    return writer.absent(node, f"interactive chart: {node['alt']}")
