"""The releases as a chapter tells them: one item for each, then every change in a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from evidence_tools.display import Cell, Prose, Run, Runs, Table, TableRow, runs
from evidence_tools.evidence import Evidence
from evidence_tools.history.difference import Change, ChangeKind, Difference, compare
from evidence_tools.history.revisions import (
    load_release,
    load_releases,
    released_versions,
    version_key,
)
from evidence_tools.history.snapshot import take_snapshot
from evidence_tools.history.summary import counts_text
from evidence_tools.phrases import DIRECTION_WORDS
from evidence_tools.schema import Direction, Integrity

DRAFT = "not yet released"


@dataclass(frozen=True)
class Release:
    """One version and what changed in it.

    Attributes
    ----------
    version
        The version, or ``"not yet released"`` for changes since the newest one.
    day
        Its day; ``None`` for what is not released.
    difference
        What changed since the release before; ``None`` for the first.
    findings, sources
        How many there are in it.
    """

    version: str
    day: date | None
    difference: Difference | None
    findings: int
    sources: int


def load_history(evidence: Evidence) -> list[Release]:
    """Compare each release with the one before, and the evidence with the newest release.

    Parameters
    ----------
    evidence
        The evidence; its folder holds the released snapshots.

    Returns
    -------
    list of Release
        Newest first. Changes since the newest release come first, if there are any.

    Raises
    ------
    HistoryError
        If a snapshot is damaged.
    """
    snapshots = load_releases(evidence.folder)
    history = []
    for number, snapshot in enumerate(snapshots):
        difference = compare(snapshots[number - 1], snapshot) if number else None
        sizes = len(snapshot.findings), len(snapshot.sources)
        history.append(Release(snapshot.version, snapshot.day, difference, *sizes))
    if snapshots:
        now = take_snapshot(evidence, version=DRAFT)
        difference = _without_pages(compare(snapshots[-1], now))
        if difference.changes:
            history.append(Release(DRAFT, None, difference, len(now.findings), len(now.sources)))
    return history[::-1]


def changes_before(evidence: Evidence, version: str) -> Difference | None:
    """Compare the evidence with the release before a version.

    Parameters
    ----------
    evidence
        The evidence as it is now.
    version
        The version of the report as it is now.

    Returns
    -------
    Difference or None
        ``None`` if there is no release before.
    """
    released = released_versions(evidence.folder)
    earlier = [name for name in released if version_key(name) < version_key(version)]
    if not earlier:
        return None
    before = load_release(evidence.folder, earlier[-1])
    return compare(before, take_snapshot(evidence, version=version))


def is_released(evidence: Evidence, version: str, chapters: Path) -> bool:
    """Say whether rows, certainties, sentences and chapters are those released as a version.

    Parameters
    ----------
    evidence
        The evidence as it is now.
    version
        The version that the report gives itself.
    chapters
        Folder of the chapters.

    Returns
    -------
    bool
        ``False`` as well if the version was not released.

    Raises
    ------
    HistoryError
        If the version's snapshot is damaged.
    """
    if version not in released_versions(evidence.folder):
        return False
    now = take_snapshot(evidence, version=version, chapters=chapters)
    difference = compare(load_release(evidence.folder, version), now)
    return not difference.changes and not difference.rechecked


def narrate_releases(evidence: Evidence) -> Prose:
    """Say for each release what changed in the findings, newest first.

    Parameters
    ----------
    evidence
        The evidence; its folder holds the released snapshots.

    Returns
    -------
    Prose
        One list item per release; one paragraph when there is no release yet.
    """
    history = load_history(evidence)
    if not history:
        return Prose((runs("No version has been released yet, so there is nothing to compare."),))
    return Prose(tuple(_release_runs(release) for release in history), as_list=True)


def changes_table(evidence: Evidence, *, name: str, caption: str) -> Table | None:
    """List every change of a row of the tables or of a certainty, newest release first.

    Parameters
    ----------
    evidence
        The evidence; its folder holds the released snapshots.
    name, caption
        Label for cross-references, and what question the table answers.

    Returns
    -------
    Table or None
        ``None`` when nothing has changed between releases.
    """
    rows = tuple(
        TableRow(
            (
                Cell.of(release.version),
                Cell.of(_what(change)),
                Cell.of(_subject(evidence, change)),
                Cell.of(_value(change, change.before)),
                Cell.of(_value(change, change.after)),
            )
        )
        for release, change in _changes(evidence)
    )
    columns = ("Version", "What changed", "Of what", "Before", "After")
    return Table(name, runs(caption), columns, rows, (13, 19, 26, 21, 21)) if rows else None


def _changes(evidence: Evidence) -> Iterator[tuple[Release, Change]]:
    for release in load_history(evidence):
        for change in release.difference.changes if release.difference else ():
            if change.kind is not ChangeKind.WORDING_CHANGED:
                yield release, change


def _release_runs(release: Release) -> Runs:
    if release.day is None:
        head = [Run("Not yet released", style="strong"), Run(": ")]
    else:
        head = [
            Run(f"Version {release.version}", style="strong"),
            Run(f", {release.day.isoformat()}: "),
        ]
    if release.difference is None:
        size = f"{release.findings} findings from {release.sources} sources"
        told = f"the first release, with {size}. There is no earlier one to compare with."
        return runs(head, told)
    since = f"compared with version {release.difference.before}. "
    return runs(head, since, counts_text(release.difference))


def _subject(evidence: Evidence, change: Change) -> Runs:
    """Name what changed; only rows that are still there can be linked to."""
    if change.key in evidence.findings_by_id:
        return runs(Run(change.name, finding_id=change.key))
    if change.key in evidence.sources:
        return runs(Run(change.name, source_id=change.key))
    return runs(change.name)


def _value(change: Change, value: str) -> str:
    if not value:
        return "blank" if change.field else "not there"
    if change.field == "direction":
        return DIRECTION_WORDS[Direction(value)]
    if change.field == "integrity":
        return Integrity(value).label
    return value


def _what(change: Change) -> str:
    told_by_kind = change.field in ("", "direction", "integrity")
    column = "" if told_by_kind else f": {change.field.replace('_', ' ')}"
    return f"{change.kind.value}{column}"


def _without_pages(difference: Difference) -> Difference:
    """Leave out the prose of the pages, which a chapter cannot see from its kernel."""
    kept = tuple(
        change
        for change in difference.changes
        if not (change.kind is ChangeKind.WORDING_CHANGED and change.key.startswith("page "))
    )
    return Difference(difference.before, difference.after, kept, difference.rechecked)
