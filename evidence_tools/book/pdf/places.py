"""Which page of the book an element of the article comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import Tag

HEADINGS = "h1, h2, h3, h4, h5, h6"
"""Selects every heading."""


def mark_pages(body: Tag) -> None:
    """Write on each section that is a page of the book which page it is.

    Sphinx puts the page's id in an empty ``span`` before the section; it may also be the
    section's own.
    """
    for section in body.select("section[id^='document-']"):
        section["data-page"] = str(section["id"]).removeprefix("document-")
    for anchor in body.select("span[id^='document-']"):
        for section in anchor.find_next_siblings("section", limit=1):
            section["data-page"] = str(anchor["id"]).removeprefix("document-")


def page_of(tag: Tag) -> str:
    """Return the page of the book that `tag` comes from; empty for the first page."""
    if tag.get("data-page"):
        return str(tag["data-page"])
    section = tag.find_parent(attrs={"data-page": True})
    return str(section["data-page"]) if section else ""
