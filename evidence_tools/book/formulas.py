r"""Formulas: TeX is read once, by math-core, which makes MathML of it for pages and for print.

Browsers show MathML by themselves: no script, no other host. ``report.typ`` sets the same, so a
page and the PDF cannot differ; a command that nobody knows stops the build. Macros are those of
``mathjax3_config`` in ``_config.yml``, as Jupyter Book's documentation shows them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.util import logging

from evidence_tools.book.nodes import place_of

LOGGER = logging.getLogger(__name__)

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
    (r"\\cr(?![A-Za-z])", r"\\\\"),
    (r"\\\\\s*\[\s*-?[\d.]+\s*[a-z]+\s*\]", r"\\\\"),  # more space between two lines
]
"""Rare ways to write a formula, and the usual ones that look the same."""
_TEXT = re.compile(r"\\text\{[^{}]*\}")
_UNKNOWN = (
    "%s Correct it, or define the command in _config.yml under sphinx: config: mathjax3_config: "
    "tex: macros."
)


def mathml(tex: str, macros: Mapping[str, str] = {}, *, block: bool = False) -> str:
    r"""Turn TeX into a ``math`` element; what cannot be read is a ``ValueError`` that says why.

    Examples
    --------
    >>> "<msup><mi>x</mi><mn>2</mn></msup>" in mathml("x^2")
    True
    """
    if found := re.search(r"\\(?:eq)?ref\b\s*\{([^}]*)\}", tex):
        text = f"the formula {tex.strip()!r} refers to another one; write {{eq}}`{found[1]}`."
        raise ValueError(text)
    usual = tex
    for pattern, written in _USUAL:
        usual = re.sub(pattern, written, usual, flags=re.DOTALL)
    # A formula inside words ends them, and begins them anew.
    usual = _TEXT.sub(lambda text: re.sub(r"\$(.*?)\$", r"}\1\\text{", text[0]), usual)
    read = LatexToMathML(
        macros={**_MACROS, **macros},
        annotation=True,  # the TeX source stays in the page, to be copied
        fancy_error=False,
        allow_unreliable_rendering=True,  # some browsers draw a wide tilde a little too small
    )
    try:
        made = str(read.convert_with_local_state(usual, displaystyle=block))
    except LatexError as error:
        problem = re.sub(r"^\d+: ", "", str(error).strip())
        raise ValueError(f"the formula {tex.strip()!r} cannot be read as TeX: {problem}") from None
    return made.replace("&ApplyFunction;", "\u2061")  # the one name that is not known to XML


def read_formulas(app: Sphinx, doctree: nodes.document, *_: str) -> None:
    """Give each formula its MathML, with the macros of the book; report what cannot be read."""
    found = (app.config.mathjax3_config or {}).get("tex", {}).get("macros", {}).items()
    macros = {name: each[0] if isinstance(each, list) else each for name, each in found}
    node: Any
    for node in doctree.findall(nodes.Element):
        is_block = isinstance(node, nodes.math_block)
        if (is_block or isinstance(node, nodes.math)) and "mathml" not in node:
            try:
                node["mathml"] = mathml(node.astext(), macros, block=is_block)
            except ValueError as error:
                LOGGER.error(_UNKNOWN, error, location=place_of(node))


def _visit_math(self: Any, node: nodes.math) -> None:
    self.body.append(node.get("mathml", ""))
    raise nodes.SkipNode


def _visit_math_block(self: Any, node: nodes.math_block) -> None:
    """Write a formula on lines of its own, with its number and its place for links."""
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node.get("number"):
        self.body.append(f'<span class="eqno">({node["number"]})')
        self.add_permalink_ref(node, "Permalink to this equation")
        self.body.append("</span>")
    self.body.append(node.get("mathml", "") + "</div>\n")
    raise nodes.SkipNode


def add_formulas(app: Sphinx) -> None:
    """Make MathML the way this book shows formulas."""
    app.add_html_math_renderer("evidence_mathml", (_visit_math, None), (_visit_math_block, None))
    app.connect("doctree-read", read_formulas, priority=400)  # before titles are collected
    app.connect("doctree-resolved", read_formulas)  # some come when cells are joined with pages
