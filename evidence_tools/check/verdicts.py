"""Claims compared with rows: a slot that is filled and that its row does not hold is a fault.

``lexicons/slots.csv`` says which words fill a slot, what must be near them (``needs``: one of
each group), what silences them (``unless``), which of the comparisons below holds them against a
row (``held``), and what to say. Words without a comparison are held by no row. Words after
``*`` count also where nothing is stated; a sense after ``+`` counts anywhere in the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from evidence_tools.check.claims import Clause, Reading
from evidence_tools.check.lookup import DIRECTIONS, Rows, fits, say
from evidence_tools.check.wording import Rule, Tag, Wording
from evidence_tools.evidence.arithmetic import MOVED
from evidence_tools.evidence.judgements import STRIKES_OUT
from evidence_tools.evidence.model import Evidence, Row
from evidence_tools.show.words import CONCERNS, direction_text, is_silent, standing_text

STRONGER, CONTRADICTED = "stronger than its evidence", "contradicted"
ABSENT, ADVICE = "not in the evidence", "advice"
_CLAIMED = {"up": "an increase", "down": "a decrease", "nonsignificant": "no significant change"}
_LACKING = "(?<!no )(?<!not )(?<!without )(?<!selected for )"
_NONE = re.compile(r"\b(?:no|none|without|not)\b")
_DID = {"was", "were", "we", "us", "have", "authors"}

Found = dict[str, Any] | None
"""What a comparison found: nothing when a row holds the words, else slots of the message."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One slot that no row holds: what was found, what to write instead, how it is judged."""

    slot: str
    found: str
    remedy: str
    verdict: str = STRONGER
    rows: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """What was found and what to do."""
        return f"{self.found}. {self.remedy[:1].upper()}{self.remedy[1:]}"


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
        flags: set[str] = set()
        for rule in self.wording.rules:
            if not clause.has(*rule.words) or (clause.stance != "stated" and not rule.anywhere):
                continue
            flags = flags or self._flags(reading, clause)
            if not all(group & flags for group in rule.needs) or rule.unless & flags:
                continue
            tags = clause.all(*rule.words)
            for tag in tags if rule.held else tags[:1]:
                before = reading.tokens[max(tag.first - 1, 0)].low
                if tag.means == "start" and tag.first != clause.start and before != "and":
                    continue
                if rule.unless & self._own_flags(reading, clause, tag):
                    continue
                found = COMPARISONS[rule.held](self, reading, clause, tag) if rule.held else {}
                if found is not None:
                    yield self._fault(rule, reading, clause, tag, found)

    def _fault(
        self, rule: Rule, reading: Reading, clause: Clause, tag: Tag, found: dict[str, Any]
    ) -> Fault:
        slots = {
            "words": reading.words(tag),
            "example": self.rows.example(clause.outcomes, clause.sources),
            "harm": self.rows.harm,
            "ratings": self.rows.rated(t.means for t in reading.all("outcome")),
            **found,
        }
        verdict, ids = found.get("verdict", rule.verdict), found.get("ids", ())
        said, remedy = rule.found.format(**slots), rule.remedy.format(**slots)
        return Fault(rule.slot, said, remedy, verdict, ids)

    def _flags(self, reading: Reading, clause: Clause) -> set[str]:
        """Name what holds: senses of the clause, ``+`` those of the sentence, and more."""
        rows = self.rows
        other = None if clause.has("central", "source") else clause.all("otherwise")
        said = [r for s in clause.sources for o in clause.outcomes for r in rows.of(s, o)]
        held = {
            "strict": self.strict,
            "bound": clause.sources,
            "general": not clause.has("subject") and (clause.has("person") or other),
            "framed": clause.sources and clause.has("pairs"),
            "named": reading.named or clause.has("central", *["it"][: len(reading.carried)]),
            "studied": clause.has("study", "central", "it") and not clause.has("otherwise"),
            "happened": clause.happened,
            "uncovered": clause.has("elsewhere") and reading.has("subject") and not clause.outcomes,
            "did": not _DID.isdisjoint(token.low for token in clause.tokens),
            "silent": clause.has("claimverb") and said and all(map(is_silent, said)),
            "quoted": clause.has("claimverb")
            and "benefit_reported_narratively" in {r.direction for r in said},
        }
        senses = {f"+{sense}" for c in reading.clauses for sense in c.tags}
        return {*senses, *clause.tags, clause.stance, *(flag for flag, on in held.items() if on)}

    def _own_flags(self, reading: Reading, clause: Clause, tag: Tag) -> set[str]:
        """Name what holds of single words: whether they are denied, or printed by the source."""
        near = 4 if reading.has("subject") else 6
        said = (self.rows.text(source) for source in clause.sources)
        printed = any(reading.words(tag).lower() in text for text in said)
        return {*(["negated"] * clause.negated(tag, near)), *(["printed"] * printed)}

    def named_rows(self, reading: Reading, clause: Clause, pair: Tag) -> list[Row]:
        """List the rows that a pair of an outcome and a direction is held against."""
        given = [self.rows.findings[tag.means] for tag in clause.all("finding")]
        if rows := [row for row in given if self.rows.same(row, pair.means)]:
            return rows
        rows = [row for source in clause.sources for row in self.rows.of(source, pair.means)]
        facts = clause.all("form", "people")
        own = [r for r in rows if any(holds(t.means, f"{r.analysis} ".lower()) for t in facts)]
        primary = [row for row in rows if row.analysis == "primary"]
        return own or (rows if reading.has("analysis") else primary or rows)


