"""Start, due time and ladder of one clock: one function per shape, one ladder per family, in tables (DEF-02 … DEF-08, DEF-13). Pure.

Not here: who is told (`escalation`), which rule governs and what stopped it (`plan`). A new shape is one more row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from common.clock_rules import Agreed, ClockRule, Moment, Unit
from common.clock_rules import WorkingDays as DayLadder
from common.policy import SitePolicy
from common.states import CaseState, Level

from sla.domain.batches import Week, falls_into, last_day_after, week_of
from sla.domain.calendar import DAY, CalendarMissing, WorkingDays
from sla.domain.office_hours import office_after, office_start, same_time
from sla.domain.opening import close_of_business, deferred, desk_day, instant, local_day, minutes

Rungs = tuple[tuple[Level, datetime], ...]
A_MOMENT = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Start:
    """What starts a clock, and the dates that come with it."""

    at: datetime
    moment: Moment
    case: CaseState | None = None
    appointment_at: datetime | None = None
    promised_at: datetime | None = None
    date_only: bool = False
    week: str | None = None  #: of the batch that the order falls into, where that is already known
    handed_over_at: datetime | None = None


@dataclass(frozen=True)
class Site:
    """The site's policy and its working days."""

    policy: SitePolicy
    days: WorkingDays


@dataclass(frozen=True)
class Dates:
    """The times of a clock. `due_at` is None while a calendar year is missing; `needs` names that year, also when only levels need it."""

    start_at: datetime
    due_at: datetime | None = None
    rungs: Rungs = ()
    needs: str | None = None


@dataclass(frozen=True)
class _Draft:
    """Start, due time, the day it is due on, and how to climb: each rung is asked alone, so that one may be missing."""

    start_at: datetime
    due_at: datetime
    rungs: Mapping[Level, Callable[[], datetime]] = field(default_factory=dict)


class Undated(Exception):
    """The date that the rule asks for was never given."""


# --- ladders ------------------------------------------------------------------------------------------------------------------


def _elapsed(begin: datetime, length: timedelta, site: Site) -> dict[Level, Callable[[], datetime]]:
    ladder = site.policy.escalation.ladder.elapsed
    return {
        Level.WARNING: lambda: begin + _whole(length * ladder.warning),
        Level.L2: lambda: begin + _whole(length * ladder.L2),
        Level.L3: lambda: begin + _whole(length * ladder.L3),
    }


def _by_days(due_day: date, ladder: DayLadder, site: Site) -> dict[Level, Callable[[], datetime]]:
    def close_after(count: int) -> datetime:
        return close_of_business(site.policy, site.days.after(due_day, count))

    return {
        Level.WARNING: lambda: instant(due_day, ladder.warning, site.policy.zone),
        Level.L2: lambda: close_after(ladder.L2),
        Level.L3: lambda: close_after(ladder.L3),
    }


def _at_its_time(
    begin: datetime, due_day: date, site: Site, after: Callable[[date, int], date], before: Callable[[date], date]
) -> tuple[datetime, dict[Level, Callable[[], datetime]]]:
    """Return the due time of a day that ends at the time of day of its `begin`, and its ladder: warned on that day, or the one before it."""
    zone, ladder = site.policy.zone, site.policy.escalation.ladder.working_days
    due_at = same_time(begin, due_day, zone)

    def warning() -> datetime:
        found = instant(due_day, ladder.warning, zone)
        return found if found < due_at else instant(before(due_day), ladder.warning, zone)

    return due_at, {
        Level.WARNING: warning,
        Level.L2: lambda: same_time(begin, after(due_day, ladder.L2), zone),
        Level.L3: lambda: same_time(begin, after(due_day, ladder.L3), zone),
    }


def _around(due_at: datetime, ladder: Agreed) -> dict[Level, Callable[[], datetime]]:
    return {
        Level.WARNING: lambda: due_at - minutes(ladder.warning),
        Level.L2: lambda: due_at + minutes(ladder.L2),
        Level.L3: lambda: due_at + minutes(ladder.L3),
    }


