"""Check a site of versions: every version, ``latest/``, and what lists them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evidence_tools import manifest as manifests
from evidence_tools.history.listing import list_contents
from evidence_tools.history.publication import published_versions
from evidence_tools.history.snapshot import VERSION
from evidence_tools.manifest import Fault
from evidence_tools.storage import HistoryError

_OF_THE_HOST = ("CNAME",)
"""Files beside the versions that a host asks for; hidden ones are passed over too."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found in one part of a site.

    Attributes
    ----------
    place
        The part, relative to the site; empty for what lies beside the versions.
    faults
        What is not as it was written.
    told
        What the part is, if it has no fault.
    """

    place: str
    faults: tuple[Fault, ...]
    told: str


def is_site(place: Path) -> bool:
    """Say whether a folder holds several versions, and is not a version itself."""
    return (place / "v").is_dir() and not (place / manifests.NAME).exists()


def inspect_site(site: Path) -> list[Inspection]:
    """Hash every version again, and compare what lists the versions with what it follows from.

    Nothing is written. A part that cannot be read is a fault like any other, so that one
    damaged version does not hide what is wrong with the next.

    Parameters
    ----------
    site
        A folder that :func:`evidence_tools.history.publication.publish` filled.

    Returns
    -------
    list of Inspection
        The versions, then ``latest``, then the rest.
    """
    found = []
    for folder in sorted((site / "v").iterdir()):
        name = f"v/{folder.name}"
        if folder.is_dir() and VERSION.fullmatch(folder.name):
            found.append(_inspect(folder, name, folder.name))
        else:
            found.append(Inspection(name, (Fault("", "extra"),), ""))
    versions = published_versions(site)
    if versions and (site / "latest").exists():
        found.append(_inspect(site / "latest", "latest", versions[0]))
    elif versions:
        found.append(Inspection("latest", (Fault("", "missing; publish again"),), ""))
    return [*found, _inspect_lists(site, versions)]


def _inspect(folder: Path, name: str, version: str) -> Inspection:
    try:
        faults = manifests.verify(folder)
        described = manifests.read_manifest(folder)
    except HistoryError as error:
        return Inspection(name, (Fault(manifests.NAME, f"cannot be used ({error})"),), "")
    if described.version != version:
        held = f"is of version {described.version}, and {version} is expected here"
        faults.append(Fault(manifests.NAME, held))
    told = f"version {described.version}, all {len(described.files)} files are as written"
    return Inspection(name, tuple(faults), told)


def _inspect_lists(site: Path, versions: list[str]) -> Inspection:
    faults = []
    try:
        expected = list_contents(site, versions) if versions else {}
    except HistoryError:  # told above, where the version is
        return Inspection("", (), "the lists of versions cannot be compared")
    for name, content in expected.items():
        path = site / name
        if not path.is_file():
            faults.append(Fault(name, "missing; publish again"))
        elif path.read_bytes() != content:
            faults.append(Fault(name, "differs from what `evidence publish` writes; publish again"))
    known = {*expected, "v", "latest", *_OF_THE_HOST}
    for path in sorted(site.iterdir()):
        if path.name not in known and not path.name.startswith("."):
            faults.append(Fault(path.name, "extra"))
    return Inspection("", tuple(faults), "the lists of versions are as written")
