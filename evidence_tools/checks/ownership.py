"""Whose a number or a finding is: a whole review or one of its outcomes, this source or another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from evidence_tools.checks.directions import row_text
from evidence_tools.checks.mentions import DENSITY, FRACTURE, HARM, Mention
from evidence_tools.checks.sentences import Sentence
from evidence_tools.evidence import Evidence

_STANDS_ON = re.compile(
    r"(?:\s[\w-]+){0,6}?\s(?:measured|reported|assessed|determined|rests?|rested|based|pooled|comes?|came|drawn|tested|available|counted|stands?|stood|seen|found)"
    r"\s(?:in|on|from|across|by|upon)\s(?:all |the |these |all the |all of the |each of the )?$"
)


def whole_source_counts(
    evidence: Evidence, sentence: Sentence, found: tuple[Mention, ...]
) -> Iterator[tuple[int, str]]:
    """Find the size of a whole review given as the size behind one of its outcomes."""
    for mark in sentence.roles:
        identifier, _, field = mark.key.partition(".")
        source = evidence.sources.get(identifier) if mark.role == "value" else None
        if source is None or field not in ("n_studies", "n_participants") or source.design == "rct":
            continue
        exact = (FRACTURE, DENSITY, HARM)
        before = [m for m in found if (m.outcome_id or m.kind in exact) and m.end <= mark.position]
        if before and _STANDS_ON.fullmatch(sentence.text[before[-1].end : mark.position]):
            what = "trials" if field == "n_studies" else "people"
            yield (
                mark.position,
                f"{mark.key} counts the whole of {source.short_name}; how many {what} stand behind "
                f"{before[-1].text!r} is not reported there: write that",
            )


_SAYS = re.compile(
    r"(?: \w+ly)? (?:reports?|reported|prints?|printed|gives?|gave|finds?|found|states?|stated|lists?|listed|shows?|showed|measured|concludes?|concluded|describes?|observed)\b[^;,.]*"
)
_BETWEEN = re.compile(
    r"\b(?:than|unlike|whereas|while|but|and|against|central|abstract|other|from)\b", re.I
)


def other_sources(evidence: Evidence, sentence: Sentence) -> Iterator[tuple[int, str]]:
    """Find a finding that a sentence puts into the mouth of another source."""
    marks = [mark for mark in sentence.roles if mark.role in ("finding", "source")]
    for one, two in pairwise(marks):
        if one.role == two.role:
            continue
        between = sentence.text[one.position + 1 : two.position]
        reports = _SAYS.fullmatch(between) and not _BETWEEN.search(between)
        said = one.role == "source" and (reports or between in (": ", "): ", "]: "))
        beside = one.role == "finding" and between in (" (", " [")
        cited, named = (two, one) if said else (one, two)
        finding = evidence.findings_by_id.get(cited.key) if said or beside else None
        source = evidence.sources.get(named.key)
        if finding is None or source is None or finding.source_id == source.source_id:
            continue
        owner = evidence.source_of(finding)
        if owner.source_id in source.note or source.source_id in owner.note:
            continue  # a correction and what it corrects
        own = [
            f
            for f in evidence.findings(source=source.source_id)
            if f.outcome_id == finding.outcome_id
        ]
        hint = row_text(own[0]) if own else f"{{source}}`{owner.source_id}`"
        yield (
            cited.position,
            f"{cited.key} is a finding of {owner.short_name}, not of {source.short_name}; type {hint}",
        )
