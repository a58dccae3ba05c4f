"""Versions side by side: none is lost or changed, and ``latest/`` leads to the newest."""

from __future__ import annotations

import html
import json
import random
import re
import shutil
import subprocess
from functools import partial
from pathlib import Path
from urllib.parse import unquote

import pytest
from building import build_book
from made_up import write_book
from releasing import commit, make_book, make_build, make_key, make_release, run_killed

from evidence_tools.releases.manifest import ReleaseError, _digest, write_manifest
from evidence_tools.releases.release import forward_page, publish, sign, verify

VERSIONS = ("1.0.0", "1.1.0", "2.0.0")
OTHER_STATES = ("modified", "later commit", "without git")
REFUSED = {
    **dict.fromkeys(OTHER_STATES, "no build of exactly what was released"),
    "changed by hand": r"index\.html: differs",
    "other digits": "three numbers",
    "same number": "published with other content",
}
Builds = dict[str, Path]


@pytest.fixture(scope="module")
def builds(day: None, tmp_path_factory: pytest.TempPathFactory) -> Builds:
    """A build of each of three releases, and builds that are not to be published; made once."""
    found, kept = {}, tmp_path_factory.mktemp("builds")

    def keep(name: str, build: Path) -> Path:
        found[name] = Path(shutil.copytree(build, kept / name))
        return found[name]

    book = make_book(kept / "book")
    for version in VERSIONS:
        make_release(book, version)
        keep(version, make_build(book))
    (book / "chapters/answer.md").write_text("# Answer\n\nMore.\n")
    keep("modified", make_build(book))
    commit(book)
    keep("later commit", make_build(book))
    (book / ".git").rename(kept / "git")
    keep("without git", make_build(book))
    (keep("changed by hand", found["2.0.0"]) / "index.html").write_text("other")
    change_stamp(keep("other digits", found["2.0.0"]), version="1.\u0661.0")
    change_stamp(keep("same number", found["1.1.0"]), date="2026-11-28")
    return found


def change_stamp(build: Path, **fields: str) -> None:
    manifest = json.loads((build / "report.json").read_text())
    manifest["stamp"] |= fields
    write_manifest(build, manifest)


@pytest.fixture
def site(builds: Builds, tmp_path: Path) -> Path:
    for version in VERSIONS[:2]:
        publish(builds[version], tmp_path / "site")
    return tmp_path / "site"


def listed(site: Path) -> list[str]:
    return [entry["version"] for entry in json.loads((site / "versions.json").read_text())]


def test_each_version_stays_byte_for_byte_as_it_was_built(builds: Builds, site: Path) -> None:
    publish(builds["2.0.0"], site)
    assert listed(site) == ["2.0.0", "1.1.0", "1.0.0"]
    for version in VERSIONS:
        for path in builds[version].rglob("*"):
            copy = site / "v" / version / path.relative_to(builds[version])
            assert path.is_dir() or copy.read_bytes() == path.read_bytes()


def test_latest_is_a_page_that_leads_to_the_newest_version(site: Path) -> None:
    page = (site / "latest/index.html").read_text()
    assert '<meta http-equiv="refresh" content="0; url=../v/1.1.0/index.html">' in page
    assert '<a href="../v/1.1.0/index.html">' in page
    assert "A &lt;report&gt;" in page
    assert "<script" not in page
    assert "<b>" not in forward_page("<b>", '"><b>')


def test_only_an_old_page_says_without_a_script_that_it_is_old(site: Path) -> None:
    for version, is_old in (("1.0.0", True), ("1.1.0", False)):
        page = site / "v" / version / "chapters/answer.html"
        (sheet,) = re.findall(r'<noscript><link rel="stylesheet" href="(.*?)">', page.read_text())
        style = (page.parent / sheet).resolve().read_text()
        assert (".evidence-old-version { display: block" in style) is is_old
        assert ("The newest version is 1.1.0" in style) is is_old
        (target,) = re.findall(r'evidence-old-version"><a href="(.*?)"', page.read_text())
        assert (page.parent / target).resolve() == (site / "latest/index.html").resolve()


def test_the_list_for_the_switcher_is_there_as_json_and_as_a_script(site: Path) -> None:
    entries = json.loads((site / "versions.json").read_text())
    assert [(e["version"], e["url"], e["pages"]) for e in entries] == [
        ("1.1.0", "v/1.1.0/", ["index", "chapters/answer"]),
        ("1.0.0", "v/1.0.0/", ["index", "chapters/answer"]),
    ]
    script = (site / "versions.js").read_text()
    record, _, _ = script.removeprefix("window.evidenceVersions = ").partition(";\n")
    assert json.loads(record) == entries


def test_a_site_that_1_1_0_wrote_goes_on_and_its_pages_are_still_checked(
    builds: Builds, tmp_path: Path
) -> None:
    old = Path(shutil.copytree(builds["1.0.0"], tmp_path / "v/1.0.0"))
    manifest = json.loads((old / "report.json").read_text())
    files = {name: {"sha256": digest} for name, digest in manifest["files"].items()}
    manifest |= {"format": 1, "files": files, "published": {"index.html": files["index.html"]}}
    files |= {"index.html": {"sha256": "before it was published"}}
    (old / "report.json").write_text(json.dumps(manifest | {"digest": _digest(manifest)}))
    (tmp_path / "versions.json").write_text('[{"version": "1.0.0", "url": "v/1.0.0/"}]')
    publish(builds["2.0.0"], tmp_path)
    assert "2.0.0, 1.0.0" in verify(tmp_path)
    (old / "index.html").write_text("other")
    with pytest.raises(ReleaseError, match=r"1\.0\.0: (?s:.*)index\.html: differs"):
        verify(tmp_path)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_exactly_a_release_is_not_published(
    builds: Builds, site: Path, name: str
) -> None:
    for place in (site, site / "new"):
        with pytest.raises(ReleaseError, match=REFUSED[name]):
            publish(builds[name], place)
        if name == "same number":
            break
    assert not (site / "new").exists()
    assert listed(site) == ["1.1.0", "1.0.0"]
    verify(site)


