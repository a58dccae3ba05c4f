"""Time a build and all processes it starts, and look at its memory meanwhile."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import psutil

_LOOK_SECONDS = 0.25


@dataclass(frozen=True)
class Cost:
    """What one build took.

    Attributes
    ----------
    wall, cpu
        Seconds; ``cpu`` is user and system time of the build and of all it started.
    memory
        Largest sum over all its processes, in bytes; shared pages are counted once where the
        system tells how they are shared.
    """

    wall: float
    cpu: float
    memory: int


class BuildFailedError(Exception):
    """A build did not succeed; the message holds the end of its output."""


def build(book: Path) -> Cost:
    """Build a book as a user does.

    Parameters
    ----------
    book
        A folder from :func:`books.make_book`.

    Raises
    ------
    BuildFailedError
        If the build ends with an error.
    """
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", "."]
    environment = {**os.environ, "PYTHONPATH": str(book.parent / "package"), "NO_COLOR": "1"}
    # Writing compiled modules would be paid by the first run alone.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    log = book.parent / "build.log"
    before = _children_cpu()
    start = perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=book, env=environment, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        watch = _Watch(process.pid)
        watch.start()
        code = process.wait()
    wall = perf_counter() - start
    watch.stop()
    if code != 0:
        raise BuildFailedError(log.read_text(encoding="utf-8", errors="replace")[-3000:])
    return Cost(wall, _children_cpu() - before, watch.largest)


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class _Watch(threading.Thread):
    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.largest = 0
        self._process = psutil.Process(pid)
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            try:
                family = [self._process, *self._process.children(recursive=True)]
            except psutil.NoSuchProcess:
                return
            self.largest = max(self.largest, sum(_memory(process) for process in family))

    def stop(self) -> None:
        self._ended.set()
        self.join()


def _memory(process: psutil.Process) -> int:
    try:
        rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii")
        return next(int(line.split()[1]) * 1024 for line in rollup.splitlines() if "Pss:" in line)
    except (OSError, StopIteration):
        pass
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
