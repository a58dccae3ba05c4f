"""Books to build: the real one, and larger ones of chapters of the same kind.

Each exists twice: as the report builds it, and for plain Jupyter Book with none of our
extensions. The code cells are the same; only the roles that plain Jupyter Book does not know
become plain text.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parent.parent
MIME_TYPE = "application/vnd.evidence+json"
# Chapters that hold code, and pages that a book has only once.
_KINDS = (
    "answer", "markers", "bones", "harms", "certainty", "trials", "tables", "plain", "record",
)  # fmt: skip
_ONCE = ("methods", "glossary", "references")
_PARTS = ("_config.yml", "_toc.yml", "references.bib", "pyproject.toml")
_LABEL = re.compile(r"^\(([\w-]+)\)=$", re.MULTILINE)
_NAME = re.compile(r'(?:name="|^:name: )([\w-]+)', re.MULTILINE)
# Where a name is a label; a string of code, such as a key of a table, may be spelt like one.
_AS_LABEL = r'(?m)(?:(?<=^\()|(?<=`)|(?<=<)|(?<=name=")|(?<=^:name: )){}(?=[)"`>]|$)'
_CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(?::[^\n]*\n)*\n?", re.MULTILINE)
_STANDARD_ROLES = ("ref", "cite:p", "cite:t", "math", "doc")
_ROLE = re.compile(r"\{([\w:]+)\}`([^`]+)`")


def make_book(folder: Path, chapters: int | None, *, plain: bool) -> Path:
    """Write a book into a new folder, with a copy of the package beside it.

    Parameters
    ----------
    folder
        Must not exist.
    chapters
        How many pages; ``None`` for the real book.
    plain
        Whether plain Jupyter Book is to build it.

    Returns
    -------
    Path
        The book's folder. ``package`` in its parent holds the package that its kernels import.
    """
    book = folder / "book"
    book.mkdir(parents=True)
    ignored = shutil.ignore_patterns("__pycache__", ".*", "*.ipynb")
    for name in _PARTS:
        shutil.copy(PROJECT / name, book / name)
    for name in ("data", "chapters", "docs"):
        shutil.copytree(PROJECT / name, book / name, ignore=ignored)
    package = folder / "package" / "evidence_tools"
    shutil.copytree(PROJECT / "evidence_tools", package, ignore=ignored)
    if chapters is not None:
        _multiply(book, chapters)
    if plain:
        _simplify(book)
    return book


def chapter_files(book: Path) -> list[Path]:
    """List the pages of a book."""
    return sorted((book / "chapters").glob("*.md"))


def _multiply(book: Path, chapters: int) -> None:
    """Keep one page of each kind and add copies, under names of their own, until there are enough.

    The kinds are the chapters that hold code; pages that a book has only once, such as the
    glossary, stay as they are.
    """
    folder = book / "chapters"
    kinds = [folder / f"{name}.md" for name in _KINDS]
    once = [folder / f"{name}.md" for name in _ONCE]
    for path in chapter_files(book):
        if path not in kinds[: max(1, chapters - len(once))] and path not in once:
            path.unlink()
    originals = [path for path in kinds if path.exists()]
    copies = []
    for number in range(chapters - len(chapter_files(book))):
        original = originals[number % len(originals)]
        suffix = f"-{number // len(originals) + 1}"
        path = original.with_name(f"{original.stem}{suffix}.md")
        path.write_text(_renamed(original.read_text(encoding="utf-8"), suffix), encoding="utf-8")
        copies.append(path)
    _loosen(book)
    root, *others = [*originals, *copies, *once]
    toc = {
        "format": "jb-book",
        "root": f"chapters/{root.stem}",
        "chapters": [{"file": f"chapters/{path.stem}"} for path in others],
    }
    (book / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False), encoding="utf-8")


def _loosen(book: Path) -> None:
    """Turn references to pages that are not in the book into plain text."""
    pages = {path: path.read_text(encoding="utf-8") for path in chapter_files(book)}
    known = {
        name for text in pages.values() for name in (*_LABEL.findall(text), *_NAME.findall(text))
    }

    def plain(match: re.Match[str]) -> str:
        role, content = match.groups()
        target = content.rpartition("<")[2].rstrip(">")
        if role not in ("ref", "numref") or target in known:
            return match.group()
        return content.partition("<")[0].strip() or "there"

    for path, text in pages.items():
        path.write_text(_ROLE.sub(plain, text), encoding="utf-8")


def _renamed(text: str, suffix: str) -> str:
    for name in sorted({*_LABEL.findall(text), *_NAME.findall(text)}, key=len, reverse=True):
        text = re.sub(_AS_LABEL.format(re.escape(name)), name + suffix, text)
    # No two chapters have the same code, or one result would serve for both.
    return _CELL.sub(lambda match: f"{match.group()}# copy {suffix}\n", text)


def _simplify(book: Path) -> None:
    """Take our extension out of the settings, and its roles out of the pages."""
    path = book / "_config.yml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    config["sphinx"] = {
        "config": {
            "include_patterns": config["sphinx"]["config"].get("include_patterns", ["**"]),
            # The outputs hold HTML too; our renderer is registered but must not be used here.
            "nb_mime_priority_overrides": [["*", MIME_TYPE, None]],
        }
    }
    config["execute"] = {"execute_notebooks": "cache", "timeout": 300}
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    for page in chapter_files(book):
        text = page.read_text(encoding="utf-8")
        page.write_text(_ROLE.sub(_plain_role, text), encoding="utf-8")


def _plain_role(match: re.Match[str]) -> str:
    role, content = match.groups()
    return match.group() if role in _STANDARD_ROLES else content
