"""What a sentence claims: its clauses, each with the slots that its words fill."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise, starmap

from evidence_tools.check.pages import MARK, Sentence
from evidence_tools.check.wording import YEAR, Tag, Token, Wording, tokenize

MOVES = ("up", "down", "change")
_DIRECTIONS = (*MOVES, "same", "nonsignificant")
PAIRS = tuple(f"pair:{direction}" for direction in _DIRECTIONS)
"""Senses of an outcome together with what is said to have happened to it."""

_CLAIMS = """good bad praise large trend proof strongevidence safe dangerous order imperative advice
ought level agree conflict dose anydose future unknown method"""
_TRIGGERS = (*_CLAIMS.split(), *_DIRECTIONS)
_SUBJECTS = ("outcome", "subject", "body", "marker", "process")
_TOPICS = (*_SUBJECTS, "elsewhere", "central", "source")
_ASKS = ("open", "ask", "not", "hearsay", "why", "degree")
_HARD = frozenset(";:—–()…|")
_WITH = frozenset(["et", "colleagues", "coworkers", "co"])
_BETWEEN = _WITH | frozenset(["al", "and", "workers", "s", "(", ",", ")", ".", "the", "in"])
_PAST = frozenset(["rose", "risen", "fell", "fallen", "went", "grew", "sank"])


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
        """List the words of the clause with one of some senses."""
        return [tag for sense in senses for tag in self.tags.get(sense, ())]

    def first(self, *senses: str) -> Tag | None:
        """Find the first word of the clause with one of some senses."""
        return min(self.all(*senses), key=lambda tag: tag.first, default=None)

    @property
    def outcomes(self) -> list[str]:
        """The outcomes that the clause names."""
        return [tag.means for tag in self.all("outcome")]

    @property
    def words(self) -> set[str]:
        """The words of the clause, in small letters."""
        return {token.low for token in self.tokens}

    @property
    def happened(self) -> bool:
        """Whether the clause says what happened, as the result of a study does."""
        moves = [self.tokens[tag.first - self.start].low for tag in self.all(*MOVES)]
        past = {"was", "were", "had"} & self.words and self.has("up", "down")
        return any(past or word in _PAST or word.endswith("ed") for word in moves)

    def negators(self, tag: Tag, near: int) -> list[Tag]:
        """List the words shortly before a word that turn it round."""
        return [n for n in self.all("not") if 0 < tag.first - n.last <= near]

    def pair(self, outcomes: list[Tag]) -> None:
        """Pair outcomes with directions: a direction holds for the list before or after it."""
        moved: list[tuple[int, str]] = []
        for tag in sorted(self.all(*_DIRECTIONS), key=lambda tag: tag.first):
            single = tag.last == tag.first and moved and tag.first - moved[-1][0] <= 3
            if single and moved[-1][1] == tag.sense == "down":
                moved[-1] = (moved[-1][0], "up")  # a slower decline is more than without it
            else:
                moved.append((tag.first, tag.sense))
        leads = bool(moved) and all(moved[0][0] < tag.first for tag in outcomes)
        for tag in outcomes:
            before = [direction for at, direction in moved if at < tag.first]
            after = [direction for at, direction in moved if at > tag.first]
            if found := (before[-1:] if leads else after[:1]) or before[-1:]:
                pair = Tag(f"pair:{found[0]}", tag.means, tag.first, tag.last)
                self.tags.setdefault(pair.sense, []).append(pair)


@dataclass
class Reading:
    """A sentence as it was read; ``named`` are sources, ``before`` those just before it."""

    sentence: Sentence
    tokens: list[Token]
    clauses: list[Clause]
    named: list[str]
    carried: str = ""
    before: list[str] = field(default_factory=list)

    def words(self, tag: Tag) -> str:
        """Get the words of a tag as they were typed."""
        return self.sentence.text[self.tokens[tag.first].start : self.end(tag)]

    def end(self, tag: Tag) -> int:
        """Find where the words of a tag end."""
        return self.tokens[tag.last].start + len(self.tokens[tag.last].text)

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
    sentence: Sentence, wording: Wording, before: Reading | None = None, about: str = ""
) -> Reading:
    """Read a sentence into clauses with slots; *it* means what the one ``before`` was about.

    ``about`` is the source of a sentence that names none, if that is known.
    """
    tokens = tokenize(sentence.text)
    tags = [*wording.tags(tokens), *_role_tags(sentence, tokens, wording)]
    tags += _source_tags(tokens, wording)
    if not any(tag.sense == "source" for tag in tags):
        tags += _described(tokens, tags, wording)
    parts = _segments(tokens, tags)
    clauses = [_clause(tokens[start : end + 1], start, tags) for start, end in parts]
    question = sentence.text.rstrip("\"'”)").endswith("?")
    named = list(dict.fromkeys(tag.means for tag in tags if tag.sense == "source"))
    named = named or [about][: len(about)]
    carried = (before.named or [before.carried])[-1] if before else ""
    reading = Reading(sentence, tokens, clauses, named, carried, before.named if before else [])
    outcomes: list[Tag] = []
    for clause in clauses:
        clause.stance = _stance(clause, question)
        clause.sources = _sources(reading, clause, wording.evidence.topic.central_source)
        outcomes = clause.all("outcome") or outcomes
        goes_on = clause.sources or clause.has("outcome", "finding")
        clause.pair(outcomes if goes_on else [])
    return reading


def _role_tags(sentence: Sentence, tokens: list[Token], wording: Wording) -> Iterator[Tag]:
    for index, token in enumerate(tokens):
        if match := MARK.fullmatch(token.text):
            sense, key, owner = wording.resolve(*sentence.roles[int(match.group(1))])
            yield Tag(sense, key, index, index)
            if owner:
                yield Tag("source", owner, index, index)


def _source_tags(tokens: list[Token], wording: Wording) -> Iterator[Tag]:
    """Find sources by name, as people write them, and names with a year that are no source."""
    taken = -1
    for index, token in enumerate(tokens):
        if index <= taken or not token.text[0].isupper():
            continue
        year, last = _year_near(tokens, index)
        after = {t.low for t in tokens[index + 1 : index + 4]}
        known = [n for n in wording.sources.get(token.low, ()) if not n[2] or n[2] in after]
        fits = [source for source, own, _ in known if year and own == year]
        if fits:
            yield Tag("source", fits[0], index, last)
            taken = last
        elif (
            known
            and (len(token.low) > 3 or after & _WITH or _is_name(tokens, index))
            and (not year or not known[0][1])
        ):
            yield from (Tag("source", source, index, index) for source, _, __ in known)
        elif (
            (year and last > index and not known and token.text[1:].islower())
            and not any(tag.sense == "notname" for tag in wording.tags([token]))
            and not any(other.low in wording.sources for other in tokens[index:last])
        ):
            yield Tag("stranger", year, index, last)


def _described(tokens: list[Token], tags: list[Tag], wording: Wording) -> Iterator[Tag]:
    """Find sources by their country: *the Danish trials*."""
    nouns = {tag.first for tag in tags if tag.means == "n_studies" or tag.sense == "team"}
    for tag in (tag for tag in tags if tag.sense == "country" and tag.last + 1 in nouns):
        for source in wording.trials_of(tag.means or tokens[tag.first].low):
            yield Tag("source", source, tag.first, tag.last)


def _is_name(tokens: list[Token], index: int) -> bool:
    """Whether a short word is a name by what is beside it: *by Hu*, *Hu's*."""
    return tokens[index].text.endswith(("'s", "’s")) or tokens[index - 1].low == "by"


