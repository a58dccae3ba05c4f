"""Find a state of the evidence by what people call it: a version, a file, a git revision."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from evidence_tools.evidence import load_evidence
from evidence_tools.history.repository import run_git
from evidence_tools.history.snapshot import VERSION, Snapshot, read_snapshot, take_snapshot
from evidence_tools.schema import EvidenceError, relative_name
from evidence_tools.storage import HistoryError

RELEASES = "releases"
"""Folder of the snapshots, inside the data folder."""
WORKING = "working files"


def version_key(version: str) -> tuple[int, int, int]:
    """Turn ``"1.10.0"`` into numbers that sort.

    Raises
    ------
    HistoryError
        If it is not three numbers with dots between them.
    """
    match = VERSION.fullmatch(version)
    if match is None:
        raise HistoryError(f"{version!r} is no version; write three numbers such as 1.1.0")
    major, minor, patch = match.groups()
    return int(major), int(minor), int(patch)


def released_versions(data: Path) -> list[str]:
    """List the released versions, oldest first.

    Parameters
    ----------
    data
        The data folder; its ``releases`` folder holds one snapshot per version.
    """
    found = [path.stem for path in (data / RELEASES).glob("*.json")]
    return sorted((name for name in found if VERSION.fullmatch(name)), key=version_key)


def load_release(data: Path, version: str) -> Snapshot:
    """Read the snapshot of one released version.

    Raises
    ------
    HistoryError
        If there is none, it is damaged, or it is the snapshot of another version.
    """
    path = data / RELEASES / f"{version}.json"
    if not path.is_file():
        known = ", ".join(released_versions(data)) or "none yet"
        raise HistoryError(f"version {version!r} was not released; released: {known}")
    snapshot = _read(path)
    if snapshot.version != version:
        raise HistoryError(
            f"{relative_name(path)}: holds the snapshot of version {snapshot.version!r}"
        )
    return snapshot


def load_releases(data: Path) -> list[Snapshot]:
    """Read the snapshots of all released versions, oldest first."""
    return [load_release(data, version) for version in released_versions(data)]


def load_working(folder: Path) -> Snapshot:
    """Take a snapshot of the files as they are now.

    Parameters
    ----------
    folder
        The book folder, with ``data/`` and ``chapters/``.

    Raises
    ------
    EvidenceError
        If the tables break a rule.
    """
    return take_snapshot(
        load_evidence(folder / "data"), version=WORKING, chapters=folder / "chapters"
    )


def load_revision(folder: Path, name: str) -> Snapshot:
    """Load a state by name.

    Parameters
    ----------
    folder
        The book folder.
    name
        A released version, a snapshot file, a book folder, or a git revision; ``"."`` is the
        folder as it is now. A state that is not a snapshot is narrated with today's package.

    Returns
    -------
    Snapshot

    Raises
    ------
    HistoryError
        If the name leads to nothing that can be read.
    """
    path = folder / name
    if path.is_file():
        return _read(path)
    if (path / "data").is_dir():
        return load_working(path)
    version = name.removeprefix("v")
    if VERSION.fullmatch(version) and (folder / "data" / RELEASES / f"{version}.json").is_file():
        return load_release(folder / "data", version)
    # A name that begins with a dash must not become an option.
    asked = ("--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    commit = run_git(folder, "rev-parse", *asked)
    if commit is None:
        known = ", ".join(released_versions(folder / "data")) or "none yet"
        raise HistoryError(
            f"{name!r} is no released version, no snapshot file and no git revision; "
            f"released: {known}"
        )
    return _load_commit(folder, commit.decode().strip(), name)


def _read(path: Path) -> Snapshot:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise HistoryError(f"{relative_name(path)}: cannot be read ({error.strerror})") from None
    return read_snapshot(text, relative_name(path))


def _load_commit(folder: Path, commit: str, name: str) -> Snapshot:
    # The book may be a folder inside its repository; git archives the folder it runs in.
    prefix = (run_git(folder, "rev-parse", "--show-prefix") or b"").decode().strip()
    parts = [
        part
        for part in ("data", "chapters")
        if run_git(folder, "cat-file", "-e", f"{commit}:{prefix}{part}") is not None
    ]
    if "data" not in parts:
        raise HistoryError(f"{name!r}: this revision has no data folder")
    archive = run_git(folder, "archive", "--format=zip", commit, "--", *parts)
    if archive is None:
        raise HistoryError(f"{name!r}: git cannot read this revision")
    with TemporaryDirectory(prefix="evidence-") as scratch:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            packed.extractall(scratch)  # written by git a moment ago
        try:
            evidence = load_evidence(Path(scratch) / "data")
        except EvidenceError as error:
            problems = "; ".join(str(problem) for problem in error.problems[:3])
            problems = problems.replace(f"{scratch}/", "")
            raise HistoryError(
                f"{name!r}: the tables of this revision do not fit today's rules, so they cannot "
                f"be compared ({len(error.problems)} problems, such as {problems})"
            ) from None
        return take_snapshot(evidence, version=name, chapters=Path(scratch) / "chapters")
