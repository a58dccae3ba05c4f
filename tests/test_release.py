"""A release is one commit's worth of files, made on a clean tree; git undoes the rest."""

from __future__ import annotations

import re
import shlex
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import Mock, patch

import pytest
from releasing import change_cell, commit, git, make_book, make_release

from evidence_tools.book import layout
from evidence_tools.releases.manifest import ReleaseError, Stamp, read_stamp, write_whole
from evidence_tools.releases.release import release

REPORT = {"name": "book", "title": "A & B", "authors": ["One; Two", "Three"], "language": "en"}
STAMP = Stamp("1.0.0", "2026-11-27", "abcdef0123456789", False, True)
RELEASED = ["CHANGELOG.md", "CITATION.cff", "data/releases/1.0.0.json", "pyproject.toml"]

pytestmark = pytest.mark.usefixtures("day")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return make_book(tmp_path / "book")


def test_a_release_stages_its_files_and_nothing_else(book: Path) -> None:
    said = release(book, "1.0.0")
    staged = git(book, "diff", "--cached", "--name-only").split()
    assert staged == RELEASED
    assert 'git tag -a v1.0.0 -m "Version 1.0.0"' in said
    assert 'version = "1.0.0"' in (book / "pyproject.toml").read_text()
    cited = "title: Book\nversion: 1.0.0\ndate-released: 2026-11-27\n"
    assert (book / "CITATION.cff").read_text() == cited


def test_the_change_log_has_the_evidence_and_another_file_the_wording(book: Path) -> None:
    make_release(book, "1.0.0")
    change_cell(book, "findings", "larkin2024-som", "locator", "Abstract")
    change_cell(book, "findings", "larkin2024-som", "note", "a *new* note")
    commit(book)
    make_release(book, "1.1.0")
    log = (book / "CHANGELOG.md").read_text()
    assert "Rows of findings: 1 changed." in log
    assert "*new*" not in log
    assert "By hand: a word." in log
    assert log.index("## Unreleased") < log.index("## 1.1.0") < log.index("## 1.0.0")
    assert r"a \*new\* note" in (book / "data/releases/1.1.0-wording.md").read_text()


@pytest.mark.parametrize(
    "version", ["0.1.0", "0.0.9", "1.0", "1.0.0-a", "1.0.\u0661", "01.0.0", "1.0.0\n"]
)
def test_what_is_no_greater_version_is_refused(book: Path, version: str) -> None:
    with pytest.raises(ReleaseError, match=r"not greater|three numbers"):
        release(book, version)


def test_files_that_are_not_committed_forbid_a_release(book: Path) -> None:
    (book / "chapters/new.md").write_text("# New\n")
    with pytest.raises(ReleaseError, match=r"chapters/new\.md") as refused:
        release(book, "1.0.0")
    assert "git restore" not in str(refused.value)


