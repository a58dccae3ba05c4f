"""What a reader takes away from a page: its notebook and its rows."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import nbformat
from bs4 import BeautifulSoup
from conftest import PROJECT, Build

from evidence_tools import Evidence
from evidence_tools.book.downloads import data_archive, lasting_text, some_rows
from evidence_tools.display import MIME_TYPE


def notebook(cell_id: str, seconds: str) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell(id=cell_id, metadata={"execution": {"at": seconds}})
    return nbformat.v4.new_notebook(cells=[cell])


def test_two_runs_of_a_notebook_give_the_same_file() -> None:
    assert lasting_text(notebook("a", "1")) == lasting_text(notebook("b", "2"))


def test_the_notebook_of_a_page_has_its_results_and_no_times(book: Build) -> None:
    text = (book.html / "chapters" / "answer.ipynb").read_text("utf-8")
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert any(MIME_TYPE in output["data"] for output in outputs)
    assert "iopub" not in text
    assert str(book.folder) not in text


def test_rows_are_kept_as_they_stand_in_the_table() -> None:
    text = 'id,note\na,"x, y"\nb,z\n'
    assert some_rows(text, {"a"}) == 'id,note\na,"x, y"\n'


def test_the_data_of_a_finding_are_its_row_its_source_and_its_outcome(evidence: Evidence) -> None:
    packed = data_archive(evidence, PROJECT / "data", {"zhang2025-oc"})
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        rows = {
            name: list(csv.DictReader(io.StringIO(archive.read(name).decode())))
            for name in archive.namelist()
            if name.endswith(".csv")
        }
        dictionary = json.loads(archive.read("datapackage.json"))
    assert [row["as_printed"] for row in rows["findings.csv"]] == ["OC; MD 1.86, 95% CI 1.17-2.56"]
    assert [row["source_id"] for row in rows["sources.csv"]] == ["zhang2025"]
    assert [row["outcome_id"] for row in rows["outcomes.csv"]] == ["oc"]
    assert {resource["path"] for resource in dictionary["resources"]} == set(rows)


def test_the_same_rows_give_the_same_bytes(evidence: Evidence) -> None:
    keys = {"zhang2025-oc", "cockayne2006"}
    first, second = (data_archive(evidence, PROJECT / "data", keys) for _ in range(2))
    assert first == second


def test_each_page_offers_what_lies_beside_it(book: Build) -> None:
    for path in sorted((PROJECT / "chapters").glob("*.md")):
        page = BeautifulSoup(book.page(f"chapters/{path.stem}"), "html.parser")
        offers = [str(link["href"]) for link in page.select(".evidence-downloads a")]
        has_code = "{code-cell}" in path.read_text("utf-8")
        assert (f"{path.stem}.ipynb" in offers) is has_code
        assert all((book.html / "chapters" / offer).is_file() for offer in offers)
        assert all(link.has_attr("download") for link in page.select(".evidence-downloads a"))


def test_one_file_holds_all_that_can_be_taken_away(book: Build) -> None:
    page = BeautifulSoup(book.page("chapters/cite"), "html.parser")
    (link,) = page.select("article a[download][href$='.zip']")
    with zipfile.ZipFile(book.html / "chapters" / str(link["href"])) as archive:
        names = set(archive.namelist())
        pdf = archive.read(book.pdf.name)
    assert pdf == book.pdf.read_bytes()
    assert {"data/findings.csv", "data/datapackage.json", "chapters/answer.ipynb"} <= names
    assert {f"chapters/{path.name}" for path in (PROJECT / "chapters").glob("*.md")} <= names
    assert {name[-4:] for name in names if "/" not in name} == {".pdf", ".bib", ".ris"}
