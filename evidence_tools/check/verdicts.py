"""Claims compared with rows: a slot that is filled and that its row does not hold is a fault.

``lexicons/slots.csv`` says which words fill a slot, what must be near them (``needs``: one of
each group), what silences them (``unless``), which of the comparisons below holds them against a
row (``held``), and what to say. Words without a comparison are held by no row. Words after
``*`` count also where nothing is stated; a sense after ``+`` counts anywhere in the sentence.
What to write instead is one sentence for all faults of a sentence, made from a row.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from evidence_tools.check.claims import Clause, Reading
from evidence_tools.check.rows import DIRECTIONS, Rows, fits
from evidence_tools.check.wording import Tag, Wording, tokenize
from evidence_tools.evidence.arithmetic import MOVED
from evidence_tools.evidence.judgements import STRIKES_OUT
from evidence_tools.evidence.model import Evidence, Row
from evidence_tools.show.words import CONCERNS, direction_text

STRONGER, CONTRADICTED = "stronger than its evidence", "contradicted"
ABSENT, ADVICE = "not in the evidence", "advice"
_CLAIMED = {"up": "an increase", "down": "a decrease", "nonsignificant": "no significant change"}
_TITLE = re.compile(r"^[^.:|]*\b(?:and|on|after)\b[^.:|]*\w$")
_LACKING = "(?<!no )(?<!not )(?<!without )(?<!selected for )"

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
    """Compare claims with rows; ``strict`` asks for a row beside every claim."""

    def __init__(self, evidence: Evidence, *, strict: bool = True) -> None:
        self.wording, self.rows = Wording(evidence), Rows(evidence)
        self.strict = strict

    def faults(self, reading: Reading, numbers: Iterable[str] = ()) -> list[Fault]:
        """List what is wrong with a sentence, each slot once, and each of its ``numbers``.

        All have the same sentence ready, of a row that is near.
        """
        kept = {number: Fault("number", number) for number in numbers}
        for clause in reading.clauses:
            for fault in self._clause(reading, clause):
                if fault.slot not in kept or fault.verdict == CONTRADICTED or kept[fault.slot].weak:
                    kept[fault.slot] = fault
        if not kept:
            return []
        said = reading.means("outcome")
        near = (
            [key for fault in kept.values() if not fault.weak for key in fault.rows[:1]]
            or reading.means("finding")
            or self.rows.nearest(said, reading.named)
            or reading.sources
            or self.rows.nearest(said, ())
        )
        ready = self.rows.say(near[0], roles=self.strict) if near else ""
        return [replace(fault, ready=ready) for fault in kept.values()]

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
                before = reading.tokens[tag.first - 1].low if tag.first != clause.start else ","
                if tag.means == "start" and before not in ("and", ","):
                    continue
                if "negated" in rule.unless and clause.negated(tag):
                    continue
                if "printed" in rule.unless and self._is_printed(reading, clause, tag):
                    continue
                found = COMPARISONS[rule.held](self, reading, clause, tag) if rule.held else {}
                if found is None:
                    continue
                harms = self.wording.harms if rule.slot == "safety" else ()
                ids = self.rows.nearest(harms, clause.sources)[:1]
                said: dict[str, Any] = {"slot": rule.slot, "verdict": rule.verdict}
                said |= {"weak": rule.weak, "ids": ids} | found
                text = rule.found.format(words=reading.words(tag), **found)
                yield Fault(said["slot"], text, said["verdict"], tuple(said["ids"]), said["weak"])

    def _is_printed(self, reading: Reading, clause: Clause, tag: Tag) -> bool:
        """Whether the tables hold words of a sentence on one of its sources, and not as denied."""
        words = reading.words(tag).lower()
        said = rf"{_LACKING}{re.escape(words)}(?!\w*/)"  # a unit such as "beats/min" says nothing
        return any(re.search(said, self.rows.text(key)) for key in clause.sources)

    def _flags(self, reading: Reading, clause: Clause) -> set[str]:
        """Name what holds: senses of the clause, ``+`` those of the sentence, and more."""
        said = [self.rows.findings[key] for key in clause.means("finding")]
        said = said or self.rows.results(clause.sources, clause.means("outcome"))
        held = {
            "strict": self.strict,
            # On other pages groups may be told to ask first; "avoid bisphosphonates" is no warning.
            "asking": not self.strict and clause.has("group"),
            "warned": not self.strict
            and any(
                group.first - word.last != 1
                for word in reading.all("caution")
                for group in reading.all("group")
            ),
            "title": not reading.has("claim") and _TITLE.search(reading.sentence.text),
            "bound": clause.sources,
            "named": reading.sources or clause.has("central", *["it"][: len(reading.carried)]),
            "sound": all(self.rows.sources[s].integrity not in STRIKES_OUT for s in clause.sources),
            "misfit": any(row.misfit for row in said),
            "silent": said
            and all(
                row.direction not in MOVED
                and (not self.strict or row.statistically_significant == "not stated")
                for row in said
            ),
        }
        senses = {f"+{sense}" for part in (reading, clause) for sense in part.tags}
        return {*senses, *clause.tags, clause.stance, *(flag for flag, on in held.items() if on)}


def _owner(judge: Judge, reading: Reading, _: Clause, tag: Tag) -> Found:
    """Compare the owner of a value with the source of its sentence."""
    named = {t.means for t in reading.all("source") if t.role in ("source", "finding", "")}
    owner = judge.wording.owners.get(tag.means.partition(".")[0], "")
    other = ", ".join(sorted(named)) if owner and owner not in named else ""
    return {"value": tag.means, "owner": owner, "named": other} if other else None


def _doubted(judge: Judge, reading: Reading, _: Clause, tag: Tag) -> Found:
    """Find a source with a doubt that the sentence does not show; roles print retractions."""
    shown = {other.means for other in reading.all("source") if other.role}
    kinds = STRIKES_OUT if tag.means in shown else CONCERNS
    called = [word.means.split("|") for word in reading.all("called") if not reading.negated(word)]
    for key in [tag.means] if tag.sense == "source" else reading.sources:
        row = judge.rows.sources[key]
        named = tag.sense == "source" and any({row.integrity, ""} & {*said} for said in called)
        if row.integrity in kinds and not named:
            own = judge.rows.results([key], reading.means("outcome"))
            later = [result.superseded_by for result in own if result.superseded_by]
            return {"row": row, "status": CONCERNS[row.integrity], "ids": [*later, key]}
    return None


def _not_denied(_: Judge, __: Reading, clause: Clause, tag: Tag) -> Found:
    """Find harms that are said to be absent."""
    counted = [one.first for one in clause.all("study", "counted")]
    until, absent = {"none": 4, "not": -1}, []
    for n in clause.all(*until):
        nobody = n.sense == "none" and any(0 < first - n.last < 4 for first in counted)
        absent += [n] if (-8 if nobody else -2) <= n.last - tag.first <= until[n.sense] else []
    verbs = [verb.first for verb in clause.all("claimverb", "show")]
    # "No trial reports harms" says nothing on harms.
    silent = any(n.last < verb < tag.first for n in absent for verb in verbs)
    return {} if absent and not silent else None


def _role(judge: Judge, reading: Reading, clause: Clause, tag: Tag) -> Found:
    """Compare the row of a role with what its sentence is about."""
    rows, row = judge.rows, judge.rows.findings[tag.means]
    words = {token.low for token in reading.tokens}
    # "Of the hip ({a}) and of the spine ({b})" names the second outcome by its place.
    placed = row.outcome.split()[-1].lower() in words
    about = placed or any(rows.same(row, key) for key in reading.means("outcome"))
    # A name without a role may be that of a trial that was left out.
    other = ("finding", "") if clause.has("called") else ("finding",)
    cited = (t.means for t in clause.all("source") if t.role not in other)
    named = {source for source in cited if rows.of(source)}  # others hold no result
    # A corrected result may be named by the source that it corrects.
    named -= {r.source_id for r in rows.findings.values() if r.superseded_by == tag.means}
    analysis = row.analysis.lower().replace(row.outcome.lower(), "")
    apart = row.contrast != "within an arm" or all(map(reading.negated, reading.all("versus")))
    headline = row.analysis == "primary" and apart
    said = words & {t.low for t in tokenize(analysis.partition(" ")[2])} - {"at", "the", "or"}
    wrong = {
        "outcome": reading.has("outcome") and not about,
        "source": bool(named) and row.source_id not in named,
        "analysis": not (headline or said or {*reading.means("analysis")} - {"primary"}),
    }
    slot = next((slot for slot, found in wrong.items() if found), None)
    return {"slot": slot, "row": row, "ids": (tag.means,)} if slot else None


def _result(judge: Judge, reading: Reading, clause: Clause, pair: Tag) -> Found:
    """Compare an outcome and a direction with the rows of the sources."""
    rows = [judge.rows.findings[key] for key in clause.means("finding")]
    rows = [row for row in rows if judge.rows.same(row, pair.means)]
    if not rows:
        rows = judge.rows.results(clause.sources, [pair.means])
        analyses = tuple(reading.means("analysis"))
        named = _subgroup(reading, clause, rows)
        named = named or [r for r in rows if r.analysis.startswith(analyses or "primary")]
        rows = rows if analyses and clause.has("not") else named or rows
    direction = pair.sense.partition(":")[2]
    significant = clause.has("significant") and direction != "nonsignificant"
    if direction == "change" and not significant:
        return None
    right = {r.source_id for r in rows if fits(direction, r, significant=significant)}
    if not (wrong := [r for r in rows if r.source_id not in right]):
        return None
    # A word of the row's direction may be that of this outcome, and a benefit that is told in
    # words may be any: a reader can tell.
    moved = (tag.sense for part in reading.clauses for tag in part.all("direction"))
    kinds = set(moved) - {"change"}
    said = {"nonsignificant" if kind == "same" else kind for kind in kinds}
    beside = any(0 < tag.first - pair.last <= 2 for tag in clause.all(direction))
    several = any(len(reading.means(sense)) > 1 for sense in ("source", "finding"))
    near = beside or (direction == "nonsignificant" and not several)
    sure = significant or (near and wrong[0].direction in MOVED)
    told = wrong[0].direction == "benefit_reported_narratively"
    weak = not sure and (told or any(fits(sense, wrong[0]) for sense in said))
    return {
        "claimed": _CLAIMED.get(direction, "a change") + " that is significant" * significant,
        "ids": [row.finding_id for row in wrong],
        "way": f"{wrong[0].finding_id} says {direction_text(wrong[0])}",
        "weak": weak,
    }


def _subgroup(reading: Reading, clause: Clause, rows: list[Row]) -> list[Row]:
    """Find results whose analysis has a word of a clause that no other result has."""
    tags = clause.all("people", "analysis", "form", "kin", "otherwise")
    said = {word for tag in tags for word in reading.words(tag).lower().split()}
    often = Counter(word for row in rows for word in row.analysis.lower().split())
    return [r for r in rows if any(often[w] == 1 for w in said & {*r.analysis.lower().split()})]


def _absent(judge: Judge, _: Reading, clause: Clause, tag: Tag) -> Found:
    """Find a source without a result on an outcome, to be read again if it may have others."""
    given = (judge.rows.findings[key] for key in clause.means("finding"))
    if any(judge.rows.same(row, tag.means) for row in given):
        return None
    lacking = (key for key in clause.sources if not judge.rows.of(key, tag.means))
    if (source := next(lacking, None)) is None:
        return None
    name = judge.rows.sources[source].short_name
    known = judge.rows.of(source) or (source, "results") in judge.rows.statements
    return {"name": name, "weak": not known}


def _licensed(judge: Judge, _: Reading, clause: Clause, pair: Tag) -> Found:
    """Ask for a row, unless the certainty of the outcome allows the very wording."""
    rows, direction = judge.rows, pair.sense.partition(":")[2]
    said, wanted = rows.direction(pair.means), DIRECTIONS.get(direction, "")
    hedged = clause.has("maybe", "probably", "level")
    if (hedged and said == wanted) or direction in ("change", "same"):
        return None
    ids = tuple(row.finding_id for row in rows.about(pair.means)[:3])
    against = wanted and said in MOVED and said != wanted
    verdict = CONTRADICTED if against else STRONGER
    return {"claimed": _CLAIMED[direction], "ids": ids, "verdict": verdict}


def _known(judge: Judge, reading: Reading, clause: Clause, tag: Tag) -> Found:
    """Look for what somebody got, or who they were, in the rows of the sources."""
    means = tag.means or ("" if tag.sense == "subject" else reading.words(tag).lower()[:9])
    given, sources = clause.means("finding"), [judge.rows.sources[key] for key in clause.sources]
    trials = [judge.rows.trials.get(key) for key in clause.sources]
    if not means:
        return None
    known = " ".join(judge.rows.text(key, (*given,)) for key in clause.sources)
    if tag.sense == "country":  # of a review, what its own title says
        known += " ".join(f" {row.title} {row.journal}" for row in sources).lower()
    against = any(0 < tag.first - before.last <= 2 for before in clause.all("versus"))
    if any(trials) and against and tag.sense in ("comparator", "otherwise"):
        known = " ".join(trial.comparator or "" for trial in trials if trial).lower()
    forms = {judge.rows.findings[key].form for key in given} - {row.form for row in sources}
    if tag.sense in ("subject", "form") and len(forms) == 1 and " or " not in (form := forms.pop()):
        known = form.lower()
    words = "|".join(map(re.escape, means.split("|")))
    # What a subgroup is called is held by its result, whatever its source was on.
    called = rf"\b{re.escape(reading.words(tag))}\b"
    subgroups = " ".join(judge.rows.findings[key].analysis for key in given)
    held = re.search(rf"{_LACKING}\b(?:{words})", known) or re.search(called, subgroups)
    # "Without calcium" is wrong where all were given it; "not different from placebo" is no denial.
    plain = tag.sense in ("otherwise", "blinding") and not clause.has("direction", "finding")
    if not (held and plain) if clause.negated(tag) else held:
        return None
    return {"known": judge.rows.say(clause.sources[0], roles=False)}


def holding(judge: Judge, clause: Clause, pair: Tag) -> list[Row]:
    """List rows that hold a pair: of its sources or, without one, when all that counts agrees."""
    direction, rows = pair.sense.partition(":")[2], judge.rows
    if clause.sources:
        own = rows.results(clause.sources, [pair.means])
        return [row for row in own if fits(direction, row)]
    if clause.has("analysis"):
        other = (row for row in rows.findings.values() if row.analysis != "primary")
        return [row for row in other if rows.same(row, pair.means) and fits(direction, row)]
    agreed = rows.direction(pair.means) == DIRECTIONS.get(direction, rows.direction(pair.means))
    return [row for row in rows.about(pair.means) if agreed and fits(direction, row)]


def _unheld(judge: Judge, reading: Reading, clause: Clause, _: Tag) -> Found:
    """Let what rows hold be read again without a role: a result, or what a trial was."""
    pairs = clause.all("pairs") if clause.has("claimverb") else []
    more = clause.has("claim", "outcome", "harm", "body", "all", "number", "not", "none", "unknown")
    details = [] if more else clause.all("form", "design", "blinding", "comparator", "people")
    held = [_known(judge, reading, clause, tag) is None for tag in details]
    held += [bool(holding(judge, clause, pair)) for pair in pairs]
    return {"weak": bool(held) and all(held)}


def _rating(judge: Judge, reading: Reading, clause: Clause, tag: Tag) -> Found:
    levels, ratings = clause.all(tag.sense), judge.rows.ratings
    claimed = max(levels, key=lambda t: t.last - t.first).means.removeprefix("at most ")
    outcomes = clause.means("outcome") or reading.means("outcome")
    outcomes += reading.means("given")
    rated = [ratings[key] for key in outcomes if key in ratings]
    held = {row.certainty for row in rated or ratings.values()}
    return {"levels": ", ".join(sorted(held))} if claimed not in held else None


def _comparison(judge: Judge, _: Reading, clause: Clause, tag: Tag) -> Found:
    """Compare what is said on agreement with the comparison of sources."""
    rows, outcomes = judge.rows, clause.means("outcome") or clause.means("given")
    compared = rows.evidence.rows("comparisons").values()
    known = {row.relation for row in compared if not outcomes or row.outcome_id in outcomes}
    others = {source for source in clause.sources if source != rows.central}
    agrees = (tag.sense == "agree") != clause.negated(tag)
    ways = [{row.direction for row in rows.of(s, o)} for o in outcomes for s in clause.sources]
    ways = ways or [{rows.findings[key].direction} for key in clause.means("finding")]
    if len(ways) > 1 and any(ways) and agrees != bool(set.intersection(*ways)):
        return {}
    every = clause.has("all") and clause.has("study")
    wide = every or (not others and (outcomes or clause.has("all", "none")))
    return {} if agrees and wide and known - {"agrees", "central source"} else None


def _counterexample(judge: Judge, reading: Reading, clause: Clause, tag: Tag) -> Found:
    """Find a row that has what no study is said to have."""
    near = any(study.first == tag.last + 1 for study in clause.all("study"))
    ways = {"pair:up": "up", "pair:down": "down", "pair:same": "change"}
    for pair in clause.all(*ways) if near and not reading.sources else ():
        for row in judge.rows.about(pair.means):
            if fits(ways[pair.sense], row):
                return {"row": row, "ids": (row.finding_id,)}
    return None


def _statement(judge: Judge, _: Reading, clause: Clause, tag: Tag) -> Found:
    """Look for what is not known of a source, or for what was not done for the report."""
    for source in [""] if tag.sense == "method" else clause.sources or [judge.rows.central]:
        row = judge.rows.statements.get((source, tag.means))
        if row and row.kind != "done":
            return {"ids": (row.statement_id,)}
    return None


COMPARISONS: dict[str, Callable[[Judge, Reading, Clause, Tag], Found]] = {
    compare.__name__[1:]: compare
    for compare in (
        *(_owner, _doubted, _not_denied, _role, _result, _absent, _licensed, _known, _rating),
        *(_comparison, _counterexample, _statement, _unheld),
    )
}
"""What a row of ``slots.csv`` may ask for under ``held``."""
