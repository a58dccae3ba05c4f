"""One build of a book: one at a time in a folder, with the results of chapters that are kept.

A result belongs to the code of its chapter, to the folder that the code runs in, and to all else
in the book folder but prose and output. Nothing is watched while chapters run: a result is never
stale; at worst a chapter runs once too often.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from filelock import FileLock, Timeout
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn

from evidence_tools.book.execution import HEAD, Chapter, ChapterError, run_chapters
from evidence_tools.book.kernels import Kernels

SCHEDULER = "EVIDENCE_SCHEDULER"
"""Environment variable: address of a Dask scheduler; needs the extra ``cluster``."""
PACKAGE = Path(__file__).resolve().parent.parent
_OUTPUT = re.compile(r"(_build|__pycache__|\..*|.*\.ipynb|.*\.log|.*~|#.*#)$")
"""Names of what builds and editors write. Notebooks are prose, or copies of chapters."""


class BuildError(Exception):
    """Why the report cannot be built, in words for its author."""


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
        cache, lock = build / ".jupyter_cache", FileLock(build / ".lock")
        cache.mkdir(parents=True, exist_ok=True)
        try:
            self.enter_context(lock.acquire(timeout=0))
        except Timeout:
            print("another build of this folder is running; this one waits for it", file=sys.stderr)
            self.enter_context(lock)
        if {"%", "?"} & set(str(cache.absolute())):  # SQLAlchemy takes paths for addresses
            link = Path(self.enter_context(TemporaryDirectory(prefix="evidence-"))) / "cache"
            link.symlink_to(cache.absolute(), target_is_directory=True)
            cache = link
        self._state = self._read_state()
        self.key = hashlib.sha256(repr(sorted(self._state.items())).encode()).hexdigest()[:32]
        self._results = cache / self.key
        # Without any result all chapters will run: the imports begin now.
        early = not self._results.exists() and not os.environ.get(SCHEDULER)
        self._kernels = self.enter_context(Kernels(book / "data")) if early else None

    def _read_state(self) -> dict[str, str]:
        """Hash files of book and package, and name Python and the installed libraries."""
        files = [*book_files(self.book, self._chapters), *book_files(PACKAGE)]
        state = {"Python": sys.version}
        state |= {os.path.relpath(path, self.book): _hash(path) for path in files}
        for library in (one for path in sys.path for one in Path(path).glob("*.dist-info")):
            # A release that was installed anew has another time.
            state[library.name] = str(library.stat().st_mtime_ns)
        return state

    def result_folder(self, page: Path) -> Path:
        """Name the folder of a page's results: the same code may do something else elsewhere."""
        return self._results / quote(page.parent.relative_to(self.book).as_posix(), safe="")

    def execute(
        self, env: Any, docnames: Iterable[str], output_bytes: int, tell: Callable[[str], None]
    ) -> tuple[int, int]:
        """Run those chapters that have no result, and keep what they give.

        Returns how many ran, and how many hold code. `BuildError` has a line for each problem:
        chapters that cannot be read or that failed, or files that changed meanwhile.
        """
        chapters = read_chapters(env, docnames)
        missing = [chapter for chapter in chapters if not self._has_result(chapter)]
        done = self._run(missing, output_bytes, tell) if missing else {}
        if changed := sorted(dict(self._read_state().items() ^ self._state.items())):
            raise BuildError(
                f"changed while chapters ran: {', '.join(changed[:5])}; build again. "
                "Files that cells write belong out of the book folder, or into _build"
            )
        problems = []
        for chapter in missing:
            result = done[chapter.docname]
            if isinstance(result, ChapterError):
                problems.append(describe(chapter, result, self.book))
            else:
                bundle = CacheBundleIn(result, str(chapter.path), data={})
                cache = get_cache(self.result_folder(chapter.path))
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
        if problems:
            raise BuildError("\n".join(problems))
        self._results.mkdir(exist_ok=True)
        for old in self._results.parent.iterdir():
            if old.name != self.key:
                shutil.rmtree(old, ignore_errors=True)
        self.notebooks = dict.fromkeys(docnames)
        for chapter in chapters:
            cache = get_cache(self.result_folder(chapter.path))
            _, merged = cache.merge_match_into_notebook(chapter.notebook)
            self.notebooks[chapter.docname] = merged
        return len(missing), len(chapters)

    def _run(
        self, chapters: list[Chapter], output_bytes: int, tell: Callable[[str], None]
    ) -> dict[str, Any]:
        if address := os.environ.get(SCHEDULER):
            from evidence_tools.book.cluster import run_on_cluster

            files = book_files(self.book, self._chapters)
            return run_on_cluster(address, chapters, self.book, files, output_bytes)
        with self._kernels or Kernels(self.book / "data") as kernels:
            return run_chapters(chapters, kernels, output_bytes, tell)

    def _has_result(self, chapter: Chapter) -> bool:
        """Whether there is a whole result of a chapter; what cannot be read is removed."""
        folder = self.result_folder(chapter.path)
        try:
            cache = get_cache(folder)
            cache.get_cache_bundle(cache.match_cache_notebook(chapter.notebook).pk)
            return True
        except KeyError:
            pass
        except Exception:  # damaged, whatever SQLite or JSON calls it
            shutil.rmtree(folder, ignore_errors=True)
        return False


