"""How a sentence holds what it says: asserted, hedged, denied, asked, or said by others.

"Prevents fractures" is a claim; "does not prove that it prevents fractures" is not. Words are
looked up in the clause they stand in, so that a negation reaches as far as its clause.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from evidence_tools.checks.sentences import ROLE_MARK

ASSERTED, HEDGED, DENIED, ASKED, ELSEWHERE = "asserted", "hedged", "denied", "asked", "elsewhere"

# Negations that assert: they are taken out before negations are looked for.
_DOUBLE_NEGATION = re.compile(
    r"\b(?:no|without(?: any| a)?|beyond(?: any| all| reasonable)*|little|not any|out of) "
    r"(?:doubt|question|exceptions?|dispute)\b"
    r"|\bno (?:reason to doubt|longer in doubt|room for doubt|secret|wonder|surprise|coincidence)\b"
    r"|\bnot only\b|\bnot just\b|\bnot merely\b|\bnot to mention\b|\bcannot be (?:denied|disputed|doubted|overstated)\b"
    r"|\b(?:nobody|no one|no scientist|no expert|no doctor) (?:disputes|doubts|denies|questions)\b"
    r"|\bnever fails? to\b|\b(?:do|does|did) not fail to\b|\bnot surprising\w*\b|\bnone other than\b"
    r"|\bno matter\b|\bnothing (?:less|short|but|works?|beats|is (?:better|more effective))\b(?: than| of)?"
    r"|\bnot a single [\w ]+ (?:disagree|contradict|dispute|doubt)\w*|\bno (?:trial|study|source|review|evidence) "
    r"(?:disagree|contradict|dispute|doubt)\w*|\bno less than\b|\bno fewer than\b|\bnot in doubt\b"
    r"|\bwithout (?:side effects|risks?|harm|adverse|drugs?|effort|medicines?|medication|a prescription)\b"
    r"|\bno (?:known |serious |real |relevant |reported )?(?:side effects|risks?(?! of bias)|harms?|adverse \w+|drugs?)\b"
    r"|\b(?:lack|absence|shortage|deficiency) of (?:vitamin|menaquinone)\w*|\bwithout (?:enough |sufficient )?(?:vitamin|menaquinone|supplement)\w*"
    r"|\bwithout (?:concern|worry|hesitation|fear)\b|\bno need (?:for|of)\b"
    r"|\b(?:not|never|n't|nor) (?:to )?(?:be )?(?:in (?:question|dispute|doubt)|at issue|open to (?:doubt|question)|controversial|deni(?:ed|able)|den(?:y|ies)|disput(?:e[sd]?|able)|doubt(?:ed)?|contest(?:ed)?"
    r"|question(?:ed)?|debat(?:ed|able)|forget|forgotten|overlook(?:ed)?|ignored?|neglect(?:ed)?|underestimat(?:e|ed)|hid(?:e|den)|passed over)\b"
    r"|\bno(?:t| longer)(?: a question of)? whether\b|\b(?:few|not everyone|nobody) (?:know|realis|realiz)\w*\b"
    r"|\b(?:who|which|that) (?:do|does|did|have|has|had)(?: not|n't) (?:take|takes|taken|use|used|get|receive|received|have|had)\b"
    r"|\bno(?:t| longer) (?:taking|using|getting)\b|\b(?:nobody|no one|no woman|no patient)(?= (?:who|that|on|with|taking|using)\b)"
    r"|\bwhether or not\b|\bno longer (?:need|have|has) to\b|\bcan(?:not|'t) go wrong\b|\bnot to be missed\b",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:not|n't|cannot|can't|don't|doesn't|didn't|isn't|wasn't|aren't|weren't|won't|hasn't|haven't"
    r"|never|nor|neither|none|nothing|nobody|no one|no|without|hardly|instead of|rather than"
    r"|fail(?:s|ed)? to|unable to|far from|too (?:early|little|few) to|unproven"
    r"|unlikely to|refus\w+ to|stops? short of|impossible|wrong to|false that|a mistake to"
    r"|misread\w*|mistak\w+|unsupported|(?:absence|lack) of (?:evidence|proof|data))\b|n't\b",
    re.IGNORECASE,
)
_AFTERWARDS = re.compile(
    r"\b(?:is|are|was|were|has|have|had|remains?|stays?|can|could|would|do|does|did|cannot|must|may|should)"
    r"(?: \w+){0,3} (?:not|n't|never)\b|\b(?:is|are|remains?|was|were|stays?) (?:\w+ )?(?:un(?:known|certain|clear|proven|supported|tested|settled|resolved)"
    r"|an open question|open\b|in doubt|wrong|false|misleading|a mistake|doubtful|disputed|not)\b|\bcannot\b"
    r"|\bhas yet to be\b|\bwould be (?:wrong|a mistake|misleading|an error|going too far|to overstate)\b"
    r"|\b(?:is|are) (?:\w+ )?(?:separate|different|distinct) (?:statements?|questions?|things|claims?|matters?)\b"
    r"|\bgoes beyond\b|\bgo beyond\b|\b(?:is|are) (?:a )?(?:no|none|nothing)\b|\bnot (?:known|shown|proven|reported|established)\b",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"\b(?:whether|if|how (?:much|far|many|large|often|long)|asks?|asked|question of|questions? (?:on|about)|test(?:s|ed)? (?:the|for|of)"
    r"|(?:people|women|patients|readers|researchers|authors|some|many|who) (?:\w+ )?hoped?\b|examin(?:es|ed)|investigat\w+|stud(?:ied|ying) (?:the|how)|look(?:s|ed|ing) (?:at|for|into)|designed to|aim(?:s|ed)? (?:to|at)|set out to"
    r"|was meant to|were meant to|intended to|protocol|hypothes\w+|primary endpoint|endpoint (?:was|of)"
    r"|to find out|trials? (?:on|about)|reviews? (?:on|about)|stud(?:y|ies) (?:on|about)|the role in|evidence (?:on|about)"
    r"|uncertain (?:about|that|how)|unknown (?:if|how)|(?:what|which|who) (?:a|the|is|was|this|each|that|it)|would (?:need|have) to"
    r"|licen[sc]es?|in order to know|compar(?:es?|ed) )\b",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"\b(?:popular (?:pages|health pages|sites|articles|accounts|claims?|books)|web ?(?:sites?|pages?)|sellers?|advertis\w+|adverts?|marketing"
    r"|manufacturers?|labels?|leaflets?|newspapers?|headlines?|press releases?|blogs?|social media|shops?|vendors?"
    r"|(?:a|any|the) (?:page|site|label|book|seller|advert) that (?:says|claims)|pages that (?:say|claim)|who(?:ever)? (?:says|claims)|often (?:claimed|said|sold|told|advertised|promoted)|sometimes (?:claimed|said|sold)|widely (?:claimed|repeated)|commonly claimed|is claimed|so-called"
    r"|(?:tempting|easy|common|natural) to (?:read|misread|take|conclude|think|assume|infer)|a reader may (?:meet|read|have read)|claims? that|the claim|readers who meet|title of)\b",
    re.IGNORECASE,
)
_CLAIMED = re.compile(
    r"\b(?:is|are|was) (?:often|widely|sometimes|commonly|frequently|only)? ?(?:claimed|said|advertised|promoted)\b"
    r"|\bis (?:a|the|an? \w+) (?:claim|slogan|myth|advertisement|sales)\b",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"\b(?:may|might|could|can|possibly|perhaps|probably|likely|potential(?:ly)?|seems?|appears?|appeared|thought"
    r"|believed|suggest\w*|hints?|promis\w+|expected|presumably|apparently|tends?|hoped|considered|theor\w+"
    r"|indicat\w+|supposed(?:ly)?|would)\b",
    re.IGNORECASE,
)
_VERBS = (
    r"is|are|was|were|has|have|can|may|might|should|must|will|would|does|do|did|prov(?:es?|ed)|shows?|showed|prevents?|works?|ros?e|rises?|falls?|fell|drops?|improves?|protects?"
    r"|strengthens?|builds?|keeps?|makes?|gives?|helps?|takes?|acts?|brings?|stays?|goes|increases?|decreases?|reduces?|lowers?|raises?|agrees?|confirms?|needs?|ought"
)
_BREAK = re.compile(
    r"\s*(?:;|:(?!\w)| - | – | — )\s*|,\s+(?=(?:and|but|so|because|which|although|though|while|whereas|yet|"
    r"however|thereby|since|as|even though|therefore|hence|thus|not|or that|it|they|this|these|we|he|she|vitamin|its|their|nor)\b)"
    r"|\s+(?=(?:but|although|though|because|whereas|so that|even though|yet|thereby|which means|therefore|and (?:so|thus|therefore|thereby|hence|that is why|vitamin K2?|it|they|this|these|will|can))\b)"
    r"|,\s+(?=(?:the|a|an|all|most|both|some|every|this|these|women|people|patients|bones|fractures|markers|harms|pills|vitamin|menaquinone|menatetrenone|MK-?\d|K2|even so|that is)\b(?: [\w'-]+){0,4}? "
    rf"(?:{_VERBS})\b)"
    r"|,\s+(?=(?:even so|that is|in other words)\b)"
    r"|\s+(?=(?:while|since) (?:\w+ ){1,6}\w+)|\s+(?=(?:when|unless|until|once)\b)",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"^(?:If|When|Where|Once|With|Without|Unlike|In|Despite|Although|For|By|After|Within|Besides|Thanks to|According to|Because|Since|"
    r"Not only|Even|While|Contrary to|Taken|Given|At|As|Among|Beyond|From|No wonder)\b[^,]*,\s+"
)


# "Why does it prevent fractures?" asks for a reason and takes the claim for granted.
_PRESUMING = re.compile(
    r"(?:Why|How)\b(?! (?:far|much|many|sure|certain|often|long|current|do we|can we|should|is (?:this|a|the)))"
    r"|What (?:makes|is behind|explains|lets|allows)\b",
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence that has its own negation: its span in the sentence."""

    start: int
    end: int


