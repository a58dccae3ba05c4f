"""Damaged files of the evidence are refused with file, line and remedy, or load unchanged."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from building import TOPIC

from evidence_tools.evidence.model import load_evidence
from evidence_tools.evidence.problems import EvidenceError

Damage = Callable[[Path], None]


def cell(table: str, row: str, **cells: str) -> Damage:
    """Change cells of one row; ``row`` is its key."""

    def damage(folder: Path) -> None:
        header, rows = _read(folder / f"{table}.csv")
        [found] = [cells for cells in rows if cells[header[0]] == row]
        found.update(cells)
        _write(folder / f"{table}.csv", header, rows)

    return damage


def copied(table: str, row: str, **cells: str) -> Damage:
    """Add a copy of a row at the end, with some cells changed."""

    def damage(folder: Path) -> None:
        header, rows = _read(folder / f"{table}.csv")
        model = next(cells for cells in rows if cells[header[0]] == row)
        _write(folder / f"{table}.csv", header, [*rows, {**model, **cells}])

    return damage


def added(table: str, **cells: str) -> Damage:
    """Add a row in which everything else is blank."""

    def damage(folder: Path) -> None:
        header, rows = _read(folder / f"{table}.csv")
        _write(folder / f"{table}.csv", header, [*rows, dict.fromkeys(header, "") | cells])

    return damage


def text(file: str, old: str, new: str, count: int = 1) -> Damage:
    return raw(file, lambda content: _once(content, old.encode(), new.encode(), count))


def raw(file: str, change: Callable[[bytes], bytes]) -> Damage:
    return lambda folder: (folder / file).write_bytes(change((folder / file).read_bytes())) and None


def field(table: str, column: str | None, **keys: Any) -> Damage:
    """Change the description of a column, or of the table; ``None`` removes a key."""

    def damage(folder: Path) -> None:
        package = json.loads((folder / "datapackage.json").read_text())
        resource = next(r for r in package["resources"] if r["name"] == table)
        fields = {f["name"]: f for f in resource["schema"]["fields"]}
        where = fields[column] if column else resource
        for key, value in keys.items():
            where = where["schema"] if key in resource["schema"] and not column else where
            where[key] = value
            if value is None:
                del where[key]
        (folder / "datapackage.json").write_text(json.dumps(package, indent=1))

    return damage


def both(*damages: Damage) -> Damage:
    def damage(folder: Path) -> None:
        for one in damages:
            one(folder)

    return damage


def _once(content: bytes, old: bytes, new: bytes, count: int) -> bytes:
    assert old in content
    return content.replace(old, new, count)


def _read(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return list(reader.fieldnames or ()), list(reader)


def _write(path: Path, header: list[str], rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _replace_with(kind: str, file: str) -> Damage:
    def damage(folder: Path) -> None:
        path = folder / file
        path.rename(folder / "moved.txt")
        if kind == "folder":
            path.mkdir()
        elif kind == "pipe":
            os.mkfifo(path)
        elif kind == "link":
            path.symlink_to(folder / "moved.txt")
        elif kind == "loop":
            path.symlink_to(path)
        elif kind == "device":
            path.symlink_to("/dev/zero")
        elif kind:
            path.symlink_to(folder / kind)

    return damage


def _undescribed(column: str) -> Damage:
    """Remove the line of the dictionary that describes a column."""
    line = rf'\n   {{"name": "{column}".*'.encode()
    return raw("datapackage.json", lambda content: re.sub(line, b"", content))


def _header_only(file: str) -> Damage:
    return raw(file, lambda content: content.split(b"\n")[0] + b"\n")


SOM, FERN, LAMP = "larkin2024-som", "fern2019-som", "fern2019-som-lamp"
NIGHT, MORE = "moss2021-accident", ("harms", "fern2019-more")
F, S, OUT, T, A = "findings", "sources", "outcomes", "trials", "arms"
NULL, GAP, TURN = "\x00", "\u00ad", "\u202e"
MD = "MD 1.86, 95% CI 1.17-2.56"
REFUSED: dict[str, tuple[Damage, str]] = {
    # Files
    "file-missing": (_replace_with("", "arms.csv"), r"arms\.csv: the file is missing; put it back"),
    "file-renamed": (lambda d: (d / "arms.csv").rename(d / "Arms.csv") and None,
                     r"arms\.csv: .*rename 'Arms\.csv'"),
    "file-is-folder": (_replace_with("folder", "harms.csv"), r"harms\.csv: .*not a plain file"),
    "file-is-pipe": (_replace_with("pipe", "harms.csv"), r"harms\.csv: .*not a plain file"),
    "file-is-device": (_replace_with("device", "harms.csv"), r"harms\.csv: .*not a plain file"),
    "link-loop": (_replace_with("loop", "harms.csv"), r"harms\.csv: the file cannot be read"),
    "link-to-nothing": (_replace_with("nowhere.csv", "harms.csv"), r"harms\.csv: .*is missing"),
    "dictionary-missing": (_replace_with("", "datapackage.json"), r"datapackage\.json: .*missing"),
    "dictionary-is-pipe": (_replace_with("pipe", "datapackage.json"), r"not a plain file"),
    "topic-missing": (_replace_with("", "topic.yml"), r"topic\.yml: the file is missing"),
    "topic-is-folder": (_replace_with("folder", "topic.yml"), r"topic\.yml: .*not a plain file"),
    "folder-missing": (lambda d: shutil.rmtree(d), r"there is no folder"),
    "file-empty": (raw("harms.csv", lambda _: b""), r"harms\.csv: the file is empty; its first"),
    "file-of-blanks": (raw("harms.csv", lambda _: b" \n \n"), r"harms\.csv: the file is empty"),
    "copy-left-behind": (lambda d: shutil.copy(d / "arms.csv", d / "arms (1).csv") and None,
                         r"arms \(1\)\.csv: no table of datapackage\.json; .*remove"),
    "needed-table-without-rows": (_header_only("outcome_kinds.csv"), r"header but no rows"),
    # Encodings and line ends
    "latin-1": (raw("sources.csv", lambda c: c.decode().encode("latin-1")),
                r"sources\.csv:8: found the byte 0xE9, which is not UTF-8"),
    "utf-16": (raw("sources.csv", lambda c: c.decode().encode("utf-16")), r"UTF-16 text; save it"),
    "spreadsheet": (raw("sources.csv", lambda c: b"PK\x03\x04\xff" + c), r"spreadsheet or zip"),
    "mojibake": (cell(S, "reed2016", short_name="RÃ©ed"), r"sources\.csv:8: .*'RÃ©ed', which was"),
    "lost-letter": (cell(S, "reed2016", short_name="R\ufffded"), r"replaces a letter that was los"),
    "nul": (text("harms.csv", "headaches", "head\x00aches"), r"harms\.csv:2: found a NUL"),
    "second-mark": (raw("harms.csv", lambda c: b"\xef\xbb\xbf" * 2 + c), r"harms\.csv:1: column"),
    "git-conflict": (text("harms.csv", "\n", "\n<<<<<<< HEAD\n"), r"harms\.csv:2: .*two edits"),
    "git-conflict-base": (text("harms.csv", "\n", "\n||||||| 1f2e\n"), r"harms\.csv:2: .*two edit"),
    "git-conflict-topic": (text("topic.yml", "subject:", "=======\nsubject:"), r"topic\.yml:4: "),
    "git-lfs": (raw("harms.csv", lambda _: b"version https://git-lfs.github.com/spec/v1\n"),
                r"harms\.csv:1: the header is missing"),
    # The form of a table
    "semicolons": (raw("context.csv", lambda c: c.replace(b",", b";")), r":1: .*semicolons"),
    "tabs": (raw("context.csv", lambda c: c.replace(b",", b"\t")), r":1: .*by tabs"),
    "no-header": (raw("sources.csv", lambda c: c.split(b"\n", 1)[1]), r":1: the header is missing"),
    "separator-line": (raw("harms.csv", lambda c: b"sep=,\n" + c), r"harms\.csv:1: the header is"),
    "comment-line": (raw("harms.csv", lambda c: b"# harms\n" + c), r"harms\.csv:1: the header is"),
    "column-misspelt": (text("findings.csv", "estimate", "estimat"),
                        r"findings\.csv:1: column 'estimat': unknown column; did you mean 'estim"),
    "column-in-capitals": (text("findings.csv", "estimate", "Estimate"), r"did you mean 'estimate"),
    "column-with-space": (text("findings.csv", "estimate", "estimate "), r"did you mean 'estimate"),
    "column-twice": (text("findings.csv", "ci_lower,ci_upper", "ci_lower,ci_lower"),
                     r"column 'ci_lower': the column occurs 2 times"),
    "column-gone": (text("harms.csv", ",note\n", "\n"), r"column 'note': the column is missing"),
    "column-new": (text("harms.csv", ",note\n", ",note,mine\n"), r"column 'mine': unknown column"),
    "trailing-commas": (raw("harms.csv", lambda c: c.replace(b"\n", b",\n")), r"'\(blank\)': unkn"),
    "cell-too-many": (text("harms.csv", "fern2019-more,", "fern2019-more,,"),
                      r"harms\.csv:2: the row has 11 cells, but there are 10 columns; check its"),
    "cell-too-few": (text("harms.csv", "fern2019-more,", "fern2019-more"), r"the row has 9 cells"),
    "row-blank": (text("harms.csv", "\nreed", "\n\nreed"), r"harms\.csv:3: the row is empty; rem"),
    "row-of-commas": (text("harms.csv", "\nreed", "\n,,,,,,,,,\nreed"), r"harms\.csv:3: the row i"),
    "quote-open": (text("findings.csv", f'"SOM; {MD}"', f'"SOM; {MD}'), r"findings\.csv:2: a quot"),
    "quote-inside": (text("findings.csv", '"SOM; ', '"SOM" '), r"findings\.csv:2: .*written twice"),
    "quote-last": (raw("harms.csv", lambda c: c + b'"'), r"harms\.csv:6: a quoted cell"),
    "cell-huge": (cell(*MORE, note="a" * 200_000), r":2: .*found 200000 charac"),
    "cell-long": (cell(*MORE, note="a" * 2_001), r"found 2001 characters"),
    # Text in a cell
    "line-break": (cell(*MORE, note="a\nb"), r"harms\.csv:2: .*a line break"),
    "tab": (cell(*MORE, note="a\tb"), r"found a tab"),
    "bell": (cell(*MORE, note="a\x07b"), r"U\+0007"),
    "turned-text": (cell(*MORE, note=f"a{TURN}b"), r"U\+202E \(right-to-left"),
    "soft-hyphen": (cell(*MORE, note=f"a{GAP}b"), r"U\+00AD \(soft hyphen"),
    "line-separator": (cell(*MORE, note="a\u2028b"), r"U\+2028"),
    "private-character": (cell(*MORE, note="a\ue000b"), r"U\+E000"),
    "spaces-around": (cell(*MORE, kind=" more with it"), r"found spaces around"),
    "no-break-space-at-end": (cell(*MORE, kind="more\u00a0"), r"U\+00A0"),
    # Numbers, dates, words
    "decimal-comma": (cell(F, SOM, estimate="1,86"), r"decimal point, not a comma"),
    "minus-sign": (cell(F, "larkin2024-vig", estimate="−0.90"), r"'−', U\+2212, is no part"),
    "en-dash": (cell(F, "larkin2024-vig", estimate="–0.90"), r"U\+2013, is no part"),
    "wide-digits": (cell(F, SOM, estimate="１.86"), r"is no part of it"),
    "not-a-number": (cell(F, SOM, estimate="NaN"), r"found 'NaN'; a number such"),
    "infinity": (cell(F, SOM, estimate="inf"), r"found 'inf'; a number"),
    "exponent": (cell(F, SOM, estimate="1.86e0"), r"found '1\.86e0'; a number"),
    "underscore": (cell(F, "moss2021-sleep", ci_upper="2_7"), r"found '2_7'; a number"),
    "plus": (cell(F, SOM, estimate="+1.86"), r"found '\+1\.86'; a number"),
    "leading-zero": (cell(F, SOM, estimate="01.86"), r"found '01\.86'; a number"),
    "no-leading-zero": (cell(F, "moss2021-som", estimate=".40"), r"found '\.40'; a number"),
    "many-digits": (cell(F, SOM, estimate="1" * 400), r"; a number such as"),
    "na": (cell(F, SOM, p_value="NA"), r"found 'NA'; "),
    "dash-for-missing": (cell(F, SOM, i2="-"), r"found '-'; a number"),
    "percent-sign": (cell(F, "moss2021-som", i2="64%"), r"found '64%'; a number"),
    "formula": (cell(F, SOM, estimate="=1+1"), r"found '=1\+1'; a number"),
    "thousands": (cell(S, "fern2019", n_participants="2,570"), r"found '2,570'; a whole number"),
    "part-of-a-person": (cell(S, "fern2019", n_participants="900.0"), r"a whole number such as"),
    "nobody": (cell(S, "fern2019", n_participants="0"), r"it must be at least 1"),
    "i2-above-100": (cell(F, "moss2021-som", i2="640"), r"found '640'; it must be at most 100"),
    "year-late": (cell(S, "fern2019", year="2109"), r"found '2109'; it must be at most 2100"),
    "year-after-look-up": (cell(S, "fern2019", year="2029"), r"found 2029, but it was looked up"),
    "day-first": (cell(S, "fern2019", integrity_checked="01.11.2026"), r"a date such as 2026-11-2"),
    "no-such-day": (cell(S, "fern2019", integrity_checked="2026-02-30"), r"a date such as"),
    "serial-date": (cell(S, "fern2019", integrity_checked="46327"), r"a date such as"),
    "date-with-time": (cell(S, "fern2019", integrity_checked="2026-11-01T00:00"), r"a date such"),
    "day-in-the-future": (cell(S, "fern2019", integrity_checked="2199-01-01"), r"in the future"),
    "boolean": (cell(OUT, "som", surrogate="TRUE"), r"outcomes\.csv:2: .*'TRUE'; yes or no is nee"),
    "p-above-one": (cell(F, "moss2021-vig", p_value="1.2"), r"found '1\.2'; its form is"),
    "p-zero": (cell(F, FERN, p_value="0.000", as_printed="0.80 ng/mL (95% CI 0.20-1.40), "
                    "p = 0.000"), r"found '0\.000'; .*greater than zero"),
    "p-not-as-printed": (cell(F, FERN, p_value="0.01"), r"found '0\.01', but as_printed"),
    "p-bound-lost": (cell(F, "larkin2024-vig", p_value="0.001"), r"found '0\.001', but as_printed"),
    "word-misspelt": (cell(F, SOM, direction="increse"), r"did you mean 'increase'\?"),
    "word-in-capitals": (cell(F, SOM, direction="Increase"), r"allowed: increase, de"),
    "level-unknown": (cell(F, SOM, ci_level="9.5"), r"found '9\.5'; allowed: 90, 95"),
    "needed-blank": (cell(F, SOM, direction=""), r"the cell must not be blank"),
    "needed-not-reported": (cell(F, SOM, direction="not reported"), r"must not be bl"),
    "analysis-free": (cell(F, "moss2021-accident-sens", analysis="subgroup"), r"its form is "),
    "time-free": (cell(F, FERN, timepoint="half a year"), r"found 'half a year'; its fo"),
    "colour": (cell("outcome_kinds", "accident", colour="red"), r"found 'red'; its form is"),
    "address-of-script": (cell(S, "dusk2010", url="javascript:alert(1)"), r"its form is https"),
    "doi-as-address": (cell(S, "fern2019", doi="https://doi.org/10.9999/fern.2019"),
        r"its form is"),
    # Keys
    "key-blank": (cell(F, SOM, finding_id=""), r"findings\.csv:2: .*must not be blan"),
    "key-in-capitals": (cell(F, "larkin2024-dor", finding_id="Larkin2024-dor"), r"its form is"),
    "key-twice": (copied(F, SOM), r"'larkin2024-som' in line 2 too; each row needs"),
    "name-twice": (cell(S, "moss2021", short_name="Larkin 2024"), r"'Larkin 2024' in line 2 too"),
    "judgement-twice": (text("certainty.csv", "som,inconsistency", "som,risk_of_bias"),
                        r"certainty\.csv:3: .*'som' and 'risk_of_bias' in line 2 too"),
    "source-unknown": (cell(F, SOM, source_id="larkin2025"),
                     r"findings\.csv:2: column 'source_id': .*not in sources\.csv; .*'larkin2024'"),
    "outcome-unknown": (cell(A, LAMP, outcome_id="sm"), r"not in outcomes\.csv"),
    "kind-unknown": (cell(OUT, "som", kind="hormone"), r"not in outcome_kinds\.csv"),
    "correction-unknown": (cell(F, "heron2015-accident", superseded_by="heron-2018"),
        r"not in find"),
    "listed-finding-unknown": (text("certainty.csv", "larkin2024-vig", "larkin-vig"),
        r"not in find"),
    "listed-twice": (text("certainty.csv", "larkin2024-vig", "larkin2024-vig; larkin2024-vig"),
                     r"'larkin2024-vig' 2 times; name it once"),
    "listed-kind-unknown": (cell(OUT, "sleep_panel", covers="sleep hormone"), r"not in outcome_ki"),
    "source-removed": (raw("sources.csv", lambda c: re.sub(rb"\nfern2019.*", b"", c)),
                       r"found 'fern2019', which is not in sources\.csv"),
    "group-unknown": (cell("advice", "dusk2010-eyes", concern="eye"), r"advice\.csv:2: .*'eyes'"),
    "rule-unknown": (cell("limitations", "known-concern", rule="integrty"), r"allowed: surr"),
    # Rows that contradict themselves
    "limits-swapped": (cell(F, SOM, ci_lower="2.56", ci_upper="1.17"),
                       r"ci_lower': 2\.56 is above 1\.17; the limits are swapped"),
    "one-limit": (cell(F, SOM, ci_upper=""), r"'ci_upper': blank although ci_lower"),
    "no-limits": (cell(F, SOM, ci_lower="", ci_upper="", ci_level=""),
                  r"'ci_lower': blank, but as_printed has an interval; copy it"),
    "level-alone": (cell(F, "larkin2024-dor", ci_level="95"), r"'ci_level': given without an inte"),
    "estimate-outside": (cell(F, SOM, estimate="3.86", as_printed=MD.replace("1.86", "3.86")),
        r"3\.86 is outside its limits 1\.17 to 2\.56"),
    "estimate-lost": (cell(F, SOM, estimate="", effect_measure="", ci_lower="",
                           ci_upper="", ci_level=""), r"'estimate': blank, but as_printed has a f"),
    "estimate-blank": (cell(F, SOM, estimate=""), r"blank, but as_printed has a figu"),
    "measure-blank": (cell(F, SOM, effect_measure=""), r"'effect_measure': blank alt"),
    "odds-as-risk": (cell(F, "heron2018-accident", effect_measure="RR"), r"as_printed names OR"),
    "odds-in-words": (cell(F, NIGHT, as_printed="odds ratio 0.72, 95% CI 0.53-0.98"),
                      r"found 'RR', but as_printed names OR"),
    "standardized-as-plain": (cell(F, "moss2021-som", effect_measure="MD", unit="ng/mL"),
        r"names SMD"),
    "risk-as-hazard": (cell(F, NIGHT, effect_measure="HR"), r"as_printed names RR"),
    "ratio-below-zero": (cell(F, NIGHT, ci_lower="-0.53", as_printed="RR 0.72, "
                               "95% CI -0.53 to 0.98"), r"is greater than zero"),
    "ratio-without-unit": (cell(F, NIGHT, unit=""), r"the unit 'ratio' goes with"),
    "difference-as-ratio": (cell(F, FERN, unit="ratio"), r"the unit 'ratio' goes with"),
    "unit-of-smd": (cell(F, "moss2021-som", unit="ng/mL"), r"the unit 'SD' goes with SMD"),
    "unit-alone": (cell(F, "larkin2024-dor", unit="ng/mL", as_printed=""), r"without any figure"),
    "zeros-dropped": (cell(F, "white2020-som", ci_lower="1"), r"drops the zeros of 2\.00"),
    "sign-lost": (cell(F, "larkin2024-vig", estimate="0.90"), r"'estimate': found 0\.90, but as_p"),
    "digits-swapped": (cell(F, SOM, ci_upper="2.65"), r"found 2\.65, but as_printed"),
    "printed-minus": (cell(F, "larkin2024-vig", as_printed="MD −0.90"), r"every minus sign is '-'"),
    "nothing-printed": (cell(F, SOM, as_printed=""), r"'as_printed': blank although"),
    "direction-turned": (cell(F, SOM, direction="decrease"), r"other side of no diff"),
    "ratio-turned": (cell(F, NIGHT, direction="increase"), r"other side of no diffe"),
    "silent-and-significant": (cell(F, "larkin2024-dor", statistically_significant="yes"),
                               r"found 'yes' with the direction 'no_significant_change'"),
    "silent-time-course": (cell("timecourse", "reed2016-som-4w", statistically_significant="yes"),
                           r"timecourse\.csv:4: .*found 'yes' with the direction"),
    "called-not-significant": (cell(F, SOM, statistically_significant="no"),
                               r"'misfit': found blank, but the result is called not significant"),
    "note-is-no-excuse": (cell(F, SOM, statistically_significant="no", note="serum"),
                          r"'misfit': found blank, but the result is called not significant"),
    "another-misfit-is-no-excuse": (
        cell(F, SOM, statistically_significant="no", misfit="labelled WMD"),
        r"'misfit': found labelled WMD, but the result is called not significant"),
    "p-called-not-significant": (cell(F, "moss2021-vig", p_value="0.0076", as_printed="p = 0.0076"),
                                 r"p-value is 0\.0076, but the result is called not significant"),
    "p-described-as-no-change": (cell(F, "moss2021-vig", p_value="0.0076", as_printed="p = 0.0076",
                                      statistically_significant="not stated"), r"called not signi"),
    "p-called-significant": (cell(F, "moss2021-vig", direction="decrease",
                                  statistically_significant="yes"), r"0\.076, but the result is c"),
    "p-does-not-follow": (cell(F, FERN, p_value="0.04", as_printed="0.80 ng/mL (95% CI "
                               "0.20-1.40), p = 0.04"), r"is 0\.04, but the interval gives p = 0"),
    "error-does-not-follow": (cell(F, FERN, standard_error="0.90",
        as_printed="0.80 ng/mL " "(95% CI 0.20-1.40, SE 0.90), p = 0.009"), r"printed standard"),
    "interval-uneven": (cell(F, SOM, estimate="1.20", as_printed=MD.replace("1.86", "1.20")),
        r"the interval is uneven beyond rounding"),
    "prediction-narrow": (cell(F, SOM, prediction_lower="1.50", prediction_upper="2.00",
        as_printed=f"{MD}, PI 1.50 to 2.00"), r"narrower than the interval"),
    "too-many-people": (cell(F, "larkin2024-vig", n_participants="1241"), r"the source has 1240"),
    "too-many-studies": (cell(F, "larkin2024-vig", k_studies="7"), r"found 7, but the source has"),
    "twin": (copied(F, SOM, finding_id="larkin2024-som-2"), r"tells it from 'larkin2"),
    "corrected-by-itself": (cell(F, SOM, superseded_by="larkin2024-som"), r"name the late"),
    "corrected-by-another": (cell(F, SOM, superseded_by="larkin2024-vig"), r"same outcome"),
    "correction-in-a-chain": (cell(F, "heron2018-accident", superseded_by="moss2021-accident"),
                              r"name the latest finding"),
    "set-aside-for-no-reason": (cell(F, SOM, set_aside="too good"), r"give the sourc"),
    "doi-twice": (cell(S, "moss2021", doi="10.9999/larkin.2024"), r"in line 2 too; each row"),
    "doi-twice-in-capitals": (cell(S, "moss2021", doi="10.9999/LARKIN.2024"), r"of another source"),
    "doi-twice-with-dot": (cell(S, "moss2021", doi="10.9999/larkin.2024."), r"of another source t"),
    "retracted-in-note": (cell(S, "wren2012", integrity="none_known"), r"found 'none_known', but"),
    "retracted-in-sentence": (cell(S, "fern2019", note="it was retracted in 2020"),
        r"give 'retracted'"),
    "caution-in-note": (cell(S, "fern2019", note="integrity concerns by others"), r"of a concern"),
    "bracketed-interval-lost": (cell(F, FERN, ci_lower="", ci_upper="", ci_level="",
        as_printed="0.80 ng/mL (0.20 to 1.40), p = 0.009"), r"as_printed has an interval"),
    "retracted-as-caution": (cell(S, "wren2012", integrity="caution_published"), r"give 'retracte"),
    "retracted-in-title": (cell(S, "fern2019", title="RETRACTED: a large trial"),
        r"give 'retracted'"),
    "event-as-surrogate": (cell(OUT, "accident_any", surrogate="yes"), r"does not fit the kind 'a"),
    "marker-as-endpoint": (cell(OUT, "som", surrogate="no"), r"does not fit the kind 'sleep hormo"),
    "kind-of-event-as-surrogate": (cell("outcome_kinds", "accident", surrogate="yes"),
        r"an event is"),
    "kind-of-marker-as-endpoint": (cell("outcome_kinds", "sleep markers", surrogate="no"),
        r"a marker"),
    "dose-unit-turned": (cell(T, "fern2019", dose_unit="ug/day"), r"trials\.csv:2: .*given as 45"),
    "dose-digits-swapped": (cell(T, "fern2019", dose="54"), r"found 54 lux/day, but .*45 lux"),
    "dose-without-unit": (cell(T, "fern2019", dose_unit=""), r"'dose_unit': blank although dose"),
    "dose-of-nothing": (cell(T, "owl2014", dose="0"), r"above 0; leave the cell blank"),
    "duration-of-nothing": (cell(T, "owl2014", duration="0"), r"above 0; leave the cell blank"),
    "form-of-trial": (cell(T, "fern2019", form="amber glasses"), r"but sources\.csv says amber la"),
    "size-of-trial": (cell(T, "fern2019", n_randomised="990"), r"found 990, but sources\.csv says"),
    "arm-above-trial": (cell(T, "fern2019", n_intervention="4500"), r"found 4500, but randomised"),
    "arms-above-trial": (cell(T, "fern2019", n_intervention="540"), r"but its arms have 540 and 4"),
    "completed-above-trial": (cell(T, "fern2019", n_completed="8200"), r"found 8200, but randomis"),
    "same-trial-as-itself": (cell(T, "fern2019", same_trial_as="fern2019"), r"name the first repo"),
    "same-trial-as-review": (cell(T, "fern2019", same_trial_as="moss2021"), r"name the first repo"),
    "arm-with-two-values": (cell(A, LAMP, median="3.8"), r"one of mean, median and"),
    "arm-without-value": (cell(A, "fern2019-acc-lamp", events=""), r"one of mean, median and even"),
    "arm-spread-without-kind": (cell(A, LAMP, dispersion_type=""), r"needs its kind"),
    "arm-kind-without-spread": (cell(A, LAMP, dispersion=""), r"needs its kind"),
    "arm-value-outside": (cell(A, LAMP, dispersion="", dispersion_lower="4.0",
                               dispersion_upper="5.0", dispersion_type="range"), r"leaves out its"),
    "arm-below-zero": (cell(A, LAMP, mean="-3.8"), r"a value below zero in ng/mL"),
    "arm-sign-lost": (cell(A, LAMP, as_printed="-3.8 (SD 2.0)"), r"found 3\.8, but"),
    "arm-zeros-dropped": (cell(A, LAMP, mean="3", as_printed="3.0 (SD 2.0)"), r"zeros"),
    "arm-events-above-n": (cell(A, "fern2019-acc-lamp", events="451"), r"found 451, but the arm h"),
    "arm-n-above-trial": (cell(A, LAMP, n="4400"), r"found 4400, but randomised we"),
    "arm-at-another-time": (cell(A, LAMP, timepoint="9 months"), r"has no arm to c"),
    "arm-in-another-unit": (cell(A, LAMP, unit="ug/L"), r"has no arm to compare it"),
    "arm-role-turned": (cell(A, LAMP, role="comparator"), r"has no arm to compare"),
    "arm-pair-lost": (raw("arms.csv", lambda c: re.sub(rb"\nfern2019-som-none.*", b"", c)),
                      r"arms\.csv:2: column 'arm_id': has no arm to compare it with"),
    "arm-twin": (copied(A, LAMP, arm_id="fern2019-som-lamp-2"), r"tells it from 'f"),
    "range-reversed": (cell("context", "som-range", lower="6.0", upper="1.5"), r"limits are swapp"),
    "range-below-zero": (cell("context", "som-range", lower="-1.5"), r"a value below zero in ng/m"),
    "range-half": (cell("context", "som-range", lower=""), r"blank although upper is given"),
    "range-leaves-out-value": (cell("context", "som-range", value="7"), r"7 is outside its limits"),
    "range-without-unit": (cell("context", "som-range", unit=""), r"blank although a value is giv"),
    "judgement-missing": (raw("certainty.csv", lambda c: re.sub(rb"\nsom,imprecision.*", b"", c)),
                          r"'som' has no row for imprecision; add it"),
    "judgement-on-nothing": (text("certainty.csv", "one way.,larkin2024-som,", "one way.,,"),
        r"rests on"),
    "judgement-on-another-outcome": (text("certainty.csv", "larkin2024-som", "larkin2024-vig"),
                                     r"larkin2024-vig is about another outcome"),
    "figure-in-rationale": (text("certainty.csv", "Some of the people", "9 of the people"),
                            r"found '9 of the .*without figures: these belong in findings\.csv"),
    # Rows beside each other
    "standard-error-of-zero": (cell(F, FERN, standard_error="0"), r"it must be above 0"),
    "time-of-zero": (cell(F, FERN, timepoint="0 months"), r"found '0 months'; its form is"),
    "accents-apart": (cell(S, "reed2016", authors="Re\u0301ed R"), r"in letters and accents apart"),
    "space-that-does-not-break": (cell(*MORE, note="a\u00a0b"), r"U\+00A0 \(no-break space"),
    "unit-turned": (cell(F, "larkin2024-vig", unit="ng/mL"), r"found 'ng/mL', but .* has ug/L"),
    "unit-lost": (cell(F, "larkin2024-vig", unit=""), r"but as_printed has ug/L"),
    "event-with-means": (cell(F, NIGHT, effect_measure="MD", unit="", as_printed="0.72, 95% CI "
                              "0.53-0.98", direction="increase"), r"events have risks"),
    "marker-with-risk": (cell(F, FERN, effect_measure="RR", unit="ratio", as_printed="0.80 (95% "
                              "CI 0.20-1.40), p = 0.009"), r"markers have means"),
    "events-of-a-marker": (cell(A, LAMP, events="3", mean=""), r"only events are counted"),
    "pooled-within-one-trial": (cell(F, FERN, k_studies="3"), r"but the source is one trial"),
    "review-as-trial": (added(T, source_id="moss2021", form="amber light, form not stated",
        comparator="none", comparator_kind="placebo"), r"whose design is 'meta_analysis'"),
    "range-as-one-number": (cell(A, LAMP, dispersion_type="range"), r"two limits for an interval"),
    # The dictionary
    "json-cut": (raw("datapackage.json", lambda c: c[:-30]), r"datapackage\.json:\d+: not valid J"),
    "json-list": (raw("datapackage.json", lambda _: b"[]"), r"'resources' is missing"),
    "json-deep": (raw("datapackage.json", lambda _: b"[" * 100_000), r"not (usable|valid) JSON"),
    "json-key-twice": (text("datapackage.json", '"name": "sources",',
        '"name": "a", "name": "sources",'), r"the key 'name' occurs twice"),
    "resource-is-text": (raw("datapackage.json", lambda _: b'{"resources": ["sources"]}'),
        r"missing"),
    "table-undescribed": (field("harms", None, name="harm"), r"table 'harms': not described"),
    "table-twice": (field("harms", None, name="arms"), r"is described twice"),
    "path-elsewhere": (field("harms", None, path="../harms.csv"), r"found the path '\.\./harms\.c"),
    "path-on-the-web": (field("harms", None, path="https://example.org/harms.csv"),
        r"found the path"),
    "path-is-list": (field("harms", None, path=["harms.csv"]), r"found the path \['harms\.csv'\]"),
    "encoding-other": (field("harms", None, encoding="latin-1"), r"found the encoding 'latin-1'"),
    "schema-elsewhere": (field("harms", None, schema="https://example.org/schema.json"),
        r"'schema' is"),
    "schema-missing": (field("harms", None, schema=None), r"'schema' is missing"),
    "schema-without-fields": (field("harms", None, schema={"fields": []}), r"table 'harms'"),
    "field-is-text": (field("harms", None, schema={"fields": ["harm_id"]}), r"table 'harms'"),
    "key-missing": (field("harms", None, primaryKey=None), r"'primaryKey' must be a list"),
    "key-of-no-column": (field("certainty", None, primaryKey=["outcome_id", "domian"]),
        r"primary key"),
    "missing-values-without-blank": (field("harms", None, missingValues=["NA"]), r"a blank cell i"),
    "reference-lost": (field("harms", None, foreignKeys=[]), r"'source_id' must be a foreign key"),
    "reference-of-kind-lost": (field("outcomes", None, foreignKeys=[]), r"'kind' must be a foreig"),
    "reference-to-nothing": (field("certainty", "finding_ids", listOf="finding"),
        r"which is no table"),
    "reference-without-target": (field("harms", None, foreignKeys=[{"fields": ["source_id"]}]),
        r"harms"),
    "type-unknown": (field(F, "estimate", type="numbr"), r"table 'findings': .*numbr"),
    "type-of-number-changed": (field(F, "estimate", type="string"), r"'string'; allowed: number"),
    "type-of-date-changed": (field(S, "integrity_checked", type="string"), r"allowed: date"),
    "bound-lost": (field(F, "p_value", bound=False), r"found the type 'string'; allowed: bound"),
    "bound-on-words": (field(F, "unit", bound=True), r"'unit': found 'ug/L'; a number such as 0"),
    "type-geopoint": (field("harms", "note", type="geopoint"), r"found the type 'geopoint'; allow"),
    "format-of-date": (field(S, "integrity_checked", format="%d.%m.%Y"), r"'integrity_checked': f"),
    "pattern-broken": (field(S, "source_id", constraints={"pattern": "["}), r"no Table Schema: er"),
    "minimum-is-text": (field(S, "year", constraints={"minimum": "x"}), r"table 'sources'"),
    "enum-is-text": (field(S, "design", constraints={"enum": "rct"}), r"table 'sources'"),
    "column-undescribed": (_undescribed("caveat"), r"'caveat' is not described; the package reads"),
    "column-of-checks-undescribed": (_undescribed("country"), r"'country' is not described; th"),
    "column-of-rule-undescribed": (_undescribed("i2"), r"'i2' is not described"),
    # The topic
    "yaml-broken": (text("topic.yml", "synonyms: [", "synonyms: [["), r"topic\.yml:\d+: not valid"),
    "yaml-tab": (text("topic.yml", "  name: amber", "\tname: amber"), r"topic\.yml:5: not valid Y"),
    "yaml-empty": (raw("topic.yml", lambda _: b""), r"topic\.yml: "),
    "yaml-list": (raw("topic.yml", lambda _: b"- title\n"), r"keys with values is needed"),
    "yaml-two-documents": (raw("topic.yml", lambda c: c + b"---\na: b\n"), r"topic\.yml:\d+: not"),
    "yaml-object": (text("topic.yml", "subject:\n",
        "subject: !!python/object/apply:os.getcwd []\nx:\n"), r"topic\.yml:4: not valid YAML"),
    "yaml-deep": (raw("topic.yml", lambda _: b"title: " + b"[" * 5000), r"topic\.yml: not valid Y"),
    "yaml-bomb": (text("topic.yml", "comparison:", "x: &a [b]\ny: [*a, *a]\ncomparison:"),
        r"write the va"),
    "yaml-key-twice": (text("topic.yml", "comparison:", "title: other\ncomparison:"),
        r"'title' occurs tw"),
    "yaml-inner-key-twice": (text("topic.yml", "  name: amber light", "  name: a\n  name: b"),
        r":6: .*twice"),
    "yaml-key-is-number": (text("topic.yml", "\ngroups:", "\n1: a\ngroups:"), r"found the key '1'"),
    "yaml-control": (text("topic.yml", "amber light", "amber\x07 light"), r"topic\.yml: not valid"),
    "topic-key-misspelt": (text("topic.yml", "subject:", "subjct:"), r"topic\.yml:4: .*did you me"),
    "topic-key-missing": (text("topic.yml", "comparison: ", "# "), r"the key 'comparison' is miss"),
    "topic-key-blank": (text("topic.yml", "comparison: no lamp, or a lamp without it",
        "comparison:"), r"topic\.yml:10: comparison: found 'None'; a text is needed"),
    "topic-text-is-number": (text("topic.yml", "short_title: \"Amber light and sleep\"",
        "short_title: 1"), r"topic\.yml:3: short_title: found '1'; a text is needed"),
    "topic-name-missing": (text("topic.yml", "  name: amber light\n", ""), r"subject: the key 'na"),
    "topic-synonyms-is-text": (text("topic.yml", "[amber lamp, amber lamps, amber glasses]",
        "amber lamp",), r"topic\.yml:6: subject\.synonyms: found 'amber lamp'; a list of texts"),
    "topic-subject-is-text": (
        text("topic.yml", "subject:\n  name: amber light\n  synonyms: [amber lamp, "
                                   "amber lamps, amber glasses]", "subject: amber"),
        r"keys with values"),
    "topic-turned-text": (text("topic.yml", "sleep markers", f"sleep {TURN}markers"),
        r":2: title: .*U\+202E"),
    "topic-central-unknown": (text("topic.yml", "larkin2024", "larkin2023"), r":11: .*; a source"),
    "topic-form-unknown": (
        text("topic.yml", "[amber lamp, amber gl", "[amber bulb, amber gl"), r"form; did|amber b"),
    "topic-form-is-another-word": (
        text("topic.yml", "[amber lamp, amber gl", "[amber lamps, amber gl"),
        r":13: .*found 'amber lamps'; a form"),
    "topic-people-unknown": (text("topic.yml", "poor sleep, shift workers]", "poor sleep, nurses]"),
        r"'nurses'"),
    "topic-dose-of-nobody": (text("topic.yml", "source_id: dusk2010", "source_id: dawn2010"),
        r"'dawn2010'; a s"),
    "topic-dose-without-unit": (text("topic.yml", "    unit: lux/day\n", ""), r"doses\.0: the key"),
    "topic-dose-is-text": (text("topic.yml", "amount: 30", "amount: thirty"), r"a number above ze"),
    "topic-dose-is-nan": (text("topic.yml", "amount: 30", "amount: .nan"), r"found nan; a number"),
    "topic-duration-unit": (text("topic.yml", "unit: months", "unit: moons"), r"days, weeks, mont"),
    "topic-duration-negative": (text("topic.yml", "duration: 6", "duration: -6"),
        r"a number above zero"),
    "topic-group-without-words": (text("topic.yml", "    words: [child]\n", ""), r"groups\.childr"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(TOPIC, tmp_path / "data")


def refusal(folder: Path) -> EvidenceError:
    with pytest.raises(EvidenceError) as error:
        load_evidence(folder)
    return error.value


@pytest.mark.parametrize("name", REFUSED)
def test_damage_is_refused_with_place_and_remedy(name: str, folder: Path) -> None:
    damage, expected = REFUSED[name]
    damage(folder)
    problems = [str(problem) for problem in refusal(folder).problems]
    assert any(re.search(expected, problem) for problem in problems), problems


@pytest.mark.parametrize(
    "name",
    ["sign-lost", "digits-swapped", "p-zero", "printed-minus", "nothing-printed", "estimate-blank",
     "key-in-capitals", "outcome-unknown", "column-misspelt", "cell-too-many", "limits-swapped",
     "topic-key-misspelt", "needed-table-without-rows", "file-renamed", "folder-missing"],
)  # fmt: skip
def test_one_cause_is_reported_once(name: str, folder: Path) -> None:
    REFUSED[name][0](folder)
    assert len(refusal(folder).problems) == 1


def test_all_faults_are_reported_at_once_in_file_order(folder: Path) -> None:
    for name in ("digits-swapped", "arm-below-zero", "topic-name-missing", "doi-twice"):
        REFUSED[name][0](folder)
    error = refusal(folder)
    files = [Path(problem.path).name for problem in error.problems]
    assert files == ["arms.csv", "findings.csv", "sources.csv", "topic.yml"]
    assert str(error).startswith("4 problems in the evidence tables:\n")


def test_a_message_on_a_huge_cell_stays_short(folder: Path) -> None:
    cell(F, "larkin2024-som", estimate="9" * 100_000)(folder)
    assert len(str(refusal(folder))) < 300


ACCEPTED: dict[str, Damage] = {
    "byte-order-mark": raw("sources.csv", lambda c: b"\xef\xbb\xbf" + c),
    "mark-in-dictionary": raw("datapackage.json", lambda c: b"\xef\xbb\xbf" + c),
    "windows-line-ends": raw("findings.csv", lambda c: c.replace(b"\n", b"\r\n")),
    "old-mac-line-ends": raw("findings.csv", lambda c: c.replace(b"\n", b"\r")),
    "windows-topic": raw("topic.yml", lambda c: c.replace(b"\n", b"\r\n")),
    "no-last-line-end": raw("findings.csv", lambda c: c.rstrip(b"\n")),
    "link-to-file": _replace_with("link", "harms.csv"),
    "all-cells-quoted": raw(
        "harms.csv",
        lambda c: "\n".join(
            ",".join(f'"{cell}"' for cell in row) for row in csv.reader(c.decode().splitlines())
        ).encode(),
    ),
    "not-reported-spelt-out": cell(F, "larkin2024-som", unit="not reported"),
    "columns-in-another-order": lambda d: _write(
        d / "findings.csv", _read(d / "findings.csv")[0][::-1], _read(d / "findings.csv")[1]
    ),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_changes_no_meaning_loads_with_the_same_meaning(name: str, folder: Path) -> None:
    before = load_evidence(folder).findings
    ACCEPTED[name](folder)
    after = load_evidence(folder).findings
    pd.testing.assert_frame_equal(before[sorted(before)], after[sorted(after)])


HONEST: dict[str, Damage] = {
    "empty-optional-tables": both(*(_header_only(f"{name}.csv") for name in (
        "arms", "certainty", "context", "timecourse", "harms", "advice", "conclusions",
        "statements", "limitations", "plain"))),
    "no-central-source": text("topic.yml", "central_source: larkin2024\n", ""),
    "no-counts-and-no-follow-up": raw("topic.yml", lambda c: re.sub(
        rb"counts:\n(  .*\n)+|short_follow_up.*\n", b"", c)),
    "hostile-text": cell(
        "harms", "fern2019-more", note="<script>alert(1)</script> =1+1 {x} $a$ [b](c)"),
    "hazard-ratio-adjusted": added(
        F, finding_id="fern2019-hr", source_id="fern2019", outcome_id="accident_any",
        analysis="adjusted: age", effect_measure="HR", estimate="0.70", ci_lower="0.40",
        ci_upper="1.22", ci_level="95", unit="ratio", direction="no_significant_change",
        statistically_significant="no", as_printed="HR 0.70 (95% CI 0.40-1.22)"),
    "full-text": added(S, source_id="new2026", short_name="New 2026", design="rct", title="A trial",
                       evidence_level="2", read_at="full text", integrity="none_known",
                       integrity_checked="2026-11-01"),
    "two-times": copied(F, "fern2019-som", finding_id="fern2019-som-1y", timepoint="12 months"),
    "pooled": added(
        F, finding_id="moss2021-dor", source_id="moss2021", outcome_id="dor", analysis="primary",
        effect_measure="MD", estimate="1.10", ci_lower="0.30", ci_upper="1.90", ci_level="95",
        unit="ng/mL", direction="increase", statistically_significant="yes", i2="64", tau2="0.2",
        model="random effects", prediction_lower="-0.50", prediction_upper="2.70",
        as_printed="MD 1.10 ng/mL (95% CI 0.30 to 1.90; I2 64, tau2 0.2, PI -0.50 to 2.70)"),
    "third-arm": copied(
        A, "fern2019-som-lamp", arm_id="fern2019-som-low", arm="amber lamp 20 lux/day"),
    "median-and-quartiles": both(*(cell(
       A, row, mean="", median="3.2", dispersion="", dispersion_lower="2.1", dispersion_upper="4.0",
        dispersion_type="IQR") for row in ("fern2019-som-lamp", "fern2019-som-none"))),
    "change-below-zero": both(*(cell(A, row, mean="-0.8", value_type="change from baseline")
                                for row in ("fern2019-som-lamp", "fern2019-som-none"))),
    "declared-misfit": cell(F, "larkin2024-som", statistically_significant="no",
                            misfit="the source calls it not significant, against its interval"),
    "not-retracted": cell(
        S, "fern2019", note="two of its trials were retracted; it was not retracted"),
    "share-beside-its-unit": cell(F, "moss2021-som", as_printed="SMD 0.40 (5 ng/mL), 95% CI "
                                  "0.10-0.70, I2 64"),
    "read-deeper-than-source": cell(F, SOM, read_at="full text"),
    "or-is-a-word": cell(F, "moss2021-accident", as_printed="RR 0.72 or less, 95% CI 0.53-0.98"),
    "falls-without-sign": cell(
        F, "larkin2024-vig", as_printed="VIG decreased by 0.90 (-1.30, -0.50), "
                               "95% CI, p <0.001"),
    "p-without-zero": cell(F, "moss2021-vig", as_printed="P = .076"),
    "share-below-zero": copied(
        "context", "som-range", context_id="som-least", lower="-5", upper="5",
                               unit="%"),
    "interval-without-level": cell(
        F, "larkin2024-som", ci_level="", as_printed="MD 1.86 (1.17-2.56)"),
    "judged-on-covering-outcome": text("certainty.csv", "larkin2024-som,", "reed2016-panel,"),
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_honest_rows_can_be_entered(name: str, folder: Path) -> None:
    HONEST[name](folder)
    load_evidence(folder)
