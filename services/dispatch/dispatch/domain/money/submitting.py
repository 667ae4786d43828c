"""The final account of a repair: where its settlement begins. Pure. Not here: what comes after it (`settlement`)."""

from common.errors import Invalid, Refused, TimeInFuture, TimeOrder
from common.events import Fact
from common.events.dispatch import SettlementSubmitted
from common.money import CNY
from common.states import CaseState, OrderStatus, Party, WorkClass

from dispatch.domain.money.account import Settlement
from dispatch.domain.money.acts import MoneyDeed
from dispatch.domain.money.approvals import approved
from dispatch.domain.money.settlement_guards import within_approval
from dispatch.domain.money.turn import state
from dispatch.domain.order import WORKED, Order, Step


def _passed(order: Order) -> None:
    """R15, R18: work that may still be sent back is not settled yet."""
    if order.party is Party.CONTRACTOR and order.status is not OrderStatus.INSPECTED:
        raise Refused("R18", "维保工程未经工程部查验,不能提交决算书", "a contractor's work is inspected before it is settled")
    if order.party is Party.OWN and not order.payable:
        raise Refused("R15", "客户未签字,不能提交决算书", "no final account before the customer has signed")


def submit(order: Order, deed: MoneyDeed, case: CaseState, *, currency: str = CNY) -> tuple[Settlement, list[Fact]]:
    """Return the settlement that begins with the team's final account, and the fact (FEE-08).

    Raises Refused: R21 before the work is done and for what the owner pays; R15, R18 before the customer or engineering has passed it; FEE-07 above
    what was approved. Invalid: no amount, no contractor.
    """
    if order.work_class not in {WorkClass.A, WorkClass.B} or order.status not in WORKED:
        raise Refused("R21", "维修未完成或不属A、B类,不能提交决算书", "a final account is made of finished work of class A or B")
    _passed(order)
    if deed.at > deed.now:
        raise TimeInFuture
    if deed.at < (order.completed_at or order.moved_at):
        raise TimeOrder
    amount = within_approval(deed.act.amount, approved(order))
    contractor = deed.act.contractor if order.work_class is WorkClass.A else None
    if order.work_class is WorkClass.A and contractor is None:
        raise Invalid("contractor", "A类工单须写明责任施工单位", "class A names the contractor who bears it")
    done = Step(move="submit", at=deed.at, noted_at=deed.now, by=deed.by, note=deed.act.note)
    made = Settlement(
        id=order.id,
        site=order.site,
        case=order.case,
        rules=order.rules.money,
        work_class=order.work_class,
        currency=currency,
        submitted=amount,
        amount=amount,
        contractor=contractor,
        steps=(done,),
    )
    return made, [SettlementSubmitted(settlement=state(made), case=case)]
