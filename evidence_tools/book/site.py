"""The finished site: made in a folder of its own, and put in place when all of it is right.

Until then the last good site stays, with what Sphinx kept of its pages: a build that fails or is
interrupted changes nothing. What was made is used again when nobody touched the site: pages that
Sphinx did not read anew stay while all that it knows of the others is the same.
"""

import hashlib
import html
import json
import os
import pickle
import re
import shutil
from collections.abc import Mapping, Set
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

import nbformat
from docutils import nodes
from sphinx.builders import html as html_builder
from sphinx.util.matching import Matcher

from evidence_tools.book.layout import cite, file_stem
from evidence_tools.book.nodes import DATA
from evidence_tools.book.session import hash_of
from evidence_tools.releases.manifest import pack, write_whole
from evidence_tools.releases.release import forward_page
from evidence_tools.show.tables import table_csv

# Of the theme's files no page asks for icons, translations, and what scripts were made from.
_UNUSED = Matcher(["**/.*", "**/vendor", "**/fontawesome*", "**/locales", "**/*.map"])
html_builder.DOTFILES = _UNUSED  # type: ignore[attr-defined]
OWN = ".evidence"
"""The folder of a build with what is kept for the next one."""
_BUNDLE = f"vega-{metadata.version('vl-convert-python')}.js"
_ICON_FONT = re.compile(r'\.fa-[^{}]*\{content:"[^"]*"\}|@font-face\{[^{}]*\}')
_UNSEEN = {"all_docs", "dependencies", "evidence_changed", "evidence_sources", "settings"}
_UNSEEN |= {"config", "evidence_loaded", "mystnb_config", "nb_metadata"}
"""What Sphinx's environment has beside what pages show: settings, tables, times."""
_INDEX = "index.pickle"
_SCRIPT = '<script src="_static/evidence-forward.js"></script>\n</head>'
"""Leads on with the part of the page that a short address names, where a script may run."""


