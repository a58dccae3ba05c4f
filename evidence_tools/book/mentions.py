"""Which page shows and names which row, so that every mention links to the row's place."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

from evidence_tools.book.nodes import evidence_ref

Key = tuple[str, str]
"""``"finding"`` or ``"source"``, and the identifier of the row."""


class Mentions:
    """What pages show and name; Sphinx's environment keeps it between builds.

    Attributes
    ----------
    shown, stated
        Page to the rows that its tables show, and to all that it names, in text or in a table.
    downloads
        Page to the rows of its CSV files, by name.
    """

    def __init__(self) -> None:
        self.shown: dict[str, frozenset[Key]] = {}
        self.stated: dict[str, frozenset[Key]] = {}
        self.downloads: dict[str, dict[str, list[list[Any]]]] = {}


def mentions_of(env: Any) -> Mentions:
    """Get what the pages of a book show and name."""
    if not hasattr(env, "evidence_mentions"):
        env.evidence_mentions = Mentions()
    found: Mentions = env.evidence_mentions
    return found


def forget_page(app: Any, env: Any, docname: str) -> None:
    """Forget a page before it is read again."""
    for pages in vars(mentions_of(env)).values():
        pages.pop(docname, None)


def note_page(app: Any, doctree: nodes.document) -> None:
    """Note what a page shows and names; a row that comes again on it is the same place."""
    shown: set[Key] = set()
    for row in doctree.findall(nodes.row):
        if "evidence_key" in row:
            kind, key = row["evidence_key"]
            if (kind, key) not in shown and key not in doctree.ids:
                row["ids"].append(key)
            shown.add((kind, key))
    named = {(node["kind"], node["key"]) for node in doctree.findall(evidence_ref)}
    mentions = mentions_of(app.env)
    mentions.shown[app.env.docname] = frozenset(shown)
    mentions.stated[app.env.docname] = frozenset(shown | named)


class LinkMentions(SphinxPostTransform):
    """Link each mention to its row, on the first page of the book that shows it."""

    default_priority = 8
    formats = ("html", "typst")

    def run(self, **_: Any) -> None:
        """Go through the mentions of a page; what no page shows stays plain text."""
        shown = mentions_of(self.env).shown
        pages = [page for page in chapter_order(self.env) if page in shown]
        if self.app.builder.name == "typst":  # what is in print comes first
            pages.sort(key=lambda page: not is_printed(self.env, page))
        for node in self.document.findall(evidence_ref):
            wanted = (node["kind"], node["key"])
            page = next((page for page in pages if wanted in shown[page]), None)
            if page is not None:
                text, builder = node.children, self.app.builder
                node[:] = [make_refnode(builder, self.env.docname, page, node["key"], text)]


def chapter_order(env: Any) -> list[str]:
    """List the pages in the order of the table of contents, the root page first."""
    order: dict[str, None] = {}

    def follow(docname: str) -> None:
        if docname not in order:
            order[docname] = None
            for child in env.toctree_includes.get(docname, []):
                follow(child)

    follow(env.config.root_doc)
    return list(order)


def is_printed(env: Any, docname: str) -> bool:
    """Tell whether a page is in the PDF: ``print: false`` in its front matter leaves it out."""
    return str(env.metadata.get(docname, {}).get("print", "")).lower() != "false"


def add_mentions(app: Sphinx) -> None:
    """Have Sphinx note and link what pages mention."""
    app.connect("env-purge-doc", forget_page)
    app.connect("doctree-read", note_page)
    app.add_post_transform(LinkMentions)
