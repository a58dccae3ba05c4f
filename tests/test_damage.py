"""Damaged tables: whatever is wrong, the error says where, what and what to do."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from conftest import PROJECT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence_tools import Evidence, load_evidence
from evidence_tools.schema import EvidenceError

Damage = Callable[[Path], object]

# What a newcomer cannot use: words of the machinery instead of words about the table.
JARGON = re.compile(
    r"Traceback|constraint|regex|\^|\[a-z|type is|foreign[- ]key|primary[- ]key|label|"
    r"dialect|position \d|None\b|Frictionless|Decimal|codec"
)


def messages(folder: Path) -> str:
    with pytest.raises(EvidenceError) as caught:
        load_evidence(folder)
    return str(caught.value)


def replace(name: str, old: str, new: str) -> Damage:
    def damage(folder: Path) -> None:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) >= 1, old
        path.write_text(text.replace(old, new, 1), encoding="utf-8", newline="")

    return damage


def rewrite(name: str, change: Callable[[bytes], bytes]) -> Damage:
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes()))


def text(change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    return lambda content: change(content.decode("utf-8")).encode("utf-8")


def drop_column(content: str) -> str:
    return "\n".join(line.split(",", 1)[1] for line in content.splitlines()) + "\n"


def swap_first_columns(content: str) -> str:
    lines = (line.split(",", 2) for line in content.splitlines())
    return "".join(f"{second},{first},{rest}\n" for first, second, rest in lines)


def make_folder(name: str) -> Damage:
    def damage(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return damage


def make_special(make: Callable[[Path], object]) -> Damage:
    def damage(folder: Path) -> None:
        (folder / "findings.csv").unlink()
        make(folder / "findings.csv")

    return damage


def repeat_line(content: str) -> str:
    lines = content.splitlines(keepends=True)
    return "".join([*lines, lines[4]])


OC = "zhang2025-oc,zhang2025,oc,MD,1.86,1.17,2.56,95,not reported"

FILES: dict[str, tuple[Damage, str]] = {
    "an unknown column": (
        rewrite(
            "findings.csv", text(lambda s: s.replace("\n", ",x\n").replace(",x", ",colour", 1))
        ),
        r"findings\.csv:1: column 'colour': unknown column; .*finding_id,source_id",
    ),
    "a misspelt column": (
        replace("findings.csv", "estimate,ci_lower", "Estimate,ci_lower"),
        r"findings\.csv:1: column 'Estimate': unknown column; did you mean 'estimate'\?",
    ),
    "a missing column": (
        rewrite("marker_context.csv", text(drop_column)),
        r"marker_context\.csv:1: column 'context_id': the column is missing",
    ),
    "columns in another order": (
        rewrite("trial_arms.csv", text(swap_first_columns)),
        r"trial_arms\.csv:1: the columns stand in another order",
    ),
    "a column that stands twice": (
        replace("findings.csv", "ci_lower,ci_upper", "ci_lower,ci_lower"),
        r"findings\.csv:1: column 'ci_lower': the column stands twice",
    ),
    "no header": (
        rewrite("sources.csv", lambda b: b.split(b"\n", 1)[1]),
        r"sources\.csv:1: the header is missing; the first line must be: source_id,short_name",
    ),
    "semicolons": (
        rewrite("marker_context.csv", text(lambda s: s.replace(",", ";"))),
        r"marker_context\.csv:1: cells are separated by semicolons; save the table with commas",
    ),
    "tabs": (
        rewrite("marker_context.csv", text(lambda s: s.replace(",", "\t"))),
        r"marker_context\.csv:1: cells are separated by tabs; save the table with commas",
    ),
    "a byte order mark": (
        rewrite("sources.csv", lambda b: b"\xef\xbb\xbf" + b),
        r"sources\.csv:1: found UTF-8 text with a byte order mark; save",
    ),
    "Latin-1": (
        rewrite("sources.csv", lambda b: b.decode().encode("latin-1", "replace")),
        r"sources\.csv:31: found the byte 0xF8, which is no UTF-8 text; save the table as UTF-8",
    ),
    "UTF-16": (
        rewrite("sources.csv", lambda b: b.decode().encode("utf-16")),
        r"sources\.csv:1: found UTF-16 text; save the table as UTF-8",
    ),
    "UTF-16 without a mark": (
        rewrite("trial_arms.csv", lambda b: b.decode().encode("utf-16-le")),
        r"trial_arms\.csv:1: found a NUL character",
    ),
    "a NUL byte": (
        rewrite("sources.csv", lambda b: b.replace(b"Ma 2022", b"Ma\x002022", 1)),
        r"sources\.csv:5: found a NUL character",
    ),
    "a spreadsheet under the name of a table": (
        rewrite("sources.csv", lambda b: b"PK\x03\x04" + b),
        r"sources\.csv:1: found a spreadsheet or zip file; save the table as CSV",
    ),
    "an end in the middle of a quoted cell": (
        rewrite("findings.csv", lambda b: b[: b.index(b"95% CI 0.98")]),
        r"findings\.csv:3: a quoted cell that begins in this row is never closed",
    ),
    "text after a closing quote": (
        replace("findings.csv", '95% CI 1.17-2.56"', '95% CI 1.17-2.56" (OC)'),
        r"findings\.csv:2: .*text follows its closing quote",
    ),
    "an empty file": (
        rewrite("outcomes.csv", lambda _: b""),
        r"outcomes\.csv: the file is empty; its first line must be: outcome_id,name",
    ),
    "only blank lines": (
        rewrite("outcomes.csv", lambda _: b"\n\n \n"),
        r"outcomes\.csv: the file is empty",
    ),
    "only a header": (
        rewrite("outcomes.csv", lambda b: b.split(b"\n")[0] + b"\n"),
        r"outcomes\.csv: the table has a header but no rows",
    ),
    "a missing file": (
        lambda folder: (folder / "trial_arms.csv").unlink(),
        r"trial_arms\.csv: the file is missing; datapackage\.json names it",
    ),
    "a folder in place of a file": (
        make_folder("trial_arms.csv"),
        r"trial_arms\.csv: found a folder; a CSV file is needed",
    ),
    "too many cells": (
        replace("findings.csv", OC, OC + ",,"),
        r"findings\.csv:2: the row has 20 cells, but there are 18 columns; check its commas",
    ),
    "a comma without quotes": (
        replace("marker_context.csv", '"critical difference, one month"', "difference, one month"),
        r"marker_context\.csv:4: the row has 8 cells, but there are 7 columns; .*quotes",
    ),
    "too few cells": (
        replace("findings.csv", OC, OC.removesuffix(",not reported")),
        r"findings\.csv:2: the row has 17 cells, but there are 18 columns",
    ),
    "a blank row": (
        replace("findings.csv", "zhang2025-bap", "\nzhang2025-bap"),
        r"findings\.csv:3: the row is empty; remove it",
    ),
    "a row of commas": (
        replace("findings.csv", "zhang2025-bap", "," * 17 + "\nzhang2025-bap"),
        r"findings\.csv:3: the row is empty; remove it",
    ),
    "a link that leads to itself": (
        make_special(lambda path: path.symlink_to(path.name)),
        r"findings\.csv: the file cannot be read: Too many levels of symbolic links",
    ),
    "a link that leads nowhere": (
        make_special(lambda path: path.symlink_to("elsewhere.csv")),
        r"data/findings\.csv: the file is missing",
    ),
    "a pipe in place of a file": (
        make_special(os.mkfifo),
        r"findings\.csv: found something that is no plain file; a CSV file is needed",
    ),
    "a file under another name": (
        lambda folder: (folder / "findings.csv").rename(folder / "Findings.csv.txt"),
        r"findings\.csv: the file is missing; .*or rename 'Findings\.csv\.txt' if that is it",
    ),
    "edits that git could not join": (
        replace("findings.csv", "zhang2025-bap", "<<<<<<< HEAD\nzhang2025-bap"),
        r"findings\.csv:3: found '<<<<<<< HEAD', a mark of two edits that git could not join",
    ),
    "a comment above the header": (
        rewrite("findings.csv", lambda b: b"# All findings\n" + b),
        r"findings\.csv:1: the header is missing; .*; found '# All findings'",
    ),
    "one cell": (
        replace("findings.csv", "zhang2025-bap", "x\nzhang2025-bap"),
        r"findings\.csv:3: the row has 1 cell, but there are 18 columns",
    ),
    "a missing dictionary": (
        lambda folder: (folder / "datapackage.json").unlink(),
        r"datapackage\.json: the file is missing; point load_evidence at the data folder",
    ),
    "a missing data folder": (
        shutil.rmtree,
        r"datapackage\.json: there is no folder .*; point load_evidence at the data folder",
    ),
}

ROWS: dict[str, tuple[Damage, str]] = {
    "an unknown word": (
        replace("findings.csv", "increase,yes,", "increse,yes,"),
        r"findings\.csv:2: column 'direction': found 'increse'; allowed: increase, decrease, "
        r".*did you mean 'increase'\?",
    ),
    "a word in capitals": (
        replace("sources.csv", "abstract,none_known", "Abstract,none_known"),
        r"sources\.csv:2: column 'read_at': found 'Abstract'; .*did you mean 'abstract'\?",
    ),
    "NaN": (
        replace("findings.csv", "MD,1.86,", "MD,NaN,"),
        r"findings\.csv:2: column 'estimate': found 'NaN'; a number such as -1\.54 is needed",
    ),
    "infinity": (
        replace("findings.csv", "MD,1.86,1.17", "MD,1.86,-inf"),
        r"findings\.csv:2: column 'ci_lower': found '-inf'; a number such as",
    ),
    "a decimal comma": (
        replace("findings.csv", "MD,1.86,", 'MD,"1,86",'),
        r"findings\.csv:2: column 'estimate': found '1,86'; .*with a decimal point, not a comma",
    ),
    "a footnote mark": (
        replace("findings.csv", "MD,1.86,", "MD,1.86*,"),
        r"findings\.csv:2: column 'estimate': found '1\.86\*'; a number",
    ),
    "a Unicode minus": (
        replace("findings.csv", "WMD,-1.54", "WMD,−1.54"),
        r"findings\.csv:4: column 'estimate': found '−1\.54'; .*U\+2212, minus sign",
    ),
    "a Unicode minus in the printed figure": (
        replace("findings.csv", "ucOC; WMD -1.54", "ucOC; WMD −1.54"),
        r"findings\.csv:4: column 'as_printed': found the minus sign '−'.*write it as '-'",
    ),
    "digits of another script": (
        replace("findings.csv", "MD,1.86,", "MD,١.٨٦,"),
        r"findings\.csv:2: column 'estimate': found '١\.٨٦'",
    ),
    "an underscore in a number": (
        replace("sources.csv", ",9,2570,", ",9,2_570,"),
        r"sources\.csv:2: column 'n_participants': found '2_570'; a whole number such as 109",
    ),
    "a power of ten": (
        replace("findings.csv", "MD,1.86,", "MD,186e-2,"),
        r"findings\.csv:2: column 'estimate': found '186e-2'; a number",
    ),
    "an endless number": (
        replace("sources.csv", ",9,2570,", f",9,{'9' * 1500},"),
        r"sources\.csv:2: column 'n_participants': found '9+'\.\.\. \(1500 characters\)",
    ),
    "spaces around a word": (
        replace("findings.csv", "increase,yes,", "increase ,yes,"),
        r"findings\.csv:2: column 'direction': found spaces around 'increase'; remove them",
    ),
    "spaces around a key": (
        replace("sources.csv", "zhang2025,Zhang", " zhang2025,Zhang"),
        r"sources\.csv:2: column 'source_id': found spaces around 'zhang2025'",
    ),
    "an estimate outside its interval": (
        replace("findings.csv", "MD,1.86,1.17,2.56", "MD,2.56,1.17,1.86"),
        r"findings\.csv:2: column 'estimate': estimate 2\.56 lies outside its interval "
        r"1\.17 to 1\.86; check all three against the source",
    ),
    "swapped limits": (
        replace("findings.csv", "MD,1.86,1.17,2.56", "MD,1.86,2.56,1.17"),
        r"findings\.csv:2: column 'ci_lower': ci_lower 2\.56 is above ci_upper 1\.17",
    ),
    "one limit": (
        replace("findings.csv", "MD,1.86,1.17,2.56", "MD,1.86,1.17,"),
        r"findings\.csv:2: column 'ci_upper': blank although ci_lower is given",
    ),
    "a ratio of zero": (
        replace("findings.csv", "RR,0.96,,,,ratio", "RR,0,,,,ratio"),
        r"findings\.csv:23: column 'estimate': found 0; a ratio \(RR\) is greater than zero",
    ),
    "a negative ratio": (
        replace("findings.csv", "OR,0.72,0.55", "OR,0.72,-0.55"),
        r"column 'ci_lower': found -0\.55; a ratio \(OR\) is greater than zero",
    ),
    "a ratio with another unit": (
        replace("findings.csv", "OR,0.72,0.55,0.95,95,ratio", "OR,0.72,0.55,0.95,95,SD"),
        r"column 'unit': found 'SD' with the effect measure 'OR'; the unit 'ratio' goes with",
    ),
    "a difference in the unit of a ratio": (
        replace("findings.csv", OC, OC.replace("not reported", "ratio")),
        r"findings\.csv:2: column 'unit': found 'ratio' with the effect measure 'MD'",
    ),
    "an invented unit": (
        replace("findings.csv", OC, OC.replace("not reported", "ng/mL")),
        r"findings\.csv:2: column 'unit': found 'ng/mL'; allowed: not reported, ratio",
    ),
    "a repeated key": (
        replace("findings.csv", "zhang2025-bap,", "zhang2025-oc,"),
        r"findings\.csv:3: column 'finding_id': found 'zhang2025-oc', which stands in line 2 too",
    ),
    "a finding under two identifiers": (
        rewrite(
            "findings.csv",
            text(lambda s: s + s.splitlines()[1].replace("-oc,", "-oc-again,", 1) + "\n"),
        ),
        r"findings\.csv:74: column 'finding_id': all other cells are those of 'zhang2025-oc' in "
        r"line 2; remove one of the rows",
    ),
    "two reports that each name the other as the earlier": (
        rewrite(
            "trials.csv",
            text(
                lambda s: s.replace("shiraki2000,,", "shiraki2000,jiang2014,").replace(
                    "jiang2014,,", "jiang2014,shiraki2000,"
                )
            ),
        ),
        r"trials\.csv:2: column 'same_trial_as': found 'jiang2014', which is a later report "
        r"itself; name the first report of the trial",
    ),
    "an earlier report that is no trial": (
        replace("trials.csv", "shiraki2000,,", "shiraki2000,zhang2025,"),
        r"trials\.csv:2: column 'same_trial_as': found 'zhang2025', which is not in trials\.csv",
    ),
    "a finding listed twice": (
        replace("certainty.csv", "zhang2025-oc; bjr2024-oc", "zhang2025-oc; zhang2025-oc"),
        r"certainty\.csv:3: column 'finding_ids': found 'zhang2025-oc' 2 times; name each row once",
    ),
    "letters that were lost": (
        replace("sources.csv", "search to July 2023", "search to \ufffd 2023"),
        r"sources\.csv:4: column 'note': found U\+FFFD, which stands for a letter that was lost",
    ),
    "letters of another encoding": (
        replace("sources.csv", "search to July 2023", "search of RÃ¸nn"),
        r"sources\.csv:4: column 'note': found 'search of RÃ¸nn', which was 'search of Rønn'",
    ),
    "a repeated row": (
        rewrite("trial_arms.csv", text(repeat_line)),
        r"trial_arms\.csv:22: column 'arm_id': .*which stands in line 5 too",
    ),
    "a key in capitals": (
        replace("outcomes.csv", "pinp,Procollagen", "PINP,Procollagen"),
        r"outcomes\.csv:4: column 'outcome_id': found 'PINP'; write it like 'bmd_lumbar_spine'",
    ),
    "a finding without its source": (
        replace("findings.csv", "zhang2025-oc,zhang2025,", "zhang2025-oc,zhang2024,"),
        r"findings\.csv:2: column 'source_id': found 'zhang2024', which is not in sources\.csv; "
        r"add it there, or correct the spelling; did you mean 'zhang2025'\?",
    ),
    "a blank source": (
        replace("findings.csv", "zhang2025-oc,zhang2025,", "zhang2025-oc,,"),
        r"findings\.csv:2: column 'source_id': found ''; the cell must not be blank",
    ),
    "an unknown outcome": (
        replace("trial_arms.csv", ",jiang2014,oc,", ",jiang2014,ocn,"),
        r"trial_arms\.csv:12: column 'outcome_id': found 'ocn', which is not in outcomes\.csv",
    ),
    "a digit that the source does not print": (
        replace("findings.csv", "MD,1.86,1.17", "MD,1.68,1.17"),
        r"findings\.csv:2: column 'estimate': found 1\.68, but as_printed is 'OC; MD 1\.86, "
        r".*the digits must be those of the source",
    ),
    "a lost sign": (
        replace("findings.csv", "MD,-0.09,-0.14,-0.05", "MD,-0.09,-0.14,0.05"),
        r"findings\.csv:6: column 'ci_upper': found 0\.05, but as_printed is",
    ),
    "a level taken for an estimate": (
        replace("findings.csv", "MD,1.86,1.17,2.56", "MD,95,1.17,99"),
        r"findings\.csv:2: column 'ci_level': found 95, but as_printed is",
    ),
    "a flipped direction": (
        replace("findings.csv", "decrease,yes,\"MD -0.09", "increase,yes,\"MD -0.09"),
        r"findings\.csv:6: column 'direction': found 'increase', but the estimate -0\.09",
    ),
    "a significant result without a change": (
        replace("findings.csv", "change,no,N-telo", "change,yes,N-telo"),
        r"findings\.csv:7: column 'statistically_significant': found 'yes' with",
    ),
    "a figure for nothing": (
        replace("findings.csv", "bjr2024-bap,bjr2024,bap,,,", "bjr2024-bap,bjr2024,bap,,1.2,"),
        r"findings\.csv:11: column 'effect_measure': blank although the estimate 1\.2 is given",
    ),
    "a p-value above one": (
        replace("findings.csv", ",0.076,", ",1.076,"),
        r"findings\.csv:8: column 'p_value': found '1\.076'; write it like '<0\.001': "
        r"p-value as printed, above 0 and at most 1",
    ),
    "a p-value of zero": (
        rewrite("findings.csv", lambda b: b.replace(b"0.076", b"0.000")),
        r"findings\.csv:8: column 'p_value': found '0\.000'; a p-value is greater than zero",
    ),
    "a p-value without its sign": (
        replace("findings.csv", ",<0.001,,,decrease,yes,p < 0", ",0.001,,,decrease,yes,p < 0"),
        r"findings\.csv:10: column 'p_value': found '0\.001', but as_printed is 'p < 0\.001'",
    ),
    "a negative number of people": (
        replace("sources.csv", ",9,2570,", ",9,-2570,"),
        r"sources\.csv:2: column 'n_participants': found '-2570'; it must be at least 1",
    ),
    "half a study": (
        replace("sources.csv", ",9,2570,", ",9.5,2570,"),
        r"sources\.csv:2: column 'n_studies': found '9\.5'; a whole number such as 109",
    ),
    "a year with five digits": (
        replace("sources.csv", "meta_analysis,1,2025,", "meta_analysis,1,20255,"),
        r"sources\.csv:2: column 'year': found '20255'; it must be at most 2100",
    ),
    "a year after the check": (
        replace("sources.csv", "meta_analysis,1,2025,", "meta_analysis,1,2052,"),
        r"sources\.csv:2: column 'year': found 2052, but the source was checked in 2026",
    ),
    "a date in another form": (
        replace("sources.csv", "none_known,2026-11-21", "none_known,21/11/2026"),
        r"sources\.csv:2: column 'integrity_checked': found '21/11/2026'; a date such as",
    ),
    "a day that does not exist": (
        replace("sources.csv", "none_known,2026-11-21", "none_known,2026-02-30"),
        r"sources\.csv:2: column 'integrity_checked': found '2026-02-30'; a date such as",
    ),
    "a DOI that runs code": (
        replace("sources.csv", "10.3389/fendo.2025.1703116", "javascript:alert(1)"),
        r"sources\.csv:2: column 'doi': found 'javascript:alert\(1\)'; write it like '10\.3389",
    ),
    "a DOI with a space": (
        replace("sources.csv", "10.3389/fendo.2025", "10.3389/fendo 2025"),
        r"sources\.csv:2: column 'doi': found '10\.3389/fendo 2025.*write it like",
    ),
    "a DOI with a quote": (
        replace("sources.csv", "10.3389/fendo.2025.1703116", "10.3389/x' onclick='y"),
        r"sources\.csv:2: column 'doi': found .*write it like",
    ),
    "an address that runs code": (
        replace("sources.csv", "https://ods.od.nih.gov/", "javascript://ods.od.nih.gov/"),
        r"sources\.csv:42: column 'url': found 'javascript:.*write it like 'https://",
    ),
    "an address with a name before the host": (
        replace("sources.csv", "https://ods.od.nih.gov/", "https://ods.od.nih.gov@example.org/"),
        r"sources\.csv:42: column 'url': found",
    ),
    "a line break in a cell": (
        replace("sources.csv", "search to July 2023", '"search to\nJuly 2023"'),
        r"sources\.csv:4: column 'note': found the invisible character U\+000A \(a line break\)",
    ),
    "a control character": (
        replace("sources.csv", "search to July 2023", "search to \x1b[31mJuly"),
        r"sources\.csv:4: column 'note': found the invisible character U\+001B",
    ),
    "a change of the direction of writing": (
        replace("sources.csv", "search to July 2023", "search to \u202eJuly"),
        r"sources\.csv:4: column 'note': .*U\+202E \(right-to-left override\); remove it",
    ),
    "an invisible space": (
        replace("sources.csv", "zhang2025,Zhang", "zhang2025\u200b,Zhang"),
        r"sources\.csv:2: column 'source_id': .*U\+200B \(zero width space\)",
    ),
    "a very long cell": (
        replace("sources.csv", "search to July 2023", "x" * 90_000),
        r"sources\.csv:4: column 'note': found 90000 characters, .*at most 2000 fit into a cell",
    ),
    "an endless cell": (
        replace("sources.csv", "search to July 2023", "x" * 200_000),
        r"sources\.csv:4: (a cell is longer than any|column 'note': found 200000 characters)",
    ),
    "a context value without its unit": (
        replace("marker_context.csv", ",38,%,", ",38,,"),
        r"marker_context\.csv:3: column 'unit': blank although the value '38' is given",
    ),
    "markup after a context value": (
        replace("marker_context.csv", ",38,%,", ",38<b>,%,"),
        r"marker_context\.csv:3: column 'value': found '38<b>'; write it like '0\.124-1\.020'",
    ),
    "an arm with a spread of no kind": (
        replace("trial_arms.csv", "2.8,1.0,SD inferred", "2.8,1.0,"),
        r"trial_arms\.csv:2: column 'dispersion_type': blank although its twin column is given",
    ),
    "a negative spread": (
        replace("trial_arms.csv", "2.8,1.0,SD inferred", "2.8,-1.0,SD inferred"),
        r"trial_arms\.csv:2: column 'dispersion': found '-1\.0'; it must be at least 0",
    ),
    "a repeated judgement": (
        rewrite("certainty.csv", text(repeat_line)),
        r"certainty\.csv:57: this outcome_id and domain stands in line 5 too; each row needs",
    ),
    "a judgement on a finding that is not there": (
        replace("certainty.csv", "zhang2025-oc; bjr2024-oc", "zhang2025-co; bjr2024-oc"),
        r"certainty\.csv:3: column 'finding_ids': found 'zhang2025-co', which is not in "
        r"findings\.csv; did you mean 'zhang2025-",
    ),
    "an outcome that is neither a surrogate nor not": (
        replace("outcomes.csv", "bone formation marker,yes", "bone formation marker,true"),
        r"outcomes\.csv:2: column 'surrogate': found 'true'; yes or no is needed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", [*FILES, *ROWS])
def test_a_damaged_table_is_told_with_place_value_and_remedy(data_copy: Path, name: str) -> None:
    damage, expected = (FILES | ROWS)[name]
    damage(data_copy)
    found = messages(data_copy)
    assert re.search(expected, found), found
    assert not JARGON.search(found), found
    assert all(len(line) < 600 for line in found.splitlines())


def test_all_damages_are_told_at_once_and_in_the_order_of_the_files(data_copy: Path) -> None:
    wanted = []
    for name in (
        "an unknown word",
        "a Unicode minus",
        "a repeated row",
        "a year with five digits",
        "a DOI that runs code",
        "a context value without its unit",
        "an outcome that is neither a surrogate nor not",
        "a lost sign",
        "a blank source",
        "markup after a context value",
    ):
        if name in ("a blank source", "markup after a context value"):
            continue  # these touch the same cells as others here
        damage, expected = ROWS[name]
        damage(data_copy)
        wanted.append(expected)
    with pytest.raises(EvidenceError) as caught:
        load_evidence(data_copy)
    problems = caught.value.problems
    assert [p for p in wanted if not re.search(p, str(caught.value))] == []
    assert len(problems) == len(wanted)
    assert list(problems) == sorted(problems)
    assert str(caught.value).startswith("8 problems in the evidence tables:")


def test_a_broken_file_does_not_hide_the_faults_of_the_others(data_copy: Path) -> None:
    for name in ("Latin-1", "an unknown word", "a negative spread"):
        (FILES | ROWS)[name][0](data_copy)
    found = messages(data_copy)
    assert found.startswith("3 problems")
    assert "sources.csv:31:" in found
    assert "findings.csv:2: column 'direction'" in found
    assert "trial_arms.csv:2: column 'dispersion'" in found


def test_a_wrong_header_does_not_hide_the_faults_of_the_rows(data_copy: Path) -> None:
    for name in ("an unknown column", "an unknown word"):
        (FILES | ROWS)[name][0](data_copy)
    found = messages(data_copy)
    assert "findings.csv:1: column 'colour'" in found
    assert "findings.csv:2: column 'direction'" in found


def test_a_missing_column_is_told_once_and_not_for_every_row(data_copy: Path) -> None:
    FILES["a missing column"][0](data_copy)
    assert messages(data_copy).startswith("1 problem in the evidence tables:")


def test_one_fault_in_a_cell_is_one_problem(data_copy: Path) -> None:
    ROWS["a decimal comma"][0](data_copy)
    assert messages(data_copy).startswith("1 problem in the evidence tables:")


def test_a_line_is_the_line_of_the_file_also_after_cells_with_line_breaks(data_copy: Path) -> None:
    ROWS["a line break in a cell"][0](data_copy)
    replace("sources.csv", "ma2022,Ma 2022,meta_analysis", "ma2022,Ma 2022,meta")(data_copy)
    assert "sources.csv:6: column 'design': found 'meta'" in messages(data_copy)


def test_line_ends_of_other_systems_are_no_fault(data_copy: Path, evidence: Evidence) -> None:
    for path in data_copy.glob("*.csv"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_evidence(data_copy).findings() == evidence.findings()


def edit_dictionary(change: Callable[[dict], object]) -> Damage:
    def damage(folder: Path) -> None:
        path = folder / "datapackage.json"
        descriptor = json.loads(path.read_text(encoding="utf-8"))
        change(descriptor)
        path.write_text(json.dumps(descriptor), encoding="utf-8")

    return damage


def table(descriptor: dict, name: str) -> dict:
    return next(r for r in descriptor["resources"] if r["name"] == name)


def column(descriptor: dict, name: str, column_name: str) -> dict:
    fields = table(descriptor, name)["schema"]["fields"]
    return next(f for f in fields if f["name"] == column_name)


def set_path(value: object) -> Damage:
    return edit_dictionary(lambda d: table(d, "findings").update(path=value))


DICTIONARY: dict[str, tuple[Damage, str]] = {
    "broken JSON": (
        rewrite("datapackage.json", lambda b: b[:-40]),
        r"datapackage\.json:\d+: not valid JSON: .*look at this line",
    ),
    "an empty dictionary": (rewrite("datapackage.json", lambda _: b""), r"not valid JSON"),
    "endless brackets": (
        rewrite("datapackage.json", lambda _: b"[" * 100_000),
        r"datapackage\.json: not valid JSON",
    ),
    "an endless number in the dictionary": (
        rewrite("datapackage.json", lambda _: b'{"resources": ' + b"9" * 5000 + b"}"),
        r"datapackage\.json: not valid JSON",
    ),
    "a dictionary in Latin-1": (
        rewrite("datapackage.json", lambda b: b.replace(b"Findings read", b"\xe9")),
        r"datapackage\.json: not UTF-8 text at byte \d+; save as UTF-8",
    ),
    "a dictionary with a byte order mark": (
        rewrite("datapackage.json", lambda b: b"\xef\xbb\xbf" + b),
        r"datapackage\.json:1: found a byte order mark; save the file as UTF-8 without it",
    ),
    "one file for two tables": (
        set_path("sources.csv"),
        r"datapackage\.json: the tables 'sources' and 'findings' name the same file 'sources\.csv'",
    ),
    "a list": (
        rewrite("datapackage.json", lambda _: b"[1, 2]"),
        r"datapackage\.json: 'resources' is missing",
    ),
    "no resources": (
        edit_dictionary(lambda d: d.pop("resources")),
        r"datapackage\.json: 'resources' is missing",
    ),
    "a table less": (
        edit_dictionary(lambda d: d["resources"].pop(1)),
        r"datapackage\.json: the table 'outcomes' is not described in 'resources'",
    ),
    "a path out of the folder": (set_path("../findings.csv"), r"found the path '\.\./findings"),
    "an absolute path": (set_path("/etc/passwd"), r"found the path '/etc/passwd'; the name of"),
    "an address as path": (
        set_path("https://example.org/findings.csv"),
        r"table 'findings': found the path 'https://example.org/findings\.csv'",
    ),
    "several paths": (set_path(["findings.csv", "more.csv"]), r"found the path \['findings"),
    "no path": (edit_dictionary(lambda d: table(d, "findings").pop("path")), r"the path None"),
    "a further table at an address": (
        edit_dictionary(
            lambda d: d["resources"].append(
                {**table(d, "findings"), "name": "more", "path": "http://example.org/x.csv"}
            )
        ),
        r"table 'more': found the path 'http",
    ),
    "a schema at an address": (
        edit_dictionary(lambda d: table(d, "findings").update(schema="https://example.org/s.json")),
        r"table 'findings': 'schema' with the list 'fields' is missing",
    ),
    "another encoding": (
        edit_dictionary(lambda d: table(d, "findings").update(encoding="cp1252")),
        r"table 'findings': found the encoding 'cp1252'",
    ),
    "a column that is not described": (
        edit_dictionary(lambda d: table(d, "findings")["schema"]["fields"].pop(3)),
        r"table 'findings': its columns must be, in this order: finding_id, source_id",
    ),
    "a number described as text": (
        edit_dictionary(lambda d: column(d, "findings", "estimate").update(type="string")),
        r"column 'estimate': found the type 'string'; it must be 'number'",
    ),
    "a word that the package does not know": (
        edit_dictionary(
            lambda d: column(d, "sources", "integrity")["constraints"]["enum"].append("doubtful")
        ),
        r"column 'integrity': its 'enum' must be the words of evidence_tools/schema\.py",
    ),
    "a pattern that is none": (
        edit_dictionary(lambda d: column(d, "sources", "doi")["constraints"].update(pattern="(")),
        r"column 'doi': the pattern '\(' is not a regular expression",
    ),
    "a key that may repeat": (
        edit_dictionary(lambda d: table(d, "sources")["schema"].pop("primaryKey")),
        r"table 'sources': 'primaryKey' must be a list of columns that begins with 'source_id'",
    ),
    "findings that may lack a source": (
        edit_dictionary(lambda d: table(d, "findings")["schema"].pop("foreignKeys")),
        r"table 'findings': 'foreignKeys' must say which table 'source_id' refers to",
    ),
    "another word for blank": (
        edit_dictionary(lambda d: table(d, "findings")["schema"].update(missingValues=["", "0"])),
        r"table 'findings': 'missingValues' must be",
    ),
}


@pytest.mark.parametrize("name", DICTIONARY)
def test_a_damaged_dictionary_is_told_like_a_damaged_table(data_copy: Path, name: str) -> None:
    damage, expected = DICTIONARY[name]
    damage(data_copy)
    found = messages(data_copy)
    assert re.search(expected, found), found
    assert "Traceback" not in found


def test_a_file_in_place_of_the_data_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no folder")
    assert "point load_evidence at the data folder" in messages(tmp_path / "data")


CSV_FILES = sorted(path.name for path in (PROJECT / "data").glob("*.csv"))
SPICE = [
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\x00",
    b"\xff",
    b"\xc3",
    b"\xe2\x80\xae",
    b"-",
    b"9",
    b" ",
    b"",
]


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    name=st.sampled_from([*CSV_FILES, "datapackage.json"]),
    seed=st.integers(0, 10**9),
    edits=st.integers(1, 6),
)
def test_no_edit_of_bytes_makes_anything_but_evidence_or_its_error(
    name: str, seed: int, edits: int
) -> None:
    chance = random.Random(seed)
    with TemporaryDirectory() as place:
        folder = Path(shutil.copytree(PROJECT / "data", Path(place) / "data"))
        content = (folder / name).read_bytes()
        for _ in range(edits):
            at, gone = chance.randrange(len(content)), chance.choice([0, 1, 1, 1, 40])
            content = content[:at] + chance.choice(SPICE) + content[at + gone :]
        (folder / name).write_bytes(content)
        try:
            assert len(load_evidence(folder).sources) > 0
        except EvidenceError as error:
            assert error.problems
            assert "Traceback" not in str(error)
