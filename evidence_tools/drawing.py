"""From a chart to a :class:`~evidence_tools.display.Figure`: static drawing and specification."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from evidence_tools.display import Figure, Runs, runs
from evidence_tools.execution.renderer import draw

if TYPE_CHECKING:
    import altair as alt

# Okabe and Ito's colours that keep a contrast of at least 3:1 on white and on the dark theme.
BLUE, VERMILION, GREEN, GREY = "#0072b2", "#d55e00", "#008561", "#767b83"
INK = "#24292f"
FONT = "sans-serif"
FONT_SIZE = 13
WIDE, NARROW = 656, 330
"""Widths of the two drawings of a figure in pixels: a column of text, and a phone."""
_LOOK = {
    "font": FONT,
    "background": "transparent",
    # The figure carries one text alternative; marks would only repeat it piece by piece.
    "aria": False,
    "padding": 4,
}
_LOOK_OF_PARTS: dict[str, dict[str, Any]] = {
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": FONT_SIZE - 1,
        "titleFontSize": FONT_SIZE - 1,
        "titleFontWeight": "normal",
        "titleLineHeight": FONT_SIZE + 3,
        "labelColor": INK,
        "titleColor": INK,
        "domainColor": GREY,
        "tickColor": GREY,
        "grid": False,
    },
    "text": {"fontSize": FONT_SIZE, "color": INK, "font": FONT},
    "concat": {"spacing": 14},
}
_NAMES_OF_MARKS = re.compile(r' (?:role="graphics-[a-z]+"|aria-[a-z]+="[^"]*")')
_FADED = 0.15
_MARKER = "(datum.outcome || datum.marker)"
_IN_VIEW = (
    f"(highlight === '' || !isValid({_MARKER}) || {_MARKER} === highlight)"
    " && (sources === null || !isValid(datum.source) || indexof(sources, datum.source) >= 0)"
)


def make_figure(
    chart: Callable[[int], alt.TopLevelMixin], *, name: str, caption: str | Runs, alt: str
) -> Figure:
    """Draw a chart for both widths and keep the specifications for the browser.

    Parameters
    ----------
    chart
        Makes an Altair chart of a width in pixels. Its look is set here, not in a global theme.
    name
        Label for cross-references, such as ``fig-markers``.
    caption
        The question the figure answers, and how to read it.
    alt
        Text alternative written from the rows that were drawn.

    Returns
    -------
    Figure
    """
    wide, narrow = (_specification(chart, width) for width in (WIDE, NARROW))
    return Figure(
        name,
        runs(caption),
        alt,
        svg=_svg(wide, name),
        spec=wide,
        narrow_svg=_svg(narrow, f"{name}-narrow"),
        narrow_spec=narrow,
    )


def _svg(spec: dict[str, Any], prefix: str) -> str:
    return prefix_ids(_NAMES_OF_MARKS.sub("", draw(spec)), prefix)


def _specification(chart: Callable[[int], alt.TopLevelMixin], width: int) -> dict[str, Any]:
    """Write a chart as data.

    Altair would check each part of a chart against its schema while the chart is put together,
    and copy the whole for each setting of its look: that takes longer than the drawing. The
    tests check every chart of the book instead.
    """
    from altair.utils.schemapi import debug_mode

    with debug_mode(False):
        spec: dict[str, Any] = chart(width).to_dict(validate=False)
    theme = spec.get("config", {})
    look = {name: {**theme.get(name, {}), **parts} for name, parts in _LOOK_OF_PARTS.items()}
    return with_views({**spec, "config": {**theme, **_LOOK, **look}})


def with_views(spec: dict[str, Any]) -> dict[str, Any]:
    """Let a page fade marks: those of other markers, and those of sources it filtered out.

    Rows say their marker as ``outcome`` or ``marker``, and their ``source``; a mark whose row
    says neither stays as it is. A drawing without a page, as in print, shows all.

    Parameters
    ----------
    spec
        A Vega-Lite specification.

    Returns
    -------
    dict
        The same with two parameters: ``highlight`` (a marker; empty for all) and ``sources``
        (a list of names; null for all).
    """
    views = [{"name": "highlight", "value": ""}, {"name": "sources", "value": None}]
    faded = _fading(spec)
    return {**faded, "params": [*faded.get("params", []), *views]}


def _fading(spec: dict[str, Any]) -> dict[str, Any]:
    for inner in ("layer", "vconcat", "hconcat", "concat"):
        if inner in spec:
            return {**spec, inner: [_fading(part) for part in spec[inner]]}
    encoding = spec.get("encoding", {})
    if "mark" not in spec or "opacity" in encoding:
        return spec
    mark = spec["mark"] if isinstance(spec["mark"], dict) else {}
    clear = {"test": _IN_VIEW, "value": mark.get("opacity", 1)}
    return {**spec, "encoding": {**encoding, "opacity": {"condition": clear, "value": _FADED}}}


def prefix_ids(svg: str, prefix: str) -> str:
    """Make the ids inside a drawing unique, so that several can share one page.

    Parameters
    ----------
    svg
        A drawing whose ids are only used by ``url(#id)`` and ``href="#id"``.
    prefix
        The figure's name.
    """
    for identifier in sorted(set(re.findall(r'\bid="([^"]+)"', svg)), key=len, reverse=True):
        new = f"{prefix}-{identifier}"
        svg = svg.replace(f'id="{identifier}"', f'id="{new}"')
        svg = svg.replace(f"url(#{identifier})", f"url(#{new})")
        svg = svg.replace(f'href="#{identifier}"', f'href="#{new}"')
    return svg
