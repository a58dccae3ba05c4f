from __future__ import annotations

import json
from pathlib import Path

from conftest import PROJECT

from evidence_tools.csvfile import read_csv
from evidence_tools.dictionary import read_dictionary
from evidence_tools.rules import RULES
from evidence_tools.schema import ROW_CLASSES
from evidence_tools.validation import validate_tables

COLUMNS = ("name", "value")


def written(folder: Path, content: str) -> Path:
    path = folder / "table.csv"
    path.write_text(content, encoding="utf-8", newline="")
    return path


def test_sound_tables_give_their_rows_and_no_problem() -> None:
    problems, rows = validate_tables(PROJECT / "data")
    assert problems == []
    assert {name: len(found) for name, found in rows.items()} == {
        "sources": 41,
        "outcomes": 21,
        "findings": 72,
        "trials": 17,
        "trial-arms": 20,
        "marker-context": 11,
        "certainty": 55,
    }


def test_tables_with_a_problem_give_no_rows(data_copy: Path) -> None:
    (data_copy / "findings.csv").write_text("")
    problems, rows = validate_tables(data_copy)
    assert len(problems) == 1
    assert rows == {}


def test_every_table_with_rules_has_a_class_for_its_rows() -> None:
    assert set(RULES) >= set(ROW_CLASSES)


def test_the_dictionary_describes_every_table_with_rules() -> None:
    tables, problems = read_dictionary(PROJECT / "data", RULES)
    assert problems == []
    assert set(tables) == set(RULES)


def test_the_dictionary_names_keys_and_references() -> None:
    tables, _ = read_dictionary(PROJECT / "data", RULES)
    assert tables["findings"].key == ("finding_id",)
    assert tables["findings"].references == {
        "source_id": ("sources", "source_id"),
        "outcome_id": ("outcomes", "outcome_id"),
    }


def test_a_row_knows_the_line_it_begins_on(tmp_path: Path) -> None:
    table = read_csv(written(tmp_path, 'name,value\na,1\n"b\nb",2\r\n\nc,3\n'), COLUMNS)
    assert [(r.line, r.cells["value"]) for r in table.records] == [(2, "1"), (3, "2"), (6, "3")]
    assert [(p.line, p.message) for p in table.problems] == [(5, "the row is empty; remove it")]


def test_cells_are_known_by_the_name_of_their_column(tmp_path: Path) -> None:
    table = read_csv(written(tmp_path, "value,other,name\n1,x,a\n"), COLUMNS)
    assert table.records[0].cells == {"name": "a", "value": "1"}
    assert [p.column for p in table.problems] == ["other"]


def test_quotes_inside_a_quoted_cell_are_read(tmp_path: Path) -> None:
    table = read_csv(written(tmp_path, 'name,value\n"a ""b"", c",1\n'), COLUMNS)
    assert table.records[0].cells["name"] == 'a "b", c'
    assert table.problems == ()


def test_a_row_of_another_length_is_marked_as_incomplete(tmp_path: Path) -> None:
    table = read_csv(written(tmp_path, "name,value\na\nb,2\n"), COLUMNS)
    assert [record.complete for record in table.records] == [False, True]
    assert table.records[0].cells == {"name": "a", "value": ""}


def test_a_file_without_an_end_of_line_is_read_whole(tmp_path: Path) -> None:
    table = read_csv(written(tmp_path, "name,value\na,1"), COLUMNS)
    assert [record.cells["value"] for record in table.records] == ["1"]
    assert table.problems == ()


def test_missing_columns_are_listed(tmp_path: Path) -> None:
    table = read_csv(written(tmp_path, "name\na\n"), COLUMNS)
    assert table.missing == ("value",)


def test_two_faults_of_one_row_are_both_told(data_copy: Path) -> None:
    path = data_copy / "findings.csv"
    changed = path.read_text(encoding="utf-8").replace(
        "MD,1.86,1.17,2.56,95,not reported,,,,increase",
        "MD,x,2.56,1.17,95,not reported,,,,up",
    )
    path.write_text(changed, encoding="utf-8")
    problems, _ = validate_tables(data_copy)
    assert sorted(problem.column for problem in problems) == ["direction", "estimate"]


def test_a_key_of_several_columns_may_not_repeat(data_copy: Path) -> None:
    path = data_copy / "datapackage.json"
    descriptor = json.loads(path.read_text(encoding="utf-8"))
    context = next(r for r in descriptor["resources"] if r["name"] == "marker-context")
    context["schema"]["fields"][0]["constraints"].pop("unique")
    context["schema"]["primaryKey"] = ["context_id", "outcome_id"]
    path.write_text(json.dumps(descriptor), encoding="utf-8")
    assert validate_tables(data_copy)[0] == []
    table = data_copy / "marker_context.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join([*lines, lines[2]]), encoding="utf-8")
    (problem,) = validate_tables(data_copy)[0]
    assert (problem.line, problem.message) == (
        13,
        "this context_id and outcome_id stands in line 3 too; each row needs its own",
    )
