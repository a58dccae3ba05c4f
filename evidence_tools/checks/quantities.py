"""Numbers in a text, typed as digits or as words, and the kinds that are no claims.

A number in prose is either bound to a row (a role), or of a kind declared here as exempt with
a reason, or a problem. Small number words are quantities only where they count or measure
something; "two names" of one measure and "one can see" are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of number that may be typed, and why."""

    name: str
    reason: str
    example: str


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "identifier", "part of a name, not a quantity", "vitamin K2, MK-7, the trial JOINT-03"
        ),
        Kind("citation year", "part of the name of a source in the tables", "Mott 2019"),
        Kind("numbering", "numbers chapters, figures, tables, sections and steps", "chapter 6"),
        Kind("formula", "an integer or symbol of a formula", "(u - l) / 2z"),
        Kind("literal", "code or a file name, shown as typed", "requirements.txt"),
        Kind("address", "part of a DOI or an address", "10.1136/bmj.d2304"),
        Kind("licence or standard", "version of a licence or standard", "Python 3.11"),
        Kind("unit definition", "what a unit is, not how much of it", "a tenth of a litre"),
        Kind("null value", "the value of no difference, a matter of definition", "never as zero"),
    )
}
"""Every kind of number that may be typed, by name."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """One number in a text; ``kind`` names why it is exempt, and is empty for a claim."""

    text: str
    start: int
    end: int
    kind: str = ""


_IDENTIFIER = re.compile(
    r"\b(?:vitamins?\s+)?(?:K[ -]?[1237]|D[ -]?[23]|B[ -]?(?:6|9|12)|MK-?(?:[4-9]|1[0-3])"
    r"|[Mm]ena(?:quinone|tetrenone)s?-?[0-9]{1,2}|P1NP|P1CP|TRA(?:C)?P[ -]?5[ab]|CTX-?[12]|NTX-?1|JOINT-?03|OF-study|Q10|I2"
    r"|PRISMA(?:-LSR)?\s+20[0-9]{2}|GRADE guid(?:ance|elines?) [0-9]+|CRD[0-9]{8,}|NCT[0-9]{8}"
    r"|PROSPERO [A-Z0-9]+|UMIN[0-9]+|PMID:? ?[0-9]+|SHA-?(?:1|256)|UTF-?8|COVID-19|ISO [0-9]+)\b"
    r"|I²|cm²|m²|cm2|m2|kg/m2"
)
_STANDARD = re.compile(
    r"\bCC BY(?:-[A-Z]+)* [0-9]\.[0-9]|\bPDF/UA-[12]\b|\bWCAG [0-9]\.[0-9]\b|\bRO-Crate [0-9.]+[0-9]"
    r"|\bPython [0-9]\.[0-9]+|\bversion [0-9]+\.[0-9]+(?:\.[0-9]+)?\b|\bv[0-9]+\.[0-9]+\.[0-9]+\b"
    r"|\bHTML5\b|\bCSS3\b|\bMP[34]\b"
)
_NUMBERING = re.compile(
    r"\b(?:[Cc]hapters?|[Ff]ig(?:ure|\.)s?|[Tt]ables?|[Ss]ections?|[Ss]teps?|[Bb]ox(?:es)?"
    r"|[Aa]ppendix|[Ee]quations?|[Ff]ootnotes?|[Pp]art)\s+[0-9]{1,2}(?:\.[0-9]{1,2})?(?![\w.]?\d)\b"
    r"|\b[Ee]vidence levels? [1-4]\b(?!\.\d)"
)
_ADDRESS = re.compile(
    r"https?://\S+|www\.\S+|\bdoi(?:\.org/|:\s*|\s+)?10\.\d{4,}\S*|\b10\.\d{4,}/\S+"
)
_DIGITS = re.compile(r"[+\-−±~≈<>≤≥]?\s?\w*\d[\w.,:/·]*(?:\s?(?:%|‰|percent\b|per cent\b))?")
_OTHER_NUMERALS = re.compile(r"[¼-¾⅐-↉²³¹⁰-⁹₀-₁₃-₉①-⓿❶-➓Ⅰ-ↂ一二三四五六七八九十百千]")

_UNIT_DEFINITION = re.compile(
    r"\ba (?:tenth|hundredth|thousandth|millionth|billionth) of a (?:litre|gram|metre|mole)\b"
)

_TEENS = (
    "ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty"
    "|thirty|forty|fifty|sixty|seventy|eighty|ninety"
)
_SMALL = "two|three|four|five|six|seven|eight|nine"
_LARGE = "hundred|thousand|million|billion|dozen|score"
_ANY = f"one|{_SMALL}|{_TEENS}|{_LARGE}"
# Numbers that are quantities wherever they stand.
_ALWAYS = re.compile(
    rf"\b(?:(?:{_ANY}|an?|several|many|some|few)[ -](?:and[ -])?(?:a[ -])?)*"
    rf"(?:three|four|five|six|seven|eight|nine|{_TEENS}|(?:{_LARGE})s?)"
    rf"(?:[ -](?:and[ -])?(?:{_ANY}|point|percent|per cent|half))*\b"
    r"|\b(?:twice|thrice|halve[sd]?|halving|tripl(?:es?|ed|ing)|quadrupl\w+|(?:two|three|four|five|six"
    r"|seven|eight|nine|ten|hundred|many|several)-?fold)\b"
    r"|\b(?:by|about|almost|nearly|over|under|around|in|to|than|cut|a|one|the other|only|least) half\b"
    r"|\bhalf(?: of| the| as| a| an| their| her| all)\b|\bone in (?:\w+)\b"
    r"|\b(?:a|one|two|three|by|nearly|about|over|almost|than) (?:third|quarter|fifth|tenth)s?\b(?! (?:kind|group|arm|trial|study|source|way|party|marker|column|row|part|review|sort|type|question|author)s?\b)"
    r"|\b(?:two|three|four)[ -](?:third|quarter|fifth)s\b|\ba couple of\b"
    r"|\b(?:a|an|one) (?:year|month|week|day|decade|hour|trial|study) or (?:two|so)\b"
    r"|\bdoubl(?:es?|ed|ing)\b(?![ -](?:blind|dummy|masked|mask|check|click))"
    r"|\b(?:one|two) (?:hundred|thousand|percent|per cent)\b|\bzero[ -](?:side|risk|fractures?|harms?"
    r"|adverse|women|trials|studies|effects?|cases|change|benefit)\w*",
    re.IGNORECASE,
)
_COUNTED = (
    r"(?:randomi[sz]ed |controlled |clinical |large |small |new |other |recent |pooled |more |systematic "
    r"|double-blind |Japanese |independent |separate |further |full |whole |short |long |older |more )*"
    r"(?:trials?|stud(?:y|ies)|reviews?|meta-analys[ei]s|women|men|patients|participants|people|persons"
    r"|adults|persons|subjects|weeks?|months?|years?|days?|hours?|mg|µg|ug|mcg|grams?|milligrams?"
    r"|micrograms?|tablets?|capsules?|pills?|doses?|markers|fractures?|points?|percent|per cent|%|times"
    r"|sources?|decades?|units?|standard deviations?|continents|countries|hospitals|cent(?:re|er)s)\b"
)
_SMALL_COUNT = re.compile(
    rf"(?<!\bthe )(?<!\bthese )(?<!\bthose )(?<!\bbetween )(?<!\bthat )(?<!\bThat )\btwo (?:out )?(?:of (?:the |\w+ )?)?{_COUNTED}(?! (?:may|might|can|could|need not)\b)"
    r"|\b(?:only|just|single|exactly) (?:one|two)\b(?! (?:can|could|may|of (?:the|many|several) (?:questions|things|reasons|ways|factors|many|steps|views)))"
    r"|\bone (?:out of|week|month|year|day|decade|mg|milligram|microgram|tablet|capsule|pill|dose|percent"
    r"|per cent|gram)s?\b"
    r"|\b(?:two|one)[ -](?:week|month|year|day|thirds?|and a half)\b"
    r"|\bout of (?:one|two)\b",
    re.IGNORECASE,
)
# Roman numerals count something only before a noun that is counted; "phase IV study" does not.
_ROMAN = re.compile(
    r"(?<!phase )(?<!Phase )(?<!type )(?<!Type )(?<!level )(?<!grade )(?<!class )(?<!part )(?<!Part )"
    rf"\b(?=[IVXLCDM]{{2,}}\b|[VX]\b)M{{0,3}}(?:CM|CD|D?C{{0,3}})(?:XC|XL|L?X{{0,3}})(?:IX|IV|V?I{{0,3}})\s+(?=(?i:{_COUNTED}))"
)
_NULL = re.compile(
    r"\b(?:never as|as|from|around|of|or|and|is|not|at|than|to|against) (?:a )?zero\b(?![ -][a-z])"
    r"|\b(?:includ|exclud|contain|cross)\w*(?: a)? (?:zero|0|1|one)\b(?! (?:side|risk|of|in|trial))"
    r"|\b(?:and not |never )(?:as )?zero\b",
    re.IGNORECASE,
)


def quantities(text: str, names: Iterable[str] = ()) -> Iterator[Quantity]:
    """Find every number in a text.

    Parameters
    ----------
    text
        Plain text without roles.
    names
        Names that hold digits and are known, such as short names of sources.

    Yields
    ------
    Quantity
        In the order of the text; a claim has no ``kind``.
    """
    exempt = list(_exempt_spans(text, names))
    found: list[Quantity] = []
    for match in _DIGITS.finditer(text):
        start = match.start() + len(match.group()) - len(match.group().lstrip(" +-−±~≈<>≤≥"))
        word = match.group().strip().rstrip(".,:/")
        found.append(Quantity(word, start, match.end()))
    found += [Quantity(m.group(), m.start(), m.end()) for m in _OTHER_NUMERALS.finditer(text)]
    for pattern in (_ALWAYS, _SMALL_COUNT, _ROMAN):
        found += [Quantity(m.group().strip(), m.start(), m.end()) for m in pattern.finditer(text)]
    last = -1
    for quantity in sorted(found, key=lambda q: (q.start, -q.end)):
        if quantity.start < last:
            continue
        kind = next((k for k, s, e in exempt if s <= quantity.start and quantity.start < e), "")
        if kind:
            # What follows inside the same stretch of letters is looked at by itself.
            end = next(e for k, s, e in exempt if s <= quantity.start < e)
            rest = text[end : quantity.end]
            yield Quantity(text[quantity.start : end], quantity.start, end, kind)
            if re.search(r"\d", rest):
                yield Quantity(rest.strip(" .,:/-–"), end, quantity.end)
        else:
            yield quantity
        last = quantity.end


def _exempt_spans(text: str, names: Iterable[str]) -> Iterator[tuple[str, int, int]]:
    for pattern, kind in (
        (_ADDRESS, "address"),
        (_IDENTIFIER, "identifier"),
        (_STANDARD, "licence or standard"),
        (_NUMBERING, "numbering"),
        (_UNIT_DEFINITION, "unit definition"),
        (_NULL, "null value"),
    ):
        for match in pattern.finditer(text):
            yield kind, match.start(), match.end()
    for name in names:
        start = text.find(name)
        while start >= 0:
            yield "citation year", start, start + len(name)
            start = text.find(name, start + 1)
