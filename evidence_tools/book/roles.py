"""Roles that stand for rows, and links from each mention to the place that shows its row.

Numbers in ``{finding}``, ``{value}``, ``{source}`` and ``{unknown}`` cannot drift. The findings
that a page shows and names are kept in Sphinx's metadata of it, under "shown" and "stated".
"""

import re
from typing import Any

from docutils import nodes
from myst_parser.mdit_to_docutils.base import DocutilsRenderer
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole
from sphinx.util.nodes import make_refnode, traverse_parent

from evidence_tools.book.nodes import evidence_ref, refuse, run_nodes
from evidence_tools.check.pages import ROLE
from evidence_tools.evidence.frames import split_list
from evidence_tools.evidence.model import Evidence
from evidence_tools.evidence.problems import UnknownKeyError
from evidence_tools.show.display import Run, Runs, plain, runs
from evidence_tools.show.values import ROLES

_NO_TEXT = (
    *(nodes.title, nodes.reference, nodes.literal, nodes.math, nodes.FixedTextElement),
    *(nodes.citation, nodes.problematic, evidence_ref, addnodes.glossary, addnodes.toctree),
)
"""Where text is already a link, is no running text, or is the glossary itself."""
_plain_image = DocutilsRenderer.render_image


class EvidenceRole(SphinxRole):
    """One of the roles; an unknown key fails the build with file and line."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Look the key up and make the nodes."""
        app: Any = self.env.app
        try:
            return run_nodes(ROLES[self.name](app.evidence, self.text)), []
        except UnknownKeyError as error:
            refuse("key", self.rawtext[:80], str(error)[:600], location=self.get_location())
            return [nodes.problematic("", self.rawtext)], []


def caption_runs(evidence: Evidence, caption: Runs) -> Runs:
    """Resolve roles that an author wrote into the caption of a figure or table.

    Only plain runs are searched, so text tied to a row stays as it is. A key that names nothing,
    or a role that cannot be used in a caption, raises `UnknownKeyError`.
    """
    resolved: list[Runs] = []
    for run in caption:
        # Every third part is the name of a role, and the next one its key.
        parts = ROLE.split(run.text) if run == Run(run.text) else []
        for at in range(1, len(parts), 3):
            role, key = parts[at : at + 2]
            if role not in (*ROLES, "cite:p"):
                known = ", ".join(f"{{{name}}}" for name in (*ROLES, "cite:p"))
                raise UnknownKeyError(f"found {{{role}}}; here these roles can be used: {known}")
            cited = runs(Run("", cite=key)) if role == "cite:p" else ROLES[role](evidence, key)
            resolved += [runs(parts[at - 1]), cited]
        resolved.append(runs(parts[-1] if parts else run))
    return runs(*resolved)


def plain_text(evidence: Evidence, text: str) -> str:
    """Resolve roles in a text that is shown without markup, such as a subtitle."""
    found = caption_runs(evidence, runs(text))
    if any(run.cite for run in found):
        raise UnknownKeyError("found {cite:p}, which needs markup; name the source with {source}")
    return plain(found)


def _render_image(renderer: Any, token: Any) -> None:
    """Keep roles in the alt text of a Markdown image, which MyST-Parser would drop."""
    _plain_image(renderer, token)
    if ROLE.search(token.content):
        renderer.current_node[-1]["alt"] = token.content


def note_page(app: Any, doctree: nodes.document) -> None:
    """Note what a page shows and names; a row that comes again on it is the same place."""
    for image in doctree.findall(nodes.image):  # roles become plain text: it has no markup
        try:
            if "{" in image.get("alt", ""):
                image["alt"] = plain_text(app.evidence, image["alt"])
        except UnknownKeyError as error:
            refuse("alternative", error, location=image)
    shown = set()
    for row in doctree.findall(nodes.row):
        if key := row.get("finding_id"):
            if key not in shown and key not in doctree.ids:
                row["ids"].append(key)
            shown.add(key)
    named = {node["key"] for node in doctree.findall(evidence_ref) if node["kind"] == "finding"}
    app.env.metadata[app.env.docname] |= {"shown": shown, "stated": shown | named}


def link_mentions(app: Any, doctree: nodes.document, docname: str) -> None:
    """Link each mention to its row, on the first page that shows it; if none does, to nothing."""
    env, builder = app.env, app.builder
    pages = [page for page in chapter_order(env) if env.metadata[page].get("shown")]
    if builder.name == "typst":  # what is in print comes first
        pages.sort(key=lambda page: not is_printed(env, page))
    for node in doctree.findall(evidence_ref):
        shows = [page for page in pages if node["key"] in env.metadata[page]["shown"]]
        if shows and node["kind"] == "finding":
            node[:] = [make_refnode(builder, docname, shows[0], node["key"], node.children)]


def link_abbreviations(app: Any, doctree: nodes.document, docname: str) -> None:
    """Link each abbreviation to the glossary where a page first uses it.

    Nobody has to remember which mention on a page is the first, and a new entry of the glossary
    is linked everywhere. An abbreviation is a term that is no plain word.
    """
    known = app.env.domaindata["std"]["objects"].items()
    places = {name: place for (kind, name), place in known if kind == "term"}
    links: Any = doctree.findall(nodes.reference)
    linked = {link.get("refid") or link.get("refuri", "").rpartition("#")[2] for link in links}
    terms = {name for name in places if re.fullmatch(r"\S\S?|(?!.[a-z]*$)\S+", name)}
    # Initials of an author may look like an abbreviation.
    sources = app.evidence.rows("sources").values()
    authors = {name for row in sources for name in split_list(row.authors)}
    authors = {name for name in authors if name.rpartition(" ")[2] in terms} - terms
    words = map(re.escape, sorted(terms | authors, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w-])({'|'.join(words)})(?![\w-])")
    terms -= {name for name in terms if places[name][1] in linked}
    for text in list[Any](doctree.findall(nodes.Text)):
        parts = [""] if any(traverse_parent(text, _NO_TEXT)) else pattern.split(str(text))
        if terms.intersection(parts[1::2]):
            made: list[nodes.Node] = []
            for part in filter(None, parts):
                made.append(nodes.Text(part))
                if part in terms:
                    page, place = places[part]
                    name = nodes.inline("", part, classes=["abbreviation"])
                    made[-1] = make_refnode(app.builder, docname, page, place, name)
                    terms.discard(part)
            text.parent.replace(text, made)


def chapter_order(env: Any) -> list[str]:
    """List the pages in the order of the table of contents, the root page first."""
    return list(env.collect_relations())


def is_printed(env: Any, docname: str) -> bool:
    """Tell whether a page is in the PDF: ``print: false`` in its front matter leaves it out."""
    return str(env.metadata.get(docname, {}).get("print", "")).lower() != "false"


def add_roles(app: Sphinx) -> None:
    """Register the roles, their form in alt texts, and the links from what pages mention."""
    for name in ROLES:
        app.add_role(name, EvidenceRole())
    # There is no setting for it, and a number that is silently dropped is worse than a patch.
    DocutilsRenderer.render_image = _render_image  # type: ignore[method-assign,assignment]
    app.connect("doctree-read", note_page)
    app.connect("doctree-resolved", link_mentions)
    app.connect("doctree-resolved", link_abbreviations)
