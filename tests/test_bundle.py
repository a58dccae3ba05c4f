"""The bundle holds everything, describes itself, and is the same whenever it is packed."""

from __future__ import annotations

import json
import shutil
import socket
import zipfile
from pathlib import Path
from typing import Any

import pytest
from conftest import PROJECT, Build
from rocrate.rocrate import ROCrate

from evidence_tools.history.bundle import make_bundle
from evidence_tools.manifest import read_manifest, verify
from evidence_tools.storage import HistoryError


@pytest.fixture(scope="module")
def folder(book: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder the book was built in, with the documents that a repository has beside it."""
    folder = tmp_path_factory.mktemp("bundle") / "book"
    shutil.copytree(book.folder, folder, ignore=shutil.ignore_patterns("_build"))
    for name in ("CITATION.cff", "CHANGELOG.md", "LICENSE", "README.md"):
        shutil.copy(PROJECT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def bundle(folder: Path, book: Build) -> Path:
    return make_bundle(folder, book.html, folder.parent / "bundle.zip")


@pytest.fixture(scope="module")
def crate(bundle: Path) -> dict[str, Any]:
    with zipfile.ZipFile(bundle) as archive:
        graph = json.loads(archive.read("ro-crate-metadata.json"))
    assert graph["@context"] == "https://w3id.org/ro/crate/1.1/context"
    return {entity["@id"]: entity for entity in graph["@graph"]}


def test_the_bundle_holds_site_pdf_data_dictionary_and_citation(bundle: Path, book: Build) -> None:
    with zipfile.ZipFile(bundle) as archive:
        names = set(archive.namelist())
        assert archive.testzip() is None
    assert {
        "html/index.html",
        "html/report.json",
        book.pdf.name,
        "data/findings.csv",
        "data/datapackage.json",
        "CITATION.cff",
        "ro-crate-metadata.json",
        "report.json",
    } <= names
    assert {f"html/{name}" for name in read_manifest(book.html).files} <= names


def test_the_bundle_passes_its_own_check_packed_and_unpacked(bundle: Path, tmp_path: Path) -> None:
    assert verify(bundle) == []
    shutil.unpack_archive(bundle, tmp_path / "unpacked")
    assert verify(tmp_path / "unpacked") == []
    assert verify(tmp_path / "unpacked" / "html") == []


def test_the_same_build_gives_the_same_bytes(bundle: Path, folder: Path, book: Build) -> None:
    again = make_bundle(folder, book.html, folder.parent / "again.zip")
    assert again.read_bytes() == bundle.read_bytes()


def test_the_crate_describes_root_licence_authors_and_files(
    crate: dict[str, Any], bundle: Path
) -> None:
    descriptor, root = crate["ro-crate-metadata.json"], crate["./"]
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    for name in ("name", "description", "datePublished", "license"):
        assert root[name], name
    assert root["license"] == {"@id": "https://creativecommons.org/licenses/by/4.0/"}
    assert crate["#author-1"]["name"]
    assert crate["data/findings.csv"]["encodingFormat"] == "text/csv"
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
    for part in root["hasPart"]:
        assert any(name == part["@id"] or name.startswith(part["@id"]) for name in names)


def test_the_rocrate_library_reads_the_unpacked_bundle_without_network(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    shutil.unpack_archive(bundle, tmp_path / "unpacked")
    crate = ROCrate(tmp_path / "unpacked")
    assert crate.root_dataset["version"] == read_manifest(bundle).version
    assert crate.dereference("data/findings.csv")["name"] == "data/findings.csv"


def test_files_newer_than_the_build_are_not_bundled(folder: Path, book: Build) -> None:
    chapter = folder / "chapters" / "answer.md"
    before = chapter.read_bytes()
    try:
        chapter.write_bytes(before + b"\nOne more sentence.\n")
        with pytest.raises(HistoryError, match="have changed since the report was built"):
            make_bundle(folder, book.html, folder.parent / "stale.zip")
    finally:
        chapter.write_bytes(before)
    assert not (folder.parent / "stale.zip").exists()


def test_a_place_that_cannot_be_written_leaves_nothing(folder: Path, book: Build) -> None:
    blocked = folder.parent / "blocked"
    blocked.write_text("a file", "utf-8")
    with pytest.raises(OSError, match="blocked"):
        make_bundle(folder, book.html, blocked / "bundle.zip")
    assert blocked.read_text("utf-8") == "a file"
