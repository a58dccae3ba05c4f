"""What an author does between two builds."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

Change = Callable[[Path, int], None]


def cold(book: Path, run: int) -> None:
    """Remove everything that was built."""
    del run
    shutil.rmtree(book / "_build", ignore_errors=True)


def nothing(book: Path, run: int) -> None:
    """Change nothing."""


def one_sentence(book: Path, run: int) -> None:
    """Add a sentence to one page that holds code."""
    with (book / "chapters" / "markers.md").open("a", encoding="utf-8") as page:
        # No digit: a number typed by hand would not pass the gates.
        page.write(f"\nThis is one sentence more{' and more' * run}.\n")


def one_number(book: Path, run: int) -> None:
    """Change an estimate in the data; it stays inside its interval."""
    del run
    table = book / "data" / "findings.csv"
    text = table.read_text(encoding="utf-8")
    old, new = ("1.86", "1.87") if "1.86" in text else ("1.87", "1.86")
    table.write_text(text.replace(old, new), encoding="utf-8")


def one_line_of_package(book: Path, run: int) -> None:
    """Add a line to a module of the package."""
    module = book.parent / "package" / "evidence_tools" / "show" / "words.py"
    with module.open("a", encoding="utf-8") as file:
        file.write(f"# Line {run}.\n")


CHANGES: dict[str, Change] = {
    "cold": cold,
    "nothing changed": nothing,
    "one sentence changed": one_sentence,
    "one number in data changed": one_number,
    "one line of package changed": one_line_of_package,
}
