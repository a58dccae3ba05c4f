"""Charts are tested by their specification, never by their pixels."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest

from evidence_tools import Evidence, forest_plot, marker_plot
from evidence_tools.display import Figure
from evidence_tools.drawing import NARROW, WIDE, prefix_ids
from evidence_tools.phrases import effect_text


@pytest.fixture(scope="module")
def markers(evidence: Evidence) -> Figure:
    findings = evidence.findings(source="zhang2025")
    return marker_plot(evidence, findings, name="fig-markers", caption="What changed?")


@pytest.fixture(scope="module")
def fractures(evidence: Evidence) -> Figure:
    findings = evidence.findings(outcome="fracture_vertebral")
    return forest_plot(evidence, findings, name="fig-fractures", caption="Do they agree?")


def nested(spec: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a specification."""
    if isinstance(spec, dict):
        yield spec
    for item in spec.values() if isinstance(spec, dict) else spec if isinstance(spec, list) else ():
        yield from nested(item)


def drawn_rows(figure: Figure) -> dict[str, dict[str, Any]]:
    values = [row for part in nested(figure.spec) for row in part.get("values", [])]
    rows = [row for row in values if isinstance(row, dict)]  # an axis has values, too
    rows += [row for data in figure.spec.get("datasets", {}).values() for row in data]
    return {row["label"]: row for row in rows}


def marks(figure: Figure) -> set[str]:
    return {part["mark"]["type"] for part in nested(figure.spec) if "mark" in part}


def test_every_marker_is_drawn_with_the_numbers_of_its_row(
    evidence: Evidence, markers: Figure
) -> None:
    rows = drawn_rows(markers)
    for finding in evidence.findings(source="zhang2025"):
        row = rows[evidence.outcome_of(finding).label]
        if finding.estimate is not None:
            assert Decimal(str(row["estimate"])) == finding.estimate
            assert Decimal(str(row["low"])) == finding.ci_lower
            assert Decimal(str(row["high"])) == finding.ci_upper
        assert row["result"] == effect_text(finding)
        assert row["printed"] == finding.as_printed


def test_a_missing_estimate_is_a_labelled_gap_and_not_a_zero(markers: Figure) -> None:
    row = drawn_rows(markers)["N-terminal telopeptide of type I collagen (NTX)"]
    assert not {"estimate", "low", "high"} & set(row)
    assert "no estimate reported" in markers.svg


def test_markers_share_no_scale_and_each_is_centred_on_no_difference(markers: Figure) -> None:
    domains = {
        tuple(part["scale"]["domain"])
        for part in nested(markers.spec)
        if part.get("field") == "estimate"
    }
    assert len(domains) == 6
    assert all(low == -high for low, high in domains)
    assert markers.spec["resolve"]["scale"]["x"] == "independent"


def test_every_axis_says_that_the_unit_is_not_reported(markers: Figure) -> None:
    titles = {
        p["axis"]["title"] for p in nested(markers.spec) if (p.get("axis") or {}).get("title")
    }
    assert titles
    assert all("unit not reported" in title for title in titles)


def test_direction_is_told_by_shape_and_words_and_not_by_colour_alone(markers: Figure) -> None:
    rows = drawn_rows(markers)
    assert rows["Osteocalcin (OC)"]["shape"] == "triangle-right"
    assert rows["Osteocalcin (OC)"]["aside"].endswith("increase")
    assert rows["Undercarboxylated osteocalcin (ucOC)"]["shape"] == "triangle-left"


def test_the_text_alternative_tells_every_row(evidence: Evidence, markers: Figure) -> None:
    for finding in evidence.findings(source="zhang2025"):
        assert evidence.outcome_of(finding).label in markers.alt
        assert effect_text(finding) in markers.alt


def test_tooltips_say_what_the_tables_say(markers: Figure) -> None:
    tips = [part["tooltip"] for part in nested(markers.spec) if "tooltip" in part]
    assert tips
    for tip in tips:
        assert [item["title"] for item in tip] == ["Outcome", "Result", "As printed", "Source"]


@pytest.mark.parametrize("name", ["markers", "fractures"])
def test_pooled_results_get_no_weights_and_no_squares(
    name: str, request: pytest.FixtureRequest
) -> None:
    figure: Figure = request.getfixturevalue(name)
    assert marks(figure) <= {"rule", "point", "text", "rect"}
    sizes = [p["encoding"]["size"] for p in nested(figure.spec) if "size" in p.get("encoding", {})]
    assert sizes == []
    shapes = {row["shape"] for row in drawn_rows(figure).values()}
    assert "square" not in shapes


