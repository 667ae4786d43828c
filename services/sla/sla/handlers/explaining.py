"""Reads what explains a stored clock: its case, its ground, its plan. Not here: the account (`domain.explain`)."""

from datetime import datetime

from sla.domain.clock import Clock
from sla.domain.explain import Account, account
from sla.handlers.batches import week_plan
from sla.handlers.following import ground_of, plan_case
from sla.store import Store


async def explained(clock: Clock, store: Store, now: datetime) -> Account | None:
    """Return the account of a clock, None for one that no rule asks for any more."""
    if clock.case:
        file = await store.file(clock.case)
        ground = await ground_of(file, store)
        planned = await plan_case(ground, file, store, now)
    else:
        _, site, name = clock.subject.split(":")
        week = await store.week(site, name)
        file = await store.file(week.case or "")
        ground = await ground_of(file, store)
        planned = week_plan(week, file, ground)
    found = next((one for one in planned if one.id == clock.id), None)
    if found is None:
        return None
    return account(found, file, now, clock)
