"""The case's own view of its work orders, from dispatch's facts: begun, all done, call back (D1 R17 to R19, K12). Pure.

Done is: returned, by our own people; passed by engineering, for a contractor (D6.7); cancelled, or refused for its fee. The work of an
incident's first case is that of the later ones too (DEF-09). Not here: how an order gets there (dispatch).
"""

from collections.abc import Sequence
from datetime import datetime

from common.events.intake import CaseWorkDone
from common.policy import SitePolicy
from common.states import CaseKind, CaseStatus, OrderState, OrderStatus, Party

from intake.domain.case import Case, Change, Changes
from intake.domain.parts import Asked, Order
from intake.domain.repeats import WORKED_ON
from intake.domain.returning import open_visit


def is_done(order: OrderState, policy: SitePolicy) -> bool:
    """Say whether nothing is left to do on the order."""
    ends = {OrderStatus.CANCELLED, OrderStatus.FEE_REFUSED, OrderStatus.INSPECTED}
    if order.party is Party.OWN or not policy.orders.contractor_inspected:
        ends.add(OrderStatus.RETURNED)
    return order.status in ends


def follow(case: Case, order: OrderState, policy: SitePolicy, at: datetime, linked: Sequence[Case] = ()) -> Changes:
    """Take over an order's new state; when it was the last one, the work is done and a repair waits for its call back."""
    contractor = order.assignee if order.party is Party.CONTRACTOR else None
    work = Asked(party=order.party, department=order.department, trade=order.trade, contractor=contractor)
    done = {"assignee": order.assignee, "completed_at": order.completed_at, "done": is_done(order, policy), "outstanding": order.outstanding}
    seen = Order(id=order.id, status=order.status, work=work, rework_of=order.rework_of, replaced_by=order.replaced_by, **done)
    others = {one.id: one for one in case.orders}
    changed = case.with_(orders=tuple((others | {seen.id: seen}).values()))
    if seen.id not in others:
        changed = changed.with_(asked=_left(case.asked, seen), rework=tuple(one for one in case.rework if one != order.rework_of))
    if changed.status is CaseStatus.CLASSIFIED:
        changed = changed.enter(CaseStatus.IN_WORK, at)
    if case.work_done or not changed.work_done or changed.status is not CaseStatus.IN_WORK:
        return (Change(changed),)
    return (*_work_done(changed, policy, at), *_shared(changed, linked, policy, at))


def _left(asked: tuple[Asked, ...], issued: Order) -> tuple[Asked, ...]:
    """Return what is still to be issued: without the request that this order answers, the oldest where none looks like it."""
    if issued.rework_of or not asked:
        return asked
    answered = next((one for one in asked if one.same_work(issued.work)), asked[0])
    return tuple(one for one in asked if one is not answered)


def _work_done(case: Case, policy: SitePolicy, at: datetime) -> Changes:
    """Orders that were all cancelled are no work done: the repair waits for a new order or a call to the owner."""
    worked = [order.id for order in case.latest_orders if not order.cancelled]
    if not worked:
        return (Change(case),)
    return _said(case, policy, at, worked)


def _shared(head: Case, linked: Sequence[Case], policy: SitePolicy, at: datetime) -> Changes:
    """The later cases of an incident that wait for nothing of their own are done with the first (DEF-09)."""
    ended = [order.completed_at for order in head.latest_orders if order.completed_at]
    waiting = [one for one in linked if one.incident == head.id and one.status in WORKED_ON and one.work_done and ended]
    return tuple(change for one in waiting for change in _said(one, policy, at, (), completed_at=max(ended)))


def _said(case: Case, policy: SitePolicy, at: datetime, worked: Sequence[str], completed_at: datetime | None = None) -> Changes:
    facts = (CaseWorkDone(case=case.state(), completed_at=completed_at),)
    if case.kind is not CaseKind.REPAIR:  # the result of a complaint has to be told first
        return (Change(case, facts),)
    waiting, due = open_visit(case, policy, at, worked)
    return (Change(waiting, facts), due)
