"""What changed between two states of the evidence, computed row by row."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from evidence_tools.history.snapshot import Row, Rows, Snapshot


class ChangeKind(StrEnum):
    """What sort of change it is; the order is the order in which changes are told."""

    FINDING_ADDED = "finding added"
    FINDING_REMOVED = "finding removed"
    DIRECTION_CHANGED = "direction changed"
    FINDING_CHANGED = "finding changed"
    CERTAINTY_RAISED = "certainty raised"
    CERTAINTY_LOWERED = "certainty lowered"
    CERTAINTY_CHANGED = "certainty changed"
    JUDGEMENT_CHANGED = "judgement changed"
    INTEGRITY_CHANGED = "integrity changed"
    SOURCE_ADDED = "source added"
    SOURCE_REMOVED = "source removed"
    SOURCE_CHANGED = "source changed"
    TRIAL_ADDED = "trial added"
    TRIAL_REMOVED = "trial removed"
    TRIAL_CHANGED = "trial changed"
    ARM_ADDED = "trial arm added"
    ARM_REMOVED = "trial arm removed"
    ARM_CHANGED = "trial arm changed"
    OUTCOME_ADDED = "outcome added"
    OUTCOME_REMOVED = "outcome removed"
    OUTCOME_CHANGED = "outcome changed"
    CONTEXT_ADDED = "marker context added"
    CONTEXT_REMOVED = "marker context removed"
    CONTEXT_CHANGED = "marker context changed"
    WORDING_CHANGED = "wording changed"


ABOUT_FINDINGS = (
    ChangeKind.FINDING_ADDED,
    ChangeKind.FINDING_REMOVED,
    ChangeKind.DIRECTION_CHANGED,
    ChangeKind.FINDING_CHANGED,
)
NOT_RATED = "not rated"
_STATED = ("design", "n_studies", "n_participants", "population", "intervention", "read_at")
"""Columns of a source that pages state as facts; the others only say where to find it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    Attributes
    ----------
    kind
        What sort of change it is.
    key
        Identifier of the row, or topic of the sentence.
    name
        How people call it.
    field
        The column that changed; empty where the whole row or sentence did.
    before, after
        The two values as text; ``""`` means blank or not there.
    findings
        Identifiers of the findings whose claims it touches.
    sources
        Identifiers of the sources of which it changes what is stated, or how far they count.
    """

    kind: ChangeKind
    key: str
    name: str
    field: str = ""
    before: str = ""
    after: str = ""
    findings: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes between two states.

    Attributes
    ----------
    before, after
        Versions, or what else the states were read from.
    changes
        In the order of :class:`ChangeKind`, then of the tables.
    rechecked
        Number of sources whose integrity was looked up again.
    """

    before: str
    after: str
    changes: tuple[Change, ...]
    rechecked: int = 0

    def of_kind(self, *kinds: ChangeKind) -> tuple[Change, ...]:
        """Select changes of some kinds."""
        return tuple(change for change in self.changes if change.kind in kinds)

    @property
    def finding_changed(self) -> bool:
        """Whether any finding was added, removed or changed."""
        return bool(self.of_kind(*ABOUT_FINDINGS))

    @property
    def touched_findings(self) -> frozenset[str]:
        """Findings whose row, certainty or source's integrity changed; wording does not count."""
        claims = [c for c in self.changes if c.kind is not ChangeKind.WORDING_CHANGED]
        return frozenset(key for change in claims for key in change.findings)

    @property
    def touched_sources(self) -> frozenset[str]:
        """Sources whose integrity or stated facts changed, those of trials and arms included."""
        return frozenset(key for change in self.changes for key in change.sources)

    def to_json(self) -> dict[str, Any]:
        """Describe the difference as JSON data."""
        return {
            "before": self.before,
            "after": self.after,
            "finding_changed": self.finding_changed,
            "integrity_rechecked": self.rechecked,
            "changes": [asdict(change) for change in self.changes],
        }


def compare(before: Snapshot, after: Snapshot) -> Difference:
    """Compute what changed from one state to another.

    Parameters
    ----------
    before, after
        The two states.

    Returns
    -------
    Difference
    """
    changes = [
        *_findings(before, after),
        *_certainties(before, after),
        *_judgements(before, after),
        *_sources(before, after),
        *_described(before, after),
        *_wording(before, after),
    ]
    order = list(ChangeKind)
    changes.sort(key=lambda change: order.index(change.kind))
    rechecked = sum(
        row["integrity_checked"] > before.sources[key].get("integrity_checked", "")
        for key, row in after.sources.items()
        if key in before.sources
    )
    return Difference(before.version, after.version, tuple(changes), rechecked)


