"""Run one chapter on a machine that has Python and the libraries, but not the book.

The scheduler's worker starts this module as a program of its own, with the unpacked package on
``PYTHONPATH``: a worker that serves several reports never mixes their packages. It reads one
JSON line with the chapter, and writes the outcome as JSON. It ends when its input is closed,
so a worker that is killed leaves nothing running.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from evidence_tools.execution.chapter import Chapter, Outcome
from evidence_tools.execution.errand import BOOK


def main() -> None:
    """Read a chapter, run it, write its outcome."""
    import nbformat

    from evidence_tools.execution.local import LocalExecutor

    # What a kernel prints past its messages must not stand in the answer.
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    task = json.loads(sys.stdin.readline())
    book = Path(task["root"]) / BOOK
    notebook = nbformat.reads(task["notebook"], nbformat.NO_CONVERT)
    chapter = Chapter(task["docname"], book / task["path"], notebook, task["timeout"])
    executor = LocalExecutor(book, book / task["data"], workers=1)

    def end_with_worker() -> None:
        sys.stdin.read()  # returns when the worker is gone
        executor.close()
        os._exit(1)  # the kernel sees that its parent is gone, and ends too

    threading.Thread(target=end_with_worker, daemon=True).start()
    (outcome,) = executor.run([chapter])
    executor.close()
    with answer:
        json.dump(as_json(outcome), answer)


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Turn an outcome into what JSON can hold."""
    import nbformat

    done = outcome.notebook
    return {
        "seconds": outcome.seconds,
        "notebook": None if done is None else nbformat.writes(done, nbformat.NO_CONVERT),
        "reads": None if outcome.reads is None else dict(outcome.reads),
        "cell": outcome.cell,
        "reason": outcome.reason,
    }


def from_json(chapter: Chapter, values: dict[str, Any]) -> Outcome:
    """Read what :func:`as_json` made.

    Parameters
    ----------
    chapter
        The chapter as the build knows it.
    values
        What a worker sent.
    """
    import nbformat

    text = values["notebook"]
    return Outcome(
        chapter,
        float(values["seconds"]),
        notebook=None if text is None else nbformat.reads(text, nbformat.NO_CONVERT),
        reads=values["reads"],
        cell=int(values["cell"]),
        reason=str(values["reason"]),
    )


if __name__ == "__main__":
    main()
