"""Links inside the printed report: each leads to one label, and footnotes stand at their call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from evidence_tools.book.pdf.places import HEADINGS, page_of

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What a chapter that is set by itself has to know of the others.

    Attributes
    ----------
    elsewhere
        Ids in other chapters that this one links to, with their labels.
    asked
        Ids in this chapter that others link to, with the labels they use.
    """

    elsewhere: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, str] = field(default_factory=dict)


def label_ids(body: Tag) -> dict[str, str]:
    """Give each id of a chapter the label of what it stands for in print.

    Several ids may stand for one thing, as the anchors above a heading do: they share the label
    that is made of the first.
    """
    labels: dict[int, str] = {}
    found: dict[str, str] = {}
    for tag in body.find_all(id=True):
        holder = _label_holder(tag)
        label = labels.setdefault(id(holder), _stem(str(tag["id"])))
        found.setdefault(str(tag["id"]), label)
    return found


def settle_links(soup: BeautifulSoup, body: Tag, neighbours: Neighbours | None = None) -> None:
    """Point each internal link at a label that exists once, and turn the others into text.

    Ids in ``singlehtml`` are unique in a page of the book but not in the article: chapters share
    section names, and Sphinx counts ``id1, id2, ...`` in each. A link is therefore looked up in
    its own page first, unless Sphinx wrote it as a link to another page (``index.html#...``).
    Footnotes move to where they are first called.

    Parameters
    ----------
    soup, body
        The article, or one chapter of it.
    neighbours
        For one chapter: what links lead out of it and into it.
    """
    around = neighbours or Neighbours()
    targets: dict[str, list[Tag]] = {}
    for tag in body.find_all(id=True):
        targets.setdefault(str(tag["id"]), []).append(tag)
    labels: dict[int, str] = {}
    used: list[Tag] = []
    also: list[tuple[Tag, str]] = []
    for wanted, label in around.asked.items():
        holder = _label_holder(targets[wanted][0])
        if id(holder) not in labels:
            labels[id(holder)] = label
            used.append(holder)
        elif labels[id(holder)] != label:
            also.append((holder, label))
    for link in body.find_all("a", href=True):
        address, mark, wanted = str(link["href"]).partition("#")
        if re.match(r"(?:https?|mailto):", address):
            continue
        if mark and wanted not in targets and wanted in around.elsewhere:
            link["href"] = f"#{around.elsewhere[wanted]}"
            continue
        found = targets.get(wanted, []) if mark else []
        if not found:
            link.unwrap()
            continue
        target = min(found, key=partial(_distance, link, to_other_page=bool(address)))
        holder = _label_holder(target)
        if id(holder) not in labels:
            stem = _stem(wanted)
            taken = sum(label == stem or label.startswith(f"{stem}..") for label in labels.values())
            labels[id(holder)] = f"{stem}..{taken + 1}" if taken else stem
            if "footnote" in target.get_attribute_list("class"):
                _move_footnote(link, target, labels[id(holder)])
                continue
            used.append(holder)
        link["href"] = f"#{labels[id(holder)]}"
        if "footnote" in target.get_attribute_list("class"):
            link.wrap(soup.new_tag("sup"))
    for tag in body.select("[id]:not(span.footnote)"):
        del tag["id"]
    for holder in used:
        _attach_label(soup, holder, labels[id(holder)])
    for holder, label in also:
        # Others know it by another name too, which then stands before it.
        holder.insert_before(soup.new_tag("span", attrs={"id": label, "class": "anchor"}))
    for note in body.select("aside.footnote"):
        note.decompose()


def _stem(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "place"


def _distance(link: Tag, target: Tag, *, to_other_page: bool) -> tuple[bool, bool]:
    """Rank what a link may mean; smaller is likelier."""
    classes = target.get_attribute_list("class")
    from_citation = link.find_parent(class_="bibtex-citation") is not None
    if from_citation:
        unlikely = "citation" not in classes
    else:
        unlikely = "footnote-reference" in classes or "bibtex-citation" in classes
    return unlikely, (page_of(link) == page_of(target)) == to_other_page


def _label_holder(tag: Tag) -> Tag:
    """Return the element that stands for `tag` in print: an empty anchor yields to its heading."""
    if tag.name == "span" and not tag.get_text(strip=True):
        following = tag.find_next_sibling(True)
        if following is not None and re.match(r"(section|span|h[1-6])$", following.name):
            holder = _label_holder(following)
            return holder if holder.name != "span" else tag
    if tag.name == "section":
        return tag.select_one(HEADINGS) or tag
    return tag


def _attach_label(soup: BeautifulSoup, holder: Tag, label: str) -> None:
    """Put a label on headings, figures and tables; elsewhere add an anchor to the first words."""
    if holder.name in {"figure", "table", *HEADINGS.split(", ")}:
        holder["id"] = label
        return
    anchor = soup.new_tag("span", attrs={"id": label, "class": "anchor"})
    if holder.name not in {"p", "li", "dt", "dd", "td", "th", "span", "a"}:
        holder = holder.select_one("p, li, dt, td, th") or holder
    holder.insert(0, anchor)


def _move_footnote(link: Tag, note: Tag, label: str) -> None:
    """Put the text of a footnote where it is called; it keeps the number Sphinx gave it."""
    mark = link.get_text(strip=True)
    link.name = "span"
    link.attrs = {"class": "footnote", "id": label, "data-mark": mark}
    link.clear()
    for number, paragraph in enumerate(note.find_all("p")):
        link.extend([" " if number else "", *list(paragraph.contents)])
