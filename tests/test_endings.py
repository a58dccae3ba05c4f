"""Where a sentence ends with the title of a page that is a question, one mark ends both."""

from __future__ import annotations

import re

from conftest import Build


def test_no_sentence_ends_with_a_question_mark_and_a_full_stop(book: Build) -> None:
    pages = sorted((book.html / "chapters").glob("*.html"))
    assert pages
    for page in pages:
        html = page.read_text(encoding="utf-8")
        assert not re.search(r"\?(</span>)?</a>\.", html), page.name


def test_the_full_stop_after_other_links_stays(book: Build) -> None:
    assert re.search(r"References</span></a>\.", book.page("chapters/answer"))
