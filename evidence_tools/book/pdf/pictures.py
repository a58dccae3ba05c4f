"""Pictures of the printed report: charts and image files, each stored with its alternative text."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from evidence_tools.book.pdf.places import page_of

if TYPE_CHECKING:
    from pathlib import Path

    from bs4 import BeautifulSoup, Tag

CHART_FONT = "Libertinus Serif"
"""The family every chart is lettered in: the PDF has only the fonts it brings along."""

# Browsers restore the capitals of SVG names while they read HTML. Our parser does not, and
# without them a chart loses its scale (viewBox) and its clipping.
_SVG_CAPITALS = (
    "viewBox preserveAspectRatio clipPath clipPathUnits linearGradient radialGradient "
    "gradientUnits gradientTransform spreadMethod patternUnits patternTransform "
    "patternContentUnits textLength lengthAdjust textPath startOffset markerWidth "
    "markerHeight markerUnits refX refY pathLength maskUnits maskContentUnits"
)
_SVG_NAMES = {name.lower(): name for name in _SVG_CAPITALS.split(" ")}


class PdfError(Exception):
    """The PDF cannot be made; the message says what to change in the book."""


def store_charts(soup: BeautifulSoup, body: Tag, image_dir: Path) -> None:
    """Write each chart to an SVG file and put an ``<img>`` with its text in its place."""
    for chart in body.select(".evidence-chart"):
        svg = chart.select_one("svg")
        if svg is None:
            continue
        for tag in [svg, *svg.find_all(True)]:
            tag.name = _SVG_NAMES.get(tag.name, tag.name)
            tag.attrs = {_SVG_NAMES.get(key, key): value for key, value in tag.attrs.items()}
        svg.attrs.setdefault("xmlns", "http://www.w3.org/2000/svg")
        figure = chart.find_parent("figure") or chart
        name = _free_name(image_dir, str(figure.get("id", "chart")), ".svg")
        text = with_chart_font(svg.decode(formatter="minimal"))
        (image_dir / name).write_text(text, encoding="utf-8")
        image = soup.new_tag("img", attrs={"src": name, "alt": str(chart.get("aria-label", ""))})
        image["class"] = "stored"
        chart.replace_with(image)


def copy_pictures(body: Tag, image_dir: Path, resources: Path) -> None:
    """Copy the pictures that are not charts; refuse any picture without alternative text."""
    for image in body.find_all("img"):
        place = _place(image.find_parent("figure") or image)
        if not str(image.get("alt", "")).strip():
            raise PdfError(
                f"{place} has no alternative text. Say in its `alt` option what the picture shows."
            )
        if image.get("class") == "stored":
            continue
        address = str(image.get("src", "")).partition("#")[0].partition("?")[0]
        source = (resources / address).resolve()
        if not source.is_relative_to(resources.resolve()) or not source.is_file():
            raise PdfError(
                f"{place} shows {address!r}, which is not a file of the book. "
                "Add the file, or mend its path; addresses on other sites cannot be printed."
            )
        if width := re.search(r"width:\s*([\d.]+%)", str(image.get("style", ""))):
            image["data-width"] = width[1]
        suffix = source.suffix.lower()
        image["src"] = name = _free_name(image_dir, source.stem, suffix)
        if suffix == ".svg":
            text = with_chart_font(source.read_text(encoding="utf-8"))
            (image_dir / name).write_text(text, encoding="utf-8")
        else:
            shutil.copyfile(source, image_dir / name)


def with_chart_font(svg: str) -> str:
    """Return SVG text in which every font family is the one the report is set in."""
    svg = re.sub(r"""(font-family\s*=\s*)(?:"[^"]*"|'[^']*')""", rf'\1"{CHART_FONT}"', svg)
    svg = re.sub(r"""(font-family\s*:\s*)(?:&quot;|[^;"{}<>])+""", rf"\1{CHART_FONT}", svg)
    return re.sub(r"<svg\b(?![^>]*font-family)", f'<svg font-family="{CHART_FONT}"', svg, count=1)


def _place(tag: Tag) -> str:
    """Name a picture for somebody who has to mend it: by its id and its page."""
    name = f"Figure {tag.get('id')!r}" if tag.get("id") else "A picture without an id"
    return f"{name} on page {page_of(tag)!r}" if page_of(tag) else f"{name} on the first page"


def _free_name(folder: Path, stem: str, suffix: str) -> str:
    """Return a file name like `stem` that is safe everywhere and not yet taken in `folder`."""
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-") or "picture"
    name, count = f"{safe}{suffix}", 2
    while (folder / name).exists():
        name, count = f"{safe}-{count}{suffix}", count + 1
    return name
