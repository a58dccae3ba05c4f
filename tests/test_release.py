"""A release checks first, then writes all its files or none, and is proved on three releases."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
from releases import Row, commit, edit_table, git, repository, row_of, tree

from evidence_tools import load_evidence
from evidence_tools.history import journal
from evidence_tools.history.difference import ChangeKind, compare
from evidence_tools.history.gate import stale_sources
from evidence_tools.history.release import (
    make_release,
    plan_release,
    release_day,
    set_project_version,
)
from evidence_tools.history.revisions import load_release, load_revision, released_versions
from evidence_tools.history.summary import counts_text
from evidence_tools.storage import HistoryError, exclusive

DAY = date(2026, 12, 1)
RELEASE = (
    "import sys; from datetime import date; from pathlib import Path\n"
    "from evidence_tools.history.release import make_release\n"
    "plan = make_release(Path(sys.argv[1]), sys.argv[2], date(2026, 12, 1))\n"
    "assert not plan.problems, plan.problems\n"
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repository(tmp_path_factory.mktemp("original"))


@pytest.fixture
def repo(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "repo", symlinks=True))


@pytest.fixture(scope="module")
def released(original: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three releases; the second changes, adds, retracts and lowers, the third changes nothing."""
    repo = Path(shutil.copytree(original, tmp_path_factory.mktemp("released") / "repo"))
    release(repo, "1.0.0")
    edit_table(repo / "data/findings.csv", change_and_add)
    edit_table(repo / "data/sources.csv", retract)
    edit_table(repo / "data/certainty.csv", lower)
    commit(repo)
    release(repo, "1.1.0")
    release(repo, "1.1.1")
    return repo


def release(repo: Path, version: str) -> None:
    plan = make_release(repo, version, DAY)
    assert plan.problems == ()
    commit(repo)


def change_and_add(rows: list[Row]) -> None:
    changed = row_of(rows, "zhang2025-oc")
    changed["estimate"], changed["as_printed"] = "1.87", "OC; MD 1.87, 95% CI 1.17-2.56"
    rows.append({**row_of(rows, "zhang2025-ntx"), "finding_id": "zhang2025-pinp"})
    rows[-1]["outcome_id"] = "pinp"


def retract(rows: list[Row]) -> None:
    row_of(rows, "ma2022")["integrity"] = "retracted"


def lower(rows: list[Row]) -> None:
    for row in rows:
        if row["outcome_id"] == "ctx" and row["judgement"] == "no concern":
            row["judgement"] = "serious"


def test_the_first_release_writes_its_four_files_and_nothing_else(repo: Path) -> None:
    before = tree(repo)
    plan = make_release(repo, "1.0.0", DAY)
    assert plan.problems == ()
    after = tree(repo)
    changed = {name for name in after if before.get(name) != after[name]}
    assert changed == {
        "CHANGELOG.md",
        "CITATION.cff",
        "data/releases/1.0.0.json",
        "pyproject.toml",
    }
    project = tomllib.loads(after["pyproject.toml"].decode())
    assert project["project"]["version"] == "1.0.0"
    assert b"version: 1.0.0\ndate-released: 2026-12-01\n" in after["CITATION.cff"]
    assert "## 1.0.0 (2026-12-01)" in after["CHANGELOG.md"].decode()
    assert set(git(repo, "diff", "--cached", "--name-only").split()) == changed


def test_the_snapshot_equals_the_released_files(released: Path) -> None:
    assert released_versions(released / "data") == ["1.0.0", "1.1.0", "1.1.1"]
    snapshot = load_release(released / "data", "1.1.1")
    assert compare(snapshot, load_revision(released, ".")).changes == ()


