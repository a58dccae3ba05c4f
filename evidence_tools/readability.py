"""How hard a page is to read: its sentences as a reader sees them, and their grade."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NOT_READ = (
    "script, style, button, details.hide, .evidence-cards, a.headerlink, .prev-next-footer, "
    "figure, table, .cell_input, .evidence-changed, a[href*='references.html#id']"
)
_BLOCKS = "h1, h2, h3, h4, p, li, dt"


def page_prose(html: str) -> str:
    """Take the sentences of a finished page, without code, figures and tables.

    Parameters
    ----------
    html
        A page, or the part of one; only its ``<article>`` is read when it has one.

    Returns
    -------
    str
        One line for each heading, paragraph and list item, each closed by a full stop when
        it ends without one, so that a heading does not run into the sentence below it.
    """
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    body = soup.find("article") or soup
    for tag in body.select(_NOT_READ):
        tag.decompose()
    lines = []
    for block in body.select(_BLOCKS):
        if block.find(["p", "li"]):
            continue
        lines.append(" ".join(block.get_text().split()))
    return closed_lines(lines)


def closed_lines(lines: Iterable[str]) -> str:
    """Join lines that have text, each closed by a full stop when it ends without a mark."""
    return "\n".join(line if re.search(r"[.?!:;]$", line) else f"{line}." for line in lines if line)


def reading_text(text: str) -> str:
    """Say how long a text is and how hard it is to read, with one decimal of the grade."""
    return (
        f"It has {word_count(text)} words, and a Flesch-Kincaid grade of {reading_grade(text):.1f}."
    )


def word_count(text: str) -> int:
    """Count the words of a text; a number is a word, a lone sign is none."""
    return len(re.findall(r"\w[\w.,'’-]*", text))


def reading_grade(text: str) -> float:
    """Measure the Flesch-Kincaid grade of an English text.

    Parameters
    ----------
    text
        Whole sentences.

    Returns
    -------
    float
        Years of school that the sentences ask for; about 9 is the end of compulsory school.

    Raises
    ------
    ValueError
        If there are no words to measure.
    """
    import textstat  # only the tests and the page on checks measure

    if not word_count(text):
        raise ValueError("there are no words to measure")
    return float(textstat.flesch_kincaid_grade(text))
