"""Raw HTML as docutils nodes, so that print has one form for a table, wherever it comes from.

Authors write a little of it in Markdown, and cells print it: frames, pictures, notes. What can
only be seen or used in a browser becomes a line that says what stands there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from html import escape, unescape
from typing import TYPE_CHECKING, Any

from docutils import nodes
from markdown_it.common.html_blocks import block_names

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_SVG = re.compile(r"<svg\b.*?</svg\s*>", re.DOTALL | re.IGNORECASE)
_ORNAMENT = re.compile(r"""<svg[^>]*(?:aria-hidden=["']true|role=["'](?:presentation|none))""")
_LABEL = re.compile(r"""<svg[^>]*aria-label=(["'])(.*?)\1|<(title)[^>]*>(.*?)</title>""", re.DOTALL)


class absent_media(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """What print cannot show: ``what`` it is, and its ``address``."""


class linebreak(nodes.Inline, nodes.Element):  # noqa: N801
    """The end of a line within a paragraph."""


_MADE: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(("b", "strong", "u", "mark"), nodes.strong),
    **dict.fromkeys(("i", "em", "cite", "dfn", "var"), nodes.emphasis),
    **dict.fromkeys(("code", "kbd", "samp", "tt"), nodes.literal),
    **dict.fromkeys(("span", "small", "abbr", "time", "font", "q", "label", "bdi"), nodes.inline),
    **dict.fromkeys(("s", "del", "strike"), partial(nodes.inline, classes=["struck"])),
    **{"sub": nodes.subscript, "sup": nodes.superscript},
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6", "summary", "figcaption"), nodes.rubric),
    **{"ul": nodes.bullet_list, "ol": nodes.enumerated_list, "li": nodes.list_item},
    **{"blockquote": nodes.block_quote, "hr": nodes.transition, "br": linebreak},
}
_HOLD_BLOCKS = nodes.bullet_list | nodes.enumerated_list | nodes.list_item | nodes.block_quote
_MEDIA = {
    **{"iframe": "frame", "video": "video", "audio": "audio", "embed": "media", "object": "media"},
    **{"canvas": "drawing", "svg": "drawing", "script": "interactive content"},
    **dict.fromkeys(("input", "select", "button"), "control"),
}
_SILENT = ("style", "link", "meta", "head", "template", "noscript", "wbr", "source", "track")
KNOWN = {*block_names, *_MADE, *_MEDIA, *_SILENT, "a", "img", "pre", "picture", "ruby", "rt"}
"""The names of tags that browsers show in some way."""


def html_nodes(found: Iterable[Any], parent: Any) -> list[nodes.Node]:
    """Turn raw HTML into docutils nodes; what is no HTML stays as it is, inside the tags around it.

    ``parent`` is what they become children of; they are blocks, or words where there is no block.
    """
    from bs4 import BeautifulSoup

    kept: list[Any] = []
    markup = ""
    for node in found:
        if not isinstance(node, nodes.raw):
            # The words in a drawing are a part of it, and nothing else may be.
            markup += f'<kept data-n="{len(kept)}">{escape(node.astext())}</kept>'
            kept.append(node)
        elif "html" in node.get("format", "").split():
            markup += node.astext()

    def put_aside(drawing: re.Match[str]) -> str:
        # The parser would lose the capitals that names in SVG have.
        svg = re.sub(r"</?kept\b[^>]*>", "", drawing[0])
        return f'<img data-drawing="{escape(svg)}">'

    made = _inside(BeautifulSoup(_SVG.sub(put_aside, markup), "html.parser"), kept)
    for each in made:
        each.parent = parent
    return made


def _inside(tag: Tag | BeautifulSoup, kept: list[Any]) -> list[nodes.Node]:
    from bs4 import Tag
    from bs4.element import PreformattedString

    made: list[nodes.Node] = []
    for child in tag.children:
        if isinstance(child, Tag):
            made += _element(child, kept)
        elif not isinstance(child, PreformattedString):  # such as a comment
            text = re.sub(r"\s+", " ", str(child))
            made += [nodes.Text(text)] if text.strip() or (made and text) else []
    return made


def _element(tag: Tag, kept: list[Any]) -> list[nodes.Node]:
    name = tag.name
    if name == "kept":
        return [kept[int(str(tag["data-n"]))]]
    if name in _SILENT or tag.get("hidden") is not None or tag.get("aria-hidden") == "true":
        return []
    if name in _MEDIA:
        return [_absent(tag)]
    if name == "img":
        return _picture(tag)
    if name == "table":
        return _table(tag, kept)
    inner = _inside(tag, kept)
    if name in _MADE:
        made = _MADE[name]()
        made.extend(_blocks(inner) if isinstance(made, _HOLD_BLOCKS) else inner)
        return [made] if inner or name in ("br", "hr") else []
    if name == "pre":
        return [nodes.literal_block("", tag.get_text(), language="none")] if inner else []
    address = str(tag.get("href", "")) if name == "a" else ""
    if address and not address.startswith("#"):
        return [nodes.reference("", "", *inner, refuri=address)]
    return _blocks(inner) if name in block_names else inner


def _blocks(found: Iterable[nodes.Node]) -> list[nodes.Node]:
    """Put words that stand between blocks into paragraphs."""
    made: list[nodes.Node] = []
    for node in found:
        if not isinstance(node, nodes.Text | nodes.Inline | nodes.image):
            made.append(node)
        elif made and isinstance(made[-1], nodes.paragraph) and made[-1].get("loose"):
            made[-1].append(node)
        elif node.astext().strip() or not isinstance(node, nodes.Text):
            made.append(nodes.paragraph("", "", node, loose=True))
    return made


def _absent(tag: Tag) -> nodes.Node:
    if tag.name == "input" and tag.get("type") == "checkbox":
        return nodes.Text("☒ " if tag.get("checked") is not None else "☐ ")
    what = str(tag.get("title") or tag.get("aria-label") or _MEDIA[tag.name])
    source = tag if tag.get("src") or tag.get("data") else tag.find("source") or tag
    address = str(source.get("src") or source.get("data") or "") if tag.name != "script" else ""
    return absent_media("", what=what, address=address)


def _picture(tag: Tag) -> list[nodes.Node]:
    if svg := str(tag.get("data-drawing", "")):
        words = _LABEL.search(svg)
        alt = unescape(words[2] or words[4] or "").strip() if words else ""
        return [] if _ORNAMENT.match(svg) else [nodes.image("", uri="", svg=svg, alt=alt)]
    sizes = {name: str(tag[name]) for name in ("width", "height") if tag.get(name)}
    return [nodes.image("", uri=str(tag.get("src", "")), alt=str(tag.get("alt", "")), **sizes)]


def _table(tag: Tag, kept: list[Any]) -> list[nodes.Node]:
    """Make a table with its caption, its head, its spans, and numbers on the right."""
    table, head, body = nodes.table(classes=["from-html"]), nodes.thead(), nodes.tbody()
    if (caption := tag.find("caption")) is not None:
        table += nodes.title("", "", *_inside(caption, kept))
    heads = tag.find_all("thead")
    for row in tag.find_all("tr"):
        cells = row.find_all(["td", "th"], recursive=False)
        only_heads = not body.children and all(cell.name == "th" for cell in cells)
        is_head = only_heads or row.find_parent(["thead", "table"]) in heads
        (head if is_head else body).append(nodes.row("", *(_cell(cell, kept) for cell in cells)))
    parts = [part for part in (head, body) if part.children]
    table += nodes.tgroup("", *parts, cols=0)
    return [table] if parts else []


def _cell(tag: Tag, kept: list[Any]) -> nodes.entry:
    entry = nodes.entry("", *_blocks(_inside(tag, kept)))
    for name, key in (("colspan", "morecols"), ("rowspan", "morerows")):
        span = str(tag.get(name, "1"))
        entry[key] = max(int(span), 1) - 1 if span.isdigit() else 0
    entry["stub"] = tag.name == "th"
    if re.fullmatch(r"\s*[-−+]?[\d,. ]*\d%?\s*|\s*NaN\s*", tag.get_text()) and tag.name == "td":
        entry["classes"].append("text-right")
    return entry
