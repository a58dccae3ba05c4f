"""The Sphinx extension of the report: data and wording first, then code, then pages and the PDF.

A build makes the whole site in a folder of its own. Data, settings and chapters are checked before
anything runs; code runs before a page is read; the PDF is made beside the pages; and all of it is
read once more before it replaces the last good site. So whatever is wrong stops the build, names
its place, and changes nothing that readers see.
"""

import atexit
import gc
import os
import pickle
import re
import shutil
import signal
import sys
from collections.abc import Iterable
from dataclasses import asdict
from functools import partial
from logging import LogRecord, getLogger
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import jupyter_book.sphinx
from bs4 import BeautifulSoup
from docutils.parsers import rst
from jinja2 import FileSystemBytecodeCache
from pybtex.database import parse_file
from sphinx.application import Sphinx
from sphinx.cmd.build import handle_exception
from sphinx.errors import SphinxError
from sphinx.util import logging
from sqlalchemy.exc import SQLAlchemyError

from evidence_tools.book import layout, outputs, pdf, site
from evidence_tools.book.execution import BuildError
from evidence_tools.book.nodes import add_nodes, refuse
from evidence_tools.book.roles import add_roles, chapter_order, plain_text
from evidence_tools.book.session import PREVIEW, Session, changed_pages, end_on_signals, in_fork
from evidence_tools.check.built import check_built
from evidence_tools.check.pages import Page, reading
from evidence_tools.check.review import Review, chapter_files, review_book
from evidence_tools.evidence.model import LOADED, load_evidence
from evidence_tools.evidence.problems import EvidenceError, Problem, UnknownKeyError, did_you_mean
from evidence_tools.releases.manifest import ReleaseError, read_stamp, write_manifest

