"""Show the report in a browser while it is written: ``python -m evidence_tools.book.preview``.

What is saved is built at once by the real build, in a process that has all imports: the pages that
changed, without the PDF. When the writing pauses, the whole report is built.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_book.cli.main import main as jupyter_book
from jupyter_book.sphinx import build_sphinx  # noqa: F401 - what a build imports
from livereload import Server
from tornado.ioloop import IOLoop

from evidence_tools.book import DRAFT
from evidence_tools.book.session import PACKAGE
from evidence_tools.evidence.model import load_evidence

_PAUSE = 3
"""Seconds without a change after which the whole report is built."""


def _build(*, draft: bool) -> int:
    """Build in a copy of this process, and return its number."""
    if pid := os.fork():
        return pid
    os.environ |= {DRAFT: "1"} if draft else {}
    try:
        jupyter_book(["build", "."])
    finally:
        os._exit(0)


def preview() -> None:
    """Serve the report on this machine, build what changes, and reload what is shown."""
    with suppress(Exception):  # what is wrong is reported by the build
        load_evidence(Path("data"))
    waiting: Any = None
    whole = 0  # the process that builds the whole report

    def change() -> None:
        nonlocal waiting, whole
        if waiting is not None:
            IOLoop.current().remove_timeout(waiting)
        if whole:
            os.kill(whole, signal.SIGTERM)  # what it builds is no longer what was written
            os.waitpid(whole, 0)
            whole = 0
        os.waitpid(_build(draft=True), 0)
        waiting = IOLoop.current().call_later(_PAUSE, pause)

    def pause() -> None:
        nonlocal whole
        whole = _build(draft=False)

    def restart() -> None:
        os.execv(sys.executable, [sys.executable, "-m", __spec__.name])  # noqa: S606

    os.waitpid(_build(draft=False), 0)
    server = Server()
    for place in ("chapters", "docs", "data", "_config.yml", "_toc.yml", "references.bib"):
        server.watch(place, change)
    server.watch(str(PACKAGE), restart, delay="forever")
    server.serve(root="_build/html", open_url_delay=0.5, default_filename="index.html")


if __name__ == "__main__":
    preview()
