"""Dispatch on memory documents, its handlers called as the runtime calls them."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

from common.auth import Caller, permissions_of
from common.documents import Database
from common.envelope import Envelope, Event
from common.events import Fact
from common.events.intake import CaseClassified
from common.events.sla import PolicyPublished
from common.memory import MemoryDocuments
from common.policy import resolve
from common.states import Lane
from common.vault import Vault
from dispatch import handlers
from dispatch.domain.acts import Act
from dispatch.domain.order import OPEN, Order
from dispatch.domain.people import SitePeople
from dispatch.handlers import SUBSCRIPTIONS
from dispatch.store import Store

from tests.unit.dispatch.build import FIRMS, NOON, PEOPLE, ROTA, a_case

T = TypeVar("T")


def as_site(people: list[dict[str, Any]] = PEOPLE, **changes: Any) -> SitePeople:
    """The people of a site file: the builders' states with invented names and numbers."""
    named = [{**row, "name": f"名字{row['id']}", "phone": "+86 000 0009 0001", "email": f"{row['id']}@example.com"} for row in people]
    firms = [{**row, "name": "某公司"} for row in FIRMS]
    return SitePeople.model_validate({"people": named, "rota": ROTA, "contractors": firms} | changes)


def a_policy(version: int = 1, **orders: Any) -> PolicyPublished:
    policy = resolve([{"orders": {"order_return": "required"} | orders, "site": "JN", "name": {"zh": "示例", "en": "Example"}}])
    return PolicyPublished(site="JN", version=version, policy=policy.model_dump(mode="json"))


def staff(person: str, *roles: str, sites: tuple[str, ...] = ("JN",)) -> Caller:
    return Caller(person, "staff", roles or ("repair_worker",), sites, permissions_of(roles or ("repair_worker",)))


class World:
    """Dispatch on memory documents, unless a database is given."""

    def __init__(self, db: Database | None = None) -> None:
        self.db: Database = db or MemoryDocuments()
        self.now = NOON

    async def within(self, work: Callable[[Store], Awaitable[T]]) -> T:
        result, _ = await self.db.transact("dispatch", "", lambda tx: work(Store(tx, Vault({"k": bytes(32)}, bytes(32)))))
        return result

    async def hear(self, fact: Fact, at: datetime | None = None) -> None:
        event = Event("x:1", "intake", "x", 1, "JN", Lane.NORMAL, at or self.now, "", fact)

        async def work(store: Store) -> None:
            for handler in SUBSCRIPTIONS[type(fact)]:
                await handler(event, store, self.now)

        await self.within(work)

    async def do(self, name: str, number: str, by: Caller, **act: Any) -> Order:
        asked = Act.model_validate(act)
        return await self.within(lambda store: handlers.move(asked, name, number, store=store, by=by, now=self.now))

    async def command(self, fn: Callable[..., Awaitable[Any]], body: Any, site: str = "JN") -> Any:
        return await self.within(lambda store: fn(body, site, store=store, by=staff("boss"), now=self.now))

    async def orders(self, case: str = "JN-260316-AAAAA") -> list[Order]:
        return await self.within(lambda store: store.orders_of(case))

    async def said(self) -> list[Envelope]:
        return [Envelope.model_validate_json(row["body"]) for row in await self.db.find("outbox", sort=[("order", 1)])]

    async def kinds(self) -> list[str]:
        return [made.kind for made in await self.said()]

    async def loads(self) -> dict[str, int]:
        docs = await self.db.find("orders", {"status": {"$in": sorted(OPEN)}})
        return dict(Counter(str(doc["assignee"]) for doc in docs))


def classified(**changes: Any) -> CaseClassified:
    return CaseClassified(case=a_case(**changes))


async def a_whole_repair(world: World, number: str = "JN-260316-AAAAA-1") -> Order:
    """Walk an order to its signature and back to the desk."""
    await world.do("accept", number, staff("ann"))
    await world.do("arrive", number, staff("ann"))
    await world.do("assess", number, staff("ann"), outcome="normal")
    await world.do("complete", number, staff("ann"), note="换了阀门")
    await world.do("sign", number, staff("ann"))
    return await world.do("return", number, staff("ann"))
