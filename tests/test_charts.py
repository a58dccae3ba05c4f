import json
import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
from building import PROJECT, TOPIC, Changed

from evidence_tools.evidence.model import Evidence, load_evidence
from evidence_tools.evidence.pooling import effect_sizes, pool
from evidence_tools.show.charts import dose_plot, sources_plot, timeline_plot, trials_plot
from evidence_tools.show.display import Figure
from evidence_tools.show.drawing import (
    FONT_SIZE,
    GREY,
    INK,
    LINE,
    NARROW,
    PALETTE,
    WIDE,
    Axis,
    Lane,
    axis_around,
    draw_lanes,
    figure_rows,
    point,
    wrap,
)
from evidence_tools.show.results import agreement_plot, forest_plot, marker_plot
from evidence_tools.show.summary import answer_table
from evidence_tools.show.words import count_text


def trials(number: int) -> pd.DataFrame:
    evidence = load_evidence(PROJECT / "examples/bcg-vaccine/data")
    return pool(effect_sizes(evidence.arms, "RR")[:number])


PLOTS: dict[str, Callable[[Evidence], Figure]] = {
    "marker_plot": lambda e: marker_plot(e.findings.query("source_id == 'larkin2024'")),
    "forest_plot": lambda e: forest_plot(e.select(kind="accident")),
    "agreement_plot": lambda e: agreement_plot(e.findings.query("role == 'marker'")),
    "trials_plot": lambda e: trials_plot(e.trials, on="sleep hormone marker"),
    "timeline_plot": lambda e: timeline_plot(e.outcomes),
    "dose_plot": lambda e: dose_plot(e.trials),
    "sources_plot": lambda e: sources_plot(e.sources),
    "average": lambda _: forest_plot(trials(13)),
    "funnel": lambda _: forest_plot(trials(13), funnel=True),
}


@pytest.fixture(scope="module")
def figures() -> dict[str, Figure]:
    evidence = load_evidence(TOPIC)
    return {name: plot(evidence) for name, plot in PLOTS.items()}


def marks(figure: Figure, sort: str, *, narrow: bool = False) -> list[dict[str, Any]]:
    spec = figure.narrow_spec if narrow else figure.spec
    return [row for rows in spec["datasets"].values() for row in rows if row.get("sort") == sort]


def texts(figure: Figure, *, narrow: bool = False) -> str:
    words = " ".join(row["text"] for row in marks(figure, "text", narrow=narrow))
    return re.sub(r"\s", " ", words)


def of(figure: Figure, finding_id: str, sort: str = "point") -> list[dict[str, Any]]:
    return [row for row in marks(figure, sort) if row.get("finding_id") == finding_id]


@pytest.fixture(params=PLOTS)
def figure(request: pytest.FixtureRequest, figures: dict[str, Figure]) -> Figure:
    return figures[request.param]


def test_every_specification_is_valid_vega_lite(figure: Figure) -> None:
    import altair

    schema = json.loads(
        (Path(altair.__file__).parent / "vegalite/v6/schema/vega-lite-schema.json").read_text()
    )
    validator = jsonschema.validators.validator_for(schema)(schema)
    for spec in (figure.spec, figure.narrow_spec):
        assert not [error.message for error in validator.iter_errors(spec)]


def test_no_text_sticks_out_of_a_drawing(figure: Figure) -> None:
    for svg, width in ((figure.svg, WIDE), (figure.narrow_svg, NARROW)):
        drawn = re.search(r'<svg[^>]* width="([\d.]+)"', svg)
        assert drawn and float(drawn[1]) <= width + 2 * 4 + 12


def boxes(rows: list[dict[str, Any]]) -> list[tuple[float, float, float, float]]:
    """Estimate the places that texts at pixels take, by line."""
    found = []
    for row in rows:
        if row.get("sort") == "text" and not row["on_axis"]:
            for number, line in enumerate(row["text"].split("\n")):
                y = row["y"] + number * LINE
                found.append((y - 6, y + 6, row["x"], row["x"] + 5.5 * len(line)))
    return found


def test_no_two_texts_of_a_drawing_overlap(figure: Figure) -> None:
    for spec in (figure.spec, figure.narrow_spec):
        for rows in spec["datasets"].values():
            for first, second in combinations(boxes(rows), 2):
                over, under = first[1] <= second[0], second[1] <= first[0]
                assert over or under or first[3] <= second[2] or second[3] <= first[2]


