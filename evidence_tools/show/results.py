"""Results beside each other: with their intervals, averaged, and as a matrix of sources."""

from collections.abc import Iterable, Sequence
from math import exp
from typing import Any

import pandas as pd

from evidence_tools.evidence.arithmetic import FULL_NAMES, RATIOS
from evidence_tools.evidence.model import Evidence, Row, Selection, as_rows, pick
from evidence_tools.evidence.pooling import FEWEST, POOLED
from evidence_tools.show import drawing, words
from evidence_tools.show.display import Figure, Text, plain
from evidence_tools.show.drawing import LINE, Axis, Lane, Mark, draw_lanes, point, rule, text
from evidence_tools.show.narrate import agreement_runs, read_average

_INK, _BLUE, _RED = drawing.INK, *drawing.PALETTE[:2]
_DASHED = {"width": 1.5, "dashed": True}
_LOOKS: dict[str, tuple[str, Mark | None]] = {
    "agrees": (_BLUE, None),
    "conflicts": (_RED, {"width": 2.5}),
    "opposite, significance not stated": (_RED, _DASHED),
    "reports a change": (_INK, {"width": 1}),
    "not significant": (_INK, _DASHED),
    **dict.fromkeys(("central source", "open", "not compared"), (_INK, None)),
}
"""Colour and frame of each relation; those that need words in a legend have them there."""
_LEGEND = words.phrases("legend")
_NARROWEST = 190  # pixels that all columns have on a phone
_GROUPS = {1: "Reviews", 2: "Trials and authorities"}
_Cells = list[tuple[Row, Row]]  # findings with their rows of the comparison


def marker_plot(selection: Selection, *, name: str = "fig-markers", caption: Text = "") -> Figure:
    """Draw one lane per result, each on its own scale, with no difference in the middle.

    Units may differ or be unknown, so nothing invites a comparison of lengths. A result without
    an estimate has no mark; its direction is said in words. Ratios are for :func:`forest_plot`.

    >>> marker_plot(load_evidence("tests/topic").select(kind="wakefulness marker")).name
    'fig-markers'
    """
    evidence, findings = pick(selection)
    if ratios := [f.finding_id for f in findings if f.effect_measure in RATIOS]:
        raise ValueError(f"{words.listed(ratios)}: for ratios use forest_plot, on one scale")
    several = len({finding.source_id for finding in findings}) > 1
    lanes = []
    for finding in findings:
        outcome = words.sentence_case(words.outcome_text(finding))
        label = f"{outcome}, {words.source_name(finding)}" if several else outcome
        lanes.append(_lane(evidence, finding, label, own_scale=True))
    axis = Axis(-1, 1, title=[_sides(evidence, findings)], ticks={0: "0"}, null=0, top=True)
    return draw_lanes(lanes, axis, name, caption or words.sentence("caption.markers"))


def forest_plot(
    selection: Selection, *, funnel: bool = False, name: str = "fig-forest", caption: Text = ""
) -> Figure:
    """Draw results on one shared scale, grouped by outcome.

    They must all be ratios, drawn on a log axis, or all of one difference measure in one reported
    unit; one without an estimate has no mark. Points have one size: results taken from papers
    carry no weights. What must not be relied on is hollow and dashed, with the reason beside it.

    What :func:`pooling.pool` gives is drawn with weights, the average and where a new trial is
    expected; or, from ten trials on, as a ``funnel``: effects against their standard errors. What
    lies between its inner lines has p above 0.05, beyond the outer ones below 0.01; gaps there
    suggest that results were not published for their p-value.

    >>> forest_plot(load_evidence("tests/topic").select(kind="accident")).name
    'fig-forest'
    """
    if funnel:
        return _funnel(selection, name, caption)
    if isinstance(selection, pd.DataFrame) and POOLED in selection.index:
        return _average(selection, name, caption)
    evidence, found = pick(selection)
    by_outcome = words.grouped(found, lambda finding: finding.outcome_id)
    findings = [finding for same in by_outcome.values() for finding in same]
    titles = [_sides(evidence, findings), _shared_scale(findings)]
    lanes = []
    for finding in findings:
        label = words.join_known(
            words.source_name(finding), words.analysis_text(finding), mark=", "
        )
        heading = finding.outcome if len(by_outcome) > 1 else ""
        lanes.append(_lane(evidence, finding, label, heading))
    ends = [end for finding in findings for end in _ends(finding)]
    null = int(any(finding.effect_measure in RATIOS for finding in findings))
    look: dict[str, Any] = {"log": bool(null), "title": titles, "null": null}
    axis = drawing.axis_around([*ends, null], **look) if ends else None
    return draw_lanes(lanes, axis, name, caption or words.sentence("caption.forest"))


