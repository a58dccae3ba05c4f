"""Frames as an author gets them, and what a wrong selection is answered."""

import csv
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from building import TOPIC

from evidence_tools.evidence.model import Evidence, load_evidence, pick
from evidence_tools.evidence.problems import UnknownKeyError


def test_types_are_nullable_and_digits_are_kept_as_printed(topic: Evidence) -> None:
    types = topic.findings.dtypes.astype(str)
    assert types["estimate"] == "Float64"
    assert types["k_studies"] == "Int64"
    assert types["surrogate"] == "boolean"
    assert types["direction"] == types["estimate_printed"] == "string"
    assert topic.sources["integrity_checked"].dtype.kind == "M"
    assert topic.findings.loc["white2020-som", "ci_lower"] == 1
    assert topic.findings.loc["white2020-som", "ci_lower_printed"] == "1.00"


def test_what_is_not_reported_is_missing_and_never_zero(topic: Evidence) -> None:
    row = topic.findings.loc["larkin2024-dor"]
    for column in ("estimate", "ci_lower", "p_value", "unit", "k_studies", "estimate_printed"):
        assert row[column] is pd.NA
    assert topic.finding("larkin2024-dor").estimate is None


def test_a_p_printed_as_a_bound_is_a_number_beside_its_text(topic: Evidence) -> None:
    row = topic.finding("larkin2024-vig")
    assert (row.p_value, row.p_value_printed) == (0.001, "<0.001")


def test_findings_carry_what_an_author_filters_by(topic: Evidence) -> None:
    row = topic.findings.loc["fern2019-som"]
    joined = ["outcome", "abbreviation", "kind", "role", "source", "year", "design", "integrity"]
    assert list(row[joined]) == [
        "Somnin", "SOM", "sleep hormone marker", "marker", "Fern 2019", 2019, "rct", "none_known",
    ]  # fmt: skip
    resolved = ["form", "population_group", "read_at", "certainty", "rating", "standing"]
    assert list(row[resolved]) == [
        "amber lamp", "shift workers with poor sleep", "abstract", "low", "at most low", "counted",
    ]  # fmt: skip


def test_frames_are_indexed_by_identifier_and_keep_the_order_of_the_file(topic: Evidence) -> None:
    assert topic.findings.index.name == "finding_id"
    with (TOPIC / "findings.csv").open(encoding="utf-8") as file:
        assert list(topic.findings.index) == [row["finding_id"] for row in csv.DictReader(file)]


