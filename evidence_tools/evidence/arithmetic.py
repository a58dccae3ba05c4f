"""Whether the printed figures of a finding fit together, as far as rounding lets one say.

A printed number stands for every number that rounds to it, so what is computed from printed
numbers is a range: from the smallest to the largest value that their digits allow. Estimates
are taken as normally distributed, ratios on the log scale, and rounded independently of their
limits: a misfit that is reported is not an effect of rounding.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from evidence_tools.evidence.frames import PRINTED
from evidence_tools.evidence.measures import RATIOS

USUAL_LEVEL = 0.05
"""The p-value below which sources speak of significance; a convention, not a judgement."""

# What a declared misfit must name to excuse a flag.
_SUBJECTS = {"WMD": "WMD", "p-value": r"\bp\b", "standard error": "standard error",
             "interval": "interval"}  # fmt: skip
_NULL = "the value of no difference"
_erfc: Any = np.vectorize(math.erfc, otypes=[float])


def check_arithmetic(findings: pd.DataFrame) -> pd.DataFrame:
    """Compute what follows from printed intervals, and compare it with printed words.

    The standard error is the width of the interval over twice the normal quantile of its level,
    z the estimate over the standard error, and p twice the normal area beyond ``|z|`` (Altman
    and Bland 2011, doi 10.1136/bmj.d2304; Higgins, Li and Deeks 2024, Cochrane Handbook chapter
    6), all on the log scale for ratios. Each row has the ends of the range that rounding allows
    (``p_low``, ``p_high`` ...; missing without an interval of a stated level). ``flags`` says what
    does not fit, ``excludes_null`` is missing where the digits leave it open, and ``verdict`` is
    ``pass``, ``flag`` or ``cannot be checked``.
    """
    index = findings.index
    ratio = findings["effect_measure"].isin(RATIOS).to_numpy(dtype=bool)
    low, mid, high = (_range(findings, c, ratio) for c in ("ci_lower", "estimate", "ci_upper"))
    levels = 0.5 + findings["ci_level"].to_numpy(float, na_value=np.nan) / 200
    quantile = np.array([NormalDist().inv_cdf(x) if 0 < x < 1 else np.nan for x in levels])
    with np.errstate(all="ignore"):
        error = np.fmax(0, high[0] - low[1]) / (2 * quantile), (high[1] - low[0]) / (2 * quantile)
        corners = np.stack([np.where((m == 0) & (e == 0), 0, m / e) for m in mid for e in error])
    z = corners.min(axis=0), corners.max(axis=0)
    nearest = np.where((z[0] <= 0) & (z[1] >= 0), 0.0, np.fmin(abs(z[0]), abs(z[1])))
    p = _erfc(np.fmax(abs(z[0]), abs(z[1])) / math.sqrt(2)), _erfc(nearest / math.sqrt(2))
    result = pd.DataFrame(index=index)
    for name, ends in (("standard_error", error), ("z", z), ("p", p)):
        for end, values in zip(("low", "high"), ends, strict=True):
            result[f"{name}_{end}"] = pd.Series(values, index, "Float64").mask(np.isnan(z[0]))
    # No difference is zero, for ratios on the log scale.
    outside, inside = (low[0] > 0) | (high[1] < 0), (low[1] < 0) & (high[0] > 0)
    excludes = pd.Series(outside, index, dtype="boolean").where(outside | inside)
    result["excludes_null"] = excludes
    uneven = ((low[0] + high[0]) / 2 > mid[1]) | ((low[1] + high[1]) / 2 < mid[0])
    result["flags"] = _flags(findings, result, uneven)
    checkable = np.where(np.isnan(low[0]), "cannot be checked", "pass")
    result["verdict"] = np.where(result["flags"] != "", "flag", checkable)
    return result


def clauses(index: pd.Index, found: Iterable[tuple[Any, Any]]) -> pd.Series[str]:
    """Join for each row the texts whose conditions hold, separated by semicolons."""
    joined = pd.Series("", index, dtype="object")
    for holds, text in found:
        longer = (joined + "; " + text).str.removeprefix("; ")
        joined = joined.where(~holds.fillna(False).astype(bool), longer)
    return joined


def undeclared(flags: str, misfit: str) -> str:
    """Leave out flags whose subject a declared misfit names: it excuses nothing else."""
    return "; ".join(
        flag
        for flag in flags.split("; ")
        if not any(s in flag and re.search(p, misfit, re.I) for s, p in _SUBJECTS.items())
    )


def _flags(findings: pd.DataFrame, computed: pd.DataFrame, uneven: Any) -> pd.Series[str]:
    usual = findings["ci_level"].isna() | (findings["ci_level"] == 100 * (1 - USUAL_LEVEL))
    excludes = computed["excludes_null"].where(usual)
    significant = findings["statistically_significant"].map({"yes": True, "no": False})
    silent = (findings["direction"] == "no_significant_change") & significant.isna()
    significant = significant.astype("boolean").mask(silent, False)
    moved = findings["direction"].isin(["increase", "decrease"])
    holds = excludes.map({True: "leaves out", False: "includes"}).fillna("")
    says = ", but the interval " + holds + f" {_NULL}"
    called = "the result is called " + significant.map({True: "", False: "not "}).fillna("")
    called += "significant"
    other = findings.loc[findings["effect_measure"] == "MD", "source_id"]
    two_names = (findings["effect_measure"] == "WMD") & findings["source_id"].isin(other)
    return clauses(findings.index, [
        (pd.Series(uneven, findings.index), "the interval is uneven beyond rounding"),
        (significant != excludes, called + says),
        (moved & ~excludes & significant.isna(), "it is described as a change" + says),
        *_of_p_value(findings, computed, significant, called),
        (_apart(findings, computed, "standard_error"),
         "the printed standard error does not follow from the interval"),
        (two_names, "it is labelled WMD while its source labels others MD"),
    ])  # fmt: skip


def _of_p_value(
    findings: pd.DataFrame, computed: pd.DataFrame, significant: Any, called: Any
) -> list[tuple[Any, Any]]:
    """Compare the printed p-value with the interval, or else with the source's own words."""
    text, value = findings["p_value" + PRINTED], findings["p_value"]
    bound = text.str.startswith("<").fillna(False).astype(bool)
    half = _half(text.str.removeprefix("<"))
    lowest, highest = (value - half).where(~bound, 0.0), (value + half).where(~bound, value)
    apart = (lowest > computed["p_high"]) | (highest < computed["p_low"])
    ranges = zip(computed["p_low"], computed["p_high"], strict=True)
    from_interval = [p_text(low, high) if pd.notna(low) else "" for low, high in ranges]
    printed = "the printed p-value is " + text.fillna("") + ", but "
    below = (value < USUAL_LEVEL) | (bound & (value == USUAL_LEVEL))
    unclear = bound & (value > USUAL_LEVEL)
    return [
        (apart, printed + "the interval gives " + pd.Series(from_interval, findings.index)),
        (computed["p_low"].isna() & (below != significant) & ~unclear, printed + called),
    ]


