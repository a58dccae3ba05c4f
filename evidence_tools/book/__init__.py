"""The Sphinx extension of the report: data first, then code, then pages and the PDF.

Order of a build: the tables are validated before anything else; the chapters are executed
before Sphinx reads them; every reference is resolved, for the PDF, before the first page is
written. While pages are written, on all processors, Typst sets the PDF in a process of its own;
if it refuses, the pages are removed. So whatever is wrong stops the build while no page shows it.
"""

from __future__ import annotations

import atexit
import gc
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

from evidence_tools.book.abbreviations import add_abbreviations
from evidence_tools.book.attributes import add_attributes
from evidence_tools.book.badges import add_badge, prepare_badges
from evidence_tools.book.bibliography import add_bibliography
from evidence_tools.book.cards import add_cards
from evidence_tools.book.chapters import check_page, file_problems
from evidence_tools.book.citing import add_citing, add_page_metadata, write_citations
from evidence_tools.book.collection import write_collection
from evidence_tools.book.datafiles import add_downloads, write_downloads
from evidence_tools.book.domain import EvidenceDomain
from evidence_tools.book.downloads import keep_executed_notebook, offer_downloads
from evidence_tools.book.endings import add_endings
from evidence_tools.book.execution import BuildError
from evidence_tools.book.freshness import forget_page, outline_changed
from evidence_tools.book.gates import (
    add_checks_directive,
    begin_gates,
    end_gates,
    gate_problems,
)
from evidence_tools.book.margins import add_margins
from evidence_tools.book.mathml import add_math
from evidence_tools.book.nodes import add_nodes
from evidence_tools.book.pages import (
    add_assets,
    add_pdf_button,
    finish_pages,
    name_code_buttons,
    set_footer,
    write_entrance,
    write_vega_bundle,
)
from evidence_tools.book.permalinks import write_permalinks
from evidence_tools.book.reading import add_reading_grades
from evidence_tools.book.record import write_record
from evidence_tools.book.roles import add_roles, caption_runs
from evidence_tools.book.searching import escape_titles
from evidence_tools.book.session import Session
from evidence_tools.book.stamp import read_stamp
from evidence_tools.book.theme import (
    drop_unused_assets,
    use_relative_folders,
    use_templates,
    write_sheet,
)
from evidence_tools.display import plain, runs
from evidence_tools.execution.parallel import Beside, processors
from evidence_tools.schema import EvidenceError, UnknownKeyError
from evidence_tools.storage import HistoryError