CHANGES: dict[str, Callable[[Evidence], object]] = {
    "cell": lambda e: e.findings.__setitem__("estimate", 9.9),
    "column": lambda e: e.findings.insert(0, "mine", 1),
    "array": lambda e: e.findings["estimate"].array.__setitem__(0, 9.9),
    "values": lambda e: e.findings["estimate"].values.__setitem__(0, 9.9),
    "inside-array": lambda e: e.findings["estimate"].array._data.__setitem__(0, 9.9),
    "texts": lambda e: e.findings["estimate_printed"].array.__setitem__(0, "9.9"),
    "dates": lambda e: e.sources["integrity_checked"].array.__setitem__(0, pd.Timestamp(0)),
    "index": lambda e: e.findings.index.values.__setitem__(0, "x"),
    "attributes": lambda e: e.findings.attrs.clear(),
    "comparisons": lambda e: e.comparisons["relation"].array.__setitem__(0, "agrees"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_nothing_an_author_does_changes_what_another_cell_sees(name: str, topic: Evidence) -> None:
    def seen() -> list[Any]:
        frames = topic.findings, topic.sources, topic.comparisons
        return [*(frame.to_csv() for frame in frames), topic.findings.attrs]

    before = seen()
    try:
        CHANGES[name](topic)
    except ValueError as error:
        assert "read-only" in str(error)
    assert seen() == before


def test_the_same_files_give_the_same_object(tmp_path: Path) -> None:
    folder = shutil.copytree(TOPIC, tmp_path / "data")
    first = load_evidence(folder)
    assert load_evidence(str(folder)) is first
    (folder / "harms.csv").write_text((folder / "harms.csv").read_text())
    assert load_evidence(folder) is first
    text = (folder / "harms.csv").read_text().replace("headaches were", "headaches are")
    (folder / "harms.csv").write_text(text)
    assert load_evidence(folder) is not first


def test_without_a_path_the_nearest_data_folder_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(TOPIC, tmp_path / "data")
    (tmp_path / "chapters" / "more").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "chapters" / "more")
    assert load_evidence().folder == tmp_path / "data"


def test_the_last_line_of_a_cell_says_what_is_there_and_what_to_do(topic: Evidence) -> None:
    lines = repr(topic).splitlines()
    assert len(lines) <= 10
    assert "Amber light and sleep markers" in lines[0]
    assert "findings 20" in lines[1]
    assert "evidence.findings.query" in repr(topic)


def test_a_wrong_attribute_is_answered_with_those_that_exist(topic: Evidence) -> None:
    with pytest.raises(AttributeError, match=r"no 'findngs'; it has sources, kinds, outcomes"):
        topic.findngs  # noqa: B018
    assert "findings" in dir(topic)


@pytest.mark.parametrize("name", ["som", "Somnin", "SOMNIN", "SOM", "total somnin"])
def test_an_outcome_is_found_by_any_of_its_names(topic: Evidence, name: str) -> None:
    assert topic.outcome(name).outcome_id == "som"
    assert set(topic.select(outcome=name)["outcome_id"]) == {"som"}


def test_sources_and_kinds_are_found_by_name(topic: Evidence) -> None:
    assert topic.source("fern 2019").source_id == "fern2019"
    found = topic.select(source=["fern2019", "Moss 2021"], kind="accident")
    assert list(found.index) == ["moss2021-accident", "moss2021-accident-sens", "fern2019-accident"]


def test_an_unknown_name_is_answered_with_the_nearest(topic: Evidence) -> None:
    with pytest.raises(UnknownKeyError, match=r"no 'somin' in outcomes; nearest: som"):
        topic.select(outcome="somin")
    with pytest.raises(UnknownKeyError, match=r"no 'zzz' in sources; there are: larkin2024, moss"):
        topic.source("zzz")


def test_a_name_of_several_outcomes_selects_all_and_is_no_single_one(tmp_path: Path) -> None:
    folder = shutil.copytree(TOPIC, tmp_path / "data")
    text = (folder / "outcomes.csv").read_text().replace("vigil enzyme", "sleep hormone S")
    (folder / "outcomes.csv").write_text(text)
    evidence = load_evidence(folder)
    assert set(evidence.select(outcome="sleep hormone S")["outcome_id"]) == {"som", "vig"}
    with pytest.raises(UnknownKeyError, match="names several outcomes; give one of som, vig"):
        evidence.outcome("sleep hormone s")


SELECTIONS: dict[str, Callable[[Evidence], Any]] = {
    "all": lambda e: e.findings,
    "query": lambda e: e.findings.query("role == 'marker'"),
    "sorted": lambda e: e.findings.sort_values("estimate"),
    "concatenated": lambda e: pd.concat([e.findings.head(3), e.findings.head(5)]),
    "reset-index": lambda e: e.findings.reset_index(),
    "merged": lambda e: e.findings.reset_index().merge(
        e.sources[["journal"]], left_on="source_id", right_index=True),
    "few-columns": lambda e: e.findings[["estimate"]],
    "objects": lambda e: e.findings.astype(object),
    "column-of-identifiers": lambda e: e.findings.reset_index()["finding_id"],
    "own-column": lambda e: e.findings.assign(mine=1),
    "identifiers": lambda e: ["larkin2024-som", "fern2019-som"],
    "index": lambda e: e.findings.index,
    "one-identifier": lambda _: "larkin2024-som",
}  # fmt: skip


@pytest.mark.parametrize("name", SELECTIONS)
def test_what_ordinary_pandas_makes_of_a_frame_is_a_selection(name: str, topic: Evidence) -> None:
    selection = SELECTIONS[name](topic)
    evidence, rows = pick(selection)
    assert evidence is topic
    if isinstance(selection, pd.DataFrame):
        ids = selection.reset_index()["finding_id"].drop_duplicates()
        assert [row.finding_id for row in rows] == list(ids)


def test_a_frame_leads_back_to_its_own_evidence(topic: Evidence, evidence: Evidence) -> None:
    load_evidence(evidence.folder)  # the last one loaded
    assert pick(topic.findings.head(2))[0] is topic


WRONG: dict[str, tuple[Callable[[Evidence], Any], str]] = {
    "column": (lambda e: e.findings["estimate"], r"one column or row .*write two brackets"),
    "row": (lambda e: e.findings.loc["larkin2024-som"], r"write two brackets"),
    "everything": (lambda e: e, r"found Evidence; pass a frame such as evidence\.findings"),
    "none": (lambda _: None, r"found NoneType; pass a frame"),
    "numbers": (lambda _: [1, 2], r"found list; pass a frame"),
    "name-that-is-none": (lambda e: e.select(outcome=3), r"found int; give a name or identifier"),
    "table-that-is-none": (lambda e: e.rows("finding"), r"has no 'finding'; it has sources"),
    "nothing": (lambda e: e.findings.query("estimate > 99"), r"no rows in it; check the filter"),
    "empty-generator": (lambda _: iter([]), r"no rows in it"),
    "typing-error": (lambda _: ["larkin2024-sm"], r"no 'larkin2024-sm' in findings; nearest: lar"),
    "another-table": (lambda e: e.sources, r"no finding_id, neither as index nor as column"),
    "turned": (lambda e: e.findings.T, r"no finding_id"),
    "grouped": (lambda e: e.findings.groupby("kind")[["estimate"]].mean(), r"after merge or gro"),
    "foreign-rows": (lambda _: pd.DataFrame({"finding_id": ["x"]}), r"there is no 'x' in findings"),
    "changed": (lambda e: e.findings.assign(estimate=9.9), r"whose 'estimate' is not that of evid"),
    "filled": (lambda e: e.findings.assign(unit=e.findings["unit"].fillna("mg")), r"'unit' is not"),
    "column-twice": (lambda e: pd.concat([e.findings, e.findings], axis=1), r"'source_id' twice"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_selection_is_answered_with_what_to_do(name: str, topic: Evidence) -> None:
    selection, message = WRONG[name]
    with pytest.raises((TypeError, ValueError, LookupError, AttributeError), match=message):
        pick(selection(topic))


def grown(folder: Path, times: int) -> Path:
    """Copy the made-up topic, with its sources and all their rows several times."""
    shutil.copytree(TOPIC, folder)
    references = ("source_id", "same_trial_as", "superseded_by", "finding_id", "arm_id", "harm_id",
                  "timecourse_id", "conclusion_id", "short_name")  # fmt: skip
    for name in ("sources", "findings", "trials", "arms", "timecourse", "harms", "conclusions"):
        path = folder / f"{name}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            header, rows = list(reader.fieldnames or ()), list(reader)
        copies = [
            row | {c: f"{row[c]}-c{n}" for c in references if row.get(c)}
            | {c: "" for c in ("doi", "pmid") if c in row}
            for n in range(1, times) for row in rows
        ]  # fmt: skip
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, header, lineterminator="\n")
            writer.writeheader()
            writer.writerows([*rows, *copies])
    return folder


def calls(work: Callable[[], object]) -> int:
    """Count calls of functions: work done, whatever the machine's speed."""
    count = 0

    def profile(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_loading_grows_at_most_linearly_with_the_rows(tmp_path: Path) -> None:
    def work(folder: Path) -> None:
        evidence = load_evidence(folder)
        assert len(evidence.comparisons) and len(evidence.arithmetic)
        pick(evidence.findings)
        list(evidence.missing_rows())

    sizes = (1, 3, 9)
    folders = [grown(tmp_path / str(times), times) for times in sizes]
    work(grown(tmp_path / "warm", 2))
    few, some, many = (calls(lambda folder=folder: work(folder)) for folder in folders)  # type: ignore[misc]
    assert (many - some) / 6 <= 1.2 * (some - few) / 2


def test_what_follows_from_rows_belongs_to_its_evidence(topic: Evidence) -> None:
    assert topic.arithmetic.attrs == topic.comparisons.attrs == topic.findings.attrs != {}
    assert {"arithmetic", "comparisons", "misfits"} <= set(dir(topic))
