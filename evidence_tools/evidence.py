"""The evidence: the only reader of the tables in ``data/``."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from evidence_tools.certainty import Domain, DomainJudgement, Judgement, Rating, rate
from evidence_tools.links import split_list
from evidence_tools.schema import (
    Direction,
    EffectMeasure,
    EvidenceError,
    Finding,
    Integrity,
    MarkerContext,
    Outcome,
    OutcomeKind,
    PValue,
    Significance,
    Source,
    Trial,
    TrialArm,
    UnknownKeyError,
)

T = TypeVar("T")


@dataclass(frozen=True)
class Evidence:
    """Everything that is known to the report; read-only.

    Attributes
    ----------
    folder
        The data folder it was read from.
    sources, outcomes, findings_by_id, trials, arms, context
        Read-only mappings from identifier to row, in the order of the tables.
    ratings
        Certainty of each outcome that has declared judgements, by its identifier.
    """

    folder: Path
    sources: Mapping[str, Source]
    outcomes: Mapping[str, Outcome]
    findings_by_id: Mapping[str, Finding]
    trials: Mapping[str, Trial]
    arms: Mapping[str, TrialArm]
    context: Mapping[str, MarkerContext]
    ratings: Mapping[str, Rating]
    _findings: tuple[Finding, ...] = field(repr=False, default=())

    def __getstate__(self) -> dict[str, Any]:
        """Give what a pickle can hold: a read-only view of a mapping is none of it."""
        return {
            name: dict(value) if isinstance(value, MappingProxyType) else value
            for name, value in vars(self).items()
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take what a pickle held, read-only again."""
        for name, value in state.items():
            value = _frozen(value) if isinstance(value, dict) else value
            object.__setattr__(self, name, value)

    def source(self, source_id: str) -> Source:
        """Get one source by its identifier.

        Raises
        ------
        UnknownKeyError
            If there is no such source; the message names the nearest ones.
        """
        return _lookup(self.sources, source_id, "source")

    def outcome(self, outcome_id: str) -> Outcome:
        """Get one outcome by its identifier.

        Raises
        ------
        UnknownKeyError
            If there is no such outcome.
        """
        return _lookup(self.outcomes, outcome_id, "outcome")

    def finding(self, finding_id: str) -> Finding:
        """Get one finding by its identifier, such as ``"zhang2025-oc"``.

        Raises
        ------
        UnknownKeyError
            If there is no such finding.
        """
        return _lookup(self.findings_by_id, finding_id, "finding")

    def certainty(self, outcome_id: str) -> Rating | None:
        """Get the certainty of the evidence on one outcome.

        Returns
        -------
        Rating or None
            ``None`` when nobody declared judgements on the outcome: it is not rated.

        Raises
        ------
        UnknownKeyError
            If there is no such outcome.
        """
        return self.ratings.get(self.outcome(outcome_id).outcome_id)

    def findings(
        self,
        source: str | Iterable[str] | None = None,
        outcome: str | Iterable[str] | None = None,
        kind: str | None = None,
        struck: bool | None = None,
    ) -> tuple[Finding, ...]:
        """Select findings by source and outcome, in the order of the table.

        Parameters
        ----------
        source, outcome
            One identifier or several; ``None`` means any.
        kind
            Kind of outcome, such as ``"fracture"``; ``None`` means any.
        struck
            Only findings that are struck out (true), or none of them (false), by the
            integrity status of their source; ``None`` means any.

        Returns
        -------
        tuple of Finding
            Findings that match all; none is dropped for lacking an estimate.

        Raises
        ------
        UnknownKeyError
            If an identifier names no source or outcome: a typing error must not
            look like missing evidence.
        ValueError
            If there is no such kind of outcome.
        """
        sources = _wanted(source, self.source)
        outcomes = _wanted(outcome, self.outcome)
        wanted_kind = None if kind is None else OutcomeKind(kind)
        return tuple(
            finding
            for finding in self._findings
            if (sources is None or finding.source_id in sources)
            and (outcomes is None or finding.outcome_id in outcomes)
            and (wanted_kind is None or self.outcomes[finding.outcome_id].kind is wanted_kind)
            and (struck is None or self.source_of(finding).integrity.strikes_out is struck)
        )

    def source_of(self, item: Finding | Trial | TrialArm) -> Source:
        """Get the source that reports a finding, a trial or a trial arm."""
        return self.sources[item.source_id]

    def outcome_of(self, item: Finding | TrialArm | MarkerContext) -> Outcome:
        """Get the outcome that a finding, an arm or a context row is about."""
        return self.outcomes[item.outcome_id]


