"""Real RabbitMQ and MongoDB for tests. Not here: services and worlds (`worlds`), fakes.

`servers` (session): two addresses. Given ones (HUIYIN_AMQP_URL, HUIYIN_MONGO_URL) win, then containers of the target versions if a Docker
engine answers, then private processes. `namespace`: a name of its own for each test, so that tests never meet on a server.
`private_servers(members=3)`: servers to kill, freeze and wipe, whatever is given from outside.
"""

import os
import shutil
import subprocess
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import pytest
from devstack import ports
from devstack.servers import GIVEN, Servers, lent, scratch

RABBIT_IMAGE = "rabbitmq:4.2"
MONGO_IMAGE = "mongo:8.0"
INITIATE = "rs.initiate({_id: 'rs0', members: [{_id: 0, host: '127.0.0.1:PORT'}]}); while (!db.hello().isWritablePrimary) sleep(100)"


@dataclass(frozen=True)
class Addresses:
    """Where the servers of this test session answer."""

    amqp_url: str
    mongo_url: str


@pytest.fixture(scope="session")
def servers() -> Iterator[Addresses]:
    """Broker and replica set of the whole session (6-12 s once)."""
    given = all(os.environ.get(name) for name in GIVEN.values())
    with _containers() if not given and _docker_answers() else _processes() as addresses:
        yield addresses


@pytest.fixture
def namespace() -> str:
    """A fresh `HUIYIN_NAMESPACE`."""
    return f"t{uuid.uuid4().hex[:12]}"


@asynccontextmanager
async def private_servers(*, members: int = 1, test_commands: bool = True) -> AsyncIterator[Servers]:
    """Servers to break. With three members a primary may be killed; `test_commands` allows `configureFailPoint`."""
    with scratch() as folder:
        async with Servers(folder, members=members, test_commands=test_commands, environ={}) as servers:
            yield servers


@contextmanager
def _processes() -> Iterator[Addresses]:
    with lent() as environment:
        yield Addresses(environment[GIVEN["amqp"]], environment[GIVEN["mongo"]])


def _docker_answers() -> bool:
    """Whether there is an engine: a `docker` program alone proves nothing."""
    return bool(shutil.which("docker")) and subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=False).returncode == 0


@contextmanager
def _containers() -> Iterator[Addresses]:
    """Containers. mongod uses one port inside and outside: members of a replica set are reached under the name they know."""
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    def ready(message: str) -> LogMessageWaitStrategy:
        return LogMessageWaitStrategy(message).with_startup_timeout(120)

    with scratch() as folder:
        port = ports.remembered(folder / "ports.json", ["mongo"])["mongo"]
        options = f"--replSet rs0 --port {port} --bind_ip_all --setParameter enableTestCommands=1"
        mongod = DockerContainer(MONGO_IMAGE).with_command(options).with_bind_ports(port, port).waiting_for(ready("Waiting for connections"))
        rabbit = DockerContainer(RABBIT_IMAGE).with_exposed_ports(5672).waiting_for(ready("Server startup complete"))
        with rabbit, mongod:
            done = mongod.exec(["mongosh", "--quiet", "--port", str(port), "--eval", INITIATE.replace("PORT", str(port))])
            assert done.exit_code == 0, done.output
            amqp = f"amqp://guest:guest@{rabbit.get_container_host_ip()}:{rabbit.get_exposed_port(5672)}/"
            yield Addresses(amqp, f"mongodb://127.0.0.1:{port}/?replicaSet=rs0")
