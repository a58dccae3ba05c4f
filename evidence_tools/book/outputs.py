"""From what cells put out to document nodes: figures, tables and prose of the package.

MyST-NB finds :class:`EvidenceOutput` by its entry point. Building real nodes instead of raw
HTML gives them numbers, cross-references, links and one look in HTML and PDF. The directive
``{evidence-checks}`` shows what only the build knows as such a table.
"""

import html
import json
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from evidence_tools.book.execution import WIDGET
from evidence_tools.book.nodes import (
    DATA,
    download_links,
    evidence_chart,
    moving_chart,
    place_of,
    refuse,
    run_nodes,
    svg_address,
)
from evidence_tools.book.roles import caption_runs
from evidence_tools.check.built import altair_chart
from evidence_tools.check.review import RULES
from evidence_tools.evidence.problems import UnknownKeyError
from evidence_tools.show.display import MIME_TYPE, Table, TableRow, plain, read_runs, runs
from evidence_tools.show.drawing import figure_rows
from evidence_tools.show.tables import column_width

_PLOTLY = "application/vnd.plotly.v1+json"
_BOKEH = re.compile(
    r"(?s)application/(?:vnd\.bokehjs|javascript\n.*Bokeh)"
    r"|text/html\n.*(?:bk-notebook-logo|data-root-id=)"
)
_BOKEH_DATA = re.compile(r"\b(?:docs_json|render_items) = ")
_OTHER_HOST = re.compile(r"""(?:src|href|import)\s*[=(]?\s*\\?["'](https?:)?//[^"'\\]+\.m?js""")
_HEAD = re.compile(r"-{3,}[ \t]*\n(?:.*\n)*?-{3,}[ \t]*(?:\n|$)")
_OTHER_SHEET = re.compile(r"""<link\b[^>]*["'](?:https?:)?//[^>]*>""")
_SCRIPTS = {
    "plotly": ["package_data/plotly.min.js"],
    "bokeh": [f"server/static/js/bokeh{part}.min.js" for part in ("", "-widgets", "-tables")],
}
"""Files of a library that draw its charts in a browser."""
_OBJECT = re.compile(r"<[\w.]+(?: object)?(?: at 0x[0-9a-f]+)?>|alt\.\w*Chart\(\.\.\.\)")
_COMPLEX = re.compile(r"<(?:svg|script|input|details|canvas)\b", re.IGNORECASE)
_TYPESET = re.compile(r"\s*\\begin\{(?:Verbatim|tabular|longtable)")
_PICTURES = ("image/svg+xml", "image/png", "image/jpeg", "image/gif")
_IN_PRINT = [
    *(*_PICTURES, _PLOTLY, "text/latex", "text/html", "text/markdown"),
    *("application/json", "application/javascript", "text/plain"),
]
PRIORITIES = [
    ("*", MIME_TYPE, 1),
    *(("*", f"application/vnd.vegalite.v{n}+json", 5) for n in range(4, 8)),
    *(("*", f"application/vnd.vega.v{n}+json", 6) for n in range(4, 8)),
    ("*", _PLOTLY, 7),
    ("*", "application/json", 95),
    *(("typst", kind, 10 * place) for place, kind in enumerate(_IN_PRINT, start=2)),
]
"""Which form of an output is shown, where it has several: pages move, print has pictures."""
_CHECKS = "Which rules did the text of this report pass before it was built?"


class EvidenceOutput:
    """The MyST-NB plugin for the MIME type of :mod:`evidence_tools.show.display`."""

    mime_priority_overrides = PRIORITIES

    @staticmethod
    def handle_mime(renderer: Any, data: Any, inline: bool) -> list[nodes.Node] | None:
        """Turn one output into nodes, or leave it to others by returning ``None``."""
        # The plugin is there in every book of this environment, also in one without our extension.
        env = getattr(renderer.renderer, "sphinx_env", None)
        if inline or env is None or not hasattr(env.app, "evidence"):
            return None
        if data.mime_type != MIME_TYPE:
            return foreign_nodes(renderer, data)
        place = Place(renderer.renderer.document, env, data.line)
        return _MAKERS[data.content["kind"]](data.content, place)


@dataclass(frozen=True)
class Place:
    """Where an output is shown: its page, and the line of its cell for messages."""

    document: nodes.document
    env: Any
    line: int

    def label(self, node: nodes.Element, name: str) -> None:
        """Make a figure or table a target for ``{numref}`` and links."""
        node.source, node.line = self.document["source"], self.line
        node["names"].append(nodes.fully_normalize_name(name))
        self.document.note_explicit_target(node, node)

    def text(self, items: list[dict[str, Any]]) -> list[nodes.Node]:
        """Resolve a caption or note; an unknown key fails the build at the cell's line."""
        found = read_runs(items)
        try:
            found = caption_runs(self.env.app.evidence, found)
        except UnknownKeyError as error:
            refuse("caption", error, location=(self.env.docname, self.line))
        return run_nodes(found)

    def download(self, name: str, kind: str, rows: list[list[Any]]) -> nodes.Node:
        """Keep the rows of a CSV file for the end of the build, and make the link to it."""
        self.env.metadata[self.env.docname].setdefault("downloads", {})[name] = rows
        address = f"{'../' * self.env.docname.count('/')}{DATA}/{name}.csv"
        return download_links({address: f"Data of this {kind} (CSV)"})


