"""Which version a build says it is."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence_tools.book.stamp import NO_COMMIT, read_stamp


def _write_version(folder: Path, version: str = "1.2.3") -> None:
    (folder / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n', "utf-8")


def _commit(folder: Path) -> None:
    identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org"]
    for arguments in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "state"]):
        command = ["git", *arguments]
        environment = {"GIT_COMMITTER_DATE": "2024-02-29T12:00:00Z", "PATH": "/usr/bin:/bin"}
        subprocess.run(command, cwd=folder, check=True, env=environment)


def test_the_version_comes_from_pyproject(tmp_path: Path) -> None:
    _write_version(tmp_path, "4.5.6")
    assert read_stamp(tmp_path).version == "4.5.6"


def test_outside_a_checkout_the_stamp_says_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    _write_version(tmp_path)
    stamp = read_stamp(tmp_path)
    assert stamp.commit == NO_COMMIT
    assert stamp.text == f"Version 1.2.3, {datetime.now(UTC).date().isoformat()}, no commit"


def test_in_a_checkout_date_and_commit_are_those_of_the_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    _write_version(tmp_path)
    _commit(tmp_path)
    stamp = read_stamp(tmp_path)
    assert stamp.day.isoformat() == "2024-02-29"
    assert stamp.commit_text == f"commit {stamp.commit[:10]}"


def test_a_changed_file_makes_the_stamp_say_modified(tmp_path: Path) -> None:
    _write_version(tmp_path)
    _commit(tmp_path)
    _write_version(tmp_path, "1.2.4")
    assert read_stamp(tmp_path).commit_text.endswith(", modified")


def test_source_date_epoch_goes_before_the_commit_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write_version(tmp_path)
    _commit(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert read_stamp(tmp_path).day.isoformat() == "1970-01-02"


def test_a_source_date_epoch_that_is_no_number_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write_version(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(ValueError, match="SOURCE_DATE_EPOCH is 'yesterday'"):
        read_stamp(tmp_path)


def test_a_missing_version_is_named_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\n", "utf-8")
    with pytest.raises(ValueError, match=r"pyproject\.toml: no readable \[project\] version"):
        read_stamp(tmp_path)


def test_the_pdf_is_named_after_the_version(tmp_path: Path) -> None:
    _write_version(tmp_path, "2.0.0")
    assert read_stamp(tmp_path).pdf_name == "vitamin-k2-bone-markers-2.0.0.pdf"
