"""Start, due time and ladder of one clock: one function per shape, one ladder per family, in tables (DEF-02 … DEF-08, DEF-13). Pure.

Not here: who is told (`escalation`), which rule governs and what stopped it (`plan`), rows of updates (`updates`). A new shape is one more row.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from functools import partial

from common.clock_rules import ClockRule, Moment, Unit
from common.states import Level

from sla.domain.batches import Week, falls_into, last_day_after, week_of
from sla.domain.calendar import DAY, CalendarMissing
from sla.domain.ground import Dates, Draft, Site, Start, Undated
from sla.domain.ladders import around, at_its_time, by_days, daily, elapsed, whole, worked
from sla.domain.office_hours import office_after, office_between, office_start, same_time
from sla.domain.opening import MIDNIGHT, close_of_business, deferred, desk_day, instant, local_day, minutes
from sla.domain.running import A_MOMENT, Gaps, advance, nth_day, share
from sla.domain.segments import Segments, Why, agreed, by_day, by_minute, by_office, prolonged, with_wait

__all__ = ["SHAPES", "UNITS", "Dates", "Site", "Start", "by_start", "dates", "extended", "uses_calendar"]


# --- units of a duration ------------------------------------------------------------------------------------------------------


def _value(rule: ClockRule) -> int:
    return (rule.duration.value if rule.duration else None) or 0


def _minutes(rule: ClockRule, start: Start, site: Site) -> Draft:
    length = minutes(_value(rule) * (60 if rule.duration and rule.duration.unit is Unit.HOUR else 1))
    due_at = advance(start.at, length, start.gaps)
    return Draft(start.at, due_at, elapsed(start.at, length, site, start.gaps), by_minute(start.at, due_at, start.gaps))


def _working_days(rule: ClockRule, start: Start, site: Site) -> Draft:
    day = worked(local_day(start.at, site.policy.zone), _value(rule), site, start.gaps)
    return _closing(rule, start, day, site, working=True)


def _calendar_days(rule: ClockRule, start: Start, site: Site) -> Draft:
    closes = partial(close_of_business, site.policy)
    day = nth_day(local_day(start.at, site.policy.zone), _value(rule), _on, closes, start.gaps)
    if site.policy.calendar.close_of_business:  # such a site uses working days (DEF-06)
        day = site.days.on_or_after(day)
        while not share(closes(day), start.gaps)[0]:
            day = site.days.after(day, 1)
    return _closing(rule, start, day, site, working=False)


def _on(day: date, count: int) -> date:
    return day + count * DAY


def _closing(rule: ClockRule, start: Start, day: date, site: Site, *, working: bool) -> Draft:
    closes, ladder = partial(close_of_business, site.policy), site.policy.escalation.ladder.working_days
    told = by_day(start.at, closes(day), _value(rule), site.policy.zone, site.days if working else None, start.gaps, closes)
    return Draft(start.at, closes(day), by_days(day, ladder, site, start.gaps), told)


def _office_time(rule: ClockRule, start: Start, site: Site) -> Draft:
    length = minutes(_value(rule) * (60 if rule.duration and rule.duration.unit is Unit.OFFICE_HOUR else 1))
    between = partial(office_between, policy=site.policy, days=site.days)
    ladder, runs = site.policy.escalation.ladder.elapsed, partial(office_after, policy=site.policy, days=site.days)

    def after(part: float) -> datetime:
        return advance(start.at, whole(length * part), start.gaps, runs, between)

    rungs = {Level.WARNING: lambda: after(ladder.warning), Level.L2: lambda: after(ladder.L2), Level.L3: lambda: after(ladder.L3)}
    due_at = after(1)
    return Draft(start.at, due_at, rungs, by_office(start.at, due_at, between, site.policy.zone, start.gaps))


def _office_days(rule: ClockRule, start: Start, site: Site) -> Draft:
    begins = office_start(start.at, site.policy, site.days)
    return _until_its_time(rule, begins, site, start.gaps, working=True)


def _full_days(rule: ClockRule, start: Start, site: Site) -> Draft:
    return _until_its_time(rule, start.at, site, start.gaps, working=False)


def _until_its_time(rule: ClockRule, begins: datetime, site: Site, gaps: Gaps, *, working: bool) -> Draft:
    def ends(day: date) -> datetime:
        return same_time(begins, day, site.policy.zone)

    after = partial(nth_day, on=site.days.after if working else _on, ends=ends, gaps=gaps)
    day = after(local_day(begins, site.policy.zone), _value(rule))
    told = by_day(begins, ends(day), _value(rule), site.policy.zone, site.days if working else None, gaps, ends)
    return Draft(begins, ends(day), at_its_time(begins, day, site, after, site.days.before if working else lambda one: one - DAY), told)


def _same_day(_rule: ClockRule, start: Start, site: Site) -> Draft:
    begins = desk_day(start.at, site.policy)
    day = local_day(begins, site.policy.zone)
    while not share(instant(day, MIDNIGHT, site.policy.zone), start.gaps)[0]:
        day += DAY
    due_at = instant(day, MIDNIGHT, site.policy.zone)
    rungs = by_days(day, site.policy.escalation.ladder.same_day, site, start.gaps)
    return Draft(begins, due_at, rungs, by_minute(begins, due_at, start.gaps))


def _appointment(_rule: ClockRule, start: Start, site: Site) -> Draft:
    if start.appointment_at is None:
        raise Undated
    rungs = around(start.appointment_at, site.policy.escalation.ladder.appointment)
    return Draft(start.at, start.appointment_at, rungs, agreed(start.at, start.appointment_at))


def _promised(_rule: ClockRule, start: Start, site: Site) -> Draft:
    due_at = start.promised_at
    if due_at is None:
        raise Undated
    ladder, zone = site.policy.escalation.ladder, site.policy.zone
    rungs = around(due_at, ladder.promised)
    if start.date_only:
        rungs[Level.WARNING] = lambda: instant(local_day(due_at - A_MOMENT, zone), ladder.promised_day_warning, zone)
    return Draft(start.at, due_at, rungs, agreed(start.at, due_at))


def _unset(_rule: ClockRule, _start: Start, _site: Site) -> Draft:
    raise Undated


Shape = Callable[[ClockRule, Start, Site], Draft]
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
    Unit.SET_BY_SITE: _unset,
}
ELAPSED = frozenset({Unit.MINUTE, Unit.HOUR, Unit.FULL_DAY, Unit.APPOINTMENT, Unit.PROMISED})  #: units that ask no calendar


# --- shapes -------------------------------------------------------------------------------------------------------------------


def _duration(rule: ClockRule, start: Start, site: Site) -> Draft:
    if rule.duration is None:
        raise Undated
    return UNITS[rule.duration.unit](rule, start, site)


def _week(rule: ClockRule, start: Start, site: Site) -> Week:
    batch = rule.batch or next(other.batch for other in site.policy.clocks if rule.after_batch and other.code == rule.after_batch.code)
    if batch is None:
        raise Undated
    known = week_of(start.week, batch, site.policy, site.days) if start.week else None
    return known or falls_into(start.at, batch, site.policy, site.days, {})


def _batch(rule: ClockRule, start: Start, site: Site) -> Draft:
    week = _week(rule, start, site)
    begins = instant(week.monday, "00:00", site.policy.zone)
    rungs = by_days(week.day, site.policy.escalation.ladder.working_days, site)
    return Draft(begins, week.due_at, rungs, agreed(begins, week.due_at))


def _after_batch(rule: ClockRule, start: Start, site: Site) -> Draft:
    week = _week(rule, start, site)
    begins = max(start.at, min(start.handed_over_at or week.due_at, week.due_at))
    day = last_day_after(week, rule.after_batch.weeks if rule.after_batch else 1, site.days)
    due_at = close_of_business(site.policy, day)
    return Draft(begins, due_at, by_days(day, site.policy.escalation.ladder.working_days, site), agreed(begins, due_at), Why.HANDOVER)


def _repeat(rule: ClockRule, start: Start, site: Site) -> Draft:
    every = rule.repeat
    if every is None:
        raise Undated
    length = minutes(every.every * (60 if every.unit == "hour" else 1))
    due_at = advance(start.at, length, start.gaps)
    return Draft(start.at, due_at, elapsed(start.at, length, site, start.gaps), by_minute(start.at, due_at, start.gaps))


def _daily_at(rule: ClockRule, start: Start, site: Site) -> Draft:
    if rule.daily_at is None:
        raise Undated
    day = local_day(start.at, site.policy.zone)
    due_at = instant(day, rule.daily_at, site.policy.zone)
    return Draft(start.at, due_at, daily(day, rule.daily_at, site), agreed(start.at, due_at))


SHAPES: dict[str, Shape] = {
    "duration": _duration,
    "batch": _batch,
    "after_batch": _after_batch,
    "repeat": _repeat,
    "daily_at": _daily_at,
}  #: what this engine can count


def uses_calendar(rule: ClockRule) -> bool:
    """Say whether the dates of a rule's clock ask for working days (levels included)."""
    return not rule.recurs and (rule.duration is None or rule.duration.unit not in ELAPSED)


