"""Turn the article that Sphinx's ``singlehtml`` builder writes into plain, semantic HTML.

What comes in is made for a browser: code cells, permalinks, cards, charts drawn inside the page.
What goes out holds only what a printed report can show, in the few elements ``pdf`` knows.
Numbers that Sphinx gave to sections, figures and tables stay, so that page and PDF agree.
"""

from __future__ import annotations

import re
import shutil
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from bs4 import BeautifulSoup, Tag

CHART_FONT = "Libertinus Serif"
"""The family every chart is lettered in: the PDF has only the fonts it brings along."""

TABLE_LIMITS = {"normal": 76, "wide": 125}
"""How many characters of a row fit the text column, and the width of the page."""

LONGEST_WHOLE_CELL = 400
"""Rows whose cells have at most this many characters are never split between pages."""

_DROPPED = (
    "script, style, button, template, noscript, iframe, nav, input, [hidden], a.headerlink, "
    ".copybtn, .no-pdf, .cell_input, hr.footnotes, .footnote .backrefs, .footnote .fn-bracket, "
    ".footnote-reference .fn-bracket, svg.sd-octicon, .sd-summary-state-marker"
)
_WRAPPERS = {"div", "section", "details", "aside", "article", "main"}
_ATTRIBUTES = {"id", "href", "src", "alt", "colspan", "rowspan", "start", "type"}
_CLASSES = {"titled", "title", "part", "anchor", "footnote", "tex", "section-number", *TABLE_LIMITS}
_CLASSES |= {"landscape", "caption-number"}
_KINDS = {"note", "warning", "caution", "attention", "danger", "error", "important", "tip", "hint"}
_KINDS |= {"seealso", "topic", "sidebar", "citation"}
_PANELS = "div.admonition, div.sd-card, details, div.citation, .topic, aside.sidebar"
_PANEL_TITLES = (
    ":scope > .admonition-title, :scope > summary, :scope > .label, :scope > .topic-title, "
    ":scope > .sidebar-title, .sd-card-title"
)
_HEADINGS = "h1, h2, h3, h4, h5, h6"

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


def tidy_article(html: str, image_dir: Path, *, resources: Path) -> str:
    """Return the article as plain HTML, with every picture stored as a file.

    Parameters
    ----------
    html : str
        The body that ``singlehtml`` wrote, or a page that has it in its ``<article>``.
    image_dir : Path
        Existing folder that receives the charts and copies of the other pictures.
    resources : Path
        Folder that relative addresses of pictures start from: the builder's output folder.

    Returns
    -------
    str
        An HTML fragment. Pictures are named relative to `image_dir`.

    Raises
    ------
    PdfError
        If a picture has no alternative text or is not a file of the book.
    """
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    body = soup.select_one("article") or soup
    _mark_pages(body)
    store_charts(soup, body, image_dir)
    for tag in body.select(_DROPPED):
        tag.decompose()
    copy_pictures(body, image_dir, resources)
    settle_links(soup, body)
    _mark_mathematics(soup, body)
    _mark_panels(soup, body)
    _level_headings(body)
    _lay_out_tables(body)
    _strip_markup(soup, body)
    return body.decode_contents()


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


def settle_links(soup: BeautifulSoup, body: Tag) -> None:
    """Point each internal link at a label that exists once, and turn the others into text.

    Ids in ``singlehtml`` are unique in a page of the book but not in the article: chapters share
    section names, and Sphinx counts ``id1, id2, ...`` in each. A link is therefore looked up in
    its own page first, unless Sphinx wrote it as a link to another page (``index.html#...``).
    Footnotes move to where they are first called.
    """
    targets: dict[str, list[Tag]] = {}
    for tag in body.find_all(id=True):
        targets.setdefault(str(tag["id"]), []).append(tag)
    labels: dict[int, str] = {}
    used: list[Tag] = []
    for link in body.find_all("a", href=True):
        address, mark, wanted = str(link["href"]).partition("#")
        if re.match(r"(?:https?|mailto):", address):
            continue
        found = targets.get(wanted, []) if mark else []
        if not found:
            link.unwrap()
            continue
        target = min(found, key=partial(_distance, link, to_other_page=bool(address)))
        holder = _label_holder(target)
        if id(holder) not in labels:
            stem = re.sub(r"[^A-Za-z0-9_-]+", "-", wanted).strip("-") or "place"
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
    for note in body.select("aside.footnote"):
        note.decompose()


