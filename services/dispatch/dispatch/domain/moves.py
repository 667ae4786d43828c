"""What may happen to a work order: the table, its guards, and the one door `apply`. Pure.

D1 of requirements.md: R4 accept, R5 arrive, R6 and R7 assess, R14 complete, R15 sign, R17 return, R18 inspect. A move that is not in
`MOVES` cannot be called; the routes, the permission check and the refusal tests are made from it.
Not here: lateness (sla decides it), the other outcomes of an assessment, fees, approvals.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from common.errors import Invalid, OrderTaken, TimeInFuture, TimeOrder
from common.events import (
    Fact,
    WorkOrderAccepted,
    WorkOrderArrived,
    WorkOrderAssessed,
    WorkOrderAssigned,
    WorkOrderCancelled,
    WorkOrderCompleted,
    WorkOrderInspected,
    WorkOrderIssued,
    WorkOrderReturned,
    WorkOrderSentBack,
    WorkOrderSigned,
)
from common.moves import Move, Table, step
from common.states import CaseState, OrderStatus, Party

from dispatch.domain.acts import Deed, Outcome
from dispatch.domain.guards import GUARDS
from dispatch.domain.handing import sent_back, transferred
from dispatch.domain.offers import Why
from dispatch.domain.order import NOT_WORKED_ON, Order, Returns, Step

O = OrderStatus  # noqa: E741 - the table below is read by its columns

ASSESSED: dict[Outcome, OrderStatus] = {Outcome.NORMAL: O.IN_PROGRESS, Outcome.GUIDED: O.GUIDED}
RETURNABLE = frozenset({O.COMPLETED, O.GUIDED, O.SIGNED})
HANDED_ON = NOT_WORKED_ON | {O.ON_SITE}  #: nothing is assessed yet: who comes next begins by accepting
HANDING = ("D6-16", "DSP-14", "DSP-02", "DSP-03")
UNTIL_RETURNED = NOT_WORKED_ON | {O.ON_SITE, O.IN_PROGRESS, O.GUIDED, O.COMPLETED, O.SIGNED}

MOVES: Table[OrderStatus] = {
    "accept": Move(frozenset({O.ISSUED}), O.ACCEPTED, "order.accept", "接单", "accept", ("R4", "DSP-13"), WorkOrderAccepted),
    "arrive": Move(frozenset({O.ACCEPTED}), O.ON_SITE, "order.arrive", "到场", "arrive", ("R5", "DSP-13"), WorkOrderArrived),
    "assess": Move(frozenset({O.ON_SITE}), None, "order.assess", "现场确认", "assess", ("R6", "DSP-13"), WorkOrderAssessed),
    "complete": Move(frozenset({O.IN_PROGRESS}), O.COMPLETED, "order.complete", "完成", "complete", ("R6", "R14", "DSP-13"), WorkOrderCompleted),
    "sign": Move(frozenset({O.COMPLETED}), O.SIGNED, "order.sign", "客户签字", "customer signs", ("R15", "DSP-13"), WorkOrderSigned),
    "return": Move(RETURNABLE, O.RETURNED, "order.return", "返单", "return", ("R17", "DSP-13"), WorkOrderReturned),
    "inspect": Move(frozenset({O.RETURNED}), None, "order.inspect", "查验", "inspect", ("R18",), WorkOrderInspected),
    "cancel": Move(NOT_WORKED_ON, O.CANCELLED, "order.cancel", "取消", "cancel", ("D6-16",), WorkOrderCancelled),
    "transfer": Move(HANDED_ON, O.ISSUED, "order.transfer", "转单", "transfer", (*HANDING, "R3"), WorkOrderAssigned),
    "send-back": Move(HANDED_ON, O.ISSUED, "order.send_back", "退单", "send back", HANDING, WorkOrderSentBack),
    "assign": Move(HANDED_ON, O.ISSUED, "order.assign", "指派", "assign by hand", ("D6-16", "DSP-14", "R3"), WorkOrderAssigned),
    "excuse": Move(UNTIL_RETURNED, None, "order.excuse", "登记特殊原因", "record a special reason", ("SLA-38", "DSP-13"), None),
}  #: a guard id without a function is held by the states alone


@dataclass(frozen=True)
class Effect:
    """What a move does beyond the table: where to, which fields, what its fact adds."""

    to: OrderStatus | None = None
    set: dict[str, Any] | None = None
    adds: dict[str, Any] | None = None
    fact: type[Fact] | None = None


def _nothing_more(_order: Order, _deed: Deed) -> Effect:
    return Effect()


def _accept(order: Order, deed: Deed) -> Effect:
    """Who signs has it from now on (DSP-02); `choice` keeps who was asked. A contractor stays the party of its order."""
    assignee = order.assignee if order.party is Party.CONTRACTOR else deed.by
    return Effect(set={"acceptor": deed.by, "assignee": assignee, "alarm": None})


def _arrive(order: Order, deed: Deed) -> Effect:
    excused = _excused(order, deed, "arrival")
    return Effect(set={"excused": excused}, adds={"excused": "arrival" in excused, "plan_told": deed.act.plan_told})


def _assess(_order: Order, deed: Deed) -> Effect:
    if deed.act.outcome is None:
        raise Invalid("outcome", "必须填写现场确认结果", "an outcome is required")
    adds = {"outcome": deed.act.outcome, "plan_told": deed.act.plan_told}
    return Effect(to=ASSESSED[deed.act.outcome], set={"outcome": deed.act.outcome}, adds=adds)


def _complete(_order: Order, deed: Deed) -> Effect:
    if not deed.act.note:
        raise Invalid("record", "必须填写维修完成记录", "a completion record is required")  # REP-20
    return Effect(set={"completed_at": deed.at, "root_cause": deed.act.root_cause})


def _return(order: Order, deed: Deed) -> Effect:
    excused = _excused(order, deed, "return")
    return Effect(set={"excused": excused}, adds={"excused": "return" in excused})


def _inspect(_order: Order, deed: Deed) -> Effect:
    """Passed, or the contractor has to come again (R18): the order is issued to it once more."""
    again = {"acceptor": None, "outcome": None, "completed_at": None}
    return Effect(to=O.INSPECTED) if deed.act.passed else Effect(to=O.ISSUED, set=again, fact=WorkOrderIssued)


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
    "complete": _complete,
    "return": _return,
    "inspect": _inspect,
    "excuse": _excuse,
    "transfer": _transfer,
    "send-back": _send_back,
    "assign": _assign,
}


def apply(order: Order, name: str, deed: Deed, case: CaseState) -> tuple[Order, list[Fact]]:
    """Return the order after the move, and its facts. Raises IllegalMove, Refused (its guard), Invalid, TimeInFuture, TimeOrder."""
    move = here(order, name, deed.by)
    _in_time(order, deed)
    for guard in (check for id_ in move.guards for check in GUARDS.get(id_, ())):
        guard(order, deed)
    after, facts = _moved(order, name, move, deed, case)
    if name == "sign" and order.rules.returns is Returns.ON_SIGNATURE:
        after, more = _moved(after, "return", MOVES["return"], deed, case)
        facts += more
    return after, facts


def here(order: Order, name: str, by: str) -> Move[OrderStatus]:
    """Return the move from where the order is. Raises IllegalMove; OrderTaken to whoever accepts what somebody else has."""
    if name == "accept" and order.acceptor not in (None, by):
        raise OrderTaken(name, order.status)
    return step(MOVES, name, order.status)


def possible(order: Order) -> list[str]:
    """Return the moves that the table allows from here; guards may still refuse them."""
    return [name for name, move in MOVES.items() if order.status in move.frm]


def _moved(order: Order, name: str, move: Move[OrderStatus], deed: Deed, case: CaseState) -> tuple[Order, list[Fact]]:
    effect = EFFECTS.get(name, _nothing_more)(order, deed)
    to = effect.to or move.to or order.status
    gone = {} if to is O.ISSUED else {"offered": (), "due_at": None}  # nobody waits for an acceptance any more
    after = order.model_copy(update={"status": to, "moved_at": deed.at} | gone | (effect.set or {}))
    hands = {"frm": order.assignee, "to": after.assignee} if after.assignee != order.assignee else {}
    done = Step(move=name, at=deed.at, noted_at=deed.now, by=deed.by, note=deed.act.note, **hands)
    after = after.model_copy(update={"steps": (*order.steps, done)})
    kind = effect.fact or move.fact
    return after, [kind.model_validate({"order": after.state(), "case": case} | (effect.adds or {}))] if kind else []


def _in_time(order: Order, deed: Deed) -> None:
    if deed.at > deed.now:
        raise TimeInFuture
    if deed.at < order.moved_at:
        raise TimeOrder
