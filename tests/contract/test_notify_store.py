"""notify on a real MongoDB under both drivers: what its loops claim, mark, count and hand on is what memory promises."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from common.documents import Database
from common.events.intake import CaseClassified, CaseClosed, CaseRegistered
from common.memory import MemoryDocuments
from common.mongo import MongoDatabase
from common.states import Lane, Urgency
from notify.domain.breaker import Breaker
from notify.domain.notice import Audience, Channel, Notice, Status
from notify.memory import Fault
from notify.store import INDEXES, Store

from tests.support.servers import Addresses
from tests.unit.notify.build import NIGHT, NOON, NUMBER, a_case, a_notice, at
from tests.unit.notify.world import HOOK, World, a_world

pytestmark = pytest.mark.anyio
LEASE = timedelta(seconds=30)


@pytest.fixture(params=["memory", "motor", "pymongo"])
def ground(request: pytest.FixtureRequest) -> tuple[str, Addresses | None]:
    """The driver and, where it is real, the servers."""
    return request.param, None if request.param == "memory" else request.getfixturevalue("servers")


@pytest.fixture
async def documents(ground: tuple[str, Addresses | None], namespace: str) -> AsyncIterator[Database]:
    driver, servers = ground
    if servers is None:
        yield MemoryDocuments()
        return
    database, janitor = (MongoDatabase(servers.mongo_url, f"{namespace}_notify", driver) for _ in range(2))
    await database.start(INDEXES)
    yield database
    await database.stop()
    await janitor.drop()  # a service that ran on it has closed its own
    await janitor.stop()


@pytest.fixture
async def store(documents: Database) -> Store:
    return Store(documents)


@pytest.fixture
async def world(documents: Database) -> AsyncIterator[World]:
    async with a_world(NIGHT, documents=documents) as made:
        yield made


async def keep(documents: Database, *notices: Notice) -> None:
    for notice in notices:

        async def work(tx: Database, one: Notice = notice) -> None:
            await Store(tx).add((one, ()), at=NOON)

        await documents.transact("notify", "", work)  # type: ignore[arg-type]


async def test_emergencies_are_claimed_first_and_nothing_twice(store: Store, documents: Database) -> None:
    lanes = [Lane.NORMAL, Lane.URGENT, Lane.NORMAL, Lane.URGENT]
    await keep(documents, *(a_notice(id=f"n:{number}", lane=lane) for number, lane in enumerate(lanes)))
    first = await store.claim_due(Audience.OWNER, NOON, limit=3, lease=LEASE)
    assert [notice.id for notice in first][:2] == ["n:1", "n:3"]
    both = await asyncio.gather(*(store.claim_due(Audience.OWNER, NOON, limit=3, lease=LEASE) for _ in range(4)))
    assert [notice.id for batch in both for notice in batch] == [({"n:0", "n:2"} - {first[2].id}).pop()]
    assert await store.due(Audience.OWNER, NOON) == 4  # in flight is not done


async def test_only_what_is_due_for_the_audience_is_claimed(store: Store, documents: Database) -> None:
    soon = NOON + timedelta(seconds=1)
    staff = a_notice(id="n:staff", audience=Audience.STAFF)
    await keep(documents, staff, a_notice(id="n:soon", due_at=soon), a_notice(id="n:sent", status=Status.SENT))
    assert await store.claim_due(Audience.OWNER, NOON, limit=9, lease=LEASE) == []
    assert await store.next_due(Audience.OWNER) == soon
    assert await store.next_due(Audience.MACHINE) is None
    assert [notice.id for notice in await store.claim_due(Audience.STAFF, NOON, limit=9, lease=LEASE)] == ["n:staff"]


async def test_a_claim_that_is_given_back_can_be_claimed_at_once(store: Store, documents: Database) -> None:
    await keep(documents, a_notice())
    (claimed,) = await store.claim_due(Audience.OWNER, NOON, limit=9, lease=LEASE)
    await store.let_go(claimed)
    (again,) = await store.claim_due(Audience.OWNER, NOON, limit=9, lease=LEASE)
    assert again.fence == claimed.fence + 1
    assert await store.held(claimed) is None
    assert await store.held(again) is not None


async def test_a_notice_is_kept_once(store: Store, documents: Database) -> None:
    await keep(documents, a_notice(status=Status.SENT))
    await keep(documents, a_notice())
    assert [notice.status for notice in await store.of_case(NUMBER)] == [Status.SENT]


async def test_a_breaker_is_changed_by_one(store: Store, world: World) -> None:
    await world.subscribe({"url": HOOK, "kinds": ["*"]})
    (endpoint,) = await store.endpoints("QQ")
    taken = Breaker(failures=5, open_until=NOON)
    assert sorted(await asyncio.gather(*(store.keep_breaker(endpoint, taken) for _ in range(3)))) == [False, False, True]
    changed = await store.endpoint(endpoint.id)
    assert changed is not None
    assert changed.breaker == taken


async def test_a_night_whole(world: World) -> None:
    """Held, hastened, made moot, tried again, told to an endpoint: one story through every question of the store."""
    await world.subscribe({"url": HOOK, "kinds": ["case.closed"]})
    world.provider.script(Fault(channel=Channel.EMAIL, reply=451))
    await world.hear(CaseRegistered(case=a_case(urgency=None)))
    await world.settle()
    assert world.got() == []
    await world.hear(CaseClassified(case=a_case(urgency=Urgency.P1)))
    await world.settle()
    assert [mail.accepted for mail in world.got()].count(False) == 1
    await world.hear(CaseClosed(case=a_case(urgency=Urgency.P1), outcome="answered"))
    await world.go(at("2026-03-17 08:00"))
    statuses = {notice["template"]: notice["status"] for notice in await world.notices()}
    assert statuses.pop("case_closed") == "sent"
    assert len(world.got(Channel.WEBHOOK)) == 1
    assert sorted(statuses.values()) in (["sent", "withheld"], ["sent", "sent", "withheld"]), statuses
