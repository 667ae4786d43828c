"""Facts between two services, in memory and on the real servers under both drivers: once, in order, whatever order they arrive in."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from common import inbox, outbox, reconcile, retention
from common.documents import Aggregate, Documents
from common.envelope import Event
from common.errors import Fate, HuiyinError, Missing, Refused
from common.events import Fact
from common.events.intake import CaseClosed, CaseRegistered, VisitDue
from common.memory import Broker, MemoryBus, MemoryDocuments
from common.messaging import RabbitBus, remove_world
from common.mongo import MongoDatabase
from common.runtime import Parts, Runtime
from common.states import CaseKind, CaseState, CaseStatus, Channel, Lane
from common.timesource import FakeTime
from pydantic import Field

from tests.support.servers import Addresses
from tests.support.settings import settings
from tests.support.until import until

pytestmark = pytest.mark.anyio
AT = datetime(2026, 3, 14, 15, 40, tzinfo=UTC)


class Thing(Aggregate):
    """What the probe services keep."""

    heard: list[str] = Field(default_factory=list)


class Store:
    """The probe's store."""

    def __init__(self, db: Documents) -> None:
        """Keep the documents."""
        self.db = db


def case(number: str) -> CaseState:
    """A case in its plainest form."""
    return CaseState(
        id=number, site="XX", kind=CaseKind.REPAIR, status=CaseStatus.REGISTERED, channel=Channel.APP, received_at=AT, registered_at=AT, policy=1
    )


async def hear(event: Event[Fact], store: Store, now: datetime) -> None:
    """Write down what was heard; a closed case is a bug, a visit needs its case."""
    if isinstance(event.fact, CaseClosed):
        raise Refused("T1", "测试", "test")
    if isinstance(event.fact, VisitDue) and await store.db.get("things", event.fact.case.id) is None:
        raise Missing(f"intake:case:{event.fact.case.id}")
    doc = await store.db.get("things", event.subject) or {"_id": event.subject, "site": event.site, "seqs": {}, "heard": []}
    await store.db.put("things", doc | {"heard": [*doc["heard"], f"{event.fact.kind}:{event.seq}"], "at": now})


@dataclass
class World:
    """One that says, one that hears."""

    says: Runtime[Store]
    hears: Runtime[Store]

    async def say(self, number: str, *facts: Fact, lane: Lane = Lane.NORMAL) -> None:
        """Say facts about one thing in one transaction."""

        async def work(store: Store) -> None:
            doc = await store.db.get("things", number)
            thing = Thing(id=number, site="XX", seqs=doc["seqs"] if doc else {})
            await outbox.save(store.db, "things", thing, facts, at=AT, lane=lane)  # type: ignore[arg-type]

        await self.says.transact(work)

    async def heard(self, number: str) -> list[str]:
        """What the listener wrote down about one thing."""
        doc = await self.hears.documents.get("things", number)
        return list(doc["heard"]) if doc else []


@pytest.fixture(params=["memory", "motor", "pymongo"])
def ground(request: pytest.FixtureRequest) -> tuple[str, Addresses | None]:
    """The kind of parts and, where they are real, their servers."""
    return request.param, None if request.param == "memory" else request.getfixturevalue("servers")


@pytest.fixture
async def world(ground: tuple[str, Addresses | None], namespace: str) -> AsyncIterator[World]:
    """Two runtimes, started."""
    made, broker, ns = [], Broker(), namespace
    driver, servers = ground
    given = settings(namespace=ns, relay_poll_ms=100)
    for name in ("intake", "notify"):
        if servers is None:
            parts = Parts(MemoryDocuments(), MemoryBus(broker), FakeTime(AT))
        else:
            parts = Parts(MongoDatabase(servers.mongo_url, f"{ns}_{name}", driver), RabbitBus(servers.amqp_url, ns, 20), FakeTime(AT))
        subscriptions = {CaseRegistered: (hear,), CaseClosed: (hear,), VisitDue: (hear,)} if name == "notify" else {}
        made.append(Runtime(name, given, parts, store=Store, indexes=(), subscriptions=subscriptions))
    for rt in made:
        await rt.start()
    yield World(*made)
    for rt in made:
        if isinstance(rt.documents, MongoDatabase):
            await rt.documents.drop()
        await rt.stop()
    if servers:
        await remove_world(servers.amqp_url, ns)


async def test_a_fact_is_heard_once_and_in_order(world: World) -> None:
    """Three facts of one thing, said in two transactions; every one marked sent."""
    await world.say("a", CaseRegistered(case=case("a")), CaseRegistered(case=case("a")))
    await world.say("a", CaseRegistered(case=case("a")), lane=Lane.URGENT)
    await until(lambda: world.heard("a"), ["case.registered:1", "case.registered:2", "case.registered:3"])
    await until(lambda: world.says.documents.count("outbox", {"sent_at": None}), 0)
    assert (await world.says.quiet())["said"]["case"] == (await world.hears.quiet())["heard"]["case"] == 3


