"""A small made-up book on the made-up topic, built by the command a user runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from building import HEADER as HEAD
from building import TOPIC, Build, build_book, build_once, copy_topic

CONFIG = """
title: "Amber light: a made-up report"
author: "The authors of nothing"
execute: {timeout: 60}
parse: {myst_enable_extensions: [colon_fence, deflist, dollarmath]}
bibtex_bibfiles: [references.bib]
sphinx:
  extra_extensions: [evidence_tools.book]
  config:
    project: "Amber light"
    language: en
    evidence_subtitle: "On {value}`larkin2024.n_studies` trials"
    evidence_description: "What {value}`larkin2024.n_studies` trials say on <amber> light."
    evidence_licence: "CC BY 4.0"
    nitpicky: true
    numfig: true
    numfig_secnum_depth: 0
    bibtex_reference_style: author_year
    html_context: {default_mode: auto}
"""

ANSWER = """
(answer)=
# Does it help?

Somnin rose: {finding}`larkin2024-som`.
{unknown}`larkin2024-trials`
An RCT is an RCT {cite:p}`lamp2001`.
![From {source}`moss2021`](dot.svg)
"""

ROWS = """
# What do the rows say?

```{code-cell} ipython3
:tags: [hide-input]

from evidence_tools import load_evidence
from evidence_tools.show.display import Figure, Prose, Run, Table, TableRow, runs
from evidence_tools.show.words import finding_run

evidence = load_evidence()
rows = tuple(
    TableRow((runs(key), runs(finding_run(row)), runs("=1+1")), anchor=key)
    for key, row in evidence.rows("findings").items()
)
Table(
    name="tab-rows", caption=runs("What of {source}`larkin2024`?"),
    columns=("Key", "Result", "<b>Sum</b>"), rows=rows, note=runs("A note."), filters=("Sum",)[1:],
)
```

```{code-cell} ipython3
:tags: [hide-input]

import altair as alt
import vl_convert

values = [{"x": 1, "says": "@high <i>"}]
chart = alt.Chart(alt.InlineData(values=values)).mark_point().encode(tooltip="says:N")
spec = chart.to_dict()
Figure(
    name="fig-one", caption=runs("What is one?"), alt='One "<point>".',
    svg=vl_convert.vegalite_to_svg(spec), spec=spec,
)
```

```{code-cell} ipython3
:tags: [hide-input]

Prose((runs("Named by ", Run("Reed 2016", source_id="reed2016"), " <u>plain</u>."),), title="Box")
```

As {numref}`tab-rows` and {numref}`fig-one` show.
"""

DIARY = """---
myst:
  html_meta:
    "http-equiv=Content-Security-Policy": "connect-src 'none'"
---
# How to keep a record?

:::{div} evidence-diary
- day (day): the date
- missed (yes/no): whether a lamp was missed
- sleep (number): hours
- note (text): anything else
:::

{download}`The empty table <diary.csv>`

:::{table} What did each day bring?
:name: tab-diary
:class: evidence-diary-page

| day | missed | sleep | note |
|---|---|---|---|
| &nbsp; | | | |
:::
"""

ABOUT = """---
myst:
  html_meta:
    keywords: side effects, blood thinner
---
# About

```{how-to-cite}
```

```{glossary}
RCT
    A trial in which chance decides.
```

```{bibliography}
```
"""

FILES = {
    "_config.yml": CONFIG,
    "_toc.yml": "format: jb-book\nroot: chapters/answer\nchapters:\n"
    "- file: chapters/rows\n- file: chapters/diary\n- file: chapters/about\n",
    "pyproject.toml": '[project]\nname = "amber"\nversion = "0.1.0"\n',
    "references.bib": "@article{lamp2001, author={Lamp, L.}, title={A title}, journal={None}, "
    "year={2001}}\n",
    "chapters/answer.md": ANSWER,
    "chapters/rows.md": HEAD + ROWS,
    "chapters/diary.md": DIARY,
    "chapters/diary.csv": "day,missed,sleep,note\n",
    "chapters/about.md": ABOUT,
    "chapters/dot.svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'
    '<circle cx="4" cy="4" r="4"/></svg>',
}


class Made(Build):
    """One build of the made-up book."""

    def page(self, name: str) -> str:
        return super().page(f"chapters/{name}")

    def contents(self) -> dict[str, bytes]:
        paths = (path for path in self.html.rglob("*") if path.is_file())
        return {path.relative_to(self.html).as_posix(): path.read_bytes() for path in paths}


def write_book(folder: Path, **changed: str) -> Path:
    """Write the made-up book; other text for a chapter by its name."""
    copy_topic(folder / "data")
    rows = (TOPIC / "findings.csv").read_text(encoding="utf-8").splitlines()[1:]
    reason = "a small book for a test"
    excluded = [f"% check: exclude {row.partition(',')[0]} -- {reason}\n" for row in rows[1:]]
    files = FILES | {f"chapters/{name}.md": text for name, text in changed.items()}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        ending = "".join(excluded) if name == "chapters/about.md" else ""
        (folder / name).write_text(f"{text.lstrip()}{ending}", encoding="utf-8")
    return folder


def build(folder: Path, **environment: str) -> Made:
    """Build a book as a user does."""
    return Made(**vars(build_book(folder, SOURCE_DATE_EPOCH="1790000000", **environment)))


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The made-up book."""
    once = build_once(tmp_path_factory, "made", lambda folder: build(write_book(folder)))
    return Made(**vars(once))
