"""Certainty: computed from declared judgements, never guessed, and worded with care."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence_tools import Certainty, Evidence, load_evidence, narrate_finding
from evidence_tools.certainty import (
    Domain,
    DomainJudgement,
    Judgement,
    Rating,
    effect_verb,
    rate,
)
from evidence_tools.phrases import value_text
from evidence_tools.schema import Direction, EvidenceError

NONE, SERIOUS, VERY, UNKNOWN = (
    Judgement.NO_CONCERN,
    Judgement.SERIOUS,
    Judgement.VERY_SERIOUS,
    Judgement.NOT_ASSESSED,
)
Edit = Callable[[list[dict[str, str]]], None]


def rating_of(*judgements: Judgement) -> Rating:
    return rate(
        DomainJudgement("oc", domain, judgement, "why", ("zhang2025-oc",), ())
        for domain, judgement in zip(Domain, judgements, strict=True)
    )


def edit_judgements(folder: Path, edit: Edit) -> None:
    path = folder / "certainty.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = list(rows[0])
    edit(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize(
    ("judgements", "text"),
    [
        ((NONE, NONE, NONE, NONE, NONE), "high"),
        ((NONE, SERIOUS, NONE, NONE, NONE), "moderate"),
        ((NONE, VERY, NONE, NONE, NONE), "low"),
        ((SERIOUS, SERIOUS, SERIOUS, NONE, NONE), "very low"),
        ((VERY, VERY, VERY, NONE, NONE), "very low"),
        ((UNKNOWN, SERIOUS, SERIOUS, SERIOUS, NONE), "very low"),
    ],
)
def test_the_level_is_high_less_what_is_declared(
    judgements: tuple[Judgement, ...], text: str
) -> None:
    assert str(rating_of(*judgements)) == text


def test_nothing_lies_below_very_low_so_it_is_no_bound() -> None:
    assert not rating_of(UNKNOWN, VERY, SERIOUS, NONE, NONE).at_most


@pytest.mark.parametrize("judgement", [NONE, SERIOUS, VERY])
def test_a_domain_that_nobody_could_judge_makes_it_at_most_low(judgement: Judgement) -> None:
    assert str(rating_of(UNKNOWN, judgement, NONE, NONE, NONE)) == "at most low"


def test_a_rating_needs_every_domain_once() -> None:
    judgement = DomainJudgement("oc", Domain.IMPRECISION, NONE, "why", (), ("zhang2025",))
    with pytest.raises(ValueError, match="one judgement for each domain"):
        rate([judgement])


def test_a_rating_is_on_one_outcome() -> None:
    judgements = [
        DomainJudgement("oc" if domain is Domain.IMPRECISION else "bap", domain, NONE, "", (), ())
        for domain in Domain
    ]
    with pytest.raises(ValueError, match="one outcome"):
        rate(judgements)


def test_low_certainty_says_may() -> None:
    assert effect_verb(Direction.INCREASE, Certainty.LOW) == "may increase"


def test_very_low_certainty_allows_no_verb() -> None:
    with pytest.raises(ValueError, match="no verb"):
        effect_verb(Direction.DECREASE, Certainty.VERY_LOW)


def test_every_central_marker_fracture_density_and_harm_is_rated(evidence: Evidence) -> None:
    central = {finding.outcome_id for finding in evidence.findings(source="zhang2025")}
    fractures = {"fracture_any", "fracture_clinical", "fracture_vertebral"}
    wanted = central | fractures | {"bmd_lumbar_spine", "adverse_reactions"}
    assert wanted <= set(evidence.ratings)


def test_an_outcome_nobody_judged_is_not_rated(evidence: Evidence) -> None:
    assert evidence.certainty("fracture_hip") is None
    assert value_text(evidence, "fracture_hip.certainty") == "not rated"


def test_risk_of_bias_and_publication_bias_stay_unassessed_for_the_central_source(
    evidence: Evidence,
) -> None:
    for finding in evidence.findings(source="zhang2025"):
        rating = evidence.certainty(finding.outcome_id)
        assert rating is not None
        assert {Domain.RISK_OF_BIAS, Domain.PUBLICATION_BIAS} <= set(rating.in_domain(UNKNOWN))


def test_every_judgement_has_a_reason_and_something_it_rests_on(evidence: Evidence) -> None:
    for rating in evidence.ratings.values():
        for item in rating.judgements:
            assert item.rationale.endswith(".")
            assert item.finding_ids or item.source_ids


def test_a_value_role_gives_the_computed_certainty(evidence: Evidence) -> None:
    assert value_text(evidence, "oc.certainty") == str(evidence.certainty("oc"))


def test_a_rating_words_the_sentence_of_a_finding(evidence: Evidence) -> None:
    text = narrate_finding(
        evidence, evidence.finding("zhang2025-oc"), evidence.certainty("oc")
    ).to_text()
    assert text.startswith("Vitamin K2 may increase osteocalcin (OC)")


def test_a_rating_without_a_direction_leaves_the_sentence_to_the_source(
    evidence: Evidence,
) -> None:
    text = narrate_finding(
        evidence, evidence.finding("zhang2025-ntx"), evidence.certainty("ntx")
    ).to_text()
    assert text.startswith("Zhang 2025 reports no significant change")
    assert text.count("Zhang 2025") == 1


def test_a_changed_judgement_changes_the_level_and_the_words(data_copy: Path) -> None:
    def raise_concern(rows: list[dict[str, str]]) -> None:
        for row in rows:
            if row["outcome_id"] == "oc" and row["domain"] in ("inconsistency", "imprecision"):
                row["judgement"] = "very serious"

    edit_judgements(data_copy, raise_concern)
    evidence = load_evidence(data_copy)
    assert str(evidence.certainty("oc")) == "very low"
    text = narrate_finding(
        evidence, evidence.finding("zhang2025-oc"), evidence.certainty("oc")
    ).to_text()
    assert text.startswith("The evidence is very uncertain")


def set_first(column: str, value: str) -> Edit:
    return lambda rows: rows[0].update({column: value})


@pytest.mark.parametrize(
    ("edit", "line", "column", "message"),
    [
        (set_first("domain", "imprecission"), 2, "domain", "did you mean 'imprecision'"),
        (set_first("judgement", "severe"), 2, "judgement", "allowed: no concern, serious"),
        (set_first("rationale", ""), 2, "rationale", "must not be blank"),
        (set_first("rationale", "Only 9 trials."), 2, "rationale", "found the figure '9'"),
        (set_first("outcome_id", "ocx"), 2, "outcome_id", "is not in outcomes.csv"),
        (set_first("source_ids", "zhang2024"), 2, "source_ids", "did you mean 'zhang2025'"),
        (set_first("finding_ids", "zhang2025-ox"), 2, "finding_ids", "is not in findings.csv"),
        (set_first("finding_ids", "zhang2025-bap"), 2, "finding_ids", "but the row rates 'oc'"),
        (set_first("source_ids", ""), 2, "finding_ids", "rests on at least one"),
        (lambda rows: rows.pop(0), 2, "domain", "'oc' has no row for risk_of_bias"),
        (lambda rows: rows.append(dict(rows[0])), 57, "", "stands in line 2 too"),
    ],
)
def test_a_fault_in_the_judgements_is_told_with_line_and_column(
    data_copy: Path, edit: Edit, line: int, column: str, message: str
) -> None:
    edit_judgements(data_copy, edit)
    with pytest.raises(EvidenceError) as caught:
        load_evidence(data_copy)
    problems = [p for p in caught.value.problems if message in p.message]
    assert [(p.line, p.column) for p in problems] == [(line, column)]
    assert all(p.path.endswith("certainty.csv") for p in problems)


def test_a_finding_on_markers_taken_together_may_carry_a_judgement(evidence: Evidence) -> None:
    rating = evidence.certainty("ctx")
    assert rating is not None
    assert "ronn2021-turnover" in {key for item in rating.judgements for key in item.finding_ids}


def test_the_words_of_the_table_are_those_of_the_code(evidence: Evidence) -> None:
    package = json.loads((evidence.folder / "datapackage.json").read_text(encoding="utf-8"))
    (table,) = (item for item in package["resources"] if item["name"] == "certainty")
    allowed = {
        field["name"]: field["constraints"]["enum"]
        for field in table["schema"]["fields"]
        if "enum" in field.get("constraints", {})
    }
    assert allowed == {"domain": list(Domain), "judgement": list(Judgement)}
