"""Claims compared with rows: a slot that is filled and that its row does not hold is a fault.

``lexicons/slots.csv`` says which words fill a slot, what must be near them (``needs``: one of
each group), what silences them (``unless``), which comparison of `Judge` holds them against a
row (``held``), and what to say. Words without a comparison are held by no row. Words after
``*`` count also where nothing is stated; a sense after ``+`` counts anywhere in the sentence.
What to write instead is one sentence for all faults of a sentence, made from a row.
"""

import re
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from evidence_tools.check.claims import Reading
from evidence_tools.check.rows import DIRECTIONS, Rows, digits, fits
from evidence_tools.check.wording import YEAR, Tag, Wording, tokenize
from evidence_tools.evidence.arithmetic import MOVED
from evidence_tools.evidence.judgements import STRIKES_OUT
from evidence_tools.evidence.model import Evidence, Row
from evidence_tools.show.words import CONCERNS, direction_text

STRONGER, CONTRADICTED = "stronger than its evidence", "contradicted"
ABSENT, ADVICE = "not in the evidence", "advice"
_CLAIMED = {"up": "an increase", "down": "a decrease", "change": "a change"}
_TITLE = re.compile(r"^[^.:|]*\b(?:and|on|after)\b[^.:|]*\w$")
_NAME = re.compile(r"[A-Z][A-Z\d]*-$")

Found = dict[str, Any] | None
"""What a comparison found: nothing when a row holds the words, else slots of the message."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One slot that no row holds: what was found, and a sentence that is ``ready`` instead of it.

    ``weak`` is what to read again, ``rows`` what the words were compared with.
    """

    slot: str
    found: str
    verdict: str = STRONGER
    rows: tuple[str, ...] = ()
    weak: bool = False
    ready: str = ""

    @property
    def message(self) -> str:
        """What was found and what to do."""
        remedy = f"Write instead: {self.ready}" if self.ready else "Take the whole statement out"
        return f"{self.slot}: {self.found.rstrip('.')}. {remedy}"


