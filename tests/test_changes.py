"""Readers see what changed: in the chapter of changes, and on pages whose claims changed."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from conftest import PROJECT, Build
from releases import edit_table, row_of

from evidence_tools import Evidence, changes_table, load_evidence, narrate_releases
from evidence_tools.history.narration import changes_before, is_released
from evidence_tools.history.snapshot import snapshot_bytes, take_snapshot
from evidence_tools.storage import HistoryError

CHAPTER = """
(answer)=
# What changed?

Osteocalcin: {finding}`zhang2025-oc`.

```{code-cell} ipython3
from evidence_tools import changes_table, load_evidence, narrate_releases
evidence = load_evidence("../data")
narrate_releases(evidence)
```

```{code-cell} ipython3
changes_table(evidence, name="tab-changes", caption="What changed?")
```
"""


def write_snapshot(data: Path, version: str) -> bytes:
    evidence = load_evidence(data)
    folder = data / "releases"
    folder.mkdir(exist_ok=True)
    content = snapshot_bytes(take_snapshot(evidence, version=version, day=date(2026, 11, 21)))
    (folder / f"{version}.json").write_bytes(content)
    return content


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tables with another estimate of osteocalcin and another dose, released first."""
    data = tmp_path_factory.mktemp("earlier") / "data"
    shutil.copytree(PROJECT / "data", data, ignore=shutil.ignore_patterns("releases"))

    def change(rows: list[dict[str, str]]) -> None:
        row = row_of(rows, "zhang2025-oc")
        row["estimate"], row["as_printed"] = "1.87", "OC; MD 1.87, 95% CI 1.17-2.56"

    def redose(rows: list[dict[str, str]]) -> None:
        row_of(rows, "shiraki2000")["dose"] = "44"

    edit_table(data / "findings.csv", change)
    edit_table(data / "trials.csv", redose)
    write_snapshot(data, "0.0.1")
    return data


