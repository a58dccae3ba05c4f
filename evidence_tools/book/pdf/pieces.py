"""The article chapter by chapter: each is turned into Typst markup by itself.

What a chapter shares with the others is what links lead out of it and into it. Once that is
known, chapters can be worked on side by side, and one that did not change need not be worked on.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evidence_tools.book.pdf.article import find_labels, tidy_article
from evidence_tools.book.pdf.kept import KeptSteps
from evidence_tools.book.pdf.links import Neighbours
from evidence_tools.book.pdf.markup import to_typst
from evidence_tools.execution.parallel import side_by_side

_LINK = re.compile(r'\shref="#([^"]+)"')
_IMAGE = re.compile(r"<img\b", re.IGNORECASE)
_BODY, _LABELS = "body.typ", "labels.json"


@dataclass(frozen=True, slots=True)
class Piece:
    """One chapter as Typst markup.

    Attributes
    ----------
    markup
        What stands in the chapter; its pictures are named without a folder.
    pictures
        File names and content.
    """

    markup: str
    pictures: dict[str, bytes]


def set_pieces(chapters: Sequence[str], resources: Path, kept: KeptSteps) -> list[Piece]:
    """Turn each chapter of the article into Typst markup.

    Parameters
    ----------
    chapters
        HTML of each chapter; no id stands in two of them.
    resources
        Folder that relative addresses of pictures start from.
    kept
        What earlier builds kept of these steps.

    Returns
    -------
    list of Piece
        In the order of the chapters.

    Raises
    ------
    PdfError
        If a picture has no alternative text or is not a file of the book.
    """
    labels = _labels(chapters, kept)
    home = {name: number for number, found in enumerate(labels) for name in found}
    wanted = [set(_LINK.findall(chapter)) for chapter in chapters]
    tasks = []
    for number, chapter in enumerate(chapters):
        leaving = sorted(name for name in wanted[number] if home.get(name, number) != number)
        asked = sorted(
            {
                name
                for other, names in enumerate(wanted)
                if other != number
                for name in names
                if home.get(name) == number
            }
        )
        around = Neighbours(
            elsewhere={name: labels[home[name]][name] for name in leaving},
            asked={name: labels[number][name] for name in asked},
        )
        key = kept.key("piece", chapter, repr(around))
        tasks.append((key, chapter, around))
    pieces = {key: _read(path) for key, *_ in tasks if (path := kept.find(key)) is not None}
    missing = [task for task in tasks if task[0] not in pieces]
    sizes = [len(chapter) for _, chapter, _ in missing]

    def work(task: tuple[str, str, Neighbours]) -> Piece:
        _, chapter, around = task
        # In a folder that the next build clears, should this one be killed.
        with tempfile.TemporaryDirectory(prefix="report-", dir=resources) as name:
            folder = Path(name)
            html = tidy_article(chapter, folder, resources=resources, neighbours=around)
            pictures = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        return Piece(to_typst(html), pictures)

    for (key, chapter, _), piece in zip(missing, side_by_side(work, missing, sizes), strict=True):
        pieces[key] = piece
        # A picture that is a file may change while the chapter stays the same.
        if not _IMAGE.search(chapter):
            kept.keep(key, {_BODY: piece.markup.encode(), **piece.pictures})
    return [pieces[key] for key, *_ in tasks]


def _labels(chapters: Sequence[str], kept: KeptSteps) -> list[dict[str, str]]:
    keys = [kept.key("labels", chapter) for chapter in chapters]
    found: dict[str, dict[str, str]] = {}
    for key in keys:
        if (path := kept.find(key)) is not None:
            found[key] = json.loads((path / _LABELS).read_text(encoding="utf-8"))
    missing = [number for number, key in enumerate(keys) if key not in found]
    sizes = [len(chapters[number]) for number in missing]
    made = side_by_side(lambda number: find_labels(chapters[number]), missing, sizes)
    for number, labels in zip(missing, made, strict=True):
        found[keys[number]] = labels
        kept.keep(keys[number], {_LABELS: json.dumps(labels).encode()})
    return [found[key] for key in keys]


def _read(path: Path) -> Piece:
    pictures = {file.name: file.read_bytes() for file in path.iterdir() if file.name != _BODY}
    return Piece((path / _BODY).read_text(encoding="utf-8"), pictures)
