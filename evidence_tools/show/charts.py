"""Charts of the whole: when outcomes changed, how long and how much trials gave, what counts."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from evidence_tools.evidence.judgements import read_times, standing_of
from evidence_tools.evidence.model import Evidence, Selection, as_rows, pick
from evidence_tools.show import drawing, words
from evidence_tools.show.display import Figure, Text
from evidence_tools.show.drawing import Axis, Lane, Mark, draw_lanes, point, rule

_TICKS = (0.1, 0.25, 0.5, 1, 3, 6, 12, 24, 36, 60, 120)
_MASSES = {"g": 1e6, "mg": 1e3, "ug": 1.0}
_SAME = ["source_id", "outcome_id", "direction"]
_ALIKE = [*_SAME, "statistically_significant", "standing"]


def timeline_plot(
    selection: Selection, *, name: str = "fig-timeline", caption: Text = ""
) -> Figure:
    """Draw when each of some outcomes was measured, and which way it had moved.

    There is a lane for every main result that has a time, from ``findings`` and from
    ``timecourse``; outcomes without one are named.

    >>> timeline_plot(load_evidence("tests/topic").outcomes).name
    'fig-timeline'
    """
    evidence, outcomes = pick(selection, "outcomes")
    order = [outcome.outcome_id for outcome in outcomes]
    timed = [row for row in _timed_rows(evidence) if row.outcome_id in order]
    if not timed:
        raise ValueError("no result on these outcomes has a time of measurement; see "
                         "evidence.timecourse['outcome_id'] for outcomes that have")  # fmt: skip
    timed.sort(key=lambda row: order.index(row.outcome_id))
    alike = words.grouped(timed, lambda row: tuple(getattr(row, column) for column in _ALIKE))
    lanes = [_timed_lane(evidence, rows) for rows in alike.values()]
    measured = {row.outcome_id for row in timed}
    silent = [words.lower_first(one.name) for one in outcomes if one.outcome_id not in measured]
    return draw_lanes(
        lanes, _months_axis(lanes, "since the start"), name,
        caption or words.sentence("caption.timeline"),
        note=f"No time of measurement is known for {words.listed(silent)}." if silent else "",
    )  # fmt: skip


def trials_plot(
    selection: Selection, *, on: str, name: str = "fig-trials", caption: Text = ""
) -> Figure:
    """Draw an evidence map of trials: duration by dose, size by participants, shape by result.

    Shapes are those of results ``on`` a kind of outcomes. Trials without a duration are named.

    >>> trials_plot(load_evidence("tests/topic").trials, on="accident").name
    'fig-trials'
    """
    evidence, trials = pick(selection, "trials")
    timed = [trial for trial in trials if trial.duration is not None]
    if not timed:
        raise ValueError("none of these trials has a duration, so there is no place for them")
    timed.sort(key=_dose, reverse=True)
    about, colours = evidence.row("kinds", on).plural, _form_colours(trials)
    every = words.grouped(as_rows(evidence.select(kind=on)), lambda finding: finding.source_id)
    sizes = {trial.source_id: evidence.source(trial.source_id).size or 0 for trial in timed}
    numbers = sorted(sizes.values())
    lanes = []
    for trial in timed:
        look = {"colour": colours[trial.form], "size": _size(sizes[trial.source_id], numbers[-1])}
        lanes.append(_trial_lane(evidence, trial, every.get(trial.source_id, []), look))
    legend: dict[str, Mark] = {
        form: {"shape": drawing.SWATCH, "colour": colour} for form, colour in colours.items()
    }
    known = [number for number in numbers if number]
    for number in (*known[:1], *known[-1:], numbers[0]):
        legend[_people(number)] = {"size": _size(number, numbers[-1])}
    usual = words.sentence("caption.trials", about=about)
    return draw_lanes(
        lanes, _months_axis(lanes, "of treatment"), name, caption or usual, legend=legend,
        note=_left_out(evidence, trials, "duration"),
        says=[f"Results on {about}.", *(lane.says for lane in lanes)],
    )  # fmt: skip


def dose_plot(selection: Selection, *, name: str = "fig-doses", caption: Text = "") -> Figure:
    """Draw the doses of trials on one scale with the amounts that ``topic.yml`` sets beside them.

    Trials without a dose are named.

    >>> dose_plot(load_evidence("tests/topic").trials).name
    'fig-doses'
    """
    evidence, trials = pick(selection, "trials")
    dosed = sorted((trial for trial in trials if trial.dose is not None), key=_dose)
    others = sorted(evidence.topic.doses, key=lambda one: _convert(one["amount"], one["unit"])[0])
    units = [*(one["unit"] for one in others), *(trial.dose_unit for trial in dosed)]
    if len({_convert(1, unit)[1] for unit in units}) != 1:
        known = words.listed(sorted(map(words.unit_text, set(units)))) or "no dose"
        raise ValueError(f"doses need one kind of unit to share a scale; found: {known}")
    step, _ = _convert(1, units[-1])
    lanes = []
    colours = _form_colours(trials)
    for form, same in words.grouped(dosed, lambda trial: trial.form).items():
        number = sum(not trial.same_trial_as for trial in same)
        span = " to ".join(dict.fromkeys([words.dose_text(same[0]), words.dose_text(same[-1])]))
        said = f"{span} in {words.count_text(number, 'trial')}"
        says = f"In main arms, {form} was given at {said}."
        given = [_dose(trial) / step for trial in same]
        look: Mark = {"shape": "circle", "colour": colours[form], "says": says}
        circles = [point(x, size=15 + 45 * given.count(x), **look) for x in dict.fromkeys(given)]
        label = words.sentence_case(form)
        lanes.append(Lane(label, says, circles, said, "Doses of trials, main arms"))
    for one in others:
        said = f"{words.amount_text(str(one['amount']), one['unit'])}: {one['words']}"
        source = words.source_name(evidence.source(one["source_id"]))
        says = f"{source} names {said}."
        x = _convert(one["amount"], one["unit"])[0] / step
        diamond = point(x, shape="diamond", colour=drawing.INK, says=says)
        lanes.append(Lane(source, says, [diamond], said, "Other amounts"))
    axis = drawing.axis_around(lanes, log=True, title=[f"{words.unit_text(units[-1])}, log scale"])
    usual = words.sentence("caption.doses")
    return draw_lanes(lanes, axis, name, caption or usual, note=_left_out(evidence, trials, "dose"))


def _months_axis(lanes: Sequence[Lane], what: str) -> Axis:
    """Make an axis for months: early times are far apart, late ones close."""
    times = [one["x"] for lane in lanes for one in lane.marks]
    ticks = {tick: f"{tick:g}" for tick in _TICKS if min(times) <= tick <= max(times)}
    return drawing.axis_around(lanes, log=True, title=[f"months {what}, log scale"], ticks=ticks)


def _timed_rows(evidence: Evidence) -> list[Any]:
    """Collect main results with a time from both tables, with what charts need of them."""
    findings = evidence.findings.query("analysis == 'primary'")
    sources = evidence.sources[["short_name", "integrity", "form", "population_group"]]
    outcomes = evidence.outcomes[["name", "abbreviation", "kind"]]
    names = {"short_name": "source", "name": "outcome"}
    course = evidence.timecourse.join(sources, on="source_id").join(outcomes, on="outcome_id")
    rows = pd.concat([findings, course.rename(columns=names)])
    # What is known of a result itself goes before what is known of its source.
    known = rows.groupby(_SAME)[["standing", "contrast"]].transform("first")
    rows["contrast"] = rows["contrast"].where(rows["standing"].notna(), known["contrast"])
    rows["standing"] = rows["standing"].fillna(known["standing"])
    rows["standing"] = rows["standing"].fillna(standing_of(rows, evidence.topic))
    return [row for row in as_rows(rows) if read_times(row.timepoint or "")]


def _timed_lane(evidence: Evidence, rows: Sequence[Any]) -> Lane:
    """Draw the times at which one source says the same of an outcome."""
    row = rows[0]
    ordered = sorted(rows, key=lambda row: read_times(row.timepoint))
    when = words.listed(dict.fromkeys(row.timepoint for row in ordered))
    aside = "" if row.standing == "counted" else f"; not counted: {row.standing}"
    says = f"{words.reports_text(row)}; measured: {when}{aside}."
    look = drawing.look_of(evidence, row) | {"source": words.source_name(row), "says": says}
    times = sorted({time for row in rows for time in read_times(row.timepoint)})
    drawn = [point(x, **look) for x in times]
    return Lane(look["source"], says, drawn, heading=row.outcome)


def _trial_lane(evidence: Evidence, trial: Any, every: Sequence[Any], look: Mark) -> Lane:
    """Draw the main results of a trial as one mark, grey where none of them is counted."""
    findings = [finding for finding in every if finding.analysis == "primary"] or every
    findings = [finding for finding in findings if finding.standing == "counted"] or findings
    marks = [drawing.look_of(evidence, finding) for finding in findings]
    shapes = {one["shape"] for one in marks}
    aside = "".join(dict.fromkeys(words.aside_text(finding, brief=True) for finding in findings))
    source, other = evidence.source(trial.source_id), trial.same_trial_as
    same = f"same trial: {evidence.source(other).short_name}" if other else ""
    length = words.amount_text(trial.duration_printed, trial.duration_unit)
    dose = words.dose_text(trial) or "dose not reported"
    about = (trial.form, dose, f"for {length}", _people(source.size), same)
    reports = words.listed(dict.fromkeys(map(words.direction_text, findings)))
    said = f"{reports or drawing.LEGEND[drawing.SILENT]}{aside}"
    says = f"{words.source_name(source)} ({words.join_known(*about, mark=', ')}): {said}."
    look |= {"shape": drawing.MIXED if len(shapes) > 1 else next(iter(shapes), drawing.SILENT)}
    look |= {"hollow": bool(marks) and all(one["hollow"] for one in marks), "says": says}
    look |= {"unsure": any(one["unsure"] for one in marks), "standing": "counted"}
    if aside:  # then all results are grey
        look |= {key: marks[0][key] for key in ("colour", "standing", "dashed")}
    place = read_times(f"{trial.duration} {trial.duration_unit}")[0]
    mark = point(place, source_id=trial.source_id, **look)
    return Lane(words.with_details(words.source_name(source), same), says, [mark], dose)


def _people(number: int | None) -> str:
    return words.count_text(number, "participant") if number else "size not reported"


def _size(number: int, most: int) -> float:
    """Give the pixels of a mark by the square root of participants: one trial may be very large."""
    return max(40.0, 330.0 * (number / most) ** 0.5) if number else 50.0


def _left_out(evidence: Evidence, trials: Iterable[Any], column: str) -> str:
    """Name the trials that have no place, because a column is blank."""
    names = [words.trial_name(evidence, t.source_id) for t in trials if getattr(t, column) is None]
    return f"Not drawn, as no single {column} is reported: {words.listed(names)}." if names else ""


def _form_colours(trials: Sequence[Any]) -> dict[str, str]:
    forms = dict.fromkeys(trial.form for trial in trials)
    return dict(zip(forms, [*drawing.PALETTE, *[drawing.GREY] * len(forms)], strict=False))


def _dose(trial: Any) -> float:
    return _convert(trial.dose or 0, trial.dose_unit or "")[0]


def _convert(value: Any, unit: str) -> tuple[float, str]:
    """Give an amount in the smallest unit of its kind, and the kind: mg/day and ug/day are one."""
    mass, slash, per = unit.partition("/")
    return float(value) * _MASSES.get(mass, 1), f"g{slash}{per}" if mass in _MASSES else unit


def sources_plot(selection: Selection, *, name: str = "fig-sources", caption: Text = "") -> Figure:
    """Draw how many sources and results are left at each step, and why others are not.

    >>> sources_plot(load_evidence("tests/topic").sources).name
    'fig-sources'
    """
    evidence, sources = pick(selection, "sources")
    findings = evidence.select(source=[source.source_id for source in sources])
    asked = findings[findings["standing"] != "context"]
    counted = findings[findings["standing"] == "counted"]
    silent = {source.source_id for source in sources} - set(findings["source_id"])
    flags = asked["standing"].value_counts()
    left = {key: words.count_text(flags[key]) for key in drawing.FLAGGED if key in flags}
    flagged = [words.sentence(f"step.{key}", count=count) for key, count in left.items()]
    steps = {
        words.count_text(len(sources), "source"): "",
        _kept(findings): f"No result here: {words.count_text(len(silent), 'source')}"
        f"{_designs(evidence, silent)}",
        f"{_kept(asked)} on the forms and people of the question, or not relied on":
        f"Context: {_left(findings, asked, 'on other forms or people or within one arm')}",
        f"Counted: {_kept(counted)}{_designs(evidence, counted['source_id'].unique())}":
        f"Not relied on: {_left(asked, counted, words.listed(flagged))}",
    }  # fmt: skip
    numbers = [len(sources), *(f["source_id"].nunique() for f in (findings, asked, counted))]
    lanes = []
    for number, (kept, gone) in zip(numbers, steps.items(), strict=True):
        says = words.join_known(gone, f"{words.sentence_case(kept)}.", mark=". ")
        bar = rule(0, x2=number, colour=drawing.PALETTE[0], width=12, says=says)
        lanes.append(Lane(words.sentence_case(kept), says, [bar], gone))
    axis = Axis(0, len(sources), title=["sources"])
    return draw_lanes(lanes, axis, name, caption or words.sentence("caption.sources"))


def _kept(findings: pd.DataFrame) -> str:
    sources = words.count_text(findings["source_id"].nunique(), "source")
    return f"{sources} with {words.count_text(len(findings), 'result')}"


def _left(before: pd.DataFrame, after: pd.DataFrame, why: str) -> str:
    """Say how many results have gone, and how many sources have none left."""
    fewer = before["source_id"].nunique() - after["source_id"].nunique()
    sources = words.sentence_case(words.count_text(fewer, "source"))
    results = words.join_known(words.count_text(len(before) - len(after), "result"), why, mark=", ")
    return f"{results}. {sources} with no result left"


def _designs(evidence: Evidence, source_ids: Iterable[str]) -> str:
    """Count kinds of publications, most frequent first."""
    counts = Counter(words.design_text(evidence.source(key).design) for key in sorted(source_ids))
    said = ", ".join(f"{name}\N{NO-BREAK SPACE}{number}" for name, number in counts.most_common())
    return f" ({said})" if said else ""
