"""Make a release, bundle its build, publish it beside the others, verify and sign what is there.

A release is the files of one commit, which git can undo. In a site each version stays as built, and
``latest/`` leads to the newest. All else in it follows from its versions: pages that lead on, the
list of versions, and beside each version folder a style sheet by which an old page says, without a
script, that it is old.
"""

import hashlib
import json
import re
import shutil
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from evidence_tools.check.review import review_book
from evidence_tools.evidence.model import load_evidence
from evidence_tools.evidence.problems import Problem, relative_name
from evidence_tools.releases import difference, manifest
from evidence_tools.releases.manifest import (
    Manifest,
    ReleaseError,
    check_contents,
    fill_template,
    read_folder,
    version_key,
)

_HERE = Path(__file__).parent
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|$~])")
_UNDO = """
If a release was interrupted, this undoes it:
  git restore --source=HEAD --staged --worktree .
  git clean --force -- data/releases '.*.part'"""
_SIGN = ("ssh-keygen", "-n", "evidence-report", "-Y")
_UNSIGNED = (
    "This finds accidents; whoever rewrites the manifest with its files is found by a signature "
    "only: verify with the author's public key."
)
_SIGNED = "The signature fits the key: nothing was changed since its owner signed."


def release(folder: Path, version: str) -> str:
    """Write the files of a release, stage them for its one commit, and say what is left to do.

    The book folder must be a git checkout without changes, and the version greater than that of
    the project and of every release.
    """
    released, day = difference.read_releases(folder / "data"), manifest.read_day()
    _check_ready(folder, version, [*released], day)
    after = difference.take_snapshot(load_evidence(folder / "data"), version, day)
    before = next(reversed(released.values()), None)
    known = dict[str, Any](before=before, after=after, escape=partial(_MARKUP.sub, r"\\\1"))
    snapshot = json.dumps(after, indent=1, ensure_ascii=False)
    files = {f"data/releases/{version}.json": f"{snapshot}\n"}
    if before:
        changes = difference.find_changes(before, after)
        known["summary"] = difference.summary_lines(changes)
        known["reworded"] = difference.change_lines(changes, difference.WORDING)
        files[f"data/releases/{version}-wording.md"] = fill_template(_HERE / "wording.md", **known)
    section = fill_template(_HERE / "changes.md", **known)
    files |= _edited(folder, version, day, section)
    try:
        for name, text in files.items():
            manifest.write_whole(folder / name, text.encode())
        manifest.git(folder, "add", "--", *files)
    except (OSError, ReleaseError) as error:
        raise ReleaseError(f"the release cannot be written: {error}{_UNDO}") from None
    names = "\n  ".join(files)
    return (
        f"Wrote and staged:\n  {names}\n\n{section}\nTwo commands are left:\n"
        f'  git commit -m "Release {version}"\n  git tag -a v{version} -m "Version {version}"'
    )


def _check_ready(folder: Path, version: str, released: list[str], day: str) -> None:
    """Refuse what must not be released, with every reason."""
    commit, changed = manifest.read_commit(folder)
    if not commit:
        raise ReleaseError("a release is made in a git checkout of the report, with a commit")
    if changed:
        undo = _UNDO if all(map(manifest.RELEASE_FILES.fullmatch, changed)) else ""
        listed = "\n  ".join(changed)
        raise ReleaseError(f"not committed; commit or remove these first:\n  {listed}{undo}")
    newest = max([manifest.project_version(folder), *released], key=version_key)
    greater = version_key(version) > version_key(newest)
    problems = [] if greater else [f"version {version} is not greater than {newest}"]
    review = review_book(folder, release=date.fromisoformat(day))
    if problems := [*problems, *Problem.lines(review.problems)]:
        listed = "\n  ".join(problems)
        raise ReleaseError(f"version {version} cannot be released:\n  {listed}")


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
    found = read_folder(build)
    described = check_contents(found, relative_name(build))
    built, own = described["stamp"], manifest.read_stamp(folder)
    if built["modified"] or own.modified or not own.commit or built["commit"] != own.commit:
        raise ReleaseError("the build is not of what is committed here; commit, and build again")
    contents = {f"html/{name}": content for name, content in found.items()}
    for name in manifest.git(folder, "ls-files", "-z").split("\0")[:-1]:
        committed = manifest.git(folder, "show", f"HEAD:./{name}")  # of a link, not where it leads
        contents[name] = committed.encode("utf-8", "surrogateescape")
    contents |= {name: found[name] for name in found if re.fullmatch(r"[^/]+\.(pdf|bib|ris)", name)}
    names = sorted(name for name in contents if not name.startswith("html/"))
    crate = fill_template(_HERE / "crate.json", **described, names=names)
    contents["ro-crate-metadata.json"] = crate.encode()
    contents[manifest.NAME] = manifest.manifest_bytes(described, contents)
    target = target or build.parent / f"{described['report']['name']}-{own.version}.zip"
    manifest.write_whole(target, manifest.pack(contents))
    return target


def forward_page(title: str, target: str) -> str:
    """Write a page that leads on to another without a script; title and target are escaped."""
    return fill_template(_HERE / "forward.html", title=title, target=target)


