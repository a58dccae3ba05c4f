"""Certainty, comparison and limitations follow from rows by rule."""

from typing import Any

import pandas as pd
import pytest
from building import PROJECT, Changed

from evidence_tools.evidence.frames import rows_where
from evidence_tools.evidence.judgements import (
    DOMAINS,
    STANDINGS,
    compare,
    conflicting_outcomes,
    find_misfits,
    rate,
    read_times,
    standing_of,
    turned_results,
)
from evidence_tools.evidence.model import Evidence, load_evidence
from evidence_tools.show.words import sentence


def rating(*judgements: str) -> Any:
    rows = zip(["som"] * 5, DOMAINS, judgements, strict=True)
    return rate(pd.DataFrame(rows, columns=["outcome_id", "domain", "judgement"])).loc["som"]


NONE = "no concern"


@pytest.mark.parametrize(
    ("judgements", "words"),
    [
        ((NONE,) * 5, "high"),
        (("serious", NONE, NONE, NONE, NONE), "moderate"),
        (("very serious", NONE, NONE, NONE, NONE), "low"),
        (("serious", "serious", NONE, NONE, NONE), "low"),
        (("very serious", "serious", NONE, NONE, NONE), "very low"),
        (("very serious",) * 5, "very low"),
        (("not assessed", NONE, NONE, NONE, NONE), "at most low"),
        (("not assessed", "serious", "serious", NONE, NONE), "at most low"),
        (("not assessed", "serious", "serious", "serious", NONE), "very low"),
    ],
)
def test_certainty_is_high_less_what_is_declared(judgements: tuple[str, ...], words: str) -> None:
    assert rating(*judgements)["rating"] == words


def test_an_outcome_without_judgements_has_no_certainty(topic: Evidence) -> None:
    assert "sleep_time" not in topic.ratings.index
    assert topic.finding("moss2021-sleep").certainty is None


@pytest.mark.parametrize(
    ("certainty", "words"),
    [("high", "increases"), ("moderate", "probably increases"), ("low", "may increase")],
)
def test_the_verb_follows_the_certainty(certainty: str, words: str) -> None:
    said = sentence(f"effect.{certainty}", subject="it", way="increase", name="sleep")
    assert said == f"it {words} sleep"


def misfits(evidence: Evidence) -> list[str]:
    rows = evidence.misfits.itertuples()
    return [f"{row.outcome_id} {row.domain}: {row.reason}" for row in rows]


def test_judgements_that_fit_their_findings_are_no_misfits(topic: Evidence) -> None:
    assert misfits(topic) == []


def test_opposite_significant_results_are_inconsistency(changed_topic: Changed) -> None:
    evidence = changed_topic("findings", "owl2014-som", set_aside="")
    assert "som inconsistency: results that count conflict in direction" in misfits(evidence)


def test_silence_is_no_inconsistency(topic: Evidence) -> None:
    # Reed 2016 reports no change in somnin, which rose elsewhere.
    assert topic.finding("reed2016-som").standing == "counted"
    assert "som" not in conflicting_outcomes(topic.findings)


def test_a_concern_about_agreement_needs_a_conflict(topic: Evidence) -> None:
    judged = topic.certainty.assign(judgement="serious")
    findings = topic.findings.join(topic.arithmetic["excludes_null"])
    found = find_misfits(judged, findings).query("domain == 'inconsistency'")
    assert set(found["reason"]) == {"no results that count conflict in direction"}


def test_a_result_that_was_struck_out_carries_no_judgement(changed_topic: Changed) -> None:
    evidence = changed_topic("sources", "larkin2024", integrity="retracted")
    assert any("rests on a result that does not count" in reason for reason in misfits(evidence))


def row(key: str, source: str = "b", **cells: Any) -> dict[str, Any]:
    usual = {
        "finding_id": key, "source_id": source, "source": source, "outcome_id": "som",
        "analysis": "primary", "direction": "increase", "statistically_significant": "yes",
        "standing": "counted", "evidence_level": 1, "year": 2020, "superseded_by": pd.NA,
        "measured_as": pd.NA, "contrast": pd.NA,
    }  # fmt: skip
    return usual | cells


def frame(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows).set_index("finding_id")


OUTCOMES = pd.DataFrame(
    {"kind": ["marker", "marker", "markers"], "covers": [pd.NA, pd.NA, "marker"]},
    index=pd.Index(["som", "vig", "panel"], name="outcome_id"),
)


def relation(other: dict[str, Any], **central: Any) -> str:
    found = compare(frame(row("a-som", "a", **central), row("b-som", **other)), OUTCOMES, "a")
    return str(found.set_index("finding_id").loc["b-som", "relation"])


UP, DOWN = {"direction": "increase"}, {"direction": "decrease"}
YES, NO = {"statistically_significant": "yes"}, {"statistically_significant": "no"}
UNSTATED = {"statistically_significant": "not stated"}
SILENT = {"direction": "no_significant_change"} | NO


@pytest.mark.parametrize(
    ("other", "central", "expected"),
    [
        (UP | YES, UP | YES, "agrees"),
        (DOWN | YES, UP | YES, "conflicts"),
        (DOWN | NO, UP | YES, "not significant"),
        (UP | NO, UP | YES, "not significant"),
        (DOWN | YES, UP | NO, "reports a change"),
        (UP | YES, UP | NO, "reports a change"),
        (DOWN | UNSTATED, UP, "opposite, significance not stated"),
        (SILENT, UP | YES, "not significant"),
        (UP | YES, SILENT, "reports a change"),
        (SILENT, SILENT, "not significant"),
        ({"direction": "not_conclusive"}, UP, "open"),
        ({"direction": "benefit_reported_narratively"}, UP, "open"),
        (UP, {"standing": "context"}, "not compared"),
        *((DOWN | {"standing": standing}, UP, standing) for standing in STANDINGS[1:]),
    ],
)
def test_results_relate_by_rule(
    other: dict[str, Any], central: dict[str, Any], expected: str
) -> None:
    assert relation(other, **central) == expected


