"""Sentences in plain words are rows, and their slots are filled from other rows."""

import pytest
from building import Changed, read_rows

from evidence_tools import Evidence
from evidence_tools.evidence.problems import EvidenceError, UnknownKeyError
from evidence_tools.show.display import plain
from evidence_tools.show.values import check_plain, fill, holds, narrate_plain, value_runs


def value(evidence: Evidence, key: str) -> str:
    return plain(value_runs(evidence, key))


def test_sentences_with_a_shared_beginning_make_one_paragraph(topic: Evidence) -> None:
    assert str(narrate_plain("answer")).splitlines() == [
        "One review of 6 trials, Larkin 2024, reports that somnin (SOM) rose and vigilase (VIG) "
        "fell in shift workers with poor sleep. "
        "It found no clear change in a hormone of deep sleep.",
        "The largest trial, Fern 2019, had 900 people.",
    ]


def test_wording_changes_without_python(changed_topic: Changed) -> None:
    changed_topic("plain", "soon", text="After {soonest.timepoint}, says {soonest.sources}.")
    assert str(narrate_plain("soon")) == "After 1 month, says Fern 2019."


def test_the_earliest_change_is_that_of_any_marker(changed_topic: Changed) -> None:
    changed_topic("timecourse", "reed2016-som-4w", outcome_id="sleep_panel", direction="increase",
                  statistically_significant="yes")  # fmt: skip
    assert "changed after 4 weeks (Reed 2016)" in str(narrate_plain("soon"))


def test_a_sentence_is_left_out_where_its_condition_does_not_hold(topic: Evidence) -> None:
    assert str(narrate_plain("ask")) == (
        "People with an eye disease should ask first: Dusk Agency and Fern 2019."
    )


def test_a_sentence_follows_the_rows(changed_topic: Changed) -> None:
    changed_topic("findings", "larkin2024-dor", direction="increase",
                  statistically_significant="yes")  # fmt: skip
    assert "somnin (SOM) and dormine (DOR) rose" in str(narrate_plain("answer.moved"))


def test_an_unknown_slot_names_file_line_and_the_nearest_one(changed_topic: Changed) -> None:
    changed = changed_topic("plain", "answer.events", text="The {largst} one.")
    with pytest.raises(EvidenceError, match=r"plain\.csv:4: column 'text': .*'largest'"):
        narrate_plain("answer")
    (problem,) = check_plain(changed)
    assert problem.line == 4


def test_an_unknown_condition_is_found_before_it_is_shown(changed_topic: Changed) -> None:
    (problem,) = check_plain(changed_topic("plain", "soon", when="sonest"))
    assert problem.column == "when"


def test_the_sentences_of_the_topic_can_all_be_written(topic: Evidence) -> None:
    assert check_plain(topic) == []


def test_an_unknown_key_is_refused_with_the_nearest_ones(topic: Evidence) -> None:
    with pytest.raises(UnknownKeyError, match=r"answer\.events"):
        narrate_plain("answr.events")


@pytest.mark.parametrize(("key", "text"), read_rows("values"))
def test_a_key_gives_a_value_of_the_rows(topic: Evidence, key: str, text: str) -> None:
    assert value(topic, key) == text


def test_a_number_of_a_finding_leads_to_the_finding(topic: Evidence) -> None:
    (run,) = value_runs(topic, "larkin2024-som.estimate")
    assert run.finding_id == "larkin2024-som"


def test_a_slot_with_a_capital_begins_a_sentence(topic: Evidence) -> None:
    assert plain(fill(topic, "{Subject} and {subject}.")) == "Amber light and amber light."


def test_an_unknown_column_names_those_that_are_there(topic: Evidence) -> None:
    with pytest.raises(UnknownKeyError, match="did you mean 'year'"):
        value_runs(topic, "larkin2024.yeer")


def test_conditions_can_be_joined_and_turned(topic: Evidence) -> None:
    assert holds(topic, "events and not conflicting")
    assert not holds(topic, "not events")
    assert holds(topic, None)


def test_without_a_central_source_its_sets_are_empty(changed_topic: Changed) -> None:
    changed = changed_topic("plain", "soon", text="Changed.")
    path = changed.folder / "topic.yml"
    path.write_text(path.read_text().replace("central_source: larkin2024\n", ""))
    from evidence_tools import load_evidence

    assert not holds(load_evidence(changed.folder), "central_markers")
