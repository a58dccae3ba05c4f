"""From what cells put out to document nodes: figures, tables and prose of the package.

MyST-NB finds :class:`EvidenceOutput` by its entry point. Building real nodes instead of raw
HTML gives them numbers, cross-references, links and one look in HTML and PDF. The directive
``{evidence-checks}`` shows what only the build knows as such a table.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from evidence_tools.book.foreign import PRIORITIES, foreign_nodes
from evidence_tools.book.nodes import evidence_chart, evidence_download, place_of, run_nodes
from evidence_tools.book.roles import caption_runs
from evidence_tools.check.review import RULES
from evidence_tools.evidence.problems import UnknownKeyError
from evidence_tools.show.display import MIME_TYPE, Table, TableRow, plain, read_runs, runs

LOGGER = logging.getLogger(__name__)
_LEFTOVER = (
    "a cell prints a warning or an error; correct its cause, or tag the cell with remove-stderr: "
    "pages show results only (%s)"
)
_PLACING = {"align", "angle", "colour", "dash", "fill", "mark", "shape", "size", "text"}
_PLACING |= {"dashed", "hollow", "on_axis", "opacity", "sort", "tall"}
_PLACING |= {"weight", "width", "x", "x2", "y", "y2"}
"""Columns of a drawing's data that only say where and how a mark is drawn."""
_CHECKS = "Which rules did the text of this report pass before it was built?"


class EvidenceOutput:
    """The MyST-NB plugin for the MIME type of :mod:`evidence_tools.show.display`."""

    mime_priority_overrides: ClassVar[list[tuple[str, str, int]]] = [
        ("*", MIME_TYPE, 1),
        *PRIORITIES,
    ]

    @staticmethod
    def handle_mime(renderer: Any, data: Any, inline: bool) -> list[nodes.Node] | None:
        """Turn one output into nodes, or leave it to others by returning ``None``."""
        # The plugin is there in every book of this environment, also in one without our extension.
        env = getattr(renderer.renderer, "sphinx_env", None)
        if inline or env is None or not hasattr(env.app, "evidence"):
            return None
        if data.mime_type != MIME_TYPE:
            return foreign_nodes(renderer, data)
        page = Page(renderer.renderer.document, env, data.line)
        return _MAKERS[data.content["kind"]](data.content, page)


@dataclass(frozen=True)
class Page:
    """The page that an output is on, with the line of its cell for messages."""

    document: nodes.document
    env: Any
    line: int

    def label(self, node: nodes.Element, name: str) -> None:
        """Make a figure or table a target for ``{numref}`` and links."""
        node["names"].append(nodes.fully_normalize_name(name))
        self.document.note_explicit_target(node, node)

    def text(self, items: list[dict[str, Any]]) -> list[nodes.Node]:
        """Resolve a caption or note; an unknown key fails the build at the cell's line."""
        found = read_runs(items)
        try:
            found = caption_runs(self.env.app.evidence, found)
        except UnknownKeyError as error:
            LOGGER.error("caption: %s", error, location=(self.env.docname, self.line))
        return run_nodes(found)

    def download(self, name: str, kind: str, rows: list[list[Any]]) -> nodes.Node:
        """Keep the rows of a CSV file for the end of the build, and make the link to it."""
        self.env.metadata[self.env.docname].setdefault("downloads", {})[name] = rows
        return evidence_download("", name=name, words=f"Data of this {kind} (CSV)")


def _paragraph(items: list[dict[str, Any]]) -> nodes.Node:
    return nodes.paragraph("", "", *run_nodes(read_runs(items)))


def _prose(payload: dict[str, Any], _: Page) -> list[nodes.Node]:
    content = [*map(_paragraph, payload["paragraphs"])]
    if payload["as_list"]:
        content = [nodes.bullet_list("", *(nodes.list_item("", p) for p in content), bullet="-")]
    if title := payload["title"]:
        return [nodes.admonition("", nodes.title("", title), *content, classes=["evidence-box"])]
    return content


def _figure(payload: dict[str, Any], page: Page) -> list[nodes.Node]:
    name = payload["name"]
    drawn = {part: payload[part] for part in ("svg", "spec", "alt")}
    for part in ("svg", "spec"):
        drawn[f"narrow_{part}"] = payload[f"narrow_{part}"] or payload[part]
    caption = nodes.caption("", "", *page.text(payload["caption"]))
    chart = evidence_chart("", **drawn)
    figure = nodes.figure("", chart, caption, classes=["evidence-figure"])
    page.label(figure, name)
    return [figure, page.download(name, "figure", figure_rows(payload["spec"]))]


