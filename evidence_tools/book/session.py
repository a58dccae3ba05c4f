"""One build of a book: one at a time in a folder, with the results of chapters that are kept.

A result belongs to the code of its chapter, to the folder that the code runs in, and to all else
in the book folder but prose and output. Nothing is watched while chapters run: a result is never
stale; at worst a chapter runs once too often.
"""

import atexit
import ctypes
import hashlib
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from filelock import FileLock, Timeout
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_client.kernelspec import get_kernel_spec
from myst_nb.core import read
from sphinx.util.parallel import ParallelTasks

from evidence_tools.book import execution
from evidence_tools.book.execution import BuildError, Chapter, ChapterError
from evidence_tools.check.pages import reading

# MyST-NB looks for cells before lines are read, and would fail at a task in one.
read.create_md_parser = lambda config, renderer, make=read.create_md_parser: make(
    config.copy(disable_syntax=[*config.disable_syntax, "github-tasklists"]), renderer
)
PACKAGE = Path(__file__).resolve().parent.parent
PREVIEW = "EVIDENCE_PREVIEW"
"""Environment variable of builds for a preview; one that ``"waits"`` begins when it is told to."""
_OUTPUT = re.compile(r"(_build|__pycache__|\..*|.*\.ipynb|.*\.log|.*~|#.*#)$")
"""Names of what builds and editors write. Notebooks are prose, or copies of chapters."""


class Session(ExitStack):
    """One build of a book into the folder ``build``; to be closed, which lets another begin.

    ``chapters`` are names such as ``"chapters/answer.md"``: what those files say is prose, and
    their code is looked at one by one. ``key`` stands for all else that every page follows from.
    ``notebooks`` are the chapters that were read, with their results; ``None`` without code.
    """

    def __init__(self, book: Path, build: Path, chapters: Collection[str]) -> None:
        super().__init__()
        self.book, self._chapters = book, {book / name for name in chapters}
        self.notebooks: dict[str, Any] = {}
        results, self.lock = build / ".jupyter_cache", FileLock(build / ".lock")
        results.mkdir(parents=True, exist_ok=True)
        try:
            self.enter_context(self.lock.acquire(timeout=0))
        except Timeout:
            print("another build of this folder is running; this one waits for it", file=sys.stderr)
            self.enter_context(self.lock)
        if {"%", "?"} & set(str(results.absolute())):  # SQLAlchemy takes paths for addresses
            link = Path(self.enter_context(TemporaryDirectory(prefix="evidence-"))) / "cache"
            link.symlink_to(results.absolute(), target_is_directory=True)
            results = link
        self._state = self._read_state()
        self.key = hashlib.sha256(repr(sorted(self._state.items())).encode()).hexdigest()[:32]
        self._results = results / self.key

    def _read_state(self) -> dict[str, str]:
        """Hash files of book and package, and name Python and the installed libraries."""
        files = [*book_files(self.book, self._chapters), *book_files(PACKAGE)]
        state = {"Python": sys.version}
        state |= {os.path.relpath(path, self.book): hash_of(path) for path in files}
        for library in (one for path in sys.path for one in Path(path).glob("*.dist-info")):
            # A release that was installed anew has another time.
            state[library.name] = str(library.stat().st_mtime_ns)
        return state

    def result_folder(self, page: Path) -> Path:
        """Name the folder of a page's results: the same code may do something else elsewhere."""
        return self._results / quote(page.parent.relative_to(self.book).as_posix(), safe="")

    def execute(self, env: Any, docnames: Iterable[str], check: Callable[[], None]) -> None:
        """Run those chapters that have no result, after a check, and keep what they give.

        `BuildError` has a line for each chapter that failed, or names files that changed meanwhile.
        """
        chapters, problems = read_chapters(env, docnames), []
        found = {chapter.docname: self._result(chapter) for chapter in chapters}
        missing = [chapter for chapter in chapters if found[chapter.docname] is None]
        done = {}
        if missing:
            check()
            done = self._run(missing)
            execution.LOGGER.info("executed %d of %d chapters", len(missing), len(chapters))
            if changed := sorted(dict(self._read_state().items() ^ self._state.items())):
                raise BuildError(
                    f"changed while chapters ran: {', '.join(changed[:5])}; build again. "
                    "Files that cells write belong out of the book folder, or into _build"
                )
        for chapter in missing:
            result = done[chapter.docname]
            if isinstance(result, ChapterError):
                problems.append(describe(chapter, result, self.book))
            else:
                bundle = CacheBundleIn(result, str(chapter.path), data={})
                results = get_cache(self.result_folder(chapter.path))
                results.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
                found[chapter.docname] = self._result(chapter)
        if problems:
            raise BuildError("\n".join(problems))
        for old in self._results.parent.iterdir():
            if old.name != self.key:
                shutil.rmtree(old, ignore_errors=True)
        self.notebooks = dict.fromkeys(docnames) | found

    def _run(self, chapters: list[Chapter]) -> dict[str, Any]:
        if address := os.environ.get("EVIDENCE_SCHEDULER"):
            files = {
                os.path.relpath(path, root): path.read_bytes()
                for root, folder in ((PACKAGE.parent, PACKAGE), (self.book, self.book))
                for path in book_files(folder)
            }
            return execution.run_on_cluster(address, chapters, self.book, files)
        with execution.open_kernels() as kernels:
            return execution.run_chapters(chapters, kernels)

    def _result(self, chapter: Chapter) -> Any:
        """Give a chapter with its result, or nothing; what cannot be read is removed."""
        folder = self.result_folder(chapter.path)
        try:
            return get_cache(folder).merge_match_into_notebook(chapter.notebook)[1]
        except KeyError:
            pass
        except Exception:  # damaged, whatever SQLite or JSON calls it
            shutil.rmtree(folder, ignore_errors=True)
        return None


