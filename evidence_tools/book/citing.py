"""How to cite the version at hand: on a page, and in files."""

from __future__ import annotations

import html
import tomllib
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from evidence_tools.releases.stamp import bibtex, citation_text, ris

ALL_FILES = "files.zip"
"""How the name of the zip file with all that can be taken away ends."""


class evidence_citation(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """How to cite this version; written late, because commit and day are not in the page."""


class HowToCite(SphinxDirective):
    """``{how-to-cite}``: the citation of exactly this version, with its files."""

    def run(self) -> list[nodes.Node]:
        """Leave a place for the citation."""
        return [evidence_citation("")]


def report_of(app: Any) -> dict[str, Any]:
    """Describe the report, as its settings and ``pyproject.toml`` do; its files have its name."""
    config = app.config
    project = tomllib.loads(Path(app.srcdir, "pyproject.toml").read_text("utf-8"))["project"]
    return {
        "name": str(project["name"]),
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


def citation_of(app: Any) -> str:
    """Write the citation of this version in one paragraph."""
    return citation_text(report_of(app), app.evidence_stamp, address_of(app))


def file_stem(app: Any) -> str:
    """Name the files of this version, without their ending."""
    return f"{report_of(app)['name']}-{app.evidence_stamp.version}"


def write_citations(app: Any, folder: Path) -> None:
    """Write the BibTeX and RIS files of this version."""
    known = (report_of(app), app.evidence_stamp, address_of(app))
    (folder / f"{file_stem(app)}.bib").write_text(bibtex(*known), encoding="utf-8")
    (folder / f"{file_stem(app)}.ris").write_bytes(ris(*known).encode())


def _visit_citation(self: Any, node: evidence_citation) -> None:
    app = self.builder.app
    stem = "../" * self.builder.current_docname.count("/") + file_stem(app)
    offers = {".bib": "BibTeX", ".ris": "RIS", f"-{ALL_FILES}": "All files (.zip)"}
    links = " ".join(
        f'<a href="{html.escape(stem + ending, quote=True)}" download>{name}</a>'
        for ending, name in offers.items()
    )
    self.body.append(
        f'<div class="citation"><blockquote>{html.escape(citation_of(app))}</blockquote>\n'
        f"<p>{html.escape(app.evidence_stamp.text)}.</p></div>\n"
        f'<p class="evidence-download">{links}</p>\n'
    )
    raise nodes.SkipNode


def add_citing(app: Sphinx) -> None:
    """Register the directive and its node."""
    app.add_directive("how-to-cite", HowToCite)
    app.add_node(evidence_citation, html=(_visit_citation, None))
