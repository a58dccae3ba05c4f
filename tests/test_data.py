"""Facts about the real tables: nothing lost, nothing added, every digit as printed."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from conftest import PROJECT

from evidence_tools import Evidence
from evidence_tools.rules import printed_numbers
from evidence_tools.schema import (
    ROW_CLASSES,
    Direction,
    EffectMeasure,
    Finding,
    Integrity,
    OutcomeKind,
    Significance,
)

PACKAGE = json.loads((PROJECT / "data" / "datapackage.json").read_text(encoding="utf-8"))
TABLES = {resource["name"]: resource for resource in PACKAGE["resources"]}
FIELDS = [
    pytest.param(field, id=f"{name}.{field['name']}")
    for name, resource in TABLES.items()
    for field in resource["schema"]["fields"]
]


def test_every_source_finding_and_arm_is_there(evidence: Evidence) -> None:
    assert len(evidence.sources) == 41
    assert len(evidence.findings()) == 72
    assert len(evidence.arms) == 20
    assert len(evidence.context) == 11
    assert len(evidence.outcomes) == 21


@pytest.mark.parametrize(
    ("key", "measure", "estimate", "lower", "upper", "printed"),
    [
        ("oc", "MD", "1.86", "1.17", "2.56", "OC; MD 1.86, 95% CI 1.17-2.56"),
        ("bap", "MD", "1.49", "0.98", "2.00", "BAP; MD 1.49, 95% CI 0.98-2.00"),
        ("ucoc", "WMD", "-1.54", "-2.44", "-0.64", "ucOC; WMD -1.54, 95% CI -2.44 to -0.64"),
        ("trap", "MD", "-0.83", "-1.21", "-0.46", "TRAP; MD -0.83, 95% CI -1.21 to -0.46"),
        ("ctx", "MD", "-0.09", "-0.14", "-0.05", "MD -0.09, 95% CI -0.14 to -0.05"),
    ],
)
def test_the_five_central_estimates_are_as_printed(
    evidence: Evidence, key: str, measure: str, estimate: str, lower: str, upper: str, printed: str
) -> None:
    finding = evidence.finding(f"zhang2025-{key}")
    assert finding.effect_measure == measure
    numbers = (finding.estimate, finding.ci_lower, finding.ci_upper, finding.ci_level)
    assert [str(number) for number in numbers] == [estimate, lower, upper, "95"]
    assert finding.as_printed == printed
    assert finding.unit == "not reported"
    assert finding.statistically_significant == "yes"
    assert finding.direction == ("increase" if Decimal(estimate) > 0 else "decrease")


def test_the_central_result_for_ntx_is_a_gap_and_not_a_zero(evidence: Evidence) -> None:
    finding = evidence.finding("zhang2025-ntx")
    assert finding.direction is Direction.NO_SIGNIFICANT_CHANGE
    assert finding.statistically_significant is Significance.NO
    assert finding.as_printed == "N-telopeptide (NTX) showed no significant change"
    for field in ("effect_measure", "estimate", "ci_lower", "ci_upper", "ci_level", "p_value"):
        assert getattr(finding, field) is None


def test_the_central_source_is_as_it_was_read(evidence: Evidence) -> None:
    source = evidence.source("zhang2025")
    assert (source.n_studies, source.n_participants) == (9, 2570)
    assert source.doi == "10.3389/fendo.2025.1703116"
    assert source.read_at == "abstract"
    assert source.integrity is Integrity.NONE_KNOWN


def test_what_the_central_abstract_does_not_state_is_blank(evidence: Evidence) -> None:
    for finding in evidence.findings(source="zhang2025"):
        assert finding.k_studies is None
        assert finding.n_participants is None
        assert not finding.unit_reported


def test_every_estimate_lies_inside_its_interval(evidence: Evidence) -> None:
    with_interval = [f for f in evidence.findings() if f.ci_lower is not None]
    assert len(with_interval) > 20
    for finding in with_interval:
        assert finding.estimate is not None
        assert finding.ci_upper is not None
        assert finding.ci_lower is not None
        assert finding.ci_lower <= finding.estimate <= finding.ci_upper, finding.finding_id


def figures(finding: Finding) -> list[str]:
    values = (finding.estimate, finding.ci_lower, finding.ci_upper, finding.ci_level)
    return [str(value) for value in values if value is not None]


def test_every_digit_of_every_estimate_is_printed_in_its_source(evidence: Evidence) -> None:
    for finding in evidence.findings():
        missing = Counter(figures(finding)) - Counter(printed_numbers(finding.as_printed))
        assert not missing, finding.finding_id


def test_every_printed_p_value_is_stored_with_its_digits(evidence: Evidence) -> None:
    printed = {
        f.finding_id: found.groups()
        for f in evidence.findings()
        if (found := re.search(r"\b[pP]\s*([<=])\s*([0-9.]+)", f.as_printed))
    }
    assert len(printed) == 15
    for finding_id, (relation, digits) in printed.items():
        p_value = evidence.finding(finding_id).p_value
        assert p_value is not None
        assert (p_value.relation, str(p_value.value)) == (relation, digits)


def test_every_source_and_outcome_that_a_row_names_exists(evidence: Evidence) -> None:
    for row in (*evidence.findings(), *evidence.arms.values()):
        assert row.source_id in evidence.sources
        assert row.outcome_id in evidence.outcomes
    for context in evidence.context.values():
        assert context.outcome_id in evidence.outcomes
        assert not context.source_id or context.source_id in evidence.sources


def test_every_reference_of_an_outcome_is_a_source_or_in_the_bibliography(
    evidence: Evidence,
) -> None:
    entries = re.findall(r"(?m)^@\w+\{([^,]+),", (PROJECT / "references.bib").read_text("utf-8"))
    known = set(entries) | set(evidence.sources)
    for outcome in evidence.outcomes.values():
        assert outcome.references, outcome.outcome_id
        assert set(outcome.references) <= known, outcome.outcome_id


def test_no_key_is_both_a_source_and_in_the_bibliography(evidence: Evidence) -> None:
    text = (PROJECT / "references.bib").read_text("utf-8")
    assert not set(evidence.sources) & set(re.findall(r"(?m)^@\w+\{([^,]+),", text))


def test_every_source_was_looked_up_on_the_day_of_the_curation(evidence: Evidence) -> None:
    assert {s.integrity_checked for s in evidence.sources.values()} == {date(2026, 11, 21)}


@pytest.mark.parametrize(
    ("source_id", "status"),
    [
        ("iwamoto2009ma", Integrity.RETRACTED),
        ("cockayne2006", Integrity.CAUTION_PUBLISHED),
        ("mott2019", Integrity.ADJUSTED),
        ("xu2021", Integrity.ARITHMETIC_FLAG),
        ("gu2019", Integrity.INTERNAL_CONTRADICTION),
    ],
)
def test_every_known_concern_has_its_status_and_its_reason(
    evidence: Evidence, source_id: str, status: Integrity
) -> None:
    assert evidence.source(source_id).integrity is status
    assert evidence.source(source_id).note


def test_no_other_source_has_a_known_concern(evidence: Evidence) -> None:
    concerns = [s for s in evidence.sources.values() if s.integrity is not Integrity.NONE_KNOWN]
    assert len(concerns) == 5


def test_a_retracted_source_has_no_findings(evidence: Evidence) -> None:
    retracted = {s for s, row in evidence.sources.items() if row.integrity is Integrity.RETRACTED}
    assert retracted == {"iwamoto2009ma"}
    assert not retracted & {finding.source_id for finding in evidence.findings()}


def test_least_significant_changes_that_were_not_found_are_said_to_be_missing(
    evidence: Evidence,
) -> None:
    for key in ("ucoc-lsc", "ntx-lsc"):
        assert evidence.context[key].value == "not found"


@pytest.mark.parametrize(
    ("table", "column", "vocabulary"),
    [
        ("findings", "effect_measure", EffectMeasure),
        ("findings", "direction", Direction),
        ("findings", "statistically_significant", Significance),
        ("sources", "integrity", Integrity),
        ("outcomes", "kind", OutcomeKind),
    ],
)
def test_the_dictionary_and_the_package_know_the_same_words(
    table: str, column: str, vocabulary: type
) -> None:
    fields = {field["name"]: field for field in TABLES[table]["schema"]["fields"]}
    assert fields[column]["constraints"]["enum"] == list(vocabulary)


@pytest.mark.parametrize("table", ROW_CLASSES)
def test_columns_of_file_dictionary_and_package_are_the_same(table: str) -> None:
    header = (PROJECT / "data" / TABLES[table]["path"]).read_text("utf-8").splitlines()[0]
    described = [field["name"] for field in TABLES[table]["schema"]["fields"]]
    assert header.split(",") == described == list(ROW_CLASSES[table].__dataclass_fields__)


def test_the_data_package_says_what_it_is_and_how_it_may_be_used() -> None:
    assert PACKAGE["title"]
    assert PACKAGE["sources"][0]["title"]
    assert [licence["name"] for licence in PACKAGE["licenses"]] == ["CC-BY-4.0"]


@pytest.mark.parametrize("field", FIELDS)
def test_every_column_has_a_type_and_a_meaning(field: dict[str, object]) -> None:
    assert field["type"] in ("string", "number", "integer", "date", "boolean")
    assert str(field["description"]).endswith(".")


@pytest.mark.parametrize("field", [p for p in FIELDS if p.values[0]["type"] == "number"])
def test_every_measured_number_has_a_unit(field: dict[str, object]) -> None:
    assert field["unit"]


@pytest.mark.parametrize(
    "field", [p for p in FIELDS if "pattern" in p.values[0].get("constraints", {})]
)
def test_every_column_with_a_form_has_an_example_of_it(field: dict[str, dict[str, str]]) -> None:
    assert re.fullmatch(field["constraints"]["pattern"], str(field["example"]))
