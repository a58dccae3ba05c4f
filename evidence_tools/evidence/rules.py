"""What only this field knows about rows: a table of rules over frames, each with its sentence.

A rule looks at whole columns at once. It says nothing about a row in which a cell it looks at
has another fault, nor about what is not reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from evidence_tools.evidence.arithmetic import check_arithmetic, undeclared
from evidence_tools.evidence.effects import SAME_ARMS, pair_arms
from evidence_tools.evidence.frames import PRINTED, LoadedTable, split_list
from evidence_tools.evidence.judgements import RULES as LIMITATIONS
from evidence_tools.evidence.measures import (
    OF_MEANS,
    OF_RISKS,
    RATIOS,
    named_measures,
    printed_amounts,
    printed_p_values,
    printed_units,
    prints_estimate,
    unprinted,
)
from evidence_tools.evidence.problems import Problem, did_you_mean
from evidence_tools.evidence.topic import Topic

DOMAINS = ("risk_of_bias", "inconsistency", "indirectness", "imprecision", "publication_bias")
"""Reasons for which GRADE lowers the certainty of randomized trials."""

Tables = Mapping[str, LoadedTable]
Condition = Callable[[Any], "pd.Series[bool]"]
Rule = tuple[str, Condition, str]
"""Columns it looks at, condition of a row that breaks it, and what an author reads then.

