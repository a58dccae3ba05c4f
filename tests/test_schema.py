from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from evidence_tools import Evidence
from evidence_tools.schema import (
    EffectMeasure,
    EvidenceError,
    Integrity,
    OutcomeKind,
    Problem,
    PValue,
    UnknownKeyError,
    lower_first,
    relative_name,
)


@pytest.mark.parametrize("measure", EffectMeasure)
def test_no_difference_is_one_for_ratios_and_zero_for_differences(measure: EffectMeasure) -> None:
    assert measure.no_difference == (1 if measure in ("RR", "OR") else 0)


@pytest.mark.parametrize("measure", EffectMeasure)
def test_every_measure_has_a_name_in_words(measure: EffectMeasure) -> None:
    assert measure.full_name.islower()
    assert measure.full_name != measure.value


@pytest.mark.parametrize("status", Integrity)
def test_every_integrity_status_has_a_label_without_underscores(status: Integrity) -> None:
    assert status.label
    assert "_" not in status.label


def test_a_p_value_keeps_its_digits_and_its_sign() -> None:
    assert str(PValue("=", Decimal("0.0500"))) == "p = 0.0500"
    assert str(PValue("<", Decimal("0.001"))) == "p < 0.001"


def test_a_source_with_a_doi_is_linked_by_it(evidence: Evidence) -> None:
    assert evidence.source("zhang2025").link == "https://doi.org/10.3389/fendo.2025.1703116"


def test_a_source_without_a_doi_is_linked_by_its_address(evidence: Evidence) -> None:
    assert evidence.source("nihods").link.startswith("https://ods.od.nih.gov/")


def test_a_source_with_neither_has_no_link(evidence: Evidence) -> None:
    assert evidence.source("derwich2026").link == ""


def test_only_laboratory_outcomes_are_markers(evidence: Evidence) -> None:
    not_markers = {OutcomeKind.DENSITY, OutcomeKind.FRACTURE, OutcomeKind.HARM}
    for outcome in evidence.outcomes.values():
        assert outcome.is_marker == (outcome.kind not in not_markers)


def test_an_outcome_without_abbreviation_is_called_by_its_name(evidence: Evidence) -> None:
    assert evidence.outcome("bmd_loss").label == "Rate of bone loss"
    assert evidence.outcome("oc").label == "Osteocalcin (OC)"


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("Osteocalcin (OC)", "osteocalcin (OC)"),
        ("C-terminal telopeptide", "C-terminal telopeptide"),
        ("BMD", "BMD"),
        ("", ""),
    ],
)
def test_a_phrase_begins_in_lower_case_unless_it_begins_with_a_symbol(
    text: str, inside: str
) -> None:
    assert lower_first(text) == inside


def test_problems_are_sorted_by_file_line_and_column() -> None:
    problems = [
        Problem("b.csv", 1, "", "z"),
        Problem("a.csv", 10, "x", "z"),
        Problem("a.csv", 2, "y", "z"),
        Problem("a.csv", 2, "x", "z"),
    ]
    places = [(p.path, p.line, p.column) for p in EvidenceError(problems).problems]
    assert places == [("a.csv", 2, "x"), ("a.csv", 2, "y"), ("a.csv", 10, "x"), ("b.csv", 1, "")]


def test_a_problem_is_written_as_path_line_column_and_message() -> None:
    assert str(Problem("a.csv", 2, "x", "bad")) == "a.csv:2: column 'x': bad"
    assert str(Problem("a.csv", 0, "", "bad")) == "a.csv: bad"


def test_an_error_counts_its_problems() -> None:
    assert str(EvidenceError([Problem("a", 1, "", "b")])).startswith("1 problem in")
    assert str(EvidenceError([Problem("a", 1, "", "b")] * 2)).startswith("2 problems in")


def test_an_unknown_key_reads_as_a_sentence_not_as_a_quoted_string() -> None:
    assert str(UnknownKeyError("there is no finding 'x'")) == "there is no finding 'x'"


def test_a_path_below_the_working_folder_is_shown_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert relative_name(tmp_path / "data" / "a.csv") == str(Path("data", "a.csv"))
    assert relative_name(Path("/elsewhere/a.csv")) == "/elsewhere/a.csv"


def test_importing_the_package_reads_no_table_and_loads_nothing_heavy() -> None:
    code = (
        "import sys, evidence_tools\n"
        "heavy = {'frictionless', 'altair', 'pandas', 'sphinx', 'typst', 'vl_convert', 'scipy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
