"""A forest plot and its twin without what is flagged, for readers to switch between."""

from __future__ import annotations

from collections.abc import Iterable

from evidence_tools.display import Variants
from evidence_tools.evidence import Evidence
from evidence_tools.plots import forest_plot
from evidence_tools.schema import Finding
from evidence_tools.sensitivity import find_sensitivity_pairs


def sensitivity_plot(
    evidence: Evidence,
    findings: Iterable[Finding],
    *,
    name: str,
    caption: str,
    kept_name: str,
    kept_caption: str,
) -> Variants:
    """Draw all findings, and the same without flagged studies.

    Parameters
    ----------
    evidence
        The evidence the findings belong to.
    findings
        What :func:`evidence_tools.forest_plot` takes.
    name
        Label of the first figure, such as ``fig-fractures``.
    kept_name
        Label of the other figure.
    caption, kept_caption
        The question each figure answers.

    Returns
    -------
    Variants
        A browser shows one figure at a time; print shows both.

    Raises
    ------
    ValueError
        If the findings share no scale, or nothing is left to draw.
    """
    everything = tuple(findings)
    kept = without_flagged(evidence, everything)
    return Variants(
        name=f"{name}-studies",
        question="Which studies?",
        choices=("all studies", "without flagged studies"),
        figures=(
            forest_plot(evidence, everything, name=name, caption=caption),
            forest_plot(evidence, kept, name=kept_name, caption=kept_caption),
        ),
    )


def without_flagged(evidence: Evidence, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Leave out what is struck out, and what was analysed again without a study.

    Parameters
    ----------
    evidence
        The evidence the findings belong to.
    findings
        Findings to look through; an analysis goes only when its alternative is among them.

    Returns
    -------
    tuple of Finding
        The others, in the same order.
    """
    looked_at = tuple(findings)
    replaced = {pair.primary.finding_id for pair in find_sensitivity_pairs(evidence, looked_at)}
    return tuple(
        finding
        for finding in looked_at
        if finding.finding_id not in replaced
        and not evidence.source_of(finding).integrity.strikes_out
    )
