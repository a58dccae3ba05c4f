"""The Sphinx extension of the report: data and wording first, then code, then pages and the PDF.

A build makes the whole site in a folder of its own. Data, settings and chapters are checked before
anything runs; code runs before a page is read; references are resolved, for the PDF, before a page
is written; and the finished pages are read once more before they replace the last good site. So
whatever is wrong stops the build, names its place, and changes nothing that readers see.
"""

from __future__ import annotations

import atexit
import gc
import hashlib
import sys
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from importlib import metadata
from pathlib import Path
from platform import python_version
from time import perf_counter
from typing import Any, NoReturn

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

from evidence_tools.book.abbreviations import LinkAbbreviations
from evidence_tools.book.cards import add_cards
from evidence_tools.book.citing import add_citing, file_stem, report_of, write_citations
from evidence_tools.book.diary import add_diary
from evidence_tools.book.downloads import write_collection, write_data, write_notebooks
from evidence_tools.book.foreign import add_foreign
from evidence_tools.book.formulas import add_formulas
from evidence_tools.book.gates import add_gates
from evidence_tools.book.layout import (
    complete_page,
    escape_titles,
    finish_pages,
    split_keywords,
    use_assets,
)
from evidence_tools.book.mentions import add_mentions, chapter_order, mentions_of
from evidence_tools.book.nodes import add_nodes
from evidence_tools.book.outputs import check_page
from evidence_tools.book.pictures import add_pictures
from evidence_tools.book.roles import add_roles, plain_text
from evidence_tools.book.session import BuildError, Session, changed_pages, end_on_signals
from evidence_tools.book.site import Site
from evidence_tools.check import check_built, review_book
from evidence_tools.evidence.model import load_evidence
from evidence_tools.evidence.problems import EvidenceError, UnknownKeyError
from evidence_tools.releases.manifest import ReleaseError, write_manifest
from evidence_tools.releases.stamp import read_stamp

