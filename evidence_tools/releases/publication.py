"""Publish builds side by side, and check and sign what is published.

Each version stays as built, and ``latest/`` leads to the newest. All else in a site follows from
its versions: pages that lead on, the list of versions, and beside each version folder a style
sheet by which an old page says, without a script, that it is old.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock, Timeout

from evidence_tools.evidence.problems import relative_name
from evidence_tools.releases import manifest as manifests
from evidence_tools.releases.manifest import (
    VERSION,
    Manifest,
    ReleaseError,
    check_contents,
    fill,
    read_folder,
    run_program,
    unpack,
    version_key,
)

_RECORD = "versions.json"
_HERE = Path(__file__).parent
_SIGN = ("ssh-keygen", "-n", "evidence-report", "-Y")
_UNSIGNED = (
    "This finds accidents; whoever rewrites the manifest with its files is found by a signature "
    "only: verify with the author's public key."
)
_SIGNED = "The signature fits the key: nothing was changed since its owner signed."


def forward_page(title: str, target: str) -> str:
    """Write a page that leads on to another without a script; title and target are escaped."""
    return fill(_HERE / "forward.html", title=title, target=target)


def publish(build: Path, site: Path) -> str:
    """Add a released build to a site of versions, a folder for any host of static files.

    A signature in the build goes along. Doing it again completes and repairs.
    """
    shown = relative_name(build)
    stamp = check_contents(read_folder(build), shown)["stamp"]
    version_key(version := str(stamp["version"]))
    if not stamp["released"]:
        what = "holds changes that are not committed" if stamp["modified"] else "was not released"
        remedy = f"release {version}, commit and tag it, build that commit, and publish the build"
        raise ReleaseError(f"{shown} {what}; {remedy}")
    if site.resolve().is_relative_to(build.resolve()):
        raise ReleaseError("the site needs a folder outside of the build")
    site.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(site / ".lock", timeout=0):
            _add(build, site, version)
            versions = _read_versions(site)
            for path, content in _stale_files(versions, site).items():
                manifests.write_whole(path, content)
    except Timeout:
        raise ReleaseError(f"{relative_name(site)}: somebody else publishes there; wait") from None
    return f"Version {version} is published; the newest is {next(iter(versions))}."


def _add(build: Path, site: Path, version: str) -> None:
    """Copy a build under its version, in one step, if it is not there as it was built."""
    target, staging = site / "v" / version, site / ".staging"
    shutil.rmtree(staging, ignore_errors=True)
    if {_listed(site).get(version, ""), _hash(target)} - {"", _hash(build)}:
        raise ReleaseError(
            f"version {version} was published with other content, and a published version never "
            "changes: release a new version"
        )
    if read_folder(target) != read_folder(build):
        shutil.copytree(build, staging, symlinks=True, ignore=shutil.ignore_patterns(".buildinfo"))
        check_contents(read_folder(staging), "the copy")
        target.parent.mkdir(exist_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        staging.rename(target)


def _listed(site: Path) -> dict[str, str]:
    """Read which versions a site has ever had, with the hash of the manifest of each."""
    try:
        text = (site / _RECORD).read_text(encoding="utf-8") if (site / _RECORD).exists() else "[]"
        # Lists that 1.1.0 wrote have no hashes.
        return {entry["version"]: entry.get("manifest", "") for entry in json.loads(text)}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReleaseError(f"{site / _RECORD}: damaged ({error!r}); restore it") from None


def _hash(folder: Path) -> str:
    path = folder / manifests.NAME
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _read_versions(site: Path) -> dict[str, Manifest]:
    """Check every version that a site has ever had, and read their manifests, newest first.

    A version that is lost or damaged is an error: the list never shrinks, and ``latest/`` never
    goes back.
    """
    listed, found = _listed(site), {}
    versions = {*listed, *(path.name for path in (site / "v").glob("*/"))}
    for version in sorted(filter(VERSION.fullmatch, versions), key=version_key, reverse=True):
        folder = site / "v" / version
        found[version] = check_contents(read_folder(folder), relative_name(folder))
        if listed.get(version, "") not in ("", _hash(folder)):
            raise ReleaseError(f"{relative_name(folder)}: not what was published; publish it again")
    return found


def _stale_files(versions: dict[str, Manifest], site: Path) -> dict[Path, bytes]:
    """Give the files beside the versions that are not there as they should be."""
    newest, files, entries = next(iter(versions)), {".nojekyll": ""}, []
    for version, manifest in versions.items():
        entry = {"version": version, "url": f"v/{version}/", "date": manifest["stamp"]["date"]}
        entries.append(entry | {"pages": manifest["pages"], "manifest": _hash(site / entry["url"])})
        style = fill(_HERE / "old.css", **entries[0]) if version != newest else ""
        files[f"v/{version}.css"] = style
    record, title = json.dumps(entries, indent=1), versions[newest]["report"]["title"]
    files |= {_RECORD: record, "versions.js": fill(_HERE / "versions.js", versions=record)}
    files["index.html"] = forward_page(title, "latest/index.html")
    files["latest/index.html"] = forward_page(title, f"../v/{newest}/index.html")
    contents = {site / name: text.encode() for name, text in files.items()}
    stale = [p for p in contents if not p.is_file() or p.read_bytes() != contents[p]]
    return {path: contents[path] for path in stale}


def verify(place: Path, *, key: Path | None = None, signature: Path | None = None) -> str:
    """Hash a build, a bundle or a site of versions again, and compare it with its manifest.

    With the public key of the author, from a place that you trust, signatures are checked too;
    ``signature`` is that of a build or a bundle, if it does not lie where :func:`sign` puts it.
    """
    if signature and not key:
        raise ReleaseError("a signature says nothing without the public key of the author; give it")
    if (place / "v").is_dir() and not (place / manifests.NAME).exists():
        if not (versions := _read_versions(place)):
            raise ReleaseError(f"{relative_name(place)}: holds no version; publish a build first")
        if stale := _stale_files(versions, place):
            names = ", ".join(map(relative_name, stale))
            raise ReleaseError(f"{names}: missing or changed; publish the newest build again")
        parts = {version: place / "v" / version for version in versions}
    else:
        contents = unpack(place) if place.is_file() else read_folder(place)
        parts = {check_contents(contents, relative_name(place))["stamp"]["version"]: place}
    if key:
        for part in parts.values():
            _check_signature(part, key, signature)
    told = _SIGNED if key else _UNSIGNED
    return f"{place}: all files of version {', '.join(parts)} as made. {told}"


def sign(place: Path, key: Path) -> Path:
    """Sign a sound build or bundle with a private ssh key; the signature lies beside."""
    verify(place)
    signed, signature = _signed_file(place)
    content = run_program([*_SIGN, "sign", "-f", str(key)], input=signed.read_bytes())
    manifests.write_whole(signature, content)
    return signature


def _signed_file(place: Path) -> tuple[Path, Path]:
    """Name the file of a bundle or a build that is signed, and its signature."""
    signed = place if place.is_file() else place / manifests.NAME
    return signed, signed.with_name(f"{signed.name}.sig")


def _check_signature(place: Path, key: Path, signature: Path | None) -> None:
    signed, beside = _signed_file(place)
    signature = signature or beside
    if not signature.is_file():
        message = "no such signature; 'evidence bundle --sign' signs a build and its bundle"
        raise ReleaseError(f"{relative_name(signature)}: {message}")
    with TemporaryDirectory(prefix="evidence-") as scratch:
        allowed = Path(scratch, "signers")
        allowed.write_text(f"author {key.read_text('utf-8').strip()}\n", encoding="utf-8")
        command = [*_SIGN, "verify", "-I", "author", "-f", str(allowed), "-s", str(signature)]
        try:
            run_program(command, input=signed.read_bytes())
        except ReleaseError as error:
            message = f"not what the owner of {key} signed ({error})"
            raise ReleaseError(f"{relative_name(signed)}: {message}") from None
