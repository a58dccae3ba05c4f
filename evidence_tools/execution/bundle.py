"""A book and its package as one file of bytes, for a machine that has neither."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from evidence_tools.execution.errand import BOOK, CODE
from evidence_tools.execution.fingerprint import PACKAGE, files_below
from evidence_tools.execution.reads import book_files


def pack(book: Path, data: Path) -> bytes:
    """Pack the book's files, its data and the package.

    Parameters
    ----------
    book
        The book folder; what builds wrote and what is hidden stays out.
    data
        The folder with the tables, which must lie in the book folder.

    Returns
    -------
    bytes
        A ZIP archive with the folders ``book`` and ``code``; the same files give the same bytes.
    """
    files = {f"{BOOK}/{path.relative_to(book).as_posix()}": path for path in book_files(book)}
    files |= {f"{BOOK}/{path.relative_to(book).as_posix()}": path for path in files_below(data)}
    root = PACKAGE.parent
    files |= {f"{CODE}/{path.relative_to(root).as_posix()}": path for path in files_below(PACKAGE)}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, path in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return target.getvalue()