LOGGER = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the extension to a build; ``_config.yml`` names it in ``extra_extensions``."""
    app.add_config_value("evidence_data", "data", "env", [str])
    app.add_config_value("evidence_subtitle", "", "html", [str])
    app.add_config_value("evidence_description", "", "html", [str])
    app.add_config_value("evidence_keywords", [], "html", [list])
    app.add_config_value("evidence_licence", "", "html", [str])
    # A value of kind "env" that changes makes Sphinx read every page again.
    app.add_config_value("evidence_fingerprint", "", "env", [str])
    # What we ship has no warnings: all of them are told, then the build fails.
    app.keep_going = True
    app.add_domain(EvidenceDomain)
    add_nodes(app)
    add_roles(app)
    add_math(app)
    add_abbreviations(app)
    add_endings(app)
    add_attributes(app)
    add_bibliography(app)
    add_margins(app)
    add_downloads(app)
    add_citing(app)
    add_checks_directive(app)
    add_reading_grades(app)
    app.connect("config-inited", _prepare, priority=900)
    app.connect("builder-inited", lambda app: add_assets(app), priority=900)
    app.connect("builder-inited", use_relative_folders, priority=990)
    app.connect("env-get-outdated", _outdated)
    app.connect("env-before-read-docs", _check_files, priority=400)
    app.connect("env-before-read-docs", _begin_gates, priority=450)
    app.connect("env-before-read-docs", _execute)
    app.connect("source-read", _find_results)
    app.connect("env-purge-doc", lambda app, env, docname: forget_page(env, docname))
    app.connect("env-updated", _await_results, priority=50)
    # Last of all: others number figures and collect citations at these moments.
    app.connect("env-updated", lambda app, env: app.evidence_session.note_pages(env), priority=990)
    app.connect("env-updated", _write_in_parallel)
    app.connect("env-get-updated", _pages_that_mention, priority=990)
    app.connect("doctree-read", check_page)
    app.connect("doctree-read", keep_executed_notebook)
    app.connect("write-started", _print)
    app.connect("html-collect-pages", escape_titles)
    app.connect("html-page-context", add_pdf_button, priority=900)
    app.connect("html-page-context", name_code_buttons, priority=900)
    app.connect("html-page-context", add_cards, priority=900)
    app.connect("html-page-context", offer_downloads, priority=900)
    app.connect("html-page-context", add_badge, priority=900)
    app.connect("html-page-context", add_page_metadata, priority=900)
    app.connect("html-page-context", drop_unused_assets, priority=950)
    # Late: the theme has written its style sheets, and the manifest hashes what is there.
    app.connect("build-finished", _finish, priority=950)
    return {"version": "1", "parallel_read_safe": False, "parallel_write_safe": True}


def _prepare(app: Any, config: Config) -> None:
    folder = Path(app.srcdir)
    session = Session(folder, Path(app.outdir).parent, folder / config.evidence_data)
    app.evidence_session = session
    app.evidence_pdf = app.evidence_gates = None
    atexit.register(_close, app)  # also after Ctrl-C, which no event tells of
    _rest_collector()
    if session.follows_cut:
        _forget(app)
    session.warm_up()
    session.make_ahead()
    try:
        app.evidence = session.load_evidence()
        app.evidence_stamp = read_stamp(folder)
        prepare_badges(app)
        for name in ("evidence_subtitle", "evidence_description"):
            # The cover shows numbers too; they come from the same rows.
            config[name] = plain(caption_runs(app.evidence, runs(config[name])))
    except (EvidenceError, HistoryError, UnknownKeyError, ValueError) as error:
        _stop(app, str(error))
    config.evidence_fingerprint = session.page_key(list(config.bibtex_bibfiles))
    config.nb_execution_mode = "cache"
    config.nb_execution_cache_path = str(session.store.root)
    config.nb_execution_raise_on_error = True
    config.nb_code_prompt_show = "Show code"
    config.nb_code_prompt_hide = "Hide code"
    # Authors' quotes are curled by MyST-Parser; text from the tables stays as it is printed.
    config.smartquotes = False
    _remember_backend()
    config.html_math_renderer = "evidence_mathml"
    if config.html_theme:
        set_footer(app, app.evidence_stamp)
    use_templates(app)


def _rest_collector() -> None:
    """Have Python look for cycles less often.

    What Sphinx makes stays until the end of a build: looking through it again and again frees
    nothing and takes a fifth of the time.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def _check_files(app: Any, env: Any, docnames: list[str]) -> None:
    if problems := list(file_problems(Path(env.doc2path(docname)) for docname in docnames)):
        _stop(app, "\n".join(map(str, problems)))


def _begin_gates(app: Any, env: Any, docnames: list[str]) -> None:
    # Nothing to read means that nothing changed since the gates were passed.
    if docnames:
        begin_gates(app)


def _pass_gates(app: Any, *, wait: bool) -> None:
    """Stop, before a page is written, when words or numbers go beyond the evidence."""
    if problems := gate_problems(app, wait=wait):
        _stop(app, "\n".join(map(str, problems)))


