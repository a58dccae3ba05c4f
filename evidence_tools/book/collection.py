"""One zip file beside the pages, with all that a reader can take away of this version."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evidence_tools.book.citing import COLLECTION, REPORT_NAME, citation_of
from evidence_tools.book.datafiles import TABLES
from evidence_tools.book.downloads import add_member


def write_collection(app: Any, pdf: Path) -> None:
    """Pack the PDF, the chapters, the executed notebooks, the tables and the citation.

    The same build gives the same bytes.

    Parameters
    ----------
    app
        A Sphinx application whose build wrote all of these.
    pdf
        The finished PDF.
    """
    outdir = Path(app.outdir)
    for old in outdir.glob(f"{REPORT_NAME}-*{COLLECTION}"):
        old.unlink()
    stem = citation_of(app).file_stem
    with zipfile.ZipFile(outdir / f"{stem}{COLLECTION}", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(_members(app, outdir, stem, pdf)):
            add_member(archive, name, path.read_bytes())


def _members(app: Any, outdir: Path, stem: str, pdf: Path) -> Iterator[tuple[str, Path]]:
    yield pdf.name, pdf
    for ending in ("bib", "ris"):
        yield f"{stem}.{ending}", outdir / f"{stem}.{ending}"
    for path in (outdir / TABLES).iterdir():
        yield f"data/{path.name}", path
    for docname in app.env.found_docs:
        source = Path(app.env.doc2path(docname))
        yield f"{docname}{source.suffix}", source
        notebook = outdir / f"{docname}.ipynb"
        if notebook.is_file():
            yield f"{docname}.ipynb", notebook
