"""Warranty work: the contractor's order beside the own one, who may see it, the deadline that passed, own engineering in its place."""

from datetime import timedelta
from typing import Any

import pytest
from common.audit import ROWS
from common.documents import Doc
from common.errors import HuiyinError, NotFound
from common.events.intake import CaseWorkRequested
from common.events.sla import ClockBreached
from common.states import ClockState, ClockView, OrderStatus, Party
from dispatch import handlers
from dispatch.domain.acts import Act
from dispatch.domain.attendance import attendance
from dispatch.domain.order import ONSITE, Order

from tests.unit.dispatch.build import MINUTE, NOON, a_case
from tests.unit.dispatch.world import World, classified, staff

pytestmark = pytest.mark.anyio
S = OrderStatus
OWN, FIRMS = "JN-260316-AAAAA-1", "JN-260316-AAAAA-2"
DUE = NOON + timedelta(hours=8)


def asked(**changes: Any) -> CaseWorkRequested:
    return CaseWorkRequested(case=a_case(), party=Party.CONTRACTOR, department="engineering", trade="plumbing", contractor="roof-co", **changes)


def breached(order: str = FIRMS, code: str = ONSITE) -> ClockBreached:
    view = ClockView(
        id="c",
        site="JN",
        code=code,
        subject=f"order:{order}",
        order=order,
        state=ClockState.RUNNING,
        strength="must",
        start_at=NOON,
        due_at=DUE,
        rule="r",
    )
    return ClockBreached(clock=view)


async def a_warranty_case(world: World) -> None:
    """On site it turns out to be under warranty; the desk calls the contractor."""
    await world.hear(classified())
    for name, act in (("accept", {}), ("arrive", {}), ("assess", {"outcome": "warranty"})):
        await world.do(name, OWN, staff("ann"), **act)
    await world.hear(asked())


async def take_over(world: World, by: str = "boss", **act: Any) -> Order:
    given = Act.model_validate({"note": "contractor did not come"} | act)
    boss = staff(by, "engineering_manager")
    return await world.within(lambda store: handlers.take_over(given, "take-over", FIRMS, store=store, by=boss, now=world.now))


async def everything(world: World) -> dict[str, list[Doc]]:
    return {name: await world.db.find(name) for name in ("orders", "outbox", "cases", ROWS)}


async def refused(world: World, **act: Any) -> HuiyinError:
    before = await everything(world)
    with pytest.raises(HuiyinError) as caught:
        await take_over(world, **act)
    assert await everything(world) == before
    return caught.value


async def test_r7e_the_contractors_order_takes_the_place_of_the_own_one(world: World) -> None:
    await a_warranty_case(world)
    own, firms = await world.orders()
    assert (own.status, own.replaced_by, own.steps[-1].move) == (S.RETURNED, FIRMS, "pass-on")
    assert (firms.status, firms.party, firms.assignee) == (S.ISSUED, Party.CONTRACTOR, "roof-co")
    assert (await world.kinds())[-2:] == ["work_order.issued", "work_order.returned"]


async def test_r7e_what_the_desk_knows_to_be_under_warranty_goes_to_the_contractor_at_once(world: World) -> None:
    await world.hear(classified(warranty=True, trade="roof"))
    (order,) = await world.orders()
    assert (order.party, order.assignee) == (Party.CONTRACTOR, "roof-co")


async def test_dsp13_another_firm_does_not_even_see_the_order(world: World) -> None:
    await a_warranty_case(world)
    with pytest.raises(NotFound):
        await world.do("accept", FIRMS, staff("lift-co", "contractor"))
    assert (await world.do("accept", FIRMS, staff("roof-co", "contractor"))).acceptor == "roof-co"


async def test_r8_a_contractor_begins_by_being_there(world: World) -> None:
    await a_warranty_case(world)
    for name in ("accept", "arrive", "start"):
        order = await world.do(name, FIRMS, staff("roof-co", "contractor"))
    assert order.status is S.IN_PROGRESS


async def test_r9_own_engineering_steps_in_after_the_deadline(world: World) -> None:
    await a_warranty_case(world)
    await world.do("chase", FIRMS, staff("boss"), note="called the firm")
    await world.do("explain", FIRMS, staff("boss"), note="the owner knows")
    await world.hear(breached())
    world.now = DUE + MINUTE
    ended = await take_over(world)
    _, _, instead = await world.orders()
    assert (ended.status, ended.no_show, ended.replaced_by) == (S.CANCELLED, True, instead.id)
    assert (instead.party, instead.instead_of, instead.department) == (Party.OWN, FIRMS, "engineering")
    assert [step.move for step in ended.steps] == ["chase", "explain", "take-over"]
    assert "called" not in "".join([made.model_dump_json() for made in await world.said()])


