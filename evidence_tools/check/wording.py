"""Words that fill the slots of a claim: lexicons, and the names of rows.

Those of general English are beside this module in ``lexicons``; a report adds the words of its
topic in ``data/wording``, in tables of the same form.
A lexicon is a table with the columns ``sense, words, means, reason``. A word may end in ``*`` for
any ending; a phrase is matched as a whole, and the longest match of a sense wins. ``slots.csv``
says which senses make which fault.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

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
_TOKEN = re.compile(r"⟦\d+⟧|[^\W_]+(?:['’][^\W_]+)?|[.,;:!?()—–…\"“”|]")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?\*?")
_PARTED = re.compile(
    r";|,| and | with | without | alone|placebo|no treatment|control group|[\d(].*"
)
_SITE = re.compile(r"(.+?) (?:of|at) the (.+)")
_LEXICON = ["sense", "words", "means", "reason"]
_RULES = ["slot", "words", "needs", "also", "unless", "held", "verdict", "says", "reason"]
_TABLES = "findings arms context timecourse harms advice conclusions"
_PARTS = ("correction", "design", "trial")
_Entry = tuple[tuple[str, ...], str, str]


@dataclass(frozen=True, slots=True)
class Token:
    """One word, mark of punctuation or role, with the place where it begins in its sentence."""

    text: str
    low: str
    start: int


@dataclass(frozen=True, slots=True)
class Tag:
    """Words of a sentence that have a sense: which, what they mean, and which tokens they are."""

    sense: str
    means: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A slot that words fill: what must be near them, what silences them, and what to say."""

    slot: str
    words: tuple[str, ...]
    anywhere: bool
    needs: frozenset[str]
    also: frozenset[str]
    unless: frozenset[str]
    held: str
    verdict: str
    says: str

    def applies(self, flags: set[str]) -> bool:
        """Whether what must be near is among what holds."""
        return bool((self.needs & flags or not self.needs) and (self.also & flags or not self.also))


def tokenize(text: str) -> list[Token]:
    """Split a text into words, marks and roles."""
    found = [(m.group(), m.start()) for m in _TOKEN.finditer(text)]
    return [
        Token(word, word.lower().replace("’", "'").removesuffix("'s"), at) for word, at in found
    ]


class Wording:
    """Every word with a sense, ready to be looked up, with the evidence that gives the names."""

    def __init__(self, evidence: Evidence, *, strict: bool = True) -> None:
        self.evidence = evidence
        self.rules = [_rule(row) for row in _rows(_GENERAL / "slots.csv", _RULES)]
        self._entries: dict[str, list[_Entry]] = defaultdict(list)
        self._seen: dict[tuple[str, str], list[_Entry]] = {}
        known = {"kin"}.union(*([*r.words, *r.needs, *r.also, *r.unless] for r in self.rules))
        own = sorted((evidence.folder / "wording").glob("*.csv"))
        for path in [*sorted(_GENERAL.glob("*.csv")), *own]:
            for line, row in enumerate(() if path.stem == "slots" else _rows(path, _LEXICON), 2):
                if path not in own:
                    known.add(row["sense"])
                elif row["sense"] not in known:
                    message = f"found {row['sense']!r}, a sense that no rule looks for"
                    hint = did_you_mean(row["sense"], known)
                    raise EvidenceError(
                        [Problem(relative_name(path), line, "sense", message + hint)]
                    )
                wide = row["sense"] == "kin" and not strict
                sense = "subject" if wide else row["sense"]
                self._add(split_list(row["words"]), sense, row["means"])
        for names, sense, means in self._names():
            self._add(names, sense, means)
        self.sources = _source_names(evidence)
        self.owners = {source: source for source in evidence.rows("sources")}
        for table in _TABLES.split():
            owners = getattr(evidence, table)["source_id"].dropna()
            self.owners |= {str(key): str(source) for key, source in owners.items()}

    def resolve(self, role: str, key: str) -> tuple[str, str, str]:
        """Give the sense of a role, what its key means, and whose result or value that is."""
        if role == "value":
            return role, key, self.owners.get(key.partition(".")[0], "")
        try:
            row = self.evidence.row(f"{role}s", key) if role in ("finding", "source") else None
        except UnknownKeyError:
            row = None
        return (role, str(row[0]), self.owners[row[0]]) if row else ("ref", key, "")

    @cache  # noqa: B019
    def trials_of(self, country: str) -> list[str]:
        """List the trials of a country, if they are few enough to be meant by it."""
        rows = [row for row in self.evidence.rows("trials").values() if row.country]
        words = tuple(country.split("|"))
        found = [row.source_id for row in rows if row.country.lower().startswith(words)]
        return found if len(found) < 4 else []

    def tags(self, tokens: list[Token]) -> Iterator[Tag]:
        """Find what the words of a sentence mean; one stretch may have several senses."""
        named = -1
        for index, token in enumerate(tokens):
            longest: dict[str, int] = {}
            after = tokens[index + 1].low if index + 1 < len(tokens) else ""
            for phrase, sense, means in self._starting(token.low, after):
                size = len(phrase)
                known = longest.get(sense, size) != size or (sense == "outcome" and index <= named)
                if known or not _fits(phrase, tokens[index : index + size]):
                    continue
                longest[sense] = size
                if sense == "outcome":
                    named = index + size - 1
                yield Tag(sense, means, index, index + size - 1)

    def _starting(self, low: str, after: str) -> list[_Entry]:
        """List what may begin with one word and go on with the next, the longest first."""
        if (low, after) not in self._seen:
            starts = [low, *(low[:size] + "*" for size in range(2, len(low) + 1))]
            found = [
                entry
                for start in starts
                for entry in self._entries.get(start, ())
                if len(entry[0]) == 1 or _same(entry[0][1].lower(), after)
            ]
            self._seen[low, after] = sorted(found, key=lambda entry: -len(entry[0]))
        return self._seen[low, after]

    def _add(self, words: Iterable[str], sense: str, means: str) -> None:
        for word in words:
            # A short abbreviation is a name only in its own letters: CAT is no cat.
            exact = sense == "outcome" and len(word) < 6 and word.upper() == word
            parts = tuple(part if exact else part.lower() for part in _WORD.findall(word))
            if parts:
                self._entries[parts[0].lower()].append((parts, sense, means))

    def _names(self) -> Iterator[tuple[Iterable[str], str, str]]:
        rows, topic = self.evidence.rows, self.evidence.topic
        yield [topic.subject["name"], *topic.subject.get("synonyms", ())], "subject", ""
        shared: dict[str, list[str]] = defaultdict(list)
        for key, row in rows("outcomes").items():
            names = {row.name, *split_list(row.synonyms)}
            if match := _SITE.fullmatch(row.name):
                what = (row.kind, row.kind.split()[-1], row.abbreviation or row.kind)
                names |= {f"{w} {of} the {match.group(2)}" for w in what for of in ("of", "at")}
            if row.abbreviation:
                shared[row.abbreviation].append(key)
            short, end = f" {row.abbreviation}", f" {row.kind.split()[-1]}"
            names |= {name.replace(short, end) for name in names if name.endswith(short)}
            yield sorted({form for name in names for form in _forms(name)}), "outcome", key
        for short, ids in shared.items():
            kind = rows("outcomes")[ids[0]].kind
            yield [short], "outcome", ids[0] if len(ids) == 1 else f"kind:{kind}"
        for kind, row in rows("kinds").items():
            shorter = [" ".join(name.split()[-2:]) for name in (kind, row.plural)]
            names = {kind, row.plural, *shorter} if row.role != "other" else set()
            yield sorted(names), "outcome", f"kind:{kind}"
        forms = {row.form for row in rows("sources").values() if row.form}
        yield {row.country for row in rows("trials").values() if row.country}, "country", ""
        given = [
            part.strip()
            for row in rows("trials").values()
            for text in (row.comparator, row.given_to_all, row.other_arm)
            for part in _PARTED.split(text or "")
        ]
        own = topic.subject["name"]
        yield {p for p in given if len(p) > 5 and not own.startswith(p)}, "otherwise", ""
        for form in (form for form in forms if "," not in form and " or " not in form):
            yield [form], "form", form.lower()


