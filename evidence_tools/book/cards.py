"""Hover cards: what a figure or a source name rests on, as escaped HTML."""

from __future__ import annotations

import html
from typing import Any

from evidence_tools.book.nodes import evidence_ref
from evidence_tools.evidence.model import Evidence
from evidence_tools.show.display import plain
from evidence_tools.show.words import (
    concern_text,
    design_text,
    direction_text,
    effect_text,
    note_runs,
    outcome_text,
    sentence_case,
    source_name,
)


def add_cards(
    app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Put the cards of a page behind its text, one for each row that the page mentions.

    They are apart from the sentences, so that copied text and reading aids have the sentences
    alone. The script shows a card beside the mention; without it the mention links to the row.
    """
    if doctree is None:
        return
    mentions = {(node["kind"], node["key"]) for node in doctree.findall(evidence_ref)}
    if mentions:
        cards = "".join(card_html(app.evidence, *mention) for mention in sorted(mentions))
        context["body"] += f'<div class="evidence-cards" hidden>{cards}</div>'


def card_html(evidence: Evidence, kind: str, key: str) -> str:
    """Write the card of a finding or source, with the id ``card-`` and its key."""
    row = evidence.row(f"{kind}s", key)
    title, entries = (_finding if kind == "finding" else _source)(evidence, row)
    lines = [f'<p class="evidence-card-title">{html.escape(title)}</p>']
    lines += [
        f"<p><b>{heading}:</b> {html.escape(str(text))}</p>"
        for heading, text in entries.items()
        if text
    ]
    id_ = html.escape(f"card-{key}", quote=True)
    return f'<div class="evidence-card" role="tooltip" id="{id_}">{"".join(lines)}</div>'


def _finding(evidence: Evidence, row: Any) -> tuple[str, dict[str, Any]]:
    source = evidence.source(row.source_id)
    return sentence_case(outcome_text(evidence.outcome(row.outcome_id))), {
        "Direction": direction_text(row),
        "Result": effect_text(row),
        "As printed": row.as_printed or "no figure printed",
        "Source": f"{source_name(source)}. {source.title}",
        "Where": f"{row.locator}; read: {row.read_at}",
        "Analysis": row.analysis,
        "Concerns": _concerns(source),
        "Note": plain(note_runs(evidence.rows("sources"), row.note or "")),
        "Key": row.finding_id,
    }


def _source(evidence: Evidence, row: Any) -> tuple[str, dict[str, Any]]:
    return row.short_name, {
        "Title": row.title,
        "Journal": row.journal,
        "Design": design_text(row.design),
        "Read": row.read_at,
        "Concerns": _concerns(row),
        "Note": plain(note_runs(evidence.rows("sources"), row.note or "")),
    }


def _concerns(source: Any) -> str:
    return f"{concern_text(source) or 'none known'}, checked {source.integrity_checked:%Y-%m-%d}"
