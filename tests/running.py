"""Small chapters for tests of execution, as text on disk and as MyST-NB reads them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
from building import HEADER
from myst_nb.core.config import NbParserConfig
from myst_parser.config.main import MdParserConfig

from evidence_tools.book.execution import Chapter, run_chapters
from evidence_tools.book.session import read_chapters


def write_chapter(book: Path, name: str, *code: str, prose: str = "A sentence.") -> Path:
    """Write a text notebook whose cells carry an option, as hidden cells do."""
    cells = (f"```{{code-cell}} ipython3\n:tags: [hide-input]\n\n{cell}\n```\n" for cell in code)
    path = book / "chapters" / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, f"# Chapter {name}\n", prose, "", *cells]), "utf-8")
    return path


def environment(book: Path) -> Any:
    """What of Sphinx's environment reading chapters needs."""

    def find(docname: str) -> str:
        text = book / "chapters" / f"{docname}.md"
        return str(text if text.exists() else text.with_suffix(".ipynb"))

    return SimpleNamespace(
        srcdir=str(book),
        config=SimpleNamespace(evidence_output_bytes=10**6),
        doc2path=find,
        mystnb_config=NbParserConfig(execution_timeout=60),
        myst_config=MdParserConfig(),
    )


def read(book: Path, *names: str) -> list[Chapter]:
    return read_chapters(environment(book), names)


def run(kernels: Any, book: Path, *names: str, limit: int = 10**6) -> dict[str, Any]:
    chapters = [replace(chapter, most_bytes=limit) for chapter in read(book, *names)]
    return run_chapters(chapters, kernels)


def printed(notebook: Any) -> str:
    """What the last cell printed."""
    assert not isinstance(notebook, Exception), notebook
    parts = notebook.cells[-1].outputs
    return "".join(part.get("text", "") for part in parts if part.get("name") != "stderr")


def left_alive(pids: Iterable[int], seconds: float = 60) -> list[int]:
    """Wait for processes to end, and list those that do not."""
    left, end = list(pids), time.monotonic() + seconds
    while time.monotonic() < end and (left := [pid for pid in left if _lives(pid)]):
        with suppress(psutil.NoSuchProcess):
            psutil.wait_procs(map(psutil.Process, left), timeout=0.05)
    return left


def _lives(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False
