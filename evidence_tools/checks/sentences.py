"""Sentences of a page, each with the roles that stand in it and the line of every word."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evidence_tools.checks.passages import Page, Passage

ROLE_MARK = "\ua66e"
"""Stands in a sentence's text where a role stands in the page; to a pattern it is a letter."""

_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|vs|cf|al|Dr|Prof|approx|ca|Fig|No|resp)|\b[A-Z])$")
_END = re.compile(r"[.!?]+[\"'”’)\]]*(?=\s|$)")


@dataclass(frozen=True, slots=True)
class RoleMark:
    """A role in a sentence: what it is, its key, and where its mark stands in the text."""

    role: str
    key: str
    position: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, heading, caption sentence or cell, as plain text.

    Attributes
    ----------
    page, kind
        Where it stands.
    text
        Its words, straight quotes, single spaces; each role is one ``ROLE_MARK``.
    roles
        The roles in it, in order.
    heading
        The heading it stands under.
    """

    page: Page
    kind: str
    text: str
    roles: tuple[RoleMark, ...]
    heading: str
    _starts: tuple[int, ...]
    _lines: tuple[int, ...]

    def line_at(self, position: int) -> int:
        """Get the line of the file that a character of the text stands on."""
        return self._lines[max(0, bisect_right(self._starts, position) - 1)]

    @property
    def line(self) -> int:
        """The line the sentence begins on."""
        return self._lines[0]

    def keys(self, role: str) -> tuple[str, ...]:
        """List the keys of one kind of role, in order."""
        return tuple(mark.key for mark in self.roles if mark.role == role)


def sentences(page: Page) -> Iterator[Sentence]:
    """Split every passage of a page into sentences.

    Parameters
    ----------
    page
        From :func:`evidence_tools.checks.pages.read_page`.

    Yields
    ------
    Sentence
        In the order of the page; code and formulas are left out.
    """
    heading = ""
    for passage in page.passages:
        if passage.kind in ("code", "math"):
            continue
        found = list(_split(page, passage, heading))
        yield from found
        if passage.kind == "heading":
            heading = " ".join(sentence.text for sentence in found)


def _split(page: Page, passage: Passage, heading: str) -> Iterator[Sentence]:
    text, starts, lines, roles = _joined(passage)
    begin = 0
    for end in [*_ends(text), len(text)]:
        lead = len(text[begin:end]) - len(text[begin:end].lstrip())
        first = begin + lead
        if text[first:end].strip():
            inside = [i for i, start in enumerate(starts) if first <= start < end]
            before = max((i for i, start in enumerate(starts) if start <= first), default=0)
            chosen = inside if inside and starts[inside[0]] == first else [before, *inside]
            yield Sentence(
                page,
                passage.kind,
                text[first:end].rstrip(),
                tuple(
                    RoleMark(mark.role, mark.key, mark.position - first)
                    for mark in roles
                    if first <= mark.position < end
                ),
                heading,
                tuple(max(0, starts[i] - first) for i in chosen),
                tuple(lines[i] for i in chosen),
            )
        begin = end


def _joined(passage: Passage) -> tuple[str, list[int], list[int], list[RoleMark]]:
    text = ""
    starts: list[int] = []
    lines: list[int] = []
    roles: list[RoleMark] = []
    for piece in passage.pieces:
        starts.append(len(text))
        lines.append(piece.line)
        if piece.role:
            roles.append(RoleMark(piece.role, piece.text, len(text)))
            text += ROLE_MARK
        elif piece.literal == "math" or (piece.literal == "code" and " " not in piece.text.strip()):
            text += "x"  # a symbol or the name of a column says nothing about bones
        else:
            text += straight(piece.text)
    return text, starts, lines, roles


def straight(text: str) -> str:
    """Write typographic quotes, dashes and spaces as plain ones, character by character."""
    return text.translate(_STRAIGHT)


_STRAIGHT = str.maketrans(
    {
        "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u00ab": '"', "\u00bb": '"',
        "\u2018": "'", "\u2019": "'", "\u2010": "-", "\u2011": "-", "\u00a0": " ",
        "\u2009": " ", "\u202f": " ", "\u2082": "2", "\n": " ",
        # Invisible: soft hyphen, zero-width space and joiners, word joiner, byte-order mark.
        "\u00ad": "", "\u200b": "", "\u200c": "", "\u200d": "", "\u2060": "", "\ufeff": "",
        # Letters of other alphabets that look like Latin ones, so that no pattern is evaded.
        **dict(zip("аеорсухіѕјԁһԛԝοАЕОРСУХІЅЈВНКМТΑΒΕΗΙΚΜΝΟΡΤΧ", "aeopcyxisjdhqwoAEOPCYXISJBHKMTABEHIKMNOPTX", strict=True)),
        **{chr(code): chr(code - 0xFEE0) for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))},
    }
)  # fmt: skip


def _ends(text: str) -> Iterable[int]:
    for match in _END.finditer(text):
        if text[match.start()] == "." and _ABBREVIATION.search(text[: match.start()]):
            # "vs. 3" goes on; "vitamin K. It" does not, but one letter may be an initial.
            following = text[match.end() :].lstrip()[:1]
            single = re.search(r"\b[A-Z]$", text[: match.start()])
            if not (single and following.isupper() and text[: match.start()].endswith("n K")):
                continue
        yield match.end()
