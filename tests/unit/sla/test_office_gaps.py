"""Office units under force majeure and pauses, and told in segments: equal to a slow walk, each segment with its reason (ADR 0018, 0023)."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from common.clock_rules import ClockRule, Moment
from hypothesis import given, settings
from hypothesis import strategies as st
from sla.domain.deadlines import Dates, Site, Start, dates
from sla.domain.running import Gap, Gaps, share

from tests.unit.sla.build import a_rule, at
from tests.unit.sla.test_office_hours import DAY, MINUTE, NEW_YORK, OFFICES, ZONES, Office, Walk, a_site

HOURS = (("08:30", "17:00"),)
FIRST = datetime(2026, 3, 3, tzinfo=UTC)


@st.composite
def some_gaps(draw: st.DrawFn) -> Gaps:
    found = []
    for number in range(draw(st.integers(0, 3))):
        begin = FIRST + draw(st.integers(0, 8 * 1440)) * MINUTE
        factor = draw(st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(3, 4)]))
        found.append(Gap(begin, begin + draw(st.integers(1, 3 * 1440)) * MINUTE, factor, f"window:{number}"))
    return tuple(found)


begins = st.integers(0, 5 * 1440).map(lambda minute: FIRST + minute * MINUTE)  # over New York's change of the clocks
off_days = st.frozensets(st.dates(date(2026, 3, 1), date(2026, 4, 30)), max_size=10)


def a_clock(value: int, unit: str, start: datetime, site: Site, gaps: Gaps = ()) -> Dates:
    rule = ClockRule.model_validate(a_rule(duration={"value": value, "unit": unit}))
    found = dates(rule, Start(start, Moment.RECEIVED, gaps=gaps), site)
    assert found is not None
    assert found.due_at is not None
    return found


def stepped(walk: Walk, moment: datetime, count: int, gaps: Gaps) -> datetime:
    """Minute by minute: an open one counts by its factor; hours and gaps begin and end on whole minutes."""
    left = Fraction(count)
    while left:
        counts = share(moment, gaps)[0] if walk.is_open(moment) else Fraction(0)
        if counts >= left:
            return moment + timedelta(milliseconds=-(-left * 60_000 // counts))
        left -= counts
        moment += MINUTE
    return moment


@given(begins, st.integers(1, 700), some_gaps(), off_days, st.sampled_from(ZONES), st.sampled_from(OFFICES))
@settings(max_examples=60, deadline=None)
def test_office_time_in_gaps_equals_the_walk(start: datetime, count: int, gaps: Gaps, off: frozenset[date], zone: str, office: Office) -> None:
    site = a_site(zone, office, off)
    assert a_clock(count, "office_minute", start, site, gaps).due_at == stepped(Walk(zone, office, off), start, count, gaps)


@given(begins, st.integers(1, 8), some_gaps(), off_days, st.sampled_from(ZONES), st.sampled_from(["office_day", "full_day"]))
@settings(max_examples=100, deadline=None)
def test_days_in_gaps_equal_the_walk(start: datetime, count: int, gaps: Gaps, off: frozenset[date], zone: str, unit: str) -> None:
    """A day counts by the factor that holds when it ends, at its own time of day."""
    walk = Walk(zone, HOURS, off)
    day, clock = walk.begin(start) if unit == "office_day" else (start.astimezone(walk.zone).date(), start.astimezone(walk.zone).time())
    left = Fraction(count)
    while left > 0:
        day = walk.next(day) if unit == "office_day" else day + DAY
        left -= share(walk.same_time(day, clock), gaps)[0]
    assert a_clock(count, unit, start, a_site(zone, HOURS, off), gaps).due_at == walk.same_time(day, clock)


units = st.sampled_from(["office_day", "full_day", "office_hour", "office_minute"])


@given(begins, st.integers(1, 30), some_gaps(), off_days, st.sampled_from(ZONES), units)
@settings(max_examples=150, deadline=None)
def test_segments_are_the_whole_way_and_add_up(start: datetime, count: int, gaps: Gaps, off: frozenset[date], zone: str, unit: str) -> None:
    """From the receipt to the deadline without a hole, and together the duration (deadlines are whole milliseconds)."""
    found = a_clock(count, unit, start, a_site(zone, HOURS, off), gaps)
    segments = found.segments()
    assert (segments[0].begin, segments[-1].end) == (start, found.due_at)
    assert all(one.end == other.begin for one, other in pairwise(segments))
    total = sum(one.amount for one in segments)
    wanted = count * 60 if unit == "office_hour" else count
    assert abs(total - wanted) < Fraction(1, 10_000)


def test_an_evening_a_weekend_and_a_storm_are_told() -> None:
    """Two office days and four office hours from Friday evening; on Monday until noon only half of the time counts."""
    site = a_site("America/New_York", HOURS, frozenset())
    start, storm = (
        at("2026-03-13 18:00", NEW_YORK),
        Gap(at("2026-03-16 08:00", NEW_YORK), at("2026-03-16 12:00", NEW_YORK), Fraction(1, 2), "window:storm"),
    )
    days = a_clock(2, "office_day", start, site).segments()
    assert [(one.end.astimezone(NEW_YORK).strftime("%a %H:%M"), one.amount, one.why) for one in days] == [
        ("Mon 08:30", 0, "closed"),
        ("Tue 00:00", 0, "start_day"),
        ("Wed 08:30", 2, "working_day"),
    ]
    hours = a_clock(4, "office_hour", start, site, (storm,)).segments()
    assert [(one.end.astimezone(NEW_YORK).strftime("%a %H:%M"), one.amount, one.why) for one in hours] == [
        ("Mon 08:00", 0, "day_off"),
        ("Mon 12:00", 105, "window:storm"),
        ("Mon 14:15", 135, "office"),
    ]
