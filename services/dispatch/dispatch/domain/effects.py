"""What a move of an order changes beyond the table: where to, which fields, what its fact adds. Pure.

Not here: whether it may happen (`guards`), which moves there are (`moves`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from common.errors import Invalid
from common.events import Fact
from common.events.dispatch import WorkOrderContained, WorkOrderIssued
from common.states import OrderStatus, Party, WorkClass

from dispatch.domain.acts import CONTAINMENT, Deed, Outcome
from dispatch.domain.handing import sent_back, transferred
from dispatch.domain.offers import Why
from dispatch.domain.order import ONSITE, SECOND, Order

O = OrderStatus  # noqa: E741 - as in `moves`

ASSESSED: dict[Outcome, OrderStatus] = {
    Outcome.MAJOR: O.CONTAINED,
    Outcome.CHARGEABLE: O.FEE_PENDING,
    Outcome.NORMAL: O.IN_PROGRESS,
    Outcome.GUIDED: O.GUIDED,
    Outcome.WARRANTY: O.WARRANTY,
}  #: R7a to R7e
CLASSED: dict[WorkClass, OrderStatus] = {
    WorkClass.A: O.APPROVAL_PENDING,
    WorkClass.B: O.APPROVAL_PENDING,
    WorkClass.OWNER: O.FEE_PENDING,
}  #: R11, R12


@dataclass(frozen=True)
class Effect:
    """What a move does beyond the table: where to, which fields, what its fact adds."""

    to: OrderStatus | None = None
    set: dict[str, Any] | None = None
    adds: dict[str, Any] | None = None
    fact: type[Fact] | None = None


def nothing_more(_order: Order, _deed: Deed) -> Effect:
    """The table says it all."""
    return Effect()


def _accept(order: Order, deed: Deed) -> Effect:
    """Who signs has it from now on (DSP-02); `choice` keeps who was asked. A contractor stays the party of its order."""
    assignee = order.assignee if order.party is Party.CONTRACTOR else deed.by
    return Effect(set={"acceptor": deed.by, "assignee": assignee, "alarm": None})


def _arrive(order: Order, deed: Deed) -> Effect:
    excused = _excused(order, deed, "arrival")
    due_at = order.breached.get(ONSITE)
    late = order.late + (due_at is not None and deed.at > due_at)
    return Effect(set={"excused": excused, "late": late}, adds={"excused": "arrival" in excused, "plan_told": deed.act.plan_told})


def _assess(_order: Order, deed: Deed) -> Effect:
    if deed.act.outcome is None:
        raise Invalid("outcome", "必须填写现场确认结果", "an outcome is required")
    adds = {"outcome": deed.act.outcome, "plan_told": deed.act.plan_told}
    return Effect(to=ASSESSED[deed.act.outcome], set={"outcome": deed.act.outcome}, adds=adds)


def _check(order: Order, deed: Deed) -> Effect:
    """The fact tells once that all of REP-14 is done."""
    if not deed.act.checks:
        raise Invalid("checks", "必须填写已完成的事项", "what was done is required")
    done = tuple(dict.fromkeys((*order.checks, *deed.act.checks)))
    contained = set(CONTAINMENT) <= set(done) and not set(CONTAINMENT) <= set(order.checks)
    return Effect(set={"checks": done}, fact=WorkOrderContained if contained else None)


def _survey(_order: Order, deed: Deed) -> Effect:
    sheet = deed.act.survey
    if sheet is None:
        raise Invalid("survey", "必须填写现场勘察会签表", "the survey's sheet is required")
    return Effect(set={"survey": sheet, "complexity": sheet.complexity})


def _class(_order: Order, deed: Deed) -> Effect:
    if deed.act.work_class is None:
        raise Invalid("work_class", "必须填写类别", "a class is required")
    return Effect(to=CLASSED[deed.act.work_class], set={"work_class": deed.act.work_class})


def _complete(_order: Order, deed: Deed) -> Effect:
    if not deed.act.note:
        raise Invalid("record", "必须填写维修完成记录", "a completion record is required")  # REP-20
    return Effect(set={"completed_at": deed.at, "root_cause": deed.act.root_cause})


def _accept_work(order: Order, deed: Deed) -> Effect:
    if deed.act.party is None:
        raise Invalid("party", "必须填写验收方", "the accepting party is required")
    accepted = tuple(dict.fromkeys((*order.accepted_by, deed.act.party)))
    return Effect(set={"accepted_by": accepted}, adds={"party": deed.act.party})


def _recheck(order: Order, _deed: Deed) -> Effect:
    return Effect(set={"accepted_by": (*order.accepted_by, SECOND)})


def _name_second(order: Order, deed: Deed) -> Effect:
    """Whoever is named now has not looked at it yet, whatever the one before them found."""
    return Effect(set={"second_inspector": deed.act.to, "accepted_by": tuple(party for party in order.accepted_by if party != SECOND)})


def _refuse_sign(_order: Order, _deed: Deed) -> Effect:
    return Effect(set={"completed_at": None, "accepted_by": ()})


def _return(order: Order, deed: Deed) -> Effect:
    excused = _excused(order, deed, "return")
    return Effect(set={"excused": excused}, adds={"excused": "return" in excused})


def _pass_on(_order: Order, deed: Deed) -> Effect:
    return Effect(set={"replaced_by": deed.act.replaced_by})


def _inspect(_order: Order, deed: Deed) -> Effect:
    """Passed, or the contractor has to come again (R18): the order is issued to it once more."""
    again: dict[str, Any] = {"acceptor": None, "outcome": None, "completed_at": None, "breached": {}}
    failed = Effect(to=O.ISSUED, set=again, fact=WorkOrderIssued, adds={"failed_inspection": True})
    return Effect(to=O.INSPECTED) if deed.act.passed else failed


def _take_over(_order: Order, deed: Deed) -> Effect:
    return Effect(set={"no_show": True, "replaced_by": deed.act.replaced_by})


def _excuse(order: Order, deed: Deed) -> Effect:
    return Effect(to=order.status, set={"excused": _excused(order, deed, deed.act.excuses)})


def _transfer(order: Order, deed: Deed) -> Effect:
    return Effect(set=transferred(order, deed), adds={"why": Why.TRANSFERRED, "previous": order.assignee})


def _assign(order: Order, deed: Deed) -> Effect:
    return Effect(set=transferred(order, deed), adds={"why": Why.ASSIGNED, "previous": order.assignee})


def _send_back(order: Order, deed: Deed) -> Effect:
    return Effect(set=sent_back(order, deed), adds={"previous": order.assignee})


def _excused(order: Order, deed: Deed, what: str) -> tuple[str, ...]:
    return tuple(sorted({*order.excused, what})) if deed.act.note else order.excused


EFFECTS: dict[str, Callable[[Order, Deed], Effect]] = {
    "accept": _accept,
    "arrive": _arrive,
    "assess": _assess,
    "check": _check,
    "survey": _survey,
    "class": _class,
    "complete": _complete,
    "accept-work": _accept_work,
    "recheck": _recheck,
    "name-second": _name_second,
    "refuse-sign": _refuse_sign,
    "return": _return,
    "pass-on": _pass_on,
    "inspect": _inspect,
    "take-over": _take_over,
    "excuse": _excuse,
    "transfer": _transfer,
    "send-back": _send_back,
    "assign": _assign,
}
