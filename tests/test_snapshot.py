"""What a release keeps of the evidence, and what is read back from it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from releasing import change_cell, commit, make_book, make_release

from evidence_tools.evidence.model import load_evidence
from evidence_tools.releases.difference import (
    EVIDENCE,
    WORDING,
    change_lines,
    compare,
    diff,
    markdown_list,
    narrate_releases,
    summary_lines,
)
from evidence_tools.releases.manifest import ReleaseError
from evidence_tools.releases.snapshot import (
    load_state,
    read_releases,
    read_snapshot,
    snapshot_bytes,
    take_snapshot,
)

pytestmark = pytest.mark.usefixtures("day")


@pytest.fixture(scope="module")
def first(day: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    book = make_book(tmp_path_factory.mktemp("first") / "book")
    make_release(book, "1.0.0")
    return book


@pytest.fixture
def released(first: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(first, tmp_path / "released"))


def part(changes: pd.DataFrame, name: str) -> pd.DataFrame:
    return changes[changes["part"] == name]


def test_a_snapshot_holds_cells_as_in_their_files_and_what_is_concluded(released: Path) -> None:
    snapshot = load_state(released, ".")
    row = snapshot.tables["findings"]["larkin2024-som"]
    assert (row["estimate"], row["ci_upper"]) == ("1.86", "2.56")
    assert "som risk_of_bias" in snapshot.tables["certainty"]
    assert "One sentence." in snapshot.pages["answer"]
    rating = snapshot.tables["ratings"]["som"]
    assert (rating["rating"], rating["central_source"]) == ("at most low", "increase")


def test_a_snapshot_reads_back_as_it_was(released: Path, tmp_path: Path) -> None:
    snapshot = take_snapshot(load_evidence(released / "data"), "1.0.0", "2026-11-27")
    (tmp_path / "1.0.0.json").write_bytes(snapshot_bytes(snapshot))
    assert read_snapshot(tmp_path / "1.0.0.json") == snapshot


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text[: len(text) // 2], "not a whole snapshot"),
        (lambda text: text.replace(b"1.86", b"1.87", 1), "changed after it was written"),
        (lambda text: text.replace(b'"format": 2', b'"format": 3'), "reads 2"),
        (lambda text: text.replace(b"snapshot", b"report"), "no snapshot"),
        (lambda _: b"[]", "no snapshot"),
        (lambda _: b"3", "not a whole snapshot"),
    ],
)
def test_a_damaged_or_newer_snapshot_is_refused(released: Path, damage, said: str) -> None:  # type: ignore[no-untyped-def]
    path = released / "data/releases/1.0.0.json"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ReleaseError, match=said):
        read_releases(released / "data")


@pytest.mark.parametrize(
    ("version", "said"), [("1.1.0", r"holds version 1\.0\.0"), ("1.\u0661.0", "three numbers")]
)
def test_a_snapshot_under_another_name_is_refused(released: Path, version: str, said: str) -> None:
    folder = released / "data/releases"
    (folder / "1.0.0.json").rename(folder / f"{version}.json")
    with pytest.raises(ReleaseError, match=said):
        read_releases(released / "data")


def test_what_an_old_snapshot_did_not_conclude_is_no_change_of_a_conclusion(released: Path) -> None:
    old = take_snapshot(load_evidence(released / "data"), "1.0.0")
    for row in old.tables["ratings"].values():
        del row["central_source"], row["conflict"]
    lines = summary_lines(compare(old, load_state(released, ".")))
    assert lines == ["No row, rating or integrity status changed."]


def test_an_outcome_that_was_not_rated_before_is_a_changed_rating(released: Path) -> None:
    old, new = load_state(released, "."), load_state(released, ".")
    del old.tables["ratings"]["som"]
    told = change_lines(compare(old, new), EVIDENCE)
    assert "ratings: Somnin (som): rating blank → at most low" in told
    assert not any("outcome id" in line for line in told)


def test_equal_states_say_that_nothing_changed(released: Path) -> None:
    assert "No row, rating or integrity status changed." in diff(released, "1.0.0")


def test_a_changed_direction_and_a_changed_note_are_kept_apart(released: Path) -> None:
    change_cell(released, "findings", "larkin2024-dor", "direction", "increase")
    change_cell(released, "findings", "larkin2024-dor", "statistically_significant", "yes")
    change_cell(released, "findings", "larkin2024-som", "note", "a new note")
    found = compare(load_state(released, "1.0.0"), load_state(released, "."))
    assert set(part(found, EVIDENCE)["column"]) >= {"direction", "central_source"}
    assert list(part(found, WORDING)["after"]) == ["a new note"]
    assert any(
        line.startswith("Direction of a result: no significant change → increase: Dormine")
        for line in summary_lines(found)
    )


def test_integrity_that_changed_is_told_and_one_looked_up_again_is_counted(released: Path) -> None:
    change_cell(released, "sources", "larkin2024", "integrity_checked", "2026-11-20")
    change_cell(released, "sources", "moss2021", "integrity", "adjusted")
    lines = summary_lines(compare(load_state(released, "1.0.0"), load_state(released, ".")))
    assert "Integrity: none known → adjusted: Moss 2021." in lines
    assert "Integrity looked up again: 1." in lines


def test_a_removed_and_an_added_row_say_what_they_say(released: Path) -> None:
    path = released / "data/harms.csv"
    path.write_text(path.read_text().replace("fern2019-more", "fern2019-worse"))
    told = diff(released, "1.0.0")
    assert "Rows of harms: 1 added, 1 removed." in told
    assert "(fern2019-worse): added: headaches were more frequent with the lamp" in told


def test_a_changed_judgement_and_its_rating_are_told(released: Path) -> None:
    before, after = load_state(released, "1.0.0"), load_state(released, "1.0.0")
    after.tables["certainty"]["som inconsistency"]["judgement"] = "very serious"
    after.tables["ratings"]["som"]["rating"] = "very low"
    told = change_lines(compare(before, after), EVIDENCE)
    assert "ratings: Somnin (som): rating at most low → very low" in told
    assert any("judgement no concern → very serious" in line for line in told)


def test_the_lines_of_a_chapter_are_wording(released: Path) -> None:
    (released / "chapters/answer.md").write_text("# Answer\n\nAnother sentence.\n")
    found = compare(load_state(released, "1.0.0"), load_state(released, "."))
    assert part(found, EVIDENCE).empty
    assert list(part(found, WORDING)["before"]) == ["One sentence.", ""]
    assert list(part(found, WORDING)["after"]) == ["", "Another sentence."]


def test_markup_in_a_table_stays_text_in_the_change_log() -> None:
    assert markdown_list(["<b>*x*"]) == "- \\<b\\>\\*x\\*\n"


def test_the_json_form_holds_every_change(released: Path) -> None:
    change_cell(released, "findings", "larkin2024-som", "note", "a new note")
    (change,) = json.loads(diff(released, "1.0.0", as_json=True))
    assert (change["key"], change["after"]) == ("larkin2024-som", "a new note")


def test_an_unknown_state_names_those_there_are(released: Path) -> None:
    with pytest.raises(ReleaseError, match=r"released version \(1\.0\.0\).*or git revision"):
        diff(released, "0.9.0")


def test_a_git_revision_is_a_state(released: Path) -> None:
    change_cell(released, "findings", "larkin2024-som", "locator", "Abstract")
    commit(released)
    assert "Rows of findings: 1 changed." in diff(released, "v1.0.0", "HEAD")


def test_without_a_release_the_page_says_so(tmp_path: Path) -> None:
    said = str(narrate_releases(load_evidence(make_book(tmp_path / "book") / "data")))
    assert said == "No version has been released yet."


def test_releases_are_listed_newest_first_and_what_is_not_released_before_them(
    released: Path,
) -> None:
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
