"""Claims compared with rows: a slot that is filled and that its row does not hold is a fault.

``lexicons/slots.csv`` says which words fill a slot, what must be near them (``needs``: one of
them; ``also``: and one of these), what silences them (``unless``), which of the comparisons below
holds them against a row (``held``), and what to say. Words without a comparison are held by no
row. A sense after ``*`` counts also where nothing is stated, one after ``+`` anywhere in the
sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from evidence_tools.check.claims import PAIRS, Clause, Reading
from evidence_tools.check.ledger import (
    compare_counts,
    compare_owner,
    compare_per_outcome,
    compare_two,
)
from evidence_tools.check.lookup import DIRECTIONS, Rows, fits, say
from evidence_tools.check.wording import Rule, Tag, Wording, tokenize
from evidence_tools.evidence.judgements import STRIKES_OUT
from evidence_tools.evidence.model import Evidence, Row
from evidence_tools.show.words import CONCERNS, MOVED, direction_text

STRONGER, CONTRADICTED = "stronger than its evidence", "contradicted"
ABSENT, ADVICE = "not in the evidence", "advice"
_CLAIMED = {"up": "an increase", "down": "a decrease", "nonsignificant": "no significant change"}
_LACKING = "(?<!no )(?<!not )(?<!without )(?<!selected for )"
_ABOUT, _NONE = {"on", "about"}, re.compile(r"\b(?:no|none|without|not)\b")
_DID = {"was", "were", "we", "us", "have", "authors"}

Found = dict[str, Any] | None
"""What a comparison found: nothing when a row holds the words, else slots of the message."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One slot that no row holds: what was found, what the row says, what to write instead."""

    slot: str
    message: str
    verdict: str = STRONGER
    rows: tuple[str, ...] = ()


def holds(means: str, text: str) -> bool:
    """Whether a text has one of some beginnings of words, and not as what is lacking."""
    return bool(re.search(rf"{_LACKING}\b(?:{'|'.join(map(re.escape, means.split('|')))})", text))


