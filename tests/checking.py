"""How the tests of the gates read one sentence as if it stood on a page of the book."""

from __future__ import annotations

import csv
from pathlib import Path

from evidence_tools import Evidence
from evidence_tools.checks.arithmetic import unit_problems
from evidence_tools.checks.book import Book
from evidence_tools.checks.integrity import check_integrity
from evidence_tools.checks.number import check_number
from evidence_tools.checks.pages import parse_page
from evidence_tools.checks.source import check_source
from evidence_tools.checks.wording import check_wording
from evidence_tools.schema import Problem

CORPORA = Path(__file__).parent / "corpora"


def one_page(evidence: Evidence, text: str, name: str = "markers") -> Book:
    """Make a book of one page; its code selects the central source as the real one does."""
    cell = '\n\n```{code-cell} ipython3\ncentral = evidence.findings(source="zhang2025")\n```\n'
    page = parse_page(text + cell, f"chapters/{name}.md", name, ["colon_fence", "dollarmath"])
    return Book(Path(), evidence, (page,), (), {f"chapters/{name}": 1})


def problems_of(evidence: Evidence, text: str, name: str = "markers") -> list[Problem]:
    """Apply the rules that read sentences to a text."""
    book = one_page(evidence, text, name)
    found = [*check_number(book)[0], *check_wording(book)[0], *check_source(book)[0]]
    found += [*check_integrity(book)[0], *unit_problems(book)]
    return sorted(found)


def corpus(name: str) -> list[dict[str, str]]:
    """Read a corpus of sentences."""
    with (CORPORA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
