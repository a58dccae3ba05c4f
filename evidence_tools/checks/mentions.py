"""What a sentence is about: outcomes, bones, harms and things nobody measured here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

MARKER, DENSITY, FRACTURE, STRENGTH, HARM, OTHER = (
    "marker", "density", "fracture", "strength", "harm", "other",
)  # fmt: skip
"""Kinds of thing. ``strength`` is bone health, quality and strength: no finding is on it."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of text that names an outcome.

    ``outcome_id`` is empty where the words fit several outcomes or none; ``several`` lists
    the outcomes that would fit.
    """

    kind: str
    outcome_id: str
    start: int
    end: int
    text: str
    several: tuple[str, ...] = ()


_FRACTURES = tuple(f"fracture_{kind}" for kind in ("any", "clinical", "vertebral", "hip"))
_FRACTURES += ("fracture_nonvertebral",)
_DENSITIES = tuple(f"bmd_{site}" for site in ("lumbar_spine", "hip", "femur", "forearm", "total"))
_DENSITIES += ("bmd_loss",)
_FORMATION = ("oc", "bap", "pinp")
_RESORPTION = ("ctx", "ntx", "trap")
_MARKERS = (*_FORMATION, *_RESORPTION, "ucoc", "coc", "turnover_markers")

# (kind, outcome, outcomes that fit, pattern, whether case counts); the first that fits wins.
_TABLE: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    (MARKER, "ucoc", (), r"(?i:under-?carboxylated osteocalcin|uncarboxylated osteocalcin)(?: \(ucOC\))?|\bucOC\b"),
    (MARKER, "coc", (), r"(?i:(?:gamma-)?carboxylated osteocalcin)(?: \(cOC\))?|\bcOC\b|(?i:carboxylation of osteocalcin)"),
    (MARKER, "oc", (), r"(?i:\bosteocalcin)(?: \(OC\))?|\bOC\b"),
    (MARKER, "bap", (), r"(?i:bone(?:-specific)? alkaline phosphatase|alkaline phosphatase)(?: \(BAP\))?|\bB(?:AP|ALP|SAP)\b"),
    (MARKER, "pinp", (), r"(?i:procollagen(?: type)?(?: I| 1)?(?: N-terminal)? (?:pro)?peptide)|\b(?:s-)?P(?:I|1)NP\b"),
    (MARKER, "ctx", (), r"(?i:c-(?:terminal )?telopeptide)(?i:s? of type I collagen)?(?: \(CTX\))?|\b(?:s-|β-)?CTX(?:-I)?\b"),
    (MARKER, "ntx", (), r"(?i:n-(?:terminal )?telopeptide)(?i:s? of type I collagen)?(?: \(NTX\))?|\bNTX\b"),
    (MARKER, "trap", (), r"(?i:tartrate-resistant acid phosphatase)(?: \(TRAP\))?|\bTRA(?:C)?P(?:-?5b)?\b"),
    (MARKER, "", _RESORPTION, r"(?i:(?:bone[- ]?)?resorption(?: markers?| of bone)?|markers? of (?:bone )?(?:resorption|breakdown)|(?:bone|collagen) breakdown)"),
    (MARKER, "", _FORMATION, r"(?i:(?:bone[- ]?)formation(?: markers?)?|markers? of (?:bone )?formation|formation markers?)"),
    (MARKER, "", _MARKERS, r"(?i:(?:bone )?turnover(?: markers?)?|bone remodell?ing|bone metabolism|biomarkers?|(?:bone |laboratory |blood )*markers?\b|blood tests?\b|laboratory (?:values?|results?))"),
    (FRACTURE, "fracture_vertebral", (), r"(?i:(?:vertebral|spinal?|spine) (?:compression )?fractur\w*|fractur\w* of the (?:spine|vertebra\w*)|broken (?:spine|back|vertebra)\w*|crushed vertebra\w*)"),
    (FRACTURE, "fracture_nonvertebral", (), r"(?i:non-?vertebral fractur\w*)"),
    (FRACTURE, "fracture_hip", (), r"(?i:hip fractur\w*|fractur\w* of the hip|broken hips?|break(?:ing)? (?:a|her|their|your) hips?)"),
    (FRACTURE, "fracture_clinical", (), r"(?i:clinical fractur\w*)"),
    (FRACTURE, "", _FRACTURES, r"(?i:fractur\w*|broken (?:bones?|wrists?|limbs?)|break(?:ing|s)? (?:a |her |their |your |fewer |more )?(?:bones?|wrists?)|bones? (?:to |that |from |will |do(?:es)? not |don't |no longer |rarely |hardly )?(?:break|fractur|snap)\w*|bones? (?:\w+ ){0,2}(?:likely|prone|apt|liable) to (?:break|fracture|snap)\w*|bones? (?:do not|does not|don't|no longer) break)"),
    (DENSITY, "bmd_lumbar_spine", (), r"(?i:lumbar(?:[- ]spine)? (?:bone )?(?:mineral )?density|(?:bone )?(?:mineral )?density (?:of|at|in) the (?:lumbar )?spine|lumbar[- ]spine BMD|BMD (?:of|at|in) the (?:lumbar )?spine|spine (?:bone )?density|density of the spine)"),
    (DENSITY, "bmd_forearm", (), r"(?i:forearm (?:bone )?(?:mineral )?density|(?:bone )?(?:mineral )?density (?:of|at|in) the forearm|forearm BMD|BMD (?:of|at|in) the forearm)"),
    (DENSITY, "bmd_hip", (), r"(?i:hip (?:bone )?(?:mineral )?density|(?:bone )?(?:mineral )?density (?:of|at|in) the hip|hip BMD|BMD (?:of|at|in) the hip)"),
    (DENSITY, "bmd_femur", (), r"(?i:femur (?:bone )?(?:mineral )?density|femoral neck|(?:bone )?(?:mineral )?density (?:of|at|in) the femur|femur BMD|BMD (?:of|at|in) the femur)"),
    (DENSITY, "bmd_loss", (), r"(?i:(?:rates? of )?bone loss(?: rates?)?|loss of bone\b|los(?:e|es|ing) (?:less |no )?bone\b|bone (?:is|was|gets|being) (?:\w+ )?lost|lost bone|bone thinning|thinning of (?:the |her |their )?bones?|bone wasting)"),
    (DENSITY, "", _DENSITIES, r"(?i:bone (?:mineral )?densit(?:y|ies)(?! (?:scan|test|measurement|check))|bone mineral content|\bBMD\b|bone mass|denser bones?|bones? (?:\w+ )?denser|bones? dense|dense bones?|T-scores?|skeletal density|bone minerali[sz]ation|\bdensity\b)"),
    (STRENGTH, "", (), r"(?i:(?:bone|skeletal|hip|spine) (?:strength|health|quality|integrity|resilience|stability|toughness|structure|architecture|micro-?architecture|geometry|tissue|fragility|protection|repair|regeneration|healing|support)|(?:strong|sturd|tough|health|solid|resilien|robust|hard|firm)\w*(?:,? (?:and )?\w+)? (?:bones?|skeletons?|hips?|spines?)|bones?(?:'s)? (?:of (?:the|these|those|all) (?:\w+ )?(?:women|patients|people|participants) )?(?:\w+ ){0,2}(?:strong|stronger|sturdier|healthy|healthier|tougher|solid|harder)\b|osteoporo\w+|osteopeni\w+|(?:brittle|fragile|weak|porous|thin)(?:er)? bones?|brittleness|frailty|skeletons?\b|\bhips\b|\b(?:the|her|a) (?:hip|spine)\b|\bspines?\b|\bvertebrae?\b|\bbones?\b(?![ -](?:turnover|marker|formation|resorption|loss|density|mineral|mass|specific|strength|health|alkaline|break|drug|scan|biolog|joint|form|&|and Joint)))"),
    (HARM, "adverse_reactions", (), r"(?i:adverse (?:reactions?|events?|effects?)|side[- ]effects?|unwanted effects?|\bharms?\b|\bsafety\b|toxicit\w+)"),
    (OTHER, "", (), r"(?i:arter(?:y|ies|ial)|(?:blood )?vessels|cardiovascular|heart(?:s| disease| attacks?| health)?\b|calcification|stroke|teeth|dental|tooth|cavities|cancer|diabetes|insulin|blood sugar|brain|dementia|cognit\w+|memory|muscles?|joint pain|\bpain\b|arthritis|height|posture|\bskin\b|wrinkles?|\bhair\b|immun\w+|longevity|liv(?:e|es|ing) longer|longer (?:life|lives)|life ?spans?|mortality|\bdeaths?\b|life expectancy|quality of life|\bfalls\b(?! (?:with|in|by|more|less|to|from|when|after|during|below|on|under))|hot flushes|hot flashes|sleep|mood|energy levels?|fertility|testosterone|weight loss|kidney stones|mobility|balance)"),
)  # fmt: skip
_PATTERNS = tuple((kind, one, many, re.compile(pattern)) for kind, one, many, pattern in _TABLE)


@lru_cache(maxsize=4096)
def outcome_mentions(text: str) -> tuple[Mention, ...]:
    """Find what a text is about.

    Parameters
    ----------
    text
        Plain text.

    Returns
    -------
    tuple of Mention
        In the order of the text; the more exact words win where two readings overlap.
    """
    return tuple(sorted(_find(text), key=lambda mention: mention.start))


def _find(text: str) -> Iterator[Mention]:
    taken: list[tuple[int, int]] = []
    for kind, outcome, several, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(start < e and s < end for s, e in taken):
                continue
            taken.append((start, end))
            yield Mention(kind, outcome, start, end, match.group(), several)


def fits(mention: Mention, outcome_id: str) -> bool:
    """Say whether a mention may mean an outcome."""
    if mention.outcome_id:
        generic = {"fracture_clinical": "fracture_any", "fracture_any": "fracture_clinical"}
        return outcome_id in (mention.outcome_id, generic.get(mention.outcome_id))
    return outcome_id in mention.several
