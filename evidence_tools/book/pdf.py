"""The whole book as one PDF, from the doctrees that pages are written from.

The PDF follows PDF/UA-1: it is tagged, has bookmarks, and every picture has a text alternative.
The same chapters with the same details give the same bytes. Nothing is asked of the network.
"""

import datetime
import hashlib
import io
import json
import re
import shutil
from base64 import b64decode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, unquote_to_bytes
from xml.etree import ElementTree

from docutils import nodes
from PIL import Image
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.util.nodes import traverse_parent
from sphinx.util.tags import Tags

from evidence_tools.book.execution import BuildError
from evidence_tools.book.layout import address_of, cite, file_stem, report_of
from evidence_tools.book.nodes import absent_media, moving_chart, place_of, read_html, refuse
from evidence_tools.book.roles import chapter_order, is_printed
from evidence_tools.book.site import OWN, keep_vega
from evidence_tools.book.writer import STYLES, Writer
from evidence_tools.check.pages import pdf_pages

_PRINT, _MARKUP, _FACTS, _PAGES = ".print", "main.typ", "facts.json", "pages.json"
_FONTS = "fonts"
"""Folder of a book for fonts of scripts that the report's own fonts do not have."""
_SHOWN = ("svg+xml", "png", "jpeg", "gif", "webp")
_OTHER_SCRIPTS = re.compile("[\u0530-\u058f\u0600-\u1cff\u2e80-\ud7ff\uf900-\ufaff\ufb50-\uffef]")


class PrintBuilder(Builder):
    """Stands in the place of the HTML builder while references are resolved for print."""

    name = format = "typst"
    supported_image_types = [f"image/{kind}" for kind in _SHOWN]  # noqa: RUF012
    supported_data_uri_images = supported_remote_images = True

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        """Name a page as the writer looks it up."""
        return f"%{docname}"

    def get_relative_uri(self, from_: str, to: str, typ: str | None = None) -> str:
        """Name a page; in one file, no page is relative to another."""
        return f"%{to}"


def resolve_pages(app: Any, names: Iterable[str]) -> dict[str, nodes.document]:
    """Resolve references of pages for print; give those that are in it, report what is wrong."""
    env = app.env
    # Transforms look at the application's builder and its tags, and into other pages.
    app.tags = Tags(["latex", "pdf"])  # how authors mark what is for print only
    app.builder = builder = PrintBuilder(app, env)
    builder.imgpath = "_images"
    env.get_doctree = cache(env.get_doctree)
    pages = {name: env.get_doctree(name) for name in names}
    for docname, doctree in pages.items():
        env.resolve_references(doctree, docname, builder)
        read_html(doctree)
        builder.post_process_images(doctree)
        for node in doctree.findall(nodes.Element):
            _check_picture(app, docname, node)
    if app.evidence_warnings:
        raise BuildError
    return {name: doctree for name, doctree in pages.items() if is_printed(env, name)}


def print_book(app: Any) -> list[str]:
    """Write what Typst reads, and ask the press for it; returned is what print replaces."""
    env, folder = app.env, app.evidence_site.new / _PRINT
    kept, read = folder / _PAGES, app.evidence_session.notebooks
    if not app.evidence_keeps:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        kept.write_text("[{}, {}, {}]")
    texts, remarks, labels = json.loads(kept.read_text("utf-8"))
    printed = [name for name in chapter_order(env) if is_printed(env, name)]
    changed = sorted({*read, *printed} - (texts.keys() - read.keys()))
    writer = Writer(env, resolve_pages(app, changed), address_of(app), labels=labels)
    for tree in env.tocs[app.config.root_doc].findall(addnodes.toctree):
        if first := next(filter(printed.__contains__, tree["includefiles"]), None):
            writer.parts[first] = tree.get("caption")
    for name, doctree in writer.pages.items():
        for image in list(doctree.findall(nodes.image)):
            keep_picture(image, Path(app.srcdir), folder)
        writer.remarks = remarks[name] = []
        texts[name] = writer.page(name)
    kept.write_text(json.dumps([texts, remarks, labels]), "utf-8")
    facts = report_of(app) | asdict(app.evidence_stamp) | {"how_to_cite": cite(app).strip()}
    facts |= {"short_title": app.config.project, "subtitle": app.config.evidence_subtitle}
    body = "\n\n".join(texts[name] for name in printed)
    target = Path(app.outdir, f"{file_stem(app)}.pdf")
    app.evidence_ask.send((write_markup(body, facts, folder), target))
    return [remark for name in printed for remark in remarks[name]]


