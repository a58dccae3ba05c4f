"""Publish finished sites side by side: every version stays, the newest is ``latest/``.

A published copy is byte for byte the build, except one small script of fixed content: the stub
``_static/published.js`` becomes a loader of ``versions.js``, which lies beside the version folders
and knows all of them. So a copy is never written again, its manifest stays true for ever, and old
pages still learn of newer versions. Everything outside ``v/`` follows from ``v/`` and is mended
whenever something is published.
"""

from __future__ import annotations

import errno
import io
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from evidence_tools import manifest as manifests
from evidence_tools.history.listing import write_lists
from evidence_tools.history.revisions import version_key
from evidence_tools.history.snapshot import VERSION
from evidence_tools.manifest import FileEntry, Manifest
from evidence_tools.schema import relative_name
from evidence_tools.storage import HistoryError, exclusive, hash_stream, sync_folder

HOOK = "_static/published.js"
"""The one file of a site that publication replaces."""
LOADER = (Path(__file__).parent / "loader.js").read_bytes()
_STAGING = ".staging-"
_RESTORE = "restore it from a backup, or remove it and publish again"


def _entry_of(content: bytes) -> FileEntry:
    return FileEntry(*hash_stream(io.BytesIO(content)))


LOADER_ENTRY = _entry_of(LOADER)
"""What a manifest says about the replaced file."""


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing did: the version, whether it is new to the site, and the newest one."""

    version: str
    added: bool
    newest: str
    notes: tuple[str, ...] = ()


def publish(build: Path, site: Path) -> Published:
    """Copy a finished build into a site of versions.

    Each step leaves a site that works: a version appears whole, ``latest/`` changes in one step,
    and the list of versions is written last. Publishing again completes what was interrupted.

    Parameters
    ----------
    build
        The finished HTML site, with its ``report.json``.
    site
        The folder that holds all versions; made if it does not exist.

    Returns
    -------
    Published

    Raises
    ------
    HistoryError
        If the build is not as its manifest says, the version was published with other content,
        or another process is publishing.
    OSError
        If the disk is full or the site cannot be written; no part of a version is left behind.
    """
    manifest = manifests.read_manifest(build)
    version_key(manifest.version)
    if site.resolve().is_relative_to(build.resolve()):
        raise HistoryError("the site of versions cannot be a folder inside the build")
    if faults := manifests.verify(build):
        listed = "; ".join(map(str, faults[:5]))
        raise HistoryError(
            f"{relative_name(build)}: {len(faults)} files are not as built ({listed}); build again"
        )
    site.mkdir(parents=True, exist_ok=True)
    with exclusive(site, "publication"):
        _clean(site)
        try:
            target = site / "v" / manifest.version
            added = not target.exists()
            if added:
                _move_in(_stage(build, manifest, site), target)
            else:
                _need_same(build, target, manifest.version)
            versions = published_versions(site)
            _update_latest(site, versions[0])
            write_lists(site, versions)
        finally:
            _clean(site)
    return Published(manifest.version, added, versions[0], _warnings(manifest))


def _warnings(manifest: Manifest) -> tuple[str, ...]:
    warnings = []
    if manifest.stamp["modified"]:
        warnings.append("the build has changes that are not committed")
    if not manifest.stamp.get("released", True):
        what = f"what it says was not released as {manifest.version}"
        warnings.append(f"{what}; see `evidence release`")
    return tuple(warnings)


def published_versions(site: Path) -> list[str]:
    """List the versions of a site, newest first."""
    folders = [path for path in (site / "v").glob("*") if VERSION.fullmatch(path.name)]
    found = [path.name for path in folders if (path / manifests.NAME).is_file()]
    return sorted(found, key=version_key, reverse=True)


def _stage(source: Path, manifest: Manifest, site: Path) -> Path:
    """Copy what the manifest names into a hidden folder, and check every byte on the way."""
    staging = site / f"{_STAGING}{os.getpid()}"
    for name, entry in manifest.files.items():
        content = (source / name).read_bytes()
        replaced = manifest.published.get(name)
        if _entry_of(content) not in (entry, replaced):
            raise HistoryError(f"{name}: changed while it was copied; publish again")
        if replaced is not None and _entry_of(content) != replaced:
            content = LOADER
            if _entry_of(LOADER) != replaced:
                raise HistoryError(
                    "the build was made by another version of evidence_tools; "
                    "publish it with that version"
                )
        _write(staging / name, content)
    _write(staging / manifests.NAME, (source / manifests.NAME).read_bytes())
    for folder in [path for path in staging.rglob("*") if path.is_dir()]:
        sync_folder(folder)
    return staging


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _move_in(staging: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    staging.rename(target)
    sync_folder(target.parent)


def _need_same(build: Path, target: Path, version: str) -> None:
    if not (target / manifests.NAME).is_file():
        raise HistoryError(
            f"{relative_name(target)}: the published copy has lost its {manifests.NAME}; {_RESTORE}"
        )
    same = (build / manifests.NAME).read_bytes() == (target / manifests.NAME).read_bytes()
    if faults := manifests.verify(target):
        listed = "; ".join(map(str, faults[:5]))
        raise HistoryError(
            f"{relative_name(target)}: the published copy is damaged ({listed}); {_RESTORE}"
        )
    if not same:
        raise HistoryError(
            f"version {version} is published already, with other content; "
            "published versions never change: release a new version"
        )


def _update_latest(site: Path, newest: str) -> None:
    latest, source = site / "latest", site / "v" / newest
    manifest_file = latest / manifests.NAME
    current = manifest_file.is_file() and not latest.is_symlink()
    if current and manifest_file.read_bytes() == (source / manifests.NAME).read_bytes():
        try:
            if not manifests.verify(latest):
                return
        except HistoryError:
            pass  # it is mended below
    staging = _stage(source, manifests.read_manifest(source), site)
    if not latest.exists():
        _move_in(staging, latest)
        return
    swap(staging, latest)
    sync_folder(site)


def swap(new: Path, old: Path) -> None:
    """Put one folder in the place of another; afterwards ``new`` holds what ``old`` was.

    On Linux both change places in one step. Elsewhere the name is missing for a moment.

    Parameters
    ----------
    new, old
        Two folders in one file system.
    """
    if not _exchange(new, old):
        aside = new.with_name(f"{new.name}-old")
        old.rename(aside)
        new.rename(old)
        aside.rename(new)


def _exchange(one: Path, other: Path) -> bool:
    import ctypes

    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    here, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux
    if renameat2(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(other))


def _clean(site: Path) -> None:
    """Remove what an interrupted publication left; nothing links to it."""
    for path in [*site.glob(f"{_STAGING}*"), *site.glob(".*.part")]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
