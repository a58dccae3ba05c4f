"""Show the report in a browser while it is written: ``python -m evidence_tools.book.preview``.

All is built by the real build, in processes of its own, so code that changed is used at once. One
of them has read what is no page, and waits: a change of pages is shown from there. When the writing
pauses, or when anything else changes, the whole report is built.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from math import inf
from pathlib import Path
from socket import socket, socketpair
from subprocess import DEVNULL, Popen
from time import monotonic

from livereload import Server
from livereload.handlers import LiveReloadHandler
from sphinx_external_toc.parsing import parse_toc_yaml
from tornado.ioloop import PeriodicCallback

from evidence_tools.book.session import PACKAGE, book_files
from evidence_tools.book.site import DRAFT, SHOWN
from evidence_tools.check.review import BUILD, chapter_files, read_book
from evidence_tools.evidence.problems import EvidenceError

_LOOK, _PAUSE = 50, 4
"""Milliseconds between looks; seconds without a change after which the whole report is built."""


def _files() -> set[tuple[Path, int]]:
    """List what may change, with its times."""
    files = (*book_files(Path()), *book_files(PACKAGE))
    return {(path.resolve(), path.stat().st_mtime_ns) for path in files if path.exists()}


def _build() -> Popen[bytes] | None:
    """Build the whole report; for a file that is no YAML, Jupyter Book would have a traceback."""
    try:
        read_book(Path())
    except EvidenceError as error:
        print(error, file=sys.stderr)
        return None
    return Popen([*BUILD, "."])  # noqa: S603


def _begin_drafts() -> tuple[socket, set[Path]]:
    """Show the last build, and give the line on which drafts are asked for, with its pages."""
    shutil.rmtree(SHOWN, ignore_errors=True)
    shutil.copytree("_build/html", SHOWN)
    draft, (line, there) = os.environ | {DRAFT: "1"}, socketpair()
    with there:  # what is wrong is said on the standard error
        Popen([*BUILD, "."], env=draft, stdin=there.fileno(), stdout=DEVNULL)  # noqa: S603
    return line, set(chapter_files(Path().resolve(), parse_toc_yaml("_toc.yml")))


def preview() -> None:
    """Serve the report on this machine, build what changes, and reload what is shown."""
    with suppress(OSError):
        shutil.copytree("_build/html", SHOWN)  # what is shown until a build is good
    known, changed, stale, pages, line = _files(), inf, False, set[Path](), socket()
    whole = _build()

    def look() -> None:
        nonlocal known, changed, stale, whole, pages, line
        if stale and LiveReloadHandler.waiters:  # a page that is loading asks again first
            LiveReloadHandler.reload_waiters("*")
            stale = False
        if whole and whole.poll() is not None:
            if whole.returncode == 0:
                line.close()
                stale, (line, pages) = True, _begin_drafts()
            whole = None
        if (now := _files()) != known:
            paths, known = {path for path, _ in now ^ known}, now
            if whole:
                whole.terminate()  # it builds what was written before
                whole.wait()
                whole = None
            if not paths <= pages:
                line.close()  # who waits there knows the rest as it was
            answer = b""
            with suppress(OSError):
                line.send(b"?")
                answer = line.recv(1)
            stale |= answer == b"\0"
            changed = {b"\0": monotonic(), b"": -inf}.get(answer, inf)
        elif not whole and monotonic() - changed > _PAUSE:
            whole, changed = _build(), inf

    if whole:
        whole.wait()
    look()
    PeriodicCallback(look, _LOOK).start()
    server = Server()
    server.watch("_config.yml", delay="forever")  # its own way of looking is not used
    server.serve(root=str(SHOWN), open_url_delay=0.5, default_filename="index.html")


if __name__ == "__main__":
    preview()
