"""What sla does so that the right people know: report a case at once, note who took a level up, tell again what reached nobody.

Not here: raising levels when their time has come (`firing`), whom a role is now (`domain.escalation`).
"""

from collections.abc import Sequence
from datetime import datetime

from common.auth import Caller
from common.clock_rules import AtOnce
from common.errors import NotFound
from common.policy import SitePolicy
from common.states import Level
from pydantic import BaseModel

from sla.domain import reporting
from sla.domain.acknowledging import Taker
from sla.domain.acknowledging import acknowledge as taken_up
from sla.domain.case_file import CaseFile
from sla.domain.clock import sought_again
from sla.domain.follow import Change
from sla.handlers.following import asked_about
from sla.store import Store

OVERSEES = "escalation.oversee"  #: permission to take up a level that one was not called for


async def report_at_once(file: CaseFile, store: Store, now: datetime) -> CaseFile:
    """Report the case by every rule that applies by now and has not reported it yet; return the file that remembers it."""
    if not file.classified:
        return file
    policy = await store.policy(file.site, file.policy)
    return await _report(reporting.settled(file), tuple(reporting.due(file, policy)), policy, store, now)


async def _report(file: CaseFile, rules: Sequence[tuple[AtOnce, int]], policy: SitePolicy, store: Store, now: datetime) -> CaseFile:
    if not rules:
        return file
    asked = asked_about(file, policy, await store.rota(policy.site), now)
    facts = []
    for rule, number in rules:
        file, fact = reporting.report(file, rule, number, asked)
        facts.append(fact)
    return await store.say_of_case(file, facts, at=now)


class Taken(BaseModel):
    """A level that somebody took up, and when it is raised again unless the matter moves on."""

    clock: str
    level: Level
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    again_at: datetime | None


async def acknowledge(_body: None, id: str, *, store: Store, by: Caller, now: datetime) -> Taken:
    """Note that somebody takes up what was raised of a clock. Raises NotFound, IllegalMove, Refused."""
    clock = await store.clock(id)
    if clock is None or not by.sees(clock.site):
        raise NotFound
    taker = Taker(by.id, by.roles, oversees=by.may(OVERSEES))
    after, rung, facts = taken_up(clock, taker, await store.rota(clock.site), now=now)
    if facts:
        await store.save(Change(after, tuple(facts)))
    return Taken(clock=id, **{name: getattr(rung, name) for name in Taken.model_fields if name != "clock"})


async def seek_again(site: str, store: Store, now: datetime) -> None:
    """Tell again what reached nobody: the site has another rota."""
    for clock in await store.watch.alarmed(site):
        await store.save(Change(sought_again(clock, now)))
    for file in await store.watch.unheard(site):
        policy = await store.policy(file.site, file.policy)
        await store.keep_file(await _report(file, tuple(reporting.unheard(file, policy)), policy, store, now))