async def test_a_fact_that_is_given_up_lets_its_stream_go_on(world: World) -> None:
    """The second of four is parked, the others wait behind it; discarded, it counts as handled: nothing brings it back, the rest is heard."""
    await world.says.documents.put("things", {"_id": "g", "seqs": {}})
    made = [
        outbox.envelope("intake", "g", n, CaseRegistered(case=case("g")), at=AT, site="XX", lane=Lane.NORMAL, trace="").model_dump_json().encode()
        for n in (1, 2, 3, 4)
    ]
    hears = world.hears
    sealed = hears.vault.seal(hears.name, "parked", made[1].decode("latin-1"))
    row = inbox.parked_row(made[1], HuiyinError(), 3, sealed, AT, inbox.decode(made[1]))
    await hears.documents.put("parked", row)
    for body in (made[0], made[2], made[3]):
        await hears.worker.receive(body)
    assert (await world.heard("g"), await hears.documents.count("waiting")) == (["case.registered:1"], 2)
    await reconcile.discard(hears, row, by="operator", reason="broken at its source")
    await until(lambda: world.heard("g"), ["case.registered:1", "case.registered:3", "case.registered:4"])
    await until(lambda: hears.documents.count("waiting"), 0)
    assert (await hears.documents.count("parked"), await hears.documents.count("inbox", {"discarded": True})) == (0, 1)
    assert await hears.worker.receive(made[1]) is Fate.DONE
    assert await world.heard("g") == ["case.registered:1", "case.registered:3", "case.registered:4"]


async def test_kept_answers_are_forgotten_after_their_time(world: World) -> None:
    """An answer of a week ago goes, one that is younger stays; one process does it in an hour."""
    db, now = world.says.documents, await world.says.documents.machine_now()
    await db.insert("requests", {"_id": "old", "expires_at": now - timedelta(seconds=1)}, {"_id": "new", "expires_at": now + timedelta(hours=1)})
    await retention.LOOP.run(world.says)
    assert [row["_id"] for row in await db.find("requests")] == ["new"]
    await db.insert("requests", {"_id": "old", "expires_at": now - timedelta(seconds=1)})
    await retention.LOOP.run(world.says)
    assert await db.count("requests") == 2


async def test_any_order_of_arrival_gives_the_same(world: World) -> None:
    """Backwards, twice over: applied once each, in order."""
    await world.says.documents.put("things", {"_id": "b", "seqs": {}})
    facts = [CaseRegistered(case=case("b")) for _ in range(4)]
    made = [
        outbox.envelope("intake", "b", n, fact, at=AT, site="XX", lane=Lane.NORMAL, trace="").model_dump_json().encode()
        for n, fact in enumerate(facts, 1)
    ]
    for body in [made[3], made[2], made[1], made[2], made[0], made[0], made[3]]:
        assert await world.hears.worker.receive(body) is Fate.DONE
    assert await world.heard("b") == [f"case.registered:{n}" for n in (1, 2, 3, 4)]
    assert await world.hears.documents.count("waiting") == 0


async def test_a_fact_about_something_unknown_waits_for_it(world: World) -> None:
    """A visit before its case: kept, then applied when the case comes."""
    visit = VisitDue(visit="v", case=case("c"), role="receptionist")
    body = outbox.envelope("intake", "v", 1, visit, at=AT, site="XX", lane=Lane.NORMAL, trace="").model_dump_json().encode()
    assert await world.hears.worker.receive(body) is Fate.DONE
    assert await world.heard("v") == []
    assert await world.hears.documents.count("waiting") == 1
    await world.say("c", CaseRegistered(case=case("c")))
    await until(lambda: world.heard("v"), ["visit.due:1"])
    assert await world.hears.documents.count("waiting") == 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe{}", b'{"a":1,"a":2}', b"[1]", b'{"id":NaN}', b"[" * 100_000, b'{"specversion":"1.0"}', b"x" * 300_000]
)
async def test_what_cannot_be_read_is_parked_sealed(world: World, body: bytes) -> None:
    """Never handled, never lost, never in the clear."""
    assert await world.hears.worker.receive(body) is Fate.DONE
    rows = await world.hears.documents.find("parked")
    assert [row["reason"] for row in rows] == ["bad-body"]
    assert world.hears.vault.open("notify", "parked", rows[0]["body"]).encode("latin-1") == body


async def test_a_bug_gets_three_tries_then_a_person(world: World) -> None:
    """The stream behind it waits, so order is kept after a redrive."""
    closed = CaseClosed(case=case("d"), outcome="visited")
    body = outbox.envelope("intake", "d", 1, closed, at=AT, site="XX", lane=Lane.NORMAL, trace="").model_dump_json().encode()
    fates = [await world.hears.worker.receive(body, attempt) for attempt in (1, 2, 3)]
    assert fates == [Fate.AGAIN, Fate.AGAIN, Fate.DONE]
    assert [row["reason"] for row in await world.hears.documents.find("parked")] == ["guard-refused"]


async def test_what_nobody_waits_for_lets_what_people_do_go_first(world: World) -> None:
    """ADR 0037: facts said at leisure leave by the poll, all of them and in order; a fact of another thing does not wait behind them."""

    async def mass(store: Store) -> None:
        for number in range(40):
            said = [CaseRegistered(case=case(f"XX-{number}"))] * 2
            await outbox.say(store.db, f"XX-{number}", {}, said, site="XX", at=AT, lane=Lane.NORMAL, at_leisure=True)  # type: ignore[arg-type]

    await world.says.transact(mass)
    await world.say("XX-first", CaseRegistered(case=case("XX-first")))
    await until(lambda: world.heard("XX-first"), ["case.registered:1"])
    assert await world.heard("XX-0") == [], "two seconds have not passed"

    async def all_heard() -> bool:
        return all([await world.heard(f"XX-{number}") == ["case.registered:1", "case.registered:2"] for number in range(40)])

    await until(all_heard, wanted=True)
    await until(lambda: world.says.documents.count("outbox", {"sent_at": None}), 0)
