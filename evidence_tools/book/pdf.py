"""The whole book as one PDF, from the doctrees that pages are written from.

The PDF follows PDF/UA-1: it is tagged, has bookmarks, and every picture has a text alternative.
The same chapters with the same details give the same bytes. Nothing is asked of the network.
"""

from __future__ import annotations

import datetime
import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.util.tags import Tags

from evidence_tools.book import blocks  # noqa: F401 - to import it is to register its printers
from evidence_tools.book.layout import address_of, citation_of, report_of
from evidence_tools.book.pictures import SHOWN, Pictures
from evidence_tools.book.roles import chapter_order, is_printed
from evidence_tools.book.writer import Writer, call, escaped

_FONTS = "fonts"
"""Folder of a book for fonts of scripts that the report's own fonts do not have."""
_OTHER_SCRIPTS = re.compile("[\u0530-\u058f\u0600-\u1cff\u2e80-\ud7ff\uf900-\ufaff\ufb50-\uffef]")

Pages = dict[str, nodes.document]
"""The doctree of each page, by its name."""


class PdfError(Exception):
    """The PDF cannot be made; the message says what to change in the book."""


class PrintBuilder(Builder):
    """Stands in the place of the HTML builder while references are resolved for print."""

    name = format = "typst"
    supported_image_types = SHOWN
    supported_data_uri_images = True

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        """Name a page as the writer looks it up."""
        return f"%{docname}"

    def get_relative_uri(self, from_: str, to: str, typ: str | None = None) -> str:
        """Name a page; in one file, no page is relative to another."""
        return f"%{to}"


def resolve_pages(app: Sphinx) -> Pages:
    """Resolve the references of all pages for print; what is wrong with them is reported.

    The pages come in the order of the table of contents, without those for the web only.
    """
    env, before = app.env, (app.builder, app.tags)
    pages = {name: env.get_doctree(name) for name in chapter_order(env)}
    # Transforms look at the application's builder and its tags, and into other pages.
    app.tags = Tags(["latex", "pdf"])  # how authors mark what is for print only
    app.builder = builder = PrintBuilder(app, env)
    builder.imgpath = "_images"
    env.get_doctree = pages.__getitem__  # type: ignore[method-assign,assignment]
    try:
        for docname, doctree in pages.items():
            env.resolve_references(doctree, docname, builder)
            builder.post_process_images(doctree)
    finally:
        app.builder, app.tags = before
        del env.get_doctree
    return {name: doctree for name, doctree in pages.items() if is_printed(env, name)}


def prepare_pdf(app: Any, target: Path, pages: Pages) -> Callable[[], Path]:
    """Make everything of the PDF that needs Sphinx, and leave the setting to the caller.

    The callable that is returned may run in another thread while pages are written: Typst needs
    nothing of Python. It raises `PdfError` if Typst refuses the report.
    """
    config, stamp = app.config, app.evidence_stamp
    folder = Path(app.outdir).parent / ".print"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    writer = Writer(app.env, Pictures(Path(app.srcdir), folder), address=address_of(app))
    commit = stamp.commit[:10]
    facts = report_of(app) | asdict(stamp)
    facts |= {"short_title": config.project, "subtitle": config.evidence_subtitle}
    facts["commit"] = f"{commit}, modified" if commit and stamp.modified else commit
    facts["how_to_cite"] = citation_of(app)
    body = write_book(app, writer, pages)
    app.evidence_remarks = writer.remarks
    return partial(make_pdf, body, facts, folder, target, Path(app.srcdir))


def write_book(app: Sphinx, writer: Writer, pages: Pages) -> str:
    """Write all chapters as Typst markup; a part of the book opens with its caption."""
    for docname, doctree in pages.items():
        writer.note_labels(docname, doctree)
    parts = part_captions(app)
    captions = {name: call("part", body=escaped(words)) for name, words in parts.items()}
    written = [
        captions.get(docname, "") + writer.page(docname, doctree)
        for docname, doctree in pages.items()
    ]
    return "\n\n".join(written)


def part_captions(app: Sphinx) -> dict[str, str]:
    """Tell which part of the book each page belongs to; pages outside any part are absent."""
    captions: dict[str, str] = {}
    for docname in chapter_order(app.env):
        for toctree in app.env.tocs[docname].findall(addnodes.toctree):
            if caption := toctree.get("caption") or captions.get(docname):
                captions |= dict.fromkeys(toctree["includefiles"], caption)
    return captions


def make_pdf(body: str, facts: dict[str, Any], folder: Path, target: Path, book: Path) -> Path:
    """Set markup as a PDF; nothing is written if Typst refuses it, which is a `PdfError`.

    Parameters
    ----------
    body
        The pages of the report as markup.
    facts
        What the cover and the metadata say; report.typ names them.
    folder
        Holds the pictures; receives the markup.
    target
        The PDF to write.
    book
        Folder of the book, which may have a folder ``fonts`` with further fonts.
    """
    import pikepdf
    import typst

    source = f'#import "report.typ": *\n#show: report\n\n{body}\n'
    (folder / "main.typ").write_text(source, encoding="utf-8")
    shutil.copyfile(Path(__file__).with_name("report.typ"), folder / "report.typ")
    midnight = datetime.datetime.fromisoformat(f"{facts['date']}T00:00:00+00:00")
    try:
        pdf = typst.compile(
            str(folder / "main.typ"),
            root=str(folder),
            format="pdf",
            pdf_standards=["ua-1"],
            ignore_system_fonts=True,
            font_paths=[str(path) for path in _fonts(source, book)],
            timestamp=int(midnight.timestamp()),
            sys_inputs={"details": json.dumps(facts)},
        )
    except typst.TypstError as error:
        raise PdfError(_explain(error, source)) from error
    # A tagged PDF has many small objects, which together are a tenth of their size.
    packed = pikepdf.ObjectStreamMode.generate
    with pikepdf.open(io.BytesIO(bytes(pdf))) as document:
        document.save(target, object_stream_mode=packed, deterministic_id=True)
    return target


def _fonts(source: str, book: Path) -> Iterator[Path]:
    """Find the book's own fonts, and those of ``weblate-fonts`` that its letters need."""
    found = find_spec("weblate_fonts")
    shipped = Path((found and found.origin) or "").parent / "static" / "weblate_fonts"
    paths = [book / _FONTS, shipped / "source-sans" / "ttf"]
    # Latin, Greek, Cyrillic, Hebrew, signs are in the fonts inside Typst; the others are large.
    if _OTHER_SCRIPTS.search(source):
        paths.append(shipped / "kurinto" / "ttf")
    return filter(Path.is_dir, paths)


def _explain(error: Any, source: str) -> str:
    """Say what Typst refused, and at which page and line of the book."""
    found = re.search(r"main\.typ:(\d+)", str(error.diagnostic))
    above = reversed(source.splitlines()[: int(found[1])]) if found else iter(())
    place = next((line[3:] for line in above if line.startswith("// ")), "the report")
    advice = "; ".join(str(hint) for hint in error.hints)
    # The folder is a temporary one, and what else Typst says would help nobody.
    diagnostic = re.sub(r"\S*/(\w+\.typ)|\n\n(?s:.*)", r"\1", str(error.diagnostic))
    if "could not be displayed" in error.message:
        advice = (
            "The fonts of the PDF lack this character: write it in another way, install "
            f"weblate-fonts, or put a font that has it into the folder {_FONTS}/ of the book"
        )
        diagnostic = ""
    return f"{place}: print refuses this: {error.message}. {advice}\n{diagnostic[:600]}".strip()
