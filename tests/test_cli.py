"""The command: each subcommand says what it did, and ends with the right code."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from building import PROJECT, TOPIC

from evidence_tools.cli import main

Capture = pytest.CaptureFixture[str]

COMMANDS = ["check", "new", "add", "audit", "diff", "release", "bundle", "publish", "verify"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a working folder with the made-up data, as an author has it."""
    shutil.copytree(TOPIC, tmp_path / "data")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: start\n", "utf-8")
    (tmp_path / "_config.yml").write_text("title: Made up\n", "utf-8")
    (tmp_path / "start.md").write_text("# Start\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_help_names_every_subcommand(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(command in said for command in COMMANDS)


def test_a_fault_of_a_table_ends_with_one_and_its_place(folder: Path, capsys: Capture) -> None:
    table = folder / "data" / "findings.csv"
    table.write_text(table.read_text("utf-8").replace("decrease", "decreese", 1), "utf-8")
    assert main(["check"]) == 1
    said = "".join(capsys.readouterr())
    assert said.count("findings.csv:") == 1
    assert "did you mean 'decrease'?" in said


def test_an_audit_reads_a_page_and_ends_with_nothing_wrong(folder: Path, capsys: Capture) -> None:
    (folder / "page.txt").write_text("The moon is far away.\n", "utf-8")
    assert main(["audit", "page.txt", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_a_page_that_is_not_there_cannot_be_audited(folder: Path, capsys: Capture) -> None:
    assert main(["audit", "no-such-page.html"]) == 2
    assert "no-such-page.html" in "".join(capsys.readouterr())


def test_the_real_report_passes_its_own_checks(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(PROJECT)
    assert main(["check"]) == 0, capsys.readouterr().out
    assert "No problems." in capsys.readouterr().out


def test_the_commands_of_the_workflow_exist() -> None:
    text = (PROJECT / ".github/workflows/report.yml").read_text("utf-8")
    jobs = yaml.safe_load(text)["jobs"].values()
    lines = "\n".join(step.get("run", "") for job in jobs for step in job["steps"])
    targets = re.findall(r"(?m)^([a-z-]+):", (PROJECT / "Makefile").read_text("utf-8"))
    assert set(re.findall(r"\bmake ([a-z-]+)", lines)) <= set(targets)
    assert set(re.findall(r"\bevidence ([a-z]+)", lines)) <= set(COMMANDS)
    assert all((PROJECT / script).is_file() for script in re.findall(r"(?m)^\.ci/\w+", lines))
