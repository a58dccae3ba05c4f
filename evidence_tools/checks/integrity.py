"""Rule ``integrity``: nobody meets a figure without the doubt that is known about its source."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import date

from evidence_tools.checks.attribution import attribution, central_source
from evidence_tools.checks.book import Book
from evidence_tools.checks.claims import claims
from evidence_tools.checks.quantities import quantities
from evidence_tools.checks.sentences import Sentence
from evidence_tools.checks.stance import asserted
from evidence_tools.schema import Integrity, Problem, Source

RULE = "integrity"
DEFAULT_DAYS = 180
_UNUSABLE = (Integrity.RETRACTED, Integrity.CAUTION_PUBLISHED)
_STATUS = {
    Integrity.RETRACTED: re.compile(r"\bretract\w*|\bfabricat\w*|\bwithdrawn", re.I),
    Integrity.CAUTION_PUBLISHED: re.compile(r"\bcaution\w*|\bproblematic\b|\bstruck\b|\bnot current\b|\bdo not use\b", re.I),
    Integrity.ADJUSTED: re.compile(r"\badjust\w*|\brecalculat\w*|\bwithout (?:one|the) trial", re.I),
    Integrity.ARITHMETIC_FLAG: re.compile(r"\bdo(?:es)? not fit\b|\bdoes not follow\b|\bdiffers?\b|\bflag\w*", re.I),
    Integrity.INTERNAL_CONTRADICTION: re.compile(r"\bcontradict\w*", re.I),
}  # fmt: skip
_EVIDENCE = re.compile(
    r"\b(?:shows?|showed|found|finds|reports?|reported|evidence|demonstrat\w*|conclud\w*|support\w*|confirm\w*|according to|estimate[sd]?|prov\w+|agree\w*|in line with|as in)\b",
    re.I,
)

_CLEAN = re.compile(
    r"\b(?:no (?:known )?(?:concerns?|doubts?|problems?|corrections?|retractions?|cautions?) (?:is|are|was|were|has|have|about|with|against)|nothing is known against|(?:is|are|remains?|still) (?:(?!not\b|no\b)\w+ )?(?:valid|reliable|trustworthy|sound|current evidence|the best evidence|up to date|free of)|can be relied|stands? (?:as printed|unchallenged|uncorrected)|(?:has|was) never (?:been )?(?:retracted|corrected|questioned|cautioned))\b",
    re.I,
)


def check_integrity(
    book: Book, *, release: bool = False, today: date | None = None
) -> tuple[list[Problem], list[Problem], int]:
    """Find sources that are used without, or against, what is known about them.

    Parameters
    ----------
    book
        The book.
    release
        Whether look-ups that are too old are problems and not only warnings.
    today
        The day look-ups are compared with; by default the day it is.

    Returns
    -------
    problems, warnings
        Faults, and what is only told.
    count
        How many uses of a source were looked at.
    """
    central = central_source(book)
    problems: list[Problem] = []
    count = 0
    for sentence in book.sentences:
        given = attribution(book, sentence, central)
        count += len(given.sources)
        for position, message in _check(book, sentence, central):
            line = sentence.line_at(position)
            problems.append(Problem(sentence.page.path, line, "", message, RULE))
    stale = list(_stale(book, today or date.today()))
    return (problems + stale, [], count) if release else (problems, stale, count)


def _check(book: Book, sentence: Sentence, central: str) -> Iterator[tuple[int, str]]:
    text = sentence.text
    given = attribution(book, sentence, central)
    for mark in sentence.roles:
        if mark.role == "value":
            yield from _value(book, mark.key, mark.position)
    shown = set(sentence.keys("source")) | {f.source_id for f in given.findings}
    yield from _bare_counts(book, sentence, shown)
    for source, at in given.named:
        pattern = _STATUS.get(source.integrity)
        if pattern and source.source_id not in shown and not pattern.search(text):
            yield (
                at,
                (
                    f"{source.short_name} is named without its status {source.integrity.label!r}; "
                    f"type {{source}}`{source.source_id}`, which prints it"
                ),
            )
    match = _CLEAN.search(text)
    if match and asserted(text, match.start(), match.end()):
        doubted = [s for s in given.sources if s.integrity is not Integrity.NONE_KNOWN]
        for source in doubted[:1]:
            yield (
                match.start(),
                (f"{source.short_name} is recorded as {source.integrity.label!r}: {source.note}"),
            )
    unusable = [s for s in given.sources if s.integrity in _UNUSABLE]
    usable = [s for s in given.sources if s.integrity not in _UNUSABLE]
    if unusable and not usable and not _told(text, unusable):
        claimed = next((c for c in claims(text)), None)
        used = _EVIDENCE.search(text)
        if claimed or (used and asserted(text, used.start(), used.end())):
            position = claimed.start if claimed else used.start() if used else 0
            first = unusable[0]
            yield (
                position,
                (
                    f"{first.short_name} is {first.integrity.label}: its result is no current evidence; "
                    "say so in the sentence, or take the claim out"
                ),
            )
    retracted = [s for s in given.sources if s.integrity is Integrity.RETRACTED]
    for source in retracted:
        if next((q for q in quantities(text, (source.short_name,)) if not q.kind), None):
            yield 0, f"a number beside {source.short_name}, which is retracted; take it out"


def _bare_counts(book: Book, sentence: Sentence, shown: set[str]) -> Iterator[tuple[int, str]]:
    """Find the size of a doubted source without its name, which would print the doubt."""
    for mark in sentence.roles:
        identifier, _, field = mark.key.partition(".")
        source = book.evidence.sources.get(identifier) if mark.role == "value" else None
        if source is None or field not in ("n_studies", "n_participants") or identifier in shown:
            continue
        if source.integrity not in (Integrity.NONE_KNOWN, Integrity.RETRACTED):
            yield (
                mark.position,
                f"{mark.key} is a number of {source.short_name} ({source.integrity.label}); "
                f"put {{source}}`{identifier}` in the sentence, which prints the status",
            )


def _told(text: str, sources: list[Source]) -> bool:
    return any(_STATUS[source.integrity].search(text) for source in sources) or bool(
        re.search(
            r"\b(?:must not|not be (?:used|relied)|no longer|not (?:used|relied)|concern)\b", text
        )
    )


def _value(book: Book, key: str, position: int) -> Iterator[tuple[int, str]]:
    evidence = book.evidence
    identifier, _, field = key.partition(".")
    finding = evidence.findings_by_id.get(identifier)
    if finding is None:
        source = evidence.sources.get(identifier)
        if source and source.integrity is Integrity.RETRACTED and field.startswith(("n_", "k_")):
            yield position, f"{key}: a number of a retracted source; take it out"
        return
    source = evidence.source_of(finding)
    if source.integrity is not Integrity.NONE_KNOWN and field in (
        "estimate", "ci_lower", "ci_upper", "p_value", "as_printed",
    ):  # fmt: skip
        yield (
            position,
            (
                f"{key} shows a bare figure of {source.short_name} ({source.integrity.label}); "
                f"type {{finding}}`{identifier}`, which prints the status beside it"
            ),
        )


def _stale(book: Book, today: date) -> Iterator[Problem]:
    days = allowed_days(book)
    path = book.evidence.folder / "sources.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    for source in book.evidence.sources.values():
        age = (today - source.integrity_checked).days
        if age <= days:
            continue
        line = next((n for n, t in enumerate(lines, 1) if t.startswith(f"{source.source_id},")), 0)
        message = (
            f"integrity of {source.source_id} was looked up on {source.integrity_checked}, "
            f"{age} days ago; at most {days} are allowed: look it up again and write the day"
        )
        yield Problem(f"{book.evidence.folder.name}/sources.csv", line, "", message, RULE)


def allowed_days(book: Book) -> int:
    """Read how many days a look-up of integrity counts, from ``pyproject.toml``."""
    path = book.folder / "pyproject.toml"
    if not path.is_file():
        return DEFAULT_DAYS
    settings = tomllib.loads(path.read_text(encoding="utf-8"))
    declared = (
        settings.get("tool", {}).get("evidence", {}).get("integrity-check-days", DEFAULT_DAYS)
    )
    return int(declared)
