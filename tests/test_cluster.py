"""Chapters on a cluster: the book and the package travel, and a lost worker loses nothing."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import nbformat
import psutil
import pytest
from conftest import PROJECT
from distributed import LocalCluster
from test_execution import chapter, gone, printed

from evidence_tools.execution.bundle import pack
from evidence_tools.execution.cluster import ClusterExecutor
from evidence_tools.execution.errand import unpack


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cluster")
    shutil.copytree(PROJECT / "data", folder / "data")
    (folder / "chapters").mkdir()
    (folder / "_build").mkdir()
    (folder / "_build" / "written.html").write_text("by a build", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two workers in processes of their own, in a folder that has no book."""
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        local_directory=str(tmp_path_factory.mktemp("workers")),
    ) as cluster:
        yield cluster


def test_a_lost_worker_loses_no_chapter(book: Path, cluster: Any, tmp_path: Path) -> None:
    executor = ClusterExecutor(cluster.scheduler_address, book, book / "data")
    mark = tmp_path / "first"
    # The first to run kills its worker, and with it the other chapter of that worker, if any.
    lethal = (
        "import os, pathlib, psutil, signal\n"
        f"mark = pathlib.Path({str(mark)!r})\n"
        "first = not mark.exists(); mark.touch()\n"
        "worker = psutil.Process().parent().parent()\n"
        "first and os.kill(worker.pid, signal.SIGKILL)\n"
        "first and __import__('time').sleep(60)\n"
        "print('survived')"
    )
    load = (
        "from evidence_tools import load_evidence\nprint(len(load_evidence('../data').findings()))"
    )
    chapters = [chapter(book, "lethal", lethal), chapter(book, "load", load)]
    chapters.append(chapter(book, "failing", "1 / 0"))
    try:
        outcomes = {outcome.chapter.docname: outcome for outcome in executor.run(chapters)}
    finally:
        executor.close()
    assert mark.exists()
    assert printed(outcomes["lethal"]).strip() == "survived"
    assert int(printed(outcomes["load"])) > 0
    assert outcomes["load"].reads == {}
    assert "code cell 1 of chapter 'failing'" in str(outcomes["failing"])
    assert "ZeroDivisionError" in str(outcomes["failing"])


def test_no_scheduler_is_told(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evidence_tools.execution.cluster._CONNECT_SECONDS", 1)
    with pytest.raises(OSError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"):
        ClusterExecutor("tcp://127.0.0.1:9", book, book / "data")


def test_workers_with_other_versions_are_refused(
    book: Path, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = ClusterExecutor(cluster.scheduler_address, book, book / "data")
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    here = os.getpid()

    def versions() -> list[str]:
        return ["Python 3.99", "pandas-9"] if os.getpid() == here else ["Python 3.11", "pandas-3"]

    monkeypatch.setattr("evidence_tools.execution.cluster.installed_versions", versions)
    try:
        with pytest.raises(
            RuntimeError, match=r"has other versions than this machine: Python 3\.11, "
        ):
            next(iter(executor.run([chapter(book, "never", "1")])))
    finally:
        executor.close()


def test_a_bundle_holds_the_book_and_the_package_but_nothing_that_was_built(book: Path) -> None:
    content = pack(book, book / "data")
    assert content == pack(book, book / "data")
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert "book/data/findings.csv" in names
    assert "code/evidence_tools/evidence.py" in names
    assert not [name for name in names if "_build" in name or "__pycache__" in name]


@pytest.mark.parametrize("name", ["../out", "book/../../out", "/out", "book\\..\\out", "else/out"])
def test_a_bundle_cannot_write_outside_its_folder(name: str, tmp_path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("book/good", "good")
        archive.writestr(zipfile.ZipInfo(name), "bad")
    (tmp_path / "inner").mkdir()
    with pytest.raises(ValueError, match="the bundle holds"):
        unpack(target.getvalue(), tmp_path / "inner")
    assert [path.name for path in tmp_path.rglob("*")] == ["inner"]


def test_a_workers_program_and_its_kernel_end_when_the_worker_is_gone(
    book: Path, tmp_path: Path
) -> None:
    (tmp_path / "book").symlink_to(book)
    mark = tmp_path / "running"
    slow = chapter(book, "slow", f"open({str(mark)!r}, 'w').close(); import time; time.sleep(60)")
    task = {
        "root": str(tmp_path),
        "docname": "slow",
        "path": "chapters/slow.md",
        "data": "data",
        "notebook": nbformat.writes(slow.notebook),
        "timeout": 60,
    }
    program = subprocess.Popen(
        [sys.executable, "-m", "evidence_tools.execution.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    assert program.stdin is not None
    program.stdin.write(json.dumps(task).encode() + b"\n")
    program.stdin.flush()
    end = time.monotonic() + 40
    while not mark.exists() and time.monotonic() < end:
        time.sleep(0.1)
    assert mark.exists()
    running = {program.pid, *(p.pid for p in psutil.Process(program.pid).children(recursive=True))}
    assert len(running) >= 2
    program.stdin.close()  # as when the worker is killed
    program.wait(20)
    assert gone(running)
