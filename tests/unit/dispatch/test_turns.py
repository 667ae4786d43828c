"""Offers, time-outs and handings on as a running dispatch does them: the loop, fifty who grab at once, new people (features.md 4, 10)."""

import asyncio
from typing import Any

import pytest
from common.errors import HuiyinError, OrderTaken, Refused
from common.events.intake import CaseWorkRequested
from common.states import OrderStatus, Party, Urgency
from dispatch.domain.matching import NOBODY
from dispatch.domain.offers import Why
from dispatch.handlers import put_people, turns

from tests.unit.dispatch.build import MINUTE, PEOPLE, ROTA, a_case
from tests.unit.dispatch.world import World, a_policy, as_site, classified, staff

pytestmark = pytest.mark.anyio
NUMBER = "JN-260316-AAAAA-1"
OFFERED = {"offer_minutes": {"P2": 10}, "accept_minutes": {"P2": 15}}


async def a_world(assigning: dict[str, Any], people: list[dict[str, Any]] = PEOPLE, **rota: Any) -> World:
    world = World()
    await world.hear(a_policy())
    await world.command(put_people, as_site(people, rota=ROTA | {"assigning": assigning} | rota))
    await world.hear(classified())
    return world


async def pass_on(world: World) -> None:
    """What the loop does with every order that is due."""
    for number in await world.within(lambda store: store.claim_turns(world.now, limit=100)):
        await world.within(lambda store, number=number: turns.turn(number, world.now, store))


async def refused(world: World, name: str, by: str, **act: Any) -> HuiyinError:
    before = {collection: await world.db.find(collection) for collection in ("orders", "outbox")}
    with pytest.raises(HuiyinError) as caught:
        await world.do(name, NUMBER, staff(by), **act)
    assert before == {collection: await world.db.find(collection) for collection in before}
    return caught.value


async def test_an_offered_order_is_taken_by_who_accepts_first() -> None:
    world = await a_world(OFFERED)
    (order,) = await world.orders()
    assert (order.offered, order.assignee) == (("ann", "bob", "cid"), None)
    taken = await world.do("accept", NUMBER, staff("cid"))
    assert (taken.assignee, taken.status) == ("cid", OrderStatus.ACCEPTED)
    assert isinstance(await refused(world, "accept", "ann"), OrderTaken)
    world.now += 10 * MINUTE
    await pass_on(world)
    assert (await world.orders())[0] == taken
    assert await world.kinds() == ["rota.published", "work_order.issued", "work_order.offered", "work_order.accepted"]


async def test_when_the_window_is_over_the_best_gets_it_and_then_the_next() -> None:
    world = await a_world(OFFERED)
    for minutes, holder, why in [(10, "ann", Why.OFFER_OVER), (15, "bob", Why.NO_ANSWER), (15, "cid", Why.NO_ANSWER)]:
        world.now += minutes * MINUTE
        await pass_on(world)
        (order,) = await world.orders()
        assert (order.assignee, order.steps[-1].why) == (holder, why)
    world.now += 15 * MINUTE
    await pass_on(world)
    (order,) = await world.orders()
    assert (order.assignee, order.alarm, (await world.kinds())[-1]) == (None, NOBODY, "work_order.unassigned")


async def test_an_order_sent_back_is_given_to_the_next_with_the_reason_kept() -> None:
    world = await a_world({})
    await world.do("send-back", NUMBER, staff("ann"), note="缺材料")
    await pass_on(world)
    (order,) = await world.orders()
    assert (order.assignee, [step.move for step in order.steps], order.steps[0].note) == ("bob", ["send-back", "pass_on"], "缺材料")
    assert (await world.kinds())[-2:] == ["work_order.sent_back", "work_order.assigned"]


async def test_a_transfer_goes_to_whom_it_names() -> None:
    world = await a_world({})
    order = await world.do("transfer", NUMBER, staff("ann"), note="下班", to="cid")
    assert (order.assignee, order.steps[-1].frm, order.steps[-1].to) == ("cid", "ann", "cid")
    assert (await refused(world, "transfer", "cid", note="忙", to="owner-nobody")).facts["guard"] == "R3"


async def test_new_people_end_an_alarm() -> None:
    world = await a_world({}, people=[row for row in PEOPLE if row["id"] == "desk"], assignments=[], shifts=[])
    assert (await world.orders())[0].alarm == NOBODY
    await world.command(put_people, as_site())
    await pass_on(world)
    (order,) = await world.orders()
    assert (order.assignee, order.alarm, order.steps[-1].why) == ("ann", None, Why.SOMEBODY_CAME)


@pytest.mark.parametrize(("named", "came"), [(None, "lift-co"), ("other-lift-co", "other-lift-co"), ("ghost", None)])
async def test_a_contractor_that_the_site_now_has_ends_an_alarm(named: str | None, came: str | None) -> None:
    """DSP-13: an order without its firm waits for the site file, and goes to no other one than was asked for."""
    world = await a_world({})
    await world.command(put_people, as_site(contractors=[]))
    await world.hear(CaseWorkRequested(case=a_case(), party=Party.CONTRACTOR, trade="lift", contractor=named))
    assert [(order.assignee, order.alarm) for order in await world.orders() if order.party is Party.CONTRACTOR] == [(None, NOBODY)]
    await world.command(put_people, as_site())
    await pass_on(world)
    (order,) = [order for order in await world.orders() if order.party is Party.CONTRACTOR]
    assert (order.assignee, order.alarm, order.due_at) == (came, None if came else NOBODY, None)


async def test_what_becomes_an_emergency_is_offered_no_longer() -> None:
    world = await a_world(OFFERED)
    await world.hear(classified(urgency=Urgency.P1))
    await pass_on(world)
    assert (await world.orders())[0].assignee == "ann"


async def test_r4_who_has_enough_in_hand_takes_no_more() -> None:
    world = await a_world({"offer_minutes": {"P2": 10}}, open_cap=1)
    await world.do("accept", NUMBER, staff("ann"))
    await world.hear(classified(id="JN-260316-BBBBB"))
    (second,) = await world.orders("JN-260316-BBBBB")
    assert second.offered == ("bob", "cid")
    await world.hear(classified(id="JN-260316-CCCCC"))
    await world.do("accept", "JN-260316-BBBBB-1", staff("bob"))
    with pytest.raises(Refused) as caught:
        await world.do("accept", "JN-260316-CCCCC-1", staff("bob"))
    assert caught.value.facts["guard"] == "R4"


async def test_fifty_grab_one_order_and_one_has_it() -> None:
    people = [{"id": f"p{n}", "roles": ["repair_worker"], "department": "engineering", "trades": ["plumbing"]} for n in range(50)]
    world = await a_world({"offer_minutes": {"P2": 10}}, people=people, assignments=[])
    winners = 0
    for n in range(100):
        number = f"JN-260316-{n:05d}"
        await world.hear(classified(id=number))
        took = await asyncio.gather(*(world.do("accept", f"{number}-1", staff(f"p{(n + k) % 50}")) for k in range(50)), return_exceptions=True)
        winners += sum(not isinstance(one, BaseException) for one in took)
        assert sum(isinstance(one, OrderTaken) for one in took) == 49
    assert winners == 100
    assert (await world.kinds()).count("work_order.accepted") == 100
