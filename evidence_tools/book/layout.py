"""What every page carries: head and header, scripts and styles, hover cards, how to cite it."""

import codecs
import html
import re
import tomllib
from dataclasses import asdict
from functools import cache, partial
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from evidence_tools.book.nodes import download_links, evidence_ref
from evidence_tools.releases.manifest import fill_template
from evidence_tools.show import words

OFFERED = {".bib": "BibTeX", ".ris": "RIS", "-files.zip": "All files (.zip)"}
"""Files of a version beside its PDF: how their names end, and what readers are offered."""
_FOLDER = Path(__file__).parent
_NEEDED_BY = {"toggle": r'class="[^"]*\b(dropdown|toggle)\b', "design": "sd-"}
_NEEDED_BY |= {"diary": "evidence-diary", "moving": "data-scripts"}
"""Scripts and styles that a page needs only if its text has something of a kind."""
_NEVER = re.compile(r"clipboard|copybutton|(?i:thebe)|DOCUMENTATION_OPTIONS\.")


@cache
def report_of(app: Any) -> dict[str, Any]:
    """Describe the report, as its settings and ``pyproject.toml`` do; its files have its name."""
    config, text = app.config, Path(app.srcdir, "pyproject.toml").read_text("utf-8")
    return {
        "name": str(tomllib.loads(text)["project"]["name"]),
        "title": str(config.html_title or config.project),
        "authors": [part.strip() for part in config.author.split(";") if part.strip()],
        "language": config.language or "en",
        "description": config.evidence_description,
        "licence": config.evidence_licence,
        "keywords": list(config.evidence_keywords),
    }


def address_of(app: Any) -> str:
    """Give the address at which this version will be published; empty if that is not known."""
    base = str(app.config.html_baseurl or "").rstrip("/")
    return f"{base}/v/{app.evidence_stamp.version}/" if base else ""


def file_stem(app: Any) -> str:
    """Name the files of this version, without their ending."""
    return f"{report_of(app)['name']}-{app.evidence_stamp.version}"


def cite(app: Any, form: str = "txt") -> str:
    """Write the citation of this version as ``txt``, ``bib`` or ``ris``, from its template."""
    import latexcodec  # noqa: F401 - registers the encoding

    latex = partial(codecs.encode, encoding="ulatex+utf-8")
    known = report_of(app) | asdict(app.evidence_stamp) | {"stamp": app.evidence_stamp.text}
    template = _FOLDER / "templates" / f"cite.{form}"
    text = fill_template(template, **known, address=address_of(app), latex=latex)
    return text.replace("\n", "\r\n") if form == "ris" else text


class HowToCite(SphinxDirective):
    """``{how-to-cite}``: the citation of exactly this version, and on pages its files too.

    It names a commit, so its page is read again in every build.
    """

    def run(self) -> list[nodes.Node]:
        """Write the citation, and links to its files."""
        app: Any = self.env.app
        self.env.note_reread()
        cited = nodes.block_quote("", nodes.paragraph("", cite(app).strip()))
        stamp = nodes.paragraph("", f"{app.evidence_stamp.text}.")
        stem = "../" * self.env.docname.count("/") + file_stem(app)
        offer = download_links({f"{stem}{ending}": name for ending, name in OFFERED.items()})
        return [nodes.container("", cited, stamp, classes=["citation"]), offer]


def use_assets(app: Any) -> None:
    """Name our templates, scripts and styles, and switch off what the report has no use for."""
    config, stamp, options = app.config, app.evidence_stamp, app.config.html_theme_options
    config.templates_path.insert(0, str(_FOLDER / "templates"))
    config.html_static_path.append(str(_FOLDER / "static"))
    app.add_css_file("evidence.css")
    for script in ("evidence.js", "evidence-versions.js", "evidence-diary.js"):
        app.add_js_file(script, loading_method="defer")
    config.release = config.version = stamp.version
    foot = f"{html.escape(stamp.text)}. {html.escape(config.evidence_licence)}"
    config.html_theme_options = options | {
        "article_header_start": ["toggle-primary-sidebar.html", "evidence-versions.html"],
        "extra_footer": f'<p class="evidence-stamp">{html.escape(config.author)}. {foot}</p>',
        "footer_content_items": ["copyright.html", "extra-footer.html"],
        "logo": {"text": html.escape(config.html_title)} | options.get("logo", {}),
        "navbar_persistent": [],  # the sidebar has a search field already
    }
    for listeners in app.events.listeners.values():
        # Thebe would write into every page where to run its code on another host.
        listeners[:] = [item for item in listeners if "sphinx_thebe" not in item.handler.__module__]


def complete_page(
    app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Add head, header and cards to a page; leave out scripts and styles it has no use for."""
    body = context.get("body", "")
    for files in ("script_files", "css_files"):
        # In place: Sphinx adds to the same list what others ask for later.
        context[files][:] = [file for file in context[files] if _is_used(file, body)]
    context["evidence_pdf"] = f"{file_stem(app)}.pdf"
    if doctree is None:
        return
    context["report"] = report_of(app)
    context["address"] = address_of(app) or context["content_root"]
    if address_of(app):  # the canonical address is that of this version
        context["pageurl"] = address_of(app) + app.builder.get_target_uri(pagename)
    context["evidence_date"] = app.evidence_stamp.date.replace("-", "/")
    notebook = Path(app.outdir, f"{pagename}.ipynb")
    context["evidence_notebook"] = notebook.name if notebook.is_file() else ""
    # Words that unfold code name it for those who hear the page, too.
    body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
    body = body.replace('role="doc-biblioentry"', 'role="listitem"')
    context["body"] = body
    mentions = {(node["kind"], node["key"]) for node in doctree.findall(evidence_ref)}
    context |= {"mentions": sorted(mentions), "evidence": app.evidence, "words": words}


def _is_used(file: Any, body: str) -> bool:
    shown = f"{file.filename or ''} {getattr(file, 'attributes', {}).get('body', '')}"
    wanted = (re.search(mark, body) for name, mark in _NEEDED_BY.items() if name in shown.lower())
    return not _NEVER.search(shown) and all(wanted)


def split_keywords(app: Sphinx, doctree: nodes.document) -> None:
    """Let each word of a page's keywords be found, also those of "side effects"."""
    for meta in doctree.findall(nodes.meta):
        if meta.get("name") == "keywords":
            meta["content"] = ", ".join(re.findall(r"[\w-]+", meta["content"]))