def read_chapters(env: Any, docnames: Iterable[str]) -> list[Chapter]:
    """Read those pages that hold code, as MyST-NB is about to; `BuildError` names all others."""
    chapters: list[Chapter] = []
    problems = []
    for docname in docnames:
        path = Path(env.doc2path(docname))
        try:
            chapters += _read_chapter(env, docname, path)
        except Exception as error:  # MyST-NB raises many kinds, and none names the file
            problems.append(_unreadable(path.relative_to(env.srcdir), str(error)))
    if problems:
        raise BuildError("\n".join(problems))
    return chapters


def _read_chapter(env: Any, docname: str, path: Path) -> Iterator[Chapter]:
    from myst_nb.core.read import create_nb_reader

    config, text = env.mystnb_config, path.read_text(encoding="utf-8")
    reader = create_nb_reader(str(path), env.myst_config, config, text)
    if reader is None:
        return
    notebook = reader.read(text)
    for cell in notebook.cells:
        if cell.cell_type == "code":  # what an .ipynb file shows was not printed by this build
            cell.outputs = []
    config = config.copy(**notebook.metadata.get(config.metadata_key, {}))
    if config.execution_mode != "off" and not any(
        map(path.match, config.execution_excludepatterns)
    ):
        yield Chapter(docname, path, notebook, config.execution_timeout)


def _unreadable(path: Path, message: str) -> str:
    line = f":{found[1]}" if (found := re.search(r"at line (\d+)", message)) else ""
    if "Invalid options format" in message:
        message = "write options below ```{code-cell} as ':tags: [hide-input]', then a blank line"
    return f"{path}{line}: the chapter cannot be read: {message[:1_000]}"


def describe(chapter: Chapter, error: ChapterError, book: Path) -> str:
    """Say where and why a chapter failed, in one sentence that begins with file and line."""
    place, cells = str(chapter.path.relative_to(book)), chapter.notebook.cells
    number = sum(cell.cell_type == "code" for cell in cells[: error.cell + 1])
    part = f"code cell {number} of " if error.cell != HEAD else ""
    if source_map := chapter.notebook.metadata.get("source_map"):  # nobody sees lines of .ipynb
        lines = chapter.path.read_text(encoding="utf-8").splitlines()
        # Below the fence stand options and a blank line; the code begins after them.
        begin = source_map[error.cell] if part else 0
        sought = re.escape(cells[error.cell].source.split("\n")[0]) + "$" if part else r"\s+name:"
        found = (n for n in range(begin, len(lines)) if re.match(sought, lines[n]))
        place += f":{next(found, begin) + error.line}"
    return f"{place}: {part}chapter {chapter.docname!r}: {error.reason}"


def book_files(
    folder: Path, chapters: Collection[Path] = (), above: frozenset[Path] = frozenset()
) -> Iterator[Path]:
    """List the files below a folder in a fixed order, without chapters and what programs wrote."""
    above |= {folder.resolve()}  # a link that leads back ends the search
    for path in sorted(folder.glob("*")):
        if _OUTPUT.match(path.name) or path in chapters:
            continue
        if path.is_file():
            yield path
        elif path.resolve() not in above and not (path / "pyvenv.cfg").exists():
            yield from book_files(path, chapters, above)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def changed_pages(env: Any) -> list[str]:
    """List pages whose files differ from what was read last, whatever their times say."""
    before: dict[str, str] = getattr(env, "evidence_sources", {})
    env.evidence_sources = {name: _hash(Path(env.doc2path(name))) for name in env.found_docs}
    return [name for name, now in env.evidence_sources.items() if before.get(name) != now]


def end_on_signals() -> None:
    """Have Ctrl-C and a request to end stop the build with one sentence, after tidying up."""

    def end(number: int, _: object) -> None:
        print("\nThe build was interrupted; the next one makes all pages anew.", file=sys.stderr)
        raise SystemExit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
