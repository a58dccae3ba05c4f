"""Hover cards: what stands behind a figure or a source name, as escaped HTML."""

from __future__ import annotations

import html

from evidence_tools.evidence import Evidence
from evidence_tools.phrases import DIRECTION_WORDS, effect_text, source_name
from evidence_tools.schema import Finding, Source


def card_html(evidence: Evidence, kind: str, key: str, card_id: str) -> str:
    """Write the card of one finding or source.

    Parameters
    ----------
    evidence
        Where the row is looked up.
    kind, key
        ``"finding"`` or ``"source"``, and the identifier of the row.
    card_id
        An id that is unique on the page.

    Returns
    -------
    str
        A ``span`` with ``role="tooltip"``; every text in it is escaped.
    """
    if kind == "finding":
        title, entries = _finding_entries(evidence, evidence.finding(key))
    else:
        title, entries = _source_entries(evidence.source(key))
    lines = [f'<span class="evidence-card-title">{html.escape(title)}</span>']
    for heading, text in entries:
        lines.append(
            '<span class="evidence-card-line">'
            f"<b>{html.escape(heading)}:</b> {html.escape(text)}</span>"
        )
    body = "".join(lines)
    return f'<span class="evidence-card" role="tooltip" id="{html.escape(card_id)}">{body}</span>'


def _finding_entries(evidence: Evidence, finding: Finding) -> tuple[str, list[tuple[str, str]]]:
    source = evidence.source_of(finding)
    entries = [
        ("Direction", DIRECTION_WORDS[finding.direction]),
        ("Result", effect_text(finding)),
        ("As printed", finding.as_printed or "no figure printed"),
        ("Source", f"{source_name(source)}. {source.title}"),
        ("Where", f"{finding.locator}; {source.read_at} read"),
        ("Analysis", finding.analysis),
        ("Concerns", f"{source.integrity.label}, checked {source.integrity_checked.isoformat()}"),
    ]
    if finding.note:
        entries.append(("Note", finding.note))
    entries.append(("Key", finding.finding_id))
    return evidence.outcome_of(finding).label, entries


def _source_entries(source: Source) -> tuple[str, list[tuple[str, str]]]:
    entries = [
        ("Title", source.title),
        ("Journal", source.journal or "not known"),
        ("Design", source.design.replace("_", " ")),
        ("Read", source.read_at),
        ("Concerns", f"{source.integrity.label}, checked {source.integrity_checked.isoformat()}"),
    ]
    if source.note:
        entries.append(("Note", source.note))
    return source.short_name, entries
