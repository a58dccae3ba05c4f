"""The ledger of numbers: every number a reader sees comes from a row or is of an exempt kind."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from evidence_tools.check.claims import Clause, Reading
from evidence_tools.check.pages import Block, Page, Piece
from evidence_tools.check.wording import YEAR, Tag, Wording, tokenize
from evidence_tools.evidence.problems import Problem

_DIGITS = re.compile(r"\d[\d.,]*(?:\s?%)?")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|\b10\.\d{4,}/\S+")
_NAME = re.compile(r"(?:[A-Za-zα-ω]|[A-Z][A-Z\d]*-)$")
_SYMBOLS = re.compile(r"[¼-¾⅐-↉①-⓿❶-➓Ⅱ-ↂ]|(?<![A-Za-z])[²³¹⁰-₉]|[一二三四五六七八九十百千]")
_ARTICLES = {"a", "an", "the", "this"}  # what follows one is not what a number before it counts
_BARE = re.compile(r"\s*[<>=≤≥~±+−-]?\s*\d[\s\d.,%+−–±-]*[\s\w/%µ]{0,8}")
_DECIMAL = re.compile(r"\d+[.,]\d+|\d{3,}")
_WORDS = {"number": "", "unitdefinition": "unit definition", "nullvalue": "null value"}
_COLUMNS = ["estimate", "ci_lower", "ci_upper", "p_value", "k_studies", "n_participants"]


def check_numbers(page: Page, wording: Wording, seen: Counter[str]) -> Iterator[Problem]:
    """Find numbers that an author typed on a page, in its text and in its code; count by kind."""
    for block in page.blocks:
        seen["from rows"] += sum(piece.role in ("finding", "value") for piece in block)
        for piece in block:
            for text, kind in [] if piece.role else _piece_numbers(piece, wording):
                seen[kind or "typed"] += 1
                if not kind:
                    message = f"typed number {text!r}: {_suggestion(text, block, wording)}"
                    yield page.problem(piece.line, message, "number")
    for node, parent, line in page.code:
        value = getattr(node, "value", None) if isinstance(node, ast.Constant) else None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if isinstance(value, float) or (is_number and isinstance(parent, ast.FormattedValue)):
            seen["typed"] += 1
            message = f"number {value!r} typed in a code cell: take it from a row"
            yield page.problem(line, message, "number")


def _piece_numbers(piece: Piece, wording: Wording) -> Iterator[tuple[str, str]]:
    for number, kind in numbers(piece.text, wording):
        if piece.literal == "code" and not _BARE.fullmatch(piece.text):
            yield number, kind or "literal"
        elif piece.literal == "math" and not _DECIMAL.search(number):
            yield number, kind or "formula"
        else:
            yield number, kind


def numbers(text: str, wording: Wording) -> Iterator[tuple[str, str]]:
    """Find every number of a text, in digits and in words, with its exempt kind or nothing."""
    tokens = tokenize(text)
    tags = list(wording.tags(tokens))
    by: dict[str, set[int]] = defaultdict(set)
    for tag in tags:
        by[tag.sense].update(range(tag.first, tag.last + 1))
    names, numbering = by["subject"] | by["outcome"] | by["form"], by["numbering"]
    places = {token.start: index for index, token in enumerate(tokens)}
    addresses = [m.span() for m in _ADDRESS.finditer(text)]
    for match in _DIGITS.finditer(text):
        word, before = match.group().rstrip(".,"), text[: match.start()]
        index = places.get(match.start(), -1)
        near = {t.low for t in tokens[max(index - 6, 0) : index + 5]}
        if any(start <= match.start() < end for start, end in addresses):
            yield word, "address"
        elif index in names or _NAME.search(before):
            yield word, "identifier"
        elif index < 0 and before[-1:].isalnum():
            continue  # the rest of a word
        elif YEAR.fullmatch(word) and (near & wording.sources.keys() or before[-3:-1].isupper()):
            yield word, "citation year"
        elif index - 1 in numbering or (index - 2 in numbering and len(word) < 3):
            yield word, "numbering"
        else:
            yield word, ""
    for tag in tags:
        words = text[tokens[tag.first].start : tokens[tag.last].start + len(tokens[tag.last].text)]
        after = tokens[tag.last + 1].low if tag.last + 1 < len(tokens) else ""
        if tag.sense in _WORDS and after not in ("blind", "dummy"):
            yield words, _WORDS[tag.sense]
        elif tag.sense == "small":
            nouns = by["counted" if words.lower() == "two" else "measured"]
            if nouns & {tag.last + 1, tag.last + 2} and tag.first - 1 not in by["nocount"]:
                yield words, ""
    yield from ((match.group(), "") for match in _SYMBOLS.finditer(text))


def _suggestion(number: str, block: Block, wording: Wording) -> str:
    """Say which row holds a number that was typed, or how to write one of its kind from a row."""
    text = " ".join(piece.text for piece in block if not piece.role)
    owners = {wording.owners.get(p.text.partition(".")[0], "") for p in block if p.role}
    sources = owners - {""} or {wording.evidence.topic.central_source}
    outcomes = {tag.means for tag in wording.tags(tokenize(text)) if tag.sense == "outcome"}
    for row in wording.evidence.rows("findings").values():
        printed = [str(getattr(row, f"{name}_printed", "")).lstrip("-") for name in _COLUMNS]
        near = row.source_id in sources and row.outcome_id in outcomes
        if near and number.rstrip("% ") in printed:
            return f"{row.source} prints it; write {{finding}}`{row.finding_id}`"
    after = [] if number.endswith("%") else tokenize(text.partition(number)[2])
    source = min(sources)
    for tag in wording.tags(after[:2]):
        rows = [wording.evidence.rows(table).get(source) for table in ("sources", "trials")]
        held = any(getattr(row, tag.means or "-", None) is not None for row in rows)
        if tag.sense == "counted" and held:
            name = f"{{value}}`{source}.{tag.means}`"
            return f"write {name}, if it counts that, or leave it out"
    return "no row near it holds it; take a number from a row, with a role, or leave it out"


def compare_owner(judge: Any, reading: Reading, _: Clause, tag: Tag) -> dict[str, Any] | None:
    """Compare the owner of a value with the source of its sentence."""
    named = [t.means for t in reading.all("source") if reading.role(t) in ("source", "")]
    named = named or ([judge.rows.central] if reading.has("central") else [])
    owner = judge.wording.owners.get(tag.means.partition(".")[0], "")
    wrong = owner and named and owner not in named
    return {"value": tag.means, "owner": owner, "named": ", ".join(named)} if wrong else None


def compare_counts(judge: Any, reading: Reading, _: Clause, tag: Tag) -> dict[str, Any] | None:
    """Compare the field of a value with the noun or the sign after it."""
    identifier, __, field = tag.means.partition(".")
    near = [
        t.means
        for t in reading.all("counted")
        if 0 < t.first - tag.last < 4
        and t.means
        and not _ARTICLES & {token.low for token in reading.tokens[tag.last : t.first]}
    ]
    shares = field == "estimate" and re.match(
        r" ?(?:%|per ?cent)", reading.sentence.text[reading.end(tag) :]
    )
    owned = judge.wording.owners.get(identifier) == identifier and field.startswith("n_")
    kind = field if field == "n_studies" else "n_participants"  # randomised, or completed
    if not (shares or (owned and near and kind not in near)):
        return None
    instead = f"{{finding}}`{identifier}`" if shares else f"{{value}}`{identifier}.{near[0]}`"
    return {"value": tag.means, "instead": instead, "ids": [identifier]}


def compare_per_outcome(
    judge: Any, reading: Reading, clause: Clause, __: Tag
) -> dict[str, Any] | None:
    """Find numbers of a whole source that are said to be those of one outcome."""
    given = [judge.rows.findings[t.means] for t in reading.all("finding")]
    given = given or [
        r for s in clause.sources for o in clause.outcomes for r in judge.rows.of(s, o)
    ]
    for value in reading.all("value"):
        owner, _, field = value.means.partition(".")
        column = {"n_studies": "k_studies"}.get(field, field)
        source: Any = judge.rows.sources.get(owner)
        for row in given if source and field in ("n_studies", "n_participants") else ():
            if (source.n_studies or 0) > 1 and getattr(row, column) != getattr(source, field):
                return {"value": value.means, "row": row, "ids": [row.finding_id]}
    return None


def compare_two(judge: Any, reading: Reading, clause: Clause, tag: Tag) -> dict[str, Any] | None:
    """Compare a number in words that points to the studies of one source."""
    nouns = {t.first for t in clause.all("counted") if t.means == "n_studies"}
    counts = tag.last + 1 in nouns and tag.means and len(reading.named) == 1
    row = judge.rows.sources[clause.sources[0]]
    return {"row": row} if counts and str(row.n_studies) != tag.means else None
