"""What candidates have in hand is asked once for all of them, and is what counting one by one would say; on the fake and on the real store."""

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from common.documents import Database, to_doc
from common.memory import MemoryDocuments
from common.mongo import MongoDatabase
from common.states import OrderStatus
from common.vault import Vault
from dispatch.domain.order import OPEN
from dispatch.store import INDEXES, Store

from tests.support.servers import Addresses
from tests.unit.dispatch.build import NOON, an_order

pytestmark = pytest.mark.anyio
PEOPLE = [f"p{n}" for n in range(12)]
IDLE = ["new", "away"]  #: of whom nothing was ever heard
ORDERS = 300


@pytest.fixture(params=["memory", "motor"])
def ground(request: pytest.FixtureRequest) -> Addresses | None:
    """Each kind of store; the servers are started only where one is real."""
    return None if request.param == "memory" else request.getfixturevalue("servers")


@pytest.fixture
async def db(ground: Addresses | None, namespace: str) -> AsyncIterator[Database]:
    """A database of each kind with orders in every state."""
    made: Any = MongoDatabase(ground.mongo_url, namespace, "motor") if ground else MemoryDocuments()
    await made.start(INDEXES)
    dice = random.Random(7)
    for number in range(ORDERS):
        changes = {"assignee": dice.choice(PEOPLE), "status": dice.choice(list(OrderStatus)), "issued_at": NOON + timedelta(minutes=number)}
        await made.insert("orders", to_doc(an_order(id=f"JN-{number}-1", case=f"JN-{number}", **changes)))
    yield made
    if ground:
        await made.drop()
        await made.stop()


class Asked:
    """A database that counts what it is asked."""

    def __init__(self, db: Database) -> None:
        self.db, self.times = db, 0

    def __getattr__(self, name: str) -> Any:
        self.times += 1
        return getattr(self.db, name)


async def test_loads_are_those_that_counting_one_by_one_would_say(db: Database) -> None:
    loads = await Store(db, Vault({"k": bytes(32)}, bytes(32))).loads([*PEOPLE, *IDLE])
    for id_ in (*PEOPLE, *IDLE):
        assert loads[id_].open == await db.count("orders", {"assignee": id_, "status": {"$in": sorted(OPEN)}})
    assert any(load.open for load in loads.values())
    assert [loads[id_].last_issued_at for id_ in IDLE] == [None, None]


@pytest.mark.parametrize("many", [1, len(PEOPLE)])
async def test_how_often_the_store_is_asked_does_not_depend_on_how_many_candidates_there_are(db: Database, many: int) -> None:
    asked: Any = Asked(db)
    await Store(asked, Vault({"k": bytes(32)}, bytes(32))).loads(PEOPLE[:many])
    assert asked.times == 2
