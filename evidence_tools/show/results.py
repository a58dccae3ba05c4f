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
_NARROWEST = 190  # pixels that all columns have on a phone
_GROUPS = {1: "Reviews", 2: "Trials and authorities"}


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
    null = int(any(finding.effect_measure in RATIOS for finding in findings))
    axis = drawing.axis_around(lanes, null=null, log=bool(null), title=titles)
    return draw_lanes(lanes, axis, name, caption or words.sentence("caption.forest"))


def _lane(
    evidence: Evidence, finding: Any, label: str, heading: str = "", *, own_scale: bool = False
) -> Lane:
    """Draw a result; its own axis goes from the value of a side to the same of the other."""
    estimated = finding.estimate is not None
    stated = estimated and finding.statistically_significant != "not stated"
    direction = "" if stated else words.direction_text(finding)
    figures = words.estimate_text(finding, gaps=own_scale)
    value = words.join_known(direction, figures, words.standing_text(finding, brief=True))
    value = f"{words.ARROWS.get(finding.direction, '')}\N{NO-BREAK SPACE}{value}".strip()
    says = drawing.result_sentence(finding)
    if not estimated:
        heading = words.join_known(heading, "without an estimate", mark=", ")
        return Lane(label, says, value=value, heading=words.sentence_case(heading))
    ends = [end for end in (finding.ci_lower, finding.ci_upper) if end is not None]
    reach = 1.1 * max(map(abs, (finding.estimate, *ends))) or 1 if own_scale else 1
    look = drawing.look_of(evidence, finding) | {"says": says, "finding_id": finding.finding_id}
    drawn = [point(finding.estimate / reach, **look)]
    if len(ends) == 2:
        look["width"] = 1.5 if look["dashed"] else 2.5
        drawn.append(rule(ends[0] / reach, x2=ends[1] / reach, **look))
    if not own_scale:
        return Lane(label, says, drawn, value, heading)
    tick = max(drawing.log_ticks(reach / 9.9, reach))
    drawn.append(rule(-1, LINE, x2=1))
    for end in (-tick, tick):
        drawn.append(rule(end / reach, LINE, x2=end / reach, tall=5))
        said = drawing.tick_text(end)
        drawn.append(text(end / reach, 2 * LINE, text=said, align="center"))
    return Lane(label, says, drawn, value, heading, room=3 * LINE)


def _sides(evidence: Evidence, findings: Iterable[Any] = ()) -> str:
    """Say what left and right of no difference mean, with the subject or other forms."""
    forms = evidence.topic.counts.get("forms")
    others = forms and any(finding.form not in forms for finding in findings)
    given, gap = "treatment" if others else evidence.topic.subject["name"], 3 * "\N{NO-BREAK SPACE}"
    return f"← lower{gap}with {given}{gap}higher →"


def _shared_scale(findings: Sequence[Any]) -> str:
    """Name the scale of all findings, or refuse."""
    scales: dict[tuple[str, str], str] = {}
    for finding in (one for one in findings if one.estimate is not None):
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
    look: Mark = {"colour": _BLUE, "width": 2}
    black = look | {"colour": _INK}
    lanes = []
    for row in rows:
        low, high = row.ci_lower, row.ci_upper
        value = f"{words.number_text(row.estimate)} ({words.range_text(low, high)})"
        if row.row != POOLED:
            label = words.trial_name(evidence, row.row)
            value += f"; {words.number_text(f'{row.weight:.1f}')}%"
            size = 10 + 180 * row.weight / heaviest
            square = point(row.estimate, shape="square", size=size, **look)
            drawn = [rule(low, x2=high, **black), square]
        else:
            label = "Average"
            drawn = []
            for side in (-LINE / 2, LINE / 2):
                drawn.append(rule(low, x2=row.estimate, tall=side, **look))
                drawn.append(rule(row.estimate, side, x2=high, tall=-side, **look))
            if row.prediction_lower is not None:
                low, high = row.prediction_lower, row.prediction_upper
                drawn.append(rule(low, x2=high, dashed=True, **black))
                value += f"; new trial {words.range_text(low, high)}"
        says = f"{label}: {value}."
        lanes.append(Lane(label, says, [{**one, "says": says} for one in drawn], value))
    unit = rows[-1].unit if rows[-1].effect_measure == "MD" else ""
    scale = words.join_known(FULL_NAMES[rows[-1].effect_measure], unit, mark=", ")
    title = [_sides(evidence), scale]
    axis = drawing.axis_around(lanes, null=null, log=bool(null), title=title)
    note = words.sentence("note.average")
    if rows[-1].prediction_lower is not None:
        note = f"{note} {words.sentence('note.new')}"
    return draw_lanes(lanes, axis, name, caption or words.sentence("caption.average"), note=note)


