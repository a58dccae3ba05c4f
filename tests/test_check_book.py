"""A book as a whole: pages of both kinds, tables, exemptions, outputs, and other people's pages."""

import json
from pathlib import Path

import pytest
from made_up import write_book
from test_check_sentences import write_tables

from evidence_tools.check import built
from evidence_tools.check.audit import VERDICTS, audit, write
from evidence_tools.check.built import MIME_TYPE, Known
from evidence_tools.check.pages import text_blocks
from evidence_tools.check.review import check_book, report, review_book
from evidence_tools.evidence.model import Evidence, load_evidence
from evidence_tools.evidence.problems import Problem

CLAIM = "Amber light prevents crashes in 97% of people and everybody should take it."


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tables(tmp_path_factory.mktemp("made") / "data")


@pytest.fixture
def book(tmp_path: Path, tables: Path) -> Path:
    (tmp_path / "data").symlink_to(tables)  # loaded once
    settings = "title: A made-up book\nbibtex_bibfiles: [references.bib]\n"
    (tmp_path / "_config.yml").write_text(settings, encoding="utf-8")
    (tmp_path / "references.bib").write_text("", encoding="utf-8")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: chapters/a\n", encoding="utf-8")
    (tmp_path / "chapters").mkdir()
    write_page(tmp_path, "# A page\n")
    return tmp_path


def problems_of(book: Path) -> list[Problem]:
    return review_book(book).problems


def check_output(outputs: list[object], evidence: Evidence) -> list[Problem]:
    return list(Known(evidence).check(outputs, "a cell"))


def write_page(book: Path, text: str) -> None:
    (book / "chapters" / "a.md").write_text(f"{text}\n\n# A title\n", encoding="utf-8")


@pytest.fixture
def own_tables(book: Path) -> Path:
    """Tables of a book that a test changes."""
    (book / "data").unlink()
    return write_tables(book / "data")


@pytest.fixture
def evidence(tables: Path) -> Evidence:
    return load_evidence(tables)


