"""Console's store, in memory and on MongoDB under both drivers: the same day gives the same board, the same views, the same timeline."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from common.documents import to_doc
from common.memory import Broker, MemoryBus, MemoryDocuments
from common.mongo import MongoDatabase
from common.runtime import Parts
from common.timesource import FakeTime
from console.domain import timeline
from console.domain.filters import Filter
from console.store import Store

from tests.support.servers import Addresses
from tests.unit.console import story
from tests.unit.console.world import Peers, running

pytestmark = pytest.mark.anyio
BOTH = ("JN", "XZ")


@pytest.fixture(params=["memory", "motor", "pymongo"], scope="module")
def ground(request: pytest.FixtureRequest) -> tuple[str, Addresses | None]:
    """The driver and, where it is real, the servers."""
    return request.param, None if request.param == "memory" else request.getfixturevalue("servers")


@pytest.fixture(scope="module")
async def store(ground: tuple[str, Addresses | None]) -> AsyncIterator[Store]:
    """The store after a day of facts, each handled in a transaction of its own."""
    driver, servers = ground
    documents = MongoDatabase(servers.mongo_url, f"t{uuid4().hex[:12]}_console", driver) if servers else MemoryDocuments()
    made = Parts(documents, MemoryBus(Broker()), FakeTime(story.NOW), Peers())
    async with running(made, story.day()) as app:
        yield app.state.runtime.store
        if isinstance(documents, MongoDatabase):
            await documents.drop()


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Filter(urgency="P1"), ["JN-260314-7K3QX", "XZ-260314-9QW4T"]),
        (Filter(kind="complaint"), ["JN-260311-QB3XN", "XZ-260314-4FY7M"]),
        (Filter(status="closed"), ["JN-260312-0ZTG8"]),
        (Filter(q="XZ-260314-J"), ["XZ-260314-J6P0B"]),
        (Filter(q="8hv5e"), ["XZ-260314-8HV5E"]),
        (Filter(site="JN", show=2), ["JN-260311-QB3XN", "JN-260314-7K3QX"]),
    ],
)
async def test_views(store: Store, wanted: Filter, numbers: list[str]) -> None:
    """What is due first comes first, closed cases newest first."""
    assert [row.id for row in await store.board(wanted, BOTH)] == numbers


async def test_rows_and_entries_come_back_as_they_were(store: Store) -> None:
    """Times aware and in milliseconds, levels and orders in order."""
    row = await store.row("JN-260314-7K3QX")
    assert row.next
    assert row.next.due_at == row.sort_at == story.NOW - 5 * story.MINUTE
    assert [order.status for order in row.orders] == ["accepted"]
    entries = timeline.in_order(await store.entries("JN-260314-7K3QX"))
    assert [entry.kind for entry in entries][:3] == ["case.registered", "case.classified", "work_order.issued"]
    assert await store.tally(Filter(), BOTH, story.NOW) == {"cases": 9, "late": 2}
    assert await store.latest() == await store.latest()


async def test_sites_people_accounts_and_sessions(store: Store) -> None:
    """Everything else that is asked for by name."""
    assert [site.named("zh-CN") for site in await store.sites(["XZ"])] == ["西子湾"]
    crew = await store.crew("JN")
    assert crew
    assert crew.people["jn-li"] == ("repair_worker",)
    assert (await store.account("chen")) is not None
    assert await store.account("nobody") is None
    assert await store.session("nothing") is None
    assert await store.sweep_sessions(story.NOW) == 0


async def test_r18_work_is_found_by_what_it_waits_for_in_the_readers_sites(store: Store) -> None:
    """One element of the orders is enough; a closed case and another site's are not found."""
    row = await store.row("JN-260314-7K3QX")
    waiting = row.model_copy(update={"orders": [*row.orders, row.orders[0].model_copy(update={"id": "JN-260314-7K3QX-9", "awaits": "inspection"})]})
    await store.db.put("cases", to_doc(waiting))
    found = {
        (sites, what): [one.id for one in await store.work_of("nobody", sites, what)]
        for sites in (("JN",), ("XZ",), ("*",))
        for what in ((), ("inspection",), ("class",), ("class", "inspection"))
    }
    assert {asked for asked, rows in found.items() if rows} == {
        (sites, what) for sites in (("JN",), ("*",)) for what in (("inspection",), ("class", "inspection"))
    }
    assert {tuple(rows) for rows in found.values()} == {(), ("JN-260314-7K3QX",)}
    await store.db.put("cases", to_doc(waiting.model_copy(update={"open": False})))
    assert await store.work_of("nobody", ("JN",), ("inspection",)) == []
    await store.db.put("cases", to_doc(row))
