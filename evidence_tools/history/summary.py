"""A difference in words: plain text for the terminal, Markdown for the change log."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evidence_tools.history.difference import Change, ChangeKind, Difference

NO_FINDING_CHANGED = "No finding changed."
_BLANK = "blank"
_AROUND = 4
"""Words that are shown before and after the place where a sentence changed."""
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|$~])")

_KINDS = ChangeKind
_ROWS = (
    # singular, plural, the kinds that are counted together
    ("finding added", "findings added", (_KINDS.FINDING_ADDED,)),
    ("finding removed", "findings removed", (_KINDS.FINDING_REMOVED,)),
    ("finding changed", "findings changed", (_KINDS.DIRECTION_CHANGED, _KINDS.FINDING_CHANGED)),
    ("direction changed", "directions changed", (_KINDS.DIRECTION_CHANGED,)),
    ("certainty raised", "certainties raised", (_KINDS.CERTAINTY_RAISED,)),
    ("certainty lowered", "certainties lowered", (_KINDS.CERTAINTY_LOWERED,)),
    ("certainty changed otherwise", "certainties changed otherwise", (_KINDS.CERTAINTY_CHANGED,)),
    ("judgement changed", "judgements changed", (_KINDS.JUDGEMENT_CHANGED,)),
    ("integrity status changed", "integrity statuses changed", (_KINDS.INTEGRITY_CHANGED,)),
    ("source added", "sources added", (_KINDS.SOURCE_ADDED,)),
    ("source removed", "sources removed", (_KINDS.SOURCE_REMOVED,)),
    ("source described anew", "sources described anew", (_KINDS.SOURCE_CHANGED,)),
    (
        "trial changed",
        "trials changed",
        (_KINDS.TRIAL_ADDED, _KINDS.TRIAL_REMOVED, _KINDS.TRIAL_CHANGED),
    ),
    (
        "trial arm changed",
        "trial arms changed",
        (_KINDS.ARM_ADDED, _KINDS.ARM_REMOVED, _KINDS.ARM_CHANGED),
    ),
    (
        "outcome described anew",
        "outcomes described anew",
        (_KINDS.OUTCOME_ADDED, _KINDS.OUTCOME_REMOVED, _KINDS.OUTCOME_CHANGED),
    ),
    (
        "context of a marker changed",
        "contexts of markers changed",
        (_KINDS.CONTEXT_ADDED, _KINDS.CONTEXT_REMOVED, _KINDS.CONTEXT_CHANGED),
    ),
    ("sentence reworded", "sentences reworded", (_KINDS.WORDING_CHANGED,)),
)


def counts_text(difference: Difference) -> str:
    """Count the changes in one or two sentences; says so when no finding changed.

    Returns
    -------
    str
        ``"1 finding added, 2 findings changed."`` or ``"No finding changed. 1 source added."``
    """
    parts = []
    for one, many, kinds in _ROWS:
        changes = difference.of_kind(*kinds)
        # A row that changed in three columns is one row; others are counted one by one.
        single = kinds[0] in (_KINDS.WORDING_CHANGED, _KINDS.JUDGEMENT_CHANGED)
        number = len(changes) if single else len({change.key for change in changes})
        if number:
            parts.append(f"{number} {one if number == 1 else many}")
    listed = f"{', '.join(parts)}." if parts else ""
    sentences = ["" if difference.finding_changed else NO_FINDING_CHANGED, listed]
    if difference.rechecked:
        sources = "source was" if difference.rechecked == 1 else "sources was"
        sentences.append(f"The integrity of {difference.rechecked} {sources} looked up again.")
    return " ".join(sentence for sentence in sentences if sentence)


def change_text(change: Change) -> str:
    """Tell one change: what it is about, and its value before and after."""
    if change.kind is ChangeKind.WORDING_CHANGED:
        return f"{change.name}: {_moved(change)}"
    what = f"{change.name} ({change.key})" if change.key != change.name else change.name
    if change.field:
        return f"{what}: {change.field.replace('_', ' ')} {_moved(change)}"
    if change.before and change.after:
        return f"{what}: {_moved(change)}"
    return f"{what}: {change.before or change.after}" if change.before or change.after else what


def difference_text(difference: Difference) -> str:
    """Write a difference for the terminal, changes under a line for each kind."""
    lines = [f"{difference.before} -> {difference.after}", counts_text(difference)]
    for kind, changes in _by_kind(difference.changes):
        lines += ["", f"{kind.value}:"]
        lines += [f"  {change_text(change)}" for change in changes]
    return "\n".join(lines)


def difference_markdown(difference: Difference, *, level: int = 3) -> str:
    """Write a difference as Markdown; text from the tables is escaped.

    Parameters
    ----------
    difference
        What changed.
    level
        Level of the headings.
    """
    lines = [f"Compared with {_escape(difference.before)}: {_escape(counts_text(difference))}"]
    for kind, changes in _by_kind(difference.changes):
        lines += ["", f"{'#' * level} {kind.value.capitalize()}", ""]
        lines += [f"- {_escape(change_text(change))}" for change in changes]
    return "\n".join(lines)


def _moved(change: Change) -> str:
    if change.kind is not ChangeKind.WORDING_CHANGED:
        values = (change.before or _BLANK, change.after or _BLANK)
        if change.field in ("direction", "integrity"):  # words of ours, not of a source
            values = (values[0].replace("_", " "), values[1].replace("_", " "))
        return f"{values[0]} → {values[1]}"
    if not change.before:
        return f"new: “{change.after}”"
    if not change.after:
        return f"dropped: “{change.before}”"
    before, after = _trimmed(change.before, change.after)
    return f"“{before}” → “{after}”"


def _trimmed(before: str, after: str) -> tuple[str, str]:
    """Leave out what two sentences begin and end with alike, but for a few words around."""
    old, new = before.split(" "), after.split(" ")
    shorter = min(len(old), len(new))
    first = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    last = next((n for n in range(shorter - first) if old[-n - 1] != new[-n - 1]), shorter - first)
    start, end = max(0, first - _AROUND), max(0, last - _AROUND)
    head, tail = "… " if start else "", " …" if end else ""
    parts = (" ".join(words[start : len(words) - end]) for words in (old, new))
    was, now = (f"{head}{part}{tail}" for part in parts)
    return was, now


def _by_kind(changes: Iterable[Change]) -> list[tuple[ChangeKind, list[Change]]]:
    kinds: dict[ChangeKind, list[Change]] = {}
    for change in changes:
        kinds.setdefault(change.kind, []).append(change)
    return list(kinds.items())


def _escape(text: str) -> str:
    return _MARKUP.sub(r"\\\1", text)