DAYS = frozenset({Unit.WORKING_DAY, Unit.CALENDAR_DAY, Unit.SAME_DAY})


def by_start(rule: ClockRule) -> bool:
    """Say whether due time and levels follow from the day of the start alone: no slips, no row of updates, nothing that may take its place."""
    return not (rule.batch or rule.after_batch or rule.recurs or rule.replaced) and rule.duration is not None and rule.duration.unit in DAYS


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
        return Dates(begun.at, needs=missing.needs, estimate_at=_estimate(rule, begun, site))
    return settled(start, draft)


def settled(start: Start, draft: Draft) -> Dates:
    """Return the times of a draft; a level that needs a missing year is left out and named, and so is a warning before the start (DEF-08)."""
    rungs: list[tuple[Level, datetime]] = [(Level.L1, draft.due_at)]
    needs = None
    for level, climb in draft.rungs.items():
        try:
            rungs.append((level, climb()))
        except CalendarMissing as missing:
            needs = missing.needs
    sent = sorted((rung for rung in rungs if rung[0] is not Level.WARNING or rung[1] >= draft.start_at), key=_climbed)
    return Dates(draft.start_at, draft.due_at, tuple(sent), needs, segments=_told(start, draft))


def _told(start: Start, draft: Draft) -> Segments:
    """Return how to tell a draft's segments, the wait before its start with them."""
    return partial(with_wait, start.at, draft.start_at, draft.waits, draft.segments or by_minute(draft.start_at, draft.due_at, start.gaps))


def _estimate(rule: ClockRule, start: Start, site: Site) -> datetime:
    return SHAPES[rule.shape](rule, start, replace(site, days=site.days.guessed())).due_at


def extended(dates: Dates, to: date, site: Site) -> Dates:
    """Return the times with the close of business of another day in place of the deadline, the levels from there (DEF-26)."""
    due_at = close_of_business(site.policy, to)
    draft = Draft(dates.start_at, due_at, by_days(to, site.policy.escalation.ladder.working_days, site))
    return replace(settled(Start(dates.start_at, Moment.RECEIVED), draft), segments=partial(prolonged, dates.segments, dates.due_at, due_at))


def _waits(rule: ClockRule) -> bool:
    return rule.duration is not None and rule.duration.unit not in {Unit.APPOINTMENT, Unit.PROMISED}


_LEVELS = tuple(Level)


def _climbed(rung: tuple[Level, datetime]) -> tuple[datetime, int]:
    return rung[1], _LEVELS.index(rung[0])