def test_the_second_release_tells_exactly_what_was_done(released: Path) -> None:
    data = released / "data"
    difference = compare(load_release(data, "1.0.0"), load_release(data, "1.1.0"))
    told = {(c.kind, c.key, c.field) for c in difference.changes}
    told -= {item for item in told if item[0] is ChangeKind.WORDING_CHANGED}
    assert told == {
        (ChangeKind.FINDING_ADDED, "zhang2025-pinp", ""),
        (ChangeKind.FINDING_CHANGED, "zhang2025-oc", "estimate"),
        (ChangeKind.FINDING_CHANGED, "zhang2025-oc", "as_printed"),
        (ChangeKind.CERTAINTY_LOWERED, "ctx", ""),
        (ChangeKind.JUDGEMENT_CHANGED, "ctx", "indirectness"),
        (ChangeKind.JUDGEMENT_CHANGED, "ctx", "imprecision"),
        (ChangeKind.INTEGRITY_CHANGED, "ma2022", "integrity"),
    }
    assert counts_text(difference).startswith(
        "1 finding added, 1 finding changed, 1 certainty lowered, 2 judgements changed, "
        "1 integrity status changed, "
    )
    log = (released / "CHANGELOG.md").read_text("utf-8")
    assert "estimate 1.86 → 1.87" in log
    assert "integrity none known → retracted" in log


def test_a_release_without_changes_says_that_no_finding_changed(released: Path) -> None:
    log = (released / "CHANGELOG.md").read_text("utf-8")
    newest = log[log.index("## 1.1.1") : log.index("## 1.1.0")]
    assert "Compared with 1.1.0: No finding changed." in newest


def test_versions_files_folders_and_revisions_name_the_same_state(released: Path) -> None:
    git(released, "tag", "v1.1.1")
    first = load_revision(released, "1.1.1")
    for name in ("v1.1.1", "data/releases/1.1.1.json", "HEAD", str(released)):
        assert compare(first, load_revision(released, name)).changes == (), name
    assert load_revision(released, "HEAD~2").findings["zhang2025-oc"]["estimate"] == "1.87"


@pytest.mark.parametrize("name", ["9.9.9", "nothing", "--output=x", "", "HEAD:data", "../x"])
def test_an_unknown_version_names_those_there_are(released: Path, name: str) -> None:
    with pytest.raises(HistoryError, match=r"released: 1\.0\.0, 1\.1\.0, 1\.1\.1") as caught:
        load_revision(released, name or "no such")
    assert "Traceback" not in str(caught.value)


def test_a_revision_whose_tables_break_todays_rules_is_named(repo: Path) -> None:
    edit_table(repo / "data/findings.csv", lambda rows: rows[0].update(estimate="many"))
    commit(repo)
    with pytest.raises(HistoryError, match="'HEAD': the tables of this revision do not fit"):
        load_revision(repo, "HEAD")


def test_a_truncated_snapshot_stops_a_comparison(repo: Path) -> None:
    release(repo, "1.0.0")
    path = repo / "data/releases/1.0.0.json"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(HistoryError, match=r"1\.0\.0\.json: damaged or truncated"):
        load_revision(repo, "1.0.0")


def test_a_snapshot_under_the_name_of_another_version_is_refused(repo: Path) -> None:
    release(repo, "1.0.0")
    folder = repo / "data/releases"
    (folder / "1.0.0.json").rename(folder / "1.0.1.json")
    with pytest.raises(HistoryError, match=r"holds the snapshot of version '1\.0\.0'"):
        load_release(repo / "data", "1.0.1")


def test_changed_and_new_files_forbid_a_release(repo: Path) -> None:
    (repo / "chapters/answer.md").write_text("changed", "utf-8")
    (repo / "chapters/new.md").write_text("new", "utf-8")
    before = tree(repo)
    plan = make_release(repo, "1.0.0", DAY)
    assert {
        "not committed: chapters/answer.md",
        "not committed: chapters/new.md",
    } <= set(plan.problems)
    assert tree(repo) == before


@pytest.mark.parametrize("version", ["0.1.0", "0.0.9"])
def test_a_version_must_be_greater(repo: Path, version: str) -> None:
    plan = plan_release(repo, version, DAY)
    assert plan.problems == (f"version {version} is not greater than 0.1.0",)


def test_versions_are_compared_as_numbers(released: Path) -> None:
    assert plan_release(released, "1.1.10", DAY).problems == ()
    assert (
        "version 1.1.0 is not greater than 1.1.0" in plan_release(released, "1.1.0", DAY).problems
    )