def holds(means: str, text: str) -> bool:
    """Whether a text has one of some beginnings of words, and not as what is lacking."""
    return bool(re.search(rf"{_LACKING}\b(?:{'|'.join(map(re.escape, means.split('|')))})", text))


def _owner(judge: Judge, reading: Reading, _: Clause, tag: Tag) -> Found:
    """Compare the owner of a value with the source of its sentence."""
    named = [t.means for t in reading.all("source") if reading.role(t) in ("source", "")]
    named = named or ([judge.rows.central] if reading.has("central") else [])
    owner = judge.wording.owners.get(tag.means.partition(".")[0], "")
    wrong = owner and named and owner not in named
    return {"value": tag.means, "owner": owner, "named": ", ".join(named)} if wrong else None


def _counts(_judge: Judge, reading: Reading, _: Clause, tag: Tag) -> Found:
    """Compare the field of a value with the noun after it."""
    key, field = f"{tag.means}.".split(".")[:2]
    nouns = [t.means for t in reading.all("counted") if 0 < t.first - tag.last < 3 and t.means]
    wanted = field if field == "n_studies" else "n_participants"  # randomised, or completed
    if not field.startswith("n_") or not nouns or wanted in nouns:
        return None
    return {"value": tag.means, "instead": f"{{value}}`{key}.{nouns[0]}`", "ids": (key,)}


def _doubted(judge: Judge, reading: Reading, *_: object) -> Found:
    for row in (judge.rows.sources[source] for source in reading.named):
        if row.integrity in CONCERNS:
            return {"row": row, "status": CONCERNS[row.integrity], "ids": (row.source_id,)}
    return None


def _shown(judge: Judge, reading: Reading, _: Clause, tag: Tag) -> Found:
    """Find a source with a doubt that no role shows, or that is struck out."""
    row = judge.rows.sources[tag.means]
    shown = {t.means for t in reading.all("source") if reading.role(t) not in ("", "value")}
    if row.integrity not in (STRIKES_OUT if row.source_id in shown else CONCERNS):
        return None
    return {"row": row, "status": CONCERNS[row.integrity], "ids": (row.source_id,)}


