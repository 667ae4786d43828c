"""Experiments X12–X19 of reliability.md as tests of our own store module, under both drivers, on three members that are killed and frozen."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from common import outbox
from common.documents import Database, Index, Transaction
from common.errors import HuiyinError, OutcomeUnknown, Taken, Transient
from common.mongo import MongoDatabase
from devstack.servers import Servers

from tests.support.servers import private_servers

pytestmark = [pytest.mark.anyio, pytest.mark.faults]
INDEXES = [*outbox.INDEXES, Index("cases", (("n", 1),)), Index("inbox", (("n", 1),)), Index("timers", (("due", 1),))]


@pytest.fixture(scope="module")
async def broken() -> AsyncIterator[Servers]:
    """Three members with fail points."""
    async with private_servers(members=3) as servers:
        yield servers


@pytest.fixture(params=["motor", "pymongo"])
async def db(request: pytest.FixtureRequest, broken: Servers, namespace: str) -> AsyncIterator[MongoDatabase]:
    """A fresh database on the whole set."""
    await broken.mongo.primary()
    database = MongoDatabase(broken.mongo_url, namespace, request.param)
    await database.start(INDEXES)
    yield database
    await database.stop()


async def _pair(db: Database, key: str) -> None:
    async def work(tx: Transaction) -> None:
        await tx.insert("cases", {"_id": key, "n": 1})
        await tx.insert("outbox", {"_id": key, "prefix": "case", "order": key, "sent_at": None})

    await db.transact("test", "", work)


async def _survive(db: Database, key: str, tries: int = 30) -> None:
    """What a client does: repeat with the same key until it knows."""
    for _ in range(tries):
        try:
            await _pair(db, key)
        except Taken:
            return
        except Transient:
            await asyncio.sleep(0.1)
        else:
            return
    msg = "never acknowledged"
    raise AssertionError(msg)


async def _mismatch(db: Database) -> tuple[set[str], set[str]]:
    """Both sides in one snapshot: a commit still on its way may become visible between two plain reads."""

    async def read(tx: Transaction) -> tuple[set[str], set[str]]:
        return {row["_id"] for row in await tx.find("cases")}, {row["_id"] for row in await tx.find("outbox")}

    return (await db.transact("test", "", read))[0]


async def test_x12_killed_and_stepped_down_primaries_lose_nothing(db: MongoDatabase, broken: Servers) -> None:
    """Writers go on through a SIGKILL of the primary and a step-down: acknowledged = present, case = outbox row."""
    acknowledged: list[str] = []
    stop = asyncio.Event()

    async def writer(name: int) -> None:
        n = 0
        while not stop.is_set():
            n += 1
            await _survive(db, f"{name}-{n}")
            acknowledged.append(f"{name}-{n}")

    writers = [asyncio.create_task(writer(name)) for name in range(6)]
    await asyncio.sleep(1)
    killed = await broken.mongo.kill_primary()
    await broken.mongo.primary()
    await killed.start()
    await broken.mongo.step_down()
    await broken.mongo.primary()
    before = len(acknowledged)
    async with asyncio.timeout(30):
        while len(acknowledged) < before + 50:  # noqa: ASYNC110 - a count in a list, not an event
            await asyncio.sleep(0.05)
    stop.set()
    await asyncio.gather(*writers)
    cases, rows = await _mismatch(db)
    assert set(acknowledged) == cases == rows
    assert len(acknowledged) == len(set(acknowledged)) > 50


async def test_x13_nothing_acknowledged_is_rolled_back(db: MongoDatabase, broken: Servers) -> None:
    """Secondaries frozen: a majority write is not acknowledged; what was acknowledged before outlives the primary's death."""
    await _pair(db, "before")
    primary = await broken.mongo.primary()
    others = [member for member in broken.mongo.members if member is not primary]
    for member in others:
        member.freeze()
    try:
        with pytest.raises(HuiyinError) as refused:
            await _pair(db, "during")
        assert isinstance(refused.value, Transient)
        await primary.kill()
    finally:
        for member in others:
            member.thaw()
    await broken.mongo.primary()
    await primary.start()
    await _survive(db, "after")
    cases, rows = await _mismatch(db)
    assert cases == rows
    assert {"before", "after"} <= cases


async def test_x14_an_error_does_not_mean_not_saved(db: MongoDatabase, broken: Servers) -> None:
    """Without a majority the caller hears "unknown" within the deadline; the write may come true; the same key makes it one."""
    await _pair(db, "warm")
    primary = await broken.mongo.primary()
    others = [member for member in broken.mongo.members if member is not primary]
    for member in others:
        member.freeze()
    began = monotonic()
    try:
        with pytest.raises(OutcomeUnknown):
            await _pair(db, "doubt")
        took = monotonic() - began
    finally:
        for member in others:
            member.thaw()
    assert took < 12
    await broken.mongo.primary()
    await _survive(db, "doubt")
    cases, rows = await _mismatch(db)
    assert cases == rows == {"warm", "doubt"}


