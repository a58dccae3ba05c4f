"""The search index: titles that the page of results can show safely."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx


def escape_titles(app: Sphinx) -> list[Any]:
    """Escape the headings in the search index.

    Sphinx writes headings into its index as plain text, but its script puts them into the
    page of results as HTML. Only ``<`` and ``>`` are replaced, so that headings of pages which
    were not written again, and were escaped before, stay as they are.

    Parameters
    ----------
    app
        The application, before the index is written.

    Returns
    -------
    list
        Empty: no page is added.
    """
    indexer: Any = getattr(app.builder, "indexer", None)
    if indexer is not None:
        for titles in indexer._all_titles.values():
            titles[:] = [(_escaped(title), anchor) for title, anchor in titles]
    return []


def _escaped(title: str) -> str:
    return title.replace("<", "&lt;").replace(">", "&gt;")
