"""What a reader can take away: executed notebooks, tables, data of figures, all of it as a zip."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from evidence_tools.book.citing import ALL_FILES, file_stem
from evidence_tools.book.mentions import mentions_of
from evidence_tools.book.nodes import DATA
from evidence_tools.book.session import read_chapters
from evidence_tools.releases.bundle import pack, safe_cell


def write_notebooks(app: Any, folder: Path) -> None:
    """Write each chapter that holds code into the site, as a notebook with its results."""
    from jupyter_cache import get_cache

    for chapter in read_chapters(app.env, app.env.found_docs):
        cache = get_cache(str(app.evidence_session.result_folder(chapter.path)))
        _, notebook = cache.merge_match_into_notebook(chapter.notebook)
        target = folder / f"{chapter.docname}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(lasting_text(notebook), encoding="utf-8")


def lasting_text(notebook: Any) -> str:
    """Write a notebook as JSON without what differs from run to run; the notebook is changed.

    Examples
    --------
    >>> from nbformat.v4 import new_code_cell, new_notebook
    >>> lasting_text(new_notebook(cells=[new_code_cell("1")])).count('"id": "cell-0"')
    1
    """
    import nbformat

    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"cell-{number}"
        cell["metadata"].pop("execution", None)
    notebook["metadata"].pop("language_info", None)  # names the interpreter that happened to run
    notebook["nbformat_minor"] = max(5, notebook["nbformat_minor"])  # the first with ids
    return f"{nbformat.writes(notebook)}\n"


def write_data(app: Any, folder: Path) -> None:
    """Write the evidence tables, and the data under each table and figure."""
    for downloads in mentions_of(app.env).downloads.values():
        for name, rows in downloads.items():
            _write(folder / DATA / f"{name}.csv", csv_text(rows).encode())
    for path in sorted(app.evidence.folder.glob("*")):
        if path.suffix in (".csv", ".json", ".yml"):
            _write(folder / DATA / "tables" / path.name, path.read_bytes())


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    r"""Write rows as CSV; no cell is run as a formula.

    Examples
    --------
    >>> csv_text([["dose", "=1+1"], [-1.5, "a, b"]])
    'dose,\'=1+1\n-1.5,"a, b"\n'
    """
    text = io.StringIO()
    cells = ([safe_cell(str(cell)) for cell in row] for row in rows)
    csv.writer(text, lineterminator="\n").writerows(cells)
    return text.getvalue()


def write_collection(app: Any, folder: Path) -> None:
    """Pack the PDF, the chapters, their notebooks, the tables and the citation into one file."""
    stem, tables = file_stem(app), folder / DATA / "tables"
    found = {f"{stem}.{ending}": folder / f"{stem}.{ending}" for ending in ("pdf", "bib", "ris")}
    found |= {f"data/{path.name}": path for path in tables.glob("*")}
    for docname in app.env.found_docs:
        source = Path(app.env.doc2path(docname))
        found[f"{docname}.ipynb"] = folder / f"{docname}.ipynb"
        found[f"{docname}{source.suffix}"] = source
    members = {name: path.read_bytes() for name, path in found.items() if path.is_file()}
    _write(folder / f"{stem}-{ALL_FILES}", pack(members))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
