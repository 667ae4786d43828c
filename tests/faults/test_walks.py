"""The walks of `tests/contract/test_order_walks` over a real MongoDB, whose documents are compared as they are stored: no fault, but minutes."""

import asyncio
import os
import random
from collections import Counter
from typing import Any

import pytest
from common.mongo import MongoDatabase
from dispatch.store import INDEXES

from tests.contract.test_order_walks import DONE, KEPT, WALKED, Stored, begin, furnished, walk
from tests.support.servers import Addresses
from tests.support.walking import a_model

WALKS = int(os.environ.get("HUIYIN_WALKS", "100"))  #: three hundred take a minute and a half
pytestmark = [pytest.mark.anyio, pytest.mark.faults]


@pytest.mark.timeout(900)
async def test_walks_of_the_handlers_over_a_real_store(servers: Addresses, namespace: str) -> None:
    dice, tally = random.Random(6), Counter[str]()
    db = MongoDatabase(servers.mongo_url, namespace, "pymongo")
    await db.start(INDEXES)

    async def everything() -> Any:
        found = await asyncio.gather(*(db.find(name, sort=[("_id", 1)]) for name in KEPT))
        return [repr(docs) for docs in found]  # types, order of fields and all

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