The fault is reported at the first column. The condition takes the view of the table; in the
sentence, names of columns in braces are filled in.
"""

FIGURES = ["estimate", "ci_lower", "ci_upper", "ci_level", "standard_error", "i2", "tau2",
           "prediction_lower", "prediction_upper"]  # fmt: skip
ARM_FIGURES = ["mean", "median", "dispersion", "dispersion_lower", "dispersion_upper"]
SAME_RESULT = ["source_id", "outcome_id", "measured_as", "analysis", "timepoint", "contrast",
               "form", "population_group"]  # fmt: skip

_JOINED = {
    "findings": (
        ("source_id", "sources"),
        ("outcome_id", "outcomes"),
        ("superseded_by", "findings"),
    ),
    "outcomes": (("kind", "kinds"),),
    "trials": (("source_id", "sources"),),
    "arms": (("source_id", "trials"), ("outcome_id", "outcomes")),
}


def check_rows(tables: Tables, topic: Topic | None) -> Iterator[Problem]:
    """Apply every rule to the tables: one problem for each rule and row that breaks it."""
    readable = {name: table for name, table in tables.items() if table.readable}
    views = {name: view_of(name, tables) for name, t in readable.items() if len(t.frame)}
    for name, view in views.items():
        table = tables[name]
        for columns, broken, sentence in RULES.get(name, ()):
            first, *_ = looked_at = columns.split()
            for number in view.index[broken(view).fillna(False).astype(bool)]:
                if not any((number, column) in table.broken for column in looked_at):
                    # What else is odd about the cell may follow from this.
                    table.broken.add((number, first))
                    row = {k: "blank" if v is pd.NA else v for k, v in view.loc[number].items()}
                    yield table.problem(number, first, sentence.format(**row))
    for name, column, known in (
        ("limitations", "rule", LIMITATIONS),
        ("advice", "concern", topic.groups if topic else None),
    ):
        if name in views and known is not None:
            for number, word in views[name][column].dropna().items():
                if word not in known:
                    message = f"found {word!r}; allowed: {', '.join(known)}"
                    hint = did_you_mean(word, known)
                    yield tables[name].problem(int(str(number)), column, message + hint)


def view_of(name: str, tables: Tables) -> pd.DataFrame:
    """Join to the rows of a table what its rules compare them with, and compute what they need.

    The columns of another table have a prefix (``source_doi``).
    """
    view = tables[name].frame.copy()
    for column, target in _JOINED.get(name, ()):
        other = tables[target].frame
        key = str(other.columns[0])
        prefix = f"{column.removesuffix('_id')}_"
        found = other.dropna(subset=[key]).drop_duplicates(key).set_index(key).add_prefix(prefix)
        view = view.join(found, on=column)
    if "outcome_kind" in view:
        kinds = tables["kinds"].frame
        roles = dict(zip(kinds["kind"], kinds["role"], strict=True))
        view["outcome_role"] = view["outcome_kind"].map(roles)
        view["other_units"] = _other_units(view, tables[name])
    if not view.empty and name in _PREPARED:
        _PREPARED[name](view, tables)
    return view


def _findings(view: pd.DataFrame, _: Tables) -> None:
    printed = view["as_printed"].fillna("")
    view["unprinted"] = _unprinted(view, FIGURES)
    flags = zip(check_arithmetic(view)["flags"], view["misfit"].fillna(""), strict=True)
    view["undeclared"] = [undeclared(found, misfit) for found, misfit in flags]
    view["null"] = view["effect_measure"].isin(RATIOS).astype(float)
    measures = [sorted(named_measures(text)) for text in printed]
    pairs = zip(view["effect_measure"], measures, strict=True)
    view["misnamed"] = [bool(named) and str(measure) not in named for measure, named in pairs]
    view["measures"] = [", ".join(named) for named in measures]
    view["prints_estimate"] = [prints_estimate(text) for text in printed]
    p_values = zip(view["p_value" + PRINTED], printed, strict=True)
    view["p_unprinted"] = [str(p) not in printed_p_values(text) for p, text in p_values]
    view["twin"] = _twin(view, SAME_RESULT, "finding_id")


def _trials(view: pd.DataFrame, tables: Tables) -> None:
    reports = view.drop_duplicates("source_id").set_index("source_id")["same_trial_as"]
    view["first_report"] = view["same_trial_as"].isin(reports.index[reports.isna()])
    limits = tables["trials"].description.columns["dose_unit"].get("constraints", {})
    units = {unit.partition("/")[0] for unit in limits.get("enum", [])}
    arms = tables["arms"].frame.dropna(subset=["arm"])
    texts = arms[arms["role"] == "intervention"].groupby("source_id")["arm"].agg(" ".join)
    arms_given = view["source_id"].map(texts).astype("string").fillna("")
    given = view["source_intervention"].fillna("") + " " + arms_given
    dose = view["dose" + PRINTED] + " " + view["dose_unit"].str.partition("/")[0]
    stated = [printed_amounts(text, units) for text in given]
    view["other_doses"] = [
        "" if amount is pd.NA or amount in found else ", ".join(found)
        for amount, found in zip(dose, stated, strict=True)
    ]


def _arms(view: pd.DataFrame, tables: Tables) -> None:
    view["unprinted"] = _unprinted(view, ARM_FIGURES)
    view["value"] = view["mean"].fillna(view["median"])
    view["figures"] = view[["mean", "median", "events"]].notna().sum(axis=1)
    pairs = pair_arms(tables["arms"].frame.set_index("arm_id"))
    paired = view["arm_id"].isin({*pairs["arm_id_intervention"], *pairs["arm_id_comparator"]})
    # Where an arm could not be read, its pair is not known.
    unsure = {column for _, column in tables["arms"].broken} & {"", "role", *SAME_ARMS}
    view["all_n"] = view["n"].groupby(_group(view, SAME_ARMS)).transform("sum")
    view["alone"] = ~paired & (not unsure)
    view["twin"] = _twin(view, [*SAME_ARMS, "arm"], "arm_id")


def _certainty(view: pd.DataFrame, tables: Tables) -> None:
    findings, outcomes = tables["findings"].frame, tables["outcomes"].frame
    about = dict(zip(findings["finding_id"], findings["outcome_id"], strict=True))
    kind = dict(zip(outcomes["outcome_id"], outcomes["kind"], strict=True))
    covers = dict(zip(outcomes["outcome_id"], outcomes["covers"].map(split_list), strict=True))

    def foreign(key: str, outcome: str) -> bool:
        other = about.get(key, outcome)
        known = bool(pd.notna(other) and pd.notna(outcome))
        return known and other != outcome and kind.get(outcome) not in covers.get(other, [])

    view["foreign"] = [
        ", ".join(key for key in split_list(cell) if foreign(key, outcome))
        for outcome, cell in zip(view["outcome_id"], view["finding_ids"], strict=True)
    ]
    domains = view.groupby("outcome_id")["domain"].agg(set)
    lacking = [
        ", ".join(domain for domain in DOMAINS if domain not in domains.get(outcome, DOMAINS))
        for outcome in view["outcome_id"]
    ]
    # Where a row could not be read, which one is missing is not known.
    unsure = {column for _, column in tables["certainty"].broken} & {"", "outcome_id", "domain"}
    first = ~view["outcome_id"].duplicated() & (not unsure)
    view["lacking"] = pd.Series(lacking, view.index).where(first, "")


_PREPARED = {"findings": _findings, "trials": _trials, "arms": _arms, "certainty": _certainty}


def _unprinted(view: pd.DataFrame, columns: list[str]) -> pd.Series[Any]:
    """Find figures whose digits are not in ``as_printed``; of an arm, these may be left out."""
    texts = view[[column + PRINTED for column in columns]].to_numpy(dtype=object)
    rows = zip(texts, view["as_printed"], strict=True)
    found = [set() if p is pd.NA else unprinted([t for t in row if t is not pd.NA], p)
             for row, p in rows]  # fmt: skip
    return pd.Series(found, view.index)


def _twin(view: pd.DataFrame, same: list[str], key: str) -> pd.Series[str]:
    """Name for each row an earlier one that differs from it in nothing but figures and words."""
    first = view[key].groupby(_group(view, same)).transform("first")
    return first.where(first != view[key])


def _group(view: pd.DataFrame, same: list[str]) -> pd.Series[str]:
    return view[same].astype("string").fillna("").agg("\0".join, axis=1)


def _other_units(view: pd.DataFrame, table: LoadedTable) -> list[str]:
    """Name the units that are printed where the unit of the row is not among them."""
    constraints = table.description.columns["unit"].get("constraints", {})
    units = [unit for unit in constraints.get("enum", []) if "/" in unit]
    printed = [printed_units(text, units) for text in view["as_printed"].fillna("")]
    pairs = zip(view["unit"], printed, strict=True)
    return ["" if str(unit) in found else ", ".join(found) for unit, found in pairs]


def _blank(column: str, *others: str) -> Condition:
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


def _unequal(column: str, other: str) -> Rule:
    sentence = f"found {{{column}}}, but sources.csv says {{{other}}}; correct one"
    return column, lambda v: v[column] != v[other], sentence


def _positive(column: str) -> Rule:
    return (
        f"{column} effect_measure",
        lambda v: v.effect_measure.isin(RATIOS) & (v[column] <= 0),
        f"found {{{column}{PRINTED}}}; a ratio ({{effect_measure}}) is greater than zero",
    )


def _goes_with(unit: str, *measures: str) -> Rule:
    return (
        "unit effect_measure",
        lambda v: v.effect_measure.isin(measures) != (v.unit == unit).fillna(False),
        f"found {{unit!r}} with the effect measure {{effect_measure!r}}; the unit {unit!r} goes "
        f"with {', '.join(measures)}, and with nothing else",
    )


def _at_most(column: str, limit: str, what: str) -> Rule:
    sentence = f"found {{{column}}}, but {what} {{{limit}}}; correct one"
    return f"{column} {limit}", lambda v: v[column] > v[limit], sentence


def _printed(columns: list[str]) -> list[Rule]:
    sentence = ("found {}, but as_printed is {{as_printed!r}}; the digits must be those of the "
                "source (a spreadsheet drops the zeros of 2.00), or the cell blank")  # fmt: skip
    return [
        (f"{column} as_printed", _is_unprinted(column), sentence.format(f"{{{column}{PRINTED}}}"))
        for column in columns
    ]


def _is_unprinted(column: str) -> Condition:
    return lambda v: pd.Series(
        [text in texts for text, texts in zip(v[column + PRINTED], v.unprinted, strict=True)],
        v.index,
    )


_TWIN = ("nothing but figures and words tells it from {twin!r}; say in timepoint, analysis or "
         "measured_as what differs, or remove one of the rows")  # fmt: skip
_UNIT = ("found {unit!r}, but as_printed has {other_units}; give the unit that is printed, or say "
         "in 'misfit' why not")  # fmt: skip
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
# An interval in words, or two numbers between brackets.
_INTERVAL = r"\bCI\b\D*\d|\(-?\d[\d.]* ?(?:to|[-~;,]) ?-?\d[\d.]*\)"
# What may be below zero: shares, and distances from a mean.
_SIGNED = "%|percent|^SD$"
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
        ("p_value as_printed", lambda v: v.p_unprinted & v.p_value.notna(),
         "found {p_value_printed!r}, but as_printed is {as_printed!r}; the digits and the sign "
         "'<' must be those of the source"),
        ("ci_level ci_lower ci_upper",
         lambda v: v.ci_level.notna() & v.ci_lower.isna() & v.ci_upper.isna(),
         "given without an interval; leave it blank or give both limits"),
        *_printed(FIGURES),
        ("estimate as_printed effect_measure",
         lambda v: v.prints_estimate & v.estimate.isna() & v.misfit.isna(),
         "blank, but as_printed has a figure for {measures}" + _COPY),
        ("ci_lower as_printed estimate",
         lambda v: v.as_printed.str.contains(_INTERVAL) & v.estimate.notna()
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
        ("effect_measure as_printed", lambda v: v.misnamed & v.effect_measure.notna(),
         "found {effect_measure!r}, but as_printed names {measures}; give the one that is printed"),
        *map(_positive, ("estimate", "ci_lower", "ci_upper")),
        _goes_with("ratio", *RATIOS),
        _goes_with("SD", "SMD"),
        ("unit estimate as_printed",
         lambda v: v.unit.notna() & v.estimate.isna() & v.as_printed.isna(),
         "found {unit!r} without any figure; leave it blank"),
        ("unit as_printed estimate",
         lambda v: v.estimate.notna() & (v.other_units != "") & v.misfit.isna(), _UNIT),
        ("effect_measure outcome_id",
         lambda v: ((v.outcome_role == "event") & v.effect_measure.isin(OF_MEANS)
                    | (v.outcome_role == "marker") & v.effect_measure.isin(OF_RISKS))
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
        ("read_at", lambda v: (v.read_at == "full text") & (v.source_read_at != "full text"),
         "found {read_at!r}, but sources.csv says that of the source only this was read: "
         "{source_read_at}; correct one"),
    ],
    "timecourse": [_SILENT],
    "trials": [
        ("source_id", lambda v: v.source_design.str.contains("review|analysis"),
         "found {source_id!r}, whose design is {source_design!r}; a row here is a trial"),
        *_pairs("dose dose_unit", "duration duration_unit"),
        *(_at_most(column, "n_randomised", "randomised were")
          for column in ("n_intervention", "n_comparator", "n_completed")),
        ("same_trial_as", lambda v: v.same_trial_as.notna() & ~v.first_report,
         "found {same_trial_as!r}; name the first report of the trial, which has a row of its own "
         "here and names no earlier one"),
        ("dose dose_unit", lambda v: v.other_doses != "",
         "found {dose_printed} {dose_unit}, but what its source or its arms received is given as "
         "{other_doses}; correct one"),
        _unequal("form", "source_form"),
        _unequal("n_randomised", "source_n_participants"),
        ("n_randomised n_intervention n_comparator",
         lambda v: v.n_intervention + v.n_comparator > v.n_randomised,
         "found {n_randomised}, but its arms have {n_intervention} and {n_comparator}; correct it"),
    ],
    "arms": [
        _at_most("events", "n", "the arm has"),
        _at_most("n", "source_n_randomised", "randomised were"),
        ("n", lambda v: v.all_n > v.source_n_randomised,
         "the arms of this outcome and time have {all_n} together, but randomised were "
         "{source_n_randomised}; correct one"),
        ("unit as_printed", lambda v: (v.other_units != "") & v.misfit.isna(), _UNIT),
        ("events outcome_id",
         lambda v: (v.outcome_role == "event") & v.events.isna()
         | (v.outcome_role == "marker") & v.events.notna(),
         "found {events}, but {outcome_id!r} is of a kind with the role {outcome_role!r}; only "
         "events are counted"),
        *_pairs("dispersion_lower dispersion_upper", "value_type value"),
        ("mean median events", lambda v: v.figures != 1,
         "fill in one of mean, median and events; found {figures}"),
        ("dispersion_type dispersion dispersion_lower",
         lambda v: v.dispersion_type.isna() == (v.dispersion.notna() | v.dispersion_lower.notna()),
         "found {dispersion_type!r}; a spread needs its kind, and a kind its spread"),
        ("dispersion_type dispersion dispersion_lower",
         lambda v: v.dispersion_type.str.contains("^S[DE]") & v.dispersion.isna()
         | v.dispersion_type.str.contains("range|CI") & v.dispersion_lower.isna(),
         "found {dispersion_type!r}; it is one number for SD and SE, in dispersion, and two limits "
         "for an interval or a range"),
        *_printed(ARM_FIGURES),
        ("dispersion_lower dispersion_upper mean median",
         lambda v: ((v.dispersion_lower > v.value) | (v.dispersion_upper < v.value))
         & v.misfit.isna(),
         "the spread {dispersion_lower_printed} to {dispersion_upper_printed} leaves out its own "
         "value; check all three, and if they are right as copied, say so in 'misfit'"),
        ("mean unit value_type",
         lambda v: (v.value_type == "endpoint") & (v.value < 0) & ~v.unit.str.contains(_SIGNED),
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
         lambda v: ((v.value < 0) | (v.lower < 0)) & ~v.unit.str.contains(_SIGNED), _BELOW),
        *((f"{column} value lower", _blank(column, "value", "lower"),
           "blank although a value is given")
          for column in ("unit", "population", "source_id")),
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
