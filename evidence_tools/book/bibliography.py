"""A bibliography whose entries stand once, however often their page is written.

The bibliography extension keeps one node for each entry and adds the words of the entry to it
whenever references are resolved. They are resolved for print and for the page, so that the
page would show every entry twice.
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform


class EmptyEntries(SphinxPostTransform):
    """Empty the kept entries of a bibliography before their words are added."""

    default_priority = 4  # the extension adds the words at 5

    def run(self, **kwargs: Any) -> None:
        """Find the bibliographies of a page, and empty their entries."""
        from sphinxcontrib.bibtex.directives import BibliographyKey
        from sphinxcontrib.bibtex.nodes import bibliography

        for node in self.document.findall(bibliography):
            domain: Any = self.env.get_domain("cite")
            key = BibliographyKey(docname=node["docname"], id_=node["ids"][0])
            for entry in domain.bibliographies[key].citation_nodes.values():
                entry.clear()


def name_entries(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Call the entries of a bibliography items of its list; Sphinx gives them an outdated role."""
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


def add_bibliography(app: Sphinx) -> None:
    """Register both with Sphinx."""
    app.add_post_transform(EmptyEntries)
    app.connect("html-page-context", name_entries)
