"""Console alone, in memory: the real app on the fake store, bus and time, peers as the test gives them.

`python -m tests.unit.console.world PORT` serves a day of facts for looking at pages; sign in as chen / correct horse battery.
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import lru_cache

import httpx2
import uvicorn
from argon2 import PasswordHasher
from common.auth import Caller
from common.memory import Broker, MemoryBus, MemoryDocuments
from common.runtime import Parts, Runtime
from common.timesource import FakeTime, SharedTime, Time, scaled
from console import handlers
from console.api.accounts import COOKIE
from console.domain.account import AccountIn
from console.domain.filters import Filter
from console.main import create_app
from console.pages import cases
from console.pages.live import changes
from console.pages.reader import Reader
from console.store import Store
from fastapi import FastAPI

from tests.support.settings import settings
from tests.unit.console import story

LOGIN, PASSWORD = "chen", "correct horse battery"
PORTS = {8801: "intake", 8802: "dispatch", 8803: "sla", 8804: "notify"}
NAMES = re.compile(r"/v1/sites/[A-Z]+/names")
OPERATOR = Caller("operator", "staff", ("administrator",), ("*",))


class Peers(httpx2.AsyncBaseTransport):
    """Four services that write down who came and answer what the test says."""

    def __init__(self) -> None:
        """Answer 200 with a few headers."""
        self.came: list[httpx2.Request] = []
        self.asked: list[httpx2.Request] = []  #: for names
        self.bodies: list[bytes] = []
        self.failure: Exception | None = None
        self.names: dict[str, str] | None = {}  #: of the people of every site; None: dispatch is away
        self.status = 200
        self.headers = {"content-type": "application/json", "set-cookie": "a=b", "location": "/v1/cases/X", "server": "x"}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer; fact logs are empty."""
        if request.url.path == "/v1/facts":
            return httpx2.Response(200, json={"facts": [], "next": ""})
        if NAMES.fullmatch(request.url.path):
            self.asked.append(request)
            return httpx2.Response(503 if self.names is None else 200, json={"names": self.names})
        self.came.append(request)
        self.bodies.append(b"".join([part async for part in request.stream]))  # type: ignore[union-attr]
        if self.failure:
            raise self.failure
        body = b'{"owner": "%s"}' % PORTS[request.url.port or 0].encode()
        return httpx2.Response(self.status, headers=self.headers, stream=httpx2.ByteStream(body))


def parts(time: Time | None = None, transport: httpx2.AsyncBaseTransport | None = None) -> Parts:
    """Return fake parts."""
    return Parts(MemoryDocuments(), MemoryBus(Broker()), time or FakeTime(story.NOW), transport or Peers())


async def feed(rt: Runtime[Store], bodies: Iterable[bytes]) -> None:
    """Handle messages as if they had come from the broker."""
    for body in bodies:
        await rt.worker.receive(body)


async def add_account(
    rt: Runtime[Store], login: str = LOGIN, *, roles: tuple[str, ...] = ("customer_service_supervisor",), sites: tuple[str, ...] = ("JN", "XZ")
) -> None:
    """Create an account with the one password of these tests."""
    body = AccountIn(login=login, password=PASSWORD, person=f"jn-{login}", roles=roles, sites=sites)

    async def work(store: Store) -> None:
        await handlers.create_account(body, cheap_hash(), store=store, by=OPERATOR, now=story.NOW)

    await rt.transact(work)


@lru_cache(maxsize=1)
def cheap_hash() -> str:
    """Return the hash of the one password: parameters travel in a hash, so this one is verified in no time."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@asynccontextmanager
async def running(made: Parts, bodies: Iterable[bytes] = (), *, account: bool = True) -> AsyncIterator[FastAPI]:
    """Run the app with these facts and, mostly, one account."""
    app = create_app(settings(log_level="error"), made)
    async with app.router.lifespan_context(app):
        await feed(app.state.runtime, bodies)
        if account:
            await add_account(app.state.runtime)
        yield app


@asynccontextmanager
async def browser(app: FastAPI, *, login: str | None = LOGIN, **headers: str) -> AsyncIterator[httpx2.AsyncClient]:
    """Return a client that keeps cookies, signed in unless `login` is None."""
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://console.test", headers={"Accept-Language": "zh-CN"} | headers) as client:
        if login:
            answer = await client.post("/sign-in", data={"login": login, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
        yield client


async def following(reader: Reader, wanted: Filter) -> AsyncIterator[str]:
    """The messages of a list's stream."""
    async for text in changes(reader.live, lambda: cases.while_signed_in(reader, lambda: cases.list_parts(reader, wanted))):
        yield text


async def reader_of(app: FastAPI, client: httpx2.AsyncClient) -> Reader:
    """Somebody at a page."""
    signed = await handlers.signed_in(app.state.runtime.store, client.cookies[COOKIE])
    assert signed is not None
    return Reader(app.state.runtime, signed, client.cookies[COOKIE], "zh-CN", app.state.live, app.state.names)


async def serve(port: int, speed: float, start: datetime = story.NOW) -> None:
    """Serve a day of facts until told to stop, without any grace period: streams have to end by themselves."""
    document = scaled(start, speed, 1)

    async def read() -> dict[str, object]:
        return document

    made = parts(SharedTime(read))
    app = create_app(settings(log_level="error"), made)
    opened = app.router.lifespan_context

    @asynccontextmanager
    async def seeded(app_: FastAPI) -> AsyncIterator[None]:
        async with opened(app_):
            await feed(app_.state.runtime, story.day(start))
            await add_account(app_.state.runtime)
            yield

    app.router.lifespan_context = seeded
    await uvicorn.Server(uvicorn.Config(app, port=port, log_level="error")).serve()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 1.0))
