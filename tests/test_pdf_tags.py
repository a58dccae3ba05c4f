"""What a screen reader finds in the PDF: its structure, read back from the file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pikepdf
import pytest
from building import Build


@pytest.fixture(scope="module")
def document(book: Build) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(book.pdf) as opened:
        yield opened


def elements(document: pikepdf.Pdf) -> Iterator[tuple[str, pikepdf.Object]]:
    """Walk the structure tree in reading order: the tag and the element."""
    roles = document.Root.StructTreeRoot.get("/RoleMap", pikepdf.Dictionary())

    def walk(node: pikepdf.Object) -> Iterator[tuple[str, pikepdf.Object]]:
        if isinstance(node, pikepdf.Dictionary) and "/S" in node:
            tag = str(node.S)
            yield str(roles.get(tag, tag)).lstrip("/"), node
        kids = node.get("/K") if isinstance(node, pikepdf.Dictionary) else None
        if isinstance(kids, pikepdf.Array):
            for kid in kids:
                if isinstance(kid, pikepdf.Dictionary):
                    yield from walk(kid)
        elif isinstance(kids, pikepdf.Dictionary):
            yield from walk(kids)

    yield from walk(document.Root.StructTreeRoot)


def below(element: pikepdf.Object, tag: str) -> list[pikepdf.Object]:
    """Find the elements of a tag inside another."""
    kids = element.get("/K")
    found = []
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            found += [kid] if str(kid.S) == f"/{tag}" else below(kid, tag)
    return found


def test_the_pdf_says_its_title_and_its_language(document: pikepdf.Pdf) -> None:
    with document.open_metadata() as metadata:
        assert "Vitamin K2" in str(metadata["dc:title"])
        assert str(metadata["pdfuaid:part"]) == "1"
    assert document.Root.ViewerPreferences.DisplayDocTitle
    assert str(document.Root.Lang).startswith("en")


def test_headings_are_tagged_and_skip_no_level(document: pikepdf.Pdf) -> None:
    levels = [int(tag[1]) for tag, _ in elements(document) if tag in {f"H{n}" for n in range(1, 7)}]
    assert levels[0] == 1
    assert levels.count(1) > 3
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_table_has_rows_and_header_cells_with_a_scope(document: pikepdf.Pdf) -> None:
    tables = [element for tag, element in elements(document) if tag == "Table"]
    assert tables
    for table in tables:
        assert len(below(table, "TR")) > 1
        headers = below(table, "TH")
        assert headers
        for header in headers:
            attributes = header.A if isinstance(header.A, pikepdf.Array) else [header.A]
            assert any("/Scope" in attribute for attribute in attributes)


def test_every_figure_has_a_text_alternative(document: pikepdf.Pdf) -> None:
    figures = [element for tag, element in elements(document) if tag == "Figure"]
    assert figures
    assert all(len(str(figure.Alt)) > 40 for figure in figures)


def test_every_page_lets_reading_aids_follow_the_structure(document: pikepdf.Pdf) -> None:
    assert all(str(page.Tabs) == "/S" for page in document.pages if "/Annots" in page)