def _whole(span: timedelta) -> timedelta:
    return timedelta(milliseconds=round(span / A_MOMENT))


# --- units of a duration ------------------------------------------------------------------------------------------------------


def _value(rule: ClockRule) -> int:
    return (rule.duration.value if rule.duration else None) or 0


def _minutes(rule: ClockRule, start: Start, site: Site) -> _Draft:
    length = minutes(_value(rule) * (60 if rule.duration and rule.duration.unit is Unit.HOUR else 1))
    return _Draft(start.at, start.at + length, _elapsed(start.at, length, site))


def _working_days(rule: ClockRule, start: Start, site: Site) -> _Draft:
    day = site.days.after(local_day(start.at, site.policy.zone), _value(rule))
    return _Draft(start.at, close_of_business(site.policy, day), _by_days(day, site.policy.escalation.ladder.working_days, site))


def _calendar_days(rule: ClockRule, start: Start, site: Site) -> _Draft:
    day = local_day(start.at, site.policy.zone) + _value(rule) * DAY
    if site.policy.calendar.close_of_business:  # such a site uses working days (DEF-06)
        day = site.days.on_or_after(day)
    return _Draft(start.at, close_of_business(site.policy, day), _by_days(day, site.policy.escalation.ladder.working_days, site))


def _office_time(rule: ClockRule, start: Start, site: Site) -> _Draft:
    length = minutes(_value(rule) * (60 if rule.duration and rule.duration.unit is Unit.OFFICE_HOUR else 1))
    ladder = site.policy.escalation.ladder.elapsed

    def after(part: float) -> datetime:
        return office_after(start.at, _whole(length * part), site.policy, site.days)

    rungs = {Level.WARNING: lambda: after(ladder.warning), Level.L2: lambda: after(ladder.L2), Level.L3: lambda: after(ladder.L3)}
    return _Draft(start.at, after(1), rungs)


def _office_days(rule: ClockRule, start: Start, site: Site) -> _Draft:
    begins = office_start(start.at, site.policy, site.days)
    day = site.days.after(local_day(begins, site.policy.zone), _value(rule))
    return _Draft(begins, *_at_its_time(begins, day, site, site.days.after, site.days.before))


def _full_days(rule: ClockRule, start: Start, site: Site) -> _Draft:
    day = local_day(start.at, site.policy.zone) + _value(rule) * DAY
    return _Draft(start.at, *_at_its_time(start.at, day, site, lambda one, count: one + count * DAY, lambda one: one - DAY))


def _same_day(_rule: ClockRule, start: Start, site: Site) -> _Draft:
    begins = desk_day(start.at, site.policy)
    day = local_day(begins, site.policy.zone)
    return _Draft(begins, instant(day, "24:00", site.policy.zone), _by_days(day, site.policy.escalation.ladder.same_day, site))


def _appointment(_rule: ClockRule, start: Start, site: Site) -> _Draft:
    if start.appointment_at is None:
        raise Undated
    return _Draft(start.at, start.appointment_at, _around(start.appointment_at, site.policy.escalation.ladder.appointment))


def _promised(_rule: ClockRule, start: Start, site: Site) -> _Draft:
    due_at = start.promised_at
    if due_at is None:
        raise Undated
    ladder, zone = site.policy.escalation.ladder, site.policy.zone
    rungs = _around(due_at, ladder.promised)
    if start.date_only:
        rungs[Level.WARNING] = lambda: instant(local_day(due_at - A_MOMENT, zone), ladder.promised_day_warning, zone)
    return _Draft(start.at, due_at, rungs)


