"""Acknowledged = stored = dispatched = clocked = told, once each, whatever dies: the whole house under load (reliability.md 4).

One house for the module: its tests add cases one after the other, and after each fault all of them are counted again in the databases.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

import aio_pika
import pytest
from common.documents import Outgoing
from common.messaging import RabbitBus
from common.mongo import MongoDatabase
from common.settings import Settings
from common.topology import LISTENS
from devstack.paths import REPOSITORY
from devstack.servers import Servers
from devstack.stack import Stack
from huiyin.doors import open_doors
from huiyin.sites import apply_site, load_site

from tests.support.checker import Checker, Count, everything
from tests.support.load import Load
from tests.support.servers import private_servers

pytestmark = [pytest.mark.anyio, pytest.mark.faults, pytest.mark.timeout(600)]
CASES = 300
NAMESPACE = "faults"
CLEAN = Count(**dict.fromkeys(Count.__dataclass_fields__, 0))


@dataclass
class House:
    """Servers, services, load and checker."""

    servers: Servers
    stack: Stack
    load: Load
    checker: Checker
    rate: float  #: half of the measured saturation, cases a second

    async def through(self, fault: Callable[[], Awaitable[None]]) -> None:
        """Run the load and, a third into it, the fault; both have to end."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.load.run(CASES, self.rate))
            await asyncio.sleep(CASES / self.rate / 3)
            await fault()

    async def parked(self, count: int) -> Count:
        """Count when as many facts are parked and everything else is at rest."""
        return await self.checker.drained(set(self.load.acknowledged.values()), parked=count)

    async def counted(self) -> Count:
        """Count everything ever acknowledged, after the drain."""
        return await self.checker.drained(set(self.load.acknowledged.values()))


@pytest.fixture(scope="module")
async def house() -> AsyncIterator[House]:
    """Three mongod members, a broker, five services, one site, one key, and the saturation measured."""
    async with private_servers(members=3) as servers:
        extra = {"HUIYIN_RECONCILE_S": "5", "HUIYIN_LOG_LEVEL": "warning", "HUIYIN_RATE_PER_MINUTE": "1000000"}
        stack = Stack(servers.home / "stack", amqp_url=servers.amqp_url, mongo_url=servers.mongo_url, namespace=NAMESPACE, extra=extra)
        async with stack:
            settings = Settings.model_validate(
                {name.removeprefix("HUIYIN_").lower(): value for name, value in stack.env.items() if name.startswith("HUIYIN_")}
            )
            async with open_doors(settings) as doors:
                await apply_site(doors, load_site(REPOSITORY / "packs" / "sites" / "XZ.yaml"))
                key = await doors.surely("intake", "POST", "/v1/keys", body={"name": "faults", "sites": ["XZ"]})
            load, checker = Load(settings.intake_url, key["key"]), Checker(servers.mongo_url, NAMESPACE)
            await load.saturate(50)
            saturation = await load.saturate(200)
            house = House(servers, stack, load, checker, saturation / 2)
            assert await house.counted() == CLEAN
            print(f"saturation {saturation:.1f} cases/s, faults at {house.rate:.1f} cases/s")  # noqa: T201 - the note quotes it
            yield house
            await checker.close()


async def test_every_fact_again_changes_nothing(house: House) -> None:
    """All facts ever said are published twice more, in a random order, while new ones come. Before the faults: each brings its own repeats."""
    rows: list[Outgoing] = []
    for service in LISTENS:
        log = MongoDatabase(house.servers.mongo_url, f"{NAMESPACE}_{service}", "pymongo")
        rows += [Outgoing(row["_id"], row["stream"], row["key"], row["body"].encode(), row["trace"]) for row in await everything(log, "outbox")]
        await log.stop()
    again = rows * 2
    random.Random(38).shuffle(again)
    bus = RabbitBus(house.servers.amqp_url, NAMESPACE, 1)

    async def fault() -> None:
        await bus._out.start()  # noqa: SLF001 - only the publishing half: this test listens to nothing
        for start in range(0, len(again), 200):
            assert all(await bus.publish(again[start : start + 200]))

    await house.through(fault)
    await bus._out.stop()  # noqa: SLF001
    assert await house.counted() == CLEAN


@pytest.mark.parametrize("service", LISTENS)
async def test_a_killed_service_loses_and_doubles_nothing(house: House, service: str) -> None:
    async def fault() -> None:
        await house.stack.children[service].kill()
        await asyncio.sleep(1)  # others go on without it for a while
        await house.stack.children[service].start()

    await house.through(fault)
    assert await house.counted() == CLEAN


async def test_a_killed_broker_loses_and_doubles_nothing(house: House) -> None:
    async def fault() -> None:
        await house.servers.rabbit.kill()
        await house.servers.rabbit.start()

    await house.through(fault)
    assert await house.counted() == CLEAN


async def test_a_wiped_broker_is_rebuilt_from_the_fact_logs(house: House) -> None:
    async def fault() -> None:
        await house.servers.rabbit.kill()
        await house.servers.rabbit.wipe()
        await house.servers.rabbit.start()

    await house.through(fault)
    assert await house.counted() == CLEAN


async def test_a_killed_primary_loses_and_doubles_nothing(house: House) -> None:
    async def fault() -> None:
        member = await house.servers.mongo.kill_primary()
        await house.servers.mongo.primary()
        await member.start()

    await house.through(fault)
    assert await house.counted() == CLEAN


async def test_a_step_down_loses_and_doubles_nothing(house: House) -> None:
    await house.through(house.servers.mongo.step_down)
    assert await house.counted() == CLEAN


MALFORMED = (
    b"", b"{", b"null", b"[]", b"\xff\xfe\x00", b'{"specversion":"1.0"}', b'{"a":NaN}', b'{"a":1,"a":2}', b"[" * 5000, "刘测试 13900001111".encode(),
)  # fmt: skip


async def test_malformed_messages_are_parked_and_nothing_else_suffers(house: House) -> None:
    """2,000 bodies nobody can read, some with a phone number in them: parked sealed, the rest flows."""
    count = 2000

    async def fault() -> None:
        async with await aio_pika.connect(house.servers.amqp_url) as connection:
            channel = await connection.channel()
            for n in range(count):
                queue = f"{NAMESPACE}.{list(LISTENS)[n % len(LISTENS)]}.{('urgent', 'normal')[n // 7 % 2]}"
                body = MALFORMED[n % len(MALFORMED)] + (b" " * n if n % 3 else b"")
                await channel.default_exchange.publish(aio_pika.Message(body, delivery_mode=2), routing_key=queue)

    await house.through(fault)
    assert await house.parked(count) == replace(CLEAN, parked=count)
    for service in LISTENS:
        database = MongoDatabase(house.servers.mongo_url, f"{NAMESPACE}_{service}", "pymongo")
        rows = await database.find("parked")
        assert "13900001111" not in json.dumps(rows, default=str)
        await database.delete("parked", {})
        await database.stop()
    assert await house.counted() == CLEAN


async def test_nobody_is_named_in_what_the_house_wrote_meanwhile(house: House) -> None:
    """The load's name, phone and e-mail: no hit in any log of any process."""
    seeded = ("测试业主", "13900000000", "owner@example.com", "13900001111", "刘测试")
    for log in (house.servers.home / "stack" / "log").glob("*.log"):
        text = log.read_text(errors="replace")
        assert [word for word in seeded if word in text] == [], log.name
