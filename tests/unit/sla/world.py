"""sla on memory documents, with a real runtime that is never started: its handlers and loops are called as the runtime calls them."""

from datetime import datetime
from typing import Any

from common.auth import Caller
from common.documents import Database, Doc
from common.envelope import Envelope
from common.events import Fact
from common.events.intake import CaseClassified, CaseRegistered
from common.memory import Broker, MemoryBus, MemoryDocuments
from common.policy import SitePolicy
from common.rota import SiteRota
from common.runtime import Parts, Runtime
from common.states import CaseState, PersonState
from common.timesource import FakeTime
from sla.domain.clock import Clock
from sla.handlers import SUBSCRIPTIONS
from sla.handlers.commands import put_policy
from sla.handlers.firing import LOOPS
from sla.store import INDEXES, Known, Store

from tests.support.settings import settings
from tests.unit.sla.build import an_event, at, shown

ADMIN = Caller("admin", "staff", ("administrator",), ("*",))


class World:
    """One sla."""

    def __init__(self, start: str = "2026-03-01 00:00", documents: Database | None = None) -> None:
        known = Known()
        self.time = FakeTime(at(start))
        self.db: Database = documents or MemoryDocuments()
        parts = Parts(self.db, MemoryBus(Broker()), self.time)
        self.rt: Runtime[Store] = Runtime(
            "sla", settings(), parts, store=lambda db: Store(db, known), indexes=INDEXES, subscriptions=SUBSCRIPTIONS, loops=LOOPS
        )

    async def publish(self, policy: SitePolicy) -> int:
        async def work(store: Store) -> int:
            return (await put_policy(policy, policy.site, store=store, by=ADMIN, now=self.time.now())).version

        return await self.rt.transact(work)

    async def staff(self, site: str, *people: PersonState) -> None:
        await self.hear(SiteRota(people=people).published(site, 1))

    async def hear(self, *facts: Fact, when: str | datetime | None = None) -> None:
        """Handle facts that happened at `when` (default: now)."""
        moment = at(when) if isinstance(when, str) else when or self.time.now()
        for fact in facts:
            event = an_event(fact, moment)

            async def work(store: Store, event: Any = event) -> None:
                for handler in SUBSCRIPTIONS[type(event.fact)]:
                    await handler(event, store, self.time.now())

            await self.rt.transact(work)

    async def report(self, case: CaseState) -> None:
        """A case is registered and classified."""
        await self.hear(CaseRegistered(case=case), CaseClassified(case=case), when=case.registered_at)

    async def until(self, text: str) -> None:
        """Go to that time, stopping wherever something is due."""
        goal = at(text)
        while (due := await self.rt.store.next_at()) and due <= goal:
            self.time.set(max(due, self.time.now()))
            await self.turn()
        self.time.set(goal)
        await self.turn()

    async def turn(self) -> None:
        """Run every loop until nothing is due."""
        while any([await loop.run(self.rt) for loop in LOOPS]):
            pass

    async def clocks(self) -> dict[str, Clock]:
        """Every clock by `code` (`code:n` from the second on)."""
        found = [Clock.model_validate(doc | {"id": doc["_id"]}) for doc in await self.db.find("clocks", sort=[("_id", 1)])]
        return {clock.code if clock.number == 1 else f"{clock.code}:{clock.number}": clock for clock in found}

    async def clocks_raw(self, id: str) -> Doc:
        """One clock as stored."""
        return await self.db.get("clocks", id) or {}

    async def said(self, prefix: str = "") -> list[tuple[str, str]]:
        """Kinds of the facts said, with the clock's code."""
        rows = [Envelope.model_validate_json(row["body"]) for row in await self.db.find("outbox", sort=[("order", 1)])]
        return [(row.kind, row.data["clock"]["code"]) for row in rows if "clock" in row.data and row.kind.startswith(prefix)]

    async def facts(self, kind: str) -> list[Envelope]:
        rows = [Envelope.model_validate_json(row["body"]) for row in await self.db.find("outbox", sort=[("order", 1)])]
        return [row for row in rows if row.kind == kind]


def ladder(clock: Clock) -> dict[str, str | None]:
    """Computed times of a clock's levels."""
    return {str(rung.level): shown(rung.at) for rung in clock.rungs}


def raised(clock: Clock) -> dict[str, str | None]:
    """Times at which levels were raised."""
    return {str(rung.level): shown(rung.raised_at) for rung in clock.rungs if rung.raised_at}