_UNKNOWN = re.compile(
    r"(?:[Uu]nknown|undefined|not found|not in glossary|could not find|No key)\b.*?(?:: |[\"'])"
    r"""([^"'\s]+)(?:' in override.*|' found in glue.*|["']?\.?)(?: \[\S+\])?$"""
)
_TEXTS = ("evidence_subtitle", "evidence_description")
"""Settings that are shown, in which roles stand for numbers."""
_SETTINGS: dict[str, Any] = {
    "nb_execution_raise_on_error": True,
    "nb_render_markdown_format": "myst",
    "nb_ipywidgets_js": {},  # scripts of another host
    # Authors' quotes are curled by MyST-Parser; text from the tables stays as it is printed.
    "smartquotes": False,
    "myst_dmath_double_inline": True,  # as Jupyter Book says, and does not do
    "html_math_renderer": "evidence_mathml",
    "html_copy_source": False,  # all of it is in the zip
}
"""Settings of Sphinx and MyST-NB that make pages right."""
_EXPECTED = (
    *(BuildError, ReleaseError, EvidenceError, UnknownKeyError),
    *(OSError, ValueError, ImportError, RuntimeError, SQLAlchemyError),
)
"""What listeners raise about the work of an author, whose messages are for people."""


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the extension to a build; ``_config.yml`` names it in ``extra_extensions``."""
    # Jupyter Book has a traceback for whatever is wrong; there is no setting for it.
    jupyter_book.sphinx.handle_exception = partial(_say_why, app, Path(app.outdir).parent / "html")
    for name in (*_TEXTS, "evidence_licence"):
        app.add_config_value(name, "", "html", [str])
    app.add_config_value("evidence_keywords", [], "html", [list])
    # Bytes that one cell may show: more would be a page that nobody reads.
    app.add_config_value("evidence_output_bytes", 1_000_000, "", [int])
    app.keep_going = True  # all that is wrong is reported, then the build stops
    for add in (add_nodes, add_roles, outputs.add_outputs):
        add(app)
    app.add_builder(pdf.PrintBuilder)
    app.add_directive("how-to-cite", layout.HowToCite)
    app.add_directive("evidence-checks", outputs.ChecksDirective)
    app.connect("config-inited", _settle, priority=900)
    app.connect("builder-inited", lambda app: setattr(app.builder, "get_outdated_docs", list))
    app.connect("env-get-outdated", lambda app, env, *_: changed_pages(env))
    app.connect("env-before-read-docs", _begin)
    app.connect("env-get-updated", _choose_pages, priority=900)  # when all is numbered
    app.connect("source-read", _find_results)
    app.connect("source-read", pdf.show_attachments)
    app.connect("doctree-read", outputs.check_page)
    app.connect("doctree-read", layout.split_keywords)
    app.connect("write-started", _print)
    app.connect("html-collect-pages", site.keep_index)
    app.connect("html-page-context", layout.complete_page, priority=900)
    # Late: others write their files at the end too, and the manifest hashes what is there.
    app.connect("build-finished", _finish, priority=950)
    return {"version": "2", "parallel_read_safe": False, "parallel_write_safe": True}


def _settle(app: Any, config: Any) -> None:
    """Choose the settings that make pages right, and find out which files they follow from."""
    folder, build = Path(app.srcdir), Path(app.outdir).parent
    seen = app.evidence_warnings = dict[str, Any]()  # pages and print report the same: show it once
    for handler in getLogger("sphinx").handlers:
        if isinstance(handler, logging.WarningStreamHandler):
            handler.filters.insert(0, partial(_name_nearest, app))  # before they are counted
            handler.addFilter(partial(_place, seen))
    app.evidence_proof = app.outdir.name == pdf.PrintBuilder.name  # says what is wrong with pages
    if app.outdir.name != "html" and not app.evidence_proof:
        raise BuildError("The report is built as 'jupyter-book build .', which makes the PDF too.")
    end_on_signals()
    gc.freeze()
    gc.set_threshold(1_000_000, 50, 100)  # what Sphinx makes stays: looking for cycles frees little
    app.evidence_ask, asked = Pipe()
    if not app.evidence_proof:
        app.evidence_press = in_fork(partial(pdf.press, app.evidence_ask, asked, folder, build))
    if os.environ.get(PREVIEW) == "waits":
        # Patterns that the theme needs for its first page are compiled while nobody waits.
        BeautifulSoup("", "html.parser").select("a > b.c")
        if not os.read(0, 1):
            raise SystemExit(0)  # who would have asked has ended
    chapters = chapter_files(folder, config.external_site_map)
    config.include_patterns = [path.relative_to(folder).as_posix() for path in chapters]
    app.evidence_session = session = Session(folder, build, config.include_patterns)
    # However the build ends, and before Python waits for what is done beside it.
    atexit.register(session.close)
    app.evidence_site = made = site.Site(build, session.key)
    app.outdir, app.doctreedir = (type(app.outdir)(made.new / n) for n in ("html", "doctrees"))
    app.evidence_stamp = read_stamp(folder, is_draft=PREVIEW in os.environ)
    for name in config.bibtex_bibfiles:
        with reading(name):
            parse_file(str(folder / name))
    layout.use_assets(app)
    for name, value in _SETTINGS.items():
        config[name] = value
    config.nb_execution_mode = "off" if app.evidence_proof else "cache"
    # Print shows struck words too, whatever MyST-Parser says of its own writers.
    config.suppress_warnings += ["myst.strikethrough", "design.card_legacy"]


def _name_nearest(app: Any, record: Any) -> bool:
    """Add the nearest known name to a message about an unknown one; drop what is said too early."""
    message = LogRecord.getMessage(record)
    if found := _UNKNOWN.search(message):
        files = [*map(app.env.doc2path, app.env.found_docs), *app.config.bibtex_bibfiles]
        text = "\n".join(Path(app.srcdir, file).read_text("utf-8") for file in files)
        known = (*vars(rst.roles)["_roles"], *vars(rst.directives)["_directives"])
        names = {*re.findall(r"""["'(`{]([\w.:-]+)["')`},]""", text), *known} - {found[1]}
        record.msg, record.args = f"{message}{did_you_mean(found[1], names)}", ()
        if app.evidence_proof and re.search(rf"""(?:["']|name: ){re.escape(found[1])}\b""", text):
            return False  # a cell may make it
    return ": 'footcite-" not in message  # such notes come after MyST-Parser has looked for them


def _place(seen: dict[str, Any], record: Any) -> bool:
    """Name cell and line of a notebook, where MyST-NB says 30005 for cell 3, line 4; once each."""
    if found := re.fullmatch(r"(.*\.ipynb):(\d{5,})", record.location or ""):
        record.location = Page(found[1]).problem(int(found[2]) - 1, "", "page").path
    return seen.setdefault(record.getMessage(), record) is record


def _begin(app: Any, env: Any, docnames: list[str]) -> None:
    """Check what can be known without running anything, and run chapters that have no result."""
    folder, made, session = Path(app.srcdir), app.evidence_site, app.evidence_session
    # What every page shows, beside what the key of the session stands for.
    app.evidence_about = repr((app.evidence_stamp, app.config.overrides))
    is_same = made.last.get("about") == app.evidence_about and not env.evidence_changed
    if is_same and env.reread_always.issuperset(docnames):
        _tell(f"Nothing changed: {made.html} is as the last build wrote it.")
        raise SystemExit(0)
    # The tables that the last build read are used again if their content is the same.
    if kept := getattr(env, "evidence_loaded", None):
        LOADED.update(pickle.loads(kept))  # noqa: S301 - with the hash we noted
    app.evidence = load_evidence(folder / "data")
    env.evidence_loaded = pickle.dumps(LOADED)
    for name in _TEXTS:
        app.config[name] = plain_text(app.evidence, app.config[name])
    app.builder.epilog = ""  # the site is somewhere else in the end
    review = partial(review_book, folder, passed=bool(made.last))
    app.evidence_review = Review if app.evidence_proof else in_fork(review)
    session.execute(env, docnames, lambda: _refuse(app.evidence_review().problems))


def _find_results(app: Any, docname: str, _: list[str]) -> None:
    """Point MyST-NB to the folder with the results of a page."""
    folder = app.evidence_session.result_folder(Path(app.env.doc2path(docname)))
    app.env.mystnb_config = app.env.mystnb_config.copy(execution_cache_path=str(folder))


def _choose_pages(app: Any, env: Any) -> Iterable[str]:
    """Have all pages written if Sphinx knows anything else of them than in the last build."""
    app.evidence_note = {"about": app.evidence_about, "known": site.known_of(env)}
    app.evidence_keeps = app.evidence_site.last.items() >= app.evidence_note.items()
    if app.evidence_keeps:
        app.builder.load_indexer = partial(site.keep_pages, app)
    return () if app.evidence_keeps else set(env.found_docs)


def _print(app: Any, _: Any) -> None:
    """Make room for the site, write its notebooks, and make the PDF while pages are written."""
    _refuse(app.evidence_review().problems)
    if app.evidence_warnings or app.evidence_proof:
        pdf.resolve_pages(app, chapter_order(app.env))  # reports what else is wrong, or fails
        raise SystemExit(0)
    # Templates are compiled once; like all that is kept, not used if somebody touched it.
    compiled = FileSystemBytecodeCache(str(app.evidence_site.new))
    app.builder.templates.environment.bytecode_cache = compiled
    site.write_notebooks(app)
    app.evidence_printed = in_fork(partial(pdf.print_book, app))


def _finish(app: Any, exception: Exception | None) -> None:
    """Complete the site, look at it once more, and put it in the place of the last one."""
    if exception is not None:
        return
    staged, made, pages = Path(app.outdir), app.evidence_site, app.evidence_review().pages
    if changed := changed_pages(app.env):  # the site has sources of pages, too
        raise BuildError(f"changed while it was built: {', '.join(changed)}; build again")
    passed = made.html if made.last else None
    remarks = app.evidence_printed()
    if app.evidence_warnings:  # some are known only now
        raise BuildError
    site.finish_site(app, staged)
    _refuse(check_built(staged, app.evidence_press, Path(app.srcdir), passed, pages))
    target, _ = app.evidence_press()
    made_pdf = f"{target.name} ({target.stat().st_size / 1000:.0f} kB)"
    site.pack_site(app, staged)
    about, order = app.env.metadata, chapter_order(app.env)
    findings = {
        key: where
        for key in app.evidence.rows("findings")
        if (where := [page for page in order if key in about[page].get("stated", ())])
    }
    facts = {"report": layout.report_of(app), "stamp": asdict(app.evidence_stamp)}
    write_manifest(staged, facts | {"pages": order, "findings": findings})
    for number in (signal.SIGINT, signal.SIGTERM):  # all but done
        signal.signal(number, signal.SIG_IGN)
    made.put_in_place(**app.evidence_note)
    for remark in remarks:
        _tell(f"print: {remark}")
    gc.freeze()  # Python would look through all of it before it ends
    _tell(f"{len(app.env.found_docs)} pages and {made_pdf} are in {made.html}.")


def _refuse(problems: Iterable[Problem]) -> None:
    if found := list(Problem.lines(problems)):
        raise BuildError("\n".join(found))


def _say_why(app: Any, html: Path, *about: Any) -> Any:
    """Say in a sentence why a build fails; what nobody expects keeps Jupyter Book's traceback."""
    found = about[2]
    # What a listener raised comes in an error of Sphinx, which knows of whose module it is.
    error = found.orig_exc if getattr(found, "modname", None) else found
    by_itself = (SphinxError, OSError, SQLAlchemyError)
    if not isinstance(error, by_itself if error is found else _EXPECTED):
        if page := hasattr(app, "env") and app.env.temp_data.get("docname"):
            refuse("unreadable", location=page)
        return handle_exception(*about)
    if isinstance(error, shutil.Error):  # has a line for each file that was to be copied
        error = error.args[0][0][2]
    # SQLAlchemy says much about what SQLite says, such as that the disk is full.
    said = str(getattr(error, "orig", error)) or f"Problems above: {len(app.evidence_warnings)}."
    said = f"{type(error).__name__}: {said}" if error is found else said
    kept = f"{html} is still the last good one" if any(html.glob("*")) else "nothing was written"
    _tell(f"\n{said}\n\nThe report was not built; {kept}. Correct what is named, build again.")
    raise SystemExit(1)


def _tell(text: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")
