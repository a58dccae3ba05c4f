"""Whether sources that a sentence says agree, or disagree, do so in their rows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence_tools.checks.attribution import Attribution
from evidence_tools.checks.directions import row_text
from evidence_tools.checks.mentions import DENSITY, FRACTURE, HARM, MARKER, fits, outcome_mentions
from evidence_tools.checks.sentences import Sentence
from evidence_tools.checks.stance import asserted
from evidence_tools.evidence import Evidence
from evidence_tools.schema import Finding

_AGREE = re.compile(
    r"\b(?:agree[sd]?(?! (?:with|on) (?:itself|how))|concurs?|confirm(?:s|ed)?|in (?:line|agreement|accord) with|the same (?:direction|result|finding)|both (?:report|find|found|show|see|saw|state))\b",
    re.I,
)
_DISAGREE = re.compile(
    r"\b(?:disagree[sd]?|contradict(?:s|ed)?|at odds|in conflict|conflict with|opposite (?:directions?|results?))\b"
    r"|\b(?:does|do|did) not (?:agree|confirm)\b",
    re.I,
)


def check_agreement(
    evidence: Evidence, sentence: Sentence, given: Attribution, central: str
) -> Iterator[tuple[int, str]]:
    """Find agreement or disagreement on an outcome that the rows of the sources do not show.

    Only a sentence on exactly one outcome is judged; a single source is set against the
    central one.

    Yields
    ------
    position, message
    """
    text = sentence.text
    ids = {s.source_id for s in given.sources}
    if len(ids) == 1 and central:
        ids.add(central)
    kinds = (MARKER, DENSITY, FRACTURE, HARM)
    named = {m.outcome_id: m for m in outcome_mentions(text) if m.kind in kinds}
    if len(ids) != 2 or len(named) != 1 or "" in named:
        return
    mention = next(iter(named.values()))
    # "Contradicts itself" and "its conclusion" are about one source.
    if re.search(r"\b(?:itself|its own|conclusion)\b", text):
        return
    rows = {
        source: [f for f in evidence.findings(source=source) if fits(mention, f.outcome_id)]
        for source in sorted(ids)
    }
    for pattern, alike in ((_DISAGREE, False), (_AGREE, True)):
        match = pattern.search(text)
        if match is None:
            continue
        if not asserted(text, match.start(), match.end()) and " not " not in match.group():
            return
        told = "; ".join(_told(evidence, source, found) for source, found in rows.items())
        if _same(*rows.values()) is not alike:
            yield match.start(), f"{match.group()!r} is not what the rows say: {told}"
        return


def _same(one: list[Finding], other: list[Finding]) -> bool:
    """Whether two sources have a row that states the same direction."""
    return bool({f.direction for f in one} & {f.direction for f in other})


def _told(evidence: Evidence, source: str, found: list[Finding]) -> str:
    name = evidence.sources[source].short_name
    return row_text(found[0]) if found else f"{name} has no row on it"
