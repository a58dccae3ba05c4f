"""The chapter on versions says what each release changed, from the snapshots alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from releasing import change_cell, commit, make_book, make_release

from evidence_tools.evidence.model import load_evidence
from evidence_tools.releases.difference import narrate_releases
from evidence_tools.releases.manifest import ReleaseError

pytestmark = pytest.mark.usefixtures("day")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return make_book(tmp_path / "book")


def test_without_a_release_the_chapter_says_so(book: Path) -> None:
    evidence = load_evidence(book / "data")
    assert str(narrate_releases(evidence)) == "No version has been released yet."


def test_releases_are_told_newest_first_and_what_is_not_released_before_them(book: Path) -> None:
    make_release(book, "1.0.0")
    change_cell(book, "findings", "larkin2024-som", "locator", "Abstract")
    commit(book)
    make_release(book, "1.1.0")
    change_cell(book, "findings", "larkin2024-dor", "locator", "Abstract")
    lines = str(narrate_releases(load_evidence(book / "data"))).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "- Not yet released",
        "- Version 1.1.0, 2026-11-27",
        "- Version 1.0.0, 2026-11-27",
    ]
    assert "compared with 1.0.0. Rows of findings: 1 changed." in lines[1]
    assert "the first release, with 20 findings." in lines[2]


def test_a_damaged_snapshot_stops_the_chapter(book: Path) -> None:
    make_release(book, "1.0.0")
    (book / "data/releases/1.0.0.json").write_text("{")
    with pytest.raises(ReleaseError):
        narrate_releases(load_evidence(book / "data"))
