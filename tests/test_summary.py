"""The answer on one screen, and a Summary of Findings with one comparison per row."""

from building import Changed

from evidence_tools import Evidence
from evidence_tools.show.display import Table, plain
from evidence_tools.show.summary import answer_table, summary_table


def cells(table: Table, row: int = 0) -> dict[str, str]:
    texts = list(map(plain, table.rows[row].cells))
    return dict(zip(table.columns, texts, strict=True))


def test_the_answer_has_one_row_for_each_marker(topic: Evidence) -> None:
    table = answer_table(topic.select(source="larkin2024"))
    assert [row.anchor for row in table.rows] == [
        "larkin2024-som", "larkin2024-dor", "larkin2024-vig",
    ]  # fmt: skip
    assert cells(table)["Result"] == "↑ increase: MD 1.86 (95% CI 1.17–2.56)"
    assert cells(table, 1)["Result"] == "no significant change"


def test_other_sources_that_count_are_tallied(topic: Evidence) -> None:
    table = answer_table(["larkin2024-som"])
    assert cells(table)["Agreement of others"] == "agree (2); no change or not significant (2)"


def test_an_opposite_significant_result_is_a_conflict(changed_topic: Changed) -> None:
    changed_topic("findings", "reed2016-som", direction="decrease", statistically_significant="yes")
    for key, count in {"larkin2024-som": 1, "reed2016-som": 3}.items():
        assert f"opposite ({count})" in cells(answer_table([key]))["Agreement of others"]


def test_what_is_not_reported_is_said_once_below_the_answer(topic: Evidence) -> None:
    table = answer_table(topic.select(source="larkin2024"))
    assert plain(table.note).startswith(
        "Not reported where the source was read: the unit (SOM); "
        "how many studies or people are behind the estimate (SOM); an estimate (DOR)."
    )
    assert "not reported" not in "".join("".join(cells(table, row).values()) for row in range(3))


def test_each_outcome_has_one_comparison(topic: Evidence) -> None:
    table = summary_table(["som", "accident_any", "sleep_time"])
    assert [cells(table, row)["Source"] for row in range(3)] == [
        "Larkin 2024", "Moss 2021", "Moss 2021",
    ]  # fmt: skip


def test_all_results_that_count_are_tallied_beside_it(topic: Evidence) -> None:
    assert cells(summary_table(["accident_any"]))["All results that count"] == (
        "significant decrease (1); no significant change (2)"
    )


def test_the_meaning_follows_the_certainty(topic: Evidence) -> None:
    meanings = [
        cells(summary_table([outcome]))["What it means"]
        for outcome in ("som", "vig", "dor", "accident_any", "sleep_time")
    ]
    assert meanings == [
        "Amber light may increase somnin (SOM).",
        "Amber light probably decreases vigilase (VIG).",
        "It is not known whether there is an effect of amber light on dormine (DOR).",
        "The evidence is very uncertain about the effect of amber light on accidents at night. "
        "The result depends on which studies are counted.",
        "Nobody has rated this evidence.",
    ]


def test_an_outcome_without_results_that_count_says_so(changed_topic: Changed) -> None:
    changed_topic("findings", "moss2021-sleep", form="white light")
    row = cells(summary_table(["sleep_time"]))
    assert row["What it means"] == "No source that counts reports it."
    assert row["Source"] == "–"


def test_results_that_differ_are_not_worded_as_an_effect(changed_topic: Changed) -> None:
    changed_topic("findings", "fern2019-headache", direction="no_significant_change",
                  statistically_significant="no", misfit="interval")  # fmt: skip
    assert cells(summary_table(["headache"]))["What it means"] == (
        "It is not known whether there is an effect of amber light on headache."
    )


def test_no_effect_is_stated_while_results_conflict(changed_topic: Changed) -> None:
    changed_topic("findings", "reed2016-som", direction="decrease", statistically_significant="yes")
    assert cells(summary_table(["som"]))["What it means"] == (
        "Significant results point in opposite directions."
    )
