"""From rows to sentences: wording follows certainty, and what is missing is said.

Functions take rows first, as a frame made with pandas or as identifiers, and give a list;
``narrate_plain`` takes keys of ``plain.csv``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from evidence_tools.evidence.frames import split_list
from evidence_tools.evidence.judgements import LEVELS, STRIKES_OUT, find_limitations
from evidence_tools.evidence.model import Evidence, Row, Selection, loaded, pick
from evidence_tools.evidence.problems import EvidenceError, Problem, UnknownKeyError, relative_name
from evidence_tools.show import words
from evidence_tools.show.display import Prose, Run, Runs, Text, runs
from evidence_tools.show.values import fill, holds, short_text


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
    return words.list_items(evidence, items)


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


def narrate_rows(selection: Selection, table: str) -> Prose:
    """List rows of ``"statements"``, or of ``"sources"`` as references, or quote what sources say.

    Quoted are ``"harms"``, ``"advice"`` and ``"conclusions"``; those who say nothing are counted.

    >>> print(narrate_rows(["pooling"], "statements"))
    - Nothing was pooled for this report.
    >>> print(narrate_rows(["fern2019-conclusion"], "conclusions"))
    - Fern 2019: “accidents were not reduced”.
    """
    if table not in _LISTS:
        raise ValueError(f"{table!r} is no list; there are {', '.join(_LISTS)}, and rows_table")
    evidence, rows = pick(selection, table)
    return words.list_items(evidence, _LISTS[table](evidence, rows))


def _statements(evidence: Evidence, rows: Sequence[Row]) -> list[Text]:
    """Join statements on one source."""
    items: list[Text] = []
    for same in words.grouped(rows, lambda row: row.source_id or row.statement_id).values():
        said = " ".join(words.tidy_text(row.statement) for row in same)
        source = evidence.rows("sources").get(same[0].source_id)
        items.append(runs(words.source_run(source), ": ", said) if source else said)
    return items


def _references(_: Evidence, rows: Sequence[Row]) -> list[Text]:
    return list(map(words.reference_runs, rows))


def _quotations(evidence: Evidence, rows: Sequence[Row]) -> list[Text]:
    unsaid = [row for row in rows if not row.as_printed]
    items: list[Text] = [_quote(evidence, row) for row in rows if row.as_printed]
    items += [words.sentence_case(f"{r.note}.") for r in unsaid if r.note and not r.source_id]
    silent = {row.source_id for row in unsaid if row.source_id}
    sources = words.sentence_case(words.count_text(len(silent), "source says", "sources say"))
    closing = (
        f"{sources} nothing on this in the part that was read, which does not show that there is "
        "nothing."
    )
    return [*items, closing if silent else ""]


def _quote(evidence: Evidence, row: Row) -> Runs:
    source = evidence.rows("sources").get(row.source_id)
    struck = source is not None and source.integrity in STRIKES_OUT
    about = [getattr(row, column, None) for column in ("group", "groups", "counts", "note")]
    said = (words.tidy_text(text) for text in about if text and text != "none printed")
    inside = words.join_known(*said)
    quoted = Run(f"“{words.tidy_text(row.as_printed)}”", style="struck" if struck else "plain")
    who = words.source_run(source) if source else row.authority
    return runs(who, ": ", quoted, f" ({inside})" if inside else "", ".")


_LISTS = {
    **{"statements": _statements, "sources": _references},
    **dict.fromkeys(("harms", "advice", "conclusions"), _quotations),
}


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
        paragraphs += [words.concerns_once(evidence, runs(*spaced))] if sentences else []
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
