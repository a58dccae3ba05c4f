from __future__ import annotations

import asyncio
import doctest
import importlib
import pkgutil
import re
import shutil
from pathlib import Path

import pytest
from building import PROJECT
from traitlets.config.loader import PyFileConfigLoader

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


def test_jupyterlab_adds_the_language_to_a_chapter_and_saves_it_without(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    chapter = Path(shutil.copytree(PROJECT / "chapters", tmp_path / "chapters")) / "answer.md"
    settings = PyFileConfigLoader("lab.py", str(PROJECT / "docs")).load_config()
    lab = settings.ServerApp.contents_manager_class(root_dir=str(tmp_path))
    opened = asyncio.run(lab.get("chapters/answer.md"))
    assert opened["content"]["metadata"]["language_info"]["name"] == "python"
    chapter.write_text("")
    asyncio.run(lab.save(opened, "chapters/answer.md"))
    assert chapter.read_text("utf-8") == (PROJECT / "chapters/answer.md").read_text("utf-8")
