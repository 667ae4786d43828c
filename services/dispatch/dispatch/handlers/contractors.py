"""Contractors who do not come: the deadline that passed, and own engineering in their place (R9, DSP-14, DSP-15).

Not here: when a deadline passes (sla), what a contractor itself does (`orders`).
"""

from datetime import datetime

from common.auth import Caller
from common.envelope import Event
from common.events.sla import ClockBreached

from dispatch.domain import order
from dispatch.domain.acts import Act
from dispatch.domain.order import Order
from dispatch.handlers.issuing import issue_now
from dispatch.handlers.orders import move, visible
from dispatch.store import Store


async def note_breach(event: Event[ClockBreached], store: Store, now: datetime) -> None:  # noqa: ARG001 - every handler gets the time
    """Keep on an order which of its deadlines passed unmet. An order that is not here any more has nothing to keep it on."""
    clock = event.fact.clock
    known = await store.order(clock.order) if clock.order and clock.due_at else None
    if known and clock.due_at:
        await store.save(order.overdue(known, clock.code, clock.due_at), [], at=event.at)


async def take_over(act: Act, name: str, number: str, *, store: Store, by: Caller, now: datetime) -> Order:
    """End a contractor's order and issue one to own engineering in its place. Raises as `orders.move` does."""
    before = visible(await store.order(number), by)
    there = await store.orders_of(before.case)
    named = act.model_copy(update={"replaced_by": f"{before.case}-{len(there) + 1}"})
    after = await move(named, name, number, store=store, by=by, now=now)
    case = await store.case(after.case)
    await issue_now(case, order.own_instead(after, case), there, store, at=after.moved_at, now=now)
    return after