def _not_denied(judge: Judge, _: Reading, clause: Clause, tag: Tag) -> Found:
    """Find harms that are said to be absent, unless the source itself says that of some."""
    absent = [n for n in clause.all("none") if -2 <= n.last - tag.first <= 4]
    absent += [n for n in clause.all("not") if -2 <= n.last - tag.first < 0]
    harms = judge.rows.evidence.rows("harms").values()
    said = " ".join(r.as_printed or "" for r in harms if r.source_id in clause.sources).lower()
    verbs = clause.all("claimverb")
    before = verbs and all(n.first < verbs[0].first for n in absent)
    told = verbs and (before or not said or _NONE.search(said))
    return {} if absent and (clause.has("all") or not told) else None


def _row_outcome(judge: Judge, reading: Reading, _: Clause, tag: Tag) -> Found:
    row = judge.rows.findings[tag.means]
    named = {t.means for t in reading.all("outcome")}
    last = row.outcome.split()[-1].lower() in {token.low for token in reading.tokens}
    fine = any(
        judge.rows.same(row, outcome) or (last and row.kind == judge.rows.kind(outcome))
        for outcome in named
    )
    return None if fine else {"row": row, "ids": (tag.means,)}


def _row_source(judge: Judge, reading: Reading, _: Clause, tag: Tag) -> Found:
    row = judge.rows.findings[tag.means]
    named = {t.means for t in reading.all("source") if reading.role(t) != "finding"}
    # A source with a result of its own in the sentence claims no other one.
    named -= {judge.rows.findings[t.means].source_id for t in reading.all("finding")}
    fine = not named or row.source_id in named
    return None if fine else {"row": row, "says": say(row), "ids": (tag.means,)}


def _row_analysis(judge: Judge, reading: Reading, _: Clause, tag: Tag) -> Found:
    row = judge.rows.findings[tag.means]
    words = {token.low[:7] for token in reading.tokens if len(token.low) > 6}
    named = any(word in row.analysis.lower().replace(row.outcome.lower(), "") for word in words)
    fine = named or (row.analysis == "primary" and row.contrast != "within an arm")
    return None if fine else {"row": row, "says": say(row), "ids": (tag.means,)}


def _any_row(judge: Judge, reading: Reading, clause: Clause, pair: Tag) -> Found:
    vague = pair.sense == "pair:change" and not clause.has("significant")
    names = ", ".join(judge.rows.sources[s].short_name for s in clause.sources)
    missing = not judge.named_rows(reading, clause, pair) and not vague
    return {"names": names} if missing else None


def _current(judge: Judge, reading: Reading, clause: Clause, pair: Tag) -> Found:
    rows = judge.named_rows(reading, clause, pair)
    aside = rows and all(row.standing in ("set aside", "superseded") for row in rows)
    slots = {"row": rows[0], "ids": (rows[0].finding_id,)} if aside else {}
    return {**slots, "why": standing_text(rows[0])} if aside else None


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
    return {**slots, "row": wrong[0], "ids": tuple(row.finding_id for row in rows)}


def _licensed(judge: Judge, _: Reading, clause: Clause, pair: Tag) -> Found:
    """Ask for a row, unless the certainty of the outcome allows the very wording."""
    rows, direction = judge.rows, pair.sense.partition(":")[2]
    rating = rows.ratings.get(pair.means)
    said, wanted = rows.direction(pair.means), DIRECTIONS.get(direction, "")
    hedges = {tag.means for tag in clause.all("maybe", "probably", "level")}
    allowed = rating and rating.certainty in hedges and said == wanted
    if allowed or direction in ("change", "same"):
        return None
    slots: dict[str, Any] = {"claimed": _CLAIMED[direction], "certainty": ""}
    slots["ids"] = tuple(row.finding_id for row in rows.about(pair.means)[:3])
    if wanted and said not in ("", wanted) and (said in MOVED or clause.has("significant")):
        slots |= {"verdict": CONTRADICTED, "certainty": ", and the rows say otherwise"}
    return slots


