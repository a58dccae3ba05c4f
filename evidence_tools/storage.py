"""Files that are written whole or not at all, and JSON documents that show tampering."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from evidence_tools.schema import relative_name

_CHUNK = 1 << 20


class HistoryError(Exception):
    """A snapshot, release, site or bundle cannot be used or made; says why and what to do."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file in one step: a reader sees the old content or the new, never a part.

    Parameters
    ----------
    path
        The file to write; missing folders above it are made.
    content
        Its bytes.

    Raises
    ------
    OSError
        If the disk is full or the folder cannot be written; the old file is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target: a file can be moved in one step within one file system only.
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder survive a power failure, where the system can promise it."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def exclusive(folder: Path, task: str) -> Iterator[None]:
    """Let one process at a time work on a folder; the lock ends with the process, however it ends.

    Parameters
    ----------
    folder
        The folder that is worked on; it must exist.
    task
        What is being done, for the message to whoever comes second.

    Raises
    ------
    HistoryError
        If another process holds the lock.
    """
    import fcntl  # where it is missing, as on Windows, releases are not made

    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HistoryError(
                f"{relative_name(folder)}: another {task} is running there; wait for it to end"
            ) from None
        yield
    finally:
        os.close(handle)


def hash_stream(stream: Any, limit: int | None = None) -> tuple[str, int]:
    """Hash what a binary stream holds.

    Parameters
    ----------
    stream
        Anything with ``read(size)``.
    limit
        Stop once more than this many bytes were read: an archive may unpack to anything.

    Returns
    -------
    sha256
        Hexadecimal SHA-256 of the bytes read.
    size
        Number of bytes read.
    """
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if limit is not None and size > limit:
            break
    return digest.hexdigest(), size


def is_safe_name(name: str) -> bool:
    """Say whether a name from outside stays below the folder it is joined to.

    Parameters
    ----------
    name
        A relative path with ``/`` between its parts.
    """
    parts = PurePosixPath(name).parts
    return (
        bool(parts)
        and not name.startswith("/")
        and "\\" not in name
        and ":" not in parts[0]
        and "\0" not in name
        and ".." not in parts
        and str(PurePosixPath(name)) == name
    )


def seal(kind: str, version: int, content: dict[str, Any]) -> bytes:
    """Write a JSON document with its kind, its format and a hash of its content.

    Parameters
    ----------
    kind
        What the document is, such as ``"snapshot"``.
    version
        Version of its format, counted from 1.
    content
        JSON data.

    Returns
    -------
    bytes
        Indented JSON in the order of the content, so that rows keep the order of their table
        and two versions can be compared line by line.
    """
    document = {"kind": kind, "format": version, **content}
    document["digest"] = _digest(document)
    text = json.dumps(document, indent=1, ensure_ascii=False)
    return f"{text}\n".encode()


def unseal(text: bytes, kind: str, newest: int, name: str) -> dict[str, Any]:
    """Read a document that :func:`seal` wrote.

    Parameters
    ----------
    text
        The file's bytes.
    kind
        What the document must be.
    newest
        The newest format that can be read.
    name
        How to call the file in messages.

    Raises
    ------
    HistoryError
        If it is no such document, truncated, changed since, or of a newer format.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise HistoryError(f"{name}: damaged or truncated, not a {kind} ({error})") from None
    if not isinstance(document, dict) or document.get("kind") != kind:
        raise HistoryError(f"{name}: not a {kind}; such a file says so under 'kind'")
    version = document.get("format")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise HistoryError(f"{name}: the {kind} does not say its format; it is damaged")
    if version > newest:
        raise HistoryError(
            f"{name}: a {kind} of format {version}; this evidence_tools reads formats up to "
            f"{newest}. Use the newer evidence_tools that wrote it"
        )
    digest = document.pop("digest", None)
    if digest != _digest(document):
        raise HistoryError(
            f"{name}: the {kind} was changed after it was written, or only a part of it is there; "
            "take it from the repository or the published site again"
        )
    return document


def _digest(document: dict[str, Any]) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
