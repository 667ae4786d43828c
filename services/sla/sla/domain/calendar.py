"""Working days: a precomputed table of every working day of the known years, asked by bisect. Pure.

A question that needs a year nobody published is refused aloud: no deadline is ever guessed (SLA-39, decisions.md 2).
Not here: where the days come from (`holidays`), hours of the day (`opening`), what a deadline is (`deadlines`).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
SATURDAY = 5
GUESSED_YEARS = range(1990, 2101)


@dataclass(frozen=True)
class YearDays:
    """The days of one year that differ from the working week of Monday to Friday."""

    off: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()

    def works(self, day: date) -> bool:
        """Say whether `day` is a working day."""
        return day in self.worked or (day.weekday() < SATURDAY and day not in self.off)


class CalendarMissing(Exception):
    """A year is needed that is not published."""

    def __init__(self, calendar: str, year: int) -> None:
        """Name calendar and year."""
        super().__init__(f"calendar {calendar} has no year {year}")
        self.calendar, self.year = calendar, year

    @property
    def needs(self) -> str:
        """Return `<calendar>:<year>`, as a waiting clock keeps it."""
        return f"{self.calendar}:{self.year}"


@dataclass(frozen=True, eq=False)
class WorkingDays:
    """The working days of one calendar. Only the same table is equal: comparing thousands of days takes longer than any question put to it."""

    calendar: str
    years: frozenset[int]
    days: tuple[int, ...] = field(repr=False)  #: ordinals of all working days of `years`, ascending
    revision: int = 0  #: counts the publications of this calendar

    @classmethod
    def of(cls, calendar: str, years: Mapping[int, YearDays], revision: int = 0) -> "WorkingDays":
        """Return the table of these years."""
        days = (day.toordinal() for year in sorted(years) for day in _days_of(year) if years[year].works(day))
        return cls(calendar, frozenset(years), tuple(days), revision)

    def guessed(self) -> "WorkingDays":
        """Return the table with every year nobody published as Monday to Friday: for estimates, never for deadlines (decisions.md 2)."""
        return _filled(self)

    def is_working(self, day: date) -> bool:
        """Say whether `day` is a working day. Raises CalendarMissing."""
        self._need(day.year)
        place = bisect_left(self.days, day.toordinal())
        return place < len(self.days) and self.days[place] == day.toordinal()

    def after(self, day: date, count: int) -> date:
        """Return the `count`-th working day after `day`, which itself does not count (DEF-04). Raises CalendarMissing."""
        return self._found(day + DAY, bisect_right(self.days, day.toordinal()) + count - 1)

    def on_or_after(self, day: date) -> date:
        """Return `day` if it is a working day, else the next one (DEF-06). Raises CalendarMissing."""
        return self._found(day, bisect_left(self.days, day.toordinal()))

    def before(self, day: date) -> date:
        """Return the last working day before `day`. Raises CalendarMissing."""
        place = bisect_left(self.days, day.toordinal()) - 1
        found = date.fromordinal(self.days[place]) if place >= 0 else date(min(self.years, default=day.year) - 1, 12, 31)
        self._need(*range(found.year, day.year + 1))
        return found

    def last_of_week(self, monday: date) -> date | None:
        """Return the last working day of the week that begins on `monday`, None if it has none (DEF-13). Raises CalendarMissing."""
        self._need(monday.year, (monday + 6 * DAY).year)
        place = bisect_left(self.days, (monday + WEEK).toordinal()) - 1
        return date.fromordinal(self.days[place]) if place >= 0 and self.days[place] >= monday.toordinal() else None

    def between(self, first: date, last: date) -> int:
        """Return how many working days lie after `first` up to and including `last`: the inverse of `after`. Raises CalendarMissing."""
        self._need(*range((first + DAY).year, last.year + 1))
        return max(0, bisect_right(self.days, last.toordinal()) - bisect_right(self.days, first.toordinal()))

    def _found(self, day: date, place: int) -> date:
        """Return the working day at `place` of the table, if every year from `day` to it is known."""
        if place >= len(self.days):
            last = max((year for year in self.years if year >= day.year), default=day.year - 1)
            self._need(*range(day.year, last + 2))
        found = date.fromordinal(self.days[place])
        self._need(*range(day.year, found.year + 1))
        return found

    def _need(self, *years: int) -> None:
        for year in years:
            if year not in self.years:
                raise CalendarMissing(self.calendar, year)


@lru_cache(maxsize=32)
def _filled(days: WorkingDays) -> WorkingDays:
    missing = [year for year in GUESSED_YEARS if year not in days.years]
    plain = (day.toordinal() for year in missing for day in _days_of(year) if day.weekday() < SATURDAY)
    return WorkingDays(days.calendar, days.years | frozenset(missing), tuple(sorted((*days.days, *plain))), days.revision)


def _days_of(year: int) -> Iterable[date]:
    first = date(year, 1, 1)
    return (first + index * DAY for index in range((date(year + 1, 1, 1) - first).days))


def monday_of(day: date) -> date:
    """Return the Monday of the week of `day`; weeks run Monday to Sunday (DEF-13)."""
    return day - day.weekday() * DAY


def week_name(monday: date) -> str:
    """Return the ISO week, e.g. `2026-W12`."""
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}"


def week_start(name: str) -> date:
    """Return the Monday of an ISO week. Raises ValueError."""
    year, week = name.split("-W")
    return date.fromisocalendar(int(year), int(week), 1)