@pytest.mark.parametrize("version", ["1.0", "v1.0.0", "1.0.0rc1", "01.0.0", "1.0.0\n", "../1.0.0"])
def test_what_is_no_version_is_refused(repo: Path, version: str) -> None:
    with pytest.raises(HistoryError, match="is no version"):
        plan_release(repo, version, DAY)


def test_broken_tables_forbid_a_release_with_every_problem(repo: Path) -> None:
    def spoil(rows: list[Row]) -> None:
        rows[0]["estimate"] = "9"
        rows[1]["ci_lower"] = "many"

    edit_table(repo / "data/findings.csv", spoil)
    commit(repo)
    problems = plan_release(repo, "1.0.0", DAY).problems
    assert any("findings.csv:2" in problem for problem in problems)
    assert any("findings.csv:3" in problem for problem in problems)


def test_stale_look_ups_of_integrity_forbid_a_release(repo: Path) -> None:
    problems = plan_release(repo, "1.0.0", date(2028, 1, 1)).problems
    assert len(problems) == len(load_evidence(repo / "data").sources)
    assert "days ago; at most 180 are allowed" in problems[0]


def test_a_look_up_counts_for_the_declared_days_and_not_one_more(repo: Path) -> None:
    evidence = load_evidence(repo / "data")
    checked = max(source.integrity_checked for source in evidence.sources.values())
    newest = [s for s in evidence.sources.values() if s.integrity_checked == checked]
    on_time, late = (date.fromordinal(checked.toordinal() + days) for days in (30, 31))
    assert not [p for p in stale_sources(evidence, on_time, 30) if newest[0].source_id in p]
    assert [p for p in stale_sources(evidence, late, 30) if f"{newest[0].source_id} was" in p]
    early = date.fromordinal(checked.toordinal() - 1)
    assert "after the day of the release" in stale_sources(evidence, early, 30)[-1]


def test_a_folder_outside_git_cannot_release(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="in a git checkout"):
        plan_release(tmp_path, "1.0.0", DAY)


def test_a_second_release_at_the_same_time_is_refused(repo: Path) -> None:
    with (
        exclusive(repo / ".git", "release"),
        pytest.raises(HistoryError, match="another release is running"),
    ):
        make_release(repo, "1.0.0", DAY)


def test_planning_writes_nothing(repo: Path) -> None:
    before = tree(repo)
    plan = plan_release(repo, "1.0.0", DAY)
    assert "First release" in plan.section
    assert tree(repo) == before
    assert git(repo, "status", "--porcelain") == ""


def test_a_path_that_cannot_be_written_leaves_the_tree_as_it_was(repo: Path) -> None:
    (repo / "data/releases").write_text("a file where a folder is needed", "utf-8")
    commit(repo)
    before = tree(repo)
    with pytest.raises(OSError, match="releases"):
        make_release(repo, "1.0.0", DAY)
    assert tree(repo) == before
    assert git(repo, "status", "--porcelain") == ""


def test_a_full_disk_leaves_the_tree_as_it_was(repo: Path) -> None:
    before = tree(repo)
    script = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))\n" + RELEASE
    )
    command = [sys.executable, "-c", script, str(repo), "1.0.0"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert "OSError" in result.stderr
    assert tree(repo) == before
    assert git(repo, "status", "--porcelain") == ""


def test_a_release_killed_between_any_two_files_is_put_back_by_the_next(repo: Path) -> None:
    """Change files together, killed before each rename in turn; undo brings every byte back."""
    files = {"CITATION.cff": b"new", "CHANGELOG.md": b"new", "data/releases/1.0.0.json": b"new"}
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from evidence_tools.history.journal import change_together\n"
        "left = int(sys.argv[2])\n"
        "def guard(name, event):\n"
        "    global left\n"
        "    if name == 'os.rename':\n"
        "        left -= 1\n"
        "        if left < 0: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.addaudithook(guard)\n"
        "repo = Path(sys.argv[1])\n"
        f"change_together(repo, {files!r}, repo / '.git' / 'evidence-release.json')\n"
    )
    before, kept = tree(repo), repo / ".git" / journal.NAME
    codes = []
    for steps in range(6):
        result = subprocess.run([sys.executable, "-c", script, str(repo), str(steps)])
        codes.append(result.returncode)
        changed = tree(repo)
        if steps == 3:
            assert changed["CITATION.cff"] == b"new"
        journal.undo(repo, kept)
        assert tree(repo) == before
        assert not kept.exists()
    assert codes == [-signal.SIGKILL] * 4 + [0, 0]


