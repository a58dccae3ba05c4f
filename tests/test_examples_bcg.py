"""The second report: built from its own folder, and held to the same rules."""

import re
import shutil
from pathlib import Path

import pytest
from building import PROJECT, Build, build_book, build_once
from conftest import printed_pages
from test_topic_words import FILES

from evidence_tools import load_evidence, narrate_pooled
from evidence_tools.check.review import review_book
from evidence_tools.check.wording import Wording
from evidence_tools.evidence.pooling import effect_sizes, pool
from evidence_tools.evidence.problems import EvidenceError

EXAMPLE = PROJECT / "examples" / "bcg-vaccine"


def copy_example(folder: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("_build", ".*")))


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build_once(tmp_path_factory, "bcg", lambda folder: build_book(copy_example(folder)))


def test_pages_and_pdf_say_what_the_trials_amount_to(example: Build) -> None:
    pdf = " ".join(" ".join(printed_pages(example.pdf)).split())
    for text in (re.sub("</?span[^>]*>", "", example.page("chapters/answer")), pdf):
        assert "may decrease tuberculosis (RR 0.49, 95% CI 0.33–0.73; 13 trials; 357,347" in text
        assert "between RR 0.14 and 1.76" in text
    assert "differs by \N{MINUS SIGN}0.029" in pdf
    assert "(weighted regression) gives p = 0.189" in pdf
    assert example.pdf.name.startswith("bcg-vaccine")


def test_the_package_has_no_word_of_it() -> None:
    words = re.compile(r"\bBCG\b|tubercul|vaccin", re.IGNORECASE)
    assert [str(p) for p in FILES if words.search(p.read_text(encoding="utf-8"))] == []


FALSE = {
    "The BCG vaccine prevents tuberculosis.": "wording",
    "Parents should vaccinate newborns.": "wording",
    "Vaccination is safe.": "wording",
    "BCG halves the risk of tuberculosis.": "bind",
    "{source}`aronson1948` reports more tuberculosis with BCG.": "frame",
    "In all trials fewer people had tuberculosis.": "bind",
    "The risk ratio is 0.61.": "number",
}


def test_sentences_that_no_row_holds_are_refused(tmp_path: Path) -> None:
    folder = copy_example(tmp_path / "book")
    page = folder / "chapters" / "answer.md"
    lines = [*page.read_text(encoding="utf-8").splitlines(), *(f"\n{text}" for text in FALSE)]
    page.write_text("\n".join(lines), encoding="utf-8")
    lines = page.read_text(encoding="utf-8").splitlines()
    found = {(p.line, p.rule) for p in review_book(folder).problems if p.path.endswith("answer.md")}
    assert found >= {(lines.index(text) + 1, rule) for text, rule in FALSE.items()}


@pytest.mark.parametrize(
    ("typed", "said"), [(b"subjct,", "'subjct'.*did you mean 'subject'"), (b"\xe9,", "not UTF-8")]
)
def test_words_that_cannot_be_read_are_refused(tmp_path: Path, typed: bytes, said: str) -> None:
    words = copy_example(tmp_path / "book") / "data" / "wording" / "body.csv"
    words.write_bytes(words.read_bytes().replace(b"subject,", typed))
    with pytest.raises(EvidenceError, match=f"body.csv:2: .*{said}"):
        Wording(load_evidence(words.parents[1]))


def test_an_average_is_said_in_the_words_of_its_certainty() -> None:
    evidence = load_evidence(EXAMPLE / "data")
    effects = effect_sizes(evidence.arms, "RR")
    assert "may decrease tuberculosis" in str(narrate_pooled(pool(effects)))
    few = effects[effects["source_id"].isin(["tptmadras1980", "comstock1976"])]
    said = str(narrate_pooled(pool(few, interval="Wald")))
    assert "whether there is a difference in tuberculosis with the BCG vaccine" in said
    assert "no effect" not in said
