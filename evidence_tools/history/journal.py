"""Change several files together: all of them, or after any interruption none."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evidence_tools.storage import seal, sync_folder, unseal, write_whole

NAME = "evidence-release.json"
FORMAT = 1


def change_together(folder: Path, files: Mapping[str, bytes], journal: Path) -> None:
    """Replace files in one transaction.

    The journal keeps what the files were. It is written first and removed last, so whoever finds
    one knows that the change was interrupted, and :func:`undo` puts the files back.

    Parameters
    ----------
    folder
        The folder that the names start from.
    files
        Relative path to new content.
    journal
        Where the journal is kept meanwhile; outside of what git tracks.

    Raises
    ------
    OSError
        If something cannot be written; the files are as they were.
    """
    before = {name: _read(folder / name) for name in files}
    content = {
        "files": {
            name: {
                "before": None if old is None else base64.b64encode(old).decode(),
                "after": hashlib.sha256(files[name]).hexdigest(),
            }
            for name, old in before.items()
        }
    }
    write_whole(journal, seal("journal", FORMAT, content))
    try:
        # Everything is on the disk before the first file changes: a full disk changes nothing.
        for name, new in files.items():
            _stage(folder / name, new)
        for name in files:
            _part(folder / name).replace(folder / name)
            sync_folder((folder / name).parent)
    except BaseException:
        undo(folder, journal)
        raise


def undo(folder: Path, journal: Path) -> list[str]:
    """Put back what an interrupted change left, if there is a journal.

    A file that is neither as it was nor as it was to become was edited since, and stays.

    Parameters
    ----------
    folder, journal
        As in :func:`change_together`.

    Returns
    -------
    list of str
        The files the journal names; empty if nothing was interrupted.
    """
    text = _read(journal)
    if text is None:
        return []
    content: dict[str, Any] = unseal(text, "journal", FORMAT, str(journal))
    for name, entry in content["files"].items():
        path = folder / name
        _part(path).unlink(missing_ok=True)
        current = _read(path)
        if current is not None and hashlib.sha256(current).hexdigest() == entry["after"]:
            if entry["before"] is None:
                path.unlink()
            else:
                write_whole(path, base64.b64decode(entry["before"]))
        if entry["before"] is None:
            with contextlib.suppress(OSError):  # only if the change made the folder
                path.parent.rmdir()
    journal.unlink()
    return list(content["files"])


def reached(folder: Path, journal: Path) -> list[str]:
    """List the files of an interrupted change if every one of them has its new content.

    Parameters
    ----------
    folder, journal
        As in :func:`change_together`.

    Returns
    -------
    list of str
        Empty if nothing was interrupted, or something is not as it was to become.
    """
    text = _read(journal)
    if text is None:
        return []
    files: dict[str, Any] = unseal(text, "journal", FORMAT, str(journal))["files"]
    contents = {name: _read(folder / name) or b"" for name in files}
    whole = all(
        hashlib.sha256(contents[name]).hexdigest() == files[name]["after"] for name in files
    )
    return list(files) if whole else []


def finish(journal: Path) -> None:
    """Declare a change complete."""
    journal.unlink()


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def _stage(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _part(path)
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.chmod(path.stat().st_mode if path.exists() else 0o644)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