def test_all_that_forbids_a_release_is_said_at_once(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1895780000")
    with pytest.raises(ReleaseError) as refused:
        release(book, "0.1.0")
    for words in ("not greater than 0.1.0", "[integrity]", "days ago; at most 180 are allowed"):
        assert words in str(refused.value)


def test_a_file_that_cannot_be_written_names_how_to_undo(book: Path) -> None:
    (book / ".CITATION.cff.part").mkdir()
    with pytest.raises(ReleaseError) as refused:
        release(book, "1.0.0")
    (book / ".CITATION.cff.part").rmdir()
    undo(book, str(refused.value))


def test_a_file_that_cannot_be_put_in_place_leaves_no_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "file" / "inside").mkdir(parents=True)
    with pytest.raises(OSError):
        write_whole(tmp_path / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("staged", [0, 4])
def test_an_interrupted_release_is_refused_and_undone_as_the_message_says(
    book: Path, staged: int
) -> None:
    make_release(book, "1.0.0")
    release(book, "2.0.0")
    git(book, "reset", "--quiet", "--", *RELEASED[staged:])
    (book / ".CHANGELOG.md.part").write_text("half")
    with pytest.raises(ReleaseError, match="not committed") as refused:
        release(book, "2.0.0")
    undo(book, str(refused.value))
    make_release(book, "2.0.0")


def undo(book: Path, message: str) -> None:
    commands = re.findall(r"(?m)^  (git .*)$", message)
    assert commands
    for command in commands:
        subprocess.run(shlex.split(command), cwd=book, check=True, capture_output=True)
    assert git(book, "status", "--porcelain") == ""


def test_a_stamp_knows_version_day_and_commit(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamp = read_stamp(book)
    assert stamp.commit == git(book, "rev-parse", "HEAD").strip()
    assert stamp.text == f"Version 0.1.0, 2026-11-27, commit {stamp.commit[:10]}"
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    seconds = int(git(book, "log", "-1", "--format=%ct"))
    assert read_stamp(book).date == str(datetime.fromtimestamp(seconds, UTC).date())


def test_only_the_tagged_commit_of_the_release_alone_counts_as_released(book: Path) -> None:
    release(book, "1.0.0")
    (book / "chapters/answer.md").write_text("# Answer\n\nMore.\n")
    commit(book)
    git(book, "tag", "-a", "v1.0.0", "--message", "With another change")
    assert not read_stamp(book).modified and not read_stamp(book).released
    assert not read_stamp(book, is_draft=True).commit
    release(book, "2.0.0")
    commit(book)
    assert not read_stamp(book).released
    git(book, "tag", "-a", "v2.0.0", "--message", "Version 2.0.0")
    assert read_stamp(book).released
    (book / "chapters/answer.md").write_text("# Answer\n\nAnother.\n")
    assert not read_stamp(book).released
    commit(book)
    assert not read_stamp(book).released


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("chapters/new.md", True),
        ("data/new.csv", True),
        ("chapters/.ipynb_checkpoints/new.md", False),
    ],
)
def test_a_new_chapter_or_table_counts_as_modified_even_if_git_ignores_it(
    book: Path, name: str, counts: bool
) -> None:
    (book / ".git/info/exclude").write_text("new.*\n")
    assert not read_stamp(book).modified
    (book / name).parent.mkdir(exist_ok=True)
    (book / name).write_text("# New\n")
    assert read_stamp(book).modified is counts


def test_an_environment_that_names_another_repository_stamps_no_foreign_commit(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_book(tmp_path / "other")
    (other / "README.md").write_text("another commit")
    commit(other)
    own = git(book, "rev-parse", "HEAD").strip()
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    assert (read_stamp(book).commit, read_stamp(book).modified) == (own, False)


@pytest.mark.parametrize("ignored", [False, True])
def test_an_archive_inside_another_repository_has_no_commit(
    book: Path, tmp_path: Path, ignored: bool
) -> None:
    other = make_book(tmp_path / "other")
    (other / ".git/info/exclude").write_text("inside\n" if ignored else "")
    (book / ".git").rename(tmp_path / "git")
    book.rename(other / "inside")
    stamp = read_stamp(other / "inside")
    assert (stamp.commit, stamp.released) == ("", False)
    assert stamp.text.endswith("no commit")
    with pytest.raises(ReleaseError, match="git checkout"):
        release(other / "inside", "1.0.0")


def test_a_book_in_a_folder_of_its_repository_is_known(tmp_path: Path) -> None:
    book = make_book(tmp_path / "all" / "book")
    (book / ".git").rename(tmp_path / "all" / ".git")
    commit(tmp_path / "all")
    assert not read_stamp(book).modified
    (tmp_path / "all" / "elsewhere.txt").write_text("x")
    assert not read_stamp(book).modified
    make_release(book, "1.0.0")
    assert read_stamp(book).released


CITED = [
    ("txt", "A & B", "One; Two; Three. A & B. Version 1.0.0, 2026-11-27. https://a.org/v/1.0.0/"),
    ("bib", "50% of A\n& B", 'and {Three}",\n    title = "{50\\% of A \\& B}"'),
    ("ris", "A\r\nER  - ", "\r\nTI  - A ER -\r\nPY  - 2026\r\n"),
]


@pytest.mark.parametrize(("form", "title", "says"), CITED)
def test_a_citation_escapes_what_its_format_would_read(form: str, title: str, says: str) -> None:
    app = Mock(evidence_stamp=STAMP, **{"config.html_baseurl": "https://a.org"})
    with patch.object(layout, "report_of", lambda _: REPORT | {"title": title}):
        assert says in layout.cite(app, form)
