"""What a log shows: a calendar, a table by month, and sentences to bring to a clinician."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from evidence_tools.daybook import DayStatus, Log, LogEntry
from evidence_tools.display import Cell, Figure, Prose, Run, Table, TableRow, runs
from evidence_tools.drawing import BLUE, GREY, INK, NARROW, VERMILION, make_figure

if TYPE_CHECKING:
    import altair as alt

MADE_UP_NOTICE = "Made-up example: nobody lived these days."

_LOOKS = {
    # status: shape, colour, filled; the shape tells them apart without the colour.
    DayStatus.TAKEN: ("square", BLUE, True),
    DayStatus.NOT_TAKEN: ("cross", VERMILION, True),
    DayStatus.NOT_LOGGED: ("circle", GREY, False),
}
_MONTH_ROW = 22
_LEFT = 70
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def adherence_plot(log: Log, *, name: str, caption: str) -> Figure:
    """Draw a calendar: a row for each month, a mark for each day.

    Parameters
    ----------
    log
        The log; days without a row are drawn as not logged, never as not taken.
    name, caption
        Label for cross-references, and the question the figure answers.

    Returns
    -------
    Figure
        A made-up log is called so inside the drawing and in the alt text.
    """
    return make_figure(
        lambda width: _calendar(log, width), name=name, caption=caption, alt=_alt(log)
    )


def _calendar(log: Log, width: int) -> alt.LayerChart | alt.FacetChart:
    import altair as alt

    statuses = log.statuses()
    months = list(dict.fromkeys((day.year, day.month) for day in statuses))
    top = 2 * _MONTH_ROW
    height = top + len(months) * _MONTH_ROW
    size = 36 if width <= NARROW else 90
    y_scale = alt.Scale(domain=[0, height], reverse=True)
    x_scale = alt.Scale(domain=[0.5, 31.5], range=[_LEFT, width])
    rows = [
        _day_row(day, status, top + (months.index((day.year, day.month)) + 0.5) * _MONTH_ROW)
        for day, status in statuses.items()
    ]
    y = alt.Y("y:Q", scale=y_scale, axis=None)
    axis = alt.Axis(title="day of the month", values=[1, 5, 10, 15, 20, 25, 31], format="d")
    tips = [alt.Tooltip("day:N", title="Day"), alt.Tooltip("status:N", title="Log says")]
    layers: list[Any] = []
    for status, (shape, colour, filled) in _LOOKS.items():
        shown = [row for row in rows if row["status"] == status.value]
        if shown:
            layers.append(
                alt.Chart(alt.InlineData(values=shown))
                .mark_point(shape=shape, color=colour, filled=filled, size=size, opacity=1)
                .encode(x=alt.X("of_month:Q", scale=x_scale, axis=axis), y=y, tooltip=tips)
            )
    layers += _names(months, top, y, log, width)
    return alt.layer(*layers, width=width, height=height)


def months_table(log: Log, *, name: str, caption: str) -> Table:
    """Count a log by month: days taken, not taken and not logged, exercise, falls, fractures.

    Parameters
    ----------
    log
        The log; only days from its first to its last are counted.
    name, caption
        Label for cross-references, and what question the table answers.

    Returns
    -------
    Table
        A count is ``not noted`` when every cell of the month is blank: blank is not zero.
    """
    by_month: dict[tuple[int, int], Counter[DayStatus]] = {}
    for day, status in log.statuses().items():
        by_month.setdefault((day.year, day.month), Counter())[status] += 1
    rows = []
    for (year, month), counts in by_month.items():
        entries = [e for e in log.entries if (e.day.year, e.day.month) == (year, month)]
        cells = [f"{_MONTHS[month - 1]} {year}", *(str(counts[status]) for status in DayStatus)]
        cells += [_total(entries, c) for c in ("exercise_minutes", "falls", "fractures")]
        rows.append(TableRow(tuple(Cell.of(cell) for cell in cells)))
    columns = (
        "Month",
        *(f"Days {status.value}" for status in DayStatus),
        "Minutes of exercise",
        "Falls",
        "Fractures",
    )
    notice = f" {MADE_UP_NOTICE}" if log.made_up else ""
    return Table(name, runs(caption + notice), columns, tuple(rows), (16, 14, 14, 14, 16, 12, 14))


def narrate_log(log: Log) -> Prose:
    """Say what a log holds: days, gaps, falls and fractures, what is coming up.

    Parameters
    ----------
    log
        The log. What is upcoming is counted from its last day, so that the same log always
        gives the same sentences.

    Returns
    -------
    Prose
        A list. Nothing in it says what should be done.
    """
    counts = Counter(log.statuses().values())
    days = sum(counts.values())
    items = [
        runs(
            f"From {log.first} to {log.last}: {days} days. "
            f"Taken on {counts[DayStatus.TAKEN]}, not taken on {counts[DayStatus.NOT_TAKEN]}, "
            f"not logged on {counts[DayStatus.NOT_LOGGED]}."
        ),
        runs(_gaps_sentence(log)),
        runs(_events_sentence(log.entries)),
        runs(_upcoming_sentence(log, "next_check_up", "check-up")),
        runs(_upcoming_sentence(log, "next_scan", "scan")),
    ]
    if log.made_up:
        items.insert(0, runs(Run(MADE_UP_NOTICE, style="strong")))
    return Prose(tuple(items), as_list=True)


def _day_row(day: date, status: DayStatus, y: float) -> dict[str, Any]:
    return {"day": str(day), "of_month": day.day, "status": status.value, "y": y}


def _names(months: list[tuple[int, int]], top: int, y: Any, log: Log, width: int) -> list[Any]:
    """Write the months on the left, and above them the notice and what each mark means."""
    import altair as alt

    texts = [
        {"x": 0, "y": top + (index + 0.5) * _MONTH_ROW, "text": f"{_MONTHS[month - 1]} {year}"}
        for index, (year, month) in enumerate(months)
    ]
    if log.made_up:
        texts.append({"x": 0, "y": 0.4 * _MONTH_ROW, "text": MADE_UP_NOTICE})
    layers: list[Any] = []
    for index, (status, (shape, colour, filled)) in enumerate(_LOOKS.items()):
        x, line = index * min(width / len(_LOOKS), 140), 1.4 * _MONTH_ROW
        texts.append({"x": x + 14, "y": line, "text": status.value})
        layers.append(
            alt.Chart(alt.InlineData(values=[{"y": line}]))
            .mark_point(shape=shape, color=colour, filled=filled, size=70, opacity=1)
            .encode(x=alt.XValue(x + 4), y=y)
        )
    for text in texts:
        layers.append(
            alt.Chart(alt.InlineData(values=[text]))
            .mark_text(align="left", baseline="middle", color=INK)
            .encode(x=alt.XValue(text["x"]), y=y, text="text:N")
        )
    return layers


def _alt(log: Log) -> str:
    counts = Counter(log.statuses().values())
    said = ", ".join(f"{status.value} on {counts[status]}" for status in DayStatus)
    notice = f"{MADE_UP_NOTICE} " if log.made_up else ""
    return (
        f"{notice}Calendar from {log.first} to {log.last}, a row for each month and a mark for "
        f"each day: {said}. {_gaps_sentence(log)}"
    )


def _gaps_sentence(log: Log) -> str:
    gaps = [
        f"{gap.first} to {gap.last} ({gap.days} days)" if gap.days > 1 else f"{gap.first}"
        for gap in log.gaps()
    ]
    if not gaps:
        return "No gap of more than a day."
    return f"Gaps, days in a row without a dose in the log: {'; '.join(gaps)}."


def _total(entries: Iterable[LogEntry], column: str) -> str:
    noted = [value for entry in entries if (value := getattr(entry, column)) is not None]
    return str(sum(noted)) if noted else "not noted"


def _events_sentence(entries: Iterable[LogEntry]) -> str:
    entries = tuple(entries)
    return f"Falls: {_total(entries, 'falls')}. Fractures: {_total(entries, 'fractures')}."


def _upcoming_sentence(log: Log, column: str, what: str) -> str:
    day = log.upcoming(column)
    if day is None:
        return f"Next {what}: none noted for after {log.last}."
    return f"Next {what}: {day}, which is {(day - log.last).days} days after the last day here."
