"""The roles ``{finding}``, ``{value}`` and ``{source}``: numbers that cannot drift."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

from evidence_tools.book.nodes import run_nodes
from evidence_tools.display import Runs, plain, runs
from evidence_tools.evidence import Evidence
from evidence_tools.phrases import finding_runs, source_runs, value_text
from evidence_tools.schema import UnknownKeyError

LOGGER = logging.getLogger(__name__)
ROLES = ("finding", "value", "source")
_KNOWN = "{finding}, {value} and {source}"
_IN_TEXT = re.compile(r"\{([a-z][a-z:+_-]*)\}`([^`]+)`")


def role_runs(evidence: Evidence, role: str, key: str) -> Runs:
    """Resolve one role to what it shows.

    Parameters
    ----------
    evidence
        Where the key is looked up.
    role
        ``finding``, ``value`` or ``source``.
    key
        The identifier; for ``value`` an identifier and a field.

    Raises
    ------
    UnknownKeyError
        If the key names nothing; the message names the nearest keys.
    """
    if role == "finding":
        return finding_runs(evidence, evidence.finding(key))
    if role == "source":
        return source_runs(evidence.source(key))
    return runs(value_text(evidence, key))


def loaded_evidence(app: Any) -> Evidence:
    """Get the evidence that the extension loaded when the build began."""
    evidence: Evidence = app.evidence
    return evidence


class EvidenceRole(SphinxRole):
    """One of the roles; an unknown key fails the build with file and line."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Look the key up and make the nodes."""
        try:
            return run_nodes(role_runs(loaded_evidence(self.env.app), self.name, self.text)), []
        except UnknownKeyError as error:
            LOGGER.error("{%s}`%s`: %s", self.name, self.text, error, location=self.get_location())
            return [nodes.problematic("", self.rawtext)], []


class RolesInAltText(SphinxTransform):
    """Resolve roles inside the alt text of images, where no markup is parsed."""

    default_priority = 400

    def apply(self, **_: object) -> None:
        """Replace each role in each alt text by its plain text."""
        for image in self.document.findall(nodes.image):
            if "{" in image.get("alt", ""):
                try:
                    resolved = caption_runs(loaded_evidence(self.app), runs(image["alt"]))
                except UnknownKeyError as error:
                    LOGGER.error("alt text: %s", error, location=image)
                else:
                    image["alt"] = plain(resolved)


class OpenFences(SphinxTransform):
    """Find directives that are shown as text because their first line holds a backtick."""

    default_priority = 400

    def apply(self, **_: object) -> None:
        """Tell each of them; Markdown itself says nothing."""
        for paragraph in self.document.findall(nodes.paragraph):
            if paragraph.astext().startswith("```"):
                LOGGER.error(
                    "the first line of a directive holds a backtick, so it is read as text; "
                    "begin and end the directive with ::: instead of ```",
                    location=paragraph,
                )


def text_with_roles(renderer: Any, tokens: Iterable[Any]) -> str:
    """Read the alt text of a Markdown image, roles as they are written.

    MyST-Parser drops them; here they are kept for :class:`RolesInAltText`.

    Parameters
    ----------
    renderer
        MyST-Parser's renderer; not needed, since it keeps no state that matters here.
    tokens
        Markdown tokens between the brackets of ``![...](...)``.
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
            text += text_with_roles(renderer, token.children or ())
    return text


def caption_runs(evidence: Evidence, caption: Runs) -> Runs:
    """Resolve roles that an author wrote into the caption of a figure or table.

    Parameters
    ----------
    evidence
        Where the keys are looked up.
    caption
        Runs; only plain ones are searched, so text tied to a row stays as it is.

    Raises
    ------
    UnknownKeyError
        If a key names nothing, or a role is not one of ours.
    """
    resolved: list[Runs] = []
    for run in caption:
        if run.style != "plain" or run.finding_id or run.source_id or "{" not in run.text:
            resolved.append((run,))
            continue
        end = 0
        for match in _IN_TEXT.finditer(run.text):
            resolved.append(runs(run.text[end : match.start()]))
            role, key = match.groups()
            if role not in ROLES:
                raise UnknownKeyError(f"found {{{role}}}; here the roles {_KNOWN} can be used")
            resolved.append(role_runs(evidence, role, key))
            end = match.end()
        resolved.append(runs(run.text[end:]))
    return runs(*resolved)


def add_roles(app: Sphinx) -> None:
    """Register the roles, and their form in alt texts."""
    for name in ROLES:
        app.add_role(name, EvidenceRole())
    app.add_transform(RolesInAltText)
    app.add_transform(OpenFences)
    from myst_parser.mdit_to_docutils.base import DocutilsRenderer

    # There is no setting for it, and a number that is silently dropped is worse than a patch.
    DocutilsRenderer.renderInlineAsText = text_with_roles  # type: ignore[method-assign,assignment]