@lru_cache(maxsize=4096)
def clauses(text: str) -> tuple[Clause, ...]:
    """Split a sentence where a new statement begins."""
    cuts = [0]
    if lead := _LEAD.match(text):
        cuts.append(lead.end())
    cuts += [match.end() for match in _BREAK.finditer(text) if 0 < match.end() < len(text)]
    cuts = sorted(set(cuts))
    return tuple(Clause(a, b) for a, b in zip(cuts, [*cuts[1:], len(text)], strict=True))


@lru_cache(maxsize=16384)
def stance(text: str, start: int, end: int) -> str:
    """Say how a sentence holds the words from ``start`` to ``end``.

    Parameters
    ----------
    text
        The sentence.
    start, end
        Span of the words.

    Returns
    -------
    str
        One of ``asserted``, ``hedged``, ``denied``, ``asked``, ``elsewhere``.
    """
    if _quoted(text, start, end):
        return ELSEWHERE
    clear = _DOUBLE_NEGATION.sub(lambda match: "~" * len(match.group()), text)
    clause = next((c for c in clauses(text) if c.start <= start < c.end), Clause(0, len(text)))
    # "Nobody knows whether ..., or that ...": what was opened earlier stays open.
    before, after = clear[clause.start : start], clear[end : clause.end]
    opening = _still_open(clear[:start])
    if _rejected_denial(opening):
        return ASSERTED
    if _OTHERS.search(opening) and not re.search(
        r"\b(?:this report|we|rightly|correctly)\b", opening
    ):
        return ELSEWHERE
    if text.rstrip(")\"' ").endswith("?") and not _PRESUMING.match(text):
        return ASKED
    if re.search(r"\b(?:[Ww]hether|if)\b", opening):
        return ASKED
    if _NEGATION.search(before) or _REACHING.search(opening):
        return DENIED
    if _OBJECT_DENIED.match(after):
        return DENIED
    if how := _TAKEN_FOR_GRANTED.search(before):
        return ASKED if _HEDGE.search(before, how.end()) else ASSERTED
    if _AFTERWARDS.search(after):
        return DENIED
    if _CLAIMED.search(after):
        return ELSEWHERE
    if _ASKING.search(before):
        return ASKED
    if _HEDGE.search(before[-60:]):
        return HEDGED
    return ASSERTED


