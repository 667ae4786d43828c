"""The weekly handover of repaired slips (RVT-08, DEF-13)."""

from datetime import timedelta

import pytest
from common.errors import Invalid, TimeInFuture, UnknownSite
from common.events.intake import CaseWorkRequested
from common.states import CaseKind
from dispatch import handlers
from dispatch.domain.slips import HandOver, iso_week
from pydantic import ValidationError

from tests.unit.dispatch.build import NOON, a_case
from tests.unit.dispatch.world import World, a_whole_repair, classified

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


async def repaired(world: World, *letters: str) -> list[str]:
    for letter in letters:
        await world.hear(classified(id=f"JN-260316-{letter * 5}"))
        await a_whole_repair(world, f"JN-260316-{letter * 5}-1")
    return [f"JN-260316-{letter * 5}-1" for letter in letters]


async def test_all_waiting_slips_are_handed_over_once(world: World) -> None:
    numbers = await repaired(world, "A", "B")
    await world.hear(classified(id="JN-260316-CCCCC"))
    world.now = NOON + 4 * DAY
    batch = await world.command(handlers.hand_over, HandOver())
    assert (batch.week, batch.orders, batch.handed_over_at) == ("2026-W12", tuple(numbers), world.now)
    made = (await world.said())[-1]
    assert (made.kind, made.subject, made.data["orders"]) == ("slips.handed_over", "JN:2026-W12", numbers)
    assert (await world.orders("JN-260316-AAAAA"))[0].handed_over == "2026-W12"
    again = await world.command(handlers.hand_over, HandOver())
    assert again.orders == tuple(numbers)
    assert (await world.said())[-1].data["orders"] == []


async def test_named_slips_only_and_the_week_that_a_late_batch_belongs_to(world: World) -> None:
    first, second = await repaired(world, "A", "B")
    world.now = NOON + 8 * DAY
    batch = await world.command(handlers.hand_over, HandOver(orders=(second,), week="2026-W12"))
    assert (batch.week, batch.orders, batch.waiting) == ("2026-W12", (second,), (first,))
    assert (await world.said())[-1].data["waiting"] == [first]
    after = await world.command(handlers.hand_over, HandOver())
    assert (after.orders, after.waiting) == ((first,), ())


def test_rvt_08_a_batch_that_names_no_slip_is_no_handover() -> None:
    """It would end the week's clock."""
    with pytest.raises(ValidationError):
        HandOver(orders=())


async def test_only_slips_that_wait_can_be_named(world: World) -> None:
    await repaired(world, "A")
    await world.hear(classified(id="JN-260316-BBBBB"))
    for number in ("JN-260316-BBBBB-1", "JN-260316-ZZZZZ-1"):
        with pytest.raises(Invalid):
            await world.command(handlers.hand_over, HandOver(orders=(number,)))


async def test_complaints_contractors_and_guidance_are_no_slips(world: World) -> None:
    await world.hear(CaseWorkRequested(case=a_case(kind=CaseKind.COMPLAINT), department="engineering", trade="plumbing"))
    await a_whole_repair(world)
    assert (await world.command(handlers.hand_over, HandOver())).orders == ()


async def test_a_slip_returned_after_the_handover_waits_for_the_next_one(world: World) -> None:
    world.now = NOON + DAY
    await repaired(world, "A")
    assert (await world.command(handlers.hand_over, HandOver(at=NOON))).orders == ()


async def test_no_handover_in_the_future_or_at_an_unknown_site(world: World) -> None:
    with pytest.raises(TimeInFuture):
        await world.command(handlers.hand_over, HandOver(at=NOON + DAY))
    with pytest.raises(UnknownSite):
        await world.command(handlers.hand_over, HandOver(), site="ZZ")


@pytest.mark.parametrize(("zone", "week"), [("Asia/Shanghai", "2026-W13"), ("America/New_York", "2026-W12")])
def test_the_week_is_the_sites_own(zone: str, week: str) -> None:
    assert iso_week(NOON + 6 * DAY + timedelta(hours=13), zone) == week
