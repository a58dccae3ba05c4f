"""Work on all processors, in forks of the build: they know all that it knows, without copying."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
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
    patient
        Whether it only takes the time that others leave, because nobody will ask for it soon.
    """

    def __init__(self, work: Callable[[], Result], *, patient: bool = False) -> None:
        self._work = work
        self._process: Any = None
        if "fork" not in multiprocessing.get_all_start_methods():
            return
        context = multiprocessing.get_context("fork")
        self._answers, theirs = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_answer, args=(work, theirs, self._answers, patient), daemon=True
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


def side_by_side(
    work: Callable[[Item], Result], items: Sequence[Item], sizes: Sequence[int] = ()
) -> list[Result]:
    """Apply a function to each item, on all processors.

    Parameters
    ----------
    work
        What it returns must be picklable; what it changes is lost. It need not be picklable
        itself, since the processes are forks of this one.
    items
        What it is applied to.
    sizes
        How long each takes, in any unit, so that all processors end at the same time.

    Returns
    -------
    list
        One result per item, in order. What `work` raises is raised here.
    """
    workers = min(processors(), len(items)) if len(items) >= _FEWEST else 1
    shares = _shares(sizes or [1] * len(items), workers)

    def do(share: Sequence[int]) -> dict[int, Result]:
        return {index: work(items[index]) for index in share}

    others = [Beside(partial(do, share)) for share in shares[1:]]
    try:
        done = do(shares[0])
        for other in others:
            done |= other.result()
    finally:
        for other in others:
            other.stop()
    return [done[index] for index in range(len(items))]


def _shares(sizes: Sequence[int], workers: int) -> list[list[int]]:
    """Share places out: the largest first, each to whom has least."""
    shares: list[list[int]] = [[] for _ in range(max(workers, 1))]
    loads = [0] * len(shares)
    for index in sorted(range(len(sizes)), key=lambda index: -sizes[index]):
        least = loads.index(min(loads))
        shares[least].append(index)
        loads[least] += sizes[index]
    return shares


def processors() -> int:
    """Count the processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _answer(work: Callable[[], Any], answers: Any, unused: Any, patient: bool) -> None:
    unused.close()
    if patient:
        os.nice(15)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    with suppress(Exception):
        answers.send((work(),))
    answers.close()