class Judge:
    """Compare claims with rows; ``strict`` asks for a row beside every claim.

    Numbers that are ``held`` may be typed anywhere.
    """

    def __init__(
        self, evidence: Evidence, *, strict: bool = True, held: Set[str] = frozenset()
    ) -> None:
        self.wording, self.rows = Wording(evidence), Rows(evidence)
        self.strict, self.held = strict, held

    def faults(self, reading: Reading) -> list[Fault]:
        """List what is wrong with a sentence, each slot once, and each number.

        All have the same sentence ready, of a row that is near.
        """
        kept: dict[str, Fault] = {}
        for fault in (fault for clause in reading.clauses for fault in self._faults(clause)):
            name = fault.found if fault.slot == "number" else fault.slot
            if name not in kept or fault.verdict == CONTRADICTED or kept[name].weak:
                kept[name] = fault
        if not kept:
            return []
        said = reading.means("outcome")
        near = (
            [key for fault in kept.values() if not fault.weak for key in fault.rows[:1]]
            or reading.means("finding")
            or [row.finding_id for row in self.rows.results(reading.sources, said)]
            or reading.sources
            or [row.finding_id for row in self.rows.results((), said)]
        )
        ready = self.rows.say(near[0], roles=self.strict) if near else ""
        return [replace(fault, ready=ready) for fault in kept.values()]

    def _faults(self, clause: Reading) -> Iterator[Fault]:
        rules = [rule for rule in self.wording.rules if clause.has(*rule.words)]
        rules = [rule for rule in rules if rule.anywhere or clause.stance == "stated"]
        flags = self._flags(clause) if rules else set()
        printed = partial(self._is_printed, clause)
        beside: dict[str, Callable[[Tag], bool]] = {"negated": clause.negated, "printed": printed}
        for rule in rules:
            if not all(group & flags for group in rule.needs) or rule.unless & flags:
                continue
            tags = clause.all(*rule.words)
            for tag in tags if rule.held else tags[:1]:
                if any(beside[name](tag) for name in rule.unless & beside.keys()):
                    continue
                found = getattr(self, f"_{rule.held}")(clause, tag) if rule.held else {}
                if found is not None:
                    said = {"slot": rule.slot, "verdict": rule.verdict, "weak": rule.weak, **found}
                    text = rule.found.format(words=clause.words(tag), **said)
                    ids = tuple(said.get("ids", ()))
                    yield Fault(said["slot"], text, said["verdict"], ids, said["weak"])

    def _is_printed(self, clause: Reading, tag: Tag) -> bool:
        """Whether the tables hold words of a sentence on one of its sources."""
        return any(self.rows.says(key, clause.words(tag).lower()) for key in clause.sources)

    def _flags(self, clause: Reading) -> set[str]:
        """Name what holds: senses of the clause, ``+`` those of the sentence, and more."""
        whole, sources = clause.whole, [self.rows.sources[key] for key in clause.sources]
        said = [self.rows.findings[key] for key in clause.means("finding")]
        said = said or self.rows.results(clause.sources, clause.means("outcome"))
        groups = {tag.first for tag in whole.all("group")}
        held = {
            "strict": self.strict,
            "hedged": self.strict
            and clause.has("maybe", "probably", "level")
            and all(self.holding(clause, pair) for pair in clause.all("pairs")),
            # On other pages groups may be told to ask first; "avoid bisphosphonates" is no warning.
            "asking": not self.strict and clause.has("group"),
            "warned": not self.strict
            and any(groups - {word.last + 1} for word in whole.all("caution")),
            "title": not whole.has("claim") and _TITLE.search(whole.sentence.text),
            "bound": sources,
            "named": whole.has("source", "central") or (clause.has("it") and whole.carried),
            "sound": all(row.integrity not in STRIKES_OUT for row in sources),
            "misfit": any(row.misfit for row in said),
            "silent": said
            and all(
                row.direction not in MOVED
                and (not self.strict or row.statistically_significant == "not stated")
                for row in said
            ),
        }
        senses = {f"+{sense}" for part in (whole, clause) for sense in part.tags}
        return {*senses, *clause.tags, clause.stance, *(flag for flag, on in held.items() if on)}

    def _asked(self, clause: Reading, outcome: str) -> list[Row]:
        """List the rows that a clause speaks of with an outcome: of its roles, or its sources."""
        rows = [self.rows.findings[key] for key in clause.means("finding")]
        if given := [row for row in rows if self.rows.same(row, outcome)]:
            return given
        rows = self.rows.results(clause.sources, [outcome])
        named = () if clause.has("not") else tuple(clause.whole.means("analysis"))
        return [row for row in rows if row.analysis.startswith(named or "primary")] or rows

    def holding(self, clause: Reading, pair: Tag) -> list[Row]:
        """List rows that hold a pair: of its sources or, without one, if no main one differs."""
        rows, direction = self._asked(clause, pair.means), pair.sense.partition(":")[2]
        held = [row for row in rows if fits(direction, row)]
        if clause.sources or clause.has("analysis") or direction not in DIRECTIONS:
            return held
        # Other outcomes move or are not known to; an event that is not fewer may be as frequent.
        sure = (r for r in rows if r.role == "event" or r.statistically_significant == "yes")
        return held if all(row in held for row in sure) else []

    def _owner(self, clause: Reading, tag: Tag) -> Found:
        """Compare the owner of a value with the sources of its sentence."""
        sources = clause.whole.all("source")
        named = {t.means for t in sources if t.role != "value"}
        owner = next((t.means for t in sources if t.first == tag.first), "")
        return {"owner": owner} if owner and named and owner not in named else None

    def _doubted(self, clause: Reading, tag: Tag) -> Found:
        """Find a source with a doubt that the sentence does not show; roles print retractions."""
        whole = clause.whole
        shown = {other.means for other in whole.all("source") if other.role}
        kinds = STRIKES_OUT if tag.means in shown else CONCERNS
        called = [word.means.split("|") for word in whole.all("called") if not whole.negated(word)]
        for key in [tag.means] if tag.sense == "source" else whole.sources:
            row = self.rows.sources[key]
            named = tag.sense == "source" and any({row.integrity, ""} & {*said} for said in called)
            if row.integrity in kinds and not named:
                own = self.rows.results([key], whole.means("outcome"))
                later = [result.superseded_by for result in own if result.superseded_by]
                return {"row": row, "status": CONCERNS[row.integrity], "ids": [*later, key]}
        return None

    def _not_denied(self, clause: Reading, tag: Tag) -> Found:
        """Find harms that are said to be absent; "does not report harms" says nothing on them."""
        no = clause.before(tag, "none", "not", reach=2)
        verb = clause.before(tag, "claimverb", "show", reach=2)
        silent = no and verb and no.last < verb.first
        after = any(clause.before(none, tag.sense) for none in clause.all("none"))
        return {} if after or (no and not silent) else None

    def _role(self, clause: Reading, tag: Tag) -> Found:
        """Compare the row of a role with what its sentence is about."""
        whole, row = clause.whole, self.rows.findings[tag.means]
        words = {token.low for token in whole.tokens}
        # "Of the hip ({a}) and of the spine ({b})" names the second outcome by its place.
        placed = row.outcome.split()[-1].lower() in words
        about = placed or any(self.rows.same(row, key) for key in whole.means("outcome"))
        # A name without a role may be that of a trial that was left out.
        other = ("finding", "") if clause.has("called") else ("finding",)
        cited = (t.means for t in clause.all("source") if t.role not in other)
        named = {source for source in cited if self.rows.of(source)}  # others hold no result
        # A corrected result may be named by the source that it corrects.
        later = (r.source_id for r in self.rows.findings.values() if r.superseded_by == tag.means)
        analysis = row.analysis.lower().replace(row.outcome.lower(), "")
        apart = row.contrast != "within an arm" or all(map(whole.negated, whole.all("versus")))
        headline = row.analysis == "primary" and apart
        said = words & {t.low for t in tokenize(analysis.partition(" ")[2])} - {"at", "the", "or"}
        wrong = {
            "outcome": whole.has("outcome") and not about,
            "source": named.difference(later) and row.source_id not in named,
            "analysis": not (headline or said or {*whole.means("analysis")} - {"primary"}),
        }
        slot = next((slot for slot, found in wrong.items() if found), None)
        return {"slot": slot, "row": row, "ids": (tag.means,)} if slot else None

    def _unnamed(self, clause: Reading, pair: Tag) -> Found:
        """Say what is claimed of no source, and whether all that is sure says otherwise."""
        rows, direction = self._asked(clause, pair.means), pair.sense.partition(":")[2]
        sure = {row.direction for row in rows if row.statistically_significant == "yes"}
        against = sure & {*MOVED} and DIRECTIONS.get(direction, "") not in {*sure, ""}
        return {
            "claimed": _CLAIMED.get(direction, "no change"),
            "ids": [row.finding_id for row in rows[:3]],
            "verdict": CONTRADICTED if against else STRONGER,
        }

    def _result(self, clause: Reading, pair: Tag) -> Found:
        """Compare an outcome and a direction with the rows of the sources."""
        whole, direction = clause.whole, pair.sense.partition(":")[2]
        significant = clause.has("significant") and direction != "nonsignificant"
        claimed = _CLAIMED.get(direction, "no change") + " that is significant" * significant
        rows = self._asked(clause, pair.means)
        if (direction == "change" and not significant) or (direction == "same" and rows):
            return None
        if not rows:
            source = clause.sources[0]
            known = self.rows.of(source) or (source, "results") in self.rows.statements
            way = f"{self.rows.sources[source].short_name} has no result on it"
            absent = {"slot": "outcome", "verdict": ABSENT, "weak": not known}
            return {**absent, "claimed": claimed, "way": way}
        right = {r.source_id for r in rows if fits(direction, r, significant=significant)}
        if not (wrong := [r for r in rows if r.source_id not in right]):
            return None
        # A word of the row's direction may be that of this outcome, and a benefit that is told in
        # words may be any: a reader can tell.
        moved = (tag.sense for part in whole.clauses for tag in part.all("direction"))
        said = {"nonsignificant" if kind == "same" else kind for kind in {*moved} - {"change"}}
        beside = any(0 < tag.first - pair.last <= 2 for tag in clause.all(direction))
        several = any(len(whole.means(sense)) > 1 for sense in ("source", "finding"))
        near = beside or (direction == "nonsignificant" and not several)
        told = wrong[0].direction == "benefit_reported_narratively"
        sure = significant or (near and wrong[0].direction in MOVED)
        return {
            "claimed": claimed,
            "ids": [row.finding_id for row in wrong],
            "way": f"{wrong[0].finding_id} says {direction_text(wrong[0])}",
            "weak": not sure and (told or any(fits(sense, wrong[0]) for sense in said)),
        }

    def _known(self, clause: Reading, tag: Tag) -> Found:
        """Look for what somebody got, or who they were, in the rows of the sources."""
        words, found = clause.words(tag).lower(), clause.means("finding")
        means = tag.means or ("" if tag.sense == "subject" else words[:9])
        if not means or clause.negated(tag):
            return None
        held = any(self.rows.says(key, means, *found) for key in clause.sources)
        # What a subgroup is called is held by its result, whatever its source was on.
        subgroups = " ".join(self.rows.findings[key].analysis for key in found)
        if held or re.search(rf"\b{re.escape(words)}\b", subgroups):
            return None
        return {"known": self.rows.say(clause.sources[0], roles=False)}

    def _unheld(self, clause: Reading, _: Tag) -> Found:
        """Let what rows hold be read again without a role: a result, or what a trial was."""
        pairs = clause.all("pairs") if clause.has("claimverb") else []
        more = ("claim", "outcome", "harm", "body", "all", "number", "not", "none", "unknown")
        details = ("form", "design", "blinding", "comparator", "people")
        held = [self._known(clause, tag) is None for tag in clause.all(*details)]
        held = [] if clause.has(*more) else held
        held += [bool(self.holding(clause, pair)) for pair in pairs]
        return {"weak": bool(held) and all(held)}

    def _rating(self, clause: Reading, tag: Tag) -> Found:
        """Compare a level of certainty with the ratings of the outcomes, or with any."""
        levels, ratings = clause.all(tag.sense), self.rows.ratings
        claimed = max(levels, key=lambda t: t.last - t.first).means.removeprefix("at most ")
        outcomes = clause.means("outcome") or clause.whole.means("outcome")
        outcomes += clause.whole.means("given")
        rated = [ratings[key] for key in outcomes if key in ratings]
        held = {row.certainty for row in rated or ratings.values()}
        return {"levels": ", ".join(sorted(held))} if claimed not in held else None

    def _comparison(self, clause: Reading, tag: Tag) -> Found:
        """Compare what is said on agreement with the comparison of sources."""
        rows, outcomes = self.rows, clause.means("outcome") or clause.means("given")
        compared = rows.evidence.rows("comparisons").values()
        known = {row.relation for row in compared if not outcomes or row.outcome_id in outcomes}
        others = {source for source in clause.sources if source != rows.central}
        agrees = (tag.sense == "agree") != clause.negated(tag)
        ways = [{row.direction for row in rows.of(s, o)} for o in outcomes for s in clause.sources]
        ways = ways or [{rows.findings[key].direction} for key in clause.means("finding")]
        if len(ways) > 1 and any(ways) and agrees != bool(set.intersection(*ways)):
            return {}
        wide = not others and (outcomes or clause.has("all", "none"))
        return {} if agrees and wide and known - {"agrees", "central source"} else None

    def _statement(self, clause: Reading, tag: Tag) -> Found:
        """Look for what is not known of a source, or for what was not done for the report."""
        for source in [""] if tag.sense == "method" else clause.sources or [self.rows.central]:
            row = self.rows.statements.get((source, tag.means))
            if row and row.kind != "done":
                return {"ids": (row.statement_id,)}
        return None

    def _number(self, clause: Reading, tag: Tag) -> Found:
        """Look for a typed number, with what it counts, in the rows of the sources."""
        whole, rows, word = clause.whole, self.rows, clause.words(tag).lower()
        unit, typed = whole.unit(tag.last), tag.sense == "digits"
        before = whole.sentence.text[: whole.tokens[tag.first].start]
        numbered = any(tag.first - 1 == other.last for other in whole.all("numbering"))
        if typed and (numbered or YEAR.fullmatch(word) or _NAME.search(before)):
            return None
        if (tag.sense == "small" and unit.startswith("n_")) or digits([word]) & self.held:
            return None
        sources = whole.sources
        if not sources and whole.has("none") and whole.has("study"):
            sources = list(rows.trials)  # "no trial" speaks of all
        # A number in words that counts nothing, or is of no source, cannot be held against a row.
        if not typed and tag.means and not (unit and sources):
            return None
        said = " ".join(rows.text(key, (*whole.means("finding"),)) for key in sources)
        # Doses, times and studies are held with their unit; people have many names.
        ends = [f" ?{unit}"] if unit else []
        if word.isdigit() and whole.unit(tag.last, 1)[:3] in ("", "n_p"):
            ends.append(r"(?![.,]?\d)")
        number = rf"(?<![\d.,])(?:{re.escape(tag.means or word)}|{re.escape(word)})"
        if any(re.search(number + end, said) for end in ends):
            return None
        near = (row for key in sources for row in rows.of(key))
        return {"ids": [r.finding_id for r in near if tag.means in digits([r.as_printed or ""])]}
