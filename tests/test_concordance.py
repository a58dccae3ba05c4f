"""Agreement and disagreement: computed from the findings, in sentence, table, figure, alt text."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from evidence_tools import (
    Evidence,
    concordance_plot,
    concordance_table,
    load_evidence,
    narrate_concordance,
)
from evidence_tools.concordance import (
    Relation,
    compare,
    compared_outcomes,
    contrasted_outcomes,
    disagreements,
    relation_of,
)
from evidence_tools.display import plain
from evidence_tools.schema import Direction, UnknownKeyError

UP, DOWN, FLAT = Direction.INCREASE, Direction.DECREASE, Direction.NO_SIGNIFICANT_CHANGE


def change_row(folder: Path, table: str, key: str, **values: str) -> Evidence:
    """Edit one row of one table, and nothing else, then load the evidence."""
    path = folder / f"{table}.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    row = next(row for row in rows if next(iter(row.values())) == key)
    row.update(values)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return load_evidence(folder)


def relations(evidence: Evidence, outcome: str) -> dict[str, Relation]:
    return {item.finding.source_id: item.relation for item in compare(evidence, outcome)}


def item_about(evidence: Evidence, label: str) -> str:
    paragraphs = (plain(item) for item in narrate_concordance(evidence).paragraphs)
    return next(text for text in paragraphs if text.startswith(label))


def faces(evidence: Evidence) -> dict[str, str]:
    """What a reader can meet of the comparison: sentences, table, drawing, alt text."""
    figure = concordance_plot(evidence, name="fig-x", caption="Do they agree?")
    return {
        "sentences": narrate_concordance(evidence).to_text(),
        "table": concordance_table(evidence, name="tab-x", caption="Who says what?").to_text(),
        "figure": figure.svg,
        "alt": figure.alt,
    }


def marks(evidence: Evidence) -> list[dict[str, object]]:
    """The rows behind the marks of the matrix, as the specification keeps them."""
    spec = concordance_plot(evidence, name="fig-x", caption="?").spec
    (rows,) = [rows for rows in spec["datasets"].values() if any("source" in r for r in rows)]
    return [row for row in rows if "source" in row]


@pytest.mark.parametrize(
    ("direction", "central", "relation"),
    [
        (UP, UP, Relation.AGREES),
        (FLAT, FLAT, Relation.AGREES),
        (DOWN, UP, Relation.CONTRADICTS),
        (UP, DOWN, Relation.CONTRADICTS),
        (FLAT, UP, Relation.NOT_CONFIRMED),
        (UP, FLAT, Relation.NOT_CONFIRMED),
        (Direction.NARRATIVE_BENEFIT, UP, Relation.OPEN),
        (Direction.NOT_CONCLUSIVE, FLAT, Relation.OPEN),
    ],
)
def test_two_directions_stand_to_each_other_by_rule(
    direction: Direction, central: Direction, relation: Relation
) -> None:
    assert relation_of(direction, central) is relation


def test_bone_and_joint_research_confirms_neither_osteocalcin_nor_bap(evidence: Evidence) -> None:
    assert relations(evidence, "oc")["bjr2024"] is Relation.NOT_CONFIRMED
    assert relations(evidence, "bap")["bjr2024"] is Relation.NOT_CONFIRMED


def test_ntx_rose_in_shiraki_2009_and_did_not_move_in_binkley_2009(evidence: Evidence) -> None:
    found = relations(evidence, "ntx")
    assert found["shiraki2009"] is Relation.NOT_CONFIRMED
    assert found["binkley2009"] is Relation.AGREES
    assert (
        "Shiraki 2009 (increase; studied MK-4 45 mg/day for 6 months vs calcium, in"
        in item_about(evidence, "N-terminal")
    )


def test_osteocalcin_fell_in_jiang_2014_beside_an_active_comparator(evidence: Evidence) -> None:
    assert relations(evidence, "oc")["jiang2014"] is Relation.CONTRADICTS
    assert "contradicts it: Jiang 2014 (decrease" in item_about(evidence, "Osteocalcin")
    assert "vs alfacalcidol" in item_about(evidence, "Osteocalcin")


def test_ronn_2021_saw_no_change_in_markers_taken_together(evidence: Evidence) -> None:
    text = item_about(evidence, "Bone turnover markers, taken together")
    assert "Rønn 2021 reports no significant change" in text
    assert "not what the central source reports about OC, BAP, TRAP and CTX" in text
    assert "36 months" in text


def test_markers_taken_together_do_not_bear_on_vitamin_k_status(evidence: Evidence) -> None:
    finding = evidence.finding("ronn2021-turnover")
    names = [outcome.outcome_id for outcome in contrasted_outcomes(evidence, finding)]
    assert names == ["oc", "bap", "trap", "ctx"]


def test_the_central_finding_comes_first_then_reviews_then_trials(evidence: Evidence) -> None:
    order = [item.finding.source_id for item in compare(evidence, "oc")]
    levels = [evidence.source(source_id).evidence_level for source_id in order]
    assert order[0] == "zhang2025"
    assert levels == sorted(levels)


def test_every_primary_marker_finding_stands_in_the_table(evidence: Evidence) -> None:
    table = concordance_table(evidence, name="tab-x", caption="Who says what?")
    wanted = {f.finding_id for f in evidence.findings() if evidence.outcome_of(f).is_marker}
    assert {row.anchor for row in table.rows} == wanted


def test_every_finding_on_a_marker_of_the_central_source_has_its_mark(evidence: Evidence) -> None:
    drawn = {(row["marker"], row["source"]) for row in marks(evidence)}
    wanted = sum(len(compare(evidence, o.outcome_id)) for o in compared_outcomes(evidence))
    assert len(drawn) == wanted + len(compare(evidence, "turnover_markers"))


def test_relations_differ_by_frame_as_well_as_by_colour(evidence: Evidence) -> None:
    by_relation = {row["relation"]: (row["colour"], row.get("stroke")) for row in marks(evidence)}
    assert by_relation["agrees"][1] is None
    assert by_relation["does not confirm it"][1] != by_relation["contradicts it"][1]
    assert by_relation["agrees"][0] != by_relation["contradicts it"][0]


def test_directions_differ_by_shape(evidence: Evidence) -> None:
    shapes = {row["says"]: row.get("shape", row.get("letter")) for row in marks(evidence)}
    assert len(set(shapes.values())) == len(shapes) == 5


def test_the_drawing_is_readable_on_a_phone(evidence: Evidence) -> None:
    spec = concordance_plot(evidence, name="fig-x", caption="?").narrow_spec
    assert spec["width"] <= 340


def test_an_unknown_central_source_is_named(evidence: Evidence) -> None:
    with pytest.raises(UnknownKeyError, match="zhang2024"):
        concordance_plot(evidence, name="fig-x", caption="?", central="zhang2024")


def test_a_source_without_findings_has_nothing_to_compare(evidence: Evidence) -> None:
    with pytest.raises(ValueError, match="reports no outcome"):
        concordance_plot(evidence, name="fig-x", caption="?", central="efsa2009")


def test_a_flipped_direction_changes_every_face(evidence: Evidence, data_copy: Path) -> None:
    before = faces(evidence)
    flipped = change_row(data_copy, "findings", "jiang2014-oc", direction="increase")
    assert relations(flipped, "oc")["jiang2014"] is Relation.AGREES
    after = faces(flipped)
    assert all(before[face] != after[face] for face in before)
    assert "Jiang 2014 (decrease" in before["sentences"]
    assert "contradict" not in after["sentences"]
    assert "Jiang 2014: increase (agrees)" in after["alt"]


def test_a_source_under_caution_is_shown_but_does_not_count(
    evidence: Evidence, data_copy: Path
) -> None:
    doubted = change_row(data_copy, "sources", "jiang2014", integrity="caution_published")
    assert relations(doubted, "oc")["jiang2014"] is Relation.NOT_COUNTED
    after = faces(doubted)
    assert "Not counted: Jiang 2014 (caution published)" in after["sentences"]
    assert "does not count, because of its status" in after["table"]
    assert "caution published" in after["figure"]
    assert "Jiang 2014 (caution published): decrease (does not count" in after["alt"]
    assert "jiang2014-oc" not in {f.finding_id for f in disagreements(doubted, "oc")}


def test_nothing_is_held_against_a_retracted_central_source(data_copy: Path) -> None:
    doubted = change_row(data_copy, "sources", "zhang2025", integrity="retracted")
    assert relations(doubted, "oc")["zhang2025"] is Relation.NOT_COUNTED
    assert relations(doubted, "oc")["bjr2024"] is Relation.NOT_COMPARED
    assert "it does not count, so nothing is compared" in item_about(doubted, "Osteocalcin")


def test_a_change_in_significance_changes_the_table(evidence: Evidence, data_copy: Path) -> None:
    changed = change_row(
        data_copy, "findings", "jiang2014-oc", statistically_significant="not stated"
    )
    assert faces(evidence)["table"] != faces(changed)["table"]


def test_no_disagreement_is_found_where_all_point_one_way(evidence: Evidence) -> None:
    assert disagreements(evidence, "bmd_lumbar_spine") == ()


def test_a_sensitivity_analysis_with_another_direction_is_a_disagreement(
    evidence: Evidence,
) -> None:
    found = {finding.finding_id for finding in disagreements(evidence, "fracture_any")}
    assert {"huang2015-fracture", "huang2015-fracture-sens"} <= found


def test_figures_that_are_printed_without_an_estimate_stand_in_the_table(
    evidence: Evidence,
) -> None:
    text = concordance_table(evidence, name="tab-x", caption="What?").to_text()
    assert "no estimate reported; as printed: OC -38.7% vs -25.8%" in text
