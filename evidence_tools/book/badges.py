"""A line on pages whose claims changed since the release before; in HTML only."""

from __future__ import annotations

import html
from typing import Any

from evidence_tools.book.nodes import DOMAIN
from evidence_tools.history.narration import changes_before

CHANGES = "chapters/changes"
"""The page that tells what changed."""


def prepare_badges(app: Any) -> None:
    """Find out once per build which claims changed, and since when."""
    app.evidence_changes = changes_before(app.evidence, app.evidence_stamp.version)


def add_badge(
    app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Say under the title that claims of the page changed."""
    changes = app.evidence_changes
    if changes is None or app.builder.name != "html" or doctree is None or pagename == CHANGES:
        return
    domain = app.env.get_domain(DOMAIN)
    stated = changes.touched_findings & domain.mentions.get(pagename, frozenset())
    cited = changes.touched_sources & domain.cited.get(pagename, frozenset())
    title, end, rest = context["body"].partition("</h1>")
    if not (stated or cited) or not end:
        return
    text = html.escape(f"Claims on this page have changed since version {changes.before}.")
    if CHANGES in app.env.all_docs:
        address = html.escape(app.builder.get_relative_uri(pagename, CHANGES), quote=True)
        text += f' <a href="{address}">What changed</a>'
    context["body"] = f'{title}{end}\n<p class="evidence-changed">{text}</p>{rest}'
