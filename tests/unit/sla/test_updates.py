"""Rows of updates: every hour until restored, every day before 17:00; each its own clock, and never planned further than the next one."""

from datetime import timedelta
from typing import Any

import pytest
from common.events import Fact
from common.events.dispatch import WorkOrderCompleted
from common.events.intake import CaseClosed, CasePlanRecorded, CaseProgressTold, CaseRestored
from common.states import ClockState, Level
from hypothesis import given, settings
from hypothesis import strategies as st
from sla.domain.case_file import CaseFile
from sla.domain.holidays import unpublished
from sla.domain.plan import Planned, plan

from tests.unit.sla.build import a_case, a_policy, an_order, at, shown
from tests.unit.sla.test_plan import issued, registered, told
from tests.unit.sla.world import World, raised

pytestmark = pytest.mark.anyio

HOURLY: dict[str, Any] = {
    "id": "hourly",
    "code": "CLK_PROGRESS",
    "stop": "progress_told",
    "repeat": {"every": 60, "unit": "minute", "until": "restored"},
}
DAILY: dict[str, Any] = {
    "id": "daily",
    "code": "CLK_STAGE",
    "start": "plan_of_days",
    "stop": "progress_told",
    "daily_at": "17:00",
    "until": ["work_completed", "result_recorded"],
}
Row = tuple[str, str | None, ClockState]


def update() -> Fact:
    return CaseProgressTold(case=a_case(), forms=("owners_group",), by="desk-1")


def planned(file: CaseFile, *rules: dict[str, Any], now: str | None = None) -> list[Planned]:
    return plan(file, a_policy(*rules), unpublished("CN"), now=at(now) if now else None)


def rows(clocks: list[Planned]) -> list[Row]:
    return [(shown(clock.dates.start_at) or "", shown(clock.dates.due_at), clock.state) for clock in clocks]


def test_each_update_counts_from_the_last_one() -> None:
    """SC-21: three updates, the third late, the fourth ends when the power is back."""
    power = [("18:50", update()), ("19:45", update()), ("20:50", update()), ("21:20", CaseRestored(case=a_case(), by="d")), ("21:22", update())]
    file = told(*registered(received_at=at("2026-03-16 18:05")), *power)
    found = planned(file, HOURLY)
    assert rows(found) == [
        ("2026-03-16 18:05", "2026-03-16 19:05", ClockState.MET),
        ("2026-03-16 18:50", "2026-03-16 19:50", ClockState.MET),
        ("2026-03-16 19:45", "2026-03-16 20:45", ClockState.LATE),
        ("2026-03-16 20:50", "2026-03-16 21:50", ClockState.CANCELLED),
    ]
    assert [clock.number for clock in found] == [1, 2, 3, 4]
    third = {level: shown(moment) for level, moment in found[2].dates.rungs}
    assert third == {Level.WARNING: "2026-03-16 20:33", Level.L1: "2026-03-16 20:45", Level.L2: "2026-03-16 21:45", Level.L3: "2026-03-16 22:45"}


def test_an_outage_again_is_a_new_row() -> None:
    again = HOURLY | {"start": ["received", "reopened"]}
    del again["repeat"]
    again["repeat"] = {"every": 1, "unit": "hour", "until": ["restored"]}
    back = CaseRestored(case=a_case(), by="d")
    file = told(*registered(), ("10:30", back), ("10:40", update()))
    assert rows(planned(file, again)) == [("2026-03-16 10:00", "2026-03-16 11:00", ClockState.CANCELLED)]


@pytest.mark.parametrize(
    ("start", "first"),
    [("10:00", "2026-03-16 17:00"), ("16:59:59", "2026-03-16 17:00"), ("17:00", "2026-03-17 17:00"), ("20:00", "2026-03-17 17:00")],
)
def test_the_first_daily_update_is_that_of_the_day_if_it_starts_before_the_hour(start: str, first: str) -> None:
    """DEF-08."""
    (clock,) = planned(told(*registered(), (start, _plan())), DAILY)
    assert shown(clock.dates.due_at) == first
    day = first[:10]
    later = [shown(at(f"{day} 17:00") + timedelta(days=days)) for days in (0, 1, 2)]
    warning = [] if start == "16:59:59" else [f"{day} 16:00"]  # none before the start
    assert [shown(moment) for _, moment in clock.dates.rungs] == [*warning, *later]


