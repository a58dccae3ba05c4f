"""Make a release, the files of one commit that git can undo, and a bundle of its build."""

from __future__ import annotations

import json
import re
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from evidence_tools.check.review import review_book
from evidence_tools.evidence.model import Evidence, load_evidence
from evidence_tools.evidence.problems import relative_name
from evidence_tools.releases import difference, manifest
from evidence_tools.releases.difference import read_releases
from evidence_tools.releases.manifest import Contents, Manifest, ReleaseError, git

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
_HERE = Path(__file__).parent
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|$~])")
_UNDO = """
If a release was interrupted, this undoes it:
  git restore --source=HEAD --staged --worktree .
  git clean --force -- data/releases '.*.part'"""


def release(folder: Path, version: str) -> str:
    """Write the files of a release, stage them for its one commit, and say what is left to do.

    The book folder must be a git checkout without changes, and the version greater than that of
    the project and of every release.
    """
    released, day = read_releases(folder / "data"), manifest.read_day()
    evidence = _ready(folder, version, [*released], day)
    after = difference.take_snapshot(evidence, version, day)
    before = next(reversed(released.values()), None)
    known: dict[str, Any] = {"before": before, "after": after}
    known["escape"] = partial(_MARKUP.sub, r"\\\1")
    files = {f"data/releases/{version}.json": difference.snapshot_text(after)}
    if before:
        changes = difference.compare(before, after)
        known["summary"] = difference.summary_lines(changes)
        known["reworded"] = difference.change_lines(changes, difference.WORDING)
        files[f"data/releases/{version}-wording.md"] = manifest.fill(_HERE / "wording.md", **known)
    section = manifest.fill(_HERE / "changes.md", **known)
    files |= _edited(folder, version, day, section)
    try:
        for name, text in files.items():
            manifest.write_whole(folder / name, text.encode())
        git(folder, "add", "--", *files)
    except (OSError, ReleaseError) as error:
        raise ReleaseError(f"the release cannot be written: {error}{_UNDO}") from None
    names = "\n  ".join(files)
    return (
        f"Wrote and staged:\n  {names}\n\n{section}\nTwo commands are left:\n"
        f'  git commit -m "Release {version}"\n  git tag -a v{version} -m "Version {version}"'
    )


def _ready(folder: Path, version: str, released: list[str], day: str) -> Evidence:
    """Refuse what must not be released, with every reason."""
    if not manifest.head_commit(folder):
        raise ReleaseError("a release is made in a git checkout of the report, with a commit")
    if changed := manifest.changed_files(folder):
        undo = _UNDO if all(map(manifest.RELEASE_FILES.fullmatch, changed)) else ""
        listed = "\n  ".join(changed)
        raise ReleaseError(f"not committed; commit or remove these first:\n  {listed}{undo}")
    newest = max([manifest.project_version(folder), *released], key=manifest.version_key)
    greater = manifest.version_key(version) > manifest.version_key(newest)
    problems = [] if greater else [f"version {version} is not greater than {newest}"]
    evidence = load_evidence(folder / "data")
    review = review_book(folder, release=True, today=date.fromisoformat(day))
    if problems := [*problems, *map(str, review.problems)]:
        listed = "\n  ".join(problems)
        raise ReleaseError(f"version {version} cannot be released:\n  {listed}")
    return evidence


def _edited(folder: Path, version: str, day: str, section: str) -> dict[str, str]:
    """Give the files that name the version, and the change log, with the new one in them."""
    texts = dict[str, str]()
    for name, line, new in (
        ("pyproject.toml", r"^version = .*$", f'version = "{version}"'),
        ("CITATION.cff", r"^version: .*$", f"version: {version}"),
        ("CITATION.cff", r"^date-released: .*$", f"date-released: {day}"),
        ("CHANGELOG.md", "^## Unreleased$", f"## Unreleased\n\n{section.rstrip()}"),
    ):
        old = texts.get(name) or (folder / name).read_text(encoding="utf-8")
        start, *rest = re.split(line, old, flags=re.MULTILINE)
        if len(rest) != 1:
            raise ReleaseError(f"{name}: one line of the form {line} is needed")
        texts[name] = f"{start}{new}{rest[0]}"
    return texts


def make_bundle(folder: Path, build: Path, target: Path | None = None) -> Path:
    """Pack a finished build with the files of its commit, described as an RO-Crate.

    The book folder must be at the commit of the build, without changes. The bundle lies beside
    the build and is named after report and version, unless ``target`` says otherwise.
    """
    found = manifest.read_folder(build)
    described = manifest.check_contents(found, relative_name(build))
    built, own = described["stamp"], manifest.read_stamp(folder)
    if built["modified"] or own.modified or not own.commit or built["commit"] != own.commit:
        raise ReleaseError("the build is not of what is committed here; commit, and build again")
    tops = [name for name in found if re.fullmatch(r"[^/]+\.(pdf|bib|ris)", name)]
    contents = {f"html/{name}": content for name, content in found.items()}
    for name in git(folder, "ls-files", "-z").split("\0")[:-1]:
        contents[name] = (folder / name).read_bytes()
    contents |= {name: found[name] for name in tops}
    contents["ro-crate-metadata.json"] = _crate(described, contents)
    contents[manifest.NAME] = manifest.manifest_bytes(described, contents)
    target = target or build.parent / f"{described['report']['name']}-{own.version}.zip"
    manifest.write_whole(target, manifest.pack(contents, date.fromisoformat(built["date"])))
    return target


def _crate(described: Manifest, contents: Contents) -> bytes:
    """Describe the bundle as RO-Crate: what each file is, who made it, under which licence."""
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    report, built, crate = described["report"], described["stamp"], ROCrate(version="1.1")
    root: Any = crate.root_dataset
    for author in report["authors"]:
        body = {"@type": "Organization", "name": author}
        root.append_to("author", crate.add(ContextEntity(crate, f"#{author}", properties=body)))
    about = {"name": report["title"], "description": report["description"]}
    about |= {"keywords": report["keywords"], "license": {"@id": LICENCE}}
    about |= {"datePublished": built["date"], "version": built["version"]}
    for name, value in {**about, "identifier": f"commit {built['commit']}"}.items():
        root[name] = value
    for name in sorted(name for name in contents if not name.startswith("html/")):
        crate.add_file(dest_path=name, properties={"name": name})
    site = {"name": "The report as a web site", "description": "Open html/index.html."}
    root["mainEntity"] = crate.add_dataset(dest_path="html/", properties=site)
    graph: Any = crate.metadata.generate()
    for entity in graph["@graph"]:
        entity.pop("dateModified", None)
    return f"{json.dumps(graph, indent=1, sort_keys=True, ensure_ascii=False)}\n".encode()
