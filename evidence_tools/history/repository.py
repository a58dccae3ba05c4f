"""The git repository a release is made in, asked through the git command."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

from evidence_tools.storage import HistoryError


def run_git(folder: Path, *arguments: str) -> bytes | None:
    """Run git in a folder.

    Returns
    -------
    bytes or None
        What it printed; ``None`` if it failed or is not installed.
    """
    command = ["git", "-C", str(folder), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    except OSError:  # git is not installed
        return None
    return result.stdout if result.returncode == 0 else None


def git_folder(folder: Path) -> Path:
    """Find the folder where git keeps its files.

    Raises
    ------
    HistoryError
        If the book folder is not in a git checkout.
    """
    found = run_git(folder, "rev-parse", "--absolute-git-dir")
    if found is None:
        raise HistoryError("a release is made in a git checkout; this folder is in none")
    return Path(found.decode().strip())


def changed_files(folder: Path, names: Iterable[str] = ()) -> list[str]:
    """List files that differ from the last commit, new ones included, ignored ones not.

    Parameters
    ----------
    folder
        A folder of the checkout.
    names
        Look at these files only, relative to the folder; by default at all of the checkout.
    """
    status = run_git(folder, "status", "--porcelain", "--untracked-files=all", "--", *names)
    if status is None:
        return ["the state of the files cannot be read by git"]
    return [line[3:] for line in status.decode(errors="replace").splitlines()]
