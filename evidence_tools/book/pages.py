"""What every page carries: the PDF in its header, the stamp in its footer, scripts and styles."""

from __future__ import annotations

import html
import re
from importlib import metadata
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from evidence_tools.book.stamp import Stamp

STATIC = Path(__file__).parent / "static"
_SIZE = re.compile(r'(<span class="evidence-pdf-size">)[^<]*(</span>)')
_HASH = re.compile(r'(<span class="evidence-content">)[^<]*(</span>)')
EMPTY_HASH = '<span class="evidence-content"></span>'
"""Place of the content hash in a page; see :func:`finish_pages`."""
_SIZE_OPEN = '<span class="evidence-pdf-size">'


def add_assets(app: Sphinx) -> None:
    """Register the style sheet and the script; both are part of the package."""
    app.config.html_static_path.append(str(STATIC))
    app.add_css_file("evidence.css")
    app.add_js_file("evidence.js", loading_method="defer")
    # Nothing in a build; in a published copy it fills the version switcher.
    app.add_js_file("published.js", loading_method="defer")


def set_footer(app: Sphinx, stamp: Stamp) -> None:
    """Print the stamp at the foot of every page; a new stamp has every page written again."""
    app.config.release = app.config.version = stamp.version
    options = dict(app.config.html_theme_options)
    licence = html.escape(app.config.evidence_licence)
    text = html.escape(stamp.text)
    options["navbar_persistent"] = []  # the sidebar has a search field already
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
    buttons = context.get("header_buttons")
    if buttons is None or app.builder.name != "html":
        return
    depth = pagename.count("/")
    buttons.append(
        {
            "type": "link",
            "url": "../" * depth + stamp.pdf_name,
            "text": f"PDF {stamp.version} ({_SIZE_OPEN}size</span>)",
            "icon": "fas fa-file-pdf",
            "tooltip": f"Download version {stamp.version} as PDF",
            "label": "download-report-pdf",
        }
    )


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


def write_vega_bundle(outdir: Path, cache: Path) -> None:
    """Put Vega, Vega-Lite and Vega-Embed into the site, from the wheel: no other host.

    Parameters
    ----------
    outdir
        The finished HTML site.
    cache
        Folder that keeps the bundle between builds; making it takes longer than a chart.
    """
    version = metadata.version("vl-convert-python")
    kept = cache / f"vega-bundle-{version}.js"
    if not kept.is_file():
        import vl_convert

        cache.mkdir(parents=True, exist_ok=True)
        bundle = vl_convert.javascript_bundle()  # type: ignore[call-arg]
        # The bundle declares thousands of short names; a function keeps them to itself.
        part = kept.with_suffix(".part")
        part.write_text(f"(function(){{{bundle}\n}})();", encoding="utf-8")
        part.replace(kept)
    target = outdir / "_static" / "vega-bundle.js"
    if not target.is_file() or target.stat().st_size != kept.stat().st_size:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(kept.read_bytes())


def visit_entry(self: Any, node: nodes.entry) -> None:
    """Write a table cell; headers say whether they head a column or a row."""
    HTML5Translator.visit_entry(self, node)
    tag = self.body[-1]
    if tag.startswith("<th"):
        scope = "col" if isinstance(node.parent.parent, nodes.thead) else "row"
        self.body[-1] = tag.replace("<th", f'<th scope="{scope}"', 1)


def depart_entry(self: Any, node: nodes.entry) -> None:
    """Close a table cell."""
    HTML5Translator.depart_entry(self, node)


def add_table_scopes(app: Sphinx) -> None:
    """Have every table of the book written with scoped headers."""
    app.add_node(nodes.entry, override=True, html=(visit_entry, depart_entry))
