"""What only this field knows about rows: the rules of ``rules.csv``, over whole columns of frames.

A rule of a table has the columns it looks at, a condition of a row that breaks it, in the language
of :meth:`pandas.DataFrame.eval`, and the sentence that an author reads then. The fault is reported
at the first column; ``a|b`` holds for each of them in turn, as ``cell``, and as ``text`` with its
digits. In the sentence, names of columns in braces are filled in.

Rules look at tables whose cells are sound. They say nothing about a row in which a cell that they
look at breaks an earlier rule, nor about what is not reported.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from evidence_tools.evidence.arithmetic import (
    COMPARED,
    MICRO,
    PRINTED,
    RATIOS,
    check_arithmetic,
    read_print,
    undeclared,
)
from evidence_tools.evidence.effects import SAME_ARMS, pair_arms
from evidence_tools.evidence.frames import LoadedTable, rows_where, split_list
from evidence_tools.evidence.judgements import DOMAINS
from evidence_tools.evidence.problems import Problem

Tables = Mapping[str, LoadedTable]

_SAME_RESULT = ["source_id", "outcome_id", "measured_as", "analysis", "timepoint", "contrast",
                "form", "population_group"]  # fmt: skip
# "Two of its trials were retracted" is no statement on the source itself.
_RETRACTED = r"^(?:article |paper )?retracted\b|(?:^|it |source )(?:was|is|has been) retracted"
_DOUBT = r"(?<!no )(?:integrity concern|expression of concern|caution to readers)|do not use"


@cache
def read_rules() -> tuple[dict[str, str], ...]:
    """Read what the rows of each table are held to.

    >>> [rule["wrong"] for rule in read_rules() if rule["columns"] == "events n"]
    ['events > n']
    """
    with Path(__file__).with_name("rules.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def check_rows(tables: Tables) -> Iterator[Problem]:
    """Apply every rule to the tables: one problem for each rule and row that breaks it."""
    ruled = tables.keys() & {rule["table"] for rule in read_rules()}
    sound = [name for name in ruled if len(tables[name].frame) and not tables[name].broken]
    views = {name: view_of(name, tables) for name in sound}
    for rule in read_rules():
        if (view := views.get(rule["table"])) is None:
            continue
        table, (first, *others) = tables[rule["table"]], rule["columns"].split()
        for column in first.split("|"):
            seen = view
            if column != first:
                text, unprinted = view.get(column + PRINTED), view.get(f"{column}_unprinted")
                seen = view.assign(cell=view[column], text=text, unprinted=unprinted)
            for number in seen.index[rows_where(seen, rule["wrong"])]:
                # What else is odd about a cell may follow from what was found first.
                if table.broken.isdisjoint((number, other) for other in [column, *others]):
                    row = seen.loc[number].astype(object).fillna("blank")
                    yield table.problem(number, column, rule["sentence"].format(**row))


def view_of(name: str, tables: Tables, depth: int = 2) -> pd.DataFrame:
    """Join to the rows of a table those they refer to, and what rules need to know beside them.

    The columns of another table have a prefix (``source_doi``).
    """
    view, described = tables[name].frame, tables[name].description
    for column, target in described.references.items() if depth else ():
        other = tables[target].keyed(view_of(target, tables, depth - 1))
        view = view.join(other.add_prefix(f"{column.removesuffix('_id')}_"), on=column)
    return _BESIDE[name](view, tables) if depth == 2 and name in _BESIDE else view


def _sources(view: pd.DataFrame, _: Tables) -> pd.DataFrame:
    note, title, doi = view["note"], view["title"], view["doi"].str.lower().str.rstrip(".")
    called = note.str.contains(_RETRACTED, case=False).fillna(False)
    return view.assign(
        today=pd.Timestamp.now(),
        doi_again=doi.duplicated() & doi.notna(),
        called_retracted=called | title.str.contains(r"^\W*retracted\b", case=False),
        doubted=note.str.contains(_DOUBT, case=False),
    )


def _findings(view: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    view = _beside_print(view, tables, "findings")
    measure, role = view["effect_measure"], view["outcome_kind_role"]
    flags = zip(check_arithmetic(view)["flags"], view["misfit"].fillna(""), strict=True)
    other = measure.map(COMPARED).map({"means": "event", "events": "marker"})
    return view.assign(
        ratio=measure.isin(RATIOS),
        no_difference=measure.isin(RATIOS).astype(float),
        odd_measure=role == other,
        undeclared=[undeclared(found, misfit) for found, misfit in flags],
        twin=_twin(view, "finding_id", _SAME_RESULT),
    )


def _trials(view: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    arms = tables["arms"].frame.query("role == 'intervention'").dropna(subset=["arm"])
    given = view["source_id"].map(arms.groupby("source_id")["arm"].agg(" ".join))
    given = view["source_intervention"].fillna("") + " " + given.astype("string").fillna("")
    allowed = tables["trials"].description.allowed("dose_unit")
    units = "|".join({re.escape(unit.partition("/")[0]) for unit in allowed})
    plain = given.str.replace(MICRO, "u", regex=True)
    stated = plain.str.findall(rf"(\d+(?:\.\d+)?) ?({units})\b")
    dose = view["dose" + PRINTED] + " " + view["dose_unit"].str.partition("/")[0]
    pairs = [(amount, [*map(" ".join, found)]) for amount, found in zip(dose, stated, strict=True)]
    other = ["" if own is pd.NA or own in found else ", ".join(found) for own, found in pairs]
    return view.assign(other_doses=other)


def _arms(view: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    pairs = pair_arms(tables["arms"].frame)
    paired = view["arm_id"].isin({*pairs["arm_id_intervention"], *pairs["arm_id_comparator"]})
    return _beside_print(view, tables, "arms").assign(
        randomised=view["source_id"].map(tables["trials"].keyed()["n_randomised"]),
        value=view["mean"].fillna(view["median"]),
        figures=view[["mean", "median", "events"]].notna().sum(axis=1),
        alone=~paired,
        twin=_twin(view, "arm_id", [*SAME_ARMS, "arm"]),
    )


def _certainty(view: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    findings, outcomes = tables["findings"].frame, tables["outcomes"].frame
    about = dict(zip(findings["finding_id"], findings["outcome_id"].fillna(""), strict=True))
    # A result on several outcomes taken together is about each of the kinds it covers.
    covers = dict(zip(outcomes["outcome_id"], outcomes["covers"].map(split_list), strict=True))
    pairs = zip(view["outcome_id"], view["outcome_kind"], view["finding_ids"], strict=True)
    foreign = [
        [key for key in split_list(keys)
         if about.get(key, "") not in ("", outcome) and kind not in covers.get(about[key], [kind])]
        for outcome, kind, keys in pairs
    ]  # fmt: skip
    domains = view.groupby("outcome_id")["domain"].agg(set)
    lacking = [[d for d in DOMAINS if d not in domains[outcome]] for outcome in view["outcome_id"]]
    again = view["outcome_id"].duplicated()
    return view.assign(
        foreign=[", ".join(keys) for keys in foreign],
        lacking=pd.Series([", ".join(some) for some in lacking], view.index).mask(again, ""),
    )


_BESIDE: dict[str, Callable[[pd.DataFrame, Tables], pd.DataFrame]] = {
    "sources": _sources,
    "findings": _findings,
    "trials": _trials,
    "arms": _arms,
    "certainty": _certainty,
}


def _beside_print(view: pd.DataFrame, tables: Tables, name: str) -> pd.DataFrame:
    described = tables[name].description
    figures = [column for column in described.columns if described.kind(column) == "number"]
    return view.join(read_print(view, figures, described.allowed("unit")))


def _twin(view: pd.DataFrame, key: str, same: list[str]) -> Any:
    """Name for each row an earlier one that differs from it in nothing but figures and words."""
    first = view.groupby(same, dropna=False)[key].transform("first")
    return first.where(first != view[key], "")
