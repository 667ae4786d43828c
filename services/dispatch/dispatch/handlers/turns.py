"""The loop that passes orders on: an offer nobody took, an acceptance that did not come, an order sent back, a shift that began.

Not here: who is next and what is recorded (`domain.offers`, `domain.matching`), moves that somebody asks for (`orders`).
"""

from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog
from common.errors import Stale, Transient
from common.loop import Loop
from common.runtime import Runtime

from dispatch.domain import offers, order
from dispatch.handlers.choosing import choose_for
from dispatch.store import Store

log = structlog.get_logger()
CLAIM_AT_ONCE = 100  # bounded: a backlog is taken in pieces


async def pass_on(rt: Runtime[Store]) -> int:
    """Pass on what is due, at most 100 orders, a transaction each; return how many were taken.

    The claim only narrows: each order is looked at again. What was not done because the store went away is given free at once.
    """
    now = rt.now()
    claimed = await rt.store.claim_turns(now, limit=CLAIM_AT_ONCE)
    for place, number in enumerate(claimed):
        try:
            await rt.transact(partial(turn, number, now))
        except (Transient, Stale):
            await rt.store.release(claimed[place:])
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one order, the next one is due; it keeps its lease
            log.error("order_not_passed_on", order=number, error=type(error).__name__)  # noqa: TRY400 - a traceback may quote the document
    return len(claimed)


async def turn(number: str, now: datetime, store: Store) -> None:
    """Give one order to the next, or raise the alarm; whoever came too late changes nothing."""
    found = await store.order(number)
    if found is None or not offers.is_due(found, now):
        return
    case = await store.case(found.case)
    scene = await store.scene(found.site, (await store.house_of(case)).zone)
    wanted = replace(order.request_of(found).wanted(case, now), asked=frozenset(offers.asked(found)))
    choice = await choose_for(found.party, wanted, scene, store)
    after, facts = offers.turn(found, choice, case, scene, now)
    await store.save(after, facts, at=now)


async def count_due(rt: Runtime[Store]) -> int:
    """Return how many orders have to be passed on now."""
    return await rt.store.count_turns(rt.now())


async def next_at(rt: Runtime[Store]) -> datetime | None:
    """Return when the next order has to be passed on after now."""
    return await rt.store.next_turn(rt.now())


LOOPS = (Loop("pass_on", pass_on, due=count_due, next_at=next_at),)
