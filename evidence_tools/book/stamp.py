"""Which version of the report this is: version, date and commit."""

from __future__ import annotations

import os
import subprocess
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

NO_COMMIT = "no commit"
PDF_NAME = "vitamin-k2-bone-markers-{version}.pdf"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What identifies one state of the report.

    Attributes
    ----------
    version
        From ``pyproject.toml``, its one home.
    day
        Day of ``SOURCE_DATE_EPOCH`` if that is set, else of the commit, else today (UTC).
    commit
        Full commit identifier, or ``"no commit"`` outside a git checkout.
    modified
        Whether tracked files differ from the commit.
    """

    version: str
    day: date
    commit: str
    modified: bool

    @property
    def commit_text(self) -> str:
        """The commit in ten characters, and whether files were changed since."""
        if self.commit == NO_COMMIT:
            return NO_COMMIT
        return f"commit {self.commit[:10]}" + (", modified" if self.modified else "")

    @property
    def text(self) -> str:
        """The whole stamp in one line, as footers print it."""
        return f"Version {self.version}, {self.day.isoformat()}, {self.commit_text}"

    @property
    def pdf_name(self) -> str:
        """File name of the PDF of this version."""
        return PDF_NAME.format(version=self.version)


def read_stamp(folder: Path) -> Stamp:
    """Read the stamp of a book folder.

    Parameters
    ----------
    folder
        The folder with ``_config.yml``; ``pyproject.toml`` beside it holds the version.

    Returns
    -------
    Stamp

    Raises
    ------
    ValueError
        If there is no version, or ``SOURCE_DATE_EPOCH`` is not a number of seconds.
    """
    commit = _git(folder, "rev-parse", "HEAD") or NO_COMMIT
    modified = commit != NO_COMMIT and bool(_git(folder, "status", "--porcelain", "-uno"))
    return Stamp(_version(folder), _day(folder), commit, modified)


def _version(folder: Path) -> str:
    path = folder / "pyproject.toml"
    try:
        return str(tomllib.loads(path.read_text(encoding="utf-8"))["project"]["version"])
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{path}: no readable [project] version ({error})") from error


def _day(folder: Path) -> date:
    epoch = os.environ.get("SOURCE_DATE_EPOCH") or _git(folder, "log", "-1", "--format=%ct")
    if not epoch:
        return datetime.now(UTC).date()
    try:
        return datetime.fromtimestamp(int(epoch), UTC).date()
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"SOURCE_DATE_EPOCH is {epoch!r}; seconds since 1970 needed") from error


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:  # git is not installed
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""