def _apart(findings: pd.DataFrame, computed: pd.DataFrame, name: str) -> Any:
    value, half = findings[name], _half(findings[name + PRINTED])
    return (value - half > computed[f"{name}_high"]) | (value + half < computed[f"{name}_low"])


def _range(findings: pd.DataFrame, column: str, ratio: Any) -> tuple[Any, Any]:
    """All numbers that printed numbers stand for; logarithms for ratios."""
    value = findings[column].to_numpy(float, na_value=np.nan)
    half = _half(findings[column + PRINTED]).to_numpy(float, na_value=np.nan)
    with np.errstate(all="ignore"):
        low, high = (np.where(ratio, np.log(e), e) for e in (value - half, value + half))
    return low, high


def _half(printed: pd.Series[str]) -> pd.Series[float]:
    """Half a unit of the last printed digit: 0.005 for ``0.30``."""
    decimals = printed.str.replace(r"^[^.]*\.?", "", regex=True).str.len().astype("Float64")
    return 0.5 * 10.0 ** (-decimals)


def p_text(low: float, high: float) -> str:
    """Write a range of p-values with its ends rounded outwards, very small ones as a bound.

    Examples
    --------
    >>> p_text(0.00031, 0.00047)
    'p = 0.00031 to 0.00047'
    >>> p_text(1e-9, 2e-8)
    'p < 0.0001'
    """
    if high < 0.0001:
        return "p < 0.0001"
    step = 10.0 ** (math.floor(math.log10(high)) - 1)
    digits = max(0, round(-math.log10(step)))
    steps = math.floor(round(low / step, 6)), math.ceil(round(high / step, 6))
    first, last = (f"{count * step:.{digits}f}" for count in steps)
    if low < 0.0001:
        return f"p up to {last}"
    return f"p = {first}" if first == last else f"p = {first} to {last}"
