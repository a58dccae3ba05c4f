"""Rule ``source``: what a sentence says of a source or a finding stands in its row."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence_tools.checks.attribution import Attribution, attribution, central_source
from evidence_tools.checks.book import Book
from evidence_tools.checks.descriptions import check_descriptions
from evidence_tools.checks.effects import DOWN, UP, Claim, claims, other_subject
from evidence_tools.checks.mentions import (
    DENSITY,
    FRACTURE,
    HARM,
    MARKER,
    Mention,
    fits,
    outcome_mentions,
)
from evidence_tools.checks.sentences import ROLE_MARK, Sentence
from evidence_tools.checks.stance import asserted
from evidence_tools.evidence import Evidence
from evidence_tools.phrases import DIRECTION_WORDS, effect_text
from evidence_tools.schema import Direction, Finding, Integrity, Problem, UnknownKeyError

RULE = "source"
CLAIM_PAGES = frozenset({"answer", "plain-language", "certainty"})
"""Pages on which every claim sentence carries a finding or a source."""

_NO_CHANGE = re.compile(
    r"\bno (?:statistically )?significant (?:change|difference|effect|increase|decrease|reduction)"
    r"|\b(?:did|does|do) not (?:change|differ|rise|fall|move|increase|decrease) significantly|\bnot significantly (?:change|differ|affect)",
    re.I,
)
_NOT_SIG = re.compile(
    r"\bnot (?:statistically )?significant|\bno significant|\bnot significantly|\bnon-?significant|\bincludes? no difference",
    re.I,
)
_FIELD_NOUNS = {
    "n_studies": re.compile(r"trials?|studies|study|publications|papers|reviews", re.I),
    "k_studies": re.compile(r"trials?|studies|study", re.I),
    "n_participants": re.compile(
        r"women|people|participants?|patients?|adults?|persons?|subjects?", re.I
    ),
    "n": re.compile(r"women|people|participants?|patients?|adults?|persons?", re.I),
}
_NOUNS = re.compile(
    r"\s*(?:[\w-]+ ){0,3}?(trials?|stud(?:y|ies)|women|people|participants?|patients?|adults?|weeks|months|years|percent|fractures|mg|sources|findings|reviews|arms|outcomes)\b",
    re.I,
)
_COUNTS = {"sources": "sources", "findings": "findings", "outcomes": "outcomes", "arms": "arms"}


def check_source(book: Book) -> tuple[list[Problem], int]:
    """Find sentences that their sources do not bear out.

    Parameters
    ----------
    book
        The book.

    Returns
    -------
    problems
        In the order of the pages.
    count
        How many sentences cite something or claim something.
    """
    central = central_source(book)
    problems: list[Problem] = []
    count = 0
    for sentence in book.sentences:
        given = attribution(book, sentence, central)
        found = list(_check(book, sentence, given, central))
        count += bool(given.given or found)
        for position, message in found:
            line = sentence.line_at(position)
            problems.append(Problem(sentence.page.path, line, "", message, RULE))
    for page in book.pages:
        for piece in page.roles():
            if message := unknown_key(book.evidence, piece.role, piece.text):
                problems.append(Problem(page.path, piece.line, "key", message, RULE))
    return problems, count


def unknown_key(evidence: Evidence, role: str, key: str) -> str:
    """Say what is wrong with the key of a role, or nothing."""
    from evidence_tools.phrases import value_text

    try:
        if role == "finding":
            evidence.finding(key)
        elif role == "source":
            evidence.source(key)
        elif role == "value":
            value_text(evidence, key)
    except UnknownKeyError as error:
        return f"{{{role}}}`{key}`: {error}"
    return ""


def _check(
    book: Book, sentence: Sentence, given: Attribution, central: str
) -> Iterator[tuple[int, str]]:
    evidence, text = book.evidence, sentence.text
    found = outcome_mentions(text)
    yield from _cited_outcomes(evidence, sentence, found)
    yield from _directions(evidence, sentence, given, central)
    yield from _values(evidence, sentence, given)
    yield from check_descriptions(evidence, sentence, given)
    yield from _quotations(evidence, sentence)
    if sentence.page.name in CLAIM_PAGES and sentence.kind in ("prose", "admonition", "table"):
        yield from _uncited(evidence, sentence, given, central)


def _uncited(
    evidence: Evidence, sentence: Sentence, given: Attribution, central: str
) -> Iterator[tuple[int, str]]:
    """Find a claim that neither a finding nor a source goes with."""
    text = sentence.text
    if given.given:
        return
    general = r"\b(?:which|can|that|how|when|level follows|varies)\b"
    for claim in claims(text):
        if claim.direction is None or claim.mention.kind not in (MARKER, FRACTURE, DENSITY, HARM):
            continue
        if re.search(general, text[: claim.start]):
            continue
        yield (
            claim.start,
            f"a claim without a source on this page: {claim.word!r} with "
            f"{claim.mention.text!r}; add {{finding}}`id` or {{source}}`id`"
            + _nearest(evidence, claim.mention, claim.direction, central),
        )
        return


def _nearest(evidence: Evidence, mention: Mention, direction: Direction, central: str) -> str:
    fitting = [f for f in evidence.findings() if fits(mention, f.outcome_id)]
    fitting.sort(key=lambda f: (f.direction is not direction, f.source_id != central))
    if not fitting:
        return ""
    return f"; nearest: {_row(fitting[0])}"


def _row(finding: Finding) -> str:
    shown = effect_text(finding)
    direction = DIRECTION_WORDS[finding.direction]
    about = shown if finding.estimate is None else f"{direction}, {shown}"
    return f"{{finding}}`{finding.finding_id}` ({about})"


def _cited_outcomes(
    evidence: Evidence, sentence: Sentence, found: tuple[Mention, ...]
) -> Iterator[tuple[int, str]]:
    """Find a finding cited for another outcome than the one the sentence names."""
    kinds = (MARKER, DENSITY, FRACTURE, HARM)
    named = [m for m in found if m.kind in kinds]
    previous = 0
    for mark in sentence.roles:
        if mark.role not in ("finding", "value"):
            continue
        identifier = mark.key.partition(".")[0]
        row = (
            evidence.findings_by_id.get(identifier)
            or evidence.arms.get(identifier)
            or (evidence.context.get(identifier))
        )
        if row is None or not named:
            continue
        between = [m for m in named if previous <= m.start < mark.position]
        previous = mark.position
        near = between if len(between) == 1 else named
        if any(fits(m, row.outcome_id) for m in near):
            continue
        name = evidence.outcomes[row.outcome_id].label
        meant = near[0]
        candidates = [f for f in evidence.findings() if fits(meant, f.outcome_id)]
        same = [f for f in candidates if f.source_id == row.source_id] or candidates
        hint = f"; type {_row(same[0])}" if same else ""
        yield mark.position, f"{identifier} is on {name}, not on {meant.text!r}{hint}"


def _directions(
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
        if not _nearest_claim(text, claim) or other_subject(text, claim.start):
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
            if given.sources and not given.vague and claim.mention.outcome_id:
                told = True
                names = ", ".join(s.short_name for s in given.sources)
                others = _nearest(evidence, claim.mention, direction, central)
                yield claim.start, f"{names}: no row on {claim.mention.text!r}{others}"
            continue
        stated = {
            row.direction
            for row in rows
            if row.direction in (Direction.INCREASE, Direction.DECREASE)
        }
        if direction in stated:
            continue
        if not stated and _NOT_SIG.search(text):
            continue
        told = True
        yield (
            claim.start,
            f"{claim.word!r} with {claim.mention.text!r} is not what {whose} states: {_row(rows[0])}",
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
                    f"{match.group()!r} is not what {whose} states: {_row(rows[0])}",
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
                    f"{match.group()!r} is not what the cited finding states: {_row(finding)}",
                )
                return


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


def _values(
    evidence: Evidence, sentence: Sentence, given: Attribution
) -> Iterator[tuple[int, str]]:
    """Find values shown for another source, or as another thing, than their row says."""
    text = sentence.text
    named = {s.source_id for s in given.sources}
    for mark in sentence.roles:
        if mark.role != "value":
            continue
        identifier, _, field = mark.key.partition(".")
        row = evidence.findings_by_id.get(identifier) or evidence.arms.get(identifier)
        owner = row.source_id if row else identifier
        if named and owner in evidence.sources and owner not in named:
            wanted = next(iter(s for s in given.sources))
            yield (
                mark.position,
                (
                    f"{mark.key} is a value of {evidence.sources[owner].short_name}, but the sentence "
                    f"is on {wanted.short_name}; type {{value}}`{wanted.source_id}.{field}`"
                ),
            )
        following = _NOUNS.match(text[mark.position + 1 :])
        if following is None:
            continue
        noun = following.group(1)
        expected = _FIELD_NOUNS.get(field)
        if identifier == "count" and not noun.lower().startswith(
            _COUNTS.get(field, noun)[:4].lower()
        ):
            yield mark.position, f"{mark.key} counts {field}, not {noun}"
        elif (expected is not None and not expected.fullmatch(noun)) or (
            field in ("year", "estimate", "ci_lower", "ci_upper")
            and noun.lower()
            in (
                "women",
                "trials",
                "studies",
                "people",
                "participants",
                "patients",
            )
        ):
            yield mark.position, f"{mark.key} does not count {noun}; choose the field that does"


def _quotations(evidence: Evidence, sentence: Sentence) -> Iterator[tuple[int, str]]:
    """Find quotations of four words or more that stand in no row."""
    text = sentence.text
    for match in re.finditer(r'"([^"]+)"', text):
        words = match.group(1).strip(" .,;").lower()
        if len(words.split()) < 4 or ROLE_MARK in words:
            continue
        if re.search(
            r"\b(?:claim|popular|says? nothing|write|word(?:s|ing)?|phrase|sentence|such as|means?|read as|rather than|not)\b",
            text[: match.start()] + text[match.end() :],
            re.I,
        ):
            continue
        if any(words in quoted for quoted in _printed(evidence)):
            continue
        yield (
            match.start(),
            (
                "a quotation that stands in no row; quote a title or a figure as printed, or use no quotation marks"
            ),
        )


def _printed(evidence: Evidence) -> Iterator[str]:
    for source in evidence.sources.values():
        yield f"{source.title} {source.note}".lower()
    for finding in evidence.findings():
        yield f"{finding.as_printed} {finding.note}".lower()
