"""A small made-up book on the made-up topic, built by the command a user runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from building import PROJECT, TOPIC, Build, build_book, build_once, copy_topic

AMBER = PROJECT / "tests" / "amber"


class Made(Build):
    """One build of the made-up book."""

    def page(self, name: str) -> str:
        return super().page(f"chapters/{name}")

    def contents(self) -> dict[str, bytes]:
        paths = (path for path in self.html.rglob("*") if path.is_file())
        return {path.relative_to(self.html).as_posix(): path.read_bytes() for path in paths}


def write_book(folder: Path, **changed: str) -> Path:
    """Write the made-up book; other text for a chapter by its name."""
    shutil.copytree(AMBER, folder, dirs_exist_ok=True)
    copy_topic(folder / "data")
    for name, text in changed.items():
        (folder / "chapters" / f"{name}.md").write_text(text.lstrip(), encoding="utf-8")
    rows = (TOPIC / "findings.csv").read_text(encoding="utf-8").splitlines()[2:]
    with (folder / "chapters" / "about.md").open("a", encoding="utf-8") as page:
        page.writelines(
            f"% check: exclude {row.partition(',')[0]} -- a small book for a test\n" for row in rows
        )
    return folder


def build(folder: Path, **environment: str) -> Made:
    """Build a book as a user does."""
    return Made(**vars(build_book(folder, SOURCE_DATE_EPOCH="1790000000", **environment)))


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The made-up book."""
    once = build_once(tmp_path_factory, "made", lambda folder: build(write_book(folder)))
    return Made(**vars(once))
