"""Tables of what is known and how sure it is: the answer, the summary, and what is behind them.

They take rows, ``name`` and ``caption`` as :mod:`evidence_tools.show.tables` explains.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial

from evidence_tools.evidence.arithmetic import MOVED
from evidence_tools.evidence.judgements import LEVELS, compare, rests_on
from evidence_tools.evidence.model import Evidence, Row, Selection, pick
from evidence_tools.show import narrate, words
from evidence_tools.show.display import Run, Table
from evidence_tools.show.tables import Column, Layout, make_table, outcome_cell
from evidence_tools.show.values import row_sets, short_text

_RELATIONS = words.phrases("relation")
"""Words behind a count of results, by how they relate to another."""


def _tally(said: Iterable[str]) -> str:
    return "; ".join(f"{word} ({number})" for word, number in Counter(said).items()) or "none"


def _others(evidence: Evidence, result: Row) -> str:
    """Count how results of other sources that count relate to one."""
    rest = evidence.findings.query("source_id != @result.source_id or index == @result.finding_id")
    rows = compare(rest, evidence.outcomes, result.source_id)
    found = rows.loc[rows["outcome_id"] == result.outcome_id, "relation"]
    return _tally(word for key, word in _RELATIONS.items() for one in found if one == key)


def _change(_: Evidence, finding: Row) -> Run:
    """Say which way a result went, and its figures."""
    figures = words.estimate_text(finding, gaps=False)
    said = words.join_known(words.direction_text(finding), figures, mark=": ")
    arrow = words.ARROWS.get(finding.direction)
    return words.finding_run(finding, words.join_known(arrow, said, mark=" "))


_ANSWER = Layout(
    "What moved, and how sure is it?",
    {
        "Outcome": outcome_cell,
        "Result": _change,
        "Agreement of others": _others,
        "Certainty": lambda _, row: words.certainty_mark(row.rating),
    },
    missing="",
)


def answer_table(selection: Selection, *, name: str = "tab-answer", caption: str = "") -> Table:
    """Show on one screen what a source reports, what others report, and how sure that is.

    >>> str(answer_table(["larkin2024-dor"])).splitlines()[2]
    'Dormine (DOR) | no significant change | no change or not significant (1) | ●●○○ at most low'
    """
    evidence, findings = pick(selection)
    notes = map(words.sentence, ("note.unclear", "note.certainty"))
    note = words.join_known(_gaps(evidence, findings), *notes, mark=" ")
    return make_table(evidence, _ANSWER, findings, name, caption, note)


def _gaps(evidence: Evidence, findings: Sequence[Row]) -> str:
    """Say once what is not reported of these findings."""
    estimated = [f for f in findings if f.estimate is not None]
    unsized = [f for f in estimated if f.k_studies is None and f.n_participants is None]
    parts = []
    for what, lacking, whole in (
        ("the unit", [f for f in estimated if f.unit is None], estimated),
        ("how many studies or people are behind the estimate", unsized, estimated),
        ("an estimate", [f for f in findings if f.estimate is None], findings),
    ):
        names = words.listed(dict.fromkeys(short_text(evidence, f.outcome_id) for f in lacking))
        parts += [what if lacking == whole else f"{what} ({names})"] if lacking else []
    return f"Not reported where the source was read: {'; '.join(parts)}." if parts else ""


def _rated(evidence: Evidence, outcome: Row) -> list[Row]:
    """List the findings that the certainty of an outcome rests on."""
    keys = rests_on(evidence.certainty).get(outcome.outcome_id, ())
    return [evidence.finding(key) for key in keys]


def _counted(evidence: Evidence, outcome: Row) -> list[Row]:
    """Give the results that count, the first that the rating rests on before others."""
    key, first = outcome.outcome_id, [f.finding_id for f in _rated(evidence, outcome)[:1]]
    counted = [f for f in narrate.results_on(evidence, key) if f.standing == "counted"]
    # What is reported on outcomes taken together counts, but is nobody's first result.
    return sorted(counted, key=lambda f: (f.finding_id not in first, f.outcome_id != key))


def _meaning(evidence: Evidence, outcome: Row) -> str:
    """Say what is known about an outcome, in words that its certainty allows."""
    subject, name = evidence.topic.subject["name"], words.outcome_text(outcome)
    if not (results := _counted(evidence, outcome)):
        return "No source that counts reports it."
    if (certainty := results[0].certainty) is None:
        return "Nobody has rated this evidence."
    rated = _rated(evidence, outcome)
    # Only what all of these findings show may be called an effect.
    shown = {(f.standing, f.statistically_significant, f.direction) for f in rated}
    ways = [way for way in map(words.way_text, results) if way.startswith("a significant")]
    way = rated[0].direction if rated else ""
    effect = words.sentence(f"effect.{certainty}", subject=subject, way=way, name=name)
    if certainty == LEVELS[-1]:
        said = f"{effect}."
    elif results[0].conflict:
        said = "Significant results point in opposite directions."
    elif way in MOVED and shown == {("counted", "yes", way)}:
        said = f"{words.sentence_case(effect)}."
    elif ways:
        said = f"Results differ: {ways.count(ways[0])} of {len(results)} with {ways[0]}."
    else:
        said = f"It is not known whether there is an effect of {subject} on {name}."
    turned = any(finding in row_sets(evidence)["turned"] for finding in results)
    return f"{said} The result depends on which studies are counted." if turned else said


_SUMMARY = Layout(
    "What is known about each outcome, and how sure is it?",
    {
        "Outcome": outcome_cell,
        "Source": lambda evidence, row: map(words.source_run, _counted(evidence, row)[:1]),
        "Result": lambda evidence, row: [_change(evidence, f) for f in _counted(evidence, row)[:1]],
        "All results that count": lambda evidence, row: _tally(
            words.way_text(finding, article=False) for finding in _counted(evidence, row)
        ),
        "Certainty": lambda _, row: words.certainty_mark(row.rating),
        "What it means": _meaning,
    },
)


def summary_table(selection: Selection, *, name: str = "tab-summary", caption: str = "") -> Table:
    """Write a Summary of Findings: one comparison for each outcome, also for empty ones.

    Schünemann H et al. 2024, Cochrane Handbook chapter 14; wording after Santesso N et al. 2020,
    doi 10.1016/j.jclinepi.2019.10.014.

    >>> print(summary_table(["vig"]).rows[0].cells[-1][0].text)
    Amber light probably decreases vigilase (VIG).
    """
    evidence, outcomes = pick(selection, "outcomes")
    kinds = [f.kind for outcome in outcomes for f in _counted(evidence, outcome)]
    cautions = dict.fromkeys(evidence.rows("kinds")[kind].caution for kind in kinds)
    notes = map(words.sentence, ("note.first", "note.certainty"))
    note = words.join_known(*notes, *cautions, mark=" ")
    return make_table(evidence, _SUMMARY, outcomes, name, caption, note)


def limitations_table(
    selection: Selection, *, name: str = "tab-limitations", caption: str = ""
) -> Table:
    """Show as a grid how many results of each source a limitation concerns.

    >>> print(limitations_table(["larkin2024-dor", "larkin2024-vig"]).columns[:2])
    ('Source', 'Surrogate')
    """
    evidence, findings = pick(selection)

    def count(_: Evidence, same: Sequence[Row], concerned: Sequence[Row]) -> str:
        hits = sum(finding in concerned for finding in same)
        return "●" if hits == len(same) else f"{hits} of {len(same)}" if hits else ""

    columns: dict[str, Column] = {"Source": lambda _, same: words.source_name(same[0])}
    for limit, concerned in narrate.limits_of(evidence, findings):
        header = words.sentence_case(limit.limitation_id.replace("-", " "))
        columns[header] = partial(count, concerned=concerned)
    question = "Which limitation holds for how many results of each source?"
    layout = Layout(question, columns, missing="")
    rows = list(words.grouped(findings, lambda finding: finding.source_id).values())
    return make_table(evidence, layout, rows, name, caption, words.sentence("note.limits"))
