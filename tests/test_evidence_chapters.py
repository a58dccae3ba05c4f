"""The chapters on evidence follow the rows: their cells are run on changed tables."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import PROJECT, Build, change_cell

from evidence_tools import Evidence
from evidence_tools.display import Display

Outputs = Callable[[str], str]


@pytest.fixture
def outputs(data_copy: Path, monkeypatch: pytest.MonkeyPatch) -> Outputs:
    """Run a chapter's cells beside a copy of the data; give all its texts in one."""
    (data_copy.parent / "chapters").mkdir()
    monkeypatch.chdir(data_copy.parent / "chapters")

    def run(name: str) -> str:
        chapter = (PROJECT / "chapters" / f"{name}.md").read_text("utf-8")
        names: dict[str, object] = {}
        shown = []
        for cell in re.findall(r"```\{code-cell\}.*?\n(.*?)```", chapter, flags=re.DOTALL):
            tree = ast.parse(re.sub(r"^:.*\n", "", cell, flags=re.MULTILINE))
            last = tree.body[-1]
            if isinstance(last, ast.Expr):
                tree.body.pop()
            exec(compile(tree, name, "exec"), names)  # noqa: S102 - our own chapters
            if isinstance(last, ast.Expr):
                result = eval(compile(ast.Expression(last.value), name, "eval"), names)  # noqa: S307
                assert isinstance(result, Display)
                shown.append(result.to_text())
        return "\n\n".join(shown)

    return run


def test_a_sign_that_flips_changes_every_output_that_shows_it(
    outputs: Outputs, data_copy: Path
) -> None:
    before = outputs("bone-outcomes")
    for column, value in {
        "estimate": "1.42",
        "ci_lower": "1.27",
        "ci_upper": "1.66",
        "direction": "increase",
        "as_printed": "OR 1.42 (95% CI 1.27 to 1.66)",
    }.items():
        change_cell(data_copy / "findings.csv", "salma2022-fracture-vertebral", column, value)
    after = outputs("bone-outcomes")
    shown = before.count("OR 0.42 (95% CI 0.27 to 0.66)")
    assert shown >= 3  # alt text, result and figure as printed at least
    assert "OR 0.42" not in after
    assert after.count("OR 1.42 (95% CI 1.27 to 1.66)") == shown
    assert "Increase: Salma 2022" in after
    assert "point in opposite directions" in after


def test_a_retracted_source_is_struck_out_on_its_page(outputs: Outputs, data_copy: Path) -> None:
    change_cell(data_copy / "sources.csv", "zhou2022", "integrity", "retracted")
    after = outputs("bone-outcomes")
    assert "Zhou 2022 (retracted), looked up on" in after
    assert "Struck out: not evidence." in after
    assert not re.search(r"Increase: [^.]*Zhou 2022", after)


def test_a_changed_trial_changes_sentences_figure_and_table(
    outputs: Outputs, data_copy: Path
) -> None:
    change_cell(data_copy / "trials.csv", "knapen2007", "dose", "15")
    after = outputs("trials")
    assert "Knapen 2007: MK-4, 15 mg/day, 36 months" in after
    assert "MK-4; 15 mg/day; 36 months" in after


def test_an_arm_whose_spread_becomes_known_gets_a_difference(
    outputs: Outputs, data_copy: Path
) -> None:
    for role, spread in (("k2", "20.0"), ("control", "25.0")):
        arm = f"purwosunu2006-ucoc-48w-{role}"
        change_cell(data_copy / "trial_arms.csv", arm, "dispersion", spread)
        change_cell(data_copy / "trial_arms.csv", arm, "dispersion_type", "SD")
    after = outputs("trials")
    assert after.count("MD −46.60% of baseline (95% CI −57.85 to −35.35)") == 2
    assert "The difference of −46.60% of baseline at 48 weeks" in after


def test_harms_follow_their_rows(outputs: Outputs, data_copy: Path) -> None:
    change_cell(data_copy / "findings.csv", "inoue2009-adverse", "direction", "not_conclusive")
    after = outputs("safety")
    assert "Not conclusive: Inoue 2009" in after


def test_a_new_marker_stands_in_the_question(outputs: Outputs, data_copy: Path) -> None:
    change_cell(data_copy / "outcomes.csv", "oc", "specimen", "plasma")
    assert "bone formation marker | plasma |" in outputs("question")


def test_tracking_reads_the_shipped_log(outputs: Outputs, data_copy: Path) -> None:
    shutil.copytree(PROJECT / "data" / "tracking", data_copy / "tracking", dirs_exist_ok=True)
    assert "Made-up example" in outputs("tracking")


def test_every_fracture_density_and_harm_finding_stands_in_a_table_of_its_chapter(
    evidence: Evidence, book: Build
) -> None:
    for kind, name in (
        ("fracture", "bone-outcomes"),
        ("bone density", "bone-outcomes"),
        ("harm", "safety"),
    ):
        page = book.page(f"chapters/{name}")
        for finding in evidence.findings(kind=kind):
            assert f'id="{finding.finding_id}"' in page, finding.finding_id


def test_the_log_files_can_be_downloaded(book: Build) -> None:
    page = book.page("chapters/tracking")
    for name in ("log-template.csv", "made-up-example-log.csv"):
        (found,) = re.findall(rf'href="\.\./(_downloads/[^"]*{name})"', page)
        shipped = (PROJECT / "data" / "tracking" / name).read_bytes()
        assert (book.html / found).read_bytes() == shipped


def test_findings_can_be_selected_by_kind_and_reliance(evidence: Evidence) -> None:
    struck = evidence.findings(kind="fracture", struck=True)
    assert {finding.source_id for finding in struck} == {"cockayne2006"}
    relied_on = evidence.findings(kind="fracture", struck=False)
    assert len(struck) + len(relied_on) == len(evidence.findings(kind="fracture"))
    with pytest.raises(ValueError, match="fractures"):
        evidence.findings(kind="fractures")
