"""How to cite the version at hand: on a page, in files, and in tags that programs read."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from evidence_tools.book.datafiles import TABLES
from evidence_tools.book.pages import EMPTY_HASH
from evidence_tools.book.stamp import NO_COMMIT, PDF_NAME, Stamp
from evidence_tools.display import script_json
from evidence_tools.evidence import Evidence
from evidence_tools.history.citation import Citation, bibtex, ris

REPORT_NAME = PDF_NAME.removesuffix("-{version}.pdf")
COLLECTION = "-files.zip"
"""How the name of the zip file with all that can be taken away ends."""
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
_TYPES = {".csv": "text/csv", ".json": "application/json"}


class evidence_citation(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """How to cite this version; written late, because commit and day are not in the page."""


class HowToCite(SphinxDirective):
    """``{how-to-cite}``: the citation of exactly this version, with its files."""

    has_content: ClassVar[bool] = False

    def run(self) -> list[nodes.Node]:
        """Leave a place for the citation."""
        return [evidence_citation("")]


def citation_of(app: Any) -> Citation:
    """Describe the version that is being built, as others cite it.

    Parameters
    ----------
    app
        A Sphinx application; its configuration names title and authors.
    """
    config, stamp = app.config, app.evidence_stamp
    base = str(config.html_baseurl or "").rstrip("/")
    return Citation(
        name=REPORT_NAME,
        title=str(config.html_title or config.project),
        authors=tuple(part.strip() for part in config.author.split(";") if part.strip()),
        version=stamp.version,
        day=stamp.day,
        commit="" if stamp.commit == NO_COMMIT else stamp.commit_text,
        content_hash=stamp.content,
        language=config.language or "en",
        address=f"{base}/v/{stamp.version}/" if base else "",
    )


def write_citations(app: Any) -> None:
    """Write the BibTeX and RIS files of this version, and remove those of earlier ones."""
    citation, outdir = citation_of(app), Path(app.outdir)
    for old in outdir.glob(f"{REPORT_NAME}-*"):
        if old.suffix in (".bib", ".ris"):
            old.unlink()
    (outdir / f"{citation.file_stem}.bib").write_text(bibtex(citation), encoding="utf-8")
    (outdir / f"{citation.file_stem}.ris").write_bytes(ris(citation).encode())


def add_page_metadata(
    app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Tell programs what a page is: citation tags, and JSON-LD in the words of schema.org."""
    if app.builder.name != "html" or doctree is None:
        return
    citation, stamp = citation_of(app), app.evidence_stamp
    up = "../" * pagename.count("/")
    pdf = f"{citation.address}{stamp.pdf_name}" if citation.address else f"{up}{stamp.pdf_name}"
    tags = [
        ("citation_title", citation.title),
        *(("citation_author", author) for author in citation.authors),
        ("citation_publication_date", citation.day.strftime("%Y/%m/%d")),
        ("citation_language", citation.language),
        ("citation_pdf_url", pdf),
        ("citation_keywords", "; ".join(app.config.evidence_keywords)),
        ("dcterms.hasVersion", citation.version),
    ]
    lines = [
        f'<meta name="{name}" content="{html.escape(value, quote=True)}" />'
        for name, value in tags
        if value
    ]
    lines.append(f'<link rel="license" href="{LICENCE}" />')
    graph = [_article(app, citation, up)]
    if pagename == app.config.root_doc:
        graph[0]["citation"] = _sources(app.evidence)
        graph.append(_dataset(app, citation, up))
    linked = script_json({"@context": "https://schema.org", "@graph": graph})
    lines.append(f'<script type="application/ld+json">{linked}</script>')
    context["metatags"] = "\n".join([context.get("metatags", ""), *lines])


def visit_evidence_citation(self: Any, node: evidence_citation) -> None:
    """Write the citation; on a page with its files, in print as text alone."""
    citation = citation_of(self.builder.app)
    self.body.append(f"<blockquote><p>{html.escape(citation.text)}</p></blockquote>\n")
    # The content hash changes with every edit. On a page it is filled in when all pages are
    # there, in print it stands on the cover: so the page needs no new writing for it.
    hashed = f", content {EMPTY_HASH}" if self.builder.name == "html" else ""
    self.body.append(f"<p>{html.escape(_built_from(citation))}{hashed}.</p>\n")
    if self.builder.name == "html":
        up = "../" * self.builder.current_docname.count("/")
        stem = html.escape(f"{up}{citation.file_stem}", quote=True)
        offers = ((".bib", "BibTeX"), (".ris", "RIS"), (COLLECTION, "All files (.zip)"))
        links = " ".join(f'<a href="{stem}{ending}" download>{name}</a>' for ending, name in offers)
        self.body.append(f'<p class="evidence-download">{links}</p>\n')
    raise nodes.SkipNode


def depart_evidence_citation(self: Any, node: evidence_citation) -> None:
    """Nothing is left to close."""


def skip_evidence_citation(self: Any, node: evidence_citation) -> None:
    """Write nothing, for builders without pages."""
    raise nodes.SkipNode


def add_citing(app: Sphinx) -> None:
    """Register the directive and its node."""
    app.add_directive("how-to-cite", HowToCite)
    app.add_node(
        evidence_citation,
        html=(visit_evidence_citation, depart_evidence_citation),
        text=(skip_evidence_citation, None),
    )


def _built_from(citation: Citation) -> str:
    return ", ".join(part for part in (f"Version {citation.version}", citation.commit) if part)


def _creators(citation: Citation) -> list[dict[str, str]]:
    return [{"@type": "Organization", "name": author} for author in citation.authors]


def _common(app: Any, citation: Citation) -> dict[str, Any]:
    return {
        "version": citation.version,
        "datePublished": citation.day.isoformat(),
        "license": LICENCE,
        "inLanguage": citation.language,
        "isAccessibleForFree": True,
        "identifier": _built_from(citation),
        "keywords": list(app.config.evidence_keywords),
    }


def _article(app: Any, citation: Citation, up: str) -> dict[str, Any]:
    stamp: Stamp = app.evidence_stamp
    return {
        "@type": "MedicalScholarlyArticle",
        "@id": f"{up}index.html",
        "headline": citation.title,
        "name": citation.title,
        "description": app.config.evidence_description,
        "author": _creators(citation),
        "encoding": {
            "@type": "MediaObject",
            "encodingFormat": "application/pdf",
            "contentUrl": f"{up}{stamp.pdf_name}",
        },
        **_common(app, citation),
    }


def _sources(evidence: Evidence) -> list[dict[str, str]]:
    return [
        {"@type": "CreativeWork", "name": source.title, "url": source.link}
        for source in evidence.sources.values()
        if source.link
    ]


def _dataset(app: Any, citation: Citation, up: str) -> dict[str, Any]:
    data: Path = app.evidence.folder
    names = [*sorted(path.name for path in data.glob("*.csv")), "datapackage.json"]
    return {
        "@type": "Dataset",
        "@id": f"{up}{TABLES}/datapackage.json",
        "name": f"{citation.title}: the evidence tables",
        "description": (
            "Findings, sources, outcomes, trial arms and marker context as the sources print them. "
            "A blank cell was not stated or not found."
        ),
        "creator": _creators(citation),
        "isPartOf": {"@id": f"{up}index.html"},
        "distribution": [
            {
                "@type": "DataDownload",
                "name": name,
                "encodingFormat": _TYPES[Path(name).suffix],
                "contentUrl": f"{up}{TABLES}/{name}",
            }
            for name in names
        ],
        **_common(app, citation),
    }
