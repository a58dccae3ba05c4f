from __future__ import annotations

import dataclasses
from decimal import Decimal
from pathlib import Path

import pytest

from evidence_tools import Evidence, load_evidence
from evidence_tools.schema import PValue, UnknownKeyError


def test_a_finding_is_found_by_its_key(evidence: Evidence) -> None:
    assert evidence.finding("zhang2025-oc").estimate == Decimal("1.86")


@pytest.mark.parametrize(
    ("kind", "key", "nearest"),
    [
        ("finding", "zhang2025-0c", "zhang2025-oc"),
        ("source", "zang2025", "zhang2025"),
        ("outcome", "ucco", "ucoc"),
    ],
)
def test_an_unknown_key_names_the_nearest_ones(
    evidence: Evidence, kind: str, key: str, nearest: str
) -> None:
    with pytest.raises(UnknownKeyError) as caught:
        getattr(evidence, kind)(key)
    assert str(caught.value).startswith(f"there is no {kind} {key!r}; nearest: ")
    assert nearest in str(caught.value)


def test_a_key_that_resembles_nothing_gets_no_hint(evidence: Evidence) -> None:
    with pytest.raises(UnknownKeyError, match=r"^there is no source '9'$"):
        evidence.source("9")


def test_findings_are_selected_by_source_and_outcome(evidence: Evidence) -> None:
    chosen = evidence.findings(source=("zhang2025", "bjr2024"), outcome="ntx")
    assert [finding.finding_id for finding in chosen] == ["zhang2025-ntx", "bjr2024-ntx"]


def test_findings_without_an_estimate_are_selected_too(evidence: Evidence) -> None:
    chosen = evidence.findings(source="zhang2025")
    assert len(chosen) == 6
    assert [f.finding_id for f in chosen if f.estimate is None] == ["zhang2025-ntx"]


def test_all_findings_keep_the_order_of_the_table(evidence: Evidence) -> None:
    assert [f.finding_id for f in evidence.findings()] == list(evidence.findings_by_id)


def test_a_known_source_without_findings_gives_none(evidence: Evidence) -> None:
    assert evidence.findings(source="nihods") == ()


def test_a_misspelt_source_is_an_error_and_not_missing_evidence(evidence: Evidence) -> None:
    with pytest.raises(UnknownKeyError, match="zhang2052"):
        evidence.findings(source="zhang2052")


def test_rows_lead_to_their_source_and_outcome(evidence: Evidence) -> None:
    finding = evidence.finding("shiraki2009-ntx")
    assert evidence.source_of(finding).short_name == "Shiraki 2009"
    assert evidence.outcome_of(finding).abbreviation == "NTX"


def test_the_evidence_cannot_be_changed(evidence: Evidence) -> None:
    with pytest.raises(TypeError):
        evidence.sources["new"] = evidence.source("zhang2025")  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        evidence.finding("zhang2025-oc").estimate = Decimal(0)  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        evidence.folder = Path()  # type: ignore[misc]


def test_numbers_keep_their_printed_digits(evidence: Evidence) -> None:
    assert str(evidence.finding("zhang2025-bap").ci_upper) == "2.00"
    assert str(evidence.finding("hu2021-bmd-ls").estimate) == "0.20"


def test_a_p_value_is_exact_or_an_upper_bound(evidence: Evidence) -> None:
    assert evidence.finding("bjr2024-oc").p_value == PValue("=", Decimal("0.076"))
    assert evidence.finding("bjr2024-ucoc").p_value == PValue("<", Decimal("0.001"))
    assert evidence.finding("bjr2024-bap").p_value is None


def test_a_blank_cell_is_none_for_a_number_and_empty_for_a_text(evidence: Evidence) -> None:
    source = evidence.source("derwich2026")
    assert (source.n_studies, source.doi, source.journal) == (None, "", "")


def test_authors_and_references_are_lists(evidence: Evidence) -> None:
    assert evidence.source("zhang2025").authors[:2] == ("Zhang Z", "Li Y")
    assert evidence.source("zhou2022").authors == ()
    assert evidence.outcome("oc").references == (
        "ashcherkin2023monitor",
        "advnutr2012carboxylation",
    )


def test_two_loads_give_equal_evidence(evidence: Evidence) -> None:
    again = load_evidence(evidence.folder)
    assert again.findings() == evidence.findings()
    assert dict(again.sources) == dict(evidence.sources)


def test_loading_does_not_touch_the_tables(data_copy: Path) -> None:
    def contents() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in data_copy.rglob("*") if path.is_file()}

    before = contents()
    load_evidence(str(data_copy))
    assert contents() == before
