"""What a reader can take away from a page: its executed notebook and the rows it rests on."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from docutils import nodes

from evidence_tools.book.nodes import evidence_ref
from evidence_tools.evidence import Evidence

_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
"""A date without meaning, so that the same rows give the same bytes."""


def offer_downloads(
    app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Write the notebook and the data of a page beside it, and name them in its header."""
    if doctree is None or app.builder.name != "html":
        return
    offers = []
    page, name = Path(app.outdir) / pagename, pagename.rpartition("/")[2]
    executed = Path(app.outdir).parent / "jupyter_execute" / f"{pagename}.ipynb"
    page.parent.mkdir(parents=True, exist_ok=True)
    if executed.is_file():
        text = executed.read_text(encoding="utf-8")
        page.with_name(f"{name}.ipynb").write_text(text, encoding="utf-8")
        offers.append({"url": f"{name}.ipynb", "text": "Executed notebook (.ipynb)"})
    if keys := stated_rows(doctree):
        folder = Path(app.srcdir) / app.config.evidence_data
        page.with_name(f"{name}-data.zip").write_bytes(data_archive(app.evidence, folder, keys))
        offers.append({"url": f"{name}-data.zip", "text": "Its rows of data (.csv in a .zip)"})
    context["evidence_downloads"] = offers


def keep_executed_notebook(app: Any, doctree: nodes.document) -> None:
    """Write the notebook of a page with its results, which MyST-NB itself leaves out.

    MyST-NB has just written the page's code cells into ``jupyter_execute``; their results are
    in the cache that it read them from.
    """
    env = app.env
    path = Path(app.outdir).parent / "jupyter_execute" / f"{env.docname}.ipynb"
    if not path.is_file():  # a page of text only
        return
    import nbformat
    from jupyter_cache import get_cache

    cache = get_cache(str(env.mystnb_config.execution_cache_path))
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    with suppress(KeyError):
        _, notebook = cache.merge_match_into_notebook(notebook)
    path.write_text(lasting_text(notebook), encoding="utf-8")


def lasting_text(notebook: Any) -> str:
    """Write a notebook without what differs from run to run.

    Parameters
    ----------
    notebook
        An executed notebook; it is changed.

    Returns
    -------
    str
        JSON without times of execution, with cells numbered in place of random ids.
    """
    import nbformat

    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"cell-{number}"
        cell["metadata"].pop("execution", None)
    notebook["metadata"].pop("language_info", None)  # names the interpreter that happened to run
    notebook["nbformat_minor"] = max(5, notebook["nbformat_minor"])  # the first with ids
    return str(nbformat.writes(notebook)) + "\n"


def stated_rows(doctree: nodes.document) -> set[str]:
    """List the findings and sources that a page states, in its text and in its tables."""
    keys = {node["key"] for node in doctree.findall(evidence_ref)}
    return keys | {row["evidence_key"] for row in doctree.findall(nodes.row) if row_key(row)}


def row_key(row: nodes.row) -> str:
    """Name the finding or source that a row of a table is about; empty when it is neither."""
    return str(row.get("evidence_key", ""))


def data_archive(evidence: Evidence, folder: Path, keys: set[str]) -> bytes:
    """Pack the rows that a page rests on, as they stand in the tables.

    Parameters
    ----------
    evidence
        Where findings lead to their sources and outcomes.
    folder
        The folder of the tables and of their dictionary.
    keys
        Identifiers of findings and sources.

    Returns
    -------
    bytes
        A ZIP archive; the same rows give the same bytes.
    """
    findings = [evidence.findings_by_id[key] for key in keys if key in evidence.findings_by_id]
    wanted = {
        "findings": {finding.finding_id for finding in findings},
        "sources": (keys & evidence.sources.keys()) | {finding.source_id for finding in findings},
        "outcomes": {finding.outcome_id for finding in findings},
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for table, identifiers in wanted.items():
            text = (folder / f"{table}.csv").read_text(encoding="utf-8")
            if identifiers:
                add_member(archive, f"{table}.csv", some_rows(text, identifiers))
        dictionary = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
        packed_tables = {f"{table}.csv" for table, identifiers in wanted.items() if identifiers}
        dictionary["resources"] = [
            resource for resource in dictionary["resources"] if resource["path"] in packed_tables
        ]
        text = json.dumps(dictionary, indent=2, ensure_ascii=False) + "\n"
        add_member(archive, "datapackage.json", text)
    return packed.getvalue()


def some_rows(text: str, identifiers: set[str]) -> str:
    """Keep the header of a table and the rows whose first cell is one of the identifiers."""
    header, *rows = csv.reader(io.StringIO(text))
    kept = io.StringIO()
    writer = csv.writer(kept, lineterminator="\n")
    writer.writerows([header, *(row for row in rows if row and row[0] in identifiers)])
    return kept.getvalue()


def add_member(archive: zipfile.ZipFile, name: str, content: str | bytes) -> None:
    """Add a file to an archive, without the time and the system it was written on."""
    entry = zipfile.ZipInfo(name, _ZIP_DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)
