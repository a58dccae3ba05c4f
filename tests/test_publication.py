"""Published versions stay as they were, and every moment of publishing leaves a working site."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from releases import small_site, tree

from evidence_tools.history.publication import HOOK, LOADER, publish, published_versions, swap
from evidence_tools.manifest import NAME, verify
from evidence_tools.storage import HistoryError

PUBLISH = (
    "import sys; from pathlib import Path\n"
    "from evidence_tools.history.publication import publish\n"
    "publish(Path(sys.argv[1]), Path(sys.argv[2]))\n"
)


@pytest.fixture
def builds(tmp_path: Path) -> dict[str, Path]:
    pages = {
        "1.0.0": {"answer": "<p>first</p>", "old": "<p>gone later</p>"},
        "1.1.0": {"answer": "<p>second</p>"},
        "1.10.0": {"answer": "<p>third</p>", "new": "<p>new</p>"},
    }
    return {
        version: small_site(tmp_path / f"build-{version}", version, content)
        for version, content in pages.items()
    }


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return tmp_path / "site"


def listed(site: Path) -> list[str]:
    return [entry["version"] for entry in json.loads((site / "versions.json").read_text("utf-8"))]


def assert_consistent(site: Path) -> None:
    """Whatever can be reached is whole: versions, the newest copy, the list, every link."""
    for version in (site / "v").glob("*"):
        assert verify(version) == [], version
    if (site / "latest").exists():
        assert verify(site / "latest") == []
    if (site / "versions.json").exists():
        for version in listed(site):
            assert (site / "v" / version / "index.html").is_file()
    for name in ("index.html", "versions.html"):
        if (site / name).exists():
            for link in re.findall(r'href="([^"#:]+)"', (site / name).read_text("utf-8")):
                assert (site / link).is_file(), link


def test_versions_lie_side_by_side_and_latest_is_the_newest(
    builds: dict[str, Path], site: Path
) -> None:
    for build in builds.values():
        publish(build, site)
    assert listed(site) == ["1.10.0", "1.1.0", "1.0.0"]
    assert (site / "v/1.0.0/answer.html").read_text("utf-8") == "<p>first</p>"
    assert (site / "latest/answer.html").read_text("utf-8") == "<p>third</p>"
    assert_consistent(site)


def test_a_copy_is_the_build_but_for_the_one_declared_script(
    builds: dict[str, Path], site: Path
) -> None:
    publish(builds["1.0.0"], site)
    build, copy = tree(builds["1.0.0"]), tree(site / "v/1.0.0")
    assert copy.pop(HOOK) == LOADER
    del build[HOOK]
    assert copy == build


def test_a_build_of_something_else_than_the_release_is_warned_of(
    builds: dict[str, Path], site: Path, tmp_path: Path
) -> None:
    assert publish(builds["1.0.0"], site).notes == ()
    draft = small_site(tmp_path / "draft", "1.2.0", released=False)
    (warning,) = publish(draft, site).notes
    assert warning.startswith("what it says was not released as 1.2.0")


def test_an_earlier_version_published_late_does_not_become_the_newest(
    builds: dict[str, Path], site: Path
) -> None:
    publish(builds["1.1.0"], site)
    assert publish(builds["1.0.0"], site).newest == "1.1.0"
    assert (site / "latest/answer.html").read_text("utf-8") == "<p>second</p>"


def test_publishing_the_same_build_again_changes_nothing(
    builds: dict[str, Path], site: Path
) -> None:
    publish(builds["1.0.0"], site)
    before = tree(site)
    assert not publish(builds["1.0.0"], site).added
    assert tree(site) == before


def test_a_published_version_is_never_overwritten(
    builds: dict[str, Path], site: Path, tmp_path: Path
) -> None:
    publish(builds["1.0.0"], site)
    before = tree(site)
    other = small_site(tmp_path / "other", "1.0.0", {"answer": "<p>changed</p>"})
    with pytest.raises(HistoryError, match=r"1\.0\.0 is published already, with other content"):
        publish(other, site)
    assert tree(site) == before


def test_publishing_never_touches_an_older_version(builds: dict[str, Path], site: Path) -> None:
    publish(builds["1.0.0"], site)
    before = tree(site / "v/1.0.0")
    publish(builds["1.1.0"], site)
    assert tree(site / "v/1.0.0") == before


def test_a_build_that_was_changed_by_hand_is_not_published(
    builds: dict[str, Path], site: Path
) -> None:
    (builds["1.0.0"] / "answer.html").write_text("<p>by hand</p>", "utf-8")
    with pytest.raises(HistoryError, match=r"answer\.html: differs.*build again"):
        publish(builds["1.0.0"], site)
    assert not site.exists()


def test_a_damaged_copy_is_named_when_its_version_is_published_again(
    builds: dict[str, Path], site: Path
) -> None:
    publish(builds["1.0.0"], site)
    (site / "v/1.0.0/answer.html").write_text("", "utf-8")
    with pytest.raises(HistoryError, match=r"the published copy is damaged \(answer\.html"):
        publish(builds["1.0.0"], site)


def test_a_copy_without_its_manifest_is_named_with_the_remedy(
    builds: dict[str, Path], site: Path
) -> None:
    publish(builds["1.0.0"], site)
    (site / "v" / "1.0.0" / NAME).unlink()
    with pytest.raises(HistoryError, match=r"has lost its report\.json; restore it from a backup"):
        publish(builds["1.0.0"], site)


def test_a_damaged_latest_is_mended(builds: dict[str, Path], site: Path) -> None:
    publish(builds["1.0.0"], site)
    (site / "latest/answer.html").unlink()
    publish(builds["1.0.0"], site)
    assert verify(site / "latest") == []


def test_a_version_that_could_lead_outside_is_refused(tmp_path: Path, site: Path) -> None:
    build = small_site(tmp_path / "build", "../1.0.0")
    with pytest.raises(HistoryError, match="is no version"):
        publish(build, site)
    assert not site.exists()


def test_a_site_inside_its_own_build_is_refused(builds: dict[str, Path]) -> None:
    with pytest.raises(HistoryError, match="inside the build"):
        publish(builds["1.0.0"], builds["1.0.0"] / "site")


def test_a_site_that_cannot_be_a_folder_is_an_error_without_traces(
    builds: dict[str, Path], tmp_path: Path
) -> None:
    place = tmp_path / "file"
    place.write_text("mine", "utf-8")
    with pytest.raises(OSError, match="file"):
        publish(builds["1.0.0"], place / "site")
    assert place.read_text("utf-8") == "mine"


def test_a_full_disk_leaves_the_site_as_it_was(builds: dict[str, Path], site: Path) -> None:
    publish(builds["1.0.0"], site)
    before = tree(site)
    script = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n" + PUBLISH
    )
    command = [sys.executable, "-c", script, str(builds["1.1.0"]), str(site)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert "OSError" in result.stderr
    assert tree(site) == before


def test_of_two_publishers_at_once_one_waits_its_turn_and_the_site_is_whole(
    builds: dict[str, Path], site: Path
) -> None:
    site.mkdir()
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PUBLISH, str(build), str(site)], stderr=subprocess.PIPE
        )
        for build in builds.values()
    ]
    errors = [process.communicate()[1].decode() for process in running]
    for error in errors:
        assert not error or "another publication is running" in error
    assert_consistent(site)
    for build in builds.values():
        publish(build, site)
    assert listed(site) == ["1.10.0", "1.1.0", "1.0.0"]


@pytest.mark.parametrize("seed", range(6))
def test_a_publisher_killed_at_any_moment_leaves_a_working_site(
    builds: dict[str, Path], site: Path, seed: int
) -> None:
    publish(builds["1.0.0"], site)
    chance = random.Random(seed)
    # The process says when it begins, so that the moment falls into the work.
    script = PUBLISH.replace("publish(Path", "print('go', flush=True)\npublish(Path")
    command = [sys.executable, "-c", script, str(builds["1.1.0"]), str(site)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.06))
        process.send_signal(signal.SIGKILL)
    assert_consistent(site)
    publish(builds["1.1.0"], site)
    assert listed(site) == ["1.1.0", "1.0.0"]
    assert verify(site / "latest") == []
    assert not [path for path in site.iterdir() if path.name.startswith((".staging", ".v"))]


def test_each_single_step_can_be_the_last(builds: dict[str, Path], site: Path) -> None:
    """Kill before the n-th rename, for every n there is, until one run ends by itself."""
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from evidence_tools.history import publication\n"
        "left = int(sys.argv[3])\n"
        "def guard(name, event):\n"
        "    global left\n"
        "    if name in ('os.rename', 'os.mkdir', 'ctypes.dlsym', 'os.chmod'):\n"
        "        left -= 1\n"
        "        if left < 0: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.addaudithook(guard)\n"
        "publication.publish(Path(sys.argv[1]), Path(sys.argv[2]))\n"
    )
    publish(builds["1.0.0"], site)
    for steps in range(60):
        command = [sys.executable, "-c", script, str(builds["1.1.0"]), str(site), str(steps)]
        result = subprocess.run(command, capture_output=True)
        assert_consistent(site)
        if result.returncode == 0:
            break
        assert result.returncode == -signal.SIGKILL, result.stderr
    assert steps > 4
    assert listed(site) == ["1.1.0", "1.0.0"]


def test_two_folders_change_places(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name, "utf-8")
    swap(tmp_path / "one", tmp_path / "two")
    assert (tmp_path / "two/file").read_text("utf-8") == "one"
    assert (tmp_path / "one/file").read_text("utf-8") == "two"


def test_a_title_with_markup_stays_text_in_the_list(builds: dict[str, Path], site: Path) -> None:
    publish(builds["1.0.0"], site)
    assert "<h1>A &lt;report&gt;</h1>" in (site / "index.html").read_text("utf-8")
    assert "\\u003creport>" in (site / "versions.js").read_text("utf-8")


def test_only_version_folders_count_as_versions(builds: dict[str, Path], site: Path) -> None:
    publish(builds["1.0.0"], site)
    (site / "v" / "notes").mkdir()
    (site / "v" / "2.0.0").mkdir()
    assert published_versions(site) == ["1.0.0"]


def test_the_list_names_the_pages_that_each_version_has(
    builds: dict[str, Path], site: Path
) -> None:
    for build in builds.values():
        publish(build, site)
    entries = json.loads((site / "versions.json").read_text("utf-8"))
    assert [entry["pages"] for entry in entries] == [
        ["answer", "new"],
        ["answer"],
        ["answer", "old"],
    ]


def test_folders_that_begin_with_an_underscore_are_served(
    builds: dict[str, Path], site: Path
) -> None:
    publish(builds["1.0.0"], site)
    assert (site / ".nojekyll").is_file()
    assert (site / "v/1.0.0" / NAME).is_file()
