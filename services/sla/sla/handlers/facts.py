"""What sla does on a fact: put it into the case's file, let the clocks follow. Not here: the decisions (`domain`)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from common.buffered import Buffered
from common.envelope import Event
from common.events import FACTS
from common.events.dispatch import RotaPublished, SlipsHandedOver, WorkOrderFact
from common.events.intake import CaseFact, CaseRegistered, PromiseFact, VisitRecorded
from common.inbox import Subscriptions
from common.states import CaseState

from sla.domain.case_file import CaseFile, heard, opened, slip_handed_over
from sla.domain.changes import caught_up
from sla.handlers import batches
from sla.handlers.escalating import report_at_once, seek_again
from sla.handlers.following import follow_case, share
from sla.handlers.watching import look
from sla.store import Store


async def foresee(db: Buffered, events: Sequence[Event[Any]]) -> None:
    """Read the files and clocks of the cases that facts are about."""
    cases = list({event.fact.case.id for event in events if hasattr(event.fact, "case")})
    if cases:
        await db.read("files", cases)
        await db.read_all("clocks", "case", cases)


async def learn(event: Event[Any], store: Store, now: datetime) -> None:
    """Put a fact about a case into its file and let its clocks follow. Raises Missing for a case not yet known."""
    case = event.fact.case
    registered = isinstance(event.fact, CaseRegistered)
    before = (await store.known_file(case.id) or await _opened(case, store)) if registered else await store.file(case.id)
    file = heard(before, event)
    if isinstance(event.fact, WorkOrderFact):
        file = await batches.fall_in(file, store, now)
    file = await report_at_once(file, store, now)
    await store.keep_file(file)
    await follow_case(file, store, now, why=event.fact.kind, trace=event.trace)
    await share(before, file, store, now, why=event.fact.kind)


async def _opened(case: CaseState, store: Store) -> CaseFile:
    """Return a new file; a case that changes of policy went past on its way here goes where the others went."""
    head = await store.head(case.site)
    return caught_up(opened(case), head.steps if head else ())


async def hand_over(event: Event[SlipsHandedOver], store: Store, now: datetime) -> None:
    """Stop the batch clocks that it ends and start the return visits of the slips (DEF-13). Raises Missing for an order not yet known."""
    fact = event.fact
    for week in await batches.ended(fact, store):
        await batches.close(week, fact.handed_over_at, store, now)
        await batches.move_later_slips(week.week, fact, store, now)
    for order in fact.orders:
        file = slip_handed_over(await store.file_of_order(order), order, fact.handed_over_at, fact.week)
        await store.keep_file(file)
        await follow_case(file, store, now, why=fact.kind, trace=event.trace)


async def keep_rota(event: Event[RotaPublished], store: Store, now: datetime) -> None:
    """Keep a site's people and rota: persons are resolved when a level is raised; what reached nobody is raised again."""
    if await store.keep_rota(event.fact):
        await seek_again(event.fact.site, store, now)
        await look(event.fact.site, store, now)


_OF_A_CASE = [fact for fact in FACTS.values() if issubclass(fact, CaseFact | PromiseFact | WorkOrderFact)]

SUBSCRIPTIONS: Subscriptions = {
    **dict.fromkeys(_OF_A_CASE, (learn,)),
    VisitRecorded: (learn,),
    SlipsHandedOver: (hand_over,),
    RotaPublished: (keep_rota,),
}