class Judge:
    """Compare claims with rows; ``strict`` asks for a row beside every claim."""

    def __init__(self, evidence: Evidence, *, strict: bool = True) -> None:
        self.wording, self.rows = Wording(evidence, strict=strict), Rows(evidence)
        self.strict = strict

    def faults(self, reading: Reading) -> list[Fault]:
        """List what is wrong with a sentence, each slot once."""
        kept: dict[str, Fault] = {}
        for clause in reading.clauses:
            for fault in self._clause(reading, clause):
                if fault.slot not in kept or fault.verdict == CONTRADICTED:
                    kept[fault.slot] = fault
        if len(kept) > 1 and "bind" in kept and kept["bind"].verdict != CONTRADICTED:
            del kept["bind"]
        return list(kept.values())

    def _clause(self, reading: Reading, clause: Clause) -> Iterator[Fault]:
        common: set[str] = set()
        for rule in self.wording.rules:
            if not clause.has(*rule.words) or (clause.stance != "stated" and not rule.anywhere):
                continue
            common = common or self._flags(reading, clause)
            tags = sorted(clause.all(*rule.words), key=lambda tag: tag.first)
            for tag in tags if rule.held else tags[:1]:
                flags = common | self._own_flags(reading, clause, tag)
                if (not rule.applies(flags) and tag.means != "always") or rule.unless & flags:
                    continue
                if tag.means == "start" and tag.first != clause.start:
                    continue
                found: Found = {}
                if rule.held:
                    found = COMPARISONS[rule.held](self, reading, clause, tag)
                if found is not None:
                    yield self._fault(rule, reading, clause, tag, found)

    def _fault(
        self, rule: Rule, reading: Reading, clause: Clause, tag: Tag, found: dict[str, Any]
    ) -> Fault:
        outcomes = [found.pop("outcome")] if "outcome" in found else clause.outcomes
        slots = {
            "words": reading.words(tag),
            "example": self.rows.example(outcomes, clause.sources),
            "harm": self.rows.harm,
            "ratings": self.rows.rated(t.means for t in reading.all("outcome")),
        }
        ids, verdict = found.pop("ids", ()), found.pop("verdict", rule.verdict)
        return Fault(rule.slot, rule.says.format(**{**slots, **found}), verdict, tuple(ids))

    def _flags(self, reading: Reading, clause: Clause) -> set[str]:
        """Name what holds: senses of the clause, ``+`` those of the sentence, and more."""
        rows, outcomes = self.rows, clause.outcomes
        other = None if clause.has("central", "source") else clause.first("otherwise")
        carried = reading.carried and clause.sources
        did = bool(_DID & clause.words)
        said = {row.direction for s in clause.sources for o in outcomes for row in rows.of(s, o)}
        held = {
            "strict": self.strict,
            "bound": clause.sources,
            "pairs": clause.has(*PAIRS),
            "harm": any(rows.role(tag.means) == "harm" for tag in reading.all("outcome")),
            "acts": any(c.has("subject") and c.stance == "stated" for c in reading.clauses),
            "general": not clause.has("subject") and (clause.has("person") or other),
            "framed": clause.sources and clause.has(*PAIRS),
            "named": reading.named or clause.has("central") or (clause.has("it") and carried),
            "studied": clause.has("study", "central", "it") and not clause.has("otherwise"),
            "happened": clause.happened,
            "did": did,
            "sure": not clause.has("maybe"),
            "uncovered": clause.has("elsewhere") and clause.has("subject") and not outcomes,
            "quoted": clause.has("claimverb") and "benefit_reported_narratively" in said,
            "cotreated": clause.has("otherwise") and clause.sources and not clause.has("pair:up"),
            "disowned": clause.has("own") and clause.has("not"),
        }
        senses = {f"+{sense}" for c in reading.clauses for sense in c.tags}
        senses |= {*clause.tags, clause.stance}
        return senses | {flag for flag, holds in held.items() if holds}

    def _own_flags(self, reading: Reading, clause: Clause, tag: Tag) -> set[str]:
        """Name what holds of single words of a clause."""
        denying = reading.words(tag)[:3] in ("No ", "no ")
        beside = [*reading.tokens[tag.first - 1 : tag.first], *reading.tokens[tag.last + 1 :][:1]]
        held = {
            "negated": clause.negators(tag, 4),
            "cell": beside and all(token.low == "|" for token in beside),
            "mild": clause.negators(tag, 6) and not reading.has("subject"),
            "denying": denying,
            "reported": clause.has("claimverb") and denying,
        }
        return {flag for flag, holds in held.items() if holds}

    def named_rows(self, reading: Reading, clause: Clause, pair: Tag) -> list[Row]:
        """List the rows that a pair of an outcome and a direction is held against."""
        given = [self.rows.findings[tag.means] for tag in clause.all("finding")]
        rows = [row for row in given if self.rows.same(row, pair.means)]
        if rows:
            return rows
        rows = [row for source in clause.sources for row in self.rows.of(source, pair.means)]
        primary = [row for row in rows if row.analysis == "primary"]
        facts = clause.all("form", "people")
        own = [r for r in rows if any(holds(t.means, f"{r.analysis} ".lower()) for t in facts)]
        return own or (rows if reading.has("analysis") else primary or rows)


def _doubted(
    kinds: Container[str], hidden: bool, judge: Judge, reading: Reading, *_: object
) -> Found:
    """Find a source with a doubt of some kinds, and with ``hidden`` one that no role shows."""
    tags = reading.all("source") if hidden else []
    shown = {tag.means for tag in tags if reading.role(tag) not in ("", "value")}
    for row in (judge.rows.sources[source] for source in reading.named):
        if row.integrity in kinds and row.source_id not in shown:
            status = row.integrity.replace("_", " ")
            return {"row": row, "status": status, "ids": [row.source_id]}
    return None


