"""The rule ``number``: what is a typed number, what is not, and what to type instead."""

from __future__ import annotations

import pytest
from checking import one_page, problems_of

from evidence_tools import Evidence
from evidence_tools.checks.number import check_number

BAD = {
    "a digit": "BAP rose by 1.49.",
    "a word": "The review pooled nine trials.",
    "large words": "It has two thousand five hundred and seventy women.",
    "a dose": "The dose was 45 mg.",
    "a percentage": "A 95% interval.",
    "half": "Half of the women took part.",
    "a fraction": "Fractures fell by a third.",
    "twice": "It happened twice as often.",
    "a small count": "Two trials measured it.",
    "a duration": "It lasted three years.",
    "a superscript": "It was ½ of that.",
    "a heading": "# What 2,570 women show",
    "alt text": "![A drop of 0.83](here.svg)",
    "a caption": "```{figure} here.svg\n:alt: A picture\n\nOf 2570 women.\n```",
    "an option": "```{figure} here.svg\n:alt: Of 2570 women\n```",
    "an admonition": "```{note}\nOf 2570 women.\n```",
    "a colon fence": ":::{admonition} Of 9 trials\nText.\n:::",
    "a Markdown table": "| a | b |\n|---|---|\n| BAP | 1.49 |",
    "a code caption": '```{code-cell} ipython3\nplot(x, caption="Of 9 trials")\n```',
    "a float in code": "```{code-cell} ipython3\nshow(1.49)\n```",
    "a decimal in a formula": "It is $1.49$.",
    "code that is a number": "It is `1.49`.",
    "HTML": "<p>1.49</p>",
    "the text of a link": "[1.49](https://example.org)",
    "digits that follow a name": "K2=1.49 was found.",
    "a study no table has": "Smith 2019 reports it.",
    "a number in an f-string": '```{code-cell} ipython3\nplot(x, caption=f"Of {9} trials")\n```',
    "a number made into text": '```{code-cell} ipython3\nplot(x, title="Of " + str(9))\n```',
    "a number put into text": '```{code-cell} ipython3\nx = "Of %d trials" % 9\n```',
    "a year or two": "The trials ran for a year or two.",
    "a Roman numeral": "The review pooled IX trials.",
    "digits of another alphabet": "The review pooled \u0669 trials.",
    "digits split by nothing visible": "Of 2\u2060570 women.",
    "raw text": "```{raw} html\nhello\n```",
    "included text": "```{include} other.md\n```",
}

GOOD = {
    "roles": "It is {finding}`zhang2025-oc` in {value}`zhang2025.n_participants` women.",
    "a role in a caption": "```{figure} a.svg\n:alt: Of {value}`zhang2025.n_participants`\n```",
    "names of vitamins": "Vitamin K2 as MK-7, menaquinone-4 and vitamin D3.",
    "names of markers": "TRACP-5b and P1NP.",
    "names of things": "PRISMA 2020 and JOINT-03 under CC BY 4.0.",
    "a source by name": "Binkley 2009 reports it.",
    "one as a pronoun": "No one can say which one it is; one of them may be one.",
    "two that do not count": "Two names of one measure.",
    "blinding": "A double-blind trial with a double dummy.",
    "order": "First the estimate, then the second and the third column.",
    "the value of no difference": "Drawn as a gap, never as zero.",
    "a formula": "It is $u - l$ over $2 z$.",
    "code": "The file `findings_2.csv` and `--format json1`.",
    "a chapter": "See chapter 6 and table 2.",
    "an address": "See https://example.org/10.1136/bmj.d2304 for it.",
    "an index in an f-string": (
        '```{code-cell} ipython3\nplot(x, caption=f"Of {central[0].source_id}")\n```'
    ),
    "a phase and a type": "A phase IV study of type I collagen.",
    "a comment": "% 45 mg is said nowhere\n\nText.",
    "hidden code": '```{code-cell} ipython3\nx = evidence.findings(source="zhang2025")\n```',
}


@pytest.mark.parametrize("case", BAD)
def test_a_typed_number_is_found_wherever_it_stands(case: str, evidence: Evidence) -> None:
    assert "number" in {problem.rule for problem in problems_of(evidence, BAD[case])}


@pytest.mark.parametrize("case", GOOD)
def test_what_is_bound_or_no_quantity_passes(case: str, evidence: Evidence) -> None:
    found = check_number(one_page(evidence, GOOD[case]))[0]
    assert [str(problem) for problem in found] == []


def test_the_message_names_the_row_and_what_to_type(evidence: Evidence) -> None:
    (problem,) = check_number(one_page(evidence, "Text.\n\nBAP rose by 1.49."))[0]
    assert problem.line == 3
    assert "{finding}`zhang2025-bap`" in problem.message
    (nine,) = check_number(one_page(evidence, "Of nine trials."))[0]
    assert "{value}`zhang2025.n_studies`" in nine.message


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("It had two thousand women.", "{value}`zhang2025.n_participants`"),
        ("They took 375 ug.", "{value}`ronn2016.dose`"),
        ("They took it for 36 months.", "{value}`knapen2007.duration`"),
        ("Only one of them left.", "or say it without a number"),
    ],
)
def test_the_nearest_row_is_one_that_may_be_meant(
    typed: str, expected: str, evidence: Evidence
) -> None:
    messages = [p.message for p in check_number(one_page(evidence, typed))[0]]
    assert any(expected in message for message in messages), messages


def test_a_number_in_html_is_found_on_its_line(evidence: Evidence) -> None:
    (problem,) = check_number(one_page(evidence, "Text.\n\n<p>Of nine trials.</p>\n\nEnd."))[0]
    assert problem.line == 3


def test_a_wrong_digit_is_answered_with_the_nearest_row_of_the_same_outcome(
    evidence: Evidence,
) -> None:
    (problem,) = check_number(one_page(evidence, "Osteocalcin rose by 1.68."))[0]
    assert "no row holds it" in problem.message
    assert "-oc`" in problem.message


def test_coverage_counts_what_was_seen_bound_and_exempt(evidence: Evidence) -> None:
    text = "Vitamin K2, {value}`zhang2025.n_participants` women, 9 trials."
    coverage = check_number(one_page(evidence, text))[1]
    assert (coverage.seen, coverage.bound, coverage.exempt) == (3, 1, {"identifier": 1})
