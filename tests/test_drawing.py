"""Drawings that can share a page and be seen in both colour modes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import altair as alt
import pytest
from conftest import Build

from evidence_tools.drawing import BLUE, GREEN, GREY, INK, VERMILION, prefix_ids

WHITE, DARK = "#ffffff", "#14181e"


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(first: str, second: str) -> float:
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", [BLUE, VERMILION, GREEN, GREY])
@pytest.mark.parametrize("background", [WHITE, DARK])
def test_marks_have_a_contrast_of_three_to_one(colour: str, background: str) -> None:
    assert _contrast(colour, background) >= 3


def test_words_in_drawings_have_a_contrast_of_four_and_a_half_to_one_on_white() -> None:
    assert _contrast(INK, WHITE) >= 4.5


def test_ids_of_a_drawing_carry_its_name() -> None:
    svg = '<svg><clipPath id="clip1"/><g clip-path="url(#clip1)"/><use href="#clip1"/></svg>'
    assert prefix_ids(svg, "fig-a") == (
        '<svg><clipPath id="fig-a-clip1"/><g clip-path="url(#fig-a-clip1)"/>'
        '<use href="#fig-a-clip1"/></svg>'
    )


def test_an_id_that_begins_another_is_not_renamed_twice() -> None:
    svg = '<svg><g id="c1"/><g id="c12"/><g mask="url(#c12)"/></svg>'
    assert prefix_ids(svg, "f") == (
        '<svg><g id="f-c1"/><g id="f-c12"/><g mask="url(#f-c12)"/></svg>'
    )


def test_every_chart_of_the_book_is_valid_vega_lite(book: Build) -> None:
    seen = 0
    for page in sorted((book.html / "chapters").glob("*.ipynb")):
        wide_ones = list(specifications(json.loads(page.read_text("utf-8"))))[::2]
        for spec in wide_ones:  # the narrow ones are made by the same lines of code
            alt.Chart.from_dict(spec, validate=True)
            seen += 1
    assert seen >= 8


def specifications(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if str(part.get("$schema", "")).startswith("https://vega.github.io/schema/vega-lite/"):
            yield part
        else:
            for inner in part.values():
                yield from specifications(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from specifications(inner)
