"""Pooling: the average of the effects of trials, and how far the trials differ.

PyMetaAnalysis does the mathematics, after what must not be pooled was refused. Methods are those
of the R package metafor (``viechtbauer2010metafor``), to which tests hold every value; the Cochrane
Handbook, chapter 10, explains them, but takes I² from Q where it is taken from tau² here.
All functions take effects as :func:`effect_sizes` and :func:`printed_effects` give them.
"""

import json
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evidence_tools.evidence.arithmetic import FULL_NAMES, RATIOS
from evidence_tools.evidence.effects import CI_LEVEL, require, with_interval
from evidence_tools.evidence.effects import effect_sizes as effect_sizes
from evidence_tools.evidence.effects import printed_effects as printed_effects
from evidence_tools.evidence.judgements import STRIKES_OUT, first_reports
from evidence_tools.evidence.model import ORIGIN, Evidence, loaded

LIBRARY = "PyMetaAnalysis"

METHODS = ("REML", "PM", "DL", "fixed")
"""Restricted maximum likelihood, Paule-Mandel, DerSimonian-Laird, and one effect for all trials."""

POOLED = "pooled"
"""Index of the row that has the average."""

FEWEST = 10
"""Trials that a test of asymmetry needs (Sterne JAC et al. 2011, doi 10.1136/bmj.d4002)."""

_SAME = {"outcome_id": "outcomes", "effect_measure": "effect measures", "unit": "units",
         "comparator": "comparators"}  # fmt: skip
_LEAVE_OUT = "leave them out by a filter, and say so on the page"
# The library stops at a difference of 1e-10 unless told otherwise, too soon for small effects.
_EXACT: dict[str, Any] = {"atol": 1e-300, "confidence_level": CI_LEVEL / 100}


def check_poolable(effects: pd.DataFrame) -> None:
    """Refuse effects that must not be averaged, with the reason: ``ValueError``."""
    remedy = "make it with pooling.effect_sizes(arms, measure)"
    require(effects, remedy, ["source_id", "effect_measure"], ["effect", "standard_error"])
    if reason := next(_reasons(effects), ""):
        raise ValueError(f"not pooled: {reason}")


def _reasons(effects: pd.DataFrame) -> Iterator[str]:
    measures = set(effects["effect_measure"])
    if POOLED in effects.index:
        yield "an average is among the effects; pass those that it was made of"
    yield from _mixed(effects)
    numbers = effects[["effect", "standard_error"]].to_numpy(float, na_value=np.nan)
    if len(left := effects[~np.isfinite(numbers).all(axis=1) | (numbers[:, 1] <= 0)]):
        reasons = left["missing"].str.split("; ").explode() if "missing" in left else pd.Series()
        why = "; ".join(reasons.unique())
        named = ", ".join(map(str, left["source_id"].unique())) + (why and f" ({why})")
        yield f"no effect with its spread for {named}; {_LEAVE_OUT}"
    if unknown := measures - set(FULL_NAMES):
        yield f"found the measure {unknown.pop()!r}; allowed: {', '.join(FULL_NAMES)}"
    if "SMD" in measures and "value_type" in effects and effects["value_type"].nunique() > 1:
        yield "standardized differences of changes and of end values have other spreads"
    trials = effects["source_id"].astype("string").fillna("not stated")
    if ORIGIN in effects.attrs:
        evidence = loaded(effects.attrs[ORIGIN])
        struck = trials.map(evidence.sources["integrity"]).isin(STRIKES_OUT)
        if struck.any():
            yield f"{', '.join(trials[struck])} is not to be relied on; leave it out by a filter"
        if altered := ", ".join(_altered(evidence, effects)):
            yield f"{altered}: source and effect must be those of the tables; change them there"
        if len(others := trials[~trials.isin(evidence.trials.index)].unique()):
            yield f"{', '.join(others)} has no row in trials.csv: an average is one of trials"
        trials = first_reports(trials, evidence.trials)
    if twice := ", ".join(trials[trials.duplicated()].unique()):
        yield f"the trial {twice} is counted twice; keep one of its reports, times and arms"
    if len(effects) < 2:
        yield f"an average needs two trials; there {'is one' if len(effects) else 'are none'}"


