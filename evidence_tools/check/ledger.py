"""The ledger of numbers: every number a reader sees comes from a row or is of an exempt kind."""

import re
from collections.abc import Iterable, Iterator, Set

from evidence_tools.check.claims import Reading
from evidence_tools.check.pages import MARK
from evidence_tools.check.rows import Rows
from evidence_tools.check.wording import YEAR

_DIGITS = re.compile(r"\d[\d.,]*(?:\s?%)?")
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|\b10\.\d{4,}/\S+")
_NAME = re.compile(r"(?:[A-Za-zα-ω]|[A-Z][A-Z\d]*-)$")
_PLAIN = re.compile(r"\d(?:[\d.,]*\d)?")
# Commits and days name a version, and count nothing.
_STAMP = re.compile(r"\b(?:[0-9a-f]{10,40}|\d{4}-\d\d-\d\d)\b")
_SYMBOLS = re.compile(r"[¼-¾⅐-↉①-⓿❶-➓Ⅱ-ↂ]|(?<![^\W\d_])[²³¹⁰-₉]|[一二三四五六七八九十百千]")
_CELLS = ("estimate", "ci_lower", "ci_upper", "ci_level", "p_value", "k_studies", "n_participants")


def digits(texts: Iterable[str]) -> set[str]:
    """Collect the numbers of finished texts as plain digits: ``2,570`` and ``2570`` are the same.

    >>> sorted(digits(["2,570 women (1.86, 3.1)", "on 2026-01-31"]))
    ['1.86', '2570', '3.1']
    """
    found: set[str] = set()
    for text in texts:
        for token in _PLAIN.findall(_STAMP.sub(" ", text)):
            grouped = re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", token)
            found.update([token.replace(",", "")] if grouped else token.split(","))
    return found


def check_numbers(reading: Reading, rows: Rows, held: Set[str] = frozenset()) -> Iterator[str]:
    """Say which numbers an author typed in a sentence, without those that are ``held``."""
    sources = reading.sources or reading.named
    if not reading.sources and reading.has("none") and reading.has("study"):
        sources = list(rows.trials)  # "no trial" speaks of all
    findings = (*reading.means("finding"),)
    said = " ".join(rows.text(source, findings) for source in sources)
    cited = {tag.means for tag in reading.all("source") if tag.role != "finding"}
    said += "".join(f" {rows.sources[key].n_studies} n_studies" for key in cited)
    for number, counts in numbers(reading, said):
        if not (digits([number]) or {number}) <= held:
            yield f"{number!r} is typed: {_where_held(number, counts, sources, rows)}"


def numbers(reading: Reading, said: str = "") -> Iterator[tuple[str, str]]:
    """Find the numbers that are typed in a sentence, in digits and in words, and what they count.

    No numbers are those of an address, a name, a year, a chapter or figure; ``said``
    is what the tables hold on the sources of the sentence, which may repeat it in words.
    """
    text = MARK.sub(lambda mark: "|" * len(mark[0]), reading.sentence.text)
    tokens, said = reading.tokens, _STAMP.sub(" ", f" {said}")
    names, numbered = (
        {n for tag in reading.all(*senses) for n in range(tag.first, tag.last + 1)}
        for senses in (("heading", "subject", "outcome", "form"), ("numbering",))
    )
    places = {token.start: index for index, token in enumerate(tokens)}
    addresses = {n for match in _ADDRESS.finditer(text) for n in range(*match.span())}
    for match in _DIGITS.finditer(text):
        word, before = match[0].rstrip(".,"), text[: match.start()][-40:]
        index = places.get(match.start(), -1)
        counts = reading.unit(index) if index >= 0 else ""
        # Doses, times and studies are held with their unit; people have many names.
        whole = word.isdigit() and (reading.unit(index, 1) or "n_p").startswith("n_p")
        if not (
            match.start() in addresses
            or index in names
            or _NAME.search(before)
            or YEAR.fullmatch(word)
            or index - 1 in numbered
            or (index >= 0 and _is_held(word, counts, said, whole=whole))
        ):
            yield word, counts
    for tag in reading.all("number", "small"):
        counts = reading.unit(tag.last)
        nouns = [counts, *(token.low[:4] for token in tokens[tag.last + 1 : tag.last + 2])]
        word = reading.words(tag)
        known = [f" {form} {noun}" for form in (tag.means, word.lower()) for noun in nouns if noun]
        # A number that counts nothing, or is of no source, cannot be held against a row.
        asked = (counts and said.strip()) or not tag.means
        small = tag.sense == "small" and counts.startswith("n_")
        if asked and not small and not any(form in said for form in known):
            yield word, counts
    yield from ((symbol, "") for symbol in _SYMBOLS.findall(text))


def _is_held(number: str, unit: str, said: str, *, whole: bool) -> bool:
    """Whether tables hold a number with its unit, or, if that is ``whole``, at all."""
    ends = [rf" ?{re.escape(unit)}"] if unit else []
    ends += [r"(?![.,]?\d)"] if whole else []
    plain = re.escape(number.replace(",", ""))
    return any(re.search(rf"(?<![\d.,]){plain}{end}", said) for end in ends)


def _where_held(number: str, counts: str, sources: list[str], rows: Rows) -> str:
    """Say which row of the sources near it holds a number, or what they have instead of it."""
    for row in (row for source in sources for row in rows.of(source)):
        printed = {str(getattr(row, f"{name}_printed", "")).lstrip("-") for name in _CELLS}
        if number.rstrip("% ") in printed:
            return f"{{finding}}`{row.finding_id}` prints it"
    asked = sources[:3] if counts.startswith("n_") and not re.search("[.%]", number) else ()
    having = (rows.sources[key] for key in asked if getattr(rows.sources[key], counts))
    said = (f"{row.short_name} has {{value}}`{row.source_id}.{counts}` in all" for row in having)
    return "; ".join(said) or "no source named here has it in this sense"