def test_a_result_on_several_outcomes_is_compared_on_each_that_the_centre_has() -> None:
    rows = (row("a-som", "a"), row("a-vig", "a", outcome_id="vig"), row("b-p", outcome_id="panel"))
    found = compare(frame(*rows), OUTCOMES, "a")
    pairs = set(found.loc[found["central_id"].notna(), ["finding_id", "outcome_id"]].itertuples(
        index=False, name=None))  # fmt: skip
    assert pairs == {("a-som", "som"), ("a-vig", "vig"), ("b-p", "som"), ("b-p", "vig")}


def test_reviews_come_before_trials_and_newer_before_older() -> None:
    rows = [row("t", "t", evidence_level=2), row("old", "o", year=2001), row("new", "n", year=2024)]
    found = compare(frame(row("a", "a"), *rows), OUTCOMES, "a")
    assert list(found["finding_id"]) == ["a", "new", "old", "t"]


def test_without_a_central_source_nothing_is_compared(topic: Evidence) -> None:
    found = compare(topic.findings, topic.outcomes, "")
    assert found["central_id"].isna().all()
    assert set(found["relation"]) <= {"not compared", *STANDINGS}


@pytest.mark.parametrize(
    ("finding", "standing"),
    [
        ("larkin2024-som", "counted"),
        ("moss2021-accident", "counted"),  # a primary result stays, whatever its own variant says
        ("white2020-som", "context"),  # another form
        ("wren2012-vig", "struck out"),  # retracted
        ("owl2014-som", "set aside"),
        ("heron2015-accident", "superseded"),
        ("heron2018-accident", "counted"),  # the correction replaces it
    ],
)
def test_only_results_of_the_question_count(topic: Evidence, finding: str, standing: str) -> None:
    assert topic.finding(finding).standing == standing


def test_a_flag_removes_nothing_by_itself(changed_topic: Changed) -> None:
    evidence = changed_topic("sources", "moss2021", integrity="arithmetic_flag")
    assert evidence.finding("moss2021-accident").standing == "counted"
    evidence = changed_topic("sources", "moss2021", integrity="caution_published")
    assert evidence.finding("moss2021-accident").standing == "struck out"


def test_a_result_in_other_people_or_within_an_arm_is_context(changed_topic: Changed) -> None:
    evidence = changed_topic("sources", "moss2021", population_group="adults")
    assert evidence.finding("moss2021-som").standing == "context"
    evidence = changed_topic("findings", "fern2019-som", contrast="within an arm")
    assert evidence.finding("fern2019-som").standing == "context"


def test_a_topic_that_restricts_nothing_counts_every_form(topic: Evidence) -> None:
    class Open:
        counts: dict[str, list[str]] = {}  # noqa: RUF012

    standing = standing_of(topic.findings, Open())  # type: ignore[arg-type]
    assert standing["white2020-som"] == "counted"


def test_a_result_is_turned_by_its_variant_or_its_correction(topic: Evidence) -> None:
    assert turned_results(topic.findings) == {"moss2021-accident", "heron2015-accident"}
    rows = topic.findings.replace({"statistically_significant": {"no": "not stated"}})
    assert turned_results(rows) == set()


def test_what_rows_leave_open_is_listed(changed_topic: Changed, topic: Evidence) -> None:
    assert not [*topic.missing_rows()]
    changed_topic("sources", "dusk2010", design="rct")
    evidence = changed_topic("sources", "heron2018", title="Light and accidents", year="2015")
    tables = [table for table, _ in evidence.missing_rows()]
    assert tables == ["trials", "sources", "findings"]


def limitations(evidence: Evidence, finding: str) -> set[str]:
    row = evidence.findings.loc[[finding]]
    rules = load_evidence(PROJECT / "data").limitations["rule"]
    return {name for name, rule in rules.items() if rows_where(row, rule).all()}


def test_limitations_follow_from_what_a_row_lacks(topic: Evidence) -> None:
    assert limitations(topic, "larkin2024-som") == {
        "surrogate", "unit-not-reported", "heterogeneity-not-reported", "size-not-reported",
        "abstract-only",
    }  # fmt: skip
    assert {"estimate-not-reported", "short-trial"} <= limitations(topic, "reed2016-som")
    assert "population-differs" in limitations(topic, "white2020-som")
    assert "known-concern" in limitations(topic, "wren2012-accident")
    assert "surrogate" not in limitations(topic, "moss2021-accident")


def test_a_limit_with_one_digit_is_a_limitation(changed_topic: Changed) -> None:
    evidence = changed_topic("findings", "moss2021-sleep", ci_lower="-3")
    assert "few-digits" in limitations(evidence, "moss2021-sleep")


def test_a_conflict_limits_every_result_on_the_outcome(changed_topic: Changed) -> None:
    evidence = changed_topic("findings", "owl2014-som", set_aside="")
    assert "sources-disagree" in limitations(evidence, "larkin2024-som")


@pytest.mark.parametrize(
    ("timepoint", "expected"),
    [("1 year", 12), ("52 weeks", 11.96), ("30.0 days", 0.99), ("6 months", 6)],
)
def test_durations_are_compared_in_months(timepoint: str, expected: float) -> None:
    assert read_times(timepoint) == [pytest.approx(expected, abs=0.01)]
