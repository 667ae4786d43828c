"""What fault tests do to servers works: kill, elect, wipe, freeze, move to other ports. Not here: what that does to the services."""

import time
from pathlib import Path

import aio_pika
import pytest
from devstack.mongod import Refused
from devstack.servers import Servers

from tests.support.servers import private_servers
from tests.support.until import until

pytestmark = [pytest.mark.faults, pytest.mark.anyio]


async def declare(url: str, *, passive: bool = False) -> None:
    async with await aio_pika.connect(url) as connection:
        await (await connection.channel()).declare_queue("kept", durable=True, passive=passive)


def forget_ports(home: Path) -> None:
    for path in home.glob("*/ports.json"):
        path.unlink()


async def test_a_killed_broker_keeps_its_queues_and_a_wiped_one_loses_them() -> None:
    async with private_servers() as servers:
        await declare(servers.amqp_url)
        await servers.rabbit.kill()
        with pytest.raises(OSError):  # noqa: PT011 - whatever says that nobody listens
            await declare(servers.amqp_url, passive=True)
        await servers.rabbit.start()
        await declare(servers.amqp_url, passive=True)
        assert "kept" in await servers.rabbit.ctl("list_queues", "name")
        await servers.rabbit.wipe()
        with pytest.raises(aio_pika.exceptions.ChannelNotFoundEntity):
            await declare(servers.amqp_url, passive=True)


async def test_three_members_elect_another_primary() -> None:
    async with private_servers(members=3) as servers:
        mongo = servers.mongo
        dead = await mongo.kill_primary()
        second = await mongo.primary()
        assert second is not dead
        await dead.start()
        await mongo.step_down()

        async def moved() -> bool:
            return await mongo.primary() is not second

        await until(moved, True)
        frozen = await mongo.primary()
        frozen.freeze()
        began = time.monotonic()
        await mongo.stop()  # a frozen member is thawed, or it would never hear
        assert time.monotonic() - began < 30
        assert not frozen.running


async def test_test_commands_are_there_and_only_where_asked_for() -> None:
    point = {"configureFailPoint": "failCommand", "mode": "off"}
    async with private_servers() as servers:
        assert (await servers.mongo.command(point))["ok"]
    async with private_servers(test_commands=False) as servers:
        with pytest.raises(Refused):
            await servers.mongo.command(point)


async def test_data_follow_the_servers_to_other_ports(tmp_path: Path) -> None:
    async with Servers(tmp_path, environ={}) as servers:
        first = servers.mongo_url, servers.amqp_url
        await declare(servers.amqp_url)
    forget_ports(tmp_path)
    async with Servers(tmp_path, environ={}) as servers:
        assert servers.mongo_url != first[0]
        assert servers.amqp_url != first[1]
        await declare(servers.amqp_url, passive=True)
        assert (await servers.mongo.command({"hello": 1}))["hosts"] == servers.mongo.addresses


async def test_given_servers_are_not_ours_to_break(tmp_path: Path) -> None:
    given = {"HUIYIN_AMQP_URL": "amqp://there/", "HUIYIN_MONGO_URL": "mongodb://there/?replicaSet=rs0"}
    async with Servers(tmp_path, environ=given) as servers:
        assert (servers.amqp_url, servers.mongo_url) == tuple(given.values())
        assert not servers.children
        with pytest.raises(Exception, match="not ours to break"):
            await servers.rabbit.kill()