def test_drawings_need_no_ids_and_ask_no_other_host(figure: Figure) -> None:
    drawn = figure.svg + figure.narrow_svg
    addresses = set(re.findall(r'https?://[^"\s]+', drawn))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(r'\bid="', drawn)


def test_letters_are_large_and_in_the_colour_of_the_page(figure: Figure) -> None:
    assert set(re.findall(r'<text[^>]* fill="([^"]+)"', figure.svg)) == {"currentColor"}
    assert set(re.findall(r'font-size="([^"]+)"', figure.svg)) == {f"{FONT_SIZE}px"}
    assert FONT_SIZE * 560 / WIDE >= 11  # the narrowest column that gets the wide drawing


def test_colours_are_safe_or_of_the_kinds(figure: Figure, topic: Evidence) -> None:
    safe = {*PALETTE, GREY, INK, *topic.kinds["colour"].dropna()}
    assert {row["colour"] for sort in ("point", "rule") for row in marks(figure, sort)} <= safe


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", [*PALETTE, GREY])
@pytest.mark.parametrize("page", ["#ffffff", "#14181e"])
def test_colours_have_a_contrast_of_three(colour: str, page: str) -> None:
    low, high = sorted([luminance(colour), luminance(page)])
    assert (high + 0.05) / (low + 0.05) >= 3


def test_every_figure_answers_a_question_and_has_a_text_alternative(figure: Figure) -> None:
    assert "?" in figure.caption[0].text
    assert figure.alt.endswith(".") and len(figure.alt) > 80


def test_the_text_alternative_holds_what_each_mark_says(figures: dict[str, Figure]) -> None:
    for name in ("marker_plot", "forest_plot", "timeline_plot", "trials_plot", "dose_plot"):
        said = {row["says"] for row in marks(figures[name], "point") if "says" in row}
        assert said and all(sentence in figures[name].alt for sentence in said)


def test_the_data_of_a_figure_have_a_row_for_each_mark(figures: dict[str, Figure]) -> None:
    rows = {name: len(figure_rows(figure.spec)) - 1 for name, figure in figures.items()}
    assert min(rows.values()) > 0 and (rows["average"], rows["funnel"]) == (14, 13)


def test_a_new_trial_is_explained_where_it_is_drawn(figures: dict[str, Figure]) -> None:
    drawn = [figures["average"], forest_plot(trials(2))]
    assert ["where a new trial is expected" in figure.alt for figure in drawn] == [True, False]


def test_turned_names_of_columns_have_no_more_lines_than_fit() -> None:
    names = {n: f"{n} awakenings in the hours after sleep onset" for n in range(6)}
    look = Axis(0, 5, ticks=names, top=True).encode(0, 200, grid=False).to_dict()["axis"]
    ends_of_lines = look["labelExpr"].count(r"\n") - 1  # one is what labels are split by
    assert (look["labelAngle"], ends_of_lines) == (270, 6)


def test_the_narrow_drawing_shows_the_same_rows(figure: Figure) -> None:
    sides = (marks(figure, "point", narrow=narrow) for narrow in (False, True))
    wide, narrow = (sorted(row["says"] for row in rows if "says" in row) for rows in sides)
    assert wide == narrow


def test_a_lane_of_a_marker_has_no_difference_in_its_middle(figures: dict[str, Figure]) -> None:
    plot = figures["marker_plot"]
    (interval,) = of(plot, "larkin2024-vig", "rule")
    ticks = [row["x"] for row in marks(plot, "text") if row["on_axis"]]
    assert interval["x2"] < 0 and '"domain": [-1, 1]' in json.dumps(plot.spec)
    assert sum(ticks) == 0 and all(-1 <= tick <= 1 for tick in ticks)


def test_a_result_without_estimate_has_words_and_no_mark(figures: dict[str, Figure]) -> None:
    for name, key in (("marker_plot", "larkin2024-dor"), ("forest_plot", "fern2019-accident")):
        assert not of(figures[name], key) and not of(figures[name], key, "rule")
        assert re.search("(?i)without an estimate.*no significant change", texts(figures[name]))


def test_unstated_significance_is_said(changed_topic: Changed) -> None:
    changed = changed_topic("findings", "moss2021-accident", statistically_significant="not stated")
    assert "↓ decrease, significance not stated; RR 0.72" in texts(PLOTS["forest_plot"](changed))


