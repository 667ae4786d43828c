"""Deadlines: the engine equals a slow reference that walks, for random calendars, starts and durations, across clock changes too."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from common.clock_rules import ClockRule, Moment
from common.policy import resolve
from common.states import CaseState, Level
from hypothesis import given, settings
from hypothesis import strategies as st
from sla.domain.calendar import WorkingDays, YearDays
from sla.domain.deadlines import Dates, Site, Start, dates
from sla.domain.holidays import differing, unpublished

from tests.unit.sla.build import a_case, a_policy, a_rule, at

DAY = timedelta(days=1)
YEARS = range(2025, 2028)
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe")
instants = st.datetimes(datetime(2025, 1, 1), datetime(2026, 9, 1), timezones=st.just(UTC)).map(lambda one: one.replace(microsecond=0))  # noqa: DTZ001
hours = st.integers(0, 23).map(lambda hour: f"{hour:02}:30")


def rule(**changes: Any) -> ClockRule:
    return ClockRule.model_validate(a_rule(**changes))


def a_site(zone: str, close: str | None, off: frozenset[date], desk: tuple[str, str] | None = None) -> Site:
    opening = {"desk": [{"from": desk[0], "to": desk[1]}]} if desk else {}
    sections = {"calendar": {"timezone": zone, "close_of_business": close}, "hours": opening}
    policy = resolve([sections, {"site": "TT", "name": {"zh": "t", "en": "t"}}])
    return Site(policy, WorkingDays.of("T", {year: differing([day for day in off if day.year == year]) for year in YEARS}))


class Walk:
    """The slow reference: steps through days, asks nothing precomputed."""

    def __init__(self, zone: str, close: str | None, off: frozenset[date]) -> None:
        self.zone, self.close, self.off = ZoneInfo(zone), close, off

    def works(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.off

    def wall(self, day: date, clock: str) -> datetime:
        if clock == "24:00":
            day, clock = day + DAY, "00:00"
        return datetime.combine(day, time.fromisoformat(clock), self.zone).astimezone(UTC)

    def working(self, day: date, count: int) -> date:
        while count:
            day += DAY
            count -= self.works(day)
        return day

    def closing(self, day: date) -> datetime:
        return self.wall(day, self.close or "24:00")

    def by_days(self, day: date, due: datetime, warning: str) -> dict[Level, datetime]:
        later = {Level.L2: self.closing(self.working(day, 1)), Level.L3: self.closing(self.working(day, 2))}
        return {Level.WARNING: self.wall(day, warning), Level.L1: due, **later}


def climbed(found: Dates | None, wanted: dict[Level, datetime], start: datetime) -> bool:
    """The ladder is the reference's, without a warning before the start."""
    kept = {level: moment for level, moment in wanted.items() if level is not Level.WARNING or moment >= start}
    return found is not None and dict(found.rungs) == kept and found.due_at == wanted[Level.L1]


@given(instants, st.integers(1, 40), st.frozensets(st.dates(date(2025, 1, 1), date(2027, 6, 1)), max_size=40), st.sampled_from(ZONES), hours)
@settings(max_examples=250, deadline=None)
def test_working_days(start: datetime, count: int, off: frozenset[date], zone: str, close: str) -> None:
    """DEF-04: the day of the start does not count, due at the close of business of the N-th working day."""
    walk = Walk(zone, close, off)
    found = dates(rule(duration={"value": count, "unit": "working_day"}), Start(start, Moment.RECEIVED), a_site(zone, close, off))
    day = walk.working(start.astimezone(walk.zone).date(), count)
    assert climbed(found, walk.by_days(day, walk.closing(day), "08:00"), start)


@given(
    start=instants,
    count=st.integers(1, 60),
    off=st.frozensets(st.dates(date(2025, 1, 1), date(2027, 6, 1)), max_size=40),
    zone=st.sampled_from(ZONES),
    close=st.sampled_from(["18:00", None]),
)
@settings(max_examples=250, deadline=None)
def test_calendar_days(start: datetime, count: int, off: frozenset[date], zone: str, close: str | None) -> None:
    """DEF-06: calendar days, the last one moved to a working day only where the site uses working days."""
    walk = Walk(zone, close, off)
    found = dates(rule(duration={"value": count, "unit": "calendar_day"}), Start(start, Moment.RECEIVED), a_site(zone, close, off))
    day = start.astimezone(walk.zone).date() + count * DAY
    while close and not walk.works(day):
        day += DAY
    assert climbed(found, walk.by_days(day, walk.closing(day), "08:00"), start)


@given(instants, st.frozensets(st.dates(date(2025, 1, 1), date(2027, 6, 1)), max_size=40), st.sampled_from(ZONES))
@settings(max_examples=200, deadline=None)
def test_the_same_day(start: datetime, off: frozenset[date], zone: str) -> None:
    """DEF-05: until 24:00; after the desk has closed it is the next day's, from 00:00."""
    walk = Walk(zone, "20:00", off)
    found = dates(rule(duration={"unit": "same_day"}), Start(start, Moment.RECEIVED), a_site(zone, "20:00", off, ("08:00", "20:00")))
    local = start.astimezone(walk.zone)
    late = local.hour >= 20
    day = local.date() + (DAY if late else timedelta())
    begins = walk.wall(day, "00:00") if late else start
    assert found is not None
    assert found.start_at == begins
    assert climbed(found, walk.by_days(day, walk.wall(day, "24:00"), "20:00"), begins)


