"""Repeats and incidents as dispatch has them: one order for an incident, and work that comes again goes back to who did it (DEF-09)."""

import pytest
from common.events.intake import CaseLinked, CaseSplit
from common.states import OrderStatus, Urgency
from dispatch.domain.matching import CHOSEN, SAME_TEAM

from tests.unit.dispatch.build import a_case
from tests.unit.dispatch.world import World, classified, staff

pytestmark = pytest.mark.anyio
HEAD = "JN-260316-BBBBB"


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
