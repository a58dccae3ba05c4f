"""One zip file with everything: HTML, PDF, data and an RO-Crate that describes them."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from evidence_tools import manifest as manifests
from evidence_tools.contents import content_hash, files
from evidence_tools.manifest import FileEntry, Manifest
from evidence_tools.schema import relative_name
from evidence_tools.storage import HistoryError, hash_stream, write_whole

DOCUMENTS = (
    "CITATION.cff",
    "requirements.txt",
    "LICENSE",
    "README.md",
    "CHANGELOG.md",
    "_config.yml",
    "_toc.yml",
    "references.bib",
    "pyproject.toml",
)
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
_METADATA = "ro-crate-metadata.json"
_TYPES = {
    ".bib": "application/x-bibtex",
    ".cff": "application/yaml",
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".pdf": "application/pdf",
    ".ris": "application/x-research-info-systems",
    ".toml": "application/toml",
    ".txt": "text/plain",
    ".yml": "application/yaml",
}


def make_bundle(folder: Path, build: Path, target: Path | None = None) -> Path:
    """Pack a finished build with the files it was made from.

    The same build and files give the same bytes.

    Parameters
    ----------
    folder
        The book folder.
    build
        The finished HTML site, with its ``report.json``.
    target
        The zip file to write; by default beside the build, named after report and version.

    Returns
    -------
    Path
        The bundle. It passes :func:`evidence_tools.manifest.verify`.

    Raises
    ------
    HistoryError
        If the build is not as its manifest says, or does not follow from the files.
    OSError
        If the bundle cannot be written; an earlier one is still whole.
    """
    manifest = manifests.read_manifest(build)
    if faults := manifests.verify(build):
        listed = "; ".join(map(str, faults[:5]))
        raise HistoryError(
            f"{relative_name(build)}: {len(faults)} files are not as built ({listed}); build again"
        )
    if manifest.stamp["content_hash"] != content_hash(folder):
        raise HistoryError("the files have changed since the report was built; build again")
    members = dict(_members(folder, build, manifest))
    members[_METADATA] = _crate(manifest, members)
    entries = {name: _hashed(content) for name, content in members.items()}
    # The bundle is described like a site, so it is checked in the same way.
    described = dataclasses.replace(manifest, files=entries, pages=(), published={})
    members[manifests.NAME] = manifests.manifest_bytes(described)
    stem = f"{manifest.report['name']}-{manifest.version}"
    target = target or build.parent / f"{stem}.zip"
    write_whole(target, _zip(members, date.fromisoformat(manifest.stamp["date"])))
    return target


def _members(folder: Path, build: Path, manifest: Manifest) -> Iterator[tuple[str, bytes]]:
    for name in [*manifest.files, manifests.NAME]:
        content = (build / name).read_bytes()
        yield f"html/{name}", content
        if "/" not in name and name.endswith((".pdf", ".bib", ".ris")):
            yield name, content
    for name in DOCUMENTS:
        with contextlib.suppress(FileNotFoundError):
            yield name, (folder / name).read_bytes()
    for part, patterns in (("data", ["*.csv", "*.json"]), ("chapters", ["*.md"])):
        for path in files(folder / part, patterns):
            yield f"{part}/{path.relative_to(folder / part).as_posix()}", path.read_bytes()


def _hashed(content: bytes) -> FileEntry:
    return FileEntry(*hash_stream(io.BytesIO(content)))


def _zip(members: dict[str, bytes], day: date) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, (max(day.year, 1980), day.month, day.day, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # the same bytes on every system
            info.external_attr = 0o644 << 16
            archive.writestr(info, members[name])
    return packed.getvalue()


def _crate(manifest: Manifest, members: dict[str, bytes]) -> bytes:
    """Describe the bundle as RO-Crate 1.1: what each file is, who made it, under which licence."""
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    report, stamp = manifest.report, manifest.stamp
    crate: Any = ROCrate(version="1.1")
    licence = crate.add(
        ContextEntity(
            crate,
            LICENCE,
            properties={
                "@type": "CreativeWork",
                "name": "Creative Commons Attribution 4.0 International",
            },
        )
    )
    authors = [
        crate.add(
            ContextEntity(
                crate,
                f"#author-{number}",
                properties={"@type": "Organization", "name": author},
            )
        )
        for number, author in enumerate(report["authors"], start=1)
    ]
    root = crate.root_dataset
    root["name"] = report["title"]
    root["description"] = report["description"]
    root["datePublished"] = stamp["date"]
    root["version"] = stamp["version"]
    root["license"] = licence
    root["author"] = authors
    root["identifier"] = f"content hash {stamp['content_hash']}, {stamp['commit']}"
    root["keywords"] = report["keywords"]
    for name in sorted(members):
        if name.startswith("html/"):
            continue
        kind = _TYPES.get(Path(name).suffix, "text/plain")
        properties = {
            "name": _title(name, report),
            "encodingFormat": kind,
            "contentSize": str(len(members[name])),
            "sha256": _hashed(members[name]).sha256,
        }
        crate.add_file(dest_path=name, properties=properties)
    site = crate.add_dataset(
        dest_path="html/",
        properties={"name": "The report as a web site", "description": "Open html/index.html."},
    )
    root["mainEntity"] = site
    graph: dict[str, Any] = crate.metadata.generate()
    for entity in graph["@graph"]:
        if entity["@id"] == _METADATA:
            entity.pop("dateModified", None)
    return f"{json.dumps(graph, indent=1, sort_keys=True, ensure_ascii=False)}\n".encode()


def _title(name: str, report: Any) -> str:
    if name.endswith(".pdf"):
        return f"{report['title']} (PDF)"
    return {
        "data/datapackage.json": "Dictionary of the columns, as a Frictionless data package",
        "requirements.txt": "Pinned requirements",
        "CITATION.cff": "How to cite",
    }.get(name, name)
