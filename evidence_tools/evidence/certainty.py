"""Certainty of evidence: four levels, the judgements they follow from, the words they allow."""

from __future__ import annotations

import pandas as pd

from evidence_tools.evidence.frames import split_list

LEVELS = ("high", "moderate", "low", "very low")
"""GRADE levels from the highest; randomized trials start at the first.

Balshem H et al. 2011, doi 10.1016/j.jclinepi.2010.07.015.
"""

LEVELS_DOWN = {"no concern": 0, "not assessed": 0, "serious": 1, "very serious": 2}
"""By how many levels each judgement lowers the certainty."""

CONCERNS = ("serious", "very serious")


def rate(judgements: pd.DataFrame) -> pd.DataFrame:
    """Compute the certainty of each outcome from declared judgements.

    Evidence from randomized trials starts at high and goes down by one level for each serious
    and by two for each very serious concern. GRADE has no level for what nobody judged; it is a
    rule of this report that a domain not assessed supports nothing, so the level is at most low.
    ``rating`` is the level in words, ``at_most`` says that it may be lower; a column per domain.

    Examples
    --------
    >>> rows = [("pain", "risk_of_bias", "serious"), ("pain", "imprecision", "no concern")]
    >>> judged = pd.DataFrame(rows, columns=["outcome_id", "domain", "judgement"])
    >>> rate(judged).loc["pain", "rating"]
    'moderate'
    """
    if judgements.empty:
        return pd.DataFrame(columns=["certainty", "at_most", "rating"]).rename_axis("outcome_id")
    order = judgements["outcome_id"].drop_duplicates()
    domains = judgements.pivot(index="outcome_id", columns="domain", values="judgement").loc[order]
    unknown = (domains == "not assessed").any(axis=1)
    down = domains.apply(lambda column: column.map(LEVELS_DOWN)).sum(axis=1)
    down = down.clip(lower=unknown * LEVELS.index("low"), upper=len(LEVELS) - 1).astype(int)
    ratings = pd.DataFrame({"certainty": down.map(dict(enumerate(LEVELS)))})
    # Below the lowest level there is nothing that the certainty could be at most.
    ratings["at_most"] = (unknown & (ratings["certainty"] != LEVELS[-1])).astype("boolean")
    bound = ratings["at_most"].map({True: "at most ", False: ""})
    ratings["rating"] = (bound + ratings["certainty"]).astype("string")
    return ratings.astype({"certainty": "string"}).join(domains)


def effect_verb(direction: str, certainty: str) -> str:
    """Choose the verb that a direction and a level of certainty allow, or raise ``ValueError``.

    Santesso N et al. 2020, doi 10.1016/j.jclinepi.2019.10.014.

    Examples
    --------
    >>> effect_verb("increase", "low")
    'may increase'
    """
    verbs = {
        "high": f"{direction}s",
        "moderate": f"probably {direction}s",
        "low": f"may {direction}",
    }
    if direction not in ("increase", "decrease") or certainty not in verbs:
        raise ValueError(f"no verb for {direction!r} at {certainty!r} certainty")
    return verbs[certainty]


def find_misfits(
    judgements: pd.DataFrame, findings: pd.DataFrame, conflicting: set[str]
) -> pd.DataFrame:
    """Find declared judgements that the findings no longer support, with the ``reason``.

    Opposite significant results that count are inconsistency; results without significance are
    imprecision or silence, never inconsistency. Imprecision without a concern needs findings
    whose intervals exclude no difference (``excludes_null``). The other domains cannot be
    computed from findings.
    """
    reasons = []
    for row in judgements.itertuples():
        rests_on = findings.loc[split_list(row.finding_ids)]
        concern, conflict = row.judgement in CONCERNS, row.outcome_id in conflicting
        precise = len(rests_on) > 0 and rests_on["excludes_null"].fillna(False).all()
        if row.domain == "inconsistency" and conflict and not concern:
            reasons.append("results that count conflict in direction")
        elif row.domain == "inconsistency" and concern and not conflict:
            reasons.append("no results that count conflict in direction")
        elif row.domain == "imprecision" and row.judgement == "no concern" and not precise:
            reasons.append("not every finding it rests on has an interval that excludes no "
                           "difference")  # fmt: skip
        elif not rests_on["standing"].isin(["counted", "context"]).all():
            reasons.append("it rests on a result that does not count")
        else:
            reasons.append("")
    return judgements.assign(reason=reasons).query("reason != ''")
