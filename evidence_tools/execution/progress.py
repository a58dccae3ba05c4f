"""What an author sees while chapters run."""

from __future__ import annotations

from collections.abc import Callable

from evidence_tools.execution.chapter import Outcome

_SLOWEST = 3


class Progress:
    """One line per chapter, and the slowest at the end.

    Parameters
    ----------
    total
        Number of chapters that run.
    say
        Prints a line; ``None`` keeps quiet.
    """

    def __init__(self, total: int, say: Callable[[str], None] | None) -> None:
        self.total = total
        self._say = say
        self._done: list[tuple[float, str]] = []

    def begin(self) -> None:
        """Say how many chapters run."""
        if self._say is not None:
            self._say(f"running {self.total} chapter{'s' if self.total != 1 else ''}")

    def tell(self, outcome: Outcome) -> None:
        """Say how long a chapter took, and whether it failed."""
        docname = outcome.chapter.docname
        self._done.append((outcome.seconds, docname))
        if self._say is not None:
            width = len(str(self.total))
            failed = "  failed" if outcome.reason else ""
            number = f"{len(self._done):{width}}/{self.total}"
            self._say(f"  {number}  {outcome.seconds:6.1f} s  {docname}{failed}")

    def end(self, seconds: float) -> None:
        """Say how long it all took, and which chapters took longest.

        Parameters
        ----------
        seconds
            From the first chapter's start to the last one's end.
        """
        if self._say is None:
            return
        self._say(f"ran {len(self._done)} of {self.total} chapters in {seconds:.1f} s")
        if len(self._done) > _SLOWEST:
            slowest = sorted(self._done, reverse=True)[:_SLOWEST]
            self._say("slowest: " + ", ".join(f"{name} {took:.1f} s" for took, name in slowest))