def _lane(
    evidence: Evidence, finding: Any, label: str, heading: str = "", *, own_scale: bool = False
) -> Lane:
    """Draw a result; its own axis goes from the value of a side to the same of the other."""
    ends = _ends(finding)
    stated = ends and finding.statistically_significant != "not stated"
    direction = "" if stated else words.direction_text(finding)
    figures = words.estimate_text(finding, gaps=own_scale)
    value = words.join_known(direction, figures, words.standing_text(finding, brief=True))
    value = f"{words.ARROWS.get(finding.direction, '')}\N{NO-BREAK SPACE}{value}".strip()
    says = drawing.result_sentence(finding)
    if not ends:
        heading = words.join_known(heading, "without an estimate", mark=", ")
        return Lane(label, says, value=value, heading=words.sentence_case(heading))
    reach = 1.1 * max(map(abs, ends)) or 1 if own_scale else 1
    flagged = finding.standing in drawing.FLAGGED
    look = drawing.look_of(evidence, finding) | {"says": says, "finding_id": finding.finding_id}
    drawn = [point(ends[0] / reach, **look)]
    if len(ends) == 3:
        low, high = (end / reach for end in ends[1:])
        look |= {"width": 1.5 if flagged else 2.5, "dashed": flagged}
        drawn.append(rule(low, x2=high, **look))
    if not own_scale:
        return Lane(label, says, drawn, value, heading)
    tick = max(drawing.log_ticks(reach / 9.9, reach))
    drawn.append(rule(-1, LINE, x2=1, on_axis=True))
    for value_of in (-tick, tick):
        at: Mark = {"x": value_of / reach, "on_axis": True}
        drawn.append(rule(y=LINE, x2=at["x"], tall=5, **at))
        said = drawing.tick_text(value_of)
        drawn.append(text(y=2 * LINE, text=said, align="center", **at))
    return Lane(label, says, drawn, value, heading, room=3 * LINE)


def _ends(finding: Any) -> list[float]:
    """Give the estimate of a finding and the ends of its interval, as far as it has them."""
    ends = [finding.estimate, finding.ci_lower, finding.ci_upper]
    return [float(end) for end in ends if end is not None] if finding.estimate is not None else []


def _sides(evidence: Evidence, findings: Iterable[Any] = ()) -> str:
    """Say what left and right of no difference mean, with the subject or other forms."""
    forms = evidence.topic.counts.get("forms")
    others = forms and any(finding.form not in forms for finding in findings)
    given, gap = "treatment" if others else evidence.topic.subject["name"], 3 * "\N{NO-BREAK SPACE}"
    return f"← lower{gap}with {given}{gap}higher →"


def _shared_scale(findings: Sequence[Any]) -> str:
    """Name the scale of all findings, or refuse."""
    scales: dict[tuple[str, str], str] = {}
    for finding in filter(_ends, findings):
        measure = "MD" if finding.effect_measure == "WMD" else finding.effect_measure
        title = f"{measure}, {words.unit_text(finding.unit) or 'unit not reported'}"
        title = "ratio, log scale" if measure in RATIOS else title
        # Two sources that print no unit need not have used the same one.
        unknown = f"{finding.source_id} {finding.outcome_id}" if "not reported" in title else ""
        scales.setdefault((title, unknown), finding.finding_id)
    if len(scales) > 1:
        named = "; ".join(f"{title}: {finding_id}" for (title, _), finding_id in scales.items())
        raise ValueError(
            f"these results share no scale ({named}); draw ratios, and each unit, in a forest_plot "
            "of their own, or differences in a marker_plot, which gives each row its own scale"
        )
    return next(iter(scales), ("", ""))[0]