def test_ratios_are_drawn_on_a_log_axis_with_one_in_the_middle(fractures: Figure) -> None:
    scales = [part["scale"] for part in nested(fractures.spec) if part.get("field") == "estimate"]
    assert scales
    for scale in scales:
        low, high = scale["domain"]
        assert scale["type"] == "log"
        assert low * high == pytest.approx(1)


def test_a_doubted_source_is_drawn_with_its_doubt(fractures: Figure) -> None:
    row = drawn_rows(fractures)["Cockayne 2006"]
    assert row["aside"] == "struck out: caution published"
    assert "Cockayne 2006 (caution published)" in fractures.alt


def test_a_missing_interval_is_said_above_the_point(evidence: Evidence) -> None:
    findings = evidence.findings(source="huang2015")
    figure = forest_plot(evidence, findings, name="fig-h", caption="One study less?")
    for row in drawn_rows(figure).values():
        assert row["aside"].endswith("interval not reported")


def test_ratios_are_refused_by_the_marker_plot(evidence: Evidence) -> None:
    with pytest.raises(ValueError, match="mott2019-fracture-clinical is a ratio; use forest_plot"):
        marker_plot(
            evidence, [evidence.finding("mott2019-fracture-clinical")], name="fig-x", caption=""
        )


def test_findings_of_different_units_are_refused_on_one_scale(evidence: Evidence) -> None:
    findings = [evidence.finding("hu2021-ucoc"), evidence.finding("zhou2022-bmd-ls")]
    with pytest.raises(ValueError, match="no shared scale for % change, SD"):
        forest_plot(evidence, findings, name="fig-x", caption="")


@pytest.mark.parametrize("plot", [marker_plot, forest_plot])
def test_a_chart_of_nothing_is_refused(evidence: Evidence, plot: Any) -> None:
    with pytest.raises(ValueError, match="figure 'fig-x': there are no findings to draw"):
        plot(evidence, [], name="fig-x", caption="")


def test_drawings_hold_no_address_of_another_host(markers: Figure) -> None:
    # Names of formats look like addresses; nothing is fetched from them.
    formats = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink", "$schema"}
    spec = {key: value for key, value in markers.spec.items() if key not in formats}
    addresses = set(re.findall(r"https?://[^\"' ]+", markers.svg + json.dumps(spec)))
    assert addresses <= formats


def test_drawing_twice_gives_the_same_drawing(evidence: Evidence, markers: Figure) -> None:
    again = marker_plot(
        evidence,
        evidence.findings(source="zhang2025"),
        name="fig-markers",
        caption="What changed?",
    )
    assert again == markers


def test_a_figure_is_drawn_for_a_column_of_text_and_for_a_phone(markers: Figure) -> None:
    widths = {part["width"] for part in nested(markers.spec) if "width" in part}
    narrow = {part["width"] for part in nested(markers.narrow_spec) if "width" in part}
    assert (widths, narrow) == ({WIDE}, {NARROW})
    for svg in (markers.svg, markers.narrow_svg):
        assert min(float(size) for size in re.findall(r'font-size="([\d.]+)px"', svg)) >= 11
        assert "no estimate reported" in svg


def test_both_drawings_of_a_figure_share_a_page_without_sharing_ids(markers: Figure) -> None:
    wide, narrow = (re.findall(r'\bid="([^"]+)"', s) for s in (markers.svg, markers.narrow_svg))
    assert not set(wide) & set(narrow)


def test_ids_inside_a_drawing_begin_with_the_name_of_the_figure() -> None:
    svg = '<svg><g id="a"/><g id="ab"/><use href="#a"/><rect clip-path="url(#ab)"/></svg>'
    assert prefix_ids(svg, "f") == (
        '<svg><g id="f-a"/><g id="f-ab"/><use href="#f-a"/><rect clip-path="url(#f-ab)"/></svg>'
    )


HOSTILE = "<script>alert(1)</script> & \"x\" 'y' ]]> $x$ {raw}"


def test_text_from_the_tables_is_text_in_the_drawing(evidence: Evidence) -> None:
    finding = dataclasses.replace(evidence.finding("zhang2025-oc"), as_printed=HOSTILE)
    outcome = dataclasses.replace(evidence.outcome("oc"), name=HOSTILE)
    changed = dataclasses.replace(evidence, outcomes={**evidence.outcomes, "oc": outcome})
    figure = marker_plot(changed, [finding], name="fig-x", caption=HOSTILE)
    tree = ElementTree.fromstring(figure.svg)  # noqa: S314 - our own drawing
    assert not [e for e in tree.iter() if e.tag.endswith("script")]
    assert "<script" not in figure.to_html()
    assert "<script>alert(1)</script>" in "".join(tree.itertext())
    (row,) = drawn_rows(figure).values()
    assert row["printed"] == HOSTILE
