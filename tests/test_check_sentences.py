"""What a sentence may say, one fact each, on a made-up topic."""

from pathlib import Path

import pytest
from building import copy_topic, read_rows

from evidence_tools.check.claims import read_claims
from evidence_tools.check.pages import Text, parse_page, sentences
from evidence_tools.check.review import Review, check_page
from evidence_tools.check.verdicts import Judge
from evidence_tools.evidence.model import load_evidence

BODY = """sense,words,means,reason
body,sleep; accidents; crashes; accident,,what people feel
marker,markers; marker,,markers in general
process,deep sleep,,a process that a marker only stands for
subject,the lamp; lamps; lamp; glasses,,names the subject in other words
elsewhere,heart; mood,,outcomes of which the tables hold nothing
otherwise,coffee; white light,,something else that changes outcomes
link,means; so; therefore; shows; sign,,leads from one outcome to another
"""


def write_tables(folder: Path) -> Path:
    """Write the made-up tables with the word lists of the report, and with words of their own."""
    copy_topic(folder)
    (folder / "wording" / "body.csv").write_text(BODY, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    return Judge(load_evidence(write_tables(tmp_path_factory.mktemp("book") / "data")))


def slots(judge: Judge, text: str) -> set[str]:
    """Name the slots of a text that are wrong; a typed number is the slot ``number``."""
    page = parse_page(text, "page.md", ["colon_fence"])
    problems = check_page(page, judge, Review())
    return {"number" if p.rule == "number" else p.message.partition(":")[0] for p in problems}


TRUE = "{source}`larkin2024` reports an increase in somnin: {finding}`larkin2024-som`."


def test_a_sentence_that_says_what_its_row_says_passes(judge: Judge) -> None:
    assert not slots(judge, TRUE)


ROWS = read_rows("slots")


@pytest.mark.parametrize(("slot", "sentence"), ROWS)
def test_a_slot_that_no_row_holds_is_found_and_honest_ones_pass(
    judge: Judge, slot: str, sentence: str
) -> None:
    found = slots(judge, sentence)
    assert slot in found if slot else not found


def test_a_source_carries_over_to_the_next_sentence(judge: Judge) -> None:
    assert not slots(judge, "{source}`moss2021` is a review. It reports more somnin.")
    assert "direction" in slots(judge, "{source}`moss2021` is a review. It found that somnin fell.")


@pytest.mark.parametrize("name", ["Larkin A (2024)", "Larkin and colleagues (2024)", "Larkin 2024"])
def test_names_of_sources_are_understood_as_people_write_them(judge: Judge, name: str) -> None:
    reading = read_claims(
        next(sentences(parse_page(f"{name} report it.", "x").items)), judge.wording
    )
    assert reading.sources == ["larkin2024"]


def test_the_longest_name_of_an_outcome_wins(judge: Judge) -> None:
    page = parse_page("Total somnin rose.", "x")
    reading = read_claims(next(sentences(page.items)), judge.wording)
    assert [reading.words(tag) for tag in reading.all("outcome")] == ["Total somnin"]


@pytest.mark.parametrize(
    "form",
    [
        "{0}",
        "- {0}",
        "## {0}",
        "```{{figure}} x.png\n{0}\n```",
        "![{0}](x.png)",
        "| Outcome | What |\n|---|---|\n| {0} | x |",
        "```{{list-table}}\n* - Outcome\n  - {0}\n```",
        '---\nmyst:\n  html_meta:\n    "description lang=en": "{0}"\n---\n',
        "Words[^a].\n\n[^a]: {0}",
        "<span title='{0}'>x</span>",
        "<p class='style' hidden>{0}</p>",
        "<svg><text>{0}</text></svg>",
        "Som\u200bnin fell in Larkin 2024",
        "```\nSomnin fell in Larkin 2024\n```",
        "```markdown\nSomnin fell in Larkin 2024\n```",
        "```python\nSomnin fell in Larkin 2024\n```",
        "Somnin `fell` in {{source}}`larkin2024`",
        "Somnin<br>fell in {{source}}`larkin2024`",
        '```{{code-cell}}\nplot(rows, caption="{0}")\n```',
    ],
)
def test_a_claim_is_seen_wherever_it_is(judge: Judge, form: str) -> None:
    text = "Somnin fell in {source}`larkin2024`"
    assert "direction" in slots(judge, form.format(text))


def test_a_denied_claim_in_one_clause_does_not_excuse_the_next(judge: Judge) -> None:
    assert "benefit" in slots(judge, "It is not known how, but amber light prevents crashes.")


def test_what_a_message_says_of_any_row_that_counts_passes(judge: Judge) -> None:
    rows = [row for row in judge.rows.findings.values() if row.standing == "counted"]
    said = {row.finding_id: slots(judge, f"{judge.rows.say(row.finding_id)}.") for row in rows}
    assert said == {row.finding_id: set() for row in rows}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("The range is 1.17-2.56.", "2.56"),
        ("Half of the lamps broke.", "Half of"),
        ("A third of women slept.", None),
    ],
)
def test_typed_numbers_are_found(judge: Judge, text: str, number: str | None) -> None:
    faults = judge.faults(read_claims(Text(text), judge.wording))
    found = [fault.found for fault in faults if fault.slot == "number"]
    assert number is None or any(repr(number) in text for text in found)


def test_a_number_in_words_is_held_against_the_rows_of_its_source(judge: Judge) -> None:
    assert not slots(judge, "{source}`moss2021` is a review of nine trials.")
    assert "number" in slots(judge, "{source}`moss2021` is a review of eleven trials.")


@pytest.mark.parametrize(
    ("slot", "text"),
    [
        ("direction", "While somnin rose with amber light, it fell with white ({0})."),
        ("bind", "Larkin found that somnin rose."),
    ],
)
def test_what_a_reader_can_tell_is_listed_and_stops_nothing(
    judge: Judge, slot: str, text: str
) -> None:
    review = Review()
    page = parse_page(text.format("{finding}`larkin2024-som`"))
    assert not list(check_page(page, judge, review))
    assert [problem.message.partition(":")[0] for problem in review.rereads] == [slot]


def test_digits_that_are_part_of_a_name_are_no_numbers(judge: Judge) -> None:
    assert not slots(judge, "Lamp QX-7 and VK2, doi 10.1000/xyz12.")
