"""What a sentence claims: its clauses, each with the slots that its words fill."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from evidence_tools.check.pages import MARK, Text
from evidence_tools.check.wording import Tag, Token, Wording, tokenize

_HARD = frozenset(";:—–()…|")
_PAST = frozenset(["rose", "risen", "fell", "fallen", "went", "grew", "sank"])
_WAS = frozenset(["was", "were", "had"])


@dataclass
class Clause:
    """One clause: its words, their tags by sense, and whether it states anything.

    ``stance`` is ``stated``, ``denied`` (left open, or said of others) or ``asked``.
    """

    tokens: list[Token]
    start: int
    tags: dict[str, list[Tag]] = field(default_factory=dict)
    stance: str = "stated"
    sources: list[str] = field(default_factory=list)

    def has(self, *senses: str) -> bool:
        """Whether any word of the clause has one of some senses."""
        return not self.tags.keys().isdisjoint(senses)

    def all(self, *senses: str) -> list[Tag]:
        """List the words of the clause with one of some senses, in their order."""
        found = [tag for sense in senses for tag in self.tags.get(sense, ())]
        return sorted(found, key=lambda tag: tag.first)

    @property
    def outcomes(self) -> list[str]:
        """The outcomes that the clause names."""
        return [tag.means for tag in self.all("outcome")]

    @property
    def happened(self) -> bool:
        """Whether the clause says what happened, as the result of a study does."""
        moves = {self.tokens[tag.first - self.start].low for tag in self.all("move")}
        past = self.has("up", "down") and not _WAS.isdisjoint(token.low for token in self.tokens)
        return past or any(word in _PAST or word.endswith("ed") for word in moves)

    def negated(self, tag: Tag, near: int = 4) -> bool:
        """Whether a word shortly before a word turns it round."""
        return any(0 < tag.first - n.last <= near for n in self.all("not"))

    def add(self, tag: Tag, *wider: str) -> None:
        """Give words a sense, and the wider ones that it belongs to."""
        for sense in (tag.sense, *wider):
            self.tags.setdefault(sense, []).append(tag)


@dataclass
class Reading:
    """A sentence as it was read; ``named`` are its sources, ``carried`` the one before it."""

    sentence: Text
    tokens: list[Token]
    clauses: list[Clause]
    named: list[str]
    carried: list[str] = field(default_factory=list)

    def words(self, tag: Tag) -> str:
        """Get the words of a tag as they were typed."""
        last = self.tokens[tag.last]
        return self.sentence.text[self.tokens[tag.first].start : last.start + len(last.text)]

    def role(self, tag: Tag) -> str:
        """Name the role that the words of a tag are, if they are one."""
        match = MARK.fullmatch(self.tokens[tag.first].text)
        return self.sentence.roles[int(match.group(1))][0] if match else ""

    def all(self, *senses: str) -> list[Tag]:
        """List the words with one of some senses in all clauses."""
        return [tag for clause in self.clauses for tag in clause.all(*senses)]

    def has(self, *senses: str) -> bool:
        """Whether any clause has one of some senses."""
        return any(clause.has(*senses) for clause in self.clauses)


def read_claims(
    sentence: Text, wording: Wording, before: Reading | None = None, about: str = ""
) -> Reading:
    """Read a sentence into clauses with slots; *it* means what the one ``before`` was about.

    ``about`` is the source of a sentence that names none, if that is known.
    """
    tokens = tokenize(sentence.text)
    tags = [*wording.tags(tokens), *_role_tags(sentence, tokens, wording)]
    named = list(dict.fromkeys(tag.means for tag in tags if tag.sense == "source"))
    named = named or [about][: len(about)]
    carried = (before.named or before.carried) if before else []
    whole = _whole(tokens, tags, wording)
    clauses = [_part(whole, start, end) for start, end in _segments(whole)]
    reading = Reading(sentence, tokens, clauses, named, carried)
    outcomes: list[Tag] = []
    for clause in clauses:
        clause.stance = _stance(clause, sentence.text.rstrip("\"'”)").endswith("?"))
        clause.sources = _sources(reading, clause, wording.evidence.topic.central_source)
        outcomes = clause.all("outcome") or outcomes
        _pair(clause, outcomes if clause.has("outcome", "it", "source") else [])
    return reading


def _role_tags(sentence: Text, tokens: list[Token], wording: Wording) -> Iterator[Tag]:
    for index, token in enumerate(tokens):
        if match := MARK.fullmatch(token.text):
            sense, key, owner = wording.resolve(*sentence.roles[int(match.group(1))])
            yield Tag(sense, key, index, index)
            if owner:
                yield Tag("source", owner, index, index)


def _whole(tokens: list[Token], tags: list[Tag], wording: Wording) -> Clause:
    """Collect the tags of a sentence, without those that are only a part of a longer name."""
    whole = Clause(tokens, 0)
    directions = {sense for sense, wider in wording.wider.items() if "direction" in wider}
    names = [tag for tag in tags if tag.sense in ("outcome", "body", "term")]
    phrases = [*names, *(tag for tag in tags if tag.sense in directions)]
    for tag in tags:
        covered = tag.sense != "term" and any(
            other.first <= tag.first <= tag.last <= other.last
            and other.last - other.first > tag.last - tag.first
            for other in (phrases if tag.sense in directions else names)
            if other.sense != "body"
        )
        near = {tag.last + 1, tag.last + 2} if tag.means == "adjacent" else set()
        after = {tag.first - 1} if tag.means == "end" else set()
        beside = any(name.first in near or name.last in after for name in names)
        if not covered and (beside or not (near or after)):
            whole.add(tag, *wording.wider.get(tag.sense, ()), *wording.role_of(tag))
    return whole


def _part(whole: Clause, start: int, end: int) -> Clause:
    """Cut out a clause; a negated change is none, or none that is significant."""
    clause = Clause(whole.tokens[start:end], start)
    for sense, tags in whole.tags.items():
        if own := [tag for tag in tags if start <= tag.first < end]:
            clause.tags[sense] = own
    used: list[Tag] = []
    for tag in [*clause.all("significant"), *clause.all("move")]:
        if turning := [n for n in clause.all("not") if 0 < tag.first - n.last <= 4]:
            quiet = tag.sense == "significant" or clause.has("nonsignificant")
            for found in clause.tags.values():
                found[:] = [other for other in found if other != tag]
            sense = "nonsignificant" if quiet else "same"
            clause.add(Tag(sense, "", tag.first, tag.last), "direction", "claim")
            used += turning
    # What turns a change round turns nothing else round.
    clause.tags["not"] = [n for n in clause.all("not") if n not in used]
    clause.tags = {sense: found for sense, found in clause.tags.items() if found}
    return clause


def _segments(whole: Clause) -> list[tuple[int, int]]:
    """Cut a sentence where one statement ends and another begins."""
    tokens = whole.tokens
    marks = {n for n, token in enumerate(tokens) if token.low == "," or token.low in _HARD}
    contrasts = {
        t.first
        for t in whole.all("contrast")
        if t.means != "comma" or not t.first or tokens[t.first - 1].low in (",", "and")
    }
    moved = {tag.first for tag in whole.all("direction")}
    topics = {tag.first for tag in whole.all("topic", "elsewhere", "central", "source")}
    said = {tag.first for tag in whole.all("claim", "ask", "open", "hearsay")}
    joints = {
        n
        for n, token in enumerate(tokens)
        if token.low in ("and", "or")
        for sides in [(range(n), range(n, len(tokens)))]
        if all(moved & {*side} and topics & {*side} for side in sides)
    }
    found: list[tuple[int, int]] = []
    begin, settled = 0, True
    for cut in [*sorted(marks | contrasts | joints), len(tokens)]:
        part = set(range(begin, cut))
        stands = begin in contrasts or bool(part & said)
        stands = stands and tokens[begin].low not in ("or", "nor")
        # What claims nothing belongs to the part before it, or waits for the next.
        if found and (not settled or not stands):
            found[-1] = (found[-1][0], cut)
        elif part:
            found.append((begin, cut))
            settled = False
        settled = settled or bool(part & said)
        begin = cut + 1 if cut in marks else cut
    return found


def _stance(clause: Clause, question: bool) -> str:
    """Say whether a clause states, denies or asks."""
    claims = clause.all("claim")
    first = claims[0].first if claims else clause.start + len(clause.tokens)
    if clause.has("double"):
        return "stated"
    if question or any(tag.first <= first for tag in clause.all("ask")):
        return "asked"
    # Words inside the phrase of a claim leave nothing open.
    opens = [*clause.all("open"), *(t for t in clause.all("show") if clause.negated(t, 6))]
    own = clause.all("safe", "good", "order", "advice")
    left = [t for t in opens if not any(c.first <= t.first and t.last <= c.last for c in own)]
    return "denied" if left or clause.has("hearsay") else "stated"


def _sources(reading: Reading, clause: Clause, central: str | None) -> list[str]:
    """List the sources of a clause: its own, the sentence's, or the one it goes on from."""
    if own := [tag.means for tag in clause.all("source")]:
        return list(dict.fromkeys(own))
    if clause.has("central") or (reading.has("central") and not reading.named):
        return [central] if central else []
    if clause.has("it") and not reading.named:
        return reading.carried[-1:] or [source for source in [central] if source]
    goes_on = clause.happened and clause.has("outcome") and not reading.has("study")
    return reading.named or (reading.carried if goes_on else [])


def _pair(clause: Clause, outcomes: list[Tag]) -> None:
    """Pair outcomes with directions: a direction holds for the list before or after it."""
    moved = clause.all("direction")
    leads = bool(moved) and all(moved[0].first < tag.first for tag in outcomes)
    for tag in outcomes:
        before = [t.sense for t in moved if t.first < tag.first]
        after = [t.sense for t in moved if t.first > tag.first]
        for sense in (before[-1:] if leads else after[:1]) or before[-1:]:
            clause.add(Tag(f"pair:{sense}", tag.means, tag.first, tag.last), "pairs")
