"""``report.json``: the manifest of the finished site, written when all else is done."""

from __future__ import annotations

from collections.abc import Container
from importlib import metadata
from pathlib import Path
from platform import python_version
from typing import Any

from evidence_tools import manifest
from evidence_tools.book.citing import citation_of
from evidence_tools.book.nodes import DOMAIN
from evidence_tools.book.pdf.chapters import chapter_order
from evidence_tools.history.narration import is_released
from evidence_tools.history.publication import HOOK, LOADER_ENTRY
from evidence_tools.manifest import Manifest

TOOLS = (
    "jupyter-book",
    "sphinx",
    "myst-nb",
    "sphinx-book-theme",
    "pydata-sphinx-theme",
    "pandas",
    "altair",
    "vl-convert-python",
    "pypandoc_binary",
    "typst",
    "frictionless",
)
"""What has a part in how a page or the PDF comes out."""


def write_record(app: Any) -> None:
    """Hash every file of the site and write down what it is.

    The same files give the same record: it holds no time, no path and no name of a machine.

    Parameters
    ----------
    app
        A Sphinx application that has finished its build.
    """
    outdir, stamp, citation = Path(app.outdir), app.evidence_stamp, citation_of(app)
    _drop_gone(outdir, app.env.all_docs)
    mentions: dict[str, frozenset[str]] = app.env.get_domain(DOMAIN).mentions
    pages = chapter_order(app)
    used = {
        finding_id: tuple(page for page in pages if finding_id in mentions.get(page, ()))
        for finding_id in sorted(app.evidence.findings_by_id)
    }
    record = Manifest(
        report={
            "name": citation.name,
            "title": citation.title,
            "authors": list(citation.authors),
            "language": citation.language,
            "description": app.config.evidence_description,
            "licence": app.config.evidence_licence,
            "keywords": list(app.config.evidence_keywords),
        },
        stamp={
            "version": stamp.version,
            "date": stamp.day.isoformat(),
            "commit": stamp.commit,
            "modified": stamp.modified,
            "released": is_released(app.evidence, stamp.version, Path(app.srcdir, "chapters")),
            "content_hash": stamp.content,
        },
        findings={finding_id: where for finding_id, where in used.items() if where},
        pages=tuple(pages),
        tools={"python": python_version(), **{name: metadata.version(name) for name in TOOLS}},
        files=manifest.hash_folder(outdir),
        published={HOOK: LOADER_ENTRY},
    )
    manifest.write_manifest(outdir, record)


def _drop_gone(outdir: Path, docnames: Container[str]) -> None:
    """Remove pages whose chapter is gone; Sphinx would leave them to be published."""
    for root in (outdir, outdir / "_sources"):
        for path in root.glob("chapters/**/*"):
            name = path.relative_to(root).with_suffix("").as_posix()
            if path.suffix in (".html", ".md", ".ipynb") and name not in docnames:
                path.unlink()
