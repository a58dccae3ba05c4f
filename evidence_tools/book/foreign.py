"""Charts and objects of other libraries: shown on pages without any other host, and in print.

Vega charts become charts like ours. Plotly and Bokeh draw with scripts that they bring along, which
the site keeps. What loads its scripts from another host is refused, with the line of its cell.
"""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from evidence_tools.book.nodes import evidence_chart, moving_chart

LOGGER = logging.getLogger(__name__)
_VEGA = re.compile(r"application/vnd\.vega(lite)?\.v\d+\+json")
_PLOTLY = "application/vnd.plotly.v1+json"
_BOKEH = re.compile(r"application/vnd\.bokehjs_(?:load|exec)\.v\d+\+json")
_BOKEH_DATA = re.compile(r"\b(?:docs_json|render_items) = ")
_BOKEH_NOTE = re.compile(r"bk-notebook-logo|data-root-id=")
_WIDGET = "application/vnd.jupyter.widget-view+json"
_OTHER_HOST = re.compile(
    r"""(?:src|href|import)\s*[=(]?\s*\\?["'](https?:)?//[^"'\\]+\.(?:js|mjs)"""
)
_OBJECT = re.compile(r"<[\w.]+(?: object)? at 0x[0-9a-f]+>|alt\.\w*Chart\(\.\.\.\)")
_COMPLEX = re.compile(r"<(?:svg|script|input|details|canvas)\b", re.IGNORECASE)
_START = """
;for (const box of document.querySelectorAll(".evidence-{library}")) {{
  const chart = JSON.parse(box.querySelector("script").textContent);
  {draw};
}}
"""
_DRAWS = {
    "plotly": "Plotly.newPlot(box, chart.data, chart.layout, {responsive: true})",
    "bokeh": "Bokeh.embed.embed_items(chart.documents, chart.items)",
}
_NO_EVAL = (
    "{eval}`%s` cannot be used, since chapters run before pages are read; write "
    "glue('%s', %s, display=False) in a cell and {glue:text}`%s` here"
)
_NO_OTHER_HOST = (
    "cell %s shows something that loads scripts of another host (%s); pages ask no other host: "
    "show a picture of it"
)
_IN_PRINT = [
    *("image/svg+xml", "image/png", "image/jpeg", "image/gif", _PLOTLY, "text/latex", "text/html"),
    *("text/markdown", "application/json", "application/javascript", "text/plain"),
]
PRIORITIES = [
    *(("*", f"application/vnd.vegalite.v{n}+json", 5) for n in range(4, 8)),
    *(("*", f"application/vnd.vega.v{n}+json", 6) for n in range(4, 8)),
    ("*", _PLOTLY, 7),
    ("*", "application/json", 95),
    *(("typst", kind, 10 * place) for place, kind in enumerate(_IN_PRINT, start=2)),
]
"""Which form of an output is shown, where it has several: pages move, print has pictures."""


def foreign_nodes(renderer: Any, data: Any) -> list[nodes.Node] | None:
    """Turn an output of another library into nodes; ``None`` leaves it to MyST-NB."""
    kind, content = data.mime_type, data.content
    if is_vega := _VEGA.fullmatch(kind):
        return [_vega_chart(data, content, is_lite=bool(is_vega[1]))]
    if kind == "text/html" and "vega.github.io/schema" in content and "})({" in content:
        # Altair writes the specification into a script.
        spec, _ = json.JSONDecoder().raw_decode(content, content.index("})({") + 3)
        return [_vega_chart(data, spec, is_lite="/vega-lite/" in spec["$schema"])]
    if kind == _PLOTLY:
        described = ((content.get("layout") or {}).get("meta") or {}).get("description")
        alt = _alternative(data, described)
        return [moving_chart("", library="plotly", figure=content, alt=alt)]
    if (bokeh := _bokeh_nodes(data)) is not None:
        return bokeh
    if kind == "application/json":
        text = json.dumps(content, indent=2, ensure_ascii=False)
        return [nodes.literal_block(text, text, language="json")]
    if kind == _WIDGET:
        # Its scripts would come from another host: page and print show its text.
        return []
    is_code = kind in ("text/html", "application/javascript")
    if is_code and (found := _OTHER_HOST.search(data.string)):
        renderer.logger.error(_NO_OTHER_HOST % (data.cell_index, found[0]), line=data.line)
    return None


def _vega_chart(data: Any, spec: dict[str, Any], *, is_lite: bool) -> nodes.Node:
    import vl_convert

    alt = _alternative(data, spec.get("description"))
    svg = (vl_convert.vegalite_to_svg if is_lite else vl_convert.vega_to_svg)(spec)
    return evidence_chart("", alt=alt, svg=svg, spec=spec, narrow_svg=svg, narrow_spec=spec)


