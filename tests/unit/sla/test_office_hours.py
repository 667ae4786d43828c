"""Office units: the tables equal a slow walk, forward and inverse, for random calendars, hours and zones, across clock changes (ADR 0023)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from common.clock_rules import ClockRule, Moment
from common.policy import SitePolicy, resolve
from common.policy_sections import Hours
from common.sourced import minutes_of
from common.states import Level
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sla.domain.calendar import CalendarMissing, WorkingDays, YearDays
from sla.domain.deadlines import Dates, Site, Start, dates
from sla.domain.holidays import differing
from sla.domain.office_hours import office_after, office_between, office_start

from tests.unit.sla.build import a_rule, at

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
NEW_YORK = ZoneInfo("America/New_York")
YEARS = range(2025, 2028)
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe")
OFFICES: tuple[tuple[tuple[str, str], ...], ...] = (
    (("08:30", "17:00"),),
    (("09:00", "12:00"), ("13:00", "18:00")),
    (("00:30", "03:30"), ("22:00", "24:00")),  # over the hour in which clocks change
    (("06:00", "14:00"), ("22:00", "06:00")),  # overnight, up to the first span
    (),
)
Office = tuple[tuple[str, str], ...]
instants = st.datetimes(datetime(2025, 1, 2), datetime(2026, 9, 1), timezones=st.just(UTC)).map(lambda one: one.replace(microsecond=0))  # noqa: DTZ001
changes = st.sampled_from([datetime(2026, 3, 7, 12, tzinfo=UTC), datetime(2025, 11, 1, 12, tzinfo=UTC), datetime(2026, 4, 3, 12, tzinfo=UTC)])
near_changes = st.tuples(changes, st.integers(0, 72 * 3600)).map(lambda pair: pair[0] + timedelta(seconds=pair[1]))
starts = instants | near_changes
off_days = st.frozensets(st.dates(date(2025, 1, 1), date(2027, 6, 1)), max_size=40)


def a_site(zone: str, office: Office, off: frozenset[date], years: range = YEARS) -> Site:
    spans = [{"from": start, "to": end} for start, end in office]
    policy = resolve([{"calendar": {"timezone": zone}, "hours": {"office": spans}}, {"site": "TT", "name": {"zh": "t", "en": "t"}}])
    return Site(policy, WorkingDays.of("T", {year: differing([day for day in off if day.year == year]) for year in years}))


class Walk:
    """The slow reference: looks at one minute, or one day, after the other; asks nothing precomputed."""

    def __init__(self, zone: str, office: Office, off: frozenset[date]) -> None:
        self.zone, self.office, self.off = ZoneInfo(zone), office or (("00:00", "24:00"),), off

    def works(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.off

    def wall(self, day: date, minute: int) -> datetime:
        days, rest = divmod(minute, 1440)
        return datetime.combine(day + days * DAY, time(rest // 60, rest % 60), self.zone).astimezone(UTC)

    def is_open(self, moment: datetime) -> bool:
        today = moment.astimezone(self.zone).date()
        for day in (today - DAY, today, today + DAY):
            for start, end in ((minutes_of(start), minutes_of(end)) for start, end in self.office):
                if self.works(day) and self.wall(day, start) <= moment < self.wall(day, end if end > start else end + 1440):
                    return True
        return False

    def after(self, moment: datetime, count: int) -> datetime:
        """`count` open minutes later; `moment` is a whole minute, and so are the hours."""
        while count:
            count -= self.is_open(moment)
            moment += MINUTE
        return moment

    def next(self, day: date) -> date:
        day += DAY
        while not self.works(day):
            day += DAY
        return day

    def begin(self, moment: datetime) -> tuple[date, time]:
        """The day and the time of day at which office days begin to count."""
        local = moment.astimezone(self.zone)
        day, clock = local.date(), local.time()
        day = day if self.works(day) else self.next(day)
        last = max(minutes_of(end) if minutes_of(end) > minutes_of(start) else 1440 for start, end in self.office)
        if last < 1440 and clock.hour * 60 + clock.minute >= last:
            first = min(minutes_of(start) for start, _ in self.office)
            return self.next(day), time(first // 60, first % 60)
        return day, clock

    def same_time(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock.replace(fold=0), self.zone).astimezone(UTC)


def a_clock(value: int, unit: str, start: datetime, site: Site) -> Dates:
    rule = ClockRule.model_validate(a_rule(duration={"value": value, "unit": unit}))
    found = dates(rule, Start(start, Moment.RECEIVED), site)
    assert found is not None
    return found


@given(starts, st.integers(1, 900), off_days, st.sampled_from(ZONES), st.sampled_from(OFFICES))
@settings(max_examples=80, deadline=None)
def test_office_time_equals_the_walk_forward_and_inverse(start: datetime, count: int, off: frozenset[date], zone: str, office: Office) -> None:
    site, walk = a_site(zone, office, off), Walk(zone, office, off)
    start = start.replace(second=0)
    due = office_after(start, count * MINUTE, site.policy, site.days)
    assert due == walk.after(start, count)
    assert office_between(start, due, site.policy, site.days) == count * MINUTE
    assert a_clock(count, "office_minute", start, site).due_at == due


@given(starts, st.integers(1, 10**9), st.integers(1, 10**9), off_days, st.sampled_from(ZONES), st.sampled_from(OFFICES))
@settings(max_examples=150, deadline=None)
def test_office_time_adds_up(start: datetime, one: int, two: int, off: frozenset[date], zone: str, office: Office) -> None:
    """To the microsecond, over the turn of the year: after a and then b is after a + b; inverse and forward undo one another."""
    site = a_site(zone, office, off)
    first, second = timedelta(microseconds=one * 100), timedelta(microseconds=two * 100)
    there = office_after(start, first, site.policy, site.days)
    assert office_after(there, second, site.policy, site.days) == office_after(start, first + second, site.policy, site.days)
    assert office_between(start, there, site.policy, site.days) == first


@given(starts, st.integers(1, 90), off_days, st.sampled_from(ZONES), st.sampled_from(OFFICES))
@settings(max_examples=250, deadline=None)
def test_office_days_equal_the_walk(start: datetime, count: int, off: frozenset[date], zone: str, office: Office) -> None:
    site, walk = a_site(zone, office, off), Walk(zone, office, off)
    begun, clock = walk.begin(start)
    due_day = begun
    for _ in range(count):
        due_day = walk.next(due_day)
    found = a_clock(count, "office_day", start, site)
    later = {Level.L2: walk.next(due_day), Level.L3: walk.next(walk.next(due_day))}
    assert found.start_at == walk.same_time(begun, clock)
    assert found.due_at == walk.same_time(due_day, clock)
    assert {level: moment for level, moment in found.rungs if level in later} == {level: walk.same_time(day, clock) for level, day in later.items()}


@given(starts, st.integers(1, 400), st.sampled_from(ZONES))
@settings(max_examples=150, deadline=None)
def test_full_days_end_at_the_time_of_day_they_began(start: datetime, count: int, zone: str) -> None:
    """No calendar, no hours; a clock change does not move the time of day."""
    found = a_clock(count, "full_day", start, a_site(zone, OFFICES[0], frozenset()))
    walk, local = Walk(zone, (), frozenset()), start.astimezone(ZoneInfo(zone))
    assert found.due_at == walk.same_time(local.date() + count * DAY, local.time())
    assert found.start_at == start


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-03-10 16:59", "2026-03-12 16:59"),
        ("2026-03-10 17:00", "2026-03-13 08:30"),  # closed: from Wednesday's opening
        ("2026-03-10 06:10", "2026-03-12 06:10"),  # before opening: at once
        ("2026-03-14 10:00", "2026-03-18 10:00"),  # Saturday: from Monday, same time
        ("2026-03-13 18:00", "2026-03-18 08:30"),  # Friday evening: from Monday's opening
        ("2026-03-14 18:00", "2026-03-19 08:30"),  # Saturday evening is a closed Monday: from Tuesday's opening
        ("2026-03-06 12:00", "2026-03-10 12:00"),  # over the change of the clocks
    ],
)
def test_two_office_days(received: str, due: str) -> None:
    found = a_clock(2, "office_day", at(received, NEW_YORK), a_site("America/New_York", (("08:30", "17:00"),), frozenset()))
    assert found.due_at == at(due, NEW_YORK)


def test_the_ladder_of_office_hours_counts_office_hours() -> None:
    """80 %, deadline, twice, three times (DEF-08), each while the office is open."""
    site = a_site("America/New_York", (("09:00", "12:00"), ("13:00", "18:00")), frozenset())
    found = a_clock(10, "office_hour", at("2026-03-13 14:00", NEW_YORK), site)  # Friday
    wanted = {"warning": "2026-03-16 14:00", "L1": "2026-03-16 16:00", "L2": "2026-03-17 18:00", "L3": "2026-03-19 11:00"}
    assert {str(level): moment for level, moment in found.rungs} == {level: at(text, NEW_YORK) for level, text in wanted.items()}


def test_a_day_is_warned_on_its_due_day_or_the_one_before() -> None:
    site = a_site("America/New_York", (("08:30", "17:00"),), frozenset())
    late, early = (a_clock(3, "office_day", at(f"2026-03-10 {clock}", NEW_YORK), site) for clock in ("10:00", "02:00"))
    assert dict(late.rungs)[Level.WARNING] == at("2026-03-13 08:00", NEW_YORK)
    assert dict(early.rungs)[Level.WARNING] == at("2026-03-12 08:00", NEW_YORK)


def test_a_missing_year_is_refused_and_an_overnight_shift_needs_the_year_it_began_in() -> None:
    """SLA-39: nothing is guessed."""
    book = {2026: YearDays()}
    policy = a_site("Asia/Shanghai", OFFICES[0], frozenset()).policy
    days = WorkingDays.of("T", book)
    with pytest.raises(CalendarMissing, match="2027"):
        office_after(at("2026-12-31 16:00"), timedelta(hours=2), policy, days)
    night = a_site("Asia/Shanghai", OFFICES[3], frozenset()).policy
    with pytest.raises(CalendarMissing, match="2025"):
        office_after(at("2026-01-01 03:00"), timedelta(hours=2), night, days)
    assert office_after(at("2026-12-31 16:00"), timedelta(hours=1), policy, days) == at("2026-12-31 17:00")
    assert a_clock(1, "office_hour", at("2026-12-31 16:30"), Site(policy, days)).needs == "T:2027"
    assert a_clock(30, "full_day", at("2026-12-31 16:30"), Site(policy, days)).due_at == at("2027-01-30 16:30")


def test_office_start_without_hours_is_the_receipt() -> None:
    policy: SitePolicy = a_site("Asia/Shanghai", (), frozenset()).policy
    days = WorkingDays.of("T", {2026: YearDays()})
    assert office_start(at("2026-03-10 23:59"), policy, days) == at("2026-03-10 23:59")
    assert office_start(at("2026-03-14 23:59"), policy, days) == at("2026-03-16 23:59")


@pytest.mark.parametrize(
    "office", [[("09:00", "12:00"), ("11:00", "18:00")], [("13:00", "18:00"), ("09:00", "12:00")], [("08:00", "17:00"), ("22:00", "09:00")]]
)
def test_office_spans_may_not_overlap(office: list[tuple[str, str]]) -> None:
    with pytest.raises(ValidationError, match="without overlap"):
        Hours.model_validate({"office": [{"from": start, "to": end} for start, end in office]})
