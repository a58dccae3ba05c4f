"""Words that fill the slots of a claim: lexicons, and the names of rows.

Lexicons of general English are beside this module in ``lexicons``; a report adds the words of
its topic in ``data/wording``. Both have the columns ``sense, words, means, reason``. A word may
end in ``*`` for any ending; a phrase is matched as a whole, and the longest match of a sense
wins. ``senses.csv`` says what each sense is and which wider ones it belongs to; ``slots.csv``
says which senses make which fault.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unicodedata import normalize

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
_TOKEN = re.compile(r"⟦\d+⟧|\d+[.,]\d+|[^\W_]+(?:['’][^\W_]+)?|[.,;:!?()—–…\"“”|]")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?\*?")
_OWNED = "findings arms context timecourse harms advice conclusions"
_APART = ("analysis", "outcome", "number")  # one of these is not inside another
_PARTS = ("correction", "design", "trial")
_Entry = tuple[str, int, str, str]


@dataclass(frozen=True, slots=True)
class Token:
    """One word, mark of punctuation or role, with the place where it begins in its sentence."""

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
    """Split a text into words, marks and roles."""
    words = _TOKEN.finditer(text)
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
        self._entries: dict[str, list[_Entry]] = defaultdict(list)
        paths = [p for p in sorted(_GENERAL.glob("*.csv")) if p.stem not in _TABLES]
        paths += sorted((evidence.folder / "wording").glob("*.csv"))
        known = {*evidence.rows("sources"), *evidence.rows("outcomes")}
        known |= {f"kind:{kind}" for kind in evidence.rows("kinds")}
        for path in paths:
            for line, row in _rows(path):
                sense = row["sense"]
                if sense not in self.wider or not row["words"] or not row["reason"]:
                    hint = "" if sense in self.wider else did_you_mean(sense, self.wider)
                    message = f"found {sense!r}: a row needs a known sense, words, a reason{hint}"
                    raise EvidenceError([Problem(relative_name(path), line, "", message)])
                # Words of another topic name nothing here.
                if sense not in _NAMES or row["means"] in known:
                    self._add(split_list(row["words"]), sense, row["means"])
        for names, sense, means in self._names():
            self._add(names, sense, means)
        kinds, outcomes = evidence.rows("kinds"), evidence.rows("outcomes")
        self.roles = {f"kind:{kind}": row.role for kind, row in kinds.items()}
        self.roles |= {key: kinds[row.kind].role for key, row in outcomes.items()}
        self.harms = [key for key, role in self.roles.items() if role == "harm"]
        self.sources: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        for key, row in evidence.rows("sources").items():
            words = [t.low for t in tokenize(row.short_name) if t.low[0].isalnum()]
            year = next((w for w in words if YEAR.fullmatch(w)), str(row.year or ""))
            rest = next((w for w in words[1:] if w != year and w not in _PARTS), "")
            self.sources[words[0]].append((key, year, rest))
        self.owners = {source: source for source in evidence.rows("sources")}
        for table in _OWNED.split():
            owners = getattr(evidence, table)["source_id"].dropna()
            self.owners |= {str(key): str(source) for key, source in owners.items()}

    def resolve(self, role: str, key: str) -> dict[str, str]:
        """Give the senses of a role and what each means: its key, its outcome, its source."""
        if role == "value":
            return {role: key, "source": self.owners.get(key.partition(".")[0], "")}
        try:
            row = self.evidence.row(f"{role}s", key) if role in ("finding", "source") else None
        except UnknownKeyError:
            row = None
        if row is None:
            return {"unsaid" if role == "unknown" else "ref": key}
        outcome = getattr(row, "outcome_id", "")
        return {"given": outcome, role: row[0], "source": self.owners[row[0]]}

    def wider_of(self, tag: Tag) -> Iterator[str]:
        """List the senses that a tag belongs to, for an outcome also marker, event and so on."""
        yield from self.wider.get(tag.sense, ())
        if tag.sense in ("outcome", "given"):
            yield self.roles[tag.means]

    def tags(self, tokens: list[Token]) -> Iterator[Tag]:
        """Find what the words of a sentence mean; one stretch may have several senses."""
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
            if token.low in self.sources and token.text[0].isupper():
                yield from self._source_tags(tokens, index)

    def _source_tags(self, tokens: list[Token], index: int) -> Iterator[Tag]:
        """Find a source by a name, as people write it: with its year, or as *Doe et al*."""
        known = self.sources[tokens[index].low]
        beside = [t.low for t in tokens[max(index - 5, 0) : index + 8]]
        years = [word for word in beside if YEAR.fullmatch(word)]
        for source, year, rest in known:
            if year in years or (not years and (not rest or rest in beside)):
                yield Tag("source", source, index, index)

    @cache  # noqa: B019 - words live as long as a check
    def _starting(self, low: str) -> list[_Entry]:
        """List the phrases that a word may begin, the longest first."""
        starts = [low, *(f"{low[:size]}*" for size in range(2, len(low) + 1))]
        found = [entry for start in starts for entry in self._entries.get(start, ())]
        return sorted(found, key=lambda entry: -entry[1])

    def _add(self, words: Iterable[str], sense: str, means: str) -> None:
        for word in words:
            parts = _WORD.findall(word)
            # A short abbreviation is a name only in its own letters: CAT is no cat.
            exact = sense == "outcome" and len(word) < 6 and word.isupper() and len(parts) == 1
            phrase = word if exact else f"{' '.join(parts)} ".lower().replace("* ", "")
            self._entries[parts[0].lower()].append((phrase, len(parts), sense, means))

    def _names(self) -> Iterator[tuple[Iterable[str], str, str]]:
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