def _not_denied(judge: Judge, reading: Reading, clause: Clause, tag: Tag) -> Found:
    """Find harms that are said to be absent, unless the source itself says that of some."""
    harm = judge.rows.role(tag.means) == "harm"
    nobody = {t.first for t in clause.all("counted") if t.means == "n_participants"}
    near = [
        none
        for none in clause.all("none")
        if -4 <= none.last - tag.first <= 4
        or none.last + 1 in nobody
        or reading.words(none).lower() == "nobody"
    ]
    absent = clause.negators(tag, 2) + ([] if _ABOUT & clause.words else near)
    verb, said = clause.first("claimverb"), "".join(map(judge.rows.on_harms, clause.sources))
    told = verb and not any(
        n.first > verb.first and (said or n.first > tag.first) and not _NONE.search(said)
        for n in absent
    )
    return {} if harm and absent and (clause.has("all") or not told) else None


def _row_outcome(judge: Judge, reading: Reading, clause: Clause, tag: Tag) -> Found:
    row = judge.rows.findings[tag.means]
    named = {t.means for t in clause.all("outcome") or reading.all("outcome")}
    fine = any(judge.rows.same(row, outcome) for outcome in named)
    return None if fine else {"row": row, "outcome": min(named), "ids": [tag.means]}


def _row_source(judge: Judge, reading: Reading, _: Clause, tag: Tag) -> Found:
    row = judge.rows.findings[tag.means]
    named = {t.means for t in reading.all("source") if reading.role(t) != "finding"}
    fine = not named or row.source_id in named
    return None if fine else {"row": row, "says": say(row), "ids": [tag.means]}


def _row_analysis(judge: Judge, reading: Reading, _: Clause, tag: Tag) -> Found:
    row = judge.rows.findings[tag.means]
    words = {token.low[:7] for token in reading.tokens if len(token.low) > 6}
    named = any(word in row.analysis.lower().replace(row.outcome.lower(), "") for word in words)
    if named or (row.analysis == "primary" and row.contrast != "within an arm"):
        return None
    others = judge.rows.of(row.source_id, row.outcome_id)
    primary = [f". Its primary result: {say(o)}" for o in others if o.analysis == "primary"]
    also = primary[0] if primary else ""
    return {"row": row, "says": say(row), "primary": also, "ids": [tag.means]}


def _any_row(judge: Judge, reading: Reading, clause: Clause, pair: Tag) -> Found:
    vague = pair.sense == "pair:change" and not clause.has("significant")
    names = ", ".join(judge.rows.sources[s].short_name for s in clause.sources)
    missing = not judge.named_rows(reading, clause, pair) and not vague
    return {"names": names, "outcome": pair.means} if missing else None


def _current(judge: Judge, reading: Reading, clause: Clause, pair: Tag) -> Found:
    rows = judge.named_rows(reading, clause, pair)
    aside = rows and all(row.standing == "set aside" for row in rows)
    return {"row": rows[0], "ids": [row.finding_id for row in rows]} if aside else None


def _direction(judge: Judge, reading: Reading, clause: Clause, pair: Tag) -> Found:
    rows, direction = judge.named_rows(reading, clause, pair), pair.sense.partition(":")[2]
    significant = clause.has("significant") and direction != "nonsignificant"
    right = {r.source_id for r in rows if fits(direction, r, significant=significant)}
    wrong = [row for row in rows if row.source_id not in right]
    if not wrong or not (direction != "change" or significant or clause.happened):
        return None
    claimed = _CLAIMED.get(direction, "a change")
    claimed += " that is significant" if significant and fits(direction, wrong[0]) else ""
    slots = {"claimed": claimed, "way": direction_text(wrong[0]), "says": say(wrong[0])}
    return {**slots, "row": wrong[0], "ids": [row.finding_id for row in rows]}


