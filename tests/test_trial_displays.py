"""Tables and charts of trials and arms, checked on text and chart specifications."""

from __future__ import annotations

import dataclasses

import pytest

from evidence_tools import (
    Evidence,
    arms_plot,
    arms_table,
    outcomes_table,
    trials_plot,
    trials_table,
)
from evidence_tools.schema import TrialArm
from evidence_tools.trial_phrases import arm_text, comparator_text, dose_text, duration_text


def ucoc(evidence: Evidence) -> list[TrialArm]:
    return [arm for arm in evidence.arms.values() if arm.outcome_id == "ucoc"]


def test_the_trials_table_has_every_report_and_says_what_is_not_stated(evidence: Evidence) -> None:
    table = trials_table(evidence, name="tab-trials", caption="What?")
    assert len(table.rows) == len(evidence.trials)
    text = table.to_text()
    assert "Inoue 2009: 4,378 participants | MK-4; dose not stated; duration not stated" in text
    assert "same trial as Rønn 2016" in text
    assert "further arm: K1 1 mg/day" in text
    assert "Gu 2019 (contradicts itself)" in text


def test_phrases_of_a_trial_use_the_printed_units(evidence: Evidence) -> None:
    trial = evidence.trials["purwosunu2006"]
    assert (dose_text(trial), duration_text(trial)) == ("45 mg/day", "48 weeks")
    assert comparator_text(trial) == "placebo; all with calcium"
    assert comparator_text(evidence.trials["je2011"]) == (
        "vitamin D and calcium, with the same in the vitamin K2 arm"
    )


def test_an_arm_says_its_size_and_the_kind_of_its_spread(evidence: Evidence) -> None:
    assert arm_text(evidence.arms["koitaya2014-ucoc-6m-k2"]) == (
        "MK-4 1.5 mg/day: 2.8 ng/mL (n 24; SD inferred 1.0)"
    )
    assert arm_text(evidence.arms["je2011-ucoc-6m-control"]) == (
        "vitamin D + calcium: −0.4 ng/dL (n not stated; spread 1.1, kind not stated)"
    )
    assert arm_text(evidence.arms["purwosunu2006-ucoc-48w-k2"]) == (
        "MK-4 45 mg/day + calcium: −55.9% of baseline (n 33; spread not stated)"
    )


def test_the_arms_table_computes_only_where_all_is_known(evidence: Evidence) -> None:
    table = arms_table(evidence, evidence.arms.values(), name="tab-arms", caption="What?")
    text = table.to_text().splitlines()
    computed = [line for line in text if "computed here" in line]
    assert len(computed) == 2
    assert all(line.startswith("Koitaya 2014") and "SD inferred" in line for line in computed)
    assert len([line for line in text if "not computed: " in line]) == len(table.rows) - 2


def test_trials_without_a_duration_are_a_labelled_gap_not_a_bar(evidence: Evidence) -> None:
    figure = trials_plot(evidence, name="fig-trials", caption="How long?")
    rows = {row["trial"]: row for data in figure.spec["datasets"].values() for row in data}
    assert len(rows) == len(evidence.trials)
    assert "months" not in rows["Inoue 2009"]
    assert rows["Inoue 2009"]["duration"] == "duration not stated"
    assert "duration not stated" in figure.svg
    assert rows["Knapen 2013"]["months"] == 36
    assert rows["Purwosunu 2006"]["months"] == pytest.approx(48 / 52 * 12)


def test_the_alt_text_of_trials_tells_every_trial(evidence: Evidence) -> None:
    figure = trials_plot(evidence, name="fig-trials", caption="How long?")
    for trial in evidence.trials.values():
        assert f"{evidence.source_of(trial).short_name}" in figure.alt
        assert duration_text(trial) in figure.alt


def test_every_unit_and_kind_of_value_has_a_panel_of_its_own(evidence: Evidence) -> None:
    figure = arms_plot(evidence, ucoc(evidence), name="fig-arms", caption="How high?")
    titles = []
    for part in figure.spec["vconcat"]:
        (kind,) = {row["kind"] for row in figure.spec["datasets"][part["data"]["name"]]}
        axes = [layer["encoding"]["x"].get("axis") or {} for layer in part["layer"]]
        titles.append(kind)
        assert {axis["title"] for axis in axes if "title" in axis} == {kind}
    kinds = dict.fromkeys(f"{arm.value_type}, {arm.unit}" for arm in ucoc(evidence))
    assert titles == list(kinds)
    assert figure.spec["resolve"]["scale"]["x"] == "independent"


def test_means_stand_in_chart_and_alt_text_with_their_printed_digits(evidence: Evidence) -> None:
    figure = arms_plot(evidence, ucoc(evidence), name="fig-arms", caption="How high?")
    for part in ("K2 2.8", "comparator 4.2", "K2 −82.3", "comparator −0.03"):
        assert part in figure.alt
        assert part in figure.svg


def test_what_kind_of_page_a_mean_was_read_on_stands_in_the_chart(evidence: Evidence) -> None:
    figure = arms_plot(evidence, ucoc(evidence), name="fig-arms", caption="How high?")
    assert "read: press release" in figure.svg


def test_the_sides_of_the_values_follow_the_means(evidence: Evidence) -> None:
    arms = [evidence.arms[f"koitaya2014-ucoc-6m-{role}"] for role in ("k2", "control")]
    arms[0] = dataclasses.replace(arms[0], mean=arms[1].mean + 1)
    figure = arms_plot(evidence, arms, name="fig-arms", caption="How high?")
    assert "comparator 4.2, K2 5.2" in figure.alt


def test_nothing_to_draw_is_refused(evidence: Evidence) -> None:
    with pytest.raises(ValueError, match="no arms to draw"):
        arms_plot(evidence, [], name="fig-arms", caption="How high?")


def test_the_outcomes_table_names_surrogates_and_counts_findings(evidence: Evidence) -> None:
    table = outcomes_table(
        evidence, evidence.outcomes.values(), name="tab-outcomes", caption="Which?"
    )
    lines = table.to_text().splitlines()
    assert len(table.rows) == len(evidence.outcomes)
    for line, outcome in zip(lines[2:], evidence.outcomes.values(), strict=True):
        assert ("a surrogate" in line) == outcome.surrogate
        count = len(evidence.findings(outcome=outcome.outcome_id))
        assert f"{count} from" in line
