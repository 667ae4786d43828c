"""When the levels of a clock are reached: one ladder per family of clocks (DEF-08). Pure. Not here: who is told (`escalation`)."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial

from common.clock_rules import Agreed
from common.clock_rules import WorkingDays as DayLadder
from common.states import Level

from sla.domain.calendar import DAY
from sla.domain.ground import Climbs, Site
from sla.domain.office_hours import same_time
from sla.domain.opening import close_of_business, instant, minutes
from sla.domain.running import A_MOMENT, Gaps, advance, nth_day


def elapsed(begin: datetime, length: timedelta, site: Site, gaps: Gaps = ()) -> Climbs:
    """Return the ladder of minute and hour clocks: parts of the duration."""
    ladder = site.policy.escalation.ladder.elapsed
    return {
        Level.WARNING: lambda: advance(begin, whole(length * ladder.warning), gaps),
        Level.L2: lambda: advance(begin, whole(length * ladder.L2), gaps),
        Level.L3: lambda: advance(begin, whole(length * ladder.L3), gaps),
    }


def by_days(due_day: date, ladder: DayLadder, site: Site, gaps: Gaps = ()) -> Climbs:
    """Return the ladder of day clocks: a time of the due day, then working days after it."""

    def close_after(count: int) -> datetime:
        return close_of_business(site.policy, worked(due_day, count, site, gaps))

    return {
        Level.WARNING: lambda: instant(due_day, ladder.warning, site.policy.zone),
        Level.L2: lambda: close_after(ladder.L2),
        Level.L3: lambda: close_after(ladder.L3),
    }


def at_its_time(begin: datetime, due_day: date, site: Site, after: Callable[[date, int], date], before: Callable[[date], date]) -> Climbs:
    """Return the ladder of days that end at the time of day of their `begin`: warned on the due day, or on the one before it."""
    zone, ladder = site.policy.zone, site.policy.escalation.ladder.working_days
    due_at = same_time(begin, due_day, zone)

    def warning() -> datetime:
        found = instant(due_day, ladder.warning, zone)
        return found if found < due_at else instant(before(due_day), ladder.warning, zone)

    return {
        Level.WARNING: warning,
        Level.L2: lambda: same_time(begin, after(due_day, ladder.L2), zone),
        Level.L3: lambda: same_time(begin, after(due_day, ladder.L3), zone),
    }


def around(due_at: datetime, ladder: Agreed) -> Climbs:
    """Return the ladder of an agreed time: minutes before and after it."""
    return {
        Level.WARNING: lambda: due_at - minutes(ladder.warning),
        Level.L2: lambda: due_at + minutes(ladder.L2),
        Level.L3: lambda: due_at + minutes(ladder.L3),
    }


def daily(day: date, at: str, site: Site) -> Climbs:
    """Return the ladder of a daily update: minutes before its time, then the same time some days later."""
    ladder, zone = site.policy.escalation.ladder.daily, site.policy.zone
    return {
        Level.WARNING: lambda: instant(day, at, zone) - minutes(ladder.warning),
        Level.L2: lambda: instant(day + ladder.L2 * DAY, at, zone),
        Level.L3: lambda: instant(day + ladder.L3 * DAY, at, zone),
    }


def worked(day: date, count: int, site: Site, gaps: Gaps = ()) -> date:
    """Return the `count`-th working day after `day`, each counted by the factor at its close of business. Raises CalendarMissing."""
    return nth_day(day, count, site.days.after, partial(close_of_business, site.policy), gaps)


def whole(span: timedelta) -> timedelta:
    """Return a span in whole milliseconds, which is what the store keeps."""
    return timedelta(milliseconds=round(span / A_MOMENT))
