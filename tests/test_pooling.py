"""Pooling gives what metafor gives; what cannot be pooled, drawn or listed is refused."""

import csv
import re
from collections.abc import Iterator
from math import log
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from evidence_tools import (
    Evidence,
    agreement_plot,
    findings_table,
    forest_plot,
    marker_plot,
    narrate_pooled,
    narrate_releases,
    narrate_rows,
    pooling,
    rows_table,
    timeline_plot,
)
from evidence_tools.evidence.effects import OF_EVENTS, effect_sizes, printed_effects
from evidence_tools.evidence.pooling import POOLED, pool
from evidence_tools.evidence.problems import UnknownKeyError

MODERATORS = ("source_id", "ablat", "alloc", "year")


def cases() -> Iterator[Any]:
    data = ""
    with Path(__file__).with_name("metafor.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            data = row["data"] or data
            name = f"{row['case']} {row['measure']} {row['function']} {row['arguments']}"
            yield pytest.param(row | {"data": data}, id=name)


def make_effects(measure: str, data: str) -> pd.DataFrame:
    """Read "4/123 11/139 |44 random 1948; ...", means as "m,sd,n m,sd,n", or "effect,variance"."""
    arms, more = [], []
    for number, trial in enumerate(data.split("; ")):
        text, _, extra = trial.partition("|")
        pair = text.split()
        more.append(dict(zip(MODERATORS, [f"t{number}", *extra.split()], strict=False)))
        if len(pair) == 1:
            effect, variance = map(float, pair[0].split(","))
            more[-1] |= {"effect": effect, "standard_error": variance**0.5}
            continue
        for role, cell in zip(("intervention", "comparator"), pair, strict=False):
            arms.append(arm(f"t{number}", role, measure, cell))
    if not arms:
        return pd.DataFrame(more).assign(effect_measure=measure, unit="u")
    return effect_sizes(pd.DataFrame(arms), measure).merge(pd.DataFrame(more), on="source_id")


def arm(source: str, role: str, measure: str, cell: str) -> dict[str, Any]:
    shared = {"source_id": source, "role": role, "arm": "none", "outcome_id": "o", "unit": "u",
              "measured_as": pd.NA, "value_type": "endpoint", "timepoint": "1 year"}  # fmt: skip
    if measure in OF_EVENTS:
        events, n = map(int, cell.split("/"))
        return shared | {"events": events, "n": n}
    mean, sd, n = cell.split(",")
    values = {"mean": float(mean), "mean_printed": mean, "dispersion": float(sd)}
    return shared | values | {"n": int(n), "dispersion_type": "SD"}


def computed(row: dict[str, str]) -> dict[str, list[float]]:
    """Ask the package for what one row of the table asked metafor."""
    effects = make_effects(row["measure"], row["data"])
    if row["function"] == "effect_sizes":
        return {name: list(effects[name]) for name in ("effect", "standard_error")}
    kept = effects[effects["effect"].notna()].astype({"source_id": object})
    for name in {"ablat", "year"} & {*kept.columns}:
        kept[name] = pd.to_numeric(kept[name])
    ways = row["arguments"].split()
    arguments = ["ablat", "REML", *ways] if row["function"] == "meta_regression" else ways
    found = getattr(pooling, row["function"])(kept, *arguments)
    if row["function"] != "pool":
        return {name: list(found[name]) for name in found}
    analysed = log if row["measure"] in ("RR", "OR", "ROM") else float
    last = found.loc[POOLED]
    values = {name: [last[name]] for name in found} | {"weight": list(found["weight"])[:-1]}
    values["prediction"] = [analysed(last[f"prediction_{end}er"]) for end in ("low", "upp")]
    return values | {e: [analysed(last[f"ci_{e}er"])] for e in ("low", "upp")}


@pytest.mark.parametrize("row", list(cases()))
def test_every_value_is_that_of_metafor(row: dict[str, str]) -> None:
    ours = computed(row)
    for part in row["values"].split("; "):
        name, _, printed = part.partition("=")
        numbers = [None if text == "-" else float(text) for text in printed.split()]
        mine = [None if pd.isna(value) else float(value) for value in ours[name]]
        assert len(mine) == len(numbers), name
        for value, reference in zip(mine, numbers, strict=True):
            assert value == (
                None if reference is None else pytest.approx(reference, rel=1e-6, abs=1e-13)
            ), name


def effects(**columns: Any) -> pd.DataFrame:
    usual = {"source_id": ["a", "b", "c"], "effect_measure": "MD", "outcome_id": "o", "unit": "u",
             "comparator": "none", "effect": [0.1, 0.4, 0.2], "missing": "",
             "standard_error": [0.1, 0.2, 0.1]}  # fmt: skip
    return pd.DataFrame(usual | columns)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (effects()[:1], "needs two trials; there is one"),
        (effects()[:0], "needs two trials; there are none"),
        (effects(unit=["u", "v", "u"]), "different units: u, v"),
        (effects(unit=pd.NA), "the unit is not stated"),
        (effects(effect_measure=["MD", "RR", "MD"]), "different effect measures: MD, RR"),
        (effects(outcome_id=["o", "p", "o"]), "different outcomes: o, p"),
        (effects(comparator=["none", "salt", "none"]), "different comparators: none, salt"),
        (effects(source_id=["a", "a", "b"]), "the trial a is counted twice"),
        (effects(standard_error=[0.1, None, 0.1]), "no effect with its spread for b"),
        (effects(standard_error=[0.1, 0, 0.1]), "no effect with its spread for b"),
        (effects(effect=[0.1, float("inf"), 1]), "no effect with its spread for b"),
        (effects(effect=0.2), "would have no width"),
        (effects(effect_measure="SMD", value_type=["endpoint", "change from baseline", "endpoint"]),
         "have other spreads"),
        (effects(effect_measure="x"), "found the measure 'x'; allowed: MD"),
        (effects(source_id=[None, "a", None]), "the trial not stated is counted twice"),
        (pool(effects()), "an average is among the effects"),
    ],
)  # fmt: skip
def test_what_must_not_be_averaged_is_refused(frame: pd.DataFrame, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        pool(frame)


def altered(topic: Evidence, **cells: Any) -> pd.DataFrame:
    rows = topic.findings.query("outcome_id == 'som' and unit == 'ng/mL'")
    return printed_effects(rows).assign(**cells)


ARMS, PASS = "pass rows of evidence.arms", "pass what pooling"


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda t: pool(effects(), "fixed", "Hartung-Knapp"), "Wald interval only"),
        (lambda t: pool(effects(), "ML"), "allowed: REML, PM, DL, fixed"),
        (lambda t: pooling.asymmetry(effects()), "needs 10 trials; there are 3"),
        (lambda t: pooling.meta_regression(effects(x=1.0), "x"), "not all alike"),
        (lambda t: pooling.subgroups(effects(g=["x", "x", "y"]), "g"), "there is one"),
        (lambda t: pooling.subgroups(effects(g=["x", "x", None]), "g"), "not stated for c"),
        (lambda t: effect_sizes(effects(), "HR"), "allowed: MD, SMD, ROM, RR, OR, RD"),
        (lambda t: pool("x"), "found str, which is no frame; make it with pooling"),
        (lambda t: pool(t.arms), "no effect_measure, effect, standard_error; make it with pooling"),
        (lambda t: pool(effects(effect=["a", 1, 2])), "'effect' holds 'a'; allowed: numbers"),
        (lambda t: effect_sizes(None, "RR"), f"found NoneType, .*; {ARMS}"),
        (lambda t: effect_sizes(t.findings, "RR"), f"has no .*arm, events, n; {ARMS}"),
        (lambda t: effect_sizes(t.arms.assign(n="few"), "RR"), "'n' holds 'few'; allowed: numbers"),
        (lambda t: effect_sizes(t.arms, None), "found the measure None; allowed: MD"),
        (lambda t: printed_effects(t.arms), "no effect_measure, .*; pass rows of .*findings"),
        (lambda t: pooling.cumulative(effects(), "year"), "no year; join it"),
        (lambda t: pooling.meta_regression(effects(x="a"), "x"), "'x' holds 'a'; .*join it"),
        (lambda t: narrate_pooled("x"), f"found str, .*; {PASS}.pool"),
        (lambda t: narrate_pooled(effects()), f"has no .*; {PASS}.pool"),
        (lambda t: narrate_pooled(t.findings), f"has no .*; {PASS}.pool"),
        (lambda t: narrate_pooled(t.arms[:0]), "no rows in it; check the filter"),
        (lambda t: narrate_pooled(pooling.leave_one_out(effects())), "found no average .*pool"),
        (lambda t: narrate_pooled(pool(effects().drop(columns="outcome_id"))), "no outcome_id; "),
        (lambda t: narrate_pooled(pool(effects(outcome_id="soms"))), "no 'soms' in outcomes; near"),
        (lambda t: forest_plot(t.findings, funnel=True), f"has no .*; {PASS}.pool"),
        (lambda t: forest_plot(pool(effects()), funnel=True), "needs 10 trials; there are 3"),
        (lambda t: rows_table("arms", t.arms), "rows come first, then the name of their table"),
        (lambda t: rows_table(t.findings, "averages"), f"has no .*; {PASS}.subgroups"),
        (lambda t: rows_table(t.findings, "finding"), "no 'finding'; it has sources, kinds"),
        (lambda t: rows_table(t.sources, "sources", ["titel"]), "no column 'titel'; its columns"),
        (lambda t: findings_table(t.findings, name="../zz"), "the name '../zz'; allowed: letters"),
        (lambda t: marker_plot(["larkin2024-som"], name=""), "found the name ''; allowed: letters"),
        (lambda t: pool(altered(t)), "different comparators: not stated, no lamp; pool those"),
        (lambda t: pool(altered(t, effect=[9.0, 1.0], comparator="x")), "white2020, fern2019: so"),
        (lambda t: pool(altered(t, source_id=["reed2016"] * 2, comparator="x")), "reed2016: so"),
        (lambda t: narrate_pooled(pool(effects()).assign(estimate=0.5)), f"other numbers .*{PASS}"),
        (lambda t: narrate_rows(["fern2019"], "trials"), "'trials' is no list; there are state"),
        (lambda t: marker_plot(["moss2021-accident"]), "moss2021-accident: for ratios use forest"),
        (lambda t: forest_plot(t.select(outcome="som")), "MD, unit not .*som; .*SMD, SD.*marker_p"),
        (lambda t: forest_plot(["larkin2024-som", "larkin2024-vig"]), "share no scale"),
        (lambda t: agreement_plot(["moss2021-accident-sens"]), "main result"),
        (lambda t: timeline_plot(["dor"]), "time of measurement"),
        (lambda t: rows_table([], "agreement"), f"found list, .*; {PASS}.compare_with_metafor"),
        (lambda t: narrate_releases(t.findings), r"found DataFrame; pass load_evidence\(\)"),
    ],
)
def test_wrong_input_is_refused_with_what_to_do(topic: Evidence, ask: Any, says: str) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError, UnknownKeyError)) as refused:
        ask(topic)
    assert re.search(says, str(refused.value)), refused.value
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("reed2016", "the trial fern2019 is counted twice"),
        ("wren2012", "wren2012 is not to be relied on"),  # retracted
        ("moss2021", "moss2021 has no row in trials.csv"),  # a review
    ],
)
def test_what_the_tables_say_about_a_trial_counts(
    changed_topic: Any, source: str, reason: str
) -> None:
    evidence = changed_topic("trials", "reed2016", same_trial_as="fern2019")
    frame = effects(source_id=["fern2019", source, "owl2014"])
    frame.attrs = evidence.findings.attrs
    with pytest.raises(ValueError, match=reason):
        pool(frame)


