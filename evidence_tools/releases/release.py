"""Make a release: the files of one commit, on a clean tree; git undoes an interruption."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

from evidence_tools.check.review import review_book
from evidence_tools.evidence.model import Evidence, load_evidence
from evidence_tools.releases import difference, stamp
from evidence_tools.releases.manifest import ReleaseError, write_whole
from evidence_tools.releases.snapshot import Snapshot, read_releases, snapshot_bytes, take_snapshot
from evidence_tools.releases.stamp import git, version_key

_EDITED = ("pyproject.toml", "CITATION.cff", "CHANGELOG.md")
_UNDO = """
If a release was interrupted, this undoes it:
  git restore --source=HEAD --staged --worktree .
  git clean --force -- data/releases '.*.part'"""


def release(folder: Path, version: str) -> str:
    """Write the files of a release, stage them for its one commit, and say what is left to do.

    The book folder must be a git checkout without changes, and the version greater than that of
    the project and of every release.
    """
    releases, day = read_releases(folder / "data"), stamp.read_day()
    evidence = _ready(folder, version, [*releases], day)
    after = take_snapshot(evidence, version, day)
    files = _files(folder, [*releases.values()], after)
    section = files["CHANGELOG.md"].decode().partition(f"\n## {version} ")[2].partition("\n## ")[0]
    try:
        for name, content in files.items():
            write_whole(folder / name, content)
        git(folder, "add", "--", *files)
    except (OSError, ReleaseError) as error:
        raise ReleaseError(f"the release cannot be written: {error}{_UNDO}") from None
    names = "\n  ".join(files)
    return (
        f"Wrote and staged:\n  {names}\n\n## {version} {section}\nTwo commands are left:\n"
        f'  git commit -m "Release {version}"\n  git tag -a v{version} -m "Version {version}"'
    )


def _ready(folder: Path, version: str, released: list[str], day: str) -> Evidence:
    """Refuse what must not be released, with every reason."""
    if not stamp.head_commit(folder):
        raise ReleaseError("a release is made in a git checkout of the report, with a commit")
    if changed := stamp.changed_files(folder):
        undo = _UNDO if all(map(stamp.RELEASE_FILES.fullmatch, changed)) else ""
        listed = "\n  ".join(changed)
        raise ReleaseError(f"not committed; commit or remove these first:\n  {listed}{undo}")
    newest = max([stamp.project_version(folder), *released], key=version_key)
    greater = version_key(version) > version_key(newest)
    problems = [] if greater else [f"version {version} is not greater than {newest}"]
    evidence = load_evidence(folder / "data")
    review = review_book(folder, release=True, today=date.fromisoformat(day))
    if problems := [*problems, *map(str, review.problems)]:
        listed = "\n  ".join(problems)
        raise ReleaseError(f"version {version} cannot be released:\n  {listed}")
    return evidence


def _files(folder: Path, before: list[Snapshot], after: Snapshot) -> dict[str, bytes]:
    """Work out the content of each file that a release writes."""
    version, day, kept = after.version, after.date, f"data/releases/{after.version}"
    project, cff, log = ((folder / name).read_text(encoding="utf-8") for name in _EDITED)
    wanted = tomllib.loads(project)
    line = re.compile(rf'(?m)^version\s*=\s*"{re.escape(wanted["project"]["version"])}"')
    project, wanted["project"]["version"] = line.sub(f'version = "{version}"', project), version
    new = {"version": version, "date-released": day}
    cff, count = re.subn(r"(?m)^(version|date-released):.*", lambda m: f"{m[1]}: {new[m[1]]}", cff)
    head, unreleased, rest = log.partition("## Unreleased\n")
    if tomllib.loads(project) != wanted or not unreleased or count != 2:
        raise ReleaseError(
            "put one line 'version = ...' under [project] in pyproject.toml, lines 'version:' and "
            "'date-released:' into CITATION.cff, and a line '## Unreleased' into CHANGELOG.md"
        )
    files = {"pyproject.toml": project, "CITATION.cff": cff}
    text = f"First release, with {len(after.tables['findings'])} findings.\n"
    if before:
        changes, earlier = difference.compare(before[-1], after), before[-1].version
        summary = difference.markdown_list(difference.summary_lines(changes))
        reworded = difference.change_lines(changes, difference.WORDING)
        wording = f"# Wording: {earlier} to {version}\n\n{difference.markdown_list(reworded)}"
        files[f"{kept}-wording.md"] = wording
        text = f"Compared with {earlier}:\n\n{summary}\n"
        text += f"`evidence diff {earlier} {version}` lists every row and wording, "
        text += f"`{kept}-wording.md` every change of wording.\n"
    files["CHANGELOG.md"] = f"{head}{unreleased}\n## {version} ({day})\n\n{text}{rest}"
    contents = {name: content.encode() for name, content in files.items()}
    return {f"{kept}.json": snapshot_bytes(after), **contents}