def _average(pooled: pd.DataFrame, name: str, caption: Text) -> Figure:
    """Draw trials with squares as large as their weight, and their average as a diamond."""
    evidence, rows, null = read_average(pooled)
    heaviest = max(row.weight for row in rows[:-1])
    look: Mark = {"on_axis": True, "colour": drawing.PALETTE[0], "width": 2}
    lanes, ends = [], [float(null)]
    for row in rows:
        low, high, value = row.ci_lower, row.ci_upper, words.number_text(row.estimate)
        value += f" ({words.range_text(low, high)})"
        if row.row != POOLED:
            label = words.trial_name(evidence, row.row)
            value += f"; {words.number_text(f'{row.weight:.1f}')}%"
            square: Mark = {"shape": "square", "size": 10 + 180 * row.weight / heaviest}
            bar = rule(low, x2=high, **look | {"colour": drawing.INK})
            drawn = [bar, point(row.estimate, **look | square)]
        else:
            label = "Average"
            drawn = []
            for side in (-LINE / 2, LINE / 2):
                drawn.append(rule(low, x2=row.estimate, tall=side, **look))
                drawn.append(rule(row.estimate, side, x2=high, tall=-side, **look))
            if row.prediction_lower is not None:
                low, high = row.prediction_lower, row.prediction_upper
                drawn.append(rule(low, x2=high, dashed=True, **look | {"colour": drawing.INK}))
                value += f"; new trial {words.range_text(low, high)}"
        ends += [low, high]
        says = f"{label}: {value}."
        lanes.append(Lane(label, says, [{**one, "says": says} for one in drawn], value))
    unit = rows[-1].unit if rows[-1].effect_measure == "MD" else ""
    scale = words.join_known(FULL_NAMES[rows[-1].effect_measure], unit, mark=", ")
    title = [_sides(evidence), scale]
    axis = drawing.axis_around(ends, log=bool(null), title=title, null=null)
    usual, note = map(words.sentence, ("caption.average", "note.average"))
    if rows[-1].prediction_lower is not None:
        note = f"{note} {words.sentence('note.new')}"
    return draw_lanes(lanes, axis, name, caption or usual, note=note)


def _funnel(pooled: Any, name: str, caption: Text) -> Figure:
    """Draw effects against their standard errors, with contours of significance."""
    from scipy.stats import norm

    evidence, (*trials, average), null = read_average(pooled)
    if len(trials) < FEWEST:
        raise ValueError(f"a funnel needs {FEWEST} trials; there are {len(trials)}")
    back, height = exp if null else float, 240
    largest = 1.1 * max(trial.standard_error for trial in trials)
    look: Mark = {"on_axis": True, "colour": drawing.PALETTE[0], "shape": "circle"}
    marks = []
    for trial in trials:
        effect, error = words.number_text(back(trial.effect)), trial.standard_error
        said = f"{words.trial_name(evidence, trial.row)}: {effect}"
        said += f", standard error {words.number_text(error)}."
        marks.append(point(back(trial.effect), error * height / largest, says=said, **look))
    sides = [side * norm.ppf(level) * largest for level in (0.975, 0.995) for side in (-1, 1)]
    for number, end in enumerate(sides):
        line: Mark = {"on_axis": True, "dashed": number > 1, "colour": drawing.GREY}
        marks.append(rule(float(null), x2=float(back(end)), tall=height, **line))
    ends = [back(end) for end in (*(trial.effect for trial in trials), *sides)]
    title = [FULL_NAMES[average.effect_measure]]
    axis = drawing.axis_around(ends, log=bool(null), null=float(null), title=title)
    tick = max(drawing.log_ticks(largest / 99, largest))
    for error in (0, tick / 2, tick):
        y, said = error * height / largest, f"{drawing.tick_text(error)}\N{NO-BREAK SPACE}"
        marks.append(rule(axis.low, y, x2=axis.high, on_axis=True, opacity=0.35))
        marks.append(text(axis.low, y, text=said, align="right", on_axis=True))
    says = [f"Effects of {len(trials)} trials on {evidence.topic.subject['name']}."]
    lane = Lane("Standard error", "", marks, room=height)
    usual, note = map(words.sentence, ("caption.funnel", "note.funnel"))
    return draw_lanes([lane], axis, name, caption or usual, note=note, says=says)


