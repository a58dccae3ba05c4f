"""One build, from the check of the tables to the last page: what its steps share."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import multiprocessing
import multiprocessing.util
import pickle
import shutil
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from sphinx.util import logging

from evidence_tools.book.execution import (
    BuildError,
    code_key,
    make_executor,
    missing_chapters,
    read_chapters,
)
from evidence_tools.book.freshness import (
    Digests,
    loaded_digests,
    note_pages,
    outdated_pages,
    source_digests,
)
from evidence_tools.book.pages import make_vega_bundle, vega_bundle_path
from evidence_tools.book.running import Running
from evidence_tools.evidence import Evidence, load_evidence
from evidence_tools.execution.chapter import Chapter
from evidence_tools.execution.fingerprint import fingerprint
from evidence_tools.execution.local import LocalExecutor
from evidence_tools.execution.occupancy import Occupancy
from evidence_tools.execution.parallel import Beside
from evidence_tools.execution.store import ResultStore
from evidence_tools.execution.warm import WarmProcess, can_fork

LOGGER = logging.getLogger(__name__)


class Session:
    """One build of a book.

    Parameters
    ----------
    book
        The book folder.
    build
        The folder that builds write to, usually ``_build``.
    data
        The folder with the tables.
    """

    def __init__(self, book: Path, build: Path, data: Path) -> None:
        self.book = book
        self.data = data
        self.started = time.time()
        self._notes = build / ".evidence"
        self._occupancy = Occupancy(self._notes, _tell)
        self.follows_cut = self._occupancy.begin()
        self.key = fingerprint(data)
        self.store = ResultStore(build / ".jupyter_cache", self.key, book)
        self._warm: WarmProcess | None = None
        self._bundle: Beside[None] | None = None
        self._running: Running | None = None
        self._chapters: list[Chapter] = []
        self._missing: dict[str, Chapter] = {}
        self._loaded: dict[str, Digests] = {}
        self._sources: dict[str, Digests] = {}

    def page_key(self, bibliographies: list[str]) -> str:
        """Hash what every page follows from, whether or not it holds code."""
        digest = hashlib.sha256(self.key.encode())
        for name in bibliographies:
            with suppress(OSError):  # a missing one is told by the extension that reads it
                digest.update((self.book / name).read_bytes())
        return digest.hexdigest()

    def warm_up(self) -> None:
        """Start the warm process early if chapters seem to have changed since the last build.

        Its imports then run beside the check of the tables and Sphinx's own start.
        """
        if can_fork() and self._expects_work():
            self._warm = WarmProcess(self.data)
            self._occupancy.uses(Path(multiprocessing.util.get_temp_dir()))
            with suppress(OSError):
                self._warm.start()

    def make_ahead(self) -> None:
        """Make what the finished site needs in any case, beside the chapters."""
        if not vega_bundle_path(self._notes).is_file():
            self._bundle = Beside(partial(make_vega_bundle, self._notes), patient=True)

    def await_bundle(self) -> None:
        """Wait until what was begun ahead is there."""
        if self._bundle is not None:
            self._bundle.result()
            self._bundle = None

    def load_evidence(self) -> Evidence:
        """Load the tables; what was found valid in the same state is not checked again.

        Raises
        ------
        EvidenceError
            If the tables are not valid.
        """
        kept = self._notes / f"evidence-{self.key[:32]}.pickle"
        with suppress(Exception):  # a file that cannot be read is made again
            evidence = pickle.loads(kept.read_bytes())  # noqa: S301 - written below, by us
            if isinstance(evidence, Evidence):
                # The folder may have been moved since, with all that is in it.
                return dataclasses.replace(evidence, folder=self.data)
        evidence = load_evidence(self.data)
        for old in self._notes.glob("evidence-*"):
            old.unlink(missing_ok=True)
        _write(kept, pickle.dumps(evidence))
        return evidence

    def outdated(self, env: Any, known: set[str]) -> list[str]:
        """List further pages whose files differ from what was read last."""
        return outdated_pages(env, known)

    def execute(self, env: Any, docnames: list[str], *, show: bool) -> None:
        """Have the chapters run that need it, among the pages about to be read.

        Raises
        ------
        BuildError
            If chapters cannot be read, or nothing can run them.
        """
        self._sources = source_digests(env, docnames)
        self._chapters = read_chapters(env, docnames)
        self._loaded = {
            chapter.docname: loaded_digests(self.book, chapter) for chapter in self._chapters
        }
        self._missing = missing_chapters(self._chapters, self.store)
        if self._missing:
            self._run(show=show)

    def _run(self, *, show: bool) -> None:
        try:
            executor = make_executor(self.book, self.data, self._warm)
        except (OSError, RuntimeError) as error:
            raise BuildError(f"chapters could not be run: {error}") from error
        self._warm = None  # the executor ends it
        if isinstance(executor, LocalExecutor):
            self._occupancy.uses(executor.folder)
            self._occupancy.uses(Path(multiprocessing.util.get_temp_dir()))
        self._running = Running(self._missing.values(), self.store, executor, show=show)

    def await_result(self, docname: str) -> None:
        """Wait until the result of a page's code is there.

        Raises
        ------
        BuildError
            If chapters failed, or the data or the package changed meanwhile.
        """
        if self._running is not None and docname in self._missing:
            try:
                self._running.wait(self._missing[docname].docname)
            except BuildError:
                self._keep_no_mixture()
                raise

    def await_results(self, env: Any) -> None:
        """Wait until every chapter has run, and see that all ran on the same data.

        Raises
        ------
        BuildError
            If chapters failed, or the data or the package changed meanwhile.
        """
        if self._running is not None:
            for docname in self._missing:
                self.await_result(docname)
            ran = self._running.end()
            self._running = None
            self._keep_no_mixture()
            LOGGER.info("executed %d of %d chapters", ran, len(self._chapters))
        self.store.remove_older()
        self._note_codes(env)

    def _keep_no_mixture(self) -> None:
        """Drop all results when data or package changed while chapters ran, also if some failed.

        Else a result of the changed state would be found again once the change is taken back.
        """
        if fingerprint(self.data) != self.key:
            shutil.rmtree(self.store.root, ignore_errors=True)
            raise BuildError("data or package changed while chapters ran; build again")

    def note_pages(self, env: Any) -> None:
        """Keep what the pages that were just read follow from."""
        reads = {
            chapter.docname: self.store.reads(chapter) | self._loaded[chapter.docname]
            for chapter in self._chapters
        }
        note_pages(env, self._sources, reads, self.started)

    def recalls(self, name: str, value: str) -> bool:
        """Whether a value is the one that was remembered under a name."""
        try:
            return (self._notes / name).read_text(encoding="utf-8") == value
        except OSError:
            return False

    def remember(self, name: str, value: str) -> None:
        """Keep a value for the next build."""
        _write(self._notes / name, value.encode())

    def finish(self) -> None:
        """Note that all pages are whole."""
        self._occupancy.finish()

    def close(self) -> None:
        """End what still runs, and let another build begin; safe to call again."""
        if self._warm is not None:
            self._warm.stop()
            self._warm = None
        if self._running is not None:
            self._running.close()
            self._running = None
        if self._bundle is not None:
            self._bundle.stop()
            self._bundle = None
        self._occupancy.release()

    def _expects_work(self) -> bool:
        if not self.store.root.is_dir():
            return True
        try:
            codes = json.loads((self._notes / "codes.json").read_text(encoding="utf-8"))
            return any(
                code_key((self.book / name).read_text(encoding="utf-8")) != key
                for name, key in codes.items()
            )
        except (OSError, ValueError, AttributeError):
            return False

    def _note_codes(self, env: Any) -> None:
        codes = {}
        for docname in sorted(env.found_docs):
            path = Path(env.doc2path(docname))
            codes[str(path.relative_to(self.book))] = code_key(path.read_text(encoding="utf-8"))
        _write(self._notes / "codes.json", json.dumps(codes).encode())


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