def test_the_next_release_starts_from_the_tree_as_it_was(repo: Path) -> None:
    kept = repo / ".git" / journal.NAME
    journal.change_together(repo, {"CITATION.cff": b"half done"}, kept)
    assert make_release(repo, "1.0.0", DAY).problems == ()
    assert b"half done" not in (repo / "CITATION.cff").read_bytes()
    assert not kept.exists()


def test_a_release_that_was_committed_although_interrupted_stays(repo: Path) -> None:
    kept = repo / ".git" / journal.NAME
    plan = make_release(repo, "1.0.0", DAY)
    git(repo, "reset", "--hard", "--quiet")
    journal.change_together(repo, plan.files, kept)  # as if killed before the last step
    commit(repo)
    assert make_release(repo, "1.1.0", DAY).problems == ()
    assert released_versions(repo / "data") == ["1.0.0", "1.1.0"]
    assert not kept.exists()


def test_any_damaged_snapshot_forbids_a_release(released: Path, tmp_path: Path) -> None:
    repo = Path(shutil.copytree(released, tmp_path / "repo"))
    path = repo / "data/releases/1.0.0.json"
    path.write_bytes(path.read_bytes().replace(b'"1.86"', b'"1.85"'))
    commit(repo)
    with pytest.raises(HistoryError, match=r"1\.0\.0\.json: the snapshot was changed"):
        plan_release(repo, "2.0.0", DAY)


def test_an_edit_made_after_an_interruption_is_kept(repo: Path) -> None:
    kept = repo / ".git" / journal.NAME
    journal.change_together(repo, {"CITATION.cff": b"half", "CHANGELOG.md": b"half"}, kept)
    (repo / "CITATION.cff").write_bytes(b"edited since")
    journal.undo(repo, kept)
    assert (repo / "CITATION.cff").read_bytes() == b"edited since"
    assert (repo / "CHANGELOG.md").read_bytes() != b"half"


def test_a_polite_end_in_the_middle_puts_everything_back(repo: Path) -> None:
    before = tree(repo)
    script = (
        "import os, signal, sys\n"
        "from evidence_tools.cli import main\n"
        "def guard(name, event):\n"
        "    if name == 'os.rename' and str(event[1]).endswith('CHANGELOG.md'):\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "sys.addaudithook(guard)\n"
        "sys.exit(main(['release', '1.0.0', '--folder', sys.argv[1]]))\n"
    )
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1796083200"}
    command = [sys.executable, "-c", script, str(repo)]
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.returncode == 130, result.stderr
    assert "interrupted" in result.stderr
    assert tree(repo) == before
    assert git(repo, "status", "--porcelain") == ""


def test_only_the_version_of_the_project_is_set() -> None:
    text = '[tool.x]\nversion = "9"\n\n[project]\nname = "a"\nversion = "0.1.0"\n\n[tool.y]\n'
    changed = set_project_version(text, "1.0.0")
    assert changed == text.replace('"0.1.0"', '"1.0.0"')


@pytest.mark.parametrize(
    "text", ['[project]\nversion = "1"\n"version" = "2"', '[project]\nversion = """1"""\n']
)
def test_a_version_line_in_doubt_is_refused(text: str) -> None:
    with pytest.raises((HistoryError, tomllib.TOMLDecodeError)):
        set_project_version(text, "1.0.0")


def test_the_day_of_a_release_honours_the_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert release_day() == date(1970, 1, 2)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    with pytest.raises(HistoryError, match="seconds since 1970 needed"):
        release_day()
