"""What is inside a folder or a zip file, by name; names from outside are not trusted."""

from __future__ import annotations

import contextlib
import stat
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

from evidence_tools.schema import relative_name
from evidence_tools.storage import HistoryError, is_safe_name

Open = Callable[[], IO[bytes]]
NOT_PUBLISHED = (".buildinfo",)
"""Sphinx's note on its own settings: it differs between machines and serves no reader."""


def walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """List what lies below a folder, folders apart: its relative name and its path."""
    for path in sorted(folder.rglob("*")):
        if path.parent == folder and path.name in NOT_PUBLISHED:
            continue
        if path.is_symlink() or not path.is_dir():
            yield path.relative_to(folder).as_posix(), path


@contextlib.contextmanager
def open_members(place: Path) -> Iterator[Mapping[str, Open]]:
    """Offer what is in a folder or zip file by name; nothing is unpacked.

    Parameters
    ----------
    place
        A folder or a zip file.

    Raises
    ------
    HistoryError
        If it is neither, or a zip file that names something outside its folder.
    """
    if place.is_dir():
        yield {name: _opener(path) for name, path in walk(place)}
        return
    if not place.is_file():
        raise HistoryError(f"{relative_name(place)}: there is no such folder or bundle")
    try:
        archive = zipfile.ZipFile(place)
    except (zipfile.BadZipFile, OSError) as error:
        message = f"{relative_name(place)}: not a zip file, or damaged ({error})"
        raise HistoryError(message) from None
    with archive:
        members: dict[str, Open] = {}
        for info in archive.infolist():
            if info.is_dir():
                continue
            # A zip file may name anything: what would land outside its folder is refused.
            if not is_safe_name(info.filename) or stat.S_ISLNK(info.external_attr >> 16):
                raise HistoryError(
                    f"{relative_name(place)}: holds {info.filename!r}, which would be unpacked "
                    "outside its folder; do not unpack it"
                )
            if info.filename in members:
                raise HistoryError(f"{relative_name(place)}: holds {info.filename!r} twice")
            members[info.filename] = _member(archive, info)
        yield members


def _opener(path: Path) -> Open:
    def open_file() -> IO[bytes]:
        if path.is_symlink():
            raise HistoryError("it is a link, not a file")
        return path.open("rb")

    return open_file


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Open:
    def open_member() -> IO[bytes]:
        try:
            return archive.open(info)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise HistoryError(str(error)) from None

    return open_member
