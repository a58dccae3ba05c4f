"""Words for one number, one result, one source: the smallest pieces of every text.

Sentences, tables, charts, alt texts, hover cards and the roles of the book all use these, so
that a figure reads the same wherever it is shown. A row is an object with an attribute for
each column, as ``evidence.finding("...")`` gives it; a finding knows its outcome and source.
"""

import csv
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from evidence_tools.evidence.arithmetic import MOVED, RATIOS
from evidence_tools.evidence.frames import split_list
from evidence_tools.evidence.judgements import LEVELS, STRIKES_OUT
from evidence_tools.evidence.model import Evidence
from evidence_tools.show.display import Prose, Run, Runs, Text, plain, runs

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
ARROWS = {"increase": "\N{UPWARDS ARROW}", "decrease": "\N{DOWNWARDS ARROW}"}
with Path(__file__).with_name("sentences.csv").open(encoding="utf-8", newline="") as _file:
    _SENTENCES = {row["key"]: row["text"] for row in csv.DictReader(_file)}


def sentence(key: str, **slots: Any) -> str:
    """Write a sentence of ``sentences.csv``, with its slots filled."""
    return _SENTENCES[key].format(**slots)


def phrases(about: str) -> dict[str, str]:
    """Give the words of ``sentences.csv`` about one thing, by what follows it in their keys."""
    parts = ((key.partition("."), text) for key, text in _SENTENCES.items())
    return {name: text for (start, _, name), text in parts if start == about}


DIRECTIONS = phrases("direction")
"""Each direction in words."""
CONCERNS = phrases("concern")
"""Each known concern about a source in words."""

