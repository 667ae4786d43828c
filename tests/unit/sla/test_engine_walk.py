"""Every shape of the engine equals a slow second reading (`tests/support/slow_walk.py`), forward and inverse, in every zone, over clock changes."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from common.clock_rules import ClockRule, Moment
from common.events import Fact
from common.events.intake import CasePlanRecorded, CaseProgressTold, CaseRestored
from common.policy import SitePolicy, resolve
from common.policy_sections import Span
from common.states import Level
from hypothesis import given, settings
from hypothesis import strategies as st
from sla.domain.calendar import WorkingDays
from sla.domain.deadlines import Dates, Site, Start, dates
from sla.domain.gaps import Window
from sla.domain.holidays import differing, of_site
from sla.domain.opening import next_opening
from sla.domain.plan import plan
from sla.domain.running import Gap, counted

from tests.support.slow_walk import DAY, MINUTE, Slow, SlowWalk
from tests.unit.sla.build import a_case, a_rule
from tests.unit.sla.test_plan import registered, told
from tests.unit.sla.test_updates import DAILY, HOURLY

ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FIRST = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)  # the next weeks hold New York's, Berlin's and Lord Howe's change of the clocks
FACTORS = [Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(9, 10)]
EXAMPLES = settings(max_examples=150, deadline=None)  # in CI the library derandomizes by itself
minutes_on = st.integers(0, 45 * 1440).map(lambda count: FIRST + count * MINUTE)
slow_spells = st.lists(st.tuples(minutes_on, st.integers(1, 3000), st.sampled_from(FACTORS)), max_size=3)
some_days = st.frozensets(st.dates(date(2026, 2, 20), date(2026, 6, 30)), max_size=25)
closings = st.sampled_from([None, "18:00", "20:00"])


@st.composite
def walks(draw: st.DrawFn) -> SlowWalk:
    """A random site: zone, hours, days, spells of slow time."""
    close, off = draw(closings), draw(some_days)
    worked = draw(some_days) - off
    return SlowWalk(
        zone=ZoneInfo(draw(st.sampled_from(ZONES))),
        close=close,
        close_on={4: "16:30"} if close and draw(st.booleans()) else {},
        off=off,
        worked=frozenset(day for day in worked if day.weekday() > 4),
        slow=tuple(Slow(begin, begin + length * MINUTE, factor) for begin, length, factor in draw(slow_spells)),
    )


def site_of(walk: SlowWalk, **sections: Any) -> Site:
    """The same site for the engine; its own days lie half in the calendar, half in the site's file."""
    own = {day for day in walk.off if day.day % 2}
    calendar: dict[str, Any] = {"timezone": walk.zone.key, "holidays": "TT", "off": sorted(map(str, own)), "worked": []}
    if walk.close:
        calendar |= {"close_of_business": walk.close, "close_by_weekday": {WEEKDAYS[day]: hour for day, hour in walk.close_on.items()}}
    policy: SitePolicy = resolve([{"calendar": calendar} | sections, {"site": "TT", "name": {"zh": "t", "en": "t"}}])
    years = {
        year: differing([day for day in walk.off - own if day.year == year], [day for day in walk.worked if day.year == year])
        for year in range(2025, 2028)
    }
    return Site(policy, of_site(WorkingDays.of("TT", years), policy.calendar))


def gaps_of(walk: SlowWalk) -> tuple[Gap, ...]:
    return tuple(Gap(one.begin, one.end, one.factor, f"window:{index}") for index, one in enumerate(walk.slow))


def engine(walk: SlowWalk, start: datetime, **shape: Any) -> Dates:
    rule = ClockRule.model_validate(a_rule(**shape))
    found = dates(rule, Start(start, Moment.CLASSIFIED, gaps=gaps_of(walk)), site_of(walk))
    assert found is not None
    return found


def levels(found: Dates) -> dict[Level, datetime]:
    return dict(found.rungs)


