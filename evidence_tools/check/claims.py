"""What a sentence claims: its clauses, each with the slots that its words fill."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise, product

from evidence_tools.check.pages import MARK, Text
from evidence_tools.check.wording import Tag, Token, Wording, tokenize

_HARD = frozenset(",;:—–()…|")
_ALWAYS = ("term", "source", "loss", "smaller")
_BEGINS = _HARD | {"and"}
_WHOLE = frozenset(["outcome", "term", "anydose", "subject", "unit", "form", "heading"])


@dataclass
class Reading:
    """What a sentence, or one clause of it, says: its words by their sense, and its sources.

    ``stance`` is ``stated``, ``denied`` (left open, or said of others) or ``asked``; ``carried``
    are the sources before a sentence, ``outer`` is the sentence of a clause.
    """

    sentence: Text
    tokens: list[Token]
    tags: dict[str, list[Tag]] = field(default_factory=dict)
    stance: str = "stated"
    sources: list[str] = field(default_factory=list)
    carried: list[str] = field(default_factory=list)
    clauses: list[Reading] = field(default_factory=list)
    outer: Reading | None = None

    @property
    def whole(self) -> Reading:
        """The sentence."""
        return self.outer or self

    def has(self, *senses: str) -> bool:
        """Whether any word has one of some senses."""
        return not self.tags.keys().isdisjoint(senses)

    def all(self, *senses: str) -> list[Tag]:
        """List the words with one of some senses, in their order."""
        found = [tag for sense in senses for tag in self.tags.get(sense, ())]
        return sorted(found, key=lambda tag: tag.first)

    def means(self, sense: str) -> list[str]:
        """List what the words with a sense mean, each once."""
        return list(dict.fromkeys(tag.means for tag in self.all(sense)))

    def add(self, tag: Tag, *wider: str) -> None:
        """Give words a sense, and the wider ones that it belongs to."""
        for sense in (tag.sense, *wider):
            self.tags.setdefault(sense, []).append(tag)

    def put(self, direction: str, first: int, last: int) -> None:
        """Give words one direction in place of what each of them says."""
        gone = [t for t in self.all("move", "significant") if first <= t.first <= last]
        kept = {sense: [t for t in tags if t not in gone] for sense, tags in self.tags.items()}
        self.tags = {sense: tags for sense, tags in kept.items() if tags}
        self.add(Tag(direction, "", first, last), "direction", "claim")

    def before(self, tag: Tag, *senses: str, reach: int = 4) -> Tag | None:
        """Find the nearest words with one of some senses before others, in the same phrase."""
        for other in reversed(self.all(*senses)):
            if 0 < tag.first - other.last <= reach:
                between = self.tokens[other.last + 1 : tag.first]
                return None if any(token.low in _HARD for token in between) else other
        return None

    def negated(self, tag: Tag) -> bool:
        """Whether a word shortly before a word turns it round."""
        return self.before(tag, "not") is not None

    def words(self, tag: Tag) -> str:
        """Get the words of a tag as they were typed."""
        first, last = self.tokens[tag.first], self.tokens[tag.last]
        return self.as_typed(self.sentence.text[first.start : last.start + len(last.text)])

    def as_typed(self, text: str) -> str:
        """Put back what the roles in a part of the sentence name."""
        return MARK.sub(lambda mark: self.sentence.roles[int(mark[1])][1], text)

    def unit(self, last: int, reach: int = 3) -> str:
        """Say what a number counts: the noun shortly after it, cut as the tables are asked."""
        after = (tag for tag in self.all("counted") if 0 < tag.first - last <= reach)
        return next((tag.means or self.words(tag).lower()[:4] for tag in after), "")


def read_claims(
    sentence: Text, wording: Wording, before: Reading | None = None, about: str = ""
) -> Reading:
    """Read a sentence into clauses with slots; *it* means what the one ``before`` was about.

    ``about`` is the source of a sentence that names none, if that is known.
    """
    reading = Reading(sentence, tokenize(sentence.text))
    reading.carried = (before.means("source") or before.carried) if before else []
    _collect(reading, list(wording.tags(sentence, reading.tokens)), wording)
    if about and not reading.has("source"):
        reading.add(Tag("source", about, 0, 0, "source"))
    outcomes: list[Tag] = []
    question = sentence.text.rstrip("\"'”)").endswith("?")
    for clause in _clauses(reading):
        _turn(clause)
        clause.stance = "asked" if question else _stance(clause)
        clause.sources = _sources(clause, wording.evidence.topic.central_source)
        outcomes = clause.all("outcome") or outcomes
        if clause.has("outcome", "it", "source", "finding"):
            _pair(clause, clause.all("outcome") or clause.all("given") or outcomes)
        reading.clauses.append(clause)
    sources = [source for clause in reading.clauses for source in clause.sources]
    reading.sources = list(dict.fromkeys(sources))
    return reading


def _collect(whole: Reading, tags: list[Tag], wording: Wording) -> None:
    """Collect the tags of a sentence, without those that are only a part of a longer name."""
    cited = {tag.means for tag in tags if tag.sense == "source" and tag.role}
    phrases = [tag for tag in tags if tag.sense in _WHOLE or tag.sense in wording.directions]
    for tag in tags:
        # A verb is an order where a phrase begins.
        begins = not tag.first or whole.tokens[tag.first - 1].low in _BEGINS
        moves = tag.sense in wording.directions
        covered = any(
            other.first <= tag.first <= tag.last <= other.last
            # An outcome such as "falls" is no change by its name.
            and (
                (moves and other.sense == "outcome")
                or other.last - other.first > tag.last - tag.first
            )
            for other in phrases
            if moves or other.sense not in wording.directions
        )
        if (begins or tag.means != "start") and (tag.sense in _ALWAYS or not covered):
            whole.add(tag, *wording.wider_of(tag))
            if tag.sense == "source" and tag.means not in cited:
                whole.add(replace(tag, sense="typed"))


def _clauses(whole: Reading) -> list[Reading]:
    """Cut a sentence where one claim ends and another, or what it leaves out, begins."""
    lows = [*(token.low for token in whole.tokens), ""]
    contrasts = {tag.first for tag in whole.all("contrast")}
    marks = {n for n, low in enumerate(lows) if low in _HARD and lows[n + 1] not in ("or", "nor")}
    said = [tag.first for tag in whole.all("claim", "ask", "open", "hearsay")]
    begins = [0]
    for cut, end in pairwise([*sorted(marks | contrasts), len(lows)]):
        settled = any(begins[-1] <= n < cut for n in said)
        begun = cut in contrasts or lows[cut] == ";" or any(cut <= n < end for n in said)
        if settled and begun:
            begins.append(cut)
    clauses = [Reading(whole.sentence, whole.tokens, outer=whole) for begin in begins]
    for sense, tags in whole.tags.items():
        for tag in tags:
            at = sum(tag.first >= begin for begin in begins) - 1
            clauses[at].tags.setdefault(sense, []).append(tag)
    return clauses


def _turn(clause: Reading) -> None:
    """Read a loss that is smaller as a gain, and a negated change as none."""
    for pair in product(clause.all("loss"), clause.all("smaller")):
        first, last = sorted(pair, key=lambda tag: tag.first)
        between = [token.low for token in clause.tokens[first.last + 1 : last.first]]
        one = any(t.first <= first.first and last.last <= t.last for t in clause.all("move"))
        if first.last < last.first and len(between) < 10 and _HARD.isdisjoint(between) and not one:
            clause.put("up", first.first, last.last)
    for tag in [*clause.all("significant"), *clause.all("move")]:
        far = next((n for n in clause.all("not") if n.means == "far" and n.last < tag.first), None)
        if no := far or clause.before(tag, "not"):
            quiet = clause.has("significant", "nonsignificant")
            clause.put("nonsignificant" if quiet else "same", no.first, tag.last)


def _stance(clause: Reading) -> str:
    """Say whether a clause states, denies or asks."""
    first = clause.all("claim")[:1]
    if any(not first or tag.first <= first[0].first for tag in clause.all("ask")):
        return "asked"
    # "No significant difference was seen" leaves nothing open.
    moved = {n for tag in clause.all("direction") for n in range(tag.first, tag.last + 1)}
    shown = (clause.before(show, "not", reach=6) for show in clause.all("show"))
    opens = any(no and no.first not in moved for no in shown)
    return "denied" if opens or clause.has("open", "hearsay") else "stated"


def _sources(clause: Reading, central: str | None) -> list[str]:
    """List the sources of a clause: its own, the sentence's, or the one it goes on from."""
    known = [central] if central else []
    if own := clause.means("source") or (known if clause.has("central") else []):
        return own
    if named := clause.whole.means("source"):
        return named
    if clause.has("it"):
        return clause.whole.carried[-1:] or known
    goes_on = clause.has("outcome") and not clause.whole.has("study", "kin")
    return clause.whole.carried if goes_on else []


def _pair(clause: Reading, outcomes: list[Tag]) -> None:
    """Pair each outcome with the direction nearest to it."""
    moved = clause.all("direction")
    moved = moved or [replace(tag, sense="change") for tag in clause.all("significant")]
    if len(outcomes) == 1:
        moved = clause.all("nonsignificant") or moved
    for tag in outcomes if moved else ():
        nearest = min(moved, key=lambda move: abs(move.first - tag.first))
        clause.add(Tag(f"pair:{nearest.sense}", tag.means, tag.first, tag.last), "pairs")
