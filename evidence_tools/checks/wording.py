"""Rule ``wording``: verbs and adjectives fit the certainty, the design and the outcome."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence_tools.checks.attribution import (
    Attribution,
    attribution,
    central_source,
    rating_words,
)
from evidence_tools.checks.book import Book
from evidence_tools.checks.claims import claims
from evidence_tools.checks.directions import nearest_row
from evidence_tools.checks.effects import check_effects
from evidence_tools.checks.mentions import OTHER, outcome_mentions
from evidence_tools.checks.phrasebook import K2, PHRASES
from evidence_tools.checks.sentences import Sentence
from evidence_tools.checks.stance import ASKED, ASSERTED, HEDGED, asserted, clauses, stance
from evidence_tools.evidence import Evidence
from evidence_tools.schema import Direction, Problem, Significance

RULE = "wording"
_SIGNIFICANT = re.compile(
    r"(?<!least )(?<!not )\b(?:statistically |highly |clearly )?significan(?:t|tly|ce)\b", re.I
)
_NOT_SIGNIFICANT = re.compile(
    r"\b(?:no|not|never|non-?|nor|neither|without|in|least|word|words|called|calls|whether|if|more|and|of|statistical|one)[ -]?(?:a |any |be |was |were |statistically |the |reach |reported as )*significan\w*"
    r"|\bsignificant (?:digits?|figures?)\b|\bsignifican\w+ (?:was|is|were|are)? ?(?:not|is a|only|says|does|depends)|\bsignificance\b",
    re.I,
)
_REACHED = re.compile(
    r"\b(?:reach\w*|attain\w*|achiev\w*|gain\w*|show\w*|with) (?:statistical )?significance$", re.I
)
_LEVEL = re.compile(
    r"\b(high|moderate|low|very low)(?:[- ]certainty| certainty| quality of evidence|[- ]quality evidence)\b"
    r"|\bcertainty (?:\w+ ){0,6}?(?:is|was|as|of|at|be) (?:rated |at most |now |still |therefore )*(high|moderate|low|very low)\b"
    r"|\b(?:rat|grad|judg|class)(?:es|ed|e)\b.{0,40}?\b(?:as|at) (high|moderate|low|very low)\b"
    r"|\b(?:rated|graded|GRADE[: ]+)(?: as| at)? (high|moderate|low|very low)\b|\b(?:level|grade) (A|I)\b",
    re.I,
)
_LEVELS = ("very low", "low", "moderate", "high")
_AFFECTS = re.compile(
    r"\b(?:lower\w*|reduc\w*|prevent\w*|improv\w*|protect\w*|help\w*|good for|cut\w*|boost\w*|support\w*|clear\w*|keep\w*|treat\w*|reliev\w*|ease[sd]?|slow\w*|revers\w*|extend\w*|lengthen\w*|increas\w*|rais\w*|strengthen\w*|benefit\w*|remov\w*|direct\w*|steer\w*|sharpen\w*|fewer|rarer|less|better|restor\w*|enhanc\w*|promot\w*|shield\w*|decreas\w*|halt\w*|stop\w*|sooth\w*|maintain\w*|affect\w*|heal\w*|stronger|live longer|longer lives?)\b",
    re.I,
)


def check_wording(book: Book) -> tuple[list[Problem], int]:
    """Find wording that goes beyond the evidence.

    Parameters
    ----------
    book
        The book.

    Returns
    -------
    problems
        One for each kind of overstatement in each sentence.
    count
        How many sentences were looked at.
    """
    central = central_source(book)
    problems = []
    for sentence in book.sentences:
        given = attribution(book, sentence, central)
        for position, message in check_sentence(book.evidence, sentence, given):
            line = sentence.line_at(position)
            said = message + _row_to_cite(book.evidence, sentence, given, central, message)
            problems.append(Problem(sentence.page.path, line, "", said, RULE))
    return problems, len(book.sentences)


def _row_to_cite(
    evidence: Evidence, sentence: Sentence, given: Attribution, central: str, message: str
) -> str:
    """Name the row that a flagged sentence could have told, as the end of a message."""
    placeless = "{finding}`id`" in message or "the finding" in message
    if given.findings or not placeless:
        return ""
    named = [m for m in outcome_mentions(sentence.text) if m.outcome_id or m.several]
    meant = [m for m in named if repr(m.text) in message] or named
    if not meant:
        return ""
    source = given.sources[0].source_id if given.sources else central
    stated = [c.direction for c in claims(sentence.text) if c.mention == meant[0] and c.direction]
    unchanged = Direction.NO_SIGNIFICANT_CHANGE if "no significant change" in message else None
    return nearest_row(evidence, meant[0], stated[0] if stated else unchanged, source)


def check_sentence(
    evidence: Evidence, sentence: Sentence, given: Attribution
) -> Iterator[tuple[int, str]]:
    """Find overstatements in one sentence; yields positions and messages."""
    text = sentence.text
    yield from _phrases(text, evidence)
    yield from check_effects(text, given, evidence)
    yield from _significance(text, given)
    yield from _certainty(text, evidence)
    yield from _upper_bound(text, evidence)
    yield from _elsewhere(text)


def _phrases(text: str, evidence: Evidence) -> Iterator[tuple[int, str]]:
    told: set[str] = set()
    for phrase in PHRASES:
        if phrase.name in told:
            continue
        for match in phrase.pattern.finditer(text):
            about = bool(_DOUBT.search(match.group())) or not phrase.needs
            if not (about or (phrase.needs and phrase.needs.search(text))):
                continue
            # "Not significant, which means no effect": what excuses one clause ends with it.
            scope = _clause_at(text, match.start())
            if phrase.unless and phrase.unless.search(scope):
                continue
            if not _holds(phrase.name, text, match):
                continue
            if phrase.name == "consensus" and _no_source_is_there(text, match, evidence):
                continue
            told.add(phrase.name)
            yield match.start(), f"{match.group()!r}: {phrase.advice}"
            break


_DOUBT = re.compile(r"\b(?:doubt|question|dispute|leav\w+ (?:no|little|nothing))\b", re.I)


def _clause_at(text: str, position: int) -> str:
    return next((text[c.start : c.end] for c in clauses(text) if c.start <= position < c.end), text)


# "No source that was read shows this" says what is not there, and counts nobody as agreeing.
_NO_SOURCE_SHOWS = re.compile(
    r"no\b.*\b(?:show|demonstrat|prov|support|conclud|recommend|endors)\w*$", re.I
)


def _holds(name: str, text: str, match: re.Match[str]) -> bool:
    if name == "certain" and re.match(r"(?i)no |without|beyond|little|cannot", match.group()):
        return True
    if name == "consensus" and _NO_SOURCE_SHOWS.match(match.group()):
        return False
    if name == "recommendation" and match.start() == 0 and not re.match(r"If|Whether", text):
        return True
    return asserted(text, match.start(), match.end())


def _no_source_is_there(text: str, match: re.Match[str], evidence: Evidence) -> bool:
    """Whether "no source reports on hip fractures" is what the tables say."""
    if not re.match(r"(?i)no\b.*\b(?:report\w*|found|finds?)$", match.group()):
        return False
    named = {o for m in outcome_mentions(text) for o in (m.outcome_id, *m.several) if o}
    kept = {f.outcome_id for f in evidence.findings(struck=False)}
    return bool(named) and not named & kept


def _significance(text: str, given: Attribution) -> Iterator[tuple[int, str]]:
    for match in _SIGNIFICANT.finditer(text):
        held = stance(text, match.start(), match.end())
        told_of_none = held == HEDGED and not given.given and not outcome_mentions(text)
        if held not in (ASSERTED, HEDGED) or told_of_none:
            continue
        if not _REACHED.search(text, 0, match.end()) and any(
            m.start() < match.end() and match.start() < m.end()
            for m in _NOT_SIGNIFICANT.finditer(text)
        ):
            continue
        yes = [f for f in given.findings if f.statistically_significant is Significance.YES]
        if given.findings and not yes:
            yield (
                match.start(),
                (
                    f"'significant', but {given.findings[0].finding_id} is recorded as "
                    f"{given.findings[0].statistically_significant.value!r}"
                ),
            )
        elif not yes:
            yield (
                match.start(),
                (
                    "'significant' without its interval; put {finding}`id` in the sentence, "
                    "which prints estimate and interval or says that they are not reported"
                ),
            )
        return


def _certainty(text: str, evidence: Evidence) -> Iterator[tuple[int, str]]:
    levels = set(re.findall(r"\b(?:high|moderate|low)\b", text))
    if len(levels) > 2 or (len(levels) > 1 and not outcome_mentions(text)):
        return  # a definition of the levels, not a rating
    for match in _LEVEL.finditer(text):
        if re.search(r"\b(?:not|cannot|never)\b|n't\b", match.group()):
            continue
        level = next(group for group in match.groups() if group).lower()
        held = stance(text, match.start(), match.end())
        # "The evidence on fractures is of high certainty" asks nothing.
        asks = held == ASKED and re.search(r"\b(?:whether|if|how|which)\b|\?$", text, re.I)
        if asks or held not in (ASSERTED, HEDGED, ASKED):
            continue
        if re.search(
            r"\b(?:at most|wording|words?|would|needs?|requires?|writes?|says?|verb|means|is called|starts? at|begins?)\b",
            text,
        ):
            continue
        named = [o for m in outcome_mentions(text) for o in (m.outcome_id, *m.several) if o]
        rated = {words for o in named if (words := rating_words(evidence, o))}
        if level in ("a", "i", "high", "moderate") and level not in rated:
            yield match.start(), f"{match.group()!r}: {_levels_given(evidence, named)}"
        elif (
            level in ("low", "very low")
            and not rated
            and getattr(evidence, "certainty", None) is None
        ):
            yield match.start(), f"{match.group()!r}: nobody rated this; leave the level out"
        elif rated and level not in rated and level in _LEVELS:
            worst = min(rated, key=_LEVELS.index)
            if _LEVELS.index(level) > _LEVELS.index(worst) and len(rated) == 1:
                yield match.start(), f"{match.group()!r}: the tables give {worst!r}"


def _upper_bound(text: str, evidence: Evidence) -> Iterator[tuple[int, str]]:
    """Find "at most low" beside an outcome whose bound is another."""
    match = re.search(r"\bat most (high|moderate|low|very low)\b", text)
    named = [m.outcome_id for m in outcome_mentions(text) if m.outcome_id]
    # With several outcomes and several levels, which belongs to which is not read here.
    if match is None or not named or len(re.findall(r"\bat most\b", text)) > 1:
        return
    bounds = {str(evidence.certainty(o) or "not rated") for o in named}
    if match.group() not in bounds and asserted(text, match.start(), match.end()):
        yield match.start(), f"{match.group()!r}: {_levels_given(evidence, named)}"


def _levels_given(evidence: Evidence, named: list[str]) -> str:
    """Say which levels the tables give, and what to type so that they cannot drift."""
    if not named:
        return "no outcome of the tables is named; say for which, with {value}`oc.certainty`"
    listed = list(dict.fromkeys(named))[:3]
    given = ", ".join(
        f"{evidence.outcomes[o].in_text} {evidence.certainty(o) or 'not rated'}" for o in listed
    )
    return f"the tables give: {given}; type {{value}}`{listed[0]}.certainty`"


def _elsewhere(text: str) -> Iterator[tuple[int, str]]:
    """Find claims on things that no row is about: arteries, teeth, pain, a longer life."""
    for mention in outcome_mentions(text):
        if mention.kind != OTHER:
            continue
        match = _AFFECTS.search(text)
        subject = re.search(rf"\b{K2}\b|\b(?:it|this|they)\b", text, re.I)
        if not subject or not asserted(text, mention.start, mention.end):
            continue
        if (match and asserted(text, match.start(), match.end())) or re.search(
            r"\b(?:good for|effects? on|benefits? for|out of (?:the )?arter)\b", text, re.I
        ):
            yield (
                mention.start,
                (
                    f"{mention.text!r}: no row is on it; leave it out, or add a source and its finding"
                ),
            )
            return
