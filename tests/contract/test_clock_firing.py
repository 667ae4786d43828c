"""Firing on the fake and on real stores under both drivers: once, by whoever holds the lease, never after the stop."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from common import inbox, outbox
from common.documents import Database, to_doc
from common.envelope import Envelope
from common.events.dispatch import WorkOrderArrived, WorkOrderCompleted, WorkOrderIssued
from common.memory import MemoryDocuments
from common.mongo import MongoDatabase
from sla.domain.clock import ready
from sla.handlers.firing import LOOPS, _fire_all, fire, fire_due
from sla.store import INDEXES

from tests.support.servers import Addresses
from tests.unit.sla.build import a_case, a_policy, an_order, at
from tests.unit.sla.test_batches import a_weekly_policy
from tests.unit.sla.world import World

pytestmark = pytest.mark.anyio
CASES = 12


@pytest.fixture(params=["memory", "motor", "pymongo"])
def ground(request: pytest.FixtureRequest) -> tuple[str, Addresses | None]:
    """Each kind of store; the servers are started only where one is real."""
    return request.param, None if request.param == "memory" else request.getfixturevalue("servers")


@pytest.fixture
async def documents(ground: tuple[str, Addresses | None], namespace: str) -> AsyncIterator[Database]:
    """A fresh database of each kind, with its indexes."""
    driver, servers = ground
    made: Any = MongoDatabase(servers.mongo_url, f"{namespace}_sla", driver) if servers else MemoryDocuments()
    await made.start([*outbox.INDEXES, *inbox.INDEXES, *INDEXES])
    yield made
    if servers is None:
        return
    await made.drop()
    await made.stop()


async def a_world(documents: Database) -> World:
    """Two dozen clocks' worth of cases, received at 10:00, all due at 11:30."""
    world = World("2026-03-16 10:00", documents)
    await world.publish(a_policy())
    for number in range(CASES):
        case = a_case(id=f"QQ-{number}")
        await world.report(case)
        await world.hear(WorkOrderIssued(order=an_order(case), case=case))
    return world


async def levels(world: World) -> list[tuple[str, str]]:
    rows = [Envelope.model_validate_json(row["body"]) for row in await world.rt.documents.find("outbox", {"kind": "escalation.raised"})]
    return sorted((str(row.data["clock"]["case"]), str(row.data["level"])) for row in rows)


async def test_two_workers_raise_each_level_once(documents: Database) -> None:
    """Both loops run at the same instant; warnings and deadlines of all clocks are raised, none twice."""
    world, other = await a_world(documents), World("2026-03-16 10:00", documents)
    for now in ("2026-03-16 11:12", "2026-03-16 11:30"):
        for one in (world, other):
            one.time.set(at(now))
        taken = await asyncio.gather(fire_due(world.rt), fire_due(other.rt))
        assert sum(taken) == CASES
    assert await levels(world) == sorted((f"QQ-{number}", level) for number in range(CASES) for level in ("warning", "L1"))
    assert await fire_due(world.rt) == 0


async def test_whoever_lost_the_lease_changes_nothing(documents: Database) -> None:
    """The fence moved on: the old holder's firing is refused without a trace."""
    world = await a_world(documents)
    world.time.set(at("2026-03-16 11:12"))
    claimed = await world.rt.store.claim_due(world.time.now(), limit=1)
    clock = claimed[0]
    await world.rt.transact(lambda store: fire(clock.id, clock.fence - 1, world.time.now(), store))
    assert await levels(world) == []
    await world.rt.transact(lambda store: fire(clock.id, clock.fence, world.time.now(), store))
    await world.rt.transact(lambda store: fire(clock.id, clock.fence, world.time.now(), store))
    assert len(await levels(world)) == 1, "the same holder twice is once"


async def test_a_clock_that_stops_while_it_is_claimed_raises_nothing_and_is_free(documents: Database) -> None:
    """The arrival at 11:00 is heard between the claim of 11:12 and the firing."""
    world = await a_world(documents)
    world.time.set(at("2026-03-16 11:12"))
    claimed = {clock.case: clock for clock in await world.rt.store.claim_due(world.time.now(), limit=CASES)}
    case = a_case(id="QQ-0")
    await world.hear(WorkOrderArrived(order=an_order(case), case=case), when="2026-03-16 11:00")
    clock = claimed["QQ-0"]
    await world.rt.transact(lambda store: fire(clock.id, clock.fence, world.time.now(), store))
    assert await levels(world) == []
    assert (await world.clocks_raw(clock.id))["lease_until"] is None


