"""What every chapter's result depends on: data, package, interpreter, installed versions."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
PROJECT = "vitamin_k2_bone_markers"


def fingerprint(data: Path) -> str:
    """Hash everything a page's figures follow from, beside the page itself.

    When any of it changes, every chapter is executed and read again. Which of it a chapter
    depends on would be a guess, and a guess can leave an old number in a page.

    Parameters
    ----------
    data
        The folder with the tables.

    Returns
    -------
    str
        Hexadecimal SHA-256.
    """
    return hashlib.sha256(f"{_files_hash(data)} {code_fingerprint()}".encode()).hexdigest()


def code_fingerprint() -> str:
    """Hash what the data are worked on with: package, interpreter and installed libraries.

    Returns
    -------
    str
        Hexadecimal SHA-256.
    """
    digest = hashlib.sha256(f"{_files_hash(PACKAGE)} {sys.version}\n".encode())
    for folder, name in _installed():
        # A release that was installed anew, or whose metadata was edited, has another time.
        for file in ("METADATA", "PKG-INFO"):
            path = Path(folder, name, file)
            if path.is_file():
                status = path.stat()
                digest.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
                break
    return digest.hexdigest()


def _files_hash(root: Path) -> str:
    digest = hashlib.sha256()
    for path in files_below(root):
        digest.update(f"{path.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def installed_versions() -> list[str]:
    """List the interpreter and each installed distribution, except this project.

    Returns
    -------
    list of str
        ``"Python 3.11.7"``, then ``"name-version"`` in order.
    """
    python = ".".join(str(part) for part in sys.version_info[:3])
    names = {name.rpartition(".")[0] for _, name in _installed() if name.endswith(".dist-info")}
    return [f"Python {python}", *sorted(n for n in names if not n.startswith(PROJECT))]


def _installed() -> list[tuple[str, str]]:
    """List metadata folders; reading each one's content would take longer than all the rest."""
    found: dict[str, str] = {}
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")  # noqa: PTH208 - names only
        except OSError:
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                found.setdefault(name, folder or ".")
    return [(found[name], name) for name in sorted(found)]


def files_below(root: Path) -> list[Path]:
    """List the files of a folder in a fixed order, without compiled and hidden ones."""
    return sorted(
        path
        for path in root.rglob("*")
        if path.is_file()
        and not any(
            part.startswith(".") or part == "__pycache__" for part in path.relative_to(root).parts
        )
    )
