"""What every page carries: the PDF in its header, the stamp in its footer, scripts and styles."""

from __future__ import annotations

import html
import os
import re
from importlib import metadata
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from evidence_tools.book.stamp import Stamp

STATIC = Path(__file__).parent / "static"
_SIZE = re.compile(r'(<span class="evidence-pdf-size">)[^<]*(</span>)')
_HASH = re.compile(r'(<span class="evidence-content">)[^<]*(</span>)')
_UNNAMED_CODE = '<summary aria-label="Toggle hidden content">'
EMPTY_HASH = '<span class="evidence-content"></span>'
"""Place of the content hash in a page; see :func:`finish_pages`."""


def add_assets(app: Sphinx) -> None:
    """Register the style sheet and the script; both are part of the package."""
    app.config.html_static_path.append(str(STATIC))
    app.add_css_file("evidence.css")
    # published.js does nothing in a build; in a published copy it fills the version switcher.
    for name in ("evidence.js", "evidence-views.js", "published.js"):
        app.add_js_file(name, loading_method="defer")


def set_footer(app: Sphinx, stamp: Stamp) -> None:
    """Print the stamp at the foot of every page; a new stamp has every page written again."""
    app.config.release = app.config.version = stamp.version
    options = dict(app.config.html_theme_options)
    licence = html.escape(app.config.evidence_licence)
    text = html.escape(stamp.text)
    options["navbar_persistent"] = []  # the sidebar has a search field already
    options["use_fullscreen_button"] = False  # browsers have one
    options["use_download_button"] = False  # ours offers what can be used again
    # The theme's own switcher; it shows once a published copy knows which versions there are.
    options["article_header_start"] = ["toggle-primary-sidebar.html", "version-switcher.html"]
    # The hash changes with every edit; finish_pages fills it in, so pages need no new writing.
    content = f"content {EMPTY_HASH}"
    options["extra_footer"] = f'<p class="evidence-stamp">{text}, {content}. {licence}</p>'
    app.config.html_theme_options = options


def add_pdf_button(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Offer the PDF in the header, with its version and size."""
    del templatename, doctree
    stamp: Stamp = app.evidence_stamp  # type: ignore[attr-defined]
    if app.builder.name == "html":
        address = "../" * pagename.count("/") + stamp.pdf_name
        context["evidence_pdf"] = {"url": address, "version": stamp.version}


def name_code_buttons(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Let the words that unfold code name it for those who hear the page, too."""
    del app, pagename, templatename, doctree
    if "body" in context:
        context["body"] = context["body"].replace(_UNNAMED_CODE, "<summary>")


def finish_pages(outdir: Path, pdf: Path, stamp: Stamp) -> None:
    """Write the PDF's size and the content hash into every page, also those left as they were.

    Parameters
    ----------
    outdir
        The finished HTML site.
    pdf
        The finished PDF.
    stamp
        Its content hash is printed beside version and commit.
    """
    size = f"{max(1, round(pdf.stat().st_size / 1000))} kB"
    for page in outdir.rglob("*.html"):
        before = page.read_text(encoding="utf-8")
        after = _SIZE.sub(rf"\g<1>{size}\g<2>", before)
        after = _HASH.sub(rf"\g<1>{stamp.content_text}\g<2>", after)
        if after != before:
            page.write_text(after, encoding="utf-8")


def write_entrance(outdir: Path, first: str, title: str) -> None:
    """Have ``index.html`` lead to the first page, for readers and browsers alike.

    Parameters
    ----------
    outdir
        The finished HTML site.
    first
        The first page, such as ``chapters/answer``.
    title
        Title of the book.
    """
    target, words = html.escape(f"{first}.html"), html.escape(title)
    (outdir / "index.html").write_text(
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{words}</title>"
        '<link rel="icon" href="data:,">'
        f'<meta http-equiv="refresh" content="0; url={target}"></head>'
        f'<body><p><a href="{target}">{words}</a></p></body></html>\n',
        encoding="utf-8",
    )


def write_vega_bundle(outdir: Path, cache: Path) -> None:
    """Put Vega, Vega-Lite and Vega-Embed into the site, from the wheel: no other host.

    Parameters
    ----------
    outdir
        The finished HTML site.
    cache
        Folder that keeps the bundle between builds; making it takes longer than a chart.
    """
    kept = vega_bundle_path(cache)
    if not kept.is_file():
        make_vega_bundle(cache)
    target = outdir / "_static" / "vega-bundle.js"
    if not target.is_file() or target.stat().st_size != kept.stat().st_size:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(kept.read_bytes())


def vega_bundle_path(cache: Path) -> Path:
    """Name the file that keeps the bundle of the installed version."""
    return cache / f"vega-bundle-{metadata.version('vl-convert-python')}.js"


def make_vega_bundle(cache: Path) -> None:
    """Make the bundle and keep it.

    Parameters
    ----------
    cache
        Folder that keeps the bundle between builds.
    """
    import vl_convert

    kept = vega_bundle_path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    bundle = vl_convert.javascript_bundle()  # type: ignore[call-arg]
    # The bundle declares thousands of short names; a function keeps them to itself.
    part = kept.with_suffix(f".{os.getpid()}.part")
    part.write_text(f"(function(){{{bundle}\n}})();", encoding="utf-8")
    part.replace(kept)
