"""The walks of `tests/contract/test_order_walks` through a whole MemoryWorld: what is refused leaves every document of all five services as it was,
and what other services hear of a walk parks nothing. No fault, but a minute.
"""

import asyncio
import os
import random
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from common import audit, logs
from common.documents import Database, from_doc, to_doc
from dispatch.domain.order import ONSITE, Order
from huiyin.sites import apply_site, load_site
from huiyin.world.memory import memory_world
from huiyin.world.world import World

from tests.contract.test_order_walks import DONE, LENGTH, Everything, Stored, caller, issued, walk
from tests.faults.test_walks import on_every_core
from tests.support.estate import MOVING, PACKS
from tests.support.knocking import EVERYTHING, body_of, taken
from tests.support.walking import Model, Try, a_model
from tests.unit.dispatch.build import MINUTE, NOON
from tests.unit.dispatch.world import as_site

IN_WORLD = int(os.environ.get("HUIYIN_WORLD_WALKS", "300"))
BY_THEMSELVES = MOVING | {audit.ROWS, audit.HEADS}  #: what loops write, whoever asks; the audit's rows are sealed about a second later
IN_ONE = 100  #: walks in one process
SITE, REPORT = "JN", {"kind": "repair", "channel": "phone", "fault": "water_leak", "subject": "x", "unit": "1-101"}
REPORTER = {"name": "测试业主", "phone": "13900000000", "email": "owner@example.com"}
pytestmark = pytest.mark.faults


class InWorld(Stored):
    """The doors of a world that comes to rest after each move."""

    def __init__(self, world: World, stores: dict[str, Any], number: str) -> None:
        super().__init__(stores["dispatch"], number, partial(everywhere, stores))
        self._world = world

    async def do(self, tried: Try, photos: tuple[str, ...] = ()) -> None:
        by, doors = caller(tried, await self.order()), self._world.doors
        headers = {"Authorization": f"Bearer {doors.staff(by.id, (*by.roles, *EVERYTHING), by.sites)}"}
        path = f"/v1/work-orders/{self.number}/{tried.name}"
        taken(await doors.clients["dispatch"].post(path, json=body_of(tried, photos), headers=headers), tried)
        await self._world.settle()


async def everywhere(stores: dict[str, Any]) -> Everything:
    """Every document of every service, but for what loops write by themselves."""
    kept = {service: {name: rows for name, rows in db._data.items() if name not in BY_THEMSELVES} for service, db in stores.items()}  # noqa: SLF001 - to look
    return {(service, name, id_): row for service, data in kept.items() for name, rows in data.items() for id_, row in rows.items()}


async def begin(world: World, db: Database, model: Model, number: int) -> str:
    """Report a repair and make its order the one that the model means; return the order's number."""
    report = REPORT | {"site": SITE, "reporter": REPORTER}
    made = await world.doors.surely("intake", "POST", "/v1/cases", body=report, key=f"walk {number}")
    await world.settle()
    (doc,) = await db.find("orders", {"case": made["number"]})
    order, meant = from_doc(Order, doc), issued(model)
    same = ("party", "rules", "root_cause_required", "assignee", "department", "trade", "second_inspector")
    order = order.model_copy(update={name: getattr(meant, name) for name in same} | {"offered": (), "due_at": None})
    await db.put("orders", to_doc(order.model_copy(update={"breached": {ONSITE: world.now - MINUTE} if model.breached else {}})))
    return order.id


def walked_in_a_world(seed: int, walks: int) -> Counter[str]:
    """Walk one MemoryWorld, in a process of its own; return what came of the tries."""

    async def walked() -> Counter[str]:
        logs.configure("walks", "error")
        dice, tally = random.Random(seed), Counter[str]()
        site = replace(load_site(PACKS / f"{SITE}.yaml"), staff=as_site().model_dump(mode="json"), fees=None)
        async with memory_world(NOON) as world:
            stores = {name: runtime.documents for name, runtime in world.runtimes.items()}
            await apply_site(world.doors, site)
            await world.settle()
            kept = {name: db._data for name, db in stores.items()}  # noqa: SLF001 - a document is replaced, never changed in place
            for number in range(walks):
                model = a_model(dice)
                for name, db in stores.items():
                    loops = {collection: rows for collection, rows in db._data.items() if collection in MOVING - {audit.HEADS}}  # noqa: SLF001
                    db._data = {collection: dict(rows) for collection, rows in kept[name].items()} | loops  # noqa: SLF001
                await walk(InWorld(world, stores, await begin(world, stores["dispatch"], model, number)), model, dice, tally)
        return tally

    return asyncio.run(walked())


@pytest.mark.timeout(900)
def test_walks_through_a_world() -> None:
    """Settling after each move that was made fails when any service has parked a fact; what was refused has nothing to settle."""
    tally = on_every_core(walked_in_a_world, IN_WORLD, IN_ONE)
    assert tally.total() == LENGTH * IN_WORLD
    assert tally[DONE] > 3 * IN_WORLD
