"""``report.json``: what a site or a bundle is, with the hash of every file in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evidence_tools.evidence.problems import relative_name

NAME = "report.json"
SIGNATURE = f"{NAME}.sig"
FORMAT = 2
_BESIDE = (SIGNATURE, ".buildinfo")
_PARTS = {"report": dict, "stamp": dict, "pages": list, "files": dict}
_STAMP = {"version", "date", "commit", "modified", "released"}

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


def seal(kind: str, version: int, content: Mapping[str, Any]) -> bytes:
    """Write a JSON document with its kind, the version of its format and a hash of its content.

    Examples
    --------
    >>> unseal(seal("note", 1, {"text": "one"}), "note", 1, "a.json")["text"]
    'one'
    """
    document = {**content, "kind": kind, "format": version}
    document["digest"] = _digest(document)
    return f"{json.dumps(document, indent=1, ensure_ascii=False)}\n".encode()


def unseal(text: bytes, kind: str, version: int, name: str) -> dict[str, Any]:
    """Read a sealed document; refuse damage and other formats. Messages call its file ``name``."""
    try:
        document = dict(json.loads(text))
    except (ValueError, TypeError, RecursionError) as error:
        raise ReleaseError(f"{name}: not a whole {kind} ({error}); restore the file") from None
    if type(found := document.get("format")) is int and found != version:
        message = f"format {found}, and this evidence_tools reads {version}: use the other one"
        raise ReleaseError(f"{name}: {message}, which wrote it")
    if document.pop("digest", None) != _digest(document) or document.pop("kind", None) != kind:
        raise ReleaseError(f"{name}: no {kind}, or changed after it was written; restore the file")
    del document["format"]
    return document


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``report.json`` into a finished site; the hashes of its files are added.

    ``report`` holds name, title, authors, description, language and keywords; ``stamp`` the
    fields of a stamp; ``pages`` the documents in reading order; other parts are kept as they are.
    """
    write_whole(folder / NAME, manifest_bytes(manifest, read_folder(folder)))


def manifest_bytes(manifest: Manifest, contents: Contents) -> bytes:
    """Write a manifest of some files as the bytes of its file."""
    return seal("report", FORMAT, manifest | {"files": _hashes(contents)})


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
        raise ReleaseError(f"{shown}: {NAME} is missing; build the report, or restore the folder")
    manifest = unseal(contents[NAME], "report", FORMAT, f"{shown}/{NAME}")
    whole = all(isinstance(manifest.get(part), kind) for part, kind in _PARTS.items())
    if not whole or not manifest["stamp"].keys() >= _STAMP or "title" not in manifest["report"]:
        raise ReleaseError(f"{shown}/{NAME}: lacks a part; build again with this evidence_tools")
    files, found = manifest["files"], _hashes(contents)
    faults = dict.fromkeys(files.keys() - found.keys(), "missing")
    faults |= dict.fromkeys(found.keys() - files.keys(), "extra")
    faults |= {n: "differs" for n in files.keys() & found.keys() if found[n] != files[n]}
    if faults:
        listed = "".join(f"\n  {name}: {faults[name]}" for name in sorted(faults))
        raise ReleaseError(f"{shown}: not as it was made:{listed}")
    return manifest


def _hashes(contents: Contents) -> dict[str, str]:
    names = sorted(name for name in contents if name != NAME)
    return {name: hashlib.sha256(contents[name]).hexdigest() for name in names}


def _digest(document: Mapping[str, Any]) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
