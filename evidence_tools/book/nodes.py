"""Document nodes that mean something: a reference to a finding or source, and a chart.

Roles and notebook outputs both become these nodes, so they look the same everywhere.
"""

from __future__ import annotations

import base64
import html
import json
import zlib
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from evidence_tools.display import Run

DOMAIN = "evidence"


class evidence_ref(nodes.Inline, nodes.TextElement):  # noqa: N801 - docutils names nodes so
    """What a finding or a source states; ``kind`` and ``key`` name its row."""


class evidence_chart(nodes.General, nodes.Element):  # noqa: N801
    """A chart: ``svg``, ``spec``, the same as ``narrow_``, and ``alt``."""


def reference_node(kind: str, key: str, text: str, *, struck: bool = False) -> nodes.Node:
    """Make the node for text that states a finding or names a source.

    Parameters
    ----------
    kind
        ``"finding"`` or ``"source"``.
    key
        Identifier of the row.
    text
        What is shown.
    struck
        Whether the text is struck out.
    """
    # Sphinx resolves the inner reference to the page where the row has its place.
    inner = nodes.inline("", text, classes=["struck"] if struck else [])
    link = addnodes.pending_xref(
        "", inner, refdomain=DOMAIN, reftype=kind, reftarget=key, refexplicit=True
    )
    return evidence_ref("", "", link, kind=kind, key=key)


def run_nodes(runs: tuple[Run, ...]) -> list[nodes.Node]:
    """Turn runs into inline nodes; their text is never parsed as markup."""
    made: list[nodes.Node] = []
    for run in runs:
        if run.finding_id or run.source_id:
            kind = "finding" if run.finding_id else "source"
            key = run.finding_id or run.source_id
            made.append(reference_node(kind, key, run.text, struck=run.style == "struck"))
        elif run.cite:
            # The same node the {cite:p} role of sphinxcontrib-bibtex makes.
            made.append(
                addnodes.pending_xref(
                    "",
                    nodes.inline("", run.text),
                    refdomain="cite",
                    reftype="p",
                    reftarget=run.cite,
                    refwarn=True,
                    support_smartquotes=False,
                )
            )
        elif run.link.startswith("https://"):
            made.append(nodes.reference("", run.text, refuri=run.link))
        else:
            made.append(_styled(run))
    return made


def _styled(run: Run) -> nodes.Node:
    if run.style == "strong":
        return nodes.strong("", run.text)
    if run.style == "emphasis":
        return nodes.emphasis("", run.text)
    if run.style == "struck":
        return nodes.inline("", run.text, classes=["struck"])
    return nodes.Text(run.text)


def visit_evidence_ref(self: Any, node: evidence_ref) -> None:
    """Open the span that the script ties a hover card to."""
    kind, key = node["kind"], html.escape(node["key"], quote=True)
    self.body.append(f'<span class="evidence-ref evidence-{kind}" data-key="{key}">')


def depart_evidence_ref(self: Any, node: evidence_ref) -> None:
    """Close the span."""
    self.body.append("</span>")


def visit_evidence_chart(self: Any, node: evidence_chart) -> None:
    """Write the static drawing with its text alternative, and the data that enhances it."""
    label = html.escape(node["alt"], quote=True)
    # The chart has one text alternative; its marks would only repeat it piece by piece.
    drawings = {"wide": node["svg"], "narrow": node["narrow_svg"]}
    if self.builder.name == "singlehtml":
        del drawings["narrow"]  # paper is wide
    svg = "".join(
        drawing.replace("<svg ", f'<svg aria-hidden="true" data-drawn="{name}" ', 1)
        for name, drawing in drawings.items()
    )
    self.body.append(f'<div class="evidence-chart" role="img" aria-label="{label}">{svg}</div>')
    if self.builder.name != "singlehtml":
        # Which drawing is seen depends on the room for it; the style sheet says which.
        spec = packed({"wide": node["spec"], "narrow": node["narrow_spec"]})
        self.body.append(f'<script type="text/plain" class="evidence-spec">{spec}</script>')
    raise nodes.SkipNode


def packed(data: Any) -> str:
    """Write data as compressed JSON in base 64: specifications repeat themselves tenfold."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")


def depart_evidence_chart(self: Any, node: evidence_chart) -> None:
    """Nothing is left to close."""


def visit_plain_ref(self: Any, node: nodes.Element) -> None:
    """Write only the text, for builders without pages such as ``text``."""


def add_nodes(app: Sphinx) -> None:
    """Register the nodes with the HTML builders; other builders get their text."""
    app.add_node(
        evidence_ref,
        html=(visit_evidence_ref, depart_evidence_ref),
        text=(visit_plain_ref, visit_plain_ref),
    )
    app.add_node(
        evidence_chart,
        html=(visit_evidence_chart, depart_evidence_chart),
        text=(visit_plain_ref, visit_plain_ref),
    )
