"""Facts that dispatch says: work orders, approvals, settlements, slips, people and rota. See `common.events` for what a fact is."""

from typing import Any

from pydantic import AwareDatetime

from common.events.fact import Fact
from common.money import ApprovalState, SettlementState
from common.states import CaseState, OrderState, PersonState


class WorkOrderFact(Fact):
    """Base of all work-order facts."""

    order: OrderState
    case: CaseState
    attachments: tuple[str, ...] = ()  #: numbers of the photos and the signature that the move refers to


class WorkOrderIssued(WorkOrderFact):
    """發單. Once more to the same contractor, when its work failed the inspection (R18)."""

    kind = "work_order.issued"
    failed_inspection: bool = False


class WorkOrderAccepted(WorkOrderFact):
    """接單."""

    kind = "work_order.accepted"


class WorkOrderArrived(WorkOrderFact):
    """到場. A `reason` excuses a late arrival, it never erases it (SLA-38)."""

    kind = "work_order.arrived"
    excused: bool = False
    plan_told: bool = False  #: the owner was told the preliminary plan on arrival


class WorkOrderAssessed(WorkOrderFact):
    """現場確認."""

    kind = "work_order.assessed"
    outcome: str
    plan_told: bool = False


class WorkOrderContained(WorkOrderFact):
    """A major incident is stopped, the leaders are told, the evidence is kept (REP-14)."""

    kind = "work_order.contained"


class WorkOrderSurveyed(WorkOrderFact):
    """The joint survey's sheet 《現場勘察會簽表》 is signed (REP-08)."""

    kind = "work_order.surveyed"


class WorkOrderClassed(WorkOrderFact):
    """《工程派工單》: who bears the cost is set (DSP-10)."""

    kind = "work_order.classed"


class WorkOrderStarted(WorkOrderFact):
    """Work began, or goes on after it was left unfinished."""

    kind = "work_order.started"


class WorkOrderUnfinished(WorkOrderFact):
    """當班未完成: the shift ended before the work (REP-21)."""

    kind = "work_order.unfinished"


class WorkOrderChased(WorkOrderFact):
    """A contractor was urged to come or to go on (DSP-14, REP-28)."""

    kind = "work_order.chased"


class WorkOrderExplained(WorkOrderFact):
    """The owner was told why the contractor lets them wait (REP-27)."""

    kind = "work_order.explained"


class WorkOrderSignatureRefused(WorkOrderFact):
    """The customer did not sign: the work goes on (R15)."""

    kind = "work_order.signature_refused"


class WorkOrderCompleted(WorkOrderFact):
    """The work is done."""

    kind = "work_order.completed"


class WorkOrderPartyAccepted(WorkOrderFact):
    """验收: one of the parties that accept finished work beside the customer did (REP-30)."""

    kind = "work_order.party_accepted"
    party: str


class WorkOrderRechecked(WorkOrderFact):
    """复检: the second inspector of repeated work looked at it and found it good (DEF-09)."""

    kind = "work_order.rechecked"


class WorkOrderSecondNamed(WorkOrderFact):
    """A lead named another second inspector (DEF-09)."""

    kind = "work_order.second_named"


class WorkOrderSigned(WorkOrderFact):
    """客戶簽字."""

    kind = "work_order.signed"


class WorkOrderReturned(WorkOrderFact):
    """返單."""

    kind = "work_order.returned"
    excused: bool = False


class WorkOrderInspected(WorkOrderFact):
    """Engineering passed a contractor's work."""

    kind = "work_order.inspected"


class WorkOrderCancelled(WorkOrderFact):
    """The order ended without work; the reason stays in dispatch."""

    kind = "work_order.cancelled"


class WorkOrderOffered(WorkOrderFact):
    """抢单: everybody who could do it may take it; the first who accepts has it."""

    kind = "work_order.offered"
    offered: tuple[str, ...]
    until: AwareDatetime  #: after this dispatch gives it to one of them