def _outdated(
    app: Any, env: Any, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    # A page that is gone would stay in the site, and in the navigation of the others.
    for docname in removed:
        Path(app.builder.get_outfilename(docname)).unlink(missing_ok=True)
    root = [env.config.root_doc] if removed else []
    return [*root, *app.evidence_session.outdated(env, added | changed)]


def _execute(app: Any, env: Any, docnames: list[str]) -> None:
    try:
        app.evidence_session.execute(env, docnames, show=wants_progress(app))
    except BuildError as error:
        _stop(app, str(error))


def _await_results(app: Any, env: Any) -> None:
    """Go on only when all that was begun beside the reading has come to a good end."""
    _pass_gates(app, wait=True)
    try:
        app.evidence_session.await_results(env)
    except BuildError as error:
        _stop(app, str(error))


def _write_in_parallel(app: Any, env: Any) -> None:
    """Have Sphinx write on all processors; ``jupyter-book build`` has no option for it."""
    # One extension that does not allow it would be told as a warning.
    if all(extension.parallel_write_safe for extension in app.extensions.values()):
        app.parallel = processors()


def _remember_backend() -> None:
    """Find the writer of citations once: each citation would search all installed packages."""
    from pybtex.plugin import find_plugin, register_plugin

    group, name = "pybtex.backends", "plaintext"
    register_plugin(group, name, find_plugin(group, name), force=True)


def wants_progress(app: Any) -> bool:
    """Whether somebody watches: output goes to a terminal, and ``-q`` was not given."""
    return sys.stdout.isatty() and not app.quiet


def _find_results(app: Any, docname: str, _: list[str]) -> None:
    """Wait for the results of a page, and point MyST-NB to the folder they are in."""
    _pass_gates(app, wait=False)
    try:
        app.evidence_session.await_result(docname)
    except BuildError as error:
        _stop(app, str(error))
    env = app.env
    folder = app.evidence_session.store.folder_for(Path(env.doc2path(docname)))
    env.mystnb_config = env.mystnb_config.copy(execution_cache_path=str(folder))


def _pages_that_mention(app: Any, env: Any) -> list[str]:
    """Name the pages to write again for what others say: all, if anything of it changed."""
    return list(env.found_docs) if outline_changed(env) else []


def _print(app: Any, builder: Any) -> None:
    if builder.name != "html":
        return
    from evidence_tools.book.pdf import PdfError
    from evidence_tools.book.pdf.chapters import prepare_pdf, resolve_chapters

    if app._warncount:
        # References are resolved only now: what is wrong with them is told with the rest.
        resolve_chapters(app)
    _stop_on_warnings(app)
    try:
        setting = prepare_pdf(app, app.evidence_stamp, _pdf_path(app))
    except PdfError as error:
        _stop(app, f"the PDF cannot be made: {error}")
    _stop_on_warnings(app)
    for old in Path(app.outdir).glob("vitamin-k2-bone-markers-*.pdf"):
        old.unlink()
    # Typst works beside the writing of the pages; its verdict is awaited at the end.
    app.evidence_pdf = Beside(setting)


def _finish(app: Any, exception: Exception | None) -> None:
    try:
        _complete(app, exception)
    except Exception:
        _remove_pages(app)
        raise
    finally:
        _close(app)


def _complete(app: Any, exception: Exception | None) -> None:
    from evidence_tools.book.pdf import PdfError

    if exception is not None:
        if app.evidence_pdf is not None:
            with suppress(PdfError):  # or the PDF would be put in place after all
                app.evidence_pdf.result()
            _remove_pages(app)
        return
    if app.builder.name != "html":
        app.evidence_session.finish()
        return
    outdir = Path(app.outdir)
    session, printed = app.evidence_session, repr(app.evidence_stamp)
    # The stamp covers files that no page is read again for, such as the pinned requirements.
    if app.evidence_pdf is None and not (
        _pdf_path(app).is_file() and session.recalls("printed", printed)
    ):
        _print(app, app.builder)
    try:
        if app.evidence_pdf is not None:
            app.evidence_pdf.result()
    except PdfError as error:
        _remove_pages(app)
        _stop(app, f"the PDF cannot be made: {error}")
    if app._warncount:
        _remove_pages(app)
        _stop_on_warnings(app)
    session.remember("printed", printed)
    session.await_bundle()
    write_vega_bundle(outdir, outdir.parent / ".evidence")
    stamp = app.evidence_stamp
    if app.config.root_doc != "index":
        write_entrance(outdir, app.config.root_doc, app.config.html_title or app.config.project)
    write_permalinks(app, f"{stamp.text}, content {stamp.content_text}")
    write_citations(app)
    write_downloads(app)
    write_collection(app, _pdf_path(app))
    finish_pages(outdir, _pdf_path(app), stamp)
    write_sheet(outdir, outdir.parent / ".evidence" / "theme")
    write_record(app)
    session.finish()


def _remove_pages(app: Any) -> None:
    """Leave no page of a report that is not whole."""
    for written in (*Path(app.outdir).rglob("*.html"), _pdf_path(app)):
        if written.is_file():
            with suppress(OSError):  # one that cannot be removed must not save the others
                written.unlink()


def _pdf_path(app: Any) -> Path:
    return Path(app.outdir) / str(app.evidence_stamp.pdf_name)


def _stop_on_warnings(app: Any) -> None:
    if app._warncount:
        count = app._warncount
        _stop(app, f"{count} problem{'s' if count != 1 else ''} above.")


def _stop(app: Any, message: str) -> None:
    """End the build with a message instead of a traceback, and have the next one start afresh."""
    _forget(app)
    _close(app)
    sys.stdout.flush()
    sys.stderr.write(
        f"\n{message}\n\n"
        "The report was not built, and no page was written. "
        "Mend what is named above, then build again.\n"
    )
    raise SystemExit(1)


def _close(app: Any) -> None:
    """End what still runs, and let another build begin."""
    end_gates(app)
    app.evidence_session.close()


def _forget(app: Any) -> None:
    """Drop what Sphinx remembers, or the next build would take the pages for good."""
    (Path(app.doctreedir) / "environment.pickle").unlink(missing_ok=True)
