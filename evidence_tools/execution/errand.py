"""What a cluster's worker is asked to do; its functions travel there by value.

The worker knows nothing of this package, so only the standard library and Dask are used here.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

BOOK = "book"
CODE = "code"
_LARGEST = 500_000_000
"""Bytes that a bundle may unpack to: a book is text, tables and pictures."""


def hold(bundle: bytes) -> bytes:
    """Keep a bundle on a worker. As a task it is made again when that worker is lost."""
    return bundle


def unpack(bundle: bytes, folder: Path) -> None:
    """Unpack a bundle into an empty folder.

    Parameters
    ----------
    bundle
        A ZIP archive with the folders ``book`` and ``code``.
    folder
        Where they go.

    Raises
    ------
    ValueError
        If a name leads out of the folder, or the whole is larger than any book.
    """
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > _LARGEST:
            raise ValueError("the bundle is larger than any book")
        for entry in entries:
            name = PurePosixPath(entry.filename)
            if name.is_absolute() or ".." in name.parts or "\\" in entry.filename:
                raise ValueError(f"the bundle holds {entry.filename!r}, which leads out of it")
            if not name.parts or name.parts[0] not in (BOOK, CODE):
                raise ValueError(f"the bundle holds {entry.filename!r}, which belongs to no part")
        for entry in entries:
            target = folder / entry.filename
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(entry))


def run_errand(bundle: bytes, task: dict[str, Any]) -> dict[str, Any]:
    """Run one chapter in a program of its own, with the package that came along.

    Parameters
    ----------
    bundle
        The book and the package.
    task
        The chapter, as :mod:`evidence_tools.execution.worker` reads it.

    Returns
    -------
    dict
        The outcome, as that program writes it.

    Raises
    ------
    RuntimeError
        If the program ended without an outcome.
    """
    from distributed import get_worker

    try:
        parent = str(get_worker().local_directory)  # removed with the worker, however it ends
    except ValueError:
        parent = None
    with tempfile.TemporaryDirectory(dir=parent) as name, tempfile.TemporaryFile() as errors:
        root = Path(name)
        unpack(bundle, root)
        paths = [str(root / CODE), os.environ.get("PYTHONPATH", "")]
        program = subprocess.Popen(
            [sys.executable, "-m", "evidence_tools.execution.worker"],
            cwd=root / BOOK,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        assert program.stdin is not None  # noqa: S101
        assert program.stdout is not None  # noqa: S101
        try:
            # The pipe stays open: when it closes, the program knows that this worker is gone.
            program.stdin.write(json.dumps({**task, "root": name}).encode() + b"\n")
            program.stdin.flush()
            answer = program.stdout.read()
        finally:
            program.stdin.close()
            program.wait()
        try:
            found: dict[str, Any] = json.loads(answer)
        except ValueError:
            errors.seek(0)
            last = errors.read().decode("utf-8", "replace").strip().splitlines()[-3:]
            raise RuntimeError(" / ".join(last) or "the program ended without a word") from None
        return found
