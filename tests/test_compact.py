"""A PDF is stored smaller, and every object in it stays what it was."""

from __future__ import annotations

import io

import pikepdf
import pytest

from evidence_tools.book.pdf.compact import compact


@pytest.fixture(scope="module")
def plain() -> bytes:
    import typst

    # Strings that look like the marks a PDF is read by.
    text = '#set document(title: "endobj stream >>")\n' + "\n\n".join(
        f'= Heading {n}\n#link("https://example.org/endobj")[trailer xref {n}]' for n in range(300)
    )
    return bytes(typst.compile(text.encode(), pdf_standards=["ua-1"], timestamp=0))


def contents(pdf: bytes) -> dict[tuple[int, int], bytes]:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return {
            item.objgen: item.unparse()
            + (item.read_bytes() if isinstance(item, pikepdf.Stream) else b"")
            for item in document.objects
            if not (isinstance(item, pikepdf.Stream) and item.get("/Type") in ("/ObjStm", "/XRef"))
        }


def test_a_compact_pdf_holds_the_same_objects(plain: bytes) -> None:
    before, after = contents(plain), contents(compact(plain))
    assert len(before) > 1000
    assert after == before


def test_a_compact_pdf_keeps_its_pages_and_its_conformance(plain: bytes) -> None:
    with pikepdf.open(io.BytesIO(compact(plain))) as document:
        assert document.check_pdf_syntax() == []
        assert len(document.pages) > 10
        with document.open_metadata() as metadata:
            assert str(metadata["pdfuaid:part"]) == "1"
            assert str(metadata["dc:title"]) == "endobj stream >>"


def test_a_compact_pdf_is_less_than_half_as_large(plain: bytes) -> None:
    assert len(compact(plain)) < len(plain) / 2


def test_a_compact_pdf_is_the_same_each_time(plain: bytes) -> None:
    assert compact(plain) == compact(plain)


def test_a_file_of_another_form_is_left_alone(plain: bytes) -> None:
    smaller = compact(plain)
    assert compact(smaller) == smaller
    assert compact(b"no PDF") == b"no PDF"
