"""What a release keeps of the evidence, and what changed between two states of it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from releasing import change_cell, commit, git, make_book, make_release

from evidence_tools.evidence.model import load_evidence
from evidence_tools.releases.difference import (
    EVIDENCE,
    WORDING,
    change_lines,
    diff,
    find_changes,
    load_state,
    narrate_releases,
    read_releases,
    summary_lines,
)
from evidence_tools.releases.manifest import ReleaseError

pytestmark = pytest.mark.usefixtures("day")
NOTHING = "No row, rating or integrity status changed."


@pytest.fixture(scope="module")
def first(day: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    book = make_book(tmp_path_factory.mktemp("first") / "book")
    make_release(book, "1.0.0")
    return book


@pytest.fixture
def released(first: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(first, tmp_path / "released"))


def test_a_snapshot_holds_cells_as_in_their_files_and_what_is_concluded(released: Path) -> None:
    state = read_releases(released / "data")["1.0.0"]
    row = state["tables"]["findings"]["larkin2024-som"]
    assert (row["estimate"], row["ci_upper"]) == ("1.86", "2.56")
    assert "som risk_of_bias" in state["tables"]["certainty"]
    assert "One sentence." in state["pages"]["answer"]
    rating = state["tables"]["ratings"]["som"]
    assert (rating["rating"], rating["central_source"]) == ("at most low", "increase")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("1.0.0", b'{"version": "1.0', "no whole snapshot"),
        ("1.0.0", b'{"version": "1.0.0"}', "no whole snapshot"),
        ("1.\u0661.0", b"{}", "three numbers"),
    ],
)
def test_a_damaged_or_wrong_snapshot_is_refused(
    released: Path, name: str, content: bytes, said: str
) -> None:
    (released / f"data/releases/{name}.json").write_bytes(content)
    with pytest.raises(ReleaseError, match=said):
        read_releases(released / "data")


CHANGES = {
    "a number": (
        [("findings", "larkin2024-som", "locator", "Abstract")],
        ["Rows of findings: 1 changed."],
        ["findings: Somnin, Larkin 2024 (larkin2024-som): locator Abstract, Results → Abstract"],
    ),
    "a direction": (
        [
            ("findings", "larkin2024-dor", "direction", "increase"),
            ("findings", "larkin2024-dor", "statistically_significant", "yes"),
        ],
        ["Direction of a result: no significant change → increase: Dormine, Larkin 2024."],
        ["ratings: Dormine (dor): central source no_significant_change → increase"],
    ),
    "a note": ([("findings", "larkin2024-som", "note", "a new note")], [NOTHING], []),
    "integrity": (
        [
            ("sources", "larkin2024", "integrity_checked", "2026-11-20"),
            ("sources", "moss2021", "integrity", "adjusted"),
        ],
        ["Integrity: none known → adjusted: Moss 2021.", "Integrity looked up again: 1."],
        ["sources: Moss 2021 (moss2021): integrity none_known → adjusted"],
    ),
    "a row": (
        [("harms", "fern2019-more", "harm_id", "fern2019-worse")],
        ["Rows of harms: 1 added, 1 removed."],
        [],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_the_evidence_is_in_the_summary_and_in_its_line(
    released: Path, name: str
) -> None:
    cells, summary, lines = CHANGES[name]
    for cell in cells:
        change_cell(released, *cell)
    changes = find_changes(load_state(released, "1.0.0"), load_state(released, "."))
    assert {*summary} <= {*summary_lines(changes)}
    assert {*lines} <= {*change_lines(changes, EVIDENCE)}
    assert any(change_lines(changes, WORDING)) is (name == "a note")


def test_the_lines_of_a_chapter_are_wording(released: Path) -> None:
    (released / "chapters/answer.md").write_text("# Answer\n\nAnother sentence.\n")
    said = diff(released, "1.0.0")
    assert NOTHING in said
    assert "answer: line One sentence. → Another sentence." in said


def test_what_an_old_snapshot_did_not_conclude_is_no_change_of_a_conclusion(released: Path) -> None:
    old, new = load_state(released, "1.0.0"), load_state(released, ".")
    assert summary_lines(find_changes(old, new)) == [NOTHING]
    for row in old["tables"]["ratings"].values():
        del row["central_source"], row["conflict"]
    for row in old["tables"]["findings"].values():
        del row["timepoint"]
    assert summary_lines(find_changes(old, new)) == [NOTHING]


def test_an_outcome_that_was_not_rated_before_is_a_changed_rating(released: Path) -> None:
    old, new = load_state(released, "1.0.0"), load_state(released, ".")
    del old["tables"]["ratings"]["som"]
    lines = [*change_lines(find_changes(old, new), EVIDENCE)]
    assert "ratings: Somnin (som): rating blank → at most low" in lines
    assert not any("outcome id" in line for line in lines)


def test_a_git_revision_is_compared_by_its_folder_as_the_message_says(released: Path) -> None:
    change_cell(released, "findings", "larkin2024-som", "locator", "Abstract")
    with pytest.raises(ReleaseError, match=r"released version \(1\.0\.0\).*worktree") as refused:
        diff(released, "v1.0.0")
    (command,) = re.findall(r"git (worktree add .*),", str(refused.value))
    git(released, *command.split())
    assert "Rows of findings: 1 changed." in diff(released, "../before")


def test_what_is_not_released_is_listed_before_the_newest_release(released: Path) -> None:
    change_cell(released, "findings", "larkin2024-som", "locator", "Abstract")
    commit(released)
    make_release(released, "1.1.0")
    change_cell(released, "findings", "larkin2024-dor", "locator", "Abstract")
    lines = str(narrate_releases(load_evidence(released / "data"))).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "- Not yet released",
        "- Version 1.1.0, 2026-11-27",
        "- Version 1.0.0, 2026-11-27",
    ]
    assert "compared with 1.0.0. Rows of findings: 1 changed." in lines[1]
    assert "the first release, with 20 findings." in lines[2]
    shutil.rmtree(released / "data/releases")
    said = str(narrate_releases(load_evidence(released / "data")))
    assert said == "No version has been released yet."
