"""The directive ``{evidence-checks}``: which rules ran over the book, and what they covered.

The tables are made while a page is read, not by its code: they depend on what other chapters
say, and a page that depends on files is read again when one of them changes.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from evidence_tools.book.outputs import Place, table_nodes
from evidence_tools.execution.parallel import Beside

if TYPE_CHECKING:
    from evidence_tools.checks.report import CheckReport
    from evidence_tools.schema import Problem

LOGGER = logging.getLogger(__name__)


class ChecksDirective(SphinxDirective):
    """Show one table of the checks; its argument says which."""

    required_arguments = 1
    option_spec = {  # noqa: RUF012 - the name and shape docutils asks for
        "name": directives.unchanged_required,
        "caption": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Check the book as its files stand, and make the table."""
        from evidence_tools.checks.tables import TABLES

        make = TABLES.get(self.arguments[0])
        if make is None:
            raise self.error(f"found {self.arguments[0]!r}; known: {', '.join(TABLES)}")
        paths, report = _checked_book(self.env.app)
        for path in paths:
            if path != f"{self.env.docname}.md":
                self.env.note_dependency(path)
        table = make(report, self.options["name"], self.options["caption"])
        return table_nodes(table.payload(), DirectivePlace(self))


class DirectivePlace(Place):
    """Where the directive stands."""

    def __init__(self, directive: SphinxDirective) -> None:
        self.document = directive.state.document
        env: Any = directive.env
        self.env = env
        self.evidence = env.app.evidence
        self.logger = LOGGER
        self.line = directive.lineno


def begin_gates(app: Any) -> None:
    """Begin to check the book as its files stand, beside what the build does meanwhile."""
    app.evidence_gates = Beside(partial(_check, app))


def gate_problems(app: Any, *, wait: bool) -> tuple[Problem, ...]:
    """List what forbids a build, but for what Sphinx tells itself: keys and references.

    Parameters
    ----------
    app
        The build, with the evidence that it loaded.
    wait
        Whether to wait for checks that have not ended; else they have found nothing yet.

    Returns
    -------
    tuple of Problem
        Empty also when a chapter cannot be read: Sphinx refuses that book by itself.
    """
    gates = app.evidence_gates
    if gates is None or not (wait or hasattr(app, "evidence_checked") or gates.is_ready()):
        return ()
    try:
        _, report = _checked_book(app)
    except (OSError, ValueError):
        app.evidence_gates = None
        return ()
    return tuple(problem for problem in report.problems if not problem.column)


def end_gates(app: Any) -> None:
    """End checks that are still under way; safe to call again."""
    if app.evidence_gates is not None:
        app.evidence_gates.stop()


def _checked_book(app: Any) -> tuple[list[str], CheckReport]:
    """Check the book once per build: its tables show what was found before it was read."""
    if not hasattr(app, "evidence_checked"):
        app.evidence_checked = app.evidence_gates.result() if app.evidence_gates else _check(app)
    checked: tuple[list[str], CheckReport] = app.evidence_checked
    return checked


def _check(app: Any) -> tuple[list[str], CheckReport]:
    """Name the files that were checked, and say what was found in them."""
    from evidence_tools.checks.book import read_book
    from evidence_tools.checks.report import check_book

    book = read_book(Path(app.srcdir), app.evidence)
    return [page.path for page in (*book.pages, *book.settings)], check_book(book)


def add_checks_directive(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("evidence-checks", ChecksDirective)
