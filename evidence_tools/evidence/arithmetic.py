"""Printed figures: what they say, and whether they fit together as far as rounding lets one say.

A printed number stands for every number that rounds to it, so what is computed from printed
numbers is a range: from the smallest to the largest value that their digits allow. Estimates
are taken as normally distributed, ratios on the log scale, and rounded independently of their
limits: a misfit that is reported is not an effect of rounding.
"""

from __future__ import annotations

import csv
import math
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from evidence_tools.evidence.dictionary import TableDescription

with Path(__file__).with_name("measures.csv").open(encoding="utf-8", newline="") as _file:
    _MEASURES = list(csv.DictReader(_file))

FULL_NAMES = {row["measure"]: row["name"] for row in _MEASURES}
"""Each effect measure in words; ``WMD`` is another printed name of ``MD``."""

RATIOS = tuple(row["measure"] for row in _MEASURES if row["scale"] == "ratio")
"""Measures whose value of no difference is 1; intervals are even on the log scale."""

COMPARED = {row["measure"]: row["compares"] for row in _MEASURES}
"""What each measure compares: ``means`` of measured values, or how often ``events`` happen."""

MOVED = ("increase", "decrease")
"""Directions of a result that changed."""

PRINTED = "_printed"
"""Ending of the column that keeps a number's digits as they are in the file."""

MICRO = "[µμ]|mc(?=g)"
"""What sources print for the ``u`` of units."""

USUAL_LEVEL = 0.05
"""The p-value below which sources speak of significance; a convention, not a judgement."""

_NAMES = {row[name]: row["measure"] for row in _MEASURES for name in ("name", "other_name")}
_NAMES = {name: short for name, short in _NAMES.items() if name and short.isupper()}
# An abbreviation is written in capitals: "or" is no odds ratio.
_NAMED = rf"\b(?:(?i:{'|'.join(_NAMES)})|{'|'.join(_NAMES.values())})(?=s?\b)"
_ESTIMATE = rf"{_NAMED}s?[\s:=(]*-?\d"
# A minus sign belongs to a number only when no digit stands before it: "1.17-2.56" is a range.
_NUMBER = re.compile(r"(?<![\d.])(?:(?<!\d)-)?\d+(?:\.\d+)?")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_FALL = re.compile(r"\b(decreas|loss|lost|fell|reduc|declin)", re.IGNORECASE)
# An interval in words, or two numbers between brackets.
_INTERVAL = re.compile(r"\bCI\b\D*\d|\(-?\d[\d.]* ?(?:to|[-~;,]) ?-?\d[\d.]*\)")
_P_VALUE = re.compile(r"\b[pP](?:\s*([<=>])|[- ]values?:?\s*(?:([<=>])|of)?)\s*(\d*\.?\d+)")
# What a declared misfit must name to excuse a flag.
_SUBJECT = re.compile(r"wmd|\bp\b|standard error|interval")
_erfc: Any = np.vectorize(math.erfc, otypes=[float])


def named_measures(printed: str) -> set[str]:
    """Find the effect measures that a printed text names.

    >>> sorted(named_measures("SMD: -1.71; odds ratio 0.4, or less"))
    ['OR', 'SMD']
    """
    return {_NAMES.get(name.lower(), name) for name in re.findall(_NAMED, printed)}


def printed_p_values(text: str) -> list[str]:
    """Find p-values of a printed figure, with leading zeros.

    >>> printed_p_values("P = .037 and p<0.001")
    ['0.037', '<0.001']
    """
    found = ["".join(parts).removeprefix("=") for parts in _P_VALUE.findall(text)]
    return [re.sub(r"^(<?)\.", r"\g<1>0.", p_value) for p_value in found]


