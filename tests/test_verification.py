"""What is packed can be checked, and signed against those who rewrite the manifest as well."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from functools import partial
from pathlib import Path

import pytest
from releasing import commit, make_book, make_build, make_key, make_release
from rocrate.rocrate import ROCrate

from evidence_tools.cli import main
from evidence_tools.releases.manifest import (
    ReleaseError,
    manifest_bytes,
    pack,
    unpack,
    write_manifest,
)
from evidence_tools.releases.release import make_bundle, sign, verify
from evidence_tools.show.tables import _FORMULA

pytestmark = pytest.mark.usefixtures("day")


@pytest.fixture(scope="module")
def made(day: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    book = make_book(tmp_path_factory.mktemp("made") / "book")
    make_release(book, "1.0.0")
    return book, make_bundle(book, make_build(book)).read_bytes()


@pytest.fixture
def build(made: tuple[Path, bytes], tmp_path: Path) -> Path:
    return Path(shutil.copytree(made[0] / "_build/html", tmp_path / "build"))


@pytest.fixture
def bundle(made: tuple[Path, bytes], tmp_path: Path) -> Path:
    (tmp_path / "bundle.zip").write_bytes(made[1])
    return tmp_path / "bundle.zip"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return make_key(tmp_path)


def test_a_sound_build_says_what_was_checked_and_what_only_a_signature_shows(build: Path) -> None:
    said = verify(build)
    assert "version 1.0.0 as made" in said
    assert "found by a signature only" in said
    assert len(json.loads((build / "report.json").read_text())["files"]["index.html"]) == 64


FAULTS = {
    "index.html: differs": lambda build: (build / "index.html").write_text("other"),
    "answer.html: missing\n  chapters/other.html: extra": lambda build: (
        build / "chapters/answer.html"
    ).rename(build / "chapters/other.html"),
    "empty: neither a file": lambda build: (build / "empty").mkdir(),
    "link.html: neither a file": lambda build: (build / "link.html").symlink_to(build / "x.html"),
    "report.json: not read: .*changed after it was written": lambda build: (
        build / "report.json"
    ).write_text((build / "report.json").read_text().replace("1.0.0", "1.0.1", 1)),
    "report.json: not read: 'stamp'": lambda build: write_manifest(build, {}),
    "build: there is no such place": shutil.rmtree,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_build_that_is_not_as_it_was_made_is_refused(build: Path, fault: str) -> None:
    FAULTS[fault](build)
    with pytest.raises(ReleaseError, match=fault):
        verify(build)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"3", b'{"kind": "report"}'])
def test_a_damaged_or_foreign_manifest_is_a_sentence(build: Path, content: bytes) -> None:
    (build / "report.json").write_bytes(content)
    with pytest.raises(ReleaseError, match=r"report\.json: not read: .*make it again"):
        verify(build)


def test_the_same_files_give_the_same_bundle(made: tuple[Path, bytes], tmp_path: Path) -> None:
    book, content = made
    again = make_bundle(book, book / "_build/html", tmp_path / "again.zip")
    assert again.read_bytes() == content
    assert (book / "_build/book-1.0.0.zip").is_file()


def test_the_bundle_holds_site_sources_and_a_crate_that_the_library_reads(
    bundle: Path, tmp_path: Path
) -> None:
    names = set(unpack(bundle))
    assert {"html/index.html", "data/findings.csv", "book.pdf", "CITATION.cff"} <= names
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(tmp_path / "out")
    crate = ROCrate(str(tmp_path / "out"))
    assert (crate.name, crate.root_dataset["version"]) == ("A <report>", "1.0.0")
    assert crate.root_dataset["author"][0]["name"] == "The authors"
    assert "version 1.0.0" in verify(bundle)
    assert "version 1.0.0" in verify(tmp_path / "out")


def test_a_build_of_another_state_is_not_bundled(tmp_path: Path) -> None:
    book = make_book(tmp_path / "book")
    build = make_build(book)
    (book / "chapters/answer.md").write_text("# Other\n")
    with pytest.raises(ReleaseError, match="build again"):
        make_bundle(book, build)
    commit(book)
    with pytest.raises(ReleaseError, match="build again"):
        make_bundle(book, build)


def with_entry(content: bytes, name: str, attributes: int) -> bytes:
    packed = io.BytesIO(content)
    with zipfile.ZipFile(packed, "a") as archive:
        info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        info.external_attr = attributes << 16
        archive.writestr(info, b"")
    return packed.getvalue()


OUT = {"../outside": b""}
LISTED = manifest_bytes({"stamp": {"version": "1.0.0"}}, OUT)
DAMAGES = {
    "bytes at the end": lambda content: content + b"more",
    "bytes at the beginning": lambda content: b"#!" + content,
    "a comment": lambda content: content[:-2] + b"\x04\0note",
    "cut": lambda content: content[:-100],
    "not a zip file": lambda _: b"x" * 100,
    "empty": lambda _: pack({}),
    "a listed name that leads elsewhere": lambda _: pack(OUT | {"report.json": LISTED}),
}
ENTRIES = {"html/": 0, "odd/": 0o100644, "link": 0o120777}
ENTRIES |= dict.fromkeys(["../outside", "/outside", "C:outside", "CITATION.cff"], 0o100644)


@pytest.mark.parametrize("damage", [*DAMAGES, *ENTRIES])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_bundle_that_was_not_packed_so_is_refused(bundle: Path, damage: str) -> None:
    add = partial(with_entry, name=damage, attributes=ENTRIES.get(damage, 0))
    bundle.write_bytes(DAMAGES.get(damage, add)(bundle.read_bytes()))
    with pytest.raises(ReleaseError, match=r"bundle\.zip"):
        verify(bundle)


@pytest.mark.slow
def test_one_changed_bit_anywhere_in_a_bundle_is_found(bundle: Path) -> None:
    content = bundle.read_bytes()
    for place in [*range(0, len(content), 997), *range(len(content) - 200, len(content))]:
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        bundle.write_bytes(changed)
        with pytest.raises(ReleaseError):
            verify(bundle)


def test_a_manifest_rewritten_with_its_file_is_found_by_the_signature_alone(
    build: Path, key: Path, tmp_path: Path
) -> None:
    sign(build, key)
    assert "signature fits" in verify(build, key=key.with_suffix(".pub"))
    (build / "index.html").write_text("forged")
    write_manifest(build, json.loads((build / "report.json").read_text()))
    assert "found by a signature only" in verify(build)
    with pytest.raises(ReleaseError, match="no signature says"):
        verify(build, key=key.with_suffix(".pub"))
    (tmp_path / "other").mkdir()
    sign(build, make_key(tmp_path / "other"))
    (tmp_path / "no.pub").write_bytes(b"\xff")
    for wrong in (key.with_suffix(".pub"), tmp_path / "no.pub"):
        with pytest.raises(ReleaseError, match="no signature says"):
            verify(build, key=wrong)


def test_the_command_signs_a_bundle_as_one_file_and_its_build(
    made: tuple[Path, bytes], key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made[0])
    bundle, public = tmp_path / "signed.zip", key.with_suffix(".pub")
    assert main(["bundle", "--output", str(bundle), "--sign", str(key)]) == 0
    assert "signature fits" in verify(Path("_build/html"), key=public)
    Path("_build/html/report.json.sig").unlink()
    kept = (tmp_path / "signed.zip.sig").rename(tmp_path / "kept.sig")
    assert "signature fits" in verify(bundle, key=public, signature=kept)
    contents = unpack(bundle) | {"CITATION.cff": b"forged"}
    manifest = json.loads(contents.pop("report.json"))
    contents["report.json"] = manifest_bytes(manifest, contents)
    bundle.write_bytes(pack(contents))
    verify(bundle)
    with pytest.raises(ReleaseError, match="no signature says"):
        verify(bundle, key=public, signature=kept)


def test_a_signature_without_a_key_says_nothing(build: Path, key: Path) -> None:
    with pytest.raises(ReleaseError, match="without the public key"):
        verify(build, signature=sign(build, key))
    (build / "report.json.sig").unlink()
    with pytest.raises(ReleaseError, match=r"report\.json: no signature says"):
        verify(build, key=key.with_suffix(".pub"))
    (build / "index.html").write_text("other")
    with pytest.raises(ReleaseError, match="differs"):
        sign(build, key)


def test_a_cell_that_a_spreadsheet_would_run_is_neutralised_and_others_stay() -> None:
    for cell in ("=1+1", "+cmd", "-cmd|' /C'!A0", "@SUM(A1)", " =1", "\t=1", "\uff1d1"):
        assert _FORMULA.sub("'", cell) == f"'{cell}"
    for cell in ("-1.54", "+2", "-1e-05", "1.86", "text", "", "a=b", "-12.5%"):
        assert _FORMULA.sub("'", cell) == cell
