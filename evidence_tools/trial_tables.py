"""Tables of trials and of their arms, with what is not stated written out."""

from __future__ import annotations

from collections.abc import Iterable

from evidence_tools.arms import ArmPair, difference_from_arms, missing_for_difference, pair_arms
from evidence_tools.display import Cell, Run, Table, TableRow, runs
from evidence_tools.evidence import Evidence
from evidence_tools.phrases import number_text, source_runs
from evidence_tools.schema import Source, Trial, TrialArm
from evidence_tools.trial_phrases import (
    arm_text,
    blinding_text,
    comparator_text,
    difference_text,
    dose_text,
    duration_text,
    form_text,
)


def trials_table(evidence: Evidence, *, name: str, caption: str) -> Table:
    """List every trial: what was given, against what, how blinded, to whom.

    Parameters
    ----------
    evidence
        One row for each row of ``trials.csv``.
    name, caption
        Label for cross-references, and what question the table answers.

    Returns
    -------
    Table
    """
    rows = [_trial_row(evidence, trial) for trial in evidence.trials.values()]
    columns = ("Trial", "Vitamin K2", "Compared with", "Blinding", "Who took part")
    return Table(name, runs(caption), columns, tuple(rows), (20, 22, 22, 12, 24))


def arms_table(evidence: Evidence, arms: Iterable[TrialArm], *, name: str, caption: str) -> Table:
    """List both arms of each trial, and their difference where all it needs is known.

    Parameters
    ----------
    evidence
        The evidence the arms belong to.
    arms
        Arms in pairs; one row each pair.
    name, caption
        Label for cross-references, and what question the table answers.

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        If an arm has no partner.
    """
    rows = [_pair_row(evidence, pair) for pair in pair_arms(arms)]
    columns = ("Trial and timepoint", "Vitamin K2 arm", "Comparator arm", "Difference", "Read")
    return Table(name, runs(caption), columns, tuple(rows), (18, 22, 22, 24, 14))


def _trial_row(evidence: Evidence, trial: Trial) -> TableRow:
    source = evidence.source_of(trial)
    return TableRow(
        (
            Cell.of(source_runs(source), _size(trial, source), _same_trial(evidence, trial)),
            Cell.of(f"{form_text(trial)}; {dose_text(trial)}; {duration_text(trial)}"),
            Cell.of(comparator_text(trial)),
            Cell.of(blinding_text(trial)),
            Cell.of(source.population or "not stated"),
        )
    )


def _size(trial: Trial, source: Source) -> str:
    size = source.n_participants
    people = "size not stated" if size is None else f"{number_text(size)} participants"
    completed = f", {number_text(trial.completed)} completed" if trial.completed else ""
    return f": {people}{completed}"


def _same_trial(evidence: Evidence, trial: Trial) -> tuple[Run, ...]:
    if not trial.same_trial_as:
        return ()
    return runs("; same trial as ", source_runs(evidence.source(trial.same_trial_as)))


def _pair_row(evidence: Evidence, pair: ArmPair) -> TableRow:
    arm, control = pair.intervention, pair.control
    if missing := missing_for_difference(pair):
        difference = f"not computed: {'; '.join(missing)}"
    else:
        difference = f"{difference_text(difference_from_arms(pair), arm.unit)}, computed here"
    # Both arms often bear the same note, one of them in short.
    both = (arm.note, control.note)
    shorter, longer = sorted(both, key=len)
    notes = longer if shorter in longer else "; ".join(both)
    outcome = evidence.outcome_of(arm)
    return TableRow(
        (
            Cell.of(
                source_runs(evidence.source_of(arm)),
                f", {arm.timepoint}: {outcome.abbreviation or outcome.name}, {arm.value_type}",
            ),
            Cell.of(arm_text(arm)),
            Cell.of(arm_text(control)),
            Cell.of(difference),
            Cell.of(arm.read_at, f"; {notes}" if notes else ""),
        )
    )