def _rows(path: Path, columns: list[str]) -> list[dict[str, str]]:
    """Read a lexicon, or say what is wrong with it, with file and line."""
    text, problems = read_text(path)
    reader = csv.DictReader(text.splitlines())
    if not problems and reader.fieldnames != columns:
        message = f"found the columns {reader.fieldnames}; needed: {', '.join(columns)}"
        problems = [Problem(relative_name(path), 1, "", message)]
    rows = [] if problems else list(reader)
    message = "each row needs what it is about, the reason why it is here, and every column"
    for line, row in enumerate(rows, start=2):
        if None in row.values() or not (row[columns[0]] and row["reason"]):
            problems.append(Problem(relative_name(path), line, "", message))
    if problems:
        raise EvidenceError(problems)
    return rows


def _rule(row: dict[str, str]) -> Rule:
    words = tuple(row["words"].replace("*", "").split())
    needs, also, unless = (frozenset(row[name].split()) for name in ("needs", "also", "unless"))
    held, verdict, says = row["held"], row["verdict"], row["says"]
    anywhere = row["words"].startswith("*")
    return Rule(row["slot"], words, anywhere, needs, also, unless, held, verdict, says)


def _fits(phrase: tuple[str, ...], tokens: list[Token]) -> bool:
    return len(phrase) == len(tokens) and all(
        _same(part, token.text if part.isupper() else token.low)
        for part, token in zip(phrase, tokens, strict=True)
    )


def _same(part: str, word: str) -> bool:
    return word == part or (part.endswith("*") and word.startswith(part[:-1]))


def _forms(name: str) -> Iterator[str]:
    """List the ways a name is written: singular, plural, and with its place first."""
    match = _SITE.fullmatch(name)
    for form in [name, *([f"{match.group(2)} {match.group(1)}"] if match else [])]:
        yield form
        if form[-1].islower():
            yield form[:-1] if form.endswith("s") and not form.endswith("ss") else form + "s"


def _source_names(evidence: Evidence) -> dict[str, list[tuple[str, str, str]]]:
    """Map the first word of each name to sources, each with its year and the next word."""
    known: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for key, row in evidence.rows("sources").items():
        words = [t.low for t in tokenize(row.short_name) if t.low[0].isalnum()]
        year = next((w for w in words if YEAR.fullmatch(w)), str(row.year or ""))
        first, *others = [w for w in words if w != year] or [key]
        rest = [word for word in others if word not in _PARTS]
        known[first].append((key, year, rest[0] if rest else ""))
    return dict(known)
