"""A result is used again only when it is whole and still follows from the files."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_output
from test_execution import chapter

from evidence_tools.execution.chapter import Chapter, Outcome
from evidence_tools.execution.reads import digest
from evidence_tools.execution.store import ResultStore


def done(given: Chapter, reads: dict[str, str] | None) -> Outcome:
    notebook: Any = copy.deepcopy(given.notebook)
    notebook.cells[1].outputs = [new_output("stream", text="result\n")]
    return Outcome(given, 1.5, notebook=notebook, reads=reads)


@pytest.fixture
def given(tmp_path: Path) -> Chapter:
    return chapter(tmp_path, "one", "print('result')")


@pytest.fixture
def store(tmp_path: Path, given: Chapter) -> ResultStore:
    store = ResultStore(tmp_path / "cache", "k" * 64, tmp_path)
    store.save(done(given, {}))
    return store


def again(store: ResultStore, tmp_path: Path) -> ResultStore:
    """The store as the next build opens it."""
    return ResultStore(tmp_path / "cache", "k" * 64, tmp_path)


def test_a_whole_result_is_found(store: ResultStore, given: Chapter, tmp_path: Path) -> None:
    assert again(store, tmp_path).holds(given)


def test_myst_nb_finds_it_under_the_same_key(store: ResultStore, given: Chapter) -> None:
    from jupyter_cache import get_cache

    cache = get_cache(str(store.folder_for(given.path)))
    _, notebook = cache.merge_match_into_notebook(given.notebook)
    assert notebook.cells[1].outputs[0]["text"] == "result\n"


def test_other_code_is_not_found(store: ResultStore, tmp_path: Path) -> None:
    assert not store.holds(chapter(tmp_path, "one", "print('other')"))


def test_the_same_code_in_another_folder_is_not_found(store: ResultStore, tmp_path: Path) -> None:
    elsewhere = chapter(tmp_path, "one", "print('result')")
    moved = Chapter("else/one", tmp_path / "else" / "one.md", elsewhere.notebook)
    assert not store.holds(moved)


def test_the_results_of_another_state_are_not_found_and_removed(
    store: ResultStore, given: Chapter, tmp_path: Path
) -> None:
    other = ResultStore(tmp_path / "cache", "x" * 64, tmp_path)
    assert not other.holds(given)
    other.remove_older()
    assert not again(store, tmp_path).holds(given)


def test_a_result_that_was_written_half_is_not_used(
    store: ResultStore, given: Chapter, tmp_path: Path
) -> None:
    (path,) = (tmp_path / "cache").rglob("base.ipynb")
    path.write_bytes(path.read_bytes()[:-20])
    assert not again(store, tmp_path).holds(given)
    store.save(done(given, {}))
    assert again(store, tmp_path).holds(given)


def test_a_result_whose_file_is_missing_is_not_used(
    store: ResultStore, given: Chapter, tmp_path: Path
) -> None:
    (path,) = (tmp_path / "cache").rglob("base.ipynb")
    path.unlink()
    assert not again(store, tmp_path).holds(given)


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to be looked at"])
def test_a_damaged_database_is_made_anew(
    content: bytes, store: ResultStore, given: Chapter, tmp_path: Path
) -> None:
    (path,) = (tmp_path / "cache").rglob("global.db")
    path.write_bytes(content)
    following = again(store, tmp_path)
    assert not following.holds(given)
    following.save(done(given, {}))
    assert again(store, tmp_path).holds(given)


def test_a_result_is_dropped_when_a_file_it_read_changed(
    store: ResultStore, given: Chapter, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text("1", encoding="utf-8")
    store.save(done(given, {"a.csv": digest(tmp_path, "a.csv")}))
    assert again(store, tmp_path).holds(given)
    assert store.reads(given) == {"a.csv": digest(tmp_path, "a.csv")}
    (tmp_path / "a.csv").write_text("2", encoding="utf-8")
    assert not again(store, tmp_path).holds(given)


def test_a_result_whose_reading_is_not_known_serves_one_build(
    store: ResultStore, given: Chapter, tmp_path: Path
) -> None:
    store.save(done(given, None))
    assert not again(store, tmp_path).holds(given)
