"""What every page carries: its head and header, scripts and styles, and the way to it."""

from __future__ import annotations

import html
import os
import re
import shutil
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from evidence_tools.book.citing import address_of, file_stem, report_of
from evidence_tools.releases.publication import forward_page

_FOLDER = Path(__file__).parent
_NEEDED_BY = {"toggle": "dropdown", "design": "sd-"}
"""Scripts and styles that a page needs only if its text has something of a kind."""
_NEVER = re.compile(r"clipboard|copybutton|(?i:thebe)|DOCUMENTATION_OPTIONS\.")
_ICON_FONT = re.compile(r'\.fa-[^{}]*\{content:"[^"]*"\}|@font-face\{[^{}]*\}')
_TWIN = re.compile(r'<meta (?:content="width[^>]*name="viewport"|name="viewport")[^>]*>')


def use_assets(app: Sphinx) -> None:
    """Name our templates, scripts and styles, and switch off what the report has no use for."""
    config, stamp = app.config, app.evidence_stamp  # type: ignore[attr-defined]
    config.templates_path.insert(0, str(_FOLDER / "templates"))
    config.html_static_path.append(str(_FOLDER / "static"))
    app.add_css_file("evidence.css")
    app.add_js_file("evidence.js", loading_method="defer")
    app.add_js_file("evidence-versions.js", loading_method="defer")
    config.release = config.version = stamp.version
    foot = f"{html.escape(stamp.text)}. {html.escape(config.evidence_licence)}"
    config.html_theme_options = config.html_theme_options | {
        "article_header_start": ["toggle-primary-sidebar.html", "evidence-versions.html"],
        "extra_footer": f'<p class="evidence-stamp">{html.escape(config.author)}. {foot}</p>',
        "footer_content_items": ["copyright.html", "extra-footer.html"],
        "navbar_persistent": [],  # the sidebar has a search field already
    }
    for listeners in app.events.listeners.values():
        # Thebe would write into every page where to run its code on another host.
        listeners[:] = [item for item in listeners if "sphinx_thebe" not in item.handler.__module__]


def complete_page(
    app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Add head and header to a page, and leave out scripts and styles that it has no use for."""
    body = context.get("body", "")
    for files in ("script_files", "css_files"):
        # In place: Sphinx adds to the same list what others ask for later.
        context[files][:] = [file for file in context[files] if _is_used(file, body)]
    context["metatags"] = _TWIN.sub("", context.get("metatags", ""))
    context["evidence_pdf"] = f"{file_stem(app)}.pdf"
    if doctree is not None:
        context["report"] = report_of(app)
        context["address"] = address_of(app) or context["content_root"]
        context["evidence_date"] = app.evidence_stamp.date.replace("-", "/")
        notebook = Path(app.outdir, f"{pagename}.ipynb")
        context["evidence_notebook"] = notebook.name if notebook.is_file() else ""
        # Words that unfold code name it for those who hear the page, too.
        body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
        context["body"] = body.replace('role="doc-biblioentry"', 'role="listitem"')


def _is_used(file: Any, body: str) -> bool:
    shown = f"{file.filename or ''} {getattr(file, 'attributes', {}).get('body', '')}"
    wanted = (mark in body for name, mark in _NEEDED_BY.items() if name in shown.lower())
    return not _NEVER.search(shown) and all(wanted)


def split_keywords(app: Sphinx, doctree: nodes.document) -> None:
    """Let each word of a page's keywords be found, also those of "side effects"."""
    for meta in doctree.findall(nodes.meta):
        if meta.get("name") == "keywords":
            meta["content"] = ", ".join(re.findall(r"[\w-]+", meta["content"]))


def escape_titles(app: Any) -> list[Any]:
    """Escape the headings in the search index: its script puts them into a page as HTML."""
    for titles in app.builder.indexer._all_titles.values():
        titles[:] = [(html.escape(title, quote=False), anchor) for title, anchor in titles]
    return []


def finish_pages(app: Any, folder: Path, cache: Path) -> None:
    """Write short addresses that stay, the charts' script, and the theme's styles without icons.

    ``cache`` keeps the charts' script between builds: making it takes longer than a chart.
    """
    pages = {f"{PurePosixPath(name).name}.html": name for name in sorted(app.env.all_docs)}
    if "index" not in app.env.all_docs:
        (folder / "index.html").unlink(missing_ok=True)  # others lead on in their own way
        pages["index.html"] = app.config.root_doc
    for name, docname in pages.items():
        if not (folder / name).exists():  # a page of the book, or the search, keeps its address
            page = forward_page(app.env.titles[docname].astext(), f"{docname}.html")
            # With the part of the page that the address names, where a script may run.
            script = '<script src="_static/evidence-forward.js"></script>\n</head>'
            (folder / name).write_text(page.replace("</head>", script, 1), encoding="utf-8")
    static = folder / "_static"
    for sheet in (static / "styles").glob("pydata*.css"):
        sheet.write_text(_ICON_FONT.sub("", sheet.read_text("utf-8")), encoding="utf-8")
    for unused in (*static.rglob("*.map"), *static.rglob("fontawesome*"), folder / ".buildinfo"):
        if unused.is_file():
            unused.unlink()
    shutil.rmtree(static / "vendor", ignore_errors=True)  # fonts of icons
    (static / "vega-bundle.js").write_bytes(_vega_bundle(cache).read_bytes())


def _vega_bundle(cache: Path) -> Path:
    """Keep Vega, Vega-Lite and Vega-Embed from their wheel as one script: no other host."""
    import vl_convert

    kept = cache / f"vega-{metadata.version('vl-convert-python')}.js"
    if not kept.is_file():
        # The bundle declares thousands of short names; a function keeps them to itself.
        part = kept.with_suffix(f".{os.getpid()}")
        bundle = vl_convert.javascript_bundle()  # type: ignore[call-arg]
        part.write_text(f"(function(){{{bundle}\n}})();", encoding="utf-8")
        part.replace(kept)
    return kept
