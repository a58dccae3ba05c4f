"""The audit of somebody else's page: how each sentence stands to the evidence."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from evidence_tools.check.claims import Reading, read_claims
from evidence_tools.check.pages import Text, read_document, sentences
from evidence_tools.check.rows import digits
from evidence_tools.check.verdicts import ABSENT, ADVICE, CONTRADICTED, STRONGER, Judge
from evidence_tools.check.wording import YEAR
from evidence_tools.evidence.model import Evidence

VERDICTS = {
    CONTRADICTED: "a row says otherwise",
    STRONGER: "it claims more than rows and their certainty allow",
    ADVICE: "it tells people what to do",
    ABSENT: "no row is about it",
    "not judged": "it could not be compared with a row",
    "supported": "a row holds it",
    "background": "no claim on the topic",
}
"""How a sentence can stand to the evidence, worst first, and what each means."""
_ASK = "Ask a clinician; the evidence recommends nothing."


@dataclass(frozen=True, slots=True)
class Judged:
    """One sentence with its line (or page of a PDF), verdict, reason, rows and allowed wording."""

    text: str
    line: int
    verdict: str
    reason: str = ""
    rows: tuple[str, ...] = ()
    allowed: str = ""


@dataclass(frozen=True, slots=True)
class Audit:
    """The sentences of a page in order, each with its verdict."""

    name: str
    sentences: tuple[Judged, ...]

    @property
    def by_verdict(self) -> dict[str, list[Judged]]:
        """The sentences with each verdict, worst first."""
        return {each: [s for s in self.sentences if s.verdict == each] for each in VERDICTS}


def audit(document: str | Path | Sequence[Text], evidence: Evidence) -> Audit:
    """Audit a document of somebody else sentence by sentence.

    Parameters
    ----------
    document
        The path of a text, Markdown, HTML or PDF file (``-`` is standard input), or its blocks.
    evidence
        What is known.
    """
    blocks = read_document(document) if isinstance(document, str | Path) else document
    judge = Judge(evidence, strict=False)
    reading: Reading | None = None
    judged = []
    for sentence in sentences(blocks):
        before, reading = reading, read_claims(sentence, judge.wording, reading)
        if not reading.has("source") and (about := _described(judge, reading)):
            reading = read_claims(sentence, judge.wording, before, about)
        judged.append(_judge(judge, reading))
    return Audit(str(document), tuple(judged))


def _described(judge: Judge, reading: Reading) -> str:
    """Find the one source that most of what a sentence says is true of: size, people, outcome."""
    named = reading.all("country", "comparator", "otherwise", "people", "form", "design")
    facts = {tag.means or reading.words(tag).lower()[:9] for tag in named}
    counted = ((tag.means, reading.unit(tag.last)) for tag in reading.all("number", "digits"))
    facts |= {f"{number} {counts}" for number, counts in counted if counts}
    facts |= set(YEAR.findall(reading.sentence.text))
    scores = Counter({"": 2, "none": 2})
    for source, row in judge.rows.sources.items() if facts else ():
        text = f"{judge.rows.text(source)} {row.year}"
        scores[source] = sum(bool(re.search(rf"\b(?:{fact})", text)) for fact in facts)
        scores[source] += any(judge.rows.of(source, name) for name in reading.means("outcome"))
    (best, most), (_, next_most) = scores.most_common(2)
    return best if most > next_most else ""


def _judge(judge: Judge, reading: Reading) -> Judged:
    text, line = reading.as_typed(reading.sentence.text), reading.sentence.line
    stated = [clause for clause in reading.clauses if clause.stance == "stated"]
    pairs = [(clause, pair) for clause in stated for pair in clause.all("pairs")]
    held = [judge.holding(clause, pair) for clause, pair in pairs]
    supported = bool(held) and all(held)
    # A claim that asks for nothing but its row has one.
    asks = ("bind", "significance") if supported or text[-1:].isalnum() else ()
    faults = [f for f in judge.faults(reading) if not f.weak and f.slot not in asks]
    if faults:
        faults = [fault for fault in faults if fault.slot != "bind"] or faults
        worst = min(faults, key=lambda fault: [ADVICE, *VERDICTS].index(fault.verdict))
        ids = worst.rows or tuple(row.finding_id for rows in held for row in rows[:2])
        reason = f"{worst.slot}: {worst.found}"
        allowed = _ASK if worst.verdict == ADVICE else worst.ready and f"{worst.ready.rstrip('.')}."
        return Judged(text, line, worst.verdict, reason, ids, allowed)
    said, results = reading.means("outcome"), judge.rows.findings.values()
    owners = [row.source_id for row in results if any(judge.rows.same(row, key) for key in said)]
    figures = {key: judge.rows.figures(key) for key in reading.means("source") or owners}
    # A name may end with one.
    found = digits(tag.means for tag in reading.all("digits"))
    typed = {number for number in found if not YEAR.fullmatch(number)}
    if wrong := sorted(typed.difference(*figures.values())) if figures else []:
        whose = ", ".join(reading.means("source")) or "any source on this"
        reason = f"no row of {whose} holds the number {', '.join(wrong)}"
        return Judged(text, line, ABSENT if "." in "".join(wrong) else "not judged", reason)
    # A number that a row holds is support, where nothing else is claimed.
    holders = [key for key in figures if typed & figures[key] and not reading.has("none")]
    if keys := [rows[0].finding_id for rows in held] if supported else holders[:1]:
        reason = "; ".join(judge.rows.say(key, roles=False) for key in dict.fromkeys(keys[:2]))
        return Judged(text, line, "supported", reason, tuple(dict.fromkeys(keys)))
    about = any(clause.has("subject", "central") for clause in stated)
    unclear = any(clause.has("outcome", "body", "change", "maybe") for clause in stated)
    return Judged(text, line, "not judged" if about and unclear else "background")


def write(read: Audit, form: str = "text") -> str:
    """Write an audit as ``text``, ``json``, or ``html``, a page that needs no other file."""
    if form == "json":
        totals = {verdict: len(found) for verdict, found in read.by_verdict.items()}
        return json.dumps({**asdict(read), "totals": totals}, ensure_ascii=False, indent=1)
    from jinja2 import Template

    page = Path(__file__).with_suffix(".html" if form == "html" else ".txt")
    shown = Template(page.read_text(encoding="utf-8"), autoescape=form == "html", trim_blocks=True)
    return str(shown.render(read=read, verdicts=VERDICTS)).strip()
