"""Show the report in a browser while it is written: ``python -m evidence_tools.book.preview``.

All is built by the real build, in processes of its own, so code that changed is used at once. One
of them has imported all that a build needs, and waits: a change of pages is built from there.
"""

import os
import sys
from pathlib import Path
from subprocess import PIPE, Popen

from livereload import Server
from livereload.handlers import LiveReloadHandler
from sphinx_external_toc.parsing import parse_toc_yaml
from tornado.ioloop import PeriodicCallback

from evidence_tools.book.session import PACKAGE, PREVIEW, book_files
from evidence_tools.check.review import BUILD, chapter_files, read_book
from evidence_tools.evidence.problems import EvidenceError


def _files() -> set[tuple[Path, int]]:
    """List what may change, with its times."""
    files = (*book_files(Path.cwd()), *book_files(PACKAGE))
    return {(path, path.stat().st_mtime_ns) for path in files if path.exists()}


def _build(begins: str = "at once") -> Popen[str] | None:
    """Begin a build; for a file that is no YAML, Jupyter Book would have a traceback."""
    try:
        read_book(Path())
    except EvidenceError as error:
        print(error, file=sys.stderr)
        return None
    environment = os.environ | {PREVIEW: begins}
    return Popen([*BUILD, "."], stdin=PIPE, encoding="utf-8", env=environment)  # noqa: S603


def preview() -> None:
    """Serve the report on this machine, build what changes, and reload what is shown."""
    known, stale, pages = _files(), False, set[Path]()
    running, waiting = _build(), None

    def look() -> None:
        nonlocal known, stale, pages, running, waiting
        if stale and LiveReloadHandler.waiters:  # a page that is loading asks again first
            LiveReloadHandler.reload_waiters("*")
            stale = False
        now = _files()
        if running and running.poll() is not None:
            stale |= running.returncode == 0
            running, waiting = None, _build("waits") if now == known else None
            if waiting:
                pages = set(chapter_files(Path.cwd(), parse_toc_yaml("_toc.yml")))
        if now == known:
            return
        paths, known = {path for path, _ in now ^ known}, now
        if running:
            running.terminate()  # it builds what was written before
            running.wait()
        if waiting and waiting.poll() is None and paths <= pages:
            print(file=waiting.stdin, flush=True)
            running, waiting = waiting, None
        else:
            if waiting:
                waiting.terminate()  # it has imported what may be another thing now
            running, waiting = _build(), None

    if running:
        running.wait()
    look()
    PeriodicCallback(look, 50).start()  # milliseconds
    server = Server()
    server.watch("_config.yml", delay="forever")  # its own way of looking is not used
    server.serve(root="_build/html", open_url_delay=0.5, default_filename="index.html")


if __name__ == "__main__":
    preview()
