"""Make a release: check, plan every file, then write all of them or none."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from evidence_tools.evidence import load_evidence
from evidence_tools.history import journal
from evidence_tools.history.changelog import add_release, release_section
from evidence_tools.history.citation import set_cff
from evidence_tools.history.difference import Difference, compare
from evidence_tools.history.gate import check_problems, integrity_days, stale_sources
from evidence_tools.history.repository import changed_files, git_folder, run_git
from evidence_tools.history.revisions import (
    RELEASES,
    load_releases,
    released_versions,
    version_key,
)
from evidence_tools.history.snapshot import VERSION, snapshot_bytes, take_snapshot
from evidence_tools.history.summary import counts_text
from evidence_tools.schema import EvidenceError
from evidence_tools.storage import HistoryError, exclusive

_VERSION_LINE = re.compile(r'(?m)^(version\s*=\s*)"[^"\n]*"')


@dataclass(frozen=True)
class Plan:
    """What a release would do.

    Attributes
    ----------
    version, day
        The release.
    files
        Relative path to new content, for every file that changes.
    section
        What the change log gains.
    difference
        What changed since the release before; ``None`` for the first.
    problems
        What forbids the release; it can be made only if there are none.
    notes
        What else the author should know.
    """

    version: str
    day: date
    files: Mapping[str, bytes]
    section: str
    difference: Difference | None
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def commands(self) -> tuple[str, str]:
        """The two git commands that are left to the author."""
        last = (
            "No reported number changes: this is the first release."
            if self.difference is None
            else f"Reported numbers: {counts_text(self.difference)}"
        )
        return (
            f'git commit -m "Release {self.version}" -m "{last}"',
            f'git tag -a v{self.version} -m "Version {self.version}"',
        )


def release_day() -> date:
    """Choose the day of a release: that of ``SOURCE_DATE_EPOCH`` if set, else today (UTC).

    Raises
    ------
    HistoryError
        If ``SOURCE_DATE_EPOCH`` is not a number of seconds.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if not epoch:
        return datetime.now(UTC).date()
    try:
        return datetime.fromtimestamp(int(epoch), UTC).date()
    except (ValueError, OverflowError, OSError):
        raise HistoryError(f"SOURCE_DATE_EPOCH is {epoch!r}; seconds since 1970 needed") from None


def plan_release(folder: Path, version: str, day: date) -> Plan:
    """Check whether a version can be released, and work out every file it changes.

    Nothing is written.

    Parameters
    ----------
    folder
        The book folder, in a git checkout.
    version
        Three numbers, greater than that of ``pyproject.toml`` and of every release.
    day
        Day of the release.

    Returns
    -------
    Plan
        Its ``problems`` name everything that forbids the release, all at once.

    Raises
    ------
    HistoryError
        If the version is no version, there is no git checkout, a file that must be changed
        is missing, or an earlier snapshot is damaged.
    """
    key = version_key(version)
    git_folder(folder)
    project = _text(folder, "pyproject.toml")
    problems = [f"not committed: {name}" for name in changed_files(folder)]
    released = released_versions(folder / "data")
    current = project_version(project)
    known = {name for name in (current, *released) if VERSION.fullmatch(name)}
    problems += [
        f"version {version} is not greater than {name}"
        for name in sorted(known, key=version_key)
        if key <= version_key(name)
    ]
    files = {
        "pyproject.toml": set_project_version(project, version).encode(),
        "CITATION.cff": set_cff(_text(folder, "CITATION.cff"), version, day).encode(),
    }
    difference, section, notes = None, "", []
    try:
        evidence = load_evidence(folder / "data")
    except EvidenceError as error:
        problems += [str(problem) for problem in error.problems]
    else:
        problems += stale_sources(evidence, day, integrity_days(folder))
        checks, note = check_problems(folder)
        problems += checks
        notes += [note] if note else []
        after = take_snapshot(evidence, version=version, day=day, chapters=folder / "chapters")
        if released:  # all are read: a damaged one would stop the next build
            difference = compare(load_releases(folder / "data")[-1], after)
        section = release_section(version, day, difference, len(after.findings))
        log = folder / "CHANGELOG.md"
        before = log.read_text(encoding="utf-8") if log.is_file() else ""
        files["CHANGELOG.md"] = add_release(before, section).encode()
        files[f"data/{RELEASES}/{version}.json"] = snapshot_bytes(after)
    return Plan(version, day, files, section, difference, tuple(problems), tuple(notes))


def make_release(folder: Path, version: str, day: date) -> Plan:
    """Release a version: write its files and stage them for the commit.

    Parameters
    ----------
    folder, version, day
        As in :func:`plan_release`.

    Returns
    -------
    Plan
        If it has problems, nothing was written.

    Raises
    ------
    HistoryError
        As in :func:`plan_release`; also if another release is running, or git cannot stage.
    OSError
        If a file cannot be written; every file is as it was.
    """
    kept = git_folder(folder)
    journal_file = kept / journal.NAME
    with exclusive(kept, "release"):
        recover(folder)
        plan = plan_release(folder, version, day)
        if plan.problems:
            return plan
        journal.change_together(folder, plan.files, journal_file)
        try:
            if run_git(folder, "add", "--", *plan.files) is None:
                raise HistoryError(
                    "git cannot stage the files of the release, so nothing was changed; a file "
                    "index.lock that an interrupted git left in its folder would explain it"
                )
        except BaseException:
            _put_back(folder, journal_file)
            raise
        journal.finish(journal_file)
    return plan


def interrupted(folder: Path) -> bool:
    """Say whether an earlier release was interrupted and its files wait to be put back."""
    return (git_folder(folder) / journal.NAME).is_file()


def recover(folder: Path) -> bool:
    """Put back the files of an interrupted release; call it with the lock held.

    If the author committed them since, the release is complete and stays.

    Returns
    -------
    bool
        Whether a release was interrupted.
    """
    journal_file = git_folder(folder) / journal.NAME
    names = journal.reached(folder, journal_file)
    if names and not changed_files(folder, names):
        journal.finish(journal_file)
        return True
    return bool(_put_back(folder, journal_file))


def _put_back(folder: Path, journal_file: Path) -> list[str]:
    names = journal.undo(folder, journal_file)
    if names:
        run_git(folder, "reset", "--quiet", "--", *names)
    return names


def project_version(text: str) -> str:
    """Read the version from the text of ``pyproject.toml``.

    Raises
    ------
    HistoryError
        If there is none.
    """
    try:
        return str(tomllib.loads(text)["project"]["version"])
    except (KeyError, TypeError, tomllib.TOMLDecodeError) as error:
        raise HistoryError(f"pyproject.toml: no readable [project] version ({error})") from None


def set_project_version(text: str, version: str) -> str:
    """Set the version in ``pyproject.toml``, its one home, and leave all else as it is.

    Raises
    ------
    HistoryError
        If the version's line cannot be found without doubt.
    """
    start = text.find("[project]\n")
    end = text.find("\n[", start + 1)
    end = len(text) if end < 0 else end
    part, count = _VERSION_LINE.subn(rf'\g<1>"{version}"', text[start:end])
    changed = text[:start] + part + text[end:]
    wanted = tomllib.loads(text)
    wanted["project"]["version"] = version
    if start < 0 or count != 1 or tomllib.loads(changed) != wanted:
        raise HistoryError('pyproject.toml: one line version = "..." under [project] is needed')
    return changed


def _text(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise HistoryError(f"{name}: cannot be read ({error})") from None
