"""A build that cannot be right fails: named place, plain words, no page; mended, it succeeds."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import HEADER, PROJECT, Build, build_book, copy_book

Book = Callable[..., Build]


def cell(code: str, title: str = "A chapter") -> str:
    return f"{HEADER}\n# {title}\n\n```{{code-cell}} ipython3\n{code}\n```\n"


def toc(*names: str) -> str:
    files = "".join(f"- file: chapters/{name}\n" for name in names)
    return f"format: jb-book\nroot: chapters/answer\nchapters:\n{files}"


def config(**changes: str) -> str:
    text = (PROJECT / "_config.yml").read_text(encoding="utf-8")
    for key, value in changes.items():
        text, count = re.subn(rf"(?m)^(\s*{key}:).*$", rf"\1 {value}", text)
        assert count == 1
    return text


def written(build: Build) -> list[str]:
    found = (*build.html.rglob("*.html"), *build.html.rglob("*.pdf"))
    return [str(path) for path in found if "_static" not in path.parts]


def assert_failed(build: Build) -> None:
    assert build.returncode != 0, build.output[-2000:]
    assert written(build) == []
    last = build.output.strip().splitlines()[-1]
    assert last.startswith("The report was not built"), build.output[-2000:]


def assert_told(build: Build, *expected: str) -> None:
    missing = [pattern for pattern in expected if not re.search(pattern, build.output)]
    assert missing == [], build.output[-4000:]


def again(build: Build, **changes: str) -> Build:
    """Change files of a book (``a__b`` stands for ``a/b.md``) and build it once more."""
    for name, text in changes.items():
        (build.folder / f"{name.replace('__', '/')}.md").write_text(text, encoding="utf-8")
    return build_book(build.folder)


def test_broken_cells_are_named_and_mended_cells_are_shown(small_book: Book) -> None:
    failed = small_book(
        cell("x = 1\n```\n\nText.\n\n```{code-cell} ipython3\nraise ValueError('on purpose')"),
        files={
            "chapters/slow.md": cell("import time\n\ntime.sleep(50)"),
            "chapters/dead.md": cell("import os\n\nos._exit(3)"),
            "_toc.yml": toc("slow", "dead"),
            "_config.yml": config(timeout="3"),
        },
    )
    expected = (
        r"answer\.md:\d+: code cell 2 of chapter 'chapters/answer'",
        r"ValueError: on purpose",
        r"slow\.md:\d+: .*(3 seconds|time limit)",
        r"dead\.md:\d+: .*(died|ended)",
    )
    assert_failed(failed)
    assert_told(failed, *expected)
    repeated = again(failed)
    assert_failed(repeated)
    assert_told(repeated, *expected)
    mended = again(
        failed,
        chapters__answer=cell("print('mended answer')"),
        chapters__slow=cell("print('mended slow')"),
        chapters__dead=cell("print('mended dead')"),
    )
    assert mended.returncode == 0, mended.output[-2000:]
    assert mended.pdf.stat().st_size > 10_000
    for name in ("answer", "slow", "dead"):
        page = mended.page(f"chapters/{name}")
        assert f"mended {name}" in page
        assert "on purpose" not in page


REFERENCES = """# Where do these lead?

{finding}`zhang2025-0c`, {value}`zhang2025.people`, {source}`zang2025`.

{numref}`fig-none`, {ref}`nowhere`, {cite:p}`nobody1999`, {doc}`nothing`, [a page](nothing.md).

![Alt of {value}`zhang2025.nope`](here.svg)

![Alt of {fnding}`zhang2025-oc`](here.svg)

```{figure} here.svg
:alt: Alt of {finding}`zhang2025-tx`

A caption of {value}`zhang2025.yaer`.
```

![A picture](missing.svg)

{nosuchrole}`x`

```{nosuchdirective}
```

```nosuchlanguage
x
```