def _paragraph(items: list[dict[str, Any]]) -> nodes.Node:
    return nodes.paragraph("", "", *run_nodes(read_runs(items)))


def _prose(payload: dict[str, Any], _: Place) -> list[nodes.Node]:
    content = [*map(_paragraph, payload["paragraphs"])]
    if payload["as_list"]:
        content = [nodes.bullet_list("", *(nodes.list_item("", p) for p in content), bullet="-")]
    if title := payload.get("title"):
        return [nodes.admonition("", nodes.title("", title), *content, classes=["evidence-box"])]
    return content


def _figure(payload: dict[str, Any], place: Place) -> list[nodes.Node]:
    wide, narrow = ((payload[f"{size}svg"], payload[f"{size}spec"]) for size in ("", "narrow_"))
    chart = _chart(payload["alt"], wide, narrow)
    caption = nodes.caption("", "", *place.text(payload["caption"]))
    figure = nodes.figure("", chart, caption, classes=["evidence-figure"])
    place.label(figure, payload["name"])
    return [figure, place.download(payload["name"], "figure", figure_rows(payload["spec"]))]


def _table(payload: dict[str, Any], place: Place) -> list[nodes.Node]:
    columns, name = payload["columns"], payload["name"]
    texts = [[plain(read_runs(cell)) for cell in row["cells"]] for row in payload["rows"]]
    widths = [column_width(column) for column in zip(columns, *texts, strict=True)]
    group = nodes.tgroup("", cols=len(columns))
    group += [nodes.colspec("", colwidth=w, stub=not index) for index, w in enumerate(widths)]
    heads = [nodes.entry("", nodes.paragraph("", column)) for column in columns]
    for head, column in zip(heads, columns, strict=True):
        head["classes"] += ["evidence-filter"] if column in payload["filters"] else []
    group += nodes.thead("", nodes.row("", *heads))
    group += nodes.tbody("", *map(_row, payload["rows"]))
    title = nodes.title("", "", *place.text(payload["caption"]))
    table = nodes.table("", title, group, classes=["evidence-table", "colwidths-given"])
    place.label(table, name)
    said = place.text(payload["note"])
    note = [nodes.paragraph("", "", *said, classes=["table-note"])] if said else []
    return [table, *note, place.download(name, "table", [columns, *texts])]


def _row(data: dict[str, Any]) -> nodes.row:
    row = nodes.row("", *(nodes.entry("", _paragraph(cell)) for cell in data["cells"]))
    if key := data.get("anchor"):
        row["finding_id"] = key
    return row


_MAKERS = {"prose": _prose, "figure": _figure, "table": _table}


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
        columns = ("Rule", "What it holds", "Exempted, and why")
        table = Table("tab-checks", runs(_CHECKS), columns, rows)
        return _table(table.payload(), Place(self.state.document, env, self.lineno))


def check_page(_: Sphinx, doctree: nodes.document) -> None:
    """Report cells that leave a warning in a page, and what nothing carries out."""
    for left in doctree.findall(nodes.pending):
        refuse("nothing inside", left.transform.__name__, location=place_of(left))
    for output in doctree.findall(nodes.literal_block):
        allowed = "tag_raises-exception" in output.parent.parent.get("classes", ())
        if "stderr" in output["classes"] or ("traceback" in output["classes"] and not allowed):
            last = output.astext().strip().rpartition("\n")[2][:300]
            refuse("leftover", last, location=place_of(output))


