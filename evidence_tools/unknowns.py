"""What some results leave open, as far as their rows show it: units, sizes, estimates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evidence_tools.display import Prose, Runs, runs
from evidence_tools.evidence import Evidence
from evidence_tools.phrases import finding_run
from evidence_tools.schema import Finding


def narrate_unknowns(evidence: Evidence, findings: Iterable[Finding]) -> Prose:
    """Say which units, sizes and estimates of some results are not known.

    Parameters
    ----------
    evidence
        The evidence the findings belong to.
    findings
        The results, each of another outcome; what is known of all of them is not mentioned.

    Returns
    -------
    Prose
        A list with one item for each sort of gap, which names the outcomes it holds for.
    """
    looked_at = tuple(findings)
    no_unit = [f for f in looked_at if f.estimate is not None and not f.unit_reported]
    no_size = [f for f in looked_at if f.k_studies is None and f.n_participants is None]
    no_estimate = [f for f in looked_at if f.estimate is None]
    items: list[Runs] = []
    if no_unit:
        names = _names(evidence, no_unit)
        items.append(
            runs("The units of ", names, ", and so whether the changes are large or small.")
        )
    if no_size:
        names = _names(evidence, no_size)
        items.append(runs("How many trials, and how many people, stand behind ", names, "."))
    if no_estimate:
        names = _names(evidence, no_estimate)
        items.append(runs("An estimate for ", names, ": none stands where the source was read."))
    return Prose(tuple(items), as_list=True)


def _names(evidence: Evidence, findings: Sequence[Finding]) -> Runs:
    parts: list[Runs] = []
    for index, finding in enumerate(findings):
        outcome = evidence.outcome_of(finding)
        mark = "" if not index else " and " if index == len(findings) - 1 else ", "
        name = outcome.abbreviation or outcome.in_text
        parts.append(runs(mark, finding_run(evidence, finding, name)))
    return runs(*parts)
