"""A new report from the template in ``report``, and rows that are added to its tables."""

import io
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from docutils.nodes import make_id
from pybtex.database import parse_string
from pybtex.exceptions import PybtexError
from pybtex.richtext import Text

from evidence_tools.evidence.dictionary import MODEL
from evidence_tools.evidence.model import load_evidence
from evidence_tools.evidence.problems import EvidenceError, did_you_mean, read_text, relative_name
from evidence_tools.releases.manifest import ReleaseError, fill_template

PACKAGE = Path(__file__).parents[1]
QUESTIONS = {
    "title": "Title of the report, such as a question",
    "subject": "What is given, as inside a sentence",
    "comparison": "What it is compared with",
    "population": "Who it is given to",
}
"""What an author is asked about a new report."""

_CITED = {"title": "title ti t1", "year": "year py y1", "doi": "doi do", "url": "url ur"}
_CITED |= {"pmid": "pmid", "pmcid": "pmcid", "journal": "journal container-title jo jf t2 ja"}
_CITED |= {"volume": "volume vl", "issue": "issue number is", "pages": "pages page sp"}
"""Columns of ``sources.csv``, and what BibTeX, CSL JSON and RIS call them."""

Works = Iterator[tuple[Mapping[str, Any], list[str]]]
"""The fields of each work in a file of citations, and its authors as ``Family, Given``."""


def make_report(folder: Path, words: Mapping[str, str | None], ask: Callable[[str], str]) -> str:
    """Write a report that builds at once, with the package in it; say what to do next.

    What ``words`` lacks of :data:`QUESTIONS` is asked. A folder that holds anything is refused.
    """
    folder, today = folder.absolute(), date.today()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ReleaseError(f"{folder} is not empty; name a new folder: nothing is overwritten")
    values = {key: (words.get(key) or ask(f"{text}: ")).strip() for key, text in QUESTIONS.items()}
    if missing := [key for key, text in values.items() if not text]:
        raise ReleaseError(f"--{', --'.join(missing)}: a text is needed; nothing was written")
    known = {"slug": make_id(values["title"]) or "report", "day": today, "year": str(today.year)}
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".new-", dir=folder.parent) as scratch:
        new = Path(shutil.copytree(PACKAGE / "releases" / "report", Path(scratch, "report")))
        for path in [path for path in new.rglob("*") if path.is_file()]:
            path.write_text(fill_template(path, **values, **known), encoding="utf-8")
        shutil.copy(MODEL, new / "data")
        shutil.copy(PACKAGE.parent / "requirements.txt", new)
        shutil.copytree(PACKAGE, new / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
        new.rename(folder)
    steps = (folder / "README.md").read_text(encoding="utf-8")
    return f"{folder} is a report that builds; in it, run git init. Its README.md:\n\n{steps}"


def add_row(kind: str, cells: Iterable[str], citation: Path | None) -> str:
    """Append a row on a ``source`` or ``finding``, and say what is still to fill in.

    ``cells`` are written ``column=value``; those of a citation file come first.
    """
    path, key, given = Path("data", f"{kind}s.csv"), f"{kind}_id", dict[str, str]()
    text, problems = read_text(path)
    if problems:
        raise EvidenceError(problems)
    rows = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    header = [*rows.columns]
    for cell in [*(read_citation(citation) if citation else ()), *cells]:
        column, mark, value = cell.partition("=")
        if not mark or column not in header:
            hint = f"{did_you_mean(column, header)}; the columns are: {', '.join(header)}"
            raise ReleaseError(f"found {cell!r}; write column=value{hint}")
        given[column] = value.strip()
    if kind == "finding":
        own = "-".join(filter(None, (given.get(c) for c in ("source_id", "outcome_id"))))
        given.setdefault(key, own.replace("_", "-"))
    if not given.get(key) or given[key] in {*rows[key]}:
        found = f"found {given.get(key, '')!r}; write {key}=... that no row has yet"
        raise ReleaseError(f"{path.name}: {found}; nothing was added")
    row = pd.DataFrame([given], columns=header).to_csv(header=False, index=False)
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" * (not text.endswith("\n")) + row)
    said = "The row is complete; what else its source states can be filled in."
    try:
        load_evidence(path.parent)
    except EvidenceError as error:
        said = f"Still to fill in or to correct: {error}"
    return f"{relative_name(path)}:{len(rows) + 2}: added {given[key]!r}\n{said}"


def read_citation(path: Path) -> list[str]:
    """Read one work from BibTeX, RIS or CSL JSON, as cells ``column=value`` of ``sources.csv``."""
    try:
        read = {".bib": _bibtex, ".ris": _ris, ".json": _csl}[path.suffix.lower()]
        if len(works := [*read(path.read_text(encoding="utf-8-sig"))]) != 1:
            raise ValueError(f"it holds {len(works)} works")
        ((fields, people),) = works
        texts = {key.lower(): re.sub("[{}]", "", str(cell)) for key, cell in fields.items()}
        work = {key: " ".join(text.split()) for key, text in texts.items()}
    except (ValueError, LookupError, TypeError, AttributeError, PybtexError) as error:
        what = "export one work as BibTeX (.bib), RIS (.ris) or CSL JSON (.json), in UTF-8"
        raise ReleaseError(f"{relative_name(path)}: not read ({error}); {what}") from error
    found = {c: next(filter(None, map(work.get, n.split())), "") for c, n in _CITED.items()}
    volume, issue, pages = map(found.pop, ("volume", "issue", "pages"))
    place = f" {volume}({issue}):{pages}-{work.get('ep', '')}".replace("()", "").strip(":-")
    found["journal"] = found["journal"] and (found["journal"] + place).strip().replace(" :", ":")
    found["authors"] = re.sub("; others$", "; et al.", "; ".join(map(_author, people)))
    found["year"] = found["year"][:4]
    found["doi"] = re.sub(r"^https?://(dx\.)?doi\.org/", "", found["doi"])
    found["short_name"] = f"{people[0].split(',')[0] if people else 'source'} {found['year']}"
    found["source_id"] = make_id(found["short_name"]).replace("-", "")
    return [f"{column}={value}" for column, value in found.items() if value]


def _author(name: str) -> str:
    """Shorten given names to initials; initials that are written as one word stay."""
    family, *given = name.split(", ")
    words = " ".join(given[-1:]).replace(".", " ").split()
    return " ".join([family, "".join(w if w.isupper() else w[0] for w in words)]).strip()


def _bibtex(text: str) -> Works:
    for entry in parse_string(text, "bibtex").entries.values():
        fields = {name: Text.from_latex(value) for name, value in entry.fields.items()}
        yield fields, [str(Text.from_latex(str(p))) for p in entry.persons.get("author", [])]


def _ris(text: str) -> Works:
    for part in re.split(r"(?m)^TY  -", text)[1:]:
        lines = re.findall(r"(?m)^([A-Z][A-Z0-9])  - ?(.*)$", part)
        people = [value.strip() for tag, value in lines if tag in ("AU", "A1")]
        yield dict(reversed(lines)), people  # the first of each tag counts


def _csl(text: str) -> Works:
    read = json.loads(text)
    for work in read if isinstance(read, list) else [read]:
        parts = ("non-dropping-particle", "family", "literal", "given")
        named = [[person.get(part, "") for part in parts] for person in work.get("author", [])]
        people = [f"{p} {f}{n}, {g}".strip(" ,") for p, f, n, g in named]
        firsts = {key: (cell or [""])[0] for key, cell in work.items() if isinstance(cell, list)}
        firsts["year"] = work.get("issued", {}).get("date-parts", [[""]])[0][0]
        yield work | firsts, people
