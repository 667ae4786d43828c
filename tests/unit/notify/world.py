"""notify alone in a world: its peers and its provider are fakes, its time stands where the test puts it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx2
from common.auth import Tokens
from common.documents import Database
from common.events import Fact
from common.memory import Broker, MemoryBus, MemoryDocuments
from common.outbox import envelope
from common.runtime import Parts, Runtime
from common.states import Lane
from common.timesource import FakeTime
from notify.domain.notice import Channel
from notify.main import GATEWAY, create_app
from notify.memory import MemoryGateway, Provider, Received
from notify.store import Store

from tests.support.settings import settings
from tests.support.until import until
from tests.unit.notify.build import NUMBER, a_policy, a_rota, published

HOOK = "https://hooks.example.com/x"


class Peers(httpx2.AsyncBaseTransport):
    """intake and dispatch as far as notify asks them: contacts by reference."""

    def __init__(self) -> None:
        self.contacts: dict[str, dict[str, Any]] = {
            "/v1/contacts/r-1": {"name": "张三", "email": "zhang@example.com", "locale": "zh-CN"},
            "/v1/staff/desk/contact": {"name": "李四", "phone": "0755-8601", "email": "li@example.com", "locale": "zh-CN"},
            "/v1/staff/ann/contact": {"name": "Ann", "email": "ann@example.com", "locale": "en"},
            "/v1/staff/owl/contact": {"name": "Owl", "email": "owl@example.com", "locale": "en"},
        }
        self.away: set[str] = set()
        self.refuses: dict[str, int] = {}  #: path -> status
        self.asked: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/v1/facts":
            return httpx2.Response(200, json={"facts": [], "next": ""})
        self.asked.append(request)
        if any(request.url.path.startswith(path) for path in self.away):
            raise httpx2.ConnectError("away")
        if status := self.refuses.get(request.url.path):
            return httpx2.Response(status, json={"status": status})
        found = self.contacts.get(request.url.path)
        return httpx2.Response(200, json=found) if found else httpx2.Response(404, json={"status": 404})


@dataclass
class World:
    """One notify, its peers, its provider and its time."""

    rt: Runtime[Store]
    client: httpx2.AsyncClient
    time: FakeTime
    provider: Provider
    peers: Peers
    seqs: dict[str, int] = field(default_factory=dict)

    async def hear(self, fact: Fact, *, source: str = "intake", subject: str = NUMBER, lane: Lane = Lane.NORMAL) -> None:
        stream = f"{source}:{fact.prefix()}:{subject}"
        self.seqs[stream] = self.seqs.get(stream, 0) + 1
        made = envelope(source, subject, self.seqs[stream], fact, at=self.time.now(), site="QQ", lane=lane, trace="")
        await self.rt.worker.receive(made.model_dump_json().encode())

    async def settle(self) -> None:
        """Ask until nothing is due: a step is complete."""
        await until(self._due, 0)

    async def _due(self) -> int:
        return sum((await self.rt.quiet())["due"].values())

    async def go(self, when: datetime) -> None:
        self.time.set(when)
        await self.settle()

    def got(self, channel: Channel = Channel.EMAIL) -> list[Received]:
        return self.provider.received(channel)

    async def notices(self, case: str = NUMBER, *, site: str = "QQ") -> list[dict[str, Any]]:
        answer = await self.ask("GET", "/v1/notices", sites=(site,), params={"case": case})
        return list(answer.json()["notices"])

    async def ask(self, method: str, path: str, *, sites: tuple[str, ...] = ("QQ",), role: str = "administrator", **more: Any) -> httpx2.Response:
        token = Tokens(self.rt.settings).issue("boss", kind="staff", roles=(role,), sites=sites, ttl=timedelta(minutes=5))
        return await self.client.request(method, path, headers={"Authorization": f"Bearer {token}"}, **more)

    async def subscribe(self, *endpoints: dict[str, Any]) -> list[dict[str, Any]]:
        answer = await self.ask("PUT", "/v1/sites/QQ/subscriptions", json={"endpoints": endpoints})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["endpoints"])


@asynccontextmanager
async def a_world(now: datetime, *, documents: Database | None = None, ready: bool = True) -> AsyncIterator[World]:
    """Yield notify with the policy and the rota of its site, unless it is not `ready`."""
    time, peers, gateway = FakeTime(now), Peers(), MemoryGateway()
    parts = Parts(documents or MemoryDocuments(), MemoryBus(Broker()), time, transport=peers, extra={GATEWAY: gateway})
    app = create_app(settings(namespace="unit", tick_ms=20), parts)
    client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://notify")
    async with app.router.lifespan_context(app), client:
        made = World(app.state.runtime, client, time, gateway.provider, peers)
        if ready:
            await made.hear(published(a_policy()), source="sla", subject="QQ")
            await made.hear(a_rota().published("QQ", 1), source="dispatch", subject="QQ")
        yield made
