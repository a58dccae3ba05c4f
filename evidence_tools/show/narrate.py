"""From rows to sentences: wording follows certainty, and what is missing is said.

Each function takes rows first, as a frame made with pandas or as identifiers: findings,
statements, or outcomes, which findings on them may stand for. It gives a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from evidence_tools.evidence.frames import split_list
from evidence_tools.evidence.judgements import LEVELS, STRIKES_OUT, effect_verb, find_limitations
from evidence_tools.evidence.model import Evidence, Row, loaded
from evidence_tools.evidence.problems import EvidenceError, Problem, UnknownKeyError, relative_name
from evidence_tools.evidence.selection import Selection, pick
from evidence_tools.show import words
from evidence_tools.show.display import Prose, Run, Runs, Text, runs
from evidence_tools.show.references import concerns_once, noted_runs
from evidence_tools.show.values import fill, holds, rating_of, short_text

# Altman and Bland 1995: absence of evidence is not evidence of absence.
SILENT = (
    "A result without significance neither confirms nor refutes a change: "
    "it does not show that there is none."
)


def _list(evidence: Evidence, items: Iterable[Text]) -> Prose:
    """Make a list; what is known against a source is said once in each item."""
    return Prose(tuple(concerns_once(evidence, runs(item)) for item in items if item), as_list=True)


def narrate_findings(selection: Selection) -> Prose:
    """Say what each finding reports, in words that its certainty allows.

    >>> print(narrate_findings(["fern2019-headache"]))
    - Amber light probably increases headache: RR 1.40 (95% CI 1.05–1.87) [Fern 2019].
    - What a trial did not ask for is not counted.
    """
    evidence, findings = pick(selection)
    uncertain = [words.outcome_text(f) for f in findings if f.certainty == LEVELS[-1]]
    names = words.listed(dict.fromkeys(uncertain))
    remarks = [
        f"The evidence is very uncertain about {names}." if names else "",
        "Where no unit is given, none is reported." if any(map(words.lacks_unit, findings)) else "",
        SILENT if any(map(words.is_silent, findings)) else "",
        *cautions(evidence, findings),
    ]
    return _list(evidence, [*(_finding(evidence, finding) for finding in findings), *remarks])


def _finding(evidence: Evidence, finding: Row) -> Runs:
    """State an effect of the subject if the rating rests on it, else what a source reports."""
    outcome, source = words.outcome_text(finding), words.source_run(finding)
    figures = words.estimate_text(finding, gaps=False)
    result = runs(": ", words.finding_run(finding, figures)) if figures else ()
    direction = effect_direction(evidence, finding.outcome_id)
    if direction and finding in rated_findings(evidence, finding.outcome_id):
        verb = effect_verb(direction, finding.certainty)
        subject = words.sentence_case(evidence.topic.subject["name"])
        claim = runs(f"{subject} {verb} {outcome}", result, " [", source, "].")
    else:
        of = "in" if finding.direction in words.MOVED or words.is_silent(finding) else "for"
        about = words.with_details(outcome, words.analysis_text(finding))
        claim = runs(source, f" reports {words.way_text(finding)} {of} {about}", result, ".")
    reason = words.standing_text(finding)
    aside = f" Not counted: {reason}." if reason else ""
    struck = " Not relied on." if finding.integrity in STRIKES_OUT else ""
    return runs(claim, aside, struck, noted_runs(evidence, finding))


@lru_cache(maxsize=1024)
def rated_findings(evidence: Evidence, outcome_id: str) -> tuple[Row, ...]:
    """List the findings that the certainty of an outcome rests on: those judged for precision."""
    rows = evidence.certainty
    rows = rows[(rows["outcome_id"] == outcome_id) & (rows["domain"] == "imprecision")]
    return tuple(evidence.finding(key) for ids in rows["finding_ids"] for key in split_list(ids))


@lru_cache(maxsize=1024)
def effect_direction(evidence: Evidence, outcome_id: str) -> str:
    """Give the direction that may be called an effect of the subject, or nothing.

    All findings that the rating rests on must count, be significant and go that way, no result
    that counts may be significant the other way, and the certainty must not be very low.
    """
    rated = rated_findings(evidence, outcome_id)
    clear = all(
        finding.standing == "counted"
        and finding.statistically_significant == "yes"
        and finding.certainty in LEVELS[:-1]
        and not finding.conflict
        for finding in rated
    )
    directions = {finding.direction for finding in rated}
    return directions.pop() if clear and directions in ({way} for way in words.MOVED) else ""


def cautions(evidence: Evidence, findings: Iterable[Row]) -> list[str]:
    """List what changes in the kinds of these findings do not show, each once."""
    kinds = evidence.rows("kinds")
    found = dict.fromkeys(kinds[finding.kind].caution for finding in findings)
    return [caution for caution in found if caution]


def results_on(evidence: Evidence, outcome_id: str) -> list[Row]:
    """List the primary results on an outcome, those of the central source and reviews first."""
    compared = evidence.comparisons()
    keys = compared.loc[compared["outcome_id"] == outcome_id, "finding_id"]
    return [evidence.finding(key) for key in keys]


def narrate_agreement(selection: Selection) -> Prose:
    """Say for each outcome which results point which way, and which are not counted.

    All primary results on each outcome are compared, also those that were not selected.

    >>> print(narrate_agreement(["headache"]))
    - Headache: a significant increase in Fern 2019.
    """
    evidence, outcomes = pick(selection, "outcomes")
    results = [results_on(evidence, outcome.outcome_id) for outcome in outcomes]
    items: list[Text] = list(map(_agreement, outcomes, results))
    counted = [finding for found in results for finding in found if finding.standing == "counted"]
    return _list(evidence, [*items, SILENT if any(map(words.is_silent, counted)) else ""])


def _agreement(outcome: Row, findings: Sequence[Row]) -> Runs:
    if not findings:
        return ()
    counted = words.grouped((f for f in findings if f.standing == "counted"), words.way_text)
    left_out = [f for f in findings if f.standing != "counted"]
    aside = words.grouped(left_out, lambda f: words.standing_text(f) or f.standing)
    said = [runs(f"{way} in ", _named(outcome, same)) for way, same in counted.items()]
    said = said or [runs("no result that counts")]
    if {"a significant increase", "a significant decrease"} <= set(counted):
        said.append(runs("significant results point in opposite directions"))
    said += [runs(f"not counted ({why}): ", _named(outcome, same)) for why, same in aside.items()]
    head = Run(words.sentence_case(words.outcome_text(outcome)), style="strong")
    rest = [runs(f" {words.sentence_case(first.text)}", more, ".") for first, *more in said[1:]]
    return runs(head, ": ", said[0], ".", *rest)


def _named(outcome: Row, findings: Iterable[Row]) -> Runs:
    named = []
    for same in words.grouped(findings, lambda f: (f.source_id, f.outcome_id)).values():
        times = words.listed(dict.fromkeys(f.timepoint for f in same if f.timepoint))
        other = same[0].outcome_id != outcome.outcome_id
        about = f" ({words.lower_first(same[0].outcome)})" if other else ""
        text = f"{words.source_name(same[0])}{f' at {times}' if times else ''}{about}"
        named.append(words.finding_run(same[0], text))
    return words.listed_runs(named, most=3)


def narrate_limitations(selection: Selection) -> Prose:
    """Say what limits some findings, and for how many of them.

    >>> str(narrate_limitations(["reed2016-som"])).splitlines()[-2]
    '- The trial gave amber light for less than half a year. This concerns this result.'
    """
    evidence, findings = pick(selection)
    items = []
    for limitation, concerned in limits_of(evidence, findings):
        scope = _scope(evidence, concerned, len(findings))
        items.append(runs(fill(evidence, limitation.sentence), " This concerns ", scope, "."))
    return _list(evidence, items)


def limits_of(evidence: Evidence, findings: Sequence[Row]) -> list[tuple[Row, list[Row]]]:
    """List the limitations that hold for some of these findings, each with those findings."""
    holding = find_limitations(evidence.findings.loc[[f.finding_id for f in findings]])
    found = []
    for limit in evidence.rows("limitations").values():
        concerned = [f for f, hit in zip(findings, holding[limit.rule], strict=True) if hit]
        found += [(limit, concerned)] if concerned else []
    return found


def _scope(evidence: Evidence, concerned: Sequence[Row], total: int) -> Text:
    """Say which findings are concerned: all, how many, or by name up to four of one source."""
    if len(concerned) == total:
        return "this result" if total == 1 else f"all {total} results"
    count = f"{len(concerned)} of {total} results"
    if len(concerned) > 4 or len({finding.source_id for finding in concerned}) > 1:
        return count
    named = {short_text(evidence, finding.outcome_id): finding for finding in concerned}
    mentions = [words.finding_run(finding, name) for name, finding in named.items()]
    return runs(f"{count}: ", words.listed_runs(mentions))


def narrate_certainty(selection: Selection) -> Prose:
    """Sort outcomes by their computed certainty, highest first.

    >>> str(narrate_certainty(["vig", "headache"])).splitlines()[0]
    '- ●●●○ moderate: vigilase (VIG) and headache.'
    """
    evidence, outcomes = pick(selection, "outcomes")
    groups = words.grouped(outcomes, lambda outcome: rating_of(evidence, outcome.outcome_id))
    order = [f"{bound}{level}" for level in LEVELS for bound in ("", "at most ")]
    items: list[Text] = []
    for rating in (rating for rating in (*order, None) if rating in groups):
        head = words.join_known(words.certainty_mark(rating), rating, mark=" ")
        names = words.listed(map(words.outcome_text, groups[rating]))
        items.append(runs(Run(words.sentence_case(head), style="strong"), f": {names}."))
    return _list(evidence, [*items, words.CERTAINTY_NOTE])


def narrate_statements(selection: Selection) -> Prose:
    """List statements on what is not known, and on what was done for the report.

    >>> print(narrate_statements(["pooling"]))
    - Nothing was pooled for this report.
    """
    evidence, rows = pick(selection, "statements")
    items: list[Text] = []
    for same in words.grouped(rows, lambda row: row.source_id or row.statement_id).values():
        said = " ".join(words.tidy_text(row.statement) for row in same)
        source = evidence.rows("sources").get(same[0].source_id)
        items.append(runs(words.source_run(source), ": ", said) if source else said)
    return _list(evidence, items)


def narrate_quotes(selection: Selection, table: str) -> Prose:
    """Quote rows of ``"harms"``, ``"advice"`` or ``"conclusions"``, and count silent sources.

    >>> print(narrate_quotes(["fern2019-conclusion"], "conclusions"))
    - Fern 2019: “accidents were not reduced”.
    """
    evidence, rows = pick(selection, table)
    unsaid = [row for row in rows if not row.as_printed]
    items: list[Text] = [_quote(evidence, row) for row in rows if row.as_printed]
    items += [words.sentence_case(f"{r.note}.") for r in unsaid if r.note and not r.source_id]
    silent = {row.source_id for row in unsaid if row.source_id}
    sources = words.sentence_case(words.count_text(len(silent), "source says", "sources say"))
    closing = (
        f"{sources} nothing on this in the part that was read, which does not show that there is "
        "nothing."
    )
    return _list(evidence, [*items, closing if silent else ""])


def _quote(evidence: Evidence, row: Row) -> Runs:
    source = evidence.rows("sources").get(row.source_id)
    struck = source is not None and source.integrity in STRIKES_OUT
    about = [getattr(row, column, None) for column in ("group", "groups", "counts", "note")]
    said = (words.tidy_text(text) for text in about if text and text != "none printed")
    inside = words.join_known(*said)
    quoted = Run(f"“{words.tidy_text(row.as_printed)}”", style="struck" if struck else "plain")
    who = words.source_run(source) if source else row.authority
    return runs(who, ": ", quoted, f" ({inside})" if inside else "", ".")


def narrate_plain(selection: Selection, *, as_list: bool = False, title: str = "") -> Prose:
    """Write sentences of ``plain.csv``, each only where its condition holds.

    It takes keys, or beginnings of keys: ``"harms"`` takes ``harms``, ``harms.trials`` and so on.
    Those that share their first two parts make one paragraph. ``title`` puts a box around them.

    >>> print(narrate_plain("soon"))
    Somnin (SOM) changed after 1 month (Fern 2019).
    """
    evidence, rows = pick(_keys(selection), "plain")
    paragraphs = []
    for same in words.grouped(rows, lambda row: tuple(row.key.split(".")[:2])).values():
        sentences = [sentence for row in same if (sentence := _sentence(evidence, row))]
        spaced = [runs(" " if index else "", said) for index, said in enumerate(sentences)]
        paragraphs += [concerns_once(evidence, runs(*spaced))] if sentences else []
    return Prose(tuple(paragraphs), as_list=as_list, title=title)


def check_plain(evidence: Evidence) -> list[Problem]:
    """Find slots and conditions of ``plain.csv`` that name nothing."""
    found: list[Problem] = []
    for row in evidence.rows("plain").values():
        try:
            _sentence(evidence, row)
        except EvidenceError as error:
            found += error.problems
    return found


def _sentence(evidence: Evidence, row: Row) -> Runs:
    """Fill a sentence, or leave it out; a slot that names nothing stops with file and line."""
    column = "when"
    try:
        if not holds(evidence, row.when):
            return ()
        column = "text"
        return fill(evidence, row.text)
    except UnknownKeyError as error:
        # Cells hold no line breaks, so rows are lines; the header is the first.
        line = list(evidence.rows("plain")).index(row.key) + 2
        path = relative_name(evidence.folder / "plain.csv")
        raise EvidenceError([Problem(path, line, column, str(error))]) from None


def _keys(selection: Selection) -> Selection:
    wanted = [selection] if isinstance(selection, str) else selection
    if not isinstance(wanted, (list, tuple)) or not all(isinstance(key, str) for key in wanted):
        return selection  # a frame, or something that pick refuses
    known = loaded().rows("plain")
    found = {start: [k for k in known if f"{k}.".startswith(f"{start}.")] for start in wanted}
    return [key for start, keys in found.items() for key in keys or [start]]
