"""Show the report in a browser while it is written: ``python -m evidence_tools.book.preview``.

All is built by the real build, in copies of a process that has all imports. One of them has read
what is no page, and waits: a change of pages is shown from there. When the writing pauses, or when
anything else changes, the whole report is built.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import signal
import sys
from contextlib import suppress
from importlib import import_module
from math import inf
from pathlib import Path
from socket import socket, socketpair
from time import monotonic

from jupyter_book.cli.main import main as jupyter_book
from jupyter_book.sphinx import build_sphinx  # noqa: F401 - what a build imports
from livereload import Server
from livereload.handlers import LiveReloadHandler
from sphinx.application import builtin_extensions
from sphinx_external_toc.parsing import parse_toc_yaml
from tornado.ioloop import PeriodicCallback

from evidence_tools.book.session import PACKAGE, book_files
from evidence_tools.book.site import DRAFT, SHOWN
from evidence_tools.check.review import chapter_files, review_book

_EXTENSIONS = ("myst_nb.sphinx_ext", "sphinx_book_theme", "sphinxcontrib.bibtex", "sphinx_design")
_LOOK, _PAUSE = 50, 4
"""Milliseconds between looks; seconds without a change after which the whole report is built."""


def _files() -> set[tuple[Path, int]]:
    """List what may change, with its times."""
    files = (*book_files(Path()), *book_files(PACKAGE))
    return {(path.resolve(), path.stat().st_mtime_ns) for path in files if path.exists()}


def _build(*line: socket) -> int:
    """Build in a copy of this process, and return its number; drafts are asked for on a line."""
    if pid := os.fork():
        return pid
    asyncio.set_event_loop(asyncio.new_event_loop())  # kernels cannot use one that is running
    code: object = 1
    if line:
        os.environ[DRAFT] = "1"
        os.dup2(line[0].fileno(), 0)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is wrong is said on the other one
        line[1].close()
    try:
        jupyter_book(["build", "."])
    except SystemExit as end:
        code = end.code
    except Exception as error:  # of Jupyter Book itself, as for a setting that is no YAML
        print(*review_book(Path()).problems, error, sep="\n", file=sys.stderr)
    finally:
        atexit._run_exitfuncs()  # what the build started ends with it
        os._exit(int(str(code or 0)))


def preview() -> None:
    """Serve the report on this machine, build what changes, and reload what is shown."""
    for extension in (*builtin_extensions, *_EXTENSIONS):
        import_module(extension)
    with suppress(OSError):
        shutil.copytree("_build/html", SHOWN)  # what is shown until the first build
    known, changed, stale, whole = _files(), inf, False, _build()
    drafts, pages, line = 0, set[Path](), socket()

    def begin_drafts() -> None:
        nonlocal drafts, line, pages
        line.close()
        if drafts:
            os.waitpid(drafts, 0)
        shutil.rmtree(SHOWN, ignore_errors=True)
        shutil.copytree("_build/html", SHOWN)
        pages = set(chapter_files(Path().resolve(), parse_toc_yaml("_toc.yml")))
        line, there = socketpair()
        drafts = _build(there, line)
        there.close()

    def look(wait: int = os.WNOHANG) -> None:
        nonlocal known, changed, stale, whole
        if stale and LiveReloadHandler.waiters:  # a page that is loading asks again first
            LiveReloadHandler.reload_waiters("*")
            stale = False
        if whole and (ended := os.waitpid(whole, wait))[0]:
            whole = 0
            if ended[1] == 0:
                stale = True
                begin_drafts()
        if (now := _files()) != known:
            paths, known = {path for path, _ in now ^ known}, now
            if whole:
                os.kill(whole, signal.SIGTERM)  # it builds what was written before
                os.waitpid(whole, 0)
                whole = 0
            if not paths <= pages:
                line.close()  # who waits there knows the rest as it was
            if any(PACKAGE in path.parents for path in paths):  # and so does this process
                os.execv(sys.executable, [sys.executable, "-m", __spec__.name])  # noqa: S606
            answer = b""
            with suppress(OSError):
                line.send(b"?")
                answer = line.recv(1)
            stale |= answer == b"\0"
            changed = {b"\0": monotonic(), b"": -inf}.get(answer, inf)
        elif not whole and monotonic() - changed > _PAUSE:
            whole, changed = _build(), inf

    look(0)
    PeriodicCallback(look, _LOOK).start()
    server = Server()
    server.watch("_config.yml", delay="forever")  # its own way of looking is not used
    server.serve(root=str(SHOWN), open_url_delay=0.5, default_filename="index.html")


if __name__ == "__main__":
    preview()
