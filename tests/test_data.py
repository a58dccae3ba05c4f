"""Facts about the real tables: nothing lost, nothing added, every digit as printed."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pandas as pd
import pytest
from building import PROJECT

from evidence_tools import Evidence
from evidence_tools.evidence.arithmetic import printed_numbers, printed_p_values
from evidence_tools.evidence.frames import split_list
from evidence_tools.evidence.judgements import conflicting_outcomes

COUNTS = {
    "findings": 196, "sources": 67, "outcomes": 44, "kinds": 10, "trials": 27, "arms": 66,
    "certainty": 100, "context": 13, "timecourse": 32, "harms": 46, "advice": 26,
    "conclusions": 52, "statements": 51, "limitations": 12,
}  # fmt: skip


def test_every_row_is_there(evidence: Evidence) -> None:
    assert {name: len(getattr(evidence, name)) for name in COUNTS} == COUNTS


@pytest.mark.parametrize(
    ("outcome", "measure", "estimate", "lower", "upper", "printed"),
    [
        ("oc", "MD", "1.86", "1.17", "2.56", "OC; MD 1.86, 95% CI 1.17-2.56"),
        ("bap", "MD", "1.49", "0.98", "2.00", "BAP; MD 1.49, 95% CI 0.98-2.00"),
        ("ucoc", "WMD", "-1.54", "-2.44", "-0.64", "ucOC; WMD -1.54, 95% CI -2.44 to -0.64"),
        ("trap", "MD", "-0.83", "-1.21", "-0.46", "TRAP; MD -0.83, 95% CI -1.21 to -0.46"),
        ("ctx", "MD", "-0.09", "-0.14", "-0.05", "MD -0.09, 95% CI -0.14 to -0.05"),
    ],
)
def test_the_five_central_estimates_are_as_printed(
    evidence: Evidence, outcome: str, measure: str, estimate: str, lower: str, upper: str,
    printed: str,
) -> None:  # fmt: skip
    row = evidence.finding(f"zhang2025-{outcome}")
    figures = (row.estimate_printed, row.ci_lower_printed, row.ci_upper_printed)
    assert (row.effect_measure, *figures, row.as_printed) == (
        measure, estimate, lower, upper, printed,
    )  # fmt: skip
    assert row.ci_level_printed == "95"
    assert row.statistically_significant == "yes"
    assert (row.unit, row.k_studies, row.n_participants, row.i2) == (None,) * 4


def test_the_central_result_without_a_change_is_a_gap_and_no_zero(evidence: Evidence) -> None:
    row = evidence.finding("zhang2025-ntx")
    assert (row.direction, row.statistically_significant) == ("no_significant_change", "no")
    assert (row.estimate, row.ci_lower, row.ci_upper, row.p_value) == (None,) * 4


def test_every_digit_of_every_finding_is_printed_in_its_source(evidence: Evidence) -> None:
    figures = ["estimate_printed", "ci_lower_printed", "ci_upper_printed", "i2_printed"]
    for row in evidence.findings.reset_index().itertuples():
        stored = Counter(text for name in figures if pd.notna(text := getattr(row, name)))
        printed = Counter() if pd.isna(row.as_printed) else Counter(printed_numbers(row.as_printed))
        printed += Counter(f"-{number}" for number in printed)  # "decreased by 25.8%"
        assert not stored - printed, row.finding_id
        if pd.notna(row.p_value_printed):
            assert row.p_value_printed in printed_p_values(row.as_printed), row.finding_id


def test_nothing_is_imputed(evidence: Evidence) -> None:
    findings = evidence.findings
    assert findings.loc[findings["estimate"].isna(), "ci_lower"].isna().all()
    assert (
        findings.loc[findings["as_printed"].isna(), ["estimate", "p_value"]].isna().all(axis=None)
    )
    computed = findings[["standard_error", "tau2", "prediction_lower"]]
    assert computed.isna().all(axis=None)


@pytest.mark.parametrize(
    "source", ["binkley2009", "emaus2010", "knapen2007", "ronn2016", "ronn2021"]
)
def test_density_was_not_different_where_sources_say_so(evidence: Evidence, source: str) -> None:
    density = evidence.select(source=source).query("outcome_id.str.startswith('bmd')")
    assert set(density["direction"]) == {"no_significant_change"}


def test_density_was_not_different_against_an_active_comparator(evidence: Evidence) -> None:
    density = evidence.select(source="jiang2014").query("outcome_id.str.startswith('bmd')")
    assert set(density["direction"]) == {"no_significant_change"}
    assert evidence.trials.loc["jiang2014", "comparator_kind"] == "active comparator"


@pytest.mark.parametrize("source", ["emaus2010", "purwosunu2006", "je2011", "ronn2016"])
def test_undercarboxylation_fell_where_sources_say_so(evidence: Evidence, source: str) -> None:
    assert evidence.finding(f"{source}-ucoc").direction == "decrease"


def test_trials_are_as_the_second_reading_found_them(evidence: Evidence) -> None:
    inoue = evidence.row("trials", "inoue2009")
    assert (inoue.duration_printed, inoue.duration_unit) == ("36", "months")
    assert (inoue.n_comparator, inoue.n_intervention) == (2193, 2185)
    assert evidence.finding("inoue2009-fracture-vertebral").direction == "no_significant_change"
    assert evidence.row("trials", "ronn2016").blinding == "double blind"
    arms = evidence.arms.query("source_id == 'jiang2014' and events.notna()")
    assert [(row.events, row.n) for row in arms.itertuples()] == [(2, 108), (4, 105)]


def test_a_corrected_figure_is_replaced_by_its_correction(evidence: Evidence) -> None:
    old = evidence.finding("cockayne2006-fracture-hip")
    assert old.superseded_by == "cockayne2018corr-fracture-hip"
    assert (old.estimate_printed, old.standing) == ("0.23", "struck out")
    assert evidence.finding(old.superseded_by).estimate_printed == "0.30"


@pytest.mark.parametrize(
    ("finding", "estimate"), [("ma2022-fracture", "0.96"), ("huang2015-fracture", "0.63")]
)
def test_primary_results_count_beside_their_sensitivity_analyses(
    evidence: Evidence, finding: str, estimate: str
) -> None:
    row = evidence.finding(finding)
    assert (row.analysis, row.standing, row.estimate_printed) == ("primary", "counted", estimate)
    assert evidence.finding(f"{finding}-sens").analysis == "sensitivity"


def test_other_forms_and_other_people_never_count(evidence: Evidence) -> None:
    counts = evidence.topic.counts
    counted = evidence.findings.query("standing == 'counted'")
    assert set(counted["form"]) <= set(counts["forms"])
    assert set(counted["population_group"]) <= set(counts["population_groups"])
    assert not counted["form"].str.contains("K1").any()


def test_harms_are_reported_by_many_sources_in_their_own_words(evidence: Evidence) -> None:
    printed = " ".join(evidence.harms["as_printed"].dropna())
    assert evidence.harms["source_id"].nunique() > 40
    assert "three minor gastrointestinal cases" in printed
    assert "similar to alfacalcidol" in printed


def test_every_judgement_fits_its_findings(evidence: Evidence) -> None:
    assert evidence.misfits.empty
    assert conflicting_outcomes(evidence.findings) == {"oc"}


def test_every_figure_that_does_not_fit_is_declared(evidence: Evidence) -> None:
    flagged = evidence.arithmetic.query("verdict == 'flag'").index
    assert evidence.findings.loc[flagged, "misfit"].notna().all()


def test_every_reference_of_an_outcome_exists(evidence: Evidence) -> None:
    library = (PROJECT / "references.bib").read_text(encoding="utf-8")
    for row in evidence.rows("outcomes").values():
        for key in split_list(row.references):
            assert key in evidence.sources.index or f"{{{key}," in library, row.outcome_id


def test_what_is_known_to_be_unknown_is_a_row(evidence: Evidence) -> None:
    slots = set(evidence.statements.query("source_id == 'zhang2025'")["slot"])
    assert {"trial names", "units", "trials per marker"} <= slots
    assert {"done", "not done"} <= set(evidence.statements["kind"])


def test_every_column_is_described() -> None:
    package = json.loads((PROJECT / "data" / "datapackage.json").read_text(encoding="utf-8"))
    for resource in package["resources"]:
        for field in resource["schema"]["fields"]:
            assert field["description"].endswith("."), (resource["name"], field["name"])


def described(folder: str) -> dict[tuple[str, str], Any]:
    """Read what a dictionary says of each column, without examples and allowed words."""
    package = json.loads((PROJECT / folder / "datapackage.json").read_text(encoding="utf-8"))
    found = {}
    for resource in package["resources"]:
        for field in resource["schema"]["fields"]:
            limits = field.pop("constraints", {})
            kept = {key: limits[key] for key in limits if key not in ("enum", "required")}
            own = {key: field[key] for key in field if key not in ("example", "title")}
            found[resource["name"], field["name"]] = own | kept
    return found


@pytest.mark.parametrize("folder", ["data", "examples/bcg-vaccine/data", "tests/topic"])
def test_dictionaries_differ_only_in_words_of_their_topic(folder: str) -> None:
    model, mine = described("evidence_tools/evidence"), described(folder)
    assert {column: mine[column] for column in model} == model