def agreement_plot(
    selection: Selection, *, name: str = "fig-agreement", caption: Text = ""
) -> Figure:
    """Draw a matrix of sources by outcomes: direction as shape, agreement as colour and frame.

    A result without significance refutes nothing; only opposite significant results conflict.
    What is not counted is grey, context also small, with the reason in the row's name. Findings
    have a column for each outcome, with main results, and those on outcomes taken together.

    >>> evidence = load_evidence("tests/topic")
    >>> agreement_plot(evidence.findings.query("role == 'marker'")).name
    'fig-agreement'
    """
    evidence, findings = pick(selection)
    chosen = {finding.finding_id for finding in findings}
    order = dict.fromkeys(finding.outcome_id for finding in findings)
    rows = [row for row in as_rows(evidence.comparisons) if row.outcome_id in order]
    cells = [(evidence.finding(row.finding_id), row) for row in rows]
    together = {f.finding_id for f, row in cells if f.outcome_id != row.outcome_id}
    drawn = [cell for cell in cells if cell[0].finding_id in chosen | together]
    by_outcome = words.grouped(drawn, lambda cell: cell[1].outcome_id)
    outcomes = [evidence.outcome(key) for key in order if key in by_outcome]
    if not outcomes:
        raise ValueError("none of these findings is a main result; choose analysis == 'primary'")
    names = [outcome.abbreviation or outcome.name for outcome in outcomes]
    axis = Axis(-0.5, len(names) - 0.5, ticks=dict(enumerate(names)), top=True)
    lanes = []
    for source_id, cells in words.grouped(drawn, lambda cell: cell[0].source_id).items():
        heading = _GROUPS.get(cells[0][0].evidence_level, "Other sources")
        heading = "Compared with" if source_id == evidence.topic.central_source else heading
        marks = list[Mark]()
        for column, outcome in enumerate(outcomes):
            found = [cell for cell in cells if cell[1].outcome_id == outcome.outcome_id]
            marks += _cell(evidence, found, column, _NARROWEST / len(outcomes))
        lanes.append(Lane(_row_name(cells), marks=marks, heading=heading))
    square: Mark = {"shape": "square", "size": 300, "hollow": True}
    relations = {row.relation for _, row in drawn}
    legend = {
        meaning: {"colour": colour, **(square | frame if frame else {"shape": drawing.SWATCH})}
        for relation, (colour, frame) in _LOOKS.items()
        if relation in relations and (meaning := _LEGEND.get(relation))
    }
    # The text alternative names every source.
    shown = [(one, [f for f, _ in by_outcome[one.outcome_id]]) for one in outcomes]
    says = [plain(agreement_runs(one, found, most=0)) for one, found in shown]
    usual = words.sentence("caption.agreement")
    note = words.sentence("note.together") if together else ""
    return draw_lanes(lanes, axis, name, caption or usual, legend=legend, note=note, says=says)


def _row_name(cells: _Cells) -> str:
    """Name a source with its doubt, and say in two words why its grey marks are not counted."""
    standings = dict.fromkeys(finding.standing for finding, _ in cells)
    reasons = words.listed(key for key in standings if key != "counted")
    grey = "grey: " if reasons and "counted" in standings else ""
    return words.with_details(words.source_name(cells[0][0]), grey + reasons)


def _cell(evidence: Evidence, found: _Cells, column: int, step: float) -> list[Mark]:
    """Draw what one source reports on an outcome; several results share the cell."""
    room = min(24, step / max(len(found), 1))
    drawn = []
    for number, (finding, row) in enumerate(found):
        x = column + (number - (len(found) - 1) / 2) * room / step
        colour, frame = _LOOKS.get(row.relation, (drawing.GREY, None))
        if frame:
            look: Mark = {"shape": "square", "size": (room - 3) ** 2, "colour": colour, **frame}
            drawn.append(point(x, on_axis=True, hollow=True, **look))
        look = drawing.look_of(evidence, finding) | {"colour": colour, "relation": row.relation}
        look |= {"finding_id": finding.finding_id, "says": drawing.result_sentence(finding)}
        small = 0.4 if finding.standing == "context" else 1  # greys are alike on a dark page
        drawn.append(point(x, size=small * min(110, (room / 2) ** 2), **look))
    return drawn
