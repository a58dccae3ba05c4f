"""From rows to tables. A table is a list of columns: a header, and what a row shows under it.

Every table takes rows first, as a frame made with pandas or as identifiers; ``name``, its label
for cross-references; and ``caption``, the question that it answers.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

import pandas as pd

from evidence_tools.evidence.arithmetic import p_text
from evidence_tools.evidence.effects import CI_LEVEL, effects_of_arms, require
from evidence_tools.evidence.frames import split_list
from evidence_tools.evidence.judgements import DOMAINS
from evidence_tools.evidence.model import ORIGIN, Evidence, Row, Selection, as_rows, loaded, pick
from evidence_tools.show import words
from evidence_tools.show.display import Table, TableRow, Text, runs
from evidence_tools.show.values import cell_runs, short_text, sources_runs

_FORMULA = re.compile(r"\A(?!-?[\d.]+(e-?\d+)?%?\Z|\+[\d.]+\Z)(?=\s*[=+@＋－＝＠-]|[\t\r\n])")
"""The beginning of a cell that a spreadsheet would run; a number is none."""

Column = Callable[[Evidence, Any], Text | None]
"""What a column shows of a row of the evidence; blank when it says nothing. Text names a column."""


class Layout(NamedTuple):
    """The columns of a table, and the question that it answers when a chapter gives none.

    ``missing`` says what a dash in a cell means. ``filters`` are headers by which a browser filters
    a long table. ``prepare`` turns rows of the table ``of`` into those that are shown, and adds a
    note on them. ``computed`` names columns of rows that are in no table, and what gives them.
    """

    caption: str
    columns: Mapping[str, Column | str]
    missing: str = "not reported where the source was read."
    filters: tuple[str, ...] = ()
    of: str = ""
    computed: tuple[str, ...] = ()
    prepare: Callable[[Evidence, list[Row]], tuple[Sequence[Any], str]] = lambda _, rows: (rows, "")


def make_table(
    evidence: Evidence, layout: Layout, rows: Sequence[Any], name: str, caption: str, note: str = ""
) -> Table:
    """Make a table of rows; the note is said once below it, and what blank cells mean."""
    writers = [
        partial(cell_runs, column=of, missing="") if isinstance(of, str) else of
        for of in layout.columns.values()
    ]
    cells = [[runs(write(evidence, row) or "") for write in writers] for row in rows]
    blank = layout.missing and any(not cell for line in cells for cell in line)
    dash = f"{words.DASH} {layout.missing}" if blank else ""
    lines = tuple(
        TableRow(tuple(cell or runs(words.DASH) for cell in line), getattr(row, "finding_id", ""))
        for row, line in zip(rows, cells, strict=True)
    )
    filters = layout.filters if len(rows) > 20 else ()  # for long tables only
    below = runs(words.join_known(note, dash, mark=" "))
    head, said = tuple(layout.columns), runs(caption or layout.caption)
    return Table(name, said, head, lines, below, filters)


def rows_table(
    selection: Selection,
    table: str,
    columns: Mapping[str, str] | Sequence[str] = (),
    *,
    name: str = "",
    caption: str = "",
) -> Table:
    """Show rows of any table of the evidence, or columns of it, identifiers as linked names.

    ``table`` is the attribute of the evidence that the rows are from, such as ``"trials"``, or
    ``"judgements"`` behind the certainty of outcomes, or ``"arithmetic"`` of findings. ``columns``
    are names of columns, or header to name of a column; trials, arms, context, judgements and
    arithmetic have columns of their own. ``"averages"`` shows those of groups, without each trial
    in turn, or as trials were added (``pooling.subgroups`` and so on); ``"agreement"`` what
    ``pooling.compare_with_metafor()`` gives.

    >>> print(rows_table(["som"], "outcomes", {"Marker": "name", "In": "specimen"}))
    What do the rows of outcomes hold?
    Marker | In
    Somnin | blood
    >>> rows_table(["owl2014"], "trials").columns[:4]
    ('Trial', 'Form', 'Dose', 'Duration')
    """
    layout = None if columns else _LAYOUTS.get(str(table))
    if layout and layout.computed:
        frame = require(selection, f"pass what {layout.of} gives", layout.computed)
        evidence, picked = loaded(frame.attrs.get(ORIGIN)), as_rows(frame.rename_axis("row"))
    else:
        evidence, picked = pick(selection, layout.of or table if layout else table)
    if not layout:
        known = picked[0]._fields
        if not isinstance(columns, Mapping):
            heads = [column.removesuffix("_id").replace("_", " ") for column in columns or known]
            columns = dict(zip(map(words.sentence_case, heads), columns or known, strict=True))
        if unknown := [column for column in columns.values() if column not in known]:
            columns_are = f"its columns are {', '.join(known)}"
            raise ValueError(f"{table} has no column {unknown[0]!r}; {columns_are}")
        layout = Layout(f"What do the rows of {table} hold?", columns, filters=tuple(columns)[1:2])
    rows, note = layout.prepare(evidence, picked)
    return make_table(evidence, layout, rows, name or f"tab-{table}", caption, note)


def outcome_cell(_: Evidence, row: Row) -> str:
    """Name an outcome, or that of a finding with its analysis, at the start of a row."""
    analysis = words.analysis_text(row) if "finding_id" in row._fields else ""
    return words.sentence_case(words.join_known(words.outcome_text(row), analysis, mark=", "))


def figures_cell(_: Evidence, finding: Row) -> Text:
    """Write the figures of a finding, and how much is behind them; blank when there are none."""
    studies, people = finding.k_studies, finding.n_participants
    pooled = f"{words.number_text(studies)} {'study' if studies == 1 else 'studies'}"
    sizes = (pooled if studies else "", people and f"{words.number_text(people)} people")
    text = words.join_known(words.estimate_text(finding, gaps=False), *sizes)
    return words.finding_run(finding, text) if text else ""


def _printed(evidence: Evidence, finding: Row) -> Text:
    quoted = finding.as_printed and words.tidy_text(f"“{finding.as_printed}”")
    where = f" ({finding.locator or f'{finding.read_at} read'})."
    reason = words.standing_text(finding)
    note = words.join_known((finding.misfit or "").rstrip("."), finding.note)
    return words.joined((
        runs(words.finding_run(finding, quoted), where) if quoted else "",
        reason and f"Not counted: {reason}.",
        runs("Note: ", words.note_runs(evidence.rows("sources"), note), ".") if note else "",
    ), " ")  # fmt: skip


_FINDINGS = Layout(
    "What is reported, and in which words?",
    {
        "Outcome": outcome_cell,
        "Direction": lambda _, finding: words.direction_text(finding),
        "Result": figures_cell,
        "Source": lambda _, finding: words.source_run(finding),
        "As printed": _printed,
    },
    filters=("Outcome", "Direction", "Source"),
)


def findings_table(selection: Selection, *, name: str = "tab-findings", caption: str = "") -> Table:
    """List findings with direction, figures, source, and the words as printed.

    >>> str(findings_table(["larkin2024-som"])).splitlines()[2]
    'Somnin (SOM) | increase | MD 1.86 (95% CI 1.17–2.56) | Larkin 2024 | \
“SOM; MD 1.86, 95% CI 1.17-2.56” (Abstract, Results).'
    """
    evidence, findings = pick(selection)
    return make_table(evidence, _FINDINGS, findings, name, caption)


def _trial(evidence: Evidence, trial: Row) -> Text:
    keys = filter(None, (trial.source_id, trial.same_trial_as))
    return words.joined(map(words.source_run, map(evidence.source, keys)), ", same trial as ")


def _comparator(_: Evidence, trial: Row) -> str:
    also, other = trial.given_to_all, trial.other_arm
    also = f"all with {also}" if also and also not in (trial.comparator or "") else ""
    said = words.join_known(trial.comparator, also, other and f"further arm: {other}")
    return words.tidy_text(said)


def _people(evidence: Evidence, trial: Row) -> str:
    done = trial.n_completed and f"{words.number_text(trial.n_completed)} completed"
    size = words.number_text(evidence.source(trial.source_id).size)
    return words.join_known(size, done, mark=", ")


def _amount(_: Evidence, row: Row) -> str:
    """Write a value with its unit and its range, or a range alone."""
    limits = words.range_text(row.lower_printed, row.upper_printed)
    if value := words.amount_text(row.value_printed, row.unit):
        return words.with_details(value, limits)
    return words.join_known(limits, limits and words.unit_text(row.unit), mark=" ")


def _measured(evidence: Evidence, pair: Row) -> str:
    outcome = words.outcome_text(evidence.outcome(pair.outcome_id))
    return words.join_known(outcome, pair.measured_as, pair.timepoint, pair.value_type, mark=", ")


def _arm(evidence: Evidence, arm_id: str) -> str:
    """Write what an arm received, its value, its size and its spread."""
    arm = evidence.rows("arms")[arm_id]
    given, size = words.tidy_text(arm.arm), words.number_text(arm.n)
    if arm.events is not None:
        return f"{given}: {words.join_known(words.number_text(arm.events), size, mark=' of ')}"
    spread = words.number_text(arm.dispersion_printed)
    spread = spread or words.range_text(arm.dispersion_lower_printed, arm.dispersion_upper_printed)
    kind = "spread, kind not stated" if arm.dispersion_type == "not stated" else arm.dispersion_type
    median = arm.mean is None
    value = words.amount_text(arm.median_printed if median else arm.mean_printed, arm.unit)
    details = "median" if median else "", size and f"n {size}", spread and f"{kind} {spread}"
    return f"{given}: {words.with_details(value, *details)}"


def _difference(_: Evidence, pair: Row) -> str:
    if pair.missing:
        return f"not computed: {pair.missing}"
    numbers = (pair.estimate, pair.ci_lower, pair.ci_upper)
    value, low, high = (f"{n:.{pair.digits}f}" if pair.digits else n for n in numbers)
    interval = f"{CI_LEVEL}% CI {words.range_text(low, high)}"
    inferred = "SD inferred" if pair.sd_inferred else ""
    effect = f"{pair.effect_measure} {words.amount_text(value, pair.unit)}"
    return words.with_details(effect, interval, inferred)


def _basis(evidence: Evidence, judgements: Sequence[Row]) -> Text:
    basis: list[Row] = []
    for row in judgements:
        basis += map(evidence.finding, split_list(row.finding_ids))
        basis += map(evidence.source, split_list(row.source_ids))
    return sources_runs(evidence, basis, most=0)


def _judgements(evidence: Evidence, outcomes: list[Row]) -> tuple[Sequence[Any], str]:
    """Group the judgements on outcomes: those with one reason share a row."""
    rows = evidence.certainty
    rows = rows[rows["outcome_id"].isin([outcome.outcome_id for outcome in outcomes])]
    shared = words.grouped(as_rows(rows), lambda row: (row.domain, row.judgement, row.rationale))
    return sorted(shared.values(), key=lambda same: DOMAINS.index(same[0].domain)), ""


def _range(low: float | None, high: Any, digits: str) -> str:
    if low is None or not math.isfinite(high - low):  # rounding may hide any standard error
        return ""
    first, last = (f"{Decimal(format(end, digits)):f}" for end in (low, high))
    return words.number_text(first) if first == last else words.range_text(first, last)


def _checked(evidence: Evidence, findings: list[Row]) -> tuple[Sequence[Any], str]:
    """Join to findings what follows from their intervals, and count the verdicts."""
    ids = [finding.finding_id for finding in findings]
    frame = evidence.findings.loc[ids].join(evidence.arithmetic)
    counts = frame["verdict"].value_counts().items()
    count = words.join_known(*(f"{number} {word}" for word, number in counts), mark=", ")
    note = f"By verdict: {count}. Only an estimate with an interval can be checked."
    return as_rows(frame), note


_LAYOUTS = {
    "trials": Layout(
        "Who was given what, for how long, and against what?",
        {
            "Trial": _trial,
            "Form": "form",
            "Dose": lambda _, trial: words.dose_text(trial),
            "Duration": lambda _, row: words.amount_text(row.duration_printed, row.duration_unit),
            "Compared with": _comparator,
            "Blinding": "blinding",
            "People": _people,
            "Who took part": lambda of, row: cell_runs(
                of, of.source(row.source_id), "population", ""
            ),
        },
    ),
    "arms": Layout(
        "What was measured in each arm?",
        {
            "Trial": "source_id",
            "Measured": _measured,
            "Arm": lambda evidence, pair: _arm(evidence, pair.arm_id_intervention),
            "Comparator": lambda evidence, pair: _arm(evidence, pair.arm_id_comparator),
            "Effect, computed here": _difference,
        },
        prepare=lambda evidence, arms: (
            as_rows(effects_of_arms(evidence.arms.loc[[arm.arm_id for arm in arms]])),
            "",
        ),
    ),
    "context": Layout(
        "How much do values vary, and which are usual?",
        {
            "Outcome": lambda of, row: outcome_cell(of, of.outcome(row.outcome_id)),
            "Quantity": "quantity",
            "Value": _amount,
            "Population": "population",
            "Source": "source_id",
        },
        missing="not reported where the source was read, or looked for and not found.",
    ),
    "judgements": Layout(
        "Which concerns lower the certainty, and what could not be judged?",
        {
            "Concern": lambda _, same: words.sentence_case(same[0].domain.replace("_", " ")),
            "Judgement": lambda _, same: same[0].judgement,
            "Why": lambda _, same: same[0].rationale,
            "Outcomes": lambda evidence, same: words.listed(
                short_text(evidence, row.outcome_id) for row in same
            ),
            "Rests on": _basis,
        },
        of="outcomes",
        prepare=_judgements,
    ),
    "arithmetic": Layout(
        "Do the printed figures fit together?",
        {
            "Result": lambda evidence, row: runs(
                words.finding_run(row, outcome_cell(evidence, row)), ", ", words.source_run(row)
            ),
            "As reported": figures_cell,
            "Standard error": lambda _, row: _range(
                row.standard_error_low, row.standard_error_high, "#.3g"
            ),
            "z": lambda _, row: _range(row.z_low, row.z_high, ".2f"),
            "p": lambda _, row: None if row.p_low is None else p_text(row.p_low, row.p_high),
            "Verdict": lambda _, row: words.join_known(row.verdict, row.flags, mark=": "),
        },
        missing="cannot be computed.",
        of="findings",
        prepare=_checked,
    ),
    "averages": Layout(
        "What is the average, and how far do trials differ?",
        {
            "Trials": lambda evidence, row: words.trial_name(evidence, row.row),
            "Number": lambda _, row: str(int(row.k_studies)),
            "Average": lambda _, row: words.with_details(
                f"{row.effect_measure} {words.number_text(row.estimate)}",
                f"{CI_LEVEL}% CI {words.range_text(row.ci_lower, row.ci_upper)}",
            ),
            "I²": lambda _, row: f"{row.i2:.0f}%",
            "τ²": lambda _, row: words.number_text(row.tau2),
        },
        missing="not estimated.",
        of="pooling.subgroups, leave_one_out, cumulative or pool",
        computed=("method", "k_studies", "estimate", "ci_lower", "ci_upper", "i2", "tau2"),
        prepare=lambda _, rows: ([row for row in rows if row.k_studies is not None], ""),
    ),
    "agreement": Layout(
        "Do averages computed here agree with those of metafor?",
        {
            "Value": lambda _, row: words.sentence(f"value.{row.row}"),
            "metafor": lambda _, row: words.number_text(f"{row.metafor:.8g}"),
            "Here": lambda _, row: words.number_text(f"{row.here:.8g}"),
        },
        of="pooling.compare_with_metafor()",
        computed=("metafor", "here", "made_by"),
        prepare=lambda _, rows: (rows, f"{rows[0].made_by}."),
    ),
}
"""Tables of rows that have columns of their own, by the name that :func:`rows_table` takes."""


def column_width(column: Sequence[str]) -> int:
    """Give a column the room that its longest word needs, and more where some texts are long."""
    longest = max(len(word) for text in column for word in text.split() or [""])
    square = sum(len(text) ** 2 for text in column) / len(column)  # a few long texts count too
    return max(min(longest, 14), round(math.pow(square, 0.375)), 4)


def table_csv(rows: Iterable[Iterable[Any]]) -> str:
    """Write rows as CSV, of which no spreadsheet runs a cell as a formula."""
    frame = pd.DataFrame([_FORMULA.sub("'", str(cell)) for cell in row] for row in rows)
    return frame.to_csv(index=False, header=False, lineterminator="\n")
