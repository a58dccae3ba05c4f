"""Damaged files of the evidence are refused with file, line and remedy, or load unchanged."""

import csv
import json
import re
import shutil
from collections.abc import Callable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from building import PROJECT, TOPIC

from evidence_tools.evidence.frames import read_tables
from evidence_tools.evidence.model import load_evidence
from evidence_tools.evidence.problems import EvidenceError
from evidence_tools.evidence.rules import RULES, check_rows, columns_of, rows_breaking, say
from evidence_tools.evidence.topic import read_topic

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
        elif kind == "link":
            path.symlink_to(folder / "moved.txt")
        elif kind == "loop":
            path.symlink_to(path)
        elif kind:
            path.symlink_to(folder / kind)

    return damage


def _undescribed(column: str) -> Damage:
    """Remove the line of the dictionary that describes a column."""
    line = rf'\n   {{"name": "{column}".*'.encode()
    return raw("datapackage.json", lambda content: re.sub(line, b"", content))


def _header_only(file: str) -> Damage:
    return raw(file, lambda content: content.split(b"\n")[0] + b"\n")


def _listed() -> dict[str, tuple[Damage, str]]:
    """Read the damages that change cells of a row, or, where no row is named, a piece of text.

    A row after ``+`` is copied, or new where none is named; where nothing is said, rows are honest.
    """
    found: dict[str, tuple[Damage, str]] = {}
    with (PROJECT / "tests" / "damages.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        if not row["name"]:
            continue
        cells = {row["what"]: row["becomes"]}
        for more in takewhile(lambda other: not other["name"], rows[number + 1 :]):
            cells[more["what"]] = more["becomes"]
        one, table = text(row["file"], *next(iter(cells.items()))), row["file"].removesuffix(".csv")
        if row["row"] == "+":
            one = added(table, **cells)
        elif row["row"]:
            change = copied if row["row"].startswith("+") else cell
            one = change(table, row["row"].removeprefix("+"), **cells)
        found[row["name"]] = (one, row["said"])
    return found


SOM, LAMP = "larkin2024-som", "fern2019-som-lamp"
MORE = ("harms", "fern2019-more")
F, S, T, A = "findings", "sources", "trials", "arms"
GAP, TURN = "\u00ad", "\u202e"
MD = "MD 1.86, 95% CI 1.17-2.56"
LISTED = _listed()
REFUSED: dict[str, tuple[Damage, str]] = {n: one for n, one in LISTED.items() if one[1]} | {
    # Files
    "file-missing": (_replace_with("", "arms.csv"), r"arms\.csv: the file is missing; put it back"),
    "file-renamed": (lambda d: (d / "arms.csv").rename(d / "arm.csv") and None,
                     r"arm\.csv: no table of datapackage\.json"),
    "file-is-folder": (_replace_with("folder", "harms.csv"), r"harms\.csv: .*Is a directory"),
    "link-loop": (_replace_with("loop", "harms.csv"), r"harms\.csv: the file cannot be read"),
    "link-to-nothing": (_replace_with("nowhere.csv", "harms.csv"), r"harms\.csv: .*is missing"),
    "dictionary-missing": (_replace_with("", "datapackage.json"), r"datapackage\.json: .*missing"),
    "topic-missing": (_replace_with("", "topic.yml"), r"topic\.yml: the file is missing"),
    "folder-missing": (lambda d: shutil.rmtree(d), r"there is no folder"),
    "file-empty": (raw("harms.csv", lambda _: b""), r":1: the header is missing; the first"),
    "file-of-blanks": (raw("harms.csv", lambda _: b" \n \n"), r"harms\.csv:1: the header is m"),
    "copy-left-behind": (lambda d: shutil.copy(d / "arms.csv", d / "arms (1).csv") and None,
                         r"arms \(1\)\.csv: no table of datapackage\.json; .*remove"),
    "needed-table-without-rows": (_header_only("outcome_kinds.csv"), r"header but no rows"),
    # Encodings and line ends
    "latin-1": (raw("sources.csv", lambda c: c.decode().encode("latin-1")),
                r"sources\.csv:8: found the byte 0xE9, which is not UTF-8"),
    "utf-16": (raw("sources.csv", lambda c: c.decode().encode("utf-16")), r"the byte 0xFF"),
    "spreadsheet": (raw("sources.csv", lambda c: b"PK\x03\x04\xff" + c), r":1: .*no spreadsheet"),
    "nul": (text("harms.csv", "headaches", "head\x00aches"), r"harms\.csv:2: .*U\+0000"),
    "second-mark": (raw("harms.csv", lambda c: b"\xef\xbb\xbf" * 2 + c), r"harms\.csv:1: column"),
    "git-lfs": (raw("harms.csv", lambda _: b"version https://git-lfs.github.com/spec/v1\n"),
                r"harms\.csv:1: the header is missing"),
    # The form of a table
    "semicolons": (raw("context.csv", lambda c: c.replace(b",", b";")), r":1: .*by commas"),
    "no-header": (raw("sources.csv", lambda c: c.split(b"\n", 1)[1]), r":1: the header is missing"),
    "trailing-commas": (raw("harms.csv", lambda c: c.replace(b"\n", b",\n")), r"'\(blank\)': unkn"),
    "quote-last": (raw("harms.csv", lambda c: c + b'"'), r"harms\.csv:6: a quoted cell"),
    # Text in a cell
    "tab": (cell(*MORE, note="a\tb"), r"found a tab"),
    "bell": (cell(*MORE, note="a\x07b"), r"U\+0007"),
    "turned-text": (cell(*MORE, note=f"a{TURN}b"), r"U\+202E \(right-to-left"),
    "soft-hyphen": (cell(*MORE, note=f"a{GAP}b"), r"U\+00AD \(soft hyphen"),
    # Numbers, dates, words
    "many-digits": (cell(F, SOM, estimate="1" * 400), r"; a number such as"),
    # Keys
    "source-removed": (raw("sources.csv", lambda c: re.sub(rb"\nfern2019.*", b"", c)),
                       r"found 'fern2019', which is not in sources\.csv"),
    # Rows that contradict themselves
    "arm-pair-lost": (raw("arms.csv", lambda c: re.sub(rb"\nfern2019-som-none.*", b"", c)),
                      r"arms\.csv:2: column 'arm_id': has no arm to compare it with"),
    "judgement-missing": (raw("certainty.csv", lambda c: re.sub(rb"\nsom,imprecision.*", b"", c)),
                          r"'som' has no row for imprecision; add it"),
    # Rows beside each other
    "space-that-does-not-break": (cell(*MORE, note="a\u00a0b"), r"U\+00A0 \(no-break space"),
    # The dictionary
    "json-cut": (raw("datapackage.json", lambda c: c[:-30]), r"datapackage\.json:\d+: not valid J"),
    "json-list": (raw("datapackage.json", lambda _: b"[]"), r"'resources' is missing"),
    "json-deep": (raw("datapackage.json", lambda _: b"[" * 100_000), r"not (usable|valid) JSON"),
    "resource-is-text": (raw("datapackage.json", lambda _: b'{"resources": ["sources"]}'),
        r"missing"),
    "table-undescribed": (field("harms", None, name="harm"), r"table 'harms': not described"),
    "table-twice": (field("harms", None, name="arms"), r"is described twice"),
    "path-elsewhere": (field("harms", None, path="../harms.csv"), r"found .*/harms\.csv.; the n"),
    "path-on-the-web": (field("harms", None, path="https://example.org/harms.csv"),
        r"the name of a \.csv file"),
    "path-is-list": (field("harms", None, path=["harms.csv"]), r"'harms': 'path' or 'schema'"),
    "schema-elsewhere": (field("harms", None, schema="https://example.org/schema.json"),
        r"'schema' is"),
    "schema-missing": (field("harms", None, schema=None), r"'schema' is missing"),
    "schema-without-fields": (field("harms", None, schema={"fields": []}), r"table 'harms'"),
    "field-is-text": (field("harms", None, schema={"fields": ["harm_id"]}), r"table 'harms'"),
    "key-missing": (field("harms", None, primaryKey=None), r"'primaryKey' is missing"),
    "key-of-no-column": (field("certainty", None, primaryKey=["outcome_id", "domian"]),
        r"primary key .*'domian'"),
    "missing-values-without-blank": (field("harms", None, missingValues=["NA"]), r"'missingVal"),
    "reference-lost": (field("harms", None, foreignKeys=[]), r"'foreignKeys' of 'source_id'"),
    "reference-of-kind-lost": (field("outcomes", None, foreignKeys=[]), r"'kinds' is needed"),
    "reference-to-nothing": (field("certainty", "finding_ids", listOf="finding"),
        r"'listOf': found 'finding'; 'findings' is"),
    "reference-without-target": (field("harms", None, foreignKeys=[{"fields": ["source_id"]}]),
        r"harms"),
    "type-unknown": (field(F, "estimate", type="numbr"), r"table 'findings': .*numbr"),
    "type-of-number-changed": (field(F, "estimate", type="string"), r"'number' is needed"),
    "type-of-date-changed": (field(S, "integrity_checked", type="string"), r"'date' is needed"),
    "bound-lost": (field(F, "p_value", bound=False), r"'bound': found False; True is needed"),
    "bound-on-words": (field(F, "unit", bound=True), r"'bound': found True; None is"),
    "type-geopoint": (field("harms", "note", type="geopoint"), r"found 'geopoint'; 'string' is n"),
    "format-of-date": (field(S, "integrity_checked", format="%d.%m.%Y"), r"'format': found '%d"),
    "pattern-broken": (field(S, "source_id", constraints={"pattern": "["}), r"is wrong: error"),
    "minimum-is-text": (field(S, "year", constraints={"minimum": "x"}), r"table 'sources'"),
    "enum-is-text": (field(S, "design", constraints={"enum": "rct"}), r"table 'sources'"),
    "column-undescribed": (_undescribed("caveat"), r"'caveat': .*found None; 'string' is needed"),
    "column-of-checks-undescribed": (_undescribed("country"), r"'country': 'type': found N"),
    "column-of-rule-undescribed": (_undescribed("i2"), r"'i2': 'type': found None"),
    # The topic
    "yaml-tab": (text("topic.yml", "  name: amber", "\tname: amber"), r"topic\.yml:5: not valid Y"),
    "yaml-empty": (raw("topic.yml", lambda _: b""), r"topic\.yml: "),
    "yaml-list": (raw("topic.yml", lambda _: b"- title\n"), r"keys with values is needed"),
    "yaml-two-documents": (raw("topic.yml", lambda c: c + b"---\na: b\n"), r"topic\.yml:\d+: not"),
    "yaml-deep": (raw("topic.yml", lambda _: b"title: " + b"[" * 5000), r"topic\.yml: not valid Y"),
    "yaml-control": (text("topic.yml", "amber light", "amber\x07 light"), r"topic\.yml: not valid"),
    "topic-turned-text": (text("topic.yml", "sleep markers", f"sleep {TURN}markers"),
        r":2: title: .*U\+202E"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(TOPIC, tmp_path / "data")


def refusal(folder: Path) -> EvidenceError:
    with pytest.raises(EvidenceError) as error:
        load_evidence(folder)
    return error.value


def faults(folder: Path) -> Iterator[str]:
    """Find faults in the order in which loading does, only as many as somebody asks for."""
    tables, problems = read_tables(folder)
    yield from map(str, problems)
    yield from map(str, read_topic(folder, tables)[1])
    yield from map(str, check_rows(tables))
    yield from map(str, refusal(folder).problems)


@pytest.mark.parametrize("name", REFUSED)
def test_damage_is_refused_with_place_and_remedy(name: str, folder: Path) -> None:
    damage, expected = REFUSED[name]
    damage(folder)
    assert any(re.search(expected, fault) for fault in faults(folder)), str(refusal(folder))


@pytest.mark.parametrize(
    "name",
    ["sign-lost", "digits-swapped", "p-zero", "printed-minus", "nothing-printed", "estimate-blank",
     "key-in-capitals", "outcome-unknown", "column-misspelt", "cell-too-many", "limits-swapped",
     "topic-key-misspelt", "needed-table-without-rows", "source-removed", "folder-missing"],
)  # fmt: skip
def test_one_cause_is_reported_once(name: str, folder: Path) -> None:
    REFUSED[name][0](folder)
    assert len(refusal(folder).problems) == 1


def test_a_damaged_cell_hides_no_broken_rule_of_another_row(folder: Path) -> None:
    for name in ("digits-swapped", "arm-below-zero", "needed-blank", "nobody", "cell-too-many"):
        REFUSED[name][0](folder)
    cell(F, "white2020-som", ci_upper="0.5")(folder)
    columns = [problem.column for problem in refusal(folder).problems]
    assert columns == ["mean", "direction", "ci_upper", "", "n_participants"]


def test_every_rule_can_be_asked_and_said() -> None:
    tables, _ = read_tables(TOPIC)
    asked = {name: columns_of(name, tables) for name in tables}
    for rule in RULES:
        columns = asked[rule["table"]]
        assert rows_breaking(rule, rule["columns"].split()[0].split("|")[0], columns) == []
        assert say(rule, 0, columns)


def test_all_faults_are_reported_at_once_in_file_order(folder: Path) -> None:
    for name in ("digits-swapped", "arm-below-zero", "topic-name-missing", "doi-twice-with-dot"):
        REFUSED[name][0](folder)
    error = refusal(folder)
    files = [Path(problem.path).name for problem in error.problems]
    assert files == ["arms.csv", "findings.csv", "sources.csv", "topic.yml"]
    assert str(error).startswith("4 problems:\n")


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
    before = load_evidence(TOPIC).findings
    ACCEPTED[name](folder)
    after = load_evidence(folder).findings
    pd.testing.assert_frame_equal(before[sorted(before)], after[sorted(after)])


HONEST: dict[str, Damage] = {name: one[0] for name, one in LISTED.items() if not one[1]} | {
    "empty-optional-tables": both(*(_header_only(f"{name}.csv") for name in (
        "arms", "certainty", "context", "timecourse", "harms", "advice", "conclusions",
        "statements", "limitations", "plain"))),
    "no-counts-and-no-follow-up": raw("topic.yml", lambda c: re.sub(
        rb"counts:\n(  .*\n)+|short_follow_up.*\n", b"", c)),
    "median-and-quartiles": both(*(cell(
       A, row, mean="", median="3.2", dispersion="", dispersion_lower="2.1", dispersion_upper="4.0",
        dispersion_type="IQR") for row in ("fern2019-som-lamp", "fern2019-som-none"))),
    "change-below-zero": both(*(cell(A, row, mean="-0.8", value_type="change from baseline")
                                for row in ("fern2019-som-lamp", "fern2019-som-none"))),
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_honest_rows_can_be_entered(name: str, folder: Path) -> None:
    HONEST[name](folder)
    load_evidence(folder)
