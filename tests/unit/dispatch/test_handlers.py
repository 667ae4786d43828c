"""Handlers on memory documents: what each fact leaves behind, what it says, and that nothing happens twice."""

from datetime import timedelta
from typing import Any

import pytest
from common.audit import ROWS
from common.auth import Caller
from common.errors import HuiyinError, Missing, NotFound
from common.events import FACTS
from common.events.intake import CaseClosed, CaseFact, CaseReopened, CaseWorkRequested
from common.states import CaseKind, CaseState, CaseStatus, Lane, OrderStatus, Party, Urgency
from common.topology import LISTENS
from dispatch.handlers import SUBSCRIPTIONS

from tests.unit.dispatch.build import MINUTE, NOON, a_case
from tests.unit.dispatch.world import World, a_policy, a_whole_repair, classified, staff

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


async def test_a_classified_repair_gets_one_order_for_who_is_on_duty(world: World) -> None:
    await world.hear(classified(urgency=Urgency.P1))
    (order,) = await world.orders()
    assert (order.id, order.status, order.assignee, order.alarm) == ("JN-260316-AAAAA-1", OrderStatus.ISSUED, "ann", None)
    assert {one.id: one.why for one in order.choice.considered}["owl"] == "shift"
    (made,) = await world.said()
    assert (made.kind, made.subject, made.seq, made.lane) == ("work_order.issued", order.id, 1, Lane.URGENT)
    assert made.data["order"]["assignee"] == "ann"
    assert await world.loads() == {"ann": 1}


async def test_at_night_the_order_goes_to_the_night_shift(world: World) -> None:
    world.now = NOON + timedelta(hours=11)
    await world.hear(classified(urgency=Urgency.P1))
    assert (await world.orders())[0].assignee == "owl"


async def test_the_order_counts_from_the_desks_moment_but_goes_to_who_is_there_now(world: World) -> None:
    world.now = NOON + timedelta(hours=11)
    await world.hear(classified(), at=NOON)
    (order,) = await world.orders()
    assert (order.issued_at, order.assignee) == (NOON, "owl")


async def test_a_reclassified_repair_gets_no_second_order_but_its_urgency_follows(world: World) -> None:
    await world.hear(classified())
    await world.hear(classified(urgency=Urgency.P1, unit="3-0601"))
    (order,) = await world.orders()
    assert (order.urgency, order.unit, order.lane) == (Urgency.P1, "3-0601", Lane.URGENT)
    assert await world.kinds() == ["work_order.issued"]
    await world.do("accept", order.id, staff("ann"))
    assert (await world.said())[-1].lane is Lane.URGENT
    assert await world.loads() == {"ann": 1}


async def test_a_repair_classified_again_after_its_work_gets_no_second_order(world: World) -> None:
    await world.hear(classified())
    await a_whole_repair(world)
    await world.hear(classified(urgency=Urgency.P3))
    assert len(await world.orders()) == 1


@pytest.mark.parametrize("changes", [{"kind": CaseKind.COMPLAINT}, {"kind": CaseKind.ENQUIRY}, {"status": CaseStatus.CLOSED}])
async def test_nothing_else_that_is_classified_gets_an_order(world: World, changes: dict[str, Any]) -> None:
    await world.hear(classified(**changes))
    assert await world.orders() == []
    assert await world.db.count("cases") == 1


async def test_nobody_eligible_is_an_alarm_not_a_lost_order(world: World) -> None:
    await world.hear(classified(trade="roof"))
    (order,) = await world.orders()
    assert (order.assignee, order.alarm) == (None, "nobody_eligible")
    assert (await world.said())[0].data["order"]["alarm"] == "nobody_eligible"
    await world.do("accept", order.id, staff("cid"))
    assert await world.loads() == {"cid": 1}


async def test_a_case_of_a_site_without_policy_waits_for_it() -> None:
    world = World()
    with pytest.raises(Missing) as missing:
        await world.hear(classified())
    assert missing.value.stream == "sla:policy:JN"
    assert await world.db.count("orders") == 0


async def test_a_case_keeps_the_policy_it_was_received_under(world: World) -> None:
    await world.hear(a_policy(version=2, order_return="on_signature"))
    await world.hear(classified(policy=1))
    await world.hear(classified(id="JN-260316-BBBBB", policy=2))
    old, new = (await world.orders())[0], (await world.orders("JN-260316-BBBBB"))[0]
    assert (old.rules.returns, new.rules.returns) == ("required", "on_signature")


async def test_a_complaint_gets_an_order_per_party_that_was_asked(world: World) -> None:
    case = a_case(kind=CaseKind.COMPLAINT, asset="lift-1", trade=None)
    await world.hear(CaseWorkRequested(case=case, department="engineering", trade="plumbing"))
    await world.hear(CaseWorkRequested(case=case, party=Party.CONTRACTOR, trade="lift"))
    await world.hear(CaseWorkRequested(case=case, department="cleaning"))
    await world.hear(CaseWorkRequested(case=case, department="cleaning"))
    orders = await world.orders()
    assert [(order.number, order.party, order.assignee) for order in orders] == [
        (1, Party.OWN, "ann"),
        (2, Party.CONTRACTOR, "lift-co"),
        (3, Party.OWN, "mop"),
    ]
    assert await world.kinds() == ["work_order.issued"] * 3


async def test_a_named_contractor_that_the_site_does_not_have_is_an_alarm(world: World) -> None:
    await world.hear(CaseWorkRequested(case=a_case(), party=Party.CONTRACTOR, contractor="ghost"))
    assert (await world.orders())[0].alarm == "nobody_eligible"


