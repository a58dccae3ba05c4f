"""Link each abbreviation to the glossary where a page first uses it.

Authors write ``BMD``; nobody has to remember which mention on a page is the first. The glossary
chapter is the only list of abbreviations, so a new entry there is linked everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from evidence_tools.book.nodes import evidence_chart, evidence_ref
from evidence_tools.evidence import Evidence

# Where text is already a link, is no running text, or is the glossary itself.
_PASSED_OVER = (
    nodes.title,
    nodes.reference,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.comment,
    nodes.citation,
    nodes.problematic,
    addnodes.pending_xref,
    addnodes.glossary,
    addnodes.toctree,
    evidence_ref,
    evidence_chart,
)


def is_abbreviation(term: str) -> bool:
    """Whether a glossary term is an abbreviation: anything but plain words.

    Parameters
    ----------
    term
        ``"BMD"``, ``"MK-4"`` and ``"mg"`` are abbreviations; ``"surrogate"`` and
        ``"Cochrane review"`` are not.
    """
    return " " not in term and (len(term) <= 2 or not (term.isalpha() and term[1:].islower()))


def abbreviation_pattern(terms: Iterable[str]) -> re.Pattern[str] | None:
    """Match any of some abbreviations as a whole word, the longest first.

    Parameters
    ----------
    terms
        Terms of a glossary; those that are no abbreviations are left out.

    Returns
    -------
    re.Pattern or None
        ``None`` when there is nothing to match.
    """
    chosen = sorted((term for term in terms if is_abbreviation(term)), key=len, reverse=True)
    if not chosen:
        return None
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, chosen))})(?![\w-])")


def author_names(evidence: Evidence) -> tuple[str, ...]:
    """Name the authors whose initials may look like an abbreviation, such as ``Vasikaran SD``."""
    names = {name for source in evidence.sources.values() for name in source.authors}
    return tuple(sorted(name for name in names if " " in name))


class LinkAbbreviations(SphinxPostTransform):
    """Turn the first mention of each abbreviation on a page into a link to the glossary."""

    # Before Sphinx resolves references, so that it resolves these too.
    default_priority = 5
    formats = ("html",)

    def run(self, **_: Any) -> None:
        """Go through the text of the page in reading order."""
        objects = self.env.get_domain("std").objects  # type: ignore[attr-defined]
        pattern = abbreviation_pattern(name for kind, name in objects if kind == "term")
        if pattern is None:
            return
        seen = {
            str(link["reftarget"])
            for link in self.document.findall(addnodes.pending_xref)
            if link.get("reftype") == "term"
        }
        names = author_names(self.app.evidence)  # type: ignore[attr-defined]
        for text in list(self.document.findall(nodes.Text)):
            if not _passed_over(text):
                _link_first_mentions(text, pattern, seen, self.env.docname, names)


def _passed_over(text: nodes.Text) -> bool:
    node: Any = text.parent
    while node is not None:
        if isinstance(node, _PASSED_OVER):
            return True
        node = node.parent
    return False


def _link_first_mentions(
    text: nodes.Text,
    pattern: re.Pattern[str],
    seen: set[str],
    docname: str,
    names: tuple[str, ...],
) -> None:
    content, end = str(text), 0
    parts: list[nodes.Node] = []
    for match in pattern.finditer(content):
        term = match.group()
        if term in seen or content.endswith(names, 0, match.end()):
            continue
        seen.add(term)
        parts += [nodes.Text(content[end : match.start()]), _link(term, docname)]
        end = match.end()
    if parts:
        text.parent.replace(text, [*parts, nodes.Text(content[end:])])


def _link(term: str, docname: str) -> addnodes.pending_xref:
    return addnodes.pending_xref(
        "",
        nodes.inline("", term, classes=["abbreviation"]),
        refdomain="std",
        reftype="term",
        reftarget=term,
        refdoc=docname,
        refexplicit=True,
        refwarn=True,
    )


def add_abbreviations(app: Sphinx) -> None:
    """Register the transform."""
    app.add_post_transform(LinkAbbreviations)