def test_publishing_an_older_version_again_changes_nothing(builds: Builds, site: Path) -> None:
    before = {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}
    publish(builds["1.0.0"], site)
    assert {path: path.read_bytes() for path in site.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ("report.json", "report.json is missing"),
        ("", "there is no such place"),
        ("book.pdf", "book.pdf: missing"),
    ],
)
def test_a_lost_version_is_reported_and_comes_back_with_its_own_build_only(
    builds: Builds, site: Path, lost: str, said: str
) -> None:
    path = site / "v/1.1.0" / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    latest = (site / "latest/index.html").read_text()
    for work in (partial(publish, builds["1.0.0"]), partial(publish, builds["2.0.0"]), verify):
        with pytest.raises(ReleaseError, match=rf"1\.1\.0: (?s:.*){re.escape(said)}"):
            work(site)
        assert (site / "latest/index.html").read_text() == latest
    publish(builds["1.1.0"], site)
    assert "2.0.0, 1.1.0, 1.0.0" in verify(site)


def test_a_changed_byte_in_any_file_of_a_site_is_found(site: Path) -> None:
    for path in [path for path in site.rglob("*") if path.is_file() and path.stat().st_size]:
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        with pytest.raises(ReleaseError, match=re.escape(path.name)):
            verify(site)
        path.write_bytes(content)
    verify(site)


def test_a_rewritten_manifest_does_not_fit_its_record(builds: Builds, site: Path) -> None:
    folder = site / "v/1.0.0"
    (folder / "index.html").write_text("forged")
    change_stamp(folder)
    with pytest.raises(ReleaseError, match=r"1\.0\.0: not what was published, .*publish it again"):
        verify(site)
    publish(builds["1.0.0"], site)  # checks all versions


def test_signed_versions_are_verified_with_the_key(builds: Builds, tmp_path: Path) -> None:
    key = make_key(tmp_path)
    build = Path(shutil.copytree(builds["1.0.0"], tmp_path / "build"))
    publish(build, tmp_path / "site")
    sign(build, key)
    publish(build, tmp_path / "site")
    assert "signature fits" in verify(tmp_path / "site", key=key.with_suffix(".pub"))
    publish(builds["1.1.0"], tmp_path / "site")
    with pytest.raises(ReleaseError, match=r"1\.1\.0"):
        verify(tmp_path / "site", key=key.with_suffix(".pub"))


def test_a_site_that_is_empty_or_inside_a_build_is_refused(builds: Builds, tmp_path: Path) -> None:
    (tmp_path / "v").mkdir()
    with pytest.raises(ReleaseError, match="holds no version; publish a build first"):
        verify(tmp_path)
    with pytest.raises(ReleaseError, match="folder outside"):
        publish(builds["1.0.0"], builds["1.0.0"] / "site")


def test_the_record_of_a_version_is_one_that_sha256sum_checks(site: Path) -> None:
    for record in (site / "v").glob("*.sha256"):
        command = ["sha256sum", "--check", record.name]
        assert subprocess.run(command, cwd=site / "v", check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_publication_killed_anywhere_leaves_a_site_that_works_and_is_completed(
    builds: Builds, tmp_path: Path, seed: int
) -> None:
    chosen, step, kills = random.Random(seed), 0, 0
    while True:
        site = tmp_path / f"site{step}"
        publish(builds["1.0.0"], site)
        step += chosen.randint(1, 3)
        killed = run_killed(step, partial(publish, builds["2.0.0"], site))
        (target,) = re.findall(r"url=\.\./(.*?)\"", (site / "latest/index.html").read_text())
        assert (site / target).is_file()
        for entry in json.loads((site / "versions.json").read_text()):
            assert (site / entry["url"] / "report.json").is_file()
        verify(site / "v/1.0.0")
        if (site / "v/2.0.0").exists():
            verify(site / "v/2.0.0")
        publish(builds["2.0.0"], site)
        assert "2.0.0, 1.0.0" in verify(site)
        assert not [*site.rglob(".staging*")]
        kills += killed
        if not killed:
            break
    assert kills > 10


@pytest.mark.slow
def test_every_link_of_three_versions_leads_to_a_file_below_their_path(tmp_path: Path) -> None:
    book, site = make_book(tmp_path / "book"), tmp_path / "host" / "below" / "site"
    shutil.rmtree(book / "data")
    settings = (book / "pyproject.toml").read_text()
    write_book(book)
    (book / "pyproject.toml").write_text(settings)
    for version in VERSIONS:
        with (book / "chapters" / "about.md").open("a") as page:
            page.write("\nMore words.\n")
        commit(book)
        make_release(book, version)
        built = build_book(book)
        assert built.returncode == 0, built.output
        publish(built.html, site)
    verify(site)
    for page in [page for page in site.rglob("*.html") if "_static" not in page.parts]:
        for link in re.findall(r'(?:href="|src="|url=)([^"#?]+)', page.read_text("utf-8")):
            target = (page.parent / unquote(html.unescape(link))).resolve()
            outside = re.match(r"[a-z]+:", link) is not None
            assert outside or (target.is_relative_to(site) and target.is_file()), (page, link)
