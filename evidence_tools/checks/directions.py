"""Whether the direction a sentence states is the one in the rows it rests on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence_tools.checks.attribution import Attribution
from evidence_tools.checks.claims import DOWN, UP, Claim, claims, general, other_subject
from evidence_tools.checks.mentions import (
    DENSITY,
    FRACTURE,
    HARM,
    MARKER,
    Mention,
    fits,
    outcome_mentions,
)
from evidence_tools.checks.sentences import Sentence
from evidence_tools.checks.stance import asserted, clauses
from evidence_tools.evidence import Evidence
from evidence_tools.phrases import DIRECTION_WORDS, effect_text
from evidence_tools.schema import Direction, Finding, Integrity

_NO_CHANGE = re.compile(
    r"\bno (?:statistically )?significant (?:change|difference|effect|increase|decrease|reduction)"
    r"|\b(?:did|does|do) not (?:change|differ|rise|fall|move|increase|decrease) significantly|\bnot significantly (?:change|differ|affect)",
    re.I,
)


_NOT_SIG = re.compile(
    r"\bnot (?:statistically )?significant|\bno significant|\bnot significantly|\bnon-?significant|\bincludes? no difference",
    re.I,
)


def check_directions(
    evidence: Evidence, sentence: Sentence, given: Attribution, central: str
) -> Iterator[tuple[int, str]]:
    """Find directions that the cited rows, or any rows, do not state."""
    text = sentence.text
    told = False
    for claim in claims(text):
        if (
            claim.direction is None
            or told
            or claim.mention.kind not in (MARKER, DENSITY, FRACTURE, HARM)
        ):
            continue
        if (
            not _nearest_claim(text, claim)
            or other_subject(text, claim.start)
            or general(text, claim.start)
        ):
            continue
        if _NO_CHANGE.search(text[claim.start : claim.end + 25]) or _NO_CHANGE.search(
            text[max(0, claim.start - 22) : claim.end]
        ):
            continue
        direction = _direction(claim)
        rows, whose = _rows_for(evidence, claim.mention, given, central)
        if rows is None:
            continue
        if not rows:
            if (
                given.sources
                and not given.vague
                and (claim.mention.outcome_id or claim.mention.kind in (DENSITY, FRACTURE))
            ):
                told = True
                names = ", ".join(s.short_name for s in given.sources)
                others = nearest_row(evidence, claim.mention, direction, central)
                yield claim.start, f"{names}: no row on {claim.mention.text!r}{others}"
            continue
        stated = {
            row.direction
            for row in rows
            if row.direction in (Direction.INCREASE, Direction.DECREASE)
        }
        if direction in stated:
            continue
        if not stated and _NOT_SIG.search(_own_words(text, claim)):
            continue
        told = True
        yield (
            claim.start,
            f"{claim.word!r} with {claim.mention.text!r} is not what {whose} states: {row_text(rows[0])}",
        )
    if not told:
        yield from _beside_roles(evidence, sentence)
    for match in _NO_CHANGE.finditer(text):
        if told or not asserted(text, match.start(), match.end()):
            continue
        after = [
            m
            for m in outcome_mentions(text)
            if m.kind in (MARKER, DENSITY, FRACTURE) and abs(m.start - match.end()) < 60
        ]
        near = sorted(
            after, key=lambda m: min(abs(m.start - match.end()), abs(match.start() - m.end))
        )[:1]
        for mention in near:
            rows, whose = _rows_for(evidence, mention, given, central)
            if any(claim.direction for claim in claims(text)):
                # "No significant change, and fewer when ...": other rows of the source count.
                of_sources = (
                    f for s in given.sources for f in evidence.findings(source=s.source_id)
                )
                rows = [*(rows or ()), *(f for f in of_sources if fits(mention, f.outcome_id))]
            if (
                rows
                and all(r.direction in (Direction.INCREASE, Direction.DECREASE) for r in rows)
                and (all(r.statistically_significant.value == "yes" for r in rows))
            ):
                yield (
                    match.start(),
                    f"{match.group()!r} is not what {whose} states: {row_text(rows[0])}",
                )


def _beside_roles(evidence: Evidence, sentence: Sentence) -> Iterator[tuple[int, str]]:
    """Compare each cited finding with the words of direction that stand just before it."""
    text, begin = sentence.text, 0
    for mark in sentence.roles:
        segment = text[begin : mark.position]
        start, begin = begin, mark.position + 1
        finding = evidence.findings_by_id.get(mark.key) if mark.role == "finding" else None
        if finding is None or finding.outcome_id == "bmd_loss":
            continue
        words = {
            direction: match
            for pattern, direction in ((UP, Direction.INCREASE), (DOWN, Direction.DECREASE))
            if (match := pattern.search(segment))
            and asserted(text, start + match.start(), start + match.end())
        }
        if len(words) == 1 and finding.direction in (Direction.INCREASE, Direction.DECREASE):
            direction, match = next(iter(words.items()))
            if direction is not finding.direction and not _NO_CHANGE.search(segment):
                yield (
                    start + match.start(),
                    f"{match.group()!r} is not what the cited finding states: {row_text(finding)}",
                )
                return


def _own_words(text: str, claim: Claim) -> str:
    """Get the clause of a claim, with the next where that names no outcome of its own."""
    parts = clauses(text)
    at = next((i for i, c in enumerate(parts) if c.start <= claim.start < c.end), 0)
    end = parts[at].end
    if at + 1 < len(parts):
        following = parts[at + 1]
        if not any(following.start <= m.start < following.end for m in outcome_mentions(text)):
            end = following.end
    return text[parts[at].start : end]


def _direction(claim: Claim) -> Direction:
    assert claim.direction is not None  # noqa: S101 - callers pass claims that have one
    if claim.mention.outcome_id == "bmd_loss":
        flipped = {Direction.INCREASE: Direction.DECREASE, Direction.DECREASE: Direction.INCREASE}
        return flipped[claim.direction]
    return claim.direction


def _nearest_claim(text: str, claim: Claim) -> bool:
    """Whether no other word of direction stands nearer to the outcome."""

    def distance(one: Claim) -> int:
        gap = (
            one.mention.start - one.end
            if one.end <= one.mention.start
            else one.start - one.mention.end
        )
        return abs(gap)

    rivals = [c for c in claims(text) if c.direction and c.mention == claim.mention]
    return min(rivals, key=distance).start == claim.start


def _rows_for(
    evidence: Evidence, mention: Mention, given: Attribution, central: str
) -> tuple[list[Finding] | None, str]:
    """Choose the rows that a claim has to agree with; ``None`` when none can be told."""
    cited = [f for f in given.findings if fits(mention, f.outcome_id)]
    if cited:
        return cited, "the cited finding"
    if given.findings and mention.outcome_id == "":
        return None, ""
    if given.sources:
        rows = [
            f
            for s in given.sources
            for f in evidence.findings(source=s.source_id)
            if fits(mention, f.outcome_id)
        ]
        arms = any(
            a.source_id == s.source_id and fits(mention, a.outcome_id)
            for a in evidence.arms.values()
            for s in given.sources
        )
        if not rows and arms:
            return None, ""
        return rows, " or ".join(s.short_name for s in given.sources)
    usable = [
        f
        for f in evidence.findings()
        if fits(mention, f.outcome_id)
        and evidence.source_of(f).integrity
        not in (Integrity.RETRACTED, Integrity.CAUTION_PUBLISHED)
    ]
    if given.vague or not mention.outcome_id:
        stated = [f for f in usable if f.direction in (Direction.INCREASE, Direction.DECREASE)]
        return (stated or usable) if mention.outcome_id else None, "any source"
    of_central = [f for f in usable if f.source_id == central]
    if mention.kind == MARKER and of_central:
        return of_central, "the central source"
    return usable or None, "any source"


def nearest_row(
    evidence: Evidence, mention: Mention, direction: Direction | None, central: str
) -> str:
    """Name the row that a claim may have meant, as the end of a message; nothing without one."""
    fitting = [f for f in evidence.findings(struck=False) if fits(mention, f.outcome_id)]
    fitting.sort(key=lambda f: (f.source_id != central, f.direction is not direction))
    if not fitting:
        return ""
    return f"; nearest: {row_text(fitting[0])}"


def row_text(finding: Finding) -> str:
    """Write the role that shows a finding, and what it shows."""
    shown = effect_text(finding)
    direction = DIRECTION_WORDS[finding.direction]
    about = shown if finding.estimate is None else f"{direction}, {shown}"
    return f"{{finding}}`{finding.finding_id}` ({about})"