def _mixed(effects: pd.DataFrame) -> Iterator[str]:
    """Say which columns hold different things that must be the same, or no unit."""
    for column, things in _SAME.items():
        if column in effects and (column != "unit" or "MD" in set(effects["effect_measure"])):
            words = effects[column].astype("string").fillna("not stated").replace("WMD", "MD")
            if len(words := words.drop_duplicates()) > 1:
                remedy = f"say with effects.assign({column}=...) that they mean the same"
                named = f"different {things}: {', '.join(words)}"
                yield f"{named}; pool those of one, or {remedy}"
            if column == "unit" and "not stated" in set(words):
                yield "the unit is not stated"


def _altered(evidence: Evidence, effects: pd.DataFrame) -> Iterator[str]:
    """Name the sources of rows whose finding or arms give another source or effect."""
    if "finding_id" in effects:
        keys, made = ["finding_id"], printed_effects(evidence.findings)
    elif "arm_id_intervention" in effects:
        keys = ["arm_id_intervention", "arm_id_comparator"]
        made = effect_sizes(evidence.arms, effects["effect_measure"].iloc[0])
    else:
        return
    both = effects.dropna(subset=keys).merge(made, "left", keys, suffixes=("", "_made"))
    same = both["source_id"] == both["source_id_made"]
    for name in ("effect", "standard_error"):
        same &= np.isclose(*both[[name, f"{name}_made"]].to_numpy(float, na_value=np.nan).T)
    yield from map(str, both.loc[~same.fillna(False), "source_id"])


def pool(effects: pd.DataFrame, method: str = "REML", interval: str = "") -> pd.DataFrame:
    """Average effects of trials, weighted by what each one tells.

    Parameters
    ----------
    effects
        One effect of each trial.
    method
        How the variance between trials is estimated, one of :data:`METHODS`.
    interval
        ``Hartung-Knapp``, the default but with ``fixed``, or ``Wald``.

    Returns
    -------
    DataFrame
        The effects with ``weight`` in percent, and below them the row ``pooled`` with ``p_value``,
        ``q``, ``tau2`` and its Q-profile interval, ``i2`` (percent), ``h2``, and from three trials
        on the prediction interval: of t with k - 1 degrees of freedom, or normal with ``Wald``.
    """
    from scipy.stats import norm, t

    check_poolable(effects)
    interval = interval or ("Wald" if method == "fixed" else "Hartung-Knapp")
    fit, weights = _fit(effects, method, interval)
    k = len(effects)
    spread = t(k - 1) if interval == "Hartung-Knapp" else norm
    critical = float(spread.ppf(0.5 + CI_LEVEL / 200))
    shared = [column for column in (*_SAME, "outcome") if column in effects]
    how = {"weight": 100.0, "k_studies": k, "method": method, "interval": interval}
    row = {**effects.iloc[0][shared], **fit, **how}
    row["p_value"] = 2 * spread.sf(abs(fit["effect"] / fit["standard_error"]))
    if "n_participants" in effects:
        row["n_participants"] = effects["n_participants"].sum(skipna=False)
    apart = np.hypot(np.sqrt(fit["tau2"]), fit["standard_error"]) if k > 2 else np.nan
    show = np.exp if row["effect_measure"] in RATIOS else float
    row["prediction_lower"] = show(fit["effect"] - critical * apart)
    row["prediction_upper"] = show(fit["effect"] + critical * apart)
    pooled = with_interval(pd.DataFrame(row, [POOLED]), critical)
    rows = with_interval(effects.set_index("source_id", drop=False)).assign(weight=weights)
    found = pd.concat([rows, pooled])
    found.attrs = dict(effects.attrs)
    return found


def _average(effects: pd.DataFrame, tau2: float = 0.0, **chosen: Any) -> Any:
    """Ask the library for an average; ``tau2`` is added to the variance of each effect."""
    from meta_analyze import meta_analysis

    errors = np.hypot(effects["standard_error"].to_numpy(float), np.sqrt(tau2))
    y = effects["effect"].to_numpy(float)
    return meta_analysis(effect=y, standard_error=errors, **{"model": "common", **chosen}, **_EXACT)


