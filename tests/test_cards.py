"""What stands behind a figure, as escaped HTML."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType

from bs4 import BeautifulSoup

from evidence_tools import Evidence
from evidence_tools.book.cards import card_html


def test_a_finding_card_carries_the_printed_figure_and_the_key(evidence: Evidence) -> None:
    text = BeautifulSoup(card_html(evidence, "finding", "zhang2025-ctx"), "html.parser").text
    for part in ("MD -0.09, 95% CI -0.14 to -0.05", "zhang2025-ctx", "none known", "2026-11-21"):
        assert part in text


def test_a_source_card_tells_a_concern(evidence: Evidence) -> None:
    text = BeautifulSoup(card_html(evidence, "source", "cockayne2006"), "html.parser").text
    assert "caution published, checked 2026-11-21" in text


def test_hostile_text_in_a_card_stays_text(evidence: Evidence) -> None:
    hostile = '<script>alert(1)</script>" onmouseover="x'
    finding = dataclasses.replace(evidence.finding("zhang2025-oc"), note=hostile)
    findings = {**evidence.findings_by_id, "zhang2025-oc": finding}
    damaged = dataclasses.replace(evidence, findings_by_id=MappingProxyType(findings))
    card = BeautifulSoup(card_html(damaged, "finding", "zhang2025-oc"), "html.parser")
    assert card.find("script") is None
    assert hostile in card.text
