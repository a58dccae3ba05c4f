"""Work on all processors, in forks of the build: they know all that it knows, without copying."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_FEWEST = 3
"""With fewer items a process of its own costs more than it saves."""


class Beside(Generic[Result]):
    """Work that a fork of this process does while this one goes on.

    Where nothing can be forked, or the fork does not answer, the work is done here when its
    result is wanted: so an error is raised where it is always raised.

    Parameters
    ----------
    work
        What it returns must be picklable; what it changes or prints is lost.
    """

    def __init__(self, work: Callable[[], Result]) -> None:
        self._work = work
        self._process: Any = None
        if "fork" not in multiprocessing.get_all_start_methods():
            return
        context = multiprocessing.get_context("fork")
        self._answers, theirs = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_answer, args=(work, theirs, self._answers), daemon=True
        )
        self._process.start()
        theirs.close()

    def is_ready(self) -> bool:
        """Whether the fork has answered, or has ended without an answer."""
        return self._process is not None and bool(self._answers.poll())

    def result(self) -> Result:
        """Wait for the result; to be called once."""
        answer: Any = None
        if self._process is not None:
            with suppress(EOFError, OSError):
                answer = self._answers.recv()
            self.stop()
        return self._work() if answer is None else answer[0]

    def stop(self) -> None:
        """End the fork; safe to call again."""
        if self._process is not None:
            self._answers.close()
            self._process.kill()
            self._process.join()
            self._process = None


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Apply a function to each item, on all processors.

    Parameters
    ----------
    work
        What it returns must be picklable; what it changes is lost. It need not be picklable
        itself, since the processes are forks of this one.
    items
        What it is applied to.

    Returns
    -------
    list
        One result per item, in order. What `work` raises is raised here.
    """
    workers = min(processors(), len(items)) if len(items) >= _FEWEST else 1
    shares = [items[number::workers] for number in range(workers)]
    others = [
        Beside(lambda share=share: [work(item) for item in share])  # type: ignore[misc]
        for share in shares[1:]
    ]
    try:
        done = [[work(item) for item in share] for share in shares[:1]]
        done += [other.result() for other in others]
    finally:
        for other in others:
            other.stop()
    return [done[index % workers][index // workers] for index in range(len(items))]


def processors() -> int:
    """Count the processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _answer(work: Callable[[], Any], answers: Any, unused: Any) -> None:
    unused.close()
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    with suppress(Exception):
        answers.send((work(),))
    answers.close()
