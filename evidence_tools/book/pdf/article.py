"""Turn the article that Sphinx's ``singlehtml`` builder writes into plain, semantic HTML.

What comes in is made for a browser: code cells, permalinks, cards, charts drawn inside the page.
What goes out holds only what a printed report can show, in the few elements ``markup`` knows.
Numbers that Sphinx gave to sections, figures and tables stay, so that page and PDF agree.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evidence_tools.book.pdf.columns import ROOM, lay_out_table
from evidence_tools.book.pdf.links import Neighbours, label_ids, settle_links
from evidence_tools.book.pdf.pictures import copy_pictures, store_charts
from evidence_tools.book.pdf.places import HEADINGS, mark_pages, page_of

if TYPE_CHECKING:
    from pathlib import Path

    from bs4 import BeautifulSoup, Tag

_DROPPED = {"script", "style", "button", "template", "noscript", "iframe", "nav", "input"}
_DROPPED_CLASSES = {"copybtn", "no-pdf", "cell_input", "sd-summary-state-marker"}
_DROPPED_OF_KIND = {("a", "headerlink"), ("hr", "footnotes"), ("svg", "sd-octicon")}
_WRAPPERS = {"div", "section", "details", "aside", "article", "main"}
_ATTRIBUTES = {"id", "href", "src", "alt", "colspan", "rowspan", "start", "type"}
_CLASSES = {"titled", "title", "part", "anchor", "footnote", "tex", "section-number", *ROOM}
_CLASSES |= {"landscape", "caption-number"}
_KINDS = {"note", "warning", "caution", "attention", "danger", "error", "important", "tip", "hint"}
_KINDS |= {"seealso", "topic", "sidebar", "citation"}
_PANELS = "div.admonition, div.sd-card, details, div.citation, .topic, aside.sidebar"
_PANEL_TITLES = (
    ":scope > .admonition-title, :scope > summary, :scope > .label, :scope > .topic-title, "
    ":scope > .sidebar-title, .sd-card-title"
)


def tidy_article(
    html: str, image_dir: Path, *, resources: Path, neighbours: Neighbours | None = None
) -> str:
    """Return the article as plain HTML, with every picture stored as a file.

    Parameters
    ----------
    html : str
        The body that ``singlehtml`` wrote, or a page that has it in its ``<article>``.
    image_dir : Path
        Existing folder that receives the charts and copies of the other pictures.
    resources : Path
        Folder that relative addresses of pictures start from: the builder's output folder.
    neighbours : Neighbours, optional
        When `html` is one chapter of the article: what links lead out of it and into it.

    Returns
    -------
    str
        An HTML fragment. Pictures are named relative to `image_dir`.

    Raises
    ------
    PdfError
        If a picture has no alternative text or is not a file of the book.
    """
    soup, body = _read(html)
    store_charts(soup, body, image_dir)
    _drop(body)
    copy_pictures(body, image_dir, resources)
    settle_links(soup, body, neighbours)
    _mark_mathematics(soup, body)
    _mark_panels(soup, body)
    _level_headings(body)
    _lay_out_tables(body)
    _strip_markup(soup, body)
    return body.decode_contents()


def find_labels(html: str) -> dict[str, str]:
    """Give each id of a chapter the label it gets in print, for the links of other chapters."""
    return label_ids(_read(html)[1])


def _read(html: str) -> tuple[BeautifulSoup, Tag]:
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    body = soup.select_one("article") or soup
    mark_pages(body)
    return soup, body


def _drop(body: Tag) -> None:
    for tag in body.find_all(_is_dropped):
        tag.decompose()
    for file in body.select("code.download"):
        # What can be fetched with a click is named in print like anything else.
        file.unwrap()


def _is_dropped(tag: Tag) -> bool:
    """Whether an element is of no use in print; asked of each, so it looks at little."""
    if tag.name in _DROPPED or "hidden" in tag.attrs:
        return True
    classes = tag.get("class")
    if not classes:
        return False
    names = set(classes)
    if names & _DROPPED_CLASSES or any((tag.name, name) in _DROPPED_OF_KIND for name in names):
        return True
    if not names & {"backrefs", "fn-bracket"}:
        return False
    within = {"footnote"} if "backrefs" in names else {"footnote", "footnote-reference"}
    return any(within.intersection(parent.get("class") or ()) for parent in tag.parents)


def _mark_mathematics(soup: BeautifulSoup, body: Tag) -> None:
    """Keep formulas as TeX in an attribute, where no later step mistakes them for text."""
    for struck in body.select("span.struck"):
        struck.name = "s"
    for tag in body.select("span.math, div.math"):
        number = tag.select_one(".eqno")
        label = number.get_text(strip=True) if number else ""
        if number is not None:
            number.extract()
        anchor = tag.select_one(".anchor")
        tex = re.sub(r"^\\[(\[]|\\[)\]]$", "", tag.get_text().strip()).strip()
        formula = soup.new_tag("span", attrs={"class": "tex", "data-tex": tex})
        if tag.name == "div":
            formula.attrs |= {"data-display": "yes", "data-number": label}
        tag.replace_with(formula)
        if anchor is not None:
            formula.insert_before(anchor)
        if "data-display" in formula.attrs:
            paragraph = formula.wrap(soup.new_tag("p"))
            if anchor is not None:
                paragraph.insert(0, anchor)


def _mark_panels(soup: BeautifulSoup, body: Tag) -> None:
    """Give admonitions, cards, folded text and bibliography entries one shape: title, then rest."""
    for rubric in body.select("p.rubric, label.sd-tab-label"):
        strong = soup.new_tag("strong")
        strong.extend(list(rubric.contents))
        rubric.append(strong)
        rubric.name = "p"
    for tag in body.select(_PANELS):
        classes = tag.get_attribute_list("class")
        title = tag.select_one(_PANEL_TITLES)
        if title is None or "hide" in classes:
            # What MyST-NB folds away is code, dropped above, or output, which print must show.
            if title is not None:
                title.decompose()
            continue
        stretched = tag.select_one("a.sd-stretched-link")
        line = soup.new_tag("p")
        head = soup.new_tag("div", attrs={"class": "title"})
        head.append(line)
        title.extract()
        if stretched is not None:
            # A card that is a link as a whole: in print its title is the link.
            stretched.extract().clear()
            line.append(stretched)
            line = stretched
        line.extend(list(title.contents))
        tag.insert(0, head)
        tag.name = "div"
        kind = next((name for name in classes if name in _KINDS), "card")
        tag.attrs = {"class": "titled", "data-kind": kind}


def _level_headings(body: Tag) -> None:
    """Make the title of every page a chapter, and leave no gap between a heading and the next."""
    pages = [h for h in body.select(HEADINGS) if page_of(h)]
    shift = min((int(h.name[1]) for h in pages), default=1) - 1
    above = 0
    for heading in body.select(HEADINGS):
        level = int(heading.name[1]) - (shift if page_of(heading) else 0)
        above = min(max(level, 1), above + 1)
        heading.name = f"h{above}"


def _lay_out_tables(body: Tag) -> None:
    for table in body.find_all("table"):
        for cell in table.find_all(["td", "th"]):
            for side in ("right", "center"):
                if f"text-{side}" in cell.get_attribute_list("class"):
                    cell["style"] = f"text-align: {side}"
        lay_out_table(table)


def _strip_markup(soup: BeautifulSoup, body: Tag) -> None:
    """Remove wrappers, and every class, style and attribute that the next steps do not read."""
    for tag in body.find_all(True):
        classes = [c for c in tag.get_attribute_list("class") if c in _CLASSES]
        if tag.name in _WRAPPERS and not classes:
            tag.unwrap()
            continue
        style = tag.get("style") if tag.name in {"col", "td", "th"} else None
        tag.attrs = {k: v for k, v in tag.attrs.items() if k in _ATTRIBUTES or k[:5] == "data-"}
        if classes:
            tag["class"] = " ".join(classes)
        if style:
            tag["style"] = style
    for table in body.find_all("table", class_="landscape"):
        # What leads to a table on its side would be left behind alone: a heading, and the caption
        # of the part above it.
        heading = table.find_previous_sibling(True)
        page = table.wrap(soup.new_tag("div", attrs={"class": "landscape"}))
        if heading is not None and re.match("h[1-6]$", heading.name):
            part = heading.find_previous_sibling(True)
            page.insert(0, heading.extract())
            if part is not None and part.get("class") == "part":
                page.insert(0, part.extract())
