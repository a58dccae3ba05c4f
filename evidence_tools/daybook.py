"""A log of days: what was taken on which day, where the gaps are, what is coming up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from enum import StrEnum

MADE_UP = "made-up example"
"""How a row says that nobody lived it."""


class DayStatus(StrEnum):
    """What the log says of a day; a day without a row is not a day without a dose."""

    TAKEN = "taken"
    NOT_TAKEN = "not taken"
    NOT_LOGGED = "not logged"


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One day of a log. ``None`` means that the cell is blank: not noted, never zero."""

    day: date
    dose: str
    form: str
    taken_at: time | None
    calcium: bool | None
    vitamin_d: bool | None
    exercise_minutes: int | None
    falls: int | None
    fractures: int | None
    next_check_up: date | None
    next_scan: date | None
    note: str

    @property
    def taken(self) -> bool:
        """Whether something was taken that day."""
        return bool(self.dose)


@dataclass(frozen=True, slots=True)
class Gap:
    """Days in a row on which the log does not say that something was taken."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """Length of the gap in days, both ends included."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class Log:
    """A log in the order of its days.

    Attributes
    ----------
    entries
        At least one; one for each day that has a row.
    """

    entries: tuple[LogEntry, ...]

    @property
    def first(self) -> date:
        """The first day that has a row."""
        return self.entries[0].day

    @property
    def last(self) -> date:
        """The last day that has a row: what is upcoming is counted from here, not from today."""
        return self.entries[-1].day

    @property
    def made_up(self) -> bool:
        """Whether any row says that it is a made-up example."""
        return any(entry.note.startswith(MADE_UP) for entry in self.entries)

    def statuses(self) -> dict[date, DayStatus]:
        """Say of every day from the first to the last whether something was taken."""
        rows = {entry.day: entry for entry in self.entries}
        days = {}
        for number in range((self.last - self.first).days + 1):
            day = self.first + timedelta(days=number)
            entry = rows.get(day)
            if entry is None:
                days[day] = DayStatus.NOT_LOGGED
            else:
                days[day] = DayStatus.TAKEN if entry.taken else DayStatus.NOT_TAKEN
        return days

    def gaps(self, *, least_days: int = 2) -> tuple[Gap, ...]:
        """Find stretches of days without a dose in the log.

        Parameters
        ----------
        least_days
            Shorter stretches are left out.

        Returns
        -------
        tuple of Gap
            In the order of time.
        """
        found: list[Gap] = []
        for day, status in self.statuses().items():
            if status is DayStatus.TAKEN:
                continue
            if found and found[-1].last == day - timedelta(days=1):
                found[-1] = Gap(found[-1].first, day)
            else:
                found.append(Gap(day, day))
        return tuple(gap for gap in found if gap.days >= least_days)

    def upcoming(self, column: str) -> date | None:
        """Find the next check-up or scan, as the latest row that names one has it.

        Parameters
        ----------
        column
            ``next_check_up`` or ``next_scan``.

        Returns
        -------
        datetime.date or None
            ``None`` when no row names one, or when it lies before the last day of the log.
        """
        named = [getattr(entry, column) for entry in self.entries]
        latest: date | None = next((day for day in reversed(named) if day is not None), None)
        return latest if latest is not None and latest >= self.last else None
