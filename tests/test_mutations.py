"""The real book with one falsehood in it: the right rule finds it at the right line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import PROJECT

from evidence_tools import Evidence
from evidence_tools.checks.book import Book, read_book
from evidence_tools.checks.pages import parse_page
from evidence_tools.checks.report import check_book

Change = tuple[str, str, str, str]

# Name: chapter, text of the real book, what is put in its place, rule that must find it.
CHANGES: dict[str, Change] = {
    "a role is replaced by a digit": (
        "limitations",
        "{value}`zhang2025.n_studies` trials",
        "9 trials",
        "number",
    ),
    "a role is replaced by a wrong digit": (
        "limitations",
        "{value}`zhang2025.n_studies` trials",
        "19 trials",
        "number",
    ),
    "a sign is flipped in words": (
        "limitations",
        "Two rows of one trial stand side by side.",
        "{source}`shiraki2009` reports intact osteocalcin down and urinary NTX down.",
        "source",
    ),
    "two markers are swapped": (
        "limitations",
        "NTX ({value}`shiraki2009-ntx.note`): {finding}`shiraki2009-ntx`",
        "NTX ({value}`shiraki2009-ntx.note`): {finding}`shiraki2009-ucoc`",
        "source",
    ),
    "a source is swapped": (
        "plain-language",
        "It put together {value}`zhang2025.n_studies` studies",
        "{source}`zhang2025` put together {value}`zhou2022.n_studies` studies",
        "source",
    ),
    "a verb is strengthened": (
        "answer",
        "Whether any of these changes goes with fewer fractures.",
        "These changes prevent fractures.",
        "wording",
    ),
    "a marker is read as bone": (
        "plain-language",
        "They do not show how strong a bone is.",
        "They show that bones become stronger.",
        "wording",
    ),
    "a retracted source becomes evidence": (
        "answer",
        "The figures come from {source}`zhang2025`.",
        "Fewer vertebral fractures are reported by {source}`iwamoto2009ma`.",
        "integrity",
    ),
    "a doubt is left out": (
        "sources",
        "{source}`cockayne2006`; {source}`iwamoto2009ma`",
        "Cockayne 2006; {source}`iwamoto2009ma`",
        "integrity",
    ),
    "a unit is invented": (
        "limitations",
        "OC ({value}`shiraki2009-oc.note`): {finding}`shiraki2009-oc`.",
        "OC ({value}`shiraki2009-oc.note`): {finding}`shiraki2009-oc` ng/mL.",
        "arithmetic",
    ),
    "a null result is dropped": (
        "answer",
        'central = evidence.findings(source="zhang2025")',
        'central = [f for f in evidence.findings(source="zhang2025") if f.estimate is not None]',
        "coverage",
    ),
    "not significant becomes no effect": (
        "methods",
        "A source that reports no significant change is quoted so.",
        "NTX shows that vitamin K2 has no effect on resorption.",
        "wording",
    ),
    "harms are talked away": (
        "safety",
        "That a harm is not reported does not show that there is none.",
        "So vitamin K2 is safe.",
        "wording",
    ),
    "advice is given": (
        "answer",
        "It does not say what anyone should do.",
        "Women after the menopause should take vitamin K2.",
        "wording",
    ),
    "more was read than was read": (
        "answer",
        "Only the abstract of the central source was read,",
        "The full text of the central source was read,",
        "wording",
    ),
    "a caption overstates": (
        "answer",
        "What exactly does the central source report for each marker?",
        "Vitamin K2 strengthens bones, as each marker shows.",
        "wording",
    ),
}


@pytest.fixture(scope="module")
def real(evidence: Evidence) -> Book:
    return read_book(PROJECT, evidence)


def with_change(book: Book, chapter: str, old: str, new: str) -> tuple[Book, int]:
    """Change one chapter; the line is that of the change."""
    pages = []
    line = 0
    for page in book.pages:
        if page.name == chapter:
            text = "\n".join(page.lines)
            assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {chapter}"
            line = text[: text.index(old)].count("\n") + 1
            extensions = ["colon_fence", "deflist", "dollarmath"]
            page = parse_page(text.replace(old, new), page.path, page.name, extensions)
        pages.append(page)
    return Book(book.folder, book.evidence, tuple(pages), book.settings, book.listed), line


@pytest.mark.parametrize("name", CHANGES)
def test_a_falsehood_is_found_by_its_rule_at_its_line(name: str, real: Book) -> None:
    chapter, old, new, rule = CHANGES[name]
    book, line = with_change(real, chapter, old, new)
    found = [(p.rule, p.path, p.line) for p in check_book(book).problems]
    assert (rule, f"chapters/{chapter}.md", line) in found, found


def test_without_a_change_nothing_is_found(real: Book) -> None:
    report = check_book(real)
    assert [str(problem) for problem in report.problems] == []
    (exemption,) = report.exemptions
    assert exemption.reason.startswith("a planned size from the notes on the evidence")


def test_a_sign_flipped_in_a_table_stops_the_evidence(data_copy: Path) -> None:
    change_row(
        data_copy, lambda row: row.replace("zhang2025,ucoc,WMD,-1.54", "zhang2025,ucoc,WMD,1.54")
    )
    from evidence_tools.checks.report import check_folder

    (problem, *_) = check_folder(data_copy.parent).problems
    assert (Path(problem.path).name, problem.line) == ("findings.csv", 4)


def change_row(data: Path, change: Callable[[str], str]) -> None:
    path = data / "findings.csv"
    before = path.read_text(encoding="utf-8")
    assert change(before) != before
    path.write_text(change(before), encoding="utf-8")
