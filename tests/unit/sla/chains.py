"""A site with a chain of one role a level, a case of it, and who was told: what tests of escalation share."""

from dataclasses import replace
from typing import Any

from common.policy import SitePolicy
from common.states import PersonState
from sla.domain.clock import Clock
from sla.handlers.escalating import acknowledge

from tests.unit.sla.build import SITE, a_case, a_policy, a_rule, at
from tests.unit.sla.world import ADMIN, World

CLOCK = "CLK_KETTLE"
HOUR = {"duration": {"value": 1, "unit": "hour"}}  # warning 10:48, L1 11:00, L2 12:00, L3 13:00
CHAIN = {"warning": ["assignee", "desk"], "L1": ["supervisor"], "L2": ["manager"], "L3": ["chief"]}
NIGHT = {"role": "night_boss", "outside": "desk"}


def person(id_: str, *roles: str, department: str | None = None) -> PersonState:
    return PersonState(id=id_, roles=roles, department=department)


EVERYBODY = (person("desk-1", "desk"), person("sup-1", "supervisor"), person("man-1", "manager"), person("chief-1", "chief"))


def chained(chain: dict[str, Any] | None = None, *, version: int = 1, sections: dict[str, Any] | None = None, **rules: Any) -> SitePolicy:
    return a_policy(a_rule(**HOUR), version=version, escalation={"recipients": chain or CHAIN} | rules, **(sections or {}))


async def a_world(policy: SitePolicy, *people: PersonState, start: str = "2026-03-16 10:00", **case: Any) -> World:
    """A case received at 10:00 (or as given) at a site with these people."""
    world = World(start)
    await world.publish(policy)
    await world.staff(SITE, *people)
    await world.report(a_case(**{"received_at": at(start), "owner": None} | case))
    return world


async def told(world: World, kind: str = "escalation.raised") -> dict[str, list[str]]:
    return {row.data["level"]: row.data["persons"] for row in await world.facts(kind)}


async def the_clock(world: World) -> Clock:
    return (await world.clocks())[CLOCK]


async def take_up(world: World, by: str) -> None:
    caller = replace(ADMIN, id=by, permissions=frozenset({"escalation.oversee"}))
    clock = await the_clock(world)
    await world.rt.transact(lambda store: acknowledge(None, clock.id, store=store, by=caller, now=world.time.now()))
