"""Which pages Sphinx must read or write again: what changed is judged by content.

Sphinx compares times of files. A file that was put back, or copied with its old time, would
go unnoticed; so would a file that a chapter's code read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from evidence_tools.execution.chapter import Chapter
from evidence_tools.execution.reads import UNSETTLED, digest

Digests = dict[str, str]
_ATTRIBUTE = "evidence_digests"
_OUTLINE = "evidence_outline"


def outdated_pages(env: Any, known: Iterable[str]) -> list[str]:
    """List the pages whose files differ from what was read last.

    Parameters
    ----------
    env
        Sphinx's environment, as the last build left it.
    known
        Pages that will be read anyway.
    """
    book = Path(env.srcdir)
    pages: dict[str, Digests] = getattr(env, _ATTRIBUTE, {})
    now: Digests = {}

    def is_new(name: str, before: str) -> bool:
        if name not in now:
            now[name] = digest(book, name)
        return now[name] != before

    return [
        page
        for page in sorted(set(env.found_docs) - set(known))
        if page not in pages or any(is_new(*item) for item in pages[page].items())
    ]


def forget_page(env: Any, docname: str) -> None:
    """Forget what was read for a page that is read again or is gone."""
    getattr(env, _ATTRIBUTE, {}).pop(docname, None)


def source_digests(env: Any, docnames: Iterable[str]) -> dict[str, Digests]:
    """Hash the pages' own files, before they are read: a later change is seen next time."""
    book = Path(env.srcdir)
    found = {}
    for docname in docnames:
        name = Path(env.doc2path(docname)).relative_to(book).as_posix()
        found[docname] = {name: digest(book, name)}
    return found


def loaded_digests(book: Path, chapter: Chapter) -> Digests:
    """Hash the files that cells take their code from, by the option ``:load:``."""
    found = {}
    for cell in chapter.notebook.cells:
        if cell.cell_type == "code" and (name := cell.metadata.get("load")):
            path = (chapter.path.parent / str(name)).resolve()
            if path.is_relative_to(book.resolve()):
                path = path.relative_to(book.resolve())
            found[path.as_posix()] = digest(book, path.as_posix())
    return found


def note_pages(
    env: Any, sources: Mapping[str, Digests], reads: Mapping[str, Digests], started: float
) -> None:
    """Keep what the pages that were just read follow from.

    Parameters
    ----------
    env
        Sphinx's environment; it is kept between builds.
    sources
        From :func:`source_digests`.
    reads
        Page to the files its code read.
    started
        When the build began, in seconds since 1970. A file that changed later may have been
        read before or after the change.
    """
    book = Path(env.srcdir)
    if not hasattr(env, _ATTRIBUTE):
        setattr(env, _ATTRIBUTE, {})
    pages: dict[str, Digests] = getattr(env, _ATTRIBUTE)
    for docname, own in sources.items():
        included = {
            name: _settled_digest(book, name, started)
            for name in sorted(env.dependencies.get(docname, ()))
        }
        pages[docname] = {**included, **reads.get(docname, {}), **own}


def _settled_digest(book: Path, name: str, started: float) -> str:
    path = book / name
    if path.is_file() and path.stat().st_mtime > started:
        return UNSETTLED
    return digest(book, name)


def outline_changed(env: Any) -> bool:
    """Whether anything changed that pages show of one another.

    Titles stand in every page's navigation; numbers of figures and sections and the places
    of labels stand wherever they are referred to. Sphinx would leave those pages as they are.
    """
    standard = env.domaindata["std"]
    equations = env.domaindata.get("math", {}).get("objects", {})
    citations = env.domaindata.get("cite", {}).get("citations", [])
    parts = (
        sorted((name, title.astext()) for name, title in env.titles.items()),
        sorted(env.toctree_includes.items()),
        sorted((name, sorted(found.items())) for name, found in env.toc_secnumbers.items()),
        sorted((name, repr(found)) for name, found in env.toc_fignumbers.items()),
        sorted(standard["labels"].items()),
        sorted(standard["anonlabels"].items()),
        sorted(standard.get("objects", {}).items()),
        sorted(standard.get("terms", {}).items()),
        sorted(equations.items()),
        sorted((repr(key), sorted(found.items())) for key, found in _places(env)),
        sorted((c.citation_id, c.key, str(c.formatted_entry.label)) for c in citations),
    )
    outline = hashlib.sha256(repr(parts).encode()).hexdigest()
    changed = getattr(env, _OUTLINE, None) != outline
    setattr(env, _OUTLINE, outline)
    return changed


def _places(env: Any) -> Iterable[tuple[Any, dict[str, str]]]:
    places: dict[Any, dict[str, str]] = env.domaindata.get("evidence", {}).get("places", {})
    return places.items()
