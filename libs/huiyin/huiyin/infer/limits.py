"""Limits that may explain a deadline: for each unit the number that would, proved by the engine itself. Pure.

Not here: which of them is the rule (`fit`), the hours and days they count in (`hours`).
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from common.clock_rules import ClockRule, Duration, Moment, Unit
from sla.domain.calendar import DAY, CalendarMissing
from sla.domain.deadlines import UNITS, Site, Start
from sla.domain.office_hours import office_between, office_start
from sla.domain.opening import local_day

from huiyin.infer.history import Past

NEAR = timedelta(seconds=90)  # a person began to type before the request was saved
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
MINUTES = frozenset({5, 10, 15, 20, 30, 45, 90})  # procedures say no others, and any deadline is some number of minutes away
LONGEST = 100_000  # of a duration
Numbers = tuple[int | None, ...]


class Limit(NamedTuple):
    """A duration as a rule may have it."""

    unit: Unit
    value: int | None

    def words(self) -> str:
        """Return it for people, e.g. `10 office days`."""
        if self.value is None:
            return f"the {self.unit}".replace("_", " ")
        return f"{self.value} {self.unit}".replace("_", " ") + ("s" if self.value != 1 else "")


@lru_cache(maxsize=4096)
def _rule(limit: Limit) -> ClockRule:
    duration = Duration(value=limit.value, unit=limit.unit)
    return ClockRule(id="candidate", code="CLK_CANDIDATE", stop=(Moment.WORK_COMPLETED,), duration=duration)


def due(limit: Limit, at: datetime, site: Site) -> datetime | None:
    """Return the deadline that the engine computes, None if it cannot."""
    try:  # the shape alone: a deadline is asked for often, its levels never
        return UNITS[limit.unit](_rule(limit), Start(at, Moment.RECEIVED), site).due_at
    except CalendarMissing:
        return None


def near(one: datetime | None, other: datetime | None) -> bool:
    """Say whether two deadlines are the same, as closely as a history can tell."""
    return one is not None and other is not None and abs(one - other) <= NEAR


def _elapsed(at: datetime, until: datetime, _site: Site) -> Numbers:
    return (round((until - at) / HOUR),)


def _minutes(at: datetime, until: datetime, _site: Site) -> Numbers:
    return tuple(MINUTES & {round((until - at) / MINUTE)})


def _nights(at: datetime, until: datetime, site: Site) -> int:
    """Return the days between, by the clock on the wall."""
    zone = site.policy.zone
    return round((until.astimezone(zone).replace(tzinfo=None) - at.astimezone(zone).replace(tzinfo=None)) / DAY)


def _full_days(at: datetime, until: datetime, site: Site) -> Numbers:
    return (_nights(at, until, site),)


def _days(at: datetime, until: datetime, site: Site) -> Numbers:
    """A last day that is none is moved to the next working day: the rule may have meant each of the days before it."""
    last = local_day(until - NEAR, site.policy.zone)
    count = (last - local_day(at, site.policy.zone)).days
    return tuple(range(count, max(0, count - (last - site.days.before(last)).days), -1))


def _working_days(at: datetime, until: datetime, site: Site) -> Numbers:
    return (site.days.between(local_day(at, site.policy.zone), local_day(until - NEAR, site.policy.zone)),)


def _office_days(at: datetime, until: datetime, site: Site) -> Numbers:
    begun = office_start(at, site.policy, site.days)
    first = local_day(begun, site.policy.zone)
    return (site.days.between(first, first + _nights(begun, until, site) * DAY),)


def _office_hours(at: datetime, until: datetime, site: Site) -> Numbers:
    return (round(office_between(at, until, site.policy, site.days) / HOUR),)


def _today(_at: datetime, _until: datetime, _site: Site) -> Numbers:
    return (None,)


GUESSES: dict[Unit, Callable[[datetime, datetime, Site], Numbers]] = {
    Unit.FULL_DAY: _full_days,
    Unit.OFFICE_DAY: _office_days,
    Unit.WORKING_DAY: _working_days,
    Unit.CALENDAR_DAY: _days,
    Unit.HOUR: _elapsed,
    Unit.OFFICE_HOUR: _office_hours,
    Unit.SAME_DAY: _today,
    Unit.MINUTE: _minutes,
}  #: unit -> the numbers of it that a deadline may be away; in the order in which equals are preferred


def limits(past: Past, site: Site, units: Iterable[Unit] = tuple(GUESSES)) -> tuple[Limit, ...]:
    """Return every limit that gives the request its deadline, to 90 s."""
    return tuple(one for unit in units for one in _guessed(unit, past, site) if near(due(one, past.at, site), past.due))


def _guessed(unit: Unit, past: Past, site: Site) -> Iterable[Limit]:
    if past.due is None or past.due <= past.at:
        return ()
    try:
        numbers = GUESSES[unit](past.at, past.due, site)
    except CalendarMissing:
        return ()
    return (Limit(unit, value) for value in numbers if value is None or 1 <= value <= LONGEST)
