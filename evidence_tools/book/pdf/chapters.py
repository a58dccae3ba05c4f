"""The whole book as one article and one PDF, from the doctrees that HTML is written from."""

from __future__ import annotations

import html
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.io import StringOutput
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.singlehtml import SingleFileHTMLBuilder
from sphinx.config import Config

from evidence_tools.book.citing import citation_of
from evidence_tools.book.pdf.kept import KeptSteps
from evidence_tools.book.pdf.pieces import set_pieces
from evidence_tools.book.pdf.report import ReportDetails, make_pdf_of_pieces
from evidence_tools.book.stamp import NO_COMMIT, Stamp
from evidence_tools.execution.fingerprint import code_fingerprint
from evidence_tools.execution.parallel import side_by_side

_ID = re.compile(r'(?<=\sid=")([^"]+)(?=")')
_HREF = re.compile(r'(?<=\shref=")#([^"]+)(?=")')


def prepare_pdf(app: Sphinx, stamp: Stamp, target: Path) -> Callable[[], Path]:
    """Make everything of the PDF that needs Sphinx, and leave the setting to the caller.

    Parameters
    ----------
    app
        A Sphinx application that has read every chapter.
    stamp
        What the cover and the running header print.
    target
        Where the PDF goes; written whole or not at all.

    Returns
    -------
    callable
        Sets the PDF; may run in another thread while pages are written, since Typst needs
        nothing of Python. It raises `PdfError` if Typst refuses the report.

    Raises
    ------
    PdfError
        If the PDF cannot be made; the message says which figure or table is at fault.
    """
    resources = Path(app.outdir).parent / ".article"
    shutil.rmtree(resources, ignore_errors=True)
    kept = KeptSteps(Path(app.outdir).parent / ".evidence" / "print", code_fingerprint())
    chapters = chapters_html(app, resources, kept)
    # Kept beside its pictures: the same article can be set again without Sphinx.
    (resources / "article.html").write_text("\n".join(chapters), encoding="utf-8")
    config = app.config
    details = ReportDetails(
        title=config.html_title or config.project,
        subtitle=config.evidence_subtitle,
        authors=tuple(part.strip() for part in config.author.split(";") if part.strip()),
        publisher="",
        version=stamp.version,
        date=stamp.day,
        commit="" if stamp.commit == NO_COMMIT else stamp.commit,
        modified=stamp.modified,
        content=stamp.content_text,
        language=config.language or "en",
        licence=config.evidence_licence,
        how_to_cite=citation_of(app).text,
        description=config.evidence_description,
        short_title=config.project,
    )
    pieces = set_pieces(chapters, resources, kept)
    kept.remove_others()
    return partial(make_pdf_of_pieces, pieces, details=details, target=target, within=resources)


def chapters_html(app: Sphinx, resources: Path, kept: KeptSteps) -> list[str]:
    """Write every chapter as HTML fit for print, with ids that are unique in the whole book.

    Nothing is executed or read again: MyST-NB keeps every form of an output in the doctree.

    Parameters
    ----------
    app
        A Sphinx application that has read every chapter.
    resources
        Folder that receives the pictures the chapters name.
    kept
        What earlier builds kept of this.

    Returns
    -------
    list of str
        One ``section`` of class ``chapter`` per page, in the order of the table of contents;
        before it, if the page belongs to a part, a ``div`` of class ``part`` with the caption.
    """
    resources.mkdir(parents=True, exist_ok=True)
    order = chapter_order(app)
    around = settings_key(app.config), getattr(app.env, "evidence_outline", "")
    doctrees = Path(app.doctreedir)
    keys = {
        docname: kept.key("html", docname, *around, (doctrees / f"{docname}.doctree").read_bytes())
        for docname in order
    }
    found: dict[str, str] = {}
    for docname, key in keys.items():
        if (path := kept.find(key)) is not None:
            found[docname] = (path / "chapter.html").read_text(encoding="utf-8")
    missing = [docname for docname in order if docname not in found]
    sizes = [(doctrees / f"{docname}.doctree").stat().st_size for docname in missing]
    with _print_builder(app) as builder, _remembered_doctrees(app.env):

        def write(docname: str) -> tuple[str, bool, int]:
            """Write a chapter; say whether doing so had effects, and in which process."""
            before = _effects(app, builder)
            chapter = _chapter_html(builder, docname)
            return chapter, _effects(app, builder) != before, os.getpid()

        for docname, written in zip(missing, side_by_side(write, missing, sizes), strict=True):
            chapter, effects, process = written
            if not effects:
                kept.keep(keys[docname], {"chapter.html": chapter.encode()})
            elif process != os.getpid():
                # A fork's pictures and warnings are lost with it.
                chapter = _chapter_html(builder, docname)
            found[docname] = chapter
        for source, name in builder.images.items():
            path = resources / "_images" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(app.srcdir) / source, path)
    parts = part_captions(app)
    return [_part_html(parts.get(docname, "")) + found[docname] for docname in order]


