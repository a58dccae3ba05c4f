"""The ledger of numbers: every number a reader sees comes from a row or is of an exempt kind."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from evidence_tools.check.pages import MARK, Page, Text
from evidence_tools.check.verdicts import Rows
from evidence_tools.check.wording import YEAR, Wording, tokenize
from evidence_tools.evidence.problems import Problem

_DIGITS = re.compile(r"\d[\d.,]*(?:\s?%)?")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|\b10\.\d{4,}/\S+")
_NAME = re.compile(r"(?:[A-Za-zα-ω]|[A-Z][A-Z\d]*-)$")
_SYMBOLS = re.compile(r"[¼-¾⅐-↉①-⓿❶-➓Ⅱ-ↂ]|(?<![A-Za-z])[²³¹⁰-₉]|[一二三四五六七八九十百千]")
_BARE = re.compile(r"\s*[<>=≤≥~±+−-]?\s*\d[\s\d.,%+−–±-]*[\s\w/%µ]{0,8}")
_DECIMAL = re.compile(r"\d+[.,]\d+|\d{3,}")
_COLUMNS = ("estimate", "ci_lower", "ci_upper", "p_value", "k_studies", "n_participants")
_WORDS = {"unitdefinition": "unit definition", "nullvalue": "null value"}


def check_numbers(
    page: Page, wording: Wording, rows: Rows, seen: Counter[str]
) -> Iterator[Problem]:
    """Find numbers that an author typed in the text of a page; count by kind."""
    for block in page.blocks:
        seen["from rows"] += sum(role in ("finding", "value") for role, _ in block.roles)
        sources, findings = _named(block, wording)
        said = " ".join(rows.text(source, findings) for source in sources)
        lines = [block.text] if block.literal else MARK.sub("|", block.text).split("\n")
        for line, text in enumerate(lines, start=block.line):
            for number, kind in numbers(text, wording, said):
                code = block.literal == "code"
                bare = _BARE.fullmatch(text) if code else _DECIMAL.search(number)
                exempt = kind or ("code or formula" if block.literal and not bare else "")
                seen[exempt or "typed"] += 1
                if not exempt:
                    message = f"typed number {number!r}: {_remedy(number, sources, rows)}"
                    yield page.problem(line, message, "number")


def _named(block: Text, wording: Wording) -> tuple[list[str], tuple[str, ...]]:
    """List the sources that a block names, by role or in words, and its findings."""
    roles = [wording.resolve(*role) for role in block.roles]
    tags = list(wording.tags(tokenize(MARK.sub(" ", block.text))))
    named = [tag.means for tag in tags if tag.sense == "source"]
    if not named and any("central" in tag.sense or tag.means == "n_studies" for tag in tags):
        named += [wording.evidence.topic.central_source or ""]
    sources = dict.fromkeys(owner for owner in [*(role[2] for role in roles), *named] if owner)
    return list(sources), tuple(key for sense, key, _ in roles if sense == "finding")


def numbers(text: str, wording: Wording, said: str = "") -> Iterator[tuple[str, str]]:
    """Find every number of a text, in digits and in words, with its exempt kind or nothing.

    ``said`` is what the tables hold on the sources of the text, which may repeat it in words.
    """
    tokens = tokenize(text)
    tags = list(wording.tags(tokens))
    by: dict[str, set[int]] = defaultdict(set)
    for tag in tags:
        by[tag.sense].update(range(tag.first, tag.last + 1))
    names, numbering = by["subject"] | by["outcome"] | by["form"], by["numbering"]
    places = {token.start: index for index, token in enumerate(tokens)}
    addresses = [m.span() for m in _ADDRESS.finditer(text)]
    units = {t.first: t.means or tokens[t.first].low[:4] for t in tags if t.sense == "counted"}
    for match in _DIGITS.finditer(text):
        word, before = match.group().rstrip(".,"), text[: match.start()][-40:]
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
        elif index >= 0 and f" {word} {units.get(index + 1, '?')}" in f" {said}":
            yield word, "dose or time of its source"
        else:
            yield word, ""
    for tag in tags:
        word = text[tokens[tag.first].start : tokens[tag.last].start + len(tokens[tag.last].text)]
        unit = next((units[n] for n in range(tag.last + 1, tag.last + 4) if n in units), "")
        nouns = [unit, *(token.low[:4] for token in tokens[tag.last + 1 : tag.last + 2])]
        known = [f" {form} {noun}" for form in (tag.means, word.lower()) for noun in nouns if noun]
        if tag.sense == "number" or (tag.sense == "small" and not unit.startswith("n_")):
            # A number that counts nothing, or is of no source, cannot be held against a row.
            wrong = not any(form in f" {said}" for form in known)
            yield word, "" if wrong and ((unit and said) or not tag.means) else "in words"
        elif tag.sense in _WORDS:
            yield word, _WORDS[tag.sense]
    yield from ((match.group(), "") for match in _SYMBOLS.finditer(text))


def _remedy(number: str, sources: list[str], rows: Rows) -> str:
    """Say which row of the sources near it holds a number, or what to do without one."""
    for row in (row for source in sources for row in rows.of(source)):
        printed = {str(getattr(row, f"{name}_printed", "")).lstrip("-") for name in _COLUMNS}
        if number.rstrip("% ") in printed:
            return f"{row.source} prints it; write {{finding}}`{row.finding_id}`"
    counts = [f"{{value}}`{source}.n_studies`" for source in sources]
    also = f", such as {{finding}} or {' or '.join(counts)}" if counts else ""
    return f"no row near it holds it; take a number from a row with a role{also}, or leave it out"
