"""What a chapter's code reads becomes a condition for using its result again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import PROJECT

from evidence_tools.execution.reads import ABSENT, UNSETTLED, digest, read_log, unchanged


def recorded(book: Path, code: str) -> dict[str, str]:
    """Run code as a kernel does, in the book's folder of chapters."""
    (book / "chapters").mkdir(exist_ok=True)
    log = book / "log"
    begin = (
        f"import sys; sys.path.insert(0, {str(PROJECT)!r})\n"
        "from evidence_tools.execution.reads import record_reads\n"
        f"record_reads({str(log)!r}, [{str(PROJECT / 'evidence_tools')!r}])\n"
    )
    started = time.time() + 1
    run = [sys.executable, "-c", begin + code]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run(run, cwd=book / "chapters", env=environment, check=True)
    apart = [book / "data"]
    return dict(read_log(log, book=book, apart=apart, started=started) or {})


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("open('table.csv').read()", {"chapters/table.csv"}),
        ("import pathlib; pathlib.Path('../note.md').read_bytes()", {"note.md"}),
        ("import os; os.close(os.open('table.csv', os.O_RDONLY))", {"chapters/table.csv"}),
        ("import pandas; pandas.read_csv('table.csv')", {"chapters/table.csv"}),
        ("import glob; glob.glob('*.csv')", {"chapters/"}),
        ("import beside", {"chapters/beside.py"}),
        ("open('made.txt', 'w').write('x')", set()),
        ("open('../data/findings.csv').read()", set()),
        ("import evidence_tools, json, pandas", set()),
        ("import os\ntry: open('none.csv')\nexcept OSError: pass", {"chapters/none.csv"}),
        ("import os; os.system('true')", {"*"}),
    ],
)
def test_reading_is_noticed_and_writing_is_not(
    code: str, expected: set[str], tmp_path: Path
) -> None:
    (tmp_path / "chapters").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "findings.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "chapters" / "table.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "chapters" / "beside.py").write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "note.md").write_text("a note", encoding="utf-8")
    assert set(recorded(tmp_path, code)) == expected


def test_a_module_beside_the_chapters_is_noticed_also_when_it_was_compiled(tmp_path: Path) -> None:
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "beside.py").write_text("x = 1\n", encoding="utf-8")
    assert "chapters/beside.py" in recorded(tmp_path, "import beside")
    assert list((tmp_path / "chapters").rglob("*.pyc"))
    assert "chapters/beside.py" in recorded(tmp_path, "import beside")


def test_what_was_read_is_unchanged_until_it_changes(tmp_path: Path) -> None:
    file, folder = tmp_path / "a.csv", tmp_path / "tables"
    folder.mkdir()
    file.write_text("1", encoding="utf-8")
    reads = {name: digest(tmp_path, name) for name in ("a.csv", "tables/", "none.csv", "*")}
    assert reads["none.csv"] == ABSENT
    assert unchanged(tmp_path, reads)
    (folder / "new.csv").write_text("2", encoding="utf-8")
    assert not unchanged(tmp_path, {"tables/": reads["tables/"]})
    assert not unchanged(tmp_path, {"*": reads["*"]})
    assert unchanged(tmp_path, {"a.csv": reads["a.csv"]})
    file.write_text("2", encoding="utf-8")
    assert not unchanged(tmp_path, {"a.csv": reads["a.csv"]})


def test_a_file_that_changed_while_it_was_read_is_never_unchanged(tmp_path: Path) -> None:
    log = tmp_path / "log"
    file = tmp_path / "a.csv"
    file.write_text("1", encoding="utf-8")
    log.write_text(json.dumps(str(file)) + "\n", encoding="utf-8")
    reads = read_log(log, book=tmp_path, apart=[], started=time.time() - 60)
    assert reads == {"a.csv": UNSETTLED}
    assert not unchanged(tmp_path, reads)


def test_without_a_record_nothing_is_known(tmp_path: Path) -> None:
    assert read_log(tmp_path / "none", book=tmp_path, apart=[], started=0) is None
