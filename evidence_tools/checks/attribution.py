"""Who a sentence says it from: the findings and sources it cites, by role or by name."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from evidence_tools.checks.book import Book
from evidence_tools.checks.cells import cell_tree
from evidence_tools.checks.passages import Page
from evidence_tools.checks.sentences import Sentence
from evidence_tools.evidence import Evidence
from evidence_tools.schema import Finding, Integrity, Source

_CENTRAL = re.compile(
    r"\b(?:(?:central|main) (?:source|review|meta-analysis|abstract)|(?:its|the) abstract|(?:the|this|its|these) authors?)\b",
    re.I,
)
_REPORTING = re.compile(
    r"\b(?:reports?|reported|reporting|states?|stated|describes?|described|calls?|called|finds?|found|prints?|printed"
    r"|gives?|gave|concludes?|concluded|lists?|quotes?|saw|sees|observed|records?|recorded|measured|notes?|noted|names?|writes?|according to"
    r"|say|says|said)\b|^(?:In|For|At|Among|Across|With) |\bin (?:the )?(?:trials?|reviews?|abstract|pooled)\b|\btrials? (?:of|that|in)\b",
    re.I,
)
_VAGUE = re.compile(
    r"\b(?:other|others|some|another|several|a few|certain|a) (?:\w+ ){0,3}?(?:sources?|trials?|reviews?|stud(?:y|ies)|meta-analys[ei]s)\b"
    r"|\bothers?\b|\bone (?:\w+ ){0,2}(?:trial|review|study|source)\b|\bthe (?:\w+ ){0,4}?(?:trials?|reviews?|stud(?:y|ies))\b"
    r"|\b(?:trials?|reviews?) (?:that|which|in|of|with)\b|\bsources (?:disagree|differ|do not)|\bin (?:this|that|the) (?:pooled|trial|review|study|sensitivity|analysis)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Attribution:
    """What a sentence cites.

    Attributes
    ----------
    findings
        Findings cited by role.
    sources
        Sources cited by role, by a finding, or by name.
    named
        Sources whose name is typed, with where it stands.
    vague
        Whether it cites without saying whom: "one trial", "other reviews".
    reporting
        Whether a verb of reporting, or a phrase such as "in the trial", hands the claim on.
    """

    findings: tuple[Finding, ...]
    sources: tuple[Source, ...]
    named: tuple[tuple[Source, int], ...]
    vague: bool
    reporting: bool

    @property
    def given(self) -> bool:
        """Whether anything at all is cited."""
        return bool(self.findings or self.sources or self.vague)


def attribution(book: Book, sentence: Sentence, central: str) -> Attribution:
    """Find what a sentence cites.

    Parameters
    ----------
    book
        The book.
    sentence
        The sentence.
    central
        Identifier of the source that "the central source" means, or empty.
    """
    kept = book.citations.get(id(sentence))
    if not isinstance(kept, Attribution):
        kept = book.citations[id(sentence)] = _read(book.evidence, sentence, central)
    return kept


def _read(evidence: Evidence, sentence: Sentence, central: str) -> Attribution:
    findings = tuple(
        evidence.findings_by_id[key]
        for key in sentence.keys("finding")
        if key in evidence.findings_by_id
    )
    ids = [key for key in sentence.keys("source") if key in evidence.sources]
    ids += [finding.source_id for finding in findings]
    named = []
    for source in evidence.sources.values():
        for name in source_aliases(source):
            if (at := sentence.text.find(name)) >= 0:
                named.append((source, at))
                break
    named = _longest(named)
    ids += [source.source_id for source, _ in named]
    if central and _CENTRAL.search(sentence.text):
        ids.append(central)
    sources = tuple(evidence.sources[key] for key in dict.fromkeys(ids))
    text = sentence.text
    return Attribution(
        findings, sources, tuple(named), bool(_VAGUE.search(text)), bool(_REPORTING.search(text))
    )


_OF_A_SOURCE = (
    "review", "meta-analysis", "trial", "study", "analysis", "paper", "group", "team", "data", "results",
    "figures", "found", "report", "show", "saw", "conclude", "pooled", "wrote", "observed",
)  # fmt: skip


@lru_cache(maxsize=512)
def source_aliases(source: Source) -> tuple[str, ...]:
    """List the ways a source is named in running text: "Mott 2019", "Mott et al. 2019"."""
    name = source.short_name
    match = re.fullmatch(r"(.+) (\d{4})", name)
    if match is None:
        return (name,) if len(name) > 5 else ()
    who, year = match.groups()
    names = (name, f"{who} ({year})", f"{who} et al. {year}", f"{who} et al. ({year})",
             f"{who} and colleagues", f"{who} et al")  # fmt: skip
    if source.integrity is Integrity.NONE_KNOWN:
        return names
    # Without its year a name may mean several sources; one with a doubt must never lose it.
    return (*names, f"{who}'s", *(f"{who} {noun}" for noun in _OF_A_SOURCE))


def _longest(named: list[tuple[Source, int]]) -> list[tuple[Source, int]]:
    """Drop "Mott 2019" where "Mott 2019, adjusted" is named at the same place."""
    best: dict[int, Source] = {}
    for source, at in named:
        if at not in best or len(source.short_name) > len(best[at].short_name):
            best[at] = source
    return [(source, at) for at, source in best.items()]


def central_source(book: Book) -> str:
    """Find the source that the report is about: the one that its chapters select most often.

    Returns
    -------
    str
        A source identifier; without any selection, that of the first source.
    """
    counts: Counter[str] = Counter()
    for page in book.pages:
        counts.update(selected_sources(page))
    known = [name for name, _ in counts.most_common() if name in book.evidence.sources]
    return known[0] if known else next(iter(book.evidence.sources), "")


def selected_sources(page: Page) -> list[str]:
    """List the sources that the code of a page selects by name."""
    found = []
    for cell in page.cells:
        tree = cell_tree(cell)
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.keyword) and node.arg == "source":
                found += [
                    str(part.value)
                    for part in ast.walk(node.value)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                ]
    return found


def rating_words(evidence: Evidence, outcome_id: str) -> str:
    """Say which level's words an outcome allows: ``"low"``, or empty when it is not rated."""
    certainty = getattr(evidence, "certainty", None)
    if certainty is None:
        return ""
    rating = certainty(outcome_id)
    return "" if rating is None else str(getattr(rating, "wording", getattr(rating, "level", "")))
