"""Gates: a report that says something its evidence does not say cannot be built."""

from __future__ import annotations

from pathlib import Path

from evidence_tools.evidence import Evidence
from evidence_tools.schema import Problem

__all__ = ["gate_problems", "release_problems"]


def gate_problems(evidence: Evidence, folder: Path) -> tuple[Problem, ...]:
    """List what forbids a build, but for what Sphinx tells itself: keys and references.

    Parameters
    ----------
    evidence
        The evidence that the build loaded.
    folder
        The folder with ``_config.yml``.

    Returns
    -------
    tuple of Problem
        Empty also when a chapter cannot be read: Sphinx refuses that book by itself.
    """
    from evidence_tools.checks.book import read_book
    from evidence_tools.checks.report import check_book

    try:
        book = read_book(folder, evidence)
    except (OSError, ValueError):
        return ()
    return tuple(problem for problem in check_book(book).problems if not problem.column)


def release_problems(folder: Path) -> tuple[Problem, ...]:
    """List everything that forbids a release of the book in a folder.

    Parameters
    ----------
    folder
        The folder with ``_config.yml``.

    Returns
    -------
    tuple of Problem
        Problems, and what is only a warning in a draft.
    """
    from evidence_tools.checks.report import check_folder

    return check_folder(Path(folder), release=True).problems
