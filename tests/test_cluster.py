"""Chapters on a cluster: the book and the package travel, and a lost worker loses nothing."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import MagicMock, Mock

import pytest
from distributed import LocalCluster
from running import printed, read, write_chapter

from evidence_tools.book.execution import BuildError, ChapterError, run_on_cluster
from evidence_tools.book.session import PACKAGE, book_files


@pytest.mark.slow
def test_a_lost_worker_loses_no_chapter(tmp_path: Path) -> None:
    book, mark = tmp_path / "book", tmp_path / "first"
    # The first to run kills its worker, and with it whatever else that worker held.
    write_chapter(
        book,
        "lethal",
        "import os, pathlib, signal, time\n"
        f"mark = pathlib.Path({str(mark)!r})\n"
        "first = not mark.exists(); mark.touch()\n"
        "first and os.kill(os.getppid(), signal.SIGKILL)\n"
        "first and time.sleep(60)\n"
        "print('survived')",
    )
    code = "import evidence_tools\nprint(open('../data/rows.csv').read(), evidence_tools.__file__)"
    write_chapter(book, "reading", code)
    write_chapter(book, "failing", "x = 1\n1 / 0")
    names, folder = ("lethal", "reading", "failing"), tmp_path / "there"
    two = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with LocalCluster(**two, local_directory=folder) as cluster:  # processes without the book
        content = {str(p.relative_to(PACKAGE.parent)): p.read_bytes() for p in book_files(PACKAGE)}
        content["data/rows.csv"] = b"a,b\n"
        address = cluster.scheduler_address
        results = run_on_cluster(address, read(book, *names), book, content)
    assert printed(results["lethal"]) == "survived\n"
    rows, package = printed(results["reading"]).split()
    assert rows == "a,b"
    assert "/there/" in package
    assert isinstance(results["failing"], ChapterError)
    assert results["failing"].reason == "the code failed: ZeroDivisionError: division by zero"
    assert (results["failing"].cell, results["failing"].line) == (1, 2)


def test_a_scheduler_that_does_not_answer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distributed.Client", Mock(side_effect=OSError("timed out")))
    with pytest.raises(
        BuildError, match=r"Dask cluster at tcp://127\.0\.0\.1:9 cannot .*: timed out"
    ):
        run_on_cluster("tcp://127.0.0.1:9", [], tmp_path, {})


def test_workers_with_other_versions_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = {"tcp://10.0.0.2:1": {"packages": {"python": "3.11", "pandas": "2"}}}
    here = {"packages": {"python": "3.11", "pandas": "3"}}
    client = MagicMock()
    found = {"client": here, "workers": there}
    client.return_value.__enter__.return_value.get_versions.return_value = found
    monkeypatch.setattr("distributed.Client", client)
    with pytest.raises(BuildError, match=r"2:1 differs in \{'pandas': '2'\}; use requirements"):
        run_on_cluster("tcp://10.0.0.1:9", [], tmp_path, {})
