"""One build at a time in a folder, and no trace of one that was killed.

The lock belongs to the process: however it ends, the system releases it. A note beside it
says that a build has begun; a note that is found later means that a build was cut short.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

_NOTE = "unfinished.json"
_OURS = ("evidence-", "pymp-")


class Occupancy:
    """The right to build in a folder.

    Parameters
    ----------
    folder
        Where the lock and the note lie.
    say
        Called once with a sentence when another build has to be waited for.
    """

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._note = folder / _NOTE
        self._handle: int | None = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        self._folders: list[str] = []
        _wait(self._handle, say)

    def begin(self) -> bool:
        """Note that a build begins.

        Returns
        -------
        bool
            Whether an earlier one was cut short; its temporary folders are removed.
        """
        cut_short = self._note.exists()
        if cut_short:
            _remove_folders(self._note)
        self._write()
        return cut_short

    def uses(self, folder: Path) -> None:
        """Note a temporary folder, so that it is removed even when this process is killed."""
        self._folders.append(str(folder))
        self._write()

    def finish(self) -> None:
        """Note that the build came to its end, and that what it wrote can be relied upon."""
        self._note.unlink(missing_ok=True)

    def release(self) -> None:
        """Let another build begin; safe to call again."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _write(self) -> None:
        part = self._note.with_suffix(".part")
        part.write_text(json.dumps({"folders": self._folders}), encoding="utf-8")
        part.replace(self._note)


def _wait(handle: int, say: Callable[[str], None]) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: nothing keeps two builds apart there
        return
    told = False
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if not told:
                told = True
                number = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
                who = f" (process {number})" if number.isdecimal() else ""
                say(f"another build of this folder is running{who}; waiting for it to end")
            time.sleep(0.1)
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)


def _remove_folders(note: Path) -> None:
    try:
        folders = json.loads(note.read_text(encoding="utf-8"))["folders"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    parents = {Path(tempfile.gettempdir()).resolve(), Path("/tmp")}  # noqa: S108
    for name in folders:
        path = Path(str(name))
        # Only what such a build makes: a note that was edited must not delete anything else.
        if path.name.startswith(_OURS) and path.parent in parents and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
