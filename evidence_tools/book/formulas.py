r"""Formulas: TeX is read once, by math-core, for pages (MathML) and for print (Typst).

Browsers show MathML by themselves: no script, no other host. What TeX commands mean is decided in
one place, so a page and the PDF cannot differ; a command that nobody knows stops the build. Macros
are those of ``mathjax3_config`` in ``_config.yml``, as Jupyter Book's documentation shows them.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from functools import cache
from typing import Any

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.util import logging

from evidence_tools.book.mathml import math_typst
from evidence_tools.book.nodes import place_of

LOGGER = logging.getLogger(__name__)

Macros = tuple[tuple[str, str], ...]

_MACROS = {"substack": r"\begin{matrix}#1\end{matrix}", "ensuremath": "#1"}
_ENVIRONMENTS = {"smallmatrix": "matrix", "split": "aligned", "alignedat": "aligned"}
_ENVIRONMENTS |= {"alignat": "align", "eqnarray": "align"}
_NUMBERED = re.compile(r"(\\(?:begin|end)\{(?:align|gather|equation|multline|flalign))\}")


@cache
def mathml(tex: str, *, block: bool, macros: Macros = ()) -> str:
    r"""Turn TeX into a ``math`` element; what cannot be read is a ``ValueError`` that says why.

    Examples
    --------
    >>> "<msup><mi>x</mi><mn>2</mn></msup>" in mathml("x^2", block=False)
    True
    """
    try:
        return str(_converter(macros).convert_with_local_state(_usual(tex), displaystyle=block))
    except LatexError as error:
        problem = re.sub(r"^\d+: ", "", str(error).strip())
        raise ValueError(f"the formula {tex.strip()!r} cannot be read as TeX: {problem}") from None


@cache
def formula_typst(tex: str, *, block: bool, macros: Macros = ()) -> str:
    r"""Turn TeX into the inside of a Typst equation, by way of :func:`mathml`.

    Examples
    --------
    >>> formula_typst(r"\frac{a}{b}", block=False)
    'frac(a, b)'
    """
    markup = mathml(tex, block=block, macros=macros).replace("&ApplyFunction;", "\u2061")
    return math_typst(ElementTree.fromstring(markup))  # noqa: S314 - written by the converter


def _usual(tex: str) -> str:
    """Write rare environments as the usual ones that look the same."""
    if "{eqnarray" in tex:
        tex = re.sub(r"&\s*(\S+?)\s*&", r"&\1 ", tex)
    tex = re.sub(r"(\{align(?:ed)?at\*?\})\{\d+\}", r"\1", tex)
    for name, known in _ENVIRONMENTS.items():
        tex = tex.replace(f"{{{name}}}", f"{{{known}}}").replace(f"{{{name}*}}", f"{{{known}*}}")
    # Sphinx numbers formulas; a number of the environment would be a second one.
    return _NUMBERED.sub(r"\1*}", tex)


@cache
def _converter(macros: Macros) -> LatexToMathML:
    # \widetilde and the like are drawn by browsers, in some a little too small.
    return LatexToMathML(
        macros=_MACROS | dict(macros),
        annotation=True,  # the TeX source stays in the page, to be copied
        fancy_error=False,
        allow_unreliable_rendering=True,
    )


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
            message = f"{error} Correct it, or define the command in _config.yml under "
            message += "sphinx: config: mathjax3_config: tex: macros."
            LOGGER.error("%s", message, location=place_of(node))


def visit_math(self: Any, node: nodes.math) -> None:
    """Write an inline formula."""
    self.body.append(mathml(node.astext(), block=False, macros=macros_of(self.config)))
    raise nodes.SkipNode


def visit_math_block(self: Any, node: nodes.math_block) -> None:
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
    app.add_html_math_renderer("evidence_mathml", (visit_math, None), (visit_math_block, None))
    app.connect("doctree-read", check_formulas)
