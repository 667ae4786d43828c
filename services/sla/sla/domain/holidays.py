"""Where working days come from: a table of calendars, the years that were published over them. Pure.

`CN` is the State Council's calendar with shifted working days (調休) as the well-kept library `chinesecalendar` has it, for the years it
knows and no others. Every other calendar is Monday to Friday. A published year replaces the source's year whole.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache

from chinese_calendar.constants import holidays as cn_holidays  # type: ignore[import-untyped]
from chinese_calendar.constants import workdays as cn_workdays
from common.policy import Calendar, SitePolicy

from sla.domain.calendar import SATURDAY, WorkingDays, YearDays

PLAIN_YEARS = range(2000, 2101)


def _chinese() -> dict[int, YearDays]:
    years = range(min(cn_holidays).year, max(cn_holidays).year + 1)
    return {year: differing(_within(cn_holidays, year), _within(cn_workdays, year)) for year in years}


def _within(days: Iterable[date], year: int) -> Iterable[date]:
    return (day for day in days if day.year == year)


def _plain() -> dict[int, YearDays]:
    return dict.fromkeys(PLAIN_YEARS, YearDays())


SOURCES: dict[str, Callable[[], dict[int, YearDays]]] = {"CN": _chinese}  #: calendar -> its years; any other is plain


def differing(off: Iterable[date], worked: Iterable[date] = ()) -> YearDays:
    """Return a year from days off and worked days, without those that the working week says already."""
    return YearDays(
        frozenset(day for day in off if day.weekday() < SATURDAY),
        frozenset(day for day in worked if day.weekday() >= SATURDAY),
    )


@lru_cache(maxsize=16)
def source(calendar: str) -> Mapping[int, YearDays]:
    """Return the years of a calendar before anything was published."""
    return SOURCES.get(calendar, _plain)()


def working_days(calendar: str, published: Mapping[int, YearDays], revision: int = 0) -> WorkingDays:
    """Return the table of a calendar with its published years laid over the source."""
    return WorkingDays.of(calendar, {**source(calendar), **published}, revision)


def of_site(days: WorkingDays, calendar: Calendar) -> WorkingDays:
    """Return the table with the days that a site itself has off or works; years nobody published stay unknown."""
    if not (calendar.off or calendar.worked):
        return days
    return _overlaid(days, frozenset(calendar.off), frozenset(calendar.worked))


@lru_cache(maxsize=256)
def _overlaid(days: WorkingDays, off: frozenset[date], worked: frozenset[date]) -> WorkingDays:
    added = {day.toordinal() for day in worked if day.year in days.years}
    kept = (set(days.days) | added) - {day.toordinal() for day in off}
    return replace(days, days=tuple(sorted(kept)))


def days_of(policy: SitePolicy) -> WorkingDays:
    """Return the working days of a site before anything was published."""
    return of_site(unpublished(policy.calendar.holidays), policy.calendar)


@lru_cache(maxsize=16)
def unpublished(calendar: str) -> WorkingDays:
    """Return the table of a calendar before anything was published."""
    return working_days(calendar, {})