def _distance(link: Tag, target: Tag, *, to_other_page: bool) -> tuple[bool, bool]:
    """Rank what a link may mean; smaller is likelier."""
    classes = target.get_attribute_list("class")
    from_citation = link.find_parent(class_="bibtex-citation") is not None
    if from_citation:
        unlikely = "citation" not in classes
    else:
        unlikely = "footnote-reference" in classes or "bibtex-citation" in classes
    return unlikely, (_page(link) == _page(target)) == to_other_page


def _label_holder(tag: Tag) -> Tag:
    """Return the element that stands for `tag` in print: an empty anchor yields to its heading."""
    if tag.name == "span" and not tag.get_text(strip=True):
        following = tag.find_next_sibling(True)
        if following is not None and re.match(r"(section|span|h[1-6])$", following.name):
            holder = _label_holder(following)
            return holder if holder.name != "span" else tag
    if tag.name == "section":
        return tag.select_one(_HEADINGS) or tag
    return tag


def _attach_label(soup: BeautifulSoup, holder: Tag, label: str) -> None:
    """Put a label on headings, figures and tables; elsewhere add an anchor to the first words."""
    if holder.name in {"figure", "table", *_HEADINGS.split(", ")}:
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


def _mark_pages(body: Tag) -> None:
    """Write on each section that is a page of the book which page it is.

    Sphinx puts the page's id in an empty ``span`` before the section; it may also be the
    section's own.
    """
    for section in body.select("section[id^='document-']"):
        section["data-page"] = str(section["id"]).removeprefix("document-")
    for anchor in body.select("span[id^='document-']"):
        for section in anchor.find_next_siblings("section", limit=1):
            section["data-page"] = str(anchor["id"]).removeprefix("document-")


def _page(tag: Tag) -> str:
    """Return the page of the book that `tag` comes from; empty for the first page."""
    if tag.get("data-page"):
        return str(tag["data-page"])
    section = tag.find_parent(attrs={"data-page": True})
    return str(section["data-page"]) if section else ""


def _place(tag: Tag) -> str:
    """Name a picture for somebody who has to mend it: by its id and its page."""
    name = f"Figure {tag.get('id')!r}" if tag.get("id") else "A picture without an id"
    return f"{name} on page {_page(tag)!r}" if _page(tag) else f"{name} on the first page"


def _free_name(folder: Path, stem: str, suffix: str) -> str:
    """Return a file name like `stem` that is safe everywhere and not yet taken in `folder`."""
    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-") or "picture"
    name, count = f"{safe}{suffix}", 2
    while (folder / name).exists():
        name, count = f"{safe}-{count}{suffix}", count + 1
    return name


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
    pages = [h for h in body.select(_HEADINGS) if _page(h)]
    shift = min((int(h.name[1]) for h in pages), default=1) - 1
    above = 0
    for heading in body.select(_HEADINGS):
        level = int(heading.name[1]) - (shift if _page(heading) else 0)
        above = min(max(level, 1), above + 1)
        heading.name = f"h{above}"
    for caption in body.select(".toctree-wrapper > p.caption"):
        caption.name, caption["class"] = "div", "part"


def _lay_out_tables(body: Tag) -> None:
    """Say of each table how much room it needs: text column, page width, or a page on its side."""
    for table in body.find_all("table"):
        needs: dict[int, int] = {}
        longest = 0
        for row in table.find_all("tr"):
            for column, cell in enumerate(row.find_all(["td", "th"], recursive=False)):
                text = cell.get_text(" ", strip=True)
                longest = max(longest, len(text))
                word = max(map(len, text.split()), default=0)
                # A column needs its longest word (up to where words are broken); long text wraps,
                # but wants a line that can still be read.
                need = 2 + max(min(word, 14), min(len(text) // 4, 18))
                needs[column] = max(needs.get(column, 0), need)
                for side in ("right", "center"):
                    if f"text-{side}" in cell.get_attribute_list("class"):
                        cell["style"] = f"text-align: {side}"
        width = sum(needs.values())
        fitting = (name for name, limit in TABLE_LIMITS.items() if width <= limit)
        # A coloured block cannot grow into the margins, nor hold a page of its own.
        inside = table.find_parent(class_="titled") is not None
        table["class"] = "normal" if inside else next(fitting, "landscape")
        table["data-whole"] = "true" if longest <= LONGEST_WHOLE_CELL else "false"


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
        # A heading right above a table on its side would be left behind alone.
        heading = table.find_previous_sibling(True)
        page = table.wrap(soup.new_tag("div", attrs={"class": "landscape"}))
        if heading is not None and re.match("h[1-6]$", heading.name):
            page.insert(0, heading.extract())
