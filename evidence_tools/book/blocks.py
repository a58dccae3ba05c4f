"""Nodes whose printing needs more than a call: sections, lists, boxes, code, figures, tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy
from docutils import nodes
from myst_nb.core.render import strip_ansi

from evidence_tools.book.formulas import macros_of, mathml
from evidence_tools.book.nodes import html_nodes
from evidence_tools.book.writer import Writer, call, escaped, literal, prints

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


@prints("option_argument")
def _argument(writer: Writer, node: Any) -> str:
    return call("emph", body=escaped(node.get("delimiter", " ") + node.astext()))


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
    found = mathml(node.astext(), block=is_block, macros=macros_of(writer.env.config))
    if not is_block:
        return call("formula", tex, literal(found))
    number = literal(f"({node['number']})") if node.get("number") else ""
    shown = call("displayed", tex, literal(found), number=number)
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
    return _under(writer, node, words, rest, "titled", literal(kind))


def _under(writer: Writer, node: Any, head: str, rest: list[Any], *box: str) -> str:
    """Print something under its title or caption."""
    head, body = writer.anchor(node) + head, writer.all(rest)
    return writer.block(node, call(*(box or ("captioned",)), f"[{head}]", f"[{body}]"))


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
    return _under(writer, node, words, node.children, "titled", literal("card"))


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


@prints("absent_media")
def _absent(writer: Writer, node: Any) -> str:
    return writer.absent(node, node["what"], node.get("address", ""))


# Tables: a grid of cells, columns that make it low, and where it may break.

ROOM, ROOM_ON_ITS_SIDE = 120, 180
"""Characters of a row that fit the page, and a page on its side."""

WHOLE_TABLE, WHOLE_ROW = 16, 24
"""Lines of a table and of a row that are never split."""

_GAP, _LONGEST, _LONGEST_IN_CROWD = 3, 14, 6
"""Characters that the space beside a cell takes, and of words that are not broken."""


@dataclass
class Cell:
    """A cell and where it stands."""

    node: Any
    row: int
    column: int
    rows: int
    columns: int
    is_label: bool


@prints("table")
def _table(writer: Writer, node: Any) -> str:
    title, _ = _split(node, nodes.title)
    group = next(iter(node.findall(nodes.tgroup)))
    cells, heads, count = _grid(group)
    if not cells:
        return writer.absent(node, "empty table")
    columns = max(cell.column + cell.columns for cell in cells)
    needs, least = _needs(cells, count, columns)
    on_its_side = least.sum() > 1.1 * ROOM
    room = ROOM_ON_ITS_SIDE if on_its_side else ROOM
    most = needs.max(axis=0)
    fills = bool(most.sum() > room)
    widths = column_widths(needs, least, room) if fills else most
    lines = numpy.ceil((needs - _GAP) / (widths - _GAP)).max(axis=1)
    whole = "table" if lines.sum() <= WHOLE_TABLE else "rows"
    whole = "nothing" if lines.max() > WHOLE_ROW else whole
    body = _body(writer, cells, heads, count, keep_tail=whole == "rows")
    if {"colwidths-given", "evidence-table"} & set(node.get("classes", ())) == {"colwidths-given"}:
        fills, widths = True, [spec["colwidth"] for spec in group.findall(nodes.colspec)]
    track = "".join(f"{width}fr, " for width in widths) if fills else "auto, " * columns
    words = writer.caption(node, "table", title)
    caption = f"caption: [{words}], " if words else ""
    figure = f"#figure(kind: table, {caption}[#table(columns: ({track}), {body})])"
    figure += writer.anchor(node, "#label({})")
    number = literal(writer.number("table", node))
    options = (f'"{whole}"', str(fills).lower())
    placed = call("set-table", *options, number=number, body=writer.block(node, figure))
    return f"\n{call('on-its-side', body=placed) if on_its_side else placed}\n"


def _grid(group: Any) -> tuple[list[Cell], int, int]:
    """Give each cell its place, in tables whose cells span rows and columns."""
    taken: set[tuple[int, int]] = set()
    cells: list[Cell] = []
    is_ours = "evidence-table" in group.parent.get("classes", ())
    # Our first columns are links and names, which bold letters would make loud.
    stubs = [not is_ours and bool(spec.get("stub")) for spec in group.findall(nodes.colspec)]
    parts = [part for part in group.children if isinstance(part, nodes.thead | nodes.tbody)]
    all_rows: list[Any] = [(part, row) for part in parts for row in part.children]
    heads = sum(isinstance(part, nodes.thead) for part, _ in all_rows)
    for number, (part, row) in enumerate(all_rows):
        column = 0
        for entry in row.children:
            while (number, column) in taken:
                column += 1
            rows, columns = entry.get("morerows", 0) + 1, entry.get("morecols", 0) + 1
            stub = entry.get("stub") or (column < len(stubs) and stubs[column])
            is_label = bool(stub) or isinstance(part, nodes.thead)
            cells.append(Cell(entry, number, column, rows, columns, is_label))
            taken |= {(number + r, column + c) for r in range(rows) for c in range(columns)}
            column += columns
    return cells, heads, len(all_rows)


def _body(writer: Writer, cells: list[Cell], heads: int, count: int, *, keep_tail: bool) -> str:
    """Write the cells; the last two rows of a table that may break stay together."""
    rows: list[list[str]] = [[] for _ in range(count)]
    for cell in cells:
        rows[cell.row].append(_cell(writer, cell))
    written = [", ".join(row) for row in rows]
    spans = max((cell.row + cell.rows for cell in cells if cell.row < count - 2), default=0)
    tail = count - 2 if keep_tail and spans <= count - 2 and count - heads > 3 else count
    parts = [f"table.header({', '.join([*written[:heads], 'table.hline()'])})"] if heads else []
    parts += [row for row in written[heads:tail] if row]
    if tail < count:
        parts.append(f"table.footer(repeat: false, {', '.join(written[tail:])})")
    return ", ".join(parts)


def _cell(writer: Writer, cell: Cell) -> str:
    node, classes = cell.node, cell.node.get("classes", ())
    sides = [side for side in ("right", "center") if f"text-{side}" in classes]
    spans = {"colspan": cell.columns, "rowspan": cell.rows}
    options = [f"{name}: {span}" for name, span in spans.items() if span > 1]
    options += [f"align: {side}" for side in sides]
    anchor = writer.anchor(node.parent) if node.parent.index(node) == 0 else ""
    words = anchor + writer.all(node.children).strip("\n")
    body = f"\n{words}\n" if "\n" in words or words.startswith("//") else words
    if cell.is_label:
        body = call("stub", body=body)
    return f"table.cell({', '.join(options)})[{body}]" if options else f"[{body}]"


def _needs(cells: Sequence[Cell], count: int, columns: int) -> tuple[Any, Any]:
    """Count the characters of each place, and those of the longest word of each column."""
    needs = numpy.zeros((count, columns), int)
    least = numpy.full(columns, _GAP + 1)
    for cell in cells:
        text = cell.node.astext()
        size = len(" ".join(text.split())) + 400 * len(list(cell.node.findall(nodes.image)))
        # What spans places is shared among them.
        share = -(-size // (cell.rows * cell.columns)) + _GAP
        needs[cell.row : cell.row + cell.rows, cell.column : cell.column + cell.columns] = share
        if cell.columns == 1:
            word = min(max(map(len, text.split()), default=0), _LONGEST)
            least[cell.column] = max(least[cell.column], word + _GAP)
    if least.sum() > ROOM:
        least[1:] = numpy.minimum(least[1:], _LONGEST_IN_CROWD + _GAP)
    return needs, least


def column_widths(needs: Any, least: Any, room: int) -> Any:
    """Share the ``room`` of a table among its columns so that the table gets low.

    ``needs`` are the characters of each place, ``least`` the width below which no column goes.

    Examples
    --------
    >>> column_widths(numpy.array([[4, 90], [4, 30]]), numpy.array([4, 10]), 60).tolist()
    [4, 56]
    """
    wanted = numpy.maximum(needs.mean(axis=0) - least, 0)
    return least + (max(room - least.sum(), 0) * wanted / max(wanted.sum(), 1)).astype(int)
