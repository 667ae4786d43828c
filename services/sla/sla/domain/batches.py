"""The weekly batch of slips: when a week's batch is due, which week an order falls into, and the return visits after it (DEF-13). Pure."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from common.clock_rules import Batch
from common.policy import SitePolicy

from sla.domain.calendar import DAY, WEEK, WorkingDays, monday_of, week_name, week_start
from sla.domain.opening import WEEKDAYS, instant, local_day

LOOK_AHEAD_WEEKS = 9  # the longest run of weeks without a working day is far shorter


@dataclass(frozen=True)
class Week:
    """One week's batch: its name, its first day, its due day and time."""

    name: str
    monday: date
    day: date
    due_at: datetime


def week_of(name: str, batch: Batch, policy: SitePolicy, days: WorkingDays) -> Week | None:
    """Return the batch of a week, None if the week has no working day. Raises CalendarMissing."""
    monday = week_start(name)
    day = monday + WEEKDAYS.index(batch.weekday) * DAY
    found = day if days.is_working(day) else days.last_of_week(monday)
    return Week(name, monday, found, instant(found, batch.at, policy.zone)) if found else None


def falls_into(at: datetime, batch: Batch, policy: SitePolicy, days: WorkingDays, handed: Mapping[str, datetime]) -> Week:
    """Return the batch that work completed at `at` falls into: the first one due at or after it and not handed over before it.

    `handed` tells when a week's slips were handed over. Raises CalendarMissing.
    """
    monday = monday_of(local_day(at, policy.zone))
    for index in range(LOOK_AHEAD_WEEKS):
        week = week_of(week_name(monday + index * WEEK), batch, policy, days)
        if week and at <= week.due_at and at <= handed.get(week.name, at):
            return week
    message = f"no batch within {LOOK_AHEAD_WEEKS} weeks"
    raise ValueError(message)


def ends(own: str, due: Sequence[str], handed: Container[str | None], kept_back: Container[str | None]) -> list[str]:
    """Return the weeks that a handover ends: those already due, else its own; a week of which slips were kept back goes on (RVT-08).

    `own`: the week it names; `handed`, `kept_back`: the weeks of its slips and of those that wait still. A handover of slips of another week,
    while some of a week that is due are kept back, says nothing of its own.
    """
    over = [week for week in due if week not in kept_back]
    concerned = (not due or own in handed) and own not in kept_back
    return over or ([own] if concerned else [])


def nearby(at: datetime, policy: SitePolicy) -> tuple[str, ...]:
    """Return the names of the weeks that `falls_into` may look at first."""
    monday = monday_of(local_day(at, policy.zone))
    return tuple(week_name(monday + index * WEEK) for index in range(LOOK_AHEAD_WEEKS))


def last_day_after(week: Week, weeks: int, days: WorkingDays) -> date:
    """Return the last working day of the `weeks`-th week after a batch, else the next working day. Raises CalendarMissing."""
    monday = week.monday + weeks * WEEK
    return days.last_of_week(monday) or days.on_or_after(monday + WEEK)
