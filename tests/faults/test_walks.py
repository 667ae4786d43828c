"""The walks of `tests/contract/test_order_walks`, ten thousand over memory documents and some hundred over a real MongoDB: no fault, but minutes."""

import asyncio
import os
import random
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from common.mongo import MongoDatabase
from dispatch.store import INDEXES

from tests.contract.test_order_walks import DONE, KEPT, LENGTH, REFUSALS, WALKED, Everything, Stored, begin, furnished, walk, walked_in_memory
from tests.support.servers import Addresses
from tests.support.walking import a_model

WALKS = int(os.environ.get("HUIYIN_WALKS", "300"))  #: on the real store
IN_MEMORY, AT_ONCE = 10_000, 100  #: walks over memory documents, and how many of them a process does before it takes the next
pytestmark = [pytest.mark.anyio, pytest.mark.faults]


@pytest.mark.timeout(900)
def test_ten_thousand_walks_of_the_handlers_over_memory_documents() -> None:
    """Every refused try left every document as it was, rows of the audit included; one process for each core."""
    seeds = range(IN_MEMORY // AT_ONCE)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as cores:
        tallies = list(cores.map(walked_in_memory, seeds, [AT_ONCE] * len(seeds)))
    tally = sum(tallies, Counter[str]())
    print(sum(tally.values()), dict(tally.most_common()))  # noqa: T201 - how much was tried
    assert tally.total() == LENGTH * IN_MEMORY
    assert tally[DONE] > 3 * IN_MEMORY
    assert set(tally) >= REFUSALS


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