def test_a_claim_in_a_notebook_is_found_with_cell_and_line(book: Path) -> None:
    cells = [{"cell_type": "markdown", "source": ["# Title\n", "\n", CLAIM]}]
    (book / "chapters" / "a.md").unlink()
    (book / "chapters" / "a.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    problems = [str(problem) for problem in problems_of(book)]
    assert any("a.ipynb, cell 1, line 3: [number]" in text for text in problems)
    assert any("[wording] advice" in text for text in problems)


def test_a_word_of_ours_in_a_table_is_held_by_the_same_rules(book: Path, own_tables: Path) -> None:
    path = own_tables / "outcomes.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("It varies with meals.", "Amber light is safe."), encoding="utf-8")
    (problem,) = problems_of(book)
    assert problem.path == "data/outcomes.csv"
    assert problem.column == "caveat"
    assert problem.message.startswith("safety")


def test_an_exemption_needs_a_reason_and_something_to_exempt(book: Path) -> None:
    write_page(book, "% check: ignore number -- the name of a lamp\nIt has 12 bulbs.\n")
    assert problems_of(book) == []
    table = "```{glossary}\nLamp\n  It has 12 bulbs.\n```\n"
    write_page(book, f"% check: ignore number -- the name of a lamp\n{table}")
    assert problems_of(book) == []
    write_page(book, "% check: ignore number\nIt has 12 bulbs.\n")
    assert "needs a written reason" in problems_of(book)[0].message
    write_page(book, "% check: ignore number -- the name of a lamp\nIt has bulbs.\n")
    assert "nothing to exempt" in problems_of(book)[0].message


def test_an_exemption_holds_in_a_notebook(book: Path) -> None:
    text = ["% check: ignore number -- the name of a lamp\n", "It has 12 bulbs.\n\n", "# A\n"]
    cells = [{"cell_type": "markdown", "source": text}]
    (book / "chapters" / "a.md").unlink()
    path = book / "chapters" / "a.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert problems_of(book) == []
    cells[0]["source"] = text[:1]
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert "cell 1, line 1: [page] there is nothing to exempt" in " ".join(
        map(str, problems_of(book))
    )


def test_a_typed_share_is_not_offered_a_count(book: Path) -> None:
    write_page(book, "It has 97% of people.\n")
    assert "n_participants" not in problems_of(book)[0].message


def test_a_page_can_declare_that_it_is_no_evidence_text(book: Path) -> None:
    head = "---\nno-evidence-text: a tutorial with made-up numbers\n---\n\n"
    write_page(book, f"\ufeff{head}Take 12 and 30. Use a proven method, which is the best.\n")
    text, code = report(review_book(book))
    assert code == 0
    assert "a tutorial with made-up numbers" in text
    write_page(book, f"{head}Amber light is proven to prevent crashes.\n")
    assert "benefit" in problems_of(book)[0].message
    write_page(book, f"{head}The lamp is the one of Wren 2012.\n")
    assert "integrity" in problems_of(book)[0].message


def test_rows_are_not_selected_by_how_they_came_out(book: Path) -> None:
    for how in ("query(\"direction == 'increase'\")", "loc[findings.direction.isin(['increase'])]"):
        write_page(book, f"```{{code-cell}}\nfindings.{how}\n```\n")
        assert "how they came out" in " ".join(map(str, problems_of(book)))
    write_page(book, "```{code-cell}\nfindings.query(\"source_id == 'moss2021'\")\n```\n")
    assert "how they came out" not in " ".join(map(str, problems_of(book)))


NOTHING = {
    "```{include} x\n```": "the directive 'include' cannot be checked",
    "```{eval-rst}\nx\n```": "the directive 'eval-rst' cannot be checked",
    "See {ref}`tab-slep`.": "undefined label: 'tab-slep'; did you mean 'tab-sleep'?",
    "See {any}`nowhere`.": "reference target not found: nowhere",
    "See [a part](about.md#nopart).": "local id not found in doc 'chapters/about': 'nopart'",
    "As {source}`larkin2042` reports.": "nearest: larkin2024",
    "It rose: {finding}`larkin2024-sum`.": "larkin2024-som",
    "Of {value}`larkin2024.n_studys` trials.": "did you mean 'n_studies'?",
    "Of {value}`larkin` trials.": "there is no row and no set of rows 'larkin'",
    "{unknown}`larkin2024-trial`": "larkin2024-trials",
    "It rose {cite:p}`lamp2002`.": "did you mean 'lamp2001'?",
    "As {sourc}`larkin2024` reports.": "did you mean 'source'?",
    "As {source}`larkin2024 reports.": "found {source}`: write {role}`key`, or the note",
    "As {source`larkin2024` reports.": "found {source: write {role}`key`, or the note",
    "As source}`larkin2024` reports.": "found source}: write {role}`key`",
    "It rose[^gone].": "found [^gone]: write {role}`key`, or the note",
    "```{note}\nWords.\n": "a block that no ``` closes; close it",
    "Words.\n\n##\n\nMore.": "a heading without text; write it, or take it out",
    "![A lamp](lamp.png)": "image file not readable: chapters/lamp.png",
    "![](dot.svg)": "the picture 'chapters/dot.svg' has no text alternative",
    "```{code-cell}\nplot(\n```": "'(' was never closed",
    "```{code-cell}\nplot()\n```": "Found an unexpected `code-cell`",
    "```{notee}\nWords.\n```": "[myst.directive_unknown]; did you mean 'note'?",
    "```{figure}\n```": "Directive 'figure': 1 argument(s) required",
    "[Lamps](fig:lamps)": "cross-reference target not found: 'fig:lamps'",
    "(twice)=\n## A\n\n(twice)=\n#### B": "Duplicate explicit target name",
    "#### C": "Non-consecutive header level increase",
    "A formula $\\foo$.": "cannot be read as TeX",
}


def test_what_a_build_would_refuse_is_said_before(tmp_path: Path) -> None:
    folder = write_book(tmp_path, answer="\n\n".join(["(tab-sleep)=\n# A", *NOTHING]))
    settings = folder / "_config.yml"
    text = settings.read_text("utf-8").replace("nitpicky", "nitpikky")
    settings.write_text(text.replace("  config:", "  confg: {}\n  config:"), "utf-8")
    (folder / "chapters" / "rows.md").unlink()
    cell = {"cell_type": "markdown", "metadata": {}, "source": "# Rows\n\nSee {any}`gone`."}
    rows = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (folder / "chapters" / "rows.ipynb").write_text(json.dumps(rows), "utf-8")
    said = " ".join(map(str, check_book(folder).problems))
    assert [what for what in NOTHING.values() if what not in said] == []
    assert "rows.ipynb, cell 1, line 3: [page] 'any' reference target not found: gone" in said
    assert "_config.yml:8: [page] there is no setting 'confg'; did you mean 'config'" in said
    assert "_config.yml:15: [page] unknown config value 'nitpikky'" in said


STOPPING = {
    "_config.yml": ("book]", "book, nope]", "_config.yml:7: [page] ExtensionError: Could not"),
    "chapters/rows.md": (
        "{code-cell} ipython3\n",
        "{code-cell} ipython3\n---\nx: [\n---\n",
        "chapters/rows.md:15: [page] cannot be read: Code cell 1 at line 15",
    ),
    "references.bib": ("title=", "", "references.bib: [page] cannot be read: syntax error"),
    "_config.yml ": ("extra_ext", "ext", "[page] sphinx.errors.SphinxError: Builder name typst"),
}


@pytest.mark.parametrize("name", STOPPING)
def test_what_keeps_pages_from_being_read_is_named(tmp_path: Path, name: str) -> None:
    old, new, says = STOPPING[name]
    path = write_book(tmp_path) / name.strip()
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    assert says in " ".join(map(str, check_book(tmp_path).problems))
    assert not (tmp_path / "_build").exists()


def test_a_source_is_named_by_its_short_name_too(book: Path) -> None:
    short = load_evidence(book / "data").source("larkin2024").short_name
    write_page(book, f"{{source}}`{short}` reports less somnin.\n")
    assert [p.message.partition(":")[0] for p in problems_of(book)] == ["direction"]


FAULTY = {
    "_toc.yml": ("root: [", "_toc.yml:1"),
    "_config.yml": ("title: 'a", "_config.yml:1"),
    "_config.yml ": ("titel: a\n", "there is no setting 'titel'; did you mean 'title'?"),
    "chapters/a.md": ("---\na: [\n---\n", "chapters/a.md:2: [page] cannot be read"),
    "_toc.yml ": ("format: jb-book\nroot: chapters/b\n", "_toc.yml:2: [page] found 'chapters/b'"),
}


@pytest.mark.parametrize("name", FAULTY)
def test_settings_that_cannot_be_used_are_named(book: Path, name: str) -> None:
    text, says = FAULTY[name]
    (book / name.strip()).write_text(text, encoding="utf-8")
    assert says in str(problems_of(book)[0])


def test_chapters_are_listed_by_a_pattern_too(book: Path) -> None:
    (book / "chapters" / "b.md").write_text("# B\n", encoding="utf-8")
    assert "not in _toc.yml" in problems_of(book)[0].message
    toc = "format: jb-book\nroot: chapters/a\nchapters:\n- glob: chapters/*\n"
    (book / "_toc.yml").write_text(toc, encoding="utf-8")
    (book / "chapters" / ".ipynb_checkpoints").mkdir()  # where JupyterLab keeps a copy
    (book / "chapters" / ".ipynb_checkpoints" / "b-checkpoint.md").write_text("# B\n", "utf-8")
    assert problems_of(book) == []


def test_problems_come_as_json_too_where_each_has_its_remedy(book: Path) -> None:
    write_page(book, CLAIM)
    text, code = report(review_book(book), "json")
    assert code == 1
    rules = [p["rule"] for p in json.loads(text)["problems"] if "Write instead: " in p["message"]]
    assert {*rules} >= {"number", "wording"}
    assert report(review_book(book))[0].count("Write instead: ") == 1


def test_text_that_a_cell_printed_is_checked(evidence: Evidence) -> None:
    picture = {"data": {"image/png": ""}, "metadata": {"image/png": {"alt": CLAIM}}}
    for printed in ({"output_type": "stream", "text": CLAIM}, {"evalue": CLAIM}, picture):
        assert {p.rule for p in check_output([printed], evidence)} >= {"number", "wording"}


@pytest.mark.parametrize("kind", ["image/svg+xml", "application/vnd.vegalite.v5+json"])
def test_words_in_the_charts_of_other_libraries_are_checked(evidence: Evidence, kind: str) -> None:
    drawn = f"<svg><text>{CLAIM}</text></svg>" if "svg" in kind else {"title": CLAIM}
    assert {p.rule for p in check_output([{"data": {kind: drawn}}], evidence)} >= {"wording"}


@pytest.mark.parametrize(
    "data",
    [
        {"text/plain": "1.86"},
        {"image/png": "", "text/plain": "<Figure size 640x480 with 1 Axes>"},
        {"text/html": '<script>("vega.github.io/schema")})({"width": 300})</script>'},
    ],
)
def test_of_an_output_only_what_readers_see_is_checked(evidence: Evidence, data: object) -> None:
    assert check_output([{"data": data}], evidence) == []


def test_a_number_inside_a_drawing_is_no_number_of_a_row(book: Path) -> None:
    page = "<article>97.3 of them <svg><text>96.4</text></svg></article>"
    (book / "chapters" / "a.html").write_text(page, "utf-8")
    drawn = {
        MIME_TYPE: {"svg": "<svg>97.3</svg>", "narrow_svg": "97.3", "alt": "a chart"},
        "text/plain": "a chart",
    }
    output = {"output_type": "display_data", "data": drawn}
    cell = {"cell_type": "code", "metadata": {}, "outputs": [output]}
    (book / "chapters" / "a.ipynb").write_text(
        json.dumps({"cells": [cell], "metadata": {}}), "utf-8"
    )
    said = " ".join(map(str, built.check_built(book, None, book)))
    assert "'97.3'" in said
    assert "'96.4'" not in said


def test_a_number_of_code_that_readers_see_may_be_in_the_pdf_alone(book: Path) -> None:
    write_page(book, "```{code-cell}\nsleep = 987\n```\n")
    (book / "chapters" / "a.html").write_text("<article>Words.</article>", "utf-8")
    (problem,) = built.check_built(book, lambda: (book, ["sleep = 987, or 654"]), book)
    assert "'654' is only in the PDF" in problem.message


def test_a_script_among_outputs_is_refused(evidence: Evidence) -> None:
    shown = [{"output_type": "display_data", "data": {"text/html": "<script>1</script>"}}]
    assert "script" in check_output(shown, evidence)[0].message


def shown(*texts: str) -> list[object]:
    content = {"kind": "prose", "paragraphs": [[{"text": text} for text in texts]]}
    data = {MIME_TYPE: content, "text/plain": "".join(texts)}
    return [{"output_type": "display_data", "data": data}]


def test_what_the_package_shows_of_the_tables_passes(evidence: Evidence) -> None:
    for text in [*evidence.advice["as_printed"], *evidence.limitations["sentence"]]:
        assert check_output(shown("Note: ", f"“{text}”"), evidence) == []


def test_words_added_to_a_text_of_the_tables_are_checked(evidence: Evidence) -> None:
    text = f"{evidence.limitations['sentence'].iloc[0]} Amber light is safe."
    (problem,) = check_output(shown(text), evidence)
    assert problem.message.startswith("safety: 'safe'")


AUDITED = {
    "supported": "Larkin 2024 found an increase in somnin.",
    "contradicted": "Larkin 2024 found a decrease in somnin.",
    "stronger than its evidence": "Amber light is proven to prevent crashes.",
    "not in the evidence": "Amber light improves mood.",
    "advice": "You should use an amber lamp every evening.",
    "background": "Coffee is a drink.",
}


@pytest.mark.parametrize("verdict", AUDITED)
def test_an_audit_says_how_a_sentence_stands(evidence: Evidence, verdict: str) -> None:
    (sentence,) = audit(text_blocks(AUDITED[verdict]), evidence).sentences
    assert sentence.verdict == verdict


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("Amber light affects people with an eye disease.", "not judged"),
        ("Amber light does not affect people with an eye disease.", "stronger than its evidence"),
        ("People with an eye disease should avoid amber light.", "background"),
        ("Avoid eye drops and use an amber lamp.", "advice"),
        ("Your sleep will improve within a week.", "stronger than its evidence"),
        ("Amber light lowers somnin.", "contradicted"),
        ("Amber light and your sleep", "not judged"),
        ("Fern 2019 measured a mean of 3.8 with the amber lamp.", "supported"),
        ("Fern 2019 measured a mean of 3.7 with the amber lamp.", "not in the evidence"),
    ],
)
def test_an_audit_knows_advice_and_figures(evidence: Evidence, said: str, verdict: str) -> None:
    assert audit(text_blocks(said), evidence).sentences[0].verdict == verdict