class Site:
    """The folders of a build into ``build``, and what the last good build noted in ``last``.

    ``html`` is the site that readers see, ``own`` holds what is kept for the next build. ``new`` is
    where everything is made: pages that Sphinx has read, notebooks, and the site. ``last`` is empty
    if anything was touched, or all that pages follow from has another ``key``.
    """

    def __init__(self, build: Path, key: str) -> None:
        self.own, self.key = build / OWN, key
        self.html, self.kept, self.new = build / "html", self.own / "kept", self.own / "new"
        if (self.own / "old").exists() and not any(self.html.glob("*")):  # it was being replaced
            (self.own / "old").replace(self.html)
        try:
            self.last = dict(json.loads((self.own / "site.json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            self.last = {}
        if not self.last.items() >= self._state().items():
            self.last = {}
        shutil.rmtree(self.new, ignore_errors=True)
        if self.last:
            shutil.copytree(self.kept, self.new)
        for name in ("html", "notebooks"):
            (self.new / name).mkdir(parents=True, exist_ok=True)

    def _state(self) -> dict[str, Any]:
        paths = sorted(path for folder in (self.html, self.kept) for path in folder.rglob("*"))
        files = {os.path.relpath(path, self.own): hash_of(path) for path in paths if path.is_file()}
        return {"key": self.key, "files": files}

    def put_in_place(self, **about: str) -> None:
        """Replace the last site; keep for the next build what it was made of, and ``about`` it."""
        old = self.own / "old"
        shutil.rmtree(old, ignore_errors=True)
        if self.html.exists():
            self.html.replace(old)
        (self.new / "html").replace(self.html)
        shutil.rmtree(old, ignore_errors=True)
        shutil.rmtree(self.kept, ignore_errors=True)
        self.new.replace(self.kept)
        (self.own / "site.json").write_text(json.dumps(about | self._state()), encoding="utf-8")


def known_of(env: Any) -> str:
    """Hash what Sphinx and MyST-NB know of all pages: all that one can show of the others."""
    state = {name: it for name, it in env.__getstate__().items() if name not in _UNSEEN}
    circles = ("c", "cpp")  # what is known of these languages names what it is in
    state["domaindata"] = {key: it for key, it in env.domaindata.items() if key not in circles}
    state["objects"] = [list(env.get_domain(name).get_objects()) for name in circles]
    own = {"wordcount": 0, "source_map": 0, "stated": 0}  # no page shows those of another one
    state["metadata"] = {docname: about | own for docname, about in env.metadata.items()}
    glued = sorted(Path(env.mystnb_config.output_folder).rglob("*.glue.json"))
    known = _comparable([state, [path.read_text("utf-8") for path in glued]])
    return hashlib.sha256(repr(known).encode()).hexdigest()


def _comparable(value: Any) -> Any:
    """Turn a value into lists and texts, which are the same for what says the same."""
    if isinstance(value, nodes.Node):
        return value.pformat()
    if isinstance(value, Set):
        return sorted(map(repr, value))
    if hasattr(value, "_asdict"):
        value = value._asdict() | {"line": 0}
    if isinstance(value, Mapping):
        return sorted([repr(name), _comparable(it)] for name, it in value.items())
    if isinstance(value, (list, tuple)):
        return [*map(_comparable, value)]
    # Where an object is would be in what Python calls it.
    return _comparable(vars(value)) if hasattr(value, "__dict__") else repr(value)


def keep_pages(app: Any, written: set[str]) -> None:
    """Take over all pages but those to be ``written``, with their files and words to search."""
    written &= app.evidence_session.notebooks.keys()  # Sphinx would write the first page, too
    indexer, old, new = app.builder.indexer, app.evidence_site.html, Path(app.outdir)
    kept = app.env.found_docs - written
    vars(indexer).update(pickle.loads((app.evidence_site.new / _INDEX).read_bytes()))  # noqa: S301
    indexer.prune(kept)
    for name in ("_mapping", "_title_mapping"):  # without words that nothing has any more
        vars(indexer)[name] = {word: on for word, on in vars(indexer)[name].items() if on}
    pages = [old / f"{docname}.html" for docname in kept]
    text = html.unescape(unquote("".join(page.read_text("utf-8") for page in pages)))
    files = (*old.glob("_images/*"), *old.glob("_downloads/*/*"))
    for path in (*pages, *(file for file in files if str(file.relative_to(old)) in text)):
        write_whole(new / path.relative_to(old), path.read_bytes())


def keep_index(app: Any) -> list[Any]:
    """Keep the search index, then escape its headings: its script puts them into pages as HTML."""
    if indexer := app.builder.indexer:
        found = {name: it for name, it in vars(indexer).items() if isinstance(it, dict)}
        (app.evidence_site.new / _INDEX).write_bytes(pickle.dumps(found))
        for titles in indexer._all_titles.values():
            titles[:] = [(html.escape(title, quote=False), anchor) for title, anchor in titles]
    return []


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
        notebook.metadata.pop("language_info", None)  # names the interpreter that happened to run
        notebook.nbformat_minor = max(5, notebook.nbformat_minor)  # the first with ids
        write_whole(path, f"{nbformat.writes(notebook)}\n".encode())
    shutil.copytree(new / "notebooks", new / "html", dirs_exist_ok=True)


def finish_site(app: Any, folder: Path) -> None:
    """Write what is beside pages and PDF: short addresses, styles, tables, citations."""
    _write_forwards(app, folder)
    for sheet in folder.glob("_static/styles/pydata*.css"):
        sheet.write_text(_ICON_FONT.sub("", sheet.read_text("utf-8")), encoding="utf-8")
    (folder / ".buildinfo").unlink(missing_ok=True)
    for page in app.env.metadata.values():
        for name, rows in page.get("downloads", {}).items():
            write_whole(folder / DATA / f"{name}.csv", table_csv(rows).encode())
    for path in sorted(app.evidence.folder.glob("*")):
        if path.suffix in (".csv", ".json", ".yml"):
            write_whole(folder / DATA / "tables" / path.name, path.read_bytes())
    for form in ("bib", "ris"):
        write_whole(folder / f"{file_stem(app)}.{form}", cite(app, form).encode())


def pack_site(app: Any, folder: Path) -> None:
    """Add what waits for the press: Vega, and a zip of chapters, tables, citations and PDF."""
    shutil.copy(app.evidence_site.own / _BUNDLE, folder / "_static" / "vega-bundle.js")
    found = [*folder.glob(f"{file_stem(app)}.*"), *(folder / DATA / "tables").glob("*")]
    members = {path.name if path.parent == folder else f"data/{path.name}": path for path in found}
    for docname in app.env.found_docs:
        source = Path(app.env.doc2path(docname))
        # Of a chapter that is a notebook, the one with its results.
        members[f"{docname}{source.suffix}"] = source
        members[f"{docname}.ipynb"] = folder / f"{docname}.ipynb"
    contents = {name: path.read_bytes() for name, path in members.items() if path.is_file()}
    write_whole(folder / f"{file_stem(app)}-files.zip", pack(contents))


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
