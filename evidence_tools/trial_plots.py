"""Charts of trials: how long each lasted, and the means of its arms side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from evidence_tools.arms import ArmPair, pair_arms
from evidence_tools.display import Figure
from evidence_tools.drawing import BLUE, GREEN, GREY, INK, NARROW, VERMILION, make_figure
from evidence_tools.evidence import Evidence
from evidence_tools.phrases import number_text, source_name
from evidence_tools.schema import Trial, TrialArm
from evidence_tools.strips import (
    gap_layers,
    group_headings,
    stack_rows,
    text_layers,
    tooltips,
    vertical,
)
from evidence_tools.trial_phrases import (
    arm_text,
    comparator_text,
    dose_text,
    duration_text,
    form_text,
)

if TYPE_CHECKING:
    import altair as alt

_FORM_COLOURS = {"MK-4": BLUE, "MK-7": VERMILION}
_WEEKS_A_YEAR, _MONTHS_A_YEAR = Decimal(52), Decimal(12)
_TRIAL_TOOLTIP = {
    "trial": "Trial",
    "given": "Vitamin K2",
    "comparator": "Compared with",
    "duration": "Duration",
}
_ARM_TOOLTIP = {
    "trial": "Trial",
    "k2_text": "Vitamin K2 arm",
    "control_text": "Comparator arm",
    "kind": "Kind of value",
}


def trials_plot(evidence: Evidence, *, name: str, caption: str) -> Figure:
    """Draw how long each trial gave vitamin K2, with form, dose and comparator in words.

    Parameters
    ----------
    evidence
        All rows of ``trials.csv`` are drawn, grouped by form, longest last. A duration in
        weeks is placed at its share of a year; a duration that is not stated is a labelled
        gap, never zero.
    name, caption
        Label for cross-references, and the question the figure answers.

    Returns
    -------
    Figure
        Its axis is in months.
    """
    trials = sorted(evidence.trials.values(), key=_trial_order)
    rows = [_trial_row(evidence, trial) for trial in trials]
    group_headings(rows, "form")

    def chart(width: int) -> alt.LayerChart | alt.FacetChart:
        return _trial_bars([dict(row) for row in rows], width)

    return make_figure(chart, name=name, caption=caption, alt=_trials_alt(rows))


def _trial_bars(rows: list[dict[str, Any]], width: int) -> alt.LayerChart | alt.FacetChart:
    import altair as alt

    height = stack_rows(rows, width)
    longest = max((row["months"] for row in rows if "months" in row), default=1.0)
    data = alt.InlineData(values=rows)
    base = alt.Chart(data).encode(y=vertical("mark_y", height), tooltip=tooltips(_TRIAL_TOOLTIP))
    ticks = list(range(0, int(longest) + 1, 6))
    bars = base.transform_filter("isValid(datum.months)").transform_calculate(start="0")
    x = alt.X(
        "start:Q",
        scale=alt.Scale(domain=[0, longest]),
        axis=alt.Axis(title="months with vitamin K2", values=ticks),
    )
    layers = [
        bars.mark_rule(strokeWidth=7, strokeCap="butt").encode(
            x=x, x2="months:Q", color=alt.Color("colour:N", scale=None)
        ),
        *text_layers(data, width, height, rows),
    ]
    if any("months" not in row for row in rows):
        layers += gap_layers(base, width, height, missing="months", text="duration", half=8)
    return alt.layer(*layers, width=width, height=height)


def arms_plot(evidence: Evidence, arms: Iterable[TrialArm], *, name: str, caption: str) -> Figure:
    """Draw the mean of each arm beside that of its comparator.

    Parameters
    ----------
    evidence
        The evidence the arms belong to.
    arms
        Arms in pairs. Each unit and each kind of value (value at the timepoint, change
        since the start) gets a panel and an axis of its own.
    name, caption
        Label for cross-references, and the question the figure answers.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is nothing to draw, or an arm has no partner.
    """
    panels: dict[tuple[str, str], list[ArmPair]] = {}
    for pair in pair_arms(arms):
        panels.setdefault((pair.control.unit, pair.control.value_type), []).append(pair)
    if not panels:
        raise ValueError(f"figure {name!r}: there are no arms to draw")
    rows = {kind: [_arm_row(evidence, pair) for pair in pairs] for kind, pairs in panels.items()}

    def chart(width: int) -> Any:
        import altair as alt

        strips = [
            _arm_panel([dict(row) for row in panel], f"{kind}, {unit}", width)
            for (unit, kind), panel in rows.items()
        ]
        return alt.vconcat(*strips, resolve=alt.Resolve(scale=alt.ScaleResolveMap(x="independent")))

    return make_figure(chart, name=name, caption=caption, alt=_arms_alt(rows))


def _trial_order(trial: Trial) -> tuple[str, float]:
    return form_text(trial), _months(trial) or 0.0


def _months(trial: Trial) -> float | None:
    if trial.duration is None:
        return None
    weeks = trial.duration_unit == "weeks"
    return float(trial.duration / _WEEKS_A_YEAR * _MONTHS_A_YEAR if weeks else trial.duration)


def _trial_row(evidence: Evidence, trial: Trial) -> dict[str, Any]:
    source = source_name(evidence.source_of(trial))
    row: dict[str, Any] = {
        "trial": source,
        "form": form_text(trial),
        "given": f"{form_text(trial)}, {dose_text(trial)}",
        "comparator": comparator_text(trial),
        "duration": duration_text(trial),
        "label": f"{source}: {dose_text(trial)}, against {trial.comparator}",
        "aside": duration_text(trial) if trial.duration is not None else None,
        "colour": _FORM_COLOURS.get(trial.form, GREEN),
    }
    months = _months(trial)
    return row if months is None else {**row, "months": months}


def _trials_alt(rows: Sequence[dict[str, Any]]) -> str:
    lines = [f"{row['trial']}: {row['given']}, {row['duration']}." for row in rows]
    return " ".join(["Bars of the months with vitamin K2, grouped by its form.", *lines])


def _arm_row(evidence: Evidence, pair: ArmPair) -> dict[str, Any]:
    arm, control = pair.intervention, pair.control
    source = source_name(evidence.source_of(arm))
    low_is_k2 = arm.mean <= control.mean
    k2, other = f"K2 {number_text(arm.mean)}", f"comparator {number_text(control.mean)}"
    return {
        "trial": f"{source}, {arm.timepoint}",
        "label": f"{source}, {arm.timepoint}",
        "aside": f"read: {arm.read_at}",
        "k2": float(arm.mean),
        "control": float(control.mean),
        "low": float(min(arm.mean, control.mean)),
        "high": float(max(arm.mean, control.mean)),
        "low_text": k2 if low_is_k2 else other,
        "high_text": other if low_is_k2 else k2,
        "k2_text": arm_text(arm),
        "control_text": arm_text(control),
        "kind": f"{arm.value_type}, {arm.unit}",
    }


def _arm_panel(
    rows: list[dict[str, Any]], title: str, width: int
) -> alt.LayerChart | alt.FacetChart:
    """Layer both means, the line between them and their values, for one unit."""
    import altair as alt

    height = stack_rows(rows, width)
    low, high = min(row["low"] for row in rows), max(row["high"] for row in rows)
    # Room on both sides for the values that stand beside the marks.
    room = (1.1 if width <= NARROW else 0.45) * (high - low or 1)
    scale = alt.Scale(domain=[low - room, high + room], nice=False)
    axis = alt.Axis(title=title, tickCount=5)
    data = alt.InlineData(values=rows)
    base = alt.Chart(data).encode(y=vertical("mark_y", height), tooltip=tooltips(_ARM_TOOLTIP))
    layers: list[Any] = [
        base.mark_rule(color=GREY).encode(x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q"),
        base.mark_point(filled=True, size=110, opacity=1, shape="triangle-up", color=BLUE).encode(
            x=alt.X("k2:Q", scale=scale, axis=axis)
        ),
        base.mark_point(
            filled=False, size=90, opacity=1, shape="circle", color=VERMILION, strokeWidth=2
        ).encode(x=alt.X("control:Q", scale=scale, axis=axis)),
    ]
    places: tuple[tuple[str, dict[str, Any]], ...] = (
        ("low", {"align": "right", "dx": -9}),
        ("high", {"align": "left", "dx": 9}),
    )
    for column, place in places:
        text = base.mark_text(baseline="middle", color=INK, **place)
        layers.append(
            text.encode(x=alt.X(f"{column}:Q", scale=scale, axis=axis), text=f"{column}_text:N")
        )
    layers += text_layers(data, width, height, rows)
    return alt.layer(*layers, width=width, height=height)


def _arms_alt(panels: dict[tuple[str, str], list[dict[str, Any]]]) -> str:
    lines = ["Means of the arm with vitamin K2 and of the comparator arm, side by side."]
    for (unit, kind), rows in panels.items():
        lines.append(f"Panel: {kind}, {unit}.")
        lines += [f"{row['trial']}: {row['low_text']}, {row['high_text']}." for row in rows]
    return " ".join(lines)
