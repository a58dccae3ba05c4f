"""Where each finding and source has its place, so that every mention links to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.builders import Builder
from sphinx.domains import Domain, ObjType
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

from evidence_tools.book.nodes import DOMAIN, evidence_ref

Place = tuple[str, str]


class EvidenceDomain(Domain):
    """Findings and sources as things that pages define and refer to.

    A page defines a row when it shows a table whose rows carry the identifiers. When several
    pages show the same row, its place is the first of them in the order of the table of contents.
    """

    name = DOMAIN
    label = "Evidence"
    object_types = {  # noqa: RUF012 - Sphinx wants a plain dictionary here
        "finding": ObjType("finding", "finding"),
        "source": ObjType("source", "source"),
    }
    initial_data: dict[str, Any] = {  # noqa: RUF012
        "places": {},
        "mentions": {},
        "cited": {},
        "downloads": {},
    }
    data_version = 3

    @property
    def places(self) -> dict[tuple[str, str], dict[str, str]]:
        """``(kind, key)`` to a mapping from page to anchor."""
        places: dict[tuple[str, str], dict[str, str]] = self.data["places"]
        return places

    @property
    def mentions(self) -> dict[str, frozenset[str]]:
        """Page to the findings it states, in text or in a table."""
        mentions: dict[str, frozenset[str]] = self.data["mentions"]
        return mentions

    @property
    def cited(self) -> dict[str, frozenset[str]]:
        """Page to the sources it names, in text or in a table."""
        cited: dict[str, frozenset[str]] = self.data["cited"]
        return cited

    def clear_doc(self, docname: str) -> None:
        """Forget what a page defined, before it is read again."""
        self.mentions.pop(docname, None)
        self.cited.pop(docname, None)
        self.data["downloads"].pop(docname, None)
        for pages in self.places.values():
            pages.pop(docname, None)

    def process_doc(self, env: BuildEnvironment, docname: str, document: nodes.document) -> None:
        """Note the rows that a page shows."""
        del env
        stated: dict[str, set[str]] = {"finding": set(), "source": set()}
        for node in document.findall(evidence_ref):
            stated[node["kind"]].add(node["key"])
        for row in document.findall(nodes.row):
            if "evidence_key" in row:
                place = self.places.setdefault((row["evidence_kind"], row["evidence_key"]), {})
                place[docname] = row["evidence_key"]
                stated[row["evidence_kind"]].add(row["evidence_key"])
        self.mentions[docname] = frozenset(stated["finding"])
        self.cited[docname] = frozenset(stated["source"])

    def merge_domaindata(self, docnames: Iterable[str], otherdata: dict[str, Any]) -> None:
        """Take over what another process noted."""
        for key, pages in otherdata["places"].items():
            found = {page: anchor for page, anchor in pages.items() if page in docnames}
            self.places.setdefault(key, {}).update(found)
        for part in ("mentions", "cited", "downloads"):
            for docname in docnames:
                if docname in otherdata[part]:
                    self.data[part][docname] = otherdata[part][docname]

    def place(self, kind: str, key: str) -> Place | None:
        """Find the page and anchor of a row, or ``None`` when no page shows it."""
        pages = self.places.get((kind, key), {})
        for docname in self._order():
            if docname in pages:
                return docname, pages[docname]
        return None

    def _order(self) -> list[str]:
        ordered = list(self.env.toctree_includes.get(self.env.config.root_doc, []))
        return [self.env.config.root_doc, *ordered]

    def resolve_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: addnodes.pending_xref,
        contnode: nodes.Element,
    ) -> nodes.Element | None:
        """Link a mention to its row; without a row it stays plain text."""
        place = self.place(typ, target)
        if place is None:
            return contnode
        docname, anchor = place
        return make_refnode(builder, fromdocname, docname, anchor, [contnode])

    def resolve_any_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        target: str,
        node: addnodes.pending_xref,
        contnode: nodes.Element,
    ) -> list[tuple[str, nodes.Element]]:
        """Stay out of ``{any}``: findings are named by their own role."""
        return []

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """List the rows for the search index, so that a finding's key can be searched."""
        for kind, key in self.places:
            place = self.place(kind, key)
            if place is not None:
                yield key, key, kind, place[0], place[1], 1
