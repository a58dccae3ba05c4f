"""What each source reports on each outcome, beside the central source."""

from __future__ import annotations

from typing import Any

from evidence_tools.evidence.model import as_rows
from evidence_tools.evidence.selection import Selection, pick
from evidence_tools.show import marks, words
from evidence_tools.show.display import Figure, Text
from evidence_tools.show.lanes import Axis, Lane, draw_lanes, wrap
from evidence_tools.show.marks import GREY, INK, PALETTE, Mark, point

_BLUE, _RED = PALETTE[:2]
_DASHED = {"width": 1.5, "dashed": True}
_LOOKS: dict[str, tuple[str, Mark | None, str, str]] = {
    "central source": (INK, None, "", "{} is compared with others"),
    "agrees": (_BLUE, None, "blue, no frame: agrees", "the same is reported by {}"),
    "conflicts": (_RED, {"width": 2.5}, "thick frame: opposite, both significant",
                  "the opposite, significant too, is reported by {}"),
    "opposite, significance not stated": (
        _RED, _DASHED, "red dashed frame: opposite, significance not stated",
        "the opposite, with unstated significance, is reported by {}"),
    "not significant": (INK, _DASHED, "dashed frame: not significant, refutes nothing",
                        "no significant change, which refutes nothing, is reported by {}"),
    "reports a change": (INK, {"width": 1}, "thin frame: a change where the first reports none",
                         "a change is reported by {}"),
    "open": (INK, None, "", "results that cannot be compared come from {}"),
    "not compared": (INK, None, "", "results without a counterpart come from {}"),
}  # fmt: skip
"""For each relation: colour, frame, and words for the legend and for the text alternative."""
_MOST_COLUMNS = 12
_NARROWEST = 190  # pixels that all columns have on a phone
_NAME = 130  # pixels of a line of a column's name
_GROUPS = {1: "Reviews", 2: "Trials and authorities"}
_Cells = list[tuple[Any, str]]  # findings with their relations


def agreement_plot(
    selection: Selection, *, name: str | None = None, caption: Text | None = None
) -> Figure:
    """Draw a matrix of sources by outcomes: direction as shape, agreement as colour and frame.

    A result without significance refutes nothing; only opposite significant results conflict.
    What is not counted is grey, with the reason in the row's name.

    Parameters
    ----------
    selection
        Findings, a column for each outcome; their main results are drawn.
    name, caption
        Label for cross-references, and the question that the figure answers.

    Examples
    --------
    >>> evidence = load_evidence("tests/topic")
    >>> agreement_plot(evidence.findings.query("role == 'marker'")).name
    'fig-agreement'
    """
    evidence, findings = pick(selection)
    by_id = {finding.finding_id: finding for finding in findings}
    by_source: dict[str, _Cells] = {}
    by_outcome: dict[str, _Cells] = {finding.outcome_id: [] for finding in findings}
    for row in as_rows(evidence.comparisons()):
        finding = by_id.get(row.finding_id)
        if finding and finding.outcome_id == row.outcome_id:
            by_source.setdefault(finding.source_id, []).append((finding, row.relation))
            by_outcome[finding.outcome_id].append((finding, row.relation))
    outcomes = [evidence.outcome(key) for key, cells in by_outcome.items() if cells]
    if not outcomes:
        raise ValueError("none of these findings is a main result; choose analysis == 'primary'")
    if len(outcomes) > _MOST_COLUMNS:
        raise ValueError(f"{len(outcomes)} outcomes do not fit beside each other; choose at most "
                         f"{_MOST_COLUMNS}, for example of one kind")  # fmt: skip
    names = [wrap(outcome.abbreviation or outcome.name, _NAME) for outcome in outcomes]
    axis = Axis(-0.5, len(names) - 0.5, ticks=dict(enumerate(names)), top=True)
    usual = "Which sources agree with the first? In an empty cell a source reports nothing."
    lanes = []
    for source_id, cells in by_source.items():
        heading = _GROUPS.get(cells[0][0].evidence_level, "Other sources")
        heading = "Compared with" if source_id == evidence.topic.central_source else heading
        drawn = list[Mark]()
        for column, outcome in enumerate(outcomes):
            found = [cell for cell in cells if cell[0].outcome_id == outcome.outcome_id]
            drawn += _cell(found, column, _NARROWEST / len(outcomes))
        lanes.append(Lane(_row_name(cells), marks=drawn, heading=heading))
    return draw_lanes(
        lanes, axis, ("fig-agreement", usual, name, caption),
        entries=_legend([cell for cells in by_source.values() for cell in cells]),
        says=[_says(outcome, by_outcome[outcome.outcome_id]) for outcome in outcomes],
    )  # fmt: skip


def _row_name(cells: _Cells) -> str:
    """Name a source, and say in a word or two why its grey marks are not counted."""
    finding = cells[0][0]
    standings = dict.fromkeys(found.standing for found, _ in cells if found.standing != "counted")
    concern = f"struck out: {words.concern_text(finding)}"
    reasons = [concern if standing == "struck out" else standing for standing in standings]
    grey = "" if all(found.standing != "counted" for found, _ in cells) else "grey: "
    return f"{finding.source} ({grey}{', '.join(reasons)})" if reasons else str(finding.source)


def _cell(found: _Cells, column: int, step: float) -> list[Mark]:
    """Draw what one source reports on an outcome; several results share the cell."""
    room = min(24, step / max(len(found), 1))
    drawn = []
    for number, (finding, relation) in enumerate(found):
        x = column + (number - (len(found) - 1) / 2) * room / step
        colour, frame, *_ = _LOOKS.get(relation, (GREY, None))
        look: Mark = {"colour": colour, "on_axis": True}
        if frame:
            size = (room - 3) ** 2
            drawn.append(point(x, shape="square", size=size, hollow=True, **look, **frame))
        look |= {"shape": marks.SHAPES[finding.direction], "hollow": marks.is_hollow(finding)}
        look |= {"finding_id": finding.finding_id, "says": marks.result_sentence(finding)}
        drawn.append(point(x, size=min(110, (room / 2) ** 2), relation=relation, **look))
    return drawn


def _legend(cells: _Cells) -> list[tuple[Mark, str]]:
    """Explain the shapes, colours and frames that are there."""
    relations = {relation for _, relation in cells}
    entries = marks.explain(finding for finding, _ in cells)
    for relation, (colour, frame, words_of, _) in _LOOKS.items():
        if relation in relations and words_of:
            look = {"shape": "square", "size": 300, "hollow": True, **frame} if frame else {}
            entries.append((point(0, **{"shape": "circle", "colour": colour, **look}), words_of))
    return entries


def _says(outcome: Any, cells: _Cells) -> str:
    """Say who agrees on an outcome, who conflicts, and who is not counted."""
    groups: dict[str, list[str]] = {}
    for finding, relation in cells:
        concern = words.concern_text(finding)
        about = ", ".join(filter(None, [words.direction_text(finding), concern]))
        groups.setdefault(relation, []).append(f"{finding.source} ({about})")
    parts = []
    for relation, names in groups.items():
        *_, says = _LOOKS.get(relation, (f"not counted ({relation}): {{}}",))
        parts.append(words.sentence_case(says.format(words.listed(names))))
    return f"On {words.outcome_text(outcome)}: {'. '.join(parts)}."
