"""Sentences that go from a marker to bone, or tie vitamin K2 to bone, without a source."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence_tools.checks.claims import SUBJECT, claims
from evidence_tools.checks.mentions import (
    DENSITY,
    FRACTURE,
    HARM,
    MARKER,
    OTHER,
    STRENGTH,
    outcome_mentions,
)
from evidence_tools.checks.stance import ASSERTED, HEDGED, clauses, stance

_LINK = re.compile(
    r"\b(?:mean(?:s|t|ing)?|translat\w+|shows?|showing|shown|so|therefore|thus|hence|leads?(?: to)?|led to|leading to|impl(?:y|ies)|indicat\w+|suggest\w*|predict\w*|reflect\w*|result(?:s|ing|ed)? in"
    r"|proof|proves?|proving|(?:signs?|measures?|index|indicators?|predictors?|gauges?|mirrors?) of|proxy for|signals?|points? to|equals?|amounts? to|promis\w+|evidence (?:of|that|for)|tell\w*|confirm\w*|demonstrat\w*|explain\w*|account\w* for|guarante\w+|and with (?:it|them)|go(?:es)? with|accompan\w+|because|since|which is why|secure|deliver\w*|bring\w*|give\w*|make[s]?|offer\w*|by|via|through|as)\b",
    re.I,
)


RESISTING = re.compile(
    r"\b(?:do|does|did|will|would|can) ?(?:not|n't|no longer|never) (?:break|fracture|lose (?:any )?bone|suffer (?:a |any )?fractur\w*|have (?:a |any )?fractur\w*|get (?:a |any )?fractur\w*)"
    r"|\b(?:no longer|never|hardly|rarely) (?:break|fracture|lose bone)|\b(?:free (?:of|from)|without|not a single|no more) (?:a |any |new |further |bone )?(?:fractur\w*|bone loss|broken bones?)"
    r"|\b(?:unbreakable|fracture-free|fracture-proof)\b",
    re.I,
)


_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|may|might|will|would|could|does|did|do|become|becomes|became|make|get|go|stay|remain|grow|turn|thrive|benefit|gain|respond|keep|let|feel|act|work|matter|depend"
    r"|(?!(?:this|its|his|as|us|thus|plus|always|perhaps|besides|trials|studies|reviews|sources|effects|bones|markers|results|changes|levels|doses|fractures|outcomes|harms|adults|forms|years|months|weeks|menopause|capsules|tablets|pills|supplements|densities|rates|risks|cells|hips|spines|patients|doctors|women's|vitamins|reactions|values|findings|rows|words|ones|sites|need|osteoporosis|vertebral|based|called|named|pooled|raised|mixed|randomized|controlled|reported|increased|decreased|related|open|kinds|sorts|benefits|proteins|menaquinones|bisphosphonates|anticoagulants|analysis|diagnosis|status|process|serious|various|previous|less|loss|across|mass|towards|unless|whereas)\b)[a-z]{3,}(?:s|ed))\b",
)


# "When ucOC goes down, the spine holds": the link is the order of the two clauses.
_WHEN = re.compile(
    r"(?:When|Once|As|Because|Since|Where|Wherever)\b[^,]*, (?!.*\b(?:still|nevertheless|all the same|anyway)\b)"
)


_NEUTRAL = re.compile(
    r"\b(?:stud(?:y|ies|ied)|measur\w+|report(?:s|ed)?|describ\w+|compar\w+|test(?:s|ed)?|ask(?:s|ed)?|looked|look(?:s)? (?:at|for)|counted|count[s]?|follow(?:s|ed)?|g[ai]ve[ns]?|received|took|"
    r"added|pooled|list(?:s|ed)?|name[sd]?|discuss\w*|concern(?:s|ed)?|about|chapter|section|table|figure|page|report|question|answer|reader\w*|clinicians?|log|stands?|shown (?:in|as|here)|told|read(?:s)?|found in|looked up|evidence (?:on|about|for|that)|called|differ\w*|disagree\w*|conflict\w*|uncertain|contradict\w*|depends on whether|hypothes\w+|question|role|endpoint|primary|population|enrol\w*|includ\w+|exclud\w+|restrict\w*|come[s]? from)\b",
    re.I,
)


_PEOPLE = re.compile(
    r"(?i)\b(?:women|people|patients?|anyone|person|those|adults|population|postmenopausal|her|with|treat\w*|drugs?|trials?|in|of) (?:\w+ )?(?:osteopor\w+|osteopeni\w+)$"
)


_CAUSAL_SHAPE = re.compile(
    r"^ (?:\w+ly )?(?!is\b|was\b|has\b|this\b|its\b|helps\b)[a-z]{3,}s (?!of\b|in\b|on\b|and\b)"
)


def surrogate_leaps(text: str) -> Iterator[tuple[int, str]]:
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
            link = _LINK.search(text, first.end, second.start) or _WHEN.match(text[: second.start])
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


def unsourced_links(text: str) -> Iterator[tuple[int, str]]:
    """Find clauses that tie vitamin K2 to bone by a verb, in whatever words, and cite nobody."""
    for clause in clauses(text):
        part = text[clause.start : clause.end]
        subject = SUBJECT.search(part)
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


# What is told in the past of harms, or of trials that nobody names, is a result or a description.
_PAST_OF = re.compile(
    r"\b(?:side[- ]effects?|adverse (?:events?|effects?|reactions?)|unwanted effects?|harms?)(?: \w+)? (?:were|was|passed|stayed|came|went|remained|vanished|disappeared|occurred)\b"
    r"|^(?:The|These|Its|All|Most) (?:\w+ )?(?:women in (?:the|these|its) (?:\w+ )?)?(?:trials|studies)(?: of the central source)? (?:were|was|had|ran|lasted|came|took)\b",
    re.I,
)
_KNOWN = re.compile(
    r"\b(?:report\w*|stated|counted|asked|listed|mentioned|recorded|studied|missing|measured|looked|compared|read|named|found by|osteoporosis|menopause|randomi[sz]ed|by chance|into groups|pooled|chosen|published|more (?:common|frequent|often)|higher|increased?)\b",
    re.I,
)


def unsourced_reports(text: str) -> Iterator[tuple[int, str]]:
    """Find what is told of harms, or of the trials as a whole, without a source."""
    for clause in clauses(text):
        match = _PAST_OF.search(text, clause.start, clause.end)
        if match is None or _KNOWN.search(text, match.start(), clause.end):
            continue
        if stance(text, match.end() + 1, match.end() + 1) in (ASSERTED, HEDGED) and not (
            re.match(r" (?:not|no|never)\b", text[match.end() :])
        ):
            yield (
                match.start(),
                f"{match.group()!r} is told without a source: name it with {{source}}`id`, "
                "or say that it is not reported where the sources were read",
            )
            return


def reported(what: str) -> str:
    """Say what to write in the place of a claim, as the end of a message."""
    return f"write what a source reports on {what}, with {{finding}}`id`, or that it is not known"
