"""What may happen to a work order: the table, and the one door `apply`. Pure.

D1 of requirements.md, R4 to R18: one machine for every kind of case and for own people and contractors alike. A move that is not in
`MOVES` cannot be called; the routes, the permission check and the refusal tests are made from it. A contractor's order is a second order
with `party` contractor, so the machine has no states of its own for it.
Not here: what must hold (`guards`), what a move changes beyond the state (`effects`), lateness (sla decides it), what the owner pays and who
approves what the company pays (`money`: tables of their own, asked by the guards of `start`).
"""

from common.errors import OrderTaken, TimeInFuture, TimeOrder
from common.events import Fact
from common.events.dispatch import (
    WorkOrderAccepted,
    WorkOrderArrived,
    WorkOrderAssessed,
    WorkOrderAssigned,
    WorkOrderCancelled,
    WorkOrderChased,
    WorkOrderClassed,
    WorkOrderCompleted,
    WorkOrderExplained,
    WorkOrderInspected,
    WorkOrderPartyAccepted,
    WorkOrderRechecked,
    WorkOrderReturned,
    WorkOrderSecondNamed,
    WorkOrderSentBack,
    WorkOrderSignatureRefused,
    WorkOrderSigned,
    WorkOrderStarted,
    WorkOrderSurveyed,
    WorkOrderUnfinished,
)
from common.moves import Move, Table, step
from common.states import CaseState, OrderStatus

from dispatch.domain.acts import Deed
from dispatch.domain.effects import EFFECTS, nothing_more
from dispatch.domain.guards import GUARDS
from dispatch.domain.order import AT_WORK, NOT_WORKED_ON, Order, Returns, Step, two_pairs

O = OrderStatus  # noqa: E741 - the table below is read by its columns

STARTABLE = frozenset({O.ON_SITE, O.CONTAINED, O.FEE_PENDING, O.APPROVAL_PENDING, O.UNFINISHED})
RETURNABLE = frozenset({O.COMPLETED, O.GUIDED, O.SIGNED})
HANDED_ON = NOT_WORKED_ON | {O.ON_SITE}  #: nothing is assessed yet: who comes next begins by accepting
HANDING = ("D6-16", "DSP-14", "DSP-02", "DSP-03")
IN_HAND = NOT_WORKED_ON | STARTABLE | AT_WORK | {O.SURVEYED}
UNTIL_RETURNED = IN_HAND | RETURNABLE | {O.WARRANTY}

