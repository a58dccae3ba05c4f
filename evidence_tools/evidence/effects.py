"""Effects in trials: the difference or ratio of two arms, where all that it needs is stated.

Formulas are those of Higgins JPT, Li T, Deeks JJ 2024, Cochrane Handbook chapter 6
(``higgins2024effect``), with normal intervals; they agree with ``escalc`` of the R package metafor.
Ratios are analysed as logarithms, in ``effect`` and ``standard_error``, and shown as ratios.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, lgamma, log
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from evidence_tools.evidence.arithmetic import clauses
from evidence_tools.evidence.measures import RATIOS

CI_LEVEL = 95
"""Level in percent of the intervals computed here."""

OF_MEANS, OF_EVENTS = ("MD", "SMD", "ROM"), ("RR", "OR", "RD")
"""Measures of two means with their standard deviations, and of events among participants."""

SAME_ARMS = ["source_id", "outcome_id", "measured_as", "value_type", "unit", "timepoint"]
"""What arms share that are compared with each other."""
_ENDS = ("_intervention", "_comparator")
_SDS = ("SD", "SD inferred")
_NEEDED: dict[bool, tuple[list[str], list[str]]] = {
    True: ([], ["events", "n"]),
    False: (["dispersion_type"], ["mean", "n", "dispersion"]),
}
_Computed = tuple[Any, Any, list[tuple[Any, str]]]


def need(
    frame: Any, remedy: str, columns: Iterable[str] = (), numbers: Iterable[str] = ()
) -> pd.DataFrame:
    """Refuse what is no frame with some columns, or holds other things where numbers belong."""
    needed = [*columns, *numbers]
    if not isinstance(frame, pd.DataFrame):
        kind, listed = type(frame).__name__, ", ".join(needed)
        raise TypeError(f"found {kind}; allowed: a frame with {listed}; {remedy}")
    if absent := [column for column in needed if column not in frame]:
        raise ValueError(f"the frame has no {', '.join(absent)}; {remedy}")
    for column in numbers:
        cells = frame[column].dropna()
        if (odd := cells[pd.to_numeric(cells, "coerce").isna()]).size:
            raise ValueError(f"the column {column!r} holds {odd.iloc[0]!r}; allowed: numbers, and "
                             f"blank where none is stated; {remedy}")  # fmt: skip
    return frame


def pair_arms(arms: pd.DataFrame) -> pd.DataFrame:
    """Set each intervention arm beside each comparator of its trial, outcome and time.

    What the arms share, and the columns of each with ``_intervention`` and ``_comparator``.
    """
    rows = arms if "arm_id" in arms else arms.reset_index(names="arm_id")
    rows = rows.assign(order=range(len(arms)))
    rows[SAME_ARMS] = rows[SAME_ARMS].fillna("")
    first, second = (rows[rows["role"] == end.removeprefix("_")] for end in _ENDS)
    pairs = first.merge(second, on=SAME_ARMS, suffixes=_ENDS)
    pairs[SAME_ARMS] = pairs[SAME_ARMS].replace("", pd.NA)
    return pairs.sort_values(["order_intervention", "order_comparator"]).reset_index(drop=True)


def effect_sizes(arms: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Compute the effect of each intervention arm beside its comparator, with its interval.

    ``SMD`` has Hedges' correction. Where a cell of a table of events is zero, one half is added to
    all four cells of that table, and ``corrected`` says so; a trial without events, or with
    nothing but events, in both arms says nothing about a ratio.

    Parameters
    ----------
    arms
        Rows of ``evidence.arms``, or a frame with such columns.
    measure
        ``MD``, ``SMD`` or ``ROM`` of means; ``RR``, ``OR`` or ``RD`` of events.

    Returns
    -------
    DataFrame
        The pairs with what :func:`pooling.pool` needs: ``effect`` and ``standard_error`` as they
        are analysed, ``estimate``, ``ci_lower`` and ``ci_upper`` as they are read, and the arm
        ``comparator``. ``missing`` says in words what is not stated, empty where an effect was
        computed; ``digits`` is one more than the means are printed with.

    Examples
    --------
    >>> import pandas as pd
    >>> arm = dict.fromkeys(["source_id", "outcome_id", "measured_as", "value_type"], "same")
    >>> arm |= {"unit": pd.NA, "timepoint": "1 year", "arm": "salt", "n": 25, "events": 10}
    >>> rows = [arm | {"role": "intervention", "events": 5}, arm | {"role": "comparator"}]
    >>> found = effect_sizes(pd.DataFrame(rows, index=["a", "b"]), "RR")
    >>> float(found.loc[0, "estimate"]), round(float(found.loc[0, "ci_upper"]), 3)
    (0.5, 1.254)
    """
    if measure not in (*OF_MEANS, *OF_EVENTS):
        allowed = ", ".join((*OF_MEANS, *OF_EVENTS))
        raise ValueError(f"found the measure {measure!r}; allowed: {allowed}")
    columns, numbers = _NEEDED[measure in OF_EVENTS]
    need(arms, "pass rows of evidence.arms", [*SAME_ARMS, "role", "arm", *columns], numbers)
    pairs = pair_arms(arms)
    compute = _of_events if measure in OF_EVENTS else _of_means
    with np.errstate(all="ignore"):
        effect, variance, gaps = compute(measure, pairs)
        error = np.sqrt(variance)
    missing = clauses(pairs.index, [(pd.Series(holds, pairs.index), text) for holds, text in gaps])
    unit = "SD" if measure == "SMD" else "ratio"
    found = pairs.rename(columns={"arm_comparator": "comparator"}).assign(
        effect_measure=measure,
        unit=pairs["unit"] if measure in ("MD", "RD") else unit,
        **{name: pd.Series(values, pairs.index, "Float64").where(missing == "")
           for name, values in (("effect", effect), ("standard_error", error))},
        n_participants=sum(_both(pairs, "n")),
        corrected=_has_zero(pairs) if measure in OF_EVENTS else False,
        missing=missing,
    )  # fmt: skip
    if measure in OF_MEANS:
        found["digits"] = _digits(pairs)
        found["sd_inferred"] = (_cells(pairs, "dispersion_type") == "SD inferred").any(axis=1)
    found.attrs = dict(arms.attrs)
    return with_interval(found)