@given(walks(), minutes_on, st.integers(1, 1200))
@EXAMPLES
def test_elapsed_time(walk: SlowWalk, start: datetime, count: int) -> None:
    """DEF-02 in slow time: due, warning and levels, and the inverse."""
    found = engine(walk, start, duration={"value": count, "unit": "minute"})
    parts = {Level.WARNING: Fraction(4, 5), Level.L1: Fraction(1), Level.L2: Fraction(2), Level.L3: Fraction(3)}
    assert levels(found) == {level: walk.minutes_later(start, count * part) for level, part in parts.items()}


@given(walks(), minutes_on, st.integers(0, 1200))
@EXAMPLES
def test_elapsed_time_backwards(walk: SlowWalk, start: datetime, length: int) -> None:
    """How much ran between two instants; and what the engine finds due has run exactly then, not a millisecond before."""
    gaps, end = gaps_of(walk), start + length * MINUTE
    assert counted(start, end, gaps) == walk.minutes_between(start, end)
    found = engine(walk, start, duration={"value": length + 1, "unit": "minute"})
    assert found.due_at is not None
    assert counted(start, found.due_at, gaps) >= length + 1 > counted(start, found.due_at - timedelta(milliseconds=1), gaps)


@given(walks(), minutes_on, st.integers(1, 15))
@EXAMPLES
def test_working_days(walk: SlowWalk, start: datetime, count: int) -> None:
    """DEF-04, shifted days and a site's own days, another close on Fridays, days lost to slow time; levels after it likewise."""
    found = engine(walk, start, duration={"value": count, "unit": "working_day"})
    day = walk.days_later(walk.today(start), count, working=True)
    assert found.due_at == walk.closing(day)
    later = {Level.L2: walk.days_later(day, 1, working=True), Level.L3: walk.days_later(day, 2, working=True)}
    assert {level: levels(found)[level] for level in later} == {level: walk.closing(one) for level, one in later.items()}
    if not walk.slow:
        assert site_of(walk).days.between(walk.today(start), day) == count, "the inverse"


@given(walks(), minutes_on, st.integers(1, 20))
@EXAMPLES
def test_calendar_days(walk: SlowWalk, start: datetime, count: int) -> None:
    """DEF-06."""
    found = engine(walk, start, duration={"value": count, "unit": "calendar_day"})
    assert found.due_at == walk.closing(walk.calendar_day(start, count))


@given(walks(), minutes_on)
@EXAMPLES
def test_the_same_day(walk: SlowWalk, start: datetime) -> None:
    """DEF-05 where the desk has no hours."""
    assert engine(walk, start, duration={"unit": "same_day"}).due_at == walk.same_day(start)


@pytest.mark.parametrize("unit", ["appointment", "promised"])
@given(walk=walks(), start=minutes_on, ahead=st.integers(0, 5000))
@EXAMPLES
def test_agreed_times_do_not_move(unit: str, walk: SlowWalk, start: datetime, ahead: int) -> None:
    """Neither a window nor a pause has a say over what was agreed with an owner."""
    agreed = start + ahead * MINUTE
    begun = Start(start, Moment.CLASSIFIED, appointment_at=agreed, promised_at=agreed, gaps=gaps_of(walk))
    found = dates(ClockRule.model_validate(a_rule(duration={"unit": unit})), begun, site_of(walk))
    assert found is not None
    assert found.due_at == agreed


@given(walks(), minutes_on, st.sampled_from(WEEKDAYS), st.sampled_from(["09:00", "17:00"]))
@EXAMPLES
def test_batches(walk: SlowWalk, start: datetime, weekday: str, hour: str) -> None:
    """DEF-13: the first batch due at or after it; in a week without that working day, the last one of the week; none: the next week's."""
    rule = ClockRule.model_validate(a_rule(subject="site_week", batch={"weekday": weekday, "at": hour}))
    found = dates(rule, Start(start, Moment.COMPLETED), site_of(walk))
    assert found is not None
    assert found.due_at == walk.batch_of(start, WEEKDAYS.index(weekday), hour)


SPANS = (
    (("07:00", "22:00"),),
    (("08:00", "12:00"), ("13:30", "17:00")),
    (("20:00", "06:00"),),
    (("22:00", "02:00"), ("06:00", "09:00"), ("12:00", "13:00")),
)


