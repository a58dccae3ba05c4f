"""Kernels are forked, reached by nobody else, and end with the build that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from building import PROJECT
from running import left_alive, printed, run, write_chapter

from evidence_tools.book.execution import open_kernels

SOCKETS = """
import psutil
print([item.laddr.ip for item in psutil.Process().net_connections("inet")])
"""
# A child, one with a session of its own whose parent has ended, and a fork that never ends.
LEAVE = """
import os, subprocess, sys, time
first = subprocess.Popen(["sleep", "100"]).pid
shell = subprocess.Popen(["sh", "-c", "setsid sleep 100 & echo $!"], stdout=subprocess.PIPE)
second = int(shell.stdout.readline())
third = os.fork()
if third == 0:
    os.setsid()
    time.sleep(100)
    os._exit(0)
print(first, second, third, flush=True)
"""


def said(kernels: Any, book: Path, *code: str) -> str:
    write_chapter(book, "one", *code)
    return printed(run(kernels, book, "one")["one"])


def test_what_a_chapter_leaves_running_ends_with_the_build(tmp_path: Path) -> None:
    with open_kernels() as kernels:
        left = [int(number) for number in said(kernels, tmp_path, LEAVE).split()]
        assert len(left) == 3
    assert left_alive(left) == []


def test_a_kernel_that_dies_leaves_nothing(tmp_path: Path) -> None:
    write_chapter(tmp_path, "dying", f"{LEAVE}open('left', 'w').write(str(second))\nos._exit(1)")
    with open_kernels() as kernels:
        run(kernels, tmp_path, "dying")
    assert left_alive([int((tmp_path / "chapters" / "left").read_text("utf-8"))]) == []


def test_no_kernel_can_be_reached_from_another_machine(tmp_path: Path) -> None:
    with open_kernels() as kernels:
        # ipykernel itself listens on the loopback interface for the output of forked processes.
        assert said(kernels, tmp_path, SOCKETS).strip() in ("[]", "['127.0.0.1']")


def test_a_chapter_may_run_commands_of_the_shell(tmp_path: Path) -> None:
    with open_kernels() as kernels:
        assert said(kernels, tmp_path, "!echo first", "!echo second") == "second\n"
        assert said(kernels, tmp_path, "%%bash\necho in a cell") == "in a cell\n"


def test_ordinary_kernels_take_over_when_none_can_be_forked(tmp_path: Path) -> None:
    before = set(psutil.Process().children())
    with open_kernels() as kernels:
        for process in set(psutil.Process().children()) - before:
            process.kill()
        assert said(kernels, tmp_path, "print(6 * 7)") == "42\n"


def test_no_folder_is_left() -> None:
    with open_kernels() as kernels:
        folder = Path(kernels("python3").connection_file).parent
        assert folder.is_dir()
    assert not folder.exists()


SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from running import read, write_chapter
from evidence_tools.book.execution import open_kernels, run_chapters
from evidence_tools.book.session import end_on_signals
end_on_signals()
book = Path({book!r})
for name in "ab":
    write_chapter(book, name, f"!echo $$ > ../{{name}}; sleep 100")
with open_kernels() as kernels:
    print(Path(kernels("python3").connection_file).parent, flush=True)
    run_chapters(read(book, "a", "b"), kernels)
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_runs_on_after_the_build_was_ended(how: signal.Signals, tmp_path: Path) -> None:
    for name in "ab":
        os.mkfifo(tmp_path / name)
    script = SCRIPT.format(tests=str(PROJECT / "tests"), book=str(tmp_path))
    build = subprocess.Popen(
        [sys.executable, "-c", script], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert build.stdout is not None
    folder = Path(build.stdout.readline().strip())
    running = [int((tmp_path / name).read_text("utf-8")) for name in "ab"]  # waits for both
    started = {child.pid for child in psutil.Process(build.pid).children(recursive=True)}
    assert started >= set(running)
    os.kill(build.pid, how)
    _, errors = build.communicate(timeout=60)
    assert left_alive(started) == []
    assert not folder.exists()
    if how != signal.SIGKILL:
        assert build.returncode == 128 + how
        assert errors == "\nThe build was interrupted; the last good site stays.\n"
