"""Sources as references, and words that cite them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from evidence_tools.evidence.frames import split_list
from evidence_tools.evidence.model import Evidence
from evidence_tools.evidence.selection import Selection, pick
from evidence_tools.show.display import Prose, Run, Runs, runs
from evidence_tools.show.words import source_name, source_run


def references_list(selection: Selection) -> Prose:
    """List sources as references, each with its address and with what is known against it.

    Rows of another table stand for the sources that they are from.

    >>> print(references_list(["moss2021"]))
    - Moss 2021. Moss M, Heath N. Amber light for shift workers? Invented Reviews 3, 2021. \
doi.org/10.9999/moss.2021
    """
    if isinstance(selection, pd.DataFrame) and selection.index.name != "source_id":
        selection = list(selection["source_id"].dropna())
    _, sources = pick(selection, "sources")
    return Prose(tuple(map(reference_runs, sources)), as_list=True)


def reference_runs(source: Any) -> Runs:
    """Write a source as a reference; what is not known is left out, except an address."""
    names = split_list(source.authors)
    authors = (", ".join(names[:6]) + (" et al" if len(names) > 6 else "")).removesuffix(".")
    place = ", ".join(str(part) for part in (source.journal, source.year) if part)
    pmid = getattr(source, "pmid", None)
    indexed = f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid else ""
    link = f"https://doi.org/{source.doi}" if source.doi else source.url or indexed
    return runs(
        source_run(source),
        f". {authors}. " if authors else ". ",
        Run(source.title, style="emphasis"),
        " " if source.title.endswith(("?", "!", ".")) else ". ",
        f"{place}. " if place else "",
        Run(link.removeprefix("https://"), link=link) if link else "No address known.",
    )


def note_runs(sources: Mapping[str, Any], note: str) -> Runs:
    """Write a note of a table, with the identifiers of sources in it turned into their names."""
    known = "|".join(map(re.escape, sorted(sources, key=len, reverse=True)))
    parts = re.split(rf"(?<![\w-])({known})(?![\w-])", note) if known else [note]
    return runs(*(source_run(sources[part]) if part in sources else part for part in parts))


def noted_runs(evidence: Evidence, row: Any) -> Runs:
    """Write the note of a row as a sentence of its own, if there is one."""
    return runs(" Note: ", note_runs(evidence.rows("sources"), row.note), ".") if row.note else ()


def cited_runs(evidence: Evidence, keys: Iterable[str]) -> Runs:
    """Cite sources of the evidence and entries of ``references.bib`` side by side."""
    sources = evidence.rows("sources")
    cited = [source_run(sources[key]) if key in sources else Run(key, cite=key) for key in keys]
    return runs(*(runs("; " if index else "", run) for index, run in enumerate(cited)))


def concerns_once(evidence: Evidence, paragraph: Runs) -> Runs:
    """Say what is known against a source beside its first mention in a paragraph only."""
    sources, findings = evidence.rows("sources"), evidence.rows("findings")
    said: set[str] = set()
    kept = []
    for run in paragraph:
        key = findings[run.finding_id].source_id if run.finding_id else run.source_id
        name = source_name(sources[key]) if key else ""
        if name in said:
            run = replace(run, text=run.text.replace(name, sources[key].short_name))
        elif name and name in run.text:
            said.add(name)
        kept.append(run)
    return tuple(kept)