async def test_r9_not_before_the_deadline_nor_at_its_very_instant(world: World) -> None:
    await a_warranty_case(world)
    await world.do("chase", FIRMS, staff("boss"), note="called the firm")
    assert (await refused(world)).facts["guard"] == "R9"
    await world.hear(breached())
    world.now = DUE + MINUTE
    assert (await refused(world, at=DUE)).facts["guard"] == "R9"
    await world.hear(breached(code="CLK_WO_RETURN"))
    assert (await take_over(world)).status is S.CANCELLED


async def test_another_deadline_lets_nobody_step_in(world: World) -> None:
    await a_warranty_case(world)
    await world.do("chase", FIRMS, staff("boss"), note="called the firm")
    await world.hear(breached(code="CLK_WO_RETURN"))
    world.now = DUE + MINUTE
    assert (await refused(world)).facts["guard"] == "R9"


async def test_dsp14_not_before_the_contractor_was_chased(world: World) -> None:
    await a_warranty_case(world)
    await world.hear(breached())
    world.now = DUE + MINUTE
    error = await refused(world)
    assert (error.status, error.facts["guard"]) == (409, "DSP-14")


async def test_d6_16_not_without_a_reason(world: World) -> None:
    await a_warranty_case(world)
    await world.do("chase", FIRMS, staff("boss"), note="called the firm")
    await world.hear(breached())
    world.now = DUE + MINUTE
    assert (await refused(world, note=None)).status == 422


async def test_r9_not_once_the_contractor_is_there(world: World) -> None:
    await a_warranty_case(world)
    await world.do("chase", FIRMS, staff("boss"), note="called the firm")
    await world.hear(breached())
    for name in ("accept", "arrive"):
        await world.do(name, FIRMS, staff("roof-co", "contractor"))
    world.now = DUE + MINUTE
    assert (await refused(world)).slug == "illegal-move"


async def test_a_breach_of_an_order_that_is_not_here_changes_nothing(world: World) -> None:
    before = await everything(world)
    await world.hear(breached("JN-260316-ZZZZZ-1"))
    assert await everything(world) == before


# --- DSP-15 -------------------------------------------------------------------------------------------------------------------------


async def counted(world: World) -> dict[str, int]:
    orders = await world.within(lambda store: store.orders_held_by("JN", ["roof-co"]))
    return {name: count for name, count in attendance("roof-co", orders).model_dump().items() if name != "contractor" and count}


async def test_dsp15_a_no_show_is_counted(world: World) -> None:
    await a_warranty_case(world)
    await world.do("chase", FIRMS, staff("boss"), note="called the firm")
    await world.hear(breached())
    world.now = DUE + MINUTE
    await take_over(world)
    assert await counted(world) == {"orders": 1, "no_shows": 1, "chased": 1}


@pytest.mark.parametrize("heard_first", [True, False])
async def test_dsp15_a_late_arrival_is_counted_once_whenever_the_deadline_is_heard(world: World, heard_first: bool) -> None:  # noqa: FBT001
    await a_warranty_case(world)
    firm = staff("roof-co", "contractor")
    await world.do("accept", FIRMS, firm)
    world.now = DUE + MINUTE
    if heard_first:
        await world.hear(breached())
    await world.do("arrive", FIRMS, firm)
    await world.hear(breached())
    assert await counted(world) == {"orders": 1, "arrivals": 1, "late": 1}


async def test_dsp15_an_arrival_at_the_very_deadline_is_in_time(world: World) -> None:
    await a_warranty_case(world)
    await world.do("accept", FIRMS, staff("roof-co", "contractor"))
    world.now = DUE
    await world.do("arrive", FIRMS, staff("roof-co", "contractor"))
    await world.hear(breached())
    assert await counted(world) == {"orders": 1, "arrivals": 1}


async def test_dsp15_inspections_are_counted_passed_and_failed(world: World) -> None:
    await a_warranty_case(world)
    firm, boss = staff("roof-co", "contractor"), staff("boss")
    for passed in (False, True):
        for name in ("accept", "arrive", "start"):
            await world.do(name, FIRMS, firm)
        await world.do("complete", FIRMS, firm, note="sealed")
        await world.do("return", FIRMS, firm)
        await world.do("inspect", FIRMS, boss, passed=passed)
    assert await counted(world) == {"orders": 1, "arrivals": 2, "failed": 1, "passed": 1}
