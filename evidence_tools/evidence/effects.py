"""Effects in trials: the difference or ratio of two arms, where all that it needs is stated.

Measures are those of the Cochrane Handbook, chapter 6 (``higgins2024effect``). Their variances,
the correction of empty cells and that of Hedges are those of ``escalc`` of the R package metafor
(``viechtbauer2010metafor``), to which tests hold them; intervals are normal.
Ratios are analysed as logarithms, in ``effect`` and ``standard_error``, and shown as ratios.
"""

from collections.abc import Callable, Iterable
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from evidence_tools.evidence.arithmetic import RATIOS, clauses

CI_LEVEL = 95
"""Level in percent of the intervals computed here."""

SAME_ARMS = ["source_id", "outcome_id", "measured_as", "value_type", "unit", "timepoint"]
"""What arms share that are compared with each other."""

_ENDS = ("_intervention", "_comparator")
_NORMAL = NormalDist()


def _standardized(m1: Any, s1: Any, n1: Any, m2: Any, s2: Any, n2: Any) -> tuple[Any, Any]:
    """Give Hedges' g, corrected by gamma functions, and its variance in large samples."""
    from scipy.special import poch

    df = n1 + n2 - 2
    hedges = poch((df - 1) / 2, 1 / 2) / np.sqrt(df / 2)
    effect = hedges * (m1 - m2) / np.sqrt(((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / df)
    return effect, 1 / n1 + 1 / n2 + effect**2 / (2 * (n1 + n2))


OF_MEANS: dict[str, Callable[..., tuple[Any, Any]]] = {
    "MD": lambda m1, s1, n1, m2, s2, n2: (m1 - m2, s1**2 / n1 + s2**2 / n2),
    "SMD": _standardized,
    "ROM": lambda m1, s1, n1, m2, s2, n2: (
        np.log(m1 / m2), s1**2 / (n1 * m1**2) + s2**2 / (n2 * m2**2)),
}  # fmt: skip
"""Effect and variance from mean, standard deviation and size of each arm, by measure."""

OF_EVENTS: dict[str, Callable[..., tuple[Any, Any]]] = {
    "RR": lambda a, b, c, d: (
        np.log(a / (a + b)) - np.log(c / (c + d)), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)),
    "OR": lambda a, b, c, d: (np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d),
    "RD": lambda a, b, c, d: (
        a / (a + b) - c / (c + d), a * b / (a + b) ** 3 + c * d / (c + d) ** 3),
}  # fmt: skip
"""Effect and variance from those with and without an event in each arm, by measure."""


def require(
    frame: Any, remedy: str, columns: Iterable[str] = (), numbers: Iterable[str] = ()
) -> pd.DataFrame:
    """Give a frame back, or refuse what lacks columns or has other things where numbers belong."""
    needed = [*columns, *numbers]
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"found {type(frame).__name__}, which is no frame; {remedy}")
    if absent := [column for column in needed if column not in frame]:
        raise ValueError(f"the frame has no {', '.join(absent)}; {remedy}")
    for column in numbers:
        cells = frame[column].dropna()
        if (odd := cells[pd.to_numeric(cells, "coerce").isna()]).size:
            raise ValueError(f"the column {column!r} holds {odd.iloc[0]!r}; allowed: numbers, and "
                             f"blank where none is stated; {remedy}")  # fmt: skip
    return frame


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
        A row for each pair: ``effect`` and ``standard_error`` as they are analysed, ``estimate``,
        ``ci_lower`` and ``ci_upper`` as they are read, the arm ``comparator``, and ``missing``,
        which says in words why no effect was computed. ``digits`` is one more than the means have.

    >>> import pandas as pd
    >>> arm = dict.fromkeys(["source_id", "outcome_id", "measured_as", "value_type"], "same")
    >>> arm |= {"unit": pd.NA, "timepoint": "1 year", "arm": "salt", "n": 25, "events": 10}
    >>> rows = [arm | {"role": "intervention", "events": 5}, arm | {"role": "comparator"}]
    >>> found = effect_sizes(pd.DataFrame(rows, index=["a", "b"]), "RR")
    >>> float(found.loc[0, "estimate"]), round(float(found.loc[0, "ci_upper"]), 3)
    (0.5, 1.254)
    """
    counted, formulas = measure in OF_EVENTS, OF_MEANS | OF_EVENTS
    if measure not in formulas:
        raise ValueError(f"found the measure {measure!r}; allowed: {', '.join(formulas)}")
    numbers = ["events", "n"] if counted else ["mean", "n", "dispersion"]
    columns = [*SAME_ARMS, "role", "arm", *([] if counted else ["dispersion_type"])]
    require(arms, "pass rows of evidence.arms", columns, numbers)
    rows = arms if "arm_id" in arms else arms.reset_index(names="arm_id")
    first, second = (rows[rows["role"] == end.removeprefix("_")] for end in _ENDS)
    pairs = first.merge(second, on=SAME_ARMS, suffixes=_ENDS)
    with np.errstate(all="ignore"):
        cells, gaps, more = (_of_events if counted else _of_means)(measure, pairs)
        effect, variance = formulas[measure](*cells)
        values = {"effect": effect, "standard_error": np.sqrt(variance)}
    missing = clauses(pairs.index, gaps)
    found = pairs.rename(columns={"arm_comparator": "comparator"}).assign(
        effect_measure=measure,
        unit=pairs["unit"] if measure in ("MD", "RD") else "SD" if measure == "SMD" else "ratio",
        **{name: pd.Series(value, pairs.index, "Float64").where(missing == "")
           for name, value in values.items()},
        n_participants=sum(_both(pairs, "n")), missing=missing, **more,
    )  # fmt: skip
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
    names = ["estimate", "ci_lower", "ci_upper"]
    require(findings, "pass rows of evidence.findings", ["effect_measure"], [*names, "ci_level"])
    ratio, numbers = findings["effect_measure"].isin(RATIOS), findings[names].astype("Float64")
    with np.errstate(all="ignore"):
        effect, low, high = (numbers[c].where(~ratio, np.log(numbers[c])) for c in names)
    quantiles = findings["ci_level"].map(lambda x: _NORMAL.inv_cdf(0.5 + x / 200), "ignore")
    error = (high - low) / (2 * quantiles.astype("Float64"))
    gap = error.isna().map({True: "no estimate with its interval is printed", False: ""})
    found = findings.assign(effect=effect.where(gap == ""), standard_error=error, missing=gap)
    return found.reset_index()


def with_interval(effects: pd.DataFrame, critical: float = 0.0) -> pd.DataFrame:
    """Add the estimate and its interval as people read them: ratios as ratios.

    Without a critical value it is that of the normal distribution.
    """
    effect, error = (effects[column].astype("Float64") for column in ("effect", "standard_error"))
    margin = error * (critical or _NORMAL.inv_cdf(0.5 + CI_LEVEL / 200))
    values = {"estimate": effect, "ci_lower": effect - margin, "ci_upper": effect + margin}
    ratio = effects["effect_measure"].isin(RATIOS)
    with np.errstate(over="ignore"):
        return effects.assign(**{name: v.where(~ratio, np.exp(v)) for name, v in values.items()})


def _both(pairs: pd.DataFrame, column: str) -> Any:
    return pairs[[column + end for end in _ENDS]].to_numpy(float, na_value=np.nan).T


def _of_means(measure: str, pairs: pd.DataFrame) -> tuple[Any, Any, dict[str, Any]]:
    means, n, sds = (_both(pairs, column) for column in ("mean", "n", "dispersion"))
    kinds, printed = (pairs.filter(like=name) for name in ("dispersion_type_", "mean_printed_"))
    is_sd = kinds.isin(["SD", "SD inferred"]).all(axis=1)
    gaps = [
        (np.isnan(sum(means)), "no means are printed"),
        (np.isnan(sum(n)), "number of participants in each arm not stated"),
        (kinds.isna().any(axis=1) | (is_sd & np.isnan(sum(sds))), "spread not stated"),
        (kinds.notna().all(axis=1) & ~is_sd, "spread not stated as a standard deviation"),
        (n.min(axis=0) < 2, "an arm of one has no spread"),
        (sds.min(axis=0) < 0, "a spread is below zero"),
        (sum(sds) == 0, "the values of both arms do not differ"),
        ((measure == "ROM") & (means.min(axis=0) <= 0), "a mean is not above zero"),
    ]  # fmt: skip
    decimals = printed.astype("string").replace(r"^[^.]*\.?", "", regex=True)
    digits = decimals.apply(lambda text: text.str.len()).max(axis=1).astype("Int64") + 1
    more = {"digits": digits, "sd_inferred": (kinds == "SD inferred").any(axis=1)}
    return (means[0], sds[0], n[0], means[1], sds[1], n[1]), gaps, more | {"corrected": False}


def _of_events(measure: str, pairs: pd.DataFrame) -> tuple[Any, Any, dict[str, Any]]:
    events, n = _both(pairs, "events"), _both(pairs, "n")
    others, ratio = n - events, measure != "RD"
    gaps = [
        (np.isnan(sum(events)), "no events are printed"),
        (events.min(axis=0) < 0, "events are below zero"),
        (others.min(axis=0) < 0, "more events than participants"),
        (n.min(axis=0) == 0, "an arm has no participants"),
        (np.isnan(sum(n)), "number of participants in each arm not stated"),
        (ratio & (sum(events) == 0), "no events in either arm"),
        (ratio & (sum(others) == 0), "nothing but events"),
    ]
    zero = np.minimum(events, others).min(axis=0) == 0
    cells = [cell + zero / 2 for cell in (events[0], others[0], events[1], others[1])]
    return cells, gaps, {"corrected": zero}