def _fit(effects: pd.DataFrame, method: str, interval: str) -> tuple[dict[str, float], Any]:
    """Compute what belongs to the average, and the weight of each trial in percent."""
    _check_methods(method, interval)
    fixed, hartung, df = method == "fixed", interval == "Hartung-Knapp", len(effects) - 1
    plain, tau2, low, high = _average(effects), np.nan, np.nan, np.nan
    i2, h2 = plain.i2, plain.h2
    if not fixed:
        random = _average(effects, model="random", tau2_method=method)
        profile = random.tau2_confidence_interval()
        tau2, low, high = random.tau2, profile.ci_low, profile.ci_high
        if method == "REML":
            tau2 = _highest_tau2(effects, tau2, np.ones((df + 1, 1)))
        weights = effects["standard_error"].to_numpy(float) ** -2
        typical = df * weights.sum() / (weights.sum() ** 2 - (weights**2).sum())
        i2, h2 = tau2 / (tau2 + typical), 1 + tau2 / typical
    # Given the variance between trials, the average is that of one effect for all.
    given = plain if fixed else _average(effects, tau2)
    error = given.standard_error * (np.sqrt(given.q / df) if hartung else 1)
    if error == 0:
        raise ValueError("not pooled: the effects are identical, and a Hartung-Knapp interval "
                         "would have no width; use interval='Wald'")  # fmt: skip
    return {
        "effect": given.estimate, "standard_error": error, "q": plain.q, "q_df": df,
        "q_p": plain.q_pvalue, "i2": 100 * i2, "h2": h2,
        "tau2": tau2, "tau2_lower": low, "tau2_upper": high,
    }, 100 * given.study_results["normalized_weight"].to_numpy()  # fmt: skip


def _check_methods(method: str, interval: str) -> None:
    intervals = ["Wald"] if method == "fixed" else ["Hartung-Knapp", "Wald"]
    if method not in METHODS or interval not in intervals:
        raise ValueError(f"found {method!r} and {interval!r}; allowed: {', '.join(METHODS)}, and "
                         "Hartung-Knapp or Wald; 'fixed' has a Wald interval only")  # fmt: skip


def _highest_tau2(effects: pd.DataFrame, known: float, design: Any) -> float:
    """Find the variance between trials at the highest maximum of the restricted likelihood."""
    # The library takes zero wherever the likelihood falls from there on, although it may rise
    # again to a higher maximum. ``known`` is its answer, ``design`` the columns of a regression.
    from scipy.optimize import minimize_scalar

    y, errors = (effects[column].to_numpy(float) for column in ("effect", "standard_error"))

    def depth(tau2: Any) -> float:
        """Give the restricted likelihood as minus twice its logarithm."""
        spread = np.hypot(errors, np.sqrt(tau2))
        lines, points = design / spread[:, None], y / spread
        rest = points - lines @ np.linalg.lstsq(lines, points)[0]
        return float(2 * np.log(spread).sum() + np.linalg.slogdet(lines.T @ lines)[1] + rest @ rest)

    if known > 0 or not np.ptp(y):
        return known
    grid = [0.0, *np.geomspace(1e-8 * y.var(), 20 * y.var() + max(errors) ** 2, 200)]
    if not (top := int(np.argmin([depth(tau2) for tau2 in grid]))):
        return known
    return float(minimize_scalar(depth, grid[top - 1 : top + 2]).x)


def leave_one_out(effects: pd.DataFrame, **how: Any) -> pd.DataFrame:
    """Pool again without each trial in turn: a row for each trial left out."""
    check_poolable(effects)
    left = {key: effects[effects["source_id"] != key] for key in effects["source_id"]}
    return _averages(left, how)


def cumulative(effects: pd.DataFrame, order: str, **how: Any) -> pd.DataFrame:
    """Pool the first two trials, the first three, and so on, sorted by a column such as a year."""
    _check_known(effects, order)
    rows = effects.sort_values(order, kind="stable")
    return _averages({key: rows[: n + 1] for n, key in enumerate(rows["source_id"]) if n}, how)


