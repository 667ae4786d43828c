import asyncio
import time

import pytest
from common import outbox
from common.events import *
from common.mongo import MongoDatabase
from dispatch import handlers
from dispatch.store import INDEXES

from tests.unit.dispatch.build import PEOPLE, ROTA
from tests.unit.dispatch.world import World, a_policy, as_site, classified

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("n", [3, 12])
@pytest.mark.parametrize("conc", [1, 20])
async def test_it(servers, namespace, conc, n):
    world = World()
    world.db = MongoDatabase(servers.mongo_url, namespace, "motor")
    await world.db.start([*INDEXES, *outbox.INDEXES])
    await world.hear(a_policy())
    extra = [{"id": f"w{i}", "roles": ["repair_worker"], "department": "engineering", "trades": ["plumbing"]} for i in range(n - 3)]
    rota = {**ROTA, "assignments": [{"shift": "day", "people": [p["id"] for p in PEOPLE + extra]}]}
    await world.command(handlers.put_people, as_site(PEOPLE + extra, rota=rota))
    sem = asyncio.Semaphore(conc)

    async def one(i):
        async with sem:
            await world.hear(classified(id=f"JN-260316-{i:05}"))

    t = time.perf_counter()
    c = time.process_time()
    r = await asyncio.gather(*(one(i) for i in range(300)), return_exceptions=True)
    bad = [x for x in r if x]
    print(
        f"\nn={n} conc={conc}: {300 / (time.perf_counter() - t):.0f}/s cpu {(time.process_time() - c) / 300 * 1000:.2f} ms",
        await world.loads(),
        len(bad),
        bad[:2],
    )
    await world.db.drop()
    await world.db.stop()
