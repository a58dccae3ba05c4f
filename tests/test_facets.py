"""Groups by which a reader filters findings follow from the words of the tables."""

from __future__ import annotations

import dataclasses

import pytest

from evidence_tools import Evidence
from evidence_tools.display import Cell, Figure, Table, TableRow, Variants, runs
from evidence_tools.facets import FACETS, finding_facets, form_group, population_group


@pytest.mark.parametrize(
    ("words", "group"),
    [
        ("postmenopausal women with osteoporosis, Japan", "women with osteoporosis"),
        ("healthy postmenopausal women", "other women after the menopause"),
        ("healthy women aged 50-60, 1-5 years after menopause", "other women after the menopause"),
        ("postmenopausal or osteoporotic adults", "other people"),
        ("not applicable", "not reported"),
        ("", "not reported"),
    ],
)
def test_who_was_studied_is_grouped_by_the_words(
    words: str, group: str, evidence: Evidence
) -> None:
    source = dataclasses.replace(evidence.source("zhang2025"), population=words)
    assert population_group(source) == group


@pytest.mark.parametrize(
    ("words", "group"),
    [
        ("MK-4 45 mg/day for 24 months vs no treatment", "MK-4"),
        ("MK-7 375 ug/day", "MK-7"),
        ("vitamin K2 alone or combined", "K2, form not stated"),
        ("vitamin K, any form", "vitamin K in general"),
        ("not applicable", "not reported"),
    ],
)
def test_a_form_is_only_named_where_the_words_name_it(
    words: str, group: str, evidence: Evidence
) -> None:
    source = dataclasses.replace(evidence.source("zhang2025"), intervention=words)
    assert form_group(source) == group


def test_every_finding_is_in_one_group_of_each_facet(evidence: Evidence) -> None:
    for finding in evidence.findings():
        groups = finding_facets(evidence, finding)
        assert tuple(groups) == FACETS
        assert all(groups.values())


def test_a_table_counts_only_a_column_that_it_has() -> None:
    row = TableRow((Cell.of("a"),))
    with pytest.raises(ValueError, match="no column 'b' to count"):
        Table("tab-a", runs("A?"), ("a",), (row,), count_by="b")


def test_variants_need_a_name_for_each_figure() -> None:
    figure = Figure("fig-a", runs("A?"), "alt", "<svg/>", {})
    with pytest.raises(ValueError, match="each with a name"):
        Variants("var-a", "Which?", ("one",), (figure, figure))
