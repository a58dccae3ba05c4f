"""What findings can be sorted into: who was studied, which vitamin K, what kind of source.

Groups follow from the words of the tables alone. What the words do not say is a group of its
own, so that filtering never hides that it is not known.
"""

from __future__ import annotations

from evidence_tools.evidence import Evidence
from evidence_tools.schema import NOT_REPORTED, Finding, Source

FACETS = ("Population", "Form of vitamin K", "Evidence level", "Known concerns")
"""Headings of the facets, in the order in which a reader is offered them."""


def finding_facets(evidence: Evidence, finding: Finding) -> dict[str, str]:
    """Sort a finding by its source.

    Parameters
    ----------
    evidence
        The evidence the finding belongs to.
    finding
        The finding.

    Returns
    -------
    dict
        One group for each of :data:`FACETS`.
    """
    source = evidence.source_of(finding)
    groups = (
        population_group(source),
        form_group(source),
        f"level {source.evidence_level}",
        source.integrity.label,
    )
    return dict(zip(FACETS, groups, strict=True))


def population_group(source: Source) -> str:
    """Say who was studied: with osteoporosis, after the menopause, others, or not reported."""
    words = source.population
    if not words or words == "not applicable":
        return NOT_REPORTED
    if "women with osteoporosis" in words:
        return "women with osteoporosis"
    if "postmenopausal women" in words or "after menopause" in words:
        return "other women after the menopause"
    return "other people"


def form_group(source: Source) -> str:
    """Say which vitamin K was given: MK-4, MK-7, K2 without its form, or K in general."""
    words = source.intervention
    for form in ("MK-4", "MK-7"):
        if form in words:
            return form
    if "vitamin K2" in words:
        return "K2, form not stated"
    return "vitamin K in general" if "vitamin K" in words else NOT_REPORTED
