"""A site of versions is checked whole: versions, the newest copy, and what lists them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from releases import small_site

from evidence_tools.history.inspection import inspect_site, is_site
from evidence_tools.history.publication import publish


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for version in ("1.0.0", "1.1.0"):
        publish(small_site(tmp_path / version, version), tmp_path / "site")
    return tmp_path / "site"


def faults(site: Path) -> dict[str, str]:
    return {
        f"{part.place}/{fault.path}".strip("/"): fault.what
        for part in inspect_site(site)
        for fault in part.faults
    }


def test_a_site_as_it_was_published_has_no_faults(site: Path) -> None:
    assert is_site(site)
    assert not is_site(site / "latest")
    parts = inspect_site(site)
    assert [part.place for part in parts] == ["v/1.0.0", "v/1.1.0", "latest", ""]
    assert [part.faults for part in parts] == [(), (), (), ()]
    assert parts[2].told.startswith("version 1.1.0, all ")


@pytest.mark.parametrize("name", ["versions.js", "versions.json", "versions.html", "index.html"])
def test_one_changed_byte_in_what_lists_the_versions_is_found(site: Path, name: str) -> None:
    path = site / name
    path.write_bytes(path.read_bytes()[:-1] + b" ")
    assert set(faults(site)) == {name}
    path.unlink()
    assert faults(site) == {name: "missing; publish again"}
    publish(site.parent / "1.1.0", site)
    assert faults(site) == {}


def test_what_belongs_to_nothing_is_extra_but_not_what_a_host_asks_for(site: Path) -> None:
    for name in ("new.html", "v/new.html", "latest/new.html", "CNAME", ".htaccess"):
        (site / name).write_text("x", "utf-8")
    (site / "v/draft").mkdir()
    assert faults(site) == dict.fromkeys(
        ("new.html", "v/new.html", "v/draft", "latest/new.html"), "extra"
    )


def test_one_version_that_cannot_be_read_does_not_hide_the_others(site: Path) -> None:
    (site / "v/1.0.0/report.json").write_text("{", "utf-8")
    (site / "v/1.1.0/answer.html").write_text("x", "utf-8")
    found = faults(site)
    assert set(found) == {"v/1.0.0/report.json", "v/1.1.0/answer.html"}
    assert "damaged or truncated" in found["v/1.0.0/report.json"]


def test_a_version_under_the_name_of_another_is_named(site: Path) -> None:
    shutil.rmtree(site / "latest")
    shutil.copytree(site / "v/1.0.0", site / "latest")
    assert faults(site) == {"latest/report.json": "is of version 1.0.0, and 1.1.0 is expected here"}
    shutil.rmtree(site / "latest")
    assert faults(site) == {"latest": "missing; publish again"}
