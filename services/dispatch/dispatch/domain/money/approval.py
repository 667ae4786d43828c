"""The approval of a repair that the company or a contractor bears: what was asked, who has said yes. Pure. Not here: who may (`approvals`)."""

from datetime import datetime

from common.money import CNY, ApprovalStatus
from pydantic import BaseModel, ConfigDict


class Given(BaseModel):
    """One step of an approval."""

    model_config = ConfigDict(frozen=True)
    role: str
    by: str
    at: datetime


class Approval(BaseModel):
    """One approval; those that were overtaken or declined stay with the order (D6, 16)."""

    model_config = ConfigDict(frozen=True)
    status: ApprovalStatus = ApprovalStatus.PENDING
    amount: int  #: the estimate in fen
    currency: str = CNY
    roles: tuple[str, ...]  #: of the band, in order
    asked_by: str
    asked_at: datetime
    given: tuple[Given, ...] = ()
    reason: str | None = None  #: why it was declined

    @property
    def next_role(self) -> str | None:
        """Return the role whose turn it is, None when nobody's."""
        return self.roles[len(self.given)] if self.status is ApprovalStatus.PENDING and len(self.given) < len(self.roles) else None

    @property
    def barred(self) -> tuple[str, ...]:
        """Return who may not decide, whatever their role: who put it up, and who has said yes already (R12.own)."""
        return tuple(sorted({self.asked_by, *(one.by for one in self.given)}))


def ask(amount: int, roles: tuple[str, ...], *, by: str, at: datetime, currency: str = CNY) -> Approval:
    """Return a new approval; where the pack's bands name nobody there is nothing to wait for."""
    status = ApprovalStatus.PENDING if roles else ApprovalStatus.GRANTED
    return Approval(status=status, amount=amount, currency=currency, roles=roles, asked_by=by, asked_at=at)
