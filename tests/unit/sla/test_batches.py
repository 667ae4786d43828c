"""Weekly batches and the return visits after them (DEF-13): which week, late handovers, weeks without a working day."""

from datetime import datetime
from typing import Any

import pytest
from common.clock_rules import Batch
from common.events.dispatch import SlipsHandedOver, WorkOrderCompleted, WorkOrderIssued
from common.policy import SitePolicy
from common.states import ClockState, Party
from sla.domain.batches import falls_into
from sla.domain.calendar import CalendarMissing
from sla.domain.holidays import unpublished

from tests.unit.sla.build import SITE, a_case, a_policy, a_rule, an_order, at, shown
from tests.unit.sla.world import World, raised

BATCH = {
    "id": "batch", "code": "CLK_BATCH", "subject": "site_week", "applies": {"party": "own"}, "start": "completed",
    "stop": "slips_handed_over", "batch": {"weekday": "friday", "at": "17:00"},
}  # fmt: skip
VISIT = {
    "id": "visit", "code": "CLK_VISIT", "start": "work_completed", "stop": "visited", "after_batch": {"code": "CLK_BATCH", "weeks": 1},
}  # fmt: skip


def a_weekly_policy(**sections: Any) -> SitePolicy:
    return a_policy(a_rule(), BATCH, VISIT, **sections)


def week_of(text: str, handed: dict[str, datetime] | None = None) -> tuple[str, str | None]:
    found = falls_into(at(text), Batch(weekday="friday", at="17:00"), a_policy(), unpublished("CN"), handed or {})
    return found.name, shown(found.due_at)


@pytest.mark.parametrize(
    ("completed", "week", "due"),
    [
        ("2026-03-16 00:00", "2026-W12", "2026-03-20 17:00"),
        ("2026-03-20 17:00", "2026-W12", "2026-03-20 17:00"),
        ("2026-03-20 17:01", "2026-W13", "2026-03-27 17:00"),
        ("2026-03-15 00:50", "2026-W12", "2026-03-20 17:00"),
        ("2026-04-30 10:00", "2026-W18", "2026-04-30 17:00"),  # Friday is 1 May
        ("2026-02-14 16:00", "2026-W09", "2026-02-27 17:00"),  # a worked Saturday after its Friday; 16-22 February has no batch
        ("2026-02-18 10:00", "2026-W09", "2026-02-27 17:00"),  # a repair within the week that has no working day
        ("2026-09-21 10:00", "2026-W39", "2026-09-24 17:00"),  # Friday 25 September is off
    ],
)
def test_the_week_of_a_completion(completed: str, week: str, due: str) -> None:
    assert week_of(completed) == (week, due)


def test_what_is_completed_after_the_handover_goes_into_the_next_batch() -> None:
    handed = {"2026-W12": at("2026-03-20 16:30")}
    assert week_of("2026-03-20 16:45", handed)[0] == "2026-W13"
    assert week_of("2026-03-20 16:30", handed)[0] == "2026-W12"


def test_an_unpublished_year_has_no_batches() -> None:
    with pytest.raises(CalendarMissing):
        week_of("2027-01-05 10:00")


pytestmark = pytest.mark.anyio


async def a_world(start: str = "2026-03-01 00:00") -> World:
    world = World(start)
    await world.publish(a_weekly_policy())
    return world


async def repaired(world: World, name: str, moment: str, **order: Any) -> str:
    """A case whose only order is completed at `moment`; returns the order."""
    case = a_case(id=f"{SITE}-{name}", received_at=at(moment))
    made = an_order(case, **order)
    await world.until(moment)
    await world.report(case)
    await world.hear(WorkOrderIssued(order=made, case=case), WorkOrderCompleted(order=made, case=case))
    return made.id


async def handed(world: World, moment: str, week: str, *orders: str, waiting: tuple[str, ...] = ()) -> None:
    await world.until(moment)
    await world.hear(SlipsHandedOver(site=SITE, week=week, handed_over_at=at(moment), orders=orders, waiting=waiting))


async def visits(world: World) -> dict[str, tuple[str | None, str | None]]:
    found = await world.rt.store.search({"code": "CLK_VISIT"}, limit=50)
    return {clock.case or "": (shown(clock.start_at), shown(clock.due_at)) for clock in found}


async def test_one_clock_for_all_slips_of_a_week() -> None:
    world = await a_world()
    orders = [await repaired(world, name, f"2026-03-1{day} 10:00") for name, day in (("a", 6), ("b", 7), ("c", 8))]
    found = await world.rt.store.search({"code": "CLK_BATCH"}, limit=10)
    assert [clock.id for clock in found] == [f"site_week:{SITE}:2026-W12:CLK_BATCH:1"]
    assert (shown(found[0].start_at), found[0].case) == ("2026-03-16 00:00", None)
    await handed(world, "2026-03-20 16:30", "2026-W12", *orders)
    assert set((await visits(world)).values()) == {("2026-03-20 16:30", "2026-03-27 19:00")}
    assert len([kind for kind, code in await world.said("clock.opened") if code == "CLK_BATCH"]) == 1


