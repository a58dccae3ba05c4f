"""One zip file with a build and the files it was made from, and CSV that is safe to open."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from evidence_tools.evidence.problems import relative_name
from evidence_tools.releases import manifest as manifests
from evidence_tools.releases.manifest import Contents, Manifest, ReleaseError
from evidence_tools.releases.stamp import git, read_stamp

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
_FORMULA = re.compile(r"\s*[=+\-@\uFF0B\uFF0D\uFF1D\uFF20]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?%?")
_SAFE = re.compile(r"(?!(.*/)?\.{1,2}(/|$))[^/\\:\0]+(/[^/\\:\0]+)*")


def safe_cell(text: str) -> str:
    """Put an apostrophe before a cell that a spreadsheet would run as a formula.

    Examples
    --------
    >>> safe_cell("=1+1"), safe_cell("-1.54")
    ("'=1+1", '-1.54')
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def pack(contents: Contents, day: date = date.min) -> bytes:
    """Zip files, without compression: the same files give the same bytes on any machine."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in sorted(contents):
            info = zipfile.ZipInfo(name, (max(day.year, 1980), day.month, day.day, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o100644 << 16
            archive.writestr(info, contents[name])
    return packed.getvalue()


def unpack(place: Path) -> dict[str, bytes]:
    """Read a zip file as :func:`pack` writes it, byte for byte; nothing else is accepted.

    So there are no folder entries, links, names that lead outside, doubles, comments, and no
    bytes between the files or at the end.
    """
    try:
        content = place.read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            plain = all(i.compress_type == 0 and _SAFE.fullmatch(i.filename) for i in infos)
            contents = {info.filename: archive.read(info) for info in infos if plain}
        if infos and pack(contents, date(*infos[0].date_time[:3])) == content:
            return contents
    except (OSError, ValueError, EOFError, RuntimeError, struct.error, BadZipFile) as error:
        raise ReleaseError(f"{relative_name(place)}: damaged ({error}); fetch it again") from None
    raise ReleaseError(f"{relative_name(place)}: not as a bundle is packed; do not unpack it")


def make_bundle(folder: Path, build: Path, target: Path | None = None) -> Path:
    """Pack a finished build with the files of its commit, described as an RO-Crate.

    The book folder must be at the commit of the build, without changes. The bundle lies beside
    the build and is named after report and version, unless ``target`` says otherwise.
    """
    found = manifests.read_folder(build)
    manifest = manifests.check_contents(found, relative_name(build))
    stamp, own = manifest["stamp"], read_stamp(folder)
    if stamp["modified"] or own.modified or not own.commit or stamp["commit"] != own.commit:
        raise ReleaseError("the build is not of what is committed here; commit, and build again")
    contents = {f"html/{name}": content for name, content in found.items()}
    for name in git(folder, "ls-files", "-z").split("\0")[:-1]:
        contents[name] = (folder / name).read_bytes()
    tops = [name for name in found if re.fullmatch(r"[^/]+\.(pdf|bib|ris)", name)]
    contents |= {name: found[name] for name in tops}
    contents["ro-crate-metadata.json"] = _crate(manifest, contents)
    contents[manifests.NAME] = manifests.manifest_bytes(manifest, contents)
    target = target or build.parent / f"{manifest['report']['name']}-{own.version}.zip"
    manifests.write_whole(target, pack(contents, date.fromisoformat(stamp["date"])))
    return target


def _crate(manifest: Manifest, contents: Contents) -> bytes:
    """Describe the bundle as RO-Crate: what each file is, who made it, under which licence."""
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    report, stamp, crate = manifest["report"], manifest["stamp"], ROCrate(version="1.1")
    root: Any = crate.root_dataset
    for author in report["authors"]:
        body = {"@type": "Organization", "name": author}
        root.append_to("author", crate.add(ContextEntity(crate, f"#{author}", properties=body)))
    root["name"], root["description"] = report["title"], report["description"]
    root["datePublished"], root["version"] = stamp["date"], stamp["version"]
    root["license"], root["identifier"] = {"@id": LICENCE}, f"commit {stamp['commit']}"
    root["keywords"] = report["keywords"]
    for name in sorted(name for name in contents if not name.startswith("html/")):
        crate.add_file(dest_path=name, properties={"name": name})
    site = {"name": "The report as a web site", "description": "Open html/index.html."}
    root["mainEntity"] = crate.add_dataset(dest_path="html/", properties=site)
    graph: Any = crate.metadata.generate()
    for entity in graph["@graph"]:
        entity.pop("dateModified", None)
    return f"{json.dumps(graph, indent=1, sort_keys=True, ensure_ascii=False)}\n".encode()
