"""The book as its files stand: pages, settings and evidence, read once for all rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from evidence_tools.checks.pages import read_page, read_settings
from evidence_tools.checks.passages import Page
from evidence_tools.checks.sentences import Sentence, sentences
from evidence_tools.evidence import Evidence


@dataclass
class Book:
    """What every rule looks at.

    Attributes
    ----------
    folder
        The folder with ``_config.yml``.
    evidence
        The tables, already validated.
    pages
        The chapters in the order of the table of contents, then chapters it does not list.
    settings
        Texts outside the chapters that a reader sees: of ``_config.yml``, ``_toc.yml`` and the README.
    listed
        Documents that ``_toc.yml`` names, with the line that names each.
    """

    folder: Path
    evidence: Evidence
    pages: tuple[Page, ...]
    settings: tuple[Page, ...]
    listed: dict[str, int]
    citations: dict[int, object] = field(default_factory=dict, repr=False)
    """What each sentence cites, kept because several rules ask."""

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """Every sentence of every page, then those of the settings."""
        return tuple(s for page in (*self.pages, *self.settings) for s in sentences(page))


def read_book(folder: Path, evidence: Evidence) -> Book:
    """Read everything of a book that its author wrote.

    Parameters
    ----------
    folder
        The folder with ``_config.yml``, ``_toc.yml`` and ``chapters/``.
    evidence
        The evidence of the book.

    Raises
    ------
    OSError, UnicodeDecodeError, ValueError
        If a file of the book is missing or cannot be read.
    """
    config = _yaml(folder / "_config.yml")
    extensions = (config.get("parse") or {}).get("myst_enable_extensions") or ()
    listed = _listed(folder / "_toc.yml")
    paths = [folder / f"{name}.md" for name in listed]
    for name, path in zip(listed, paths, strict=True):
        if not path.is_file():
            raise FileNotFoundError(2, f"_toc.yml:{listed[name]}: no such chapter", str(path))
    others = sorted(set((folder / "chapters").glob("**/*.md")) - set(paths))
    pages = tuple(
        read_page(path, path.relative_to(folder).as_posix(), extensions)
        for path in [*paths, *others]
    )
    settings = [read_settings(folder / name, name) for name in ("_config.yml", "_toc.yml")]
    if (readme := folder / "README.md").is_file():
        settings.append(read_page(readme, readme.name, extensions))
    return Book(folder, evidence, pages, tuple(settings), listed)


def _yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name} is not valid YAML: {error}") from error
    return content if isinstance(content, dict) else {}


def _listed(path: Path) -> dict[str, int]:
    toc = _yaml(path)
    names: list[str] = []

    def collect(node: Any) -> None:
        if isinstance(node, dict):
            names.extend(str(node[key]) for key in ("root", "file") if key in node)
            for value in node.values():
                collect(value)
        elif isinstance(node, list):
            for item in node:
                collect(item)

    collect(toc)
    lines = path.read_text(encoding="utf-8").splitlines()
    return {
        name: next((n for n, line in enumerate(lines, 1) if line.rstrip().endswith(name)), 0)
        for name in dict.fromkeys(names)
    }
