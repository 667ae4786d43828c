"""Working days: the table equals a slow walk, the State Council's days equal an independent library, unknown years are refused."""

import re
from datetime import date, timedelta
from pathlib import Path

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sla.domain.calendar import CalendarMissing, WorkingDays, YearDays, monday_of, week_name, week_start
from sla.domain.holidays import differing, of_site, unpublished, working_days
from sla.domain.opening import close_of_business

from tests.unit.sla.build import a_policy, at

DAY = timedelta(days=1)
YEARS = range(2024, 2027)
days_of_the_years = st.dates(date(2024, 1, 1), date(2026, 12, 31))
marked = st.frozensets(days_of_the_years, max_size=120)


def a_calendar(off: frozenset[date], worked: frozenset[date]) -> WorkingDays:
    years = {year: differing([day for day in off if day.year == year], [day for day in worked if day.year == year]) for year in YEARS}
    return WorkingDays.of("T", years)


def works(day: date, off: frozenset[date], worked: frozenset[date]) -> bool:
    """The plain reading: a weekday that is not off, or a weekend day that is worked."""
    return day in worked if day.weekday() > 4 else day not in off


def walk(day: date, count: int, off: frozenset[date], worked: frozenset[date]) -> date | None:
    """Step day by day, None past the last known year."""
    while count:
        day += DAY
        if day.year not in YEARS:
            return None
        count -= works(day, off, worked)
    return day


@given(days_of_the_years, st.integers(1, 300), marked, marked)
@settings(max_examples=300, deadline=None)
def test_the_table_equals_the_walk(start: date, count: int, off: frozenset[date], worked: frozenset[date]) -> None:
    calendar, wanted = a_calendar(off, worked), walk(start, count, off, worked)
    if wanted is None:
        with pytest.raises(CalendarMissing) as refused:
            calendar.after(start, count)
        assert refused.value.needs == "T:2027"
        return
    assert calendar.after(start, count) == wanted
    assert calendar.between(start, wanted) == count, "the inverse"


@given(days_of_the_years, marked, marked)
@settings(max_examples=200, deadline=None)
def test_single_days_and_weeks_equal_the_walk(day: date, off: frozenset[date], worked: frozenset[date]) -> None:
    calendar = a_calendar(off, worked)
    assert calendar.is_working(day) is works(day, off, worked)
    monday = monday_of(day)
    week = [monday + index * DAY for index in range(7)]
    if {one.year for one in week} <= set(YEARS):
        assert calendar.last_of_week(monday) == max((one for one in week if works(one, off, worked)), default=None)


def test_the_days_of_china_equal_an_independent_library() -> None:
    theirs = holidays.country_holidays("CN", years=YEARS)
    ours = unpublished("CN")
    day = date(2024, 1, 1)
    while day.year in YEARS:
        assert ours.is_working(day) is theirs.is_working_day(day), day
        day += DAY


DOCUMENT = Path(__file__).parents[4] / "shared" / "design" / "scenarios.md"
MONTHS = {name: number for number, name in enumerate(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1)}


def listed(text: str) -> set[date]:
    """The days of a list like `1\u20133 Jan, 15\u201323 Feb, 4 Jan (Sun)`."""
    found = re.findall(r"(\d+)(?:\u2013(\d+))? ([A-Z][a-z]{2})", text)
    return {date(2026, MONTHS[month], day) for first, last, month in found for day in range(int(first), int(last or first) + 1)}


@pytest.mark.skipif(not DOCUMENT.exists(), reason="shared/design/scenarios.md is not on this machine")
def test_the_days_of_2026_are_those_of_the_state_council() -> None:
    """Every day of the year against the list of the acceptance scenarios."""
    line = next(line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if "Test calendar 2026" in line)
    off, worked = (listed(part) for part in line.split("off \u2014")[1].split("worked weekend days \u2014"))
    assert (len(off), len(worked)) == (33, 6)
    calendar = unpublished("CN")
    for day in (date(2026, 1, 1) + index * DAY for index in range(365)):
        assert calendar.is_working(day) is (day in worked or (day.weekday() < 5 and day not in off)), day


