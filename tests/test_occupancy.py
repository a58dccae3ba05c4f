"""One build at a time in a folder, and one that was killed leaves no trace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from conftest import PROJECT

from evidence_tools.execution.occupancy import Occupancy

HOLD = """
import sys, time
sys.path.insert(0, {project!r})
from pathlib import Path
from evidence_tools.execution.occupancy import Occupancy
occupancy = Occupancy(Path({folder!r}), print)
occupancy.begin()
print("begun", flush=True)
time.sleep(60)
"""


def test_a_second_build_waits_and_says_for_whom(tmp_path: Path) -> None:
    first = Occupancy(tmp_path, print)
    said: list[str] = []
    second: list[Occupancy] = []
    thread = threading.Thread(target=lambda: second.append(Occupancy(tmp_path, said.append)))
    thread.start()
    time.sleep(0.4)
    assert not second
    first.release()
    thread.join(10)
    assert len(second) == 1
    second[0].release()
    assert len(said) == 1
    assert f"another build of this folder is running (process {os.getpid()})" in said[0]


def test_a_build_that_was_killed_holds_no_lock_but_is_noticed(tmp_path: Path) -> None:
    script = HOLD.format(project=str(PROJECT), folder=str(tmp_path))
    build = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert build.stdout is not None
    assert build.stdout.readline() == b"begun\n"
    build.kill()
    build.wait()
    following = Occupancy(tmp_path, print)
    assert following.begin()
    following.finish()
    following.release()


def test_after_a_build_that_ended_well_nothing_is_noticed(tmp_path: Path) -> None:
    build = Occupancy(tmp_path, print)
    assert not build.begin()
    build.finish()
    build.release()
    following = Occupancy(tmp_path, print)
    assert not following.begin()
    following.release()


def test_only_temporary_folders_of_builds_are_removed(tmp_path: Path) -> None:
    ours = Path(tempfile.mkdtemp(prefix="evidence-"))
    foreign = Path(tempfile.mkdtemp(prefix="foreign-"))
    elsewhere = tmp_path / "evidence-elsewhere"
    elsewhere.mkdir()
    names = [str(path) for path in (ours, foreign, elsewhere)]
    (tmp_path / "unfinished.json").write_text(json.dumps({"folders": names}), encoding="utf-8")
    build = Occupancy(tmp_path, print)
    assert build.begin()
    build.release()
    assert [path.exists() for path in (ours, foreign, elsewhere)] == [False, True, True]
    foreign.rmdir()


def test_a_note_that_cannot_be_read_does_not_stop_a_build(tmp_path: Path) -> None:
    (tmp_path / "unfinished.json").write_text("{", encoding="utf-8")
    build = Occupancy(tmp_path, print)
    assert build.begin()
    build.release()
