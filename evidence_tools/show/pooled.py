"""Averages of trials: as a forest plot with weights, as a funnel, and in sentences."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from math import exp
from typing import Any

import pandas as pd

from evidence_tools.evidence.arithmetic import FULL_NAMES, RATIOS
from evidence_tools.evidence.effects import effects_of_arms, need, with_interval
from evidence_tools.evidence.judgements import effect_verb
from evidence_tools.evidence.model import ORIGIN, Evidence, Row, Selection, as_rows, loaded, pick
from evidence_tools.evidence.pooling import FEWEST, LIBRARY, POOLED, PoolingError
from evidence_tools.show import drawing, words
from evidence_tools.show.display import Figure, Prose, Text, runs
from evidence_tools.show.drawing import Lane, axis_around, draw_lanes, point, rule

_METHODS = {
    "REML": "restricted maximum likelihood",
    "PM": "Paule and Mandel's method",
    "DL": "DerSimonian and Laird's method",
    "fixed": "one effect for all trials",
}


def _read(pooled: Any) -> tuple[Evidence, list[Row], int]:
    """Give what was pooled as rows, the average last, and the value of no difference."""
    remedy = "pass what pooling.pool(effects) gives"
    need(pooled, remedy, ["effect_measure", "unit", "method", "interval"], ["weight", "tau2"])
    if POOLED not in pooled.index:
        raise ValueError(f"found no average in the frame; {remedy}")
    rows = sorted(as_rows(pooled.rename_axis("row")), key=lambda row: row.row == POOLED)
    evidence = loaded(pooled.attrs.get(ORIGIN))
    return evidence, rows, int(rows[-1].effect_measure in RATIOS)


def _unit(row: Row) -> str:
    return row.unit if row.effect_measure == "MD" else ""


def pooled_plot(pooled: pd.DataFrame, name: str, caption: Text) -> Figure:
    """Draw trials with squares as large as their weight, and their average as a diamond."""
    evidence, rows, null = _read(pooled)
    lanes = [_lane(words.trial_name(evidence, row.row), row) for row in rows]
    marks = [mark for lane in lanes for mark in lane.marks]
    ends = [float(null), *(mark[end] for mark in marks for end in ("x", "x2") if end in mark)]
    scale = words.join_known(FULL_NAMES[rows[-1].effect_measure], _unit(rows[-1]), mark=", ")
    title = [drawing.sides_title(evidence.topic.subject["name"]), scale]
    axis = axis_around(ends, log=bool(null), title=title, null=null)
    note = (
        "Each square is as large as the weight of its trial in percent; the bar is the 95% "
        "interval, the dashed line where a new trial is expected."
    )
    usual = "What did each trial find, and what is their average?"
    return draw_lanes(lanes, axis, name, caption or usual, note=note)


def _lane(label: str, row: Row) -> Lane:
    look: drawing.Mark = {"on_axis": True, "colour": drawing.INK}
    drawn = [rule(row.ci_lower, x2=row.ci_upper, width=2, **look)]
    value = f"{words.number_text(row.estimate)} ({words.range_text(row.ci_lower, row.ci_upper)})"
    square: drawing.Mark = {"shape": "square", "size": 20 + 12 * row.weight}
    if row.row != POOLED:
        value += f"; {words.number_text(f'{row.weight:.1f}')}%"
    else:
        label, square = "Average", {"shape": "diamond", "size": 260}
        if row.prediction_lower is not None:
            drawn.append(rule(row.prediction_lower, x2=row.prediction_upper, dashed=True, **look))
            value += f"; new trial {words.range_text(row.prediction_lower, row.prediction_upper)}"
    drawn.append(point(row.estimate, **look | square | {"colour": drawing.PALETTE[0]}))
    return Lane(label, f"{label}: {value}.", drawn, value)


def funnel_plot(pooled: Any, name: str, caption: Text) -> Figure:
    """Draw effects against their standard errors, with contours of significance."""
    from scipy.stats import norm

    evidence, (*trials, average), null = _read(pooled)
    if len(trials) < FEWEST:
        raise PoolingError(f"a funnel needs {FEWEST} trials; there are {len(trials)}")
    back, height = exp if null else float, 240
    largest = 1.1 * max(trial.standard_error for trial in trials)
    scale = height / largest
    look: drawing.Mark = {"on_axis": True, "colour": drawing.PALETTE[0], "shape": "circle"}
    marks = [point(back(t.effect), t.standard_error * scale, **look) for t in trials]
    sides = [side * norm.ppf(level) * largest for level in (0.975, 0.995) for side in (-1, 1)]
    for number, end in enumerate(sides):
        line: drawing.Mark = {"on_axis": True, "dashed": number > 1, "colour": drawing.GREY}
        marks.append(rule(float(null), x2=float(back(end)), tall=height, **line))
    ends = [back(end) for end in (*(trial.effect for trial in trials), *sides)]
    title = [FULL_NAMES[average.effect_measure]]
    axis = axis_around(ends, log=bool(null), null=float(null), title=title)
    says = [f"Effects of {len(trials)} trials on {evidence.topic.subject['name']}."]
    note = "Large trials are above, small ones below. Inner lines: p = 0.05; outer lines: p = 0.01."
    lane = Lane("", "", marks, room=height)
    usual = "Do small trials report other effects than large ones?"
    return draw_lanes([lane], axis, name, caption or usual, note=note, says=says)


def _p_text(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def _line_text(rows: list[Row]) -> str:
    row = rows[-1]
    ends = words.range_text(row.ci_low, row.ci_high)
    return (
        f"With one more unit of {row.moderator} the effect, for ratios its logarithm, differs by "
        f"{words.number_text(row.estimate)} (95% CI {ends}; {_p_text(row.pvalue)}). This is an "
        "association between trials, and no cause is shown."
    )


_TESTS: dict[str, Callable[[list[Row]], str]] = {
    "moderator": _line_text,
    "between_p": lambda rows: (
        f"The test of a difference between these {len(rows)} groups gives "
        f"{_p_text(rows[0].between_p)}. A large p-value does not show that they are alike."
    ),
    "intercept": lambda rows: (
        f"Egger's test of asymmetry (weighted regression) gives {_p_text(rows[0].p_value)}. Where "
        "trials differ much it says little, and a large p-value does not show symmetry."
    ),
}


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
    for column, tell in _TESTS.items():
        if column in known:
            return Prose((runs(tell(as_rows(known.rename_axis("row")))),))
    evidence, rows, null = _read(pooled)
    row = rows[-1]
    if getattr(row, "outcome_id", None) is None:
        raise ValueError(
            "the effects have no outcome_id, so what they are of is not known; add one of "
            "evidence.outcomes: effects.assign(outcome_id=...)"
        )
    kind = evidence.outcome(row.outcome_id).kind
    how = (
        f"The average was computed for this report by {LIBRARY} {version(LIBRARY)}, with "
        f"{_METHODS[row.method]} and a {row.interval} interval."
    )
    parts = (
        (_shows(evidence, row, null), evidence.rows("kinds")[kind].caution),
        (_spread(row, null),),
        (how, _narrower(rows)),
    )
    return Prose(tuple(runs(words.join_known(*said, mark=" ")) for said in parts))


def _shows(evidence: Evidence, row: Row, null: int) -> str:
    subject = evidence.topic.subject["name"]
    name = words.lower_first(evidence.outcome(row.outcome_id).name)
    rated = evidence.rows("ratings").get(row.outcome_id)
    level = rated.certainty if rated else "very low"
    if row.ci_lower <= null <= row.ci_upper:
        says = f"It is not clear whether {name} differs with {subject}: the interval of the "
        says += "average includes no difference, which does not show that there is none"
    elif level == "very low":
        says = f"The evidence is very uncertain about the effect of {subject} on {name}"
    else:
        way = "increase" if row.estimate > null else "decrease"
        says = words.sentence_case(f"{subject} {effect_verb(way, level)} {name}")
    average = words.amount_text(row.estimate, _unit(row))
    people = getattr(row, "n_participants", None)
    return words.with_details(
        says,
        f"{row.effect_measure} {average}, 95% CI {words.range_text(row.ci_lower, row.ci_upper)}",
        words.count_text(int(row.k_studies), "trial"),
        people and f"{words.number_text(int(people))} people",
        f"certainty {rated.rating}" if rated else "certainty not rated",
    ) + "."  # fmt: skip


def _spread(row: Row, null: int) -> str:
    """Say how far trials differ, and where a new one is expected."""
    said = f"Of the variation between these trials, {row.i2:.0f}% is more than chance gives (I²)"
    if row.tau2_lower is not None:
        ends = words.range_text(row.tau2_lower, row.tau2_upper)
        scale = f"log {row.effect_measure}" if row.effect_measure in RATIOS else row.effect_measure
        said += f"; the variance of the {scale} between trials, τ², is "
        said += f"{words.number_text(row.tau2)} (95% CI {ends})"
    if row.prediction_lower is None:
        return f"{said}."
    low, high = map(words.number_text, (row.prediction_lower, row.prediction_upper))
    said += f". The effect in a new trial is expected between {row.effect_measure} {low} and "
    said += f"{high} (95% prediction interval)."
    if row.prediction_lower <= null <= row.prediction_upper:
        said += " That includes no difference."
    return said


def _narrower(rows: list[Row]) -> str:
    """Say where an interval is narrower than Wald's, as that of Hartung and Knapp can be."""
    *trials, row = rows
    error = sum(1 / (trial.standard_error**2 + (row.tau2 or 0)) for trial in trials) ** -0.5
    known = {"effect_measure": row.effect_measure, "effect": row.effect, "standard_error": error}
    (wald,) = as_rows(with_interval(pd.DataFrame([known])))
    if row.interval == "Wald" or row.ci_lower <= wald.ci_lower:
        return ""
    return (
        "It is narrower than a Wald interval would be "
        f"({words.range_text(wald.ci_lower, wald.ci_upper)}), because these trials differ less "
        "than their own intervals lead one to expect."
    )


