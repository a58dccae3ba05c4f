"""Translate the plain article to Typst markup, by way of pandoc's document tree.

Text reaches Typst as string literals or through pandoc's escaping: nothing that comes from the
tables is read as markup.
"""

from __future__ import annotations

import json
import re
import subprocess
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Node = dict[str, Any]

_LONG_WORD = {"text": 24, "table": 10}
"""Words with more characters than this may be broken: in a table, columns are narrow."""
_PLAIN = re.compile(r"[^\W\d_]{1,24}[.,]?")
_NUMBER = re.compile(r"[(\[]?[-+−±<>=~≤≥]*\d[\d.,%–−-]*[)\]]?[;,.]?")


def to_typst(tidy_html: str) -> str:
    """Translate tidy HTML to Typst markup that calls the functions of ``report.typ``."""
    # Without auto_identifiers a heading has a label only if some link needs it.
    document = json.loads(_pandoc(tidy_html, "html-auto_identifiers", "json"))
    document["blocks"] = _rewrite(_float_figures(document["blocks"]), "text")
    return _pandoc(json.dumps(document), "json", "typst")


def _pandoc(text: str, source: str, target: str) -> str:
    """Run pandoc once; its Python wrapper would start it three times for each conversion."""
    command = [_pandoc_path(), "--from", source, "--to", target, "--wrap=none"]
    result = subprocess.run(  # noqa: S603 - the program of the wheel, on text in a pipe
        command, input=text.encode(), capture_output=True, check=True
    )
    return result.stdout.decode()


@cache
def _pandoc_path() -> str:
    import pypandoc

    return str(pypandoc.get_pandoc_path())


def _float_figures(blocks: list[Node]) -> list[Node]:
    """Let figures find room on their page; those inside a coloured block or a list stay there."""
    return [
        {"t": "Div", "c": [["", ["floating"], []], [block]]} if block["t"] == "Figure" else block
        for block in blocks
    ]


def _rewrite(node: Any, setting: str) -> Any:
    """Walk pandoc's document tree and replace what `report.typ` sets in its own way."""
    if isinstance(node, list):
        done: list[Any] = []
        for item in node:
            new = _rewrite(item, setting)
            if isinstance(item, dict) and isinstance(new, list):
                done.extend(new)
            else:
                done.append(new)
        return done
    if not isinstance(node, dict):
        return node
    replace = _REPLACEMENTS.get(node.get("t", ""))
    if replace is not None and (nodes := replace(node["c"], setting)) is not None:
        return nodes
    inner = "table" if node.get("t") == "Table" else setting
    return {key: _rewrite(value, inner) for key, value in node.items()}


