"""How many falsehoods the gates catch, and how many honest sentences they flag."""

from __future__ import annotations

import pytest
from checking import corpus, problems_of

from evidence_tools import Evidence


@pytest.mark.parametrize("name", ["falsehoods", "falsehoods2", "falsehoods3"])
def test_nearly_every_falsehood_is_caught_by_some_rule(name: str, evidence: Evidence) -> None:
    rows = corpus(name)
    missed = [row["sentence"] for row in rows if not problems_of(evidence, row["sentence"])]
    print(f"{name}: caught {len(rows) - len(missed)} of {len(rows)}")
    assert len(missed) <= 0.03 * len(rows), missed


@pytest.mark.parametrize("number", [4, 5, 6])
def test_sentences_are_judged_in_the_chapter_they_were_written_for(
    number: int, evidence: Evidence
) -> None:
    """At first sight 116 of 127, 73 of 142 and 46 of 60 were caught.

    Of the honest ones 6 of 102, 17 of 96 and 3 of 60 were flagged.
    """
    false, honest = corpus(f"falsehoods{number}"), corpus(f"honest{number}")
    missed = [r for r in false if not problems_of(evidence, r["sentence"], r["chapter"])]
    flagged = [r for r in honest if problems_of(evidence, r["sentence"], r["chapter"])]
    print(f"set {number}: missed {len(missed)} of {len(false)}", end=", ")
    print(f"flagged {len(flagged)} of {len(honest)}")
    assert len(missed) <= 0.05 * len(false), missed
    assert len(flagged) <= 0.03 * len(honest), flagged


def test_idioms_that_no_rule_was_tuned_on_are_caught_less_often(evidence: Evidence) -> None:
    """Before they were looked at, 20 of 30 were caught and 3 of 30 were flagged."""
    false, honest = corpus("heldout_falsehoods2"), corpus("heldout_honest2")
    caught = sum(bool(problems_of(evidence, r["sentence"], r["chapter"])) for r in false)
    flagged = sum(bool(problems_of(evidence, r["sentence"], r["chapter"])) for r in honest)
    print(f"held out idioms: caught {caught} of {len(false)}, flagged {flagged} of {len(honest)}")
    assert caught >= 20
    assert flagged <= 3


def test_sentences_that_no_rule_was_tuned_on_are_judged_nearly_as_well(evidence: Evidence) -> None:
    """Before they were looked at, 39 of 44 were caught and 1 of 42 was flagged."""
    false, honest = corpus("heldout_falsehoods"), corpus("heldout_honest")
    caught = sum(bool(problems_of(evidence, row["sentence"])) for row in false)
    flagged = sum(bool(problems_of(evidence, row["sentence"])) for row in honest)
    print(f"held out: caught {caught} of {len(false)}, flagged {flagged} of {len(honest)}")
    assert caught >= 39
    assert flagged <= 1


@pytest.mark.parametrize("name", ["honest", "honest2", "honest3"])
def test_hardly_any_honest_sentence_is_flagged(name: str, evidence: Evidence) -> None:
    rows = corpus(name)
    flagged = [row["sentence"] for row in rows if problems_of(evidence, row["sentence"])]
    print(f"{name}: flagged {len(flagged)} of {len(rows)}")
    assert len(flagged) <= 0.02 * len(rows), flagged
