"""Hover cards: what stands behind a figure or a source name, as escaped HTML."""

from __future__ import annotations

import html
from typing import Any

from evidence_tools.book.nodes import evidence_ref
from evidence_tools.evidence import Evidence
from evidence_tools.phrases import DIRECTION_WORDS, design_text, effect_text, source_name
from evidence_tools.schema import Finding, Source


def add_cards(
    app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Put the cards of a page behind its text, one for each row that the page mentions.

    They stand apart from the sentences, so that copied text, reading aids and search see the
    sentences alone. The script shows a card beside the mention; without it the mention is a
    link to the row.
    """
    if doctree is None or app.builder.name != "html":
        return
    mentions = {(node["kind"], node["key"]) for node in doctree.findall(evidence_ref)}
    if mentions:
        cards = "".join(card_html(app.evidence, *mention) for mention in sorted(mentions))
        context["body"] += f'<div class="evidence-cards" hidden>{cards}</div>'


def card_html(evidence: Evidence, kind: str, key: str) -> str:
    """Write the card of one finding or source.

    Parameters
    ----------
    evidence
        Where the row is looked up.
    kind, key
        ``"finding"`` or ``"source"``, and the identifier of the row.

    Returns
    -------
    str
        A ``div`` with ``role="tooltip"`` and the id ``card-`` and key; every text is escaped.
    """
    if kind == "finding":
        title, entries = _finding_entries(evidence, evidence.finding(key))
    else:
        title, entries = _source_entries(evidence.source(key))
    lines = [f'<p class="evidence-card-title">{html.escape(title)}</p>']
    lines += [
        f"<p><b>{html.escape(heading)}:</b> {html.escape(text)}</p>" for heading, text in entries
    ]
    body = "".join(lines)
    return f'<div class="evidence-card" role="tooltip" id="card-{html.escape(key)}">{body}</div>'


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
        ("Design", design_text(source)),
        ("Read", source.read_at),
        ("Concerns", f"{source.integrity.label}, checked {source.integrity_checked.isoformat()}"),
    ]
    if source.note:
        entries.append(("Note", source.note))
    return source.short_name, entries
