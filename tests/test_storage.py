"""Files are written whole or not at all; sealed documents show any change."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from evidence_tools.storage import (
    HistoryError,
    exclusive,
    is_safe_name,
    seal,
    unseal,
    write_whole,
)

SEALED = seal("snapshot", 1, {"text": "β → –", "number": 3})


def test_a_sealed_document_reads_back_as_it_was() -> None:
    assert unseal(SEALED, "snapshot", 1, "x.json")["text"] == "β → –"


@pytest.mark.parametrize("cut", [0, 1, len(SEALED) // 2, len(SEALED) - 3])
def test_a_truncated_document_is_called_damaged(cut: int) -> None:
    with pytest.raises(HistoryError, match=r"x\.json: damaged or truncated"):
        unseal(SEALED[:cut], "snapshot", 1, "x.json")


def test_a_changed_value_is_noticed() -> None:
    with pytest.raises(HistoryError, match="was changed after it was written"):
        unseal(SEALED.replace(b'"number": 3', b'"number": 4'), "snapshot", 1, "x.json")


def test_a_newer_format_asks_for_the_newer_package() -> None:
    newer = seal("snapshot", 2, {})
    with pytest.raises(HistoryError, match=r"format 2; .* formats up to 1.*newer evidence_tools"):
        unseal(newer, "snapshot", 1, "x.json")


@pytest.mark.parametrize(
    "text", [b"[]", b"3", b"null", b"{}", b'{"kind": "report"}', b"\xff\xfe", b"[" * 100_000]
)
def test_what_is_no_snapshot_is_refused_by_name(text: bytes) -> None:
    with pytest.raises(HistoryError, match=r"^x\.json: "):
        unseal(text, "snapshot", 1, "x.json")


@pytest.mark.parametrize("version", [0, -1, True, "1", None, 1.0])
def test_a_format_that_is_no_count_is_damage(version: object) -> None:
    text = json.dumps({"kind": "snapshot", "format": version}).encode()
    with pytest.raises(HistoryError, match="damaged"):
        unseal(text, "snapshot", 1, "x.json")


@pytest.mark.parametrize("name", ["a", "a/b.html", "_data/tab-x.csv", ".nojekyll"])
def test_a_name_below_the_folder_is_safe(name: str) -> None:
    assert is_safe_name(name)


@pytest.mark.parametrize(
    "name", ["", ".", "/a", "../a", "a/../b", "a/..", "a\\b", "C:/a", "a//b", "./a", "a/", "a\0"]
)
def test_a_name_that_could_lead_outside_is_not_safe(name: str) -> None:
    assert not is_safe_name(name)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from evidence_tools.storage import write_whole\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "write_whole(Path(sys.argv[1]), b'x' * 5000)\n"
    )
    result = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True)
    assert b"OSError" in result.stderr
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {"file": b"old"}


def test_writing_makes_the_folders_above(tmp_path: Path) -> None:
    write_whole(tmp_path / "a" / "b", b"new")
    assert (tmp_path / "a" / "b").read_bytes() == b"new"


def test_the_second_of_two_processes_is_told_to_wait(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from evidence_tools.storage import HistoryError, exclusive\n"
        "try:\n"
        "    with exclusive(Path(sys.argv[1]), 'release'): print('mine')\n"
        "except HistoryError as error: print(error)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with exclusive(tmp_path, "release"):
        second = subprocess.run(command, capture_output=True, text=True)
    after = subprocess.run(command, capture_output=True, text=True)
    assert "another release is running" in second.stdout
    assert after.stdout == "mine\n"
