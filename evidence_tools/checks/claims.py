"""What a sentence says happens to an outcome: predicates, outcomes and who is the subject."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from evidence_tools.checks.mentions import MARKER, STRENGTH, Mention, outcome_mentions
from evidence_tools.checks.sentences import ROLE_MARK
from evidence_tools.checks.stance import ASSERTED, HEDGED, Clause, clauses, stance
from evidence_tools.schema import Direction

BENEFIT = re.compile(
    r"\b(?:improv\w*|strengthen\w*|fortif(?:y|ies|ied|ying)|reinforc\w*|protect\w*|prevent\w*|restor\w*|rebuil\w*|repair\w*"
    r"|preserv\w*|maintain\w*|safeguard\w*|shield\w*|guard(?:s|ed|ing)?|ward(?:s|ed|ing)? off|stav\w+ off|hold\w* off|boost\w*|promot(?:e|es|ed|ing)"
    r"|nourish\w*|rejuvenat\w*|regenerat\w*|revitali\w*|renew(?:s|ed|ing)?|enhanc\w*|heal(?:s|ed|ing)?|cur(?:e|es|ed|ing)|revers(?:e|es|ed|ing)|halt\w*"
    r"|arrest(?:s|ed|ing)?|avert\w*|fight(?:s|ing)?|fought|combat\w*|counteract\w*|beat(?:s|ing)?|defeat\w*|remed(?:y|ies)|reminerali\w*|thicken\w*|harden\w*"
    r"|toughen\w*|optimi[sz]\w*|benefit(?:s|ed|ing)?|beneficial|defend\w*|rescu\w*|eliminat\w*|banish\w*|stop(?:s|ped|ping)?|slow(?:s|ed|ing)?|delay(?:s|ed|ing)?"
    r"|treats|mend(?:s|ed|ing)?|breathes?|replenish\w*|stabili[sz]\w*|offset\w*|ameliorat\w*|mitigat\w*|alleviat\w*|deter(?:s|red)?|block(?:s|ed|ing)?|save[sd]?|spare[sd]?"
    r"|guarantee\w*|secur(?:e|es|ed|ing)|ensur\w*|transform\w*|supercharg\w*|revolutioni\w*|good for|great for|excellent for|vital (?:for|to)|essential (?:for|to)|crucial (?:for|to)|key to|works? (?:for|against)"
    r"|effective(?:ly)?|efficacious|efficacy|protective|preventive|curative|therapeutic|restorative|(?:an?|the) (?:cure|remedy|shield|solution|must|answer|missing \w+) (?:for|against|to|in)|better)\b",
    re.I,
)


WEAK = re.compile(
    r"\b(?:help(?:s|ed|ing)?|support(?:s|ed|ing)?|aid(?:s|ed|ing)?|keep(?:s|ing)?|kept|build(?:s|ing)?|built|feed(?:s)?|grow(?:s)?|grew|avoid(?:s|ed|ing)?"
    r"|tackl\w*|eas(?:es|ed)|affect(?:s|ed)?|manag(?:es|ed)|treat(?:s|ed|ing)?|end(?:s|ed)|escape[sd]?|make[s]?|made|making|give[s]?|gave|add(?:s|ed)?|need[s]?|depend[s]? on|supplement for|vitamin for)\b",
    re.I,
)


UP = re.compile(
    r"\b(?:increas\w*|rais(?:e|es|ed|ing)|ris(?:e|es|ing|en)|rose|elevat\w*|higher|greater|gain(?:s|ed|ing)?|climb\w*|(?:went|go(?:es)?|going|moved?|was|were|pushes|pushed|drives|drove) up|(?<!-)up(?:ward)?(?=[ ,.:;]|$)"
    r"|more(?! than (?:this|one)| or less)|grew|surg\w+|soar\w*|jump\w*|upturn|stimulat\w*|augment\w*|lift(?:s|ed|ing)?|activat\w*)\b",
    re.I,
)


DOWN = re.compile(
    r"\b(?:decreas\w*|reduc\w*|lower(?:s|ed|ing)?|fall(?:s|ing|en)?(?! (?:cause[sd]?|can cause|lead|in the|or|and|from|down)\b)|fell|drop(?:s|ped|ping)?|declin\w*|cut(?:s|ting)?|slash\w*|fewer|rarer|less(?! than)|diminish\w*"
    r"|suppress\w*|(?:went|go(?:es)?|going|moved?|was|were|pushes|pushed|drives|drove|brings?|brought) down|(?<!break )(?<!breaks )(?<!broken )(?<!breaking )(?<!broke )down(?:ward)?(?=[ ,.:;]|$)|loss of (?=(?:bone )?(?:mineral )?density|BMD)|shr[iau]nk\w*|minimi[sz]\w*|curb(?:s|ed)?|halv\w*|inhibit\w*|plummet\w*|tumbl\w+|dampen\w*|deplet\w*|lessen\w*|slower)\b",
    re.I,
)


SUBJECT = re.compile(
    r"\b(?:vitamins? K2?|K2|menaquinones?|menatetrenone|MK-?\d|supplement\w*|the vitamin|natto|capsules?|taking it)\b",
    re.I,
)


_ADJECTIVE = re.compile(
    r"\b(?:strong(?:er|est)?|sturd\w+|tough(?:er)?|health(?:y|ier)|solid|resilient|robust|hard(?:er)?|denser|protection|repair|regeneration|support|healing)\b",
    re.I,
)


OTHER_SUBJECT = re.compile(
    r"\b(?:osteoporosis (?:makes|raises|increases|means|leads)|age(?:ing)?|menopause|smoking|warfarin|alendronate|risedronate|bisphosphonates?|strontium|denosumab|exercise|estrogen|oestrogen|bone drugs?|drugs? for (?:bone|osteoporosis)|cells that|bone-forming cells|an enzyme|a protein|kidney function)\b",
    re.I,
)


# What moves a marker or breaks a bone in anyone, whatever is taken.
_CONDITION = re.compile(
    r"\b(?:during|after|before|while|when|with|in|at|by|under|since|following|until|from|following)\s+(?:the |an? |its |her |their )?(?:\w+ ){0,2}?"
    r"(?:mornings?|evenings?|afternoons?|nights?|noon|days?|seasons?|winter|summer|spring|autumn|sleep|meals?|food|breakfast|fasting|exercise|bed rest|age|childhood|puberty|growth|pregnancy"
    r"|illness|disease|fractures?|falls?|injur(?:y|ies)|surgery|healing|repair|storage|kidneys?|liver|thyroid|cancer|glucocorticoids?|o?estrogen|denosumab|bisphosphonates?|another medicine|some medicines)\b",
    re.I,
)


_OF_RESULTS = re.compile(
    rf"{ROLE_MARK}|\b(?:trials?|stud(?:y|ies)|reviews?|sources?|groups?|arms?|pooled|results?|these changes)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A predicate and the outcome it is said of, with how the sentence holds it."""

    mention: Mention
    start: int
    end: int
    word: str
    direction: Direction | None
    benefit: bool
    held: str