def null_lines(figure: Figure, null: float, *, narrow: bool = False) -> list[dict[str, Any]]:
    rules = [row for row in marks(figure, "rule", narrow=narrow) if row["on_axis"]]
    return [row for row in rules if row["x"] == row["x2"] == null]


def test_the_line_of_no_difference_has_no_break(figures: dict[str, Figure]) -> None:
    for name, null in (("forest_plot", 1), ("marker_plot", 0)):
        (line,) = null_lines(figures[name], null)
        assert not line["dashed"] and line["y"] == 0
        assert line["tall"] == figures[name].spec["vconcat"][0]["height"]


def test_no_line_crosses_a_text_on_a_phone(topic: Evidence) -> None:
    plot = marker_plot(["larkin2024-som", "moss2021-som"])
    for line in null_lines(plot, 0, narrow=True):
        for top, bottom, *_ in boxes(marks(plot, "text", narrow=True)):
            assert bottom <= line["y"] or line["y"] + line["tall"] <= top


def test_what_is_struck_out_is_hollow_and_dashed_with_why(figures: dict[str, Figure]) -> None:
    forest = figures["forest_plot"]
    (mark,), (interval,) = of(forest, "wren2012-accident"), of(forest, "wren2012-accident", "rule")
    assert mark["hollow"] and mark["colour"] == GREY and interval["dashed"]
    assert "Wren 2012 (retracted)" in texts(forest)
    assert "not counted: struck out" in mark["says"]


def test_a_corrected_result_is_not_drawn_like_its_correction(figures: dict[str, Figure]) -> None:
    (old,), (new,) = (of(figures["forest_plot"], f"heron{y}-accident") for y in (2015, 2018))
    assert old["hollow"] and old["colour"] == GREY != new["colour"]


def test_rows_come_in_the_order_of_the_selection(topic: Evidence) -> None:
    chosen = topic.findings.query("source_id == 'larkin2024'").sort_index(ascending=False)
    alt = marker_plot(chosen).alt
    assert alt.index("vigilase") < alt.index("somnin") < alt.index("dormine")


def test_the_axis_names_the_subject_or_for_other_forms_treatment(topic: Evidence) -> None:
    ours, others = marker_plot(["larkin2024-som"]), marker_plot(["larkin2024-som", "white2020-som"])
    assert "with amber light" in json.dumps(ours.spec)
    assert "with treatment" in json.dumps(others.spec)


def test_only_opposite_significant_results_conflict(figures: dict[str, Figure]) -> None:
    matrix = figures["agreement_plot"]
    (agrees,), (silent,) = of(matrix, "moss2021-som"), of(matrix, "moss2021-vig")
    assert agrees["relation"] == "agrees"
    assert silent["relation"] == "not significant" and silent["hollow"]
    assert "No significant change: Moss 2021" in matrix.alt


def test_the_matrix_has_a_mark_for_each_result_that_a_tally_counts(topic: Evidence) -> None:
    for finding_id in topic.select(source="larkin2024").index:
        matrix = agreement_plot(topic.select(outcome=topic.finding(finding_id).outcome_id))
        found = [row for row in marks(matrix, "point") if row.get("standing") == "counted"]
        tally = str(answer_table([finding_id])).splitlines()[2].split("|")[2]
        assert sum(map(int, re.findall(r"\d+", tally))) == len(found) - 1  # and its own


def test_what_is_not_counted_is_grey_in_the_matrix_and_named(figures: dict[str, Figure]) -> None:
    matrix = figures["agreement_plot"]
    grey = [of(matrix, key)[0] for key in ("white2020-som", "owl2014-som", "wren2012-vig")]
    assert {mark["colour"] for mark in grey} == {GREY} and grey[0]["size"] < grey[1]["size"]
    drawn = texts(matrix)
    assert "White 2020 (context)" in drawn and "(contradicts itself; set aside)" in drawn
    assert "Wren 2012 (retracted; struck out)" in drawn


def test_the_matrix_explains_only_what_it_shows(topic: Evidence) -> None:
    drawn = texts(agreement_plot(["larkin2024-som", "moss2021-som"]))
    assert "blue, no frame: agrees" in drawn and "thick frame" not in drawn


