"""What must hold before a version is released, beside a clean tree and a greater version."""

from __future__ import annotations

import importlib
import importlib.util
import tomllib
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

from evidence_tools.evidence import Evidence

CHECKS = "evidence_tools.checks"
"""The package of checks; ``release_problems(folder)`` in it lists what forbids a release."""
SETTING = "integrity-check-days"
DEFAULT_DAYS = 180


def stale_sources(evidence: Evidence, today: date, days: int) -> list[str]:
    """List sources whose integrity was looked up too long ago, or in the future.

    Parameters
    ----------
    evidence
        The evidence.
    today
        The day of the release.
    days
        How many days a look-up counts.

    Returns
    -------
    list of str
        One message per source.
    """
    problems = []
    for source in evidence.sources.values():
        age = (today - source.integrity_checked).days
        checked = f"integrity of {source.source_id} was looked up on {source.integrity_checked}"
        if age > days:
            problems.append(f"{checked}, {age} days ago; at most {days} are allowed")
        elif age < 0:
            problems.append(f"{checked}, after the day of the release ({today})")
    return problems


def integrity_days(folder: Path) -> int:
    """Read from ``pyproject.toml`` how many days a look-up of integrity counts."""
    settings = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    declared = settings.get("tool", {}).get("evidence", {}).get(SETTING, DEFAULT_DAYS)
    return int(declared)


def check_problems(folder: Path) -> tuple[list[str], str]:
    """Run the checks of the report, if the package has them.

    Parameters
    ----------
    folder
        The book folder.

    Returns
    -------
    problems
        One message per problem.
    note
        What to tell the author about the checks themselves.
    """
    if importlib.util.find_spec(CHECKS) is None:
        return [], "There are no checks of the chapters in this version of the package; none ran."
    module = importlib.import_module(CHECKS)
    check: Callable[[Path], Iterable[object]] | None = getattr(module, "release_problems", None)
    if check is None:
        # A gate that cannot be asked is closed.
        return [f"{CHECKS} has no release_problems(folder): the checks cannot be run"], ""
    problems = [str(problem) for problem in check(folder)]
    return problems, "" if problems else "All checks passed."
