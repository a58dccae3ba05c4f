"""What the tests of history share: small sites, and a repository of its own to release in."""

from __future__ import annotations

import csv
import dataclasses
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from conftest import PROJECT, copy_book

from evidence_tools import manifest
from evidence_tools.history.publication import HOOK, LOADER_ENTRY
from evidence_tools.manifest import Manifest

Row = dict[str, str]
_IDENTITY = {
    "GIT_AUTHOR_NAME": "Author",
    "GIT_AUTHOR_EMAIL": "author@example.org",
    "GIT_COMMITTER_NAME": "Author",
    "GIT_COMMITTER_EMAIL": "author@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


def small_site(
    folder: Path, version: str, pages: Mapping[str, str] | None = None, *, released: bool = True
) -> Path:
    """Write what a build writes, as far as publication knows it."""
    files = {f"{name}.html": text for name, text in (pages or {"answer": "<p>one</p>"}).items()}
    files |= {"index.html": '<a href="answer.html">answer</a>', HOOK: "// stub\n"}
    files["_static/heavy.js"] = "// " + "x" * 200_000
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    stamp = {
        "version": version,
        "date": "2026-11-21",
        "commit": "0" * 40,
        "modified": False,
        "released": released,
        "content_hash": "1" * 64,
    }
    report = {"name": "report", "title": "A <report>", "authors": ["The authors"]}
    described = Manifest(
        report=report,
        stamp=stamp,
        findings={},
        pages=tuple(pages or ("answer",)),
        tools={},
        files=manifest.hash_folder(folder),
        published={HOOK: LOADER_ENTRY},
    )
    manifest.write_manifest(folder, described)
    return folder


def git(folder: Path, *arguments: str) -> str:
    """Run git with an identity of its own."""
    result = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env={**os.environ, **_IDENTITY},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout


def repository(folder: Path) -> Path:
    """Copy the book into a git repository with one commit."""
    copy_book(folder)
    shutil.rmtree(folder / "data" / "releases", ignore_errors=True)
    for name in ("CITATION.cff", "CHANGELOG.md", ".gitignore", "requirements.txt"):
        shutil.copy(PROJECT / name, folder / name)
    project = folder / "pyproject.toml"
    lines = project.read_text("utf-8").splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if line.startswith("version ="))
    lines[at] = 'version = "0.1.0"\n'
    project.write_text("".join(lines), "utf-8")
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    """Commit everything there is."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Change the evidence")


def edit_table(path: Path, edit: Callable[[list[Row]], None]) -> None:
    """Change the rows of a table in place."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = list(rows[0])
    edit(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def row_of(rows: list[Row], key: str) -> Row:
    """Find the row whose first column holds a key."""
    return next(row for row in rows if next(iter(row.values())) == key)


def tree(folder: Path) -> dict[str, bytes]:
    """Read every file below a folder, those of git apart."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def renumbered(build: Path, folder: Path, version: str) -> Path:
    """Copy a build as if it were another version, as far as its pages tell scripts."""
    shutil.copytree(build, folder)
    described = manifest.read_manifest(build)
    options = folder / "_static" / "documentation_options.js"
    text = options.read_text("utf-8")
    assert f"VERSION: '{described.version}'" in text
    text = text.replace(f"VERSION: '{described.version}'", f"VERSION: '{version}'")
    options.write_text(text, "utf-8")
    (folder / manifest.NAME).unlink()
    stamp = {**described.stamp, "version": version}
    files = manifest.hash_folder(folder)
    manifest.write_manifest(folder, dataclasses.replace(described, stamp=stamp, files=files))
    return folder
