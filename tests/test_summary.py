"""The summary of findings, the reasons, and judgements that no longer fit the findings."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_concordance import change_row

from evidence_tools import (
    Evidence,
    certainty_table,
    narrate_certainty,
    summary_of_findings,
)
from evidence_tools.certainty import Domain, Judgement
from evidence_tools.concordance import disagreements
from evidence_tools.display import plain
from evidence_tools.judgements import find_misfits
from evidence_tools.schema import UnknownKeyError
from evidence_tools.summary import effect_findings, meaning_sentence, narrate_meanings


def row_of(evidence: Evidence, outcome: str) -> list[str]:
    (row,) = summary_of_findings(evidence, [outcome], name="tab-x", caption="What?").rows
    return [plain(cell.content) for cell in row.cells]


def meaning(evidence: Evidence, outcome: str) -> str:
    return meaning_sentence(evidence, evidence.outcome(outcome))


def test_every_declared_judgement_fits_what_the_findings_show(evidence: Evidence) -> None:
    for rating in evidence.ratings.values():
        assert find_misfits(evidence, rating) == ()


def test_inconsistency_is_a_concern_exactly_where_sources_disagree(evidence: Evidence) -> None:
    for outcome, rating in evidence.ratings.items():
        concern = Domain.INCONSISTENCY in (
            *rating.in_domain(Judgement.SERIOUS),
            *rating.in_domain(Judgement.VERY_SERIOUS),
        )
        assert concern == bool(disagreements(evidence, outcome)), outcome


def test_the_effect_on_a_marker_is_that_of_the_central_source(evidence: Evidence) -> None:
    assert [f.finding_id for f in effect_findings(evidence, "oc")] == ["zhang2025-oc"]


def test_without_a_central_result_everyone_who_counts_is_shown(evidence: Evidence) -> None:
    sources = [f.source_id for f in effect_findings(evidence, "fracture_vertebral")]
    assert sources == ["mott2019adj", "salma2022", "xu2021", "inoue2009"]


def test_without_reviews_the_trials_are_shown(evidence: Evidence) -> None:
    assert [f.source_id for f in effect_findings(evidence, "bmd_loss")] == ["emaus2010"]


def test_a_marker_row_says_may_and_that_it_is_no_fracture(evidence: Evidence) -> None:
    assert meaning(evidence, "oc") == (
        "Vitamin K2 may increase osteocalcin (OC). It is a laboratory marker, not a fracture."
    )


def test_no_significant_change_is_never_no_effect(evidence: Evidence) -> None:
    for outcome in ("ntx", "fracture_any"):
        assert "It is not known whether" in meaning(evidence, outcome)
        assert "does not show that there is none" in meaning(evidence, outcome)


def test_very_low_certainty_claims_no_direction(evidence: Evidence) -> None:
    assert meaning(evidence, "fracture_vertebral") == (
        "The evidence is very uncertain about the effect of vitamin K on vertebral fractures."
    )


def test_a_density_is_not_a_fracture_and_any_vitamin_k_is_not_k2(evidence: Evidence) -> None:
    text = meaning(evidence, "bmd_lumbar_spine")
    assert text.startswith("Vitamin K may increase")
    assert text.endswith("A bone density is not a fracture.")


def test_an_outcome_without_a_figure_that_counts_keeps_its_row(evidence: Evidence) -> None:
    _, effect, size, certainty, words = row_of(evidence, "fracture_hip")
    assert effect == "no figure that counts (set aside: Cockayne 2006 (caution published))"
    assert (size, certainty) == ("not reported", "not rated")
    assert words.startswith("No source that can be relied on")


def test_an_outcome_nobody_rated_says_so(evidence: Evidence) -> None:
    assert meaning(evidence, "bmd_hip").startswith("Nobody has rated the evidence")


def test_sizes_that_are_not_reported_are_said(evidence: Evidence) -> None:
    assert row_of(evidence, "oc")[2] == (
        "Zhang 2025: not reported (whole source: 9 studies, 2,570 participants)"
    )
    assert "6 studies, participants not reported" in row_of(evidence, "fracture_any")[2]


def test_the_certainty_cell_names_what_lowers_it_and_what_is_unknown(evidence: Evidence) -> None:
    assert row_of(evidence, "trap")[3] == (
        "at most low (serious: inconsistency, indirectness; "
        "not assessed: risk of bias, publication bias)"
    )


def test_two_results_of_one_source_are_told_apart(evidence: Evidence) -> None:
    effect = row_of(evidence, "bmd_lumbar_spine")[1]
    assert "(1 year)" in effect
    assert "(2 years)" in effect


def test_an_unknown_outcome_is_named(evidence: Evidence) -> None:
    with pytest.raises(UnknownKeyError, match="fracture_wrist"):
        summary_of_findings(evidence, ["fracture_wrist"], name="tab-x", caption="What?")


def test_outcomes_are_sorted_by_level_highest_first(evidence: Evidence) -> None:
    text = narrate_certainty(evidence, [*evidence.ratings, "fracture_hip"]).to_text()
    heads = [line.partition(":")[0] for line in text.splitlines()]
    assert heads == ["- At most low", "- Very low", "- Not rated"]


def test_every_judgement_stands_in_the_table_of_reasons(evidence: Evidence) -> None:
    table = certainty_table(evidence, evidence.ratings, name="tab-x", caption="Why?")
    shown = {tuple(plain(cell.content) for cell in row.cells[:3]) for row in table.rows}
    for rating in evidence.ratings.values():
        for item in rating.judgements:
            domain = item.domain.label.capitalize()
            assert (domain, item.judgement.value, item.rationale) in shown


def test_a_source_with_a_known_concern_keeps_its_status_in_the_reasons(
    evidence: Evidence,
) -> None:
    text = certainty_table(evidence, ["adverse_reactions"], name="t", caption="?").to_text()
    assert "Xu 2021 [printed figures do not fit together]" in text


def test_a_flipped_sign_changes_the_summary_with_no_other_edit(data_copy: Path) -> None:
    flipped = change_row(
        data_copy,
        "findings",
        "zhang2025-oc",
        estimate="-1.86",
        ci_lower="-2.56",
        ci_upper="-1.17",
        direction="decrease",
        as_printed="OC; MD -1.86, 95% CI -2.56 to -1.17",
    )
    assert meaning(flipped, "oc").startswith("Vitamin K2 may decrease")
    assert row_of(flipped, "oc")[1].startswith("MD −1.86")


def test_a_judgement_that_no_longer_fits_is_marked(data_copy: Path) -> None:
    agreed = change_row(data_copy, "findings", "ronn2021-turnover", direction="decrease")
    assert "a judgement no longer fits the findings" in row_of(agreed, "ctx")[3]
    reasons = certainty_table(agreed, ["ctx"], name="t", caption="?").to_text()
    assert "no longer fits: no source that counts disagrees" in reasons


def test_new_disagreement_makes_a_missing_concern_doubtful(data_copy: Path) -> None:
    apart = change_row(data_copy, "findings", "inoue2009-adverse", direction="decrease")
    rating = apart.certainty("adverse_reactions")
    assert rating is not None
    (misfit,) = find_misfits(apart, rating)
    assert misfit.reason == "sources that count disagree"


def test_precision_without_an_interval_is_doubtful(data_copy: Path) -> None:
    vague = change_row(
        data_copy, "findings", "zhang2025-bap", ci_lower="", ci_upper="", ci_level=""
    )
    rating = vague.certainty("bap")
    assert rating is not None
    assert [misfit.judgement.domain for misfit in find_misfits(vague, rating)] == [
        Domain.IMPRECISION
    ]


def test_a_judgement_that_rests_on_a_retracted_source_is_doubtful(data_copy: Path) -> None:
    doubted = change_row(data_copy, "sources", "risedronate2014", integrity="retracted")
    rating = doubted.certainty("ucoc")
    assert rating is not None
    assert any(m.judgement.domain is Domain.INCONSISTENCY for m in find_misfits(doubted, rating))


def test_a_source_under_caution_leaves_the_effect(data_copy: Path) -> None:
    doubted = change_row(data_copy, "sources", "salma2022", integrity="caution_published")
    sources = [f.source_id for f in effect_findings(doubted, "fracture_vertebral")]
    assert sources == ["mott2019adj", "xu2021", "inoue2009"]


def test_the_largest_null_trial_stands_beside_the_reviews(evidence: Evidence) -> None:
    for outcome in ("fracture_vertebral", "fracture_clinical", "adverse_reactions"):
        sources = {finding.source_id for finding in effect_findings(evidence, outcome)}
        assert "inoue2009" in sources


def test_the_size_of_a_trial_is_told_as_that_of_one_trial(evidence: Evidence) -> None:
    table = summary_of_findings(evidence, ["adverse_reactions"], name="tab-x", caption="What?")
    text = table.to_text()
    assert "Inoue 2009: 4,378 participants (one trial)" in text
    assert "1 studies" not in text


def test_a_result_that_turns_without_some_studies_is_told_so(evidence: Evidence) -> None:
    text = narrate_meanings(evidence, ["fracture_any", "fracture_vertebral"]).to_text()
    first, second = text.splitlines()
    assert "The result depends on which studies are counted. Certainty: " in first
    assert "depends" not in second
