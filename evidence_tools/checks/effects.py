"""Claims that vitamin K2 does something: which words make one, and what may be said.

A claim is a predicate and an outcome in one clause. On bone strength and health there is no
finding at all; on density and fractures a claim needs a source that reports it; on a marker it
needs words that fit the certainty, and never words of value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence_tools.checks.attribution import Attribution, rating_words
from evidence_tools.checks.claims import (
    OTHER_SUBJECT,
    SUBJECT,
    Claim,
    claims,
    general,
    other_subject,
)
from evidence_tools.checks.leaps import (
    RESISTING,
    reported,
    surrogate_leaps,
    unsourced_links,
    unsourced_reports,
)
from evidence_tools.checks.mentions import DENSITY, FRACTURE, HARM, MARKER, OTHER, STRENGTH, Mention
from evidence_tools.checks.stance import ASSERTED, HEDGED
from evidence_tools.evidence import Evidence
from evidence_tools.schema import Direction

_FUTURE = re.compile(r"\b(?:will|is going to|are going to|is bound to|surely)\b", re.I)


_CAUSE = re.compile(
    r"\b(?:increases|raises|elevates|lowers|reduces|decreases|suppresses|cuts|boosts|stimulates|activates|drives|brings down|pushes (?:up|down)|slashes|inhibits|causes|leads to|results in|triggers|produces|brings about|changes|alters|moves|normali[sz]es|controls|regulates|corrects)\b",
    re.I,
)


# "Makes osteocalcin go up": the verb that causes stands before the outcome, the movement after.
_MAKES = re.compile(
    r"\b(?:makes?|made|lets?|sends?|sent|gets?|got|forces?|forced|pulls?|pulled|pushes|pushed|brings?|brought|turns?|turned|sets?|(?:results?|resulted) in|(?:leads?|led) to|causes?|caused|produces?|produced|triggers?|triggered|induces?|induced)\b(?: [\w()-]+){0,6} $",
    re.I,
)


_STUDY = re.compile(
    r"\b(?:role of .{0,40}|effects? of .{0,40}) in the (?:prevention|treatment)\b|\bprevention (?:was|were|is not|as)\b|\b(?:dosage|guideline)\b|\b(?:built|formed|made)\b.{0,20}\bbroken down\b|\bbroken down\b.{0,20}\b(?:built|formed)\b|\blost faster than\b|\bbuilding\b.{0,50}\bbreaking\b|\b(?:when|how (?:much|fast)) (?:more |less )?bone is\b|\bOsteoporosis Prevention Study\b",
    re.I,
)


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
    for match in RESISTING.finditer(text):
        denied = r"\b(?:whether|if|not (?:show|mean|prove)|cannot|marker is|reports? no)\b"
        people = SUBJECT.search(text) or re.search(r"\b(?:women|people|patients|bones)\b", text)
        if people and not re.search(denied, text[: match.start()]):
            said = f"{match.group()!r} claims that bones hold: "
            yield match.start(), said + reported("fractures")
    yield from surrogate_leaps(text)
    if not given.findings and not given.sources:
        yield from unsourced_reports(text)
    if not seen and not given.given:
        yield from unsourced_links(text)


def _judge(
    text: str, claim: Claim, given: Attribution, evidence: Evidence, marker_role: bool
) -> str:
    kind, said = claim.mention.kind, f"{claim.word!r} with {claim.mention.text!r}"
    if general(text, claim.start):
        return ""
    if kind == MARKER and other_subject(text, claim.start):
        return ""
    if _STUDY.search(text) or (
        kind != MARKER and OTHER_SUBJECT.search(text) and not SUBJECT.search(text)
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
        ) and not SUBJECT.search(text):
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
                return "" if not SUBJECT.search(text) else f"{said}: " + reported(what)
            return f"{said} is stronger than any source licenses: " + reported(what)
        if marker_role and not any(not evidence.outcome_of(f).is_marker for f in given.findings):
            return (
                f"{said} in a sentence that cites a marker: a marker never shows it. "
                + reported(what)
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


def _movement(text: str, claim: Claim, given: Attribution, evidence: Evidence, what: str) -> str:
    """Judge a rise or fall: reported by a source, worded after a rating, or neither."""
    said = f"{claim.word!r} with {claim.mention.text!r}"
    if _FUTURE.search(text[max(0, claim.start - 40) : claim.start]):
        return f"{said} promises an effect; write what a source reports"
    words = {rating_words(evidence, o) for o in _outcomes(claim.mention)}
    hedged = claim.held == HEDGED and re.search(r"\b(?:may|might|could|probably)\b", text)
    uncertain = re.search(r"\bvery (?:uncertain|low)\b", text)
    subject = SUBJECT.search(text[: claim.start])
    if hedged and (not given.findings or subject) and not (given.sources and given.reporting):
        if uncertain or "low" in words or "moderate" in words:
            if re.search(r"\bprobably\b", text) and not words & {"moderate", "high"}:
                return f"{said}: 'probably' needs moderate certainty; write 'may'"
            return ""
        return (
            f"{said} is worded after a certainty that nobody rated"
            + (" (very low: write 'the evidence is very uncertain')" if "very low" in words else "")
            + f"; write what a source reports on {what}"
        )
    cause = _CAUSE.search(text, max(0, claim.start - 2), claim.end + 12) or _MAKES.search(
        text, 0, claim.start
    )
    direct = cause and subject and claim.held == ASSERTED
    if direct and not (
        given.sources
        and re.search(
            r"\b(?:report|state|conclude|describ|sa[iy]|found|find|according|write)", text
        )
    ):
        return (
            f"{said} is wording of high certainty; "
            + _allowed(words)
            + "'{source}`id` reports ...' with the finding"
        )
    if given.given:
        return ""
    if claim.mention.kind == MARKER:
        return ""
    return f"{said} has no source: " + reported(what)


def _allowed(words: set[str]) -> str:
    """Say which words the certainty allows, as the start of advice that goes on."""
    rated = words - {""}
    if not rated:
        return "no certainty is rated: write "
    if rated == {"very low"}:
        return "write 'the evidence is very uncertain about ...', or "
    return "write 'may', or "


def _outcomes(mention: Mention) -> tuple[str, ...]:
    return (mention.outcome_id,) if mention.outcome_id else mention.several
