"""Gates: a report that says something its evidence does not say cannot be built."""

from __future__ import annotations

from pathlib import Path

from evidence_tools.schema import Problem

__all__ = ["release_problems"]


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
