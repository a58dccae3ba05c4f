"""A new report from the template in ``report``, and rows that are added to its tables."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import shutil
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from importlib.metadata import packages_distributions, requires
from pathlib import Path
from typing import Any

from evidence_tools.evidence.dictionary import MODEL, read_dictionary
from evidence_tools.evidence.model import load_evidence
from evidence_tools.evidence.problems import (
    EvidenceError,
    Problem,
    did_you_mean,
    read_text,
    relative_name,
)
from evidence_tools.releases.manifest import ReleaseError

PACKAGE = Path(__file__).parents[1]
_TEMPLATE = Path(__file__).with_name("report")
QUESTIONS = {
    "title": "Title of the report, such as a question",
    "subject": "What is given, as inside a sentence",
    "comparison": "What it is compared with",
    "population": "Who it is given to",
}
"""What a new report has to be told."""

_CITED = {"title": "ti t1", "authors": "", "year": "py y1", "doi": "do", "url": "ur"}
_CITED |= {"journal": "container-title jo jf t2 ja", "pmid": "", "pmcid": ""}
"""Columns of ``sources.csv``, and how BibTeX, CSL JSON and RIS call them beside their names."""

_NEXT = """{folder} is a report that builds.
1. cd {folder} && git init && make report   (HTML site and PDF in _build/html)
2. Read README.md: it lists the tables in the order in which made-up rows are replaced.
3. evidence add source --from FILE           (BibTeX, RIS or CSL JSON)
4. evidence add finding --set source_id=... outcome_id=... direction=...
5. evidence check                            (what is still wrong, with file and line)"""


def make_report(folder: Path, words: Mapping[str, str | None], ask: Callable[[str], str]) -> str:
    """Write a report that builds at once, with the package beside it; say what to do next.

    What ``words`` lacks of :data:`QUESTIONS` is asked. A folder that holds anything is refused.
    """
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ReleaseError(f"{folder} is not empty; name a new folder: nothing is overwritten")
    told = {key: (words.get(key) or ask(f"{text}: ")).strip() for key, text in QUESTIONS.items()}
    if missing := [key for key, text in told.items() if not text]:
        raise ReleaseError(f"{', '.join(missing)}: a text is needed; nothing was written")
    slug = re.sub(r"[^a-z0-9]+", "-", told["title"].lower()).strip("-") or "report"
    needed = _dependencies()
    values: dict[str, Any] = {**told, "slug": slug, "year": str(date.today().year)}
    values["day"] = str(date.today())
    values["dependencies"] = needed
    beside = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    shutil.copytree(_TEMPLATE, beside)
    shutil.copy(MODEL, beside / "data")

    def fill(slot: re.Match[str]) -> str:
        value = values[slot[2]]
        return json.dumps(value, ensure_ascii=False) if slot[1] else str(value)

    for path in [p for p in beside.rglob("*") if p.is_file()]:
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r'("?)<<(\w+)>>\1', fill, text), encoding="utf-8")
    for path in sorted(beside.glob("dot-*")):
        path.rename(path.with_name(path.name.replace("dot-", ".", 1)))
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(PACKAGE, beside / PACKAGE.name, ignore=ignored)
    licence = PACKAGE.parent / "LICENSE"
    if licence.exists():  # a report made from a report has it inside the package already
        shutil.copy(licence, beside / PACKAGE.name)
    pins = PACKAGE.parent / "requirements.txt"
    pinned = pins.read_text(encoding="utf-8") if pins.exists() else "\n".join([*needed, ""])
    (beside / "requirements.txt").write_text(pinned, encoding="utf-8")
    folder.mkdir(exist_ok=True)  # perhaps the working folder, which must stay the same one
    for part in beside.iterdir():
        part.rename(folder / part.name)
    beside.rmdir()
    return _NEXT.format(folder=folder)


def _dependencies() -> list[str]:
    """List what the package needs: as its project says, or else as it was installed."""
    project = PACKAGE.parent / "pyproject.toml"
    if project.exists():
        return list(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"])
    needed = requires(packages_distributions()[PACKAGE.name][0]) or []
    return [one for one in needed if "extra ==" not in one]


def add_row(folder: Path, table: str, cells: Iterable[str], citation: Path | None) -> str:
    """Append a row to ``sources`` or ``findings``, and say what is still to fill in.

    ``cells`` are written ``column=value``; those of a citation file come first.
    """
    descriptions, problems = read_dictionary(folder / "data")
    if problems:
        raise EvidenceError(problems)
    description = descriptions[table]
    path = folder / "data" / description.path
    text, problems = read_text(path)
    if problems:
        raise EvidenceError(problems)
    header, *rows = list(csv.reader(io.StringIO(text)))
    known = dict.fromkeys(header, "")
    given = read_citation(citation) if citation else {}
    for cell in cells:
        column, mark, value = cell.partition("=")
        if not mark:
            raise ReleaseError(f"found {cell!r}; write column=value")
        given[column] = value.strip()
    for column in given:
        if column not in known:
            hint = did_you_mean(column, known)
            raise ReleaseError(f"{path.name} has no column {column!r}{hint}; it has: "
                               f"{', '.join(known)}")  # fmt: skip
    key = description.key[0]
    if table == "findings" and not given.get(key):
        given[key] = "-".join(filter(None, (given.get(c) for c in ("source_id", "outcome_id"))))
        given[key] = given[key].replace("_", "-")
    if not given.get(key):
        raise ReleaseError(f"{key} is needed; write {key}=...")
    if given[key] in {row[header.index(key)] for row in rows if row}:
        raise ReleaseError(f"{path.name} has {given[key]!r} already; nothing was added")
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow({**known, **given}.values())
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" * (not text.endswith("\n")) + line.getvalue())
    number = len(rows) + 2
    return f"{relative_name(path)}:{number}: added {given[key]!r}\n{_open(folder, path, number)}"


def _open(folder: Path, path: Path, line: int) -> str:
    """List what the checks of the tables say about a new row."""
    try:
        load_evidence(folder / "data")
    except EvidenceError as error:
        own = [p for p in error.problems if (p.path, p.line) == (relative_name(path), line)]
        return "\n".join(["Still to fill in or to correct:", *(f"  {p}" for p in own)])
    return "The row is complete; what else its source states can be filled in."


def read_citation(path: Path) -> dict[str, str]:
    """Read one work from BibTeX, RIS or CSL JSON, as cells of ``sources.csv``."""
    read = {".bib": _bibtex, ".ris": _ris, ".json": _csl}.get(path.suffix.lower())
    try:
        if read is None:
            raise ValueError("name it .bib, .ris or .json")
        text = path.read_text(encoding="utf-8-sig")
        work = {key.lower(): re.sub("[{}]", "", str(cell)) for key, cell in read(text).items()}
    except OSError:
        raise
    except Exception as error:
        raise EvidenceError([Problem(relative_name(path), 0, "", f"not read: {error}")]) from error
    found = {}
    for column, names in _CITED.items():
        value = next(filter(None, map(work.get, [column, *names.split()])), "")
        found[column] = " ".join(value.split())
    found["year"] = found["year"][:4]
    found["doi"] = re.sub(r"^https?://(dx\.)?doi\.org/", "", found["doi"])
    family = re.split(r"[ ,;]", found["authors"] or "source")[0]
    found["short_name"] = f"{family} {found['year']}".strip()
    plain = unicodedata.normalize("NFKD", found["short_name"].lower())
    found["source_id"] = re.sub(r"[^a-z0-9]", "", plain)
    return {column: value for column, value in found.items() if value}


def _bibtex(text: str) -> dict[str, Any]:
    import latexcodec  # noqa: F401 - it knows TeX's accents
    from pybtex.database import parse_string

    entry = _only(list(parse_string(text, "bibtex").entries.values()))
    people = []
    for person in entry.persons.get("author", []):
        given = "".join(name[0] for name in person.first_names + person.middle_names)
        people.append(" ".join([*person.prelast_names, *person.last_names, given]).strip())
    work = {**entry.fields, "authors": "; ".join(people)}
    return {name: codecs.decode(value, "ulatex") for name, value in work.items()}


def _only(works: list[Any]) -> Any:
    if len(works) != 1:
        raise ValueError(f"found {len(works)} works; export one work to a file")
    return works[0]


def _ris(text: str) -> dict[str, Any]:
    _only(re.findall(r"^TY  -", text, re.MULTILINE))
    lines = re.findall(r"^([A-Z][A-Z0-9])  - ?(.*)$", text, re.MULTILINE)
    people = [re.sub(r"[, ]+", " ", value).strip() for tag, value in lines if tag in ("AU", "A1")]
    return {**dict(reversed(lines)), "authors": "; ".join(people)}  # of doubles the first counts


def _csl(text: str) -> dict[str, Any]:
    read = json.loads(text)
    work = _only(read if isinstance(read, list) else [read])
    people = [f"{p.get('family', '')} {p.get('given', '')[:1]}" for p in work.get("author", [])]
    issued = work.get("issued", {}).get("date-parts", [[""]])[0][0]
    return {**work, "authors": "; ".join(people), "year": issued}
