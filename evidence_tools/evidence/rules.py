"""What only this field knows about rows: the rules of ``rules.csv``, over whole columns of frames.

A rule of a table has the columns it looks at, a condition of a row that breaks it, in Python on
columns of pandas, and the sentence that an author reads then. The fault is reported at the first
column; ``a|b`` holds for each of them in turn, as ``cell``, and as ``text`` with its digits.
``twin`` is the first column of the first row that is the same in all the others. In the sentence,
names of columns in braces are filled in. ``needs`` names the tables of which every row must be
known before something can be said to be absent.

Rules say nothing about a row with a damaged cell, nor about one in which a cell that they look at
breaks an earlier rule, nor about what is not reported.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from evidence_tools.evidence import arithmetic
from evidence_tools.evidence.arithmetic import PRINTED
from evidence_tools.evidence.effects import SAME_ARMS
from evidence_tools.evidence.frames import LoadedTable, split_list
from evidence_tools.evidence.judgements import DOMAINS
from evidence_tools.evidence.problems import Problem

Tables = Mapping[str, LoadedTable]

with Path(__file__).with_name("rules.csv").open(encoding="utf-8", newline="") as _file:
    RULES = list(csv.DictReader(_file))

_KNOWN = {"Timestamp": pd.Timestamp, "RATIOS": arithmetic.RATIOS, "COMPARED": arithmetic.COMPARED}


class Columns(dict[str, Any]):
    """What conditions and sentences may name, by name, made when it is first asked for.

    Columns of the rows, those of the rows they refer to with a prefix (``source_doi``), and what
    rules need to know beside them.
    """

    def __init__(self, name: str, rows: pd.DataFrame, tables: Tables) -> None:
        self.rows, self.tables, self.described = rows, tables, tables[name].description

    def __missing__(self, name: str) -> Any:
        if name in self.rows:
            return self.setdefault(name, self.rows[name])
        for column, target in self.described.references.items():
            rest = name.removeprefix(column.removesuffix("_id") + "_")
            if rest != name:
                found = Columns(target, self.tables[target].keyed, self.tables)[rest]
                return self.setdefault(name, self[column].map(found).astype(found.dtype))
        raise KeyError(name)


def check_rows(tables: Tables) -> Iterator[Problem]:
    """Apply every rule to the tables: one problem for each rule and row that breaks it."""
    sound = {name for name, table in tables.items() if table.sound}
    asked = {name: columns_of(name, tables) for name in tables}
    for rule in RULES if tables else ():
        table, columns = tables[rule["table"]], asked[rule["table"]]
        if columns.rows.empty or not sound.issuperset(rule["needs"].split()):
            continue
        first, *others = rule["columns"].split()
        for column in first.split("|"):
            for number in rows_breaking(rule, column, columns):
                # What else is odd about a cell may follow from what was found first.
                if table.broken.isdisjoint((number, other) for other in [column, *others]):
                    yield table.problem(number, column, say(rule, number, columns))


def columns_of(name: str, tables: Tables) -> Columns:
    """Give what rules may name of the rows of a table that have no damaged cell."""
    frame, damaged = tables[name].frame, {number for number, _ in tables[name].broken}
    columns = Columns(name, frame.drop(index=[*damaged]), tables)
    columns.update(_BESIDE[name](columns) if name in _BESIDE and len(columns.rows) else {})
    return columns


def rows_breaking(rule: dict[str, str], column: str, columns: Columns) -> list[int]:
    """Find the numbers of the rows that break a rule in one of its columns."""
    if "|" in rule["columns"]:
        text, unprinted = columns.rows.get(column + PRINTED), columns.get(f"{column}_unprinted")
        columns.update(cell=columns[column], text=text, unprinted=unprinted)
    if "twin" in rule["wrong"]:
        same = columns.rows.groupby(rule["columns"].split()[1:], dropna=False)
        columns["twin"] = same[column].transform("first")
    # The conditions are those of the package, not of an author.
    broken = eval(rule["wrong"], _KNOWN, columns)  # noqa: S307
    return list(broken.index[broken.fillna(False).astype(bool)])


def say(rule: dict[str, str], number: int, columns: Columns) -> str:
    """Fill in the sentence of a rule for one row."""
    cells = {name: columns[name][number] for name in re.findall(r"{(\w+)", rule["sentence"])}
    return rule["sentence"].format_map({n: "blank" if pd.isna(c) else c for n, c in cells.items()})


def _findings(columns: Columns) -> Mapping[str, Any]:
    rows = columns.rows
    flags = zip(arithmetic.check_arithmetic(rows)["flags"], rows["misfit"].fillna(""), strict=True)
    undeclared_flags = pd.Series([arithmetic.undeclared(*pair) for pair in flags], rows.index)
    return {**arithmetic.read_print(rows, columns.described), "undeclared": undeclared_flags}


def _trials(columns: Columns) -> Mapping[str, Any]:
    arms = columns.tables["arms"].frame.query("role == 'intervention'").dropna(subset=["arm"])
    given = columns["source_id"].map(arms.groupby("source_id")["arm"].agg(" ".join).to_dict())
    given = columns["source_intervention"].fillna("") + " " + given.astype("string").fillna("")
    units = {unit.partition("/")[0] for unit in columns.described.allowed("dose_unit")}
    plain = given.str.replace(arithmetic.MICRO, "u", regex=True)
    stated = plain.str.findall(rf"(\d+(?:\.\d+)?) ?({'|'.join(map(re.escape, units))})\b")
    dose, unit = columns["dose" + PRINTED].fillna(""), columns["dose_unit"].fillna("")
    pairs = zip(zip(dose, unit.str.partition("/")[0], strict=True), stated, strict=True)
    other = ["" if own in found else ", ".join(map(" ".join, found)) for own, found in pairs]
    return {"other_doses": pd.Series(other, given.index).mask(dose == "", "")}


def _arms(columns: Columns) -> Mapping[str, Any]:
    rows, trials = columns.rows, columns.tables["trials"].keyed
    return {
        **arithmetic.read_print(rows, columns.described),
        "randomised": rows["source_id"].map(trials["n_randomised"]),
        "value": rows["mean"].fillna(rows["median"]),
        "figures": rows[["mean", "median", "events"]].notna().sum(axis=1),
        "alone": rows.groupby(SAME_ARMS, dropna=False)["role"].transform("nunique") < 2,
    }


def _certainty(columns: Columns) -> Mapping[str, Any]:
    tables, rows = columns.tables, columns.rows
    about = tables["findings"].keyed["outcome_id"].dropna()
    # A result on several outcomes taken together is about each of the kinds it covers.
    covers = tables["outcomes"].keyed["covers"].map(split_list)
    triples = zip(rows["outcome_id"], columns["outcome_kind"], rows["finding_ids"], strict=True)
    foreign = [
        [key for key in split_list(keys)
         if about.get(key, outcome) != outcome and kind not in covers.get(about[key], [kind])]
        for outcome, kind, keys in triples
    ]  # fmt: skip
    judged = pd.crosstab(rows["outcome_id"], rows["domain"]).reindex(columns=[*DOMAINS])
    lacking = judged.apply(lambda row: ", ".join(row.index[~(row > 0)]), axis=1)
    return {
        "foreign": pd.Series([", ".join(keys) for keys in foreign], rows.index),
        "lacking": rows["outcome_id"].drop_duplicates().map(lacking),
    }


_BESIDE = {"findings": _findings, "trials": _trials, "arms": _arms, "certainty": _certainty}
