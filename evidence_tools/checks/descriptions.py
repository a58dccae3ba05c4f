"""What a sentence says a source or a marker *is*: design, population, blinding, what it reflects."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence_tools.checks.attribution import Attribution
from evidence_tools.checks.mentions import MARKER, outcome_mentions
from evidence_tools.checks.sentences import Sentence
from evidence_tools.checks.stance import ASKED, ASSERTED, HEDGED, clauses, stance
from evidence_tools.evidence import Evidence
from evidence_tools.schema import OutcomeKind, Source

_DESIGNS: tuple[tuple[re.Pattern[str], tuple[str, ...], str], ...] = (
    (re.compile(r"\b(?:is|was|as) an? (?:[\w-]+,? ){0,4}?(?:randomi[sz]ed (?:\w+ )*trial|clinical trial|controlled trial|trial)\b", re.I), ("rct",), "a trial"),
    (re.compile(r"\b(?:is|was|as) an? (?:[\w-]+,? ){0,4}?(?:meta-analysis|pooled analysis)\b", re.I), ("meta_analysis", "correction"), "a meta-analysis"),
    (re.compile(r"\b(?:is|was|as) an? (?:[\w-]+,? ){0,3}?systematic review\b", re.I), ("meta_analysis", "systematic_review", "correction"), "a systematic review"),
    (re.compile(r"\b(?:is|was|as) an? (?:[\w-]+,? ){0,3}?(?:narrative|literature) review\b", re.I), ("narrative_review",), "a narrative review"),
    (re.compile(r"\b(?:is|was|as) an? (?:[\w-]+,? ){0,3}?(?:cohort|observational|case-control|cross-sectional|animal|laboratory|mouse|rat) study\b", re.I), (), "an observational or laboratory study"),
    (re.compile(r"(?<!not )\b(?:pools?|pooled|meta-analy[sz]ed) (?:the |its |all |data |results |them\b|\w+ (?:trials|studies|effects|results))", re.I), ("meta_analysis", "correction"), "a meta-analysis"),
)  # fmt: skip
_PLACES = re.compile(
    r"\b(?:Japan(?:ese)?|Norw(?:ay|egian)|Korea(?:n)?|China|Chinese|Denmark|Danish|Indonesia(?:n)?|North America(?:n)?|United States|American|Dutch|Netherlands|Europe(?:an)?|German(?:y)?|British|Swed(?:en|ish)|Finland|Finnish|India(?:n)?|Australia(?:n)?|Brazil(?:ian)?|Canad(?:a|ian))\b"
)
_STEMS = {"japanese": "japan", "norwegian": "norway", "korean": "korea", "chinese": "china", "danish": "denmark",
          "indonesian": "indonesia", "north american": "north america", "american": "america"}  # fmt: skip
_PEOPLE = (
    (re.compile(r"\bhealthy (?:\w+ ){0,2}women\b", re.I), "healthy"),
    (
        re.compile(r"\b(?:women|patients|people) with osteoporosis\b|\bosteoporotic women\b", re.I),
        "osteopor",
    ),
    (re.compile(r"\b(?:women|patients) with osteopenia\b|\bosteopenic women\b", re.I), "osteopeni"),
    (re.compile(r"(?<!wo)\bmen\b(?! and women)", re.I), "men"),
    (
        re.compile(r"\b(?:children|boys|girls|adolescents|young women|premenopausal)\b", re.I),
        "young",
    ),
)
_FORMS = (
    (re.compile(r"\bMK-?7\b"), re.compile(r"MK-?7|menaquinone-7", re.I)),
    (
        re.compile(r"\bMK-?4\b|\bmenatetrenone\b", re.I),
        re.compile(r"MK-?4|menatetrenone|vitamin K2", re.I),
    ),
)
_DOUBLE = re.compile(r"\b(?:double|triple)[- ](?:blind|mask)\w*", re.I)
_OPEN = re.compile(r"\bopen[- ]label\b|\bunblinded\b", re.I)
_NOTHING = re.compile(
    r"\b(?:with|against|versus|vs\.?|or|and|to) (?:no treatment|untreated \w+)\b", re.I
)
_PLACEBO = re.compile(r"\bplacebo\b", re.I)
_REFLECTS = re.compile(
    r"\b(?:is|are|as|reflects?|follows?|measures?|mirrors?|marks?|shows?|tracks?|indicates?|marker of|index of) (?:\w+ |of ){0,6}?(?:bone |collagen )?(formation|resorption|breakdown|vitamin K status|broken down|built|being made|break down)\b",
    re.I,
)
_KIND_WORDS = {
    "formation": OutcomeKind.FORMATION, "built": OutcomeKind.FORMATION, "being made": OutcomeKind.FORMATION,
    "resorption": OutcomeKind.RESORPTION, "breakdown": OutcomeKind.RESORPTION, "broken down": OutcomeKind.RESORPTION,
    "break down": OutcomeKind.RESORPTION, "vitamin k status": OutcomeKind.VITAMIN_K,
}  # fmt: skip
_SPELLED = re.compile(r"((?:[\w-]+ ){0,7}[\w-]+) \((OC|ucOC|cOC|BAP|PINP|CTX|NTX|TRAP|BMD)\)")
_KEY_WORDS = {
    "oc": ("osteocalcin",), "ucoc": ("undercarboxylated",), "coc": ("carboxylated",), "bap": ("alkaline",), "pinp": ("procollagen", "propeptide"),
    "ctx": ("c-terminal", "c-telopeptide", "carboxy-terminal"), "ntx": ("n-terminal", "n-telopeptide", "amino-terminal"), "trap": ("tartrate", "tartrate-resistant"),
}  # fmt: skip
_FELT = re.compile(
    r"\b(?:is|are) (?:\w+ ){0,3}?(?:outcomes? (?:that )?(?:a )?patients? feel|patient-important|not a surrogate|no surrogate|as good as (?:a )?fractur\w+|a (?:valid(?:ated)?|good|reliable|proven) surrogate)\b|\b(?:valid(?:ated)?|reliable|proven|good|accepted) surrogates?\b",
    re.I,
)
_UNIT = re.compile(
    r"(?<![\w/])(?:[nµumpk]g/[dm]?[Ll]|[nµumpk]g per (?:milli|deci)?lit\w+|[nµump]mol(?:/\w+)?|m?I?U/m?[Ll]|units per lit\w+|g/cm²?2?|nanograms?|micrograms?|milligrams?|nanomoles?|picomoles?|millimoles?|grams per \w+|percent(?:age points?)?|per cent|standard deviations?|SD units)(?!\w)",
    re.I,
)
_UNIT_STEMS = {
    "percent": "%",
    "per cent": "%",
    "percentage point": "%",
    "percentage points": "%",
    "standard deviation": "SD",
    "standard deviations": "SD",
    "sd units": "SD",
}


def check_descriptions(
    evidence: Evidence, sentence: Sentence, given: Attribution
) -> Iterator[tuple[int, str]]:
    """Find descriptions that the row of the source or of the outcome contradicts.

    Parameters
    ----------
    evidence, sentence, given
        The evidence, the sentence, and what it cites.

    Yields
    ------
    position, message
    """
    if len({s.source_id for s in given.sources}) == 1:
        yield from _of_source(sentence.text, given.sources[0], _form(evidence, given.sources[0]))
    else:
        yield from _each_in_its_clause(evidence, sentence)
    yield from _of_marker(evidence, sentence.text)


def _each_in_its_clause(evidence: Evidence, sentence: Sentence) -> Iterator[tuple[int, str]]:
    """Judge each source by the clause it stands in alone: "A gave MK-7, and B gave MK-4"."""
    for clause in clauses(sentence.text):
        keys = {
            mark.key
            for mark in sentence.roles
            if mark.role == "source" and clause.start <= mark.position < clause.end
        }
        if len(keys) == 1 and (source := evidence.sources.get(keys.pop())):
            part = sentence.text[clause.start : clause.end]
            for position, message in _of_source(part, source, _form(evidence, source)):
                yield clause.start + position, message


def _said(text: str, start: int, end: int) -> bool:
    """Whether the sentence says so; "compared with placebo" says that there was a placebo."""
    held = stance(text, start, end)
    return held in (ASSERTED, HEDGED) or (held == ASKED and not text.rstrip().endswith("?"))


def _form(evidence: Evidence, source: Source) -> str:
    """Get the form of vitamin K2 that a trial gave, empty where its row does not name one."""
    trial = evidence.trials.get(source.source_id)
    return trial.form if trial and trial.form.startswith("MK-") else ""


def _of_source(text: str, source: Source, given: str) -> Iterator[tuple[int, str]]:
    recorded = f"{source.population}; {source.intervention}; {source.note}; {source.title}"
    name = source.short_name
    for pattern, designs, label in _DESIGNS:
        match = pattern.search(text)
        if match and source.design not in designs and _said(text, match.start(), match.end()):
            yield (
                match.start(),
                f"{name} is recorded as {source.design.replace('_', ' ')!r}, not as {label}",
            )
            return
    for match in _PLACES.finditer(text):
        place = _STEMS.get(match.group().lower(), match.group().lower())
        if (
            source.design == "rct"
            and place not in recorded.lower()
            and _said(text, match.start(), match.end())
        ):
            yield (
                match.start(),
                f"{name}: {match.group()!r} is not in its row; population: {source.population}",
            )
            return
    for pattern, word in _PEOPLE:
        match = pattern.search(text)
        if match is None or not _said(text, match.start(), match.end()):
            continue
        wrong = word not in source.population.lower()
        if word == "osteopor" and re.search(r"\bnot selected\b", source.population):
            wrong = True
        if word in ("men", "young"):
            wrong = source.population.startswith(("postmenopausal", "healthy", "women"))
        if wrong and source.population not in ("", "not applicable"):
            yield (
                match.start(),
                f"{name}: {match.group()!r} is not its population; it is: {source.population}",
            )
            return
    if source.design != "rct":
        return
    for form, held in _FORMS:
        match = form.search(text)
        # "Unlike trials with MK-4, it gave MK-7" names both.
        wrong = not held.search(given) and given not in text if given else not held.search(recorded)
        if match and wrong and _said(text, match.start(), match.end()):
            yield match.start(), f"{name} gave {source.intervention!r}, not {match.group()}"
            return
    checks = (
        (_DOUBLE, "open label" in source.note, source.note),
        (_OPEN, "double blind" in source.note, source.note),
        (_NOTHING, not re.search("no treatment", recorded, re.I), source.intervention),
        (_PLACEBO, not re.search("placebo", recorded, re.I), source.intervention),
    )
    for pattern, wrong, row in checks:
        match = pattern.search(text)
        if match and wrong and _said(text, match.start(), match.end()):
            yield match.start(), f"{name}: {match.group()!r} is not what its row says: {row}"
            return


def _of_marker(evidence: Evidence, text: str) -> Iterator[tuple[int, str]]:
    markers = [m for m in outcome_mentions(text) if m.kind == MARKER and m.outcome_id in _KEY_WORDS]
    for match in _SPELLED.finditer(text) if "(" in text else ():
        outcome = next(
            (o for o in evidence.outcomes.values() if o.abbreviation == match.group(2)), None
        )
        words = _KEY_WORDS.get(outcome.outcome_id, ()) if outcome else ()
        said = match.group(1).lower().split()
        if (
            words
            and re.search(r"osteocalcin|telopeptide|phosphatase|peptide", match.group(1), re.I)
            and not any(word in said for word in words)
        ):
            yield match.start(2), f"{match.group(2)} stands for {outcome.name if outcome else ''}"
        if (
            match.group(2) == "OC"
            and said[-1:] == ["osteocalcin"]
            and {"undercarboxylated", "carboxylated"} & set(said[-2:])
        ):
            yield match.start(2), "OC stands for osteocalcin, not for one of its forms"
    reflects = _REFLECTS.search(text)
    before = [m for m in markers if reflects and m.end <= reflects.start() + 3]
    if reflects and before and _said(text, reflects.start(), reflects.end()):
        outcome = evidence.outcomes.get(before[-1].outcome_id)
        kind = _KIND_WORDS[reflects.group(1).lower()]
        single = len({m.outcome_id for m in before}) == 1
        if (
            outcome
            and single
            and outcome.kind is not kind
            and not re.search(r"\bboth\b|\bnot\b|\band of\b", text)
        ):
            yield (
                reflects.start(),
                f"{outcome.label} is recorded as a {outcome.kind}: {outcome.reflects}",
            )
    felt = _FELT.search(text)
    if (
        felt
        and any(m.kind == MARKER for m in outcome_mentions(text))
        and _said(text, felt.start(), felt.end())
    ):
        yield (
            felt.start(),
            "every marker is recorded as a surrogate, and none is validated for fractures here",
        )


def check_units(
    evidence: Evidence, sentence: Sentence, given: Attribution
) -> Iterator[tuple[int, str]]:
    """Find a unit that the rows of the sentence do not have; yields position and message."""
    text = sentence.text
    match = _UNIT.search(text)
    if match is None or not _said(text, match.start(), match.end()):
        return
    mentions = [m for m in outcome_mentions(text) if m.kind == MARKER]
    figures = given.sources and re.search(
        r"\b(?:estimates?|figures?|results?|differences?)\b", text
    )
    if not mentions and not given.findings and not figures:
        return
    wanted = _UNIT_STEMS.get(match.group().lower(), match.group())
    units = {f.unit for f in given.findings}
    for mark in sentence.roles:
        identifier = mark.key.partition(".")[0]
        row = (
            evidence.arms.get(identifier)
            or evidence.context.get(identifier)
            or evidence.findings_by_id.get(identifier)
        )
        if row is not None:
            units.add(row.unit)
    if not units:
        ids = {s.source_id for s in given.sources}
        units = {a.unit for a in evidence.arms.values() if a.source_id in ids} | {
            c.unit for c in evidence.context.values() if c.source_id in ids
        }
        if (
            not units
            and not figures
            and re.search(r"\b(?:mg|micrograms?|milligrams?|dose)\b", match.group(), re.I)
        ):
            return
    if not any(_same_unit(wanted, unit) for unit in units):
        recorded = ", ".join(sorted(units)) or "not reported"
        yield (
            match.start(),
            f"unit {match.group()!r}: the unit in the tables is {recorded}; write that",
        )


def _same_unit(said: str, recorded: str) -> bool:
    plain = said.lower().replace("nanograms", "ng").replace("nanogram", "ng")
    return bool(recorded) and (plain in recorded.lower() or recorded.lower().startswith(plain))
