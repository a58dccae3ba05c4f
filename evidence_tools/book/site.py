"""The finished site: made in a folder of its own, and put in place when all of it is right.

Every page is written anew into an empty folder, so nothing that somebody changed by hand, and no
page of a chapter that is gone, gets into the report. The last good site stays until the new one
is complete. When nothing changed since then, neither the book nor what was written, there is
nothing to do.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

Hashes = dict[str, str]
"""Path inside a folder to the hash of a file."""


class Site:
    """The folders of a build, and what the last build left in them.

    Parameters
    ----------
    build
        The folder that builds write to, usually ``_build``.

    Attributes
    ----------
    html, staged
        The site that readers see, and the one that is being made.
    """

    def __init__(self, build: Path) -> None:
        self.html = build / "html"
        self.staged = build / ".evidence" / "site"
        # Where Sphinx keeps pages that it has read, and MyST-NB the pictures of their cells.
        self._kept = (build / ".doctrees", build / ".evidence" / "jupyter_execute")
        self._record = build / ".evidence" / "site.json"

    @property
    def _last(self) -> dict[str, object]:
        """What the last build noted; nothing if it failed, or if the note is damaged."""
        try:
            return dict(json.loads(self._record.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return {}

    def is_current(self, key: str) -> bool:
        """Tell whether the site was made from what ``key`` stands for, and is as it was written."""
        last = self._last
        return last.get("key") == key and last.get("html") == hash_files(self.html)

    def drop_foreign(self) -> None:
        """Remove what was kept between builds if it is not as the last build left it."""
        if self._last.get("kept") != [hash_files(folder) for folder in self._kept]:
            for folder in self._kept:
                shutil.rmtree(folder, ignore_errors=True)

    def begin(self) -> None:
        """Make an empty folder for the new site."""
        self._record.unlink(missing_ok=True)  # until the build comes to a good end
        shutil.rmtree(self.staged, ignore_errors=True)
        self.staged.mkdir(parents=True)

    def put_in_place(self, key: str) -> None:
        """Replace the last site by the new one, file by file, and note what it was made from.

        Files that are the same stay untouched, with their times.
        """
        new, old = hash_files(self.staged), hash_files(self.html)
        for name in old.keys() - new.keys():
            (self.html / name).unlink()
        for name, content in new.items():
            if old.get(name) != content:
                (self.html / name).parent.mkdir(parents=True, exist_ok=True)
                (self.staged / name).replace(self.html / name)
        for name, folders, files in os.walk(self.html, topdown=False):
            if not folders and not files:
                Path(name).rmdir()
        shutil.rmtree(self.staged)
        kept = [hash_files(folder) for folder in self._kept]
        record = json.dumps({"key": key, "html": new, "kept": kept})
        self._record.write_text(record, encoding="utf-8")


def hash_files(folder: Path) -> Hashes:
    """Hash every file below a folder; a link counts as what it leads to.

    Examples
    --------
    >>> hash_files(Path("no/such/folder"))
    {}
    """
    hashes = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            hashes[path.relative_to(folder).as_posix()] = digest
    return hashes
