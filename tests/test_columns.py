"""Columns of a printed table: wide where the text is long, so that the table becomes short."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup, Tag

from evidence_tools.book.pdf.columns import lay_out_table, share

SENTENCE = "What is known against this source, and when it was looked up. " * 3


def table(rows: list[list[str]], widths: str = "") -> Tag:
    columns = "".join(f'<col style="width: {width}%"/>' for width in widths.split())
    body = "".join("<tr>" + "".join(f"<td>{text}</td>" for text in row) + "</tr>" for row in rows)
    made = BeautifulSoup(f"<table>{columns}{body}</table>", "html.parser").table
    assert made is not None
    lay_out_table(made)
    return made


def test_the_widths_add_up_to_what_there_is() -> None:
    assert sum(share([["Zhang 2025", SENTENCE, "0.05"]], 76)) == 76


def test_the_column_with_the_longest_text_is_the_widest() -> None:
    first, second, third = share([["Zhang 2025", SENTENCE, "0.05"]] * 3, 76)
    assert second > first > third


def test_a_column_holds_its_longest_word_beside_a_long_text() -> None:
    number, _ = share([["osteocalcin", SENTENCE * 9]], 60)
    assert number >= len("osteocalcin")


def test_columns_of_the_same_text_are_equally_wide() -> None:
    assert len(set(share([[SENTENCE, SENTENCE]] * 4, 80))) == 1


def test_words_that_need_more_than_there_is_are_not_cut() -> None:
    assert sum(share([["osteocalcin"] * 9], 20)) == 9 * (2 + len("osteocalcin"))


def test_widths_chosen_for_a_screen_are_replaced_in_print() -> None:
    columns = table([["0.05", SENTENCE]], "70 30").select("col")
    first, second = (float(str(col["style"]).split(":")[1].strip(" %")) for col in columns)
    assert first < 20 < second


def test_a_table_without_widths_gets_none() -> None:
    assert table([["0.05", "low"]]).select("col") == []


@pytest.mark.parametrize(("rows", "room"), [(3, "normal"), (30, "wide")])
def test_a_table_longer_than_a_page_takes_the_margins(rows: int, room: str) -> None:
    assert table([["Zhang 2025", SENTENCE]] * rows)["class"] == room


@pytest.mark.parametrize(("times", "whole"), [(1, "table"), (8, "rows"), (40, "nothing")])
def test_short_tables_keep_together_and_only_a_row_too_high_for_a_page_is_split(
    times: int, whole: str
) -> None:
    assert table([["Zhang 2025", SENTENCE * times]])["data-whole"] == whole
