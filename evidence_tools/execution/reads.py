"""Which files a chapter's code read, beside the data and the package.

Python tells an audit hook about every file that is opened and every folder that is listed.
What is noted here becomes part of the condition under which a result may be used again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

Reads = Mapping[str, str]
"""Path to the digest of what was there; a folder's path ends with a slash."""

WHOLE_BOOK = "*"
"""Stands for every file of the book: the code started a program whose reading is not seen."""
ABSENT = "absent"
UNSETTLED = "changed while it was read"

_PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.startfile"}
_LISTINGS = {"os.listdir", "os.scandir"}
_FINDERS = re.compile(r"<frozen importlib|importlib.metadata|pkgutil\.py$")
_METADATA = re.compile(r"\.(dist|egg)-info/")
_WRITE_ONLY = os.O_WRONLY
_ACCESS = os.O_WRONLY | os.O_RDWR
# Not part of any book: the system, the interpreter with its packages, and Jupyter's settings.
_SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/usr", "/run", "/lib", "/var/cache")


def record_reads(log: str, apart: Iterable[str]) -> None:
    """Note from now on what this process reads; a kernel calls it before the first cell.

    Parameters
    ----------
    log
        File that receives one JSON string per path.
    apart
        Folders that are not noted.
    """
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    home = Path.home()
    ignored = (
        *_SYSTEM,
        *(os.path.realpath(path) for path in {sys.prefix, sys.base_prefix, *apart}),
        *(str(home / name) for name in (".ipython", ".jupyter", ".cache")),
    )
    prefixes = tuple(path.rstrip("/") + "/" for path in ignored)
    seen: set[str] = set()

    def note(path: str) -> None:
        if path not in seen:
            seen.add(path)
            os.write(handle, (json.dumps(path) + "\n").encode())

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments[:3]
            if not _reads(mode, flags):
                return
            suffix = ""
        elif event in _LISTINGS:
            # Looking for modules and installed packages is not the chapter's doing.
            if _FINDERS.search(sys._getframe(1).f_code.co_filename):
                return
            path, suffix = arguments[0], "/"
        elif event in _PROGRAMS:
            note(WHOLE_BOOK)
            return
        else:
            return
        if path is None:
            path = "."
        if not isinstance(path, str | bytes):
            return  # a file descriptor: whoever opened it was noted
        try:
            full = os.path.realpath(os.fsdecode(path))
        except (OSError, ValueError):
            return
        if not (full + "/").startswith(prefixes) and not _METADATA.search(full):
            note(full + suffix)

    sys.addaudithook(hook)


def _reads(mode: object, flags: object) -> bool:
    if isinstance(mode, str):
        return "r" in mode or "+" in mode
    return not isinstance(flags, int) or flags & _ACCESS != _WRITE_ONLY


def read_log(log: Path, *, book: Path, apart: Iterable[Path], started: float) -> Reads | None:
    """Turn what a kernel noted into paths and digests.

    Parameters
    ----------
    log
        The file that :func:`record_reads` wrote.
    book
        The book folder; paths inside it are kept relative to it.
    apart
        Folders whose content is part of the key of every result anyway.
    started
        When the kernel was started, in seconds since 1970: what changed later may have been
        read in another state, so its digest never matches.

    Returns
    -------
    Reads or None
        ``None`` when nothing was noted at all, so that nothing is known.
    """
    try:
        lines = log.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    root = book.resolve()
    skipped = tuple(f"{path.resolve()}/" for path in apart)
    found: dict[str, str] = {}
    for line in lines:
        name = json.loads(line)
        if name == WHOLE_BOOK:
            found[name] = digest(root, name)
            continue
        path = Path(_source_of(name))
        if f"{path}/".startswith(skipped):
            continue
        if path.is_relative_to(root):
            shown = path.relative_to(root).as_posix()
            if shown.startswith("_build/") or shown == "_build":
                continue
        else:
            shown = str(path)
        shown += "/" if name.endswith("/") else ""
        found[shown] = UNSETTLED if _changed_since(path, started) else digest(root, shown)
    return found


def digest(book: Path, name: str) -> str:
    """Hash what a noted path names now.

    Parameters
    ----------
    book
        The book folder, which relative paths start from.
    name
        A path as :data:`Reads` keeps it.
    """
    if name == WHOLE_BOOK:
        parts = (f"{path.relative_to(book)}\0{_hash(path)}" for path in book_files(book))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()
    path = book / name
    try:
        if name.endswith("/"):
            listing = "\n".join(sorted(os.listdir(path)))  # noqa: PTH208 - names only
            return hashlib.sha256(listing.encode()).hexdigest()
        return _hash(path)
    except OSError:
        return ABSENT


def unchanged(book: Path, reads: Reads) -> bool:
    """Whether everything that was read is still as it was."""
    return all(digest(book, name) == known for name, known in reads.items())


def book_files(book: Path) -> list[Path]:
    """List every file of a book that a build does not write, in a fixed order."""
    found: list[Path] = []
    for folder, folders, files in os.walk(book):
        folders[:] = [
            name
            for name in folders
            if name[0] not in "._" and not Path(folder, name, "pyvenv.cfg").exists()
        ]
        found += [Path(folder, name) for name in files if not name.startswith(".")]
    return sorted(found)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _changed_since(path: Path, started: float) -> bool:
    try:
        return path.is_file() and path.stat().st_mtime > started
    except OSError:
        return False


def _source_of(name: str) -> str:
    """Name the module that a compiled file was made from."""
    folder, _, file = name.rstrip("/").rpartition("/")
    if folder.endswith("__pycache__") and file.endswith(".pyc"):
        return f"{folder.removesuffix('/__pycache__')}/{file.split('.')[0]}.py"
    return name.rstrip("/") or "/"