def read_print(rows: pd.DataFrame, described: TableDescription) -> pd.DataFrame:
    """Compare the columns of rows with what is printed: ``as_printed``.

    Columns: ``x_unprinted`` for each number; ``other_units`` and ``other_measures`` where that
    of the row is not printed and others are; of rows with effects also whether the p-value is
    ``p_unprinted``, and whether the text ``prints_estimate`` and ``prints_interval``.
    """
    numbers = [column for column in described.columns if described.kind(column) == "number"]
    units, found = described.allowed("unit"), list[dict[str, Any]]()
    texts: pd.DataFrame = rows.select_dtypes("string")
    for cells in texts.to_numpy(object, na_value=""):
        row = dict(zip(texts.columns, cells, strict=True))
        text = row["as_printed"].replace("\N{MIDDLE DOT}", ".")  # "1·86"
        figures = {column: row[column + PRINTED] for column in numbers}
        lacking = _unprinted(figures.values(), text)
        read: dict[str, Any] = {f"{name}_unprinted": f in lacking for name, f in figures.items()}
        read["other_units"] = _other_units(row["unit"], figures.values(), text, units)
        if "effect_measure" in row:
            measures, p = named_measures(text), row["p_value" + PRINTED]
            own = row["effect_measure"] in measures
            read["other_measures"] = "" if own else ", ".join(sorted(measures))
            read["prints_estimate"] = bool(re.search(_ESTIMATE, text))
            read["prints_interval"] = bool(_INTERVAL.search(text))
            read["p_unprinted"] = p != "" and p not in printed_p_values(text)
        found.append(read)
    return pd.DataFrame(found, rows.index)


def _other_units(unit: str, figures: Iterable[str], printed: str, allowed: Iterable[str]) -> str:
    """List units that are printed, and not that of the row."""
    # "95% CI" has a "%", and "12 weeks" is no result: a unit without a bar follows a figure.
    words = "|".join(re.escape(word) for word in allowed if not re.search("[/%]", word))
    printed = re.sub(MICRO, "u", printed)
    after = re.findall(rf"(\d[\d.]*)[)\]]? ?({words})(?![\w/])", printed)
    some = [word for number, word in after if {number, f"-{number}"} & {*figures}]
    if not unit or "/" in unit:  # a share may be printed beside the unit of what was measured
        barred = "|".join(re.escape(word) for word in allowed if "/" in word)
        some += re.findall(rf"(?<![A-Za-z])({barred})(?!\w)", printed)
    return "" if unit in some else ", ".join(some).strip(", ")


def _unprinted(figures: Iterable[str], printed: str) -> set[str]:
    """Find figures whose digits are not printed, each printed number used once."""
    if not printed:  # of an arm, what is printed need not be copied
        return set()
    numbers = Counter(_NUMBER.findall(printed))
    numbers |= Counter(_NUMBER.findall(_THOUSANDS.sub("", printed)))  # "1,250.5" prints 1250.5
    if _FALL.search(printed):  # "decreased by 25.8%" prints -25.8 without its sign
        numbers.update([f"-{number}" for number in numbers if not number.startswith("-")])
    return set(Counter(figure for figure in figures if figure) - numbers)


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
    low, mid, high = (_log_range(findings, c) for c in ("ci_lower", "estimate", "ci_upper"))
    levels = 0.5 + findings["ci_level"].to_numpy(float, na_value=np.nan) / 200
    quantile = np.array([NormalDist().inv_cdf(x) if 0 < x < 1 else np.nan for x in levels])
    with np.errstate(all="ignore"):
        error = np.fmax(0, high[0] - low[1]) / (2 * quantile), (high[1] - low[0]) / (2 * quantile)
        corners = np.stack([np.where((m == 0) & (e == 0), 0, m / e) for m in mid for e in error])
    z = corners.min(axis=0), corners.max(axis=0)
    farthest, nearest = abs(corners).max(axis=0), abs(np.clip(0.0, *z))
    p = _erfc(farthest / math.sqrt(2)), _erfc(nearest / math.sqrt(2))
    names = [f"{name}_{end}" for name in ("standard_error", "z", "p") for end in ("low", "high")]
    ends = dict(zip(names, [*error, *z, *p], strict=True))
    result = pd.DataFrame(ends, index, dtype="Float64")
    result.loc[np.isnan(z[0])] = pd.NA
    # No difference is zero, for ratios on the log scale.
    outside, inside = (low[0] > 0) | (high[1] < 0), (low[1] < 0) & (high[0] > 0)
    uneven = ((low[0] + high[0]) / 2 > mid[1]) | ((low[1] + high[1]) / 2 < mid[0])
    result["excludes_null"] = pd.Series(outside, index, dtype="boolean").where(outside | inside)
    result["flags"] = _flags(findings, result, uneven)
    unchecked = [result["flags"] != "", np.isnan(low[0])]
    return result.assign(verdict=np.select(unchecked, ["flag", "cannot be checked"], "pass"))


def clauses(index: pd.Index, found: Iterable[tuple[Any, Any]]) -> pd.Series[str]:
    """Join for each row the texts whose conditions hold, separated by semicolons."""
    joined = pd.Series("", index, dtype="object")
    for holds, text in found:
        sure = pd.array(holds, "boolean").to_numpy(bool, na_value=False)
        joined = joined.mask(sure, (joined + "; " + text).str.removeprefix("; "))
    return joined


