"""``report.json``: what a site or a bundle is, with a hash of every file; how files are packed."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from evidence_tools.evidence.problems import relative_name

NAME = "report.json"
_FORMAT = 2
_BESIDE = (f"{NAME}.sig", ".buildinfo")
_FORMULA = re.compile(r"\s*[=+\-@\uFF0B\uFF0D\uFF1D\uFF20]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?%?")

Manifest = dict[str, Any]
Contents = Mapping[str, bytes]
"""The bytes of some files by relative name."""


class ReleaseError(Exception):
    """A release, a site or a bundle cannot be made or trusted; says why and what to do."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under a temporary name and rename it, so that nobody sees a part of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def safe_cell(text: str) -> str:
    """Put an apostrophe before a cell that a spreadsheet would run as a formula.

    Examples
    --------
    >>> safe_cell("=1+1"), safe_cell("-1.54")
    ("'=1+1", '-1.54')
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def pack(contents: Contents, day: date = date.min) -> bytes:
    """Zip files, without compression: the same files give the same bytes on any machine."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in sorted(contents):
            info = zipfile.ZipInfo(name, (max(day.year, 1980), day.month, day.day, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o100644 << 16
            archive.writestr(info, contents[name])
    return packed.getvalue()


def unpack(place: Path) -> dict[str, bytes]:
    """Read a zip file as :func:`pack` writes it, byte for byte; nothing else is accepted.

    So there are no links, doubles or comments, and no bytes between the files or at the end.
    """
    try:
        content = place.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            contents = {info.filename: archive.read(info) for info in infos}
        if pack(contents, date(*infos[0].date_time[:3])) != content:
            raise ValueError("not as a bundle is packed")
    except Exception as error:  # what zipfile raises on damage has no common kind
        raise ReleaseError(f"{relative_name(place)}: damaged ({error}); fetch it again") from None
    return contents


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``report.json`` into a finished site; the hashes of its files are added.

    ``report`` holds name, title, authors, description, language and keywords; ``stamp`` the
    fields of a stamp; ``pages`` the documents in reading order; other parts are kept as they are.
    """
    write_whole(folder / NAME, manifest_bytes(manifest, read_folder(folder)))


def manifest_bytes(manifest: Manifest, contents: Contents) -> bytes:
    """Write a manifest of some files as the bytes of its file, with a hash of its own content."""
    document = {**manifest, "files": _hashes(contents), "kind": "report", "format": _FORMAT}
    document["digest"] = _digest(document)
    return f"{json.dumps(document, indent=1, ensure_ascii=False)}\n".encode()


def read_folder(folder: Path) -> dict[str, bytes]:
    """Read the files of a folder by relative name; a link or an empty folder is refused."""
    contents = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or (path.is_dir() and any(path.iterdir()))):
            shown = relative_name(path)
            raise ReleaseError(f"{shown}: neither a file nor a folder of files; remove it")
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in _BESIDE:
            contents[name] = path.read_bytes()
    return contents


def check_contents(contents: Contents, shown: str) -> Manifest:
    """Read the manifest among some files, and refuse files that are not as it says."""
    if NAME not in contents:
        raise ReleaseError(f"{shown}: {NAME} is missing; build or publish it again")
    try:
        manifest = dict(json.loads(contents[NAME]))
        if manifest["digest"] != _digest(manifest) or manifest["format"] != _FORMAT:
            raise ValueError("changed after it was written, or by another version of the package")
        files, found = manifest["files"], _hashes(contents)
        faults = dict.fromkeys(files.keys() - found.keys(), "missing")
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise ReleaseError(f"{shown}/{NAME}: not read: {error}; make it again") from None
    faults |= dict.fromkeys(found.keys() - files.keys(), "extra")
    faults |= {n: "differs" for n in files.keys() & found.keys() if found[n] != files[n]}
    if faults:
        listed = "".join(f"\n  {name}: {faults[name]}" for name in sorted(faults))
        raise ReleaseError(f"{shown}: not as it was made; make it again:{listed}")
    return manifest


def _hashes(contents: Contents) -> dict[str, str]:
    names = sorted(name for name in contents if name != NAME)
    return {name: hashlib.sha256(contents[name]).hexdigest() for name in names}


def _digest(document: Manifest) -> str:
    own = {part: document[part] for part in document if part != "digest"}
    text = json.dumps(own, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
