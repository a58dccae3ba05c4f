"""Limitations as rules over findings; the sentences are rows of ``limitations.csv``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

_TIMES = re.compile(r"(\d+(?:\.\d+)?)|\b(day|week|month|year)s?\b")
_MONTHS = {"day": 12 / 365.25, "week": 12 * 7 / 365.25, "month": 1.0, "year": 12.0}


def months(amount: float, unit: str) -> float:
    """Turn a duration into months.

    Examples
    --------
    >>> months(2, "years")
    24.0
    """
    return amount * _MONTHS[unit.removesuffix("s")]


def read_times(timepoint: str) -> list[float]:
    """Read "6 and 12 months" or "2 years (measured at 1)" as months: 6 and 12, or 24."""
    found: list[float] = []
    waiting: list[float] = []
    for number, unit in _TIMES.findall(re.sub(r"\(.*?\)", "", timepoint)):
        if number:
            waiting.append(float(number))
        else:
            found += [months(amount, unit) for amount in waiting if amount]
            waiting = []
    return sorted(found)


def lasts_less(trials: pd.DataFrame, least: Mapping[str, Any]) -> pd.Series[bool]:
    """Say of each trial whether it lasted less than a ``duration`` in a ``unit``."""
    month = trials["duration_unit"].map(lambda unit: months(1, unit), na_action="ignore")
    lasted = trials["duration"] * month.astype("Float64")
    return lasted < months(float(least["duration"]), str(least["unit"]))


def _one_digit(findings: pd.DataFrame) -> pd.Series[bool]:
    significant = [
        findings[column].str.replace(r"[-.]", "", regex=True).str.lstrip("0").str.len()
        for column in ("ci_lower_printed", "ci_upper_printed")
    ]
    return (significant[0] <= 1) | (significant[1] <= 1)


RULES: dict[str, Callable[[pd.DataFrame], pd.Series[bool]]] = {
    "surrogate": lambda f: f["surrogate"],
    "unit-not-reported": lambda f: f["estimate"].notna() & f["unit"].isna(),
    "estimate-not-reported": lambda f: f["estimate"].isna(),
    "interval-not-reported": lambda f: f["estimate"].notna() & f["ci_lower"].isna(),
    "heterogeneity-not-reported": lambda f: (
        (f["design"] == "meta_analysis") & f["i2"].isna() & f["tau2"].isna()
    ),
    "size-not-reported": lambda f: f["k_studies"].isna() & f["n_participants"].isna(),
    "few-digits": _one_digit,
    "sources-disagree": lambda f: f["conflict"],
    "short-follow-up": lambda f: f["short"],
    "integrity": lambda f: f["integrity"] != "none_known",
    "abstract-only": lambda f: f["read_at"] == "abstract",
    "population-differs": lambda f: f["other_people"],
}
"""Name of each rule to its condition on the rows of ``evidence.findings``."""


def find_limitations(findings: pd.DataFrame) -> pd.DataFrame:
    """Apply every rule to some findings: a column of truth values for each rule."""
    return pd.DataFrame(
        {name: rule(findings).fillna(False).astype(bool) for name, rule in RULES.items()},
        index=findings.index,
    )
