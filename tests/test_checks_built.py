"""The finished site and its PDF against the ledger of numbers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import Build

from evidence_tools.checks.built import check_built, number_tokens


def test_every_number_on_the_finished_pages_and_in_the_pdf_is_in_the_ledger(book: Build) -> None:
    report = check_built(book.html, book.folder)
    assert [str(problem) for problem in report.problems] == []
    print(f"{report.numbers.seen} numbers on finished pages, all in the ledger")
    assert report.numbers.seen > 500


def test_a_digit_changed_after_the_build_is_found_on_page_and_against_the_pdf(
    book: Build, tmp_path: Path
) -> None:
    build = tmp_path / "_build"
    shutil.copytree(book.html.parent, build, ignore=shutil.ignore_patterns("_static"))
    page = build / "html" / "chapters" / "answer.html"
    text = page.read_text(encoding="utf-8")
    assert "MD 1.86 (95% CI" in text
    page.write_text(text.replace("MD 1.86 (95% CI", "MD 1.8699 (95% CI"), encoding="utf-8")
    found = [str(problem) for problem in check_built(build / "html", book.folder).problems]
    assert any("answer.html" in line and "'1.8699'" in line for line in found)
    assert any("'1.8699', which is not in the PDF" in line for line in found)


def test_a_folder_without_a_finished_report_is_refused(tmp_path: Path, book: Build) -> None:
    with pytest.raises(OSError, match="no finished report"):
        check_built(tmp_path, book.folder)


def test_grouped_thousands_are_one_number() -> None:
    assert number_tokens("2,570 women, 1.86; 3,4") == ["2570", "1.86", "3", "4"]