MOVES: Table[OrderStatus] = {
    "accept": Move(frozenset({O.ISSUED}), O.ACCEPTED, "order.accept", "接单", "accept", ("R4", "DSP-13"), WorkOrderAccepted),
    "arrive": Move(frozenset({O.ACCEPTED}), O.ON_SITE, "order.arrive", "到场", "arrive", ("R5", "DSP-13"), WorkOrderArrived),
    "assess": Move(frozenset({O.ON_SITE}), None, "order.assess", "现场确认", "assess", ("R7e", "DSP-13"), WorkOrderAssessed),
    "check": Move(AT_WORK | {O.CONTAINED}, None, "order.check", "重大事件事项", "tick off", ("REP-14", "DSP-13"), None),
    "survey": Move(frozenset({O.ON_SITE}), O.SURVEYED, "order.survey", "现场勘察", "joint survey", ("R10", "REP-09"), WorkOrderSurveyed),
    "class": Move(frozenset({O.SURVEYED}), None, "order.class", "定类", "set the class", ("R11",), WorkOrderClassed),
    "start": Move(STARTABLE, O.IN_PROGRESS, "order.start", "开工", "start", ("R6", "R7a", "R7b", "R12", "DSP-13"), WorkOrderStarted),
    "leave": Move(frozenset({O.IN_PROGRESS}), O.UNFINISHED, "order.leave", "当班未完成", "leave unfinished", ("R13", "DSP-13"), WorkOrderUnfinished),
    "complete": Move(frozenset({O.IN_PROGRESS}), O.COMPLETED, "order.complete", "完成", "complete", ("R12", "R14", "DSP-13"), WorkOrderCompleted),
    "accept-work": Move(frozenset({O.COMPLETED}), None, "order.accept_work", "验收", "accept the work", ("REP-30-party",), WorkOrderPartyAccepted),
    "recheck": Move(frozenset({O.COMPLETED}), None, "order.recheck", "复检", "look at it too", ("DEF-09-person",), WorkOrderRechecked),
    "name-second": Move(
        IN_HAND | {O.COMPLETED},
        None,
        "order.assign",
        "指定复检人",
        "name a second inspector",
        ("D6-16", "DEF-09-named"),
        WorkOrderSecondNamed,
    ),
    "sign": Move(
        frozenset({O.COMPLETED}), O.SIGNED, "order.sign", "客户签字", "customer signs", ("R15", "REP-30", "DEF-09", "DSP-13"), WorkOrderSigned
    ),
    "refuse-sign": Move(
        frozenset({O.COMPLETED}),
        O.IN_PROGRESS,
        "order.sign",
        "客户拒签",
        "customer refuses to sign",
        ("R15", "D6-16", "DSP-13"),
        WorkOrderSignatureRefused,
    ),
    "return": Move(RETURNABLE, O.RETURNED, "order.return", "返单", "return", ("R17", "DEF-09", "DSP-13"), WorkOrderReturned),
    "pass-on": Move(frozenset({O.WARRANTY}), O.RETURNED, "case.request_work", "转维保", "pass on to the contractor", ("R7e",), WorkOrderReturned),
    "inspect": Move(frozenset({O.RETURNED}), None, "order.inspect", "查验", "inspect", ("R18",), WorkOrderInspected),
    "cancel": Move(NOT_WORKED_ON, O.CANCELLED, "order.cancel", "取消", "cancel", ("D6-16",), WorkOrderCancelled),
    "take-over": Move(NOT_WORKED_ON, O.CANCELLED, "order.take_over", "本公司接手", "own engineering takes over", ("R9", "D6-16"), WorkOrderCancelled),
    "chase": Move(IN_HAND, None, "order.chase", "催办", "chase the contractor", ("R8", "D6-16"), WorkOrderChased),
    "explain": Move(IN_HAND, None, "order.chase", "向业主解释", "explain to the owner", ("R8", "D6-16"), WorkOrderExplained),
    "transfer": Move(HANDED_ON, O.ISSUED, "order.transfer", "转单", "transfer", (*HANDING, "R3"), WorkOrderAssigned),
    "send-back": Move(HANDED_ON, O.ISSUED, "order.send_back", "退单", "send back", HANDING, WorkOrderSentBack),
    "assign": Move(HANDED_ON, O.ISSUED, "order.assign", "指派", "assign by hand", ("D6-16", "DSP-14", "R3"), WorkOrderAssigned),
    "excuse": Move(UNTIL_RETURNED, None, "order.excuse", "登记特殊原因", "record a special reason", ("SLA-38", "DSP-13"), None),
}  #: a guard id without a function is held by the states alone

FOLLOWS = frozenset({"pass-on"})  #: moves without a door of their own: something else brings them about


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
    return [name for name, move in MOVES.items() if order.status in move.frm and name not in FOLLOWS]


def _moved(order: Order, name: str, move: Move[OrderStatus], deed: Deed, case: CaseState) -> tuple[Order, list[Fact]]:
    effect = EFFECTS.get(name, nothing_more)(order, deed)
    to = effect.to or move.to or order.status
    gone = {} if to is O.ISSUED else {"offered": (), "due_at": None}  # nobody waits for an acceptance any more
    after = order.model_copy(update={"status": to, "moved_at": deed.at} | gone | (effect.set or {}))
    after = after if after.assignee in (None, order.assignee) else two_pairs(after, case)
    after = after.model_copy(update={"steps": (*order.steps, _step(order, after, name, deed))})
    kind = effect.fact or move.fact
    return after, [
        kind.model_validate({"order": after.state(), "case": case, "attachments": deed.act.attachments} | (effect.adds or {}))
    ] if kind else []


def _step(before: Order, after: Order, name: str, deed: Deed) -> Step:
    hands = {"frm": before.assignee, "to": after.assignee} if after.assignee != before.assignee else {}
    shown = {name: getattr(deed.act, name) for name in ("note", "checks", "photos", "signature")}
    return Step(move=name, at=deed.at, noted_at=deed.now, by=deed.by, **shown, **hands)


def _in_time(order: Order, deed: Deed) -> None:
    if deed.at > deed.now:
        raise TimeInFuture
    if deed.at < order.moved_at:
        raise TimeOrder