@given(instants, st.integers(1, 5000), st.sampled_from(["minute", "hour"]), st.sampled_from(ZONES))
@settings(max_examples=200, deadline=None)
def test_elapsed_time_knows_no_calendar_and_no_clock_change(start: datetime, count: int, unit: str, zone: str) -> None:
    """DEF-02: 24 hours a day, to the second."""
    found = dates(rule(duration={"value": count, "unit": unit}), Start(start, Moment.RECEIVED), a_site(zone, None, frozenset()))
    length = timedelta(minutes=count) if unit == "minute" else timedelta(hours=count)
    factors = {Level.WARNING: 0.8, Level.L1: 1, Level.L2: 2, Level.L3: 3}
    assert climbed(found, {level: start + length * factor for level, factor in factors.items()}, start)


def test_a_day_that_the_clocks_change_has_its_own_length() -> None:
    """24 hours after the evening before New York's change it is an hour later; one working day is not."""
    zone, site = ZoneInfo("America/New_York"), a_site("America/New_York", "18:00", frozenset())
    friday = at("2026-03-06 18:00", zone)
    elapsed = dates(rule(duration={"value": 72, "unit": "hour"}), Start(friday, Moment.RECEIVED), site)
    worked = dates(rule(duration={"value": 1, "unit": "working_day"}), Start(friday, Moment.RECEIVED), site)
    assert elapsed is not None
    assert worked is not None
    assert (elapsed.due_at, worked.due_at) == (at("2026-03-09 19:00", zone), at("2026-03-09 18:00", zone))


CLOSED = at("2026-03-14 23:45")
MORNING = at("2026-03-15 07:00")


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({"channel": "app", "urgency": "P3"}, MORNING),
        ({"channel": "app", "urgency": None}, MORNING),
        ({"channel": "app", "urgency": "P1"}, CLOSED),
        ({"channel": "phone", "urgency": "P3"}, CLOSED),
        ({"channel": "letter", "urgency": "P3"}, CLOSED),
    ],
)
def test_an_item_from_a_closed_online_channel_waits_for_the_opening(changes: dict[str, Any], start: datetime) -> None:
    """DEF-03: emergencies and channels without hours never wait."""
    case = a_case(received_at=CLOSED, **changes)
    assert _start_of(case, CLOSED) == start


@pytest.mark.parametrize(("received", "start"), [("07:00", "07:00"), ("06:59", "07:00"), ("21:59", "21:59"), ("22:00", "07:00")])
def test_seven_is_open_and_twenty_two_is_closed(received: str, start: str) -> None:
    begun = _start_of(a_case(channel="app"), at(f"2026-03-16 {received}"))
    assert begun.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%H:%M") == start


def _start_of(case: CaseState, received: datetime) -> datetime:
    found = dates(rule(), Start(received, Moment.RECEIVED, case=case), Site(a_policy(), unpublished("CN")))
    assert found is not None
    return found.start_at


def test_a_rule_may_refuse_to_wait() -> None:
    site = Site(a_policy(), unpublished("CN"))
    found = dates(rule(defers="none"), Start(CLOSED, Moment.RECEIVED, case=a_case(channel="app")), site)
    assert found is not None
    assert found.start_at == CLOSED


def test_what_was_never_agreed_gives_no_clock() -> None:
    site = Site(a_policy(), unpublished("CN"))
    for unit in ("appointment", "promised"):
        assert dates(rule(duration={"unit": unit}), Start(CLOSED, Moment.RECEIVED), site) is None


def test_a_missing_year_leaves_a_clock_undated_or_its_levels_out() -> None:
    """Nothing is guessed: neither a deadline nor a level (SLA-39); what staff see is marked as an estimate (decisions.md 2)."""
    site = Site(a_policy(), unpublished("CN"))
    one = rule(duration={"value": 1, "unit": "working_day"})
    undated = dates(one, Start(at("2026-12-31 10:00"), Moment.RECEIVED), site)
    assert undated == Dates(at("2026-12-31 10:00"), needs="CN:2027", estimate_at=at("2027-01-01 19:00"))
    dated = dates(one, Start(at("2026-12-30 10:00"), Moment.RECEIVED), site)
    assert dated is not None
    assert (dated.due_at, [level for level, _ in dated.rungs], dated.needs) == (at("2026-12-31 19:00"), [Level.WARNING, Level.L1], "CN:2027")


def test_a_published_year_completes_them() -> None:
    book = {year: YearDays() for year in (2026, 2027)}
    found = dates(
        rule(duration={"value": 1, "unit": "working_day"}),
        Start(at("2026-12-31 10:00"), Moment.RECEIVED),
        Site(a_policy(), WorkingDays.of("CN", book)),
    )
    assert found is not None
    assert (found.due_at, found.needs) == (at("2027-01-01 19:00"), None)