def _string(text: str) -> str:
    """Return a Typst string literal for `text`."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


def _block(markup: str) -> Node:
    return {"t": "RawBlock", "c": ["typst", markup]}


def _inline(markup: str) -> Node:
    return {"t": "RawInline", "c": ["typst", markup]}


def _text(text: str, setting: str) -> list[Node] | None:
    """Write a word that is not plain letters as a string, and let it break if it is long.

    pandoc escapes most of what Typst would read as markup, but not a ``=`` or ``-`` that opens a
    table cell. A string literal is never read as markup.
    """
    if _PLAIN.fullmatch(text):
        return None
    pieces = [text]
    if len(text) > _LONG_WORD[setting] and not _NUMBER.fullmatch(text):
        parts = re.findall(r"[^-/._:=&?,;|+]+[-/._:=&?,;|+]*|[-/._:=&?,;|+]+", text)
        pieces = [bit for part in parts for bit in _chunks(part)]
    return [_inline("#brk;".join(f"#{_string(piece)};" for piece in pieces))]


def _chunks(part: str) -> list[str]:
    """Cut what has no mark to break after; shorter runs are left to hyphenation."""
    size = 12 if len(part) > 24 else len(part)
    return [part[start : start + size] for start in range(0, len(part), size)]


def _formula(tex: str, kind: str, number: str = "") -> list[Node]:
    """Wrap a formula so that it carries its TeX source as alternative text."""
    math = {"t": "Math", "c": [{"t": kind}, tex]}
    return [_inline(f"#formula({_string(tex)}, {_string(number)})["), math, _inline("]")]


def _values(pairs: list[list[str]]) -> dict[str, str]:
    """Return attributes by name; pandoc keeps ``data-`` before some names and not before others."""
    return {name.removeprefix("data-"): value for name, value in pairs}


def _div(content: list[Any], setting: str) -> list[Node] | None:
    (_, classes, pairs), blocks = content
    for name in classes:
        if name in ("part", "landscape", "floating"):
            return [_block(f"#{name}["), *_rewrite(blocks, setting), _block("]")]
    if "titled" not in classes:
        return None
    kind = _string(_values(pairs).get("kind", "card"))
    title, rest = blocks[0]["c"][1], blocks[1:]
    return [
        _block(f"#titled({kind})["),
        *_rewrite(title, setting),
        _block("]["),
        *_rewrite(rest, setting),
        _block("]"),
    ]


def _span(content: list[Any], setting: str) -> list[Node] | None:
    (label, classes, pairs), inlines = content
    values = _values(pairs)
    anchor = [_inline(f"#anchor(label({_string(label)}));")] if label else []
    if "tex" in classes:
        kind = "DisplayMath" if "display" in values else "InlineMath"
        return anchor + _formula(values.get("tex", ""), kind, values.get("number", ""))
    inner = _rewrite(inlines, setting)
    if "footnote" in classes:
        mark = _string(values["mark"])
        return [*anchor, _inline(f"#note({mark})["), *inner, _inline("]")]
    for name in classes:
        if name in ("section-number", "caption-number"):
            return [_inline(f"#{name}["), *inner, _inline("]")]
    return [*anchor, *inner]


def _link(content: list[Any], setting: str) -> list[Node] | None:
    """Mark links that hold struck text: PDF/UA allows one line through or under a word."""
    attributes, inlines, target = content
    if not re.search(r'"(Strikeout|Underline)"', json.dumps(inlines)):
        return None
    link = {"t": "Link", "c": [attributes, _rewrite(inlines, setting), target]}
    return [_inline("#without-underline["), link, _inline("]")]


def _strikeout(content: list[Any], setting: str) -> list[Node] | None:
    """Put the line through the words of a link rather than around the link, as `_link` needs it."""
    if not any(part["t"] == "Link" for part in content):
        return None
    inside: list[Node] = []
    for part in content:
        if part["t"] == "Link":
            attributes, inlines, target = part["c"]
            words = [attributes, [{"t": "Strikeout", "c": inlines}], target]
            inside.append({"t": "Link", "c": words})
        else:
            inside.append({"t": "Strikeout", "c": [part]})
    nodes: list[Node] = _rewrite(inside, setting)
    return nodes


def _image(content: list[Any], _setting: str) -> list[Node]:
    (_, _, pairs), alternative, (address, _) = content
    words = "".join(part["c"] if part["t"] == "Str" else " " for part in alternative)
    width = _values(pairs).get("width", "auto")
    return [_inline(f"#picture({_string(address)}, {_string(words)}, {width})")]


def _table(content: list[Any], _setting: str) -> list[Node]:
    attributes, caption, *rest = content
    room = attributes[1][0] if attributes[1] else "normal"
    whole = _string(_values(attributes[2]).get("whole", "nothing"))
    table = {
        "t": "Table",
        "c": [attributes, _rewrite(caption, "text"), *_rewrite(rest, "table")],
    }
    fills = "false" if "ColWidthDefault" in json.dumps(rest[0]) else "true"
    return [_block(f"#{room}-table({whole}, {fills})["), table, _block("]")]


def _definitions(content: list[Any], setting: str) -> list[Node] | None:
    """Let a definition start in the line of its term: pandoc would set it below, as a block.

    A list whose definitions are more than a paragraph each is left as it is.
    """
    if any(len(blocks) != 1 or len(blocks[0]) != 1 for _, blocks in content):
        return None
    if any(blocks[0][0]["t"] not in {"Para", "Plain"} for _, blocks in content):
        return None
    inlines = [_inline("#terms(tight: false, ")]
    for term, blocks in content:
        inlines += [_inline("terms.item["), *_rewrite(term, setting), _inline("][")]
        inlines += [*_rewrite(blocks[0][0]["c"], setting), _inline("], ")]
    return [{"t": "Para", "c": [*inlines, _inline(")")]}]


_REPLACEMENTS: dict[str, Callable[[Any, str], list[Node] | None]] = {
    "Div": _div,
    "Span": _span,
    "Link": _link,
    "DefinitionList": _definitions,
    "Strikeout": _strikeout,
    "Image": _image,
    "Table": _table,
    "Str": _text,
    "Math": lambda content, _setting: _formula(content[1], content[0]["t"]),
    "RawBlock": lambda _content, _setting: [],
    "RawInline": lambda _content, _setting: [],
}
