"""One cell as text: what may stand in it, and how a message shows it."""

from __future__ import annotations

import unicodedata

# Controls, invisible format characters (also those that turn the direction of writing),
# line and paragraph separators, and code points that stand for no character.
_NOT_TEXT = {"Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn"}
_CONTROLS = {"\n": "a line break", "\r": "a line break", "\t": "a tab"}
LONGEST = 2000
"""Characters that a cell may hold."""
_SHOWN = 60


def text_fault(text: str) -> str:
    """Say what keeps a cell from being plain text on one line, or nothing.

    Parameters
    ----------
    text
        The cell as it stands in the file.

    Returns
    -------
    str
        A message, or an empty string when nothing is wrong.
    """
    for character in text:
        if character != " " and unicodedata.category(character) in _NOT_TEXT:
            name = _CONTROLS.get(character, unicodedata.name(character, "a control character"))
            return (
                f"found the invisible character U+{ord(character):04X} ({name.lower()}); "
                "remove it: a cell is plain text on one line"
            )
    if fault := _encoding_fault(text):
        return fault
    if text != text.strip():
        return f"found spaces around {text.strip()[:60]!r}; remove them"
    if len(text) > LONGEST:
        return f"found {len(text)} characters, {text[:40]!r}...; at most {LONGEST} fit into a cell"
    return ""


def _encoding_fault(text: str) -> str:
    """Find what a program leaves that took the bytes of a file for another encoding's."""
    remedy = "the file was once read in the wrong encoding: type the text again, save as UTF-8"
    if "\N{REPLACEMENT CHARACTER}" in text:
        return f"found U+FFFD, which stands for a letter that was lost; {remedy}"
    try:
        # Text that is read so too is none that somebody wrote: "RÃ¸nn" was "Rønn".
        meant = "" if text.isascii() else text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return ""
    return f"found {shorten(text)}, which was {shorten(meant)}; {remedy}" if meant else ""


def shorten(text: str) -> str:
    """Show a cell's text: quoted, control characters spelled out, not too long."""
    return repr(text) if len(text) <= _SHOWN else f"{text[:_SHOWN]!r}... ({len(text)} characters)"
