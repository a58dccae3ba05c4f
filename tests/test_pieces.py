"""The PDF by chapters says what the whole article says, and redoes only what changed."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from conftest import Build, printed_pages
from pypdf import PdfReader
from sphinx.config import Config
from test_pdf import DETAILS

from evidence_tools.book.pdf import PdfError, make_pdf
from evidence_tools.book.pdf import pieces as pieces_module
from evidence_tools.book.pdf.chapters import settings_key
from evidence_tools.book.pdf.kept import KeptSteps
from evidence_tools.book.pdf.pieces import set_pieces
from evidence_tools.book.pdf.report import make_pdf_of_pieces
from evidence_tools.execution.parallel import side_by_side

FIGURE = (
    '<figure id="{name}--fig"><div class="evidence-chart" aria-label="A chart."><svg width="9" '
    'height="9" viewBox="0 0 9 9"><rect width="{width}" height="9"/></svg></div></figure>'
)


def chapter(name: str, body: str, width: int = 9) -> str:
    return (
        f'<section class="chapter" id="document-{name}"><span id="{name}--top"></span>'
        f'<section id="{name}--section"><h1>Chapter {name}</h1>{body}'
        f"{FIGURE.format(name=name, width=width)}</section></section>"
    )


def test_settings_that_show_in_references_are_part_of_what_chapters_follow_from() -> None:
    known = settings_key(Config({}, {"language": "en"}))
    assert settings_key(Config({}, {"language": "en"})) == known
    numbered = {"numfig_format": {"figure": "Picture %s"}}
    assert settings_key(Config({}, {"language": "en", **numbered})) != known


@pytest.fixture
def chapters() -> list[str]:
    """Each links into the next, by different ids of the same heading."""
    return [
        chapter("a", '<p>See <a href="#b--top">the second</a> and <a href="#c--fig">a figure</a>.'),
        chapter("b", '<p>See <a href="#b--section">here</a> and <a href="#document-c">there</a>.'),
        chapter("c", '<p>See <a href="#b--section">the second</a>, <a href="#none">nothing</a>.'),
    ]


def test_links_between_chapters_lead_where_those_of_the_whole_article_lead(
    chapters: list[str], tmp_path: Path
) -> None:
    whole = make_pdf(
        "\n".join(chapters), details=DETAILS, resources=tmp_path, target=tmp_path / "whole.pdf"
    )
    pieces = set_pieces(chapters, tmp_path, KeptSteps(tmp_path / "kept", ""))
    parts = make_pdf_of_pieces(pieces, details=DETAILS, target=tmp_path / "parts.pdf")
    assert places(PdfReader(parts)) == places(PdfReader(whole))
    assert len(places(PdfReader(parts))) >= 5


def places(reader: PdfReader) -> list[tuple[int, str]]:
    """Page and rectangle of each link."""
    found = []
    for number, page in enumerate(reader.pages):
        for note in page.get("/Annots") or ():
            found.append((number, str(note.get_object()["/Rect"])))
    return found


def test_the_real_report_is_the_same_chapter_by_chapter(book: Build, tmp_path: Path) -> None:
    resources = book.folder / "_build" / ".article"
    article = (resources / "article.html").read_text(encoding="utf-8")
    whole = PdfReader(
        make_pdf(article, details=DETAILS, resources=resources, target=tmp_path / "whole.pdf")
    )
    built = PdfReader(book.pdf)
    assert len(built.pages) == len(whole.pages)
    assert len(places(built)) == len(places(whole))
    # The covers differ; what follows the contents is the same.
    ours, theirs = printed_pages(book.pdf), printed_pages(tmp_path / "whole.pdf")
    assert [_body(page) for page in ours[1:]] == [_body(page) for page in theirs[1:]]


def _body(text: str) -> list[str]:
    """The lines of a page but for the running ones, which hold the version and the commit."""
    return [line for line in text.splitlines() if not re.search("ersion|commit", line)]


def test_only_a_chapter_that_changed_is_worked_on(
    chapters: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept"
    first = set_pieces(chapters, tmp_path, KeptSteps(kept, ""))
    worked: list[int] = []
    real = pieces_module.side_by_side

    def counted(work, items, sizes):
        worked.append(len(items))
        return real(work, items, sizes)

    monkeypatch.setattr(pieces_module, "side_by_side", counted)
    assert set_pieces(chapters, tmp_path, KeptSteps(kept, "")) == first
    assert sum(worked) == 0
    chapters[1] = chapters[1].replace("here", "at this place")
    second = set_pieces(chapters, tmp_path, KeptSteps(kept, ""))
    assert worked[-2:] == [1, 1]
    assert (second[0], second[2]) == (first[0], first[2])
    assert "at this place" in second[1].markup
    set_pieces(chapters, tmp_path, KeptSteps(kept, "another package"))
    assert worked[-2:] == [3, 3]


def test_a_chapter_that_others_begin_to_link_to_is_worked_on(
    chapters: list[str], tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    set_pieces(chapters, tmp_path, KeptSteps(kept, ""))
    chapters[2] = chapters[2].replace('href="#none"', 'href="#a--fig"')
    pieces = set_pieces(chapters, tmp_path, KeptSteps(kept, ""))
    assert "<a--fig>" in pieces[0].markup
    make_pdf_of_pieces(pieces, details=DETAILS, target=tmp_path / "parts.pdf")


def test_pictures_of_the_same_name_stay_apart(tmp_path: Path) -> None:
    chapters = [chapter("a", "", width=3), chapter("b", "", width=6)]
    chapters = [text.replace('id="a--fig"', 'id="fig"') for text in chapters]
    chapters = [text.replace('id="b--fig"', 'id="fig"') for text in chapters]
    pieces = set_pieces(chapters, tmp_path, KeptSteps(tmp_path / "kept", ""))
    assert [list(piece.pictures) for piece in pieces] == [["fig.svg"], ["fig.svg"]]
    assert pieces[0].pictures["fig.svg"] != pieces[1].pictures["fig.svg"]
    make_pdf_of_pieces(pieces, details=DETAILS, target=tmp_path / "parts.pdf")


def test_what_one_chapter_refuses_is_told(chapters: list[str], tmp_path: Path) -> None:
    chapters[1] = chapters[1].replace('aria-label="A chart."', "")
    with pytest.raises(PdfError, match="has no alternative text"):
        set_pieces(chapters, tmp_path, KeptSteps(tmp_path / "kept", ""))


def test_a_step_that_was_cut_short_is_not_kept(tmp_path: Path) -> None:
    kept = KeptSteps(tmp_path, "")
    key = kept.key("a")
    (tmp_path / f"{key}.part").mkdir()
    assert kept.find(key) is None
    kept.keep(key, {"x": b"1"})
    assert KeptSteps(tmp_path, "").find(key) is not None
    KeptSteps(tmp_path, "").remove_others()
    assert KeptSteps(tmp_path, "").find(key) is None


def test_work_side_by_side_keeps_the_order_and_uses_other_processes() -> None:
    results = side_by_side(lambda number: (number * number, os.getpid()), list(range(7)))
    assert [square for square, _ in results] == [0, 1, 4, 9, 16, 25, 36]
    assert len({process for _, process in results}) == min(len(os.sched_getaffinity(0)), 7)


def test_an_error_side_by_side_is_raised_as_it_would_be_alone() -> None:
    def work(number: int) -> float:
        return 1 / (3 - number)

    with pytest.raises(ZeroDivisionError):
        side_by_side(work, list(range(6)))


def test_work_whose_process_dies_is_done_all_the_same() -> None:
    here = os.getpid()

    def work(number: int) -> int:
        if os.getpid() != here:
            os._exit(9)
        return number + 1

    assert side_by_side(work, list(range(6))) == [1, 2, 3, 4, 5, 6]
