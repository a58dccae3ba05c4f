"""Effect measures, and what a printed figure says: measures, numbers, p-values, amounts."""

from __future__ import annotations

import re

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

_NAMES = {name: short for short, name in FULL_NAMES.items() if short.isupper()}
_NAMES |= {"standardised mean difference": "SMD", "relative risk": "RR"}
# An abbreviation is written in capitals: "or" is no odds ratio.
_NAMED = re.compile(rf"\b((?i:{'|'.join(_NAMES)})|{'|'.join(_NAMES.values())})s?\b")
_ESTIMATE = re.compile(rf"{_NAMED.pattern}[\s:=(]*-?\d")
# A minus sign belongs to a number only when no digit stands before it: "1.17-2.56" is a range.
_NUMBER = re.compile(r"(?<![\d.])(?:(?<!\d)-)?\d+(?:\.\d+)?")
_P_VALUE = re.compile(r"\b[pP]\s*([<=>])\s*(\d*\.?\d+)")


def named_measures(printed: str) -> set[str]:
    """Find the effect measures that a printed text names.

    Examples
    --------
    >>> sorted(named_measures("SMD: -1.71; odds ratio 0.4, or less"))
    ['OR', 'SMD']
    """
    return {_NAMES.get(name.lower(), name) for name in _NAMED.findall(printed)}


def prints_estimate(printed: str) -> bool:
    """Whether a number follows the name of a measure.

    Examples
    --------
    >>> prints_estimate("MD = 1.2"), prints_estimate("the MD did not differ (p = 0.3)")
    (True, False)
    """
    return _ESTIMATE.search(printed) is not None


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