def test_a_plan_of_one_day_asks_for_no_daily_update() -> None:
    assert planned(told(*registered(), ("10:00", CasePlanRecorded(case=a_case(), days=1, by="d"))), DAILY) == []


def _plan() -> Fact:
    return CasePlanRecorded(case=a_case(), days=3, by="d")


def test_every_day_has_its_own_update_until_the_work_is_done() -> None:
    """Told in time, told late (which counts for both days), and completed before the hour: none for that day."""
    facts = [
        *registered(),
        ("10:05", issued()),
        ("11:00", _plan()),
        ("16:30", update()),
        ("2026-03-18 12:00", update()),
        ("2026-03-20 16:00", WorkOrderCompleted(order=an_order(a_case()), case=a_case())),
    ]
    found = planned(told(*facts), DAILY, now="2026-04-01 00:00")
    assert rows(found) == [
        ("2026-03-16 11:00", "2026-03-16 17:00", ClockState.MET),
        ("2026-03-17 00:00", "2026-03-17 17:00", ClockState.LATE),
        ("2026-03-18 00:00", "2026-03-18 17:00", ClockState.MET),
        ("2026-03-19 00:00", "2026-03-19 17:00", ClockState.LATE),
        ("2026-03-20 00:00", "2026-03-20 17:00", ClockState.CANCELLED),
    ]
    assert found[3].end is not None
    assert found[3].end.why == "work_completed"


def test_daily_updates_are_planned_up_to_the_next_one() -> None:
    """Never further than the next; each that is due brings the one after it, given or not."""
    base = told(*registered(), ("11:00", _plan()))
    assert len(planned(base, DAILY)) == 1
    assert [len(planned(base, DAILY, now=now)) for now in ("2026-03-16 16:59", "2026-03-16 17:00", "2026-03-18 12:00")] == [1, 2, 3]
    answered = told(*registered(), ("11:00", _plan()), ("12:00", update()))
    assert [clock.state for clock in planned(answered, DAILY, now="2026-03-16 12:00")] == [ClockState.MET, ClockState.RUNNING]


@settings(deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 60 * 24 * 6), max_size=8), st.integers(60, 60 * 24 * 8), st.integers(0, 60 * 24 * 8))
def test_what_is_past_does_not_depend_on_now(told_at: list[int], sooner: int, later: int) -> None:
    """Whatever is planned at one time is planned the same at every later time."""
    start = at("2026-03-16 11:00")
    facts = [*registered(), ("11:00", _plan()), *((_when(minutes), update()) for minutes in sorted(told_at))]
    early = plan(told(*facts), a_policy(DAILY, HOURLY), unpublished("CN"), now=start + timedelta(minutes=sooner))
    late = plan(told(*facts), a_policy(DAILY, HOURLY), unpublished("CN"), now=start + timedelta(minutes=sooner + later))
    assert {clock.id: clock for clock in late} | {clock.id: clock for clock in early} == {clock.id: clock for clock in late}


def _when(minutes: int) -> str:
    return shown(at("2026-03-16 11:00") + timedelta(minutes=minutes)) or ""


async def test_the_next_update_is_there_when_one_is_due() -> None:
    """The firing loop brings it: three days without a word are three clocks, each breached once, each at its 17:00."""
    world = World()
    await world.publish(a_policy(DAILY))
    world.time.set(at("2026-03-16 11:00"))
    await world.report(a_case())
    await world.hear(_plan())
    await world.until("2026-03-18 17:30")
    clocks = await world.clocks()
    assert {name: raised(clock).get("L1") for name, clock in clocks.items()} == {
        "CLK_STAGE": "2026-03-16 17:00",
        "CLK_STAGE:2": "2026-03-17 17:00",
        "CLK_STAGE:3": "2026-03-18 17:00",
        "CLK_STAGE:4": None,
    }
    assert raised(clocks["CLK_STAGE"])["L2"] == "2026-03-17 17:00"


async def test_an_update_planned_ahead_goes_when_the_row_is_over() -> None:
    world = World()
    await world.publish(a_policy(DAILY))
    world.time.set(at("2026-03-16 11:00"))
    await world.report(a_case())
    await world.hear(_plan(), update())
    world.time.set(at("2026-03-16 18:00"))
    await world.hear(CaseClosed(case=a_case(), outcome="visited"))
    ahead = (await world.clocks())["CLK_STAGE:2"]
    assert (ahead.state, ahead.ended_by) == (ClockState.CANCELLED, "not_needed")
