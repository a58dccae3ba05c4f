"""Math without scripts."""

from __future__ import annotations

import pytest

from evidence_tools.book.mathml import tex_to_mathml


def test_a_formula_becomes_mathml_that_keeps_its_source() -> None:
    markup = tex_to_mathml(r"\frac{u - l}{2 z}", block=True)
    assert "<mfrac>" in markup
    assert r"\frac{u - l}{2 z}" in markup


def test_an_inline_formula_is_marked_inline() -> None:
    assert 'display="inline"' in tex_to_mathml("u", block=False)


def test_a_formula_that_cannot_be_read_is_named() -> None:
    with pytest.raises(ValueError, match="cannot be read as TeX"):
        tex_to_mathml(r"\frac{u", block=False)