def _bokeh_nodes(data: Any) -> list[nodes.Node] | None:
    """Find the chart in what Bokeh prints; the rest loads its script, which the site has."""
    is_note = data.mime_type == "text/html" and _BOKEH_NOTE.search(data.string)
    if is_note or _BOKEH.fullmatch(data.mime_type):
        return []
    if data.mime_type != "application/javascript" or "Bokeh" not in data.string:
        return None
    decode = json.JSONDecoder().raw_decode
    found = [decode(data.string, each.end())[0] for each in _BOKEH_DATA.finditer(data.string)]
    if len(found) != 2:
        return []
    figure = {"documents": found[0], "items": found[1]}
    return [moving_chart("", library="bokeh", figure=figure, alt=_alternative(data, ""))]


def _alternative(data: Any, described: Any) -> str:
    """Find the words that stand for a chart: in the cell's settings, else in the chart."""
    settings = data.cell_metadata.get("mystnb", {}).get("image", {})
    return str(settings.get("alt") or described or "").strip()


class ChoosePrintable(SphinxPostTransform):
    """In print, prefer the text of an object to HTML that lives on scripts and drawings."""

    default_priority = 3  # before MyST-NB chooses
    formats = ("typst",)

    def run(self, **_: Any) -> None:
        """Drop the HTML of outputs whose text says more."""
        bundles: list[Any] = list(self.document.findall(nodes.container))
        for bundle in bundles:
            if bundle.get("nb_element") != "mime_bundle":
                continue
            forms = {form["mime_type"]: form for form in bundle.children}
            page, text = forms.get("text/html"), forms.get("text/plain")
            says_more = text is not None and not _OBJECT.fullmatch(text.astext().strip())
            if page is not None and says_more and _COMPLEX.search(page.astext()):
                bundle.remove(page)


def _visit_moving_chart(self: Any, node: moving_chart) -> None:
    """Write the chart's data; the script of the site draws it."""
    data = json.dumps(node["figure"]).replace("<", "\\u003c")
    places = "".join(
        f'<div id="{html.escape(place)}" data-root-id="{html.escape(root)}"></div>'
        for item in node["figure"].get("items", ())
        for root, place in item["roots"].items()
    )
    label = html.escape(node["alt"])
    self.body.append(
        f'<div class="evidence-{node["library"]}" role="img" aria-label="{label}">'
        f'<script type="application/json">{data}</script>{places}</div>\n'
    )
    raise nodes.SkipNode


def _note_scripts(app: Sphinx, doctree: nodes.document) -> None:
    scripts = sorted({chart["library"] for chart in doctree.findall(moving_chart)})
    app.env.metadata[app.env.docname]["scripts"] = scripts


def _write_scripts(app: Sphinx, _: Any) -> None:
    """Write the site's copy of each library's script, and what starts it."""
    pages = app.env.metadata.values()
    for library in {name for page in pages for name in page.get("scripts", ())}:
        start = _START.format(library=library, draw=_DRAWS[library])
        target = Path(app.outdir) / "_static" / f"evidence-{library}.js"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_library_script(library) + start, encoding="utf-8")


def _add_scripts(app: Sphinx, pagename: str, *_: Any) -> None:
    for library in app.env.metadata.get(pagename, {}).get("scripts", ()):
        app.add_js_file(f"evidence-{library}.js", loading_method="defer")


def _library_script(library: str) -> str:
    """Read the script that a library brings along."""
    if library == "plotly":
        from plotly.offline import get_plotlyjs

        return str(get_plotlyjs())
    from bokeh.util.paths import bokehjs_path

    names = ("bokeh", "bokeh-widgets", "bokeh-tables")
    folder = Path(bokehjs_path()) / "js"
    return "\n".join((folder / f"{name}.min.js").read_text(encoding="utf-8") for name in names)


class EvalRole(SphinxRole):
    """Stands for ``{eval}``, which needs a kernel that runs while pages are read."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Say what to write instead."""
        LOGGER.error(_NO_EVAL, *[self.text] * 4, location=self.get_location())
        return [nodes.problematic("", self.rawtext)], []


def add_foreign(app: Sphinx) -> None:
    """Register the nodes of other libraries with the builders."""
    app.add_role("eval", EvalRole(), override=True)
    app.add_node(moving_chart, html=(_visit_moving_chart, None))
    app.add_post_transform(ChoosePrintable)
    app.connect("doctree-read", _note_scripts)
    app.connect("write-started", _write_scripts, priority=900)  # when there is room
    app.connect("html-page-context", _add_scripts)
