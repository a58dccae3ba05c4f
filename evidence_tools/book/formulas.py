r"""Formulas: TeX is read once, by math-core, for pages (MathML) and for print (Typst).

Browsers show MathML by themselves: no script, no other host. What TeX commands mean is decided in
one place, so a page and the PDF cannot differ; a command that nobody knows stops the build. Macros
are those of ``mathjax3_config`` in ``_config.yml``, as Jupyter Book's documentation shows them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.util import logging

from evidence_tools.book.nodes import place_of
from evidence_tools.book.writer import literal

LOGGER = logging.getLogger(__name__)

Macros = tuple[tuple[str, str], ...]

_MACROS = {"substack": r"\begin{matrix}#1\end{matrix}", "ensuremath": "#1", "mbox": r"\text{#1}"}
_MACROS |= {"pmb": r"\boldsymbol{#1}"}
_USUAL = [
    (r"&\s*(\S+?)\s*&(?=.*\\end\{eqnarray)", r"&\1 "),
    (r"(\{align(?:ed)?at\*?\})\{\d+\}", r"\1"),
    (r"\{smallmatrix(\*?)\}", r"{matrix\1}"),
    (r"\{(?:split|alignedat)(\*?)\}", r"{aligned\1}"),
    (r"\{(?:alignat|eqnarray)(\*?)\}", r"{align\1}"),
    (r"\{multline(\*?)\}", r"{gather\1}"),
    # Sphinx numbers formulas; a number of the environment would be a second one.
    (r"(\\(?:begin|end)\{(?:align|gather|equation|flalign))\}", r"\1*}"),
    (r"\\\\\s*\[\s*-?[\d.]+\s*[a-z]+\s*\]", r"\\\\"),  # more space between two lines
]
"""Rare ways to write a formula, and the usual ones that look the same."""
_TEXT = re.compile(r"\\text\{[^{}]*\}")
_UNKNOWN = (
    "%s Correct it, or define the command in _config.yml under sphinx: config: mathjax3_config: "
    "tex: macros."
)


@cache
def mathml(tex: str, *, block: bool, macros: Macros = ()) -> str:
    r"""Turn TeX into a ``math`` element; what cannot be read is a ``ValueError`` that says why.

    Examples
    --------
    >>> "<msup><mi>x</mi><mn>2</mn></msup>" in mathml("x^2", block=False)
    True
    """
    usual = tex
    for pattern, written in _USUAL:
        usual = re.sub(pattern, written, usual, flags=re.DOTALL)
    # A formula inside words ends them, and begins them anew.
    usual = _TEXT.sub(lambda text: re.sub(r"\$(.*?)\$", r"}\1\\text{", text[0]), usual)
    try:
        return str(_converter(macros).convert_with_local_state(usual, displaystyle=block))
    except LatexError as error:
        problem = re.sub(r"^\d+: ", "", str(error).strip())
        raise ValueError(f"the formula {tex.strip()!r} cannot be read as TeX: {problem}") from None


@cache
def _converter(macros: Macros) -> LatexToMathML:
    # \widetilde and the like are drawn by browsers, in some a little too small.
    return LatexToMathML(
        macros=_MACROS | dict(macros),
        annotation=True,  # the TeX source stays in the page, to be copied
        fancy_error=False,
        allow_unreliable_rendering=True,
    )


@cache
def formula_typst(tex: str, *, block: bool, macros: Macros = ()) -> str:
    r"""Turn TeX into the inside of a Typst equation, by way of :func:`mathml`.

    Examples
    --------
    >>> formula_typst(r"\frac{a}{b}", block=False)
    'frac(a, b)'
    """
    markup = mathml(tex, block=block, macros=macros).replace("&ApplyFunction;", "\u2061")
    return _typst(ElementTree.fromstring(markup))  # noqa: S314 - written by the converter


def macros_of(config: Any) -> Macros:
    """Read the macros of a book: ``mathjax3_config: {tex: {macros: {...}}}``."""
    settings = getattr(config, "mathjax3_config", None) or {}
    found = (settings.get("tex") or {}).get("macros") or {}
    named = {name: value[0] if isinstance(value, list) else value for name, value in found.items()}
    return tuple(sorted((name, str(value)) for name, value in named.items()))


def check_formulas(app: Sphinx, doctree: nodes.document) -> None:
    """Report each formula of a page that cannot be read or printed."""
    macros = macros_of(app.config)
    for node in doctree.findall(lambda node: isinstance(node, nodes.math | nodes.math_block)):
        try:
            formula_typst(node.astext(), block=isinstance(node, nodes.math_block), macros=macros)
        except ValueError as error:
            LOGGER.error(_UNKNOWN, error, location=place_of(node))


def _visit_math(self: Any, node: nodes.math) -> None:
    self.body.append(mathml(node.astext(), block=False, macros=macros_of(self.config)))
    raise nodes.SkipNode


def _visit_math_block(self: Any, node: nodes.math_block) -> None:
    """Write a formula on lines of its own, with its number and its place for links."""
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node.get("number"):
        self.body.append(f'<span class="eqno">({node["number"]})')
        self.add_permalink_ref(node, "Permalink to this equation")
        self.body.append("</span>")
    self.body.append(mathml(node.astext(), block=True, macros=macros_of(self.config)))
    self.body.append("</div>\n")
    raise nodes.SkipNode


def add_formulas(app: Sphinx) -> None:
    """Make MathML the way this book shows formulas."""
    app.add_html_math_renderer("evidence_mathml", (_visit_math, None), (_visit_math_block, None))
    app.connect("doctree-read", check_formulas)


# From MathML to Typst, one element after the other.

_INVISIBLE = dict.fromkeys(map(ord, "\u2061\u2062\u2063\u2064\u200b"))
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


def _typst(element: Element) -> str:
    """Write an element as Typst; a ``ValueError`` says what print does not have."""
    if element.tag not in _ELEMENTS:
        raise ValueError(f"the formula holds {element.tag!r}, which cannot be printed.")
    return _ELEMENTS[element.tag](element)


def _beside(elements: Iterable[Element]) -> str:
    return " ".join(filter(None, map(_typst, elements))) or '""'


def _row(element: Element) -> str:
    """Write what stands side by side, between its brackets if it has some."""
    inner = list(element)
    if len(inner) > 2 and _is_fence(inner[0]) and _is_fence(inner[-1]):
        return f"lr({_symbol(inner[0])} {_beside(inner[1:-1])} {_symbol(inner[-1])})"
    markup = _beside(inner)
    if color := re.search(r"color:\s*(#\w+)", _css(element)):
        return f"#text(fill: rgb({literal(color[1])}), $ {markup} $)"
    style = "" if element.tag == "math" else element.get("displaystyle", "")
    return _STYLES.get(style, "{}").format(markup)


def _is_fence(element: Element) -> bool:
    return element.tag == "mo" and element.get("stretchy") != "false" and not element.get("form")


def _symbol(element: Element) -> str:
    kept = "".join(element.itertext()).strip().translate(_INVISIBLE)
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
    above, below = map(_typst, element)
    if element.get("linethickness") == "0":
        return f"mat(delim: #none, {above}; {below})"
    form = _STYLES.get(element.get("displaystyle", ""), "{}")
    return form.format(f"frac({above}, {below})")


def _attached(base: str, names: Iterable[str], attached: Iterable[str]) -> str:
    sides = [f"{name}: {each}" for name, each in zip(names, attached, strict=True)]
    return f"attach({base or chr(34) * 2}, {', '.join(sides)})"


def _scripts(element: Element) -> str:
    base, *attached = map(_typst, element)
    return _attached(base, _SIDES[element.tag], attached)


def _around(element: Element) -> str:
    """Write what stands under or over a base: an accent, a brace, or limits."""
    base, *attached = element
    mark = (attached[0].text or "").strip() if attached[0].tag == "mo" else ""
    if mark in _SPANNING:
        return f"{_SPANNING[mark]}({_typst(base)})"
    if mark and mark in _LINES:
        return f"{'overline' if element.tag == 'mover' else 'underline'}({_typst(base)})"
    if mark and mark in _ACCENTS and element.tag == "mover":
        return f"accent({_typst(base)}, {literal(mark)})"
    return _attached(_limits(base), _SIDES[element.tag], map(_typst, attached))


def _limits(base: Element) -> str:
    """Write what limits stand at; in a line of text, those of sums stand beside it."""
    inner = [child for child in base if child.tag != "mspace"] if base.tag == "mrow" else [base]
    if len(inner) == 1 and inner[0].tag == "mi" and len(inner[0].text or "") > 1:
        return f"op({literal(inner[0].text or '')}, limits: #true)"
    symbol, text = _typst(base), base.text if base.tag == "mo" else ""
    if text and text in _ARROWS:
        return f"limits(stretch({symbol}))"
    if text and text in _SUMS and not base.get("movablelimits"):
        return symbol
    return f"limits({symbol})"


def _table(element: Element) -> str:
    """Write rows and columns; pairs of columns that meet at a sign stay together."""
    form = "display({})" if element.get("displaystyle") == "true" else "{}"
    # Cells that only centre a formula on a page have no place here.
    rows = [[each for each in row if len(each) or "width" not in _css(each)] for row in element]
    styles = [_css(cell) for cell in rows[0]]
    joined = any("padding-right: 0;" in style and "right;" in style for style in styles)
    gap = "0em" if joined else "1em" if any("left:1em" in style for style in styles) else "0.8em"
    across = (f"{n}, " for n, row in enumerate(rows) if n and row and "border-top" in _css(row[0]))
    down = (f"{n}, " for n, style in enumerate(styles, start=1) if "border-right" in style)
    lines, walls = "".join(across), "".join(down)
    rules = f", augment: #(hline: ({lines}), vline: ({walls}))" if lines or walls else ""
    body = "; ".join(", ".join(_cell(*each, form) for each in enumerate(row)) for row in rows)
    return f"mat(delim: #none, column-gap: #{gap}, row-gap: #0.5em{rules}, {body})"


def _cell(column: int, element: Element, form: str) -> str:
    style, markup = _css(element), form.format(_beside(element))
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
    inner = _beside(child for child in element if "menclose" not in child.get("class", ""))
    for notation in element.get("notation", "").split():
        if notation not in _STRUCK:
            raise ValueError(f"the formula is struck by {notation!r}, which cannot be printed.")
        inner = _STRUCK[notation].format(inner)
    return inner


_ELEMENTS: dict[str, Callable[[Element], str]] = {
    **dict.fromkeys(("math", "mrow", "mstyle", "mpadded", "none"), _row),
    **dict.fromkeys(("msub", "msup", "msubsup"), _scripts),
    **dict.fromkeys(("munder", "mover", "munderover"), _around),
    **{"mi": _identifier, "mn": _number, "mo": _operator, "mtext": _text, "ms": _text},
    **{"mspace": _space, "mfrac": _fraction, "mtable": _table, "menclose": _enclosed},
    "semantics": lambda element: _typst(element[0]),
    "msqrt": lambda element: f"sqrt({_row(element)})",
    "mroot": lambda element: f"root({_typst(element[1])}, {_typst(element[0])})",
    "mphantom": lambda element: f"#hide($ {_beside(element)} $)",
}
