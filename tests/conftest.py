"""What several tests share: the evidence, the built book, and small books that may fail."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pypdfium2
import pytest
from filelock import FileLock
from made_up import made  # noqa: F401 - a fixture for all tests

from evidence_tools import Evidence, load_evidence

PROJECT = Path(__file__).parent.parent
TOPIC = PROJECT / "tests" / "topic"
PARTS = (
    "_config.yml",
    "_toc.yml",
    "references.bib",
    "pyproject.toml",
    "requirements.txt",
    "chapters",
    "data",
)

HEADER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
    format_version: 0.13
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---
"""


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


def printed_pages(pdf: Path) -> list[str]:
    """Read the text of each page of a PDF."""
    with pypdfium2.PdfDocument(pdf) as document:
        texts = [page.get_textpage().get_text_range() for page in document]
    # PDFium writes a hyphen at the end of a line as a character that is none.
    return [text.replace("\ufffe", "-") for text in texts]


def copy_book(folder: Path) -> Path:
    """Copy what a build reads, and nothing that a build wrote."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PARTS:
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns(".*", "*.ipynb"))
        else:
            shutil.copy(source, folder / name)
    return folder


def change_cell(table: Path, row: str, column: str, value: str) -> None:
    """Change one cell of a table; rows are named by their first column."""
    with table.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    (wanted,) = [cells for cells in rows if cells[0] == row]
    wanted[header.index(column)] = value
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def exclude_findings(folder: Path) -> None:
    """Declare that a small book shows few findings: the gates ask for all, or for a reason."""
    rows = (folder / "data" / "findings.csv").read_text(encoding="utf-8").splitlines()[1:]
    names = [row.partition(",")[0] for row in rows]
    with (folder / "_config.yml").open("a", encoding="utf-8") as file:
        file.writelines(f"# check: exclude {name} -- a small book for a test\n" for name in names)


@pytest.fixture(scope="session")
def evidence() -> Evidence:
    return load_evidence(PROJECT / "data")


@pytest.fixture
def topic() -> Evidence:
    """The small made-up topic; loaded anew, so that it is the evidence in use."""
    return load_evidence(TOPIC)


@pytest.fixture
def changed_topic(tmp_path: Path) -> Callable[..., Evidence]:
    """Load the made-up topic with some cells of one row changed."""

    def change(table: str, row: str, **cells: str) -> Evidence:
        folder = tmp_path / "topic"
        if not folder.exists():
            shutil.copytree(TOPIC, folder)
        for column, value in cells.items():
            change_cell(folder / f"{table}.csv", row, column, value)
        return load_evidence(folder)

    return change


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The real book, built once per session: processes that share the tests share it too."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder, output = shared / "book", shared / "book.log"
    with FileLock(shared / "book.lock"):
        if not output.exists():
            build = build_book(copy_book(folder))
            assert build.returncode == 0, build.output
            output.write_text(build.output, encoding="utf-8")
    return Build(folder, 0, output.read_text(encoding="utf-8"))


@pytest.fixture
def data_copy(tmp_path: Path) -> Path:
    """A copy of the tables that a test may damage."""
    return Path(shutil.copytree(PROJECT / "data", tmp_path / "data"))


@pytest.fixture
def small_book(tmp_path: Path) -> Callable[..., Build]:
    """Build a book of one or two short chapters on the real data; extra files by name."""

    def build(chapter: str, *, code: bool = False, files: dict[str, str] | None = None) -> Build:
        folder = copy_book(tmp_path / "small")
        shutil.rmtree(folder / "chapters")
        (folder / "chapters").mkdir()
        text = (HEADER if code else "") + chapter
        (folder / "chapters" / "answer.md").write_text(text, encoding="utf-8")
        (folder / "_toc.yml").write_text("format: jb-book\nroot: chapters/answer\n", "utf-8")
        for name, content in (files or {}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content, encoding="utf-8")
        exclude_findings(folder)
        return build_book(folder)

    return build
