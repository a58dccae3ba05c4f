"""Link each abbreviation to the glossary where a page first uses it.

Authors write an abbreviation as any word; nobody has to remember which mention on a page is the
first. The glossary is the only list, so a new entry there is linked everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from evidence_tools.book.nodes import evidence_chart, evidence_ref
from evidence_tools.evidence.frames import split_list

# Where text is already a link, is no running text, or is the glossary itself.
_PASSED_OVER = (
    *(nodes.title, nodes.reference, nodes.literal, nodes.literal_block, nodes.math),
    *(nodes.math_block, nodes.raw, nodes.comment, nodes.citation, nodes.problematic),
    *(addnodes.pending_xref, addnodes.glossary, addnodes.toctree, evidence_ref, evidence_chart),
)


def is_abbreviation(term: str) -> bool:
    """Whether a glossary term is an abbreviation: anything but plain words.

    Examples
    --------
    >>> [is_abbreviation(term) for term in ("RCT", "AB-4", "mg", "surrogate", "Cochrane review")]
    [True, True, True, False, False]
    """
    return " " not in term and (len(term) <= 2 or not (term.isalpha() and term[1:].islower()))


def abbreviation_pattern(terms: Iterable[str]) -> re.Pattern[str] | None:
    """Match any of the abbreviations among some terms as a whole word, the longest first.

    Examples
    --------
    >>> abbreviation_pattern(["AB", "AB-4", "dose"]).findall("AB-4 is an AB, but no ABS.")
    ['AB-4', 'AB']
    """
    chosen = sorted((term for term in terms if is_abbreviation(term)), key=len, reverse=True)
    if not chosen:
        return None
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, chosen))})(?![\w-])")


class LinkAbbreviations(SphinxPostTransform):
    """Turn the first mention of each abbreviation on a page into a link to the glossary."""

    default_priority = 5  # before Sphinx resolves references, so that it resolves these too
    formats = ("html", "typst")

    def run(self, **_: Any) -> None:
        """Go through the text of the page in reading order."""
        objects = self.env.domaindata["std"]["objects"]
        pattern = abbreviation_pattern(name for kind, name in objects if kind == "term")
        if pattern is None:
            return
        links = self.document.findall(addnodes.pending_xref)
        seen = {str(link["reftarget"]) for link in links if link.get("reftype") == "term"}
        # Initials of an author may look like an abbreviation.
        sources = self.app.evidence.rows("sources").values()  # type: ignore[attr-defined]
        names = {name for row in sources for name in split_list(row.authors) if " " in name}
        for text in list(self.document.findall(nodes.Text)):
            if not _passed_over(text):
                _link_first_mentions(text, pattern, seen, self.env.docname, tuple(names))


def _passed_over(text: nodes.Text) -> bool:
    node: Any = text.parent
    while node is not None and not isinstance(node, _PASSED_OVER):
        node = node.parent
    return node is not None


def _link_first_mentions(
    text: nodes.Text, pattern: re.Pattern[str], seen: set[str], page: str, names: tuple[str, ...]
) -> None:
    content, end = str(text), 0
    parts: list[nodes.Node] = []
    for match in pattern.finditer(content):
        term = match.group()
        if term in seen or content.endswith(names, 0, match.end()):
            continue
        seen.add(term)
        shown = nodes.inline("", term, classes=["abbreviation"])
        link = addnodes.pending_xref(
            "", shown, refdomain="std", reftype="term", reftarget=term, refdoc=page,
            refexplicit=True, refwarn=True,
        )  # fmt: skip
        parts += [nodes.Text(content[end : match.start()]), link]
        end = match.end()
    if parts:
        text.parent.replace(text, [*parts, nodes.Text(content[end:])])
