"""Markup in every text column comes out as the characters it is made of."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import zlib

import pypdf
import pytest
from bs4 import BeautifulSoup
from conftest import HEADER, PROJECT, Build, build_book, copy_book, exclude_findings, printed_pages

HOSTILE = (
    "<script>alert(1)</script> {raw} $x$ `code` **b** #show: x @label [x](javascript:alert(1)) "
    r"\ \\ <!-- ]]> &amp; {value}`zhang2025.year` '''q''' #\"]; = / *] ~ __u__ %c <img src=x> ```"
)
COLUMNS = {
    "sources": ("short_name", "title", "journal", "population", "intervention", "note"),
    "outcomes": ("name", "abbreviation", "specimen", "reflects", "caveat"),
    "findings": ("as_printed", "locator", "note"),
    "trial_arms": ("arm", "timepoint", "note"),
    "marker_context": ("quantity", "population"),
}
CHAPTER = (
    HEADER
    + """# What is plain text?

Prose {finding}`zhang2025-ntx`, {source}`zhang2025`, {value}`zhang2025.title`.

Values {value}`oc.caveat`, {value}`koitaya2014-ucoc-6m-k2.arm`, {value}`ctx-lsc.quantity`.

```{figure} answer.svg
:alt: Alt {value}`zhang2025.note`

Caption {source}`zhang2025` {value}`zhang2025.journal`.
```

## Heading {value}`zhang2025.note`

```{bibliography}
:all:
```

```{code-cell} ipython3
from evidence_tools import *

e = load_evidence()
fs = e.findings(source="zhang2025", outcome=("oc", "ntx"))
findings_table(e, fs, name="tab-f", caption="Which {source}`zhang2025`?")
```

```{code-cell} ipython3
marker_plot(e, fs, name="fig-m", caption="Q {value}`zhang2025.title`")
```

```{code-cell} ipython3
narrate_findings(e, fs)
```

```{code-cell} ipython3
sources_table(e, [e.source("zhang2025")], name="tab-s", caption="S")
```

```{code-cell} ipython3
markers_table(e, [e.outcome("oc")], name="tab-m", caption="M")
```
"""
)
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>'


def hostile_table(name: str) -> str:
    """The table with the hostile text behind every text that is given."""
    text = (PROJECT / "data" / f"{name}.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    for row in rows:
        for column in COLUMNS[name]:
            row[column] = row[column] and f"{row[column]} {HOSTILE}"
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = copy_book(tmp_path_factory.mktemp("hostile"))
    for path in (folder / "chapters").iterdir():
        path.unlink()
    (folder / "chapters" / "answer.md").write_text(CHAPTER, encoding="utf-8")
    (folder / "chapters" / "answer.svg").write_text(PICTURE, encoding="utf-8")
    (folder / "_toc.yml").write_text("format: jb-book\nroot: chapters/answer\n", "utf-8")
    for name in COLUMNS:
        (folder / "data" / f"{name}.csv").write_text(hostile_table(name), encoding="utf-8")
    exclude_findings(folder)
    build = build_book(folder)
    assert build.returncode == 0, build.output[-4000:]
    return build


@pytest.fixture(scope="module")
def page(hostile: Build) -> BeautifulSoup:
    return BeautifulSoup(hostile.page("chapters/answer"), "html.parser")


def seen(page: BeautifulSoup) -> str:
    return " ".join(page.find("article").get_text().split())


def test_no_text_of_a_table_becomes_an_element(page: BeautifulSoup) -> None:
    scripts = page.find_all("script")
    run = [s for s in scripts if s.get("type") not in ("application/json", "application/ld+json")]
    assert not [s for s in run if "alert(1)" in s.get_text()]
    assert not [s for s in scripts if s not in run and "<" in s.get_text()]
    assert not page.find("img", src="x")
    assert not [tag for tag in page.find_all(True) for name in tag.attrs if name == "onerror"]


def test_no_link_runs_code(page: BeautifulSoup) -> None:
    assert not [a for a in page.find_all("a") if a.get("href", "").startswith("javascript")]


@pytest.mark.parametrize(
    "begin",
    [
        "N-telopeptide (NTX) showed no significant change",
        "in postmenopausal osteoporosis patients: a systematic review and meta-analysis",
        "its making depends on vitamin K itself.",
        "MK-4 1.5 mg/day",
        "least significant change",
        "Frontiers in Endocrinology 16",
        "Abstract, Results",
        "Zhang 2025",
        "Osteocalcin",
        "PRISMA",
    ],
)
def test_every_text_stands_whole_and_unchanged_in_the_page(page: BeautifulSoup, begin: str) -> None:
    assert f"{begin} {HOSTILE}" in seen(page)


def test_alt_text_holds_it_as_text(page: BeautifulSoup) -> None:
    assert page.find("img", class_=None, src=re.compile("answer"))["alt"].endswith(HOSTILE)
    assert HOSTILE in page.find(class_="evidence-chart")["aria-label"]


def test_hover_cards_hold_it_as_text(page: BeautifulSoup) -> None:
    cards = " ".join(card.get_text() for card in page.select(".evidence-card"))
    assert cards.count(HOSTILE) >= 4


def test_the_specification_of_a_chart_holds_it_as_data(page: BeautifulSoup) -> None:
    (spec,) = (
        zlib.decompress(base64.b64decode(s.string or "")).decode()
        for s in page.select("script.evidence-spec")
    )
    assert json.dumps(HOSTILE)[1:-1] in spec


def test_the_search_index_holds_no_element(hostile: Build) -> None:
    index = (hostile.html / "searchindex.js").read_text(encoding="utf-8")
    assert "alert" in index
    assert "<script" not in index
    assert "<img" not in index


def test_the_pdf_shows_it_as_text_and_links_nowhere_it_says(hostile: Build) -> None:
    reader = pypdf.PdfReader(hostile.pdf)
    text = squeezed("".join(printed_pages(hostile.pdf)))
    # Words may be hyphenated at the end of a line, and a page may end in the middle.
    assert text.count(squeezed(HOSTILE)) >= 12
    notes = [note.get_object() for page in reader.pages for note in page.get("/Annots", [])]
    assert notes
    for note in notes:
        address = note.get("/A", {}).get("/URI", "https:")
        assert str(address).startswith("https:")


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_the_chapter_was_built_from_every_hostile_column(hostile: Build) -> None:
    for name, columns in COLUMNS.items():
        with (hostile.folder / "data" / f"{name}.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for column in columns:
            assert any(row[column].endswith(HOSTILE) for row in rows), (name, column)
