"""Run the chapters' code before Sphinx reads them, and stop on the first sign of trouble.

Results go into a jupyter-cache where MyST-NB finds them. The cache of each state of data,
package and dependencies is a folder of its own, so an old result cannot be found again.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_TRACEBACK_LINES = 12


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter that holds code: its name, its file and its notebook."""

    docname: str
    path: Path
    notebook: Any

    def line_of(self, cell_index: int) -> int:
        """First line of a cell in the chapter's file."""
        source_map = self.notebook.metadata.get("source_map") or []
        return int(source_map[cell_index]) + 1 if cell_index < len(source_map) else 1


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a chapter could not be executed, and where."""

    chapter: Chapter
    cell: int
    reason: str

    def __str__(self) -> str:
        place = f"{self.chapter.path}:{self.chapter.line_of(self.cell)}"
        number = sum(
            cell.cell_type == "code" for cell in self.chapter.notebook.cells[: self.cell + 1]
        )
        return f"{place}: code cell {number} of chapter {self.chapter.docname!r}: {self.reason}"


def cache_folder(build: Path, key: str) -> Path:
    """Choose the cache folder for one fingerprint, and remove those of earlier ones."""
    parent = build / ".jupyter_cache"
    for old in parent.glob("*") if parent.is_dir() else ():
        if old.is_dir() and old.name != key[:16]:
            shutil.rmtree(old, ignore_errors=True)
    return parent / key[:16]


def execute_chapters(
    chapters: Sequence[Chapter], cache_path: Path, *, timeout: int
) -> tuple[int, list[Failure]]:
    """Execute the chapters that the cache does not hold, several at a time.

    Parameters
    ----------
    chapters
        What the build is about to read.
    cache_path
        Folder of the jupyter-cache.
    timeout
        Seconds that one cell may take.

    Returns
    -------
    executed
        Number of chapters that were executed.
    failures
        One for each chapter that failed; the results of the others are kept.
    """
    from jupyter_cache import get_cache
    from jupyter_cache.base import CacheBundleIn

    cache = get_cache(str(cache_path))
    missing = [chapter for chapter in chapters if not _is_cached(cache, chapter)]
    failures: list[Failure] = []
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        results = list(pool.map(lambda chapter: _execute(chapter, timeout), missing))
    for chapter, (seconds, failure) in zip(missing, results, strict=True):
        if failure is not None:
            failures.append(failure)
            continue
        bundle = CacheBundleIn(
            chapter.notebook, str(chapter.path), data={"execution_seconds": seconds}
        )
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    return len(missing), failures


def _is_cached(cache: Any, chapter: Chapter) -> bool:
    try:
        cache.match_cache_notebook(chapter.notebook)
    except KeyError:
        return False
    return True


def _execute(chapter: Chapter, timeout: int) -> tuple[float, Failure | None]:
    from jupyter_client.kernelspec import NoSuchKernel
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    begun = 0

    def note_begin(cell_index: int, **_: Any) -> None:
        nonlocal begun
        begun = cell_index

    kernel = str(chapter.notebook.metadata.get("kernelspec", {}).get("name", "python3"))
    reason = ""
    start = perf_counter()
    with TemporaryDirectory(prefix="evidence-") as folder:
        # Sockets in a private folder: nothing listens on the network, and paths stay short.
        manager = AsyncKernelManager(
            kernel_name=kernel, transport="ipc", connection_file=f"{folder}/kernel.json"
        )
        client = NotebookClient(
            chapter.notebook,
            km=manager,
            timeout=timeout,
            # Times in the cells' metadata would change the key the cache finds them by.
            record_timing=False,
            on_cell_start=note_begin,
            resources={"metadata": {"path": str(chapter.path.parent)}},
        )
        client.owns_km = True  # so that it ends the kernel, also after a failure
        try:
            client.execute()
        except CellExecutionError as error:
            reason = _last_lines(error.traceback)
        except CellTimeoutError:
            reason = f"ran longer than {timeout} seconds; see execute: timeout in _config.yml"
        except DeadKernelError:
            reason = "the kernel died (out of memory, or the code ended the process)"
        except NoSuchKernel as error:
            reason = f"there is no kernel {error.name!r}; chapters use python3"
    failure = Failure(chapter, begun, reason) if reason else None
    return perf_counter() - start, failure


def _last_lines(traceback: str) -> str:
    lines: Iterable[str] = _ANSI.sub("", traceback).strip().splitlines()
    kept = list(lines)[-_TRACEBACK_LINES:]
    return "the code failed:\n" + "\n".join(f"    {line}" for line in kept)
