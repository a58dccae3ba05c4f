"""A reader's own log: read strictly, and what it shows."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from conftest import PROJECT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence_tools.adherence import adherence_plot, months_table, narrate_log
from evidence_tools.daybook import DayStatus, Log
from evidence_tools.tracking import COLUMNS, LogError, read_log, template_text

EXAMPLE = PROJECT / "data" / "tracking" / "made-up-example-log.csv"


def write_log(folder: Path, *rows: str, header: str = "") -> Path:
    path = folder / "log.csv"
    path.write_text("\n".join([header or template_text().strip(), *rows]) + "\n", "utf-8")
    return path


def row(day: str, **cells: str) -> str:
    return ",".join({"date": day, **cells}.get(column, "") for column in COLUMNS)


def problems(folder: Path, *rows: str, header: str = "") -> str:
    with pytest.raises(LogError) as caught:
        read_log(write_log(folder, *rows, header=header))
    return str(caught.value)


@pytest.fixture
def example() -> Log:
    return read_log(EXAMPLE)


def test_the_shipped_template_is_the_one_the_reader_asks_for(tmp_path: Path) -> None:
    shipped = (PROJECT / "data" / "tracking" / "log-template.csv").read_text("utf-8")
    assert shipped == template_text()


def test_the_chapter_explains_every_column() -> None:
    chapter = (PROJECT / "chapters" / "tracking.md").read_text("utf-8")
    for column in COLUMNS:
        assert f"`{column}`" in chapter


def test_the_shipped_log_says_in_every_row_that_it_is_made_up(example: Log) -> None:
    assert "made-up" in EXAMPLE.name
    assert all(entry.note.startswith("made-up example") for entry in example.entries)
    assert example.made_up


def test_the_shipped_log_holds_no_amount(example: Log) -> None:
    assert not any(character.isdigit() for entry in example.entries for character in entry.dose)


def test_figure_table_and_sentences_of_a_made_up_log_say_so(example: Log) -> None:
    notice = "Made-up example: nobody lived these days."
    figure = adherence_plot(example, name="fig-log", caption="Which days?")
    assert notice in figure.svg
    assert notice in figure.alt
    assert notice in months_table(example, name="tab-log", caption="How many?").to_text()
    assert notice in narrate_log(example).to_text()


def test_a_log_of_ones_own_is_not_called_made_up(tmp_path: Path) -> None:
    log = read_log(write_log(tmp_path, row("2026-01-01", dose="yes")))
    assert "ade-up" not in narrate_log(log).to_text()
    assert "ade-up" not in adherence_plot(log, name="f", caption="c").alt


def test_every_day_from_first_to_last_has_one_status(example: Log) -> None:
    statuses = example.statuses()
    assert len(statuses) == (example.last - example.first).days + 1
    assert set(statuses.values()) == set(DayStatus)


def test_a_day_without_a_row_is_not_logged_and_one_without_a_dose_not_taken(
    tmp_path: Path,
) -> None:
    log = read_log(
        write_log(tmp_path, row("2026-01-01", dose="x"), row("2026-01-03"), row("2026-01-04"))
    )
    assert [status.value for status in log.statuses().values()] == [
        "taken",
        "not logged",
        "not taken",
        "not taken",
    ]
    assert [(gap.first.day, gap.last.day) for gap in log.gaps()] == [(2, 4)]


def test_rows_may_stand_in_any_order(tmp_path: Path) -> None:
    log = read_log(write_log(tmp_path, row("2026-01-03"), row("2026-01-01")))
    assert (log.first, log.last) == (date(2026, 1, 1), date(2026, 1, 3))


def test_what_is_upcoming_is_counted_from_the_last_day_of_the_log(example: Log) -> None:
    text = narrate_log(example).to_text()
    assert "Next check-up: 2030-05-14, which is 14 days after the last day here." in text
    assert "Next scan: 2030-09-10" in text


def test_a_check_up_that_is_past_is_not_upcoming(tmp_path: Path) -> None:
    log = read_log(
        write_log(tmp_path, row("2026-01-01", next_scan="2026-01-02"), row("2026-01-05"))
    )
    assert log.upcoming("next_scan") is None
    assert "Next scan: none noted" in narrate_log(log).to_text()


def test_blank_counts_are_not_noted_never_zero(tmp_path: Path) -> None:
    log = read_log(write_log(tmp_path, row("2026-01-01", falls="0"), row("2026-01-02")))
    text = narrate_log(log).to_text()
    assert "Falls: 0. Fractures: not noted." in text
    assert "Jan 2026" in months_table(log, name="t", caption="c").to_text()


@pytest.mark.parametrize(
    ("cells", "column", "message"),
    [
        ({"form": "K2", "dose": "x"}, "form", "one of MK-4, MK-7, other, not known"),
        ({"form": "MK-4"}, "form", "on a day without a dose"),
        ({"time": "8:30", "dose": "x"}, "time", "as 08:30"),
        ({"time": "25:00", "dose": "x"}, "time", "found '25:00'"),
        ({"calcium": "y"}, "calcium", "one of yes, no, or a blank cell"),
        ({"exercise_minutes": "-5"}, "exercise_minutes", "a whole number from 0 to 1440"),
        ({"exercise_minutes": "1.5"}, "exercise_minutes", "a whole number"),
        ({"falls": "100"}, "falls", "from 0 to 99"),
        ({"next_scan": "soon"}, "next_scan", "found 'soon'"),
        ({"next_scan": "2026-02-30"}, "next_scan", "a day that the calendar has"),
        ({"next_check_up": "0026-02-20"}, "next_check_up", "a year from 1900"),
        ({"note": "a\u202eb"}, "note", "plain characters on one line"),
        ({"note": "x" * 501}, "note", "at most 500"),
    ],
)
def test_a_wrong_cell_is_told_with_its_line_and_column(
    tmp_path: Path, cells: dict[str, str], column: str, message: str
) -> None:
    text = problems(tmp_path, row("2026-01-01"), row("2026-01-02", **cells))
    assert f"log.csv:3: column '{column}'" in text
    assert message in text


def test_all_wrong_cells_are_told_at_once(tmp_path: Path) -> None:
    text = problems(tmp_path, row("2026-13-01", falls="x"), row("", fractures="many"))
    assert text.startswith("4 problems in the log:")


def test_a_day_that_stands_twice_is_told(tmp_path: Path) -> None:
    assert "stands in an earlier row" in problems(tmp_path, row("2026-01-01"), row("2026-01-01"))


def test_years_apart_are_taken_for_a_typing_error(tmp_path: Path) -> None:
    assert "check the years" in problems(tmp_path, row("1926-01-01"), row("2026-01-01"))


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        ("date,dose", (), "the first line must be: date,dose,form"),
        ("", (), "no days yet"),
        ("", ("2026-01-01,x",), "the row has 2 cells for 12 columns"),
        ("", (row("2026-01-01", note='"open'),), "a quoted cell is not closed"),
    ],
)
def test_a_file_that_is_no_log_is_told(
    tmp_path: Path, header: str, rows: tuple[str, ...], message: str
) -> None:
    assert message in problems(tmp_path, *rows, header=header)


def test_missing_wrongly_encoded_and_huge_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    with pytest.raises(LogError, match="the file is missing"):
        read_log(path)
    path.write_bytes(template_text().encode() + "2026-01-01,ü".encode("latin-1"))
    with pytest.raises(LogError, match="not UTF-8"):
        read_log(path)
    path.write_bytes(b"x" * 2_000_001)
    with pytest.raises(LogError, match="larger than 2 MB"):
        read_log(path)


def test_what_a_spreadsheet_adds_to_a_file_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    text = template_text() + row("2026-01-01", dose="x") + "\n" + "," * (len(COLUMNS) - 1) + "\n"
    path.write_bytes(text.replace("\n", "\r\n").encode("utf-8-sig"))
    assert len(read_log(path).entries) == 1


def test_hostile_text_in_a_log_comes_out_as_plain_characters(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    path = write_log(tmp_path, row("2026-01-01", dose=hostile, note="=HYPERLINK(1)"))
    log = read_log(path)
    for shown in (
        adherence_plot(log, name="f", caption="c").to_html(),
        months_table(log, name="t", caption="c").to_html(),
        narrate_log(log).to_html(),
    ):
        assert "<script" not in shown
    text = problems(tmp_path, row("2026-01-01", falls=hostile))
    assert "found '<script>alert(1)</script>'" in text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(st.integers(0, 400), st.booleans(), min_size=1, max_size=60))
def test_days_taken_not_taken_and_not_logged_add_up(tmp_path: Path, days: dict[int, bool]) -> None:
    rows = [
        row(str(date(2026, 1, 1) + timedelta(days=number)), dose="x" if taken else "")
        for number, taken in days.items()
    ]
    log = read_log(write_log(tmp_path, *rows))
    statuses = list(log.statuses().values())
    assert statuses.count(DayStatus.TAKEN) == sum(days.values())
    assert statuses.count(DayStatus.NOT_TAKEN) == len(days) - sum(days.values())
    outside = sum(gap.days for gap in log.gaps(least_days=1))
    assert outside == len(statuses) - statuses.count(DayStatus.TAKEN)


def test_each_day_is_one_mark_whose_shape_tells_its_status(example: Log) -> None:
    spec = adherence_plot(example, name="f", caption="c").spec
    days = [row for data in spec["datasets"].values() for row in data if "of_month" in row]
    assert len(days) == len(example.statuses())
    shapes = {layer["mark"]["shape"] for layer in spec["layer"] if "shape" in layer["mark"]}
    assert len(shapes) == len(DayStatus)
