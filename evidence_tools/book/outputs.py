"""From a cell's output to document nodes: figures, tables and prose of the package.

MyST-NB finds :class:`EvidenceOutput` by its entry point. Building real nodes instead of raw
HTML gives them numbers, cross-references, links and one look in HTML and PDF.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, ClassVar

from docutils import nodes

from evidence_tools.book.datafiles import download_node, figure_csv, table_csv
from evidence_tools.book.nodes import evidence_chart, run_nodes
from evidence_tools.book.roles import caption_runs
from evidence_tools.display import MIME_TYPE, read_runs
from evidence_tools.facets import finding_facets
from evidence_tools.phrases import source_name
from evidence_tools.schema import UnknownKeyError


class EvidenceOutput:
    """The MyST-NB plugin for the MIME type of :mod:`evidence_tools.display`."""

    mime_priority_overrides: ClassVar[list[tuple[str, str, int]]] = [("*", MIME_TYPE, 1)]

    @staticmethod
    def handle_mime(renderer: Any, data: Any, inline: bool) -> list[nodes.Node] | None:
        """Turn one output into nodes, or leave it to others by returning ``None``."""
        if data.mime_type != MIME_TYPE or inline:
            return None
        # The plugin is there in every book of this environment, also in one without our extension.
        env = getattr(renderer.renderer, "sphinx_env", None)
        if env is None or not hasattr(env.app, "evidence"):
            return None
        payload: dict[str, Any] = data.content
        make: Callable[..., list[nodes.Node]] = _MAKERS[payload["kind"]]
        return make(payload, Place(renderer, data))


class Place:
    """Where an output stands: its document, and its line for messages and labels."""

    def __init__(self, renderer: Any, data: Any) -> None:
        self.myst = renderer.renderer
        self.document: nodes.document = self.myst.document
        self.env: Any = self.myst.sphinx_env
        self.evidence = self.env.app.evidence
        self.logger = renderer.logger
        self.line = data.line

    def label(self, node: nodes.Element, name: str) -> None:
        """Make a figure or table a target for ``{numref}`` and links."""
        node["names"].append(nodes.fully_normalize_name(name))
        self.document.note_explicit_target(node, node)

    def caption(self, items: list[dict[str, Any]]) -> list[nodes.Node]:
        """Resolve a caption; an unknown key fails the build at the cell's line."""
        caption = read_runs(items)
        try:
            return run_nodes(caption_runs(self.evidence, caption))
        except UnknownKeyError as error:
            self.logger.warning(f"caption: {error}", subtype="evidence", line=self.line)
            return run_nodes(caption)


def _prose(payload: dict[str, Any], _: Place) -> list[nodes.Node]:
    paragraphs = [
        nodes.paragraph("", "", *run_nodes(read_runs(items))) for items in payload["paragraphs"]
    ]
    content: list[nodes.Node] = list(paragraphs)
    if payload["as_list"]:
        items = [nodes.list_item("", paragraph) for paragraph in paragraphs]
        content = [nodes.bullet_list("", *items, bullet="-")]
    if title := payload.get("title"):
        box = nodes.admonition("", nodes.title("", title), *content, classes=["evidence-box"])
        return [box]
    return content


def _figure(payload: dict[str, Any], place: Place) -> list[nodes.Node]:
    drawn = {name: payload[name] for name in ("svg", "spec", "narrow_svg", "narrow_spec", "alt")}
    chart = evidence_chart("", **drawn)
    caption = nodes.caption("", "", *place.caption(payload["caption"]))
    figure = nodes.figure("", chart, caption, classes=["evidence-figure"])
    place.label(figure, payload["name"])
    env = place.env
    return [figure, download_node(env, payload["name"], "figure", figure_csv(payload["spec"]))]


def table_nodes(payload: dict[str, Any], place: Place) -> list[nodes.Node]:
    """Make a table from the payload of a :class:`evidence_tools.display.Table`."""
    columns = payload["columns"]
    widths = payload["widths"] or [1] * len(columns)
    group = nodes.tgroup("", cols=len(columns))
    group += [
        nodes.colspec("", colwidth=width, stub=index == 0) for index, width in enumerate(widths)
    ]
    header = nodes.row("", *(_entry([{"text": column}]) for column in columns))
    group += nodes.thead("", header)
    group += nodes.tbody("", *(_row(row, place, payload["filters"]) for row in payload["rows"]))
    title = nodes.title("", "", *place.caption(payload["caption"]))
    table = nodes.table("", title, group, classes=["evidence-table", "colwidths-given"])
    table["evidence_views"] = {
        "data-filters": json.dumps(payload["filters"]) if payload["filters"] else "",
        "data-count-by": payload["count_by"],
    }
    place.label(table, payload["name"])
    env = place.env
    return [table, download_node(env, payload["name"], "table", table_csv(payload))]


def _variants(payload: dict[str, Any], place: Place) -> list[nodes.Node]:
    panels = []
    for choice, figure in zip(payload["choices"], payload["figures"], strict=True):
        panel = nodes.container("", *_figure(figure, place), classes=["evidence-variant"])
        panel["evidence_views"] = {"data-choice": choice}
        panels.append(panel)
    box = nodes.container("", *panels, classes=["evidence-variants"])
    box["evidence_views"] = {"data-name": payload["name"], "data-question": payload["question"]}
    return [box]


def _row(data: dict[str, Any], place: Place, filters: list[str]) -> nodes.row:
    row = nodes.row("", *(_entry(cell["content"]) for cell in data["cells"]))
    if key := data["anchor"]:
        row["evidence_key"] = key
        finding = place.evidence.findings_by_id.get(key)
        row["evidence_kind"] = "source" if finding is None else "finding"
        if finding is not None:
            row["evidence_views"] = {
                "data-marker": place.evidence.outcome_of(finding).label,
                "data-source": source_name(place.evidence.source_of(finding)),
            }
            facets = finding_facets(place.evidence, finding)
            if filters:
                chosen = {name: facets[name] for name in filters}
                row["evidence_views"]["data-facets"] = json.dumps(chosen)
        row["ids"].append(key)
    return row


def _entry(items: list[dict[str, Any]]) -> nodes.entry:
    return nodes.entry("", nodes.paragraph("", "", *run_nodes(read_runs(items))))


_MAKERS: dict[str, Callable[..., list[nodes.Node]]] = {
    "prose": _prose,
    "figure": _figure,
    "table": table_nodes,
    "variants": _variants,
}
