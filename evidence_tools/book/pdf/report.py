"""Set the whole book as one PDF: HTML article -> pandoc -> Typst, without the network.

The PDF follows PDF/UA-1: it is tagged, has bookmarks, and every picture has alternative text.
The same article with the same details gives the same bytes.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evidence_tools.book.pdf.article import tidy_article
from evidence_tools.book.pdf.compact import compact
from evidence_tools.book.pdf.markup import to_typst
from evidence_tools.book.pdf.pictures import PdfError
from evidence_tools.book.pdf.pieces import Piece


@dataclass(frozen=True, slots=True)
class ReportDetails:
    """What the cover, the running lines and the file's metadata say about the report.

    Attributes
    ----------
    title, subtitle
        The title also becomes the title of the PDF.
    authors
        People or bodies that answer for the report, in order.
    publisher
        Who publishes it; may be empty.
    version
        Version of the report, without a leading ``v``.
    date
        Day of the version; the file's time stamp is its midnight (UTC).
    commit
        Commit the report was built from; shortened to 10 characters in print. Empty if there is
        none, and then print says so.
    modified
        Whether files differed from the commit.
    content
        Hash of what it was built from, shortened; may be empty.
    language
        BCP 47 tag such as ``en`` or ``en-GB``.
    licence
        One or two sentences on reuse.
    how_to_cite
        The citation to use, with version and, if there is one, DOI.
    description
        One or two sentences for the file's metadata.
    short_title
        Title for the running line; the full title if empty.
    """

    title: str
    version: str
    date: datetime.date
    subtitle: str = ""
    authors: tuple[str, ...] = ()
    publisher: str = ""
    commit: str = ""
    modified: bool = False
    content: str = ""
    language: str = "en"
    licence: str = ""
    how_to_cite: str = ""
    description: str = ""
    short_title: str = ""


def make_pdf(article_html: str, *, details: ReportDetails, resources: Path, target: Path) -> Path:
    """Make the PDF of an article as a whole, and put it in place in one step.

    Parameters
    ----------
    article_html : str
        The book as Sphinx's ``singlehtml`` builder writes it (page or body).
    details : ReportDetails
        What the cover and the metadata say.
    resources : Path
        Folder that relative addresses of pictures start from.
    target : Path
        The PDF to write. It is replaced only by a finished file.

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    PdfError
        If the PDF cannot be made; nothing is written then.
    """
    with tempfile.TemporaryDirectory(prefix="report-") as folder:
        root = Path(folder)
        body = to_typst(tidy_article(article_html, root, resources=resources))
        return _set(body, root, details, target)


def make_pdf_of_pieces(
    pieces: Sequence[Piece], *, details: ReportDetails, target: Path, within: Path | None = None
) -> Path:
    """Make the PDF of chapters that are Typst markup already, and put it in place in one step.

    Parameters
    ----------
    pieces : sequence of Piece
        The chapters, in order.
    details : ReportDetails
        What the cover and the metadata say.
    target : Path
        The PDF to write. It is replaced only by a finished file.
    within : Path, optional
        Folder for temporary files, if not the system's: one that the next build clears, so that
        nothing stays when this one is killed.

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    PdfError
        If the PDF cannot be made; nothing is written then.
    """
    with tempfile.TemporaryDirectory(prefix="report-", dir=within) as folder:
        root = Path(folder)
        parts = []
        for number, piece in enumerate(pieces, start=1):
            markup = piece.markup
            for name, content in piece.pictures.items():
                # Chapters name their pictures by themselves: two may use the same name.
                (root / f"{number}-{name}").write_bytes(content)
                markup = markup.replace(f'#picture("{name}"', f'#picture("{number}-{name}"')
            parts.append(markup)
        return _set("\n\n".join(parts), root, details, target)


def _set(body: str, root: Path, details: ReportDetails, target: Path) -> Path:
    (root / "main.typ").write_text(
        f'#import "report.typ": *\n#show: report\n\n{body}\n', encoding="utf-8"
    )
    shutil.copyfile(Path(__file__).with_name("report.typ"), root / "report.typ")
    pdf = compact(_compile(root, details))
    target.parent.mkdir(parents=True, exist_ok=True)
    # The temporary file lies beside the target: os.replace is atomic within one file system only.
    handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=".pdf", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pdf)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return target


def _compile(root: Path, details: ReportDetails) -> bytes:
    """Run Typst on `root` and explain in the book's terms what it objects to."""
    import typst

    midnight = datetime.datetime.combine(details.date, datetime.time(), datetime.UTC)
    facts = asdict(details) | {
        "date": details.date.isoformat(),
        "commit": details.commit[:10] + (", modified" if details.modified else ""),
        "short_title": details.short_title or details.title,
    }
    try:
        pdf = typst.compile(
            str(root / "main.typ"),
            root=str(root),
            format="pdf",
            pdf_standards=["ua-1"],
            ignore_system_fonts=True,
            timestamp=int(midnight.timestamp()),
            sys_inputs={"details": json.dumps(facts)},
        )
    except typst.TypstError as error:
        raise PdfError(_explain(error, (root / "main.typ").read_text(encoding="utf-8"))) from error
    return bytes(pdf)


def _explain(error: Any, source: str) -> str:
    """Say what Typst refused and under which heading of the report it stands."""
    lines = source.splitlines()
    place = re.search(r"main\.typ:(\d+)", str(error.diagnostic))
    above = reversed(lines[: int(place[1])]) if place else iter(())
    heading = next((line.lstrip("= ") for line in above if re.match(r"=+ ", line)), "")
    heading = re.sub(r"#section-number\[|#brk;|#\"|\";|\]", "", heading)
    advice = "; ".join(str(hint) for hint in error.hints)
    if "could not be displayed" in error.message:
        advice = "The fonts of the PDF lack this character: write it in another way"
    where = f" under the heading {heading!r}" if heading else ""
    # The folder is a temporary one; its name would help nobody.
    diagnostic = re.sub(r"\S*/(\w+\.typ)", r"\1", str(error.diagnostic)).partition("\n\nerror")[0]
    return f"Typst refuses the report{where}: {error.message}. {advice}\n{diagnostic}".strip()
