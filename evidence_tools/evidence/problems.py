"""Faults of the files an author edits: how they are read, found and reported."""

from __future__ import annotations

import contextlib
import difflib
import html
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

_REMEDY = "the file was once read in the wrong encoding: type the text again, save as UTF-8"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault in a file, with what an author needs to correct it.

    ``line`` counts from 1 (the header of a table is line 1), and 0 means the file as a whole.
    ``column`` is a column name or empty. ``rule`` names the check that found it; faults of the
    tables themselves have none.

    >>> print(Problem("data/findings.csv", 7, "estimate", "blank although an interval is given"))
    data/findings.csv:7: column 'estimate': blank although an interval is given
    """

    path: str
    line: int
    column: str
    message: str
    rule: str = ""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        rule = f" [{self.rule}]" if self.rule else ""
        column = f" column {self.column!r}:" if self.column else ""
        return f"{place}:{rule}{column} {self.message}"

    @staticmethod
    def lines(problems: Iterable[Problem]) -> Iterator[str]:
        """Write problems; a last sentence, on what to do, is written once for each place."""
        known = set[tuple[str, int, str]]()
        for problem in problems:
            found, _, remedy = problem.message.rpartition(". ")
            place = (problem.path, problem.line, remedy)
            yield str(replace(problem, message=found) if found and place in known else problem)
            known.add(place)


class EvidenceError(Exception):
    """The evidence cannot be used; carries every problem found, each once, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        count = len(self.problems)
        heading = f"{count} problem{'s' if count != 1 else ''}:"
        super().__init__("\n".join([heading, *(f"  {problem}" for problem in self.problems)]))


class UnknownKeyError(LookupError):
    """A key that names no row, with the nearest ones that do."""


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Name the allowed word that is nearest to another, as a clause that ends a message.

    >>> did_you_mean("decreese", ["increase", "decrease"])
    "; did you mean 'decrease'?"
    """
    folded = {other.casefold(): other for other in allowed}
    nearest = difflib.get_close_matches(word[:200].casefold(), folded, n=1)
    return f"; did you mean {folded[nearest[0]]!r}?" if nearest else ""


def shorten(text: str) -> str:
    """Show a text from a file in a message: quoted, controls spelled out, not too long."""
    return repr(text) if len(text) <= 60 else f"{text[:60]!r}... ({len(text)} characters)"


def relative_name(path: Path) -> str:
    """Show a path from the working folder when it lies below it, else as it is."""
    # Links are not followed: what they lead to has another name.
    full, here = Path(os.path.abspath(path)), Path.cwd()  # noqa: PTH100
    return str(full.relative_to(here) if full.is_relative_to(here) else path)


def read_text(path: Path) -> tuple[str, list[Problem]]:
    """Read a text file, or say in one problem why it cannot be used.

    It may be missing or damaged; a byte-order mark is accepted.
    """
    line = 0
    try:
        content = path.read_bytes()
        return content.decode("utf-8-sig"), []
    except FileNotFoundError:
        fault = "the file is missing; put it back"
    except OSError as error:
        fault = f"the file cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = f"found the byte 0x{content[error.start]:02X}, which is not UTF-8 text"
        fault = f"{byte}; save it in UTF-8, a table as CSV and no spreadsheet"
    return "", [Problem(relative_name(path), line, "", fault)]


def text_fault(text: str) -> str:
    r"""Say what keeps a cell from being plain text on one line, or nothing.

    >>> text_fault("a\tb")
    'found a tab; remove it: a cell is plain text on one line'
    """
    # Not printable are controls, also those that turn the direction of writing, invisible
    # characters, odd spaces, and what stands for no character.
    if not text.isprintable():
        odd = next(character for character in text if not character.isprintable())
        known = {"\n": "a line break (or a quote that is never closed)", "\t": "a tab"}
        name = unicodedata.name(odd, "a control character").lower()
        found = known.get(odd, f"the invisible character U+{ord(odd):04X} ({name})")
        remedy = "a plain space is needed" if name.endswith(" space") else "remove it"
        return f"found {found}; {remedy}: a cell is plain text on one line"
    if "\N{REPLACEMENT CHARACTER}" in text:
        return f"found U+FFFD, which replaces a letter that was lost; {_REMEDY}"
    with contextlib.suppress(UnicodeError):
        # Nobody writes text that can be read so too: "RÃ¸nn" was "Rønn".
        if not text.isascii() and (meant := text.encode("cp1252").decode("utf-8")):
            return f"found {shorten(text)}, which was {shorten(meant)}; {_REMEDY}"
    if text != (composed := unicodedata.normalize("NFC", text)):
        return f"found {shorten(text)} in letters and accents apart; write {shorten(composed)}"
    if text != (meant := re.sub(r"&#?\w+;", lambda name: html.unescape(name[0]), text)):
        return f"found {shorten(text)}, as the source of a web page has it; write {shorten(meant)}"
    if re.fullmatch(r"nan|NaN|NaT|<NA>|#(N/A|REF!|VALUE!|NAME\?|DIV/0!)", text):
        return f"found {text!r}, which programs write for no value; leave the cell blank"
    if text != text.strip():
        return f"found spaces around {text.strip()[:60]!r}; remove them"
    return ""
