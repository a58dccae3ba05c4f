"""Draw the house from its imports into README.md: ``python docs/house.py``."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parent.parent
FLOORS = ("cli", "book", "releases", "check", "show", "evidence")
"""From the top down; a floor imports from those below it."""
_BLOCK = re.compile(r"(?<=<!-- house -->\n).*?(?=<!-- /house -->)", re.DOTALL)


def modules() -> dict[str, list[Path]]:
    """List the modules of each floor; the first is that with the floor's docstring."""
    package = PROJECT / "evidence_tools"
    floors = {"cli": [package / "cli.py", package / "__init__.py"]}
    for floor in FLOORS[1:]:
        floors[floor] = sorted((package / floor).glob("*.py"))
    return floors


def imports(path: Path) -> Iterator[str]:
    """Name the floors that a module imports from; ``cli`` stands for the top of the package."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for package, _, rest in (name.partition(".") for name in names):
            if package == "evidence_tools":
                floor = rest.partition(".")[0]
                yield floor if floor in FLOORS else "cli"


def draw() -> str:
    """Draw each floor with its purpose, its modules and the floors that it uses."""
    lines = []
    for floor, paths in modules().items():
        first = next(path for path in paths if path.stem in ("cli", "__init__"))
        purpose = str(ast.get_docstring(ast.parse(first.read_text(encoding="utf-8"))))
        names = [path.stem for path in paths if path.stem not in ("cli", "__init__")]
        used = {name for path in paths for name in imports(path)} - {floor}
        parts = [purpose.splitlines()[0], ", ".join(names)]
        parts += [f"uses {', '.join(name for name in FLOORS if name in used)}" if used else ""]
        rows = [row for part in parts for row in textwrap.wrap(part, 76)]
        width = 76 - len(floor)
        lines += [f"┌ {floor} {'─' * width}┐", *(f"│ {row:<76} │" for row in rows)]
        lines += [f"└{'─' * 78}┘"]
    return "\n".join(lines)


def main() -> None:
    """Write the drawing into README.md."""
    readme = PROJECT / "README.md"
    text = readme.read_text(encoding="utf-8")
    readme.write_text(_BLOCK.sub(f"```\n{draw()}\n```\n", text), encoding="utf-8")


if __name__ == "__main__":
    main()
