"""The forest plot: pairs adjacent, struck out sources hollow, no weights."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from conftest import change_cell

from evidence_tools import Evidence, forest_plot, load_evidence
from evidence_tools.display import Figure
from evidence_tools.drawing import NARROW, WIDE
from evidence_tools.phrases import effect_text
from evidence_tools.strips import LINE, text_width


def fractures(evidence: Evidence, *outcomes: str) -> Figure:
    wanted = outcomes or ("fracture_clinical", "fracture_vertebral")
    return forest_plot(
        evidence, evidence.findings(outcome=wanted), name="fig-f", caption="Did fewer break?"
    )


def rows(figure: Figure) -> list[dict[str, Any]]:
    (data,) = figure.spec["datasets"].values()
    return list(data)


def layers(figure: Figure, mark: str) -> list[dict[str, Any]]:
    return [layer for layer in figure.spec["layer"] if layer["mark"].get("type") == mark]


def test_ratios_stand_on_a_log_axis_that_is_symmetrical(evidence: Evidence) -> None:
    scales = [layer["encoding"]["x"]["scale"] for layer in layers(fractures(evidence), "point")]
    for scale in scales:
        low, high = scale["domain"]
        assert scale["type"] == "log"
        assert low * high == pytest.approx(1)


def test_an_analysis_stands_next_to_its_alternatives(evidence: Evidence) -> None:
    labels = [row["label"] for row in rows(fractures(evidence))]
    assert labels[:3] == [
        "Mott 2019 (adjusted later)",
        "Mott 2019 (adjusted later); sensitivity: trials at low risk of bias only",
        "Mott 2019 correction; without YOPS",
    ]


def test_each_outcome_is_headed_once(evidence: Evidence) -> None:
    headings = [row["heading"] for row in rows(fractures(evidence)) if "heading" in row]
    assert headings == ["Clinical fractures", "Vertebral fractures"]


def test_a_source_under_caution_is_hollow_dashed_and_named_as_struck_out(
    evidence: Evidence,
) -> None:
    figure = fractures(evidence, "fracture_vertebral")
    (struck,) = [row for row in rows(figure) if row["struck"]]
    assert struck["label"] == "Cockayne 2006"
    assert struck["aside"] == "struck out: caution published"
    filled = {
        layer["transform"][-1]["filter"]: layer["mark"]["filled"]
        for layer in layers(figure, "point")
    }
    assert filled == {"!datum.struck": True, "datum.struck": False}
    assert "Cockayne 2006 (caution published)" in figure.alt
    assert "Struck out: not evidence." in figure.alt


def test_a_source_that_is_retracted_becomes_struck_out_in_chart_and_alt_text(
    data_copy: Path,
) -> None:
    change_cell(data_copy / "sources.csv", "salma2022", "integrity", "retracted")
    figure = fractures(load_evidence(data_copy), "fracture_vertebral")
    assert "struck out: retracted" in figure.svg
    assert "Salma 2022 (retracted): decrease, OR 0.42" in figure.alt


def test_points_have_one_size_and_nothing_looks_like_a_new_pooling(evidence: Evidence) -> None:
    points = layers(fractures(evidence), "point")
    assert len({layer["mark"]["size"] for layer in points}) == 1
    assert "size" not in {channel for layer in points for channel in layer["encoding"]}
    assert not {row["shape"] for row in rows(fractures(evidence))} & {"diamond", "square"}


def test_a_result_without_an_interval_says_so_beside_its_mark(evidence: Evidence) -> None:
    figure = fractures(evidence, "fracture_any")
    assert "RR 0.43, interval not reported" in figure.svg


def test_a_result_without_an_estimate_is_a_labelled_gap(evidence: Evidence) -> None:
    figure = fractures(evidence)
    assert "no significant change (no estimate reported)" in figure.svg
    assert all("estimate" not in row for row in rows(figure) if row["source"] == "Inoue 2009")


def test_the_alt_text_tells_every_row(evidence: Evidence) -> None:
    figure = fractures(evidence)
    for finding in evidence.findings(outcome=("fracture_clinical", "fracture_vertebral")):
        assert effect_text(finding) in figure.alt


def test_the_axis_says_what_left_and_right_mean(evidence: Evidence) -> None:
    svg = fractures(evidence).svg
    assert "lower with vitamin K" in svg
    assert "higher with vitamin K" in svg


def test_labels_fit_the_width_of_the_drawing(evidence: Evidence) -> None:
    for kind in ("fracture", "harm"):
        figure = forest_plot(evidence, evidence.findings(kind=kind), name="f", caption="c")
        for spec, width in ((figure.spec, WIDE), (figure.narrow_spec, NARROW)):
            (data,) = spec["datasets"].values()
            for row in data:
                assert " ".join(row["lines"]).startswith(row["label"])
                beside = text_width(row["right"]) + LINE if "right" in row else 0
                assert all(text_width(line) + beside <= width * 1.1 for line in row["lines"])
                assert not beside or text_width(row["label"]) + beside <= width
                assert "right" in row or row.get("aside", "") in " ".join(row["lines"])


def test_density_in_percent_is_drawn_around_zero(evidence: Evidence) -> None:
    found = [f for f in evidence.findings(kind="bone density") if f.unit == "% change"]
    figure = forest_plot(evidence, found, name="f", caption="c")
    low, high = layers(figure, "point")[0]["encoding"]["x"]["scale"]["domain"]
    assert low == -high
    assert "Mott 2019 (adjusted later); 2 years" in figure.svg


def test_findings_in_different_units_are_refused(evidence: Evidence) -> None:
    with pytest.raises(ValueError, match="no shared scale"):
        forest_plot(evidence, evidence.findings(kind="bone density"), name="f", caption="c")


def test_a_sign_that_flips_moves_mark_text_and_alt_text(evidence: Evidence) -> None:
    (found,) = evidence.findings(source="zhou2022", outcome="bmd_forearm")
    flipped = dataclasses.replace(
        found, estimate=Decimal("-1.57"), ci_lower=Decimal("-1.99"), ci_upper=Decimal("-1.15")
    )
    (row,) = rows(forest_plot(evidence, [flipped], name="f", caption="c"))
    assert row["estimate"] == -1.57
    assert row["aside"] == "WMD −1.57 (−1.99 to −1.15)"
