"""Averages of trials as a forest plot with weights, a funnel plot, a table and sentences."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evidence_tools.evidence import pooling
from evidence_tools.evidence.effects import effect_sizes
from evidence_tools.evidence.judgements import effect_verb
from evidence_tools.evidence.measures import FULL_NAMES, RATIOS
from evidence_tools.evidence.model import ORIGIN, Evidence, as_rows, loaded
from evidence_tools.evidence.pooling import FEWEST, METHODS, POOLED, PoolingError
from evidence_tools.evidence.selection import Selection, pick
from evidence_tools.show import drawing, words
from evidence_tools.show.display import Figure, Prose, Table, Text, runs
from evidence_tools.show.drawing import Lane, axis_around, draw_lanes, point, rule
from evidence_tools.show.tables import Layout, make_table
from evidence_tools.show.values import rating_of

LIBRARY = "PyMetaAnalysis"
_NAMES = dict(zip(METHODS, ("restricted maximum likelihood", "Paule and Mandel's method",
                            "DerSimonian and Laird's method", "one effect for all trials"),
                  strict=True))  # fmt: skip


def figure_text(value: float) -> str:
    """Write a computed figure with two decimals, or two digits where it is smaller.

    >>> figure_text(0.4894), figure_text(0.00368)
    ('0.49', '0.0037')
    """
    decimals = 1 - int(np.floor(np.log10(abs(value)))) if value else 2
    return words.number_text(f"{value:.{min(max(2, decimals), 6)}f}")


def _estimate(row: Any, ends: str = "ci") -> str:
    low, high = (figure_text(getattr(row, f"{ends}_{end}")) for end in ("lower", "upper"))
    return words.range_text(low, high)


def _unit(row: Any) -> str:
    return row.unit if row.effect_measure == "MD" else ""


def _of(frame: pd.DataFrame) -> tuple[Evidence, list[Any]]:
    return loaded(frame.attrs.get(ORIGIN)), as_rows(frame.drop(columns="source_id", errors="ignore")
                                                    .rename_axis("row"))  # fmt: skip


def pooled_plot(pooled: pd.DataFrame, name: str, caption: Text) -> Figure:
    """Draw trials with squares as large as their weight, and their average as a diamond."""
    evidence, rows = _of(pooled)
    sources, null = evidence.rows("sources"), int(rows[-1].effect_measure in RATIOS)
    lanes, ends = [], [float(null)]
    for row in rows:
        last, known = row.row == POOLED, sources.get(row.row)
        label = "Average" if last else words.source_name(known) if known else row.row
        value = f"{figure_text(row.estimate)} ({_estimate(row)})"
        value += "" if last else f"; {words.number_text(f'{row.weight:.1f}')}%"
        shape = {"shape": "diamond", "size": 260} if last else {"shape": "square"}
        drawn = [rule(row.ci_lower, x2=row.ci_upper, width=2, on_axis=True, colour=drawing.INK)]
        if last and row.prediction_lower is not None:
            look: dict[str, Any] = {"dashed": True, "on_axis": True, "colour": drawing.INK}
            drawn.append(rule(row.prediction_lower, x2=row.prediction_upper, **look))
            value += f"; new trial {_estimate(row, 'prediction')}"
            ends += [row.prediction_lower, row.prediction_upper]
        drawn.append(point(row.estimate, colour=drawing.PALETTE[0], on_axis=True,
                           **{"size": 20 + 12 * row.weight} | shape))  # fmt: skip
        lanes.append(Lane(label, f"{label}: {value}.", drawn, value))
        ends += [row.ci_lower, row.ci_upper]
    gap = 3 * "\N{NO-BREAK SPACE}"
    given = evidence.topic.subject["name"]
    scale = words.join_known(FULL_NAMES[rows[-1].effect_measure], _unit(rows[-1]), mark=", ")
    title = [f"← lower{gap}with {given}{gap}higher →", scale]
    axis = axis_around(ends, log=bool(null), title=title, null=null)
    note = ("Each square is as large as the weight of its trial in percent; the bar is the 95% "
            "interval, the dashed line where a new trial is expected.")  # fmt: skip
    return draw_lanes(lanes, axis, name, caption, note=note)


def funnel_plot(
    effects: pd.DataFrame,
    *,
    name: str = "fig-funnel",
    caption: Text = "Do small trials report other effects than large ones?",
) -> Figure:
    """Draw effects against their standard errors, with contours of significance.

    Refused below ten trials. What lies between the inner lines has p above 0.05, beyond the outer
    ones below 0.01: gaps there suggest that results were not published for their p-value.
    """
    if len(effects) < FEWEST:
        raise PoolingError(f"a funnel needs {FEWEST} trials; there are {len(effects)}")
    from scipy.stats import norm

    evidence, height = loaded(effects.attrs.get(ORIGIN)), 240
    largest = float(effects["standard_error"].max()) * 1.1
    scale = height / largest
    measure, shown = effects["effect_measure"].iloc[0], effects["effect"].astype(float)
    back = np.exp if measure in RATIOS else float
    look: dict[str, Any] = {"on_axis": True, "colour": drawing.PALETTE[0], "shape": "circle"}
    errors = effects["standard_error"].astype(float)
    marks = [point(float(back(x)), e * scale, **look) for x, e in zip(shown, errors, strict=True)]
    sides = [side * norm.ppf(level) * largest for level in (0.975, 0.995) for side in (-1, 1)]
    for number, end in enumerate(sides):
        lines: dict[str, Any] = {"on_axis": True, "dashed": number > 1, "colour": drawing.GREY}
        marks.append(rule(float(back(0.0)), x2=float(back(end)), tall=height, **lines))
    ends = [*shown, *sides]
    axis = axis_around(map(float, map(back, ends)), log=measure in RATIOS, null=float(back(0.0)),
                       title=[FULL_NAMES[measure]])  # fmt: skip
    lane = Lane("", "", marks, room=height)
    says = f"Effects of {len(effects)} trials on {evidence.topic.subject['name']}"
    note = ("Large trials are above, small ones below. Inner lines: p = 0.05; outer lines: "
            "p = 0.01.")  # fmt: skip
    return draw_lanes([lane], axis, name, caption, note=note, says=[f"{says}."])


_AVERAGES = Layout(
    "What is the average, and how far do trials differ?",
    {
        "Trials": lambda _, row: str(row.label),
        "Number": lambda _, row: str(int(row.k_studies)),
        "Average": lambda _, row: (
            f"{row.effect_measure} {figure_text(row.estimate)} (95% CI {_estimate(row)})"
        ),
        "I²": lambda _, row: f"{row.i2:.0f}%",
        "τ²": lambda _, row: "" if row.tau2 is None else figure_text(row.tau2),
    },
    missing="not estimated.",
)


def averages_table(pooled: pd.DataFrame, *, name: str, caption: str = "") -> Table:
    """Show averages: of groups, without each trial in turn, or as trials were added."""
    evidence, rows = loaded(pooled.attrs.get(ORIGIN)), pooled[pooled["k_studies"].notna()]
    names = {key: row.short_name for key, row in evidence.rows("sources").items()}
    labelled = rows.assign(label=[names.get(key, key) for key in rows.index]).reset_index(drop=True)
    return make_table(evidence, _AVERAGES, as_rows(labelled), name, caption)


def _p_text(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def _line_text(rows: list[Any]) -> str:
    row = rows[-1]
    ends = words.range_text(figure_text(row.ci_low), figure_text(row.ci_high))
    return (f"With one more unit of {row.moderator} the effect, for ratios its logarithm, differs "
            f"by {figure_text(row.estimate)} (95% CI {ends}; {_p_text(row.pvalue)}). This is an "
            "association between trials, and no cause is shown.")  # fmt: skip


_TESTS: dict[str, Callable[[list[Any]], str]] = {
    "moderator": _line_text,
    "between_p": lambda rows: (
        f"The test of a difference between these {len(rows)} groups gives "
        f"{_p_text(rows[0].between_p)}."
    ),
    "intercept": lambda rows: (
        f"Egger's test of asymmetry gives {_p_text(rows[0].p_value)}. It "
        "tells small trials from large ones, and not why they differ."
    ),
}


def narrate_pooled(pooled: pd.DataFrame) -> Prose:
    """Say what an average shows, in the words that the certainty of its outcome allows.

    It takes what :func:`pool` gives; what a test of groups, a line or asymmetry gives is said too.
    Of rows of ``evidence.arms`` it says which could be pooled, and why others could not.

    >>> str(narrate_pooled(load_evidence("tests/topic").arms)).splitlines()[0]
    'The tables have 3 pairs of arms, of two trials. Two of them have what an average needs.'
    """
    if pooled.index.name == "arm_id":
        return _narrate_arms(pooled)
    for column, tell in _TESTS.items():
        if column in pooled:
            return Prose((runs(tell(as_rows(pooled.rename_axis("row")))),))
    evidence, rows = _of(pooled)
    row = rows[-1]
    outcome, subject = evidence.outcome(row.outcome_id), evidence.topic.subject["name"]
    certainty, name = rating_of(evidence, row.outcome_id), words.lower_first(outcome.name)
    level = evidence.ratings["certainty"].get(row.outcome_id, "very low")
    null = int(row.effect_measure in RATIOS)
    way = "increase" if row.estimate > null else "decrease"
    if row.ci_lower <= null <= row.ci_upper:
        says = f"It is not clear whether {subject} changes {name}: the interval of the average "
        says += "includes no difference, which does not show that there is none"
    elif level == "very low":
        says = f"The evidence is very uncertain about the effect of {subject} on {name}"
    else:
        says = words.sentence_case(f"{subject} {effect_verb(way, level)} {name}")
    average = words.amount_text(figure_text(row.estimate), _unit(row))
    figures = f"{row.effect_measure} {average}, 95% CI {_estimate(row)}"
    count = words.count_text(int(row.k_studies), "trial", "trials")
    people = row.n_participants and f"{words.number_text(int(row.n_participants))} people"
    sure = f"certainty {certainty}" if certainty else "certainty not rated"
    first = f"{words.with_details(says, figures, count, people, sure)}."
    spread = f"Of the variation between these trials, {row.i2:.0f}% is more than chance gives (I²)"
    low, high = row.tau2_lower, row.tau2_upper
    if row.tau2 is not None and low is not None:
        tau = words.range_text(figure_text(low), figure_text(high))
        spread += f"; its variance τ² is {figure_text(row.tau2)} (95% CI {tau})"
    spread += "."
    if row.prediction_lower is not None:
        ends = (figure_text(row.prediction_lower), figure_text(row.prediction_upper))
        spread += f" The effect in a new trial is expected between {row.effect_measure} "
        spread += " and ".join(ends) + " (95% prediction interval)."
    how = (f"The average was computed for this report by {LIBRARY} {version(LIBRARY)}, with "
           f"{_NAMES[row.method]} and a {row.interval} interval.")  # fmt: skip
    caution = evidence.rows("kinds")[outcome.kind].caution or ""
    return Prose((runs(words.join_known(first, caution, mark=" ")), runs(spread), runs(how)))


def _apart(reference: float, ours: float) -> str:
    apart = abs(ours / reference - 1)
    return "below 1e-9" if apart < 1e-9 else f"{apart:.0e}"


def reference_table(*, name: str = "tab-reference", caption: str = "") -> Table:
    """Set what is computed here beside what metafor computes for known data."""
    known = json.loads(Path(pooling.__file__).with_name("metafor.json").read_text("utf-8"))
    usual = {"effect_measure": "MD", "unit": "days", "missing": ""}
    given = {column: known[column] for column in ("effect", "standard_error")}
    trials = pd.DataFrame({"source_id": map(str, range(len(known["effect"]))), **given, **usual})
    ours = pooling.pool(trials).loc[POOLED]
    rows = [(key, value, float(ours[key])) for key, value in known["values"].items()]
    layout = Layout(
        "Do the averages agree with those of metafor?",
        {
            "Value": lambda _, row: row[0].replace("_", " "),
            "metafor": lambda _, row: words.number_text(f"{row[1]:.8g}"),
            "Here": lambda _, row: words.number_text(f"{row[2]:.8g}"),
            # Not the digits of the noise, which differ from machine to machine.
            "Difference, relative": lambda _, row: _apart(row[1], row[2]),
        },
    )
    note = f"{known['version']}: {known['call']}, on {known['source']}. Here: {LIBRARY} "
    return make_table(loaded(), layout, rows, name, caption, f"{note}{version(LIBRARY)}.")


def _narrate_arms(selection: Selection) -> Prose:
    """Say which arms of trials could be pooled, which not, and why."""
    evidence, arms = pick(selection, "arms")
    rows = evidence.arms.loc[[arm.arm_id for arm in arms]]
    means, events = (effect_sizes(rows, measure) for measure in ("MD", "RR"))
    counted = means["events_intervention"].notna()
    pairs = pd.concat([means[~counted], events[counted]])
    usable = pairs[pairs["missing"] == ""]
    trials = words.count_text(pairs["source_id"].nunique(), "trial", "trials")
    sure = words.sentence_case(words.count_text(len(usable)))
    first = f"The tables have {len(pairs)} pairs of arms, of {trials}. {sure} of them have what an "
    reasons = pairs["missing"].str.split("; ").explode().value_counts().drop("", errors="ignore")
    why = "; ".join(f"{reason} ({count})" for reason, count in reasons.items())
    names = [words.source_run(evidence.source(key)) for key in usable["source_id"].unique()]
    single = evidence.findings.query("standing == 'counted' and design == 'rct'")
    number = int(single["ci_lower"].notna().sum())
    printed = f"Of {len(single)} results of single trials that count, {number or 'none'}"
    shared = usable.groupby(["outcome_id", "effect_measure"])["source_id"].nunique()
    both = [evidence.outcome(key).name for key, _ in shared.index[shared > 1]]
    end = (f"Two trials or more share: {words.listed(map(words.lower_first, both))}." if both else
           "No outcome has two such trials, so nothing was pooled.")  # fmt: skip
    return Prose((
        runs(first, "average needs."),
        runs("They are of ", words.listed_runs(names), ". ", end) if names else runs(end),
        runs(f"What the others lack: {why}." if why else "", f" {printed} prints an interval."),
    ))  # fmt: skip
