"""Claims that vitamin K2 does something: which words make one, and what may be said.

A claim is a predicate and an outcome in one clause. On bone strength and health there is no
finding at all; on density and fractures a claim needs a source that reports it; on a marker it
needs words that fit the certainty, and never words of value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from evidence_tools.checks.attribution import Attribution, rating_words
from evidence_tools.checks.mentions import (
    DENSITY,
    FRACTURE,
    HARM,
    MARKER,
    OTHER,
    STRENGTH,
    Mention,
    outcome_mentions,
)
from evidence_tools.checks.stance import ASSERTED, HEDGED, Clause, clauses, stance
from evidence_tools.evidence import Evidence
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
    r"\b(?:decreas\w*|reduc\w*|lower(?:s|ed|ing)?|fall(?:s|ing|en)?(?! (?:in the|or|and|from|down)\b)|fell|drop(?:s|ped|ping)?|declin\w*|cut(?:s|ting)?|slash\w*|fewer|less(?! than)|diminish\w*"
    r"|suppress\w*|(?:went|go(?:es)?|going|moved?|was|were|pushes|pushed|drives|drove|brings?|brought) down|down(?:ward)?(?=[ ,.:;]|$)|shr[iau]nk\w*|minimi[sz]\w*|curb(?:s|ed)?|halv\w*|inhibit\w*|plummet\w*|tumbl\w+|dampen\w*|deplet\w*|lessen\w*|slower)\b",
    re.I,
)
_SUBJECT = re.compile(
    r"\b(?:vitamins? K2?|K2|menaquinones?|menatetrenone|MK-?\d|supplement\w*|the vitamin|natto|capsules?|taking it)\b",
    re.I,
)
_ADJECTIVE = re.compile(
    r"\b(?:strong(?:er|est)?|sturd\w+|tough(?:er)?|health(?:y|ier)|solid|resilient|robust|hard(?:er)?|denser|protection|repair|regeneration|support|healing)\b",
    re.I,
)
_LINK = re.compile(
    r"\b(?:mean(?:s|t|ing)?|translat\w+|shows?|showing|shown|so|therefore|thus|hence|leads?(?: to)?|led to|leading to|impl(?:y|ies)|indicat\w+|suggest\w*|predict\w*|reflect\w*|result(?:s|ing|ed)? in"
    r"|proof|proves?|proving|signs? of|signals?|points? to|equals?|amounts? to|promis\w+|evidence (?:of|that|for)|tell\w*|confirm\w*|demonstrat\w*|explain\w*|account\w* for|guarante\w+|and with (?:it|them)|go(?:es)? with|accompan\w+|because|since|which is why|secure|deliver\w*|bring\w*|give\w*|make[s]?|offer\w*|by|via|through|as)\b",
    re.I,
)
_FUTURE = re.compile(r"\b(?:will|is going to|are going to|is bound to|surely)\b", re.I)
_CAUSE = re.compile(
    r"\b(?:increases|raises|elevates|lowers|reduces|decreases|suppresses|cuts|boosts|stimulates|activates|drives|brings down|pushes (?:up|down)|slashes|inhibits|causes|leads to|results in|triggers|produces|brings about|changes|alters|moves|normali[sz]es|controls|regulates|corrects)\b",
    re.I,
)
_RESIST = re.compile(
    r"\b(?:do|does|did|will|would|can) ?(?:not|n't|no longer|never) (?:break|fracture|lose (?:any )?bone|suffer (?:a |any )?fractur\w*|have (?:a |any )?fractur\w*|get (?:a |any )?fractur\w*)"
    r"|\b(?:no longer|never|hardly|rarely) (?:break|fracture|lose bone)|\b(?:free (?:of|from)|without|not a single|no more) (?:a |any |new |further |bone )?(?:fractur\w*|bone loss|broken bones?)"
    r"|\b(?:unbreakable|fracture-free|fracture-proof)\b",
    re.I,
)
_STUDY = re.compile(
    r"\b(?:role of .{0,40}|effects? of .{0,40}) in the (?:prevention|treatment)\b|\bprevention (?:was|were|is not|as)\b|\b(?:dosage|guideline)\b|\b(?:built|formed|made)\b.{0,20}\bbroken down\b|\bbroken down\b.{0,20}\b(?:built|formed)\b|\blost faster than\b|\bbuilding\b.{0,50}\bbreaking\b|\b(?:when|how (?:much|fast)) (?:more |less )?bone is\b|\bOsteoporosis Prevention Study\b",
    re.I,
)
_NON_K2 = re.compile(
    r"\b(?:osteoporosis (?:makes|raises|increases|means|leads)|age(?:ing)?|menopause|smoking|warfarin|alendronate|risedronate|bisphosphonates?|strontium|denosumab|exercise|estrogen|oestrogen|bone drugs?|drugs? for (?:bone|osteoporosis)|cells that|bone-forming cells|an enzyme|a protein|kidney function)\b",
    re.I,
)
NO_FINDING = "no row is on {what}"


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
    return bool(_NON_K2.search(before)) and not _SUBJECT.search(before)


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
            if mention.start <= start < mention.end and pattern is not UP:
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


def check_effects(text: str, given: Attribution, evidence: Evidence) -> Iterator[tuple[int, str]]:
    """Find claims on effects that nothing licenses.

    Parameters
    ----------
    text
        The sentence.
    given
        What it cites.
    evidence
        The evidence.

    Yields
    ------
    position, message
        Where the claim stands in the sentence, and what to write instead.
    """
    marker_role = any(evidence.outcome_of(f).is_marker for f in given.findings)
    seen: set[str] = set()
    for claim in claims(text):
        message = _judge(text, claim, given, evidence, marker_role)
        if message and message not in seen:
            seen.add(message)
            yield claim.start, message
    for match in _RESIST.finditer(text):
        denied = r"\b(?:whether|if|not (?:show|mean|prove)|cannot|marker is|reports? no)\b"
        people = _SUBJECT.search(text) or re.search(r"\b(?:women|people|patients|bones)\b", text)
        if people and not re.search(denied, text[: match.start()]):
            said = f"{match.group()!r} claims that bones hold: "
            yield match.start(), said + _reported("fractures")
    yield from _surrogate_leaps(text)
    if not seen and not given.given:
        yield from _unsourced_links(text)


_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|may|might|will|would|could|does|did|do|become|becomes|became|make|get|go|keep|let|feel|act|work|matter|depend"
    r"|(?!(?:this|its|his|as|us|thus|plus|always|perhaps|besides|trials|studies|reviews|sources|effects|bones|markers|results|changes|levels|doses|fractures|outcomes|harms|adults|forms|years|months|weeks|menopause|capsules|tablets|pills|supplements|densities|rates|risks|cells|hips|spines|patients|doctors|women's|vitamins|reactions|values|findings|rows|words|ones|sites|need|osteoporosis|vertebral|based|called|named|pooled|raised|mixed|randomized|controlled|reported|increased|decreased|related|open|kinds|sorts|benefits|proteins|menaquinones|bisphosphonates|anticoagulants|analysis|diagnosis|status|process|serious|various|previous|less|loss|across|mass|towards|unless|whereas)\b)[a-z]{3,}(?:s|ed))\b",
)
_NEUTRAL = re.compile(
    r"\b(?:stud(?:y|ies|ied)|measur\w+|report(?:s|ed)?|describ\w+|compar\w+|test(?:s|ed)?|ask(?:s|ed)?|looked|look(?:s)? (?:at|for)|counted|count[s]?|follow(?:s|ed)?|g[ai]ve[ns]?|received|took|"
    r"added|pooled|list(?:s|ed)?|name[sd]?|discuss\w*|concern(?:s|ed)?|about|chapter|section|table|figure|page|report|question|answer|reader\w*|clinicians?|log|stands?|shown (?:in|as|here)|told|read(?:s)?|found in|looked up|evidence (?:on|about|for|that)|called|differ\w*|disagree\w*|conflict\w*|uncertain|contradict\w*|depends on whether|hypothes\w+|question|role|endpoint|primary|population|enrol\w*|includ\w+|exclud\w+|restrict\w*|come[s]? from)\b",
    re.I,
)
_PEOPLE = re.compile(
    r"(?i)\b(?:women|people|patients?|anyone|person|those|adults|population|postmenopausal|her|with|treat\w*|drugs?|trials?|in|of) (?:\w+ )?(?:osteopor\w+|osteopeni\w+)$"
)


def _unsourced_links(text: str) -> Iterator[tuple[int, str]]:
    """Find clauses that tie vitamin K2 to bone by a verb, in whatever words, and cite nobody."""
    for clause in clauses(text):
        part = text[clause.start : clause.end]
        subject = _SUBJECT.search(part)
        if subject is None or _NEUTRAL.search(part):
            continue
        for mention in outcome_mentions(text):
            if not clause.start <= mention.start < clause.end or mention.kind in (HARM, OTHER):
                continue
            if _PEOPLE.search(text[: mention.end]):
                continue
            rest = part.replace(mention.text, " ").replace(subject.group(), " ")
            verb = _VERB.search(rest)
            if verb is None:
                continue
            held = stance(text, mention.start, mention.end)
            if held == ASSERTED or (held == HEDGED and mention.kind == STRENGTH):
                if mention.kind == MARKER and not _CAUSAL_SHAPE.search(
                    text[clause.start + subject.end() : mention.start]
                ):
                    continue
                yield (
                    mention.start,
                    (
                        f"ties vitamin K2 to {mention.text!r} ({verb.group()!r}) and cites nobody: "
                        "write what which source reports, or that it is not known"
                    ),
                )
                return


_CAUSAL_SHAPE = re.compile(
    r"^ (?:\w+ly )?(?!is\b|was\b|has\b|this\b|its\b|helps\b)[a-z]{3,}s (?!of\b|in\b|on\b|and\b)"
)


def _judge(
    text: str, claim: Claim, given: Attribution, evidence: Evidence, marker_role: bool
) -> str:
    kind, said = claim.mention.kind, f"{claim.word!r} with {claim.mention.text!r}"
    if kind == MARKER and other_subject(text, claim.start):
        return ""
    if _STUDY.search(text) or (
        kind != MARKER and _NON_K2.search(text) and not _SUBJECT.search(text)
    ):
        return ""
    if kind in (HARM, OTHER):
        return ""
    if kind == STRENGTH:
        if not claim.benefit and not re.search(
            r"strength|quality|health|structure|architect|geometry|integrity|resilien",
            claim.mention.text,
        ):
            return ""
        if claim.word.lower() in (
            "better",
            "make",
            "makes",
            "made",
            "need",
            "needs",
            "effective",
            "efficacy",
        ) and not _SUBJECT.search(text):
            return ""
        titled = any(claim.mention.text.lower() in s.title.lower() for s in given.sources)
        if titled and given.reporting and claim.held != HEDGED and not claim.benefit:
            return ""
        return (
            f"{said}: no row is on bone strength, quality or health; "
            "say which outcome which source reports, or that it is not known"
        )
    if kind in (FRACTURE, DENSITY):
        what = "fractures" if kind == FRACTURE else "bone density"
        if claim.benefit:
            if claim.word.lower() in (
                "better",
                "healthy",
                "treated",
                "add",
                "added",
                "adds",
                "give",
                "gives",
                "gave",
                "made",
                "make",
                "makes",
                "need",
                "needs",
                "affect",
                "affected",
                "affects",
            ):
                return "" if not _SUBJECT.search(text) else f"{said}: " + _reported(what)
            return f"{said} is stronger than any source licenses: " + _reported(what)
        if marker_role and not any(not evidence.outcome_of(f).is_marker for f in given.findings):
            return (
                f"{said} in a sentence that cites a marker: a marker never shows it. "
                + _reported(what)
            )
        return _movement(text, claim, given, evidence, what)
    if claim.benefit:
        if claim.word.lower() in _VALUE_FREE or any(
            f.direction is Direction.NARRATIVE_BENEFIT for f in given.findings
        ):
            return ""
        if any(
            f.direction is Direction.NARRATIVE_BENEFIT
            for s in given.sources
            for f in evidence.findings(source=s.source_id)
        ) and re.search(r"describ|narrativ|in words", text):
            return ""
        return (
            f"{said} values a marker: no direction of a marker is declared better; "
            "write that it rose, fell, or did not change significantly"
        )
    return _movement(text, claim, given, evidence, "this marker")


_VALUE_FREE = frozenset(
    [
        "ensure",
        "ensures",
        "secure",
        "stop",
        "stops",
        "stopped",
        "effective",
        "efficacy",
        "guarantee",
        "preserved",
        "maintain",
        "maintained",
        "maintains",
        "spare",
        "save",
        "block",
        "slow",
        "slows",
        "slowed",
        "better",
    ]
)


def _movement(text: str, claim: Claim, given: Attribution, evidence: Evidence, what: str) -> str:
    """Judge a rise or fall: reported by a source, worded after a rating, or neither."""
    said = f"{claim.word!r} with {claim.mention.text!r}"
    if _FUTURE.search(text[max(0, claim.start - 40) : claim.start]):
        return f"{said} promises an effect; write what a source reports"
    words = {rating_words(evidence, o) for o in _outcomes(claim.mention)}
    hedged = claim.held == HEDGED and re.search(r"\b(?:may|might|could|probably)\b", text)
    uncertain = re.search(r"\bvery (?:uncertain|low)\b", text)
    if hedged and not given.findings and not (given.sources and given.reporting):
        if uncertain or "low" in words or "moderate" in words:
            if re.search(r"\bprobably\b", text) and not words & {"moderate", "high"}:
                return f"{said}: 'probably' needs moderate certainty; write 'may'"
            return ""
        return (
            f"{said} is worded after a certainty that nobody rated"
            + (" (very low: write 'the evidence is very uncertain')" if "very low" in words else "")
            + f"; write what a source reports on {what}"
        )
    cause = _CAUSE.search(text, max(0, claim.start - 2), claim.end + 12)
    direct = cause and _SUBJECT.search(text[: claim.start]) and claim.held == ASSERTED
    if direct and not (
        given.sources
        and re.search(
            r"\b(?:report|state|conclude|describ|sa[iy]|found|find|according|write)", text
        )
    ):
        return (
            f"{said} is wording of high certainty; "
            f"write 'may', or '{{source}}`id` reports ...' with the finding"
        )
    if given.given:
        return ""
    if claim.mention.kind == MARKER:
        return ""
    return f"{said} has no source: " + _reported(what)


def _outcomes(mention: Mention) -> tuple[str, ...]:
    return (mention.outcome_id,) if mention.outcome_id else mention.several


def _surrogate_leaps(text: str) -> Iterator[tuple[int, str]]:
    """Find sentences that go from a marker to strength, density or fractures."""
    found = outcome_mentions(text)
    for first in found:
        if first.kind != MARKER:
            continue
        for second in found:
            bare = re.fullmatch(
                r"(?i)(?:bones?|hips|spines?|skeletons?|osteoporosis|osteopenia)", second.text
            )
            if second.start < first.end or second.kind not in (FRACTURE, DENSITY, STRENGTH) or bare:
                continue
            link = _LINK.search(text, first.end, second.start)
            if link is None or stance(text, second.start, second.end) not in (ASSERTED, HEDGED):
                continue
            strict = link.group().lower() in (
                "as",
                "by",
                "via",
                "through",
                "so",
                "give",
                "gives",
                "make",
                "makes",
                "because",
                "since",
                "shows",
                "show",
                "shown",
            )
            claimed = any(c.mention == second for c in claims(text))
            if strict and not claimed:
                continue
            if stance(text, link.start(), link.end()) in (ASSERTED, HEDGED):
                yield (
                    link.start(),
                    (
                        f"goes from {first.text!r} to {second.text!r}: a marker never shows "
                        "strength, density or fractures; say what was measured and stop there"
                    ),
                )
                return


def _reported(what: str) -> str:
    return f"write what a source reports on {what}, with {{finding}}`id`, or that it is not known"
