"""Differences between the arms of a trial, where everything that is needed is stated."""

from __future__ import annotations

from statistics import NormalDist

import pandas as pd

from evidence_tools.evidence.arithmetic import clauses

CI_LEVEL = 95
"""Level in percent of the intervals computed here."""

SAME_ARMS = ["source_id", "outcome_id", "measured_as", "value_type", "unit", "timepoint"]
"""What arms share that are compared with each other."""
_ENDS = ("_intervention", "_comparator")
_SDS = ("SD", "SD inferred")


def pair_arms(arms: pd.DataFrame) -> pd.DataFrame:
    """Set each intervention arm beside each comparator of its trial, outcome and time.

    What the arms share, and the columns of each with ``_intervention`` and ``_comparator``.
    """
    rows = arms.reset_index(names="arm_id").assign(order=range(len(arms)))
    rows[SAME_ARMS] = rows[SAME_ARMS].fillna("")
    first, second = (rows[rows["role"] == end.removeprefix("_")] for end in _ENDS)
    pairs = first.merge(second, on=SAME_ARMS, suffixes=_ENDS)
    pairs[SAME_ARMS] = pairs[SAME_ARMS].replace("", pd.NA)
    return pairs.sort_values(["order_intervention", "order_comparator"]).reset_index(drop=True)


def differences(arms: pd.DataFrame) -> pd.DataFrame:
    """Compute the mean difference between paired arms, with its interval.

    ``SE = sqrt(sd1**2 / n1 + sd2**2 / n2)``, and the interval takes the normal distribution
    (Higgins JPT, Li T, Deeks JJ 2024, Cochrane Handbook chapter 6; ``higgins2024effect``). Added to
    the pairs are ``mean_difference`` (intervention minus comparator, in the unit of the arms),
    ``standard_error``, ``ci_lower``, ``ci_upper``, ``digits`` (one more than the means are printed
    with), ``sd_inferred``, and ``missing``: in words what is not stated, empty where a difference
    was computed.

    Examples
    --------
    >>> import pandas as pd
    >>> arm = dict.fromkeys(["source_id", "outcome_id", "measured_as", "value_type"], "same")
    >>> arm |= {"unit": "mg", "timepoint": "1 year", "n": 25, "dispersion": 1.0}
    >>> arm |= {"dispersion_type": "SD", "mean": 2.0, "mean_printed": "2.0"}
    >>> rows = [arm | {"role": "intervention", "mean": 3.0}, arm | {"role": "comparator"}]
    >>> found = differences(pd.DataFrame(rows, index=["a", "b"]))
    >>> float(found.loc[0, "mean_difference"]), round(float(found.loc[0, "standard_error"]), 3)
    (1.0, 0.283)
    """
    pairs = pair_arms(arms)
    means, sizes, kinds, spreads = (
        pairs[[column + end for end in _ENDS]]
        for column in ("mean", "n", "dispersion_type", "dispersion")
    )
    missing = clauses(pairs.index, [
        (means.isna().any(axis=1), "no means are printed"),
        (sizes.isna().any(axis=1), "number of participants in each arm not stated"),
        (kinds.isna().any(axis=1), "spread not stated"),
        (kinds.notna().all(axis=1) & ~kinds.isin(_SDS).all(axis=1),
         "spread is no standard deviation"),
        ((sizes < 2).any(axis=1), "an arm of one has no spread"),
    ])  # fmt: skip
    variance = spreads.astype("Float64").to_numpy() ** 2 / sizes.astype("Float64").to_numpy()
    error = pd.Series(variance.sum(axis=1), pairs.index) ** 0.5
    margin = NormalDist().inv_cdf(0.5 + CI_LEVEL / 200) * error
    difference = pairs["mean" + _ENDS[0]] - pairs["mean" + _ENDS[1]]
    computed = {
        "mean_difference": difference,
        "standard_error": error,
        "ci_lower": difference - margin,
        "ci_upper": difference + margin,
    }
    decimals = [
        pairs["mean_printed" + end].str.replace(r"^[^.]*\.?", "", regex=True).str.len()
        for end in _ENDS
    ]
    return pairs.assign(
        **{name: value.astype("Float64").where(missing == "") for name, value in computed.items()},
        digits=(pd.concat(decimals, axis=1).max(axis=1) + 1).astype("Int64"),
        sd_inferred=(kinds == "SD inferred").any(axis=1),
        missing=missing,
    )
