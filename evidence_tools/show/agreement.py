"""What each source reports on each outcome beside the central one: a matrix, and sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evidence_tools.evidence.model import Evidence, Row, Selection, as_rows, pick
from evidence_tools.show import drawing, words
from evidence_tools.show.display import Figure, Prose, Run, Runs, Text, plain, runs
from evidence_tools.show.drawing import Axis, Lane, Mark, draw_lanes, point

_INK, _BLUE, _RED = drawing.INK, *drawing.PALETTE[:2]
_DASHED = {"width": 1.5, "dashed": True}
LOOKS: dict[str, tuple[str, Mark | None, str, str]] = {
    "central source": (_INK, None, "", ""),
    "agrees": (_BLUE, None, "blue, no frame: agrees", "agree"),
    "conflicts": (_RED, {"width": 2.5}, "thick frame: opposite, both significant", "opposite"),
    "opposite, significance not stated": (
        _RED, _DASHED, "red dashed frame: opposite, significance not stated",
        "opposite with unstated significance"),
    "reports a change": (_INK, {"width": 1}, "thin frame: a change where the first reports none",
                         "with a change"),
    "not significant": (_INK, _DASHED, "dashed frame: not significant, refutes nothing", "unclear"),
    "open": (_INK, None, "", "unclear"),
    "not compared": (_INK, None, "", "not compared"),
}  # fmt: skip
"""For each relation: colour, frame, words for the legend, and words behind a count."""
_MOST_COLUMNS = 12
_NARROWEST = 190  # pixels that all columns have on a phone
_NAME = 130  # pixels of a line of a column's name
_GROUPS = {1: "Reviews", 2: "Trials and authorities"}
_Cells = list[tuple[Row, str]]  # findings with their relations


def agreement_plot(
    selection: Selection, *, name: str = "fig-agreement", caption: Text = ""
) -> Figure:
    """Draw a matrix of sources by outcomes: direction as shape, agreement as colour and frame.

    A result without significance refutes nothing; only opposite significant results conflict.
    What is not counted is grey, with the reason in the row's name. Findings have a column for
    each outcome; their main results are drawn.

    >>> evidence = load_evidence("tests/topic")
    >>> agreement_plot(evidence.findings.query("role == 'marker'")).name
    'fig-agreement'
    """
    evidence, findings = pick(selection)
    by_id = {finding.finding_id: finding for finding in findings}
    compared = as_rows(evidence.comparisons)
    known = [(by_id[row.finding_id], row) for row in compared if row.finding_id in by_id]
    drawn = [(f, row.relation) for f, row in known if f.outcome_id == row.outcome_id]
    by_outcome = words.grouped(drawn, lambda cell: cell[0].outcome_id)
    order = dict.fromkeys(finding.outcome_id for finding in findings)
    outcomes = [evidence.outcome(key) for key in order if key in by_outcome]
    if not outcomes:
        raise ValueError("none of these findings is a main result; choose analysis == 'primary'")
    if len(outcomes) > _MOST_COLUMNS:
        raise ValueError(f"{len(outcomes)} outcomes do not fit beside each other; choose at most "
                         f"{_MOST_COLUMNS}, for example of one kind")  # fmt: skip
    names = [drawing.wrap(outcome.abbreviation or outcome.name, _NAME) for outcome in outcomes]
    axis = Axis(-0.5, len(names) - 0.5, ticks=dict(enumerate(names)), top=True)
    lanes = []
    for source_id, cells in words.grouped(drawn, lambda cell: cell[0].source_id).items():
        heading = _GROUPS.get(cells[0][0].evidence_level, "Other sources")
        heading = "Compared with" if source_id == evidence.topic.central_source else heading
        marks = list[Mark]()
        for column, outcome in enumerate(outcomes):
            found = [cell for cell in cells if cell[0].outcome_id == outcome.outcome_id]
            marks += _cell(evidence, found, column, _NARROWEST / len(outcomes))
        lanes.append(Lane(_row_name(cells), marks=marks, heading=heading))
    square: Mark = {"shape": "square", "size": 300, "hollow": True}
    relations = {relation for _, relation in drawn}
    legend = {
        meaning: {"colour": colour, **(square | frame if frame else {})}
        for relation, (colour, frame, meaning, _) in LOOKS.items()
        if meaning and relation in relations
    }
    usual = "Which sources agree with the first? An empty cell is silence."
    # The text alternative names every source.
    shown = [(one, [f for f, _ in by_outcome[one.outcome_id]]) for one in outcomes]
    says = [plain(_agreement(one, found, most=0)) for one, found in shown]
    return draw_lanes(lanes, axis, name, caption or usual, legend=legend, says=says)


def _row_name(cells: _Cells) -> str:
    """Name a source, and say in a word or two why its grey marks are not counted."""
    finding = cells[0][0]
    standings = dict.fromkeys(found.standing for found, _ in cells if found.standing != "counted")
    concern = f"struck out: {words.concern_text(finding)}"
    reasons = [concern if standing == "struck out" else standing for standing in standings]
    grey = "" if all(found.standing != "counted" for found, _ in cells) else "grey: "
    return f"{finding.source} ({grey}{words.listed(reasons)})" if reasons else str(finding.source)


def _cell(evidence: Evidence, found: _Cells, column: int, step: float) -> list[Mark]:
    """Draw what one source reports on an outcome; several results share the cell."""
    room = min(24, step / max(len(found), 1))
    drawn = []
    for number, (finding, relation) in enumerate(found):
        x = column + (number - (len(found) - 1) / 2) * room / step
        colour, frame, *_ = LOOKS.get(relation, (drawing.GREY, None))
        if frame:
            look: Mark = {"shape": "square", "size": (room - 3) ** 2, "colour": colour, **frame}
            drawn.append(point(x, on_axis=True, hollow=True, **look))
        look = drawing.look_of(evidence, finding) | {"colour": colour, "relation": relation}
        look |= {"finding_id": finding.finding_id, "says": drawing.result_sentence(finding)}
        drawn.append(point(x, size=min(110, (room / 2) ** 2), **look))
    return drawn


def results_on(evidence: Evidence, outcome_id: str) -> list[Row]:
    """List the primary results on an outcome, those of the central source and reviews first."""
    compared = evidence.comparisons
    keys = compared.loc[compared["outcome_id"] == outcome_id, "finding_id"]
    return [evidence.finding(key) for key in keys]


def narrate_agreement(selection: Selection) -> Prose:
    """Say for each outcome which results point which way, and which are not counted.

    All primary results on each outcome are compared, also those that were not selected.

    >>> print(narrate_agreement(["headache"]))
    - Headache: a significant increase in Fern 2019.
    """
    evidence, outcomes = pick(selection, "outcomes")
    results = [results_on(evidence, outcome.outcome_id) for outcome in outcomes]
    items: list[Text] = [
        _agreement(outcome, found) for outcome, found in zip(outcomes, results, strict=True)
    ]
    counted = [finding for found in results for finding in found if finding.standing == "counted"]
    return words.list_items(
        evidence, [*items, words.SILENT if any(map(words.is_silent, counted)) else ""]
    )


def _agreement(outcome: Row, findings: Sequence[Row], most: int = 3) -> Runs:
    if not findings:
        return ()
    counted = words.grouped((f for f in findings if f.standing == "counted"), words.way_text)
    left_out = [f for f in findings if f.standing != "counted"]
    aside = words.grouped(left_out, lambda f: words.standing_text(f) or f.standing)
    said = [runs(f"{way} in ", _named(outcome, same, most)) for way, same in counted.items()]
    said = said or [runs("no result that counts")]
    if {"a significant increase", "a significant decrease"} <= set(counted):
        said.append(runs("significant results point in opposite directions"))
    said += [
        runs(f"not counted ({why}): ", _named(outcome, same, most)) for why, same in aside.items()
    ]
    head = Run(words.sentence_case(words.outcome_text(outcome)), style="strong")
    rest = [runs(f" {words.sentence_case(first.text)}", more, ".") for first, *more in said[1:]]
    return runs(head, ": ", said[0], ".", *rest)


def _named(outcome: Row, findings: Iterable[Row], most: int) -> Runs:
    named = []
    for same in words.grouped(findings, lambda f: (f.source_id, f.outcome_id)).values():
        times = words.listed(dict.fromkeys(f.timepoint for f in same if f.timepoint))
        other = same[0].outcome_id != outcome.outcome_id
        about = f" ({words.lower_first(same[0].outcome)})" if other else ""
        text = f"{words.source_name(same[0])}{f' at {times}' if times else ''}{about}"
        named.append(words.finding_run(same[0], text))
    return words.listed_runs(named, most=most)
