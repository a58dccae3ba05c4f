"""Effect measures, and what a printed figure says: measures, numbers, p-values, amounts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pandas as pd

MICRO = "[µμ]|mc(?=g)"
"""What sources print for the ``u`` of units."""

FULL_NAMES = {
    "MD": "mean difference",
    "WMD": "weighted mean difference",
    "SMD": "standardized mean difference",
    "ROM": "ratio of means",
    "RR": "risk ratio",
    "OR": "odds ratio",
    "HR": "hazard ratio",
    "RD": "risk difference",
    "pooled effect size": "pooled effect size, scale not stated",
}
"""Each effect measure in words; ``WMD`` is another printed name of ``MD``."""

RATIOS = ("ROM", "RR", "OR", "HR")
"""Measures whose value of no difference is 1; intervals are even on the log scale."""

MEANS, RISKS = ("MD", "WMD", "SMD", "ROM"), ("RR", "OR", "HR", "RD")
"""Measures that compare measured values, and measures that compare how often events happen."""

_NAMES = {name: short for short, name in FULL_NAMES.items() if short.isupper()}
_NAMES |= {"standardised mean difference": "SMD", "relative risk": "RR"}
# An abbreviation is written in capitals: "or" is no odds ratio.
_NAMED = rf"\b((?i:{'|'.join(_NAMES)})|{'|'.join(_NAMES.values())})s?\b"
_ESTIMATE = rf"{_NAMED.replace('(', '(?:', 1)}[\s:=(]*-?\d"
# A minus sign belongs to a number only when no digit stands before it: "1.17-2.56" is a range.
_NUMBER = re.compile(r"(?<![\d.])(?:(?<!\d)-)?\d+(?:\.\d+)?")
_FALL = re.compile(r"\b(decreas|loss|lost|fell|reduc|declin)", re.IGNORECASE)
# An interval in words, or two numbers between brackets.
_INTERVAL = re.compile(r"\bCI\b\D*\d|\(-?\d[\d.]* ?(?:to|[-~;,]) ?-?\d[\d.]*\)")
_P_VALUE = re.compile(r"\b[pP]\s*([<=>])\s*(\d*\.?\d+)")


def named_measures(printed: str) -> set[str]:
    """Find the effect measures that a printed text names.

    Examples
    --------
    >>> sorted(named_measures("SMD: -1.71; odds ratio 0.4, or less"))
    ['OR', 'SMD']
    """
    return {_NAMES.get(name.lower(), name) for name in re.findall(_NAMED, printed)}


def printed_numbers(text: str) -> list[str]:
    """Find the numbers of a printed figure, as text, signs included.

    Examples
    --------
    >>> printed_numbers("MD -0.09, 95% CI -0.14 to -0.05")
    ['-0.09', '95', '-0.14', '-0.05']
    """
    return _NUMBER.findall(text)


def printed_p_values(text: str) -> list[str]:
    """Find p-values of a printed figure, with leading zeros.

    Examples
    --------
    >>> printed_p_values("P = .037 and p<0.001")
    ['0.037', '<0.001']
    """
    found = ["".join(parts).removeprefix("=") for parts in _P_VALUE.findall(text)]
    return [re.sub(r"^(<?)\.", r"\g<1>0.", p_value) for p_value in found]


def read_print(rows: pd.DataFrame, figures: list[str], units: Iterable[str]) -> pd.DataFrame:
    """Compare the columns of rows with what is printed: ``as_printed``.

    Columns: ``unprinted`` figures, ``other_units`` where the unit is not printed and others are;
    of rows with effects also the measures that are ``named``, whether the row is ``misnamed`` or
    its p-value ``p_unprinted``, and whether the text ``prints_estimate`` and ``prints_interval``.
    """
    texts = rows[[f"{column}_printed" for column in figures]].to_numpy(dtype=object)
    printed = rows["as_printed"].fillna("")
    known = "|".join(re.escape(unit) for unit in units if "/" in unit)  # "95% CI" has a "%"
    named = printed.replace(MICRO, "u", regex=True).str.findall(rf"(?<![A-Za-z])({known})(?!\w)")
    found = pd.DataFrame({"unprinted": map(_unprinted, texts, printed)}, rows.index)
    found["other_units"] = [
        # A share or a ratio may be printed beside the unit of what was measured.
        "" if unit in some or "/" not in unit else ", ".join(some).strip(", ")
        for unit, some in zip(rows["unit"].fillna("/"), named, strict=True)
    ]
    if "effect_measure" in rows:
        measures = printed.map(named_measures)
        pairs = zip(rows["effect_measure"], measures, strict=True)
        found["misnamed"] = [pd.notna(m) and bool(some) and m not in some for m, some in pairs]
        found["named"] = [", ".join(sorted(some)) for some in measures]
        found["prints_estimate"] = printed.str.contains(_ESTIMATE)
        found["prints_interval"] = printed.str.contains(_INTERVAL)
        p_values = zip(rows["p_value_printed"], printed, strict=True)
        found["p_unprinted"] = [pd.notna(p) and p not in printed_p_values(t) for p, t in p_values]
    return found


def _unprinted(figures: Iterable[Any], printed: str) -> set[str]:
    """Find figures whose digits are not printed, each printed number used once."""
    if not printed:  # of an arm, what is printed need not be copied
        return set()
    numbers = Counter(printed_numbers(printed))
    if _FALL.search(printed):  # "decreased by 25.8%" prints -25.8 without its sign
        numbers.update([f"-{number}" for number in numbers if not number.startswith("-")])
    return set(Counter(figure for figure in figures if figure is not pd.NA) - numbers)
