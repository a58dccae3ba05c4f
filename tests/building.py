"""Builds of books by the command a user runs, for all tests that read one."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from evidence_tools import Evidence

Changed = Callable[..., Evidence]
PROJECT = Path(__file__).parent.parent
TOPIC = PROJECT / "tests" / "topic"

HEADER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
    format_version: 0.13
kernelspec:
  name: python3
  display_name: Python 3 (ipykernel)
  language: python
---
"""


def read_rows(name: str) -> list[tuple[str, ...]]:
    """Read the rows of a table beside the tests, without its header."""
    with (PROJECT / "tests" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def copy_topic(folder: Path) -> Path:
    """Copy the made-up tables, with the word lists of the report."""
    shutil.copytree(TOPIC, folder)
    shutil.copytree(PROJECT / "data" / "wording", folder / "wording")
    return folder


@dataclass(frozen=True)
class Build:
    """One run of ``jupyter-book build``: where, how it ended, and what it said."""

    folder: Path
    returncode: int
    output: str

    @property
    def html(self) -> Path:
        return self.folder / "_build" / "html"

    def page(self, docname: str) -> str:
        return (self.html / f"{docname}.html").read_text(encoding="utf-8")

    @property
    def pdf(self) -> Path:
        (found,) = self.html.glob("*.pdf")
        return found


def build_book(folder: Path, **environment: str) -> Build:
    """Run the command a user runs, in a folder of its own."""
    result = subprocess.run(
        [str(Path(sys.executable).with_name("jupyter-book")), "build", "."],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return Build(folder, result.returncode, result.stdout)


def build_once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], Build]) -> Build:
    """Build a book once per session: processes that share the tests share it too."""
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder, output = shared / name, shared / f"{name}.log"
    with FileLock(shared / f"{name}.lock"):
        if not output.exists():
            built = build(folder)
            assert built.returncode == 0, built.output
            output.write_text(built.output, encoding="utf-8")
    return Build(folder, 0, output.read_text(encoding="utf-8"))
