"""From MathML to the inside of a Typst equation, one element after the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from xml.etree.ElementTree import Element

from evidence_tools.book.typst import literal

_INVISIBLE = "\u2061\u2062\u2063\u2064\u200b"
_ACCENTS = "ˆ^~˜¯→←↔˙¨ˇ˘´`˚\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030c"
_ACCENTS += "\u20d6\u20d7\u20db\u20e1"
_SPANNING = {"⏞": "overbrace", "⏟": "underbrace", "⎴": "overbracket", "⎵": "underbracket"}
_SPANNING |= {"⏜": "overparen", "⏝": "underparen"}
_LINES = "_‾¯\u0305\u0332"
_ARROWS, _SUMS = "→←↔⇒⇐⇔↦⟶⟵↪↩=", "∑∏∐⋃⋂⨁⨂⋁⋀"
_STRUCK = {
    "updiagonalstrike": "cancel({})",
    "downdiagonalstrike": "cancel({}, inverted: #true)",
    "horizontalstrike": "cancel({}, angle: #90deg)",
    "box": "#box(stroke: 0.5pt, inset: 3pt, $ {} $)",
}
_FONTS = {"b": "bold({})", "i": "italic({})", "code": "mono({})"}
_SIDES = {"msub": ("br",), "msup": ("tr",), "msubsup": ("br", "tr")}
_SIDES |= {"munder": ("b",), "mover": ("t",), "munderover": ("b", "t")}
_STYLES = {"true": "display({})", "false": "inline({})"}
_KINDS = {"prefix": "opening", "postfix": "closing"}
_SPACES = {"0": "normal", "0.2222em": "binary"}


def math_typst(element: Element) -> str:
    """Write an element of MathML as Typst; a ``ValueError`` says what print does not have.

    Examples
    --------
    >>> from xml.etree.ElementTree import fromstring
    >>> math_typst(fromstring("<msup><mi>x</mi><mn>2</mn></msup>"))
    'attach(x, tr: 2)'
    """
    write = _ELEMENTS.get(element.tag)
    if write is None:
        raise ValueError(f"the formula holds {element.tag!r}, which cannot be printed.")
    return write(element)


def _beside(elements: Sequence[Element]) -> str:
    return " ".join(filter(None, map(math_typst, elements))) or '""'


def _row(element: Element) -> str:
    """Write what stands side by side, between its brackets if it has some."""
    inner = list(element)
    if len(inner) > 2 and _is_fence(inner[0]) and _is_fence(inner[-1]):
        opening, closing = _symbol(inner[0]), _symbol(inner[-1])
        is_binomial = len(inner) == 3 and inner[1].get("linethickness") == "0"
        if is_binomial and (opening, closing) == ("\\(", "\\)"):
            return f"binom({', '.join(map(math_typst, inner[1]))})"
        return f"lr({opening} {_beside(inner[1:-1])} {closing})"
    markup = _beside(inner)
    if color := re.search(r"color:\s*(#\w+)", _css(element)):
        return f"#text(fill: rgb({literal(color[1])}), $ {markup} $)"
    style = "" if element.tag == "math" else element.get("displaystyle", "")
    return _STYLES.get(style, "{}").format(markup)


def _is_fence(element: Element) -> bool:
    return element.tag == "mo" and element.get("stretchy") != "false" and not element.get("form")


def _symbol(element: Element) -> str:
    kept = "".join(element.itertext()).strip().translate(dict.fromkeys(map(ord, _INVISIBLE)))
    return re.sub(r"[!-/:-@\[-`{-~]", r"\\\g<0>", kept)


def _identifier(element: Element) -> str:
    text = "".join(element.itertext())
    if len(re.sub("[\ufe00-\ufe0f]", "", text)) > 1:
        return f"op({literal(text)})"
    return f"upright({_symbol(element)})" if element.get("mathvariant") else _symbol(element)


def _number(element: Element) -> str:
    text = element.text or ""
    return text if re.fullmatch(r"\d+(\.\d+)?", text) else literal(text)


def _operator(element: Element) -> str:
    text, symbol = (element.text or "").strip(), _symbol(element)
    if re.fullmatch("[A-Za-z]{2,}", text):
        return f"op({literal(text)})"
    if symbol and (size := element.get("minsize")):
        return f"lr({symbol}, size: #{size})"
    if symbol and element.get("stretchy") == "true" and text in "|‖/":
        return f"mid({symbol})"
    kind = _KINDS.get(element.get("form", ""), "")
    if element.get("lspace") == element.get("rspace"):
        kind = kind or _SPACES.get(element.get("lspace", ""), "")
    return f'class("{kind}", {symbol})' if kind and symbol else symbol


def _text(element: Element) -> str:
    parts = [literal(element.text or "")]
    for child in element:
        form = "sans({})" if "sans" in child.get("class", "") else _FONTS.get(child.tag, "{}")
        parts += [form.format(literal("".join(child.itertext()))), literal(child.tail or "")]
    return " ".join(part for part in parts if part != '""')


def _space(element: Element) -> str:
    found = re.search(r"(-?[\d.]+)(em|rem|pt)", _css(element) or element.get("width", ""))
    if found is None or float(found[1]) == 0:
        return ""
    # The converter counts a rem as ten points.
    return f"#h({10 * float(found[1]):g}pt)" if found[2] == "rem" else f"#h({found[0]})"


def _fraction(element: Element) -> str:
    above, below = map(math_typst, element)
    if element.get("linethickness") == "0":
        return f"mat(delim: #none, {above}; {below})"
    form = _STYLES.get(element.get("displaystyle", ""), "{}")
    return form.format(f"frac({above}, {below})")


def _attached(base: str, names: Sequence[str], attached: Sequence[Element]) -> str:
    sides = [f"{name}: {math_typst(each)}" for name, each in zip(names, attached, strict=True)]
    return f"attach({base or chr(34) * 2}, {', '.join(sides)})"


def _scripts(element: Element) -> str:
    return _attached(math_typst(element[0]), _SIDES[element.tag], element[1:])


def _around(element: Element) -> str:
    """Write what stands under or over a base: an accent, a brace, or limits."""
    base, *attached = element
    mark = (attached[0].text or "").strip() if attached[0].tag == "mo" else ""
    if mark in _SPANNING:
        return f"{_SPANNING[mark]}({math_typst(base)})"
    if mark and mark in _LINES:
        return f"{'overline' if element.tag == 'mover' else 'underline'}({math_typst(base)})"
    if mark and mark in _ACCENTS and element.tag == "mover":
        return f"accent({math_typst(base)}, {literal(mark)})"
    return _attached(_limits(base), _SIDES[element.tag], attached)


def _limits(base: Element) -> str:
    """Write what limits stand at; in a line of text, those of sums stand beside it."""
    inner = [child for child in base if child.tag != "mspace"] if base.tag == "mrow" else [base]
    if len(inner) == 1 and inner[0].tag == "mi" and len(inner[0].text or "") > 1:
        return f"op({literal(inner[0].text or '')}, limits: #true)"
    symbol, is_operator = math_typst(base), base.tag == "mo" and bool(base.text)
    if is_operator and base.text in tuple(_ARROWS):
        return f"limits(stretch({symbol}))"
    if is_operator and not base.get("movablelimits") and base.text in tuple(_SUMS):
        return symbol
    return f"limits({symbol})"


def _multiscripts(element: Element) -> str:
    base, *rest = element
    cut = next((n for n, each in enumerate(rest) if each.tag == "mprescripts"), len(rest))
    parts = {"br": rest[:cut:2], "tr": rest[1:cut:2]}
    parts |= {"bl": rest[cut + 1 :: 2], "tl": rest[cut + 2 :: 2]}
    sides = [f"{name}: {_beside(found)}" for name, found in parts.items() if found]
    return f"attach({math_typst(base)}, {', '.join(sides)})"


def _table(element: Element) -> str:
    """Write rows and columns; pairs of columns that meet at a sign stay together."""
    form = "display({})" if element.get("displaystyle") == "true" else "{}"
    rows = [
        # Cells that only centre a formula on a page have no place here.
        [_cell(cell, n, form) for n, cell in enumerate(row) if len(cell) or "50%" not in _css(cell)]
        for row in element
    ]
    styles = [_css(cell) for cell in element[0]]
    joined = any("padding-right: 0;" in style and "right;" in style for style in styles)
    gap = "0em" if joined else "1em" if any("left:1em" in style for style in styles) else "0.8em"
    across = "".join(
        f"{n}, " for n, row in enumerate(element) if n and len(row) and "border-top" in _css(row[0])
    )
    down = "".join(f"{n}, " for n, style in enumerate(styles, start=1) if "border-right" in style)
    rules = f", augment: #(hline: ({across}), vline: ({down}))" if across or down else ""
    body = "; ".join(", ".join(row) for row in rows)
    return f"mat(delim: #none, column-gap: #{gap}, row-gap: #0.5em{rules}, {body})"


def _cell(element: Element, column: int, form: str) -> str:
    style, markup = _css(element), form.format(_beside(list(element)))
    if "text-align: right" in style:
        # Pairs of columns stand apart from each other.
        return f"{'#h(2em) ' if column and 'padding-right: 0' in style else ''}{markup} &"
    if "text-align: left" in style:
        # The sign that a left column begins with keeps its distance from the column before.
        sign = len(element) and element[0].tag == "mo" and "padding-left: 0" in style
        return f"& {'#h(0.278em) ' if sign else ''}{markup}"
    return markup


def _css(element: Element) -> str:
    return element.get("style", "")


def _enclosed(element: Element) -> str:
    inner = _beside([child for child in element if "menclose" not in child.get("class", "")])
    for notation in element.get("notation", "").split():
        inner = _STRUCK.get(notation, "{}").format(inner)
    return inner


_ELEMENTS: dict[str, Callable[[Element], str]] = {
    **dict.fromkeys(("math", "mrow", "mstyle", "mpadded", "none"), _row),
    **dict.fromkeys(("msub", "msup", "msubsup"), _scripts),
    **dict.fromkeys(("munder", "mover", "munderover"), _around),
    **{"mi": _identifier, "mn": _number, "mo": _operator, "mtext": _text, "ms": _text},
    **{"mspace": _space, "mfrac": _fraction, "mtable": _table, "menclose": _enclosed},
    "mmultiscripts": _multiscripts,
    "semantics": lambda element: math_typst(element[0]),
    "msqrt": lambda element: f"sqrt({_row(element)})",
    "mroot": lambda element: f"root({math_typst(element[1])}, {math_typst(element[0])})",
    "mphantom": lambda element: f"#hide($ {_beside(list(element))} $)",
}