def _check_known(effects: pd.DataFrame, column: str, *, number: bool = False) -> None:
    """Refuse a column that is not known of each trial."""
    check_poolable(effects)
    remedy = "join it, for example from evidence.trials"
    require(effects, remedy, () if number else [column], [column] if number else ())
    if named := ", ".join(map(str, effects.loc[effects[column].isna(), "source_id"])):
        raise ValueError(f"{column} is not stated for {named}; {_LEAVE_OUT}")


def _averages(parts: dict[Any, pd.DataFrame], how: dict[str, Any]) -> pd.DataFrame:
    found = pd.concat([pool(part, **how).loc[[POOLED]] for part in parts.values()])
    return found.set_index(pd.Index(parts))


def subgroups(effects: pd.DataFrame, by: str, **how: Any) -> pd.DataFrame:
    """Pool each group, with a test of whether the groups differ (``between_q`` and its p-value).

    The variance between trials is estimated in each group; each needs two trials.
    """
    _check_known(effects, by)
    groups = dict(iter(effects.groupby(by)))
    if len(groups) < 2:
        raise ValueError(f"a test of groups needs two; {by} is the same for all trials")
    found = _averages(groups, how)
    test = _average(_averages(groups, how | {"interval": "Wald"}))
    return found.assign(between_q=test.q, between_df=test.q_df, between_p=test.q_pvalue)


def meta_regression(
    effects: pd.DataFrame, moderator: str, method: str = "REML", interval: str = "Hartung-Knapp"
) -> pd.DataFrame:
    """Fit a line of effects on one number of each trial: a row for the intercept and the slope.

    Ratios stay logarithms here. It shows an association between trials, not a cause.
    """
    from meta_analyze import meta_regression as fit

    _check_known(effects, moderator, number=True)
    values = effects[moderator].to_numpy(float)
    if len(values) < 3 or not np.ptp(values):
        raise ValueError(f"a line needs three trials, and {moderator!r} of each, not all alike")
    _check_methods(method, interval)
    found = fit(
        effect=effects["effect"].to_numpy(float), moderators={moderator: values},
        standard_error=effects["standard_error"].to_numpy(float), model="mixed",
        tau2_method=method, **_EXACT,
        inference_method="normal" if interval == "Wald" else "hartung_knapp",
    )  # fmt: skip
    design = np.column_stack([np.ones(len(values)), values])
    if method == "REML" and _highest_tau2(effects, found.tau2, design) != found.tau2:
        raise ValueError("the likelihood has two maxima, and the library takes the lower one; "
                         "use method='PM' or 'DL'")  # fmt: skip
    return pd.DataFrame(found.coefficients.assign(tau2=found.tau2))


def asymmetry(effects: pd.DataFrame) -> pd.DataFrame:
    """Test with Egger's regression whether small trials differ from large ones, from ten on."""
    check_poolable(effects)
    if len(effects) < FEWEST:
        raise ValueError(f"the test needs {FEWEST} trials; there are {len(effects)}")
    test = _average(effects).egger_test()
    found = {"intercept": test.intercept, "t": test.statistic, "df": test.df}
    return pd.DataFrame([found | {"p_value": test.pvalue}])


def compare_with_metafor() -> pd.DataFrame:
    """Pool known data, and set each value beside the one that metafor gives.

    >>> compare_with_metafor().loc["tau2", ["metafor", "here"]].round(6).tolist()
    [684.646152, 684.646152]
    """
    known = json.loads(Path(__file__).with_name("metafor.json").read_text("utf-8"))
    trials = pd.DataFrame({column: known[column] for column in ("effect", "standard_error")})
    trials = trials.assign(source_id=trials.index.astype(str), effect_measure="MD", unit="days")
    values = pd.Series(known["values"], name="metafor")
    made_by = f"{known['version']}: {known['call']}, on {known['source']}. Here: {LIBRARY} "
    here = pool(trials).loc[POOLED].reindex(values.index).astype(float)
    return pd.DataFrame({"metafor": values, "here": here, "made_by": made_by + version(LIBRARY)})
