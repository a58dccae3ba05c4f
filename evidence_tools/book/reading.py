"""The directive ``{reading-grade}``: how long a page is, and how hard it is to read.

What a page says is known only when every page has been read, so the sentence is filled in then,
before anything is written: the site and the PDF take it from the same doctree.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from evidence_tools.readability import closed_lines, reading_text

_CLASS = "reading-grade"
_NOT_READ = (nodes.table, nodes.figure, nodes.comment, nodes.raw, nodes.literal_block)


class ReadingGradeDirective(SphinxDirective):
    """Say the number of words and the reading grade of the page that the argument names."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Leave a place for the sentence; the page is read again when the other one changes."""
        measured = self.arguments[0]
        if measured not in self.env.found_docs:
            raise self.error(f"found {measured!r}, which is no page of this book")
        self.env.note_dependency(f"{measured}.md")
        paragraph = nodes.paragraph(classes=[_CLASS])
        paragraph["measured"] = measured
        return [paragraph]


def doctree_prose(env: Any, document: nodes.document) -> str:
    """Take the sentences of a page that was read, as :func:`page_prose` does of a finished one.

    Parameters
    ----------
    env
        Sphinx's environment, which knows the titles that links will show.
    document
        The page, not yet resolved.
    """
    labels = env.domaindata["std"]["labels"]
    for link in list(document.findall(addnodes.pending_xref)):
        if link.get("refexplicit"):
            continue
        if link.get("reftype") == "ref" and link["reftarget"] in labels:
            link.children[:] = [nodes.Text(labels[link["reftarget"]][2])]
        elif link.get("refdomain") == "cite":
            link.children.clear()
    blocks = []
    for block in document.findall(lambda n: isinstance(n, nodes.title | nodes.paragraph)):
        node: Any = block.parent
        while node is not None and not isinstance(node, _NOT_READ):
            node = node.parent
        if node is None:
            blocks.append(" ".join(block.astext().split()).replace("?.", "?"))
    return closed_lines(blocks)


def _fill(app: Sphinx, env: Any) -> list[str]:
    """Fill in the sentences that have none, and name their pages, to be written."""
    filled = []
    for docname in sorted(env.found_docs):
        if "{reading-grade}" not in Path(env.doc2path(docname)).read_text(encoding="utf-8"):
            continue
        document = env.get_doctree(docname)
        empty = [
            paragraph
            for paragraph in document.findall(nodes.paragraph)
            if _CLASS in paragraph["classes"] and not paragraph.children
        ]
        for paragraph in empty:
            prose = doctree_prose(env, env.get_doctree(paragraph["measured"]))
            paragraph += nodes.Text(_measured(app, env, prose))
        if empty:
            app.builder.write_doctree(docname, document)
            env._pickled_doctree_cache.pop(docname, None)
            filled.append(docname)
    return filled


def _measured(app: Sphinx, env: Any, prose: str) -> str:
    """Measure a text, or recall it from the last build: loading the word list takes a second."""
    key = (app.config.evidence_fingerprint, prose)
    if getattr(env, "evidence_reading", (None,))[0] != key:
        env.evidence_reading = (key, reading_text(prose))
    return str(env.evidence_reading[1])


def add_reading_grades(app: Sphinx) -> None:
    """Register the directive, and fill in its sentences when all pages have been read."""
    app.add_directive("reading-grade", ReadingGradeDirective)
    app.connect("env-updated", _fill, priority=900)
