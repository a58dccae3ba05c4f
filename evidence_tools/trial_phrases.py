"""Words for one trial or one trial arm: what was given, for how long, against what."""

from __future__ import annotations

from decimal import Decimal

from evidence_tools.arms import ArmDifference
from evidence_tools.phrases import number_text
from evidence_tools.schema import Trial, TrialArm

FORM_NOT_STATED = "form not stated"


def form_text(trial: Trial) -> str:
    """Name the form of vitamin K2, or say that it is not stated."""
    return FORM_NOT_STATED if trial.form == "vitamin K2" else trial.form


def dose_text(trial: Trial) -> str:
    """Write the daily amount as stated, such as ``45 mg/day``, or ``dose not stated``."""
    if trial.dose is None:
        return "dose not stated"
    return f"{number_text(trial.dose)} {trial.dose_unit}"


def duration_text(trial: Trial) -> str:
    """Write the duration as stated, such as ``48 weeks``, or ``duration not stated``."""
    if trial.duration is None:
        return "duration not stated"
    return f"{number_text(trial.duration)} {trial.duration_unit}"


def comparator_text(trial: Trial) -> str:
    """Say what vitamin K2 was compared with, and what else was given to whom."""
    parts = [trial.comparator]
    if trial.given_to_all and trial.given_to_all in trial.comparator:
        parts = [f"{trial.comparator}, with the same in the vitamin K2 arm"]
    elif trial.given_to_all:
        parts.append(f"all with {trial.given_to_all}")
    if trial.other_arm:
        parts.append(f"further arm: {trial.other_arm}")
    return "; ".join(parts)


def blinding_text(trial: Trial) -> str:
    """Say whether people knew what they received, or that it is not stated."""
    return trial.blinding or "not stated"


def amount_text(value: Decimal, unit: str) -> str:
    """Write a value with its unit: ``2.8 ng/mL``, ``−55.9% of baseline``."""
    return f"{number_text(value)}{'' if unit.startswith('%') else ' '}{unit}"


def arm_text(arm: TrialArm) -> str:
    """Write what an arm received, its mean and its spread, with what is not stated.

    Returns
    -------
    str
        ``"MK-4 1.5 mg/day: 2.8 ng/mL (n 24; SD inferred 1.0)"``.
    """
    size = "n not stated" if arm.n is None else f"n {number_text(arm.n)}"
    if arm.dispersion is None:
        spread = "spread not stated"
    elif arm.dispersion_type == "not stated":
        spread = f"spread {number_text(arm.dispersion)}, kind not stated"
    else:
        spread = f"{arm.dispersion_type} {number_text(arm.dispersion)}"
    return f"{arm.arm}: {amount_text(arm.mean, arm.unit)} ({size}; {spread})"


def difference_text(difference: ArmDifference, unit: str) -> str:
    """Write a difference between arms with its interval, and whether it rests on an inference.

    Returns
    -------
    str
        ``"MD −1.40 ng/mL (95% CI −2.33 to −0.47; SD inferred)"``.
    """
    limits = f"{number_text(difference.ci_lower)} to {number_text(difference.ci_upper)}"
    inferred = "; SD inferred" if difference.sd_inferred else ""
    return (
        f"MD {amount_text(difference.mean_difference, unit)} "
        f"({difference.ci_level}% CI {limits}{inferred})"
    )
