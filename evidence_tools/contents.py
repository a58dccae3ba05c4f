"""What the report is made from: the files whose hash names its content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

PACKAGE = Path(__file__).parent
PACKAGE_FILES = ("*.py", "*.typ", "*.css", "*.js")
BOOK_FILES = ("_config.yml", "_toc.yml", "references.bib", "requirements.txt")
"""Settings, order of chapters, bibliography and pinned requirements, beside the folders."""


def content_hash(folder: Path) -> str:
    """Hash data, package, chapters, settings and pinned requirements.

    Two checkouts with the same files have the same hash, on any machine; the version and the
    commit are no part of it.

    Parameters
    ----------
    folder
        The book folder, with ``_config.yml``.

    Returns
    -------
    str
        Hexadecimal SHA-256.
    """
    digest = hashlib.sha256()
    roots: list[tuple[str, Path, Iterable[str]]] = [
        ("book", folder, BOOK_FILES),
        ("chapters", folder / "chapters", ["*.md"]),
        ("data", folder / "data", ["*.csv", "*.json"]),
        ("package", PACKAGE, PACKAGE_FILES),
    ]
    for name, root, patterns in roots:
        paths = (
            [root / pattern for pattern in patterns] if name == "book" else files(root, patterns)
        )
        for path in paths:
            if path.is_file():
                digest.update(f"{name}/{path.relative_to(root).as_posix()}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def files(root: Path, patterns: Iterable[str]) -> list[Path]:
    """List the files below a folder that match, sorted; caches and hidden files are left out.

    Parameters
    ----------
    root
        The folder; nothing is found where it does not exist.
    patterns
        File name patterns such as ``"*.py"``.
    """
    found = {path for pattern in patterns for path in root.rglob(pattern)}
    return sorted(path for path in found if path.is_file() and not _hidden(path.relative_to(root)))


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)