def foreign_nodes(renderer: Any, data: Any) -> list[nodes.Node] | None:
    """Turn an output of another library into nodes; ``None`` leaves it to MyST-NB."""
    kind, content = data.mime_type, data.content
    place = (renderer.renderer.sphinx_env.docname, data.line)
    if kind == "text/html" and (chart := altair_chart(content)):
        content, kind = chart, "application/vnd.vega"
    if kind.startswith("application/vnd.vega"):
        import vl_convert

        language = "vega" if "/schema/vega/" in content.get("$schema", "") else "vegalite"
        try:
            svg = getattr(vl_convert, f"{language}_to_svg")(content, allowed_base_urls=[])
        except ValueError as error:
            said = " ".join(str(error).partition("\n    at")[0].split())
            refuse("chart", said, location=place)
            return []
        alt = _alternative(data, content.get("description"))
        return [_chart(alt, (svg, content))]
    if kind == "image/svg+xml" and "<title" in content:  # which a picture would not show
        return [nodes.raw("", content, format="html")]
    if kind in _PICTURES:
        (image,) = renderer.render_image(data)
        # What is glued is in no cell that knows its line, and Sphinx forgets one without a source.
        image.source, image.line, image.rawsource = renderer.source, data.line, kind
        if own := data.output_metadata.get(kind, {}).get("alt"):  # MyST-NB takes only the size
            image.attributes.setdefault("alt", own)
        return [image]
    if kind == _PLOTLY:
        described = ((content.get("layout") or {}).get("meta") or {}).get("description")
        return [_moving_chart("plotly", content, _alternative(data, described))]
    if kind == "text/markdown" and _HEAD.match(data.string):
        refuse("head in output", location=place)
        return []
    if _BOKEH.match(f"{kind}\n{data.string}"):
        return _bokeh_nodes(data)
    if kind == "application/json":
        text = json.dumps(content, indent=2, ensure_ascii=False)
        return [nodes.literal_block(text, text, language="json")]
    # Scripts of widgets would come from another host; some LaTeX is a page, and no formula.
    if kind == WIDGET or (kind == "text/latex" and _TYPESET.match(data.string)):
        return []
    is_code = kind in ("text/html", "application/javascript")
    if is_code and (found := _OTHER_HOST.search(data.string)):
        refuse("script elsewhere", found[0], location=place)
    elif is_code and _OTHER_SHEET.search(data.string):  # it has icons of buttons with words
        return [nodes.raw("", _OTHER_SHEET.sub("", data.string), format="html")]
    return None


def _chart(alt: str, wide: tuple[str, Any], narrow: tuple[str, Any] = ("", {})) -> nodes.Node:
    drawn = {"wide": wide, "narrow": narrow if narrow[0] else wide}
    about = {"uri": svg_address(wide[0]), "scale": 116, "classes": ["no-scaled-link"]}
    return evidence_chart("", alt=alt, drawn=drawn, **about)


def _bokeh_nodes(data: Any) -> list[nodes.Node]:
    """Find the chart in what Bokeh prints; the rest loads its script, which the site has."""
    decode, script = json.JSONDecoder().raw_decode, str(data.string)
    found = [decode(script, each.end())[0] for each in _BOKEH_DATA.finditer(script)]
    if len(found) != 2:
        return []
    figure = {"documents": found[0], "items": found[1]}
    return [_moving_chart("bokeh", figure, _alternative(data, ""))]


def _moving_chart(name: str, figure: Any, alt: str) -> nodes.Node:
    return moving_chart("", library=name, figure=figure, alt=alt, what=f"interactive chart: {alt}")


def _alternative(data: Any, described: Any) -> str:
    """Find the words that stand for a chart: in the cell's settings, else in the chart."""
    settings = data.cell_metadata.get("mystnb", {}).get("image", {})
    return str(settings.get("alt") or described or "").strip()


class DropHtml(SphinxPostTransform):
    """In print, drop HTML that needs a browser where the text of an object says more."""

    default_priority = 3  # before MyST-NB chooses
    formats = ("typst",)

    def run(self, **_: Any) -> None:
        """Go through the forms of outputs."""
        for form in list(self.document.findall(nodes.container)):
            if form.get("mime_type") == "text/html" and _COMPLEX.search(form.astext()):
                forms: Any = form.parent
                texts = [other.astext() for other in forms if other["mime_type"] == "text/plain"]
                if texts and not _OBJECT.fullmatch(texts[0].strip()):
                    forms.remove(form)


def _visit_moving_chart(self: Any, node: moving_chart) -> None:
    """Write the chart's data and the addresses of the site's copies of the scripts that draw it."""
    library = node["library"]
    scripts = [Path(str(files(library) / name)) for name in _SCRIPTS[library]]
    self.builder.images |= {str(script): script.name for script in scripts}  # files of the page
    addresses = " ".join(f"{self.builder.imgpath}/{script.name}" for script in scripts)
    data = json.dumps(node["figure"]).replace("<", "\\u003c")
    self.body.append(
        f'<div class="evidence-{library}" role="img" aria-label="{html.escape(node["alt"])}" '
        f'data-scripts="{html.escape(addresses)}">'
        f'<script type="application/json">{data}</script></div>\n'
    )
    raise nodes.SkipNode


def refuse_eval(_: str, rawtext: str, text: str, line: int, inliner: Any, *__: Any) -> Any:
    """Say what to write instead of ``{eval}``, which needs a kernel while pages are read."""
    refuse("eval", *[text] * 4, location=f"{inliner.document.current_source}:{line}")
    return [nodes.problematic("", rawtext)], []


def add_outputs(app: Sphinx) -> None:
    """Register the nodes of other libraries with the builders."""
    app.add_role("eval", refuse_eval, override=True)
    app.add_node(moving_chart, html=(_visit_moving_chart, None))
    app.add_post_transform(DropHtml)
    app.add_js_file("evidence-moving.js", loading_method="defer")
