"""The data behind each table and figure, as a CSV file with a link under it."""

from __future__ import annotations

import csv
import html
import io
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from evidence_tools.book.nodes import DOMAIN

FOLDER = "_data"
TABLES = f"{FOLDER}/tables"
"""Where the site keeps the evidence tables themselves."""
_DRAWING = frozenset(
    (
        *("align", "aside", "colour", "dash", "fill", "heading", "heading_y", "high_text"),
        *("label", "letter", "lines", "low_text", "mark_y", "of_month", "right"),
        *("shape", "stroke", "text", "text_y", "weight", "x", "x2", "y", "y2"),
    )
)
"""Columns that only say where and how a mark is drawn."""


class evidence_download(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """A link to a CSV file; ``name`` is that of its table or figure."""


def download_node(env: Any, name: str, kind: str, text: str) -> nodes.Node:
    """Keep a CSV text for the end of the build, and make the link to its file.

    Parameters
    ----------
    env
        The build environment; it keeps the text between builds.
    name
        Name of the table or figure.
    kind
        ``"table"`` or ``"figure"``.
    text
        The CSV text.
    """
    downloads = env.get_domain(DOMAIN).data["downloads"]
    downloads.setdefault(env.docname, {})[name] = text
    return evidence_download("", name=name, kind=kind)


def table_csv(payload: dict[str, Any]) -> str:
    """Write a table as CSV: its cells as plain text, as the page shows them."""
    rows = (
        ["".join(run["text"] for run in cell["content"]) for cell in row["cells"]]
        for row in payload["rows"]
    )
    return _csv([payload["columns"], *rows])


def figure_csv(spec: dict[str, Any]) -> str:
    """Write what a chart draws as CSV: each row once, without what only places the marks."""
    rows: list[dict[str, Any]] = []
    for row in _rows(spec, spec.get("datasets", {})):
        dropped = _DRAWING if _has_interval(row) else _DRAWING | {"low", "high"}
        kept = {name: value for name, value in row.items() if name not in dropped}
        if kept and kept not in rows:
            rows.append(kept)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return _csv([columns, *([row.get(name, "") for name in columns] for row in rows)])


def write_downloads(app: Sphinx) -> None:
    """Write all CSV files and the evidence tables into the finished site."""
    folder = Path(app.outdir) / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    domain: Any = app.env.get_domain(DOMAIN)
    for downloads in domain.data["downloads"].values():
        for name, text in downloads.items():
            _write(folder / f"{name}.csv", text.encode())
    data: Path = app.evidence.folder  # type: ignore[attr-defined]
    for path in [*sorted(data.glob("*.csv")), data / "datapackage.json"]:
        _write(Path(app.outdir) / TABLES / path.name, path.read_bytes())


def visit_evidence_download(self: Any, node: evidence_download) -> None:
    """Write the link; a printed page has nothing to click."""
    if self.builder.name == "html":
        up = "../" * self.builder.current_docname.count("/")
        address = html.escape(f"{up}{FOLDER}/{node['name']}.csv", quote=True)
        self.body.append(
            f'<p class="evidence-download"><a href="{address}" download>'
            f"Data of this {node['kind']} (CSV)</a></p>\n"
        )
    raise nodes.SkipNode


def depart_evidence_download(self: Any, node: evidence_download) -> None:
    """Nothing is left to close."""


def skip_evidence_download(self: Any, node: evidence_download) -> None:
    """Write nothing, for builders without pages."""
    raise nodes.SkipNode


def add_downloads(app: Sphinx) -> None:
    """Register the link with the HTML builders."""
    app.add_node(
        evidence_download,
        html=(visit_evidence_download, depart_evidence_download),
        text=(skip_evidence_download, None),
    )


def _rows(spec: Any, datasets: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Find the data of a Vega-Lite specification, in the order in which it is drawn."""
    if isinstance(spec, list):
        for item in spec:
            yield from _rows(item, datasets)
    elif isinstance(spec, dict):
        data = spec.get("data") or {}
        values = data.get("values", datasets.get(data.get("name", ""), ()))
        yield from (row for row in values if isinstance(row, dict))
        for name in ("layer", "vconcat", "hconcat", "concat", "spec"):
            yield from _rows(spec.get(name), datasets)


def _has_interval(row: Mapping[str, Any]) -> bool:
    """Tell an interval from the ends of a line that is drawn where none was reported."""
    estimate = row.get("estimate")
    return estimate is not None and not row.get("low") == row.get("high") == estimate


def _csv(rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
