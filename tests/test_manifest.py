"""A site or bundle is checked against its manifest, file by file and byte by byte."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from releases import small_site

from evidence_tools.manifest import (
    NAME,
    hash_folder,
    manifest_bytes,
    parse_manifest,
    read_manifest,
    verify,
)
from evidence_tools.storage import HistoryError, seal


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return small_site(tmp_path / "site", "1.0.0")


def pack(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    return target


def test_an_untouched_site_has_no_faults(site: Path) -> None:
    assert verify(site) == []


def test_differing_missing_and_extra_files_are_named(site: Path) -> None:
    (site / "answer.html").write_text("<p>two</p>", "utf-8")
    (site / "index.html").unlink()
    (site / "new.html").write_text("", "utf-8")
    assert [str(fault) for fault in verify(site)] == [
        "answer.html: differs",
        "index.html: missing",
        "new.html: extra",
    ]


@given(at=st.integers(min_value=0), bit=st.integers(0, 7))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_one_changed_bit_anywhere_is_found(site: Path, at: int, bit: int) -> None:
    files = [path for path in sorted(site.rglob("*")) if path.is_file()]
    path = files[at % len(files)]
    before = path.read_bytes()
    place = at // len(files) % len(before)
    changed = bytearray(before)
    changed[place] ^= 1 << bit
    path.write_bytes(bytes(changed))
    try:
        if path.name == NAME:
            with pytest.raises(HistoryError):
                verify(site)
        else:
            assert [fault.what for fault in verify(site)] == ["differs"]
    finally:
        path.write_bytes(before)


def test_a_file_replaced_by_a_link_is_a_fault_even_with_the_same_content(site: Path) -> None:
    (site / "answer.html").rename(site.parent / "elsewhere")
    (site / "answer.html").symlink_to(site.parent / "elsewhere")
    assert [str(fault) for fault in verify(site)] == [
        "answer.html: cannot be read (it is a link, not a file)"
    ]


def test_a_site_with_a_link_gets_no_manifest(site: Path) -> None:
    (site / "link.html").symlink_to(site / "answer.html")
    with pytest.raises(HistoryError, match="not a plain file"):
        hash_folder(site)


def test_sphinx_note_on_its_settings_is_no_part_of_the_site(site: Path) -> None:
    (site / ".buildinfo").write_text("config: abc", "utf-8")
    assert verify(site) == []


def test_a_zipped_site_is_checked_without_unpacking(site: Path, tmp_path: Path) -> None:
    bundle = pack(site, tmp_path / "b.zip")
    assert verify(bundle) == []
    (site / "answer.html").write_text("<p>two</p>", "utf-8")
    assert [str(fault) for fault in verify(pack(site, bundle))] == ["answer.html: differs"]


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a\\..\\evil", "C:/evil"])
def test_a_zip_that_would_unpack_outside_is_refused(site: Path, tmp_path: Path, name: str) -> None:
    bundle = pack(site, tmp_path / "b.zip")
    with zipfile.ZipFile(bundle, "a") as archive:
        archive.writestr(zipfile.ZipInfo(name), "x")
    with pytest.raises(HistoryError, match="do not unpack it"):
        verify(bundle)


def test_a_link_inside_a_zip_is_refused(site: Path, tmp_path: Path) -> None:
    bundle = pack(site, tmp_path / "b.zip")
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(bundle, "a") as archive:
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(HistoryError, match="do not unpack it"):
        verify(bundle)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_that_names_a_file_twice_is_refused(site: Path, tmp_path: Path) -> None:
    bundle = pack(site, tmp_path / "b.zip")
    with zipfile.ZipFile(bundle, "a") as archive:
        archive.writestr("answer.html", "other")
    with pytest.raises(HistoryError, match="twice"):
        verify(bundle)


def test_a_damaged_zip_is_no_traceback(site: Path, tmp_path: Path) -> None:
    bundle = pack(site, tmp_path / "b.zip")
    content = bundle.read_bytes()
    bundle.write_bytes(content[: len(content) // 2])
    with pytest.raises(HistoryError, match="not a zip file"):
        verify(bundle)


def test_damage_inside_a_zip_names_the_file(site: Path, tmp_path: Path) -> None:
    bundle = pack(site, tmp_path / "b.zip")
    content = bundle.read_bytes().replace(b"<p>one</p>", b"<p>0ne</p>")
    bundle.write_bytes(content)
    (fault,) = verify(bundle)
    assert fault.path == "answer.html"


def test_a_folder_without_manifest_and_a_missing_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"has no report\.json"):
        verify(tmp_path)
    with pytest.raises(HistoryError, match="no such folder"):
        verify(tmp_path / "none")


def test_a_manifest_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.json", b" " * ((1 << 26) + 1))
    with pytest.raises(HistoryError, match="too large to be a manifest"):
        verify(bomb)


def test_a_manifest_that_names_a_file_outside_is_refused(site: Path) -> None:
    content = {
        "report": {},
        "stamp": {"version": "1.0.0"},
        "findings": {},
        "pages": [],
        "tools": {},
        "files": {"../../etc/passwd": {"sha256": "0", "size": 1}},
        "published": {},
    }
    with pytest.raises(HistoryError, match="outside its folder"):
        parse_manifest(seal("report", 1, content), "report.json")


def test_a_manifest_without_a_part_is_refused() -> None:
    with pytest.raises(HistoryError, match="lacks a part"):
        parse_manifest(seal("report", 1, {"files": {}}), "report.json")


def test_the_same_manifest_gives_the_same_bytes(site: Path) -> None:
    assert manifest_bytes(read_manifest(site)) == (site / NAME).read_bytes()