def _licensed(judge: Judge, _: Reading, clause: Clause, pair: Tag) -> Found:
    """Ask for a row, unless the certainty of the outcome allows the very wording."""
    rows, direction = judge.rows, pair.sense.partition(":")[2]
    hedges, rating = clause.all("maybe", "probably", "level"), rows.ratings.get(pair.means)
    said, wanted = rows.direction(pair.means), DIRECTIONS.get(direction, "")
    hedged = rating and any(tag.means == rating.certainty for tag in hedges)
    fine = hedged and said == wanted
    if direction == "change" or fine:
        return None
    slots: dict[str, Any] = {"claimed": _CLAIMED.get(direction, "a change"), "outcome": pair.means}
    slots["certainty"] = f" (certainty: {rating.rating})" if rating else ""
    slots["ids"] = [row.finding_id for row in rows.about(pair.means)[:3]]
    if wanted and said not in ("", wanted) and (said in MOVED or clause.has("significant")):
        slots |= {"verdict": CONTRADICTED, "certainty": ", and the rows say otherwise"}
    return slots


def _known(judge: Judge, reading: Reading, clause: Clause, tag: Tag) -> Found:
    given = tuple(t.means for t in clause.all("finding"))
    against = tag.sense in ("otherwise", "comparator") and any(
        0 < tag.first - t.last < 4 for t in clause.all("versus")
    )
    known = " ".join(judge.rows.text(s, given, against) for s in clause.sources)
    held = [r for pair in clause.all(*PAIRS) for r in judge.named_rows(reading, clause, pair)]
    held = held or [judge.rows.findings[key] for key in given]
    part = " ".join(f"{row.analysis} " for row in held)
    if tag.sense == "people" and any(
        other.sense == tag.sense for other in judge.wording.tags(tokenize(part))
    ):
        known = part.lower()
    fine = holds(tag.means or reading.words(tag).lower()[:9], known)
    if clause.negators(tag, 4):
        fine = not fine or tag.sense not in ("otherwise", "comparator")
    return None if fine else _about(judge, clause)


def _counted_form(judge: Judge, reading: Reading, clause: Clause, __: Tag) -> Found:
    forms = judge.rows.evidence.topic.counts.get("forms", ())
    pairs = clause.all(*PAIRS)
    about = [row for pair in pairs for row in judge.named_rows(reading, clause, pair)]
    other = forms and about and not any(row.form in forms for row in about)
    return _about(judge, clause) if other else None


def _about(judge: Judge, clause: Clause) -> Found:
    source = clause.sources[0]
    trial = judge.rows.trials.get(source)
    blinding = f"; {trial.blinding or 'blinding not stated'}" if trial else ""
    return {"row": judge.rows.sources[source], "blinding": blinding}


def _rating(judge: Judge, reading: Reading, clause: Clause, tag: Tag) -> Found:
    levels = clause.all("level")
    claimed = max(levels, key=lambda t: t.last - t.first).means.removeprefix("at most ")
    ratings = judge.rows.ratings
    outcomes = [t.means for t in clause.all("outcome") or reading.all("outcome")]
    outcomes += [judge.rows.findings[t.means].outcome_id for t in reading.all("finding")]
    rated = [ratings[o] for o in outcomes if o in ratings]
    held = {row.certainty for row in rated or ratings.values()}
    negated = clause.negators(levels[0], 4) or (not rated and reading.has("not", "own"))
    wrong = claimed not in held and not negated
    return {"levels": ", ".join(sorted(held))} if wrong and tag is levels[0] else None


def _comparison(judge: Judge, reading: Reading, clause: Clause, tag: Tag) -> Found:
    """Compare what is said on agreement with the comparison of sources."""
    rows, outcomes = judge.rows, clause.outcomes
    agrees = (tag.means == "agrees") != bool(clause.negators(tag, 4))
    others = [source for source in clause.sources if source != rows.central]
    known = set().union(*(rows.relations.get(o, ()) for o in outcomes or rows.relations))
    asked = [*others, rows.central] if len(others) == 1 else others
    ways = [{row.direction for o in outcomes for row in rows.of(s, o)} for s in asked]
    if len(ways) > 1 and all(ways):
        # What does not count is neither agreement nor conflict, yet it has a direction.
        wrong, known = bool(set.intersection(*ways)) != agrees, set.union(*ways)
    else:
        many = any(reading.words(tag).endswith("s") for tag in clause.all("study"))
        every = bool(outcomes) or many or clause.has("all", "none")
        wrong = agrees and not others and every and bool(known - {"agrees", "central source"})
    return {"known": ", ".join(sorted(known)) or "nothing"} if wrong else None


