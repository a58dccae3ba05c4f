"""An author sees each chapter's time while chapters run, and only where someone looks."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from conftest import PROJECT
from nbformat.v4 import new_notebook

from evidence_tools.execution.chapter import Chapter, Outcome
from evidence_tools.execution.progress import Progress


def outcome(name: str, seconds: float, reason: str = "") -> Outcome:
    return Outcome(Chapter(name, Path(f"{name}.md"), new_notebook()), seconds, reason=reason)


def test_each_chapter_has_a_line_and_the_slowest_are_summed_up() -> None:
    lines: list[str] = []
    progress = Progress(4, lines.append)
    progress.begin()
    for name, seconds in (("a", 1.0), ("b", 4.0), ("c", 2.0), ("d", 3.0)):
        progress.tell(outcome(name, seconds, "broken" if name == "c" else ""))
    progress.end(5.04)
    assert lines[0] == "running 4 chapters"
    assert lines[1].split() == ["1/4", "1.0", "s", "a"]
    assert lines[3].split() == ["3/4", "2.0", "s", "c", "failed"]
    assert lines[5] == "ran 4 of 4 chapters in 5.0 s"
    assert lines[6] == "slowest: b 4.0 s, d 3.0 s, c 2.0 s"


def test_nothing_is_said_when_nobody_listens() -> None:
    progress = Progress(1, None)
    progress.begin()
    progress.tell(outcome("a", 1.0))
    progress.end(1.0)


SCRIPT = """
import sys
sys.path.insert(0, {project!r})
from types import SimpleNamespace
from evidence_tools.book import wants_progress
print(wants_progress(SimpleNamespace(quiet={quiet})))
"""


def said(quiet: bool, terminal: bool) -> str:
    script = SCRIPT.format(project=str(PROJECT), quiet=quiet)
    command = [sys.executable, "-c", script]
    if not terminal:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stdout=theirs):
        pass
    os.close(theirs)
    text = os.read(ours, 1000).decode().strip()
    os.close(ours)
    return text


def test_progress_is_for_terminals_that_did_not_ask_for_quiet() -> None:
    assert said(quiet=False, terminal=True) == "True"
    assert said(quiet=True, terminal=True) == "False"
    assert said(quiet=False, terminal=False) == "False"
