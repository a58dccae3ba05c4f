"""The directive ``{diary}``: a page to print and fill in, and a place to read one's own file.

The chapter names the columns; the reader's file is read by a script in the browser, on a page
that may not send anything anywhere.
"""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from evidence_tools.book.mentions import mentions_of
from evidence_tools.book.nodes import evidence_download

KINDS = ("day", "yes/no", "number", "text")
_COLUMN = re.compile(r"- (.+?) \(([^()]+)\): (.+)")
_CLASS = "evidence-diary"
_NO_REQUESTS = '<meta http-equiv="Content-Security-Policy" content="connect-src \'none\'" />'


class DiaryDirective(SphinxDirective):
    """A diary whose columns are the items of a list, each as ``- heading (kind): what to write``.

    The kinds are those of `KINDS`; the first column is the day.
    """

    has_content = True
    option_spec: ClassVar[Any] = {
        "name": directives.unchanged_required,
        "caption": directives.unchanged_required,
        "rows": directives.positive_int,
    }

    def run(self) -> list[nodes.Node]:
        """Make the explanation of the columns, the page to print, and the place for a file."""
        found = [_COLUMN.fullmatch(line) for line in self.content if line.strip()]
        columns = [match.groups() for match in found if match]
        if len(columns) != len(found) or {kind for _, kind, _ in columns} - {*KINDS}:
            raise self.error(
                "each line names a column: '- heading (kind): what to write'; the kind is one of "
                f"{', '.join(KINDS)}"
            )
        if not columns or columns[0][1] != "day" or not {"name", "caption"} <= set(self.options):
            raise self.error("needed are :name:, :caption:, and a first column of the kind day")
        name, headings = self.options["name"], [heading for heading, _, _ in columns]
        mentions_of(self.env).downloads.setdefault(self.env.docname, {})[name] = [headings]
        place = nodes.container("", classes=[_CLASS])
        place["evidence_data"] = {"data-columns": json.dumps([c[:2] for c in columns])}
        table = self._page(columns)
        table["names"].append(nodes.fully_normalize_name(name))
        self.state.document.note_explicit_target(table, table)
        empty = evidence_download("", name=name, words="The empty table as a file (CSV)")
        meanings = (nodes.paragraph("", f"{name}: {text} ({kind})") for name, kind, text in columns)
        items = (nodes.list_item("", meaning) for meaning in meanings)
        return [nodes.bullet_list("", *items, bullet="-"), table, empty, place]

    def _page(self, columns: list[tuple[str, ...]]) -> nodes.table:
        group = nodes.tgroup("", cols=len(columns))
        group += [nodes.colspec("", colwidth=4 if kind == "text" else 3) for _, kind, _ in columns]
        head = (nodes.entry("", nodes.paragraph("", heading)) for heading, _, _ in columns)
        group += nodes.thead("", nodes.row("", *head))
        rows = range(self.options.get("rows", 14))
        # A space that does not break gives a row its height, in print too.
        group += nodes.tbody("", *(nodes.row("", *map(_blank, columns)) for _ in rows))
        title = nodes.title("", self.options["caption"])
        return nodes.table("", title, group, classes=["evidence-diary-page", "colwidths-given"])


def _blank(_: object) -> nodes.entry:
    return nodes.entry("", nodes.paragraph("", "\N{NO-BREAK SPACE}"))


def add_reader(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Have a page with a diary load the script that reads files, and forbid it all requests."""
    found = doctree.findall(nodes.container) if doctree is not None else ()
    if any(_CLASS in node["classes"] for node in found):
        app.add_js_file("evidence-diary.js", loading_method="defer")
        context["metatags"] += _NO_REQUESTS


def add_diary(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("diary", DiaryDirective)
    app.connect("html-page-context", add_reader, priority=905)