def asserted(text: str, start: int, end: int) -> bool:
    """Whether the sentence says the words itself, hedged or not."""
    return stance(text, start, end) in (ASSERTED, HEDGED)


_REACHING = re.compile(
    r"\b(?:(?:does|do|did|can|could|would|must|should|may|is|are|was|were|has|have)(?: not|n't)|cannot|can't|never|no \w+|none(?: of [\w ]+)?|nothing)"
    r"(?: \w+){0,3}? (?:show|shows|shown|prove|proves|proven|mean|means|imply|implies|say|says|establish\w*|demonstrate\w*|support\w*"
    r"|claim\w*|tell|tells|conclude\w*|evidence|known|license\w*|licence\w*|follow\w*|read as|justif\w+|suggest\w*|infer\w*|proof)\b"
    r"|\b(?:no (?:\w+ ){0,2}(?:proof|evidence|statement|claim|conclusion|sign|basis|rating|finding|source|trial|study|review)|not (?:\w+ ){0,2}(?:proof|evidence)"
    r"|nobody knows|unknown|not known|unclear|uncertain|unproven|too early to say|wrong to (?:say|conclude)|it would be)\b",
    re.IGNORECASE,
)


# What ends the reach of "whether" and of "does not show that": a statement of its own.
_CLOSING = re.compile(
    r"^(?:Although|Though|Even though|While|Whereas|Because|Since|Despite|In spite of)\b[^,]*,|;|\.(?!\w)|,? (?:but|yet|however|so|therefore|thus|hence|still|nevertheless|although|though|because|which)\b"
    rf"|, (?:it|they|and)\b|, (?:even so|that is|in other words)\b|, (?:the|all|women|people|patients|vitamin|this|these)\b(?: [\w'-]+){{0,4}}? (?:{_VERBS})\b",
    re.IGNORECASE,
)


