"""What must hold before a settlement is moved, by the ids of requirements.md (B1, R21). Pure.

A guard gets what there is room for: fen on the account that is drawn on, or fen that were approved. That no step is skipped the states hold.
"""

from collections.abc import Callable

from common.errors import Invalid, Refused
from common.states import WorkClass

from dispatch.domain.money import ledger
from dispatch.domain.money.account import Settlement
from dispatch.domain.money.acts import MoneyDeed

Guard = Callable[[Settlement, MoneyDeed, int | None], None]


def within_approval(amount: int | None, approved: int | None) -> int:
    """Return the amount of a final account. Raises Refused (FEE-07) above what was approved: a dearer repair needs a new approval first."""
    if amount is None:
        raise Invalid("amount", "必须填写金额", "the amount is required")
    if approved is not None and amount > approved:
        raise Refused("FEE-07", "超出批准金额,须重新审批", "dearer than what was approved: it needs a new approval", approved=approved, asked=amount)
    return amount


def _approved(_settlement: Settlement, deed: MoneyDeed, room: int | None) -> None:
    """FEE-07: a final account above the approved estimate needs a new approval."""
    within_approval(deed.act.amount, room)


def _reviewer(settlement: Settlement, deed: MoneyDeed, _room: int | None) -> None:
    """FEE-09, DEF-10: customer service reviews below the audit threshold, audit from it on."""
    rules = settlement.rules
    wanted = rules.auditor if rules.audited(settlement.submitted) else rules.reviewer
    if wanted and wanted not in deed.roles:
        raise Refused("FEE-09", f"该决算须由 {wanted} 审核", f"this final account is reviewed by {wanted}", role=wanted)
    if deed.act.amount is not None and deed.act.amount > settlement.submitted:
        raise Invalid("amount", "审定金额不能高于决算金额", "a review does not raise the final account")


def _not_own(settlement: Settlement, deed: MoneyDeed, _room: int | None) -> None:
    """R21.own: nobody reviews, certifies or pays what they submitted, reviewed or certified."""
    if deed.by in settlement.makers:
        raise Refused("R21.own", "不得办理本人经手的上一环节", "nobody passes what they made themselves")


def _their_contractor(settlement: Settlement, deed: MoneyDeed, _room: int | None) -> None:
    """FEE-11: the contractor who bears it confirms, and for class A only."""
    if settlement.work_class is not WorkClass.A or not settlement.rules.contractor_confirms:
        raise Refused("FEE-11", "非A类工单无需施工单位确认", "only class A is confirmed by the contractor")
    if deed.by != settlement.contractor:
        raise Refused("FEE-11", "只能由责任施工单位确认", "only the contractor who bears it confirms", role="contractor")


def _certifier(settlement: Settlement, deed: MoneyDeed, _room: int | None) -> None:
    """FEE-12: the role that the pack names certifies."""
    wanted = settlement.rules.certifier
    if wanted and wanted not in deed.roles:
        raise Refused("FEE-12", f"须由 {wanted} 签证", f"certified by {wanted}", role=wanted)


def _confirmed_first(settlement: Settlement, _deed: MoneyDeed, _room: int | None) -> None:
    """R21: class A is not certified before the contractor has confirmed (FEE-11)."""
    wanted = settlement.work_class is WorkClass.A and settlement.rules.contractor_confirms
    if wanted and not settlement.by("confirm"):
        raise Refused("R21", "A类工单须先经施工单位确认", "class A is not certified before the contractor's confirmation", requirement="FEE-11")


def _fund_holds(settlement: Settlement, deed: MoneyDeed, room: int | None) -> None:
    """FEE-18: a working fund pays no more than it holds."""
    if deed.act.fund:
        ledger.covered(settlement.amount, room or 0, "FEE-18")


def _contractor_pays(settlement: Settlement, _deed: MoneyDeed, _room: int | None) -> None:
    """FEE-14: class B is never deducted, and nothing where the pack knows no retention money."""
    if settlement.work_class is not WorkClass.A or not settlement.rules.retention_pays or settlement.contractor is None:
        raise Refused("FEE-14", "B类费用不得从保证金扣除", "only class A is deducted from retention money")


def _auditor(settlement: Settlement, deed: MoneyDeed, _room: int | None) -> None:
    """FEE-15: audit reviews deductions, from its threshold on."""
    wanted = settlement.rules.auditor
    if not settlement.rules.audited(settlement.amount) or wanted not in deed.roles:
        raise Refused("FEE-15", "扣款由审计审核", "deductions from the threshold on are reviewed by audit", role=wanted)


def _deduction_reviewed(settlement: Settlement, _deed: MoneyDeed, _room: int | None) -> None:
    """FEE-15: from the threshold on nothing is deducted before audit has reviewed the deduction."""
    if settlement.rules.audited(settlement.amount) and not settlement.deduction_reviewed:
        raise Refused("FEE-15", "大额扣款须先经审计审核", "audit has to review this deduction first", role=settlement.rules.auditor)


def _retention_holds(settlement: Settlement, _deed: MoneyDeed, room: int | None) -> None:
    """FEE-14: no more is deducted than is held of the contractor's money."""
    ledger.covered(settlement.amount, room or 0, "FEE-14")


GUARDS: dict[str, tuple[Guard, ...]] = {
    "FEE-07": (_approved,),
    "FEE-09": (_reviewer,),
    "FEE-11": (_their_contractor,),
    "FEE-12": (_certifier,),
    "FEE-14": (_contractor_pays,),
    "FEE-14.held": (_retention_holds,),
    "FEE-15": (_auditor,),
    "FEE-15.done": (_deduction_reviewed,),
    "FEE-18": (_fund_holds,),
    "R21": (_confirmed_first,),
    "R21.own": (_not_own,),
}
