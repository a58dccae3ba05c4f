"""The change log: each release with what changed in its findings, newest first."""

from __future__ import annotations

import re
from datetime import date

from evidence_tools.history.difference import Difference
from evidence_tools.history.summary import difference_markdown

EMPTY = """# Change log

What changed in the findings is computed by `evidence release` from the released snapshots.
Other changes are written by hand under "Unreleased".

## Unreleased
"""
_UNRELEASED = re.compile(r"(?m)^## Unreleased[ \t]*\n")
_RELEASE = re.compile(r"(?m)^## \d")


def release_section(version: str, day: date, difference: Difference | None, findings: int) -> str:
    """Write the computed part of one release.

    Parameters
    ----------
    version, day
        The release.
    difference
        What changed since the release before, or ``None`` for the first.
    findings
        Number of findings in the release.

    Returns
    -------
    str
        Markdown that begins with a heading of level 2.
    """
    if difference is None:
        told = f"First release, with {findings} findings: there is no earlier one to compare with."
        return f"## {version} ({day.isoformat()})\n\n### Findings changed\n\n{told}\n"
    body = difference_markdown(difference, level=4)
    return f"## {version} ({day.isoformat()})\n\n### Findings changed\n\n{body}\n"


def add_release(text: str, section: str) -> str:
    """Put a release above the earlier ones.

    What stands under "Unreleased" belongs to this release and follows its computed part.

    Parameters
    ----------
    text
        The change log as it is; may be empty.
    section
        From :func:`release_section`.

    Returns
    -------
    str
    """
    text = text or EMPTY
    if not (heading := _UNRELEASED.search(text)):
        first = _RELEASE.search(text)
        at = first.start() if first else len(text)
        head, rest = text[:at].rstrip("\n"), text[at:]
        return "\n".join([f"{head}\n", "## Unreleased\n", section, rest]).rstrip("\n") + "\n"
    following = re.compile(r"(?m)^## ").search(text, heading.end())
    end = following.start() if following else len(text)
    by_hand, rest = text[heading.end() : end].strip("\n"), text[end:]
    parts = [text[: heading.end()].rstrip("\n"), section.rstrip("\n"), by_hand, rest.rstrip("\n")]
    return "\n\n".join(part for part in parts if part) + "\n"
