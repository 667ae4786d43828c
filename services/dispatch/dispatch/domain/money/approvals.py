"""Who may say yes to a repair that the company or a contractor bears: the table, its guards and the one door `approval_move`. Pure.

R12, D6-4: the bands of the pack that the case was received under; the roles of a band one after the other, each by another person, none by
who put the estimate up; a higher estimate needs a new approval (FEE-07). Not here: the survey, and the start that waits for it (`moves`).
"""

from collections.abc import Callable
from datetime import datetime

from common.errors import IllegalMove, Invalid, Refused, TimeInFuture, TimeOrder
from common.events import Fact
from common.events.dispatch import ApprovalAsked, ApprovalDeclined, ApprovalFact, ApprovalGiven
from common.money import CNY, ApprovalState, ApprovalStatus
from common.moves import Move, Table, step
from common.states import CaseState, OrderStatus, WorkClass

from dispatch.domain.money.acts import MoneyDeed
from dispatch.domain.money.approval import Approval, Given, ask
from dispatch.domain.order import WITHOUT_WORK, Order, Step

A = ApprovalStatus
OF_ORDER = ("R12.ended", "R12.class")  #: what must hold of the order, whatever is done to its approval

APPROVALS: Table[ApprovalStatus] = {
    "ask-approval": Move(frozenset(A), A.PENDING, "approval.ask", "申请费用审批", "put the estimate up", OF_ORDER, ApprovalAsked),
    "approve": Move(frozenset({A.PENDING}), None, "approval.give", "批准", "approve", (*OF_ORDER, "R12", "R12.own"), ApprovalGiven),
    "decline": Move(
        frozenset({A.PENDING}), A.DECLINED, "approval.give", "不批准", "decline", (*OF_ORDER, "R12", "R12.own", "D6-16"), ApprovalDeclined
    ),
}  #: `ask-approval` is possible before there is any; `approve` leads to granted with the last role of the band

Guard = Callable[[Approval, MoneyDeed], None]


def _whose_turn(approval: Approval, deed: MoneyDeed) -> None:
    """R12: the roles of the band, in their order; a higher or a lower role stands in for nobody (FEE-04 to FEE-06)."""
    wanted = approval.next_role
    if wanted not in deed.roles:
        raise Refused("R12", f"该金额须由 {wanted} 审批", f"this amount needs the approval of {wanted}", role=wanted, amount=approval.amount)


def _not_own(approval: Approval, deed: MoneyDeed) -> None:
    """R12.own: nobody approves what they put up for approval, and each step is another person's."""
    if deed.by in approval.barred:
        raise Refused("R12.own", "不得审批本人提出或已审批的事项", "nobody approves their own application, or twice")


def _reason_given(_approval: Approval, deed: MoneyDeed) -> None:
    """D6-16: who says no says why; the reason stays."""
    if not deed.act.note:
        raise Invalid("reason", "必须填写原因", "a reason is required")


def _company_pays(order: Order) -> None:
    """R12.class: what the owner pays is agreed with the owner, not approved by the company (C-25)."""
    if order.charge is not None or order.status is OrderStatus.FEE_PENDING or order.work_class is WorkClass.OWNER:
        raise Refused("R12.class", "业主付费的维修无需公司审批", "what the owner pays is not approved by the company")


def _not_ended(order: Order) -> None:
    """R12.ended: an order that ended without work needs no money, so nothing is put up or approved for it (D6-16)."""
    if order.status in WITHOUT_WORK:
        raise Refused("R12.ended", "工单已取消,无需审批", "the order has ended without work: there is nothing to approve")


ASKING: dict[str, tuple[Callable[[Order], None], ...]] = {"R12.ended": (_not_ended,), "R12.class": (_company_pays,)}
GUARDS: dict[str, tuple[Guard, ...]] = {"R12": (_whose_turn,), "R12.own": (_not_own,), "D6-16": (_reason_given,)}


def _may_have_one(order: Order) -> None:
    for guard in (check for id_ in OF_ORDER for check in ASKING[id_]):
        guard(order)


def current(order: Order) -> Approval | None:
    """Return the approval that counts: the newest."""
    return order.approvals[-1] if order.approvals else None


def granted(order: Order) -> bool:
    """Say whether the work may start as far as money is concerned (R12, FEE-07)."""
    approval = current(order)
    return approval is not None and approval.status is A.GRANTED


