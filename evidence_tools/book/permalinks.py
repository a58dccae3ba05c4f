"""Short addresses that stay: ``markers.html#zhang2025-oc`` leads to the page and keeps its row."""

from __future__ import annotations

import html
import json
from pathlib import Path, PurePosixPath

from sphinx.application import Sphinx

_MARK = '<meta name="generator" content="evidence permalink">'
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
{mark}
<title>{title}</title>
<link rel="canonical" href="{target}">
<script>location.replace({script} + location.search + location.hash);</script>
<noscript><meta http-equiv="refresh" content="0; url={target}"></noscript>
</head>
<body>
<main>
<h1>{title}</h1>
<p><a href="{target}">Go to the page</a></p>
<p>{stamp}</p>
</main>
</body>
</html>
"""


def write_permalinks(app: Sphinx, stamp: str) -> None:
    """Write one small page at the top of the site for each chapter, and the site's entrance.

    Parameters
    ----------
    app
        A Sphinx application that has written its pages.
    stamp
        What every page says about its version.
    """
    outdir = Path(app.outdir)
    pages = {
        f"{PurePosixPath(docname).name}.html": docname
        for docname in sorted(app.env.all_docs)
        if "/" in docname
    }
    if "index" not in app.env.all_docs:
        pages["index.html"] = app.config.root_doc
    for path in outdir.glob("*.html"):
        if path.name not in pages and _is_ours(path):
            path.unlink()
    for name, docname in pages.items():
        path = outdir / name
        # A page of the book, or the search page, keeps its address.
        if name == "index.html" or not path.exists() or _is_ours(path):
            title = app.env.titles[docname].astext()
            path.write_text(_page(f"{docname}.html", title, stamp), encoding="utf-8")


def _page(target: str, title: str, stamp: str) -> str:
    return _PAGE.format(
        mark=_MARK,
        title=html.escape(title),
        target=html.escape(target, quote=True),
        script=json.dumps(target).replace("<", "\\u003c"),
        stamp=html.escape(stamp),
    )


def _is_ours(path: Path) -> bool:
    return _MARK in path.read_text(encoding="utf-8", errors="replace")
