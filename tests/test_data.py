"""Facts about the real tables: nothing lost, nothing added, every digit as printed."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from building import PROJECT

from evidence_tools import Evidence
from evidence_tools.evidence.frames import split_list
from evidence_tools.evidence.judgements import conflicting_outcomes

COUNTS = {
    "findings": 196, "sources": 67, "outcomes": 44, "kinds": 10, "trials": 27, "arms": 66,
    "certainty": 100, "context": 13, "timecourse": 32, "harms": 46, "advice": 26,
    "conclusions": 52, "statements": 52, "limitations": 12,
}  # fmt: skip


def test_every_row_is_there(evidence: Evidence) -> None:
    assert {name: len(getattr(evidence, name)) for name in COUNTS} == COUNTS


FACTS = pd.read_csv(Path(__file__).with_name("facts.csv"), dtype=str, keep_default_na=False)


@pytest.mark.parametrize("fact", FACTS["fact"].unique())
def test_a_fact_is_as_its_source_prints_it(evidence: Evidence, fact: str) -> None:
    for known in FACTS[FACTS["fact"] == fact].itertuples():
        cell = getattr(evidence, known.table).loc[known.row, known.column]
        found = "" if pd.isna(cell) else str(cell)
        assert found == known.value, (known.row, known.column)


def test_nothing_is_imputed(evidence: Evidence) -> None:
    findings = evidence.findings
    assert findings.loc[findings["estimate"].isna(), "ci_lower"].isna().all()
    assert (
        findings.loc[findings["as_printed"].isna(), ["estimate", "p_value"]].isna().all(axis=None)
    )
    computed = findings[["standard_error", "tau2", "prediction_lower"]]
    assert computed.isna().all(axis=None)


@pytest.mark.parametrize(
    "source", ["binkley2009", "emaus2010", "knapen2007", "ronn2016", "ronn2021", "jiang2014"]
)
def test_density_was_not_different_where_sources_say_so(evidence: Evidence, source: str) -> None:
    density = evidence.select(source=source).query("outcome_id.str.startswith('bmd')")
    assert set(density["direction"]) == {"no_significant_change"}


def test_arms_are_as_the_second_reading_found_them(evidence: Evidence) -> None:
    arms = evidence.arms.query("source_id == 'jiang2014' and events.notna()")
    assert [(row.events, row.n) for row in arms.itertuples()] == [(2, 108), (4, 105)]


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