async def test_a_stop_in_the_instant_of_the_breach(documents: Database) -> None:
    """Arrivals at 11:30 race with the firing of 11:30: whoever is first, each clock is met and each level was raised at most once."""
    world = await a_world(documents)
    world.time.set(at("2026-03-16 11:30"))

    async def arrive(number: int) -> None:
        case = a_case(id=f"QQ-{number}")
        await world.hear(WorkOrderArrived(order=an_order(case), case=case))

    await asyncio.gather(fire_due(world.rt), *(arrive(number) for number in range(CASES)))
    found: Any = await world.rt.store.search({}, limit=100)
    assert {str(clock.state) for clock in found} == {"met"}
    told = await levels(world)
    assert len(told) == len(set(told))
    world.time.advance(timedelta(days=2))
    assert await fire_due(world.rt) == 0, "no level after the stop"


async def test_one_broken_clock_holds_up_no_other(documents: Database) -> None:
    """Its policy is gone: it keeps its lease and is tried again after it, the others are raised now."""
    world = await a_world(documents)
    await documents.update("clocks", {"_id": "case:QQ-3:CLK_KETTLE:1"}, {"policy": 99})
    world.time.set(at("2026-03-16 11:12"))
    assert await fire_due(world.rt) == CASES
    assert [case for case, _ in await levels(world)] == sorted(f"QQ-{number}" for number in range(CASES) if number != 3)
    assert (await world.clocks_raw("case:QQ-3:CLK_KETTLE:1"))["lease_until"] is not None
    assert await world.rt.store.count_due(world.time.now()) == 1, "it still counts as due"


async def test_a_level_cannot_be_raised_twice_even_if_the_clock_forgot_it(documents: Database) -> None:
    """Whatever became of the clock's own marks, the fact `<clock>:<level>` is there and is refused a second time (decisions.md 2)."""
    world = await a_world(documents)
    world.time.set(at("2026-03-16 11:12"))
    assert await fire_due(world.rt) == CASES
    for clock in await world.rt.store.search({}, limit=CASES):
        rungs = tuple(rung.model_copy(update={"raised_at": None}) for rung in clock.rungs)
        forgotten = to_doc(ready(clock.model_copy(update={"rungs": rungs})))
        await documents.put("clocks", forgotten)
    told = await levels(world)
    assert await fire_due(world.rt) == CASES, "all are taken again"
    assert await levels(world) == told, "and none is raised again"


async def test_a_worker_that_lost_a_race_does_not_lose_again(documents: Database) -> None:
    """The second try of a batch takes its clocks first; it raises what is still due and nothing else."""
    world = await a_world(documents)
    world.time.set(at("2026-03-16 11:12"))
    claimed = await world.rt.store.claim_due(world.time.now(), limit=CASES)
    await world.rt.together(lambda store: _fire_all(claimed, world.time.now(), count(1), store))
    assert len(await levels(world)) == CASES
    assert all(not clock.lease_until for clock in await world.rt.store.search({}, limit=CASES))


async def test_the_loop_sleeps_until_the_next_level_and_no_longer(documents: Database) -> None:
    """Nothing armed: the safety net of a second. Something soon: until then. Something due in other hands: a second again."""
    world = World("2026-03-16 10:00", documents)
    await world.publish(a_policy())
    loop = LOOPS[0]
    assert await world.rt.idle(loop) == 1.0
    await world.report(a_case())
    world.time.set(at("2026-03-16 11:12") - timedelta(milliseconds=400))
    assert await world.rt.idle(loop) == pytest.approx(0.4)
    world.time.set(at("2026-03-16 11:12"))
    await world.rt.store.claim_due(world.time.now(), limit=1)
    assert await fire_due(world.rt) == 0
    assert await world.rt.idle(loop) == 1.0


async def test_a_commit_or_a_step_of_time_during_the_turn_ends_the_pause_after_it(documents: Database) -> None:
    """A clock opened between the look and the pause is not slept over: with an hour to sleep, the pause ends at once."""
    world = World("2026-03-16 10:00", documents)
    mark = world.rt.mark()
    await world.publish(a_policy())
    async with asyncio.timeout(5):
        await world.rt.pause(3600, mark, 0)
        mark = world.rt.mark()
        world.time.advance(timedelta(hours=1))
        await world.rt.pause(3600, mark, 0)


async def test_slips_completed_at_once_open_one_batch_clock(documents: Database) -> None:
    """Every completion finds its week; the clock is opened by one of them, and nothing of the others is lost."""
    world = World("2026-03-16 10:00", documents)
    await world.publish(a_weekly_policy())
    cases = [a_case(id=f"QQ-{number}") for number in range(CASES)]
    for case in cases:
        await world.report(case)
        await world.hear(WorkOrderIssued(order=an_order(case), case=case))
    world.time.set(at("2026-03-16 10:30"))
    await asyncio.gather(*(world.hear(WorkOrderCompleted(order=an_order(case), case=case)) for case in cases))
    assert len(await world.rt.store.search({"code": "CLK_BATCH"}, limit=9)) == 1
    assert len(await world.rt.store.search({"code": "CLK_VISIT"}, limit=99)) == CASES
    assert len(await world.rt.store.files_in_week("QQ", "2026-W12")) == CASES
