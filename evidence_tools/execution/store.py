"""Results of chapters in a jupyter-cache, where MyST-NB finds them.

The cache of each state of data, package and dependencies is a folder of its own, so an old
result cannot be found again. Inside it each folder of chapters has a cache, because the same
code may do something else in another working folder.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

from evidence_tools.execution.chapter import Chapter, Outcome
from evidence_tools.execution.reads import UNSETTLED, unchanged

_CAPACITY = 100_000
"""Results a cache keeps; jupyter-cache would forget the oldest of more than 1000 chapters."""


class ResultStore:
    """The results that belong to one fingerprint.

    Parameters
    ----------
    parent
        Folder that holds the caches of all fingerprints.
    key
        The fingerprint of data, package and dependencies.
    book
        The book folder.
    """

    def __init__(self, parent: Path, key: str, book: Path) -> None:
        self.root = parent / key[:32]
        self.book = book
        self._parent = parent
        self._caches: dict[Path, Any] = {}

    def folder_for(self, path: Path) -> Path:
        """Name the cache folder for a chapter's file."""
        try:
            parts = path.parent.resolve().relative_to(self.book.resolve()).parts
        except ValueError:
            parts = path.parent.parts
        return self.root / ("-".join(parts).replace("/", "") or "root")

    def remove_older(self) -> None:
        """Remove the results of other fingerprints."""
        for old in self._parent.glob("*") if self._parent.is_dir() else ():
            if old != self.root:
                if old.is_dir():
                    shutil.rmtree(old, ignore_errors=True)
                else:
                    old.unlink(missing_ok=True)

    def key(self, chapter: Chapter) -> tuple[Path, str]:
        """Identify a chapter's code: chapters with the same key have the same result."""
        cache = self._open(chapter)
        _, hashkey = cache.create_hashed_notebook(chapter.notebook)
        return self.folder_for(chapter.path), str(hashkey)

    def holds(self, chapter: Chapter) -> bool:
        """Whether there is a whole result of a chapter that still follows from the files.

        A result that was written half, or read files that changed since, is removed.
        """
        try:
            cache = self._open(chapter)
            record = cache.match_cache_notebook(chapter.notebook)
        except KeyError:
            return False
        except Exception:  # the database itself is damaged, whatever SQLite calls it
            self._discard(chapter)
            return False
        reads = record.data.get("reads") if isinstance(record.data, dict) else None
        whole = reads is not None and _file_hash(cache, record.hashkey) == record.data.get("sha256")
        if whole and unchanged(self.book, reads or {}):
            return True
        self._remove(cache, chapter)
        return False

    def reads(self, chapter: Chapter) -> dict[str, str]:
        """Get the files that a chapter's code read when its result was made."""
        record = self._open(chapter).match_cache_notebook(chapter.notebook)
        return dict(record.data.get("reads") or {})

    def save(self, outcome: Outcome) -> None:
        """Keep the result of a chapter that ran to its end."""
        from jupyter_cache.base import CacheBundleIn
        from jupyter_cache.cache.db import NbCacheRecord

        cache = self._open(outcome.chapter)
        # Where nothing is known about reading, the result is good for this build only.
        reads = {"": UNSETTLED} if outcome.reads is None else dict(outcome.reads)
        bundle = CacheBundleIn(outcome.notebook, str(outcome.chapter.path))
        record = cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
        # Only now is the file whole; a record without its hash is that of a half-written one.
        data = {
            "execution_seconds": outcome.seconds,
            "reads": reads,
            "sha256": _file_hash(cache, record.hashkey),
        }
        NbCacheRecord.remove_record(record.pk, cache.db)
        NbCacheRecord.create_record(record.uri, record.hashkey, cache.db, data=data)

    def _open(self, chapter: Chapter) -> Any:
        from jupyter_cache import get_cache

        folder = self.folder_for(chapter.path)
        if folder not in self._caches:
            cache = get_cache(str(folder))
            try:
                cache.change_cache_limit(_CAPACITY)
            except Exception:  # killed while it was made: whatever SQLite calls that
                shutil.rmtree(folder, ignore_errors=True)
                cache = get_cache(str(folder))
                cache.change_cache_limit(_CAPACITY)
            self._caches[folder] = cache
        return self._caches[folder]

    def _discard(self, chapter: Chapter) -> None:
        folder = self.folder_for(chapter.path)
        self._caches.pop(folder, None)
        shutil.rmtree(folder, ignore_errors=True)

    def _remove(self, cache: Any, chapter: Chapter) -> None:
        from jupyter_cache.cache.db import NbCacheRecord

        record = cache.match_cache_notebook(chapter.notebook)
        shutil.rmtree(cache.path / "executed" / record.hashkey, ignore_errors=True)
        NbCacheRecord.remove_records([record.pk], cache.db)


def _file_hash(cache: Any, key: str) -> str:
    """Hash a result as it lies on disk; empty if it is not there."""
    path = cache.path / "executed" / key / "base.ipynb"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