def press(ask: Any, asked: Any, book: Path, build: Path) -> tuple[Path, list[str]]:
    """Lay out the last PDF, which Typst remembers; then make the one asked for; read its text."""
    ask.close()  # so that this ends when nobody can ask
    keep_vega(build / OWN)  # by the first build, while its chapters run
    with suppress(Exception):  # it may be damaged, or of another version
        _compiler(build / OWN / "kept" / _PRINT, book).query("<nothing>")
    folder, target = asked.recv()
    return make_pdf(folder, target, book), pdf_pages(target)


def write_markup(body: str, facts: dict[str, Any], folder: Path) -> Path:
    """Write the pages, and the facts that the cover says, to the folder with their pictures."""
    source = f'#import "elements.typ": *\n#show: report\n\n{body}\n'
    for name, text in ((_MARKUP, source), (_FACTS, json.dumps(facts))):
        (folder / name).write_text(text, encoding="utf-8")
    for name in STYLES:
        shutil.copyfile(Path(__file__).with_name(name), folder / name)
    return folder


def make_pdf(folder: Path, target: Path, book: Path) -> Path:
    """Make a PDF from a folder; nothing is written if Typst refuses it, which is a `BuildError`."""
    import pikepdf
    from typst import TypstError

    day = json.loads((folder / _FACTS).read_text("utf-8"))["date"]
    midnight = int(datetime.datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp())
    to: Any = {"format": "pdf", "pdf_standards": ["ua-1"], "timestamp": midnight}
    try:
        made = bytes(_compiler(folder, book).compile(**to))
    except TypstError as error:
        raise BuildError(_refusal_of(error, (folder / _MARKUP).read_text("utf-8"))) from error
    # A tagged PDF has many small objects, which together are a tenth of their size.
    packed = pikepdf.ObjectStreamMode.generate
    with pikepdf.open(io.BytesIO(made)) as document:
        document.save(target, object_stream_mode=packed, deterministic_id=True)
    return target


def _compiler(folder: Path, book: Path) -> Any:
    """Have Typst read a folder, with the book's own fonts and those that its letters need."""
    import weblate_fonts
    from typst import Compiler

    path, shipped = folder / _MARKUP, Path(weblate_fonts.__file__).parent / "static/weblate_fonts"
    fonts = [book / _FONTS, shipped / "source-sans" / "ttf"]
    # Latin, Greek, Cyrillic, Hebrew, signs are in the fonts inside Typst; the others are large.
    if _OTHER_SCRIPTS.search(path.read_text("utf-8")):
        fonts.append(shipped / "kurinto" / "ttf")
    found = [str(each) for each in fonts if each.is_dir()]
    return Compiler(str(path), str(folder), found, ignore_system_fonts=True)


def _refusal_of(error: Any, source: str) -> str:
    """Say what Typst refused, and at which page and line of the book."""
    line = re.search(r"main\.typ:(\d+)", str(error.diagnostic))
    lost = re.search(r'the text `"(.+?)"`', error.message)  # all text is written by one line
    above = source.splitlines()[: int(line[1]) if line else 0]
    above = source.partition(lost[1])[0].splitlines() if lost else above
    place = next((each[3:] for each in reversed(above) if each.startswith("// ")), "the report")
    advice = "; ".join(str(hint) for hint in error.hints)
    if "could not be displayed" in error.message:
        advice = (
            "The fonts of the PDF lack this character: write it in another way, "
            f"or put a font that has it into the folder {_FONTS}/ of the book"
        )
    return f"{place}: print refuses this: {error.message}. {advice}".strip()


