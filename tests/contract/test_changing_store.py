"""Changes of policy on the fake and on real stores under both drivers: once, by whoever holds the lease, beside facts that arrive."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from common import inbox, outbox
from common.documents import Database
from common.events.dispatch import WorkOrderArrived, WorkOrderIssued
from common.memory import MemoryDocuments
from common.mongo import MongoDatabase
from sla.handlers.changing import BATCH, apply_changes
from sla.store import INDEXES

from tests.support.servers import Addresses
from tests.unit.sla.build import SITE, a_case, an_order, at
from tests.unit.sla.changing import a_world, another, ask, carried_out, dues, limits, states, take
from tests.unit.sla.world import World

pytestmark = pytest.mark.anyio
CASES = BATCH + 10


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


async def many(documents: Database) -> World:
    """A site with more open cases than a batch holds."""
    return await a_world(limits(), *(a_case(id=f"QQ-{number:03}") for number in range(CASES)), documents=documents)


async def work(world: World) -> None:
    """Go on until no change runs, in turn with others."""
    while await world.rt.store.changes.count_running():
        await apply_changes(world.rt)
        await asyncio.sleep(0)


async def test_two_workers_do_everything_once(documents: Database) -> None:
    """Every case once, every fact once, the counts right; and back again."""
    world = await many(documents)
    change = await ask(world, limits(45, 360), "recompute")
    await asyncio.gather(work(world), work(another(world)))
    done = await world.rt.store.changes.get(change.id, SITE)
    assert (done.looked, done.clocks) == (CASES, {"CLK_KETTLE": {"earlier": CASES}, "CLK_LOOK": {"later": CASES}})
    assert len(await world.facts("clock.redated")) == 2 * CASES
    pages = [await world.rt.store.changes.changed_cases(change.id, after=after, limit=CASES // 2) for after in ("", f"QQ-{CASES // 2 - 1:03}")]
    assert [one.case for page in pages for one in page] == [f"QQ-{number:03}" for number in range(CASES)]
    back = await carried_out(world, await take(world, change.id))
    assert (back.looked, await dues(world, "QQ-007")) == (CASES, {"CLK_KETTLE": "2026-03-16 11:30", "CLK_LOOK": "2026-03-16 14:00"})


async def test_facts_that_arrive_meanwhile_are_neither_lost_nor_lose_anything(documents: Database) -> None:
    """Every third case has its arrival heard while the change runs: all are moved, all arrivals stop their clock."""
    world = await many(documents)
    world.time.set(at("2026-03-16 10:30"))
    change = await ask(world, limits(45, 360), "recompute")

    async def arrive(number: int) -> None:
        case = a_case(id=f"QQ-{number:03}")
        order = an_order(case)
        await world.hear(WorkOrderIssued(order=order, case=case), WorkOrderArrived(order=order, case=case))

    arrived = range(0, CASES, 3)
    await asyncio.gather(work(world), *(arrive(number) for number in arrived))
    assert (await world.rt.store.changes.get(change.id, SITE)).looked == CASES
    for number in range(CASES):
        id_ = f"QQ-{number:03}"
        assert (await world.rt.store.file(id_)).moved == (2,)
        assert await states(world, id_) == {"CLK_KETTLE": "met" if number in arrived else "running", "CLK_LOOK": "running"}
