"""``report.json``: what a built site or a bundle is, and the hash of every file in it."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence_tools.members import open_members, walk
from evidence_tools.schema import relative_name
from evidence_tools.storage import (
    HistoryError,
    hash_stream,
    is_safe_name,
    seal,
    unseal,
    write_whole,
)

NAME = "report.json"
FORMAT = 1
_LARGEST = 1 << 26
"""More bytes than any manifest has; what is in a zip file may unpack to anything."""


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of a manifest: ``sha256`` in hexadecimal, ``size`` in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """What a site or a bundle is, and what it is made of.

    Attributes
    ----------
    report
        Title, authors, language and the name of the report's files.
    stamp
        Version, date, commit, whether files were modified since, whether the version was
        released with just these findings and sentences, and the content hash.
    findings
        Each finding that is used, with the pages that use it.
    pages
        The pages in the order of the table of contents.
    tools
        Name and version of what made the report.
    files
        Relative path to hash and size of every file, the manifest itself excepted.
    published
        Files whose content publication replaces, with what they are replaced by.
    """

    report: Mapping[str, Any]
    stamp: Mapping[str, Any]
    findings: Mapping[str, tuple[str, ...]]
    pages: tuple[str, ...]
    tools: Mapping[str, str]
    files: Mapping[str, FileEntry]
    published: Mapping[str, FileEntry]

    @property
    def version(self) -> str:
        """Version of the report."""
        return str(self.stamp["version"])


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One file that is not as the manifest says: it ``differs``, is ``missing`` or ``extra``."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


def hash_file(path: Path) -> FileEntry:
    """Hash one file."""
    with path.open("rb") as stream:
        return FileEntry(*hash_stream(stream))


def hash_folder(folder: Path) -> dict[str, FileEntry]:
    """Hash every file below a folder, its manifest excepted.

    Raises
    ------
    HistoryError
        If there is a link or anything else that is no file: it would not survive a copy.
    """
    entries = {}
    for name, path in walk(folder):
        if path.is_symlink() or not path.is_file():
            raise HistoryError(f"{relative_name(path)}: not a plain file; it cannot be published")
        if name != NAME:
            entries[name] = hash_file(path)
    return entries


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``report.json`` into a folder."""
    write_whole(folder / NAME, manifest_bytes(manifest))


def manifest_bytes(manifest: Manifest) -> bytes:
    """Write a manifest as the bytes of its file; the same manifest gives the same bytes."""
    content = {
        "report": dict(manifest.report),
        "stamp": dict(manifest.stamp),
        "findings": {key: list(pages) for key, pages in manifest.findings.items()},
        "pages": list(manifest.pages),
        "tools": dict(manifest.tools),
        "files": _entries(manifest.files),
        "published": _entries(manifest.published),
    }
    return seal("report", FORMAT, content)


def read_manifest(place: Path) -> Manifest:
    """Read the manifest of a site folder or of a bundle.

    Parameters
    ----------
    place
        A folder, or a zip file.

    Raises
    ------
    HistoryError
        If there is none, or it is damaged, changed or of a newer format.
    """
    with open_members(place) as members:
        if NAME not in members:
            raise HistoryError(f"{relative_name(place)}: has no {NAME}; build the report first")
        with members[NAME]() as stream:
            text = stream.read(_LARGEST + 1)
    if len(text) > _LARGEST:
        raise HistoryError(f"{relative_name(place)}/{NAME}: too large to be a manifest")
    return parse_manifest(text, f"{relative_name(place)}/{NAME}")


def parse_manifest(text: bytes, name: str) -> Manifest:
    """Read a manifest from the bytes of its file; ``name`` is how messages call it."""
    content = unseal(text, "report", FORMAT, name)
    try:
        manifest = Manifest(
            report=content["report"],
            stamp=content["stamp"],
            findings={key: tuple(pages) for key, pages in content["findings"].items()},
            pages=tuple(content["pages"]),
            tools=content["tools"],
            files=_read_entries(content["files"]),
            published=_read_entries(content["published"]),
        )
        names = [*manifest.files, *manifest.published, *(f"{p}.html" for p in manifest.pages)]
        manifest.version  # noqa: B018 - it must be there
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise HistoryError(f"{name}: lacks a part ({error!r})") from None
    if unsafe := [path for path in names if not is_safe_name(path)]:
        raise HistoryError(f"{name}: names a file outside its folder: {unsafe[0]!r}")
    return manifest


def verify(place: Path) -> list[Fault]:
    """Hash a site or a bundle again and compare it with its manifest.

    Nothing is unpacked or written.

    Parameters
    ----------
    place
        A folder or a zip file with ``report.json`` in it.

    Returns
    -------
    list of Fault
        Sorted by path; empty if every file is as it was when the manifest was written.

    Raises
    ------
    HistoryError
        If there is no manifest that can be trusted to compare with.
    """
    manifest = read_manifest(place)
    faults = []
    with open_members(place) as members:
        for name, entry in manifest.files.items():
            if name not in members:
                faults.append(Fault(name, "missing"))
                continue
            allowed = [entry, manifest.published.get(name, entry)]
            try:
                with members[name]() as stream:
                    found = FileEntry(*hash_stream(stream, max(e.size for e in allowed)))
            except (OSError, HistoryError, zipfile.BadZipFile) as error:
                faults.append(Fault(name, f"cannot be read ({error})"))
                continue
            if found not in allowed:
                faults.append(Fault(name, "differs"))
        known = {*manifest.files, NAME}
        faults += [Fault(name, "extra") for name in members if name not in known]
    return sorted(faults)


def _entries(files: Mapping[str, FileEntry]) -> dict[str, dict[str, Any]]:
    return {name: {"sha256": e.sha256, "size": e.size} for name, e in sorted(files.items())}


def _read_entries(content: Mapping[str, Any]) -> dict[str, FileEntry]:
    return {name: FileEntry(str(e["sha256"]), int(e["size"])) for name, e in content.items()}