def _year_near(tokens: list[Token], index: int) -> tuple[str, int]:
    """Find the year of a name: after it, past initials and *et al*, or just before it."""
    for last in range(index + 1, min(index + 8, len(tokens))):
        if YEAR.fullmatch(tokens[last].low):
            return tokens[last].low, last
        if not (tokens[last].low in _BETWEEN or tokens[last].text[0].isupper()):
            break
    before = tokens[index - 1].low if index else ""
    return (before, index) if YEAR.fullmatch(before) else ("", index)


def _segments(tokens: list[Token], tags: list[Tag]) -> list[tuple[int, int]]:
    """Cut a sentence where one statement ends and another begins."""

    def at(*senses: str) -> set[int]:
        return {tag.first for tag in tags if tag.sense in senses}

    marks = {n for n, token in enumerate(tokens) if token.low == "," or token.low in _HARD}
    contrasts = {
        t.first
        for t in tags
        if t.sense == "contrast"
        and (t.means != "comma" or not t.first or tokens[t.first - 1].low in (",", "and"))
    }
    conditions = {t.first for t in tags if (t.sense, t.means) == ("ask", "if")}
    triggers, topics, asks, moved = at(*_TRIGGERS), at(*_TOPICS), at(*_ASKS), at(*_DIRECTIONS)
    speaks, sources = at("claimverb"), at("source")
    edges = [0, *(n for n, token in enumerate(tokens) if token.low in ("and", "or")), len(tokens)]
    joints = {
        cut  # it joins two statements, each with what happened and to what
        for sides in zip(edges, edges[1:], edges[2:], strict=False)
        if all(part & moved and part & topics for part in map(set, starmap(range, pairwise(sides))))
        for cut in sides[1:2]
    }
    found: list[tuple[int, int]] = []
    begin, settled, goes_on = 0, True, True
    for cut in [*sorted(marks | contrasts | joints), len(tokens)]:
        part, start = set(range(begin, cut)), begin
        begin = cut + 1 if cut in marks else cut
        if not part:
            continue
        opens = start in contrasts | conditions
        stands = opens or bool(part & triggers or (part & speaks and part & sources))
        # What claims nothing belongs to the part before it, or waits for the next.
        adds = tokens[start].low in ("or", "nor") or (goes_on and not stands)
        if found and (adds or not settled):
            found[-1] = (found[-1][0], cut - 1)
        else:
            found.append((start, cut - 1))
            settled = False
        settled = settled or stands or bool(part & asks)
        goes_on = start not in conditions
    return found


