"""The style sheet without what no page uses, and icons as drawings."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import Build

from evidence_tools.book.theme import icon_rules, prune, use_relative_folders, used_words

FONT_AWESOME = (
    '{bars:[448,512,["navicon"],"f0c9","M0 96z"],"magnifying-glass":[512,512,[128269,"search"],'
    '"f002","M1 2z"],"glass":[1,1,[],"f003","M9 9z"]}'
)


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        (".used{color:red}", ".used{color:red}"),
        (".unused{color:red}", ""),
        (".used.unused{color:red}", ""),
        (".used,.unused{color:red}", ".used{color:red}"),
        ("p>a{color:red}", "p>a{color:red}"),
        (".used:not(.unused){color:red}", ".used:not(.unused){color:red}"),
        ("a:is(.unused,b){color:red}", "a:is(.unused,b){color:red}"),
        ("#unused a{color:red}", ""),
        ("@media print{.unused{color:red}}", ""),
        ("@media print{.used{color:red}.unused{x:y}}", "@media print{.used{color:red}}"),
        ('.used{content:"}"}.unused{content:"{"}', '.used{content:"}"}'),
        (".used{background:url(data:a;b{c)}", ".used{background:url(data:a;b{c)}"),
        ("@font-face{font-family:x}", ""),
        (".fa-bars:before{content:x}", ""),
        (".used:after{content:var(--pst-icon-download)}", ""),
        (".used:after{font:var(--fa-font-solid)}", ""),
        ("@keyframes turn{from{a:b}to{c:d}}", "@keyframes turn{from{a:b}to{c:d}}"),
        ("/* .used{} */@import 'x.css';a{b:c}", "a{b:c}"),
        ('[data-x="a.unused"]{b:c}', '[data-x="a.unused"]{b:c}'),
    ],
)
def test_only_rules_that_may_match_are_kept(css: str, kept: str) -> None:
    assert prune(css, {"used"}) == kept


def test_classes_and_ids_of_pages_are_words_in_use() -> None:
    assert used_words(['<p class="a b" id="c">class="d"</p>', "<i class='e'>"]) >= {
        "a", "b", "c", "e"
    }  # fmt: skip


def test_an_icon_is_drawn_by_its_own_path() -> None:
    rules = icon_rules(FONT_AWESOME, ["magnifying-glass", "bars"])
    assert "M1 2z" in rules
    assert "M0 96z" in rules
    assert "M9 9z" not in rules


def test_a_class_that_is_no_icon_is_passed_over() -> None:
    assert ".fa-solid{" not in icon_rules(FONT_AWESOME, ["solid", "lg"])


def test_pages_load_the_one_sheet_and_no_script_for_icons(book: Build) -> None:
    page = book.page("chapters/answer")
    sheets = re.findall(r'<link[^>]*rel="stylesheet"[^>]*>', page)
    assert len(sheets) == 2
    assert re.search(r"evidence-theme\.css\?v=[0-9a-f]{16}", page)
    for name in ("fontawesome", "bootstrap.js", "searchindex", "thebe", "copybutton"):
        assert name not in page
    sheet = (book.html / "_static" / "evidence-theme.css").read_text("utf-8")
    assert len(sheet) < 150_000
    used = set(re.findall(r"fa-(?:magnifying-glass|bars|download|file-pdf|moon)", page))
    assert all(f".{icon}{{--icon:" in sheet for icon in used)


def test_settings_name_folders_from_the_book_so_that_their_hash_is_the_same_everywhere(
    tmp_path: Path,
) -> None:
    folders = [str(tmp_path / ".venv" / "theme"), "own"]
    names = ("templates_path", "html_static_path")
    app: Any = SimpleNamespace(confdir=tmp_path, config={name: list(folders) for name in names})
    use_relative_folders(app)
    assert app.config == {name: [".venv/theme", "own"] for name in names}