def _findings(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    for key, old, new in _pairs(before.findings, after.findings):
        name = _name(key, before, after)
        touched = (key,)
        if old is None and new is not None:
            said = _result(new)
            yield Change(ChangeKind.FINDING_ADDED, key, name, after=said, findings=touched)
        elif new is None and old is not None:
            said = _result(old)
            yield Change(ChangeKind.FINDING_REMOVED, key, name, before=said, findings=touched)
        elif old is not None and new is not None:
            for field, was, now in _fields(old, new):
                direction = field == "direction"
                kind = ChangeKind.DIRECTION_CHANGED if direction else ChangeKind.FINDING_CHANGED
                yield Change(kind, key, name, field, was, now, touched)


def _certainties(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    for key in _keys(before.certainties, after.certainties):
        was = before.certainties.get(key, NOT_RATED)
        now = after.certainties.get(key, NOT_RATED)
        if was == now:
            continue
        kind = ChangeKind.CERTAINTY_CHANGED
        old, new = _rank(was), _rank(now)
        if old is not None and new is not None and old != new:
            kind = ChangeKind.CERTAINTY_RAISED if new > old else ChangeKind.CERTAINTY_LOWERED
        touched = tuple(
            finding for finding, row in after.findings.items() if row["outcome_id"] == key
        )
        yield Change(kind, key, _name(key, before, after), "", was, now, touched)


def _judgements(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    """Find judgements on a domain that changed, whether or not the level did."""
    for key in _keys(before.certainties, after.certainties):
        old, new = _judged(before, key), _judged(after, key)
        for domain in old:
            if old[domain] != new.get(domain, old[domain]):
                kind, name = ChangeKind.JUDGEMENT_CHANGED, _name(key, before, after)
                yield Change(kind, key, name, domain, old[domain], new[domain])


def _judged(state: Snapshot, outcome: str) -> dict[str, str]:
    """Read domain and judgement back from the reasons of a rating."""
    reasons = state.sentences.get(f"certainty {outcome}", ())
    pairs = (reason.partition(".")[0].partition(": ") for reason in reasons)
    return {domain: judgement for domain, _, judgement in pairs}


def _reasons(sentences: tuple[str, ...]) -> tuple[str, ...]:
    """Leave the judgements out of the reasons of a rating."""
    parts = (sentence.partition(". ") for sentence in sentences)
    return tuple(f"{said.partition(':')[0]}: {reason}" for said, _, reason in parts)


def _rank(certainty: str) -> int | None:
    """Rank a rating by the level it names; ``"at most low"`` ranks with low."""
    for rank, level in enumerate(("very low", "low", "moderate", "high")):
        if certainty == level or certainty.endswith(f" {level}"):
            return rank
    return None


def _sources(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    for key, old, new in _pairs(before.sources, after.sources):
        name = _name(key, before, after)
        touched = tuple(
            finding for finding, row in after.findings.items() if row["source_id"] == key
        )
        if old is None:
            yield Change(ChangeKind.SOURCE_ADDED, key, name)
        elif new is None:
            yield Change(ChangeKind.SOURCE_REMOVED, key, name)
        else:
            for field, was, now in _fields(old, new):
                if field == "integrity":
                    kind = ChangeKind.INTEGRITY_CHANGED
                    yield Change(kind, key, name, field, was, now, touched, (key,))
                elif field != "integrity_checked":
                    stated = (key,) if field in _STATED else ()
                    yield Change(ChangeKind.SOURCE_CHANGED, key, name, field, was, now, (), stated)


_DESCRIBED = (
    ("trials", ChangeKind.TRIAL_ADDED, ChangeKind.TRIAL_REMOVED, ChangeKind.TRIAL_CHANGED),
    ("arms", ChangeKind.ARM_ADDED, ChangeKind.ARM_REMOVED, ChangeKind.ARM_CHANGED),
    ("outcomes", ChangeKind.OUTCOME_ADDED, ChangeKind.OUTCOME_REMOVED, ChangeKind.OUTCOME_CHANGED),
    ("context", ChangeKind.CONTEXT_ADDED, ChangeKind.CONTEXT_REMOVED, ChangeKind.CONTEXT_CHANGED),
)
"""The tables beside findings and sources, and how their rows come, go and change."""


def _described(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    for table, added, removed, changed in _DESCRIBED:
        for key, old, new in _pairs(getattr(before, table), getattr(after, table)):
            name = _name(key, before, after)
            named = (new or old or {}).get("source_id")
            sources = (named,) if named else ()
            if old is None:
                yield Change(added, key, name, sources=sources)
            elif new is None:
                yield Change(removed, key, name, sources=sources)
            else:
                for field, was, now in _fields(old, new):
                    yield Change(changed, key, name, field, was, now, (), sources)


def _wording(before: Snapshot, after: Snapshot) -> Iterator[Change]:
    for topic in _keys(before.sentences, after.sentences):
        kind, _, key = topic.partition(" ")
        # Sentences that came or went with their finding are told there.
        if kind == "finding" and (key not in before.findings or key not in after.findings):
            continue
        named = kind in ("finding", "certainty")
        name = _name(key, before, after) if named else topic
        old, new = before.sentences.get(topic, ()), after.sentences.get(topic, ())
        if kind == "certainty":  # a changed judgement is told as such; here it is about the reason
            old, new = _reasons(old), _reasons(new)
        for was, now in _replaced(old, new):
            findings = (key,) if kind == "finding" else ()
            yield Change(ChangeKind.WORDING_CHANGED, topic, name, "", was, now, findings)


def _replaced(old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Pair sentences that were replaced; one that was only added or dropped has no partner."""
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag == "equal":
            continue
        gone, come = old[a1:a2], new[b1:b2]
        for index in range(max(len(gone), len(come))):
            yield (
                gone[index] if index < len(gone) else "",
                come[index] if index < len(come) else "",
            )


def _result(row: Row) -> str:
    return row["as_printed"] or row["direction"].replace("_", " ")


def _name(key: str, before: Snapshot, after: Snapshot) -> str:
    return after.names.get(key) or before.names.get(key) or key


def _keys(old: Any, new: Any) -> list[str]:
    return [*new, *(key for key in old if key not in new)]


def _pairs(old: Rows, new: Rows) -> Iterator[tuple[str, Row | None, Row | None]]:
    for key in _keys(old, new):
        yield key, old.get(key), new.get(key)


def _fields(old: Row, new: Row) -> Iterator[tuple[str, str, str]]:
    """Compare two rows field by field; a column that one of them lacks counts as blank."""
    for field in _keys(old, new):
        was, now = old.get(field, ""), new.get(field, "")
        if was != now:
            yield field, was, now
