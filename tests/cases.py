"""Small books of what authors bring, for the tests of pages and print.

``tests/cases`` holds one file for each thing that Jupyter Book, MyST-NB or a library allows; the
first comment of a file says what is expected of it.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import yaml
from building import PROJECT
from conftest import exclude_findings
from PIL import Image

CASES = Path(__file__).with_name("cases")
REFUSED = ("09", "14", "38", "46", "47", "62", "72", "83")
"""Cases that stop a build."""
ALTERNATIVE = "a line that falls and rises"
WITHOUT_WORDS = ("50", "53", "54")
"""Cases whose charts have no text alternative: built with one, refused without."""

# What Jupyter Book's documentation shows as ordinary.
EXTENSIONS = ["amsmath", "attrs_block", "attrs_inline", "colon_fence", "deflist", "dollarmath"]
EXTENSIONS += ["fieldlist", "html_admonition", "html_image", "linkify", "smartquotes"]
EXTENSIONS += ["strikethrough", "substitution", "tasklist"]
MACROS = {"norm": [r"\left\lVert #1 \right\rVert", 1]}
SPHINX = ["sphinx_proof", "sphinx_exercise", "sphinxcontrib.mermaid"]


def write_book(folder: Path, chapters: dict[str, str]) -> Path:
    """Write a book of some chapters; the first is its root page."""
    (folder / "chapters").mkdir(parents=True)
    for name in ("pyproject.toml", "requirements.txt", "references.bib"):
        shutil.copy(PROJECT / name, folder / name)
    shutil.copytree(PROJECT / "data", folder / "data")
    files = folder / "chapters" / "files"
    shutil.copytree(CASES / "files", files)
    (files / "damaged.png").write_bytes(b"no picture")
    for kind in KINDS:
        Image.new("RGB", (40, 40), "blue").save(files / f"square.{kind}")
    for name, text in chapters.items():
        (folder / "chapters" / name).write_text(declared(name, text), encoding="utf-8")
    settings = yaml.safe_load((PROJECT / "_config.yml").read_text(encoding="utf-8"))
    settings["parse"]["myst_enable_extensions"] = EXTENSIONS
    settings["sphinx"]["extra_extensions"] += SPHINX
    settings["sphinx"]["config"]["mathjax3_config"] = {"tex": {"macros": MACROS}}
    (folder / "_config.yml").write_text(yaml.safe_dump(settings, sort_keys=False), "utf-8")
    exclude_findings(folder)
    root, *others = [f"chapters/{Path(name).stem}" for name in chapters]
    toc = {"format": "jb-book", "root": root, "chapters": [{"file": name} for name in others]}
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    return folder


def declared(name: str, text: str) -> str:
    """Say in the front matter of a chapter that it reports no evidence."""
    says = {"no-evidence-text": "what authors bring, and nothing about the topic"}
    if name.endswith(".ipynb"):
        notebook = json.loads(text)
        notebook["metadata"] |= says
        return json.dumps(notebook)
    parts = re.fullmatch(r"(?s)(?:---\n(.*?)\n---\n)?(.*)", text)
    front = (yaml.safe_load(parts.group(1) or "") or {}) | says
    return f"---\n{yaml.safe_dump(front, sort_keys=False)}---\n{parts.group(2)}"


def case(number: str, *, alternative: str = "") -> dict[str, str]:
    """Read one case, with a text alternative for the first chart if one is given."""
    (path,) = CASES.glob(f"{number}-*")
    text = path.read_text(encoding="utf-8")
    if alternative:
        settings = f"---\nmystnb:\n  image:\n    alt: {alternative}\n---"
        text = text.replace("```{code-cell} ipython3", f"```{{code-cell}} ipython3\n{settings}", 1)
    return {path.name: text}


HOME = {"home.md": "# Home\n\nText.\n"}
WORKS = {
    "works.md": '# Works\n\n```{bibliography}\n:filter: key == "altman1995absence"\n'
    ":labelprefix: W\n```\n"
}


def long_table(count: int) -> dict[str, str]:
    """Write a chapter that is a table of some rows."""
    rows = "".join(f"| row {n} of {count} | value |\n" for n in range(count))
    return {f"table-{count}.md": f"# Table of {count}\n\n| name | what |\n|---|---|\n{rows}"}


LENGTHS = range(52, 64, 2)
KINDS = ("gif", "jpg", "png", "webp")
DRAWING = '<svg width="20" height="20"{}><rect width="20" height="20"/><text>A</text></svg>'
WRONG = r"""# What nobody can show

![far](https://example.org/far.png)

![damaged](files/damaged.png)

<p><img src="files/plain.svg" alt="in a tag"></p>

As $\eqref{first}$ says.

<video src="files/film.mp4"></video>
"""
MORE = {
    "kinds.md": "# Kinds\n\n" + "\n\n".join(f"![a blue {k}](files/square.{k})" for k in KINDS),
    "drawing.md": "# Drawing\n\nWords " + DRAWING.format(' aria-label="a square"'),
}


def all_refused() -> dict[str, str]:
    """Read all cases that are refused while pages are read."""
    found = dict(HOME)
    for number in (*REFUSED, *WITHOUT_WORDS):
        found |= case(number)
    return found | {"drawing.md": f"# Drawing\n\n{DRAWING.format('')}\n", "wrong.md": WRONG}


def all_cases() -> dict[str, str]:
    """Read all cases that build."""
    found = dict(HOME)
    for path in sorted(CASES.glob("[0-9]*")):
        number = path.name[:2]
        if number not in REFUSED:
            found |= case(number, alternative=ALTERNATIVE if number in WITHOUT_WORDS else "")
    for count in LENGTHS:
        found |= long_table(count)
    return found | MORE | WORKS
