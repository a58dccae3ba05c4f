"""The rules other than ``number``, each with cases that break it and cases that pass."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from pathlib import Path

import pytest
from checking import one_page, problems_of
from conftest import PROJECT, copy_book

from evidence_tools import Evidence
from evidence_tools.checks.arithmetic import check_arithmetic
from evidence_tools.checks.coverage import check_coverage
from evidence_tools.checks.exemptions import apply_exemptions, read_exemptions
from evidence_tools.checks.integrity import check_integrity
from evidence_tools.checks.mentions import outcome_mentions
from evidence_tools.checks.pages import parse_page
from evidence_tools.checks.report import RULES, check_folder, report_json, report_text
from evidence_tools.checks.sentences import sentences
from evidence_tools.checks.stance import stance
from evidence_tools.cli import main
from evidence_tools.schema import Problem

STANCES = {
    "Vitamin K2 *prevents* fractures.": "asserted",
    "Vitamin K2 may *prevent* fractures.": "hedged",
    "It does not show that vitamin K2 *prevents* fractures.": "denied",
    "No trial shows that vitamin K2 *prevents* fractures.": "denied",
    "That vitamin K2 *prevents* fractures is not known.": "denied",
    "Whether vitamin K2 *prevents* fractures is open.": "asked",
    "Does vitamin K2 *prevent* fractures?": "asked",
    "Why does vitamin K2 *prevent* fractures?": "asserted",
    "Popular pages say that vitamin K2 *prevents* fractures.": "elsewhere",
    'The words "*prevents* fractures" are strong.': "elsewhere",
    "There is no doubt that vitamin K2 *prevents* fractures.": "asserted",
    "It not only raises it but also *prevents* fractures.": "asserted",
    "The unit is not reported, but vitamin K2 *prevents* fractures.": "asserted",
    "Harms are not reported, the vitamin is *safe*.": "asserted",
    "Although no marker shows it, vitamin K2 *prevents* fractures.": "asserted",
    "It would be wrong to say that vitamin K2 is not *safe*.": "asserted",
    "It would be wrong to say that vitamin K2 is *safe*.": "denied",
    "It would be wrong to conclude that vitamin K2 is not *safe*.": "denied",
    "That vitamin K2 *prevents* fractures is not in question.": "asserted",
    "It should not be forgotten that vitamin K2 *prevents* fractures.": "asserted",
    "How vitamin K2 *prevents* fractures is not known.": "asserted",
    "How vitamin K2 might *prevent* fractures is not known.": "asked",
    "How long vitamin K2 *prevents* fractures is not known.": "denied",
    "We *recommend* nothing.": "denied",
}


@pytest.mark.parametrize("marked", STANCES)
def test_the_stance_of_a_sentence_to_its_words(marked: str) -> None:
    before, word, after = marked.split("*")
    text = before + word + after
    assert stance(text, len(before), len(before) + len(word)) == STANCES[marked]


@pytest.mark.parametrize(
    ("sentence", "rules"),
    [
        ("{source}`salma2022` and {source}`mott2019adj` agree on vertebral fractures.", {"source"}),
        ("{source}`salma2022` and {source}`mott2019adj` disagree on vertebral fractures.", set()),
        ("{source}`hu2021` contradicts the central source on ucOC.", {"source"}),
        ("{source}`bjr2024` does not confirm the rise of osteocalcin.", set()),
        ("{source}`zhuang2017` does not confirm the fall of CTX.", {"source"}),
        ("{source}`knapen2013` gave MK-7, and {source}`jiang2014` gave MK-7.", {"source"}),
        ("{source}`knapen2013` gave MK-7, and {source}`jiang2014` gave MK-4.", set()),
        ("BAP rises during fracture healing.", set()),
        ("BAP rises with vitamin K2 during fracture healing.", {"wording"}),
        ("Unwanted effects were few.", {"wording"}),
        ("Unwanted effects were not counted.", set()),
    ],
)
def test_what_is_said_of_several_sources_and_of_nobody(
    sentence: str, rules: set[str], evidence: Evidence
) -> None:
    assert {problem.rule for problem in problems_of(evidence, sentence)} == rules


def test_the_message_on_a_claim_names_the_row_that_could_be_cited(evidence: Evidence) -> None:
    (problem, *_) = problems_of(evidence, "Vitamin K2 increases osteocalcin.")
    assert "nearest: {finding}`zhang2025-oc` (increase, MD 1.86" in problem.message


def test_the_readme_is_under_the_rules(tmp_path: Path) -> None:
    folder = copy_book(tmp_path / "book")
    (folder / "README.md").write_text("# A\n\nThe review pooled 9 trials.\n", encoding="utf-8")
    assert [(p.path, p.line, p.rule) for p in check_folder(folder).problems] == [
        ("README.md", 3, "number")
    ]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("undercarboxylated osteocalcin (ucOC)", "ucoc"),
        ("osteocalcin", "oc"),
        ("cOC", "coc"),
        ("vertebral fractures", "fracture_vertebral"),
        ("bone density of the lumbar spine", "bmd_lumbar_spine"),
        ("adverse events", "adverse_reactions"),
    ],
)
def test_the_most_exact_outcome_is_read(text: str, outcome: str) -> None:
    assert [mention.outcome_id for mention in outcome_mentions(text)] == [outcome]


def test_a_sentence_knows_the_line_of_each_of_its_words() -> None:
    page = parse_page("# Title\n\nOne sentence\nover lines. Another e.g. here.\n", "x.md", "x")
    _, first, second = sentences(page)
    assert (first.text, first.line, first.line_at(15)) == ("One sentence over lines.", 3, 4)
    assert (second.text, second.line) == ("Another e.g. here.", 4)


MEMBERS = {
    "a claim without a source": ("answer", "Osteocalcin rose.", "source"),
    "a claim without a source in a box": (
        "certainty",
        "```{note}\nCTX fell with vitamin K2.\n```",
        "source",
    ),
}


@pytest.mark.parametrize("case", MEMBERS)
def test_claims_on_the_main_pages_need_a_source(case: str, evidence: Evidence) -> None:
    page, text, rule = MEMBERS[case]
    assert rule in {problem.rule for problem in problems_of(evidence, text, page)}
    assert problems_of(evidence, text, "markers") == []


# What an author wrote, the rule that names it, and words of the message that say what to type.
SAID_WRONGLY = {
    "Due to vitamin K2, osteocalcin rose ({source}`zhang2025`).": ("wording", "is the cause"),
    "Vitamin K2 is responsible for the fall in CTX.": ("wording", "is the cause"),
    "Patients on warfarin can stop it.": ("wording", "what to do"),
    "It is not true that vitamin K2 carries any risk.": ("wording", "xu2021-adverse"),
    "Vitamin K2 does not pose any danger.": ("wording", "xu2021-adverse"),
    "Vitamin K2 pr\u0435vents fractures.": ("wording", "fractures"),
    "The certainty for vertebral fractures is at most low.": (
        "wording",
        "{value}`fracture_vertebral.certainty`",
    ),
    "Moderate-certainty evidence is there for osteocalcin.": ("wording", "{value}`oc.certainty`"),
    "Vitamin K2 may cut clinical fractures: {finding}`salma2022-fracture-clinical`.": (
        "wording",
        "the evidence is very uncertain",
    ),
    "Vitamin K2 cuts clinical fractures: {finding}`salma2022-fracture-clinical`.": (
        "wording",
        "the evidence is very uncertain",
    ),
    "The Mott review found fewer clinical fractures.": ("integrity", "{source}`mott2019`"),
    "Iwamoto's review found fewer fractures.": ("integrity", "{source}`iwamoto2009ma`"),
    "{source}`hu2021` reports for osteocalcin: {finding}`zhang2025-oc`.": (
        "source",
        "{source}`zhang2025`",
    ),
    "It fell: {finding}`zhang2025-ucoc` ({source}`hu2021`).": ("source", "hu2021-ucoc"),
    "Osteocalcin was measured in all {value}`zhang2025.n_studies` trials.": (
        "source",
        "not reported there",
    ),
    "The fall in TRAP reached statistical significance.": ("wording", "interval"),
    "Giving vitamin K2 makes osteocalcin go up ({source}`zhang2025`).": ("wording", "'may'"),
    "Taking vitamin K2 results in lower CTX ({source}`zhang2025`).": ("wording", "'may'"),
    "Vitamin K2 stimulates the bone-forming cells.": ("wording", "cells of bone"),
    "Vertebral fractures were equally common in both arms.": ("wording", "no significant change"),
    "Density owes its rise to vitamin K2.": ("wording", "is the cause"),
    "Formation markers went up; the bones will follow.": ("wording", "never shows"),
    "Bone loss continues regardless of vitamin K2.": ("wording", "no significant change"),
    "The largest trial was negative on fractures.": ("wording", "no significant change"),
    "Long-term use of vitamin K2 raises no concerns.": ("wording", "xu2021-adverse"),
    "Why not give vitamin K2 a try?": ("wording", "what to do"),
    "Vitamin K2 puts calcium into the bones.": ("wording", "leave it out"),
    "The evidence on adverse reactions is of high certainty.": (
        "wording",
        "{value}`adverse_reactions.certainty`",
    ),
    "{value}`cockayne2006.n_studies` trials were in a review.": (
        "integrity",
        "{source}`cockayne2006`",
    ),
    "Fractures were counted in {value}`ma2022.n_studies` trials.": ("source", "not reported there"),
    "It fell ({source}`kuang2020`): {finding}`hu2021-ucoc`.": ("source", "kuang2020-ucoc"),
    "{source}`koitaya2014` compared it with no treatment.": ("source", "placebo"),
    "{source}`emaus2010` gave MK-4.": ("source", "MK-7 360 ug/day"),
}


@pytest.mark.parametrize("text", SAID_WRONGLY)
def test_what_is_wrong_is_named_with_what_to_type(text: str, evidence: Evidence) -> None:
    rule, words = SAID_WRONGLY[text]
    told = [p.message for p in problems_of(evidence, text) if p.rule == rule]
    assert any(words in message for message in told), told


SAID_RIGHTLY = [
    "The result for TRAP did not reach significance.",
    "There is no proof of the safety of vitamin K2.",
    "That density rose and that fractures fell are separate statements.",
    "The rating for TRAP is lower than for CTX.",
    "{source}`binkley2009` had an arm with vitamin K1 as well.",
    'An outcome rated very low is worded as "the evidence is very uncertain".',
    "Whether the change is due to vitamin K2 is not known.",
    "No reliable source reports on hip fractures.",
    "A marker can change without any change in how strong a bone is.",
    "The certainty for osteocalcin is at most low.",
    "Vitamin K2 may increase osteocalcin: {finding}`zhang2025-oc`.",
    "{source}`mott2019` gives, once corrected, {finding}`mott2019adj-fracture-clinical`.",
    "In {source}`zhang2025`, with {value}`zhang2025.n_studies` studies, osteocalcin rose.",
    "Unlike trials with MK-4, {source}`emaus2010` gave MK-7.",
    "{value}`je2011.completed` of {value}`je2011.n_participants` completed the trial.",
    "The analysis of trials at low risk of bias in {source}`mott2019` has an interval.",
]


@pytest.mark.parametrize("text", SAID_RIGHTLY)
def test_what_the_rows_bear_out_passes(text: str, evidence: Evidence) -> None:
    assert [str(problem) for problem in problems_of(evidence, text)] == []


def test_no_source_is_said_to_be_there_only_where_none_is(evidence: Evidence) -> None:
    assert problems_of(evidence, "No source reports harms.")


def test_an_unknown_key_is_answered_with_the_nearest(evidence: Evidence) -> None:
    (problem,) = problems_of(evidence, "It is {finding}`zhang2025-0c`.")
    assert (problem.rule, problem.line) == ("source", 1)
    assert "zhang2025-oc" in problem.message


def selecting(code: str, evidence: Evidence) -> list[str]:
    page = f"# T\n\n```{{code-cell}} ipython3\n{code}\n```\n"
    return [str(p) for p in check_coverage(one_page(evidence, page))[0]]


def test_a_selection_of_everything_shows_everything(evidence: Evidence) -> None:
    assert selecting("show(evidence, evidence.findings())", evidence) == []


def test_a_selection_that_drops_null_results_is_named_with_its_line(evidence: Evidence) -> None:
    code = 'kept = [f for f in evidence.findings() if f.direction != "no_significant_change"]\n'
    found = selecting(code + "show(evidence, kept)", evidence)
    assert any("chapters/markers.md:4: [coverage] findings are selected" in line for line in found)
    assert any(
        "zhang2025-ntx (no significant change) is shown on no page" in line for line in found
    )


def test_two_selections_that_share_the_findings_out_keep_nothing_back(evidence: Evidence) -> None:
    code = (
        "a = [f for f in evidence.findings() if f.estimate is None]\n"
        "b = [f for f in evidence.findings() if f.estimate is not None]\n"
        "show(evidence, a)\nshow(evidence, b)"
    )
    assert selecting(code, evidence) == []


def test_a_reference_to_nothing_is_named(evidence: Evidence) -> None:
    book = one_page(evidence, "See {numref}`fig-none` and {ref}`nowhere`.")
    messages = [p.message for p in check_coverage(book)[0] if "names no" in p.message]
    assert len(messages) == 2


def test_a_misfit_that_no_note_declares_is_a_problem(evidence: Evidence) -> None:
    finding = dataclasses.replace(
        evidence.finding("mott2019-bmd-ls-1y"), note="", finding_id="zhang2025-oc"
    )
    changed = dataclasses.replace(
        evidence, _findings=(finding,), findings_by_id={"zhang2025-oc": finding}
    )
    (problem, *_) = check_arithmetic(one_page(changed, "# T"))[0]
    assert (problem.rule, problem.line) == ("arithmetic", 2)
    assert check_arithmetic(one_page(evidence, "# T"))[0] == []


def test_old_look_ups_warn_in_a_draft_and_stop_a_release(evidence: Evidence) -> None:
    book = one_page(evidence, "# T")
    later = date(2028, 1, 1)
    problems, warnings, _ = check_integrity(book, today=later)
    assert problems == [] and len(warnings) == len(evidence.sources)
    assert "look it up again" in str(warnings[0])
    problems, warnings, _ = check_integrity(book, release=True, today=later)
    assert len(problems) == len(evidence.sources) and warnings == []


def exempted(text: str, evidence: Evidence) -> tuple[list[str], int]:
    book = one_page(evidence, text)
    exemptions, faults = read_exemptions(book.pages, RULES)
    left, used = apply_exemptions(problems_of(evidence, text), exemptions)
    return [problem.message for problem in [*left, *faults]], len(used)


def test_an_exemption_with_a_reason_exempts_one_place(evidence: Evidence) -> None:
    comment = "% check: ignore number -- a count of names, not of trials\n"
    assert exempted(f"{comment}Of nine names.", evidence) == ([], 1)
    left, used = exempted(f"{comment}Of nine names.\n\nOf nine trials.", evidence)
    assert (len(left), used) == (1, 1)


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("% check: ignore number", "needs a written reason"),
        ("% check: ignore numbers -- because of this and that", "no rule 'numbers'"),
        ("% check: skip number -- because of this and that", "write `check: ignore"),
        ("% check: ignore wording -- because of this and that", "finds nothing there"),
    ],
)
def test_a_faulty_exemption_is_a_problem(comment: str, expected: str, evidence: Evidence) -> None:
    left, used = exempted(f"{comment}\nA sentence.", evidence)
    assert used == 0
    assert any(expected in message for message in left)


def test_the_real_book_has_no_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--folder", str(PROJECT)]) == 0
    assert "No problems." in capsys.readouterr().out


def test_the_command_tells_problems_as_lines_and_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy_book(tmp_path / "book")
    page = folder / "chapters" / "methods.md"
    line = len(page.read_text(encoding="utf-8").splitlines()) + 2
    with page.open("a", encoding="utf-8") as file:
        file.write("\nVitamin K2 prevents fractures.\n")
    assert main(["check", "--folder", str(folder)]) == 1
    assert f"chapters/methods.md:{line}: [wording] " in capsys.readouterr().out
    assert main(["check", "--folder", str(folder), "--format", "json"]) == 1
    problem = json.loads(capsys.readouterr().out)["problems"][0]
    assert (problem["path"], problem["line"], problem["rule"]) == (
        "chapters/methods.md",
        line,
        "wording",
    )


def test_a_book_that_cannot_be_read_ends_with_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy_book(tmp_path / "book")
    (folder / "_toc.yml").unlink()
    assert main(["check", "--folder", str(folder)]) == 2
    assert "could not run" in capsys.readouterr().err


def test_faults_of_the_tables_are_problems_too(data_copy: Path) -> None:
    (data_copy / "findings.csv").write_text("x\n", encoding="utf-8")
    report = check_folder(data_copy.parent)
    assert report.problems and "findings.csv" in report_text(report)
    assert json.loads(report_json(report))["problems"]


def test_a_problem_is_one_line_with_place_rule_and_message() -> None:
    problem = Problem("chapters/a.md", 3, "", "say less", "wording")
    assert str(problem) == "chapters/a.md:3: [wording] say less"