def publish(build: Path, site: Path) -> str:
    """Add a released build to a site of versions, a folder for any host of static files.

    A signature in the build goes along. Doing it again completes and repairs.
    """
    stamp = check_contents(contents := read_folder(build), shown := relative_name(build))["stamp"]
    version = stamp["version"]
    if not stamp["released"]:
        remedy = f"release {version}, commit and tag it, build that commit, and publish the build"
        raise ReleaseError(f"{shown} is no build of exactly what was released; {remedy}")
    if site.resolve().is_relative_to(build.resolve()):
        raise ReleaseError("the site needs a folder outside of the build")
    target, staging = site / "v" / version, site / "v" / ".staging"
    if (_kept_record(target) or _record(target)) not in ("", _record(build, version)):
        message = f"version {version} was published with other content, and a published version "
        raise ReleaseError(f"{message}never changes: release a new version")
    shutil.rmtree(staging, ignore_errors=True)
    if read_folder(target) != contents:
        for name, content in contents.items():  # which were checked
            manifest.write_whole(staging / name, content)
        shutil.rmtree(target, ignore_errors=True)
        staging.rename(target)
    if (signature := _signed_file(build)[1]).is_file():  # it may be younger than the publication
        manifest.write_whole(_signed_file(target)[1], signature.read_bytes())
    versions = _read_versions(site)
    for path, content in _stale_files(versions, site).items():
        manifest.write_whole(path, content)
    return f"Version {version} is published; the newest is {next(iter(versions))}."


def _record(folder: Path, version: str = "") -> str:
    """Write the line by which ``sha256sum`` knows the manifest of a version, if it has one."""
    path = folder / manifest.NAME
    found = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    return found and f"{found}  {version or folder.name}/{manifest.NAME}\n"


def _kept_record(folder: Path) -> str:
    """Read the record beside a published version, which stays; those of 1.1.0 have none."""
    path = folder.with_name(f"{folder.name}.sha256")
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def _read_versions(site: Path) -> dict[str, Manifest]:
    """Check every version that a site has ever had, and read their manifests, newest first.

    A version that is lost or damaged is an error: the list never shrinks, and ``latest/`` never
    goes back.
    """
    found = {}
    names = {path.name.removesuffix(".sha256") for path in (site / "v").glob("*")}
    for version in sorted(filter(manifest.VERSION.fullmatch, names), key=version_key, reverse=True):
        folder = site / "v" / version
        found[version] = check_contents(read_folder(folder), relative_name(folder))
        if _kept_record(folder) not in ("", _record(folder, found[version]["stamp"]["version"])):
            message = f"not what was published, as {version}.sha256 says; publish it again"
            raise ReleaseError(f"{relative_name(folder)}: {message}")
    return found


def _stale_files(versions: dict[str, Manifest], site: Path) -> dict[Path, bytes]:
    """Give the files beside the versions that are not there as they should be."""
    newest, files, entries = next(iter(versions)), {".nojekyll": ""}, []
    for version, described in versions.items():
        entry = {"version": version, "url": f"v/{version}/", "date": described["stamp"]["date"]}
        entries.append(entry | {"pages": described["pages"]})
        style = fill_template(_HERE / "old.css", **entries[0]) if version != newest else ""
        files |= {f"v/{version}.css": style, f"v/{version}.sha256": _record(site / entry["url"])}
    record, title = json.dumps(entries, indent=1), versions[newest]["report"]["title"]
    files["versions.json"] = record
    files["versions.js"] = fill_template(_HERE / "versions.js", versions=record)
    files["index.html"] = forward_page(title, "latest/index.html")
    files["latest/index.html"] = forward_page(title, f"../v/{newest}/index.html")
    contents = {site / name: text.encode() for name, text in files.items()}
    return {p: new for p, new in contents.items() if not p.is_file() or p.read_bytes() != new}


def verify(place: Path, *, key: Path | None = None, signature: Path | None = None) -> str:
    """Hash a build, a bundle or a site of versions again, and compare it with its manifest.

    With the public key of the author, from a place that you trust, signatures are checked too;
    ``signature`` is that of a build or a bundle, if it does not lie where :func:`sign` puts it.
    """
    if signature and not key:
        raise ReleaseError("a signature says nothing without the public key of the author; give it")
    if (place / "v").is_dir() and not (place / manifest.NAME).exists():
        if not (versions := _read_versions(place)):
            raise ReleaseError(f"{relative_name(place)}: holds no version; publish a build first")
        if stale := _stale_files(versions, place):
            names = ", ".join(map(relative_name, stale))
            raise ReleaseError(f"{names}: missing or changed; publish the newest build again")
        parts = {version: place / "v" / version for version in versions}
    else:
        contents = manifest.unpack(place) if place.is_file() else read_folder(place)
        parts = {check_contents(contents, relative_name(place))["stamp"]["version"]: place}
    if key:
        for part in parts.values():
            _check_signature(part, key, signature)
    promise = _SIGNED if key else _UNSIGNED
    return f"{place}: all files of version {', '.join(parts)} as made. {promise}"


def sign(place: Path, key: Path) -> Path:
    """Sign a sound build or bundle with a private ssh key; the signature lies beside."""
    verify(place)
    signed, signature = _signed_file(place)
    content = manifest.run_program([*_SIGN, "sign", "-f", str(key)], input=signed.read_bytes())
    manifest.write_whole(signature, content)
    return signature


def _signed_file(place: Path) -> tuple[Path, Path]:
    """Name the file of a bundle or a build that is signed, and its signature."""
    signed = place if place.is_file() else place / manifest.NAME
    return signed, signed.with_name(f"{signed.name}.sig")


def _check_signature(place: Path, key: Path, signature: Path | None) -> None:
    signed, beside = _signed_file(place)
    with TemporaryDirectory(prefix="evidence-") as scratch:
        allowed = Path(scratch, "signers")
        allowed.write_bytes(b"author " + key.read_bytes().strip() + b"\n")
        options = ["-I", "author", "-f", str(allowed), "-s", str(signature or beside)]
        try:
            manifest.run_program([*_SIGN, "verify", *options], input=signed.read_bytes())
        except ReleaseError as error:
            message = f"no signature says that it is what the owner of {key} signed ({error})"
            raise ReleaseError(f"{relative_name(signed)}: {message}") from None
