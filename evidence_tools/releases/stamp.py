"""Which state of the report a build shows, as git knows it, and how to cite exactly that one."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evidence_tools.releases.manifest import Manifest, ReleaseError

VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
RELEASE_FILES = re.compile(
    r"data/releases/[^/]+|\.?(pyproject\.toml|CITATION\.cff|CHANGELOG\.md)(\.part)?"
)
"""What a release writes, and the temporary names of it."""
_PARTS = ("chapters/*.md", "data/*.csv", "data/*.json", "data/*.yml", ":(exclude,glob)**/.*/**")


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
    moment = datetime.fromtimestamp(int(seconds), UTC) if seconds else datetime.now(UTC)
    return moment.date().isoformat()


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, whatever repository the environment names; failure is an error."""
    variables = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", str(folder), *arguments]
    return run_program(command, env=variables | {"LC_ALL": "C"}).decode("utf-8", "surrogateescape")


def run_program(command: list[str], **options: Any) -> bytes:
    """Run a program and give what it prints; failure is an error with the program's own words."""
    try:
        done = subprocess.run(command, capture_output=True, check=False, **options)  # noqa: S603
    except OSError as error:
        message = f"{command[0]} cannot be run ({error.strerror}); install it"
        raise ReleaseError(message) from None
    if done.returncode:
        raise ReleaseError(f"{command[0]}: {done.stderr.decode(errors='replace').strip()}")
    return bytes(done.stdout)


def head_commit(folder: Path) -> str:
    """Name the commit of a book folder; empty where git does not know it.

    An archive that is unpacked inside another repository has no commit: that repository does
    not track its files.
    """
    try:
        tracked = git(folder, "ls-files", "--", "pyproject.toml")
        return git(folder, "rev-parse", "--verify", "HEAD").strip() if tracked else ""
    except ReleaseError as error:
        if re.search("not a git repository|single revision|cannot be run", str(error)):
            return ""
        raise


def changed_files(folder: Path) -> list[str]:
    """List files that differ from the commit: new ones too, and chapters and data git ignores."""
    names = git(folder, "diff", "HEAD", "-z", "--name-only", "--no-renames", "--relative")
    names += git(folder, "ls-files", "-z", "--others", "--exclude-standard")
    names += git(folder, "ls-files", "-z", "--others", "--", *_PARTS)
    return sorted({*names.split("\0")} - {""})


def citation_text(report: Manifest, stamp: Stamp, address: str = "") -> str:
    """Write the citation in one paragraph."""
    authors, title = "; ".join(report["authors"]).rstrip("."), report["title"]
    title = title if title.endswith((".", "?", "!")) else f"{title}."
    return f"{authors}. {title} Version {stamp.version}, {stamp.date}. {address}".rstrip()


def bibtex(report: Manifest, stamp: Stamp, address: str = "") -> str:
    """Write the citation as a BibTeX entry; braces keep bodies and titles as they are."""
    from pybtex.database import BibliographyData, Entry, Person

    authors = [Person(last=f"{{{author}}}") for author in report["authors"]]
    fields = {"title": f"{{{' '.join(report['title'].split())}}}", "year": stamp.date[:4]}
    fields |= {"date": stamp.date, "version": stamp.version, "note": stamp.text}
    entry = Entry("misc", fields | ({"url": address} if address else {}), {"author": authors})
    return str(BibliographyData({f"{report['name']}-{stamp.version}": entry}).to_string("bibtex"))


def ris(report: Manifest, stamp: Stamp, address: str = "") -> str:
    """Write the citation as a RIS record; lines end as the format asks."""
    fields = [("TY", "RPRT"), *(("AU", author) for author in report["authors"])]
    fields += [("TI", report["title"]), ("PY", stamp.date[:4])]
    fields += [("DA", stamp.date.replace("-", "/")), ("ET", stamp.version)]
    fields += [("LA", report["language"]), ("N1", stamp.text), ("UR", address)]
    lines = [f"{tag}  - {' '.join(value.split())}\r\n" for tag, value in fields if value]
    return "".join([*lines, "ER  - \r\n"])
