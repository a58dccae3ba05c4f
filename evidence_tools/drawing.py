"""From a chart to a :class:`~evidence_tools.display.Figure`: static drawing and specification."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from evidence_tools.display import Figure, Runs, runs

if TYPE_CHECKING:
    import altair as alt

# Okabe and Ito's colours that keep a contrast of at least 3:1 on white and on the dark theme.
BLUE, VERMILION, GREEN, GREY = "#0072b2", "#d55e00", "#008561", "#767b83"
INK = "#24292f"
FONT = "sans-serif"
FONT_SIZE = 12
WIDTH = 440
"""Width of a drawing in pixels: readable when a phone shrinks it to 350."""


def make_figure(chart: alt.TopLevelMixin, *, name: str, caption: str | Runs, alt: str) -> Figure:
    """Draw a chart once and keep its specification for the browser.

    Parameters
    ----------
    chart
        Any Altair chart. Its look is set here, not in a global theme.
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
    import vl_convert  # heavy: 40 MB of Vega; only who draws pays for it

    styled: Any = chart.configure(
        font=FONT,
        background="transparent",
        # The figure carries one text alternative; marks would only repeat it piece by piece.
        aria=False,
        padding=4,
    )
    styled = (
        styled.configure_view(stroke=None)
        .configure_axis(
            labelFontSize=FONT_SIZE - 1,
            titleFontSize=FONT_SIZE - 1,
            titleFontWeight="normal",
            labelColor=INK,
            titleColor=INK,
            domainColor=GREY,
            tickColor=GREY,
            grid=False,
        )
        .configure_text(fontSize=FONT_SIZE, color=INK, font=FONT)
        .configure_concat(spacing=8)
    )
    spec = styled.to_dict()
    svg = prefix_ids(vl_convert.vegalite_to_svg(spec), name)
    return Figure(name, runs(caption), alt, svg, spec)


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
