"""When nobody answers: spans found by arithmetic equal a walk minute by minute, in zones whose clocks change too."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from common.coverage import Gap, Kind, Need, gaps, needs_of, spans
from common.policy import Span, is_open, resolve
from common.rota import OF_A_DEPARTMENT, SiteRota
from common.rota import resolve as who
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CHINA = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)
MONDAY = date(2026, 3, 16)
SHIFTS = [{"name": "day", "from": "07:00", "to": "19:00"}, {"name": "night", "from": "19:00", "to": "07:00"}]
PEOPLE: list[dict[str, Any]] = [
    {"id": "day-1", "roles": ["duty_manager", "repair_worker"]},
    {"id": "night-1", "roles": ["duty_manager", "repair_worker"]},
    {"id": "boss", "roles": ["site_manager"]},
]
ALWAYS = [{"shift": "day", "people": ["day-1"]}, {"shift": "night", "people": ["night-1"]}]
DUTY = Need(kind=Kind.LEVEL, roles=("duty_manager",))


def a_rota(**changes: Any) -> SiteRota:
    return SiteRota.model_validate({"people": PEOPLE, "shifts": SHIFTS, "assignments": ALWAYS} | changes)


def local(text: str, zone: ZoneInfo = CHINA) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def shown(gap: Gap) -> tuple[str, str, int]:
    return *(moment.astimezone(CHINA).strftime("%m-%d %H:%M") for moment in (gap.start, gap.end)), gap.times  # type: ignore[return-value]


NOW = local("2026-03-16 10:00")


def test_a_rota_that_goes_round_the_clock_has_no_gap() -> None:
    assert gaps(a_rota(), [DUTY], NOW) == []


def test_who_never_works_in_shifts_fills_a_role_at_any_time() -> None:
    assert gaps(a_rota(), [Need(kind=Kind.ROLE, roles=("site_manager",))], NOW) == []


def test_a_holiday_without_a_night_shift_is_one_gap_over_midnight() -> None:
    """An override with nobody: from the end of the day shift to the next morning."""
    rota = a_rota(overrides=[{"date": "2026-03-20", "shift": "night", "people": []}])
    assert [shown(gap) for gap in gaps(rota, [DUTY], NOW)] == [("03-20 19:00", "03-21 07:00", 1)]


def test_a_gap_that_comes_every_week_is_one_warning() -> None:
    weekdays = ["mon", "tue", "wed", "thu", "fri"]
    rota = a_rota(assignments=[ALWAYS[0], ALWAYS[1] | {"days": weekdays}])
    assert [shown(gap) for gap in gaps(rota, [DUTY], NOW)] == [("03-21 19:00", "03-22 07:00", 8)]


def test_a_role_that_nobody_holds_is_empty_to_the_end_of_the_look() -> None:
    [gap] = gaps(a_rota(), [Need(kind=Kind.LEVEL, roles=("head_office_leader",))], NOW)
    assert (gap.start, gap.end) == (NOW, NOW + timedelta(days=28))


def test_no_rota_at_all_is_a_gap_of_everything() -> None:
    assert [gap.roles for gap in gaps(None, [DUTY], NOW)] == [("duty_manager",)]


def test_the_night_recipient_is_needed_outside_the_hours_only() -> None:
    """ESC-14: the rota ends at 19:00, the hours at 22:00: the gap begins when the hours do not cover it any more."""
    rota = a_rota(people=[PEOPLE[0], PEOPLE[2]], assignments=ALWAYS[:1])
    need = Need(kind=Kind.NIGHT, roles=("duty_manager",), hours=(Span(start="07:00", end="22:00"),))
    assert [shown(gap) for gap in gaps(rota, [need], NOW)] == [("03-16 22:00", "03-17 07:00", 28)]


def test_serious_gaps_come_first() -> None:
    needs = [Need(kind=Kind.ROLE, roles=("nobody",)), Need(kind=Kind.NIGHT, roles=("no_one",), hours=(Span(start="07:00", end="22:00"),))]
    assert [gap.kind for gap in gaps(a_rota(), needs, NOW)] == [Kind.NIGHT, Kind.ROLE]


def test_a_warning_says_role_and_span_in_both_languages() -> None:
    rota = a_rota(overrides=[{"date": "2026-03-20", "shift": "night", "people": []}])
    [gap] = gaps(rota, [DUTY.model_copy(update={"where": ("L2",)})], NOW)
    said = gap.sentence("Asia/Shanghai")
    assert said.zh == "上报层级空缺 [L2]:duty_manager 03-20 19:00 至 03-21 07:00 无人"
    assert said.en == "level [L2]: nobody as duty_manager from 03-20 19:00 to 03-21 07:00"


def a_policy(**sections: Any) -> Any:
    base = {"escalation": {"recipients": {"warning": ["assignee", "receptionist"], "L1": ["supervisor", "department_manager"], "L2": ["chief"]}}}
    return resolve([base, sections, {"site": "QQ", "name": {"zh": "甲", "en": "A"}}])


def test_a_policy_needs_each_level_its_roles_the_night_recipient_and_duty() -> None:
    policy = a_policy(
        routing={"facility": "engineering"},
        hours={"online": [{"from": "07:00", "to": "22:00"}]},
        night_recipient={"role": "duty_manager", "outside": "online"},
        repeat={"inform": ["site_manager"]},
    )
    found = {(str(need.kind), need.roles, need.department, need.where) for need in needs_of(policy)}
    assert found == {
        ("role", ("receptionist",), None, ("warning",)),  # the assignee is there too
        ("level", ("supervisor", "department_manager"), "engineering", ("L1",)),
        ("role", ("supervisor",), None, ("L1",)),
        ("role", ("department_manager",), "engineering", ("L1",)),
        ("level", ("chief",), None, ("L2",)),
        ("level", ("site_manager",), None, ("repeat",)),
        ("night", ("duty_manager",), None, ()),
        ("duty", ("engineering_duty", "repair_team_leader", "repair_worker"), None, ()),
    }


def test_without_declared_hours_nobody_is_needed_at_night() -> None:
    policy = a_policy(night_recipient={"role": "duty_manager", "outside": "online"})
    assert Kind.NIGHT not in {need.kind for need in needs_of(policy)}


# --- against a walk minute by minute --------------------------------------------------------------------------------------------

HOURS = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from((0, 1, 15, 30, 59)))
WEEKDAYS = st.lists(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), min_size=1, max_size=7, unique=True)
IDS = ["a", "b", "c"]
ZONES = {"Asia/Shanghai": date(2026, 3, 14), "America/New_York": date(2026, 3, 6), "Australia/Lord_Howe": date(2026, 4, 3)}  # near their changes
BACK = {"America/New_York": date(2026, 10, 30), "Europe/London": date(2026, 10, 23), "Asia/Kathmandu": date(2026, 2, 27)}


@st.composite
def rotas(draw: st.DrawFn) -> SiteRota:
    people = [{"id": id_, "roles": draw(st.lists(st.sampled_from(["x", "y", "department_manager"]), unique=True))} for id_ in IDS]
    people = [person | {"department": draw(st.sampled_from([None, "d", "e"]))} for person in people]
    shifts = [{"name": f"s{n}", "from": draw(HOURS), "to": draw(st.one_of(HOURS, st.just("24:00")))} for n in range(draw(st.integers(1, 3)))]
    names = st.sampled_from([shift["name"] for shift in shifts])
    rows = st.fixed_dictionaries(
        {"shift": names, "people": st.lists(st.sampled_from(IDS), unique=True), "days": st.one_of(st.just("always"), WEEKDAYS)}
    )
    return SiteRota.model_validate({"people": people, "shifts": shifts, "assignments": draw(st.lists(rows, max_size=5))})


@st.composite
def asked(draw: st.DrawFn) -> tuple[str, datetime, Need]:
    zone, day = draw(st.sampled_from([*ZONES.items(), *BACK.items()]))
    start = datetime.combine(day, datetime.min.time(), UTC) + timedelta(minutes=draw(st.integers(0, 1440)))
    hours = st.tuples(HOURS, st.one_of(HOURS, st.just("24:00"))).map(lambda pair: Span(start=pair[0], end=pair[1]))
    need = Need(
        kind=Kind.LEVEL,
        roles=tuple(draw(st.lists(st.sampled_from(["x", "y", "department_manager"]), min_size=1, max_size=2, unique=True))),
        department=draw(st.sampled_from([None, "d"])),
        hours=tuple(draw(st.lists(hours, max_size=2))),
    )
    return zone, start, need


def walked(state: SiteRota, need: Need, start: datetime, end: datetime, zone: str) -> list[tuple[datetime, datetime]]:
    """The same, by asking at every minute."""
    found: list[tuple[datetime, datetime]] = []
    at = start
    while at < end:
        wall = at.astimezone(ZoneInfo(zone))
        excused = bool(need.hours) and is_open(need.hours, wall.hour * 60 + wall.minute)
        there = any(who(state, role, at, department=need.department if role in OF_A_DEPARTMENT else None, zone=zone) for role in need.roles)
        if not there and not excused:
            found = [*found[:-1], (found[-1][0], at + MINUTE)] if found and found[-1][1] == at else [*found, (at, at + MINUTE)]
        at += MINUTE
    return found


@given(rotas(), asked())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_spans_are_those_of_a_walk_minute_by_minute(state: SiteRota, question: tuple[str, datetime, Need]) -> None:
    zone, start, need = question
    end = start + timedelta(days=3)
    assert spans(state, need, start, end, zone=zone) == walked(state, need, start, end, zone)


@pytest.mark.parametrize("people", [20, 500])
def test_four_weeks_of_a_large_site_are_found_by_a_few_thousand_spans(people: int) -> None:
    """No walk: the cost grows with shifts and days, not with minutes (`shifts` × 30 days are looked at)."""
    crew = [{"id": f"p{n}", "roles": ["repair_worker", f"role_{n % 9}"]} for n in range(people)]
    shifts = [{"name": f"s{n}", "from": f"{n:02}:00", "to": f"{n + 1:02}:00"} for n in range(23)]
    rows = [{"shift": shift["name"], "people": [person["id"] for person in crew[n::23]]} for n, shift in enumerate(shifts)]
    state = SiteRota.model_validate({"people": crew, "shifts": shifts, "assignments": rows})
    needs = [Need(kind=Kind.LEVEL, roles=(f"role_{n}",)) for n in range(9)] + [Need(kind=Kind.DUTY, roles=("repair_worker",))]
    assert {gap.times for gap in gaps(state, needs[-1:], NOW)} == {28}
    assert all(gap.times >= 28 for gap in gaps(state, needs, NOW))
