"""Chapters as they were written for print, kept until something they follow from changes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any


class KeptChapters:
    """Printed forms of chapters, kept between builds.

    Parameters
    ----------
    app
        A Sphinx application that has read every chapter.
    """

    def __init__(self, app: Any) -> None:
        self._folder = Path(app.outdir).parent / ".evidence" / "print"
        self._doctrees = Path(app.doctreedir)
        # What pages show of one another, the data and package, and the settings.
        settings = getattr(getattr(app.builder, "build_info", None), "config_hash", "")
        outline = getattr(app.env, "evidence_outline", "")
        self._common = f"{outline}\0{app.config.evidence_fingerprint}\0{settings}\0"
        self._used: set[str] = set()

    def find(self, docname: str) -> str | None:
        """Get a chapter's printed form, if it was kept and nothing changed since."""
        name = self._name(docname)
        try:
            text = (self._folder / name).read_text(encoding="utf-8")
        except OSError:
            return None
        self._used.add(name)
        return text

    def keep(self, docname: str, text: str) -> None:
        """Keep a chapter's printed form."""
        name = self._name(docname)
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f"{name}.part"
        part.write_text(text, encoding="utf-8")
        part.replace(self._folder / name)
        self._used.add(name)

    def remove_others(self) -> None:
        """Remove what this build neither found nor kept."""
        for path in self._folder.glob("*") if self._folder.is_dir() else ():
            if path.name not in self._used:
                path.unlink(missing_ok=True)

    def _name(self, docname: str) -> str:
        doctree = (self._doctrees / f"{docname}.doctree").read_bytes()
        key = hashlib.sha256(f"{self._common}{docname}\0".encode() + doctree)
        return f"{key.hexdigest()[:40]}.html"