Shape = Callable[[ClockRule, Start, Site], _Draft]
UNITS: dict[Unit, Shape] = {
    Unit.MINUTE: _minutes,
    Unit.HOUR: _minutes,
    Unit.WORKING_DAY: _working_days,
    Unit.CALENDAR_DAY: _calendar_days,
    Unit.FULL_DAY: _full_days,
    Unit.OFFICE_DAY: _office_days,
    Unit.OFFICE_HOUR: _office_time,
    Unit.OFFICE_MINUTE: _office_time,
    Unit.SAME_DAY: _same_day,
    Unit.APPOINTMENT: _appointment,
    Unit.PROMISED: _promised,
}
ELAPSED = frozenset({Unit.MINUTE, Unit.HOUR, Unit.FULL_DAY, Unit.APPOINTMENT, Unit.PROMISED})  #: units that ask no calendar


# --- shapes -------------------------------------------------------------------------------------------------------------------


def _duration(rule: ClockRule, start: Start, site: Site) -> _Draft:
    if rule.duration is None:
        raise Undated
    return UNITS[rule.duration.unit](rule, start, site)


def _week(rule: ClockRule, start: Start, site: Site) -> Week:
    batch = rule.batch or next(other.batch for other in site.policy.clocks if rule.after_batch and other.code == rule.after_batch.code)
    if batch is None:
        raise Undated
    known = week_of(start.week, batch, site.policy, site.days) if start.week else None
    return known or falls_into(start.at, batch, site.policy, site.days, {})


def _batch(rule: ClockRule, start: Start, site: Site) -> _Draft:
    week = _week(rule, start, site)
    begins = instant(week.monday, "00:00", site.policy.zone)
    return _Draft(begins, week.due_at, _by_days(week.day, site.policy.escalation.ladder.working_days, site))


def _after_batch(rule: ClockRule, start: Start, site: Site) -> _Draft:
    week = _week(rule, start, site)
    begins = max(start.at, min(start.handed_over_at or week.due_at, week.due_at))
    day = last_day_after(week, rule.after_batch.weeks if rule.after_batch else 1, site.days)
    return _Draft(begins, close_of_business(site.policy, day), _by_days(day, site.policy.escalation.ladder.working_days, site))


SHAPES: dict[str, Shape] = {"duration": _duration, "batch": _batch, "after_batch": _after_batch}  #: what this engine can count


def uses_calendar(rule: ClockRule) -> bool:
    """Say whether the dates of a rule's clock ask for working days (levels included)."""
    return rule.duration is None or rule.duration.unit not in ELAPSED


def dates(rule: ClockRule, start: Start, site: Site) -> Dates | None:
    """Return the times of a clock that `start` starts, None if the rule asks for a date that was never given.

    Levels before the start are left out for the warning (DEF-08); a missing calendar year leaves out what needs it, nothing is guessed.
    """
    deferrable = start.moment is Moment.RECEIVED and rule.defers == "online" and start.case is not None and _waits(rule)
    begun = Start(**{**vars(start), "at": deferred(start.at, start.case, site.policy)}) if deferrable and start.case else start
    try:
        draft = SHAPES[rule.shape](rule, begun, site)
    except Undated:
        return None
    except CalendarMissing as missing:
        return Dates(begun.at, needs=missing.needs)
    rungs: list[tuple[Level, datetime]] = [(Level.L1, draft.due_at)]
    needs = None
    for level, climb in draft.rungs.items():
        try:
            rungs.append((level, climb()))
        except CalendarMissing as missing:
            needs = missing.needs
    sent = sorted((rung for rung in rungs if rung[0] is not Level.WARNING or rung[1] >= draft.start_at), key=_climbed)
    return Dates(draft.start_at, draft.due_at, tuple(sent), needs)


def _waits(rule: ClockRule) -> bool:
    return rule.duration is not None and rule.duration.unit not in {Unit.APPOINTMENT, Unit.PROMISED}


_LEVELS = tuple(Level)


def _climbed(rung: tuple[Level, datetime]) -> tuple[datetime, int]:
    return rung[1], _LEVELS.index(rung[0])
