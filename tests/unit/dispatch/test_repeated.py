"""Repeats and incidents as dispatch has them: one order for an incident, and work that comes again goes back to who did it (DEF-09)."""

import pytest
from common.auth import PERMISSIONS
from common.errors import Refused
from common.events.intake import CaseLinked, CaseSplit
from common.states import OrderStatus, Party, Urgency
from dispatch.domain.matching import CHOSEN, SAME_TEAM, WORKERS, Choice, Considered
from dispatch.domain.order import SECOND, Order, second, two_pairs
from dispatch.handlers import turns

from tests.unit.dispatch.build import NOON, a_case, an_order
from tests.unit.dispatch.world import World, classified, staff

pytestmark = pytest.mark.anyio
HEAD = "JN-260316-BBBBB"
ORDER = "JN-260316-AAAAA-1"


async def repaired_again(world: World, by: str = "ann") -> Order:
    """The same problem came again, and its work is done."""
    await world.hear(classified(second_inspector=True))
    for name, act in {"accept": {}, "arrive": {}, "assess": {"outcome": "normal"}, "complete": {"note": "换了阀门"}}.items():
        await world.do(name, ORDER, staff(by), **act)
    (order,) = await world.orders()
    return order


async def test_def09_a_later_case_of_an_incident_gets_no_order(world: World) -> None:
    await world.hear(classified(incident=HEAD))
    assert await world.orders() == []


async def test_def09_joining_ends_what_nobody_worked_on_and_splitting_asks_again(world: World) -> None:
    await world.hear(classified())
    await world.hear(CaseLinked(case=a_case(incident=HEAD), by="desk"))
    (order,) = await world.orders()
    assert (order.status, order.steps[-1].note) == (OrderStatus.CANCELLED, "case joined an incident")
    await world.hear(CaseSplit(case=a_case(), left=HEAD, by="desk"))
    _, again = await world.orders()
    assert (again.status, again.number) == (OrderStatus.ISSUED, 2)


async def test_def09_work_that_was_begun_goes_on_after_joining(world: World) -> None:
    await world.hear(classified())
    (order,) = await world.orders()
    await world.do("accept", order.id, staff("ann"))
    await world.do("arrive", order.id, staff("ann"))
    await world.hear(CaseLinked(case=a_case(incident=HEAD), by="desk"))
    assert [one.status for one in await world.orders()] == [OrderStatus.ON_SITE]


async def test_a_repeat_goes_back_to_who_did_it_and_somebody_else_looks_at_it_too(world: World) -> None:
    await world.hear(classified(id=HEAD))  # so that it would not be the turn of ann
    await world.hear(classified(prefers="ann", second_inspector=True, urgency=Urgency.P1))
    (order,) = await world.orders()
    assert (order.assignee, order.second_inspector) == ("ann", "bob")
    assert {one.id: one.why for one in order.choice.considered if one.open is not None} == {"ann": CHOSEN, "bob": SAME_TEAM, "cid": SAME_TEAM}


async def test_a_preference_is_no_filter(world: World) -> None:
    """Who did it is at home: whoever is there goes."""
    await world.hear(classified(prefers="owl"))
    (order,) = await world.orders()
    assert (order.assignee, order.second_inspector) == ("ann", None)


async def test_def09_the_second_inspector_is_waited_for(world: World) -> None:
    order = await repaired_again(world)
    assert (order.second_inspector, order.recheck_due, order.state().recheck_due) == ("bob", True, True)
    for by, name in (("ann", "sign"), ("ann", "recheck"), ("cid", "recheck")):
        with pytest.raises(Refused) as caught:
            await world.do(name, ORDER, staff(by))
        assert caught.value.facts["guard"] == "DEF-09"
    await world.do("recheck", ORDER, staff("bob"), note="不再渗水")
    assert (await world.kinds())[-1] == "work_order.rechecked"
    signed = await world.do("sign", ORDER, staff("ann"))
    assert (signed.status, signed.accepted_by, signed.recheck_due) == (OrderStatus.SIGNED, (SECOND,), False)


async def test_def09_what_the_customer_does_not_sign_is_looked_at_again(world: World) -> None:
    await repaired_again(world)
    await world.do("recheck", ORDER, staff("bob"))
    await world.do("refuse-sign", ORDER, staff("ann"), note="还在漏")
    assert (await world.do("complete", ORDER, staff("ann"), note="换了水管")).recheck_due


async def test_def09_who_gets_the_order_looks_at_it_no_more(world: World) -> None:
    """Somebody else who could have been sent does: here who would have had it."""
    order = await repaired_again(world, by="bob")
    assert (order.assignee, order.second_inspector) == ("bob", "ann")


async def test_def09_a_transfer_to_the_second_inspector_names_another(world: World) -> None:
    await world.hear(classified(second_inspector=True))
    order = await world.do("transfer", ORDER, staff("ann"), note="换班", to="bob")
    assert (order.assignee, order.second_inspector) == ("bob", "ann")
    kept = await world.do("assign", ORDER, staff("boss", "engineering_manager"), note="就近", to="cid")
    assert (kept.assignee, kept.second_inspector) == ("cid", "ann")


async def test_def09_the_next_one_in_turn_is_not_their_own_second(world: World) -> None:
    await world.hear(classified(second_inspector=True))
    await world.do("send-back", ORDER, staff("ann"), note="缺零件")
    await world.within(lambda store: turns.turn(ORDER, world.now, store))
    (order,) = await world.orders()
    assert (order.assignee, order.second_inspector) == ("bob", "cid")


async def test_def09_an_order_waits_for_nobody_who_is_away_because_a_lead_names_another(world: World) -> None:
    """Or themself."""
    await repaired_again(world)
    await world.do("recheck", ORDER, staff("bob"))
    order = await world.do("name-second", ORDER, staff("desk", "receptionist"), note="鲍某休假", to="boss")
    assert (order.second_inspector, order.recheck_due) == ("boss", True)  # who is named now has not seen it yet
    assert (await world.kinds())[-1] == "work_order.second_named"
    assert not (await world.do("recheck", ORDER, staff("boss", "engineering_manager"))).recheck_due


def test_def09_whoever_can_be_named_may_look_and_no_contractor_may() -> None:
    assert {role for role in WORKERS if "order.recheck" not in PERMISSIONS[role]} == set()
    assert "order.recheck" not in PERMISSIONS["contractor"]


def test_def09_where_nobody_else_could_have_been_sent_nobody_is_named() -> None:
    alone = Choice(party=Party.OWN, at=NOON, chosen="ann", considered=(Considered(id="ann", why=CHOSEN, open=0),))
    assert second(alone, "ann") is None
    order = two_pairs(an_order(choice=alone, second_inspector="ann", status=OrderStatus.COMPLETED), a_case(second_inspector=True))
    assert (order.second_inspector, order.recheck_due) == (None, False)