def load_evidence(path: str | Path = "../data") -> Evidence:
    """Read and check the evidence tables.

    Parameters
    ----------
    path
        The folder with ``datapackage.json`` and its tables. The default fits a chapter,
        whose working folder is ``chapters/``.

    Returns
    -------
    Evidence
        Frozen; numbers keep the digits of the table.

    Raises
    ------
    EvidenceError
        If any table is missing, unreadable or breaks a rule. It lists every problem found,
        each with file, line, column, the value found and what is allowed.
    """
    folder = Path(path)
    content = _content(folder)
    if content not in _CHECKED:
        _CHECKED.clear()
        _CHECKED[content] = _load(folder)
    return replace(_CHECKED[content], folder=folder)


# What was read and found valid, by the content of its folder: a kernel that is forked from a
# process which has read the tables finds them here.
_CHECKED: dict[str, Evidence] = {}


def _content(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file():
            digest.update(f"{path.relative_to(folder)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _load(folder: Path) -> Evidence:
    from evidence_tools.validation import validate_tables  # needs Frictionless: heavy

    problems, rows = validate_tables(folder)
    if problems:
        raise EvidenceError(problems)
    findings = {row["finding_id"]: _finding(row) for row in rows["findings"]}
    return Evidence(
        folder=folder,
        sources=_frozen({row["source_id"]: _source(row) for row in rows["sources"]}),
        outcomes=_frozen({row["outcome_id"]: _outcome(row) for row in rows["outcomes"]}),
        findings_by_id=_frozen(findings),
        trials=_frozen({row["source_id"]: Trial(**_texts(row)) for row in rows["trials"]}),
        arms=_frozen({row["arm_id"]: TrialArm(**_texts(row)) for row in rows["trial-arms"]}),
        context=_frozen(
            {row["context_id"]: MarkerContext(**_texts(row)) for row in rows["marker-context"]}
        ),
        ratings=_frozen(_ratings(rows["certainty"])),
        _findings=tuple(findings.values()),
    )


def _lookup(mapping: Mapping[str, T], key: str, kind: str) -> T:
    try:
        return mapping[key]
    except KeyError:
        nearest = difflib.get_close_matches(key, mapping, n=3, cutoff=0.4)
        hint = f"; nearest: {', '.join(nearest)}" if nearest else ""
        raise UnknownKeyError(f"there is no {kind} {key!r}{hint}") from None


def _wanted(keys: str | Iterable[str] | None, known: Any) -> frozenset[str] | None:
    if keys is None:
        return None
    wanted = frozenset([keys] if isinstance(keys, str) else keys)
    for key in sorted(wanted):
        known(key)
    return wanted


def _frozen(mapping: dict[str, T]) -> Mapping[str, T]:
    return MappingProxyType(mapping)


# Columns where a blank cell means "not reported" and must stay None; a blank text is "".
_OPTIONAL = {
    "year",
    "n_studies",
    "n_participants",
    "k_studies",
    "effect_measure",
    "estimate",
    "ci_lower",
    "ci_upper",
    "ci_level",
    "p_value",
    "n",
    "dispersion",
    "dose",
    "duration",
    "completed",
}


def _texts(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: "" if value is None and name not in _OPTIONAL else value
        for name, value in row.items()
    }


def _source(row: dict[str, Any]) -> Source:
    values = _texts(row)
    values["authors"] = split_list(values["authors"])
    values["integrity"] = Integrity(values["integrity"])
    return Source(**values)


def _outcome(row: dict[str, Any]) -> Outcome:
    values = _texts(row)
    values["kind"] = OutcomeKind(values["kind"])
    values["references"] = split_list(values["references"])
    return Outcome(**values)


def _finding(row: dict[str, Any]) -> Finding:
    values = _texts(row)
    measure, p_text = values["effect_measure"], values["p_value"]
    values["effect_measure"] = EffectMeasure(measure) if measure else None
    if p_text:
        relation = "<" if p_text.startswith("<") else "="
        values["p_value"] = PValue(relation, Decimal(p_text.lstrip("<")))
    values["direction"] = Direction(values["direction"])
    values["statistically_significant"] = Significance(values["statistically_significant"])
    return Finding(**values)


def _ratings(rows: list[dict[str, Any]]) -> dict[str, Rating]:
    judged: dict[str, list[DomainJudgement]] = {}
    for row in rows:
        judgement = DomainJudgement(
            row["outcome_id"],
            Domain(row["domain"]),
            Judgement(row["judgement"]),
            row["rationale"],
            split_list(row["finding_ids"]),
            split_list(row["source_ids"]),
        )
        judged.setdefault(judgement.outcome_id, []).append(judgement)
    return {outcome: rate(judgements) for outcome, judgements in judged.items()}