@pytest.fixture(scope="module")
def changed(earlier: Path, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Today's tables, with the earlier release beside them."""
    data = tmp_path_factory.mktemp("changed") / "data"
    shutil.copytree(PROJECT / "data", data, ignore=shutil.ignore_patterns("releases"))
    shutil.copytree(earlier / "releases", data / "releases")
    return load_evidence(data)


def test_without_a_release_the_chapter_says_so(tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(PROJECT / "data", data, ignore=shutil.ignore_patterns("releases"))
    evidence = load_evidence(data)
    assert "No version has been released yet" in narrate_releases(evidence).to_text()
    assert changes_table(evidence, name="tab-x", caption="x") is None
    assert changes_before(evidence, "1.0.0") is None


def test_the_first_release_has_nothing_to_compare_with(earlier: Path) -> None:
    evidence = load_evidence(earlier)
    (line,) = narrate_releases(evidence).to_text().splitlines()
    assert line.startswith("- Version 0.0.1, 2026-11-21: the first release, with ")
    assert changes_table(evidence, name="tab-x", caption="x") is None


def test_changes_since_the_newest_release_are_told_as_not_yet_released(changed: Evidence) -> None:
    newest, first = narrate_releases(changed).to_text().splitlines()
    assert newest.startswith("- Not yet released: compared with version 0.0.1. 1 finding changed")
    assert first.startswith("- Version 0.0.1")


def test_releases_are_told_newest_first_and_no_change_is_said(changed: Evidence) -> None:
    data = changed.folder
    try:
        write_snapshot(data, "0.0.9")
        write_snapshot(data, "0.0.10")
        lines = narrate_releases(changed).to_text().splitlines()
    finally:
        (data / "releases/0.0.9.json").unlink()
        (data / "releases/0.0.10.json").unlink()
    assert [line.split(",")[0] for line in lines] == [
        "- Version 0.0.10",
        "- Version 0.0.9",
        "- Version 0.0.1",
    ]
    assert lines[0].endswith("compared with version 0.0.9. No finding changed.")


def test_the_table_shows_each_change_before_and_after(changed: Evidence) -> None:
    table = changes_table(changed, name="tab-changes", caption="What changed?")
    assert table is not None
    text = table.to_text()
    assert (
        "not yet released | finding changed: estimate | Osteocalcin (OC), Zhang 2025 | 1.87 | 1.86"
    ) in text


def test_a_row_that_is_gone_is_named_without_a_link(changed: Evidence, tmp_path: Path) -> None:
    data = Path(shutil.copytree(changed.folder, tmp_path / "data"))
    judged = (data / "certainty.csv").read_text("utf-8")
    key = next(name for name in changed.findings_by_id if name not in judged)
    edit_table(data / "findings.csv", lambda rows: rows.remove(row_of(rows, key)))
    evidence = load_evidence(data)
    table = changes_table(evidence, name="tab-changes", caption="x")
    assert table is not None
    gone = next(row for row in table.rows if "removed" in row.cells[1].content[0].text)
    assert gone.cells[2].content[0].finding_id == ""
    assert gone.cells[2].content[0].text.startswith(changed.outcome_of(changed.finding(key)).label)


def test_claims_are_compared_with_the_release_before_this_version(changed: Evidence) -> None:
    difference = changes_before(changed, "0.1.0")
    assert difference is not None
    assert (difference.before, difference.touched_findings) == ("0.0.1", {"zhang2025-oc"})
    assert changes_before(changed, "0.0.1") is None


def test_only_what_was_released_counts_as_released(earlier: Path, changed: Evidence) -> None:
    no_chapters = earlier / "none"
    released = load_evidence(earlier)
    assert is_released(released, "0.0.1", no_chapters)
    assert not is_released(released, "0.0.2", no_chapters)
    assert not is_released(changed, "0.0.1", no_chapters)
    assert not is_released(released, "0.0.1", PROJECT / "chapters")


def test_a_damaged_snapshot_stops_the_chapter(changed: Evidence, tmp_path: Path) -> None:
    data = Path(shutil.copytree(changed.folder, tmp_path / "data"))
    path = data / "releases/0.0.1.json"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(HistoryError, match=r"0\.0\.1\.json: damaged"):
        narrate_releases(load_evidence(data))


def test_a_page_whose_claim_changed_says_so_in_html(
    small_book: Callable[..., Build], earlier: Path
) -> None:
    snapshot = (earlier / "releases/0.0.1.json").read_text("utf-8")
    project = (PROJECT / "pyproject.toml").read_text("utf-8")
    files = {
        # The book comes with later releases: this version stands between 0.0.1 and those.
        "pyproject.toml": re.sub(r'(?m)^version = ".*"$', 'version = "0.1.0"', project),
        "data/releases/0.0.1.json": snapshot,
        "_toc.yml": "format: jb-book\nroot: chapters/answer\nchapters:\n"
        "- file: chapters/trial\n- file: chapters/other\n",
        "chapters/trial.md": "# Which trial had another dose?\n\n{source}`shiraki2000`.\n",
        "chapters/other.md": "# Which trial had not?\n\n{source}`knapen2007`.\n",
    }
    build = small_book(CHAPTER, code=True, files=files)
    assert build.returncode == 0, build.output
    assert "Claims on this page have changed" in build.page("chapters/trial")
    assert "Claims on this page have changed" not in build.page("chapters/other")
    page = BeautifulSoup(build.page("chapters/answer"), "html.parser")
    badge = page.select_one("h1 + .evidence-changed")
    assert isinstance(badge, Tag)
    assert badge.get_text() == "Claims on this page have changed since version 0.0.1."
    rows = page.select("table.evidence-table tbody tr")
    cells = [[cell.get_text(strip=True) for cell in row.find_all(["th", "td"])] for row in rows]
    assert ["1.87", "1.86"] in [row[-2:] for row in cells]
    record = json.loads((build.html / "report.json").read_text("utf-8"))
    assert record["findings"]["zhang2025-oc"] == ["chapters/answer"]
    assert record["stamp"]["released"] is False
