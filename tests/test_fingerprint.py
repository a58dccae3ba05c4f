"""Results are kept under the state of data, package, interpreter and libraries."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import PROJECT

from evidence_tools.execution.fingerprint import fingerprint, installed_versions


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Data, a copy of the package, and a library that claims to be installed."""
    shutil.copytree(PROJECT / "data", tmp_path / "data")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PROJECT / "evidence_tools", tmp_path / "evidence_tools", ignore=ignored)
    library = tmp_path / "library-1.0.dist-info"
    library.mkdir()
    (library / "METADATA").write_text("Name: library\nVersion: 1.0\n", encoding="utf-8")
    return tmp_path


def measured(place: Path) -> str:
    code = (
        f"import sys; sys.path.insert(0, {str(place)!r}); from pathlib import Path\n"
        "from evidence_tools.execution.fingerprint import PACKAGE, fingerprint\n"
        f"assert PACKAGE.parent == Path({str(place)!r}).resolve()\n"
        f"print(fingerprint(Path({str(place)!r}) / 'data'))"
    )
    run = [sys.executable, "-S", "-c", code]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout


def a_digit(place: Path) -> None:
    table = place / "data" / "findings.csv"
    table.write_text(table.read_text("utf-8").replace("1.86", "1.87"), encoding="utf-8")


def a_line_of_the_package(place: Path) -> None:
    with (place / "evidence_tools" / "phrases.py").open("a", encoding="utf-8") as file:
        file.write("# one more line\n")


def a_new_table(place: Path) -> None:
    (place / "data" / "more").mkdir()
    (place / "data" / "more" / "table.csv").write_text("a\n", encoding="utf-8")


def another_release(place: Path) -> None:
    (place / "library-1.0.dist-info").rename(place / "library-1.1.dist-info")


def an_edited_release(place: Path) -> None:
    (place / "library-1.0.dist-info" / "METADATA").write_text("Version: 1.0.1\n", encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [a_digit, a_line_of_the_package, a_new_table, another_release, an_edited_release],
)
def test_a_change_of_what_chapters_rest_on_changes_it(
    change: Callable[[Path], None], place: Path
) -> None:
    before = measured(place)
    change(place)
    assert measured(place) != before


def test_what_no_chapter_rests_on_does_not_change_it(place: Path) -> None:
    before = measured(place)
    (place / "README.md").write_text("other", encoding="utf-8")
    (place / "data" / ".hidden").write_text("other", encoding="utf-8")
    (place / "evidence_tools" / "__pycache__").mkdir(exist_ok=True)
    (place / "evidence_tools" / "__pycache__" / "x.pyc").write_bytes(b"other")
    assert measured(place) == before


def test_versions_name_the_interpreter_and_the_libraries_but_not_this_project() -> None:
    versions = installed_versions()
    assert versions[0] == f"Python {sys.version_info.major}.{sys.version_info.minor}." + str(
        sys.version_info.micro
    )
    assert any(version.startswith("pandas-") for version in versions)
    assert not any("bone_markers" in version for version in versions)


def test_the_same_state_gives_the_same_fingerprint() -> None:
    assert fingerprint(PROJECT / "data") == fingerprint(PROJECT / "data")
