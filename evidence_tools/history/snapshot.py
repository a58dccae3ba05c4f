"""What a version of the report says: its findings, judgements and sentences, as one file."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

from evidence_tools.display import Prose, plain
from evidence_tools.evidence import Evidence
from evidence_tools.limitations import find_limitations
from evidence_tools.narrate import narrate_finding
from evidence_tools.storage import HistoryError, seal, unseal

FORMAT = 1
"""Format of snapshot files; a change that an older reader would misread raises it."""

Row = Mapping[str, str]
Rows = Mapping[str, Row]

VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


@dataclass(frozen=True)
class Snapshot:
    """One state of the evidence and of the words about it.

    Attributes
    ----------
    version
        Version of a release; for other states what they were read from.
    day
        Day of the release, or ``None`` for a state that is not released.
    findings, sources, trials, arms, outcomes, context
        Identifier to row; each cell as text, a blank one as ``""``.
    certainties
        Outcome to its rated certainty in words; outcomes without a rating are not there.
    names
        Identifier of a row to how people call it; a trial is called as its source.
    sentences
        Topic to its sentences: ``finding zhang2025-oc``, ``certainty oc``,
        ``limitation surrogate``, ``page answer``.
    """

    version: str
    day: date | None
    findings: Rows
    sources: Rows
    trials: Rows
    arms: Rows
    outcomes: Rows
    context: Rows
    certainties: Mapping[str, str]
    names: Mapping[str, str]
    sentences: Mapping[str, tuple[str, ...]]


def take_snapshot(
    evidence: Evidence, *, version: str, day: date | None = None, chapters: Path | None = None
) -> Snapshot:
    """Take down what the evidence and the chapters say now.

    Parameters
    ----------
    evidence
        The evidence.
    version, day
        Version and day of the release; see :class:`Snapshot`.
    chapters
        Folder of the chapters whose prose is taken down too.

    Returns
    -------
    Snapshot
    """
    names = {key: source.short_name for key, source in evidence.sources.items()}
    names |= {key: outcome.label for key, outcome in evidence.outcomes.items()}
    for key, finding in evidence.findings_by_id.items():
        outcome, source = evidence.outcome_of(finding), evidence.source_of(finding)
        names[key] = f"{outcome.label}, {source.short_name}"
    for key, arm in evidence.arms.items():
        names[key] = f"{arm.arm} at {arm.timepoint}, {evidence.source_of(arm).short_name}"
    for key, row in evidence.context.items():
        names[key] = f"{evidence.outcome_of(row).label}, {row.quantity}"
    findings = evidence.findings()
    sentences: dict[str, tuple[str, ...]] = {
        f"finding {finding.finding_id}": _lines(narrate_finding(evidence, finding))
        for finding in findings
    }
    for limitation in find_limitations(evidence, findings):
        held = (f"Holds for {finding.finding_id}." for finding in limitation.findings)
        sentences[f"limitation {limitation.rule_id}"] = (limitation.sentence, *held)
    sentences |= _judgements(evidence)
    for path in sorted(chapters.glob("*.md")) if chapters else ():
        sentences[f"page {path.stem}"] = tuple(prose_lines(path.read_text(encoding="utf-8")))
    return Snapshot(
        version=version,
        day=day,
        findings=_rows(evidence.findings_by_id),
        sources=_rows(evidence.sources),
        trials=_rows(evidence.trials),
        arms=_rows(evidence.arms),
        outcomes=_rows(evidence.outcomes),
        context=_rows(evidence.context),
        certainties=_certainties(evidence),
        names=names,
        sentences=sentences,
    )


def snapshot_bytes(snapshot: Snapshot) -> bytes:
    """Write a snapshot as the bytes of its file."""
    content = dataclasses.asdict(snapshot)
    content["day"] = snapshot.day.isoformat() if snapshot.day else ""
    return seal("snapshot", FORMAT, content)


def read_snapshot(text: bytes, name: str) -> Snapshot:
    """Read a snapshot back.

    Parameters
    ----------
    text
        The file's bytes.
    name
        How to call the file in messages.

    Raises
    ------
    HistoryError
        If it is damaged, truncated, changed since it was written, or of a newer format.
    """
    content = unseal(text, "snapshot", FORMAT, name)
    try:
        return Snapshot(
            version=str(content["version"]),
            day=date.fromisoformat(content["day"]) if content["day"] else None,
            findings=content["findings"],
            sources=content["sources"],
            trials=content["trials"],
            arms=content["arms"],
            outcomes=content["outcomes"],
            context=content["context"],
            certainties=content["certainties"],
            names=content["names"],
            sentences={topic: tuple(lines) for topic, lines in content["sentences"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise HistoryError(f"{name}: the snapshot lacks a part ({error!r})") from None


def prose_lines(text: str) -> Iterable[str]:
    """Read the prose of a chapter: no front matter, code or comment, one sentence per line.

    Parameters
    ----------
    text
        A MyST page. Roles stay as they are written: a changed number is a changed finding.
    """
    lines = text.splitlines()
    if lines and lines[0] == "---":
        lines = lines[lines.index("---", 1) + 1 :] if "---" in lines[1:] else []
    fence = ""
    for line in lines:
        if fence:
            fence = "" if line.strip() == fence else fence
        elif line.startswith("```{code-cell}"):
            fence = "```"
        elif line.strip() and not line.lstrip().startswith(("```", ":::", "(", "%")):
            yield line.strip()


def _lines(prose: Prose) -> tuple[str, ...]:
    return tuple(plain(paragraph) for paragraph in prose.paragraphs)


def _rows(table: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    return {
        key: {field.name: _text(getattr(row, field.name)) for field in dataclasses.fields(row)}
        for key, row in table.items()
    }


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "; ".join(map(str, value))
    return str(value)


def _certainties(evidence: Evidence) -> dict[str, str]:
    ratings = {outcome_id: evidence.certainty(outcome_id) for outcome_id in evidence.outcomes}
    return {key: str(rating) for key, rating in ratings.items() if rating is not None}


def _judgements(evidence: Evidence) -> dict[str, tuple[str, ...]]:
    """Write down the reasons of each rating, one sentence per domain."""
    reasons = {}
    for outcome_id in evidence.outcomes:
        rating = evidence.certainty(outcome_id)
        reasons[f"certainty {outcome_id}"] = tuple(
            f"{item.domain.replace('_', ' ')}: {item.judgement}. {item.rationale}"
            for item in (rating.judgements if rating else ())
        )
    return reasons