async def test_x15_a_cancelled_task_leaves_whole_pairs(db: MongoDatabase) -> None:
    """150 tasks cancelled at random: never a case without its outbox row."""
    chance = random.Random(15)

    async def one(n: int) -> bool:
        task = asyncio.create_task(_pair(db, str(n)))
        await asyncio.sleep(chance.uniform(0, 0.03))
        task.cancel()
        return (await asyncio.gather(task, return_exceptions=True))[0] is None

    done = [await asyncio.gather(*(one(n) for n in range(start, start + 10))) for start in range(0, 150, 10)]
    cases, rows = await _mismatch(db)
    assert cases == rows
    finished = {str(n) for n, ok in enumerate(ok for batch in done for ok in batch) if ok}
    assert finished <= cases


@pytest.mark.parametrize(
    "data",
    [
        {"failCommands": ["commitTransaction"], "closeConnection": True},
        {"failCommands": ["insert"], "errorCode": 112, "errorLabels": ["TransientTransactionError"]},
        {"failCommands": ["commitTransaction"], "errorCode": 50, "errorLabels": ["UnknownTransactionCommitResult"]},
        {"failCommands": ["commitTransaction"], "errorCode": 112, "errorLabels": ["TransientTransactionError"]},
        {"failCommands": ["insert"], "blockConnection": True, "blockTimeMS": 400},
    ],
    ids=["commit-cut", "insert-transient", "commit-unknown", "commit-conflict", "slow"],
)
async def test_x16_fail_points_give_one_document(db: MongoDatabase, broken: Servers, data: dict[str, Any]) -> None:
    """Each failure, twice in a row: the caller notices nothing, one document is there."""
    member = broken.mongo.members.index(await broken.mongo.primary())
    await broken.mongo.command({"configureFailPoint": "failCommand", "mode": {"times": 2}, "data": data | {"appName": "huiyin"}}, member=member)
    try:
        await _pair(db, "once")
    finally:
        await broken.mongo.command({"configureFailPoint": "failCommand", "mode": "off"}, member=member)
    assert await _mismatch(db) == ({"once"}, {"once"})


async def test_x17_ten_consumers_one_event(db: MongoDatabase) -> None:
    """The inbox row decides: one applies, nine hear Taken, the effect is one."""
    await db.insert("cases", {"_id": "c", "n": 0})

    async def consume() -> bool:
        async def work(tx: Transaction) -> None:
            await tx.insert("inbox", {"_id": "event", "n": 1})
            await tx.update("cases", {"_id": "c"}, inc={"n": 1})

        try:
            await db.transact("test", "", work)
        except Taken:
            return False
        return True

    applied = await asyncio.gather(*(consume() for _ in range(10)))
    assert sum(applied) == 1
    assert (await db.get("cases", "c") or {})["n"] == 1


async def test_x18_frozen_workers_never_fire_twice(db: MongoDatabase) -> None:
    """300 due timers, 8 workers, some asleep past their lease: each fires once, stale completions are refused by the fence."""
    await db.insert("timers", *({"_id": str(n), "due": n, "state": "armed", "fence": 0} for n in range(300)))
    chance, refused = random.Random(18), 0

    async def fire(row: dict[str, Any]) -> bool:
        async def work(tx: Transaction) -> bool:
            done = row | {"state": "fired"}
            if not await tx.replace("timers", done, guard={"state": "armed", "fence": row["fence"]}):
                return False
            await tx.insert("outbox", {"_id": f"breach:{row['_id']}", "order": row["_id"], "sent_at": None})
            return True

        return (await db.transact("test", "", work))[0]

    async def worker() -> None:
        nonlocal refused
        while await db.count("timers", {"state": "armed"}):
            rows = await db.claim("timers", {"state": "armed"}, sort=[("due", 1)], limit=10, lease=timedelta(milliseconds=300))
            if rows and chance.random() < 0.3:
                await asyncio.sleep(0.45)  # the freeze under test, not a wait for luck
            for row in rows:
                refused += not await fire(row)

    await asyncio.gather(*(worker() for _ in range(8)))
    assert await db.count("timers", {"state": "fired"}) == 300
    assert await db.count("outbox") == 300
    assert refused > 0


async def test_x19_a_reader_of_the_fact_log_misses_nothing(db: MongoDatabase, broken: Servers) -> None:
    """We read the log by cursor instead of a change stream (ADR 0003): 400 written through a SIGKILL, 400 read, in order, none twice."""
    seen: list[str] = []
    written = asyncio.Event()

    async def write() -> None:
        for n in range(400):
            await _survive(db, f"{n:04d}")
        written.set()

    async def read() -> None:
        after = ""
        while True:
            done = written.is_set()
            try:
                rows = await outbox.read_log(db, after=after, prefixes=(), limit=50, settled=False)
            except Transient:
                continue
            seen.extend(row["_id"] for row in rows)
            after = rows[-1]["order"] if rows else after
            if done and not rows:
                return
            await asyncio.sleep(0.01)

    tasks = [asyncio.create_task(write()), asyncio.create_task(read())]
    await asyncio.sleep(0.3)
    killed = await broken.mongo.kill_primary()
    await broken.mongo.primary()
    await killed.start()
    async with asyncio.timeout(60):
        await asyncio.gather(*tasks)
    assert seen == [f"{n:04d}" for n in range(400)]
