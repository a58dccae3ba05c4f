"""The whole book as one PDF, from the doctrees that pages are written from."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.util.tags import Tags

from evidence_tools.book import blocks, grids  # noqa: F401 - to import is to register
from evidence_tools.book.citing import address_of, citation_of, report_of
from evidence_tools.book.mentions import chapter_order, is_printed
from evidence_tools.book.pictures import SHOWN, Pictures
from evidence_tools.book.typst import call, escaped, make_pdf
from evidence_tools.book.writer import Writer
from evidence_tools.releases.stamp import Stamp

Pages = dict[str, nodes.document]
"""The doctree of each page, by its name."""


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
    env = app.env
    pages = {name: env.get_doctree(name) for name in chapter_order(env)}
    with _builder_for_print(app, pages) as builder:
        for docname, doctree in pages.items():
            env.resolve_references(doctree, docname, builder)
            builder.post_process_images(doctree)
    return {name: doctree for name, doctree in pages.items() if is_printed(env, name)}


@contextmanager
def _builder_for_print(app: Sphinx, pages: Pages) -> Iterator[PrintBuilder]:
    """Ask all transforms for print: they look at the application's builder and its tags.

    Numbered references look into other pages; without ``pages``, each would read a page again.
    """
    env, before = app.env, (app.builder, app.tags)
    app.tags = Tags(["latex", "pdf"])  # how authors mark what is for print only
    app.builder = builder = PrintBuilder(app, env)
    builder.imgpath = "_images"
    env.get_doctree = pages.__getitem__  # type: ignore[method-assign,assignment]
    try:
        yield builder
    finally:
        app.builder, app.tags = before
        del env.get_doctree


def prepare_pdf(app: Sphinx, stamp: Stamp, target: Path, pages: Pages) -> Callable[[], Path]:
    """Make everything of the PDF that needs Sphinx, and leave the setting to the caller.

    The callable that is returned may run in another thread while pages are written: Typst needs
    nothing of Python. It raises `PdfError` if Typst refuses the report.
    """
    config: Any = app.config
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
    app.evidence_remarks = writer.remarks  # type: ignore[attr-defined]
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
