"""What only this field knows about rows: a table of rules over frames, each with its sentence.

A rule looks at whole columns at once. It says nothing about a row in which a cell it looks at
has another fault, nor about what is not reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import pandas as pd

from evidence_tools.evidence.frames import PRINTED, LoadedTable
from evidence_tools.evidence.limitations import RULES as LIMITATIONS
from evidence_tools.evidence.measures import RATIOS
from evidence_tools.evidence.problems import Problem, did_you_mean
from evidence_tools.evidence.topic import Topic
from evidence_tools.evidence.views import (
    ARM_FIGURES,
    FIGURES,
    SAME_ARM_GROUP,
    SAME_RESULT,
    view_of,
)

DOMAINS = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias")
"""Reasons for which GRADE lowers the certainty of randomized trials."""

Test = Callable[[pd.DataFrame], "pd.Series[bool]"]


class Rule(NamedTuple):
    """One rule: where it holds, and what an author reads where it is broken.

    ``columns`` are those it looks at; the fault is reported at the first. ``broken`` takes the
    view of the table. In ``sentence`` names of columns in braces are filled in.
    """

    table: str
    columns: tuple[str, ...]
    broken: Test
    sentence: str


def check_rows(tables: Mapping[str, LoadedTable], topic: Topic | None) -> Iterator[Problem]:
    """Apply every rule to the tables: one problem for each rule and row that breaks it."""
    readable = {name: table for name, table in tables.items() if table.readable}
    views = {name: view_of(name, tables) for name in readable if len(tables[name].frame)}
    for rule in RULES:
        if rule.table not in views:
            continue
        view, table = views[rule.table], tables[rule.table]
        for number in view.index[rule.broken(view).fillna(False).astype(bool)]:
            if not any((number, column) in table.broken for column in rule.columns):
                # What else is odd about the cell may follow from this.
                table.broken.add((number, rule.columns[0]))
                row = {k: "blank" if v is pd.NA else v for k, v in view.loc[number].items()}
                yield table.problem(number, rule.columns[0], rule.sentence.format(**row))
    if "certainty" in readable:
        yield from _incomplete_ratings(tables["certainty"])
    for name, column, known in (
        ("limitations", "rule", LIMITATIONS),
        ("advice", "concern", topic.groups if topic else None),
    ):
        if name in readable and known is not None:
            for number, word in tables[name].frame[column].dropna().items():
                if word not in known:
                    message = f"found {word!r}; allowed: {', '.join(known)}"
                    hint = did_you_mean(word, known)
                    yield tables[name].problem(int(str(number)), column, message + hint)


def _incomplete_ratings(table: LoadedTable) -> Iterator[Problem]:
    """Find outcomes that lack a judgement on a domain."""
    if any(column in ("", "outcome_id", "domain") for _, column in table.broken):
        return  # which row is missing is not known
    for outcome, rows in table.frame.groupby("outcome_id"):
        if missing := [domain for domain in DOMAINS if domain not in set(rows["domain"])]:
            remedy = "add it, with the judgement 'not assessed' when nobody could judge"
            message = f"{outcome!r} has no row for {', '.join(missing)}; {remedy}"
            yield table.problem(rows.index[0], "domain", message)


def _above(column: str, limit: str) -> Test:
    return lambda v: v[column] > v[limit]


def _outside(column: str, lower: str, upper: str) -> Test:
    return lambda v: (v[lower] <= v[upper]) & ((v[column] < v[lower]) | (v[column] > v[upper]))


def _blank(column: str, *others: str) -> Test:
    return lambda v: v[column].isna() & v[[*others]].notna().any(axis=1)


def _equal(column: str, value: object) -> Test:
    return lambda v: v[column] == value


def _goes_with(unit: str, measures: tuple[str, ...]) -> Test:
    return lambda v: v["effect_measure"].isin(measures) != (v["unit"] == unit).fillna(False)


def _no_ratio(column: str) -> Test:
    return lambda v: v["effect_measure"].isin(RATIOS) & (v[column] <= 0)


def _silent(v: pd.DataFrame) -> pd.Series[bool]:
    return (v["direction"] == "no_significant_change") & (v["statistically_significant"] == "yes")


def _unprinted(column: str) -> Test:
    return lambda v: pd.Series(
        [text in texts for text, texts in zip(v[column + PRINTED], v["unprinted"], strict=True)],
        v.index,
    )


def _pairs(table: str, *pairs: str) -> list[Rule]:
    """Make rules for columns of which both are filled or none."""
    both = [(a, b) for pair in pairs for a, b in (pair.split(), pair.split()[::-1])]
    sentence = "blank although {} is given; fill both or none"
    return [Rule(table, (a, b), _blank(a, b), sentence.format(b)) for a, b in both]


def _printed(table: str, columns: list[str]) -> list[Rule]:
    sentence = ("found {}, but as_printed is {{as_printed!r}}; the digits must be those of the "
                "source (a spreadsheet drops the zeros of 2.00), or the cell blank")  # fmt: skip
    return [
        Rule(table, (c, "as_printed"), _unprinted(c), sentence.format(f"{{{c}{PRINTED}}}"))
        for c in columns
    ]


_TWIN = (
    "nothing but figures and words tells it from {twin!r}; say in timepoint, analysis or "
    "measured_as what differs, or remove one of the rows"
)
_SILENT = (
    "found 'yes' with the direction 'no_significant_change'; give 'no', or the direction the "
    "source states"
)
_SIGNIFICANT = ("statistically_significant", "direction")
_SWAPPED = "{lower_printed} is above {upper_printed}; the limits are swapped"
_COPY = "; copy it, or say in 'misfit' why not"
# "Two of its trials were retracted" is no statement on the source itself.
_RETRACTED = r"^(?:article |paper )?retracted\b|(?:^|it |source )(?:was|is|has been) retracted"
_DOUBT = r"(?<!no )(?:integrity concern|expression of concern|caution to readers)|do not use"
# An interval in words, or two numbers between brackets.
_INTERVAL = r"\bCI\b\D*\d|\(-?\d[\d.]* ?(?:to|[-~;,]) ?-?\d[\d.]*\)"
# What may be below zero: shares, and distances from a mean.
_SIGNED = "%|percent|^SD$"
# A rule that explains others comes before them.
RULES: tuple[Rule, ...] = (
    # Sources
    Rule("sources", ("integrity_checked",), lambda v: v["integrity_checked"] > pd.Timestamp.now(),
         "found {integrity_checked:%Y-%m-%d}, a day in the future; give the day of the look-up"),
    Rule("sources", ("year", "integrity_checked"),
         lambda v: v["year"] > v["integrity_checked"].dt.year + 1,
         "found {year}, but it was looked up on {integrity_checked:%Y-%m-%d}; correct one"),
    Rule("sources", ("doi",),
         lambda v: v["doi"].str.lower().str.rstrip(".").duplicated() & v["doi"].notna(),
         "found {doi!r}, the DOI of another source too; each publication is one source"),
    Rule("sources", ("integrity", "note", "title"),
         lambda v: (v["integrity"] != "retracted")
         & (v["note"].str.contains(_RETRACTED, case=False).fillna(False)
            | v["title"].str.contains(r"^\W*retracted\b", case=False)),
         "found {integrity!r}, but note or title say that it was retracted; give 'retracted'"),
    Rule("sources", ("integrity", "note"),
         lambda v: (v["integrity"] == "none_known") & v["note"].str.contains(_DOUBT, case=False),
         "found 'none_known', but the note tells of a concern; give it here"),
    # Outcomes and their kinds
    Rule("kinds", ("surrogate", "role"),
         lambda v: ((v["role"] == "marker") & (v["surrogate"] == "no"))
         | ((v["role"] == "event") & (v["surrogate"] == "yes")),
         "found {surrogate!r} with the role {role!r}; a marker is a surrogate, an event is none"),
    Rule("outcomes", ("surrogate", "kind"),
         lambda v: v["surrogate"] != v["kind_surrogate"].map({"yes": True, "no": False}),
         "does not fit the kind {kind!r}, for which outcome_kinds.csv says {kind_surrogate!r}"),
    # Findings: what is printed
    Rule("findings", ("as_printed", "estimate"), _blank("as_printed", "estimate", "p_value"),
         "blank although a figure is given; copy it here as the source prints it"),
    Rule("findings", ("as_printed",), lambda v: v["as_printed"].str.contains("\N{MINUS SIGN}"),
         "found the minus sign '\N{MINUS SIGN}' in {as_printed!r}; write it as '-', as in -1.54"),
    Rule("findings", ("p_value",), _equal("p_value", 0),
         "found {p_value_printed!r}; a p-value is greater than zero: write '<' and the smallest "
         "that the printed digits exclude, such as <0.001"),
    Rule("findings", ("p_value", "as_printed"), lambda v: v["p_unprinted"] & v["p_value"].notna(),
         "found {p_value_printed!r}, but as_printed is {as_printed!r}; the digits and the sign "
         "'<' must be those of the source"),
    Rule("findings", ("ci_level", "ci_lower", "ci_upper"),
         lambda v: v["ci_level"].notna() & v["ci_lower"].isna() & v["ci_upper"].isna(),
         "given without an interval; leave it blank or give both limits"),
    *_printed("findings", FIGURES),
    Rule("findings", ("estimate", "as_printed", "effect_measure"),
         lambda v: v["prints_estimate"] & v["estimate"].isna() & v["misfit"].isna(),
         "blank, but as_printed has a figure for {measures}" + _COPY),
    Rule("findings", ("ci_lower", "as_printed", "estimate"),
         lambda v: v["as_printed"].str.contains(_INTERVAL) & v["estimate"].notna()
         & v["ci_lower"].isna() & v["ci_upper"].isna() & v["misfit"].isna(),
         "blank, but as_printed has an interval" + _COPY),
    # Findings: interval, scale and unit
    *_pairs("findings", "ci_lower ci_upper", "prediction_lower prediction_upper",
            "effect_measure estimate"),
    Rule("findings", ("ci_lower", "ci_upper"), _above("ci_lower", "ci_upper"),
         _SWAPPED.replace("{", "{ci_")),
    Rule("findings", ("estimate", "ci_lower", "ci_upper"), _blank("estimate", "ci_lower"),
         "blank although the interval {ci_lower_printed} to {ci_upper_printed} is given"),
    Rule("findings", ("estimate", "ci_lower", "ci_upper"),
         _outside("estimate", "ci_lower", "ci_upper"),
         "{estimate_printed} is outside its interval {ci_lower_printed} to {ci_upper_printed}; "
         "check all three against the source"),
    Rule("findings", ("prediction_lower", "ci_lower", "prediction_upper", "ci_upper"),
         lambda v: (v["prediction_lower"] > v["ci_lower"])
         | (v["prediction_upper"] < v["ci_upper"]),
         "the prediction interval is narrower than the interval of the estimate; it cannot be"),
    Rule("findings", ("effect_measure", "as_printed"),
         lambda v: v["misnamed"] & v["effect_measure"].notna(),
         "found {effect_measure!r}, but as_printed names {measures}; give the one that is printed"),
    *(Rule("findings", (column, "effect_measure"), _no_ratio(column),
           f"found {{{column}{PRINTED}}}; a ratio ({{effect_measure}}) is greater than zero")
      for column in ("estimate", "ci_lower", "ci_upper")),
    *(Rule("findings", ("unit", "effect_measure"), _goes_with(unit, measures),
           f"found {{unit!r}} with the effect measure {{effect_measure!r}}; the unit {unit!r} goes "
           f"with {', '.join(measures)}, and with nothing else")
      for unit, measures in (("ratio", RATIOS), ("SD", ("SMD",)))),
    Rule("findings", ("unit", "estimate", "as_printed"),
         lambda v: v["unit"].notna() & v["estimate"].isna() & v["as_printed"].isna(),
         "found {unit!r} without any figure; leave it blank"),
    # Findings: words and figures
    *(Rule(table, _SIGNIFICANT, _silent, _SILENT) for table in ("findings", "timecourse")),
    Rule("findings", ("direction", "estimate", "effect_measure"),
         lambda v: ((v["direction"] == "increase") & (v["estimate"] < v["null"]))
         | ((v["direction"] == "decrease") & (v["estimate"] > v["null"])),
         "found {direction!r}, but the estimate {estimate_printed} is on the other side of no "
         "difference"),
    Rule("findings", ("misfit", *_SIGNIFICANT, "estimate", "ci_lower", "ci_upper", "ci_level",
                      "p_value", "standard_error", "effect_measure"),
         lambda v: v["undeclared"] != "",
         "found {misfit}, but {undeclared}; check the row against the source, and if it is right "
         "as copied, say in this column what does not fit"),
    # Findings: beside other rows
    Rule("findings", ("finding_id", *SAME_RESULT), lambda v: v["twin"].notna(), _TWIN),
    Rule("findings", ("superseded_by", "outcome_id"),
         lambda v: (v["superseded_by_outcome_id"] != v["outcome_id"])
         | v["superseded_by_superseded_by"].notna() | (v["superseded_by"] == v["finding_id"]),
         "found {superseded_by!r}; name the latest finding on the same outcome that corrects it"),
    Rule("findings", ("set_aside",),
         lambda v: v["set_aside"].notna() & (v["source_integrity"] == "none_known"),
         "given although nothing is known against the source; a result is not counted only when "
         "its own source contradicts it: give the source's integrity first"),
    # Numbers that another number limits
    *(Rule(table, (column, limit), _above(column, limit),
           f"found {{{column}}}, but {what} {{{limit}}}; correct one")
      for table, column, limit, what in (
          ("findings", "n_participants", "source_n_participants", "the source has"),
          ("findings", "k_studies", "source_n_studies", "the source has"),
          ("trials", "n_intervention", "n_randomised", "randomised were"),
          ("trials", "n_comparator", "n_randomised", "randomised were"),
          ("trials", "n_completed", "n_randomised", "randomised were"),
          ("arms", "events", "n", "the arm has"),
          ("arms", "n", "source_n_randomised", "randomised were"))),
    # Trials
    *_pairs("trials", "dose dose_unit", "duration duration_unit"),
    Rule("trials", ("same_trial_as",), lambda v: v["same_trial_as"].notna() & ~v["first_report"],
         "found {same_trial_as!r}; name the first report of the trial, which has a row of its own "
         "here and names no earlier one"),
    Rule("trials", ("dose", "dose_unit"), lambda v: v["other_doses"] != "",
         "found {dose_printed} {dose_unit}, but what its source or its arms received is given as "
         "{other_doses}; correct one"),
    *(Rule("trials", (column,), lambda v, a=column, b=other: v[a] != v[b],  # type: ignore[misc]
           f"found {{{column}}}, but sources.csv says {{{other}}}; correct one")
      for column, other in (("form", "source_form"), ("n_randomised", "source_n_participants"))),
    Rule("trials", ("n_randomised", "n_intervention", "n_comparator"),
         lambda v: v["n_intervention"] + v["n_comparator"] > v["n_randomised"],
         "found {n_randomised}, but its arms have {n_intervention} and {n_comparator}; correct it"),
    # Arms
    *_pairs("arms", "dispersion_lower dispersion_upper", "value_type value"),
    Rule("arms", ("mean", "median", "events"), lambda v: v["values"] != 1,
         "fill in one of mean, median and events; found {values}"),
    Rule("arms", ("dispersion_type", "dispersion", "dispersion_lower"),
         lambda v: v["dispersion_type"].isna()
         == (v["dispersion"].notna() | v["dispersion_lower"].notna()),
         "found {dispersion_type!r}; a spread needs its kind, and a kind its spread"),
    *_printed("arms", ARM_FIGURES),
    Rule("arms", ("dispersion_lower", "dispersion_upper", "mean", "median"),
         lambda v: ((v["dispersion_lower"] > v["value"]) | (v["dispersion_upper"] < v["value"]))
         & v["misfit"].isna(),
         "the spread {dispersion_lower_printed} to {dispersion_upper_printed} leaves out its own "
         "value; check all three, and if they are right as copied, say so in 'misfit'"),
    Rule("arms", ("mean", "unit", "value_type"),
         lambda v: (v["value_type"] == "endpoint") & (v["value"] < 0)
         & ~v["unit"].str.contains(_SIGNED),
         "found a value below zero in {unit}; a concentration cannot be: a change is "
         "'change from baseline'"),
    Rule("arms", ("arm_id", "role", *SAME_ARM_GROUP), lambda v: ~v["has_pair"] & v["misfit"].isna(),
         "has no arm to compare it with: one with the other role, and the same outcome, "
         "measured_as, value_type, unit and timepoint, is needed"),
    Rule("arms", ("arm_id", "arm", *SAME_ARM_GROUP), lambda v: v["twin"].notna(), _TWIN),
    # Context of outcomes
    *_pairs("context", "lower upper"),
    Rule("context", ("lower", "upper"), _above("lower", "upper"), _SWAPPED),
    Rule("context", ("value", "lower", "upper"), _outside("value", "lower", "upper"),
         "{value_printed} is outside {lower_printed} to {upper_printed}; check all three"),
    Rule("context", ("value", "lower", "unit"),
         lambda v: ((v["value"] < 0) | (v["lower"] < 0)) & ~v["unit"].str.contains(_SIGNED),
         "found a value below zero in {unit}; a concentration cannot be"),
    *(Rule("context", (column, "value", "lower"), _blank(column, "value", "lower"),
           "blank although a value is given")
      for column in ("unit", "population", "source_id")),
    # Certainty
    Rule("certainty", ("finding_ids", "source_ids"),
         lambda v: v["finding_ids"].isna() & v["source_ids"].isna(),
         "blank, and source_ids too; a judgement rests on at least one finding or source"),
    Rule("certainty", ("finding_ids", "outcome_id"), lambda v: v["foreign"] != "",
         "{foreign} is about another outcome, but the row rates {outcome_id!r}"),
    Rule("certainty", ("rationale",), lambda v: v["figure"].notna(),
         "found the figure {figure!r}; figures belong in findings.csv, so name the finding in "
         "finding_ids instead"),
)  # fmt: skip
"""What the rows of each table are held to."""
