"""How many falsehoods are caught, and how many honest sentences are flagged, on the real rows.

What was measured before a set was looked at, and so says something about sentences nobody has
seen (false ones caught, honest ones flagged; earlier rules and sets are in the history):

- ``unseen2`` and ``3``, twelve sets: 1,101 of 1,280, laundered 166 of 208, and 134 of 950;
- ``unseen4``, four sets: 467 of 560, laundered 65 of 92, and 27 of 400; its other 480 honest
  sentences were written to mislead a list of words, and 93 of them were flagged;
- ``unseen5``, fourteen sets: 1,746 of 1,960, laundered 258 of 322, and 95 of 1,400;
- ``unseen6`` to ``8``, fourteen sets: 1,713 of 1,960, laundered 260 of 322, and 79 of 1,400;
- ``unseen9`` to ``14``, 30 sets: 3,930 of 4,200, laundered 612 of 690, and 84 of 3,000.

Every set was looked at afterwards, so the figures below only say that nothing got worse.
"""

import csv
from collections.abc import Iterator

import pytest
from building import PROJECT

from evidence_tools.check.audit import audit
from evidence_tools.check.pages import parse_page
from evidence_tools.check.review import Review, check_page
from evidence_tools.check.verdicts import ABSENT, ADVICE, CONTRADICTED, STRONGER, Judge
from evidence_tools.evidence.model import load_evidence

CORPORA = PROJECT / "tests" / "corpora"
FALSE = sorted(path.stem for path in CORPORA.glob("*false*.csv"))
HONEST = sorted(path.stem for path in CORPORA.glob("*honest*.csv"))


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(load_evidence(PROJECT / "data"))


def flagged(judge: Judge, name: str) -> Iterator[tuple[str, bool]]:
    with (CORPORA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            page = parse_page(row["sentence"], "page.md", ["colon_fence", "dollarmath"])
            yield row["sentence"], any(True for _ in check_page(page, judge, Review()))


def test_at_most_eight_in_a_hundred_falsehoods_are_missed(judge: Judge) -> None:
    found = [pair for name in FALSE for pair in flagged(judge, name)]
    missed = [sentence for sentence, caught in found if not caught]
    assert len(missed) <= 0.08 * len(found), missed


def test_four_of_five_faults_that_an_audit_finds_or_should_find_are_both() -> None:
    with (CORPORA / "page.csv").open(encoding="utf-8", newline="") as file:
        key = {row["sentence"]: row["verdict"] for row in csv.DictReader(file)}
    blocks = [block for sentence in key for block in parse_page(sentence).items]
    read = audit(blocks, load_evidence(PROJECT / "data"))
    judged = {s.text: s.verdict for s in read.sentences}
    faults = {CONTRADICTED, STRONGER, ABSENT, ADVICE}
    wrong = {text for text, verdict in key.items() if verdict in faults}
    found = {text for text, verdict in judged.items() if verdict in faults}
    assert len(wrong & found) >= 0.8 * len(wrong), wrong - found
    assert len(wrong & found) >= 0.8 * len(found), found - wrong


def test_at_most_four_in_a_hundred_honest_sentences_are_flagged(judge: Judge) -> None:
    found = [pair for name in HONEST for pair in flagged(judge, name)]
    wrong = [sentence for sentence, caught in found if caught]
    assert len(wrong) <= 0.04 * len(found), wrong
