"""Chapters that run while Sphinx reads the pages whose results are there."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterable
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from evidence_tools.book.execution import BuildError, run_chapters
from evidence_tools.execution.chapter import Chapter, Executor, Outcome
from evidence_tools.execution.store import ResultStore

if TYPE_CHECKING:
    from collections.abc import Iterator

_SWITCH_SECONDS = 0.001
"""How long Sphinx reads before the thread that manages kernels gets its turn."""


class Running:
    """Chapters on their way; they run in processes of their own until each has ended.

    Parameters
    ----------
    chapters
        What runs, in the order in which the pages are read; one that is named twice runs once.
    store
        Where results are kept.
    executor
        Runs the chapters; closed when they have ended.
    show
        Whether to print a line per chapter.
    """

    def __init__(
        self, chapters: Iterable[Chapter], store: ResultStore, executor: Executor, *, show: bool
    ) -> None:
        once = {chapter.docname: chapter for chapter in chapters}
        self._order = list(once)
        self._ended: set[str] = set()
        self._failures: list[Outcome] = []
        self._open = ExitStack()
        self._open.callback(executor.close)
        self._open.enter_context(_ending_on_sigterm())
        self._open.callback(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(_SWITCH_SECONDS)
        self._outcomes = run_chapters(list(once.values()), store, executor, show=show)
        self._open.callback(self._outcomes.close)

    def wait(self, docname: str) -> None:
        """Wait until a chapter has ended.

        Raises
        ------
        BuildError
            If one failed; the others have ended by then, and their results are kept. The message
            has chapter, cell, line and traceback of each that failed.
        """
        while docname not in self._ended:
            self._advance()

    def end(self) -> int:
        """Release what chapters needed that have all ended, and say how many ran."""
        for _ in self._outcomes:  # its end tells how long all took
            pass
        self.close()
        return len(self._order)

    def close(self) -> None:
        """End what still runs; safe to call again."""
        self._open.close()

    def _advance(self) -> None:
        try:
            self._note(next(self._outcomes))
            if self._failures:
                for other in self._outcomes:
                    self._note(other)
        except (OSError, RuntimeError) as error:
            raise BuildError(f"chapters could not be run: {error}") from error
        if self._failures:
            self._failures.sort(key=lambda failed: self._order.index(failed.chapter.docname))
            raise BuildError("\n".join(map(str, self._failures)))

    def _note(self, outcome: Outcome) -> None:
        self._ended.add(outcome.chapter.docname)
        if outcome.reason:
            self._failures.append(outcome)


@contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    """End kernels also when the build is asked to end: by default Python would just stop."""

    def end(*_: object) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
