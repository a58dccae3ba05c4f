"""What a version says: its rows as in the files, its ratings, and the text of its chapters."""

from __future__ import annotations

import csv
import dataclasses
import io
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from evidence_tools.evidence.dictionary import read_dictionary
from evidence_tools.evidence.model import Evidence, load_evidence
from evidence_tools.evidence.problems import did_you_mean, relative_name
from evidence_tools.releases.manifest import ReleaseError, seal, unseal
from evidence_tools.releases.stamp import VERSION, git, version_key

FORMAT = 2
RATINGS = "ratings"

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of the evidence and of its chapters.

    ``version`` may also say where a state is from that is not released; its ``date`` is empty.
    ``tables`` holds rows by table and identifier, and in ``ratings`` what is concluded on each
    outcome; ``pages`` holds the lines of each chapter.
    """

    version: str
    date: str
    tables: dict[str, dict[str, Row]]
    pages: dict[str, list[str]]


def take_snapshot(evidence: Evidence, version: str, date: str = "") -> Snapshot:
    """Take down the tables of the evidence and the chapters that lie beside its folder."""
    tables = {RATINGS: _ratings(evidence)}
    for name, table in read_dictionary(evidence.folder)[0].items():
        text = (evidence.folder / table.path).read_text(encoding="utf-8-sig")
        rows = csv.DictReader(io.StringIO(text, newline=""))
        tables[name] = {" ".join(row[column] for column in table.key): row for row in rows}
    chapters = sorted((evidence.folder.parent / "chapters").glob("*.md"))
    pages = {path.stem: path.read_text(encoding="utf-8").splitlines() for path in chapters}
    return Snapshot(version, date, tables, pages)


def snapshot_bytes(snapshot: Snapshot) -> bytes:
    """Write a snapshot as the bytes of its file."""
    return seal("snapshot", FORMAT, dataclasses.asdict(snapshot))


def read_snapshot(path: Path) -> Snapshot:
    """Read the file of a snapshot, which is named after its version."""
    shown = relative_name(path)
    snapshot = Snapshot(**unseal(path.read_bytes(), "snapshot", FORMAT, shown))
    if VERSION.fullmatch(path.stem) and path.stem != snapshot.version:
        raise ReleaseError(f"{shown}: holds version {snapshot.version}; restore the right file")
    return snapshot


def read_releases(data: Path) -> dict[str, Snapshot]:
    """Read the snapshots of all released versions in a data folder, oldest first."""
    paths = {path.stem: path for path in (data / "releases").glob("*.json")}
    return {version: read_snapshot(paths[version]) for version in sorted(paths, key=version_key)}


def load_state(folder: Path, name: str) -> Snapshot:
    """Find a state: a released version, a snapshot file, a book folder, or a git revision."""
    releases = folder / "data" / "releases"
    versions = sorted(path.stem for path in releases.glob("*.json"))
    path = releases / f"{name}.json" if name in versions else folder / name
    if path.is_file():
        return read_snapshot(path)
    if (path / "data").is_dir():
        return take_snapshot(load_evidence(path / "data"), "here" if name == "." else name)
    with TemporaryDirectory(prefix="evidence-") as scratch:
        packed = f"{scratch}/{folder.resolve().name}.tar"
        try:
            git(folder, "archive", f"--output={packed}", name, "data", "chapters")
        except ReleaseError as error:
            raise ReleaseError(
                f"{name!r} is no released version ({', '.join(versions) or 'none yet'}), snapshot "
                f"file, book folder or git revision{did_you_mean(name, versions)} ({error})"
            ) from None
        shutil.unpack_archive(packed, scratch, filter="data")
        return take_snapshot(load_evidence(f"{scratch}/data"), name)


def _ratings(evidence: Evidence) -> dict[str, Row]:
    """Take down the certainty, the central result and the agreement on each outcome."""
    central, rows = evidence.topic.central_source, {}
    for outcome, found in evidence.findings.groupby("outcome_id", sort=False):
        main = found["source_id"].eq(central) & found["analysis"].eq("primary")
        rows[str(outcome)] = {
            "outcome_id": str(outcome),
            "rating": str(evidence.ratings["rating"].get(outcome, "")),
            "central_source": "; ".join(found.loc[main, "direction"].unique()),
            "conflict": "yes" if found["conflict"].any() else "",
        }
    return rows
