"""Hours of the day at a site: local instants, opening times, the two rules that let a clock start later (DEF-03, DEF-05). Pure.

Wall-clock hours decide: 08:00 is 08:00 on the day the clocks change too. Not here: which days are worked (`calendar`).
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from common.clock_rules import Weekday
from common.policy import SitePolicy, Span, is_open
from common.sourced import DayTime, minutes_of
from common.states import CaseState, Urgency

from sla.domain.calendar import DAY

MIDNIGHT = "24:00"
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LOOK_AHEAD_DAYS = 8  # a declared opening comes every day (DEF-21)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """Return the calendar day of an instant at the site."""
    return at.astimezone(zone).date()


def instant(day: date, at: DayTime, zone: ZoneInfo) -> datetime:
    """Return `at` o'clock of a local day, aware UTC; 24:00 is 00:00 of the next day."""
    days, minutes = divmod(minutes_of(at), 1440)
    return datetime.combine(day + days * DAY, time(minutes // 60, minutes % 60), zone).astimezone(UTC)


def close_of_business(policy: SitePolicy, day: date) -> datetime:
    """Return the end of a working day (DEF-04), that of its weekday where the pack has one; 24:00 where it has none."""
    calendar = policy.calendar
    own = calendar.close_by_weekday.get(WEEKDAYS[day.weekday()]) if calendar.close_by_weekday else None
    return instant(day, own or calendar.close_of_business or MIDNIGHT, policy.zone)


def _minute(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return local.hour * 60 + local.minute


def next_opening(spans: Sequence[Span], at: datetime, zone: ZoneInfo) -> datetime:
    """Return `at` itself while open (or where no hours are declared), else the next opening."""
    if is_open(spans, _minute(at, zone)):
        return at
    today = local_day(at, zone)
    openings = (instant(today + index * DAY, span.start, zone) for index in range(LOOK_AHEAD_DAYS) for span in spans)
    return min(one for one in openings if one > at)


def deferred(at: datetime, case: CaseState, policy: SitePolicy) -> datetime:
    """Return when an item received at `at` starts its clocks: at once, or at the opening of its online channel (DEF-03)."""
    if case.urgency is Urgency.P1 or case.channel not in policy.channels.online:
        return at
    return next_opening(policy.hours.online, at, policy.zone)


def desk_day(at: datetime, policy: SitePolicy) -> datetime:
    """Return the start of a same-day clock: `at`, or 00:00 of the next day once the desk has closed for the day (DEF-05)."""
    spans = policy.hours.desk
    overnight = any(minutes_of(span.end) <= minutes_of(span.start) for span in spans)
    closes = max((minutes_of(span.end) for span in spans), default=1440)
    if overnight or _minute(at, policy.zone) < closes:
        return at
    return instant(local_day(at, policy.zone) + DAY, "00:00", policy.zone)


def minutes(count: float) -> timedelta:
    """Return a span of minutes in whole milliseconds, which is what the store keeps."""
    return timedelta(milliseconds=round(count * 60_000))
