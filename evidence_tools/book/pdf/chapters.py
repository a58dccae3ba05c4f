"""The whole book as one article and one PDF, from the doctrees that HTML is written from."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.io import StringOutput
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders.singlehtml import SingleFileHTMLBuilder

from evidence_tools.book.pdf.kept import KeptChapters
from evidence_tools.book.pdf.report import ReportDetails, make_pdf
from evidence_tools.book.stamp import NO_COMMIT, Stamp

_ID = re.compile(r'(?<=\sid=")([^"]+)(?=")')
_HREF = re.compile(r'(?<=\shref=")#([^"]+)(?=")')


def write_pdf(app: Sphinx, stamp: Stamp, target: Path) -> None:
    """Set the book as a PDF.

    Parameters
    ----------
    app
        A Sphinx application that has read every chapter.
    stamp
        What the cover and the running header print.
    target
        Where the PDF goes; written whole or not at all.

    Raises
    ------
    PdfError
        If the PDF cannot be made; the message says which figure or table is at fault.
    """
    resources = Path(app.outdir).parent / ".article"
    shutil.rmtree(resources, ignore_errors=True)
    article = article_html(app, resources)
    # Kept beside its pictures: the same article can be set again without Sphinx.
    (resources / "article.html").write_text(article, encoding="utf-8")
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
        language=config.language or "en",
        licence=config.evidence_licence,
        how_to_cite=citation_text(app, stamp),
        description=config.evidence_description,
        short_title=config.project,
    )
    make_pdf(article, details=details, resources=resources, target=target)


def citation_text(app: Sphinx, stamp: Stamp) -> str:
    """Say how to cite exactly this version.

    Parameters
    ----------
    app
        Its configuration names authors and title.
    stamp
        The version that is cited.
    """
    authors = app.config.author.rstrip(".")
    title = app.config.html_title or app.config.project
    stop = "" if title.endswith((".", "?", "!")) else "."
    return f"{authors}. {title}{stop} Version {stamp.version}, {stamp.day.isoformat()}."


def article_html(app: Sphinx, resources: Path) -> str:
    """Write every chapter as HTML fit for print, with ids that are unique in the whole book.

    Nothing is executed or read again: MyST-NB keeps every form of an output in the doctree.

    Parameters
    ----------
    app
        A Sphinx application that has read every chapter.
    resources
        Folder that receives the pictures the article names.

    Returns
    -------
    str
        One ``section`` of class ``chapter`` per page, in the order of the table of contents;
        before it, if the page belongs to a part, a ``div`` of class ``part`` with the caption.
    """
    resources.mkdir(parents=True, exist_ok=True)
    kept = KeptChapters(app)
    with _print_builder(app) as builder, _remembered_doctrees(app.env):
        parts = part_captions(app)
        chapters = []
        for docname in chapter_order(app):
            chapter = kept.find(docname)
            if chapter is None:
                before = (len(builder.images), _warnings(app))
                chapter = _chapter_html(builder, docname)
                # Names of pictures depend on the chapters before; warnings must be told again.
                if before == (len(builder.images), _warnings(app)):
                    kept.keep(docname, chapter)
            chapters.append(_part_html(parts.get(docname, "")) + chapter)
        kept.remove_others()
        for source, name in builder.images.items():
            path = resources / "_images" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(app.srcdir) / source, path)
    return "\n".join(chapters)


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


def _warnings(app: Sphinx) -> int:
    return app._warncount


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
