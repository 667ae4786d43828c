"""What dispatch does on a fact and on a command: load, decide, save. Not here: the decisions (`domain`), HTTP (`api`), the driver."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from common.auth import Caller
from common.coverage import needs_of
from common.envelope import Event
from common.errors import NotFound, TimeInFuture, UnknownSite
from common.events import (
    FACTS,
    CaseClassified,
    CaseClosed,
    CaseFact,
    CaseLinked,
    CaseReopened,
    CaseSplit,
    CaseWorkRequested,
    PolicyPublished,
    WorkOrderIssued,
)
from common.inbox import Subscriptions
from common.policy import SitePolicy
from common.states import CaseKind, CaseState, CaseStatus, OrderStatus

from dispatch.domain import moves, order, people, slips
from dispatch.domain.acts import Act, Deed
from dispatch.domain.matching import choose, rivals
from dispatch.domain.order import NOT_WORKED_ON, Order, Request
from dispatch.store import House, Store

ENDED: dict[type[CaseFact], str] = {CaseClosed: "case closed", CaseLinked: "case joined an incident"}  # kept on orders that nobody worked on

# --- facts ------------------------------------------------------------------------------------------------------------------------


async def remember_case(event: Event[CaseFact], store: Store, now: datetime) -> None:  # noqa: ARG001 - every handler gets the time
    """Keep the case: the facts about its orders carry it."""
    await store.remember(event.fact.case)


async def keep_policy(event: Event[PolicyPublished], store: Store, now: datetime) -> None:  # noqa: ARG001
    """Keep what dispatch needs of a site's policy, one row a version (DEF-18)."""
    policy = SitePolicy.model_validate(event.fact.policy)
    await store.keep_house(House.of(policy, event.fact.version), needs_of(policy))


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
            await store.save(order.reclassified(known, case), [], at=event.at)
    if all(known.status is OrderStatus.CANCELLED for known in there):
        request = Request(department=case.department, trade=case.trade)
        await _issue(case, request, there, store, at=event.at, now=now)


async def issue_requested(event: Event[CaseWorkRequested], store: Store, now: datetime) -> None:
    """Issue an order for the department, trade or contractor that the desk asked: one per department (DSP-16, DSP-13)."""
    fact = event.fact
    request = Request(party=fact.party, department=fact.department, trade=fact.trade, contractor=fact.contractor)
    await _issue(fact.case, request, await store.orders_of(fact.case.id), store, at=event.at, now=now)


async def rework(event: Event[CaseReopened], store: Store, now: datetime) -> None:
    """Issue again what a dissatisfied return visit found undone (R20). Raises NotFound for an order that never was."""
    for number in event.fact.rework_of:
        done = await store.order(number)
        if done is None:
            raise NotFound
        there = await store.orders_of(event.fact.case.id)
        await _issue(event.fact.case, order.again(done), there, store, at=event.at, now=now)


async def cancel_unstarted(event: Event[CaseClosed | CaseLinked], store: Store, now: datetime) -> None:
    """End the orders that nobody worked on of a closed case, or of one that joined an incident; the reason stays with them (D6, 16)."""
    for known in await store.orders_of(event.fact.case.id):
        if known.status in NOT_WORKED_ON:
            at = max(event.at, known.moved_at)
            deed = Deed(Act(at=at, note=ENDED[type(event.fact)]), by="dispatch", now=max(now, at))
            after, facts = moves.apply(known, "cancel", deed, event.fact.case)
            await store.save(after, facts, at=at)


async def _issue(case: CaseState, request: Request, there: Sequence[Order], store: Store, *, at: datetime, now: datetime) -> None:
    """Choose by who is on duty now; the order counts from the moment the desk asked, however late the message came (DEF-07)."""
    house, wanted = await store.house_of(case), request.wanted(case, now)
    scene = await store.scene(case.site, house.zone)
    loads = await store.loads(rivals(request.party, wanted, scene))
    choice = choose(request.party, wanted, replace(scene, loads=loads))
    made = order.issue(case, request, choice, number=len(there) + 1, rules=house.rules, at=at)
    if not any(known.open and known.asks_like(made) for known in there):
        await store.save(made, [WorkOrderIssued(order=made.state(), case=case)], at=at)


# --- commands ---------------------------------------------------------------------------------------------------------------------


def visible(found: Order | None, by: Caller) -> Order:
    """Return the order if the caller may know of it. Raises NotFound: a contractor sees only its own orders (DSP-13)."""
    if found is None or not by.sees(found.site) or (outside(by) and found.assignee != by.id):
        raise NotFound
    return found


def outside(by: Caller) -> bool:
    """Say whether the caller is a contractor."""
    return "contractor" in by.roles


async def move(act: Act, name: str, number: str, *, store: Store, by: Caller, now: datetime) -> Order:
    """Move an order. Raises NotFound, IllegalMove, Refused, Invalid, TimeInFuture, TimeOrder."""
    before = visible(await store.order(number), by)
    staffing = await store.staffing(before.site)
    person = staffing.rota.person(by.id) if staffing else None
    deed = Deed(act, by=by.id, now=now, person=person, outside=outside(by))
    after, facts = moves.apply(before, name, deed, await store.case(before.case))
    await store.save(after, facts, at=deed.at)
    return after


async def hand_over(ask: slips.HandOver, site: str, *, store: Store, by: Caller, now: datetime) -> slips.Batch:  # noqa: ARG001
    """Hand over repaired slips to customer service. Raises UnknownSite, TimeInFuture, Invalid."""
    at = ask.at or now
    house = await store.house(site)
    if house is None:
        raise UnknownSite
    if at > now:
        raise TimeInFuture
    chosen = slips.pick(await store.slips_waiting(site, until=at), ask.orders)
    batch = await store.batch(site, ask.week or slips.iso_week(at, house.zone))
    after, marked, facts = slips.hand_over(batch, chosen, at=at)
    await store.save_batch(after, marked, facts, at=at)
    return after


async def put_people(ask: people.SitePeople, site: str, *, store: Store, by: Caller, now: datetime) -> people.Staffing:  # noqa: ARG001
    """Publish a site's people, rota and contractors as its next version. Raises Invalid when they contradict each other."""
    before, house = await store.staffing(site), await store.house(site)
    rota = ask.site_rota(house.zone if house else None)
    after, facts = people.staff(site, before, rota)
    await store.save_staffing(after, facts, at=now)
    await store.keep_contacts(site, ask.contacts(), people.gone(before, rota))
    return after


_CASE_FACTS = [fact for fact in FACTS.values() if issubclass(fact, CaseFact)]

SUBSCRIPTIONS: Subscriptions = {
    **dict.fromkeys(_CASE_FACTS, (remember_case,)),
    CaseClassified: (remember_case, issue),
    CaseWorkRequested: (remember_case, issue_requested),
    CaseReopened: (remember_case, rework),
    CaseClosed: (remember_case, cancel_unstarted),
    CaseLinked: (remember_case, cancel_unstarted),
    CaseSplit: (remember_case, issue),
    PolicyPublished: (keep_policy,),
}