@lru_cache(maxsize=4096)
def claims(text: str) -> tuple[Claim, ...]:
    """Find what a sentence says happens to an outcome.

    Parameters
    ----------
    text
        The sentence as plain text.

    Returns
    -------
    tuple of Claim
        Those that the sentence itself holds, asserted or hedged.
    """
    return tuple(_find_claims(text))


def _find_claims(text: str) -> Iterator[Claim]:
    found = outcome_mentions(text)
    for clause in clauses(text):
        inside = [m for m in found if clause.start <= m.start < clause.end]
        if not inside:
            # "They become stronger": what it is about was named before.
            inside = (
                [m for m in found if m.end <= clause.start][-1:] if _pronoun(text, clause) else []
            )
        for mention in inside:
            yield from _claims_on(text, clause, mention, inside)


def other_subject(text: str, position: int) -> bool:
    """Whether what stands before a position is about something other than vitamin K2."""
    before = text[:position]
    return bool(OTHER_SUBJECT.search(before)) and not SUBJECT.search(before)


def general(text: str, position: int) -> bool:
    """Whether a clause tells what holds for anyone: "CTX rises after a fracture"."""
    if SUBJECT.search(text) or _OF_RESULTS.search(text):
        return False
    here = next((c for c in clauses(text) if c.start <= position < c.end), Clause(0, len(text)))
    begin = here.start
    return bool(_CONDITION.search(text, begin, here.end) or _CONDITION.match(text, here.end))


def _pronoun(text: str, clause: Clause) -> bool:
    return bool(
        re.match(
            r"(?:and |so |but |which )*(?:they|these|which|it|them)\b", text[clause.start :], re.I
        )
    )


def _claims_on(
    text: str, clause: Clause, mention: Mention, inside: list[Mention]
) -> Iterator[Claim]:
    held = ""
    for pattern, benefit in ((BENEFIT, True), (WEAK, True), (UP, False), (DOWN, False)):
        if pattern is WEAK and mention.kind == MARKER:
            continue
        for match in pattern.finditer(text, clause.start, clause.end):
            start, end = match.span()
            if mention.start <= start < mention.end and benefit:
                continue
            reach = 3 if pattern is WEAK else 7
            if not _near(text, mention, start, end, reach, inside):
                continue
            held = stance(text, start, end)
            if held not in (ASSERTED, HEDGED):
                continue
            direction = {UP: Direction.INCREASE, DOWN: Direction.DECREASE}.get(pattern)
            yield Claim(mention, start, end, match.group(), direction, benefit, held)
    if mention.kind == STRENGTH and (adjective := _ADJECTIVE.search(mention.text)):
        held = stance(text, mention.start, mention.start)
        if re.search(r"\b(?:an?|any) $", text[: mention.start], re.I) and not SUBJECT.search(text):
            return  # "a strong bone can break too" is said of no one
        if held in (ASSERTED, HEDGED):
            start = mention.start + adjective.start()
            yield Claim(mention, start, mention.end, mention.text, None, True, held)


def _near(
    text: str, mention: Mention, start: int, end: int, reach: int, inside: list[Mention]
) -> bool:
    """Whether a predicate stands near enough to an outcome, with no other outcome between."""
    gap = text[end : mention.start] if end <= mention.start else text[mention.end : start]
    if len(gap.split()) > reach:
        return False
    low, high = sorted((mention.end, start)) if mention.end <= start else (end, mention.start)
    return not any(
        low <= other.start and other.end <= high
        for other in inside
        if other is not mention and other.kind != mention.kind
    )
