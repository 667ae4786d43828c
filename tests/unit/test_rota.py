"""Who is on duty: shifts that pass midnight, overrides, zones whose clocks change, and who answers for a role."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from common.events import FACTS
from common.rota import Contractor, SiteRota, eligible, on_duty, resolve
from common.states import PersonState
from pydantic import ValidationError

CHINA = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
FRIDAY = date(2026, 3, 13)

PEOPLE: list[dict[str, Any]] = [
    {"id": "desk", "roles": ["receptionist"], "department": "customer_service"},
    {"id": "late", "roles": ["receptionist"], "department": "customer_service"},
    {"id": "night", "roles": ["repair_worker"], "department": "engineering", "trades": ["plumbing", "electrical"]},
    {"id": "spare", "roles": ["repair_worker"], "department": "engineering", "trades": ["plumbing"]},
    {"id": "boss", "roles": ["department_manager", "engineering_manager"], "department": "engineering"},
    {"id": "clean", "roles": ["department_manager"], "department": "cleaning"},
]
SHIFTS = [
    {"name": "early", "from": "08:00", "to": "17:00"},
    {"name": "late", "from": "12:00", "to": "20:00"},
    {"name": "night", "from": "20:00", "to": "08:00"},
]
ASSIGNED: list[dict[str, Any]] = [
    {"shift": "early", "people": ["desk"]},
    {"shift": "late", "people": ["late"], "days": ["mon", "tue", "wed", "thu", "fri"]},
    {"shift": "night", "people": ["night"]},
]


def a_rota(**changes: Any) -> SiteRota:
    return SiteRota.model_validate({"people": PEOPLE, "shifts": SHIFTS, "assignments": ASSIGNED} | changes)


def local(hour: str, day: date = FRIDAY, zone: ZoneInfo = CHINA) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour}").replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("hour", "present"),
    [
        ("07:59:59", ("night",)),
        ("08:00", ("desk",)),
        ("11:59", ("desk",)),
        ("12:00", ("desk", "late")),
        ("17:00", ("late",)),
        ("20:00", ("night",)),
        ("23:59", ("night",)),
        ("00:00", ("night",)),
    ],
)
def test_a_shift_includes_its_start_and_not_its_end(hour: str, present: tuple[str, ...]) -> None:
    assert on_duty(a_rota(), local(hour)) == present


def test_a_weekday_shift_does_not_run_on_the_weekend() -> None:
    assert on_duty(a_rota(), local("13:00", date(2026, 3, 14))) == ("desk",)


def test_the_night_shift_of_friday_lasts_into_saturday() -> None:
    rota = a_rota(assignments=[{"shift": "night", "people": ["night"], "days": ["fri"]}])
    assert on_duty(rota, local("03:00", date(2026, 3, 14))) == ("night",)
    assert on_duty(rota, local("20:30", date(2026, 3, 14))) == ()
    assert on_duty(rota, local("03:00")) == ()


def test_an_assignment_may_name_dates() -> None:
    rota = a_rota(assignments=[{"shift": "early", "people": ["spare"], "days": ["2026-03-13", "sun"]}])
    assert on_duty(rota, local("09:00")) == ("spare",)
    assert on_duty(rota, local("09:00", date(2026, 3, 15))) == ("spare",)
    assert on_duty(rota, local("09:00", date(2026, 3, 14))) == ()


def test_an_override_replaces_the_shift_of_its_date_to_its_end_after_midnight() -> None:
    rota = a_rota(overrides=[{"date": "2026-03-13", "shift": "night", "people": ["spare"]}])
    assert on_duty(rota, local("23:00")) == ("spare",)
    assert on_duty(rota, local("07:00", date(2026, 3, 14))) == ("spare",)
    assert on_duty(rota, local("07:00")) == ("night",)
    assert on_duty(rota, local("23:00", date(2026, 3, 14))) == ("night",)


def test_an_override_may_leave_a_shift_empty() -> None:
    rota = a_rota(overrides=[{"date": "2026-03-13", "shift": "night", "people": []}])
    assert on_duty(rota, local("23:00")) == ()


@pytest.mark.parametrize(("start", "end"), [("00:00", "24:00"), ("08:00", "08:00")])
def test_a_shift_may_last_a_whole_day(start: str, end: str) -> None:
    rota = a_rota(shifts=[{"name": "all", "from": start, "to": end}], assignments=[{"shift": "all", "people": ["night"]}])
    assert all(on_duty(rota, local(f"{hour:02}:00")) == ("night",) for hour in range(24))


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 7), 11), (date(2026, 3, 8), 12), (date(2026, 10, 31), 13)],  # clocks go forward on 8 March, back on 1 November
)
def test_wall_clock_hours_decide_when_the_clocks_change(day: date, hours: int) -> None:
    night = a_rota().shifts[2]
    start, end = night.span(day, "America/New_York")
    assert (end - start).total_seconds() == hours * 3600
    assert start.astimezone(NEW_YORK).hour == 20
    assert end.astimezone(NEW_YORK).hour == 8


def test_no_instant_of_a_changing_night_is_without_duty_or_with_two() -> None:
    shifts = [{"name": "one", "from": "08:00", "to": "02:30"}, {"name": "two", "from": "02:30", "to": "08:00"}]
    assigned = [{"shift": "one", "people": ["desk"]}, {"shift": "two", "people": ["late"]}]
    rota = a_rota(zone="America/New_York", shifts=shifts, assignments=assigned)
    for day in (date(2026, 3, 8), date(2026, 11, 1)):
        for hour in range(12):
            for minute in (0, 15, 30, 45):
                at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                assert len(on_duty(rota, at)) == 1, at


def test_the_zone_of_the_caller_wins_over_the_rotas() -> None:
    at = local("23:00")
    assert on_duty(a_rota(zone="America/New_York"), at) == ("desk",)
    assert on_duty(a_rota(zone="America/New_York"), at, zone="Asia/Shanghai") == ("night",)


def test_a_role_is_answered_by_who_holds_it_and_is_on_duty() -> None:
    assert resolve(a_rota(), "receptionist", local("09:00")) == ("desk",)
    assert resolve(a_rota(), "receptionist", local("13:00")) == ("desk", "late")


def test_shift_workers_at_home_are_not_called() -> None:
    assert resolve(a_rota(), "receptionist", local("22:00")) == ()


def test_managers_without_shifts_are_reached_at_any_time() -> None:
    assert resolve(a_rota(), "engineering_manager", local("03:00")) == ("boss",)


def test_whoever_is_on_duty_comes_before_those_without_shifts() -> None:
    rota = a_rota(assignments=[*ASSIGNED, {"shift": "early", "people": ["clean"]}])
    assert resolve(rota, "department_manager", local("09:00")) == ("clean",)
    assert resolve(rota, "department_manager", local("22:00")) == ("boss",)


def test_a_department_narrows_a_role_that_every_department_fills() -> None:
    assert resolve(a_rota(), "department_manager", local("09:00")) == ("boss", "clean")
    assert resolve(a_rota(), "department_manager", local("09:00"), department="cleaning") == ("clean",)
    assert resolve(a_rota(), "department_manager", local("09:00"), department="security") == ()


def test_nobody_answers_for_an_unknown_role() -> None:
    assert resolve(a_rota(), "astronaut", local("09:00")) == ()


def test_eligible_are_those_on_duty_with_the_trade_and_the_department() -> None:
    rota = a_rota(assignments=[{"shift": "night", "people": ["spare", "night"]}])
    night = local("23:00")
    assert eligible(rota, night, trade="plumbing") == ("night", "spare")
    assert eligible(rota, night, trade="electrical") == ("night",)
    assert eligible(rota, night, trade="plumbing", department="cleaning") == ()
    assert eligible(rota, local("09:00"), trade="plumbing") == ()


def test_the_state_survives_its_own_fact() -> None:
    firm = {"id": "lift-co", "trades": ["lift"], "assets": ["lift-*"]}
    rota = a_rota(contractors=[firm], overrides=[{"date": "2026-03-13", "shift": "night", "people": ["spare"]}], open_cap=5)
    fact = rota.published("JN", 3)
    heard = FACTS["rota.published"].model_validate_json(fact.model_dump_json(exclude_none=True))
    assert SiteRota.of(heard) == rota  # type: ignore[arg-type]
    assert fact.people == tuple(PersonState(**person) for person in PEOPLE)


@pytest.mark.parametrize(("asset", "served"), [("lift-1", True), ("pump-1", True), ("pump-2", False), (None, False)])
def test_a_contractor_serves_the_assets_of_its_agreement(asset: str | None, served: bool) -> None:  # noqa: FBT001
    assert Contractor(id="firm", assets=("lift-*", "pump-1")).serves(asset) is served


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"people": [*PEOPLE, PEOPLE[0]]}, "named twice: desk"),
        ({"contractors": [{"id": "desk"}]}, "named twice: desk"),
        ({"shifts": [*SHIFTS, SHIFTS[0]]}, "shift named twice: early"),
        ({"assignments": [{"shift": "noon", "people": []}]}, "unknown shift: noon"),
        ({"assignments": [{"shift": "late", "people": ["ghost"]}]}, "unknown people: ghost"),
        ({"overrides": [{"date": "2026-03-13", "shift": "late", "people": ["ghost"]}]}, "unknown people: ghost"),
        ({"zone": "Mars/Olympus"}, "unknown time zone"),
        ({"zone": "../etc/passwd"}, "unknown time zone"),
        ({"shifts": [{"name": "early", "from": "8:00", "to": "17:00"}]}, "pattern"),
        ({"shifts": [{"name": "early", "from": "24:00", "to": "17:00"}]}, "pattern"),
        ({"assignments": [{"shift": "late", "people": [], "days": ["someday"]}]}, "days"),
    ],
)
def test_a_site_that_contradicts_itself_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        a_rota(**changes)
