"""What rules compare: rows joined with the rows they refer to, and what is computed for them.

A view is a frame of one table, in file order, with the columns of other tables under a prefix
(``source_doi``). What several columns together say is computed here once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import pandas as pd

from evidence_tools.evidence.arithmetic import check_arithmetic
from evidence_tools.evidence.frames import PRINTED, LoadedTable, split_list
from evidence_tools.evidence.measures import (
    RATIOS,
    named_measures,
    printed_numbers,
    printed_p_values,
    prints_estimate,
)

Tables = Mapping[str, LoadedTable]

FIGURES = ["estimate", "ci_lower", "ci_upper", "ci_level", "standard_error", "i2", "tau2",
           "prediction_lower", "prediction_upper"]  # fmt: skip
ARM_FIGURES = ["mean", "median", "dispersion", "dispersion_lower", "dispersion_upper"]
SAME_RESULT = ["source_id", "outcome_id", "measured_as", "analysis", "timepoint", "contrast",
               "form", "population_group"]  # fmt: skip
SAME_ARM_GROUP = ["source_id", "outcome_id", "measured_as", "value_type", "unit", "timepoint"]

_FALL = re.compile(r"\b(decreas|loss|lost|fell|reduc|declin)", re.IGNORECASE)
# The digit of a name such as B12 is no figure.
_FIGURE = r"((?<![\w.])\d+(?:\.\d+)?)"
_SUBJECTS = {"WMD": "WMD", "p-value": r"\bp\b", "standard error": "standard error",
             "interval": "interval"}  # fmt: skip
_JOINED = {
    "findings": (("source_id", "sources"), ("superseded_by", "findings")),
    "outcomes": (("kind", "kinds"),),
    "trials": (("source_id", "sources"),),
    "arms": (("source_id", "trials"),),
}


def view_of(name: str, tables: Tables) -> pd.DataFrame:
    """Join to the rows of a table what their rules compare them with."""
    view = tables[name].frame.copy()
    for column, target in _JOINED.get(name, ()):
        other = tables[target].frame
        key = str(other.columns[0])
        prefix = f"{column.removesuffix('_id')}_"
        found = other.dropna(subset=[key]).drop_duplicates(key).set_index(key).add_prefix(prefix)
        view = view.join(found, on=column)
    if not view.empty and name in _PREPARED:
        _PREPARED[name](view, tables)
    return view


def _findings(view: pd.DataFrame, _: Tables) -> None:
    printed = view["as_printed"].fillna("")
    view["unprinted"] = pd.Series(_unprinted(view, FIGURES), view.index)
    flags = zip(check_arithmetic(view)["flags"], view["misfit"].fillna(""), strict=True)
    view["undeclared"] = [_undeclared(found, misfit) for found, misfit in flags]
    view["null"] = view["effect_measure"].isin(RATIOS).astype(float)
    measures = [sorted(named_measures(text)) for text in printed]
    pairs = zip(view["effect_measure"], measures, strict=True)
    view["misnamed"] = [bool(named) and str(measure) not in named for measure, named in pairs]
    view["measures"] = [", ".join(named) for named in measures]
    view["prints_estimate"] = [prints_estimate(text) for text in printed]
    p_values = zip(view["p_value" + PRINTED], printed, strict=True)
    view["p_unprinted"] = [str(p) not in printed_p_values(text) for p, text in p_values]
    view["twin"] = _twin(view, SAME_RESULT, "finding_id")


def _undeclared(flags: str, misfit: str) -> str:
    """Leave out flags whose subject a declared misfit names: it excuses nothing else."""
    return "; ".join(
        flag
        for flag in flags.split("; ")
        if not any(s in flag and re.search(p, misfit, re.I) for s, p in _SUBJECTS.items())
    )


def _trials(view: pd.DataFrame, tables: Tables) -> None:
    reports = view.drop_duplicates("source_id").set_index("source_id")["same_trial_as"]
    view["first_report"] = view["same_trial_as"].isin(reports.index[reports.isna()])
    units = tables["trials"].description.columns["dose_unit"].get("constraints", {})
    names = "|".join({re.escape(unit.partition("/")[0]) for unit in units.get("enum", [])})
    amounts = re.compile(rf"(\d+(?:\.\d+)?) ?({names})\b")
    arms = tables["arms"].frame
    texts = arms.loc[arms["role"] == "intervention"].groupby("source_id")["arm"].agg(" ".join)
    arms_given = view["source_id"].map(texts).astype("string").fillna("")
    given = view["source_intervention"].fillna("") + " " + arms_given
    dose = view["dose" + PRINTED] + " " + view["dose_unit"].str.partition("/")[0]
    stated = [
        [" ".join(found) for found in amounts.findall(re.sub("[µμ]|mc(?=g)", "u", text))]
        for text in given
    ]
    view["other_doses"] = [
        "" if amount is pd.NA or amount in found else ", ".join(found)
        for amount, found in zip(dose, stated, strict=True)
    ]


def _arms(view: pd.DataFrame, tables: Tables) -> None:
    view["unprinted"] = pd.Series(_unprinted(view, ARM_FIGURES), view.index)
    view["value"] = view["mean"].fillna(view["median"])
    view["values"] = view[["mean", "median", "events"]].notna().sum(axis=1)
    group = _group(view, SAME_ARM_GROUP)
    roles = pd.get_dummies(view["role"]).groupby(group).transform("any")
    # Where an arm could not be read, its pair is not known.
    unsure = {column for _, column in tables["arms"].broken} & {"", "role", *SAME_ARM_GROUP}
    view["has_pair"] = bool(unsure) | (
        roles.get("intervention", False) & roles.get("comparator", False)
    )
    view["twin"] = _twin(view, [*SAME_ARM_GROUP, "arm"], "arm_id")


def _certainty(view: pd.DataFrame, tables: Tables) -> None:
    findings, outcomes = tables["findings"].frame, tables["outcomes"].frame
    about = dict(zip(findings["finding_id"], findings["outcome_id"], strict=True))
    kind = dict(zip(outcomes["outcome_id"], outcomes["kind"], strict=True))
    covers = dict(zip(outcomes["outcome_id"], outcomes["covers"].map(split_list), strict=True))

    def foreign(key: str, outcome: str) -> bool:
        other = about.get(key, outcome)
        known = bool(pd.notna(other) and pd.notna(outcome))
        return known and other != outcome and kind.get(outcome) not in covers.get(other, [])

    view["foreign"] = [
        ", ".join(key for key in split_list(cell) if foreign(key, outcome))
        for outcome, cell in zip(view["outcome_id"], view["finding_ids"], strict=True)
    ]
    view["figure"] = view["rationale"].str.extract(_FIGURE, expand=False)


_PREPARED = {"findings": _findings, "trials": _trials, "arms": _arms, "certainty": _certainty}


def _unprinted(view: pd.DataFrame, columns: list[str]) -> list[set[str]]:
    """Find figures whose digits are not in ``as_printed``, each printed number used once."""
    texts = view[[column + PRINTED for column in columns]].to_numpy(dtype=object)
    missing: list[set[str]] = []
    for row, printed in zip(texts, view["as_printed"], strict=True):
        if printed is pd.NA:  # of an arm, what is printed need not be copied
            missing.append(set())
            continue
        numbers = Counter(printed_numbers(printed))
        if _FALL.search(printed):  # "decreased by 25.8%" prints -25.8 without its sign
            numbers.update([f"-{number}" for number in numbers if not number.startswith("-")])
        missing.append(set(Counter(t for t in row if t is not pd.NA) - numbers))
    return missing


def _group(view: pd.DataFrame, columns: list[str]) -> pd.Series[str]:
    return view[columns].astype("string").fillna("").agg("\0".join, axis=1)


def _twin(view: pd.DataFrame, same: list[str], key: str) -> pd.Series[str]:
    """Name for each row an earlier one that differs from it in nothing but figures and words."""
    first = view[key].groupby(_group(view, same)).transform("first")
    return first.where(first != view[key])