def _still_open(opening: str) -> str:
    """Leave out what an earlier statement said: "cannot show that ..., or that ..." stays."""
    closed = [match.end() for match in _CLOSING.finditer(opening)]
    return opening[closed[-1] :] if closed else opening


_REJECTING = re.compile(
    r"\b(?:wrong|false|untrue|incorrect|nonsense|absurd|mistake|mistaken|myth|misleading|error|no (?:\w+ )?truth)\b(?![^,;]*\b(?:conclude|infer|read|deduce|assume)\b)[^,;]*?\b(?:that|to (?:say|claim|call|pretend|suggest|state|maintain|hold|believe))\b"
    r"|\b(?:nobody|no one|none|cannot|can't) (?:\w+ )?(?:claim|pretend|maintain|deny|say)\w*\b",
    re.IGNORECASE,
)
_DENYING = re.compile(r"\b(?:not|never|hardly|anything but)\b|n't\b", re.IGNORECASE)


def _rejected_denial(opening: str) -> bool:
    """Whether two denials make a claim: "it would be wrong to say that it does not prevent ..."."""
    rejecting = _REJECTING.search(opening)
    return bool(rejecting and _DENYING.search(opening, rejecting.end()))


# "How it prevents fractures is not known" takes for granted that it does.
_TAKEN_FOR_GRANTED = re.compile(
    r"\b(?:how|why|the (?:reason|way|mechanism|means) (?:why|that|for which|by which|how|in which)) (?!much|far|many|often|long|large|sure|certain|safe|strong|well|to\b)",
    re.IGNORECASE,
)
_OBJECT_DENIED = re.compile(r" (?:nothing|nobody|no one|none|neither)\b", re.IGNORECASE)


def _quoted(text: str, start: int, end: int) -> bool:
    quotes = [match.start() for match in re.finditer(r'(?<!\w)"|"(?!\w)', text)]
    pairs = zip(quotes[::2], quotes[1::2], strict=False)
    return any(a < start and end <= b + 1 for a, b in pairs)


def without_roles(text: str) -> str:
    """Write role marks as a plain word, so that patterns over words see one."""
    return text.replace(ROLE_MARK, "X")
