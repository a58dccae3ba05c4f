"""Words that fill the slots of a claim: lexicons, and the names of rows.

Lexicons of general English are beside this module in ``lexicons``; a report adds the words of
its topic in ``data/wording``. Both have the columns ``sense, words, means, reason``. A phrase
may end in ``*`` for any ending; it is matched as a whole, and the longest match of a sense
wins. ``senses.csv`` says what each sense is and which wider ones it belongs to; ``slots.csv``
says which senses make which fault.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unicodedata import normalize

from evidence_tools.check.pages import MARK, Text
from evidence_tools.evidence.frames import split_list
from evidence_tools.evidence.model import Evidence
from evidence_tools.evidence.problems import (
    EvidenceError,
    Problem,
    UnknownKeyError,
    did_you_mean,
    read_text,
    relative_name,
)

YEAR = re.compile(r"(?:19|20)\d\d")
_GENERAL = Path(__file__).with_name("lexicons")
_TABLES = ("senses", "slots")
_COLUMNS = ("sense", "words", "means", "reason")
_NAMES = ("outcome", "source")
_TOKEN = re.compile(r"⟦\d+⟧|\d+(?:[.,]\d+)*(?: ?%)?|[^\W_]+(?:['’][^\W_]+)?|[.,;:!?()—–…\"“”|]")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|\b10\.\d{4,}/\S+")
_OWNED = "sources findings arms context timecourse harms advice conclusions"
_APART = ("analysis", "outcome", "number")  # one of these is not inside another
_PARTS = ("correction", "design", "trial")
_Named = tuple[Iterable[str], str, str]


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number, mark of punctuation or role, with its place in its sentence."""

    text: str
    low: str
    start: int


@dataclass(frozen=True, slots=True)
class Tag:
    """Words of a sentence that have a sense: which, what they mean, which tokens, which role."""

    sense: str
    means: str
    first: int
    last: int
    role: str = ""


class Rule:
    """A slot that words fill: what must be near them, what silences them, and what to say."""

    def __init__(self, row: dict[str, str]) -> None:
        self.slot, self.held, self.verdict = row["slot"], row["held"], row["verdict"]
        self.found, self.weak = row["found"], row["level"] != "error"
        self.anywhere, self.words = "*" in row["words"], row["words"].replace("*", "").split()
        self.needs = [set(group.split()) for group in row["needs"].split(";") if group]
        self.unless = set(row["unless"].split())


def tokenize(text: str) -> list[Token]:
    """Split a text into words, numbers, marks and roles; an address is none of these."""
    words = _TOKEN.finditer(_ADDRESS.sub(lambda address: " " * len(address[0]), text))
    # A subscript, a ligature and a wide letter are the letters that they show.
    lows = ((word, normalize("NFKC", word[0]).lower().replace("’", "'")) for word in words)
    return [Token(word[0], low.removesuffix("'s"), word.start()) for word, low in lows]