class WorkOrderAssigned(WorkOrderFact):
    """An order that is issued already got another holder; its clocks go on."""

    kind = "work_order.assigned"
    why: str  #: offer_over, no_answer, sent_back, somebody_came, transferred, assigned
    previous: str | None = None


class WorkOrderSentBack(WorkOrderFact):
    """退单: who had it gave it back with a reason, which stays in dispatch; its clocks go on."""

    kind = "work_order.sent_back"
    previous: str | None = None


class WorkOrderUnassigned(WorkOrderFact):
    """Nobody is left who could take it: the order carries the alarm."""

    kind = "work_order.unassigned"
    why: str
    previous: str | None = None


class WorkOrderMoney(WorkOrderFact):
    """Base: what the owner of an order agreed to pay, or paid, in the smallest unit of the currency."""

    amount: int
    currency: str
    collector: str = "worker"  #: finance for a large amount (DEF-11)


class WorkOrderQuoted(WorkOrderMoney):
    """The owner was told a price before the work; what they agreed to before it stands no longer (R7b)."""

    kind = "work_order.quoted"


class WorkOrderFeeConfirmed(WorkOrderMoney):
    """The owner agreed to the fee: work may start (R7b)."""

    kind = "work_order.fee_confirmed"
    form: str


class WorkOrderPaid(WorkOrderMoney):
    """The owner paid, to the worker or to finance (R16)."""

    kind = "work_order.paid"


class WorkOrderCleared(WorkOrderMoney):
    """The money is at finance and the receipt at the desk (FEE-03)."""

    kind = "work_order.cleared"


class ApprovalFact(Fact):
    """Base: the approval of a repair that the company or a contractor bears (R12)."""

    approval: ApprovalState
    case: CaseState


class ApprovalAsked(ApprovalFact):
    """An estimate was put up for approval; a dearer one overtakes what was granted before (FEE-07)."""

    kind = "approval.asked"


class ApprovalGiven(ApprovalFact):
    """A role of the band said yes; `approval.status` says whether it was the last."""

    kind = "approval.given"


class ApprovalDeclined(ApprovalFact):
    """A role of the band said no; the reason stays in dispatch."""

    kind = "approval.declined"


class SettlementFact(Fact):
    """Base: the settlement of a repair that the company or a contractor bears (R21)."""

    settlement: SettlementState
    case: CaseState


class SettlementSubmitted(SettlementFact):
    """The repair team's final account is there (維修工程決算書)."""

    kind = "settlement.submitted"


class SettlementReviewed(SettlementFact):
    """The final account was reviewed (維修工程結算書); the contractor of a class A repair is asked to confirm (FEE-11)."""

    kind = "settlement.reviewed"


class SettlementConfirmed(SettlementFact):
    """The contractor confirmed what it bears."""

    kind = "settlement.confirmed"


class SettlementCertified(SettlementFact):
    """The settlement may be paid."""

    kind = "settlement.certified"


class SettlementPaid(SettlementFact):
    """Finance paid."""

    kind = "settlement.paid"


class SettlementDeductionReviewed(SettlementFact):
    """Audit reviewed the deduction from the contractor's retention money (FEE-15)."""

    kind = "settlement.deduction_reviewed"


class SettlementDeducted(SettlementFact):
    """The amount was taken from the contractor's retention money (FEE-14)."""

    kind = "settlement.deducted"


class SlipsHandedOver(Fact):
    """Engineering gave the week's repaired slips to customer service (RVT-08)."""

    kind = "slips.handed_over"
    site: str
    week: str  #: ISO week, e.g. 2026-W12
    handed_over_at: AwareDatetime
    orders: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()  #: repaired then, and kept back: others were named


class RotaPublished(Fact):
    """The whole people and rota state of a site; `common.rota` answers questions about it."""

    kind = "rota.published"
    site: str
    version: int
    people: tuple[PersonState, ...]
    rota: dict[str, Any]  #: common.rota.Rota, dumped
    contractors: tuple[dict[str, Any], ...] = ()
