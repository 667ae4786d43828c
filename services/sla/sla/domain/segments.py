"""What of the time of a clock counts, stretch by stretch, and why: told only when somebody asks, by the code that counted. Pure.

A segment counts minutes or days; together they are the clock's duration, and the last ends at its deadline. Not here: the words (`wording`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import partial
from zoneinfo import ZoneInfo

from sla.domain.calendar import DAY, SATURDAY, WorkingDays
from sla.domain.opening import instant, local_day
from sla.domain.running import A_MOMENT, Ends, Gaps, day_by_day, pieces


class Tally(StrEnum):
    """What a segment counts."""

    MINUTES = "minutes"
    DAYS = "days"
    NOTHING = "nothing"  #: the deadline is a date that was agreed or fixed, no time is counted


class Why(StrEnum):
    """Why a segment counts or not; a gap says `pause:<reason>` or `window:<id>` instead."""

    RUNS = "runs"
    CLOSED = "closed"  #: waits for the opening (DEF-03, DEF-05)
    HANDOVER = "handover"  #: waits for the week's slips (DEF-13)
    START_DAY = "start_day"  #: the day of the start does not count (DEF-04)
    WORKING_DAY = "working_day"
    WORKED_WEEKEND = "worked_weekend"  #: a shifted working day
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    OFFICE = "office"  #: while the office is open
    DAY_OFF = "day_off"  #: the office is not open
    DAY = "day"  #: a calendar day
    MOVED = "moved"  #: the last day is none that is worked, so the next one (DEF-06)
    AGREED = "agreed"
    EXTENSION = "extension"


@dataclass(frozen=True)
class Segment:
    """From `begin` to `end` so much counts."""

    begin: datetime
    end: datetime
    amount: Fraction
    tally: Tally
    why: str


Segments = Callable[[], tuple[Segment, ...]]
Between = Callable[[datetime, datetime], timedelta]


def by_minute(begin: datetime, due_at: datetime, gaps: Gaps) -> Segments:
    """Return how to tell the segments of an elapsed clock."""
    return partial(_by_minute, begin, due_at, gaps)


def _by_minute(begin: datetime, due_at: datetime, gaps: Gaps) -> tuple[Segment, ...]:
    return tuple(Segment(one.begin, one.end, one.counted, Tally.MINUTES, one.why or Why.RUNS) for one in pieces(begin, due_at, gaps))


def agreed(begin: datetime, due_at: datetime) -> Segments:
    """Return how to tell the segment of a deadline that is a date, not a length of time."""
    return lambda: (Segment(begin, due_at, Fraction(0), Tally.NOTHING, Why.AGREED),) if begin < due_at else ()


def with_wait(at: datetime, begins: datetime, why: Why, told: Segments) -> tuple[Segment, ...]:
    """Return the segments, before them the wait from what happened to the start."""
    wait = (Segment(at, begins, Fraction(0), Tally.NOTHING, why),) if at < begins else ()
    return (*wait, *told())


def prolonged(told: Segments, due_at: datetime | None, new_due_at: datetime) -> tuple[Segment, ...]:
    """Return the segments up to the old deadline and what the extension adds."""
    before = told()
    since = due_at or (before[-1].end if before else new_due_at)
    return (*before, Segment(since, new_due_at, Fraction(0), Tally.NOTHING, Why.EXTENSION)) if since < new_due_at else before


def by_office(begin: datetime, due_at: datetime, between: Between, zone: ZoneInfo, gaps: Gaps) -> Segments:
    """Return how to tell the segments of a clock that runs while the office is open."""
    return partial(_by_office, begin, due_at, between, zone, gaps)


def _by_office(begin: datetime, due_at: datetime, between: Between, zone: ZoneInfo, gaps: Gaps) -> tuple[Segment, ...]:
    found: list[Segment] = []
    for piece in pieces(begin, due_at, gaps):
        for day in _days(local_day(piece.begin, zone), local_day(piece.end - A_MOMENT, zone)):
            since, until = max(piece.begin, instant(day, "00:00", zone)), min(piece.end, instant(day + DAY, "00:00", zone))
            amount = Fraction(between(since, until) // A_MOMENT, 60_000) * piece.factor
            found.append(Segment(since, until, amount, Tally.MINUTES, piece.why or (Why.OFFICE if amount else Why.DAY_OFF)))
    return tuple(_joined(found))


def by_day(begin: datetime, due_at: datetime, count: int, zone: ZoneInfo, days: WorkingDays | None, gaps: Gaps, ends: Ends) -> Segments:
    """Return how to tell the segments of a day clock; without `days` it counts every calendar day, each when it `ends`."""
    return partial(_by_day, begin, due_at, count, zone, days, gaps, ends)


def _by_day(begin: datetime, due_at: datetime, count: int, zone: ZoneInfo, days: WorkingDays | None, gaps: Gaps, ends: Ends) -> tuple[Segment, ...]:
    first = local_day(begin, zone)
    counting = {day: (amount, why) for day, amount, why in day_by_day(first, count, partial(_next, days), ends, gaps)}
    last = max(local_day(due_at - A_MOMENT, zone), *counting)
    found: list[Segment] = []
    for day in _days(first, last):
        amount, gap = counting.get(day, (Fraction(0), ""))
        why = gap or _why(day, first, days, counts=day in counting)
        since, until = max(begin, instant(day, "00:00", zone)), min(due_at, instant(day + DAY, "00:00", zone))
        found.append(Segment(since, until, amount, Tally.DAYS, why))
    return tuple(_joined(found))


def _days(first: date, last: date) -> Iterator[date]:
    return (first + index * DAY for index in range((last - first).days + 1))


def _next(days: WorkingDays | None, day: date) -> date:
    return days.after(day, 1) if days else day + DAY


def _why(day: date, first: date, days: WorkingDays | None, *, counts: bool) -> str:
    if day == first:
        return Why.START_DAY
    if days is None:
        return Why.DAY if counts else Why.MOVED
    weekend = day.weekday() >= SATURDAY
    if counts:
        return Why.WORKED_WEEKEND if weekend else Why.WORKING_DAY
    return Why.WEEKEND if weekend else Why.HOLIDAY


def _joined(found: list[Segment]) -> Iterator[Segment]:
    """Join days that follow one another for the same reason."""
    here: Segment | None = None
    for one in found:
        if here and here.why == one.why:
            here = Segment(here.begin, one.end, here.amount + one.amount, here.tally, here.why)
            continue
        if here:
            yield here
        here = one
    if here:
        yield here
