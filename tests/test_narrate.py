"""Sentences say what rows hold, in words that certainty allows, and no more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evidence_tools import Evidence
from evidence_tools.show.display import plain, runs
from evidence_tools.show.narrate import (
    SILENT,
    narrate_agreement,
    narrate_certainty,
    narrate_findings,
    narrate_limitations,
    narrate_quotes,
    narrate_statements,
)
from evidence_tools.show.references import concerns_once
from evidence_tools.show.words import source_run


def first(prose: object) -> str:
    return str(prose).splitlines()[0].removeprefix("- ")


def test_an_effect_is_worded_after_its_certainty(topic: Evidence) -> None:
    assert first(narrate_findings(["larkin2024-som"])).startswith("Amber light may increase")
    assert "probably decreases" in first(narrate_findings(["larkin2024-vig"]))


def test_evidence_of_very_low_certainty_is_called_very_uncertain(topic: Evidence) -> None:
    text = str(narrate_findings(["moss2021-accident"]))
    assert "Moss 2021 reports a significant decrease in accidents at night: RR 0.72" in text
    assert "The evidence is very uncertain about accidents at night." in text
    assert "Amber light" not in text


def test_a_result_that_the_rating_does_not_rest_on_is_attributed(topic: Evidence) -> None:
    text = first(narrate_findings(["fern2019-som"]))
    assert text.startswith("Fern 2019 reports a significant increase")


def test_no_effect_is_stated_while_results_conflict(changed_topic: Callable[..., Evidence]) -> None:
    changed_topic("findings", "reed2016-som", direction="decrease", statistically_significant="yes")
    assert first(narrate_findings(["larkin2024-som"])).startswith("Larkin 2024 reports")


def test_no_effect_is_stated_without_a_rating(topic: Evidence) -> None:
    assert first(narrate_findings(["moss2021-sleep"])) == (
        "Moss 2021 reports no significant change in total sleep time (TST): "
        "MD 12 minutes (95% CI −3 to 27)."
    )


def test_not_significant_is_never_no_effect(topic: Evidence) -> None:
    text = str(narrate_findings(["larkin2024-dor", "reed2016-som"]))
    assert text.count(SILENT) == 1
    assert "no effect" not in text


def test_a_result_that_does_not_count_says_so_beside_it(topic: Evidence) -> None:
    said = {
        "white2020-som": "Not counted: on white light, in adults.",
        "owl2014-som": "Not counted: its abstract states a rise and a fall.",
        "heron2015-accident": "Not counted: replaced by a later correction.",
        "wren2012-accident": "Not relied on.",
    }
    for finding, reason in said.items():
        assert first(narrate_findings([finding])).endswith(reason)


def test_numbers_of_a_retracted_source_are_struck_out(topic: Evidence) -> None:
    (claim, *_) = narrate_findings(["wren2012-accident"]).paragraphs
    assert [run.text for run in claim if run.style == "struck"] == ["RR 0.20 (95% CI 0.10–0.40)"]


def test_a_concern_is_said_once_in_a_paragraph(topic: Evidence) -> None:
    owl = topic.source("owl2014")
    twice = runs(source_run(owl), " and ", source_run(owl), ".")
    assert plain(concerns_once(topic, twice)) == "Owl 2014 (contradicts itself) and Owl 2014."


def test_findings_are_narrated_in_the_order_of_the_frame(topic: Evidence) -> None:
    frame = topic.select(source="larkin2024").sort_index(ascending=False)
    text = str(narrate_findings(frame))
    assert text.index("vigilase") < text.index("somnin") < text.index("dormine")


def test_agreement_names_which_results_point_which_way(topic: Evidence) -> None:
    text = first(narrate_agreement(["vig"]))
    assert text.startswith("Vigilase (VIG): a significant decrease in Larkin 2024. ")
    assert (
        "No significant change in Moss 2021 and Reed 2016 at 3 months (sleep marker panel)" in text
    )


def test_results_that_do_not_count_are_never_agreement(topic: Evidence) -> None:
    counted, _, left_out = first(narrate_agreement(["som"])).partition(" Not counted ")
    assert "White 2020" not in counted
    assert left_out.startswith("(on white light, in adults): White 2020. Not counted ")
    assert left_out.endswith(
        "(its abstract states a rise and a fall): Owl 2014 (contradicts itself)."
    )


def test_only_opposite_significant_results_are_called_opposite(
    changed_topic: Callable[..., Evidence],
) -> None:
    changed = changed_topic("findings", "reed2016-som", direction="decrease")
    assert "opposite" not in str(narrate_agreement(changed.select(outcome="som")))
    changed_topic("findings", "reed2016-som", statistically_significant="yes")
    assert "Significant results point in opposite directions." in str(narrate_agreement(["som"]))


def test_a_limitation_says_how_many_results_it_concerns(topic: Evidence) -> None:
    lines = str(narrate_limitations(topic.select(source="larkin2024"))).splitlines()
    assert lines[0].endswith("This concerns all 3 results.")
    assert lines[1].endswith("This concerns 1 of 3 results: SOM.")


def test_certainty_is_sorted_and_explains_at_most(topic: Evidence) -> None:
    lines = str(narrate_certainty(topic.outcomes)).splitlines()
    assert lines[0] == "- ●●●○ moderate: vigilase (VIG) and headache."
    assert lines[3].startswith("- Not rated: ")
    assert lines[4].startswith("- Certainty from ●○○○ very low to")


def test_statements_on_one_source_are_one_item(changed_topic: Callable[..., Evidence]) -> None:
    changed = changed_topic("statements", "pooling", source_id="larkin2024")
    lines = str(narrate_statements(changed.statements)).splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("- Larkin 2024: The names")
    assert lines[0].endswith("Nothing was pooled for this report.")


def test_silence_on_harms_is_not_the_absence_of_harms(topic: Evidence) -> None:
    last = str(narrate_quotes(topic.harms, "harms")).splitlines()[-1]
    assert last == (
        "- One source says nothing on this in the part that was read, "
        "which does not show that there is nothing."
    )


def test_a_quotation_of_a_retracted_source_is_struck_out(topic: Evidence) -> None:
    (quoted,) = narrate_quotes(["wren2012-safe"], "harms").paragraphs
    assert plain(quoted) == "Wren 2012 (retracted): “amber lamps are safe” (lamp)."
    assert quoted[2].style == "struck"


@pytest.mark.parametrize("narrate", [narrate_findings, narrate_limitations])
def test_a_foreign_identifier_is_refused(
    narrate: Callable[[list[str]], object], topic: Evidence
) -> None:
    with pytest.raises(KeyError, match="nearest: larkin2024-som"):
        narrate(["larkin2024-sum"])
