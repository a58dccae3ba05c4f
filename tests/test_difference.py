"""What changed is computed, told, and never more or less than what changed."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from typing import Any

import pytest

from evidence_tools import Evidence
from evidence_tools.history.difference import ChangeKind, Difference, compare
from evidence_tools.history.snapshot import (
    Snapshot,
    prose_lines,
    read_snapshot,
    snapshot_bytes,
    take_snapshot,
)
from evidence_tools.history.summary import counts_text, difference_markdown, difference_text
from evidence_tools.storage import HistoryError

KIND = ChangeKind


@pytest.fixture(scope="module")
def before(evidence: Evidence) -> Snapshot:
    return take_snapshot(evidence, version="1.0.0", day=date(2026, 11, 21))


def edited(snapshot: Snapshot, table: str, key: str, **cells: str) -> Snapshot:
    rows: dict[str, Any] = dict(getattr(snapshot, table))
    rows[key] = {**rows[key], **cells}
    return dataclasses.replace(snapshot, version="1.1.0", **{table: rows})


def without(snapshot: Snapshot, table: str, key: str) -> Snapshot:
    rows = {name: row for name, row in getattr(snapshot, table).items() if name != key}
    return dataclasses.replace(snapshot, version="1.1.0", **{table: rows})


def kinds(difference: Difference) -> list[ChangeKind]:
    return [change.kind for change in difference.changes]


def test_a_snapshot_reads_back_as_it_was(before: Snapshot) -> None:
    assert read_snapshot(snapshot_bytes(before), "x") == before


def test_a_snapshot_holds_every_row_and_a_sentence_for_each_finding(
    before: Snapshot, evidence: Evidence
) -> None:
    assert list(before.findings) == list(evidence.findings_by_id)
    assert list(before.sources) == list(evidence.sources)
    assert list(before.trials) == list(evidence.trials)
    assert list(before.arms) == list(evidence.arms)
    assert list(before.outcomes) == list(evidence.outcomes)
    assert list(before.context) == list(evidence.context)
    assert {f"finding {key}" for key in evidence.findings_by_id} < set(before.sentences)


def test_printed_digits_survive_a_snapshot(before: Snapshot) -> None:
    assert before.findings["zhang2025-bap"]["ci_upper"] == "2.00"
    assert before.findings["zhang2025-ntx"]["estimate"] == ""


def test_a_snapshot_without_a_part_is_refused(before: Snapshot) -> None:
    from evidence_tools.storage import seal

    with pytest.raises(HistoryError, match="lacks a part"):
        read_snapshot(seal("snapshot", 1, {"version": "1.0.0"}), "x")


def test_equal_states_have_no_changes_and_say_so(before: Snapshot) -> None:
    difference = compare(before, before)
    assert difference.changes == ()
    assert counts_text(difference) == "No finding changed."


def test_each_changed_column_is_told_with_both_values(before: Snapshot) -> None:
    after = edited(before, "findings", "zhang2025-oc", estimate="1.87", ci_upper="")
    changes = compare(before, after).changes
    assert [(c.field, c.before, c.after) for c in changes] == [
        ("estimate", "1.86", "1.87"),
        ("ci_upper", "2.56", ""),
    ]
    text = difference_text(compare(before, after))
    assert "zhang2025-oc): estimate 1.86 → 1.87" in text
    assert "ci upper 2.56 → blank" in text
    assert "1 finding changed." in text


def test_a_changed_direction_is_a_kind_of_its_own(before: Snapshot) -> None:
    difference = compare(before, edited(before, "findings", "zhang2025-oc", direction="decrease"))
    assert kinds(difference) == [KIND.DIRECTION_CHANGED]
    assert counts_text(difference) == "1 finding changed, 1 direction changed."


def test_a_removed_finding_is_told_with_what_it_said(before: Snapshot) -> None:
    difference = compare(before, without(before, "findings", "zhang2025-oc"))
    (change,) = difference.changes
    assert (change.kind, change.before) == (KIND.FINDING_REMOVED, "OC; MD 1.86, 95% CI 1.17-2.56")


def test_an_added_finding_is_told_with_what_it_says(before: Snapshot) -> None:
    difference = compare(without(before, "findings", "zhang2025-ntx"), before)
    (change,) = difference.changes
    assert change.kind is KIND.FINDING_ADDED
    assert counts_text(difference) == "1 finding added."


def test_a_judgement_that_leaves_the_level_as_it_was_is_told(before: Snapshot) -> None:
    reasons = before.sentences["certainty ctx"]
    stricter = tuple(
        reason.replace("indirectness: no concern.", "indirectness: serious.") for reason in reasons
    )
    sentences = {**before.sentences, "certainty ctx": stricter}
    (change,) = compare(before, dataclasses.replace(before, sentences=sentences)).changes
    assert change.kind is KIND.JUDGEMENT_CHANGED
    assert (change.key, change.field) == ("ctx", "indirectness")
    assert (change.before, change.after) == ("no concern", "serious")


def test_a_retraction_touches_every_finding_of_the_source(before: Snapshot) -> None:
    difference = compare(before, edited(before, "sources", "zhang2025", integrity="retracted"))
    assert kinds(difference) == [KIND.INTEGRITY_CHANGED]
    assert "No finding changed. 1 integrity status changed." in counts_text(difference)
    touched = {key for key, row in before.findings.items() if row["source_id"] == "zhang2025"}
    assert difference.touched_findings == touched


@pytest.mark.parametrize(
    ("was", "now", "kind"),
    [
        ("moderate", "low", KIND.CERTAINTY_LOWERED),
        ("low", "very low", KIND.CERTAINTY_LOWERED),
        ("at most low", "very low", KIND.CERTAINTY_LOWERED),
        ("very low", "at most moderate", KIND.CERTAINTY_RAISED),
        ("at most low", "low", KIND.CERTAINTY_CHANGED),
        ("", "low", KIND.CERTAINTY_CHANGED),
        ("low", "", KIND.CERTAINTY_CHANGED),
    ],
)
def test_certainty_moves_up_or_down_the_four_levels(
    before: Snapshot, was: str, now: str, kind: ChangeKind
) -> None:
    first = dataclasses.replace(before, certainties={"oc": was} if was else {})
    second = dataclasses.replace(before, certainties={"oc": now} if now else {})
    (change,) = compare(first, second).changes
    assert change.kind is kind
    assert "zhang2025-oc" in change.findings


def test_a_reworded_sentence_is_no_changed_finding(before: Snapshot) -> None:
    sentences = {**before.sentences, "finding zhang2025-oc": ("It says something else.",)}
    difference = compare(before, dataclasses.replace(before, sentences=sentences))
    assert kinds(difference) == [KIND.WORDING_CHANGED]
    assert counts_text(difference) == "No finding changed. 1 sentence reworded."
    assert difference.touched_findings == frozenset()
    assert "→ “It says something else.”" in difference_text(difference)


def test_a_long_sentence_is_told_by_the_place_that_changed(before: Snapshot) -> None:
    words = " ".join(f"w{number}" for number in range(30))
    changed = words.replace("w15", "other words")
    first = dataclasses.replace(before, sentences={"page answer": (words,)})
    second = dataclasses.replace(before, sentences={"page answer": (changed,)})
    assert (
        "“… w11 w12 w13 w14 w15 w16 w17 w18 w19 …” → "
        "“… w11 w12 w13 w14 other words w16 w17 w18 w19 …”"
    ) in difference_text(compare(first, second))


@pytest.mark.parametrize(
    ("was", "now"), [("a", "b"), ("a b", "a"), ("a", "a b"), ("a b c", "x b c"), ("", "a")]
)
def test_short_sentences_are_told_whole(before: Snapshot, was: str, now: str) -> None:
    first = dataclasses.replace(before, sentences={"page answer": (was,)})
    second = dataclasses.replace(before, sentences={"page answer": (now,)})
    told = difference_text(compare(first, second))
    assert f"“{now}”" in told
    assert not was or f"“{was}”" in told


def test_a_limitation_is_compared_finding_by_finding(before: Snapshot) -> None:
    topic = next(topic for topic in before.sentences if topic.startswith("limitation "))
    shorter = {**before.sentences, topic: before.sentences[topic][:-1]}
    (change,) = compare(before, dataclasses.replace(before, sentences=shorter)).changes
    assert change.before.startswith("Holds for ")
    assert change.after == ""


def test_only_the_sentence_that_changed_on_a_page_is_told(before: Snapshot) -> None:
    first = dataclasses.replace(before, sentences={"page answer": ("One.", "Two.", "Three.")})
    second = dataclasses.replace(before, sentences={"page answer": ("One.", "2.", "Three.", "4.")})
    assert [(c.before, c.after) for c in compare(first, second).changes] == [
        ("Two.", "2."),
        ("", "4."),
    ]


def test_a_renewed_look_up_of_integrity_is_counted_not_listed(before: Snapshot) -> None:
    difference = compare(
        before, edited(before, "sources", "zhang2025", integrity_checked="2027-01-01")
    )
    assert difference.changes == ()
    assert counts_text(difference).endswith("The integrity of 1 source was looked up again.")


def test_sources_and_trial_arms_are_compared_too(before: Snapshot) -> None:
    arm = next(iter(before.arms))
    after = edited(without(before, "sources", "derwich2026"), "arms", arm, mean="9.9")
    after = edited(after, "sources", "zhang2025", read_at="full text")
    assert kinds(compare(before, after)) == [
        KIND.SOURCE_REMOVED,
        KIND.SOURCE_CHANGED,
        KIND.ARM_CHANGED,
    ]
    assert kinds(compare(without(before, "arms", arm), before)) == [KIND.ARM_ADDED]
    assert kinds(compare(before, without(before, "arms", arm))) == [KIND.ARM_REMOVED]
    assert KIND.SOURCE_ADDED in kinds(compare(without(before, "sources", "derwich2026"), before))


@pytest.mark.parametrize(
    ("table", "column", "value", "kind", "told"),
    [
        ("trials", "dose", "15", KIND.TRIAL_CHANGED, "1 trial changed."),
        ("outcomes", "surrogate", "no", KIND.OUTCOME_CHANGED, "1 outcome described anew."),
        ("context", "value", "57", KIND.CONTEXT_CHANGED, "1 context of a marker changed."),
    ],
)
def test_a_changed_cell_of_any_other_table_is_told(
    before: Snapshot, table: str, column: str, value: str, kind: ChangeKind, told: str
) -> None:
    key = next(iter(getattr(before, table)))
    difference = compare(before, edited(before, table, key, **{column: value}))
    (change,) = difference.changes
    assert (change.kind, change.field, change.after) == (kind, column, value)
    assert counts_text(difference) == f"No finding changed. {told}"
    added = compare(without(before, table, key), before)
    assert [change.kind.value.rpartition(" ")[2] for change in added.changes] == ["added"]
    removed = compare(before, without(before, table, key))
    assert [change.kind.value.rpartition(" ")[2] for change in removed.changes] == ["removed"]


@pytest.mark.parametrize(
    ("table", "key", "column", "value", "touched"),
    [
        ("sources", "derwich2026", "integrity", "retracted", {"derwich2026"}),
        ("sources", "zhang2025", "n_participants", "2571", {"zhang2025"}),
        ("sources", "zhang2025", "url", "https://example.org", set()),
        ("trials", "shiraki2000", "dose", "15", {"shiraki2000"}),
        ("arms", "koitaya2014-ucoc-6m-k2", "mean", "2.9", {"koitaya2014"}),
    ],
)
def test_what_a_source_is_said_to_be_touches_the_source(
    before: Snapshot, table: str, key: str, column: str, value: str, touched: set[str]
) -> None:
    difference = compare(before, edited(before, table, key, **{column: value}))
    assert len(difference.changes) == 1
    assert difference.touched_sources == touched


def test_a_column_that_an_older_snapshot_lacks_counts_as_blank(before: Snapshot) -> None:
    row = dict(before.findings["zhang2025-oc"])
    del row["note"], row["k_studies"]
    older = dataclasses.replace(before, findings={**before.findings, "zhang2025-oc": row})
    assert compare(older, before).changes == ()


def test_markup_in_a_table_stays_text_in_the_change_log(before: Snapshot) -> None:
    after = edited(before, "findings", "zhang2025-oc", note="<script>*x*</script> [a](b)")
    markdown = difference_markdown(compare(before, after))
    assert r"\<script\>\*x\*\</script\> \[a\](b)" in markdown


def test_the_json_form_says_whether_a_finding_changed(before: Snapshot) -> None:
    after = edited(before, "findings", "zhang2025-oc", estimate="1.87")
    told = json.loads(json.dumps(compare(before, after).to_json()))
    assert told["finding_changed"] is True
    assert told["changes"][0]["kind"] == "finding changed"
    assert told["changes"][0]["findings"] == ["zhang2025-oc"]


def test_prose_leaves_out_front_matter_code_labels_and_comments() -> None:
    page = (
        "---\nkernelspec: x\n---\n(label)=\n# Title\n\n"
        "```{code-cell} ipython3\n:tags: [hide-input]\nx = 1\n```\nA sentence.\n"
        "  % check: ignore number -- a reason\n```{note}\nA note.\n```\n"
    )
    assert list(prose_lines(page)) == ["# Title", "A sentence.", "A note."]