class Wording:
    """Every word with a sense, ready to be looked up, with the evidence that gives the names."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.rules = [Rule(row) for _, row in _rows(_GENERAL / "slots.csv")]
        senses = _rows(_GENERAL / "senses.csv")
        self.wider = {row["sense"]: row["wider"].split() for _, row in senses}
        self.directions = {name for name, wider in self.wider.items() if "direction" in wider}
        kinds, outcomes = evidence.rows("kinds"), evidence.rows("outcomes")
        self.roles = {f"kind:{kind}": row.role for kind, row in kinds.items()}
        self.roles |= {key: kinds[row.kind].role for key, row in outcomes.items()}
        self._entries: dict[str, list[tuple[str, int, str, str]]] = defaultdict(list)
        for words, sense, means in [*self._lexicons(), *self._names()]:
            self._add(words, sense, means)
        self._authors: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        for key, row in evidence.rows("sources").items():
            first, *words = [t.low for t in tokenize(row.short_name) if t.low[0].isalnum()]
            year = next(filter(YEAR.fullmatch, words), str(row.year or ""))
            rest = next((word for word in words if word not in (year, *_PARTS)), "")
            self._authors[first].append((key, year, rest))

    def wider_of(self, tag: Tag) -> Iterator[str]:
        """List the senses that a tag belongs to, for an outcome also marker, event and so on."""
        yield from self.wider.get(tag.sense, ())
        if tag.sense in ("outcome", "given"):
            yield self.roles[tag.means]

    def tags(self, sentence: Text, tokens: list[Token]) -> Iterator[Tag]:
        """Find what words and roles of a sentence mean; one stretch may have several senses."""
        text, at = " ".join(token.low for token in tokens) + " ", 0
        ends = dict.fromkeys(_APART, -1)
        for index, token in enumerate(tokens):
            longest: dict[str, int] = {}
            for phrase, size, sense, means in self._starting(token.low):
                fits = token.text == phrase if phrase.isupper() else text.startswith(phrase, at)
                if index <= ends.get(sense, -1) or not fits:
                    continue
                if longest.setdefault(sense, size) == size:
                    ends |= {sense: index + size - 1} if sense in ends else {}
                    yield Tag(sense, means, index, index + size - 1)
            at += len(token.low) + 1
            if match := MARK.fullmatch(token.text):
                yield from self._role_tags(*sentence.roles[int(match[1])], index)
            elif token.text[0].isnumeric():
                yield Tag("digits", token.low.replace(",", ""), index, index)
            elif token.text[0].isupper():
                yield from self._source_tags(tokens, index)

    def _role_tags(self, role: str, key: str, index: int) -> Iterator[Tag]:
        """Give the senses of a role and what each means: its key, its outcome, its source."""
        found = {"unsaid" if role == "unknown" else "ref": key}
        if role == "value":
            named = (self.evidence.rows(t).get(key.partition(".")[0]) for t in _OWNED.split())
            found = {role: key, "source": next((row.source_id for row in named if row), "")}
        elif role in ("finding", "source"):
            with suppress(UnknownKeyError):  # a problem of its own
                row = self.evidence.row(f"{role}s", key)
                outcome = getattr(row, "outcome_id", "")
                found = {"given": outcome, role: row[0], "source": row.source_id}
        yield from (
            Tag(sense, means, index, index, role) for sense, means in found.items() if means
        )

    def _source_tags(self, tokens: list[Token], index: int) -> Iterator[Tag]:
        """Find a source by a name, as people write it: with its year, or as *Doe et al*."""
        beside = [t.low for t in tokens[max(index - 5, 0) : index + 8]]
        years = [word for word in beside if YEAR.fullmatch(word)]
        for source, year, rest in self._authors.get(tokens[index].low, ()):
            if year in years or (not years and (not rest or rest in beside)):
                yield Tag("source", source, index, index)

    @cache  # noqa: B019 - words live as long as a check
    def _starting(self, low: str) -> list[tuple[str, int, str, str]]:
        """List the phrases that a word may begin, the longest first."""
        starts = [low, *(f"{low[:size]}*" for size in range(2, len(low) + 1))]
        found = [entry for start in starts for entry in self._entries.get(start, ())]
        return sorted(found, key=lambda entry: -entry[1])

    def _add(self, words: Iterable[str], sense: str, means: str) -> None:
        for word in words:
            lows = [token.low for token in tokenize(word)]
            # A short abbreviation is a name only in its own letters: CAT is no cat.
            exact = sense == "outcome" and len(word) < 6 and word.isupper() and len(lows) == 1
            phrase = word if exact else " ".join(lows) + " " * (word[-1] != "*")
            first = lows[0] + "*" * (word[-1] == "*" and len(lows) == 1)
            self._entries[first].append((phrase, len(lows), sense, means))

    def _lexicons(self) -> Iterator[_Named]:
        """Read the words of general English, and those of the topic."""
        paths = [p for p in sorted(_GENERAL.glob("*.csv")) if p.stem not in _TABLES]
        paths += sorted((self.evidence.folder / "wording").glob("*.csv"))
        known = {*self.evidence.rows("sources"), *self.roles}
        for path in paths:
            for line, row in _rows(path):
                sense = row["sense"]
                if sense not in self.wider or not row["words"] or not row["reason"]:
                    hint = "" if sense in self.wider else did_you_mean(sense, self.wider)
                    message = f"found {sense!r}: a row needs a known sense, words, a reason{hint}"
                    raise EvidenceError([Problem(relative_name(path), line, "", message)])
                # Words of another topic name nothing here.
                if sense not in _NAMES or row["means"] in known:
                    yield split_list(row["words"]), sense, row["means"]

    def _names(self) -> Iterator[_Named]:
        """List what the tables name: the title in its parts, the subject, outcomes, countries."""
        rows, topic = self.evidence.rows, self.evidence.topic
        forms = "|".join(form.lower() for form in topic.counts.get("forms", ()))
        yield filter(None, re.split(r"[.:;?!,](?: |$)", topic.title)), "heading", ""
        yield [topic.subject["name"], *topic.subject.get("synonyms", ())], "subject", forms
        for key, row in rows("outcomes").items():
            names = {row.name, *split_list(row.synonyms)}
            names |= {name.removesuffix("s") for name in names if len(name) > 5}
            yield sorted(names), "outcome", key
            if row.abbreviation:
                alike = [r for r in rows("outcomes").values() if r.abbreviation == row.abbreviation]
                yield [row.abbreviation], "outcome", f"kind:{row.kind}" if len(alike) > 1 else key
        for kind, row in rows("kinds").items():
            shorter = [" ".join(name.split()[-2:]) for name in (kind, row.plural)]
            names = {kind, row.plural, *shorter} if row.role != "other" else set()
            yield names, "outcome", f"kind:{kind}"
        for key, group in topic.groups.items():
            yield [f"{word}*" for word in group["words"]], "group", key
        yield {row.country for row in rows("trials").values() if row.country}, "country", ""
        yield {row.unit for row in rows("findings").values() if row.unit}, "unit", ""


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Read a table of words with its lines; of a file that is none, all cells are empty."""
    text, problems = read_text(path)
    if problems:
        raise EvidenceError(problems)
    columns = dict.fromkeys(_COLUMNS, "")
    found = csv.DictReader(text.splitlines(), restval="")
    return [(line, columns | row) for line, row in enumerate(found, start=2)]
