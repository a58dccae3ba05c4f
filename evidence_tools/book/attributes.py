"""What tables and groups of figures say about themselves in HTML, for readers and for scripts.

Cells name the column or row they head, or the column they stand in, so that a table can be read
aloud, and stacked on a narrow screen. Rows name their marker and their source, so that a script
can highlight and filter them. The print form carries none of the latter.
"""

from __future__ import annotations

import html
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def visit_entry(self: Any, node: nodes.entry) -> None:
    """Write a table cell; headers say what they head, other cells in which column they stand."""
    type(self).visit_entry(self, node)
    row = node.parent
    if self.body[-1].startswith("<th"):
        scope = "col" if isinstance(row.parent, nodes.thead) else "row"
        _add(self, {"scope": scope})
    elif (column := _column(node)) and self.builder.name != "singlehtml":
        _add(self, {"data-label": column})


def visit_with_views(self: Any, node: nodes.Element) -> None:
    """Write an element with what scripts need to know of it."""
    getattr(type(self), f"visit_{node.tagname}")(self, node)
    if self.builder.name != "singlehtml":
        views: dict[str, str] = node.get("evidence_views", {})
        _add(self, {name: text for name, text in views.items() if text})


def depart(self: Any, node: nodes.Element) -> None:
    """Close an element as the theme does."""
    getattr(type(self), f"depart_{node.tagname}")(self, node)


def add_attributes(app: Sphinx) -> None:
    """Have the HTML builders write these attributes."""
    app.add_node(nodes.entry, override=True, html=(visit_entry, depart))
    for element in (nodes.table, nodes.row, nodes.container):
        app.add_node(element, override=True, html=(visit_with_views, depart))


def _add(self: Any, attributes: dict[str, str]) -> None:
    """Add attributes to the tag that was written last."""
    tag = self.body[-1].rstrip()
    extra = "".join(f' {name}="{html.escape(text)}"' for name, text in attributes.items())
    self.body[-1] = f"{tag.removesuffix('>')}{extra}>"


def _column(node: nodes.entry) -> str:
    """Name the column of a cell in a table of evidence."""
    group = node.parent.parent.parent
    if "evidence-table" not in group.parent.get("classes", []):
        return ""
    header: Any = next(iter(group.findall(nodes.thead)))
    return str(header[0][node.parent.index(node)].astext())