def _narrate_arms(selection: Selection) -> Prose:
    """Say which arms of trials could be pooled, which not, and why."""
    evidence, arms = pick(selection, "arms")
    pairs = effects_of_arms(evidence.arms.loc[[arm.arm_id for arm in arms]])
    usable = pairs[pairs["missing"] == ""]
    trials = words.count_text(pairs["source_id"].nunique(), "trial")
    have = words.sentence_case(words.count_text(len(usable), "pair has", "pairs have"))
    number_of_pairs = words.count_text(len(pairs), "pair")
    first = f"The tables have {number_of_pairs} of arms, of {trials}. {have} what an "
    reasons = pairs["missing"].str.split("; ").explode().value_counts().drop("", errors="ignore")
    why = "; ".join(f"{reason} ({count})" for reason, count in reasons.items())
    names = [words.source_run(evidence.source(key)) for key in usable["source_id"].unique()]
    single = evidence.findings.query("standing == 'counted' and design == 'rct'")
    number = int(single["ci_lower"].notna().sum())
    printed = f"Of {len(single)} results of single trials that count, {number or 'none'}"
    printed += f" {'prints' if number < 2 else 'print'} an interval."
    shared = usable.groupby(["outcome_id", "effect_measure"])["source_id"].nunique()
    both = [evidence.outcome(key).name for key, _ in shared.index[shared > 1]]
    end = "No outcome has two such trials, so nothing was pooled."
    if both:
        end = f"Two trials or more share: {words.listed(map(words.lower_first, both))}."
    found = runs("They are of ", words.listed_runs(names), ". ") if names else ()
    lacking = words.join_known(why and f"What the others lack: {why}.", printed, mark=" ")
    return Prose((runs(first, "average needs."), runs(found, end), runs(lacking)))