def _table(payload: dict[str, Any], page: Page) -> list[nodes.Node]:
    columns, name = payload["columns"], payload["name"]
    texts = [[plain(read_runs(cell)) for cell in row["cells"]] for row in payload["rows"]]
    widths = [_width(column) for column in zip(columns, *texts, strict=True)]
    group = nodes.tgroup("", cols=len(columns))
    group += [nodes.colspec("", colwidth=w, stub=not index) for index, w in enumerate(widths)]
    group += nodes.thead("", nodes.row("", *(_entry([{"text": column}]) for column in columns)))
    group += nodes.tbody("", *(_row(row, page) for row in payload["rows"]))
    title = nodes.title("", "", *page.text(payload["caption"]))
    table = nodes.table("", title, group, classes=["evidence-table", "colwidths-given"])
    filters = payload["filters"]
    table["evidence_data"] = {"data-filters": json.dumps(filters) if filters else ""}
    page.label(table, name)
    note: list[nodes.Node] = []
    if payload["note"]:
        note.append(nodes.paragraph("", "", *page.text(payload["note"]), classes=["table-note"]))
    return [table, *note, page.download(name, "table", [columns, *texts])]


def _width(column: Sequence[str]) -> int:
    """Give a column the room that its longest word needs, and more where its texts are long."""
    longest = max(len(word) for text in column for word in text.split() or [""])
    average = sum(map(len, column)) / len(column)
    return max(min(longest, 14), round(math.pow(average, 0.75)), 4)


def _row(data: dict[str, Any], page: Page) -> nodes.row:
    row = nodes.row("", *map(_entry, data["cells"]))
    if key := data["anchor"]:
        kind = "finding" if key in page.env.app.evidence.rows("findings") else "source"
        row["evidence_key"] = (kind, key)
    return row


def _entry(items: list[dict[str, Any]]) -> nodes.entry:
    return nodes.entry("", _paragraph(items))


_MAKERS: dict[str, Callable[..., list[nodes.Node]]] = {
    "prose": _prose,
    "figure": _figure,
    "table": _table,
}


def figure_rows(spec: dict[str, Any]) -> list[list[Any]]:
    """Take from a Vega-Lite specification the rows it draws, without what only places marks."""
    rows: list[dict[str, Any]] = []
    for row in _data_of(spec, spec.get("datasets", {})):
        kept = {name: value for name, value in row.items() if name not in _PLACING}
        if kept and kept not in rows:
            rows.append(kept)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return [columns, *([row.get(name, "") for name in columns] for row in rows)]


def _data_of(spec: Any, datasets: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Find the data of a specification, in the order in which it is drawn."""
    if isinstance(spec, list):
        for item in spec:
            yield from _data_of(item, datasets)
    elif isinstance(spec, dict):
        data = spec.get("data") or {}
        values = data.get("values", datasets.get(data.get("name", ""), ()))
        yield from (row for row in values if isinstance(row, dict))
        for name in ("layer", "vconcat", "hconcat", "concat", "spec"):
            yield from _data_of(spec.get(name), datasets)


class ChecksDirective(SphinxDirective):
    """``{evidence-checks}``: which rules the text passed, and what was exempted, and why.

    The table depends on what other chapters say, so its page is read again in every build.
    """

    def run(self) -> list[nodes.Node]:
        """Make the table from the review that this build began with."""
        env: Any = self.env
        env.note_reread()
        reasons: dict[str, dict[str, None]] = {}
        for exemption in env.app.evidence_review().exemptions:
            rule = exemption.rule if exemption.rule in RULES else "coverage"
            reasons.setdefault(rule, {})[exemption.message] = None
        texts = (
            (rule, held, "; ".join(reasons.get(rule, ["nothing"]))) for rule, held in RULES.items()
        )
        rows = tuple(TableRow(tuple(map(runs, text))) for text in texts)
        table = Table(
            "tab-checks", runs(_CHECKS), ("Rule", "What it holds", "Exempted, and why"), rows
        )
        return _table(table.payload(), Page(self.state.document, env, self.lineno))


def check_page(app: Sphinx, doctree: nodes.document) -> None:
    """Report a page without a title, and cells that leave a warning in it."""
    if next(iter(doctree.findall(nodes.title)), None) is None:
        message = "the chapter has no title; begin it with a line such as '# Title'"
        LOGGER.error(message, location=(app.env.docname, 1))
    for output in doctree.findall(nodes.literal_block):
        if "stderr" in output["classes"]:
            last = output.astext().strip().rpartition("\n")[2][:300]
            LOGGER.error(_LEFTOVER, last, location=place_of(output))
