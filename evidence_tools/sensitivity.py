"""An analysis and the same analysis without some studies: which pairs there are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from evidence_tools.evidence import Evidence
from evidence_tools.schema import Finding, Integrity, Source

SENSITIVITY = "sensitivity"


@dataclass(frozen=True, slots=True)
class SensitivityPair:
    """A primary analysis and its alternative.

    Attributes
    ----------
    primary
        The analysis as first reported.
    alternative
        The same outcome without some studies, or after a correction.
    """

    primary: Finding
    alternative: Finding

    @property
    def changes_significance(self) -> bool:
        """Whether only one of the two is called statistically significant."""
        return (
            self.primary.statistically_significant is not self.alternative.statistically_significant
        )


def corrections_of(evidence: Evidence, source: Source) -> tuple[Source, ...]:
    """Find the sources that correct a source that was adjusted later.

    Parameters
    ----------
    evidence
        Where the corrections are looked for.
    source
        Its note names its correction by identifier, as in ``see mott2019adj``.

    Returns
    -------
    tuple of Source
        Empty unless the integrity status of the source is ``adjusted``.
    """
    if source.integrity is not Integrity.ADJUSTED:
        return ()
    named = re.findall(r"[a-z0-9]+(?:-[a-z0-9]+)*", source.note)
    return tuple(evidence.sources[key] for key in named if key in evidence.sources)


def find_sensitivity_pairs(
    evidence: Evidence, findings: Iterable[Finding]
) -> tuple[SensitivityPair, ...]:
    """Pair each primary analysis with its sensitivity analyses and its corrections.

    Parameters
    ----------
    evidence
        The evidence the findings belong to.
    findings
        Findings to look through; both parts of a pair must be among them.

    Returns
    -------
    tuple of SensitivityPair
        In the order of the primary findings.
    """
    looked_at = tuple(findings)
    pairs = []
    for primary in looked_at:
        if primary.analysis != "primary":
            continue
        corrections = {s.source_id for s in corrections_of(evidence, evidence.source_of(primary))}
        for other in looked_at:
            same = other.source_id == primary.source_id and other.analysis == SENSITIVITY
            corrected = other.source_id in corrections and other.analysis == "primary"
            if other.outcome_id == primary.outcome_id and (same or corrected):
                pairs.append(SensitivityPair(primary, other))
    return tuple(pairs)