def settings_key(config: Config) -> str:
    """Name what all chapters follow from beside their text and the package: data and settings.

    Parameters
    ----------
    config
        The settings of a book. Those that concern reading count too: some, such as the words
        before the numbers of figures, show only where references are resolved.
    """
    # The theme's options hold the stamp, which no chapter shows in print.
    settings = sorted(
        f"{value.name}={value.value!r}"
        for value in config.filter(frozenset({"env", "html"}))
        if value.name not in ("html_theme_options", "html_context")
    )
    return "\n".join(settings)


def resolve_chapters(app: Sphinx) -> None:
    """Resolve all references of the book, so that what is wrong with them is told."""
    with tempfile.TemporaryDirectory() as folder:
        chapters_html(app, Path(folder), KeptSteps(Path(folder) / "kept", ""))


def _effects(app: Sphinx, builder: Any) -> tuple[int, int]:
    return len(builder.images), app._warncount


def chapter_order(app: Sphinx) -> list[str]:
    """List the pages in the order of the table of contents, the root page first."""
    order: list[str] = []

    def follow(docname: str) -> None:
        if docname not in order:
            order.append(docname)
            for child in app.env.toctree_includes.get(docname, []):
                follow(child)

    follow(app.config.root_doc)
    return order


def part_captions(app: Sphinx) -> dict[str, str]:
    """Tell which part of the book each page belongs to.

    Parameters
    ----------
    app
        A Sphinx application that has read every chapter.

    Returns
    -------
    dict
        Caption of the part by page. Pages below a page share its part; pages outside any part,
        such as the first, are absent.
    """
    captions: dict[str, str] = {}
    for docname in chapter_order(app):
        for toctree in app.env.tocs[docname].findall(addnodes.toctree):
            caption = toctree.get("caption") or captions.get(docname)
            if caption:
                captions |= dict.fromkeys(toctree["includefiles"], caption)
    return captions


@contextmanager
def _print_builder(app: Sphinx) -> Iterator[Any]:
    """Put a single-page builder in the place of the HTML builder for a while.

    Transforms and translators ask the application for its builder; numbers of sections and
    figures are kept in the environment under keys that differ between the two builders.
    """
    env: Any = app.env
    builder: Any = SingleFileHTMLBuilder(app, env)
    builder.search = False
    kept = (app.builder, env.toc_secnumbers, env.toc_fignumbers)
    app.builder = builder
    try:
        builder.init()
        builder.prepare_writing(set(env.all_docs))
        builder.imgpath, builder.dlpath = "_images", "_downloads"
        builder.secnumbers = builder.assemble_toc_secnumbers()[app.config.root_doc]
        builder.fignumbers = builder.assemble_toc_fignumbers()[app.config.root_doc]
        yield builder
    finally:
        app.builder, env.toc_secnumbers, env.toc_fignumbers = kept


@contextmanager
def _remembered_doctrees(env: Any) -> Iterator[None]:
    """Read each doctree once for all the numbered references that point into it.

    What a reference looks at is never changed; a chapter that is written gets a tree of its own.
    """
    read = env.get_doctree
    trees: dict[str, nodes.document] = {}

    def remember(docname: str) -> nodes.document:
        if docname not in trees:
            trees[docname] = read(docname)
        return trees[docname]

    env.get_doctree = remember
    env.evidence_read_doctree = read
    try:
        yield
    finally:
        del env.get_doctree
        del env.evidence_read_doctree


def _part_html(caption: str) -> str:
    return f'<div class="part">{html.escape(caption)}</div>' if caption else ""


def _chapter_html(builder: Any, docname: str) -> str:
    env = builder.env
    builder.current_docname = docname
    doctree: nodes.document = env.evidence_read_doctree(docname)
    env.resolve_references(doctree, docname, builder)
    for toctree in list(doctree.findall(_is_toctree)):
        toctree.parent.remove(toctree)
    doctree.settings = builder.docsettings
    builder.post_process_images(doctree)
    builder.docwriter.write(doctree, StringOutput(encoding="utf-8"))
    builder.docwriter.assemble_parts()
    body = _unique_ids(builder.docwriter.parts["fragment"], docname)
    return f'<section class="chapter" id="document-{docname}">{body}</section>'


def _is_toctree(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Element) and (
        node.tagname == "toctree" or "toctree-wrapper" in node.get("classes", [])
    )


def _unique_ids(fragment: str, docname: str) -> str:
    """Give ids the chapter's name as prefix, since chapters share names such as limitations."""
    prefix = docname.replace("/", "-")
    fragment = _ID.sub(rf"{prefix}--\1", fragment)

    def point(match: re.Match[str]) -> str:
        target: str = match.group(1)
        if not target.startswith("document-"):
            return f"#{prefix}--{target}"
        page, hash_, anchor = target.partition("#")
        if not hash_:
            return f"#{page}"
        return f"#{page.removeprefix('document-').replace('/', '-')}--{anchor}"

    return _HREF.sub(point, fragment)
