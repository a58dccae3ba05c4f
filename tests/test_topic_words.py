"""No word on the topic stands in the package: those are in ``data/``."""

import re
from pathlib import Path

import pytest
from building import PROJECT

from evidence_tools.evidence.frames import split_list
from evidence_tools.evidence.model import load_evidence

PACKAGE = PROJECT / "evidence_tools"
SORTS = {".py", ".js", ".css", ".typ", ".html", ".csv", ".md", ".yml", ".json"}
FILES = sorted(p for p in PACKAGE.rglob("*") if p.suffix in SORTS)
ORDINARY = {
    "marker": "public names: the report plots markers",
    "harm": "a role of outcomes",
    "harms": "a table",
    "other": "a role of outcomes, and ordinary English",
    "other outcomes": "ordinary English",
    "side effects": "effects of a program besides its result",
    "unwanted effects": "ordinary English for harms",
    "child": "nodes of a document have children",
    "toc": "the table of contents of a book",
    "men": "an example of a subgroup",
    "adults": "an example of a subgroup",
}
"""Words of the tables that English or programs need for something else, with the reason."""


def topic_words() -> set[str]:
    evidence = load_evidence(PROJECT / "data")
    topic, findings = evidence.topic, evidence.findings
    words = {topic.central_source}
    for named in (topic.subject, topic.population):
        words |= {named["name"], *named.get("synonyms", [])}
    for group in topic.groups.values():
        words |= set(group["words"])
    for row in evidence.rows("outcomes").values():
        words |= {row.outcome_id, row.name, row.abbreviation or "", *split_list(row.synonyms)}
    for row in evidence.rows("sources").values():
        words |= {row.source_id, row.short_name}
    for column in ("form", "population_group"):
        words |= set(findings[column].dropna())
    for row in evidence.rows("kinds").values():
        words |= {row.kind, row.plural}
    return {word for word in words if len(word) > 2 and word.casefold() not in ORDINARY}


WORDS = re.compile(
    rf"(?<![^\W_])(?:{'|'.join(sorted(map(re.escape, topic_words()), key=len, reverse=True))})"
    r"(?![^\W_])",
    re.IGNORECASE,
)


@pytest.mark.parametrize("path", FILES, ids=[str(p.relative_to(PACKAGE)) for p in FILES])
def test_a_file_of_the_package_has_no_word_on_the_topic(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = enumerate(text.splitlines(), start=1)
    assert [f"{n}: {m[0]}" for n, line in lines for m in WORDS.finditer(line)] == []