def _funnel(pooled: Any, name: str, caption: Text) -> Figure:
    """Draw effects against their standard errors, with contours of significance."""
    from scipy.stats import norm

    evidence, (*trials, average), null = read_average(pooled)
    if len(trials) < FEWEST:
        raise ValueError(f"a funnel needs {FEWEST} trials; there are {len(trials)}")
    back, height = exp if null else float, 240
    largest = 1.1 * max(trial.standard_error for trial in trials)
    marks = []
    for trial in trials:
        x, error = back(trial.effect), trial.standard_error
        said = f"{words.trial_name(evidence, trial.row)}: {words.number_text(x)}"
        said += f", standard error {words.number_text(error)}."
        look: Mark = {"colour": _BLUE, "shape": "circle", "says": said}
        marks.append(point(x, error * height / largest, **look))
    for level, dashed in ((0.975, False), (0.995, True)):
        for side in (-1, 1):
            end = float(back(side * norm.ppf(level) * largest))
            marks.append(rule(float(null), x2=end, tall=height, dashed=dashed))
    lane = Lane("Standard error", "", marks, room=height)
    title = [FULL_NAMES[average.effect_measure]]
    axis = drawing.axis_around([lane], null=float(null), log=bool(null), title=title)
    tick = max(drawing.log_ticks(largest / 99, largest))
    for error in (0, tick / 2, tick):
        y, said = error * height / largest, f"{drawing.tick_text(error)}\N{NO-BREAK SPACE}"
        marks.append(rule(axis.low, y, x2=axis.high, opacity=0.35))
        marks.append(text(axis.low, y, text=said, align="right"))
    says = f"Effects of {len(trials)} trials on {evidence.topic.subject['name']}."
    usual, note = map(words.sentence, ("caption.funnel", "note.funnel"))
    return draw_lanes([lane], axis, name, caption or usual, note=note, says=[says])


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
    order = dict.fromkeys(finding.outcome_id for finding in findings)
    # Each cell is a finding, set beside one on the outcome of its column.
    beside = evidence.comparisons.rename(columns={"outcome_id": "beside"}).query("beside in @order")
    cells = beside.merge(evidence.findings, left_on="finding_id", right_index=True)
    together = cells.loc[cells["outcome_id"] != cells["beside"], "finding_id"]
    chosen = [*(finding.finding_id for finding in findings), *together]
    drawn = as_rows(cells[cells["finding_id"].isin(chosen)])
    columns = words.grouped(drawn, lambda cell: cell.beside)
    outcomes = [evidence.outcome(key) for key in order if key in columns]
    if not outcomes:
        raise ValueError("none of these findings is a main result; choose analysis == 'primary'")
    names = [outcome.abbreviation or outcome.name for outcome in outcomes]
    axis = Axis(-0.5, len(names) - 0.5, ticks=dict(enumerate(names)), top=True)
    lanes = []
    for source_id, own in words.grouped(drawn, lambda cell: cell.source_id).items():
        heading = _GROUPS.get(own[0].evidence_level, "Other sources")
        heading = "Compared with" if source_id == evidence.topic.central_source else heading
        marks = list[Mark]()
        for column, outcome in enumerate(outcomes):
            found = [cell for cell in own if cell.beside == outcome.outcome_id]
            marks += _cell(evidence, found, column, _NARROWEST / len(outcomes))
        lanes.append(Lane(_row_name(own), marks=marks, heading=heading))
    square: Mark = {"shape": "square", "size": 300, "hollow": True}
    relations = {cell.relation for cell in drawn}
    legend = {
        meaning: {"colour": colour, **(square | frame if frame else {"shape": drawing.SWATCH})}
        for relation, (colour, frame) in _LOOKS.items()
        if relation in relations and (meaning := drawing.LEGEND.get(relation))
    }
    # The text alternative names every source.
    says = [plain(agreement_runs(one, columns[one.outcome_id], most=0)) for one in outcomes]
    usual = words.sentence("caption.agreement")
    note = "" if together.empty else words.sentence("note.together")
    return draw_lanes(lanes, axis, name, caption or usual, legend=legend, note=note, says=says)


def _row_name(cells: Sequence[Row]) -> str:
    """Name a source with its doubt, and say in two words why its grey marks are not counted."""
    standings = dict.fromkeys(cell.standing for cell in cells)
    reasons = words.listed(key for key in standings if key != "counted")
    grey = "grey: " if reasons and "counted" in standings else ""
    return words.with_details(words.source_name(cells[0]), grey + reasons)


def _cell(evidence: Evidence, found: Sequence[Row], column: int, step: float) -> list[Mark]:
    """Draw what one source reports on an outcome; several results share the cell."""
    room = min(24, step / max(len(found), 1))
    drawn = []
    for number, finding in enumerate(found):
        x = column + (number - (len(found) - 1) / 2) * room / step
        colour, frame = _LOOKS.get(finding.relation, (drawing.GREY, None))
        if frame:
            look: Mark = {"shape": "square", "size": (room - 3) ** 2, "colour": colour, **frame}
            drawn.append(point(x, hollow=True, **look))
        look = drawing.look_of(evidence, finding) | {"colour": colour, "relation": finding.relation}
        look |= {"finding_id": finding.finding_id, "says": drawing.result_sentence(finding)}
        small = 0.4 if finding.standing == "context" else 1  # greys are alike on a dark page
        drawn.append(point(x, size=small * min(110, (room / 2) ** 2), **look))
    return drawn
