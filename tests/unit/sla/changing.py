"""Ways to change a policy in a World of sla, as the doors do it."""

from typing import Any

from common.documents import Database, Doc
from common.policy import SitePolicy
from common.states import CaseState
from sla.domain.changes import PolicyChange
from sla.handlers.changing import apply_changes
from sla.handlers.publishing import Proposal, TakeBack, propose, take_back
from sla.store import Store

from tests.unit.sla.build import CASE, SITE, a_case, a_policy, a_rule, shown
from tests.unit.sla.world import ADMIN, World

LOOK: dict[str, Any] = {"id": "look", "code": "CLK_LOOK", "stop": "responded"}


def limits(kettle: int = 90, look: int | None = 240, **sections: Any) -> SitePolicy:
    """A policy of two clocks: minutes until a kettle is seen to, and until somebody has looked."""
    rules = [a_rule(duration={"value": kettle, "unit": "minute"})]
    rules += [a_rule(**LOOK, duration={"value": look, "unit": "minute"})] if look else []
    return a_policy(*rules, **sections)


async def ask(world: World, policy: SitePolicy | None, open_cases: str, *, preview: bool = False) -> PolicyChange:
    """Propose a change; nothing is done about it yet."""
    asked = Proposal.model_validate({"policy": policy, "open_cases": open_cases, "preview": preview})

    async def work(store: Store) -> PolicyChange:
        return await propose(asked, SITE, store=store, by=ADMIN, now=world.time.now())

    return await world.rt.transact(work)


async def take(world: World, change: str, **asked: Any) -> PolicyChange:
    """Take a change back; nothing is done about it yet."""

    async def work(store: Store) -> PolicyChange:
        return await take_back(TakeBack.model_validate(asked), SITE, change, store=store, by=ADMIN, now=world.time.now())

    return await world.rt.transact(work)


async def carried_out(world: World, change: PolicyChange) -> PolicyChange:
    """Do all that is to be done about changes, and return how this one ended."""
    while await apply_changes(world.rt):
        pass
    return await world.rt.store.changes.get(change.id, SITE)


async def a_world(policy: SitePolicy, *cases: CaseState, documents: Database | None = None) -> World:
    """A site with open cases, at 10:00."""
    world = World("2026-03-16 10:00", documents)
    await world.publish(policy)
    for case in cases or (a_case(),):
        await world.report(case)
    return world


async def dues(world: World, case: str = CASE) -> dict[str, str | None]:
    """Deadlines of a case by code, cancelled clocks left out."""
    found = (await world.rt.store.clocks_of(case)).values()
    return {clock.code: shown(clock.due_at) for clock in found if str(clock.state) != "cancelled"}


async def states(world: World, case: str = CASE) -> dict[str, str]:
    """States of the clocks of a case by code."""
    return {clock.code: str(clock.state) for clock in (await world.rt.store.clocks_of(case)).values()}


def another(world: World) -> World:
    """Another process on the same store, at the same time."""
    other = World(documents=world.db)
    other.time.set(world.time.now())
    return other


BOOKS = ("fence", "lease_until", "claim", "seqs", "history")  #: a clock keeps what it was before each change


async def kept(world: World, *collections: str) -> dict[str, dict[str, Doc]]:
    """What is stored, without the books of leases, streams and earlier dates."""
    found = {}
    for name in collections:
        rows = await world.db.find(name)
        found[name] = {row["_id"]: {key: value for key, value in row.items() if key not in BOOKS} for row in rows}
    return found
