"""The finished site: made in a folder of its own, and put in place when all of it is right.

Until then the last good site stays, with what Sphinx kept of its pages: a build that fails or is
interrupted changes nothing. What was read is used again when nobody touched the site, and every
page is written in every build: no page shows what another one no longer says.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
import pandas

from evidence_tools.book.layout import cite, file_stem
from evidence_tools.book.nodes import DATA
from evidence_tools.book.session import hash_of
from evidence_tools.releases.manifest import pack, write_whole
from evidence_tools.releases.release import forward_page

DRAFT = "EVIDENCE_DRAFT"
"""Environment variable: only pages that changed are made, in a site that is no build."""
SHOWN = Path("_build", ".evidence", "shown")
"""The site with the pages of the last draft."""
_BUNDLE = f"vega-{metadata.version('vl-convert-python')}.js"
_ICON_FONT = re.compile(r'\.fa-[^{}]*\{content:"[^"]*"\}|@font-face\{[^{}]*\}')
_FORMULA = re.compile(r"\A(?!-?[\d.]+(e-?\d+)?%?\Z|\+[\d.]+\Z)(?=\s*[=+@＋－＝＠-]|[\t\r\n])")
"""The beginning of a cell that a spreadsheet would run; a number is none."""
_SCRIPT = '<script src="_static/evidence-forward.js"></script>\n</head>'
"""Leads on with the part of the page that a short address names, where a script may run."""


class Site:
    """The folders of a build into ``build``, and what the last good build noted in ``last``.

    ``html`` is the site that readers see, ``own`` holds what is kept for the next build. ``new`` is
    where everything is made: pages that Sphinx has read, notebooks, and the site. ``last`` is empty
    if anything was touched, or all that pages follow from has another ``key``.
    """

    def __init__(self, build: Path, key: str) -> None:
        self.own, self.key = build / ".evidence", key
        self.html, self.kept = build / "html", self.own / "kept"
        self.new = self.own / ("draft" if DRAFT in os.environ else "new")
        if (self.own / "old").exists() and not any(self.html.glob("*")):  # it was being replaced
            (self.own / "old").replace(self.html)
        try:
            self.last = dict(json.loads((self.own / "site.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            self.last = {}
        if not self.last.items() >= self._state().items():
            self.last = {}
        self.begin()

    def begin(self) -> None:
        """Begin with what the last good build kept; a draft begins with all of its pages, too."""
        shutil.rmtree(self.new, ignore_errors=True)
        if self.last:
            shutil.copytree(self.kept, self.new)
        if DRAFT in os.environ:
            shutil.copytree(self.html, self.new / "html")
        for name in ("html", "notebooks"):
            (self.new / name).mkdir(parents=True, exist_ok=True)

    def _state(self) -> dict[str, Any]:
        paths = sorted(path for folder in (self.html, self.kept) for path in folder.rglob("*"))
        files = {os.path.relpath(path, self.own): hash_of(path) for path in paths if path.is_file()}
        return {"key": self.key, "files": files}

    def put_in_place(self, place: Path) -> None:
        """Replace the last site in its place by the new one."""
        old = self.own / "old"
        shutil.rmtree(old, ignore_errors=True)
        if place.exists():
            place.replace(old)
        (self.new / "html").replace(place)
        shutil.rmtree(old, ignore_errors=True)

    def keep(self, about: str) -> None:
        """Keep for the next build what the site was made of, and note what from."""
        shutil.rmtree(self.kept, ignore_errors=True)
        self.new.replace(self.kept)
        record = json.dumps({"about": about} | self._state())
        (self.own / "site.json").write_text(record, encoding="utf-8")


def write_notebooks(app: Any) -> None:
    """Write each chapter that holds code into the site, as a notebook with its results."""
    new = app.evidence_site.new
    for docname, notebook in app.evidence_session.notebooks.items():
        path = new / "notebooks" / f"{docname}.ipynb"
        path.unlink(missing_ok=True)
        if notebook is None:
            continue
        for number, cell in enumerate(notebook.cells):  # without what differs from run to run
            cell["id"] = f"cell-{number}"
            cell.metadata.pop("execution", None)
        notebook.metadata.pop("language_info", None)  # names the interpreter that happened to run
        notebook.nbformat_minor = max(5, notebook.nbformat_minor)  # the first with ids
        write_whole(path, f"{nbformat.writes(notebook)}\n".encode())
    shutil.copytree(new / "notebooks", new / "html", dirs_exist_ok=True)


def finish_site(app: Any, folder: Path) -> None:
    """Write all that is beside the pages: short addresses, scripts, tables, citations, a zip."""
    _write_forwards(app, folder)
    static = folder / "_static"
    for sheet in (static / "styles").glob("pydata*.css"):
        sheet.write_text(_ICON_FONT.sub("", sheet.read_text("utf-8")), encoding="utf-8")
    shutil.rmtree(static / "vendor", ignore_errors=True)  # fonts of icons
    for unused in (*static.rglob("*.map"), *static.rglob("fontawesome*"), folder / ".buildinfo"):
        unused.unlink(missing_ok=True)
    shutil.copy(app.evidence_site.own / _BUNDLE, static / "vega-bundle.js")
    for page in app.env.metadata.values():
        for name, rows in page.get("downloads", {}).items():
            # No cell is run as a formula.
            frame = pandas.DataFrame([_FORMULA.sub("'", str(cell)) for cell in row] for row in rows)
            text = frame.to_csv(index=False, header=False, lineterminator="\n")
            write_whole(folder / DATA / f"{name}.csv", text.encode())
    for path in sorted(app.evidence.folder.glob("*")):
        if path.suffix in (".csv", ".json", ".yml"):
            write_whole(folder / DATA / "tables" / path.name, path.read_bytes())
    stem = folder / file_stem(app)
    for form in ("bib", "ris"):
        write_whole(stem.with_name(f"{stem.name}.{form}"), cite(app, form).encode())
    found = [*folder.glob(f"{stem.name}.*"), *(folder / DATA / "tables").glob("*")]
    members = {path.name if path.parent == folder else f"data/{path.name}": path for path in found}
    for docname in app.env.found_docs:
        source = Path(app.env.doc2path(docname))
        # Of a chapter that is a notebook, the one with its results.
        members[f"{docname}{source.suffix}"] = source
        members[f"{docname}.ipynb"] = folder / f"{docname}.ipynb"
    contents = {name: path.read_bytes() for name, path in members.items() if path.is_file()}
    write_whole(stem.with_name(f"{stem.name}-files.zip"), pack(contents))


def _write_forwards(app: Any, folder: Path) -> None:
    """Write short addresses that stay: a page for each chapter that leads on to it."""
    pages = {f"{PurePosixPath(name).name}.html": name for name in sorted(app.env.all_docs)}
    if "index" not in app.env.all_docs:
        (folder / "index.html").unlink(missing_ok=True)  # others lead on in their own way
        pages["index.html"] = app.config.root_doc
    for name, docname in pages.items():
        if not (folder / name).exists():  # a page of the book, or the search, keeps its address
            page = forward_page(app.env.titles[docname].astext(), f"{docname}.html")
            write_whole(folder / name, page.replace("</head>", _SCRIPT, 1).encode())


def keep_vega(folder: Path) -> None:
    """Keep Vega, Vega-Lite and Vega-Embed from their wheel as one script: no other host."""
    # It is kept between builds: making it takes longer than a chart.
    if not (folder / _BUNDLE).is_file():
        import vl_convert

        # The bundle declares thousands of short names; a function keeps them to itself.
        bundle = vl_convert.javascript_bundle()  # type: ignore[call-arg]
        write_whole(folder / _BUNDLE, f"(function(){{{bundle}\n}})();".encode())
