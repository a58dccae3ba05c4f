"""Pictures of every kind: what print shows of them, and the words that stand for them.

Pages and Typst show SVG, PNG, JPEG, GIF and WebP; other kinds are converted to PNG. A picture
without a text alternative stops the build: the name of a file says nothing to a reader.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode
from collections.abc import Iterator
from mimetypes import guess_extension
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms.images import ImageConverter
from sphinx.util import logging

from evidence_tools.book.nodes import (
    KNOWN,
    evidence_chart,
    html_nodes,
    moving_chart,
    place_of,
)
from evidence_tools.book.writer import Writer, call, literal, prints

LOGGER = logging.getLogger(__name__)

SHOWN = ["image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp"]
CHART_FONT = "&apos;Source Sans 3&apos;"
"""The family every drawing is lettered in: the PDF has only the fonts it brings along."""
_UNITS = {"px": (0.75, "pt"), "": (0.75, "pt"), "ex": (0.5, "em"), "pc": (12, "pt")}
_UNITS |= {"rem": (11, "pt"), **{unit: (1, unit) for unit in ("pt", "em", "cm", "mm", "in", "%")}}
_IN_CELL = (
    "what cell %s draws has no text alternative; say what it shows in the cell's settings "
    "(mystnb: image: alt: ...), or in the description of an Altair chart"
)
_IN_TEXT = (
    "the picture %r has no text alternative; say what it shows: ![words](file), the option "
    '`:alt:` of a directive, alt="words", or <title> in a drawing'
)
_NO_MERMAID = (
    "a mermaid diagram is drawn by a script of another host, and print has none; draw it once to "
    "a file, and show that: mmdc -i diagram.mmd -o diagram.svg"
)
_TAG = re.compile(r"</?([A-Za-z][\w-]*)\b[^>]*?>")


class Pictures:
    """The pictures of a PDF: each is kept once, under a name that follows from its content.

    Parameters
    ----------
    book
        Folder that addresses of pictures start from.
    folder
        Existing folder that receives the files.
    """

    def __init__(self, book: Path, folder: Path) -> None:
        self.book, self.folder = book.resolve(), folder

    def keep(self, content: bytes, suffix: str) -> str:
        """Store a picture and return its name."""
        name = f"{hashlib.sha256(content).hexdigest()[:16]}{suffix}"
        (self.folder / name).write_bytes(content)
        return name

    def drawing(self, svg: str) -> str:
        """Store a drawing, lettered in a font that the PDF has, and return its name."""
        svg = re.sub(r"""(font-family\s*=\s*)(?:"[^"]*"|'[^']*')""", rf'\1"{CHART_FONT}"', svg)
        svg = re.sub(r"""(font-family\s*:\s*)(?:&quot;|[^;"{}<>])+""", rf"\1{CHART_FONT}", svg)
        if "xmlns=" not in svg.partition(">")[0]:
            svg = svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
        if "font-family" not in svg.partition(">")[0]:
            svg = svg.replace("<svg", f'<svg font-family="{CHART_FONT}"', 1)
        return self.keep(svg.encode(), ".svg")

    def image(self, node: nodes.image) -> str:
        """Write a picture with its size; empty if it is no file of the book."""
        if not (name := self._name(node)):
            return ""
        around: Any = node.parent if node.parent is not None else {}
        sizes = {
            "width": _length(node.get("width") or around.get("width")),
            "height": _length(node.get("height")),
            "scaled": f"{node['scale']}%" if node.get("scale") else "",
        }
        side = node.get("align") or around.get("align")
        sizes["place"] = side if side in ("left", "center", "right") else ""
        return call("picture", literal(name), literal(str(node.get("alt", ""))), **sizes)

    def _name(self, node: nodes.image) -> str:
        """Store the picture of a node; empty if there is none."""
        address = str(node["uri"])
        if "svg" in node:
            return self.drawing(node["svg"])
        if address.startswith("data:"):
            kind, _, content = address.removeprefix("data:").partition(",")
            suffix = guess_extension(kind.partition(";")[0]) or ".png"
            return self.keep(b64decode(content), suffix) if kind.endswith("base64") else ""
        path = (self.book / address).resolve()
        if not path.is_file() or not path.is_relative_to(self.book):
            return ""
        if path.suffix.lower() == ".svg":
            return self.drawing(path.read_text(encoding="utf-8"))
        return self.keep(path.read_bytes(), path.suffix.lower())


@prints("image")
def _image(writer: Writer, node: Any) -> str:
    markup = writer.pictures.image(node)
    if not markup:
        return writer.absent(node, str(node.get("alt") or "picture"), str(node.get("uri", "")))
    if isinstance(node.parent, nodes.reference):
        markup = writer.link(node.parent, markup)
    return writer.anchor(node) + markup


