"""The table of trials: nothing stands in it that its source row does not say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import change_cell

from evidence_tools import Evidence, load_evidence
from evidence_tools.phrases import number_text, value_text
from evidence_tools.schema import EvidenceError, Trial


def stated(evidence: Evidence, trial: Trial) -> str:
    source = evidence.source_of(trial)
    return f"{source.intervention}; {source.note}"


@pytest.mark.parametrize("column", ["form", "comparator", "given_to_all", "other_arm"])
def test_words_of_a_trial_stand_in_the_row_of_its_source(evidence: Evidence, column: str) -> None:
    for trial in evidence.trials.values():
        words = getattr(trial, column)
        assert words in stated(evidence, trial), trial.source_id


def test_blinding_stands_in_the_row_of_its_source_and_is_blank_only_without_it(
    evidence: Evidence,
) -> None:
    for trial in evidence.trials.values():
        note = evidence.source_of(trial).note
        assert trial.blinding in note
        assert trial.blinding or not re.search("blind|open label", note), trial.source_id


@pytest.mark.parametrize("column", ["dose", "duration"])
def test_amounts_of_a_trial_stand_in_the_row_of_its_source(evidence: Evidence, column: str) -> None:
    for trial in evidence.trials.values():
        amount, unit = getattr(trial, column), getattr(trial, f"{column}_unit")
        if amount is not None:
            assert f"{amount} {unit}" in stated(evidence, trial), trial.source_id


def test_a_blank_duration_is_not_stated_in_the_row_of_its_source(evidence: Evidence) -> None:
    for trial in evidence.trials.values():
        if trial.duration is None:
            assert not re.search(r"\d+ (months|weeks)", stated(evidence, trial)), trial.source_id


def test_numbers_who_completed_stand_in_the_row_of_their_source(evidence: Evidence) -> None:
    for trial in evidence.trials.values():
        note = evidence.source_of(trial).note
        if trial.completed is None:
            assert "completed;" not in note
        else:
            assert re.search(rf"\b{trial.completed} (of \d+ )?completed", note)


def test_every_randomized_trial_among_the_sources_has_a_row(evidence: Evidence) -> None:
    trials = {key for key, source in evidence.sources.items() if source.design == "rct"}
    assert set(evidence.trials) == trials


def test_reports_of_the_same_trial_are_counted_once(evidence: Evidence) -> None:
    again = [trial for trial in evidence.trials.values() if trial.same_trial_as]
    assert [trial.source_id for trial in again] == ["ronn2021"]
    assert f"same trial as {again[0].same_trial_as}" in evidence.source("ronn2021").note
    assert value_text(evidence, "count.trials") == number_text(len(evidence.trials) - len(again))


def test_a_value_of_a_trial_is_found_by_the_name_of_its_source(evidence: Evidence) -> None:
    assert value_text(evidence, "jiang2014.comparator") == "alfacalcidol 0.5 ug/day"
    assert value_text(evidence, "inoue2009.dose") == "not reported"
    assert value_text(evidence, "jiang2014.short_name") == "Jiang 2014"


@pytest.mark.parametrize(
    ("row", "column", "value", "message"),
    [
        ("inoue2009", "dose", "45", "dose_unit': blank although its twin column is given"),
        ("koitaya2014", "dose_unit", "", "dose_unit': blank although its twin"),
        ("koitaya2014", "dose", "0", "leave the cell blank when the source does not state it"),
        ("koitaya2014", "form", "MK4", "did you mean 'MK-4'?"),
        ("koitaya2014", "duration_unit", "years", "allowed: weeks, months"),
        ("koitaya2014", "same_trial_as", "koitaya2014", "names its own row"),
        ("koitaya2014", "same_trial_as", "koitaya2041", "not in sources.csv"),
    ],
)
def test_a_faulty_trial_stops_with_its_line_and_column(
    data_copy: Path, row: str, column: str, value: str, message: str
) -> None:
    change_cell(data_copy / "trials.csv", row, column, value)
    with pytest.raises(EvidenceError) as caught:
        load_evidence(data_copy)
    assert message in str(caught.value)
    assert re.search(r"trials\.csv:\d+:", str(caught.value))


def test_an_arm_whose_identifier_names_no_arm_is_refused(data_copy: Path) -> None:
    change_cell(data_copy / "trial_arms.csv", "emaus2010-coc-12m-k2", "arm_id", "emaus2010-coc")
    with pytest.raises(EvidenceError, match="must end in -k2 or -control"):
        load_evidence(data_copy)