_RANGE = re.compile(r"(?<![\w./)-])([\d.]+)-([\d.]+)(?![\w-])")
_UNITS = {"ug": "µg", "cm2": "cm²", "cm3": "cm³", "m2": "m²"}
_SMALL = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def grouped(items: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    """Sort items into groups, in the order in which the groups come up."""
    groups: dict[Any, list[Any]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def joined(parts: Iterable[Text], mark: str) -> Runs:
    """Join runs with a mark between them; parts that say nothing are left out."""
    known = filter(None, map(runs, parts))
    return runs(*(runs(mark if index else "", part) for index, part in enumerate(known)))


def listed(names: Iterable[str]) -> str:
    """Join names as in running text: "age, sex and dose"."""
    return plain(listed_runs(names))


def listed_runs(parts: Iterable[Text], *, most: int = 0) -> Runs:
    """Join runs as in running text; beyond ``most`` of them the rest is counted."""
    named = list(parts)
    if most and len(named) > most + 1:  # "and one other" is no shorter than its name
        named[most:] = [f"{count_text(len(named) - most)} others"]
    return joined([joined(named[:-1], ", "), *named[-1:]], " and ")


def join_known(*parts: str | None, mark: str = "; ") -> str:
    """Join what is known; parts that say nothing are left out."""
    return mark.join(part for part in parts if part)


def with_details(name: str, *details: str | None) -> str:
    """Add details in brackets to a name, inside those that it ends with."""
    if not (inside := join_known(*details)):
        return name
    return f"{name[:-1]}; {inside})" if name.endswith(")") else f"{name} ({inside})"


def sentence_case(text: str) -> str:
    """Begin a text with a capital letter and leave the rest as it is."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """Write a name as inside a sentence; abbreviations and single letters keep their capitals."""
    first = re.split(r"\W", text, maxsplit=1)[0]
    is_name = len(first) > 1 and first.isalpha() and first.istitle()
    return text[:1].lower() + text[1:] if is_name else text


def tidy_text(text: str) -> str:
    """Write micrograms and ranges with their proper signs; a quotation keeps its hyphens."""
    text = re.sub(r"(?<=\d) ?ug\b", " µg", text)
    return text if text.startswith("“") else _RANGE.sub(rf"\1{DASH}\2", text)


def count_text(number: int, noun: str = "", plural: str = "") -> str:
    """Write how many there are: in words below ten, with the noun in the right number."""
    count = _SMALL[number] if number < len(_SMALL) else number_text(number)
    return f"{count} {noun if number == 1 else plural or f'{noun}s'}" if noun else count


def number_text(value: str | float | None) -> str:
    """Write a number with a true minus sign and grouped thousands; blank without one.

    Digits that are printed come as text. A computed figure gets two decimals, or two digits where
    it is smaller.

    >>> number_text("-1200.50"), number_text(0.4894), number_text(0.00368)
    ('−1,200.50', '0.49', '0.0037')
    """
    if value is None:
        return ""
    if isinstance(value, float):
        decimals = 1 - math.floor(math.log10(abs(value))) if value else 2
        value = f"{value:z.{min(max(2, decimals), 12)}f}"
    minus = MINUS if str(value).startswith("-") else ""
    digits = re.sub(r"^\d+", lambda whole: f"{int(whole[0]):,}", str(value).removeprefix("-"))
    return f"{minus}{digits}"


def range_text(lower: str | float | None, upper: str | float | None) -> str:
    """Write a range with an en dash, or with "to" beside a minus sign; blank without one."""
    low, high = number_text(lower), number_text(upper)
    return join_known(low, high, mark=" to " if MINUS in low + high else DASH)


def unit_text(unit: str | None) -> str:
    """Write a unit with its proper signs; ratios have none."""
    if unit is None or unit == "ratio":
        return ""
    return re.sub(r"[A-Za-z]+[0-9]?", lambda part: _UNITS.get(part[0], part[0]), unit)


def amount_text(value: str | float | None, unit: str | None) -> str:
    """Write a value with its unit: "375 µg/day", "−2.8% change"; blank without a value."""
    text = unit_text(unit) if value is not None else ""
    return join_known(number_text(value), text, mark="" if text.startswith("%") else " ")


def dose_text(trial: Any) -> str:
    """Write the dose of a trial, or that it gave several; blank when none is reported."""
    several = not trial.dose_printed and trial.form in (trial.other_arm or "")
    return "several doses" if several else amount_text(trial.dose_printed, trial.dose_unit)


def estimate_text(finding: Any, *, gaps: bool = True) -> str:
    """Write figures such as "MD 1.86 (95% CI 1.17–2.56; unit not reported)".

    Without ``gaps`` what is not reported is left out: a table or a list says it once.
    """
    p_value = f"p = {printed}".replace("= <", "< ") if (printed := finding.p_value_printed) else ""
    if finding.estimate is None:
        return join_known("no estimate reported" if gaps else "", p_value)
    level = finding.ci_level_printed
    if interval := range_text(finding.ci_lower_printed, finding.ci_upper_printed):
        interval = f"{level}% CI {interval}" if level else f"interval {interval}, level not stated"
    measure = finding.effect_measure
    name = measure if measure.isupper() else "effect size"
    return with_details(
        join_known(name, amount_text(finding.estimate_printed, finding.unit), mark=" "),
        interval or ("interval not reported" if gaps else ""),
        "unit not reported" if gaps and not finding.unit and measure not in RATIOS else "",
        p_value,
    )


def is_silent(finding: Any) -> bool:
    """Say whether a finding is not significant: it neither shows nor refutes a change."""
    insignificant = finding.direction in MOVED and finding.statistically_significant == "no"
    return bool(finding.direction == "no_significant_change" or insignificant)


def direction_text(finding: Any) -> str:
    """Say which way a finding went, and so if it is not significant or that is not stated."""
    direction, sure = _moved_text(finding), finding.statistically_significant
    if finding.direction == "no_significant_change" and sure == "not stated":
        return DIRECTIONS["no_test"]
    if finding.direction not in MOVED or sure == "yes":
        return direction
    return f"{direction}, {'not significant' if is_silent(finding) else 'significance not stated'}"


def way_text(finding: Any, *, article: bool = True) -> str:
    """Say in one phrase what a finding shows, such as "a significant increase"."""
    way = finding.direction
    if is_silent(finding) or way not in MOVED:
        return DIRECTIONS["no_significant_change"] if way in MOVED else direction_text(finding)
    way = _moved_text(finding)
    first = ("an " if way[0] in "aeiou" else "a ") if article else ""
    # Its significance is not that of two arms; rows of a time course have no such column.
    if getattr(finding, "contrast", None) == "among all arms":
        return f"{first}{way} among all arms"
    if finding.statistically_significant == "yes":
        return f"{'a ' if article else ''}significant{'ly' if ' ' in way else ''} {way}"
    return f"{first}{way} of unstated significance"


def _moved_text(finding: Any) -> str:
    """Name a direction; where all fell, the smaller fall is called so, and no increase."""
    contrast = getattr(finding, "contrast", None)
    return DIRECTIONS.get(f"{finding.direction} {contrast}") or DIRECTIONS[finding.direction]


def certainty_mark(rating: str | None) -> str:
    """Show a certainty in circles, as ``note.certainty`` explains them: "●●○○ at most low"."""
    if rating is None:
        return "not rated"
    empty = LEVELS.index(rating.removeprefix("at most "))
    return f"{'●' * (len(LEVELS) - empty)}{'○' * empty} {rating}"


def design_text(design: str) -> str:
    """Name the kind of publication."""
    named = design.replace("meta_", "meta-").replace("_", " ")
    return "randomized trial" if design == "rct" else named


def outcome_text(row: Any) -> str:
    """Name an outcome, or that of a finding, as inside a sentence with its abbreviation."""
    name, short = row.name if "name" in row._fields else row.outcome, row.abbreviation
    return with_details(lower_first(name), "" if short and short in name else short)


def source_name(row: Any) -> str:
    """Name a source, or that of a finding; a known concern always follows its name."""
    name = row.short_name if "short_name" in row._fields else row.source
    return with_details(name, CONCERNS.get(row.integrity))


def trial_name(evidence: Evidence, key: str) -> str:
    """Name a trial among computed rows, or the group of trials that a row is about."""
    source = evidence.rows("sources").get(key)
    return source_name(source) if source else str(key)


def source_run(row: Any) -> Run:
    """Name a source, or that of a finding, linked to its entry."""
    return Run(source_name(row), source_id=row.source_id)


def finding_run(finding: Any, text: str = "") -> Run:
    """Tie text to a finding, or else its figures, with its direction where it has no estimate.

    It is struck out when its source must not be relied on.
    """
    figures, struck = estimate_text(finding), finding.integrity in STRIKES_OUT
    if finding.estimate is None:
        figures = f"{direction_text(finding)} ({figures})"
    return Run(text or figures, "struck" if struck else "", finding.finding_id)


def reports_text(finding: Any) -> str:
    """Say what a finding reports: "Doe 2020 (retracted) reports an increase in calcium (Ca)"."""
    of = "in" if finding.direction in MOVED or is_silent(finding) else "for"
    way = re.sub("(,.*)", r"\1,", way_text(finding))  # what begins with a comma ends with one
    return f"{source_name(finding)} reports {way} {of} {outcome_text(finding)}"


def finding_runs(finding: Any) -> Runs:
    """State a finding with its source and why it does not count, if so."""
    return runs(finding_run(finding), " [", source_run(finding), aside_text(finding), "]")


def standing_text(finding: Any, *, brief: bool = False) -> str:
    """Say why a finding does not count as agreement, or nothing when it counts.

    A source that is struck out carries its reason beside its name already; charts have room for
    a ``brief`` one only.
    """
    if finding.standing == "context" and finding.contrast == "within an arm":
        return "change within one arm"
    if finding.standing == "context":
        form, people = finding.form, finding.population_group
        known = join_known(form and f"on {form}", people and f"in {people}", mark=", ")
        return known or "form and people not reported"
    if finding.standing == "set aside":
        reason = lower_first(finding.set_aside).rstrip(".")
        return "set aside: contradicts its own source" if brief else reason
    if finding.standing == "struck out":
        return finding.standing if brief else ""
    return "replaced by a later correction" if finding.standing == "superseded" else ""


def aside_text(finding: Any, *, brief: bool = False) -> str:
    """Say behind a result or the name of its source why it does not count, if so."""
    reason = standing_text(finding, brief=brief)
    return f"; not counted: {reason}" if reason else ""


def analysis_text(finding: Any) -> str:
    """Say which analysis and measurement a finding is: "sensitivity analysis, 12 months"."""
    kind = finding.analysis if ":" in finding.analysis else f"{finding.analysis} analysis"
    kind = kind.replace("primary analysis", "")
    return tidy_text(join_known(kind, finding.measured_as, finding.timepoint, mark=", "))


def reference_runs(source: Any) -> Runs:
    """Write a source as a reference; what is not known is left out, except an address."""
    names = split_list(source.authors)
    authors = (", ".join(names[:6]) + (" et al" if len(names) > 6 else "")).removesuffix(".")
    place = ", ".join(str(part) for part in (source.journal, source.year) if part)
    indexed = f"https://pubmed.ncbi.nlm.nih.gov/{source.pmid}/" if source.pmid else ""
    link = f"https://doi.org/{source.doi}" if source.doi else source.url or indexed
    return runs(
        source_run(source),
        f". {authors}. " if authors else ". ",
        Run(tidy_text(source.title), style="emphasis"),
        " " if source.title.endswith(("?", "!", ".")) else ". ",
        f"{tidy_text(place)}. " if place else "",
        "Read at " if source.url and not source.doi else "",
        Run(link.removeprefix("https://"), link=link) if link else "No address known.",
    )


def note_runs(sources: Mapping[str, Any], note: str) -> Runs:
    """Write a note of a table, with the identifiers of sources in it turned into their names."""
    known = "|".join(map(re.escape, sorted(sources, key=len, reverse=True)))
    parts = re.split(rf"(?<![\w-])({known or '(?!)'})(?![\w-])", tidy_text(note))
    return runs(*(source_run(sources[part]) if part in sources else part for part in parts))


def cited_runs(evidence: Evidence, keys: Iterable[str]) -> Runs:
    """Cite sources of the evidence and entries of ``references.bib`` side by side."""
    sources = evidence.rows("sources")
    cited = (source_run(sources[key]) if key in sources else Run(key, cite=key) for key in keys)
    return joined(cited, "; ")


def list_items(evidence: Evidence, items: Iterable[Text]) -> Prose:
    """Make a list; what is known against a source is said once in each item."""
    return Prose(tuple(concerns_once(evidence, runs(item)) for item in items if item), as_list=True)


def concerns_once(evidence: Evidence, paragraph: Runs) -> Runs:
    """Say what is known against a source beside its first mention in a paragraph only."""
    sources, findings = evidence.rows("sources"), evidence.rows("findings")
    said: set[str] = set()
    kept = []
    for run in paragraph:
        key = findings[run.finding_id].source_id if run.finding_id else run.source_id
        name = source_name(sources[key]) if key else ""
        if name in said:
            run = replace(run, text=run.text.replace(name, sources[key].short_name))
        elif name and name in run.text:
            said.add(name)
        kept.append(run)
    return tuple(kept)