@given(st.sampled_from(ZONES), minutes_on, st.sampled_from(SPANS))
@settings(max_examples=60, deadline=None)
def test_openings(zone: str, at: datetime, spans: tuple[tuple[str, str], ...]) -> None:
    """DEF-03: several spans a day, spans over midnight, days on which the clocks change."""
    declared = [Span.model_validate({"from": start, "to": end}) for start, end in spans]
    assert next_opening(declared, at, ZoneInfo(zone)) == SlowWalk(ZoneInfo(zone)).next_opening(at, spans)


# --- rows of updates ----------------------------------------------------------------------------------------------------------

tellings = st.lists(st.integers(1, 5 * 1440), max_size=6).map(lambda found: sorted(set(found)))
ends = st.none() | st.integers(0, 5 * 1440)
spells = st.lists(st.tuples(st.integers(0, 5 * 1440), st.integers(1, 2000), st.sampled_from(FACTORS)), max_size=2)


def _facts(start: datetime, told_at: list[int], over: int | None, last: Fact) -> list[tuple[str, Fact]]:
    update = CaseProgressTold(case=a_case(), forms=("phone",), by="d")
    facts = [(_text(start, minute), update) for minute in told_at]
    return facts + ([(_text(start, over), last)] if over is not None else [])


def _text(start: datetime, minute: int) -> str:
    return (start + minute * MINUTE).astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M")


@given(st.sampled_from(ZONES), minutes_on, tellings, ends, spells, st.integers(0, 8 * 1440))
@EXAMPLES
def test_rows_of_updates(
    zone: str, start: datetime, told_at: list[int], over: int | None, slow: list[tuple[int, int, Fraction]], passed: int
) -> None:
    """ADR 0017: every so often until restored, and every day before an hour up to the next one."""
    slowed = [Slow(start + begin * MINUTE, start + (begin + length) * MINUTE, factor) for begin, length, factor in slow]
    walk = SlowWalk(ZoneInfo(zone), slow=slowed)
    windows = tuple(Window(id=f"w{index}", begin=one.begin, until=one.end, factor=float(one.factor)) for index, one in enumerate(walk.slow))
    base = [*registered(received_at=start), (_text(start, 0), CasePlanRecorded(case=a_case(), days=3, by="d"))]
    file = told(*base, *_facts(start, told_at, over, CaseRestored(case=a_case(), by="d")))
    file = file.model_copy(update={"case": a_case(received_at=start)})
    calendar = {"calendar": {"timezone": zone, "close_of_business": None}}
    rules = [HOURLY | {"repeat": {"every": 7, "unit": "hour", "until": "restored"}}, DAILY | {"until": "restored"}]
    policy = resolve([calendar, {"clocks": rules}, {"site": "QQ", "name": {"zh": "t", "en": "t"}}])
    now = start + passed * MINUTE
    found = plan(file, policy, WorkingDays.of("CN", {}), windows, now=now)
    moments, end = [start + minute * MINUTE for minute in told_at], None if over is None else start + over * MINUTE
    hourly = [(clock.dates.start_at, clock.dates.due_at, str(clock.state)) for clock in found if clock.code == "CLK_PROGRESS"]
    assert hourly == list(walk.hourly(start, 7 * 60, moments, end))
    daily = [(clock.dates.due_at, str(clock.state)) for clock in found if clock.code == "CLK_STAGE"]
    assert daily == list(walk.daily(start, "17:00", moments, end, now))


def test_the_walk_is_no_copy_of_the_engine() -> None:
    """It knows New York's change of the clocks by itself: 02:30 does not exist on 8 March 2026, and a day has 23 hours."""
    walk = SlowWalk(ZoneInfo("America/New_York"), close="18:00")
    saturday = walk.wall(date(2026, 3, 7), "18:00")
    assert walk.wall(date(2026, 3, 8), "18:00") - saturday == DAY - timedelta(hours=1)
    assert walk.minutes_later(saturday, Fraction(1440)) == saturday + DAY