def undeclared(flags: str, misfit: str) -> str:
    """Leave out flags whose subject a declared misfit names: it excuses nothing else."""
    named = set(_SUBJECT.findall(misfit.lower()))
    return "; ".join(
        flag for flag in flags.split("; ") if named.isdisjoint(_SUBJECT.findall(flag.lower()))
    )


def _flags(findings: pd.DataFrame, computed: pd.DataFrame, uneven: Any) -> pd.Series[str]:
    """Compare what follows from the interval with the words and figures of the source."""
    usual = findings["ci_level"].isna() | (findings["ci_level"] == 100 * (1 - USUAL_LEVEL))
    excludes = computed["excludes_null"].where(usual)
    significant = findings["statistically_significant"].map({"yes": True, "no": False})
    silent = (findings["direction"] == "no_significant_change") & significant.isna()
    significant = significant.astype("boolean").mask(silent, False)
    moved = findings["direction"].isin(MOVED)
    says = excludes.map({True: "leaves out", False: "includes"}).fillna("")
    says = ", but the interval " + says + " the value of no difference"
    called = significant.map({True: "", False: "not "}).fillna("")
    called = "the result is called " + called + "significant"
    lowest, highest = _range(findings, "p_value")
    apart = (lowest > computed["p_high"]) | (highest < computed["p_low"])
    ranges = zip(computed["p_low"], computed["p_high"], strict=True)
    follows = [p_text(low, high) if pd.notna(low) else "" for low, high in ranges]
    printed = "the printed p-value is " + findings["p_value" + PRINTED].fillna("") + ", but "
    # Printed digits may lie on both sides of the level, as those of "0.05" and "<0.1" do.
    below = highest <= USUAL_LEVEL
    decides = computed["p_low"].isna() & (below | (lowest >= USUAL_LEVEL))
    least, most = _range(findings, "standard_error")
    off = (least > computed["standard_error_high"]) | (most < computed["standard_error_low"])
    other = findings.loc[findings["effect_measure"] == "MD", "source_id"]
    two_names = (findings["effect_measure"] == "WMD") & findings["source_id"].isin(other)
    return clauses(findings.index, [
        (uneven, "the interval is uneven beyond rounding"),
        (significant != excludes, called + says),
        (moved & ~excludes & significant.isna(), "it is described as a change" + says),
        (apart, printed + "the interval gives " + pd.Series(follows, findings.index)),
        (decides & (below != significant), printed + called),
        (off, "the printed standard error does not follow from the interval"),
        (two_names, "it is labelled WMD while its source labels others MD"),
    ])  # fmt: skip


def _log_range(findings: pd.DataFrame, column: str) -> list[Any]:
    """Give the same as :func:`_range`, with the logarithms of ratios."""
    ratio = findings["effect_measure"].isin(RATIOS)
    with np.errstate(all="ignore"):
        ends = [end.where(~ratio, np.log(end)) for end in _range(findings, column)]
    return [end.to_numpy(float, na_value=np.nan) for end in ends]


def _range(findings: pd.DataFrame, column: str) -> tuple[Any, Any]:
    """Give the lowest and the highest number that round to what is printed in each row.

    Half a unit of the last digit is 0.005 for ``0.30``; a bound (``<0.001``) goes down to zero.
    """
    value, printed = findings[column], findings[column + PRINTED]
    decimals = printed.str.replace(r"^[^.]*\.?", "", regex=True).str.len().astype("Float64")
    bound, half = printed.str.startswith("<").fillna(False).astype(bool), 0.5 * 10.0**-decimals
    return (value - half).mask(bound, 0.0), (value + half).mask(bound, value)


def p_text(low: float, high: float) -> str:
    """Write a range of p-values with its ends rounded outwards, very small ones as a bound.

    >>> p_text(0.00031, 0.00047)
    'p = 0.00031 to 0.00047'
    >>> p_text(1e-9, 2e-8)
    'p < 0.0001'
    """
    if high < 0.0001:
        return "p < 0.0001"
    digits = max(0, 1 - math.floor(math.log10(high)))
    step = 10.0**-digits
    steps = math.floor(round(low / step, 6)), math.ceil(round(high / step, 6))
    first, last = (f"{count * step:.{digits}f}" for count in steps)
    if low < 0.0001 or not steps[0]:
        return f"p up to {last}"
    return f"p = {first}" if first == last else f"p = {first} to {last}"
