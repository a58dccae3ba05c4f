"""Document nodes that mean something, and how pages show them.

Roles and notebook outputs both become these nodes, so they look the same everywhere: a mention
of a finding or source, a chart, a link to data, and tables that name their columns in each cell.
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
from sphinx.transforms.post_transforms import SphinxPostTransform

from evidence_tools.show.display import Run

DATA = "_data"
"""Folder of the site with the data behind its tables and figures."""


class evidence_ref(nodes.Inline, nodes.TextElement):  # noqa: N801 - docutils names nodes so
    """What a finding or a source states; ``kind`` and ``key`` name its row."""


class evidence_chart(nodes.General, nodes.Element):  # noqa: N801
    """A chart: ``svg``, ``spec``, the same as ``narrow_``, and ``alt``."""


class moving_chart(nodes.General, nodes.Element):  # noqa: N801
    """A chart that a script draws: its ``library``, its ``figure`` as JSON, and ``alt``."""


class evidence_download(nodes.General, nodes.Element):  # noqa: N801
    """A link to a CSV file: ``name`` is that of its table or figure, ``words`` are shown."""


def run_nodes(runs: tuple[Run, ...]) -> list[nodes.Node]:
    """Turn runs into inline nodes; their text is never parsed as markup."""
    return [_run_node(run) for run in runs]


def _run_node(run: Run) -> nodes.Node:
    if run.finding_id or run.source_id:
        kind, key = ("finding" if run.finding_id else "source"), run.finding_id or run.source_id
        inner = nodes.inline("", run.text, classes=["struck"] if run.style == "struck" else [])
        return evidence_ref("", "", inner, kind=kind, key=key)
    if run.cite:  # the same node that the role {cite:p} makes
        return addnodes.pending_xref(
            "",
            nodes.inline("", run.text),
            refdomain="cite",
            reftype="p",
            reftarget=run.cite,
            refwarn=True,
            support_smartquotes=False,
        )
    if run.link.startswith("https://"):
        return nodes.reference("", run.text, refuri=run.link)
    if run.style == "struck":
        return nodes.inline("", run.text, classes=["struck"])
    made = {"strong": nodes.strong, "emphasis": nodes.emphasis}.get(run.style)
    return made("", run.text) if made else nodes.Text(run.text)


def place_of(node: nodes.Node) -> Any:
    """Find the nearest node around that knows its line, as Sphinx's loggers take it."""
    around: Any = node
    while around is not None and not getattr(around, "line", None):
        around = around.parent
    return around if around is not None else node


def line_of(node: nodes.Node) -> int:
    """Return the line of a node in its chapter; 0 if unknown."""
    return int(getattr(place_of(node), "line", None) or 0)


def _visit_ref(self: Any, node: evidence_ref) -> None:
    key = html.escape(node["key"], quote=True)
    self.body.append(f'<span class="evidence-ref evidence-{node["kind"]}" data-key="{key}">')


def _depart_ref(self: Any, node: evidence_ref) -> None:
    self.body.append("</span>")


def _visit_chart(self: Any, node: evidence_chart) -> None:
    """Write the static drawings with their text alternative, and the data that enhances them."""
    label = html.escape(node["alt"], quote=True)
    # The chart has one text alternative; its marks would only repeat it piece by piece.
    svg = "".join(
        node[key].replace("<svg ", f'<svg aria-hidden="true" data-drawn="{name}" ', 1)
        for name, key in (("wide", "svg"), ("narrow", "narrow_svg"))
    )
    text = json.dumps({"wide": node["spec"], "narrow": node["narrow_spec"]}, sort_keys=True)
    packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")
    self.body.append(
        f'<div class="evidence-chart" role="img" aria-label="{label}">{svg}</div>'
        f'<script type="text/plain" class="evidence-spec">{packed}</script>'
    )
    raise nodes.SkipNode


def _visit_download(self: Any, node: evidence_download) -> None:
    up = "../" * self.builder.current_docname.count("/")
    address = html.escape(f"{up}{DATA}/{node['name']}.csv", quote=True)
    link = f'<a href="{address}" download>{html.escape(node["words"])}</a>'
    self.body.append(f'<p class="evidence-download">{link}</p>\n')
    raise nodes.SkipNode


def _visit_entry(self: Any, node: nodes.entry) -> None:
    """Write a cell; a header says what it heads, another one names its column for phones."""
    type(self).visit_entry(self, node)
    group = node.parent.parent.parent
    if self.body[-1].startswith("<th"):
        _add(self, {"scope": "col" if isinstance(node.parent.parent, nodes.thead) else "row"})
    elif "evidence-table" in group.parent.get("classes", []):
        header: Any = next(iter(group.findall(nodes.thead)))
        _add(self, {"data-label": header[0][node.parent.index(node)].astext()})


def _visit_with_data(self: Any, node: nodes.Element) -> None:
    """Write an element with what scripts need to know of it."""
    getattr(type(self), f"visit_{node.tagname}")(self, node)
    _add(self, node.get("evidence_data", {}))


def _depart(self: Any, node: nodes.Element) -> None:
    getattr(type(self), f"depart_{node.tagname}")(self, node)


def _add(self: Any, attributes: dict[str, str]) -> None:
    """Add attributes to the tag that was written last."""
    extra = "".join(f' {name}="{html.escape(text)}"' for name, text in attributes.items() if text)
    self.body[-1] = f"{self.body[-1].rstrip().removesuffix('>')}{extra}>"


class EmptyEntries(SphinxPostTransform):
    """Empty the entries of a bibliography before their words are added.

    The bibliography extension keeps one node for each entry and adds the words to it whenever
    references are resolved: for print, and for the page.
    """

    default_priority = 4  # the extension adds the words at 5

    def run(self, **_: Any) -> None:
        """Find the bibliographies of a page, and empty their entries."""
        from sphinxcontrib.bibtex.directives import BibliographyKey
        from sphinxcontrib.bibtex.nodes import bibliography

        for node in self.document.findall(bibliography):
            domain: Any = self.env.get_domain("cite")
            key = BibliographyKey(docname=node["docname"], id_=node["ids"][0])
            for entry in domain.bibliographies[key].citation_nodes.values():
                entry.clear()


def add_nodes(app: Sphinx) -> None:
    """Register the nodes and transforms."""
    app.add_node(evidence_ref, html=(_visit_ref, _depart_ref))
    app.add_node(evidence_chart, html=(_visit_chart, None))
    app.add_node(evidence_download, html=(_visit_download, None))
    app.add_node(nodes.entry, override=True, html=(_visit_entry, _depart))
    for element in (nodes.table, nodes.container):
        app.add_node(element, override=True, html=(_visit_with_data, _depart))
    app.add_post_transform(EmptyEntries)