def approved(order: Order) -> int | None:
    """Return up to which amount a final account may go, None where the pack asks for no (new) approval."""
    approval, rules = current(order), order.rules.money
    if not rules.bands or not rules.renewed_when_dearer:
        return None
    return approval.amount if approval and approval.status is A.GRANTED else 0


def ask_approval(order: Order, deed: MoneyDeed, case: CaseState, *, currency: str = CNY) -> tuple[Order, list[Fact]]:
    """Return the order with an estimate put up for approval, and the fact. Raises Refused, Invalid, TimeInFuture.

    A granted approval of at least this amount goes on counting; a dearer estimate overtakes it (FEE-07).
    """
    amount, before = deed.act.amount, current(order)
    _may_have_one(order)
    if amount is None:
        raise Invalid("amount", "必须填写估算金额", "the estimate is required")
    if deed.at > deed.now:
        raise TimeInFuture
    done = Step(move="ask-approval", at=deed.at, noted_at=deed.now, by=deed.by, note=deed.act.note)
    noted = order.model_copy(update={"steps": (*order.steps, done)})
    if before and before.status is A.GRANTED and (amount <= before.amount or not order.rules.money.renewed_when_dearer):
        return noted, []
    made = ask(amount, order.rules.money.band(amount), by=deed.by, at=deed.at, currency=currency)
    after = noted.model_copy(update={"approvals": (*map(_past, order.approvals), made)})
    return after, [ApprovalAsked(approval=state(after, made), case=case)]


def after_survey(order: Order, case: CaseState, *, by: str, at: datetime, currency: str = CNY) -> tuple[Order, list[Fact]]:
    """Return the order with the estimate of its survey put up for approval: what the company or a contractor will bear (R10, R12)."""
    sheet = order.survey
    if sheet is None or not order.rules.money.bands or not (sheet.in_warranty or sheet.borne_by == "company"):
        return order, []
    made = ask(sheet.estimate, order.rules.money.band(sheet.estimate), by=by, at=at, currency=currency)
    after = order.model_copy(update={"approvals": (*map(_past, order.approvals), made)})
    return after, [ApprovalAsked(approval=state(after, made), case=case)]


def _past(approval: Approval) -> Approval:
    return approval if approval.status is A.DECLINED else approval.model_copy(update={"status": A.OVERTAKEN})


def approval_move(order: Order, name: str, deed: MoneyDeed, case: CaseState) -> tuple[Order, list[Fact]]:
    """Return the order after somebody said yes or no, and the fact. Raises IllegalMove, Refused, Invalid, TimeInFuture, TimeOrder."""
    before = current(order)
    if before is None:
        raise IllegalMove(name, order.status)
    move = step(APPROVALS, name, before.status)
    if deed.at > deed.now:
        raise TimeInFuture
    if deed.at < max([before.asked_at, *(given.at for given in before.given)]):
        raise TimeOrder
    _may_have_one(order)
    for guard in (check for id_ in move.guards if id_ in GUARDS for check in GUARDS[id_]):
        guard(before, deed)
    after = _said(before, name, deed)
    done = Step(move=name, at=deed.at, noted_at=deed.now, by=deed.by, note=deed.act.note)
    moved = order.model_copy(update={"approvals": (*order.approvals[:-1], after), "steps": (*order.steps, done)})
    kind: type[ApprovalFact] = ApprovalDeclined if name == "decline" else ApprovalGiven
    return moved, [kind(approval=state(moved, after), case=case)]


def _said(approval: Approval, name: str, deed: MoneyDeed) -> Approval:
    if name == "decline":
        return approval.model_copy(update={"status": A.DECLINED, "reason": deed.act.note})
    given = (*approval.given, Given(role=approval.next_role or "", by=deed.by, at=deed.at))
    status = A.GRANTED if len(given) == len(approval.roles) else A.PENDING
    return approval.model_copy(update={"given": given, "status": status})


def state(order: Order, approval: Approval) -> ApprovalState:
    """Return what other services may know of it."""
    said = approval.model_dump(include={"status", "amount", "currency", "roles", "asked_at", "asked_by"})
    given = tuple(one.role for one in approval.given)
    return ApprovalState(order=order.id, site=order.site, given=given, barred=approval.barred if approval.next_role else (), **said)