def _clause(tokens: list[Token], start: int, tags: list[Tag]) -> Clause:
    """Collect the tags of a clause; a negated change is none, or none that is significant."""
    clause = Clause(tokens, start)
    inside = [tag for tag in tags if start <= tag.first < start + len(tokens)]
    near = {t.first for t in inside if t.sense in ("outcome", "body")}
    ends = {start - 1, *(t.last for t in inside if t.sense == "outcome")}
    for tag in inside:
        beside = tag.means != "adjacent" or near & {tag.last + 1, tag.last + 2}
        after = (
            tag.means != "end" or tag.first - 1 in ends or tokens[tag.first - start - 1].low == ":"
        )
        if beside and after and not _covered(tag, inside):
            clause.tags.setdefault(tag.sense, []).append(tag)
    used: set[int] = set()
    for tag in clause.all("significant", *MOVES):
        quiet = clause.all("nonsignificant")
        turning = clause.negators(tag, 4)
        used |= {n.first for n in turning}
        if turning:
            clause.tags[tag.sense].remove(tag)
            word = "nonsignificant" if quiet or tag.sense == "significant" else "same"
            clause.tags.setdefault(word, []).append(Tag(word, "", tag.first, tag.last))
    # What turns a change round, or is part of a phrase, turns nothing else round.
    clause.tags["not"] = [n for n in clause.all("not") if n.first not in used]
    clause.tags = {sense: found for sense, found in clause.tags.items() if found}
    return clause


def _covered(tag: Tag, tags: list[Tag]) -> bool:
    """Whether a word is only a part of a longer name, or of a longer phrase on what happened."""
    longer = ("term", "outcome", *(_DIRECTIONS if tag.sense in _DIRECTIONS else ()))
    return tag.sense != "term" and any(
        other.first <= tag.first
        and tag.last <= other.last
        and other.last - other.first > tag.last - tag.first
        for other in tags
        if other.sense in longer
    )


def _sources(reading: Reading, clause: Clause, central: str | None) -> list[str]:
    """List the sources of a clause: its own, the sentence's, or the one it goes on from."""
    if own := [tag.means for tag in clause.all("source")]:
        return list(dict.fromkeys(own))
    if clause.has("central") or (reading.has("central") and not reading.named):
        return [central] if central else []
    if clause.has("it") and not reading.named:
        return [source for source in [reading.carried or central] if source]
    goes_on = clause.happened and clause.has("outcome") and not reading.has("study")
    return reading.named or (reading.before if goes_on else [])


def _stance(clause: Clause, question: bool) -> str:
    """Say whether a clause states, denies or asks; what *why* takes for granted is stated."""
    trigger = clause.first(*_TRIGGERS)
    first = trigger.first if trigger else clause.start + len(clause.tokens)
    degrees = {tag.first for tag in clause.all("degree")}
    why = any(t.first <= first and t.first not in degrees for t in clause.all("why"))
    claims = clause.has("good", "up", "down", "bad", "safe") and clause.has("subject")
    asks = any(tag.first <= first for tag in clause.all("ask"))
    if clause.has("double") or (why and claims and not clause.has("maybe", "ask")):
        return "stated"
    if question or (why and clause.has("maybe")) or asks:
        return "asked"
    return "denied" if clause.has("hearsay") or _is_open(clause) else "stated"


def _is_open(clause: Clause) -> bool:
    """Whether a clause leaves its question open, outside the words of a claim's own phrase."""
    claims = clause.all("safe", "good", "order", "advice")

    def is_free(tag: Tag) -> bool:
        return not any(c.first <= tag.first and tag.last <= c.last for c in claims)

    # That none contradicts is a claim.
    opens = any(
        is_free(tag) and (not clause.has("conflict") or tag.last - tag.first > 1)
        for tag in clause.all("open")
    )
    return opens or any(is_free(t) and clause.negators(t, 6) for t in clause.all("show"))
