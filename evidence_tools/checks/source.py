"""Rule ``source``: what a sentence says of a source or a finding stands in its row."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence_tools.checks.agreement import check_agreement
from evidence_tools.checks.attribution import Attribution, attribution, central_source
from evidence_tools.checks.book import Book
from evidence_tools.checks.claims import claims
from evidence_tools.checks.descriptions import check_descriptions
from evidence_tools.checks.directions import check_directions, nearest_row, row_text
from evidence_tools.checks.mentions import (
    DENSITY,
    FRACTURE,
    HARM,
    MARKER,
    Mention,
    fits,
    outcome_mentions,
)
from evidence_tools.checks.ownership import other_sources, whole_source_counts
from evidence_tools.checks.sentences import ROLE_MARK, Sentence
from evidence_tools.evidence import Evidence
from evidence_tools.schema import Problem, UnknownKeyError

RULE = "source"


CLAIM_PAGES = frozenset({"answer", "plain-language", "certainty"})
"""Pages on which every claim sentence carries a finding or a source."""


_FIELD_NOUNS = {
    "n_studies": re.compile(r"trials?|studies|study|publications|papers|reviews", re.I),
    "k_studies": re.compile(r"trials?|studies|study", re.I),
    "n_participants": re.compile(
        r"women|people|participants?|patients?|adults?|persons?|subjects?", re.I
    ),
    "n": re.compile(r"women|people|participants?|patients?|adults?|persons?", re.I),
}


_NOUNS = re.compile(
    r"\s*(?:(?!(?:the|an?|this|of|in|by|for|to|and|with)\b)[\w-]+ ){0,3}?(trials?|stud(?:y|ies)|women|people|participants?|patients?|adults?|weeks|months|years|percent|fractures|mg|sources|findings|reviews|arms|outcomes)\b",
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
    yield from check_directions(evidence, sentence, given, central)
    yield from check_agreement(evidence, sentence, given, central)
    yield from _values(evidence, sentence, given)
    yield from whole_source_counts(evidence, sentence, found)
    yield from other_sources(evidence, sentence)
    yield from check_descriptions(evidence, sentence, given)
    yield from _quotations(evidence, sentence)
    if sentence.page.name in CLAIM_PAGES and sentence.kind in ("prose", "admonition", "table"):
        yield from _uncited(evidence, sentence, given, central)


# "The rating for TRAP is lower" is said of the rating.
_OF_RATING = re.compile(
    r"\b(?:ratings?|certainty|confidence|bound) (?:for|of|on|in) [^,;.]{0,40}\b(?:is|are|was|were|would be) (?:\w+ )?$"
)


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
        if re.search(general, text[: claim.start]) or _OF_RATING.search(text, 0, claim.start):
            continue
        yield (
            claim.start,
            f"a claim without a source on this page: {claim.word!r} with "
            f"{claim.mention.text!r}; add {{finding}}`id` or {{source}}`id`"
            + nearest_row(evidence, claim.mention, claim.direction, central),
        )
        return


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
        hint = f"; type {row_text(same[0])}" if same else ""
        yield mark.position, f"{identifier} is on {name}, not on {meant.text!r}{hint}"


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
            r"\b(?:claim|popular|says? nothing|write|written|word(?:s|ing|ed)?|phrase|sentence|page|chapter|section|column|such as|means?|read as|rather than|not)\b",
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
