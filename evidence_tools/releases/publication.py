"""Publish builds side by side, and check and sign what is published.

Each version stays as built, and ``latest/`` leads to the newest. All else in a site follows from
its versions: pages that lead on, the list of versions, and beside each version folder a style
sheet by which an old page says, without a script, that it is old.
"""

from __future__ import annotations

import hashlib
import html
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock, Timeout

from evidence_tools.evidence.problems import relative_name
from evidence_tools.releases import manifest as manifests
from evidence_tools.releases.bundle import unpack
from evidence_tools.releases.manifest import Manifest, ReleaseError, check_contents, read_folder
from evidence_tools.releases.stamp import VERSION, run_program, version_key

_RECORD = "versions.json"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{head}</head>
<body><main><h1>{title}</h1>{body}</main></body>
</html>
"""
_OLD = """.evidence-old-version {{ display: block !important; }}
.evidence-old-version::before {{ content: "The newest version is {version} of {date}. "; }}
"""
_SIGN = ("ssh-keygen", "-n", "evidence-report", "-Y")
_UNSIGNED = (
    "This finds accidents; whoever rewrites the manifest with its files is found by a signature "
    "only: verify with the author's public key."
)
_SIGNED = "The signature fits the key: nothing was changed since its owner signed."


def forward_page(title: str, target: str) -> str:
    """Write a page that leads on to another without a script; title and target are escaped."""
    title, target = html.escape(title), html.escape(target)
    head = f'<meta http-equiv="refresh" content="0; url={target}">\n'
    head += f'<link rel="canonical" href="{target}">\n'
    return _PAGE.format(title=title, head=head, body=f'<p><a href="{target}">Go on</a></p>')


def publish(build: Path, site: Path) -> str:
    """Add a released build to a site of versions, a folder for any host of static files.

    A signature in the build goes along. Doing it again completes and repairs.
    """
    shown, contents = relative_name(build), read_folder(build)
    stamp = check_contents(contents, shown)["stamp"]
    version_key(version := str(stamp["version"]))
    if stamp["modified"] or not stamp["released"]:
        what = "holds changes that are not committed" if stamp["modified"] else "was not released"
        remedy = f"release {version}, commit and tag it, build that commit, and publish the build"
        raise ReleaseError(f"{shown} {what}; {remedy}")
    if "index.html" not in contents or site.resolve().is_relative_to(build.resolve()):
        raise ReleaseError("the build needs an index.html, and the site a folder outside of it")
    site.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(site / ".lock", timeout=0):
            _add(build, site, version)
            versions = _read_versions(site)
            for path, content in _stale_files(versions, site).items():
                manifests.write_whole(path, content)
    except Timeout:
        raise ReleaseError(f"{relative_name(site)}: somebody else publishes there; wait") from None
    return f"Version {version} is published; the newest is {[*versions][-1]}."


def verify(place: Path, *, key: Path | None = None, signature: Path | None = None) -> str:
    """Hash a build, a bundle or a site of versions again, and compare it with its manifest.

    Parameters
    ----------
    place
        A folder or a zip file; nothing is unpacked or written.
    key
        Public key of the author, from a place that you trust; with it signatures are checked.
    signature
        The signature of a build or a bundle, if it does not lie where :func:`sign` puts it.
    """
    if signature and not key:
        raise ReleaseError("a signature says nothing without the public key of the author; give it")
    if (place / "v").is_dir() and not (place / manifests.NAME).exists():
        versions = _read_versions(place)
        if not versions:
            raise ReleaseError(f"{relative_name(place)}: holds no version; publish a build first")
        if stale := _stale_files(versions, place):
            names = ", ".join(relative_name(path) for path in stale)
            raise ReleaseError(f"{names}: missing or changed; publish the newest build again")
        parts, said = [place / "v" / version for version in versions], ", ".join(versions)
    else:
        contents = unpack(place) if place.is_file() else read_folder(place)
        manifest = check_contents(contents, relative_name(place))
        parts, said = [place], manifest["stamp"]["version"]
    if key:
        for part in parts:
            _check_signature(part, key, signature)
    return f"{place}: all files of version {said} as made. {_SIGNED if key else _UNSIGNED}"


def sign(place: Path, key: Path) -> Path:
    """Sign a sound build or bundle with a private ssh key; the signature lies beside."""
    verify(place)
    signed = _signed_file(place)
    content = run_program([*_SIGN, "sign", "-f", str(key)], input=signed.read_bytes())
    manifests.write_whole(signature := signed.with_name(f"{signed.name}.sig"), content)
    return signature


def _signed_file(place: Path) -> Path:
    return place if place.is_file() else place / manifests.NAME


def _check_signature(place: Path, key: Path, signature: Path | None) -> None:
    signed = _signed_file(place)
    signature = signature or signed.with_name(f"{signed.name}.sig")
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


def _read_versions(site: Path) -> dict[str, Manifest]:
    """Check every version that a site ever had, and read their manifests, oldest first.

    A version that is lost or damaged is an error: the list never shrinks, and ``latest/`` never
    goes back.
    """
    found, faults = {}, []
    for version, kept in _known(site).items():
        folder = site / "v" / version
        try:
            found[version] = check_contents(read_folder(folder), relative_name(folder))
            if found[version]["stamp"]["version"] != version or kept not in ("", _hash(folder)):
                faults.append(f"{relative_name(folder)}: not what was published")
        except ReleaseError as error:
            faults.append(str(error))
    if faults:
        remedy = "Restore each folder, or remove what is left of it and publish its build again."
        raise ReleaseError("\n".join([*faults, remedy]))
    return found


def _stale_files(versions: dict[str, Manifest], site: Path) -> dict[Path, bytes]:
    """Give the files beside the versions that are not there as they should be."""
    newest = [*versions][-1]
    title, entries, items = versions[newest]["report"]["title"], [], ""
    files = {"index.html": forward_page(title, "latest/index.html"), ".nojekyll": ""}
    files["latest/index.html"] = forward_page(title, f"../v/{newest}/index.html")
    for version, manifest in reversed(versions.items()):
        entry = {"version": version, "date": manifest["stamp"]["date"], "url": f"v/{version}/"}
        digest = _hash(site / "v" / version)
        entries.append({**entry, "pages": manifest["pages"], "manifest": digest})
        day = html.escape(entry["date"])
        items += f'<li><a href="v/{version}/index.html">Version {version}</a>, {day}</li>'
        files[f"v/{version}.css"] = _OLD.format(**entries[0]) if version != newest else ""
    files[_RECORD] = json.dumps(entries, indent=1)
    files["versions.js"] = f"window.evidenceVersions = {files[_RECORD]};\n"
    title = html.escape(f"{title}: versions")
    files["versions.html"] = _PAGE.format(title=title, head="", body=f"<ul>{items}</ul>")
    contents = {site / name: text.encode() for name, text in files.items()}
    stale = [p for p in contents if not p.is_file() or p.read_bytes() != contents[p]]
    return {path: contents[path] for path in stale}


def _known(site: Path) -> dict[str, str]:
    """List versions with the hash of their manifest; a lost one is in the list or has its style."""
    known = {path.name.removesuffix(".css"): "" for path in (site / "v").glob("*")}
    try:
        text = (site / _RECORD).read_text(encoding="utf-8") if (site / _RECORD).exists() else "[]"
        known |= {entry["version"]: entry["manifest"] for entry in json.loads(text)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReleaseError(f"{site / _RECORD}: damaged ({error!r}); restore it") from None
    return {v: known[v] for v in sorted(filter(VERSION.fullmatch, known), key=version_key)}


def _add(build: Path, site: Path, version: str) -> None:
    """Copy a build under its version, in one step, if it is not there."""
    target, staging = site / "v" / version, site / ".staging"
    shutil.rmtree(staging, ignore_errors=True)
    if {_known(site).get(version, ""), _hash(target)} - {"", _hash(build)}:
        raise ReleaseError(
            f"version {version} was published with other content, and a published version never "
            "changes: release a new version"
        )
    if not target.exists():
        shutil.copytree(build, staging, symlinks=True, ignore=shutil.ignore_patterns(".buildinfo"))
        check_contents(read_folder(staging), "the copy")
        target.parent.mkdir(exist_ok=True)
        staging.rename(target)


def _hash(folder: Path) -> str:
    path = folder / manifests.NAME
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
