"""The walks of `tests/contract/test_order_walks`, ten thousand over memory documents and some hundred over a real MongoDB: no fault, but minutes."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import pytest
from common import logs
from common.memory import MemoryDocuments
from common.mongo import MongoDatabase
from common.timesource import FakeTime
from dispatch.store import INDEXES

from tests.contract.test_order_walks import (
    DONE,
    KEPT,
    LENGTH,
    NOW,
    REFUSALS,
    WALKED,
    Everything,
    Stored,
    begin,
    caller,
    furnished,
    rows,
    walk,
    walked_in_memory,
)
from tests.support.knocking import Front
from tests.support.servers import Addresses
from tests.support.walking import Try, a_model

WALKS = int(os.environ.get("HUIYIN_WALKS", "300"))  #: on the real store
IN_MEMORY, AT_ONCE = 10_000, 500  #: walks over memory documents, and how many of them a process does before it takes the next
AT_DOORS = int(os.environ.get("HUIYIN_DOOR_WALKS", "1000"))  #: ten thousand take seven minutes of one core
pytestmark = [pytest.mark.anyio, pytest.mark.faults]


def on_every_core(walked: Callable[[int, int], Counter[str]], walks: int, at_once: int = AT_ONCE) -> Counter[str]:
    """Have processes do so many walks together, one for each core; return what came of all tries."""
    shares = [min(at_once, walks - done) for done in range(0, walks, at_once)]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as cores:
        tally = sum(cores.map(walked, range(len(shares)), shares), Counter[str]())
    print(tally.total(), dict(tally.most_common()))  # noqa: T201 - how much was tried
    return tally


@pytest.mark.timeout(900)
def test_ten_thousand_walks_of_the_handlers_over_memory_documents() -> None:
    """Every refused try left every document as it was, rows of the audit included."""
    tally = on_every_core(walked_in_memory, IN_MEMORY)
    assert tally.total() == LENGTH * IN_MEMORY
    assert tally[DONE] > 3 * IN_MEMORY
    assert set(tally) >= REFUSALS


class AtDoors(Stored):
    """The doors of dispatch on memory documents."""

    def __init__(self, front: Front, db: MemoryDocuments, number: str) -> None:
        super().__init__(db, number, partial(rows, db))
        self._front = front

    async def do(self, tried: Try, photos: tuple[str, ...] = ()) -> None:
        await self._front.knock(self.number, tried, caller(tried, await self.order()), photos)


def walked_at_doors(seed: int, walks: int) -> Counter[str]:
    """Walk the doors of one app, in a process of its own, each walk in a store that was emptied; return what came of the tries."""

    async def walked() -> Counter[str]:
        logs.configure("dispatch", "error")
        dice, tally, db = random.Random(seed), Counter[str](), MemoryDocuments()
        await db.start(INDEXES)
        await furnished(db)
        front, kept = Front(db, FakeTime(NOW)), db._data  # noqa: SLF001 - a document is replaced, never changed in place
        for number in range(walks):
            model = a_model(dice)
            db._data = {name: dict(held) for name, held in kept.items()}  # noqa: SLF001
            await walk(AtDoors(front, db, await begin(db, model, number)), model, dice, tally)
        return tally

    return asyncio.run(walked())


@pytest.mark.timeout(900)
def test_walks_of_the_doors_over_memory_documents() -> None:
    """The same through HTTP: what a door refuses leaves nothing either, neither an answer under its key nor a row of the audit."""
    tally = on_every_core(walked_at_doors, AT_DOORS)
    assert tally.total() == LENGTH * AT_DOORS
    assert tally[DONE] > 3 * AT_DOORS


@pytest.mark.timeout(900)
async def test_walks_of_the_handlers_over_a_real_store(servers: Addresses, namespace: str) -> None:
    dice, tally = random.Random(6), Counter[str]()
    db = MongoDatabase(servers.mongo_url, namespace, "pymongo")
    await db.start(INDEXES)

    async def everything() -> Everything:
        return dict(zip(KEPT, await asyncio.gather(*(db.find(name, sort=[("_id", 1)]) for name in KEPT)), strict=True))

    await furnished(db)
    for number in range(WALKS):
        model = a_model(dice)
        await walk(Stored(db, await begin(db, model, number), everything), model, dice, tally, 10)
        for name in WALKED:
            await db.delete(name, {})
    await db.drop()
    await db.stop()
    print(sum(tally.values()), dict(tally.most_common()))  # noqa: T201 - how much was tried
    assert tally[DONE] > 3 * WALKS