$\\frac{1$

```{table} A title with {value}`zhang2025.year`
"""
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>'
CAPTION = cell(
    """from evidence_tools import load_evidence, marker_plot

e = load_evidence()
fs = e.findings(source="zhang2025", outcome="oc")
marker_plot(e, fs, name="fig-x", caption="Of {finding}`zhang2025-xx`?")"""
)


def test_everything_that_leads_nowhere_is_told_at_once(small_book: Book) -> None:
    failed = small_book(
        REFERENCES,
        files={
            "chapters/caption.md": CAPTION,
            "chapters/here.svg": PICTURE,
            "_toc.yml": toc("caption"),
        },
    )
    assert_failed(failed)
    assert_told(
        failed,
        r"answer\.md:3: .*there is no finding 'zhang2025-0c'; nearest: zhang2025-oc",
        r"answer\.md:3: .*'zhang2025' has no field 'people'; its fields are source_id, short_name",
        r"answer\.md:3: .*there is no source 'zang2025'; nearest: zhang2025",
        r"answer\.md:5: .*'fig-none'",
        r"answer\.md:5: .*'nowhere'",
        r"answer\.md:5: .*\"nobody1999\"",
        r"answer\.md:5: .*'nothing'",
        r"answer\.md:5: .*'nothing\.md'",
        r"answer\.md:7: .*alt text: 'zhang2025' has no field 'nope'",
        r"answer\.md:9: .*alt text: found \{fnding\}; here the roles \{finding\}, \{value\} and",
        r"answer\.md:1\d: .*alt text: there is no finding 'zhang2025-tx'",
        r"answer\.md:1\d: .*'zhang2025' has no field 'yaer'",
        r"answer\.md:17: .*missing\.svg",
        r"answer\.md:19: .*nosuchrole",
        r"answer\.md:21: .*nosuchdirective",
        r"answer\.md:24: .*nosuchlanguage",
        r"answer\.md:28: .*cannot be read as TeX",
        r"answer\.md:30: .*begin and end the directive with ::: instead of ```",
        r"caption\.md:\d+: .*caption: there is no finding 'zhang2025-xx'; nearest",
    )
    mended = again(
        failed,
        chapters__answer="# Where\n\n![Of {value}`zhang2025.n_participants`](here.svg)\n",
        chapters__caption=CAPTION.replace("zhang2025-xx", "zhang2025-oc"),
    )
    assert mended.returncode == 0, mended.output[-2000:]
    assert 'alt="Of 2,570"' in mended.page("chapters/answer")
    assert "MD 1.86 (95% CI 1.17 to 2.56; unit not reported)" in mended.page("chapters/caption")


def test_pages_with_errors_warnings_or_no_title_are_refused(small_book: Book) -> None:
    failed = small_book(
        cell(":tags: [raises-exception]\n\n1 / 0"),
        files={
            "chapters/warning.md": cell("import warnings\n\nwarnings.warn('look out')"),
            "chapters/untitled.md": "Only a sentence.\n",
            "_toc.yml": toc("warning", "untitled"),
        },
    )
    assert_failed(failed)
    assert_told(
        failed,
        r"answer\.md:\d+: .*ZeroDivisionError: division by zero",
        r"warning\.md:\d+: .*look out",
        r"untitled\.md:1: .*the chapter has no title; begin it with a line such as '# Title'",
    )


def test_chapters_whose_options_cannot_be_read_are_all_named(small_book: Book) -> None:
    slow = HEADER.replace("kernelspec:", "mystnb:\n  execution_timeout: soon\nkernelspec:")
    failed = small_book(
        cell(":tags: [hide-input\nprint()"),
        files={
            "chapters/slow.md": slow + cell("print()").removeprefix(HEADER),
            "chapters/marked.md": cell("print()") + "\n+++ {not JSON\n\nText.\n",
            "_toc.yml": toc("slow", "marked"),
        },
    )
    assert_failed(failed)
    assert_told(
        failed,
        r"answer\.md:15: the chapter cannot be read: the options below ```\{code-cell\}",
        r"slow\.md: .*execution_timeout: found 'soon'; allowed is a whole number",
        r"marked\.md:19: the chapter cannot be read",
    )
    assert "Traceback" not in failed.output


