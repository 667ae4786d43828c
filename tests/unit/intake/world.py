"""Intake alone in memory: its real app behind its real doors, facts handed in as bytes, everything it says readable."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
from common import outbox
from common.auth import ALL_SITES, Tokens
from common.documents import Database, Doc
from common.errors import Fate
from common.events import Fact
from common.events.dispatch import WorkOrderIssued
from common.events.sla import PolicyPublished
from common.memory import Broker, MemoryBus, MemoryDocuments
from common.runtime import Parts, Runtime
from common.states import CaseState, Lane, OrderState
from common.timesource import FakeTime
from intake.main import create_app

from tests.support.settings import settings
from tests.unit.intake.build import NOON, a_policy, an_order

HOUR = timedelta(hours=1)
MARKS = frozenset({"sent_at", "lease_until", "fence", "sealed", "n", "prev", "hash"})  #: of facts and of rows of the audit chain


@dataclass
class World:
    """One running intake."""

    client: httpx2.AsyncClient
    runtime: Runtime[Any]
    documents: Database
    time: FakeTime
    tokens: Tokens
    key: str = ""
    seqs: dict[str, int] = field(default_factory=dict)

    def staff(self, person: str = "desk", roles: tuple[str, ...] = ("receptionist",), sites: tuple[str, ...] = ("AB",)) -> str:
        return self.tokens.issue(person, kind="staff", roles=roles, sites=sites, ttl=HOUR)

    @property
    def admin(self) -> str:
        return self.staff("admin", ("administrator",), (ALL_SITES,))

    async def call(self, method: str, path: str, body: Any = None, *, by: str, key: str | None = None, locale: str = "en") -> httpx2.Response:
        headers = {"Authorization": f"Bearer {by}", "Accept-Language": locale} | ({"Idempotency-Key": key} if key else {})
        content = None if body is None else json.dumps(body, default=str)
        return await self.client.request(method, path, content=content, headers=headers | {"Content-Type": "application/json"})

    async def report(self, key: str = "k1", by: str | None = None, **body: Any) -> httpx2.Response:
        base = {"site": "AB", "kind": "repair", "channel": "call_centre", "subject": "滴水", "fault": "drip"}
        return await self.call("POST", "/v1/cases", base | body, by=by or self.key, key=key)

    async def move(self, number: str, move: str, *, by: str | None = None, key: str | None = None, **body: Any) -> httpx2.Response:
        return await self.call("POST", f"/v1/cases/{number}/{move}", body, by=by or self.staff(), key=key)

    async def case(self, number: str, by: str | None = None) -> Any:
        answer = await self.call("GET", f"/v1/cases/{number}", by=by or self.staff())
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def hear(self, source: str, subject: str, fact: Fact, site: str = "AB") -> Fate:
        stream = f"{fact.prefix()}:{subject}"
        self.seqs[stream] = seq = self.seqs.get(stream, 0) + 1
        made = outbox.envelope(source, subject, seq, fact, at=self.time.now(), site=site, lane=Lane.NORMAL, trace="")
        return await self.runtime.worker.receive(made.model_dump_json().encode())

    async def hear_policy(self, version: int = 3, **changes: Any) -> Fate:
        policy = a_policy(version=version, **changes)
        return await self.hear("sla", policy.site, PolicyPublished(site=policy.site, version=version, policy=policy.model_dump(mode="json")))

    async def hear_order(self, case: str, kind: type[Any] = WorkOrderIssued, *, adds: dict[str, Any] | None = None, **changes: Any) -> Fate:
        order: OrderState = an_order(**({"id": f"{case}-1", "case": case} | changes))
        state = await self.state(case)
        return await self.hear("dispatch", order.id, kind(order=order, case=state, **(adds or {})))

    async def state(self, number: str) -> CaseState:
        case = await self.runtime.store.case(number)
        state: CaseState = case.state()
        return state

    async def stored(self, *names: str) -> list[list[Doc]]:
        """Everything in these collections, but for what loops write by themselves: whether a fact left, and where a row of the chain stands."""
        found = [await self.documents.find(name, sort=[("_id", 1)]) for name in names]
        return [[{name: doc[name] for name in doc.keys() - MARKS} for doc in docs] for docs in found]

    async def said(self) -> list[str]:
        return [row["kind"] for row in await self.documents.find("outbox", sort=[("order", 1)])]


@asynccontextmanager
async def a_world(documents: Database | None = None) -> AsyncIterator[World]:
    """Yield an intake that knows one site, and a call centre's key for it; in memory, unless a database is given."""
    documents, time, chosen = documents or MemoryDocuments(), FakeTime(NOON), settings()
    app = create_app(chosen, Parts(documents, MemoryBus(Broker()), time))
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx2.AsyncClient(transport=transport, base_url="http://intake") as client:
        world = World(client, app.state.runtime, documents, time, Tokens(chosen))
        await world.hear_policy()
        made = await world.call("POST", "/v1/keys", {"name": "city", "sites": ["AB"]}, by=world.admin)
        assert made.status_code == 201, made.text
        world.key = made.json()["key"]
        yield world
