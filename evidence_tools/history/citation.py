"""How to cite exactly one version: as text, BibTeX, RIS and in ``CITATION.cff``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from evidence_tools.storage import HistoryError

_BIBTEX = {
    "\\": r"\textbackslash{}",
    **{mark: f"\\{mark}" for mark in "{}&%$#_"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Citation:
    """One version of the report, as others cite it.

    Attributes
    ----------
    name
        Name of the report's files, without version.
    title
        Title of the report.
    authors
        People or bodies, in order.
    version, day
        The version and its day.
    commit, content_hash
        What identifies the files it was built from; empty where not known.
    language
        BCP 47 tag.
    address
        Address of this version, if it has one that is known.
    """

    name: str
    title: str
    authors: tuple[str, ...]
    version: str
    day: date
    commit: str = ""
    content_hash: str = ""
    language: str = "en"
    address: str = ""

    @property
    def file_stem(self) -> str:
        """Name of the citation files, without ending."""
        return f"{self.name}-{self.version}"

    @property
    def text(self) -> str:
        """The citation in one paragraph."""
        authors = "; ".join(self.authors).rstrip(".")
        title = self.title if self.title.endswith((".", "?", "!")) else f"{self.title}."
        address = f" {self.address}" if self.address else ""
        return f"{authors}. {title} Version {self.version}, {self.day.isoformat()}.{address}"

    @property
    def note(self) -> str:
        """What identifies the version's content."""
        parts = [f"Version {self.version}", self.commit]
        parts.append(f"content {self.content_hash[:12]}" if self.content_hash else "")
        return ", ".join(part for part in parts if part)


def bibtex(citation: Citation) -> str:
    """Write the citation as a BibTeX entry.

    Returns
    -------
    str
        An ``@misc`` entry; braces keep bodies and titles as they are written.
    """
    fields = {
        "author": " and ".join(f"{{{_tex(author)}}}" for author in citation.authors),
        "title": f"{{{_tex(citation.title)}}}",
        "year": str(citation.day.year),
        "month": _MONTHS[citation.day.month - 1],
        "day": str(citation.day.day),
        "version": _tex(citation.version),
        "note": _tex(citation.note),
        "url": citation.address,
    }
    lines = [
        f"  {name} = {value if name == 'month' else f'{{{value}}}'},"
        for name, value in fields.items()
        if value
    ]
    return "\n".join([f"@misc{{{citation.file_stem},", *lines, "}", ""])


def ris(citation: Citation) -> str:
    """Write the citation as a RIS record; lines end as the format asks."""
    fields = [
        ("TY", "RPRT"),
        *(("AU", author) for author in citation.authors),
        ("TI", citation.title),
        ("PY", str(citation.day.year)),
        ("DA", citation.day.strftime("%Y/%m/%d")),
        ("ET", citation.version),
        ("LA", citation.language),
        ("N1", citation.note),
        ("UR", citation.address),
        ("ER", ""),
    ]
    kept = [(tag, " ".join(value.split())) for tag, value in fields if value or tag == "ER"]
    return "".join(f"{tag}  - {value}\r\n" for tag, value in kept)


def set_cff(text: str, version: str, day: date) -> str:
    """Set version and day in ``CITATION.cff``, and leave every other line as it is.

    Parameters
    ----------
    text
        The file as it is.
    version, day
        The release.

    Returns
    -------
    str

    Raises
    ------
    HistoryError
        If the file has no line ``version:``.
    """
    text, count = re.subn(r"(?m)^version:.*$", f"version: {version}", text)
    if count != 1:
        raise HistoryError("CITATION.cff: exactly one line that begins with 'version:' is needed")
    line = f"date-released: {day.isoformat()}"
    text, count = re.subn(r"(?m)^date-released:.*$", line, text)
    if count == 0:
        text = re.sub(r"(?m)^(version:.*)$", rf"\1\n{line}", text)
    return text


def _tex(text: str) -> str:
    return "".join(_BIBTEX.get(letter, letter) for letter in text)