def test_chapters_that_are_no_text_or_have_a_broken_head_are_named_with_their_line(
    tmp_path: Path,
) -> None:
    folder = copy_book(tmp_path / "book")
    with (folder / "chapters" / "methods.md").open("a", encoding="utf-8") as file:
        file.write("A sentence\x00.\n")
    with (folder / "chapters" / "sources.md").open("ab") as binary:
        binary.write("Rønn\n".encode("latin-1"))
    with (folder / "chapters" / "question.md").open("a", encoding="utf-8") as file:
        file.write("<<<<<<< HEAD\nOne.\n=======\nAnother.\n>>>>>>> other\n")
    open_head = HEADER.removesuffix("---\n") + "\n# A title\n"
    (folder / "chapters" / "cite.md").write_text(open_head, encoding="utf-8")
    broken_head = HEADER.replace("kernelspec:", "kernelspec: [") + "\n# A title\n"
    (folder / "chapters" / "safety.md").write_text(broken_head, encoding="utf-8")
    failed = build_book(folder)
    assert_failed(failed)
    assert_told(
        failed,
        r"methods\.md:\d+: found the control character U\+0000; remove it",
        r"sources\.md:\d+: found the byte 0xF8, which is no UTF-8 text; save it as UTF-8",
        r"question\.md:\d+: found '<<<<<<< HEAD', a mark of two edits that git could not join",
        r"question\.md:\d+: found '>>>>>>> other', a mark of two edits",
        r"cite\.md:1: the head of the chapter does not end; write a line '---' below",
        r"safety\.md:\d+: the head of the chapter is not valid YAML: .*; look at this line",
    )
    assert "Traceback" not in failed.output


def test_bad_data_reaches_no_page_and_mended_data_does(small_book: Book) -> None:
    findings = (PROJECT / "data" / "findings.csv").read_text(encoding="utf-8")
    failed = small_book(
        "# Title\n\n{finding}`zhang2025-oc`\n",
        files={"data/findings.csv": findings.replace("MD,1.86,", "MD,1.68,")},
    )
    assert_failed(failed)
    assert_told(
        failed,
        r"1 problem in the evidence tables",
        r"data/findings\.csv:2: column 'estimate': found 1\.68, but as_printed is 'OC; MD 1\.86",
    )
    assert "Traceback" not in failed.output
    changed = findings.replace("MD,1.86,", "MD,1.87,").replace("OC; MD 1.86", "OC; MD 1.87")
    (failed.folder / "data" / "findings.csv").write_text(changed, encoding="utf-8")
    mended = build_book(failed.folder)
    assert mended.returncode == 0
    assert "MD 1.87 (95% CI 1.17 to 2.56" in mended.page("chapters/answer")


def test_no_page_is_left_when_one_cannot_be_written(small_book: Book) -> None:
    built = small_book("# Title\n\nA sentence.\n")
    assert built.returncode == 0, built.output[-2000:]
    page = built.html / "chapters" / "answer.html"
    page.unlink()
    page.mkdir()
    failed = again(built, chapters__answer="# Title\n\nAnother sentence.\n")
    assert failed.returncode != 0
    page.rmdir()
    assert written(failed) == []
    mended = again(built)
    assert mended.returncode == 0, mended.output[-2000:]
    assert "Another sentence." in mended.page("chapters/answer")


BROKEN_SETTINGS = {
    "a version less": (
        {"pyproject.toml": '[project]\nname = "x"\n'},
        r"pyproject\.toml: no readable \[project\] version",
    ),
    "a chapter that is not there": (
        {"_toc.yml": toc("absent")},
        r"nonexisting document 'chapters/absent'",
    ),
    "a broken table of contents": (
        {"_toc.yml": "format: jb-book\nroot: [chapters/answer\n"},
        r"_toc\.yml\", line 2",
    ),
    "a broken configuration": (
        {"_config.yml": 'title: "A "title"\n'},
        r"line 1, column 12:\s+title: \"A \"title\"",
    ),
}


@pytest.mark.parametrize("name", BROKEN_SETTINGS)
def test_broken_settings_stop_the_build_before_any_page(small_book: Book, name: str) -> None:
    files, expected = BROKEN_SETTINGS[name]
    failed = small_book("# Title\n\nA sentence.\n", files=files)
    assert failed.returncode != 0
    assert written(failed) == []
    assert_told(failed, expected)
