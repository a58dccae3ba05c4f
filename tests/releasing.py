"""A small book in a git repository of its own, and builds of it as a theme would make them."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from building import PROJECT, TOPIC
from conftest import change_cell as change_cell
from conftest import exclude_findings

from evidence_tools.releases.manifest import read_stamp, write_manifest
from evidence_tools.releases.release import release

SMALL = PROJECT / "tests" / "small"
PAGE = (SMALL / "page.html").read_text(encoding="utf-8")


def git(folder: Path, *arguments: str) -> str:
    """Run git as a machine without settings does, with an author for this command."""
    settings = ("user.name=Author", "user.email=author@example.org", "commit.gpgsign=false")
    options = [part for setting in settings for part in ("-c", setting)]
    clean = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    clean |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    command = ["git", "-C", str(folder), *options, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=clean).stdout


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "A change")


def make_book(folder: Path) -> Path:
    shutil.copytree(SMALL, folder, ignore=shutil.ignore_patterns("page.html"))
    shutil.copytree(TOPIC, folder / "data")
    exclude_findings(folder)
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


def make_release(folder: Path, version: str) -> str:
    said = release(folder, version)
    git(folder, "commit", "--quiet", "--message", f"Release {version}")
    git(folder, "tag", "-a", f"v{version}", "--message", f"Version {version}")
    return said


def make_build(folder: Path) -> Path:
    """Write what a build of the book writes, as far as releases know it."""
    html, stamp = folder / "_build" / "html", read_stamp(folder)
    shutil.rmtree(html, ignore_errors=True)
    (html / "chapters").mkdir(parents=True)
    for name, up in (("index", ""), ("chapters/answer", "../")):
        page = PAGE.format(title="A <page>", up=up, version=stamp.version, stamp=stamp.text)
        (html / f"{name}.html").write_text(page, encoding="utf-8")
    (html / "book.pdf").write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 40)
    report = {"name": "book", "title": "A <report>", "authors": ["The authors"], "language": "en"}
    report |= {"description": "About.", "keywords": ["sleep"]}
    pages = ["index", "chapters/answer"]
    stamped = dataclasses.asdict(stamp)
    write_manifest(html, {"report": report, "stamp": stamped, "pages": pages, "tools": {}})
    return html


def run_killed(step: int, task) -> bool:  # type: ignore[no-untyped-def]
    """Run a task in a child process that ends without warning before its n-th step on a disk."""
    steps = ("open", "os.rename", "os.mkdir", "os.remove", "shutil.rmtree", "subprocess.Popen")
    child = os.fork()
    if child == 0:
        seen = 0

        def hook(event: str, _: object) -> None:
            nonlocal seen
            if event in steps:
                seen += 1
                if seen == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        try:
            task()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def make_key(folder: Path) -> Path:
    """Make a private ssh key; the public one lies beside, with ``.pub`` at its end."""
    key = folder / "key"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
    subprocess.run(command, check=True)
    return key
