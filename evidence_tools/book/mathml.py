"""Math as MathML, which browsers show by themselves: no script, no other host."""

from __future__ import annotations

import html
from functools import cache
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)


@cache
def tex_to_mathml(tex: str, *, block: bool) -> str:
    """Turn TeX into MathML with pandoc.

    Parameters
    ----------
    tex
        A formula without delimiters.
    block
        Whether it stands on lines of its own.

    Returns
    -------
    str
        A ``math`` element that keeps the TeX source as its annotation.

    Raises
    ------
    ValueError
        If pandoc cannot read the formula.
    """
    import pypandoc

    delimited = f"$${tex}$$" if block else f"${tex}$"
    markup: str = pypandoc.convert_text(
        delimited, "html", format="markdown+tex_math_dollars", extra_args=["--mathml"]
    )
    if "<math" not in markup:
        raise ValueError(f"the formula {tex!r} cannot be read as TeX")
    return markup.strip().removeprefix("<p>").removesuffix("</p>")


def visit_math(self: Any, node: nodes.math) -> None:
    """Write an inline formula."""
    self.body.append(_markup(self, node, block=False))
    raise nodes.SkipNode


def visit_math_block(self: Any, node: nodes.math_block) -> None:
    """Write a formula on lines of its own."""
    self.body.append(f'<div class="math">{_markup(self, node, block=True)}</div>')
    raise nodes.SkipNode


def _markup(self: Any, node: nodes.Element, *, block: bool) -> str:
    tex = node.astext()
    try:
        mathml = tex_to_mathml(tex, block=block)
    except ValueError as error:
        LOGGER.warning("%s", error, location=node)
        return html.escape(tex)
    if self.builder.name == "singlehtml":  # the PDF sets TeX itself
        left, right = (r"\[", r"\]") if block else (r"\(", r"\)")
        return f'<span class="math">{left}{html.escape(tex)}{right}</span>'
    return mathml


def add_math(app: Sphinx) -> None:
    """Make MathML the way this book shows math."""
    app.add_html_math_renderer("evidence_mathml", (visit_math, None), (visit_math_block, None))