def test_a_legend_explains_each_look_that_is_shown(figures: dict[str, Figure]) -> None:
    for name in ("forest_plot", "agreement_plot", "timeline_plot", "trials_plot"):
        drawn = marks(figures[name], "point")
        looks = [(row["shape"], row["hollow"], row["dashed"], "standing" in row) for row in drawn]
        assert {look[:3] for look in looks if look[3]} <= {
            look[:3] for look in looks if not look[3]
        }
    assert "wakefulness markers" in texts(marker_plot(["larkin2024-som", "larkin2024-vig"]))


def test_the_map_has_sizes_of_trials_and_shapes_of_results(figures: dict[str, Figure]) -> None:
    drawn = {row.get("source_id"): row for row in marks(figures["trials_plot"], "point")}
    assert drawn["fern2019"]["shape"] == "triangle-up"
    assert drawn["reed2016"]["shape"] == "circle"
    assert drawn["fern2019"]["size"] > drawn["wren2012"]["size"] > 0
    assert drawn["wren2012"]["shape"] == "stroke"  # no result on the outcome
    assert drawn["owl2014"]["hollow"] and drawn["owl2014"]["colour"] == GREY  # set aside


def test_a_trial_counted_by_its_arms_has_its_size_on_the_map(changed_topic: Changed) -> None:
    changed_topic("trials", "fern2019", n_randomised="")
    changed = changed_topic("sources", "fern2019", n_participants="")
    figure = trials_plot(changed.trials, on="sleep hormone marker")
    assert "for 24 months, 900 participants" in figure.alt


def test_a_chart_of_one_trial_has_an_axis(topic: Evidence) -> None:
    figure = trials_plot(["owl2014"], on="sleep hormone marker")  # no round month is near 8 weeks
    assert "months of treatment" in json.dumps(figure.spec)


def test_what_is_not_counted_is_grey_on_the_map(changed_topic: Changed) -> None:
    changed = changed_topic("findings", "fern2019-som", population_group="adults")
    figure = trials_plot(changed.trials.loc[["fern2019"]], on="sleep hormone marker")
    assert "increase; not counted: on amber lamp, in adults." in figure.alt
    assert {row["colour"] for row in marks(figure, "point") if "source_id" in row} == {GREY}


def test_doses_of_the_map_go_down_and_unknown_ones_are_last(figures: dict[str, Figure]) -> None:
    drawn = texts(figures["trials_plot"])
    places = [drawn.index(dose) for dose in ("45 lux/day", "10 lux/day", "dose not reported")]
    assert places == sorted(places)


def test_the_timeline_joins_times_and_leaves_out_what_has_none(figures: dict[str, Figure]) -> None:
    timeline = figures["timeline_plot"]
    fern = [row["x"] for row in marks(timeline, "point") if row.get("source") == "Fern 2019"]
    assert 1.0 in fern and 6.0 in fern
    assert "No time of measurement is known for" in timeline.alt


def test_doses_stand_beside_the_amounts_of_the_topic(figures: dict[str, Figure]) -> None:
    assert "Dusk Agency names 30 lux/day: a lamp in a living room." in figures["dose_plot"].alt
    assert "Not drawn, as no single dose is reported" in figures["dose_plot"].alt


def test_the_flow_adds_up(topic: Evidence, figures: dict[str, Figure]) -> None:
    alt = figures["sources_plot"].alt
    counted = topic.findings.query("standing == 'counted'")
    sources = count_text(counted["source_id"].nunique(), "source")
    assert f"with {len(topic.findings)} results." in alt
    assert f"Counted: {sources} with {len(counted)} results" in alt


def test_lines_do_not_end_inside_a_p_value_or_before_an_upper_limit() -> None:
    lines = wrap("MD −1.54 (95% CI −2.44 to −0.64; p = 0.03)", 100).split("\n")
    assert not [line for line in lines if line.endswith(("=", "to", "CI", "95%", "p"))]
    assert " ".join(lines).replace("\N{NO-BREAK SPACE}", " ").endswith("to −0.64; p = 0.03)")


def test_the_size_of_a_chart_grows_no_faster_than_its_rows() -> None:
    dots = [point(n, shape="circle", colour=INK) for n in range(200)]
    lanes = [Lane(f"source {n}", "Seen.", [dot], "1.0") for n, dot in enumerate(dots)]
    axis = axis_around(lanes)
    sizes = [
        len(json.dumps(draw_lanes(lanes[:n], axis, "fig-a", "How many?").spec)) for n in (50, 200)
    ]
    assert sizes[1] < 4.2 * sizes[0]
