"""The list of published versions: for scripts, for the version switcher, and to read."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evidence_tools import manifest as manifests
from evidence_tools.storage import write_whole

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
{head}<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ max-width: 40rem; margin: 3rem auto; padding: 0 1rem; font: 1.05rem/1.6 sans-serif; }}
li {{ margin: 0.3rem 0; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def write_lists(site: Path, versions: Sequence[str]) -> None:
    """Write what names the versions; each file in one step, and only if it changes.

    Parameters
    ----------
    site
        The folder that holds all versions.
    versions
        The published versions, newest first.
    """
    for name, content in list_contents(site, versions).items():
        path = site / name
        if not path.is_file() or path.read_bytes() != content:
            write_whole(path, content)


def list_contents(site: Path, versions: Sequence[str]) -> dict[str, bytes]:
    """Work out the files that name the versions; they follow from the versions alone.

    Parameters
    ----------
    site, versions
        As in :func:`write_lists`.

    Returns
    -------
    dict of str to bytes
        File name, relative to the site, to content.

    Raises
    ------
    HistoryError
        If a version has no manifest that can be read.
    """
    entries = [_listed(site, version) for version in versions]
    script = (Path(__file__).parent / "versions.js").read_text(encoding="utf-8")
    data = json.dumps(entries, ensure_ascii=True, sort_keys=True).replace("<", "\\u003c")
    return {
        ".nojekyll": b"",  # some hosts drop folders such as _static without it
        "versions.json": f"{json.dumps(entries, indent=1, sort_keys=True)}\n".encode(),
        "versions.js": script.replace("/* versions */ []", data).encode(),
        "versions.html": _versions_page(entries).encode(),
        "index.html": _index_page(entries[0]).encode(),
    }


def _listed(site: Path, version: str) -> dict[str, Any]:
    manifest = manifests.read_manifest(site / "v" / version)
    pages = [page for page in manifest.pages if f"{page}.html" in manifest.files]
    return {
        "version": version,
        "date": manifest.stamp["date"],
        "title": manifest.report["title"],
        "url": f"v/{version}/",
        "pages": pages,
    }


def _index_page(newest: dict[str, Any]) -> str:
    head = '<meta http-equiv="refresh" content="0; url=latest/index.html">\n'
    version = html.escape(newest["version"])
    body = (
        f'<p><a href="latest/index.html">Read the newest version, {version}</a></p>\n'
        '<p><a href="versions.html">All versions</a></p>'
    )
    return _PAGE.format(head=head, title=html.escape(newest["title"]), body=body)


def _versions_page(entries: list[dict[str, Any]]) -> str:
    items = "\n".join(
        f'<li><a href="{entry["url"]}index.html">Version {entry["version"]}</a>, '
        f"{html.escape(entry['date'])}</li>"
        for entry in entries
    )
    told = "Every version stays as it was published; the newest stands first."
    body = f"<p>{told}</p>\n<ul>\n{items}\n</ul>"
    return _PAGE.format(head="", title=f"{html.escape(entries[0]['title'])}: versions", body=body)
