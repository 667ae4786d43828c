"""Who is told about money: those whose turn it is, and who asked. Rows of the table, pure data and what they read.

Whose turn it is dispatch knows by the pack of the case and says it in the fact; here roles become people. An approval is told at any hour,
because work waits for it; the steps of a settlement wait for the desk's hours (NTF-24).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from common.envelope import Event
from common.events import Fact
from common.events.dispatch import (
    ApprovalAsked,
    ApprovalDeclined,
    ApprovalFact,
    ApprovalGiven,
    SettlementCertified,
    SettlementConfirmed,
    SettlementDeducted,
    SettlementDeductionReviewed,
    SettlementFact,
    SettlementPaid,
    SettlementReviewed,
    SettlementSubmitted,
    WorkOrderAssessed,
    WorkOrderClassed,
    WorkOrderCompleted,
    WorkOrderFeeConfirmed,
    WorkOrderPaid,
    WorkOrderQuoted,
    WorkOrderSignatureRefused,
    WorkOrderSigned,
)
from common.money import ApprovalState, ApprovalStatus

from notify.domain.notice import Hold
from notify.domain.row import Ending, Ground, Recipient, Recipients, Row, first_level, holders
from notify.domain.schedule import opening

CONTRACTOR = "contractor"  #: the role of the one who answers for class A: no role of the rota
FINANCE = "finance"


def _able(ground: Ground, role: str, barred: Iterable[str], *times: datetime) -> Recipients:
    """Return who answers for `role` and is not barred, at the first of `times` at which somebody does; nobody when nobody may."""
    refs = {f"person:{one}" for one in barred}
    found = (tuple(one for one in holders(ground, role, at=at) if one.ref.startswith("person:") and one.ref not in refs) for at in times)
    return next(filter(None, found), ())


def next_role(approval: ApprovalState) -> str:
    """Return the role of the band whose turn it is."""
    return approval.roles[len(approval.given)]


def _may_decide(event: Event[ApprovalFact], ground: Ground) -> Recipients:
    approval = event.fact.approval
    barred = approval.barred or tuple(filter(None, (approval.asked_by,)))  # facts of before name the applicant only
    return _able(ground, next_role(approval), barred, ground.now, opening(ground.site.speaking, ground.now))


def deciders(event: Event[ApprovalFact], ground: Ground) -> Recipients:
    """Return who answers for the role of the band whose turn it is (R12), but none who may not decide (R12.own)."""
    role = next_role(event.fact.approval)
    return _may_decide(event, ground) or (Recipient(f"role:{role}", role),)


def without_decider(event: Event[ApprovalFact], ground: Ground) -> Recipients:
    """Return who has to find somebody, if nobody may decide."""
    return () if _may_decide(event, ground) else first_level(ground, event.fact.case.department)


def applicant(event: Event[ApprovalFact], _ground: Ground) -> Recipients:
    """Return who put the estimate up."""
    asked = event.fact.approval.asked_by
    return (Recipient(f"person:{asked}", "applicant"),) if asked else ()


def next_in_chain(event: Event[SettlementFact], ground: Ground) -> Recipients:
    """Return who makes the next move of a settlement, by the rota of the moment when the desk opens; the contractor itself where it confirms."""
    settlement = event.fact.settlement
    if CONTRACTOR in settlement.next_roles:
        return (Recipient(f"person:{settlement.contractor}", CONTRACTOR),) if settlement.contractor else ()
    return tuple(one for role, able in _steppers(event, ground).items() for one in able or (Recipient(f"role:{role}", role),))


def without_stepper(event: Event[SettlementFact], ground: Ground) -> Recipients:
    """Return who has to find somebody, if nobody may make the next move of a settlement."""
    at = opening(ground.site.speaking, ground.now)
    return () if any(_steppers(event, ground).values()) else first_level(ground, event.fact.case.department, at)


def _steppers(event: Event[SettlementFact], ground: Ground) -> dict[str, Recipients]:
    """Return for each role whose turn it is those who may make the move, by the rota of the moment when the desk opens (R21.own)."""
    settlement, at = event.fact.settlement, opening(ground.site.speaking, ground.now)
    return {role: _able(ground, role, settlement.barred, at) for role in settlement.next_roles}


def finance(_event: Event[WorkOrderFeeConfirmed | WorkOrderSigned | WorkOrderCompleted], ground: Ground) -> Recipients:
    """Return who collects a large amount (FEE-02)."""
    return holders(ground, FINANCE, at=opening(ground.site.speaking, ground.now))


def pending(event: Event[ApprovalFact], _ground: Ground) -> bool:
    """Say whether a role of the band has still to decide."""
    approval = event.fact.approval
    return approval.status is ApprovalStatus.PENDING and len(approval.given) < len(approval.roles)


def granted(event: Event[ApprovalFact], _ground: Ground) -> bool:
    """Say whether it was the last yes."""
    return event.fact.approval.status is ApprovalStatus.GRANTED


def confirms(event: Event[SettlementFact], _ground: Ground) -> bool:
    """Say whether the contractor has to confirm now (FEE-11)."""
    return CONTRACTOR in event.fact.settlement.next_roles


def goes_on(event: Event[SettlementFact], ground: Ground) -> bool:
    """Say whether somebody of the house has to act now."""
    return event.fact.settlement.next_move is not None and not confirms(event, ground)


def large(event: Event[WorkOrderFeeConfirmed], _ground: Ground) -> bool:
    """Say whether finance collects it (DEF-11)."""
    return event.fact.collector == FINANCE


def collectable(event: Event[WorkOrderSigned | WorkOrderCompleted], _ground: Ground) -> bool:
    """Say whether finance may collect it now: the work is done and signed for (R16)."""
    return event.fact.order.awaits_finance


def of_approval(fact: Any) -> str:
    """Return the key that whatever happens next to the approval carries."""
    return f"approval:{fact.approval.order}"


def of_settlement(fact: Any) -> str:
    """Return the key that the next step of the settlement carries."""
    return f"settlement:{fact.settlement.id}"


def of_fee(fact: Any) -> str:
    """Return the key that the payment carries."""
    return f"fee:{fact.order.id}"


def of_collecting(fact: Any) -> str:
    """Return the key that the payment carries, and whatever makes it too early again."""
    return f"collecting:{fact.order.id}"


def approval_of_order(fact: Any) -> str:
    """Return the key of the approval of a fact's order."""
    return f"approval:{fact.order.id}"


