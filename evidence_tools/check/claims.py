"""What a sentence claims: its clauses, each with the slots that its words fill."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import product

from evidence_tools.check.pages import MARK, Text
from evidence_tools.check.wording import Tag, Token, Wording, tokenize

_HARD = frozenset(",;:—–()…|")
_WHOLE = frozenset(["outcome", "term", "anydose", "subject", "unit"])
_PRAISE = frozenset(["good", "better", "bad"])  # no name is one, though it may say "well-being"


@dataclass
class Clause:
    """One clause: its words, their tags by sense, its sources, and whether it states anything.

    ``stance`` is ``stated``, ``denied`` (left open, or said of others) or ``asked``.
    """

    tokens: list[Token]
    start: int = 0
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

    def means(self, sense: str) -> list[str]:
        """List what the words with a sense mean, each once."""
        return list(dict.fromkeys(tag.means for tag in self.all(sense)))

    def negated(self, tag: Tag) -> bool:
        """Whether a word shortly before a word turns it round."""
        return any(0 < tag.first - n.last <= 4 for n in self.all("not"))

    def parted(self, after: int, before: int) -> bool:
        """Whether a mark stands between two words."""
        between = self.tokens[after + 1 - self.start : before - self.start]
        return any(token.low in _HARD for token in between)

    def add(self, tag: Tag, *wider: str) -> None:
        """Give words a sense, and the wider ones that it belongs to."""
        for sense in (tag.sense, *wider):
            self.tags.setdefault(sense, []).append(tag)


@dataclass
class Reading(Clause):
    """A sentence as it was read, as one clause and in its clauses.

    ``carried`` are the sources before it.
    """

    sentence: Text = field(default_factory=lambda: Text(""))
    clauses: list[Clause] = field(default_factory=list)
    carried: list[str] = field(default_factory=list)

    @property
    def named(self) -> list[str]:
        """The sources of its clauses, also those that were named before, each once."""
        return list(dict.fromkeys(source for clause in self.clauses for source in clause.sources))

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
    tokens = tokenize(sentence.text)
    roles = list(_role_tags(sentence, tokens, wording))
    cited = {tag.means for tag in roles if tag.sense == "source"}
    named = list(wording.tags(tokens))
    typed = [t for t in named if t.sense == "source" and t.means not in cited]
    tags = [*named, *(replace(tag, sense="typed") for tag in typed), *roles]
    carried = (before.sources or before.carried) if before else []
    reading = Reading(tokens, sentence=sentence, carried=carried)
    _collect(reading, tags, wording)
    reading.sources = reading.means("source") or [about][: len(about)]
    outcomes: list[Tag] = []
    question = sentence.text.rstrip("\"'”)").endswith("?")
    for start, end in _segments(reading):
        clause = _part(reading, start, end)
        clause.stance = _stance(clause, question)
        clause.sources = _sources(reading, clause, wording.evidence.topic.central_source)
        outcomes = clause.all("outcome") or outcomes
        if clause.has("outcome", "it", "source", "finding"):
            _pair(clause, clause.all("outcome") or clause.all("given") or outcomes)
        reading.clauses.append(clause)
    return reading


def _role_tags(sentence: Text, tokens: list[Token], wording: Wording) -> Iterator[Tag]:
    for index, token in enumerate(tokens):
        if match := MARK.fullmatch(token.text):
            role, key = sentence.roles[int(match.group(1))]
            for sense, means in wording.resolve(role, key).items():
                if means:
                    yield Tag(sense, means, index, index, role)


def _collect(whole: Clause, tags: list[Tag], wording: Wording) -> None:
    """Collect the tags of a sentence, without those that are only a part of a longer name."""
    directions = wording.directions
    # An outcome such as "falls" is no change by its name.
    named = {(tag.first, tag.last) for tag in tags if tag.sense == "outcome"}
    moves = directions | {"loss", "smaller"}
    tags = [t for t in tags if t.sense not in moves or (t.first, t.last) not in named]
    tags += _changed_losses(tags, whole.tokens)
    phrases = [tag for tag in tags if tag.sense in _WHOLE or tag.sense in directions]
    for tag in tags:
        covered = tag.sense not in ("term", "source") and any(
            other.first <= tag.first <= tag.last <= other.last
            and other.last - other.first + (tag.sense in _PRAISE) > tag.last - tag.first
            for other in phrases
            if (tag.sense in directions or other.sense not in directions)
        )
        if not covered:
            whole.add(tag, *wording.wider_of(tag))


def _changed_losses(tags: list[Tag], tokens: list[Token]) -> Iterator[Tag]:
    """Find losses that became smaller, which leaves more of what was lost, or larger."""
    ways = {"smaller": "up", "up": "down"}
    losses = (tag for tag in tags if tag.sense == "loss")
    for loss, change in product(losses, [tag for tag in tags if tag.sense in ways]):
        way, (first, second) = ways[change.sense], sorted((loss, change), key=lambda t: t.first)
        between = [token.low for token in tokens[first.last + 1 : second.first]]
        unbroken = all(word.isalpha() and word != "and" for word in between)
        near = 5 if unbroken and way == "up" and first is change else 2  # "slowed such a loss"
        if len(between) < near and first.last < second.first:
            yield Tag(way, "", first.first, second.last)
        elif first is loss and 1 < len(between) < 12 and (way == "up" or unbroken):
            # What was lost is named between them.
            yield Tag(way, "", max(loss.first - 1, 0), loss.last + 1)
            yield Tag(way, "", change.first - 2, change.last)


def _part(whole: Clause, start: int, end: int) -> Clause:
    """Cut out a clause; a negated change is none, or none that is significant."""
    clause = Clause(whole.tokens[start:end], start)
    for sense, tags in whole.tags.items():
        if own := [tag for tag in tags if start <= tag.first < end]:
            clause.tags[sense] = own
    commas = [n for n, token in enumerate(clause.tokens, start) if token.low in ",:;"]
    for tag in [*clause.all("significant"), *clause.all("move")]:
        asked = [ask.first for ask in clause.all("ask") if ask.first < tag.first]
        near = max([tag.first - 4, *(comma for comma in commas if comma < tag.first)])
        before = (n for n in clause.all("not") if max(asked, default=0) <= n.last < tag.first)
        no = next((n for n in before if n.means == "far" or n.last >= near), None)
        if no is not None:
            quiet = tag.sense == "significant" or clause.has("nonsignificant")
            kept = {s: [t for t in tags if t != tag] for s, tags in clause.tags.items()}
            clause.tags = {sense: tags for sense, tags in kept.items() if tags}
            sense = "nonsignificant" if quiet else "same"
            clause.add(Tag(sense, "", no.first, tag.last), "direction", "claim")
    return clause


def _segments(whole: Clause) -> list[tuple[int, int]]:
    """Cut a sentence where one statement ends and another begins."""
    lows = [*(token.low for token in whole.tokens), ""]
    marks = {n for n, low in enumerate(lows) if low in _HARD and lows[n + 1] not in ("or", "nor")}
    contrasts = {tag.first for tag in whole.all("contrast")}
    said = {tag.first for tag in whole.all("claim", "ask", "open", "hearsay")}
    found: list[tuple[int, int]] = []
    begin, settled = 0, True
    for cut in [*sorted(marks | contrasts), len(whole.tokens)]:
        claims = not said.isdisjoint(range(begin, cut))
        # What claims nothing belongs to the part before it, or waits for the next.
        if found and not (settled and (claims or begin in contrasts or lows[begin - 1] == ";")):
            found[-1] = (found[-1][0], cut)
        elif cut > begin:
            found.append((begin, cut))
            settled = False
        settled = settled or claims or lows[cut] == ";"
        begin = cut + 1 if cut in marks else cut
    return found


def _stance(clause: Clause, question: bool) -> str:
    """Say whether a clause states, denies or asks."""
    claims = clause.all("claim")
    first = claims[0].first if claims else clause.start + len(clause.tokens)
    if question or any(tag.first <= first for tag in clause.all("ask")):
        return "asked"
    # "No significant difference was seen" leaves nothing open.
    moved = clause.all("direction")
    nots = [n for n in clause.all("not") if not any(c.first <= n.first <= c.last for c in moved)]
    shown = (
        0 < show.first - no.last <= 6 and not clause.parted(no.last, show.first)
        for no, show in product(nots, clause.all("show"))
    )
    opens = clause.has("open") or any(shown)
    return "denied" if opens or clause.has("hearsay") else "stated"


def _sources(reading: Reading, clause: Clause, central: str | None) -> list[str]:
    """List the sources of a clause: its own, the sentence's, or the one it goes on from."""
    known = [central] if central else []
    if own := clause.means("source") or (known if clause.has("central") else reading.sources):
        return own
    if clause.has("it"):
        return reading.carried[-1:] or known
    goes_on = clause.has("outcome") and not reading.has("study", "kin")
    return reading.carried if goes_on else []


def _pair(clause: Clause, outcomes: list[Tag]) -> None:
    """Pair each outcome with the direction nearest to it."""
    moved = clause.all("direction")
    moved = moved or [replace(tag, sense="change") for tag in clause.all("significant")]
    if len(outcomes) == 1:
        moved = clause.all("nonsignificant") or moved
    for tag in outcomes if moved else ():
        nearest = min(moved, key=lambda move: abs(move.first - tag.first))
        clause.add(Tag(f"pair:{nearest.sense}", tag.means, tag.first, tag.last), "pairs")
