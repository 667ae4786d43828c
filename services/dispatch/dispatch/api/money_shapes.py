"""What comes in at the doors of money and what goes out. Amounts are whole fen of the site's currency, never floats. Not here: routes, rules."""

from datetime import datetime
from typing import Annotated

from common.money import Fen, SettlementStatus
from common.states import WorkClass
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from dispatch.domain.money.account import Settlement
from dispatch.domain.money.accounts import Held, Opinion
from dispatch.domain.money.acts import Asked, ConsentForm, MoneyAct
from dispatch.domain.money.charge import Charge, Fees, FeeStandard
from dispatch.domain.order import Order, Step
from dispatch.domain.words import Code, Instant, Text

Voucher = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]  #: number of a receipt or voucher


class MoneyIn(BaseModel):
    """Every move of money may say when it happened."""

    model_config = ConfigDict(extra="forbid")
    at: Instant | None = None

    def act(self) -> MoneyAct:
        """Return it as the domain knows it."""
        said = {name: getattr(self, name) for name in type(self).model_fields if name in MoneyAct.model_fields}
        note = getattr(self, "reason", None) or getattr(self, "remark", None)
        return MoneyAct.model_validate(said | {"note": note})


class LineIn(BaseModel):
    """One line of a quotation: so many of an item of the fee standard, or an amount where the standard has none."""

    model_config = ConfigDict(extra="forbid")
    item: Code
    quantity: Annotated[int, Field(strict=True, ge=1, le=10_000)] = 1
    amount: Fen | None = None


class QuoteIn(MoneyIn):
    """报价 (R7b): what the owner is told before the work."""

    lines: Annotated[tuple[LineIn, ...], Field(min_length=1, max_length=50)]

    def act(self) -> MoneyAct:
        """See MoneyIn."""
        return MoneyAct(at=self.at, lines=tuple(Asked.model_validate(line.model_dump()) for line in self.lines))


class ConfirmFeeIn(MoneyIn):
    """业主确认收费 (FEE-01): in which form, and if wanted the amount they agreed to."""

    form: ConsentForm
    amount: Fen | None = None


class RefuseFeeIn(MoneyIn):
    """业主不同意收费: the order ends, nothing is charged."""

    form: ConsentForm
    reason: Text | None = None


class CollectIn(MoneyIn):
    """现场收款 (FEE-02)."""

    amount: Fen | None = None


class TakeMoneyIn(MoneyIn):
    """财务收款 (FEE-03): from the worker, or from the owner; with the receipt that finance writes."""

    receipt: Voucher
    amount: Fen | None = None


class FileReceiptIn(MoneyIn):
    """收据交客服 (FEE-03)."""


class AskApprovalIn(MoneyIn):
    """申请费用审批: the estimate (FEE-07)."""

    amount: Fen
    remark: Text | None = None


class ApproveIn(MoneyIn):
    """批准 (R12)."""

    remark: Text | None = None


class DeclineIn(MoneyIn):
    """不批准: never without a reason (D6, 16)."""

    reason: Text


class SubmitIn(MoneyIn):
    """提交决算书 (FEE-08); class A names the contractor who bears it."""

    amount: Fen
    contractor: Code | None = None
    remark: Text | None = None


class CorrectIn(MoneyIn):
    """更正决算书, before it is reviewed."""

    amount: Fen
    remark: Text | None = None


class ReviewIn(MoneyIn):
    """审核决算 (FEE-09): what the review left of it; nothing = all."""

    amount: Fen | None = None
    remark: Text | None = None


class StepIn(MoneyIn):
    """One step of a settlement: 施工单位确认, 签证, 审核扣款, 扣除保证金."""

    remark: Text | None = None


class PayIn(StepIn):
    """付款 (FEE-13): by finance, or from a working fund."""

    fund: Code | None = None


CHARGE_BODIES: dict[str, type[MoneyIn]] = {
    "quote": QuoteIn,
    "confirm-fee": ConfirmFeeIn,
    "refuse-fee": RefuseFeeIn,
    "collect": CollectIn,
    "take-money": TakeMoneyIn,
    "file-receipt": FileReceiptIn,
}
APPROVAL_BODIES: dict[str, type[MoneyIn]] = {"ask-approval": AskApprovalIn, "approve": ApproveIn, "decline": DeclineIn}
SETTLEMENT_BODIES: dict[str, type[MoneyIn]] = {
    "correct": CorrectIn,
    "review": ReviewIn,
    "confirm": StepIn,
    "certify": StepIn,
    "pay": PayIn,
    "review-deduction": StepIn,
    "deduct": StepIn,
}  #: one body for each move of the tables


class VoucherIn(MoneyIn):
    """Money in or out of retention money or a fund; the voucher's number makes it one of a kind."""

    amount: Fen
    receipt: Voucher


class OpinionIn(MoneyIn):
    """客服部意见 (FEE-20): on the contractor's quality and co-operation."""

    favourable: StrictBool
    remark: Text | None = None


class FeesOut(FeeStandard):
    """A site's fee standard with the version that is in force."""

    site: str
    version: int

    @classmethod
    def of(cls, fees: Fees) -> "FeesOut":
        """Return it."""
        return cls.model_validate(fees.standard.model_dump() | {"site": fees.site, "version": fees.version})


class ChargeOut(BaseModel):
    """What an owner pays for one order."""

    order: str
    site: str
    case: str
    charge: Charge

    @classmethod
    def of(cls, order: Order) -> "ChargeOut":
        """Return it."""
        return cls(order=order.id, site=order.site, case=order.case, charge=order.charge or Charge())


class ChargesOut(BaseModel):
    """A list of charges."""

    charges: list[ChargeOut]


class SettlementOut(BaseModel):
    """A settlement as those who work on it see it."""

    id: str
    site: str
    case: str
    status: SettlementStatus
    work_class: WorkClass
    currency: str
    submitted: int
    amount: int
    contractor: str | None
    audited: bool
    deduction_reviewed: bool
    fund: str | None
    steps: tuple[Step, ...]

    @classmethod
    def of(cls, settlement: Settlement) -> "SettlementOut":
        """Return it."""
        return cls.model_validate(settlement.model_dump(exclude={"seqs", "rules"}))


class SettlementsOut(BaseModel):
    """A list of settlements, by number."""

    settlements: list[SettlementOut]


class HeldOut(BaseModel):
    """A contractor's retention money: what is held, and what customer service said."""

    site: str
    contractor: str
    currency: str
    held: int
    opinions: tuple[Opinion, ...]
    released_at: datetime | None

    @classmethod
    def of(cls, held: Held, amount: int) -> "HeldOut":
        """Return it."""
        return cls.model_validate(held.model_dump(exclude={"id", "seqs"}) | {"held": amount})
