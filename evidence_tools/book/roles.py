"""The roles ``{finding}``, ``{value}``, ``{source}``, ``{unknown}``: numbers that cannot drift."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from evidence_tools.book.nodes import run_nodes
from evidence_tools.check.pages import ROLE
from evidence_tools.evidence.model import Evidence
from evidence_tools.evidence.problems import UnknownKeyError
from evidence_tools.show.display import Run, Runs, plain, runs
from evidence_tools.show.values import value_runs
from evidence_tools.show.words import finding_runs, source_run

LOGGER = logging.getLogger(__name__)
ROLES = ("finding", "value", "source", "unknown")


def role_runs(evidence: Evidence, role: str, key: str) -> Runs:
    """Resolve one of the `ROLES` to what it shows.

    The key is the identifier of a finding, a source or a statement; for ``value`` an identifier
    and a column, such as ``smith2020.year``, or what else :mod:`evidence_tools.show.values`
    knows. One that names nothing raises `UnknownKeyError` with the nearest keys.
    """
    if role == "finding":
        finding = evidence.finding(key)
        return finding_runs(finding, evidence.source(finding.source_id))
    if role == "source":
        return runs(source_run(evidence.source(key)))
    if role == "unknown":
        return runs(evidence.row("statements", key).statement)
    return value_runs(evidence, key)


class EvidenceRole(SphinxRole):
    """One of the roles; an unknown key fails the build with file and line."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Look the key up and make the nodes."""
        try:
            evidence = self.env.app.evidence  # type: ignore[attr-defined]
            return run_nodes(role_runs(evidence, self.name, self.text)), []
        except UnknownKeyError as error:
            message = f"{self.rawtext[:80]}: {str(error)[:600]}"
            LOGGER.error("%s", message, location=self.get_location())
            return [nodes.problematic("", self.rawtext)], []


def caption_runs(evidence: Evidence, caption: Runs) -> Runs:
    """Resolve roles that an author wrote into the caption of a figure or table.

    Only plain runs are searched, so text tied to a row stays as it is. A key that names nothing,
    or a role that cannot be used in a caption, raises `UnknownKeyError`.
    """
    resolved: list[Runs] = []
    for run in caption:
        if run != Run(run.text) or "{" not in run.text:
            resolved.append((run,))
            continue
        end = 0
        for match in ROLE.finditer(run.text):
            role, key = match.groups()
            resolved.append(runs(run.text[end : match.start()]))
            if role == "cite:p":
                resolved.append((Run("", cite=key),))
            elif role in ROLES:
                resolved.append(role_runs(evidence, role, key))
            else:
                known = ", ".join(f"{{{name}}}" for name in (*ROLES, "cite:p"))
                raise UnknownKeyError(f"found {{{role}}}; here these roles can be used: {known}")
            end = match.end()
        resolved.append(runs(run.text[end:]))
    return runs(*resolved)


def plain_text(evidence: Evidence, text: str) -> str:
    """Resolve roles in a text that is shown without markup, such as a subtitle."""
    found = caption_runs(evidence, runs(text))
    if any(run.cite for run in found):
        raise UnknownKeyError("found {cite:p}, which needs markup; name the source with {source}")
    return plain(found)


class RolesInAltText(SphinxTransform):
    """Resolve roles inside the alt text of images, where no markup is parsed."""

    default_priority = 400

    def apply(self, **_: object) -> None:
        """Replace each role in each alt text by its plain text."""
        for image in self.document.findall(nodes.image):
            if "{" in image.get("alt", ""):
                try:
                    evidence = self.app.evidence  # type: ignore[attr-defined]
                    image["alt"] = plain_text(evidence, image["alt"])
                except UnknownKeyError as error:
                    LOGGER.error("alt text: %s", error, location=image)


def _text_with_roles(renderer: Any, tokens: Iterable[Any]) -> str:
    """Read the alt text of a Markdown image, roles as they are written.

    MyST-Parser drops them; here they are kept for :class:`RolesInAltText`.
    """
    text = ""
    for token in tokens:
        if token.type == "myst_role":
            text += f"{{{token.meta['name']}}}`{token.content}`"
        elif token.type in ("text", "code_inline"):
            text += token.content
        elif token.type in ("softbreak", "hardbreak"):
            text += " "
        else:
            text += _text_with_roles(renderer, token.children or ())
    return text


def add_roles(app: Sphinx) -> None:
    """Register the roles, and their form in alt texts."""
    from myst_parser.mdit_to_docutils.base import DocutilsRenderer

    for name in ROLES:
        app.add_role(name, EvidenceRole())
    app.add_transform(RolesInAltText)
    # There is no setting for it, and a number that is silently dropped is worse than a patch.
    DocutilsRenderer.renderInlineAsText = _text_with_roles  # type: ignore[method-assign,assignment]
