"""A report on another topic builds at once, and rows are added from citations."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from building import build_book
from test_topic_words import WORDS

from evidence_tools.cli import main
from evidence_tools.evidence.model import load_evidence

ANSWERS = ["--title", 'Does honey-12 ease a cough: "quoted"?', "--subject", "honey",
           "--comparison", "no honey", "--population", "children with a cough"]  # fmt: skip

CITATIONS = {
    "work.bib": "@article{x, author={van der Mu{\\~n}oz, Ana and {The Bees} "
    "and others}, title={On {Honey}}, year=2019, journal={Bees}, volume=4, number=2, pages={1-9}, "
    "doi={10.1000/182}}",
    "work.ris": "TY  - JOUR\nAU  - van der Muñoz, A\nAU  - The Bees\nTI  - On Honey\n"
    "PY  - 2019/03\nJO  - Bees\nVL  - 4\nIS  - 2\nSP  - 1\nEP  - 9\n"
    "DO  - https://doi.org/10.1000/182\nER  - \n",
    "work.json": '[{"title": "On Honey", "author": [{"family": "Muñoz", "given": "Ana", '
    '"non-dropping-particle": "van der"}, {"literal": "The Bees"}], '
    '"issued": {"date-parts": [[2019, 3]]}, "container-title": ["Bees"], "volume": "4", '
    '"issue": "2", "page": "1-9", "DOI": "10.1000/182"}]',
}


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "honey"
    assert main(["new", str(folder), *ANSWERS]) == 0
    return folder


@pytest.fixture
def rows(report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the tables of the new report, and work in their folder."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(report / "data", tmp_path / "data"))


def test_a_new_report_builds_at_once(report: Path) -> None:
    built = build_book(report)
    assert built.returncode == 0, built.output
    assert "honey" in built.page("chapters/answer")
    assert "quoted" in built.pdf.name


def test_it_has_what_an_author_needs(report: Path) -> None:
    for name in ("README.md", "Makefile", "requirements.txt", ".gitignore", "data/datapackage.json",
                 ".github/workflows/report.yml", "evidence_tools/cli.py", "evidence_tools/LICENSE",
                 "CITATION.cff", "CHANGELOG.md"):  # fmt: skip
        assert (report / name).is_file(), name
    steps = subprocess.check_output(["make", "-n", "report"], cwd=report, text=True)
    assert steps.index("evidence check") < steps.index("jupyter-book build")
    evidence = load_evidence(report / "data")
    tables = ("sources", "findings", "arms", "harms", "plain")
    assert all(len(getattr(evidence, table)) >= 2 for table in tables)


def test_nothing_of_another_topic_is_in_it(report: Path) -> None:
    own = [*(report / "chapters").iterdir(), *report.glob("data/**/*.*"), *report.glob("*.*")]
    texts = [path.read_text(encoding="utf-8") for path in own if path.is_file()]
    left = {word for text in texts for word in WORDS.findall(text)}
    assert left <= {"adults", "unwanted effects", "children"}


@pytest.mark.parametrize(
    ("make", "answers", "says"),
    [
        (lambda folder: (folder / "x").mkdir(parents=True), ANSWERS, "is not empty"),
        (lambda folder: None, ANSWERS[:-2], "--population: a text is needed; nothing was written"),
    ],
)
def test_a_report_is_refused_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make: object, answers: list[str], says: str
) -> None:
    folder = tmp_path / "report"
    make(folder)  # type: ignore[operator]
    before = sorted(os.walk(tmp_path))
    assert main(["new", str(folder), *answers]) == 1
    assert says in capsys.readouterr().err
    assert sorted(os.walk(tmp_path)) == before


@pytest.mark.parametrize("name", CITATIONS)
def test_a_source_is_added_from_a_citation(
    rows: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    Path(name).write_text(CITATIONS[name], encoding="utf-8")
    given = ["design=rct", "evidence_level=2", "read_at=abstract", "integrity=none_known"]
    assert main(["add", "source", "--from", name, "--set", *given]) == 0
    said = capsys.readouterr().out
    assert "column 'integrity_checked': found ''; the cell must not be blank; Day on which" in said
    assert len([line for line in said.splitlines() if line.startswith("  ")]) == 1, said
    last = (rows / "sources.csv").read_text(encoding="utf-8").splitlines()[-1]
    known = "vandermunoz2019,van der Muñoz 2019,rct,2,2019,van der Muñoz A; The Bees"
    assert last.startswith(f"{known}; et al.," if name == "work.bib" else f"{known},")
    assert ",On Honey,Bees 4(2):1-9,10.1000/182," in last


def test_a_row_is_added_to_a_table_without_a_last_line_end(rows: Path) -> None:
    table = rows / "sources.csv"
    table.write_text("\ufeff" + table.read_text(encoding="utf-8").rstrip("\n"), encoding="utf-8")
    before = table.read_text(encoding="utf-8")
    assert main(["add", "source", "--set", "source_id=late", "--set", "design=rct"]) == 0
    assert table.read_text(encoding="utf-8").startswith(before + "\nlate,,rct,")


def test_a_finding_gets_its_key(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = ["source_id=example2024", "outcome_id=value", "analysis=primary",
             "direction=not_conclusive", "statistically_significant=not stated"]  # fmt: skip
    assert main(["add", "finding", "--set", *cells]) == 0
    assert "'example2024-value'\nThe row is complete" in capsys.readouterr().out
    assert "example2024-value" in load_evidence(rows).findings.index


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["source", "--set", "source_id=example2024"],
            "write source_id=... that no row has yet; nothing was added",
        ),
        (
            ["source", "--set", "sourceid=x"],
            "found 'sourceid=x'; write column=value; did you mean 'source_id'?",
        ),
        (["source", "--set", "design"], "write column=value"),
        (["source", "--set", "design=rct"], "found ''; write source_id=..."),
        (
            ["source", "--from", "data/plain.csv"],
            "export one work as BibTeX (.bib), RIS (.ris) or CSL",
        ),
        (
            ["source", "--from", "two.json"],
            "two.json: not read (it holds 2 works); export one",
        ),
        (["source", "--from", "latin.ris"], "latin.ris: not read ('utf-8' codec"),
    ],
)
def test_a_row_is_refused_and_the_table_stays(
    rows: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    Path("two.json").write_text('[{"title": "One"}, {"title": "Two"}]', encoding="utf-8")
    Path("latin.ris").write_bytes("TY  - Müller".encode("latin-1"))
    before = (rows / "sources.csv").read_bytes()
    assert main(["add", *arguments]) == 1
    assert says in capsys.readouterr().err
    assert (rows / "sources.csv").read_bytes() == before
