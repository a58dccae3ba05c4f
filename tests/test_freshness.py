"""What a page shows follows from the files on disk, and nothing runs that need not."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from conftest import HEADER, Build, build_book, copy_book, exclude_findings, printed_pages
from test_execution import gone

NUMBERS = """# What is the estimate?

```{code-cell} ipython3
from evidence_tools import load_evidence, narrate_finding

evidence = load_evidence("../data")
narrate_finding(evidence, evidence.finding("zhang2025-oc"))
```

It is {value}`zhang2025-oc.estimate`.
"""
BESIDE = """# What stands beside?

```{code-cell} ipython3
print("seen:", open("beside.csv").read())
```

See {ref}`plain`.
"""
PLAIN = """(plain)=
# A page without code

First sentence.
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of two chapters with code and a page without."""
    folder = copy_book(tmp_path_factory.mktemp("fresh") / "book")
    shutil.rmtree(folder / "chapters")
    (folder / "chapters").mkdir()
    for name, text in (
        ("numbers", HEADER + NUMBERS),
        ("beside", HEADER + BESIDE),
        ("plain", PLAIN),
    ):
        (folder / "chapters" / f"{name}.md").write_text(text, encoding="utf-8")
    (folder / "chapters" / "beside.csv").write_text("first", encoding="utf-8")
    toc = "format: jb-book\nroot: chapters/numbers\nchapters:\n"
    toc += "- file: chapters/beside\n- file: chapters/plain\n"
    (folder / "_toc.yml").write_text(toc, encoding="utf-8")
    exclude_findings(folder)
    return folder


def rebuilt(folder: Path) -> Build:
    build = build_book(folder)
    assert build.returncode == 0, build.output
    return build


def executed(build: Build) -> int:
    found = re.search(r"executed (\d+) of", build.output)
    return int(found[1]) if found else 0


def read(build: Build) -> set[str]:
    return _named("reading sources", build)


def written(build: Build) -> set[str]:
    return _named("writing output", build)


def _named(step: str, build: Build) -> set[str]:
    plain = re.sub(r"\x1b\[[\d;]*m", "", build.output)
    return set(re.findall(rf"{step}\.\.\. \[ *\d+%\] chapters/(\w+)", plain))


def edit(path: Path, old: str, new: str) -> None:
    """Change a file and keep its time, as a file that is put back from a copy does."""
    status = path.stat()
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def pdf_text(build: Build) -> str:
    return "".join(printed_pages(build.pdf))


def test_each_kind_of_change_reaches_the_pages_and_runs_no_more_than_it_must(folder: Path) -> None:
    chapters = folder / "chapters"
    build = rebuilt(folder)
    assert executed(build) == 2
    assert "1.86" in build.page("chapters/numbers")

    build = rebuilt(folder)  # nothing was touched
    assert (executed(build), read(build), written(build)) == (0, set(), set())

    # Its notebook is written with each writing of a page; Sphinx names only ranges of pages.
    beside = build.html / "chapters" / "beside.ipynb"
    before = beside.stat().st_mtime_ns
    edit(chapters / "plain.md", "First sentence.", "Other sentence.")
    build = rebuilt(folder)
    assert (executed(build), read(build)) == (0, {"plain"})
    assert beside.stat().st_mtime_ns == before
    assert "Other sentence." in build.page("chapters/plain")
    assert "Other sentence." in pdf_text(build)

    edit(chapters / "plain.md", "# A page without code", "# A page renamed")
    edit(chapters / "beside.csv", "first", "other")
    build = rebuilt(folder)
    assert (executed(build), read(build)) == (1, {"plain", "beside"})
    assert "seen: other" in build.page("chapters/beside")
    # The title stands in the navigation of a page that was not touched, and in a reference.
    assert "A page renamed" in build.page("chapters/numbers")
    assert "A page without code" not in build.page("chapters/beside")

    edit(chapters / "beside.md", 'print("seen:"', 'print("found:"')
    build = rebuilt(folder)
    assert (executed(build), read(build)) == (1, {"beside"})
    assert "found: other" in build.page("chapters/beside")

    edit(folder / "data" / "findings.csv", "1.86", "1.87")
    build = rebuilt(folder)
    assert executed(build) == 2
    assert read(build) == {"numbers", "beside", "plain"}
    assert "1.86" not in build.page("chapters/numbers")
    assert build.page("chapters/numbers").count("1.87") >= 2
    assert "1.87" in pdf_text(build)
    assert "1.86" not in pdf_text(build)


def test_code_that_a_cell_takes_from_a_file_is_followed(folder: Path) -> None:
    page, loaded = folder / "chapters" / "beside.md", folder / "chapters" / "cell.py"
    text = page.read_text(encoding="utf-8")
    loaded.write_text("print('taken: first')\n", encoding="utf-8")
    page.write_text(text + "\n```{code-cell} ipython3\n:load: cell.py\n```\n", encoding="utf-8")
    assert "taken: first" in rebuilt(folder).page("chapters/beside")
    edit(loaded, "first", "other")
    build = rebuilt(folder)
    assert (executed(build), read(build)) == (1, {"beside"})
    assert "taken: other" in build.page("chapters/beside")
    page.write_text(text, encoding="utf-8")
    loaded.unlink()


def test_a_broken_chapter_stops_the_build_and_the_others_keep_their_results(folder: Path) -> None:
    rebuilt(folder)
    chapters = folder / "chapters"
    edit(chapters / "numbers.md", "evidence.finding(", "evidence.fnding(")
    edit(chapters / "beside.md", "open(", "1 and open(")
    build = build_book(folder)
    assert build.returncode != 0
    line = chapters.joinpath("numbers.md").read_text("utf-8").splitlines().index("```", 15)
    assert f"chapters/numbers.md:{line}: code cell 1 of chapter 'chapters/numbers'" in build.output
    assert "AttributeError" in build.output
    edit(chapters / "numbers.md", "evidence.fnding(", "evidence.finding(")
    assert executed(rebuilt(folder)) == 0  # the first was known, the second was kept


def test_a_page_that_leaves_the_book_leaves_the_site(folder: Path) -> None:
    build = rebuilt(folder)
    assert (build.html / "chapters" / "plain.html").exists()
    toc, page = folder / "_toc.yml", folder / "chapters" / "plain.md"
    text = page.read_text(encoding="utf-8")
    page.unlink()
    edit(toc, "- file: chapters/plain\n", "")
    edit(folder / "chapters" / "beside.md", "See {ref}`plain`.", "")
    build = rebuilt(folder)
    assert not (build.html / "chapters" / "plain.html").exists()
    assert "plain.html" not in build.page("chapters/numbers")
    page.write_text(text, encoding="utf-8")
    toc.write_text(toc.read_text("utf-8") + "- file: chapters/plain\n", encoding="utf-8")
    edit(folder / "chapters" / "beside.md", "```\n\n", "```\n\nSee {ref}`plain`.")


def test_a_build_after_one_that_was_killed_is_right(folder: Path) -> None:
    whole = rebuilt(folder)
    expected = {name: whole.page(f"chapters/{name}") for name in ("numbers", "beside", "plain")}
    for old, new in (("1.87", "1.88"), ("1.88", "1.87")):
        edit(folder / "data" / "findings.csv", old, new)
        build = subprocess.Popen(
            [str(Path(sys.executable).with_name("jupyter-book")), "build", "."],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(random.uniform(1.0, 7.0))
        started = {p.pid for p in psutil.Process(build.pid).children(recursive=True)}
        build.kill()
        build.wait()
        assert gone(started)
    build = rebuilt(folder)
    for name, page in expected.items():
        assert _body(build.page(f"chapters/{name}")) == _body(page)
    assert "1.87" in pdf_text(build)


def _body(page: str) -> str:
    return page[page.index("<article") : page.index("</article>")]


def test_results_of_a_state_that_was_taken_back_are_not_found_again(folder: Path) -> None:
    rebuilt(folder)
    numbers, table = folder / "chapters" / "numbers.md", folder / "data" / "findings.csv"
    # The other chapter's result would be kept, had the data not changed under it.
    edit(folder / "chapters" / "beside.md", "open(", "2 and open(")
    spoil = 'open("../data/findings.csv", "a").write("\\n")\nraise SystemError\n'
    edit(numbers, "evidence = load_evidence", f"{spoil}evidence = load_evidence")
    before = table.read_text("utf-8")
    build = build_book(folder)
    table.write_text(before, encoding="utf-8")
    assert build.returncode != 0
    assert "data or package changed while chapters ran" in build.output
    edit(numbers, spoil, "")
    assert executed(rebuilt(folder)) == 2
