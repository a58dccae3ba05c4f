"""Words for numbers, results and sources read the same wherever they are shown."""

import dataclasses

import pytest
from building import Changed
from hypothesis import given
from hypothesis import strategies as st

from evidence_tools import Evidence
from evidence_tools.show.display import Run, plain
from evidence_tools.show.words import (
    amount_text,
    certainty_mark,
    cited_runs,
    count_text,
    direction_text,
    estimate_text,
    finding_run,
    finding_runs,
    listed,
    listed_runs,
    lower_first,
    note_runs,
    number_text,
    range_text,
    reference_runs,
    source_name,
    standing_text,
    tidy_text,
    unit_text,
    way_text,
    with_details,
)


@given(st.lists(st.text(st.characters(categories=["L"]), min_size=1)))
def test_a_list_of_names_loses_none(names: list[str]) -> None:
    assert [part for part in listed(names).replace(" and ", ", ").split(", ") if part] == names


@given(st.integers(-(10**9), 10**9))
def test_a_whole_number_keeps_its_value(value: int) -> None:
    assert int(number_text(value).replace("−", "-").replace(",", "")) == value


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (number_text("-0.05"), "−0.05"),
        (number_text(-0.0), "0.00"),
        (number_text(-4e-9), "−0.0000000040"),
        (range_text("-0.1", "0.4"), "−0.1 to 0.4"),
        (count_text(0, "trial"), "no trials"),
        (count_text(1234, "study", "studies"), "1,234 studies"),
        (unit_text("ug/L"), "µg/L"),
        (amount_text("2.8", "g/cm2"), "2.8 g/cm²"),
        (amount_text("-2.8", "% change"), "−2.8% change"),
        (tidy_text("iron 375 ug/day"), "iron 375 µg/day"),
        (tidy_text("aged 50-60, read on 2026-11-21"), "aged 50–60, read on 2026-11-21"),
    ],
)
def test_numbers_keep_their_digits_and_have_their_signs(written: str, shown: str) -> None:
    assert written == shown


def test_a_name_inside_a_sentence_keeps_the_capitals_of_abbreviations() -> None:
    names = ["Mild pain", "Ménière attacks", "LDL at rest", "C-peptide", "K2"]
    assert [lower_first(name) for name in names] == ["mild pain", "ménière attacks", *names[2:]]


def test_details_go_into_the_brackets_that_a_name_ends_with() -> None:
    assert with_details("calcium", "Ca") == "calcium (Ca)"
    assert with_details("Reed 2016 (lamp)", "", "retracted") == "Reed 2016 (lamp; retracted)"


def test_at_most_three_names_are_given_and_the_rest_counted() -> None:
    assert plain(listed_runs(["A", "B", "C", "D"], most=3)) == "A, B, C and D"
    many = listed_runs(["A", "B", "C", "D", "E", "F"], most=3)
    assert plain(many) == "A, B, C and three others"


def test_certainty_is_shown_as_filled_circles() -> None:
    said = [certainty_mark(level) for level in ("high", "moderate", "at most low", "very low")]
    assert said == ["●●●● high", "●●●○ moderate", "●●○○ at most low", "●○○○ very low"]
    assert certainty_mark(None) == "not rated"


def test_a_missing_unit_is_said_in_a_sentence_and_left_out_of_a_table(topic: Evidence) -> None:
    finding = topic.finding("larkin2024-som")
    assert estimate_text(finding) == "MD 1.86 (95% CI 1.17–2.56; unit not reported)"
    assert estimate_text(finding, gaps=False) == "MD 1.86 (95% CI 1.17–2.56)"


def test_a_result_without_estimate_gives_its_direction_and_p_value(topic: Evidence) -> None:
    text = "no significant change (no estimate reported; p = 0.076)"
    assert finding_run(topic.finding("moss2021-vig")).text == text


def test_a_level_that_is_not_printed_is_not_invented(changed_topic: Changed) -> None:
    changed = changed_topic(
        "findings", "fern2019-headache", ci_level="", as_printed="RR 1.40, 1.05-1.87"
    )
    text = "RR 1.40 (interval 1.05–1.87, level not stated)"
    assert estimate_text(changed.finding("fern2019-headache")) == text


def test_a_direction_without_significance_says_so(topic: Evidence) -> None:
    finding = topic.finding("moss2021-sleep")
    assert direction_text(finding) == "increase, not significant"
    assert way_text(finding) == "no significant change"


def test_less_of_a_fall_is_called_no_increase(changed_topic: Changed) -> None:
    changed = changed_topic("findings", "fern2019-som", contrast="between falling arms")
    assert way_text(changed.finding("fern2019-som")) == "a significantly smaller decrease"


@pytest.mark.parametrize(
    ("finding", "reason"),
    [
        ("larkin2024-som", ""),
        ("white2020-som", "on white light, in adults"),
        ("owl2014-som", "its abstract states a rise and a fall"),
        ("heron2015-accident", "replaced by a later correction"),
    ],
)
def test_a_result_that_does_not_count_says_why(topic: Evidence, finding: str, reason: str) -> None:
    assert standing_text(topic.finding(finding)) == reason


def test_a_known_concern_follows_the_name_of_a_source(topic: Evidence) -> None:
    assert source_name(topic.source("wren2012")) == "Wren 2012 (retracted)"


def test_a_finding_is_stated_with_its_source_and_its_reason(topic: Evidence) -> None:
    stated = plain(finding_runs(topic.finding("white2020-som")))
    assert stated.endswith("[White 2020; not counted: on white light, in adults]")


def test_identifiers_in_a_note_become_names(topic: Evidence) -> None:
    runs = note_runs(topic.rows("sources"), "corrected by heron2018, see page 2")
    assert plain(runs) == "corrected by Heron 2018 (correction), see page 2"


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("larkin2024", "https://doi.org/10.9999/larkin.2024"),
        ("reed2016", "https://example.org/reed2016"),
        ("white2020", "https://pubmed.ncbi.nlm.nih.gov/12345678/"),
    ],
)
def test_each_reference_ends_with_an_address(topic: Evidence, source: str, address: str) -> None:
    assert reference_runs(topic.source(source))[-1].link == address


def test_a_reference_keeps_diacritics_and_its_concern(topic: Evidence) -> None:
    assert plain(reference_runs(topic.source("reed2016"))) == (
        "Reed 2016. Réed R, Sedge S. Amber glasses at work. Invented Trials 4, 2016. "
        "Read at example.org/reed2016"
    )
    assert "(retracted)" in plain(reference_runs(topic.source("wren2012")))


def test_sources_and_entries_of_the_bibliography_are_cited_side_by_side(topic: Evidence) -> None:
    cited = cited_runs(topic, ["moss2021", "handbook2001"])
    assert plain(cited) == "Moss 2021; handbook2001"
    assert dataclasses.replace(cited[2], text="") == Run("", cite="handbook2001")
