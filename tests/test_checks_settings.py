"""Settings that nothing reads are told: a misspelt one would be passed over without a word."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import PROJECT

from evidence_tools.checks.settings import unknown_settings


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("execute:", "excute:", "unknown setting 'excute'; did you mean 'execute'? Known: title,"),
        (
            "  timeout:",
            "  timeuot:",
            "execute: unknown setting 'timeuot'; did you mean 'timeout'? Known:",
        ),
        ("  config:", "  confg:", "sphinx: unknown setting 'confg'; did you mean 'config'?"),
    ],
)
def test_a_misspelt_setting_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    text = (PROJECT / "_config.yml").read_text(encoding="utf-8")
    assert text.count(f"\n{old}") == 1
    (tmp_path / "_config.yml").write_text(text.replace(f"\n{old}", f"\n{new}"), encoding="utf-8")
    line = text[: text.index(f"\n{old}") + 1].count("\n") + 1
    (problem,) = unknown_settings(tmp_path)
    assert str(problem).startswith(f"_config.yml:{line}: [coverage] {expected}")


def test_the_settings_of_the_book_are_all_known() -> None:
    assert list(unknown_settings(PROJECT)) == []


@pytest.mark.parametrize("text", ["", "- a list\n", "title: A book\nsphinx:\n"])
def test_settings_that_are_blank_or_no_mapping_are_no_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "_config.yml").write_text(text, encoding="utf-8")
    assert list(unknown_settings(tmp_path)) == []


def test_settings_of_sphinx_itself_are_left_to_sphinx(tmp_path: Path) -> None:
    (tmp_path / "_config.yml").write_text("sphinx:\n  config:\n    any_name: 1\n")
    assert list(unknown_settings(tmp_path)) == []
