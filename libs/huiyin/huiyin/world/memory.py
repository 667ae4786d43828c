"""MemoryWorld: the five real services in this process, with memory documents, a memory bus and a time that only the story moves.

The same routes, handlers and loops as on the real stack, called through ASGI: a story runs in milliseconds.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from importlib import import_module
from typing import Any

import httpx2
from common.auth import Tokens
from common.memory import Broker, MemoryBus, MemoryDocuments
from common.runtime import Parts, Runtime
from common.settings import Settings
from common.timesource import FakeTime
from common.topology import PEERS
from fastapi import FastAPI
from notify.gateway import Gateway
from notify.memory import MemoryGateway, Provider

from huiyin.doors import Doors
from huiyin.secret_keys import new_secrets
from huiyin.world.world import SERVICES, Quiet, World

CreateApp = Callable[[Settings, Parts], FastAPI]
PLENTY = 10_000_000


class Hosts(httpx2.AsyncBaseTransport):
    """A network in memory: host name -> app."""

    def __init__(self) -> None:
        """Begin with nobody on it."""
        self.apps: dict[str, httpx2.ASGITransport] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Hand the request to the app of its host."""
        return await self.apps[request.url.host].handle_async_request(request)


def _creator(service: str) -> CreateApp:
    """Return the service's factory; a service is imported when a world needs it, not when the command line starts."""
    create: CreateApp = import_module(f"{service}.main").create_app
    return create


class _Fake:
    """Steers the one FakeTime that all services of the world share."""

    def __init__(self, time: FakeTime) -> None:
        self._time = time

    async def set(self, at: datetime) -> int:
        self._time.set(at)
        return self._time.revision


class MemoryWorld(World):
    """Asks its services for rest without their doors: a story asks some hundred times."""

    runtimes: dict[str, Runtime[Any]]

    async def quiet(self) -> Quiet:
        """See World."""
        return {service: await runtime.quiet() for service, runtime in self.runtimes.items()}


def settings_of(namespace: str, **more: Any) -> Settings:
    """Return settings of a world: fresh secrets, shared time, no rate limit; `more` overrides."""
    urls = {field: f"http://{service}.world" for service, field in PEERS.items()}
    secrets = {name.removeprefix("HUIYIN_").lower(): value for name, value in new_secrets().items()}
    fields: dict[str, Any] = {"namespace": namespace, "rate_per_minute": PLENTY, **secrets, **urls, **more}
    return Settings.model_validate(fields)


@asynccontextmanager
async def memory_world(start: datetime, *, gateway: Gateway | None = None, **more: Any) -> AsyncIterator[MemoryWorld]:
    """Yield a world in memory whose time stands at `start`. `gateway`: another way out than the one in memory; `more` are settings."""
    settings, time, hosts, broker = settings_of("memory", **more), FakeTime(start), Hosts(), Broker()
    provider = Provider()
    way_out = gateway or MemoryGateway(provider)
    async with AsyncExitStack() as stack:
        clients, runtimes = {}, {}
        for service in SERVICES:
            extra = {"gateway": way_out} if service == "notify" else {}
            parts = Parts(MemoryDocuments(), MemoryBus(broker), time, transport=hosts, extra=extra)
            app = _creator(service)(settings, parts)
            hosts.apps[f"{service}.world"] = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
            lifespan = app.router.lifespan_context(app)
            await lifespan.__aenter__()  # a failed story is the story's failure: the service stops as it would at any end
            stack.push_async_callback(lifespan.__aexit__, None, None, None)
            runtimes[service] = app.state.runtime
            clients[service] = await stack.enter_async_context(httpx2.AsyncClient(transport=hosts, base_url=f"http://{service}.world"))
        world = MemoryWorld(Doors(clients, Tokens(settings)), settings, _Fake(time), start)
        world.provider, world.runtimes = provider, runtimes
        yield world
