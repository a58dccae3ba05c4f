"""The command `evidence`: what it prints, and with which code it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT
from releases import commit, edit_table, repository, row_of, small_site, tree

from evidence_tools.cli import COMMANDS, DONE, FOUND, UNABLE, main
from evidence_tools.history.difference import compare
from evidence_tools.history.revisions import load_revision

EPOCH = "1796083200"  # 2026-12-01


@pytest.fixture(autouse=True)
def day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repo = repository(tmp_path_factory.mktemp("repo"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", EPOCH)
        assert main(["release", "1.0.0", "--folder", str(repo)]) == DONE
    commit(repo)

    def change(rows: list[dict[str, str]]) -> None:
        row = row_of(rows, "zhang2025-oc")
        row["estimate"], row["as_printed"] = "1.87", "OC; MD 1.87, 95% CI 1.17-2.56"

    edit_table(repo / "data/findings.csv", change)
    commit(repo)
    return repo


def test_every_command_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == DONE
    told = capsys.readouterr().out
    for command in COMMANDS:
        assert command.summary in told


def test_an_unknown_command_is_a_use_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["relase"])
    assert ended.value.code == UNABLE
    assert "invalid choice" in capsys.readouterr().err


def test_diff_compares_a_release_with_the_files_here(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", "1.0.0", "--folder", str(repo)]) == DONE
    told = capsys.readouterr().out
    assert "1.0.0 -> working files" in told
    assert "1 finding changed" in told
    assert "estimate 1.86 → 1.87" in told


def test_a_reader_who_stops_after_the_first_lines_causes_no_complaint(repo: Path) -> None:
    command = [sys.executable, "-m", "evidence_tools.cli", "diff", "1.0.0", "--folder", str(repo)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
    assert (told, process.returncode) == (b"", 141)


def test_diff_says_explicitly_that_no_finding_changed(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", "HEAD", "HEAD", "--folder", str(repo)]) == DONE
    assert "No finding changed." in capsys.readouterr().out


def test_diff_as_json_is_what_was_computed(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "1.0.0", "HEAD", "--format", "json", "--folder", str(repo)]) == DONE
    told = json.loads(capsys.readouterr().out)
    computed = compare(load_revision(repo, "1.0.0"), load_revision(repo, "HEAD"))
    assert told == json.loads(json.dumps(computed.to_json()))


def test_diff_as_markdown_has_a_heading_for_each_kind(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", "1.0.0", "HEAD", "--format", "markdown", "--folder", str(repo)]) == DONE
    assert "### Finding changed\n" in capsys.readouterr().out


def test_an_unknown_version_ends_with_two_and_no_traceback(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", "7.0.0", "--folder", str(repo)]) == UNABLE
    told = capsys.readouterr().err
    assert told.startswith("evidence diff: '7.0.0' is no released version")
    assert "Traceback" not in told


def test_a_dry_run_shows_all_and_writes_nothing(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(repo)
    assert main(["release", "1.1.0", "--dry-run", "--folder", str(repo)]) == DONE
    told = capsys.readouterr().out
    for part in ("data/releases/1.1.0.json", "## 1.1.0 (2026-12-01)", "1.86 → 1.87", "git tag"):
        assert part in told
    assert tree(repo) == before


def test_a_refused_release_lists_why_and_ends_with_one(
    repo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["release", "1.0.0", "--folder", str(repo)]) == FOUND
    assert "version 1.0.0 is not greater than 1.0.0" in capsys.readouterr().err


def test_publish_and_verify_a_site_and_name_one_changed_byte(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site"
    for version in ("1.0.0", "1.1.0"):
        build = small_site(tmp_path / version, version)
        assert main(["publish", str(site), "--build", str(build)]) == DONE
    assert main(["verify", str(site)]) == DONE
    page = site / "v/1.0.0/answer.html"
    page.write_bytes(page.read_bytes().replace(b"one", b"0ne"))
    capsys.readouterr()
    assert main(["verify", str(site)]) == FOUND
    told = capsys.readouterr().out
    assert f"{site}/v/1.0.0/answer.html: differs" in told
    assert f"{site}/v/1.1.0: version 1.1.0, all " in told


def test_publishing_without_a_build_says_to_build_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "_build/html").mkdir(parents=True)
    assert main(["publish", str(tmp_path / "site"), "--folder", str(tmp_path)]) == UNABLE
    assert "build the report first" in capsys.readouterr().err


def test_a_file_in_the_way_is_an_error_with_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build = small_site(tmp_path / "build", "1.0.0")
    (tmp_path / "site").write_text("", "utf-8")
    assert main(["publish", str(tmp_path / "site"), "--build", str(build)]) == UNABLE
    assert str(tmp_path / "site") in capsys.readouterr().err


def test_the_command_starts_without_loading_what_only_the_book_needs() -> None:
    script = (
        "import sys, evidence_tools.cli as cli\n"
        "try: cli.main(['diff', '--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'sphinx', 'frictionless', 'altair', 'rocrate'} & set(sys.modules)))\n"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert result.stdout.splitlines()[-1] == "[]"


def test_the_project_declares_the_command() -> None:
    import tomllib

    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["scripts"] == {"evidence": "evidence_tools.cli:main"}