def settlement_of_order(fact: Any) -> str:
    """Return the key of the settlement of a fact's order."""
    return f"settlement:{fact.order.id}"


def owner_pays(fact: Any) -> bool:
    """Say whether the owner turned out to pay: the company has nothing to approve any more (R12.class)."""
    charged: bool = fact.order.chargeable
    return charged


_STEPS: tuple[type[Fact], ...] = (
    SettlementSubmitted,
    SettlementReviewed,
    SettlementConfirmed,
    SettlementCertified,
    SettlementPaid,
    SettlementDeductionReviewed,
)
_NEXT = (
    Row("account_to_confirm", next_in_chain, Hold.ALWAYS, when=confirms, ends=of_settlement),  # FEE-11
    Row("settlement_next", next_in_chain, Hold.ALWAYS, when=goes_on, ends=of_settlement, roles=True),
    Row("nobody_to_settle", without_stepper, Hold.ALWAYS, when=goes_on, ends=of_settlement, roles=True),  # R21.own
)
_ASKED = (
    Row("approval_asked", deciders, when=pending, ends=of_approval, roles=True),  # R12
    Row("nobody_to_approve", without_decider, when=pending, ends=of_approval, roles=True),  # R12.own
)
DUE = Row("large_amount_due", finance, Hold.ALWAYS, when=collectable, ends=of_collecting, roles=True)  #: FEE-02, R16

TABLE: Mapping[type[Fact], tuple[Row, ...]] = {
    ApprovalAsked: _ASKED,
    ApprovalGiven: (*_ASKED, Row("approval_granted", applicant, when=granted, ends=of_approval)),
    ApprovalDeclined: (Row("approval_declined", applicant, ends=of_approval),),
    WorkOrderFeeConfirmed: (Row("large_amount", finance, Hold.ALWAYS, when=large, ends=of_fee, roles=True),),  # FEE-02
    WorkOrderSigned: (DUE,),
    **dict.fromkeys(_STEPS, _NEXT),
}
_BORNE_BY_OWNER = (Ending(approval_of_order, "owner_pays", owner_pays),)
_KEYS = (approval_of_order, settlement_of_order, of_fee, of_collecting)

MONEY_OF_AN_ENDED_ORDER = tuple(Ending(key, "order_cancelled") for key in _KEYS)  #: R7b, R9, D6-16
ENDINGS: Mapping[type[Fact], tuple[Ending, ...]] = {
    **dict.fromkeys((ApprovalAsked, ApprovalGiven, ApprovalDeclined), (Ending(of_approval, "approval_moved"),)),
    **dict.fromkeys((*_STEPS, SettlementDeducted), (Ending(of_settlement, "settlement_moved"),)),
    **dict.fromkeys((WorkOrderAssessed, WorkOrderClassed), _BORNE_BY_OWNER),
    WorkOrderSignatureRefused: (Ending(of_collecting, "not_signed"),),  # R15: it is signed for first, then asked for again
    WorkOrderPaid: (Ending(of_fee, "paid"), Ending(of_collecting, "paid")),
    WorkOrderQuoted: (Ending(of_fee, "quoted_anew"),),  # R7b: only before the work
}