def _known(judge: Judge, reading: Reading, clause: Clause, tag: Tag) -> Found:
    """Look for what somebody got, or who they were, in the rows of the sources."""
    if not (means := tag.means) and tag.sense == "subject":
        return None
    other = tag.sense in ("otherwise", "comparator")
    against = other and any(0 < tag.first - t.last < 4 for t in clause.all("versus"))
    given = tuple(t.means for t in clause.all("finding"))
    known = " ".join(judge.rows.text(s, given, against) for s in clause.sources)
    fine = holds(means or reading.words(tag).lower()[:9], known)
    if (not fine if other else True) if clause.negated(tag) else fine:
        return None
    row = judge.rows.sources[clause.sources[0]]
    trial = judge.rows.trials.get(row.source_id)
    return {"row": row, "blinding": f"; {trial.blinding or 'blinding not stated'}" if trial else ""}


def _rating(judge: Judge, reading: Reading, clause: Clause, tag: Tag) -> Found:
    levels, ratings = clause.all("level"), judge.rows.ratings
    claimed = max(levels, key=lambda t: t.last - t.first).means.removeprefix("at most ")
    outcomes = [t.means for t in clause.all("outcome") or reading.all("outcome")]
    outcomes += [judge.rows.findings[t.means].outcome_id for t in reading.all("finding")]
    rated = [ratings[o] for o in outcomes if o in ratings]
    held = {row.certainty for row in rated or ratings.values()}
    denied = clause.negated(levels[0]) or (not rated and reading.has("not", "own"))
    wrong = claimed not in held and not denied
    return {"levels": ", ".join(sorted(held))} if wrong and tag is levels[0] else None


def _comparison(judge: Judge, _: Reading, clause: Clause, tag: Tag) -> Found:
    """Compare what is said on agreement with the comparison of sources."""
    rows, outcomes = judge.rows, clause.outcomes
    agrees = (tag.sense == "agree") != clause.negated(tag)
    known = set().union(*(rows.relations.get(o, ()) for o in outcomes or rows.relations))
    asked = {*clause.sources, rows.central} if len(clause.sources) < 2 else clause.sources
    ways = [w for s in asked if (w := {row.direction for o in outcomes for row in rows.of(s, o)})]
    if len(ways) > 1:
        # What does not count is neither agreement nor conflict, yet it has a direction.
        wrong, known = bool(set.intersection(*ways)) != agrees, set.union(*ways)
    else:
        every = outcomes or clause.has("all", "none")
        wrong = agrees and every and bool(known - {"agrees", "central source"})
    return {"known": ", ".join(sorted(known)) or "nothing"} if wrong else None


def _statement(judge: Judge, _: Reading, clause: Clause, tag: Tag) -> Found:
    """Look for what is not known of a source, or for what was not done for the report."""
    asked = [""] if tag.sense == "method" else clause.sources or [judge.rows.central]
    for source in asked:
        row = judge.rows.statements.get((source, tag.means))
        if row and row.kind != "done":
            return {"row": row, "ids": (row.statement_id,)}
    return None


def _kind(judge: Judge, _: Reading, clause: Clause, tag: Tag) -> Found:
    """Find markers that are called something they are not."""
    named = [t for t in clause.all("outcome") if not t.means.startswith("kind:")]
    said = [outcome[5:] for outcome in clause.outcomes if outcome.startswith("kind:")]
    said += [tag.means for tag in clause.all("process") if tag.means]
    outcome = judge.rows.outcomes[named[0].means] if len(named) == 1 else None
    if not said or outcome is None or outcome.covers or not clause.has("marker"):
        return None
    wrong = outcome.kind not in said and tag is named[0]
    return {"kind": outcome.kind, "said": said[0]} if wrong else None


COMPARISONS: dict[str, Callable[[Judge, Reading, Clause, Tag], Found]] = {
    compare.__name__[1:]: compare
    for compare in (
        *(_owner, _counts, _doubted, _shown, _not_denied, _row_outcome, _row_source),
        *(_row_analysis, _any_row, _current, _direction, _licensed, _known, _rating),
        *(_comparison, _statement, _kind),
    )
}
"""What a row of ``slots.csv`` may ask for under ``held``."""