def effects_of_arms(arms: pd.DataFrame) -> pd.DataFrame:
    """Compute a risk ratio where events were counted, and a mean difference elsewhere."""
    means, events = (effect_sizes(arms, measure) for measure in ("MD", "RR"))
    counted = events["events_intervention"].notna()
    return pd.concat([means[~counted], events[counted]]).sort_index()


def printed_effects(findings: pd.DataFrame) -> pd.DataFrame:
    """Read effects of trials from the figures that they print: an estimate with its interval.

    ``standard_error`` is the width of the interval over twice the normal quantile of its level, on
    the log scale for ratios; ``missing`` says in words what is not printed.
    """
    names = ("estimate", "ci_lower", "ci_upper")
    need(findings, "pass rows of evidence.findings", ["effect_measure"], [*names, "ci_level"])
    ratio = findings["effect_measure"].isin(RATIOS)
    numbers = findings[[*names]].astype("Float64")
    with np.errstate(all="ignore"):
        effect, low, high = (numbers[c].where(~ratio, np.log(numbers[c])) for c in names)
    quantiles = findings["ci_level"].map(lambda x: NormalDist().inv_cdf(0.5 + x / 200), "ignore")
    error = (high - low) / (2 * quantiles.astype("Float64"))
    gap = error.isna().map({True: "no estimate with its interval is printed", False: ""})
    found = findings.assign(effect=effect.where(gap == ""), standard_error=error, missing=gap)
    return found.reset_index()


def with_interval(effects: pd.DataFrame, critical: float = 0.0) -> pd.DataFrame:
    """Add the estimate and its interval as people read them: ratios as ratios.

    Without a critical value it is that of the normal distribution.
    """
    effect, error = (effects[column].astype("Float64") for column in ("effect", "standard_error"))
    margin = error * (critical or NormalDist().inv_cdf(0.5 + CI_LEVEL / 200))
    values = {"estimate": effect, "ci_lower": effect - margin, "ci_upper": effect + margin}
    ratio = effects["effect_measure"].isin(RATIOS)
    with np.errstate(over="ignore"):
        return effects.assign(**{name: v.where(~ratio, np.exp(v)) for name, v in values.items()})


