"""Words of money that cross service borders: amounts, currencies, and what others may know of a charge, an approval and a settlement.

An amount is a whole number of the currency's smallest unit (fen), never a float. Not here: what may happen to them (dispatch).
"""

from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field, StringConstraints

from common.states import State, WorkClass

MOST = 100_000_000_00  #: no single amount is larger: a typing slip is no payment
CNY = "CNY"  #: where a site says nothing

Fen = Annotated[int, Field(strict=True, ge=1, le=MOST)]  #: an amount somebody pays
Currency = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{3}$")]


class ChargeStatus(StrEnum):
    """Stages of what an owner pays for a repair (R7b, R16)."""

    UNQUOTED = "unquoted"  #: chargeable, no amount named yet
    QUOTED = "quoted"  #: the owner was told the amount
    CONFIRMED = "confirmed"  #: the owner agreed: work may start
    REFUSED = "refused"  #: the owner did not agree: nothing is charged
    COLLECTED = "collected"  #: the worker has the money
    PAID = "paid"  #: finance has the money and wrote the receipt
    CLEARED = "cleared"  #: the desk has the receipt: the case may be archived (FEE-03)


class ApprovalStatus(StrEnum):
    """Stages of an approval (R12)."""

    PENDING = "pending"  #: a step of its band is missing
    GRANTED = "granted"  #: every role of the band has approved
    DECLINED = "declined"  #: somebody of the band said no, with a reason
    OVERTAKEN = "overtaken"  #: a higher estimate asked for another one (FEE-07)


class SettlementStatus(StrEnum):
    """Stages of settling a repair that the company or a contractor bears (R21)."""

    FINAL_ACCOUNT = "final_account"  #: 維修工程決算書 submitted
    ACCOUNT_REVIEWED = "account_reviewed"  #: reviewed: 維修工程結算書
    CONTRACTOR_CONFIRMED = "contractor_confirmed"  #: class A only (FEE-11)
    CERTIFIED = "certified"  #: may be paid (FEE-12)
    SETTLED = "settled"  #: finance has paid
    DEDUCTED = "deducted"  #: class A only: taken from the retention money (FEE-14)


class ApprovalState(State):
    """An approval as other services may know it."""

    order: str
    site: str
    status: ApprovalStatus
    amount: int  #: the estimate in fen that was put up for approval
    currency: str = CNY
    roles: tuple[str, ...]  #: of the band, in order
    given: tuple[str, ...] = ()  #: those that have approved
    asked_at: AwareDatetime
    asked_by: str | None = None  #: person who put the estimate up
    barred: tuple[str, ...] = ()  #: persons who may not make the next step, whatever their role: who asked, who said yes before (R12.own)


class SettlementState(State):
    """A settlement as other services may know it."""

    id: str  #: the order's
    site: str
    case: str
    status: SettlementStatus
    work_class: WorkClass
    amount: int  #: fen of the final account, from its review on what the review left of it
    currency: str = CNY
    contractor: str | None = None  #: who answers for class A
    audited: bool = False  #: reviewed by audit (DEF-10)
    next_move: str | None = None  #: what has to be done now, a move of the settlement
    next_roles: tuple[str, ...] = ()  #: who may do it; `contractor` is the one who answers for class A
    barred: tuple[str, ...] = ()  #: persons who may not, whatever their role: they made an earlier step (R21.own)
