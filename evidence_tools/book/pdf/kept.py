"""Steps of making the PDF, kept by chapter until something they follow from changes."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path


class KeptSteps:
    """Results of steps, each under a key that names all it follows from.

    Parameters
    ----------
    folder
        Where they are kept between builds.
    common
        What every step follows from: the package and the libraries.
    """

    def __init__(self, folder: Path, common: str) -> None:
        self._folder = folder
        self._common = common
        self._used: set[str] = set()

    def key(self, *parts: str | bytes) -> str:
        """Name a result by what it follows from."""
        digest = hashlib.sha256(self._common.encode())
        for part in parts:
            content = part.encode() if isinstance(part, str) else part
            digest.update(hashlib.sha256(content).digest())
        return digest.hexdigest()[:40]

    def find(self, key: str) -> Path | None:
        """Get the folder of a result that was kept."""
        path = self._folder / key
        if not path.is_dir():
            return None
        self._used.add(key)
        return path

    def keep(self, key: str, files: dict[str, bytes]) -> Path:
        """Keep the files of a result: all of them, or none if the build is cut short."""
        path, part = self._folder / key, self._folder / f"{key}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for name, content in files.items():
            (part / name).write_bytes(content)
        shutil.rmtree(path, ignore_errors=True)
        part.replace(path)
        self._used.add(key)
        return path

    def remove_others(self) -> None:
        """Remove what was neither found nor kept since this object was made."""
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if path.name not in self._used:
                shutil.rmtree(path, ignore_errors=True)