@pytest.mark.parametrize(
    ("measure", "pair", "words"),
    [
        ("RR", ["0/10", "0/12"], "no events in either arm"),
        ("OR", ["10/10", "12/12"], "nothing but events"),
        ("OR", ["11/10", "2/12"], "more events than participants"),
        ("OR", ["-1/10", "2/12"], "events are below zero"),
        ("RR", ["0/0", "2/12"], "an arm has no participants"),
        ("MD", ["1,-2,10", "2,1,10"], "a spread is below zero"),
        ("MD", ["1,0,10", "2,0,10"], "the values of both arms do not differ"),
        ("ROM", ["-1,1,10", "2,1,10"], "a mean is not above zero"),
        ("SMD", ["1,1,1", "2,1,10"], "an arm of one has no spread"),
    ],
)
def test_an_effect_that_cannot_be_computed_says_why(
    measure: str, pair: list[str], words: str
) -> None:
    found = make_effects(measure, " ".join(pair)).iloc[0]
    assert (found["missing"], found["effect"] is pd.NA) == (words, True)


def test_a_printed_interval_gives_the_standard_error() -> None:
    row = {"effect_measure": "RR", "estimate": 0.5, "ci_lower": 0.25, "ci_upper": 1.0}
    found = printed_effects(pd.DataFrame([row | {"ci_level": 95}, row | {"ci_level": None}]))
    assert found["standard_error"].iloc[0] == pytest.approx(log(4) / (2 * 1.959963985))
    assert found["missing"].tolist() == ["", "no estimate with its interval is printed"]