def test_an_unknown_year_is_refused_and_a_published_one_is_used() -> None:
    with pytest.raises(CalendarMissing) as refused:
        unpublished("CN").after(date(2026, 12, 31), 1)
    assert refused.value.needs == "CN:2027"
    year = differing([date(2027, 1, 1), date(2027, 1, 2)], [date(2027, 1, 3)])
    assert year == YearDays(frozenset({date(2027, 1, 1)}), frozenset({date(2027, 1, 3)})), "a Saturday is off anyway"
    assert working_days("CN", {2027: year}, 1).after(date(2026, 12, 31), 1) == date(2027, 1, 3)


def test_a_gap_between_known_years_is_not_jumped() -> None:
    with pytest.raises(CalendarMissing) as refused:
        working_days("CN", {2029: YearDays()}).after(date(2026, 12, 31), 1)
    assert refused.value.needs == "CN:2027"


def test_a_week_without_a_working_day() -> None:
    assert unpublished("CN").last_of_week(date(2026, 2, 16)) is None
    assert unpublished("CN").last_of_week(date(2026, 2, 23)) == date(2026, 2, 28)
    assert unpublished("CN").on_or_after(date(2026, 2, 16)) == date(2026, 2, 24)


def test_every_other_calendar_is_monday_to_friday() -> None:
    assert unpublished("US").after(date(2026, 7, 2), 1) == date(2026, 7, 3)
    assert working_days("US", {2026: differing([date(2026, 7, 3)])}).after(date(2026, 7, 2), 1) == date(2026, 7, 6)


@given(days_of_the_years)
def test_weeks_have_names(day: date) -> None:
    assert week_start(week_name(monday_of(day))) == monday_of(day)


def test_a_site_has_days_of_its_own() -> None:
    """Extra days off and worked days of a site lie over its calendar; a year nobody published stays unknown."""
    own = a_policy(calendar={"off": ["2026-03-17", "2026-05-09"], "worked": ["2026-03-21", "2027-01-02"]}).calendar
    days = of_site(unpublished("CN"), own)
    assert days.after(date(2026, 3, 16), 1) == date(2026, 3, 18)
    assert days.after(date(2026, 3, 20), 1) == date(2026, 3, 21), "a Saturday that this site works"
    assert not days.is_working(date(2026, 5, 9)), "shifted for the country, not for this site"
    assert days.after(date(2026, 3, 24), 3) == unpublished("CN").after(date(2026, 3, 24), 3)
    with pytest.raises(CalendarMissing):
        days.after(date(2026, 12, 31), 1)
    assert of_site(unpublished("CN"), own) is days, "made once"
    assert of_site(unpublished("CN"), a_policy().calendar) is unpublished("CN")


def test_a_day_is_not_off_and_worked() -> None:
    with pytest.raises(ValidationError, match="off and worked"):
        a_policy(calendar={"off": ["2026-03-17"], "worked": ["2026-03-17"]})


def test_a_weekday_may_close_at_another_time() -> None:
    policy = a_policy(calendar={"close_of_business": "19:00", "close_by_weekday": {"friday": "17:00"}})
    assert [close_of_business(policy, date(2026, 3, day)) for day in (19, 20)] == [at("2026-03-19 19:00"), at("2026-03-20 17:00")]
    with pytest.raises(ValidationError, match="not given"):
        a_policy(calendar={"close_of_business": None, "close_by_weekday": {"friday": "17:00"}})


def test_an_estimate_takes_unknown_years_as_plain_weeks() -> None:
    assert unpublished("CN").guessed().after(date(2026, 12, 31), 1) == date(2027, 1, 1)
    assert unpublished("CN").guessed().after(date(2026, 9, 30), 1) == date(2026, 10, 8), "known years keep their days"