def in_fork(work: Callable[[], Any]) -> Callable[[], Any]:
    """Begin some work in a fork of this process; what is returned waits for its result."""
    if sys.platform != "linux":
        return cache(work)
    results, tasks = list[Any](), ParallelTasks(1)

    def do() -> Any:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the build ends it
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG: ends with the build
        try:
            return work()
        except Exception as error:  # Sphinx would make a text of it
            return error

    def wait() -> Any:
        tasks.join()
        if isinstance(results[0], Exception):
            raise results[0]
        return results[0]

    # A signal waits until the fork is ready for it: while it begins, Python would lose it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    tasks.add_task(do, None, lambda _, result: results.append(result))
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    atexit.register(tasks.terminate)
    return wait


def read_chapters(env: Any, docnames: Iterable[str]) -> list[Chapter]:
    """Read those pages that hold code, as MyST-NB is about to; one that it cannot read is named."""
    chapters = []
    for docname in docnames:
        config, path = env.mystnb_config, Path(env.doc2path(docname))
        with reading(path.relative_to(env.srcdir).as_posix()):
            text = path.read_text(encoding="utf-8")
            if not (reader := read.create_nb_reader(str(path), env.myst_config, config, text)):
                continue
            notebook = reader.read(text)
            config = config.copy(**notebook.metadata.get(config.metadata_key, {}))
            get_kernel_spec(notebook.metadata.get("kernelspec", {}).get("name", "python3"))
        for cell in notebook.cells:
            if cell.cell_type == "code":  # what an .ipynb file shows was not printed by this build
                cell.outputs = []
        excluded = any(map(path.match, config.execution_excludepatterns))
        if config.execution_mode != "off" and not excluded:
            limits = (config.execution_timeout, env.config.evidence_output_bytes)
            chapters.append(Chapter(docname, path, notebook, *limits))
    return chapters


def describe(chapter: Chapter, error: ChapterError, book: Path) -> str:
    """Say why a chapter failed, in one sentence that begins with file and line."""
    place, cell = str(chapter.path.relative_to(book)), chapter.notebook.cells[error.cell]
    if not (source_map := chapter.notebook.metadata.get("source_map")):  # lines of no .ipynb
        return f"{place}, cell {error.cell + 1}, line {error.line}: {error.reason}"
    lines = chapter.path.read_text(encoding="utf-8").splitlines()
    # Below the fence stand options and a blank line; the code begins after them.
    begin, first = source_map[error.cell], cell.source.split("\n")[0]
    begin = lines.index(first, begin) if first in lines[begin:] else begin
    return f"{place}:{begin + error.line}: {error.reason}"


def book_files(
    folder: Path, chapters: Collection[Path] = (), above: frozenset[Path] = frozenset()
) -> Iterator[Path]:
    """List the files below a folder in a fixed order, without chapters and what programs wrote."""
    above |= {folder.resolve()}  # a link that leads back ends the search
    for path in sorted(folder.iterdir()):  # raises where nobody may look
        if _OUTPUT.match(path.name) or path in chapters:
            continue
        if path.is_file():
            yield path
        elif path.is_dir() and not (path.resolve() in above or (path / "pyvenv.cfg").exists()):
            yield from book_files(path, chapters, above)


def hash_of(path: Path) -> str:
    """Hash what is in a file, or in the one that a link leads to."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def changed_pages(env: Any) -> list[str]:
    """List pages whose files differ from what was read last, whatever their times say."""
    before: dict[str, str] = getattr(env, "evidence_sources", {})
    sources = {name: hash_of(Path(env.doc2path(name))) for name in env.found_docs}
    changed = [name for name, now in sources.items() if before.get(name) != now]
    env.evidence_sources, env.evidence_changed = sources, changed
    return changed


def end_on_signals() -> None:
    """Have Ctrl-C and a request to end stop the build with one sentence, after tidying up."""

    def end(number: int, _: object) -> None:
        print("\nThe build was interrupted; the last good site stays.", file=sys.stderr)
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