def _only(judge: Judge, reading: Reading, clause: Clause, tag: Tag) -> Found:
    """Find other sources with the result that one alone is said to have."""
    rows = (row for pair in clause.all(*PAIRS) for row in judge.rows.about(pair.means))
    ways = {pair.sense.partition(":")[2] for pair in clause.all(*PAIRS)}
    begins = any(tag.last + 1 == t.first for t in reading.all("source"))
    others = [r for r in rows if r.source_id not in clause.sources and fits(min(ways), r)]
    return {"row": others[0], "ids": [others[0].finding_id]} if begins and others else None


def _reported(judge: Judge, _: Reading, clause: Clause, tag: Tag) -> Found:
    asked = clause.sources or [judge.rows.central]
    row = next(filter(None, (judge.rows.statements.get((s, tag.means)) for s in asked)), None)
    return {"row": row, "ids": [row.statement_id]} if row else None


def _done(judge: Judge, _: Reading, __: Clause, tag: Tag) -> Found:
    row = judge.rows.statements.get(("", tag.means))
    done = row.statement if row else "no statement holds it."
    return None if row and row.kind == "done" else {"done": done}


def _no_leap(judge: Judge, reading: Reading, clause: Clause, __: Tag) -> Found:
    """Find steps from a marker to what a patient feels."""
    role = judge.rows.role
    if any(tag.means == "can" for tag in reading.all("maybe")) and not reading.has("subject"):
        return None  # what can happen is no claim that it did
    markers = [t for t in reading.all("outcome") if role(t.means) == "marker"]
    markers += reading.all("marker")
    felt = [t for t in clause.all("process") if not t.means]
    felt += [t for t in clause.all("outcome") if role(t.means) in ("event", "measurement")]
    felt += clause.all("body")
    moves = ("good", "same", "up", "down", "change")
    moved = reading.has(*moves) and clause.has(*moves, "link", "bad")
    led = clause.has("up", "down") and len(reading.all("up", "down")) > 1
    linked = moved and (reading.has("link") or led)
    if not (linked and markers and felt):
        return None
    return {"words": reading.words(markers[0]), "felt": reading.words(felt[0])}


def _kind(judge: Judge, reading: Reading, clause: Clause, __: Tag) -> Found:
    """Find markers that are called something they are not."""
    named = [t for t in clause.all("outcome") if not t.means.startswith("kind:")]
    said = [outcome[5:] for outcome in clause.outcomes if outcome.startswith("kind:")]
    said += [tag.means for tag in clause.all("process") if tag.means]
    outcome = judge.rows.outcomes[named[0].means] if len(named) == 1 else None
    if outcome is None or outcome.covers or judge.rows.role(outcome.outcome_id) != "marker":
        return None
    wrong = said and outcome.kind not in said
    words = reading.words(named[0])
    return {"words": words, "kind": outcome.kind, "said": said[0]} if wrong else None


COMPARISONS: dict[str, Callable[[Judge, Reading, Clause, Tag], Found]] = {
    "undoubted": partial(_doubted, CONCERNS, False),
    "usable": partial(_doubted, STRIKES_OUT, False),
    "shown": partial(_doubted, CONCERNS, True),
    "owner": compare_owner,
    "counts": compare_counts,
    "per_outcome": compare_per_outcome,
    "two": compare_two,
    **{
        compare.__name__[1:]: compare
        for compare in (
            *(_not_denied, _row_outcome, _row_source, _row_analysis, _any_row, _current),
            *(_direction, _licensed, _known, _counted_form, _rating, _comparison),
            *(_reported, _done, _no_leap, _kind, _only),
        )
    },
}
"""What a row of ``slots.csv`` may ask for under ``held``."""
