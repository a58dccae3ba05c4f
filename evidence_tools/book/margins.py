"""Notes in the margin of wide screens: which sources a paragraph rests on, and what was read.

They repeat what the cards and the table of sources say, so that a reader with room need not
leave the line. Screen readers, narrow screens and print pass them over.
"""

from __future__ import annotations

import html
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from evidence_tools.book.nodes import evidence_ref
from evidence_tools.evidence import Evidence
from evidence_tools.phrases import design_text, source_name
from evidence_tools.schema import Source

MOST = 3
"""Sources that one note names; more would be longer than the paragraph beside it."""
_OWN_PLACE = (nodes.table, nodes.Admonition, nodes.figure, nodes.caption, nodes.legend)


def visit_paragraph(self: Any, node: nodes.paragraph) -> None:
    """Write a paragraph, and before it the note on the sources that its section first names."""
    if self.builder.name == "html" and (sources := first_named(self.builder.app.evidence, node)):
        self.body.append(note_html(sources))
    type(self).visit_paragraph(self, node)


def depart_paragraph(self: Any, node: nodes.paragraph) -> None:
    """Close the paragraph as the theme does."""
    type(self).depart_paragraph(self, node)


def first_named(evidence: Evidence, node: nodes.paragraph) -> list[Source]:
    """List the sources that a paragraph names before any other of its section.

    Parameters
    ----------
    evidence
        Where findings lead to their sources.
    node
        A paragraph. One in a table, a figure or a box has no margin of its own.

    Returns
    -------
    list of Source
        In the order of the text; empty too if there are more than `MOST`.
    """
    section = _section(node)
    if section is None or not any(True for _ in node.findall(evidence_ref)):
        return []
    told: set[str] = set()
    for paragraph in section.findall(nodes.paragraph):
        if _section(paragraph) is not section:
            continue
        new = {k: s for k, s in _sources(evidence, paragraph).items() if k not in told}
        if len(new) > MOST:
            new = {}
        if paragraph is node:
            return list(new.values())
        told |= new.keys()
    return []


def note_html(sources: list[Source]) -> str:
    """Write the note: the name of each source with any doubt, its design, and what was read.

    The words stand in attributes that the style sheet shows. So copied text, the search and
    programs that read pages find the sentences alone.
    """
    spans = []
    for source in sources:
        level = f"{design_text(source)}, evidence level {source.evidence_level}"
        name = html.escape(source_name(source), quote=True)
        note = html.escape(f"{level}; {source.read_at} read", quote=True)
        spans.append(f'<span data-name="{name}" data-note="{note}"></span>')
    return f'<aside class="evidence-margin" aria-hidden="true">{"".join(spans)}</aside>'


def add_margins(app: Sphinx) -> None:
    """Have the HTML builder write the notes."""
    app.add_node(nodes.paragraph, override=True, html=(visit_paragraph, depart_paragraph))


def _section(node: nodes.Node) -> nodes.section | None:
    """Find the section whose running text a paragraph belongs to, if it is running text."""
    while (node := node.parent) is not None:
        if isinstance(node, _OWN_PLACE):
            return None
        if isinstance(node, nodes.section):
            return node
    return None


def _sources(evidence: Evidence, node: nodes.Node) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for mention in node.findall(evidence_ref):
        kind, key = mention["kind"], mention["key"]
        source = (
            evidence.source_of(evidence.finding(key)) if kind == "finding" else evidence.source(key)
        )
        found.setdefault(source.source_id, source)
    return found
