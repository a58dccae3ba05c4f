"""Which chapters run before Sphinx reads them, and where MyST-NB finds their results."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from sphinx.util import logging

from evidence_tools.execution.chapter import Chapter, Executor, Outcome
from evidence_tools.execution.local import LocalExecutor
from evidence_tools.execution.progress import Progress
from evidence_tools.execution.store import ResultStore
from evidence_tools.execution.warm import WarmProcess, can_fork
from evidence_tools.schema import Problem, relative_name

LOGGER = logging.getLogger(__name__)
SCHEDULER_VARIABLE = "EVIDENCE_SCHEDULER"
_CODE = re.compile(r"^(`{3,}|~{3,}|:{3,})\{code-cell\}.*?^\1", re.DOTALL | re.MULTILINE)


class BuildError(Exception):
    """Why the report cannot be built, in words for its author."""


def read_chapters(env: Any, docnames: Sequence[str]) -> list[Chapter]:
    """Read the pages that hold code, as MyST-NB is about to read them.

    Parameters
    ----------
    env
        Sphinx's environment.
    docnames
        Pages about to be read.

    Raises
    ------
    BuildError
        If pages cannot be read as notebooks; it names all of them.
    """
    chapters, problems = [], []
    for docname in docnames:
        path = Path(env.doc2path(docname))
        try:
            chapter = _read_chapter(env, docname, path)
        except Exception as error:  # MyST-NB raises many kinds, and none names the file
            problems.append(_problem(path, str(error)))
        else:
            if chapter is not None:
                chapters.append(chapter)
    if problems:
        raise BuildError("\n".join(map(str, problems)))
    return chapters


def _read_chapter(env: Any, docname: str, path: Path) -> Chapter | None:
    """Read one page; ``None`` if it holds no code that runs."""
    from myst_nb.core.config import NbParserConfig
    from myst_nb.core.read import create_nb_reader

    config: NbParserConfig = env.mystnb_config
    text = path.read_text(encoding="utf-8")
    reader = create_nb_reader(str(path), env.myst_config, config, text)
    if reader is None:
        return None
    notebook = reader.read(text)
    spec = notebook.metadata.get("kernelspec", {})
    for pattern, alias in config.kernel_rgx_aliases.items():
        if spec.get("name") is not None and re.fullmatch(pattern, spec["name"]):
            spec["name"] = alias
            break
    # What a page's head may set for itself.
    own = dict(notebook.metadata.get(config.metadata_key) or {})
    if own.get("execution_mode", config.execution_mode) == "off" or _excluded(path, config):
        return None
    timeout = own.get("execution_timeout", config.execution_timeout)
    if not isinstance(timeout, int):
        found = f"execution_timeout: found {timeout!r}"
        raise BuildError(f"{found}; allowed is a whole number of seconds, or -1 for no limit")
    return Chapter(docname, path, notebook, timeout)


def _problem(path: Path, message: str) -> Problem:
    """Say which part of a page cannot be read, and at which line."""
    line = int(found[1]) if (found := re.search(r"at line (\d+)", message)) else 0
    if "Invalid options format" in message:
        message = (
            "the options below ```{code-cell} cannot be read; "
            "write one to a line, such as ':tags: [hide-input]', then a blank line"
        )
    return Problem(relative_name(path), line, "", f"the chapter cannot be read: {message}")


def _excluded(path: Path, config: Any) -> bool:
    return any(path.match(pattern) for pattern in config.execution_excludepatterns)


def missing_chapters(chapters: Sequence[Chapter], store: ResultStore) -> dict[str, Chapter]:
    """Select the chapters whose results are not there.

    Returns
    -------
    dict
        The chapter to run, by page. Chapters in one folder with the same code have the same
        result: the first stands for all.
    """
    first: dict[tuple[Path, str], Chapter] = {}
    return {
        chapter.docname: first.setdefault(store.key(chapter), chapter)
        for chapter in chapters
        if not store.holds(chapter)
    }


def run_chapters(
    chapters: Sequence[Chapter], store: ResultStore, executor: Executor, *, show: bool
) -> Generator[Outcome, None, None]:
    """Run chapters and keep their results.

    Parameters
    ----------
    chapters
        What has to run.
    store
        Where each result is kept as soon as it is there.
    executor
        Runs the chapters.
    show
        Whether to print a line per chapter.

    Yields
    ------
    Outcome
        One for each chapter, as soon as its result is kept. Chapters run also while nobody asks.
    """
    progress = Progress(len(chapters), _print_line if show else None)
    progress.begin()
    start = perf_counter()
    outcomes: Iterator[Outcome] = executor.run(chapters)
    try:
        for outcome in outcomes:
            progress.tell(outcome)
            if not outcome.reason:
                store.save(outcome)
            yield outcome
    finally:
        if isinstance(outcomes, Generator):
            outcomes.close()  # now, not whenever it is collected: no kernel may stay
    progress.end(perf_counter() - start)


def make_executor(book: Path, data: Path, warm: WarmProcess | None) -> Executor:
    """Choose where chapters run: on a cluster if one is named, else on this machine.

    Parameters
    ----------
    book, data
        The book folder and the folder with the tables.
    warm
        A warm process that was started early, if any.
    """
    if address := os.environ.get(SCHEDULER_VARIABLE):
        from evidence_tools.execution.cluster import ClusterExecutor

        return ClusterExecutor(address, book, data)
    if warm is None and can_fork():
        warm = WarmProcess(data)
    if warm is None:
        LOGGER.info("this platform cannot fork a warm process: each kernel is started by itself")
    return LocalExecutor(book, data, warm=warm, note=LOGGER.info)


def code_key(text: str) -> str:
    """Hash the code of a text notebook, without reading it as Markdown.

    Only good for a guess: whether a warm process will be wanted soon.
    """
    head = text.partition("\n---\n")[0] if text.startswith("---\n") else ""
    code = head + "".join(match.group() for match in _CODE.finditer(text))
    return hashlib.sha256(code.encode()).hexdigest()


def _print_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
