"""The git repository of a report, and the stamp that says which state of it a build shows."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from evidence_tools.releases.manifest import ReleaseError

VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
RELEASE_FILES = re.compile(
    r"data/releases/[^/]+|\.?(pyproject\.toml|CITATION\.cff|CHANGELOG\.md)(\.part)?"
)
"""What a release writes, and the temporary names of it."""
_OWN = ("pyproject.toml", "_config.yml", "data/datapackage.json")
_PARTS = ("chapters/*.md", "data/*.csv", "data/*.json", "data/*.yml")
_NOT_OURS = ("not a git repository", "did not match any", "single revision", "cannot be run")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What identifies one state of the report.

    ``commit`` is empty where git does not know the report; ``modified`` counts new files too;
    ``released`` says that the commit is that of the release: with its tag and no other files.
    """

    version: str
    date: str
    commit: str
    modified: bool
    released: bool

    @property
    def text(self) -> str:
        """Version, day and commit in one line, as footers print it."""
        commit = f"commit {self.commit[:10]}" if self.commit else "no commit"
        changed = ", modified" if self.modified else ""
        return f"Version {self.version}, {self.date}, {commit}{changed}"


def read_stamp(folder: Path) -> Stamp:
    """Read the stamp of a book folder; ``pyproject.toml`` in it holds the version."""
    version, commit = project_version(folder), head_commit(folder)
    if not commit:
        return Stamp(version, read_day(), "", False, False)
    modified, day = bool(changed_files(folder)), git(folder, "log", "-1", "--format=%ct")
    tags = git(folder, "tag", "--points-at", "HEAD").split()
    files = git(folder, "show", "--name-only", "--relative", "--format=", "HEAD").split()
    own = f"data/releases/{version}.json" in files and all(map(RELEASE_FILES.fullmatch, files))
    released = f"v{version}" in tags and own and not modified
    return Stamp(version, read_day(day), commit, modified, released)


def version_key(version: str) -> tuple[int, ...]:
    """Order versions as numbers.

    Examples
    --------
    >>> version_key("1.10.0") > version_key("1.9.0")
    True
    """
    if not VERSION.fullmatch(version):
        raise ReleaseError(f"{version!r} is no version; write three numbers, such as 1.2.0")
    return tuple(map(int, version.split(".")))


def project_version(folder: Path) -> str:
    """Read the version from ``pyproject.toml``, its one home."""
    path = folder / "pyproject.toml"
    try:
        version = str(tomllib.loads(path.read_text(encoding="utf-8"))["project"]["version"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ReleaseError(f"{path}: no readable version under [project] ({error})") from None
    version_key(version)
    return version


def read_day(seconds: str = "") -> str:
    """Give the day of ``SOURCE_DATE_EPOCH``, else of the seconds of a commit, else today (UTC)."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or seconds.strip()
    if seconds and not re.fullmatch("[0-9]{1,11}", seconds):
        raise ReleaseError(f"SOURCE_DATE_EPOCH is {seconds!r}; give seconds since 1970")
    moment = datetime.fromtimestamp(int(seconds), UTC) if seconds else datetime.now(UTC)
    return moment.date().isoformat()


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, whatever repository the environment names; failure is an error."""
    variables = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, check=False, env=variables | {"LC_ALL": "C"}
        )
    except OSError as error:
        raise ReleaseError(f"git cannot be run ({error.strerror}); install it") from None
    if done.returncode:
        raise ReleaseError(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode("utf-8", "surrogateescape")


def head_commit(folder: Path) -> str:
    """Name the commit of a book folder; empty where git does not know it.

    An archive that is unpacked inside another repository has no commit: that repository does
    not track its files.
    """
    own = [name for name in _OWN if (folder / name).exists()]
    try:
        git(folder, "ls-files", "--error-unmatch", "--", *own)
        return git(folder, "rev-parse", "--verify", "HEAD").strip()
    except ReleaseError as error:
        if any(words in str(error) for words in _NOT_OURS):
            return ""
        raise


def changed_files(folder: Path) -> list[str]:
    """List files that differ from the commit: new ones too, and chapters and data git ignores."""
    prefix = git(folder, "rev-parse", "--show-prefix").strip("\n")
    listing = ("--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", ".")
    entries = git(folder, "status", *listing).split("\0")
    ignored = git(folder, "ls-files", "-z", "--others", "--", *_PARTS).split("\0")
    seen = [name for name in ignored if name and PurePosixPath(name).parent.name[:1] != "."]
    return sorted({entry[3:].removeprefix(prefix) for entry in entries if entry} | set(seen))
