"""What several tests share: the evidence, the built book, and small books that may fail."""

from __future__ import annotations

import csv
import gc
import shutil
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from building import PROJECT, TOPIC, Build, Changed, build_book, build_once
from made_up import made  # noqa: F401 - a fixture for all tests

from evidence_tools import Evidence, load_evidence

gc.set_threshold(100_000, 50, 100)  # frames leave few cycles, and looking for them takes long

PARTS = "_config.yml _toc.yml references.bib pyproject.toml requirements.txt chapters data docs"


def printed_pages(pdf: Path) -> list[str]:
    """Read the text of each page of a PDF."""
    with pypdfium2.PdfDocument(pdf) as document:
        texts = [page.get_textpage().get_text_range() for page in document]
    # PDFium writes a hyphen at the end of a line as a character that is none.
    return [text.replace("\ufffe", "-") for text in texts]


def letters(pdf: Path) -> Iterator[tuple[float, float, float]]:
    """Give the left and the right edge of each letter of a PDF, and the width of its page."""
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            text, width = page.get_textpage(), page.get_width()
            for number in range(text.count_chars()):
                left, _, right, _ = text.get_charbox(number)
                yield left, right, width


def copy_book(folder: Path) -> Path:
    """Copy what a build reads, and nothing that a build wrote."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PARTS.split():
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns(".*", "*.ipynb"))
        else:
            shutil.copy(source, folder / name)
    return folder


def change_cell(book: Path, name: str, row: str, column: str, value: str) -> None:
    """Change one cell of a table of a book; rows are named by their first column."""
    table = book / "data" / f"{name}.csv"
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
def changed_topic(tmp_path: Path) -> Changed:
    """Load the made-up topic with some cells of one row changed."""

    def change(table: str, row: str, **cells: str) -> Evidence:
        folder = tmp_path / "data"
        if not folder.exists():
            shutil.copytree(TOPIC, folder)
        for column, value in cells.items():
            change_cell(tmp_path, table, row, column, value)
        return load_evidence(folder)

    return change


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The real book."""
    return build_once(tmp_path_factory, "book", lambda folder: build_book(copy_book(folder)))


@pytest.fixture(scope="module")
def day() -> Iterator[None]:
    """The day on which the made-up releases are made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1795780000")
        yield