def keep_picture(image: nodes.image, book: Path, folder: Path) -> None:
    """Store a picture under a name that follows from its content; not if it is none of the book."""
    address = str(image["uri"])
    if address.startswith("data:"):
        kind, _, text = address.removeprefix("data:").partition(",")
        content = b64decode(text) if ";base64" in kind else unquote_to_bytes(text)
        is_drawing = kind.startswith("image/svg")
    elif (path := (book / address).resolve()).is_file() and path.is_relative_to(book):
        content, is_drawing = path.read_bytes(), path.suffix.lower() == ".svg"
    else:
        image.replace_self(absent_media("", what=image.get("alt") or "picture", address=address))
        return
    if is_drawing:  # the PDF has only the fonts it brings along; a page needs no namespace
        content = re.sub(rb'font-family="[^"]*"', b"font-family=\"'Source Sans 3'\"", content)
        if b"xmlns=" not in content:
            content = content.replace(b"<svg", b'<svg xmlns="http://www.w3.org/2000/svg"', 1)
    # Typst looks into a picture without a suffix; the one of a name may be wrong.
    image["file"] = hashlib.sha256(content).hexdigest()[:16] + ".svg" * is_drawing
    (folder / image["file"]).write_bytes(content)


def _check_picture(app: Sphinx, docname: str, node: Any) -> None:
    """Report what has no text alternative, and what pages or print cannot show."""
    uri, above = str(node.get("uri", "")), traverse_parent(node)
    around = next((each for each in above if each.get("nb_element") == "cell_code"), None)
    is_tag = node.get("candidates") == {"?": ""}
    wrong = partial(refuse, location=(docname, place_of(node).line))
    if type(node).__name__ == "mermaid":
        wrong("mermaid")
    address = str(node.get("address") or (around is not None and node.get("refuri")) or "")
    if re.match(r"(?!\w+:|//|[%#]|.*\b_static/).", address):
        wrong("file of tag", address)
    if not isinstance(node, nodes.image | moving_chart):
        return
    if far := re.search(r'(?:^|<image\b[^>]*href=")(\w*:?//[^"]*)', unquote(uri)):
        wrong("picture elsewhere", far[1])
    if not str(node.get("alt") or "").strip():
        if around is not None and not is_tag:
            wrong("no words in cell")
        else:
            wrong("no words", unquote(uri.removeprefix("data:image/svg+xml,")[:200]).split(">")[0])
    if is_tag and around is not None:
        return
    if is_tag and uri and ":" not in uri:
        wrong("picture of tag", uri)
    elif not uri.startswith("data:") and (path := Path(app.srcdir, uri)).is_file():
        try:
            if path.suffix == ".svg":
                ElementTree.parse(path)  # noqa: S314 - a file of the author
            else:
                with Image.open(path, formats=_SHOWN[1:]) as picture:
                    picture.load()
        except (OSError, SyntaxError, ValueError) as error:
            wrong("damaged picture", uri, error)


def show_attachments(app: Sphinx, docname: str, source: list[str]) -> None:
    """Write pictures that are attached to cells of a notebook file into its text."""
    if not app.env.doc2path(docname).endswith(".ipynb") or '"attachments"' not in source[0]:
        return
    notebook = json.loads(source[0])
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        for name, forms in cell.pop("attachments", {}).items():
            kind, content = (quote("".join(part), "/+=") for part in next(iter(forms.items())))
            text = text.replace(f"attachment:{name}", f"data:{kind};base64,{content}")
        cell["source"] = text
    source[0] = json.dumps(notebook)
