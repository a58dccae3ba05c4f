"""How the sources become what is counted: who leaves at which step, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pandas as pd

from evidence_tools.evidence.model import Evidence
from evidence_tools.evidence.selection import Selection, pick
from evidence_tools.show.display import Figure, Text
from evidence_tools.show.lanes import Axis, Lane, draw_lanes
from evidence_tools.show.marks import PALETTE, rule
from evidence_tools.show.words import count_text, design_text, listed, sentence_case

_FLAGS = {
    "struck out": "struck out (retracted, or under a published caution)",
    "set aside": "set aside (contradict their own source)",
    "superseded": "replaced by a correction",
}


def sources_plot(
    selection: Selection, *, name: str | None = None, caption: Text | None = None
) -> Figure:
    """Draw how many sources and results are left at each step, and why others are not.

    Parameters
    ----------
    selection
        Sources.
    name, caption
        Label for cross-references, and the question that the figure answers.

    Examples
    --------
    >>> evidence = load_evidence("tests/topic")
    >>> sources_plot(evidence.sources).name
    'fig-sources'
    """
    evidence, sources = pick(selection, "sources")
    findings = evidence.findings
    findings = findings[findings["source_id"].isin([source.source_id for source in sources])]
    asked = findings[findings["standing"] != "context"]
    counted = findings[findings["standing"] == "counted"]
    silent = {source.source_id for source in sources} - set(findings["source_id"])
    flags = asked["standing"].value_counts()
    flagged = [f"{count_text(flags[key])} {said}" for key, said in _FLAGS.items() if key in flags]
    steps = {
        count_text(len(sources), "source"): "",
        _kept(findings): f"No result here: {count_text(len(silent), 'source')}"
        f"{_designs(evidence, silent)}",
        f"{_kept(asked)} on the forms and people of the question":
        f"Context: {_left(findings, asked, 'on other forms or people or within one arm')}",
        f"Counted: {_kept(counted)}{_designs(evidence, counted['source_id'].unique())}":
        f"Not relied on: {_left(asked, counted, listed(flagged))}",
    }  # fmt: skip
    numbers = [len(sources), *(f["source_id"].nunique() for f in (findings, asked, counted))]
    lanes = []
    for number, (kept, gone) in zip(numbers, steps.items(), strict=True):
        says = ". ".join(filter(None, [gone, sentence_case(kept)])) + "."
        bar = rule(0, x2=number, on_axis=True, colour=PALETTE[0], width=12, says=says)
        lanes.append(Lane(sentence_case(kept), says, [bar], gone))
    axis = Axis(0, len(sources), title=["sources"])
    usual = "How do the sources of this report become the results that are counted?"
    return draw_lanes(lanes, axis, ("fig-sources", usual, name, caption))


def _kept(findings: pd.DataFrame) -> str:
    sources = count_text(findings["source_id"].nunique(), "source")
    return f"{sources} with {count_text(len(findings), 'result')}"


def _left(before: pd.DataFrame, after: pd.DataFrame, why: str) -> str:
    """Say how many results have gone, and how many sources have none left."""
    sources = count_text(before["source_id"].nunique() - after["source_id"].nunique(), "source")
    results = ", ".join(filter(None, [count_text(len(before) - len(after), "result"), why]))
    return f"{results}. {sentence_case(sources)} with no other result"


def _designs(evidence: Evidence, source_ids: Iterable[str]) -> str:
    """Count kinds of publications, most frequent first."""
    counts = Counter(design_text(evidence.source(key).design) for key in sorted(source_ids))
    said = ", ".join(f"{name}\N{NO-BREAK SPACE}{number}" for name, number in counts.most_common())
    return f" ({said})" if said else ""
