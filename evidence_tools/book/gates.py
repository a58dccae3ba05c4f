"""The directive ``{evidence-checks}``: which rules the text passed, and what was exempted, and why.

The table depends on what other chapters say, so its page is read again in every build.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from evidence_tools.book.outputs import Page, table_nodes
from evidence_tools.check.review import RULES
from evidence_tools.show.display import Table, TableRow, runs

LOGGER = logging.getLogger(__name__)
_CAPTION = "Which rules did the text of this report pass before it was built?"
_COLUMNS = ("Rule", "What it holds", "Exempted, and why")


class ChecksDirective(SphinxDirective):
    """A table of the rules of the gate."""

    def run(self) -> list[nodes.Node]:
        """Make the table from the review that this build began with."""
        env: Any = self.env
        env.note_reread()
        reasons: dict[str, dict[str, None]] = {}
        for exemption in env.app.evidence_review.exemptions:
            rule = exemption.rule if exemption.rule in RULES else "coverage"
            reasons.setdefault(rule, {})[exemption.message] = None
        rows = (
            TableRow(tuple(map(runs, (rule, held, "; ".join(reasons.get(rule, ["nothing"]))))))
            for rule, held in RULES.items()
        )
        table = Table("tab-checks", runs(_CAPTION), _COLUMNS, tuple(rows))
        page = Page(self.state.document, env, LOGGER, self.lineno)
        return table_nodes(table.payload(), page)


def add_gates(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("evidence-checks", ChecksDirective)
