"""RabbitMQ and MongoDB for `./dev up` and for tests: private processes without root, or the servers whose addresses are given.

    async with Servers(folder) as servers:
        servers.amqp_url, servers.mongo_url
        await servers.rabbit.kill(); await servers.rabbit.start(); await servers.rabbit.wipe(); servers.rabbit.node.freeze()
        await servers.mongo.kill_primary(); await servers.mongo.step_down(); servers.mongo.members[1].freeze()

Not here: containers (`tests/support/servers.py`) and the services (`stack`).
"""

import argparse
import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from devstack.leftovers import born
from devstack.mongod import Mongo
from devstack.paths import LOCAL
from devstack.processes import Child, NotHere, together
from devstack.rabbit import Rabbit

GIVEN = {"amqp": "HUIYIN_AMQP_URL", "mongo": "HUIYIN_MONGO_URL"}


class Servers:
    """A broker and a database. Where an address is given in the environment, nothing is started, stopped or broken there."""

    def __init__(self, home: Path, *, members: int = 1, test_commands: bool = False, environ: Mapping[str, str] | None = None) -> None:
        """Data and ports lie under `home`. `environ={}` ignores addresses given from outside: fault tests own what they break."""
        given = os.environ if environ is None else environ
        self.home = home
        self._members, self._test_commands = members, test_commands
        self._given = {kind: given.get(name, "") for kind, name in GIVEN.items()}
        self.parts: dict[str, Rabbit | Mongo] = {}  #: what is started here, by name

    async def prepare(self) -> None:
        """Fetch programs and choose ports; starts nothing."""
        if not self._given["amqp"]:
            self.parts["rabbitmq"] = await Rabbit.at(self.home / "rabbit")
        if not self._given["mongo"]:
            self.parts["mongodb"] = await Mongo.at(self.home / "mongo", members=self._members, test_commands=self._test_commands)

    async def start(self) -> None:
        """Start broker and database together and wait for both: 6-12 s. If one fails the other is stopped."""
        if not self.parts:
            await self.prepare()
        try:
            await together(*(part.start() for part in self.parts.values()))
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop what was started here."""
        await asyncio.gather(*(part.stop() for part in self.parts.values()))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.stop()

    @property
    def amqp_url(self) -> str:
        """Address of the broker."""
        return self._given["amqp"] or self.rabbit.url

    @property
    def mongo_url(self) -> str:
        """Address of the replica set, all members in it."""
        return self._given["mongo"] or self.mongo.url

    @property
    def rabbit(self) -> Rabbit:
        """The private broker. Raises `NotHere` if the broker is somebody else's."""
        part = self.parts.get("rabbitmq")
        if not isinstance(part, Rabbit):
            raise NotHere("this broker was given by HUIYIN_AMQP_URL: it is not ours to break")
        return part

    @property
    def mongo(self) -> Mongo:
        """The private replica set. Raises `NotHere` if the database is somebody else's."""
        part = self.parts.get("mongodb")
        if not isinstance(part, Mongo):
            raise NotHere("this database was given by HUIYIN_MONGO_URL: it is not ours to break")
        return part

    @property
    def children(self) -> Sequence[Child]:
        """Every process started here."""
        return [child for part in self.parts.values() for child in part.children]


def hold(words: Sequence[str]) -> int:
    """Start an empty RabbitMQ and MongoDB, print their addresses and keep them until Ctrl-C."""
    argparse.ArgumentParser("./dev servers", description=hold.__doc__).parse_args(words)
    with scratch() as folder:
        asyncio.run(_hold(Servers(folder, test_commands=True, environ={})))
    return 0


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for servers that live as long as this process; those of processes that were killed are swept away first."""
    LOCAL.mkdir(parents=True, exist_ok=True)
    for folder in LOCAL.glob("test-*-*"):
        owner = folder.name.split("-")[1]
        if owner.isdigit() and born(int(owner)) is None:
            shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=LOCAL, prefix=f"test-{os.getpid()}-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def lent() -> Iterator[dict[str, str]]:
    """Addresses (as environment) of servers that last as long as the block: given ones, else private ones with test commands."""
    with scratch() as folder, asyncio.Runner() as runner:
        servers = Servers(folder, test_commands=True)
        runner.run(servers.start())
        try:
            yield {GIVEN["amqp"]: servers.amqp_url, GIVEN["mongo"]: servers.mongo_url}
        finally:
            runner.run(servers.stop())


async def _hold(servers: Servers) -> None:
    end = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, end.set)
    async with servers:
        print(f"export HUIYIN_AMQP_URL='{servers.amqp_url}'\nexport HUIYIN_MONGO_URL='{servers.mongo_url}'", flush=True)
        await end.wait()
