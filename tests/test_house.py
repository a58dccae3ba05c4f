"""The house is as its plan says: floors, sizes, names, dependencies, and the drawing of it."""

from __future__ import annotations

import ast
import re
import runpy
import tomllib
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest
from building import PROJECT

HOUSE = runpy.run_path(str(PROJECT / "docs" / "house.py"))
FLOORS, MODULES = HOUSE["FLOORS"], HOUSE["modules"]()
PLACES = [(floor, path) for floor, paths in MODULES.items() for path in paths]
NAMES = [str(path.relative_to(PROJECT)) for _, path in PLACES]


@pytest.mark.parametrize(("floor", "path"), PLACES, ids=NAMES)
def test_a_module_imports_from_its_own_floor_or_from_below(floor: str, path: Path) -> None:
    below = FLOORS[FLOORS.index(floor) :]
    assert [name for name in HOUSE["imports"](path) if name not in below] == []


@pytest.mark.parametrize("path", [path for _, path in PLACES], ids=NAMES)
def test_a_module_its_lines_and_its_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    assert len(lines) <= 400
    assert [number for number, line in enumerate(lines, 1) if len(line) > 100] == []
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
    assert [f.name for f in functions if (f.end_lineno or 0) - f.lineno >= 60] == []


def test_the_name_of_a_module_occurs_once() -> None:
    names = Counter(path.stem for _, path in PLACES if path.stem != "__init__")
    assert [name for name, count in names.items() if count > 1] == []


def test_the_drawing_in_the_readme_is_that_of_the_imports() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert HOUSE["draw"]() in readme, "run: python docs/house.py"


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = chain(project["dependencies"], *project["optional-dependencies"].values())
    names = {re.split(r"[<>=\[]", name)[0] for name in wanted} - {project["name"]}
    table = (PROJECT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"(?m)^\| `([^`]+)` \|", table)) == sorted(names)