@prints("evidence_chart")
def _chart(writer: Writer, node: Any) -> str:
    return call("chart", literal(writer.pictures.drawing(node["svg"])), literal(node["alt"]))


@prints("moving_chart")
def _moving_chart(writer: Writer, node: Any) -> str:
    return writer.absent(node, f"interactive chart: {node['alt']}")


def _length(value: Any) -> str:
    """Write a length of HTML as one of Typst; a share is one of the text column."""
    match = re.fullmatch(r"\s*([\d.]+)\s*([a-z%]*)\s*", str(value or ""))
    if match is None or match[2] not in _UNITS:
        return ""
    factor, unit = _UNITS[match[2]]
    return f"{float(match[1]) * factor:g}{unit}"


class ToPng(ImageConverter):
    """Turn kinds of pictures that a browser cannot show into PNG, for pages and print alike."""

    conversion_rules = [  # noqa: RUF012 - the name and shape Sphinx asks for
        (kind, "image/png")
        for kind in ("image/bmp", "image/x-ms-bmp", "image/tiff", "application/pdf")
    ]

    def is_available(self) -> bool:
        """Say that it can always be used."""
        return True

    def convert(self, _from: Any, _to: Any) -> bool:
        """Write the first page or frame as PNG."""
        if str(_from).lower().endswith(".pdf"):
            import pypdfium2

            with pypdfium2.PdfDocument(_from) as document:
                document[0].render(scale=3).to_pil().save(_to)
        else:
            from PIL import Image

            with Image.open(_from) as picture:
                picture.convert("RGBA").save(_to)
        return True


def check_pictures(app: Sphinx, doctree: nodes.document) -> None:
    """Report what a page draws and has no text alternative, or cannot be drawn here."""
    for node in [*doctree.findall(nodes.Element), *_pictures_in_html(doctree)]:
        if type(node).__name__ == "mermaid":
            LOGGER.error(_NO_MERMAID, location=place_of(node))
        is_picture = isinstance(node, nodes.image | evidence_chart | moving_chart)
        if not is_picture or str(node.get("alt") or "").strip():
            continue
        if (cell := _cell_of(node)) is None:
            shown = (node.get("svg") or node["uri"]).partition(">")[0]
            LOGGER.error(_IN_TEXT, shown, location=place_of(node))
        else:
            LOGGER.error(_IN_CELL, cell.get("cell_index", ""), location=place_of(node))


def _pictures_in_html(doctree: nodes.document) -> Iterator[Any]:
    """Find the pictures in HTML that an author wrote; in a line, each tag is a node by itself."""
    raws: list[Any] = [raw for raw in doctree.findall(nodes.raw) if _cell_of(raw) is None]
    lines = (raw.parent if isinstance(raw.parent, nodes.TextElement) else raw for raw in raws)
    for line in dict.fromkeys(lines):
        found = [line] if isinstance(line, nodes.raw) else line.deepcopy().children
        made = nodes.container("", *html_nodes(found, line))
        made.parent = line
        yield from made.findall(nodes.image)


def _cell_of(node: nodes.Node) -> Any:
    around: Any = node
    while around is not None and around.get("nb_element") != "cell_code":
        around = around.parent
    return around


def show_brackets(app: Sphinx, doctree: nodes.document) -> None:
    """Show words in brackets as words: browsers pass over tags that are no HTML."""
    for raw in list(doctree.findall(nodes.raw)):
        tag, parent = _TAG.fullmatch(raw.astext().strip()), raw.parent
        is_unknown = tag and tag[1].lower() not in KNOWN and "<svg" not in parent.astext()
        if is_unknown and isinstance(parent, nodes.TextElement):
            parent.replace(raw, nodes.Text(raw.astext()))


def show_attachments(app: Sphinx, docname: str, source: list[str]) -> None:
    """Write pictures that are attached to cells of a notebook file into its text."""
    if not app.env.doc2path(docname).endswith(".ipynb") or '"attachments"' not in source[0]:
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        for name, forms in cell.pop("attachments", {}).items():
            kind, content = next(iter(forms.items()))
            text = text.replace(f"attachment:{name}", f"data:{kind};base64,{''.join(content)}")
        cell["source"] = text
    source[0] = json.dumps(notebook)


def add_pictures(app: Sphinx) -> None:
    """Have other kinds of pictures converted, attached ones shown, missing words reported."""
    app.add_post_transform(ToPng)
    app.connect("source-read", show_attachments)
    app.connect("doctree-read", show_brackets)
    app.connect("doctree-read", check_pictures)
