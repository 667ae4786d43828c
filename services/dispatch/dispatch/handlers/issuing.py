"""Orders that follow from facts: issued, issued once more, cancelled unstarted. Not here: moves that somebody asks for (`orders`)."""

from collections.abc import Sequence
from datetime import datetime

from common.envelope import Event
from common.errors import NotFound
from common.events.intake import CaseClassified, CaseClosed, CaseFact, CaseLinked, CaseReopened, CaseSplit, CaseWorkRequested
from common.states import CaseKind, CaseState, CaseStatus, OrderStatus, Party

from dispatch.domain import moves, offers, order
from dispatch.domain.acts import Act, Deed
from dispatch.domain.order import NOT_WORKED_ON, Order, Request
from dispatch.handlers.choosing import choose_for
from dispatch.store import Store

ENDED: dict[type[CaseFact], str] = {CaseClosed: "case closed", CaseLinked: "case joined an incident"}  # kept on orders that nobody worked on


async def issue(event: Event[CaseClassified | CaseSplit], store: Store, now: datetime) -> None:
    """Issue the order of a classified repair, once; orders that are open follow a new urgency (R3, CLS-11, CLS-20).

    A later case of an incident has the order of the first (DEF-09).
    """
    case = event.fact.case
    if case.kind is not CaseKind.REPAIR or case.status is CaseStatus.CLOSED or case.incident:
        return
    there = await store.orders_of(case.id)
    for known in there:
        if known.open:
            await store.save(offers.hastened(order.reclassified(known, case), now), [], at=event.at)
    if all(known.status is OrderStatus.CANCELLED for known in there):
        request = order.first(case, (await store.house_of(case)).rules)
        await issue_now(case, request, there, store, at=event.at, now=now)


async def issue_requested(event: Event[CaseWorkRequested], store: Store, now: datetime) -> None:
    """Issue an order for the department, trade or contractor that the desk asked: one per department (DSP-16, DSP-13)."""
    fact = event.fact
    request = Request(party=fact.party, department=fact.department, trade=fact.trade, contractor=fact.contractor)
    there = await store.orders_of(fact.case.id)
    made = await issue_now(fact.case, request, there, store, at=event.at, now=now)
    if made and made.party is Party.CONTRACTOR:
        await _pass_on(made, there, fact.case, store, now)


async def rework(event: Event[CaseReopened], store: Store, now: datetime) -> None:
    """Issue again what a dissatisfied return visit found undone (R20). Raises NotFound for an order that never was."""
    for number in event.fact.rework_of:
        done = await store.order(number)
        if done is None:
            raise NotFound
        there = await store.orders_of(event.fact.case.id)
        await issue_now(event.fact.case, order.again(done), there, store, at=event.at, now=now)


async def cancel_unstarted(event: Event[CaseClosed | CaseLinked], store: Store, now: datetime) -> None:
    """End the orders that nobody worked on of a closed case, or of one that joined an incident; the reason stays with them (D6, 16)."""
    for known in await store.orders_of(event.fact.case.id):
        if known.status in NOT_WORKED_ON:
            at = max(event.at, known.moved_at)
            deed = Deed(Act(at=at, note=ENDED[type(event.fact)]), by="dispatch", now=max(now, at))
            after, facts = moves.apply(known, "cancel", deed, event.fact.case)
            await store.save(after, facts, at=at)


async def _pass_on(made: Order, there: Sequence[Order], case: CaseState, store: Store, now: datetime) -> None:
    """End the order of who found on site that it is under warranty: the contractor's takes its place (R7e)."""
    for known in there:
        if known.status is OrderStatus.WARRANTY:
            at = max(made.issued_at, known.moved_at)
            deed = Deed(Act(at=at, replaced_by=made.id), by="dispatch", now=max(now, at))
            after, facts = moves.apply(known, "pass-on", deed, case)
            await store.save(after, facts, at=at)


async def issue_now(case: CaseState, request: Request, there: Sequence[Order], store: Store, *, at: datetime, now: datetime) -> Order | None:
    """Return the new order, None where the same is in work already.

    Choose by who is on duty now; the order counts from the moment the desk asked, however late the message came (DEF-07).
    """
    house, wanted = await store.house_of(case), request.wanted(case, now)
    scene = await store.scene(case.site, house.zone)
    choice = await choose_for(request.party, wanted, scene, store)
    made = order.issue(case, request, choice, number=len(there) + 1, rules=house.rules, at=at)
    if any(known.open and known.asks_like(made) for known in there):
        return None
    made, facts = offers.begin(made, case, scene, now)
    await store.save(made, facts, at=at)
    return made
