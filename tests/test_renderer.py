"""Charts are drawn by one process for all kernels, and look as they would anywhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import PROJECT
from test_execution import chapter, printed

from evidence_tools.execution.local import LocalExecutor
from evidence_tools.execution.renderer import VARIABLE, draw, number_ids
from evidence_tools.execution.warm import WarmProcess

SPEC = {
    "data": {"values": [{"x": 1, "y": "a"}, {"x": 2.5, "y": "b"}]},
    "mark": {"type": "point", "clip": True},
    "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y"}},
}
CODE = f"""
import os, json, sys
from evidence_tools.execution.renderer import draw
spec = json.loads({json.dumps(json.dumps(SPEC))})
first, second = draw(spec), draw(spec)
print(json.dumps([os.path.exists(os.environ[{VARIABLE!r}]), first, second]))
"""


def test_kernels_of_a_build_draw_what_any_process_draws(tmp_path: Path) -> None:
    executor = LocalExecutor(tmp_path, PROJECT / "data", warm=WarmProcess(PROJECT / "data"))
    broken = CODE + "\ndraw({'mark': {'type': 'none'}, 'data': {'url': 'no://where'}})"
    try:
        outcomes = {
            outcome.chapter.docname: outcome
            for outcome in executor.run(
                [chapter(tmp_path, "good", CODE), chapter(tmp_path, "bad", broken)]
            )
        }
        asked, first, second = json.loads(printed(outcomes["good"]))
    finally:
        executor.close()
    assert asked
    assert first == second == draw(SPEC)
    assert "ValueError" in outcomes["bad"].reason


def test_ids_of_a_drawing_are_counted_from_nought() -> None:
    svg = '<g clip-path="url(#clip7)"/><clipPath id="clip7"/><clipPath id="clip12"/><a id="own"/>'
    expected = '<g clip-path="url(#clip0)"/><clipPath id="clip0"/><clipPath id="clip1"/>'
    assert number_ids(svg) == expected + '<a id="own"/>'


def test_without_the_process_a_chart_is_drawn_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "nobody"))
    assert draw(SPEC).startswith("<svg")


def test_a_specification_that_cannot_be_drawn_is_an_error() -> None:
    with pytest.raises(ValueError, match="Vega"):
        draw({"mark": 3})