def _cells(pairs: pd.DataFrame, column: str) -> pd.DataFrame:
    return pairs[[column + end for end in _ENDS]]


def _both(pairs: pd.DataFrame, column: str) -> list[Any]:
    cells = _cells(pairs, column).astype("Float64").to_numpy(float, na_value=np.nan)
    return [cells[:, 0], cells[:, 1]]


def _of_means(measure: str, pairs: pd.DataFrame) -> _Computed:
    means, n, sds = (_both(pairs, column) for column in ("mean", "n", "dispersion"))
    kinds = _cells(pairs, "dispersion_type")
    gaps = [
        (np.isnan(sum(means)), "no means are printed"),
        (np.isnan(sum(n)), "number of participants in each arm not stated"),
        (kinds.isna().any(axis=1) | np.isnan(sum(sds)), "spread not stated"),
        (kinds.notna().all(axis=1) & ~kinds.isin(_SDS).all(axis=1),
         "spread is no standard deviation"),
        (np.minimum(*n) < 2, "an arm of one has no spread"),
        (np.minimum(*sds) < 0, "a spread is below zero"),
        (sum(sds) == 0, "the values of both arms do not differ"),
    ]  # fmt: skip
    parts = [sd**2 / size for sd, size in zip(sds, n, strict=True)]
    if measure == "MD":
        return means[0] - means[1], sum(parts), gaps
    if measure == "ROM":
        gaps.append((np.minimum(*means) <= 0, "a mean is not above zero"))
        shares = [part / mean**2 for part, mean in zip(parts, means, strict=True)]
        return np.log(means[0] / means[1]), sum(shares), gaps
    df = n[0] + n[1] - 2
    spread = np.sqrt(((n[0] - 1) * sds[0] ** 2 + (n[1] - 1) * sds[1] ** 2) / df)
    effect = np.array([_hedges(m) for m in df]) * (means[0] - means[1]) / spread
    return effect, 1 / n[0] + 1 / n[1] + effect**2 / (2 * (n[0] + n[1])), gaps


def _digits(pairs: pd.DataFrame) -> Any:
    """Count the decimals that means are printed with, and one more."""
    printed = pairs.reindex(columns=["mean_printed" + end for end in _ENDS]).astype("string")
    decimals = printed.replace(r"^[^.]*\.?", "", regex=True)
    return decimals.apply(lambda text: text.str.len()).max(axis=1).astype("Int64") + 1


def _hedges(df: float) -> float:
    """Give the exact factor that takes the bias from a standardized mean difference."""
    return exp(lgamma(df / 2) - log(df / 2) / 2 - lgamma((df - 1) / 2)) if df > 1 else np.nan


def _has_zero(pairs: pd.DataFrame) -> Any:
    (a, c), n = _both(pairs, "events"), _both(pairs, "n")
    return np.minimum.reduce([a, c, n[0] - a, n[1] - c]) == 0


def _of_events(measure: str, pairs: pd.DataFrame) -> _Computed:
    (a, c), n = _both(pairs, "events"), _both(pairs, "n")
    b, d = n[0] - a, n[1] - c
    gaps = [
        (np.isnan(a + c), "no events are printed"),
        (np.minimum(a, c) < 0, "events are below zero"),
        (np.minimum(b, d) < 0, "more events than participants"),
        (np.minimum(*n) == 0, "an arm has no participants"),
        (np.isnan(sum(n)), "number of participants in each arm not stated"),
    ]
    if measure != "RD":
        gaps += [(a + c == 0, "no events in either arm"), (b + d == 0, "nothing but events")]
    half = _has_zero(pairs) / 2
    a, b, c, d = (cell + half for cell in (a, b, c, d))
    if measure == "OR":
        return np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d, gaps
    first, second = a / (a + b), c / (c + d)
    if measure == "RR":
        return np.log(first / second), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d), gaps
    variance = first * (1 - first) / (a + b) + second * (1 - second) / (c + d)
    return first - second, variance, gaps
