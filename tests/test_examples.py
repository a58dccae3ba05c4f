import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
from building import PROJECT
from conftest import copy_book

import evidence_tools
from evidence_tools import Evidence, load_evidence

MODULES = [m.name for m in pkgutil.walk_packages(evidence_tools.__path__, "evidence_tools.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docstrings_show_what_happens(name: str, topic: Evidence) -> None:
    module = importlib.import_module(name)
    assert doctest.testmod(module, extraglobs={"load_evidence": load_evidence}).failed == 0


def test_the_tour_runs_and_shows_how_a_wrong_digit_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(PROJECT)
    tour = (PROJECT / "docs/tour.md").read_text(encoding="utf-8")
    cells = re.findall(r"```\{code-cell\} ipython3\n(.*?)```", tour, re.DOTALL)
    exec("\n".join(cells), {})  # noqa: S102
    said = capsys.readouterr().out
    assert "findings.csv:" in said
    assert "1.68" in said


LAB = """
import asyncio
from traitlets.config.loader import PyFileConfigLoader
settings, name = PyFileConfigLoader("docs/lab.py").load_config(), "chapters/answer.md"
chapters = settings.ServerApp.contents_manager_class()
opened = asyncio.run(chapters.get(name))
open(name, "w").close()
asyncio.run(chapters.save(opened, name))
print(opened["content"]["metadata"]["language_info"]["name"])
"""


def test_jupyterlab_adds_the_language_to_a_chapter_and_saves_it_without(tmp_path: Path) -> None:
    chapter = copy_book(tmp_path) / "chapters" / "answer.md"
    text = chapter.read_text("utf-8")
    # What is imported in a test changes what kernels of later tests begin with.
    command = [sys.executable, "-c", LAB]
    assert subprocess.check_output(command, cwd=tmp_path, text=True) == "python\n"
    assert chapter.read_text("utf-8") == text
