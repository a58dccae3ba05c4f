"""From rows to tables. A table is a list of columns: a header, and what a row shows under it.

Every table takes rows first, as a frame made with pandas or as identifiers; ``name``, its label
for cross-references; and ``caption``, the question that it answers, which is otherwise written
from the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from evidence_tools.evidence.effects import CI_LEVEL, differences
from evidence_tools.evidence.model import Evidence, Row, as_rows
from evidence_tools.evidence.selection import Selection, pick
from evidence_tools.show import words
from evidence_tools.show.display import Cell, Table, TableRow, Text, runs
from evidence_tools.show.references import noted_runs
from evidence_tools.show.values import cell_runs, size_of

Column = Callable[[Evidence, Any], Text | None]
"""What a column shows of a row of the evidence; blank when it says nothing."""

_LONG = 20
"""A table with more rows offers filters."""


class Layout(NamedTuple):
    """The columns of a table, and its label and caption when a chapter gives none.

    ``missing`` says what a dash in a cell means. ``anchor`` is the attribute of a row that links
    to it lead to; ``filters`` are headers by which a browser filters a long table.
    """

    name: str
    caption: str
    columns: Mapping[str, Column]
    missing: str = "not reported where the source was read."
    anchor: str = ""
    filters: tuple[str, ...] = ()


def make_table(
    evidence: Evidence, layout: Layout, rows: Sequence[Any], name: str, caption: str, note: str = ""
) -> Table:
    """Make a table of rows; the note is said once below it, and what blank cells mean."""
    writers = layout.columns.values()
    cells = [[runs(write(evidence, row) or "") for write in writers] for row in rows]
    blank = layout.missing and any(not cell for line in cells for cell in line)
    dash = f"{words.DASH} {layout.missing}" if blank else ""
    return Table(
        name or layout.name,
        runs(caption or layout.caption),
        tuple(layout.columns),
        tuple(
            TableRow(
                tuple(Cell(cell or runs(words.DASH)) for cell in line),
                anchor=getattr(row, layout.anchor, ""),
            )
            for row, line in zip(rows, cells, strict=True)
        ),
        note=runs(words.join_known(note, dash, mark=" ")),
        filters=layout.filters if len(rows) > _LONG else (),
    )


def rows_table(
    selection: Selection,
    columns: Mapping[str, str] | Sequence[str],
    *,
    table: str = "findings",
    name: str = "",
    caption: str = "",
) -> Table:
    """Show columns of any table of the evidence, identifiers as linked names.

    ``columns`` are names of columns, or header to name of a column; ``table`` is the attribute of
    the evidence that the rows are from, such as ``"outcomes"``.

    >>> print(rows_table(["som"], {"Marker": "name", "In": "specimen"}, table="outcomes"))
    What do the rows of outcomes hold?
    Marker | In
    Somnin | blood
    """
    evidence, rows = pick(selection, table)
    if not isinstance(columns, Mapping):
        heads = [column.removesuffix("_id").replace("_", " ") for column in columns]
        columns = dict(zip(map(words.sentence_case, heads), columns, strict=True))
    known = rows[0]._fields
    if unknown := [column for column in columns.values() if column not in known]:
        raise ValueError(
            f"{table} has no column {unknown[0]!r}; its columns are {', '.join(known)}"
        )
    writers = {head: partial(cell_runs, column=of, missing="") for head, of in columns.items()}
    question = f"What do the rows of {table} hold?"
    layout = Layout(f"tab-{table}", question, writers, filters=tuple(columns)[1:2])
    return make_table(evidence, layout, rows, name, caption)


def outcome_cell(_: Evidence, row: Row) -> str:
    """Name an outcome, or that of a finding with its analysis, at the start of a row."""
    analysis = words.analysis_text(row) if "finding_id" in row._fields else ""
    return words.sentence_case(words.join_known(words.outcome_text(row), analysis, mark=", "))


def figures_cell(_: Evidence, finding: Row) -> Text:
    """Write the figures of a finding; blank when there are none."""
    text = words.estimate_text(finding, gaps=False)
    return words.finding_run(finding, text) if text else ""


def _sizes(_: Evidence, finding: Row) -> str:
    studies, people = finding.k_studies, finding.n_participants
    pooled = f"{words.number_text(studies)} {'study' if studies == 1 else 'studies'}"
    counted = people and f"{words.number_text(people)} people"
    return words.join_known(pooled if studies else "", counted, mark=", ")


def _printed(evidence: Evidence, finding: Row) -> Text:
    note = noted_runs(evidence, finding)
    if not finding.as_printed:
        return note
    quoted = words.finding_run(finding, f"“{words.tidy_text(finding.as_printed)}”")
    return runs(quoted, f" ({finding.locator or f'{finding.read_at} read'}).", note)


_FINDINGS = Layout(
    "tab-findings",
    "What is reported, and in which words?",
    {
        "Outcome": outcome_cell,
        "Direction": lambda _, finding: words.direction_text(finding),
        "Result": figures_cell,
        "Studies and people": _sizes,
        "Source": lambda _, row: runs(words.source_run(row), words.aside_text(row)),
        "As printed": _printed,
    },
    anchor="finding_id",
    filters=("Outcome", "Direction", "Source"),
)


def findings_table(selection: Selection, *, name: str = "", caption: str = "") -> Table:
    """List findings with direction, figures, source, and the words as printed.

    >>> str(findings_table(["larkin2024-som"])).splitlines()[2]
    'Somnin (SOM) | increase | MD 1.86 (95% CI 1.17–2.56) | – | Larkin 2024 | \
“SOM; MD 1.86, 95% CI 1.17-2.56” (Abstract, Results).'
    """
    evidence, findings = pick(selection)
    return make_table(evidence, _FINDINGS, findings, name, caption)


def _trial(evidence: Evidence, trial: Row) -> Text:
    keys = [key for key in (trial.source_id, trial.same_trial_as) if key]
    first, *same = [words.source_run(evidence.source(key)) for key in keys]
    return runs(first, ", same trial as " if same else "", same)


def _comparator(_: Evidence, trial: Row) -> str:
    also, other = trial.given_to_all, trial.other_arm
    also = f"all with {also}" if also and also not in (trial.comparator or "") else ""
    said = words.join_known(trial.comparator, also, other and f"further arm: {other}")
    return words.tidy_text(said)


def _people(evidence: Evidence, trial: Row) -> str:
    size, completed = size_of(evidence, trial.source_id), trial.n_completed
    done = f", {words.number_text(completed)} completed" if completed else ""
    return f"{words.number_text(size)}{done}" if size else ""


_TRIALS = Layout(
    "tab-trials",
    "Who was given what, for how long, and against what?",
    {
        "Trial": _trial,
        "Form": lambda _, trial: trial.form,
        "Dose": lambda _, trial: words.amount_text(trial.dose_printed or "", trial.dose_unit),
        "Duration": lambda _, row: words.amount_text(row.duration_printed or "", row.duration_unit),
        "Compared with": _comparator,
        "Blinding": lambda _, trial: trial.blinding,
        "People": _people,
        "Who took part": lambda evidence, trial: evidence.source(trial.source_id).population,
    },
)


def trials_table(selection: Selection, *, name: str = "", caption: str = "") -> Table:
    """List trials: what was given to whom, for how long, against what.

    >>> print(trials_table(["owl2014"]).rows[0].cells[2].content[0].text)
    10 lux/day
    """
    evidence, trials = pick(selection, "trials")
    return make_table(evidence, _TRIALS, trials, name, caption)


def _measured(evidence: Evidence, pair: Row) -> str:
    outcome = words.outcome_text(evidence.outcome(pair.outcome_id))
    return words.join_known(outcome, pair.measured_as, pair.timepoint, pair.value_type, mark=", ")


def _arm(evidence: Evidence, arm_id: str) -> str:
    """Write what an arm received, its value, its size and its spread."""
    arm = evidence.rows("arms")[arm_id]
    given, size = words.tidy_text(arm.arm), "" if arm.n is None else words.number_text(arm.n)
    if arm.events is not None:
        return f"{given}: {words.number_text(arm.events)}{size and f' of {size}'}"
    kind = "spread, kind not stated" if arm.dispersion_type == "not stated" else arm.dispersion_type
    spread = ""
    if arm.dispersion is not None:
        spread = f"{kind} {words.number_text(arm.dispersion_printed)}"
    elif arm.dispersion_lower is not None:
        limits = words.range_text(arm.dispersion_lower_printed, arm.dispersion_upper_printed)
        spread = f"{kind} {limits}"
    median = arm.mean is None
    value = words.amount_text(arm.median_printed if median else arm.mean_printed, arm.unit)
    said = words.with_details(value, "median" if median else "", size and f"n {size}", spread)
    return f"{given}: {said}"


def _difference(_: Evidence, pair: Row) -> str:
    if pair.missing:
        return f"not computed: {pair.missing}"
    numbers = (pair.mean_difference, pair.ci_lower, pair.ci_upper)
    value, low, high = (f"{number:.{pair.digits}f}" for number in numbers)
    interval = f"{CI_LEVEL}% CI {words.range_text(low, high)}"
    inferred = "SD inferred" if pair.sd_inferred else ""
    return words.with_details(f"MD {words.amount_text(value, pair.unit)}", interval, inferred)


_ARMS = Layout(
    "tab-arms",
    "What was measured in each arm?",
    {
        "Trial": lambda evidence, pair: words.source_run(evidence.source(pair.source_id)),
        "Measured": _measured,
        "Arm": lambda evidence, pair: _arm(evidence, pair.arm_id_intervention),
        "Comparator": lambda evidence, pair: _arm(evidence, pair.arm_id_comparator),
        "Difference, computed here": _difference,
    },
)


def arms_table(selection: Selection, *, name: str = "", caption: str = "") -> Table:
    """Set the arms of trials side by side, with their difference where all it needs is known.

    >>> pair = ["fern2019-som-lamp", "fern2019-som-none"]
    >>> print(arms_table(pair).rows[0].cells[-1].content[0].text)
    MD 0.80 ng/mL (95% CI 0.53–1.07)
    """
    evidence, arms = pick(selection, "arms")
    pairs = as_rows(differences(evidence.arms.loc[[arm.arm_id for arm in arms]]))
    return make_table(evidence, _ARMS, pairs, name, caption)
