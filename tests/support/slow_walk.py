"""A second reading of every time limit, slow and plain: it goes minute by minute and day by day and asks nothing of the engine.

Written from the rules (DEF-02 … DEF-08, DEF-13, ADR 0017, 0018), for tests that hold the engine to it. Times are whole minutes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
ONE = Fraction(1)


@dataclass(frozen=True)
class Slow:
    """From `begin` until before `end` a minute counts `factor`."""

    begin: datetime
    end: datetime
    factor: Fraction


@dataclass(frozen=True)
class SlowWalk:
    """A site as its files say it: wall-clock hours, days off and worked, and when time counts less."""

    zone: ZoneInfo
    close: str | None = None
    close_on: dict[int, str] = field(default_factory=dict)  #: weekday -> close
    off: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()
    slow: Sequence[Slow] = ()

    # --- single questions -----------------------------------------------------------------------------------------------------

    def works(self, day: date) -> bool:
        """A weekend day is worked where it says so, a weekday unless it is off."""
        return day in self.worked or (day.weekday() < 5 and day not in self.off)

    def wall(self, day: date, clock: str) -> datetime:
        """The instant at which the clock on the wall shows this."""
        if clock == "24:00":
            return self.wall(day + DAY, "00:00")
        return datetime.combine(day, time.fromisoformat(clock), self.zone).astimezone(UTC)

    def today(self, at: datetime) -> date:
        """The date on the wall."""
        return at.astimezone(self.zone).date()

    def closing(self, day: date) -> datetime:
        """Close of business, 24:00 where there is none."""
        return self.wall(day, self.close_on.get(day.weekday(), self.close or "24:00"))

    def speed(self, at: datetime) -> Fraction:
        """What a minute that begins now counts: the least of all that hold."""
        return min([one.factor for one in self.slow if one.begin <= at < one.end], default=ONE)

    # --- lengths of time ------------------------------------------------------------------------------------------------------

    def minutes_later(self, at: datetime, minutes: Fraction) -> datetime:
        """Minute by minute until so much has counted; the last one may be part of a minute."""
        left = minutes
        while True:
            speed = self.speed(at)
            if speed and speed >= left:
                return at + timedelta(milliseconds=-(-left * 60_000 // speed))
            left -= speed
            at += MINUTE

    def minutes_between(self, begin: datetime, end: datetime) -> Fraction:
        """Minute by minute: how much counted; both are whole minutes."""
        found = Fraction(0)
        while begin < end:
            found += self.speed(begin)
            begin += MINUTE
        return found

    def days_later(self, day: date, count: int, *, working: bool) -> date:
        """Day by day: the day of the start does not count, each other one counts by what holds when it closes."""
        left = Fraction(count)
        while left > 0:
            day += DAY
            if not working or self.works(day):
                left -= self.speed(self.closing(day))
        return day

    def calendar_day(self, at: datetime, count: int) -> date:
        """DEF-06: where the site has a close of business, a last day that is not worked moves on."""
        day = self.days_later(self.today(at), count, working=False)
        while self.close and not (self.works(day) and self.speed(self.closing(day))):
            day += DAY
        return day

    def same_day(self, at: datetime) -> datetime:
        """24:00 of the day, or of the first one whose 24:00 is not lost."""
        day = self.today(at)
        while not self.speed(self.wall(day, "24:00")):
            day += DAY
        return self.wall(day, "24:00")

    # --- rows of updates ------------------------------------------------------------------------------------------------------

    def hourly(self, start: datetime, every: int, told: Sequence[datetime], over: datetime | None) -> Iterator[tuple[datetime, datetime, str]]:
        """Start, due and end of each update: the next counts from the last one given."""
        while True:
            due = self.minutes_later(start, Fraction(every))
            given = min((one for one in told if one > start), default=None)
            if over is not None and over >= start and (given is None or over < given):
                yield start, due, "cancelled" if over <= due else "late"
                return
            if given is None:
                yield start, due, "running"
                return
            yield start, due, "met" if given <= due else "late"
            start = given

    def daily(self, start: datetime, hour: str, told: Sequence[datetime], over: datetime | None, now: datetime) -> Iterator[tuple[datetime, str]]:
        """Due time and end of the update of each day, up to the one that is next at `now`."""
        day, since = self.today(start), start
        if self.wall(day, hour) <= start:
            day, since = day + DAY, self.wall(day + DAY, "00:00")
        while over is None or since <= over:
            due = self.wall(day, hour)
            if self.speed(due):
                given = min((one for one in told if one >= since), default=None)
                if over is not None and (given is None or over < given):
                    yield due, "cancelled" if over <= due else "late"
                else:
                    yield due, "running" if given is None else ("met" if given <= due else "late")
                if over is None and given is None and due > now:
                    return
                if over is not None and over < due:
                    return
            day, since = day + DAY, self.wall(day + DAY, "00:00")

    # --- batches --------------------------------------------------------------------------------------------------------------

    def batch_day(self, day: date, weekday: int) -> date | None:
        """The batch day of the week of `day`: its weekday, else the last working day of that week."""
        monday = day - day.weekday() * DAY
        week = [monday + index * DAY for index in range(7)]
        return week[weekday] if self.works(week[weekday]) else max((one for one in week if self.works(one)), default=None)

    def batch_of(self, at: datetime, weekday: int, hour: str) -> datetime:
        """The first batch that is due at or after `at`."""
        day = self.today(at)
        while True:
            found = self.batch_day(day, weekday)
            if found and self.wall(found, hour) >= at:
                return self.wall(found, hour)
            day += 7 * DAY

    def next_opening(self, at: datetime, spans: Sequence[tuple[str, str]]) -> datetime:
        """Minute by minute until one of the spans is open by the clock on the wall."""
        while spans and not any(_covers(start, end, at.astimezone(self.zone).strftime("%H:%M")) for start, end in spans):
            at += MINUTE
        return at


def _covers(start: str, end: str, clock: str) -> bool:
    if start < end:
        return start <= clock < end
    return clock >= start or clock < end
