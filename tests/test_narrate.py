"""Sentences say what rows hold, in words that certainty allows, and no more."""

from building import Changed

from evidence_tools import Evidence
from evidence_tools.show.display import plain, runs
from evidence_tools.show.narrate import narrate_agreement, narrate_limitations, narrate_rows
from evidence_tools.show.words import concerns_once, sentence, source_run


def first(prose: object) -> str:
    return str(prose).splitlines()[0].removeprefix("- ")


def test_a_concern_is_said_once_in_a_paragraph(topic: Evidence) -> None:
    owl = topic.source("owl2014")
    twice = runs(source_run(owl), " and ", source_run(owl), ".")
    assert plain(concerns_once(topic, twice)) == "Owl 2014 (contradicts itself) and Owl 2014."


def test_agreement_names_which_results_point_which_way(topic: Evidence) -> None:
    text = first(narrate_agreement(["vig"]))
    assert text.startswith("Vigilase (VIG). Significant decrease: Larkin 2024. ")
    assert (
        "No significant change: Moss 2021 and Reed 2016 at 3 months (sleep marker panel)." in text
    )


def test_results_that_do_not_count_are_never_agreement(topic: Evidence) -> None:
    counted, _, left_out = first(narrate_agreement(["som"])).partition(" Not counted, ")
    assert "White 2020" not in counted
    assert left_out.startswith("on white light, in adults: White 2020. Not counted, ")
    assert left_out.endswith("set aside: Owl 2014 (contradicts itself).")


def test_not_significant_is_never_no_effect(topic: Evidence) -> None:
    text = str(narrate_agreement(["dor", "som"]))
    assert text.count(sentence("note.silent")) == 1
    assert "no effect" not in text


def test_numbers_of_a_retracted_source_are_struck_out(topic: Evidence) -> None:
    (item, *_) = narrate_agreement(["accident_any"]).paragraphs
    assert [run.text for run in item if run.style == "struck"] == ["Wren 2012 (retracted)"]


def test_only_opposite_significant_results_are_called_opposite(changed_topic: Changed) -> None:
    changed = changed_topic("findings", "reed2016-som", direction="decrease")
    assert "opposite" not in str(narrate_agreement(changed.select(outcome="som")))
    changed_topic("findings", "reed2016-som", statistically_significant="yes")
    assert "Significant results point in opposite directions." in str(narrate_agreement(["som"]))


def test_a_limitation_says_how_many_results_it_concerns(topic: Evidence) -> None:
    lines = str(narrate_limitations(topic.select(source="larkin2024"))).splitlines()
    assert lines[0].endswith("This concerns all 3 results.")
    assert lines[1].endswith("This concerns 1 of 3 results: SOM.")


def test_statements_on_one_source_are_one_item(changed_topic: Changed) -> None:
    changed = changed_topic("statements", "pooling", source_id="larkin2024")
    lines = str(narrate_rows(changed.statements, "statements")).splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("- Larkin 2024: Not reported where it was read: names of the")
    assert lines[0].endswith("Nothing was pooled for this report.")


def test_silence_on_harms_is_said_with_what_was_read(topic: Evidence) -> None:
    last = str(narrate_rows(topic.harms, "harms")).splitlines()[-1]
    assert last == "- Larkin 2024: its abstract is silent on harms."


def test_a_quotation_of_a_retracted_source_is_struck_out(topic: Evidence) -> None:
    (quoted,) = narrate_rows(["wren2012-safe"], "harms").paragraphs
    assert plain(quoted) == "Wren 2012 (retracted): “amber lamps are safe” (lamp)."
    assert quoted[2].style == "struck"
