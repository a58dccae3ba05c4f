"""The roles ``{finding}``, ``{value}`` and ``{source}``: numbers that cannot drift."""

from __future__ import annotations

import re
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
_IN_TEXT = re.compile(r"\{(finding|value|source)\}`([^`]+)`")


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
        If a key names nothing.
    """
    resolved: list[Runs] = []
    for run in caption:
        if run.style != "plain" or run.finding_id or run.source_id or "{" not in run.text:
            resolved.append((run,))
            continue
        end = 0
        for match in _IN_TEXT.finditer(run.text):
            resolved.append(runs(run.text[end : match.start()]))
            resolved.append(role_runs(evidence, *match.groups()))
            end = match.end()
        resolved.append(runs(run.text[end:]))
    return runs(*resolved)


def add_roles(app: Sphinx) -> None:
    """Register the roles, and their form in alt texts."""
    for name in ROLES:
        app.add_role(name, EvidenceRole())
    app.add_transform(RolesInAltText)
