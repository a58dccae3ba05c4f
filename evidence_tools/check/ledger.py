"""The ledger of numbers: every number a reader sees comes from a row or is of an exempt kind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from evidence_tools.check.claims import Reading
from evidence_tools.check.pages import MARK
from evidence_tools.check.verdicts import Rows
from evidence_tools.check.wording import YEAR

_DIGITS = re.compile(r"\d[\d.,]*(?:\s?%)?")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|\b10\.\d{4,}/\S+")
_NAME = re.compile(r"(?:[A-Za-zα-ω]|[A-Z][A-Z\d]*-)$")
_SYMBOLS = re.compile(r"[¼-¾⅐-↉①-⓿❶-➓Ⅱ-ↂ]|(?<![A-Za-z])[²³¹⁰-₉]|[一二三四五六七八九十百千]")
_BARE = {
    "code": re.compile(r"\s*[<>=≤≥~±+−-]?\s*\d[\s\d.,%+−–±-]*[\s\w/%µ]{0,8}$"),
    "math": re.compile(r".*?(?:\d+[.,]\d+|\d{3,})"),
    "drawing": re.compile("(?!)"),
}
"""Code that is nothing but a number, and a formula that has more than an index."""
_COLUMNS = ("estimate", "ci_lower", "ci_upper", "p_value", "k_studies", "n_participants")
_WORDS = {"unitdefinition": "unit definition", "nullvalue": "null value"}


def check_numbers(reading: Reading, rows: Rows, seen: Counter[str]) -> Iterator[str]:
    """Say which numbers an author typed in a sentence; count by kind."""
    seen["from rows"] += len(reading.all("finding", "value"))
    sources = reading.sources or reading.carried
    if not sources and (reading.has("central") or "n_studies" in reading.means("counted")):
        sources = [rows.central] if rows.central else []
    findings = (*reading.means("finding"),)
    for number, kind in numbers(reading, " ".join(rows.text(key, findings) for key in sources)):
        seen[kind or "typed"] += 1
        if not kind:
            yield f"typed number {number!r}: {_remedy(number, sources, rows)}"


def numbers(reading: Reading, said: str = "") -> Iterator[tuple[str, str]]:
    """Find every number of a sentence, in digits and in words, with its exempt kind or nothing.

    ``said`` is what the tables hold on the sources of the sentence, which may repeat it in words.
    """
    tokens, text = reading.tokens, MARK.sub(lambda m: "|" * len(m[0]), reading.sentence.text)
    if bare := _BARE.get(reading.sentence.kind):
        kind = "" if bare.match(text) else "code or formula"
        yield from ((match[0], kind) for match in _DIGITS.finditer(text))
        return
    names, numbered, years = (
        {n for tag in reading.all(*senses) for n in range(tag.first, tag.last + 1)}
        for senses in (("subject", "outcome", "form"), ("numbering",), ("source",))
    )
    places = {token.start: index for index, token in enumerate(tokens)}
    addresses = {n for match in _ADDRESS.finditer(text) for n in range(*match.span())}
    units = {t.first: t.means or tokens[t.first].low[:4] for t in reading.all("counted")}
    for match in _DIGITS.finditer(text):
        word, before = match[0].rstrip(".,"), text[: match.start()][-40:]
        index = places.get(match.start(), -1)
        near = not years.isdisjoint(range(index - 6, index + 5))
        kinds = {
            "address": match.start() in addresses,
            "identifier": index in names
            or _NAME.search(before)
            or (index < 0 and before[-1:].isalnum()),
            "citation year": YEAR.fullmatch(word) and (near or before[-3:-1].isupper()),
            "numbering": index - 1 in numbered or (index - 2 in numbered and len(word) < 3),
            "dose or time of its source": index >= 0
            and f" {word} {units.get(index + 1, '?')}" in f" {said}",
        }
        yield word, next((kind for kind, is_one in kinds.items() if is_one), "")
    for tag in reading.all("number", "small"):
        unit = next((units[n] for n in range(tag.last + 1, tag.last + 4) if n in units), "")
        nouns = [unit, *(token.low[:4] for token in tokens[tag.last + 1 : tag.last + 2])]
        word = reading.words(tag)
        known = [f" {form} {noun}" for form in (tag.means, word.lower()) for noun in nouns if noun]
        if tag.sense == "number" or not unit.startswith("n_"):
            # A number that counts nothing, or is of no source, cannot be held against a row.
            wrong = not any(form in f" {said}" for form in known)
            yield word, "" if wrong and ((unit and said) or not tag.means) else "in words"
    yield from ((reading.words(tag), _WORDS[tag.sense]) for tag in reading.all(*_WORDS))
    yield from ((match[0], "") for match in _SYMBOLS.finditer(text))


def _remedy(number: str, sources: list[str], rows: Rows) -> str:
    """Say which row of the sources near it holds a number, or what to do without one."""
    for row in (row for source in sources for row in rows.of(source)):
        printed = {str(getattr(row, f"{name}_printed", "")).lstrip("-") for name in _COLUMNS}
        if number.rstrip("% ") in printed:
            return f"{row.source} prints it; write {{finding}}`{row.finding_id}`"
    counts = [f"{{value}}`{source}.n_studies`" for source in sources]
    also = f", such as {{finding}} or {' or '.join(counts)}" if counts else ""
    return f"no row near it holds it; take a number from a row with a role{also}, or leave it out"
