"""A new report from the template in ``report``, and rows that are added to its tables."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from docutils.nodes import make_id
from pybtex.database import Person, parse_string
from pybtex.richtext import Text

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
QUESTIONS = {
    "title": "Title of the report, such as a question",
    "subject": "What is given, as inside a sentence",
    "comparison": "What it is compared with",
    "population": "Who it is given to",
}
"""What a new report has to be told."""

_CITED = {"title": "ti t1", "year": "py y1", "doi": "do", "url": "ur", "pmid": "", "pmcid": ""}
_CITED |= {"journal": "container-title jo jf t2 ja"}
"""Columns of ``sources.csv``, and how CSL JSON and RIS call them beside their names."""

Works = Iterator[tuple[dict[str, Any], list[Person]]]
"""The fields of each work in a file of citations, and its authors."""


def make_report(folder: Path, words: Mapping[str, str | None], ask: Callable[[str], str]) -> str:
    """Write a report that builds at once, with the package in it; say what to do next.

    What ``words`` lacks of :data:`QUESTIONS` is asked. A folder that holds anything is refused.
    """
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ReleaseError(f"{folder} is not empty; name a new folder: nothing is overwritten")
    values = {key: (words.get(key) or ask(f"{text}: ")).strip() for key, text in QUESTIONS.items()}
    if missing := [key for key, text in values.items() if not text]:
        raise ReleaseError(f"{', '.join(missing)}: a text is needed; nothing was written")
    values["slug"] = make_id(values["title"]) or "report"
    values["day"], values["year"] = str(date.today()), str(date.today().year)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".new-", dir=folder) as scratch:
        new = Path(shutil.copytree(PACKAGE / "releases" / "report", scratch, dirs_exist_ok=True))
        for path in [path for path in new.rglob("*") if path.is_file()]:
            text = path.read_text(encoding="utf-8")
            for key, value in values.items():
                text = text.replace(f'"<<{key}>>"', json.dumps(value, ensure_ascii=False))
                text = text.replace(f"<<{key}>>", value)
            path.write_text(text, encoding="utf-8")
        shutil.copy(MODEL, new / "data")
        shutil.copy(PACKAGE.parent / "requirements.txt", new)
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(PACKAGE, new / PACKAGE.name, ignore=ignored)
        for part in new.iterdir():
            part.rename(folder / part.name)
    steps = (folder / "README.md").read_text(encoding="utf-8")
    return f"{folder} is a report that builds; in it, run git init. Its README.md:\n\n{steps}"


def add_row(folder: Path, table: str, cells: Iterable[str], citation: Path | None) -> str:
    """Append a row to ``sources`` or ``findings``, and say what is still to fill in.

    ``cells`` are written ``column=value``; those of a citation file come first.
    """
    tables, problems = read_dictionary(folder / "data")
    path = folder / "data" / (tables[table].path if tables else "")
    text, faults = read_text(path)
    if problems := problems or faults:
        raise EvidenceError(problems)
    header, *rows = list(csv.reader(io.StringIO(text)))
    given = {}
    for cell in [*(read_citation(citation) if citation else ()), *cells]:
        column, mark, value = cell.partition("=")
        if not mark or column not in header:
            hint = f"{did_you_mean(column, header)}; the columns are: {', '.join(header)}"
            raise ReleaseError(f"found {cell!r}; write column=value{hint}")
        given[column] = value.strip()
    key = tables[table].key[0]
    if table == "findings":
        own = "-".join(filter(None, (given.get(c) for c in ("source_id", "outcome_id"))))
        given.setdefault(key, own.replace("_", "-"))
    if not given.get(key) or given[key] in {row[header.index(key)] for row in rows if row}:
        found = f"found {given.get(key, '')!r}; write {key}=... that no row has yet"
        raise ReleaseError(f"{path.name}: {found}; nothing was added")
    line = io.StringIO()
    csv.DictWriter(line, header, lineterminator="\n").writerow(given)
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" * (not text.endswith("\n")) + line.getvalue())
    place, number = relative_name(path), len(rows) + 2
    said = [f"{place}:{number}: added {given[key]!r}"]
    try:
        load_evidence(folder / "data")
        said.append("The row is complete; what else its source states can be filled in.")
    except EvidenceError as error:
        open_cells = [f"  {p}" for p in error.problems if (p.path, p.line) == (place, number)]
        said += ["Still to fill in or to correct:", *open_cells]
    return "\n".join(said)


def read_citation(path: Path) -> list[str]:
    """Read one work from BibTeX, RIS or CSL JSON, as cells ``column=value`` of ``sources.csv``."""
    read = {".bib": _bibtex, ".ris": _ris, ".json": _csl}.get(path.suffix.lower())
    try:
        if read is None:
            raise ValueError("name it .bib, .ris or .json")
        works = [*read(path.read_text(encoding="utf-8-sig"))]
        if len(works) != 1:
            raise ValueError(f"found {len(works)} works; export one work to a file")
        fields, people = works[0]
        work = {key.lower(): re.sub("[{}]", "", str(cell)) for key, cell in fields.items()}
        families = [" ".join(map(str, p.rich_prelast_names + p.rich_last_names)) for p in people]
        initials = ["".join(map(_initial, p.first_names + p.middle_names)) for p in people]
    except OSError:
        raise
    except Exception as error:
        raise EvidenceError([Problem(relative_name(path), 0, "", f"not read: {error}")]) from error
    found = {}
    for column, names in _CITED.items():
        value = next(filter(None, map(work.get, [column, *names.split()])), "")
        found[column] = " ".join(value.split())
    authors = map(" ".join, zip(families, initials, strict=True))
    found["authors"] = "; ".join(map(str.strip, authors))
    found["year"] = found["year"][:4]
    found["doi"] = re.sub(r"^https?://(dx\.)?doi\.org/", "", found["doi"])
    found["short_name"] = f"{next(iter(families), 'source')} {found['year']}".strip()
    found["source_id"] = make_id(found["short_name"]).replace("-", "")
    return [f"{column}={value}" for column, value in found.items() if value]


def _initial(name: str) -> str:
    """Shorten a given name; initials that are written as one word stay."""
    letters = str(Text.from_latex(name)).replace(".", "")
    return letters if letters.isupper() else letters[:1]


def _bibtex(text: str) -> Works:
    for entry in parse_string(text, "bibtex").entries.values():
        fields = {name: str(Text.from_latex(value)) for name, value in entry.fields.items()}
        yield fields, entry.persons.get("author", [])


def _ris(text: str) -> Works:
    for part in re.split(r"(?m)^TY  -", text)[1:]:
        lines = re.findall(r"(?m)^([A-Z][A-Z0-9])  - ?(.*)$", part)
        names = [value.strip() for tag, value in lines if tag in ("AU", "A1")]
        people = [Person(name) if "," in name else Person(last=f"{{{name}}}") for name in names]
        yield dict(reversed(lines)), people  # the first of each tag counts


def _csl(text: str) -> Works:
    read = json.loads(text)
    for work in read if isinstance(read, list) else [read]:
        parts = ("given", "non-dropping-particle", "family", "literal")
        named = [[person.get(part, "") for part in parts] for person in work.get("author", [])]
        people = [Person(first=g, prelast=p, last=f or f"{{{n}}}") for g, p, f, n in named]
        yield work | {"year": work.get("issued", {}).get("date-parts", [[""]])[0][0]}, people