async def test_a_late_handover_moves_no_return_visit() -> None:
    """The visit starts at the batch deadline at the latest; the handover on Monday stops the old week's clock, late."""
    world = await a_world()
    order = await repaired(world, "a", "2026-03-17 10:00")
    await handed(world, "2026-03-23 10:00", "2026-W13", order)
    assert await visits(world) == {f"{SITE}-a": ("2026-03-20 17:00", "2026-03-27 19:00")}
    batch = (await world.clocks())["CLK_BATCH"]
    assert (batch.state, shown(batch.stopped_at), set(raised(batch))) == (ClockState.LATE, "2026-03-23 10:00", {"warning", "L1"})
    await repaired(world, "b", "2026-03-24 10:00")
    assert (await visits(world))[f"{SITE}-b"] == ("2026-03-27 17:00", "2026-04-03 19:00"), "the week of the late handover keeps its own batch"


async def weeks(world: World) -> dict[str, tuple[ClockState, str | None]]:
    found = await world.rt.store.search({"code": "CLK_BATCH"}, limit=50)
    return {clock.subject[-3:]: (clock.state, shown(clock.stopped_at)) for clock in found}


async def test_rvt_08_a_week_goes_on_while_slips_of_it_are_kept_back() -> None:
    """The slip that was named is visited by its own handover; the one kept back by the rest's."""
    world = await a_world()
    first, second = [await repaired(world, name, "2026-03-17 10:00") for name in "ab"]
    await handed(world, "2026-03-18 16:00", "2026-W12", first, waiting=(second,))
    assert await weeks(world) == {"W12": (ClockState.RUNNING, None)}
    assert (await visits(world))[f"{SITE}-a"] == ("2026-03-18 16:00", "2026-03-27 19:00")
    third = await repaired(world, "c", "2026-03-19 10:00")
    await handed(world, "2026-03-20 16:30", "2026-W12", second, third)
    assert await weeks(world) == {"W12": (ClockState.MET, "2026-03-20 16:30")}
    assert (await visits(world))[f"{SITE}-b"] == ("2026-03-20 16:30", "2026-03-27 19:00")


async def test_rvt_08_a_late_week_goes_on_too_and_the_week_of_the_handover_is_left_alone() -> None:
    world = await a_world()
    first, second, last = [await repaired(world, name, "2026-03-17 10:00") for name in "abd"]
    third = await repaired(world, "c", "2026-03-23 09:00")
    await handed(world, "2026-03-23 10:00", "2026-W13", first, waiting=(second, last, third))
    await handed(world, "2026-03-23 11:00", "2026-W12", second, waiting=(last,))
    assert await weeks(world) == {"W12": (ClockState.RUNNING, None), "W13": (ClockState.RUNNING, None)}
    await handed(world, "2026-03-24 10:00", "2026-W13", last, waiting=(third,))
    assert await weeks(world) == {"W12": (ClockState.LATE, "2026-03-24 10:00"), "W13": (ClockState.RUNNING, None)}


async def test_rvt_08_the_whole_of_this_week_may_be_handed_over_while_a_late_one_waits() -> None:
    world = await a_world()
    late = await repaired(world, "a", "2026-03-17 10:00")
    order = await repaired(world, "b", "2026-03-24 10:00")
    await handed(world, "2026-03-25 10:00", "2026-W13", order, waiting=(late,))
    assert await weeks(world) == {"W12": (ClockState.RUNNING, None), "W13": (ClockState.MET, "2026-03-25 10:00")}


async def test_a_slip_completed_after_the_handover_but_heard_before_it() -> None:
    """The order in which dispatch's facts cross changes nothing."""
    world = await a_world()
    early = await repaired(world, "a", "2026-03-20 10:00")
    await repaired(world, "b", "2026-03-20 16:45")
    assert (await visits(world))[f"{SITE}-b"][1] == "2026-03-27 19:00"
    await world.hear(SlipsHandedOver(site=SITE, week="2026-W12", handed_over_at=at("2026-03-20 16:30"), orders=(early,)))
    found = await visits(world)
    assert (found[f"{SITE}-a"][1], found[f"{SITE}-b"][1]) == ("2026-03-27 19:00", "2026-04-03 19:00")


async def test_a_contractors_work_has_a_visit_but_no_slip() -> None:
    world = await a_world()
    await repaired(world, "a", "2026-03-17 10:00", party=Party.CONTRACTOR)
    assert await visits(world) == {f"{SITE}-a": ("2026-03-20 17:00", "2026-03-27 19:00")}
    assert "CLK_BATCH" not in await world.clocks()


async def test_def13_the_visit_after_a_week_without_working_days_is_due_on_the_next_working_day() -> None:
    """The batch of 13 February is in time; the week after has no working day, the next one is Tuesday 24 February."""
    world = await a_world("2026-02-09 00:00")
    order = await repaired(world, "a", "2026-02-12 10:00")
    await handed(world, "2026-02-13 16:00", "2026-W07", order)
    assert await visits(world) == {f"{SITE}-a": ("2026-02-13 16:00", "2026-02-24 19:00")}


async def test_def13_a_batch_of_a_week_whose_friday_is_off_is_due_on_its_last_working_day() -> None:
    world = await a_world()
    await repaired(world, "a", "2026-04-28 10:00")
    batch = (await world.clocks())["CLK_BATCH"]
    assert (shown(batch.start_at), shown(batch.due_at)) == ("2026-04-27 00:00", "2026-04-30 17:00")
    assert (await visits(world))[f"{SITE}-a"][1] == "2026-05-09 19:00"  # a worked Saturday ends the week after


async def test_a_handover_without_slips_is_kept_for_the_week() -> None:
    world = await a_world()
    await handed(world, "2026-03-20 16:30", "2026-W12")
    await repaired(world, "a", "2026-03-20 16:45")
    assert (await visits(world))[f"{SITE}-a"][1] == "2026-04-03 19:00"
