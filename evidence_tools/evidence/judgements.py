"""What rows amount to: which results count and conflict, how certain and limited they are."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from evidence_tools.evidence.arithmetic import MOVED, clauses
from evidence_tools.evidence.frames import split_list
from evidence_tools.evidence.topic import Topic

LEVELS = ("high", "moderate", "low", "very low")
"""GRADE levels from the highest; randomized trials start at the first.

Balshem H et al. 2011, doi 10.1016/j.jclinepi.2010.07.015.
"""

DOMAINS = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias")
"""Reasons for which GRADE lowers the certainty of randomized trials."""

LEVELS_DOWN = {"no concern": 0, "not assessed": 0, "serious": 1, "very serious": 2}
"""By how many levels each judgement lowers the certainty."""


def rate(judgements: pd.DataFrame) -> pd.DataFrame:
    """Compute the certainty of each outcome from declared judgements.

    Evidence from randomized trials starts at high and goes down by one level for each serious
    and by two for each very serious concern. GRADE has no level for what nobody judged; it is a
    rule of this report that a domain not assessed supports nothing, so the level is at most low.
    ``certainty`` is the level, and ``rating`` says also whether it may be lower.

    >>> rows = [("pain", "risk_of_bias", "serious"), ("pain", "imprecision", "no concern")]
    >>> judged = pd.DataFrame(rows, columns=["outcome_id", "domain", "judgement"])
    >>> rate(judged).loc["pain", "rating"]
    'moderate'
    """
    judged, outcome = judgements["judgement"], judgements["outcome_id"]
    unknown = (judged == "not assessed").groupby(outcome, sort=False).any()
    down = judged.map(LEVELS_DOWN).groupby(outcome, sort=False).sum()
    down = down.clip(lower=unknown * LEVELS.index("low"), upper=len(LEVELS) - 1)
    certainty = down.map(dict(enumerate(LEVELS)))
    # Below the lowest level there is nothing that the certainty could be at most.
    bound = (unknown & (certainty != LEVELS[-1])).map({True: "at most ", False: ""})
    return pd.DataFrame({"certainty": certainty, "rating": bound + certainty}, dtype="string")


def find_misfits(judgements: pd.DataFrame, findings: pd.DataFrame) -> pd.DataFrame:
    """Find declared judgements that the findings no longer support, with the ``reason``.

    Opposite significant results that count are inconsistency, and opposite ones of which nobody
    says whether they are significant may be; results without significance are imprecision or
    silence, never inconsistency. Imprecision without a concern needs findings
    whose intervals exclude no difference (``excludes_null``). The other domains cannot be
    computed from findings.
    """
    keys = judgements["finding_ids"].map(split_list).explode().dropna()
    rests_on = findings.loc[[*keys]].set_index(keys.index)
    domain, conflicting = judgements["domain"], findings.loc[findings["conflict"], "outcome_id"]
    conflict = (domain == "inconsistency") & judgements["outcome_id"].isin(conflicting)
    concern = judgements["judgement"].map(LEVELS_DOWN) > 0
    spoken = rests_on["direction"].where(rests_on["statistically_significant"] != "no")
    opposite = spoken[spoken.isin(MOVED)].groupby(level=0).nunique() > 1
    precise = rests_on["excludes_null"].fillna(False).groupby(level=0).all()
    counts = rests_on["standing"].isin(["counted", "context"]).groupby(level=0).all()
    opposite, precise = (of.reindex(domain.index, fill_value=False) for of in (opposite, precise))
    counts = counts.reindex(domain.index, fill_value=True)
    reason = clauses(domain.index, [
        (conflict & ~concern, "results that count conflict in direction"),
        ((domain == "inconsistency") & concern & ~conflict & ~opposite,
         "no results that count conflict in direction"),
        ((domain == "imprecision") & (judgements["judgement"] == "no concern") & ~precise,
         "not every finding it rests on has an interval that excludes no difference"),
        (~counts, "it rests on a result that does not count"),
    ])  # fmt: skip
    return judgements.assign(reason=reason).query("reason != ''")


STRIKES_OUT = ("retracted", "caution_published")
"""Integrity of sources whose figures are shown struck out, never as evidence."""

STANDINGS = ("counted", "context", "set aside", "superseded", "struck out")
"""How a result takes part: only ``counted`` ones agree or conflict with others."""


def standing_of(findings: pd.DataFrame, topic: Topic) -> pd.Series[str]:
    """Say how each result takes part in the comparison of sources, as one of :data:`STANDINGS`.

    A result is removed only when its source was retracted or is under a published caution, when
    it was corrected, or when its own source contradicts it. A result on another form or other
    people than ``topic.counts`` names, or within one arm, is context.
    """
    other = (findings["contrast"] == "within an arm").fillna(False)
    for column in ("form", "population_group"):
        if allowed := topic.counts.get(f"{column}s"):
            other |= ~findings[column].isin(allowed)
    return pd.Series("counted", findings.index, dtype="string").case_when([
        (findings["integrity"].isin(STRIKES_OUT), "struck out"),
        (findings["superseded_by"].notna(), "superseded"),
        (findings["set_aside"].notna(), "set aside"),
        (other.astype(bool), "context"),
    ])  # fmt: skip


def rests_on(certainty: pd.DataFrame) -> dict[str, list[str]]:
    """List the findings that the certainty of each outcome rests on: those judged for precision."""
    rows = certainty[certainty["domain"] == "imprecision"].dropna(subset="finding_ids")
    return dict(zip(rows["outcome_id"], rows["finding_ids"].map(split_list), strict=True))


def conflicting_outcomes(findings: pd.DataFrame) -> set[str]:
    """Find outcomes with both a significant increase and a significant decrease that count.

    Only primary results are looked at. A result without significance refutes nothing.
    """
    sure = findings["direction"].isin(MOVED) & (findings["statistically_significant"] == "yes")
    counted = findings[sure].query("standing == 'counted' and analysis == 'primary'")
    counted = counted[counted["contrast"].fillna("") != "among all arms"]
    directions = counted.groupby("outcome_id")["direction"].nunique()
    return set(directions.index[directions > 1])


def compare(findings: pd.DataFrame, outcomes: pd.DataFrame, central: str) -> pd.DataFrame:
    """Set primary results beside those of the central source on the same outcome.

    A result on several outcomes taken together (``covers``) is set beside each outcome of the
    kinds it covers, unless it says which of them were measured. One row per result and outcome:
    ``finding_id``, ``outcome_id``, ``central_id`` (missing where the central source has no result
    that counts) and ``relation``, which is the standing of a result that does not count; reviews
    before trials, newer before older.
    """
    primary = findings[findings["analysis"] == "primary"].reset_index(names="finding_id")
    primary = primary.assign(own=primary["source_id"] != central, age=-primary["year"].fillna(0))
    primary = primary.sort_values(["own", "evidence_level", "age", "source"], kind="stable")
    names = {"finding_id": "central_id", "outcome_id": "compared", "direction": "central_direction",
             "statistically_significant": "central_significant"}  # fmt: skip
    base = primary[~primary["own"] & (primary["standing"] == "counted")]
    base = base.drop_duplicates("outcome_id")[[*names]].rename(columns=names)
    reported = set(findings.loc[findings["source_id"] == central, "outcome_id"])
    single = outcomes[outcomes.index.isin(reported)].reset_index(names="compared")
    covered = outcomes["covers"].map(split_list).explode().dropna().rename("kind").reset_index()
    covered = covered.merge(single[["compared", "kind"]], on="kind")[["outcome_id", "compared"]]
    together = primary[primary["measured_as"].isna()]
    alone = primary.assign(compared=primary["outcome_id"])
    rows = pd.concat([alone, together.merge(covered, on="outcome_id")], ignore_index=True)
    rows = rows.merge(base, on="compared", how="left")
    kept = rows[["finding_id", "compared", "central_id"]].assign(relation=_relation(rows))
    return kept.rename(columns={"compared": "outcome_id"})


def _relation(rows: pd.DataFrame) -> pd.Series[str]:
    """Say how each result relates to that of the central source; the first that holds counts."""
    ways = {"increase": 1, "decrease": -1, "no_significant_change": 0}
    own, central = (rows[c].map(ways).astype("Float64") for c in ("direction", "central_direction"))
    own *= rows["statistically_significant"] != "no"  # such a change is as good as none
    central *= rows["central_significant"] != "no"
    sure = (rows["statistically_significant"] == "yes") & (rows["central_significant"] == "yes")
    words: list[tuple[Any, Any]] = [
        (rows["finding_id"] == rows["central_id"], "central source"),
        (rows["standing"] != "counted", rows["standing"]),
        (rows["central_id"].isna(), "not compared"),
        (rows["contrast"] == "among all arms", "open"),
        ((own == 0) & central.notna(), "not significant"),
        (own.notna() & (central == 0), "reports a change"),
        ((own == -central) & sure, "conflicts"),
        (own == -central, "opposite, significance not stated"),
        (own == central, "agrees"),
    ]
    relation = pd.Series("open", rows.index, dtype="string")
    return relation.case_when([(holds.fillna(False).astype(bool), word) for holds, word in words])


def turned_results(findings: pd.DataFrame) -> set[str]:
    """Find primary results whose significance turns in a sensitivity analysis, or a correction."""
    rows = findings.reset_index(names="finding_id")
    primary, other = (rows[rows["analysis"] == word] for word in ("primary", "sensitivity"))
    corrected = primary.merge(rows, left_on="superseded_by", right_on="finding_id")
    pairs = pd.concat([primary.merge(other, on=["source_id", "outcome_id"]), corrected])
    both = pairs[["statistically_significant_x", "statistically_significant_y"]]
    turned = both.isin(["yes", "no"]).all(axis=1) & (both.nunique(axis=1) == 2)
    return set(pairs.loc[turned, "finding_id_x"])


def first_reports(sources: pd.Series[str], trials: pd.DataFrame) -> pd.Series[str]:
    """Name for each source the first report of its trial; a trial may have several."""
    return sources.map(trials["same_trial_as"]).fillna(sources)


_TIMES = re.compile(r"(.*?)\b(day|week|month|year)s?\b")
_MONTHS = {"day": 12 / 365.25, "week": 12 * 7 / 365.25, "month": 1.0, "year": 12.0}


def read_times(timepoint: str) -> list[float]:
    """Read times as months.

    >>> read_times("6 and 12 months"), read_times("2 years (measured at 1)")
    ([6.0, 12.0], [24.0])
    """
    return sorted(
        float(number) * _MONTHS[unit]
        for numbers, unit in _TIMES.findall(re.sub(r"\(.*?\)", "", timepoint))
        for number in re.findall(r"\d+(?:\.\d+)?", numbers)
        if float(number)
    )
