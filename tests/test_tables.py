"""A table is a list of columns; what is not reported is explained once."""

from building import Changed

from evidence_tools import Evidence
from evidence_tools.show.display import Table, plain
from evidence_tools.show.summary import limitations_table
from evidence_tools.show.tables import findings_table, rows_table


def cell(table: Table, row: int, column: str) -> str:
    return plain(table.rows[row].cells[table.columns.index(column)])


def test_a_missing_value_is_a_dash_and_one_note(topic: Evidence) -> None:
    table = findings_table(["larkin2024-dor"])
    assert cell(table, 0, "Result") == "–"
    assert plain(table.note) == "– not reported where the source was read."
    assert "not reported" not in str(table).replace(plain(table.note), "")


def test_each_finding_can_be_linked_to(topic: Evidence) -> None:
    frame = topic.select(outcome="somnin")
    assert [row.anchor for row in findings_table(frame).rows] == list(frame.index)


def test_the_printed_words_are_beside_their_place(topic: Evidence) -> None:
    table = findings_table(["moss2021-vig"])
    assert cell(table, 0, "As printed") == "“p = 0.076” (Abstract)."


def test_a_finding_that_does_not_count_says_why(topic: Evidence) -> None:
    said = cell(findings_table(["owl2014-som"]), 0, "As printed")
    assert "Not counted: its abstract states a rise and a fall." in said


def test_name_and_caption_can_be_given_or_are_those_of_the_layout(topic: Evidence) -> None:
    table = findings_table(["larkin2024-som"])
    question = "What is reported, and in which words?"
    assert (table.name, plain(table.caption)) == ("tab-findings", question)
    given = findings_table(["larkin2024-som"], name="tab-x", caption="Why?")
    assert (given.name, plain(given.caption)) == ("tab-x", "Why?")


def test_a_reference_column_cites(topic: Evidence) -> None:
    table = rows_table(["som"], "outcomes", ["name", "references"])
    assert cell(table, 0, "References") == "Moss 2021; handbook2001"


def test_a_trial_is_described_with_what_is_known(changed_topic: Changed) -> None:
    unknown = dict.fromkeys(["n_randomised", "n_intervention", "n_comparator"], "")
    changed_topic("sources", "reed2016", n_participants="")
    changed_topic("trials", "reed2016", n_completed="100", **unknown)
    table = rows_table(["fern2019", "reed2016"], "trials")
    assert cell(table, 0, "People") == "900, 820 completed"
    assert cell(table, 1, "People") == "100 completed"
    assert cell(table, 0, "Dose") == "45 lux/day"
    assert cell(table, 1, "Dose") == "–"
    assert cell(table, 1, "Compared with") == "clear glasses; all with sleep advice"


def test_arms_are_shown_as_counts_and_a_small_ratio_keeps_two_digits(
    changed_topic: Changed,
) -> None:
    changed_topic("arms", "fern2019-acc-lamp", events="1")
    changed_topic("arms", "fern2019-acc-none", events="440")
    table = rows_table(["fern2019-acc-lamp", "fern2019-acc-none"], "arms")
    assert cell(table, 0, "Arm") == "amber lamp 45 lux/day: 1 of 450"
    assert cell(table, 0, "Effect, computed here") == "RR 0.0023 (95% CI 0.00032–0.016)"


def test_a_range_is_beside_its_value_and_a_unit_alone_says_nothing(changed_topic: Changed) -> None:
    changed_topic("context", "som-range", value="3.0")
    assert cell(rows_table(["som-range"], "context"), 0, "Value") == "3.0 ng/mL (1.5–6.0)"
    changed_topic("context", "som-range", value="", lower="", upper="")
    assert cell(rows_table(["som-range"], "context"), 0, "Value") == "–"


def test_what_keeps_a_difference_from_being_computed_is_said(topic: Evidence) -> None:
    table = rows_table(["reed2016-som-amber", "reed2016-som-clear"], "arms")
    assert cell(table, 0, "Arm") == "amber glasses: 3.1 ng/mL (spread, kind not stated 1.0)"
    assert cell(table, 0, "Effect, computed here").startswith("not computed: number of")


def test_limitations_are_a_grid_of_sources_and_limitations(topic: Evidence) -> None:
    table = limitations_table([*topic.select(source="larkin2024").index, "fern2019-som"])
    assert table.columns[:3] == ("Source", "Surrogate", "Unit not reported")
    assert [cell(table, row, "Source") for row in range(2)] == ["Larkin 2024", "Fern 2019"]
    assert cell(table, 0, "Unit not reported") == "1 of 3"
    assert cell(table, 0, "Surrogate") == "●"


def test_judgements_with_one_reason_share_a_row(topic: Evidence) -> None:
    table = rows_table(["som", "dor"], "judgements")
    assert cell(table, 0, "Why") == "How the trials were run was not read."
    assert cell(table, 0, "Outcomes") == "SOM and DOR"


def test_the_arithmetic_counts_its_verdicts(topic: Evidence) -> None:
    table = rows_table(topic.select(source="larkin2024"), "arithmetic")
    assert plain(table.note).startswith("By verdict: 2 pass, 1 cannot be checked.")
    assert cell(table, 1, "z") == "–"


def test_a_figure_without_bounds_is_not_computed(changed_topic: Changed) -> None:
    nothing = {"direction": "no_significant_change", "statistically_significant": "no"}
    nothing |= {"estimate": "1", "ci_lower": "1", "ci_upper": "1", "as_printed": "1, 95% CI 1 to 1"}
    changed_topic("findings", "larkin2024-som", ci_level="95", **nothing, misfit="interval")
    assert cell(rows_table(["larkin2024-som"], "arithmetic"), 0, "z") == "–"


def test_a_figure_that_does_not_fit_is_flagged(changed_topic: Changed) -> None:
    changed_topic("findings", "larkin2024-som", statistically_significant="no", misfit="interval")
    verdict = cell(rows_table(["larkin2024-som"], "arithmetic"), 0, "Verdict")
    assert verdict.startswith("flag: the result is called not significant, but the interval")


def test_a_number_that_follows_from_a_finding_is_shown_with_it(topic: Evidence) -> None:
    shown = rows_table(topic.arithmetic, "arithmetic", ["finding_id", "p_low"])
    assert str(shown).count("|") == len(topic.arithmetic) + 1
