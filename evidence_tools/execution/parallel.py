"""Work on chapters side by side, in processes that are forked and end when it is done."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

_FEWEST = 3
"""With fewer items a process of its own costs more than it saves."""


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
    workers = min(_processors(), len(items))
    if workers < 2 or len(items) < _FEWEST or "fork" not in multiprocessing.get_all_start_methods():
        return [work(item) for item in items]
    context = multiprocessing.get_context("fork")
    helpers = []
    for number in range(1, workers):
        ours, theirs = context.Pipe(duplex=False)
        share = items[number::workers]
        helper = context.Process(target=_help, args=(work, share, theirs, ours), daemon=True)
        helper.start()
        theirs.close()
        helpers.append((number, helper, ours))
    results: dict[int, Result] = {}
    try:
        for index in range(0, len(items), workers):
            results[index] = work(items[index])
        for number, helper, ours in helpers:
            answer: Any = None
            with suppress(EOFError, OSError):
                answer = ours.recv()
            helper.join()
            for place, item in enumerate(items[number::workers]):
                # What a helper could not do is done here: so an error is told as always.
                done = answer is not None and place in answer
                results[number + place * workers] = answer[place] if done else work(item)
    finally:
        for _, helper, ours in helpers:
            ours.close()
            helper.kill()
            helper.join()
    return [results[index] for index in range(len(items))]


def _help(work: Callable[[Any], Any], share: Sequence[Any], answer: Any, unused: Any) -> None:
    unused.close()
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    results = {}
    for index, item in enumerate(share):
        with suppress(Exception):
            results[index] = work(item)
    answer.send(results)
    answer.close()


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
