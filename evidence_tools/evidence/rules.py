"""What only this field knows about rows: a table of rules over frames, each with its sentence.

A rule looks at whole columns at once, of tables whose cells are sound. It says nothing about a
row in which a cell it looks at breaks an earlier rule, nor about what is not reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from evidence_tools.evidence.arithmetic import (
    MICRO,
    PRINTED,
    RATIOS,
    check_arithmetic,
    read_print,
    undeclared,
)
from evidence_tools.evidence.effects import SAME_ARMS, pair_arms
from evidence_tools.evidence.frames import LoadedTable
from evidence_tools.evidence.judgements import RULES as LIMITATIONS
from evidence_tools.evidence.judgements import foreign_findings
from evidence_tools.evidence.problems import Problem

DOMAINS = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias")
"""Reasons for which GRADE lowers the certainty of randomized trials."""

MEANS, RISKS = ("MD", "WMD", "SMD", "ROM"), ("RR", "OR", "HR", "RD")

Tables = Mapping[str, LoadedTable]
Rule = tuple[str, Callable[[Any], "pd.Series[bool]"], str]
"""Columns it looks at, condition of a row that breaks it, and what an author reads then.

The fault is reported at the first column; ``a|b`` holds for each of them in turn, as ``cell``, and
as ``text`` with its digits. The condition takes the view of the table; in the sentence, names of
columns in braces are filled in.
"""

FIGURES = (
    "estimate|ci_lower|ci_upper|ci_level|standard_error|i2|tau2|prediction_lower|prediction_upper"
)
ARM_FIGURES = "mean|median|dispersion|dispersion_lower|dispersion_upper"
SAME_RESULT = ["source_id", "outcome_id", "measured_as", "analysis", "timepoint", "contrast",
               "form", "population_group"]  # fmt: skip


def check_rows(tables: Tables) -> Iterator[Problem]:
    """Apply every rule to the tables: one problem for each rule and row that breaks it."""
    for name, table in tables.items():
        if name not in RULES or table.broken or not len(table.frame):
            continue
        view = view_of(name, tables)
        for columns, broken, sentence in RULES[name]:
            first, *others = columns.split()
            for column in first.split("|"):
                seen = view
                if column != first:
                    text = view.get(column + PRINTED, view[column])
                    seen = view.assign(cell=view[column], text=text)
                looked_at = [column, *others]
                for number in seen.index[broken(seen).fillna(False).astype(bool)]:
                    # What else is odd about a cell may follow from what was found first.
                    if table.broken.isdisjoint((number, other) for other in looked_at):
                        row = seen.loc[number].astype(object).fillna("blank")
                        yield table.problem(number, column, sentence.format(**row))


def view_of(name: str, tables: Tables) -> pd.DataFrame:
    """Join to the rows of a table what its rules compare them with, and compute what they need.

    The columns of another table have a prefix (``source_doi``).
    """
    view = tables[name].frame.copy()
    references = tables[name].description.references if name in _JOINED else {}
    for column, target in references.items():
        prefix = f"{column.removesuffix('_id')}_"
        view = view.join(_by_key(tables[target]).add_prefix(prefix), on=column)
    if name in _PREPARED:
        _PREPARED[name](view, tables)
    return view


def _by_key(table: LoadedTable) -> pd.DataFrame:
    return table.frame.set_index(table.description.key[0])


def _findings(view: pd.DataFrame, tables: Tables) -> None:
    _outcome(view, tables, "findings", FIGURES)
    flags = zip(check_arithmetic(view)["flags"], view["misfit"].fillna(""), strict=True)
    view["undeclared"] = [undeclared(found, misfit) for found, misfit in flags]
    view["null"] = view["effect_measure"].isin(RATIOS).astype(float)
    view["twin"] = _twin(view, SAME_RESULT, "finding_id")


def _outcome(view: pd.DataFrame, tables: Tables, name: str, figures: str) -> None:
    constraints = tables[name].description.columns["unit"].get("constraints", {})
    read = read_print(view, figures.split("|"), constraints.get("enum", []))
    view[read.columns] = read
    view["outcome_role"] = view["outcome_kind"].map(_by_key(tables["kinds"])["role"])


def _trials(view: pd.DataFrame, tables: Tables) -> None:
    reports = view.drop_duplicates("source_id").set_index("source_id")["same_trial_as"]
    view["first_report"] = view["same_trial_as"].isin(reports.index[reports.isna()])
    limits = tables["trials"].description.columns["dose_unit"].get("constraints", {})
    units = "|".join({re.escape(unit.partition("/")[0]) for unit in limits.get("enum", [])})
    arms = tables["arms"].frame.dropna(subset=["arm"])
    texts = arms[arms["role"] == "intervention"].groupby("source_id")["arm"].agg(" ".join)
    arms_given = view["source_id"].map(texts).astype("string").fillna("")
    given = view["source_intervention"].fillna("") + " " + arms_given
    plain = given.str.replace(MICRO, "u", regex=True)
    stated = plain.str.findall(rf"(\d+(?:\.\d+)?) ?({units})\b")
    dose = view["dose" + PRINTED] + " " + view["dose_unit"].str.partition("/")[0]
    pairs = [(amount, [*map(" ".join, found)]) for amount, found in zip(dose, stated, strict=True)]
    view["other_doses"] = [
        "" if amount is pd.NA or amount in found else ", ".join(found) for amount, found in pairs
    ]


def _arms(view: pd.DataFrame, tables: Tables) -> None:
    _outcome(view, tables, "arms", ARM_FIGURES)
    view["randomised"] = view["source_id"].map(_by_key(tables["trials"])["n_randomised"])
    view["value"] = view["mean"].fillna(view["median"])
    view["figures"] = view[["mean", "median", "events"]].notna().sum(axis=1)
    pairs = pair_arms(tables["arms"].frame)
    paired = view["arm_id"].isin({*pairs["arm_id_intervention"], *pairs["arm_id_comparator"]})
    view["alone"] = ~paired
    view["twin"] = _twin(view, [*SAME_ARMS, "arm"], "arm_id")


def _certainty(view: pd.DataFrame, tables: Tables) -> None:
    findings, outcomes = tables["findings"].frame, tables["outcomes"].frame
    view["foreign"] = foreign_findings(view, findings, outcomes)
    domains = view.groupby("outcome_id")["domain"].agg(set)
    lacking = [
        ", ".join(domain for domain in DOMAINS if domain not in domains.get(outcome, DOMAINS))
        for outcome in view["outcome_id"]
    ]
    view["lacking"] = pd.Series(lacking, view.index).mask(view["outcome_id"].duplicated(), "")


_JOINED = ("findings", "outcomes", "trials", "arms")
_PREPARED = {"findings": _findings, "trials": _trials, "arms": _arms, "certainty": _certainty}


def _twin(view: pd.DataFrame, same: list[str], key: str) -> pd.Series[str]:
    """Name for each row an earlier one that differs from it in nothing but figures and words."""
    group = view[same].astype("string").fillna("").agg("\0".join, axis=1)
    first = view[key].groupby(group).transform("first")
    return first.where(first != view[key])


def _blank(column: str, *others: str) -> Callable[[Any], pd.Series[bool]]:
    return lambda v: v[column].isna() & v[[*others]].notna().any(axis=1)


def _pairs(*pairs: str) -> list[Rule]:
    """Make rules for columns of which both are filled or none."""
    both = [(a, b) for pair in pairs for a, b in (pair.split(), pair.split()[::-1])]
    sentence = "blank although {} is given; fill both or none"
    return [(f"{a} {b}", _blank(a, b), sentence.format(b)) for a, b in both]


def _limits(name: str, lower: str, upper: str) -> list[Rule]:
    """Make rules for a value and the limits around it."""
    ends = f"{{{lower}{PRINTED}}} to {{{upper}{PRINTED}}}"
    return [
        (f"{lower} {upper}", lambda v: v[lower] > v[upper],
         f"{{{lower}{PRINTED}}} is above {{{upper}{PRINTED}}}; the limits are swapped"),
        (f"{name} {lower} {upper}",
         lambda v: (v[lower] <= v[upper]) & ((v[name] < v[lower]) | (v[name] > v[upper])),
         f"{{{name}{PRINTED}}} is outside its limits {ends}; check all three against the source"),
    ]  # fmt: skip


def _at_most(column: str, limit: str, what: str) -> Rule:
    sentence = f"found {{{column}}}, but {what} {{{limit}}}; correct one"
    return f"{column} {limit}", lambda v: v[column] > v[limit], sentence


def _unprinted(v: pd.DataFrame) -> pd.Series[bool]:
    pairs = zip(v["text"], v["unprinted"], strict=True)
    return pd.Series([text in texts for text, texts in pairs], v.index)


_TWIN = ("nothing but figures and words tells it from {twin!r}; say in timepoint, analysis or "
         "measured_as what differs, or remove one of the rows")  # fmt: skip
_UNIT = ("found {unit!r}, but as_printed has {other_units}; give the unit that is printed, or say "
         "in 'misfit' why not")  # fmt: skip
_DIGITS = ("found {text}, but as_printed is {as_printed!r}; the digits must be those of the source "
           "(a spreadsheet drops the zeros of 2.00), or the cell blank")  # fmt: skip
_GOES = "found {unit!r} with the effect measure {effect_measure!r}; the unit "
_COPY = "; copy it, or say in 'misfit' why not"
_BELOW = "found a value below zero in {unit}; a concentration cannot be"
_SILENT: Rule = (
    "statistically_significant direction",
    lambda v: (v.direction == "no_significant_change") & (v.statistically_significant == "yes"),
    "found 'yes' with the direction 'no_significant_change'; give 'no', or the direction the "
    "source states",
)
# "Two of its trials were retracted" is no statement on the source itself.
_RETRACTED = r"^(?:article |paper )?retracted\b|(?:^|it |source )(?:was|is|has been) retracted"
_DOUBT = r"(?<!no )(?:integrity concern|expression of concern|caution to readers)|do not use"
# An amount per volume, mass or area; shares, scores and distances may be below zero.
_PER = "/"
RULES: dict[str, list[Rule]] = {
    "sources": [
        ("integrity_checked", lambda v: v.integrity_checked > pd.Timestamp.now(),
         "found {integrity_checked:%Y-%m-%d}, a day in the future; give the day of the look-up"),
        ("year integrity_checked", lambda v: v.year > v.integrity_checked.dt.year + 1,
         "found {year}, but it was looked up on {integrity_checked:%Y-%m-%d}; correct one"),
        ("doi", lambda v: v.doi.str.lower().str.rstrip(".").duplicated() & v.doi.notna(),
         "found {doi!r}, the DOI of another source too; each publication is one source"),
        ("integrity note title",
         lambda v: (v.integrity != "retracted")
         & (v.note.str.contains(_RETRACTED, case=False).fillna(False)
            | v.title.str.contains(r"^\W*retracted\b", case=False)),
         "found {integrity!r}, but note or title say that it was retracted; give 'retracted'"),
        ("integrity note",
         lambda v: (v.integrity == "none_known") & v.note.str.contains(_DOUBT, case=False),
         "found 'none_known', but the note tells of a concern; give it here"),
    ],
    "kinds": [
        ("surrogate role",
         lambda v: ((v.role == "marker") & (v.surrogate == "no"))
         | ((v.role == "event") & (v.surrogate == "yes")),
         "found {surrogate!r} with the role {role!r}; a marker is a surrogate, an event is none"),
    ],
    "outcomes": [
        ("surrogate kind",
         lambda v: v.surrogate != v.kind_surrogate.map({"yes": True, "no": False}),
         "does not fit the kind {kind!r}, for which outcome_kinds.csv says {kind_surrogate!r}"),
    ],
    "findings": [
        # What is printed. A rule that explains others comes before them.
        ("as_printed estimate", _blank("as_printed", "estimate", "p_value"),
         "blank although a figure is given; copy it here as the source prints it"),
        ("p_value as_printed", lambda v: v.p_unprinted,
         "found {p_value_printed!r}, but as_printed is {as_printed!r}; the digits and the sign "
         "'<' must be those of the source"),
        ("ci_level ci_lower ci_upper",
         lambda v: v.ci_level.notna() & v.ci_lower.isna() & v.ci_upper.isna(),
         "given without an interval; leave it blank or give both limits"),
        (FIGURES + " as_printed", _unprinted, _DIGITS),
        ("estimate as_printed effect_measure",
         lambda v: v.prints_estimate & v.estimate.isna() & v.misfit.isna(),
         "blank, but as_printed has a figure for {named}" + _COPY),
        ("ci_lower as_printed estimate",
         lambda v: v.prints_interval & v.estimate.notna()
         & v.ci_lower.isna() & v.ci_upper.isna() & v.misfit.isna(),
         "blank, but as_printed has an interval" + _COPY),
        # Interval, scale and unit
        *_pairs("ci_lower ci_upper", "prediction_lower prediction_upper",
                "effect_measure estimate"),
        *_limits("estimate", "ci_lower", "ci_upper"),
        ("estimate ci_lower ci_upper", _blank("estimate", "ci_lower"),
         "blank although the interval {ci_lower_printed} to {ci_upper_printed} is given"),
        ("prediction_lower ci_lower prediction_upper ci_upper",
         lambda v: (v.prediction_lower > v.ci_lower) | (v.prediction_upper < v.ci_upper),
         "the prediction interval is narrower than the interval of the estimate; it cannot be"),
        ("effect_measure as_printed", lambda v: v.misnamed,
         "found {effect_measure!r}, but as_printed names {named}; give the one that is printed"),
        ("estimate|ci_lower|ci_upper effect_measure",
         lambda v: v.effect_measure.isin(RATIOS) & (v.cell <= 0),
         "found {text}; a ratio ({effect_measure}) is greater than zero"),
        ("unit effect_measure",
         lambda v: v.effect_measure.isin(RATIOS) != (v.unit == "ratio").fillna(False),
         f"{_GOES}'ratio' goes with {', '.join(RATIOS)}, and with nothing else"),
        ("unit effect_measure",
         lambda v: (v.effect_measure == "SMD").fillna(False) != (v.unit == "SD").fillna(False),
         _GOES + "'SD' goes with SMD, and with nothing else"),
        ("unit estimate as_printed",
         lambda v: v.unit.notna() & v.estimate.isna() & v.as_printed.isna(),
         "found {unit!r} without any figure; leave it blank"),
        ("unit as_printed estimate",
         lambda v: v.estimate.notna() & (v.other_units != "") & v.misfit.isna(), _UNIT),
        ("effect_measure outcome_id",
         lambda v: ((v.outcome_role == "event") & v.effect_measure.isin(MEANS)
                    | (v.outcome_role == "marker") & v.effect_measure.isin(RISKS))
         & v.misfit.isna(),
         "found {effect_measure!r}, but {outcome_id!r} is of a kind with the role "
         "{outcome_role!r}; events have risks, markers have means: correct one, or say in "
         "'misfit' why they differ"),
        # Words and figures
        _SILENT,
        ("direction estimate effect_measure",
         lambda v: ((v.direction == "increase") & (v.estimate < v.null))
         | ((v.direction == "decrease") & (v.estimate > v.null)),
         "found {direction!r}, but the estimate {estimate_printed} is on the other side of no "
         "difference"),
        ("misfit statistically_significant direction estimate ci_lower ci_upper ci_level p_value "
         "standard_error effect_measure",
         lambda v: v.undeclared != "",
         "found {misfit}, but {undeclared}; check the row against the source, and if it is right "
         "as copied, say in this column what does not fit"),
        # Beside other rows
        (" ".join(["finding_id", *SAME_RESULT]), lambda v: v.twin.notna(), _TWIN),
        ("superseded_by outcome_id",
         lambda v: (v.superseded_by_outcome_id != v.outcome_id)
         | v.superseded_by_superseded_by.notna() | (v.superseded_by == v.finding_id),
         "found {superseded_by!r}; name the latest finding on the same outcome that corrects it"),
        ("set_aside", lambda v: v.set_aside.notna() & (v.source_integrity == "none_known"),
         "given although nothing is known against the source; a result is not counted only when "
         "its own source contradicts it: give the source's integrity first"),
        _at_most("n_participants", "source_n_participants", "the source has"),
        _at_most("k_studies", "source_n_studies", "the source has"),
        ("k_studies i2",
         lambda v: (v.source_design == "rct") & ((v.k_studies > 1) | v.i2.notna()),
         "found {k_studies} studies and I2 {i2}, but the source is one trial; leave both blank, "
         "or correct the design of the source"),
    ],
    "timecourse": [_SILENT],
    "trials": [
        ("source_id", lambda v: v.source_design.str.contains("review|analysis"),
         "found {source_id!r}, whose design is {source_design!r}; a row here is a trial"),
        *_pairs("dose dose_unit", "duration duration_unit"),
        ("n_intervention|n_comparator|n_completed n_randomised",
         lambda v: v.cell > v.n_randomised,
         "found {cell}, but randomised were {n_randomised}; correct one"),
        ("same_trial_as", lambda v: v.same_trial_as.notna() & ~v.first_report,
         "found {same_trial_as!r}; name the first report of the trial, which has a row of its own "
         "here and names no earlier one"),
        ("dose dose_unit", lambda v: v.other_doses != "",
         "found {dose_printed} {dose_unit}, but what its source or its arms received is given as "
         "{other_doses}; correct one"),
        ("form", lambda v: v.form != v.source_form,
         "found {form}, but sources.csv says {source_form}; correct one"),
        ("n_randomised", lambda v: v.n_randomised != v.source_n_participants,
         "found {n_randomised}, but sources.csv says {source_n_participants}; correct one"),
        ("n_randomised n_intervention n_comparator",
         lambda v: v.n_intervention + v.n_comparator > v.n_randomised,
         "found {n_randomised}, but its arms have {n_intervention} and {n_comparator}; correct it"),
    ],
    "arms": [
        _at_most("events", "n", "the arm has"),
        _at_most("n", "randomised", "randomised were"),
        ("unit as_printed", lambda v: (v.other_units != "") & v.misfit.isna(), _UNIT),
        *_pairs("dispersion_lower dispersion_upper", "value_type value"),
        ("mean median events", lambda v: v.figures != 1,
         "fill in one of mean, median and events; found {figures}"),
        ("events mean outcome_id",
         lambda v: ((v.outcome_role == "event") & v.events.isna()
                    | (v.outcome_role == "marker") & v.events.notna()) & v.misfit.isna(),
         "found {events}, but {outcome_id!r} is of a kind with the role {outcome_role!r}; only "
         "events are counted: correct one, or say in 'misfit' why"),
        ("dispersion_type dispersion dispersion_lower",
         lambda v: v.dispersion_type.isna() == (v.dispersion.notna() | v.dispersion_lower.notna()),
         "found {dispersion_type!r}; a spread needs its kind, and a kind its spread"),
        ("dispersion_type dispersion dispersion_lower",
         lambda v: v.dispersion_type.str.contains("^S[DE]") & v.dispersion.isna()
         | v.dispersion_type.str.contains("range|CI") & v.dispersion_lower.isna(),
         "found {dispersion_type!r}; it is one number for SD and SE, in dispersion, and two limits "
         "for an interval or a range"),
        (ARM_FIGURES + " as_printed", _unprinted, _DIGITS),
        ("dispersion_lower dispersion_upper mean median",
         lambda v: ((v.dispersion_lower > v.value) | (v.dispersion_upper < v.value))
         & v.misfit.isna(),
         "the spread {dispersion_lower_printed} to {dispersion_upper_printed} leaves out its own "
         "value; check all three, and if they are right as copied, say so in 'misfit'"),
        ("mean unit value_type",
         lambda v: (v.value_type == "endpoint") & (v.value < 0) & v.unit.str.contains(_PER),
         _BELOW + ": a change is 'change from baseline'"),
        (" ".join(["arm_id", "role", *SAME_ARMS]), lambda v: v.alone & v.misfit.isna(),
         "has no arm to compare it with: one with the other role, and the same outcome, "
         "measured_as, value_type, unit and timepoint, is needed"),
        (" ".join(["arm_id", "arm", *SAME_ARMS]), lambda v: v.twin.notna(), _TWIN),
    ],
    "context": [
        *_pairs("lower upper"),
        *_limits("value", "lower", "upper"),
        ("value lower unit",
         lambda v: ((v.value < 0) | (v.lower < 0)) & v.unit.str.contains(_PER), _BELOW),
        ("unit|population|source_id value lower",
         lambda v: v.cell.isna() & (v.value.notna() | v.lower.notna()),
         "blank although a value is given"),
    ],
    "limitations": [
        ("rule", lambda v: ~v.rule.isin(LIMITATIONS),
         f"found {{rule!r}}; allowed: {', '.join(LIMITATIONS)}"),
    ],
    "certainty": [
        ("finding_ids source_ids", lambda v: v.finding_ids.isna() & v.source_ids.isna(),
         "blank, and source_ids too; a judgement rests on at least one finding or source"),
        ("finding_ids outcome_id", lambda v: v.foreign != "",
         "{foreign} is about another outcome, but the row rates {outcome_id!r}"),
        ("domain outcome_id", lambda v: v.lacking != "",
         "{outcome_id!r} has no row for {lacking}; add it, with the judgement 'not assessed' when "
         "nobody could judge"),
    ],
}  # fmt: skip
"""What the rows of each table are held to."""