LOGGER = logging.getLogger(__name__)
_TEXTS = ("evidence_subtitle", "evidence_description")
"""Settings that are shown, in which roles stand for numbers."""
_TOOLS = (
    *("jupyter-book", "sphinx", "myst-nb", "sphinx-book-theme", "pandas", "altair"),
    *("vl-convert-python", "typst", "pikepdf", "frictionless"),
)
"""What has a part in how a page or the PDF comes out."""


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the extension to a build; ``_config.yml`` names it in ``extra_extensions``."""
    for name in (*_TEXTS, "evidence_licence"):
        app.add_config_value(name, "", "html", [str])
    app.add_config_value("evidence_keywords", [], "html", [list])
    app.add_config_value("evidence_data", "data", "env", [str])
    # Bytes that one cell may show: more would be a page that nobody reads.
    app.add_config_value("evidence_output_bytes", 1_000_000, "", [int])
    # A value of kind "env" that changes makes Sphinx read every page again.
    app.add_config_value("evidence_state", "", "env", [str])
    app.keep_going = True  # all that is wrong is reported, then the build stops
    app.add_post_transform(LinkAbbreviations)
    for add in (add_nodes, add_mentions, add_roles, add_citing, add_diary, add_gates):
        add(app)
    for add in (add_formulas, add_pictures, add_foreign):
        add(app)
    app.connect("config-inited", _settle, priority=900)
    app.connect("builder-inited", _begin, priority=1)
    app.connect("env-get-outdated", lambda app, env, *_: changed_pages(env))
    app.connect("env-before-read-docs", _execute)
    app.connect("source-read", _find_results)
    app.connect("doctree-read", check_page)
    app.connect("doctree-read", split_keywords)
    app.connect("write-started", _print)
    app.connect("html-collect-pages", escape_titles)
    app.connect("html-page-context", complete_page, priority=900)
    app.connect("html-page-context", add_cards, priority=910)
    # Late: others write their files at the end too, and the manifest hashes what is there.
    app.connect("build-finished", _finish, priority=950)
    return {"version": "2", "parallel_read_safe": False, "parallel_write_safe": True}


def _settle(app: Any, config: Config) -> None:
    """Choose the settings that make pages right, and find out which files they follow from."""
    folder, build = Path(app.srcdir), Path(app.outdir).parent
    app.evidence_begun = perf_counter()
    _name_chapters(folder, config)
    app.evidence_site = Site(build)
    app.evidence_session = app.evidence_pdf = None
    end_on_signals()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # what Sphinx makes stays: looking for cycles frees little
    try:
        app.evidence_session = session = Session(
            folder, folder / config.evidence_data, build, config.include_patterns
        )
        app.evidence_stamp = read_stamp(folder)
    except (ReleaseError, OSError) as error:
        _stop(app, str(error))
    atexit.register(session.close)  # also after Ctrl-C, which no event reports
    app.evidence_site.drop_foreign()
    use_assets(app)
    config.evidence_state = session.key
    config.nb_execution_mode = "cache"
    config.nb_execution_raise_on_error = True
    config.nb_render_markdown_format = "myst"
    config.nb_ipywidgets_js = {}  # scripts of another host
    config.nb_code_prompt_show, config.nb_code_prompt_hide = "Show code", "Hide code"
    # Authors' quotes are curled by MyST-Parser; text from the tables stays as it is printed.
    config.smartquotes = False
    # Print shows struck words too, whatever MyST-Parser says of its own writers.
    config.suppress_warnings += ["myst.strikethrough", "design.card_legacy", "design.fa-build"]
    config.html_math_renderer = "evidence_mathml"


def _name_chapters(folder: Path, config: Config) -> None:
    """Have Sphinx read the files that ``_toc.yml`` names, and no others."""
    toc, suffixes, found = config.external_site_map, ["", *config.source_suffix], []
    for name in map(str, toc):
        # A paired chapter is there twice: the text comes first.
        files = (f"{name}{suffix}" for suffix in suffixes)
        found += [file for file in files if (folder / file).is_file()][:1]
    found += [f"{pattern}{suffix}" for pattern in toc.globs() for suffix in config.source_suffix]
    config.include_patterns = found


def _begin(app: Any) -> None:
    """Check what can be known without running anything, and make room for the new site."""
    folder, site = Path(app.srcdir), app.evidence_site
    app.evidence_key = _key(app)
    is_html = app.builder.name == "html"
    if is_html and not app.fresh_env_used and site.is_current(app.evidence_key):
        _tell(f"Nothing changed: {site.html} is as the last build wrote it.")
        _end(app, 0)
    try:
        app.evidence = evidence = load_evidence(folder / app.config.evidence_data)
        for name in _TEXTS:
            app.config[name] = plain_text(evidence, app.config[name])
        app.evidence_review = review_book(folder)
        _refuse(app, app.evidence_review.problems)
    except (EvidenceError, UnknownKeyError, OSError, ValueError) as error:
        _stop(app, str(error))
    if is_html:
        site.begin()
        app.outdir = app.builder.outdir = type(app.outdir)(site.staged)
        app.builder.epilog = ""  # the site is somewhere else in the end


def _key(app: Any) -> str:
    """Hash what a finished site follows from."""
    chapters = [Path(app.srcdir, name) for name in app.config.include_patterns]
    texts = [path.read_bytes() for path in chapters if path.is_file()]
    parts = (app.evidence_session.key, app.evidence_stamp, app.config.overrides, texts)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _execute(app: Any, env: Any, docnames: list[str]) -> None:
    show = sys.stdout.isatty() and not app.quiet
    tell = partial(print, flush=True) if show else lambda line: None
    limit = app.config.evidence_output_bytes
    try:
        ran, known = app.evidence_session.execute(env, docnames, limit, tell)
    except (BuildError, ImportError, OSError, RuntimeError) as error:
        _stop(app, str(error))
    if ran:
        LOGGER.info("executed %d of %d chapters", ran, known)


def _find_results(app: Any, docname: str, _: list[str]) -> None:
    """Point MyST-NB to the folder with the results of a page."""
    folder = app.evidence_session.result_folder(Path(app.env.doc2path(docname)))
    app.env.mystnb_config = app.env.mystnb_config.copy(execution_cache_path=str(folder))


def _print(app: Any, builder: Any) -> None:
    """Resolve all references, and set the PDF beside the writing of the pages."""
    if builder.name != "html":
        return
    from evidence_tools.book.pdf import PdfError, prepare_pdf, resolve_pages

    app.evidence_site.begin()  # once more: chapters that ran since may have written there
    pages = resolve_pages(app)
    _stop_on_warnings(app)
    target = Path(app.outdir, f"{file_stem(app)}.pdf")
    write_notebooks(app, Path(app.outdir))
    try:
        set_pdf = prepare_pdf(app, app.evidence_stamp, target, pages)
        _stop_on_warnings(app)
    except PdfError as error:
        _stop(app, f"the PDF cannot be made: {error}")
    app.evidence_pdf = _beside(set_pdf)


def _beside(work: Any) -> Future[Any]:
    """Begin some work in a thread; Typst needs nothing of Python."""
    threads = ThreadPoolExecutor(1)
    future = threads.submit(work)
    threads.shutdown(wait=False)
    return future


def _finish(app: Any, exception: Exception | None) -> None:
    """Complete the site, look at it once more, and put it in the place of the last one."""
    if isinstance(exception, OSError):
        _stop(app, str(exception))
    if exception is not None or app.builder.name != "html":
        app.evidence_session.close()
        return
    from evidence_tools.book.pdf import PdfError

    staged, site = Path(app.outdir), app.evidence_site
    try:
        pdf = app.evidence_pdf.result()
        _stop_on_warnings(app)
        finish_pages(app, staged, staged.parent)
        write_citations(app, staged)
        write_data(app, staged)
        write_collection(app, staged)
        _refuse(app, check_built(staged, pdf, Path(app.srcdir)))
        _write_manifest(app, staged)
        site.put_in_place(app.evidence_key)
    except PdfError as error:
        _stop(app, f"the PDF cannot be made: {error}")
    except (ReleaseError, OSError) as error:
        _stop(app, str(error))
    app.evidence_session.close()
    for remark in getattr(app, "evidence_remarks", ()):
        _tell(f"print: {remark}")
    pages, size = len(app.env.found_docs), (site.html / pdf.name).stat().st_size / 1000
    took = perf_counter() - app.evidence_begun
    _tell(f"{pages} pages and {pdf.name} ({size:.0f} kB) are in {site.html}; it took {took:.1f} s.")


def _write_manifest(app: Any, folder: Path) -> None:
    """Write down what the site is, which findings are on which page, and the hash of each file."""
    pages, stated = chapter_order(app.env), mentions_of(app.env).stated
    used = {
        key: [page for page in pages if ("finding", key) in stated.get(page, ())]
        for key in app.evidence.rows("findings")
    }
    tools = {name: metadata.version(name) for name in _TOOLS}
    manifest = {"report": report_of(app), "stamp": asdict(app.evidence_stamp), "pages": pages}
    manifest["findings"] = {key: where for key, where in used.items() if where}
    write_manifest(folder, manifest | {"tools": {"python": python_version()} | tools})


def _refuse(app: Any, problems: Iterable[object]) -> None:
    if found := list(problems):
        _stop(app, "\n".join(map(str, found)))


def _stop_on_warnings(app: Any) -> None:
    if count := app._warncount:
        _stop(app, f"{count} problem{'s' if count != 1 else ''} above.")


def _stop(app: Any, message: str) -> NoReturn:
    """End the build with a message instead of a traceback; the next one reads all pages anew."""
    html = app.evidence_site.html
    is_there = (html / "index.html").exists()
    kept = f"{html} is still the last good one" if is_there else "nothing was written"
    _tell(f"\n{message}\n\nThe report was not built; {kept}. Correct what is named, build again.")
    _end(app, 1)


def _end(app: Any, code: int) -> NoReturn:
    if app.evidence_session is not None:
        app.evidence_session.close()
    raise SystemExit(code)


def _tell(text: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")
