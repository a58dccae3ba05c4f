"""One version is cited in text, BibTeX, RIS and CITATION.cff, and logged with its changes."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest
import yaml
from conftest import PROJECT

from evidence_tools.history.changelog import EMPTY, add_release, release_section
from evidence_tools.history.citation import Citation, bibtex, ris, set_cff
from evidence_tools.storage import HistoryError

CITED = Citation(
    name="report",
    title="K2 & bone: 100% {known}?",
    authors=("The authors", "O'Neil, A."),
    version="1.0.0",
    day=date(2026, 3, 9),
    commit="commit 0123456789",
    content_hash="abcdef0123456789",
)
DAY = date(2026, 12, 1)


def test_the_citation_names_version_and_day() -> None:
    assert CITED.text == (
        "The authors; O'Neil, A. K2 & bone: 100% {known}? Version 1.0.0, 2026-03-09."
    )


def test_an_address_is_part_of_the_citation_when_there_is_one() -> None:
    cited = dataclasses.replace(CITED, address="https://example.org/v/1.0.0/")
    assert cited.text.endswith("2026-03-09. https://example.org/v/1.0.0/")
    assert "url = {https://example.org/v/1.0.0/}" in bibtex(cited)
    assert "UR  - https://example.org/v/1.0.0/\r\n" in ris(cited)


def test_bibtex_escapes_what_tex_would_read_as_markup() -> None:
    entry = bibtex(CITED)
    assert entry.startswith("@misc{report-1.0.0,\n")
    assert r"title = {{K2 \& bone: 100\% \{known\}?}}" in entry
    assert "author = {{The authors} and {O'Neil, A.}}" in entry
    assert "  month = mar,\n" in entry
    assert "note = {Version 1.0.0, commit 0123456789, content abcdef012345}" in entry
    assert "url" not in entry


def test_ris_has_one_record_with_its_end() -> None:
    lines = ris(CITED).split("\r\n")
    assert lines[0] == "TY  - RPRT"
    assert lines[-2:] == ["ER  - ", ""]
    assert {"AU  - The authors", "AU  - O'Neil, A.", "ET  - 1.0.0", "DA  - 2026/03/09"} <= set(
        lines
    )


def test_a_line_break_in_a_title_makes_no_second_field() -> None:
    cited = dataclasses.replace(CITED, title="one\nER  - \nTY  - BOOK")
    assert [line[:2] for line in ris(cited).split("\r\n")].count("ER") == 1


def test_citation_cff_changes_in_two_lines_only() -> None:
    text = (PROJECT / "CITATION.cff").read_text("utf-8")
    changed = set_cff(text, "1.0.0", DAY)
    differing = [b for a, b in zip(text.splitlines(), changed.splitlines(), strict=True) if a != b]
    assert set(differing) <= {"version: 1.0.0", "date-released: 2026-12-01"}
    assert yaml.safe_load(changed)["version"] == "1.0.0"
    assert yaml.safe_load(changed)["date-released"] == DAY


def test_a_missing_day_is_added_below_the_version() -> None:
    changed = set_cff("cff-version: 1.2.0\nversion: 0.1.0\ntitle: x\n", "1.0.0", DAY)
    assert changed == "cff-version: 1.2.0\nversion: 1.0.0\ndate-released: 2026-12-01\ntitle: x\n"


def test_a_citation_file_without_version_is_refused() -> None:
    with pytest.raises(HistoryError, match="begins with 'version:'"):
        set_cff("title: x\n", "1.0.0", DAY)


def test_the_citation_file_follows_the_version_of_the_project() -> None:
    import tomllib

    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    cited = yaml.safe_load((PROJECT / "CITATION.cff").read_text("utf-8"))
    assert str(cited["version"]) == project["version"]


def test_a_release_stands_above_earlier_ones_and_takes_what_was_unreleased() -> None:
    text = "# Changes\n\n## Unreleased\n\n- A new chapter.\n\n## 0.1.0\n\nFirst build.\n"
    section = release_section("1.0.0", DAY, None, 72)
    assert add_release(text, section) == (
        "# Changes\n\n## Unreleased\n\n## 1.0.0 (2026-12-01)\n\n### Findings changed\n\n"
        "First release, with 72 findings: there is no earlier one to compare with.\n\n"
        "- A new chapter.\n\n## 0.1.0\n\nFirst build.\n"
    )


def test_a_log_without_a_place_for_unreleased_changes_gets_one() -> None:
    section = release_section("1.0.0", DAY, None, 72)
    changed = add_release("# Changes\n\n## 0.1.0\n\nFirst build.\n", section)
    headings = [line for line in changed.splitlines() if line.startswith("## ")]
    assert headings == ["## Unreleased", "## 1.0.0 (2026-12-01)", "## 0.1.0"]


def test_an_empty_log_is_begun() -> None:
    changed = add_release("", release_section("1.0.0", DAY, None, 72))
    assert changed.startswith(EMPTY)
    assert "## 1.0.0" in changed
