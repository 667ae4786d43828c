"""Office hours: time that counts only while the office is open, and days that end at the time of day at which they began (ADR 0023). Pure.

Open spans stand in a table for each year, asked by bisect, forward (`office_after`) and inverse (`office_between`). Wall-clock hours decide, also
on the day the clocks change. Not here: which days are worked (`calendar`), what a deadline is (`deadlines`).
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from common.policy import SitePolicy, Span
from common.sourced import minutes_of

from sla.domain.calendar import DAY, CalendarMissing, WorkingDays
from sla.domain.opening import instant, local_day

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
WHOLE_DAY = (Span.model_validate({"from": "00:00", "to": "24:00"}),)  #: where no office hours are declared
Spans = tuple[Span, ...]


@dataclass(frozen=True)
class _Year:
    """The open spans of one year's working days in microseconds, ascending; `until` is the open time up to the end of each."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    until: tuple[int, ...]

    @property
    def total(self) -> int:
        return self.until[-1] if self.until else 0

    def open_before(self, at: int) -> int:
        """Return the open time of this year that lies before `at`."""
        place = bisect_right(self.starts, at) - 1
        return self.until[place] - max(0, self.ends[place] - at) if place >= 0 else 0

    def reached(self, amount: int) -> int:
        """Return when `amount` of this year's open time is over, the earliest such instant."""
        place = bisect_left(self.until, amount)
        return self.ends[place] - (self.until[place] - amount)


@lru_cache(maxsize=512)
def _year(days: WorkingDays, spans: Spans, zone: ZoneInfo, year: int) -> _Year:
    """Return the table of a year. An overnight span belongs to the day on which it starts. Raises CalendarMissing."""
    if year not in days.years:
        raise CalendarMissing(days.calendar, year)
    first, last = (bisect_left(days.days, date(one, 1, 1).toordinal()) for one in (year, year + 1))
    found: list[tuple[int, int]] = []
    for day in days.days[first:last]:
        found += sorted(_open(date.fromordinal(day), span, zone) for span in spans)
    reach, cut = 0, []
    for start, end in found:  # what the clocks' change lets overlap counts once
        cut.append((max(start, reach), max(start, reach, end)))
        reach = cut[-1][1]
    until = accumulate(end - start for start, end in cut)
    return _Year(tuple(start for start, _ in cut), tuple(end for _, end in cut), tuple(until))


def _open(day: date, span: Span, zone: ZoneInfo) -> tuple[int, int]:
    overnight = minutes_of(span.end) <= minutes_of(span.start)
    return _ticks(instant(day, span.start, zone)), _ticks(instant(day + DAY if overnight else day, span.end, zone))


def _ticks(at: datetime) -> int:
    return (at - EPOCH) // TICK


def _spans(policy: SitePolicy) -> Spans:
    return policy.hours.office or WHOLE_DAY


def _first_year(at: datetime, spans: Spans, zone: ZoneInfo) -> int:
    """Return the year whose table may hold `at`: on the first of January an overnight span of the year before may still be open."""
    day = local_day(at, zone)
    if (day.month, day.day) != (1, 1):
        return day.year
    return day.year - any(minutes_of(span.end) <= minutes_of(span.start) for span in spans)


def office_after(at: datetime, amount: timedelta, policy: SitePolicy, days: WorkingDays) -> datetime:
    """Return when the office has been open for `amount` (positive) since `at`, the earliest such instant, aware UTC. Raises CalendarMissing."""
    spans, zone = _spans(policy), policy.zone
    year = _first_year(at, spans, zone)
    table = _year(days, spans, zone, year)
    left = amount // TICK + table.open_before(_ticks(at))
    while left > table.total:
        left -= table.total
        year += 1
        table = _year(days, spans, zone, year)
    return EPOCH + table.reached(left) * TICK


def office_between(first: datetime, last: datetime, policy: SitePolicy, days: WorkingDays) -> timedelta:
    """Return how long the office was open from `first` to `last`: the inverse of `office_after`. Raises CalendarMissing."""
    spans, zone = _spans(policy), policy.zone
    tables = [_year(days, spans, zone, year) for year in range(_first_year(first, spans, zone), local_day(last, zone).year + 1)]
    return sum(table.open_before(_ticks(last)) - table.open_before(_ticks(first)) for table in tables) * TICK


def office_start(at: datetime, policy: SitePolicy, days: WorkingDays) -> datetime:
    """Return when a request of `at` begins to count in office days.

    On a day off: the next working day, at the same time of day. At or after the last closing of its day: the first opening of the working day
    after. Before the first opening: at once. Raises CalendarMissing.
    """
    day = days.on_or_after(local_day(at, policy.zone))
    begun = same_time(at, day, policy.zone)
    if not policy.hours.office or begun < max(_closing(day, span, policy.zone) for span in policy.hours.office):
        return begun
    opening = min((span.start for span in policy.hours.office), key=minutes_of)
    return instant(days.after(day, 1), opening, policy.zone)


def _closing(day: date, span: Span, zone: ZoneInfo) -> datetime:
    overnight = minutes_of(span.end) <= minutes_of(span.start)
    return instant(day, "24:00" if overnight else span.end, zone)


def same_time(at: datetime, day: date, zone: ZoneInfo) -> datetime:
    """Return the instant of `day` that has the local time of day of `at`, aware UTC; the earlier one where the clocks are set back."""
    local = at.astimezone(zone)
    return datetime.combine(day, local.time().replace(fold=0), zone).astimezone(UTC)
