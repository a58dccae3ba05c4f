"""Sentences about trials and their arms."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from conftest import change_cell

from evidence_tools import (
    Evidence,
    load_evidence,
    narrate_arms,
    narrate_populations,
    narrate_trials,
)
from evidence_tools.narrate_trials import narrate_largest_trial
from evidence_tools.schema import TrialArm


def ucoc(evidence: Evidence) -> list[TrialArm]:
    return [arm for arm in evidence.arms.values() if arm.outcome_id == "ucoc"]


def test_trials_are_counted_by_form_blinding_and_duration(evidence: Evidence) -> None:
    text = narrate_trials(evidence).to_text()
    assert "16 trials are listed here, in 17 reports" in text
    assert "MK-4 in 9; form not stated in 4; MK-7 in 3" in text
    assert "duration not stated in 1" in text
    assert "They are no advice on an amount" in text


def test_counts_of_forms_add_up_to_the_number_of_trials(evidence: Evidence) -> None:
    (line,) = [line for line in narrate_trials(evidence).to_text().splitlines() if "Form:" in line]
    assert sum(map(int, re.findall(r"in (\d+)", line))) == 16


def test_a_difference_is_told_with_its_interval_and_that_its_spread_is_inferred(
    evidence: Evidence,
) -> None:
    text = narrate_arms(evidence, ucoc(evidence)).to_text()
    assert "Computed here: MD −1.40 ng/mL (95% CI −2.33 to −0.47; SD inferred)" in text
    assert "it was taken to be a standard deviation" in text


def test_trials_without_a_computed_difference_are_named(evidence: Evidence) -> None:
    (line,) = [
        line
        for line in narrate_arms(evidence, ucoc(evidence)).to_text().splitlines()
        if "no difference was computed" in line
    ]
    for name in ("Je 2011", "Emaus 2010", "Jiang 2014", "Purwosunu 2006", "Rønn 2021"):
        assert name in line


def test_a_computed_difference_is_consistent_in_size_with_the_pooled_one_never_it(
    evidence: Evidence,
) -> None:
    pooled = evidence.finding("zhang2025-ucoc")
    text = narrate_arms(evidence, ucoc(evidence), pooled=pooled).to_text()
    assert "−1.40 ng/mL at 6 months and −1.30 ng/mL at 12 months (Koitaya 2014) are con" in text
    assert "its unit is not reported" in text
    assert "Whether this trial is among those that were pooled is not known" in text
    assert "recomputed" not in text


def test_a_pooled_figure_outside_the_interval_is_not_called_consistent(evidence: Evidence) -> None:
    pooled = dataclasses.replace(
        evidence.finding("zhang2025-ucoc"), estimate=evidence.finding("zhang2025-oc").estimate
    )
    text = narrate_arms(evidence, ucoc(evidence), pooled=pooled).to_text()
    assert "are not consistent in size with" in text
    assert "are consistent" not in text


def test_a_pooled_figure_in_another_unit_is_not_held_against_a_trial(evidence: Evidence) -> None:
    pooled = dataclasses.replace(evidence.finding("zhang2025-ucoc"), unit="SD")
    text = narrate_arms(evidence, ucoc(evidence), pooled=pooled).to_text()
    assert "cannot be held against" in text
    assert "consistent" not in text


def test_groups_that_no_population_names_are_listed(evidence: Evidence) -> None:
    text = narrate_populations(evidence).to_text()
    assert "All 17 trial reports listed here describe women" in text
    for group in ("men", "children", "a medicine against blood clotting"):
        assert group in text


def test_a_group_that_a_population_names_is_no_longer_listed(data_copy: Path) -> None:
    change_cell(data_copy / "sources.csv", "emaus2010", "population", "men and women, Norway")
    assert "names children" in narrate_populations(load_evidence(data_copy)).to_text()


def test_all_trials_of_the_smallest_size_are_named(evidence: Evidence) -> None:
    text = narrate_trials(evidence).to_text()
    assert "The smallest had 48 participants (Hirao 2011; Koitaya 2014)" in text


def test_the_largest_trial_is_told_with_all_it_reports_and_falls_out_when_retracted(
    evidence: Evidence, data_copy: Path
) -> None:
    text = narrate_largest_trial(evidence, evidence.findings(kind="fracture")).to_text()
    assert text.startswith("The largest trial here is Inoue 2009, with 4,378 participants: ")
    assert "On vertebral fractures: no significant change (no estimate reported); primary" in text
    assert "48 months; lower with K2 but not significantly." in text
    change_cell(data_copy / "sources.csv", "inoue2009", "integrity", "retracted")
    changed = load_evidence(data_copy)
    assert narrate_largest_trial(changed, changed.findings(kind="fracture")).to_text() == ""
