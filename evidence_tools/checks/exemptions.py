"""Exemptions: one place, one rule, one written reason.

In a chapter a comment on the line before, which no reader sees::

    % check: ignore number -- the trial's own name for its two arms

In a code cell or a settings file the same after ``#``. It holds for the next line that is not
a comment. ``% check: exclude FINDING-ID -- reason`` says on any page why a finding is shown on
none. An exemption without a reason, of an unknown rule, or of nothing is a problem itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evidence_tools.checks.passages import Page
from evidence_tools.schema import Problem

RULE = "exemption"
_COMMENT = re.compile(r"check:\s*(ignore|exclude)\s+([\w-]+)\s*(?:--\s*(.*))?$")
_SHORTEST_REASON = 8


@dataclass(frozen=True, slots=True)
class Exemption:
    """One exemption: of a rule at a line, or of a finding on the whole report."""

    path: str
    line: int
    kind: str
    subject: str
    reason: str
    target: int


def read_exemptions(
    pages: Iterable[Page], rules: Iterable[str]
) -> tuple[list[Exemption], list[Problem]]:
    """Read every exemption of some pages.

    Parameters
    ----------
    pages
        Chapters and settings.
    rules
        Identifiers of the rules that can be ignored.

    Returns
    -------
    exemptions, problems
        Those that are well formed, and what is wrong with the others.
    """
    known = sorted(rules)
    exemptions: list[Exemption] = []
    problems: list[Problem] = []
    for page in pages:
        comments = {comment.line for comment in page.comments}
        for comment in page.comments:
            if not comment.text.startswith("check:"):
                continue
            match = _COMMENT.match(comment.text)
            if match is None:
                wrong = "write `check: ignore RULE -- reason` or `check: exclude FINDING -- reason`"
            elif len((match.group(3) or "").strip()) < _SHORTEST_REASON:
                wrong = "an exemption needs a written reason after `--`"
            elif match.group(1) == "ignore" and match.group(2) not in known:
                wrong = f"there is no rule {match.group(2)!r}; the rules are {', '.join(known)}"
            else:
                target = _next_line(page, comment.line, comments)
                exemptions.append(
                    Exemption(
                        page.path,
                        comment.line,
                        match.group(1),
                        match.group(2),
                        match.group(3).strip(),
                        target,
                    )
                )
                continue
            problems.append(Problem(page.path, comment.line, "", wrong, RULE))
    return exemptions, problems


def _next_line(page: Page, line: int, comments: set[int]) -> int:
    following = range(line + 1, len(page.lines) + 1)
    return next((n for n in following if n not in comments and page.lines[n - 1].strip()), 0)


def apply_exemptions(
    problems: Iterable[Problem], exemptions: Iterable[Exemption]
) -> tuple[list[Problem], list[Exemption]]:
    """Take out the problems that are exempted.

    Returns
    -------
    problems, used
        What is left, with one more problem for each exemption that exempts nothing; and the
        exemptions that were used.
    """
    granted = [e for e in exemptions if e.kind == "ignore"]
    by_place = {(e.path, e.target, e.subject): e for e in granted}
    left: list[Problem] = []
    used: dict[tuple[str, int], Exemption] = {}
    for problem in problems:
        exemption = by_place.get((problem.path, problem.line, problem.rule))
        if exemption is None:
            left.append(problem)
        else:
            used[exemption.path, exemption.line] = exemption
    left += _idle(e for e in granted if (e.path, e.line) not in used)
    return left, list(used.values())


def _idle(exemptions: Iterable[Exemption]) -> Iterator[Problem]:
    for exemption in exemptions:
        yield Problem(
            exemption.path,
            exemption.line,
            "",
            f"exempts line {exemption.target} from {exemption.subject!r}, which finds nothing "
            "there; remove the exemption",
            RULE,
        )
