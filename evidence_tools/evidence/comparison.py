"""Which results count, and how each relates to the central source and to its own alternatives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from evidence_tools.evidence.frames import split_list
from evidence_tools.evidence.topic import Topic

STRIKES_OUT = ("retracted", "caution_published")
"""Integrity of sources whose figures are shown struck out, never as evidence."""

STANDINGS = ("counted", "context", "set aside", "superseded", "struck out")
"""How a result takes part: only ``counted`` ones agree or conflict with others."""

_MOVED = ("increase", "decrease")


def standing_of(findings: pd.DataFrame, topic: Topic) -> pd.Series[str]:
    """Say how each result takes part in the comparison of sources, as one of :data:`STANDINGS`.

    A result is removed only when its source was retracted or is under a published caution, when
    it was corrected, or when its own source contradicts it. A result on another form or other
    people than ``topic.counts`` names, or within one arm, is context.
    """
    standing = pd.Series("counted", findings.index, dtype="string")
    for column in ("form", "population_group"):
        if allowed := topic.counts.get(f"{column}s"):
            standing = standing.mask(~findings[column].isin(allowed), "context")
    standing = standing.mask((findings["contrast"] == "within an arm").fillna(False), "context")
    standing = standing.mask(findings["set_aside"].notna(), "set aside")
    standing = standing.mask(findings["superseded_by"].notna(), "superseded")
    return standing.mask(findings["integrity"].isin(STRIKES_OUT), "struck out")


def conflicting_outcomes(findings: pd.DataFrame) -> set[str]:
    """Find outcomes with both a significant increase and a significant decrease that count.

    Only primary results are looked at. A result without significance refutes nothing.
    """
    counted = findings[
        (findings["standing"] == "counted")
        & (findings["analysis"] == "primary")
        & (findings["statistically_significant"] == "yes")
        & findings["direction"].isin(_MOVED)
        & (findings["contrast"] != "among all arms").fillna(True)
    ]
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
    base = primary[~primary["own"] & (primary["standing"] == "counted")]
    names = {
        "finding_id": "central_id",
        "direction": "central_direction",
        "statistically_significant": "central_significant",
        "outcome_id": "compared",
    }
    base = base.drop_duplicates("outcome_id")[[*names]].rename(columns=names)
    reported = set(findings.loc[findings["source_id"] == central, "outcome_id"])
    single = outcomes[outcomes.index.isin(reported)].reset_index(names="compared")
    covered = outcomes["covers"].map(split_list).explode().dropna().rename("kind").reset_index()
    covered = covered.merge(single[["compared", "kind"]], on="kind")[["outcome_id", "compared"]]
    together = primary[primary["measured_as"].isna()]
    rows = pd.concat(
        [primary.assign(compared=primary["outcome_id"]), together.merge(covered, on="outcome_id")],
        ignore_index=True,
    ).merge(base, on="compared", how="left")
    rows["relation"] = _relation(rows)
    kept = rows[["finding_id", "compared", "central_id", "relation"]]
    return kept.rename(columns={"compared": "outcome_id"})


def _relation(rows: pd.DataFrame) -> pd.Series[str]:
    direction, central = rows["direction"], rows["central_direction"]
    moved, base_moved = direction.isin(_MOVED), central.isin(_MOVED)
    silent = (direction == "no_significant_change") | (
        moved & (rows["statistically_significant"] == "no")
    )
    both = (rows["statistically_significant"] == "yes") & (rows["central_significant"] == "yes")
    relation = pd.Series("open", rows.index, dtype="string")
    base_silent = (central == "no_significant_change").fillna(False)
    for holds, word in (
        (base_silent & moved, "reports a change"),
        (moved & base_moved & (direction == central), "agrees"),
        (moved & base_moved & (direction != central), "opposite, significance not stated"),
        (silent & base_moved, "not significant"),
        (silent & base_silent, "agrees"),
        (moved & base_moved & (direction != central) & both, "conflicts"),
        (rows["contrast"] == "among all arms", "open"),
        (rows["central_id"].isna(), "not compared"),
        (rows["standing"] != "counted", rows["standing"]),
        (rows["finding_id"] == rows["central_id"], "central source"),
    ):
        relation = relation.mask(holds.fillna(False).astype(bool), word)
    return relation


def find_alternatives(findings: pd.DataFrame) -> pd.DataFrame:
    """Pair each primary result with its sensitivity analyses and with its correction.

    Columns ``primary_id``, ``alternative_id`` and ``changes_significance``: only one of the two
    is called significant.
    """
    rows = findings.reset_index(names="finding_id").assign(order=range(len(findings)))
    primary = rows[rows["analysis"] == "primary"]
    other = rows[rows["analysis"] == "sensitivity"]
    ends = ("", "_other")
    corrected = primary.merge(rows, left_on="superseded_by", right_on="finding_id", suffixes=ends)
    same = primary.merge(other, on=["source_id", "outcome_id"], suffixes=ends)
    pairs = pd.concat([same, corrected]).sort_values("order", kind="stable", ignore_index=True)
    changes = pairs["statistically_significant"] != pairs["statistically_significant_other"]
    columns = {"finding_id": "primary_id", "finding_id_other": "alternative_id"}
    return pairs[[*columns]].rename(columns=columns).assign(changes_significance=changes)


def missing_rows(tables: Mapping[str, pd.DataFrame], central: str) -> Iterator[tuple[str, str]]:
    """List what rows leave open, as ``(table, sentence)``: an author may still add it."""
    sources, findings, trials = tables["sources"], tables["findings"], tables["trials"]
    for source in sources.index[(sources["design"] == "rct") & ~sources.index.isin(trials.index)]:
        yield "trials", f"the trial {source!r} has no row in trials.csv: dose, duration, comparator"
    silent = sources[~sources.index.isin(findings["source_id"])]
    for source in silent.index[silent["design"].isin(["rct", "meta_analysis"])]:
        yield "findings", f"{source!r} has no finding; add one, also when nothing changed"
    reported = findings.loc[findings["source_id"] == central, "outcome_id"].drop_duplicates()
    for outcome in reported[~reported.isin(tables["certainty"]["outcome_id"])]:
        yield "certainty", f"the outcome {outcome!r} has no ratings in certainty.csv"