def test_an_audit_gives_the_row_and_a_wording_that_the_evidence_allows(evidence: Evidence) -> None:
    (sentence,) = audit(text_blocks(AUDITED["contradicted"]), evidence).sentences
    assert sentence.rows == ("larkin2024-som",)
    assert "a significant increase in somnin" in sentence.allowed
    (own,) = audit(text_blocks("Somnin rose in {source}`larkin2024`."), evidence).sentences
    assert (own.text, own.verdict) == ("Somnin rose in larkin2024.", "supported")


def test_an_audit_offers_the_result_that_the_certainty_rests_on(evidence: Evidence) -> None:
    (sentence,) = audit(text_blocks("Amber light makes accidents rarer."), evidence).sentences
    assert sentence.allowed.startswith("Moss 2021 reports a significant decrease in accidents")


def test_a_number_that_no_row_holds_is_no_support(evidence: Evidence) -> None:
    read = audit(text_blocks("Larkin 2024 found an increase in somnin of 98.7."), evidence)
    assert read.sentences[0].verdict == "not in the evidence"
    assert "98.7" in read.sentences[0].reason


@pytest.mark.parametrize("ending", ["md", "txt", "html"])
def test_documents_are_read_by_their_ending(book: Path, ending: str) -> None:
    text = " ".join(AUDITED.values())
    path = book / f"page.{ending}"
    shown = f"<html><body><nav>x</nav><p>{text}</p></body></html>" if ending == "html" else text
    path.write_text(shown, encoding="utf-8")
    read = json.loads(write(audit(path, load_evidence(book / "data")), "json"))
    assert set(read["totals"].values()) == {0, 1}


def test_the_page_of_an_audit_escapes_what_it_quotes(book: Path) -> None:
    path = book / "page.txt"
    path.write_text("Amber light is safe &lt;script&gt;.", encoding="utf-8")
    page = write(audit(path, load_evidence(book / "data")), "html")
    assert "<script" not in page
    assert all(verdict in page for verdict in VERDICTS)


def test_a_sentence_of_plain_csv_that_names_nothing_is_a_problem(
    book: Path, own_tables: Path
) -> None:
    (own_tables / "plain.csv").write_text("key,text,when\nodd,{Nobody} says so.,\n", "utf-8")
    assert any("plain.csv:2" in str(problem) for problem in problems_of(book))


def test_a_trial_without_its_row_is_listed_as_open(book: Path, own_tables: Path) -> None:
    for table in ("trials", "arms"):
        path = own_tables / f"{table}.csv"
        if path.is_file():
            path.write_text(path.read_text("utf-8").partition("\n")[0] + "\n", "utf-8")
    text, _ = report(review_book(book))
    assert "has no row in trials.csv: dose, duration, comparator (open)" in text