async def test_a_dissatisfied_visit_issues_the_order_again(world: World) -> None:
    await world.hear(classified())
    await a_whole_repair(world)
    world.now += DAY
    reopened = CaseReopened(case=a_case(status=CaseStatus.IN_WORK), rework_of=("JN-260316-AAAAA-1",))
    await world.hear(reopened)
    old, new = await world.orders()
    assert (new.number, new.rework_of, new.status, new.department, new.trade) == (2, old.id, OrderStatus.ISSUED, "engineering", "plumbing")
    assert new.assignee == "bob"  # ann had the last one
    assert (await world.kinds())[-1] == "work_order.issued"
    await world.hear(reopened)
    assert len(await world.orders()) == 2


async def test_rework_of_an_order_that_never_was_is_an_error(world: World) -> None:
    with pytest.raises(NotFound):
        await world.hear(CaseReopened(case=a_case(), rework_of=("JN-260316-AAAAA-9",)))


async def test_a_closed_case_ends_what_nobody_began_and_keeps_why(world: World) -> None:
    case = a_case(kind=CaseKind.COMPLAINT)
    await world.hear(CaseWorkRequested(case=case, department="engineering", trade="plumbing"))
    await world.hear(CaseWorkRequested(case=case, department="cleaning"))
    await world.do("accept", "JN-260316-AAAAA-2", staff("mop", "cleaning"))
    await world.do("arrive", "JN-260316-AAAAA-2", staff("mop", "cleaning"))
    await world.hear(CaseClosed(case=case.model_copy(update={"status": CaseStatus.CLOSED}), outcome="explained"), at=NOON - MINUTE)
    first, second = await world.orders()
    assert (first.status, second.status) == (OrderStatus.CANCELLED, OrderStatus.ON_SITE)
    assert (first.steps[-1].note, first.steps[-1].by) == ("case closed", "dispatch")
    assert (await world.kinds())[-1] == "work_order.cancelled"
    assert await world.loads() == {"mop": 1}


async def test_a_whole_repair_says_each_fact_once_and_in_order(world: World) -> None:
    await world.hear(classified())
    returned = await a_whole_repair(world)
    said = await world.said()
    assert [made.kind.removeprefix("work_order.") for made in said] == [
        "issued", "accepted", "arrived", "assessed", "completed", "signed", "returned",
    ]  # fmt: skip
    assert [made.seq for made in said] == [1, 2, 3, 4, 5, 6, 7]
    assert "阀门" not in "".join(made.model_dump_json() for made in said)
    assert (returned.status, await world.loads()) == (OrderStatus.RETURNED, {})


async def test_the_load_moves_to_who_really_accepts(world: World) -> None:
    await world.hear(classified())
    await world.do("accept", "JN-260316-AAAAA-1", staff("cid"))
    assert await world.loads() == {"cid": 1}


async def test_work_is_spread_over_those_on_duty(world: World) -> None:
    for letter in "ABCDEF":
        await world.hear(classified(id=f"JN-260316-{letter * 5}"))
    assert await world.loads() == {"ann": 2, "bob": 2, "cid": 2}


async def test_a_refused_move_leaves_every_document_as_it_was(world: World) -> None:
    await world.hear(classified())
    before = {name: await world.db.find(name) for name in ("orders", "outbox", "cases", ROWS)}
    for name, by, error in (("complete", "ann", "illegal-move"), ("accept", "mop", "guard-refused"), ("arrive", "ann", "illegal-move")):
        with pytest.raises(HuiyinError) as caught:
            await world.do(name, "JN-260316-AAAAA-1", staff(by), note="x")
        assert caught.value.slug == error
    assert {name: await world.db.find(name) for name in before} == before


@pytest.mark.parametrize(
    "by",
    [
        staff("ann", sites=("XZ",)),
        staff("lift-co", "contractor"),
        staff("ann", sites=()),
    ],
)
async def test_dsp13_an_order_of_others_looks_like_a_missing_one(world: World, by: Caller) -> None:
    await world.hear(classified())
    with pytest.raises(NotFound):
        await world.do("accept", "JN-260316-AAAAA-1", by)
    with pytest.raises(NotFound):
        await world.do("accept", "JN-260316-AAAAA-7", staff("ann"))


async def test_a_contractor_moves_its_own_order(world: World) -> None:
    await world.hear(CaseWorkRequested(case=a_case(), party=Party.CONTRACTOR, contractor="lift-co"))
    order = await world.do("accept", "JN-260316-AAAAA-1", staff("lift-co", "contractor"))
    assert (order.status, order.acceptor) == (OrderStatus.ACCEPTED, "lift-co")


def test_every_stream_that_dispatch_binds_has_its_handlers() -> None:
    assert {fact.prefix() for fact in SUBSCRIPTIONS} == set(LISTENS["dispatch"])
    assert {fact for fact in FACTS.values() if issubclass(fact, CaseFact)} <= set(SUBSCRIPTIONS)


async def test_the_newest_state_of_a_case_travels_with_its_orders(world: World) -> None:
    await world.hear(classified())
    await world.hear(FACTS["case.owner_transferred"](case=a_case(owner="desk")))
    await world.do("accept", "JN-260316-AAAAA-1", staff("ann"))
    case: CaseState = CaseState.model_validate((await world.said())[-1].data["case"])
    assert case.owner == "desk"
