"""Show the report in a browser while it is written: ``python -m evidence_tools.book.preview``.

What is saved is built at once by the real build in a copy of a process that has all imports,
without the PDF. When the writing pauses, the whole report is built.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from importlib import import_module
from math import inf
from pathlib import Path
from time import monotonic

from jupyter_book.cli.main import main as jupyter_book
from jupyter_book.sphinx import build_sphinx  # noqa: F401 - what a build imports
from livereload import Server
from livereload.handlers import LiveReloadHandler
from sphinx.application import builtin_extensions
from tornado.ioloop import PeriodicCallback

from evidence_tools.book import DRAFT
from evidence_tools.book.session import PACKAGE, book_files
from evidence_tools.check.review import review_book

_EXTENSIONS = ("myst_nb.sphinx_ext", "sphinx_book_theme", "sphinxcontrib.bibtex", "sphinx_design")
_LOOK, _PAUSE = 50, 4
"""Milliseconds between looks; seconds without a change after which the whole report is built."""


def _files() -> set[tuple[Path, int]]:
    """List what may change, with its times."""
    files = (*book_files(Path()), *book_files(PACKAGE))
    return {(path.resolve(), path.stat().st_mtime_ns) for path in files if path.exists()}


def _build(*, draft: bool) -> int:
    """Build in a copy of this process, and return its number."""
    if pid := os.fork():
        return pid
    os.environ |= {DRAFT: "1"} if draft else {}
    try:
        jupyter_book(["build", "."])
    except Exception as error:  # of Jupyter Book itself, as for a setting that is no YAML
        print(*review_book(Path()).problems, error, sep="\n", file=sys.stderr)
    finally:
        atexit._run_exitfuncs()  # what the build started ends with it
        os._exit(0)


def preview() -> None:
    """Serve the report on this machine, build what changes, and reload what is shown."""
    for extension in (*builtin_extensions, *_EXTENSIONS):
        import_module(extension)
    known, changed, whole, stale = _files(), inf, 0, False

    def look() -> None:
        nonlocal known, changed, whole, stale
        if stale and LiveReloadHandler.waiters:  # a page that is loading asks again first
            LiveReloadHandler.reload_waiters("*")
            stale = False
        if (now := _files()) != known:
            if any(PACKAGE in path.parents for path, _ in now ^ known):  # this process has it
                os.execv(sys.executable, [sys.executable, "-m", __spec__.name])  # noqa: S606
            known = now
            if whole:
                os.kill(whole, signal.SIGTERM)  # it builds what was written before
                os.waitpid(whole, 0)
            os.waitpid(_build(draft=True), 0)
            changed, whole, stale = monotonic(), 0, True
        elif not whole and monotonic() - changed > _PAUSE:
            whole = _build(draft=False)

    os.waitpid(_build(draft=False), 0)
    PeriodicCallback(look, _LOOK).start()
    server = Server()
    server.watch("_config.yml", delay="forever")  # its own way of looking is not used
    server.serve(root="_build/html", open_url_delay=0.5, default_filename="index.html")


if __name__ == "__main__":
    preview()
