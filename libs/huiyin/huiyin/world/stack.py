"""StackWorld: the five services as processes on the real RabbitMQ and MongoDB of HUIYIN_AMQP_URL and HUIYIN_MONGO_URL.

Everything lives under a namespace of its own beside whatever runs there, with a stepped time authority, and is gone at the end.
"""

import asyncio
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

import aio_pika
import httpx2
from common.auth import Tokens
from common.errors import HuiyinError
from common.messaging import remove_world
from common.mongo import MongoDatabase
from common.settings import Settings
from common.timesource import stepped
from common.topology import PEERS
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from huiyin.children import dying_with
from huiyin.doors import TIMEOUT_S, Doors
from huiyin.exits import Failed, NotHere
from huiyin.provider import Simulator
from huiyin.world.memory import settings_of
from huiyin.world.world import SERVICES, World

READY_S = 60.0
GRACE_S = 15.0
POLL_S = 0.1
TAIL = 1500
SETTLE_S = 120.0
SERVERS_TELL = "the stack world needs RabbitMQ and MongoDB: set HUIYIN_AMQP_URL and HUIYIN_MONGO_URL (`./dev huiyin …` does)"


class Servers(BaseSettings):
    """Where the servers are: the only part of the environment that a world of its own reads."""

    model_config = SettingsConfigDict(env_prefix="HUIYIN_", extra="ignore")
    mongo_url: str = Field("mongodb://127.0.0.1:27017/?replicaSet=rs0")
    amqp_url: SecretStr = Field(SecretStr("amqp://guest:guest@127.0.0.1:5672/"))
    driver: str = "motor"


class _Authority:
    """Steers the time document that all processes of the world follow."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database, self.revision = database, 0

    async def set(self, at: datetime) -> int:
        self.revision += 1
        await self._database.put("authority", stepped(at, self.revision))
        return self.revision


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def world_settings(namespace: str, **more: Any) -> Settings:
    """Return settings of a world on the servers of the environment, each service on a free port."""
    servers = Servers()
    urls = {field: f"http://127.0.0.1:{port}" for field, port in zip(PEERS.values(), free_ports(len(PEERS)), strict=True)}
    here = {"mongo_url": servers.mongo_url, "amqp_url": servers.amqp_url, "driver": servers.driver, "time": "shared"}
    return settings_of(namespace, **here, **urls, **more)


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment of a service process: this one's without HUIYIN_*, plus the settings."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("HUIYIN_")}
    for name, value in settings.model_dump().items():
        if value is not None:
            plain = value.get_secret_value() if isinstance(value, SecretStr) else value
            env[f"HUIYIN_{name.upper()}"] = str(plain)
    return env


class Process:
    """One service process with its log."""

    def __init__(self, service: str, settings: Settings, folder: Path) -> None:
        """Start it; nothing is waited for."""
        self.service, self.url = service, str(getattr(settings, PEERS[service]))
        self.log = folder / f"{service}.log"
        port = self.url.rsplit(":", 1)[1]
        command = [sys.executable, "-m", "uvicorn", "--factory", f"{service}.main:create_app", "--host", "127.0.0.1", "--port", port]
        with self.log.open("wb") as out:
            self._process = subprocess.Popen(  # noqa: S603 - our own services
                dying_with(os.getpid(), [*command, "--log-level", "warning", "--no-access-log"]),
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment(settings), start_new_session=True,
            )  # fmt: skip

    async def ready(self, client: httpx2.AsyncClient) -> None:
        """Return when it answers. Raises Failed with the end of its log."""
        until = monotonic() + READY_S
        while monotonic() < until and self._process.poll() is None:
            with suppress(httpx2.HTTPError):
                if (await client.get("/readyz")).status_code == httpx2.codes.OK:
                    return
            await asyncio.sleep(POLL_S)
        raise Failed(f"{self.service} did not become ready\n{self.log.read_text(errors='replace')[-TAIL:]}")

    async def stop(self) -> None:
        """TERM, wait, KILL."""
        self._process.terminate()
        until = monotonic() + GRACE_S
        while self._process.poll() is None and monotonic() < until:  # noqa: ASYNC110 - another process
            await asyncio.sleep(POLL_S)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[dict[str, httpx2.AsyncClient]]:
    """Run the five services as processes and yield a client for each; at the end they stop and their namespace is removed."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_remove, settings)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f"huiyin-{settings.namespace}-")))
        yield await _services(stack, settings, folder)


@asynccontextmanager
async def stack_world(start: datetime, *, prefix: str = "scn", **more: Any) -> AsyncIterator[World]:
    """Yield a world on real servers whose time stands at `start`. `more` are settings. Raises NotHere without servers."""
    async with Simulator() as simulator:
        namespace = f"{prefix}_{secrets.token_hex(4)}"
        settings = world_settings(namespace, smtp_url=simulator.smtp_url, webhook_allow_private=True, **more)
        await _servers_answer(settings)
        database = MongoDatabase(settings.mongo_url, f"{namespace}_time", settings.driver)
        authority = _Authority(database)
        revision = await authority.set(start)
        try:
            async with running(settings) as clients:
                world = World(Doors(clients, Tokens(settings)), settings, authority, start, revision=revision, bound_s=SETTLE_S)
                world.provider = simulator.provider
                yield world
        finally:
            await database.stop()


async def _servers_answer(settings: Settings) -> None:
    database = MongoDatabase(settings.mongo_url, f"{settings.namespace}_time", settings.driver)
    try:
        await database.ping()
        await (await aio_pika.connect(settings.amqp_url.get_secret_value(), timeout=5)).close()
    except (HuiyinError, OSError, aio_pika.exceptions.AMQPError) as away:
        raise NotHere(f"{SERVERS_TELL} ({type(away).__name__})") from away
    finally:
        await database.stop()


async def _remove(settings: Settings) -> None:
    for name in (*SERVICES, "time"):
        database = MongoDatabase(settings.mongo_url, f"{settings.namespace}_{name}", settings.driver)
        await database.drop()
        await database.stop()
    await remove_world(settings.amqp_url.get_secret_value(), settings.namespace)


async def _services(stack: AsyncExitStack, settings: Settings, folder: Path) -> dict[str, httpx2.AsyncClient]:
    clients: dict[str, httpx2.AsyncClient] = {}
    processes: list[Process] = []
    stack.push_async_callback(_stop, processes)
    for service in SERVICES:
        process = Process(service, settings, folder)
        processes.append(process)
        limits = httpx2.Limits(max_connections=64, max_keepalive_connections=64)
        client = httpx2.AsyncClient(base_url=process.url, timeout=TIMEOUT_S, trust_env=False, limits=limits)
        clients[service] = await stack.enter_async_context(client)
    await asyncio.gather(*(process.ready(clients[process.service]) for process in processes))
    return clients


async def _stop(processes: list[Process]) -> None:
    await asyncio.gather(*(process.stop() for process in processes))
