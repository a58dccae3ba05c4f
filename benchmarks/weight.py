"""How many bytes a reader's browser asks for."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup


@dataclass(frozen=True)
class Weight:
    """Bytes of one page, as a server that compresses text sends them.

    Attributes
    ----------
    page
        Which page.
    first
        The page with all style sheets, scripts and pictures it names.
    cached
        The page and its own pictures, when styles and scripts are known.
    """

    page: str
    first: int
    cached: int


def heaviest_page(html: Path) -> Weight:
    """Find the page of a site that asks for most at its first view."""
    weights = [_weigh(page, html) for page in sorted(html.rglob("*.html"))]
    return max(weights, key=lambda weight: weight.first)


def _weigh(page: Path, root: Path) -> Weight:
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    shared = {tag["href"] for tag in soup.select('link[rel="stylesheet"], link[rel="preload"]')}
    shared |= {tag["src"] for tag in soup.select("script[src]")}
    own = {tag["src"] for tag in soup.select("img[src]")}
    text = _size(page)
    pictures = sum(_size(path) for path in _files(own, page))
    common = sum(_size(path) for path in _files(shared, page))
    return Weight(page.relative_to(root).as_posix(), text + pictures + common, text + pictures)


def _files(addresses: set[str], page: Path) -> set[Path]:
    found = set()
    for address in addresses:
        parts = urlsplit(str(address))
        if parts.scheme or parts.netloc:
            continue
        path = (page.parent / unquote(parts.path)).resolve()
        if path.is_file():
            found.add(path)
    return found


def _size(path: Path) -> int:
    content = path.read_bytes()
    if path.suffix in (".html", ".css", ".js", ".svg", ".json"):
        return len(gzip.compress(content, mtime=0))
    return len(content)
