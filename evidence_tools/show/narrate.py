"""From rows to sentences: wording follows certainty, and what is missing is said.

Functions take rows first, as a frame made with pandas or as identifiers, and give a list.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import version
from itertools import compress
from typing import Any

import numpy as np
import pandas as pd

from evidence_tools.evidence.arithmetic import MOVED, RATIOS
from evidence_tools.evidence.effects import effects_of_arms, require
from evidence_tools.evidence.frames import rows_where
from evidence_tools.evidence.judgements import LEVELS, STRIKES_OUT, first_reports
from evidence_tools.evidence.model import ORIGIN, Evidence, Row, Selection, as_rows, loaded, pick
from evidence_tools.evidence.pooling import LIBRARY, POOLED, pool
from evidence_tools.show import words
from evidence_tools.show.display import Prose, Run, Runs, Text, runs
from evidence_tools.show.values import fill, short_text, sources_runs


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
    frame = evidence.findings.loc[[f.finding_id for f in findings]]
    limits = evidence.rows("limitations").values()
    held = [(limit, list(compress(findings, rows_where(frame, limit.rule)))) for limit in limits]
    return [(limit, concerned) for limit, concerned in held if concerned]


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


def results_on(evidence: Evidence, outcome_id: str) -> list[Row]:
    """List the primary results on an outcome, those of the central source and reviews first."""
    compared = evidence.comparisons
    keys = compared.loc[compared["outcome_id"] == outcome_id, "finding_id"]
    return [evidence.finding(key) for key in keys]


def narrate_agreement(selection: Selection) -> Prose:
    """Say for each outcome which results point which way, and which are not counted.

    All primary results on each outcome are compared, also those that were not selected.

    >>> print(narrate_agreement(["headache"]))
    - Headache. Significant increase: Fern 2019.
    """
    evidence, outcomes = pick(selection, "outcomes")
    results = [results_on(evidence, outcome.outcome_id) for outcome in outcomes]
    counted = [finding for found in results for finding in found if finding.standing == "counted"]
    silent = words.sentence("note.silent") if any(map(words.is_silent, counted)) else ""
    return words.list_items(evidence, [*map(agreement_runs, outcomes, results), silent])


def agreement_runs(outcome: Row, findings: Sequence[Row], most: int = 3) -> Runs:
    """Sort the results on an outcome by what they report, or by why they are not counted."""
    if not findings:
        return ()
    counted = [finding for finding in findings if finding.standing == "counted"]
    ways = words.grouped(counted, lambda f: words.way_text(f, article=False))
    others = [finding for finding in findings if finding.standing != "counted"]
    # Beside the name of a source is what is against it; several contexts are one group.
    why = {f: "" if f.standing == "set aside" else words.standing_text(f) for f in others}
    contexts = {why[f] for f in others if f.standing == "context" and f.contrast != "within an arm"}
    why |= {f: "on other forms or people" for f in others if {why[f]} < contexts}
    aside = words.grouped(others, lambda f: f"not counted, {why[f] or f.standing}")
    said = [runs(Run(words.sentence_case(words.outcome_text(outcome)), style="strong"), ".")]
    said += [runs(" No result that counts.")] if not counted else []
    for way, same in (ways | aside).items():
        head = Run(f"{words.sentence_case(way)}:", style="emphasis")
        named = words.listed_runs(_named(outcome, same), most=most if way in ways else min(most, 1))
        said.append(runs(" ", head, " ", named, "."))
    sure = (same for way, same in ways.items() if way.startswith("significant"))
    if {finding.direction for same in sure for finding in same} >= set(MOVED):
        said.append(runs(" Significant results point in opposite directions."))
    return runs(*said)


def _named(outcome: Row, findings: Iterable[Row]) -> Iterator[Run]:
    for same in words.grouped(findings, lambda f: (f.source_id, f.outcome_id)).values():
        times = words.listed(dict.fromkeys(f.timepoint for f in same if f.timepoint))
        other = same[0].outcome_id != outcome.outcome_id
        about = f" ({words.lower_first(same[0].outcome)})" if other else ""
        text = f"{words.source_name(same[0])}{f' at {times}' if times else ''}{about}"
        yield words.finding_run(same[0], text)


def narrate_rows(selection: Selection, table: str) -> Prose:
    """List rows of ``"statements"``, or of ``"sources"`` as references, or quote what sources say.

    Quoted are ``"harms"``, ``"advice"`` and ``"conclusions"``; what was not read is noted last.

    >>> print(narrate_rows(["pooling"], "statements"))
    - Nothing was pooled for this report.
    >>> print(narrate_rows(["fern2019-conclusion"], "conclusions"))
    - Fern 2019: “accidents were not reduced”.
    """
    if table not in _LISTS:
        raise ValueError(f"{table!r} is no list; there are {', '.join(_LISTS)}, and rows_table")
    evidence, rows = pick(selection, table)
    return words.list_items(evidence, _LISTS[table](evidence, rows))


_LACKING = re.compile(r"(?:(?:The|An?) )?(.+) (?:is|are) (not reported .+)\.")


def _statements(evidence: Evidence, rows: Sequence[Row]) -> list[Text]:
    """Join statements on one source; what it says of different things is said once."""
    items: list[Text] = []
    for same in words.grouped(rows, lambda row: row.source_id or row.statement_id).values():
        said, lacking = list[str](), dict[str, list[str]]()
        for text in (words.tidy_text(row.statement) for row in same):
            if part := _LACKING.fullmatch(text):
                lacking.setdefault(part[2], []).append(words.lower_first(part[1]))
            else:
                said.append(text)
        lists = [f"{words.sentence_case(end)}: {'; '.join(lacking[end])}." for end in lacking]
        source = evidence.rows("sources").get(same[0].source_id)
        who = words.source_run(source) if source else ""
        items.append(words.joined([who, " ".join(lists + said)], ": "))
    return items


def _quotations(evidence: Evidence, rows: Sequence[Row]) -> list[Text]:
    """Quote what sources say, and give the notes on those of which nothing was read."""
    items: list[Text] = [_quote(evidence, row) for row in rows if row.as_printed]
    unsaid = [row for row in rows if not row.as_printed]
    for note, same in words.grouped(unsaid, lambda row: row.note or "nothing was read").items():
        named = [words.source_run(evidence.source(r.source_id)) for r in same if r.source_id]
        note = note if named else words.sentence_case(note)
        items.append(words.joined([words.listed_runs(named), f"{note}."], ": "))
    return items


def _quote(evidence: Evidence, row: Row) -> Runs:
    source = evidence.rows("sources").get(row.source_id)
    struck = source is not None and source.integrity in STRIKES_OUT
    about = [getattr(row, column, None) for column in ("group", "groups", "counts", "note")]
    inside = words.join_known(*(words.tidy_text(t) for t in about if t and t != "none printed"))
    quoted = Run(words.tidy_text(f"“{row.as_printed}”"), style="struck" if struck else "")
    who = words.source_run(source) if source else row.authority
    return runs(who, ": ", quoted, f" ({inside})" if inside else "", ".")


_LISTS: dict[str, Callable[[Evidence, Sequence[Row]], list[Text]]] = {
    **{"statements": _statements, "sources": lambda _, rows: list(map(words.reference_runs, rows))},
    **dict.fromkeys(("harms", "advice", "conclusions"), _quotations),
}


_TESTS = {"between_p": "between_p", "intercept": "p_value", "moderator": "pvalue"}
"""A column that only the frame of a test has, and that of its p-value."""


def read_average(pooled: Any) -> tuple[Evidence, list[Row], int]:
    """Give what was pooled as rows, the average last, and the value of no difference."""
    remedy = "pass what pooling.pool(effects) gives"
    require(pooled, remedy, ["effect_measure", "unit", "method", "interval"], ["weight", "tau2"])
    if POOLED not in pooled.index:
        raise ValueError(f"found no average in the frame; {remedy}")
    rows = sorted(as_rows(pooled.rename_axis("row")), key=lambda row: row.row == POOLED)
    again = pool(pooled.drop(index=POOLED), rows[-1].method, rows[-1].interval)
    made = again.select_dtypes("number").astype(float)
    if not np.allclose(made, pooled.loc[made.index, made.columns].astype(float), equal_nan=True):
        raise ValueError(f"the frame holds other numbers than pooling.pool gave; {remedy}")
    return loaded(pooled.attrs.get(ORIGIN)), rows, int(rows[-1].effect_measure in RATIOS)


def narrate_pooled(pooled: pd.DataFrame) -> Prose:
    """Say what an average shows, in the words that the certainty of its outcome allows.

    It takes what :func:`pooling.pool` gives; what a test of groups, a line or asymmetry gives is
    said too. Of rows of ``evidence.arms`` it says which could be pooled, and why others could not.

    >>> str(narrate_pooled(load_evidence("tests/topic").arms)).splitlines()[0]
    'The tables have three pairs of arms, of two trials. Two pairs have what an average needs.'
    """
    known = pooled if isinstance(pooled, pd.DataFrame) else pd.DataFrame()
    if known.index.name == "arm_id":
        return _narrate_arms(pooled)
    for column in _TESTS.keys() & set(known):
        return Prose((runs(_test(known, column)),))
    evidence, (*_, row), null = read_average(pooled)
    require(pooled, "add one of evidence.outcomes: effects.assign(outcome_id=...)", ["outcome_id"])
    outcome = evidence.outcome(row.outcome_id)
    method = words.sentence(f"method.{row.method}")
    library = f"{LIBRARY} {version(LIBRARY)}"
    how = words.sentence("average.how", library=library, method=method, interval=row.interval)
    caution = evidence.rows("kinds")[outcome.kind].caution
    shown = words.join_known(_shown(evidence, outcome, row, null), caution, mark=" ")
    return Prose(tuple(map(runs, (shown, _spread(row, null), how))))


def _test(tested: pd.DataFrame, column: str) -> str:
    """Say what a test of groups, a line or asymmetry gives."""
    last = as_rows(tested.rename_axis("row"))[-1]._asdict()
    p = "p < 0.001" if last[_TESTS[column]] < 0.001 else f"p = {last[_TESTS[column]]:.3f}"
    numbers = {k: words.number_text(v) for k, v in last.items() if isinstance(v, float)}
    return words.sentence(f"test.{column}", **last | numbers | {"groups": len(tested), "p": p})


def _shown(evidence: Evidence, outcome: Row, row: Row, null: int) -> str:
    subject, name = evidence.topic.subject["name"], words.lower_first(outcome.name)
    crosses = row.ci_lower <= null <= row.ci_upper
    key = f"effect.{'crosses' if crosses else outcome.certainty or LEVELS[-1]}"
    way = "increase" if row.estimate > null else "decrease"
    says = words.sentence_case(words.sentence(key, subject=subject, way=way, name=name))
    unit = row.unit if row.effect_measure == "MD" else ""
    average = words.amount_text(row.estimate, unit)
    people = getattr(row, "n_participants", None)
    return words.with_details(
        says,
        f"{row.effect_measure} {average}, 95% CI {words.range_text(row.ci_lower, row.ci_upper)}",
        words.count_text(int(row.k_studies), "trial"),
        people and f"{words.number_text(int(people))} people",
        f"certainty {outcome.rating or 'not rated'}",
    ) + "."  # fmt: skip


def _spread(row: Row, null: int) -> str:
    """Say how far trials differ, and where a new one is expected."""
    said, measure = words.sentence("average.share", i2=row.i2), row.effect_measure
    if limits := words.range_text(row.tau2_lower, row.tau2_upper):
        scale, tau2 = f"log {measure}" if null else measure, words.number_text(row.tau2)
        said += words.sentence("average.variance", scale=scale, tau2=tau2, interval=limits)
    if row.prediction_lower is None:
        return f"{said}."
    low, high = map(words.number_text, (row.prediction_lower, row.prediction_upper))
    new = words.sentence("average.new", measure=measure, low=low, high=high)
    includes = row.prediction_lower <= null <= row.prediction_upper
    return f"{said}. {new}{' That includes no difference.' if includes else ''}"


def _narrate_arms(selection: Selection) -> Prose:
    """Say which arms of trials could be pooled, which not, and why."""
    evidence, arms = pick(selection, "arms")
    pairs = effects_of_arms(evidence.arms.loc[[arm.arm_id for arm in arms]])
    pairs = pairs.assign(trial=first_reports(pairs["source_id"], evidence.trials))
    usable = pairs[pairs["missing"] == ""]
    trials = words.count_text(pairs["trial"].nunique(), "trial")
    have = words.sentence_case(words.count_text(len(usable), "pair has", "pairs have"))
    counted = f"The tables have {words.count_text(len(pairs), 'pair')} of arms, of {trials}. {have}"
    reasons = pairs["missing"].str.split("; ").explode().value_counts().drop("", errors="ignore")
    why = "; ".join(f"{reason} ({count})" for reason, count in reasons.items())
    rows = evidence.findings.query("standing == 'counted' and design == 'rct'")
    with_interval = rows["ci_lower"].count() or "none"
    printed = words.sentence("arms.printed", all=len(rows), number=with_interval)
    names = sources_runs(evidence, as_rows(usable), most=0)
    shared = usable.groupby(["outcome_id", "effect_measure"])["trial"].nunique()
    both = [words.lower_first(evidence.outcome(key).name) for key, _ in shared.index[shared > 1]]
    end = (
        f"Two trials or more share: {words.listed(both)}." if both else words.sentence("arms.none")
    )
    return Prose((
        runs(f"{counted} what an average needs."),
        words.joined([runs("They are of ", names, ".") if names else "", end], " "),
        words.joined([why and f"Why not the others: {why}.", printed], " "),
    ))  # fmt: skip
