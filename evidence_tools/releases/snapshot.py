"""What a version says: its rows as in the files, its ratings, and the text of its chapters."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence_tools.evidence.dictionary import read_dictionary
from evidence_tools.evidence.model import Evidence, load_evidence
from evidence_tools.evidence.problems import did_you_mean, relative_name
from evidence_tools.releases.manifest import ReleaseError, seal, unseal
from evidence_tools.releases.repository import VERSION, version_key

FORMAT = 2
RATINGS = "ratings"
_FIRST_TABLES = ("findings", "sources", "trials", "arms", "outcomes", "context")

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
    """Read a snapshot of this or the first format; its name must be that of its version."""
    shown = relative_name(path)
    try:
        content = unseal(path.read_bytes(), "snapshot", FORMAT, shown)
        parts = _first_format(content) if content["format"] == 1 else content
        snapshot = Snapshot(**{f.name: parts[f.name] for f in dataclasses.fields(Snapshot)})
    except OSError as error:
        raise ReleaseError(f"{shown}: cannot be read ({error.strerror}); restore it") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise ReleaseError(f"{shown}: the snapshot lacks a part ({error}); restore it") from None
    if VERSION.fullmatch(path.stem) and path.stem != snapshot.version:
        raise ReleaseError(f"{shown}: holds version {snapshot.version}; restore the right file")
    return snapshot


def read_releases(data: Path) -> dict[str, Snapshot]:
    """Read the snapshots of all released versions in a data folder, oldest first."""
    paths = {path.stem: path for path in (data / "releases").glob("*.json")}
    return {version: read_snapshot(paths[version]) for version in sorted(paths, key=version_key)}


def load_state(folder: Path, name: str) -> Snapshot:
    """Find a state by a released version, a snapshot file, or a book folder (``"."``: this)."""
    releases = folder / "data" / "releases"
    versions = sorted(path.stem for path in releases.glob("*.json"))
    path = releases / f"{name}.json" if name in versions else folder / name
    if path.is_file():
        return read_snapshot(path)
    if (path / "data").is_dir():
        return take_snapshot(load_evidence(path / "data"), "here" if name == "." else name)
    raise ReleaseError(
        f"{name!r} is no released version ({', '.join(versions) or 'none yet'}), snapshot file or "
        f"book folder{did_you_mean(name, versions)}; for a git revision make a folder of it: "
        f"git worktree add ../before {name}"
    )


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


def _first_format(content: dict[str, Any]) -> dict[str, Any]:
    """Read what versions 1.x wrote, with the names and blank cells that tables have now."""
    tables = {
        name: {key: dict(map(_renamed, row.items())) for key, row in content[name].items()}
        for name in _FIRST_TABLES
    }
    rated = content["certainties"].items()
    tables[RATINGS] = {key: {"outcome_id": key, "rating": rating} for key, rating in rated}
    tables["certainty"], pages = {}, {}
    for topic, lines in content["sentences"].items():
        kind, _, key = topic.partition(" ")
        if kind == "page":
            pages[key] = lines
        for line in lines if kind == "certainty" else ():
            domain, judgement, rationale = re.split(r": |\. ", line, maxsplit=2)
            row = {"outcome_id": key, "domain": domain.replace(" ", "_"), "judgement": judgement}
            tables["certainty"][f"{key} {row['domain']}"] = {**row, "rationale": rationale}
    return {**content, "date": content["day"], "tables": tables, "pages": pages}


def _renamed(cell: tuple[str, str]) -> tuple[str, str]:
    column, text = cell
    if column == "p_value":
        text = text.removeprefix("p = ").removeprefix("p ").replace("< ", "<")
    return column.replace("completed", "n_completed"), "" if text == "not reported" else text
