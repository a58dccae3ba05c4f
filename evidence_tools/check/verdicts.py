"""Claims compared with rows: a slot that is filled and that its row does not hold is a fault.

``data/wording/slots.csv`` says which words fill a slot that no row holds, ``faults.csv`` what is
said of each fault that is found here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from evidence_tools.check.claims import MOVES, Clause, Pair, Reading
from evidence_tools.check.lookup import DIRECTIONS, QUOTE, Rows, fits, say
from evidence_tools.check.wording import Tag, Wording
from evidence_tools.evidence.judgements import STRIKES_OUT
from evidence_tools.evidence.model import Evidence, Row
from evidence_tools.show.words import direction_text

STRONGER, CONTRADICTED = "stronger than its evidence", "contradicted"
ABSENT, ADVICE = "not in the evidence", "advice"
_CLAIMED = {"up": "an increase", "down": "a decrease", "nonsignificant": "no significant change"}
_CALLED = re.compile(r"retract|fabricat|withdrawn|caution|problematic|struck|not be used|concern")
_STATES = {"is", "are", "was", "were", "be", "been", "and", "or", "in"}
_FILLS = {
    "people": "population",
    "blinding": "design",
    "otherwise": "comparator",
    "subject": "form",
}
_USES = ("claimverb", "up", "down", "good", "agree", "proof", "strongevidence", "show")


@dataclass(frozen=True, slots=True)
class Fault:
    """One slot that no row holds: what was found, what the row says, what to write instead."""

    slot: str
    message: str
    verdict: str = STRONGER
    rows: tuple[str, ...] = ()


class Judge:
    """Compare claims with rows; ``strict`` asks for a row beside every claim."""

    def __init__(self, evidence: Evidence, *, strict: bool = True) -> None:
        self.wording, self.rows, self.strict = Wording(evidence), Rows(evidence), strict
        self.kin = () if strict else ("kin",)
        self._checks = (
            *(self._table, self._frame, self._fillers, self._level),
            *(self._agreement, self._statements, self._leap, self._kinds),
        )

    def faults(self, reading: Reading) -> list[Fault]:
        """List what is wrong with a sentence, each slot once."""
        found = list(self._sentence(reading))
        before: list[Tag] = []
        for clause in reading.clauses:
            clause.sources, clause.before = self.sources(reading, clause), before
            before = clause.all("outcome") or before
            for check in self._checks if clause.stance == "stated" else ():
                found += check(reading, clause)
        kept: dict[str, Fault] = {}
        for fault in found:
            kept.setdefault(fault.slot, fault)
        if len(kept) > 1:
            kept.pop("bind", None)
        return list(kept.values())

    def sources(self, reading: Reading, clause: Clause) -> list[str]:
        """List the sources of a clause: its own, the sentence's, or the one it goes on from."""
        own = [tag.means.partition(".")[0] for tag in clause.all("source")]
        if own := [s for s in dict.fromkeys(own) if s in self.rows.sources]:
            return own
        central = [self.rows.central] if self.rows.central else []
        named = [s for s in reading.named if s in self.rows.sources]
        if clause.has("central") or (reading.has("central") and not named):
            return central
        if clause.has("it") and not named:
            return [reading.carried] if reading.carried else central
        return named

    def _fault(self, name: str, rows: Iterable[str] = (), /, **slots: Any) -> Fault:
        slot, verdict, says = self.wording.faults[name]
        return Fault(slot, says.format(**slots), verdict, tuple(rows))

    def _table(self, reading: Reading, clause: Clause) -> Iterator[Fault]:
        """Find the slots of the table that words of a clause fill."""
        found = [(rule, tag) for rule in self.wording.rules if (tag := clause.first(*rule.words))]
        common = self._flags(reading, clause) if found else set()
        for rule, tag in found:
            if tag.means == "start" and tag.first != clause.start:
                continue
            own = {
                "negated": clause.negators(tag, 4),
                "mild": clause.negators(tag, 6) and not reading.has("subject", "thing"),
                "acting": clause.acts(tag) and not _STATES & clause.words,
                "reported": clause.has("claimverb") and reading.words(tag)[:3] in ("No ", "no "),
            }
            flags = common | {flag for flag, holds in own.items() if holds}
            filled = (rule.needs & flags or not rule.needs) and (rule.also & flags or not rule.also)
            if (filled or tag.means == "always") and not rule.unless & flags:
                words, row = reading.words(tag), self.rows.example(clause.outcomes, clause.sources)
                slots = {
                    "row": row,
                    "harm": self.rows.harm,
                    "ratings": self.rows.rated(t.means for t in reading.all("outcome")),
                }
                yield Fault(rule.slot, rule.says.format(words=words, **slots), rule.verdict)

    def _flags(self, reading: Reading, clause: Clause) -> set[str]:
        """Name what holds: senses of the clause, ``+`` those of the sentence, and more."""
        rows, outcomes = self.rows, clause.outcomes
        acts = clause.has("subject", "thing", *self.kin)
        other = None if clause.has("central", "source") else clause.first("otherwise")
        said = {row.direction for s in clause.sources for o in outcomes for row in rows.of(s, o)}
        harms = [t.first for t in reading.all("outcome") if rows.role(t.means) == "harm"]
        held = {
            "strict": self.strict,
            "bound": clause.sources,
            "pairs": clause.pairs,
            "assumed": clause.assumed,
            "harm": any(0 <= at - clause.start < len(clause.tokens) for at in harms),
            "+harm": harms,
            "harmtold": clause.did and any(0 <= at - clause.start < 4 for at in harms),
            "subject": acts,
            "+subject": reading.has("subject", "thing", *self.kin),
            "general": not acts and (clause.has("person") or other),
            "framed": (clause.sources and clause.pairs) or clause.only_names,
            "named": reading.named or clause.has("central"),
            "uncovered": clause.has("elsewhere") and acts and not outcomes,
            "quoted": "benefit_reported_narratively" in said and clause.has("claimverb"),
            "disowned": clause.has("own") and clause.has("not"),
        }
        senses = {f"+{sense}" for c in reading.clauses for sense in c.tags}
        senses |= {sense for sense in clause.tags if clause.has(sense)}
        return senses | {flag for flag, holds in held.items() if holds}

    def _frame(self, reading: Reading, clause: Clause) -> Iterator[Fault]:
        """Compare each outcome and what is said to have happened to it with rows."""
        keys = [tag.means for tag in clause.all("finding")]
        given = [self.rows.findings[key] for key in keys if key in self.rows.findings]
        for row in given:
            yield from self._given(reading, clause, row)
        pairs = clause.pairs
        if not clause.has("outcome") and (clause.sources or given):
            found = [d for d in ("up", "down", "nonsignificant") if clause.has(d)][:1]
            pairs = [Pair(tag, direction) for tag in clause.before for direction in found]
        for pair in pairs:
            words, outcome = reading.words(pair.outcome), pair.outcome.means
            if pair.direction == "same":
                if not clause.has("maybe") or clause.has("subject", "source"):
                    example = self.rows.example([outcome], clause.sources)
                    yield self._fault("unchanged", words=words, example=example)
            elif clause.sources or given:
                yield from self._against(reading, clause, pair, given)
            else:
                yield from self._unbound(reading, clause, pair)

    def _given(self, reading: Reading, clause: Clause, row: Row) -> Iterator[Fault]:
        """Compare a finding that a role gives with the outcomes and sources beside it."""
        named = {tag.means for tag in clause.all("outcome") or reading.all("outcome")}
        roles = {tag.first for tag in reading.all("finding")}
        sources = {tag.means for tag in reading.all("source") if tag.first not in roles}
        ids, secondary = [row.finding_id], row.analysis != "primary"
        if named and not any(self.rows.same(row, outcome) for outcome in named):
            about = ", ".join(sorted(self.rows.name(n) for n in named))
            example = self.rows.example(named, sources)
            yield self._fault("other outcome", ids, row=row, about=about, example=example)
        elif sources and row.source_id not in sources:
            yield self._fault("other source", ids, row=row, says=say(row))
        elif reading.has("analysis") or not (named or clause.has(*DIRECTIONS)):
            return
        elif secondary or row.contrast == "within an arm":
            others = self.rows.of(row.source_id, row.outcome_id)
            primary = [f". Its primary result: {say(o)}" for o in others if o.analysis == "primary"]
            also = primary[0] if primary else ""
            yield self._fault("secondary", ids, row=row, says=say(row), primary=also)

    def _against(
        self, reading: Reading, clause: Clause, pair: Pair, given: list[Row]
    ) -> Iterator[Fault]:
        """Compare a direction with the rows of its sources."""
        outcome, words = pair.outcome.means, reading.words(pair.outcome)
        rows = [row for row in given if self.rows.same(row, outcome)]
        if not rows:
            rows = [row for source in clause.sources for row in self.rows.of(source, outcome)]
            if not reading.has("analysis"):
                rows = [row for row in rows if row.analysis == "primary"] or rows
        is_change = pair.direction == "change"
        significant = clause.has("significant") and pair.direction != "nonsignificant"
        ids = [row.finding_id for row in rows]
        right = {r.source_id for r in rows if fits(pair.direction, r, significant=significant)}
        wrong = [row for row in rows if row.source_id not in right]
        if not rows and (not is_change or significant):
            names = ", ".join(self.rows.sources[s].short_name for s in clause.sources)
            example = self.rows.example([outcome])
            yield self._fault("no row", words=words, names=names, example=example)
        elif rows and all(r.standing == "set aside" for r in rows) and not reading.has("conflict"):
            yield self._fault("set aside", ids, row=rows[0])
        elif wrong and (not is_change or significant or clause.happened):
            name = "significance" if fits(pair.direction, wrong[0]) else "direction"
            slots = {"way": direction_text(wrong[0]), "says": say(wrong[0]), "row": wrong[0]}
            yield self._fault(name, ids, claimed=_CLAIMED.get(pair.direction, "a change"), **slots)

    def _unbound(self, reading: Reading, clause: Clause, pair: Pair) -> Iterator[Fault]:
        """Ask for a row, unless the certainty of the outcome allows the very wording."""
        acts = any(c.has("subject", "thing", *self.kin) for c in reading.stated)
        study = clause.has("study", "central", "it") and not clause.has("otherwise")
        if pair.direction == "change" or not (acts or study or clause.happened):
            return
        outcome, words = pair.outcome.means, reading.words(pair.outcome)
        rows = self.rows.about(outcome)
        rating, hedge = self.rows.ratings.get(outcome), clause.first("maybe", "probably")
        wanted, direction = DIRECTIONS.get(pair.direction, ""), self.rows.direction(outcome)
        if hedge and rating and direction == wanted and hedge.means == rating.certainty:
            return
        slots = {"words": words, "claimed": _CLAIMED.get(pair.direction, "a change")}
        certainty = f" (certainty: {rating.rating})" if rating else ""
        slots |= {"certainty": certainty, "example": self.rows.example([outcome])}
        ids = [row.finding_id for row in rows[:3]]
        opposite = wanted and direction in set(DIRECTIONS.values()) - {wanted}
        name = "opposite" if rows and opposite else "bare" if rows else "nothing"
        yield self._fault(name, ids, **slots)

    def _fillers(self, reading: Reading, clause: Clause) -> Iterator[Fault]:
        """Compare people, country, form, comparator and design with what is known of a source."""
        rows, named = self.rows, bool(reading.named) or clause.has("central")
        claims = bool(clause.pairs) or clause.has("good", "safe", *MOVES)
        tags = clause.all("people") if named or claims else []
        tags += clause.all("country", "form", "comparator", "design", "blinding") if named else []
        against = {n for t in clause.all("versus") for n in range(t.last + 1, t.last + 4)}
        compares = clause.has("neutral") and {"compared", "compares"} & clause.words
        tags += [t for t in clause.all("otherwise") if compares or t.first in against]
        known = " ".join(rows.text(source) for source in clause.sources)
        missing = [
            tag
            for tag in tags
            if not any(
                re.search(rf"\b{re.escape(word)}", known)
                for word in (tag.means or reading.words(tag).lower()[:9]).split("|")
            )
        ]
        forms = rows.evidence.topic.counts.get("forms")
        about = [
            r for s in clause.sources for p in clause.pairs for r in rows.of(s, p.outcome.means)
        ]
        if forms and about and not any(row.form in forms for row in about):
            missing += clause.all("subject")
        for tag in missing if clause.sources else ():
            source = clause.sources[0]
            row, trial = rows.sources[source], rows.trials.get(source)
            blinding = f"; {trial.blinding or 'blinding not stated'}" if trial else ""
            fault = self._fault("filler", words=reading.words(tag), row=row, blinding=blinding)
            yield replace(fault, slot=_FILLS.get(tag.sense, tag.sense))

    def _level(self, reading: Reading, clause: Clause) -> Iterator[Fault]:
        """Compare a level of certainty with the ratings."""
        levels = clause.all("level")
        if not levels or not clause.has("certainty") or clause.has("open", "maybe", "future"):
            return
        claimed = max(levels, key=lambda t: t.last - t.first).means.removeprefix("at most ")
        outcomes = [tag.means for tag in clause.all("outcome") or reading.all("outcome")]
        rated = [self.rows.ratings[o] for o in outcomes if o in self.rows.ratings]
        held = {row.certainty for row in rated or self.rows.ratings.values()}
        negated = clause.negators(levels[0], 4) or (not rated and reading.has("not", "own"))
        if claimed not in held and not negated:
            slots = {
                "levels": ", ".join(sorted(held)),
                "ratings": self.rows.rated(t.means for t in reading.all("outcome")),
            }
            yield self._fault("level", words=reading.words(levels[0]), **slots)

    def _agreement(self, reading: Reading, clause: Clause) -> Iterator[Fault]:
        """Compare what is said on agreement with the comparison of sources."""
        tag = clause.first("agree", "conflict")
        if not tag or clause.has("maybe"):
            return
        rows, outcomes = self.rows, clause.outcomes
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
        if wrong:
            told = ", ".join(sorted(known)) or "nothing"
            yield self._fault("agreement", words=reading.words(tag), known=told)

    def _statements(self, reading: Reading, clause: Clause) -> Iterator[Fault]:
        """Compare what is said on the central source and on how the report was made."""
        others = clause.has("source") and any(s != self.rows.central for s in clause.sources)
        about = clause.did or clause.has("central", "source", "study", "outcome")
        silent = others or clause.has(
            "otherwise", "ref", "own", "degree", "open", "ask", "analysis"
        )
        for tag in clause.all("unknown") if about and not silent else ():
            row = self.rows.statements.get((self.rows.central, tag.means))
            words = reading.words(tag)
            if row:
                yield self._fault("not reported", [row.statement_id], words=words, row=row)
        told = clause.did or clause.has("agree", "claimverb", "proof")
        quiet = clause.has("maybe", "future", "not")
        for tag in clause.all("method") if told and not quiet else ():
            row = self.rows.statements.get(("", tag.means))
            if not row or row.kind != "done":
                says = row.statement if row else "no statement holds it."
                yield self._fault("process", words=reading.words(tag), done=says)

    def _sentence(self, reading: Reading) -> Iterator[Fault]:
        """Check what holds for a sentence as a whole: names, counts, quotations and doubts."""
        for name in reading.strangers:
            yield self._fault("stranger", name=name)
        for quotation in QUOTE.findall(reading.sentence.text) if reading.named else ():
            if not self.rows.quoted(quotation):
                yield self._fault("quotation", words=repr(quotation))
        yield from self._counts(reading)
        yield from self._integrity(reading)
        for clause in reading.clauses:
            told = clause.has("claimverb") and not clause.has("all")
            for tag in () if told or clause.has("own", "open") else clause.all("outcome"):
                harm = self.rows.role(tag.means) == "harm" and clause.stance != "asked"
                if harm and clause.negators(tag, 2):
                    yield self._fault("no harms", harm=self.rows.harm)

    def _counts(self, reading: Reading) -> Iterator[Fault]:
        """Compare a value's source with the source named, and its field with the noun after it."""
        named = [key for role, key in reading.sentence.roles.values() if role == "source"]
        named = named or ([self.rows.central] if reading.has("central") else [])
        for tag in reading.all("value"):
            identifier, _, field = tag.means.partition(".")
            owner = self.wording.owners.get(identifier, "")
            after = reading.tokens[tag.last + 1 : tag.last + 4]
            near = [t.means for t in reading.all("counted") if 0 < t.first - tag.last < 4]
            nouns, slots = [means for means in near if means], {"value": tag.means}
            if owner and named and owner not in named:
                yield self._fault("other value", owner=owner, named=", ".join(named), **slots)
            elif field == "estimate" and {"percent", "%"} & {token.low for token in after}:
                yield self._fault("percentage", [identifier], identifier=identifier, **slots)
            elif field.startswith("n_") and nouns and field not in nouns and owner == identifier:
                slots |= {"identifier": identifier, "column": nouns[0]}
                yield self._fault("other count", [identifier], **slots)

    def _integrity(self, reading: Reading) -> Iterator[Fault]:
        """Find doubted sources that are used, vouched for, or named without the doubt."""
        uses = any(clause.has(*_USES) for clause in reading.stated)
        called = _CALLED.search(reading.sentence.text.lower())
        roles = [k.partition(".")[0] for r, k in reading.sentence.roles.values() if r != "value"]
        shown = {self.wording.owners.get(key, "") for key in roles}
        rows = [self.rows.sources[source] for source in reading.named]
        vouched = [tag for clause in reading.stated for tag in clause.all("clean")]
        denied = [t for t in reading.all("clean") if reading.words(t).lower().startswith("no ")]
        for row in rows:
            slots = {"row": row, "status": row.integrity.replace("_", " ")}
            if row.integrity == "none_known":
                continue
            if clean := vouched + denied:
                words = reading.words(clean[0])
                yield self._fault("vouched", [row.source_id], words=words, **slots)
            elif row.integrity in STRIKES_OUT and uses and not called:
                yield self._fault("struck out", **slots)
            elif self.strict and row.source_id not in shown and not called:
                yield self._fault("no status", **slots)

    def _leap(self, reading: Reading, clause: Clause) -> Iterator[Fault]:
        """Find steps from a marker to what a patient feels."""
        role = self.rows.role
        if any(tag.means == "can" for tag in reading.all("maybe")) and not reading.has("subject"):
            return  # what can happen is no claim that it did
        markers = [t for t in reading.all("outcome") if role(t.means) == "marker"]
        markers += reading.all("marker")
        felt = [t for t in clause.all("process") if not t.means]
        felt += [t for t in clause.all("outcome") if role(t.means) in ("event", "measurement")]
        felt += clause.all("body")
        moves = ("good", "same", *MOVES)
        moved = reading.has(*moves) and clause.has(*moves, "link", "bad")
        led = clause.has("up", "down") and len(reading.all("up", "down")) > 1
        linked = moved and (reading.has("link") or led)
        if linked and markers and felt:
            words = reading.words(markers[0])
            yield self._fault("leap", words=words, felt=reading.words(felt[0]))

    def _kinds(self, reading: Reading, clause: Clause) -> Iterator[Fault]:
        """Find markers that are called something they are not."""
        named = [t for t in clause.all("outcome") if not t.means.startswith("kind:")]
        said = [outcome[5:] for outcome in clause.outcomes if outcome.startswith("kind:")]
        said += [tag.means for tag in clause.all("process") if tag.means]
        if len(named) == 1 and said and not reading.named:
            outcome, words = self.rows.outcomes[named[0].means], reading.words(named[0])
            marker = self.rows.role(outcome.outcome_id) == "marker" and not outcome.covers
            if marker and outcome.kind not in said:
                yield self._fault("other kind", words=words, kind=outcome.kind, said=said[0])
