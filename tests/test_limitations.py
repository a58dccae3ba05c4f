from __future__ import annotations

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from types import MappingProxyType

import pytest

from evidence_tools import Evidence
from evidence_tools.limitations import RULES, disagreeing_outcomes, find_limitations
from evidence_tools.schema import Direction, Integrity

# One finding that triggers each rule, and one that does not.
TRIGGERS = {
    "surrogate": ("zhang2025-oc", "mott2019-fracture-clinical"),
    "unit-not-reported": ("zhang2025-oc", "hu2021-ucoc"),
    "estimate-not-reported": ("zhang2025-ntx", "zhang2025-oc"),
    "interval-not-reported": ("zhou2022-ucoc", "zhang2025-oc"),
    "heterogeneity-not-reported": ("zhang2025-oc", "binkley2009-ntx"),
    "size-not-reported": ("zhang2025-oc", "binkley2009-ntx"),
    "few-digits": ("zhang2025-ctx", "zhang2025-oc"),
    "sources-disagree": ("zhang2025-oc", "zhang2025-ctx"),
    "short-follow-up": ("shiraki2009-oc", "binkley2009-ntx"),
    "integrity": ("xu2021-adverse", "zhang2025-oc"),
    "abstract-only": ("zhang2025-oc", None),
    "population-differs": ("bjr2024-oc", "zhang2025-oc"),
}


def triggered(evidence: Evidence, key: str) -> set[str]:
    return {item.rule_id for item in find_limitations(evidence, [evidence.finding(key)])}


@pytest.mark.parametrize("rule_id", RULES)
def test_every_rule_holds_where_it_should_and_only_there(evidence: Evidence, rule_id: str) -> None:
    holds, does_not_hold = TRIGGERS[rule_id]
    assert rule_id in triggered(evidence, holds)
    assert does_not_hold is None or rule_id not in triggered(evidence, does_not_hold)


def test_a_source_read_in_another_way_is_not_told_as_an_abstract(evidence: Evidence) -> None:
    changed = with_source(evidence, "zhang2025", read_at="secondary page")
    assert "abstract-only" not in triggered(changed, "zhang2025-oc")


@pytest.mark.parametrize("rule_id", RULES)
def test_every_limitation_is_told_in_whole_sentences(rule_id: str) -> None:
    sentence, _ = RULES[rule_id]
    assert sentence[0].isupper()
    assert sentence.endswith(".")


def test_limitations_come_in_the_order_of_the_rules(evidence: Evidence) -> None:
    found = [item.rule_id for item in find_limitations(evidence, evidence.findings())]
    assert found == list(RULES)


def test_a_limitation_lists_its_findings_in_their_order(evidence: Evidence) -> None:
    findings = evidence.findings(source="zhang2025")
    by_rule = {item.rule_id: item.findings for item in find_limitations(evidence, findings)}
    assert by_rule["unit-not-reported"] == findings[:-1]
    assert by_rule["estimate-not-reported"] == findings[-1:]


def with_source(evidence: Evidence, source_id: str, **changes: object) -> Evidence:
    changed = dataclasses.replace(evidence.source(source_id), **changes)
    sources = MappingProxyType({**evidence.sources, source_id: changed})
    return dataclasses.replace(evidence, sources=sources)


def with_findings(evidence: Evidence, change: Callable[[str], dict[str, object]]) -> Evidence:
    changed = tuple(dataclasses.replace(f, **change(f.finding_id)) for f in evidence.findings())
    return dataclasses.replace(evidence, _findings=changed)


def test_disagreement_is_computed_from_the_findings(evidence: Evidence) -> None:
    assert "ctx" not in disagreeing_outcomes(evidence)
    assert {"oc", "ntx", "bap"} <= disagreeing_outcomes(evidence)


def test_one_changed_direction_makes_sources_disagree(evidence: Evidence) -> None:
    changed = with_findings(
        evidence,
        lambda key: {"direction": Direction.INCREASE} if key == "zhuang2017-ctx" else {},
    )
    assert "ctx" in disagreeing_outcomes(changed)


@pytest.mark.parametrize("status", [Integrity.RETRACTED, Integrity.CAUTION_PUBLISHED])
def test_a_source_that_cannot_be_relied_on_neither_agrees_nor_disagrees(
    evidence: Evidence, status: Integrity
) -> None:
    changed = with_findings(
        evidence,
        lambda key: {"direction": Direction.INCREASE} if key == "zhuang2017-ctx" else {},
    )
    assert "ctx" not in disagreeing_outcomes(with_source(changed, "zhuang2017", integrity=status))


def test_an_interval_of_one_digit_is_found_also_when_only_one_limit_has_it(
    evidence: Evidence,
) -> None:
    finding = dataclasses.replace(evidence.finding("zhang2025-oc"), ci_lower=Decimal("0.9"))
    assert "few-digits" in {i.rule_id for i in find_limitations(evidence, [finding])}
