"""What comes in at the doors of dispatch and what goes out: bodies of the moves, views of orders, people and contacts.

Not here: routes, rules. Free text of an order (reasons, records) is shown to staff and never becomes part of a fact.
"""

from datetime import datetime
from typing import Any, Literal

from common.auth import Caller
from common.coverage import Gap
from common.states import CaseKind, OrderStatus, Party, Urgency, WorkClass
from pydantic import BaseModel, ConfigDict, StrictBool

from dispatch.domain.acts import Act, Outcome
from dispatch.domain.matching import Choice
from dispatch.domain.money.approval import Approval
from dispatch.domain.money.charge import Charge
from dispatch.domain.moves import MOVES, possible
from dispatch.domain.order import Order, Step
from dispatch.domain.people import Contact, SitePeople, Staffing
from dispatch.domain.words import Code, Instant, Text


class MoveIn(BaseModel):
    """Every move may say when it happened; never in the future, never before the move before it."""

    model_config = ConfigDict(extra="forbid")
    at: Instant | None = None

    def act(self) -> Act:
        """Return it as the domain knows it."""
        return Act(at=self.at)


class AcceptIn(MoveIn):
    """接单. Who accepts is the caller (DSP-02)."""


class ArriveIn(MoveIn):
    """到场. A reason excuses a late arrival and stays on record (SLA-38)."""

    reason: Text | None = None
    plan_told: StrictBool = False

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, note=self.reason, plan_told=self.plan_told)


class AssessIn(MoveIn):
    """现场确认 (R6): `guidance` is what the owner was shown where nothing has to be repaired."""

    outcome: Outcome
    guidance: Text | None = None
    plan_told: StrictBool = False

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, outcome=self.outcome, note=self.guidance, plan_told=self.plan_told)


class CompleteIn(MoveIn):
    """完成: the completion record (REP-20)."""

    record: Text
    root_cause: Text | None = None

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, note=self.record, root_cause=self.root_cause)


class SignIn(MoveIn):
    """客户签字确认合格 (R15)."""

    result: Literal["good"] = "good"


class ReturnIn(MoveIn):
    """返单. A reason excuses a late return (REP-24)."""

    reason: Text | None = None

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, note=self.reason)


class InspectIn(MoveIn):
    """查验 (R18). What did not pass is issued to the contractor again."""

    passed: StrictBool
    remark: Text | None = None

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, passed=self.passed, note=self.remark)


class CancelIn(MoveIn):
    """取消: never without a reason (D6, 16)."""

    reason: Text

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, note=self.reason)


class SendBackIn(MoveIn):
    """退单: never without a reason; dispatch gives it to the next one, and no clock begins anew."""

    reason: Text

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, note=self.reason)


class TransferIn(SendBackIn):
    """转单, or 指派 by a lead: to somebody of the site; no clock begins anew."""

    to: Code

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, note=self.reason, to=self.to)


class ExcuseIn(MoveIn):
    """登记特殊原因: a special reason, recorded before the late arrival or the late return (SLA-38)."""

    reason: Text
    what: Literal["arrival", "return"] = "return"

    def act(self) -> Act:
        """See MoveIn."""
        return Act(at=self.at, note=self.reason, excuses=self.what)


BODIES: dict[str, type[MoveIn]] = {
    "assign": TransferIn,
    "accept": AcceptIn,
    "arrive": ArriveIn,
    "assess": AssessIn,
    "complete": CompleteIn,
    "sign": SignIn,
    "return": ReturnIn,
    "inspect": InspectIn,
    "cancel": CancelIn,
    "excuse": ExcuseIn,
    "transfer": TransferIn,
    "send-back": SendBackIn,
}  #: one body for each move of the table


class OrderOut(BaseModel):
    """A work order as staff see it. `moves`: what this caller may try now. `due_at`: when dispatch passes it on.

    Choices are not shown to contractors.
    """

    id: str
    site: str
    case: str
    case_kind: CaseKind
    number: int
    status: OrderStatus
    party: Party
    department: str | None
    trade: str | None
    category: str | None
    fault: str | None
    unit: str | None
    asset: str | None
    area: str | None
    urgency: Urgency
    assignee: str | None
    acceptor: str | None
    issued_at: datetime
    appointment_at: datetime | None
    completed_at: datetime | None
    outcome: str | None
    root_cause: str | None
    rework_of: str | None
    alarm: str | None
    excused: tuple[str, ...]
    second_inspector: str | None
    handed_over: str | None
    offered: tuple[str, ...] = ()
    due_at: datetime | None = None
    steps: tuple[Step, ...]
    work_class: WorkClass | None
    charge: Charge | None
    approvals: tuple[Approval, ...]
    choice: Choice | None
    earlier: tuple[Choice, ...] = ()
    moves: tuple[str, ...]

    @classmethod
    def of(cls, order: Order, by: Caller) -> "OrderOut":
        """Return what `by` may see of the order."""
        moves = tuple(name for name in possible(order) if by.may(MOVES[name].permission))
        hidden = {"choice": None, "earlier": ()} if "contractor" in by.roles else {}
        return cls.model_validate(order.model_dump(exclude={"seqs", "policy", "rules", "moved_at"}) | {"moves": moves} | hidden)

    @classmethod
    def answer(cls, answer: dict[str, Any], by: Caller) -> "OrderOut":
        """Return a command's answer (an order as JSON) as `by` may see it."""
        return cls.of(Order.model_validate(answer), by)


class OrdersOut(BaseModel):
    """A list of orders, newest first."""

    orders: list[OrderOut]


class HandedOver(BaseModel):
    """The slips of a week handed over so far."""

    site: str
    week: str
    handed_over_at: datetime
    orders: tuple[str, ...]


class PeopleOut(SitePeople):
    """A site's people with the version that is in force, and on publishing where the rota has nobody."""

    site: str
    version: int
    warnings: tuple[Gap, ...] = ()

    @classmethod
    def seen(cls, staffing: Staffing, contacts: dict[str, Contact], *, full: bool) -> "PeopleOut":
        """Return names; phones and e-mails only when `full`."""
        hidden = {} if full else {"phone": None, "email": None}
        shown = {id_: contact.model_copy(update=hidden) for id_, contact in contacts.items()}
        people = SitePeople.of(staffing.rota, shown)
        return cls.model_validate({**people.model_dump(), "site": staffing.site, "version": staffing.version})


class ContactOut(BaseModel):
    """How to reach one person or firm."""

    person: str
    site: str
    name: str
    phone: str | None
    email: str | None
    locale: str

    @classmethod
    def of(cls, site: str, contact: Contact) -> "ContactOut":
        """Return it for a service."""
        return cls(site=site, person=contact.id, **contact.model_dump(exclude={"id"}))
